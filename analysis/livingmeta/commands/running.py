"""Figures, tables and pages of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from livingmeta import __version__, screen
from livingmeta.commands import printing
from livingmeta.commands.options import Folder, ReviewName

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.report import Results
    from livingmeta.synthesis import Pool


def run(
    review: ReviewName,
    *,
    out: Folder = "figures",
) -> None:
    """Pool, compare with what was published, and write figures, tables and the report."""
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
    typer.echo(f"\n{len(written)} files in {folder}; begin with {folder / 'report.md'}.")
    printing.disclaimer()


def _write(results: Results, folder: Path) -> list[Path]:
    from rich.console import Console
    from rich.progress import track

    from livingmeta.bias import assessments
    from livingmeta.plots import figure_bytes, forest_plot
    from livingmeta.report import markdown, tables
    from livingmeta.store import write

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in results.headline_pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    written = []
    progress = Console(stderr=True)
    for synthesis, pools in track(
        by_synthesis.items(), "Drawing", console=progress, transient=True
    ):
        figure = forest_plot(pools, bias=assessments(results.review)).figure
        for kind in ("svg", "pdf", "png"):
            path = folder / f"forest_{synthesis}.{kind}"
            written.append(write(path, figure_bytes(figure, kind)))
    for name, frame in tables(results).items():
        written.append(
            write(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        )
    pictures = [(synthesis, f"forest_{synthesis}.png") for synthesis in by_synthesis]
    page = markdown(results, figures=pictures, version=__version__)
    return [*written, write(folder / "report.md", page)]
