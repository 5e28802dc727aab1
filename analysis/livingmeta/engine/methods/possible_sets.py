"""Which sets of trials can stand behind a printed interval, and what their unread trials must show.

An inverse-variance mean of the trials of a set S has the standard error 1/√W, where
W = Σ 1/(vᵢ + τ²) over S. So the printed interval bounds W, and through it S and τ². Of the trials
in S whose effects are not known (the unread ones, U) it bounds the mean, weighted as in the pool:

    Σ_U wᵢyᵢ/W_U = μ + Σ_K wᵢ(μ − yᵢ)/W_U,    W_U = W − W_K,

μ the printed mean, K the trials of S whose effects are known. A printed Q bounds how far an unread effect
can lie from the others, and where τ² is made of it, τ² (docs/deductions.md). All that is given is a
range (printed digits are rounded, the variance of an unread trial has bounds only), and so is every
answer: τ² is cut into pieces, and each piece is bounded from outside. An answer can be wider than
the truth needs; it is never narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.subsets import members
from livingmeta.words import RefusalError

EXHAUSTIVE = 20  # candidates: 1,048,575 sets
SAMPLED = 1 << 20  # sets of more candidates than that
MOST_CANDIDATES = 63  # candidates; a set is the bits of one 64-bit number
PIECES = 96  # of τ², more of them near 0
FEW_SETS = 4096  # sets up to which the ranges of single trials are worked out


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """The candidates: arrays of shape (m,), effects in the unit of the pool.

    Effects lie between what the printed digits leave of a known one, and of an unread one between
    what is thought possible (infinite: anything). Variances do, too; they are above 0, and
    infinite where nothing bounds them from above.
    """

    y_low: Array
    y_high: Array
    v_low: Array
    v_high: Array
    known: Mask

    def __post_init__(self) -> None:
        """Refuse what can't be a list of candidates."""
        if not 1 <= self.known.size <= MOST_CANDIDATES:
            raise RefusalError(f"{self.known.size} candidates: 1 to {MOST_CANDIDATES} can be tried.")
        if not ((self.v_low > 0) & (self.v_low <= self.v_high) & (self.y_low <= self.y_high)).all():
            raise RefusalError("Of each candidate the range of its variance is above 0 and ascends.")


@dataclass(frozen=True, kw_only=True, eq=False)
class PossibleSets:
    """The sets that can stand behind a printed interval: arrays of shape (B,), one entry each.

    I² is in percent, from τ² and the typical variance of Higgins and Thompson 2002, eq. 9. The
    arrays of single trials have shape (m,): the range of each unread one over all these sets, if
    the others of its set are anywhere in theirs; NaN where a trial is known, or in none of them,
    or the sets are more than 4,096.
    """

    candidates: int
    tried: int  # sets; all of them, if `exhaustive`
    subsets: NDArray[np.uint64]  # bit i (the first is 0) is set where candidate i is in the set
    k: NDArray[np.int_]  # trials in the set
    tau2_low: Array  # τ² at which the set can have that precision
    tau2_high: Array
    i2_low: Array  # of these τ²; NaN for one trial
    i2_high: Array
    mean_low: Array  # the weighted mean of its unread trials; NaN where it has none
    mean_high: Array
    trial_low: Array
    trial_high: Array
    trial_width: Array  # of that range before the bound on single effects cuts it: what is left open
    exhaustive: bool

    def __repr__(self) -> str:
        return f"<PossibleSets {self.subsets.size} of {self.tried} sets of {self.candidates} trials>"

    def holding(self, candidate: int) -> Mask:
        """Say which of the sets hold a candidate (0 is the first)."""
        return members(self.subsets >> np.uint64(candidate), 1)[:, 0]

    def in_how_many(self, candidate: int) -> str:
        """Say whether a candidate is in "all", "some" or "none" of the sets."""
        held = self.holding(candidate)
        return "all" if held.size and held.all() else "some" if held.any() else "none"

    @property
    def mean(self) -> tuple[float, float] | None:
        """Range of the mean of the unread trials over all sets that have some; None: none has."""
        if not np.isfinite(self.mean_low).any() and not np.isinf(self.mean_low).any():
            return None
        return float(np.nanmin(self.mean_low)), float(np.nanmax(self.mean_high))


