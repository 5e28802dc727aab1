"""Effect sizes of counts of people with an event: group 1 against group 2, logs for ratios.

Every function takes numbers or sequences of equal length and returns floats or arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.engine.inputs import Array, Mask, as_given, trials
from livingmeta.language import said
from livingmeta.words import RefusalError, count, pick, refuse

EVENTS = ("events1", "n1", "events2", "n2")


KEEP = "keep00"  # the rule by which a trial without an event, or with nothing else, has a ratio too


def no_zero(cells: Array, measure: str) -> Mask:
    """Correct nothing: a trial that then has no effect is refused."""
    return np.zeros(cells.shape[-1], bool)


def any_zero(cells: Array, measure: str) -> Mask:
    """Correct trials with an empty cell."""
    return np.asarray((cells == 0).any(0))


def where_needed(cells: Array, measure: str) -> Mask:
    """Correct trials without an effect or variance otherwise, as RevMan 5 does."""
    a, b, c, d = cells
    if measure == "OR":
        return any_zero(cells, measure)
    one_sided = ((a == 0) | (b == 0)) & ((c == 0) | (d == 0))
    return np.asarray((a == 0) | (c == 0) | one_sided if measure == "RR" else one_sided)


def all_trials(cells: Array, measure: str) -> Mask:
    """Correct every trial."""
    return np.ones(cells.shape[-1], bool)


ZERO_CELLS: Mapping[str, Callable[[Array, str], Mask]] = {
    "only0": any_zero,
    KEEP: any_zero,
    "needed": where_needed,
    "all": all_trials,
    "none": no_zero,
}


def odds_ratio(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    zero_cells: str = "only0",
    shared: tuple[float, float] = (1, 1),
) -> tuple[Any, Any]:
    """Compute the log odds ratio log(ad/bc) with variance 1/a + 1/b + 1/c + 1/d.

    Parameters
    ----------
    events1, n1, events2, n2 : int or sequence of int, shape (k,)
        People with the event, and people, per arm: a = events1, b = n1 − events1, c = events2,
        d = n2 − events2.
    zero_cells : str
        Which trials get 0.5 added to each cell: "only0" (those with an empty cell), "needed"
        (those without an effect or variance otherwise, as RevMan 5), "all" or "none"; "keep00" is
        "only0" for trials in which nobody or everybody has the event, too (metafor's drop00=FALSE).
    shared : (float, float)
        How many comparisons of its trial each arm serves: its events and people are split evenly
        between them, before zero cells are looked for (Handbook 23.3.4); times the design effect of
        its clusters, which divides them likewise (23.1.4).

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Negative where group 1 has fewer events.

    Raises
    ------
    ValueError
        For counts that can't be; for trials in which nobody or everybody has the event in both
        arms, which say nothing about a ratio, but with "keep00"; and with "none" for trials with an
        empty cell.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, version 6, section 10.4.4.

    Examples
    --------
    metafor 3.8: escalc("OR", ai=3, n1i=12, ci=5, n2i=13)

    >>> yi, vi = odds_ratio(3, 12, 5, 13)
    >>> round(yi, 7), round(vi, 7)
    (-0.6286087, 0.7694444)
    """
    (a, b, c, d), scalar = _cells(events1, n1, events2, n2, by=("OR", zero_cells, shared))
    return as_given(np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, scalar=scalar)


def risk_ratio(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    zero_cells: str = "only0",
    shared: tuple[float, float] = (1, 1),
) -> tuple[Any, Any]:
    """Compute the log risk ratio log((a/n1)/(c/n2)), variance 1/a − 1/n1 + 1/c − 1/n2.

    Parameters
    ----------
    events1, n1, events2, n2, zero_cells, shared
        As in `odds_ratio`.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Negative where group 1 has fewer events; a log of a ratio.

    Raises
    ------
    ValueError
        As `odds_ratio`.

    References
    ----------
    Deeks JJ, Higgins JPT. Statistical algorithms in Review Manager 5, 2010.

    Examples
    --------
    metafor 3.8: escalc("RR", ai=3, n1i=12, ci=5, n2i=13)

    >>> yi, vi = risk_ratio(3, 12, 5, 13)
    >>> round(yi, 7), round(vi, 7)
    (-0.4307829, 0.3730769)
    """
    (a, b, c, d), scalar = _cells(events1, n1, events2, n2, by=("RR", zero_cells, shared))
    yi = np.log(a / (a + b) / (c / (c + d)))
    return as_given(yi, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), scalar=scalar)


def risk_difference(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    zero_cells: str = "needed",
    shared: tuple[float, float] = (1, 1),
) -> tuple[Any, Any]:
    """Compute the risk difference a/n1 − c/n2 with variance ab/n1³ + cd/n2³.

    Parameters
    ----------
    events1, n1, events2, n2, zero_cells, shared
        As in `odds_ratio`.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Negative where group 1 has fewer events; a difference of shares, from −1 to 1.

    Raises
    ------
    ValueError
        As `odds_ratio`, but that trials without events say something here.

    References
    ----------
    Deeks JJ, Higgins JPT. Statistical algorithms in Review Manager 5, 2010.

    Examples
    --------
    >>> yi, vi = risk_difference(3, 12, 5, 13)
    >>> round(yi, 7), round(vi, 7)
    (-0.1346154, 0.0338316)
    """
    (a, b, c, d), scalar = _cells(events1, n1, events2, n2, by=("RD", zero_cells, shared))
    vi = a * b / (a + b) ** 3 + c * d / (c + d) ** 3
    return as_given(a / (a + b) - c / (c + d), vi, scalar=scalar)


def _cells(*arms: ArrayLike, by: tuple[str, str, tuple[float, float]]) -> tuple[Array, bool]:
    """Return the four cells of each trial, 0.5 added where the rule asks for it."""
    measure, rule, shared = by
    corrected = pick(ZERO_CELLS, rule, "zero_cells")
    named = dict(zip(EVENTS, arms, strict=True))
    (a, total1, c, total2), scalar = trials(_miscounted, **named)
    cells = np.stack([a, total1 - a, c, total2 - c])
    problems = [
        f"events{arm}[{i + 1}] = {count(cells[2 * arm - 2, i])}: there are only {count(total[i])} people."
        for arm, total in ((1, total1), (2, total2))
        for i in np.flatnonzero(cells[2 * arm - 1] < 0)
    ]
    if measure != "RD" and rule != KEEP:
        for rows, why in (((0, 2), said("unused.nobody")), ((1, 3), said("unused.everybody"))):
            problems += [f"trial {i + 1}: {why}" for i in np.flatnonzero((cells[list(rows)] == 0).all(0))]
    if not problems:
        if min(shared) < 1:
            raise RefusalError(f"shared = {shared}: an arm serves one comparison or more.")
        cells = cells / np.repeat(shared, 2)[:, None]
        fixed = corrected(cells, measure)
        problems = [
            f"trial {i + 1}: an empty cell leaves no effect or variance. Choose another rule for "
            "zero cells than none."
            for i in np.flatnonzero(where_needed(cells, measure) & ~fixed)
        ]
        cells = cells + 0.5 * fixed
    refuse(problems)
    return cells, scalar


def _miscounted(name: str, value: float) -> str | None:
    if name.startswith("n") and value < 1:
        return "an arm needs one person or more."
    if value < 0 or value != int(value):
        return "people are counted in whole numbers from 0."
    return None
