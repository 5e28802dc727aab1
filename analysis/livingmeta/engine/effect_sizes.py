"""Effect sizes of two-arm trials: group 1 minus group 2, so that negative favours the lower mean.

Every function takes numbers or sequences of equal length (a number stands for all trials) and
returns floats for numbers and arrays for sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from livingmeta.engine.inputs import SMALLEST, TOO_FAR, Array, as_given, trials
from livingmeta.words import pick, refuse

# Degrees of freedom from which on log gammas lose more digits of J than its approximation, which
# is 1/(32 m²) off.
EXACT_J_TO = 1e5


def approximate_j(m: Array) -> Array:
    """J(m) = 1 − 3/(4m − 1), m = n1 + n2 − 2: small-sample correction (Hedges 1981)."""
    return 1 - 3 / (4 * m - 1)


def exact_j(m: Array) -> Array:
    """J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2)): the correction itself (Hedges 1981, eq. 6e)."""
    few = np.minimum(m, EXACT_J_TO)
    j = np.exp(gammaln(few / 2) - np.log(few / 2) / 2 - gammaln((few - 1) / 2))
    return np.where(m > EXACT_J_TO, approximate_j(m), j)


def revman_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """N/(n1 n2) + g²/(2(N − 3.94)) (Deeks and Higgins 2010, Statistical algorithms in RevMan 5)."""
    n = n1 + n2
    return n / (n1 * n2) + g**2 / (2 * (n - 3.94))


def ls_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """1/n1 + 1/n2 + g²/(2N), the large-sample variance (Hedges 1982, eq. 8)."""
    return 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def ls2_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """J²(1/n1 + 1/n2 + d²/(2N)), d = g/J (Borenstein 2009, eq. 12.17)."""
    return j**2 * ls_variance(g / j, n1, n2, j)


def ub_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """1/n1 + 1/n2 + (1 − (m − 2)/(m J(m)²)) g², unbiased, with the exact J (Hedges 1983, eq. 9)."""
    m = n1 + n2 - 2
    return 1 / n1 + 1 / n2 + (1 - (m - 2) / (m * exact_j(m) ** 2)) * g**2


CORRECTIONS: Mapping[str, Callable[[Array], Array]] = {"approximate": approximate_j, "exact": exact_j}
VARIANCES: Mapping[str, Callable[[Array, Array, Array, Array], Array]] = {
    "revman": revman_variance,
    "LS": ls_variance,
    "LS2": ls2_variance,
    "UB": ub_variance,
}
MD_VARIANCES: Mapping[str, Callable[..., Array]] = {
    "unpooled": lambda sd1, n1, sd2, n2: sd1**2 / n1 + sd2**2 / n2,
    "pooled": lambda sd1, n1, sd2, n2: within(sd1, n1, sd2, n2) ** 2 * (1 / n1 + 1 / n2),
}


def within(sd1: Array, n1: Array, sd2: Array, n2: Array) -> Array:
    """Return the SD within two arms, √(((n1 − 1)sd1² + (n2 − 1)sd2²)/(n1 + n2 − 2))."""
    return np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))


def smd(
    mean1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    mean2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    *,
    correction: str = "approximate",
    variance: str = "revman",
) -> tuple[Any, Any]:
    """Compute the standardised mean difference g = J · (mean1 − mean2) / pooled SD.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : float or sequence of float, shape (k,)
        Mean, standard deviation and number of people of each arm.
    correction : str
        Small-sample correction J: "approximate", as RevMan has it, or "exact".
    variance : str
        "revman", "LS", "LS2" or "UB", see `VARIANCES`.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Effect in standard deviations and its variance; negative where group 1 has the lower mean.

    Raises
    ------
    ValueError
        For names that are not known, and for values from which there is no effect: all of them,
        each with its position.

    References
    ----------
    Hedges LV. Distribution theory for Glass's estimator of effect size and related estimators.
    J Educ Stat 1981;6:107-128. Deeks JJ, Higgins JPT. Statistical algorithms in Review Manager 5,
    2010.

    Examples
    --------
    Six against eight people, by RevMan's formulas:

    >>> yi, vi = smd(6, 1.5, 6, 4.5, 1.9, 8)
    >>> round(yi, 8), round(vi, 8)
    (0.80495447, 0.32387103)
    """
    given, scalar = trials(_unusable, mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    m1, s1, a1, m2, s2, a2 = given
    spread = within(s1, a1, s2, a2)
    return _standardised(m1 - m2, spread, a1, a2, by=(correction, variance), scalar=scalar)


def smd_from_difference(
    md: ArrayLike,
    sd: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    correction: str = "approximate",
    variance: str = "revman",
) -> tuple[Any, Any]:
    """Compute g = J · md / sd from a mean difference and the SD within the arms.

    `md` is group 1 minus group 2; all else, returns and refusals as in `smd`.

    Examples
    --------
    >>> smd_from_difference(-1.0, 2.0, 20, 20)[0] == smd(3.0, 2.0, 20, 4.0, 2.0, 20)[0]
    True
    """
    given, scalar = trials(_unusable, md=md, sd=sd, n1=n1, n2=n2)
    difference, spread, a1, a2 = given
    return _standardised(difference, spread, a1, a2, by=(correction, variance), scalar=scalar)


def smd_from_t(
    t: ArrayLike, n1: ArrayLike, n2: ArrayLike, *, correction: str = "approximate", variance: str = "revman"
) -> tuple[Any, Any]:
    """Compute g = J · t √(1/n1 + 1/n2) from the t of an unpaired test.

    t is negative where group 1 has the lower mean; a two-sided P has t = `conversions.t_from_p`,
    with the sign of the difference. All else, returns and refusals as in `smd`.

    Examples
    --------
    Arms of 10 with means 5 and 3 and SDs 2 and 2.2 have t = 2.1271781:

    >>> round(smd_from_t(2.1271781, 10, 10)[0], 6), round(smd(5, 2, 10, 3, 2.2, 10)[0], 6)
    (0.911107, 0.911107)
    """
    given, scalar = trials(_unusable, t=t, n1=n1, n2=n2)
    value, a1, a2 = given
    d = value * np.sqrt(1 / a1 + 1 / a2)
    return _standardised(d, np.ones(d.shape), a1, a2, by=(correction, variance), scalar=scalar)


def mean_difference(
    mean1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    mean2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    *,
    variance: str = "unpooled",
) -> tuple[Any, Any]:
    """Compute the mean difference mean1 − mean2.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : float or sequence of float, shape (k,)
        Mean, standard deviation and number of people of each arm, in the scale's own unit.
    variance : str
        "unpooled": sd1²/n1 + sd2²/n2, the variances of the arms are not assumed equal (Borenstein
        2009, eq. 12.5); "pooled": s²(1/n1 + 1/n2), s the SD within the arms.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Difference in the scale's unit and its variance.

    Raises
    ------
    ValueError
        As `smd`.

    References
    ----------
    Borenstein M. Effect sizes for continuous data. In: Cooper H, Hedges LV, Valentine JC, eds. The
    handbook of research synthesis and meta-analysis. 2nd ed. Russell Sage Foundation 2009, ch. 12.

    Examples
    --------
    >>> mean_difference(103, 5.5, 50, 100, 4.5, 50)
    (3.0, 1.01)
    """
    formula = pick(MD_VARIANCES, variance, "variance")
    given, scalar = trials(_unusable, mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    m1, s1, a1, m2, s2, a2 = given
    return as_given(m1 - m2, formula(s1, a1, s2, a2), scalar=scalar)


def glass_delta(
    mean1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    mean2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    *,
    correction: str = "exact",
) -> tuple[Any, Any]:
    """Compute Glass's Δ = J(n2 − 1) · (mean1 − mean2) / sd2, in units of the SD of group 2.

    The variance is 1/n1 + 1/n2 + Δ²/(2 n2), for arms of equal variance (Hedges 1981; as metafor's
    measure SMD1).

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : float or sequence of float, shape (k,)
        As in `smd`; `sd1` is not used, and checked all the same.
    correction : str
        "exact" or "approximate", with n2 − 1 degrees of freedom.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Effect in standard deviations of group 2 and its variance; negative where group 1 has the
        lower mean.

    Raises
    ------
    ValueError
        As `smd`, and for a group 2 of two people: J(1) = 0, so Δ is not defined.

    References
    ----------
    Hedges LV. Distribution theory for Glass's estimator of effect size and related estimators.
    J Educ Stat 1981;6:107-128.

    Examples
    --------
    metafor 3.8: escalc("SMD1", m1i=6, sd1i=1.5, n1i=6, m2i=4.5, sd2i=1.9, n2i=8)

    >>> yi, vi = glass_delta(6, 1.5, 6, 4.5, 1.9, 8)
    >>> round(yi, 7), round(vi, 7)
    (0.7012128, 0.3223979)
    """
    correct = pick(CORRECTIONS, correction, "correction")
    given, scalar = trials(_unusable, mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    m1, _, a1, m2, s2, a2 = given
    refuse(
        f"n2[{i + 1}] = {a2[i]:g}: Glass's Δ takes its SD from group 2 alone, which needs more "
        "than two people: for two the small-sample correction is 0. Use SMD or MD."
        for i in np.flatnonzero(a2 <= 2)
    )
    delta = correct(a2 - 1) * (m1 - m2) / s2
    return as_given(delta, 1 / a1 + 1 / a2 + delta**2 / (2 * a2), scalar=scalar)


def ratio_of_means(
    mean1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, mean2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> tuple[Any, Any]:
    """Compute log(mean1/mean2) with variance sd1²/(n1 mean1²) + sd2²/(n2 mean2²).

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : float or sequence of float, shape (k,)
        As in `smd`, on a scale with a true zero; both means of the same sign.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Log ratio, negative where group 1 has the lower mean (for means above 0).

    Raises
    ------
    ValueError
        As `smd`, and where the means are 0 or differ in sign.

    References
    ----------
    Hedges LV, Gurevitch J, Curtis PS. The meta-analysis of response ratios in experimental
    ecology. Ecology 1999;80:1150-1156.

    Examples
    --------
    >>> yi, vi = ratio_of_means(6, 1.5, 6, 4.5, 1.9, 8)
    >>> round(yi, 6), round(vi, 6)
    (0.287682, 0.032701)
    """
    given, scalar = trials(_unusable, mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    m1, s1, a1, m2, s2, a2 = given
    refuse(
        f"mean1[{i + 1}] = {m1[i]:g} and mean2[{i + 1}] = {m2[i]:g}: a ratio of means needs means "
        "of the same sign, other than 0. Use a difference."
        for i in np.flatnonzero((np.sign(m1) * m2 < SMALLEST) | (np.sign(m2) * m1 < SMALLEST))
    )
    vi = s1**2 / (a1 * m1**2) + s2**2 / (a2 * m2**2)
    return as_given(np.log(m1 / m2), vi, scalar=scalar)


def prepost_smd(
    change1: ArrayLike,
    sd_pre1: ArrayLike,
    n1: ArrayLike,
    change2: ArrayLike,
    sd_pre2: ArrayLike,
    n2: ArrayLike,
    *,
    r: ArrayLike,
    correction: str = "approximate",
) -> tuple[Any, Any]:
    """Compute J · (change1 − change2) / pooled SD before treatment (Morris 2008, d_ppc2).

    With m = n1 + n2 − 2 and c = 1/n1 + 1/n2 the variance is
    2J²(1 − r)c · m/(m − 2) · (1 + d²/(2(1 − r)c)) − d² (Morris 2008).

    Parameters
    ----------
    change1, change2 : float or sequence of float, shape (k,)
        Mean after less mean before treatment of each arm.
    sd_pre1, sd_pre2 : float or sequence of float, shape (k,)
        SD before treatment.
    n1, n2 : float or sequence of float, shape (k,)
        People per arm.
    r : float or sequence of float, shape (k,)
        Correlation of the scores before and after; there is no default, since none is typical.
    correction : str
        "approximate" (as Morris has it) or "exact".

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Negative where group 1 fell more, or rose less.

    Raises
    ------
    ValueError
        As `smd`, and for a correlation that is none.

    References
    ----------
    Morris SB. Estimating effect sizes from pretest-posttest-control group designs. Organ Res
    Methods 2008;11:364-386.

    Examples
    --------
    Morris's first study, as on metafor's site, "Morris (2008)": 0.98013 · 11.3/14.4125

    >>> yi, vi = prepost_smd(7.9, 15.0, 20, -3.4, 13.8, 20, r=0.47)
    >>> round(yi, 2)
    0.77
    """
    correct = pick(CORRECTIONS, correction, "correction")
    given, scalar = trials(
        _unusable, change1=change1, sd_pre1=sd_pre1, n1=n1, change2=change2, sd_pre2=sd_pre2, n2=n2, r=r
    )
    d1, s1, a1, d2, s2, a2, rho = given
    few = np.flatnonzero(a1 + a2 < 5)
    refuse(f"n1[{i + 1}] + n2[{i + 1}] is below 5: no variance exists." for i in few)
    m, c = a1 + a2 - 2, 1 / a1 + 1 / a2
    j = correct(m)
    d = j * (d1 - d2) / within(s1, a1, s2, a2)
    noise = 2 * (1 - rho) * c
    return as_given(d, j**2 * noise * m / (m - 2) * (1 + d**2 / noise) - d**2, scalar=scalar)


def _standardised(
    md: Array, sd: Array, n1: Array, n2: Array, *, by: tuple[str, str], scalar: bool
) -> tuple[Any, Any]:
    correct = pick(CORRECTIONS, by[0], "correction")
    formula = pick(VARIANCES, by[1], "variance")
    j = correct(n1 + n2 - 2)
    g = j * md / sd
    return as_given(g, formula(g, n1, n2, j), scalar=scalar)


def _unusable(name: str, value: float) -> str | None:
    if name.startswith("sd") and value < SMALLEST:
        sd = "a standard deviation must be above 0. If the report gives none, derive it."
        return sd if value <= 0 else TOO_FAR
    if name in {"n1", "n2"} and value < 2:
        return "an arm needs two people or more for a standard deviation."
    if name == "r" and not -1 < value < 1:
        return "a correlation lies between -1 and 1."
    return None
