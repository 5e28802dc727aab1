"""From the rows of a review to effects and pooled estimates, each step kept."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from livingmeta.engine.effect_sizes import MEASURES, in_sds, on_scale, ratios, turning
from livingmeta.engine.methods.regression import cluster_robust, common_tau2
from livingmeta.engine.methods.small_study import Funnel
from livingmeta.engine.pooling import CONFIDENCE, FEW, PooledEstimate, pool, subgroup_test
from livingmeta.review.protocol import Plan, Review, favours, fits, row_sets
from livingmeta.review.schema import Claim, Gap, Outcome, Trial
from livingmeta.synthesis.dependence import CLUSTERED, People, flags_of, people_of, sentences, ties
from livingmeta.synthesis.derivation import Effect, NotComputableError, effect_of
from livingmeta.synthesis.settings import Selection, Settings, headline_settings
from livingmeta.words import decimal, decimals, p_words, pick

# percent; the Cochrane Handbook (section 10.10.2) calls I² from here on considerable
CONTRADICTION = 75.0
CORRECTED = "empty_cells_corrected"
# Share of the trials with an arm without events. The Cochrane Handbook (10.4.4) calls it typical of
# rare events that "a high proportion" has one, and names no number.
SPARSE = 1 / 3
DRAWN = ("estimate", "ci_low", "ci_high")  # what a figure needs of a printed result
PREDICTION_FROM = 5  # trials; below it a prediction interval is computed, not shown


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A trial that measured what the synthesis asks for and has no usable number here."""

    trial: str
    label: str
    n_randomised: int | None
    instruments: tuple[str, ...]
    weeks: tuple[float, ...]
    what: str
    where: str


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A trial with rows for the synthesis that were not used, and why."""

    trial: str
    label: str
    why: str
    subgroup: str | None = None


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A pooled estimate as a publication prints it; `label` says which and how it stands."""

    estimate: float
    ci_low: float
    ci_high: float
    label: str
    words: tuple[str, str, str]  # estimate and limits with the digits that are printed


