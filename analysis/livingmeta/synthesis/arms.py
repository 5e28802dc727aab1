"""One arm of a trial: from what its rows report to mean, SD and people, each step kept."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from livingmeta.engine.conversions import combine_arms, sd_from_se, sd_of_change, se_from_ci
from livingmeta.engine.quantiles import Quantiles, from_quantiles, skewed
from livingmeta.language import Own, Said, said, together
from livingmeta.review.protocol import Correlation, Review
from livingmeta.review.schema import STATISTICS, Outcome
from livingmeta.synthesis.settings import Settings
from livingmeta.words import Numeral, count, derived, show

SOURCES = {"luo": "Luo 2018", "wan": "Wan 2014", "shi": "Shi 2020"}


@dataclass
class Trail:
    """What was done on the way to an effect, what to flag, and what had to be assumed."""

    review: Review  # it is of
    settings: Settings  # it is computed by
    steps: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)  # comparisons a group is split between

    def say(self, key: str, **values: object) -> None:
        """Keep a step in words."""
        self.steps.append(said(key, **values))

    def assume(self, key: str, **values: object) -> None:
        """Keep an assumption in words."""
        self.assumed.append(said(key, **values))


class Arm(NamedTuple):
    """Mean, SD and people of one arm; `n` are those that count as independent."""

    mean: float
    sd: float
    n: float
    people: float


class Group(NamedTuple):
    """People of one arm as a row reports them.

    `told` holds every number of the row but theirs, empty where none is particular to them;
    `parts` is how many comparisons they are split between, `inflation` the design effect of their
    clusters.
    """

    people: float | None  # half a person where arms are assumed equal
    told: tuple[tuple[str, float], ...]
    parts: int = 1
    inflation: float = 1.0

    @property
    def whole(self) -> Group:
        """The group before any split; equal ones in two rows of a trial are the same people."""
        return self if (self.parts, self.inflation) == (1, 1) else self._replace(parts=1, inflation=1.0)

    @property
    def independent(self) -> float | None:
        """How many people count as independent in one comparison."""
        return None if self.people is None else self.people / self.parts / self.inflation


def group_of(row: Outcome, *, parts: int = 1) -> Group:
    """Return the people of an arm, by the numbers its row reports."""
    of_events = ("events", "person_time", "correlation")
    values = ((name, getattr(row, name)) for name in (*STATISTICS, *of_events))
    told = tuple((name, value) for name, value in values if value is not None)
    return Group(row.n, told, parts, row.inflation or 1.0)


def ignores_clusters(rows: Iterable[Outcome]) -> bool:
    """Say whether nothing in rows that an effect rests on allows for clusters.

    Of a difference and arms that lend it their sizes it is the difference.
    """
    listed = list(rows)
    resting = [row for row in listed if row.group == "difference"] or listed
    return any(row.inflation is None and row.cluster_adjusted is None for row in resting)


def of_clusters(row: Outcome, trail: Trail, key: str, *values: float, **shown: object) -> tuple[float, ...]:
    """Divide people and events of a row by the design effect of its clusters, and say it.

    1 + (M − 1)·ICC, M the size of a cluster (Cochrane Handbook, section 23.1.4). An ICC of another
    trial is an assumption. `key` says what becomes of the values, which are not told where a design
    effect of 1 changes none.
    """
    inflation = row.inflation
    if inflation is None or inflation == 1:
        return values
    made = tuple(value / inflation for value in values)
    what = said(key, **shown, **{f"to{i}": Numeral(f"{value:.4g}") for i, value in enumerate(made, 1)})
    mark_clusters(row, inflation, what, trail)
    return made


def mark_clusters(row: Outcome, inflation: float, what: Said, trail: Trail) -> None:
    """Say by which design effect something changed, and record what it rests on."""
    numbers: dict[str, object] = {"what": what, "de": Numeral(f"{inflation:.4g}")}
    if row.design_effect is None:
        by = {"m": Numeral(f"{row.cluster_size:g}"), "icc": Numeral(f"{row.icc:g}")}
        trail.say("step.design_effect", **numbers, **by)
    else:
        trail.say("step.design_printed", **numbers)
    trail.flags.append("design_effect")
    if row.icc_from is not None:
        icc = Numeral(f"{row.icc if row.icc is not None else inflation:g}")
        name = "assumption.icc" if row.icc is not None else "assumption.design_effect"
        if (text := said(name, icc=icc, source=Own(row.icc_from))) not in trail.assumed:
            trail.assumed.append(text)
        trail.flags.append("icc_assumed")


def arm_of(rows: list[Outcome], trail: Trail) -> Arm | None:
    """Summarise the rows of one group; several like arms are combined.

    Returns None where a mean or a spread is missing.
    """
    rows = unlike(rows)
    summaries = [_summary(row, trail) for row in rows]
    arms = []
    for row, arm in zip(rows, summaries, strict=True):
        if arm is not None:
            (n,) = of_clusters(row, trail, "step.design_people", arm.n, group=row.group, n=row.n)
            parts = _parts(row, trail)
            n, people = (x if parts == 1 else x / parts for x in (n, arm.people))  # whole people stay whole
            arms.append(Arm(arm.mean, arm.sd, n, people))
    if len(arms) < len(rows) or not arms:
        return None
    if len(arms) == 1:
        return arms[0]
    n, mean, sd = combine_arms([(arm.n, arm.mean, arm.sd) for arm in arms])
    trail.steps.append(_combined("step.arms_combined", rows, mean=derived(mean), sd=derived(sd)))
    return Arm(mean, sd, n, sum(arm.people for arm in arms))


class Counts(NamedTuple):
    """Events and people of one arm; how many comparisons share them, and the design effect of clusters."""

    events: int
    people: int
    parts: int
    inflation: float


def counts_of(rows: list[Outcome], trail: Trail, *, of: str = "n") -> Counts | None:
    """Return the counts of an arm; None where a number is missing.

    Several like arms are added up. `of` is "n", or "person_time" for events of which that is counted.
    """
    rows = unlike(rows)
    reported = [(row.events, getattr(row, of)) for row in rows]
    if not rows or any(None in pair for pair in reported):
        return None
    events, people = (sum(part or 0 for part in parts) for parts in zip(*reported, strict=True))
    independent = 0.0
    for row in rows:
        held = row.events or 0, getattr(row, of) or 0
        shown = {"group": row.group, "events": row.events, "n": getattr(row, of)}
        independent += of_clusters(row, trail, "step.design_counts", *held, **shown)[1]
    if len(rows) > 1:
        trail.steps.append(_combined("step.counts_combined", rows, events=events, people=people))
    inflation = people / independent if independent != people else 1.0
    return Counts(events, people, max(_parts(row, trail) for row in rows), inflation)


def _combined(key: str, rows: list[Outcome], **numbers: object) -> Said:
    sizes = " + ".join(f"{row.n}" for row in rows)
    return said(key, group=rows[0].group, k=len(rows), sizes=sizes, **numbers)


def unlike(rows: list[Outcome]) -> list[Outcome]:
    """Return the rows without those that repeat an arm for another comparison."""
    if len(rows) < 2:
        return rows
    return list({_print(row): row for row in reversed(rows)}.values())[::-1]


def _print(row: Outcome) -> tuple[object, ...]:
    return (*group_of(row), row.quote)


def on_both_sides(group1: list[Outcome], group2: list[Outcome]) -> bool:
    """Say whether people of group 1 in one comparison are those of group 2 in another."""
    for rows in _alike([*group1, *group2]).values():
        sides = _sides(rows)
        if len({row.group for row in rows if len(sides[row.contrast]) == 1}) > 1:
            return True
    return False


def _alike(rows: Iterable[Outcome]) -> dict[tuple[object, ...], list[Outcome]]:
    """Group the rows of equal people."""
    alike: dict[tuple[object, ...], list[Outcome]] = defaultdict(list)
    for row in rows:
        alike[_print(row)].append(row)
    return alike


def _sides(rows: Iterable[Outcome]) -> dict[str | None, set[str]]:
    """Return on which sides of each comparison equal rows stand.

    On both, such as 0 of 10 and 0 of 10, they are two groups: then only those on the same side
    are the same people elsewhere.
    """
    sides: dict[str | None, set[str]] = defaultdict(set)
    for row in rows:
        sides[row.contrast].add(row.group)
    return sides


def _shared(rows: Iterable[Outcome]) -> dict[tuple[str, str | None], int]:
    """Count the comparisons that share the people of equal rows, by group and contrast."""
    listed = list(rows)
    sides = _sides(listed)
    own: dict[str, set[tuple[str | None, str | None]]] = defaultdict(set)
    for row in listed:
        own[row.group].add((row.contrast, row.subgroup))
    alone = {(row.contrast, row.subgroup) for row in listed if len(sides[row.contrast]) == 1}
    counts = {group: (len(held | alone), len(held)) for group, held in own.items()}
    return {
        (group, contrast): counts[group][len(groups) - 1]
        for contrast, groups in sides.items()
        for group in groups
    }


def _parts(row: Outcome, trail: Trail) -> int:
    """Return how many comparisons the people of a row are to be split between (Handbook 23.3.4)."""
    review = trail.review
    if review.protocol.ties.several_arms != "split":
        return 1
    columns = ("trial", "outcome", "instrument", "weeks", "time_label", "statistic")
    about = attrgetter(*columns)(row)
    if (_parts, about) not in review.memo:
        near = (r for r in review.rows_by(*columns)[about] if r.use != "no" and r.group != "difference")
        review.memo[_parts, about] = {people: _shared(rows) for people, rows in _alike(near).items()}
    parts: int = review.memo[_parts, about][_print(row)][row.group, row.contrast]
    if parts < 2:
        return 1
    share = count((row.n or 0) / parts)
    trail.say("step.shared", group=row.group, n=row.n, k=parts, share=share)
    trail.assume("assumption.split", group=row.group, k=parts)
    trail.parts[row.group] = parts
    return parts


def _summary(row: Outcome, trail: Trail) -> Arm | None:
    if row.n is None:
        return None
    if row.mean is not None and (sd := _sd(row, trail)) is not None:
        return Arm(row.mean, sd, row.n, row.n)
    return _from_quantiles(row, row.n, trail)


def _sd(row: Outcome, trail: Trail) -> float | None:
    """Return an arm's SD from its SD, SE or interval, or those before and after."""
    group, n = row.group, row.n or 0
    if row.sd is not None:
        sd = row.sd
        trail.say("step.sd_printed", group=group, sd=show(sd))
    elif row.se is not None:
        sd = sd_from_se(row.se, n)
        trail.say("step.sd_se", group=group, n=n, sd=derived(sd))
    elif row.ci_low is not None and row.ci_high is not None and row.ci_level is not None:
        df = None if row.ci_basis == "z" else n - 1
        se = se_from_ci(row.ci_low, row.ci_high, df=df, level=row.ci_level / 100)
        sd = se * math.sqrt(n)
        level = Numeral(f"{row.ci_level:g}")
        trail.say("step.sd_ci", group=group, level=level, quantile=quantile_of(df), sd=derived(sd))
    else:
        return _sd_of_change(row, trail) if row.statistic == "change" else None
    return sd


