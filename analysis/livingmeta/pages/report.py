"""The report on a review: said once, in blocks, and written as Markdown or as one HTML file."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from livingmeta.appraisal.bias import unrecorded
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import shares
from livingmeta.figures.bias import traffic_plot
from livingmeta.figures.deduction import deduction_plot
from livingmeta.figures.files import inline_svg
from livingmeta.figures.prisma import prisma_plot
from livingmeta.figures.specification_curve import specification_curve
from livingmeta.language import Language, language
from livingmeta.pages.anchors import pool_id, slug
from livingmeta.pages.blocks import Paragraph, Quotation, Section, as_html, as_markdown, figures_in, plain
from livingmeta.pages.phrases import speaking
from livingmeta.pages.sections import head, sections, terms
from livingmeta.pages.template import page, theme
from livingmeta.pages.writer import Writer


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
    inside = (*filter(None, head(writer)), *sections(writer), made)
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
    return as_markdown(document(known, version=version, lang=lang), pictures=pictures, level=1) + "\n"


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
    protocol = known.review.protocol
    title = (
        {"heading": protocol.title}
        if known.review.file
        else {"heading": protocol.question, "above": protocol.title}
    )
    body = [part for part in sections(writer) if part.id != "question"]  # it is the heading
    first, rest = ([part for part in body if part.folded is folded] for folded in (False, True))
    drawn = {slug("picture", synthesis): figure for synthesis, figure in figures.items()}
    drawn |= _drawn(known, writer.language)
    pictures = {
        figure.id: inline_svg(
            drawn[figure.id], name=figure.id, title=figure.title, description=figure.description, lang=lang
        )
        for figure in figures_in(body)
        if figure.id in drawn
    }
    return page(
        "report.html.j2",
        lang=lang,
        say=writer.say,
        version=version,
        title=plain(writer.theirs(protocol.title)),
        names={place: writer.theirs(words) for place, words in title.items()},
        own=lambda words: words.lang if isinstance(words, Quotation) else lang,
        plain=plain,
        sections=body,
        first=as_html(first, lang=lang, pictures=pictures),
        head=as_html(filter(None, head(writer)), lang=lang),
        rest=as_html(rest, lang=lang, pictures=pictures),
        theme=theme(),
        script=UNFOLD,
        allowed=policy(UNFOLD),
    )


# A link, a search in the page and paper open what is folded; newer browsers do so by themselves.
UNFOLD = """
const open = e => { for (; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true; };
const led = () => { const e = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (e) { open(e); e.querySelector("details")?.setAttribute("open", ""); e.scrollIntoView(); } };
addEventListener("hashchange", led);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(open));
if (location.hash) led();
"""


def policy(script: str) -> str:
    """Let a page run this script and load nothing: what a browser is told in its first lines."""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def reading_page(lang: str = "en") -> str:
    """Write the page that explains the numbers to those who are no statisticians."""
    speak = language(lang)
    note = Paragraph(id="reading-note", words=speak.say("reading_note"))
    whole = Section(id="reading", title=speak.say("reading"), blocks=(note, *terms(speak)))
    return re.sub(r"(?<=[.;:!?]) (?=[A-ZÆØÅ])", "\n", as_markdown([whole], level=1)) + "\n"


def _writer(known: Dossier, version: str, lang: str, *, whole: bool) -> Writer:
    return Writer(known, speaking(known.review, lang), version, whole)


def _drawn(known: Dossier, language: Language) -> dict[str, Any]:
    """Draw the pictures that only this page shows, by the id of their figure."""
    review = known.review
    drawn: dict[str, Any] = {}
    for world in known.multiverse:
        of_analyses = shares(world.analyses)
        if world.telling and of_analyses:
            curve, _ = specification_curve(world, of_analyses, language=language)
            drawn[slug("multiverse", pool_id(world.main))] = curve.figure
    for deduction in known.deductions:
        if deduction.telling:
            name = slug("deduced", deduction.claims[0])
            drawn[f"{name}-picture"] = deduction_plot(deduction, language=language).figure
    if review.risk_of_bias:
        names = unrecorded(review)
        drawn["picture-bias"] = traffic_plot(known.bias, unrecorded=names, language=language).figure
    if known.flow.known:
        drawn["picture-flow"] = prisma_plot(known.flow, language=language).figure
    return drawn
