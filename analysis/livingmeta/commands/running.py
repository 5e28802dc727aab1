"""Figures, tables and pages of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta import __version__, screen
from livingmeta.commands import certainty, explore, printing
from livingmeta.commands.options import Folder, Important, ReviewName, VasSd

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.report import Results
    from livingmeta.synthesis import Pool


def run(
    review: ReviewName,
    *,
    out: Folder = "figures",
) -> None:
    """Pool, compare with what was published, and write figures, tables, report and explorer."""
    from pathlib import Path

    from livingmeta.gallery import refresh
    from livingmeta.report import published, results_of, verdict_words
    from livingmeta.review import load_review

    results = results_of(load_review(review))
    folder = Path(out) / results.review.protocol.id
    written = _write(results, folder)
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

    from livingmeta.report import results_of
    from livingmeta.review import load_review

    results = results_of(load_review(review))
    folder = Path(out) / results.review.protocol.id
    figures = _figures(results)
    _draw(folder, figures, kinds=("png",))  # which the Markdown shows
    for path in _pages(results, folder, figures, lang=lang, important=important, vas_sd=vas_sd):
        typer.echo(path)
    printing.disclaimer()


def _write(results: Results, folder: Path) -> list[Path]:
    from livingmeta.prisma import flow
    from livingmeta.report import tables
    from livingmeta.review import extended
    from livingmeta.store import write

    review = results.review
    figures = _figures(results)
    written = _draw(folder, figures, kinds=("svg", "pdf", "png"))
    for name, frame in tables(results).items():
        written.append(
            write(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        )
    pages = _pages(results, folder, figures)
    drawn = certainty.draw(review, flow(review, previous=extended(review)), folder)
    return [*written, *drawn, *pages, explore.written(review, results.worlds, folder)]


def _draw(folder: Path, figures: dict[str, Any], *, kinds: tuple[str, ...]) -> list[Path]:
    from livingmeta.plots import figure_bytes
    from livingmeta.store import write

    return [
        write(folder / f"forest_{synthesis}.{kind}", figure_bytes(figure, kind))
        for synthesis, figure in figures.items()
        for kind in kinds
    ]


def _figures(results: Results) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import track

    from livingmeta.bias import assessments
    from livingmeta.plots import forest_plot

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in results.headline_pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    shown = track(by_synthesis.items(), "Drawing", console=Console(stderr=True), transient=True)
    bias = assessments(results.review)
    return {synthesis: forest_plot(pools, bias=bias).figure for synthesis, pools in shown}


def _pages(
    results: Results,
    folder: Path,
    figures: dict[str, Any],
    *,
    lang: str = "en",
    important: float | None = None,
    vas_sd: float | None = None,
) -> list[Path]:
    from livingmeta.pages import html, markdown
    from livingmeta.store import write

    said: dict[str, Any] = {"lang": lang, "important": important, "vas_sd": vas_sd}
    pictures = [(synthesis, f"forest_{synthesis}.png") for synthesis in figures]
    page = html(results, figures=figures, version=__version__, **said)
    text = markdown(results, figures=pictures, version=__version__, **said)
    name = "report" if lang == "en" else f"report.{lang}"
    return [write(folder / f"{name}.html", page), write(folder / f"{name}.md", text)]
