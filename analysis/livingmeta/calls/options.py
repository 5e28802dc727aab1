"""The options of calls, in the words of the commands, and how a call takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypedDict, TypeVar

from livingmeta.calls.opening import Reading
from livingmeta.review.protocol import Review
from livingmeta.synthesis.settings import Selection, Settings, headline_settings
from livingmeta.words import unknown


class Fitting(TypedDict, total=False):
    """How effects are pooled, as `engine.pooling.pool` takes it; a level of 95 is 0.95."""

    model: str | None
    tau2: str | float | None
    ci: str | None
    tau2_ci: str | None
    prediction: str | None
    level: float | None


class Choosing(TypedDict, total=False):
    """Which rows of a review are pooled, as `livingmeta pool` takes it."""

    synthesis: str | None
    profile: str | None
    several_arms: str | None
    cluster: str | None
    subgroup: str | None
    without: str | Sequence[str]
    include_sensitivity: bool
    no_assumptions: bool
    documented_only: bool
    terms: str


class Pooling(Reading, Choosing, Fitting, total=False):
    """All that pooling of a review or a table may be asked for."""


DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("log", "include_sensitivity", "no_assumptions", "documented_only"), False),
    "terms": "default",
    "without": (),
}
Asked = ParamSpec("Asked")
Returned = TypeVar("Returned")


def takes(*options: type) -> Callable[[Callable[Asked, Returned]], Callable[Asked, Returned]]:
    """Show the options that a call takes by its last parameter, `**asked`, in its signature.

    So that a notebook completes them, and a test finds each option of a command.
    """

    def shown(call: Callable[Asked, Returned]) -> Callable[Asked, Returned]:
        *own, _ = signature(call).parameters.values()
        held = {parameter.name for parameter in own}
        names = dict.fromkeys(name for kind in options for name in kind.__annotations__)
        more = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=DEFAULTS.get(name))
            for name in names
            if name not in held
        ]
        call.__signature__ = signature(call).replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        return call

    return shown


def split(asked: dict[str, Any], *kinds: type) -> list[dict[str, Any]]:
    """Part options by the kinds they are of; what is None was not asked for.

    Raises
    ------
    TypeError
        For a name that is no option of these kinds, with the nearest, as Python does for a parameter.
    """
    names = dict.fromkeys(name for kind in kinds for name in kind.__annotations__)
    if wrong := [unknown("option", name, names) for name in asked if name not in names]:
        raise TypeError("\n".join(wrong))
    held = {name: value for name, value in asked.items() if value is not None}
    return [{name: held.pop(name) for name in kind.__annotations__ if name in held} for kind in kinds]


def methods_of(review: Review, fitting: dict[str, Any], **more: Any) -> Settings:
    """Return the methods of a review's headline, with those that are asked for instead."""
    asked: dict[str, Any] = {**fitting, **more}
    if (level := asked.get("level")) is not None and level > 1:
        asked["level"] = level / 100
    return headline_settings(review, **asked)


def selection_of(choosing: dict[str, Any]) -> Selection:
    """Return which rows are asked for."""
    names = ("include_sensitivity", "no_assumptions", "documented_only", "subgroup", "terms")
    without = choosing.get("without", ())
    left = (without,) if isinstance(without, str) else tuple(without)
    return Selection(without=left, **{name: choosing[name] for name in names if name in choosing})
