"""Lines for the changelog: what moved between two locks, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from livingmeta.audit.lock import Lock, Verification, place_of
from livingmeta.pages.phrases import interval
from livingmeta.pages.template import no_markup

CHANGED = {
    "lock": "the lock",
    "data": "data changed",
    "work": "no number is computed of it",
    "method": "methods or protocol changed",
    "library": "another library or platform",
    "code": "another version of the program",
}


def changelog_line(
    old: Lock | None, new: Lock, verification: Verification | None, *, why: str
) -> tuple[str, str]:
    """Return the part of CHANGELOG.md a new lock belongs to, and its line.

    The part is Evidence if data moved an estimate of the headline, and of a first lock.
    """
    lead = next(iter(new["methods"]))
    moved = [
        change
        for change in (verification.differences if verification else ())
        if change.quantity == "estimate"
    ]
    places = dict.fromkeys(change.place for change in moved if change.place.endswith(f", {lead}"))
    before, after = ({place_of(pool): pool for pool in lock["pools"]} if lock else {} for lock in (old, new))
    parts = [" ".join(why.split()).rstrip(".")]
    for place in places:
        pools = (before.get(place), after.get(place))
        about = next(pool for pool in reversed(pools) if pool)
        title = " – ".join(filter(None, (about["title"], about["subgroup"])))
        was, now = map(_value, pools)
        same = f"{now} as before to two decimals"
        parts.append(f"{title} {same if was == now else f'{was} → {now}'}")
    evidence = old is None or any(change.cause == "data" and change.place in places for change in moved)
    return "Evidence" if evidence else "Code", f"- `{new['review']}`: {no_markup('; '.join(parts))}."


def _value(pool: Mapping[str, Any] | None) -> str:
    if pool is None or pool.get("estimate") is None:
        return "none"
    return f"{interval(SimpleNamespace(**pool))}, k = {pool['k']}"


def with_line(changelog: str, *, part: str, line: str) -> str | None:
    r"""Put a line last into a part of the changelog's Unreleased; None where that is not there.

    A line that is there stays the only one: who is interrupted runs the command again.

    Examples
    --------
    >>> print(with_line("## Unreleased\n\n### Code\n\n- one\n", part="Code", line="- two"))
    ## Unreleased
    <BLANKLINE>
    ### Code
    <BLANKLINE>
    - one
    - two
    <BLANKLINE>
    """
    within = r"^## Unreleased\n(?:(?!## ).*\n)*?" + f"### {part}\n" + r"(?:(?!#).*\n)*"
    section = re.search(within, changelog, re.MULTILINE)
    if section is None:
        return None
    if line in section[0].splitlines():
        return changelog
    kept = changelog[: section.end()].rstrip("\n")
    gap = "\n\n" if kept.endswith(f"### {part}") else "\n"
    rest = changelog[section.end() :]
    return f"{kept}{gap}{line}\n" + (f"\n{rest}" if rest else "")


def verified_lines(verification: Verification, *, review: str) -> list[str]:
    """Tell what is not as the lock has it: changes by kind, and values below the place they share."""
    report = [
        f"{CHANGED[kind]}: {line}" for kind, changed in verification.changes.items() for line in changed
    ]
    for place, group in groupby(verification.differences, key=attrgetter("place")):
        report.append(place)
        for value in group:
            size = "" if value.size is None else f"{value.size:.2g}, "
            moved = f"{_digits(value.locked)} → {_digits(value.now)}"
            report.append(f"  {value.quantity}: {moved} ({size}{value.cause})")
    apart = f"{len(verification.differences)} of {verification.compared} values are others"
    same = f"all {verification.compared} values are those of the lock, to 1e-9"
    return [*report, f"{review}: {apart if verification.differences else same}."]


def _digits(value: object) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
