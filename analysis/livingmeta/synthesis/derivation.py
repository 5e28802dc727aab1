"""From the reported rows of one trial to one effect, each step kept in words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtri

from livingmeta.engine.conversions import (
    pooled_sd,
    sd_from_difference_se,
    se_from_ci,
    se_from_t,
    smd_from_external_sd,
    smd_from_odds_ratio,
    t_from_p,
)
from livingmeta.engine.counts import KEEP
from livingmeta.engine.effect_sizes import smd_from_difference, smd_from_t
from livingmeta.engine.inputs import LARGEST, SMALLEST
from livingmeta.engine.measures import MEASURES, NEEDS, as_shown, kind_of, scale_name, sized, turning
from livingmeta.engine.pooling import Sided
from livingmeta.language import Own, Said, Word, said, together
from livingmeta.printer import Shown
from livingmeta.review.protocol import Review, lenders
from livingmeta.review.schema import Outcome, Trial, printed_as
from livingmeta.synthesis.arms import (
    Group,
    Trail,
    arm_of,
    before,
    correlation,
    counts_of,
    group_of,
    ignores_clusters,
    mark_clusters,
    mark_correlation,
    of_clusters,
    on_both_sides,
    quantile_of,
    unlike,
)
from livingmeta.synthesis.settings import Selection, Settings
from livingmeta.words import Numeral, RefusalError, count, derived, raised, show


@dataclass(frozen=True, kw_only=True, repr=False)
class Effect(Shown, Sided):
    """One trial's effect in one synthesis; whom a negative `yi` favours, `Pool.favours` says.

    `mean1`, `sd1`, `mean2`, `sd2` are what the effect was computed from, in the
    instrument's own direction; `difference` is the reported difference as text,
    where that is all there is. `rows` are the rows used, each with its source, locator and quote.
    `n1` and `n2` are the people counted in it, `arms` those behind it: whole, arm by arm.

    Attributes
    ----------
    trial, label : str
        Its id, and what is printed: "Aasa 2015".
    measure : str
        What `yi` is: "SMD", "log OR".
    yi, vi : float
        Group 1 minus group 2 in the unit of the measure (logs of ratios), and its variance.
    ci_low, ci_high : float
        Limits of its own, at the level that is pooled with.
    n1, n2 : float or None
        People; a group that several comparisons share counts in parts.
    derivation : tuple of str
        How it was computed, step by step.
    flags : tuple of str
    rows : tuple of Outcome

    Examples
    --------
    >>> from livingmeta import trace
    >>> effect = trace("smith2017", "pain-short", "Aasa 2015")[0]
    >>> effect.label, effect.measure, round(effect.yi, 2), (effect.n1, effect.n2)
    ('Aasa 2015', 'SMD', -0.13, (35, 35))
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
    n1: float | None  # a split group may count half a person
    n2: float | None
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
    rows: tuple[Outcome, ...]
    arms: tuple[tuple[Group, ...], ...] = ((), ())  # the people of group 1, of group 2
    turned: bool = False  # the sign is the opposite of that of the values printed
    # a, b, c, d as they are summed: of split groups their part, in the direction of `yi`, no 0.5 added
    cells: tuple[float, float, float, float] | None = None

    def __str__(self) -> str:
        estimate, low, high = as_shown(self.measure, self.yi, self.ci_low, self.ci_high)
        shown = f"{scale_name(self.measure)} {estimate} ({low} to {high})"
        return f"{self.label}: {shown}, of {', '.join(row.place for row in self.rows)}"

    def _flagged(self) -> Mapping[str, str]:
        return {}  # they are told where it is pooled

    @property
    def quoted(self) -> list[list[Outcome]]:
        """The rows, those together that one quote of one source carries."""
        quoted: dict[tuple[str | None, ...], list[Outcome]] = defaultdict(list)
        for row in self.rows:
            quoted[row.file, row.source, row.locator, row.quote].append(row)
        return list(quoted.values())

    @property
    def numbers(self) -> tuple[float | None, ...]:
        """People of group 1 and group 2, or of the one group that it is of."""
        return (self.n1, self.n2) if self.arms[1] else (self.n1,)

    @property
    def sizes(self) -> tuple[float, float] | None:
        """People of group 1 and 2 counted in it; None where a number is not known."""
        return None if self.n1 is None or self.n2 is None else (self.n1, self.n2)

    @property
    def independent(self) -> tuple[float, float] | None:
        """People of group 1 and 2 that count as independent: fewer than there are, in clusters."""
        if self.sizes is None or all(group.inflation == 1 for side in self.arms for group in side):
            return self.sizes
        n1, n2 = (sum(group.independent or 0 for group in side) for side in self.arms)
        return n1, n2

    @property
    def counts(self) -> tuple[float, float, float, float] | None:
        """Events and people of group 1, of group 2, that count as independent; None where not known."""
        counts: list[float] = []
        for side in self.arms:
            listed = [dict(group.told).get("events") for group in side]
            if not side or None in listed or any(group.people is None for group in side):
                return None
            parts = max(group.parts for group in side)
            events, people = sum(map(float, listed)), sum(group.people or 0 for group in side)  # type: ignore[arg-type]
            inflation = people / sum((group.people or 0) / group.inflation for group in side)
            counts += [events / parts / inflation, people / parts / inflation]
        return counts[0], counts[1], counts[2], counts[3]


