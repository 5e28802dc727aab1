"""How results show themselves: in a line, as a table of a notebook, as a frame, as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from html import escape
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar, overload

from livingmeta.language import FLAG_WORDS
from livingmeta.words import RefusalError, decimal, decimals, p_words, visible

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 60  # of a table in a notebook; `to_frame` has all
MOST_FLAGS = 3  # named in a line; a notebook's table and `flags` have all, with their words
MOST_SHOWN = 12  # of several results in a line each
MOST_REMARKS = 2  # told in a line; a notebook's table and `remarks` have all
# What the numbers of a line are called there; of others the field's name stands.
CALLED = {"tau2": "τ²", "i2": "I²", "q": "Q", "r2": "R²", "p_value": "P"}
_ENDS = {"ci_low", "ci_high", "se", "level", "flags"}


class Shown:
    """What every public result does: it prints itself, and becomes a table or plain values.

    A class says more than its fields do by `__str__` (its line) and `_listed` (the rows of its table).
    """

    def __str__(self) -> str:
        return _line(self)

    def __repr__(self) -> str:
        names = [flag.replace("_", " ") for flag in self._flagged()]
        more = f" and {len(names) - MOST_FLAGS} more" if len(names) > MOST_FLAGS else ""
        flags = f"; flags: {', '.join(names[:MOST_FLAGS])}{more}" if names else ""
        return f"<{type(self).__name__} {visible(self._line())}{_remarked(self.remarks)}{flags}>"

    def _repr_html_(self) -> str:
        return self._html(self.remarks)

    def _html(self, remarks: Iterable[str]) -> str:
        frame = self.to_frame()
        whole = {name: _whole for name in frame if frame[name].dtype.kind == "f" and _are_whole(frame[name])}
        style: dict[str, Any] = {"border": 0, "na_rep": "–", "max_rows": MOST_ROWS, "formatters": whole}
        table = frame.to_html(index=False, float_format=_digits, **style)
        said = [
            self._line(),
            *remarks,
            *self._beside(),
            *([f"estimates and limits in the table: {unit}"] if (unit := self._logs()) else []),
            *(f"{flag}: {words}" for flag, words in self._flagged().items()),
        ]
        first, *others = (escape(visible(line)) for line in said)
        return "".join((f"<p><b>{first}</b></p>", table, *(f"<p>{line}</p>" for line in others)))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out of the data or taken for granted when they were read, and why.

        It is no field: equality and JSON are of the numbers.
        """
        held: tuple[str, ...] = self.__dict__.get("_remarks", ())
        return held

    def _line(self) -> str:
        """Return what `repr` says, but for the flags."""
        return str(self)

    def _beside(self) -> Iterable[str]:
        """Return what else stands beside the table of a notebook."""
        return ()

    def _logs(self) -> str:
        """Return what the numbers of the table are where they are logs: "log RR"; else nothing."""
        measure = str(getattr(self, "measure", None) or "")
        return measure if measure.startswith("log ") else ""

    def _flagged(self) -> Mapping[str, str]:
        """Return the flags that hold, with their words."""
        return {flag: str(FLAG_WORDS.get(flag, "")) for flag in getattr(self, "flags", ())}

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return what stands in the rows of `to_frame`: by default the result itself, in one."""
        return [cells(self)]

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a table of pandas; what is not known is missing there.

        Examples
        --------
        >>> from livingmeta import pool
        >>> pool([0.1, 0.3], [0.04, 0.05], labels=["Ash", "Birch"]).to_frame()[["label", "yi"]]
           label   yi
        0    Ash  0.1
        1  Birch  0.3
        """
        import pandas as pd

        return pd.DataFrame([{name: _cell(value) for name, value in row.items()} for row in self._listed()])

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as values that JSON has; infinite and undefined numbers are None.

        Examples
        --------
        >>> from livingmeta import pool
        >>> pool([0.1], [0.04]).to_dict()["q"] is None
        True
        """
        return {name: _plain(value) for name, value in _fields(self)}


T = TypeVar("T")


class Several(tuple[T, ...]):
    """Results of the syntheses of a review, in its order: a tuple that shows itself.

    One of them is found by its id, `results["pain-short"]`; what is asked of the whole is asked of
    the one result where there is only one.

    Examples
    --------
    >>> from livingmeta import synthesise
    >>> synthesise("smith2017")["pain-short"].k
    3
    """

    remarks: tuple[str, ...] = ()

    @overload
    def __getitem__(self, key: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[T, ...]: ...
    @overload
    def __getitem__(self, key: str) -> T: ...
    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        named = [one for one in self if key in _names(one)]
        if not named:
            raise RefusalError(f"{key!r} is none of these: {', '.join(_names(one)[0] for one in self)}.")
        return named[-1]  # the whole stands behind its subgroups

    def __getattr__(self, name: str) -> Any:
        if len(self) == 1 and not name.startswith("_"):
            return getattr(self[0], name)
        names = ", ".join(dict.fromkeys(_names(one)[0] for one in self))
        raise AttributeError(f"{name} is asked of one result, and here are {len(self)}: {names or 'none'}")

    def __repr__(self) -> str:
        if len(self) == 1:
            return repr(self[0])
        lines = [f"  {visible(str(one))}" for one in self[:MOST_SHOWN]]
        more = [f"  and {len(self) - MOST_SHOWN} more"] if len(self) > MOST_SHOWN else []
        return "\n".join((f"<{len(self)} results{_remarked(self.remarks)}", *lines, *more)) + ">"

    def _repr_html_(self) -> str:
        shown = [one for one in self if isinstance(one, Shown)]
        tables = [one._html(() if place else one.remarks) for place, one in enumerate(shown)]
        return "".join(tables) or escape(repr(self))

    def to_frame(self) -> pd.DataFrame:
        """Return their tables in one, the first column naming the result where there are several."""
        import pandas as pd

        tables = [(_names(one)[0], one.to_frame()) for one in self if isinstance(one, Shown)]
        if len(tables) > 1:
            for name, table in tables:
                table.insert(0, "of", name)
        filled = [table for _, table in tables if len(table)]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()

    def to_dict(self) -> list[Any]:
        """Return the fields of each as values that JSON has."""
        return [_plain(one) for one in self]


def remarking(result: T, remarks: Sequence[str]) -> T:
    """Let a result, and each of several, keep what is to be said of its data."""
    if remarks and isinstance(result, Shown | Several):
        object.__setattr__(result, "remarks" if isinstance(result, Several) else "_remarks", tuple(remarks))
        for one in result if isinstance(result, Several) else ():
            remarking(one, remarks)
    return result


def _remarked(remarks: Sequence[str]) -> str:
    more = f" and {len(remarks) - MOST_REMARKS} more" if len(remarks) > MOST_REMARKS else ""
    told = " ".join(remarks[:MOST_REMARKS]).removesuffix(".")
    return f"; remarks: {visible(told)}{more}" if remarks else ""


def _are_whole(column: Any) -> bool:
    """Say whether all numbers of a column are whole, as people and years are."""
    held = column.dropna()
    return bool(len(held) and (held % 1 == 0).all())


def _whole(number: float) -> str:
    return _digits(number).partition(".")[0] if math.isfinite(number) else "–"


def _names(result: Any) -> list[str]:
    """Return what a result is called: its synthesis, with the subgroup, and its printed name."""
    parts = (getattr(result, part, None) for part in ("pool", "main", "own"))
    about = next((part for part in parts if part is not None), result)
    names = [getattr(about, name, None) for name in ("synthesis", "name", "title", "label")]
    return [str(name) for name in names if name] or [type(result).__name__]


def _fields(result: Any) -> list[tuple[str, Any]]:
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return list(zip(result._fields, result, strict=True))
    if hasattr(result, "model_dump"):  # a row of a file
        return list(result.model_dump().items())
    return [(field.name, getattr(result, field.name)) for field in fields(result) if field.compare]


def cells(result: Any) -> dict[str, Any]:
    """Return the fields of a result that fit into cells: numbers and texts."""
    return {name: value for name, value in _fields(result) if _is_cell(value)}


def _is_cell(value: Any) -> bool:
    """Say whether a value fits into a cell: a number, a text, or texts."""
    if isinstance(value, tuple):
        return all(isinstance(part, str) for part in value)
    return value is None or isinstance(value, str | int | float)


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(value) if isinstance(value, str) else value  # a `Said` is a str of its own kind


def _digits(number: float) -> str:
    return str(decimals(number)[0])


def _line(result: Any) -> str:
    """Put the numbers of a result into a line: what it is called, estimate and interval, the rest."""
    held = {name: value for name, value in cells(result).items() if value is not None}
    parts = [str(held.pop(name)) for name in ("name", "label", "title") if name in held][:1]
    if "estimate" in held:
        low, high = held.get("ci_low"), held.get("ci_high")
        shown = "{} ({} to {})".format(*decimals(held.pop("estimate"), low, high))
        parts.append(f"{shown}, {100 * held['level']:g}% interval" if "level" in held else shown)
    for name, value in held.items():
        if name in _ENDS or isinstance(value, tuple):
            continue
        called = CALLED.get(name, name.replace("_", " "))
        if name == "p_value":
            parts.append(p_words(value))
        elif name in {"i2", "r2"}:
            parts.append(f"{called} = {decimal(value, 0)}%")
        elif isinstance(value, bool | int | str):
            parts.append(f"{called} = {value}")
        else:
            parts.append(f"{called} = {_digits(value)}")
    return "; ".join(parts)


def _plain(value: Any) -> Any:
    """Turn what a result holds into what JSON has."""
    if hasattr(value, "columns"):  # a table
        value = value.to_dict("records")
    elif hasattr(value, "tolist"):  # an array, a column, or a number of numpy
        value = value.tolist()
    elif is_dataclass(value) or hasattr(value, "_fields") or hasattr(value, "model_dump"):
        value = dict(_fields(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else str(value)
