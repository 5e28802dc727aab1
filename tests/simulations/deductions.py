"""How much printed intervals tell of trials that are hidden, in analyses whose trials are all known.

Run: python tests/simulations/deductions.py > tests/simulations/deductions.csv

Analyses of Cochrane reviews (tests/reference/cochrane_sample.csv) as SMDs, of 4 to 12 trials, longer
ones in parts of six, and the subgroups of knee_oa. One trial, or half of them, drawn by a seed, are
hidden: only their arms are known, and that no SMD is beyond ±2 (or the largest one there is). The
pool is printed to two decimals: with its limits, with P or z in their stead, or with Q or I² beside
them. What estimated τ² is taken to be known, or not. `held` says how often set, mean, τ² and each
hidden effect lie in what is deduced; `sets` is the share of all sets that are possible (median),
`mean` the width of the range of the hidden trials' mean in the true set (median and 90th percentile),
`each` that of a hidden trial over all possible sets (median).
"""

import csv
import sys
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit
from scipy.stats import norm, t

from livingmeta import load_review, synthesise
from livingmeta.engine.effect_sizes import smd
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.candidate_sets import Candidates
from livingmeta.engine.methods.possible_sets import WIDTHS, PossibleSets, possible_sets
from livingmeta.engine.pooling import PooledEstimate, pool

SAMPLE = Path(__file__).parents[1] / "reference" / "cochrane_sample.csv"
METHODS = {
    "common effect": {"model": "common"},
    "DL, Wald": {"tau2": "DL", "ci": "wald"},
    "REML, Wald": {"tau2": "REML", "ci": "wald"},
    "REML, t": {"tau2": "REML", "ci": "t"},
    "PM, Wald": {"tau2": "PM", "ci": "wald"},
    "DL, HKSJ": {"tau2": "DL", "ci": "hksj"},
    "PM, HKSJ": {"tau2": "PM", "ci": "hksj"},
    "REML, HKSJ": {"tau2": "REML", "ci": "hksj"},
    "REML, modified HKSJ": {"tau2": "REML", "ci": "hksj-modified"},
}
BESIDES = ("P", "z", "Q", "I²")  # what may be printed instead of limits, or with them
LEAST, MOST, PART = 4, 12, 6
LARGEST, DIGITS = 2.0, 2


class Analysis(NamedTuple):
    """Trials that are all known: effects, variances and arms."""

    name: str
    y: Array
    v: Array
    n1: Array
    n2: Array


class Told(NamedTuple):
    """What is deduced with trials hidden, and the truth: the whole set, their mean, τ²."""

    sets: PossibleSets
    mean: float
    tau2: float

    @property
    def at(self) -> int | None:
        """The place of the true set among the possible ones; None: it is excluded."""
        found = np.flatnonzero(self.sets.k == self.sets.candidates)
        return int(found[0]) if found.size else None

    def true(self, effects: Array, hide: Mask) -> bool:
        """Say whether set, mean, τ² and each hidden effect lie in what is deduced."""
        if self.at is None:
            return False
        sets, at = self.sets, self.at
        mean = sets.mean_low[at] - 1e-9 <= self.mean <= sets.mean_high[at] + 1e-9
        between = sets.tau2_low[at] <= self.tau2 * (1 + 1e-9) and self.tau2 <= sets.tau2_high[at] * (1 + 1e-9)
        each = (sets.trial_low[hide] <= effects[hide]) & (effects[hide] <= sets.trial_high[hide])
        return bool(mean and between and each.all())


def standard_errors(half_width: tuple[float, float], ci: str = "wald"):
    """Return the standard errors behind an interval, of numbers of trials."""

    def of(k: NDArray[np.int_]) -> Array:
        normal = np.full(k.shape, norm.ppf(0.975))
        quantile = normal if ci == "wald" else np.where(k > 1, t.ppf(0.975, np.maximum(k - 1, 1)), normal)
        return np.array([np.maximum(half, 0) / quantile for half in half_width])

    return of


@cache
def analyses() -> tuple[Analysis, ...]:
    """Return those of Cochrane reviews."""
    found = []
    for name, rows in pd.read_csv(SAMPLE).groupby(["review", "analysis"]):
        usable = rows[(rows.sd1 > 0) & (rows.sd2 > 0)]
        step = len(usable) if len(usable) <= MOST else PART
        for start in range(0, len(usable), max(step, 1)):
            part = usable[start : start + step]
            if len(part) >= LEAST:
                columns = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
                m1, s1, n1, m2, s2, n2 = (part[column].to_numpy(float) for column in columns)
                found.append(Analysis(f"{name} from {start}", *smd(m1, s1, n1, m2, s2, n2), n1, n2))
    return tuple(found)


@cache
def subgroups() -> tuple[Analysis, ...]:
    """Return those of knee_oa with 4 to 12 trials."""
    found = []
    for one in synthesise(load_review("knee_oa")):
        arms = [(e.yi, e.vi, e.n1, e.n2) for e in one.effects]
        if one.measure == "SMD" and LEAST <= len(arms) <= MOST and not any(None in arm for arm in arms):
            found.append(Analysis(one.stem, *np.array(arms, float).T))
    return tuple(found)


