"""What a page says, as blocks; three renderers make HTML, Markdown and a terminal's lines of them.

Words stand in blocks as a language has already said them, so that no renderer knows a language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from livingmeta.pages.template import cell, leads, no_markup, page


@dataclass(frozen=True)
class Link:
    """Words that lead to an anchor of the page ("#answer"), or to an address elsewhere."""

    words: str
    to: str
    title: str = ""


@dataclass(frozen=True)
class Quotation:
    """Words of others, in a language of their own; "" where it is not known which."""

    words: str
    lang: str = "en"


@dataclass(frozen=True)
class Strong:
    """Words that a reader should see first."""

    words: str


@dataclass(frozen=True)
class Code:
    """A name as the program or a file writes it."""

    words: str


@dataclass(frozen=True)
class Anchor:
    """Words inside a block that can be linked to."""

    words: str
    id: str


Axis = tuple[float, float | None, float]  # its left end, no effect where there is one, its right end


@dataclass(frozen=True)
class Bar:
    """An interval as a small picture beside the words that say it, on the axis of its column."""

    low: float
    middle: float
    high: float
    axis: Axis
    words: str = ""  # it says nothing that the words beside it do not say

    def at(self, value: float) -> str:
        """Place a value on an axis from 0 to 100."""
        left, _, right = self.axis
        return f"{100 * (value - left) / (right - left):.1f}"


Part = str | Link | Quotation | Strong | Code | Anchor | Bar
Words = Part | tuple["Words", ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a page. Its id is the anchor by which any page can lead to it."""

    id: str


@dataclass(frozen=True, kw_only=True)
class Paragraph(Block):
    """Sentences; `style` is "lead", "quiet", or "go" for a way to another place of a screen's page."""

    words: Words
    style: Literal["", "lead", "quiet", "go"] = ""


@dataclass(frozen=True, kw_only=True)
class Blockquote(Block):
    """Words of a source, which may be none, and where they stand."""

    words: Words
    source: Words


@dataclass(frozen=True, kw_only=True)
class Item(Block):
    """One of a list; without an id where nothing leads to it."""

    id: str = ""
    words: Words


@dataclass(frozen=True, kw_only=True)
class List(Block):
    """Items, numbered where `ordered`."""

    items: tuple[Item, ...]
    ordered: bool = False


@dataclass(frozen=True, kw_only=True)
class TableRow(Block):
    """Cells of a table, the first of which names the row; without an id where nothing leads to it."""

    id: str = ""
    cells: tuple[Words, ...]


