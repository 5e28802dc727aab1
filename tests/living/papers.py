"""Papers for the tests: random tables of which every cell is known, set in JATS, in HTML and in print."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from livingmeta.exchange.paper_tables import PaperTable, tables
from livingmeta.exchange.papers import open_paper

PROSE = (
    "People with pain that had lasted for more than three months were invited, and those who agreed were "
    "seen by an assessor who did not know to which of the groups they had been allocated by the office. "
)


@dataclass
class Cell:
    """What a table prints in one place; `mark` is a footnote's, set raised unless it is `flat`."""

    text: str
    rows: int = 1
    columns: int = 1
    mark: str = ""
    flat: bool = False
    linked: bool = False


@dataclass
class Table:
    """A table and what is true of it: by row and column, the text and its headings."""

    label: str
    caption: str
    head: list[list[Cell]]
    body: list[list[Cell]]
    truth: dict[tuple[int, int], tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    notes: str = ""


NAMES = ("Pain at rest", "Pain, worst", "Office ﬁnding", "Diﬃcult walking", "Function (DASH)", "Strength, N")
NAMES += ("Flexion", "EQ-5D", "Global rating", "Sick leave, days", "Reﬂex", "Night pain (VAS, 0–100)")
TIMES = ("Baseline", "6 weeks", "12 weeks", "1 year")
FORMS = {
    "mean (SD)": lambda r: f"{r.uniform(0, 90):.1f} ({r.uniform(1, 20):.1f})",
    "mean ± SD": lambda r: f"{r.uniform(0, 9):.2f} ± {r.uniform(0.1, 2):.2f}",
    "difference (95% CI)": lambda r: (
        f"−{r.uniform(0, 9):.1f} (−{r.uniform(10, 20):.1f} to {r.uniform(0, 5):.1f})"
    ),
    "n (%)": lambda r: f"{r.randint(0, 40)} ({r.randint(0, 100)})",
    "median [IQR]": lambda r: f"{r.randint(1, 9)} [{r.randint(0, 1)}–{r.randint(9, 30)}]",
    "P": lambda r: r.choice(["<0.001", "0.03", "0.47", "P = .02"]),
}


def random_table(seed: int, *, number: int = 1) -> Table:
    """Draw a table: one or two rows of headings, parts with names of their own, merged and empty cells."""
    r = random.Random(seed)
    arms = r.sample(["Exercise", "Control", "Surgery", "Waiting list"], r.randint(1, 3))
    form = r.choice(list(FORMS))
    times = r.sample(TIMES, r.randint(1, 3)) if r.random() < 0.7 else [""]
    times = sorted(times, key=("", *TIMES).index)
    leaves: list[tuple[str, ...]] = [(arm, time) if time else (arm,) for arm in arms for time in times]
    extra = r.random() < 0.5
    two = len(times) > 1 or (times != [""] and r.random() < 0.5)
    if not two:
        leaves = [(" ".join(leaf) + (f", {form}" if r.random() < 0.5 else ""),) for leaf in leaves]
    leaves = [("Outcome",), *leaves, *([("P value",)] if extra else [])]
    head = [[Cell("Outcome", rows=2 if two else 1)]]
    if two:
        head[0] += [Cell(arm, columns=len(times)) for arm in arms]
        head.append([Cell(time) for _ in arms for time in times])
    else:
        head[0] += [Cell(leaf[0]) for leaf in leaves[1 : len(leaves) - extra]]
    if extra:
        head[0].append(Cell("P value", rows=2 if two else 1))
    table = Table(f"Table {number}", f"Scores of the groups, {form}", head, [])
    names = r.sample(NAMES, r.randint(2, 7))
    part, last = "", len(leaves) - (1 if extra else 0)
    marks = "abc" if r.random() < 0.5 else "*†‡"
    for place, name in enumerate(names):
        if place % 3 == 0 and r.random() < 0.35:
            part = f"Part {place // 3 + 1}"
            table.body.append([Cell(part, columns=len(leaves) if r.random() < 0.5 else 1)])
            if table.body[-1][0].columns == 1:
                table.body[-1] += [Cell("") for _ in leaves[1:]]
        row = [Cell(name)]
        column = 2
        at = len(head) + len(table.body) + 1
        paths = tuple(_plain(path) for path in ([part] if part else []))
        while column <= len(leaves):
            shape = r.random()
            text = FORMS["P" if extra and column == len(leaves) else form](r)
            cell = Cell(text)
            if shape < 0.06:
                cell = Cell(r.choice(["", "–", "NR"]))
            elif shape < 0.1 and column < last:
                cell = Cell(text, columns=2)
            elif shape < 0.22:
                cell.mark, cell.flat = r.choice(marks), marks != "abc" and r.random() < 0.5
                cell.linked = r.random() < 0.3
            row.append(cell)
            heads = tuple(dict.fromkeys(leaves[column - 1]))
            table.truth[at, column] = (_plain(cell.text), heads, (*paths, _plain(name)))
            column += cell.columns
        table.body.append(row)
    return table


def _plain(text: str) -> str:
    for ligature, letters in (("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬃ", "ffi")):
        text = text.replace(ligature, letters)
    return text


def _row(cells: list[Cell], tag: str, sup: str) -> str:
    parts = []
    for cell in cells:
        spans = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
        spans += f' colspan="{cell.columns}"' if cell.columns > 1 else ""
        mark = cell.mark if cell.flat else f"<sup>{cell.mark}</sup>" if cell.mark else ""
        text = escape(cell.text)
        if tag == "th" and cell.columns > 1 and sup == "html":
            text = f"<span>{text}</span>"
        if cell.mark and cell.linked and sup == "jats":
            mark = f'<xref ref-type="table-fn" rid="fn"><sup>{cell.mark}</sup></xref>'
        parts.append(f"<{tag}{spans}>{text}{mark}</{tag}>")
    return f"<tr>{''.join(parts)}</tr>"


def rows_of(table: Table, kind: str, *, part: slice = slice(None)) -> str:
    """Return the rows of a table as JATS and HTML set them alike."""
    head = "".join(_row(row, "th", kind) for row in table.head)
    body = "".join(_row(row, "td", kind) for row in table.body[part])
    return f"<thead>{head}</thead><tbody>{body}</tbody>"


def jats(*bodies: str, title: str = "A trial of exercise for pain", doi: str = "10.5555/made.1") -> str:
    """Return a paper in JATS."""
    return (
        '<?xml version="1.0"?><article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>'
        f'<article-id pub-id-type="doi">{doi}</article-id><title-group><article-title>{escape(title)}'
        f"</article-title></title-group></article-meta></front><body><p>{PROSE}</p>{''.join(bodies)}</body></article>"
    )


def wrap(table: Table, *, part: slice = slice(None), label: str | None = None) -> str:
    """Return a table as JATS wraps it."""
    named = f"<label>{label if label is not None else table.label}</label>" if label != "" else ""
    caption = f"<caption><p>{escape(table.caption)}</p></caption>" if label is None else ""
    return f"<table-wrap>{named}{caption}<table>{rows_of(table, 'jats', part=part)}</table></table-wrap>"


def html(*bodies: str, title: str = "A trial of exercise for pain", style: str = "", doi: str = "") -> str:
    """Return a paper as a page."""
    bodies = (f"<p>doi:{doi}</p>", *bodies) if doi else bodies
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{style}</style></head><body><h1>{escape(title)}</h1><p>{PROSE}</p>{''.join(bodies)}</body></html>"
    )


