"""Published numbers against recomputed ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from livingmeta.audit.consistency import Finding, Held, findings_of, held_sizes
from livingmeta.engine.effect_sizes import on_scale
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import SLACK, Number, count, quantity_name, shown_as, where

Judgement = Literal["reproduced", "differs", "partial", "not computable", "not numeric"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one claim; `recomputed` is None where there is nothing to compare."""

    claim: str
    synthesis: str | None
    trial: str | None
    subgroup: str | None
    quantity: str
    printed: str
    recomputed: float | None
    verdict: Judgement
    detail: str
    reading: str


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A review's claims with their verdicts, and what does not fit together."""

    claims: tuple[Verdict, ...]
    findings: tuple[Finding, ...]


def reproduce(review: Review) -> Reproduction:
    """Pool a review by its own methods and audit what it printed.

    Parameters
    ----------
    review : Review
        As `load_review` returns it.

    Returns
    -------
    Reproduction
        What `verdicts` and `consistency.findings` say.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> result = reproduce(load_review("smith2017"))
    >>> sorted({claim.verdict for claim in result.claims})
    ['not computable', 'not numeric', 'partial']
    """
    pools = synthesise(review, settings=settings_of(review.protocol.methods))
    return Reproduction(claims=verdicts(review.published, pools), findings=findings_of(review, pools))


_NOT_NUMERIC = {
    "text": "a statement in words",
    "certainty": "a judgement in words",
    "count": "a count that no pool gives",
}
_WHY_DIFFERENT = {
    "estimate": "rounding of the inputs, other rows or another standardiser",
    "n": "other rows or people lost to follow-up",
    "weight": "another tau², another variance formula or other rows",
}
_ON_SCALE = ("estimate", "ci_low", "ci_high")
_FIELDS = {
    "estimate": "estimate",
    "ci_low": "ci_low",
    "ci_high": "ci_high",
    "p": "p_value",
    "z": "statistic",
    "q": "q",
    "tau2": "tau2",
    "i2": "i2",
    "k": "k",
}


def verdicts(claims: Sequence[Claim], pools: Sequence[Pool]) -> tuple[Verdict, ...]:
    """Set each printed claim beside what the data give today.

    A number is `reproduced` if the recomputed one lies within half a unit of its last printed
    digit (plus 1e-9), else it `differs`.
    Of a pool, or of a weight in it, either is said only if the publication prints how many
    trials it held, as many are pooled here, and none is missing; otherwise the verdict is
    `partial`, however close the numbers are.
    So it is for everything in a review whose membership is inferred, and for pooled numbers
    known at second hand.

    Parameters
    ----------
    claims : sequence of Claim
        Rows of one review's published.csv.
    pools : sequence of Pool
        That review's syntheses and subgroups.

    Returns
    -------
    tuple of Verdict
        One per claim, in the order of the claims.

    Examples
    --------
    >>> from livingmeta.review.schema import Claim
    >>> claim = Claim(file="published.csv", row=2, claim="flow", quantity="n", printed="385",
    ...               where="Abstract", source="smith2017", reading="primary")
    >>> verdict, = verdicts([claim], [])
    >>> print(verdict.verdict, verdict.detail, sep=": ")
    not numeric: a count of the review as a whole
    """
    flagged = ((p.review, flags) for p in pools for flags in (p.flags, *(e.flags for e in p.effects)))
    inferred = {review for review, flags in flagged if "membership_inferred" in flags}
    held = held_sizes(claims)
    ours: dict[str, list[Pool]] = defaultdict(list)
    for pool in pools:
        ours[pool.synthesis].append(pool)
    return tuple(
        Verdict(
            claim=c.claim,
            synthesis=c.synthesis,
            trial=c.trial,
            subgroup=c.subgroup,
            quantity=c.quantity,
            printed=c.printed,
            reading=c.reading,
            recomputed=recomputed,
            verdict=verdict,
            detail=detail,
        )
        for c in claims
        for verdict, detail, recomputed in [_judge(c, ours[c.synthesis or ""], inferred, held)]
    )


def _judge(
    claim: Claim, pools: Sequence[Pool], inferred: set[str], held: Held
) -> tuple[Judgement, str, float | None]:
    if claim.quantity in _NOT_NUMERIC:
        return "not numeric", _NOT_NUMERIC[claim.quantity], None
    if claim.synthesis is None and claim.quantity in {"k", "n"}:
        return "not numeric", "a count of the review as a whole", None
    if claim.number is None:
        return "not numeric", "printed in words", None
    pool, recomputed, why = (_of_trial if claim.trial else _of_pool)(claim, pools)
    second = "secondary source: compare, never reproduce towards it"
    secondary = [second] if claim.trial is None and claim.reading == "secondary" else []
    if pool is None or recomputed is None:
        return "not computable", "; ".join([why, *secondary]), None
    doubts = []
    if claim.trial is None or claim.quantity == "weight":
        doubts += _undocumented(pool, held)
    if pool.review in inferred:
        doubts.append("which trials the review held is inferred")
    doubts += secondary
    if doubts:
        return "partial", "; ".join(doubts), recomputed
    return *_compared(claim.number, claim, recomputed), recomputed


