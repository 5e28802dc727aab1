"""Whether numbers are still what they were, and whether they are what others printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta import __version__
from livingmeta.commands import screen
from livingmeta.commands.options import AsJson, ReviewName
from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from livingmeta.audit.lock import Verification
    from livingmeta.exchange.collection import Rerun

SHOWN = 10  # largest deviations, and analyses that do not agree; --json has all


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
    from dataclasses import asdict

    from livingmeta.audit import lock
    from livingmeta.audit.results import results_of
    from livingmeta.review.folder import load_review

    if update != bool(why and why.strip()):
        raise RefusalError(
            'verify: a new lock needs its reason, and only a new lock does: --update --why "…".'
        )
    loaded = load_review(review)
    path = loaded.folder / lock.NAME
    old = lock.held(path.read_bytes(), place=str(path)) if path.is_file() else None
    if old is None and not update:
        raise RefusalError(
            f"{path}: this review has no lock yet. Write the first with "
            f'livingmeta verify {review} --update --why "first lock".'
        )
    new = lock.locked(results_of(loaded), version=__version__, why=why or "")
    found = lock.verified(old, new) if old is not None else None
    if as_json:
        screen.json(
            {"review": new["review"], "sound": found is None or found.sound,
             "compared": found.compared if found else 0,
             "differences": [asdict(one) for one in found.differences] if found else [],
             "changes": found.changes if found else {}}
        )  # fmt: skip
    elif found is not None:
        _show(found, new["review"])
    if update and found is not None and not (found.differences or any(found.changes.values())):
        typer.echo(f"{path} is up to date; nothing is written.", err=as_json)
    elif update:
        from livingmeta.pages.changelog import changelog_line

        told = changelog_line(old, new, found, why=why or "")
        _write(path, lock.text(new), *told, quiet=as_json)
    elif found is not None and not found.sound:
        if not as_json:
            typer.echo(f'If it is meant: livingmeta verify {review} --update --why "…"')
        raise typer.Exit(1)


def _show(found: Verification, review: str) -> None:
    from livingmeta.pages.changelog import lines

    words = {
        "data": "data changed", "method": "methods or protocol changed",
        "library": "another library or platform", "code": "another version of the program",
    }  # fmt: skip
    for kind, changed in found.changes.items():
        for line in changed:
            typer.echo(f"{words[kind]}: {line}")
    for line in lines(found.differences):
        typer.echo(line)
    moved = f"{len(found.differences)} of {found.compared} values are others"
    same = f"all {found.compared} values are those of the lock, to 1e-9"
    typer.echo(f"{review}: {moved if found.differences else same}.")


def _write(path: Path, text: str, part: str, line: str, *, quiet: bool) -> None:
    """Write the lock, and the line into the changelog of the checkout the review lies in."""
    from livingmeta.pages.changelog import with_line
    from livingmeta.store import write

    told: list[Any] = [f"{write(path, text)} written."]
    changelog = path.resolve().parents[2] / "CHANGELOG.md"
    known = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    longer = with_line(known, part=part, line=line)
    if longer is None:
        told.append(f"{changelog} has no place for it; the line for {part} under Unreleased:")
    else:
        told.append(f"{write(changelog, longer)}, {part}:")
    for one in [*told, line]:
        typer.echo(one, err=quiet)


def rerun(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="folder of reviews, RevMan files or tables")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Pool every analysis in a folder again and compare with what is printed there.

    Exit with 1 if a number differs and no reason is known; known is that RevMan Web's REML stops
    early, which moves a weight by up to 0.02 points.
    """
    from dataclasses import asdict
    from pathlib import Path

    from livingmeta.exchange.collection import rerun as reran
    from livingmeta.exchange.collection import sources

    found: list[Rerun] = []
    skipped: dict[str, str] = {}
    listed = sources(Path(folder))
    with screen.progress("Pooling") as progress:
        for place, source in enumerate(listed):
            # each source counts a thousand steps, since only some can say how far they are
            def told(done: int, steps: int, place: int = place) -> None:
                progress(1000 * place + 1000 * done // steps, 1000 * len(listed))

            try:
                pooled = reran(source, progress=told)
            except ValueError as refusal:
                skipped[source.name] = str(refusal)
            else:
                found += pooled
                if not pooled:
                    skipped[source.name] = "it prints no number to compare with."
            told(1, 1)
    if as_json:
        screen.json({"analyses": [asdict(one) for one in found], "skipped": skipped})
    else:
        _show_reruns(found, skipped)
    if any(one.unexplained for one in found):
        raise typer.Exit(1)


def _show_reruns(found: Sequence[Rerun], skipped: dict[str, str]) -> None:
    from collections import Counter
    from itertools import groupby

    from livingmeta.words import quantity_name

    console = screen.console()
    for file, group in groupby(found, key=lambda one: one.file):
        console.print(f"{file}: {_agreement(list(group))}")
    for file, refusal in skipped.items():
        console.print(f"{file}: skipped: {refusal}")
    off = [one for one in found if one.unexplained]
    for one in off[:SHOWN]:
        console.print(f"  {one.file}, {one.analysis}: {one.agreeing} of {one.rows} rows agree")
    if len(off) > SHOWN:
        console.print(f"  and {len(off) - SHOWN} more analyses that do not agree (--json has all)")
    deviations = sorted((two for one in found for two in one.deviations),
                        key=lambda two: (two.known is not None, -two.size))  # fmt: skip
    if deviations:
        console.print("Largest deviations, those that nobody can explain first:")
    for two in deviations[:SHOWN]:
        console.print(
            f"  {two.place}: {quantity_name(two.quantity)} printed {two.printed}, ours "
            f"{two.ours:.8g}, apart by {two.size:.2g} ({two.known or 'no reason is known'})"
        )
    reasons = Counter(reason for one in found for reason in one.skipped)
    for reason, number in reasons.most_common(SHOWN):
        console.print(f"  not compared, {number} times: {reason}")
    console.print(f"In all: {_agreement(found)}.")


def _agreement(found: Sequence[Rerun]) -> str:
    from collections import Counter

    from livingmeta.words import quantity_name

    rows = sum(one.rows for one in found)
    agreeing = f"{sum(one.agreeing for one in found):,} of {rows:,} rows agree"
    told = [f"{len(found):,} analyses, {agreeing if rows else 'no number that can be compared'}"]
    for quantity in dict.fromkeys(name for one in found for name in one.compared):
        compared = sum(one.compared.get(quantity, 0) for one in found)
        equal = sum(one.equal.get(quantity, 0) for one in found)
        told.append(f"{quantity_name(quantity)} {equal:,} of {compared:,}")
    known = Counter(two.known for one in found for two in one.deviations if two.known)
    told += [f"{number:,} more: {reason}" for reason, number in known.items()]
    return "; ".join(told)
