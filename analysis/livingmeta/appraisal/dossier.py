"""Everything known of a review, each part computed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from livingmeta.appraisal.bias import Assessment, assessments
from livingmeta.appraisal.certainty import SummaryOfFindings, summary_of_findings
from livingmeta.appraisal.choices import unknown_choices
from livingmeta.appraisal.directions import EffectDirections, effect_directions, unpooled
from livingmeta.appraisal.extraction import disagreements
from livingmeta.appraisal.flow import Flow, flow
from livingmeta.appraisal.multiverse import Multiverse, multiverse
from livingmeta.appraisal.scenarios import Sensitivity, sensitivity
from livingmeta.audit.consistency import Finding, doubts
from livingmeta.audit.deduction import Deduction, deduce
from livingmeta.audit.doubts import implausible, shared_rows, undeclarable, uneven
from livingmeta.audit.gaps import KnownGap, known_gaps
from livingmeta.audit.lock import environment, hashes
from livingmeta.audit.results import Results, results_of
from livingmeta.audit.verdicts import Verdict
from livingmeta.engine.methods.patient import important_difference
from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Review
from livingmeta.review.quotes import Proved, proved
from livingmeta.review.schema import Problem
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings, headline_settings
from livingmeta.synthesis.synthesise import synthesise

MOST_LEFT_OUT = 2000  # effects, each left out in turn: of more a page takes a minute


@dataclass(frozen=True, kw_only=True, repr=False)
class Dossier(Shown):
    """All that pages, tables and commands say of a review, asked here and nowhere else.

    Attributes
    ----------
    review : Review
    previous : Review or None
        The review that it extends.
    important : float or None
        Smallest important difference, as `patient.important_difference` takes it.
    per_1000 : float or None
        The same for events, in people per 1,000.
    vas_sd : float or None
        SD by which SMDs are also shown as points on a 0–100 mm scale.

    Examples
    --------
    >>> from livingmeta import load_review
    >>> known = Dossier(review=load_review("smith2017"))
    >>> len(known.pools), [one.main.k for one in known.sensitivity][:2]
    (6, [3, 0])
    >>> known.results is known.results
    True
    """

    review: Review
    previous: Review | None = None
    important: float | None = None
    per_1000: float | None = None
    vas_sd: float | None = None

    def __str__(self) -> str:
        return f"all that is known of {self.review}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        pools = ((pool.name, pool.result) for pool in self.pools)
        return ({"synthesis": name, **(cells(result) if result else {})} for name, result in pools)

    @cached_property
    def settings(self) -> Settings:
        """The methods of the headline."""
        return headline_settings(self.review)

    @cached_property
    def limit(self) -> float | None:
        """The smallest important difference in the unit in which effects are pooled."""
        by = self.settings
        return important_difference(self.important, measure=by.measure, label=by.label, vas_sd=self.vas_sd)

    @cached_property
    def results(self) -> Results:
        """Pools by the headline's methods and by those assumed for the authors, audited."""
        return results_of(self.review)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools by the methods of the headline."""
        return self.results.headline_pools

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Printed numbers beside those recomputed."""
        return self.results.verdicts

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Printed numbers that can't all be right."""
        return self.results.findings

    @cached_property
    def deductions(self) -> tuple[Deduction, ...]:
        """What printed pooled results say of the trials behind them."""
        return deduce(self.review)

    @cached_property
    def sensitivity(self) -> tuple[Sensitivity, ...]:
        """Each synthesis under other defensible choices, one at a time.

        Of more effects than `MOST_LEFT_OUT` none is left out in turn: `sensitivity` does that.
        """
        return sensitivity(self.review, most=MOST_LEFT_OUT)

    @cached_property
    def multiverse(self) -> tuple[Multiverse, ...]:
        """Each synthesis under all combinations of the declared choices; empty without any."""
        return multiverse(self.review) if self.review.protocol.choice else ()

    @cached_property
    def certainty(self) -> tuple[SummaryOfFindings, ...]:
        """What is suggested and judged of the certainty of each synthesis."""
        return summary_of_findings(
            self.review,
            pools=self.pools,
            settings=self.settings,
            important=self.limit,
            per_1000=self.per_1000,
        )

    @cached_property
    def directions(self) -> tuple[EffectDirections, ...]:
        """What each report says, of every synthesis."""
        return effect_directions(self.review, pools=self.pools)

    @property
    def unpooled(self) -> tuple[EffectDirections, ...]:
        """The same of the syntheses without a pooled value to read."""
        bare = {pool.synthesis for pool in self.pools if unpooled(pool)}
        return tuple(table for table in self.directions if table.synthesis in bare)

    @cached_property
    def flow(self) -> Flow:
        """The flow of records, as far as it is printed or declared."""
        return flow(self.review, previous=self.previous)

    @cached_property
    def bias(self) -> tuple[Assessment, ...]:
        """The risk of bias of each trial as recorded."""
        return tuple(assessments(self.review))

    @cached_property
    def gaps(self) -> tuple[KnownGap, ...]:
        """What was measured and is not here, and what it would add."""
        return tuple(known_gaps(self.review))

    @cached_property
    def proved(self) -> Proved | None:
        """How many quotes were found in their papers; None where none was ever held against one."""
        return proved(self.review)

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """The hash of each file of the review."""
        return hashes(self.review)

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The versions that all of this was computed with."""
        return environment()


def all_problems(review: Review, of_files: Iterable[Problem]) -> list[Problem]:
    """Add to what is wrong with a review's files what is wrong with its methods and choices.

    Where nothing is wrong at all, what is doubtful in its numbers stands there, too.
    """
    problems = [*of_files, *undeclarable(review), *unknown_choices(review)]
    if any(problem.severity == "error" for problem in problems):
        return problems
    pools = [(pool.synthesis, pool.effects) for pool in synthesise(review)]
    apart = (pair.problem(i) for i, pair in enumerate(disagreements(review), start=1))
    limits = uneven(dict.fromkeys(effect for _, effects in pools for effect in effects))
    doubtful = (*implausible(review), *limits, *doubts(review.outcomes), *shared_rows(review, pools))
    return [*problems, *doubtful, *apart]
