"""Asking databases for what is new: politely, page by page, and keeping what has come."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from livingmeta.exchange.search_answers import europe_pmc_results, pubmed_articles, registered_trials
from livingmeta.exchange.search_files import Reference, read_search_file
from livingmeta.living.adding import planned
from livingmeta.living.drafts import Cells
from livingmeta.living.records import Gathered, gathered, identity, keep_abstracts, kept_abstracts
from livingmeta.printer import Shown, remarking
from livingmeta.review.files import LARGEST_FILE
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import SEARCH_LINES, Review, Search
from livingmeta.words import RefusalError, named, needing, pick

ATTEMPTS = 5  # before an answer is given up; between them 1, 2, 4 and 8 seconds
PATIENCE = 30.0  # seconds until an answer counts as none
LONGEST_WAIT = 120.0  # seconds: who is asked to wait longer is told so, and comes back later
MOST_IDS = 9_999  # of PubMed, whose ESearch hands out no more of one search
BATCH = 200  # articles of an answer of EFetch, whose address stays short enough
PASSING = frozenset({429, 500, 502, 503, 504})  # answers that another attempt may mend

Progress = Callable[[int, int], None]


class NoAnswerError(RefusalError):
    """A database that does not answer, or not so that it can be read."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of what a database has: references, and how many it says there are."""

    references: Sequence[Reference]
    found: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line to a database, on which requests keep their distance and failed ones are repeated."""

    client: Any  # httpx.Client
    address: str
    pause: float  # seconds between requests
    contact: str | None
    sleep: Callable[[float], None]
    last: list[float] = field(default_factory=list)

    def ask(self, path: str, read: Callable[[bytes], Any], **asked: object) -> Any:
        """Ask until an answer comes that can be read.

        Raises
        ------
        NoAnswerError
            If none comes in `ATTEMPTS`, or the database refuses what is asked.
        """
        import httpx

        why = ""
        for attempt in range(ATTEMPTS):
            wait = 2.0 ** (attempt - 1) if attempt else 0.0
            if self.last:
                wait = max(wait, self.last[-1] + self.pause - time.monotonic())
            self.sleep(max(wait, 0.0))
            self.last[:] = [time.monotonic()]
            try:
                status, headers, raw = self._answer(path, asked)
            except httpx.TransportError as error:
                why = f"no answer ({type(error).__name__}{f': {error}' if str(error) else ''})"
                continue
            if status in PASSING:
                why = f"it answers {status}"
                later = _seconds(headers.get("retry-after"))
                if later > LONGEST_WAIT:
                    raise NoAnswerError(f"{self.address} asks to come back in {later:.0f} seconds")
                self.last[:] = [time.monotonic() + later - self.pause] if later else self.last
                continue
            if status != httpx.codes.OK:
                said = " ".join(raw.decode(errors="replace").split())[:200]
                raise NoAnswerError(f"{self.address} refuses what is asked ({status}: {said})")
            try:
                return read(raw)
            except NoAnswerError:
                raise
            except Exception as error:  # of whichever parser; cut off or broken, it is asked for again
                why = f"its answer can't be read ({' '.join(str(error).split())[:100]})"
        raise NoAnswerError(f"{self.address}: {why}, {ATTEMPTS} times")

    def _answer(self, path: str, asked: Mapping[str, object]) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and content; one that never ends is cut."""
        with self.client.stream("GET", f"{self.address}{path}", params=asked) as answer:
            parts, size = [], 0
            for part in answer.iter_bytes():
                parts.append(part)
                if (size := size + len(part)) > LARGEST_FILE:
                    raise NoAnswerError(
                        f"{self.address}: the answer is larger than {LARGEST_FILE / 1e6:g} MB"
                    )
            return answer.status_code, answer.headers, b"".join(parts)


def _seconds(header: str | None) -> float:
    """Read Retry-After: seconds, or the date until which to wait."""
    if header is None or header.strip().isdigit():
        return float(header or 0)
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _json(raw: bytes) -> Any:
    import json

    return json.loads(raw)


Window = tuple[date, date]
Held = Mapping[str, str]  # numbers of what is here already, with their abstracts


