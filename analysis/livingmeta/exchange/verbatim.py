"""Whether words that are quoted stand in a paper, letter for letter, however it was set or stored.

Made equal in both: kinds of spaces, dashes, quote marks and decimal points, ligatures, accents,
capitals, marks of footnotes, and words parted at the end of a line. A space counts only between two
digits. Never made equal are digits, signs, and what stands at the ends of a quote: 5 is not found in
15 or 5.2, 2.4 not in −2.4, "significant" not in "non-significant".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from livingmeta.exchange.paper_tables import (
    BESIDE,
    LABEL,
    OVER_OTHERS,
    RUNS_ON,
    PaperCell,
    PaperTable,
    beside,
    tables,
)
from livingmeta.exchange.papers import Paper
from livingmeta.words import RefusalError, needing

Result = Literal["found", "elsewhere", "other digits", "not found", "paper not there"]
GAP = 3_000  # characters, without spaces, that an "…" stands for at most: about a page
FEWEST_LETTERS = 10  # by which words without their digits are known again
MOST_OTHER = 2  # digits that may be others where there are fewer letters
DASHES = "-‐‑‒–—―−﹣－\xad"
POINTS = "·∙⋅•‧"  # the middle dot is a decimal point between digits, as the Lancet prints it
SAME = {
    **dict.fromkeys(DASHES, "-"),
    **dict.fromkeys(POINTS, "·"),
    **dict.fromkeys("‘’‚‛ʼ′`", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("*†‡§¶‖", ""),
    **{"×": "x", "⩽": "≤", "≦": "≤", "⩾": "≥", "≧": "≥"},
}
ELLIPSIS = re.compile(r"[\[(]?(?:…|\.\s?\.\s?\.)[\])]?")
INSERTED = re.compile(r"\[([^\[\]\d]*)\]")  # the quoter's own words: digits are never his
NUMBER = re.compile(r"(?<!\d)-?\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*")
WHOLE_NUMBER = re.compile(r"\d+(?:[.,]\d+)*|(?<![^\W\d_])\.\d+")
ANY_NUMBER = r"-?\d+(?:[.,]\d+)*(?: \d+)*?"  # a raised figure may stand behind it
CELL = re.compile(r"\brow (.+?),? column (.+)$", re.IGNORECASE)
NEAR = 300  # signs about a passage in which a number that seems to be another may stand all the same
NOTED = re.compile(  # Values are mean (SE)
    r"\b(?:values|data|results|numbers|scores|figures|outcomes)\b[^.;]{0,60}\b(?:are|were)\b[^.;]{0,80}",
    re.IGNORECASE,
)
COUNT = re.compile(r"\s*[(\[]?\bn\s*=\s*\d+[)\]]?", re.IGNORECASE)  # of people, in a heading
WHO = r"(?:people|patients|participants)"
OF_PEOPLE = re.compile(rf"(?:n|no\.?|number)(?:(?: of)? {WHO})?(?: analy[sz]ed)?", re.IGNORECASE)
TIMED = re.compile(r"(?<=\d) (?:day|week|month|year)s$")  # in a name of a row, from the heading above it
PLACE = re.compile(r"\b(?:pp?\.?|[Pp]ages?)\s?(\d+)(?:\s?[-–]\s?(\d+))?(?![\d.,]*\d)")
ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
TENTHS = "twenty thirty forty fifty sixty seventy eighty ninety"
SPELLED = {word: n for n, word in enumerate(f"{ONES} seventeen eighteen nineteen".split(), start=1)}
TENS = {word: n * 10 for n, word in enumerate(TENTHS.split(), start=2)}
_DIGIT, _TEENS, _TENS = ("|".join(names) for names in ([*SPELLED][:9], [*SPELLED][9:], TENS))
_BELOW_100 = rf"(?:(?:{_TENS})(?:[-‐‑ ](?:{_DIGIT}))?|{_TEENS}|{_DIGIT})"
IN_WORDS = re.compile(rf"\b(?:(?:{_DIGIT}) hundred(?:(?: and)? {_BELOW_100})?|{_BELOW_100})\b", re.IGNORECASE)
SPELLED |= TENS
FEWEST_IN_DIGITS = 10  # "two groups" count no people


@dataclass(frozen=True, kw_only=True)
class Match:
    """What became of a quote in a paper.

    `page` counts from 1, None where the paper has no pages; `table` says in which table it stands, or
    that it stands in another cell, where the locator names another. Where the paper has other digits,
    `words` are its own, and `others` the numbers that differ: the quote's, and the paper's.
    """

    result: Result
    page: int | None = None
    table: str | None = None
    words: str | None = None
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Around:
    """What stands at a place of a table: its cells, and the words that name their columns and rows.

    `line` is what stands in its rows, and above them in their part, with the headings of each cell;
    `others` what stands in other rows.
    """

    cell: str
    column: str
    row: str
    caption: str
    line: tuple[tuple[str, str], ...]
    others: str


@dataclass(frozen=True)
class Text:
    """A text as it is, and what is compared of it, with the place in the text of each character."""

    text: str

    @cached_property
    def _read(self) -> tuple[str, list[int]]:
        marks: list[tuple[str, int]] = []
        for place, sign in enumerate(self.text):
            if unicodedata.category(sign) == "No" and marks and marks[-1][0].isdigit():
                marks.append((" ", place))  # a raised figure is no digit of the number before it
            plain = " " if sign.isspace() else unicodedata.normalize("NFKD", SAME.get(sign, sign)).casefold()
            for one in plain:
                if one == " " or unicodedata.category(one)[0] not in "CM":
                    marks += [(same, place) for same in SAME.get(one, one)]
        afters, after = [], ""
        for sign, _ in reversed(marks):
            afters.append(after)
            after = after if sign == " " else sign
        kept: list[tuple[str, int]] = []
        for number, ((sign, place), after) in enumerate(zip(marks, reversed(afters), strict=True)):
            before = kept[-1][0] if kept else ""
            numeric = before.isdigit() and after.isdigit()
            if (sign == "-" and before.isalpha() and after.isalpha()) or (sign == " " and not numeric):
                continue
            point = sign == "·" and numeric and marks[number + 1][0] != " "
            kept.append(("." if point else sign, place))
        return "".join(sign for sign, _ in kept), [place for _, place in kept]

    @property
    def compared(self) -> str:
        """The characters that are compared."""
        return self._read[0]

    @property
    def places(self) -> list[int]:
        """Where each of them stands in the text."""
        return self._read[1]

    def whole(self, start: int, end: int, *, cut: tuple[bool, bool]) -> bool:
        """Say whether a span begins and ends as words and numbers do, and loses no sign.

        Where the quoter `cut` a word by an ellipsis it may begin or end within it.
        """
        text, first, last = self.text, self.places[start], self.places[end - 1]
        before, after = text[max(0, first - 40) : first], text[last + 1 : last + 41]
        apart = text[first + 1 : first + 2].isspace()  # "5 - 7" is a range as "5-7" is, "5 -7" is none
        number, word = rf"\d[.,{POINTS}]?\Z", rf"[^\W\d_](?:[{DASHES}]\n?)?\Z"
        parted = (
            (text[first].isdecimal() and (re.search(number, before) or _signed(before)))
            or (text[first].isalpha() and not cut[0] and re.search(word, before))
            or (text[first] in DASHES and re.search(r"\d\s*\Z" if apart else r"\d\Z", before))
            or (text[last].isdecimal() and re.match(rf"[.,{POINTS}]?\d", after))
            or (text[last].isalpha() and not cut[1] and re.match(rf"(?:[{DASHES}]\n?)?[^\W\d_]", after))
        )
        return not parted


def _signed(before: str) -> bool:
    """Say whether what stands before a number ends in its minus sign, and not in a dash or a range."""
    held = re.search(rf"(\S?)(\s*)[{DASHES}](\s*)\Z", before)
    if held is None:
        return False
    return held[1] in "([{=<>≤≥±,;:/|" or (bool(held[2]) and not held[3]) or not held[1]


def spelled(words: str) -> str:
    """Write numbers of ten and more, as sentences begin with them, in digits, all else in its place.

    Examples
    --------
    >>> spelled("Forty-three and 41 of one hundred and four people in two groups")
    '43          and 41 of 104                  people in two groups'
    """

    def digits(found: re.Match[str]) -> str:
        of = [SPELLED.get(word, 0) for word in re.findall(r"[a-z]+", found[0].lower())]
        number = of[0] * 100 + sum(of[2:]) if "hundred" in found[0].lower() else sum(of)
        return str(number).ljust(len(found[0])) if number >= FEWEST_IN_DIGITS else found[0]

    return IN_WORDS.sub(digits, words)


def numbers_in(words: str) -> tuple[float, ...]:
    """Return the numbers that stand in words in their order, each with its sign.

    A comma may group thousands or stand for a decimal point: both numbers are given. Where it can be
    neither, it parts two numbers.

    Examples
    --------
    >>> numbers_in("−0·5 (95% CI −1.3 to 0.3), p<·001 … 7")
    (-0.5, 95.0, -1.3, 0.3, 0.001, 7.0)
    >>> numbers_in("3-7 of 1,204, 5")
    (3.0, 7.0, 1204.0, 1.204, 5.0)
    >>> numbers_in("-3.43,14.59")
    (-3.43, 14.59)
    """
    parted = re.sub(r"(?<=\d),\s+(?=\d)", "; ", ELLIPSIS.sub("|", words))  # "3.0, 4.2" are two numbers
    text, held = Text(parted), list[float]()
    for found in WHOLE_NUMBER.finditer(text.compared.replace("·", ".")):
        place = text.places[found.start()]
        sign = -1 if _signed(text.text[max(0, place - 40) : place]) else 1
        both = dict.fromkeys((found[0].replace(",", ""), found[0].replace(",", ".")))
        first, *others = found[0].split(",")
        if read := [number for number in both if number.count(".") < 2]:
            held += [sign * float(number) for number in read]
        elif all(number.count(".") < 2 for number in (first, *others)):
            held += [sign * float(first), *map(float, others)]
    return tuple(held)


class Readings:
    """A paper's text in the orders in which it can be read: by columns, and across the page."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        orders = dict.fromkeys((paper.pages, paper.across))
        self.orders = [(Text("\n".join(pages)), pages) for pages in orders]

    def find(self, quote: str, locator: str = "") -> Match:
        """Look for a quote where its locator says, then elsewhere, then with other digits.

        Parameters
        ----------
        quote : str
            "…" stands for what is left out, at most a page. Words in square brackets that the paper
            hasn't, and that hold no digit, are the quoter's own.
        locator : str
            "p. 5" is the fifth page of the file, or the one that has a 5 printed at its head or foot;
            a page that the file does not have, as one of the journal's, says nothing. A table counts by
            its label, its row and column by their headings or numbers, where it is read without a doubt.
        """
        named = self._named(locator)
        away: Match | None = None
        for asked in dict.fromkeys((quote, _bare(quote))):
            for text, pages in self.orders:
                for start, *_ in _chains(text, asked, digits=False):
                    page = self._page(text.places[start], pages)
                    if not named or page in named:
                        table = self._in_another(asked, locator)
                        return Match(result="elsewhere" if table else "found", page=page, table=table)
                    away = away or Match(result="elsewhere", page=page)
        return away or self._over_lines(_bare(quote), locator) or self._other(_bare(quote))

    def _over_lines(self, quote: str, locator: str) -> Match | None:
        """Look in tables whose cells run over several lines, which a page's own lines mix up."""
        for table in self._tables:
            doubts = {*table.doubts, *(doubt for cell in table.cells for doubt in cell.doubts)}
            if doubts == {RUNS_ON} and _stands(table.words, quote):
                there = not (named := self._named(locator)) or table.page in named
                other = self._in_another(quote, locator)
                return Match(
                    result="found" if there and not other else "elsewhere", page=table.page, table=other
                )
        return None

    @cached_property
    def _tables(self) -> tuple[PaperTable, ...]:
        try:
            return () if self.paper.kind == "text" else tables(self.paper)
        except RefusalError:
            return ()

    def _in_another(self, quote: str, locator: str) -> str | None:
        """Name the table or cell that holds a quote, where the locator names another; else None.

        What stands in no table, as a note below one, and what a doubt hangs on, is nowhere else.
        """
        named = self._tables_named(locator)
        if holding := [table for table in named if _stands(table.words, quote)]:
            there = any(_in_cell(table, quote, locator) for table in holding)
            return None if there else f"another cell of {holding[0].name}"
        if not named or any(table.doubts or any(cell.doubts for cell in table.cells) for table in named):
            return None
        return next((table.name for table in self._tables if _stands(table.words, quote)), None)

    def around(self, quote: str, locator: str) -> Around | None:
        """Return what stands at the place that a locator names; None where that is not sure.

        Where it names a table alone, the place is the only cell that has the numbers of the quote; a
        cell that it names is the place also where it has others.
        """
        for table in self._tables_named(locator):
            meant, parts = _meant(table, locator), _numeric(quote)
            among = table.numbers if meant is None else meant
            held = [[cell for cell in among if _same(cell, part)] for part in parts]
            cells = [cell for same in held for cell in same if meant is not None or len(same) == 1]
            whole = {Text(part).compared for part in parts}
            if not cells and meant is not None and len(meant) == 1:
                cells, whole = meant, {Text(meant[0].text).compared}
            doubts = {doubt for cell in cells for doubt in table.doubts_of(cell)}
            told = [name for name in beside(doubts) if name in locator]  # somebody saw how far it reaches
            if all(Text(cell.text).compared in whole for cell in cells):  # and quoted every line of them
                doubts -= {RUNS_ON}
            heads = {head for cell in cells for head in table.column_headings(cell) if head in locator}
            doubts -= {f"heading “{head}”: {OVER_OTHERS}" for head in heads}
            if cells and all(doubt.endswith(BESIDE) for doubt in doubts):
                return _around(table, list(dict.fromkeys(cells)), told)
        return None

    def told(self, quote: str, *, below: bool) -> list[str]:
        """Return what the sentence says before each place of a quote, or notes `below` say of values."""
        held, text = [], self.orders[0][0]
        for start, end, _ in _chains(text, _bare(quote), digits=False):
            first, last = text.places[start], text.places[end - 1] + 1
            if below:
                held.append(" ".join(NOTED.findall(LABEL.split(text.text[last : last + GAP])[0])))
            else:
                held.append(re.split(r"[.;]\s", text.text[max(0, first - NEAR) : first])[-1])
        return held

    def _tables_named(self, locator: str) -> list[PaperTable]:
        labels = {_label(label) for label in LABEL.findall(locator)}
        return [table for table in self._tables if _label(table.label) in labels] if labels else []

    def _other(self, quote: str) -> Match:
        letters = sum(map(str.isalpha, quote))
        best: tuple[int, Match] | None = None
        for text, pages in self.orders if re.search(r"\d", quote) else ():
            for start, end, others in _chains(text, quote, digits=True):
                near = text.compared[max(0, start - NEAR) : end + NEAR]
                whole = (rf"(?:(?<!\d)|(?=-)){re.escape(own)}(?!\d)" for own, _ in others)
                if len(others) > 1 and all(re.search(number, near) for number in whole):
                    continue  # they stand there, in another order: the lines of a cell, say
                cost = _cost(others)
                if (
                    cost
                    and (letters >= FEWEST_LETTERS or cost <= MOST_OTHER)
                    and (not best or cost < best[0])
                ):
                    words = " ".join(text.text[text.places[start] : text.places[end - 1] + 1].split())
                    page = self._page(text.places[start], pages)
                    best = (cost, Match(result="other digits", page=page, words=words, others=others))
        return best[1] if best else Match(result="not found")

    def _page(self, place: int, pages: tuple[str, ...]) -> int | None:
        for number, text in enumerate(pages, start=1):
            if place <= len(text):
                return number if self.paper.numbered else None
            place -= len(text) + 1
        return None

    def _named(self, locator: str) -> set[int]:
        """Return the pages of the file that a locator may mean."""
        held = PLACE.search(locator)
        return self.paper.numbered_as(range(int(held[1]), int(held[2] or held[1]) + 1)) if held else set()


