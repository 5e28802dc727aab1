"""Whether numbers are still what they were, and whether they are what others printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livingmeta import __version__
from livingmeta.commands import printing, screen
from livingmeta.commands.options import AsJson, ReviewName
from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.audit.lock import Verification


def verify(
    review: ReviewName,
    *,
    update: Annotated[
        bool, typer.Option("--update", help="write the new lock, and a line for the changelog")
    ] = False,
    why: Annotated[
        str | None, typer.Option(metavar="WORDS", help="why the numbers, data or methods changed")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute a review and compare with its lock; exit with 1 if anything is another."""
    from livingmeta.audit import lock
    from livingmeta.audit.results import results_of
    from livingmeta.review.folder import find, load_review
    from livingmeta.store import at_rest, current

    if update != bool(why and why.strip()):
        raise RefusalError(
            'verify: a new lock needs its reason, and only a new lock does: --update --why "…".'
        )
    folder, _ = find(review)
    path = folder / lock.NAME
    # rows, hashes and lock of one moment, though somebody writes
    new, raw = at_rest(
        folder,
        lambda: (
            lock.locked(results_of(load_review(review)), version=__version__, why=why or ""),
            current(path).read_bytes() if current(path).is_file() else None,
        ),
    )
    old = lock.held(raw, place=str(path)) if raw is not None else None
    if old is None and not update:
        raise RefusalError(
            f"{path}: this review has no lock yet. Write the first with "
            f'livingmeta verify {review} --update --why "first lock".'
        )
    found = lock.verified(old, new) if old is not None else None
    if as_json:
        from livingmeta.pages.documents import verified

        screen.json("verify", verified(new["review"], found))
    elif found is not None:
        _show(found, new["review"])
    if update and found is not None and found.same:
        typer.echo(f"{path} is up to date; nothing is written.", err=as_json)
    elif update:
        from livingmeta.pages.changelog import changelog_line

        told = changelog_line(old, new, found, why=why or "")
        _write(path, (raw or b"", lock.text(new)), *told, quiet=as_json)
    elif found is not None and not found.sound:
        if not as_json:
            typer.echo(f'If it is meant: livingmeta verify {review} --update --why "…"')
        raise typer.Exit(1)


def _show(found: Verification, review: str) -> None:
    from livingmeta.pages.changelog import lines

    words = {
        "data": "data changed",
        "method": "methods or protocol changed",
        "library": "another library or platform",
        "code": "another version of the program",
    }
    for kind, changed in found.changes.items():
        for line in changed:
            typer.echo(f"{words[kind]}: {line}")
    for line in lines(found.differences):
        typer.echo(line)
    moved = f"{len(found.differences)} of {found.compared} values are others"
    same = f"all {found.compared} values are those of the lock, to 1e-9"
    typer.echo(f"{review}: {moved if found.differences else same}.")


def _write(path: Path, change: tuple[bytes, str], part: str, line: str, *, quiet: bool) -> None:
    """Write the lock, and the line into the changelog of the checkout the review lies in."""
    from livingmeta.living.adding import owned
    from livingmeta.pages.changelog import with_line
    from livingmeta.store import replace_all

    home = owned(path.parent)
    printing.whose(path.parent, home, quiet=quiet)
    files = {home / path.name: change}
    changelog = home.resolve().parents[1] / "CHANGELOG.md"
    known = changelog.read_bytes() if changelog.is_file() else b""
    longer = with_line(known.decode(), part=part, line=line)
    if longer is None:
        where = f"{changelog} has no place for it; the line for {part} under Unreleased:"
    else:
        files[changelog] = (known, longer)
        where = f"{changelog}, {part}:"
    replace_all(files)
    for sentence in (f"{home / path.name} written.", where, line):
        typer.echo(sentence, err=quiet)
