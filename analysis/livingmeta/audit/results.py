"""What is computed of a review before anything is said: pools, and the audit of what is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from livingmeta.audit.consistency import ORDINARY, Finding, findings_of
from livingmeta.audit.verdicts import Verdict, verdicts
from livingmeta.language import said, together
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import People
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that the pages about a review show.

    `headline_pools` are what every answer shows; `pools` follow the methods that review.toml
    declares for the authors, with which what was printed is compared. They are the same where the
    review declares no `headline`.
    """

    review: Review
    pools: tuple[Pool, ...]
    headline_pools: tuple[Pool, ...]
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]


def results_of(review: Review) -> Results:
    """Pool a review by its own methods and by those of its headline, and audit what it prints."""
    methods = review.protocol.methods
    pools = headline_pools = synthesise(review)
    if methods.headline is not None:
        pools = synthesise(review, settings=settings_of(methods))
    printed = pools
    if review.parted_by is not None:  # nobody printed these subgroups
        printed = synthesise(replace(review, parted_by=None), settings=settings_of(methods))
    return Results(
        review=review,
        pools=pools,
        headline_pools=headline_pools,
        verdicts=verdicts(review.published, printed),
        findings=findings_of(review, printed),
    )


def printed_k(review: Review, pool: Pool) -> str | None:
    """Return the number of trials that the publication prints for this pool, if it does.

    It is one more than the degrees of freedom of Q.
    """
    about = (claim for claim in review.published if (claim.synthesis, claim.subgroup) == pool.key)
    printed = {claim.quantity: claim for claim in about if claim.trial is None}
    if "k" not in printed and (df := printed.get("q_df")) is not None and df.counted is not None:
        return str(df.counted + 1)
    return printed["k"].printed if "k" in printed else None


def total_people(review: Review) -> int | None:
    """Return the people in the review: as it prints them, else those randomised in its trials."""
    for claim in review.published:
        about = (claim.synthesis, claim.quantity, claim.reading)
        if about == (None, "n", "primary") and claim.counted is not None:
            return claim.counted
    return People.of(trial.n_randomised for trial in review.trials).all


def at_odds(review: Review, synthesis: str, findings: Iterable[Finding]) -> str:
    """Say that the numbers printed for a synthesis contradict each other, or what it would take.

    Empty where they fit, or fit under an assumption that is nothing unusual.
    """
    names = {
        claim.claim
        for claim in review.published
        if claim.synthesis == synthesis and claim.reading == "primary" and not claim.trial
    }
    about = [finding for finding in findings if names & set(finding.claims)]
    if any(finding.kind == "inconsistent" for finding in about):
        return said("published_inconsistent")
    needed = dict.fromkeys(
        chain.from_iterable(finding.only_if for finding in about if not ORDINARY & set(finding.only_if))
    )
    words = together(needed, said("audit.or"))
    return said("published_only_if", assumption=words) if needed else ""
