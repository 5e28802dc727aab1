"""Estimators of the between-trial variance τ², and its interval.

All work over the last axis of arrays of shape (…, k): `yi` effects, `vi` their variances, `mask`
true where a trial is present; elsewhere finite numbers, with `vi` above 0, may stand.
Digits are kept best where `yi` is 0 at the most precise trial, as `pooling.fit` sees to.
With w_i = 1/(v_i + τ²) throughout, r_i what the design leaves of the effects (for a mean: y − μ),
h_i the leverages, and p the columns of the design (1 for a mean).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Protocol

import numpy as np
from scipy.special import chdtri

from livingmeta.engine.designs import MEAN, Design
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.likelihood import maximise, smallest, squares, tau2_limits
from livingmeta.engine.maxima import SPARE
from livingmeta.engine.roots import bracketed_root
from livingmeta.words import RefusalError


class Estimator(Protocol):
    """Effects, variances, mask and design in; τ² and whether it converged out."""

    def __call__(self, yi: Array, vi: Array, mask: Mask, design: Design = MEAN) -> tuple[Array, Mask]:
        """Estimate τ²."""


def _over_sets(estimate: Callable[..., tuple[Array, Mask]]) -> Estimator:
    """Let an estimator written for shape (B, k) take any leading axes; NaN without a df."""

    @wraps(estimate)
    def over(yi: Array, vi: Array, mask: Mask, design: Design = MEAN) -> tuple[Array, Mask]:
        k, lead = yi.shape[-1], yi.shape[:-1]
        m = mask.reshape(-1, k)
        df = m.sum(-1) - design.columns
        tau2, converged = estimate(yi.reshape(-1, k), vi.reshape(-1, k), m, design)
        return (np.where(df > 0, tau2, np.nan).reshape(lead), (converged | (df <= 0)).reshape(lead))

    return over


def _moments(y: Array, v: Array, m: Mask, a: Array, design: Design) -> Array:
    """Equate Σ a r² with its expectation: τ² = (Σ a r² − Σ a v(1 − h))/Σ a(1 − h), cut at 0.

    The general method of moments with weights a (DerSimonian and Kacker 2007, eq. 6).
    """
    left = design.project(a[:, None, :], y[:, None, :])
    residual, kept = left.residual[:, 0], left.kept()[:, 0]
    q = (a * residual**2).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        tau2 = (q - (a * v * kept).sum(-1)) / (a * kept).sum(-1)
    return np.asarray(np.maximum(tau2, 0.0))


@_over_sets
def dersimonian_laird(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Return max(0, (Q − (k − 1))/(Σw − Σw²/Σw)), w = 1/v (DerSimonian and Laird 1986).

    Parameters
    ----------
    yi, vi : ndarray, shape (…, k)
        Effects and their variances.
    mask : ndarray of bool, shape (…, k)
        True where a trial is present.
    design : Design
        What is fitted; a mean by default.

    Returns
    -------
    tau2 : ndarray, shape (…)
        In the squared unit of `yi`; NaN where no degree of freedom is left.
    converged : ndarray of bool, shape (…)

    References
    ----------
    DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177-188.

    Examples
    --------
    Four trials that differ less than chance lets them:

    >>> y, v = np.array([.10, .12, .09, .11]), np.array([.04, .05, .03, .06])
    >>> float(dersimonian_laird(y, v, np.ones(4, bool))[0])
    0.0
    """
    return _moments(yi, vi, mask, mask / vi, design), np.ones(len(yi), bool)