@dataclass(frozen=True, kw_only=True)
class Sibling:
    """The same synthesis over part of its effects (without composites, final only, …)."""

    name: str
    result: PooledEstimate | None
    trials: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SubgroupTest:
    """Test for subgroup differences: chi-square on `df` degrees of freedom.

    It takes subgroups as independent; `shared` names what is in two of them.
    """

    q: float
    df: int
    p_value: float
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Beside:
    """The HKSJ interval, not modified, and the least and the greatest estimate of the trials."""

    hksj: tuple[float, float]
    trials: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One synthesis, or one subgroup of it: what was pooled, what is missing, the result."""

    review: str
    synthesis: str
    title: str
    outcome: str
    term: str | None
    subgroup: str | None  # None: the whole synthesis
    measure: str
    i2_by: str  # the I² to show: "q" or "tau2"
    methods: str  # "DL, Wald (profile revman5, assumed)"
    groups: tuple[str, str]  # names of group 1 and group 2
    favours: tuple[str, str] | None  # whom an effect below and above no effect favours, if known
    effects: tuple[Effect, ...]
    result: PooledEstimate | None
    why_not: str | None  # why there is no result
    flags: tuple[str, ...]  # of result and effects together
    missing: tuple[Missing, ...]
    sensitivity_only: tuple[LeftOut, ...]  # only a sensitivity analysis would use them
    dropped: tuple[LeftOut, ...]
    siblings: tuple[Sibling, ...]
    subgroup_test: SubgroupTest | None
    printed: Printed | None
    pooled_by: str | None = None  # method of the source, where it is another one
    total_weights: tuple[float, ...] | None = None  # of a subgroup, in the total beside it

    @property
    def weights(self) -> tuple[float, ...]:
        """Percent of each effect: of the total where one is pooled, else of this pool itself."""
        if self.total_weights is not None:
            return self.total_weights
        return self.result.weights if self.result else ()

    @property
    def k(self) -> int:
        """Trials that are pooled, those with several comparisons once."""
        return len({effect.trial for effect in self.effects})

    @property
    def ahead(self) -> tuple[float, float] | None:
        """Limits in which the true effect of a new setting is expected; None for too few trials."""
        result = self.result
        if result is None or result.pi_low is None or result.pi_high is None:
            return None
        return (result.pi_low, result.pi_high) if self.k >= PREDICTION_FROM else None

    @property
    def beside(self) -> Beside | None:
        """What stands beside an interval of few trials that is wider than its level asks for."""
        result = self.result
        if result is None or result.tau2 is None or not 1 < result.k < FEW:
            return None
        if result.ci_method not in CONFIDENCE or not CONFIDENCE[result.ci_method].is_wide:
            return None
        yi = [effect.yi for effect in self.effects]
        plain = pool(
            yi, [effect.vi for effect in self.effects],
            tau2=result.tau2, ci="hksj", prediction="none", level=result.level,
        )  # fmt: skip
        return Beside(hksj=(plain.ci_low, plain.ci_high), trials=(min(yi), max(yi)))

    @property
    def no_effect(self) -> str:
        """Write the value of no effect on the scale that is shown: "0", or "1" for a ratio."""
        return f"{on_scale(self.measure, 0.0):g}"

    def side(self, above: bool, known: str = "favours {}") -> str:
        """Say in English which side of no effect is meant.

        Parameters
        ----------
        above : bool
            The side above no effect, else the one below.
        known : str
            What to say where it is known whom that side favours, in braces.
        """
        if self.favours is None:
            return f"{'above' if above else 'below'} {self.no_effect}"
        return known.format(self.favours[above])

    @property
    def measured(self) -> frozenset[str]:
        """Trials known to have measured it, pooled or not."""
        pooled = {effect.trial for effect in self.effects}
        left = {one.trial for one in (*self.dropped, *self.sensitivity_only)}
        return frozenset(pooled | left | {one.trial for one in self.missing})

    @property
    def people(self) -> People:
        """People whose numbers are pooled, each once, and trials whose number is not known."""
        return people_of(self.effects)


def synthesise(
    review: Review,
    *,
    settings: Settings | None = None,
    selection: Selection | None = None,
) -> tuple[Pool, ...]:
    """Pool every declared synthesis of a review, each subgroup for itself.

    Parameters
    ----------
    review : Review
    settings : Settings, optional
        Methods; by default those of the review's headline.
    selection : Selection, optional
        Rows and trials to use; by default the main analysis.

    Returns
    -------
    tuple of Pool
        In the order of review.toml, subgroups in the order of the rows, the whole last. A
        synthesis without usable rows is there too, with the reason.

    Raises
    ------
    ValueError
        For names of methods, terms or trials that are not known.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> pools = synthesise(load_review("smith2017"))
    >>> [(pool.synthesis, len(pool.effects)) for pool in pools][:2]
    [('pain-short', 3), ('pain-medium', 0)]
    """
    settings = settings or headline_settings(review)
    selection = selection or Selection()
    if review.protocol.terms:
        pick(review.protocol.terms, selection.terms, "terms")
    for trial in selection.without:
        pick({row.trial: row for row in review.trials}, trial, "without")
    chosen = [_choose(review, plan, settings, selection) for plan in review.protocol.synthesis]
    shared = _shared_composites(review, chosen)
    return tuple(
        pool
        for plan, choice in zip(review.protocol.synthesis, chosen, strict=True)
        for pool in _pools(review, plan, choice, settings, selection, shared)
    )


def effects_of(
    review: Review, plan: Plan, settings: Settings, selection: Selection
) -> tuple[Effect, ...]:
    """Return the effects that `synthesise` pools in one synthesis, all subgroups together."""
    return tuple(_choose(review, plan, settings, selection).effects)


@dataclass(frozen=True)
class _Choice:
    """The effects of a synthesis, and the trials with rows for it that give none."""

    effects: tuple[Effect, ...] = ()
    sensitivity_only: tuple[LeftOut, ...] = ()
    dropped: tuple[LeftOut, ...] = ()

    def __add__(self, other: _Choice) -> _Choice:
        return _Choice(
            self.effects + other.effects,
            self.sensitivity_only + other.sensitivity_only,
            self.dropped + other.dropped,
        )


def _choose(review: Review, plan: Plan, settings: Settings, selection: Selection) -> _Choice:
    """Take one row set per trial, contrast and subgroup, by the review's tie rules.

    However a review is pooled, the same rows are chosen once: other estimators ask again.
    """
    asked = (_choose, plan, settings.deriving, selection)
    if asked not in review.memo:
        review.memo[asked] = _chosen(review, plan, settings, selection)
    found: _Choice = review.memo[asked]
    return found


def _chosen(review: Review, plan: Plan, settings: Settings, selection: Selection) -> _Choice:
    choice = _Choice()
    offered: dict[tuple[object, ...], list[Outcome]] = defaultdict(list)
    together = review.protocol.ties.several_arms == "combine"
    for row in review.outcomes:
        if row.use != "no" and fits(review, plan, row, terms=selection.terms) is None:
            offered[row.trial, None if together else row.contrast, row.subgroup].append(row)
    place = {trial.trial: number for number, trial in enumerate(review.trials)}
    for rows in sorted(offered.values(), key=lambda rows: place[rows[0].trial]):
        contrasts = tuple(dict.fromkeys(row.contrast for row in rows))
        made = _take(review, rows, settings, selection, contrasts=contrasts)
        if len(contrasts) > 1 and made.dropped:  # they can't be combined
            why = made.dropped[0].why
            apart = [
                _take(review, [row for row in rows if row.contrast == one], settings, selection,
                      contrasts=(one,))
                for one in contrasts
            ]  # fmt: skip
            made = sum(apart, start=_Choice())
            if len(made.effects) > 1:
                made = replace(made, effects=tuple(_kept(one, why) for one in made.effects))
        choice += made
    if review.protocol.ties.several_arms == "split":
        trials = [effect.trial for effect in choice.effects]
        found = [tie for tie in ties(choice.effects) if tie.flag == "shared_group"]
        whole = {place for tie in found for place in (tie.first, tie.second)}
        effects = list(choice.effects)
        for i, effect in enumerate(effects):
            computed = not any(group.told for side in effect.arms for group in side)
            if i in whole or (computed and trials.count(effect.trial) > 1):
                effects[i] = _kept(effect, "its effect is not one that can be split")
        choice = replace(choice, effects=tuple(effects))
    if (sides := favours(review, plan)) is not None:
        told = f"an effect below 0 favours {sides[0]}"
        choice = replace(
            choice,
            effects=tuple(
                replace(effect, derivation=(*effect.derivation, told)) for effect in choice.effects
            ),
        )
    return choice


def _kept(effect: Effect, why: str) -> Effect:
    """Say that an effect could not be combined or split with others of its trial."""
    step = f"pooled beside the other comparisons of its trial: {why}"
    return replace(
        effect,
        derivation=(*effect.derivation, step),
        flags=tuple(dict.fromkeys((*effect.flags, "several_arms_kept"))),
    )


def _take(
    review: Review,
    rows: list[Outcome],
    settings: Settings,
    selection: Selection,
    *,
    contrasts: tuple[str | None, ...],
) -> _Choice:
    """Take one effect of a trial's rows, of all these contrasts together."""
    together, trial = len(contrasts) > 1, review.trial(rows[0].trial)

    def left(why: str) -> tuple[LeftOut, ...]:
        subgroup = rows[0].subgroup
        return (LeftOut(trial=trial.trial, label=trial.label, why=why, subgroup=subgroup),)

    kept = [row for row in rows if _excluded(trial, row, selection) is None]
    reasons = [_excluded(trial, row, selection) for row in rows]
    why = next((reason for reason in reasons if reason), "")
    for use in ("yes", "sensitivity"):
        usable = [row for row in kept if row.use == "yes" or use == "sensitivity"]
        if use == "sensitivity" and not selection.include_sensitivity:
            if any(row.use == use for row in kept):
                return _Choice(sensitivity_only=left("held for sensitivity analyses"))
            continue
        every = {row.contrast for row in usable}
        sets = row_sets(usable, together=together).values()
        for row_set in sorted(sets, key=lambda rows: _rank(review, trial, rows)):
            if {row.contrast for row in row_set} != every:
                why = "its comparisons are not of one instrument, time and kind of score"
                continue
            try:
                return _Choice(effects=(_effect(review, row_set, settings, selection),))
            except NotComputableError as reason:
                why = str(reason)
    return _Choice(dropped=left(why))


