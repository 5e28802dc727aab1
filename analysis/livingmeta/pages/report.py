"""The report on a review: said once, in blocks, and written as Markdown or as one HTML file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, Literal

from livingmeta.appraisal.certainty import SummaryOfFindings, level_words
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import Multiverse, Shares, excluding, shares, trial_sets
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.audit.consistency import Finding
from livingmeta.audit.deduction import clashes
from livingmeta.audit.results import Results
from livingmeta.audit.verdicts import Verdict
from livingmeta.engine.effect_sizes import MEASURES, as_shown, scale_name
from livingmeta.engine.pooling import FEW, PREDICTION_FROM
from livingmeta.engine.tau2 import TAU2
from livingmeta.figures.bias import traffic_plot
from livingmeta.figures.deduction import deduction_plot
from livingmeta.figures.files import inline_svg
from livingmeta.figures.prisma import prisma_plot
from livingmeta.figures.specification_curve import specification_curve
from livingmeta.language import ENGLISH, Language, Said, language
from livingmeta.pages import blocks
from livingmeta.pages.anchors import Use, effect_id, extra_id, extras, gap_of, pool_id, slug, uses
from livingmeta.pages.answers import answer, value
from livingmeta.pages.blocks import (
    Anchor,
    Block,
    Blockquote,
    Code,
    Figure,
    Item,
    Link,
    List,
    Note,
    Paragraph,
    Quotation,
    Section,
    Strong,
    Table,
    TableRow,
    Trace,
    Words,
    listed,
)
from livingmeta.pages.deductions import assumed, clash_words, deduced
from livingmeta.pages.phrases import (
    Interval,
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
from livingmeta.pages.template import minus, page
from livingmeta.review.bias import unrecorded
from livingmeta.review.schema import Claim, Outcome
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import CONTRADICTION, Pool, marks, named
from livingmeta.synthesis.settings import headline_settings
from livingmeta.words import count, decimals, p_words

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


def report(known: Dossier, *, version: str, lang: str = "en", whole: bool = True) -> tuple[Section, ...]:
    """Return what the report says, as blocks.

    Parameters
    ----------
    known : Dossier
    version : str
        Version of the program.
    lang : str
        Any of `LANGUAGES`.
    whole : bool
        With each step of a long review's effects, and the versions of all programs, which differ
        between machines; a page to be committed, or to be read in a terminal, does without.
    """
    return tuple(filter(None, _writer(known, version, lang, whole=whole).sections()))


def document(known: Dossier, *, version: str, lang: str = "en") -> tuple[Section]:
    """Return the report with its title, and what is said of the page itself, as one block.

    Parameters
    ----------
    known : Dossier
    version : str
        Version of the program.
    lang : str
        Any of `LANGUAGES`.
    """
    writer = _writer(known, version, lang, whole=False)
    made = writer.said("made_by", version=version)
    inside = (*writer.head(), *filter(None, writer.sections()), made)
    return (Section(id="report", title=writer.theirs(known.review.protocol.title), blocks=inside),)


def markdown(known: Dossier, *, figures: Sequence[tuple[str, str]], version: str, lang: str = "en") -> str:
    """Write the report as Markdown.

    Parameters
    ----------
    known : Dossier
    figures : sequence of (synthesis id, file name)
        Pictures that stand beside the page.
    version, lang
        As `document` takes them.
    """
    pictures = {slug("picture", synthesis): name for synthesis, name in dict(figures).items()}
    return blocks.markdown(document(known, version=version, lang=lang), pictures=pictures, level=1) + "\n"


def html(known: Dossier, *, figures: Mapping[str, Any], version: str, lang: str = "en") -> str:
    """Write the report as one HTML file that needs nothing else.

    Parameters
    ----------
    known : Dossier
    figures : mapping of str to matplotlib Figure
        Forest plots by id of the synthesis.
    version, lang
        As `document` takes them.
    """
    writer = _writer(known, version, lang, whole=True)
    sections, title = tuple(filter(None, writer.sections())), writer.theirs(known.review.protocol.title)
    drawn = {slug("picture", synthesis): figure for synthesis, figure in figures.items()}
    drawn |= _drawn(known, writer.language)
    pictures = {
        figure.id: inline_svg(
            drawn[figure.id], name=figure.id, title=figure.title, description=figure.description, lang=lang
        )
        for figure in blocks.figures(sections)
        if figure.id in drawn
    }
    return page(
        "report.html.j2",
        lang=lang,
        say=writer.language.say,
        version=version,
        title=blocks.plain(title),
        translated=isinstance(title, str),
        sections=sections,
        head=blocks.html(writer.head(), lang=lang),
        body=blocks.html(sections, lang=lang, pictures=pictures),
    )


def _writer(known: Dossier, version: str, lang: str, *, whole: bool) -> _Writer:
    own = known.review.protocol.translation.get(lang)
    return _Writer(known, language(lang, own=own), version, whole)


def _drawn(known: Dossier, language: Language) -> dict[str, Any]:
    """Draw the pictures that only this page shows, by the id of their figure."""
    review = known.review
    drawn: dict[str, Any] = {}
    for world in known.multiverse:
        if counted := shares(world.analyses):
            note = language.say("figures.headline", words=coverage(review, world.main, language=language))
            curve, _ = specification_curve(world, counted, note=note, language=language)
            drawn[slug("multiverse", pool_id(world.main))] = curve.figure
    for deduction in known.deductions:
        if deduction.telling:
            name = slug("deduced", deduction.claims[0])
            drawn[f"{name}-picture"] = deduction_plot(deduction, language=language)
    if review.risk_of_bias:
        names = unrecorded(review)
        drawn["picture-bias"] = traffic_plot(known.bias, unrecorded=names, language=language)
    if known.flow.known:
        drawn["picture-flow"] = prisma_plot(known.flow, language=language).figure
    return drawn


def reading(lang: str = "en") -> str:
    """Write the page that explains the numbers to those who are no statisticians."""
    speak = language(lang)
    note = Paragraph(id="reading-note", words=speak.say("reading_note"))
    whole = Section(id="reading", title=speak.say("reading"), blocks=(note, *_terms(speak)))
    lines = re.sub(r"(?<=[.;:!?]) (?=[A-ZÆØÅ])", "\n", blocks.markdown([whole], level=1))
    return lines + "\n"


def _terms(speak: Language, *, standardised: bool = True) -> Iterator[Section]:
    for place, term in enumerate(speak.read, start=1):
        if standardised or term.get("where") != "standardised":
            name = f"reading-{place}"
            text = Paragraph(id=f"{name}-text", words=term["text"])
            yield Section(id=name, title=term["term"], blocks=(text,))


def quoting(text: str, *quotes: str | None) -> Words:
    """Anchor what a text of ours quotes of a review's files.

    Examples
    --------
    >>> quoting("accepted: why not (N.N.)", "why not")
    ('accepted: ', Quotation(words='why not', lang='en'), ' (N.N.)')
    """
    for quote in filter(None, quotes):
        before, found, after = text.partition(quote)
        if found:
            return (before, Quotation(quote), after)
    return text


@dataclass(frozen=True)
class _Writer:
    """Says what is known of a review, section by section."""

    known: Dossier
    language: Language
    version: str
    whole: bool

    def sections(self) -> Iterator[Section | None]:
        """Yield the sections of the page; None where one would be empty."""
        yield self.section("question", self.question())
        yield self.section("answer", self.answers())
        yield self.section("compared", self.compared())
        yield self.section("forests", map(self.forest, self.pools))
        yield self.section("directions", self.directions())
        yield self.section("coverage", self.absent(), head="coverage_head")
        yield self.section("spread", self.spreads(), head="spread_head")
        yield self.section("bending", self.bending())
        yield self.section("fit", self.fit())
        yield self.section("deduced", self.deduced())
        yield self.section("bias", self.bias())
        yield self.section("certainty", self.certainty())
        yield self.section("flow", self.flow())
        words = methods(self.known.results, version=self.version, language=self.language)
        yield self.section("methods", [self.paragraph("methods-paragraph", words)])
        standardised = MEASURES[self.known.settings.measure].standardised
        yield self.section("reading", _terms(self.language, standardised=standardised))
        yield self.section("traces", self.traces())
        yield self.section("claims", map(self.claim, self.claims))
        yield self.section("sources", self.sources())
        yield self.section("left-out", self.left_out(), head="left_out")
        yield self.section("versions", self.versions())

    # What all of them are made of

    def section(self, name: str, inside: Iterable[Block | None], head: str = "") -> Section | None:
        """Return a section, by the key of its heading, or None where it is empty."""
        kept = tuple(block for block in inside if block is not None)
        return Section(id=name, title=self.language.say(head or name), blocks=kept) if kept else None

    def of(self, name: str, pool: Pool, inside: Iterable[Block | None]) -> Section:
        """Return what one section says of one synthesis."""
        kept = tuple(block for block in inside if block is not None)
        return Section(id=slug(name, pool_id(pool)), title=self.title(pool), blocks=kept)

    def paragraph(
        self, name: str, words: Words, *about: str, style: Literal["", "lead", "quiet", "go"] = ""
    ) -> Paragraph | None:
        """Return a paragraph, named by what it says and what it is about; None of no words."""
        return Paragraph(id=slug(name, *about), words=words, style=style) if words else None

    def said(self, key: str, *about: str, **values: object) -> Paragraph:
        """Return a message as a paragraph."""
        return Paragraph(id=slug(key, *about), words=self.language.say(key, **values))

    def bullets(self, name: str, items: Iterable[Words]) -> List | None:
        """Return a list; None of no items."""
        kept = tuple(Item(words=words) for words in items if words)
        return List(id=name, items=kept) if kept else None

    def theirs(self, text: str | None, shape: Callable[[str], str] = str) -> Words:
        """Return words in the page's language, or as a quotation where they are of a review's files."""
        words = self.language.word(text)
        translated = isinstance(text, Said) or words != text
        return shape(words) if translated or not words else Quotation(shape(words))

    def title(self, pool: Pool) -> str:
        """Name a synthesis, or a subgroup of it."""
        return named(self.language.word(pool.title), pool.subgroup)

    def heads(self, *keys: str, of: Pool | None = None) -> tuple[str, ...]:
        """Return the head of a table; that of an effect names its scale and level."""
        values: dict[str, object] = {}
        if of is not None:
            level = f"{100 * (of.result.level if of.result else 0.95):g}"
            values = {"scale": scale_name(of.measure), "level": level, "percent": self.language.percent}
        return tuple(self.language.say(key, **values) for key in keys)

    def source(self, key: str) -> Link:
        """Lead to a source."""
        return Link(f"[{self.numbered[key]}]", f"#{slug('source', key)}", key)

    def claim_link(self, key: str) -> Words:
        """Lead from the key of a printed number, or the place of a row, to its words."""
        if key in self.claims:
            return Link(key, f"#{slug('claim', key)}")
        words = key.replace(" row ", f" {self.language.say('row', n='')}")
        return Link(words, f"#{self.places[key]}") if key in self.places else words

    def interval(self, result: Interval | Effect, measure: str | None = None) -> str:
        """Write an estimate with its interval."""
        return interval(result, measure=measure, language=self.language)

    @cached_property
    def pools(self) -> Sequence[Pool]:
        """The syntheses as the headline has them."""
        return self.known.results.headline_pools

    @cached_property
    def bends(self) -> list[Sensitivity]:
        """The other analyses of those that have a result."""
        return [one for one in self.known.sensitivity if one.main.result]

    @cached_property
    def claims(self) -> dict[str, list[Claim]]:
        """What is printed of a synthesis, by key."""
        claims: dict[str, list[Claim]] = {}
        for claim in self.known.review.published:
            if not claim.trial:
                claims.setdefault(claim.claim, []).append(claim)
        return claims

    @cached_property
    def listed(self) -> list[Verdict]:
        """The verdicts that the page lists: of many, those that are not reproduced."""
        numeric = [one for one in self.known.results.verdicts if one.verdict != "not numeric"]
        return [one for one in numeric if len(numeric) <= LONG or one.verdict != "reproduced"]

    @cached_property
    def places(self) -> dict[str, str]:
        """Anchors of the rows that effects rest on."""
        return {
            row.place: slug("row", effect_id(pool, effect), row.file, row.row)
            for pool in self.pools
            for effect in pool.effects
            for row in effect.rows
            if self.traced
        }

    @cached_property
    def traced(self) -> bool:
        """Whether the page shows each step to each effect."""
        return self.whole or sum(len(pool.effects) for pool in self.pools) <= LONG

    @cached_property
    def odd(self) -> dict[Finding, list[Outcome]]:
        """The rows that a finding is about and no effect rests on."""
        rows = [row for row in self.known.review.outcomes if row.place not in self.places]
        findings = self.known.results.findings
        return {one: [row for row in rows if row.place in one.claims] for one in findings}

    @cached_property
    def used(self) -> dict[str, list[Use]]:
        """The places of the page that rest on a source."""
        review, flow = self.known.review, self.known.flow
        odd = list(chain.from_iterable(self.odd.values()))
        boxes = flow if flow.known else None
        return uses(review, self.pools, self.known.unpooled, boxes, odd, self.bends)

    @cached_property
    def numbered(self) -> dict[str, int]:
        """The number of each source."""
        return {key: place for place, key in enumerate(self.used, start=1)}

    # The sections, in the order of the page

    def head(self) -> list[Block]:
        """Say which review it is, and what the program does not do."""
        protocol = self.known.review.protocol
        doi = Link(f"doi {protocol.doi}", f"https://doi.org/{protocol.doi}") if protocol.doi else ""
        words = listed(filter(None, (protocol.citation, doi)), ". ") if protocol.citation else ""
        disclaimer = self.paragraph("disclaimer", self.language.say("disclaimer"), style="quiet")
        return [one for one in (self.paragraph("citation", words, style="quiet"), disclaimer) if one]

    def question(self) -> Iterator[Block | None]:
        yield self.paragraph("asked", self.theirs(self.known.review.protocol.question), style="lead")

    def answers(self) -> Iterator[Block | None]:
        say, known = self.language.say, self.known
        told: list[Words] = [say("answer_note"), sign(self.pools, language=self.language)]
        told.append(self.theirs(known.review.protocol.caution, sentence))
        if known.vas_sd:
            told.append(say("vas_note", sd=f"{known.vas_sd:g}"))
        yield self.paragraph("answer-note", listed(filter(None, told), "\n"))
        for pool in self.pools:
            given = answer(pool, language=self.language, important=known.limit, vas_sd=known.vas_sd)
            name = pool_id(pool)
            inside = (
                Paragraph(id=slug("says", name), words="\n".join(given.sentences)),
                Paragraph(id=slug("see", name), words=Link(say("see"), f"#forest-{name}"), style="go"),
            )
            yield Note(id=slug("answer", name), title=self.title(pool), blocks=inside)

    def compared(self) -> Iterator[Block | None]:
        say, results = self.language.say, self.known.results
        if assumed := results.review.protocol.methods.assumed:
            why = self.language.word(assumed)
            told = say("assumed_methods", why=why, methods=results.pools[0].methods)
            yield self.paragraph("assumed-methods", quoting(told, why) if why == assumed else told)
        numeric = sum(one.verdict != "not numeric" for one in results.verdicts)
        more = f" {say('verdict_all')}" if len(self.listed) < numeric else ""
        yield self.paragraph("standing", standing(results, language=self.language) + more)
        if self.listed:
            seen: set[str] = set()
            rows = []
            for one in self.listed:
                anchor = slug("verdict", one.claim) if one.claim in self.claims else ""
                cells: tuple[Words, ...] = (
                    self.claim_link(one.claim),
                    self.language.word(one.quantity),
                    minus(one.printed),
                    self.language.decimal(one.recomputed, 4),
                    self.language.word(one.verdict),
                    minus(self.language.word(one.detail)),
                )
                rows.append(TableRow(id="" if anchor in seen else anchor, cells=cells))
                seen.add(anchor)
            yield Table(
                id="verdicts",
                caption=say("compared"),
                head=self.heads("h_claim", "h_quantity", "h_printed", "h_recomputed", "h_verdict", "h_why"),
                rows=tuple(rows),
                numbers=frozenset({2, 3}),
                grouped=True,
            )

    def forest(self, pool: Pool) -> Section:
        return self.of("forest", pool, self.result(pool))

    def result(self, pool: Pool) -> Iterator[Block | None]:
        """Say what a synthesis gives, and of which effects it is made."""
        say, results, speak = self.language.say, self.known.results, self.language
        name, parts = pool_id(pool), [one for one in self.pools if one.synthesis == pool.synthesis]
        if pool is parts[0]:
            title = say("forest_alt", title=speak.word(pool.title))
            told = forest_description(results, parts, speak)
            yield Figure(id=slug("picture", pool.synthesis), title=title, description=told)
        if pool.result:
            if pool.contradictory():
                yield self.paragraph("contradictory-note", Strong(say("contradictory_note")), name)
            second = next(one for one in results.pools if one.key == pool.key)
            shown = [pool]
            if second != pool and second.result and second.printed:
                shown.append(second)
            lines: list[Words] = [
                (
                    Strong(value(one, one.result, language=speak)),
                    f"{share(one, language=speak)}: {speak.word(one.methods)}",
                )
                for one in shown
                if one.result
            ]
            yield self.bullets(
                slug("result", name), [lines[0], sentence(beside(pool, language=speak)), *lines[1:]]
            )
        else:
            yield self.said("unpooled_word", name, why=speak.word(pool.why_not))
        if printed := published(results, pool, language=speak):
            verdict = f"{say('h_verdict')}: {verdict_words(results, pool, language=speak)}."
            yield self.paragraph("published", f"{sentence(printed)} {verdict}", name)
        if pool.effects:
            covered = coverage(results.review, pool, language=speak)
            yield self.paragraph("pooled", f"{covered}.", name, style="quiet")
            weight = "h_weight" if pool.total_weights is None else "h_weight_total"
            yield Table(
                id=slug("effects", name),
                caption=f"{self.title(pool)}: {covered}",
                head=self.heads("h_trial", "h_n", "h_effect", weight, "h_instrument", of=pool),
                rows=tuple(self.effect(pool, effect, place) for place, effect in enumerate(pool.effects)),
                numbers=frozenset({1, 2, 3}),
            )

    def effect(self, pool: Pool, effect: Effect, place: int) -> TableRow:
        """Return the row of an effect."""
        anchor, speak = effect_id(pool, effect), self.language
        number = self.interval(effect)
        groups = ("?" if n is None else count(n) for n in (effect.n1, effect.n2))
        weight = f"{speak.decimal(pool.weights[place], 1)}{speak.percent}" if pool.result else ""
        cells: tuple[Words, ...] = (
            f"{effect.label}{marks(effect)}",
            " + ".join(groups),
            Link(number, f"#{slug('trace', anchor)}") if self.traced else number,
            weight,
            self.theirs(effect.instrument_name) or "–",
        )
        return TableRow(id=anchor, cells=cells)

    def directions(self) -> Iterator[Block | None]:
        speak = self.language
        if self.known.unpooled:
            yield self.said("directions_note")
        for table in self.known.unpooled:
            title = speak.word(self.known.review.plan(table.synthesis).title)
            rows = []
            for _, of_trial in groupby(sorted(table.rows, key=attrgetter("trial")), key=attrgetter("trial")):
                for place, row in enumerate(of_trial):
                    anchor = slug("direction", table.synthesis, row.trial)
                    says = (
                        self.theirs(row.words),
                        " (",
                        self.theirs(row.where),
                        ") ",
                        self.source(row.source),
                    )
                    side = speak.word(table.side(row.side))
                    cells: tuple[Words, ...] = (row.label, side, speak.word(row.basis), says)
                    rows.append(TableRow(id="" if place else anchor, cells=cells))
            grid = Table(
                id=slug("directions-table", table.synthesis),
                caption=f"{title}: {speak.say('directions')}",
                head=self.heads("h_trial", "h_direction", "h_basis", "h_says"),
                rows=tuple(rows),
                grouped=True,
            )
            tally = self.paragraph("tally", speak.word(table.tally()), table.synthesis)
            inside = tuple(filter(None, (tally, grid)))
            yield Section(id=slug("directions", table.synthesis), title=title, blocks=inside)

    def absent(self) -> Iterator[Block | None]:
        yield self.said("coverage_note")
        for pool in self.pools:
            yield self.of("coverage", pool, self.covered(pool))

    def covered(self, pool: Pool) -> Iterator[Block | None]:
        """Say what a synthesis rests on, what it lacks, and what is doubtful."""
        say, review, name = self.language.say, self.known.review, pool_id(pool)
        covered = coverage(review, pool, language=self.language)
        yield self.paragraph("covered", f"{covered}.", name)
        rows = [
            TableRow(
                id=slug("gap", name, gap.trial),
                cells=(
                    gap.label,
                    str(gap.n_randomised or "?"),
                    (self.theirs(gap.what), " ", self.source(gap_of(review, gap).source)),
                    self.theirs(gap.where),
                ),
            )
            for gap in pool.missing
        ]
        left = say("left_out_count", n="").strip()
        rows += [
            TableRow(cells=(one.label, "", (left, ": ", self.theirs(one.why)), "")) for one in pool.dropped
        ]
        held = say("only_sensitivity", n="").strip()
        rows += [TableRow(cells=(one.label, "", held, "")) for one in pool.sensitivity_only]
        if rows:
            yield Table(
                id=slug("absent", name),
                caption=f"{self.title(pool)}: {say('not_available')}",
                head=self.heads("h_trial", "h_randomised", "h_what", "h_where"),
                rows=tuple(rows),
                numbers=frozenset({1}),
            )
        flags = [(self.language.flags[flag], " ", Code(flag)) for flag in pool.flags]
        if marked := self.bullets(slug("flag-list", name), flags):
            yield Section(id=slug("flags", name), title=say("flags"), blocks=(marked,))

    def spreads(self) -> Iterator[Block | None]:
        for pool in self.pools:
            words = "\n".join(spread(pool, language=self.language))
            yield self.of("spread", pool, [self.paragraph("scatter", words, pool_id(pool))])

    def bending(self) -> Iterator[Block | None]:
        say = self.language.say
        yield self.said("bending_note" if self.bends else "bending_none")
        for bend in self.bends:
            yield self.of("bending", bend.main, self.bent(bend))
        worlds = [
            Section(
                id=slug("combined", pool_id(world.main)),
                title=self.title(world.main),
                blocks=(
                    Paragraph(id=slug("shares", pool_id(world.main)), words=told),
                    Figure(
                        id=slug("multiverse", pool_id(world.main)),
                        title=f"{say('multiverse_head')}: {self.language.word(world.main.title)}",
                        description=told,
                    ),
                ),
            )
            for world in self.known.multiverse
            if (told := combined(world, language=self.language))
        ]
        if worlds:
            inside = (self.said("multiverse_note"), *worlds)
            yield Section(id="combinations", title=say("multiverse_head"), blocks=inside)

    def bent(self, bend: Sensitivity) -> Iterator[Block | None]:
        """Say how far other choices move one synthesis."""
        say, speak, pool = self.language.say, self.language, bend.main
        name, only = pool_id(pool), extras(bend)
        moved, same = bent(bend, language=speak)
        rows: list[TableRow] = []
        for scenario, other in ((say("main"), pool), *moved):
            others = [effect for effect in other.effects if effect.rows in only]
            links = [(" + ", Link(one.label, f"#{extra_id(pool, one)}")) for one in others]
            shown = self.interval(other.result) if other.result else "–"
            rows.append(TableRow(cells=((scenario, *links), shown, *sizes(other, language=speak))))
        left = bend.without if len(bend.without) <= 10 else ()
        yield Table(
            id=slug("analyses", name),
            caption=f"{self.title(pool)}: {say('bending')}",
            head=self.heads("h_analysis", "h_effect", "h_k", "h_people", of=pool),
            rows=tuple(rows),
            numbers=frozenset({1, 2, 3}),
        )
        if same:
            yield self.said("bending_same", name, names=", ".join(same))
        if bend.absence.scenarios:
            yield self.said("tipping", name, what=tipping(bend, language=speak))
        if left:
            yield Table(
                id=slug("without", name),
                caption=f"{self.title(pool)}: {say('without_head')}",
                head=self.heads("h_trial", "h_effect", "h_k", of=pool),
                rows=tuple(
                    TableRow(cells=(f"− {one.label}", self.interval(one, pool.measure), str(one.trials)))
                    for one in left
                ),
                numbers=frozenset({1, 2}),
            )
        elif bend.without:
            each = [one.estimate for one in bend.without]
            low, high = speak.commas(as_shown(pool.measure, min(each), max(each)))
            yield self.said("without_range", name, n=len(each), low=low, high=high)

    def fit(self) -> Iterator[Block | None]:
        yield self.bullets("findings", map(self.finding, self.known.results.findings)) or self.said(
            "fit_none"
        )

    def finding(self, finding: Finding) -> Words:
        """Say what does not fit, and quote the rows that stand nowhere else on the page."""
        word = self.language.word
        only_if = listed([f" {word(one)}" for one in finding.only_if], self.language.say("or_if"))
        claims = listed(map(self.claim_link, finding.claims))
        rows = sorted(self.odd[finding], key=attrgetter("source"))
        quotes: list[Words] = []
        for source, of_source in groupby(rows, key=attrgetter("source")):
            each = dict.fromkeys(row.quote for row in of_source if row.quote)
            quotes += [(" ", Quotation(f"“{quote}”", "")) for quote in each]
            quotes.append((" ", self.source(source)))
        told = f"): {minus(word(finding.detail))}"
        return (Strong(word(finding.kind)), only_if, " (", claims, told, *quotes)

    def deduced(self) -> Iterator[Block | None]:
        deductions = [deduction for deduction in self.known.deductions if deduction.why_not is None]
        if not deductions:
            return
        yield self.said("deduced_note")
        for deduction in deductions:
            name, word = slug("deduced", deduction.claims[0]), self.language.word
            title = f"{word(deduction.name)}: {word(deduction.shown)}"
            claims = (" (", listed(map(self.claim_link, deduction.claims)), ")")
            told = " ".join(map(word, deduced(deduction)))
            inside: list[Block] = [Paragraph(id=f"{name}-text", words=(told, claims))]
            if deduction.telling:
                inside.append(Figure(id=f"{name}-picture", title=title, description=told))
            yield Section(id=name, title=title, blocks=tuple(inside))
        told_apart = map(self.language.word, map(clash_words, clashes(deductions)))
        yield self.bullets("clashes", told_apart)
        yield self.paragraph("deduced-assumed", self.language.word(assumed(deductions[0].assumptions)))

    def bias(self) -> Iterator[Block | None]:
        say, review, speak = self.language.say, self.known.review, self.language
        if not review.risk_of_bias:
            yield self.said("bias_none")
            return
        names = unrecorded(review)
        more = f" {say('unrecorded', names=speak.listed(names))}" if names else ""
        yield self.paragraph("bias-note", say("bias_note") + more)
        yield Figure(id="picture-bias", title=say("bias"), description=say("bias_note"))
        rows = []
        for trial, of_trial in groupby(
            sorted(review.risk_of_bias, key=attrgetter("trial")), key=attrgetter("trial")
        ):
            for place, one in enumerate(of_trial):
                support = (self.theirs(one.support), " ", self.source(one.source))
                judged = speak.word(one.judgement) if one.judgement else say("not_judged")
                cells: tuple[Words, ...] = (
                    review.trial(trial).label,
                    speak.word(one.domain),
                    judged,
                    support,
                )
                rows.append(TableRow(id="" if place else slug("bias", trial), cells=cells))
        yield Table(
            id="bias-table",
            caption=say("bias"),
            head=self.heads("h_trial", "h_domain", "h_judgement", "h_support"),
            rows=tuple(rows),
            grouped=True,
        )

    def certainty(self) -> Iterator[Block | None]:
        review = self.known.review
        yield self.said("certainty_note")
        for one in self.known.certainty:
            yield self.of("certainty", one.pool, self.summary(one))
        claims = [claim for claim in review.published if claim.quantity == "certainty"]
        if claims:
            yield self.said("certainty_published")
        lines: list[Words] = []
        for claim in claims:
            about = review.plan(claim.synthesis).title if claim.synthesis else review.protocol.title
            told = f"{self.language.word(about)}: {self.language.word(claim.printed)} ("
            lines.append((told, self.claim_link(claim.claim), ") ", self.source(claim.source)))
        yield self.bullets("certainty-list", lines)

    def summary(self, one: SummaryOfFindings) -> Iterator[Block | None]:
        """Say how certain one synthesis is, domain by domain."""
        speak, name, result = self.language, pool_id(one.pool), one.pool.result
        lead = (Strong(value(one.pool, result, language=speak)), ": ") if result else ""
        whole = sentence(f"{suggested_line(one, language=speak)}; {judged_line(one, language=speak)}")
        why = one.certainty.why if one.certainty else None
        covered = coverage(self.known.review, one.pool, language=speak)
        yield self.paragraph("rated", (lead, f"{covered}. ", quoting(whole, why)), name)
        first, items, note = absolute_words(one, language=speak)
        yield self.paragraph("absolute", first, name)
        yield self.bullets(slug("risks", name), items)
        yield self.paragraph("absolute-note", note, name)
        if result:
            rows = []
            for s in one.suggestions:
                level, said = speak.word(level_words(s.levels)), judged_words(s, language=speak)
                why = s.decision.reason if s.decision else s.judged.why if s.judged else None
                said_why = minus(speak.word(s.why))
                rows.append(TableRow(cells=(speak.word(s.about), level, said_why, quoting(said, why))))
            yield Table(
                id=slug("domains", name),
                caption=f"{self.title(one.pool)}: {speak.say('certainty')}",
                head=self.heads("h_domain", "h_suggested", "h_why", "h_judged"),
                rows=tuple(rows),
            )

    def flow(self) -> Iterator[Block | None]:
        say, flow = self.language.say, self.known.flow
        yield self.said("flow_note" if flow.known else "flow_none")
        if not flow.known:
            return
        yield Figure(id="picture-flow", title=say("flow"), description=say("flow_note"))
        rows = []
        for box in flow.counts:
            basis = self.language.word(box.basis) if box.number else ""
            source = (" ", self.source(box.source)) if box.source else ""
            number = str(box.number or say("flow_unknown"))
            rows.append(TableRow(cells=(self.language.word(box.words), number, (basis, source))))
        yield Table(
            id="boxes",
            caption=say("flow"),
            head=self.heads("h_box", "h_number", "h_why"),
            rows=tuple(rows),
            numbers=frozenset({1}),
        )

    def traces(self) -> Iterator[Block | None]:
        if not self.traced:
            yield self.said("traces_elsewhere")
            return
        yield self.said("traces_note")
        for pool in self.pools:
            if pool.effects:
                ids = [effect_id(pool, effect) for effect in pool.effects]
                each = zip(pool.effects, ids, strict=True)
                inside = [self.trace(effect, id_, slug("trace", id_), id_) for effect, id_ in each]
                yield self.of("steps", pool, inside)
        for bend in self.bends:
            only, name = extras(bend).values(), pool_id(bend.main)
            ids = [extra_id(bend.main, effect) for effect in only]
            inside = [self.trace(e, id_, id_, f"bending-{name}") for e, id_ in zip(only, ids, strict=True)]
            title = f"{self.title(bend.main)}: {self.language.say('only_bending')}"
            if inside:
                yield Section(id=slug("steps-bending", name), title=title, blocks=tuple(inside))

    def trace(self, effect: Effect, id_: str, anchor: str, back: str) -> Trace:
        """Say whence an effect comes: the words that carry it, where they stand, and each step."""
        say, review, name = self.language.say, self.known.review, f"of-{anchor}"
        weeks = "" if effect.weeks is None else say("week", n=f"{effect.weeks:g}")
        about = listed(filter(None, (self.theirs(effect.instrument_name), weeks)))
        inside: list[Block | None] = [self.paragraph("measured", about, name, style="quiet")]
        for place, rows in enumerate(effect.quoted, start=1):
            one = rows[0]
            marked = [Anchor(str(row.row), slug("row", id_, row.file, row.row)) for row in rows]
            head, _, tail = say("row" if len(rows) == 1 else "rows", n="\0").partition("\0")
            where = (self.theirs(one.locator), "; ") if one.locator else ""
            citation = Quotation(review.source(one.source).citation, "")
            source = (
                citation,
                " ",
                self.source(one.source),
                "; ",
                where,
                f"{one.file}, ",
                head,
                listed(marked),
            )
            quote = Quotation(f"“{one.quote}”", "") if one.quote else ""
            inside.append(Blockquote(id=slug("quote", name, place), words=quote, source=(*source, tail)))
        steps = tuple(Item(words=self.theirs(step)) for step in effect.derivation)
        inside.append(List(id=slug("derived", name), items=steps, ordered=True) if steps else None)
        if effect.assumption:
            told = (f"† {say('assumed', what='')}", self.theirs(effect.assumption))
            inside.append(self.paragraph("assumption", told, name))
        inside.append(self.back(name, f"#{back}"))
        title = (f"{effect.label}{marks(effect)}: ", Link(self.interval(effect), f"#{back}"))
        return Trace(id=anchor, title=title, blocks=tuple(filter(None, inside)))

    def back(self, name: str, to: str) -> Paragraph:
        """Lead back."""
        return Paragraph(id=slug("back", name), words=Link(f"↑ {self.language.say('back')}", to), style="go")

    def claim(self, key: str) -> Trace:
        """Say what is printed under one key, and quote it."""
        anchor, claims = slug("claim", key), self.claims[key]
        told: list[Words] = []
        for claim in claims:
            as_it_is = claim.quantity in {"text", "certainty"}
            printed = Quotation(claim.printed if as_it_is else minus(claim.printed), "")
            told.append((f"{self.language.word(claim.quantity)}: ", printed))
        inside: list[Block | None] = [self.paragraph("printed", listed(told, "; "), anchor)]
        quotes = dict.fromkeys((claim.source, claim.where, claim.quote) for claim in claims)
        for place, (source, where, quote) in enumerate(quotes, start=1):
            words = Quotation(f"“{quote}”", "") if quote else ""
            rest = (self.source(source), " ", self.theirs(where))
            inside.append(Blockquote(id=slug("quote", anchor, place), words=words, source=rest))
        if any(one.claim == key for one in self.listed):
            inside.append(self.back(anchor, f"#{slug('verdict', key)}"))
        return Trace(id=anchor, title=key, blocks=tuple(filter(None, inside)))

    def sources(self) -> Iterator[Block | None]:
        items = []
        for key, places in self.used.items():
            source = self.known.review.source(key)
            address: Words = ""
            if source.doi:
                address = (". ", Link(f"doi {source.doi}", f"https://doi.org/{source.doi}"))
            elif source.url:
                address = (". ", Link(source.url, source.url))
            links = listed(Link(self.language.word(use.label), f"#{use.anchor}") for use in places)
            used = (f" ↑ {self.language.say('used_in')}: ", links)
            words = (Quotation(source.citation, ""), address, " ", Code(key), used)
            items.append(Item(id=slug("source", key), words=words))
        if items:
            yield List(id="source-list", items=tuple(items), ordered=True)

    def left_out(self) -> Iterator[Block | None]:
        review = self.known.review
        lines: list[Words] = [
            (f"{one.trial}: ", self.theirs(one.why), f" ({one.where})") for one in review.protocol.exclusion
        ]
        for instrument, why in review.protocol.not_accepted.items():
            known = review.instrument(instrument)
            name = known.name if known else instrument
            lines.append((self.theirs(name), ": ", self.theirs(why)))
        yield self.bullets("left-out-list", lines)

    def versions(self) -> Iterator[Block | None]:
        yield self.said("versions_note")
        tables: list[tuple[str, str, Mapping[str, Words]]] = [
            ("h_file", "h_hash", {file: Code(digest) for file, digest in self.known.hashes.items()})
        ]
        if self.whole:
            found = self.known.environment
            versions = {name: found[name] for name in found if name != "processor"}
            tables.append(("h_program", "h_version", {"livingmeta": self.version, **versions}))
        for first, second, rows in tables:
            yield Table(
                id=slug(first, "table"),
                caption=self.language.say(first),
                head=self.heads(first, second),
                rows=tuple(TableRow(cells=(name, words)) for name, words in rows.items()),
            )