def shown(table: Table, *, above: bool = True) -> str:
    """Return a table as a page shows it."""
    words = f"<b>{table.label}.</b> {escape(table.caption)}"
    if above:
        return f"<p class=caption>{words}</p><table>{rows_of(table, 'html')}</table>"
    return f"<table><caption>{words}</caption>{rows_of(table, 'html')}</table>"


def read(path: Path, text: str | bytes) -> tuple[PaperTable, ...]:
    """Write a paper and read its tables."""
    if isinstance(text, bytes):
        path.write_bytes(text)
    else:
        path.write_text(text, encoding="utf-8")
    return tables(open_paper(path))


@dataclass
class Tally:
    """How many cells of known tables were read right, were read with a mark, and wrongly without one."""

    right: int = 0
    marked: int = 0
    wrong: list[Any] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.right + self.marked + len(self.wrong)

    def add(self, table: Table, read_tables: tuple[PaperTable, ...], *, printed: bool = False) -> None:
        """Compare every cell of a table with what was read of it."""
        found = next((t for t in read_tables if t.label == table.label), None)
        heads = (
            max((cell.row + cell.rows - 1 for cell in found.cells if cell.heading), default=0) if found else 0
        )
        shift = heads - len(table.head) if printed else 0  # print parts no rows of headings without a line
        for (row, column), truth in table.truth.items():
            cell = found.at(row + shift, column) if found else None
            if found is None or not found.cells:
                self.marked += 1
                continue
            told = (cell.text, found.column_headings(cell), found.row_headings(cell)) if cell else None
            told, true = (
                (t[0], " ".join(t[1]) if printed else t[1], t[2]) if t else None for t in (told, truth)
            )
            if told == true or (cell is None and truth[0] == ""):
                doubts = found.doubts_of(cell) if cell else ()
                self.marked += bool(doubts)
                self.right += not doubts
            elif found.doubts or (cell and found.doubts_of(cell)):
                self.marked += 1
            else:
                self.wrong.append((table.label, row, column, truth, told))


