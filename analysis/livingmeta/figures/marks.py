"""The signs behind a trial's name, and what stands below a table or figure about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from livingmeta.audit.doubts import people_shared, same_numbers
from livingmeta.engine.measures import turning
from livingmeta.language import MOST_LISTED, Own, Said, said, together
from livingmeta.synthesis.dependence import ties
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import CORRECTED, ROW_CORRECTED
from livingmeta.words import count, whole

MOST_MARKED = 5  # trials that each show a sign which all have
SIGNS = "†‡§∓¶"  # assumption, bound, 0.5 added, sign turned, design effect


def sentences(effects: Sequence[Effect]) -> list[Said]:
    """Say what effects share, a sentence per tie; of very many the first, and how many there are."""
    lines: dict[Said, None] = {}
    for tie in ties(effects):
        effect, *others = (effects[place] for place in tie.places)
        second = others[0].label if len(others) == 1 else said("pool.others", n=count(len(others)))
        labels = {"first": effect.label, "second": second}
        if tie.flag == "duplicate_numbers":
            key = "pool.twice" if len(others) == 1 else "pool.many_times"
            line = said(key, same=same_numbers(tie), **labels)
        elif tie.flag == "shared_group":
            groups = [
                said(
                    "pool.group" if a == b else "pool.group_there", group=a, other=b, people=people_shared(n)
                )
                for a, b, n in tie.groups
            ]
            key = "pool.shared_many" if len(groups) > 1 else "pool.shared_one"
            line = said(key, groups=together(groups, said("pool.and")), **labels)
        else:
            line = said("pool.several", **labels)
        lines[line] = None
    told = list(lines)
    if (beyond := len(told) - MOST_LISTED) > 0:
        told = [*told[:MOST_LISTED], said("pool.more_ties", n=count(beyond))]
    return told


def signs(effect: Effect) -> tuple[tuple[str, Said], ...]:
    """Return the signs behind a trial's name, each with what it says of the trial."""
    scale = Own(effect.instrument_name or "")
    words = (
        said("pool.sentence", words=effect.assumption) if effect.assumption else None,
        said("pool.bound") if "p_bound" in effect.flags else None,
        said("pool.row_added")
        if ROW_CORRECTED in effect.flags
        else said("pool.half_added")
        if CORRECTED in effect.flags
        else None,
        said("pool.turned", turning=turning(effect.measure), instrument=scale) if effect.turned else None,
        _clustered(effect) if "design_effect" in effect.flags else None,
    )
    return tuple((sign, text) for sign, text in zip(SIGNS, words, strict=True) if text)


def _clustered(effect: Effect) -> Said:
    """Say that clusters are counted by their design effect, and as how many people."""
    if effect.sizes is None or effect.independent is None:
        return said("pool.clustered")
    people, few = sum(effect.sizes), round(sum(effect.independent))
    return said("pool.clustered_people", people=count(people), few=whole(few))


def shared_signs(effects: Iterable[Effect]) -> frozenset[tuple[str, Said]]:
    """Return the signs, with their words, that all of many trials have: they are said once."""
    listed = list(dict.fromkeys(effects))
    of_each = (signs(effect) for effect in listed) if len(listed) > MOST_MARKED else ()
    return frozenset.intersection(*map(frozenset, of_each)) if len(listed) > MOST_MARKED else frozenset()


def marks(effect: Effect, *, but: Collection[tuple[str, Said]] = ()) -> str:
    """Return the signs that stand behind a trial's name, those of `SIGNS`, `but` such as all have."""
    return "".join(f" {mark[0]}" for mark in signs(effect) if mark not in but)


def notes(effects: Iterable[Effect]) -> list[Said]:
    """Say what the signs of `marks` stand for, trials of which the same is said together.

    What the effects share is said last.
    """
    listed = list(dict.fromkeys(effects))
    labels: dict[tuple[str, Said], list[str]] = defaultdict(list)
    for effect in listed:
        for mark in signs(effect):
            labels[mark].append(effect.label)
    order = sorted(labels, key=lambda mark: SIGNS.index(mark[0]))
    lines = []
    for sign, words in order:
        names: list[str] = labels[sign, words]
        if len(names) == len(listed) > MOST_MARKED:
            lines.append(said("pool.of_all", n=count(len(names)), words=words))
            continue
        if (others := len(names) - MOST_LISTED) > 0:
            names = [*names[:MOST_LISTED], said("pool.others", n=count(others))]
        lines.append(said("pool.marked", sign=sign, names=together(names, ", "), words=words))
    return [*lines, *sentences(listed)]
