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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import get_args

from scipy.special import nctdtr, ndtri, stdtrit

from livingmeta.absolute import Absolute, absolute_effects
from livingmeta.bias import Assessment, assessments
from livingmeta.effect_sizes import MEASURES, as_shown, counted, in_sds, ratios
from livingmeta.pooling import FEW, PooledEstimate
from livingmeta.protocol import Judgement, Review
from livingmeta.schema import Decision, Rated
from livingmeta.settings import headline_settings
from livingmeta.small_study import ENOUGH, suited
from livingmeta.synthesis import Pool, contradictory, funnel_of, shown_i2, synthesise
from livingmeta.words import FLAG_WORDS, decimal, p_words

DOMAINS: tuple[str, ...] = get_args(Rated)
CERTAINTY = "certainty"
LEVELS = ("high", "moderate", "low", "very low")
LADDER = len(LEVELS) - 1  # steps from high to very low
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
# "If the MID is not known …, we suggest downgrading if the upper or lower CI crosses an effect size
# of 0.5 in either direction"; of Cohen's sizes 0.2 is small and 0.8 large (KCE process book,
# 5.5.1.2, processbook.kce.be/book/export/html/110)
SMALL, APPRECIABLE, LARGE = 0.2, 0.5, 0.8  # standard deviations
# "If the sample size is a long way from the OIS, you can rate down twice for imprecision" (Core
# GRADE, authors' answers). How long a way they do not say: less than half is our rule.
FAR = 0.5
ASYMMETRY = 0.1  # P; not 0.05, since the tests have low power (Sterne 2011)
# Flags that say that an interval is narrower than the data allow
TOO_NARROW = ("dependent_effects", "duplicate_numbers")
OURS = "our rule"

Found = tuple[int | None, str]  # levels and why
Limits = tuple[float, float] | None  # important differences below and above no effect, if given


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
        one = self.decision
        return one is not None and one.decided is not None and one.suggested != self.levels

    def words(self) -> str:
        """Say the suggestion: "−1 suggested: …", "none suggested: …" or "not assessable: …"."""
        said = level_words(self.levels)
        return f"{said}{'' if self.levels is None else ' suggested'}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class PrintedCertainty:
    """A certainty that a publication, or somebody else about it, prints."""

    printed: str
    where: str
    reading: str  # primary, secondary
    source: str
    whole_review: bool  # printed of all outcomes together


@dataclass(frozen=True, kw_only=True)
class Rating:
    """What follows from a panel's decisions: `level` of `LEVELS`, once there is no open end.

    `start` is where the review declares that rating begins, `down` the levels decided, `open` the
    domains not decided, `moved` those of which the suggestion is another by now.
    """

    level: str | None
    start: str | None
    down: int
    open: tuple[str, ...]
    moved: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SummaryOfFindings:
    """One row of a summary-of-findings table.

    `people` is None where that of a trial is not known. `certainty` is what a person judged of the
    whole, `rating` what follows from the domains that a panel decided, None where none are
    recorded; a program fills neither.
    """

    pool: Pool
    trials: int
    people: int | None
    absolute: Absolute
    suggestions: tuple[Suggestion, ...]
    certainty: Judgement | None
    rating: Rating | None
    printed: tuple[PrintedCertainty, ...]

    @property
    def down(self) -> int:
        """Count the levels suggested; publication bias counts once, and three is the most."""
        return _down({one.about: one.levels or 0 for one in self.suggestions})

    def overall(self) -> str:
        """Say what is suggested of the whole."""
        given = [f"{one.about} {decimal(one.levels, 0)}" for one in self.suggestions if one.levels]
        blank = sum(one.levels is None for one in self.suggestions)
        if self.pool.result is None:
            said = "nothing, there are no numbers to rate"
        elif given:
            noun = "level" if self.down == 1 else "levels"
            least = ", the most there are" if self.down == LADDER else " at least" if blank else ""
            said = f"down {self.down} {noun}{least} ({', '.join(given)})"
        else:
            said = "no level down by what could be computed"
        if blank:
            said += f", {blank} of {len(self.suggestions)} domains not assessable"
        return f"suggested: {said}"


def level_words(levels: int | None) -> str:
    """Say levels of certainty: "none", "−1" or "not assessable"."""
    if levels is None:
        return "not assessable"
    return decimal(levels, 0) if levels else "none"


