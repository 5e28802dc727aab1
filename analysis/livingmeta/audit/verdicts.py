"""Published numbers against recomputed ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scipy.special import ndtri

from livingmeta.audit.consistency import INTERVAL, LIMITS, Finding, Held, findings_of, held_sizes, subject
from livingmeta.engine.measures import on_scale
from livingmeta.language import Own, Said, said, together
from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import SLACK, Number, Numeral, count, shown_as

VerdictName = Literal["reproduced", "differs", "partial", "not computable", "not numeric"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Verdict(Shown):
    """What became of one claim; `recomputed` is None where there is nothing to compare."""

    claim: str
    synthesis: str | None
    trial: str | None
    subgroup: str | None
    quantity: str
    printed: str
    recomputed: float | None
    verdict: VerdictName
    detail: Said
    reading: str

    def __str__(self) -> str:
        return f"{self.claim}, {self.quantity} {self.printed}: {self.verdict}. {self.detail}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Audited(Shown):
    """A review's claims with their verdicts, and what does not fit together."""

    claims: tuple[Verdict, ...]
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        counts = Counter(claim.verdict for claim in self.claims)
        tally = ", ".join(f"{n} {name}" for name, n in counts.items()) or "no printed numbers"
        return f"{tally}; {len(self.findings)} findings"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the claims."""
        return map(cells, self.claims)


def reproduce(review: Review) -> Audited:
    """Pool a review by its own methods and audit what it printed.

    Parameters
    ----------
    review : Review
        As `load_review` returns it.

    Returns
    -------
    Audited
        What `verdicts` and `consistency.findings` say.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> result = reproduce(load_review("smith2017"))
    >>> sorted({claim.verdict for claim in result.claims})
    ['not computable', 'not numeric', 'partial']
    """
    pools = synthesise(review, settings=settings_of(review.protocol.methods))
    return Audited(claims=verdicts(review.published, pools), findings=findings_of(review, pools))


_FIELDS = {"p": "p_value", "z": "statistic", "t": "statistic"}  # where a quantity's name is another
UNSIGNED = {"z", "t"}  # RevMan prints them without their sign
BETWEEN = "between_"  # begins the quantities of a test for subgroup differences
ON_SCALE = {*INTERVAL, "pi_low", "pi_high"}


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
    listed = []
    for claim in claims:
        own = [pool for pool in pools if pool.synthesis == claim.synthesis]
        verdict, detail, recomputed = _judge(claim, own, inferred, held)
        of_claim = {name: getattr(claim, name) for name in _OF_CLAIM}
        listed.append(Verdict(**of_claim, recomputed=recomputed, verdict=verdict, detail=detail))
    return tuple(listed)


_OF_CLAIM = ("claim", "synthesis", "trial", "subgroup", "quantity", "printed", "reading")


def _judge(
    claim: Claim, pools: Sequence[Pool], inferred: set[str], held: Held
) -> tuple[VerdictName, Said, float | None]:
    if claim.quantity in {"text", "certainty", "count"}:
        return "not numeric", said(f"verdict.{claim.quantity}"), None
    if claim.synthesis is None and claim.quantity in {"k", "n"}:
        return "not numeric", said("verdict.of_review"), None
    if claim.number is None:
        return "not numeric", said("verdict.in_words"), None
    pool, recomputed, why = (_of_trial if claim.trial else _of_pool)(claim, pools)
    second = claim.trial is None and claim.reading == "secondary"
    secondary = [said("verdict.secondary")] if second else []
    if pool is None or recomputed is None:
        return "not computable", together([why, *secondary]), None
    if claim.quantity in UNSIGNED and claim.number.value >= 0:
        recomputed = abs(recomputed)
    doubts = []
    if claim.trial is None or claim.quantity == "weight":
        doubts += _undocumented(pool, held)
    if pool.review in inferred:
        doubts.append(said("verdict.inferred"))
    doubts += secondary
    if doubts:
        return "partial", together(doubts), recomputed
    return *_compared(claim.number, claim, recomputed), recomputed


def _of_pool(claim: Claim, pools: Sequence[Pool]) -> tuple[Pool | None, float | None, str]:
    pool = next((p for p in pools if p.subgroup == claim.subgroup), None)
    if pool is None and claim.quantity.startswith(BETWEEN):  # without a total it stands with a subgroup
        pool = next((p for p in pools if p.subgroup_test is not None), None)
    if pool is None:
        return None, None, said("verdict.no_pool", about=subject(claim.synthesis, claim.subgroup))
    if pool.result is None:
        return pool, None, pool.why_not or ""
    if claim.quantity == "weight":
        whole = sum(pool.weights) if claim.subgroup else None
        return pool, whole, said("verdict.weight_of_whom")
    if claim.quantity == "n":
        return pool, pool.people.all, said("verdict.sizes")
    of: Any = pool if claim.quantity == "i2" else pool.result
    if claim.quantity.startswith(BETWEEN):
        of = next((p.subgroup_test for p in reversed(pools) if p.subgroup_test is not None), None)
    field = claim.quantity.removeprefix(BETWEEN)
    value = getattr(of, _FIELDS.get(field, field), None)
    if claim.quantity in ON_SCALE and value is not None:
        value = on_scale(pool.measure, value)
    name = said(f"quantity.{claim.quantity}")
    return pool, value, said("verdict.undefined", quantity=name, k=pool.result.k)


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
            return pool, None, said("verdict.several")
        if rows:
            value = _of_row(claim, pool, rows[0])
            name = said(f"quantity.{claim.quantity}")
            return pool, value, said("verdict.not_of_trial", quantity=name)
    for pool in own_first:
        reasons: dict[str | None, str] = {left.trial: left.why for left in pool.dropped}
        reasons |= {gap.trial: said("verdict.missing", what=Own(gap.what)) for gap in pool.missing}
        if claim.trial in reasons:
            return pool, None, reasons[claim.trial]
    return None, None, said("verdict.none_of_trial")


def _of_row(claim: Claim, pool: Pool, i: int) -> float | None:
    effect, quantity = pool.effects[i], claim.quantity
    if quantity == "weight" and pool.result is not None:
        return pool.weights[i]
    if quantity in INTERVAL:
        value = effect.yi if quantity == "estimate" else getattr(effect, quantity)
        level = pool.result.level if pool.result else None
        if quantity in LIMITS and claim.ci_level and level and abs(level - claim.ci_level / 100) > SLACK:
            reach = float(ndtri(0.5 + claim.ci_level / 200)) * effect.vi**0.5
            value = effect.yi + (reach if quantity == "ci_high" else -reach)
        return on_scale(effect.measure, value)
    return people_of([effect]).all if quantity == "n" else None


def _undocumented(pool: Pool, held: Held) -> list[Said]:
    numbers, weighted = held.get(pool.key, (set(), []))
    k, missing = len(pool.effects), len(pool.missing)
    same_trials = sorted(weighted) == sorted(effect.trial for effect in pool.effects)
    if not missing and (numbers == {k} or (not numbers and same_trials)):
        return []
    sizes = [count(n) for n in sorted(numbers or {len(weighted)} - {0})]
    theirs = said("verdict.k_unknown")
    if sizes:
        theirs = said("verdict.they_pooled", k=together(sizes, said("audit.or")))
    return [said("verdict.pooled", k=k, missing=missing), theirs]


def _compared(printed: Number, claim: Claim, recomputed: float) -> tuple[VerdictName, Said]:
    low, high = printed.span
    shown = Numeral(shown_as(recomputed, printed.half, more=2))
    if low - SLACK <= recomputed <= high + SLACK:
        return "reproduced", said("verdict.equal", value=shown)
    if abs(recomputed + printed.value) <= printed.half + SLACK:
        return "differs", said("verdict.turned", value=shown)
    gap = recomputed - printed.value
    kind = claim.quantity if claim.quantity in {"estimate", "n", "weight"} else "number"
    return "differs", said(
        "verdict.above" if gap > 0 else "verdict.below",
        value=shown,
        gap=Numeral(f"{float(f'{abs(gap):.2g}'):g}"),
        why=said(f"verdict.other_{kind}"),
    )
