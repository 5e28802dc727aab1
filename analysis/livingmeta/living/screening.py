"""Deciding on records: one at a time, each decision written at once; or elsewhere, and read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from livingmeta.exchange.search_files import Reference, as_ris, read_search_file
from livingmeta.exchange.sheets import Sheet, read_sheet
from livingmeta.living.adding import owned, planned
from livingmeta.living.drafts import Cells, appended
from livingmeta.living.records import as_reference, identity, kept_abstracts, plain, same_records
from livingmeta.review.files import FileError, raw_of, text_of
from livingmeta.review.folder import find, load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Screening, SearchRecord, columns, read_row
from livingmeta.review.screening import FULL_TEXT, TITLE, Standing, standings
from livingmeta.store import replace_all
from livingmeta.words import RefusalError, named, needing, refuse

# Labels of other programs: ASReview's notes say whether a record is relevant
# (https://asreview.readthedocs.io), Rayyan's who decided what, and why.
ASREVIEW = {"include": "ASReview_relevant", "exclude": "ASReview_irrelevant", "unsure": "ASReview_not_seen"}
RAYYAN = {"included": "include", "excluded": "exclude", "maybe": "unsure"}
MOST_LIKE = 5  # records of which one may be the same
Merge = tuple[Path, str, str]  # a file, and its text before and after two records became one
COLUMNS = frozenset({"record", "decision"})  # of a table with decisions
OURS = re.compile(
    r"livingmeta: (?P<stage>title|full text), (?P<by>[^:]+): (?P<decision>[a-z ]+)(?:, (?P<reason>.*))?"
)


def criteria_of(review: Review) -> list[str]:
    """Return the criteria that review.toml gives, or that stand under a heading of protocol.md.

    Raises
    ------
    RefusalError
        If protocol.md lacks that heading, or cannot be read.
    """
    rules = review.protocol.screening
    if rules.section is None:
        return [*rules.criteria]
    file = f"{review.folder.name}/protocol.md"
    text = text_of(raw_of(review.folder / "protocol.md", file), file)
    part = re.search(rf"^#+ +{re.escape(rules.section)} *\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    if part is None:
        raise FileError(file, f"it has no heading {rules.section!r}", "Correct section in review.toml.")
    plain = re.sub(r"\*\*|`", "", part[1])
    lines = [" ".join(line.split()) for line in re.split(r"\n(?=[-*] )|\n\s*\n", plain)]
    return [*rules.criteria, *(line for line in lines if line)]


def waiting(
    review: Review,
    *,
    stage: str,
    by: str,
    unseen: bool = False,
    settle: bool = False,
    again: str | None = None,
) -> list[Standing]:
    """Return what a person at a stage did not decide yet, or with `unseen` nobody did.

    With `settle` it is what people decided differently; with `again` that record, decided or not.
    """
    sought = stage == FULL_TEXT
    open_ = [each for each in standings(review) if (each.sought if sought else not each.known)]
    if again is not None:
        merged = {record.record: record for record in review.records if record.duplicate_of}.get(again)
        if merged is not None:
            raise RefusalError(
                f"--again {again}: it is merged into {merged.duplicate_of} ({merged.duplicate_why}). Decide "
                f"on that: --again {merged.duplicate_of}. If they are two, empty duplicate_of in "
                f"{merged.place}."
            )
        key = named({each.record.record: each.record.title for each in open_}, again, "--again")
        return [standing for standing in open_ if standing.record.record == key]
    if settle:
        return [standing for standing in open_ if standing.split(stage)]
    return [
        standing
        for standing in open_
        if not any(unseen or row.by == by or row.settles for row in standing.decisions.get(stage, ()))
    ]


def likest(review: Review, key: str) -> list[SearchRecord]:
    """Return the records whose titles are most like one's, those of its trial first."""
    with needing("Looking for duplicates", extra="living"):
        from rapidfuzz import fuzz
    (own,) = (record for record in review.records if record.record == key)
    others = [record for record in review.records if record is not own and record.duplicate_of is None]
    title = plain(own.title)
    score = {record.record: fuzz.token_sort_ratio(title, plain(record.title)) for record in others}
    return sorted(others, key=lambda r: (not own.trial or r.trial != own.trial, -score[r.record]))[:MOST_LIKE]