def _pubmed(line: Line, query: str, window: Window, held: Held) -> Iterator[Page]:
    """Ask ESearch for numbers and EFetch for the articles of those that are not here.

    The days are those on which records entered PubMed (datetype edat), so that none falls between
    two searches. https://www.ncbi.nlm.nih.gov/books/NBK25499/
    """
    days = {"mindate": f"{window[0]:%Y/%m/%d}", "maxdate": f"{window[1]:%Y/%m/%d}", "datetype": "edat"}
    who = {"tool": "livingmeta", **({"email": line.contact} if line.contact else {})}
    asked = {"db": "pubmed", "term": query, "retmax": MOST_IDS, "retmode": "json", **days, **who}
    answer = line.ask("/esearch.fcgi", lambda raw: _json(raw)["esearchresult"], **asked)
    if wrong := answer.get("ERROR"):
        raise NoAnswerError(f"{line.address} refuses what is asked ({wrong})")
    found, ids = int(answer["count"]), [str(number) for number in answer["idlist"]]
    if found > len(ids):
        if window[0] == window[1]:
            raise NoAnswerError(f"PubMed has {found:,} records of one day, and hands out {MOST_IDS:,}")
        middle = window[0] + (window[1] - window[0]) // 2
        for half in ((window[0], middle), (middle + timedelta(days=1), window[1])):
            for page in _pubmed(line, query, half, held):
                yield replace(page, found=found)
        return
    lists = [*(answer.get("errorlist") or {}).values(), *(answer.get("warninglist") or {}).values()]
    unknown = [str(word) for words in lists for word in words]
    remarks = (f"PubMed remarks on the words: {', '.join(unknown)}",) if unknown else ()
    yield Page(references=(), found=found, remarks=remarks)
    missing = [number for number in ids if number not in held]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        numbers = {"db": "pubmed", "id": ",".join(batch), "retmode": "xml", **who}
        articles = line.ask("/efetch.fcgi", lambda raw: pubmed_articles(raw, line.address), **numbers)
        yield Page(references=articles, found=found)
        if lacking := set(batch) - {article.pmid for article in articles}:
            raise NoAnswerError(f"{line.address} did not deliver {len(lacking)} of {len(batch)} articles")


def _europe_pmc(line: Line, query: str, window: Window, held: Held) -> Iterator[Page]:
    """Ask page by page; the days are those of a record's first index (FIRST_IDATE).

    https://europepmc.org/RestfulWebService, https://europepmc.org/searchsyntax
    """
    words = f"({query}) AND (FIRST_IDATE:[{window[0].isoformat()} TO {window[1].isoformat()}])"
    asked = {"query": words, "format": "json", "resultType": "core", "pageSize": 100}
    names = ("cursorMark", "nextCursorMark", "hitCount")
    return _by_marks(line, "/search", europe_pmc_results, {**asked, "cursorMark": "*"}, names)


def _clinical_trials(line: Line, query: str, window: Window, held: Held) -> Iterator[Page]:
    """Ask page by page; the days are those on which a trial was first posted.

    https://clinicaltrials.gov/data-api/api
    """
    days = f"AREA[StudyFirstPostDate]RANGE[{window[0].isoformat()},{window[1].isoformat()}]"
    asked = {"query.term": query, "filter.advanced": days, "pageSize": 100, "format": "json"}
    names = ("pageToken", "nextPageToken", "totalCount")
    return _by_marks(line, "/studies", registered_trials, {**asked, "countTotal": "true"}, names)


def _by_marks(
    line: Line,
    path: str,
    references: Callable[[Any], Iterable[Reference]],
    asked: dict[str, object],
    names: tuple[str, str, str],
) -> Iterator[Page]:
    """Ask page by page, each by the mark that the page before it gives.

    `names` are what is asked by, where an answer has the next mark, and how many it says there are.
    """
    mark, following, total = names
    came, found = 0, None
    while True:
        answer, page = line.ask(path, _read_with(references), **asked)
        came, found = came + len(page), answer.get(total, found)
        yield Page(references=page, found=came if found is None else int(found))
        after = answer.get(following)
        if not page or not after or after == asked.get(mark) or (found is not None and came >= found):
            break
        asked = {**asked, mark: after}
    if found is not None and came < found:
        raise NoAnswerError(f"{line.address} delivered {came} of {found} records")


def _read_with(references: Callable[[Any], Iterable[Reference]]) -> Callable[[bytes], Any]:
    """Read an answer with what it holds, so that one in which something is missing is asked for again."""

    def read(raw: bytes) -> tuple[Any, list[Reference]]:
        answer = _json(raw)
        return answer, list(references(answer))

    return read


