"""What the printed numbers and words of a pool bound: its mean, precision, scatter and trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.audit.candidates import ANY, Assumptions, Candidate, arrays
from livingmeta.audit.consistency import INTERVAL, USUAL_LEVELS, PrintedResult, denied
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.possible_sets import WIDTHS, PossibleSets, possible_sets
from livingmeta.engine.methods.subsets import members

Span = tuple[float, float]
Spans = Callable[[NDArray[np.int_]], Array]  # of numbers of trials: least and greatest, shape (2, B)
ANYTHING = (-inf, inf)


def size(span: Span) -> Span:
    """Return the span of the number without its sign."""
    return max(span[0], -span[1], 0.0), max(abs(span[0]), abs(span[1]))


def instead(result: PrintedResult) -> str | None:
    """Say which of "z" and "p" says how precise an estimate without limits is."""
    if result.get(*INTERVAL):
        return None
    return next((name for name in ("z", "p") if _telling(result.get("estimate", name))), None)


def _telling(printed: Sequence[Any] | None) -> bool:
    """Say whether an estimate with z or P bounds its standard error at all."""
    return printed is not None and (printed[1].relation != ">" or printed[1].span[0] > 0)


def tested(result: PrintedResult) -> bool:
    """Say whether nothing but a test of no effect is printed: words that deny a difference, or P."""
    p = result.get("p")
    bound = p is not None and p[0].span[0] > 0
    return not result.get("estimate") and (bound or any(map(denied, result.words)))


def _no_wider(first: Span, second: Span) -> Span:
    return max(first[0], second[0]), min(first[1], second[1])


def _all(spans: Sequence[Spans], nothing: float = -1.0) -> Spans | None:
    """Return what lies in each of several spans; `nothing` is the greatest value where nothing does."""
    if not spans:
        return None

    def of(k: NDArray[np.int_]) -> Array:
        each = np.array([span(k) for span in spans])
        least, most = each[:, 0].max(axis=0), each[:, 1].min(axis=0)
        return np.array([least, np.where(least <= most, most, nothing)])

    return of


@dataclass(frozen=True, kw_only=True, eq=False)
class Bounds:
    """What is printed of one pool; spans of numbers of trials have the shape (2, B).

    Attributes
    ----------
    estimate : (float, float)
        The means that are taken to round to the printed one.
    se : tuple of callable
        Between what the standard error behind each interval lies.
    test : tuple of callable
        Between what |μ|√W lies by each test of no effect.
    q, ratio : tuple of callable
        Between what each Q lies, and the ratio of τ² to the typical variance.
    tau2, k, n : (float, float)
        Between what τ² and the numbers of trials and people lie.
    """

    estimate: Span = ANYTHING
    se: tuple[Spans, ...] = ()
    test: tuple[Spans, ...] = ()
    q: tuple[Spans, ...] = ()
    ratio: tuple[Spans, ...] = ()
    tau2: Span = (0.0, inf)
    k: Span = ANYTHING
    n: Span = ANYTHING

    @classmethod
    def of(cls, result: PrintedResult, taken: Assumptions) -> Bounds:
        """Take all that a result prints for what its digits leave open, and no more."""
        level = result.kinds[0].level if result.kinds else USUAL_LEVELS[0]
        tau2 = None if taken.common else result.numbers.get("tau2")
        estimate, limits, by = result.get("estimate"), result.get(*INTERVAL), instead(result)
        middle = ANYTHING if estimate is None else estimate[0].span
        p = result.numbers.get("p")
        se: tuple[Spans, ...] = ()
        test: tuple[Spans, ...] = ()
        if limits is not None:
            middle, half = _limits(limits)
            se = (partial(_of_width, taken, half, level),)
        elif by is not None:
            se = (partial(_of_test, taken, by, size(middle), result.numbers[by].span),)
        elif p is not None or any(map(denied, result.words)):
            test = (partial(_against, taken, (1 - level, 1.0) if p is None else p.span),)
        q, ratio = _scatter(result, taken)
        between = _no_wider((0.0, inf), ANYTHING if tau2 is None else tau2.span)
        own = cls(estimate=middle, se=se, test=test, q=q, ratio=ratio, tau2=between)
        return cls.counting(result).together(own)

    @classmethod
    def counting(cls, result: PrintedResult) -> Bounds:
        """Take only the numbers of trials and people."""
        k, n = result.get("k"), result.get("n")
        return cls(k=k[0].span if k else ANYTHING, n=n[0].span if n else ANYTHING)

    def together(self, other: Bounds) -> Bounds:
        """Return what both leave."""
        return Bounds(
            estimate=_no_wider(self.estimate, other.estimate),
            se=self.se + other.se,
            test=self.test + other.test,
            q=self.q + other.q,
            ratio=self.ratio + other.ratio,
            tau2=_no_wider(self.tau2, other.tau2),
            k=_no_wider(self.k, other.k),
            n=_no_wider(self.n, other.n),
        )

    @classmethod
    def all(cls, results: Sequence[PrintedResult], taken: Assumptions) -> Bounds:
        """Return what all of several results leave of one pool."""
        return reduce(Bounds.together, (cls.of(result, taken) for result in results))

    def within(self, k: NDArray[np.int_]) -> Array:
        """Return between what the standard error lies of pools of so many trials: shape (2, k.size)."""
        se = _all(self.se, 0.0)
        return np.array([np.zeros(k.size), np.full(k.size, inf)]) if se is None else se(k)

    def sets(
        self,
        trials: Sequence[Candidate],
        taken: Assumptions,
        *,
        by: str | None = None,
        at_zero: bool = False,
        everyone: bool = False,
        among: NDArray[np.uint64] | None = None,
    ) -> PossibleSets:
        """Find the sets that can be behind it.

        `by` is what estimated τ², by default what is assumed; `everyone`: only the set of all is looked
        at, `among`: only these.
        """
        least, most = self.tau2[0], 0.0 if at_zero or taken.common else self.tau2[1]
        by = by or taken.tau2
        return possible_sets(
            arrays(trials),
            estimate=self.estimate,
            se=_all(self.se, 0.0),  # of which there is none
            width=taken.interval if taken.interval in WIDTHS else "wald",
            test=_all(self.test),
            tau2=(min(least, most), most) if least > most else (least, most),
            by=None if by == ANY or taken.common else by,
            allowed=partial(self._allowed, trials, everyone=everyone, nobody=least > most),
            q=_pair(_all(self.q)),
            tau2_ratio=_pair(_all(self.ratio)),
            among=among,
        )

    def _allowed(
        self,
        trials: Sequence[Candidate],
        bits: NDArray[np.uint64],
        k: NDArray[np.int_],
        *,
        everyone: bool,
        nobody: bool,
    ) -> Mask:
        """Say of sets whether they fit the numbers of trials and of people."""
        fitting = (self.k[0] <= k) & (k <= self.k[1]) & (not nobody)
        if everyone:
            fitting &= k == len(trials)
        if self.n != ANYTHING:
            inside = members(bits, len(trials)) @ np.array([trial.people for trial in trials])
            fitting &= (inside[:, 0] <= self.n[1]) & (self.n[0] <= inside[:, 1])
        return np.asarray(fitting)


def _pair(spans: Spans | None) -> Callable[[NDArray[np.int_]], tuple[Array, Array]] | None:
    return None if spans is None else lambda k: (spans(k)[0], spans(k)[1])


def _limits(shown: Sequence[Any]) -> tuple[Span, Span]:
    """Return between what the mean and half the width lie.

    Where the estimate is not in the middle of its limits, the mean is anywhere between both.
    """
    estimate, low, high = (number.span for number in shown)
    middle = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    if max(estimate[0], middle[0]) > min(estimate[1], middle[1]):
        estimate = min(estimate[0], middle[0]), max(estimate[1], middle[1])
    return estimate, (max((high[0] - low[1]) / 2, 0.0), (high[1] - low[0]) / 2)


def _of_width(taken: Assumptions, half: Span, level: float, k: NDArray[np.int_]) -> Array:
    return np.asarray(np.array(half)[:, None] / taken.quantile(level, k))


def _of_test(taken: Assumptions, by: str, far: Span, span: Span, k: NDArray[np.int_]) -> Array:
    """Divide the estimate by how many standard errors it is from no effect."""
    near = np.array(size(span))[:, None] * np.ones(k.size) if by == "z" else taken.distances(span, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num([far[0] / near[1], far[1] / near[0]], nan=0.0, posinf=inf))


def _against(taken: Assumptions, p: Span, k: NDArray[np.int_]) -> Array:
    return np.array(taken.distances(p, k))


def _scatter(result: PrintedResult, taken: Assumptions) -> tuple[tuple[Spans, ...], tuple[Spans, ...]]:
    """Say what Q and I² are by number of trials, to their digits, and the ratio of τ² that follows."""
    q, i2 = (printed[0].span if (printed := result.get(name)) else None for name in ("q", "i2"))
    # printed I² of 0 is any that is not above 0; of 100% nothing bounds Q from above
    low, high = (0.0, inf) if i2 is None else (max(i2[0], 0.0) / 100, i2[1] / 100)
    excess = low / (1 - low) if low < 1 else inf, high / (1 - high) if high < 1 else inf
    dl = taken.tau2 == "DL" and not taken.common  # of which I² is one, of Q and of τ²

    def of_q(k: NDArray[np.int_]) -> Array:
        if q is not None:
            return np.array([np.full(k.size, q[0]), np.full(k.size, q[1])])
        df = k - 1.0  # 0 · inf is 0 here: one trial has no Q
        least, most = (np.where(df > 0, np.maximum(df, 1) * (1 + x), 0.0) for x in excess)
        return np.array([least * (low > 0), most])

    def of_tau2(k: NDArray[np.int_]) -> Array:
        if q is None or taken.i2 == "tau2":
            return np.array([np.full(k.size, excess[0]), np.full(k.size, excess[1])])
        return np.maximum(of_q(k) / np.maximum(k - 1, 1) - 1, 0.0)

    by_q = q is not None or (i2 is not None and (dl or taken.i2 != "tau2"))
    by_tau2 = (dl and by_q) or (taken.i2 == "tau2" and i2 is not None)
    return ((of_q,) if by_q else ()), ((of_tau2,) if by_tau2 and not taken.common else ())
