"""Summary of findings: what the numbers suggest about certainty, beside what people judged.

A program suggests, a person judges. A level is suggested only where a computed input gives a reason
for it; where nothing can be computed it says "not assessable", and nothing is ever called "no
concern".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from scipy.special import nctdtr, ndtri, stdtrit

from livingmeta.absolute import Absolute, absolute_effects
from livingmeta.bias import Assessment, assessments
from livingmeta.effect_sizes import as_shown, counted, in_sds
from livingmeta.pooling import FEW, PooledEstimate
from livingmeta.protocol import Judgement, Review
from livingmeta.settings import headline_settings
from livingmeta.small_study import ENOUGH, egger, egger_smd
from livingmeta.synthesis import Pool, contradictory, shown_i2, synthesise
from livingmeta.words import FLAG_WORDS, decimal, p_words

DOMAINS = (
    "risk of bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "small-study effects",
    "missing evidence",
)
CERTAINTY = "certainty"
LADDER = 3  # steps from high to very low
# Domains that GRADE rates as one, publication bias: of these the larger counts.
PUBLICATION = ("small-study effects", "missing evidence")
# "Sample size <400 within the meta-analysis for each variable" and "Substantial heterogeneity (I2
# >=50%)": criteria for rating down printed in Br J Sports Med (bjsm.bmj.com/highwire/markup/124452)
RULE_OF_THUMB = 400  # people, where no difference is given from which to compute them
SUBSTANTIAL = 50.0  # percent
ASYMMETRY = 0.1  # P; not 0.05, since the tests have low power (Sterne 2011)
# Flags that say that an interval is narrower than the data allow
TOO_NARROW = ("dependent_effects", "duplicate_numbers")


Found = tuple[int | None, str]  # levels and why


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What is suggested of one domain, and what a person judged, if that is recorded.

    `levels` is 0, −1 or −2, or None where nothing could be computed; `why` is the reason in words.
    """

    about: str
    levels: int | None
    why: str
    judged: Judgement | None

    def words(self) -> str:
        """Say the suggestion: "−1 suggested: …", "none suggested: …" or "not assessable: …"."""
        if self.levels is None:
            return f"not assessable: {self.why}"
        return f"{'none' if self.levels == 0 else decimal(self.levels, 0)} suggested: {self.why}"

    def judged_words(self) -> str:
        """Say a person's judgement, or that none is recorded."""
        return judged_words(self.judged)


@dataclass(frozen=True, kw_only=True)
class PrintedCertainty:
    """A certainty that a publication, or somebody else about it, prints."""

    printed: str
    where: str
    reading: str  # primary, secondary
    source: str
    whole_review: bool  # printed of all outcomes together


@dataclass(frozen=True, kw_only=True)
class SummaryOfFindings:
    """One row of a summary-of-findings table.

    `people` is None where that of a trial is not known. `certainty` is what a person judged of the
    whole; a program never fills it.
    """

    pool: Pool
    trials: int
    people: int | None
    absolute: Absolute
    suggestions: tuple[Suggestion, ...]
    certainty: Judgement | None
    printed: tuple[PrintedCertainty, ...]

    @property
    def down(self) -> int:
        """Count the levels suggested; publication bias counts once, and three is the most."""
        levels = {one.about: one.levels or 0 for one in self.suggestions}
        once = min(levels[name] for name in PUBLICATION)
        rest = sum(levels[name] for name in DOMAINS if name not in PUBLICATION)
        return min(LADDER, -(rest + once))

    def overall(self) -> str:
        """Say what is suggested of the whole, and what was judged."""
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
        return f"suggested: {said}; judged: {judged_words(self.certainty)}"


