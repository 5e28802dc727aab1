"""What a user says of a file's columns, kept in a file of its own and read again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.sheets import ExchangeError
from livingmeta.review.files import LARGEST_TOML, guarded, raw_of, text_of
from livingmeta.words import unknown

REMEDY = "Compare with what a run with --mapping writes where there is no such file."


class _Mapping(BaseModel):
    """Keys of a mapping file; those of `columns` are checked against a table's own names."""

    model_config = ConfigDict(extra="forbid", strict=True)

    columns: dict[str, str] = {}
    sheet: str | None = None
    header_row: int | None = None
    measure: str | None = None
    log: bool = False
    favours: str | None = None


def hints_of(
    *,
    columns: Iterable[str] | Mapping[str, str] = (),
    sheet: str | None = None,
    header_row: int | None = None,
    measure: str | None = None,
    log: bool = False,
    favours: str | None = None,
    mapping: Path | None = None,
) -> Hints:
    """Return what is said of a file, by options and by a mapping file; an option goes before the file.

    Parameters
    ----------
    columns : iterable of str, or mapping
        "mean1=Treatment mean" as options have it, or our names to the file's columns.
    sheet, header_row, measure, log, favours
        As in `Hints`.
    mapping : Path, optional
        A TOML file that `as_toml` wrote, or a person; nothing is read where there is none.

    Raises
    ------
    ExchangeError
        For an option that names no column, and for all that is wrong in the file.

    Examples
    --------
    >>> hints_of(columns=["mean1=Treatment mean", "n1=N"]).columns
    {'mean1': 'Treatment mean', 'n1': 'N'}
    """
    if not isinstance(columns, Mapping):
        pairs = [(text, *map(str.strip, text.partition("="))) for text in columns]
        if wrong := [text for text, ours, _, theirs in pairs if not ours or not theirs]:
            raise ExchangeError(
                f'--column {", ".join(wrong)}: say OUR_NAME=COLUMN, as in --column "mean1=Treatment mean".'
            )
        columns = {ours: theirs for _, ours, _, theirs in pairs}
    columns = {str(ours): str(theirs) for ours, theirs in columns.items()}
    given = {
        "columns": dict(columns),
        "sheet": sheet,
        "header_row": header_row,
        "measure": measure,
        "log": log,
        "favours": favours,
    }
    held = _held(mapping) if mapping is not None and mapping.exists() else {}
    said = {**held, **{key: value for key, value in given.items() if value}}
    return Hints(**{**said, "columns": {**held.get("columns", {}), **columns}})


def _held(path: Path) -> dict[str, Any]:
    with guarded(str(path), "this is not valid TOML", REMEDY):
        declared = tomllib.loads(text_of(raw_of(path, str(path), most=LARGEST_TOML), str(path)))
    try:
        return _Mapping.model_validate(declared).model_dump(exclude_unset=True)
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            key = ".".join(map(str, fault["loc"]))
            wrong = f"{key} = {fault['input']!r}: {fault['msg']}. {REMEDY}"
            if fault["type"] == "extra_forbidden":
                wrong = unknown("key", key, _Mapping.model_fields)
            lines.append(f"{path}, {wrong}")
        raise ExchangeError("\n".join(lines)) from None


def as_toml(hints: Hints, *, file: str) -> str:
    """Write what is said of a file as a mapping file, which `hints_of` reads.

    Examples
    --------
    >>> print(as_toml(Hints(columns={"mean1": "Treatment mean"}, measure="MD"), file="x.csv"))
    # What stands where in x.csv, by the names of livingmeta.
    measure = "MD"
    <BLANKLINE>
    [columns]
    mean1 = "Treatment mean"
    <BLANKLINE>
    """
    import tomlkit

    kept = {name: getattr(hints, name) for name in _Mapping.model_fields if name != "columns"}
    declared: dict[str, Any] = {name: value for name, value in kept.items() if value}
    if hints.columns:
        declared["columns"] = dict(hints.columns)
    words = " ".join(file.split())
    return f"# What stands where in {words}, by the names of livingmeta.\n{tomlkit.dumps(declared)}"


def as_called(message: str) -> str:
    """Say in the words of a call what a message says in those of the command line.

    Examples
    --------
    >>> print(as_called('Say --column "mean1=Drug" --column "n1=N", or --measure HR --log.'))
    Say columns={"mean1": "Drug", "n1": "N"}, or measure="HR", log=True.
    """

    def columns(options: re.Match[str]) -> str:
        pairs = re.findall(r'--column "([^"=]+)=([^"]*)"', options[0])
        return "columns={" + ", ".join(f'"{ours}": "{theirs}"' for ours, theirs in pairs) + "}"

    text = re.sub(r'--column "[^"]*"(?: --column "[^"]*")*', columns, message)
    text = re.sub(r"--measure ([A-Z][A-Z-]*)\b", r'measure="\1"', text).replace('" --log', '", log=True')
    for option, name in (("log", "log=True"), ("header-row", "header_row"), ("column", "columns")):
        text = re.sub(rf"--{option}\b", name, text)
    return re.sub(r"--(sheet|measure|favours|mapping)\b", r"\1", text)
