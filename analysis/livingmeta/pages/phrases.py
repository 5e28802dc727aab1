"""Words and pages about a review; what they say follows from the numbers by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

from livingmeta.appraisal.absolute import PER, Baseline, per_1000
from livingmeta.appraisal.certainty import (
    CERTAINTY_LEVELS,
    LADDER,
    Suggestion,
    SummaryOfFindings,
    level_words,
)
from livingmeta.appraisal.multiverse import Multiverse, Shares, excluding, shares, trial_sets
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.audit.results import Results, at_odds, printed_k
from livingmeta.engine.measures import MEASURES, as_shown, scale_name
from livingmeta.engine.methods.multilevel import ThreeLevel
from livingmeta.engine.methods.patient import vas_points
from livingmeta.engine.pooling import FEW, PREDICTION_FROM, PooledEstimate
from livingmeta.engine.tau2 import TAU2
from livingmeta.language import ENGLISH, Language
from livingmeta.language import language as language_of
from livingmeta.review.protocol import Judgement, Review
from livingmeta.review.schema import Claim
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import CONTRADICTION, DRAWN, Pool
from livingmeta.synthesis.settings import headline_settings
from livingmeta.words import count, decimal, decimals, p_words

DISCLAIMER = ENGLISH.say("disclaimer")
VARIANCE_NAMES = {  # as their authors, or the programs that have them, call them
    "revman": "RevMan 5",
    "LS": "Hedges 1982 (metafor LS)",
    "LS2": "metafor LS2",
    "UB": "metafor UB",
}
COUNT_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Interval(Protocol):
    """An estimate with its interval."""

    @property
    def estimate(self) -> float:
        """The estimate."""

    @property
    def ci_low(self) -> float:
        """Its lower limit."""

    @property
    def ci_high(self) -> float:
        """Its upper limit."""


def speaking(review: Review, lang: str) -> Language:
    """Return a language with a review's own words in it."""
    return language_of(lang, own=review.protocol.translation.get(lang))


def interval_ends(
    result: Interval | Effect, *, measure: str | None = None, language: Language = ENGLISH
) -> dict[str, str]:
    """Format estimate, low and high end of an interval, on the scale that readers see."""
    estimate = result.yi if isinstance(result, Effect) else result.estimate
    label = measure or getattr(result, "measure", None) or ""
    ends = language.commas(as_shown(label, estimate, result.ci_low, result.ci_high))
    return dict(zip(("estimate", "low", "high"), ends, strict=True))


def interval(result: Interval | Effect, *, measure: str | None = None, language: Language = ENGLISH) -> str:
    """Format estimate and interval: "−0.27 (−0.54 to −0.05)"."""
    return language.say("interval", **interval_ends(result, measure=measure, language=language))


def percent_of(level: float, *, language: Language) -> dict[str, str]:
    """Return what a message says of a level of confidence: "95", and the sign of percent."""
    return {"level": language.commas([f"{100 * level:g}"])[0], "percent": language.percent}


def value(
    pool: Pool,
    result: PooledEstimate | ThreeLevel,
    *,
    language: Language = ENGLISH,
    vas_sd: float | None = None,
) -> str:
    """Write estimate and interval with scale and level: "SMD −0.30 (95% CI −1.24 to 0.64)"."""
    ends = interval_ends(result, language=language, measure=pool.measure)
    confidence = percent_of(result.level, language=language)
    text = language.say("value", scale=scale_name(pool.measure), **ends, **confidence)
    if vas_sd is None:
        return text
    points = {
        name: language.decimal(vas_points(end, vas_sd=vas_sd), 0)
        for name, end in (("estimate", result.estimate), ("low", result.ci_low), ("high", result.ci_high))
    }
    return language.say("value_points", value=text, **points, sd=f"{vas_sd:g}")