def _effect(
    review: Review, rows: list[Outcome], settings: Settings, selection: Selection
) -> Effect:
    """Derive a row set once for each set of formulas; why it gives no effect is kept, too."""
    places = tuple((row.file, row.row) for row in rows)
    asked = (effect_of, places, settings.deriving, selection.strict, selection.include_sensitivity)
    if asked not in review.memo:
        try:
            review.memo[asked] = effect_of(review, rows, settings, selection)
        except NotComputableError as reason:
            review.memo[asked] = str(reason)
    found: Effect | str = review.memo[asked]
    if isinstance(found, str):
        raise NotComputableError(found)
    return found


def _excluded(trial: Trial, row: Outcome, selection: Selection) -> str | None:
    if trial.trial in selection.without:
        return "left out by --without"
    if selection.documented_only and trial.membership == "inferred":
        return "its membership in the review is inferred, not documented"
    if selection.strict and row.assumption is not None:
        return f"rests on an assumption ({row.assumption})"
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
        ties.statistic.index(row.statistic)
        if row.statistic in ties.statistic
        else len(ties.statistic)
    )
    arms = sum(r.group != "difference" for r in rows)
    return (scale, nearness, statistic, -arms)


def _shared_composites(review: Review, chosen: list[_Choice]) -> set[tuple[str, str | None]]:
    """Find the trials that enter two outcomes at one term with the same composite numbers."""
    seen: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for plan, choice in zip(review.protocol.synthesis, chosen, strict=True):
        for effect in choice.effects:
            if effect.domain == "composite":
                key = (effect.trial, plan.term or plan.time_label, effect.instrument, effect.yi)
                seen[key].add(plan.outcome)
    return {(str(key[0]), key[1]) for key, outcomes in seen.items() if len(outcomes) > 1}  # type: ignore[misc]


