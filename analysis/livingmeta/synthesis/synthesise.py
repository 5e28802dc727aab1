"""From the rows of a review to effects and pooled estimates, each step kept."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from livingmeta.engine.measures import MEASURES, SCALES, sized
from livingmeta.engine.methods.regression import cluster_robust, common_tau2
from livingmeta.engine.pooling import (
    FEW,
    NO_SUM,
    OF_PREDICTION,
    PREDICTION_FROM,
    PooledEstimate,
    pool,
    subgroup_test,
)
from livingmeta.language import Own, Said, Word, registered, said, together
from livingmeta.review.protocol import Plan, Review, favours
from livingmeta.review.schema import UNTITLED, Claim
from livingmeta.synthesis.choosing import Chosen, choose, missing_trials, shared_composites
from livingmeta.synthesis.dependence import CLUSTERED, ties
from livingmeta.synthesis.derivation import Effect, yi_vi
from livingmeta.synthesis.moderators import Parting
from livingmeta.synthesis.pool import (
    CORRECTED,
    DRAWN,
    ROW_CORRECTED,
    LeftOut,
    Missing,
    Pool,
    Printed,
    Sibling,
    SubgroupTest,
    answered,
    effect_flags,
)
from livingmeta.synthesis.settings import Selection, Settings, headline_settings
from livingmeta.words import RefusalError, pick, refuse

Listing = TypeVar("Listing", LeftOut, Missing)


def synthesise(
    review: Review,
    *,
    settings: Settings | None = None,
    selection: Selection | None = None,
    only: str | None = None,
) -> tuple[Pool, ...]:
    """Pool every declared synthesis of a review, each subgroup for itself.

    Parameters
    ----------
    settings : Settings, optional
        Methods; by default those of the review's headline.
    selection : Selection, optional
        Rows and trials to use; by default the main analysis.
    only : str, optional
        Id of the one synthesis to return; by default all.

    Returns
    -------
    tuple of Pool
        In the order of review.toml, subgroups in the order of the rows, the whole last. A
        synthesis without usable rows is there too, with the reason. Where `selection` names a
        `subgroup`, effects without a value of it are left out and listed.

    Raises
    ------
    ValueError
        For names of methods, terms, trials, syntheses or moderators that are not known, and for
        moderators that make no subgroups.

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
    if only is not None:
        only = review.plan(only).id
    of_rows = replace(selection, subgroup=None)
    chosen = [choose(review, plan, settings, of_rows) for plan in review.protocol.synthesis]
    if selection.subgroup is not None:
        asked = zip(review.protocol.synthesis, chosen, strict=True)
        pools = [(plan, choice.effects) for plan, choice in asked if only in {None, plan.id}]
        refuse(Parting.of(review, selection.subgroup).problems(pools))
    elif review.parted_by is not None:  # asked of another selection before
        selection = replace(selection, subgroup=review.parted_by)
    shared = shared_composites(review, chosen)
    return tuple(
        pool
        for plan, choice in zip(review.protocol.synthesis, chosen, strict=True)
        if only in {None, plan.id}
        for pool in _pools(review, plan, choice, settings, selection, shared)
    )


