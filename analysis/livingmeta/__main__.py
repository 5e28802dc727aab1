"""The command line: registers the commands, and turns a refusal into a sentence."""

import ast
import errno
import gc
import shlex
import sys
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from livingmeta import __version__
from livingmeta.commands import screen
from livingmeta.words import RefusalError

# Commands by task, each with the module it stands in and an example.
TASKS: dict[str, dict[str, tuple[str, str]]] = {
    "The answer, of your own table or of a review": {
        "pool": ("pooling", "pool pain.csv --measure MD --favours lower"),
        "run": ("running", "run pain.csv"),
        "forest": ("drawing", "forest pain.csv --sort effect"),
        "report": ("running", "report smith2017 --lang nb"),
        "explore": ("running", "explore pain.xlsx --sheet Pain"),
        "certainty": ("certainty", "certainty smith2017 --important 10 --vas-sd 25"),
        "trace": ("checking", "trace smith2017 pain-short"),
        "export": ("editing", "export pain.csv --to metafor"),
    },
    "How far it bends": {
        "sensitivity": ("sensitivity", "sensitivity pain.csv --important 0.2"),
        "multiverse": ("multiverse", "multiverse smith2017 --synthesis pain-short"),
        "multilevel": ("multilevel", "multilevel pain.csv --rho 0.6"),
        "regress": ("pooling", "regress pain.csv --by year"),
        "small-study": ("small_study", "small-study pain.csv --force"),
        "gosh": ("resampling", 'gosh pain.csv --trial "Hansen 2015"'),
        "bayes": ("bayes", "bayes pain.csv --important 0.2"),
        "resample": ("resampling", "resample pain.csv --seed 7"),
        "simulate": ("resampling", "simulate pain.csv --between 0.1"),
    },
    "Whether it is right": {
        "check": ("checking", "check pain.csv"),
        "reproduce": ("checking", "reproduce review.rm5"),
        "deduce": ("checking", "deduce smith2017 pain-short"),
        "certify": ("checking", "certify pain.csv"),
        "verify": ("verifying", "verify smith2017"),
        "diff": ("editing", "diff new.csv --against old.csv"),
    },
    "The next trial": {
        "search": ("searching", "search living --from export.ris"),
        "screen": ("searching", "screen living --by Ann"),
        "gaps": ("checking", "gaps living --letter"),
        "add": ("editing", "add living --gap 9"),
        "read": ("reading", "read paper.pdf living --gap 9"),
        "fill": ("reading", "fill living --papers papers --list"),
        "template": ("editing", "template living"),
    },
    "A review of your own": {
        "reviews": ("checking", "reviews"),
        "import": ("editing", "import pain.csv knees"),
        "new": ("editing", "new knees --favours lower"),
        "dictionary": ("checking", "dictionary"),
    },
}
COMMANDS = {name: module for listed in TASKS.values() for name, (module, _) in listed.items()}
EXAMPLES = {name: example for listed in TASKS.values() for name, (_, example) in listed.items()}
FIRST = "Rerun, check and extend a meta-analysis in which each number carries its source."
BEGIN = {
    "pool your own table (CSV, Excel, RevMan)": "pool {file}",
    "draw it, with a report to read or send": "run {file}",
    "the reviews that are here": "reviews",
    "every command, by task": "--help",
    "one command, with an example": "pool --help",
}


def _table_here() -> str:
    """Name a table in the working folder, for an example that can be typed as it stands."""
    here = sorted(path.name for path in Path().glob("*") if path.suffix.lower() in {".csv", ".xlsx", ".rm5"})
    return next(shlex.quote(name) for name in here if not name.startswith(("-", "."))) if here else "FILE.csv"


class _ByTask(TyperGroup):
    """All commands: by task in the help, and the nearest one for a name that is none."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each task under its title."""
        for task, listed in TASKS.items():
            with formatter.section(task):
                limit = formatter.width - 6 - max(map(len, listed))
                formatter.write_dl([(name, self.commands[name].get_short_help_str(limit)) for name in listed])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say what can be done with what stands in its place."""
        name = args[0]
        if name in self.commands or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if Path(name).exists() or _review(name):
            typed = shlex.quote(name)
            raise RefusalError(
                f"{name} is no command. What can be done with it: livingmeta pool {typed}; livingmeta run "
                f"{typed}; livingmeta check {typed}; and more: livingmeta --help"
            )
        near = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        hint = f"Did you mean livingmeta {near[0]}? " if near else ""
        raise RefusalError(f"There is no command {name}. {hint}livingmeta --help lists all.")


def _review(name: str) -> bool:
    from livingmeta.review.folder import holds_review

    return holds_review(name)


class _Sectioned(TyperCommand):
    """A command whose options stand under the panels that they name, and an example below."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse a second review or file with what it takes to name two."""
        ctx.allow_extra_args = True
        super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            two = any(parameter.name == "against" for parameter in self.params)
            remedy = "Say the second with --against" if two else f"{self.name} takes one at a time"
            raise RefusalError(
                f"{' '.join(ctx.args)}: more than {self.name} takes. {remedy}; a name with blanks needs "
                "quote marks."
            )
        return []

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options by panel."""
        panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            if (shown := parameter.get_help_record(ctx)) is not None:
                usual = "Options" if parameter.param_type_name == "option" else "Arguments"
                panels.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(shown)
        for panel, listed in panels.items():
            if listed:
                with formatter.section(panel):
                    formatter.write_dl(listed)


app = typer.Typer(
    cls=_ByTask,
    invoke_without_command=True,
    rich_markup_mode=None,  # plain help: it answers in a third of the time
    pretty_exceptions_enable=False,
    help=FIRST,
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
    example = f"Example:\n  livingmeta {EXAMPLES[name]}"
    alone.command(name, cls=_Sectioned, epilog=f"\b\n{example}")(function_of(name))
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
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Say what to type first, where nothing was."""
    if context.invoked_subcommand is None:
        screen.echo(f"{FIRST}\n\nBegin with:")
        file = _table_here()
        for what, typed in BEGIN.items():
            screen.echo(f"  {what:<42}livingmeta {typed.format(file=file)}")


for command in COMMANDS:
    app.command(command, cls=_Later)(lambda: None)


@app.command(hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def rerun(context: typer.Context) -> None:
    """Say what this command is called now."""
    raise RefusalError(f"rerun is now reproduce: livingmeta reproduce {' '.join(context.args)}")


def main() -> None:
    """Run the command line; a refusal is a sentence and exit status 2, never a traceback."""
    screen.show_anything()
    gc.set_threshold(100_000, 50, 50)  # rows and effects stay: to look through them took a third of the time
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
        where = "the output can't be written" if error.filename is None else Path(error.filename).absolute()
        shut = error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
        remedy = ". If files were to be written there, choose another folder with --out." if shut else ""
        screen.echo(f"{where}: {error.strerror or error}{remedy}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
