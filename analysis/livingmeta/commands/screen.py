"""Printing: documents for programs, tables and lines for people."""

import codecs
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import typer

from livingmeta.words import RefusalError, visible

# Signs that a stream may lack, and what stands for them there.
PLAIN = {
    **dict.fromkeys("−–—‑‐‒", "-"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’′", "'"),
    **dict.fromkeys("■●◆♦►▶•·", "*"),
    **dict.fromkeys("○◇", "o"),
    **{"…": "...", "×": "x", "±": "+/-", "∓": "-/+", "√": "sqrt ", "∞": "inf", "½": "1/2", "§": "section "},
    **{
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "≈": "~",
        "→": "->",
        "↑": "^",
        "†": "+",
        "‡": "++",
        "¶": "#",
        "\xa0": " ",
    },
    **{"Æ": "Ae", "æ": "ae", "Ø": "O", "ø": "o", "ł": "l"},
}
# JSON of the reviews that one file makes, until all are there.
_PARTS: ContextVar[dict[str, list[Any]] | None] = ContextVar("parts", default=None)
# The pages that one command makes of the parts of a file, until all are there.
_JOINED: ContextVar["Joined | None"] = ContextVar("joined", default=None)
# Lines that stand above a page on the same screen.
_ABOVE: ContextVar[int] = ContextVar("above", default=0)
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
MOST_LINES = 40  # of what a command prints of its own accord
DEEPEST = 3  # lines of a row of a table; what needs more is stacked
TOGETHER = re.compile(r"\b([Pk]|df) ([<=>]) (?=\d)")  # is not parted at the end of a line
COMMAND = re.compile(r"(?<=: )livingmeta [^,;]+$")  # at a line's end, so that it can be copied
INTERVAL = re.compile(r"[−\d.,]+ \([^()]{1,24} to [^()]{1,24}\)")  # stays in one line of a cell
LEAST_ROWS = 3  # of a table that is shown in part
LAST = 9  # rank of what is shown if there is room in the end
NEVER = 10  # rank of what only the whole page shows


def show_anything() -> None:
    """Let output and errors show every text: with plain signs where the stream has no others."""
    codecs.register_error("plain", _plainly)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="plain_ascii" if ascii_only else None, errors="plain")


def _ascii(name: str) -> codecs.CodecInfo | None:
    """Return ASCII by another name: into a stream of that name typer writes UTF-8 all the same."""
    if name != "plain_ascii":
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        incrementalencoder=known.incrementalencoder,
        incrementaldecoder=known.incrementaldecoder,
        name=name,
    )


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Say in plain signs what a stream can't show, as `codecs.register_error` asks for it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda power: "^" + power[0].translate(RAISED), text)
    return "".join(map(_plain, text)), error.end


