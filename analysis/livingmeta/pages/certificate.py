"""The certificate as blocks."""

from __future__ import annotations

from livingmeta.audit.witnesses import EQUAL, Certificate, WitnessLine
from livingmeta.language import ENGLISH, Language
from livingmeta.pages.anchors import slug
from livingmeta.pages.blocks import Block, Item, List, Paragraph, Section, Table, TableRow


def certificate_page(certificate: Certificate, *, language: Language = ENGLISH) -> Section:
    """Lay our numbers beside those of other programs, a table for each pool by each of its methods."""
    say = language.say
    pools: dict[tuple[str, str | None, str], list[WitnessLine]] = {}
    for line in certificate.lines:
        pools.setdefault((line.synthesis, line.subgroup, line.methods), []).append(line)
    programs = ", ".join(f"{name} {number}" for name, number in certificate.environment.items())
    unexplained = len(certificate.unexplained)
    differing = say("certificate.unexplained", n=unexplained) if unexplained else say("certificate.none")
    about = f"{say('certificate.beside', version=certificate.version)}\n{programs}."
    summary = tuple(Item(words=f"{language.word(line)}.") for line in certificate.summary())
    here = [name for name, version in certificate.witnesses.items() if not version.startswith("missing")]
    blocks = (
        Paragraph(id="about", words=about),
        List(id="summary", items=summary),
        Paragraph(id="standing", words=f"{differing}\n{say('certificate.digits', equal=EQUAL)}"),
        *(_compared(key, lines, here, language) for key, lines in pools.items()),
    )
    return Section(id="certificate", title=say("certificate.title", id=certificate.review), blocks=blocks)


def _compared(
    key: tuple[str, str | None, str], lines: list[WitnessLine], here: list[str], language: Language
) -> Section:
    synthesis, subgroup, methods = key
    name, title = slug(*key), ", ".join(filter(None, (synthesis, subgroup)))
    ours = {line.quantity: f"{line.ours:.12g}" for line in lines}
    theirs = {
        (line.quantity, line.witness): f"{line.theirs:.12g} ({line.digits})"
        for line in lines
        if line.theirs is not None
    }
    rows = (
        TableRow(cells=(quantity, number, *(theirs.get((quantity, witness), "–") for witness in here)))
        for quantity, number in ours.items()
    )
    reasons: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.why is not None:
            reasons.setdefault((line.witness, line.why), []).append(line.quantity)
    items = tuple(
        Item(
            words=witness
            + ("" if len(quantities) == len(ours) else f" ({', '.join(quantities)})")
            + f": {language.word(why)}."
        )
        for (witness, why), quantities in reasons.items()
    )
    blocks: list[Block] = [
        Paragraph(id=f"{name}-methods", words=language.word(methods)),
        Table(
            id=f"{name}-numbers",
            caption=title,
            head=(language.say("certificate.quantity"), "livingmeta", *here),
            rows=tuple(rows),
            numbers=frozenset(range(1, len(here) + 2)),
        ),
    ]
    if items:
        blocks.append(List(id=f"{name}-reasons", items=items))
    return Section(id=name, title=title, blocks=tuple(blocks))
