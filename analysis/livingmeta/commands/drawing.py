"""A forest plot as somebody wants it, for a manuscript or a slide."""

import re
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Annotated, Any

import typer

from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import written_pages
from livingmeta.commands import screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import Lang, OutFolder, SubgroupBy, listing
from livingmeta.pages.phrases import forest_description, speaking
from livingmeta.synthesis.settings import Selection
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError, pick

KINDS = ("svg", "pdf", "png")


@opens
def forest_command(
    opened: Opened,
    synthesis: Annotated[
        str | None, typer.Argument(metavar="SYNTHESIS", help="only this synthesis", show_default=False)
    ] = None,
    *,
    sort: Annotated[
        str, typer.Option(metavar="HOW", help="order of the trials: effect, year, weight, label or file")
    ] = "file",
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="columns, in this order: arms, reported, n, weight, estimate, bias, and moderators, "
            "which a column of the FILE may be; as in --columns year,dose,weight,estimate",
        ),
    ] = None,
    subgroup: SubgroupBy = None,
    limits: Annotated[
        str | None, typer.Option(metavar="LOW,HIGH", help="ends of the axis: --limits -2,1; of ratios 0.1,10")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="stands above the plot")] = None,
    width: Annotated[float | None, typer.Option(metavar="MM", help="by default 175")] = None,
    height: Annotated[
        float | None, typer.Option(metavar="MM", help="by default as high as the rows need")
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="plain (results on the right of the plot) or cochrane (arms and results on its left, "
            "which leave it less room)",
        ),
    ] = "plain",
    theme: Annotated[str, typer.Option(metavar="NAME", help="light, or dark for a dark ground")] = "light",
    lang: Lang = "en",
    to: Annotated[str, typer.Option(metavar="KINDS", help="files: svg, pdf and png")] = ",".join(KINDS),
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="one file, of the kind that its ending says")
    ] = None,
    out: OutFolder = None,
) -> None:
    """Draw a forest plot, and write its caption beside it.

    Subgroups of many trials get a page each, and one of their subtotals; pages are numbered files, or
    pages of one PDF.
    """
    from livingmeta.figures.forest import forest_caption, forest_pages
    from livingmeta.figures.style import Caption

    review = opened.review
    if output is not None and out is not None:
        raise RefusalError("--output and --out: say one of the two, where the file or the folder goes.")
    kinds = drawn_kinds(Path(output).suffix.removeprefix("."), "output") if output else drawn_kinds(to)
    speak = speaking(review, lang)
    pools = synthesise(review, selection=Selection(subgroup=subgroup), only=synthesis)
    names = list(dict.fromkeys(pool.synthesis for pool in pools))
    if output and len(names) > 1:
        raise RefusalError(
            f"--output is one file, and these are several plots: name one of {listing(names)}."
        )
    options: dict[str, Any] = {
        "review": review,
        "sort": sort,
        "columns": None if columns is None else _listed(columns),
        "limits": None if limits is None else _limits(limits),
        "title": title,
        "width": width,
        "height": height,
        "layout": layout,
        "theme": theme,
        "language": speak,
    }
    refused: list[str] = []
    for name in names:
        parts = [pool for pool in pools if pool.synthesis == name]
        try:
            axes = forest_pages(parts, **options)
        except RefusalError as refusal:  # of one: the others are drawn
            if len(names) == 1:
                raise
            refused.append(f"{name}: {refusal}")
            continue
        told = Caption(
            title=speak.say("forest_alt", title=speak.word(parts[0].title)),
            description=forest_description(review, parts, speak),
            sentences=forest_caption(parts, **options),
            language=speak,
        )
        stem = f"forest_{name}" if lang == "en" else f"forest_{name}.{lang}"
        path = Path(output).with_suffix("") if output else opened.folder(out) / stem
        files = written_pages(path, [ax.figure for ax in axes], kinds, told)
        if not output:
            _clear(path, files, {f"forest_{plan.id}" for plan in review.protocol.synthesis})
        pages: dict[str, list[Path]] = {}
        for file in files:
            pages.setdefault(file.suffix, []).append(file)
        for first, *rest in pages.values():
            screen.echo(f"{first} to {rest[-1].name}" if rest else first)
    if refused:
        raise RefusalError("\n".join(dict.fromkeys(refused)))


def _clear(path: Path, written: Sequence[Path], stems: Set[str]) -> None:
    """Remove what was drawn here before of the same synthesis and is not now, so that no two differ."""
    for kind in KINDS:
        for older in path.parent.glob(f"*.{kind}"):
            own = re.fullmatch(rf"{re.escape(path.name)}(_\d+)?", older.stem)
            if own and older not in written and (older.stem == path.name or older.stem not in stems):
                older.unlink()


def drawn_kinds(text: str, what: str = "to") -> list[str]:
    """Return the kinds of files that a figure shall have, or refuse what is none; `what` asks for them."""
    kinds = _listed(text) or [text]
    for kind in kinds:
        pick(dict.fromkeys(KINDS), kind, what)
    return kinds


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _limits(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.replace("−", "-").split(","))
    except ValueError:
        raise RefusalError(
            f'--limits "{text}": give two numbers with a comma between them and points as decimal signs, '
            "as in --limits -2,1 or --limits 0.1,10."
        ) from None
    return low, high