def judged_words(judged: Judgement | None) -> str:
    """Say a person's judgement with reason and name, or that none is recorded."""
    return "not recorded" if judged is None else f"{judged.judgement} ({judged.why}; {judged.by})"


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
    Guyatt G, Schandelmaier S, Brignardello-Petersen R, et al. Core GRADE 3. BMJ 2025;389:e081905.

    Examples
    --------
    >>> from livingmeta.review import load_review
    >>> first = summary_of_findings(load_review("smith2017"))[0]
    >>> [(one.about, one.levels) for one in first.suggestions if one.levels]
    [('imprecision', -1), ('missing evidence', -1)]
    >>> first.overall().split("; ")[-1]
    'judged: not recorded'
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
    found: dict[str, Found] = dict.fromkeys(DOMAINS, (None, pool.why_not or ""))
    if result is not None:
        found |= {
            "risk of bias": _risk_of_bias(pool, result, recorded),
            "inconsistency": _inconsistency(pool, result, important),
            "imprecision": _imprecision(pool, result, important, people=people),
            "small-study effects": _small_study(pool),
        }
    found |= {
        "indirectness": (None, "only a person can judge it"),
        "missing evidence": _missing(pool),
    }
    return SummaryOfFindings(
        pool=pool,
        trials=len({effect.trial for effect in pool.effects}),
        people=people,
        absolute=absolute_effects(pool, declared=review.plan(pool.synthesis).baseline_risk),
        suggestions=tuple(
            Suggestion(about=name, levels=levels, why=why, judged=judged.get(name))
            for name, (levels, why) in found.items()
        ),
        certainty=judged.get(CERTAINTY),
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


def _inconsistency(pool: Pool, result: PooledEstimate, important: float | None) -> Found:
    if result.k == 1:
        return None, "one trial can't disagree with itself"
    percent = shown_i2(pool) or 0.0
    i2 = f"I² = {decimal(percent, 0)}%"
    if contradictory(pool):
        return -2, f"trials exclude no effect on both sides, {i2}"
    apart = sum(
        one.ci_high < other.ci_low or other.ci_high < one.ci_low
        for one, other in combinations(pool.effects, 2)
    )
    pairs = f"{apart} of {math.comb(result.k, 2)} pairs of intervals do not overlap"
    said = f"{i2}, {pairs if apart else 'all intervals overlap'}"
    ahead = _ahead(pool, result, important)
    if ahead is not None or percent >= SUBSTANTIAL:
        return -1, "; ".join(filter(None, (ahead, said)))
    if pool.k < FEW:
        return None, f"{said}, but {pool.k} trials are too few to show that they agree"
    return 0, said


def _ahead(pool: Pool, result: PooledEstimate, important: float | None) -> str | None:
    """Say where a prediction interval reaches past a threshold that the interval does not cross."""
    if pool.ahead is None:
        return None
    for limit in _thresholds(important):
        crossed = result.ci_low < limit < result.ci_high
        if not crossed and pool.ahead[0] < limit < pool.ahead[1]:
            name = "no effect" if limit == 0 else "the smallest important difference"
            ends = _shown(pool, *pool.ahead)
            return f"the prediction interval ({ends}) reaches past {name}, the interval does not"
    return None


def _thresholds(important: float | None) -> tuple[float, ...]:
    return (0.0,) if important is None else (-important, important)


def _imprecision(
    pool: Pool, result: PooledEstimate, important: float | None, *, people: int | None
) -> Found:
    """Compare the interval with no effect or the important differences, then the people needed."""
    if "not_converged" in pool.flags:
        return None, FLAG_WORDS["not_converged"].rstrip(".")
    ends = f"the interval ({_shown(pool, result.ci_low, result.ci_high)})"
    crossed = [x for x in _thresholds(important) if result.ci_low < x < result.ci_high]
    if crossed and important is None:
        return -1, f"{ends} includes no effect"
    if len(crossed) == 2:
        either = "in favour of either group" if pool.favours else "on either side of no effect"
        return -2, f"{ends} includes an important difference {either}"
    if crossed:
        side = pool.side(crossed[0] > 0, "in favour of {}")
        both = f"both an important difference {side} and less than that"
        return -1, f"{ends} includes {both}"
    limit = "include no effect" if important is None else "reach over the important difference"
    levels, said = _information(pool, people, important)
    return levels, f"{ends} does not {limit}, {said}"


def _information(pool: Pool, people: int | None, important: float | None) -> Found:
    """Compare the people with those needed, where an interval crosses no threshold."""
    narrow = [FLAG_WORDS[flag].rstrip(".") for flag in TOO_NARROW if flag in pool.flags]
    if narrow:
        return None, f"but may be too narrow: {narrow[0]}"
    needed, why = _needed(pool, important)
    if needed is None or people is None:
        return None, f"but {why if needed is None else 'arm sizes are not all known'}"
    if people < needed:
        return -1, f"but {people:,} people are fewer than {needed:,}, {why}"
    return 0, f"and {people:,} people are not fewer than {needed:,}, {why}"


def _needed(pool: Pool, important: float | None) -> tuple[int | None, str]:
    """Return the optimal information size and what it is, or None and why it is not known."""
    if important is not None and in_sds(pool.measure):
        size = optimal_information_size(important)
        return size, "as one trial would need for that difference (α 0.05, power 80%)"
    if counted(pool.measure):
        return None, "the people needed depend on a baseline risk, and none is given"
    return RULE_OF_THUMB, "a rule of thumb for continuous outcomes"


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
    yi, vi = [e.yi for e in pool.effects], [e.vi for e in pool.effects]
    n1, n2 = ([getattr(e, name) for e in pool.effects] for name in ("n1", "n2"))
    try:
        if in_sds(pool.measure) and None not in (*n1, *n2):
            test = egger_smd(yi, n1, n2)
        else:
            test = egger(yi, vi)
    except ValueError as refusal:
        return None, str(refusal).rstrip(".")
    said = f"{test.name}, {trials} trials: {p_words(test.p_value)}"
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
