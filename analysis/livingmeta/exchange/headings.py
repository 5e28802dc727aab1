"""Which row of a sheet names its columns, where titles stand above it or two rows name them together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from livingmeta.words import RefusalError

LOOKED_AT = 30  # filled rows from the top, among which the one that names the columns is looked for
Line = tuple[int, list[str]]  # number of a row and its cells
Knows = Callable[[Sequence[str]], bool]


def headings(
    file: str, filled: Sequence[Line], *, header_row: int | None, knows: Knows | None
) -> tuple[int, list[str], list[str]]:
    """Find the row that names the columns.

    Parameters
    ----------
    file : str
    filled : sequence of Line
        The rows that are not blank.
    header_row : int, optional
        Its number, where the user says it.
    knows : callable, optional
        Says whether cells are names of columns that a table of studies has. Without it the first row
        is taken.

    Returns
    -------
    place : int
        Of it in `filled`.
    names : list of str
    remarks : list of str
        What stands above it, and is not read.

    Raises
    ------
    RefusalError
        If the row that is told is blank, or several can be the one.
    """
    first = next((place for place, (_, cells) in enumerate(filled) if not _comment(cells)), 0)
    places = [*range(first, min(first + LOOKED_AT, len(filled)))]
    if header_row is not None:
        places = [place for place, (number, _) in enumerate(filled) if number == header_row]
        if not places:
            raise RefusalError(f"{file}: row {header_row} is blank, so it names no columns (--header-row).")
    place = places[0] if places else 0
    if header_row is None and knows is not None and places and not knows(filled[place][1]):
        place = _below(file, [(p, filled[p]) for p in places], knows, otherwise=place)
    names = filled[place][1] if filled else []
    together = _together(filled[place - 1][1], names) if place > first else None
    above = [str(number) for number, cells in filled[: place - bool(together)] if not _comment(cells)]
    remarks = []
    if together:
        number = filled[place - 1][0]
        shown = ", ".join(name for name in together if name)
        remarks.append(f"{file}: rows {number} and {filled[place][0]} name the columns together: {shown}.")
    if above:
        rows = f"row{'s' if len(above) > 1 else ''} {', '.join(above)}"
        remarks.append(
            f"{file}, {rows}: above the names of the columns in row {filled[place][0]}, and not read."
            + ("" if header_row else " If another row names them, say --header-row.")
        )
    return place, together or names, remarks


def _comment(cells: Sequence[str]) -> bool:
    return cells[0].lstrip().startswith("#")


def _below(file: str, rows: Sequence[tuple[int, Line]], knows: Knows, *, otherwise: int) -> int:
    """Return the place of the one row below the first whose cells are known, or that follows titles."""
    known = [place for place, (_, cells) in rows[1:] if knows(cells)]
    pairs = [
        below
        for (_, (_, upper)), (below, (_, lower)) in pairwise(rows)
        if (both := _together(upper, lower)) and knows(both)
    ]
    found = list(dict.fromkeys([*known, *pairs]))
    cells_of = {place: cells for place, (_, cells) in rows}
    found = [place for place in found if place - 1 not in found or not _units(cells_of[place])]
    if len({tuple(cells_of[place]) for place in found}) > 1:
        numbers = ", ".join(str(number) for place, (number, _) in rows if place in found)
        raise RefusalError(
            f"{file} rows {numbers}: each can name the columns. Say which with --header-row; if a row below "
            "it holds units, delete that."
        )
    if found:
        return found[0]
    for place, (_, cells) in rows:  # one filled cell in a table of several columns is a title
        words = [cell for cell in cells if cell.strip()]
        if len(words) > 1:
            pair = _together(cells, cells_of.get(place + 1, []))
            return place + 1 if pair and not any(map(_number, words)) else place
    return otherwise


def _units(cells: Sequence[str]) -> bool:
    """Say whether all that is filled stands in brackets, as units below the names of columns do."""
    return all(re.fullmatch(r"[(\[].*[)\]]", cell.strip()) for cell in cells if cell.strip())


def _together(upper: Sequence[str], lower: Sequence[str]) -> list[str] | None:
    """Put a row of groups and a row of what stands under each into one, where names repeat under groups."""
    below = [cell.strip() for cell in lower]
    named = [cell for cell in below if cell]
    if len(set(named)) == len(named) or any(map(_number, named)) or any(map(_number, upper)):
        return None
    names, group = [], ""
    for column in range(max(len(upper), len(below))):
        over = upper[column].strip() if column < len(upper) else ""
        under = below[column] if column < len(below) else ""
        group = over or (group if under else "")
        of_group = over or below.count(under) > 1  # a name that stands there once needs no group
        names.append(f"{group} {under}".strip() if under and of_group else under or over)
    filled = [name for name in names if name]
    return names if len(set(filled)) == len(filled) else None


def _number(cell: str) -> bool:
    return re.fullmatch(r"[-−+]?[\d.,\s]+%?", cell.strip()) is not None and bool(cell.strip())