class Session:
    """A person's decisions at one stage; each is in screening.csv before the next record is shown."""

    def __init__(self, name: str, *, by: str, stage: str, day: str, settle: bool = False) -> None:
        self.name, self.path = name, owned(find(name)[0].resolve()) / "screening.csv"
        self.about = {"stage": stage, "by": by, "date": day, "settles": "yes" if settle else ""}
        self.written: list[str | Merge] = []

    def decide(self, record: str, decision: str, reason: str = "") -> None:
        """Write a decision.

        Raises
        ------
        RefusalError
            If it is none that `check` would take; nothing is written.
        """
        cells = {**self.about, "record": record, "decision": decision, "reason": reason}
        _checked(cells, file="screening.csv", row=0)
        seen = self.path.read_bytes() if self.path.exists() else b""
        text = seen.decode() or ",".join(columns(Screening)) + "\n"
        longer = appended(text, [cells], file=self.path.name)
        replace_all({self.path: (seen, longer)})
        self.written.append(longer[len(text.rstrip("\r\n")) :].lstrip("\r\n"))

    def merge(self, key: str, main: str) -> None:
        """Write that a record, and what was merged into it, is another.

        Raises
        ------
        ReviewError
            If the review would be wrong with it; nothing is written.
        """
        alike = [row for row in load_review(self.name).records if key in {row.record, row.duplicate_of}]
        saw = f"{self.about['by']} saw that both are one"
        cells = [(row, "duplicate_of", main) for row in alike]
        cells += [(row, "duplicate_why", saw) for row in alike if row.record == key]
        with planned(self.name, {}, corrections=cells) as plan:
            ((path, (seen, text)),) = zip(plan.write(), plan.files.values(), strict=True)
        self.written.append((path, seen.decode(), text))

    def skip(self) -> None:
        """Leave a record for later."""
        self.written.append("")

    def undo(self) -> bool:
        """Take the last decision of this session back, or go back over a skip; say whether there was one."""
        if not self.written or not self.written[-1]:
            return bool(self.written and self.written.pop() == "")
        last = self.written.pop()
        if not isinstance(last, str):
            path, held, text = last
            replace_all({path: (text.encode(), held)})
            return True
        seen = self.path.read_bytes()
        before, line, after = seen.decode().rpartition(last)
        if line:
            replace_all({self.path: (seen, before + after)})
        return bool(line)


def _checked(cells: Mapping[str, str], *, file: str, row: int) -> None:
    refuse(map(str, read_row(Screening, cells, file=file, row=row)[1]))


def labelled(review: Review) -> str:
    """Write what is to be screened as RIS, with abstracts and what was decided, for another program."""
    abstracts = kept_abstracts(review)
    entries = []
    for standing in standings(review):
        if standing.known:
            continue
        reference = as_reference(standing.record)
        abstract = abstracts.get(identity(reference)) or None
        notes = [
            f"livingmeta: {row.stage}, {row.by}: {row.decision}" + (f", {row.reason}" if row.reason else "")
            for rows in standing.decisions.values()
            for row in rows
        ]
        title = standing.decision(TITLE)
        label = ASREVIEW.get(title.decision if title else "unsure", ASREVIEW["unsure"])
        entries.append((replace(reference, abstract=abstract), [*notes, label]))
    return as_ris(entries)


def decisions_in(
    review: Review, given: Path | Sheet, *, by: str | None, stage: str, day: str
) -> tuple[list[Cells], list[str]]:
    """Read decisions that were made elsewhere: a table with record and decision, or RIS with labels.

    Who decided at which `stage` and when counts where the file does not say. Returned are the rows of
    screening.csv that are not there yet, and remarks.

    Raises
    ------
    RefusalError
        For whatever is no decision, names no record, or has nobody who made it: all at once.
    """
    about = {"stage": stage, "by": by or "", "date": day}
    if isinstance(given, Path) and _is_ris(given):
        held, file = read_search_file(given), str(given)
        remarks = [*held.remarks]
        decided = [*_of_ris(review, held.references, file, about)]
    else:
        sheet = read_sheet(given, knows=COLUMNS.issubset) if isinstance(given, Path) else given
        file, remarks = sheet.file, [*sheet.remarks]
        decided = [*_of_sheet(sheet, about)]
    keys = {record.record for record in review.records}
    problems = []
    for number, cells in decided:
        if not cells["by"]:
            problems.append(f"{file} row {number}: nobody is named who decided. Say who, with --by NAME.")
        elif cells["record"] not in keys:
            problems.append(f"{file} row {number}: no record {cells['record']!r} in records.csv. Correct it.")
        else:
            problems += map(str, read_row(Screening, cells, file=file, row=number)[1])
    refuse(problems)
    last: dict[tuple[str, str, str], tuple[str, str]] = {}
    for row in review.screening:
        last[row.record, row.stage, row.by] = (row.decision, row.reason or "")
    new = [
        cells
        for _, cells in decided
        if last.get((cells["record"], cells["stage"], cells["by"]))
        != (cells["decision"], cells.get("reason", ""))
    ]
    if there := len(decided) - len(new):
        remarks.append(f"{file}: {there} of {len(decided)} decisions stand there already")
    return new, remarks


