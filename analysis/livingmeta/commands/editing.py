"""The commands that change a review, or show what a change did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livingmeta.commands import printing, screen
from livingmeta.commands.options import (
    EXPORTS_HELP,
    AsJson,
    FileFavours,
    Log,
    NewFavours,
    OutFolder,
    ReviewName,
    Shelf,
)
from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from livingmeta.appraisal.changes import Move
    from livingmeta.audit.deduction import Fate
    from livingmeta.living.adding import Addition
    from livingmeta.review.protocol import Review


def add(
    review: ReviewName,
    *,
    source: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="a filled template, CSV or XLSX")
    ] = None,
    gap: Annotated[
        int | None, typer.Option(metavar="N", help="fill known gap N of `livingmeta gaps`")
    ] = None,
    second: Annotated[
        str | None,
        typer.Option("--second", metavar="NAME", help="keep beside the first extraction, as NAME's"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show, and write nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="write without asking")] = False,
    out: OutFolder = "figures",
) -> None:
    """Add a trial or a result: by questions, or from a filled template."""
    from pathlib import Path

    from livingmeta.commands.terminal import Terminal
    from livingmeta.living.adding import planned
    from livingmeta.review.folder import load_review

    loaded = load_review(review)
    if source is not None:
        from livingmeta.exchange.sheets import read_sheet
        from livingmeta.living.forms import draft_of

        sheet = read_sheet(Path(source))
        for remark in sheet.remarks:
            typer.echo(remark, err=True)
        draft = draft_of(loaded, sheet)
    else:
        from livingmeta.living.dialogue import converse

        known = None
        if gap is not None:
            if not 1 <= gap <= len(loaded.gaps):
                raise RefusalError(f"--gap {gap}: {review} has gaps 1 to {len(loaded.gaps)}.")
            known = loaded.gaps[gap - 1]
        typer.echo("Nothing is written before you say yes at the end; Ctrl-C leaves.")
        draft = converse(loaded, Terminal(), gap=known)
    if second is not None:
        rows_again = [{**row, "extractor": second} for row in draft.pop("outcomes")]
        draft["second_extraction"] = rows_again
    with planned(review, draft) as plan:
        _show_prospect(plan)
        moves = _moves(plan)
        rows = sum(len(rows) for rows in draft.values())
        files = ", ".join(path.name for path in plan.files)
        if dry_run:
            typer.echo(f"--dry-run: {rows} rows for {files}; nothing is written.")
            for path, (seen, text) in plan.files.items():
                typer.echo(f"\n{path.name}:")
                typer.echo(text[len(seen.decode()) :].rstrip("\r\n"))
            return
        if not yes and not Terminal().yes(f"Write {rows} rows to {files}?", default=False):
            typer.echo("Nothing is written.")
            return
        home = plan.write()[0].parent
        typer.echo(f"Written: {rows} rows to {files}.")
        printing.whose(plan.folder, home)
        _page(plan.after, moves, names=("before", "after"), out=Path(out))


def _show_prospect(plan: Addition) -> None:
    """Show the new effects, where they lie, what is doubtful and what moves."""
    from livingmeta.living.drafts import place_among, prospect
    from livingmeta.pages.phrases import interval
    from livingmeta.review.extraction import disagreements

    found = prospect(plan.before, plan.after)
    console = screen.console()
    old = [one.second for one in disagreements(plan.before)]
    for one in disagreements(plan.after):
        if one.second not in old:
            mine, theirs = (value or "nothing" for value in one.values)
            console.print(f"differs: {one.column} is {mine} in outcomes.csv, and {theirs} here")
    for pool, effect in found.effects:
        only = any(row.use == "sensitivity" for row in effect.rows)
        held = " (only in sensitivity analyses)" if effect.flags and only else ""
        console.print(f"\n{effect.label} in {pool.title}{held}: {pool.measure} {interval(effect)}")
        for step in effect.derivation:
            console.print(f"  – {step}")
        console.print(f"  {place_among(pool, effect)}")
    for effect in found.apart:
        console.print(f"\n{effect.label}, pooled nowhere: {effect.measure} {interval(effect)}")
        for step in effect.derivation:
            console.print(f"  – {step}")
    for line in found.unused:
        console.print(f"\nno effect: {line}")
    for doubt in found.doubts:
        console.print(f"\nplease check: {doubt}", style="bold")
    typer.echo()


def _moves(plan: Addition) -> tuple[Move, ...]:
    from livingmeta.appraisal.changes import diff as compared

    moves = compared(plan.before, plan.after)
    _print_moves(moves)
    return moves


def _print_moves(moves: Sequence[Move]) -> None:
    from livingmeta.pages.changes import lines, unchanged

    console = screen.console()
    for move in moves:
        if not move.changed:
            continue
        first, *rest = lines(move)
        console.print(first, style="bold")
        for line in rest:
            console.print(line)
    if sentence := unchanged(moves):
        typer.echo(sentence)


def _page(
    review: Review, moves: Sequence[Move], *, names: tuple[str, str], out: Path, fates: Sequence[Fate] = ()
) -> None:
    """Write picture and page of a change, and print the line for the changelog."""
    from livingmeta.appraisal.changes import growth, lead
    from livingmeta.figures.changes import changes_plot
    from livingmeta.figures.files import figure_bytes
    from livingmeta.pages.changes import EVIDENCE_HEAD, evidence_line, markdown
    from livingmeta.store import write
    from livingmeta.synthesis.settings import headline_settings

    folder = out / review.protocol.id
    drawn = lead(moves)
    picture = None
    written = []
    if drawn is not None and drawn.after is not None:
        stages = growth(drawn.after, headline_settings(review))
        figure = changes_plot(moves, stages, title=drawn.title, names=names).figure
        picture = "diff.png"
        for kind in ("png", "svg"):
            written.append(write(folder / f"diff.{kind}", figure_bytes(figure, kind)))
    page = markdown(review, moves, names=names, picture=picture, fates=fates)
    written.append(write(folder / "diff.md", page))
    typer.echo(f"\n{', '.join(str(path) for path in written)} written.")
    typer.echo(EVIDENCE_HEAD)
    typer.echo(evidence_line(review, moves))


def diff(
    review: ReviewName,
    *,
    against: Annotated[
        str, typer.Option(metavar="REF|FOLDER", help="a commit, or another folder or name of a review")
    ] = "HEAD",
    out: OutFolder = "figures",
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="print the page for a pull request, write nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show each synthesis before and after: what the data moved, and what the methods moved."""
    from pathlib import Path

    from livingmeta.appraisal.changes import diff as compared
    from livingmeta.audit.deduction import came_true, deduce
    from livingmeta.living.history import as_it_was
    from livingmeta.pages.deductions import fate_words
    from livingmeta.review.folder import load_review

    after, before = load_review(review), as_it_was(review, against)
    moves = compared(before, after)
    fates = came_true(deduce(before), deduce(after))
    if as_json:
        from livingmeta.pages.documents import moved

        return screen.json("diff", [moved(move) for move in moves])
    if as_markdown:
        from livingmeta.pages.changes import markdown

        typer.echo(markdown(after, moves, names=(against, "now"), picture=None, fates=fates), nl=False)
        return None
    _print_moves(moves)
    for fate in fates:
        screen.console().print(fate_words(fate))
    _page(after, moves, names=(against, "now"), out=Path(out), fates=fates)
    return None


