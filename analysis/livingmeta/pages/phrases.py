"""Words and pages about a review; what they say follows from the numbers by rule."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Protocol

from livingmeta.appraisal.absolute import PER, Baseline, per_1000
from livingmeta.appraisal.certainty import LADDER, Suggestion, SummaryOfFindings, level_words
from livingmeta.audit.results import Results, at_odds, printed_k
from livingmeta.engine.effect_sizes import as_shown
from livingmeta.language import ENGLISH, Language
from livingmeta.review.protocol import Judgement, Review
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import DRAWN, Pool
from livingmeta.words import count, decimals

DISCLAIMER = ENGLISH.say("disclaimer")
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


def interval_ends(
    result: Interval | Effect, *, measure: str | None = None, language: Language = ENGLISH
) -> dict[str, str]:
    """Format estimate, low and high end of an interval, on the scale that readers see."""
    estimate = result.yi if isinstance(result, Effect) else result.estimate
    label = str(measure or getattr(result, "measure", ""))
    ends = language.commas(as_shown(label, estimate, result.ci_low, result.ci_high))
    return dict(zip(("estimate", "low", "high"), ends, strict=True))


def interval(result: Interval | Effect, *, measure: str | None = None, language: Language = ENGLISH) -> str:
    """Format estimate and interval: "−0.27 (−0.54 to −0.05)"."""
    return language.say("interval", **interval_ends(result, measure=measure, language=language))


def beside(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say of an interval of few trials how wide it is, and what stands beside it; empty: it isn't.

    The interval of the method that is wide is the HKSJ one where that is the wider.
    """
    found = pool.beside
    if found is None:
        return ""
    ends = as_shown(pool.measure, *found.hksj), as_shown(pool.measure, *found.trials)
    names = ("low", "high", "least", "most")
    shown = dict(zip(names, language.commas(chain(*ends)), strict=True))
    result = pool.result
    assert result is not None
    same = as_shown(pool.measure, result.ci_low, result.ci_high) == ends[0]
    return language.say("wide_same" if same else "wide", **shown)


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


def sign(pools: Iterable[Pool], *, language: Language = ENGLISH) -> str:
    """Say whom numbers below no effect favour, once if it is the same wherever there are any."""
    told: dict[str, dict[str, None]] = {}
    for pool in (pool for pool in pools if pool.effects):
        known = "sign" if pool.no_effect == "0" else "sign_ratio"
        group = language.word(pool.favours[0]) if pool.favours else ""
        text = language.say(known if pool.favours else "sign_unknown", group=group, no_effect=pool.no_effect)
        told.setdefault(text, {})[language.word(pool.title)] = None
    if len(told) < 2:
        return next(iter(told), "")
    parts = (language.say("sign_for", sign=text, titles="; ".join(titles)) for text, titles in told.items())
    return " ".join(parts)


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
    if pool.pooled_by:
        line += f"; {say('other_method', method=language.word(pool.pooled_by))}"
    if not review.published or any(effect.subgroup for effect in pool.effects):
        return line
    own = printed_k(review, pool)
    return f"{line}; {say('own_unknown') if own is None else say('own_known', n=own)}"


