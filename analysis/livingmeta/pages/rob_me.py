"""What ROB-ME asks of a synthesis, laid out: which results are missing, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.engine.methods.small_study import ENOUGH_FOR_FUNNEL
from livingmeta.language import ENGLISH, Language
from livingmeta.pages.phrases import interval
from livingmeta.review.protocol import Judgement, Review, fits
from livingmeta.review.schema import Trial
from livingmeta.synthesis.dependence import People

AVAILABLE = "available"
SENSITIVITY = "available only for sensitivity analyses"
UNUSABLE = "measured but not usable"
UNKNOWN = "not known whether measured"


@dataclass(frozen=True, kw_only=True)
class Availability:
    """One trial's result for a synthesis: whether it is here, why not, and what shows that."""

    trial: str
    label: str
    n_randomised: int | None
    status: str
    reason: str
    source: str | None


@dataclass(frozen=True, kw_only=True)
class MissingEvidence:
    """One synthesis as ROB-ME looks at it; the judgement is a person's, and empty without one."""

    synthesis: str
    title: str
    matrix: tuple[Availability, ...]
    facts: tuple[tuple[str, str], ...]  # what is asked, and what is known of it here
    judgements: tuple[Judgement, ...]


def rob_me(review: Review, analyses: Sequence[Sensitivity]) -> tuple[MissingEvidence, ...]:
    """Lay out the risk of bias due to missing evidence, synthesis by synthesis.

    The matrix is ROB-ME's second step, with two differences: whether a result is absent because of
    its P value, size or direction is not decided here, and "not usable" means not usable with what
    the review has read. The facts are those that the signalling questions of its fourth step ask
    for, in our words and numbered as there; they answer no question, and none gives a judgement.

    Parameters
    ----------
    review : Review
    analyses : sequence of Sensitivity
        What `scenarios.sensitivity` gives for it.

    Returns
    -------
    tuple of MissingEvidence

    References
    ----------
    Page MJ, Sterne JAC, Boutron I, et al. ROB-ME: a tool for assessing risk of bias due to missing
    evidence in systematic reviews with meta-analysis. BMJ 2023;383:e076754.
    """
    parts: dict[str, list[Sensitivity]] = {}
    for analysis in analyses:
        parts.setdefault(analysis.main.synthesis, []).append(analysis)
    return tuple(_laid_out(review, listed) for listed in parts.values())


def _laid_out(review: Review, parts: list[Sensitivity]) -> MissingEvidence:
    pool = parts[-1].main
    matrix = tuple(_availability(review, trial, parts) for trial in review.trials)
    return MissingEvidence(
        synthesis=pool.synthesis,
        title=pool.title,
        matrix=matrix,
        facts=_facts(review, matrix, parts),
        judgements=tuple(
            judgement
            for judgement in review.protocol.judgement
            if (judgement.synthesis, judgement.about) == (pool.synthesis, "missing evidence")
        ),
    )


def _availability(review: Review, trial: Trial, parts: list[Sensitivity]) -> Availability:
    pool, plan = parts[-1].main, review.plan(parts[-1].main.synthesis)
    effect = next((e for p in parts for e in p.main.effects if e.trial == trial.trial), None)
    held = {left.trial: left.why for left in (*pool.sensitivity_only, *pool.dropped)}
    rows = [r for r in review.outcomes if r.trial == trial.trial and not fits(review, plan, r)]
    gaps = [g for g in review.gaps if g.trial == trial.trial and not fits(review, plan, g)]
    status = UNKNOWN
    said: list[str | None] = ["no row and no known gap for this outcome and time"]
    if effect is not None:
        status, said = AVAILABLE, [effect.instrument_name, effect.assumption]
        rows = [row for row in rows if row in effect.rows] or rows
    elif trial.trial in held:
        only = trial.trial in {left.trial for left in pool.sensitivity_only}
        status, said = SENSITIVITY if only else UNUSABLE, [held[trial.trial]]
        said += [row.assumption or row.note for row in rows[:1]]
    elif gaps:
        status, said, rows = UNUSABLE, [gap.what for gap in gaps[:1]], []
    elif rows:
        status, said = UNUSABLE, [rows[0].note or "its rows are not for use"]
    key = next(iter([*(row.source for row in rows), *(gap.source for gap in gaps)]), None)
    return Availability(
        trial=trial.trial,
        label=trial.label,
        n_randomised=trial.n_randomised,
        status=status,
        reason="; ".join(filter(None, said)),
        source=review.source(key).citation if key else None,
    )