def _around(table: PaperTable, cells: Sequence[PaperCell], told: Sequence[str]) -> Around:
    """Return what stands about cells of a table; `told` are headings known to stand over them too."""
    rows = [head for cell in cells for head in table.row_headings(cell)]
    first = table.at(cells[0].row, 1)
    names = {*table.row_headings(cells[0])} - {first.text if first else ""}
    above = [(n, at.text) for n in range(1, cells[0].row) if (at := table.at(n, 1))]
    parts = {text: n for n, text in above if text in names}  # the last of each
    own = {n for cell in cells for n in range(cell.row, cell.row + cell.rows)} | {*parts.values()}
    beside_it = [cell for cell in table.numbers if own & {*range(cell.row, cell.row + cell.rows)}]
    columns = [head for cell in cells for head in table.column_headings(cell)]
    over = {table.column_headings(cell)[:-1] for cell in cells}
    people: dict[bool, list[PaperCell]] = {True: [], False: []}
    for cell in beside_it:  # people in a column of their own, below the same headings or for the whole row
        *path, last = table.column_headings(cell) or ("",)
        if OF_PEOPLE.fullmatch(last) and (not path or tuple(path) in over):
            people[bool(path)].append(cell)
    counted = people[True] or people[False]
    if len(counted) == 1 and counted[0].text.isdecimal() and not table.doubts_of(counted[0]):
        rows.append(f"n = {counted[0].text}")
    return Around(
        cell=" ".join(cell.text for cell in cells),
        column=" / ".join((*told, *dict.fromkeys(columns))),
        row=" / ".join(dict.fromkeys(rows)),
        caption=table.caption,
        line=tuple((" / ".join(table.column_headings(cell)), cell.text) for cell in beside_it),
        others=" ".join(cell.text for cell in table.numbers if cell not in beside_it),
    )


