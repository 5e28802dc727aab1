"""The tables of a paper as it prints them: each cell in its place, below and beside its headings.

Spans are resolved and footnote marks taken off the numbers. What could be read otherwise is never
silent: a doubt says so, of the cell or of the whole table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import count, pairwise, takewhile
from typing import Any
from xml.etree.ElementTree import Element

from livingmeta.exchange.papers import LIGATURES, MARKS, Paper, hidden, read_once, tag_of, tree_of, words_of
from livingmeta.printer import Shown
from livingmeta.review.files import raw_of
from livingmeta.review.schema import ABSENT
from livingmeta.words import MINUS, RefusalError

BESIDE = "beside it, may stand over it too"  # of a heading: then what stands above a cell may not be all
OVER_OTHERS = "it may stand over other columns too"  # of a heading: what stands below it is sure
RUNS_ON = "it runs over several lines"  # of a cell: so that it could be two
_NAMED_BESIDE = re.compile(rf"“([^”]+)”, {BESIDE}$")
MOST_SPANNED = 100  # rows or columns of a cell; no page holds more
UNPRINTED = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
LABEL = re.compile(
    r"\s*((?:e|supplementary |supplemental |online )?tab(?:le|elle|ell|\.)\s*"
    r"(?:[a-z]?[ -]?\d+(?:\.\d+)*[a-z]?|[ivx]+\b))"
    r"[.:\s|–—-]*",
    re.IGNORECASE,
)
# A heading that is a unit of time, and no age or duration of something else
UNIT = re.compile(
    r"(?:(?:study|time|visit|follow[ -]?up)\W*)*(?:in )?(day|week|month|year)s?\W*"
    r"(?:(?:since|after|from) .*)?",
    re.IGNORECASE,
)
BARE = re.compile(r"\d+(?:[.,·]\d+)?")
NUMBERED = re.compile(r"[^\W\d]+\.?\s*(\d{1,3})\.?")  # a label by whose number its table goes
CONTINUED = re.compile(
    r"[(\[]?\s*\b(?:cont(?:inued|inuation|['’]?d|\.)?|forts\.?|fortsatt)(?!\w)\s*[)\]]?[.:]?", re.I
)
# Possessive (++), as a long row of digits is else tried in every way to part it
_SIGN = rf"[{MINUS}+]?\d+(?:[.,·]\d+)*|[{MINUS}+]?[.,·]\d+"
NUMERIC = re.compile(
    rf"(?:{_SIGN}|[\s()\[\]<>=≤≥±;:,/%\{MINUS}]|\b(?:to|of|and|vs|p|n|ns|ci|sd|se|iqr|median|mean)\b)++",
    re.IGNORECASE,
)
SPLIT_MARK = re.compile(rf"(?<=[\d)\]%])\s*([{MARKS}]+(?:\s*,?\s*[{MARKS}]+)*)$")
FRONT_MARK = re.compile(rf"^([{MARKS}]+)\s*(?=[{MINUS}\d(<.])")
LETTER_MARK = re.compile(r"(?<=[\d)\]%])([a-h](?:,[a-h])*)$")
POWER = re.compile(r"(?<=[\d)\]%])([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
UNENDED = re.compile(rf"(?:[±,;/(\[\{MINUS}]|\bto)$|^(?:[±,;/)\]]|to\b)")
NORMAL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
HEADS = re.compile(
    r"\b(?:mean|median|sd|se|ci|n ?=|baseline|weeks?|months?|years?|p[ -]?values?|group|control)\b", re.I
)


@dataclass(frozen=True, kw_only=True)
class PaperCell:
    """A cell of a printed table.

    Attributes
    ----------
    text : str
        As printed, in one line, without footnote marks.
    row, column : int
        Its place from 1, that of its upper left corner where it spans several.
    rows, columns : int
        How many it spans.
    heading : bool
    marks : tuple of str
        Footnote marks that stood at it.
    doubts : tuple of str
        What makes it uncertain that `text` is what the paper prints there, in words.
    page : int, optional
        Of a PDF, from 1.
    """

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    heading: bool = False
    marks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    page: int | None = None

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers, and hardly a word."""
        return any(map(str.isdecimal, self.text)) and NUMERIC.fullmatch(self.text) is not None

    @property
    def place(self) -> str:
        """Its place as `read --pick` takes it: r5c3."""
        return f"r{self.row}c{self.column}"


