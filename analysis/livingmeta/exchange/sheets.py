"""Tables that come from outside: CSV in any common shape, or an Excel sheet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from livingmeta.exchange.headings import LOOKED_AT, Knows, headings
from livingmeta.review.files import (
    LARGEST_FILE,
    LONGEST_NAME,
    FileError,
    bounded,
    guarded,
    lines_of,
    raw_of,
    text_of,
)
from livingmeta.words import RefusalError, inert

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_TAGS = 2_000_000  # and attributes of an XML; a tag of three bytes takes a hundred when it is read
WORKBOOKS = (".xlsx", ".xlsm")
MARKS = {",": "comma", ";": "semicolon", "\t": "tab"}  # between cells
BLANKS = 17  # blank cells of a row for each that a table can have: no spreadsheet has more
FRAME = "DataFrame"  # how a table of pandas is called where a file has its name


class ExchangeError(RefusalError):
    """A file that can't be read as data; the message lists all that is wrong."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table as text: a header and its rows, each with the row number a spreadsheet shows."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    separator: str = ","  # between the cells of a row; a workbook has none, and counts as this
    remarks: tuple[str, ...] = ()  # rows that are left out, or that nobody sees in the file


def as_csv(rows: Iterable[Iterable[object]], *, end: str = "\r\n") -> str:
    """Write rows as CSV, with the line ends that spreadsheets expect, and no cell a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(
        [inert(str(cell)) if cell != "" else "" for cell in row] for row in rows
    )
    return text.getvalue()


def frame_csv(frame: DataFrame) -> str:
    """Write a table of pandas as CSV, and no text in it a formula."""
    texts = frame.map(lambda cell: inert(cell) if isinstance(cell, str) else cell)
    return str(texts.to_csv(index=False, lineterminator="\n"))


def read_sheet(
    path: Path, *, sheet: str | None = None, header_row: int | None = None, knows: Knows | None = None
) -> Sheet:
    """Read a CSV (commas, semicolons or tabs; UTF-8 or UTF-16) or an Excel sheet.

    Blank rows and rows whose first cell begins with # are left out; `remarks` names those of them
    that hold more than a comment, and rows and columns that are hidden and read all the same.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Name of the Excel sheet; the first one that is not hidden by default.
    header_row : int, optional
        Row that names the columns, as a spreadsheet counts; the first filled one by default. What
        stands above it is not read.
    knows : callable, optional
        Says whether cells are names of columns. With it the row and the sheet that alone have such
        are found where the first one has none, and a CSV of Windows is read.

    Raises
    ------
    RefusalError
        For a file that is none of these, is damaged or too large, or whose header is not one.
    """
    if path.suffix.lower() == ".xls":
        raise ExchangeError(f"{path}: save the sheet as .xlsx or as CSV UTF-8.")
    raw = raw_of(path, str(path))
    if path.suffix.lower() in WORKBOOKS:
        return _excel(raw, str(path), sheet, header_row, knows)
    if sheet is not None:
        raise ExchangeError(f"{path}: it has no sheets, so there is no {sheet}. Leave --sheet out.")
    if knows is None:
        return sheet_of(text_of(raw, str(path), utf16=True), str(path), header_row=header_row)
    text, remarks = as_windows_writes(raw, str(path))
    return sheet_of(text, str(path), header_row=header_row, knows=knows, remarks=remarks)


def sheet_of(
    text: str,
    file: str,
    *,
    header_row: int | None = None,
    knows: Knows | None = None,
    remarks: Sequence[str] = (),
) -> Sheet:
    """Read a CSV whose header has the separator of its cells.

    Raises
    ------
    RefusalError
    """
    lines = islice(io.StringIO(text[:1_000_000], newline=None), (header_row or 1) - 1, None)
    filled = (line for line in lines if line.strip(" ,;\t\n"))
    heads = list(islice((line for line in filled if not line.lstrip('" ').startswith("#")), LOOKED_AT))
    head = heads[0] if heads else ""
    mark = max(",;\t", key=head.count)
    if knows is not None and header_row is None and head.count(mark) < 2:  # it may be a title
        marks = [sign for line in heads for sign in MARKS if knows(next(csv.reader([line], delimiter=sign)))]
        widest = max(heads, key=lambda line: max(map(line.count, ",;\t")), default="")
        mark = marks[0] if marks else max(",;\t", key=(head if head.count(mark) else widest).count)
    numbered = list(enumerate(lines_of(text, file, mark=mark), start=1))
    return _table(file, numbered, mark, remarks, header_row=header_row, knows=knows)


def sheet_from(frame: DataFrame, *, header_row: int | None = None) -> Sheet:
    """Read a table of pandas; a named index is a column.

    Its rows are called by an index of whole numbers, as pandas shows them, and else counted from 1.

    Raises
    ------
    RefusalError
    """
    file = FRAME
    if header_row is not None:
        raise ExchangeError(
            f"{file}: its columns have names, so there is no row of them. Leave header_row out."
        )
    if frame.columns.nlevels > 1:
        raise ExchangeError(
            f"{file}: its columns have names of {frame.columns.nlevels} levels. Give each one."
        )
    shown = frame.index.inferred_type == "integer" and frame.index.is_unique and frame.index.min() >= 0
    rows_by = map(int, frame.index) if shown else range(1, len(frame) + 1)
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    if named or (frame.index.inferred_type == "string" and "study" not in frame.columns):
        frame = frame.rename_axis(index=[str(name or "study") for name in frame.index.names]).reset_index()
    texts = frame.astype(object).where(frame.notna(), "")
    bounded(file, cells=texts.size, columns=len(texts.columns))
    rows = [[_plain(cell) for cell in row] for row in texts.itertuples(index=False, name=None)]
    return _table(file, [(-1, [str(name) for name in texts.columns]), *zip(rows_by, rows, strict=True)], ",")


def _excel(raw: bytes, file: str, name: str | None, header_row: int | None, knows: Knows | None) -> Sheet:
    from openpyxl import load_workbook

    remedy = "Save it again as .xlsx, or as CSV UTF-8."
    with guarded(file, "this is no Excel workbook that can be read", remedy):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(member.file_size for member in packed.infolist()) > LARGEST_FILE:
                raise ExchangeError(f"{file}: unpacked it is larger than {LARGEST_FILE / 1e6:g} MB. {remedy}")
            for member in packed.infolist():  # the values of sheets are counted as they are read
                if not member.filename.startswith(("xl/worksheets/", "xl/sharedStrings")):
                    few_tags(packed.read(member), f"{file}, {member.filename}", most=MOST_TAGS // 10)
            # read_only: blank cells, and ranges that are merged or linked, cost nothing
            book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
            pages = {page.title: page for page in book.worksheets}
            if not pages:
                raise ExchangeError(f"{file}: the workbook holds no sheet with cells.")
            if name is not None and name not in pages:
                raise ExchangeError(f"{file}: there is no sheet {name}; it has {', '.join(pages)}.")
            shown = [title for title, page in pages.items() if page.sheet_state == "visible"]
            chosen, remarks = (
                (name, []) if name else _chosen(file, {title: pages[title] for title in shown}, knows)
            )
            page = pages[chosen or (shown or list(pages))[0]]
            place = f"{file}, sheet {page.title}"
            with packed.open(page._worksheet_path) as source:
                last, merged, hidden = _surveyed(source, place)
            remarks += hidden
        page.reset_dimensions()  # what the file says of them may be wrong
        lines = []
        cells = 0
        for row in islice(page.iter_rows(values_only=True), last):
            cells += len(row)
            bounded(place, cells=cells)
            lines.append(["" if cell is None else _plain(cell) for cell in row])
    numbered = list(enumerate(lines, start=1))
    return _table(file, numbered, ",", remarks, header_row=header_row, knows=knows, merged=(place, merged))


def _chosen(file: str, pages: Mapping[str, Any], knows: Knows | None) -> tuple[str | None, list[str]]:
    """Choose the sheet that has names of columns, if the first one has none; say which are not read."""
    if knows is None or len(pages) < 2:
        return None, []
    tops: dict[str, list[list[str]]] = {}
    for title, page in pages.items():
        page.reset_dimensions()
        rows = page.iter_rows(max_row=LOOKED_AT, values_only=True)
        tops[title] = [["" if cell is None else _plain(cell) for cell in row] for row in rows]
    filled = [title for title, rows in tops.items() if any(any(row) for row in rows)]
    known = [title for title in filled if any(map(knows, tops[title]))]
    first = next(iter(pages))
    if first not in known and len(known) > 1:
        named = ", ".join(known)
        raise ExchangeError(f"{file}: the sheets {named} can each hold the data. Choose one with --sheet.")
    chosen = known[0] if known and first not in known else first
    others = [title for title in filled if title != chosen]
    if not others:
        return chosen, []
    left = f"{_named('sheet', others)}. Choose another with --sheet."
    return chosen, [f"{file}: the sheet {chosen} is read, and not the {left}"]


def _surveyed(source: IO[bytes], place: str) -> tuple[int, list[str], list[str]]:
    """Return the last filled row of a sheet, its merged cells, and remarks on what is hidden in it.

    Raises
    ------
    RefusalError
        For formulas without a value, and cells beyond what a table can have.
    """
    from defusedxml.ElementTree import iterparse
    from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, get_column_letter

    yes = {"1", "true"}
    hidden_rows: dict[int, None] = {}
    hidden_columns: list[range] = []
    filled: set[int] = set()  # columns
    merged: list[str] = []
    last = row = column = cells = in_row = 0
    row_hidden = False
    for event, element in iterparse(source, events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "row":
            before, row, column, in_row = row, int(element.get("r") or row + 1), 0, 0
            row_hidden = element.get("hidden") in yes
            if row <= before:
                raise ExchangeError(f"{place}: row {row} stands behind row {before}. Save the file again.")
        elif event == "start":
            continue
        elif tag == "c":
            cells += 1
            in_row += 1
            bounded(place, cells=cells)
            bounded(f"{place} row {row}", columns=in_row // BLANKS)
            name = element.get("r")
            column = column_index_from_string(coordinate_from_string(name)[0]) if name else column + 1
            cell = f"{place}, cell {get_column_letter(column)}{row}"
            parts = {part.tag.rpartition("}")[2]: part.text for part in element}
            # a program that does not calculate writes formulas without their values
            if "f" in parts and not parts.get("v") and element.get("t") != "str":
                raise ExchangeError(
                    f"{cell}: the formula ={parts['f'] or ''} has no value. Open the file in a spreadsheet "
                    "program and save it, or write the number."
                )
            if parts.get("v") or "is" in parts:
                bounded(cell, rows=row, columns=column)
                last = row
                filled.add(column)
                if row_hidden:
                    hidden_rows[row] = None
        elif tag == "row":
            element.clear()
        elif tag == "col" and element.get("hidden") in yes:
            hidden_columns.append(range(int(element.get("min")), int(element.get("max")) + 1))
        elif tag == "mergeCell":
            merged.append(str(element.get("ref")))
    letters = [
        get_column_letter(column)
        for column in sorted(filled)
        if any(column in span for span in hidden_columns)
    ]
    return (
        last,
        merged,
        [
            f"{place}, {_named(what, names)}: hidden in the file, and read like the others."
            for what, names in (("row", [*map(str, hidden_rows)]), ("column", letters))
            if names
        ],
    )


def some(names: Sequence[str]) -> str:
    """List names, the first ten of many."""
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def changed_cells(before: Sheet, after: Sheet) -> list[str]:
    """Say which cells, rows and columns of a table are others than in another state of it.

    A row in which one cell changed is the same row; where rows came or went, it is the one whose first
    cell is the same.

    Examples
    --------
    >>> old, new = (
    ...     Sheet(file=f"{name}.csv", header=("study", "mean"), rows=((2, {"study": "Ash", "mean": mean}),))
    ...     for name, mean in (("old", "50"), ("new", "55"))
    ... )
    >>> changed_cells(old, new)
    ['new.csv row 2 (Ash), mean: 50 → 55']
    """
    shared = [name for name in after.header if name in before.header]
    said = [f"{after.file}: the column {name} is new" for name in after.header if name not in before.header]
    said += [f"{before.file}: the column {name} is gone" for name in before.header if name not in shared]
    texts = [[tuple(cells[name] for name in shared) for _, cells in sheet.rows] for sheet in (before, after)]
    for tag, a, b, c, d in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        left = list(range(a, b))
        for new in range(c, d):
            same = (o for o in left if texts[0][o][:1] == texts[1][new][:1])
            old = left[0] if b - a == d - c else next(same, None)
            row = after.rows[new][0]
            if old is None:
                said.append(f"{after.file} row {row}: {', '.join(texts[1][new][:3])}, … is new")
                continue
            left.remove(old)
            said += [
                f"{after.file} row {row} ({texts[1][new][0]}), {name}: {was or 'empty'} → {now or 'empty'}"
                for name, was, now in zip(shared, texts[0][old], texts[1][new], strict=True)
                if was != now
            ]
        said += [
            f"{before.file} row {before.rows[o][0]}: {', '.join(texts[0][o][:3])}, … is gone" for o in left
        ]
    return said


def _named(what: str, names: Sequence[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {some(names)}"


def _plain(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def _table(
    file: str,
    lines: Sequence[tuple[int, list[str]]],
    mark: str,
    remarks: Sequence[str] = (),
    *,
    header_row: int | None = None,
    knows: Knows | None = None,
    merged: tuple[str, Sequence[str]] = ("", ()),
) -> Sheet:
    filled = [(number, line) for number, line in lines if any(cell.strip() for cell in line)]
    place, head, above = headings(file, filled, header_row=header_row, knows=knows)
    if not head or _comment(head):
        raise ExchangeError(f"{file}: the table is empty.")
    first = filled[place][0]
    remarks = (*remarks, *above)
    if unclear := [ref for ref in merged[1] if _parted(ref, header=first)]:
        raise ExchangeError(
            f"{merged[0]}: cells are merged ({some(unclear)}), so it is not clear what belongs to which "
            "row or column. Unmerge them and fill each."
        )
    header = _named_columns(
        file if first < 0 else f"{file} row {first}", head, [line for _, line in filled[place + 1 :]]
    )
    width = max(header, default=-1) + 1
    rows = []
    commented = []
    for number, line in filled[place + 1 :]:
        if _comment(line):
            commented += [str(number)] if any(cell.strip() for cell in line[1:]) else []
            continue
        if any(cell.strip() for cell in line[width:]):
            raise ExchangeError(
                f"{file} row {number}: it has more cells than the header has columns. A {MARKS[mark]} "
                "inside a cell needs quote marks around the cell."
            )
        cells = [*line, *[""] * width]
        rows.append((number, {name: cells[i].strip() for i, name in header.items()}))
    if commented:
        said = f"{file}, {_named('row', commented)}: left out, since the first cell begins with #."
        remarks = (*remarks, f"{said} Write the cell without it if the row is one of the table.")
    return Sheet(
        file=file, header=tuple(header.values()), rows=tuple(rows), separator=mark, remarks=tuple(remarks)
    )


def _parted(merged: str, *, header: int) -> bool:
    """Say whether merged cells reach below the names of the columns, or leave some of these without one."""
    columns, rows = re.findall(r"[A-Z]+", merged), [int(row) for row in re.findall(r"\d+", merged)]
    return rows[-1] > header or (rows[-1] == header and columns[0] != columns[-1])


def _named_columns(place: str, head: Sequence[str], below: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return the columns that have a name; one that is blank from top to bottom needs none."""
    header = {column: name.strip() for column, name in enumerate(head)}
    last = max((column for column, name in header.items() if name), default=-1)
    header = {
        column: name
        for column, name in header.items()
        if name or (column < last and any(line[column : column + 1] not in ([], [""]) for line in below))
    }
    names = list(header.values())
    if names[:1] == [""] and all(names[1:]):
        header[0] = "row names"  # as R writes them
    for name in header.values():
        if not name:
            raise ExchangeError(f"{place}: a column has no name. Name it, or delete it.")
        if len(name) > LONGEST_NAME:
            raise ExchangeError(f"{place}: the column {name[:40]}… has no name but a text. Shorten it.")
        if names.count(name) > 1:
            raise ExchangeError(f"{place}: {names.count(name)} columns are named {name}.")
    return header


