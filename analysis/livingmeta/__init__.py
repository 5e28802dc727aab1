"""A rerunnable, checkable, living meta-analysis: each number carries its source."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from livingmeta.audit.verdicts import reproduce
    from livingmeta.engine.effect_sizes import mean_difference, smd
    from livingmeta.engine.pooling import pool
    from livingmeta.figures.forest import forest_plot
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.synthesise import synthesise

# Imported on first use: `livingmeta --help` must not wait for scipy and matplotlib.
_HOME = {
    "forest_plot": "figures.forest",
    "load_review": "review.folder",
    "mean_difference": "engine.effect_sizes",
    "pool": "engine.pooling",
    "reproduce": "audit.verdicts",
    "smd": "engine.effect_sizes",
    "synthesise": "synthesis.synthesise",
}

__all__ = [
    "forest_plot",
    "load_review",
    "mean_difference",
    "pool",
    "reproduce",
    "smd",
    "synthesise",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"livingmeta.{_HOME[name]}"), name)
    raise AttributeError(f"module 'livingmeta' has no attribute {name!r}")
