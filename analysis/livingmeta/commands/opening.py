"""What a command is given: a review by name or folder, or a file, which is a review as well."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import update_wrapper
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import typer

from livingmeta.calls.opening import Opened, is_file
from livingmeta.commands import screen
from livingmeta.commands.asking import again, answering
from livingmeta.commands.options import FAVOURING, listing, reviews_and_files
from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.analyses import Favours, Hints
from livingmeta.exchange.columns import COLUMN_NAMES
from livingmeta.exchange.imports import FILES, reviews_in
from livingmeta.exchange.mapping import as_toml, hints_of
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.store import write
from livingmeta.words import RefusalError, key_of, named

Read = TypeVar("Read")
MOST_REMARKS = 5  # of the reading of a file, before every output; `check` has all

Given = Annotated[
    str,
    typer.Argument(
        metavar="REVIEW|FILE",
        help="name of a review, path to its folder, or a table",
        autocompletion=reviews_and_files,
    ),
]
_of_file: dict[str, Any] = {"rich_help_panel": "Of a FILE"}
# What a file may leave open; of a review its folder says it.
OF_FILES: dict[str, Any] = {
    "measure": Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=f"what its effects are, or are to be: {listing(MEASURES)}", **_of_file
        ),
    ],
    "log": Annotated[
        bool,
        typer.Option(
            "--log",
            help="yi holds logs of the ratio that --measure names; without it yi holds the ratios "
            "themselves, with limits as printed or the SE of the log",
            **_of_file,
        ),
    ],
    "favours": Annotated[
        str | None, typer.Option(metavar="|".join(get_args(Favours)), help=FAVOURING, **_of_file)
    ],
    "column": Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=NAME",
            help=f"a column: mean1=Drug_mean (repeatable); ROLE is one of {listing(COLUMN_NAMES)}",
            **_of_file,
        ),
    ],
    "sheet": Annotated[str | None, typer.Option(metavar="NAME", help="sheet of a workbook", **_of_file)],
    "header_row": Annotated[
        int | None, typer.Option(metavar="N", min=1, help="row that names the columns", **_of_file)
    ],
    "mapping": Annotated[
        str | None,
        typer.Option(metavar="FILE.toml", help="all this in a file, written if not there", **_of_file),
    ],
}
HINTS: dict[str, Any] = {
    **OF_FILES,
    "analysis": Annotated[
        str | None, typer.Option(metavar="NAME", help="only this one of several analyses", **_of_file)
    ],
}
UNSAID: dict[str, Any] = {"log": False}  # else None


def hinted(command: Callable[..., None], *, hints: Mapping[str, Any] = HINTS) -> Callable[..., None]:
    """Give a command the options that say what a file leaves open.

    Its first two parameters, what was typed and what was said, become the argument and these options.
    """
    first, _, *others = signature(command).parameters.values()
    own = {parameter.name for parameter in others}
    kind = Given if first.annotation is str else first.annotation
    parameters = [
        Parameter("review", Parameter.POSITIONAL_OR_KEYWORD, annotation=kind),
        *others,
        *(
            Parameter(name, Parameter.KEYWORD_ONLY, default=UNSAID.get(name), annotation=hint)
            for name, hint in hints.items()
            if name not in own
        ),
    ]

    def typed(review: str, **given: Any) -> None:
        said = {name: given[name] for name in hints if given[name] != UNSAID.get(name)}
        return command(review, said, **{name: given[name] for name in own})

    update_wrapper(typed, command)
    typed.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    typed.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return typed


def opens(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take a review or a file.

    Its first parameter, an `Opened`, becomes the argument, and the options of `hinted` are added. A
    file whose analyses make several reviews has the command run on each; with `--json` their lists
    are one document.
    """
    others = list(signature(command).parameters.values())[1:]
    own = {parameter.name for parameter in others}

    def opening(name: str, said: Mapping[str, Any], **asked: Any) -> None:
        listed = read_given(name, said, own=own)
        _remark(listed[0].remarks, name)
        if listed[0].file is not None and "measure" in own:
            asked["measure"] = None  # it is what the effects of these reviews are
        quiet = bool(asked.get("as_json"))
        each(command, _asked(listed, asked), quiet=quiet)

    update_wrapper(opening, command)
    first = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=str) for name in ("name", "said")]
    opening.__signature__ = Signature([*first, *others])  # type: ignore[attr-defined]
    return hinted(opening)


def read_given(name: str, said: Mapping[str, Any], *, own: Set[str] = frozenset()) -> list[Opened]:
    """Open what somebody named: a review, or each review that a file makes.

    Parameters
    ----------
    name : str
        Name or folder of a review, or a file.
    said : mapping
        What was said of a file, by the names in `HINTS`.
    own : set of str, optional
        Options in `said` that are also the command's, so that it obeys them for a folder.

    Raises
    ------
    RefusalError
        For what can't be read, and for options that a folder of a review leaves no place for.
    """
    path = Path(name)
    if not is_file(name):
        unsaid(name, {option: value for option, value in said.items() if option not in own})
        return [Opened(review=load_review(name), name=name)]
    if path.suffix.lower() not in FILES:
        raise RefusalError(
            f"{path}: files of this kind are not read; those ending in {listing(FILES)} are. Save a table as "
            "CSV or xlsx."
        )
    (loaded, remarks), hints = read_said(path, said, lambda hints: reviews_in(path, hints))
    if (wanted := hints.measure) is not None:
        loaded = [_measured(review, wanted) for review in loaded]
    if (only := said.get("analysis")) is not None:
        loaded = [_only(loaded, only)]
    left = tuple(remarks)
    return [Opened(review=review, name=name, file=path, said=said, remarks=left) for review in loaded]


