"""How certain the evidence is, and what is said where there are no numbers."""

from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer

from livingmeta.appraisal.certainty import SummaryOfFindings
from livingmeta.appraisal.directions import EffectDirections
from livingmeta.appraisal.dossier import Dossier
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import flow_and_bias
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Important, OutFolder, VasSd
from livingmeta.engine.methods.patient import vas_words
from livingmeta.language import ENGLISH
from livingmeta.living.worksheet import stale, unplaced, worksheet
from livingmeta.pages.documents import certainty, panel, points
from livingmeta.pages.phrases import absolute_words, judged_line, judged_words, suggested_line
from livingmeta.review.folder import PACKAGED, extended, read_worksheet
from livingmeta.review.protocol import Review
from livingmeta.store import replace_all, write
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
    as_json: AsJson = False,
) -> None:
    """Suggest how certain each result is, domain by domain (GRADE).

    Where nothing is pooled it says what each report says.
    """
    loaded = opened.review
    dossier = Dossier(
        review=loaded, previous=extended(loaded), important=important, per_1000=per_1000, vas_sd=vas_sd
    )
    summaries = dossier.certainty
    if worksheet is not None:
        by = None if important is None else f"{important:g}{'' if vas_sd is None else ' points'}"
        by = by if per_1000 is None else f"{per_1000:g} people per 1,000"
        return _worksheet(loaded, summaries, Path(worksheet), important=by, as_json=as_json)
    if as_json:
        return screen.json("certainty", certainty(dossier))
    written = flow_and_bias(dossier, opened.folder(out))
    for summary in summaries:
        _print(loaded, summary, vas_sd=vas_sd)
    _directions(dossier.unpooled)
    if written:
        files = ", ".join(path.name for path in written)
        screen.echo(f"{files} written to {written[0].parent}.")
    if not dossier.flow.known and loaded.file is None:
        screen.echo(ENGLISH.say("flow_none"))
    for line in unplaced(loaded.certainty, summaries):
        screen.console().print(line)
    screen.echo("A program suggests and a person judges: --worksheet writes a table to decide in.")
    printing.disclaimer()
    return None


def _print(review: Review, summary: SummaryOfFindings, *, vas_sd: float | None) -> None:
    printing.summary(review, summary.pool)
    console = screen.console()
    head, items, note = absolute_words(summary)
    for line in filter(None, (head, *(f"– {item}" for item in items), note)):
        console.print(f"  {line}")
    if vas_sd is not None and (ends := points(summary.pool.result, vas_sd)) is not None:
        shown = "{} ({} to {})".format(*decimals(*ends, places=1))
        console.print(f"  {shown} {vas_words(vas_sd)}")
    screen.table(
        ["domain", "suggested", "judged"],
        [[s.about, s.words(), judged_words(s)] for s in summary.suggestions],
    )
    console.print(f"  certainty, {suggested_line(summary)}; {judged_line(summary)}")
    printing.shared(summary.pool)
    for printed in summary.printed:
        of = ", of all outcomes together" if printed.whole_review else ""
        console.print(
            f"  printed: {printed.printed}{of} ({printed.reading} source: {printed.where}; "
            f"{review.source(printed.source).citation})"
        )
    screen.echo()


def _worksheet(
    review: Review,
    summaries: tuple[SummaryOfFindings, ...],
    path: Path,
    *,
    important: str | None,
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
    screen.echo(
        "{worksheet}: {rows} rows, {added} of them new; {decided} decided, {open} open.".format(**document)
    )
    for line in remarks:
        screen.console().print(line)
    if path.resolve() != own.resolve():
        place = str(own)
        if review.folder.resolve().is_relative_to(PACKAGED):  # which the next version replaces
            place = f"{Path('data', review.folder.name, own.name)}, in a copy of {review.folder}"
        if review.file is not None:
            place = f"{own.name} in a review made of {review.file} (livingmeta import)"
        screen.echo(f"Save it as {place}, and every page about the review shows it.")
    return None


def _directions(directions: tuple[EffectDirections, ...]) -> None:
    console = screen.console()
    for table in directions:
        console.print(f"{table.title}, what each report says", style="bold")
        screen.table(
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
        )
        console.print(f"  {table.tally()}")
        for said in table.said:
            console.print(f"  printed: “{said.printed}” ({said.reading} source: {said.where})")
        screen.echo()
