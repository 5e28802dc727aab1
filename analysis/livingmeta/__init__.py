"""A rerunnable, checkable, living meta-analysis: each number carries its source."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from livingmeta.audit import reproduce
    from livingmeta.effect_sizes import mean_difference, smd
    from livingmeta.plots import forest_plot
    from livingmeta.pooling import pool
    from livingmeta.review import load_review
    from livingmeta.synthesis import synthesise

# Imported on first use: `livingmeta --help` must not wait for scipy and matplotlib.
_HOME = {
    "forest_plot": "plots",
    "load_review": "review",
    "mean_difference": "effect_sizes",
    "pool": "pooling",
    "reproduce": "audit",
    "smd": "effect_sizes",
    "synthesise": "synthesis",
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