def _label(label: str) -> str:
    return re.sub(r"tab(?:elle|ell|le|\.)", "table", "".join(label.casefold().split()))


def _in_cell(table: PaperTable, quote: str, locator: str) -> bool:
    """Say whether the numbers of a quote stand in the cell that a locator names, if it names one."""
    meant, parts = _meant(table, locator), _numeric(quote)
    if not (meant and parts) or any({*table.doubts_of(cell)} - {RUNS_ON} for cell in meant):
        return True
    return any(_same(cell, part) for cell in meant for part in parts)


def _numeric(quote: str) -> list[str]:
    """Return the parts of a quote that hold digits."""
    return [part for part in ELLIPSIS.split(quote) if any(map(str.isdigit, part))]


def _same(cell: PaperCell, part: str) -> bool:
    return _stands(cell.text, part) or _stands(part, cell.text)


def _meant(table: PaperTable, locator: str) -> list[PaperCell] | None:
    """Return the cells that a locator may mean; None where it names no row and column."""
    held = CELL.search(locator)
    if held is None:
        return None
    row, column = held.groups()
    if row.isdigit() and column.isdigit():  # counted with headings and names of rows, or without
        heads = max((cell.row + cell.rows - 1 for cell in table.cells if cell.heading), default=0)
        places = [(int(row) + down, int(column) + on) for down in (0, heads) for on in (0, table.stubs)]
        return [cell for place in places if (cell := table.at(*place))]
    return [
        cell
        for cell in table.numbers
        if _among(table.row_headings(cell), row) and _among(table.column_headings(cell), column)
    ]