def _pools(
    review: Review,
    plan: Plan,
    choice: _Choice,
    settings: Settings,
    selection: Selection,
    shared: set[tuple[str, str | None]],
) -> list[Pool]:
    effects = tuple(
        replace(effect, flags=(*effect.flags, "composite_shared"))
        if (effect.trial, plan.term or plan.time_label) in shared
        else effect
        for effect in choice.effects
    )
    labels = Counter(effect.label for effect in effects)
    effects = tuple(
        replace(effect, label=f"{effect.label} ({effect.subgroup})")
        if effect.subgroup and labels[effect.label] > 1
        else effect
        for effect in effects
    )
    subgroups = list(dict.fromkeys(effect.subgroup for effect in effects))
    missing = _missing(review, plan, choice, selection)

    parts = [tuple(e for e in effects if e.subgroup == name) for name in subgroups]
    common = _common_tau2(parts, settings)

    def one(name: str | None, members: tuple[Effect, ...], test: SubgroupTest | None) -> Pool:
        # one trial has its own interval: no τ² of others belongs into it
        shared_tau2 = common if name is not None and len(members) > 1 else None
        result, why_not = _result(members, settings, tau2=shared_tau2)
        flags = _flags(members, result, missing, pooled_by=plan.pooled_by)

        def own(left: tuple[LeftOut, ...]) -> tuple[LeftOut, ...]:
            """Keep what is of this subgroup, or of none that stands here."""
            if name is None:
                return left
            return tuple(one for one in left if one.subgroup not in {*subgroups} - {name})

        return Pool(
            review=review.protocol.id,
            synthesis=plan.id,
            title=plan.title,
            outcome=plan.outcome,
            term=plan.term,
            subgroup=name,
            measure=settings.label,
            i2_by=settings.profile.i2,
            methods=settings.words(),
            groups=(review.protocol.groups.group1, review.protocol.groups.group2),
            favours=favours(review, plan),
            effects=members,
            result=replace(result, flags=flags) if result else None,
            why_not=why_not,
            flags=flags,
            missing=missing,
            sensitivity_only=own(choice.sensitivity_only),
            dropped=own(choice.dropped),
            siblings=_siblings(members, settings),
            subgroup_test=test,
            printed=_printed(review, plan, name, settings),
            pooled_by=plan.pooled_by,
        )

    if subgroups in ([], [None]):
        return [one(None, effects, None)]
    pools = [one(name, part, None) for name, part in zip(subgroups, parts, strict=True)]
    test = _subgroup_test(parts, settings, common)
    if plan.overall:
        whole = one(None, effects, test)
        if whole.result is not None:
            places = [[i for i, e in enumerate(effects) if e.subgroup == s] for s in subgroups]
            pools = [
                replace(part, total_weights=tuple(whole.result.weights[i] for i in held))
                for part, held in zip(pools, places, strict=True)
            ]
        return [*pools, whole]
    return [*pools[:-1], replace(pools[-1], subgroup_test=test)]


