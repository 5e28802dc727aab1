"""From what a paper prints to a standard deviation or a standard error.

Sections are those of the Cochrane Handbook for Systematic Reviews of Interventions, version 6.
Every function takes plain numbers and raises ValueError for one that can't be converted.
"""

from __future__ import annotations

import math

from scipy.special import ndtri, stdtrit


def _positive(**given: float) -> None:
    wrong = [f"{name} = {value:g}" for name, value in given.items() if not 0 < value < math.inf]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: this must be a finite number above 0.")


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
    if not 0 < level < 1:
        raise ValueError(f"level = {level:g}: a level lies between 0 and 1.")
    _positive(width=high - low)
    if df is not None:
        _positive(df=df)
    p = (1 + level) / 2
    quantile = ndtri(p) if df is None else stdtrit(df, p)
    return (high - low) / (2 * float(quantile))


def se_from_p(difference: float, p: float, *, df: float) -> float:
    """Return the standard error of a difference from its two-sided P value, t with `df`.

    Section 6.5.2.3: t is the quantile of P, and SE = |difference| / t.

    Raises
    ------
    ValueError
        If the difference is 0 or P is not between 0 and 1: there is no SE then.

    Examples
    --------
    The Handbook's example, a difference of 3.8 with P = 0.008 and 25 + 22 people, has t = 2.78:

    >>> round(se_from_p(3.8, 0.008, df=45), 2)
    1.37
    """
    if not 0 < p < 1:
        raise ValueError(f"p = {p:g}: a P value lies between 0 and 1.")
    _positive(size_of_difference=abs(difference), df=df)
    return abs(difference) / float(-stdtrit(df, p / 2))


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
    _positive(sd1=sd1, sd2=sd2, n1=n1 - 1, n2=n2 - 1)
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
    return md / sd, (se / sd) ** 2
