"""Effect sizes of numbers, sequences and tables: the engine's functions, which read columns, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import pandas as pd

from livingmeta.calls.opening import MISSING, REMEDY, warned
from livingmeta.engine.measures import MEASURES, ratios
from livingmeta.exchange.columns import candidates
from livingmeta.words import RefusalError, pick, refuse, unknown

TABLES = """
    Of a table of pandas, `{name}(table)`, it takes the columns of these names, or of those that other
    programs give them, or the ones that are named, `{name}(table, {first}="My column")`.
    `labels` then names the column of the studies' names, and `missing` says what becomes of rows
    without a value: "refuse" (the default) names them, "drop" leaves them out with a warning, which
    what is pooled of it keeps as `remarks`. What comes back is a table: `study`, `yi`, `vi` and the
    columns that hold no numbers of the effect.
"""
KEPT = {"year", "subgroup"}  # columns by our names that are no numbers of an effect


def of_columns(measure: str) -> Callable[..., Any]:
    """Let the function of a measure take a table of pandas, too."""
    function = MEASURES[measure].function
    assert function is not None
    parameters = signature(function).parameters.values()
    needed = [each.name for each in parameters if each.default is Parameter.empty]

    @wraps(function)
    def computed(*given: Any, **named: Any) -> Any:
        table = given[0] if given else None
        if not isinstance(table, pd.DataFrame):
            return function(*given, **named)
        named |= dict(zip(needed, given[1:], strict=False))
        labels, missing = named.pop("labels", None), named.pop("missing", "refuse")
        pick(MISSING, missing, "missing")
        found = candidates(map(str, table.columns))
        for arm in ("1", "2"):  # people with and without the event, as metafor's bi and di have them
            parts = [found.get(f"{name}{arm}", []) for name in ("events", "without")]
            if f"n{arm}" in needed and f"n{arm}" not in found and all(len(part) == 1 for part in parts):
                (events,), (without,) = parts
                table = table.assign(**{f"n{arm}": table[events] + table[without]})
        columns = _columns(table, {name: named.pop(name, None) for name in needed}, found, function.__name__)
        study = _labels(table, labels, found)
        absent = {name: pd.isna(table[column]) for name, column in columns.items() if isinstance(column, str)}
        left: list[str] = []
        lost = pd.concat(absent, axis=1).any(axis=1).to_numpy()
        if missing == "refuse":
            refuse(
                f"{columns[name]} of {study[i]} is missing. {REMEDY}"
                for i in lost.nonzero()[0]
                for name, gone in absent.items()
                if gone.iloc[i]
            )
        elif lost.any():
            names = ", ".join(label for label, gone in zip(study, lost, strict=True) if gone)
            left = [f"{names}: a number is missing; left out."]
            warned(*left)
        table, study = table[~lost], [label for label, gone in zip(study, lost, strict=True) if not gone]
        values = {name: table[at].tolist() if isinstance(at, str) else at for name, at in columns.items()}
        try:
            yi, vi = function(**values, **named)
        except RefusalError as refusal:
            raise RefusalError(_placed(str(refusal), columns, study)) from None
        named_so = {labels} if isinstance(labels, str) else set()
        used = named_so | {column for name, listed in found.items() if name not in KEPT for column in listed}
        others = table.drop(columns=[c for c in table.columns if c in {*used, *columns.values(), "yi", "vi"}])
        made = pd.DataFrame({"study": study, "yi": yi, "vi": vi}, index=table.index).join(others)
        made.attrs |= {"measure": measure, "log": MEASURES[measure].label in ratios(), "remarks": left}
        return made

    told = TABLES.format(name=function.__name__, first=needed[0])
    head, _, rest = str(function.__doc__).partition("\n    Parameters\n")
    computed.__doc__ = f"{head}{told}\n    Parameters\n{rest}"
    return computed


def _columns(
    table: pd.DataFrame, named: dict[str, Any], found: dict[str, list[str]], call: str
) -> dict[str, Any]:
    """Return the column of each number that is needed, or the number that stands for all studies."""
    columns = {name: _only(found.get(name, [name]), name) if at is None else at for name, at in named.items()}
    there = ", ".join(map(str, table.columns))
    refuse(
        f"{name}: there is no column {at}. Name the right one, {call}(table, {name}=…), of {there}."
        for name, at in columns.items()
        if isinstance(at, str) and at not in table.columns
    )
    return columns


def _only(columns: list[str], name: str) -> str:
    if len(columns) > 1:
        raise RefusalError(
            f"{' and '.join(columns)} can both be {name}: name the one that is meant, {name}=…."
        )
    return columns[0]


def _labels(table: pd.DataFrame, labels: Any, found: dict[str, list[str]]) -> list[str]:
    if labels is None and "study" in found:
        labels = _only(found["study"], "labels")
    if isinstance(labels, str):
        if labels not in table.columns:
            raise RefusalError(unknown("labels", labels, map(str, table.columns)))
        return table[labels].astype(str).tolist()
    if labels is None:
        labels = table.index
    return [str(label) for label in labels]


def _placed(refusal: str, columns: dict[str, Any], study: list[str]) -> str:
    """Say what can't be used by column and study, where the engine counts positions."""
    return re.sub(
        r"\b(\w+)\[(\d+)\]",
        lambda place: f"{columns.get(place[1], place[1])} of {study[int(place[2]) - 1]}",
        refusal,
    )


# The functions of the engine by their own names, as `MEASURES` has them.
smd = of_columns("SMD")
mean_difference = of_columns("MD")
glass_delta = of_columns("GLASS")
ratio_of_means = of_columns("ROM")
prepost_smd = of_columns("SMD-PP")
odds_ratio = of_columns("OR")
risk_ratio = of_columns("RR")
risk_difference = of_columns("RD")
