"""What effects share: people in several comparisons, trials that look entered twice."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import and_
from typing import NamedTuple

from livingmeta.engine.measures import on_scale
from livingmeta.synthesis.arms import Group
from livingmeta.synthesis.derivation import Effect

# From so many effects of a trial on, they are named together: twenty make 190 pairs.
MANY = 6
# Chance may make such an equality once in a hundred files.
RARE_DIGITS = 2.0  # digits
# Of two trials called alike, numbers that two of three pairs of arms would not share, are enough.
ALIKE = 1.5  # digits


class People(NamedTuple):
    """People behind effects, each counted once; `known` are those of which a number is known."""

    known: int
    unknown: int  # trials of which not all numbers are known
    trials: int

    @property
    def all(self) -> int | None:
        """The number of people, None where it is not known."""
        return None if self.unknown else self.known

    @classmethod
    def of(cls, sizes: Iterable[int | None]) -> People:
        """Count those of trials by their sizes, None where one is not known."""
        listed = list(sizes)
        return cls(sum(size or 0 for size in listed), listed.count(None), len(listed))


@dataclass(frozen=True, kw_only=True)
class Tie:
    """Effects of which each two are not independent, or may not be, by their places.

    They are two, or all of a trial or of equal numbers where they are `MANY`.
    `flag` says how: "dependent_effects" (of one trial), "shared_group" (a group of people counted
    in both) or "duplicate_numbers" (two trials with the same numbers). `groups` are those that the
    first two share, as (group in the first, group in the second, people).
    """

    places: tuple[int, ...]
    flag: str
    groups: tuple[tuple[int, int, float | None], ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of a result that rests on both effects."""
        own = (self.flag,)
        return ("dependent_effects", *own) if self.flag == "shared_group" else own


def people_of(effects: Sequence[Effect], *, side: int | None = None) -> People:
    """Count the people behind effects, those in several comparisons of a trial once.

    `side` 1 or 2 counts that group alone. Where a trial gives several effects and nothing tells
    whether of other people, those of the larger are counted, and its number is unknown.
    """
    trials: dict[str, list[Effect]] = defaultdict(list)
    for effect in effects:
        trials[effect.trial].append(effect)
    counted, unknown = 0.0, 0
    for listed in trials.values():
        if len(listed) == 1:
            alone = [group.people for group in behind(listed[0], side)]
            counted += sum(n or 0 for n in alone)
            unknown += None in alone
            continue
        people = [behind(effect, side) for effect in listed]
        most: Counter[Group] = Counter()
        for groups in people:
            most |= Counter(groups)  # of two equal groups in one comparison each counts
        sizes = [(group.people, times) for group, times in most.items()]
        if any_unclear(listed):
            counted += max(sum(group.people or 0 for group in groups) for groups in people)
            unknown += 1
        else:
            counted += sum((people or 0) * times for people, times in sizes)
            unknown += any(people is None for people, _ in sizes)
    return People(round(counted), unknown, len(trials))


def behind(effect: Effect, side: int | None = None) -> list[Group]:
    """Return the groups of people of an effect, as they are before any split."""
    sides = slice(None) if side is None else slice(side - 1, side)
    if any(effect.arms):
        return [group.whole for groups in effect.arms[sides] for group in groups]
    sizes = [effect.n1, effect.n2][sides]
    return [Group(n, ()) for n in sizes]


def unclear(effect: Effect, other: Effect) -> bool:
    """Say whether two effects of a trial may be of the same people, measured again."""
    first, second = behind(effect), behind(other)
    if any(not group.told for group in (*first, *second)):
        return True
    sizes = [[group.people for group in groups] for groups in (first, second)]
    return sizes[0] == sizes[1] and not set(first) & set(second)


def any_unclear(effects: Sequence[Effect]) -> bool:
    """Say whether any two effects of a trial may be of the same people, measured again."""
    alike: dict[tuple[float | None, ...], list[Effect]] = defaultdict(list)
    for effect in effects:
        groups = behind(effect)
        if any(not group.told for group in groups):
            return True
        alike[tuple(group.people for group in groups)].append(effect)
    for listed in alike.values():
        in_all = set.intersection(*(set(behind(effect)) for effect in listed))
        if not in_all and any(unclear(*pair) for pair in combinations(listed, 2)):
            return True
    return False


