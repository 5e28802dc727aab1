"""Which sets of trials can stand behind a printed interval, and what their unread trials must show.

An inverse-variance mean of the trials of a set S has the standard error 1/√W, where
W = Σ 1/(vᵢ + τ²) over S. So the printed interval bounds W, and through it S and τ². Of the trials
in S whose effects are not known (the unread ones, U) it bounds the mean, weighted as in the pool:

    Σ_U wᵢyᵢ/W_U = μ + Σ_K wᵢ(μ − yᵢ)/W_U,    W_U = W − W_K,

μ the printed mean, K the trials of S whose effects are known. What makes τ² of the scatter of the
effects (an estimator), or the width (HKSJ), or is printed of it (Q), bounds how far an unread effect
can lie from the others (`scatter`, docs/deductions.md). All that is given is a range (printed digits
are rounded, the variance of an unread trial has bounds only), and so is every answer: τ² is cut into
pieces, and each piece is bounded from outside. An answer can be wider than the truth needs; it is
never narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.candidate_sets import EXHAUSTIVE, FEW_SETS, Candidates, Sets
from livingmeta.engine.methods.scatter import (
    CONVERGED,
    ESTIMATORS,
    ROUNDING,
    Left,
    OfQ,
    Piece,
    Sides,
    of_dl,
    typical,
)
from livingmeta.engine.methods.subsets import members
from livingmeta.words import RefusalError, pick

PIECES = 96  # of τ², more of them near 0
BOUNDLESS = 1e40  # an answer beyond it has no bound
# How the standard error behind an interval follows from W, and from q = Σ wd²/(k − 1), d from the mean.
WIDTHS = {"wald": "1/√W", "hksj": "√(q/W)", "hksj-modified": "√(max(1, q)/W)"}


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
    estimate: tuple[float, float] = (-np.inf, np.inf),
    se: Callable[[NDArray[np.int_]], Array] | None = None,
    width: str = "wald",
    test: Callable[[NDArray[np.int_]], Array] | None = None,
    tau2: tuple[float, float] = (0.0, np.inf),
    by: str | None = None,
    allowed: Callable[[NDArray[np.uint64], NDArray[np.int_]], Mask] | None = None,
    q: Callable[[NDArray[np.int_]], tuple[Array, Array]] | None = None,
    tau2_ratio: Callable[[NDArray[np.int_]], tuple[Array, Array]] | None = None,
    among: NDArray[np.uint64] | None = None,
    seed: int = 0,
) -> PossibleSets:
    """Find the sets of candidates whose pool can have a printed mean and interval.

    Parameters
    ----------
    estimate : (float, float)
        The means that round to the printed one.
    se : callable, optional
        Of numbers of trials, shape (B,): the least and the greatest standard error behind the printed
        interval, shape (2, B), such as half its width divided by 1.96, or by the quantile of t with
        k − 1 degrees of freedom. A greatest one of 0: there is none.
    width : str
        What makes that standard error, a key of `WIDTHS`.
    test : callable, optional
        Of numbers of trials: between what |μ|√W lies, shape (2, B), as a test of no effect says it.
    tau2 : (float, float)
        Least and greatest τ²; (0, 0) for a common effect.
    by : str, optional
        What estimated τ², a key of `ESTIMATORS`; None: anything.
    allowed : callable, optional
        Of sets and their numbers of trials: which of them fit what else is printed, such as k.
    q, tau2_ratio : callable, optional
        Of numbers of trials: the least and the greatest Q, and τ² divided by the typical variance
        within trials (Higgins and Thompson 2002, eq. 9), that round to what is printed.
    among : array of bits, optional
        The only sets that are looked at, such as those which a wider question left.
    seed : int
        Of the sample that is drawn of more than 20 candidates.

    Raises
    ------
    ValueError
        For standard errors below 0, names that are not known, or a range of τ² that does not ascend
        from 0.

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
    >>> se = lambda k: np.array([np.full(k.size, 0.197), np.full(k.size, 0.203)])
    >>> possible_sets(four, estimate=(-0.3, -0.3), se=se, tau2=(0, 0)).k.tolist()
    [2, 2, 2, 2, 2, 2]
    >>> possible_sets(four, estimate=(-0.3, -0.3), se=se).k.tolist()
    [2, 2, 2, 3, 2, 2, 3, 2, 3, 3, 4]
    """
    if not 0 <= tau2[0] <= tau2[1]:
        raise RefusalError(f"tau2 = {tau2}: a range from 0 on, the lesser value first.")
    if by is not None:
        pick(ESTIMATORS, by, "by")
    pick(WIDTHS, width, "width")
    sets = Sets.of(trials.known.size, seed)
    tried = sets.bits.size
    if among is not None:
        sets = sets.at(np.isin(sets.bits, among))
    printed = _standard_errors(sets, se)
    usable = (printed[1] > 0) & (True if allowed is None else allowed(sets.bits, sets.k))
    sets, printed = sets.at(usable), printed[:, usable]
    least, most = _precision(sets, printed, width)
    precise = sets.sums(1 / (trials.v_low + tau2[0])) >= least * (1 - ROUNDING)
    # the mean of a pool is none beyond those of its trials
    middle = max(estimate[0], trials.y_low.min(), -1e50), min(estimate[1], trials.y_high.max(), 1e50)
    if middle[0] > middle[1]:
        precise[:] = False
    sets, printed, least, most = sets.at(precise), printed[:, precise], least[precise], most[precise]
    own = (0.0, np.inf) if tau2_ratio is None else _tau2(trials, sets, tau2_ratio(sets.k))
    asked = _Asked(
        trials=trials,
        estimate=middle,
        width=width,
        by=by,
        test=None if test is None else test(sets.k),
        q=None if q is None else q(sets.k),
        of_q=OfQ.of(trials, sets, middle) if q is not None or by == "DL" else None,
        least=least,
        most=most,
        se=printed,
        tau2=(np.broadcast_to(own[0], least.shape), np.broadcast_to(own[1], least.shape)),
    )
    few = sets.k.size <= FEW_SETS
    ranges = {name: np.full(sets.k.shape, start) for name, start in _RANGES.items()}
    singles = np.full((2, trials.known.size), [[np.inf], [-np.inf]])
    for low, high in _pieces(trials, sets, least, tau2):
        piece = Piece.of(trials, low, high)
        places = asked.precise(sets, piece)
        if not places.size:
            continue
        part = sets.at(places)
        left = asked.at(places).left(part, piece)
        held = places[left.fits]
        for name, value in (
            ("tau2_low", np.maximum(low, asked.tau2[0])[held]),
            ("tau2_high", np.minimum(high, asked.tau2[1])[held]),
            ("mean_low", left.mean[0][left.fits]),
            ("mean_high", left.mean[1][left.fits]),
        ):
            nearer = np.fmin if name.endswith("low") else np.fmax
            ranges[name][held] = nearer(ranges[name][held], value)
        if few and held.size:
            ends = left.singles(trials, part, piece)
            singles = np.array([np.minimum(singles[0], ends[0]), np.maximum(singles[1], ends[1])])
    held = np.isfinite(ranges["tau2_low"])
    sets = sets.at(held)
    ranges = {name: values[held] for name, values in ranges.items()}
    unread = sets.sums(~trials.known) > 0
    for name in ("mean_low", "mean_high"):
        ranges[name] = np.where(unread, _unbound(ranges[name]), np.nan)
    i2_low, i2_high = _i2(trials, sets, ranges["tau2_low"], ranges["tau2_high"])
    there = singles[0] <= singles[1]
    bottom, top = _unbound(singles)
    with np.errstate(invalid="ignore"):
        trial_width = np.where(there, top - bottom, np.nan)
    return PossibleSets(
        candidates=trials.known.size,
        tried=tried,
        subsets=sets.bits,
        k=sets.k,
        i2_low=i2_low,
        i2_high=i2_high,
        trial_low=np.where(there, np.maximum(bottom, trials.y_low), np.nan),
        trial_high=np.where(there, np.minimum(top, trials.y_high), np.nan),
        trial_width=trial_width,
        exhaustive=trials.known.size <= EXHAUSTIVE,
        **ranges,
    )


def _standard_errors(sets: Sets, se: Callable[[NDArray[np.int_]], Array] | None) -> Array:
    """Return what is printed of the standard error of each set, which is anything where nothing is."""
    printed = np.array([np.zeros(sets.k.size), np.full(sets.k.size, np.inf)]) if se is None else se(sets.k)
    if not (printed >= 0).all():
        raise RefusalError("se: a standard error is not below 0.")
    return printed


def _precision(sets: Sets, printed: Array, width: str) -> tuple[Array, Array]:
    """Return the least and the greatest W of each set, which a width by scatter may leave open."""
    with np.errstate(divide="ignore"):
        least, most = printed[::-1] ** -2.0
    several = sets.k > 1  # one trial has its own interval
    return (
        np.where(several & (width == "hksj"), 0.0, least),
        np.where(several & (width != "wald"), np.inf, most),
    )


_RANGES = {"tau2_low": np.inf, "tau2_high": -np.inf, "mean_low": np.inf, "mean_high": -np.inf}


def _unbound(values: Array) -> Array:
    return np.where(np.abs(values) > BOUNDLESS, np.copysign(np.inf, values), values)


def _pieces(
    trials: Candidates, sets: Sets, least: Array, tau2: tuple[float, float]
) -> Iterator[tuple[float, float]]:
    """Cut τ² up to where no set is as precise as printed: of k trials W is below k/τ².

    At 0 no estimator's equation need hold, so it is a piece of its own. Where nothing says how precise
    a pool is, the last piece has no upper end.
    """
    with np.errstate(divide="ignore"):
        top = min(tau2[1], float((sets.k / least).max(initial=0.0)))
    low = tau2[0]
    if low == 0 or top <= low:
        yield low, low
    if top <= low:
        return
    end = top if top < np.inf else low + ALMOST_EVEN * float(np.median(trials.v_low))
    edges = low + (end - low) * np.linspace(0, 1, PIECES + 1) ** 2
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    if top == np.inf:
        yield end, top


ALMOST_EVEN = 100.0  # typical variances: beyond it the weights of trials hardly differ


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """What is known of each set before τ² is: arrays of shape (B,), but for candidates and names."""

    trials: Candidates
    estimate: tuple[float, float]
    width: str
    by: str | None
    test: Array | None
    q: tuple[Array, Array] | None
    of_q: OfQ | None
    least: Array  # W
    most: Array
    se: Array  # shape (2, B)
    tau2: tuple[Array, Array]

    def at(self, places: NDArray[np.int_]) -> _Asked:
        """Return it of some of the sets."""
        return replace(
            self,
            test=None if self.test is None else self.test[:, places],
            q=None if self.q is None else (self.q[0][places], self.q[1][places]),
            of_q=None if self.of_q is None else self.of_q.at(places),
            least=self.least[places],
            most=self.most[places],
            se=self.se[:, places],
            tau2=(self.tau2[0][places], self.tau2[1][places]),
        )

    def precise(self, sets: Sets, piece: Piece) -> NDArray[np.int_]:
        """Return the places of sets that can be as precise as printed with τ² in a piece."""
        fits = (self.tau2[0] <= piece.high) & (piece.low <= self.tau2[1])
        if not piece.endless:
            fits &= sets.sums(piece.most_w) >= self.least * (1 - ROUNDING)
            fits &= sets.sums(piece.least_w) <= self.most * (1 + ROUNDING)
        elif (self.least > 0).any():
            fits &= self.least == 0
        return np.flatnonzero(fits)

    def left(self, sets: Sets, piece: Piece) -> _LeftOver:
        """Bound what a piece of τ² leaves of the unread trials of each set."""
        trials = self.trials
        precision = (
            (np.zeros(sets.k.size), np.full(sets.k.size, np.inf))
            if piece.endless
            else (self.least, self.most)
        )
        whole = (
            np.maximum(sets.sums(piece.least_w), precision[0]),
            np.minimum(sets.sums(piece.most_w), precision[1]),
        )
        estimate, fits = self._tested(whole, piece)
        bounds = _bounds(trials, sets, piece, estimate, precision)
        low, high = bounds.mean
        reaches: list[Callable[[], tuple[Array, Array]]] = []
        with np.errstate(divide="ignore"):
            vi = np.full(sets.k.size, np.inf) if piece.endless else 1 / whole[0]
        if (q := self._q(sets, piece)) is not None and self.of_q is not None:
            fits &= self.of_q.fits(q)
            reaches.append(partial(self.of_q.reach, q, estimate, vi, trials.v_high))
            by_q = self.of_q.of_mean(q, estimate, vi)
            low, high = np.fmax(low, by_q[0]), np.fmin(high, by_q[1])
        for sides in self._sides(sets, piece, whole):
            scatter = Left.of(trials, sets, piece, sides, estimate, pull=bounds.pull, weight=bounds.weight)
            fits &= scatter.fits
            reaches.append(partial(scatter.reach, piece, bounds.mean))
            by_scatter = scatter.of_mean
            low, high = np.fmax(low, by_scatter[0]), np.fmin(high, by_scatter[1])
        unread = ~trials.known
        widest = trials.y_low[unread].min(initial=np.inf), trials.y_high[unread].max(initial=-np.inf)
        spare = 1e-9 * np.nan_to_num(np.abs(low) + np.abs(high), nan=0.0, posinf=0.0)
        met = (low <= high + spare) & (low <= widest[1]) & (high >= widest[0])
        return _LeftOver(
            fits=fits & bounds.fits & (met | (sets.sums(unread) == 0)),
            bounds=bounds,
            mean=(np.maximum(low, widest[0]), np.minimum(high, widest[1])),
            reaches=reaches,
            estimate=estimate,
        )

    def _tested(self, whole: tuple[Array, Array], piece: Piece) -> tuple[tuple[float, float], Mask]:
        """Say where the mean is by a test of no effect, and which sets can pass it so."""
        if self.test is None or piece.endless:
            return self.estimate, np.ones(whole[0].size, bool)
        low, high = self.estimate
        far, near = max(abs(low), abs(high)), max(low, -high, 0.0)
        root = np.sqrt(whole[0])
        fits = (near * root <= self.test[1] * (1 + 1e-9)) & (
            far * np.sqrt(whole[1]) >= self.test[0] * (1 - 1e-9)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            most = float(np.nan_to_num(self.test[1] / root, nan=np.inf).max(initial=0.0))
        cut = max(low, -most), min(high, most)
        return (cut if cut[0] <= cut[1] else self.estimate), fits

    def _q(self, sets: Sets, piece: Piece) -> tuple[Array, Array] | None:
        """Return between what Q lies: as printed, and as DerSimonian and Laird's τ² has it."""
        if self.by != "DL":
            return self.q
        made = of_dl(self.trials, sets, piece)
        return made if self.q is None else (np.maximum(self.q[0], made[0]), np.minimum(self.q[1], made[1]))

    def _sides(self, sets: Sets, piece: Piece, whole: tuple[Array, Array]) -> Iterator[Sides]:
        """Give the right sides of the equations that the scatter about the mean solves."""
        if self.by is not None and (equation := ESTIMATORS[self.by]) is not None:
            sides = equation(sets, piece, whole[1])
            low = np.full(sides.low.size, -1e100) if piece.high == 0 else sides.low * (1 - CONVERGED)
            yield sides._replace(low=low, high=sides.high * (1 + CONVERGED))
        if self.width == "wald":
            return
        df = sets.k - 1.0
        low, high = df * whole[0] * self.se[0] ** 2, df * np.minimum(whole[1] * self.se[1] ** 2, 1e100)
        if self.width == "hksj-modified":  # where it is as wide as W makes it, there is less scatter
            with np.errstate(divide="ignore"):
                wider = (not piece.endless) & (whole[0] * self.se[0] ** 2 > 1 + 1e-9)
            low = np.where(wider, low, -1e100)
        yield Sides(low * (1 - 1e-9), high * (1 + 1e-9), False)


