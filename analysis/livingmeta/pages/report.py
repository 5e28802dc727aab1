"""The pages about a review: one content, as Markdown and as one HTML file without a network."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import Any, cast

from livingmeta.appraisal.certainty import level_words
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import Multiverse, Shares, excluding, shares, trial_sets
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.audit.results import Results
from livingmeta.engine.effect_sizes import MEASURES, as_shown, on_scale, scale_name
from livingmeta.engine.pooling import FEW, PREDICTION_FROM
from livingmeta.engine.tau2 import TAU2
from livingmeta.figures.bias import traffic_plot
from livingmeta.figures.files import inline_svg
from livingmeta.figures.prisma import prisma_plot
from livingmeta.figures.specification_curve import specification_curve
from livingmeta.language import ENGLISH, Language, language
from livingmeta.pages.anchors import effect_id, extra_id, extras, gap_of, pool_id, slug, uses
from livingmeta.pages.answers import answer, value
from livingmeta.pages.phrases import (
    absolute_words,
    beside,
    coverage,
    interval,
    judged_line,
    judged_words,
    people_number,
    published,
    sentence,
    share,
    side_words,
    sign,
    standing,
    suggested_line,
    verdict_words,
)
from livingmeta.pages.rob_me import tipping
from livingmeta.pages.template import page
from livingmeta.review.bias import unrecorded
from livingmeta.synthesis.pool import CONTRADICTION, Pool, marks, named
from livingmeta.synthesis.settings import headline_settings
from livingmeta.words import decimals, p_words

LONG = 60  # verdicts or effects; a page lists no more where a file beside it has all


def spread(pool: Pool, *, language: Language = ENGLISH) -> list[str]:
    """Say in words how much the trials differ, and what to expect of a new one."""
    say, number, result = language.say, language.decimal, pool.result
    if result is None:
        return [say("spread_none")] if not pool.effects else [pool.why_not or ""]
    if result.k == 1:
        return [say("spread_one")]
    i2 = pool.i2 or 0.0
    limits = ""

    def tau2(value: float | None) -> str:
        return language.commas(decimals(value))[0]

    if result.tau2_low is not None and result.tau2_high is not None:
        ends = {"low": tau2(result.tau2_low), "high": tau2(result.tau2_high)}
        limits = say("tau2_limits", by=result.tau2_ci_method, **ends)
    told = [
        say(
            "spread_numbers" if result.tau2 is not None else "spread_common",
            tau2=tau2(result.tau2),
            method=result.tau2_method,
            kind=say(f"i2_{pool.i2_from}"),
            tau2_interval=limits,
            q=number(result.q),
            df=result.q_df,
            p=p_words(result.q_p).replace(".", language.comma),
            i2=number(i2, 0),
            percent=language.percent,
        )
    ]
    large = i2 >= CONTRADICTION
    told.append(say("spread_large" if large else "spread_some" if i2 > 0 else "spread_small"))
    if pool.k < FEW:
        told.append(say("spread_few"))
    if result.tau2 is not None and pool.k < PREDICTION_FROM:
        told.append(say("ahead_few", n=PREDICTION_FROM))
    elif pool.ahead is not None:
        low, high = language.commas(as_shown(pool.measure, *pool.ahead))
        level = f"{100 * result.level:g}"
        told.append(say("ahead", low=low, high=high, level=level, percent=language.percent))
        if pool.ahead[0] < 0 < pool.ahead[1]:
            key = "ahead_both" if pool.favours else "ahead_sides"
            told.append(say(key, no_effect=pool.no_effect))
    if pool.subgroup_test:
        test = pool.subgroup_test
        p_value = p_words(test.p_value).replace(".", language.comma)
        told.append(say("subgroups", q=number(test.q), df=test.df, p=p_value))
        if test.shared:
            told.append(say("subgroups_shared", names=language.listed(test.shared)))
    return told


def methods(results: Results, *, version: str, language: Language = ENGLISH) -> str:
    """Write the paragraph on methods that a paper needs, for the numbers of the headline."""
    say, settings = language.say, headline_settings(results.review)
    chosen, measure = settings.profile, MEASURES[settings.measure]
    smd = "smd_variance" in measure.options.values()
    # those of a subgroup stand in its total, too
    pools = results.headline_pools
    effects = list(dict.fromkeys((pool.synthesis, e) for pool in pools for e in pool.effects))
    assumed = sum(effect.assumption is not None for _, effect in effects)
    level = f"{100 * settings.level:g}"
    told = [
        say("m_review", id=results.review.protocol.id, version=version),
        say(
            "m_measure_smd" if smd else "m_measure",
            correction=say(f"corr_{chosen.correction}"),
            variance=VARIANCE_NAMES.get(chosen.smd_variance, chosen.smd_variance),
            scale=settings.called or language.word(measure.words),
        ),
        *filter(None, [sign(results.headline_pools, language=language)]),
        say({"effect": "m_printed", "counts": "m_counts"}.get(measure.needs, "m_convert")),
        say("m_common")
        if chosen.model == "common"
        else say("m_random", tau2=language.method("tau2", chosen.tau2, TAU2[chosen.tau2].words)),
        say("m_ci", level=level, percent=language.percent, ci=language.names["ci"][chosen.ci]),
        say("m_i2", i2=say(f"i2_{chosen.i2}")),
    ]
    if chosen.prediction != "none":
        ahead = language.names["prediction"][chosen.prediction]
        told.append(say("m_prediction", n=PREDICTION_FROM, prediction=ahead))
    if assumed:
        told.append(say("m_assumed", n=assumed, k=len(effects)))
    if turned := sum(effect.turned for _, effect in effects):
        key = "m_inverted" if measure.ratio else "m_turned"
        told.append(say(key, n=turned, k=len(effects)))
    told.append(say("m_missing"))
    if results.review.published:
        told.append(say("m_verdict"))
    return " ".join(told)


# As their authors, or the programs that have them, call them.
VARIANCE_NAMES = {
    "revman": "RevMan 5",
    "LS": "Hedges 1982 (metafor LS)",
    "LS2": "metafor LS2",
    "UB": "metafor UB",
}


def programs(version: str, found: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of what computed the numbers."""
    return {"livingmeta": version} | {name: found[name] for name in found if name != "processor"}


