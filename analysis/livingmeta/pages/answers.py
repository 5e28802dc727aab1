"""The answer in two plain sentences, by rules, and never stronger than the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from livingmeta.audit.results import Results, total_people
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.methods.patient import vas_points
from livingmeta.engine.pooling import PooledEstimate, important_side
from livingmeta.language import ENGLISH, Language
from livingmeta.pages.phrases import (
    beside,
    group_words,
    people,
    published,
    sentence,
    side_words,
    standing,
    value,
    verdict_words,
)
from livingmeta.synthesis.pool import Pool

MOST_NAMED = 8  # trials on each side of a contradiction
DEPENDENT = {"dependent_effects", "duplicate_numbers"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What can be said of one synthesis.

    `kind` is the rule that was used: unmeasured, unknown, unpooled, unreliable, contradict, or
    single or pooled, and then open (the interval holds no effect), favours, or side where it is
    not known whom that side favours.
    """

    kind: str
    sentences: tuple[str, str]


def answer(
    pool: Pool,
    *,
    language: Language = ENGLISH,
    important: float | None = None,
    vas_sd: float | None = None,
    tabled: bool = False,
) -> Answer:
    """Say in two sentences what a synthesis knows.

    A direction is named only where it is known whom each side favours, the interval excludes no
    effect, the trials are not at odds and the calculation converged; how many trials of how many
    it rests on is always said; that there is no difference is never said.

    Parameters
    ----------
    pool : Pool
    language : Language
    important : float, optional
        Smallest important difference, above 0, in the unit in which effects are pooled.
    vas_sd : float, optional
        SD by which SMDs are also shown as points on a 0-100 mm scale.
    tabled : bool
        The pool is that of a table: nobody has looked for trials beyond it.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> from livingmeta.synthesis.synthesise import synthesise
    >>> medium = synthesise(load_review("smith2017"))[1]
    >>> print(answer(medium).sentences[1])
    This is missing information: it speaks neither for nor against painful exercise.
    """
    say, trials = language.say, pool.k
    given: dict[str, object] = {"k": trials, "n": len(pool.measured), "people": _people(pool, language)}
    groups = group_words(pool, language=language)
    result = pool.result
    if not pool.effects:
        kind = "unmeasured" if not len(pool.measured) else "unknown"
        first = kind if kind == "unmeasured" else _counted("unknown", len(pool.measured))
        return Answer(kind=kind, sentences=(say(first, **given), say("unknown_then", **groups)))
    if result is None or "not_converged" in pool.flags:
        kind = "unpooled" if result is None else "unreliable"
        return Answer(kind=kind, sentences=(say(kind, **given), say(f"{kind}_then")))
    if pool.contradictory():
        sides = {
            "first": language.listed((e.label for e in pool.effects if e.side < 0), most=MOST_NAMED),
            "second": language.listed((e.label for e in pool.effects if e.side > 0), most=MOST_NAMED),
            "below": side_words(pool, above=False, language=language),
            "above": side_words(pool, above=True, language=language),
        }
        then = "contradict_then" if pool.favours else "contradict_sides"
        first = say("contradict_table" if tabled else "contradict", **given, **sides)
        return Answer(kind="contradict", sentences=(first, say(then, **groups)))
    open_ = result.side == 0
    form = "open" if open_ else "favours" if pool.favours else "side"
    form = "alone" if pool.no_effect is None else form
    shown = value(pool, result, language=language, vas_sd=vas_sd), beside(pool, language=language)
    given |= groups | {
        "value": "; ".join(filter(None, shown)),
        "no_effect": pool.no_effect,
        "side": side_words(pool, above=result.side > 0, language=language),
        "group": language.word(pool.favours[result.side > 0]) if pool.favours else "",
        "caveats": _caveats(pool, language),
    }
    ends = "across" if form == "open" and not pool.favours else form
    key = "single" if trials == 1 else "favours" if form == "favours" else "open"
    then = say(f"single_{ends}" if trials == 1 else f"{ends}_then", **given)
    size = _importance(pool, result, language, important=important, vas_sd=vas_sd)
    return Answer(
        kind=f"{'single' if trials == 1 else 'pooled'} {form}",
        sentences=(
            say(key if trials < len(pool.measured) else f"{key}_{'table' if tabled else 'all'}", **given),
            then.removesuffix(".") + size + ".",
        ),
    )


