"""The sections of the report: each is an entry of `SECTIONS`, and a function of its name.

A function yields the blocks of its section, and None for one that would be empty; a section of no
blocks is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from livingmeta.appraisal.bias import unrecorded
from livingmeta.appraisal.certainty import SummaryOfFindings, level_words
from livingmeta.appraisal.flow import left_out
from livingmeta.appraisal.multiverse import shares
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.audit.consistency import Finding
from livingmeta.audit.contradictions import clashes
from livingmeta.engine.measures import MEASURES, as_shown
from livingmeta.figures.forest import forest_key
from livingmeta.figures.marks import marks, shared_signs
from livingmeta.figures.specification_curve import curve_key
from livingmeta.language import Language, Said
from livingmeta.pages.anchors import effect_id, extra_id, extras, gap_of, pool_id, slug
from livingmeta.pages.answers import answer, verdict
from livingmeta.pages.blocks import (
    Anchor,
    Axis,
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
    TableRow,
    Trace,
    Words,
    joined,
)
from livingmeta.pages.deductions import assumed, clash_words, deduced
from livingmeta.pages.phrases import (
    absolute_words,
    bent,
    beside,
    certainty_short,
    coverage,
    forest_description,
    how_to_say,
    judged_line,
    judged_words,
    methods,
    multiverse_words,
    people_number,
    published,
    sentence,
    share,
    sign,
    sizes,
    spread,
    standing,
    suggested_line,
    value,
    verdict_words,
)
from livingmeta.pages.rob_me import tipping
from livingmeta.pages.template import minus
from livingmeta.pages.writer import HEAVIEST, MANY, Writer, aligned, quoting, row
from livingmeta.review.quotes import proof_mark
from livingmeta.review.schema import Claim, Moderator
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import LeftOut, Missing, Pool
from livingmeta.words import count, show

MOST_ANSWERS = 24  # results that a page shows before it is opened: some six screens of a phone
FEW_LEFT_OUT = 10  # trials; a table shows the result without each of no more
Blocks = Iterator[Block | None]


def sections(writer: Writer) -> Iterator[Section]:
    """Yield the sections of a report that have something to say."""
    for name, (title, blocks) in SECTIONS.items():
        if section := writer.section(name, writer.say(title), blocks(writer)):
            yield replace(section, folded=name not in FIRST)


def head(writer: Writer) -> Blocks:
    """Say which review it is, and what the program does not do."""
    protocol = writer.review.protocol
    doi = Link(f"doi {protocol.doi}", f"https://doi.org/{protocol.doi}") if protocol.doi else ""
    words = joined(filter(None, (protocol.citation, doi)), ". ") if protocol.citation else ""
    yield writer.paragraph("citation", words, style="quiet")
    yield writer.paragraph("disclaimer", writer.say("disclaimer"), style="quiet")


def _question(writer: Writer) -> Blocks:
    if writer.review.file is None:
        yield writer.paragraph("asked", writer.theirs(writer.review.protocol.question), style="lead")


def _answer(writer: Writer) -> Blocks:
    say, dossier, speak = writer.say, writer.dossier, writer.language
    notes: list[Words] = [
        standing(writer.results, language=speak) if writer.review.published else "",
        how_to_say(writer.review, writer.pools, language=speak),
        writer.theirs(writer.review.protocol.caution, sentence),
        say("vas_note", sd=f"{dossier.vas_sd:g}") if dossier.vas_sd else "",
    ]
    yield writer.paragraph("verdict", verdict(writer.pools, language=speak), style="lead")
    yield writer.paragraph("sign", sign(writer.pools, language=speak))
    axis = writer.axis(writer.pools[0], (pool.result for pool in writer.pools))
    rows = [_row_of_answer(writer, summary, axis) for summary in dossier.certainty]
    first, more = (
        writer.table(
            name,
            say("answer"),
            ("explorer.outcome", "h_k", "h_people", "h_effect", "h_certainty"),
            listed,
            of=writer.pools[0],
            numbers=(1, 2, 3),
        )
        for name, listed in (
            ("answer-table", rows[:MOST_ANSWERS]),
            ("answer-table-more", rows[MOST_ANSWERS:]),
        )
    )
    yield first
    if more:
        title = say("answer_more", n=speak.whole(len(rows) - MOST_ANSWERS))
        yield Section(id="answer-more", title=title, blocks=(more,), folded=True)
    yield writer.paragraph("answer-note", joined(filter(None, notes), "\n"))


def _row_of_answer(writer: Writer, summary: SummaryOfFindings, axis: Axis) -> TableRow:
    """Say in a row what a synthesis gives, on how many trials, and how sure that is."""
    pool, speak, name = summary.pool, writer.language, pool_id(summary.pool)
    kind, of = answer(pool).kind.split()[-1], len(pool.measured)
    number: Words = writer.say(f"verdict_{kind}", side="")
    if pool.result and kind in {"open", "favours", "side", "alone"}:
        number = (writer.interval(pool.result, pool.measure), writer.bar(pool.result, axis))
    return row(
        Link(writer.title(pool), f"#forest-{name}"),
        str(pool.k) if pool.k == of else writer.say("k_of", k=pool.k, n=of),
        people_number(pool, language=speak) if pool.k else "–",
        number,
        Link(certainty_short(summary, language=speak), f"#certainty-{name}"),
        anchor=slug("answer-row", name),
    )


def _words(writer: Writer) -> Blocks:
    say, dossier, speak = writer.say, writer.dossier, writer.language
    for pool in writer.pools:
        given = answer(
            pool,
            language=speak,
            important=dossier.limit,
            vas_sd=dossier.vas_sd,
            tabled=writer.review.file is not None,
        )
        name = pool_id(pool)
        inside = (
            Paragraph(id=slug("says", name), words="\n".join(given.sentences)),
            Paragraph(id=slug("see", name), words=Link(say("see"), f"#forest-{name}"), style="go"),
        )
        yield Note(id=slug("answer", name), title=writer.title(pool), blocks=inside)


def _compared(writer: Writer) -> Blocks:
    say, results, speak = writer.say, writer.results, writer.language
    if not writer.review.published and writer.review.file is not None:
        return
    if assumption := writer.review.protocol.methods.assumed:
        why = speak.word(assumption)
        words = say("assumed_methods", why=why, methods=results.pools[0].methods)
        yield writer.paragraph("assumed-methods", quoting(words, why) if why == assumption else words)
    more = f" {say('verdict_all')}" if len(writer.listed) < len(writer.numeric) else ""
    yield writer.paragraph("standing", standing(results, language=speak) + more)
    printed = aligned([minus(verdict.printed) for verdict in writer.listed])
    methods_of = {pool.key: speak.word(pool.methods) for pool in results.pools if pool.result}
    yield writer.table(
        "verdicts",
        say("compared"),
        ("h_claim", "h_quantity", "h_printed", "h_recomputed", "explorer.methods", "h_verdict", "h_why"),
        (
            row(
                writer.claim_words(verdict.claim),
                say(f"quantity.{verdict.quantity}"),
                number,
                speak.decimal(verdict.recomputed, 4),
                methods_of.get((verdict.synthesis or "", verdict.subgroup), "")
                if verdict.trial is None
                else "",
                speak.word(verdict.verdict),
                minus(speak.word(verdict.detail)),
                anchor=slug("verdict", verdict.claim) if verdict.claim in writer.claims else "",
            )
            for verdict, number in zip(writer.listed, printed, strict=True)
        ),
        numbers=(2, 3),
        grouped=True,
    )


def _forests(writer: Writer) -> Blocks:
    for pool in writer.pools:
        yield writer.of("forest", pool, _forest(writer, pool))


def _forest(writer: Writer, pool: Pool) -> Blocks:
    """Say what a synthesis gives, and of which effects it is made."""
    say, results, speak, name = writer.say, writer.results, writer.language, pool_id(pool)
    parts = [part for part in writer.pools if part.synthesis == pool.synthesis]
    if pool is parts[0] and any(part.effects for part in parts):
        title = say("forest_alt", title=speak.word(pool.title))
        described = f"{forest_description(results.review, parts, speak)} {say('forest_below')}"
        yield Figure(id=slug("picture", pool.synthesis), title=title, description=described)
        key = " ".join(forest_key(parts, bias=writer.dossier.bias, language=speak))
        yield writer.paragraph("key", key, pool.synthesis, style="quiet")
    if pool.result:
        if pool.contradictory():
            yield writer.paragraph("contradictory-note", Strong(say("contradictory_note")), name)
        own = next(by_own for by_own in results.pools if by_own.key == pool.key)
        first, *second = [
            (
                Strong(value(by, by.result, language=speak)),
                f"{share(by, language=speak)}: {speak.word(by.methods)}",
            )
            for by in (pool, *([own] if own != pool and own.printed else []))
            if by.result
        ]
        wide = sentence(beside(pool, language=speak))
        yield writer.bullets(slug("result", name), [first, wide, *second])
    else:
        yield writer.said("unpooled_word", name, why=speak.word(pool.why_not))
    if not pool.effects:  # for which there is no picture
        yield writer.bullets("", (_absent(writer, absent) for absent in pool.absent))
    if printed := published(results, pool, language=speak):
        verdict = f"{say('h_verdict')}: {verdict_words(results, pool, language=speak)}."
        yield writer.paragraph("published", f"{sentence(printed)} {verdict}", name)
    if pool.effects:
        covered = coverage(results.review, pool, language=speak)
        yield writer.paragraph("pooled", f"{covered}.", name, style="quiet")
        heaviest = [*range(len(pool.effects))]
        if len(heaviest) > MANY and pool.result:
            heaviest = sorted(sorted(heaviest, key=lambda place: -pool.weights[place])[:HEAVIEST])
            of = writer.language.whole(len(pool.effects))
            yield writer.said("heaviest", name, n=HEAVIEST, of=of)
        weight = "h_weight" if pool.total_weights is None else "h_weight_total"
        axis, of_all = writer.axis(pool, pool.effects), shared_signs(pool.effects)
        yield writer.table(
            slug("effects", name),
            f"{writer.title(pool)}: {covered}",
            ("h_trial", "h_n", "h_effect", weight, "h_instrument"),
            (_effect(writer, pool, place, axis, of_all) for place in heaviest),
            of=pool,
            numbers=(1, 2, 3),
        )


def _absent(writer: Writer, absent: Missing | LeftOut) -> str:
    """Name a trial that is not pooled, and say why."""
    if isinstance(absent, LeftOut):
        why = writer.language.word(absent.why)
    elif absent.n_randomised is None:
        why = writer.say("figures.measured")
    else:
        why = writer.say("figures.measured_n", n=absent.n_randomised)
    return f"{absent.label}: {why}"


def _effect(
    writer: Writer, pool: Pool, place: int, axis: Axis, of_all: Collection[tuple[str, Said]]
) -> TableRow:
    effect, speak = pool.effects[place], writer.language
    anchor, number, arms = effect_id(pool, effect), writer.interval(effect), effect.numbers
    return row(
        f"{effect.label}{marks(effect, but=of_all)}",
        " + ".join("?" if n is None else count(n) for n in arms) if any(arms) else "–",
        (Link(number, f"#{slug('trace', anchor)}") if writer.traced else number, writer.bar(effect, axis)),
        f"{speak.decimal(pool.weights[place], 1)}{speak.percent}" if pool.result else "",
        writer.theirs(effect.instrument_name),
        anchor=anchor,
    )


def _directions(writer: Writer) -> Blocks:
    word = writer.language.word
    if writer.dossier.unpooled:
        yield writer.said("directions_note")
    for table in writer.dossier.unpooled:
        title = word(writer.review.plan(table.synthesis).title)
        rows = (
            row(
                direction.label,
                word(table.side(direction.side)),
                word(direction.basis),
                (
                    writer.theirs(direction.words),
                    " (",
                    writer.theirs(direction.where),
                    ") ",
                    writer.source(direction.source),
                ),
                anchor=slug("direction", table.synthesis, direction.trial),
            )
            for direction in sorted(table.rows, key=attrgetter("trial"))
        )
        inside = (
            writer.paragraph("tally", word(table.tally()), table.synthesis),
            writer.table(
                slug("directions-table", table.synthesis),
                f"{title}: {writer.say('directions')}",
                ("h_trial", "h_direction", "h_basis", "h_says"),
                rows,
                grouped=True,
            ),
        )
        yield writer.section(slug("directions", table.synthesis), title, inside)


def _coverage(writer: Writer) -> Blocks:
    if writer.review.file is None:
        yield writer.said("coverage_note")
    for pool in writer.pools:
        yield writer.of("coverage", pool, _covered(writer, pool))


def _covered(writer: Writer, pool: Pool) -> Blocks:
    """Say what a synthesis rests on, what it lacks, and what is doubtful."""
    say, name = writer.say, pool_id(pool)
    yield writer.paragraph("covered", f"{coverage(writer.review, pool, language=writer.language)}.", name)
    rows = [
        row(
            gap.label,
            str(gap.n_randomised or "?"),
            (writer.theirs(gap.what), " ", writer.source(gap_of(writer.review, gap).source)),
            writer.theirs(gap.where),
            anchor=slug("gap", name, gap.trial),
        )
        for gap in pool.missing
    ]
    left_out, held_back = (say(key, n="").strip() for key in ("left_out_count", "only_sensitivity"))
    rows += [row(trial.label, "", (left_out, ": ", writer.theirs(trial.why)), "") for trial in pool.dropped]
    rows += [row(trial.label, "", held_back, "") for trial in pool.sensitivity_only]
    yield writer.table(
        slug("absent", name),
        f"{writer.title(pool)}: {say('not_available')}",
        ("h_trial", "h_randomised", "h_what", "h_where"),
        rows,
        numbers=(1,),
    )
    flags = ((writer.language.flags[flag], " ", Code(flag)) for flag in pool.flags)
    yield writer.section(slug("flags", name), say("flags"), [writer.bullets(slug("flag-list", name), flags)])


def _spread(writer: Writer) -> Blocks:
    for pool in writer.pools:
        words = "\n".join(spread(pool, language=writer.language))
        yield writer.of("spread", pool, [writer.paragraph("scatter", words, pool_id(pool))])


def _bending(writer: Writer) -> Blocks:
    say, speak = writer.say, writer.language
    yield writer.said("bending_note" if writer.bends else "bending_none")
    for bend in writer.bends:
        yield writer.of("bending", bend.main, _bent(writer, bend))
    worlds: list[Block | None] = []
    for multiverse in writer.dossier.multiverse:
        if multiverse.telling and (words := multiverse_words(multiverse, language=speak)):
            name = pool_id(multiverse.main)
            title = f"{say('multiverse_head')}: {speak.word(multiverse.main.title)}"
            picture = Figure(id=slug("multiverse", name), title=title, description=words)
            of_analyses = shares(multiverse.analyses)
            key = curve_key(multiverse, of_analyses, speak) if of_analyses else ()
            own = coverage(writer.results.review, multiverse.main, language=speak)
            words_below = " ".join((say("figures.headline", words=own), *key))
            below = writer.paragraph("curve-key", words_below, name, style="quiet")
            inside = (writer.paragraph("shares", words, name), picture, below)
            worlds.append(writer.of("combined", multiverse.main, inside))
    if worlds:
        note = writer.said("multiverse_note")
        yield writer.section("combinations", say("multiverse_head"), (note, *worlds))


def _bent(writer: Writer, bend: Sensitivity) -> Blocks:
    """Say how far other choices move one synthesis."""
    say, speak, pool = writer.say, writer.language, bend.main
    name, only = pool_id(pool), extras(bend)
    moved, same = bent(bend, language=speak)
    rows: list[TableRow] = []
    for scenario, other in ((say("main"), pool), *moved):
        others = [effect for effect in other.effects if effect.rows in only]
        links = [(" + ", Link(effect.label, f"#{extra_id(pool, effect)}")) for effect in others]
        shown = writer.interval(other.result) if other.result else "–"
        rows.append(row((scenario, *links), shown, *sizes(other, language=speak)))
    yield writer.table(
        slug("analyses", name),
        f"{writer.title(pool)}: {say('bending')}",
        ("h_analysis", "h_effect", "h_k", "h_people"),
        rows,
        of=pool,
        numbers=(1, 2, 3),
    )
    if same and writer.review.file is None:
        yield writer.said("bending_same", name, names=", ".join(same))
    if bend.absence.scenarios:
        yield writer.said("tipping", name, what=tipping(bend, language=speak))
    if not bend.without and pool.k > 1:
        yield writer.said("without_none", name, n=speak.whole(len(pool.effects)))
    elif len(bend.without) <= FEW_LEFT_OUT:
        yield writer.table(
            slug("without", name),
            f"{writer.title(pool)}: {say('without_head')}",
            ("h_trial", "h_effect", "h_k"),
            (
                row(f"− {left.label}", writer.interval(left, pool.measure), str(left.trials))
                for left in bend.without
            ),
            of=pool,
            numbers=(1, 2),
        )
    elif bend.without:
        estimates = [left.estimate for left in bend.without]
        low, high = speak.commas(as_shown(pool.measure, min(estimates), max(estimates)))
        yield writer.said("without_range", name, n=len(estimates), low=low, high=high)


def _fit(writer: Writer) -> Blocks:
    findings = (_finding(writer, finding) for finding in writer.results.findings)
    listed = writer.bullets("findings", findings)
    if listed or writer.review.published or writer.review.file is None:
        yield listed or writer.said("fit_none")


def _finding(writer: Writer, finding: Finding) -> Words:
    """Say what does not fit, and quote the rows that stand nowhere else on the page."""
    word, by_source = writer.language.word, attrgetter("source")
    only_if = joined([f" {word(condition)}" for condition in finding.only_if], writer.say("or_if"))
    quotes: list[Words] = []
    for source, rows in groupby(sorted(writer.odd[finding], key=by_source), key=by_source):
        for quote in dict.fromkeys(outcome.quote for outcome in rows if outcome.quote):
            quotes.append((" ", Quotation(f"“{quote}”", "")))
        quotes.append((" ", writer.source(source)))
    claims, detail = joined(map(writer.claim_link, finding.claims)), minus(word(finding.detail))
    return (Strong(word(finding.kind)), only_if, " (", claims, f"): {detail}", *quotes)


def _deduced(writer: Writer) -> Blocks:
    word = writer.language.word
    deductions = [deduction for deduction in writer.dossier.deductions if deduction.why_not is None]
    if not deductions:
        return
    yield writer.said("deduced_note")
    for deduction in deductions:
        name = slug("deduced", deduction.claims[0])
        title = f"{word(deduction.name)}: {word(deduction.shown)}"
        claims = (" (", joined(map(writer.claim_link, deduction.claims)), ")")
        words = " ".join(map(word, deduced(deduction)))
        inside: list[Block] = [Paragraph(id=f"{name}-text", words=(words, claims))]
        if deduction.telling:
            inside.append(Figure(id=f"{name}-picture", title=title, description=words))
        yield writer.section(name, title, inside)
    yield writer.bullets("clashes", map(word, map(clash_words, clashes(deductions))))
    yield writer.paragraph("deduced-assumed", word(assumed(deductions[0].assumptions)))


def _bias(writer: Writer) -> Blocks:
    say, review, speak = writer.say, writer.review, writer.language
    if not review.risk_of_bias:
        if review.file is None:
            yield writer.said("bias_none")
        return
    names = unrecorded(review)
    more = f" {say('unrecorded', names=speak.listed(names))}" if names else ""
    yield writer.paragraph("bias-note", say("bias_note") + more)
    yield Figure(id="picture-bias", title=say("bias"), description=say("bias_note"))
    yield writer.table(
        "bias-table",
        say("bias"),
        ("h_trial", "h_domain", "h_judgement", "h_support"),
        (
            row(
                review.trial(bias.trial).label,
                speak.word(bias.domain),
                speak.word(bias.judgement) if bias.judgement else say("not_judged"),
                (writer.theirs(bias.support), " ", writer.source(bias.source)),
                anchor=slug("bias", bias.trial),
            )
            for bias in sorted(review.risk_of_bias, key=attrgetter("trial"))
        ),
        grouped=True,
    )


def _certainty(writer: Writer) -> Blocks:
    review, word = writer.review, writer.language.word
    yield writer.said("certainty_note")
    if proved := writer.dossier.proved:
        yield writer.paragraph("proved", sentence(word(proved.words)))
    for summary in writer.dossier.certainty:
        yield writer.of("certainty", summary.pool, _rated(writer, summary))
    claims = [claim for claim in review.published if claim.quantity == "certainty"]
    if claims:
        yield writer.said("certainty_published")
    lines: list[Words] = []
    for claim in claims:
        about = review.plan(claim.synthesis).title if claim.synthesis else review.protocol.title
        link, source = writer.claim_link(claim.claim), writer.source(claim.source)
        lines.append((f"{word(about)}: {word(claim.printed)} (", link, ") ", source))
    yield writer.bullets("certainty-list", lines)


def _rated(writer: Writer, summary: SummaryOfFindings) -> Blocks:
    """Say how certain one synthesis is, domain by domain."""
    speak, pool, result = writer.language, summary.pool, summary.pool.result
    name = pool_id(pool)
    lead = (Strong(value(pool, result, language=speak)), ": ") if result else ""
    whole = sentence(f"{suggested_line(summary, language=speak)}; {judged_line(summary, language=speak)}")
    why = summary.certainty.why if summary.certainty else None
    covered = coverage(writer.review, pool, language=speak)
    yield writer.paragraph("rated", (lead, f"{covered}. ", quoting(whole, why)), name)
    first, items, note = absolute_words(summary, language=speak)
    yield writer.paragraph("absolute", first, name)
    yield writer.bullets(slug("risks", name), items)
    yield writer.paragraph("absolute-note", note, name)
    if summary.proved:
        yield writer.paragraph("proved", sentence(speak.word(summary.proved.words)), name)
    if not result:
        return
    rows = []
    for domain in summary.suggestions:
        level, judged = speak.word(level_words(domain.levels)), judged_words(domain, language=speak)
        why = domain.decision.reason if domain.decision else domain.judged.why if domain.judged else None
        rows.append(row(speak.word(domain.about), level, minus(speak.word(domain.why)), quoting(judged, why)))
    yield writer.table(
        slug("domains", name),
        f"{writer.title(pool)}: {speak.say('certainty')}",
        ("h_domain", "h_suggested", "h_why", "h_judged"),
        rows,
    )


def _flow(writer: Writer) -> Blocks:
    say, flow, word = writer.say, writer.dossier.flow, writer.language.word
    if flow.known or writer.review.file is None:
        yield writer.said("flow_note" if flow.known else "flow_none")
    if not flow.known:
        return
    yield Figure(id="picture-flow", title=say("flow"), description=say("flow_note"))
    rows = []
    for box in flow.counts:
        basis = word(box.basis) if box.number else ""
        source = (" ", writer.source(box.source)) if box.source else ""
        rows.append(row(word(box.words), str(box.number or say("not_known")), (basis, source)))
        rows += [row(f"– {word(reason)}", "", "") for reason in box.reasons]
    yield writer.table("boxes", say("flow"), ("h_box", "h_number", "h_why"), rows, numbers=(1,))


def _methods(writer: Writer) -> Blocks:
    words = methods(writer.results, version=writer.version, language=writer.language)
    yield writer.paragraph("methods-paragraph", words)


def _reading(writer: Writer) -> Blocks:
    where = {
        "compared": not MEASURES[writer.dossier.settings.measure].one_group,
        "standardised": MEASURES[writer.dossier.settings.measure].standardised,
        "missing": writer.review.file is None or any(pool.missing for pool in writer.pools),
        "printed": writer.review.file is None or bool(writer.review.published),
    }
    yield from terms(writer.language, where={name for name, holds in where.items() if holds})


def terms(language: Language, *, where: Set[str] | None = None) -> Iterator[Section]:
    """Explain what the numbers of a page mean; a term of what stands only `where` is, on such a page.

    Where nothing is "compared", a term that speaks of differences is said as it is of averages `alone`.
    """
    alone = where is not None and "compared" not in where
    for place, term in enumerate(language.read, start=1):
        if where is None or term.get("where") in {None, *where}:
            name = f"reading-{place}"
            text = Paragraph(
                id=f"{name}-text", words=term.get("alone", term["text"]) if alone else term["text"]
            )
            yield Section(id=name, title=term["term"], blocks=(text,))


def _moderators(writer: Writer) -> Blocks:
    """Say what the review's own moderators are of each trial, or of its results where they differ."""
    review = writer.review
    parts: dict[tuple[str, str | None, str | None], list[Moderator]] = {}
    for each in review.moderators if writer.traced else ():
        parts.setdefault((each.trial, each.subgroup, each.contrast), []).append(each)
    order = {trial.trial: place for place, trial in enumerate(review.trials)}
    yield writer.table(
        "moderators-table",
        writer.say("moderators.title"),
        ("h_trial", "moderators.h_values"),
        (
            row(
                joined((review.trial(trial).label, *map(writer.theirs, filter(None, part))), ", "),
                (joined((_moderator(writer, each) for each in listed), "; "), *_sources_of(writer, listed)),
            )
            for (trial, *part), listed in sorted(parts.items(), key=lambda held: order[held[0][0]])
        ),
    )


