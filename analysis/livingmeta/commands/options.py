"""Arguments and options that several commands share."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Annotated

import typer

from livingmeta.engine.effect_sizes import MEASURES
from livingmeta.language import LANGUAGES
from livingmeta.synthesis.settings import METHOD_OPTIONS
from livingmeta.words import RefusalError


def listing(entries: Iterable[str]) -> str:
    """List the entries of a registry for the help of an option.

    Examples
    --------
    >>> listing(["DL", "PM", "REML"])
    'DL, PM or REML'
    """
    *first, last = entries
    return f"{', '.join(first)} or {last}" if first else last


ReviewName = Annotated[
    str, typer.Argument(metavar="REVIEW", help="name of a review, or path to its folder; no file")
]
_SIDES = "which effects favour group 1, ratios below or above 1 and differences below or above 0"
NewFavours = Annotated[
    str | None,
    typer.Option(
        "--favours",
        metavar="lower|higher",
        help=f"{_SIDES}; left out: asked at a terminal, and else as the scales say, or not known",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document, nothing else")]
OutFolder = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="where the folder with what is made goes; figures here, or beside a FILE"
    ),
]
Synthesis = Annotated[str | None, typer.Option(metavar="ID", help="only this synthesis")]
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
Model = Annotated[str | None, typer.Option(metavar="NAME", help=listing(METHOD_OPTIONS["model"]))]
Tau2 = Annotated[str | None, typer.Option(metavar="NAME", help=listing(METHOD_OPTIONS["tau2"]))]


@contextmanager
def executor(workers: int | None, dask: str | None) -> Iterator[Executor | None]:
    """Lend an executor as the options ask for it; None to work here."""
    if dask is not None and workers is not None:
        raise RefusalError("--workers and --dask: choose one place to work.")
    if dask is not None:
        with _cluster(dask) as lent:
            yield lent
    elif workers is not None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # fork would copy the thread of the progress bar in an unknown state
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
            yield processes
    else:
        yield None


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    from importlib import import_module

    try:
        distributed = import_module("distributed")
    except ModuleNotFoundError:
        raise RefusalError("--dask needs the package distributed: pip install 'livingmeta[dask]'.") from None
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, ValueError) as refusal:
        raise RefusalError(f"--dask {address}: no cluster answers there ({refusal}).") from None
    with client, client.get_executor() as lent:
        yield lent