@dataclass(frozen=True, kw_only=True, repr=False)
class PaperTable(Shown):
    """A table of a paper.

    Attributes
    ----------
    number : int
        Of its label, or the next that is free where the label has none of its own.
    label, caption : str
        "Table 2" and the words behind it, as printed; "" where there are none.
    page : int, optional
        Of a PDF, from 1.
    cells : tuple of PaperCell
        Row after row; empty where the table can't be read, and `doubts` says why.
    doubts : tuple of str
        What is uncertain about all of it.
    """

    number: int
    label: str
    caption: str
    page: int | None = None
    cells: tuple[PaperCell, ...] = field(default=(), repr=False)
    doubts: tuple[str, ...] = ()

    def __str__(self) -> str:
        size = f"{self.rows} rows, {self.columns} columns" if self.cells else "can't be read"
        page = f", page {self.page}" if self.page else ""
        apart = "" if str(self.number) in re.findall(r"\d+", self.name) else f"{self.number}. "
        return f"{apart}{self.name}{page} ({size}): {self.caption or 'no caption'}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the cells of each row, a column each."""
        for row in range(1, self.rows + 1):
            cells = (self.at(row, column) for column in range(1, self.columns + 1))
            yield {str(n): cell.text if cell else None for n, cell in enumerate(cells, start=1)}

    @property
    def name(self) -> str:
        """Its label, or its place among the tables."""
        return self.label or f"table {self.number} (it has no label)"

    @cached_property
    def words(self) -> str:
        """Label, caption and cells, row after row."""
        rows: dict[int, list[str]] = {}
        for cell in sorted(self.cells, key=lambda cell: (cell.row, cell.column)):
            rows.setdefault(cell.row, []).append(cell.text)
        return "\n".join([f"{self.label} {self.caption}", *map(" ".join, rows.values())])

    @cached_property
    def rows(self) -> int:
        """How many it has."""
        return max((cell.row + cell.rows - 1 for cell in self.cells), default=0)

    @cached_property
    def columns(self) -> int:
        """How many it has."""
        return max((cell.column + cell.columns - 1 for cell in self.cells), default=0)

    @cached_property
    def _places(self) -> dict[tuple[int, int], PaperCell]:
        return {
            (row, column): cell
            for cell in self.cells
            for row in range(cell.row, cell.row + cell.rows)
            for column in range(cell.column, cell.column + cell.columns)
        }

    def at(self, row: int, column: int) -> PaperCell | None:
        """Return the cell that covers a place."""
        return self._places.get((row, column))

    @cached_property
    def stubs(self) -> int:
        """How many columns name the rows: the first, and those behind it that hold words alone."""
        held: dict[int, list[PaperCell]] = {}
        for cell in self.cells:
            if not cell.heading and cell.text.lower() not in ABSENT and not self._parts(cell):
                held.setdefault(cell.column, []).append(cell)
        others = range(2, self.columns + 1)
        words = (bool(held.get(n)) and not any(cell.numeric for cell in held[n]) for n in others)
        return 1 + len(list(takewhile(bool, words)))

    @cached_property
    def numbers(self) -> tuple[PaperCell, ...]:
        """The cells that hold numbers and are no headings."""
        return tuple(cell for cell in self.cells if cell.numeric and not cell.heading and cell.column > 1)

    def _above(self, cell: PaperCell) -> list[PaperCell]:
        """Return the nearest block of headings above a cell, from top to bottom."""
        block: list[PaperCell] = []
        for row in range(cell.row - 1, 0, -1):
            other = self.at(row, cell.column)
            if other is not None and other.heading and not self._parts(other):
                block.append(other)
            elif block:
                break
        return block[::-1]

    def column_headings(self, cell: PaperCell) -> tuple[str, ...]:
        """Return what stands above a cell, from top to bottom: the nearest block of headings."""
        return tuple(dict.fromkeys(other.text for other in self._above(cell) if other.text))

    def row_headings(self, cell: PaperCell) -> tuple[str, ...]:
        """Return what names a cell's row: the last line that parts the table, and its first cells.

        A bare number under a heading that names a unit of time is one: 12 below "Week" is "12 weeks".
        """
        parting = next(
            (
                other.text
                for row in range(cell.row, 0, -1)
                if (other := self.at(row, 1)) is not None and other is not cell and self._parts(other)
            ),
            None,
        )
        beside = [self.at(cell.row, column) for column in range(1, min(cell.column, self.stubs + 1))]
        names = [self._timed(other) for other in beside if other]
        return tuple(dict.fromkeys(filter(None, [parting, *names])))

    def _timed(self, cell: PaperCell) -> str:
        unit = UNIT.fullmatch(" ".join(self.column_headings(cell)))
        return f"{cell.text} {unit[1].lower()}s" if unit and BARE.fullmatch(cell.text) else cell.text

    def _parts(self, cell: PaperCell) -> bool:
        """Say whether a cell is the only words of its row, below the first headings."""
        if not cell.text or cell.numeric or cell.row == 1:
            return False
        others = (self.at(cell.row, column) for column in range(1, self.columns + 1))
        return self.columns > 1 and all(other in {None, cell} or not other.text for other in others)

    def doubts_of(self, cell: PaperCell) -> tuple[str, ...]:
        """Return what is uncertain about a cell: of its own, of what names it, of its table."""
        bare: tuple[str, ...] = ()
        if self.columns == 2 and any(
            (other := self.at(row, 1)) is not None and self._parts(other) and other.columns == 1
            for row in range(1, cell.row + 1)
        ):
            bare = ("a row above has a name and no number, and may name a part of the table",)
        first = self.at(cell.row, 1)
        if first is None or not first.text:
            bare = ("its row has no name of its own, and may have that of one above",)
        heads = (f"heading “{other.text}”: {doubt}" for other in self._above(cell) for doubt in other.doubts)
        return tuple(dict.fromkeys((*cell.doubts, *heads, *bare, *self.doubts)))