def _moderator(writer: Writer, each: Moderator) -> Words:
    number = None if each.number is None else writer.language.word(show(each.number))
    unit = ("\N{NO-BREAK SPACE}", writer.theirs(each.unit)) if each.unit else ()
    return (writer.theirs(each.moderator), ": ", number or writer.theirs(each.value), *unit)


def _sources_of(writer: Writer, rows: Iterable[Moderator]) -> Iterator[Words]:
    for key in dict.fromkeys(each.source for each in rows) if writer.review.file is None else ():
        yield " "
        yield writer.source(key)


def _traces(writer: Writer) -> Blocks:
    yield writer.said(
        "traces_note" if writer.traced else "traces_many" if writer.whole else "traces_elsewhere"
    )
    for pool in writer.pools if writer.traced else ():
        ids = [effect_id(pool, effect) for effect in pool.effects]
        each = zip(pool.effects, ids, strict=True)
        yield writer.of(
            "steps", pool, [_trace(writer, effect, id_, slug("trace", id_), id_) for effect, id_ in each]
        )
    for bend in writer.bends if writer.traced else ():
        only, name = extras(bend).values(), pool_id(bend.main)
        ids = [extra_id(bend.main, effect) for effect in only]
        each = zip(only, ids, strict=True)
        inside = [_trace(writer, effect, id_, id_, f"bending-{name}") for effect, id_ in each]
        title = f"{writer.title(bend.main)}: {writer.say('only_bending')}"
        yield writer.section(slug("steps-bending", name), title, inside)


