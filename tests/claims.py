"""Builds claims, effects and pools for the tests of the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from livingmeta.audit.consistency import Finding
from livingmeta.audit.verdicts import Verdict, verdicts
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Missing, Pool


def built(kind: type[Any], **given: Any) -> Any:
    return kind(**{field.name: None for field in fields(kind)} | given)


def effect(trial: str, *, yi: float = -0.2, flags: tuple[str, ...] = (), **more: Any) -> Effect:
    known = {"yi": yi, "vi": 0.04, "ci_low": yi - 0.392, "ci_high": yi + 0.392, "n1": 50, "n2": 50}
    known["arms"] = ((), ())
    return built(Effect, trial=trial, flags=flags, **(known | more))  # type: ignore[no-any-return]


def pooled(
    *effects: Effect,
    missing: Sequence[str] = (),
    why_not: str | None = None,
    synthesis: str = "pain-short",
    subgroup: str | None = None,
    measure: str = "SMD",
    **result: Any,
) -> Pool:
    given = {"k": len(effects), "estimate": -0.2, "ci_low": -0.4, "ci_high": 0.0, "flags": ()}
    given["weights"] = tuple(100 / len(effects) for _ in effects)
    estimate = built(PooledEstimate, **(given | result)) if effects and not why_not else None
    return built(  # type: ignore[no-any-return]
        Pool,
        review="r",
        synthesis=synthesis,
        subgroup=subgroup,
        measure=measure,
        effects=effects,
        result=estimate,
        why_not=why_not,
        flags=(),
        dropped=(),
        missing=tuple(built(Missing, trial=trial, what="VAS") for trial in missing),
        sensitivity_only=(),
        siblings=(),
    )


def claims(
    key: str = "main",
    *,
    synthesis: str | None = "pain-short",
    trial: str | None = None,
    subgroup: str | None = None,
    source: str = "paper",
    reading: str = "primary",
    ci_level: float | None = None,
    ci_basis: str | None = None,
    **printed: str,
) -> list[Claim]:
    return [
        Claim.model_validate(
            {
                "file": "published.csv",
                "row": row,
                "claim": key,
                "synthesis": synthesis,
                "trial": trial,
                "subgroup": subgroup,
                "quantity": quantity,
                "printed": text,
                "where": "Abstract",
                "source": source,
                "reading": reading,
                "ci_level": ci_level,
                "ci_basis": ci_basis,
            }
        )
        for row, (quantity, text) in enumerate(printed.items(), start=2)
    ]


def verdict_on(rows: list[Claim], *pools: Pool) -> Verdict:
    return verdicts(rows, pools)[0]


def kinds(found: Sequence[Finding]) -> list[str]:
    return [finding.kind for finding in found]


ABSTRACT = claims(
    "abstract", source="abstract", estimate="-0.27", ci_low="-0.54", ci_high="-0.05"
)  # doi 10.1136/bjsports-2016-097383


def printing(review: Review, claim: str, *, like: str = "estimate", **numbers: str) -> Review:
    """Print other numbers of one claim of a review; quantities that are not given are left out.

    `like` is a quantity that it has: its row says where the numbers stand.
    """
    first = next(row for row in review.published if row.claim == claim and row.quantity == like)
    rows = [first.model_copy(update={"quantity": name, "printed": text}) for name, text in numbers.items()]
    return replace(review, published=(*(row for row in review.published if row.claim != claim), *rows))
