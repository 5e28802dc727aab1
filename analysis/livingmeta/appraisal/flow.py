"""The flow of records as PRISMA 2020 counts them; what nobody printed stays unknown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import get_args

from livingmeta.language import Own, Said, said
from livingmeta.printer import Shown
from livingmeta.review.protocol import Box, Review
from livingmeta.review.schema import Problem, Screening, SearchRecord
from livingmeta.review.screening import FULL_TEXT, GOES_ON, TITLE, standings
from livingmeta.words import whole

# Boxes of the template for databases and registers (Page 2021), by the names that [prisma] of
# review.toml may give; the words stand in the catalogues under these.
PREVIOUS, TOTALS = ("previous_studies", "previous_reports"), ("total_studies", "total_reports")
BOXES = (*PREVIOUS, *get_args(Box))
PRINTED, COUNTED_HERE = "printed", "counted here"
ASKED = frozenset({"PubMed", "Europe PMC", "ClinicalTrials.gov"})  # databases that a program can search
# Databases in which trials are registered, which PRISMA counts apart from those of papers
_REGISTERS = re.compile(
    r"clinicaltrials\.gov|trials? registe?ry?\b|\b(?:ICTRP|ISRCTN|ANZCTR|CTIS|EU.?CTR|EudraCT|DRKS|ChiCTR)\b",
    re.IGNORECASE,
)
COUNTS = {"count", "k"}  # quantities of published.csv that count


def is_register(database: str | None) -> bool:
    """Say whether trials are registered in a database, however it is written: "WHO ICTRP", "ICTRP".

    Examples
    --------
    >>> is_register("WHO ICTRP"), is_register("Cochrane Central Register of Controlled Trials")
    (True, False)
    """
    return _REGISTERS.search(database or "") is not None


@dataclass(frozen=True, kw_only=True)
class BoxCount:
    """One number of the flow: as printed by a source, counted in our own rows, or not known."""

    box: str
    words: Said
    number: str | None = None
    basis: str | None = None  # PRINTED, COUNTED_HERE, or None where the number is not known
    reading: str | None = None  # primary, secondary
    where: str | None = None
    source: str | None = None
    reasons: tuple[Said, ...] = ()  # why reports were excluded, each with its count

    @property
    def mark(self) -> str:
        """The sign behind the number: † another's words, * counted here."""
        return "*" if self.basis == COUNTED_HERE else "†" if self.reading == "secondary" else ""

    def text(self) -> Said:
        """Write the number as a box shows it: "(n = 9,081)" or "(n not known)"."""
        if self.number is None:
            return said("prisma.unknown")
        return said("prisma.n", number=self.number, mark=self.mark)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The flow of one review; `updates` says whether it has the column of previous studies."""

    review: str
    title: str
    updates: bool
    counts: tuple[BoxCount, ...]

    @property
    def known(self) -> bool:
        """Whether any of its boxes has a number, so that there is something to draw."""
        return any(count.number for count in self.counts)

    def count(self, box: str) -> BoxCount:
        """Return the count of a box."""
        return next(count for count in self.counts if count.box == box)


def flow(review: Review, *, previous: Review | None = None) -> Flow:
    """Count what records.csv and screening.csv hold, unless [prisma] of review.toml names a printed count.

    Parameters
    ----------
    review : Review
    previous : Review, optional
        The review that it extends. Its included studies are the previous ones; the new ones are
        counted in the rows that this review adds, unless a claim prints them.

    Returns
    -------
    Flow
        Nothing is computed from the other boxes but the totals of an update.

    References
    ----------
    Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for
    reporting systematic reviews. BMJ 2021;372:n71.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> one = flow(load_review("smith2017"))
    >>> one.count("records").text(), one.count("screened").text()
    ('(n = 9,081)', '(n not known)')
    """
    counts = {box: _printed(review, box, box) for box in BOXES}
    if review.records:
        counts |= _screened(review, counts)
    if previous is not None:
        counts |= _update(review, previous, counts)
    only = {*PREVIOUS, *TOTALS}
    return Flow(
        review=review.protocol.id,
        title=review.protocol.title,
        updates=previous is not None,
        counts=tuple(count for box, count in counts.items() if previous is not None or box not in only),
    )


def _printed(review: Review, box: str, named: str) -> BoxCount:
    """Return the count that review.toml names for `named`, for a box."""
    claims: Mapping[str, str] = {str(k): v for k, v in review.protocol.prisma.items()}
    blank = BoxCount(box=box, words=said(f"prisma.{box}"))
    for claim in review.published:
        if claim.claim == claims.get(named) and claim.quantity in COUNTS and claim.counted is not None:
            return replace(
                blank,
                number=whole(claim.counted),
                basis=PRINTED,
                reading=claim.reading,
                where=claim.where,
                source=claim.source,
            )
    return blank


def _screened(review: Review, counts: Mapping[str, BoxCount]) -> dict[str, BoxCount]:
    """Fill the boxes that nobody printed with what was found and decided here."""
    held = counted(review)
    words = {"review": review.protocol.id, "waiting": whole(held.waiting), "unread": whole(held.unread)}
    where = said("prisma.screening" if held.waiting or held.unread else "prisma.screening_done", **words)
    numbers = {
        "records": held.databases + held.registers,
        "databases": held.databases,
        "registers": held.registers,
        "removed": held.removed,
        "screened": held.screened,
        "excluded": held.excluded,
        "sought": held.sought,
        "not_retrieved": held.not_retrieved,
        "assessed": held.assessed,
        "reports_excluded": sum(held.reasons.values()),
    }
    filled = {
        box: _counted(counts[box], number, where)
        for box, number in numbers.items()
        if counts[box].number is None
    }
    for box, rows in {"studies": review.trials, "reports": review.reports}.items():
        if counts[box].number is None and review.protocol.extends is None:  # else the new ones are counted
            filled[box] = _counted(counts[box], len(rows), said("prisma.rows", review=review.protocol.id))
    if "reports_excluded" in filled:
        listed = [
            said("prisma.reason", reason=Own(reason), number=whole(n)) for reason, n in held.reasons.items()
        ]
        filled["reports_excluded"] = replace(filled["reports_excluded"], reasons=tuple(listed))
    return filled


def _update(review: Review, previous: Review, counts: Mapping[str, BoxCount]) -> dict[str, BoxCount]:
    """Fill the boxes of an update: previous, new, and their sums."""
    filled: dict[str, BoxCount] = {}
    for name, rows in {"studies": "trials", "reports": "reports"}.items():
        n, n_before = (len(getattr(state, rows)) for state in (review, previous))
        before = _printed(previous, f"previous_{name}", name)
        if before.number is None:
            before = _counted(before, n_before, said("prisma.rows", review=previous.protocol.id))
        new = counts[name]
        if new.number is None:
            added = said("prisma.rows_added", review=review.protocol.id, file=f"{rows}.csv")
            new = _counted(new, n - n_before, added)
        new = replace(new, words=said(f"prisma.new_{name}"))
        total = counts[f"total_{name}"]
        if total.number is None:
            sum_ = sum(int(str(count.number).replace(",", "")) for count in (before, new))
            total = _counted(total, sum_, said("prisma.sum"))
        filled |= {before.box: before, new.box: new, total.box: total}
    return filled


def _counted(blank: BoxCount, number: int, where: Said) -> BoxCount:
    return replace(blank, number=whole(number), basis=COUNTED_HERE, where=where)


@dataclass(frozen=True, kw_only=True, repr=False)
class Screened(Shown):
    """What PRISMA counts of a review's records; `reasons` say why reports were excluded."""

    databases: int
    registers: int
    removed: int
    screened: int
    excluded: int
    sought: int
    not_retrieved: int
    assessed: int
    reasons: Mapping[str, int]
    included: int
    waiting: int  # titles that nobody decided, or on which people differ
    unread: int  # reports sought of which that holds

    def __str__(self) -> str:
        return (
            f"Titles: {self.screened} screened, {self.excluded} excluded, "
            f"{self.sought} whose report is sought, {self.waiting} open. "
            f"Reports: {self.assessed} read, {self.not_retrieved} not retrieved, "
            f"{self.included} included, {self.unread} open."
        )


