"""Figures, tables and pages of a review."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from livingmeta import __version__
from livingmeta.appraisal.dossier import Dossier
from livingmeta.commands import certainty, printing, screen
from livingmeta.commands.opening import Opened, opens
from livingmeta.commands.options import Important, Lang, OutFolder, PrintHere, VasSd
from livingmeta.exchange.sheets import frame_csv
from livingmeta.language import ENGLISH, Language, language
from livingmeta.pages.blocks import terminal
from livingmeta.pages.explorer import explorer_page
from livingmeta.pages.gallery import refresh
from livingmeta.pages.phrases import forest_description, speaking
from livingmeta.pages.report import document, html, markdown
from livingmeta.pages.tables import tables
from livingmeta.review.folder import extended
from livingmeta.store import write
from livingmeta.synthesis.pool import Pool


@opens
def run_command(opened: Opened, *, out: OutFolder = None) -> None:
    """Write figures, tables, a report and an explorer."""
    loaded = opened.review
    dossier = Dossier(review=loaded, previous=extended(loaded))
    results, folder = dossier.results, opened.folder(out)
    written = _write(dossier, folder)
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
    figures = _figures(dossier, speaking(loaded, lang))
    _draw(dossier, folder, figures, "png", lang=lang)  # which the Markdown shows
    for path in _pages(dossier, folder, figures, lang=lang):
        screen.echo(path)
    printing.disclaimer()


@opens
def explore_command(opened: Opened, *, lang: Lang = "en", out: OutFolder = None) -> None:
    """Write a page to switch trials and methods in a browser.

    It needs no network.
    """
    dossier = Dossier(review=opened.review)
    path = _explorer(dossier, opened.folder(out), lang=lang)
    screen.echo(f"{path} written; open it in a browser.")
    printing.disclaimer()


def _explorer(dossier: Dossier, folder: Path, *, lang: str = "en") -> Path:
    """Write the page of a review into a folder."""
    page = explorer_page(dossier, version=__version__, lang=lang)
    return write(folder / f"{_named('explorer', lang)}.html", page)


def _write(dossier: Dossier, folder: Path) -> list[Path]:
    figures = _figures(dossier)
    written = _draw(dossier, folder, figures, "svg", "pdf", "png")
    for name, frame in tables(dossier.results).items():
        written.append(write(folder / f"{name}.csv", frame_csv(frame)))
    pages = _pages(dossier, folder, figures)
    return [*written, *certainty.draw(dossier, folder), *pages, _explorer(dossier, folder)]


def _draw(
    dossier: Dossier, folder: Path, figures: dict[str, Any], *kinds: str, lang: str = "en"
) -> list[Path]:
    from livingmeta.figures.forest import forest_caption

    speak, written = speaking(dossier.review, lang), []
    for synthesis, figure in figures.items():
        pools = [pool for pool in dossier.pools if pool.synthesis == synthesis]
        about = printing.About(
            title=speak.say("forest_alt", title=speak.word(pools[0].title)),
            description=forest_description(dossier.review, pools, speak),
            caption=forest_caption(pools, bias=dossier.bias, language=speak),
            language=speak,
        )
        path = folder / _named(f"forest_{synthesis}", lang)
        written += printing.forest_files(path, [figure], kinds, about)
    return written


def _named(stem: str, lang: str) -> str:
    return stem if lang == "en" else f"{stem}.{lang}"


def _figures(dossier: Dossier, words: Language | None = None) -> dict[str, Any]:
    from livingmeta.figures.forest import forest_plot

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in dossier.pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    shown = track(by_synthesis.items(), "Drawing", console=Console(stderr=True), transient=True)
    return {
        synthesis: forest_plot(pools, bias=dossier.bias, language=words or ENGLISH).figure
        for synthesis, pools in shown
    }


def _pages(dossier: Dossier, folder: Path, figures: dict[str, Any], *, lang: str = "en") -> list[Path]:
    pictures = [(synthesis, f"{_named(f'forest_{synthesis}', lang)}.png") for synthesis in figures]
    page = html(dossier, figures=figures, version=__version__, lang=lang)
    text = markdown(dossier, figures=pictures, version=__version__, lang=lang)
    name = _named("report", lang)
    return [write(folder / f"{name}.html", page), write(folder / f"{name}.md", text)]
