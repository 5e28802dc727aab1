"""What a run is asked to do: which rows and trials take part, and by which methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from livingmeta.engine.counts import RD_VARIANCES, SUMS, ZERO_CELLS, Cells
from livingmeta.engine.effect_sizes import CORRECTIONS, MD_VARIANCES, VARIANCES
from livingmeta.engine.inputs import no_level
from livingmeta.engine.measures import MEASURES, measure_named
from livingmeta.engine.pooling import DEFAULTS, METHODS, MODELS, REGISTRIES
from livingmeta.engine.quantiles import MEANS, SDS
from livingmeta.language import Said, said, together
from livingmeta.review.protocol import Methods, Review
from livingmeta.synthesis.profiles import METHOD_CHOICES, PROFILES, Profile, profile
from livingmeta.words import RefusalError, pick, refuse


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows and trials take part, as the user asked.

    Attributes
    ----------
    include_sensitivity : bool
        Use rows held for sensitivity analyses where a trial has no other.
    no_assumptions : bool
        Drop rows that rest on an assumption, and conversions that do.
    documented_only : bool
        Drop those, and trials whose membership is inferred.
    without : tuple of str
        Trials left out.
    terms : str
        Set of follow-up terms.
    subgroup : str, optional
        Moderator by which every synthesis is parted, instead of its own subgroups: "setting", or
        a cut of numbers ("age<50").
    repeated : bool
        Use computed effects that repeat another one of their trial, too.
    """

    include_sensitivity: bool = False
    no_assumptions: bool = False
    documented_only: bool = False
    without: tuple[str, ...] = ()
    terms: str = "default"
    subgroup: str | None = None
    repeated: bool = False

    @property
    def strict(self) -> bool:
        """Say whether assumptions are switched off."""
        return self.no_assumptions or self.documented_only


PETO = "PETO"  # the measure that Peto's method pools


class Counted(Protocol):
    """An effect of counts."""

    @property
    def cells(self) -> tuple[float, float, float, float] | None:
        """Its counts as they are summed."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Methods of one run: a profile with its choices, the measure and the level (a fraction)."""

    profile: Profile
    measure: str = "SMD"
    called: str | None = None  # another name of the measure
    level: float = 0.95
    mean_from: str = "luo"
    sd_from: str = "shi"
    subgroup_tau2: str = "separate"  # or "common": one τ² in all subgroups
    assumed: str | None = None  # why the methods are an assumption
    cluster: str | None = None  # "trial": an interval that allows for several effects of a trial

    def words(self) -> Said:
        """Say the methods in one line."""
        method = self.method if MEASURES[self.measure].needs == "counts" else None
        words = [self.profile.words(ci="CR2" if self.cluster else None, method=method)]
        if self.subgroup_tau2 == "common" and self.profile.model == "random":
            words.append(said("pool.one_tau2"))
        return together([*words, said("pool.assumed")] if self.assumed else words, "")

    @property
    def deriving(self) -> tuple[object, ...]:
        """What an effect depends on; how effects are pooled is no part of it."""
        by = self.profile
        formulas = (by.correction, by.smd_variance, by.md_variance, by.zero_cells)
        return self.measure, self.label, self.level, self.mean_from, self.sd_from, *formulas

    def formulas(self, measure: str) -> dict[str, str]:
        """Return what the function of a measure is asked to compute by."""
        return {name: getattr(self.profile, which) for name, which in MEASURES[measure].options.items()}

    @property
    def method(self) -> str:
        """By which effects are pooled, of `pooling.METHODS`: those of no counts by inverse variance."""
        if self.measure == PETO:
            return "Peto"
        return self.profile.method if MEASURES[self.measure].needs == "counts" else "IV"

    def of(self, effects: Iterable[Counted]) -> Settings:
        """Return the methods of these effects: of none with counts, those that nobody chose for counts."""
        listed = list(effects)
        own = self.method == "MH" == self.profile.own_method()
        if own and listed and all(effect.cells is None for effect in listed):
            return replace(self, profile=replace(self.profile, method="IV"))
        return self

    @property
    def by_variance(self) -> dict[str, Any]:
        """How `pooling.fit` is asked to pool what has no counts."""
        chosen = self.profile
        return {"model": chosen.model, "tau2": chosen.tau2, "ci": chosen.ci, "level": self.level}

    def fitting(self, effects: Iterable[Counted]) -> dict[str, Any]:
        """Say how `pooling.fit` is asked to pool effects, with their counts where those are summed."""
        listed = list(effects)
        if self.of(listed).method != "MH":
            return self.by_variance
        counts = np.array([effect.cells for effect in listed], float).T
        by = self.profile
        cells = Cells(self.measure, counts, by.mh_zero_cells, by.mh_variance)
        return {**self.by_variance, "method": "MH", "cells": cells}

    def as_in(self, name: str) -> Settings:
        """Return the same with the methods of another profile, as the program has them."""
        other = PROFILES[name]
        return replace(self, profile=other.with_choices(method="Peto") if self.measure == PETO else other)

    @property
    def label(self) -> str:
        """How the measure is called where its numbers stand."""
        return self.called or MEASURES[self.measure].label