def bent(one: Sensitivity, *, language: Language = ENGLISH) -> tuple[list[tuple[str, Pool]], list[str]]:
    """Part a synthesis's scenarios into those that change its result, and the names of others."""
    moved: list[tuple[str, Pool]] = []
    same: list[str] = []
    for scenario, pool in (*one.scenarios, *one.absence.scenarios):
        name = language.word(scenario)
        if pool is None:
            continue
        if shown(pool) == shown(one.main):
            same.append(name)
        else:
            moved.append((name, pool))
    return moved, same


def sizes(pool: Pool, *, language: Language = ENGLISH) -> tuple[str, str]:
    """Say on how many trials of how many, and on how many people, a pool rests.

    Trials that enter at an assumed effect are counted apart.
    """
    real = [effect for effect in pool.effects if "imputed" not in effect.flags]
    known = replace(pool, effects=tuple(real))
    told = [language.whole(known.people.trials), people_number(known, language=language)]
    for place, name in enumerate(("trials", "known")):
        if added := getattr(pool.people, name) - getattr(known.people, name):
            told[place] += f" + {language.say('imputed', n=language.whole(added))}"
    part = "" if known.people.trials == len(pool.measured) else f" {language.say('of', n=len(pool.measured))}"
    return told[0] + part, told[1]


def combined(found: Multiverse, *, language: Language = ENGLISH) -> str:
    """Say what all combinations of declared choices give; empty where no analysis is possible."""
    pool, counted = found.main, shares(found.analyses)
    each, sets = shares(found.analyses, each="trial_set"), trial_sets(found)
    if counted is None or each is None:
        return ""
    ends = (as_shown(pool.measure, x)[0] for x in (counted.lowest, counted.highest))
    low, high = language.commas(ends)
    words: dict[str, Any] = {
        "side1": side_words(pool, above=False, language=language),
        "side2": side_words(pool, above=True, language=language),
        "percent": language.percent,
    }

    def ends_of(told: Shares) -> dict[str, str]:
        shown = {"first": told.excludes_below, "second": told.excludes_above}
        return {name: language.decimal(100 * share, 0) for name, share in shown.items()}

    said = language.say(
        "multiverse",
        analyses=language.whole(counted.analyses),
        k=f"{counted.k_low}–{counted.k_high}" if counted.k_low < counted.k_high else counted.k_low,
        low=low,
        high=high,
        **ends_of(counted),
        **words,
    )
    if len(sets) == 1:
        return f"{said} {language.say('multiverse_one_set')}"
    verdicts = {name: language.whole(n) for name, n in excluding(sets).items()}
    more = language.say(
        "multiverse_sets", sets=language.whole(len(sets)), **verdicts, **ends_of(each), **words
    )
    return f"{said} {more}"


