"""Summary of findings: what the numbers suggest about certainty, beside what people judged.

A program suggests, a person judges. A level is suggested only where a computed input gives a reason
for it; where nothing can be computed it says "not assessable", and nothing is ever called "no
concern".

The rules follow Core GRADE, the GRADE guidance before it and the Cochrane Handbook as far as their
texts could be read: of Core GRADE 2, 3 and 4 and of GRADE guidance 34 the abstracts, of Core GRADE
its authors' answers to questions (clarityresearch.ca/frequently-asked-questions). Each rule has its
sentence beside it; what no text that was read settles is called "our rule", in what it prints too.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, median_low
from typing import Any, NamedTuple, get_args

import numpy as np
from scipy.special import ndtri

from livingmeta.appraisal.absolute import EFFECTS, PER, RISKS, Absolute, absolute_effects, baseline_risks
from livingmeta.appraisal.bias import Assessment, assessments
from livingmeta.appraisal.directions import PrintedWords
from livingmeta.appraisal.missing_evidence import FEWEST_IN_ARM, Absence, absence, funnel_of
from livingmeta.engine.measures import MEASURES, Measure, as_shown
from livingmeta.engine.methods.information import information_size_of_risks, optimal_information_size
from livingmeta.engine.methods.small_study import ENOUGH_FOR_FUNNEL, suited
from livingmeta.engine.pooling import FEW, PooledEstimate, important_side, subgroup_test
from livingmeta.language import Said, said, together
from livingmeta.printer import Shown
from livingmeta.review.protocol import BaselineRisk, Judgement, Review
from livingmeta.review.quotes import Proved, proved
from livingmeta.review.schema import Decision, Rated
from livingmeta.synthesis.dependence import People
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings, headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import Numeral, RefusalError, decimal, decimals, p_words, whole

RATED_DOMAINS: tuple[str, ...] = get_args(Rated)
CERTAINTY = "certainty"
CERTAINTY_LEVELS = ("high", "moderate", "low", "very low")
LADDER = len(CERTAINTY_LEVELS) - 1  # steps from high to very low
# Domains that GRADE rates as one, publication bias: of these the larger counts.
PUBLICATION = ("small-study effects", "missing evidence")
# "Sample size <400 within the meta-analysis for each variable" and "Substantial heterogeneity (I2
# >=50%)": criteria for rating down printed in Br J Sports Med (bjsm.bmj.com/highwire/markup/124452)
RULE_OF_THUMB = 400  # people, where no difference is given from which to compute them
SUBSTANTIAL = 50.0  # percent
# Percent of the weight whose estimates lie on another side of the threshold than the pooled one.
# Core GRADE 3, abstract: "the greater the extent to which, in the presence of minimally overlapping
# CIs, point estimates fall on opposite sides of the threshold, the more likely there is problematic
# inconsistency". It names no extent: a quarter is our rule, as in `contradictory`.
ELSEWHERE = 25.0
# What size is, in standard deviations and in log risk ratios. "If the MID is not known …, we
# suggest downgrading if the upper or lower CI crosses an effect size of 0.5 in either direction";
# of Cohen's sizes 0.2 is small and 0.8 large (KCE process book, 5.5.1.2,
# processbook.kce.be/book/export/html/110). "Appreciable benefit or harm (we suggest an RR of under
# 0.75 or over 1.25 as a rough guide)" (GRADE guidelines 6, abstract); above no effect we take
# 1/0.75, so that either group may come first. "The effect is large (and for binary outcomes this
# can mean a relative risk reduction greater than 30%)" (Core GRADE, authors' answers).
SMALL_EFFECT = 0.2
APPRECIABLE, LARGE = (0.5, -math.log(0.75)), (0.8, -math.log(0.7))
# "A modest relative risk reduction, typically 20% or 25%" (Core GRADE, authors' answers)
REDUCTION = 0.25
# "If the sample size is a long way from the OIS, you can rate down twice for imprecision" (Core
# GRADE, authors' answers). How long a way they do not say: less than half is our rule.
FAR_SHORT = 0.5
# Share of all people below which missing trials take no level, whatever weight random effects give
# a small trial at the extreme: our rule
NEGLIGIBLE = 0.01
ASYMMETRY = 0.1  # P; not 0.05, since the tests have low power (Sterne 2011)
# Flags that say that an interval is narrower than the data allow
TOO_NARROW = {"dependent_effects": "rating.narrow_dependent", "duplicate_numbers": "rating.narrow_duplicate"}

Found = tuple[int | None, Said]  # levels and why


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What is suggested of one domain, and what people judged, if that is recorded.

    `levels` is 0, −1 or −2, or None where nothing could be computed; `why` is the reason in words.
    `judged` is a [[judgement]] of review.toml in its own words, `decision` a panel's row of
    certainty.csv.
    """

    about: str
    levels: int | None
    why: str
    judged: Judgement | None
    decision: Decision | None

    @property
    def moved(self) -> bool:
        """Say whether a panel decided on another suggestion than there is now."""
        decision = self.decision
        return decision is not None and decision.decided is not None and decision.suggested != self.levels

    def words(self) -> str:
        """Say the suggestion: "−1 suggested: …", "none suggested: …" or "not assessable: …"."""
        return f"{level_words(self.levels)}{'' if self.levels is None else ' suggested'}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class PrintedCertainty(PrintedWords):
    """A certainty that a publication, or somebody else about it, prints."""

    whole_review: bool  # printed of all outcomes together