def possible_sets(
    trials: Candidates,
    *,
    estimate: tuple[float, float],
    half_width: tuple[float, float],
    quantile: Callable[[NDArray[np.int_]], Array],
    tau2: tuple[float, float] = (0.0, np.inf),
    allowed: Callable[[NDArray[np.uint64], NDArray[np.int_]], Mask] | None = None,
    q: Callable[[NDArray[np.int_]], tuple[Array, Array]] | None = None,
    tau2_ratio: Callable[[NDArray[np.int_]], tuple[Array, Array]] | None = None,
    wider: bool = False,
    seed: int = 0,
) -> PossibleSets:
    """Find the sets of candidates whose pool can have a printed mean and interval.

    Parameters
    ----------
    estimate : (float, float)
        The means that round to the printed one.
    half_width : (float, float)
        The same of half the width of the interval, above 0.
    quantile : callable
        Of numbers of trials, shape (B,): the quantile that makes half the width of the standard
        error, such as 1.96, or that of t with k − 1 degrees of freedom (infinite for k = 1). Where
        it is known to a range only, the least and the greatest one, shape (2, B).
    tau2 : (float, float)
        Least and greatest τ²; (0, 0) for a common effect.
    allowed : callable, optional
        Of sets and their numbers of trials: which of them fit what else is printed, such as k.
    q, tau2_ratio : callable, optional
        Of numbers of trials: the least and the greatest Q, and τ² divided by the typical variance
        within trials (Higgins and Thompson 2002, eq. 9), that round to what is printed.
    wider : bool
        Whether the interval can be wider than the standard error makes it, as a modified HKSJ one.
    seed : int
        Of the sample that is drawn of more than 20 candidates.

    Raises
    ------
    ValueError
        For a half width or quantile that is not above 0, or a range of τ² that does not ascend from 0.

    Notes
    -----
    The standard error of an inverse-variance mean: Cochrane Handbook 6.5, section 10.3.2; the
    algebra of the unread mean is in docs/deductions.md.

    Examples
    --------
    Four trials of 25 people per arm and no heterogeneity can't give a standard error below 0.14;
    one of 0.2 needs two of them, or more and some heterogeneity:

    >>> import numpy as np
    >>> v, y = np.full(4, 0.08), np.full(4, np.inf)
    >>> four = Candidates(y_low=-y, y_high=y, v_low=v, v_high=v, known=np.zeros(4, bool))
    >>> z = lambda k: np.full(k.shape, 1.959964)
    >>> possible_sets(four, estimate=(-0.3, -0.3), half_width=(0.387, 0.397), quantile=z,
    ...               tau2=(0, 0)).k.tolist()
    [2, 2, 2, 2, 2, 2]
    >>> possible_sets(four, estimate=(-0.3, -0.3), half_width=(0.387, 0.397), quantile=z).k.tolist()
    [2, 2, 2, 3, 2, 2, 3, 2, 3, 3, 4]
    """
    if not 0 < half_width[0] <= half_width[1]:
        raise RefusalError(f"half_width = {half_width}: a range above 0, the lesser value first.")
    if not 0 <= tau2[0] <= tau2[1]:
        raise RefusalError(f"tau2 = {tau2}: a range from 0 on, the lesser value first.")
    sets = _Sets.of(trials.known.size, seed)
    tried = sets.bits.size
    per_se = np.broadcast_to(quantile(sets.k), (2, tried))
    if (per_se[0] <= 0).any():
        raise RefusalError("quantile: it is above 0, else the interval bounds no standard error.")
    usable = np.isfinite(per_se[0]) & (True if allowed is None else allowed(sets.bits, sets.k))
    sets, per_se = sets.at(usable), per_se[:, usable]
    least = (per_se[0] / half_width[1]) ** 2  # of the precision W
    most = np.full(least.shape, np.inf) if wider else (per_se[1] / half_width[0]) ** 2
    precise = sets.sums(1 / (trials.v_low + tau2[0])) >= least * (1 - _ROUNDING)
    sets, least, most = sets.at(precise), least[precise], most[precise]
    scatter = None if q is None else _Scatter.of(trials, sets, q(sets.k), estimate, least)
    if scatter is not None:
        sets, least, most = sets.at(scatter.fits), least[scatter.fits], most[scatter.fits]
        scatter = scatter.at(scatter.fits)
    own = (0.0, np.inf) if tau2_ratio is None else _tau2(trials, sets, tau2_ratio(sets.k))

    ranges = {name: np.full(sets.k.shape, start) for name, start in _RANGES.items()}
    cut: list[tuple[tuple[float, float], _Bounds]] = []
    for piece in _pieces(trials, sets, least, tau2):
        bounds = _bounds(trials, sets, piece, estimate, (least, most))
        fits = bounds.fits & (own[0] <= piece[1]) & (piece[0] <= own[1])
        if scatter is not None:
            low, high = scatter.of_mean
            bounds = bounds._replace(
                mean_low=np.fmax(bounds.mean_low, low), mean_high=np.fmin(bounds.mean_high, high)
            )
            fits &= ~(bounds.mean_low > bounds.mean_high) | (sets.sums(~trials.known) == 0)
        bounds = bounds._replace(fits=fits)
        if not bounds.fits.any():
            continue
        if sets.k.size <= FEW_SETS:
            cut.append((piece, bounds))
        for name, value in (
            ("tau2_low", np.full(sets.k.shape, np.maximum(piece[0], own[0]))),
            ("tau2_high", np.full(sets.k.shape, np.minimum(piece[1], own[1]))),
            ("mean_low", bounds.mean_low),
            ("mean_high", bounds.mean_high),
        ):
            pick = np.fmin if name.endswith("low") else np.fmax
            ranges[name] = np.where(bounds.fits, pick(ranges[name], value), ranges[name])
    held = np.isfinite(ranges["tau2_low"])
    reach = (-np.inf, np.inf) if scatter is None or not cut else scatter.reach(trials.v_high)
    singles = _singles(trials, members(sets.bits, trials.known.size) & ~trials.known, estimate, cut, reach)
    sets = sets.at(held)
    ranges = {name: values[held] for name, values in ranges.items()}
    unread = sets.sums(~trials.known) > 0
    for name in ("mean_low", "mean_high"):
        ranges[name] = np.where(unread, ranges[name], np.nan)
    i2_low, i2_high = _i2(trials, sets, ranges["tau2_low"], ranges["tau2_high"])
    return PossibleSets(
        candidates=trials.known.size,
        tried=tried,
        subsets=sets.bits,
        k=sets.k,
        i2_low=i2_low,
        i2_high=i2_high,
        trial_low=singles[0],
        trial_high=singles[1],
        trial_width=singles[2],
        exhaustive=trials.known.size <= EXHAUSTIVE,
        **ranges,
    )