def shown(pool: Pool) -> tuple[object, ...]:
    """Return what a reader sees of a pool in a line."""
    return (interval(pool.result) if pool.result else None, len(pool.effects), pool.people)


def markdown(known: Dossier, *, figures: Sequence[tuple[str, str]], version: str, lang: str = "en") -> str:
    """Write the report as Markdown.

    Parameters
    ----------
    known : Dossier
    figures : sequence of (synthesis id, file name)
        Pictures that stand beside the page.
    version : str
        Version of the program.
    lang : str
        "en" or "nb".
    """
    shared = content(known, version=version, lang=lang)
    return page("report.md.j2", figures=dict(figures), **shared)


def html(known: Dossier, *, figures: Mapping[str, Any], version: str, lang: str = "en") -> str:
    """Write the report as one HTML file that needs nothing else.

    Parameters
    ----------
    known : Dossier
    figures : mapping of str to matplotlib Figure
        Forest plots by id of the synthesis.
    version, lang
        As `markdown` takes them.
    """
    shared, results = content(known, version=version, lang=lang), known.results
    speak: Language = shared["lang"]
    pictures = {}
    for name, figure in figures.items():
        drawn = [pool for pool in results.headline_pools if pool.synthesis == name]
        title = speak.say("forest_alt", title=speak.word(drawn[-1].title))
        pictures[name] = inline_svg(
            figure,
            name=slug("forest", name),
            title=title,
            description=forest_description(results, drawn, speak),
            lang=lang,
        )
    for world, told in shared["worlds"]:
        name = slug("multiverse", pool_id(world.main))
        curve, _ = specification_curve(
            world,
            cast("Shares", shares(world.analyses)),
            note=speak.say("figures.headline", words=coverage(results.review, world.main, language=speak)),
            language=speak,
        )
        title = f"{speak.say('multiverse_head')}: {speak.word(world.main.title)}"
        pictures[name] = inline_svg(curve.figure, name=name, title=title, description=told, lang=lang)
    if results.review.risk_of_bias:
        lights = traffic_plot(known.bias, unrecorded=unrecorded(results.review), language=speak)
        pictures["bias"] = _picture(lights, "bias", note="bias_note", language=speak)
    if shared["flow"]:
        boxes = prisma_plot(shared["flow"], language=speak).figure
        pictures["flow"] = _picture(boxes, "flow", note="flow_note", language=speak)
    return page("report.html.j2", pictures=pictures, programs=programs(version, known.environment), **shared)


def _picture(figure: Any, name: str, *, note: str, language: Language) -> str:
    """Return a picture that a table below says again."""
    return inline_svg(
        figure,
        name=f"picture-{name}",
        title=language.say(name),
        description=language.say(note),
        lang=language.code,
    )


def forest_description(results: Results, pools: Sequence[Pool], language: Language) -> str:
    """Say all that a forest plot shows, for those who do not see it: each subgroup and value."""
    say = language.say
    parts: list[str] = []
    for pool in pools:
        if len(pools) > 1:
            parts.append(say("forest_part", name=pool.subgroup or say("forest_whole")))
        parts.append(f"{coverage(results.review, pool, language=language)}.")
        each = [f"{effect.label} {interval(effect, language=language)}" for effect in pool.effects]
        if 0 < len(each) <= FEW * 2 and (pool.subgroup or len(pools) == 1):
            parts.append("; ".join(each) + ".")
        result = pool.result
        if result and result.k > 1:
            parts += [say("contradictory_note")] if pool.contradictory() else []
            parts.append(say("forest_total", value=value(pool, result, language=language)))
            if pool.ahead is not None:
                low, high = language.commas(as_shown(pool.measure, *pool.ahead))
                level = f"{100 * result.level:g}"
                parts.append(say("ahead", low=low, high=high, level=level, percent=language.percent))
        if pool.printed:
            estimate, low, high = pool.printed.words
            told = say("interval", estimate=estimate, low=low, high=high)
            parts.append(say("forest_published", value=told))
    return " ".join([*parts, say("forest_below")])


