"""Estimators of the between-trial variance τ², and its interval.

All work over the last axis of arrays of shape (…, k): `yi` effects, `vi` their variances, `mask`
true where a trial is present; elsewhere finite numbers, with `vi` above 0, may stand.
Digits are kept best where `yi` is 0 at the most precise trial, as `pooling.fit` sees to.
With w_i = 1/(v_i + τ²) and μ = Σ w_i y_i / Σ w_i throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Estimator = Callable[[Array, Array, Mask], tuple[Array, Mask]]

# Brackets are proved in exact arithmetic; this much is added for rounding.
MARGIN = 1e-6
# Score changes sign over a factor in (v + τ²) of its own size; a step of a quarter of that
# separates the maxima: on thousands of random sets a grid of thousands of points found none higher.
GRID_STEP = 0.25
GRID_MOST = 200
BLOCK = 1 << 18  # numbers worked on at once: fits the cache


def dersimonian_laird(yi: Array, vi: Array, mask: Mask) -> tuple[Array, Mask]:
    """Return max(0, (Q − (k − 1)) / (Σw − Σw²/Σw)), w = 1/v (DerSimonian and Laird 1986).

    Parameters
    ----------
    yi, vi : ndarray, shape (…, k)
        Effects and their variances.
    mask : ndarray of bool, shape (…, k)
        True where a trial is present.

    Returns
    -------
    tau2 : ndarray, shape (…)
        In the squared unit of `yi`; NaN for fewer than two trials.
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
    w = mask / vi
    q = generalised_q(yi, vi, mask, np.zeros(yi.shape[:-1]))
    df = mask.sum(-1) - 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        tau2 = np.maximum(0.0, (q - df) / cross_weight(w))
    return np.where(df > 0, tau2, np.nan), np.ones(df.shape, bool)