def most_precise(trials: Candidates) -> tuple[NDArray[np.uint64], NDArray[np.int_], Array]:
    """Return the sets of candidates, their numbers of trials, and the least standard error of each.

    Examples
    --------
    >>> import numpy as np
    >>> v = np.full(2, 0.08)
    >>> two = Candidates(y_low=-v, y_high=v, v_low=v, v_high=v, known=np.zeros(2, bool))
    >>> most_precise(two)[2].round(3).tolist()
    [0.283, 0.283, 0.2]
    """
    sets = _Sets.of(trials.known.size, 0)
    return sets.bits, sets.k, np.asarray(sets.sums(1 / trials.v_low) ** -0.5)


_ROUNDING = 1e-12  # relative: what sums in binary may lose
_RANGES = {"tau2_low": np.inf, "tau2_high": -np.inf, "mean_low": np.inf, "mean_high": -np.inf}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sets:
    """Sets as bits; `whole` where they are all of them, so that sums need no look at the bits."""

    bits: NDArray[np.uint64]
    k: NDArray[np.int_]
    candidates: int
    kept: NDArray[np.int_] | None  # places among all sets; None: a sample

    @classmethod
    def of(cls, candidates: int, seed: int) -> _Sets:
        if candidates <= EXHAUSTIVE:
            bits = np.arange(1, 1 << candidates, dtype=np.uint64)
            kept: NDArray[np.int_] | None = np.arange(1, 1 << candidates)
        else:
            drawn = np.random.default_rng(seed).integers(
                1, 1 << candidates, SAMPLED, dtype=np.uint64, endpoint=False
            )
            bits, kept = np.unique(drawn), None
        sets = cls(bits=bits, k=np.zeros(bits.size, int), candidates=candidates, kept=kept)
        k = sets.sums(np.ones(candidates)).astype(int)
        return cls(bits=bits, k=k, candidates=candidates, kept=kept)

    def at(self, where: Mask) -> _Sets:
        kept = None if self.kept is None else self.kept[where]
        return _Sets(bits=self.bits[where], k=self.k[where], candidates=self.candidates, kept=kept)

    def sums(self, values: Array | Mask) -> Array:
        """Sum a value of each candidate over each set."""
        if self.kept is None or self.kept.size < FEW_SETS:
            return np.asarray(members(self.bits, self.candidates) @ np.asarray(values, float))
        whole = np.zeros(1)
        for value in values:
            whole = np.concatenate([whole, whole + value])
        return np.asarray(whole[self.kept])