def _of_pool(claim: Claim, pools: Sequence[Pool]) -> tuple[Pool | None, float | None, str]:
    pool = next((p for p in pools if p.subgroup == claim.subgroup), None)
    if pool is None:
        return None, None, f"no pool here for {where(claim.synthesis, claim.subgroup)}"
    if pool.result is None:
        return pool, None, pool.why_not or "no trial has usable numbers"
    if claim.quantity == "weight":
        return pool, None, "the claim does not say which trial has this weight"
    if claim.quantity == "n":
        return pool, pool.people.all, "the arm sizes of a trial are not known"
    value = getattr(pool.result, _FIELDS[claim.quantity])
    if claim.quantity == "i2":
        value = pool.i2
    if claim.quantity in _ON_SCALE and value is not None:
        value = on_scale(pool.measure, value)
    return (
        pool,
        value,
        f"{quantity_name(claim.quantity)} is not defined for k = {pool.result.k} or this method",
    )


def _of_trial(claim: Claim, pools: Sequence[Pool]) -> tuple[Pool | None, float | None, str]:
    own_first = sorted(pools, key=lambda pool: pool.subgroup != claim.subgroup)
    for pool in own_first:
        rows = [
            i
            for i, effect in enumerate(pool.effects)
            if effect.trial == claim.trial
            and claim.subgroup in {None, pool.subgroup, effect.subgroup}
            and claim.contrast in {None, effect.contrast}
        ]
        if len(rows) > 1:
            return pool, None, "the trial gives several comparisons; the claim does not say which"
        if rows:
            value = _of_row(claim.quantity, pool, rows[0])
            return (pool, value, f"{quantity_name(claim.quantity)} is not known for a single trial here")
    for pool in own_first:
        reasons = {one.trial: one.why for one in pool.dropped}
        reasons |= {one.trial: f"missing here: {one.what}" for one in pool.missing}
        if claim.trial in reasons:
            return pool, None, reasons[claim.trial]
    return None, None, "no usable numbers of this trial here"


def _of_row(quantity: str, pool: Pool, i: int) -> float | None:
    effect = pool.effects[i]
    values = {
        "estimate": on_scale(effect.measure, effect.yi),
        "ci_low": on_scale(effect.measure, effect.ci_low),
        "ci_high": on_scale(effect.measure, effect.ci_high),
    }
    if quantity == "weight" and pool.result is not None:
        return pool.weights[i]
    return people_of([effect]).all if quantity == "n" else values.get(quantity)


def _undocumented(pool: Pool, held: Held) -> list[str]:
    numbers, weighted = held.get(pool.key, (set(), []))
    k, missing = len(pool.effects), len(pool.missing)
    same_trials = sorted(weighted) == sorted(effect.trial for effect in pool.effects)
    if not missing and (numbers == {k} or (not numbers and same_trials)):
        return []
    known = " or ".join(count(n) for n in sorted(numbers or {len(weighted)} - {0}))
    theirs = f"the review pooled {known}" if known else "how many trials the review pooled is not known"
    return [f"{k} pooled, {missing} measured but missing here; {theirs}"]


def _compared(printed: Number, claim: Claim, recomputed: float) -> tuple[Judgement, str]:
    if claim.quantity == "z" and printed.value >= 0:
        recomputed = abs(recomputed)  # RevMan prints Z without its sign
    low, high = printed.span
    shown = f"recomputed {shown_as(recomputed, printed.half, more=2)}"
    if low - SLACK <= recomputed <= high + SLACK:
        return "reproduced", f"{shown}, equal to the last printed digit"
    if abs(recomputed + printed.value) <= printed.half + SLACK:
        return "differs", f"{shown}, the printed value with its sign turned; a scale's direction"
    gap = recomputed - printed.value
    size = f"{float(f'{abs(gap):.2g}'):g} {'above' if gap > 0 else 'below'} the printed value"
    fallback = "rounding of the inputs, another variance formula or other rows"
    why = _WHY_DIFFERENT.get(claim.quantity, fallback)
    return "differs", f"{shown}, {size}; {why} could explain it"
