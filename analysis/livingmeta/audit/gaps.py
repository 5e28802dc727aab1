"""What is known to exist and is not here: what it would add, and how to ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Review, fits
from livingmeta.review.schema import Gap, Outcome, Report, Trial
from livingmeta.words import RefusalError


@dataclass(frozen=True, kw_only=True, repr=False)
class KnownGap(Shown):
    """A known gap with its number, the people it would add, and the syntheses it would feed."""

    number: int  # as `livingmeta add --gap` takes it
    gap: Gap
    trial: Trial
    people: int | None
    syntheses: tuple[str, ...]
    filled: bool  # both arms are here by now

    def __str__(self) -> str:
        gap, state = self.gap, ", filled" if self.filled else ""
        return f"{self.number}. {self.trial.label}, {gap.outcome}{state}: {gap.what}, look in {gap.where}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the gap in a row."""
        people = {"people": self.people, "syntheses": self.syntheses, "filled": self.filled}
        return [{"number": self.number, "trial": self.trial.label, **cells(self.gap), **people}]


def known_gaps(review: Review) -> tuple[KnownGap, ...]:
    """List a review's known gaps in the order of its files."""
    return tuple(
        KnownGap(
            number=number,
            gap=gap,
            trial=review.trial(gap.trial),
            people=review.trial(gap.trial).n_randomised,
            syntheses=tuple(plan.id for plan in review.protocol.synthesis if fits(review, plan, gap) is None),
            filled=_filled(review, gap),
        )
        for number, gap in enumerate(review.gaps, start=1)
    )


def known_gap(review: Review, number: int) -> KnownGap:
    """Return a known gap by its number.

    Raises
    ------
    RefusalError
        If there is none.
    """
    known, name = known_gaps(review), review.folder.name
    if not 1 <= number <= len(known):
        has = f"has gaps 1 to {len(known)}: livingmeta gaps {name}" if known else "has no known gaps"
        raise RefusalError(f"--gap {number}: {name} {has}.")
    return known[number - 1]


def _filled(review: Review, gap: Gap) -> bool:
    """Say whether both arms are here, with spread and without assumption, at its time and scale."""
    if gap.weeks is None or gap.instrument is None:
        return False
    place = attrgetter("trial", "outcome", "instrument", "weeks")
    groups = {
        row.group
        for row in review.outcomes
        if place(row) == place(gap)
        and row.use == "yes"
        and row.assumption is None
        and (row.events is not None or _spread(row))
    }
    return {"1", "2"} <= groups


def _spread(row: Outcome) -> bool:
    """Say whether an arm has a mean or median, and something that gives an SD."""
    centre = row.mean is not None or row.median is not None
    single = row.sd is not None or row.se is not None
    pairs = ((row.ci_low, row.ci_high), (row.q1, row.q3), (row.minimum, row.maximum))
    return centre and (single or any(None not in pair for pair in pairs))


def by_report(review: Review) -> dict[str, tuple[Report, list[Gap]]]:
    """Group the open gaps by the report to whose authors one would write."""
    reports: dict[str, tuple[Report, list[Gap]]] = {}
    for known_gap in known_gaps(review):
        report = report_of(review, known_gap.gap)
        if known_gap.filled or report is None:
            continue
        reports.setdefault(report.report, (report, []))[1].append(known_gap.gap)
    return reports


def report_of(review: Review, gap: Gap) -> Report | None:
    """Return the report of a gap's trial that `where` names by first author and year.

    The first report of the trial, where none is named; None where the trial has none.
    """
    reports = [report for report in review.reports if report.trial == gap.trial]
    named = (report for report in reports if _named(report, gap.where))
    return next(named, next(iter(reports), None))


def _named(report: Report, where: str) -> bool:
    author = re.match(r"[^\W\d_]+", report.citation)
    years = re.findall(r"\b(?:19|20)\d\d\b", report.citation)
    return author is not None and author[0] in where and any(year in where for year in years)
