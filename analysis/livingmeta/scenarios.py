"""A review pooled under other defensible choices, and without each of its trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from livingmeta.changes import Stage, by_year, headline_settings
from livingmeta.choices import at_high_risk
from livingmeta.profiles import PROFILES
from livingmeta.protocol import Review
from livingmeta.sensitivity import Influence, influence, leave_one_out
from livingmeta.settings import Selection, Settings
from livingmeta.synthesis import Pool, synthesise


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One other way to pool a synthesis: its name, what it changes, and what comes out."""

    name: str
    pool: Pool | None  # None: the synthesis does not exist in this scenario


@dataclass(frozen=True, kw_only=True)
class Without:
    """A synthesis without one effect, and what that effect does to it."""

    label: str
    k: int
    estimate: float
    ci_low: float
    ci_high: float
    tau2: float | None
    rstudent: float | None
    cook: float | None
    weight: float  # percent in the whole


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """All that is known of how far one synthesis, or subgroup of it, bends."""

    main: Pool
    scenarios: tuple[Scenario, ...]
    without: tuple[Without, ...]
    stages: tuple[Stage, ...]  # as the trials appeared


def sensitivity(review: Review) -> tuple[Sensitivity, ...]:
    """Pool every synthesis by the methods of its headline, and by every other defensible choice.

    Parameters
    ----------
    review : Review

    Returns
    -------
    tuple of Sensitivity
        One per synthesis and subgroup. Scenarios that change nothing are there too: that they
        do is what a reader wants to know.

    Examples
    --------
    >>> from livingmeta.review import load_review
    >>> first = sensitivity(load_review("smith2017"))[0]
    >>> [one.name for one in first.scenarios][:3]
    ['common effect', 'profile revman5', 'profile revman-web']
    """
    settings = headline_settings(review)
    main = synthesise(review, settings=settings)
    others = [
        (name, {(pool.synthesis, pool.subgroup): pool for pool in pools})
        for name, pools in _scenarios(review, settings)
    ]
    return tuple(
        Sensitivity(
            main=pool,
            scenarios=(
                *(
                    Scenario(name=name, pool=found.get((pool.synthesis, pool.subgroup)))
                    for name, found in others
                ),
                *(
                    Scenario(name=one.name, pool=replace(pool, result=one.result, effects=tuple(
                        e for e in pool.effects if e.trial in one.trials)))
                    for one in pool.siblings
                ),
            ),
            without=_without(pool, settings),
            stages=by_year(pool, settings),
        )
        for pool in main
    )  # fmt: skip


def _scenarios(review: Review, settings: Settings) -> Iterator[tuple[str, tuple[Pool, ...]]]:
    def pools(
        name: str, *, by: Settings = settings, of: Review = review, rows: Selection | None = None
    ) -> tuple[str, tuple[Pool, ...]]:
        return name, synthesise(of, settings=by, selection=rows or Selection())

    other = "random" if settings.profile.model == "common" else "common"
    chosen = settings.profile.with_choices(model=other, ci="wald" if other == "common" else None)
    yield pools(f"{other} effect{'s' if other == 'random' else ''}",
                by=replace(settings, profile=chosen))  # fmt: skip
    for name, profile in PROFILES.items():
        if profile != settings.profile:
            yield pools(f"profile {name}", by=replace(settings, profile=profile))
    yield pools("with rows held for sensitivity analyses", rows=Selection(include_sensitivity=True))
    yield pools("without rows that rest on an assumption", rows=Selection(no_assumptions=True))
    yield pools("documented trials and rows only", rows=Selection(documented_only=True))
    if high := at_high_risk(review):
        yield pools("without trials at high risk of bias", rows=Selection(without=high))
    for terms in review.protocol.terms:
        if terms != "default":
            yield pools(f"follow-up terms: {terms}", rows=Selection(terms=terms))
    ties = review.protocol.ties
    turned = ties.model_copy(update={"statistic": tuple(reversed(ties.statistic))})
    protocol = review.protocol.model_copy(update={"ties": turned})
    yield pools("change scores before final ones", of=replace(review, protocol=protocol))


def _without(pool: Pool, settings: Settings) -> tuple[Without, ...]:
    effects, chosen = pool.effects, settings.profile
    if pool.result is None or len(effects) < 2:
        return ()
    yi, vi = [effect.yi for effect in effects], [effect.vi for effect in effects]
    methods = {"model": chosen.model, "tau2": chosen.tau2, "ci": chosen.ci,
               "level": settings.level}  # fmt: skip
    left = leave_one_out(yi, vi, **methods)
    told: Influence | None = influence(yi, vi, **methods) if len(effects) > 2 else None
    return tuple(
        Without(
            label=effect.label,
            k=int(left.k[i]),
            estimate=float(left.estimate[i]),
            ci_low=float(left.ci_low[i]),
            ci_high=float(left.ci_high[i]),
            tau2=None if left.tau2[i] != left.tau2[i] else float(left.tau2[i]),  # NaN: one is left
            rstudent=None if told is None else float(told.rstudent[i]),
            cook=None if told is None else float(told.cook[i]),
            weight=pool.result.weights[i],
        )
        for i, effect in enumerate(effects)
    )
