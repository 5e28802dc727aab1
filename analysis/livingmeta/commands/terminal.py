"""Asking at a terminal."""

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

import typer

from livingmeta.commands import screen
from livingmeta.words import RefusalError

Answered = TypeVar("Answered")
BACK = "<"  # typed alone


class BackError(Exception):
    """Somebody wants to be asked the question before."""


class Terminal:
    """The person at the keyboard; an answer that can't be used is asked for again.

    With `back`, `<` instead of an answer raises `BackError`.
    """

    def __init__(self, *, back: bool = False) -> None:
        self.back = back

    def say(self, text: str) -> None:
        """Show a line."""
        screen.echo(text)

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        """Ask until `wrong` finds nothing wrong with the answer."""
        while True:
            answer = self._prompted(question, default)
            reason = wrong(answer) if wrong else None
            if reason is None:
                return answer
            self.say(f"  {reason}")

    def choice(self, question: str, options: Mapping[str, str], *, default: str = "") -> str:
        """Ask for one of the options by number or name."""
        names = list(options)
        self.say(question)
        for number, name in enumerate(names, start=1):
            self.say(f"  {number}  {options[name]}")
        first = str(names.index(default) + 1) if default in names else ""
        while True:
            answer = self._prompted("Number", first)
            if answer.isdigit() and 1 <= int(answer) <= len(names):
                return names[int(answer) - 1]
            if answer in names:
                return answer
            self.say(f"  {answer!r} is none of them: answer with a number from 1 to {len(names)}")

    def yes(self, question: str, *, default: bool) -> bool:
        """Ask yes or no."""
        while True:
            answer = self._prompted(f"{question} [{'Y/n' if default else 'y/N'}]", "").lower()
            if answer in {"", "y", "yes", "n", "no"}:
                return answer[0] == "y" if answer else default
            self.say("  answer y or n")

    def _prompted(self, question: str, default: str) -> str:
        shown = screen.fitted(f"{question} [{default}]" if default else question, sys.stdout)
        told = _answered(question, lambda: typer.prompt(shown, default=default, show_default=False))
        answer = str(told).strip()
        if self.back and answer == BACK:
            raise BackError
        return answer


def _answered(question: str, ask: Callable[[], Answered]) -> Answered:
    """Ask, where there is somebody to ask.

    Raises
    ------
    RefusalError
        If the input is closed, has ended or is no text.
    """
    reason = "the input has ended"
    try:
        if sys.stdin is not None:
            return ask()
    except typer.Abort as end:
        if not isinstance(end.__context__, EOFError):  # somebody pressed Ctrl-C
            raise
    except UnicodeDecodeError as error:
        reason = f"it is not {error.encoding.upper()}"
    raise RefusalError(
        f'no answer to "{question}" can be read: {reason}. Nothing was written. Answer at a terminal, '
        "or give the answers beforehand: --help says by which options or form."
    )
