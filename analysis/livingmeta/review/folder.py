"""Reading a review's folder: the only module that does."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livingmeta.review.files import (
    DEEP_KEY,
    DEEPEST,
    LARGEST_FILE,
    LARGEST_TOML,
    LONGEST_NAME,
    PAPERS,
    FileError,
    guarded,
    lines_of,
    raw_of,
    text_of,
    without_controls,
)
from livingmeta.review.protocol import FORMAT, SEARCH_LINES, Protocol, Review
from livingmeta.review.rules import across, decisions
from livingmeta.review.schema import (
    OPTIONAL,
    QUOTED,
    TABLES,
    CellError,
    Claim,
    Decision,
    Moderator,
    Outcome,
    Problem,
    Row,
    carries,
    columns,
    read_row,
)
from livingmeta.store import at_rest, current
from livingmeta.words import RefusalError, unknown, unread_format

TEMPLATE = "template"  # the empty review to copy
PACKAGED = Path(__file__).resolve().parents[1] / "data"  # what comes with an installed program
# What a review takes from none that it extends
OWN = frozenset({"published", "certainty", "searches", "records", "screening"})


class ReviewError(RefusalError):
    """A review that can't be used; `problems` says all that is wrong, each with its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def shelves() -> list[Path]:
    """List the folders in which a review is looked for by name, nearest first."""
    return [Path("data"), PACKAGED.parents[2] / "data", PACKAGED]


def reviews() -> dict[str, Path]:
    """Map the name of each review that can be found to its folder."""
    folders: dict[str, Path] = {}
    for shelf in shelves():
        for protocol in sorted(shelf.glob("[!.]*/review.toml")):  # not what is being made
            folders.setdefault(protocol.parent.name, protocol.parent)
    return folders


def questions() -> dict[Path, str]:
    """Map the folder of each review that can be found to its question, or to why it is not known."""
    asked = {}
    for name, folder in reviews().items():
        if name == TEMPLATE:
            continue
        try:
            declared = declarations(folder, name)
            asked[folder] = str(declared.get("question", "(review.toml states no question)"))
        except ValueError:  # not TOML, not UTF-8 or of a newer format: `check` says where
            asked[folder] = f"(review.toml can't be read: see livingmeta check {name})"
    return asked


def holds_review(folder: str | Path) -> bool:
    """Say whether a name or folder stands for a review, be it one that lacks its review.toml."""
    held = any(Path(folder, name).is_file() for name in ("review.toml", "outcomes.csv"))
    return held or str(folder) in reviews()


def find(review: str | Path) -> tuple[Path, str]:
    """Return the folder of a review and the name under which messages show it.

    Raises
    ------
    ReviewError
        If there is no such folder, or it is not a review.
    """
    path = Path(review)
    folders = reviews()
    if str(review) in folders and not (path / "review.toml").exists():
        return folders[str(review)], f"data/{review}"
    if path.is_dir():
        if (path / "review.toml").exists():
            return path, str(path)
        reason = "this folder is not a review: it has no review.toml"
        remedy = "Copy data/template, which has one, or name another folder."
    elif path.is_file():
        reason = "this is a file, and what is asked for belongs to a review's folder"
        remedy = f"Make a review of it: livingmeta import {shlex.quote(str(path))} NAME"
    else:
        reason = "there is no review of this name and no such folder"
        remedy = unknown("REVIEW", str(review), [n for n in folders if n != TEMPLATE])
    raise _refusal(str(review), reason, remedy)


def load_review(review: str | Path) -> Review:
    """Load a review by name or folder.

    Parameters
    ----------
    review : str or Path
        A folder, or a name looked for in ./data, in the checkout and in the installed package.

    Returns
    -------
    Review
        Its protocol, and the rows of each file as they stand there.

    Raises
    ------
    ReviewError
        If anything in the folder is wrong; `problems` holds all of it.

    References
    ----------
    data/README.md: what each file and column of a review may hold.

    Examples
    --------
    >>> load_review("smith2017").protocol.doi
    '10.1136/bjsports-2016-097383'
    """
    if not isinstance(review, str | Path):
        raise RefusalError(
            f"a {type(review).__name__} is no name or folder of a review: read_table makes one of a table."
        )
    return _usable(*examine(review))


def _usable(loaded: Review | None, problems: list[Problem]) -> Review:
    errors = [problem for problem in problems if problem.severity == "error"]
    if loaded is None or errors:
        raise ReviewError(errors)
    return loaded