def beside(doubts: Iterable[str]) -> tuple[str, ...]:
    """Return the headings of which doubts say that they may reach over a cell."""
    return tuple(dict.fromkeys(held[1] for doubt in doubts if (held := _NAMED_BESIDE.search(doubt))))


def tables(paper: Paper) -> tuple[PaperTable, ...]:
    """Read the tables of a paper, in its order, from its file.

    Parts of a table that is continued under its name are one; a part without a name says in its doubts
    what it may belong to.

    Raises
    ------
    RefusalError
        If the file has a format in which no table is told from text.
    """
    raw = raw_of(paper.path, str(paper.path))
    if paper.kind == "pdf":
        from livingmeta.exchange.printed_tables import printed

        read = read_once(paper.sha256, "tables", lambda: list(map(asdict, printed(raw, str(paper.path)))))
        cells = [tuple(PaperCell(**_tuples(cell)) for cell in table.pop("cells")) for table in read]
        whole = [PaperTable(**_tuples(table), cells=own) for table, own in zip(read, cells, strict=True)]
        return _joined(whole)
    if paper.kind == "text":
        raise RefusalError(
            f"{paper.path}: a plain text has no tables that can be told from its words. Take the PDF, the "
            "HTML or the XML of the paper."
        )
    tree = tree_of(paper.kind, raw, str(paper.path))
    return _joined([_of_element(element, parents) for element, parents in _tables_in(tree, ())])


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn lists, as JSON gives them, into tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _joined(found: Sequence[PaperTable]) -> tuple[PaperTable, ...]:
    """Put the parts of continued tables together, and number what there is."""
    whole: list[PaperTable] = []
    for part in found:
        again = CONTINUED.search(part.caption[:30]) is not None
        name = part.label.casefold()
        first = next((table for table in whole if name and table.label.casefold() == name), None)
        if any(part.cells and part.cells == table.cells for table in whole):
            continue  # some pages show a table twice
        heads = _head_rows(part)
        if first is not None and (again or not part.caption or part.caption == first.caption):
            if part.columns == first.columns and (heads == _head_rows(first) or not heads):
                whole[whole.index(first)] = _longer(first, part, len(heads))
                continue
            doubt = f"split: it goes on from {first.name}, and has other headings or columns"
        elif again:
            doubt = "split: it goes on from a table that is not found"
        else:
            alike = [t for t in whole if heads and t.columns == part.columns and _head_rows(t) == heads]
            nameless = alike and not part.label
            doubt = (
                f"split: it may go on from {alike[-1].label or 'one above'}, which has the same headings"
                if nameless
                else ""
            )
        whole.append(replace(part, doubts=(*part.doubts, doubt)) if doubt else part)
    printed_as = [int(said[1]) if (said := NUMBERED.fullmatch(table.label)) else 0 for table in whole]
    own = [0 if number in printed_as[:place] else number for place, number in enumerate(printed_as)]
    free = count(max(own, default=0) + 1)
    return tuple(replace(table, number=n or next(free)) for n, table in zip(own, whole, strict=True))


