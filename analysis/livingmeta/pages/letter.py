"""The letter to the authors of a report who have numbers that nobody here could read."""

from __future__ import annotations

from collections.abc import Sequence

from livingmeta.language import ENGLISH, Language
from livingmeta.pages.blocks import Block, Blockquote, Item, List, Paragraph, Table, TableRow
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Gap, Report


def letter(
    review: Review, report: Report, gaps: Sequence[Gap], *, language: Language = ENGLISH
) -> tuple[Block, ...]:
    """Ask for what a report's trial measured, with a table to fill in."""
    say, word, trial = language.say, language.word, review.trial(report.trial)
    names = {instrument.instrument: word(instrument.name) for instrument in review.instruments}
    groups = tuple(map(word, (review.protocol.groups.group1, review.protocol.groups.group2)))
    items, rows = [], []
    for gap in gaps:
        name, weeks = names.get(gap.instrument or "", ""), "" if gap.weeks is None else f"{gap.weeks:g}"
        about = ", ".join(filter(None, (word(gap.outcome), name, weeks and say("week", n=weeks))))
        what, _, _ = word(gap.what).partition(". ")
        items.append(Item(words=say("letter.gap", about=about, what=what, where=word(gap.where))))
        rows += [TableRow(cells=(word(gap.outcome), name, weeks, group, "", "", "")) for group in groups]
    people = trial.n_randomised
    asks = (
        say("letter.review", question=word(review.protocol.question)),
        say("letter.trial_people", n=people) if people else say("letter.trial"),
        say("letter.gaps", n=len(gaps)) if len(gaps) > 1 else say("letter.gap_one"),
        say("letter.asks"),
    )
    doi = f" (doi {report.doi})" if report.doi else ""
    columns = ("outcome", "scale", "week", "group", "people", "mean", "sd")
    return (
        Paragraph(id="subject", words=say("letter.subject", trial=trial.label)),
        Paragraph(id="dear", words=say("letter.dear")),
        Blockquote(id="report", words=report.citation + doi, source=""),
        Paragraph(id="asks", words="\n".join(asks)),
        List(id="gaps", items=tuple(items)),
        Table(
            id="numbers",
            caption=say("letter.subject", trial=trial.label),
            head=tuple(say(f"letter.{column}") for column in columns),
            rows=tuple(rows),
        ),
        Paragraph(id="terms", words=say("letter.terms")),
        Paragraph(id="thanks", words=say("letter.thanks")),
        Paragraph(id="signed", words=say("letter.signed")),
    )
