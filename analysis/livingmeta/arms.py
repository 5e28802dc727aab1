"""One arm of a trial: from what its rows report to mean, SD and people, each step kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from livingmeta.conversions import combine_arms, sd_from_se, sd_of_change, se_from_ci, split_control
from livingmeta.protocol import Correlation, Review
from livingmeta.quantiles import Quantiles, from_quantiles, skewed
from livingmeta.schema import Outcome
from livingmeta.settings import Settings
from livingmeta.words import count

SOURCES = {"luo": "Luo 2018", "wan": "Wan 2014", "shi": "Shi 2020"}


@dataclass
class Trail:
    """What was done on the way to an effect, what to flag, and what had to be assumed."""

    steps: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def __iadd__(self, other: Trail) -> Trail:
        self.steps += other.steps
        self.flags += other.flags
        self.assumed += other.assumed
        return self


class Arm(NamedTuple):
    """Mean, SD and people of one arm."""

    mean: float
    sd: float
    n: float


def show(number: float) -> str:
    """Format a number as printed."""
    return f"{number:.10g}".replace("-", "−")


def derived(number: float) -> str:
    """Format a number that we computed: three digits, so that a reader can check the step."""
    return f"{number:#.3g}".rstrip(".").replace("-", "−")


def arm_of(review: Review, rows: list[Outcome], settings: Settings, trail: Trail) -> Arm | None:
    """Summarise the rows of one group; several like arms are combined.

    Returns None where a mean or a spread is missing.
    """
    rows = unlike(rows)
    found = [_summary(review, row, settings, trail) for row in rows]
    arms = [Arm(arm.mean, arm.sd, _share(review, row, arm.n, trail))
            for row, arm in zip(rows, found, strict=True) if arm is not None]  # fmt: skip
    if len(arms) < len(rows) or not arms:
        return None
    if len(arms) == 1:
        return arms[0]
    n, mean, sd = combine_arms([(arm.n, arm.mean, arm.sd) for arm in arms])
    sizes = " + ".join(count(arm.n) for arm in arms)
    trail.steps.append(
        f"group {rows[0].group}: {len(arms)} arms of {sizes} people combined (Handbook 6.5.2.10): "
        f"mean {derived(mean)}, SD {derived(sd)}"
    )
    return Arm(mean, sd, n)


def counts_of(review: Review, rows: list[Outcome], trail: Trail) -> tuple[float, float] | None:
    """Return events and people of one group; None where either is missing."""
    rows = unlike(rows)
    told = [(row.events, row.n) for row in rows]
    if not rows or any(None in pair for pair in told):
        return None
    whole = sum(row.n or 0 for row in rows)
    people = sum(_share(review, row, row.n or 0, trail) for row in rows)
    return sum(row.events or 0 for row in rows) * people / whole, people


def unlike(rows: list[Outcome]) -> list[Outcome]:
    """Return the rows without those that repeat an arm for another comparison."""
    return list({_print(row): row for row in reversed(rows)}.values())[::-1]


def _print(row: Outcome) -> tuple[object, ...]:
    told = ("n", "mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "minimum",
            "maximum", "events", "locator", "quote")  # fmt: skip
    return tuple(getattr(row, name) for name in told)


def _share(review: Review, row: Outcome, n: float, trail: Trail) -> float:
    """Return the people a comparison may count of a group that several comparisons share."""
    if row.contrast is None or review.protocol.ties.several_arms == "combine":
        return n
    comparisons = len({other.contrast for other in _like(review, row) if other.use != "no"})
    if comparisons < 2:
        return n
    if review.protocol.ties.several_arms == "separate":
        trail.flags.append("shared_group")
        return n
    share = split_control(n, comparisons)
    trail.steps.append(
        f"group {row.group}: {count(n)} people shared by {comparisons} comparisons, "
        f"{count(share)} counted in each (Handbook 23.3.4)"
    )
    trail.assumed.append(f"group {row.group} split between {comparisons} comparisons")
    return share


def _like(review: Review, row: Outcome) -> Iterator[Outcome]:
    """Yield the rows that report the same arm at the same time, for whatever comparison."""
    for other in review.outcomes:
        if _about(other) == _about(row) and _print(other) == _print(row):
            yield other


def _about(row: Outcome) -> tuple[object, ...]:
    place = (row.trial, row.subgroup, row.outcome, row.instrument, row.group)
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
    shown = " and ".join(
        name for name, pair in (("quartiles", quartiles), ("range", extremes)) if pair
    )
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