def unsaid(name: str, said: Mapping[str, Any]) -> None:
    """Refuse what was said of a folder as if it were a file."""
    if options := [f"--{option.replace('_', '-')}" for option in said]:
        raise RefusalError(
            f"{' and '.join(options)} {'says' if len(options) == 1 else 'say'} what a FILE leaves open, "
            f"and {name} is none: the review.toml of a review says it."
        )


def _remark(remarks: Sequence[str], name: str) -> None:
    """Say beside the output what the reading of a file left out."""
    shown = remarks if len(remarks) <= MOST_REMARKS + 1 else remarks[:MOST_REMARKS]
    more = len(remarks) - len(shown)
    rest = [f"and {more} more remarks: livingmeta check {name} --full has all"] if more else []
    screen.beside([*shown, *rest])


def read_said(path: Path, said: Mapping[str, Any], read: Callable[[Hints], Read]) -> tuple[Read, Hints]:
    """Read a file by what was said of it and is answered; a mapping file that is not there keeps that."""
    mapping = Path(said["mapping"]) if "mapping" in said else None
    about = {name: value for name, value in said.items() if name not in {"analysis", "column", "mapping"}}
    hints = hints_of(columns=said.get("column", ()), mapping=mapping, **about)
    made, completed = answering(hints, read)
    if mapping is not None and not mapping.exists():
        screen.echo(f"{write(mapping, as_toml(completed, file=path.name))} written.", err=True)
    elif completed != hints:
        screen.echo(f"Not to be asked again: {again(hints, completed)}, or --mapping FILE.toml", err=True)
    return made, completed


def _measured(review: Review, measure: str) -> Review:
    """Let a review of a file have another measure than its analyses; what is printed there has not."""
    methods = review.protocol.methods
    if measure == methods.measure:
        return review
    changed = methods.model_copy(update={"measure": measure, "measure_label": None})
    return replace(review, protocol=review.protocol.model_copy(update={"methods": changed}), published=())


def _only(reviews: Sequence[Review], name: str) -> Review:
    """Return the review of one analysis alone, by its id, title or the name of its kind."""
    whole = {review.protocol.id: review for review in reviews}
    if name in whole:
        return whole[name]
    plans = {plan.id: (review, plan) for review in reviews for plan in review.protocol.synthesis}
    titles = {key: plan.title for key, (_, plan) in plans.items()} | dict.fromkeys(whole, "")
    review, plan = plans[named(titles, name, "--analysis")]
    if len(review.protocol.synthesis) == 1:
        return review
    rows = tuple(row for row in review.outcomes if row.outcome == plan.outcome)
    held = {row.trial for row in rows}
    key = key_of(f"{review.protocol.id}_{plan.id}", whole)
    return replace(
        review,
        protocol=review.protocol.model_copy(update={"id": key, "title": plan.title, "synthesis": (plan,)}),
        trials=tuple(trial for trial in review.trials if trial.trial in held),
        outcomes=rows,
        published=tuple(claim for claim in review.published if claim.synthesis == plan.id),
    )


def _asked(listed: Sequence[Opened], asked: dict[str, Any]) -> list[tuple[Opened, dict[str, Any]]]:
    """Put ids where somebody wrote what is printed, and leave out reviews without what is asked for."""
    parts = [(opened, dict(asked)) for opened in listed]
    for option, what in {"synthesis": "synthesis", "trial": "trial", "without": "trial"}.items():
        value = asked.get(option)
        if not value:
            continue
        labels = [opened.review.labels(what) for opened, _ in parts]
        every = {key: label for own in labels for key, label in own.items()}
        keys = [named(every, name, what) for name in ([value] if isinstance(value, str) else value)]
        held = [[key for key in keys if key in own] for own in labels]
        for (_, options), own in zip(parts, held, strict=True):
            options[option] = next(iter(own), None) if isinstance(value, str) else own
        if option != "without":  # there is nothing to leave out of a review that lacks it
            parts = [part for part, own in zip(parts, held, strict=True) if own]
    return parts


def each(
    command: Callable[..., None], parts: Sequence[tuple[Opened, Mapping[str, Any]]], *, quiet: bool
) -> None:
    """Run a command on each review of a file; a refusal of one leaves the others their output."""
    if len(parts) == 1:
        (opened, asked) = parts[0]
        return command(opened, **asked)
    status = 0
    with screen.one_document(), screen.one_page() as page:
        for number, (opened, asked) in enumerate(parts, start=1):
            about = opened.review.protocol
            if not quiet:
                page.part(f"{opened.name}, part {number} of {len(parts)}: {about.id}")
            try:
                command(opened, **asked)
            except typer.Exit as end:
                status = max(status, end.exit_code)
            except RefusalError as refusal:
                screen.echo(f"{about.id}: {refusal}", err=True)
                status = 2
    if status:
        raise typer.Exit(status)
    return None
