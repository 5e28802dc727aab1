"""How certain the evidence is, and what is said where there are no numbers."""

from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer

from livingmeta.appraisal.certainty import SummaryOfFindings
from livingmeta.appraisal.directions import EffectDirections
from livingmeta.calls.opening import Opened
from livingmeta.calls.reviews import dossier
from livingmeta.calls.writing import flow_and_bias
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Full, Important, OutFolder, VasSd
from livingmeta.engine.methods.patient import vas_words
from livingmeta.language import ENGLISH
from livingmeta.living.worksheet import stale, unplaced, worksheet
from livingmeta.pages.documents import certainty, panel, points
from livingmeta.pages.phrases import absolute_words, judged_line, judged_words, suggested_line
from livingmeta.review.folder import PACKAGED, read_worksheet
from livingmeta.review.protocol import Review
from livingmeta.store import replace_all, write
from livingmeta.synthesis.dependence import shared_flags
from livingmeta.synthesis.pool import Pool
from livingmeta.words import RefusalError, decimals


@opens
def certainty_command(
    opened: Opened,
    *,
    important: Important = None,
    per_1000: Annotated[
        float | None,
        typer.Option(
            "--important-per-1000",
            metavar="N",
            help="the same for events: so many people more or fewer per 1,000",
        ),
    ] = None,
    vas_sd: VasSd = None,
    out: OutFolder = None,
    worksheet: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.csv",
            help="only write a table for a panel, which accepts, changes or leaves open what is "
            "suggested; one that is there keeps every cell, and gets the rows it lacks",
        ),
    ] = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Suggest how certain each result is, domain by domain (GRADE).

    Where nothing is pooled it says what each report says.
    """
    loaded = opened.review
    held = dossier(loaded, important=important, per_1000=per_1000, vas_sd=vas_sd)
    summaries = held.certainty
    if worksheet is not None:
        by = None if important is None else f"{important:g}{'' if vas_sd is None else ' points'}"
        by = by if per_1000 is None else f"{per_1000:g} people per 1,000"
        return _worksheet(loaded, summaries, Path(worksheet), important=by, full=full, as_json=as_json)
    if as_json:
        return screen.json("certainty", certainty(held))
    written = flow_and_bias(held, opened.folder(out))
    page = screen.Page(full=full)
    before = None
    for summary in summaries:
        _print(page, loaded, summary, before, vas_sd=vas_sd)
        before = summary.pool
    page.section("")
    if held.proved:
        page.say(f"{held.proved}.", rank=1)
    _directions(page, held.unpooled)
    printing.written(page, written)
    if not held.flow.known and loaded.file is None:
        page.say(ENGLISH.say("flow_none"), rank=4)
    for line in unplaced(loaded.certainty, summaries):
        page.say(line, rank=1)
    if not any(map(judged_by_someone, summaries)):
        page.say("No person's judgement is recorded.", brief=True, what="")
    page.say("A program suggests and a person judges: --worksheet writes a table to decide in.")
    printing.disclaimer(page)
    return None


def judged_by_someone(summary: SummaryOfFindings) -> bool:
    """Say whether a person's judgement is recorded."""
    return summary.rating is not None or summary.certainty is not None


def _print(
    page: screen.Page,
    review: Review,
    summary: SummaryOfFindings,
    before: Pool | None,
    *,
    vas_sd: float | None,
) -> None:
    printed = ", ".join(dict.fromkeys(f"{claim.printed} ({claim.reading})" for claim in summary.printed))
    suggested, judged = suggested_line(summary), judged_line(summary)
    certainty = f"certainty, {suggested}; {judged}"
    own = judged if judged_by_someone(summary) else ""
    tail = "; ".join(filter(None, (suggested, own, printed and f"printed: {printed}")))
    printing.summary(page, review, summary.pool, (tail, tail), after=before)
    head, items, note = absolute_words(summary)
    for line in filter(None, (head, *(f"– {item}" for item in items), note)):
        page.say(f"  {line}", rank=2)
    if vas_sd is not None and (ends := points(summary.pool.result, vas_sd)) is not None:
        shown = "{} ({} to {})".format(*decimals(*ends, places=1))
        page.say(f"  {shown} {vas_words(vas_sd)}", rank=1)
    if summary.proved:
        page.say(f"  {summary.proved}", rank=2)
    page.table(
        ["domain", "suggested", "judged"],
        [[s.about, s.words(), judged_words(s)] for s in summary.suggestions],
        rank=3,
        what="domain",
        by=[abs(s.levels or 0) for s in summary.suggestions],
    )
    page.say(f"  {certainty}", rank=screen.NEVER, what="")
    printing.flags(page, shared_flags(summary.pool.flags))
    for claim in summary.printed:
        of = ", of all outcomes together" if claim.whole_review else ""
        page.say(
            f"  printed: {claim.printed}{of} ({claim.reading} source: {claim.where}; "
            f"{review.source(claim.source).citation})",
            rank=5,
        )
    page.gap()


def _worksheet(
    review: Review,
    summaries: tuple[SummaryOfFindings, ...],
    path: Path,
    *,
    important: str | None,
    full: bool,
    as_json: bool,
) -> None:
    if path.suffix.lower() != ".csv":
        raise RefusalError(f"--worksheet {path}: end the name with .csv.")
    own = review.folder / "certainty.csv"
    base = path if path.exists() else own
    text, rows = read_worksheet(review, base) if base.exists() else ("", ())
    made = worksheet(review, summaries, text=text, rows=rows, file=str(base), important=important)
    if not path.exists():
        write(path, made)
    elif made != text:
        replace_all({path: (text.encode(), made)})
    _, now = read_worksheet(review, path)
    remarks = [*unplaced(now, summaries), *stale(now, summaries)]
    document = panel(path, now, added=len(now) - len(rows), remarks=remarks)
    if as_json:
        return screen.json("certainty --worksheet", document)
    page = screen.Page(full=full)
    page.say(
        "{worksheet}: {rows} rows, {added} of them new; {decided} decided, {open} open.".format(**document)
    )
    for line in remarks:
        page.say(line, rank=1, what="remark")
    if path.resolve() != own.resolve():
        place = str(own)
        if review.folder.resolve().is_relative_to(PACKAGED):  # which the next version replaces
            place = f"{Path('data', review.folder.name, own.name)}, in a copy of {review.folder}"
        if review.file is not None:
            place = f"{own.name} in a review made of {review.file} (livingmeta import)"
        page.say(f"Save it as {place}, and every page about the review shows it.")
    return page.show()


def _directions(page: screen.Page, directions: tuple[EffectDirections, ...]) -> None:
    for table in directions:
        head = f"{table.title}, what each report says"
        page.say({0: [], 4: head}, bold=True, what="")
        page.say(f"{head}: {table.tally()}", rank=1, brief=True, what="")
        page.table(
            ["trial", "direction", "by", "what it says", "where"],
            [
                [
                    row.label,
                    table.side(row.side),
                    row.basis,
                    shorten(row.words, 150, placeholder="…"),
                    f"{shorten(row.where, 60, placeholder='…')} [{row.source}]",
                ]
                for row in table.rows
            ],
            rank=5,
            what="report",
        )
        page.say(f"  {table.tally()}", rank=screen.NEVER, what="")
        for said in table.said:
            page.say(f"  printed: “{said.printed}” ({said.reading} source: {said.where})", rank=5)
        page.gap()
