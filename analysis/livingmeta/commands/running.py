"""Figures, tables and pages of a review."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

import typer

from livingmeta import __version__
from livingmeta.commands import certainty, printing, screen
from livingmeta.commands.options import Important, Lang, OutFolder, PrintHere, ReviewName, VasSd

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.language import Language
    from livingmeta.synthesis.pool import Pool

MARK = "<!-- Written by livingmeta run; a page without this line is never overwritten. -->"
KINDS = {
    "forest": "Forest plot",
    "funnel": "Funnel plot",
    "baujat": "Baujat plot",
    "cumulative": "Cumulative forest plot",
    "leave_one_out": "Leave-one-out forest plot",
    "influence": "Influence of each trial",
    "bayes": "Posterior",
    "gosh": "All subsets (GOSH)",
    "diff": "What changed",
    "multiverse": "All combinations of choices",
    "bias_traffic": "Risk of bias, trial by trial",
    "bias_summary": "Risk of bias, by domain",
    "prisma": "How the trials were found (PRISMA 2020)",
}


def run(review: ReviewName, *, out: OutFolder = "figures") -> None:
    """Pool, compare with what was published, and write figures, tables, report and explorer."""
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.review.folder import extended, load_review

    loaded = load_review(review)
    known = Dossier(review=loaded, previous=extended(loaded))
    results, folder = known.results, Path(out) / loaded.protocol.id
    written = _write(known, folder)
    refresh(Path(out))
    printing.answers(results)
    for pool in results.headline_pools:
        printing.summary(results.review, pool)
        if pool.flags:
            screen.console().print(f"  flags: {', '.join(pool.flags)}")
    typer.echo(f"\n{len(written)} files in {folder}; begin with {folder / 'report.html'}.")
    printing.disclaimer()


def report(
    review: ReviewName,
    *,
    lang: Lang = "en",
    important: Important = None,
    vas_sd: VasSd = None,
    printed: PrintHere = False,
    out: OutFolder = "figures",
) -> None:
    """Write the report alone: one HTML file to read, print or send, and the same as Markdown."""
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.language import language
    from livingmeta.review.folder import extended, load_review

    language(lang)  # refused before anything is drawn
    loaded = load_review(review)
    known = Dossier(review=loaded, previous=extended(loaded), important=important, vas_sd=vas_sd)
    if printed:
        from livingmeta.pages.blocks import terminal
        from livingmeta.pages.report import document

        screen.console().print(terminal(document(known, version=__version__, lang=lang)))
        return
    folder = Path(out) / loaded.protocol.id
    figures = _figures(known, language(lang, own=loaded.protocol.translation.get(lang)))
    _draw(folder, figures, kinds=("png",), lang=lang)  # which the Markdown shows
    for path in _pages(known, folder, figures, lang=lang):
        typer.echo(path)
    printing.disclaimer()


def explore(review: ReviewName, *, lang: Lang = "en", out: OutFolder = "figures") -> None:
    """Write a page to switch trials and methods in a browser; it needs no network."""
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.review.folder import load_review

    known = Dossier(review=load_review(review))
    path = _explorer(known, Path(out) / known.review.protocol.id, lang=lang)
    typer.echo(f"{path} written; open it in a browser.")
    printing.disclaimer()


def _explorer(known: Dossier, folder: Path, *, lang: str = "en") -> Path:
    """Write the page of a review into a folder."""
    from livingmeta.pages.explorer import explorer_page
    from livingmeta.store import write

    name = "explorer" if lang == "en" else f"explorer.{lang}"
    return write(folder / f"{name}.html", explorer_page(known, version=__version__, lang=lang))


def _write(known: Dossier, folder: Path) -> list[Path]:
    from livingmeta.pages.tables import tables
    from livingmeta.store import write

    figures = _figures(known)
    written = _draw(folder, figures, kinds=("svg", "pdf", "png"))
    for name, frame in tables(known.results).items():
        written.append(write(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n")))
    pages = _pages(known, folder, figures)
    return [*written, *certainty.draw(known, folder), *pages, _explorer(known, folder)]


def _draw(folder: Path, figures: dict[str, Any], *, kinds: tuple[str, ...], lang: str = "en") -> list[Path]:
    from livingmeta.figures.files import figure_bytes
    from livingmeta.store import write

    return [
        write(folder / f"{_stem(synthesis, lang)}.{kind}", figure_bytes(figure, kind))
        for synthesis, figure in figures.items()
        for kind in kinds
    ]


def _stem(synthesis: str, lang: str) -> str:
    return f"forest_{synthesis}" + ("" if lang == "en" else f".{lang}")


def _figures(known: Dossier, words: Language | None = None) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import track

    from livingmeta.figures.forest import forest_plot
    from livingmeta.language import ENGLISH

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in known.pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    shown = track(by_synthesis.items(), "Drawing", console=Console(stderr=True), transient=True)
    return {
        synthesis: forest_plot(pools, bias=known.bias, language=words or ENGLISH).figure
        for synthesis, pools in shown
    }


def _pages(known: Dossier, folder: Path, figures: dict[str, Any], *, lang: str = "en") -> list[Path]:
    from livingmeta.pages.report import html, markdown
    from livingmeta.store import write

    pictures = [(synthesis, f"{_stem(synthesis, lang)}.png") for synthesis in figures]
    page = html(known, figures=figures, version=__version__, lang=lang)
    text = markdown(known, figures=pictures, version=__version__, lang=lang)
    name = "report" if lang == "en" else f"report.{lang}"
    return [write(folder / f"{name}.html", page), write(folder / f"{name}.md", text)]


def refresh(folder: Path) -> Path | None:
    """Write the page of a folder that holds one folder of figures per review.

    A README.md that is somebody else's is left alone, and None returned.
    """
    from livingmeta.store import write

    page = folder / "README.md"
    if page.exists() and MARK not in page.read_text(encoding="utf-8"):
        return None
    return write(page, gallery(folder.glob("*/*.*")))


def gallery(files: Iterable[Path]) -> str:
    """Return the page for these files, by review and kind; each picture has its title as text.

    A picture that is there in several formats is shown as PNG, with links to the others.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for path in files:
        if path.suffix in {".png", ".svg", ".pdf"}:
            stems = found.setdefault(path.parent.name, {})
            stems.setdefault(path.stem, set()).add(path.suffix)
    lines = ["# Figures", "", MARK, "", "Every picture here, by review.", ""]
    for review, stems in sorted(found.items()):
        lines += [f"## {review}", ""]
        plans = _plans(review)
        titles = sorted((*_title(stem, plans), stem) for stem in stems)
        for kind, group in groupby(titles, key=lambda one: one[0]):
            lines += [f"### {kind}", ""]
            for _, _, about, stem in group:
                place = f"{review}/{stem}"
                shown = next(kind for kind in (".png", ".svg", ".pdf") if kind in stems[stem])
                links = [f"[{kind[1:].upper()}]({place}{kind})" for kind in sorted(stems[stem])]
                name = f"{kind}: {about}" if about else kind
                picture = "" if shown == ".pdf" else f"![{name}, {review}]({place}{shown})"
                lines += [f"{about or kind} ({', '.join(links)})", "", picture, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plans(review: str) -> dict[str, str]:
    from livingmeta.review.folder import examine, reviews

    loaded = examine(review)[0] if review in reviews() else None
    return {plan.id: plan.title for plan in loaded.protocol.synthesis} if loaded else {}


def _title(stem: str, plans: dict[str, str]) -> tuple[str, int, str]:
    """Return kind, place and subject of a picture from the name of its file."""
    ids = "|".join(map(re.escape, sorted(plans, key=len, reverse=True)))
    found = re.fullmatch(f"(.+?)_({ids})(?:_(.+))?", stem) if ids else None
    if found is None:
        kind, _, about = (stem, "", "") if stem in KINDS else stem.partition("_")
        return KINDS.get(kind, kind.capitalize()), 0, about
    kind = KINDS.get(found[1], found[1].replace("_", " ").capitalize())
    about = " – ".join(filter(None, (plans[found[2]], found[3])))
    return kind, list(plans).index(found[2]), about
