"""Where each record that a search found stands, and what is wrong or open among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from livingmeta.printer import Shown
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Problem, Screening, SearchRecord
from livingmeta.words import unknown

TITLE, FULL_TEXT = STAGES = ("title", "full text")
GOES_ON = frozenset({"include", "unsure"})  # decisions on a title after which the report is sought
ASKED = frozenset({"PubMed", "Europe PMC", "ClinicalTrials.gov"})  # databases that a program can search
# Databases in which trials are registered, which PRISMA counts apart from those of papers
REGISTERS = frozenset({"ClinicalTrials.gov", "ICTRP", "ISRCTN", "ANZCTR", "CTIS", "EU CTR", "DRKS", "ChiCTR"})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A record with what people decided of it, the last decision of each at each stage."""

    record: SearchRecord
    decisions: Mapping[str, tuple[Screening, ...]]

    def decision(self, stage: str) -> Screening | None:
        """Return what holds at a stage: None where nobody decided, or people decided differently."""
        held = self.decisions.get(stage, ())
        settled = [row for row in held if row.settles]
        if settled:
            return settled[-1]
        return held[-1] if len({row.decision for row in held}) == 1 else None

    def split(self, stage: str) -> bool:
        """Say whether people decided differently, and nobody settled it."""
        return self.decision(stage) is None and bool(self.decisions.get(stage))

    @property
    def sought(self) -> bool:
        """Whether its title is one whose report is to be read."""
        title = self.decision(TITLE)
        return title is not None and title.decision in GOES_ON

    @property
    def known(self) -> bool:
        """Whether it is a report that the review had before anybody screened it."""
        return self.record.report is not None and not self.decisions


def standings(review: Review) -> list[Standing]:
    """Return the records of a review that are no duplicates, each with what was decided of it."""
    if standings not in review.memo:
        decided: dict[str, dict[str, dict[str, Screening]]] = {}
        kept = {record.record: record.duplicate_of for record in review.records}
        for row in review.screening:  # what was decided of a duplicate was decided of its record
            last = decided.setdefault(kept.get(row.record) or row.record, {}).setdefault(row.stage, {})
            last.pop(row.by, None)  # so that the last decision stands last
            last[row.by] = row
        review.memo[standings] = [
            Standing(
                record=record,
                decisions={
                    stage: tuple(last.values()) for stage, last in decided.get(record.record, {}).items()
                },
            )
            for record in review.records
            if record.duplicate_of is None
        ]
    held: list[Standing] = review.memo[standings]
    return held


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
    registers = sum(record.database in REGISTERS for record in review.records)
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
        elif search.due(max(whole)) < today:
            reason = f"this search of {search.database} is due every {search.every} and covers the days to "
            reason += max(whole).isoformat()
        else:
            continue
        yield review.problem("search", reason, remedy, value=search.id, severity="warning")


def screened(review: Review) -> Iterator[Problem]:
    """Yield what is wrong between searches, records and decisions, and what people differ on."""
    keys = {
        "source": {source.source for source in review.sources},
        "record": {record.record for record in review.records},
        "search": {search.id for search in review.protocol.search},
    }
    for search in review.protocol.search:
        if search.source is not None and search.source not in keys["source"]:
            remedy = unknown("source", search.source, keys["source"])
            yield review.problem(
                f"search {search.id}, source", "sources.csv has no such key", remedy, value=search.source
            )
    for run in review.searches:
        if run.search not in keys["search"]:
            yield run.problem("search", "review.toml has no such search", "Add it there, or correct it here.")
    yield from _records(review)
    for row in review.screening:
        if row.record not in keys["record"]:
            yield row.problem("record", "records.csv has no such key", "Add it there, or correct it here.")
    for standing in standings(review):
        for stage in filter(standing.split, STAGES):
            rows = standing.decisions[stage]
            differing = ", ".join(f"{row.by} {row.decision}" for row in rows)
            yield rows[-1].problem(
                "decision",
                f"people differ on {standing.record.record} by its {stage}: {differing}",
                f"Settle it: livingmeta screen {review.folder.name} --settle; or one of them decides anew.",
                severity="warning",
            )
        read = standing.decision(FULL_TEXT)
        if read is not None and read.decision == "include" and not _added(review, standing.record):
            yield standing.record.problem(
                "record",
                "it is included, and no report of the review is it",
                f"Add what it holds (livingmeta add {review.folder.name}), or name its key in column report.",
                severity="warning",
            )


def _added(review: Review, record: SearchRecord) -> bool:
    """Say whether the review has the report that a record is of, by key, DOI or PMID."""
    numbers = {record.doi, record.pmid} - {None}
    held = {number for report in review.reports for number in ((report.doi or "").lower(), report.pmid)}
    return record.report is not None or bool(numbers & held)


def _records(review: Review) -> Iterator[Problem]:
    records = {record.record: record for record in review.records}
    reports = {report.report for report in review.reports}
    first: dict[str, SearchRecord] = {}
    for record in review.records:
        if (held := first.setdefault(record.record, record)) is not record:
            yield record.problem("record", f"the key stands already in {held.place}", "Choose another key.")
        if record.report is not None and record.report not in reports:
            yield record.problem("report", "reports.csv has no such key", "Add it there, or empty the cell.")
        if record.duplicate_of is not None and record.duplicate_of != record.record:
            kept = records.get(record.duplicate_of)
            if kept is None:
                yield record.problem(
                    "duplicate_of", "no record has this key", "Correct it, or empty the cell."
                )
            elif kept.duplicate_of is not None:
                remedy = f"Write {kept.duplicate_of}, which is kept."
                yield record.problem("duplicate_of", f"this is a duplicate itself ({kept.place})", remedy)
