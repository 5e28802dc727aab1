"""Two people's extractions of the same results, where they differ, and what was agreed on."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from operator import attrgetter

from livingmeta.review.protocol import Review
from livingmeta.review.schema import STATISTICS, Outcome, Problem, SecondOutcome
from livingmeta.words import RefusalError, inert

COMPARED = (
    "n",
    "n1",
    "n2",
    *STATISTICS,
    "ci_level",
    "events",
    "person_time",
    "correlation",
    "p_value",
    "t_value",
    "adjusted",
    "measure",
)
# What names a result in agreements.csv, and what two rows must share to be the same result
NAMED = ("trial", "outcome", "instrument", "weeks", "group", "statistic")
_named, _result = attrgetter(*NAMED), attrgetter(*NAMED, "contrast", "subgroup", "time_label")
UNCOMPARED = {
    "weeks": "it is a part of what tells the two entries of one result from others",
    **dict.fromkeys(("cluster_size", "icc", "design_effect"), "declared of a trial, and no result of it"),
}


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One cell that two people read differently; `first` None where only the second has a row."""

    first: Outcome | None
    second: SecondOutcome
    column: str
    values: tuple[str | None, str | None]

    def problem(self, number: int) -> Problem:
        """Word it as something doubtful, with the number by which it is settled."""
        mine, theirs = (value or "nothing" for value in self.values)
        place = f"{self.first.place} has {mine}" if self.first else "outcomes.csv has no such row"
        return Problem(
            file=self.second.file,
            row=self.second.row,
            column=self.column,
            value=theirs,
            reason=f"disagreement {number}: {place}, {self.second.extractor} has {theirs}",
            remedy=f"Look again together, then settle it with --agree {number}.",
            severity="warning",
        )


def _text(row: Outcome | None, column: str) -> str | None:
    value = getattr(row, column) if row is not None else None
    return f"{value:.15g}" if isinstance(value, float) else None if value is None else str(value)


def disagreements(review: Review) -> list[Disagreement]:
    """List the cells in which a second extraction differs, without those that were settled."""
    own = {_result(row): row for row in review.outcomes}
    settled = {(*_named(row), row.column, row.second) for row in review.agreements}
    differing = []
    for second in review.second_extraction:
        first = own.get(_result(second))
        for column in COMPARED:
            pair = (_text(first, column), _text(second, column))
            if pair[0] != pair[1] and (*_named(second), column, pair[1]) not in settled:
                differing.append(Disagreement(first=first, second=second, column=column, values=pair))
    return differing


def agreement_row(disagreement: Disagreement, *, settled: str | None, who: str, why: str) -> dict[str, str]:
    """Return the cells of agreements.csv that record how a disagreement ended."""
    return {
        **{name: _text(disagreement.second, name) or "" for name in NAMED},
        "column": disagreement.column,
        "first": disagreement.values[0] or "",
        "second": disagreement.values[1] or "",
        "settled": settled or "",
        "who": who,
        "why": why,
    }


def corrected(text: str, *, row: int, column: str, value: str) -> str:
    r"""Change one cell of a CSV text and leave every other byte as it is.

    Rows are counted as a spreadsheet counts records, from 1.

    Examples
    --------
    >>> corrected('trial,n,note\r\na,30,"x, y"\r\n', row=2, column="n", value="31")
    'trial,n,note\r\na,31,"x, y"\r\n'
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).splitlines(keepends=True)
    reader = csv.reader(iter(lines))
    names: list[str] = []
    start = 0
    for number, cells in enumerate(reader, start=1):
        if not names and any(cells) and not cells[0].lstrip().startswith("#"):
            names = [name.strip() for name in cells]
        if number == row:
            ends = lines[reader.line_num - 1]
            end = ends[len(ends.rstrip("\r\n")) :]
            new = [*cells, *[""] * (len(names) - len(cells))]
            new[names.index(column)] = inert(value)
            held = io.StringIO()
            csv.writer(held, lineterminator=end).writerow(new)
            return mark + "".join([*lines[:start], held.getvalue(), *lines[reader.line_num :]])
        start = reader.line_num
    raise RefusalError(f"there is no row {row}.")
