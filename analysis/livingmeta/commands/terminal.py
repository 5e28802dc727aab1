"""Asking at a terminal."""

from collections.abc import Callable, Mapping

import typer

from livingmeta.words import unknown


class Terminal:
    """The person at the keyboard; an answer that can't be used is asked for again."""

    def say(self, text: str) -> None:
        """Show a line."""
        typer.echo(text)

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        """Ask until `wrong` finds nothing wrong with the answer."""
        while True:
            answer = str(typer.prompt(question, default=default, show_default=bool(default)))
            answer = answer.strip()
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
            answer = str(typer.prompt("Number", default=first, show_default=bool(first))).strip()
            if answer.isdigit() and 1 <= int(answer) <= len(names):
                return names[int(answer) - 1]
            if answer in names:
                return answer
            self.say(f"  {unknown('answer', answer, names)}")

    def yes(self, question: str, *, default: bool) -> bool:
        """Ask yes or no."""
        return typer.confirm(question, default=default)
