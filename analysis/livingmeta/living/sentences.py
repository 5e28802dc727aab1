"""Which arm, time and people a sentence gives to each of its results, by the order of its words."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from livingmeta.exchange.verbatim import WHO, numbers_in
from livingmeta.living.reading import TIME

Key = TypeVar("Key")
NUMERAL = r"(?:[-−–]\s?)?(?:\d+(?:[.,·]\d+)*|[.,·]\d+)"
LEVEL = re.compile(r"\d\d(?:\.\d)?\s*%\s*-?\s*(?:CI|confidence)", re.IGNORECASE)
# 43 people, and both of 43 and 41 people
PEOPLE = rf"\bn\s*=\s*\d[\d,]*|\d[\d,]* {WHO}|\d[\d,]*(?=\s+(?:and|or|vs\.?|versus) \d[\d,]* {WHO})"
# n = 40, 12 of 40, 12/40
COUNTED = re.compile(rf"{PEOPLE}|(?:(?<=[\d)%] )of(?: the)? |(?<=\d)/)\d[\d,]*", re.IGNORECASE)
ASIDE = re.compile(  # what stands behind a result: 2.7 (1.9), 2.7 ± 1.9, 95% CI 1 to 2, P = 0.03
    r"\((?=[^()]*\d)(?![^()]*\bdifference)[^()\[\]]*\)|\[[^()\[\]]*\]|"
    rf"(?:±|\b(?:SD|SEM?)\b|\bP\s*[=<>≤≥]),?[^\w.,·]*{NUMERAL}|"
    rf"\b(?:CI|IQR|intervals?|range)\b,?[^\w.,·−–-]*{NUMERAL}\s*(?:to|[-–,;])\s*{NUMERAL}|"
    rf"{COUNTED.pattern}|{NUMERAL}\s*%",
    re.IGNORECASE,
)
P_VALUE = re.compile(rf"\bP\s*[=<>≤≥]\s*{NUMERAL}", re.IGNORECASE)
RESULT = re.compile(rf"(?<![\w.,·])(?<![a-z]-){NUMERAL}", re.IGNORECASE)
ALSO = re.compile(rf"\d,? (?:and|vs\.?|versus) {NUMERAL}")
CLAUSE = re.compile(r"[;.](?=\s)|\((?=[^()]*\bdifference)", re.IGNORECASE)


def blank(words: str, *patterns: re.Pattern[str]) -> str:
    """Put as many spaces in the place of what patterns find.

    Examples
    --------
    >>> blank("week 12: 3.0", TIME)
    '       : 3.0'
    """
    for pattern in patterns:
        words = pattern.sub(lambda held: " " * len(held[0]), words)
    return words


@dataclass(frozen=True)
class Sentence:
    """Words in which results stand, each followed by what is printed beside it, and a result of a row."""

    words: str
    result: float | None

    @cached_property
    def plain(self) -> str:
        """The words without times, which are no people, and without levels, which are no limits."""
        return blank(self.words, TIME, LEVEL)

    @cached_property
    def _bare(self) -> str:
        return blank(self.words, TIME, ASIDE)

    @cached_property
    def results(self) -> list[tuple[int, tuple[float, ...]]]:
        """The results, and where each begins: in brackets, P values, or people, where a row's own is one."""
        opened = blank(self.words.translate(dict.fromkeys(map(ord, "()[]"), " ")), TIME, ASIDE)
        held = [[*RESULT.finditer(text)] for text in (self._bare, opened)]
        held += [[*pattern.finditer(self.words)] for pattern in (P_VALUE, COUNTED)]
        kinds = [[(one.start(), numbers_in(one[0])) for one in found] for found in held]
        return next((kind for kind in kinds if any(self.result in of for _, of in kind)), kinds[1])

    @cached_property
    def falls(self) -> bool:
        """Whether the result is the first of two: it fell from 5.2 to 2.7."""
        return self._behind(r"\bfrom")

    @cached_property
    def reached(self) -> bool:
        """Whether the result is the second of two."""
        return self._behind(r"\bfrom\b.*\bto")

    def _behind(self, words: str) -> bool:
        behind = re.compile(rf"{words}\s+(?:(?:a\s+)?\w+\s+of\s+)?$", re.DOTALL)
        own = [place for place, numbers in self.results if self.result in numbers]
        return bool(own) and all(behind.search(self.words[:at]) for at in own)

    def belonging(self, named: Iterable[tuple[int, Key]]) -> set[Key]:
        """Return which of the things that are named, and where, belong to the result.

        One that is named alone in the clause, or in all the words, belongs to all results. Of several
        the first belongs to the first, or to as many as stand before, or behind, each of them.

        Examples
        --------
        >>> said = Sentence("5.2 (2.0) and 2.7 (1.9) at rest and at work, respectively", 2.7)
        >>> said.belonging([(27, "rest"), (39, "work")])
        {'work'}
        """
        named = list(named)
        if self.result is None or len({key for _, key in named}) < 2:
            return {key for _, key in named}
        own = [place for place, numbers in self.results if self.result in numbers]
        return {key for place in own for key in self._of(place, named)}

    def _of(self, place: int, named: list[tuple[int, Key]]) -> set[Key]:
        ends = [held.start() for held in CLAUSE.finditer(self._bare)]
        clause = bisect(ends, place)
        here = [pair for pair in named if bisect(ends, pair[0]) == clause]
        results = [at for at, _ in self.results if not here or bisect(ends, at) == clause]
        named = here or named
        if len({key for _, key in named}) == 1:
            return {key for _, key in named}
        count, each, number = len(named), len(results) // len(named), results.index(place)
        passed = [bisect([at for at, _ in named], at) for at in results]
        if passed == [min(n, count) for n in range(len(results))] and (
            number < count or not len(results) % count
        ):
            return {named[number % count][1]}  # 2.7 in A and 3.4 in B, and later 1.8 and 3.1
        owners = [n // max(each, 1) for n in range(len(results))]
        if len(results) % count or (each != 1 and passed not in (owners, [n + 1 for n in owners])):
            return set()
        return {named[owners[number]][1]}

    def beside(self, value: float, *, behind: bool = True) -> bool:
        """Say whether a number is printed with the result: before the next one, or in the same order.

        Examples
        --------
        >>> said = Sentence("2.7 and 3.4 (SD 1.9 and 2.1)", 3.4)
        >>> said.beside(2.1), said.beside(1.9)
        (True, False)
        """
        plain, result = blank(self.plain, COUNTED), self.result
        numbers = numbers_in(plain)
        starts = [place for place, _ in self.results]
        if result is None or result not in numbers or not (behind or starts[1:]):
            return value in numbers
        parts = [numbers_in(plain[start:end]) for start, end in pairwise([*starts, None])] or [numbers]
        own = [number for number, part in enumerate(parts) if result in part]
        apart = not behind or all(len(parts[number]) == 1 for number in own)
        if apart and any(value in held for _, held in self.results):  # as cells: 5.6 1.9 … 0.31
            return value in numbers[numbers.index(result) + 1 if behind else 0 :]
        each, rest = divmod(len(parts[-1]) - 1, len(parts))
        together = all(len(part) == 1 for part in parts[:-1]) and ALSO.search(plain, *starts[-1:])
        if each and not rest and len(parts) > 1 and together:
            listed = parts[-1][1:]
            return any(value in listed[n * each : (n + 1) * each] for n in own if parts[n][0] == result)
        return any(value in (parts[n][parts[n].index(result) + 1 :] if behind else parts[n]) for n in own)
