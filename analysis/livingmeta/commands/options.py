"""Arguments and options that several commands share."""

from collections.abc import Iterable
from typing import Annotated, Any, get_args

import typer

from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.analyses import Favours
from livingmeta.language import LANGUAGES
from livingmeta.synthesis.settings import METHOD_OPTIONS


def listing(entries: Iterable[str]) -> str:
    """List the entries of a registry for the help of an option.

    Examples
    --------
    >>> listing(["DL", "PM", "REML"])
    'DL, PM or REML'
    """
    *first, last = entries
    return f"{', '.join(first)} or {last}" if first else last


def reviews_and_files(incomplete: str) -> list[str]:
    """Complete the name of a review, a folder or a table."""
    from pathlib import Path

    from livingmeta.exchange.imports import FILES
    from livingmeta.review.folder import TEMPLATE, reviews

    names = [name for name in reviews() if name.startswith(incomplete) and name != TEMPLATE]
    folder, slash, begun = incomplete.rpartition("/")
    for path in sorted(Path(f"{folder}{slash}" or ".").glob(f"{begun}*")):
        if path.is_dir() and not path.name.startswith("."):
            names.append(f"{folder}{slash}{path.name}/")
        elif path.suffix.lower() in FILES:
            names.append(f"{folder}{slash}{path.name}")
    return names


def syntheses(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the id of a synthesis of what was typed before."""
    keys = (plan.id for review in _typed(ctx) for plan in review.protocol.synthesis)
    return [key for key in keys if key.startswith(incomplete)]


def trials(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the id of a trial of what was typed before."""
    keys = (trial.trial for review in _typed(ctx) for trial in review.trials)
    return [key for key in keys if key.startswith(incomplete)]


def _typed(ctx: typer.Context) -> list[Any]:
    from livingmeta.commands.opening import read_given

    # behind an option without its value the parser leaves the arguments where they are
    name = ctx.params.get("review") or next(iter(ctx.args), "")
    try:
        return [opened.review for opened in read_given(name, {})]
    except (ValueError, OSError):  # where nothing can be completed, nothing is said into the line
        return []


ReviewName = Annotated[
    str,
    typer.Argument(
        metavar="REVIEW",
        help="name of a review, or path to its folder; no file",
        autocompletion=reviews_and_files,
    ),
]
SynthesisPlace = Annotated[
    str | None, typer.Argument(metavar="[SYNTHESIS]", help="only this one", autocompletion=syntheses)
]
FAVOURING = "which effects favour group 1: ratios below or above 1, differences below or above 0"
NewFavours = Annotated[
    str | None,
    typer.Option(
        "--favours",
        metavar="|".join(get_args(Favours)),
        help=f"{FAVOURING}; left out: asked at a terminal, and else as the scales say, or not known",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document, nothing else")]
OutFolder = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="where the folder with what is made goes; figures here, or beside a FILE"
    ),
]
Full = Annotated[
    bool, typer.Option("--full", "--all", help="print all there is, and not only what fits a screen")
]
Synthesis = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="only this synthesis, by id or title", autocompletion=syntheses),
]
SubgroupBy = Annotated[
    str | None,
    typer.Option(
        "--subgroup",
        metavar="NAME",
        help="subgroups by a moderator, that of a column of the FILE too, instead of the review's own: "
        'condition, setting, … or a cut of numbers, "age < 50"',
    ),
]
Include = Annotated[
    bool,
    typer.Option(
        "--include-sensitivity", help="use rows held for sensitivity analyses where a trial has no other"
    ),
]
NoAssumptions = Annotated[bool, typer.Option("--no-assumptions", help="drop rows that rest on an assumption")]
Documented = Annotated[
    bool, typer.Option("--documented-only", help="drop those, and trials whose membership is only inferred")
]
Level = Annotated[float | None, typer.Option(help="confidence level, 0.95 or 95 for 95%")]
Without = Annotated[
    list[str] | None,
    typer.Option(metavar="TRIAL", help="leave this trial out (repeatable)", autocompletion=trials),
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="seed of the random numbers")]
Workers = Annotated[int | None, typer.Option(metavar="N", min=1, help="work in N processes; same results")]
Dask = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="work on the dask cluster there (tcp://host:8786)")
]
Important = Annotated[
    float | None,
    typer.Option(
        "--important",
        metavar="X",
        help="smallest important difference, in the unit of the effects (with --vas-sd in points)",
    ),
]
VasSd = Annotated[
    float | None,
    typer.Option("--vas-sd", metavar="SD", help="show effects as points on a 0-100 mm VAS with this SD, too"),
]
PrintHere = Annotated[
    bool, typer.Option("--print", help="print it here and write nothing; pictures are told in words")
]
Shelf = Annotated[str, typer.Option("--in", metavar="FOLDER", help="folder that holds the reviews")]
Lang = Annotated[
    str, typer.Option("--lang", metavar="LANG", help=f"language of the page: {listing(LANGUAGES)}")
]
MeasureName = Annotated[str | None, typer.Option(metavar="NAME", help=listing(MEASURES))]
Method = Annotated[
    str | None, typer.Option(metavar="NAME", help=f"of counts: {listing(METHOD_OPTIONS['method'])}")
]
Model = Annotated[str | None, typer.Option(metavar="NAME", help=listing(METHOD_OPTIONS["model"]))]
Tau2 = Annotated[str | None, typer.Option(metavar="NAME", help=listing(METHOD_OPTIONS["tau2"]))]