@dataclass(frozen=True, kw_only=True)
class Service:
    """A database that a program can ask: where, how often, and in which pages."""

    address: str
    variable: str  # of the environment, that names another address
    pause: float  # seconds between requests, as its rules allow
    pages: Callable[[Line, str, Window, Held], Iterator[Page]]


SERVICES: Mapping[str, Service] = {
    "PubMed": Service(
        address="https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
        variable="LIVINGMETA_PUBMED",
        pause=0.34,  # three a second, https://www.ncbi.nlm.nih.gov/books/NBK25497/
        pages=_pubmed,
    ),
    "Europe PMC": Service(
        address="https://www.ebi.ac.uk/europepmc/webservices/rest",
        variable="LIVINGMETA_EUROPEPMC",
        pause=0.2,
        pages=_europe_pmc,
    ),
    "ClinicalTrials.gov": Service(
        address="https://clinicaltrials.gov/api/v2",
        variable="LIVINGMETA_CLINICALTRIALS",
        pause=1.2,  # some fifty a minute
        pages=_clinical_trials,
    ),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Searched(Shown):
    """What one search brought: how many the database has, what is new, and why not all came."""

    search: str
    database: str
    window: tuple[date | None, date] | None
    found: int | None
    new: int
    merges: tuple[str, ...]
    doubts: tuple[str, ...]
    trouble: str | None = None

    def __str__(self) -> str:
        first, last = self.window or (None, None)
        days = f", {first} to {last}" if first else f", to {last}" if last else ""
        name = f" ({self.search})" if self.search != self.database else ""
        found = "it did not say how many" if self.found is None else f"{self.found:,} found"
        merged = f", {len(self.merges):,} of them or of older ones merged" if self.merges else ""
        return f"{self.database}{name}{days}: {found}, {self.new:,} new here{merged}"


def window_of(review: Review, search: Search, *, since: date | None, until: date) -> Window:
    """Return the days to ask for: from where the last whole run ended, or from an earlier day.

    Raises
    ------
    RefusalError
        If they end before they begin, or would leave days out, or nobody said where they begin.
    """
    ends = [
        date.fromisoformat(run.until)
        for run in review.searches
        if run.search == search.id and run.complete == "yes"
    ]
    ended = max((*filter(None, [search.since]), *ends), default=since)
    if ended is None:
        raise RefusalError(
            f"the search {search.id} says no first day, so it is not known what to ask for. Write since = "
            "YYYY-MM-DD into its [[search]], or say --since DAY for this run."
        )
    if since is not None and since > ended:
        raise RefusalError(
            f"--since {since}: the search {search.id} covers the days to {ended} only, and those "
            "between would never be asked for. Say an earlier day, or none."
        )
    first = since or ended
    if first > until:
        raise RefusalError(
            f"--until {until}: the search {search.id} covers the days to {first} already. Say a later "
            "day, or an earlier one with --since."
        )
    return first, until


def asked_of(review: Review, only: str | None) -> list[Search]:
    """Return the searches that a program can run, or the one that is named.

    Raises
    ------
    RefusalError
        If review.toml has none, or the one named can't be run by a program.
    """
    declared = {search.id: search for search in review.protocol.search}
    _declares(review)
    able = [search for search in declared.values() if search.query and search.database in SERVICES]
    if only is None:
        chosen, which = able, "every search of this review"
    else:
        wanted = declared[searched_in(review, only)]
        chosen, which = [wanted] if wanted in able else [], f"the search {wanted.id}"
    if not chosen:
        raise RefusalError(
            f"{which} is run by a person: only {', '.join(SERVICES)} are asked here, in the words of query. "
            f"Search the database, export as RIS, then: livingmeta search {review.folder.name} --only ID "
            "--from FILE"
        )
    return chosen


def _declares(review: Review) -> None:
    if not review.protocol.search:
        raise RefusalError(
            f"{review.folder.name}/review.toml has no [[search]]. What a database exported needs none: "
            f"livingmeta search {review.folder.name} --from FILE. For one that is repeated, add these lines, "
            f"with your own words and days:\n{SEARCH_LINES}"
        )


def searched_in(review: Review, only: str) -> str:
    """Return the id of the search that an id or the name of its database names."""
    _declares(review)
    return named({search.id: search.database for search in review.protocol.search}, only, "--only")


def run_search(
    name: str,
    search: Search,
    *,
    window: Window,
    today: date,
    agent: str,
    contact: str | None = None,
    progress: Progress = lambda done, steps: None,
    sleep: Callable[[float], None] | None = None,
) -> Searched:
    """Run a search of a review, and write each page that comes before the next is asked for.

    `agent` is how the program names itself, `contact` the address of who asks; `progress` takes records
    come and records there are. Where not all came, `trouble` says why, and the next run goes on.
    """
    with needing("Asking a database", extra="living"):
        import httpx
    service = pick(SERVICES, search.database, "database")
    address = os.environ.get(service.variable, service.address).rstrip("/")
    headers = {"User-Agent": f"{agent} (mailto:{contact})" if contact else agent}
    tally = _Tally(name, search.database, search.id, today.isoformat())
    found: int | None = None
    trouble = None
    with httpx.Client(headers=headers, timeout=PATIENCE, follow_redirects=True) as client:
        line = Line(
            client=client, address=address, pause=service.pause, contact=contact, sleep=sleep or time.sleep
        )
        try:
            for page in service.pages(line, search.query or "", window, tally.held()):
                found = page.found
                tally.remarks += [remark for remark in page.remarks if remark not in tally.remarks]
                tally.take(page.references)
                progress(min(tally.came, found), found)
        except NoAnswerError as refusal:
            trouble = str(refusal)
    return tally.end(search, window=window, found=found, trouble=trouble, query=search.query)


def read_file(
    name: str,
    path: Path,
    search: Search | None,
    *,
    database: str | None,
    window: tuple[date | None, date] | None,
    today: date,
) -> Searched:
    """Take what a database exported, as the run of a search for a window of days where one is named."""
    file = read_search_file(path)
    where = search.database if search else database
    references = [replace(reference, database=where or reference.database) for reference in file.references]
    tally = _Tally(name, where or path.name, search.id if search else path.name, today.isoformat())
    tally.remarks += (remark.replace(str(path), path.name) for remark in file.remarks)  # kept in the review
    tally.take(references)
    words = search.query if search else None
    return tally.end(search, window=window, found=len(references), trouble=None, query=words, file=path.name)


class _Tally:
    """What has come of a search, written page by page."""

    def __init__(self, name: str, database: str, query: str, day: str) -> None:
        self.name, self.database, self.query, self.day = name, database, query, day
        self.came = self.new = 0
        self.merges: list[str] = []
        self.doubts: list[str] = []
        self.remarks: list[str] = []

    def held(self) -> dict[str, str]:
        """Return the numbers in PubMed of what this database gave before, with its abstract."""
        review = load_review(self.name)
        abstracts = kept_abstracts(review)
        numbers = {record.pmid: record for record in review.records if record.database == self.database}
        return {
            pmid: abstracts[key]
            for pmid, record in numbers.items()
            if pmid and (key := record.doi or record.pmid or "") in abstracts
        }

    def take(self, references: Iterable[Reference]) -> None:
        came = [reference for reference in references if reference.title]
        if not came:
            return
        self.came += len(came)
        review = load_review(self.name)
        page: Gathered = gathered(review, came, database=self.database, query=self.query, date=self.day)
        keep_abstracts(review, {identity(reference): reference.abstract or "" for reference in came})
        if page.rows or page.corrections:
            with planned(self.name, {"records": [*page.rows]}, corrections=page.corrections) as plan:
                plan.write()
        self.new += len(page.rows)
        self.merges += page.merges
        self.doubts += page.doubts

    def end(
        self,
        search: Search | None,
        *,
        window: tuple[date | None, date] | None,
        found: int | None,
        trouble: str | None,
        query: str | None = None,
        file: str | None = None,
    ) -> Searched:
        if search and window and found is not None:  # of a database that never answered no run is recorded
            notes = [*([f"read from {file}"] if file else ()), *self.remarks, *([trouble] if trouble else ())]
            row: Cells = {
                "search": search.id,
                "database": search.database,
                "query": query or "",
                "since": window[0].isoformat() if window[0] else "",
                "until": window[1].isoformat(),
                "date": self.day,
                "found": str(found),
                "new": str(self.new),
                "complete": "no" if trouble else "yes",
                "note": "; ".join(notes),
            }
            with planned(self.name, {"searches": [row]}) as plan:
                plan.write()
        done = Searched(
            search=search.id if search else self.query,
            database=search.database if search else self.database,
            window=window,
            found=found,
            new=self.new,
            merges=tuple(self.merges),
            doubts=tuple(self.doubts),
            trouble=trouble,
        )
        return remarking(done, self.remarks)
