"""The commands that change a review, or show what a change did."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from livingmeta.appraisal.changes import Move, diff, growth, lead
from livingmeta.audit.deduction import Fate, came_true, deduce
from livingmeta.calls.opening import Opened, is_file
from livingmeta.calls.writing import exported, figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import OF_FILES, hinted, opens, read_given, read_said
from livingmeta.commands.options import AsJson, NewFavours, OutFolder, ReviewName, Shelf, listing
from livingmeta.commands.terminal import Terminal
from livingmeta.exchange.exports import EXPORTS, left_behind
from livingmeta.exchange.imports import FILES, imported
from livingmeta.exchange.sheets import WORKBOOKS, read_sheet
from livingmeta.language import said
from livingmeta.living.adding import SIDES, Addition, planned, start
from livingmeta.living.dialogue import converse
from livingmeta.living.drafts import place_among, prospect
from livingmeta.living.forms import draft_of, form_csv, form_xlsx
from livingmeta.living.history import as_it_was
from livingmeta.pages.blocks import as_markdown
from livingmeta.pages.changes import diff_page, evidence_line, lines, unchanged
from livingmeta.pages.deductions import fate_words
from livingmeta.pages.letter import letter
from livingmeta.pages.manuscript import PAPERS
from livingmeta.pages.phrases import interval
from livingmeta.review.extraction import disagreements
from livingmeta.review.folder import holds_review, load_review
from livingmeta.review.gaps import by_report
from livingmeta.review.protocol import Review
from livingmeta.store import create, write
from livingmeta.synthesis.settings import headline_settings
from livingmeta.words import RefusalError, pick


def add_command(
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
    out: OutFolder = None,
) -> None:
    """Add a trial or a result, by questions or from a filled form."""
    loaded = load_review(review)
    if source is not None:
        sheet = read_sheet(Path(source))
        for remark in sheet.remarks:
            screen.echo(remark, err=True)
        draft = draft_of(loaded, sheet)
    else:
        if gap is not None and not 1 <= gap <= len(loaded.gaps):
            raise RefusalError(f"--gap {gap}: {review} has gaps 1 to {len(loaded.gaps)}.")
        screen.echo("Nothing is written before you say yes at the end; Ctrl-C leaves.")
        draft = converse(loaded, Terminal(), gap=loaded.gaps[gap - 1] if gap else None)
    if second is not None:
        rows_again = [{**row, "extractor": second} for row in draft.pop("outcomes")]
        draft["second_extraction"] = rows_again
    with planned(review, draft) as plan:
        _show_prospect(plan)
        moves = diff(plan.before, plan.after)
        _print_moves(moves)
        fates = came_true(deduce(plan.before), deduce(plan.after))
        _print_fates(fates)
        rows = sum(len(rows) for rows in draft.values())
        files = ", ".join(path.name for path in plan.files)
        if dry_run:
            screen.echo(f"--dry-run: {rows} rows for {files}; nothing is written.")
            for path, (seen, text) in plan.files.items():
                screen.echo(f"\n{path.name}:")
                screen.echo(text[len(seen.decode()) :].rstrip("\r\n"))
            return
        if not yes and not Terminal().yes(f"Write {rows} rows to {files}?", default=False):
            screen.echo("Nothing is written.")
            return
        home = plan.write()[0].parent
        screen.echo(f"Written: {rows} rows to {files}.")
        printing.whose(plan.folder, home)
        folder = Path(out or "figures") / plan.after.protocol.id
        _page(plan.after, moves, names=("before", "after"), folder=folder, fates=fates)


def _show_prospect(plan: Addition) -> None:
    """Show the new effects, where they lie, what is doubtful and what moves."""
    ahead = prospect(plan.before, plan.after)
    console = screen.console()
    old = [apart.second for apart in disagreements(plan.before)]
    for apart in disagreements(plan.after):
        if apart.second not in old:
            mine, theirs = (value or "nothing" for value in apart.values)
            console.print(f"differs: {apart.column} is {mine} in outcomes.csv, and {theirs} here")
    for pool, effect in ahead.effects:
        only = any(row.use == "sensitivity" for row in effect.rows)
        held = " (only in sensitivity analyses)" if effect.flags and only else ""
        console.print(f"\n{effect.label} in {pool.title}{held}: {pool.measure} {interval(effect)}")
        for step in effect.derivation:
            console.print(f"  – {step}")
        console.print(f"  {place_among(pool, effect)}")
    for effect in ahead.apart:
        console.print(f"\n{effect.label}, pooled nowhere: {effect.measure} {interval(effect)}")
        for step in effect.derivation:
            console.print(f"  – {step}")
    for line in ahead.unused:
        console.print(f"\nno effect: {line}")
    for doubt in ahead.doubts:
        console.print(f"\nplease check: {doubt}", style="bold")
    screen.echo()


def _print_moves(moves: Sequence[Move]) -> None:
    console = screen.console()
    for move in moves:
        if not move.changed:
            continue
        first, *rest = lines(move)
        console.print(first, style="bold")
        for line in rest:
            console.print(line)
    if same := unchanged(moves):
        screen.echo(same)


def _print_fates(fates: Sequence[Fate]) -> None:
    for fate in fates:
        screen.console().print(fate_words(fate))


def _page(
    review: Review, moves: Sequence[Move], *, names: tuple[str, str], folder: Path, fates: Sequence[Fate] = ()
) -> None:
    """Write picture and page of a change, and print the line for the changelog."""
    from livingmeta.figures.changes import changes_plot

    drawn = lead(moves)
    pictures = {}
    written = []
    if drawn is not None and drawn.after is not None:
        stages = growth(drawn.after, headline_settings(review))
        figure = changes_plot(moves, stages, title=drawn.name, names=names).figure
        pictures["diff"] = "diff.png"
        written += figure_files(folder / "diff", figure, "png", "svg")
    page = diff_page(review, moves, names=names, fates=fates)
    written.append(write(folder / "diff.md", as_markdown([page], pictures=pictures, level=1) + "\n"))
    screen.echo(f"\n{', '.join(str(path) for path in written)} written.")
    if review.file is None:
        screen.echo(said("diff.evidence"))
        screen.echo(evidence_line(review, moves))


@opens
def diff_command(
    opened: Opened,
    *,
    against: Annotated[
        str | None, typer.Option(metavar="REF|REVIEW|FILE", help="a commit [HEAD], or another review or file")
    ] = None,
    out: OutFolder = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="print the page for a pull request, write nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what data and what methods moved since another state."""
    after, before = opened.review, _before(opened, against)
    moves = diff(before, after)
    fates = came_true(deduce(before), deduce(after))
    if as_json:
        from livingmeta.pages import documents

        return screen.json("diff", [documents.moved(move) for move in moves])
    if markdown:
        page = diff_page(after, moves, names=(against or "HEAD", "now"), fates=fates)
        return screen.echo(as_markdown([page], level=1))
    _print_moves(moves)
    _print_fates(fates)
    _page(after, moves, names=(against or "HEAD", "now"), folder=opened.folder(out), fates=fates)
    return None


