"""Risk of bias as it is recorded: judgements, facts, and what has neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livingmeta.review.protocol import Review
from livingmeta.review.schema import Bias

OVERALL = "overall"
# Domains in the order of the tools (Higgins 2011, BMJ 343:d5928; Sterne 2019, BMJ 366:l4898); a
# tool's name in risk_of_bias.csv begins with the key.
DOMAINS: dict[str, tuple[str, ...]] = {
    "Cochrane risk of bias tool": (
        "random sequence generation",
        "allocation concealment",
        "blinding of participants and personnel",
        "blinding of outcome assessment",
        "incomplete outcome data",
        "selective reporting",
        "other",
    ),
    "Cochrane RoB 2": (
        "randomisation process",
        "deviations from intended interventions",
        "missing outcome data",
        "measurement of the outcome",
        "selection of the reported result",
        OVERALL,
    ),
    # A checklist (Maher 2003, doi 10.1093/ptj/83.8.713): each is met or not
    "PEDro scale": (
        "eligibility criteria specified",
        "random allocation",
        "concealed allocation",
        "groups similar at baseline",
        "blinding of participants",
        "blinding of therapists",
        "blinding of outcome assessment",
        "adequate follow-up (85%)",
        "intention to treat",
        "between-group comparison",
        "point estimates and variability",
    ),
}
# From best to worst. What has no judgement is no step of this ladder.
SEVERITY = ("low", "unclear", "some concerns", "high")
# What a checklist answers; whether a criterion is met is no judgement of the risk of bias.
ANSWERS = ("yes", "no")
FACTS, NOTHING = "facts", "nothing"
STATES: dict[str, str] = {
    "low": "low risk",
    "unclear": "unclear risk",
    "some concerns": "some concerns",
    "high": "high risk",
    "yes": "criterion met",
    "no": "criterion not met",
    FACTS: "facts recorded, no judgement",
    NOTHING: "nothing recorded",
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One domain of one trial: the judgement, if any was recorded, and what supports it."""

    domain: str
    judgement: str | None  # where several differ, the worst
    rows: tuple[Bias, ...]

    @property
    def state(self) -> str:
        """Key in `STATES`: an empty judgement, or the answer of a checklist, is never one of `SEVERITY`."""
        answers = [row.judgement for row in self.rows if row.judgement in ANSWERS]
        answer = max(answers, key=ANSWERS.index, default=None)
        return self.judgement or answer or (FACTS if self.rows else NOTHING)

    def words(self) -> list[str]:
        """Say judgement, support and source, one line per row."""
        return [
            f"{row.judgement or 'no judgement recorded'} ({row.tool}): {row.support} [{row.source}]"
            for row in self.rows
        ] or [STATES[NOTHING]]


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What is recorded of one trial with one tool, domain by domain."""

    trial: str
    label: str
    tool: str  # key in `DOMAINS`, or the name as it stands in the file
    cells: tuple[Cell, ...]

    @property
    def judged(self) -> int:
        """Count the domains with a judgement, the overall one apart."""
        return sum(cell.judgement is not None for cell in self.domains)

    @property
    def domains(self) -> tuple[Cell, ...]:
        """The cells without the overall one."""
        return tuple(cell for cell in self.cells if cell.domain != OVERALL)

    @property
    def overall(self) -> str | None:
        """Overall judgement: the recorded one, else the worst of domains that are all judged.

        None while a domain has no judgement: what is not judged is not low.
        """
        recorded = next((c.judgement for c in self.cells if c.domain == OVERALL), None)
        return recorded or (self.worst if self.judged == len(self.domains) else None)

    @property
    def shown(self) -> str:
        """Key in `STATES` of the one sign that stands for the trial.

        The overall judgement, else the worst recorded one; but where only some domains are judged
        and those are low, "facts": the trial itself is not judged low.
        """
        if self.overall is not None:
            return self.overall
        return FACTS if self.worst in {None, SEVERITY[0]} else str(self.worst)

    @property
    def worst(self) -> str | None:
        """Worst judgement of any domain, None where none is recorded."""
        return worst(cell.judgement for cell in self.cells)


def worst(judgements: Iterable[str | None]) -> str | None:
    """Return the worst of the recorded judgements, None where there is none.

    Examples
    --------
    >>> worst(["low", None, "unclear"]), worst(["yes", "no"])
    ('unclear', None)
    """
    return max((step for step in judgements if step in SEVERITY), key=SEVERITY.index, default=None)


def assessments(review: Review) -> tuple[Assessment, ...]:
    """Lay out a review's risk_of_bias.csv, one assessment per trial and tool.

    They are in the order of trials.csv; trials without a row are not among them (see `unrecorded`).

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> first = assessments(load_review("smith2017"))[0]
    >>> first.label, first.judged, first.overall
    ('Aasa 2015', 3, None)
    """
    held: dict[str, dict[str, list[Bias]]] = defaultdict(lambda: defaultdict(list))
    for row in review.risk_of_bias:
        tool = next((name for name in DOMAINS if row.tool.startswith(name)), row.tool)
        held[tool][row.trial].append(row)
    return tuple(
        Assessment(
            trial=trial.trial,
            label=trial.label,
            tool=tool,
            cells=_cells(_domains(tool, by_trial), by_trial[trial.trial]),
        )
        for trial in review.trials
        for tool, by_trial in held.items()
        if trial.trial in by_trial
    )


def unrecorded(review: Review) -> tuple[str, ...]:
    """Name the trials of which risk_of_bias.csv holds nothing at all."""
    judged = {row.trial for row in review.risk_of_bias}
    return tuple(trial.label for trial in review.trials if trial.trial not in judged)


def _domains(tool: str, by_trial: Mapping[str, list[Bias]]) -> tuple[str, ...]:
    """Return the tool's domains, then others that its rows name."""
    named = (row.domain for rows in by_trial.values() for row in rows)
    return tuple(dict.fromkeys((*DOMAINS.get(tool, ()), *named)))


def _cells(domains: Iterable[str], rows: list[Bias]) -> tuple[Cell, ...]:
    by_domain = {name: tuple(row for row in rows if row.domain == name) for name in domains}
    return tuple(
        Cell(domain=name, judgement=worst(row.judgement for row in own), rows=own)
        for name, own in by_domain.items()
    )
