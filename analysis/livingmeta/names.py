"""Choosing by name: one wording for every refusal of a name nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

T = TypeVar("T")


class RefusalError(ValueError):
    """What the program refuses, in a sentence that says why and what to do.

    The command line prints it; any other error that reaches it is a fault of ours.
    """


def unknown(what: str, name: str, allowed: Iterable[str]) -> str:
    """Word the refusal of a name: the allowed ones, and the nearest.

    Examples
    --------
    >>> unknown("tau2", "PN", ["DL", "PM", "REML"])
    "tau2 = 'PN': choose one of DL, PM, REML. Did you mean PM?"
    """
    names = {one.lower(): one for one in allowed}
    near = get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f" Did you mean {names[near[0]]}?" if near else ""
    return f"{what} = {name!r}: choose one of {', '.join(names.values())}.{hint}"


def pick(registry: Mapping[str, T], name: str, what: str) -> T:
    """Return the entry of this name.

    Parameters
    ----------
    registry : mapping of str to anything
        The dict that is at once the list of allowed names.
    name, what : str
        The name asked for, and what it names ("tau2"), for the message.

    Raises
    ------
    ValueError
        If there is no such entry; the message lists the allowed names and the nearest.

    Examples
    --------
    >>> pick({"DL": 1, "REML": 2}, "REML", "tau2")
    2
    """
    if name not in registry:
        raise RefusalError(unknown(what, name, registry))
    return registry[name]