def quantile_of(df: float | None) -> Said:
    """Say by which quantile an interval is read."""
    return said("step.normal") if df is None else said("step.t_df", df=df)


def _sd_of_change(row: Outcome, trail: Trail) -> float | None:
    start, end = before(trail.review, row), _twin(trail.review, row, weeks=row.weeks)
    declared = correlation(trail.review, row)
    if start is None or end is None or start.sd is None or end.sd is None or declared is None:
        return None
    sd = sd_of_change(start.sd, end.sd, declared.r)
    sds = {"before": show(start.sd), "after": show(end.sd), "sd": derived(sd)}
    trail.say("step.sd_change", group=row.group, r=Numeral(f"{declared.r:g}"), **sds)
    mark_correlation(declared, trail)
    return sd


def before(review: Review, row: Outcome) -> Outcome | None:
    """Return the row of the same arm before treatment (week 0)."""
    return _twin(review, row, weeks=0)


def _twin(review: Review, row: Outcome, *, weeks: float | None) -> Outcome | None:
    arm = ("trial", "contrast", "subgroup", "outcome", "instrument", "group", "weeks")
    *of_arm, _ = attrgetter(*arm)(row)
    listed = review.rows_by(*arm).get((*of_arm, weeks), ())
    return next((other for other in listed if other.statistic != "change" and other is not row), None)