@dataclass(frozen=True, kw_only=True)
class Rating:
    """What follows from a panel's decisions: `level` of `CERTAINTY_LEVELS`, once there is no open end.

    `start` is where the review declares that rating begins, `down` the levels decided, `open` the
    domains not decided, `moved` those of which the suggestion is another by now.
    """

    level: str | None
    start: str | None
    down: int
    open: tuple[str, ...]
    moved: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class SummaryOfFindings(Shown):
    """One row of a summary-of-findings table.

    `people` is None where that of a trial is not known. `certainty` is what a person judged of the
    whole, `rating` what follows from the domains that a panel decided, None where none are
    recorded; a program fills neither. `proved` counts the quotes behind its effects that were found in
    their papers, None where no quote was ever held against one.
    """

    pool: Pool
    trials: int
    people: int | None
    absolute: Absolute
    suggestions: tuple[Suggestion, ...]
    certainty: Judgement | None
    rating: Rating | None
    printed: tuple[PrintedCertainty, ...]
    proved: Proved | None = None

    def __str__(self) -> str:
        suggested = (f"{domain.about} {level_words(domain.levels)}" for domain in self.suggestions)
        return f"{self.pool}; suggested: {', '.join(suggested)}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return what is suggested of each domain, and why."""
        return ({"domain": of.about, "levels": of.levels, "why": of.why} for of in self.suggestions)

    @property
    def down(self) -> int:
        """Count the levels suggested; publication bias counts once, and three is the most."""
        return _down({suggestion.about: suggestion.levels or 0 for suggestion in self.suggestions})

    @property
    def unchecked(self) -> bool:
        """Say whether no domain could be assessed: then that nothing is lowered tells nothing."""
        return all(suggestion.levels is None for suggestion in self.suggestions)

    @property
    def at_most(self) -> str | None:
        """The level that the suggestions leave, wherever rating begins; None where they lower nothing."""
        return CERTAINTY_LEVELS[self.down] if self.down else None


def level_words(levels: int | None) -> str:
    """Say levels of certainty: "none", "−1" or "not assessable"."""
    if levels is None:
        return "not assessable"
    return decimal(levels, 0) if levels else "none"


def _down(levels: Mapping[str, int]) -> int:
    once = min(levels[name] for name in PUBLICATION)
    rest = sum(levels[name] for name in RATED_DOMAINS if name not in PUBLICATION)
    return min(LADDER, -(rest + once))


def rating(suggestions: Sequence[Suggestion], *, start: str | None) -> Rating | None:
    """Rate certainty by what a panel decided, None where it decided nothing at all.

    Publication bias counts once, and nothing is lower than very low; nothing is rated up.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, version 5.1, table 12.2.a:
    "Downgraded randomised trials" are moderate, "double-downgraded" ones low, "triple-downgraded"
    ones very low.
    """
    levels = {row.about: row.decision.decided for row in suggestions if row.decision is not None}
    if not levels:
        return None
    undecided = tuple(name for name in RATED_DOMAINS if levels.get(name) is None)
    down = _down({name: levels.get(name) or 0 for name in RATED_DOMAINS})
    level = None
    if start is not None and not undecided:
        level = CERTAINTY_LEVELS[min(CERTAINTY_LEVELS.index(start) + down, LADDER)]
    return Rating(
        level=level,
        start=start,
        down=down,
        open=undecided,
        moved=tuple(suggestion.about for suggestion in suggestions if suggestion.moved),
    )


