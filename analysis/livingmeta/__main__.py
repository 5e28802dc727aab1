"""The command line: registers the commands, and turns a refusal into a sentence."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from livingmeta import __version__
from livingmeta.commands import (
    bayes,
    certainty,
    checking,
    editing,
    multiverse,
    pooling,
    resampling,
    running,
    sensitivity,
    small_study,
    verifying,
)
from livingmeta.commands.options import Help
from livingmeta.words import RefusalError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: it answers in a third of the time
    pretty_exceptions_enable=False,
    help="Rerun, check and extend a meta-analysis in which each number carries its source.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livingmeta {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Rerun, check and extend a meta-analysis in which each number carries its source."""


for command in (
    checking.check,
    pooling.pool,
    pooling.regress,
    sensitivity.sensitivity,
    bayes.bayes,
    multiverse.multiverse,
    certainty.certainty,
    resampling.gosh,
    resampling.resample,
    resampling.simulate,
    checking.reproduce,
    checking.deduce,
    checking.certify,
    verifying.verify,
    checking.trace,
    checking.gaps,
    checking.dictionary,
    running.run,
    running.explore,
    running.report,
    editing.add,
    editing.template,
    editing.diff,
    editing.export,
    editing.new,
):
    app.command(cls=Help)(command)
app.command("reviews")(checking.list_reviews)
app.command("small-study")(small_study.small_study)
app.command("import")(editing.import_file)


@app.command(hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def rerun(context: typer.Context) -> None:
    """Say what this command is called now."""
    raise RefusalError(f"rerun is now reproduce: livingmeta reproduce {' '.join(context.args)}")


def main() -> None:
    """Run the command line; a refusal is a sentence and exit status 2, never a traceback."""
    try:
        app()
    except RefusalError as error:  # ReviewError and every refusal of a name or number
        typer.echo(str(error), err=True)
        sys.exit(2)
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
