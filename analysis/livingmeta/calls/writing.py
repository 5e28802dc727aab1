"""What is written of a review: figures, tables, report, explorer, files for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from livingmeta.appraisal.bias import unrecorded
from livingmeta.calls.opening import Data, Opened, Reading, is_file, opened
from livingmeta.calls.options import takes
from livingmeta.exchange.exports import EXPORTS
from livingmeta.exchange.sheets import frame_csv
from livingmeta.language import ENGLISH, Language, language
from livingmeta.pages.gallery import refresh
from livingmeta.pages.phrases import forest_description, speaking
from livingmeta.review.folder import extended
from livingmeta.review.protocol import Review
from livingmeta.store import write
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Selection
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError, pick

if TYPE_CHECKING:
    from livingmeta.appraisal.dossier import Dossier

# A forest plot is drawn without a page: what only pages need is imported where they are made.
Each = Callable[[Iterable[Any]], Iterable[Any]]  # goes through what is drawn, and may show how far


def figure_files(path: Path, ax: Any, *kinds: str) -> list[Path]:
    """Write the figure of these axes in each of these kinds, and its caption beside them."""
    from livingmeta.figures.style import caption_of

    return written_pages(path, [ax.figure], kinds, caption_of(ax))


def written_pages(path: Path, figures: Sequence[Any], kinds: Sequence[str], told: Any) -> list[Path]:
    """Write the pages of a figure in each of these kinds, and their caption beside them."""
    from livingmeta.figures.files import figure_bytes

    words = {"title": told.title, "description": told.description, "lang": told.language.code}
    written = []
    for kind in kinds:
        pages: Sequence[Any] = [figures] if kind == "pdf" and len(figures) > 1 else figures
        for number, page in enumerate(pages, start=1):
            name = f"{path.name}_{number}" if len(pages) > 1 else path.name
            written.append(write(path.with_name(f"{name}.{kind}"), figure_bytes(page, kind, **words)))
    return [*written, write(path.with_name(f"{path.name}.txt"), told.text)]


def forests(dossier: Dossier, words: Language | None = None, *, each: Each = iter) -> dict[str, Any]:
    """Draw the forest plot of every synthesis."""
    from livingmeta.figures.forest import forest_plot

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in dossier.pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    return {
        synthesis: forest_plot(pools, bias=dossier.bias, language=words or ENGLISH).figure
        for synthesis, pools in each(by_synthesis.items())
    }


def draw_forests(
    dossier: Dossier, folder: Path, figures: dict[str, Any], *kinds: str, lang: str = "en"
) -> list[Path]:
    """Write forest plots by their syntheses, each with its caption beside it."""
    from livingmeta.figures.forest import forest_caption, forest_pages
    from livingmeta.figures.style import Caption

    speak, written = speaking(dossier.review, lang), []
    for synthesis, figure in figures.items():
        pools = [pool for pool in dossier.pools if pool.synthesis == synthesis]
        told = Caption(
            title=speak.say("forest_alt", title=speak.word(pools[0].title)),
            description=forest_description(dossier.review, pools, speak),
            sentences=forest_caption(pools, bias=dossier.bias, language=speak),
            language=speak,
        )
        path = folder / _named(f"forest_{synthesis}", lang)
        pages = [figure]
        if "pdf" in kinds and any(pool.subgroup for pool in pools):  # what is printed, a page each
            pages = [ax.figure for ax in forest_pages(pools, bias=dossier.bias, language=speak)]
        plain = [kind for kind in kinds if kind != "pdf"]
        written += written_pages(path, [figure], plain, told)
        written += written_pages(path, pages, ("pdf",), told)[:-1] if "pdf" in kinds else []
    return written


def flow_and_bias(dossier: Dossier, folder: Path) -> list[Path]:
    """Draw the flow of records and the risk of bias as recorded."""
    from livingmeta.figures.bias import summary_plot, traffic_plot
    from livingmeta.figures.prisma import prisma_plot

    figures: dict[str, Any] = {}
    if dossier.flow.known:
        figures["prisma"] = prisma_plot(dossier.flow)
    if dossier.bias:
        figures["bias_traffic"] = traffic_plot(dossier.bias, unrecorded=unrecorded(dossier.review))
        figures["bias_summary"] = summary_plot(dossier.bias)
    return [path for name, ax in figures.items() for path in figure_files(folder / name, ax, "svg", "png")]


def report_pages(dossier: Dossier, folder: Path, figures: dict[str, Any], *, lang: str = "en") -> list[Path]:
    """Write the report, as HTML and as Markdown."""
    from livingmeta import __version__
    from livingmeta.pages.report import html, markdown

    pictures = [(synthesis, f"{_named(f'forest_{synthesis}', lang)}.png") for synthesis in figures]
    page = html(dossier, figures=figures, version=__version__, lang=lang)
    text = markdown(dossier, figures=pictures, version=__version__, lang=lang)
    name = _named("report", lang)
    return [write(folder / f"{name}.html", page), write(folder / f"{name}.md", text)]


def explorer_file(dossier: Dossier, folder: Path, *, lang: str = "en") -> Path:
    """Write the explorer."""
    from livingmeta import __version__
    from livingmeta.pages.explorer import explorer_page

    page = explorer_page(dossier, version=__version__, lang=lang)
    return write(folder / f"{_named('explorer', lang)}.html", page)


def everything(dossier: Dossier, folder: Path, *, each: Each = iter) -> list[Path]:
    """Write all that `run` does."""
    from livingmeta.pages.tables import tables

    figures = forests(dossier, each=each)
    written = draw_forests(dossier, folder, figures, "svg", "pdf", "png")
    for name, frame in tables(dossier.results).items():
        written.append(write(folder / f"{name}.csv", frame_csv(frame)))
    pages = report_pages(dossier, folder, figures)
    return [*written, *flow_and_bias(dossier, folder), *pages, explorer_file(dossier, folder)]


def _named(stem: str, lang: str) -> str:
    return stem if lang == "en" else f"{stem}.{lang}"


def _placed(data: Data, out: str | Path | None, asked: Reading, subgroup: str | None) -> tuple[Opened, Path]:
    """Open what is given, and return the folder for what is made of it, as the commands have it."""
    file = Path(str(data)) if isinstance(data, str | Path) and is_file(str(data)) else None
    review = with_subgroups(opened(data, None, **asked), subgroup)
    given = Opened(review=review, name=str(data)[:60], file=file)
    return given, given.folder(None if out is None else str(out))


@takes(Reading)
def run(
    data: Data, *, subgroup: str | None = None, out: str | Path | None = None, **asked: Unpack[Reading]
) -> list[Path]:
    """Write figures, tables, report and explorer of a review or a table, as `livingmeta run` does.

    Parameters
    ----------
    data, **asked
        A review, a file or a table, and what a table leaves open.
    subgroup : str, optional
        Moderator by which every synthesis is parted, as `synthesise` takes it.
    out : str or Path, optional
        Where the folder with what is made goes; by default figures here, or beside a file.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and a folder that holds what is somebody else's.

    References
    ----------
    docs/files.md: what each file holds.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from livingmeta import run
    >>> table = pd.DataFrame({"study": ["Ash", "Elm"], "yi": [-0.4, -0.1], "sei": [0.2, 0.3]})
    >>> with TemporaryDirectory() as folder:
    ...     sorted({path.suffix for path in run(table, measure="SMD", out=folder)})
    ['.csv', '.html', '.md', '.pdf', '.png', '.svg', '.txt']
    """
    from livingmeta.appraisal.dossier import Dossier

    given, folder = _placed(data, out, asked, subgroup)
    dossier = Dossier(review=given.review, previous=extended(given.review))
    written = everything(dossier, folder)
    if given.file is None:
        refresh(folder.parent)
    return written


@takes(Reading)
def report(
    data: Data,
    *,
    lang: str = "en",
    subgroup: str | None = None,
    important: float | None = None,
    vas_sd: float | None = None,
    out: str | Path | None = None,
    **asked: Unpack[Reading],
) -> list[Path]:
    """Write the report: one HTML file to read, print or send, and the same as Markdown.

    Parameters
    ----------
    data, subgroup, out, **asked
        As `run` takes them.
    lang : str
        Language of the page: "en" or "nb".
    important, vas_sd : float, optional
        As `dossier` takes them.

    Returns
    -------
    list of Path
        The HTML file and the Markdown.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and a language that there is not.

    References
    ----------
    Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for
    reporting systematic reviews. BMJ 2021;372:n71.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from livingmeta import report
    >>> table = pd.DataFrame({"study": ["Ash", "Elm"], "yi": [-0.4, -0.1], "sei": [0.2, 0.3]})
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in report(table, measure="SMD", out=folder)]
    ['report.html', 'report.md']
    """
    from livingmeta.appraisal.dossier import Dossier

    language(lang)  # refused before anything is drawn
    given, folder = _placed(data, out, asked, subgroup)
    review = given.review
    dossier = Dossier(review=review, previous=extended(review), important=important, vas_sd=vas_sd)
    figures = forests(dossier, speaking(review, lang))
    draw_forests(dossier, folder, figures, "png", lang=lang)  # which the Markdown shows
    return report_pages(dossier, folder, figures, lang=lang)


@takes(Reading)
def explore(
    data: Data,
    *,
    lang: str = "en",
    subgroup: str | None = None,
    out: str | Path | None = None,
    **asked: Unpack[Reading],
) -> Path:
    """Write a page to switch studies and methods in a browser; it needs no network.

    Parameters
    ----------
    data, subgroup, out, **asked
        As `run` takes them.
    lang : str
        Language of the page: "en" or "nb".

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and a language that there is not.

    References
    ----------
    docs/reading.md: what the page shows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from livingmeta import explore
    >>> table = pd.DataFrame({"study": ["Ash", "Elm"], "yi": [-0.4, -0.1], "sei": [0.2, 0.3]})
    >>> with TemporaryDirectory() as folder:
    ...     explore(table, measure="SMD", out=folder).name
    'explorer.html'
    """
    from livingmeta.appraisal.dossier import Dossier

    language(lang)
    given, folder = _placed(data, out, asked, subgroup)
    return explorer_file(Dossier(review=given.review), folder, lang=lang)


def exported(given: Opened, to: str, *, lang: str, out: str | None) -> list[Path]:
    """Write what was opened for another program or a paper."""
    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.pages.manuscript import PAPERS

    pick({**EXPORTS, **PAPERS}, to, "to")
    if lang != "en" and to != "docx":
        raise RefusalError(f"lang = {lang}: only a docx has words to say in another language.")
    if to not in PAPERS:
        folder = Path(out) if out else given.folder(None) / to
        return [write(folder / name, text) for name, text in EXPORTS[to](given.review).items()]
    content = PAPERS[to](Dossier(review=given.review), speaking(given.review, lang))
    folder = Path(out) if out else given.folder(None)
    return [write(folder / f"{_named('results', lang)}.{to}", content)]


@takes(Reading)
def export(
    data: Data, to: str, *, lang: str = "en", out: str | Path | None = None, **asked: Unpack[Reading]
) -> list[Path]:
    """Write a review or a table for another program, or for a paper, as `livingmeta export` does.

    Parameters
    ----------
    data, **asked
        As `run` takes them.
    to : str
        Program or format: "metafor", "revman", "frictionless", and for papers "docx" and "xlsx".
    lang : str
        Language of the words in a docx: "en" or "nb".
    out : str or Path, optional
        Folder of the files; by default figures/REVIEW/PROGRAM, of docx and xlsx figures/REVIEW.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        For what can't be read, a program that is not known, with those that are, and a language
        for what has no words.

    References
    ----------
    Viechtbauer W. Conducting meta-analyses in R with the metafor package. J Stat Softw 2010;36(3):1-48.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from livingmeta import export
    >>> with TemporaryDirectory() as folder:
    ...     len(export("knee_oa", "metafor", out=folder)) > 1
    True
    """
    file = Path(str(data)) if isinstance(data, str | Path) and is_file(str(data)) else None
    given = Opened(review=opened(data, None, **asked), name=str(data)[:60], file=file)
    return exported(given, to, lang=lang, out=None if out is None else str(out))


def with_subgroups(review: Review, by: str | None) -> Review:
    """Return a review of which each analysis is parted by a moderator, instead of its own subgroups.

    Parameters
    ----------
    review : Review
    by : str, optional
        As `Selection.subgroup` takes it; None leaves the review as it is.

    Raises
    ------
    ValueError
        For a moderator that is not known, and one that makes no subgroups of the main analysis.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> pools = synthesise(with_subgroups(load_review("smith2017"), "year < 2015"), only="pain-short")
    >>> [str(pool.subgroup) for pool in pools]
    ['year < 2015', 'year ≥ 2015', 'None']
    """
    if by is None:
        return review
    synthesise(review, selection=Selection(subgroup=by))
    return replace(review, parted_by=by)