def ahead(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say where the true effect of a new setting is expected; empty for too few trials."""
    if pool.ahead is None or pool.result is None:
        return ""
    low, high = language.commas(as_shown(pool.measure, *pool.ahead))
    return language.say("ahead", low=low, high=high, **percent_of(pool.result.level, language=language))


def beside(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say of an interval of few trials how wide it is, and what stands beside it; empty: it isn't.

    The interval of the method that is wide is the HKSJ one where that is the wider.
    """
    narrower = pool.beside
    if narrower is None:
        return ""
    ends = as_shown(pool.measure, *narrower.hksj), as_shown(pool.measure, *narrower.trials)
    names = ("low", "high", "least", "most")
    shown = dict(zip(names, language.commas(chain(*ends)), strict=True))
    result = pool.result
    assert result is not None
    same = as_shown(pool.measure, result.ci_low, result.ci_high) == ends[0]
    return language.say("wide_same" if same else "wide", **shown)


def ahead_shown(pool: Pool) -> str:
    """Show the prediction interval; "too few" below the trials from which it is shown, else a dash."""
    if pool.ahead is None:
        return "–" if pool.result is None or pool.result.pi_low is None else "too few"
    return " to ".join(as_shown(pool.measure, *pool.ahead))


def i2_from(pool: Pool) -> str:
    """Show I² and what it is computed from: "61% (Q)"."""
    shown = pool.i2
    return "–" if shown is None else f"{decimal(shown, 0)}% ({'τ²' if pool.i2_from == 'tau2' else 'Q'})"


def counted(number: int, noun: str) -> str:
    """Count in words up to ten: "one trial", "12 trials"."""
    word = COUNT_WORDS[number] if number < len(COUNT_WORDS) else str(number)
    return f"{word} {noun}{'' if number == 1 else 's'}"


def people(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say how many people's numbers are pooled: "142 people", "number of people not known"."""
    known, unknown, k = pool.people
    key = "people" if not unknown else "people_least" if known else "people_unknown"
    return language.say(key, n=language.whole(known), unknown=unknown, k=k)


def people_number(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say the same for a cell of a table: "142", "at least 142", "not known"."""
    known, unknown, _ = pool.people
    if unknown:
        return language.say("least" if known else "not_known", n=language.whole(known))
    return language.whole(known)


def side_words(pool: Pool, *, above: bool, language: Language = ENGLISH) -> str:
    """Say which side of no effect is meant: "in favour of exercise", "below 1"."""
    if pool.favours is None:
        return language.say("above" if above else "below", no_effect=pool.no_effect)
    return language.say("in_favour", group=language.word(pool.favours[above]))


def group_words(pool: Pool, *, language: Language = ENGLISH) -> dict[str, str]:
    """Return what messages call the groups that are compared."""
    return dict(zip(("group1", "group2"), map(language.word, pool.groups), strict=True))


def sign(pools: Iterable[Pool], *, language: Language = ENGLISH) -> str:
    """Say whom numbers below no effect favour, once if it is the same wherever there are any."""
    titles_of: dict[str, dict[str, None]] = {}
    for pool in (pool for pool in pools if pool.effects and not pool.one_group):
        key = "sign_unknown" if not pool.favours else "sign" if pool.no_effect == "0" else "sign_ratio"
        group = language.word(pool.favours[0]) if pool.favours else ""
        text = language.say(key, group=group, no_effect=pool.no_effect)
        titles_of.setdefault(text, {})[language.word(pool.title)] = None
    if len(titles_of) < 2:
        return next(iter(titles_of), "")
    parts = (language.say("sign_for", sign=text, titles="; ".join(of)) for text, of in titles_of.items())
    return " ".join(parts)


# What is said of how effects came about, by what a measure needs; "" of a correlation, which is printed
METHOD_OF = {"effect": "m_printed", "correlation": "", **dict.fromkeys(("events", "rate"), "m_events")}
METHOD_OF |= dict.fromkeys(("counts", "rates"), "m_counts")


def how_to_say(review: Review, pools: Iterable[Pool], *, language: Language = ENGLISH) -> str:
    """Say how to state which side is good, where nobody has; empty where it is stated."""
    if all(pool.favours or pool.one_group for pool in pools if pool.effects):
        return ""
    return language.say("files.favours" if review.file else "files.favours_of_review")


def coverage(review: Review, pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say what was pooled, what is held back and what is missing, in one line."""
    say, pooled = language.say, len(pool.effects)
    whose = people(pool, language=language)
    k = pool.people.trials
    key = "pooled" if not pooled else "pooled_people" if k == pooled else "pooled_several"
    parts = [say(key, n=pooled, k=k, people=whose)]
    for key, others in (
        ("only_sensitivity", pool.sensitivity_only),
        ("measured_missing", pool.missing),
        ("left_out_count", pool.dropped),
    ):
        if others:
            parts.append(say(key, n=len(others)))
    line = ", ".join(parts)
    if not review.published or review.file or any(effect.subgroup for effect in pool.effects):
        return line
    own = printed_k(review, pool)
    return f"{line}; {say('own_unknown') if own is None else say('own_known', n=own)}"


def share(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say how many of the trials known to have measured it a result rests on; empty: all."""
    whole = len(pool.measured)
    return "" if pool.k == whole else f", {language.say('share', k=pool.k, n=whole)}"


def absolute_words(summary: SummaryOfFindings, *, language: Language = ENGLISH) -> tuple[str, list[str], str]:
    """Say a result in people per 1,000, or why it can't be said.

    Returns
    -------
    (str, list of str, str)
        A head, an item per baseline risk, and what holds for all of them; each may be empty, the
        head where the outcome is not one that people have or have not.
    """
    absolute, say = summary.absolute, language.say
    if absolute.why_not is not None:
        why = say("absolute_none", why=language.word(absolute.why_not))
        return why if absolute.asked and summary.pool.result else "", [], ""
    groups = group_words(summary.pool, language=language)

    def risk(at: Baseline) -> str:
        people = {"events": count(at.events or 0), "people": count(at.people or 0), "who": at.who}
        origin = say(f"risk_{at.name}", **people, source=at.source)
        (per,) = language.commas(decimals(PER * at.risk, places=0))
        return say("absolute_risk", risk=per, origin=origin, **groups)

    items = []
    for at in absolute.effects:
        words = (say("fewer", n="{}"), say("more", n="{}"))
        shown = per_1000(at.difference, at.low, at.high, words=words, comma=language.comma)
        difference = say("interval", estimate=shown[0], low=shown[1], high=shown[2])
        where = say("absolute_any") if at.baseline is None else risk(at.baseline)
        items.append(f"{difference} {where}" + (f"; {say('absolute_capped')}" if at.capped else ""))
    items += [say("absolute_beyond", risk=risk(at)) for at in absolute.beyond]
    used = [at.baseline for at in absolute.effects if at.baseline is not None]
    notes = []
    if used and used[0].source is None:
        among = absolute.baselines
        notes.append(say("absolute_known", known=among.known, trials=among.trials))
    if used and summary.pool.result:
        notes.append(say("absolute_note", **percent_of(summary.pool.result.level, language=language)))
    return say("absolute", **groups), items, " ".join(notes)


def suggested_line(summary: SummaryOfFindings, *, language: Language = ENGLISH) -> str:
    """Say what is suggested of the certainty of a synthesis as a whole."""
    say = language.say
    given = [
        f"{language.word(s.about)} {language.decimal(s.levels, 0)}" for s in summary.suggestions if s.levels
    ]
    blank = sum(s.levels is None for s in summary.suggestions)
    if summary.pool.result is None:
        said = say("suggested_nothing")
    elif given:
        key = "suggested_most" if summary.down == LADDER else "suggested_least" if blank else ""
        domains = f"{say(key) if key else ''} ({', '.join(given)})"
        said = say("suggested_one" if summary.down == 1 else "suggested_many", n=summary.down) + domains
    else:
        said = say("suggested_unchecked" if summary.unchecked else "suggested_zero")
    if blank:
        said += f", {say('suggested_blank', n=blank, of=len(summary.suggestions))}"
    return say("suggested", said=said)


def certainty_short(summary: SummaryOfFindings, *, language: Language = ENGLISH) -> str:
    """Say in a cell of a table how certain people judged it to be, else what is suggested."""
    rating, judged = summary.rating, summary.certainty
    if rating is not None and rating.level is not None:
        return language.word(rating.level)
    if judged is not None:
        return language.word(judged.judgement)
    if summary.pool.result is None:
        return language.say("not_judged")
    if summary.at_most is None:
        return language.say("not_checked" if summary.unchecked else "not_lowered")
    key = "lowered" if summary.at_most == CERTAINTY_LEVELS[-1] else "lowered_at_most"
    return language.say(key, level=language.word(summary.at_most))


def judged_words(suggestion: Suggestion, *, language: Language = ENGLISH) -> str:
    """Say what people judged of a domain, or that nothing is recorded."""
    say, row = language.say, suggestion.decision
    if row is None:
        return _judgement(suggestion.judged, language)
    if row.decided is None:
        return say("judged_left") + (f": {row.reason}" if row.reason else "")
    words = (row.decided, row.suggested, suggestion.levels)
    level, was, now = (language.word(level_words(levels)) for levels in words)
    who = ", ".join(filter(None, (row.by, row.date)))
    key = "judged_accepted" if row.decision == "accept" else "judged_changed"
    said = say(key, level=level, was=was, why=row.reason, who=who)
    if suggestion.moved:
        said += f"; {say('judged_moved', was=was, now=now)}"
    return said


def judged_line(summary: SummaryOfFindings, *, language: Language = ENGLISH) -> str:
    """Say how certain people judged a synthesis to be, or what keeps it open."""
    say, rating = language.say, summary.rating
    if rating is None:
        return say("judged", said=_judgement(summary.certainty, language))
    if rating.open:
        said = say("judged_undecided", n=len(rating.open), of=len(summary.suggestions))
    elif rating.level is None:
        said = say("judged_startless", n=rating.down)
    else:
        start, level = language.word(rating.start), language.word(rating.level)
        said = say("judged_rated", level=level, start=start, n=rating.down)
    if rating.moved:
        names = language.listed(map(language.word, rating.moved))
        said += f"; {say('judged_again', names=names)}"
    return say("judged", said=said)


def _judgement(judged: Judgement | None, language: Language) -> str:
    if judged is None:
        return language.say("not_recorded")
    return f"{judged.judgement} ({judged.why}; {judged.by})"


def published(results: Results, pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say what the publication prints for a pool, and how well; empty where it prints nothing."""
    if pool.printed is None:
        if (numbers := undrawn(results.review, pool, language=language)) is not None:
            return language.say("published_undrawn", numbers=numbers)
        words = printed_text(results.review, pool)
        return language.say("published_words", words=words) if words else ""
    numbers = interval(pool.printed, measure=pool.measure, language=language)
    parts = [language.say("published_numbers", numbers=numbers)]
    if odd := language.word(at_odds(results.review, pool.synthesis, results.findings)):
        parts.append(odd)
    if printed_k(results.review, pool) is None:
        parts.append(language.say("published_k_unknown"))
    return ", ".join(parts)


def printed_text(review: Review, pool: Pool) -> str | None:
    """Return the words that are printed of a pool in place of numbers."""
    return next((claim.printed for claim in _claims(review, pool) if claim.quantity == "text"), None)


def undrawn(review: Review, pool: Pool, *, language: Language = ENGLISH) -> str | None:
    """Give a published result as printed where no figure can draw it, else None."""
    claims = () if pool.printed else [claim for claim in _claims(review, pool) if claim.quantity in DRAWN]
    # of several the first
    numbers: dict[str, str] = {claim.quantity: claim.printed for claim in reversed(claims)}
    if not numbers:
        return None
    estimate, low, high = (numbers.get(name, "?") for name in DRAWN)
    whole = len(numbers) > 1 or "estimate" not in numbers
    return language.say("interval", estimate=estimate, low=low, high=high) if whole else estimate


def _claims(review: Review, pool: Pool) -> list[Claim]:
    """Return what the publication itself prints of a pool."""
    return [
        claim
        for claim in review.published
        if (claim.synthesis, claim.subgroup, claim.trial, claim.reading) == (*pool.key, None, "primary")
    ]


def verdict_words(results: Results, pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say what became of the numbers that the publication itself prints for a pool."""
    about = [
        verdict.verdict
        for verdict in results.verdicts
        if (verdict.synthesis, verdict.subgroup, verdict.reading) == (*pool.key, "primary")
        and not verdict.trial
    ]
    numeric = [verdict for verdict in about if verdict != "not numeric"]
    return ", ".join(map(language.word, dict.fromkeys(numeric or about)))


def standing(results: Results, *, language: Language = ENGLISH) -> str:
    """Say how many printed numbers are reproduced, or why none can be judged."""
    numeric = [printed.verdict for printed in results.verdicts if printed.verdict != "not numeric"]
    judged = [verdict for verdict in numeric if verdict in {"reproduced", "differs"}]
    if not judged:
        return language.say("neither" if numeric else "none_printed")
    good, n = language.whole(judged.count("reproduced")), language.whole(len(judged))
    return language.say("reproduced_count", good=good, n=n)


def spread(pool: Pool, *, language: Language = ENGLISH) -> list[str]:
    """Say in words how much the trials differ, and what to expect of a new one."""
    say, number, result = language.say, language.decimal, pool.result
    if result is None:
        return [say("spread_none")] if not pool.effects else [pool.why_not or ""]
    if result.k == 1:
        return [say("spread_one")]

    def tau2(value: float | None) -> str:
        return language.commas(decimals(value))[0]

    def p_value(p: float | None) -> str:
        return language.commas([p_words(p)])[0]

    i2, limits = pool.i2 or 0.0, ""
    if result.tau2_low is not None and result.tau2_high is not None:
        ends = {"low": tau2(result.tau2_low), "high": tau2(result.tau2_high)}
        limits = say("tau2_limits", by=result.tau2_ci_method, **ends)
    sentences = [
        say(
            "spread_numbers" if result.tau2 is not None else "spread_common",
            tau2=tau2(result.tau2),
            method=result.tau2_method,
            kind=say(f"i2_{pool.i2_from}"),
            tau2_interval=limits,
            q=number(result.q),
            df=result.q_df,
            p=p_value(result.q_p),
            i2=number(i2, 0),
            percent=language.percent,
        ),
        say("spread_large" if i2 >= CONTRADICTION else "spread_some" if i2 > 0 else "spread_small"),
    ]
    if pool.k < FEW:
        sentences.append(say("spread_few"))
    if result.tau2 is not None and pool.k < PREDICTION_FROM:
        sentences.append(say("ahead_few", n=PREDICTION_FROM))
    elif pool.ahead is not None:
        sentences.append(ahead(pool, language=language))
        if pool.no_effect is not None and pool.ahead[0] < 0 < pool.ahead[1]:
            sentences.append(say("ahead_both" if pool.favours else "ahead_sides", no_effect=pool.no_effect))
    if test := pool.subgroup_test:
        sentences.append(say("subgroups", q=number(test.q), df=test.df, p=p_value(test.p_value)))
        if test.shared:
            sentences.append(say("subgroups_shared", names=language.listed(test.shared)))
    return sentences


# the sentence of methods, where counts are pooled by their own
BY_METHOD = {("MH", "common"): "m_mh", ("MH", "random"): "m_mh_random", ("Peto", "common"): "m_peto"}


def methods(results: Results, *, version: str, language: Language = ENGLISH) -> str:
    """Write the paragraph on methods that a paper needs, for the numbers of the headline."""
    say, settings, pools = language.say, headline_settings(results.review), results.headline_pools
    profile, measure = settings.profile, MEASURES[settings.measure]
    smd = "smd_variance" in measure.options.values()
    # those of a subgroup stand in its total, too
    effects = [e for _, e in dict.fromkeys((pool.synthesis, e) for pool in pools for e in pool.effects)]
    sentences = [
        say("m_review", id=results.review.protocol.id, version=version)
        if results.review.file is None
        else say("m_table", file=results.review.file, version=version),
        say(
            "m_measure_smd" if smd else "m_measure",
            correction=say(f"corr_{profile.correction}"),
            variance=VARIANCE_NAMES.get(profile.smd_variance, profile.smd_variance),
            scale=settings.called or language.word(measure.words),
        ),
        sign(pools, language=language),
        *(say(key) for key in [METHOD_OF.get(measure.needs, "m_convert")] if key),
        say(BY_METHOD.get((settings.method, profile.model), "m_common"))
        if profile.model == "common" or settings.method == "MH"
        else say("m_random", tau2=language.method("tau2", profile.tau2, TAU2[profile.tau2].words)),
        say("m_ci", ci=language.names["ci"][profile.ci], **percent_of(settings.level, language=language)),
        say("m_i2", i2=say(f"i2_{profile.i2}")),
    ]
    if profile.prediction != "none":
        prediction = language.names["prediction"][profile.prediction]
        sentences.append(say("m_prediction", n=PREDICTION_FROM, prediction=prediction))
    if assumed := sum(effect.assumption is not None for effect in effects):
        sentences.append(say("m_assumed", n=assumed, k=len(effects)))
    if turned := sum(effect.turned for effect in effects):
        sentences.append(say("m_inverted" if measure.ratio else "m_turned", n=turned, k=len(effects)))
    if results.review.file is None:
        sentences.append(say("m_missing"))
    if results.review.published:
        sentences.append(say("m_verdict"))
    return " ".join(filter(None, sentences))


def bent(analyses: Sensitivity, *, language: Language = ENGLISH) -> tuple[list[tuple[str, Pool]], list[str]]:
    """Part a synthesis's scenarios into those that change its result, and the names of others."""
    moved: list[tuple[str, Pool]] = []
    same: list[str] = []
    for scenario, pool in (*analyses.scenarios, *analyses.absence.scenarios):
        name = language.word(scenario)
        if pool is None:
            continue
        if _as_read(pool) == _as_read(analyses.main):
            same.append(name)
        else:
            moved.append((name, pool))
    return moved, same


def _as_read(pool: Pool) -> tuple[object, ...]:
    """Return what a reader sees of a pool in a line."""
    return (interval(pool.result) if pool.result else None, len(pool.effects), pool.people)


def sizes(pool: Pool, *, language: Language = ENGLISH) -> tuple[str, str]:
    """Say on how many trials of how many, and on how many people, a pool rests.

    Trials that enter at an assumed effect are counted apart.
    """
    real = replace(pool, effects=tuple(e for e in pool.effects if "imputed" not in e.flags))
    shown = [language.whole(real.people.trials), people_number(real, language=language)]
    for place, name in enumerate(("trials", "known")):
        if imputed := getattr(pool.people, name) - getattr(real.people, name):
            shown[place] += f" + {language.say('imputed', n=language.whole(imputed))}"
    part = "" if real.people.trials == len(pool.measured) else f" {language.say('of', n=len(pool.measured))}"
    return shown[0] + part, shown[1]


def multiverse_words(multiverse: Multiverse, *, language: Language = ENGLISH) -> str:
    """Say what all combinations of declared choices give; empty where no analysis is possible."""
    pool, of_analyses = multiverse.main, shares(multiverse.analyses)
    of_sets, sets = shares(multiverse.analyses, each="trial_set"), trial_sets(multiverse)
    if of_analyses is None or of_sets is None:
        return ""
    k = "–".join(map(str, dict.fromkeys((of_analyses.k_low, of_analyses.k_high))))
    ends = (as_shown(pool.measure, x)[0] for x in (of_analyses.lowest, of_analyses.highest))
    low, high = language.commas(ends)
    analyses = {
        "analyses": language.whole(of_analyses.analyses),
        "on": language.say("multiverse_on_one" if of_analyses.k_high == 1 else "multiverse_on", k=k),
        "low": low,
        "high": high,
    }
    if pool.no_effect is None:
        return language.say("multiverse_alone", **analyses)
    sides = {
        "side1": side_words(pool, above=False, language=language),
        "side2": side_words(pool, above=True, language=language),
        "no_effect": pool.no_effect,
        "percent": language.percent,
    }

    def excluded(by: Shares) -> dict[str, str]:
        shown = {"first": by.excludes_below, "second": by.excludes_above}
        return {name: language.decimal(100 * share, 0) for name, share in shown.items()}

    first = language.say("multiverse", **analyses, **excluded(of_analyses), **sides)
    if len(sets) == 1:
        return f"{first} {language.say('multiverse_one_set')}"
    numbers = {name: language.whole(n) for name, n in {"sets": len(sets), **excluding(sets)}.items()}
    return f"{first} {language.say('multiverse_sets', **numbers, **excluded(of_sets), **sides)}"


def forest_description(review: Review, pools: Sequence[Pool], language: Language) -> str:
    """Say all that a forest plot shows, for those who do not see it: each subgroup and value."""
    say = language.say
    sentences: list[str] = []
    for pool in pools:
        if len(pools) > 1:
            sentences.append(say("forest_part", name=pool.subgroup or say("forest_whole")))
        sentences.append(f"{coverage(review, pool, language=language)}.")
        if 0 < len(pool.effects) <= FEW * 2 and (pool.subgroup or len(pools) == 1):
            told = (f"{effect.label} {interval(effect, language=language)}" for effect in pool.effects)
            sentences.append("; ".join(told) + ".")
        result = pool.result
        if result and result.k > 1:
            sentences.append(say("contradictory_note") if pool.contradictory() else "")
            sentences.append(say("forest_total", value=value(pool, result, language=language)))
            sentences.append(ahead(pool, language=language))
        if pool.printed:
            estimate, low, high = language.commas(pool.printed.words)
            printed = say("interval", estimate=estimate, low=low, high=high)
            sentences.append(say("forest_published", value=printed))
    return " ".join(filter(None, sentences))


def sentence(words: str) -> str:
    """Make a sentence of words that stand alone; empty of nothing."""
    return f"{words[0].upper()}{words[1:]}." if words else ""


def flag_lines(flags: Iterable[str], *, language: Language = ENGLISH) -> list[str]:
    """Say each flag in words."""
    return [f"{flag}: {language.flags[flag]}" for flag in flags]
