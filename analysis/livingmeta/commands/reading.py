"""Commands that read the papers a person holds: their tables, and what of a review's gaps these close."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from livingmeta.audit.gaps import KnownGap, known_gap, known_gaps, report_of
from livingmeta.calls.living import fill, read_tables
from livingmeta.commands import screen
from livingmeta.commands.asking import keeping
from livingmeta.commands.editing import proposed
from livingmeta.commands.options import AsJson, Full, OutFolder, ReviewName, reviews_and_files
from livingmeta.commands.terminal import Terminal
from livingmeta.exchange.paper_tables import PaperCell, PaperTable, tables
from livingmeta.exchange.papers import open_paper
from livingmeta.living.answers import Answers, answers_in
from livingmeta.living.dialogue import Asker, converse
from livingmeta.living.drafts import Draft
from livingmeta.living.reading import Candidate, Closing, Picking, closings, offered_by
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Report
from livingmeta.words import RefusalError

MOST_COLUMNS = 7  # of a table that is shown for some of its cells
Pick = Annotated[
    list[str] | None,
    typer.Option("--pick", metavar="GROUP=CELLS", help="cells of group 1, 2 or difference: 1=2:r5c3+r5c4"),
]


def read_command(
    paper: Annotated[Path, typer.Argument(metavar="PAPER", help="a PDF, a JATS XML or an HTML page")],
    review: Annotated[
        str | None, typer.Argument(metavar="[REVIEW]", help="to add to", autocompletion=reviews_and_files)
    ] = None,
    *,
    gap: Annotated[
        int | None, typer.Option(metavar="N", help="fill known gap N of `livingmeta gaps`")
    ] = None,
    table: Annotated[int | None, typer.Option(metavar="N", help="show table N whole")] = None,
    pick: Pick = None,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="answers by how questions begin, as JSON")
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="list what may fill the gaps, and end")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show, and write nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="write without asking")] = False,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """List the tables of a paper, or add their numbers to a review."""
    if (only_list or as_json) and (pick or answers or dry_run or yes):
        raise RefusalError("--list and --json add nothing: leave out --pick, --answers, --dry-run and --yes.")
    if review is None and (gap is not None or pick or answers or only_list):
        raise RefusalError("--gap, --pick, --answers and --list need a REVIEW behind the paper.")
    if as_json:
        from livingmeta.pages import documents

        offered = _offered(paper, load_review(review), gap) if review else ()
        return screen.json("read", documents.paper_read(paper.name, _whole(paper, table), offered))
    if table is not None or review is None:
        _tables(paper, table, full=full)
    if review is None:
        return None
    loaded = load_review(review)
    if only_list:
        return _offer(loaded, _offered(paper, loaded, gap), gap)
    with screen.waiting(f"Reading {paper.name}"):
        (closing,) = closings(loaded, [open_paper(paper)])
    asked = None if gap is None else known_gap(loaded, gap)
    report = _first_report(loaded, closing) if closing.sure else None
    picks = dict(_picked(text) for text in pick or ())
    how = {"dry_run": dry_run, "yes": yes, "out": out, "full": full}
    added = _adding(review, loaded, closing, report, known=asked, picks=picks, how=how)
    if answers:
        added(Answers(answers_in(answers), ask=None), Terminal())
    else:
        keeping(loaded, closing.paper_sha256, add=added)
    return None


def fill_command(
    review: ReviewName,
    *,
    papers: Annotated[Path, typer.Option(metavar="FOLDER", help="that holds the papers")],
    only_list: Annotated[bool, typer.Option("--list", help="list what can be filled, and end")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="write without asking")] = False,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Fill the gaps of a review from a folder of papers."""
    if (only_list or as_json) and yes:
        raise RefusalError("--list and --json add nothing: leave out --yes.")
    with screen.progress("Reading papers") as progress:
        held = fill(review, papers=papers, progress=progress)
    if as_json:
        from livingmeta.pages import documents

        return screen.json("fill", documents.papers_held(held))
    screen.beside(held.remarks)
    page = screen.Page(full=full)
    rows = [
        (each.file, each.report_name, each.why, ", ".join(str(known.number) for known in each.gaps) or "–")
        for each in held
    ]
    page.table(("paper", "report", "how it is known", "gaps it may close"), rows, what="paper")
    closing = {known.number for each in held for known in each.gaps}
    every = len(load_review(review).gaps)
    said = f"{len(closing)} of {every} {screen.plural(every, 'gap')} may be closed with these papers."
    page.say(said if every else f"{review} has no known gaps.")
    if new := [each.file for each in held if each.record and not each.reports]:
        page.say(f"Found by a search, and no report yet: {', '.join(new)}. livingmeta read PAPER {review}")
    page.show()
    if not only_list:
        _one_after_the_other(review, held, yes=yes, out=out, full=full)
    return None