def _trace(writer: Writer, effect: Effect, id_: str, anchor: str, back: str) -> Trace:
    """Say whence an effect comes: the words that carry it, where they stand, and each step."""
    say, review, name = writer.say, writer.review, f"of-{anchor}"
    weeks = "" if effect.weeks is None else say("week", n=f"{effect.weeks:g}")
    about = joined(filter(None, (writer.theirs(effect.instrument_name), weeks)))
    inside: list[Block | None] = [writer.paragraph("measured", about, name, style="quiet")]
    for place, rows in enumerate(effect.quoted, start=1):
        first = rows[0]
        places = dict.fromkeys((each.file, each.row) for each in rows)
        marked = [Anchor(str(number), slug("row", id_, file, number)) for file, number in places]
        before, _, after = say("row" if len(marked) == 1 else "rows", n="\0").partition("\0")
        where = (writer.theirs(first.locator), "; ") if first.locator else ""
        citation = (
            Quotation(review.source(first.source).citation, ""),
            " ",
            writer.source(first.source),
            "; ",
        )
        of_source = (*citation, where) if review.file is None else ()  # a table is its own source
        proof = proof_mark(review, rows)
        mark = ("; ", writer.language.word(proof)) if proof else ()
        source = (*of_source, f"{first.file}, ", before, joined(marked), after, *mark)
        quote = Quotation(f"“{first.quote}”", "") if first.quote else ""
        inside.append(Blockquote(id=slug("quote", name, place), words=quote, source=source))
    steps = tuple(Item(words=writer.theirs(step)) for step in effect.derivation)
    inside.append(List(id=slug("derived", name), items=steps, ordered=True) if steps else None)
    if effect.assumption:
        assumption = (f"† {say('assumed', what='')}", writer.theirs(effect.assumption))
        inside.append(writer.paragraph("assumption", assumption, name))
    inside.append(writer.back(name, f"#{back}"))
    title = (f"{effect.label}{marks(effect)}: ", Link(writer.interval(effect), f"#{back}"))
    return Trace(id=anchor, title=title, blocks=tuple(filter(None, inside)))


