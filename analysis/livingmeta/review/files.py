"""A user's files on their way in: regular ones of bounded size, and a sentence for each that is damaged.

Bounds are checked before a file is read, so that none of it can fill the memory or never end.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from livingmeta.review.schema import Problem
from livingmeta.words import CONTROLS, RefusalError, as_meant

# Cochrane's largest reviews are a tenth of these; docs/files.md states them.
LARGEST_FILE = 50_000_000  # bytes, of a file and of all that it unpacks to
LARGEST_TOML = 1_000_000  # bytes
DEEPEST = 50  # tables within tables of a TOML; the time to read them grows with the square
DEEP_KEY = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}""" % DEEPEST  # noqa: UP031
)
PAPERS = frozenset({".pdf", ".epub", ".nxml", ".xml", ".html", ".htm", ".xhtml"})  # what papers come as
LONGEST_NAME = 200  # characters of a column, or of a review's folder
MOST_ROWS = 100_000
MOST_COLUMNS = 1_000
MOST_CELLS = 1_000_000


class FileError(RefusalError):
    """A file that can't be read; `problems` says all that is wrong, each with its place."""

    def __init__(self, file: str, reason: str, remedy: str, *, row: int | None = None) -> None:
        self.problems = (Problem(file=file, row=row, reason=reason, remedy=remedy),)
        super().__init__(str(self.problems[0]))


@contextmanager
def guarded(file: str, fault: str, remedy: str) -> Iterator[None]:
    """Turn what a library raises at a damaged file into a refusal that says the fault and the remedy.

    Any exception is meant: zipfile, openpyxl, expat and tomllib raise some twenty kinds of their
    own and of their neighbours, and document few. Only their calls stand within.
    """
    try:
        yield
    except RefusalError:
        raise
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        why = said if len(said) <= 100 else f"{said[:100]}…"
        raise FileError(file, f"{fault} ({why})", remedy) from None


def raw_of(
    path: Path,
    file: str,
    *,
    most: int = LARGEST_FILE,
    missing: tuple[str, str] = ("there is no such file", "Check its name."),
) -> bytes:
    """Read a file as it is, if it is a regular one and not too large.

    Raises
    ------
    FileError
        Also for a device or a pipe, which may have no end; where there is none, with what
        `missing` says.
    """
    raw = None
    try:
        if path.is_file() or not path.exists():  # to open a pipe may take for ever
            with path.open("rb") as held:
                raw = held.read(most + 1)
    except FileNotFoundError:
        raise FileError(file, *missing) from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = f"the file can't be read ({getattr(error, 'strerror', None) or error})"
        raise FileError(file, reason, "Check what it is and who may read it.") from None
    if raw is None:
        raise FileError(file, "this is a folder, a pipe or a device", "Name a file with data in it.")
    if len(raw) > most:
        reason = f"the file is larger than {most / 1e6:g} MB"
        raise FileError(file, reason, "Keep in it what the review needs, or part it.")
    return raw


def text_of(raw: bytes, file: str, *, utf16: bool = False) -> str:
    """Decode a file: UTF-8, and UTF-16 where it says so and `utf16` allows it.

    Raises
    ------
    FileError
    """
    wide = utf16 and raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            file,
            f"the file is not UTF-{16 if wide else 8} (it holds a byte 0x{raw[error.start]:02X})",
            'Save it as "CSV UTF-8" or with the encoding UTF-8.',
            row=raw.count(b"\n", 0, error.start) + 1,
        ) from None
    if "\0" in text:
        raise FileError(file, "the file holds zero bytes, so it is not text", "Save it as CSV UTF-8.")
    without_controls(text, file, rows=True)
    return text


def without_controls(text: str, file: str, *, rows: bool = False) -> None:
    """Refuse a text with characters that no reader sees and a terminal obeys.

    Parameters
    ----------
    text, file : str
    rows : bool
        Whether the text is that of a file, so that the row can be said.

    Raises
    ------
    FileError
    """
    held = CONTROLS.search(text.replace("\r", " "))
    if held:
        reason = f"the file holds a control character (U+{ord(held[0]):04X}), which no reader can see"
        row = text.count("\n", 0, held.start()) + 1 if rows else None
        raise FileError(file, reason, "Delete it; it was copied with the words around it.", row=row)


def lines_of(text: str, file: str, *, mark: str = ",") -> list[list[str]]:
    """Part a CSV into its lines of cells.

    Raises
    ------
    FileError
        If it is no well-formed CSV, or has more rows, columns or cells than a review can have.
    """
    if text.count(mark) > MOST_CELLS:
        raise FileError(file, f"it holds more than {MOST_CELLS:,} cells", "Part the table.")
    try:
        lines = list(
            islice(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True), MOST_ROWS + 1)
        )
    except csv.Error as error:
        reason = f"this is not well-formed CSV ({error})"
        raise FileError(file, reason, "Look for a quote mark that is never closed.") from None
    bounded(file, rows=len(lines), columns=max(map(len, lines), default=0))
    return [[as_meant(cell) for cell in line] for line in lines] if "'" in text else lines


def bounded(file: str, *, rows: int = 0, columns: int = 0, cells: int = 0) -> None:
    """Refuse a table with more rows, columns or cells than a review can have.

    Raises
    ------
    FileError
    """
    for size, most, what in (
        (rows, MOST_ROWS, "rows"),
        (columns, MOST_COLUMNS, "columns"),
        (cells, MOST_CELLS, "cells"),
    ):
        if size > most:
            reason = f"the table has more than {most:,} {what}"
            raise FileError(file, reason, "Delete those that are empty, or part the table.")
