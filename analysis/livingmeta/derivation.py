"""From the reported rows of one trial to one effect, each step kept in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtri

from livingmeta.conversions import (
    pooled_sd,
    sd_from_difference_se,
    sd_from_se,
    se_from_ci,
    se_from_p,
    smd_from_external_sd,
)
from livingmeta.effect_sizes import mean_difference, smd, smd_from_difference
from livingmeta.names import pick
from livingmeta.pooling import CONFIDENCE, MODELS, PREDICTION
from livingmeta.profiles import Profile, profile
from livingmeta.protocol import Methods, Review, lenders, row_sets
from livingmeta.schema import Outcome, Problem, Trial
from livingmeta.tau2 import TAU2


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One trial's effect in one synthesis; negative `yi` favours group 1.

    `mean1`, `sd1`, `mean2`, `sd2` are what the effect was computed from, in the
    instrument's own direction; `difference` is the reported difference as text,
    where that is all there is. `rows` names each row used as (file, spreadsheet row).
    """

    trial: str
    label: str  # trial label with year, "Aasa 2015"
    year: int | None
    contrast: str | None
    subgroup: str | None
    instrument: str | None
    instrument_name: str | None
    domain: str | None  # pain, function, composite
    weeks: float | None
    time_label: str | None
    statistic: str | None  # final, change, or None where not stated
    measure: str
    n1: int | None
    n2: int | None
    mean1: float | None
    sd1: float | None
    mean2: float | None
    sd2: float | None
    difference: str | None
    yi: float
    vi: float
    ci_low: float
    ci_high: float
    derivation: tuple[str, ...]
    flags: tuple[str, ...]
    assumption: str | None
    rows: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows and trials take part, as the user asked.

    Attributes
    ----------
    include_sensitivity : bool
        Use rows held for sensitivity analyses where a trial has no other.
    no_assumptions : bool
        Drop rows that rest on an assumption.
    documented_only : bool
        Drop those, and trials whose membership is inferred.
    without : tuple of str
        Trials left out.
    terms : str
        Set of follow-up terms.
    """

    include_sensitivity: bool = False
    no_assumptions: bool = False
    documented_only: bool = False
    without: tuple[str, ...] = ()
    terms: str = "default"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Methods of one run: a profile with its choices, the measure and the level (a fraction)."""

    profile: Profile
    measure: str = "SMD"
    level: float = 0.95
    assumed: str | None = None  # why the methods are an assumption

    def words(self) -> str:
        """Say the methods in one line."""
        return self.profile.words() + (", assumed" if self.assumed else "")