def _claims(writer: Writer) -> Blocks:
    for key in writer.claims:
        yield _claim(writer, key)


def _claim(writer: Writer, key: str) -> Trace:
    """Say what is printed under one key, and quote it."""
    anchor, claims = slug("claim", key), writer.claims[key]
    numbers: list[Words] = []
    for claim in claims:
        as_it_is = claim.quantity in {"text", "certainty"}
        printed = Quotation(claim.printed if as_it_is else minus(claim.printed), "")
        numbers.append((f"{writer.say(f'quantity.{claim.quantity}')}: ", printed))
    inside: list[Block | None] = [writer.paragraph("printed", joined(numbers, "; "), anchor)]
    quotes: dict[tuple[str, str, str | None], list[Claim]] = defaultdict(list)
    for claim in claims:
        quotes[claim.source, claim.where, claim.quote].append(claim)
    for place, ((source, where, quote), same) in enumerate(quotes.items(), start=1):
        words = Quotation(f"“{quote}”", "") if quote else ""
        proof = proof_mark(writer.review, same)
        mark = ("; ", writer.language.word(proof)) if proof else ()
        rest = (writer.source(source), " ", writer.theirs(where), *mark)
        inside.append(Blockquote(id=slug("quote", anchor, place), words=words, source=rest))
    if any(verdict.claim == key for verdict in writer.listed):
        inside.append(writer.back(anchor, f"#{slug('verdict', key)}"))
    return Trace(id=anchor, title=key, blocks=tuple(filter(None, inside)))