class _LeftOver(NamedTuple):
    """What a piece of τ² leaves of each set; `reaches` bound each trial, shape (B, m)."""

    fits: Mask
    bounds: _Bounds
    mean: tuple[Array, Array]
    reaches: list[Callable[[], tuple[Array, Array]]]
    estimate: tuple[float, float]

    def singles(self, trials: Candidates, sets: Sets, piece: Piece) -> Array:
        """Bound each unread trial over all sets, shape (2, m), the others of its set being anywhere."""
        holds = sets.held & ~trials.known
        low, high = _singles(trials, holds, self.estimate, piece, self.bounds)
        alone = holds.sum(axis=1, keepdims=True) == 1
        low, high = (
            np.where(alone, mean[:, None], ends)
            for mean, ends in zip(self.bounds.mean, (low, high), strict=True)
        )
        for reach in self.reaches:
            bottom, top = reach()
            low, high = np.fmax(low, bottom), np.fmin(high, top)
        there = holds & self.fits[:, None] & (low <= high)
        return np.array(
            [
                np.where(there, low, np.inf).min(axis=0, initial=np.inf),
                np.where(there, high, -np.inf).max(axis=0, initial=-np.inf),
            ]
        )


class _Bounds(NamedTuple):
    """What the mean and W leave: pairs of arrays of shape (B,), of the unread trials."""

    fits: Mask
    mean: tuple[Array, Array]
    weight: tuple[Array, Array]
    pull: tuple[Array, Array]  # Σ over the known of w(μ − y), which is that over the unread of w(y − μ)


