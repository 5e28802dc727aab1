"""Where each record that a search found stands, and what is wrong or open among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from livingmeta.review.protocol import Review
from livingmeta.review.schema import Problem, Screening, SearchRecord
from livingmeta.words import unknown

TITLE, FULL_TEXT = STAGES = ("title", "full text")
DUPLICATE = re.compile(r"dupli[ck]at", re.IGNORECASE)  # a reason for which no trial is excluded
GOES_ON = frozenset({"include", "unsure"})  # decisions on a title after which the report is sought


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
        of_duplicate = {row.row: bool(kept.get(row.record)) for row in review.screening}
        # what was decided of a duplicate was decided of its record, where that has no decision of its own
        rows = sorted(review.screening, key=lambda row: (not of_duplicate[row.row], row.date))
        for row in rows:  # of one day the later row is later
            if of_duplicate[row.row] and row.decision == "exclude" and DUPLICATE.search(row.reason or ""):
                continue
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


def _of_duplicates(review: Review) -> Iterator[Problem]:
    """Yield decisions on a duplicate that are others than the same person's on its record."""
    kept = {record.record: record.duplicate_of for record in review.records if record.duplicate_of}
    own = {standing.record.record: standing for standing in standings(review)}
    for row in review.screening:
        main = own.get(kept.get(row.record, ""))
        if main is None or DUPLICATE.search(row.reason or ""):
            continue
        name = main.record.record
        for held in main.decisions.get(row.stage, ()):
            if (held.record, held.by) == (name, row.by) and held.decision != row.decision:
                reason = f"it is a duplicate of {name}, of which {row.by} says {held.decision}: that counts"
                remedy = f"If it does not: livingmeta screen {review.folder.name} --again {name}"
                yield row.problem("decision", reason, remedy, severity="warning")


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
    yield from _of_duplicates(review)
    for record in unreported(review):
        yield record.problem(
            "record",
            "it is included, and no report of the review is it",
            f"Add what it holds (livingmeta add {review.folder.name}), or write which row of "
            "reports.csv it is into its column report.",
            severity="warning",
        )
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
        out = next((row for row in map(standing.decision, STAGES) if row and row.decision == "exclude"), None)
        of_it = _reports(review, standing.record) if out else set[str]()
        if out and any(row.report in of_it and row.use != "no" for row in review.outcomes):
            yield out.problem(
                "decision",
                f"{standing.record.record} is excluded, and rows of its report are used",
                f"Set use to no there, and say why in note; or decide anew: livingmeta screen "
                f"{review.folder.name} --again {standing.record.record}.",
                severity="warning",
            )


def unreported(review: Review) -> list[SearchRecord]:
    """Return the records that are included, of whose reports the review has none."""
    read = [(standing.record, standing.decision(FULL_TEXT)) for standing in standings(review)]
    included = [record for record, row in read if row is not None and row.decision == "include"]
    return [record for record in included if not _reports(review, record)]


def _reports(review: Review, record: SearchRecord) -> set[str]:
    """Return the keys of the reports that a record is of, by key, DOI or PMID."""
    numbers = {record.doi, record.pmid} - {None}
    alike = {each.report for each in review.reports if numbers & {(each.doi or "").lower(), each.pmid}}
    return alike | ({record.report} if record.report else set())


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