def _sources(writer: Writer) -> Blocks:
    items = []
    for key, places in writer.used.items():
        source = writer.review.source(key)
        address: Words = ""
        if source.doi:
            address = (". ", Link(f"doi {source.doi}", f"https://doi.org/{source.doi}"))
        elif source.url:
            address = (". ", Link(source.url, source.url))
        links = joined(Link(writer.language.word(use.label), f"#{use.anchor}") for use in places)
        used = (f" ↑ {writer.say('used_in')}: ", links) if len(places) <= MANY else ()
        words = (Quotation(source.citation, ""), address, " ", Code(key), used)
        items.append(Item(id=slug("source", key), words=words))
    if items:
        yield List(id="source-list", items=tuple(items), ordered=True)


def _left_out(writer: Writer) -> Blocks:
    review, theirs = writer.review, writer.theirs
    lines: list[Words] = [
        (f"{exclusion.trial}: ", theirs(exclusion.why), f" ({exclusion.where})")
        for exclusion in review.protocol.exclusion
    ]
    for record, decision in left_out(review):
        report = ", ".join(part for part in (record.journal, str(record.year or "")) if part)
        lines.append(
            (theirs(record.title), f" ({report or record.database}): ", theirs(decision.reason or ""))
        )
    for key, why in review.protocol.not_accepted.items():
        instrument = review.instrument(key)
        lines.append((theirs(instrument.name if instrument else key), ": ", theirs(why)))
    yield writer.bullets("left-out-list", lines)