def _bounds(
    trials: Candidates,
    sets: Sets,
    piece: Piece,
    estimate: tuple[float, float],
    precision: tuple[Array, Array],
) -> _Bounds:
    known, unread = trials.known, ~trials.known
    most_w, least_w = piece.most_w, piece.least_w
    known_high, known_low = sets.sums(known * most_w), sets.sums(known * least_w)
    weight_low = np.maximum(sets.sums(unread * least_w), precision[0] * (1 - ROUNDING) - known_high)
    weight_high = np.minimum(sets.sums(unread * most_w), precision[1] * (1 + ROUNDING) - known_low)
    above = np.where(known, estimate[1] - trials.y_low, 0.0)
    below = np.where(known, estimate[0] - trials.y_high, 0.0)
    pull_high = sets.sums(above * np.where(above >= 0, most_w, least_w))
    pull_low = sets.sums(below * np.where(below >= 0, least_w, most_w))
    with np.errstate(divide="ignore", invalid="ignore"):
        by_high = np.where(pull_high >= 0, np.maximum(weight_low, 0), weight_high)
        by_low = np.where(pull_low >= 0, weight_high, np.maximum(weight_low, 0))
        mean_high = estimate[1] + np.where(pull_high == 0, 0.0, pull_high / by_high)
        mean_low = estimate[0] + np.where(pull_low == 0, 0.0, pull_low / by_low)
    zero = (pull_low <= 0) & (pull_high >= 0)
    return _Bounds(
        fits=(weight_low <= weight_high) & np.where(sets.sums(unread) == 0, zero, weight_high > 0),
        mean=(mean_low, mean_high),
        weight=(weight_low, weight_high),
        pull=(pull_low, pull_high),
    )


