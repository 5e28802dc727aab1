"""The commands that change a review, or show what a change did."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import typer

from livingmeta.appraisal.changes import Move, growth, lead
from livingmeta.appraisal.extraction import disagreements
from livingmeta.audit.deduction import Fate, came_true, deduce
from livingmeta.audit.gaps import by_report, known_gap
from livingmeta.calls.opening import Opened, is_file
from livingmeta.calls.reviews import diff
from livingmeta.calls.writing import exported, figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.asking import keeping
from livingmeta.commands.opening import OF_FILES, hinted, opens, read_given, read_said
from livingmeta.commands.options import AsJson, Full, NewFavours, OutFolder, ReviewName, Shelf, listing
from livingmeta.commands.terminal import BACK, Terminal
from livingmeta.exchange.cells import are_columns
from livingmeta.exchange.exports import EXPORTS, left_behind
from livingmeta.exchange.imports import FILES, imported
from livingmeta.exchange.sheets import WORKBOOKS, changed_cells, read_sheet
from livingmeta.language import said
from livingmeta.living.adding import SIDES, Addition, planned, start
from livingmeta.living.dialogue import converse
from livingmeta.living.drafts import Draft, place_among, prospect
from livingmeta.living.forms import draft_of, form_csv, form_xlsx
from livingmeta.living.history import NOTHING, as_it_was, last_kept
from livingmeta.pages.blocks import as_markdown
from livingmeta.pages.changes import diff_page, evidence_line, lines, unchanged
from livingmeta.pages.deductions import fate_words
from livingmeta.pages.letter import letter
from livingmeta.pages.manuscript import PAPERS
from livingmeta.pages.phrases import interval
from livingmeta.review.folder import holds_review, load_review
from livingmeta.review.protocol import Review
from livingmeta.store import create, write
from livingmeta.synthesis.settings import headline_settings
from livingmeta.words import RefusalError, pick

MOST_CELLS = 8  # that changed, and are shown on a screen
SHEETS = {*FILES} - {".rm5", ".zip"}


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
    full: Full = False,
) -> None:
    """Add a trial or a result, by questions or from a filled form."""
    loaded = load_review(review)

    def added(draft: Draft, terminal: Terminal) -> bool:
        if second is not None:
            rows_again = [{**row, "extractor": second} for row in draft.pop("outcomes")]
            draft["second_extraction"] = rows_again
        return proposed(review, draft, dry_run=dry_run, yes=yes, out=out, full=full, terminal=terminal)

    if source is not None:
        sheet = read_sheet(Path(source))
        for remark in sheet.remarks:
            screen.echo(remark, err=True)
        added(draft_of(loaded, sheet), Terminal())
        return
    known = None if gap is None else known_gap(loaded, gap).gap
    screen.echo("Nothing is written before you say yes at the end; Ctrl-C leaves.")
    keeping(loaded, str(gap or ""), add=lambda ask, last: added(converse(loaded, ask, gap=known), last))


def proposed(
    name: str, draft: Draft, *, dry_run: bool, yes: bool, out: str | None, full: bool, terminal: Terminal
) -> bool:
    """Show what new rows would do, and write them if somebody says yes; say whether they are written."""
    with planned(name, draft) as plan:
        page = screen.Page(full=full)
        _show_prospect(page, plan)
        moves = diff(plan.before, plan.after)
        fates = came_true(deduce(plan.before), deduce(plan.after))
        _print_moves(page, moves, fates)
        rows = sum(len(rows) for rows in draft.values())
        files = ", ".join(path.name for path in plan.files)
        if dry_run:
            page.say(f"--dry-run: {rows} rows for {files}; nothing is written.")
            for path, (seen, text) in plan.files.items():
                page.gap()
                added = text[len(seen.decode()) :].rstrip("\r\n")
                page.say([f"{path.name}:", added], rank=2, what="file")
            page.show()
            return False
        page.show()
        back = f" ({BACK} goes back)" if terminal.back else ""
        if not yes and not terminal.yes(f"Write {rows} rows to {files}?{back}", default=False):
            screen.echo("Nothing is written.")
            return False
        home = plan.write()[0].parent
        screen.echo(f"Written: {rows} rows to {files}.")
        printing.whose(plan.folder, home)
        folder = Path(out or "figures") / plan.after.protocol.id
        page = screen.Page(full=full)
        _page(page, plan.after, moves, names=("before", "after"), folder=folder, fates=fates)
        page.say(f"Next: livingmeta check {name}, with --papers FOLDER where you hold the papers")
        page.show()
        return True


def _show_prospect(page: screen.Page, plan: Addition) -> None:
    """Show the new effects, where they lie, what is doubtful and what moves."""
    ahead = prospect(plan.before, plan.after)
    old = [apart.second for apart in disagreements(plan.before)]
    for apart in disagreements(plan.after):
        if apart.second not in old:
            mine, theirs = (value or "nothing" for value in apart.values)
            page.say(f"differs: {apart.column} is {mine} in outcomes.csv, and {theirs} here", rank=1)
    for pool, effect in ahead.effects:
        only = any(row.use == "sensitivity" for row in effect.rows)
        held = " (only in sensitivity analyses)" if effect.flags and only else ""
        page.gap()
        page.say(f"{effect.label} in {pool.title}{held}: {pool.measure} {interval(effect)}", what="effect")
        for step in effect.derivation:
            page.say(f"  – {step}", rank=3, what="step")
        page.say(f"  {place_among(pool, effect)}", rank=1)
    for effect in ahead.apart:
        page.gap()
        text = f"{effect.label}, pooled nowhere: {effect.measure} {interval(effect)}"
        page.say(text, rank=1, what="effect")
        for step in effect.derivation:
            page.say(f"  – {step}", rank=3, what="step")
    for line in ahead.unused:
        page.gap()
        page.say(f"no effect: {line}", rank=1, what="row without an effect")
    for doubt in ahead.doubts:
        page.gap()
        text = f"please check: {doubt}"
        short = shorten(text, 2 * page.width, placeholder=" …")
        page.say({1: short, 3: text}, bold=True, what="doubt")
    if (doubts := len(ahead.doubts)) > 1:
        page.say(f"{doubts} doubts: please check them.", brief=True, what="")
    page.gap()


def _print_moves(page: screen.Page, moves: Sequence[Move], fates: Sequence[Fate]) -> None:
    for move in moves:
        if not move.changed:
            continue
        page.section("change")
        first, before, after, *rest = lines(move)
        page.say(first, bold=True)
        page.say([before, after], rank=1, what="line")
        for line in rest:
            page.say(line, rank=3, what="line")
    page.section("")
    if same := unchanged(moves):
        page.say(same)
    for fate in fates:
        page.say(fate_words(fate), rank=1, what="deduction")


def _page(
    page: screen.Page,
    review: Review,
    moves: Sequence[Move],
    *,
    names: tuple[str, str],
    folder: Path,
    fates: Sequence[Fate] = (),
    cells: Sequence[str] = (),
) -> None:
    """Write picture and page of a change, and print the line for the changelog."""
    from livingmeta.figures.changes import changes_plot

    drawn = lead(moves)
    pictures = {}
    written = []
    if drawn is not None and drawn.after is not None:
        stages = growth(drawn.after, headline_settings(review))
        ax = changes_plot(moves, stages, title=drawn.name, names=names)
        pictures["diff"] = "diff.png"
        written += figure_files(folder / "diff", ax, "png", "svg")
    text = as_markdown(
        [diff_page(review, moves, names=names, fates=fates, cells=cells)], pictures=pictures, level=1
    )
    written.append(write(folder / "diff.md", text + "\n"))
    page.gap()
    page.say(f"{', '.join(str(path) for path in written)} written.")
    if review.file is None:
        page.say([said("diff.evidence"), evidence_line(review, moves)], rank=2, what="line")


@opens
def diff_command(
    opened: Opened,
    *,
    against: Annotated[
        str | None,
        typer.Option(metavar="REF|REVIEW|FILE", help="a commit [HEAD], another review or file, or nothing"),
    ] = None,
    out: OutFolder = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="print the page for a pull request, write nothing")
    ] = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Show what data and what methods moved since another state."""
    after, (before, name) = opened.review, _before(opened, against)
    moves, cells = diff(before, after), _cells(opened, against)
    fates = came_true(deduce(before), deduce(after))
    if as_json:
        from livingmeta.pages import documents

        return screen.json("diff", [documents.moved(move) for move in moves])
    if markdown:
        whole = diff_page(after, moves, names=(name, "now"), fates=fates, cells=cells)
        return screen.echo(as_markdown([whole], level=1))
    folder = opened.folder(out)
    page = screen.Page(full=full, where=str(folder / "diff.md"))
    if name == NOTHING != against:
        page.say("No commit of git has this review yet: it is compared with nothing, so that all is new.")
    page.say(cells[:MOST_CELLS], rank=1, what="")
    if len(cells) > MOST_CELLS:
        page.say(cells[MOST_CELLS:], rank=screen.NEVER, what="changed cell", number=len(cells) - MOST_CELLS)
    page.gap()
    _print_moves(page, moves, fates)
    _page(page, after, moves, names=(name, "now"), folder=folder, fates=fates, cells=cells)
    if opened.file is None:
        page.say(f"For a pull request, paste {folder / 'diff.md'} into its text.")
    return page.show()