def paule_mandel(yi: Array, vi: Array, mask: Mask) -> tuple[Array, Mask]:
    """Solve Σ w(τ²)(y − μ)² = k − 1 for τ² ≥ 0 (Paule and Mandel 1982).

    The left side falls with τ², and at τ² = Σ(y − ȳ)²/(k − 1) − min v it is at most k − 1: that
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
    df = mask.sum(-1) - 1.0
    tau2, converged = _q_equals(yi, vi, mask, df)
    return np.where(df > 0, tau2, np.nan), converged


def reml(yi: Array, vi: Array, mask: Mask) -> tuple[Array, Mask]:
    """Maximise the restricted likelihood over τ² ≥ 0 (Viechtbauer 2005).

    Its derivative, Σw²(y − μ)² − Σw + Σw²/Σw up to a factor, is below 0 from
    τ² = (s² + √(s⁴ + 4s²d))/2 − min v on, with s² = Σ(y − ȳ)²/(k − 1) and d = max v − min v:
    the first term is at most (max w)² (k − 1)s², the others at most −(k − 1) min w. So every
    maximum lies below. The derivative is followed over that range, each change from rising to
    falling is a maximum and is closed in, and the highest of them and of τ² = 0 is taken.
    Parameters and returns as in `dersimonian_laird`.

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
    k = yi.shape[-1]
    lead = yi.shape[:-1]
    y, v, m = yi.reshape(-1, k), vi.reshape(-1, k), mask.reshape(-1, k)
    tau2, converged = np.full(len(y), np.nan), np.ones(len(y), bool)
    df = m.sum(-1) - 1.0
    todo = np.flatnonzero(df > 0)
    if todo.size == 0:
        return tau2.reshape(lead), converged.reshape(lead)
    low, s2 = _smallest(v, m), _spread(y, m) / np.maximum(df, 1)
    d = np.where(m, v, -np.inf).max(-1) - low
    top = (s2 + np.sqrt(s2) * np.sqrt(s2 + 4 * d)) / 2 * (1 + MARGIN)  # of min v + τ²
    tau2[todo] = 0.0
    todo = todo[top[todo] > low[todo]]
    points = _points(low[todo], top[todo])
    for block in np.array_split(todo, max(1, todo.size * k * points // BLOCK)):
        if block.size:
            tau2[block], converged[block] = _reml_block(
                y[block], v[block], m[block], (low[block], top[block]), points
            )
    return tau2.reshape(lead), converged.reshape(lead)


TAU2: Mapping[str, Estimator] = {"DL": dersimonian_laird, "PM": paule_mandel, "REML": reml}


def q_profile(yi: Array, vi: Array, mask: Mask, *, level: float) -> tuple[Array, Array]:
    """Return the limits of τ² between which Q(τ²) is not significant (Viechtbauer 2007).

    Parameters
    ----------
    yi, vi, mask : ndarray, shape (…, k)
        As in `dersimonian_laird`.
    level : float
        Confidence level as a fraction.

    Returns
    -------
    low, high : ndarray, shape (…)
        Both NaN where the set is empty: the trials agree better than chance lets them, whatever
        τ², and for fewer than two trials. There is no cap.

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
    df = mask.sum(-1) - 1.0
    tail = (1 - level) / 2
    safe = np.maximum(df, 1.0)
    low, _ = _q_equals(yi, vi, mask, chdtri(safe, tail))
    least = chdtri(safe, 1 - tail)
    high, _ = _q_equals(yi, vi, mask, least)
    empty = (df < 1) | (generalised_q(yi, vi, mask, np.zeros(df.shape)) < least)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def generalised_q(yi: Array, vi: Array, mask: Mask, tau2: Array) -> Array:
    """Return Q(τ²) = Σ w (y − μ)² at a given τ² of shape (…) (Viechtbauer 2007)."""
    w = mask / (vi + tau2[..., None])
    mu = (w * yi).sum(-1) / np.maximum(w.sum(-1), np.finfo(float).tiny)
    return np.asarray((w * (yi - mu[..., None]) ** 2).sum(-1))


def cross_weight(w: Array) -> Array:
    """Return Σw − Σw²/Σw, as Σ_i w_i (Σ_{j≠i} w_j) / Σw.

    Written so, no digits are lost where one trial has nearly all the weight.
    """
    top = w.argmax(-1)[..., None]
    largest = np.take_along_axis(w, top, -1)[..., 0]
    others = w.copy()
    np.put_along_axis(others, top, 0.0, -1)
    rest = others.sum(-1)
    total = rest + largest
    pairs = largest * rest + (others * (total[..., None] - others)).sum(-1)
    return np.asarray(pairs / total)


def _q_equals(yi: Array, vi: Array, mask: Mask, target: Array) -> tuple[Array, Mask]:
    """Solve Q(τ²) = target; 0 where Q is below it already at τ² = 0."""
    low = np.zeros(target.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = _spread(yi, mask) / target * (1 + MARGIN) - _smallest(vi, mask)
    above = (generalised_q(yi, vi, mask, low) > target) & (high > 0)
    root, converged = bracketed_root(
        lambda t: generalised_q(yi, vi, mask, t) - target, low, np.where(above, high, 1.0)
    )
    return np.where(above, root, 0.0), converged | ~above


def _spread(yi: Array, mask: Mask) -> Array:
    """Return Σ(y − ȳ)² of the trials present."""
    count = np.maximum(mask.sum(-1), 1)
    mean = np.where(mask, yi, 0.0).sum(-1) / count
    return np.asarray((mask * (yi - mean[..., None]) ** 2).sum(-1))


def _smallest(vi: Array, mask: Mask) -> Array:
    return np.asarray(np.where(mask, vi, np.inf).min(-1))


def _points(low: Array, top: Array) -> int:
    if low.size == 0:
        return 0
    return int(np.clip(np.ceil(np.log(top / low).max() / GRID_STEP), 8, GRID_MOST)) + 1


def _reml_block(
    y: Array, v: Array, m: Mask, ends: tuple[Array, Array], points: int
) -> tuple[Array, Mask]:
    low, top = ends  # of min v + τ²
    steps = np.linspace(0.0, 1.0, points)
    grid = low[:, None] * (top / low)[:, None] ** steps - low[:, None]
    grid[:, 0] = 0.0
    score = _reml_score(y, v, m, grid)
    falls = (score[:, :-1] > 0) & (score[:, 1:] <= 0)
    most = int(falls.sum(-1).max())
    if most == 0:
        return np.zeros(len(y)), np.ones(len(y), bool)
    place = np.argsort(~falls, axis=-1, kind="stable")[:, :most]
    found = np.take_along_axis(falls, place, -1)
    root, converged = bracketed_root(
        lambda t: _reml_score(y, v, m, t),
        np.take_along_axis(grid, place, -1),
        np.take_along_axis(grid, place + 1, -1),
    )
    zero = np.zeros((len(y), 1))
    candidates = np.concatenate([zero, np.where(found, root, 0.0)], axis=-1)
    best = restricted_likelihood(y, v, m, candidates).argmax(-1)[:, None]
    chosen = np.take_along_axis(candidates, best, -1)[:, 0]
    return chosen, np.asarray((converged | ~found).all(-1))


def _weighted(y: Array, v: Array, m: Mask, t: Array) -> tuple[Array, Array, Array]:
    """Return w, Σw and the residuals y − μ at each τ² of `t`, shape (…, c)."""
    w = m[..., None, :] / (v[..., None, :] + t[..., :, None])
    total = w.sum(-1)
    mu = (w * y[..., None, :]).sum(-1) / total
    return w, total, y[..., None, :] - mu[..., None]


def _reml_score(y: Array, v: Array, m: Mask, t: Array) -> Array:
    w, _, residual = _weighted(y, v, m, t)
    return np.asarray(((w * residual) ** 2).sum(-1) - cross_weight(w))


def restricted_likelihood(y: Array, v: Array, m: Mask, t: Array) -> Array:
    """Return the restricted log-likelihood, up to a constant, at each τ² of `t`, shape (…, c).

    −½ (Σ log(v + τ²) + log Σw + Σ w(y − μ)²) (Viechtbauer 2005).
    """
    w, total, residual = _weighted(y, v, m, t)
    logs = (m[..., None, :] * np.log(v[..., None, :] + t[..., :, None])).sum(-1)
    return np.asarray(-0.5 * (logs + np.log(total) + (w * residual**2).sum(-1)))


def bracketed_root(
    function: Callable[[Array], Array], low: Array, high: Array
) -> tuple[Array, Mask]:
    """Find a zero between `low` and `high` to the last digits, all elements at once.

    Inverse quadratic interpolation where it is safe and bisection elsewhere, so that it ends
    for every continuous function that changes sign (Chandrupatla 1997).

    Parameters
    ----------
    function : callable
        Takes and returns arrays of the shape of `low`.
    low, high : ndarray
        Ends of the brackets. Where the signs at the ends agree, the result means nothing.

    Returns
    -------
    root : ndarray
    converged : ndarray of bool

    References
    ----------
    Chandrupatla TR. A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear
    function without using derivatives. Adv Eng Softw 1997;28:145-149.
    """
    eps = np.finfo(float).eps
    a, b = high.astype(float), low.astype(float)
    fa, fb = function(a), function(b)
    unusable = np.sign(fa) == np.sign(fb)
    at = np.full(a.shape, 0.5)
    with np.errstate(all="ignore"):  # elements that are done divide 0 by 0, and are not used
        for _ in range(200):  # bisection alone needs 53 steps and those to reach the scale of 0
            x = a + at * (b - a)
            fx = function(x)
            same = np.sign(fx) == np.sign(fa)
            c, fc = np.where(same, a, b), np.where(same, fa, fb)
            b, fb = np.where(same, b, a), np.where(same, fb, fa)
            a, fa = x, fx
            nearer = np.abs(fa) < np.abs(fb)
            best = np.where(nearer, a, b)
            width = np.abs(b - a)
            least = (2 * eps * np.abs(best) + np.finfo(float).tiny) / width
            done = (least > 0.5) | (np.where(nearer, fa, fb) == 0) | unusable
            if done.all():
                break
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            quadratic = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * (
                fb / (fc - fb)
            )
            at = np.where(safe, quadratic, 0.5)
            at = np.clip(np.where(np.isfinite(at), at, 0.5), least, 1 - least)
            at = np.where(done, 0.0, at)
    return best, done