def _among(headings: Sequence[str], said: str) -> bool:
    """Say whether a locator's words name all headings, each whole or without its people or unit of time."""
    held = {Text(words).compared for words in said.split(" / ")}
    without = (COUNT, TIMED)
    names = [
        {Text(words).compared, *(Text(part.sub("", words)).compared for part in without)}
        for words in headings
    ]
    return bool(headings) and all(name & held for name in names)


def _stands(text: str, quote: str) -> bool:
    return any(True for _ in _chains(Text(text), quote, digits=False))


def _bare(quote: str) -> str:
    """Leave out what a quoter put in square brackets; a letter in them only changed its size."""
    return INSERTED.sub(lambda held: held[1] if len(held[1]) == 1 else "…", quote)


Others = tuple[tuple[str, str], ...]


def _chains(text: Text, quote: str, *, digits: bool) -> Iterator[tuple[int, int, Others]]:
    """Yield where the parts of a quote follow each other: start, end, and the numbers that are others.

    A part's last stop or comma is the quoter's.
    """
    reached: list[tuple[int, int, Others]] | None = None
    parts = ELLIPSIS.split(quote)
    for number, part in enumerate(parts):
        wanted = Text(part.lstrip(" ,;:").rstrip(" .,;:")).compared
        if not wanted:
            continue
        cut = (number > 0 and part[:1].isalpha(), number < len(parts) - 1 and part[-1:].isalpha())
        here = list(_spans(text, wanted, cut=cut, digits=digits))
        if reached is not None:
            ends = [end for _, end, _ in reached]
            joined = []
            for start, end, others in here:
                before = reached[bisect_left(ends, start - GAP) : bisect_right(ends, start)]
                if before:
                    begun, _, spent = min(before, key=lambda chain: (_cost(chain[2]), -chain[1]))
                    joined.append((begun, end, spent + others))
            here = joined
        reached = sorted(here, key=lambda chain: chain[1])
    yield from reached or ()


def _spans(
    text: Text, wanted: str, *, cut: tuple[bool, bool], digits: bool
) -> Iterator[tuple[int, int, Others]]:
    """Yield where a part stands: start, end, and its numbers that are others there."""
    numbers = NUMBER.findall(wanted) if digits else []
    words = map(re.escape, NUMBER.split(wanted) if digits else [wanted])
    pattern = f"({f'({ANY_NUMBER})'.join(words)})"  # with other digits it may overlap itself
    for held in re.finditer(f"(?={pattern})" if digits else pattern, text.compared):
        if text.whole(*held.span(1), cut=cut):
            pairs = zip(numbers, held.groups()[1:], strict=True)
            yield *held.span(1), tuple(pair for pair in pairs if pair[0] != pair[1])


def _cost(others: Others) -> int:
    """Count the digits, signs and points that are others."""
    if not others:
        return 0
    with needing("Telling digits apart", extra="living"):
        from rapidfuzz.distance import Levenshtein

    return sum(Levenshtein.distance(own, there) for own, there in others)
