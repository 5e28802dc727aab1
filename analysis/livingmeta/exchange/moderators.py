"""Columns of a table that are no results: kept as moderators, or named where they can't be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from livingmeta.exchange.analyses import Record, read_number
from livingmeta.exchange.sheets import ExchangeError, Sheet
from livingmeta.review.files import MOST_ROWS
from livingmeta.review.rules import HOMES
from livingmeta.review.schema import ABSENT, LONGEST_CALLED, Moderator, read_row
from livingmeta.words import is_plain


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
        # programs keep a date as a time of that day
        cells = [" ".join(row[column].split()).removesuffix(" 00:00:00") for _, row in sheet.rows]
        texts = {cell: _plain(cell, decimal) for cell in cells if cell.lower() not in ABSENT}
        texts, merged = alike(texts)
        rows: dict[str, int] = {}
        for (row, _), cell in zip(sheet.rows, cells, strict=True):
            if cell in texts:
                rows.setdefault(texts[cell], row)
        if why := _unusable(column, rows):
            remarks.append(f"{sheet.file}: the column {column} is not kept: {why}.")
            continue
        remarks += [f"{sheet.file}, {column}: {merged}"] if merged else []
        worded = [text for text in texts.values() if not is_plain(text.removesuffix("%"))]
        if 0 < 2 * len(worded) < len(texts):
            remarks.append(
                f'{sheet.file}: the column {column} holds numbers, and "{worded[0]}", which is none: '
                "all count as words. Write numbers alone to regress on it as a number."
            )
        for record, cell in zip(records, cells, strict=True):
            if cell in texts:
                record.other[column] = texts[cell]
    return remarks


def _plain(cell: str, decimal: str) -> str:
    """Return a number, or a percentage, with a decimal point, and words as they are."""
    percent = "%" if cell.endswith("%") else ""
    with suppress(ExchangeError):  # it holds words
        return read_number(cell.removesuffix("%"), place="", decimal=decimal) + percent
    return cell


def alike(texts: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Spell values that differ only in case or spaces as the first of them; say which, "" for none.

    Examples
    --------
    >>> alike({"knee": "knee", "Knee": "Knee"})[1]
    '"knee" and "Knee" differ only in case or spaces, and are taken together as "knee".'
    """
    spelled: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts.values()):
        spelled.setdefault(" ".join(text.split()).casefold(), []).append(text)
    first = {text: spellings[0] for spellings in spelled.values() for text in spellings}
    said = [
        " and ".join(f'"{text}"' for text in spellings)
        + f' differ only in case or spaces, and are taken together as "{spellings[0]}".'
        for spellings in spelled.values()
        if len(spellings) > 1
    ]
    return {cell: first[text] for cell, text in texts.items()}, " ".join(said)


def _unusable(column: str, rows: Mapping[str, int]) -> str | None:
    """Say why a column can be no moderator; `rows` are those of its values."""
    if not rows:
        return "it is empty"
    longest = max(rows, key=len)
    if len(longest) > LONGEST_CALLED:
        return f"it holds texts ({longest[:40]}…), and a moderator has a number or a word or two"
    for value, row in rows.items():
        cells = {"trial": "x", "source": "x", "moderator": column, "value": value}
        if problems := read_row(Moderator, cells, file="", row=0)[1]:
            return f'row {row} = "{value}", {problems[0].reason}. {problems[0].remedy}'.rstrip(".")
    return None


def moderator_rows(
    records: Sequence[tuple[str, Record]], rows: Mapping[str, Sequence[Mapping[str, str]]], *, file: str
) -> tuple[list[Moderator], list[str]]:
    """Return the rows of moderators.csv, and which columns have no place there, as remarks.

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
    made: list[Moderator] = []
    remarks = []
    first: dict[str, str] = {}
    for column in dict.fromkeys(name for _, record in records for name in record.other):
        name = column.casefold()
        why = None
        if any(_said_already(name, rows)):
            why = f"{HOMES[name][0]}.csv has it. Rename it to keep it"
        elif first.setdefault(name, column) != column:
            why = "another column has this name. Rename it to keep it"
        of_column = list(_of_column(column, by_trial, file)) if why is None else []
        if len(made) + len(of_column) >= MOST_ROWS:
            why = f"moderators.csv would have more than {MOST_ROWS:,} rows"
        if why is None:
            made += of_column
        else:
            remarks.append(f"{file}: the column {column} is not kept: {why}.")
    return made, remarks


def _of_column(column: str, by_trial: Mapping[str, Sequence[Record]], file: str) -> Iterator[Moderator]:
    """Yield a row for each trial, or for each of its results where they differ; they were checked."""
    every = (record.other.get(column, "%") for listed in by_trial.values() for record in listed)
    percent = "%" if all(value.endswith("%") for value in every) else ""
    for trial, listed in by_trial.items():
        alike = len({record.other.get(column) for record in listed}) == 1
        for record in listed[:1] if alike else listed:
            if column in record.other:
                yield Moderator.model_construct(
                    file=file,
                    row=record.row,
                    trial=trial,
                    subgroup=None if alike else record.subgroup or None,
                    contrast=None if alike else record.contrast or None,
                    moderator=column,
                    value=record.other[column].removesuffix(percent),
                    unit=percent or None,
                    source="file",
                    locator=f"row {record.row}",
                )


def _said_already(name: str, rows: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
    """Yield the trials of which another file says what a column of this name does."""
    if name in {"outcome", "term"}:  # a table has one outcome, and no term
        return
    table, columns = HOMES.get(name, ("trials", ()))
    yield from (row["trial"] for row in rows[table] if any(row.get(column) for column in columns))