def _of_sheet(sheet: Sheet, about: Mapping[str, str]) -> Iterator[tuple[int, Cells]]:
    if lacking := sorted(COLUMNS - {*sheet.header}):
        remedy = "Name it so, or name a RIS with the labels of ASReview or Rayyan."
        raise FileError(sheet.file, f"the column {lacking[0]} is missing", remedy)
    for number, cells in sheet.rows:
        filled = {name: cell for name, cell in cells.items() if cell and name in columns(Screening)}
        if "decision" in filled:  # what nobody decided is no row
            yield number, {**about, "record": "", **filled}


def _is_ris(path: Path) -> bool:
    """Say whether a file is RIS: marks of its encoding are left out, and old ends of lines are one."""
    raw = raw_of(path, str(path)).translate(None, b"\0\xef\xbb\xbf\xfe\xff")
    return re.search(rb"(?:^|\r)TY  ?-", raw, re.MULTILINE) is not None


def _of_ris(
    review: Review, references: Sequence[Reference], file: str, about: Mapping[str, str]
) -> Iterator[tuple[int, Cells]]:
    labels = [[*_labels(reference, about)] for reference in references]
    if not any(labels):
        reason = "no record in it has a label of ASReview, Rayyan or livingmeta in its notes (N1)"
        remedy = "Export it with the decisions, or name a CSV with the columns record and decision."
        raise FileError(file, reason, remedy)
    records = same_records(review, references)
    refuse(
        f"{file}, record {number} ({reference.title}): records.csv has no such record. Read it first: "
        f"livingmeta search {review.folder.name} --from {file}; or, if it is there, write its key into ID."
        for number, (reference, record, decided) in enumerate(
            zip(references, records, labels, strict=True), start=1
        )
        if decided and record is None
    )
    for number, (record, decided) in enumerate(zip(records, labels, strict=True), start=1):
        if record is not None:
            yield from ((number, {**cells, "record": record.record}) for cells in decided)


def _labels(reference: Reference, about: Mapping[str, str]) -> Iterator[Cells]:
    """Yield what the notes of a reference say that people decided."""
    notes = " | ".join(reference.notes)
    reasons = re.search(r"RAYYAN-EXCLUSION-REASONS: *([^|]+)", notes)
    rayyan = re.search(r"RAYYAN-INCLUSION: *\{([^}]*)\}", notes)
    ours = [match.groupdict(default="") for note in reference.notes if (match := OURS.fullmatch(note))]
    yield from ({**about, **{name: cell for name, cell in row.items() if cell}} for row in ours)
    if rayyan:
        for by, word in re.findall(r'"([^"]+)" *=> *"(\w+)"', rayyan[1]):
            if decision := RAYYAN.get(word.lower()):
                why = {"reason": reasons[1].strip()} if reasons and decision == "exclude" else {}
                yield {**about, "by": by, "decision": decision, **why}
        return
    for decision, label in ASREVIEW.items():
        known = any(row["stage"] == about["stage"] and row["decision"] == decision for row in ours)
        if label in notes.split(" | ") and decision != "unsure" and not known:
            yield {**about, "decision": decision}


def write_decisions(name: str, rows: Sequence[Cells]) -> None:
    """Write decisions that were made elsewhere, all or none."""
    with planned(name, {"screening": [*rows]}) as plan:
        plan.write()