def _down(levels: Mapping[str, int]) -> int:
    once = min(levels[name] for name in PUBLICATION)
    rest = sum(levels[name] for name in DOMAINS if name not in PUBLICATION)
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
    rows = {one.about: one.decision for one in suggestions if one.decision is not None}
    if not rows:
        return None
    levels = {name: row.decided for name, row in rows.items()}
    undecided = tuple(name for name in DOMAINS if levels.get(name) is None)
    down = _down({name: levels.get(name) or 0 for name in DOMAINS})
    level = None
    if start is not None and not undecided:
        level = LEVELS[min(LEVELS.index(start) + down, LADDER)]
    return Rating(
        level=level, start=start, down=down, open=undecided,
        moved=tuple(one.about for one in suggestions if one.moved),
    )  # fmt: skip


def summary_of_findings(
    review: Review, *, pools: Sequence[Pool] | None = None, important: float | None = None
) -> tuple[SummaryOfFindings, ...]:
    """Lay out what is known of each synthesis and how certain it is.

    Parameters
    ----------
    review : Review
    pools : sequence of Pool, optional
        By default the review's syntheses by the methods of its headline.
    important : float, optional
        Smallest important difference, above 0, in the unit in which effects are pooled.

    Returns
    -------
    tuple of SummaryOfFindings
        One per synthesis or subgroup.

    References
    ----------
    Guyatt GH, Oxman AD, Kunz R, et al. GRADE guidelines 6. Rating the quality of evidence:
    imprecision. J Clin Epidemiol 2011;64:1283-1293.
    Guyatt G, Zeng L, Brignardello-Petersen R, et al. Core GRADE 2. BMJ 2025;389:e081904: "rate down
    for imprecision if the 95% confidence interval crosses the MID for benefit or harm".
    Zeng L, Brignardello-Petersen R, Hultcrantz M, et al. GRADE guidance 34: update on rating
    imprecision using a minimally contextualized approach. J Clin Epidemiol 2022;150:216-224.
    Guyatt G, Schandelmaier S, Brignardello-Petersen R, et al. Core GRADE 3. BMJ 2025;389:e081905.

    Examples
    --------
    >>> from livingmeta.review import load_review
    >>> first = summary_of_findings(load_review("smith2017"))[0]
    >>> [(one.about, one.levels) for one in first.suggestions if one.levels]
    [('imprecision', -2), ('missing evidence', -1)]
    >>> first.certainty, first.rating
    (None, None)
    """
    if pools is None:
        pools = synthesise(review, settings=headline_settings(review))
    recorded = assessments(review)
    return tuple(_row(review, pool, recorded, important) for pool in pools)


def _row(
    review: Review, pool: Pool, recorded: Sequence[Assessment], important: float | None
) -> SummaryOfFindings:
    people, result = pool.people.all, pool.result
    judged: dict[str, Judgement] = {
        one.about: one for one in review.protocol.judgement if one.synthesis == pool.synthesis
    }
    decided: dict[str, Decision] = {
        one.domain: one
        for one in review.certainty
        if (one.synthesis, one.subgroup) == (pool.synthesis, pool.subgroup)
    }
    found: dict[str, Found] = dict.fromkeys(DOMAINS, (None, pool.why_not or ""))
    if result is not None:
        limits = None if important is None else (-important, important)
        apart = _inconsistency(pool, result, limits)
        found |= {
            "risk of bias": _risk_of_bias(pool, result, recorded),
            "inconsistency": apart,
            "imprecision": _imprecision(pool, result, limits, inconsistent=bool(apart[0])),
            "small-study effects": _small_study(pool),
        }
    found |= {
        "indirectness": (None, "only a person can judge it"),
        "missing evidence": _missing(pool),
    }
    suggestions = tuple(
        Suggestion(
            about=name, levels=levels, why=why, judged=judged.get(name), decision=decided.get(name)
        )
        for name, (levels, why) in found.items()
    )
    return SummaryOfFindings(
        pool=pool,
        trials=len({effect.trial for effect in pool.effects}),
        people=people,
        absolute=absolute_effects(pool, declared=review.plan(pool.synthesis).baseline_risk),
        suggestions=suggestions,
        certainty=judged.get(CERTAINTY),
        rating=rating(suggestions, start=review.protocol.starting_certainty),
        printed=tuple(
            PrintedCertainty(
                printed=claim.printed,
                where=claim.where,
                reading=claim.reading,
                source=claim.source,
                whole_review=claim.synthesis is None,
            )
            for claim in review.published
            if claim.quantity == CERTAINTY and claim.synthesis in {None, pool.synthesis}
        ),
    )


def _shown(pool: Pool, *values: float | None) -> str:
    return " to ".join(as_shown(pool.measure, *values))