def _cells(now: Opened, against: str | None) -> list[str]:
    """Say which cells of a table changed; nothing of what is no table on both sides."""
    if (
        now.file is None
        or against is None
        or not {now.file.suffix.lower(), Path(against).suffix.lower()} <= SHEETS
    ):
        return []
    said = {name: now.said[name] for name in ("sheet", "header_row") if name in now.said}
    sheets = []
    for path in (Path(against), now.file):
        asked = said if path.suffix.lower() in WORKBOOKS else {**said, "sheet": None}
        sheets.append(read_sheet(path, knows=are_columns, **asked))
    return changed_cells(*sheets)


def _before(now: Opened, against: str | None) -> tuple[Review, str]:
    """Open what a review or file is compared with, and name it; of one analysis on each side, these two."""
    if now.file is None and not is_file(against or ""):
        return (as_it_was(now.name, against), against) if against else last_kept(now.name)
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
        return replace(before, protocol=same), against
    if not {plan.id for plan in plans} & set(ids):
        raise RefusalError(
            f"--against {against}: no analysis is called as one of {now.name} is. There: "
            f"{', '.join(plan.id for plan in plans)}; here: {', '.join(ids)}."
        )
    return before, against


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
    full: Full = False,
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
    page = screen.Page(full=full)
    for folder, (files, review) in zip(folders, made, strict=True):
        page.section("review")
        for remark in files.remarks:
            page.say(f"  {remark}", rank=1, what="remark")
        then = "reproduce" if review.published else "run"
        page.say(f"{folder} written: livingmeta check {folder}; livingmeta {then} {folder}")
    page.show()


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
    full: Full = False,
) -> None:
    """Write it for metafor, RevMan, Word or Excel, or as data."""
    written = exported(opened, to, lang=lang, out=out)
    page = screen.Page(full=full, where=str(written[0].parent))
    for path in written:
        page.say(f"{path} written.", rank=1, what="file")
    page.show()
    if lost := left_behind(opened.review, to):
        screen.beside([lost])


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
            "Which effects favour group 1, the new treatment?",
            {
                "scales": "as each scale says, of which you are asked later: signs are turned so that "
                "those below 0 do",
                "lower": "those below 0, ratios below 1",
                "higher": "those above 0, ratios above 1",
                "unknown": "not known",
            },
            default="scales",
        )
    side = "unknown" if favours == "unknown" else SIDES.get(favours or "")
    start(folder, negative_favours=side)
    page = screen.Page(full=True)
    page.say(
        f"{folder} written. "
        + (
            ""
            if side
            else "Which effects favour group 1, the scales of the results will say, or negative_favours "
            "there; until then it is not known. "
        )
        + f"Say in {folder / 'review.toml'} what it asks and compares, what counts as "
        "short term, and which trials may be in it. Then, from a search: "
        f"livingmeta search {folder} --from FILE; from a paper: livingmeta read PAPER {folder}, or without "
        f"the file livingmeta add {folder}; at last: livingmeta check {folder}; livingmeta run {folder}"
    )
    page.show()


def letters(review: Review, *, out: str, full: bool) -> None:
    """Write a letter to the authors of each report with known gaps."""
    folder = Path(out) / review.protocol.id / "letters"
    written = [
        write(folder / f"{key}.md", as_markdown(letter(review, report, gaps)) + "\n")
        for key, (report, gaps) in by_report(review).items()
    ]
    page = screen.Page(full=full, where=str(folder))
    for path in written:
        page.say(str(path), rank=1, what="letter")
    number = f"{len(written)} {screen.plural(len(written), 'letter')}"
    page.say(f"{number}. Sign them, and send them yourself.")
    page.show()
