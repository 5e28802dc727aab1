"""Each quote of a review held against the paper that it is from, if somebody has it here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from textwrap import shorten
from typing import Any

from livingmeta.exchange.entry import named_in
from livingmeta.exchange.papers import Belonging, Paper, belonging, papers_in
from livingmeta.exchange.sheets import as_csv
from livingmeta.exchange.verbatim import Match, Readings, Result, numbers_in
from livingmeta.living.adding import owned
from livingmeta.living.reading import TIME, close, fitting, tokens, weeks_in
from livingmeta.printer import Shown
from livingmeta.review.protocol import Review
from livingmeta.review.quotes import Quoted, quotes
from livingmeta.review.rules import COLUMN, arms_named, beneath
from livingmeta.review.schema import (
    LONGEST_SHOWN,
    SIGN_TURNED,
    Outcome,
    Problem,
    QuoteRecord,
    Row,
    columns,
    read_row,
)
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
RESULT = ("quote", "cell")
NEAREST = ("column", "row", "quote")  # where arm and time are named, the nearest to the numbers first
LEVEL = re.compile(r"\d\d(?:\.\d)?\s*%\s*-?\s*(?:CI|confidence)", re.IGNORECASE)
BOUND = re.compile(r"([<>≤≥]?)\s*(\d+(?:[.,·]\d+)*|[.,·]\d+)")
SHARE = re.compile(r"\(\s*[\d.,·]+\s*%?\s*\)|[\d.,·]+\s*%")
TURN = {"≤": "<", "≥": ">"}
PEOPLE_OF = {"n", "n1", "n2"}
HEADED = re.compile(
    r"\bn\s*=\s*\d[\d,]*|\(\d[\d,]*\)|\d[\d,]* (?:people|patients|participants)", re.IGNORECASE
)
SPREADS = ("sd", "se")
TURNED = {"mean", "ci_low", "ci_high", "t_value"}  # what has the other sign in a row that says so
WEEKS = 0.6  # a month is 4.3 weeks, and four to some
WORD = re.compile(r"\w+")
OF_SCALES = {"scale", "subscale", "score", "index", "questionnaire", "total", "points", "test", "change"}


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
    words = {"quote": quoted.words, **(asdict(place) if place else {})}
    doubts = tuple(_contradicted(review, quoted, words)) if place else ()
    return replace(proof, stands=_stands(review, quoted, words), contradictions=doubts)


def _stands(review: Review, quoted: Quoted, words: Mapping[str, str]) -> dict[str, str]:
    """Say where what a row takes from its source stands, in the quote or about its place in a table."""
    row = quoted.row
    # 12 weeks are no 12 people, and a 95% interval no 95
    plain = {where: LEVEL.sub(" ", TIME.sub(" ", text)) for where, text in words.items()}
    numbers = {where: numbers_in(text) for where, text in plain.items() if where in RESULT}
    people = {w: numbers_in(" ".join(HEADED.findall(plain[w]))) for w in plain if w not in RESULT}
    left = {where: list(listed) for where, listed in numbers.items()}
    turned = (getattr(row, "note", None) or "").startswith(SIGN_TURNED)
    assumption = getattr(row, "assumption", None) or ""
    assumed = {*WORD.findall(assumption)} if assumption else set[str]()
    stands = {}
    for column, text in sorted(quoted.numbers.items(), key=lambda pair: pair[0] in PEOPLE_OF):
        if column == "instrument":
            stands[column] = _scaled(review, row, words)
            continue
        value = -float(text) if turned and column in TURNED else float(text)
        if column == "group" and isinstance(row, Outcome):
            named = {where: arms_named(review, row, words[where]) for where in NEAREST if where in words}
            nearest = [where for where, names in named.items() if any(names)][:1]
            carrying = [where for where in nearest if named[where][1] in named[where][0]]
        elif column == "weeks":
            times = {where: weeks_in(words[where]) for where in (*NEAREST, "caption") if where in words}
            nearest = [where for where, held in times.items() if held][:1]
            carrying = [where for where in nearest if any(abs(time - value) < WEEKS for time in times[where])]
        elif column == "ci_level":
            carrying = [where for where in words if re.search(rf"(?<![\d.]){text}\s*%", words[where])]
        else:
            held = left | people if column in PEOPLE_OF else left
            carrying = [where for where, listed in held.items() if value in listed]
            if column == "events" or column in PEOPLE_OF:  # and not the percentage behind them
                shares = {where: SHARE.sub(" ", plain[where]) for where in RESULT if where in plain}
                carrying = [w for w in carrying if w not in shares or value in numbers_in(shares[w])]
            if column == "p_value":
                sign = getattr(row, "p_relation", None)
                carrying = [where for where in carrying if sign in _relations(value, plain[where])]
        mean = getattr(row, "mean", None)
        if column in SPREADS and mean is not None:  # a spread stands behind its mean
            carrying = [w for w in carrying if mean not in numbers[w] or mean in _before(value, numbers[w])]
        declared = column in assumed and float(text) in numbers_in(assumption)
        stands[column] = next(iter(carrying), "assumed" if declared else "")
        if carrying and column not in {*PEOPLE_OF, "group", "weeks", "ci_level"}:
            for listed in left.values():  # what is printed once carries one column
                if value in listed:
                    listed.remove(value)
    return stands


def _scaled(review: Review, row: Row, words: Mapping[str, str]) -> str:
    """Say where a row's scale is named: a caption must name it, the words beside a number its outcome."""
    key, outcome = getattr(row, "instrument", None), getattr(row, "outcome", "")
    name = next((scale.name for scale in review.instruments if scale.instrument == key), "")
    own = tokens(name) - OF_SCALES
    for where in ("row", "column", "quote", "caption"):
        asked = own - {outcome.lower()} if where == "caption" else own | {outcome.lower()}
        if fitting(tokens(words.get(where, "")), asked):
            return where
    return ""


def _relations(value: float, words: str) -> set[str]:
    """Return how a number is printed: after <, after >, or as it is (=)."""
    pairs = BOUND.findall(words)
    return {TURN.get(sign, sign) or "=" for sign, text in pairs if value in numbers_in(text)}


def _before(value: float, numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Return the numbers before the last place of one."""
    return numbers[: len(numbers) - 1 - numbers[::-1].index(value)]


def _contradicted(review: Review, quoted: Quoted, words: Mapping[str, str]) -> Iterator[Problem]:
    """Doubt a row that stands beneath other words than it says: of another arm, n, or kind of spread."""
    row, said = quoted.row, COLUMN.search(quoted.locator)
    if not isinstance(row, Outcome):
        return
    if said is None or said[1].isdigit():  # else the rules have said it, of the locator
        yield from beneath(review, row, words["column"], who="it stands in a column")
    times = next(filter(None, (weeks_in(words[where]) for where in ("column", "row"))), frozenset[float]())
    if row.weeks is not None and times and not any(close(row.weeks, time) for time in times):
        named = " and ".join(f"{time:g}" for time in sorted(times))
        remedy = "Check time and locator: 3 months are 13 weeks, a year 52."
        yield row.problem("weeks", f"it stands where {named} weeks are named", remedy, severity="warning")
    near = (named_in(words[where])[0] & {*SPREADS} for where in ("row", "column", "caption"))
    kinds = next(filter(None, near), frozenset[str]())
    for column in SPREADS:
        if getattr(row, column) is not None and kinds and column not in kinds:
            reason = f"the words about its place in the table say {' and '.join(kinds).upper()}"
            remedy = f"Check it. If it is one, move it to the column {next(iter(kinds))}."
            yield row.problem(column, reason, remedy, severity="warning")


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