def _risk_of_bias(pool: Pool, result: PooledEstimate, recorded: Sequence[Assessment]) -> Found:
    """Use recorded judgements only, weighted as the trials are."""
    trials = list(dict.fromkeys(effect.trial for effect in pool.effects))
    overall = {one.trial: one.overall for one in recorded if one.overall is not None}
    blank = [trial for trial in trials if trial not in overall]
    if blank:
        facts = {one.trial for one in recorded} & set(blank)
        noted = f" ({len(facts)} with facts or single domains only)" if facts else ""
        return None, f"{len(blank)} of {len(trials)} trials without an overall judgement{noted}"
    weights = zip(pool.effects, result.weights, strict=True)
    high = sum(weight for effect, weight in weights if overall[effect.trial] == "high")
    said = f"trials judged at high risk carry {decimal(high, 0)}% of the weight"
    # GRADE asks where most of the information comes from
    return (-1 if high > 50 else 0), said


def _region(effect: float, limits: Limits) -> int:
    """Say on which side an effect lies: −1 or 1 beyond a threshold, 0 at no effect or between."""
    low, high = limits or (0.0, 0.0)
    return int(effect > high) - int(effect < low)


def _lies(pool: Pool, region: int, limits: Limits) -> str:
    """Say where the effects of a region are."""
    if region == 0:
        return "at no effect" if limits is None else "between the important differences"
    beyond = "" if limits is None else "beyond the important difference "
    return beyond + pool.side(region > 0, "in favour of {}")


def _inconsistency(pool: Pool, result: PooledEstimate, limits: Limits) -> Found:
    """Ask where the trials lie in relation to the threshold, and how little they overlap.

    Core GRADE 3, abstract: users "note the magnitude of differences in point estimates, the extent
    to which the CIs overlap, and where the point estimates lie in relation to the target of their
    certainty rating. … The decision, however, requires consideration of the chosen threshold for
    certainty rating: whether the null or the MID". I² alone takes no level: rating down is
    appropriate "particularly if some studies suggest substantial benefit, and others no effect or
    harm (rather than only large vs. small effects)" (GRADE guidelines 7, abstract).
    """
    if result.k == 1:
        return None, "one trial can't disagree with itself"
    percent = shown_i2(pool) or 0.0
    apart = sum(
        one.ci_high < other.ci_low or other.ci_high < one.ci_low
        for one, other in combinations(pool.effects, 2)
    )
    pairs = f"{apart} of {math.comb(result.k, 2)} pairs of intervals do not overlap"
    overlap = f"I² = {decimal(percent, 0)}%, {pairs if apart else 'all intervals overlap'}"
    if contradictory(pool, beyond=limits or (0.0, 0.0)):
        # "Different direction of effect estimates in the studies", I² > 75%: "Downgrade 2 levels"
        # (decision matrix of Cochrane review CD009172, PMC7195185, table 8)
        both = "" if limits is None else ", with important differences both ways"
        return -2, f"trials exclude no effect on both sides{both}, {overlap}"
    home = _region(result.estimate, limits)
    away = [_region(effect.yi, limits) != home for effect in pool.effects]
    weight = sum(w for w, elsewhere in zip(result.weights, away, strict=True) if elsewhere)
    target = _lies(pool, home, limits)
    said = [
        f"{sum(away)} of {result.k} estimates, with {decimal(weight, 0)}% of the weight, "
        f"{'is' if sum(away) == 1 else 'are'} not {target} as the pooled one is"
        if any(away)
        else f"all {result.k} estimates are {target}",
        overlap,
    ]
    if limits is None:
        said.append("judged against no effect, since no important difference is given")
    ahead = _ahead(pool, result, limits)
    said += [ahead] if ahead else []
    if any(away) and percent >= SUBSTANTIAL and (weight >= ELSEWHERE or ahead):
        return -1, "; ".join(said)
    if pool.k < FEW:
        return None, "; ".join([*said, f"{pool.k} trials are too few to show that they agree"])
    return 0, "; ".join(said)


def _ahead(pool: Pool, result: PooledEstimate, limits: Limits) -> str | None:
    """Say where a prediction interval reaches past a threshold that the interval does not cross."""
    if pool.ahead is None:
        return None
    for limit in limits or (0.0,):
        crossed = result.ci_low < limit < result.ci_high
        if not crossed and pool.ahead[0] < limit < pool.ahead[1]:
            name = "no effect" if limit == 0 else "the important difference"
            ends = _shown(pool, *pool.ahead)
            return f"the prediction interval ({ends}) reaches past {name}, the interval does not"
    return None


