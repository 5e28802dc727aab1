"""Which row set of each trial a synthesis takes, by the rules in review.toml, and what is left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import chain

from livingmeta.language import Own, said
from livingmeta.review.protocol import Plan, Review, favours, fits, row_sets
from livingmeta.review.schema import Gap, Outcome, Trial
from livingmeta.synthesis.arms import group_of
from livingmeta.synthesis.dependence import RARE_DIGITS, ties, told_digits
from livingmeta.synthesis.derivation import Effect, NotComputableError, effect_of
from livingmeta.synthesis.pool import LeftOut, Missing
from livingmeta.synthesis.settings import Selection, Settings


@dataclass(frozen=True)
class Chosen:
    """The effects of a synthesis, and the trials with rows for it that give none."""

    effects: tuple[Effect, ...] = ()
    sensitivity_only: tuple[LeftOut, ...] = ()
    dropped: tuple[LeftOut, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Chosen]) -> Chosen:
        """Join what was chosen of trials, in their order."""
        listed = list(parts)
        return cls(
            *(tuple(chain.from_iterable(getattr(part, f.name) for part in listed)) for f in fields(cls))
        )


def choose(review: Review, plan: Plan, settings: Settings, selection: Selection) -> Chosen:
    """Take one row set per trial, contrast and subgroup, by the review's tie rules.

    However a review is pooled, the same rows are chosen once: other estimators ask again.
    """
    asked = (choose, plan, settings.deriving, selection)
    if asked not in review.memo:
        review.memo[asked] = _chosen(review, plan, settings, selection)
    chosen: Chosen = review.memo[asked]
    return chosen


def _chosen(review: Review, plan: Plan, settings: Settings, selection: Selection) -> Chosen:
    review, again = once(review, computed=not selection.repeated)
    chosen = [Chosen(dropped=tuple(_again(review, plan, again, selection)))]
    offered: dict[tuple[object, ...], list[Outcome]] = defaultdict(list)
    together = review.protocol.ties.several_arms == "combine"
    for row in review.outcomes:
        if row.use != "no" and fits(review, plan, row, terms=selection.terms) is None:
            offered[row.trial, None if together else row.contrast, row.subgroup].append(row)
    place = {trial.trial: number for number, trial in enumerate(review.trials)}
    for rows in sorted(offered.values(), key=lambda rows: place[rows[0].trial]):
        made = _take(review, rows, settings, selection)
        contrasts: dict[str | None, list[Outcome]] = defaultdict(list)
        for row in rows:
            contrasts[row.contrast].append(row)
        if len(contrasts) > 1 and made.dropped:  # they can't be combined
            why = made.dropped[0].why
            made = Chosen.of(_take(review, own, settings, selection) for own in contrasts.values())
            if len(made.effects) > 1:
                made = replace(made, effects=tuple(_kept(effect, why) for effect in made.effects))
        chosen.append(made)
    choice = Chosen.of(chosen)
    if review.protocol.ties.several_arms == "split":
        trials = Counter(effect.trial for effect in choice.effects)
        shared = [tie for tie in ties(choice.effects) if tie.flag == "shared_group"]
        whole = {place for tie in shared for place in tie.places}
        effects = list(choice.effects)
        for i, effect in enumerate(effects):
            computed = not any(group.told for side in effect.arms for group in side)
            if i in whole or (computed and trials[effect.trial] > 1):
                effects[i] = _kept(effect, said("unused.unsplit"))
        choice = replace(choice, effects=tuple(effects))
    if (sides := favours(review, plan)) is not None:
        step = said("step.side", group=Own(sides[0]))
        choice = replace(
            choice,
            effects=tuple(
                replace(effect, derivation=(*effect.derivation, step)) for effect in choice.effects
            ),
        )
    return choice


def once(review: Review, *, computed: bool = True) -> tuple[Review, tuple[Outcome, ...]]:
    """Part a review from rows that stand twice: a comparison with all numbers of another.

    Only comparisons of one trial are meant, of one outcome and subgroup, used alike, each row of
    which carries more digits than arms of a trial share by chance: 0 of 10 in two arms is no
    repetition. Two trials with the same numbers are a doubt (`dependence.ties`), and both pooled.
    Effects that came computed are parted only if `computed`: an effect and its variance are fewer
    numbers than those of two arms, and outcomes of the same people share the variance anyway.
    """
    asked = (once, computed)
    if asked not in review.memo:
        rows: dict[tuple[object, ...], list[Outcome]] = defaultdict(list)
        for row in review.outcomes:
            if row.use != "no":
                rows[row.trial, row.outcome, row.subgroup, row.contrast].append(row)
        first: dict[tuple[object, ...], tuple[object, ...]] = {}
        again: list[Outcome] = []
        comparisons = Counter(key[:3] for key in rows)
        for key, held in rows.items():
            if comparisons[key[:3]] == 1:
                continue
            numbers = frozenset(map(_numbers, held))
            if not computed and any(row.group == "difference" for row in held):
                continue
            if all(told_digits(group_of(row)) >= RARE_DIGITS for row in held):
                again += held if first.setdefault((*key[:3], numbers), key) != key else []
        left = {(row.file, row.row) for row in again}
        rest = tuple(row for row in review.outcomes if (row.file, row.row) not in left)
        review.memo[asked] = (replace(review, outcomes=rest) if left else review, tuple(again))
    parted: tuple[Review, tuple[Outcome, ...]] = review.memo[asked]
    return parted


def _numbers(row: Outcome) -> tuple[object, ...]:
    """All of a row by which it counts, but for its comparison and where it was read."""
    about = (row.instrument, row.weeks, row.time_label, row.statistic, row.measure)
    return (row.group, *about, group_of(row), row.n1, row.n2, row.use, row.assumption)


def _again(review: Review, plan: Plan, rows: Iterable[Outcome], selection: Selection) -> Iterator[LeftOut]:
    asked = {
        (row.trial, row.contrast, row.subgroup)
        for row in rows
        if fits(review, plan, row, terms=selection.terms) is None
    }
    for trial, contrast, subgroup in sorted(asked, key=str):
        label = review.trial(trial).label + (f" ({contrast})" if contrast else "")
        yield LeftOut(trial=trial, label=label, why=said("unused.again"), subgroup=subgroup)


def _kept(effect: Effect, why: str) -> Effect:
    """Say that an effect could not be combined or split with others of its trial."""
    step = said("step.kept", why=why)
    return replace(
        effect,
        derivation=(*effect.derivation, step),
        flags=tuple(dict.fromkeys((*effect.flags, "several_arms_kept"))),
    )


def _take(review: Review, rows: list[Outcome], settings: Settings, selection: Selection) -> Chosen:
    """Take one effect of a trial's rows, of all their contrasts together."""
    together, trial = len({row.contrast for row in rows}) > 1, review.trial(rows[0].trial)

    def left(why: str) -> tuple[LeftOut, ...]:
        return (LeftOut(trial=trial.trial, label=trial.label, why=why, subgroup=rows[0].subgroup),)

    reasons = [_excluded(trial, row, selection) for row in rows]
    kept = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
    why = next((reason for reason in reasons if reason), "")
    for use in ("yes", "sensitivity"):
        usable = [row for row in kept if row.use == "yes" or use == "sensitivity"]
        if use == "sensitivity" and not selection.include_sensitivity:
            if any(row.use == use for row in kept):
                return Chosen(sensitivity_only=left(said("unused.held")))
            continue
        every = {row.contrast for row in usable}
        sets = row_sets(usable, together=together).values()
        for row_set in sorted(sets, key=lambda rows: _rank(review, trial, rows)):
            if {row.contrast for row in row_set} != every:
                why = said("unused.apart")
                continue
            try:
                return Chosen(effects=(_effect(review, row_set, settings, selection),))
            except NotComputableError as reason:
                why = reason.why
    return Chosen(dropped=left(why))


