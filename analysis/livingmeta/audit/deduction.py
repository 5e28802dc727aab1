"""What a printed pooled result says of the trials that could not be read.

Its interval bounds which trials it can hold, and what the unread ones show together. A deduction is
no datum: it is never pooled, never called reproduced, and never fills a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.audit.candidates import Assumptions, Candidate, arrays, candidates, declared
from livingmeta.audit.consistency import INTERVAL, PrintedResult, denied, printed_results
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods.possible_sets import PossibleSets, most_precise, possible_sets
from livingmeta.engine.methods.subsets import members
from livingmeta.language import Said, said
from livingmeta.printer import Shown
from livingmeta.review.gaps import KnownGap
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings, settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import Numeral, pick

_Fits = Callable[[NDArray[np.uint64], NDArray[np.int_]], Mask]  # of sets and their numbers of trials


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Deduction(Shown):
    """What one printed result allows, under assumptions.

    Attributes
    ----------
    claims : tuple of str
        Keys of published.csv.
    name : str
        Of the pool, as readers see it.
    printed : tuple of str
        Estimate and limits as printed, estimate and z or P, or words.
    numbers : tuple of float
        Estimate and limits, or estimate; none of words.
    instead : str or None
        What gives the standard error where no limits are printed: "z" or "p".
    beside : tuple of str
        Which of "q" and "i2" are printed and count.
    tau2 : (float, float) or None
        Between what the printed τ² lies, where one is printed and counts.
    half : (float, float)
        The half widths that round to the printed one, of z or P the distances of the estimate from 0;
        NaN for words.
    level : float
        Of the interval, as a fraction.
    means : (float, float)
        The means that are taken to round to the printed one.
    symmetrical : bool
        False: the estimate is not in the middle of its limits, and may be anywhere between both.
    zero, any : PossibleSets or None
        The sets that are possible at τ² = 0, and at any τ² (None where the authors pooled a common
        effect); both None where `why_not` says that nothing can be deduced.
    own : PossibleSets or None
        The same by this result alone, where `counts` narrow the others.
    counts : tuple
        Claims elsewhere that print the number of trials or people, each with what says which sets
        fit it.
    solve : callable or None
        What gives `widest` of candidates, so that one can ask what another number would change.
    """

    claims: tuple[str, ...]
    name: str
    synthesis: str
    subgroup: str | None
    reading: str
    source: str
    measure: str
    printed: tuple[str, ...]
    numbers: tuple[float, ...]
    level: float
    candidates: tuple[Candidate, ...]
    assumptions: Assumptions
    instead: str | None = None
    beside: tuple[str, ...] = ()
    tau2: tuple[float, float] | None = None
    quantiles: Callable[[NDArray[np.int_]], Array] | None = field(default=None, repr=False)
    half: tuple[float, float] = (nan, nan)
    means: tuple[float, float] = (nan, nan)
    symmetrical: bool = True
    zero: PossibleSets | None = None
    any: PossibleSets | None = None
    own: PossibleSets | None = None
    counts: tuple[tuple[tuple[str, ...], _Fits], ...] = field(default=(), repr=False)
    solve: Callable[[Sequence[Candidate]], PossibleSets] | None = field(default=None, repr=False)
    why_not: str | None = None

    def __str__(self) -> str:
        return f"{', '.join(self.claims)}: {self.why_not or self.widest}"

    @property
    def shown(self) -> str:
        """The printed numbers or words in a line."""
        ends = [Numeral(text.replace("-", "−")) for text in self.printed]
        if self.instead is not None:
            return said(
                "deduction.shown_with",
                estimate=ends[0],
                name=said(f"quantity.{self.instead}"),
                tested=ends[1],
            )
        if len(ends) == 1:
            return self.printed[0]
        return said("interval", **dict(zip(("estimate", "low", "high"), ends, strict=True)))

    @property
    def widest(self) -> PossibleSets | None:
        """The sets that are possible under the methods: at any τ², or at 0 for a common effect."""
        return self.zero if self.any is None else self.any

    def holds(self, candidate: Candidate) -> str | None:
        """Say whether a candidate is in "all", "some" or "none" of the possible sets."""
        sets = self.widest
        if sets is None or not sets.subsets.size:
            return None
        return sets.in_how_many(self.candidates.index(candidate))

    @cached_property
    def ranking(self) -> tuple[Settling, ...]:
        """The unread trials by how much of the ranges reading each would take away.

        A trial's number is imagined in the middle of its range. Of what is left open of each other
        one, the width of its range before the bound on effects cuts it, the mean share is given that
        is gone then; where there is no other, all is settled. None is ranked where effects have no
        bound: then every range is open.

        Examples
        --------
        >>> from livingmeta.review.folder import load_review
        >>> note, = deduce(load_review("smith2017"), claim="secondary-pain-short")
        >>> note.ranking[0].candidate.label
        'Holmgren 2012'
        """
        sets, solve = self.widest, self.solve
        if sets is None or solve is None:
            return ()
        ranking = []
        for place, candidate in enumerate(self.candidates):
            low, high = sets.trial_low[place], sets.trial_high[place]
            if candidate.known or not np.isfinite(sets.trial_width[place]):
                continue
            read = replace(candidate, known=True, effect=((low + high) / 2,) * 2)
            then = solve([*self.candidates[:place], read, *self.candidates[place + 1 :]])
            if then.subsets.size:  # else no such number can be
                others = np.isfinite(sets.trial_width) & np.isfinite(then.trial_width)
                shares = 1 - then.trial_width[others] / sets.trial_width[others]
                share = float(shares.mean()) if others.any() else 1.0
                ranking.append(Settling(candidate=candidate, share=share))
        return tuple(sorted(ranking, key=lambda settled: -settled.share))

    @property
    def in_words(self) -> bool:
        """Whether words were printed, and no interval."""
        return bool(np.isnan(self.half[0]))

    def band(self, k: NDArray[np.int_]) -> tuple[Array, Array]:
        """Return the standard errors that pools of so many trials have, by what is printed.

        They are 1/√W, which a modified HKSJ interval is wide enough for, and may be wider.
        """
        assert self.quantiles is not None
        least, most = np.broadcast_to(self.quantiles(k), (2, k.size))
        low = 0.0 if self.assumptions.interval == "hksj-modified" else self.half[0]
        return np.asarray(low / most), np.asarray(self.half[1] / least)

    @property
    def se(self) -> tuple[float, float] | None:
        """The same of any number of the candidates; None of words."""
        if self.in_words:
            return None
        low, high = self.band(np.arange(1, len(self.candidates) + 1))
        return float(low.min()), float(high.max())

    @property
    def drawable(self) -> bool:
        """Whether something is deduced of a printed interval."""
        return self.widest is not None and len(self.numbers) == len(INTERVAL)

    @property
    def telling(self) -> bool:
        """Whether it can be drawn, and excludes at least half of the sets."""
        sets = self.widest
        return self.drawable and sets is not None and 2 * sets.subsets.size <= sets.tried

    @property
    def strip(self) -> tuple[NDArray[np.int_], Array, Mask]:
        """Of all sets that were tried: trials, least standard error, and whether it is possible."""
        bits, k, se = most_precise(arrays(self.candidates))
        held = np.zeros(bits.size, bool) if self.widest is None else np.isin(bits, self.widest.subsets)
        return k, se, held

    @property
    def unread(self) -> tuple[Candidate, ...]:
        """The candidates whose effects are not known."""
        return tuple(candidate for candidate in self.candidates if not candidate.known)


def deduce(
    review: Review,
    synthesis: str | None = None,
    *,
    claim: str | None = None,
    assumptions: Assumptions | None = None,
) -> tuple[Deduction, ...]:
    """Tell what each printed pooled result says of the trials behind it.

    Parameters
    ----------
    review : Review
    synthesis, claim : str, optional
        Only this synthesis, this key of published.csv.
    assumptions : Assumptions, optional
        By default those of the methods that review.toml declares.

    Returns
    -------
    tuple of Deduction
        One for each printed result with an interval, or an estimate with z or P, and for words that
        deny a difference.

    Raises
    ------
    RefusalError
        For a synthesis or claim that there is not.

    Notes
    -----
    The algebra and its limits are in docs/deductions.md.

    Examples
    --------
    Of the 127 sets of seven trials two are as precise as a note on the review prints:

    >>> from livingmeta.review.folder import load_review
    >>> found, = deduce(load_review("smith2017"), claim="secondary-pain-short")
    >>> found.widest
    <PossibleSets 2 of 127 sets of 7 trials>
    >>> [one.label for one in found.candidates if found.holds(one) == "some"]
    ['Littlewood 2014 (pilot)']
    """
    settings = settings_of(review.protocol.methods)
    if synthesis is not None:
        synthesis = review.plan(synthesis).id
    if claim is not None:
        pick({row.claim: row for row in review.published}, claim, "claim")
    taken = assumptions or declared(settings)
    pools = synthesise(review, settings=settings)
    results = [
        result
        for result in printed_results(review.published, pools, settings)
        if result.about[2] is None
        and (synthesis is None or result.about[0] == synthesis)
        and (claim is None or claim in result.claims)
    ]
    return tuple(
        deduction
        for result in results
        for pool in pools
        if pool.key == result.about[:2]
        if (deduction := _deduced(review, result, pool, settings, taken, results)) is not None
    )


def _deduced(
    review: Review,
    result: PrintedResult,
    pool: Pool,
    settings: Settings,
    taken: Assumptions,
    results: Sequence[PrintedResult],
) -> Deduction | None:
    limits = result.get(*INTERVAL)
    instead = None if limits else next(filter(partial(_tested, result), ("z", "p")), None)
    shown = (result.get("estimate", instead) if instead else limits) or ()
    if not shown and not any(map(denied, result.words)):
        return None
    trials = tuple(candidates(review, pool, settings, taken)) if len(pool.effects) == pool.k else ()
    blank = Deduction(
        claims=result.claims,
        name=pool.name,
        synthesis=pool.synthesis,
        subgroup=pool.subgroup,
        reading=result.reading,
        source=result.source,
        measure=pool.measure,
        printed=tuple(x.text if x.relation == "=" else f"{x.relation} {x.text}" for x in shown)
        or result.words,
        numbers=tuple(number.value for number in shown[: 1 if instead else None]),
        instead=instead,
        level=result.kinds[0].level if result.kinds else nan,
        candidates=trials,
        assumptions=taken,
    )
    if why_not := _why_not(blank, result, pool, settings):
        return replace(blank, why_not=why_not)
    if not shown:
        return _of_words(blank)
    counted = [
        other
        for other in results
        if other is not result and other.about == result.about and other.reading == result.reading
    ]
    estimate = shown[0].span
    symmetrical = True

    def quantiles(k: NDArray[np.int_]) -> Array:
        if instead == "z":
            return np.array(_size(shown[1].span))[:, None] * np.ones(k.size)
        return taken.distances(shown[1].span, k) if instead else taken.quantile(blank.level, k)

    if instead:
        half = _size(estimate)
    else:
        low, high = (number.span for number in shown[1:])
        half = (low[1] * -0.5 + high[0] / 2, high[1] / 2 - low[0] / 2)
        middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
        symmetrical = max(estimate[0], middle[0]) <= min(estimate[1], middle[1])
        if not symmetrical:
            estimate = min(estimate[0], middle[0]), max(estimate[1], middle[1])
    scatter = _scatter(result, taken)
    tau2 = None if taken.common else result.numbers.get("tau2")
    between = (0.0, inf) if tau2 is None else tau2.span

    def solve(
        trials: Sequence[Candidate], *, most: float, others: Sequence[PrintedResult] = counted
    ) -> PossibleSets:
        least, most = max(between[0], 0.0), min(between[1], most)
        return possible_sets(
            arrays(trials),
            estimate=estimate,
            half_width=(max(half[0], 1e-9), half[1]),
            quantile=quantiles,
            tau2=(least, max(least, most)),
            # none where more is printed than there is without heterogeneity
            allowed=_allowed(trials, [*others, result]) if least <= most else lambda _, k: k < 0,
            wider=taken.interval == "hksj-modified",
            **scatter,
        )

    widest = partial(solve, most=0.0 if taken.common else inf)
    counts = tuple((other.claims, fit) for other in counted if (fit := _allowed(trials, [other])))
    return replace(
        blank,
        beside=tuple(name for name in ("q", "i2") if scatter and result.get(name)),
        tau2=between if between[1] < inf or between[0] > 0 else None,
        quantiles=quantiles,
        half=(max(half[0], 0.0), half[1]),
        means=estimate,
        symmetrical=symmetrical,
        zero=solve(trials, most=0.0),
        any=None if taken.common else widest(trials),
        own=widest(trials, others=()) if counts else None,
        counts=counts,
        solve=widest,
    )


def _size(span: tuple[float, float]) -> tuple[float, float]:
    """Return the span of the number without its sign."""
    return max(span[0], -span[1], 0.0), max(abs(span[0]), abs(span[1]))


def _tested(result: PrintedResult, name: str) -> bool:
    """Say whether an estimate with z or P bounds its standard error from above and below."""
    printed = result.get("estimate", name)
    if printed is None or printed[1].relation == ">":
        return False
    low, high = printed[1].span
    return high < 1 if name == "p" else _size((low, high))[0] > 0


def _scatter(result: PrintedResult, taken: Assumptions) -> dict[str, Any]:
    """Say what Q and I² are by number of trials, to their digits, and the ratio of τ² that follows."""
    q, i2 = (printed[0].span if (printed := result.get(name)) else None for name in ("q", "i2"))
    # printed I² of 0 is any that is not above 0; of 100% nothing bounds Q from above
    low, high = (0.0, inf) if i2 is None else (max(i2[0], 0.0) / 100, i2[1] / 100)
    excess = low / (1 - low) if low < 1 else inf, high / (1 - high) if high < 1 else inf

    def of_q(k: NDArray[np.int_]) -> tuple[Array, Array]:
        if q is not None:
            return np.full(k.size, q[0]), np.full(k.size, q[1])
        df = k - 1.0  # 0 · inf is 0 here: one trial has no Q
        least, most = (np.where(df > 0, np.maximum(df, 1) * (1 + x), 0.0) for x in excess)
        return least * (low > 0), most

    def of_tau2(k: NDArray[np.int_]) -> tuple[Array, Array]:
        if q is None or taken.i2 == "tau2":
            return np.full(k.size, excess[0]), np.full(k.size, excess[1])
        least, most = (x / np.maximum(k - 1, 1) - 1 for x in of_q(k))
        return np.maximum(least, 0.0), np.maximum(most, 0.0)

    by_q = q is not None or (i2 is not None and taken.i2 != "tau2")
    by_tau2 = (taken.i2 == "both" and by_q) or (taken.i2 == "tau2" and i2 is not None)
    return ({"q": of_q} if by_q else {}) | ({"tau2_ratio": of_tau2} if by_tau2 and not taken.common else {})


def _why_not(blank: Deduction, result: PrintedResult, pool: Pool, settings: Settings) -> Said | None:
    """Say why nothing can be deduced; None where something can."""
    interval = blank.assumptions.interval
    reasons = {
        "deduction.measure": not MEASURES[settings.measure].from_sizes,
        "deduction.asymmetric": not result.kinds,
        "deduction.several": len(pool.effects) > pool.k,
        "deduction.nobody": not blank.candidates,
        "deduction.hksj": interval == "hksj",
        "deduction.words_hksj": interval == "hksj-modified" and not blank.numbers,
    }
    return next((said(key, measure=pool.measure) for key, holds in reasons.items() if holds), None)


def _of_words(blank: Deduction) -> Deduction:
    """Bound what the unread show by words that deny a difference: at τ² = 0, in all that measured it."""
    measured = tuple(candidate for candidate in blank.candidates if candidate.measured)
    blank = replace(blank, candidates=measured)
    trials = arrays(measured) if measured else None
    if trials is None or trials.known.all() or not np.isfinite(trials.v_high).any():
        return replace(blank, why_not=said("deduction.words_none"))
    everyone = np.uint64((1 << len(measured)) - 1)
    test = blank.assumptions.quantile(blank.level, np.array([len(measured)]))[0]
    most = float(test / (1 / trials.v_high).sum() ** 0.5)

    def solve(trials: Sequence[Candidate]) -> PossibleSets:
        return possible_sets(
            arrays(trials),
            estimate=(-most, most),
            half_width=(1e-9, 1e9),
            quantile=lambda k: np.ones(k.shape),  # words have no width
            tau2=(0.0, 0.0),
            allowed=lambda bits, _: bits == everyone,
        )

    return replace(blank, zero=solve(blank.candidates), solve=solve)


def _allowed(trials: Sequence[Candidate], results: Sequence[PrintedResult]) -> _Fits | None:
    """Say of sets whether they fit the number of trials and of people that are printed, the last ones."""
    printed = {
        name: number.span for name in ("k", "n") for result in results for number in result.get(name) or ()
    }
    people = np.array([trial.people for trial in trials])

    def fit(bits: NDArray[np.uint64], k: NDArray[np.int_]) -> Mask:
        fitting = np.ones(k.size, bool)
        if "k" in printed:
            fitting &= (printed["k"][0] <= k) & (k <= printed["k"][1])
        if "n" in printed:
            inside = members(bits, len(trials)) @ people
            fitting &= (inside[:, 0] <= printed["n"][1]) & (printed["n"][0] <= inside[:, 1])
        return fitting

    return fit if printed else None


@dataclass(frozen=True, kw_only=True)
class Settling:
    """How much of what is left open one unread number would settle: a share of the ranges."""

    candidate: Candidate
    share: float


def worth(deductions: Iterable[Deduction]) -> dict[tuple[str, str], float]:
    """Say by trial and synthesis how much of what is open reading the trial would settle at most."""
    most: dict[tuple[str, str], float] = {}
    for deduction in deductions:
        for settled in deduction.ranking:
            key = settled.candidate.trial, deduction.synthesis
            most[key] = max(most.get(key, 0.0), settled.share)
    return most


def ranked(
    review: Review, gaps: Iterable[KnownGap], shares: Mapping[tuple[str, str], float]
) -> list[KnownGap]:
    """Order known gaps by trial: first the one whose numbers would settle most, as `worth` has it."""
    listed = [trial.trial for trial in review.trials]
    most = {
        trial: max((v for (key, _), v in shares.items() if key == trial), default=0.0) for trial in listed
    }
    return sorted(gaps, key=lambda gap: (-most[gap.gap.trial], listed.index(gap.gap.trial)))


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of a deduction when a number came in: `held` says whether it came true."""

    claims: tuple[str, ...]
    label: str
    was: tuple[float, float]
    now: tuple[float, float]
    held: bool


def came_true(before: Iterable[Deduction], after: Iterable[Deduction]) -> tuple[Fate, ...]:
    """Compare what was deduced of unread trials with what is known of them now.

    A deduction came true where what the printed digits leave of the effect and the range that was
    left for it have something in common. Where nothing but the bound on all effects was left, nothing
    had been deduced of the trial.

    Parameters
    ----------
    before, after : iterable of Deduction
        Of the review before and after rows came in, under the same assumptions.
    """
    now = {(later.claims, trial.trial): trial for later in after for trial in later.candidates if trial.known}
    return tuple(
        Fate(
            claims=deduction.claims,
            label=trial.label,
            was=(float(low), float(high)),
            now=read.effect,
            held=bool(low <= read.effect[1] and read.effect[0] <= high),
        )
        for deduction in before
        if deduction.widest is not None
        for trial, low, high in zip(
            deduction.candidates, deduction.widest.trial_low, deduction.widest.trial_high, strict=True
        )
        if not trial.known and (low > trial.effect[0] or high < trial.effect[1])
        if (read := now.get((deduction.claims, trial.trial))) is not None
    )
