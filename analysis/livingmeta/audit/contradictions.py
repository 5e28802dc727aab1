"""Printed results that can't all be true of one set of trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from livingmeta.audit.candidates import arrays
from livingmeta.audit.deduction import Deduction
from livingmeta.engine.inputs import Mask
from livingmeta.engine.methods.possible_sets import most_precise
from livingmeta.language import said


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Printed results that can't all be true of these candidates; `why` says of which kind."""

    claims: tuple[str, ...]
    why: str


MOST_CLAIMS = 4  # that are looked at together for a contradiction


def clashes(deductions: Iterable[Deduction]) -> tuple[Clash, ...]:
    """Find the smallest lists of claims on one synthesis that can't all be true of one set of trials.

    Each claim leaves some sets of the candidates: an interval those that can be behind it, a number of
    trials or people those that have as many. Claims contradict each other where no set is left, and
    such a list is smallest where all would do without any one of it. Up to four claims are looked at
    together. Words are looked at alone, since what they say is deduced of one set only; where sets
    were drawn nothing is said, for the one that fits may be among the others.

    Examples
    --------
    >>> from livingmeta.audit.deduction import deduce
    >>> from livingmeta.review.folder import load_review
    >>> clashes(deduce(load_review("smith2017")))
    ()
    """
    found = []
    together_of: dict[tuple[str, str | None], dict[tuple[str, ...], Mask]] = {}
    for deduction in deductions:
        sets = deduction.own or deduction.widest
        if sets is None or not sets.exhaustive:
            continue
        if deduction.in_words:
            if not sets.subsets.size:
                found.append(Clash(claims=deduction.claims, why=said("deduction.clash_words")))
            continue
        left = together_of.setdefault((deduction.synthesis, deduction.subgroup), {})
        bits, k, _ = most_precise(arrays(deduction.candidates))
        left[deduction.claims] = np.isin(bits, sets.subsets)
        left.update({claims: fit(bits, k) for claims, fit in deduction.counts if claims not in left})
    for left in together_of.values():
        smallest: list[set[tuple[str, ...]]] = []
        for size in range(1, min(MOST_CLAIMS, len(left)) + 1):
            for claims in combinations(left, size):
                if any(less <= set(claims) for less in smallest):
                    continue
                if not np.logical_and.reduce([left[claim] for claim in claims]).any():
                    smallest.append(set(claims))
                    key = "deduction.clash_none" if size == 1 else "deduction.clash_sets"
                    found.append(Clash(claims=tuple(chain.from_iterable(claims)), why=said(key)))
    return tuple(found)
