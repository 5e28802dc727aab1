"""The command line: registers the commands, and turns a refusal into a sentence."""

import ast
import sys
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from livingmeta import __version__
from livingmeta.commands import screen
from livingmeta.words import RefusalError

# By the module they stand in; the function of `pool` is `pool_command`.
COMMANDS = {
    "check": "checking",
    "pool": "pooling",
    "regress": "pooling",
    "sensitivity": "sensitivity",
    "bayes": "bayes",
    "multiverse": "multiverse",
    "certainty": "certainty",
    "gosh": "resampling",
    "resample": "resampling",
    "simulate": "resampling",
    "reproduce": "checking",
    "deduce": "checking",
    "certify": "checking",
    "verify": "verifying",
    "trace": "checking",
    "gaps": "checking",
    "dictionary": "checking",
    "run": "running",
    "explore": "running",
    "report": "running",
    "add": "editing",
    "template": "editing",
    "diff": "editing",
    "export": "editing",
    "new": "editing",
    "reviews": "checking",
    "small-study": "small_study",
    "import": "editing",
}
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: it answers in a third of the time
    pretty_exceptions_enable=False,
    help="Rerun, check and extend a meta-analysis in which each number carries its source.",
)


def function_of(command: str) -> Any:
    """Return the function of a command; all that it calls is imported with it."""
    return getattr(import_module(f"livingmeta.commands.{COMMANDS[command]}"), _name(command))


def _name(command: str) -> str:
    return f"{command.replace('-', '_')}_command"


@cache
def _docstrings(module: str) -> dict[str, str | None]:
    """Return what a module says of its functions, read off its text."""
    text = files("livingmeta.commands").joinpath(f"{module}.py").read_text("utf-8")
    functions = (part for part in ast.parse(text).body if isinstance(part, ast.FunctionDef))
    return {function.name: ast.get_docstring(function) for function in functions}


def command_of(name: str) -> Any:
    """Return a command with its arguments and options."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(function_of(name))
    return typer.main.get_command(alone)


class _Later(TyperCommand):
    """A command that is imported when it is called, so that no start waits for another's science."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return its sentence in the help of the whole."""
        self.help = _docstrings(COMMANDS[str(self.name)])[_name(str(self.name))]
        return super().get_short_help_str(limit)

    def make_context(self, *names: Any, **extra: Any) -> Any:
        """Take the arguments as the command itself does."""
        return command_of(str(self.name)).make_context(*names, **extra)


def _version(wanted: bool) -> None:
    if wanted:
        screen.echo(f"livingmeta {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Rerun, check and extend a meta-analysis in which each number carries its source."""


for command in COMMANDS:
    app.command(command, cls=_Later)(lambda: None)


@app.command(hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def rerun(context: typer.Context) -> None:
    """Say what this command is called now."""
    raise RefusalError(f"rerun is now reproduce: livingmeta reproduce {' '.join(context.args)}")


def main() -> None:
    """Run the command line; a refusal is a sentence and exit status 2, never a traceback."""
    screen.show_anything()
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # now, while what goes wrong can still be told
    except RefusalError as error:  # ReviewError and every refusal of a name or number
        screen.echo(str(error), err=True)
        sys.exit(2)
    except OSError as error:
        where = "the output can't be written" if error.filename is None else error.filename
        screen.echo(f"{where}: {error.strerror or error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
