"""The highest maximum of the likelihood of a mean, for many sets of effects at once.

With w_i = 1/(v_i + τ²), A = Σw and μ = Σwy/A, the derivative of the log-likelihood in τ² has the
sign of N − c: N = Σw²(y − μ)², and c = A for the likelihood, A − Σw²/A for the restricted one
(Viechtbauer 2005, see `tau2.reml`). Numbers stand trial by trial, shape (k, B), so that each step
runs over long rows; effects are measured from the most precise trial, which stands apart (index 0
below), since differences with its weight would lose digits. An absent trial has v = ∞.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livingmeta.engine.inputs import Array, Mask

# The upper bound of τ² is proved in exact arithmetic; this much is added for rounding.
SPARE = 1e-6
# N − c changes sign over a factor in (v + τ²) of its own size; a step of a quarter of that
# separates the maxima: on thousands of random sets a grid of thousands of points found none higher.
GRID_STEP = 0.25
GRID_MOST = 200
BLOCK = 1 << 16  # numbers worked on at once: fits the cache with what is made of them
STEPS = 100  # bisection alone needs some 60
SETTLED = 1e-13  # step relative to v + τ² at which rounding has taken over


class Sets(NamedTuple):
    """Sets of effects, trial by trial: the most precise trial, and the others as seen from it."""

    v0: Array  # (B,)
    y: Array  # (k − 1, B)
    v: Array  # (k − 1, B)

    def take(self, columns: NDArray[np.int_]) -> Sets:
        """Return some of the sets."""
        return Sets(self.v0[columns], self.y[:, columns], self.v[:, columns])


def maximum(y: Array, v: Array, m: Mask, *, restricted: bool) -> tuple[Array, Mask]:
    """Find the τ² ≥ 0 of the highest likelihood of each set of effects, REML or ML.

    Effects, variances and mask have shape (B, k). τ² is 0 where fewer than two effects are there;
    it has converged where N − c changes sign at it, or is not above 0 at any τ².

    Notes
    -----
    N − c is followed from 0 up to the bound that `likelihood.maximise` derives; each change from
    above to below 0 is a maximum. It is closed in by Newton's method on c/N, which is linear in τ²
    where all variances are equal, with bisection where a step leaves the bracket.

    Examples
    --------
    >>> y, v = np.array([[1.0, 2.0, 3.0]]), np.full((1, 3), 0.25)
    >>> maximum(y, v, np.ones((1, 3), bool), restricted=True)[0].round(12).tolist()
    [0.75]
    """
    tau2, converged = np.zeros(len(y)), np.ones(len(y), bool)
    sets, top = _apart(y, v, m, restricted=restricted)
    cells = np.zeros(len(y), np.int16)
    with np.errstate(divide="ignore"):
        needed = np.ceil(np.log(np.maximum(top / sets.v0, 1.0)) / GRID_STEP)
    rising = top > sets.v0
    cells[rising] = np.clip(needed[rising], 1, GRID_MOST)
    order = np.argsort(cells, kind="stable")[np.count_nonzero(~rising) :]
    size = max(1, BLOCK // y.shape[-1])
    for start in range(0, order.size, size):
        block = order[start : start + size]
        part = sets.take(block)
        tau2[block], converged[block] = _search(
            part, top[block], int(cells[block[-1]]), restricted=restricted
        )
    return tau2, converged


def _apart(y: Array, v: Array, m: Mask, *, restricted: bool) -> tuple[Sets, Array]:
    """Set the most precise trial apart; return the value of min v + τ² above which nothing is."""
    here, vs, ys = m.T.astype(float, order="C"), v.T.copy(), y.T.copy()
    largest = (vs * here).max(0)
    with np.errstate(divide="ignore"):
        vs /= here
    first, each = vs.argmin(0), np.arange(len(y))
    v0, y0 = vs[first, each], ys[first, each]
    vs[first, each], ys[first, each], here[first, each] = vs[0], ys[0], here[0]
    vs, here = vs[1:], here[1:]
    ys = (ys[1:] - y0) * here
    k = _sum(here) + 1
    total = _sum(ys)
    # no digits are lost: the sum of squares about one of the effects is at most k + 1 times it
    s2 = (_sum(ys, ys) - total**2 / k).clip(0) / np.maximum(k - restricted, 1)
    d = (largest - v0).clip(0)
    top = (s2 + np.sqrt(s2) * np.sqrt(s2 + 4 * d)) / 2 * (1 + SPARE)
    return Sets(v0, ys, vs), np.where(k > 1, top, 0.0)


def _search(sets: Sets, top: Array, cells: int, *, restricted: bool) -> tuple[Array, Mask]:
    """Follow N − c over `cells` equal factors of min v + τ², and return the highest maximum."""
    v0 = sets.v0
    factor = np.exp(np.log(top / v0) / cells)
    at, before = np.zeros_like(v0), np.zeros_like(v0)
    slope = first = _excess(sets, at, restricted=restricted)
    falling: list[tuple[NDArray[np.int_], Array, Array]] = []
    for _ in range(cells):
        before, at = at, (at + v0) * factor - v0
        was, slope = slope, _excess(sets, at, restricted=restricted)
        fell = np.flatnonzero((was > 0) & (slope <= 0))
        if fell.size:
            falling.append((fell, before[fell], at[fell]))
    tau2, converged = np.zeros_like(v0), np.ones(v0.size, bool)
    if not falling:
        return tau2, converged
    columns, low, high = (np.concatenate(parts) for parts in zip(*falling, strict=True))
    root, settled = _root(sets.take(columns), low, high, restricted=restricted)
    several = (np.bincount(columns, minlength=v0.size) > 1) | (first <= 0)
    alone = ~several[columns]
    tau2[columns[alone]] = root[alone]
    np.logical_and.at(converged, columns, settled)
    best = {}
    for column, t in zip(columns[~alone], root[~alone], strict=True):
        single = sets.take(np.array([column]))
        if column not in best:
            best[column] = _height(single, 0.0, restricted=restricted)
        height = _height(single, t, restricted=restricted)
        if height > best[column]:
            best[column], tau2[column] = height, t
    return tau2, converged


def _excess(sets: Sets, t: Array, *, restricted: bool) -> Array:
    """Return N − c."""
    w0 = 1 / (sets.v0 + t)
    w = sets.v + t
    np.divide(1.0, w, out=w)
    z = w * sets.y
    rest, squares = _sum(w), _sum(w, w)
    total = w0 + rest
    mu = _sum(z) / total
    n = _sum(z, z) - 2 * mu * _sum(w, z) + mu**2 * (squares + w0**2)
    return np.asarray(n - _pull(w0, rest, squares, total, restricted=restricted))


def _sum(first: Array, other: Array | None = None) -> Array:
    """Sum an array, or the products of two, over the trials; einsum keeps to the long rows."""
    if other is None:
        return np.asarray(np.einsum("ij->j", first))
    return np.asarray(np.einsum("ij,ij->j", first, other))


def _pull(w0: Array, rest: Array, squares: Array, total: Array, *, restricted: bool) -> Array:
    """Return c; A − Σw²/A as a sum in which nothing cancels."""
    return (2 * w0 * rest + (rest**2 - squares)) / total if restricted else total


def _root(sets: Sets, low: Array, high: Array, *, restricted: bool) -> tuple[Array, Mask]:
    """Find where N − c falls through 0 between `low` and `high`."""
    t, low, high = (low + high) / 2, low.copy(), high.copy()
    root, settled = t.copy(), np.zeros(t.size, bool)
    todo = np.arange(t.size)
    for _ in range(STEPS):
        ratio, slope = _ratio(sets, t, restricted=restricted)
        left = ratio < 0  # N > c: the maximum lies to the right
        low, high = np.where(left, t, low), np.where(left, high, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            following = t - ratio / slope
        inside = (following > low) & (following < high)
        unit = SETTLED * (sets.v0 + t)
        done = (ratio == 0) | (high - low <= unit) | (np.abs(following - t) <= unit)
        root[todo[done]] = np.where(inside, following, t)[done]
        settled[todo[done]] = True
        more = np.flatnonzero(~done)
        if more.size == 0:
            break
        t = np.where(inside, following, (low + high) / 2)
        if more.size < t.size:
            sets, todo = sets.take(more), todo[more]
            t, low, high = t[more], low[more], high[more]
        root[todo] = t
    return root, settled


def _ratio(sets: Sets, t: Array, *, restricted: bool) -> tuple[Array, Array]:
    """Return c/N − 1 and its derivative, N from residuals."""
    w0 = 1 / (sets.v0 + t)
    w = sets.v + t
    np.divide(1.0, w, out=w)
    rest, squares = _sum(w), _sum(w, w)
    total = w0 + rest
    mu = _sum(w, sets.y) / total
    pulled = (sets.y - mu) * w
    n = _sum(pulled, pulled) + (w0 * mu) ** 2
    lean = _sum(w, pulled) - w0**2 * mu
    cubes = _sum(w * pulled, pulled) + w0 * (w0 * mu) ** 2
    dn = 2 * lean**2 / total - 2 * cubes
    c = _pull(w0, rest, squares, total, restricted=restricted)
    all_squares = squares + w0**2
    if restricted:
        change = _sum(w * w, w) - w0**2 * rest - w0 * squares - rest * squares
        dc = (2 * change + c * all_squares) / total
    else:
        dc = -all_squares
    return c / n - 1, (dc - c * dn / n) / n


def _height(sets: Sets, t: float, *, restricted: bool) -> float:
    """Return the log-likelihood, up to a constant, of one set."""
    v = np.append(sets.v0, sets.v[:, 0])
    v = v[np.isfinite(v)] + t
    y = np.append(0.0, sets.y[:, 0])[np.isfinite(np.append(sets.v0, sets.v[:, 0]))]
    w = 1 / v
    mu = (w * y).sum() / w.sum()
    twice = np.log(v).sum() + (w * (y - mu) ** 2).sum()
    return float(-0.5 * (twice + (np.log(w.sum()) if restricted else 0.0)))
