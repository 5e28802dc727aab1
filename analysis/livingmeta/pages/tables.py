"""The tables of a review as files: every number, unrounded."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from livingmeta.audit.results import Results
from livingmeta.audit.verdicts import Verdict
from livingmeta.engine.measures import on_scale, scale_of
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.pages.phrases import coverage
from livingmeta.synthesis.derivation import Effect
from livingmeta.words import steady

if TYPE_CHECKING:
    import pandas as pd


RATIO = ("ratio", "ratio_low", "ratio_high")  # columns of a review of ratios
SHOWN = ("shown", "shown_low", "shown_high")  # of one whose measure is turned back otherwise


def _steady(result: Any, se: float) -> dict[str, Any]:
    """Return the fields of a result, its numbers as every processor has them."""
    beside = dict.fromkeys(("estimate", "yi", "ci_low", "ci_high", "pi_low", "pi_high"), se)
    beside |= dict.fromkeys(("tau2", "tau2_low", "tau2_high"), se**2)
    beside |= dict.fromkeys(("statistic", "q", "i2", "i2_tau2"), 1.0)
    return {
        name: steady(value, beside.get(name, 0.0)) if isinstance(value, float) else value
        for name, value in vars(result).items()
    }


def _ratios(measure: str, middle: str, result: Any) -> dict[str, float]:
    """Return a ratio and its limits, as readers know them, beside their logs; nothing of a difference.

    Likewise a proportion beside its logit. What no number holds is left empty: its log tells.
    """
    scale = scale_of(measure)
    ends = dict(zip(RATIO if scale.ratio else SHOWN, (middle, "ci_low", "ci_high"), strict=True))
    held = {} if scale.plain else {name: getattr(result, end) for name, end in ends.items()}
    seen = {name: on_scale(measure, end) for name, end in held.items()}
    return {name: steady(ratio) for name, ratio in seen.items() if math.isfinite(ratio)}


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return the result tables: every pool under both sets of methods, effects, verdicts.

    A file, in which nothing is printed, has no verdicts.
    """
    import pandas as pd

    pools = list(dict.fromkeys((*results.headline_pools, *results.pools)))
    about = ("review", "synthesis", "subgroup", "title", "measure", "methods")
    fields = [field.name for field in dataclasses.fields(PooledEstimate)]
    estimates = [
        {
            **{name: getattr(pool, name) for name in about},
            **(_steady(pool.result, pool.result.se) if pool.result else dict.fromkeys(fields)),
            **(_ratios(pool.measure, "estimate", pool.result) if pool.result else {}),
            "people": pool.people.all,
            "missing": len(pool.missing),
            "coverage": coverage(results.review, pool),
            "why_not": pool.why_not,
            "flags": " ".join(pool.flags),
            "weights": " ".join(f"{w:.6g}" for w in pool.weights) or None,
        }
        for pool in pools
    ]
    effects = [
        {
            "synthesis": pool.synthesis,
            **_steady(effect, math.sqrt(effect.vi)),
            **_ratios(pool.measure, "yi", effect),
            "weight": steady(weight),
            "derivation": " | ".join(effect.derivation),
            "flags": " ".join(effect.flags),
            "rows": " | ".join(row.place for row in effect.rows),
        }
        for pool in results.headline_pools
        for effect, weight in zip(pool.effects, pool.weights, strict=False)
    ]
    # Each arm is an object; its numbers stand in columns of their own.
    columns = [field.name for field in dataclasses.fields(Effect) if field.name != "arms"]
    shown = [name for name in (*RATIO, *SHOWN) if any(name in row for row in effects)]
    made = {
        "results": pd.DataFrame(estimates),
        "effects": pd.DataFrame(effects, columns=["synthesis", *columns, *shown, "weight"]),
    }
    if results.review.file is None or results.verdicts:
        made["reproduction"] = pd.DataFrame(
            [_steady(verdict, 0.0) for verdict in results.verdicts],
            columns=[field.name for field in dataclasses.fields(Verdict)],
        )
    return made