def template(
    review: ReviewName,
    *,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="file to write, .csv or .xlsx")
    ] = None,
) -> None:
    """Write an empty form for new results, with help in it, to fill in a spreadsheet."""
    from pathlib import Path

    from livingmeta.living.forms import form_csv, form_xlsx
    from livingmeta.review.folder import load_review
    from livingmeta.store import write

    loaded = load_review(review)
    path = Path(out or f"{loaded.protocol.id}_new_results.xlsx")
    if path.suffix.lower() not in {".csv", ".xlsx"}:
        raise RefusalError(f"--out {path}: end the name with .csv or .xlsx.")
    if path.exists():
        raise RefusalError(f"{path} exists already. Choose another name, or move it away.")
    # a byte order mark, so that a spreadsheet reads the umlauts
    content: str | bytes = "\ufeff" + form_csv(loaded)
    if path.suffix.lower() == ".xlsx":
        content = form_xlsx(loaded)
    write(path, content)
    typer.echo(f"{path} written. Fill it, then: livingmeta add {review} --from {path}")


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="rm5, CSV, zip or xlsx")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the new review")],
    *,
    measure: Annotated[
        str | None, typer.Option(metavar="NAME", help="of a table: what its effects are, HR, OR, RR, SMD, …")
    ] = None,
    log: Log = False,
    favours: FileFavours = None,
    shelf: Shelf = "data",
) -> None:
    """Make a review out of a RevMan file or package, an Excel sheet or a CSV."""
    from pathlib import Path

    from livingmeta.exchange.analyses import Declared
    from livingmeta.exchange.imports import imported
    from livingmeta.store import create

    _checked_name(name)
    said = Declared(measure=measure, log=log, favours=favours)
    made = imported(Path(file), name=name, declared=said)
    own = dict.fromkeys(review.protocol.methods.measure for _, review in made)
    if said.measure is not None and list(own) != [said.measure]:
        raise RefusalError(
            f"{file} says itself what its effects are ({', '.join(own)}). Leave --measure out, and "
            "choose another measure with `livingmeta pool`."
        )
    found = [one for one, _ in made]
    taken = [one.name for one in found if (Path(shelf) / one.name).exists()]
    if taken:
        raise RefusalError(f"{Path(shelf) / taken[0]} exists already. Choose another name.")
    create({Path(shelf) / one.name: one.files for one in found})
    for one in found:
        folder = Path(shelf) / one.name
        for remark in one.remarks:
            typer.echo(f"  {remark}")
        typer.echo(f"{folder} written: livingmeta check {folder}; livingmeta reproduce {folder}")