def _before(now: Opened, against: str | None) -> Review:
    """Open what a review or file is compared with; of one analysis on each side, these two."""
    if now.file is None and not is_file(against or ""):
        return as_it_was(now.name, against or "HEAD")
    if against is None or not (is_file(against) or holds_review(against)):
        raise RefusalError(
            f"{now.name} is a file, and no commit of it is looked up: --against says which other file or "
            "review it is compared with."
        )
    said = dict(now.said) if is_file(against) else {}
    if Path(against).suffix.lower() not in WORKBOOKS:
        said.pop("sheet", None)
    others = [other.review for other in read_given(against, said)]
    measure = now.review.protocol.methods.measure
    alike = [other for other in others if other.protocol.methods.measure == measure]
    if not alike:
        theirs = ", ".join(other.protocol.methods.measure for other in others)
        raise RefusalError(f"--against {against}: its effects are {theirs}, those of {now.name} {measure}.")
    before = alike[0]
    ids, plans = [plan.id for plan in now.review.protocol.synthesis], before.protocol.synthesis
    if len(plans) == len(ids) == 1:
        same = before.protocol.model_copy(update={"synthesis": (plans[0].model_copy(update={"id": ids[0]}),)})
        return replace(before, protocol=same)
    if not {plan.id for plan in plans} & set(ids):
        raise RefusalError(
            f"--against {against}: no analysis is called as one of {now.name} is. There: "
            f"{', '.join(plan.id for plan in plans)}; here: {', '.join(ids)}."
        )
    return before


