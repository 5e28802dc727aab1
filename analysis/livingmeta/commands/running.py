"""Figures, tables and pages of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta import __version__
from livingmeta.commands import certainty, explore, printing, screen
from livingmeta.commands.options import Folder, Important, ReviewName, VasSd

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.synthesis.pool import Pool


def run(
    review: ReviewName,
    *,
    out: Folder = "figures",
) -> None:
    """Pool, compare with what was published, and write figures, tables, report and explorer."""
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.commands.gallery import refresh
    from livingmeta.pages.phrases import published, verdict_words
    from livingmeta.review.folder import extended, load_review

    loaded = load_review(review)
    known = Dossier(review=loaded, previous=extended(loaded))
    results, folder = known.results, Path(out) / loaded.protocol.id
    written = _write(known, folder)
    refresh(Path(out))
    printing.headlines(results)
    for pool in results.headline_pools:
        printing.summary(results.review, pool)
        if said := published(results, pool):
            typer.echo(f"  {said}; verdict: {verdict_words(results, pool)}")
        if pool.flags:
            screen.console().print(f"  flags: {', '.join(pool.flags)}")
    typer.echo(f"\n{len(written)} files in {folder}; begin with {folder / 'report.html'}.")
    printing.disclaimer()


def report(
    review: ReviewName,
    *,
    lang: Annotated[
        str, typer.Option("--lang", metavar="LANG", help="language of the page: en or nb")
    ] = "en",
    important: Important = None,
    vas_sd: VasSd = None,
    out: Folder = "figures",
) -> None:
    """Write the report alone: one HTML file to read, print or send, and the same as Markdown."""
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.review.folder import extended, load_review

    loaded = load_review(review)
    known = Dossier(review=loaded, previous=extended(loaded), important=important, vas_sd=vas_sd)
    folder = Path(out) / loaded.protocol.id
    figures = _figures(known)
    _draw(folder, figures, kinds=("png",))  # which the Markdown shows
    for path in _pages(known, folder, figures, lang=lang):
        typer.echo(path)
    printing.disclaimer()


def _write(known: Dossier, folder: Path) -> list[Path]:
    from livingmeta.pages.tables import tables
    from livingmeta.store import write

    figures = _figures(known)
    written = _draw(folder, figures, kinds=("svg", "pdf", "png"))
    for name, frame in tables(known.results).items():
        written.append(
            write(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        )
    pages = _pages(known, folder, figures)
    return [*written, *certainty.draw(known, folder), *pages, explore.written(known, folder)]


def _draw(folder: Path, figures: dict[str, Any], *, kinds: tuple[str, ...]) -> list[Path]:
    from livingmeta.figures.files import figure_bytes
    from livingmeta.store import write

    return [
        write(folder / f"forest_{synthesis}.{kind}", figure_bytes(figure, kind))
        for synthesis, figure in figures.items()
        for kind in kinds
    ]


def _figures(known: Dossier) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import track

    from livingmeta.figures.forest import forest_plot

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in known.pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    shown = track(by_synthesis.items(), "Drawing", console=Console(stderr=True), transient=True)
    return {synthesis: forest_plot(pools, bias=known.bias).figure for synthesis, pools in shown}


def _pages(
    known: Dossier, folder: Path, figures: dict[str, Any], *, lang: str = "en"
) -> list[Path]:
    from livingmeta.pages.report import html, markdown
    from livingmeta.store import write

    pictures = [(synthesis, f"forest_{synthesis}.png") for synthesis in figures]
    page = html(known, figures=figures, version=__version__, lang=lang)
    text = markdown(known, figures=pictures, version=__version__, lang=lang)
    name = "report" if lang == "en" else f"report.{lang}"
    return [write(folder / f"{name}.html", page), write(folder / f"{name}.md", text)]
