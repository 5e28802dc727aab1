"""Tables that come from outside: CSV in any common shape, or an Excel sheet."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from livingmeta.review.files import (
    LARGEST_FILE,
    LONGEST_NAME,
    MOST_TAGS,
    bounded,
    few_tags,
    guarded,
    lines_of,
    raw_of,
    text_of,
)
from livingmeta.words import RefusalError, inert

if TYPE_CHECKING:
    from pandas import DataFrame

MARKS = {",": "comma", ";": "semicolon", "\t": "tab"}  # between cells
BLANKS = 17  # blank cells of a row for each that a table can have: no spreadsheet has more


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
    csv.writer(text, lineterminator=end).writerows([inert(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def frame_csv(frame: DataFrame) -> str:
    """Write a table of pandas as CSV, and no text in it a formula."""
    texts = frame.map(lambda cell: inert(cell) if isinstance(cell, str) else cell)
    return str(texts.to_csv(index=False, lineterminator="\n"))


def read_sheet(path: Path, *, sheet: str | None = None, header_row: int | None = None) -> Sheet:
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

    Raises
    ------
    RefusalError
        For a file that is none of these, is damaged or too large, or whose header is not one.
    """
    if path.suffix.lower() == ".xls":
        raise ExchangeError(f"{path}: save the sheet as .xlsx or as CSV UTF-8.")
    raw = raw_of(path, str(path))
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _excel(raw, str(path), sheet, header_row)
    if sheet is not None:
        raise ExchangeError(f"{path}: it has no sheets, so there is no {sheet}. Leave --sheet out.")
    return sheet_of(text_of(raw, str(path), utf16=True), str(path), header_row=header_row)


def sheet_of(text: str, file: str, *, header_row: int | None = None) -> Sheet:
    """Read a CSV whose header has the separator of its cells.

    Raises
    ------
    RefusalError
    """
    lines = islice(io.StringIO(text[:1_000_000], newline=None), (header_row or 1) - 1, None)
    filled = (line for line in lines if line.strip(" ,;\t\n"))
    head = next((line for line in filled if not line.lstrip('" ').startswith("#")), "")
    mark = max(",;\t", key=head.count)
    numbered = list(enumerate(lines_of(text, file, mark=mark), start=1))
    return _table(file, numbered, mark, header_row=header_row)


def sheet_from(frame: DataFrame, *, header_row: int | None = None) -> Sheet:
    """Read a table of pandas; its rows count from 0, as it shows them, and a named index is a column.

    Raises
    ------
    RefusalError
    """
    file = "DataFrame"
    if header_row is not None:
        raise ExchangeError(
            f"{file}: its columns have names, so there is no row of them. Leave header_row out."
        )
    if frame.columns.nlevels > 1:
        raise ExchangeError(
            f"{file}: its columns have names of {frame.columns.nlevels} levels. Give each one."
        )
    if frame.index.dtype == object or any(name is not None for name in frame.index.names):
        frame = frame.rename_axis(index=[name or "study" for name in frame.index.names]).reset_index()
    texts = frame.astype(object).where(frame.notna(), "")
    bounded(file, cells=texts.size, columns=len(texts.columns))
    rows = [[_plain(cell) for cell in row] for row in texts.itertuples(index=False, name=None)]
    return _table(file, [(-1, [str(name) for name in texts.columns]), *enumerate(rows)], ",")


def _excel(raw: bytes, file: str, name: str | None, header_row: int | None) -> Sheet:
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
            page = pages[name or (shown or list(pages))[0]]
            place = f"{file}, sheet {page.title}"
            with packed.open(page._worksheet_path) as source:
                last, remarks = _surveyed(source, place)
        page.reset_dimensions()  # what the file says of them may be wrong
        lines = []
        cells = 0
        for row in islice(page.iter_rows(values_only=True), last):
            cells += len(row)
            bounded(place, cells=cells)
            lines.append(["" if cell is None else _plain(cell) for cell in row])
    return _table(file, list(enumerate(lines, start=1)), ",", remarks, header_row=header_row)


def _surveyed(source: IO[bytes], place: str) -> tuple[int, list[str]]:
    """Return the last filled row of a sheet, and remarks on what is hidden in it.

    Raises
    ------
    RefusalError
        For merged cells, formulas without a value, and cells beyond what a table can have.
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
    if merged:
        raise ExchangeError(
            f"{place}: cells are merged ({_some(merged)}), so it is not clear what belongs to which "
            "column. Unmerge them and name each column."
        )
    letters = [
        get_column_letter(column)
        for column in sorted(filled)
        if any(column in span for span in hidden_columns)
    ]
    return last, [
        f"{place}, {_named(what, names)}: hidden in the file, and read like the others."
        for what, names in (("row", [*map(str, hidden_rows)]), ("column", letters))
        if names
    ]


def _some(names: Sequence[str]) -> str:
    """List names, the first ten of many."""
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _named(what: str, names: Sequence[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {_some(names)}"


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
) -> Sheet:
    filled, above = _from_header(file, lines, header_row)
    remarks = (*above, *remarks)
    place, (first, head) = next(
        ((place, row) for place, row in enumerate(filled) if not _comment(row[1])), (0, (0, []))
    )
    if not head:
        raise ExchangeError(f"{file}: the table is empty.")
    header = _named_columns(f"{file} row {first}", head, [line for _, line in filled[place + 1 :]])
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


def _from_header(
    file: str, lines: Sequence[tuple[int, list[str]]], header_row: int | None
) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return the filled rows from the header on, and a remark on those that stand above it."""
    filled = [(number, line) for number, line in lines if any(cell.strip() for cell in line)]
    if header_row is None:
        return filled, []
    above = [str(number) for number, _ in filled if number < header_row]
    filled = filled[len(above) :]
    if not filled or filled[0][0] != header_row:
        raise ExchangeError(f"{file}: row {header_row} is blank, so it names no columns (--header-row).")
    return filled, [f"{file}, {_named('row', above)}: above the header, and not read."] if above else []