def summary_of_findings(
    review: Review,
    *,
    pools: Sequence[Pool] | None = None,
    settings: Settings | None = None,
    important: float | None = None,
    per_1000: float | None = None,
) -> tuple[SummaryOfFindings, ...]:
    """Lay out what is known of each synthesis and how certain it is.

    Parameters
    ----------
    review : Review
    pools : sequence of Pool, optional
        By default the review's syntheses.
    settings : Settings, optional
        The methods they are pooled by; by default those of the review's headline.
    important : float, optional
        Smallest important difference, above 0, in the unit in which effects are pooled.
    per_1000 : float, optional
        The same in people with the event per 1,000. A ratio is held against it at the risk that
        review.toml declares for the synthesis, or else at the median risk of the trials' group 2.

    Returns
    -------
    tuple of SummaryOfFindings
        One per synthesis or subgroup.

    Raises
    ------
    ValueError
        For both differences at once, and for people per 1,000 where no events are counted.

    References
    ----------
    Guyatt GH, Oxman AD, Kunz R, et al. GRADE guidelines 6. Rating the quality of evidence:
    imprecision. J Clin Epidemiol 2011;64:1283-1293.
    Guyatt G, Zeng L, Brignardello-Petersen R, et al. Core GRADE 2. BMJ 2025;389:e081904.
    Zeng L, Brignardello-Petersen R, Hultcrantz M, et al. GRADE guidance 34: update on rating
    imprecision using a minimally contextualized approach. J Clin Epidemiol 2022;150:216-224.
    Guyatt G, Schandelmaier S, Brignardello-Petersen R, et al. Core GRADE 3. BMJ 2025;389:e081905.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> first = summary_of_findings(load_review("smith2017"))[0]
    >>> [(one.about, one.levels) for one in first.suggestions if one.levels]
    [('imprecision', -2), ('missing evidence', -1)]
    >>> first.certainty, first.rating
    (None, None)
    """
    settings = settings or headline_settings(review)
    if pools is None:
        pools = synthesise(review, settings=settings)
    asked = _Asked(MEASURES[settings.measure], important, per_1000)
    asked.check()
    recorded = assessments(review)
    return tuple(_row(review, pool, recorded, asked, absence(review, pool, settings)) for pool in pools)


