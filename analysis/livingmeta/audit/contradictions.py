"""Printed results that can't all be true of one set of trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

from livingmeta.audit.bounds import Bounds, tested
from livingmeta.audit.deduction import Deduction
from livingmeta.language import said


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Printed results that can't all be true of these candidates; `why` says of which kind."""

    claims: tuple[str, ...]
    why: str


MOST_CLAIMS = 4  # that are looked at together for a contradiction


def clashes(deductions: Iterable[Deduction]) -> tuple[Clash, ...]:
    """Find the smallest lists of claims on one synthesis that can't all be true.

    All that one source prints of a synthesis is taken to be of one pool, and what several print of
    one set of the candidates: claims contradict each other where no set is left. Such a list is
    smallest where all would do without any one of it. Up to four claims are looked at together;
    where sets were drawn nothing is said, for the one that fits may be among the others. Each list has
    a claim of `deductions`, or a number of trials or people.

    Examples
    --------
    >>> from livingmeta.audit.deduction import deduce
    >>> from livingmeta.review.folder import load_review
    >>> clashes(deduce(load_review("smith2017")))
    ()
    """
    found: list[Clash] = []
    asked: set[str] = set()
    pools: dict[tuple[str, str | None], Deduction] = {}
    for deduction in deductions:
        if deduction.widest is None or not deduction.widest.exhaustive:
            continue
        counts = (x.claims for x in deduction.beside if not (x.get("estimate") or tested(x)))
        asked.update(deduction.claims, *counts)
        pools.setdefault((deduction.synthesis, deduction.subgroup), deduction)
        if deduction.in_words and not (deduction.any or deduction.widest).subsets.size:
            found.append(Clash(claims=deduction.claims, why=said("deduction.clash_words")))
    for deduction in pools.values():
        left = _Left(deduction)
        everything = frozenset(range(len(left.results)))
        smallest: list[frozenset[int]] = []
        if (deduction.in_words and len(everything) == 1) or left.some(everything):
            continue
        for size in range(1, min(MOST_CLAIMS, len(everything)) + 1):
            for places in map(frozenset, combinations(sorted(everything), size)):
                if any(less <= places for less in smallest) or left.some(places):
                    continue
                smallest.append(places)
                together = [left.results[place] for place in sorted(places)]
                kind = "sets" if len({result.source for result in together}) > 1 else "pool"
                claims = tuple(chain.from_iterable(result.claims for result in together))
                why = said(f"deduction.clash_{'none' if size == 1 else kind}")
                found.append(Clash(claims=claims, why=why))
    return tuple(clash for clash in found if asked & set(clash.claims))


class _Left:
    """Which sets several claims leave, those of one source as of one pool."""

    def __init__(self, deduction: Deduction) -> None:
        self.trials, self.taken = deduction.trials, deduction.assumptions
        hksj = self.taken.interval.startswith("hksj")  # whose tests bound nothing
        self.results = [x for x in deduction.beside if x.kinds and not (hksj and tested(x))]
        self._known: dict[frozenset[int], NDArray[np.uint64]] = {}
        if len(self.results) == 1 and deduction.widest is not None:  # it is what is deduced
            self._known[frozenset([0])] = deduction.widest.subsets

    def some(self, places: frozenset[int]) -> bool:
        """Say whether one set of trials is left by the results at these places."""
        sources: dict[str, set[int]] = {}
        for place in places:
            sources.setdefault(self.results[place].source, set()).add(place)
        return bool(reduce(np.intersect1d, map(self._sets, sources.values())).size) if places else True

    def _sets(self, places: set[int]) -> NDArray[np.uint64]:
        key = frozenset(places)
        if key not in self._known:
            bounds = Bounds.all([self.results[place] for place in sorted(places)], self.taken)
            self._known[key] = bounds.sets(self.trials, self.taken).subsets
        return self._known[key]