def settings_of(
    methods: Methods,
    *,
    name: str | None = None,
    measure: str | None = None,
    level: float | None = None,
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
    **choices : str, optional
        `model`, `tau2`, `ci`, `prediction` to use instead.

    Raises
    ------
    ValueError
        For a name that is not known, or a level that is not between 0 and 1.

    Examples
    --------
    >>> settings_of(Methods(profile="revman5"), tau2="PM").words()
    'random effects, PM, Wald interval (profile revman5)'
    """
    level = methods.level if level is None else level
    if not 0 < level < 1:
        raise ValueError(f"level = {level:g}: a level lies between 0 and 1; write 0.95 for 95%.")
    declared = name in {None, methods.profile}
    chosen = profile(name or methods.profile)
    if declared:
        chosen = chosen.with_choices(
            model=methods.model, tau2=methods.tau2, ci=methods.ci, prediction=methods.prediction
        )
    chosen = chosen.with_choices(**choices)
    for what, registry in METHODS.items():
        pick(registry, getattr(chosen, what), what)
    return Settings(
        profile=chosen,
        measure=pick(MEASURES, measure or methods.measure, "measure"),
        level=level,
        assumed=methods.assumed if declared and not any(choices.values()) else None,
    )


MEASURES = {"SMD": "SMD", "MD": "MD"}
METHODS: dict[str, Mapping[str, object]] = {
    "model": MODELS,
    "tau2": TAU2,
    "ci": CONFIDENCE,
    "prediction": {**PREDICTION, "none": None},
}


def undeclarable(review: Review) -> list[Problem]:
    """Say which methods of review.toml are not known."""
    methods = review.protocol.methods
    found = []
    for name in (None, methods.headline):
        try:
            settings_of(methods, name=name)
        except ValueError as refusal:
            place = f"{review.folder.name}/review.toml"
            reason, _, remedy = str(refusal).partition(". ")
            found.append(
                Problem(
                    file=place, row=None, column="methods", value=None,
                    reason=reason.rstrip("."), remedy=remedy,
                )
            )  # fmt: skip
    return found


class NotComputableError(ValueError):
    """A row set from which no effect can be had; the message says why."""


def effect_of(
    review: Review, rows: list[Outcome], settings: Settings, selection: Selection
) -> Effect:
    """Turn one row set into an effect, each step kept.

    Arm values win; a difference supplies what the arms lack.

    Raises
    ------
    NotComputableError
        If the rows do not carry an effect; the message says what is missing.
    """
    arms: dict[str, Outcome] = {row.group: row for row in rows if row.group != "difference"}
    difference = next((row for row in rows if row.group == "difference"), None)
    steps: list[str] = []
    flags: list[str] = []
    summaries = [_arm(arms[group], steps) for group in ("1", "2") if group in arms]
    if len(summaries) == 2 and None not in summaries:
        numbers = _from_arms(summaries, settings, steps)
        used = list(arms.values())
    elif difference is not None:
        steps.clear()
        numbers = _from_difference(
            review, difference, arms, settings, selection, steps=steps, flags=flags
        )
        used = rows if difference.mean is None else [difference]
    else:
        raise NotComputableError(
            "the arms have no spread (SD, SE or interval) and no mean difference"
        )
    instrument = review.instrument(rows[0].instrument)
    standardised = difference is not None and used == [difference] and difference.measure == "SMD"
    if instrument is not None and instrument.better == "higher" and not standardised:
        numbers["yi"] = -numbers["yi"]
        steps.append(f"sign turned: higher {instrument.name} is better")
    half = float(ndtri(0.5 + settings.level / 2)) * math.sqrt(numbers["vi"])
    steps.append(
        f"{settings.measure} {_derived(numbers['yi'])}, variance {_derived(numbers['vi'])}; "
        f"negative favours {review.protocol.groups.group1}"
    )
    trial, first = review.trial(rows[0].trial), rows[0]
    assumptions = dict.fromkeys(row.assumption for row in used if row.assumption)
    flags += _standing(review, trial, bool(assumptions))
    return Effect(
        trial=trial.trial,
        label=f"{trial.label} ({first.contrast})" if first.contrast else trial.label,
        year=trial.year,
        contrast=first.contrast,
        subgroup=first.subgroup,
        instrument=first.instrument,
        instrument_name=instrument.name if instrument else None,
        domain=instrument.domain if instrument else None,
        weeks=first.weeks,
        time_label=first.time_label,
        statistic=first.statistic,
        measure=settings.measure,
        ci_low=numbers["yi"] - half,
        ci_high=numbers["yi"] + half,
        derivation=tuple(steps),
        flags=tuple(flags),
        assumption="; ".join(assumptions) or None,
        rows=tuple((row.file, row.row) for row in used),
        **{**dict.fromkeys(("mean1", "sd1", "mean2", "sd2", "difference")), **numbers},
    )


def _standing(review: Review, trial: Trial, assumed: bool) -> list[str]:
    """Flag what is not documented about a trial and its rows."""
    ruled = any(one.pain_rule1 or one.pain_rule2 for one in review.trials)
    return [
        name
        for name, holds in {
            "rows_assumed": assumed,
            "membership_inferred": trial.membership == "inferred",
            "contrast_undocumented": ruled and not trial.pain_rule2,
        }.items()
        if holds
    ]


def _show(number: float) -> str:
    """Format a number as printed."""
    return f"{number:.10g}".replace("-", "−")


def _derived(number: float) -> str:
    """Format a number that we computed: three digits, so that a reader can check the step."""
    return f"{number:#.3g}".rstrip(".").replace("-", "−")


def _arm(row: Outcome, steps: list[str]) -> tuple[float, float, int] | None:
    """Return mean, SD and n of an arm, None where mean or spread is missing."""
    if row.mean is None or row.n is None:
        return None
    name = f"group {row.group}"
    if row.sd is not None:
        sd, how = row.sd, f"{name}: SD as printed: {_show(row.sd)}"
    elif row.se is not None:
        sd = sd_from_se(row.se, row.n)
        how = f"{name}: SD from the SE of the mean and n = {row.n}: {_derived(sd)}"
    elif row.ci_low is not None and row.ci_high is not None and row.ci_level is not None:
        level = row.ci_level / 100
        df = None if row.ci_basis == "z" else row.n - 1
        sd = se_from_ci(row.ci_low, row.ci_high, df=df, level=level) * math.sqrt(row.n)
        quantile = "normal quantile" if df is None else f"t with {df} df"
        how = f"{name}: SD from the {row.ci_level:g}% CI of the mean, {quantile}: {_derived(sd)}"
    else:
        return None
    steps.append(how)
    return row.mean, sd, row.n


def _from_arms(summaries: list[Any], settings: Settings, steps: list[str]) -> dict[str, Any]:
    (mean1, sd1, n1), (mean2, sd2, n2) = summaries
    chosen = settings.profile
    if settings.measure == "MD":
        yi, vi = mean_difference(mean1, sd1, n1, mean2, sd2, n2, variance=chosen.md_variance)
        steps.append(f"mean difference {_show(mean1)} − {_show(mean2)}")
    else:
        yi, vi = smd(
            mean1, sd1, n1, mean2, sd2, n2,
            correction=chosen.correction, variance=chosen.smd_variance,
        )  # fmt: skip
        steps.append(
            f"SMD = J·({_show(mean1)} − {_show(mean2)})/pooled SD, n = {n1} and {n2}: "
            f"{_derived(yi)}"
        )
    return {"yi": yi, "vi": vi, "mean1": mean1, "sd1": sd1, "n1": n1,
            "mean2": mean2, "sd2": sd2, "n2": n2}  # fmt: skip


def _from_difference(
    review: Review,
    row: Outcome,
    arms: dict[str, Outcome],
    settings: Settings,
    selection: Selection,
    *,
    steps: list[str],
    flags: list[str],
) -> dict[str, Any]:
    n1 = row.n1 or (arms["1"].n if "1" in arms else None)
    n2 = row.n2 or (arms["2"].n if "2" in arms else None)
    if row.measure == "OR":
        raise NotComputableError("an odds ratio is not pooled with differences of means")
    if row.measure == "SMD":
        return _as_printed(review, row, n1, n2, settings, steps)
    if n1 is None or n2 is None:
        raise NotComputableError("the number of people per arm is not known")
    md = row.mean
    if md is None:
        means = [arms[group].mean for group in ("1", "2") if group in arms]
        if len(means) < 2 or means[0] is None or means[1] is None:
            raise NotComputableError("neither the difference nor both means are printed")
        md = means[0] - means[1]
        steps.append(f"difference of the means: {_show(means[0])} − {_show(means[1])}")
    se, shown = _standard_error(review, row, md, n1 + n2 - 2, steps=steps, flags=flags)
    numbers = {"n1": n1, "n2": n2, "difference": f"{_show(md)} {shown}"}
    if settings.measure == "MD":
        return {"yi": md, "vi": se**2, **numbers}
    if row.sd_from is not None:
        lent = lenders(review, row.sd_from)
        sd = pooled_sd(*(value for one in lent for value in (one.sd, one.n)))  # type: ignore[arg-type]
        yi, vi = smd_from_external_sd(md, se, sd)
        flags.append("sd_external")
        steps.append(
            f"a model's SE gives no raw SD: divided by the SD {_derived(sd)} of {row.sd_from}, "
            "variance (SE/SD)²"
        )
        return {"yi": yi, "vi": vi, **numbers}
    if row.adjusted == "yes":
        if not selection.include_sensitivity:
            raise NotComputableError(
                "an adjusted difference gives no raw SD, and no sd_from is named"
            )
        flags.append("sd_from_adjusted")
    sd = sd_from_difference_se(se, n1, n2)
    yi, vi = smd_from_difference(
        md, sd, n1, n2,
        correction=settings.profile.correction, variance=settings.profile.smd_variance,
    )  # fmt: skip
    steps.append(f"SD = SE/√(1/{n1} + 1/{n2}): {_derived(sd)}")
    steps.append(f"SMD = J·{_show(md)}/{_derived(sd)}: {_derived(yi)}")
    return {"yi": yi, "vi": vi, **numbers}


def _as_printed(
    review: Review, row: Outcome, n1: int | None, n2: int | None, settings: Settings,
    steps: list[str],
) -> dict[str, Any]:  # fmt: skip
    if settings.measure != "SMD":
        raise NotComputableError("only a standardised difference is printed")
    if row.mean is None:
        raise NotComputableError("the standardised difference itself is not printed")
    steps.append("SMD as printed, no second small-sample correction; sign as printed")
    se, shown = _standard_error(review, row, row.mean, None, steps=steps, flags=[])
    text = f"SMD {_show(row.mean)} {shown}"
    return {"yi": row.mean, "vi": se**2, "n1": n1, "n2": n2, "difference": text}


def _standard_error(
    review: Review, row: Outcome, estimate: float, df: int | None,
    *, steps: list[str], flags: list[str],
) -> tuple[float, str]:  # fmt: skip
    """Return a difference's standard error and the printed spread it rests on."""
    if row.se is not None:
        steps.append(f"SE as printed: {_show(row.se)}")
        return row.se, f"(SE {_show(row.se)})"
    if row.ci_low is not None and row.ci_high is not None and row.ci_level is not None:
        theirs = review.source(row.source).kind == "review"
        modelled = row.adjusted == "yes" or row.sd_from is not None
        basis = row.ci_basis or ("z" if theirs or modelled or df is None else "t")
        quantile = df if basis == "t" else None
        se = se_from_ci(row.ci_low, row.ci_high, df=quantile, level=row.ci_level / 100)
        if row.ci_basis is not None:
            why = ""
        elif theirs:
            why = " (another review's)"
        else:
            why = " (a model's df are not known)" if modelled else ""
        named = "normal quantile" if quantile is None else f"t with {quantile} df"
        steps.append(f"SE from the {row.ci_level:g}% CI, {named}{why}: {_derived(se)}")
        return se, f"[{_show(row.ci_low)}, {_show(row.ci_high)}]"
    if row.p_value is None:
        raise NotComputableError("the difference has no spread: no SE, interval or P value")
    if row.p_relation == ">":
        raise NotComputableError(f"P > {row.p_value:g} gives no effect")
    if df is None or estimate == 0:
        raise NotComputableError("a P value needs a difference other than 0 and both arm sizes")
    se = se_from_p(estimate, row.p_value, df=df)
    if row.p_relation == "<":
        flags.append("p_bound")
        steps.append(f"P < {row.p_value:g} taken as {row.p_value:g}: the smallest effect it allows")
    steps.append(f"SE from two-sided P = {row.p_value:g}, t with {df} df: {_derived(se)}")
    return se, f"(P {row.p_relation} {row.p_value:g})"


def implausible(review: Review) -> list[Problem]:
    """Warn of effects so large that a typing error is likelier than a finding."""
    settings = Settings(profile=profile("today"))
    selection = Selection(include_sensitivity=True)
    found = []
    for rows in row_sets(row for row in review.outcomes if row.use != "no").values():
        try:
            effect = effect_of(review, rows, settings, selection)
        except NotComputableError:
            continue
        if abs(effect.yi) > 2:  # rarer than one effect in a hundred, and typical of an SE for an SD
            found.append(
                rows[0].problem(
                    "mean",
                    f"the standardised difference would be {effect.yi:.1f}",
                    "Is an SE typed as an SD, or a decimal point lost?",
                    severity="warning",
                )
            )
    return found