def _head_rows(table: PaperTable) -> list[list[tuple[int, str]]]:
    """Return the headings above the first row of numbers."""
    first = min((cell.row for cell in table.cells if not cell.heading), default=1)
    return [[(cell.column, cell.text) for cell in table.cells if cell.row == row] for row in range(1, first)]


def _longer(first: PaperTable, part: PaperTable, heads: int) -> PaperTable:
    """Put the rows of a part below those of a table."""
    doubt = () if heads else ("its part of the table repeats no headings",)
    below = tuple(
        replace(cell, row=cell.row - heads + first.rows, doubts=cell.doubts + doubt)
        for cell in part.cells
        if cell.row > heads
    )
    doubts = tuple(dict.fromkeys((*first.doubts, *part.doubts)))
    return replace(first, cells=first.cells + below, doubts=doubts)


def cell_of(text: str, row: int, column: int, *, raised: Sequence[str] = (), **more: Any) -> PaperCell:
    """Make a cell of a text: in one line, its footnote marks taken off where it holds a number."""
    doubts = list(more.pop("doubts", ()))
    marks = list(raised)
    text = " ".join(text.translate(UNPRINTED).translate(LIGATURES).split())
    if any(map(str.isdigit, text)):
        for pattern in (SPLIT_MARK, FRONT_MARK):
            if (mark := pattern.search(text)) and NUMERIC.fullmatch(pattern.sub("", text)):
                marks.append(mark[1])
                text = pattern.sub("", text).strip()
        if (mark := LETTER_MARK.search(text)) and NUMERIC.fullmatch(LETTER_MARK.sub("", text)):
            marks.append(mark[1])
            text = LETTER_MARK.sub("", text).strip()
            doubts.append(f"the letter {mark[1]} behind the number is taken for a footnote")
        if powers := POWER.findall(text):
            marks += [power.translate(NORMAL) for power in powers]
            text = POWER.sub("", text)
            doubts.append(f"the raised {', '.join(powers)} is taken for a footnote, not for a power")
        if any(text.count(a) != text.count(b) for a, b in ("()", "[]")) or UNENDED.search(text):
            doubts.append("a part of it seems to stand elsewhere")
    return PaperCell(text=text, row=row, column=column, marks=tuple(marks), doubts=tuple(doubts), **more)


# Tables of JATS and HTML, which are trees