def yi_vi(effects: Iterable[Effect]) -> tuple[list[float], list[float]]:
    """Return effects and their variances, as the engine takes them."""
    listed = list(effects)
    return [effect.yi for effect in listed], [effect.vi for effect in listed]


class NotComputableError(RefusalError):
    """A row set from which no effect can be had; the message says why."""

    @property
    def why(self) -> str:
        """The message, in words that a page can say in its language."""
        message: str = self.args[0]
        return message


def effect_of(review: Review, rows: list[Outcome], settings: Settings, selection: Selection) -> Effect:
    """Turn one row set into an effect, each step kept.

    Arm values win; a difference supplies what the arms lack.

    Raises
    ------
    NotComputableError
        If the rows do not carry an effect; the message says what is missing.
    """
    arms = {group: [row for row in rows if row.group == group] for group in ("1", "2")}
    difference = next((row for row in rows if row.group == "difference"), None)
    several = len({row.contrast for row in rows}) > 1
    if several and on_both_sides(arms["1"], arms["2"]):
        raise NotComputableError(said("unused.both_sides"))
    trail = Trail(review, settings)
    try:
        # an analysis that allows for clusters wins over arms that do not
        allows = difference is not None and difference.cluster_adjusted == "yes"
        numbers = None if allows and ignores_clusters(arms["1"] + arms["2"]) else _of_arms(arms, trail)
        used = [row for group in arms.values() for row in unlike(group)]
        if numbers is None and difference is not None:
            if several:
                raise NotComputableError(said("unused.computed"))
            trail = Trail(review, settings)
            standardised = MEASURES[kind_of(difference.measure or "MD")[0]].standardised  # it says it itself
            if printed_as(difference.note) and not standardised:
                trail.steps.append(_sign(difference))
            numbers = _of_difference(difference, arms, selection, trail)
            used = rows if difference.mean is None else [difference]
    except NotComputableError:
        raise
    except ValueError as refusal:
        reasons = str(refusal).replace("trial 1: ", "").splitlines()  # one line in every list
        raise NotComputableError(" ".join(reasons)) from None
    if numbers is None:
        raise NotComputableError(LACKING[MEASURES[settings.measure].needs])
    if not (abs(numbers["yi"]) <= LARGEST and SMALLEST <= numbers["vi"] <= LARGEST):
        raise NotComputableError(said("unused.too_far"))
    if trail.assumed and selection.strict:
        raise NotComputableError(said("unused.assumed", what=together(trail.assumed)))
    instrument = review.instrument(rows[0].instrument)
    printed = difference.measure if difference is not None and used == [difference] else None
    standardised = printed is not None and MEASURES[kind_of(printed)[0]].standardised
    turned = instrument is not None and instrument.better == "higher" and not standardised
    turned = turned and not MEASURES[settings.measure].one_group  # which has no other group to favour
    if instrument is not None and turned:
        numbers["yi"] = -numbers["yi"]
        if (cells := numbers.get("cells")) is not None:
            numbers["cells"] = (*cells[2:], *cells[:2])
        trail.say("step.turned", turning=turning(settings.label), instrument=Own(instrument.name))
    half = float(ndtri(0.5 + settings.level / 2)) * math.sqrt(numbers["vi"])
    yi, vi = derived(numbers["yi"]), derived(numbers["vi"])
    trail.say("step.effect", label=Word(settings.label), yi=yi, vi=vi)
    trial, first = review.trial(rows[0].trial), rows[0]
    assumptions = dict.fromkeys([row.assumption for row in used if row.assumption] + trail.assumed)
    named = {row.contrast: None for row in rows}
    contrasts = "" if None in named else " + ".join(filter(None, named))
    flags = (*trail.flags, *_standing(review, trial, used, bool(assumptions)))
    return Effect(
        trial=trial.trial,
        label=f"{trial.label} ({contrasts})" if contrasts else trial.label,
        year=trial.year,
        contrast=contrasts or None,
        subgroup=first.subgroup,
        instrument=first.instrument,
        instrument_name=instrument.name if instrument else None,
        domain=instrument.domain if instrument else None,
        weeks=first.weeks,
        time_label=first.time_label,
        statistic=first.statistic,
        measure=sized(settings.label, [numbers["vi"]]),
        ci_low=numbers["yi"] - half,
        ci_high=numbers["yi"] + half,
        arms=_people(arms, used, numbers, trail),
        derivation=tuple(trail.steps),
        flags=tuple(dict.fromkeys(flags)),
        assumption=together(assumptions) if assumptions else None,
        rows=tuple(used),
        turned=turned,
        **{**dict.fromkeys(("mean1", "sd1", "mean2", "sd2", "difference")), **numbers},
    )