def _pools(
    review: Review,
    plan: Plan,
    choice: Chosen,
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
    missing = missing_trials(review, plan, choice, selection)
    unparted: tuple[LeftOut, ...] = ()
    by = Parting.of(review, selection.subgroup) if selection.subgroup is not None else None
    if by is not None:
        values = by.values(effects, plan)
        subgroups = [*by.order(values)]
        why = said("unused.no_subgroup", moderator=Own(by.name))
        unparted = tuple(
            LeftOut(trial=effect.trial, label=effect.label, why=why)
            for effect, value in zip(effects, values, strict=True)
            if value is None
        )
        effects = tuple(
            replace(effect, subgroup=by.part(value))
            for effect, value in zip(effects, values, strict=True)
            if value is not None
        )

    parts = [tuple(e for e in effects if e.subgroup == name) for name in subgroups]
    common = _common_tau2(parts, settings)

    def own(name: str | None, listed: tuple[Listing, ...]) -> tuple[Listing, ...]:
        """Keep what is of this subgroup, or of none that stands here."""
        if name is None:
            return listed
        if by is not None and plan.overall:  # the whole lists all
            return tuple(listing for listing in listed if by.of_trial(listing.trial) in {None, name})
        others = {*subgroups} - {name}
        return tuple(listing for listing in listed if getattr(listing, "subgroup", None) not in others)

    def pool_of(name: str | None, members: tuple[Effect, ...], test: SubgroupTest | None) -> Pool:
        # one trial has its own interval: no τ² of others belongs into it
        shared_tau2 = common if name is not None and len(members) > 1 else None
        return Pool(
            **_pooled(members, settings, own(name, missing), tau2=shared_tau2),
            review=review.protocol.id,
            synthesis=plan.id,
            title=Word(UNTITLED) if plan.title == UNTITLED else Own(plan.title),
            outcome=plan.outcome,
            term=plan.term,
            subgroup=name,
            i2_by=settings.profile.i2,
            methods=settings.of(members).words(),
            groups=(Own(review.protocol.groups.group1), Own(review.protocol.groups.group2)),
            favours=None if MEASURES[settings.measure].one_group else favours(review, plan),
            sensitivity_only=own(name, choice.sensitivity_only),
            dropped=(*own(name, choice.dropped), *(() if name and plan.overall else unparted)),
            siblings=_siblings(members, settings),
            subgroup_test=test,
            printed=_printed(review, plan, name, settings, members),
        )

    if subgroups in ([], [None]):
        return [pool_of(None, effects, None)]
    pools = [pool_of(name, part, None) for name, part in zip(subgroups, parts, strict=True)]
    test = _subgroup_test(parts, settings, common)
    if plan.overall:
        whole = pool_of(None, effects, test)
        if whole.result is not None:
            places = [[i for i, e in enumerate(effects) if e.subgroup == s] for s in subgroups]
            pools = [
                replace(part, total_weights=tuple(whole.result.weights[i] for i in held))
                for part, held in zip(pools, places, strict=True)
            ]
        return [*pools, whole]
    return [*pools[:-1], replace(pools[-1], subgroup_test=test)]


def _as_summed(effects: tuple[Effect, ...], result: PooledEstimate | None) -> tuple[Effect, ...]:
    """Say of effects whose counts are summed that what was added to empty cells is of their rows alone."""
    if (
        result is None
        or (result.method, result.model) != ("MH", "common")
        or "sums_corrected" in result.flags
    ):
        return effects
    return tuple(
        replace(e, flags=tuple(ROW_CORRECTED if flag == CORRECTED else flag for flag in e.flags))
        if CORRECTED in e.flags
        else e
        for e in effects
    )


def unpoolable(effects: Sequence[Effect], settings: Settings) -> Said | None:
    """Say why effects are not pooled; None where they are."""
    if not effects:
        return said("pool.nothing")
    instruments = sorted({effect.instrument_name or "" for effect in effects})
    measure = MEASURES[settings.measure]
    if measure.one_instrument and len(instruments) > 1:
        of = registered("measure", measure.label, measure.words.lower())
        return said("pool.instruments", measure=of, names=together(map(Word, instruments)))
    if settings.method == "MH" and (bare := [e.label for e in effects if e.cells is None]):
        return said("pool.no_counts", trials=together(map(Own, bare)))
    return None


def repooled(
    pool: Pool, effects: tuple[Effect, ...], settings: Settings, *, missing: tuple[Missing, ...] | None = None
) -> Pool:
    """Pool other effects in the place of a synthesis' own; its flags follow them.

    `settings` are the methods that `pool` is pooled by, `missing` the trials still missing with
    these effects, by default those of `pool`.
    """
    made = _pooled(effects, settings, pool.missing if missing is None else missing)
    return replace(pool, **made, siblings=(), total_weights=None)


def _pooled(
    effects: tuple[Effect, ...],
    settings: Settings,
    missing: tuple[Missing, ...],
    *,
    tau2: float | None = None,
) -> dict[str, Any]:
    """Return what of a `Pool` follows from its effects and the trials still missing."""
    result, why_not = _result(effects, settings, tau2=tau2)
    effects = _as_summed(effects, result)
    flags = _flags(effects, result, missing)
    return {
        "measure": sized(settings.label, (effect.vi for effect in effects)),
        "effects": effects,
        "result": replace(result, flags=flags) if result else None,
        "why_not": why_not,
        "flags": flags,
        "missing": missing,
    }


def _result(
    effects: tuple[Effect, ...], settings: Settings, *, ci: str | None = None, tau2: float | None = None
) -> tuple[PooledEstimate | None, Said | None]:
    settings = settings.of(effects)
    if why_not := unpoolable(effects, settings):
        return None, why_not
    chosen, (yi, vi) = settings.profile, yi_vi(effects)
    by = {"method": settings.method} | settings.fitting(effects)
    how: dict[str, Any] = {
        **by,
        "tau2": chosen.tau2 if tau2 is None else tau2,
        "ci": ci or chosen.ci,
        "tau2_ci": chosen.tau2_ci if tau2 is None else "q-profile",
        "prediction": chosen.prediction,
    }
    try:
        result = pool(yi, vi, measure=sized(settings.label, vi), **how)
    except RefusalError as refusal:
        if str(refusal) == NO_SUM:
            return None, said("pool.no_sum")
        raise
    if settings.cluster is None or result.k == 1:
        return result, None
    trials = [effect.trial for effect in effects]
    if len(set(trials)) < 2:
        return None, said("pool.one_cluster")
    return cluster_robust(result, yi, vi, trials), None


def _flags(
    effects: tuple[Effect, ...], result: PooledEstimate | None, missing: tuple[Missing, ...]
) -> tuple[str, ...]:
    flags = [*(result.flags if result else ()), *effect_flags(effects)]
    if result is not None and result.ci_method == "CR2":
        flags = [flag for flag in flags if flag not in CLUSTERED]
    trials = len({effect.trial for effect in effects})
    if result is not None and (trials < PREDICTION_FROM or result.pi_low is None):
        flags = [flag for flag in flags if flag not in OF_PREDICTION]  # it is not shown
    if result is not None:
        flags = [flag for flag in flags if flag not in answered(result.method, result.model)]
    if missing:
        flags.append("trials_missing")
    if result is not None and trials < FEW:
        flags.append("few_trials")  # where several effects of a trial hide it from the result
    return tuple(dict.fromkeys(flags))


def _siblings(effects: tuple[Effect, ...], settings: Settings) -> tuple[Sibling, ...]:
    parts = {said("scenario.no_composites"): [e for e in effects if e.domain != "composite"]}
    if MEASURES[settings.measure].standardised and {"final", "change"} <= {e.statistic for e in effects}:
        parts[said("scenario.final_only")] = [e for e in effects if e.statistic == "final"]
        parts[said("scenario.change_only")] = [e for e in effects if e.statistic == "change"]
    return tuple(
        Sibling(
            name=name, result=_result(tuple(part), settings)[0], trials=tuple(effect.trial for effect in part)
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
    subgroups = [effect.subgroup or "" for effect in effects]
    return common_tau2(*yi_vi(effects), subgroups, tau2=settings.profile.tau2)


def _subgroup_test(
    parts: list[tuple[Effect, ...]], settings: Settings, common: float | None
) -> SubgroupTest | None:
    pooled = [_result(part, settings, ci="wald", tau2=common)[0] for part in parts]
    results = [result for result in pooled if result is not None]
    if len(results) < 2:
        return None
    q, df, p_value = subgroup_test([r.estimate for r in results], [r.se for r in results])
    effects = [effect for part in parts for effect in part]
    tied = [[effects[place] for place in tie.places] for tie in ties(effects)]
    apart = [listed for listed in tied if len({effect.subgroup for effect in listed}) > 1]
    shared = dict.fromkeys(effect.label for listed in apart for effect in listed)
    return SubgroupTest(q=q, df=df, p_value=p_value, shared=tuple(shared))


def _printed(
    review: Review, plan: Plan, subgroup: str | None, settings: Settings, effects: Sequence[Effect]
) -> Printed | None:
    """Return the first result printed as a value and two limits; a bound is no value."""
    claims: dict[tuple[str, str], dict[str, Claim]] = defaultdict(dict)
    for claim in review.published:
        about = (claim.synthesis, claim.subgroup, claim.trial, claim.reading)
        if about == (plan.id, subgroup, None, "primary"):
            claims[claim.claim, claim.source][claim.quantity] = claim
    for numbers in claims.values():
        claimed = [numbers[name] for name in DRAWN if name in numbers]
        values = [claim.value for claim in claimed if claim.value is not None]
        scale = SCALES[MEASURES[settings.measure].scale]
        if len(values) == len(DRAWN) and scale.holds(*values):
            people = getattr(sized(settings.label, (effect.vi for effect in effects)), "people", math.nan)
            estimate, low, high = (scale.forth(value, people) for value in values)
            first, *limits = (claim.printed.replace("-", "−") for claim in claimed)
            return Printed(
                estimate=estimate,
                ci_low=low,
                ci_high=high,
                label=claimed[0].where,
                words=(first, limits[0], limits[1]),
                name=review.source(claimed[0].source).short_name,
            )
    return None