def _imprecision(
    pool: Pool, result: PooledEstimate, limits: Limits, *, inconsistent: bool
) -> Found:
    """Compare the interval with the thresholds, and the people with those needed.

    One τ² takes no level twice: where it took one under inconsistency, the interval that sampling
    within the trials alone gives is compared. No text that was read says how; it is our rule.
    """
    if "not_converged" in pool.flags:
        return None, FLAG_WORDS["not_converged"].rstrip(".")
    shown, sampled = (result.ci_low, result.ci_high), _sampled(pool, result)
    found, alone = (_crossing(pool, result, ends, limits) for ends in (shown, sampled))
    if not inconsistent or found[0] == alone[0]:
        return found[0], f"the interval ({_shown(pool, *shown)}) {found[1]}"
    return alone[0], (
        f"the interval that sampling alone gives ({_shown(pool, *sampled)}) {alone[1]}; how the "
        f"trials differ is rated under inconsistency, not here again ({OURS})"
    )


def _sampled(pool: Pool, result: PooledEstimate) -> tuple[float, float]:
    """Return the interval that sampling within the trials alone gives, never a wider one.

    The variance of Σwy is Σw²v + τ²Σw², of which the second part is that the trials differ.
    """
    w = [weight / 100 for weight in result.weights]
    within = sum(one**2 * effect.vi for one, effect in zip(w, pool.effects, strict=True))
    half = float(ndtri((1 + result.level) / 2)) * math.sqrt(within)
    return max(result.ci_low, result.estimate - half), min(result.ci_high, result.estimate + half)


def _crossing(
    pool: Pool, result: PooledEstimate, ends: tuple[float, float], limits: Limits
) -> Found:
    """Count the thresholds that an interval crosses.

    Core GRADE 2, abstract: "rate down for imprecision if the 95% confidence interval crosses the
    MID for benefit or harm", or, where the question is whether there is an effect, no effect.
    GRADE guidance 34, abstract: "when a CI appreciably crosses the threshold(s) of interest, one
    should consider rating down two or three levels. When the CI does not cross the threshold(s) and
    the relative effect is large, one should implement the optimal information size (OIS) approach".
    """
    low, high = ends
    crossed = [limit for limit in limits or (0.0,) if low < limit < high]
    if limits is None and crossed:
        return _around_no_effect(pool, ends)
    if len(crossed) == 2:
        either = "in favour of either group" if pool.favours else "on either side of no effect"
        return -2, f"includes an important difference {either}"
    if crossed:
        side = pool.side(crossed[0] > 0, "in favour of {}")
        return -1, f"includes both an important difference {side} and less than that"
    if limits is None:
        levels, said = _information(pool, result, limits)
        return levels, f"excludes no effect, {said}"
    size = _size(pool, result.estimate)
    if _region(result.estimate, limits) == 0 or (size is not None and size < LARGE):
        large = "the information size is asked of large effects only"
        return 0, f"does not reach over an important difference; {large}"
    levels, said = _information(pool, result, limits)
    return levels, f"does not reach over the important difference, {said}"


def _around_no_effect(pool: Pool, ends: tuple[float, float]) -> Found:
    """Rate an interval that includes no effect, where no important difference is given.

    A level for that, and a second where it includes appreciable differences both ways or rests on
    far too few people.
    """
    sizes = [_size(pool, end) for end in ends]
    needed, why = _needed(pool, None)
    said = "includes no effect"
    if None not in sizes and min(size for size in sizes if size is not None) > APPRECIABLE:
        return -2, f"{said} and appreciable differences both ways ({OURS})"
    people = pool.people.all
    if needed is None or people is None:
        return -1, f"{said}; {why if needed is None else 'arm sizes are not all known'}"
    short = f"{people:,} people against {needed:,}, {why}"
    if people < FAR * needed:
        return -2, f"{said}, with less than half of the people needed: {short} ({OURS})"
    return -1, f"{said}, with {short}"


def _information(pool: Pool, result: PooledEstimate, limits: Limits) -> Found:
    """Compare the people with those needed, where an interval crosses no threshold.

    "If the 95% CI excludes a relative risk (RR) of 1.0, and the total number of events or patients
    exceeds the OIS criterion, precision is adequate" (GRADE guidelines 6, abstract).
    """
    narrow = [FLAG_WORDS[flag].rstrip(".") for flag in TOO_NARROW if flag in pool.flags]
    if narrow:
        return None, f"but may be too narrow: {narrow[0]}"
    needed, why = _needed(pool, limits)
    people = pool.people.all
    if needed is None or people is None:
        return None, f"but {why if needed is None else 'arm sizes are not all known'}"
    if people >= needed:
        return 0, f"and {people:,} people are not fewer than {needed:,}, {why}"
    said = f"but {people:,} people are fewer than {needed:,}, {why}"
    size = _size(pool, result.estimate)
    if size is not None and size >= LARGE and people < FAR * needed:
        return -2, f"{said}: less than half, of an effect as large as this ({OURS})"
    return -1, said