def _effect(review: Review, rows: list[Outcome], settings: Settings, selection: Selection) -> Effect:
    """Derive a row set once for each set of formulas; why it gives no effect is kept, too."""
    places = tuple((row.file, row.row) for row in rows)
    asked = (effect_of, places, settings.deriving, selection.strict, selection.include_sensitivity)
    if asked not in review.memo:
        try:
            review.memo[asked] = effect_of(review, rows, settings, selection)
        except NotComputableError as reason:
            review.memo[asked] = reason.why
    effect: Effect | str = review.memo[asked]
    if isinstance(effect, str):
        raise NotComputableError(effect)
    return effect


def _excluded(trial: Trial, row: Outcome, selection: Selection) -> str | None:
    if trial.trial in selection.without:
        return said("unused.without")
    if selection.documented_only and trial.membership == "inferred":
        return said("unused.inferred")
    if selection.strict and row.assumption is not None:
        return said("unused.assumed", what=row.assumption)
    return None


def _rank(review: Review, trial: Trial, rows: list[Outcome]) -> tuple[float, ...]:
    """Order row sets of one trial: instrument, time, final or change, arms before a difference."""
    ties, row = review.protocol.ties, rows[0]
    instrument = review.instrument(row.instrument)
    if instrument is None or row.instrument in ties.subscales:
        scale = 1
    else:
        composite = 2 if ties.composites == "last" else -1
        scale = composite if instrument.domain == "composite" else 0
    weeks = row.weeks or 0
    nearness = {"latest": -weeks, "earliest": weeks, "treatment end": -weeks}[ties.time]
    if ties.time == "treatment end" and trial.treatment_weeks is not None:
        nearness = abs(weeks - trial.treatment_weeks) - weeks / 1e6  # the later of two as near
    statistic = (
        ties.statistic.index(row.statistic) if row.statistic in ties.statistic else len(ties.statistic)
    )
    arms = sum(r.group != "difference" for r in rows)
    return (scale, nearness, statistic, -arms)