def unpoolable(effects: Sequence[Effect], settings: Settings) -> str | None:
    """Say why effects are not pooled; None where they are."""
    if not effects:
        return "no trial has usable numbers"
    instruments = sorted({effect.instrument_name or "" for effect in effects})
    measure = MEASURES[settings.measure]
    if measure.one_instrument and len(instruments) > 1:
        named = "; ".join(instruments)
        return f"{measure.words.lower()}s need one instrument, and here are {named}"
    return None


def repooled(
    pool: Pool,
    effects: tuple[Effect, ...],
    settings: Settings,
    *,
    missing: tuple[Missing, ...] | None = None,
) -> Pool:
    """Pool other effects in the place of a synthesis' own; its flags follow them.

    Parameters
    ----------
    pool : Pool
    effects : tuple of Effect
    settings : Settings
        The methods `pool` is pooled by.
    missing : tuple of Missing, optional
        Trials still missing with these effects; by default those of `pool`.
    """
    missing = pool.missing if missing is None else missing
    result, why_not = _result(effects, settings)
    flags = _flags(effects, result, missing, pooled_by=pool.pooled_by)
    return replace(
        pool, effects=effects, result=replace(result, flags=flags) if result else None,
        why_not=why_not, flags=flags, missing=missing, siblings=(), total_weights=None,
    )  # fmt: skip


def _result(
    effects: tuple[Effect, ...],
    settings: Settings,
    *,
    ci: str | None = None,
    tau2: float | None = None,
) -> tuple[PooledEstimate | None, str | None]:
    if why_not := unpoolable(effects, settings):
        return None, why_not
    chosen = settings.profile
    result = pool(
        [effect.yi for effect in effects],
        [effect.vi for effect in effects],
        model=chosen.model,
        tau2=chosen.tau2 if tau2 is None else tau2,
        ci=ci or chosen.ci,
        tau2_ci=chosen.tau2_ci if tau2 is None else "q-profile",
        prediction=chosen.prediction,
        level=settings.level,
        measure=settings.label,
    )
    if settings.cluster is None or result.k == 1:
        return result, None
    trials = [effect.trial for effect in effects]
    if len(set(trials)) < 2:
        return None, "all effects are of one trial, and a cluster-robust interval needs two"
    yi, vi = [effect.yi for effect in effects], [effect.vi for effect in effects]
    return cluster_robust(result, yi, vi, trials), None


def _flags(
    effects: tuple[Effect, ...],
    result: PooledEstimate | None,
    missing: tuple[Missing, ...],
    *,
    pooled_by: str | None,
) -> tuple[str, ...]:
    flags = [*(result.flags if result else ()), *effect_flags(effects)]
    if result is not None and result.ci_method == "CR2":
        flags = [flag for flag in flags if flag not in CLUSTERED]
    trials = len({effect.trial for effect in effects})
    if result is not None and (trials < PREDICTION_FROM or result.pi_low is None):
        flags = [flag for flag in flags if flag != "few_trials_for_prediction"]  # not shown
    if pooled_by:
        flags.append("other_method")
    if missing:
        flags.append("trials_missing")
    if result is not None and trials < FEW:
        flags.append("few_trials")  # where several effects of a trial hide it from the result
    return tuple(dict.fromkeys(flags))


