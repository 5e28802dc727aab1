"""From a relative effect to people: how many more or fewer per 1,000 have the event."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from scipy.special import expit, logit

from livingmeta.engine.measures import MOST_LOG, measure_of
from livingmeta.language import Said, said
from livingmeta.review.protocol import BaselineRisk
from livingmeta.synthesis.arms import Group
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool
from livingmeta.words import RefusalError, decimals, pick

PER = 1000  # people, as the Cochrane Handbook counts them
# Risk in group 1 from the effect as it is pooled and the risk in group 2
RISKS: Mapping[str, Callable[[float, float], float]] = {
    "log OR": lambda y, p: float(expit(logit(p) + y)),
    "log RR": lambda y, p: p * math.exp(min(y, MOST_LOG)),
    "RD": lambda y, p: p + y,
}
# and back: the effect from the risk in group 1 and that in group 2
EFFECTS: Mapping[str, Callable[[float, float], float]] = {
    "log OR": lambda q, p: math.log(q / (1 - q) / (p / (1 - p))),
    "log RR": lambda q, p: math.log(q / p),
    "RD": lambda q, p: q - p,
}


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A risk without the intervention: the share of group 2 that has the event, and from where.

    `name` is "low", "typical" (the median) or "high" among the trials, "only" where one trial tells
    it, or "declared". That of a trial, who it is, has `events` of `people`; a declared one has
    `who` and `source` as review.toml gives them.
    """

    name: str
    risk: float
    who: str = ""
    events: float | None = None
    people: float | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """Risks in group 2 of the trials; `known` of `trials` tell theirs. None: no trial has it.

    `low` and `high` are the lowest and the highest of trials in which some of group 2, and not
    all, had the event: from a risk of 0 or 1 a ratio leads nowhere.
    """

    low: Baseline | None
    typical: Baseline | None
    high: Baseline | None
    known: int
    trials: int


@dataclass(frozen=True, kw_only=True)
class AbsoluteEffect:
    """People with the event among 1,000 of group 1, less those among 1,000 of group 2.

    `baseline` is None for a risk difference, which is the same at each. `capped` says that a limit
    would be a risk below 0 or above 1 and is taken as that.
    """

    baseline: Baseline | None
    difference: float
    low: float
    high: float
    capped: bool = False


@dataclass(frozen=True, kw_only=True)
class Absolute:
    """What can be said of a synthesis in people; where nothing can, `why_not` says why.

    `beyond` are risks at which the effect would make one below 0 or above 1. `asked` is False where
    the outcome is not one that people have or have not.
    """

    effects: tuple[AbsoluteEffect, ...]
    baselines: Baselines
    beyond: tuple[Baseline, ...] = ()
    why_not: Said | None = None
    asked: bool = True


def baseline_risks(effects: Sequence[Effect]) -> Baselines:
    """Return the lowest, median and highest risk in group 2 of the trials.

    The Cochrane Handbook asks for "up to three typical risks", best of groups that clinicians can
    tell apart, with the source of each, and allows the median of the trials where risks vary
    little. The extremes are those of single trials, chance included, so each names its trial with
    its people.

    Parameters
    ----------
    effects : sequence of Effect
        Of one synthesis. People in several comparisons of a trial count once; effects that come
        computed tell no events.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, version 5.1, section 11.5.6.3.

    Examples
    --------
    >>> baseline_risks([])
    Baselines(low=None, typical=None, high=None, known=0, trials=0)
    """
    groups: dict[str, set[Group]] = defaultdict(set)
    for effect in effects:
        groups[effect.trial] |= {group.whole for group in effect.arms[1]}
    names = {effect.trial: effect.label.removesuffix(f" ({effect.contrast})") for effect in effects}
    risks = []
    for trial, arms in groups.items():
        counts = [(dict(arm.told).get("events"), arm.people) for arm in arms]
        if counts and not any(None in pair for pair in counts):
            events, people = (sum(part or 0 for part in parts) for parts in zip(*counts, strict=True))
            baseline = Baseline(name="", risk=events / people, who=names[trial], events=events, people=people)
            risks.append(baseline)
    risks.sort(key=lambda baseline: baseline.risk)
    between = [baseline for baseline in risks if 0 < baseline.risk < 1]
    middle = median(baseline.risk for baseline in risks) if risks else 0.0
    return Baselines(
        low=replace(between[0], name="low") if between else None,
        typical=Baseline(name="typical", risk=middle) if 0 < middle < 1 else None,
        high=replace(between[-1], name="high") if between else None,
        known=len(risks),
        trials=len(groups),
    )


