"""From what a paper prints to a mean, a standard deviation, a standard error or an SMD.

Sections are those of the Cochrane Handbook for Systematic Reviews of Interventions, version 6.
Every function takes plain numbers and raises ValueError for one that can't be converted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from scipy.special import betaincinv, ndtri, stdtrit

from livingmeta.engine.inputs import LARGEST, SMALLEST, TOO_FAR, is_numeric, no_level
from livingmeta.words import RefusalError, refuse

FAR_TAIL = 1e-12  # P below which scipy's quantile of t is no longer to be trusted


def _finite(**given: float) -> None:
    _refuse(given, lambda x: is_numeric(x) and abs(x) < math.inf, "must be a finite number.")
    _refuse(given, lambda x: abs(x) <= LARGEST, f"is {TOO_FAR}")


def _positive(**given: float) -> None:
    _finite(**given)
    _refuse(given, lambda x: x > 0, "must be a finite number above 0.")
    _refuse(given, lambda x: x >= SMALLEST, f"is {TOO_FAR}")


def _between(low: float, **given: float) -> None:
    _refuse(given, lambda x: is_numeric(x) and low < x < 1, f"lies between {low:g} and 1.")


def _refuse(given: Mapping[str, float], fine: Callable[[float], bool], rule: str) -> None:
    if wrong := [f"{name} = {x}" for name, x in given.items() if not fine(x)]:
        raise RefusalError(f"{', '.join(wrong)}: this {rule}")


def sd_from_se(se: float, n: float) -> float:
    """Return SD = SE·√n of one arm's mean (section 6.5.2.2).

    Examples
    --------
    >>> sd_from_se(0.5, 100)
    5.0
    """
    _positive(se=se, n=n)
    return se * math.sqrt(n)


def se_from_ci(low: float, high: float, *, df: float | None = None, level: float = 0.95) -> float:
    """Return the standard error behind a symmetrical interval (sections 6.5.2.2 and 6.5.2.3).

    Parameters
    ----------
    low, high : float
        Confidence limits.
    df : float, optional
        Degrees of freedom of the t quantile: n − 1 for an arm's mean, n1 + n2 − 2 for a
        difference; None takes the normal quantile.
    level : float
        Confidence level as a fraction.

    Raises
    ------
    ValueError
        If the limits are not in order, or there are no degrees of freedom.

    Examples
    --------
    The Handbook's divisors for large samples are 3.92 (95%), 3.29 (90%) and 5.15 (99%):

    >>> round(se_from_ci(0, 3.92), 2), round(se_from_ci(0, 3.29, level=0.9), 2)
    (1.0, 1.0)
    """
    refuse(no_level(level))
    _finite(low=low, high=high)
    _positive(width=high - low)
    if df is not None:
        _positive(df=df)
    p = (1 + level) / 2
    quantile = ndtri(p) if df is None else stdtrit(df, p)
    return (high - low) / (2 * float(quantile))


def t_from_p(p: float, *, df: float) -> float:
    """Return the t above 0 that has this two-sided P (section 6.5.2.3).

    Raises
    ------
    ValueError
        If P is not between 0 and 1, or there are no degrees of freedom.

    Examples
    --------
    The Handbook's example, P = 0.008 with 25 + 22 people:

    >>> round(t_from_p(0.008, df=45), 2)
    2.78
    """
    _between(0, p=p)
    _positive(df=df)
    t = float(-stdtrit(df, p / 2))
    if p < FAR_TAIL:  # P = I_x(df/2, 1/2) with x = df/(df + t²)
        x = float(betaincinv(df / 2, 0.5, p))
        t = math.sqrt(df * (1 - x) / x) if x > 0 else math.inf
    if not t < math.inf:
        raise RefusalError(f"p = {p}: with df = {df} this lies too far out to compute its t.")
    return t


def se_from_t(difference: float, t: float) -> float:
    """Return SE = difference/t (section 6.5.2.3).

    Raises
    ------
    ValueError
        If either is 0: there is no SE then.

    Examples
    --------
    >>> round(se_from_t(3.8, 2.78), 2)
    1.37
    """
    _finite(difference=difference, t=t)
    _positive(size_of_difference=abs(difference), size_of_t=abs(t))
    return abs(difference / t)


def sd_from_difference_se(se: float, n1: float, n2: float) -> float:
    """Return SD = SE/√(1/n1 + 1/n2), the SD within the arms (section 6.5.2.3).

    Examples
    --------
    >>> round(sd_from_difference_se(1.37, 25, 22), 2)
    4.69
    """
    _positive(se=se, n1=n1, n2=n2)
    return se / math.sqrt(1 / n1 + 1 / n2)


def pooled_sd(sd1: float, n1: float, sd2: float, n2: float) -> float:
    """Return √(((n1 − 1)sd1² + (n2 − 1)sd2²)/(n1 + n2 − 2)), the SD within two arms.

    Examples
    --------
    >>> pooled_sd(3, 10, 3, 20)
    3.0
    """
    _positive(sd1=sd1, sd2=sd2, n1=n1, n2=n2)
    _positive(n1_less_1=n1 - 1, n2_less_1=n2 - 1)
    return math.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))


def smd_from_external_sd(md: float, se: float, sd: float) -> tuple[float, float]:
    """Return md/sd and (se/sd)²: a model's difference in units of an SD from elsewhere.

    The SD is taken as known, so there is no small-sample correction.

    Examples
    --------
    >>> smd_from_external_sd(-4.0, 2.0, 10.0)
    (-0.4, 0.04000000000000001)
    """
    _positive(se=se, sd=sd)
    _finite(md=md)
    return md / sd, (se / sd) ** 2


def sd_of_change(sd_before: float, sd_after: float, r: float) -> float:
    """Return √(sd_before² + sd_after² − 2 r sd_before sd_after) (section 6.5.2.8).

    Parameters
    ----------
    sd_before, sd_after : float
        SD of the scores before and after.
    r : float
        Their correlation, from a source or declared as an assumption; none is typical.

    Examples
    --------
    The Handbook's example:

    >>> round(sd_of_change(6.4, 7.1, 0.80), 1)
    4.3
    """
    _positive(sd_before=sd_before, sd_after=sd_after)
    _between(-1, r=r)
    # the formula with (a − b)² apart, which no rounding takes below 0
    return math.sqrt((sd_before - sd_after) ** 2 + 2 * (1 - r) * sd_before * sd_after)


def combine_arms(arms: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return n, mean and SD of several arms taken as one (section 6.5.2.10, table 6.5.a).

    Parameters
    ----------
    arms : sequence of (n, mean, SD)

    Raises
    ------
    ValueError
        If there is no arm, or one of fewer than two people, without a mean or without a spread.

    Examples
    --------
    1, 2, 3 and 5, 6, 7, 8 taken together have the mean 32/7 and the SD √(292/42):

    >>> n, mean, sd = combine_arms([(3, 2.0, 1.0), (4, 6.5, 1.2909944487358056)])
    >>> n, round(mean, 6), round(sd, 6)
    (7, 4.571429, 2.636737)
    """
    if not arms:
        raise RefusalError("there is no arm to combine.")
    for n, mean, sd in arms:
        _positive(n=n, sd=sd)
        _finite(mean=mean)
        _positive(n_less_1=n - 1)
    total = sum(n for n, _, _ in arms)
    mean = sum(n * m for n, m, _ in arms) / total
    squares = sum((n - 1) * sd**2 + n * (m - mean) ** 2 for n, m, sd in arms)
    return total, mean, math.sqrt(squares / (total - 1))


def smd_from_odds_ratio(log_or: float, se: float) -> tuple[float, float]:
    """Return SMD = log OR · √3/π and its variance SE² · 3/π².

    Assumes an outcome with logistic distributions of equal spread that was cut in two (Hasselblad
    and Hedges 1995; Handbook section 10.6). The direction is that of the odds ratio.

    References
    ----------
    Hasselblad V, Hedges LV. Meta-analysis of screening and diagnostic tests. Psychol Bull
    1995;117:167-178.

    Examples
    --------
    The Handbook's factor is 0.5513:

    >>> round(smd_from_odds_ratio(1.0, 0.5)[0], 4)
    0.5513
    """
    _positive(se=se)
    _finite(log_or=log_or)
    factor = math.sqrt(3) / math.pi
    return log_or * factor, (se * factor) ** 2
