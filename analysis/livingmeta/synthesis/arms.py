"""One arm of a trial: from what its rows report to mean, SD and people, each step kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from livingmeta.engine.conversions import combine_arms, sd_from_se, sd_of_change, se_from_ci, split_control
from livingmeta.engine.quantiles import Quantiles, from_quantiles, skewed
from livingmeta.review.protocol import Correlation, Review
from livingmeta.review.schema import Outcome
from livingmeta.synthesis.settings import Settings
from livingmeta.words import count, derived, show

SOURCES = {"luo": "Luo 2018", "wan": "Wan 2014", "shi": "Shi 2020"}


@dataclass
class Trail:
    """What was done on the way to an effect, what to flag, and what had to be assumed."""

    steps: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)  # comparisons a group is split between

    def __iadd__(self, other: Trail) -> Trail:
        self.steps += other.steps
        self.flags += other.flags
        self.assumed += other.assumed
        self.parts |= other.parts
        return self


class Arm(NamedTuple):
    """Mean, SD and people of one arm."""

    mean: float
    sd: float
    n: float


class Group(NamedTuple):
    """People of one arm as a row reports them.

    `told` holds every number of the row but theirs, empty where none is particular to them;
    `parts` is how many comparisons they are split between.
    """

    people: float | None  # half a person where arms are assumed equal
    told: tuple[tuple[str, float], ...]
    parts: int = 1

    @property
    def whole(self) -> Group:
        """The group before any split; equal ones in two rows of a trial are the same people."""
        return self._replace(parts=1)


TOLD = ("mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "minimum", "maximum", "events")


def group_of(row: Outcome, *, parts: int = 1) -> Group:
    """Return the people of an arm, by the numbers its row reports."""
    values = ((name, getattr(row, name)) for name in TOLD)
    return Group(row.n, tuple((name, value) for name, value in values if value is not None), parts)


def arm_of(review: Review, rows: list[Outcome], settings: Settings, trail: Trail) -> Arm | None:
    """Summarise the rows of one group; several like arms are combined.

    Returns None where a mean or a spread is missing.
    """
    rows = unlike(rows)
    found = [_summary(review, row, settings, trail) for row in rows]
    arms = [
        Arm(arm.mean, arm.sd, split_control(arm.n, _parts(review, row, trail)))
        for row, arm in zip(rows, found, strict=True)
        if arm is not None
    ]
    if len(arms) < len(rows) or not arms:
        return None
    if len(arms) == 1:
        return arms[0]
    n, mean, sd = combine_arms([(arm.n, arm.mean, arm.sd) for arm in arms])
    trail.steps.append(f"{_together(rows, 'Handbook 6.5.2.10')}: mean {derived(mean)}, SD {derived(sd)}")
    return Arm(mean, sd, n)


def counts_of(review: Review, rows: list[Outcome], trail: Trail) -> tuple[float, float, int] | None:
    """Return events, people, and comparisons that share them; None where a number is missing.

    Several like arms are added up.
    """
    rows = unlike(rows)
    told = [(row.events, row.n) for row in rows]
    if not rows or any(None in pair for pair in told):
        return None
    events, people = (sum(part or 0 for part in parts) for parts in zip(*told, strict=True))
    if len(rows) > 1:
        trail.steps.append(f"{_together(rows, 'Handbook 23.3.4')}: {events}/{people}")
    return events, people, max(_parts(review, row, trail) for row in rows)


def _together(rows: list[Outcome], source: str) -> str:
    sizes = " + ".join(f"{row.n}" for row in rows)
    return f"group {rows[0].group}: {len(rows)} arms of {sizes} people combined ({source})"


def unlike(rows: list[Outcome]) -> list[Outcome]:
    """Return the rows without those that repeat an arm for another comparison."""
    return list({_print(row): row for row in reversed(rows)}.values())[::-1]


def _print(row: Outcome) -> tuple[object, ...]:
    return (*group_of(row), row.quote)


def on_both_sides(one: list[Outcome], two: list[Outcome]) -> bool:
    """Say whether people of group 1 in one comparison are those of group 2 in another."""
    return any(
        first.contrast != second.contrast and _same(one + two, first, second)
        for first in one
        for second in two
    )


def _same(rows: list[Outcome], row: Outcome, other: Outcome) -> bool:
    """Say whether two rows are of the same people.

    Equal groups within one comparison, such as 0 of 10 and 0 of 10, are two groups: then only
    those on the same side are the same.
    """
    if _print(row) != _print(other):
        return False
    return row.group == other.group or not any(
        one.group != here.group and one.contrast == here.contrast and _print(one) == _print(here)
        for here in (row, other)
        for one in rows
    )


def _parts(review: Review, row: Outcome, trail: Trail) -> int:
    """Return how many comparisons the people of a row are to be split between."""
    if review.protocol.ties.several_arms != "split":
        return 1
    near = [other for other in review.outcomes if other.use != "no" and _about(other) == _about(row)]
    parts = len({(other.contrast, other.subgroup) for other in near if _same(near, row, other)})
    if parts < 2:
        return 1
    trail.steps.append(
        f"group {row.group}: {row.n} people shared by {parts} comparisons, "
        f"{count(split_control(row.n or 0, parts))} counted in each (Handbook 23.3.4)"
    )
    trail.assumed.append(f"group {row.group} split between {parts} comparisons")
    trail.parts[row.group] = parts
    return parts


def _about(row: Outcome) -> tuple[object, ...]:
    place = (row.trial, row.outcome, row.instrument, row.group == "difference")
    return (*place, row.weeks, row.time_label, row.statistic)


def _summary(review: Review, row: Outcome, settings: Settings, trail: Trail) -> Arm | None:
    if row.n is None:
        return None
    if row.mean is not None and (sd := _sd(review, row, trail)) is not None:
        return Arm(row.mean, sd, row.n)
    return _from_quantiles(row, row.n, settings, trail)


def _sd(review: Review, row: Outcome, trail: Trail) -> float | None:
    """Return an arm's SD from its SD, SE or interval, or those before and after."""
    name, n = f"group {row.group}", row.n or 0
    if row.sd is not None:
        sd, how = row.sd, f"{name}: SD as printed: {show(row.sd)}"
    elif row.se is not None:
        sd = sd_from_se(row.se, n)
        how = f"{name}: SD from the SE of the mean and n = {n}: {derived(sd)}"
    elif row.ci_low is not None and row.ci_high is not None and row.ci_level is not None:
        df = None if row.ci_basis == "z" else n - 1
        se = se_from_ci(row.ci_low, row.ci_high, df=df, level=row.ci_level / 100)
        sd = se * math.sqrt(n)
        quantile = "normal quantile" if df is None else f"t with {df} df"
        how = f"{name}: SD from the {row.ci_level:g}% CI of the mean, {quantile}: {derived(sd)}"
    else:
        return _sd_of_change(review, row, trail) if row.statistic == "change" else None
    trail.steps.append(how)
    return sd


