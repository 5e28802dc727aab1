"""A panel's worksheet: what is suggested of certainty, row by row, for people to decide.

It stands in this room, not in appraisal, because it is a file that people fill in and that only
grows, as the forms are.
"""

from __future__ import annotations

from collections.abc import Sequence

from livingmeta.appraisal.certainty import SummaryOfFindings, level_words
from livingmeta.exchange.sheets import as_csv
from livingmeta.living.drafts import appended
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Decision, columns

PREFACE = (
    "What the program suggests of the certainty of {id}, and what a panel decides of it.",
    "decision: accept (with by: who accepts), change (with levels 0, -1 or -2, reason and by), or "
    "open. date like 2026-11-27.",
    "Leave the columns before decision as they are: they say what was judged. Rows that begin with "
    "# are skipped.",
    "Saved as certainty.csv in the folder of the review, it is shown on every page about it.",
)


def worksheet(
    review: Review,
    summaries: Sequence[SummaryOfFindings],
    *,
    text: str = "",
    rows: Sequence[Decision] = (),
    file: str = "certainty.csv",
    important: str | None = None,
) -> str:
    """Write a worksheet, a row per synthesis and domain, or add what is missing to one.

    Parameters
    ----------
    review : Review
    summaries : sequence of SummaryOfFindings
    text, rows : str, sequence of Decision
        A worksheet that there is already and its rows: it stays as it is, to the last byte.
    file : str
        Its name, for messages.
    important : str, optional
        Smallest important difference by which `summaries` are, as it was given; the head of a new
        worksheet names it.

    Returns
    -------
    str
        Its text, new rows last; their decision is open.

    Raises
    ------
    ValueError
        If the worksheet lacks a column.
    """
    held = {(row.synthesis, row.subgroup, row.domain) for row in rows}
    new = [
        {
            "synthesis": summary.pool.synthesis,
            "subgroup": summary.pool.subgroup or "",
            "domain": s.about,
            "suggested": "" if s.levels is None else str(s.levels),
            "why": s.why,
            "decision": "open",
        }
        for summary in summaries
        for s in summary.suggestions
        if (*summary.pool.key, s.about) not in held
    ]
    if not text:
        lines = [line.format(id=review.protocol.id) for line in PREFACE]
        if important is not None:
            lines.append(f"Suggested with {important} as the smallest important difference.")
        text = as_csv([*([f"# {line}"] for line in lines), columns(Decision)])
    return appended(text, new, file=file)


def unplaced(rows: Sequence[Decision], summaries: Sequence[SummaryOfFindings]) -> list[str]:
    """Name the rows of a worksheet that are shown nowhere."""
    shown = {summary.pool.key for summary in summaries}
    return [
        f"{_name(row)} is shown nowhere: nothing is pooled under this subgroup."
        for row in rows
        if (row.synthesis, row.subgroup) not in shown
    ]


def stale(rows: Sequence[Decision], summaries: Sequence[SummaryOfFindings]) -> list[str]:
    """Name the rows of a worksheet whose suggestion is another by now."""
    now = {(*summary.pool.key, s.about): s.levels for summary in summaries for s in summary.suggestions}
    lines = []
    for row in rows:
        levels = now.get((row.synthesis, row.subgroup, row.domain), row.suggested)
        if row.suggested != levels:
            remedy = (
                "Look at it again."
                if row.decided is not None
                else "Delete the row and run --worksheet again to have it anew."
            )
            was, is_now = level_words(row.suggested), level_words(levels)
            lines.append(f"{_name(row)}: the suggestion was {was}, and is {is_now} now. {remedy}")
    return lines


def _name(row: Decision) -> str:
    about = ", ".join(filter(None, (row.synthesis, row.subgroup, row.domain)))
    return f"{row.place} ({about})"
