"""Every quote of a review, and which of them were held against the paper that they are from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from livingmeta.language import Said, said
from livingmeta.review.protocol import Review
from livingmeta.review.schema import OPTIONAL, TABLES, Bias, Outcome, Problem, QuoteRecord, Row, columns
from livingmeta.words import RefusalError, number

# What names a row in its file; of those that have no key of their own, what tells it from others
_OF_OUTCOME = "trial contrast subgroup outcome instrument weeks time_label group statistic source"
NAMED_BY = {
    "sources": "source",
    "trials": "trial",
    "reports": "report",
    "instruments": "instrument",
    "outcomes": _OF_OUTCOME,
    "second_extraction": f"{_OF_OUTCOME} extractor",
    "gaps": "trial outcome instrument weeks",
    "published": "claim quantity trial contrast subgroup",
    "risk_of_bias": "trial tool domain",
    "moderators": "trial contrast subgroup moderator",
}
_TABLE = {model: table for table, model in {**TABLES, **OPTIONAL}.items()}
QUOTED_WORDS = re.compile(r"(?<!\w)'((?:[^']|(?<=\w)'(?=\w))+)'(?!\w)|“([^”]+)”")
SOURCE_KEY = re.compile(r"\[([a-z0-9][a-z0-9_.-]*)\]")


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A quote: the row and column that it stands in, and the key of the source that it is from.

    `locator` says where in the source; "" where the row has no cell for it.
    """

    row: Row
    table: str
    column: str
    source: str
    words: str
    locator: str

    @property
    def key(self) -> str:
        """What names its row in the file, and the column where that is not `quote`."""
        cells = (getattr(self.row, name) for name in NAMED_BY[self.table].split())
        named = [f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells if cell is not None]
        return ", ".join([*named, *([self.column] if self.column != "quote" else [])])

    @property
    def numbers(self) -> dict[str, str]:
        """What of its row it must carry; nothing where it stands in another column than `quote`."""
        return numbers_of(self.row) if self.column == "quote" else {}

    @property
    def hashed(self) -> str:
        """The SHA-256 of its words, by which a quote that was changed since is known."""
        return sha256(self.words.encode()).hexdigest()

    @property
    def record(self) -> tuple[str, str, str, str]:
        """What a row of verification.csv must say to be about it."""
        return self.table, self.key, self.source, self.hashed


@dataclass(frozen=True, kw_only=True)
class Proved:
    """How many quotes of some were found in their papers, by whom, and on which days."""

    proved: int
    of: int
    by: tuple[str, ...]
    dates: tuple[str, ...]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> Said:
        """Say it: "31 of 40 quotes found in their papers by X on 2026-11-28"."""
        if not self.proved:
            return said("proof.none", of=self.of)
        key = "proof.count" if len(self.dates) == 1 else "proof.count_last"
        return said(key, n=self.proved, of=self.of, by=", ".join(self.by), date=self.dates[-1])


def quotes(review: Review) -> tuple[Quoted, ...]:
    """List every quote of a review.

    They are the cells `quote`, and what stands in quote marks in other cells: behind it the key of
    its source in square brackets; in the support of a judgement it is the row's own source.
    """
    asked = (quotes,)
    if asked not in review.memo:
        known = {source.source for source in review.sources}
        listed = (q for table in NAMED_BY for row in getattr(review, table) for q in _of(table, row, known))
        review.memo[asked] = tuple(listed)
    held: tuple[Quoted, ...] = review.memo[asked]
    return held


def numbers_of(row: Row) -> dict[str, str]:
    """Return what a row takes from its source, by column: its numbers, time, arm, scale, and that it changed.

    What is borrowed from another trial by a named column is left out, and so is what is no number.
    """
    borrowed = {"icc", "design_effect"} if getattr(row, "icc_from", None) else set()
    held: dict[str, str] = {}
    for column in columns(type(row)):
        cell = getattr(row, column)
        if column in {"printed", "value"} or (column == "group" and cell != "difference"):
            with suppress(RefusalError):
                cell = number(cell).value
        if (column == "instrument" and cell) or (column == "statistic" and cell == "change"):
            held[column] = cell
        elif isinstance(cell, (int, float)) and column not in borrowed:
            held[column] = f"{cell:.15g}"
    return held


