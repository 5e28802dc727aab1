"""Columns of a table that are no results: kept as moderators, or named where they can't be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from livingmeta.exchange.analyses import Record, read_number
from livingmeta.exchange.sheets import ExchangeError, Sheet
from livingmeta.review.rules import HOMES
from livingmeta.review.schema import ABSENT, LONGEST_CALLED, Moderator, read_row


def keep(sheet: Sheet, records: Sequence[Record], *, taken: Iterable[str], decimal: str) -> list[str]:
    """Keep the cells of columns that are no result with the records of their rows.

    Parameters
    ----------
    sheet : Sheet
    records : sequence of Record
        One for each of its rows; their `other` is filled.
    taken : iterable of str
        Columns that are read elsewhere.
    decimal : str
        The sign that parts decimals.

    Returns
    -------
    list of str
        Which columns are not kept, and why.
    """
    remarks = []
    for column in (name for name in sheet.header if name not in set(taken)):
        cells = [" ".join(row[column].split()) for _, row in sheet.rows]
        filled = [cell for cell in cells if cell.lower() not in ABSENT]
        texts = {cell: cell for cell in filled}
        with suppress(ExchangeError):  # it holds words
            texts = {cell: _plain(cell, decimal) for cell in filled}
        if why := _unusable(column, texts.values()):
            remarks.append(f"{sheet.file}: the column {column} is not kept: {why}.")
            continue
        for record, cell in zip(records, cells, strict=True):
            if cell in texts:
                record.other[column] = texts[cell]
    return remarks


def _plain(cell: str, decimal: str) -> str:
    """Return a number, or a percentage, with a decimal point."""
    percent = "%" if cell.endswith("%") else ""
    return read_number(cell.removesuffix("%"), place="", decimal=decimal) + percent


def _unusable(column: str, values: Iterable[str]) -> str | None:
    """Say why a column can be no moderator."""
    listed = dict.fromkeys(values)
    if not listed:
        return "it is empty"
    longest = max(listed, key=len)
    if len(longest) > LONGEST_CALLED:
        return f"it holds texts ({longest[:40]}…), and a moderator has a number or a word or two"
    for value in listed:
        cells = {"trial": "x", "source": "x", "moderator": column, "value": value}
        if problems := read_row(Moderator, cells, file="", row=0)[1]:
            return f'of "{value}", {problems[0].reason}. {problems[0].remedy}'.rstrip(".")
    return None


def moderator_rows(
    records: Sequence[tuple[str, Record]], rows: Mapping[str, Sequence[Mapping[str, str]]], *, file: str
) -> tuple[list[dict[str, str]], list[str]]:
    """Return the rows of moderators.csv, and which columns have another place, as remarks.

    Parameters
    ----------
    records : sequence of (str, Record)
        The key of its trial with each record that is used.
    rows : mapping
        The rows of the other files of the review.
    file : str
    """
    by_trial: dict[str, list[Record]] = {}
    for trial, record in records:
        by_trial.setdefault(trial, []).append(record)
    made: list[dict[str, str]] = []
    remarks = []
    first: dict[str, str] = {}
    for column in dict.fromkeys(name for _, record in records for name in record.other):
        said = set(_said_already(column.casefold(), rows))
        if said or first.setdefault(column.casefold(), column) != column:
            has = f"{HOMES[column.casefold()][0]}.csv has it" if said else "another column has this name"
            remarks.append(f"{file}: the column {column} is not kept: {has}. Rename it to keep it.")
            continue
        values = [record.other[column] for _, record in records if column in record.other]
        percent = all(value.endswith("%") for value in values)
        for trial, listed in by_trial.items():
            alike = len({record.other.get(column) for record in listed}) == 1
            for record in listed[:1] if alike else listed:
                if column not in record.other:
                    continue
                made.append(
                    {
                        "trial": trial,
                        "subgroup": "" if alike else record.subgroup,
                        "contrast": "" if alike else record.contrast,
                        "moderator": column,
                        "value": record.other[column].removesuffix("%" if percent else ""),
                        "unit": "%" if percent else "",
                        "source": "file",
                        "locator": f"row {record.row}",
                    }
                )
    return made, remarks


def _said_already(name: str, rows: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
    """Yield the trials of which another file says what a column of this name does."""
    if name in {"outcome", "term"}:  # a table has one outcome, and no term
        return
    table, columns = HOMES.get(name, ("trials", ()))
    yield from (row["trial"] for row in rows[table] if any(row.get(column) for column in columns))
