"""A review pooled under other defensible choices, and without each of its trials."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from livingmeta.appraisal.changes import IDENTITY, ORDERS, Stage, growth
from livingmeta.appraisal.choices import at_high_risk, tied
from livingmeta.appraisal.missing_evidence import Absence, absence
from livingmeta.engine.methods.influence import MEASURED, influence, leave_one_out
from livingmeta.language import Said, said
from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import LeftOut, Pool, Sibling
from livingmeta.synthesis.profiles import PROFILES
from livingmeta.synthesis.settings import Selection, Settings, headline_settings
from livingmeta.synthesis.synthesise import repooled, synthesise


@dataclass(frozen=True, kw_only=True)
class Without:
    """A synthesis without one effect, and what that effect does to it.

    The diagnostics are those of `influence.Influence`; None below three effects.
    """

    label: str
    k: int  # effects that are left
    trials: int  # that they are of
    estimate: float
    ci_low: float
    ci_high: float
    weight: float  # percent in the whole
    tau2: float | None
    rstudent: float | None = None
    dffits: float | None = None
    cook: float | None = None
    cov_ratio: float | None = None
    q: float | None = None
    hat: float | None = None
    dfbetas: float | None = None
    baujat_x: float | None = None
    baujat_y: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Sensitivity(Shown):
    """All that is known of how far one synthesis, or subgroup of it, bends.

    `scenarios` are other ways to pool it, by name; None where it does not exist that way. `growth`
    is the synthesis one more trial at a time, by each of `changes.ORDERS`.
    """

    main: Pool
    scenarios: tuple[tuple[str, Pool | None], ...]
    without: tuple[Without, ...]
    growth: dict[str, tuple[Stage, ...]]
    absence: Absence

    def __str__(self) -> str:
        other = f"{len(self.agreeing)} of {len(self.others)} other analyses conclude alike"
        return f"{self.main.name}: {self.main.result or self.main.why_not}; {other}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return every other analysis with its result, after the main one."""
        listed = (("main analysis", self.main), *self.scenarios, *self.absence.scenarios)
        without = (("without " + left.label, cells(left)) for left in self.without)
        whole = ((name, cells(pool.result) if pool and pool.result else {}) for name, pool in listed)
        kept = ("k", "estimate", "ci_low", "ci_high", "tau2")
        return (
            {"analysis": name, **{key: held.get(key) for key in kept}} for name, held in (*whole, *without)
        )

    @property
    def no_different(self) -> tuple[str, ...]:
        """Name the other analyses that change no row and no method here."""
        main = _analysis(self.main)
        return tuple(name for name, pool in self.scenarios if pool is not None and _analysis(pool) == main)

    @property
    def others(self) -> tuple[Pool, ...]:
        """Return other analyses that have a result, each once, whatever number of names it has.

        None where the main analysis has no result that they could agree with.
        """
        if self.main.result is None:
            return ()
        listed = [pool for _, pool in (*self.scenarios, *self.absence.scenarios)]
        each = {_analysis(pool): pool for pool in listed if pool is not None and pool.result}
        each.pop(_analysis(self.main), None)
        return tuple(each.values())

    @property
    def span(self) -> tuple[float, ...]:
        """The lowest and the highest estimate of the others, in the unit in which they are pooled."""
        estimates = [pool.result.estimate for pool in self.others if pool.result]
        return (min(estimates), max(estimates)) if estimates else ()

    @property
    def agreeing(self) -> tuple[Pool, ...]:
        """The others whose interval includes no effect, or lies on one side of it, as the main one's."""
        main = self.main.result
        return tuple(p for p in self.others if main and p.result and p.result.side == main.side)


def _analysis(pool: Pool) -> tuple[object, ...]:
    """Tell an analysis by its rows and by how they are pooled; one trial needs no method."""
    effects = frozenset(map(IDENTITY, pool.effects))
    result = pool.result
    if result is None or result.k == 1:
        return (effects,)
    given = result.tau2 if result.tau2_method == "given" else None
    return effects, result.model, result.tau2_method, given, result.ci_method, result.level