def _facts(
    review: Review, matrix: tuple[Availability, ...], parts: list[Sensitivity]
) -> tuple[tuple[str, str], ...]:
    def counted(status: str) -> str:
        return f"{_people(matrix, status)} {status}"

    def each(say: list[str]) -> str:
        names = [part.main.subgroup for part in parts]
        return "; ".join(f"{name}: {text}" if name else text for name, text in zip(names, say, strict=True))

    registered = sum(trial.registration is not None for trial in review.trials)
    return (
        (
            "4.1 results absent because of what they are?",
            f"{counted(UNUSABLE)}, "
            f"{counted(SENSITIVITY)}; whether what they found is among the reasons is a judgement",
        ),
        ("4.2 would they change the estimate?", each([_scenarios(part) for part in parts])),
        ("4.3 trials for which it is not clear whether there is a result?", counted(UNKNOWN)),
        (
            "4.4 would those change the estimate?",
            f"they are not imputed; against them stand {counted(AVAILABLE)}",
        ),
        (
            "4.5 circumstances under which trials go unfound?",
            f"{registered} of {len(review.trials)} trials have a registration number here; how the "
            "trials were searched for is not in the data",
        ),
        ("4.6 would trials not found have measured this?", "not in the data"),
        ("4.7 do the results look as if others were missing?", each([_pattern(part) for part in parts])),
        ("4.8 do sensitivity analyses say so?", each([_largest(part) for part in parts])),
    )


def _people(matrix: tuple[Availability, ...], status: str) -> str:
    people = People.of(trial.n_randomised for trial in matrix if trial.status == status)
    more = f", {people.unknown} of unknown size" if people.unknown else ""
    shown = (
        f"{people.known} people randomised{more}"
        if people.known or not people.trials
        else "number of people not known"
    )
    return f"{people.trials} of {len(matrix)} trials ({shown})"


def _scenarios(analysis: Sensitivity) -> str:
    if analysis.absence.why_not is not None:
        return analysis.absence.why_not
    said = [f"{name} {interval(pool.result)}" for name, pool in analysis.absence.scenarios if pool.result]
    return "; ".join([f"without them {interval(analysis.main.result)}", *said, tipping(analysis)])  # type: ignore[arg-type]


def tipping(analysis: Sensitivity, *, language: Language = ENGLISH) -> str:
    """Say which common SMD of the missing trials would turn whether the interval excludes 0."""
    now = "excludes" if analysis.absence.excludes else "includes"
    ends = [language.decimal(end) for end in analysis.absence.tips if end is not None]
    how = "none" if not ends else "first"
    if len(ends) == 2 and ends[0] == ends[1]:
        how, ends = "already", ends[:1]
    return language.say(f"tip_{now}_{how}", ends=f" {language.say('or')} ".join(ends))


def _pattern(analysis: Sensitivity) -> str:
    name, other = analysis.scenarios[0]  # the other model
    if analysis.main.result is None or other is None or other.result is None:
        return "nothing is pooled"
    text = f"{name} {interval(other.result)}, as pooled {interval(analysis.main.result)}"
    k = analysis.main.k
    tests = (
        "livingmeta small-study"
        if k >= ENOUGH_FOR_FUNNEL
        else f"none with {k} trials, they need {ENOUGH_FOR_FUNNEL}"
    )
    return f"{text}; tests for small-study effects: {tests}"


def _largest(analysis: Sensitivity) -> str:
    stages = analysis.growth["size"]
    if not stages and analysis.main.k > 1:
        return "not known: no trial tells its number of people"
    if len(stages) < 2:
        return "one trial or none: there is nothing to compare"
    shown = {f"largest trial alone ({stages[0].label})": stages[0]}
    half = stages[len(stages) // 2 - 1]
    if half.k > 1:
        shown[f"the {half.k} largest"] = half
    shown[f"all {stages[-1].k}"] = stages[-1]
    measure = analysis.main.measure
    return ", ".join(f"{words} {interval(at, measure=measure)}" for words, at in shown.items())
