"""What pages must, and must never, say in each language: the files of tests/pages/languages."""

import csv
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from folders import ROOT
from livingmeta.language import LANGUAGES

SENTENCES = {
    code: tomllib.loads(
        (Path(__file__).parent / "pages" / "languages" / f"{code}.toml").read_text(encoding="utf-8")
    )
    for code in LANGUAGES
}


def says(text: str, claim: str, code: str, **values: int) -> bool:
    """Ask whether a text in this language makes a claim, of which `values` are the numbers."""
    pattern = SENTENCES[code][claim]
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", str(value))
    return bool(re.search(pattern, text, re.IGNORECASE if claim == "never" else 0))


def english(text: str, code: str) -> set[str]:
    """The English words in a text that should be in another language.

    What is typed at a terminal is the same in all; what a language shares with English is in its file.
    """
    typed = r"`[^`]*`|[\w/]+\.(csv|toml)|livingmeta [a-z-]+|--[a-z-]+( trial)?|\w+_\w+"
    words = re.findall(r"[^\W\d_]+(?:['’][a-z]+)?", re.sub(typed, " ", text))
    found = {word.lower() for word in words if word == "I" or not (word.isupper() and len(word) > 1)}
    return (found & set(SENTENCES["en"]["words"])) - set(SENTENCES[code]["also_ours"])


class Texts(HTMLParser):
    """The texts of a page, and of the pictures on it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.pictures: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "br", "img", "hr", "input"}:
            self.open.append(tag)
        if tag == "svg":
            self.pictures.append("")
        named = {"title", "alt", "aria-label", "placeholder"}
        self.texts += [value for name, value in attrs if name in named and value]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "svg" in self.open:
            self.pictures[-1] += f" {data}"  # a note there is broken into lines
        elif not {"style", "script", "code"} & set(self.open):
            self.texts.append(data)


def plain(text: str) -> str:
    """A text without what pages change in it: minus signs and blanks."""
    return " ".join(text.replace("−", "-").replace("\\", "").split())


def strings(value: object) -> Iterator[str]:
    """All strings in what a TOML file holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@cache
def of_files() -> tuple[str, ...]:
    """All that stands in the files of the reviews, the longest first: what a page quotes."""
    held: set[str] = set()
    for path in (ROOT / "data").glob("*/*"):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                held.update(cell for row in csv.reader(file) for cell in row)
        elif path.suffix == ".toml":
            held.update(strings(tomllib.loads(path.read_text(encoding="utf-8"))))
    return tuple(sorted({plain(text) for text in held if len(text) > 3}, key=len, reverse=True))


def english_of_ours(text: str, code: str) -> set[str]:
    """The English words in a text of a page in another language, but for what it quotes."""
    text = plain(re.sub("“[^”]*”|«[^»]*»", " ", text))
    if not english(text, code):
        return set()
    for quoted in of_files():
        if quoted in text:
            text = re.sub(rf"(?<!\w){re.escape(quoted)}(?!\w)", " ", text)
    return english(text, code)