@_over_sets
def two_step(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Return the estimate by moments with weights 1/(v + τ²), τ² that of DerSimonian and Laird.

    DerSimonian and Kacker 2007, eq. 6 with the weights of their two-step method.
    Parameters and returns as in `dersimonian_laird`.

    References
    ----------
    DerSimonian R, Kacker R. Random-effects model for meta-analysis of clinical trials: an update.
    Contemp Clin Trials 2007;28:105-114.

    Examples
    --------
    With equal variances all estimates by moments are the variance of the effects less theirs:

    >>> y, v = np.array([1.0, 2.0, 3.0]), np.full(3, 0.25)
    >>> round(float(two_step(y, v, np.ones(3, bool))[0]), 12)
    0.75
    """
    first = _moments(yi, vi, mask, mask / vi, design)
    with np.errstate(invalid="ignore"):
        weights = mask / (vi + np.nan_to_num(first)[:, None])
    return _moments(yi, vi, mask, weights, design), np.ones(len(yi), bool)


@_over_sets
def hedges(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Return max(0, Σ(y − ȳ)²/(k − 1) − Σv/k): equal weights (Hedges 1983; Cochran's ANOVA).

    Parameters and returns as in `dersimonian_laird`.

    References
    ----------
    Hedges LV. A random effects model for effect sizes. Psychol Bull 1983;93:388-395.

    Examples
    --------
    >>> y, v = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3])
    >>> round(float(hedges(y, v, np.ones(3, bool))[0]), 12)
    0.8
    """
    return _moments(yi, vi, mask, mask.astype(float), design), np.ones(len(yi), bool)


@_over_sets
def hunter_schmidt(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Return max(0, (Q − k)/Σw), w = 1/v (Hunter and Schmidt; Viechtbauer 2005).

    Parameters and returns as in `dersimonian_laird`. Biased downwards.

    References
    ----------
    Hunter JE, Schmidt FL. Methods of meta-analysis. 2nd ed. Sage 2004. Viechtbauer W. Bias and
    efficiency of meta-analytic variance estimators in the random-effects model. J Educ Behav Stat
    2005;30:261-293.

    Examples
    --------
    >>> y, v = np.array([1.0, 2.0, 3.0]), np.full(3, 0.25)
    >>> round(float(hunter_schmidt(y, v, np.ones(3, bool))[0]), 12)  # 2/3 − 1/4
    0.416666666667
    """
    w = mask / vi
    q = (w * design.project(w[:, None, :], yi[:, None, :]).residual[:, 0] ** 2).sum(-1)
    tau2 = np.maximum(0.0, (q - mask.sum(-1)) / w.sum(-1))
    return tau2, np.ones(len(yi), bool)


@_over_sets
def sidik_jonkman(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Return τ0² Q(τ0²)/(k − p), τ0² = Σ(y − ȳ)²/k (Sidik and Jonkman 2005).

    Never 0 unless all effects are equal. Parameters and returns as in `dersimonian_laird`.

    References
    ----------
    Sidik K, Jonkman JN. Simple heterogeneity variance estimation for meta-analysis. J R Stat Soc
    Ser C 2005;54:367-384.

    Examples
    --------
    >>> y, v = np.array([1.0, 2.0, 3.0]), np.full(3, 1 / 3)
    >>> round(float(sidik_jonkman(y, v, np.ones(3, bool))[0]), 12)  # τ0² = 2/3, Q = 2
    0.666666666667
    """
    k = mask.sum(-1)
    first = squares(yi, mask) / k
    q = generalised_q(yi, vi, mask, first, design)
    return first * q / np.maximum(k - design.columns, 1), np.ones(len(yi), bool)


@_over_sets
def paule_mandel(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Solve Σ w(τ²) r² = k − p for τ² ≥ 0 (Paule and Mandel 1982).

    The left side falls with τ², and at τ² = Σ(y − ȳ)²/(k − p) − min v it is at most k − p: that
    is the bracket, so there is no cap and no iteration limit to run into.
    Parameters and returns as in `dersimonian_laird`.

    References
    ----------
    Paule RC, Mandel J. Consensus values and weighting factors. J Res Natl Bur Stand
    1982;87:377-385.

    Examples
    --------
    With equal variances τ² is the variance of the effects less theirs:

    >>> y, v = np.array([1.0, 2.0, 3.0]), np.full(3, 0.25)
    >>> round(float(paule_mandel(y, v, np.ones(3, bool))[0]), 12)
    0.75
    """
    return _q_equals(yi, vi, mask, np.maximum(mask.sum(-1) - design.columns, 1.0), design)


@_over_sets
def empirical_bayes(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Return the empirical Bayes estimate (Morris 1983), which solves the same equation as PM.

    That its fixed point Σ w (r² k/(k − p) − v − τ²) = 0 is the one of `paule_mandel` is shown by
    Viechtbauer and others 2015. Parameters and returns as in `dersimonian_laird`.

    References
    ----------
    Morris CN. Parametric empirical Bayes inference: theory and applications. J Am Stat Assoc
    1983;78:47-55. Viechtbauer W, López-López JA, Sánchez-Meca J, Marín-Martínez F. A comparison of
    procedures to test for moderators in mixed-effects meta-regression models. Psychol Methods
    2015;20:360-374.

    Examples
    --------
    >>> y, v = np.array([0.1, 0.9, -0.5]), np.array([0.05, 0.1, 0.2])
    >>> bool(empirical_bayes(y, v, np.ones(3, bool))[0] == paule_mandel(y, v, np.ones(3, bool))[0])
    True
    """
    return paule_mandel(yi, vi, mask, design)


@_over_sets
def ml(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Maximise the likelihood over τ² ≥ 0 (Hardy and Thompson 1996): its global maximum.

    Biased downwards. Parameters and returns as in `dersimonian_laird`; the search is described in
    `likelihood.maximise`.

    References
    ----------
    Hardy RJ, Thompson SG. A likelihood approach to meta-analysis with random effects. Stat Med
    1996;15:619-629.

    Examples
    --------
    >>> y, v = np.array([1.0, 2.0, 3.0]), np.full(3, 0.25)
    >>> round(float(ml(y, v, np.ones(3, bool))[0]), 12)  # 2/3 − 1/4
    0.416666666667
    """
    return maximise(yi, vi, mask, restricted=False, design=design)


@_over_sets
def reml(yi: Array, vi: Array, mask: Mask, design: Design) -> tuple[Array, Mask]:
    """Maximise the restricted likelihood over τ² ≥ 0 (Viechtbauer 2005): its global maximum.

    Parameters and returns as in `dersimonian_laird`; the search is described in
    `likelihood.maximise`.

    References
    ----------
    Viechtbauer W. Bias and efficiency of meta-analytic variance estimators in the random-effects
    model. J Educ Behav Stat 2005;30:261-293.

    Examples
    --------
    Fisher scoring does not converge here (metafor's site, "Convergence problems with the rma()
    function"); with its step halved metafor gives this:

    >>> y = np.array([1.30, 1.94, 0.70, 0.36, 1.31, 0.46, 1.24, 0.71, 0.35, 0.77])
    >>> v = np.array([.640, .421, .992, .058, .756, .634, .79, .596, .457, .935])
    >>> round(float(reml(y, v, np.ones(10, bool))[0]), 5)
    0.08197
    """
    return maximise(yi, vi, mask, restricted=True, design=design)


@dataclass(frozen=True)
class Named:
    """An estimator of τ² and its name in English; the catalogues of other languages translate it.

    `metafor` is what metafor calls it, None where it has none.

    Raises
    ------
    ValueError
        Without a name.
    """

    words: str
    estimate: Estimator
    metafor: str | None = None

    def __post_init__(self) -> None:
        """Refuse an estimator that no page could name."""
        if not self.words:
            raise RefusalError("an estimator of τ² needs its name in words, as pages write it.")

    def __call__(self, yi: Array, vi: Array, mask: Mask, design: Design = MEAN) -> tuple[Array, Mask]:
        """Estimate τ²."""
        return self.estimate(yi, vi, mask, design)


TAU2: dict[str, Named] = {
    "DL": Named("the DerSimonian–Laird method", dersimonian_laird, metafor="DL"),
    "DL2": Named("the two-step DerSimonian–Laird method", two_step),
    "HE": Named("the Hedges (Cochran ANOVA) method", hedges, metafor="HE"),
    "CA": Named("the Cochran ANOVA method", hedges, metafor="HE"),
    "HS": Named("the Hunter–Schmidt method", hunter_schmidt, metafor="HS"),
    "SJ": Named("the Sidik–Jonkman method", sidik_jonkman, metafor="SJ"),
    "ML": Named("maximum likelihood", ml, metafor="ML"),
    "REML": Named("restricted maximum likelihood (REML)", reml, metafor="REML"),
    "EB": Named("empirical Bayes", empirical_bayes, metafor="EB"),
    "PM": Named("the Paule–Mandel method", paule_mandel, metafor="PM"),
}


def q_profile(
    yi: Array, vi: Array, mask: Mask, *, level: float, design: Design = MEAN
) -> tuple[Array, Array]:
    """Return the limits of τ² between which Q(τ²) is not significant (Viechtbauer 2007).

    Parameters
    ----------
    yi, vi, mask : ndarray, shape (…, k)
        As in `dersimonian_laird`.
    level : float
        Confidence level as a fraction.
    design : Design
        What is fitted; a mean by default.

    Returns
    -------
    low, high : ndarray, shape (…)
        Both NaN where the set is empty: the trials agree better than chance lets them, whatever
        τ², and where no degree of freedom is left. There is no cap.

    References
    ----------
    Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis.
    Stat Med 2007;26:37-52.

    Examples
    --------
    Two trials say little about how trials differ:

    >>> y, v = np.array([0.0, 0.8]), np.array([0.04, 0.05])
    >>> low, high = q_profile(y, v, np.ones(2, bool), level=0.95)
    >>> round(float(low), 3), round(float(high), 1)
    (0.019, 325.8)
    """
    k, lead = yi.shape[-1], yi.shape[:-1]
    y, v, m = yi.reshape(-1, k), vi.reshape(-1, k), mask.reshape(-1, k)
    df = m.sum(-1) - float(design.columns)
    tail = (1 - level) / 2
    safe = np.maximum(df, 1.0)
    low, _ = _q_equals(y, v, m, chdtri(safe, tail), design)
    least = chdtri(safe, 1 - tail)
    high, _ = _q_equals(y, v, m, least, design)
    empty = (df < 1) | (generalised_q(y, v, m, np.zeros(df.shape), design) < least)
    return (np.where(empty, np.nan, low).reshape(lead), np.where(empty, np.nan, high).reshape(lead))


def likelihood_limits(
    yi: Array, vi: Array, mask: Mask, *, level: float, restricted: bool, design: Design = MEAN
) -> tuple[Array, Array]:
    """Return the profile-likelihood limits of τ², by the likelihood or the restricted one.

    Parameters and returns as in `q_profile`; never empty, and NaN only where no degree of freedom
    is left. See `likelihood.tau2_limits`.

    Examples
    --------
    The four trials that leave the Q-profile empty:

    >>> y, v = np.array([.10, .12, .09, .11]), np.array([.04, .05, .03, .06])
    >>> low, high = likelihood_limits(y, v, np.ones(4, bool), level=0.95, restricted=True)
    >>> float(low), bool(high > 0)
    (0.0, True)
    """
    k, lead = yi.shape[-1], yi.shape[:-1]
    y, v, m = yi.reshape(-1, k), vi.reshape(-1, k), mask.reshape(-1, k)
    none = m.sum(-1) <= design.columns
    ends = tau2_limits(y, v, m, level=level, restricted=restricted, design=design)
    low, high = (np.where(none, np.nan, end).reshape(lead) for end in ends)
    return low, high


# Values of τ² and points of the contour by which the confidence distribution is computed, and the
# chance left out at its ends. With three times as many, and of `pooling.SCALES`, limits of up to
# 150 trials move by 3e-6 of the interval's width at most, of up to 12 by 1e-9.
VALUES, POINTS, PER_WIDTH, ENDS = 128, 32, 4, 1e-9


def confidence_distribution(yi: Array, vi: Array, mask: Mask) -> tuple[Array, Array]:
    """Return values of τ² and their chances by the confidence distribution of Q.

    The distribution function at τ² is the chance of a Q above the one found, if that is τ²: at 0
    it jumps to the P of Q, as the estimate is cut off there (Nagashima 2019).

    Parameters
    ----------
    yi, vi, mask : ndarray, shape (S, k)
        As in `dersimonian_laird`, at least three trials in each set.

    Returns
    -------
    tau2, chance : ndarray, shape (S, N)
        0 first; the sum of the chances is 1. A mean over them is one over the distribution, as if
        it had been drawn from without end: no random number is needed.

    References
    ----------
    Nagashima K, Noma H, Furukawa TA. Prediction intervals for random-effects meta-analysis: a
    confidence distribution approach. Stat Methods Med Res 2019;28:1689-1702.
    Biggerstaff BJ, Jackson D. The exact distribution of Cochran's heterogeneity statistic in
    one-way random effects meta-analysis. Stat Med 2008;27:6093-6110.

    Examples
    --------
    >>> y, v = np.array([[0.0, 0.4, 0.8]]), np.full((1, 3), 0.1)
    >>> tau2, chance = confidence_distribution(y, v, np.ones((1, 3), bool))
    >>> round(float(chance[0, 0]), 6), round(float(np.exp(-1.6)), 6)  # Q = 3.2, chi-square on 2 df
    (0.201897, 0.201897)
    """
    k = mask.sum(-1)
    w = np.where(mask, 1 / vi, 0.0)
    q = np.maximum(generalised_q(yi, vi, mask, np.zeros(k.shape)), 1e-200)
    # Q is Σ(1 + τ²a)χ²₁, a the eigenvalues of W − ww′/Σw, each between two of the weights
    total = w.sum(-1)[:, None, None]
    values = np.linalg.eigvalsh(np.eye(w.shape[-1]) * w[:, None] - w[:, :, None] * w[:, None] / total)
    sizes = np.sort(w, axis=-1)
    a = np.where(sizes[:, :-1] > 0, np.clip(values[:, 1:], sizes[:, :-1], sizes[:, 1:]), 0.0)
    at_zero = q_below(q, a, np.zeros((k.size, 1)))[0]
    # between these logs of τ² the distribution goes from where it starts to its end
    near, far = np.full((k.size, 2), -80.0), np.full((k.size, 2), 120.0)
    levels = np.hstack([at_zero - ENDS, np.full_like(at_zero, ENDS)])
    for _ in range(14):
        middle = (near + far) / 2
        over = q_below(q, a, np.exp(middle))[0] > levels
        near, far = np.where(over, middle, near), np.where(over, far, middle)
    low, high = near[:, 0], np.maximum(far[:, 1], near[:, 0] + 1)
    step = (high - low) / (VALUES - 1)
    tau2 = np.exp(low[:, None] + step[:, None] * np.arange(VALUES))
    chance = np.hstack([1 - at_zero, q_below(q, a, tau2)[1] * tau2 * step[:, None]])
    chance = np.maximum(chance, 0.0)
    return np.hstack([np.zeros_like(at_zero), tau2]), chance / chance.sum(-1)[:, None]


def q_below(q: Array, a: Array, tau2: Array) -> tuple[Array, Array]:
    """Return P(Σ(1 + τ²aᵢ)χ²₁ ≤ q), and minus its derivative by τ².

    Its Laplace transform is inverted along a parabola through the saddle point that follows the
    path of steepest descent, on which the trapezoidal rule gains digits with each point.

    Parameters
    ----------
    q : ndarray, shape (S,)
        Above 0.
    a : ndarray, shape (S, n)
        0 where there is no term.
    tau2 : ndarray, shape (S, G)
    """
    sizes = (a > 0)[:, None] * (1 + tau2[..., None] * a[:, None]) / q[:, None, None]
    s = np.ones(tau2.shape)
    for _ in range(20):  # Newton from below, where the function is concave: it can't overshoot
        r = sizes / (1 + 2 * sizes * s[..., None])
        s = s - (1 - r.sum(-1) - 1 / s) / (2 * (r**2).sum(-1) + s**-2)
    r = 2 * sizes / (1 + 2 * sizes * s[..., None])
    curvature = (r**2).sum(-1) / 2 + s**-2
    bend = ((r**3).sum(-1) + 2 * s**-3) / (6 * curvature)
    step = 1 / (PER_WIDTH * np.sqrt(curvature))
    y = step[..., None] * np.arange(POINTS)
    z = s[..., None] + 1j * y - bend[..., None] * y**2
    inside = 1 + 2 * sizes[..., None] * z[..., None, :]
    part = np.exp(z - np.log(inside).sum(-2) / 2 - np.log(z)) * (1 + 2j * bend[..., None] * y)
    part[..., 0] /= 2
    by_tau2 = (a[:, None, :, None] * (z / q[:, None, None])[..., None, :] / inside).sum(-2)
    below, slope = ((summand.sum(-1).real * step / np.pi) for summand in (part, part * by_tau2))
    return below, slope


def generalised_q(yi: Array, vi: Array, mask: Mask, tau2: Array, design: Design = MEAN) -> Array:
    """Return Q(τ²) = Σ w r² at a given τ² of shape (…) (Viechtbauer 2007)."""
    k, lead = yi.shape[-1], yi.shape[:-1]
    w = (mask / (vi + tau2[..., None])).reshape(-1, 1, k)
    left = design.project(w, yi.reshape(-1, 1, k))
    return np.asarray((w * left.residual**2).sum(-1)).reshape(lead)


def _q_equals(y: Array, v: Array, m: Mask, target: Array, design: Design) -> tuple[Array, Mask]:
    """Solve Q(τ²) = target; 0 where Q is below it already at τ² = 0."""
    low = np.zeros(target.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = squares(y, m, design) / target * (1 + SPARE) - smallest(v, m)
    above = (generalised_q(y, v, m, low, design) > target) & (high > 0)
    root, converged = bracketed_root(
        lambda t: generalised_q(y, v, m, t, design) - target, low, np.where(above, high, 1.0)
    )
    return np.where(above, root, 0.0), converged | ~above
