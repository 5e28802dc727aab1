"""Figures, tables and pages of a review."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import track

from livingmeta import __version__
from livingmeta.appraisal.dossier import Dossier
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import (
    draw_forests,
    everything,
    explorer_file,
    forests,
    report_pages,
    with_subgroups,
)
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import Full, Important, Lang, OutFolder, PrintHere, SubgroupBy, VasSd
from livingmeta.language import language
from livingmeta.pages.blocks import terminal
from livingmeta.pages.gallery import refresh
from livingmeta.pages.phrases import speaking
from livingmeta.pages.report import document
from livingmeta.review.folder import extended


@opens
def run_command(
    opened: Opened, *, subgroup: SubgroupBy = None, out: OutFolder = None, full: Full = False
) -> None:
    """Write figures, tables, a report and an explorer."""
    loaded = with_subgroups(opened.review, subgroup)
    dossier = Dossier(review=loaded, previous=extended(loaded))
    results, folder = dossier.results, opened.folder(out)
    written = everything(dossier, folder, each=_drawing)
    if opened.file is None:
        refresh(folder.parent)
    page, pools = screen.Page(full=full, where=f"livingmeta pool {opened.name}"), results.headline_pools
    printing.print_answers(page, results)
    for before, pool in zip((None, *pools), pools, strict=False):
        printed = printing.beside_print(results, pool)
        printing.summary(page, results.review, pool, *printed, after=before, answered=True)
        if pool.flags:
            page.say(f"  flags: {', '.join(pool.flags)}", rank=screen.NEVER, what="")
        printing.subgroup_differences(page, pool)
    page.section("")
    printing.methods(page, pools)
    page.gap()
    page.say(f"{len(written)} files in {folder}; begin with {folder / 'report.html'}.")
    printing.disclaimer(page)


@opens
def report_command(
    opened: Opened,
    *,
    lang: Lang = "en",
    subgroup: SubgroupBy = None,
    important: Important = None,
    vas_sd: VasSd = None,
    printed: PrintHere = False,
    out: OutFolder = None,
) -> None:
    """Write the report alone, to read, print or send.

    It is one HTML file, and the same as Markdown.
    """
    language(lang)  # refused before anything is drawn
    loaded = with_subgroups(opened.review, subgroup)
    dossier = Dossier(review=loaded, previous=extended(loaded), important=important, vas_sd=vas_sd)
    if printed:
        screen.console().print(terminal(document(dossier, version=__version__, lang=lang)))
        return
    folder = opened.folder(out)
    figures = forests(dossier, speaking(loaded, lang), each=_drawing)
    draw_forests(dossier, folder, figures, "png", lang=lang)  # which the Markdown shows
    page = screen.Page(full=True)
    for path in report_pages(dossier, folder, figures, lang=lang):
        page.say(str(path))
    printing.disclaimer(page)


@opens
def explore_command(
    opened: Opened, *, lang: Lang = "en", subgroup: SubgroupBy = None, out: OutFolder = None
) -> None:
    """Write a page to switch trials and methods in a browser.

    It needs no network.
    """
    dossier = Dossier(review=with_subgroups(opened.review, subgroup))
    path = explorer_file(dossier, opened.folder(out), lang=lang)
    page = screen.Page(full=True)
    page.say(f"{path} written; open it in a browser.")
    printing.disclaimer(page)


def _drawing(listed: Iterable[Any]) -> Iterable[Any]:
    """Show how far drawing is."""
    return track(list(listed), "Drawing", console=Console(stderr=True), transient=True)
