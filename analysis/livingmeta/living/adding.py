"""Writing new rows into a review: tried on a copy first, then all at once or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livingmeta.appraisal.extraction import NAMED, Disagreement, _text, disagreements
from livingmeta.living.drafts import ORDER, Draft, appended
from livingmeta.review.folder import PACKAGED, TEMPLATE, ReviewError, examine, find, load_review, neighbours
from livingmeta.review.protocol import Review
from livingmeta.review.schema import OPTIONAL, Row, columns
from livingmeta.store import ChangedError, contents, copied, create, replace_all
from livingmeta.words import RefusalError, inert

# negative_favours of review.toml, by which effects favour group 1
SIDES: Mapping[str, int] = {"lower": 1, "higher": 2}
EXTRACTIONS = ("first", "second")  # whose value may be right


@dataclass(frozen=True)
class Addition:
    """The files a draft would change, with what they hold now, and the review as it would be."""

    folder: Path
    files: Mapping[Path, tuple[bytes, str]]
    before: Review
    after: Review

    def write(self) -> list[Path]:
        """Write the files; refuse if one of them has changed since it was read.

        Those of a review that came with the program are written into a copy, as `owned` says.
        """
        home = owned(self.folder)
        return replace_all({home / path.name: change for path, change in self.files.items()})


def owned(folder: Path) -> Path:
    """Return the folder in which a review is written.

    One that came with an installed program stays as it is, since the next version replaces it: it
    is copied into the working folder, where it is found by name before the other, and what it
    extends beside it.

    Raises
    ------
    RefusalError
        If the working folder has one of that name already.
    """
    if not folder.resolve().is_relative_to(PACKAGED):
        return folder
    home = Path("data") / folder.name
    if home.exists():
        raise RefusalError(
            f"{folder} came with the program and is not written to, and {home} is there already: "
            "name that folder."
        )
    bases = {home.parent / name: path for name, path in neighbours(load_review(folder)).items()}
    missing = {there: path for there, path in bases.items() if not there.exists()}
    create({there: contents(path) for there, path in {home: folder, **missing}.items()})
    return home


@contextmanager
def planned(
    name: str, draft: Draft, *, corrections: Sequence[tuple[Row, str, str]] = ()
) -> Iterator[Addition]:
    """Try a draft, and new values of columns of rows that stand there, on a copy of a review.

    Raises
    ------
    ReviewError
        If the review with the new rows is wrong anywhere; the messages name the files where the
        rows would stand. Nothing is written.
    """
    folder = find(name)[0].resolve()
    before = load_review(name)
    files = {
        folder / f"{table}.csv": _longer(folder / f"{table}.csv", table, rows)
        for table in ORDER
        if (rows := draft.get(table))
    }
    for row, column, value in corrections:
        table = Path(row.file).stem
        path = folder / f"{table}.csv"
        if row not in getattr(before, table):
            raise ChangedError(
                f"{path}: somebody else changed row {row.row} meanwhile. Run the command again."
            )
        seen, text = files.get(path) or _longer(path, table, ())
        files[path] = (seen, corrected(text, row=row.row, column=column, value=value))
    changed = {path.name: text for path, (_, text) in files.items()}
    with copied(folder, neighbours=neighbours(before), changed=changed) as copy:
        after, problems = examine(copy, shown=find(name)[1])
        errors = [problem for problem in problems if problem.severity == "error"]
        if after is None or errors:
            raise ReviewError(errors or problems)
        yield Addition(folder, files, before, after)


def _longer(path: Path, table: str, rows: Sequence[Mapping[str, str]]) -> tuple[bytes, str]:
    """Return what a file holds now, and its text with more rows."""
    seen = path.read_bytes() if path.exists() else b""
    text = seen.decode() or ",".join(columns(OPTIONAL[table])) + "\n"
    return seen, appended(text, rows, file=path.name)


def settle(name: str, number: int, *, take: str | None, by: str | None, why: str | None) -> str:
    """Record how a disagreement of two extractions ended, and correct the row if need be.

    Parameters
    ----------
    name : str
        Of the review, or path to its folder.
    number : int
        Of the disagreement, as `livingmeta check` counts.
    take : str
        Whose value is right: first or second.
    by, why : str
        Who settled it, and why.

    Returns
    -------
    str
        What is settled, in words.

    Raises
    ------
    RefusalError
        If there is no such disagreement, if one of these is missing, or if the row is not one that
        this review may edit. Nothing is written.
    """
    open_cells = disagreements(load_review(name))
    if not 1 <= number <= len(open_cells):
        many = f"disagreements 1 to {len(open_cells)}" if open_cells else "no disagreement"
        raise RefusalError(f"--agree {number}: {name} has {many}.")
    if take not in EXTRACTIONS or not by or not why:
        needed = " or ".join(f"--take {which}" for which in EXTRACTIONS)
        raise RefusalError(f"--agree needs {needed}, --by NAME and --why WORDS.")
    cell = open_cells[number - 1]
    value = cell.values[0 if take == "first" else 1]
    folder, shown = find(name)
    record = folder / "agreements.csv"
    row = agreement_row(cell, settled=value, who=by, why=why)
    files = {record: _longer(record, "agreements", [row])}
    if take == "second":
        if cell.first is None:
            raise RefusalError(
                "outcomes.csv has no such row: add it there with `livingmeta add`, not --agree."
            )
        if cell.first.file != f"{shown}/outcomes.csv":
            raise RefusalError(
                f"the row stands in {cell.first.file}, which {name} extends and never edits: "
                "settle it in that review."
            )
        outcomes = folder / "outcomes.csv"
        held = outcomes.read_bytes()
        text = corrected(held.decode(), row=cell.first.row, column=cell.column, value=value or "")
        files = {outcomes: (held, text), **files}
    home = owned(folder)
    replace_all({home / path.name: change for path, change in files.items()})
    copy = "" if home == folder else f" It stands in {home}, a copy: {folder} came with the program."
    return f"settled: {cell.column} is {value or 'not reported'} ({by}: {why}).{copy}"


def start(folder: Path, *, negative_favours: int | str | None) -> None:
    """Write the empty template as a new review.

    Parameters
    ----------
    folder : Path
        Where; its name is the review's id.
    negative_favours : int or str, optional
        Group that an effect below 0 favours, or "unknown". Not stated it is not known, until each
        result has a scale of which `add` asked what is better.
    """
    import tomlkit

    files = {}
    for path in sorted(find(TEMPLATE)[0].iterdir()):
        if path.suffix not in {".csv", ".toml"}:
            continue
        text = path.read_text(encoding="utf-8")
        if path.name == "review.toml":
            protocol = tomlkit.parse(text)
            title = f"The review {folder.name}: say what it asks, then `livingmeta add {folder}`."
            protocol.body[0] = (None, tomlkit.comment(title))
            protocol["id"] = folder.name
            if negative_favours is not None:
                groups = tomlkit.table()  # with the new line behind the names, not the next comment
                for key, item in protocol["groups"].value.body:
                    groups.add(key, item) if key else groups.add(item)
                    if key == "2":
                        groups.add("negative_favours", negative_favours)
                protocol["groups"] = groups
            text = tomlkit.dumps(protocol)
        files[path.name] = text
    create({folder: files})


def agreement_row(disagreement: Disagreement, *, settled: str | None, who: str, why: str) -> dict[str, str]:
    """Return the cells of agreements.csv that record how a disagreement ended."""
    return {
        **{name: _text(disagreement.second, name) or "" for name in NAMED},
        "column": disagreement.column,
        "first": disagreement.values[0] or "",
        "second": disagreement.values[1] or "",
        "settled": settled or "",
        "who": who,
        "why": why,
    }


def corrected(text: str, *, row: int, column: str, value: str) -> str:
    r"""Change one cell of a CSV text and leave every other byte as it is.

    Rows are counted as a spreadsheet counts records, from 1.

    Examples
    --------
    >>> corrected('trial,n,note\r\na,30,"x, y"\r\n', row=2, column="n", value="31")
    'trial,n,note\r\na,31,"x, y"\r\n'
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).splitlines(keepends=True)
    reader = csv.reader(iter(lines))
    names: list[str] = []
    start = 0
    for number, cells in enumerate(reader, start=1):
        if not names and any(cells) and not cells[0].lstrip().startswith("#"):
            names = [name.strip() for name in cells]
        if number == row:
            ends = lines[reader.line_num - 1]
            end = ends[len(ends.rstrip("\r\n")) :]
            new = [*cells, *[""] * (len(names) - len(cells))]
            new[names.index(column)] = inert(value)
            held = io.StringIO()
            csv.writer(held, lineterminator=end).writerow(new)
            return mark + "".join([*lines[:start], held.getvalue(), *lines[reader.line_num :]])
        start = reader.line_num
    raise RefusalError(f"there is no row {row}.")