def _one_after_the_other(
    review: str, held: Sequence[Closing], *, yes: bool, out: str | None, full: bool
) -> None:
    """Go through papers and their gaps; a paper whose title alone speaks for it is asked for first."""
    terminal = Terminal()
    for closing in held:
        report = _first_report(load_review(review), closing)
        question = f"{closing.file}: is it this? {report.citation if report else ''}"
        if closing.gaps and not (closing.sure or terminal.yes(question, default=False)):
            continue
        for planned_gap in closing.gaps:
            loaded = load_review(review)
            known = known_gap(loaded, planned_gap.number)
            if known.filled:
                continue
            words = {"fill": "fill it now", "skip": "not this one", "stop": "no more today"}
            answer = terminal.choice(f"{closing.file}, gap {known}", words, default="fill")
            if answer == "stop":
                return
            if answer == "skip":
                continue
            how = {"dry_run": False, "yes": yes, "out": out, "full": full}
            added = _adding(review, loaded, closing, report, known=known, picks={}, how=how)
            keeping(loaded, closing.paper_sha256, add=added)


def _adding(
    name: str,
    review: Review,
    closing: Closing,
    report: Report | None,
    *,
    known: KnownGap | None,
    picks: dict[str, str],
    how: Mapping[str, Any],
) -> Callable[[Asker, Terminal], bool]:
    """Return what reads a paper with somebody and proposes the rows."""

    def added(ask: Asker, terminal: Terminal) -> bool:
        chosen = known or _chosen(ask, closing.gaps if report else ())
        draft = _read(ask, review, closing, report, chosen, picks)
        return proposed(name, draft, terminal=terminal, **how)

    return added


def _first_report(review: Review, closing: Closing) -> Report | None:
    return next((report for report in review.reports if report.report in closing.reports), None)


def _read(
    ask: Asker,
    review: Review,
    closing: Closing,
    report: Report | None,
    known: KnownGap | None,
    picks: dict[str, str],
) -> Draft:
    """Go through the dialogue of `add` with cells picked in a paper."""
    paper = closing.paper
    with screen.waiting(f"Reading the tables of {paper.path.name}"):
        found = tables(paper)
    if known is not None and report is None:
        hint = report_of(review, known.gap)
        if hint is not None and not ask.yes(f"Is {paper.path.name} this? {hint.citation}", default=False):
            raise RefusalError(
                f"{paper.path}: gap {known.number} is looked for in {hint.citation}. Name that paper, or "
                "leave --gap out for another result."
            )
        report = hint
    if known is not None and report is not None and report.trial != known.gap.trial:
        raise RefusalError(
            f"{paper.path}: this is {report.citation}, and gap {known.number} is one of {known.trial.label}."
        )
    record = next((record for record in review.records if record.record == closing.record), None)
    hand = Picking(paper, found, show=_show, picks=picks, report=report, record=record)
    return converse(review, ask, gap=known.gap if known else None, hand=hand)


def _chosen(ask: Asker, wanted: Sequence[KnownGap]) -> KnownGap | None:
    if not wanted:
        return None
    options = {**{str(one.number): str(one) for one in wanted}, "none": "another result"}
    answer = ask.choice("Which gap?", options)
    return next((one for one in wanted if str(one.number) == answer), None)