# How journals set tables: with long lines, with a grid; in one column or two, and on their side
LINES = (
    "table{border-collapse:collapse;border-block-start:1.2px solid;border-block-end:1.2px solid;"
    "font-size:9pt}"
    "thead{border-block-end:.8px solid}"
    "td,th{padding-block:2px;padding-inline:7px;font-weight:normal;text-align:left}"
    "th span{display:block;border-block-end:.6px solid;text-align:center}"
)
GRID = "table{border-collapse:collapse;font-size:9pt}"
GRID += "td,th{border:.8px solid;padding-block:2px;padding-inline:5px}"
BODY = "body{font:10pt serif;margin:0;text-align:justify}h1{font-size:15pt}.caption{margin-bottom:3px}"
SETTINGS = {
    "lines": BODY + LINES,
    "grid": BODY + GRID,
    "two columns": BODY
    + LINES
    + "body{columns:2;column-gap:22px}table{font-size:6.5pt}td,th{padding:1px 5px}",
    "sideways": BODY
    + LINES
    + ".turned{writing-mode:vertical-rl;text-orientation:sideways;height:250mm;margin:4mm}",
    "sideways grid": BODY
    + GRID
    + ".turned{writing-mode:vertical-rl;text-orientation:sideways;height:250mm;margin:4mm}",
}


def plain(seed: int, *, parts: int = 1) -> tuple[Table, str]:
    """Draw a table as word processors and browsers make it, all boxes drawn, and a page that holds it."""
    r = random.Random(seed)
    heads = ["Outcome", "Painful exercise (n = 34)", "Pain-free exercise (n = 33)"]
    if r.random() < 0.3:
        heads = [
            "Outcome",
            *(f"{time}: {arm}" for time in ("Baseline", "12 weeks") for arm in ("both", "one")),
        ]
    table = Table("Table 2", "Outcomes at 12 weeks", [list(map(Cell, heads))], [])
    for n, name in enumerate(r.sample(NAMES, r.randint(2, 6)) * parts):
        texts = [FORMS["mean (SD)"](r) for _ in heads[1:]]
        named = f"{name}, {n}" if parts > 1 else name
        table.body.append([Cell(named), *map(Cell, texts)])
        for column, text in enumerate(texts, start=2):
            table.truth[n + 2, column] = (text, (heads[column - 1],), (_plain(named),))
    font = f"{r.choice(['10pt', '11pt', '16px'])} {r.choice(['serif', 'sans-serif', 'DejaVu Sans'])}"
    styles = [f"body{{font:{font}}} td,th{{padding:{r.choice(['1px', '2px 6px', '4px 10px'])}}}"]
    styles += r.sample(
        [
            "table{border-collapse:collapse}",
            "table{width:100%}",
            "th{font-weight:normal}",
            "th{text-align:left}",
            "th{background:#ddd}",
            "tr:nth-child(even){background:#eee}",
            f"td,th{{border:{r.choice(['1px', '2px', '.5pt'])} solid #888}}",
        ],
        r.randint(0, 5),
    )
    words = f"{table.label}. {table.caption}"
    side = r.choice(["top", "bottom", ""])
    caption = f"<caption style='caption-side:{side}'>{words}</caption>" if side else ""
    rows = (
        rows_of(table, "html")
        if parts > 1 or seed % 2
        else re.sub("</?t(head|body)>", "", rows_of(table, "html"))
    )
    before = f"<p>{PROSE * r.randint(1, 9)}</p>" + ("" if side else f"<p>{words}</p>")
    body = f"{before}<table border=1>{caption}{rows}</table><p>{PROSE * 3}</p>"
    return table, html(body, style="".join(styles))


def page_of(setting: str, table: Table) -> str:
    """Return a page to print, in one of the settings."""
    held = shown(table)
    if setting.startswith("sideways"):
        held = f"<div class=turned>{held}</div>"
    return html(held, f"<p>{PROSE}</p>" * 3, style=SETTINGS[setting])
