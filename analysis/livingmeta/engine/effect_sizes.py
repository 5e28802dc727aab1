"""Effect sizes of two groups, group 1 minus group 2 or its log ratio, and of one group alone.

Every function takes numbers or sequences of equal length (a number stands for all trials) and
returns floats for numbers and arrays for sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from livingmeta.engine.counts import KEEP, ZERO_CELLS, halved
from livingmeta.engine.inputs import SMALLEST, TOO_FAR, Array, as_given, trials
from livingmeta.language import said
from livingmeta.words import RefusalError, pick, refuse

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


def proportion(
    events: ArrayLike, n: ArrayLike, *, scale: str = "logit", zero_cells: str = "only0"
) -> tuple[Any, Any]:
    """Compute the proportion of people with an event in one group, on the scale that it is pooled on.

    Parameters
    ----------
    events, n : int or sequence of int, shape (k,)
        People with the event, and people.
    scale : str
        "logit": log(x/(n − x)), variance 1/x + 1/(n − x); "log": log(x/n), 1/x − 1/n; "raw": x/n,
        p(1 − p)/n; "arcsine": asin √p, 1/(4n); "double arcsine" (Freeman and Tukey 1950):
        (asin √(x/(n + 1)) + asin √((x + 1)/(n + 1)))/2, 1/(4n + 2).
    zero_cells : str
        Which trials get 0.5 added to people with and to people without the event, as in
        `odds_ratio`: "only0", "keep00" and "needed" are those in which nobody or everybody has it.
        The arcsines need none, and take none.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Effect on that scale and its variance.

    Raises
    ------
    ValueError
        For counts that can't be, and with "none" for trials without an effect or variance.

    References
    ----------
    Freeman MF, Tukey JW. Transformations related to the angular and the square root. Ann Math Stat
    1950;21:607-611. Barendregt JJ, Doi SA, Lee YY, Norman RE, Vos T. Meta-analysis of prevalence.
    J Epidemiol Community Health 2013;67:974-978.

    Examples
    --------
    metafor 3.8: escalc("PLO", xi=3, ni=12) and escalc("PFT", xi=3, ni=12)

    >>> yi, vi = proportion(3, 12)
    >>> round(yi, 7), round(vi, 7)
    (-1.0986123, 0.4444444)
    >>> yi, vi = proportion(3, 12, scale="double arcsine")
    >>> round(yi, 7), round(vi, 7)
    (0.5445478, 0.02)
    """
    formula, corrected = pick(PROPORTIONS, scale, "scale")
    (x, people), scalar = trials(_miscounted, events=events, n=n)
    refuse(
        f"events[{i + 1}] = {x[i]:g}: there are only {people[i]:g} people."
        for i in np.flatnonzero(x > people)
    )
    cells = np.stack([x, people - x])
    if corrected:
        cells = _corrected(cells, zero_cells)
    return as_given(*formula(cells[0], cells.sum(0)), scalar=scalar)


PROPORTIONS: Mapping[str, tuple[Callable[[Array, Array], tuple[Array, Array]], bool]] = {
    "logit": (lambda x, n: (np.log(x / (n - x)), 1 / x + 1 / (n - x)), True),
    "log": (lambda x, n: (np.log(x / n), 1 / x - 1 / n), True),
    "raw": (lambda x, n: (x / n, x * (n - x) / n**3), True),
    "arcsine": (lambda x, n: (np.arcsin(np.sqrt(x / n)), 1 / (4 * n)), False),
    "double arcsine": (
        lambda x, n: (
            (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2,
            1 / (4 * n + 2),
        ),
        False,
    ),
}


def incidence_rate(
    events: ArrayLike, time: ArrayLike, *, scale: str = "log", zero_cells: str = "only0"
) -> tuple[Any, Any]:
    """Compute the incidence rate of one group, events per person-time, on the scale that it is pooled on.

    Parameters
    ----------
    events, time : float or sequence of float, shape (k,)
        Events, and the person-time in which they were counted, in one unit for all trials.
    scale : str
        "log": log(x/t), variance 1/x; "raw": x/t, x/t²; "square root": √(x/t), 1/(4t).
    zero_cells : str
        Which trials get 0.5 added to their events, as in `odds_ratio`: "only0", "keep00" and
        "needed" are those without events. The square root needs none, and takes none.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)

    Raises
    ------
    ValueError
        As `proportion`.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL. Modern epidemiology. 3rd ed. Lippincott 2008, ch. 14.

    Examples
    --------
    metafor 3.8: escalc("IRLN", xi=3, ti=12.5)

    >>> yi, vi = incidence_rate(3, 12.5)
    >>> round(yi, 7), round(vi, 7)
    (-1.4271164, 0.3333333)
    """
    formula, corrected = pick(RATES, scale, "scale")
    (x, t), scalar = trials(_miscounted, events=events, time=time)
    if corrected:
        x = _corrected(x[None], zero_cells)[0]
    return as_given(*formula(x, t), scalar=scalar)


RATES: Mapping[str, tuple[Callable[[Array, Array], tuple[Array, Array]], bool]] = {
    "log": (lambda x, t: (np.log(x / t), 1 / x), True),
    "raw": (lambda x, t: (x / t, x / t**2), True),
    "square root": (lambda x, t: (np.sqrt(x / t), 1 / (4 * t)), False),
}


def incidence_rate_ratio(
    events1: ArrayLike,
    time1: ArrayLike,
    events2: ArrayLike,
    time2: ArrayLike,
    *,
    zero_cells: str = "only0",
    shared: tuple[int, int] = (1, 1),
) -> tuple[Any, Any]:
    """Compute the log incidence rate ratio log((x1/t1)/(x2/t2)) with variance 1/x1 + 1/x2.

    Parameters
    ----------
    events1, time1, events2, time2 : float or sequence of float, shape (k,)
        Events and person-time of each group.
    zero_cells : str
        Which trials get 0.5 added to the events of both groups, as in `odds_ratio`; "needed" are
        those with a group without events.
    shared : (int, int)
        As in `odds_ratio`; person-time is split as people are.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Negative where group 1 has the lower rate.

    Raises
    ------
    ValueError
        For counts that can't be; for trials without any event, which say nothing about a ratio, but
        with "keep00"; and with "none" for those with a group without events.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL. Modern epidemiology. 3rd ed. Lippincott 2008, ch. 14.

    Examples
    --------
    metafor 3.8: escalc("IRR", x1i=3, t1i=12.5, x2i=5, t2i=11)

    >>> yi, vi = incidence_rate_ratio(3, 12.5, 5, 11)
    >>> round(yi, 7), round(vi, 7)
    (-0.638659, 0.5333333)
    """
    given, scalar = trials(_miscounted, events1=events1, time1=time1, events2=events2, time2=time2)
    x1, t1, x2, t2 = given
    if zero_cells != KEEP:
        refuse(f"trial {i + 1}: {said('unused.no_events')}" for i in np.flatnonzero(x1 + x2 == 0))
    if min(shared) < 1:
        raise RefusalError(f"shared = {shared}: an arm serves one comparison or more.")
    x1, x2 = _corrected(np.stack([x1 / shared[0], x2 / shared[1]]), zero_cells)
    yi = np.log(x1 * t2 * shared[0] / (x2 * t1 * shared[1]))
    return as_given(yi, 1 / x1 + 1 / x2, scalar=scalar)


def single_mean(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, *, scale: str = "raw") -> tuple[Any, Any]:
    """Take the mean of one group, variance sd²/n, or its log, variance sd²/(n mean²).

    Parameters
    ----------
    mean, sd, n : float or sequence of float, shape (k,)
        Mean, standard deviation and number of people.
    scale : str
        "raw" or "log".

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)

    Raises
    ------
    ValueError
        As `smd`, and on the log scale for a mean of 0 or below.

    References
    ----------
    Lipsey MW, Wilson DB. Practical meta-analysis. Sage 2001, appendix B.

    Examples
    --------
    >>> single_mean(3, 2, 16), single_mean(2, 1, 25, scale="log")[1]
    ((3.0, 0.25), 0.01)
    """
    pick(dict.fromkeys(("raw", "log")), scale, "scale")
    (m, s, people), scalar = trials(_unusable, mean=mean, sd=sd, n=n)
    if scale == "raw":
        return as_given(m, s**2 / people, scalar=scalar)
    refuse(
        f"mean[{i + 1}] = {m[i]:g}: only a mean above 0 has a log. Pool the means themselves (MN)."
        for i in np.flatnonzero(m < SMALLEST)
    )
    return as_given(np.log(m), s**2 / (people * m**2), scalar=scalar)


def correlation_coefficient(r: ArrayLike, n: ArrayLike, *, scale: str = "Fisher's z") -> tuple[Any, Any]:
    """Take a correlation as Fisher's z, variance 1/(n − 3), or raw, variance (1 − r²)²/(n − 1).

    Parameters
    ----------
    r, n : float or sequence of float, shape (k,)
        Correlation coefficient (Pearson), and number of people.
    scale : str
        "Fisher's z": atanh(r); or "raw".

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)

    Raises
    ------
    ValueError
        For a correlation that is none, and for fewer than four people.

    References
    ----------
    Fisher RA. On the "probable error" of a coefficient of correlation deduced from a small sample.
    Metron 1921;1:1-32. Olkin I, Pratt JW. Unbiased estimation of certain correlation coefficients.
    Ann Math Stat 1958;29:201-211.

    Examples
    --------
    metafor 3.8: escalc("ZCOR", ri=.3, ni=10)

    >>> yi, vi = correlation_coefficient(0.3, 10)
    >>> round(yi, 7), round(vi, 7)
    (0.3095196, 0.1428571)
    """
    pick(dict.fromkeys(("Fisher's z", "raw")), scale, "scale")
    (rho, people), scalar = trials(_unusable, r=r, n=n)
    refuse(
        f"n[{i + 1}] = {people[i]:g}: a correlation of fewer than four people has no variance."
        for i in np.flatnonzero(people < 4)
    )
    if scale == "raw":
        return as_given(rho, (1 - rho**2) ** 2 / (people - 1), scalar=scalar)
    return as_given(np.arctanh(rho), 1 / (people - 3), scalar=scalar)


def _corrected(cells: Array, rule: str) -> Array:
    """Add 0.5 to the cells of each trial for which the rule asks for it."""
    # of one group, or of rates, an effect is needed wherever a cell is empty
    fixed = pick(ZERO_CELLS, "only0" if rule == "needed" else rule, "zero_cells")(cells, "")
    return halved(cells, fixed, (cells == 0).any(0))


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
    if name in {"n", "n1", "n2"} and value < 2:
        return "an arm needs two people or more for a standard deviation."
    if name == "r" and not -1 < value < 1:
        return "a correlation lies between -1 and 1."
    return None


def _miscounted(name: str, value: float) -> str | None:
    if name.startswith("time"):
        return "person-time must be above 0." if value < SMALLEST else None
    if name == "n" and value < 1:
        return "a group needs one person or more."
    return "events are counted in whole numbers from 0." if value < 0 or value != int(value) else None
