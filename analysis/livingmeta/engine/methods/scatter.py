"""How far the unread effects of a pool can lie apart, by what τ², Q or the width is made of.

With dᵢ = yᵢ − μ, μ the mean of the pool, and wᵢ = 1/(vᵢ + τ²), an estimate of τ² above 0 solves

    PM:    Σ wᵢdᵢ²  = k − 1                        (Paule and Mandel 1982)
    REML:  Σ wᵢ²dᵢ² = Σ wᵢ − Σ wᵢ²/Σ wᵢ            (its restricted likelihood)
    DL:    Q = k − 1 + τ²(Σ 1/vᵢ − Σ 1/vᵢ²/Σ 1/vᵢ)  (DerSimonian and Laird 1986)

and an estimate of 0 leaves the left side at most the right one. The width of an HKSJ interval says
Σ wᵢdᵢ² = (k − 1)W·SE². So the known trials of a set say what is left of the left side for its unread
ones, U. Their part of Σ aᵢdᵢ², a = w or w², and Σ_U wᵢdᵢ, which the mean gives, bound each dᵢ and
their mean, by the inequality of Cauchy and Schwarz.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.candidate_sets import Candidates, Sets
from livingmeta.engine.methods.subsets import members

ROUNDING = 1e-12  # relative: what sums in binary may lose
CONVERGED = 1e-3  # relative: by how much a program's iterations may miss the equation of τ²
_FAR = 1e100  # in place of infinity, of which there is no multiple of 0

Spans = tuple[Array, Array]


class Piece(NamedTuple):
    """A piece of τ² and the weights that trials have in it, shape (m,).

    In one without an upper end weights are times τ², and so between 0 and 1.
    """

    low: float
    high: float
    most_w: Array
    least_w: Array

    @classmethod
    def of(cls, trials: Candidates, low: float, high: float) -> Piece:
        """Bound the weights."""
        if high == np.inf:
            return cls(low, high, np.ones(trials.known.size), low / (trials.v_high + low))
        return cls(low, high, 1 / (trials.v_low + low), 1 / (trials.v_high + high))

    @property
    def endless(self) -> bool:
        """Whether it has no upper end."""
        return self.high == np.inf


class Sides(NamedTuple):
    """Between what the right side of an equation lies, and whether weights are squared on the left."""

    low: Array
    high: Array
    squared: bool


def _unequal(sets: Sets, w: Array) -> Array:
    """Return Σw − Σw²/Σw, which grows with each weight; 0 for one trial."""
    total = sets.sums(w)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(sets.k > 1, np.maximum(total - sets.sums(w**2) / total, 0.0), 0.0))


def _paule_mandel(sets: Sets, piece: Piece, most: Array) -> Sides:
    df = np.asarray(sets.k - 1.0)
    return Sides(df * piece.low, df * _FAR, False) if piece.endless else Sides(df, df, False)


def _reml(sets: Sets, piece: Piece, most: Array) -> Sides:
    low = _unequal(sets, piece.least_w)
    if piece.endless:
        return Sides(low * piece.low, np.full(low.size, _FAR), True)
    return Sides(low, np.minimum(_unequal(sets, piece.most_w), most * (1 - 1 / sets.k)), True)


# Right sides at a τ² above 0, of sets, a piece of τ², and the greatest W of each set there.
ESTIMATORS: dict[str, Callable[[Sets, Piece, Array], Sides] | None] = {
    "DL": None,  # of Q: see `of_dl`
    "PM": _paule_mandel,
    "REML": _reml,
}


def of_dl(trials: Candidates, sets: Sets, piece: Piece) -> Spans:
    """Return between what Q lies where this τ² is that of DerSimonian and Laird."""
    df = sets.k - 1.0
    least = df + piece.low * _unequal(sets, 1 / trials.v_high)
    if piece.endless:
        return least, np.full(df.size, _FAR)
    most = df + piece.high * _unequal(sets, 1 / trials.v_low)
    return np.zeros(df.size) if piece.high == 0 else least, most


@dataclass(frozen=True, kw_only=True, eq=False)
class Left:
    """What is left of Σ ad² for the unread trials of each set: arrays of shape (B,).

    `count` is Σ_U w²/a, the weight of the unread trials at most, or their number where a = w².
    """

    fits: Mask
    squared: bool
    most: Array
    count: Array
    pull_low: Array  # Σ_U wd
    pull_high: Array
    weight_low: Array  # Σ_U w
    estimate: tuple[float, float]

    @classmethod
    def of(
        cls,
        trials: Candidates,
        sets: Sets,
        piece: Piece,
        sides: Sides,
        estimate: tuple[float, float],
        *,
        pull: Spans,
        weight: Spans,
    ) -> Left:
        """Take the part of the known trials from an equation."""
        known, unread = trials.known, ~trials.known
        below, above = trials.y_low - estimate[1], trials.y_high - estimate[0]
        far = np.minimum(np.maximum(np.abs(below), np.abs(above)), 1e50) ** 2
        near = np.maximum(np.maximum(below, -above), 0.0) ** 2
        power = 2 if sides.squared else 1
        most_a, least_a = piece.most_w**power, piece.least_w**power
        most = sides.high - sets.sums(known * least_a * near)
        least = sides.low - sets.sums(known * most_a * far)
        count = sets.sums(unread) if sides.squared else np.minimum(weight[1], _FAR)
        spare = ROUNDING * (np.abs(sides.high) + 1)
        pulled = np.maximum(np.maximum(pull[0], -pull[1]), 0.0) ** 2
        fits = (most >= -spare) & (pulled <= count * (np.maximum(most, 0.0) + spare) * (1 + 1e-9) + spare)
        reached = sets.sums(unread * most_a * far)
        if_one = np.maximum(np.abs(pull[0]), np.abs(pull[1])) ** 2  # what one unread trial adds
        with np.errstate(divide="ignore", invalid="ignore"):
            if_one = if_one if sides.squared else np.nan_to_num(if_one / weight[0], nan=_FAR, posinf=_FAR)
        alone = (sets.sums(unread) == 1) & (sides.squared | (weight[0] > 0))
        reached = np.where(alone, np.minimum(reached, if_one), reached)
        fits &= least <= reached * (1 + 1e-9) + spare
        return cls(
            fits=fits | (sets.k < 2),  # of one trial no τ² is estimated
            squared=sides.squared,
            most=np.where(sets.k < 2, _FAR, np.maximum(most, 0.0) + spare),
            count=count,
            pull_low=pull[0],
            pull_high=pull[1],
            weight_low=np.maximum(weight[0], 0.0),
            estimate=estimate,
        )

    @property
    def of_mean(self) -> Spans:
        """Between what the mean of the unread trials lies: shape (B,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.squared:
                far = np.sqrt(self.count * self.most) / self.weight_low
            else:
                far = np.sqrt(self.most / self.weight_low)
        far = np.nan_to_num(far, nan=np.inf, posinf=np.inf)
        return self.estimate[0] - far, self.estimate[1] + far

    def reach(self, piece: Piece, mean: Spans) -> Spans:
        """Return the same of each trial, shape (B, m); `mean` is of the unread ones, by their weights."""
        pulled = np.maximum(np.maximum(self.pull_low, -self.pull_high), 0.0) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            free = np.maximum(self.most - np.nan_to_num(pulled / self.count, posinf=0.0), 0.0)[:, None]
            if not self.squared:
                other = np.maximum(1 / piece.least_w - 1 / self.count[:, None], 0.0)
                far = np.nan_to_num(np.sqrt(free * other), nan=np.inf, posinf=np.inf)
                return mean[0][:, None] - far, mean[1][:, None] + far
            n = self.count[:, None]
            far = np.sqrt(free * (1 - 1 / n))
            up, down = self.pull_high[:, None] / n + far, self.pull_low[:, None] / n - far
            up = np.where(up >= 0, up / piece.least_w, up / piece.most_w)
            down = np.where(down >= 0, down / piece.most_w, down / piece.least_w)
        return self.estimate[0] + np.nan_to_num(down, nan=-np.inf, neginf=-np.inf), self.estimate[
            1
        ] + np.nan_to_num(up, nan=np.inf, posinf=np.inf)


@dataclass(frozen=True, kw_only=True, eq=False)
class OfQ:
    """What Q leaves of the unread effects: arrays of shape (B,).

    With the greatest variances Q is at least that of the known trials and (y − μ_K)²/(v + 1/W_K); and
    (y − μ)² is at most Q(v + 1/W), μ the mean of the pool, by the inequality of Cauchy and Schwarz.
    Both hold of a mean of unread effects, too, v the greatest of their variances.
    """

    own: Array  # the least Q of the known trials
    reached: Array  # the greatest of all
    middle: Array  # μ_K, of printed digits
    spare: Array  # by which it may be another
    known_vi: Array  # 1/W_K
    greatest: Array  # variance of the unread trials

    @classmethod
    def of(cls, trials: Candidates, sets: Sets, estimate: tuple[float, float]) -> OfQ:
        """Take what does not depend on Q itself."""
        w = np.where(trials.known, 1 / trials.v_high, 0.0)
        y_low, y_high = (np.where(trials.known, y, 0.0) for y in (trials.y_low, trials.y_high))
        y, half = (y_low + y_high) / 2, (y_high - y_low) / 2
        total, squares = sets.sums(w), sets.sums(w * y**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            middle, spare = sets.sums(w * y) / total, sets.sums(w * half) / total
            own = np.nan_to_num(squares * (1 - ROUNDING) - total * middle**2, nan=0.0)
            known_vi = 1 / total
        # digits move a distance by no more than their own length
        own = np.maximum(np.sqrt(np.maximum(own, 0.0)) - np.sqrt(sets.sums(w * half**2)), 0.0) ** 2
        about = sum(estimate) / 2  # Q is the least sum of squares about any mean
        far = np.minimum(np.maximum(np.abs(trials.y_low - about), np.abs(trials.y_high - about)), 1e50)
        reached = np.minimum(sets.sums(far**2 / trials.v_low), _reached(trials, sets, y, half))
        greatest = np.zeros(sets.k.shape)
        for place in np.flatnonzero(~trials.known):
            holds = members(sets.bits >> np.uint64(place), 1)[:, 0]
            greatest = np.where(holds, np.maximum(greatest, trials.v_high[place]), greatest)
        return cls(
            own=own,
            reached=reached * (1 + 1e-9),
            middle=middle,
            spare=spare,
            known_vi=known_vi,
            greatest=greatest,
        )

    def at(self, where: NDArray[np.int_]) -> OfQ:
        """Return it of some of the sets."""
        return OfQ(**{name: value[where] for name, value in vars(self).items()})

    def fits(self, q: Spans) -> Mask:
        """Say which sets can have such a Q."""
        return np.asarray((self.own <= _upper(q)) & (self.reached >= q[0] * (1 - 1e-9)))

    def reach(self, q: Spans, estimate: tuple[float, float], pool_vi: Array, vi: Array) -> Spans:
        """Return between what effects of at most these variances lie: shape (B, m)."""

        def far(q: Array, others: Array) -> Array:
            with np.errstate(invalid="ignore"):
                return np.nan_to_num(np.sqrt(q[:, None] * (vi + others[:, None])), nan=np.inf, posinf=np.inf)

        by_known = far(np.maximum(_upper(q) - self.own, 0.0), self.known_vi) + self.spare[:, None]
        by_pool = far(_upper(q), pool_vi)
        low = np.fmax(self.middle[:, None] - by_known, estimate[0] - by_pool)
        return low, np.fmin(self.middle[:, None] + by_known, estimate[1] + by_pool)

    def of_mean(self, q: Spans, estimate: tuple[float, float], pool_vi: Array) -> Spans:
        """Return the same of the mean of the unread trials: shape (B,)."""
        low, high = self.reach(q, estimate, pool_vi, self.greatest[:, None])
        return low[:, 0], high[:, 0]


def _reached(trials: Candidates, sets: Sets, y: Array, half: Array) -> Array:
    """Return the greatest sum of squares about the mean of the known trials, of the least variances."""
    w = 1 / trials.v_low
    known, unread = np.where(trials.known, w, 0.0), np.where(trials.known, 0.0, w)
    size = np.minimum(np.maximum(np.abs(trials.y_low), np.abs(trials.y_high)), 1e50)
    total, squares = sets.sums(known), sets.sums(known * y**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.nan_to_num(sets.sums(known * y) / total)
    own = np.maximum(squares * (1 + ROUNDING) - total * middle**2, 0.0)
    others = sets.sums(unread * size**2) + 2 * np.abs(middle) * sets.sums(unread * size)
    digits = np.sqrt(sets.sums(known * half**2))
    return np.asarray((np.sqrt(own) + digits) ** 2 + others + middle**2 * sets.sums(unread) + ROUNDING)


def _upper(q: Spans) -> Array:
    return np.asarray(q[1] * (1 + 1e-9) + ROUNDING)


def typical(trials: Candidates, sets: Sets) -> Spans:
    """Return the least and the greatest typical variance within trials; NaN for one trial.

    Higgins and Thompson 2002, eq. 9: (k − 1)/(Σw − Σw²/Σw), w = 1/v.
    """

    def of(w: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(sets.k > 1, (sets.k - 1) / _unequal(sets, w), np.nan))

    return of(1 / trials.v_low), of(1 / trials.v_high)
