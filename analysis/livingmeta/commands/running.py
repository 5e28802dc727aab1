"""Figures, tables and pages of a review."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import track

from livingmeta import __version__
from livingmeta.appraisal.dossier import Dossier
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import draw_forests, everything, explorer_file, forests, report_pages
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import Important, Lang, OutFolder, PrintHere, VasSd
from livingmeta.language import language
from livingmeta.pages.blocks import terminal
from livingmeta.pages.gallery import refresh
from livingmeta.pages.phrases import speaking
from livingmeta.pages.report import document
from livingmeta.review.folder import extended


@opens
def run_command(opened: Opened, *, out: OutFolder = None) -> None:
    """Write figures, tables, a report and an explorer."""
    loaded = opened.review
    dossier = Dossier(review=loaded, previous=extended(loaded))
    results, folder = dossier.results, opened.folder(out)
    written = everything(dossier, folder, each=_drawing)
    if opened.file is None:
        refresh(folder.parent)
    printing.print_answers(results)
    for pool in results.headline_pools:
        printing.summary(results.review, pool)
        if pool.flags:
            screen.console().print(f"  flags: {', '.join(pool.flags)}")
    screen.echo(f"\n{len(written)} files in {folder}; begin with {folder / 'report.html'}.")
    printing.disclaimer()


@opens
def report_command(
    opened: Opened,
    *,
    lang: Lang = "en",
    important: Important = None,
    vas_sd: VasSd = None,
    printed: PrintHere = False,
    out: OutFolder = None,
) -> None:
    """Write the report alone, to read, print or send.

    It is one HTML file, and the same as Markdown.
    """
    language(lang)  # refused before anything is drawn
    loaded = opened.review
    dossier = Dossier(review=loaded, previous=extended(loaded), important=important, vas_sd=vas_sd)
    if printed:
        screen.console().print(terminal(document(dossier, version=__version__, lang=lang)))
        return
    folder = opened.folder(out)
    figures = forests(dossier, speaking(loaded, lang), each=_drawing)
    draw_forests(dossier, folder, figures, "png", lang=lang)  # which the Markdown shows
    for path in report_pages(dossier, folder, figures, lang=lang):
        screen.echo(path)
    printing.disclaimer()


@opens
def explore_command(opened: Opened, *, lang: Lang = "en", out: OutFolder = None) -> None:
    """Write a page to switch trials and methods in a browser.

    It needs no network.
    """
    dossier = Dossier(review=opened.review)
    path = explorer_file(dossier, opened.folder(out), lang=lang)
    screen.echo(f"{path} written; open it in a browser.")
    printing.disclaimer()


def _drawing(listed: Iterable[Any]) -> Iterable[Any]:
    """Show how far drawing is."""
    return track(list(listed), "Drawing", console=Console(stderr=True), transient=True)