def _people(
    arms: dict[str, list[Outcome]], used: list[Outcome], numbers: dict[str, Any], trail: Trail
) -> tuple[tuple[Group, ...], ...]:
    """Return the people behind an effect; a difference tells nothing but their number."""
    sides = []
    inflation = next((row.inflation or 1.0 for row in used if row.group == "difference"), 1.0)
    for name, rows in arms.items():
        parts = trail.parts.get(name, 1)
        groups = [group_of(row, parts=parts) for row in unlike(rows) if any(row is u for u in used)]
        n = numbers.get(f"n{name}")
        alone = name == "2" and MEASURES[trail.settings.measure].one_group
        whole = Group(None if n is None else round(n), (), inflation=inflation)
        sides.append(tuple(groups) or (() if alone else (whole,)))
    return tuple(sides)


LACKING = {
    "means": said("unused.means"),
    "prepost": said("unused.prepost"),
    "counts": said("unused.counts"),
    "rates": said("unused.rates"),
    "events": said("unused.counts_alone"),
    "rate": said("unused.rate"),
    "mean": said("unused.mean"),
    "correlation": said("unused.coefficient"),
    "effect": said("unused.effect"),
}


def _standing(review: Review, trial: Trial, rows: list[Outcome], assumed: bool) -> tuple[str, ...]:
    """Flag what is not documented about a trial and its rows."""
    sources = [review.source(row.source) for row in rows]
    return raised(
        {
            "rows_assumed": assumed,
            "secondary_source": any(source.reading == "secondary" for source in sources),
            "membership_inferred": trial.membership == "inferred",
            "contrast_undocumented": review.rules_known and not trial.pain_rule2,
            "clusters_ignored": trial.randomised == "clusters" and ignores_clusters(rows),
        }
    )


FIELDS = ("mean", "sd", "n")  # of an arm, that an effect is computed from


def _of_arms(arms: dict[str, list[Outcome]], trail: Trail) -> dict[str, Any] | None:
    """Compute the effect from both arms, None where they do not carry one."""
    measure = MEASURES[trail.settings.measure]
    if measure.one_group:
        return _of_one(arms, trail)
    if not all(arms.values()) or measure.function is None:  # such effects come computed
        return None
    if measure.needs == "prepost":
        return _before_and_after(arms, trail)
    if measure.needs in {"counts", "rates"}:
        return _of_events(arms, trail)
    summaries = [arm_of(rows, trail) for rows in arms.values()]
    first, second = summaries
    if first is None or second is None:
        return None
    numbers = {f"{name}1": getattr(first, name) for name in FIELDS}
    numbers |= {f"{name}2": getattr(second, name) for name in FIELDS}
    shown = {name: (count if name[0] == "n" else show)(value) for name, value in numbers.items()}
    yi, vi = _computed(trail, tuple(numbers.values()), shown=shown)
    return {"yi": yi, "vi": vi, **numbers, "n1": first.people, "n2": second.people}