def _tables_in(
    element: Element, parents: tuple[Element, ...]
) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Yield tables, and wraps of JATS that hold none, each with what it stands in."""
    inside = (*parents, element)
    for part in element:
        tag = tag_of(part)
        if not tag or hidden(part):
            continue
        if tag == "table" or (tag == "table-wrap" and not any(tag_of(e) == "table" for e in part.iter())):
            yield part, inside
        else:
            yield from _tables_in(part, inside)


def _of_element(element: Element, parents: Sequence[Element]) -> PaperTable:
    """Read a table of a tree."""
    label, caption = _named(element, parents)
    if tag_of(element) == "table-wrap":
        why = "it is a picture, or set in a way that is not read"
        return PaperTable(number=0, label=label, caption=caption, doubts=(why,))
    rows = list(_rows_in(element))
    cells, doubts = _placed(rows)
    marked = any(head for _, head, _ in rows) or any(c.heading for c in cells if c.column > 1)
    if not marked:
        cells, unmarked = headed(cells)
        doubts += unmarked
    return PaperTable(
        number=0, label=label, caption=caption, cells=_doubtful_below(cells), doubts=tuple(doubts)
    )


def headed(cells: Sequence[PaperCell]) -> tuple[list[PaperCell], list[str]]:
    """Take the rows above the first numbers for headings; doubt it where they are not of one piece."""
    rows = {cell.row: [other for other in cells if other.row == cell.row] for cell in cells}
    numbers = (c.row for c in cells if c.numeric and c.column > 1 and not re.match(r"n\s*=", c.text, re.I))
    first = min(numbers, default=1)
    while first > 2 and all(cell.column == 1 or not cell.text for cell in rows.get(first - 1, ())):
        first -= 1  # words that part the table
    spanned = all(
        any(
            c.columns > 1 or c.row + c.rows > row
            for r in range(1, row)
            for c in rows.get(r, ())
            if c.row == 1
        )
        for row in range(2, first)
    )
    certain = first > 1 and spanned
    doubts = [] if certain or not cells else ["it does not say which of its rows are headings"]
    return [replace(cell, heading=cell.row < first) for cell in cells], doubts


def _doubtful_below(cells: Sequence[PaperCell]) -> tuple[PaperCell, ...]:
    """Doubt cells below a row of words that look like headings and are not marked as such."""
    rows: dict[int, list[PaperCell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    words = [
        row
        for row, listed in rows.items()
        if not any(cell.heading and cell.column > 1 for cell in listed)
        and len([cell for cell in listed if cell.column > 1 and HEADS.search(cell.text)]) > 1
        and not any(cell.numeric for cell in listed if cell.column > 1)
    ]
    if not words:
        return tuple(cells)
    doubt = f"row {words[0]} looks like headings of its own"
    return tuple(replace(c, doubts=(*c.doubts, doubt)) if c.row > words[0] else c for c in cells)


def _named(element: Element, parents: Sequence[Element]) -> tuple[str, str]:
    """Return label and caption: of the table, of what wraps it, or of the words before it."""
    around = [element, *reversed(parents)]
    for place in around[:4]:
        if place is not element and sum(tag_of(part) == "table" for part in place.iter()) > 1:
            break
        named = [part for part in place if tag_of(part) in {"label", "caption", "figcaption"}]
        if not named:
            continue
        words = [" ".join(words_of(part).split()) for part in named]
        if tag_of(named[0]) == "label" and not LABEL.match(words[0]):
            return words[0].rstrip(".: "), " ".join(words[1:])
        return parted(" ".join(words))
    for inner, outer in pairwise(around[:5]):
        before = list(outer)[: list(outer).index(inner)]
        if before and (said := " ".join(words_of(before[-1]).split())):
            other = any(tag_of(part).startswith("table") for part in before[-1].iter())
            return parted(said) if LABEL.match(said) and not other else ("", "")
    return "", ""


def parted(text: str) -> tuple[str, str]:
    """Part "Table 2. Pain at rest" into label and caption."""
    match = LABEL.match(text)
    if match is None:
        return "", text.strip()
    return " ".join(match[1].split()), text[match.end() :].strip()


def _rows_in(table: Element) -> Iterator[tuple[Element, bool, int]]:
    """Yield the rows of a table, whether they stand in its head, and in which part of it."""
    order = {"thead": 0, "tfoot": 2}
    parts = [part for part in table if tag_of(part) in {"thead", "tbody", "tfoot", "tr"}]
    for n, part in enumerate(sorted(parts, key=lambda part: order.get(tag_of(part), 1)), start=1):
        for row in [part] if tag_of(part) == "tr" else part:
            if tag_of(row) == "tr" and not hidden(row):
                yield row, tag_of(part) == "thead", 0 if tag_of(part) == "tr" else n


def _span(element: Element, name: str) -> int:
    digits = re.match(r"\s*(\d+)", element.get(name, "1"))
    return min(int(digits[1]), MOST_SPANNED) if digits else 1


def _placed(rows: Sequence[tuple[Element, bool, int]]) -> tuple[list[PaperCell], list[str]]:
    """Put the cells of rows into their places, as browsers do."""
    cells: list[PaperCell] = []
    doubts: list[str] = []
    held: set[tuple[int, int]] = set()
    ends = {part: row for row, (_, _, part) in enumerate(rows, start=1)}
    for row, (element, head, own_part) in enumerate(rows, start=1):
        end = ends[own_part]
        column = 1
        for part in element:
            if tag_of(part) not in {"td", "th"} or hidden(part):
                continue
            while (row, column) in held:
                column += 1
            down, across = _span(part, "rowspan") or end - row + 1, max(_span(part, "colspan"), 1)
            own = []
            if row + down - 1 > end:
                own.append("it spans more rows than there are")
                down = end - row + 1
            places = {(row + i, column + j) for i in range(down) for j in range(across)}
            if places & held:
                own.append("it lies over another cell")
            held |= places
            text, raised, more = _of_cell(part)
            heading = head or (
                tag_of(part) == "th" and part.get("scope") not in {"row", "rowgroup"} and row < end
            )
            cells.append(
                cell_of(
                    text,
                    row,
                    column,
                    rows=down,
                    columns=across,
                    raised=raised,
                    doubts=[*own, *more],
                    heading=heading,
                )
            )
            column += across
    width = max((place[1] for place in held), default=0)
    short = {row for row in range(1, len(rows) + 1) if any((row, c) not in held for c in range(1, width + 1))}
    full = [
        replace(c, doubts=(*c.doubts, "its row has fewer cells than others")) if c.row in short else c
        for c in cells
    ]
    return _row_names(full), doubts


def _row_names(cells: list[PaperCell]) -> list[PaperCell]:
    """Take a `th` beside numbers for the name of its row, not for a heading above others."""
    numeric = {cell.row for cell in cells if cell.numeric and not cell.heading}
    return [
        replace(c, heading=False) if c.heading and c.column == 1 and c.row in numeric else c for c in cells
    ]


def _of_cell(element: Element) -> tuple[str, list[str], list[str]]:
    """Return the text of a cell, the marks raised in it, and what is doubtful about it."""
    raised: list[str] = []
    doubts: list[str] = []
    text = words_of(element, raised)
    inside = {tag_of(part) for part in element.iter()} - {tag_of(element)}
    if inside & {"img", "graphic", "inline-graphic", "math", "inline-formula", "disp-formula", "svg"}:
        doubts.append("a picture or a formula stands in it")
    if "table" in inside:
        doubts.append("a table stands in it")
    if inside & {"del", "s", "strike", "ins"}:
        doubts.append("parts of it are struck out or added later")
    if re.search(r"[\d.,]\s*\n\s*[\d.,]", text):
        doubts.append("numbers of it stand in lines of their own")
    return text, raised, doubts
