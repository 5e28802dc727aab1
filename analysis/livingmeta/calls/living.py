"""How a review stays alive: what was searched, what was decided, and what a paper holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livingmeta.appraisal.flow import Screened, counted
from livingmeta.calls.options import fitting_kinds
from livingmeta.exchange.paper_tables import PaperTable, tables
from livingmeta.exchange.papers import open_paper, papers_in
from livingmeta.exchange.sheets import Sheet, sheet_from
from livingmeta.living.reading import Closing, closings
from livingmeta.living.screening import decisions_in, labelled, write_decisions
from livingmeta.living.searching import Searched, asked_of, read_file, run_search, searched_in, window_of
from livingmeta.printer import Several, remarking
from livingmeta.review.folder import load_review
from livingmeta.review.screening import STAGES, TITLE
from livingmeta.store import write
from livingmeta.words import RefusalError, pick

if TYPE_CHECKING:
    from pandas import DataFrame

Progress = Callable[[int, int], None]  # takes steps done, and how many there are


def search(
    review: str | Path,
    *,
    only: str | None = None,
    file: str | Path | None = None,
    database: str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    contact: str | None = None,
    progress: Progress = lambda done, steps: None,
) -> Several[Searched]:
    """Ask databases for new records, or read what one exported; records.csv and searches.csv grow.

    Parameters
    ----------
    review : str or Path
        Name of a review, or path to its folder.
    only, database : str, optional
        Only this [[search]] of review.toml; or the database of a file, where no [[search]] says it.
    file : str or Path, optional
        What a database exports: RIS, MEDLINE, BibTeX, PubMed's CSV; nothing is asked of a network then.
    since, until : str or date, optional
        First and last day, like "2026-11-27"; by default from where the last whole run ended to today. Of
        a file that counts as a run of a search, `until` is the day of its export, which no file says.
    contact : str, optional
        Mail address that the databases are told.
    progress : callable, optional
        Takes records come, and how many there are.

    Returns
    -------
    tuple of Searched
        What each search brought, with merges; `trouble` says why not all came.

    Raises
    ------
    ValueError
        For a day, a search or a file that can't be used.

    References
    ----------
    Sayers E. The E-utilities in-depth (NBK25499). https://europepmc.org/RestfulWebService.

    Examples
    --------
    >>> from livingmeta import search
    >>> try:
    ...     search("smith2017", until="June")
    ... except ValueError as refusal:
    ...     print(refusal)
    --until June: this is not a date. Write it like "2026-11-27".
    """
    from livingmeta import __version__

    given = {"only": only, "file": file, "database": database, "contact": contact}
    fitting_kinds({name: value for name, value in given.items() if value is not None}, search)
    loaded, today = load_review(str(review)), date.today()
    last, first = _day(until, "--until") or today, _day(since, "--since")
    if last > today:
        raise RefusalError(f"--until {last}: this day is yet to come, so nothing can be said of it.")
    if contact is not None and ("@" not in contact or not contact.isprintable() or " " in contact):
        raise RefusalError(f"--contact {contact}: this is no mail address.")
    if file is not None:
        named = {declared.id: declared for declared in loaded.protocol.search}
        chosen = named[searched_in(loaded, only)] if only else None
        if chosen is not None and until is None:
            raise RefusalError(
                f"{file} counts as a run of the search {chosen.id}, and no file says on which day it was "
                "exported. Say it, since the next search begins there: --until DAY"
            )
        if chosen is None and (since or until):
            raise RefusalError(
                f"--since and --until are the days of a run of a [[search]], and none is named for {file}: "
                "name it with --only ID, or leave them out."
            )
        window = None if chosen is None else (first, last)
        return Several(
            [read_file(str(review), Path(file), chosen, database=database, window=window, today=today)]
        )
    windows = {plan: window_of(loaded, plan, since=first, until=last) for plan in asked_of(loaded, only)}
    asked: dict[str, Any] = {"today": today, "agent": f"livingmeta/{__version__}", "contact": contact}
    return Several(
        run_search(str(review), plan, window=window, progress=progress, **asked)
        for plan, window in windows.items()
    )


def _day(given: str | date | None, option: str) -> date | None:
    try:
        return date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise RefusalError(f'{option} {given}: this is not a date. Write it like "2026-11-27".') from None


def screen(
    review: str | Path,
    decisions: str | Path | DataFrame | Mapping[str, str] | None = None,
    *,
    by: str | None = None,
    stage: str = TITLE,
    to: str | Path | None = None,
) -> Screened:
    """Write decisions on records into a review, all or none, and count its records as PRISMA does.

    Parameters
    ----------
    review : str or Path
        Name of a review, or path to its folder; `load_review(review).table("records")` are its records.
    decisions : str, Path, table of pandas or mapping, optional
        By record "include", "exclude" or "unsure"; or a table, a CSV or an Excel sheet, with the columns
        record and decision, and others of screening.csv; or RIS with the labels of ASReview or Rayyan.
    by, stage : str
        Who decided, and what was read ("title", "full text"), where the decisions do not say.
    to : str or Path, optional
        Where to write all records with their abstracts as RIS, for another program.

    Returns
    -------
    Screened
        How many were screened, excluded, sought, read and included, with the reasons.

    Raises
    ------
    ValueError
        For whatever is no decision, names no record, or has nobody who made it: all at once.

    References
    ----------
    Page MJ et al. The PRISMA 2020 statement. BMJ 2021;372:n71.

    Examples
    --------
    >>> from livingmeta import screen
    >>> try:
    ...     screen("living", {"ash2025": "include"}, by="Ann")
    ... except ValueError as refusal:
    ...     print(refusal)
    living has no records yet: livingmeta search living
    """
    pick(dict.fromkeys(STAGES), stage, "--stage")
    loaded, remarks = load_review(str(review)), list[str]()
    if not loaded.records:
        raise RefusalError(f"{review} has no records yet: livingmeta search {review}")
    if to is not None:
        if Path(to).exists():
            raise RefusalError(f"{to} exists already. Choose another name, or move it away.")
        write(Path(to), labelled(loaded))
    if decisions is not None:
        rows, remarks = decisions_in(
            loaded, _decided(decisions), by=by, stage=stage, day=date.today().isoformat()
        )
        if rows:
            write_decisions(str(review), rows)
        remarks.append(f"{len(rows)} decisions written to screening.csv.")
    return remarking(counted(load_review(str(review))), remarks)


def _decided(decisions: str | Path | DataFrame | Mapping[str, str]) -> Path | Sheet:
    """Return the file that holds decisions, or the table of them."""
    from pandas import DataFrame

    if isinstance(decisions, Mapping):
        decisions = DataFrame({"record": list(decisions), "decision": list(decisions.values())})
    return sheet_from(decisions) if isinstance(decisions, DataFrame) else Path(decisions)


def fill(
    review: str | Path, *, papers: str | Path, progress: Progress = lambda done, steps: None
) -> Several[Closing]:
    """Say which papers of a folder belong to which reports of a review, and which gaps each may close.

    Parameters
    ----------
    review : str or Path
        Name of a review, or path to its folder; nothing is written into it.
    papers : str or Path
        Folder with PDF, JATS XML, HTML or text.
    progress : callable, optional
        Takes papers read, and how many there are.

    Returns
    -------
    tuple of Closing
        One for each paper; its `remarks` name the papers that can't be read, and why.

    Raises
    ------
    ValueError
        If there is no such folder, or no paper in it.

    References
    ----------
    NISO. JATS: Journal Article Tag Suite, version 1.3. ANSI/NISO Z39.96-2021.

    Examples
    --------
    >>> from livingmeta import fill
    >>> try:
    ...     fill("living", papers="no_such_folder")
    ... except ValueError as refusal:
    ...     print(refusal)
    no_such_folder: there is no such folder. Name the folder that holds the papers.
    """
    loaded = load_review(str(review))
    opened, doubts = papers_in(Path(papers), progress=progress)
    return remarking(Several(closings(loaded, opened)), list(map(str, doubts)))


def read_tables(paper: str | Path) -> Several[PaperTable]:
    """Read the tables of a paper: each cell in its place, with its headings and what is doubtful.

    Parameters
    ----------
    paper : str or Path
        A PDF, a JATS XML or an HTML page.

    Returns
    -------
    tuple of PaperTable
        In the paper's order, found by label as well: `read_tables("paper.xml")["Table 2"]`. Parts of a
        table that is continued under its name are one.

    Raises
    ------
    ValueError
        For a scan, a locked or damaged file, or one of another kind.

    References
    ----------
    National Information Standards Organization. JATS: Journal Article Tag Suite, version 1.3.
    ANSI/NISO Z39.96-2021.

    Examples
    --------
    >>> from livingmeta import read_tables
    >>> try:
    ...     read_tables("no_such_paper.xml")
    ... except ValueError as refusal:
    ...     print(refusal)
    no_such_paper.xml: there is no such file. Check its name.
    """
    return Several(tables(open_paper(Path(paper))))