def extended(review: Review) -> Review | None:
    """Load the review that another extends, None where it extends none."""
    name = review.protocol.extends
    return None if name is None else _extended(name, review.folder, review.folder.name, ())


def neighbours(review: Review) -> dict[str, Path]:
    """Map each review that another builds on to its folder, by its path from their shelf."""
    folders, base = {}, extended(review)
    while base is not None:
        folders[os.path.relpath(base.folder, review.folder.resolve().parent)] = base.folder
        base = extended(base)
    return folders


def examine(review: str | Path, *, shown: str | None = None) -> tuple[Review | None, list[Problem]]:
    """Read a review, by name or folder, and say everything that is wrong or doubtful about it.

    `shown` is the name of its folder in messages, where it is a copy of another. There is no
    review where a file could not be read at all.
    """
    return _examine(review, (), shown)


def _examine(
    review: str | Path, below: tuple[Path, ...], shown: str | None = None
) -> tuple[Review | None, list[Problem]]:
    """Examine a review; `below` are the folders of those that extend it."""
    try:
        folder, name = find(review)
    except ReviewError as error:
        return None, list(error.problems)
    return at_rest(folder, lambda: _read(folder, shown or name, below))


def _read(folder: Path, name: str, below: tuple[Path, ...]) -> tuple[Review | None, list[Problem]]:
    problems: list[Problem] = []
    tables: dict[str, tuple[Row, ...]] = {}
    base = protocol = None
    try:
        declared = declarations(folder, name)
        if "extends" in declared:
            base = _extended(str(declared["extends"]), folder, name, below)
        protocol = _protocol(declared, base, f"{name}/review.toml")
    except ReviewError as error:
        problems += error.problems
        toml = [problem for problem in problems if problem.file.endswith("review.toml")]
        if not toml or any(problem.column == "format" for problem in toml):
            return None, problems
    held = {table: model for table, model in OPTIONAL.items() if current(folder / f"{table}.csv").exists()}
    for table, model in {**TABLES, **held}.items():
        try:
            rows, wrong = _table(model, folder / f"{table}.csv", f"{name}/{table}.csv")
        except ReviewError as error:
            problems += error.problems
            continue
        problems += wrong
        inherited = getattr(base, table) if base is not None and table not in OWN else ()
        tables[table] = (*inherited, *rows)
    if protocol is None or not tables.keys() >= {**TABLES, **held}.keys():
        return None, problems
    if base is not None:
        tables |= {table: getattr(base, table) for table in OPTIONAL.keys() - held.keys() - OWN}
    loaded = Review(protocol=protocol, folder=folder, **tables)  # type: ignore[arg-type]
    problems += across(loaded)
    problems += _papers(folder, name)
    warnings = tuple(problem for problem in problems if problem.severity == "warning")
    return replace(loaded, warnings=warnings), problems