def counted(review: Review) -> Screened:
    """Count the records of a review as the PRISMA 2020 flow does.

    Removed before screening are duplicates and reports that the review had. What people decided
    differently is screened, and neither excluded nor sought until somebody settles it.
    """
    every = standings(review)
    open_ = [standing for standing in every if not standing.known]
    sought = [standing for standing in open_ if standing.sought]
    read = [decision for standing in sought if (decision := standing.decision(FULL_TEXT)) is not None]
    verdicts = Counter(decision.decision for decision in read)
    titles = [standing.decision(TITLE) for standing in open_]
    registers = sum(is_register(record.database) for record in review.records)
    return Screened(
        databases=len(review.records) - registers,
        registers=registers,
        removed=len(review.records) - len(open_),
        screened=sum(bool(standing.decisions) for standing in open_),
        excluded=sum(title is not None and title.decision not in GOES_ON for title in titles),
        sought=len(sought),
        not_retrieved=verdicts["not retrieved"],
        assessed=len(read) - verdicts["not retrieved"],
        reasons=dict(Counter(row.reason or "" for row in read if row.decision == "exclude").most_common()),
        included=verdicts["include"],
        waiting=titles.count(None),
        unread=len(sought) - len(read),
    )


def left_out(review: Review) -> list[tuple[SearchRecord, Screening]]:
    """Return the records that were excluded when their report was read, each with the decision."""
    sought = [standing for standing in standings(review) if standing.sought]
    decided = ((standing.record, standing.decision(FULL_TEXT)) for standing in sought)
    return [(record, row) for record, row in decided if row is not None and row.decision == "exclude"]


def overdue(review: Review, today: date) -> Iterator[Problem]:
    """Yield searches that are older than their interval on this day, or were never completed."""
    for search in review.protocol.search:
        runs = [run for run in review.searches if run.search == search.id]
        whole = [date.fromisoformat(run.until) for run in runs if run.complete == "yes"]
        again = f"livingmeta search {review.folder.name} --only {search.id}"
        remedy = f"Run it: {again}; or read what {search.database} exports, with --from FILE."
        if search.query is None or search.database not in ASKED:
            remedy = f"Search there, export the records and read them: {again} --from FILE."
        if not whole:
            never = "has never been run to its end" if runs else "has never been run"
            reason = f"this search of {search.database} {never}"
        elif (due := search.due(max(whole))) is not None and due < today:
            reason = f"this search of {search.database} is due every {search.every} and covers the days to "
            reason += max(whole).isoformat()
        else:
            continue
        yield review.problem("search", reason, remedy, value=search.id, severity="warning")