def _of_events(arms: dict[str, list[Outcome]], trail: Trail) -> dict[str, Any] | None:
    """Compute the effect from counts of people or of person-time, None where the arms have none."""
    measure = MEASURES[trail.settings.measure]
    by_time = measure.needs == "rates"
    of = "person_time" if by_time else "n"
    counts = [counts_of(rows, trail, of=of) for rows in arms.values()]
    if counts[0] is None or counts[1] is None:
        return None
    counted = (*counts[0][:2], *counts[1][:2])
    parts = tuple(arm.parts * arm.inflation for arm in (counts[0], counts[1]))
    if measure.ratio and KEEP not in trail.settings.formulas(trail.settings.measure).values():
        if counted[0] == counted[2] == 0:
            raise NotComputableError(said("unused.no_rate" if by_time else "unused.nobody"))
        if not by_time and counted[0] == counted[1] and counted[2] == counted[3]:
            raise NotComputableError(said("unused.everybody"))
    shares = [number / parts[place // 2] for place, number in enumerate(counted)]
    shown = dict(zip(NEEDS[measure.needs], map(count, shares), strict=False))
    given = {} if parts == (1, 1) else {"shared": parts}
    yi, vi = _computed(trail, counted, shown=shown, **given)
    _mark_empty(counted, trail, (yi, vi), given)
    n1, n2 = (
        _people_in(rows, arm.parts) if by_time else arm.people / arm.parts
        for rows, arm in zip(arms.values(), (counts[0], counts[1]), strict=True)
    )
    whole = [number / arm.parts for arm in (counts[0], counts[1]) for number in arm[:2]]  # as reported
    named = dict(zip(NEEDS[measure.needs], map(count, whole), strict=False))
    difference = said("step.rates" if by_time else "step.counts", **named)
    a, all1, c, all2 = shares
    cells = None if by_time else (a, all1 - a, c, all2 - c)
    return {"yi": yi, "vi": vi, "n1": n1, "n2": n2, "cells": cells, "difference": difference}


def _people_in(rows: list[Outcome], parts: int = 1) -> float | None:
    """Return the people of rows, where that number is known, by comparisons that share them."""
    sizes = [row.n for row in unlike(rows)]
    return None if None in sizes else sum(size or 0 for size in sizes) / parts


def _of_one(arms: dict[str, list[Outcome]], trail: Trail) -> dict[str, Any] | None:
    """Compute the effect of a single group, None where its rows do not carry one."""
    measure = MEASURES[trail.settings.measure]
    if arms["2"]:
        raise NotComputableError(said("unused.two_groups", label=Word(measure.label)))
    rows = unlike(arms["1"])
    people, inflation = {"n1": _people_in(rows), "n2": None}, 1.0
    numbers: tuple[float, ...]
    kept: dict[str, Any] = {}
    if measure.needs == "mean":
        arm = arm_of(rows, trail)
        if arm is None:
            return None
        numbers, kept = (arm.mean, arm.sd, arm.n), {"n1": arm.people, "mean1": arm.mean, "sd1": arm.sd}
    elif measure.needs == "correlation":
        if len(rows) > 1:
            raise NotComputableError(said("unused.correlations"))
        if not rows or rows[0].correlation is None or rows[0].n is None:
            return None
        numbers = rows[0].correlation, float(rows[0].n)
        inflation = rows[0].inflation or 1.0
        of_clusters(rows[0], trail, "step.design_people", rows[0].n, group="1", n=rows[0].n)
    else:
        counts = counts_of(rows, trail, of="n" if measure.needs == "events" else "person_time")
        if counts is None:
            return None
        numbers, inflation = counts[:2], counts.inflation
    named = zip(NEEDS[measure.needs], numbers, strict=False)
    shown = {name: (count if name in {"events", "n"} else show)(value) for name, value in named}
    yi, vi = _computed(trail, numbers, shown=shown)
    if measure.needs in {"events", "rate"}:
        _mark_empty(numbers, trail, (yi, vi), {})
    if measure.needs != "mean":
        kept = {"difference": said(f"step.of_{measure.needs}", **shown)}
    return {"yi": yi, "vi": vi * inflation, **people, **kept}


def _computed(
    trail: Trail, numbers: tuple[float, ...], *, shown: dict[str, Numeral], **given: Any
) -> tuple[float, float]:
    """Compute effect and variance by the measure's function and options, and say it."""
    measure = MEASURES[trail.settings.measure]
    options = trail.settings.formulas(trail.settings.measure)
    yi, vi = measure.function(*numbers, **given, **options)  # type: ignore[misc]  # it has one
    trail.steps.append(measure.computed(**options, **shown, yi=derived(yi)))
    return yi, vi


def _mark_empty(
    counted: tuple[float, ...], trail: Trail, effect: tuple[float, float], given: dict[str, Any]
) -> None:
    """Say where an arm is without events, or with nothing else, and what was added for it."""
    measure = MEASURES[trail.settings.measure]
    events = counted[::2]
    pairs = zip(events, counted[1::2], strict=True)
    others = tuple(n - x for x, n in pairs) if measure.needs in {"counts", "events"} else ()
    if 0 in (*events, *others):
        trail.flags.append("empty_cells")
    if not measure.one_group and (0, 0) in (events, others):
        trail.flags.append("no_contrast")
    for name, method in measure.options.items():
        if method == "zero_cells":
            try:
                bare = measure.function(*counted, **given, **{name: "none"})  # type: ignore[misc]
            except ValueError:
                bare = None
            if bare != effect:
                trail.say("step.half_added")
                trail.flags.append("empty_cells_corrected")


def _before_and_after(arms: dict[str, list[Outcome]], trail: Trail) -> dict[str, Any] | None:
    """Compute the pre-post SMD from means before and after, or from mean changes."""
    changed: list[tuple[float, float, float]] = []
    people: list[int] = []
    for rows in arms.values():
        row = rows[0]
        if len(unlike(rows)) > 1:
            raise NotComputableError(said("unused.arms_before"))
        start = before(trail.review, row)
        if start is None or start.sd is None or row.mean is None or row.n is None:
            return None
        if row.statistic != "change" and start.mean is None:
            return None
        change = row.mean if row.statistic == "change" else row.mean - (start.mean or 0)
        (n,) = of_clusters(row, trail, "step.design_people", row.n, group=row.group, n=row.n)
        changed.append((change, start.sd, n))
        people.append(row.n)
        trail.say("step.before", group=row.group, change=derived(change), sd=show(start.sd))
    declared = correlation(trail.review, arms["1"][0])
    if declared is None:
        raise NotComputableError(said("unused.correlation"))
    mark_correlation(declared, trail)
    changes = {f"change{i}": derived(change) for i, (change, _, _) in enumerate(changed, 1)}
    yi, vi = _computed(
        trail, (*changed[0], *changed[1]), r=declared.r, shown={**changes, "r": Numeral(f"{declared.r:g}")}
    )
    text = said("step.changes", **changes)
    return {"yi": yi, "vi": vi, "n1": people[0], "n2": people[1], "difference": text}


def _of_difference(
    row: Outcome, arms: dict[str, list[Outcome]], selection: Selection, trail: Trail
) -> dict[str, Any]:
    settings = trail.settings
    first = {group: rows[0] for group, rows in arms.items() if rows}
    n1 = row.n1 or (first["1"].n if "1" in first else None)
    n2 = row.n2 or (first["2"].n if "2" in first else None)
    kind, measure = kind_of(row.measure or "MD")[0], MEASURES[settings.measure]
    if kind != settings.measure and kind not in measure.converted:
        raise NotComputableError(
            said("unused.other_measure", printed=Word(row.measure or "MD"), label=Word(settings.label))
        )
    if kind == settings.measure and (row.mean is not None or not measure.one_instrument):
        return _as_printed(row, (n1, n2), trail)
    if MEASURES[kind].ratio:
        return _from_odds_ratio(row, (n1, n2), trail)
    if n1 is None or n2 is None:
        raise NotComputableError(said("unused.sizes"))
    md = row.mean
    if md is None and row.t_value is not None and "t" in measure.converted:
        return _from_t(row, (n1, n2), trail)
    if md is None:
        means = [arm.mean for arm in first.values()]
        if len(means) < 2 or means[0] is None or means[1] is None:
            raise NotComputableError(said("unused.no_difference"))
        md = means[0] - means[1]
        trail.say("step.means", mean1=show(means[0]), mean2=show(means[1]))
    se, shown = _standard_error(row, md, n1 + n2 - 2, by_t=True, trail=trail)
    numbers = {"n1": n1, "n2": n2, "difference": together([show(md), shown], " ")}
    if kind == settings.measure:
        return {"yi": md, "vi": _inflated(row, se, trail) ** 2, **numbers}
    if row.sd_from is not None:
        lent = lenders(trail.review, row.sd_from)
        sd = pooled_sd(*(value for arm in lent for value in (arm.sd, arm.n)))  # type: ignore[arg-type]
        yi, vi = smd_from_external_sd(md, _inflated(row, se, trail), sd)
        trail.flags.append("sd_external")
        trail.say("step.sd_lent", sd=derived(sd), lender=row.sd_from)
        return {"yi": yi, "vi": vi, **numbers}
    if row.cluster_adjusted is not None:
        raise NotComputableError(said("unused.cluster_sd"))
    if row.adjusted == "yes":
        if not selection.include_sensitivity:
            raise NotComputableError(said("unused.adjusted"))
        trail.flags.append("sd_from_adjusted")
    sd = sd_from_difference_se(se, n1, n2)
    trail.say("step.sd_difference", n1=n1, n2=n2, sd=derived(sd))
    sizes = of_clusters(row, trail, "step.design_sizes", n1, n2, n1=n1, n2=n2)
    yi, vi = smd_from_difference(md, sd, *sizes, **settings.formulas("SMD"))
    label = Word(measure.label)
    trail.say("step.smd", label=label, md=show(md), sd=derived(sd), yi=derived(yi))
    return {"yi": yi, "vi": vi, **numbers}


def _from_t(row: Outcome, sizes: tuple[int, int], trail: Trail) -> dict[str, Any]:
    """Compute the SMD from t alone: t √(1/n1 + 1/n2) is the difference in SDs."""
    if row.cluster_adjusted is not None:
        raise NotComputableError(said("unused.cluster_sd"))
    t = row.t_value or 0.0
    independent = of_clusters(row, trail, "step.design_sizes", *sizes, n1=sizes[0], n2=sizes[1])
    # of fewer people the same difference in SDs has a smaller t
    smaller = t * math.sqrt(independent[0] / sizes[0])
    yi, vi = smd_from_t(smaller, *independent, **trail.settings.formulas("SMD"))
    trail.say("step.smd_t", n1=sizes[0], n2=sizes[1], t=show(t), yi=derived(yi))
    text = said("step.t_value", t=show(t))
    return {"yi": yi, "vi": vi, "n1": sizes[0], "n2": sizes[1], "difference": text}


def _as_printed(row: Outcome, sizes: tuple[int | None, int | None], trail: Trail) -> dict[str, Any]:
    """Take an effect as it is printed; of a ratio and its limits the logs."""
    kind, as_ratio = kind_of(row.measure or "MD")
    measure, printed = MEASURES[kind], Word(row.measure or "MD")
    if row.mean is None:
        raise NotComputableError(said("unused.unprinted", measure=printed))
    value = show(row.mean)
    text = value if measure.one_instrument else _valued(row)
    label = Word(measure.label)
    if as_ratio:
        if row.ci_low is None or row.ci_high is None or row.ci_level is None:
            raise NotComputableError(said("unused.no_log_se", row=row.row, effect=_valued(row)))
        if min(row.mean, row.ci_low, row.ci_high) <= 0:
            raise NotComputableError(said("unused.not_above_0", measure=printed))
        limits = said("step.of_limits", low=show(row.ci_low), high=show(row.ci_high))
        text = together([text, limits], " ")
        cells = {name: math.log(getattr(row, name)) for name in ("mean", "ci_low", "ci_high")}
        # An SE beside a ratio may be that of the ratio or of its log: the limits say which.
        row = row.model_copy(update={**cells, "se": None})
        trail.say("step.logged", label=label, effect=text, yi=derived(cells["mean"]))
    elif measure.standardised:
        trail.say("step.smd_printed", label=label, sign=_sign(row))
    else:
        trail.say("step.printed", label=label, yi=value)
    df = None if None in sizes else sum(size or 0 for size in sizes) - 2
    yi = row.mean or 0.0
    se, shown = _standard_error(row, yi, df, by_t=measure.one_instrument, trail=trail)
    if row.se is None and _unevenness(row) > UNEVEN:
        trail.flags.append("limits_uneven")
    text = text if as_ratio else together([text, shown], " ")
    se = _inflated(row, se, trail)
    return {"yi": yi, "vi": se * se, "n1": sizes[0], "n2": sizes[1], "difference": text}


def _sign(row: Outcome) -> Said:
    """Say whether a difference has the printed sign, and how it was printed where somebody turned it."""
    words = printed_as(row.note)
    return (
        said("step.noted", turning=said("step.sign_turned"), words=words) if words else said("step.sign_kept")
    )


def _inflated(row: Outcome, se: float, trail: Trail) -> float:
    """Return a standard error times the root of the design effect of its clusters (Handbook 23.1.4)."""
    inflation = row.inflation or 1.0
    if inflation == 1:
        return se
    inflated = se * math.sqrt(inflation)
    mark_clusters(row, inflation, said("step.design_se", se=derived(se), to=derived(inflated)), trail)
    return inflated


def _unevenness(row: Outcome) -> float:
    """Return how far an effect lies from the middle of its limits, as a part of the way between them."""
    if row.mean is None or row.ci_low is None or row.ci_high is None:
        return 0.0
    return abs((row.ci_low + row.ci_high) / 2 - row.mean) / (row.ci_high - row.ci_low)


def _valued(row: Outcome) -> Said:
    return said("step.value", measure=Word(row.measure or "MD"), value=show(row.mean or 0))


def _from_odds_ratio(row: Outcome, sizes: tuple[int | None, int | None], trail: Trail) -> dict[str, Any]:
    """Take a printed odds ratio as an SMD (Hasselblad and Hedges 1995)."""
    numbers = _as_printed(row, sizes, trail)
    yi, vi = smd_from_odds_ratio(numbers["yi"], math.sqrt(numbers["vi"]))
    label = Word(MEASURES[trail.settings.measure].label)
    trail.say("step.odds_ratio", label=label, yi=derived(yi))
    trail.assume("assumption.logistic")
    trail.flags.append("from_odds_ratio")
    return {**numbers, "yi": yi, "vi": vi}


def _standard_error(
    row: Outcome, estimate: float, df: int | None, *, by_t: bool, trail: Trail
) -> tuple[float, Said]:
    """Return a difference's standard error and the printed spread it rests on.

    `df` are those of its arms, where their sizes are known; `by_t` says that an interval whose
    basis is not stated is one of t, as that of a difference of two means.
    """
    if row.se is not None:
        trail.say("step.se_printed", se=show(row.se))
        return row.se, said("step.of_se", se=show(row.se))
    if row.ci_low is not None and row.ci_high is not None and row.ci_level is not None:
        theirs = trail.review.source(row.source).kind == "review"
        modelled = row.adjusted == "yes" or row.sd_from is not None
        likely = "t" if by_t and df is not None and not (theirs or modelled) else "z"
        basis = row.ci_basis or likely
        if basis == "t" and df is None:
            raise NotComputableError(said("unused.t_sizes"))
        quantile = df if basis == "t" else None
        se = se_from_ci(row.ci_low, row.ci_high, df=quantile, level=row.ci_level / 100)
        why: str = ""
        if row.ci_basis is None and by_t and (theirs or modelled or df is None):
            unsaid = "step.theirs" if theirs else "step.modelled" if modelled else "step.sizes_unknown"
            why = said(unsaid)
        level, named = Numeral(f"{row.ci_level:g}"), quantile_of(quantile)
        trail.say("step.se_ci", level=level, quantile=named, why=why, se=derived(se))
        return se, said("step.of_limits", low=show(row.ci_low), high=show(row.ci_high))
    if row.t_value is not None:
        se, t = se_from_t(estimate, row.t_value), show(row.t_value)
        trail.say("step.se_t", t=t, se=derived(se))
        return se, said("step.of_t", t=t)
    if row.p_value is None:
        raise NotComputableError(said("unused.no_spread"))
    p = Numeral(f"{row.p_value:g}")
    if row.p_relation == ">":
        raise NotComputableError(said("unused.p_above", p=p))
    if not by_t or df is None or estimate == 0:
        alone = said("unused.p_alone", row=row.row, effect=_valued(row))
        raise NotComputableError(said("unused.p_needs") if by_t else alone)
    se = se_from_t(estimate, t_from_p(row.p_value, df=df))
    if row.p_relation == "<":
        trail.flags.append("p_bound")
        trail.say("step.p_bound", p=p)
    trail.say("step.se_p", p=p, df=df, se=derived(se))
    return se, said("step.of_p", relation=row.p_relation, p=p)


# Part of the way between its limits by which an effect may lie off their middle, as rounding has it
UNEVEN = 0.02
