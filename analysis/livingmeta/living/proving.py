"""Each quote of a review held against the paper that it is from, if somebody has it here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import shorten
from typing import Any

from livingmeta.exchange.papers import Belonging, Paper, belonging, papers_in
from livingmeta.exchange.sheets import as_csv
from livingmeta.exchange.verbatim import Match, Readings, Result
from livingmeta.living.adding import owned
from livingmeta.living.carrying import astray, carried, changed, contradicted, elsewhen, mistaken
from livingmeta.printer import Shown
from livingmeta.review.protocol import Review
from livingmeta.review.quotes import Quoted, quotes
from livingmeta.review.schema import LONGEST_SHOWN, Problem, QuoteRecord, columns, read_row
from livingmeta.store import current, replace_all
from livingmeta.words import refuse

# How results are told, the best first: of two files with one paper it counts
TOLD = {
    "found": "",
    "elsewhere": "on another page or in another table than the locator says",
    "other digits": "with other digits",
    "not found": "not found",
}
ABSENT: Result = "paper not there"
NAME = "verification.csv"


@dataclass(frozen=True, kw_only=True, repr=False)
class Proof(Match, Shown):
    """What became of a quote, as `verbatim.Match` says, and the paper that it was held against.

    `stands` says of each number of the row, its time, arm and scale where it stands: in the quote, or in
    the cell, a heading or the caption of its place in the table; "assumed" where the row says that it
    is, "" where it stands nowhere of these. It is empty unless the quote was found.
    """

    quoted: Quoted
    paper: Paper | None = None
    stands: Mapping[str, str] = field(default_factory=dict)
    contradictions: tuple[Problem, ...] = ()

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns that nothing carries."""
        return tuple(column for column, where in self.stands.items() if not where)

    def __str__(self) -> str:
        return f"{self.quoted.row.place}: {self.result}: “{self.quoted.words}” ({self.place})"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        return [self.cells()]

    @property
    def place(self) -> str:
        """Where it stands, as near as it is known: page or table, and file; the source without one."""
        name = self.paper.path.name if self.paper else self.quoted.source
        within = self.table or (f"page {self.page}" if self.page else "")
        return f"{within} of {name}" if within else name

    def cells(self) -> dict[str, Any]:
        """Return it as plain values, by the words of docs/json.md."""
        row = self.quoted.row
        return {
            "file": row.file,
            "row": row.row,
            "column": self.quoted.column,
            "source": self.quoted.source,
            "locator": self.quoted.locator,
            "quote": self.quoted.words,
            "result": self.result,
            "page": self.page,
            "table": self.table,
            "words": self.words,
            "others": [list(pair) for pair in self.others],
            "paper": self.paper.path.name if self.paper else None,
            "paper_sha256": self.paper.sha256 if self.paper else None,
            "numbers": [
                {"column": column, "value": self.quoted.numbers[column], "stands": where or None}
                for column, where in self.stands.items()
            ],
        }

    @property
    def differing(self) -> str:
        """The numbers that are others in the paper: "3.1 in place of 3.0"."""
        told = (f"{there} in place of {own}".replace("-", "−") for own, there in self.others)
        return ", ".join(told)

    def problem(self) -> Problem | None:
        """Word it as something wrong, or doubtful; None where it was found, or could not be looked for.

        Words that are not there are only a doubt where the paper has pages that can't be read.
        """
        words = shorten(self.words or "", LONGEST_SHOWN, placeholder=" …")
        stands = f"{'in' if self.table else 'on'} {self.place}"
        reason = {
            "elsewhere": f"the quote stands {stands}, and not where its locator says",
            "other digits": f"{self.place} has {self.differing}: “{words}”",
            "not found": f"the quote is not in {self.place}",
        }.get(self.result)
        if reason is None or self.paper is None:
            return None
        remedy = "Correct the locator." if self.result == "elsewhere" else "Look at it again, and correct it."
        if self.result == "not found":
            remedy += " Where a table or figure parts its words there, write … between them."
        unread = ", ".join(map(str, self.paper.unread))
        doubtful = self.result == "elsewhere" or (self.result == "not found" and unread)
        if unread and self.result == "not found":
            remedy = f"It may stand on a page that shows a picture: {unread}."
        return Problem(
            file=self.quoted.row.file,
            row=self.quoted.row.row,
            column=self.quoted.column,
            value=self.quoted.words,
            reason=reason,
            remedy=remedy,
            severity="warning" if doubtful else "error",
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Proofs(Shown):
    """All quotes of a review beside the papers of a folder; `doubts` are papers that can't be read."""

    review: Review
    proofs: tuple[Proof, ...]
    papers: tuple[Belonging, ...]
    doubts: tuple[Problem, ...]

    def __str__(self) -> str:
        n = self.counts
        tried = sum(n[result] for result in TOLD)
        said = [f"{n['found']} of {tried} {'quote' if tried == 1 else 'quotes'} found in their papers"]
        said += [f"{n[result]} {words}" for result, words in TOLD.items() if words and n[result]]
        away = [f"{n[ABSENT]} without a paper here"] if n[ABSENT] else []
        return ", ".join([*(said if tried else ()), *away]) or "no quotes"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        return [proof.cells() for proof in self.proofs]

    @property
    def counts(self) -> Counter[str]:
        """How many quotes have each result; one that several rows share counts once."""
        alike = {(proof.quoted.source, proof.quoted.words, proof.result) for proof in self.proofs}
        return Counter(result for *_, result in alike)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong or doubtful: with quotes, and with papers."""
        return [*(p for proof in self.proofs if (p := proof.problem())), *self.contradictions, *self.doubts]

    @property
    def contradictions(self) -> list[Problem]:
        """What a row says otherwise than its place in a table, as doubts."""
        return [problem for proof in self.proofs for problem in proof.contradictions]

    @property
    def carried(self) -> Counter[str]:
        """How much of the rows whose quotes were found stands where; "" where nothing carries it."""
        return Counter(where for proof in self.proofs for where in proof.stands.values())

    @property
    def uncarried(self) -> dict[str, list[Proof]]:
        """The rows of which nothing carries a number, by its column."""
        names = dict.fromkeys(name for proof in self.proofs for name in proof.lacking)
        return {name: [proof for proof in self.proofs if name in proof.lacking] for name in names}

    @property
    def lacking(self) -> tuple[str, ...]:
        """The sources whose papers are not there, those with most quotes first."""
        away = Counter(proof.quoted.source for proof in self.proofs if proof.paper is None)
        return tuple(source for source, _ in away.most_common())


def prove(review: Review, folder: Path, *, progress: Callable[[int, int], object] | None = None) -> Proofs:
    """Look for every quote of a review in the papers of a folder, of which nothing is copied.

    Which paper a quote is from is sure by the DOI of its source, or by a file that is called by the key
    of the source or of the report.

    Raises
    ------
    RefusalError
        If there is no such folder or no paper in it.
    """
    opened, doubts = papers_in(folder, progress=progress)
    cited = {report.report: (report.doi, report.citation) for report in review.reports}
    cited |= {source.source: (source.doi, source.citation) for source in review.sources}
    held = belonging(opened, cited)
    papers: dict[str, list[Readings]] = {}
    for one in held:
        readings = Readings(one.paper)
        for key in one.keys:
            papers.setdefault(key, []).append(readings)
    proofs = tuple(_proof(review, quoted, papers.get(quoted.source, [])) for quoted in quotes(review))
    return Proofs(review=review, proofs=proofs, papers=tuple(held), doubts=tuple(doubts))


def _proof(review: Review, quoted: Quoted, papers: Iterable[Readings]) -> Proof:
    found = [(readings.find(quoted.words, quoted.locator), readings) for readings in papers]
    if not found:
        return Proof(quoted=quoted, result=ABSENT)
    best, readings = min(found, key=lambda pair: list(TOLD).index(pair[0].result))
    proof = Proof(**vars(best), quoted=quoted, paper=readings.paper)
    if best.result not in {"found", "elsewhere"}:
        return proof
    place = readings.around(quoted.words, quoted.locator) if best.result == "found" else None
    words = {"quote": quoted.words}
    if place is not None:
        words |= {name: getattr(place, name) for name in ("cell", "column", "row", "caption")}
    doubts = [*changed(review, quoted), *(contradicted(review, quoted, words) if place else ())]
    if "sd" in quoted.numbers and best.result == "found":
        doubts += mistaken(quoted, words, readings.told(quoted.words, below=place is not None))
    elsewhere = astray(review, quoted, place) if place else frozenset[float]()
    stands = carried(review, quoted, words, astray=elsewhere)
    if stands.get("weeks") == "quote" and elsewhen(quoted, lambda part: readings.told(part, below=False)):
        stands["weeks"] = ""
    return replace(proof, stands=stands, contradictions=tuple(doubts))


def record(proofs: Proofs, *, by: str, day: str) -> list[Path]:
    """Write to verification.csv what became of each quote whose paper is there; return it if it changed.

    A record that says the same of the same quote and file stays as it is, with its day and name;
    one of a quote that is there no more is left out.

    Raises
    ------
    RefusalError
        If a cell is none that verification.csv may hold, or somebody else changed the file.
    """
    review = proofs.review
    own = {row.record: row for row in review.verification if _own(review, row)}
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for proof in proofs.proofs:
        about = proof.quoted.record
        cells = _cells(own[about]) if about in own else {}
        if proof.paper is not None:
            split = (" ".join(_pairs(proof, carried)) for carried in (True, False))
            said = (*about, proof.result, str(proof.page or ""), *split, proof.paper.sha256)
            if tuple(cells.values())[: len(said)] != said:
                cells = dict(zip(columns(QuoteRecord), (*said, day, by), strict=True))
        if cells:
            rows[about] = cells
    for number, cells in enumerate(rows.values(), start=2):
        _, wrong = read_row(QuoteRecord, cells, file=NAME, row=number)
        refuse(map(str, wrong))
    path = current(review.folder / NAME)
    seen = path.read_bytes() if path.exists() else b""
    head = list(columns(QuoteRecord))
    text = as_csv([head, *([cells[name] for name in head] for cells in rows.values())], end="\n")
    if text.encode() == seen or not rows:
        return []
    return replace_all({owned(review.folder) / NAME: (seen, text)})


def _pairs(proof: Proof, carried: bool) -> list[str]:
    """List what a row holds that is carried, or is not; all that it holds, where its quote was not found."""
    stand = {name for name, where in proof.stands.items() if where not in {"", "assumed"}}
    return [f"{name}={text}" for name, text in proof.quoted.numbers.items() if (name in stand) == carried]


def _own(review: Review, row: QuoteRecord) -> bool:
    return Path(row.file).parent.name == review.folder.name


def _cells(row: QuoteRecord) -> dict[str, str]:
    return {name: "" if (cell := getattr(row, name)) is None else str(cell) for name in columns(QuoteRecord)}
