"""Finding the next trial: asking databases, and deciding what belongs."""

import sys
from collections.abc import Sequence
from datetime import date
from shlex import quote
from typing import Annotated

import typer

from livingmeta.appraisal.flow import counted
from livingmeta.calls.living import screen as screened
from livingmeta.calls.living import search
from livingmeta.commands import screen
from livingmeta.commands.options import Full, ReviewName
from livingmeta.commands.terminal import Terminal
from livingmeta.living.records import as_reference, identity, kept_abstracts
from livingmeta.living.screening import Session, criteria_of, likest, waiting
from livingmeta.living.searching import Searched
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Screening, SearchRecord
from livingmeta.review.screening import FULL_TEXT, STAGES, TITLE, unreported
from livingmeta.words import RefusalError, visible

KEYS = {"i": "include", "u": "unsure", "n": "not retrieved"}
NO_ABSTRACT = "(no abstract is kept here: look it up by its number)"
BESIDE = 100  # columns of a terminal in which the criteria have room beside a record


def search_command(
    review: ReviewName,
    *,
    only: Annotated[
        str | None, typer.Option(metavar="ID", help="only this [[search]] of review.toml")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE", help="what a database exports: RIS, MEDLINE, BibTeX, PubMed's CSV"
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="database that the FILE is from, where no [[search]] says it"),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="first day; by default where the last whole run ended")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="last day [today]; of a file its export")
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option(metavar="MAIL", envvar="LIVINGMETA_CONTACT", help="tell the databases whom to write to"),
    ] = None,
    full: Full = False,
) -> None:
    """Ask databases for new records, or read what they export.

    Exit with 1 if not all came: what came is kept, and the next run goes on.
    """
    with screen.progress("Asking databases" if file is None else file) as progress:
        done = search(
            review,
            only=only,
            file=file,
            database=database,
            since=since,
            until=until,
            contact=contact,
            progress=progress,
        )
    page = screen.Page(full=full)
    for run in done:
        _tell_run(page, run)
    after = load_review(review)
    held = counted(after)
    then = f"{held.waiting} to screen: livingmeta screen {review} --by NAME"
    every = len(after.records)
    page.say(
        f"{after.folder / 'records.csv'}: {every} {screen.plural(every, 'record')}, {held.removed} of them "
        f"duplicates or known reports, {then if held.waiting else 'none to screen'}"
    )
    page.show()
    if any(run.trouble for run in done):
        raise typer.Exit(1)


def _tell_run(page: screen.Page, done: Searched) -> None:
    """Say what a search brought, each merge, and what a person has to look at."""
    page.section("search")
    page.say(str(done))
    if done.trouble:
        page.say(f"  not all came: {done.trouble}. What came is kept; the same command goes on.", bold=True)
    for remark in done.remarks:
        page.say(f"  {remark}", rank=1, what="remark")
    for merge in done.merges:
        page.say(f"  merged: {merge}", rank=1, what="merge")
    for doubt in done.doubts:
        page.say(f"  {doubt}", rank=2, what="pair to look at")
    if done.doubts:
        page.say("  If two are one: key d of livingmeta screen says so.", rank=2, what="remark")
    page.section("")


def screen_command(
    review: ReviewName,
    *,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="who decides; asked where nobody is named")
    ] = None,
    stage: Annotated[str, typer.Option(metavar="|".join(STAGES), help="what was read")] = TITLE,
    unseen: Annotated[bool, typer.Option("--unseen", help="only what nobody decided yet")] = False,
    settle: Annotated[
        bool, typer.Option("--settle", help="only what people decided differently, to settle it")
    ] = False,
    again: Annotated[
        str | None, typer.Option(metavar="RECORD", help="only this one, to decide it anew")
    ] = None,
    decisions: Annotated[
        str | None,
        typer.Option(
            "--from", "--decide", metavar="FILE", help="decisions made elsewhere: CSV, or RIS with labels"
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="FILE.ris", help="write all records, to decide elsewhere")
    ] = None,
    full: Full = False,
) -> None:
    """Decide which records belong, by one key; each is kept at once."""
    done = screened(review, decisions, by=by, stage=stage, to=to)
    for remark in done.remarks:
        screen.echo(remark)
    if to is not None:
        screen.echo(f"{to} written. Decide there, then: livingmeta screen {review} --from FILE --by NAME")
    elif decisions is None:
        if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
            raise RefusalError(
                "Records are screened at a terminal. Without one: --to FILE.ris writes them for another "
                "program, and --from FILE reads what was decided (RIS with labels, or a CSV with record and "
                "decision)."
            )
        by = _sit(load_review(review), review, by=by, stage=stage, unseen=unseen, settle=settle, again=again)
    _tell_state(load_review(review), review, by=by, full=full)


