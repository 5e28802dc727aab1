"""Many analyses that another program pooled, pooled again and set beside what it printed.

It judges by the verdicts of audit, and stands here because it reads other programs' files: audit,
a floor below, knows none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from livingmeta.audit.results import results_of
from livingmeta.audit.verdicts import Verdict
from livingmeta.exchange.imports import FILES, reviews_in
from livingmeta.review.folder import TEMPLATE, load_review
from livingmeta.review.protocol import Review
from livingmeta.words import RefusalError, number, where

# RevMan Web stops its search for REML before the maximum; percent points of a weight.
STOPS_EARLY = 0.02
EARLY = "RevMan Web's REML stops early"
JUDGED = {"reproduced", "differs"}  # verdicts on numbers that could be compared


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A printed number that ours does not round to; `known` says why, None: nobody knows."""

    place: str
    quantity: str
    printed: str
    ours: float
    size: float
    known: str | None


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """One analysis: how many of its rows and printed numbers ours agree with.

    A row of a review is what one claim of published.csv prints.
    A row agrees if each of its printed numbers that was compared does, or deviates for a known
    reason.
    """

    file: str
    analysis: str
    rows: int = 0  # with a number to compare
    agreeing: int = 0
    compared: Mapping[str, int] = field(default_factory=dict)  # printed numbers by quantity
    equal: Mapping[str, int] = field(default_factory=dict)  # to the last printed digit
    deviations: tuple[Deviation, ...] = ()
    skipped: tuple[str, ...] = ()  # why a number was not compared, one entry for each

    @property
    def unexplained(self) -> tuple[Deviation, ...]:
        """Deviations that nobody can explain."""
        return tuple(deviation for deviation in self.deviations if deviation.known is None)

    @property
    def explained(self) -> Counter[str]:
        """How many deviations each known reason explains."""
        return Counter(deviation.known for deviation in self.deviations if deviation.known)


def summed(analyses: Sequence[Reproduced]) -> Reproduced:
    """Count many analyses as one, of deviations first those that nobody can explain, then the largest."""
    deviations = chain.from_iterable(each.deviations for each in analyses)
    return Reproduced(
        file="",
        analysis=f"{len(analyses):,} analyses",
        rows=sum(each.rows for each in analyses),
        agreeing=sum(each.agreeing for each in analyses),
        compared=sum((Counter(each.compared) for each in analyses), Counter()),
        equal=sum((Counter(each.equal) for each in analyses), Counter()),
        deviations=tuple(sorted(deviations, key=lambda apart: (apart.known is not None, -apart.size))),
        skipped=tuple(chain.from_iterable(each.skipped for each in analyses)),
    )


def sources(folder: Path) -> list[Path]:
    """List the reviews and files in a folder.

    Raises
    ------
    RefusalError
        If there is none.
    """
    paths = [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".")
        and (path.suffix.lower() in FILES or ((path / "review.toml").is_file() and path.name != TEMPLATE))
    ]
    if not paths:
        raise RefusalError(
            f"{folder}: there is no review and no table in this folder. Put review folders, RevMan "
            "files or tables into it."
        )
    return paths


def reproduced(path: Path) -> list[Reproduced]:
    """Pool every analysis of a source again.

    Parameters
    ----------
    path : Path
        A review folder; or a RevMan file, package or export, or a plain table.

    Returns
    -------
    list of Reproduced
        In the order of the source.

    Raises
    ------
    ValueError
        If it can't be read; the message says where and why.
    """
    if path.is_dir():
        return _of_review(load_review(path), path.name)
    loaded, remarks = reviews_in(path)
    analyses = [analysis for review in loaded for analysis in _of_review(review, path.name)]
    left = [Reproduced(file=path.name, analysis="left out", skipped=tuple(remarks))] if remarks else []
    return [*analyses, *left]


def collection(
    folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> tuple[list[Reproduced], dict[str, str]]:
    """Pool every analysis in a folder again.

    Parameters
    ----------
    folder : Path
        It holds review folders, RevMan files, packages or exports, or plain tables.
    progress : callable, optional
        Called with the sources that are done, and their number.

    Returns
    -------
    list of Reproduced, dict of str
        The analyses; and the sources that gave none, with the reason.

    Raises
    ------
    RefusalError
        If the folder holds no source.
    """
    analyses: list[Reproduced] = []
    skipped: dict[str, str] = {}
    listed = sources(folder)
    for place, path in enumerate(listed, start=1):
        try:
            pooled = reproduced(path)
        except ValueError as refusal:
            skipped[path.name] = str(refusal)
        else:
            analyses += pooled
            if not pooled:
                skipped[path.name] = "it prints no number to compare with."
        if progress is not None:
            progress(place, len(listed))
    return analyses, skipped


def _of_review(review: Review, file: str) -> list[Reproduced]:
    results = results_of(review)
    methods = {where(*pool.key): pool.result and pool.result.tau2_method for pool in results.pools}
    about: dict[tuple[str | None, str | None], list[Verdict]] = defaultdict(list)
    for verdict in results.verdicts:
        if verdict.verdict != "not numeric":
            about[verdict.synthesis, verdict.subgroup].append(verdict)
    return [
        _judged(listed, file=file, analysis=where(*key), reml=methods.get(where(*key)) == "REML")
        for key, listed in about.items()
    ]


def _judged(verdicts: Sequence[Verdict], *, file: str, analysis: str, reml: bool) -> Reproduced:
    compared = [verdict for verdict in verdicts if verdict.verdict in JUDGED]
    off = [verdict for verdict in compared if verdict.verdict == "differs" and verdict.recomputed is not None]
    deviations = [
        deviation(
            where(analysis, verdict.trial),
            verdict.quantity,
            verdict.printed,
            verdict.recomputed or 0.0,
            reml=reml,
        )
        for verdict in off
    ]
    failed = {verdict.claim for verdict, apart in zip(off, deviations, strict=True) if apart.known is None}
    rows = {verdict.claim for verdict in compared}
    return Reproduced(
        file=file,
        analysis=analysis,
        rows=len(rows),
        agreeing=len(rows - failed),
        compared=dict(Counter(verdict.quantity for verdict in compared)),
        equal=dict(Counter(verdict.quantity for verdict in compared if verdict.verdict == "reproduced")),
        deviations=tuple(deviations),
        skipped=tuple(
            f"{verdict.verdict}: {verdict.detail}" for verdict in verdicts if verdict.verdict not in JUDGED
        ),
    )


def deviation(place: str, quantity: str, printed: str, ours: float, *, reml: bool) -> Deviation:
    """Measure how far ours is from print, and say why where it is known."""
    size = abs(ours - number(printed).value)
    early = quantity == "weight" and reml and size <= STOPS_EARLY
    return Deviation(
        place=place, quantity=quantity, printed=printed, ours=ours, size=size, known=EARLY if early else None
    )