def ties(effects: Sequence[Effect]) -> tuple[Tie, ...]:
    """Find the effects that are not independent: of one trial, or with numbers of another's.

    Two trials with equal numbers are a doubt, and only where chance would not do it: the numbers
    must carry more digits than coincidences among as many effects explain. 0 of 10 against 0 of
    10 is no evidence; a mean of 16.4 with SD 7.8 in 34 people, found twice, is.
    Ties are in the order of the effects, each once.
    """
    trials: dict[str, list[int]] = defaultdict(list)
    for i, effect in enumerate(effects):
        trials[effect.trial].append(i)
    tied: dict[tuple[int, ...], Tie] = {}
    for places in trials.values():
        for tie in (_of_trial if len(places) < MANY else _of_many)(effects, places):
            # of people that the whole trial shares, the stronger is said
            tied[tie.places] = tie
    for tie in _of_numbers(effects):
        tied.setdefault(tie.places, tie)
    return tuple(tied[key] for key in sorted(tied))


def _of_trial(effects: Sequence[Effect], places: Sequence[int]) -> Iterator[Tie]:
    for pair in combinations(places, 2):
        groups = _shared(*(effects[place] for place in pair), counted=True)
        yield Tie(places=pair, flag="shared_group" if groups else "dependent_effects", groups=groups)


def _of_many(effects: Sequence[Effect], places: Sequence[int]) -> Iterator[Tie]:
    """Tie a trial's many effects at once, and those of them in which a group is counted in full."""
    yield Tie(places=tuple(places), flag="dependent_effects")
    holding: dict[Group, list[int]] = defaultdict(list)
    for place in places:
        for group in dict.fromkeys(group for side in effects[place].arms for group in side if group.told):
            held = holding[group.whole]
            if (group.parts == 1 or held) and held[-1:] != [place]:
                held.append(place)
    for held in holding.values():
        if len(held) > 1 and (groups := _shared(effects[held[0]], effects[held[1]], counted=True)):
            yield Tie(places=tuple(held), flag="shared_group", groups=groups)


def _of_numbers(effects: Sequence[Effect]) -> Iterator[Tie]:
    """Tie effects of several trials that share numbers, where these are more than a coincidence."""
    told = [[group.whole for side in effect.arms for group in side if group.told] for effect in effects]
    same: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, (effect, groups) in enumerate(zip(effects, told, strict=True)):
        pairs = (tuple(sorted(pair, key=hash)) for pair in combinations(groups, 2))
        for key in {*((group,) for group in groups), *pairs} or [_computed(effect)]:
            same[key].append(i)
    for places in same.values():
        if len({effects[place].trial for place in places}) < 2:
            continue
        # of more groups than two each pair of effects may share others
        crowded = any(len(told[place]) > 2 for place in places)
        for some in combinations(places, 2) if crowded else [places]:
            groups = list(reduce(and_, (Counter(told[place]) for place in some)).elements())
            for held in _telling(effects, some, groups):
                shared = _shared(effects[held[0]], effects[held[1]])
                yield Tie(places=held, flag="duplicate_numbers", groups=shared)


