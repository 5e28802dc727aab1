"""Tables that come from outside: CSV in any common shape, or an Excel sheet."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from livingmeta.words import RefusalError

LARGEST_FILE = 50_000_000  # bytes; a table of trials is a thousandth of it


class SheetError(RefusalError):
    """A file that can't be read as a table; the message says where, why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table as text: a header and its rows, each with the row number a spreadsheet shows."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    separator: str = ","  # between the cells of a row; a workbook has none, and counts as this


def as_csv(rows: Iterable[Iterable[object]], *, end: str = "\r\n") -> str:
    """Write rows as CSV, with the line ends that spreadsheets expect."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue()


def read_sheet(path: Path, *, sheet: str | None = None) -> Sheet:
    """Read a CSV (commas, semicolons or tabs; UTF-8 or UTF-16) or an Excel sheet.

    Blank rows and rows whose first cell begins with # are left out.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Name of the Excel sheet; the first by default.

    Raises
    ------
    SheetError
        For a file that is none of these, or whose header is not one.
    """
    if not path.is_file():
        raise SheetError(f"{path}: there is no such file.")
    if path.stat().st_size > LARGEST_FILE:
        raise SheetError(f"{path}: {path.stat().st_size / 1e6:.0f} MB are too large for a table.")
    mark = ","
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        lines = _excel(path, sheet)
    elif path.suffix.lower() == ".xls":
        raise SheetError(f"{path}: save the sheet as .xlsx or as CSV UTF-8.")
    else:
        mark, lines = _separated(path)
    return _table(str(path), lines, mark)


def _separated(path: Path) -> tuple[str, list[tuple[int, list[str]]]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise SheetError(f"{path} row {row}: the file is not UTF-8. Save it as “CSV UTF-8”.") from None
    if "\0" in text:
        raise SheetError(f"{path}: the file holds zero bytes, so it is no text. Save it as CSV.")
    shown = [line for line in text.splitlines() if line.strip(" ,;\t")]
    head = next((line for line in shown if not line.lstrip('" ').startswith("#")), "")
    mark = max(",;\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        return mark, list(enumerate(reader, start=1))
    except csv.Error as error:
        raise SheetError(f"{path}: {error}. Look for a quote mark that is never closed.") from None


def _excel(path: Path, sheet: str | None) -> list[tuple[int, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(member.file_size for member in packed.infolist()) > LARGEST_FILE:
                raise SheetError(f"{path}: unpacked it is too large for a table.")
        book = load_workbook(path, read_only=False, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError):
        raise SheetError(f"{path}: this is no Excel workbook.") from None
    if sheet is not None and sheet not in book.sheetnames:
        raise SheetError(f"{path}: there is no sheet {sheet}; it has {', '.join(book.sheetnames)}.")
    page = book[sheet] if sheet is not None else book[book.sheetnames[0]]
    if page.merged_cells.ranges:
        where = ", ".join(str(span) for span in page.merged_cells.ranges)
        raise SheetError(
            f"{path}, sheet {page.title}: cells are merged ({where}), so it is not clear what "
            "belongs to which column. Unmerge them and name each column."
        )
    if any(cell is None for row in page.iter_rows(values_only=True) for cell in row):
        # a program that does not calculate writes formulas without their values
        for row in load_workbook(path)[page.title].iter_rows():
            for cell in row:
                if cell.data_type == "f" and page[cell.coordinate].value is None:
                    raise SheetError(
                        f"{path}, sheet {page.title}, cell {cell.coordinate}: the formula "
                        f"{cell.value} has no value. Open the file in a spreadsheet program and "
                        "save it, or write the number."
                    )
    return [
        (number, ["" if cell is None else _plain(cell) for cell in row])
        for number, row in enumerate(page.iter_rows(values_only=True), start=1)
    ]


def _plain(cell: object) -> str:
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def _table(file: str, lines: Sequence[tuple[int, list[str]]], mark: str) -> Sheet:
    filled = [
        (number, line)
        for number, line in lines
        if any(cell.strip() for cell in line) and not line[0].lstrip().startswith("#")
    ]
    if not filled:
        raise SheetError(f"{file}: the table is empty.")
    first, head = filled[0]
    header = [name.strip() for name in head]
    while header and not header[-1]:
        header.pop()
    for name in header:
        if not name:
            raise SheetError(f"{file} row {first}: a column has no name. Name it, or delete it.")
        if header.count(name) > 1:
            raise SheetError(f"{file} row {first}: {header.count(name)} columns are named {name}.")
    rows = []
    for number, line in filled[1:]:
        if any(cell.strip() for cell in line[len(header) :]):
            raise SheetError(
                f"{file} row {number}: it has more cells than the header has columns. A comma "
                "inside a cell needs quote marks around the cell."
            )
        cells = [*line, *[""] * len(header)]
        rows.append((number, {name: cells[i].strip() for i, name in enumerate(header)}))
    return Sheet(file=file, header=tuple(header), rows=tuple(rows), separator=mark)
