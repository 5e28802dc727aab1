"""What a printed pooled result says of the trials that could not be read.

Its interval bounds which trials it can hold, and what the unread ones show together. A deduction is
no datum: it is never pooled, never called reproduced, and never fills a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from itertools import chain
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from livingmeta.audit.bounds import Bounds, instead, tested
from livingmeta.audit.candidates import ANY, Assumptions, Candidate, arrays, candidates, declared
from livingmeta.audit.consistency import INTERVAL, PrintedResult, printed_results
from livingmeta.audit.gaps import KnownGap
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods.candidate_sets import most_precise
from livingmeta.engine.methods.possible_sets import PossibleSets
from livingmeta.engine.methods.scatter import ESTIMATORS
from livingmeta.language import Said, said, together
from livingmeta.printer import Shown
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings, settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import Numeral, pick


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
    level : float
        Of the interval, as a fraction.
    bounds : Bounds
        What its numbers, and the numbers of trials and people printed elsewhere, bound.
    symmetrical : bool
        False: the estimate is not in the middle of its limits, and may be anywhere between both.
    zero, any : PossibleSets or None
        The sets that are possible at τ² = 0, and at any τ² that what estimated it allows (None where
        the authors pooled a common effect); both None where `why_not` says that nothing can be
        deduced.
    beside : tuple of PrintedResult
        All that is printed of the same pool, with `trials` that may be in it.
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
    result: PrintedResult = field(repr=False)
    bounds: Bounds = field(repr=False)
    beside: tuple[PrintedResult, ...] = field(default=(), repr=False)
    trials: tuple[Candidate, ...] = field(default=(), repr=False)
    zero: PossibleSets | None = None
    any: PossibleSets | None = None
    why_not: str | None = None

    def __str__(self) -> str:
        return f"{', '.join(self.claims)}: {self.why_not or self.widest}"

    @property
    def shown(self) -> str:
        """The printed numbers or words in a line."""
        ends = [Numeral(text.replace("-", "−")) for text in self.printed]
        if self.instead is not None:
            test = said("deduction.shown_test", name=said(f"quantity.{self.instead}"), tested=ends[-1])
            return test if self.in_words else together([ends[0], test], ", ")
        if len(ends) == 1:
            return ends[0] if self.numbers else self.printed[0]
        return said("interval", **dict(zip(("estimate", "low", "high"), ends, strict=True)))

    @property
    def widest(self) -> PossibleSets | None:
        """The sets that are possible: at any τ², or at 0 for a common effect, and where words are printed.

        Words bound hardly anything at any τ².
        """
        return self.zero if self.any is None or self.in_words else self.any

    def sets(
        self,
        candidates: Sequence[Candidate] | None = None,
        *,
        by: str | None = None,
        at_zero: bool = False,
        among: NDArray[np.uint64] | None = None,
    ) -> PossibleSets:
        """Find the sets that are possible; words are of all that measured it.

        Parameters
        ----------
        candidates : sequence of Candidate, optional
            In place of its own, so that one can ask what another number would change.
        by : str, optional
            What estimated τ², by default what is assumed.
        at_zero : bool
            Without heterogeneity.
        among : array of bits, optional
            The only sets that are looked at.
        """
        return self.bounds.sets(
            self.candidates if candidates is None else candidates,
            self.assumptions,
            by=by,
            at_zero=at_zero,
            everyone=self.in_words,
            among=among,
        )

    @cached_property
    def by_estimator(self) -> Mapping[str, PossibleSets]:
        """The sets that are possible where τ² was estimated by one method.

        None are given of a common effect, and where all trials are known.
        """
        if self.any is None or not self.unread:
            return {}
        free = self.assumptions.tau2 == ANY
        left = {by: None if by == self.assumptions.tau2 else by for by in ESTIMATORS}
        return {
            name: self.any if by is None else self.sets(by=by, among=self.any.subsets if free else None)
            for name, by in left.items()
        }

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
        sets = self.widest
        if sets is None:
            return ()
        ranking = []
        for place, candidate in enumerate(self.candidates):
            low, high = sets.trial_low[place], sets.trial_high[place]
            if candidate.known or not np.isfinite(sets.trial_width[place]):
                continue
            read = replace(candidate, known=True, effect=((low + high) / 2,) * 2)
            imagined = [*self.candidates[:place], read, *self.candidates[place + 1 :]]
            then = self.sets(imagined, at_zero=self.in_words)
            if then.subsets.size:  # else no such number can be
                others = np.isfinite(sets.trial_width) & np.isfinite(then.trial_width)
                shares = 1 - then.trial_width[others] / sets.trial_width[others]
                share = float(shares.mean()) if others.any() else 1.0
                ranking.append(Settling(candidate=candidate, share=share))
        return tuple(sorted(ranking, key=lambda settled: -settled.share))

    @property
    def in_words(self) -> bool:
        """Whether words or P were printed, and no estimate."""
        return not self.numbers

    @property
    def instead(self) -> str | None:
        """Which of "z" and "p" is printed in place of limits; None: limits, or neither."""
        return "p" if self.in_words and not self.result.words else instead(self.result)

    @property
    def symmetrical(self) -> bool:
        """Whether the estimate is in the middle of its limits; else it may be anywhere between both."""
        limits = self.result.get(*INTERVAL)
        return limits is None or self.bounds.estimate == limits[0].span

    @property
    def scattered(self) -> tuple[str, ...]:
        """Which of "q", "i2" and "tau2" are printed and count."""
        counts = {"q": self.bounds.q, "i2": self.bounds.q or self.bounds.ratio}
        names = [name for name, by in counts.items() if by and self.result.get(name)]
        return (*names, *(["tau2"] if self.bounds.tau2 != (0.0, inf) else []))

    def band(self, k: NDArray[np.int_]) -> Array:
        """Return between what 1/√W of pools of so many trials lies by what is printed: shape (2, k.size).

        A modified HKSJ interval is wide enough for it, and may be wider; of an HKSJ interval and of
        words nothing is said.
        """
        within = self.bounds.within(k)
        several = (k > 1) & (self.assumptions.interval in {"hksj", "hksj-modified"})
        none = several & (self.assumptions.interval == "hksj")
        return np.array([np.where(several, 0.0, within[0]), np.where(none, inf, within[1])])

    @property
    def se(self) -> tuple[float, float] | None:
        """The same of any number of the candidates; None where nothing is printed of it."""
        if self.in_words or self.assumptions.interval == "hksj" or not self.bounds.se:
            return None
        low, high = self.band(np.arange(1, len(self.candidates) + 1))
        return float(low.min()), float(high.max())

    @property
    def drawable(self) -> bool:
        """Whether something is deduced of it."""
        return self.widest is not None

    @property
    def telling(self) -> bool:
        """Whether it can be drawn, and excludes at least half of the sets."""
        sets = self.widest
        return sets is not None and not self.in_words and 2 * sets.subsets.size <= sets.tried

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
        One for each printed result with an estimate, and for words that deny a difference, or a P.

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
    taken = assumptions or declared(review, settings)
    pools = synthesise(review, settings=settings)
    printed = printed_results(review.published, pools, settings)
    everything = [result for result in printed if result.about[2] is None]
    results = [
        result
        for result in everything
        if synthesis in {None, result.about[0]} and (claim is None or claim in result.claims)
    ]
    return tuple(
        _deduced(review, result, pool, settings, taken, everything)
        for result in results
        for pool in pools
        if pool.key == result.about[:2] and (result.get("estimate") or tested(result))
    )


def _deduced(
    review: Review,
    result: PrintedResult,
    pool: Pool,
    settings: Settings,
    taken: Assumptions,
    results: Sequence[PrintedResult],
) -> Deduction:
    by = instead(result)
    shown = result.get(*INTERVAL) or result.get("estimate", *([by] if by else [])) or ()
    texts = shown or (() if result.words else result.get("p") or ())
    beside = tuple(other for other in results if other.about == result.about)
    bounds = reduce(
        Bounds.together,
        # printed numbers of trials and people narrow it, wherever the same source's reader found them
        (Bounds.counting(other) for other in beside if other.reading == result.reading),
        Bounds.of(result, taken),
    )
    trials = tuple(candidates(review, pool, settings, taken)) if len(pool.effects) == pool.k else ()
    deduction = Deduction(
        claims=result.claims,
        name=pool.name,
        synthesis=pool.synthesis,
        subgroup=pool.subgroup,
        reading=result.reading,
        source=result.source,
        measure=pool.measure,
        printed=tuple(x.text if x.relation == "=" else f"{x.relation} {x.text}" for x in texts)
        or result.words,
        numbers=tuple(number.value for number in (shown[:1] if by else shown)),
        level=result.kinds[0].level if result.kinds else nan,
        # words are of all that are known to have measured it
        candidates=trials if shown else tuple(trial for trial in trials if trial.measured),
        assumptions=taken,
        result=result,
        bounds=bounds,
        beside=beside,
        trials=trials,
    )
    if why_not := _why_not(deduction, pool, settings):
        return replace(deduction, why_not=why_not)
    return replace(
        deduction, zero=deduction.sets(at_zero=True), any=None if taken.common else deduction.sets()
    )


def _why_not(deduction: Deduction, pool: Pool, settings: Settings) -> Said | None:
    """Say why nothing can be deduced; None where something can."""
    reasons = {
        "deduction.not_inverse": settings.of(pool.effects).method == "MH" and deduction.assumptions.common,
        "deduction.words_no_effect": deduction.in_words and MEASURES[settings.measure].no_effect is None,
        "deduction.asymmetric": not deduction.result.kinds,
        "deduction.several": len(pool.effects) > pool.k,
        "deduction.nobody": not deduction.trials,
        "deduction.words_hksj": deduction.in_words and deduction.assumptions.interval.startswith("hksj"),
        "deduction.words_none": deduction.in_words
        and not any(np.isfinite(trial.variance[1]) for trial in deduction.unread),
    }
    return next((said(key, measure=pool.measure) for key, holds in reasons.items() if holds), None)


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
    """What became of a deduction when a number came in: `held` says whether it came true.

    `by` is what was taken to have estimated τ²; None: what was assumed.
    """

    claims: tuple[str, ...]
    label: str
    measure: str
    was: tuple[float, float]
    now: tuple[float, float]
    held: bool
    by: str | None = None


def came_true(before: Iterable[Deduction], after: Iterable[Deduction]) -> tuple[Fate, ...]:
    """Compare what was deduced of unread trials with what is known of them now.

    A deduction came true where what the printed digits leave of the effect and the range that was
    left for it have something in common. Where nothing but the bound on all effects was left, nothing
    had been deduced of the trial; then what each way of estimating τ² would have left is looked at.

    Parameters
    ----------
    before, after : iterable of Deduction
        Of the review before and after rows came in, under the same assumptions.
    """
    now = {(later.claims, trial.trial): trial for later in after for trial in later.candidates if trial.known}
    return tuple(
        fate
        for deduction in before
        if deduction.widest is not None
        for trial in deduction.unread
        if (read := now.get((deduction.claims, trial.trial))) is not None
        for fate in _fates(deduction, trial, read.effect)
    )


def _fates(deduction: Deduction, trial: Candidate, now: tuple[float, float]) -> Iterator[Fate]:
    """Hold what is known of a trial against what was left of it, if something was."""
    place = deduction.candidates.index(trial)
    some = False
    for by, sets in chain([(None, deduction.widest)], deduction.by_estimator.items()):
        if some or sets is None:
            return
        low, high = float(sets.trial_low[place]), float(sets.trial_high[place])
        if low > trial.effect[0] or high < trial.effect[1]:
            some = by is None
            yield Fate(
                claims=deduction.claims,
                label=trial.label,
                measure=deduction.measure,
                was=(low, high),
                now=now,
                held=bool(low <= now[1] and now[0] <= high),
                by=by,
            )