def share(pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say how many of the trials known to have measured it a result rests on; empty: all."""
    whole = len(pool.measured)
    return "" if pool.k == whole else f", {language.say('share', k=pool.k, n=whole)}"


def absolute_words(one: SummaryOfFindings, *, language: Language = ENGLISH) -> tuple[str, list[str], str]:
    """Say a result in people per 1,000, or why it can't be said.

    Returns
    -------
    (str, list of str, str)
        A head, an item per baseline risk, and what holds for all of them; each may be empty, the
        head where the outcome is not one that people have or have not.
    """
    found, say = one.absolute, language.say
    if found.why_not is not None:
        why = say("absolute_none", why=language.word(found.why_not))
        return why if found.asked and one.pool.result else "", [], ""
    groups = dict(zip(("group1", "group2"), map(language.word, one.pool.groups), strict=True))

    def risk(at: Baseline) -> str:
        told = {"events": count(at.events or 0), "people": count(at.people or 0), "who": at.who}
        origin = say(f"risk_{at.name}", **told, source=at.source)
        (per,) = language.commas(decimals(PER * at.risk, places=0))
        return say("absolute_risk", risk=per, origin=origin, **groups)

    items = []
    for at in found.effects:
        words = (say("fewer", n="{}"), say("more", n="{}"))
        shown = per_1000(at.difference, at.low, at.high, words=words, comma=language.comma)
        said = say("interval", estimate=shown[0], low=shown[1], high=shown[2])
        where = say("absolute_any") if at.baseline is None else risk(at.baseline)
        items.append(f"{said} {where}" + (f"; {say('absolute_capped')}" if at.capped else ""))
    items += [say("absolute_beyond", risk=risk(at)) for at in found.beyond]
    used = [at.baseline for at in found.effects if at.baseline is not None]
    notes = []
    if used and used[0].source is None:
        among = found.baselines
        notes.append(say("absolute_known", known=among.known, trials=among.trials))
    if used and one.pool.result:
        notes.append(say("absolute_note", level=f"{100 * one.pool.result.level:g}"))
    return say("absolute", **groups), items, " ".join(notes)


def suggested_line(one: SummaryOfFindings, *, language: Language = ENGLISH) -> str:
    """Say what is suggested of the certainty of a synthesis as a whole."""
    say = language.say
    given = [f"{language.word(s.about)} {language.decimal(s.levels, 0)}" for s in one.suggestions if s.levels]
    blank = sum(s.levels is None for s in one.suggestions)
    if one.pool.result is None:
        said = say("suggested_nothing")
    elif given:
        key = "suggested_most" if one.down == LADDER else "suggested_least" if blank else ""
        domains = f"{say(key) if key else ''} ({', '.join(given)})"
        said = say("suggested_one" if one.down == 1 else "suggested_many", n=one.down) + domains
    else:
        said = say("suggested_zero")
    if blank:
        said += f", {say('suggested_blank', n=blank, of=len(one.suggestions))}"
    return say("suggested", said=said)


def judged_words(one: Suggestion, *, language: Language = ENGLISH) -> str:
    """Say what people judged of a domain, or that nothing is recorded."""
    say, row = language.say, one.decision
    if row is None:
        return _judgement(one.judged, language)
    if row.decided is None:
        return say("judged_left") + (f": {row.reason}" if row.reason else "")
    words = (row.decided, row.suggested, one.levels)
    level, was, now = (language.word(level_words(levels)) for levels in words)
    who = ", ".join(filter(None, (row.by, row.date)))
    key = "judged_accepted" if row.decision == "accept" else "judged_changed"
    said = say(key, level=level, was=was, why=row.reason, who=who)
    if one.moved:
        said += f"; {say('judged_moved', was=was, now=now)}"
    return said


def judged_line(one: SummaryOfFindings, *, language: Language = ENGLISH) -> str:
    """Say how certain people judged a synthesis to be, or what keeps it open."""
    say, found = language.say, one.rating
    if found is None:
        return say("judged", said=_judgement(one.certainty, language))
    if found.open:
        said = say("judged_undecided", n=len(found.open), of=len(one.suggestions))
    elif found.level is None:
        said = say("judged_startless", n=found.down)
    else:
        start, level = language.word(found.start), language.word(found.level)
        said = say("judged_rated", level=level, start=start, n=found.down)
    if found.moved:
        names = language.listed(map(language.word, found.moved))
        said += f"; {say('judged_again', names=names)}"
    return say("judged", said=said)


def _judgement(one: Judgement | None, language: Language) -> str:
    recorded = one is not None and f"{one.judgement} ({one.why}; {one.by})"
    return recorded or language.say("not_recorded")


def published(results: Results, pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say what the publication prints for a pool, and how well; empty where it prints nothing."""
    claims = [
        claim
        for claim in results.review.published
        if claim.synthesis == pool.synthesis and claim.reading == "primary" and not claim.trial
    ]
    if pool.printed is None:
        if (numbers := undrawn(results.review, pool, language=language)) is not None:
            return language.say("published_undrawn", numbers=numbers)
        words = next((claim.printed for claim in claims if claim.quantity == "text"), None)
        return language.say("published_words", words=words) if words else ""
    numbers = interval(pool.printed, language=language)
    parts = [language.say("published_numbers", numbers=numbers)]
    if odd := language.word(at_odds(results.review, pool.synthesis, results.findings)):
        parts.append(odd)
    if printed_k(results.review, pool) is None:
        parts.append(language.say("published_k_unknown"))
    return ", ".join(parts)


def undrawn(review: Review, pool: Pool, *, language: Language = ENGLISH) -> str | None:
    """Give a published result as printed where no figure can draw it, else None."""
    found: dict[str, str] = {}
    for claim in review.published if pool.printed is None else ():
        about = (claim.synthesis, claim.subgroup, claim.trial, claim.reading)
        if about == (*pool.key, None, "primary") and claim.quantity in DRAWN:
            found.setdefault(claim.quantity, claim.printed)
    if not found:
        return None
    estimate, low, high = (found.get(name, "?") for name in DRAWN)
    whole = len(found) > 1 or "estimate" not in found
    return language.say("interval", estimate=estimate, low=low, high=high) if whole else estimate


def verdict_words(results: Results, pool: Pool, *, language: Language = ENGLISH) -> str:
    """Say what became of the numbers that the publication itself prints for a pool."""
    about = [
        verdict
        for verdict in results.verdicts
        if (verdict.synthesis, verdict.subgroup) == pool.key
        and verdict.reading == "primary"
        and not verdict.trial
    ]
    numeric = [verdict.verdict for verdict in about if verdict.verdict != "not numeric"]
    if numeric:
        return ", ".join(map(language.word, dict.fromkeys(numeric)))
    return language.word("not numeric") if about else ""


def standing(results: Results, *, language: Language = ENGLISH) -> str:
    """Say how many printed numbers are reproduced, or why none can be judged."""
    numeric = [one.verdict for one in results.verdicts if one.verdict != "not numeric"]
    judged = [verdict for verdict in numeric if verdict in {"reproduced", "differs"}]
    if not judged:
        return language.say("neither" if numeric else "none_printed")
    good, n = language.whole(judged.count("reproduced")), language.whole(len(judged))
    return language.say("reproduced_count", good=good, n=n)


def sentence(words: str) -> str:
    """Make a sentence of words that stand alone; empty of nothing."""
    return f"{words[0].upper()}{words[1:]}." if words else ""


def flag_lines(flags: Iterable[str], *, language: Language = ENGLISH) -> list[str]:
    """Say each flag in words."""
    return [f"{flag}: {language.flags[flag]}" for flag in flags]