class _Asked(NamedTuple):
    """What effects measure, and the smallest important difference, as it is given."""

    measure: Measure
    important: float | None
    per_1000: float | None

    def check(self) -> None:
        """Refuse a difference that can't be one of these effects."""
        if self.per_1000 is None:
            return
        if self.important is not None:
            raise RefusalError("important and per_1000 are the same thing said twice: give one.")
        if self.measure.label not in RISKS:
            raise RefusalError(
                f"per_1000 counts people with an event, and effects are {self.measure.label}: give "
                "the difference as important."
            )
        if not 0 < self.per_1000 < PER:
            raise RefusalError(f"per_1000 = {self.per_1000:g}: it lies between 0 and {PER:,}.")


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A result to rate, the thresholds to hold it against, and the risk without treatment.

    `limits` are the important differences below and above no effect, in the unit of the effects;
    None where none is given.
    """

    pool: Pool
    result: PooledEstimate
    measure: Measure
    risk: float | None
    limits: tuple[float, float] | None

    def region(self, effect: float) -> int:
        """Say where an effect is: −1 or 1 beyond a threshold, 0 between them or at no effect."""
        if self.limits is None:
            return int(effect > 0) - int(effect < 0)
        return int(important_side(effect, *self.limits))

    def crossed(self, low: float, high: float) -> tuple[float, ...]:
        """Return the important differences, or else no effect, where an interval lies on both sides."""
        ends = self.region(low), self.region(high)
        if self.limits is None:
            return (0.0,) if ends == (-1, 1) else ()
        sides = zip(self.limits, (-1, 1), strict=True)
        return tuple(limit for limit, side in sides if (ends[0] == side) != (ends[1] == side))

    def place(self, region: int) -> Said:
        """Say where the effects of a region are."""
        if region == 0:
            return said("rating.at_none" if self.limits is None else "rating.between")
        side = self.pool.side(region > 0, "in_favour")
        return side if self.limits is None else said("rating.beyond", side=side)

    def shown(self, low: float, high: float) -> Said:
        """Format limits on the scale that readers see."""
        ends = as_shown(self.pool.measure, low, high)
        return said("from_to", low=ends[0], high=ends[1])

    def reaches(self, effect: float, size: tuple[float, float]) -> bool | None:
        """Say whether an effect is of a size, None where that can't be known.

        Any ratio counts as a risk ratio does, but an odds ratio, like a risk difference, as what it
        makes of the risk without treatment: the larger of the risk ratios of the event and of its
        absence, so that it does not matter which of the two is counted.
        """
        sds, log_ratio = size
        if self.sd is not None:
            return abs(effect) >= sds * self.sd
        if self.measure.ratio not in {None, "OR"}:
            return abs(effect) > log_ratio
        if self.measure.label not in RISKS or self.risk is None:
            return None
        event = -effect if _turned(self.pool) else effect
        became = RISKS[self.measure.label](event, self.risk)
        if not 0 < became < 1:
            return True
        of_event, of_none = became / self.risk, (1 - became) / (1 - self.risk)
        return max(abs(math.log(of_event)), abs(math.log(of_none))) > log_ratio

    @property
    def sd(self) -> float | None:
        """The standard deviation in the unit of the effects; of mean differences the median."""
        if self.measure.standardised:
            return 1.0
        sds = [sd for effect in self.pool.effects for sd in (effect.sd1, effect.sd2)]
        printed_sds = [sd for sd in sds if sd is not None]
        return median(printed_sds) if self.measure is MEASURES["MD"] and printed_sds == sds else None

    @property
    def needed(self) -> tuple[int | None, Said]:
        """The optimal information size and what it is, or None and why it is not known.

        Of an important difference it is that of a small effect at least: "Beware … not to base your
        sample size on the RRR of minimally clinical importance …, because it leads to paradoxes: if
        expected effects are considerably larger than what is clinically important" (KCE process
        book, 5.5.4, processbook.kce.be/book/export/html/115).
        """
        if self.measure.label in RISKS or self.measure.ratio in {"HR", "IRR"}:
            if self.risk is None:
                return None, said("rating.needed_risk")
            size = information_size_of_risks(self.risk, (1 - REDUCTION) * self.risk)
            return size, said("rating.needed_fewer", risk=decimal(100 * self.risk, 1))
        if self.measure is MEASURES["GEN"]:
            return None, said("rating.needed_kind")
        if self.limits is None or self.sd is None:
            return RULE_OF_THUMB, said("rating.needed_thumb")
        given = self.limits[1] / self.sd
        size = optimal_information_size(max(given, SMALL_EFFECT))
        if given >= SMALL_EFFECT:
            return size, said("rating.needed_that")
        return size, said("rating.needed_small", sd=decimal(SMALL_EFFECT, 1))

    @property
    def information(self) -> tuple[float | None, dict[str, Said | Numeral]]:
        """Return the share of the people needed that there are, and what to say of it.

        The share is None where either number is not known; the words say why.
        """
        (needed, why), people = self.needed, self.pool.people.all
        if needed is None or people is None:
            return None, {"why": why if needed is None else said("rating.arms_unknown")}
        independent = self.pool.independent
        shown: Said | Numeral = whole(people)
        if independent is not None and independent < people:  # clusters tell less
            shown = said("rating.independent", people=shown, n=whole(independent))
            people = independent
        return people / needed, {"people": shown, "needed": whole(needed), "why": why}


def _turned(pool: Pool) -> bool:
    """Say whether effects have the sign opposite to that of the events: of these more is better."""
    return bool(pool.effects) and all(effect.turned for effect in pool.effects)


def _baseline(pool: Pool, declared: Sequence[BaselineRisk]) -> float | None:
    """Return the risk without treatment: the middle one declared, or the median of the trials."""
    if declared:
        return median_low(baseline.risk for baseline in declared)
    typical = baseline_risks(pool.effects).typical
    mixed = len({effect.turned for effect in pool.effects}) > 1
    return None if typical is None or mixed else typical.risk


def _limits(pool: Pool, asked: _Asked, risk: float | None) -> tuple[float, float] | None:
    """Return the important differences on either side, in the unit of the effects."""
    if asked.important is not None:
        return -asked.important, asked.important
    if asked.per_1000 is None:
        return None
    if asked.measure.label == "RD":
        return -asked.per_1000 / PER, asked.per_1000 / PER
    assert risk is not None
    effects = []
    for sign in (-1, 1):
        became = risk + sign * asked.per_1000 / PER
        possible = 0 < became < 1  # else no effect can make it, and no interval crosses it
        effects.append(EFFECTS[asked.measure.label](became, risk) if possible else math.inf * sign)
    below, above = effects
    return (-above, -below) if _turned(pool) else (below, above)


def _row(
    review: Review, pool: Pool, recorded: Sequence[Assessment], asked: _Asked, absent: Absence
) -> SummaryOfFindings:
    result, plan = pool.result, review.plan(pool.synthesis)
    # where there is a whole, no subgroup was judged apart
    judgements = review.protocol.judgement if pool.subgroup is None or not plan.overall else ()
    judged = {str(row.about): row for row in judgements if row.synthesis == pool.synthesis}
    rows = (row for row in review.certainty if (row.synthesis, row.subgroup) == pool.key)
    decided = {str(row.domain): row for row in rows}
    reasons: dict[str, Found] = dict.fromkeys(RATED_DOMAINS, (None, pool.why_not or said("rating.nothing")))
    case = None
    # what the domains are held against, no effect or an important difference, is one between groups
    alone = said("rating.one_group" if pool.no_effect is None else "rating.association")
    if result is not None and pool.one_group:
        reasons = dict.fromkeys(RATED_DOMAINS, (None, alone))
    elif result is not None:
        risk = _baseline(pool, plan.baseline_risk)
        unheld = asked.per_1000 is not None and risk is None and asked.measure.label != "RD"
        limits = None if unheld else _limits(pool, asked, risk)
        case = _Case(pool=pool, result=result, measure=asked.measure, risk=risk, limits=limits)
        apart = _inconsistency(case)
        reasons |= {
            "risk of bias": _risk_of_bias(pool, result, recorded),
            "inconsistency": apart,
            "imprecision": _imprecision(case, inconsistent=bool(apart[0])),
            "small-study effects": _small_study(pool),
        }
        if unheld:
            reasons |= dict.fromkeys(("inconsistency", "imprecision"), (None, said("rating.no_baseline")))
    reasons |= {
        "indirectness": (None, said("rating.person")),
        "missing evidence": (None, alone) if pool.one_group else _missing(pool, absent, case),
    }
    suggestions = tuple(
        Suggestion(about=name, levels=levels, why=why, judged=judged.get(name), decision=decided.get(name))
        for name, (levels, why) in reasons.items()
    )
    return SummaryOfFindings(
        pool=pool,
        trials=pool.k,
        people=pool.people.all,
        absolute=absolute_effects(pool, declared=plan.baseline_risk),
        suggestions=suggestions,
        certainty=judged.get(CERTAINTY),
        rating=rating(suggestions, start=review.protocol.starting_certainty),
        printed=tuple(
            PrintedCertainty.of(claim, whole_review=claim.synthesis is None)
            for claim in review.published
            if claim.quantity == CERTAINTY and claim.synthesis in {None, pool.synthesis}
        ),
        proved=proved(review, (row for effect in pool.effects for row in effect.rows)),
    )


def _risk_of_bias(pool: Pool, result: PooledEstimate, recorded: Sequence[Assessment]) -> Found:
    """Use recorded judgements only, weighted as the trials are.

    "Decisions regarding rating down for risk of bias will depend on the weights of high and low
    risk of bias studies and similarities or differences between the results of high and low risk of
    bias studies" (Core GRADE 4, abstract): the weight suggests, P is there for the panel.
    """
    trials = list(dict.fromkeys(effect.trial for effect in pool.effects))
    overall = {row.trial: row.overall for row in recorded if row.overall is not None}
    blank = [trial for trial in trials if trial not in overall]
    if blank:
        facts = {assessment.trial for assessment in recorded} & set(blank)
        counts = {"n": len(blank), "of": len(trials), "facts": len(facts)}
        return None, said("rating.unjudged_facts" if facts else "rating.unjudged", **counts)
    high = [overall[effect.trial] == "high" for effect in pool.effects]
    weight = sum(percent for percent, judged in zip(result.weights, high, strict=True) if judged)
    reasons = [said("rating.high_risk", weight=decimal(weight, 0))]
    if any(high) and not all(high):
        reasons.append(said("rating.others_differ", p=p_words(_apart(pool, result, high))))
    # GRADE asks where most of the information comes from: that most is half of the weight is ours
    return (-1, ours(together(reasons))) if weight > 50 else (0, together(reasons))


def _apart(pool: Pool, result: PooledEstimate, first: Sequence[bool]) -> float:
    """Return P of the test whether some trials differ from the others, with the τ² of all."""
    yi, vi = np.array([(effect.yi, effect.vi) for effect in pool.effects]).T
    w = 1 / (vi + (result.tau2 or 0.0))
    parts = (np.array(first), ~np.array(first))
    estimates = [float(np.average(yi[part], weights=w[part])) for part in parts]
    return subgroup_test(estimates, [float(w[part].sum() ** -0.5) for part in parts])[2]


def _inconsistency(case: _Case) -> Found:
    """Ask where the trials lie in relation to the threshold, and how little they overlap.

    Core GRADE 3, abstract: users "note the magnitude of differences in point estimates, the extent
    to which the CIs overlap, and where the point estimates lie in relation to the target of their
    certainty rating. … The decision, however, requires consideration of the chosen threshold for
    certainty rating: whether the null or the MID". I² alone takes no level: rating down is
    appropriate "particularly if some studies suggest substantial benefit, and others no effect or
    harm (rather than only large vs. small effects)" (GRADE guidelines 7, abstract).
    """
    pool, result = case.pool, case.result
    if result.k == 1:
        return None, said("rating.one_trial")
    percent = pool.i2 or 0.0
    lows = sorted(effect.ci_low for effect in pool.effects)  # pairs of 10,000 are 50 million
    apart = sum(len(lows) - bisect_right(lows, effect.ci_high) for effect in pool.effects)
    shown = decimal(percent, 0 if (round(percent) < SUBSTANTIAL) is (percent < SUBSTANTIAL) else 2)
    overlap = said(
        "rating.apart" if apart else "rating.overlap", i2=shown, n=apart, of=math.comb(result.k, 2)
    )
    if pool.contradictory(beyond=case.limits or (0.0, 0.0)):
        # "Different direction of effect estimates in the studies", I² > 75%: "Downgrade 2 levels"
        # (decision matrix of Cochrane review CD009172, PMC7195185, table 8)
        key = "rating.both_sides" if case.limits is None else "rating.both_important"
        return -2, said(key, overlap=overlap, no_effect=pool.no_effect)
    home = case.region(result.estimate)
    away = [case.region(effect.yi) != home for effect in pool.effects]
    weight = sum(w for w, elsewhere in zip(result.weights, away, strict=True) if elsewhere)
    target = case.place(home)
    key = "rating.away_one" if sum(away) == 1 else "rating.away_many" if any(away) else "rating.home"
    reasons = [said(key, n=sum(away), k=result.k, weight=decimal(weight, 0), target=target), overlap]
    if case.limits is None:
        reasons.append(said("rating.against_none"))
    ahead = _ahead(case)
    reasons += [ahead] if ahead else []
    if any(away) and (weight >= ELSEWHERE or ahead):
        if percent >= SUBSTANTIAL:
            return -1, ours(together(reasons))
        reasons.append(ours(said("rating.below_substantial", i2=decimal(SUBSTANTIAL, 0))))
    if pool.k < FEW:
        return None, together([*reasons, ours(said("rating.few", k=pool.k))])
    return 0, together(reasons)


def _ahead(case: _Case) -> Said | None:
    """Say where a prediction interval reaches past a threshold that the interval does not cross."""
    ahead, result = case.pool.ahead, case.result
    if ahead is None:
        return None
    for limit in case.crossed(*ahead):
        if limit not in case.crossed(result.ci_low, result.ci_high):
            key = "rating.ahead_none" if limit == 0 else "rating.ahead_important"
            return said(key, ends=case.shown(*ahead))
    return None


def _imprecision(case: _Case, *, inconsistent: bool) -> Found:
    """Compare the interval with the thresholds, and the people with those needed.

    One τ² takes no level twice: where it took one under inconsistency, the interval that sampling
    within the trials alone gives is compared. No text that was read says how; it is our rule.
    """
    if "not_converged" in case.pool.flags:
        return None, said("rating.not_converged")
    ends, sampled = (case.result.ci_low, case.result.ci_high), _sampled(case.pool, case.result)
    levels, crossing = _crossing(case, ends)
    alone, why = _crossing(case, sampled)
    if not inconsistent or levels == alone:
        return levels, said("rating.interval", ends=case.shown(*ends), crossing=crossing)
    return alone, ours(said("rating.sampled", ends=case.shown(*sampled), crossing=why))


def _sampled(pool: Pool, result: PooledEstimate) -> tuple[float, float]:
    """Return the interval that sampling within the trials alone gives, never a wider one.

    The variance of Σwy is Σw²v + τ²Σw², of which the second part is that the trials differ.
    """
    w = [weight / 100 for weight in result.weights]
    within = sum(weight**2 * effect.vi for weight, effect in zip(w, pool.effects, strict=True))
    half = float(ndtri((1 + result.level) / 2)) * math.sqrt(within)
    return max(result.ci_low, result.estimate - half), min(result.ci_high, result.estimate + half)


def _crossing(case: _Case, ends: tuple[float, float]) -> Found:
    """Count the thresholds that an interval crosses.

    Core GRADE 2, abstract: "rate down for imprecision if the 95% confidence interval crosses the
    MID for benefit or harm", or, where the question is whether there is an effect, no effect.
    GRADE guidance 34, abstract: "when a CI appreciably crosses the threshold(s) of interest, one
    should consider rating down two or three levels. When the CI does not cross the threshold(s) and
    the relative effect is large, one should implement the optimal information size (OIS) approach".
    """
    crossed = case.crossed(*ends)
    if case.limits is None:
        return _around_no_effect(case, ends) if crossed else _information(case, said("rating.none"))
    if len(crossed) == 2:
        return -2, said("rating.either_group" if case.pool.favours else "rating.either_side")
    if crossed:
        return -1, said("rating.one_side", side=case.pool.side(crossed[0] == case.limits[1], "in_favour"))
    if case.region(case.result.estimate) == 0:
        return 0, said("rating.unimportant")
    if case.reaches(case.result.estimate, LARGE) is False:
        return 0, said("rating.not_large")
    return _information(case, said("rating.less"))


def _around_no_effect(case: _Case, ends: tuple[float, float]) -> Found:
    """Rate an interval that includes no effect, where no important difference is given.

    A level for that, and a second where it includes appreciable differences both ways or rests on
    far too few people.
    """
    if all(case.reaches(end, APPRECIABLE) for end in ends):
        return -2, ours(said("rating.none_both_ways", no_effect=case.pool.no_effect))
    share, counts = case.information
    counts |= {"no_effect": Numeral(case.pool.no_effect)}
    if share is None:
        return -1, said("rating.none_unknown", **counts)
    if share < FAR_SHORT:
        return -2, ours(said("rating.none_far", **counts))
    return -1, said("rating.none_short", **counts)


def _information(case: _Case, excluded: Said) -> Found:
    """Compare the people with those needed, where an interval crosses no threshold.

    "If the 95% CI excludes a relative risk (RR) of 1.0, and the total number of events or patients
    exceeds the OIS criterion, precision is adequate" (GRADE guidelines 6, abstract).
    """
    for flag, key in TOO_NARROW.items():
        if flag in case.pool.flags:
            return None, said("rating.narrow", excluded=excluded, why=said(key))
    share, counts = case.information
    if share is None:
        return None, said("rating.excludes_unknown", excluded=excluded, **counts)
    if share >= 1:
        return 0, said("rating.enough", excluded=excluded, **counts)
    if share < FAR_SHORT and case.reaches(case.result.estimate, LARGE):
        return -2, ours(said("rating.fewer_far", excluded=excluded, **counts))
    return -1, said("rating.fewer", excluded=excluded, **counts)


def _small_study(pool: Pool) -> Found:
    trials = pool.k
    if trials < ENOUGH_FOR_FUNNEL:
        counted = said("trials_one" if trials == 1 else "trials_many", n=trials)
        return None, said("rating.below_enough", trials=counted, enough=ENOUGH_FOR_FUNNEL)
    try:
        funnel = suited(funnel_of(pool))
    except ValueError as refusal:
        return None, said("rating.no_test", why=str(refusal).rstrip("."))
    test = funnel.test
    tested = said("rating.test", name=test.name, k=trials, p=p_words(test.p_value))
    if not test.p_value < ASYMMETRY:
        return 0, said("rating.no_asymmetry", test=tested)
    if funnel.inflated:
        return None, said("rating.test_but", test=tested, why=funnel.why)
    if "dependent_effects" in pool.flags:
        return None, said("rating.test_but", test=tested, why=said("rating.as_independent"))
    return -1, ours(said("rating.asymmetry", test=tested))


def _missing(pool: Pool, absent: Absence, case: _Case | None) -> Found:
    """Ask what the trials known to be missing could change, as `sensitivity` prints it.

    "Because the number of identified studies that have results missing for a given synthesis is
    known, the impact of selective non-reporting or under-reporting of results can be quantified"
    (Cochrane Handbook 6, key points of chapter 13). That a level is for what effects no farther
    than the extremes imagined would turn is our rule.
    """
    if not pool.missing:
        return None, said("rating.none_missing")
    count, without, _ = People.of(trial.n_randomised for trial in pool.missing)
    people = [said("rating.people_more" if without else "people", n=whole(count))]
    if not count:
        people = [said("people_unknown")]
    elif pool.people.all:
        people.append(said("rating.are_pooled", n=whole(pool.people.all)))
    counts = {"n": len(pool.missing), "of": len(pool.measured), "people": together(people, ", ")}
    counted = said("rating.missing", **counts)
    few = not without and count < NEGLIGIBLE * (count + pool.people.known)
    fewer = ours(said("rating.negligible"))
    if absent.why_not is not None or case is None:
        if few and case:
            return 0, together([counted, fewer])
        return None, together([counted, said("rating.not_computed", why=absent.why_not)])
    if (turned := _turned_by(case, absent)) is not None:
        but = said("rating.but", first=turned, then=fewer)
        return (0, together([counted, but])) if few else (-1, ours(together([counted, turned])))
    ends = decimals(*absent.reach)
    kept = said("rating.kept", low=ends[0], high=ends[1])
    if absent.unknown_size and not few:
        unsized = said("rating.unsized", names=", ".join(absent.unknown_size), least=FEWEST_IN_ARM)
        return None, together([counted, said("rating.but", first=kept, then=unsized)])
    return 0, ours(together([counted, kept]))


def _turned_by(case: _Case, absent: Absence) -> Said | None:
    """Say which effects of the missing trials would turn a conclusion; None where none would.

    A conclusion is whether the interval excludes no effect, which thresholds it includes, and where
    the estimate is, by more than its standard error: "The location of the point estimate of effect
    in relation to the chosen threshold determines the target" (Core GRADE 2, abstract).
    """
    key = "rating.would_include_none" if absent.excludes else "rating.would_exclude_none"
    none = case.pool.no_effect
    if absent.likely_tips:
        ends = together(decimals(*absent.likely_tips), said("audit.or"))
        return said(key, how=said("rating.all_at", ends=ends), no_effect=none)
    if absent.turning:
        return said(key, how=_told(absent.turning[0]), no_effect=none)
    now = case.result
    for name, pool in absent.scenarios:
        then = pool.result
        assert then is not None
        before, after = (case.crossed(pooled.ci_low, pooled.ci_high) for pooled in (now, then))
        for limit in case.limits or ():
            if (limit in before) != (limit in after):
                key = "rating.would_exclude" if limit in before else "rating.would_include"
                return said(key, how=_told(name))
        was, became = case.region(now.estimate), case.region(then.estimate)
        if was != became and abs(then.estimate - now.estimate) > now.se:
            (at,) = as_shown(pool.measure, then.estimate)
            return said("rating.would_be", how=_told(name), at=at, place=case.place(was))
    return None


def _told(scenario: Said) -> object:
    return scenario.values["what"]


def ours(reason: Said) -> Said:
    """Say that no text that was read settles it, but a rule of ours."""
    return said("rating.ours", what=reason)