def _sd_of_change(review: Review, row: Outcome, trail: Trail) -> float | None:
    start, end = before(review, row), _twin(review, row, weeks=row.weeks)
    known = correlation(review, row)
    if start is None or end is None or start.sd is None or end.sd is None or known is None:
        return None
    sd = sd_of_change(start.sd, end.sd, known.r)
    trail.steps.append(
        f"group {row.group}: SD of the change from the SDs before ({show(start.sd)}) and after "
        f"({show(end.sd)}) with r = {known.r:g} (Handbook 6.5.2.8): {derived(sd)}"
    )
    mark_correlation(known, trail)
    return sd


def before(review: Review, row: Outcome) -> Outcome | None:
    """Return the row of the same arm before treatment (week 0)."""
    return _twin(review, row, weeks=0)


def _twin(review: Review, row: Outcome, *, weeks: float | None) -> Outcome | None:
    about = (row.trial, row.contrast, row.subgroup, row.outcome, row.instrument, row.group)
    for other in review.outcomes:
        place = (other.trial, other.contrast, other.subgroup, other.outcome)
        if (*place, other.instrument, other.group) == about and (
            other.weeks == weeks and other.statistic != "change" and other is not row
        ):
            return other
    return None


def correlation(review: Review, row: Outcome) -> Correlation | None:
    """Return the declared correlation that is nearest to a row: its trial's before any other's."""
    fitting = [
        known
        for known in review.protocol.correlation
        if known.trial in {None, row.trial} and known.instrument in {None, row.instrument}
    ]
    return max(fitting, key=lambda c: (c.trial is not None, c.instrument is not None), default=None)


def mark_correlation(known: Correlation, trail: Trail) -> None:
    """Record a correlation: as an assumption where no source gives it."""
    if known.source is not None:
        trail.steps.append(f"r = {known.r:g} from {known.source}: {known.why}")
        return
    text = f"r = {known.r:g} between before and after: {known.why}"
    if text not in trail.assumed:
        trail.assumed.append(text)
        trail.flags.append("correlation_assumed")


def _from_quantiles(row: Outcome, n: int, settings: Settings, trail: Trail) -> Arm | None:
    quartiles = None if row.q1 is None or row.q3 is None else (row.q1, row.q3)
    ends = (row.minimum, row.maximum)
    extremes = None if None in ends else ends
    if (quartiles is None and extremes is None) or (row.mean is None and row.median is None):
        return None
    x = Quantiles(n=n, median=row.median, quartiles=quartiles, extremes=extremes)  # type: ignore[arg-type]
    mean, sd = from_quantiles(x, mean=settings.mean_from, sd=settings.sd_from)
    shown = " and ".join(name for name, pair in (("quartiles", quartiles), ("range", extremes)) if pair)
    by = settings.sd_from if quartiles and extremes else "wan"
    text = f"group {row.group}: SD from {shown} ({SOURCES[by]}): {derived(sd)}"
    if row.mean is None and mean is not None:
        text += f"; mean from median and {shown} ({SOURCES[settings.mean_from]}): {derived(mean)}"
    trail.steps.append(text)
    trail.assumed.append(f"near-normal data behind median, {shown} of group {row.group}")
    trail.flags.append("quantiles_converted")
    if skewed(x):
        trail.flags.append("quantiles_skewed")
    value = row.mean if row.mean is not None else mean
    return None if value is None else Arm(value, sd, n)