def effect_flags(effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the flags that effects bring to what is pooled of them."""
    flags = dict.fromkeys(flag for effect in effects for flag in effect.flags)
    mixed = {"final", "change"} <= {e.statistic for e in effects if in_sds(e.measure)}
    empty = sum("empty_cells" in effect.flags for effect in effects)
    of_all = {
        "mixed_standardisers": mixed,
        "sparse_events": empty and empty >= SPARSE * len(effects),
    }
    own = [*flags, *flags_of(effects), *(name for name, holds in of_all.items() if holds)]
    return tuple(dict.fromkeys(own))


def _siblings(effects: tuple[Effect, ...], settings: Settings) -> tuple[Sibling, ...]:
    parts = {"without composite instruments": [e for e in effects if e.domain != "composite"]}
    if MEASURES[settings.measure].standardised and {"final", "change"} <= {
        e.statistic for e in effects
    }:
        parts["final scores only"] = [e for e in effects if e.statistic == "final"]
        parts["change scores only"] = [e for e in effects if e.statistic == "change"]
    return tuple(
        Sibling(
            name=name,
            result=_result(tuple(part), settings)[0],
            trials=tuple(effect.trial for effect in part),
        )
        for name, part in parts.items()
        if len(part) < len(effects)
    )


def _common_tau2(parts: list[tuple[Effect, ...]], settings: Settings) -> float | None:
    """Return the τ² of all subgroups, where the review takes it as one."""
    effects = [effect for part in parts for effect in part]
    if (
        settings.subgroup_tau2 == "separate"
        or settings.profile.model == "common"
        or len(effects) <= len(parts)
        or len(parts) < 2
    ):
        return None
    return common_tau2(
        [effect.yi for effect in effects],
        [effect.vi for effect in effects],
        [effect.subgroup or "" for effect in effects],
        tau2=settings.profile.tau2,
    )


def _subgroup_test(
    parts: list[tuple[Effect, ...]], settings: Settings, common: float | None
) -> SubgroupTest | None:
    found = [_result(part, settings, ci="wald", tau2=common)[0] for part in parts]
    results = [result for result in found if result is not None]
    if len(results) < 2:
        return None
    q, df, p_value = subgroup_test([r.estimate for r in results], [r.se for r in results])
    effects = [effect for part in parts for effect in part]
    pairs = [(effects[tie.first], effects[tie.second]) for tie in ties(effects)]
    across = [one for pair in pairs if pair[0].subgroup != pair[1].subgroup for one in pair]
    return SubgroupTest(
        q=q, df=df, p_value=p_value, shared=tuple(dict.fromkeys(one.label for one in across))
    )


def _missing(
    review: Review, plan: Plan, choice: _Choice, selection: Selection
) -> tuple[Missing, ...]:
    known: tuple[Effect | LeftOut, ...] = (
        *choice.effects,
        *choice.dropped,
        *choice.sensitivity_only,
    )
    here = {one.trial for one in known} | set(selection.without)
    gaps: dict[str, list[Gap]] = defaultdict(list)
    for gap in review.gaps:
        if gap.trial not in here and fits(review, plan, gap, terms=selection.terms) is None:
            gaps[gap.trial].append(gap)
    return tuple(
        Missing(
            trial=trial.trial,
            label=trial.label,
            n_randomised=trial.n_randomised,
            instruments=tuple(
                dict.fromkeys(g.instrument for g in gaps[trial.trial] if g.instrument)
            ),
            weeks=tuple(dict.fromkeys(g.weeks for g in gaps[trial.trial] if g.weeks is not None)),
            what=gaps[trial.trial][0].what,
            where=gaps[trial.trial][0].where,
        )
        for trial in review.trials
        if trial.trial in gaps
    )


def _printed(
    review: Review, plan: Plan, subgroup: str | None, settings: Settings
) -> Printed | None:
    """Return the first result printed as a value and two limits; a bound is no value."""
    claims: dict[tuple[str, str], dict[str, Claim]] = defaultdict(dict)
    for claim in review.published:
        about = (claim.synthesis, claim.subgroup, claim.trial, claim.reading)
        if about == (plan.id, subgroup, None, "primary"):
            claims[claim.claim, claim.source][claim.quantity] = claim
    for numbers in claims.values():
        claimed = [numbers[name] for name in DRAWN if name in numbers]
        values = [one.value for one in claimed if one.value is not None]
        ratio = settings.label in ratios()
        if len(values) == len(DRAWN) and not (ratio and min(values) <= 0):
            estimate, low, high = map(math.log, values) if ratio else values
            first, *limits = (one.printed.replace("-", "−") for one in claimed)
            return Printed(
                estimate=estimate, ci_low=low, ci_high=high, label=claimed[0].where,
                words=(first, limits[0], limits[1]),
            )  # fmt: skip
    return None


def shown_i2(pool: Pool) -> float | None:
    """Return the I² of the pool's methods: by Q or by τ²; by Q for a common effect."""
    if pool.result is None:
        return None
    return pool.result.i2_tau2 if i2_by(pool) == "tau2" else pool.result.i2


def i2_by(pool: Pool) -> str:
    """Say which I² `shown_i2` is: "q" or "tau2"."""
    by_tau2 = pool.i2_by == "tau2" and pool.result is not None and pool.result.i2_tau2 is not None
    return "tau2" if by_tau2 else "q"


def heterogeneity(pool: Pool) -> str:
    """Say τ², Q and I² in a line, each with what it is from: they need not tell the same."""
    result = pool.result
    assert result is not None
    (tau2,) = decimals(result.tau2)
    tau2 = "" if result.tau2 is None else f"Tau² ({result.tau2_method}) = {tau2}; "
    chi2 = f"Chi² = {decimal(result.q)}, df = {result.q_df} ({p_words(result.q_p)})"
    kind = {"q": "Chi²", "tau2": "Tau²"}[i2_by(pool)]
    return f"{tau2}{chi2}; I² (from {kind}) = {decimal(shown_i2(pool), 0)}%"


def contradictory(pool: Pool, *, beyond: tuple[float, float] = (0.0, 0.0)) -> bool:
    """Say whether I² is considerable and trials exclude 0 on both sides.

    One stray trial among many does not make a contradiction: the smaller side must hold a
    quarter of the trials that exclude 0. Only trials with an estimate `beyond` the limits count.
    """
    low = sum(effect.ci_high < 0 and effect.yi < beyond[0] for effect in pool.effects)
    high = sum(effect.ci_low > 0 and effect.yi > beyond[1] for effect in pool.effects)
    i2 = pool.result.i2 if pool.result else None
    return i2 is not None and i2 >= CONTRADICTION and 4 * min(low, high) >= max(low + high, 1)


def funnel_of(pool: Pool) -> Funnel:
    """Return what tests for small-study effects take of a pool.

    Where an effect's sign is turned, its groups are, so that counts and effect tell the same.
    """
    counts = [effect.counts for effect in pool.effects]
    return Funnel(
        yi=tuple(effect.yi for effect in pool.effects),
        vi=tuple(effect.vi for effect in pool.effects),
        measure=pool.measure,
        sizes=tuple(effect.sizes for effect in pool.effects),
        counts=tuple(
            (*told[2:], *told[:2]) if told is not None and effect.turned else told
            for told, effect in zip(counts, pool.effects, strict=True)
        ),
        trials=pool.k,
    )


def outside(review: Review, *, terms: str) -> list[str]:
    """Name the usable results whose time lies in no term of a set, and so in no synthesis."""
    timed = [plan for plan in review.protocol.synthesis if plan.term is not None]
    found: dict[str, None] = {}
    for row in review.outcomes:
        plans = [plan for plan in timed if plan.outcome == row.outcome]
        reasons = [fits(review, plan, row, terms=terms) for plan in plans]
        if row.use == "yes" and reasons and all("outside" in (why or "") for why in reasons):
            time = row.time_label if row.weeks is None else f"week {row.weeks:g}"
            found[f"{review.trial(row.trial).label} ({row.outcome}, {time})"] = None
    return list(found)


SIGNS = "†‡§∓"  # assumption, bound, 0.5 added, sign turned


def signs(effect: Effect) -> tuple[tuple[str, str], ...]:
    """Return the signs behind a trial's name, each with what it says of the trial."""
    bound = "P printed as a bound: at least this far from 0."
    turned = (
        f"{turning(effect.measure)} against the values printed: higher {effect.instrument_name} is "
        "better."
    )
    said = (
        f"{effect.assumption}." if effect.assumption else "",
        bound if "p_bound" in effect.flags else "",
        "0.5 added to each cell of the counts." if CORRECTED in effect.flags else "",
        turned if effect.turned else "",
    )
    return tuple((sign, words) for sign, words in zip(SIGNS, said, strict=True) if words)


def marks(effect: Effect) -> str:
    """Return the signs that stand behind a trial's name, those of `SIGNS`."""
    return "".join(f" {sign}" for sign, _ in signs(effect))


def notes(effects: Iterable[Effect]) -> list[str]:
    """Say what the signs of `marks` stand for, trials of which the same is said together.

    What the effects share is said last.
    """
    listed = list(dict.fromkeys(effects))
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for effect in listed:
        for one in signs(effect):
            found[one].append(effect.label)
    order = sorted(found, key=lambda one: SIGNS.index(one[0]))
    lines = [f"{sign} {', '.join(found[sign, words])}: {words}" for sign, words in order]
    return [*lines, *sentences(listed)]