def sensitivity(review: Review, *, most: float = math.inf) -> tuple[Sensitivity, ...]:
    """Pool every synthesis by the methods of its headline, and by every other defensible choice.

    Parameters
    ----------
    review : Review
    most : float
        Effects of a synthesis up to which it is pooled without each, and one more at a time, which
        takes as many times as long as there are effects; of more both are empty.

    Returns
    -------
    tuple of Sensitivity
        One per synthesis and subgroup. Scenarios that change nothing are there too: that they
        do is what a reader wants to know.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> first = sensitivity(load_review("smith2017"))[0]
    >>> [name for name, _ in first.scenarios][:3]
    ['common effect', 'profile revman5', 'profile revman-web']
    """
    settings = headline_settings(review)
    main = synthesise(review, settings=settings)
    others = [(name, {pool.key: pool for pool in pools}) for name, pools in _scenarios(review, settings)]
    return tuple(
        Sensitivity(
            main=pool,
            scenarios=(
                *((name, by_key.get(pool.key)) for name, by_key in others),
                *((sibling.name, _part(pool, sibling, settings)) for sibling in pool.siblings),
            ),
            without=_without(pool, settings) if len(pool.effects) <= most else (),
            growth={
                order: growth(pool, settings, by=order) if len(pool.effects) <= most else ()
                for order in ORDERS
            },
            absence=absence(review, pool, settings),
        )
        for pool in main
    )


def _part(pool: Pool, sibling: Sibling, settings: Settings) -> Pool:
    kept = tuple(effect for effect in pool.effects if effect.trial in sibling.trials)
    left = (
        LeftOut(trial=effect.trial, label=effect.label, why=sibling.name)
        for effect in pool.effects
        if effect not in kept
    )
    return repooled(replace(pool, dropped=(*pool.dropped, *left)), kept, settings)


def _scenarios(review: Review, settings: Settings) -> Iterator[tuple[Said, tuple[Pool, ...]]]:
    def pools(
        name: Said, *, by: Settings = settings, of: Review = review, rows: Selection | None = None
    ) -> tuple[Said, tuple[Pool, ...]]:
        return name, synthesise(of, settings=by, selection=rows)

    model = "random" if settings.profile.model == "common" else "common"
    chosen = settings.profile.with_choices(model=model, ci="wald" if model == "common" else None)
    yield pools(
        said("scenario.random" if model == "random" else "scenario.common"),
        by=replace(settings, profile=chosen),
    )
    for name in PROFILES:
        other = settings.as_in(name)
        if other.profile != settings.profile:
            yield pools(said("pool.profile", name=name), by=other)
    yield pools(said("scenario.held"), rows=Selection(include_sensitivity=True))
    yield pools(said("scenario.no_assumptions"), rows=Selection(no_assumptions=True))
    yield pools(said("scenario.documented"), rows=Selection(documented_only=True))
    high = at_high_risk(review)
    yield pools(said("scenario.without_high" if high else "scenario.none_high"), rows=Selection(without=high))
    for terms in review.protocol.terms:
        if terms != "default":
            yield pools(said("scenario.terms", name=terms), rows=Selection(terms=terms))
    order = tuple(reversed(review.protocol.ties.statistic))
    turned = tied(review, lambda row: row.statistic == order[0], statistic=order)
    yield pools(said("scenario.final_first" if order[0] == "final" else "scenario.change_first"), of=turned)
    mixed = {instrument.instrument for instrument in review.instruments if instrument.domain == "composite"}
    if mixed:
        turned = tied(review, lambda row: row.instrument in mixed, composites="first")
        yield pools(said("scenario.composites_first"), of=turned)


def _without(pool: Pool, settings: Settings) -> tuple[Without, ...]:
    k = len(pool.effects)
    if pool.result is None or k < 2:
        return ()
    yi, vi = [effect.yi for effect in pool.effects], [effect.vi for effect in pool.effects]
    by = settings.fitting(pool.effects)
    left = leave_one_out(yi, vi, **by)
    columns = {name: getattr(left, name) for name in ("estimate", "ci_low", "ci_high", "tau2")}
    if k > 2:
        moved = influence(yi, vi, left=left, **by)
        columns |= {name: getattr(moved, name) for name in MEASURED}
    effects_of = Counter(effect.trial for effect in pool.effects)
    # NaN: there is no such value, as τ² where one trial is left
    rows = [
        {name: None if np.isnan(column[i]) else float(column[i]) for name, column in columns.items()}
        for i in range(k)
    ]
    return tuple(
        Without(
            label=effect.label,
            k=int(left.k[i]),
            weight=pool.weights[i],
            trials=len(effects_of) - (effects_of[effect.trial] == 1),
            **rows[i],  # type: ignore[arg-type]
        )
        for i, effect in enumerate(pool.effects)
    )
