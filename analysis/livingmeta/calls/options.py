"""The options of calls, in the words of the commands, and how a call takes them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, wraps
from inspect import Parameter, signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, ParamSpec, TypedDict, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from livingmeta.calls.opening import Reading, noting
from livingmeta.printer import remarking
from livingmeta.review.protocol import Review
from livingmeta.synthesis.settings import Selection, Settings, headline_settings
from livingmeta.words import refuse, unknown


class Fitting(TypedDict, total=False):
    """How effects are pooled, as `engine.pooling.pool` takes it; a level of 95 is 0.95."""

    method: str | None
    model: str | None
    tau2: str | float | None
    ci: str | None
    tau2_ci: str | None
    prediction: str | None
    level: float | None


class Rows(TypedDict, total=False):
    """Which rows of a review are pooled, as `livingmeta pool` takes it."""

    synthesis: str | None
    several_arms: str | None
    subgroup: str | None
    without: str | Sequence[str]
    include_sensitivity: bool
    no_assumptions: bool
    documented_only: bool
    terms: str


class Choosing(Rows, total=False):
    """The same, and whose methods they are pooled by."""

    profile: str | None
    cluster: str | None


class Pooling(Reading, Choosing, Fitting, total=False):
    """All that pooling of a review or a table may be asked for."""


DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("log", "include_sensitivity", "no_assumptions", "documented_only"), False),
    "terms": "default",
    "without": (),
}
# What an option may be, by what stands in its signature: in words, and as Python asks for it.
PLAIN: dict[Any, tuple[str, Any]] = {
    str: ("text", str),
    Path: ("a path", Path),
    int: ("a whole number", Integral),
    float: ("a number", Real),
    bool: ("True or False", (bool, np.bool_)),
    tuple: ("a pair", Sequence),
    Sequence: ("a list", Iterable),
    dict: ("a dict", Mapping),
}
Asked = ParamSpec("Asked")
Returned = TypeVar("Returned")


def takes(*options: type) -> Callable[[Callable[Asked, Returned]], Callable[Asked, Returned]]:
    """Show the options that a call takes by its last parameter, `**asked`, in its signature.

    So that a notebook completes them, and a test finds each option of a command. What is no option,
    or is of another kind than its option, is refused before anything is read. What is to be said of
    the data that were read, the result keeps.
    """

    def shown(call: Callable[Asked, Returned]) -> Callable[Asked, Returned]:
        @wraps(call)
        def checked(*given: Asked.args, **named: Asked.kwargs) -> Returned:
            known(named, [*held, *names])
            fitting_kinds(named, *options, call)  # its own come before shared ones
            with noting() as remarks:
                result = call(*given, **named)
            return remarking(result, remarks)

        *own, _ = signature(call).parameters.values()
        held = [parameter.name for parameter in own]
        names = dict.fromkeys(name for kind in options for name in kind.__annotations__)
        more = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=DEFAULTS.get(name))
            for name in names
            if name not in held
        ]
        checked.__signature__ = signature(call).replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        return checked

    return shown


def known(named: Iterable[str], names: Iterable[str]) -> None:
    """Refuse what is no option, with the nearest, as Python does for a parameter."""
    if wrong := [unknown("option", name, names) for name in named if name not in names]:
        raise TypeError("\n".join(wrong))


def fitting_kinds(named: Mapping[str, Any], *kinds: Any) -> None:
    """Refuse values of another kind than their options are.

    Examples
    --------
    >>> fitting_kinds({"level": "95"}, Fitting)
    Traceback (most recent call last):
    livingmeta.words.RefusalError: level = '95': give a number.
    """
    hints = {name: hint for kind in kinds for name, hint in _hints(kind).items()}
    refuse(filter(None, (_misfit(name, value, hints.get(name)) for name, value in named.items())))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    scope: dict[str, Any] = vars(sys.modules[kind.__module__])
    hints: dict[str, Any] = {}
    for name, hint in kind.__annotations__.items():
        with suppress(NameError, TypeError):  # what only type checkers know is not asked of a value
            hints |= get_type_hints(SimpleNamespace(__annotations__={name: hint}), scope)
    return hints


def _misfit(name: str, value: Any, hint: Any) -> str | None:
    either = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    kinds = [get_origin(kind) or kind for kind in either if kind is not NoneType]
    if value is None or not {*kinds} <= {*PLAIN}:
        return None
    fits = any(isinstance(value, PLAIN[kind][1]) for kind in kinds)
    if fits and (bool in kinds or not isinstance(value, bool)):
        return None
    shown = repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:40]}…"
    return f"{name} = {shown}: give {' or '.join(PLAIN[kind][0] for kind in kinds)}."


def split(asked: dict[str, Any], *kinds: type) -> list[dict[str, Any]]:
    """Part options by the kinds they are of; what is None was not asked for.

    Raises
    ------
    TypeError
        For a name that is no option of these kinds, with the nearest, as Python does for a parameter.
    """
    known(asked, [name for kind in kinds for name in kind.__annotations__])
    held = {name: value for name, value in asked.items() if value is not None}
    return [{name: held.pop(name) for name in kind.__annotations__ if name in held} for kind in kinds]


def methods_of(review: Review, fitting: dict[str, Any], **more: Any) -> Settings:
    """Return the methods of a review's headline, with those that are asked for instead."""
    asked: dict[str, Any] = {**fitting, **more}
    if (level := asked.get("level")) is not None and level > 1:
        asked["level"] = level / 100
    return headline_settings(review, **asked)


def selection_of(review: Review, choosing: dict[str, Any]) -> Selection:
    """Return which rows are asked for; a trial is named by id or label."""
    names = ("include_sensitivity", "no_assumptions", "documented_only", "subgroup", "terms")
    without = choosing.get("without", ())
    left = (without,) if isinstance(without, str) else without
    gone = tuple(dict.fromkeys(map(review.trial_named, map(str, left))))
    return Selection(without=gone, **{name: choosing[name] for name in names if name in choosing})