def _picked(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"\s*(1|2|difference)\s*=\s*(.+)", text)
    if match is None:
        raise RefusalError(
            f'--pick "{text}": say of which group the cells are: 1=2:r5c3, 2=… or difference=….'
        )
    return match[1], match[2]


def _whole(path: Path, number: int | None) -> Sequence[PaperTable]:
    """Return the tables of a paper, or the one that is asked for."""
    with screen.waiting(f"Reading {path.name}"):
        found = read_tables(path)
    meant = [table for table in found if number in {None, table.number}]
    if number is not None and not meant:
        raise RefusalError(
            f"--table {number}: {path} has none of this number. livingmeta read {path} lists what it has."
        )
    return meant


def _tables(path: Path, whole: int | None, *, full: bool) -> None:
    """List the tables of a paper that hold numbers, or show one."""
    found = _whole(path, whole)
    if whole is not None:
        return _show(found[0], ())
    page = screen.Page(full=full)
    rows = [
        (
            str(table.number),
            table.label or "–",
            str(table.page or "–"),
            str(len(table.numbers)) if table.cells else "not read",
            table.caption or "–",
            "; ".join(table.doubts) or "–",
        )
        for table in found
        if table.numbers or not table.cells
    ]
    page.table(
        ("table", "label", "page", "cells with numbers", "caption", "please check"), rows, what="table"
    )
    if not rows:
        page.say(f"{path}: no table with numbers is found.")
    page.say(f"One whole: livingmeta read {path} --table N", rank=1, what="")
    return page.show()


def _offered(paper: Path, review: Review, gap: int | None) -> list[Candidate]:
    (closing,) = closings(review, [open_paper(paper)])
    return offered_by(review, closing, gap=gap)


def _offer(review: Review, offered: Sequence[Candidate], gap: int | None) -> None:
    """Show the cells that may fill each gap, or the one that is asked for."""
    fitted = {candidate.gap for candidate in offered}
    listed = [known_gap(review, gap)] if gap else [k for k in known_gaps(review) if k.number in fitted]
    if not listed:
        screen.echo("No table names what the gaps look for." if review.gaps else "There are no known gaps.")
    for known in listed:
        screen.echo(f"\nGap {known}")
        own = [candidate for candidate in offered if candidate.gap == known.number]
        if not own:
            screen.echo("  No table names what is looked for.")
        for table in dict.fromkeys(candidate.table for candidate in own):
            _show(table, [candidate.cell for candidate in own if candidate.table is table])


def _show(table: PaperTable, cells: Sequence[PaperCell]) -> None:
    """Show cells of a table in their rows and columns, marked, or all of it; a place is row and column."""
    from rich.text import Text

    whole = not cells
    near = {cell.column for cell in cells} | set(range(1, table.stubs + 1))
    every = range(1, table.columns + 1)
    columns = [n for n in every if whole or table.columns <= MOST_COLUMNS or n in near]
    named = {table.row_headings(cell)[:1] for cell in cells}
    rows = []
    for row in range(1, table.rows + 1):
        held = [(cell, n) for n in columns if (cell := table.at(row, n))]
        heads = any(cell.heading for cell, _ in held) or {(cell.text,) for cell, _ in held} & named
        if not (whole or heads or row in {cell.row for cell in cells}):
            continue
        first = {n for cell, n in held if cell.row == row and n == max(cell.column, columns[0])}
        texts = {n: f"▶{cell.text}◀" if cell in cells else cell.text for cell, n in held if n in first}
        rows.append([f"r{row}", *(texts.get(n, "") for n in columns)])
    head = ["", *(f"c{n}" for n in columns)]
    screen.echo(f"\n{table}")
    for doubt in dict.fromkeys(doubt for cell in cells or table.numbers for doubt in table.doubts_of(cell)):
        screen.echo(f"  please check: {doubt}")
    for line in screen.table_lines(head, rows, max(screen.console().width, 24)):
        text = Text(line)
        text.highlight_regex("▶.*?◀", "bold reverse")
        screen.console().print(text, soft_wrap=True)