def _comment(line: Sequence[str]) -> bool:
    return line[0].lstrip().startswith("#")


def as_windows_writes(raw: bytes, file: str) -> tuple[str, list[str]]:
    """Decode a file from another program: one that is not UTF-8 is read as Windows-1252, aloud.

    Returns
    -------
    tuple
        The text, and a remark that shows how a word was read, where it was read so.

    Raises
    ------
    FileError
        If it holds bytes that are no letters there either.
    """
    try:
        return text_of(raw, file, utf16=True), []
    except FileError:
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            text = ""
        # control characters are no text, and what no letter of it is would hide a damaged file
        if not text or re.search(r"[^\t\r\n -~\u00a0-\u00ff€‚„…‘’“”•–—˜™ŠšŽžŒœŸ]", text):
            raise
        odd = re.search(r"[^\s,;\"]*[^\x00-\x7f][^\s,;\"]*", text)
        assert odd is not None  # or it would be UTF-8
        row = text.count("\n", 0, odd.start()) + 1
        return text_of(text.encode(), file), [
            f"{file}: it is not UTF-8, and is read as Windows-1252, so that row {row} says {odd[0]}. If that "
            'is wrong, save it as UTF-8 ("CSV UTF-8" in a spreadsheet).'
        ]


def few_tags(raw: bytes, file: str, *, most: int = MOST_TAGS) -> None:
    """Refuse an XML with more tags and attributes than a review or a workbook has.

    Raises
    ------
    FileError
    """
    if raw.count(b"<") + raw.count(b"=") > most:
        raise FileError(file, f"the file has more than {most:,} tags and attributes", "Part it.")
