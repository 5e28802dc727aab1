"""Asking which columns of a table are meant, where somebody can answer."""

import sys
from collections.abc import Callable
from textwrap import shorten
from typing import TYPE_CHECKING, TypeVar

from typer import Abort

from livingmeta.commands import screen
from livingmeta.commands.terminal import BACK, BackError, Terminal
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.questions import OpenColumns, OpenColumnsError, answered
from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from livingmeta.living.dialogue import Asker
    from livingmeta.review.protocol import Review

Read = TypeVar("Read")
_NONE = "none of these"
_CELLS = 60  # signs of a column's cells in the preview


def answering(hints: Hints, read: Callable[[Hints], Read]) -> tuple[Read, Hints]:
    """Read a file, and ask for the columns that are open until it can be read.

    Raises
    ------
    RefusalError
        As `read` raises it, where nobody sits at a terminal or no column is the one that is asked for.
    """
    terminal, shown = Terminal(), False
    while True:
        try:
            return read(hints), hints
        except OpenColumnsError as refusal:
            if not _attended():
                raise
            if not shown:
                _preview(refusal.left, terminal)
            shown = True
            hints = answered(hints, asked(refusal.left, terminal))


def _attended() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _preview(left: OpenColumns, terminal: Terminal) -> None:
    rows = [str(row) for row, _ in left.preview]
    terminal.say(f"{left.file}: it is not clear what the columns hold. Rows {', '.join(rows)}:")
    width = min(max(map(len, left.header)), 24)
    for place, column in enumerate(left.header):
        cells = ", ".join(row[place] or "–" for _, row in left.preview)
        terminal.say(f"  {column:<{width}}  {cells if len(cells) <= _CELLS else cells[: _CELLS - 1] + '…'}")


def asked(left: OpenColumns, terminal: Terminal) -> dict[str, str]:
    """Ask which columns are meant; a guess is offered, and a person takes it or not.

    Raises
    ------
    RefusalError
        If no column is the one that is asked for.
    """
    kind = next(iter(left.kinds))
    if len(left.kinds) > 1:
        words = {name: said for name, (said, _) in left.kinds.items()}
        kind = terminal.choice("What does each row hold?", words, default=left.guess or "")
    answers: dict[str, str] = {}
    for question in left.kinds[kind][1]:
        names = [name for name in question.candidates if name not in answers.values()]
        options = {**{name: name for name in names}, _NONE: _NONE}
        guess = question.guess if question.guess in names else ""
        answer = terminal.choice(f"Which column holds the {question.words}?", options, default=guess or "")
        if answer == _NONE:
            raise RefusalError(
                f"{left.file}: no column holds the {question.words}, so nothing can be computed from it."
            )
        answers[question.role] = answer
    return answers


def again(before: Hints, after: Hints) -> str:
    """Return the options that say what was asked."""
    new = {role: column for role, column in after.columns.items() if before.columns.get(role) != column}
    return " ".join(f'--column "{role}={column}"' for role, column in new.items())


def keeping(review: "Review", *about: str, add: "Callable[[Asker, Terminal], bool]") -> None:
    """Ask about a review until its rows are written or refused; the answers are kept until then.

    Where somebody was interrupted, the answers given before may be taken again; who wants to change
    one goes back to its question. Nothing is kept where nobody sits at a terminal, or the package for
    it is not installed. `add` is told who is asked and who has the last word, and says whether it has
    written.
    """
    from livingmeta.living.answers import Answers, answers_in, draft_path

    try:
        path = draft_path(review.folder, *about)
    except RefusalError:
        path = None
    if path is None or not _attended():
        add(Terminal(), Terminal())
        return
    held = {}
    if path.exists():
        held = answers_in(path)
        told = [answer for same in held.values() for answer in same if answer]
        begun = shorten(", ".join(told), 60, placeholder=" …")
        number = sum(map(len, held.values()))
        question = f"You were here before ({number} {screen.plural(number, 'answer')}: {begun}). Go on there?"
        if not number or not Terminal().yes(question, default=True):
            held = {}
    screen.echo(
        f"What you answer is kept until it is written; {BACK} goes back to the question before, Ctrl-C "
        "leaves, and nothing is lost."
    )
    terminal = Terminal(back=True)
    answers = Answers(held, ask=terminal, path=path)
    while True:
        try:
            if add(answers, terminal):
                path.unlink(missing_ok=True)
            return
        except BackError:
            answers = answers.before()
            screen.echo("")
        except Abort:
            screen.echo("\nYour answers are kept: the same command goes on where you were.")
            raise