CLUSTERS = {"trial": "an interval that allows for several effects of a trial"}
METHOD_OPTIONS: dict[str, Mapping[str, object]] = {
    "correction": CORRECTIONS,
    "smd_variance": VARIANCES,
    "md_variance": MD_VARIANCES,
    "zero_cells": ZERO_CELLS,
    "mh_zero_cells": dict.fromkeys(SUMS),
    "mh_variance": RD_VARIANCES,
    "method": dict.fromkeys(METHODS),
    "model": MODELS,
    **REGISTRIES,
    "i2": dict.fromkeys(("q", "tau2")),
}
assert METHOD_OPTIONS.keys() == METHOD_CHOICES.keys()


def summed(measure: str) -> bool:
    """Say whether counts of a measure can be summed by Mantel and Haenszel."""
    return measure != PETO and measure in MEASURES and MEASURES[measure].needs == "counts"


def settings_of(
    methods: Methods,
    *,
    name: str | None = None,
    measure: str | None = None,
    level: float | None = None,
    cluster: str | None = None,
    **choices: str | None,
) -> Settings:
    """Turn a review's declared methods into settings.

    Parameters
    ----------
    methods : Methods
        What review.toml declares.
    name : str, optional
        Profile to use instead, without the review's own choices.
    measure, level : str, float, optional
        To use instead of the declared ones; `level` is a fraction.
    cluster : str, optional
        "trial": intervals that allow for several effects of a trial (cluster-robust, CR2).
    **choices : str, optional
        Methods to use instead, any of `profiles.METHOD_CHOICES`.

    Raises
    ------
    ValueError
        For a name that is not known, or a level that is not between 0 and 1.

    Examples
    --------
    >>> settings_of(Methods(profile="revman5"), tau2="PM").words()
    'random effects, PM, Wald interval (profile revman5, changed)'
    """
    level = methods.level if level is None else level
    refuse(no_level(level))
    if cluster is not None:
        pick(CLUSTERS, cluster, "cluster")
        if choices.get("ci"):
            raise RefusalError(
                f"ci = {choices['ci']!r} and cluster both say what the interval is: choose one."
            )
    wanted = _measured_by(measure or methods.measure, choices, methods)
    declared = name in {None, methods.profile}
    chosen = profile(name or methods.profile)
    if declared:
        chosen = chosen.with_choices(**{what: getattr(methods, what) for what in METHOD_CHOICES})
    method = choices.get("method") or (methods.method if declared else None)
    chosen = chosen.with_choices(**{**choices, "method": method})
    if wanted == PETO and chosen.method != "Peto":
        chosen = chosen.with_choices(method="Peto", model=choices.get("model") or methods.model)
    for what, registry in METHOD_OPTIONS.items():
        if what not in DEFAULTS:  # which with_choices has looked at
            pick(registry, getattr(chosen, what), what)
    if methods.subgroup_tau2 == methods.model == "common":
        raise RefusalError(
            "subgroup_tau2 = 'common' with model = 'common': a common effect has no τ² that "
            "subgroups could share. Leave one of the two out."
        )
    _nameable(methods)
    pick(MEANS, methods.mean_from, "mean_from")
    pick(SDS, methods.sd_from, "sd_from")
    made = Settings(
        profile=chosen,
        measure=wanted,
        called=methods.measure_label if wanted == methods.measure else None,
        level=level,
        mean_from=methods.mean_from,
        sd_from=methods.sd_from,
        subgroup_tau2=methods.subgroup_tau2,
        assumed=methods.assumed if declared and not any((*choices.values(), cluster)) else None,
        cluster=cluster,
    )
    refuse(_not_summed(made))
    return made


