"""What pages must, and must never, say in each language: the files of tests/pages/languages."""

import re
import tomllib
from pathlib import Path

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
    typed = r"`[^`]*`|livingmeta [a-z-]+|--[a-z-]+( trial)?|\w+_\w+"
    words = re.findall(r"[^\W\d_]+(?:['’][a-z]+)?", re.sub(typed, " ", text))
    found = {word.lower() for word in words if word == "I" or not (word.isupper() and len(word) > 1)}
    return (found & set(SENTENCES["en"]["words"])) - set(SENTENCES[code]["also_ours"])