def correlation(review: Review, row: Outcome) -> Correlation | None:
    """Return the declared correlation that is nearest to a row: its trial's before any other's."""
    fitting = [
        declared
        for declared in review.protocol.correlation
        if declared.trial in {None, row.trial} and declared.instrument in {None, row.instrument}
    ]
    return max(fitting, key=lambda c: (c.trial is not None, c.instrument is not None), default=None)


def mark_correlation(declared: Correlation, trail: Trail) -> None:
    """Record a correlation: as an assumption where no source gives it."""
    r = Numeral(f"{declared.r:g}")
    if declared.source is not None:
        trail.say("step.r_from", r=r, source=declared.source, why=declared.why)
        return
    text = said("assumption.r", r=r, why=declared.why)
    if text not in trail.assumed:
        trail.assumed.append(text)
        trail.flags.append("correlation_assumed")


def _from_quantiles(row: Outcome, n: int, trail: Trail) -> Arm | None:
    settings = trail.settings
    quartiles = None if row.q1 is None or row.q3 is None else (row.q1, row.q3)
    ends = (row.minimum, row.maximum)
    extremes = None if None in ends else ends
    if (quartiles is None and extremes is None) or (row.mean is None and row.median is None):
        return None
    x = Quantiles(n=n, median=row.median, quartiles=quartiles, extremes=extremes)  # type: ignore[arg-type]
    mean, sd = from_quantiles(x, mean=settings.mean_from, sd=settings.sd_from)
    spread = said("step.both" if quartiles and extremes else "step.quartiles" if quartiles else "step.range")
    by = SOURCES[settings.sd_from if quartiles and extremes else "wan"]
    steps = [said("step.sd_quantiles", group=row.group, spread=spread, by=by, sd=derived(sd))]
    if row.mean is None and mean is not None:
        by = SOURCES[settings.mean_from]
        steps.append(said("step.mean_quantiles", spread=spread, by=by, mean=derived(mean)))
    trail.steps.append(together(steps))
    trail.assume("assumption.near_normal", spread=spread, group=row.group)
    trail.flags.append("quantiles_converted")
    if skewed(x):
        trail.flags.append("quantiles_skewed")
    value = row.mean if row.mean is not None else mean
    return None if value is None else Arm(value, sd, n, n)