def _measured_by(wanted: str, choices: Mapping[str, str | None], methods: Methods) -> str:
    """Return the measure that a method pools, or refuse one that it can't."""
    measure = pick(MEASURES, wanted, "measure")
    method = choices.get("method") or methods.method
    if method is None:
        return wanted
    pick(METHOD_OPTIONS["method"], method, "method")
    if method == "Peto" and wanted == "OR":
        return PETO
    if (method == "Peto") != (wanted == PETO):
        raise RefusalError(
            f"method = {method!r} with measure = {wanted!r}: Peto's method pools one-step odds ratios "
            "(measure OR) and nothing else does. Choose another measure or method."
        )
    if method == "MH" and measure.needs != "counts":
        raise RefusalError(
            f"method = 'MH' with measure = {wanted!r}: Mantel-Haenszel sums counts (measure OR, RR or RD). "
            "Choose another measure, or method = IV."
        )
    return wanted


def _not_summed(settings: Settings) -> Iterable[str]:
    """Say what does not go with the sums of Mantel and Haenszel."""
    if settings.method != "MH":
        return
    if settings.cluster is not None:
        yield (
            f"cluster = {settings.cluster!r} with method = 'MH': the interval of a cluster is one of inverse "
            "variance. Leave it out, or choose method = IV."
        )
    if settings.subgroup_tau2 == "common" and settings.profile.model == "random":
        yield (
            "subgroup_tau2 = 'common' with method = 'MH': one τ² of all subgroups is estimated by inverse "
            "variance. Leave it out, or choose method = IV."
        )


def _nameable(methods: Methods) -> None:
    """Refuse a name of the effects that would have them read as what they are not."""
    label, measure = methods.measure_label, MEASURES.get(methods.measure)
    if label is None or measure is None or label == measure.label:
        return
    taken = measure_named(label)
    if taken not in {None, methods.measure}:
        why = f"that is a name of another measure, {MEASURES[str(taken)].words.lower()}"
    elif measure.ratio:
        why = f"effects of this measure are shown as {measure.ratio}, under no other name"
    else:
        return
    raise RefusalError(
        f"measure_label = {label!r} with measure = {methods.measure!r}: {why}. Leave measure_label "
        "out, or declare as measure what the effects are."
    )


def headline_settings(review: Review, *, name: str | None = None, **asked: Any) -> Settings:
    """Return the methods that every answer about a review has, unless others are asked for.

    They are those of the profile that review.toml names as `headline`, taken whole: the choices
    beside it (model, tau2, …) belong to the methods assumed for the authors. A review without a
    `headline` has the methods that it declares.

    Keywords are as in `settings_of`.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> headline_settings(load_review("smith2017"), tau2="PM").words()
    'random effects, PM, modified HKSJ interval (profile today, changed)'
    """
    methods = review.protocol.methods
    return settings_of(methods, name=name or methods.headline, **asked)
