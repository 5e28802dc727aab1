"""Whether numbers are still what they were, and whether they are what others printed."""

from pathlib import Path
from typing import Annotated

import typer

from livingmeta.audit import lock
from livingmeta.calls.reviews import beside_lock
from livingmeta.commands import printing, screen
from livingmeta.commands.options import AsJson, Full, ReviewName
from livingmeta.living.adding import owned
from livingmeta.living.history import written_by
from livingmeta.pages.changelog import changelog_line, verified_lines, with_line
from livingmeta.pages.documents import as_locked
from livingmeta.store import replace_all
from livingmeta.words import RefusalError


def verify_command(
    review: ReviewName,
    *,
    update: Annotated[
        bool, typer.Option("--update", help="write the new lock, and a line for the changelog")
    ] = False,
    why: Annotated[
        str | None, typer.Option(metavar="WORDS", help="why the numbers, data or methods changed")
    ] = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Say whether every number of a review is that of its lock.

    Exit with 1 if one is another.
    """
    if update != bool(why and why.strip()):
        raise RefusalError(
            'verify: a new lock needs its reason, and only a new lock does: --update --why "…".'
        )
    path, new, raw, verification = beside_lock(review, why=why or "")
    if verification is None and not update:
        raise RefusalError(
            f"{path}: this review has no lock yet. Write the first with "
            f'livingmeta verify {review} --update --why "first lock".'
        )
    old = lock.held(raw, place=str(path)) if raw is not None else None
    commit = written_by(path) if verification is not None else None
    if as_json:
        screen.json("verify", as_locked(new["review"], verification, commit=commit))
    elif verification is not None:
        page = screen.Page(full=full)
        page.say(f"{path}: {f'written by commit {commit}' if commit else 'no commit holds it yet'}.")
        *moved, sum_of = verified_lines(verification, review=new["review"])
        for line in moved:
            page.say(line, rank=1, what="line of what moved")
        page.say(sum_of)
        page.show()
    newest = old is not None and old.get("format", 1) == lock.LOCK_FORMAT
    if update and newest and verification is not None and verification.same:
        screen.echo(f"{path} is up to date; nothing is written.", err=as_json)
    elif update:
        part, line = changelog_line(old, new, verification, why=why or "")
        _write(path, (raw or b"", lock.lock_text(new)), part, line, quiet=as_json)
    elif verification is not None and not verification.sound:
        if not as_json:
            screen.echo(f'If it is meant: livingmeta verify {review} --update --why "…"')
        raise typer.Exit(1)


def _write(path: Path, change: tuple[bytes, str], part: str, line: str, *, quiet: bool) -> None:
    """Write the lock, and the line into the changelog of the checkout the review lies in."""
    home = owned(path.parent)
    printing.whose(path.parent, home, quiet=quiet)
    files = {home / path.name: change}
    changelog = home.resolve().parents[1] / "CHANGELOG.md"
    entries = changelog.read_bytes() if changelog.is_file() else b""
    longer = with_line(entries.decode(), part=part, line=line)
    if longer is None:
        where = "In one line, for a list of changes:"
        if changelog.is_file():
            where = f"{changelog} has no place for it; the line for {part} under Unreleased:"
    else:
        files[changelog] = (entries, longer)
        where = f"{changelog} has this line now, under {part}:"
    replace_all(files)
    for sentence in (f"{home / path.name} written.", where, line):
        screen.echo(sentence, err=quiet)
