"""The data dictionary, `data/README.md`, as it is written from the schema of a review's files."""

from __future__ import annotations

from typing import Any, get_args

from livingmeta.review.schema import OPTIONAL, QUOTE_LIMIT, TABLES, choices, columns

_PREFACE = f"""\
# Data dictionary

Generated from the schema by `livingmeta dictionary`; a test keeps it true.

A review is a folder of plain UTF-8 CSV files and a `review.toml` (groups, follow-up terms, methods, syntheses, tie rules).
`template/` is an empty one to copy.
`format` in it is that of all these files: 1, also where it is left out; a program that knows only older ones refuses to read them.
One fact stands in one cell, as it was printed; an empty cell means that it was not reported.
Lines that begin with # are skipped, and rows are counted as a spreadsheet counts them.

- Every number names its source, where it stands there, and the words that carry it: at most {QUOTE_LIMIT} characters, … for what is left out.
  Means, spreads, limits and P values must occur in the quote as digits, sign turned or not.
- What had to be assumed to use a row stands in `assumption`; `--no-assumptions` drops such rows.
- What was measured and is not here stands in `gaps.csv`.
- A row set is the rows that share trial, contrast, subgroup, outcome, instrument, time and statistic.
  Arms come in pairs and win over a difference; a difference supplies what the arms lack, and one that allows for clusters (`cluster_adjusted`) wins over arms that do not.
- A trial has one row set with use = yes per synthesis; a sensitivity set never replaces it.

`livingmeta check FOLDER` says what is wrong, and where.
`results.lock.json` is written by `livingmeta verify --update` and never by hand: it holds every number in full precision, the verdicts on what was printed, the data, methods, code and libraries they came from, and a seal by which `verify` sees whether it was edited since.
Our compilation is licensed CC BY 4.0; the facts are credited to their sources row by row, and `LICENSE` carries the notice of Pairwise70, from which the rows of `knee_oa/` come.

## Files
"""  # noqa: E501


def dictionary() -> str:
    """Write the data dictionary: each file of a review, each column, what it may hold."""
    parts = [_PREFACE]
    for table, model in {**TABLES, **OPTIONAL}.items():
        parts += [f"### {table}.csv", "", (model.__doc__ or "").strip(), ""]
        parts += ["| column | needed | may hold | meaning |", "|---|---|---|---|"]
        for name, field in columns(model).items():
            holds = ", ".join(f"`{one}`" for one in choices(field.annotation)) or _kind(field.annotation)
            needed = "yes" if field.is_required() else ""
            parts.append(f"| {name} | {needed} | {holds} | {field.description} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _kind(annotation: Any) -> str:
    kinds = {float: "number", int: "whole number"}
    inner = (kind for part in get_args(annotation) if (kind := _kind(part)) != "text")
    return kinds.get(annotation) or next(inner, "text")
