"""Tables of a PDF, which knows no cells: signs in places, and lines drawn between them.

A table is what stands between lines: a grid of them, or the long ones above and below the headings
and at the end, as journals set it. Where lines part no columns, the white between them does. What
these leave open is a doubt, of a cell or of the table; tables without any line are named and not read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile
from statistics import median
from typing import Any

from livingmeta.exchange.paper_tables import (
    BESIDE,
    LABEL,
    OVER_OTHERS,
    RUNS_ON,
    PaperCell,
    PaperTable,
    cell_of,
    headed,
    parted,
)
from livingmeta.exchange.papers import MARKS, RAISED, SPACE
from livingmeta.review.files import guarded

APART = 0.75  # of the size of a letter: white between the cells of a row; between words it is a third
STRIP = 8.0  # points of height in which lines are looked for together
THIN = 3.0  # points: a box no higher is a line
SNAP = 2.5  # points by which ends of lines miss each other
DOUBLE = 5.0  # points between two lines that hold no letter: a frame and its cells have lines of their own
MOST_LINES = 1_000  # of a page that shows tables, not drawings
MOST_BOXES = 4_000  # of a table
SHORTEST = 5.0  # points of a line that counts
WIDEST_WORDS = 9  # words of a line of prose, at least
CAPTION = 130.0  # points above a table, at most
DASHED = re.compile(r"(?<=\w)([–-])\n(?=\w)")  # a range or a compound that a line's end parts
WIDE = "a wide white parts it"
BROKEN = {"a part of it seems to stand elsewhere", "its row has no name"}  # where rows may be mixed up
TOLD = re.compile(LABEL.pattern.replace(r"[.:\s|–—-]*", r"\s+(?-i:[a-z])"), re.IGNORECASE)  # "Table 2 shows"
NAMED = re.compile(LABEL.pattern.replace(r"[.:\s|–—-]*", r"(?:\s*[.:|–—]|\s*$)"), re.IGNORECASE)


@dataclass
class _Sign:
    """A letter in its place; on pages that are turned, as if they were not."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float

    @property
    def size(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass
class _Piece:
    """Words of one line that no wide white parts."""

    x0: float
    x1: float
    middle: float
    size: float
    text: str
    raised: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Rule:
    """A line that is drawn: at a place across, from an end to an end."""

    at: float
    low: float
    high: float


@dataclass
class _View:
    """A page, seen so that its letters stand upright."""

    signs: list[_Sign]
    others: list[_Sign]  # that stand another way
    across: list[_Rule]
    down: list[_Rule]
    turn: int  # 0: as the page lies

    def rows(self) -> list[list[_Piece]]:
        """Return its words, row after row from top to bottom, with all that is raised in its place."""
        return [_pieces(line, marked=False) for line in _lines(self.signs)]


def printed(raw: bytes, file: str) -> list[PaperTable]:
    """Read the tables of a PDF, page after page."""
    import pdfplumber

    found: list[PaperTable] = []
    with (
        guarded(file, "its tables can't be read", "Take the HTML or the XML of the paper."),
        pdfplumber.open(io.BytesIO(raw), unicode_norm=None) as pdf,
    ):
        for number, page in enumerate(pdf.pages, start=1):
            for view in views(page):
                found += [replace(table, page=number) for table in _on(view)]
            page.close()
    return [replace(t, cells=tuple(replace(c, page=t.page) for c in t.cells)) for t in found]


def views(page: Any) -> Iterator[_View]:
    """Yield a page as it is, and turned either way where letters lie on their sides."""
    width, height = float(page.width), float(page.height)

    def seen(part: Any, turn: int) -> tuple[float, float, float, float]:
        x0, x1, top, bottom = (float(part[name]) for name in ("x0", "x1", "top", "bottom"))
        if turn > 0:  # read from below
            return height - bottom, height - top, x0, x1
        return (top, bottom, width - x1, width - x0) if turn else (x0, x1, top, bottom)

    for turn in (0, 1, -1):
        ways: dict[bool, list[_Sign]] = {True: [], False: []}
        for c in page.chars:
            way = 0 if c["upright"] else 1 if c["matrix"][1] > 0 else -1
            if c["text"].strip():
                ways[way == turn].append(_Sign(c["text"], *seen(c, turn)))
        if not ways[True]:
            continue
        across, down = [], []
        for part in (*page.rects, *page.lines, *page.curves):
            x0, x1, top, bottom = seen(part, turn)
            if bottom - top <= THIN and x1 - x0 > SHORTEST:
                across.append(_Rule((top + bottom) / 2, x0, x1))
            elif x1 - x0 <= THIN and bottom - top > SHORTEST:
                down.append(_Rule((x0 + x1) / 2, top, bottom))
            elif part["object_type"] == "rect" and part.get("stroke") and not part.get("fill"):
                across += [_Rule(top, x0, x1), _Rule(bottom, x0, x1)]
                down += [_Rule(x0, top, bottom), _Rule(x1, top, bottom)]
        yield _View(ways[True], ways[False], _merged(across), _merged(down), turn)


def _merged(rules: Iterable[_Rule]) -> list[_Rule]:
    """Put the pieces of lines together."""
    whole: list[_Rule] = []
    for rule in sorted(rules, key=lambda rule: (round(rule.at / SNAP), rule.low)):
        near = takewhile(lambda n: whole[n].at > rule.at - 2 * SNAP, reversed(range(len(whole))))  # noqa: B023
        for n in near:
            other = whole[n]
            if (
                abs(other.at - rule.at) <= SNAP / 2
                and rule.low <= other.high + SNAP
                and rule.high >= other.low - SNAP
            ):
                whole[n] = _Rule(other.at, min(other.low, rule.low), max(other.high, rule.high))
                break
        else:
            whole.append(rule)
    return sorted(whole, key=lambda rule: rule.at)


def _lines(signs: Sequence[_Sign]) -> list[list[_Sign]]:
    """Put letters into lines: large ones make them, raised ones join the line they lie in."""
    lines: list[tuple[_Sign, list[_Sign]]] = []
    at: dict[int, list[tuple[_Sign, list[_Sign]]]] = {}  # by height; a page may have 100 lines
    for sign in sorted(signs, key=lambda s: (-round(s.size), s.x0)):
        near = [line for line in at.get(int(sign.middle // STRIP), ()) if _beside(sign, line)]
        if near:
            min(near, key=lambda line: abs(line[0].middle - sign.middle))[1].append(sign)
        else:
            lines.append((sign, [sign]))
            ends = (sign.middle - sign.size, sign.middle + sign.size)
            for strip in range(int(ends[0] // STRIP), int(ends[1] // STRIP) + 1):
                at.setdefault(strip, []).append(lines[-1])
    held = [sorted(line, key=lambda s: s.x0) for _, line in lines if any(s.text.strip() for s in line)]
    return sorted(held, key=lambda line: median(s.middle for s in line))


def _beside(sign: _Sign, line: tuple[_Sign, list[_Sign]]) -> bool:
    first, signs = line
    away = abs(first.middle - sign.middle)
    if sign.size < 0.95 * first.size and away < 0.75 * first.size:  # raised, behind a letter of the line
        return any(-0.3 < (sign.x0 - other.x1) / first.size < 0.3 for other in signs)
    return away < 0.42 * first.size


def _pieces(line: Sequence[_Sign], *, marked: bool = True, down: Sequence[_Rule] = ()) -> list[_Piece]:
    """Part a line where the white is wide or a rule stands; note marks that are raised, if `marked`."""
    shown = [sign for sign in line if sign.text.strip()]
    size = max(sign.size for sign in shown)
    base = median(sign.bottom for sign in shown if sign.size > 0.95 * size)
    pieces: list[_Piece] = []
    marks = ""
    down = [rule for rule in down if rule.low < base - size / 2 < rule.high]
    for sign in shown:
        last = pieces[-1] if pieces else None
        white = sign.x0 - last.x1 if last else 0.0
        raised = sign.size < 0.95 * size and sign.bottom < base - 0.12 * size
        if marks and not raised:
            pieces[-1].raised.append(marks)
            marks = ""
        if (
            last is None
            or white > APART * size
            or any(last.x1 - 1 < r.at < sign.x0 + 1 and r.at > last.x0 for r in down)
        ):
            last = _Piece(sign.x0, sign.x1, sign.middle, size, "")
            pieces.append(last)
        elif white > SPACE * size:
            last.text += " "
        last.x1 = max(last.x1, sign.x1)
        if marked and raised and last.text and re.fullmatch(rf"[a-z,{MARKS}]", sign.text):
            marks += sign.text
        else:
            last.text += sign.text.translate(RAISED) if raised else sign.text
    if marks:
        pieces[-1].raised.append(marks)
    for piece in pieces:
        piece.middle = base - size / 2
        piece.text = piece.text.strip()
    return [piece for piece in pieces if piece.text or piece.raised]


def _on(view: _View) -> Iterator[PaperTable]:
    """Yield the tables of a page from top to bottom, and captions of those that can't be read."""
    lines = [_pieces(line, down=view.down) for line in _lines(view.signs)]
    for line in lines:
        for left, right in pairwise(tuple(line)):  # "Table   2:   Pain   at   rest", spread over a line
            if not LABEL.match(left.text) and LABEL.match(f"{left.text} {right.text}"):
                left.text, left.x1 = f"{left.text} {right.text}", right.x1
                line.remove(right)
    heads = [piece for line in lines for piece in line if LABEL.match(piece.text)]
    used: list[_Piece] = []
    for rules in _regions(view, lines, heads):
        top, bottom, low, high = rules[0].at, rules[-1].at, rules[0].low, rules[0].high
        free = [p for p in heads if p not in used and p.x1 > low and p.x0 < high]
        near = [p for p in free if top - CAPTION < p.middle < top]
        below = [p for p in free if bottom < p.middle < bottom + 40 and NAMED.match(p.text)]
        own = [p for p in near if not TOLD.match(p.text)] or ([] if below else near)
        head = own[-1] if own else next(iter(below), None)
        label, caption = "", ""
        if head is not None:
            used.append(head)
            end = top if own else bottom + 60
            label, caption = parted(" ".join(_caption(lines, head, end)))
        cells, doubts = _read(view, rules)
        if any(cell.numeric for cell in cells) or label:
            yield PaperTable(number=0, label=label, caption=caption, cells=tuple(cells), doubts=tuple(doubts))
    for head in heads:
        if head not in used and NAMED.match(head.text):
            label, caption = parted(head.text)
            why = "no lines part it from the text, or it is a picture: it is not read"
            yield PaperTable(number=0, label=label, caption=caption, doubts=(why,))


def _caption(lines: Sequence[Sequence[_Piece]], head: _Piece, end: float) -> Iterator[str]:
    """Yield the words of a caption, line by line."""
    last = head.middle
    for line in lines:
        if not head.middle - 1 <= line[0].middle < end or line[0].middle - last > 2.2 * head.size:
            continue
        right = None
        for piece in line:
            if piece.x0 >= head.x0 - 2 and (right is None or piece.x0 - right < 1.2 * piece.size):
                yield piece.text
                right, last = piece.x1, piece.middle


def _regions(
    view: _View, lines: Sequence[Sequence[_Piece]], heads: Sequence[_Piece]
) -> Iterator[list[_Rule]]:
    """Yield the long lines of each table: of one width, with no caption and no prose between."""
    left = [rule for rule in view.across if rule.high - rule.low > 40]
    left = left if len(left) < MOST_LINES else []
    while left:
        run = [left[0]]
        for rule in left[1:]:
            if abs(rule.low - run[0].low) > 4 or abs(rule.high - run[0].high) > 4:
                continue
            between = [
                piece
                for line in lines
                for piece in line
                if run[-1].at < piece.middle < rule.at and piece.x1 > rule.low and piece.x0 < rule.high
            ]
            width = 0.6 * (rule.high - rule.low)
            prose = [p for p in between if p.x1 - p.x0 > width and len(p.text.split()) >= WIDEST_WORDS]
            if prose or any(piece in heads for piece in between):
                break
            run.append(rule)
        left = [rule for rule in left if rule not in run]
        if len(run) > 1:
            yield run
            low, high, top, bottom = run[0].low, run[0].high, run[0].at, run[-1].at
            left = [r for r in left if not (top < r.at < bottom and r.low >= low - 4 and r.high <= high + 4)]


def _read(view: _View, rules: Sequence[_Rule]) -> tuple[list[PaperCell], list[str]]:
    """Read what stands between the long lines of a table."""
    low, high, top, bottom = rules[0].low - SNAP, rules[0].high + SNAP, rules[0].at, rules[-1].at
    down = [r for r in view.down if low < r.at < high and r.low < bottom - 1 and r.high > top + 1]

    def inside(sign: _Sign) -> bool:
        return low <= (sign.x0 + sign.x1) / 2 <= high and top < sign.middle < bottom

    signs = list(filter(inside, view.signs))
    part = [r for r in view.across if top < r.at < bottom and r.low >= low - 2 and r.high <= high + 2]
    inner = [r for r in down if low + 2 * SNAP < r.at < high - 2 * SNAP]
    if inner:
        cells, doubts = _grid(signs, [rules[0], *part, rules[-1]], down, (low + SNAP, high - SNAP))
    else:
        cells, doubts = _ruled(signs, rules, [rule for rule in part if rule not in rules])
    turned = ["some of its signs are turned"] if any(map(inside, view.others)) else []
    return cells, [*doubts, *turned]


def _snapped(places: Iterable[float], near: float = SNAP) -> list[float]:
    kept: list[float] = []
    for place in sorted(places):
        if not kept or place - kept[-1] > near:
            kept.append(place)
    return kept


def _grid(
    signs: Sequence[_Sign], across: Sequence[_Rule], down: Sequence[_Rule], ends: tuple[float, float]
) -> tuple[list[PaperCell], list[str]]:
    """Read a table whose cells are drawn: boxes between which no line stands are one."""
    ys, xs = _snapped((r.at for r in across), DOUBLE), _snapped((*ends, *(r.at for r in down)), DOUBLE)
    if len(ys) * len(xs) > MOST_BOXES:
        return [], ["it has more lines than a table"]
    boxes = [(i, j) for i in range(len(ys) - 1) for j in range(len(xs) - 1)]
    of = {box: {box} for box in boxes}

    def drawn(rules: Sequence[_Rule], at: float, middle: float) -> bool:
        return any(abs(r.at - at) <= DOUBLE and r.low - 1 <= middle <= r.high + 1 for r in rules)

    for i, j in boxes:
        right = ((i, j + 1), drawn(down, xs[j + 1], (ys[i] + ys[i + 1]) / 2))
        below = ((i + 1, j), drawn(across, ys[i + 1], (xs[j] + xs[j + 1]) / 2))
        for other, parted_off in (right, below):
            if other in of and not parted_off:
                whole = of[i, j] | of[other]
                of.update(dict.fromkeys(whole, whole))
    cells = []
    for held in {min(whole): whole for whole in of.values()}.values():
        (i0, j0), (i1, j1) = min(held), (max(i for i, _ in held), max(j for _, j in held))
        inside = [
            s for s in signs if ys[i0] < s.middle < ys[i1 + 1] and xs[j0] < (s.x0 + s.x1) / 2 < xs[j1 + 1]
        ]
        lines = [_pieces(line) for line in _lines(inside)] if inside else []
        doubts = [] if len(held) == (i1 - i0 + 1) * (j1 - j0 + 1) else ["the lines around it are not closed"]
        if any(len(line) > 1 for line in lines):
            doubts.append(WIDE)
        text = "\n".join(" ".join(piece.text for piece in line) for line in lines)
        if re.search(r"[\d.,(−-]\s*\n\s*[\d.,)]", text) or re.search(r"[-\u2010]\n", text):
            doubts.append(RUNS_ON)
        text = DASHED.sub(r"\1", text)
        raised = [mark for line in lines for piece in line for mark in piece.raised]
        cells.append(
            cell_of(text, i0 + 1, j0 + 1, rows=i1 - i0 + 1, columns=j1 - j0 + 1, raised=raised, doubts=doubts)
        )
    cells, doubts = headed(sorted(cells, key=lambda cell: (cell.row, cell.column)))
    drawn_only = 2 * sum(bool(cell.text) for cell in cells) < len(cells)
    return cells, [*doubts, *(["most of its boxes are empty: it may be a drawing"] if drawn_only else [])]


def _ruled(
    signs: Sequence[_Sign], rules: Sequence[_Rule], part: Sequence[_Rule]
) -> tuple[list[PaperCell], list[str]]:
    """Read a table that only long lines part: columns by the white between them."""
    doubts: list[str] = []
    lines = [_pieces(line) for line in _lines(signs)] if signs else []
    begin = rules[1].at if len(rules) > 2 else None
    if begin is None:
        first = next((line for line in lines if any(_numeric(piece) for piece in line[1:])), None)
        begin = first[0].middle - first[0].size / 2 if first else 0.0
        doubts.append("no line parts its headings from its numbers")
    head = [line for line in lines if line[0].middle < begin]
    body = [line for line in lines if line[0].middle >= begin]
    columns = _columns(body)
    if len(columns) < 2:
        return [], [*doubts, "no white parts its columns: it is not read"]
    spanning = [rule for rule in part if rule.at < begin]
    cells, levels, of_heads = _headings(head, columns, spanning)
    doubts += of_heads
    if unnamed := [n for n in range(2, len(columns) + 1) if not _covers(cells, n)]:
        doubts.append(f"no heading stands over column {', '.join(map(str, unnamed))}")
    if max(map(len, head), default=0) > len(columns):
        doubts.append("it has more headings than columns")
    rows, unsure = _rows(body, columns, [rule.at for rule in rules])
    for row, line in enumerate(rows, start=levels + 1):
        own = _body(line, columns, row)
        broken = any(cell.doubts for cell in own if cell.column == 1 or BROKEN & {*cell.doubts})
        more = ("another cell of its row is broken",) if broken else ()
        cells += [replace(cell, doubts=cell.doubts or more) for cell in own]
    if unsure or any(BROKEN & {*cell.doubts} for cell in cells):
        doubts.append("it is not sure which lines make a row")
    return cells, doubts


def _numeric(piece: _Piece) -> bool:
    return cell_of(piece.text, 1, 1).numeric


def _covers(cells: Iterable[PaperCell], column: int) -> bool:
    return any(cell.column <= column < cell.column + cell.columns and cell.text for cell in cells)


def _columns(body: Sequence[Sequence[_Piece]]) -> list[tuple[float, float]]:
    """Return from where to where each column goes, by the lines that have most cells.

    Where no line has all cells of its row, since these run over several, all lines say it.
    """
    most = max((len(line) for line in body), default=0)
    columns = _united(line for line in body if len(line) == most)
    every = _united(body)
    return columns if len(columns) == most >= len(every) else every


def _united(lines: Iterable[Sequence[_Piece]]) -> list[tuple[float, float]]:
    """Return from where to where words stand, whatever the line."""
    columns: list[tuple[float, float]] = []
    for low, high in sorted((p.x0, p.x1) for line in lines for p in line):
        if columns and low < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], high))
        else:
            columns.append((low, high))
    return columns


def _over(piece: _Piece, columns: Sequence[tuple[float, float]]) -> list[int]:
    """Return the columns, from 1, that a piece lies over."""
    return [n for n, (low, high) in enumerate(columns, start=1) if piece.x1 > low and piece.x0 < high]


def _nearest(piece: _Piece, columns: Sequence[tuple[float, float]]) -> int:
    return 1 + min(range(len(columns)), key=lambda n: max(columns[n][0] - piece.x1, piece.x0 - columns[n][1]))


def _headings(
    head: Sequence[Sequence[_Piece]], columns: Sequence[tuple[float, float]], spanning: Sequence[_Rule]
) -> tuple[list[PaperCell], int, list[str]]:
    """Read headings, those above a short line over the columns below it; return their rows and doubts."""
    heights = _snapped(rule.at for rule in spanning)
    levels = len(heights) + 1
    held: dict[tuple[int, int, int], list[_Piece]] = {}
    doubted: set[tuple[int, int, int]] = set()
    beside = False
    for piece in (piece for line in head for piece in line):
        over = _over(piece, columns) or [_nearest(piece, columns)]
        place = None
        for level, height in enumerate(heights, start=1):
            rules = [
                r for r in spanning if abs(r.at - height) <= SNAP and piece.x1 > r.low and piece.x0 < r.high
            ]
            if rules and piece.middle < height:
                under = [
                    n
                    for n, (low, high) in enumerate(columns, start=1)
                    if rules[0].low < (low + high) / 2 < rules[0].high
                ]
                place = (level, under[0], len(under)) if under else None
                if len(rules) > 1 and place:
                    doubted.add(place)
                break
        if place is None:
            middles = [abs((piece.x0 + piece.x1) / 2 - sum(columns[n - 1]) / 2) for n in over]
            place = (levels, over[middles.index(min(middles))], 1)
            if len(over) > 1 or not _over(piece, columns):
                doubted.add(place)
        others = held.get(place, [])
        if others and all(piece.x1 < other.x0 or other.x1 < piece.x0 for other in others):
            doubted.add(place)
            beside = True
        held.setdefault(place, []).append(piece)
    more = _over_more(held, levels)
    cells = []
    for (level, column, span), pieces in sorted(held.items()):
        above = [h for h in range(1, level) if any(p[0] == h and p[1] <= column < p[1] + p[2] for p in held)]
        begin = max(above, default=0) + 1
        text = " ".join(piece.text for piece in pieces)
        doubts = [OVER_OTHERS] if (level, column, span) in doubted else []
        doubts += [more[column]] if level == levels and column in more else []
        cells.append(
            cell_of(text, begin, column, rows=level - begin + 1, columns=span, doubts=doubts, heading=True)
        )
    return cells, levels, ["two headings stand over one column"] if beside else []


def _over_more(held: Mapping[tuple[int, int, int], Sequence[_Piece]], level: int) -> dict[int, str]:
    """Return what may stand over columns too, where the top line names every second or third: two groups.

    It may go on over the columns between, with no line to say so.
    """
    own = {place[1]: pieces for place, pieces in held.items() if place[0] == level and place[1] > 1}
    top = min((piece.middle for pieces in own.values() for piece in pieces), default=0.0)
    first = {n: [x.text for x in pieces if x.middle < top + 1] for n, pieces in sorted(own.items())}
    named = [n for n, texts in first.items() if texts]
    apart = {b - a for a, b in pairwise(named)}
    if len(apart) != 1 or min(apart) == 1:
        return {}
    left = {n: max((m for m in named if m < n), default=0) for n in own if n not in named}
    return {n: f"“{' '.join(first[m])}”, {BESIDE}" for n, m in left.items() if m}


def _rows(
    body: Sequence[Sequence[_Piece]], columns: Sequence[tuple[float, float]], rules: Sequence[float]
) -> tuple[list[list[list[_Piece]]], set[int]]:
    """Put lines that make one row together; return as well which rows, from 1, may be parts of one."""

    def named(line: Sequence[_Piece]) -> bool:
        return 1 in _over(line[0], columns)

    whole = [line for line in body if named(line) and len(line) > 1]
    pitches = [b[0].middle - a[0].middle for a, b in pairwise(body) if a in whole and b in whole]
    size = median(line[0].size for line in body)
    least = min([pitch for pitch in pitches if pitch > 0.9 * size], default=1.45 * size)
    rows: list[list[list[_Piece]]] = []
    unsure: set[int] = set()
    for line in body:
        last = rows[-1][-1] if rows else None
        parts = last is not None and (len(line) == 1 or len(last) == 1 or not named(line) or not named(last))
        pitch = (line[0].middle - last[0].middle) / least if last is not None else 9.0
        close = pitch < 0.85
        ruled = last is not None and any(last[0].middle < at < line[0].middle for at in rules)
        if parts and close and not ruled:
            rows[-1].append(list(line))
            continue
        rows.append([list(line)])
        if parts and pitch < 0.97 and not ruled:
            unsure |= {len(rows) - 1, len(rows)}
    return rows, unsure


def _body(
    lines: Sequence[Sequence[_Piece]], columns: Sequence[tuple[float, float]], row: int
) -> list[PaperCell]:
    """Put the pieces of a row into its columns."""
    held: dict[tuple[int, int], list[tuple[int, _Piece]]] = {}
    doubts: dict[tuple[int, int], list[str]] = {}
    for n, line in enumerate(lines):
        for piece in line:
            over = _over(piece, columns)
            place = (over[0], len(over)) if over else (_nearest(piece, columns), 1)
            alone = len(lines) == 1 and len(line) == 1 and place[0] == 1
            place = (1, len(columns)) if alone and len(columns) > 2 else place
            if not over:
                doubts.setdefault(place, []).append("it stands between columns")
            held.setdefault(place, []).append((n, piece))
    cells = []
    names = [place for place in held if place[0] == 1]
    for (column, span), pieces in sorted(held.items()):
        text = DASHED.sub(r"\1", "\n".join(piece.text for _, piece in pieces))
        own = doubts.get((column, span), [])
        of_lines = {n for n, _ in pieces}
        if len(pieces) > len(of_lines):
            own.append(WIDE)
        elif len(pieces) > 1 and (column > 1 or re.search(r"[-\u2010]$", pieces[0][1].text)):
            own.append(RUNS_ON)
        if any(c <= column < c + s for c, s in held if (c, s) != (column, span) and s > 1):
            own.append("another cell lies over it")
        if column > 1 and not names:
            own.append("its row has no name")
        if re.fullmatch(r"[(\[][^()\[\]]*[)\]]", text):
            own.append("it may belong to the cell on its left")
        raised = [mark for _, piece in pieces for mark in piece.raised]
        cells.append(cell_of(text, row, column, columns=span, raised=raised, doubts=own))
    return cells
