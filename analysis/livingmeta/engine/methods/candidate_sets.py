"""Trials that may or may not be in a pool, and all sets of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.subsets import members
from livingmeta.words import RefusalError

EXHAUSTIVE = 20  # candidates: 1,048,575 sets
SAMPLED = 1 << 20  # sets of more candidates than that
MOST_CANDIDATES = 63  # candidates; a set is the bits of one 64-bit number
FEW_SETS = 4096  # sets of which sums are taken one by one
_TABLE = 16  # candidates: a table of their 65,536 sums stays in the cache


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """The candidates: arrays of shape (m,), effects in the unit of the pool.

    Effects lie between what the printed digits leave of a known one, and of an unread one between
    what is thought possible (infinite: anything). Variances do, too; they are above 0, and
    infinite where nothing bounds them from above.
    """

    y_low: Array
    y_high: Array
    v_low: Array
    v_high: Array
    known: Mask

    def __post_init__(self) -> None:
        """Refuse what can't be a list of candidates."""
        if not 1 <= self.known.size <= MOST_CANDIDATES:
            raise RefusalError(f"{self.known.size} candidates: 1 to {MOST_CANDIDATES} can be tried.")
        if not ((self.v_low > 0) & (self.v_low <= self.v_high) & (self.y_low <= self.y_high)).all():
            raise RefusalError("Of each candidate the range of its variance is above 0 and ascends.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """Sets of candidates as bits, and how many trials each has: arrays of shape (B,)."""

    bits: NDArray[np.uint64]
    k: NDArray[np.int_]
    candidates: int

    @classmethod
    def of(cls, candidates: int, seed: int) -> Sets:
        """Return all sets that hold a trial, of more than 20 candidates a sample."""
        if candidates <= EXHAUSTIVE:
            bits = np.arange(1, 1 << candidates, dtype=np.uint64)
        else:
            rng = np.random.default_rng(seed)
            bits = np.unique(rng.integers(1, 1 << candidates, SAMPLED, dtype=np.uint64, endpoint=False))
        sets = cls(bits=bits, k=np.zeros(bits.size, int), candidates=candidates)
        return cls(bits=bits, k=sets.sums(np.ones(candidates)).astype(int), candidates=candidates)

    def at(self, where: Mask | NDArray[np.int_]) -> Sets:
        """Return some of them."""
        return Sets(bits=self.bits[where], k=self.k[where], candidates=self.candidates)

    def sums(self, values: Array | Mask) -> Array:
        """Sum a value of each candidate over each set, finite ones."""
        if self.bits.size < FEW_SETS:
            return np.asarray(self._held @ np.asarray(values, float))
        total = np.zeros(self.bits.size)
        for start, places in self._places:
            part = values[start : start + _TABLE]
            sums = np.zeros(1 << len(part))
            for place, value in enumerate(part):
                np.add(sums[: 1 << place], value, out=sums[1 << place : 2 << place])
            total += sums.take(places)
        return total

    @cached_property
    def held(self) -> Mask:
        """Say which candidates each set holds: shape (B, m)."""
        return members(self.bits, self.candidates)

    @cached_property
    def _held(self) -> Array:
        return self.held.astype(float)

    @cached_property
    def _places(self) -> list[tuple[int, NDArray[np.intp]]]:
        """Return each part of the bits, which is the place of its sum in a table of them."""
        starts, whole = range(0, self.candidates, _TABLE), np.uint64((1 << _TABLE) - 1)
        return [(start, (self.bits >> np.uint64(start) & whole).astype(np.intp)) for start in starts]


def most_precise(trials: Candidates) -> tuple[NDArray[np.uint64], NDArray[np.int_], Array]:
    """Return the sets of candidates, their numbers of trials, and the least standard error of each.

    Examples
    --------
    >>> import numpy as np
    >>> v = np.full(2, 0.08)
    >>> two = Candidates(y_low=-v, y_high=v, v_low=v, v_high=v, known=np.zeros(2, bool))
    >>> most_precise(two)[2].round(3).tolist()
    [0.283, 0.283, 0.2]
    """
    sets = Sets.of(trials.known.size, 0)
    return sets.bits, sets.k, np.asarray(sets.sums(1 / trials.v_low) ** -0.5)