def _papers(folder: Path, name: str) -> Iterator[Problem]:
    """Yield papers that lie in the folder, which is passed on as a whole: few may be."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PAPERS:
            yield Problem(
                file=f"{name}/{path.relative_to(folder).as_posix()}",
                reason="a paper seems to lie in the folder of the review, which is published with all in it",
                remedy="Move it out: check --papers reads it anywhere, and keeps its hash alone.",
                severity="warning",
            )


def read_worksheet(review: Review, path: Path) -> tuple[str, tuple[Decision, ...]]:
    """Read a panel's worksheet that stands anywhere, by the rules of certainty.csv.

    Returned are the text and its rows; ReviewError is raised if anything in it is wrong.
    """
    rows, problems = _table(Decision, path, str(path))
    decided = tuple(row for row in rows if isinstance(row, Decision))
    if problems := [*problems, *decisions(review, decided)]:
        raise ReviewError(problems)
    return path.read_bytes().decode(), decided


def _extended(name: str, folder: Path, shown: str, below: tuple[Path, ...]) -> Review:
    """Load the review that another one, `shown` in messages, extends: one of its own shelf.

    A path that leaves the shelf would read, in the name of a stranger's review, what lies elsewhere.
    """
    file, shelf = f"{shown}/review.toml", folder.resolve().parent
    outside = name.startswith("/") or ".." in name.split("/") or set(name) & set("\\:")
    if outside or not name.strip("./") or len(name) > LONGEST_NAME or not name.isprintable():
        reason = "a review extends one that stands beside it or in a folder beside it, by its name"
        remedy = 'Write the name of that folder, such as "smith2017", or copy the review there.'
        raise _refusal(file, reason, remedy, column="extends", value=name)
    base = shelf / name
    if not (base / "review.toml").is_file():
        reason = "no review of this name stands beside the one that extends it"
        beside = [path.parent.name for path in sorted(shelf.glob("*/review.toml"))]
        others = [other for other in beside if other not in {TEMPLATE, folder.name}]
        remedy = unknown("extends", name, others) if others else "Copy its folder there."
        raise _refusal(file, reason, remedy, column="extends", value=name)
    through = (*below, folder.resolve())
    if base.resolve() in through:
        reason = "reviews extend each other in a circle"
        remedy = "Leave extends out of one."
        raise _refusal(file, reason, remedy, column="extends")
    return _usable(*_examine(base, through, str(Path(shown).parent / name)))


def _refusal(file: str, reason: str, remedy: str, **place: Any) -> ReviewError:
    return ReviewError([Problem(file=file, reason=reason, remedy=remedy, **place)])


def _text(path: Path, file: str, *, most: int = LARGEST_FILE) -> str:
    missing = ("the file is missing", "Copy it from data/template.")
    try:
        return text_of(raw_of(current(path), file, most=most, missing=missing), file)
    except FileError as error:
        raise ReviewError(error.problems) from None


def declarations(folder: Path, name: str) -> dict[str, Any]:
    """Return what a folder's review.toml says, as it stands there, if its format is one we read.

    ReviewError is raised if it can't be read, or is of a newer format; `name` is the folder's in
    the message.
    """
    file = f"{name}/review.toml"
    text = _text(folder / "review.toml", file, most=LARGEST_TOML)
    remedy = "Compare with the review.toml that livingmeta new NAME makes."
    if deep := DEEP_KEY.search(text):
        row = text.count("\n", 0, deep.start()) + 1
        raise _refusal(file, f"a key has more than {DEEPEST} parts", remedy, row=row)
    try:
        with guarded(file, "this is not valid TOML", remedy):
            declared = tomllib.loads(text)
        for words in _texts(declared):  # an escape of TOML may stand for what no file may hold
            without_controls(words, file)
    except FileError as error:
        raise ReviewError(error.problems) from None
    given = declared.get("format", 1)
    if unread := unread_format(given, FORMAT):
        raise _refusal(file, *unread, column="format", value=str(given))
    return declared


def _texts(declared: object) -> Iterator[str]:
    if isinstance(declared, dict):
        yield from declared
        declared = [*declared.values()]
    for inner in declared if isinstance(declared, list) else ():
        yield from _texts(inner)
    if isinstance(declared, str):
        yield declared


def _protocol(declared: dict[str, Any], base: Review | None, file: str) -> Protocol:
    shared = {"groups", "terms", "ties", "correlation", "not_accepted", "synthesis", "choice"}
    inherited = base.protocol.model_dump(include=shared, by_alias=True) if base else {}
    if base:
        own = declared.get("translation", {})
        theirs = base.protocol.translation
        both = {lang: {**theirs.get(lang, {}), **own.get(lang, {})} for lang in {*own, *theirs}}
        declared = {**declared, "translation": both}
    try:
        protocol = Protocol.model_validate({**inherited, **declared})
    except ValidationError as error:
        raise ReviewError(_declaration_problem(fault, file) for fault in error.errors()) from None
    twice = [key for key, n in Counter(p.id for p in protocol.synthesis).items() if n > 1]
    if twice:
        reason = f"two syntheses have the id {twice[0]}"
        raise _refusal(file, reason, "Choose another.", column="synthesis")
    for place, search in enumerate(protocol.search):
        if search.id in {other.id for other in protocol.search[:place]}:
            reason = f"two searches have the id {search.id}"
            raise _refusal(file, reason, "Choose another.", column="search")
        if search.source is None and search.note is None:
            reason = f"the search {search.id} does not say whose its words are"
            remedy = "Say the key of their source (source), or who made them (note)."
            raise _refusal(file, reason, remedy, column="search")
    for plan in protocol.synthesis:
        for name, terms in protocol.terms.items():
            if plan.term is not None and plan.term not in terms:
                reason = unknown("term", plan.term, terms)
                raise _refusal(file, reason, "", column=f"terms.{name}")
        if plan.term is not None and "default" not in protocol.terms:
            raise _refusal(file, "a term is used and none is defined", "Add [terms.default].")
    return protocol


def _place(names: Sequence[str | int]) -> str:
    """Say where in review.toml: of several of a name, which one, from 1."""
    return "".join(f" {name + 1}," if isinstance(name, int) else f".{name}" for name in names)[1:].replace(
        ",.", ", "
    )


def _declaration_problem(error: Any, file: str) -> Problem:
    reason, remedy = error["msg"], ""
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, CellError):
        reason, remedy = wrong.reason, wrong.remedy
    elif error["type"] == "literal_error":
        reason = f"choose one of {error['ctx']['expected']}"
    elif error["type"] == "missing":
        reason, remedy = "this is missing", "Compare with the review.toml that livingmeta new NAME makes."
        if error["loc"][0] == "search":
            named = [line for line in SEARCH_LINES.splitlines() if line.startswith(f"{error['loc'][-1]} ")]
            remedy = f"Write it like this: {' '.join(named[0].split())}"
    elif error["type"] == "extra_forbidden":
        reason, remedy = "nothing of this name is known", "Check the spelling."
    given = error["input"]
    return Problem(
        file=file,
        column=_place(error["loc"]),
        value=str(given) if isinstance(given, str | int | float) else None,
        reason=reason,
        remedy=remedy,
    )


def _table(model: type[Row], path: Path, file: str) -> tuple[list[Row], list[Problem]]:
    """Read one CSV, or refuse it where it has no usable header."""
    try:
        lines = lines_of(_text(path, file), file)
    except FileError as error:
        raise ReviewError(error.problems) from None
    start = next((i for i, line in enumerate(lines) if _filled(line)), None)
    if start is None:
        held = "copy it from data/template" if model in TABLES.values() else "or delete it"
        remedy = f"It needs at least its header: {held}."
        raise _refusal(file, "the file is empty", remedy)
    header = [name.strip() for name in lines[start]]
    _check_header(model, header, file, start + 1)
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines[start + 1 :], start=start + 2):
        if not _filled(line):
            continue
        if len(line) != len(header):
            reason = f"it has {len(line)} cells where the header has {len(header)} columns"
            remedy = "A comma inside a cell needs quote marks around the cell."
            problems += _refusal(file, reason, remedy, row=number).problems
            continue
        cells = {name: cell for name, cell in zip(header, line, strict=True) if cell}
        row, wrong = read_row(model, cells, file=file, row=number)
        problems += wrong
        if isinstance(row, Outcome | Claim | Moderator):
            problems += _unquoted(row, cells)
        if row is not None:
            rows.append(row)
    return rows, problems


def _check_header(model: type[Row], header: list[str], file: str, row: int) -> None:
    if len(header) == 1 and ";" in header[0]:
        reason = "the columns are separated by semicolons"
        raise _refusal(file, reason, "Save the file with commas between the columns.", row=row)
    fields = columns(model)
    extra = [name for name in header if name not in fields]
    wrong: list[Problem] = []
    for name, column in fields.items():
        if name not in header and name not in model.later:
            near = get_close_matches(name, extra, n=1)
            remedy = "Add it and fill it." if column.is_required() else "Add it; it may stay empty."
            remedy = f'Is "{near[0]}" meant?' if near else remedy
            wrong += _refusal(file, f"the column {name} is missing", remedy, row=row).problems
    for name, times in Counter(header).items():
        if times > 1:
            reason = f"{times} columns have this name" if name else "columns without a name"
            wrong += _refusal(file, reason, "Keep one.", row=row, column=name).problems
    if wrong:
        raise ReviewError(wrong)


def _filled(line: list[str]) -> bool:
    """Tell a row from a blank line or a comment (a first cell that begins with #)."""
    return any(cell.strip() for cell in line) and not line[0].lstrip().startswith("#")


def _unquoted(row: Outcome | Claim | Moderator, cells: dict[str, str]) -> Iterator[Problem]:
    """Yield numbers that the row's own quote does not show."""
    if row.quote is None:
        return
    if isinstance(row, Outcome):
        shown = [column for column in QUOTED if cells.get(column, "").strip()]
    elif isinstance(row, Moderator):
        shown = [] if row.number is None else ["value"]
    else:
        worded = {"certainty", "text", "count", "k", "n"}  # these may be printed as words
        shown = [] if row.quantity in worded else ["printed"]
    for column in shown:
        if not carries(row.quote, cells[column]):
            yield Problem(
                file=row.file,
                row=row.row,
                column=column,
                value=cells[column].strip(),
                reason="the quote does not show this number",
                remedy="Quote the words that carry it, or check the digits, with all zeros (0.40, not 0.4).",
            )