def _sit(
    loaded: Review, review: str, *, by: str | None, stage: str, unseen: bool, settle: bool, again: str | None
) -> str:
    """Show one record after the other, write what the key says, and return who decided."""
    terminal = Terminal()
    criteria = criteria_of(loaded)
    name = by or terminal.text("Who decides", wrong=lambda text: None if text.strip() else "this is needed")
    queue = waiting(loaded, stage=stage, by=name, unseen=unseen, settle=settle, again=again)
    if again:  # who settled it settles it anew
        settle |= any(row.by == name and row.settles for row in queue[0].decisions.get(stage, ()))
    abstracts = kept_abstracts(loaded)
    session = Session(review, by=name, stage=stage, day=date.today().isoformat(), settle=settle)
    reasons = [*loaded.protocol.screening.reasons]
    place = 0
    while place < len(queue):
        standing = queue[place]
        abstract = abstracts.get(identity(as_reference(standing.record))) or NO_ABSTRACT
        others = standing.decisions.get(stage, ()) if settle or again else ()
        _show(standing.record, f"{place + 1} of {len(queue)}", abstract, criteria, others)
        more = ", n not retrieved" if stage == FULL_TEXT else ""
        terminal.say(f"i include, e exclude (then why), u unsure{more}, d duplicate, s skip, z undo, q quit")
        match _key():
            case "q":
                break
            case "z":
                place -= session.undo()
            case "s":
                session.skip()
                place += 1
            case "e" if (reason := _reason(terminal, reasons, needed=stage == FULL_TEXT)) is not None:
                session.decide(standing.record.record, "exclude", reason)
                place += 1
            case "d" if main := _same(terminal, load_review(review), standing.record.record):
                session.merge(standing.record.record, main)
                place += 1
            case key if key in KEYS and (key != "n" or stage == FULL_TEXT):
                session.decide(standing.record.record, KEYS[key])
                place += 1
            case _:
                continue
    if not queue:
        terminal.say(f"Nothing is left to decide for {name} at this stage.")
    if any(session.written):
        at = "" if stage == TITLE else f" --stage {quote(stage)}"
        terminal.say(
            f"A decision made anew: livingmeta screen {review} --by {quote(name)}{at} --again RECORD"
        )
    return name


def _key() -> str:
    try:
        return typer.getchar().lower()
    except EOFError:
        return "q"


def _same(terminal: Terminal, review: Review, record: str) -> str:
    """Ask which other record it is; "" where it is none of them."""
    options = {
        each.record: ". ".join(filter(None, (each.title, each.authors, each.journal, str(each.year or ""))))
        for each in likest(review, record)
    }
    return terminal.choice("Which record is it, too?", {**options, "": "none of these: back"})


def _reason(terminal: Terminal, reasons: list[str], *, needed: bool) -> str | None:
    """Ask why, by one key; None where somebody changed their mind."""
    numbered = ", ".join(f"{number} {reason}" for number, reason in enumerate(reasons, start=1))
    terminal.say(
        f"Why? {numbered}, t type it" + ("" if needed else ", Enter no reason") + "; any other key: back"
    )
    key = _key()
    if key.isdigit() and 1 <= int(key) <= len(reasons):
        return reasons[int(key) - 1]
    if key == "t":
        wrong = "a report that was read is excluded for a reason"
        return terminal.text("Why", wrong=lambda text: wrong if needed and not text.strip() else None)
    return "" if key in {"\r", "\n"} and not needed else None


def _show(
    record: SearchRecord, place: str, abstract: str, criteria: Sequence[str], said: Sequence[Screening]
) -> None:
    """Show a record, what others decided of it, and the protocol's criteria beside it."""
    from rich.table import Table
    from rich.text import Text

    out = screen.console()
    about = ". ".join(filter(None, (record.authors, record.journal, str(record.year or ""))))
    numbers = {
        "doi": record.doi,
        "PMID": record.pmid,
        "registered": record.registration,
        "trial": record.trial,
    }
    known = "; ".join(f"{name} {value}" for name, value in numbers.items() if value)
    others = [f"{row.by}: {row.decision}" + (f", {row.reason}" if row.reason else "") for row in said]
    whole = Text(visible(record.title), style="bold")
    for line in (about, known, "", abstract, *others):
        whole.append(f"\n{visible(line)}", style="not bold")
    beside = Text("\n".join(visible(line) for line in criteria), style="dim")
    table = Table.grid(padding=(0, 3), expand=True)
    wide = out.width >= BESIDE and bool(criteria)
    table.add_column(ratio=2)
    if wide:
        table.add_column(ratio=1)
        table.add_row(whole, beside)
    else:
        table.add_row(beside)
        table.add_row(whole)
    out.rule(visible(f"{place}, {record.record}"))
    out.print(table)


def _tell_state(review: Review, name: str, *, by: str | None, full: bool) -> None:
    """Say how far the screening is, and on what people differ."""
    held = counted(review)
    who = quote(by) if by else "NAME"
    page = screen.Page(full=full)
    page.say(str(held))
    for reason, number in held.reasons.items():
        page.say(f"  {reason}: {number}", rank=1, what="reason")
    apart = [problem for problem in review.warnings if problem.file.endswith("screening.csv")]
    for problem in apart:
        page.say(f"  {problem}", rank=1, what="disagreement")
    if held.waiting:
        page.say(f"Next: livingmeta screen {name} --by {who}")
    elif held.unread:
        page.say(f'Next: livingmeta screen {name} --by {who} --stage "{FULL_TEXT}"')
    elif unreported(review):
        page.say(f"Next: livingmeta read PAPER {name}, or without the file livingmeta add {name}")
    elif held.included:
        page.say(f"Next: livingmeta check {name}")
    page.show()