def scattered(result: PooledEstimate, printed: str, by: str | None) -> dict[str, Any]:
    """Print Q to two decimals, or I² in whole percent; of a τ² known to be by DL, it follows from it."""

    def q(k: NDArray[np.int_]) -> tuple[Array, Array]:
        if printed == "Q":
            shown = round(result.q, DIGITS)
            return np.full(k.shape, shown - 0.005), np.full(k.shape, shown + 0.005)
        low, high = max(round(result.i2) - 0.5, 0) / 100, (round(result.i2) + 0.5) / 100
        return (k - 1.0) / (1 - low) * (low > 0), (k - 1.0) / (1 - high) if high < 1 else np.full(
            k.shape, 1e9
        )

    def ratio(k: NDArray[np.int_]) -> tuple[Array, Array]:
        low, high = (np.maximum(x / np.maximum(k - 1, 1) - 1, 0) for x in q(k))
        return low, high

    return {"q": q} | ({"tau2_ratio": ratio} if by == "DL" else {})


def tested(
    result: PooledEstimate, printed: str, size: tuple[float, float]
) -> Callable[[NDArray[np.int_]], Array]:
    """Print z to two decimals, or P to three, of an estimate of this size: its standard errors."""

    def of(k: NDArray[np.int_]) -> Array:
        if printed == "z":
            z = abs(round(result.statistic, DIGITS))
            low, high = np.full(k.shape, max(z - 0.005, 0)), np.full(k.shape, z + 0.005)
        else:
            p = round(result.p_value, 3)
            df = np.where(k > 1, k - 1.0, np.inf) if result.ci_df is not None else np.full(k.shape, np.inf)
            low, high = -stdtrit(df, min(p + 0.0005, 1) / 2), -stdtrit(df, max(p - 0.0005, 0) / 2)
        with np.errstate(divide="ignore"):
            return np.array([size[0] / high, size[1] / np.maximum(low, 0)])

    return of


def told(
    of: Analysis, hide: Mask, methods: dict[str, str], printed: str = "limits", *, by: str | None = None
) -> Told | None:
    """Print the pool, hide trials, and deduce; None where the digits leave no width or no bound.

    Beside its estimate the pool has `printed`: its limits, "P" or "z" in their stead, or "Q" or "I²"
    with them. `by` is what is taken to have estimated τ².
    """
    result = pool(of.y, of.v, **methods)  # type: ignore[arg-type]
    half = 0.5 * 10.0**-DIGITS
    estimate, low, high = (round(x, DIGITS) for x in (result.estimate, result.ci_low, result.ci_high))
    boundless = {"z": round(result.statistic, DIGITS) == 0, "P": round(result.p_value, 3) == 1}
    if high - low <= 2 * half or boundless.get(printed):
        return None
    largest = max(LARGEST, float(np.abs(of.y).max()))
    least = 1 / of.n1 + 1 / of.n2
    most = least + largest**2 / (2 * (of.n1 + of.n2 - 3.94))
    ci = methods.get("ci", "wald")
    size = max(abs(estimate) - half, 0.0), abs(estimate) + half
    widths = ((high - low) / 2 - half, (high - low) / 2 + half)
    sets = possible_sets(
        Candidates(
            y_low=np.where(hide, -largest, of.y),
            y_high=np.where(hide, largest, of.y),
            v_low=np.where(hide, least, of.v),
            v_high=np.where(hide, np.maximum(most, of.v), of.v),
            known=~hide,
        ),
        estimate=(estimate - half, estimate + half),
        se=tested(result, printed, size) if printed in {"P", "z"} else standard_errors(widths, ci),
        width=ci if ci in WIDTHS else "wald",
        **(scattered(result, printed, by) if printed in {"Q", "I²"} else {}),
        tau2=(0.0, 0.0) if methods.get("model") == "common" else (0.0, np.inf),
        by=by,
    )
    tau2 = result.tau2 or 0.0
    weights = 1 / (of.v + tau2)
    return Told(sets, float((weights * of.y)[hide].sum() / weights[hide].sum()), tau2)


def hidden(of: Analysis, many: str, seed: int) -> Mask:
    """Draw one trial, or half of them."""
    k = of.y.size
    hide = np.zeros(k, bool)
    hide[np.random.default_rng([seed, k]).choice(k, 1 if many == "one" else k // 2, replace=False)] = True
    return hide


def main() -> None:
    """Print a row for each method, what is printed, number of hidden trials, and what is assumed of τ²."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(
        ["methods", "printed", "tau2", "hidden", "analyses", "held", "sets", "mean", "mean_90", "each"]
    )
    whole = (*analyses(), *subgroups())
    for name, methods in METHODS.items():
        printed = ("limits", *(BESIDES if name == "DL, Wald" else ()))
        assumed = dict.fromkeys((None, methods.get("tau2")))
        for numbers, by, many in product(printed, assumed, ("one", "half")):
            held, shares, widths, each = [], [], [], []
            for seed, of in enumerate(whole):
                hide = hidden(of, many, seed)
                answer = told(of, hide, methods, numbers, by=by)
                if answer is None:
                    continue
                held.append(answer.true(of.y, hide))
                shares.append(answer.sets.subsets.size / answer.sets.tried)
                each.extend((answer.sets.trial_high - answer.sets.trial_low)[hide])
                if answer.at is not None:
                    widths.append(answer.sets.mean_high[answer.at] - answer.sets.mean_low[answer.at])
            middle, wide = np.quantile(widths, [0.5, 0.9])
            taken = by or ("0" if methods.get("model") == "common" else "any")
            row = [name, numbers, taken, many, len(held), f"{100 * np.mean(held):.0f}"]
            shown = [f"{value:.2f}" for value in (middle, wide, np.nanmedian(each))]
            rows.writerow([*row, f"{100 * np.median(shares):.0f}", *shown])
            sys.stdout.flush()


if __name__ == "__main__":
    main()
