"""Writing new rows into a review: tried on a copy first, then all at once or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livingmeta.living.drafts import ORDER, Draft, appended
from livingmeta.review.folder import ReviewError, examine, find, load_review, reviews
from livingmeta.review.protocol import Review
from livingmeta.review.schema import OPTIONAL, columns
from livingmeta.store import copied, replace_all


@dataclass(frozen=True)
class Addition:
    """The files a draft would change, with what they hold now, and the review as it would be."""

    folder: Path
    files: Mapping[Path, tuple[bytes, str]]
    before: Review
    after: Review

    def write(self) -> list[Path]:
        """Write the files; refuse if one of them has changed since it was read."""
        return replace_all(self.files)


@contextmanager
def planned(name: str, draft: Draft) -> Iterator[Addition]:
    """Try a draft on a copy of a review.

    Raises
    ------
    ReviewError
        If the review with the new rows is wrong anywhere; the messages name the files where the
        rows would stand. Nothing is written.
    """
    folder = find(name)[0].resolve()
    before = load_review(name)
    files: dict[Path, tuple[bytes, str]] = {}
    for table in ORDER:
        if rows := draft.get(table):
            path = folder / f"{table}.csv"
            seen = path.read_bytes() if path.exists() else b""
            text = seen.decode() or ",".join(columns(OPTIONAL[table])) + "\n"
            files[path] = (seen, appended(text, rows, file=path.name))
    extended = before.protocol.extends
    neighbours = {}
    if extended:
        beside = folder.parent / extended
        neighbours = {extended: beside if beside.is_dir() else reviews()[extended]}
    changed = {path.name: text for path, (_, text) in files.items()}
    with copied(folder, neighbours=neighbours, changed=changed) as copy:
        after, problems = examine(copy, shown=find(name)[1])
        errors = [problem for problem in problems if problem.severity == "error"]
        if after is None or errors:
            raise ReviewError(errors or problems)
        yield Addition(folder, files, before, after)