def _size(pool: Pool, effect: float) -> float | None:
    """Return how far an effect lies from none, in standard deviations; None where not known."""
    if in_sds(pool.measure):
        return abs(effect)
    sd = _typical_sd(pool)
    return None if sd is None else abs(effect) / sd


def _typical_sd(pool: Pool) -> float | None:
    """Return the median SD of the arms of a mean difference, None where one is not known."""
    sds = [sd for effect in pool.effects for sd in (effect.sd1, effect.sd2)]
    known = [sd for sd in sds if sd is not None]
    alone = pool.measure == MEASURES["MD"].label
    return median(known) if alone and len(known) == len(sds) else None


def _needed(pool: Pool, limits: Limits) -> tuple[int | None, str]:
    """Return the optimal information size and what it is, or None and why it is not known.

    It is that of the important difference, but of a small effect at least: "Beware … not to base
    your sample size on the RRR of minimally clinical importance …, because it leads to paradoxes:
    if expected effects are considerably larger than what is clinically important" (KCE process
    book, 5.5.4, processbook.kce.be/book/export/html/115).
    """
    if counted(pool.measure) or pool.measure in ratios():
        return None, "the people needed depend on a baseline risk, and none is given"
    sd = 1.0 if in_sds(pool.measure) else _typical_sd(pool)
    if limits is None or sd is None:
        return RULE_OF_THUMB, "a rule of thumb for continuous outcomes"
    given = limits[1] / sd
    of = "that difference" if given >= SMALL else f"a small effect of {SMALL} SD"
    size = optimal_information_size(max(given, SMALL))
    return size, f"as one trial would need for {of} (α 0.05, power 80%)"


def optimal_information_size(difference: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the people one trial of two equal arms would need for a standardised difference.

    Parameters
    ----------
    difference : float
        In standard deviations, above 0.
    alpha, power : float
        Two-sided error and power. GRADE takes "α (typically 0.05) and β (typically 0.20)".

    Returns
    -------
    int
        Both arms together: twice the smallest n for which a two-sided t test on 2n − 2 degrees of
        freedom has this power, by the non-central t with d √(n/2).

    References
    ----------
    Guyatt GH, Oxman AD, Kunz R, et al. GRADE guidelines 6. J Clin Epidemiol 2011;64:1283-1293: the
    optimal information size is "the number of patients required for an adequately powered
    individual trial".

    Examples
    --------
    R: power.t.test(delta = 0.5, power = 0.8) gives 63.8 per arm.

    >>> optimal_information_size(0.5)
    128
    """
    z = float(ndtri(1 - alpha / 2) + ndtri(power))
    n = max(2, math.ceil(2 * (z / difference) ** 2))  # a normal test needs fewer
    while _t_power(n, difference, alpha) < power:
        n += 1
    return 2 * n


def _t_power(n: int, difference: float, alpha: float) -> float:
    df, shift = 2 * n - 2, difference * math.sqrt(n / 2)
    return float(1 - nctdtr(df, shift, stdtrit(df, 1 - alpha / 2)))


def _small_study(pool: Pool) -> Found:
    trials = len({effect.trial for effect in pool.effects})
    if trials < ENOUGH:
        noun = "trial" if trials == 1 else "trials"
        return None, f"{trials} {noun}, and below {ENOUGH} a test can't tell chance from bias"
    try:
        found = suited(funnel_of(pool))
    except ValueError as refusal:
        return None, str(refusal).rstrip(".")
    test = found.test
    said = f"{test.name}, {trials} trials: {p_words(test.p_value)}"
    if test.p_value < ASYMMETRY and found.inflated:
        return None, f"{said}, but {found.why}"
    if test.p_value < ASYMMETRY:
        return -1, f"small trials tell another story ({said}), for whatever reason"
    return 0, f"no asymmetry found ({said}), which does not show that there is none"


def _missing(pool: Pool) -> Found:
    if not pool.missing:
        return None, "no trial is known to be missing, and unknown ones can't be counted"
    sizes = [one.n_randomised for one in pool.missing]
    count = sum(size for size in sizes if size is not None)
    people = f"{count:,} people{' and more' if None in sizes else ''}" if count else (
        "number of people not known"
    )  # fmt: skip
    said = (
        f"{len(pool.missing)} of {len(pool.measured)} trials known to have measured it have no "
        f"usable numbers here ({people})"
    )
    return (-1, said) if pool.result is not None else (None, said)
