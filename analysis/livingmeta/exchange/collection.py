"""Many analyses that another program pooled, pooled again and set beside what it printed.

It judges by the verdicts of audit, and stands here because it reads other programs' files: audit,
a floor below, knows none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product
from pathlib import Path

import numpy as np

from livingmeta.audit.consistency import CHI2_ERROR
from livingmeta.audit.results import Results, results_of
from livingmeta.audit.verdicts import BETWEEN, Verdict
from livingmeta.audit.verdicts import verdicts as verdicts_on
from livingmeta.engine.pooling import pool as pool_of
from livingmeta.engine.pooling import subgroup_test
from livingmeta.exchange.imports import FILES, reviews_in
from livingmeta.language import said
from livingmeta.review.folder import TEMPLATE, load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim
from livingmeta.synthesis.derivation import yi_vi
from livingmeta.synthesis.pool import Pool, SubgroupTest
from livingmeta.words import SLACK, RefusalError, number, where

# RevMan Web stops its search for REML before the maximum, at a τ² by which no weight is further off
# than this, in percent points: as was measured of weights in 591 of its reviews.
STOPS_EARLY = 0.02
EARLY = "to RevMan Web's own tolerance: its REML stops early"
# An export rounds effects that come computed to eight decimals, and what is pooled of them as well.
ROUNDING = 1e-6
MOST_PARTS = 8  # subgroups of which each combination of τ² is tried
ROUNDED = "within the rounding of the effects that the file gives"
CHI2 = "to RevMan 5's approximation of the chi-squared distribution"
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
    why: str | None = None  # what speaks against the printed number itself


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
    several = len({each.file for each in analyses}) > 1
    deviations = [
        replace(apart, place=f"{each.file}, {apart.place}") if several else apart
        for each in analyses
        for apart in each.deviations
    ]
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
        return judged([load_review(path)], (), file=path.name)
    loaded, remarks = reviews_in(path)
    return judged(loaded, remarks, file=path.name)


def judged(reviews: Iterable[Review], remarks: Sequence[str], *, file: str) -> list[Reproduced]:
    """Set beside print each analysis of the reviews that a source makes, and keep what it left out."""
    analyses = [analysis for review in reviews for analysis in of_results(results_of(review), file=file)]
    left = [Reproduced(file=file, analysis="left out", skipped=tuple(remarks))] if remarks else []
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


def of_results(results: Results, *, file: str) -> list[Reproduced]:
    """Count for each analysis of a review what agrees, and say of the rest why, where it is known."""
    pools = {where(*pool.key): pool for pool in results.pools}
    at_odds: dict[str, list[str]] = defaultdict(list)
    for finding in results.findings:
        for claim in finding.claims if finding.kind == "inconsistent" else ():
            at_odds[claim].append(finding.detail)
    about: dict[tuple[str | None, str | None], list[tuple[Claim, Verdict]]] = defaultdict(list)
    for printed, verdict in zip(results.review.published, results.verdicts, strict=True):
        if verdict.verdict != "not numeric":
            about[verdict.synthesis, verdict.subgroup].append((printed, verdict))
    return [
        _judged(
            listed,
            file=file,
            analysis=where(*key),
            pool=pools.get(where(*key)),
            parts=[pool for pool in results.pools if pool.synthesis == key[0] and pool.subgroup],
            at_odds=at_odds,
        )
        for key, listed in about.items()
    ]


def _judged(
    listed: Sequence[tuple[Claim, Verdict]],
    *,
    file: str,
    analysis: str,
    pool: Pool | None,
    parts: Sequence[Pool],
    at_odds: Mapping[str, Sequence[str]],
) -> Reproduced:
    compared = [verdict for _, verdict in listed if verdict.verdict in JUDGED]
    off = [(claim, verdict) for claim, verdict in listed if verdict.verdict == "differs"]
    deviations = [_apart(*pair, analysis=analysis, pool=pool, parts=parts, at_odds=at_odds) for pair in off]
    failed = {claim.claim for (claim, _), apart in zip(off, deviations, strict=True) if apart.known is None}
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
            f"{verdict.verdict}: {verdict.detail}" for _, verdict in listed if verdict.verdict not in JUDGED
        ),
    )


def _apart(
    claim: Claim,
    verdict: Verdict,
    *,
    analysis: str,
    pool: Pool | None,
    parts: Sequence[Pool],
    at_odds: Mapping[str, Sequence[str]],
) -> Deviation:
    """Say how far a number is from print, and why, as far as that is known."""
    ours = verdict.recomputed or 0.0
    pool = pool or next(iter(parts), None)  # of a test where no total is pooled
    reml = pool is not None and pool.result is not None and pool.result.tau2_method == "REML"
    place = where(analysis, verdict.trial, claim.contrast)
    apart = deviation(place, verdict.quantity, verdict.printed, ours, reml=reml)
    if apart.known or pool is None:
        return apart
    if reml and verdict.trial is None:
        of_test = verdict.quantity.startswith(BETWEEN)
        ends = _tests_early(pool, parts) if of_test else _stopped_early(pool)
        # a subtotal's weight is the sum of those of its rows
        of_rows = verdict.quantity == "weight" and apart.size <= STOPS_EARLY * len(pool.effects)
        if of_rows or _between(claim, ends):
            return replace(apart, known=EARLY)
    computed = all(row.group == "difference" for effect in pool.effects for row in effect.rows)
    if computed and apart.size <= ROUNDING * max(1.0, abs(ours)):
        return replace(apart, known=ROUNDED)
    against = (words for words in at_odds.get(verdict.claim, ()) if verdict.printed in words)
    return replace(apart, why=next((_misfit(words) for words in against), None))


def _misfit(finding: str) -> str:
    """Return what does not fit of a finding, without its place before and its verdict behind."""
    return finding.partition(": ")[2].rpartition(". ")[0] or finding


def _tests_early(pool: Pool, parts: Sequence[Pool]) -> list[Pool]:
    """Return a pool with each test for subgroup differences of subgroups whose τ² is any such one."""
    ends = [_stopped_early(part, ci="wald") for part in parts[:MOST_PARTS] if part.result is not None]
    tests = []
    for chosen in product(*ends):
        made = [part.result for part in chosen if part.result is not None]
        q, df, p = subgroup_test([one.estimate for one in made], [one.se for one in made])
        tests.append(replace(pool, subgroup_test=SubgroupTest(q=q, df=df, p_value=p)))
    return tests


def _stopped_early(pool: Pool, *, ci: str | None = None) -> list[Pool]:
    """Return a pool at the least and the greatest τ² at which a search that stops early may end."""
    result = pool.result
    if result is not None and result.tau2 is None:  # of one trial
        return [pool]
    assert result is not None
    assert result.tau2 is not None
    yi, vi = map(np.array, yi_vi(pool.effects))

    def near(tau2: float) -> bool:
        weights = 1 / (vi + tau2)
        return bool(abs(100 * weights / weights.sum() - result.weights).max() <= STOPS_EARLY)

    ends = []
    for end in (0.0, 2 * result.tau2 + vi.max()):
        inside, outside = result.tau2, end
        while abs(outside - inside) > 1e-9 * (outside + inside):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if near(middle) else (inside, middle)
        at = pool_of(
            yi,
            vi,
            tau2=inside,
            ci=ci or result.ci_method,
            prediction=result.pi_method or "none",
            level=result.level,
            measure=result.measure,
        )
        ends.append(replace(pool, result=at))
    return ends


def _between(claim: Claim, ends: Sequence[Pool]) -> bool:
    """Say whether a printed number lies between what it is in two pools."""
    values = [verdict.recomputed for end in ends for verdict in verdicts_on([claim], [end])]
    if claim.number is None or None in values:
        return False
    known = [value for value in values if value is not None]
    low, high = claim.number.span
    return low <= max(known) + SLACK and high >= min(known) - SLACK


def deviation(place: str, quantity: str, printed: str, ours: float, *, reml: bool) -> Deviation:
    """Measure how far ours is from print, and say why where it is known."""
    size = abs(ours - number(printed).value)
    known = EARLY if quantity == "weight" and reml and size <= STOPS_EARLY else None
    if quantity in {"q_p", "between_p"} and size <= CHI2_ERROR:
        known = CHI2
    return Deviation(place=place, quantity=quantity, printed=printed, ours=ours, size=size, known=known)


def summary(whole: Reproduced, *, most: int | None = None) -> str:
    """Say in one line what agrees to the last digit, what for a reason not quite, and all the rest.

    Of the rest `most` are named, by default all; what could not be compared is counted by its reason.
    """
    compared, equal = (sum(counted.values()) for counted in (whole.compared, whole.equal))
    parts = [f"{equal:,} of {compared:,} printed numbers agree to the last digit"]
    parts += [f"{number:,} more {reason}" for reason, number in sorted(whole.explained.items())]
    others = whole.unexplained
    shown = others if most is None else others[:most]
    named = [
        f"{apart.place}: {said(f'quantity.{apart.quantity}')} printed {apart.printed}, ours {apart.ours:.6g} "
        f"({apart.why or 'no reason is known'})"
        for apart in shown
    ]
    more = [f"and {len(others) - len(shown):,} more: --full"] if len(others) > len(shown) else []
    verb = "differs" if len(others) == 1 else "differ"
    parts.append(f"{len(others):,} {verb}: {'; '.join([*named, *more])}" if others else "")
    for reason, times in Counter(whole.skipped).most_common(most):
        often = "" if times == 1 else f" {times:,} times"
        parts.append(f"not compared{often}: {reason}".rstrip("."))
    return f"{'; '.join(filter(None, parts))}." if compared or whole.skipped else "It prints no number."