def template_command(
    review: ReviewName,
    *,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="file to write, .csv or .xlsx")
    ] = None,
) -> None:
    """Write an empty form for new results, to fill in a spreadsheet."""
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
    screen.echo(f"{path} written. Fill it, then: livingmeta add {review} --from {path}")


@partial(hinted, hints=OF_FILES)
def import_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help=listing(FILES))],
    said: Mapping[str, Any],
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the new review")],
    *,
    shelf: Shelf = "data",
) -> None:
    """Make a review of a file, to keep and extend it."""
    _checked_name(name)
    made, hints = read_said(Path(file), said, lambda hints: imported(Path(file), name=name, hints=hints))
    own = dict.fromkeys(review.protocol.methods.measure for _, review in made)
    if hints.measure is not None and list(own) != [hints.measure]:
        raise RefusalError(
            f"{file} says itself what its effects are ({', '.join(own)}). Leave --measure out, and "
            "choose another measure with `livingmeta pool`."
        )
    folders = {Path(shelf) / files.name: files for files, _ in made}
    for folder in folders:
        _free(folder)
    create({folder: files.written for folder, files in folders.items()})
    for folder, files in folders.items():
        for remark in files.remarks:
            screen.echo(f"  {remark}")
        screen.echo(f"{folder} written: livingmeta check {folder}; livingmeta reproduce {folder}")


@opens
def export_command(
    opened: Opened,
    *,
    to: Annotated[str, typer.Option("--to", metavar="PROGRAM", help=listing([*EXPORTS, *PAPERS]))],
    lang: Annotated[str, typer.Option(metavar="LANG", help="of the words in a docx: en or nb")] = "en",
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="folder; figures/REVIEW/PROGRAM by default, and figures/REVIEW for docx and xlsx",
        ),
    ] = None,
) -> None:
    """Write it for metafor or RevMan, as a data package, or as tables of Word or Excel."""
    written = exported(opened, to, lang=lang, out=out)
    screen.echo(f"{', '.join(map(str, written))} written.")
    if lost := left_behind(opened.review, to):
        screen.echo(lost, err=True)


def _free(folder: Path) -> None:
    if folder.exists():
        raise RefusalError(f"{folder} exists already. Choose another name.")


def _checked_name(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name):
        raise RefusalError(
            f"NAME = {name!r}: a name is made of small letters, digits, _ . and -, like knee_2026."
        )


def new_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the new review's folder")],
    *,
    favours: NewFavours = None,
    shelf: Shelf = "data",
) -> None:
    """Start a review from the empty template."""
    _checked_name(name)
    if favours is not None:
        pick(SIDES, favours, "--favours")
    folder = Path(shelf) / name
    _free(folder)
    if favours is None and sys.stdin is not None and sys.stdin.isatty():
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
    screen.echo(
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
    folder = Path(out) / review.protocol.id / "letters"
    written = [
        write(folder / f"{key}.md", as_markdown(letter(review, report, gaps)) + "\n")
        for key, (report, gaps) in by_report(review).items()
    ]
    for path in written:
        screen.echo(path)
    screen.echo(f"{len(written)} letters. Sign them, and send them yourself.")