def shared_composites(review: Review, chosen: list[Chosen]) -> set[tuple[str, str | None]]:
    """Find the trials that enter two outcomes at one term with the same composite numbers."""
    seen: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for plan, choice in zip(review.protocol.synthesis, chosen, strict=True):
        for effect in choice.effects:
            if effect.domain == "composite":
                key = (effect.trial, plan.term or plan.time_label, effect.instrument, effect.yi)
                seen[key].add(plan.outcome)
    return {(str(key[0]), key[1]) for key, outcomes in seen.items() if len(outcomes) > 1}  # type: ignore[misc]


def missing_trials(review: Review, plan: Plan, choice: Chosen, selection: Selection) -> tuple[Missing, ...]:
    """Name the trials known to have measured it of which nothing here can be used."""
    listed: tuple[Effect | LeftOut, ...] = (*choice.effects, *choice.dropped, *choice.sensitivity_only)
    here = {listing.trial for listing in listed} | set(selection.without)
    gaps: dict[str, list[Gap]] = defaultdict(list)
    for gap in review.gaps:
        if gap.trial not in here and fits(review, plan, gap, terms=selection.terms) is None:
            gaps[gap.trial].append(gap)
    return tuple(
        Missing(
            trial=trial.trial,
            label=trial.label,
            n_randomised=trial.n_randomised,
            instruments=tuple(dict.fromkeys(g.instrument for g in gaps[trial.trial] if g.instrument)),
            weeks=tuple(dict.fromkeys(g.weeks for g in gaps[trial.trial] if g.weeks is not None)),
            what=gaps[trial.trial][0].what,
            where=gaps[trial.trial][0].where,
        )
        for trial in review.trials
        if trial.trial in gaps
    )
