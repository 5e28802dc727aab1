"""Printing: documents for programs, tables and lines for people."""

import codecs
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import typer

from livingmeta.words import RefusalError, visible

# Signs that a stream may lack, and what stands for them there.
PLAIN = {
    **dict.fromkeys("−–—‑‐‒", "-"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’′", "'"),
    **dict.fromkeys("■●◆♦►▶•·", "*"),
    **dict.fromkeys("○◇", "o"),
    **{"…": "...", "×": "x", "±": "+/-", "∓": "-/+", "√": "sqrt ", "∞": "inf", "½": "1/2", "§": "section "},
    **{"≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "↑": "^", "†": "+", "‡": "++", "\xa0": " "},
    **{"Æ": "Ae", "æ": "ae", "Ø": "O", "ø": "o", "ł": "l"},
}
# JSON of the reviews that one file makes, until all are there.
_PARTS: ContextVar[dict[str, list[Any]] | None] = ContextVar("parts", default=None)
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def show_anything() -> None:
    """Let output and errors show every text: with plain signs where the stream has no others."""
    codecs.register_error("plain", _plainly)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="plain_ascii" if ascii_only else None, errors="plain")


def _ascii(name: str) -> codecs.CodecInfo | None:
    """Return ASCII by another name: into a stream of that name typer writes UTF-8 all the same."""
    if name != "plain_ascii":
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        incrementalencoder=known.incrementalencoder,
        incrementaldecoder=known.incrementaldecoder,
        name=name,
    )


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Say in plain signs what a stream can't show, as `codecs.register_error` asks for it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda power: "^" + power[0].translate(RAISED), text)
    return "".join(map(_plain, text)), error.end


def _plain(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":  # a byte of a path that is no UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    lowered = unicodedata.category(sign) in {"Lm", "No"}  # subscripts; else letters with marks
    bare = unicodedata.normalize("NFKD" if lowered else "NFD", sign).encode("ascii", "ignore").decode()
    greek = re.match(r"GREEK \w+ LETTER (?:FINAL )?(\w+)", unicodedata.name(sign, ""))
    if unicodedata.combining(sign):
        return ""
    unshown = sign.encode("ascii", "backslashreplace").decode()
    return PLAIN.get(sign) or bare or (greek[1].lower() if greek else unshown)


def json(command: str, document: object) -> None:
    """Print one JSON document, as `documents.DOCUMENTS` has it of a command."""
    from livingmeta.pages.documents import text

    parts = _PARTS.get()
    if parts is None:
        return document_text(text(command, document))
    if not isinstance(document, list):
        raise RefusalError(
            "the file holds several kinds of analyses, and --json prints one document: choose an "
            "analysis with --analysis."
        )
    parts.setdefault(command, []).extend(document)
    return None


@contextmanager
def one_document() -> Iterator[None]:
    """Let what is printed inside as JSON be one list."""
    parts: dict[str, list[Any]] = {}
    before = _PARTS.set(parts)
    try:
        yield
    finally:
        _PARTS.reset(before)
    for command, listed in parts.items():
        json(command, listed)


def document_text(text: str) -> None:
    """Print JSON; what the output can't show is escaped as JSON does it, and so stays what it is."""
    from json import dumps

    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    unshown = "[\x80-\x9f\ud800-\udfff]" if utf8 else r"[^\x00-\x7f]"
    typer.echo(re.sub(unshown, lambda sign: dumps(sign[0])[1:-1], text))


def console() -> Any:
    """Return a console that prints text as it is."""
    from rich.console import Console
    from rich.segment import Segment

    class Obeyed(Console):
        """A console that prints control characters of others, and obeys its own."""

        def render(self, *given: Any, **more: Any) -> Iterator[Segment]:
            for segment in super().render(*given, **more):
                text = segment.text if segment.control else visible(segment.text)
                yield Segment(text, segment.style, segment.control)

    return Obeyed(highlight=False, markup=False, soft_wrap=False)


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a line, in which a terminal finds nothing to obey."""
    typer.echo(visible(str(text)), err=err, nl=nl)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a callback that takes steps done and their number; after a second it shows a bar."""
    from time import monotonic

    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what)
    begun = monotonic()

    def step(done: int, steps: int) -> None:
        if monotonic() - begun > 1:
            bar.start()
        bar.update(task, completed=done, total=steps)

    try:
        yield step
    finally:
        bar.stop()