def export(
    review: ReviewName,
    *,
    to: Annotated[str, typer.Option("--to", metavar="PROGRAM", help=EXPORTS_HELP)],
    out: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="folder, figures/REVIEW/PROGRAM by default")
    ] = None,
) -> None:
    """Write a review for metafor, RevMan Web, or as a data package."""
    from pathlib import Path

    from livingmeta.exchange.exports import EXPORTS
    from livingmeta.review.folder import load_review
    from livingmeta.store import write
    from livingmeta.words import pick

    make = pick(EXPORTS, to, "--to")
    loaded = load_review(review)
    folder = Path(out) if out else Path("figures") / loaded.protocol.id / to
    written = [write(folder / name, text) for name, text in make(loaded).items()]
    typer.echo(f"{', '.join(str(path) for path in written)} written.")


def _checked_name(name: str) -> None:
    import re

    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name):
        raise RefusalError(
            f"NAME = {name!r}: a name is made of small letters, digits, _ . and -, like knee_2026."
        )


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the new review's folder")],
    *,
    favours: NewFavours = None,
    shelf: Shelf = "data",
) -> None:
    """Start a review from the empty template."""
    import sys
    from pathlib import Path

    from livingmeta.commands.terminal import Terminal
    from livingmeta.living.adding import SIDES, start
    from livingmeta.words import pick

    _checked_name(name)
    if favours is not None:
        pick(SIDES, favours, "--favours")
    folder = Path(shelf) / name
    if folder.exists():
        raise RefusalError(f"{folder} exists already. Choose another name.")
    if favours is None and sys.stdin.isatty():
        favours = Terminal().choice(
            "Which effects favour group 1?",
            {
                "lower": "those below 0, ratios below 1",
                "higher": "those above 0, ratios above 1",
                "scales": "as the scales say: signs are turned so that those below 0 do",
                "unknown": "not known",
            },
            default="unknown",
        )
    side = "unknown" if favours == "unknown" else SIDES.get(favours or "")
    start(folder, negative_favours=side)
    typer.echo(
        f"{folder} written. "
        + (
            ""
            if side
            else "Which effects favour group 1 is not stated there: it is not known, "
            "until the scales of the results say it, or negative_favours does. "
        )
        + f"Edit {folder / 'review.toml'}, then: livingmeta add {folder}; "
        f"livingmeta check {folder}; livingmeta pool {folder}"
    )


def letters(review: Review, *, out: str) -> None:
    """Write a letter to the authors of each report with known gaps."""
    from pathlib import Path

    from livingmeta.pages.blocks import as_markdown
    from livingmeta.pages.letter import letter
    from livingmeta.review.gaps import by_report
    from livingmeta.store import write

    folder = Path(out) / review.protocol.id / "letters"
    written = [
        write(folder / f"{key}.md", as_markdown(letter(review, report, gaps)) + "\n")
        for key, (report, gaps) in by_report(review).items()
    ]
    for path in written:
        typer.echo(path)
    typer.echo(f"{len(written)} letters. Sign them, and send them yourself.")
