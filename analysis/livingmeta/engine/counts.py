"""Effect sizes of counts of people with an event: group 1 against group 2, logs for ratios.

Every function takes numbers or sequences of equal length and returns floats or arrays. Below them, how
the counts of several trials are summed to one effect (Mantel and Haenszel 1959).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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


def peto_odds_ratio(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    shared: tuple[float, float] = (1, 1),
) -> tuple[Any, Any]:
    """Compute Peto's one-step log odds ratio (O − E)/V with variance 1/V.

    O are the events of group 1, E those expected there if both groups had the same risk, and V the
    hypergeometric variance of O. No empty cell needs a correction.

    Parameters
    ----------
    events1, n1, events2, n2, shared
        As in `odds_ratio`.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Negative where group 1 has fewer events; a log of a ratio.

    Raises
    ------
    ValueError
        For counts that can't be, and for trials in which nobody or everybody has the event.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial
    infarction: an overview of the randomized trials. Prog Cardiovasc Dis 1985;27:335-371.

    Examples
    --------
    metafor 3.8: escalc("PETO", ai=3, n1i=12, ci=5, n2i=13)

    >>> yi, vi = peto_odds_ratio(3, 12, 5, 13)
    >>> round(yi, 7), round(vi, 7)
    (-0.5938914, 0.7070136)
    """
    (a, b, c, d), scalar = _cells(events1, n1, events2, n2, by=("PETO", KEEP, shared), corrects=False)
    n = a + b + c + d
    v = (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))
    return as_given((a - (a + b) * (a + c) / n) / v, 1 / v, scalar=scalar)


class Cells(NamedTuple):
    """Counts of trials as Mantel-Haenszel sums them, and how.

    `counts` are a, b, c and d, shape (4, …, k); `zero_cells` is the rule of `SUMS` by which 0.5 is
    added to them, `variance` that of a risk difference, of `RD_VARIANCES`.
    """

    measure: str  # "OR", "RR" or "RD"
    counts: Array
    zero_cells: str = "needed"
    variance: str = "GR"

    def of(self, places: Any) -> Cells:
        """Return those of some of the trials, in another order or more than once."""
        return self._replace(counts=self.counts[..., places])


# Which trials get 0.5 added to each cell before they are summed: all, where the sums have no
# estimate or variance without (Cochrane Handbook 10.4.4.1, as RevMan does); those with an empty
# cell (meta's default); none, so that there may be no value (metafor's default).
SUMS = ("needed", "only0", "none")


def _greenland_robins(a: Array, b: Array, c: Array, d: Array, estimate: Array) -> Array:
    n1, n2 = a + b, c + d
    return (a * b * n2**3 + c * d * n1**3) / (n1 * n2 * (n1 + n2) ** 2)


def _sato(a: Array, b: Array, c: Array, d: Array, estimate: Array) -> Array:
    n1, n2 = a + b, c + d
    n = n1 + n2
    tilt = (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / n**2
    return estimate[..., None] * tilt + (a * d + c * b) / (2 * n)


# What is summed to the variance of a risk difference, over the square of the sum of weights: that
# of Greenland and Robins 1985, as RevMan has it, or of Sato, Greenland and Robins 1989, as metafor.
RD_VARIANCES: Mapping[str, Callable[[Array, Array, Array, Array, Array], Array]] = {
    "GR": _greenland_robins,
    "Sato": _sato,
}


class Sums(NamedTuple):
    """One effect of the counts of trials, shape (…), as `mantel_haenszel` says."""

    estimate: Array
    variance: Array
    weights: Array  # shape (…, k)
    corrected: Mask  # 0.5 was added to cells


def mantel_haenszel(cells: Cells, present: Mask) -> Sums:
    """Sum the counts of trials to one effect, over the last axis.

    Parameters
    ----------
    cells : Cells
        With counts of shape (4, …, k), whole or in parts.
    present : ndarray of bool, shape (…, k)

    Returns
    -------
    estimate, variance : ndarray, shape (…)
        Log odds ratio with the variance of Robins, Breslow and Greenland; log risk ratio with that
        of Greenland and Robins; risk difference with that of `RD_VARIANCES` which `cells` names; NaN
        where there is none, for a sum is 0.
    weights : ndarray, shape (…, k)
        Fractions of 1: bc/N for the odds ratio, c n1/N for the risk ratio, n1 n2/N for the difference.
    corrected : ndarray of bool, shape (…)

    References
    ----------
    Mantel N, Haenszel W. J Natl Cancer Inst 1959;22:719-748.
    Robins J, Breslow N, Greenland S. Estimators of the Mantel-Haenszel variance consistent in both
    sparse data and large-strata limiting models. Biometrics 1986;42:311-323.
    Greenland S, Robins JM. Estimation of a common effect parameter from sparse follow-up data.
    Biometrics 1985;41:55-68.
    Sato T, Greenland S, Robins JM. On the variance estimator for the Mantel-Haenszel risk difference.
    Biometrics 1989;45:1323-1324.

    Examples
    --------
    metafor 3.8: rma.mh(measure="OR", ai=c(0,2), n1i=c(24,30), ci=c(3,5), n2i=c(25,29))

    >>> counts = np.array([[0, 2], [24, 28], [3, 5], [22, 24]])
    >>> estimate, variance, *_ = mantel_haenszel(Cells("OR", counts), np.array([True, True]))
    >>> round(float(estimate), 6), round(float(variance) ** 0.5, 6)
    (-1.5524, 0.829925)
    """
    here = present.astype(float)
    counts = np.asarray(cells.counts, float)
    counts = counts.reshape(4, *(1,) * (present.ndim - counts.ndim + 1), *counts.shape[1:])
    counts = counts * here + (1 - here)  # what is absent has a weight of 0
    corrected = np.zeros(present.shape[:-1], bool)
    if cells.zero_cells == "only0":
        empty = (counts == 0).any(0)
        counts, corrected = counts + 0.5 * empty, np.asarray(empty.any(-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        summed = _summed(cells, counts, here)
        if cells.zero_cells == "needed":
            corrected = ~(np.isfinite(summed[0]) & (summed[1] > 0))
            if corrected.any():
                summed = _summed(cells, counts + 0.5 * corrected[..., None], here)
    estimate, variance, weights = summed
    known = np.isfinite(estimate) & (variance > 0)
    return Sums(np.where(known, estimate, np.nan), np.where(known, variance, np.nan), weights, corrected)


def _summed(by: Cells, counts: Array, here: Array) -> tuple[Array, Array, Array]:
    a, b, c, d = counts
    n1, n2 = a + b, c + d
    n = n1 + n2

    def sums(*terms: Array) -> list[Array]:
        return [np.asarray((term * here).sum(-1)) for term in terms]

    if by.measure == "OR":
        p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
        up, low, pr, cross, qs = sums(r, s, p * r, p * s + q * r, q * s)
        variance = pr / (2 * up**2) + cross / (2 * up * low) + qs / (2 * low**2)
        weight, estimate = s, np.log(up / low)
    elif by.measure == "RR":
        up, low, spread = sums(a * n2 / n, c * n1 / n, (n1 * n2 * (a + c) - a * c * n) / n**2)
        weight, estimate, variance = c * n1 / n, np.log(up / low), spread / (up * low)
    else:
        weight = n1 * n2 / n
        up, low = sums((a * n2 - c * n1) / n, weight)
        estimate = up / low
        (spread,) = sums(RD_VARIANCES[by.variance](a, b, c, d, estimate))
        variance = spread / low**2
    weight = weight * here
    return estimate, variance, weight / weight.sum(-1)[..., None]


def _cells(
    *arms: ArrayLike, by: tuple[str, str, tuple[float, float]], corrects: bool = True
) -> tuple[Array, bool]:
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
    if measure != "RD" and (rule != KEEP or not corrects):
        for rows, why in (((0, 2), said("unused.nobody")), ((1, 3), said("unused.everybody"))):
            problems += [f"trial {i + 1}: {why}" for i in np.flatnonzero((cells[list(rows)] == 0).all(0))]
    refuse(problems)
    if min(shared) < 1:
        raise RefusalError(f"shared = {shared}: an arm serves one comparison or more.")
    cells = cells / np.repeat(shared, 2)[:, None]
    if not corrects:
        return cells, scalar
    return halved(cells, corrected(cells, measure), where_needed(cells, measure)), scalar


def halved(cells: Array, fixed: Mask, needed: Mask) -> Array:
    """Add 0.5 to the cells of trials that are `fixed`; refuse those that need it and are not."""
    refuse(
        f"trial {i + 1}: an empty cell leaves no effect or variance. Choose another rule for "
        "zero cells than none."
        for i in np.flatnonzero(needed & ~fixed)
    )
    return np.asarray(cells + 0.5 * fixed)


def _miscounted(name: str, value: float) -> str | None:
    if name.startswith("n") and value < 1:
        return "an arm needs one person or more."
    if value < 0 or value != int(value):
        return "people are counted in whole numbers from 0."
    return None