class _Bounds(NamedTuple):
    """What a piece of τ² leaves possible: arrays of shape (B,)."""

    fits: Mask
    mean_low: Array
    mean_high: Array
    weight_low: Array  # of the unread trials
    weight_high: Array
    pull_low: Array  # Σ over the known of w(μ − y)
    pull_high: Array


def _pieces(
    trials: Candidates, sets: _Sets, least: Array, tau2: tuple[float, float]
) -> Iterator[tuple[float, float]]:
    """Cut τ² up to where no set is as precise as printed: of k trials W is below k/τ²."""
    top = min(tau2[1], float((sets.k / least).max(initial=0.0)))
    if top <= tau2[0]:
        yield tau2[0], tau2[0]
        return
    edges = tau2[0] + (top - tau2[0]) * np.linspace(0, 1, PIECES + 1) ** 2
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _bounds(
    trials: Candidates,
    sets: _Sets,
    piece: tuple[float, float],
    estimate: tuple[float, float],
    precision: tuple[Array, Array],
) -> _Bounds:
    known, unread = trials.known, ~trials.known
    most_w, least_w = 1 / (trials.v_low + piece[0]), 1 / (trials.v_high + piece[1])
    known_high, known_low = sets.sums(known * most_w), sets.sums(known * least_w)
    own_high, own_low = sets.sums(unread * most_w), sets.sums(unread * least_w)
    weight_low = np.maximum(own_low, precision[0] * (1 - _ROUNDING) - known_high)
    weight_high = np.minimum(own_high, precision[1] * (1 + _ROUNDING) - known_low)
    above = np.where(known, estimate[1] - trials.y_low, 0.0)
    below = np.where(known, estimate[0] - trials.y_high, 0.0)
    pull_high = sets.sums(above * np.where(above >= 0, most_w, least_w))
    pull_low = sets.sums(below * np.where(below >= 0, least_w, most_w))
    with np.errstate(divide="ignore", invalid="ignore"):
        by_high = np.where(pull_high >= 0, np.maximum(weight_low, 0), weight_high)
        by_low = np.where(pull_low >= 0, weight_high, np.maximum(weight_low, 0))
        mean_high = estimate[1] + np.where(pull_high == 0, 0.0, pull_high / by_high)
        mean_low = estimate[0] + np.where(pull_low == 0, 0.0, pull_low / by_low)
    whole = sets.sums(unread) == 0
    widest = trials.y_low[unread].min(initial=np.inf), trials.y_high[unread].max(initial=-np.inf)
    zero = (pull_low <= 0) & (pull_high >= 0)
    reached = (mean_low <= widest[1]) & (mean_high >= widest[0]) & (weight_high > 0)
    precise = (known_high + own_high >= precision[0] * (1 - _ROUNDING)) & (
        known_low + own_low <= precision[1] * (1 + _ROUNDING)
    )
    return _Bounds(
        fits=precise & (weight_low <= weight_high) & np.where(whole, zero, reached),
        mean_low=np.maximum(mean_low, widest[0]),
        mean_high=np.minimum(mean_high, widest[1]),
        weight_low=weight_low,
        weight_high=weight_high,
        pull_low=pull_low,
        pull_high=pull_high,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scatter:
    """What Q leaves of the unread effects: arrays of shape (B,).

    With the greatest variances Q is at least that of the known trials and (y − μ_K)²/(v + 1/W_K); and
    (y − μ)² is at most Q(v + 1/W), μ the mean of the pool, by the inequality of Cauchy and Schwarz.
    Both hold of a mean of unread effects, too, v the greatest of their variances.
    """

    fits: Mask
    most: Array  # Q
    room: Array  # what the known effects leave of it
    middle: Array  # μ_K, of printed digits
    spare: Array  # by which it may be another
    known_vi: Array  # 1/W_K
    pool_vi: Array  # at most 1/W
    greatest: Array  # variance of the unread trials
    estimate: tuple[float, float]

    @classmethod
    def of(
        cls,
        trials: Candidates,
        sets: _Sets,
        q: tuple[Array, Array],
        estimate: tuple[float, float],
        least: Array,
    ) -> _Scatter:
        w = np.where(trials.known, 1 / trials.v_high, 0.0)
        y_low, y_high = (np.where(trials.known, y, 0.0) for y in (trials.y_low, trials.y_high))
        y, half = (y_low + y_high) / 2, (y_high - y_low) / 2
        total, squares = sets.sums(w), sets.sums(w * y**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            middle, spare = sets.sums(w * y) / total, sets.sums(w * half) / total
            own = np.nan_to_num(squares * (1 - _ROUNDING) - total * middle**2, nan=0.0)
            known_vi, pool_vi = 1 / total, 1 / least
        # digits move a distance by no more than their own length
        own = np.maximum(np.sqrt(np.maximum(own, 0.0)) - np.sqrt(sets.sums(w * half**2)), 0.0) ** 2
        about = sum(estimate) / 2  # Q is the least sum of squares about any mean
        far = np.minimum(np.maximum(np.abs(trials.y_low - about), np.abs(trials.y_high - about)), 1e100)
        most = q[1] * (1 + 1e-9) + _ROUNDING
        greatest = np.zeros(sets.k.shape)
        for place in np.flatnonzero(~trials.known):
            holds = members(sets.bits >> np.uint64(place), 1)[:, 0]
            greatest = np.where(holds, np.maximum(greatest, trials.v_high[place]), greatest)
        return cls(
            fits=(own <= most) & (sets.sums(far**2 / trials.v_low) * (1 + 1e-9) >= q[0]),
            most=most,
            room=most - own,
            middle=middle,
            spare=spare,
            known_vi=known_vi,
            pool_vi=pool_vi,
            greatest=greatest,
            estimate=estimate,
        )

    def at(self, where: Mask) -> _Scatter:
        arrays = {name: value[where] for name, value in vars(self).items() if name != "estimate"}
        return _Scatter(estimate=self.estimate, **arrays)

    def reach(self, vi: Array) -> tuple[Array, Array]:
        """Return between what effects of at most these variances lie: shape (B, m)."""

        def far(q: Array, others: Array) -> Array:
            with np.errstate(invalid="ignore"):
                return np.nan_to_num(np.sqrt(q[:, None] * (vi + others[:, None])), nan=np.inf, posinf=np.inf)

        by_known = far(self.room, self.known_vi) + self.spare[:, None]
        by_pool = far(self.most, self.pool_vi)
        low = np.fmax(self.middle[:, None] - by_known, self.estimate[0] - by_pool)
        return low, np.fmin(self.middle[:, None] + by_known, self.estimate[1] + by_pool)

    @property
    def of_mean(self) -> tuple[Array, Array]:
        """The same of the mean of the unread trials: shape (B,)."""
        low, high = self.reach(self.greatest[:, None])
        return low[:, 0], high[:, 0]


def _typical(trials: Candidates, sets: _Sets) -> tuple[Array, Array]:
    """Return the least and the greatest typical variance within trials; NaN for one trial."""

    def typical(w: Array) -> Array:
        total = sets.sums(w)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((sets.k - 1) / (total - sets.sums(w**2) / total))

    return typical(1 / trials.v_low), typical(1 / trials.v_high)


def _tau2(trials: Candidates, sets: _Sets, ratio: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the least and the greatest τ² by its ratio to the typical variance."""
    least, most = _typical(trials, sets)
    with np.errstate(invalid="ignore"):
        low, high = least * ratio[0] * (1 - 1e-9), most * ratio[1] * (1 + 1e-9)
    bounded = (sets.k > 1) & ~np.isnan(high)
    low = np.where((sets.k > 1) & np.isfinite(low), low, 0.0)
    return low, np.where(sets.k < 2, np.inf, np.where(ratio[1] == 0, 0.0, np.where(bounded, high, np.inf)))


def _i2(trials: Candidates, sets: _Sets, tau2_low: Array, tau2_high: Array) -> tuple[Array, Array]:
    """Return the least and the greatest I² from τ², by the bounds of the typical variance."""
    least, most = _typical(trials, sets)
    with np.errstate(invalid="ignore"):
        low = np.where(np.isfinite(most), 100 * tau2_low / (tau2_low + most), 0.0)
        high = 100 * tau2_high / (tau2_high + least)
    single = sets.k < 2
    return np.where(single, np.nan, low), np.where(single, np.nan, high)


def _singles(
    trials: Candidates,
    holds: Mask,
    estimate: tuple[float, float],
    cut: Iterable[tuple[tuple[float, float], _Bounds]],
    reach: tuple[Array | float, Array | float],
) -> tuple[Array, Array, Array]:
    """Bound each unread trial, the others of its set being anywhere in their ranges."""
    low, high = np.full(trials.known.size, np.inf), np.full(trials.known.size, -np.inf)
    alone = holds.sum(axis=1, keepdims=True) == 1
    for piece, bounds in cut:
        most_w, least_w = 1 / (trials.v_low + piece[0]), 1 / (trials.v_high + piece[1])
        bottom = _ends(estimate[0], bounds.weight_low, bounds.weight_high)[0] + bounds.pull_low
        top = _ends(estimate[1], bounds.weight_low, bounds.weight_high)[1] + bounds.pull_high
        least = _without(holds, trials.y_low * np.where(trials.y_low < 0, most_w, least_w))
        most = _without(holds, trials.y_high * np.where(trials.y_high > 0, most_w, least_w))
        with np.errstate(divide="ignore", invalid="ignore"):
            up, down = top[:, None] - least, bottom[:, None] - most
            up = np.where(up >= 0, up / least_w, up / most_w)
            down = np.where(down >= 0, down / most_w, down / least_w)
        up = np.where(alone, bounds.mean_high[:, None], up)
        down = np.where(alone, bounds.mean_low[:, None], down)
        down, up = np.maximum(down, reach[0]), np.minimum(up, reach[1])
        there = holds & bounds.fits[:, None]
        low = np.minimum(low, np.where(there, down, np.inf).min(axis=0, initial=np.inf))
        high = np.maximum(high, np.where(there, up, -np.inf).max(axis=0, initial=-np.inf))
    there = low <= high
    width = np.where(there, high - low, np.nan)
    low, high = np.maximum(low, trials.y_low), np.minimum(high, trials.y_high)
    return np.where(there, low, np.nan), np.where(there, high, np.nan), width


def _without(holds: Mask, values: Array) -> Array:
    """Sum values over the others of each set, for each trial: shape (B, m)."""
    boundless = np.isinf(values)
    finite = np.where(boundless, 0.0, values)
    sums: Array = np.asarray(holds @ finite)[:, None] - finite
    others = (holds & boundless).sum(axis=1)[:, None] > boundless.astype(int)
    return np.where(others, -np.inf if (values == -np.inf).any() else np.inf, sums)


def _ends(value: float, low: Array, high: Array) -> tuple[Array, Array]:
    """Return the ends of a number times what lies between two ends."""
    return np.minimum(value * low, value * high), np.maximum(value * low, value * high)