def _tau2(trials: Candidates, sets: Sets, ratio: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the least and the greatest τ² by its ratio to the typical variance."""
    least, most = typical(trials, sets)
    with np.errstate(invalid="ignore"):
        low, high = least * ratio[0] * (1 - 1e-9), most * ratio[1] * (1 + 1e-9)
    bounded = (sets.k > 1) & ~np.isnan(high)
    low = np.where((sets.k > 1) & np.isfinite(low), low, 0.0)
    return low, np.where(sets.k < 2, np.inf, np.where(ratio[1] == 0, 0.0, np.where(bounded, high, np.inf)))


def _i2(trials: Candidates, sets: Sets, tau2_low: Array, tau2_high: Array) -> tuple[Array, Array]:
    """Return the least and the greatest I² from τ², by the bounds of the typical variance."""
    least, most = typical(trials, sets)
    with np.errstate(invalid="ignore"):
        low = np.where(np.isfinite(most), 100 * tau2_low / (tau2_low + most), 0.0)
        high = 100 * tau2_high / (tau2_high + least)
    single = sets.k < 2
    return np.where(single, np.nan, low), np.where(single, np.nan, high)


def _singles(
    trials: Candidates, holds: Mask, estimate: tuple[float, float], piece: Piece, bounds: _Bounds
) -> tuple[Array, Array]:
    """Bound each unread trial, the others of its set being anywhere in their ranges: shape (B, m)."""
    most_w, least_w = piece.most_w, piece.least_w
    bottom = _ends(estimate[0], *bounds.weight)[0] + bounds.pull[0]
    top = _ends(estimate[1], *bounds.weight)[1] + bounds.pull[1]
    least = _without(holds, trials.y_low * np.where(trials.y_low < 0, most_w, least_w))
    most = _without(holds, trials.y_high * np.where(trials.y_high > 0, most_w, least_w))
    with np.errstate(divide="ignore", invalid="ignore"):
        up, down = top[:, None] - least, bottom[:, None] - most
        up = np.where(up >= 0, up / least_w, up / most_w)
        down = np.where(down >= 0, down / most_w, down / least_w)
    return down, up


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
