"""What new data and new methods do to each synthesis of a review."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from livingmeta.engine.measures import on_scale, scale_of
from livingmeta.engine.methods.influence import cumulative
from livingmeta.language import FLAG_WORDS, Said
from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool, named
from livingmeta.synthesis.settings import Settings, headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import pick

IDENTITY = attrgetter("trial", "contrast", "subgroup", "yi", "vi")  # what makes an effect another one


@dataclass(frozen=True, kw_only=True, repr=False)
class Move(Shown):
    """One synthesis, or a subgroup of it, before and after.

    `data` has the data of after and the methods of before: what lies between it and `before` is
    the data's doing, what lies between it and `after` the methods'. None where it did not exist.
    """

    synthesis: str
    subgroup: str | None
    title: str
    before: Pool | None
    data: Pool | None
    after: Pool | None

    def __str__(self) -> str:
        before, after = (str((pool and pool.result) or "no value") for pool in (self.before, self.after))
        return f"{self.name}: {before} → {after}" if self.changed else f"{self.name}: {after}, as before"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the results before, with the data of after, and after."""
        whens = {"before": self.before, "data": self.data, "after": self.after}
        return ({"when": when, **cells(pool.result)} for when, pool in whens.items() if pool and pool.result)

    def _flagged(self) -> Mapping[str, str]:
        came, went = self.flags
        return {f"{sign}{flag}": FLAG_WORDS[flag] for sign, of in (("+", came), ("−", went)) for flag in of}

    @property
    def name(self) -> Said:
        """The title, with the subgroup."""
        return named(self.title, self.subgroup)

    @property
    def stem(self) -> str:
        """What names it in a page."""
        return next(pool.stem for pool in (self.after, self.before) if pool is not None)

    @property
    def changed(self) -> bool:
        """Say whether anything is different."""
        return _told(self.before) != _told(self.after)

    @property
    def entered(self) -> tuple[Effect, ...]:
        """Effects that are new, or new in their numbers."""
        return _gained(self.before, self.after)

    @property
    def left(self) -> tuple[Effect, ...]:
        """Effects that are gone, or old in their numbers."""
        return _gained(self.after, self.before)

    @property
    def flags(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Flags that came, and flags that went."""
        old, new = (pool.flags if pool else () for pool in (self.before, self.after))
        came = tuple(flag for flag in new if flag not in old)
        return came, tuple(flag for flag in old if flag not in new)

    def moved(self, *, by: str) -> tuple[float, float, float] | None:
        """Return by how much estimate and limits went through "data" or "methods", as they are pooled."""
        if (ends := self._ends(by)) is None:
            return None
        estimate, low, high = (later - earlier for _, earlier, _, later in ends)
        return estimate, low, high

    def moved_shown(self, *, by: str) -> tuple[float, float, float] | None:
        """Return the same as readers see it: factors of ratios, else differences of what is shown.

        None also where the measure became another one, of which there is no difference.
        """
        ends = self._ends(by)
        if ends is None or any(was != now for was, _, now, _ in ends):
            return None
        estimate, low, high = (
            on_scale(was, later - earlier)
            if scale_of(was).ratio
            else on_scale(now, later) - on_scale(was, earlier)
            for was, earlier, now, later in ends
        )
        return estimate, low, high

    def _ends(self, by: str) -> list[tuple[str, float, str, float]] | None:
        """Return label and value of estimate and limits, earlier and later."""
        first, second = (self.before, self.data) if by == "data" else (self.data, self.after)
        if first is None or second is None or first.result is None or second.result is None:
            return None
        return [
            (first.measure, getattr(first.result, name), second.measure, getattr(second.result, name))
            for name in ("estimate", "ci_low", "ci_high")
        ]


def _told(pool: Pool | None) -> tuple[object, ...]:
    if pool is None:
        return ()
    effects = tuple((IDENTITY(effect), effect.flags) for effect in pool.effects)
    return (pool.result, pool.methods, effects, pool.missing, pool.sensitivity_only, pool.flags, pool.favours)


def _gained(old: Pool | None, new: Pool | None) -> tuple[Effect, ...]:
    already = set(map(IDENTITY, old.effects if old else ()))
    return tuple(effect for effect in (new.effects if new else ()) if IDENTITY(effect) not in already)


def diff(before: Review, after: Review) -> tuple[Move, ...]:
    """Compare each synthesis of two states of a review, by the methods of their headlines.

    Parameters
    ----------
    before, after : Review
        Two states of one review, or a review and the one it extends.

    Returns
    -------
    tuple of Move
        In the order of `after`, what it no longer has last.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> moves = diff(load_review("smith2017"), load_review("living"))
    >>> [effect.label for effect in moves[0].entered]
    ['Cavaggion 2024']
    """
    old, new = headline_settings(before), headline_settings(after)
    pools = [
        {pool.key: pool for pool in synthesise(review, settings=settings)}
        for review, settings in ((before, old), (after, old), (after, new))
    ]
    keys = [*pools[2], *(key for key in pools[0] if key not in pools[2])]
    moves = []
    for key in keys:
        first, middle, last = (by_key.get(key) for by_key in pools)
        title = next(pool.title for pool in (last, first) if pool is not None)
        moves.append(
            Move(synthesis=key[0], subgroup=key[1], title=title, before=first, data=middle, after=last)
        )
    return tuple(moves)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A pooled estimate after one more trial."""

    label: str
    year: int | None
    k: int
    estimate: float
    ci_low: float
    ci_high: float
    measure: str


ORDERS: Mapping[str, Callable[[Effect], float | None]] = {
    "year": lambda effect: effect.year,
    "size": lambda effect: None if (n := people_of([effect]).all) is None else -n,
    "precision": lambda effect: effect.vi,
}


def ordered(effects: Sequence[Effect], by: str) -> list[int]:
    """Return the places of effects in an entry of `ORDERS`, what is not known last; none if all is."""
    key = pick(ORDERS, by, "by")
    keys = [key(effect) for effect in effects]
    if not any(key is not None for key in keys):
        return []
    return sorted(range(len(keys)), key=lambda i: math.inf if (known := keys[i]) is None else known)


def growth(pool: Pool, settings: Settings, *, by: str = "year") -> tuple[Stage, ...]:
    """Pool the trials of a synthesis one more at a time.

    Parameters
    ----------
    pool : Pool
    settings : Settings
        The methods it is pooled by.
    by : str
        Who comes first: "year" the oldest, "size" the largest, "precision" the most precise. What
        is not known comes last, what is equal in the order of the review.

    Returns
    -------
    tuple of Stage
        Empty where nothing is pooled, and where nothing is known of any trial to order them by.
    """
    order = ordered(pool.effects, by)
    if pool.result is None or not order:
        return ()
    stages = cumulative(
        [effect.yi for effect in pool.effects],
        [effect.vi for effect in pool.effects],
        order,
        **settings.fitting(pool.effects),
    )
    return tuple(
        Stage(
            label=pool.effects[place].label,
            year=pool.effects[place].year,
            k=int(stages.k[i]),
            estimate=float(stages.estimate[i]),
            ci_low=float(stages.ci_low[i]),
            ci_high=float(stages.ci_high[i]),
            measure=pool.measure,
        )
        for i, place in enumerate(order)
    )


def lead(moves: Sequence[Move]) -> Move | None:
    """Return the move to draw: the first that changed and has a result, else the first with one."""
    with_result = [move for move in moves if move.after is not None and move.after.result]
    changed = [move for move in with_result if move.changed]
    return next(iter([*changed, *with_result]), None)