def absolute(
    measure: str, estimate: float, ci_low: float, ci_high: float, *, baseline: Baseline | None
) -> AbsoluteEffect:
    """Turn an effect with its interval into people with the event per 1,000.

    Parameters
    ----------
    measure : str
        "log OR", "log RR" or "RD".
    estimate, ci_low, ci_high : float
        Of group 1 against group 2, as pooled: logs of ratios.
    baseline : Baseline or None
        Risk in group 2, above 0 and below 1 for a ratio. A risk difference needs none.

    Returns
    -------
    AbsoluteEffect
        Negative where fewer of group 1 have the event. Its limits are those of the effect, so that
        they do not hold the uncertainty of the baseline risk.

    Raises
    ------
    ValueError
        For another measure, a baseline risk that leads nowhere, and an effect that would make the
        risk in group 1 less than 0 or more than 1.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, version 5.1, sections 12.5.4.2
    (risk ratio), 12.5.4.3 (odds ratio) and 12.5.4.5 (limits); 15.4.4 in version 6.

    Examples
    --------
    The Handbook: at an assumed control risk of 0.3 a risk ratio of 0.92 is 24 fewer per 1,000, an
    odds ratio of 0.73 is 62 fewer.

    >>> risk = Baseline(name="declared", risk=0.3)
    >>> rr = absolute("log RR", math.log(0.92), math.log(0.8), math.log(1.1), baseline=risk)
    >>> odds = absolute("log OR", math.log(0.73), math.log(0.6), math.log(0.9), baseline=risk)
    >>> per_1000(rr.difference, rr.low, rr.high), round(odds.difference)
    (['24 fewer', '60 fewer', '30 more'], -62)
    """
    formula = pick(RISKS, measure, "measure")
    if baseline is None and measure != "RD":
        raise RefusalError(f"{measure}: a ratio needs a baseline risk.")
    risk = 0.0 if baseline is None else baseline.risk
    if measure != "RD" and not 0 < risk < 1:
        raise RefusalError(f"baseline risk = {risk:g}: a ratio needs one above 0 and below 1.")
    least, most = (-1.0, 1.0) if baseline is None else (0.0, 1.0)
    became, *ends = (formula(y, risk) for y in (estimate, ci_low, ci_high))
    if not least <= became <= most:
        raise RefusalError(f"the effect would make a risk of {100 * risk:.3g}% one of {100 * became:.3g}%.")
    held = [min(max(end, least), most) for end in ends]
    return AbsoluteEffect(
        baseline=baseline,
        difference=PER * (became - risk),
        low=PER * (held[0] - risk),
        high=PER * (held[1] - risk),
        capped=held != ends,
    )


def absolute_effects(pool: Pool, *, declared: Sequence[BaselineRisk] = ()) -> Absolute:
    """Say the result of a synthesis in people per 1,000, at the risks that are known.

    Parameters
    ----------
    pool : Pool
    declared : sequence of BaselineRisk
        Risks that review.toml gives for the synthesis; with any, those of the trials are not used.
    """
    measure = measure_of(pool.measure)
    baselines = baseline_risks(pool.effects)

    def none(why: Said | None, *, asked: bool = True) -> Absolute:
        return Absolute(effects=(), baselines=baselines, why_not=why, asked=asked)

    if pool.measure not in RISKS:
        asked = bool(declared) or (measure is not None and measure.ratio in {"HR", "IRR"})
        return none(said("events.no_number"), asked=asked)
    if (result := pool.result) is None:
        return none(pool.why_not)
    if "not_converged" in pool.flags:
        return none(said("events.not_converged"))
    turned = {effect.turned for effect in pool.effects}
    if len(turned) > 1:
        return none(said("events.mixed"))
    if declared:
        given = [Baseline(name="declared", risk=row.risk, who=row.who, source=row.source) for row in declared]
    else:
        middle = baselines.typical if baselines.known > 2 else None
        three = [baseline for baseline in (baselines.low, middle, baselines.high) if baseline is not None]
        given = [*{baseline.risk: baseline for baseline in reversed(three)}.values()][::-1]
        if baselines.known == 1:
            given = [replace(baseline, name="only") for baseline in given]
    risks: list[Baseline | None] = [*given]
    if pool.measure == "RD" and not declared:
        risks = [None]
    if not risks:
        return none(said("events.no_risk" if not baselines.known else "events.no_such_risk"))
    effect = (result.estimate, result.ci_low, result.ci_high)
    if turned == {True}:  # back to the event that is counted
        effect = (-effect[0], -effect[2], -effect[1])
    made, beyond = list[AbsoluteEffect](), list[Baseline]()
    for risk in risks:
        try:
            made.append(absolute(pool.measure, *effect, baseline=risk))
        except RefusalError:
            beyond += [] if risk is None else [risk]
    return Absolute(effects=tuple(made), baselines=baselines, beyond=tuple(beyond))


def per_1000(
    *differences: float, words: tuple[str, str] = ("{} fewer", "{} more"), comma: str = "."
) -> list[str]:
    """Format differences in people as fewer or more, the words of a language around the number.

    Examples
    --------
    >>> per_1000(-61.7, -95.1, 3.2), per_1000(-0.31, -0.4, -0.2)
    (['62 fewer', '95 fewer', '3 more'], ['0.31 fewer', '0.40 fewer', '0.20 fewer'])
    """
    shown = (text.replace(".", comma).lstrip("−") for text in decimals(*differences, places=0))
    return [words[x > 0].format(text) for x, text in zip(differences, shown, strict=True)]
