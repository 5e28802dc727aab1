"""The normal random-effects likelihood: its maximum over τ², and intervals read off its profile.

All work on batches: effects `y`, variances `v` and mask `m` of shape (B, k), values of τ² of
shape (B, c). With w_i = 1/(v_i + τ²) and r what a design leaves of the effects:
l(τ²) = −½ (Σ log(v + τ²) + Σ w r²), and the restricted likelihood has −½ log |X'WX| more (Hardy
and Thompson 1996, Viechtbauer 2005: see `tau2.ml` and `tau2.reml`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

from livingmeta.engine.designs import KNOWN, MEAN, Design, Projection
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.maxima import BLOCK, GRID_MOST, GRID_STEP, SPARE, maximum
from livingmeta.engine.roots import bracketed_root

SCAN = 33  # points from the estimate to the outermost effect


def weighted(y: Array, v: Array, m: Mask, t: Array, design: Design) -> tuple[Array, Projection]:
    """Return the weights at each τ² of `t`, shape (B, c, k), and what the design leaves."""
    w = m[:, None, :] / (v[:, None, :] + t[..., None])
    return w, design.project(w, y[:, None, :])


def squares(y: Array, m: Mask, design: Design = MEAN) -> Array:
    """Return the sum of squares that the design leaves of equally weighted effects."""
    left = design.project(m[:, None, :].astype(float), y[:, None, :])
    return np.asarray((m * left.residual[:, 0] ** 2).sum(-1))


def smallest(v: Array, m: Mask) -> Array:
    """Return the smallest variance of each set."""
    return np.asarray(np.where(m, v, np.inf).min(-1))


def log_likelihood(
    y: Array, v: Array, m: Mask, t: Array, *, restricted: bool, design: Design = MEAN
) -> Array:
    """Return the log-likelihood, up to a constant, at each τ² of `t` (Viechtbauer 2005).

    Examples
    --------
    >>> y, v, m = np.array([[0.0, 2.0]]), np.ones((1, 2)), np.ones((1, 2), bool)
    >>> log_likelihood(y, v, m, np.zeros((1, 1)), restricted=False).tolist()
    [[-1.0]]
    """
    w, left = weighted(y, v, m, t, design)
    logs = (m[:, None, :] * np.log(v[:, None, :] + t[..., None])).sum(-1)
    total = logs + (w * left.residual**2).sum(-1)
    return np.asarray(-0.5 * (total + left.log_det() if restricted else total))


def maximise(y: Array, v: Array, m: Mask, *, restricted: bool, design: Design = MEAN) -> tuple[Array, Mask]:
    """Find the τ² ≥ 0 of the highest likelihood, whatever the number of maxima.

    The derivative, up to a factor, is Σw²r² − c(w) with c = Σw for the likelihood and the trace
    Σw(1 − h) for the restricted one. With s² the unweighted sum of squares Σr² over k or k − p,
    and d = max v − min v, it is below 0 from τ² = (s² + √(s⁴ + 4s²d))/2 − min v on: its first
    term is at most (max w)² Σr², the other at least k or k − p times min w. So every maximum
    lies below. The derivative is followed over that range, each change from rising to falling is
    a maximum and is closed in, and the highest of them and of τ² = 0 is taken. A mean goes the
    same way in `maxima`, by sums that a regression does not have.

    Returns
    -------
    tau2 : ndarray, shape (B,)
        0 where the design leaves no degree of freedom.
    converged : ndarray of bool, shape (B,)
    """
    if design is MEAN:
        return maximum(y, v, m, restricted=restricted)
    tau2, converged = np.zeros(len(y)), np.ones(len(y), bool)
    k = m.sum(-1)
    low, top = smallest(v, m), highest(y, v, m, restricted=restricted, design=design)
    todo = np.flatnonzero((k > design.columns) & (top > low))
    if todo.size == 0:
        return tau2, converged
    ratio = (top[todo] / low[todo]).max()
    points = int(np.clip(np.ceil(np.log(ratio) / GRID_STEP), 8, GRID_MOST)) + 1
    size = todo.size * design.numbers(y.shape[-1]) * points
    for block in np.array_split(todo, min(todo.size, max(1, size // BLOCK))):
        tau2[block], converged[block] = _maximum(
            y[block],
            v[block],
            m[block],
            _grid(low[block], top[block], points),
            restricted,
            design.part(block),
        )
    return tau2, converged


def highest(y: Array, v: Array, m: Mask, *, restricted: bool, design: Design = MEAN) -> Array:
    """Return the value of min v + τ² beyond which the likelihood falls."""
    count = m.sum(-1) - (design.columns if restricted else 0)
    s2 = squares(y, m, design) / np.maximum(count, 1)
    d = np.where(m, v, -np.inf).max(-1) - smallest(v, m)
    return np.asarray((s2 + np.sqrt(s2) * np.sqrt(s2 + 4 * d)) / 2 * (1 + SPARE))


def _grid(low: Array, top: Array, points: int) -> Array:
    """Return τ² from 0 to the top, by equal factors of min v + τ²."""
    steps = np.linspace(0.0, 1.0, points)
    grid = low[:, None] * (top / low)[:, None] ** steps - low[:, None]
    grid[:, 0] = 0.0
    return np.asarray(grid)


def _maximum(
    y: Array, v: Array, m: Mask, grid: Array, restricted: bool, design: Design
) -> tuple[Array, Mask]:
    def score(t: Array) -> Array:
        w, left = weighted(y, v, m, t, design)
        pull = (w * left.kept() if restricted else w).sum(-1)
        return np.asarray(((w * left.residual) ** 2).sum(-1) - pull)

    slope = score(grid)
    falls = (slope[:, :-1] > 0) & (slope[:, 1:] <= 0)
    most = int(falls.sum(-1).max())
    if most == 0:
        return np.zeros(len(y)), np.ones(len(y), bool)
    place = np.argsort(~falls, axis=-1, kind="stable")[:, :most]
    real = np.take_along_axis(falls, place, -1)
    root, converged = bracketed_root(
        score, np.take_along_axis(grid, place, -1), np.take_along_axis(grid, place + 1, -1)
    )
    candidates = np.concatenate([np.zeros((len(y), 1)), np.where(real, root, 0.0)], axis=-1)
    value = log_likelihood(y, v, m, candidates, restricted=restricted, design=design)
    best = value.argmax(-1)[:, None]
    chosen = np.take_along_axis(candidates, best, -1)[:, 0]
    return chosen, np.asarray((converged | ~real).all(-1))


def tau2_limits(
    y: Array, v: Array, m: Mask, *, level: float, restricted: bool, design: Design = MEAN
) -> tuple[Array, Array]:
    """Return the lowest and highest τ² whose likelihood is not significantly below the maximum.

    2(l(τ̂²) − l(τ²)) ≤ χ²(level) with 1 degree of freedom (Hardy and Thompson 1996).
    The estimate itself always lies inside, and there is no cap.
    """
    best, _ = maximise(y, v, m, restricted=restricted, design=design)

    def value(t: Array) -> Array:
        return log_likelihood(y, v, m, t, restricted=restricted, design=design)

    least = value(best[:, None]) - chdtri(1, 1 - level) / 2
    low, top = smallest(v, m), highest(y, v, m, restricted=restricted, design=design)
    top = np.maximum(top, 2 * low)
    points = int(np.clip(np.ceil(np.log((top / low).max()) / GRID_STEP), 8, GRID_MOST)) + 1
    grid = np.sort(np.concatenate([_grid(low, top, points), best[:, None]], axis=-1), axis=-1)
    inside = (value(grid) >= least) | (grid == best[:, None])
    first = inside.argmax(-1)[:, None]
    before = np.take_along_axis(grid, np.maximum(first - 1, 0), -1)
    begin = np.take_along_axis(grid, first, -1)
    lower, _ = bracketed_root(lambda t: value(t) - least, before, begin)
    last = inside.shape[-1] - 1 - inside[:, ::-1].argmax(-1)[:, None]
    end = np.take_along_axis(grid, last, -1)
    after = np.take_along_axis(grid, np.minimum(last + 1, inside.shape[-1] - 1), -1)
    while (open_ended := (after <= end) | (value(after) > least)).any():
        after = np.where(open_ended, 4 * (low[:, None] + after), after)  # it falls like log τ²
    upper, _ = bracketed_root(lambda t: value(t) - least, end, after)
    return np.where(first > 0, lower, 0.0)[:, 0], upper[:, 0]


def mean_limits(y: Array, v: Array, m: Mask, *, level: float, null: Array) -> tuple[Array, Array, Array]:
    """Return the interval of the mean by its profile likelihood, and the ratio at a null value.

    The mean μ is inside while D(μ) = 2(max l − max over τ² of l(μ, τ²)) ≤ χ²(level) with 1 degree
    of freedom (Hardy and Thompson 1996). Beyond the outermost effects the profile falls steadily;
    between them it is scanned, so that the outermost crossing is taken where there are several.

    Returns
    -------
    low, high : ndarray, shape (B,)
    ratio : ndarray, shape (B,)
        Likelihood ratio D at `null`.
    """
    best, _ = maximise(y, v, m, restricted=False)
    peak = log_likelihood(y, v, m, best[:, None], restricted=False)
    w = m / (v + best[:, None])
    centre = ((w * y).sum(-1) / w.sum(-1))[:, None]
    least = chdtri(1, 1 - level)

    def ratio(mu: Array) -> Array:
        many = mu.shape[-1]
        away = np.where(m[:, None], y[:, None] - mu[..., None], 0.0).reshape(-1, y.shape[-1])
        vs, ms = np.repeat(v, many, axis=0), np.repeat(m, many, axis=0)
        t, _ = maximise(away, vs, ms, restricted=False, design=KNOWN)
        value = log_likelihood(away, vs, ms, t[:, None], restricted=False, design=KNOWN)
        return np.asarray(2 * (peak - value.reshape(mu.shape)))

    scale = 1 / np.sqrt(w.sum(-1))[:, None]
    ends = []
    outermost = ((-1, np.where(m, y, np.inf).min(-1)), (1, np.where(m, y, -np.inf).max(-1)))
    for sign, effect in outermost:
        side = effect[:, None] - centre
        step = side + sign * scale
        grid = centre + side * np.linspace(0, 1, SCAN)
        inside = ratio(grid) <= least
        inside[:, 0] = True
        last = SCAN - 1 - inside[:, ::-1].argmax(-1)[:, None]
        near = np.take_along_axis(grid, last, -1)
        far = np.take_along_axis(grid, np.minimum(last + 1, SCAN - 1), -1)
        while (within := (last == SCAN - 1) & (ratio(far) <= least)).any():
            far, step = np.where(within, far + step, far), 2 * step
        ends.append(bracketed_root(lambda mu: ratio(mu) - least, near, far)[0][:, 0])
    return ends[0], ends[1], np.maximum(ratio(null[:, None])[:, 0], 0.0)