def _versions(writer: Writer) -> Blocks:
    yield writer.said("versions_note")
    hashes = {file: Code(digest) for file, digest in writer.dossier.hashes.items()}
    tables: list[tuple[str, str, Mapping[str, Words]]] = [("h_file", "h_hash", hashes)]
    if writer.whole:
        programs = {"livingmeta": writer.version, **writer.dossier.environment}
        programs.pop("processor", None)
        tables.append(("h_program", "h_version", programs))
    for first, second, cells in tables:
        yield writer.table(
            slug(first, "table"), writer.say(first), (first, second), (row(*pair) for pair in cells.items())
        )


FIRST = ("question", "answer")  # what a reader sees before anything is opened
# By id, in the order of the page: the key of its title, and what it says
SECTIONS: Mapping[str, tuple[str, Callable[[Writer], Blocks]]] = {
    "question": ("question", _question),
    "answer": ("answer", _answer),
    "words": ("in_words", _words),
    "compared": ("compared", _compared),
    "forests": ("forests", _forests),
    "directions": ("directions", _directions),
    "coverage": ("coverage_head", _coverage),
    "spread": ("spread_head", _spread),
    "bending": ("bending", _bending),
    "fit": ("fit", _fit),
    "deduced": ("deduced", _deduced),
    "bias": ("bias", _bias),
    "certainty": ("certainty", _certainty),
    "flow": ("flow", _flow),
    "methods": ("methods", _methods),
    "reading": ("reading", _reading),
    "moderators": ("moderators.title", _moderators),
    "traces": ("traces", _traces),
    "claims": ("claims", _claims),
    "sources": ("sources", _sources),
    "left-out": ("left_out", _left_out),
    "versions": ("versions", _versions),
}
