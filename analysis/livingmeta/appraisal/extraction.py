"""Two people's extractions of the same results, where they differ, and what was agreed on."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from livingmeta.review.protocol import Review
from livingmeta.review.schema import STATISTICS, Outcome, Problem, SecondOutcome

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