def _of(table: str, row: Row, known: set[str]) -> Iterator[Quoted]:
    for column in columns({**TABLES, **OPTIONAL}[table]):
        cell = getattr(row, column)
        if column == "quote" and cell:
            locator = getattr(row, "where" if table == "published" else "locator") or ""
            yield Quoted(row=row, table=table, column=column, source=row.source, words=cell, locator=locator)  # type: ignore[attr-defined]
        elif isinstance(cell, str) and ("'" in cell or "“" in cell):
            *named, rest = SOURCE_KEY.split(cell)
            parts = list(zip(named[::2], named[1::2], strict=True))
            if isinstance(row, Bias) and column == "support":
                parts.append((rest, row.source))
            for text, source in parts:
                for single, double in QUOTED_WORDS.findall(text) if source in known else ():
                    words = single or double
                    if len(words.split()) > 1:
                        yield Quoted(
                            row=row, table=table, column=column, source=source, words=words, locator=""
                        )


def proof_of(review: Review, row: Row) -> QuoteRecord | None:
    """Return the record by which the quote of a row was found in its paper; None where there is none."""
    if not review.verification:
        return None
    own = (quote for quote in _of(_TABLE[type(row)], row, set()) if quote.column == "quote")
    record = next((_recorded(review).get(quote.record) for quote in own), None)
    return record if record and record.numbers == numbers_of(row) else None


def proof_mark(review: Review, rows: Iterable[Row]) -> Said | None:
    """Say by whom and when a quote that rows share was found in its paper, and what it does not carry.

    None where one of the rows has no such record, or other numbers than it had then.
    """
    records = [proof_of(review, row) for row in rows]
    held = [record for record in records if record]
    if not held or len(held) < len(records):
        return None
    lacking = dict.fromkeys(name for record in held for name in record.lacking)
    key = "proof.mark_but" if lacking else "proof.mark"
    return said(key, by=held[0].by, date=held[0].date, what=", ".join(lacking))


def _recorded(review: Review) -> dict[tuple[str, str, str, str], QuoteRecord]:
    """Return the records of quotes that were found, by what they are about; a later one counts."""
    asked = (_recorded,)
    if asked not in review.memo:
        latest = {row.record: row for row in review.verification}
        review.memo[asked] = {about: row for about, row in latest.items() if row.result == "found"}
    held: dict[tuple[str, str, str, str], QuoteRecord] = review.memo[asked]
    return held


def proved(review: Review, rows: Iterable[Outcome] | None = None) -> Proved | None:
    """Count the quotes of some rows, or of the whole review, that were found in their papers.

    A quote that several rows share counts once. None without quotes, and where none was ever held
    against a paper.
    """
    if not review.verification:
        return None
    wanted = None if rows is None else {row.place for row in rows}
    asked: dict[tuple[str, str], QuoteRecord | None] = {}
    for quote in quotes(review):
        if wanted is None or (quote.row.place in wanted and quote.column == "quote"):
            about = (quote.source, quote.hashed)
            asked[about] = _recorded(review).get(quote.record) or asked.get(about)
    if not asked:
        return None
    records = [record for record in asked.values() if record]
    return Proved(
        proved=len(records),
        of=len(asked),
        by=tuple(dict.fromkeys(record.by for record in records)),
        dates=tuple(sorted({record.date for record in records})),
    )


def outdated(review: Review) -> Iterator[Problem]:
    """Yield records that say another thing than found, and those of quotes that are others now, or gone."""
    held = {quote.record: quote.numbers for quote in quotes(review)} if review.verification else {}
    keys = {about[:2] for about in held}
    remedy = "Hold it against the paper again: check --papers FOLDER --record --by NAME."
    for row in review.verification:
        if Path(row.file).parent.name != review.folder.name:
            continue  # said where the review is checked that this one extends
        if row.record not in held:
            reason = "no row with a quote is called so any more"
            if row.record[:2] in keys:
                reason = f"the quote is another than on {row.date}, when it was held against the paper"
            yield row.problem("key", reason, remedy, severity="warning")
        elif row.result != "found":
            reason = f"so {row.by} recorded of {row.table}.csv, {row.key} on {row.date}"
            yield row.problem("result", reason, f"Correct the row. {remedy}", severity="warning")
        elif row.numbers != held[row.record]:
            reason = f"the row has other numbers than on {row.date}, when they were held against the paper"
            yield row.problem("proved", reason, remedy, severity="warning")