def flags_of(effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the flags of effects that are pooled as independent and are not, or may not be."""
    if len(effects) < 2:
        return ()
    return tuple(sorted({flag for tie in ties(effects) for flag in tie.flags}))


# What a cluster-robust interval allows for.
CLUSTERED = {"dependent_effects", "shared_group", "several_arms_kept"}
FLAGS = ("dependent_effects", "duplicate_numbers", "several_arms_kept", "shared_group")


def shared_flags(flags: Iterable[str]) -> tuple[str, ...]:
    """Return those flags of a pool that whatever is computed of its effects must carry, too."""
    return tuple(flag for flag in flags if flag in FLAGS)


def _shared(
    effect: Effect, other: Effect, *, counted: bool = False
) -> tuple[tuple[int, int, float | None], ...]:
    """Return the groups that two effects share; `counted`: and count in full, in both.

    Equal groups within one comparison are two groups of people, so each is matched once, and on
    its own side first.
    """
    left = [(side, group.whole) for side, groups in enumerate(other.arms, 1) for group in groups]
    shared = []
    here = [(side, group) for side, groups in enumerate(effect.arms, 1) for group in groups]
    for own_side in (True, False):
        for place in list(here):
            side, group = place
            twin = next((t for t in left if t[1] == group.whole and (t[0] == side) is own_side), None)
            if not group.told or twin is None:
                continue
            left.remove(twin)
            here.remove(place)
            if not counted or group.parts == 1:
                shared.append((side, twin[0], group.people))
    return tuple(shared)


def _computed(effect: Effect) -> tuple[object, ...]:
    """Return what an effect that came computed is known by; its sign may be turned."""
    sizes = tuple(sorted(str(n) for n in (effect.n1, effect.n2)))
    return (f"{abs(effect.yi):.9g}", f"{effect.vi:.9g}", sizes)


def _telling(
    effects: Sequence[Effect], places: Sequence[int], groups: Sequence[Group]
) -> Iterator[tuple[int, ...]]:
    """Yield those of effects with equal groups of which that is more than a coincidence.

    Effects without groups came computed, with equal values.
    """
    pairs = math.comb(len(effects), 2)
    if not groups:
        effect = effects[places[0]]
        shown = (abs(effect.yi), abs(on_scale(effect.measure, effect.yi)))
        digits: float = min(_digits(x) for x in shown)
        digits += min(_digits(effect.vi), _digits(math.sqrt(effect.vi))) - 0.5
        digits += sum(_digits(n) for n in {effect.n1, effect.n2} if n is not None)
    else:
        digits = sum(_digits(group.people) + told_digits(group) for group in groups)
        if len({group.people for group in groups}) < len(groups):
            digits -= _digits(groups[0].people)  # equal arms are a design, not a coincidence
        pairs *= 1 if len(groups) > 1 else 4
    telling: dict[object, list[int]] = defaultdict(list)
    for place in places if digits >= ALIKE else ():
        rare = digits >= RARE_DIGITS + math.log10(pairs)
        telling[None if rare else called(effects[place])].append(place)
    for held in telling.values():
        if len(held) < MANY:
            yield from (p for p in combinations(held, 2) if effects[p[0]].trial != effects[p[1]].trial)
        else:  # of each trial the first
            trials = list({effects[place].trial: place for place in reversed(held)}.values())[::-1]
            if len(trials) > 1:
                yield tuple(trials)


def told_digits(group: Group) -> float:
    """Return how many digits two groups would have to share by chance, without that of people.

    The number of people is equal by design in many trials.
    """
    numbers = dict(group.told)
    if "events" in numbers and group.people:
        p = numbers["events"] / group.people
        # two counts of one binomial distribution agree with probability 1/(2 √π σ)
        return max(0.0, math.log10(2 * math.sqrt(math.pi * group.people * p * (1 - p)) or 1.0))
    # what an outcome's scale is like fixes about a digit of a mean and of a spread
    return sum(max(0, _digits(value) - 1) for value in numbers.values())


def _digits(value: float | None) -> int:
    """Count significant digits, without zeros at the end."""
    if not value:
        return 0
    mantissa = f"{abs(value):.8e}".partition("e")[0]
    return len(mantissa.replace(".", "").rstrip("0"))


def called(effect: Effect) -> tuple[str, str]:
    """Return how a trial is called, up to the year or up to a bracket, and the year.

    "Ash 2001a" and "Ash 2001 (high dose)" are called alike; "Study 1" and "Study 2" are not.
    """
    year = re.search(r"(?:19|20)\d\d", effect.label)
    name = effect.label[: year.start()] if year else re.split(r"[(\[,:;/–]", effect.label)[0]
    return name.strip(" ,(").casefold(), year[0] if year else str(effect.year or "")