def verdict(pools: Sequence[Pool], *, language: Language = ENGLISH) -> str:
    """Say in one sentence what all results come to, and how many rest on part of the trials.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> from livingmeta.synthesis.synthesise import synthesise
    >>> print(verdict(synthesise(load_review("knee_oa"))))
    Of 12 results: 10 in favour of exercise and 2 that can't tell which is better.
    """
    held: Counter[str] = Counter()
    several = len(pools) > 1
    for pool in pools:
        kind = answer(pool, language=language).kind.split()[-1]
        above = pool.result is not None and pool.result.side > 0
        kind = "across" if kind == "open" and not pool.favours else kind
        words = language.say(
            f"verdict_of_{kind}" if several and kind != "favours" else f"verdict_{kind}",
            no_effect=pool.no_effect,
            side=side_words(pool, above=above, language=language),
        )
        held[words] += 1
    said = language.listed([f"{n} {words}" if several else words for words, n in held.items()])
    partial = sum(0 < pool.k < len(pool.measured) for pool in pools)
    if partial:
        key = "verdict_part" if several else "verdict_partial"
        said += language.say(key, n=partial, k=pools[0].k, of=len(pools[0].measured))
    whole = language.say("verdict_of", n=len(pools), said=said) if several else sentence(said)
    return whole if pools else ""


def answers(results: Results, *, language: Language = ENGLISH) -> list[str]:
    """Give the answer of each synthesis in a line, with what is published of it; then in general.

    The last line says how far what is published is reproduced, how many people the review counts,
    and its caution.
    """
    review, lines = results.review, []
    for pool in results.headline_pools:
        name = language.word(pool.name)
        printed = sentence(published(results, pool, language=language))
        if verdict := verdict_words(results, pool, language=language):
            printed = f"{printed} {language.say('h_verdict')}: {verdict}.".lstrip()
        told = answer(pool, language=language, tabled=review.file is not None)
        said = (f"{name}:", *told.sentences, printed)
        lines.append(" ".join(filter(None, said)))
    total = total_people(review)
    last = (
        standing(results, language=language) if review.published or review.file is None else "",
        "" if total is None else language.say("review_people", n=language.whole(total)),
        sentence(language.word(review.protocol.caution or "")),
    )
    return list(filter(None, [*lines, " ".join(filter(None, last))]))


def _counted(key: str, number: int) -> str:
    return f"{key}_{'one' if number == 1 else 'many'}"


def _people(pool: Pool, language: Language) -> str:
    text = people(pool, language=language)
    composite = len({effect.trial for effect in pool.effects if effect.domain == "composite"})
    if not composite:
        return text
    key = "composite_single" if pool.k == 1 else _counted("composite", composite)
    return f"{text}, {language.say(key, n=composite)}"


def _caveats(pool: Pool, language: Language) -> str:
    rest = len(pool.measured) - pool.k
    ahead = pool.ahead if pool.no_effect is not None else None
    caveats = {
        "caveat_rest": rest > 0,
        "caveat_assumed": "rows_assumed" in pool.flags,
        "caveat_few": "few_trials" in pool.flags,
        "caveat_dependent": bool(DEPENDENT & set(pool.flags)),
        "caveat_spread": ahead is not None and ahead[0] < 0 < ahead[1],
    }
    said = [language.say(key, n=rest) for key, holds in caveats.items() if holds]
    return ": " + "; ".join(said) if said else ""


def _importance(
    pool: Pool, result: PooledEstimate, language: Language, *, important: float | None, vas_sd: float | None
) -> str:
    """Hold the interval against the smallest important difference, if the user gives one."""
    if important is None or pool.no_effect is None:
        return ""
    if vas_sd is None:
        (size,) = language.commas(as_shown(pool.measure, important))
        shown = f"{language.word(scale_name(pool.measure))} {size}"
    else:
        shown = language.say("points", n=f"{vas_points(important, vas_sd=vas_sd):g}")
    ends = [important_side(end, -important, important) for end in (result.ci_low, result.ci_high)]
    reaches = (ends[0] < 0, ends[1] > 0)
    if ends[0] == ends[1] != 0:
        key, side = "important_beyond", ""
    elif not any(reaches):
        key, side = "important_within", ""
    else:
        key = "important_both" if all(reaches) else "important_one"
        side = side_words(pool, above=reaches[1], language=language)
    return language.say(key, important=shown, side=side)