def _plain(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":  # a byte of a path that is no UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    lowered = unicodedata.category(sign) in {"Lm", "No"}  # subscripts; else letters with marks
    bare = unicodedata.normalize("NFKD" if lowered else "NFD", sign).encode("ascii", "ignore").decode()
    greek = re.match(r"GREEK \w+ LETTER (?:FINAL )?(\w+)", unicodedata.name(sign, ""))
    if unicodedata.combining(sign):
        return ""
    unshown = sign.encode("ascii", "backslashreplace").decode()
    return PLAIN.get(sign) or bare or (greek[1].lower() if greek else unshown)


def json(command: str, document: object) -> None:
    """Print one JSON document, as `documents.DOCUMENTS` has it of a command."""
    from livingmeta.pages.documents import text

    parts = _PARTS.get()
    if parts is None:
        return document_text(text(command, document))
    if not isinstance(document, list):
        raise RefusalError(
            "the file holds several kinds of analyses, and --json prints one document: choose an "
            "analysis with --analysis."
        )
    parts.setdefault(command, []).extend(document)
    return None


@contextmanager
def one_document() -> Iterator[None]:
    """Let what is printed inside as JSON be one list."""
    parts: dict[str, list[Any]] = {}
    before = _PARTS.set(parts)
    try:
        yield
    finally:
        _PARTS.reset(before)
    for command, listed in parts.items():
        json(command, listed)


def document_text(text: str) -> None:
    """Print JSON; what the output can't show is escaped as JSON does it, and so stays what it is."""
    from json import dumps

    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    unshown = "[\x80-\x9f\ud800-\udfff]" if utf8 else r"[^\x00-\x7f]"
    typer.echo(re.sub(unshown, lambda sign: dumps(sign[0])[1:-1], text))


def console() -> Any:
    """Return a console that prints text as it is."""
    from rich.console import Console
    from rich.segment import Segment

    class Obeyed(Console):
        """A console that prints control characters of others, and obeys its own."""

        def render(self, *given: Any, **more: Any) -> Iterator[Segment]:
            for segment in super().render(*given, **more):
                text = segment.text if segment.control else visible(segment.text)
                yield Segment(text, segment.style, segment.control)

    return Obeyed(highlight=False, markup=False, soft_wrap=False)


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a line, in which a terminal finds nothing to obey, and parts no word."""
    typer.echo(fitted(str(text), sys.stderr if err else sys.stdout), err=err, nl=nl)


def fitted(text: str, stream: Any) -> str:
    """Break a text between words where it is longer than a terminal is wide; elsewhere leave it whole."""
    text = visible(text)
    if stream is None or not stream.isatty():
        return text
    width = max(get_terminal_size().columns, 24)
    return "\n".join(wrapped(text, width, further="")) if len(text) > width else text


@dataclass
class _Part:
    """Lines that belong together, in forms that each say more than the one before."""

    section: int
    forms: list[tuple[int, list[str]]]  # with their ranks; the last holds all there is to say
    what: str  # what is left out where the last is not shown
    number: int
    style: str = ""
    table: "_Table | None" = None
    shown: int = -1  # place of the form that is shown
    lines: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[object, ...]:
        """What it says, whoever says it."""
        return (*(tuple(lines) for _, lines in self.forms), self.table and id(self.table))


@dataclass(frozen=True)
class _Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    first: Sequence[int]  # places of the rows, those that move most in front

    def lines(self, width: int, most: int | None = None) -> tuple[str, ...]:
        kept = range(len(self.rows)) if most is None else sorted(self.first[:most])
        return table_lines(self.head, [self.rows[i] for i in kept], width)


class Page:
    """What a command prints: what fits a screen, or all of it.

    A page has sections, and a section parts. A part of rank 0 is shown whenever its section is;
    the others follow by rank as long as there is room for them. The last line tells how much is
    left out, and where to find it.

    Parameters
    ----------
    full : bool
        Whether to show all.
    where : str
        Where else than with ``--full`` the rest is to be found.
    """

    def __init__(self, *, full: bool, where: str = "") -> None:
        self.full, self.where = full, where
        self.width = max(console().width, 24)
        self.files: list[Path] = []  # that were written, to be told of
        self.has_dashes = False  # in a table, for a number that there is not
        self.parts: list[_Part] = []
        self.sections = [""]

    def section(self, what: str) -> int:
        """Begin what is shown together or not at all; a page goes on after it with `section("")`."""
        self.sections.append(what)
        return len(self.sections) - 1

    def general(self) -> list[_Part]:
        """Return the parts that belong to no section."""
        return [part for part in self.parts if not self.sections[part.section]]

    def say(
        self,
        text: str | Sequence[str] | Mapping[int, str | Sequence[str]],
        *,
        rank: int = 0,
        what: str = "note",
        number: int = 1,
        bold: bool = False,
        style: str = "",
        brief: bool = False,
    ) -> None:
        """Add a text, or texts that each say more than the one before, by rank.

        Parameters
        ----------
        what, number : str, int
            What is left out where the last of them is not shown, and how many; "" counts nothing.
        bold, style : bool, str
            Whether its lines that are not set in are bold; or the colour of all, where there are any.
        brief : bool
            Whether it only stands for what another part says in full.
        """
        if brief and self.full:
            return
        forms = text if isinstance(text, Mapping) else {rank: text}
        folded = [
            (
                place,
                [
                    line
                    for said in ([words] if isinstance(words, str) else words)
                    for line in wrapped(said, self.width)
                ],
            )
            for place, words in forms.items()
        ]
        section = len(self.sections) - 1
        self.parts.append(_Part(section, folded, what, number, "bold" if bold else style))

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        rank: int = 0,
        what: str,
        by: Sequence[float] | None = None,
    ) -> None:
        """Add a table; if there is no room for all, the rows that count most `by` a number."""
        if not rows:
            return
        self.has_dashes |= any("–" in row for row in rows)
        first = sorted(range(len(rows)), key=lambda i: -by[i] if by else i)
        part = _Part(len(self.sections) - 1, [(rank, [])], what, len(rows))
        part.table = _Table(head, rows, first)
        self.parts.append(part)

    def gap(self) -> None:
        """Add an empty line."""
        self.say("", rank=LAST, what="")

    def show(self) -> None:
        """Print it, or with the other parts of a file where there are several."""
        if (joined := _JOINED.get()) is not None:
            joined.pages.append(self)
            return
        out = console()
        for line, style in self.lines():
            out.print(line, style=style or None, soft_wrap=True)

    def lines(self) -> list[tuple[str, str]]:
        """Return its lines, and the style of each."""
        if self.full:
            for part in self.parts:
                part.lines = self._whole(part)
        else:
            self._fit()
        lines: list[tuple[str, str]] = []
        for part in self.parts:
            for line in part.lines:
                if line or (lines and lines[-1][0]):  # two empty lines are one, and none stands in front
                    set_in = part.style == "bold" and line.startswith("  ")
                    lines.append((line, "" if set_in else part.style))
        return lines if self.full else [*lines, *((line, "") for line in self._last())]

    def _whole(self, part: _Part) -> tuple[str, ...]:
        return part.table.lines(self.width) if part.table else tuple(part.forms[-1][1])

    def _fit(self) -> None:
        most = MOST_LINES - _ABOVE.get()
        _ABOVE.set(0)
        room = most
        while True:
            self._choose(room)
            over = sum(len(part.lines) for part in self.parts) + len(self._last()) - most
            if over <= 0 or room <= 0:
                return
            room -= over

    def _choose(self, room: int) -> None:
        """Take what must be shown, section after section, then the rest by rank, while there is room."""
        here, room = self._must(room)
        for rank in range(LAST + 1):
            steps = [(part, n) for part in here for n, form in enumerate(part.forms) if form[0] == rank]
            # what replaces a shorter form does so in every section or in none
            alike = [(part, n, tuple(part.forms[n][1])) for part, n in steps if n > max(part.shown, 0)]
            more = sum(len(lines) - len(part.lines) for part, _, lines in alike)
            if more <= room:
                room -= more
                for part, n, lines in alike:
                    part.shown, part.lines = n, lines
            room = self._more([part for part, n in steps if n == 0 and part.shown < 0], room)

    def _more(self, fresh: list[_Part], room: int) -> int:
        """Show what has no shorter form as far as there is room; return the room that is left.

        What several sections have, all show or none. Of a list nothing is shown behind what has no room.
        """
        groups: dict[tuple[str, bool], list[_Part]] = {}
        for part in fresh:
            groups.setdefault((part.what, part.table is not None), []).append(part)
        for group in groups.values():
            taken = {id(part): self._rows(part, room) for part in group}
            whole = sum(map(len, taken.values())) <= room and not any(p.table and p.number for p in group)
            if len({part.section for part in group}) > 1 and not whole:
                for part in group:
                    part.number = len(part.table.rows) if part.table else part.number
                continue
            for part in group:
                lines = self._rows(part, room)
                if len(lines) > room or (part.table and not lines):
                    break
                part.shown, part.lines = 0, lines
                room -= len(lines)
        return room

    def _must(self, room: int) -> tuple[list[_Part], int]:
        """Show the least of as many sections as there is room for; return their parts, and the room left."""
        sections: dict[int, list[_Part]] = {}
        for part in self.parts:
            part.shown, part.lines = -1, ()
            part.number = len(part.table.rows) if part.table else part.number
            sections.setdefault(part.section, []).append(part)
        own = [n for n in sections if not self.sections[n]]
        shown: list[int] = []
        for n in (*own, *(n for n in sections if n not in own)):
            must = [part for part in sections[n] if part.forms[0][0] == 0 and not part.table]
            need = sum(len(part.forms[0][1]) for part in must)
            if n not in own and need > room and set(shown) - set(own):
                break  # no later one in its place
            shown.append(n)
            room -= need
            for part in must:
                part.shown, part.lines = 0, tuple(part.forms[0][1])
        return [part for part in self.parts if part.section in shown], room

    def _rows(self, part: _Part, room: int) -> tuple[str, ...]:
        """Return its lines; of a table as many rows as there is room for, none where that is too few."""
        table = part.table
        if table is None:
            return tuple(part.forms[0][1])
        every = len(table.rows)
        for most in range(min(every, max(room, 0)), 0, -1):
            lines = table.lines(self.width, most)
            if len(lines) <= room and (most == every or most >= LEAST_ROWS):
                part.number = every - most
                return lines
        part.number = every
        return ()

    def left_out(self) -> dict[str, int]:
        """Count what is not shown, by what it is."""
        left: dict[str, int] = {}
        shown = {part.section for part in self.parts if part.shown >= 0}
        for n, what in enumerate(self.sections):
            if what and n not in shown and any(part.section == n for part in self.parts):
                left[what] = left.get(what, 0) + 1
        for part in self.parts:
            whole = part.shown == len(part.forms) - 1 and not (part.table and part.number)
            if part.what and not whole and (part.section in shown or not self.sections[part.section]):
                what = part.what if part.shown < 0 or part.table else f"{part.what} in full"
                left[what] = left.get(what, 0) + part.number
        return left

    def _last(self) -> list[str]:
        """Say how much is not shown, and where it is to be found."""
        left = self.left_out()
        if not left:
            return []
        named = ", ".join(
            f"{number:,} {'' if what.endswith(' in full') else 'more '}{plural(number, what)}"
            for what, number in left.items()
        )
        one = self.where.startswith("--") and sum(map(bool, self.sections)) < 2  # nothing to choose from
        also = f", or {self.where}" if self.where and not one else ""
        return wrapped(f"… {named}: --full{also}", self.width)


@dataclass
class Joined:
    """Pages that are shown as one."""

    pages: list[Page]

    def part(self, title: str) -> None:
        """Begin a part of it."""
        page = Page(full=False)
        page.section("part")
        page.say(title, bold=True, what="")
        self.pages.append(page)

    def show(self) -> None:
        """Print them as one page; what several say of all stands once, in the end."""
        said = Counter(line for page in self.pages for line in {part.said for part in page.general()})
        whole = Page(
            full=any(page.full for page in self.pages),
            where=next((page.where for page in self.pages if page.where), ""),
        )
        ends: dict[Any, _Part] = {}
        for page in self.pages:
            own = len(whole.sections) - 1
            places = {n: own if not what else whole.section(what) for n, what in enumerate(page.sections)}
            general = [id(part) for part in page.general()]
            for part in page.parts:
                if id(part) in general and said[part.said] > 1:
                    ends[part.said] = replace(part, section=0)
                else:
                    whole.parts.append(replace(part, section=places[part.section]))
        whole.parts += ends.values()
        whole.show()


@contextmanager
def one_page() -> Iterator[Joined]:
    """Show the pages that are made inside as one, in the room of one."""
    joined = Joined([])
    before = _JOINED.set(joined)
    try:
        yield joined
    finally:
        _JOINED.reset(before)
        joined.show()


def beside(remarks: Sequence[str]) -> None:
    """Print remarks beside the output; they take room of its screen."""
    width = max(console().width, 24)
    lines = [line for remark in remarks for line in wrapped(remark, width)]
    for line in lines:
        echo(line, err=True)
    _ABOVE.set(len(lines))


def plural(number: int, noun: str) -> str:
    """Put the first word of a noun in the plural, where there are several.

    Examples
    --------
    >>> plural(1, "trial"), plural(2, "analysis"), plural(3, "flag in words")
    ('trial', 'analyses', 'flags in words')
    """
    word, _, rest = noun.partition(" ")
    if number != 1:
        ends = {"is": "es", "y": "ies"}
        end = next((end for end in ends if word.endswith(end)), "")
        word = word.removesuffix(end) + ends[end] if end else f"{word}s"
    return f"{word} {rest}".rstrip()


def wrapped(text: str, width: int, *, further: str = "  ") -> list[str]:
    """Break a text into lines no wider than this, the later ones `further` in.

    A path, an address and a command that ends a line stay in one piece, so that they can be copied.
    """
    from rich.cells import cell_len, chop_cells

    lines = []
    for given in visible(str(text)).split("\n"):
        line = given.rstrip()
        if cell_len(line) <= width:
            lines.append(line)
            continue
        line = COMMAND.sub(_whole, TOGETHER.sub("\\1\xa0\\2\xa0", line))
        indent = " " * min(len(line) - len(line.lstrip(" ")), width // 2)
        hanging, words = indent + further, []
        room = max(width - len(hanging), 1)
        for word in filter(None, line.split(" ")):
            copied = "/" in word or "\\" in word or word.startswith("livingmeta\xa0")
            whole = copied or cell_len(word) <= room
            words += [word] if whole else chop_cells(word, room)
        now = indent + words[0]
        for word in words[1:]:
            if cell_len(now) + 1 + cell_len(word) <= width:
                now += f" {word}"
            else:
                lines.append(now)
                now = hanging + word
        lines.append(now)
    return [line.replace("\xa0", " ") for line in lines]


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """Set a table in lines no wider than this.

    Where its cells would be broken into more than three lines, it is stacked: a row is a block, in
    which each value stands behind the head of its column.
    """
    from rich.cells import cell_len, set_cell_size

    cells = [
        [INTERVAL.sub(_whole, " ".join(visible(str(cell)).split())) for cell in row] for row in (head, *rows)
    ]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    least = [
        max(cell_len(word) for cell in column for word in cell.split(" "))
        for column in zip(*cells, strict=True)
    ]
    room = width - 2 - 3 * (len(widths) - 1)
    for place, column in enumerate(zip(*cells[1:], strict=True)):  # a head is broken before a cell is
        body = max(least[place], *map(cell_len, column))
        widths[place] -= min(max(sum(widths) - room, 0), widths[place] - body)
    while sum(widths) > room and widths != least:
        spare = [size - few for size, few in zip(widths, least, strict=True)]
        widest = max(range(len(widths)), key=lambda place: (spare[place] > 0, widths[place]))
        others = max([each for place, each in enumerate(widths) if place != widest], default=0)
        widths[widest] = max(
            room - sum(widths) + widths[widest], min(others, widths[widest] - 1), least[widest]
        )
    broken = [
        [wrapped(cell, size, further="") if cell else [""] for cell, size in zip(row, widths, strict=True)]
        for row in cells
    ]
    fits = sum(widths) <= room and all(
        len(lines) <= DEEPEST and all(cell_len(line) <= size for line in lines)
        for row in broken
        for lines, size in zip(row, widths, strict=True)
    )
    if not fits:
        return tuple(line for row in cells[1:] for line in _stacked(cells[0], row, width))
    out = []
    for row in broken:
        for deep in range(max(map(len, row))):
            parts = (
                set_cell_size(lines[deep] if deep < len(lines) else "", size)
                for lines, size in zip(row, widths, strict=True)
            )
            out.append("  " + "   ".join(parts).rstrip())
        if row is broken[0]:
            out.append("  " + "─" * (sum(widths) + 3 * (len(widths) - 1)))
    return tuple(out)


def _whole(found: re.Match[str]) -> str:
    return found[0].replace(" ", "\xa0")


def _stacked(head: Sequence[str], row: Sequence[str], width: int) -> list[str]:
    name, *values = row
    said = "; ".join(f"{label}: {value}" for label, value in zip(head[1:], values, strict=True) if value)
    return [*wrapped(f"  {name}", width), *wrapped(f"    {said}".replace("\xa0", " "), width)]


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say at a terminal what is being done, for as long as it takes."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(visible(what))):
        yield


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a callback that takes steps done and their number; after a second it shows a bar."""
    from time import monotonic

    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what)
    begun = monotonic()

    def step(done: int, steps: int) -> None:
        if monotonic() - begun > 1:
            bar.start()
        bar.update(task, completed=done, total=steps)

    try:
        yield step
    finally:
        bar.stop()