@dataclass(frozen=True, kw_only=True)
class Table(Block):
    """Rows below a head; where `grouped`, rows that follow each other with one first cell are one."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[TableRow, ...]
    numbers: frozenset[int] = frozenset()  # columns
    grouped: bool = False

    @property
    def bodies(self) -> list[list[TableRow]]:
        """The rows, by group."""
        if not self.grouped:
            return [list(self.rows)]
        bodies: list[list[TableRow]] = []
        for row in self.rows:
            if bodies and not row.id and bodies[-1][0].cells[0] == row.cells[0]:
                bodies[-1].append(row)
            else:
                bodies.append([row])
        return bodies

    def alike(self, rows: list[TableRow], place: int) -> bool:
        """Say whether rows of a group have words in common, which are said in the first of them."""
        return place not in self.numbers and len({row.cells[place] for row in rows}) == 1


@dataclass(frozen=True, kw_only=True)
class Figure(Block):
    """A picture, which a renderer is given by its id, and all it shows in words."""

    title: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Section(Block):
    """Blocks under a heading, one level below the section around it.

    A browser shows a `folded` one by its heading, until it is opened, led to or printed.
    """

    title: Words
    blocks: tuple[Block, ...]
    folded: bool = False


class Note(Section):
    """A section that stands out."""


class Trace(Section):
    """A section on one number: whence it comes."""


def parts(words: Words) -> Iterator[Part]:
    """Yield the parts of words, one after the other."""
    if isinstance(words, tuple):
        for part in words:
            yield from parts(part)
    elif words != "":
        yield words


def figures_in(blocks: Iterable[Block]) -> Iterator[Figure]:
    """Yield the figures among blocks, in whatever section they stand."""
    for block in blocks:
        if isinstance(block, Section):
            yield from figures_in(block.blocks)
        elif isinstance(block, Figure):
            yield block


def plain(words: Words) -> str:
    """Return words without what they lead to.

    Examples
    --------
    >>> plain(("See ", Link("the answer", "#answer"), "."))
    'See the answer.'
    """
    return "".join(part if isinstance(part, str) else part.words for part in parts(words))


def joined(words: Iterable[Words], between: str = ", ") -> tuple[Words, ...]:
    """Put something between words.

    Examples
    --------
    >>> plain(joined(["a", Code("b")]))
    'a, b'
    """
    each = [(between, part) for part in words]
    return (each[0][1], *each[1:]) if each else ()


def as_html(blocks: Iterable[Block], *, lang: str, pictures: Mapping[str, str] | None = None) -> str:
    """Write blocks as HTML.

    Parameters
    ----------
    blocks : iterable of Block
    lang : str
        Of the page; quotations in others are marked.
    pictures : mapping of str to str, optional
        SVG elements by the id of their figure; a figure without one is left out.

    Examples
    --------
    >>> print(as_html([Paragraph(id="k", words="2 < 3")], lang="en").strip())
    <p id="k">2 &lt; 3</p>
    """
    return page(
        "blocks.html.j2",
        blocks=tuple(blocks),
        lang=lang,
        pictures=pictures or {},
        parts=parts,
        leads=leads,
        kind=lambda thing: type(thing).__name__,
    )


def as_markdown(blocks: Iterable[Block], *, pictures: Mapping[str, str] | None = None, level: int = 2) -> str:
    """Write blocks as Markdown.

    Parameters
    ----------
    blocks : iterable of Block
    pictures : mapping of str to str, optional
        Files by the id of their figure; a figure without one is left out.
    level : int
        Of the headings of the outermost sections.

    Examples
    --------
    >>> print(as_markdown([Section(id="a", title="A", blocks=(Paragraph(id="b", words=Strong("B")),))]))
    ## A
    <BLANKLINE>
    **B**
    """
    written = (_MARKDOWN[type(block)](block, level, pictures or {}) for block in blocks)
    return "\n\n".join(filter(None, written))


def _inline(words: Words) -> str:
    return "".join(map(_part, parts(words)))


def _part(part: Part) -> str:
    if isinstance(part, Code):
        return _code(part.words)
    if isinstance(part, Bar):
        return ""
    words: str = no_markup(part if isinstance(part, str) else part.words)
    if isinstance(part, Strong):
        return f"**{words}**"
    if not isinstance(part, Link) or part.to.startswith("#") or not leads(part.to):
        return words
    return f"[{words}]({part.to.replace('(', '%28').replace(')', '%29')})"


def _code(words: str) -> str:
    """Put words between more backticks than stand together in them."""
    inside = max(map(len, re.findall("`+", words)), default=0)
    tick, gap = "`" * (inside + 1), " " if inside else ""
    return f"{tick}{gap}{' '.join(words.split())}{gap}{tick}"


def _section(section: Section, level: int, pictures: Mapping[str, str]) -> str:
    inside = as_markdown(section.blocks, pictures=pictures, level=level + 1)
    return f"{'#' * level} {_inline(section.title)}\n\n{inside}".rstrip()


def _note(note: Section, level: int, pictures: Mapping[str, str]) -> str:
    return f"**{_inline(note.title)}.**\n{as_markdown(note.blocks, pictures=pictures, level=level + 1)}"


def _paragraph(paragraph: Paragraph, *_: object) -> str:
    return "" if paragraph.style == "go" else _inline(paragraph.words)


def _quote(quote: Blockquote, *_: object) -> str:
    lines = filter(None, (_inline(quote.words), _inline(quote.source)))
    return "\n>\n".join(f"> {' '.join(line.split())}" for line in lines)


def _list(block: List, *_: object) -> str:
    signs = (f"{n}." if block.ordered else "-" for n in range(1, len(block.items) + 1))
    return "\n".join(
        f"{sign} {' '.join(_inline(item.words).split())}"
        for sign, item in zip(signs, block.items, strict=True)
    )


def _table(table: Table, *_: object) -> str:
    lines = [table.head, *(row.cells for row in table.rows)]
    first, *rest = (f"| {' | '.join(cell(_inline(words)) for words in line)} |" for line in lines)
    return "\n".join([first, f"|{'---|' * len(table.head)}", *rest])


def _figure(figure: Figure, _: int, pictures: Mapping[str, str]) -> str:
    title = " ".join(_inline(figure.title).split())
    return f"![{title}]({pictures[figure.id]})" if figure.id in pictures else ""


_MARKDOWN: Mapping[type[Block], Callable[..., str]] = {
    Paragraph: _paragraph,
    Blockquote: _quote,
    List: _list,
    Table: _table,
    Figure: _figure,
    Section: _section,
    Trace: _section,
    Note: _note,
}


def terminal(blocks: Iterable[Block]) -> Group:
    """Return blocks as lines and tables that rich's console prints, as wide as it is."""
    return Group(*(line for block in blocks for line in _lines(block, level=1)))


def _lines(block: Block, *, level: int) -> Iterator[Any]:
    if isinstance(block, Section):
        yield Text(plain(block.title), style="bold underline" if level <= 2 else "bold")
        for inner in block.blocks:
            yield from _lines(inner, level=level + 1)
    elif isinstance(block, Paragraph) and block.style != "go":
        yield Padding(_text(block.words), (0, 0, 1, 0))
    elif isinstance(block, Blockquote):
        lines = [_text(words) for words in (block.words, block.source) if plain(words)]
        yield Padding(Text("\n").join(lines), (0, 0, 1, 4))
    elif isinstance(block, List):
        yield _listing(block)
    elif isinstance(block, Table):
        yield _grid(block)
    elif isinstance(block, Figure):
        yield Padding(Text(block.description, style="italic"), (0, 0, 1, 0))


def _text(words: Words) -> Text:
    text = Text()
    for part in parts(words):
        text.append(re.sub(r"\s+", " ", plain(part)), style="bold" if isinstance(part, Strong) else None)
    return text


def _listing(block: List) -> Padding:
    grid = Grid.grid(padding=(0, 1))
    for place, item in enumerate(block.items, start=1):
        grid.add_row(f"{place}." if block.ordered else "-", _text(item.words))
    return Padding(grid, (0, 0, 1, 0))


def _grid(table: Table) -> Grid:
    grid = Grid(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, name in enumerate(table.head):
        grid.add_column(name, overflow="fold", min_width=4 if place in table.numbers else 8)
    for rows in table.bodies:
        said = [table.grouped and table.alike(rows, place) for place in range(len(table.head))]
        for row in rows:
            shown = zip(row.cells, said, strict=True)
            grid.add_row(*("" if once and row is not rows[0] else _text(words) for words, once in shown))
        grid.add_section()
    return grid
