"""Answers that are given beforehand, or were given before somebody was interrupted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from livingmeta.living.dialogue import Asker
from livingmeta.store import write
from livingmeta.words import RefusalError

LONGEST = 1_000_000  # bytes of a file of answers


class Answers:
    """Somebody who has answered some questions already, and may be asked the others.

    Parameters
    ----------
    held : mapping of str to list of str
        Answers by question, or by how it begins; of several the next is taken each time, and the
        last again.
    ask : Asker, optional
        Who is asked what they leave open. Without one, what may stay empty does, a question of yes or
        no has its usual answer, and all else is refused. An empty answer takes what is offered.
    path : Path, optional
        Where each answer is kept at once, so that nothing is lost whenever it ends.
    """

    def __init__(self, held: Mapping[str, list[str]], *, ask: Asker | None, path: Path | None = None) -> None:
        self.held = {question: list(answers) for question, answers in held.items()}
        self.ask, self.path = ask, path
        self.given: dict[str, list[str]] = {}
        self.order: list[str] = []  # questions, as they were answered
        self.offered: dict[str, str] = {}  # answers given before somebody went back
        self.taken_back: dict[str, str] = {}

    def before(self) -> Answers:
        """Return who is asked the last question again; what stood behind it is offered as it was."""
        held = {question: list(answers) for question, answers in self.given.items()}
        back = {question: held[question].pop() for question in self.order[-1:]}
        earlier = Answers(held, ask=self.ask, path=self.path)
        earlier.offered, earlier.taken_back = {**self.offered, **self.taken_back}, back
        return earlier

    def say(self, text: str) -> None:
        """Show a line, where somebody looks."""
        if self.ask is not None:
            self.ask.say(text)

    def _told(self, question: str) -> str | None:
        exact = question if question in self.held else None
        start = exact or next((start for start in self.held if question.startswith(start)), None)
        answers = self.held[start] if start is not None else []
        if self.path is not None:  # the same questions again: each answer once
            return answers.pop(0) if answers else None
        return (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else None

    def _kept(self, question: str, answer: str) -> str:
        self.given.setdefault(question, []).append(answer)
        self.order.append(question)
        self.offered.pop(question, None)
        if self.path is not None:
            kept = {name: [*self.given.get(name, ()), *left] for name, left in self.held.items()}
            write(self.path, json.dumps({**self.given, **kept}, ensure_ascii=False, indent=1))
        return answer

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        """Take the answer if nothing is wrong with it, or ask."""
        told = self._told(question)
        told = default if told == "" else told  # as the key Enter does
        reason = wrong(told) if wrong and told is not None else None
        if told is not None and reason is None:
            return self._kept(question, told)
        if self.ask is not None:
            default = self.offered.get(question) or default
            return self._kept(question, self.ask.text(question, default=default, wrong=wrong))
        reason = (
            reason or (wrong("") if wrong else None) or (f"“{default}” is only offered" if default else "")
        )
        if reason:
            raise RefusalError(f'no answer to "{question}" is given that can be used: {reason}.')
        return ""

    def choice(self, question: str, options: Mapping[str, str], *, default: str = "") -> str:
        """Take the answer if it is one of the options, or ask."""
        told = self._told(question)
        if told is not None and told in options:
            return self._kept(question, told)
        if self.ask is not None:
            default = self.offered.get(question, default)
            return self._kept(question, self.ask.choice(question, options, default=default))
        named = "; ".join(f"{name} ({words})" for name, words in options.items())
        raise RefusalError(f'no answer to "{question}" is given. Answer with one of: {named}.')

    def yes(self, question: str, *, default: bool) -> bool:
        """Take the answer, or ask."""
        told = self._told(question)
        if told in {"yes", "no"}:
            return self._kept(question, told) == "yes"
        if self.ask is not None:
            default = self.offered.get(question, "yes" if default else "no") == "yes"
            return self._kept(question, "yes" if self.ask.yes(question, default=default) else "no") == "yes"
        return default


def answers_in(path: Path) -> dict[str, list[str]]:
    """Read a file of answers: a JSON object, by how questions begin an answer or a list of them.

    Raises
    ------
    RefusalError
        If it is none.
    """
    shape = 'Write it like {"Scores at that time": "final", "People in": ["38", "39"]}.'
    try:
        raw: Any = json.loads(path.read_bytes()[:LONGEST])
    except FileNotFoundError:
        raise RefusalError(f"{path}: there is no such file of answers.") from None
    except ValueError:
        raise RefusalError(f"{path}: this is no JSON. {shape}") from None
    if not isinstance(raw, dict):
        raise RefusalError(f"{path}: answers stand by their questions. {shape}")
    listed = {question: told if isinstance(told, list) else [told] for question, told in raw.items()}
    if any(isinstance(answer, dict | list | bool) for answers in listed.values() for answer in answers):
        raise RefusalError(f"{path}: an answer is a text or a number. {shape}")
    return {question: [str(answer) for answer in answers] for question, answers in listed.items()}


def draft_path(folder: Path, *about: str) -> Path:
    """Return where answers about a review are kept until its rows are written: outside of it."""
    from platformdirs import user_state_path

    digest = hashlib.sha256("\n".join((str(folder.resolve()), *about)).encode()).hexdigest()
    return user_state_path("livingmeta") / "drafts" / f"{folder.name}-{digest[:16]}.json"