def content(known: Dossier, *, version: str, lang: str) -> dict[str, Any]:
    """Return what both pages are made of."""
    results, review, vas_sd = known.results, known.review, known.vas_sd
    speak = language(lang, own=review.protocol.translation.get(lang))
    pools = results.headline_pools
    numeric = [one for one in results.verdicts if one.verdict != "not numeric"]
    listed = [one for one in numeric if len(numeric) <= LONG or one.verdict != "reproduced"]
    places = {
        row.place: slug("row", effect_id(pool, effect), row.file, row.row)
        for pool in pools
        for effect in pool.effects
        for row in effect.rows
    }
    directions = known.unpooled
    filled = known.flow if known.flow.known else None
    odd = {
        finding: [row for row in review.outcomes if row.place in set(finding.claims) - places.keys()]
        for finding in results.findings
    }
    bends = [one for one in known.sensitivity if one.main.result]
    oddities = list(chain.from_iterable(odd.values()))
    used = uses(review, pools, directions, filled, oddities, bends)
    claims: dict[str, list[Any]] = defaultdict(list)
    for claim in review.published:
        if not claim.trial:
            claims[claim.claim].append(claim)
    return {
        "results": results,
        "review": review,
        "pools": pools,
        "assumed": {pool.key: pool for pool in results.pools},
        "answers": [
            (pool, answer(pool, language=speak, important=known.limit, vas_sd=vas_sd)) for pool in pools
        ],
        "bends": bends,
        "tipping": lambda one: tipping(one, language=speak),
        "sizes": lambda pool: sizes(pool, language=speak),
        "worlds": [(one, told) for one in known.multiverse if (told := combined(one, language=speak))],
        "numeric": numeric,
        "by_claim": [(key, list(group)) for key, group in groupby(listed, key=lambda one: one.claim)],
        "listed": listed,
        "sentence": sentence,
        "standing": standing(results, language=speak),
        "claims": claims,
        "judged_claims": {one.claim for one in listed},
        "quotes_of": lambda parts: dict.fromkeys((p.source, p.where, p.quote) for p in parts),
        "places": places,
        "used": used,
        "odd": odd,
        "directions": directions,
        "flow": filled,
        "certainties": known.certainty,
        "absolute_words": lambda one: absolute_words(one, language=speak),
        "level_words": lambda levels: speak.word(level_words(levels)),
        "judged_words": lambda one: judged_words(one, language=speak),
        "suggested_line": lambda one: suggested_line(one, language=speak),
        "judged_line": lambda one: judged_line(one, language=speak),
        "unrecorded": unrecorded(review),
        "number_of": {key: place for place, key in enumerate(used, start=1)},
        "methods": methods(results, version=version, language=speak),
        "hashes": known.hashes,
        "version": version,
        "vas_sd": vas_sd,
        "long": LONG,
        "lang": speak,
        "standardised": MEASURES[known.settings.measure].standardised,
        "say": speak.say,
        "sign": sign(pools, language=speak),
        "word": speak.word,
        "number": speak.decimal,
        "as_shown": lambda measure, x: speak.commas(as_shown(measure, x))[0],
        "name_of": lambda synthesis: speak.word(review.plan(synthesis).title),
        "title_of": lambda pool: named(speak.word(pool.title), pool.subgroup),
        "interval": lambda result, measure=None: interval(result, measure=measure, language=speak),
        "beside": lambda pool: beside(pool, language=speak),
        "value": lambda pool, result: value(pool, result, language=speak),
        "coverage": lambda pool: coverage(review, pool, language=speak),
        "share": lambda pool: share(pool, language=speak),
        "published": lambda pool: published(results, pool, language=speak),
        "verdict_words": lambda pool: verdict_words(results, pool, language=speak),
        "spread": lambda pool: spread(pool, language=speak),
        "level": lambda pool: f"{100 * (pool.result.level if pool.result else 0.95):g}",
        "gap_of": lambda missing: gap_of(review, missing),
        "bent": lambda one: bent(one, language=speak),
        "on_scale": on_scale,
        "marks": marks,
        "scale_name": scale_name,
        "slug": slug,
        "pool_id": pool_id,
        "effect_id": effect_id,
        "extras": extras,
        "extra_id": extra_id,
    }


def reading(lang: str = "en") -> str:
    """Write the page that explains the numbers to those who are no statisticians."""
    speak = language(lang)
    parts = [f"# {speak.say('reading')}", speak.say("reading_note")]
    for one in speak.read:
        sentences = re.sub(r"(?<=[.;:!?]) (?=[A-ZÆØÅ])", "\n", one["text"])
        parts += [f"## {one['term']}", sentences]
    return "\n\n".join(parts) + "\n"
