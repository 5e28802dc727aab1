"""Which records are one, and which trial they report: each merge with its reason."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from livingmeta.appraisal.flow import is_register
from livingmeta.exchange.search_files import Reference, registered_in
from livingmeta.living.drafts import Cells
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Report, SearchRecord
from livingmeta.store import cache, keep
from livingmeta.words import key_of, needing

# Titles of one year are one where their likeness (rapidfuzz.fuzz.ratio, 0 to 100, of titles without
# case, accents and marks, in one spelling) is at least this, and `_slip` finds slips of typing only.
SAME_TITLE = 95.0
ALIKE = 90.0  # likeness from which two titles of one first author are shown as perhaps one trial
# Records of one DOI whose titles are less alike are not merged, as supplements share a DOI; ALIKE is
# asked of those whose first authors differ
APART = 60.0
SHORTEST_TITLE = 25  # characters; "Editorial" and "Reply to the authors" tell no two papers apart
MOST_AUTHORS = 50  # of a row; a consortium may have thousands
PERHAPS = "same first author and a similar title: perhaps one trial"
OTHERS = "same as others that are this one"
# One spelling for both sides of the Atlantic, so that no difference is left where there is none
_SPELLINGS = (
    (r"is(e|ed|es|ing|ation|ations)\b", r"iz\1"),
    (r"our\b", "or"),
    ("ae|oe", "e"),
    (r"tre\b", "ter"),
)


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


@dataclass(frozen=True, kw_only=True)
class Sameness:
    """Which of several references are one: the place of the first of each, and why they are."""

    first: tuple[int, ...]
    why: Mapping[int, str]  # what shows that one is another
    doubts: tuple[tuple[int, int, str], ...]  # pairs that a person has to look at


def plain(title: str) -> str:
    """Write a title without what differs between databases: case, accents, marks, spelling.

    Examples
    --------
    >>> plain("[Müller's randomised trial: behaviour.]")
    'muller s randomized trial behavior'
    """
    text = _bare(title)
    for british, american in _SPELLINGS:
        text = re.sub(british, american, text)
    return text


def _bare(text: str) -> str:
    """Write words without case, accents and marks; a name's spelling is its own."""
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return " ".join(re.findall(r"\w+", "".join(sign for sign in text if not unicodedata.combining(sign))))


def sameness(
    references: Sequence[Reference], *, settled: Sequence[int] = (), apart: Iterable[int] = ()
) -> Sameness:
    """Find which references are one, whatever their order.

    Those of one DOI, PMID or PMCID are; so are entries of one registration in registers, and papers
    of one year whose titles are the same (`SAME_TITLE`) and whose first authors are. Whatever would
    join two of different DOIs or PMIDs is a doubt, and so is one DOI of titles that have nothing in
    common. Which one each of the first references is, is `settled`; `apart` are those of them that a
    person said to be none of the others: what comes later makes them none either.

    Examples
    --------
    >>> one = Reference(title="Painful exercise in chronic pain: a trial", doi="10.1000/a", year=2017)
    >>> sameness([one, Reference(title="Another", doi="10.1000/b"), one]).first
    (0, 1, 0)
    """
    old = len(settled)
    titles = [plain(reference.title) for reference in references]
    edges: dict[tuple[int, int], str] = {}
    doubts: dict[tuple[int, int], str] = {}
    for a, b, name in _by_number(references, old):
        if (a, b) not in edges:
            families = {_family(references[place]) for place in (a, b)} - {""}
            least = APART if len(families) < 2 else ALIKE
            far = name == "DOI" and _likeness(titles[a], titles[b]) < least
            (doubts if far else edges)[a, b] = f"same {name}" + (", other titles" if far else "")
    parts = _Parts(references, settled)
    for a, b in edges:
        parts.join(a, b)
    alike = {(a, b): score for a, b, score in _similar(references, titles, old)}
    near = [
        pair
        for pair, score in alike.items()
        if score >= SAME_TITLE and pair not in edges and _one_paper(references, titles, *pair)
    ]
    whole = _Parts(references, [parts.of(place) for place in range(len(references))])
    for a, b in near:
        whole.join(a, b)
    for a, b in near:
        if whole.clash(a):
            doubts[a, b] = (
                "same title and year, but DOI, PMID or registration differ among those of this title"
            )
        else:
            edges[a, b] = "same title and year"
            parts.join(a, b)
    others = Counter(parts.of(place) for place in range(old) if settled[place] == place)
    mixed = {settled[place] for place in apart if others[parts.of(place)] > 1}
    if cut := [pair for pair in edges if mixed & {settled[place] for place in pair if place < old}]:
        doubts |= {
            pair: f"{edges.pop(pair)}, but a person said that it is none of the others" for pair in cut
        }
        parts = _Parts(references, settled)
        for a, b in edges:
            parts.join(a, b)
    for a, b, why_not in _unsure(references, titles, alike, old):
        if parts.of(a) != parts.of(b):
            doubts.setdefault((a, b), why_not)
    first = tuple(parts.of(place) for place in range(len(references)))
    why: dict[int, str] = {}
    for (a, b), reason in sorted(edges.items()):
        why.setdefault(b, reason)
        why.setdefault(a, reason)
    held = tuple((a, b, why_not) for (a, b), why_not in sorted(doubts.items()) if first[a] != first[b])
    return Sameness(first=first, why=why, doubts=held)


class _Parts:
    """Places in parts that grow together; each part is named by its first place."""

    def __init__(self, references: Sequence[Reference], settled: Sequence[int]) -> None:
        self.references = references
        self.parent = [*settled, *range(len(settled), len(references))]
        self.numbers: dict[int, tuple[set[str], set[str], set[str]]] | None = None

    def of(self, place: int) -> int:
        while self.parent[place] != place:
            self.parent[place] = place = self.parent[self.parent[place]]
        return place

    def join(self, a: int, b: int) -> None:
        low, high = sorted((self.of(a), self.of(b)))
        self.parent[high] = low

    def clash(self, place: int) -> bool:
        """Say whether a part holds papers of several DOIs or PMIDs, or entries of several registrations."""
        if self.numbers is None:
            self.numbers = defaultdict(lambda: (set(), set(), set()))
            for other, reference in enumerate(self.references):
                own = reference.registration if _registered(reference) else None
                for held, number in zip(
                    self.numbers[self.of(other)], (reference.doi, reference.pmid, own), strict=True
                ):
                    held.update({number} if number else ())
        return any(len(held) > 1 for held in self.numbers[self.of(place)])


def _by_number(references: Sequence[Reference], old: int) -> Iterator[tuple[int, int, str]]:
    """Yield pairs of one number, but for pairs among the first `old`."""
    for name, number in {
        "DOI": "doi",
        "PMID": "pmid",
        "PMCID": "pmcid",
        "registration": "registration",
    }.items():
        held: dict[str, list[int]] = defaultdict(list)
        for place, reference in enumerate(references):
            value = getattr(reference, number)
            if value and (name != "registration" or _registered(reference)):
                held[value.casefold()].append(place)
        for places in held.values():
            for a, b in combinations(places, 2):
                if b >= old:
                    yield a, b, name


def _registered(reference: Reference) -> bool:
    """Say whether it is the entry of a trial in a register, and no paper."""
    paper = reference.doi or reference.pmid or reference.journal
    return is_register(reference.database) or bool(reference.registration and not paper)


def _one_paper(references: Sequence[Reference], titles: Sequence[str], a: int, b: int) -> bool:
    """Say whether two references whose titles are alike are one paper, if no number tells them apart."""
    very = titles[a] == titles[b]
    years = [year for place in (a, b) if (year := references[place].year) is not None]
    # print follows the web by a year at times; then, or where a year is unknown, the very title counts
    near = abs(years[0] - years[1]) <= (1 if very else 0) if len(years) == 2 else very
    long_enough = min(len(titles[a]), len(titles[b])) >= SHORTEST_TITLE
    one_kind = _registered(references[a]) == _registered(references[b])
    return near and long_enough and one_kind and (very or _slip(titles[a], titles[b]))


def _similar(
    references: Sequence[Reference], titles: Sequence[str], old: int
) -> Iterator[tuple[int, int, float]]:
    """Yield pairs of the same first author, or of none, whose titles are alike."""
    with needing("Looking for duplicates", extra="living"):
        from rapidfuzz import fuzz, process
    by_author: dict[str, list[int]] = defaultdict(list)
    for place, reference in enumerate(references):
        by_author[_family(reference)].append(place)
    unnamed = by_author.pop("", [])
    every = [*by_author.values(), unnamed]
    for group in every:
        others = sorted({*group, *unnamed}) if group is not unnamed else sorted(range(len(references)))
        for place in group:
            choices = {
                other: titles[other] for other in others if max(place, other) >= old and other != place
            }
            for _, score, other in process.extract_iter(
                titles[place], choices, scorer=fuzz.ratio, score_cutoff=ALIKE
            ):
                yield min(place, other), max(place, other), score


def _unsure(
    references: Sequence[Reference], titles: Sequence[str], alike: Iterable[tuple[int, int]], old: int
) -> Iterator[tuple[int, int, str]]:
    """Yield pairs that a person has to look at, if nothing else makes them one."""
    for a, b in alike:
        registered = {references[place].registration for place in (a, b)} - {None}
        if _family(references[a]) == _family(references[b]) != "" and len(registered) < 2:
            yield a, b, PERHAPS
    of_title: dict[str, list[int]] = defaultdict(list)
    for place, title in enumerate(titles):
        of_title[title].append(place)
    for a, b in (pair for places in of_title.values() for pair in pairwise(places)):
        if b >= old and _one_paper(references, titles, a, b):
            yield a, b, "same title and year, but other first authors"


def _likeness(title: str, other: str) -> float:
    with needing("Looking for duplicates", extra="living"):
        from rapidfuzz import fuzz
    return float(fuzz.ratio(title, other))


def _slip(title: str, other: str) -> bool:
    """Say whether two titles differ by a slip of typing only: one letter within long words, no number.

    A word too many, or another beginning, turns a title into that of another paper: with, without;
    abduction, adduction; men, women; part 1, part 2.
    """
    from rapidfuzz.distance import Levenshtein

    words, others = title.split(), other.split()
    if len(words) != len(others):
        return "".join(words) == "".join(others)
    apart = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(apart) <= 2 and all(
        min(len(a), len(b)) >= 6
        and a[:3] == b[:3]
        and not any(map(str.isdigit, a + b))
        and Levenshtein.distance(a, b) <= 1
        for a, b in apart
    )


def _family(reference: Reference) -> str:
    first = reference.authors[0] if reference.authors else ""
    return _bare(re.sub(r"\s[^\W\d_a-z]{1,4}$", "", first))


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What references become in records.csv: new rows, cells of old rows, and what is to be said."""

    rows: tuple[Cells, ...]
    corrections: tuple[tuple[SearchRecord, str, str], ...]  # row, column, value
    merges: tuple[str, ...]
    doubts: tuple[str, ...]


def gathered(
    review: Review, references: Sequence[Reference], *, database: str, query: str, date: str
) -> Gathered:
    """Say what references, which a search of some id or a file brought on a day, add to the records."""
    held = review.records
    places = {record.record: place for place, record in enumerate(held)}
    settled = [
        places.get(record.duplicate_of or "", place) if record.duplicate_of else place
        for place, record in enumerate(held)
    ]
    new = (paper if paper.database else replace(paper, database=database) for paper in references)
    every = [*map(as_reference, held), *new]
    same = sameness(
        every,
        settled=settled,
        apart=(n for n, record in enumerate(held) if record.duplicate_why and not record.duplicate_of),
    )
    before = {(same.first[place], record.database) for place, record in enumerate(held)}
    keys, taken = [record.record for record in held], {record.record for record in held}
    rows: list[Cells] = []
    merges: list[str] = []
    trials = _trials(review)
    fresh: dict[int, Cells] = {}
    for place in range(len(held), len(every)):
        reference, first = every[place], same.first[place]
        if (first, reference.database) in before:  # it gave this before
            keys.append("")
            continue
        name = _family(reference) or reference.registration or "record"
        key = key_of(f"{name}{reference.year or ''}", taken)
        taken.add(key)
        keys.append(key)
        fresh[place] = _row(reference, key=key, query=query, date=date)
    kept: dict[int, str] = {}  # the key of each part: of its first, if that has a row
    for place, key in enumerate(keys):
        first = same.first[place]
        if key:
            kept.setdefault(first, keys[first] or key)
    reported = {report.report: plain(report.citation) for report in review.reports}
    for place, cells in fresh.items():
        reference, main = every[place], kept[same.first[place]]
        if main != cells["record"]:
            why = same.why.get(place, OTHERS)
            cells |= {"duplicate_of": main, "duplicate_why": why}
            merges.append(f"{cells['record']} is {main} ({why}): {reference.title}")
        report = _report(reference, review.reports, reported)
        number = (reference.registration or "").casefold()
        cells["report"] = report.report if report else ""
        cells["trial"] = report.trial if report else trials.get(number, reference.registration or "")
        rows.append(cells)
    corrections = []
    for place, record in enumerate(held):
        main = kept[same.first[place]]
        if main != (record.duplicate_of or record.record):
            why = same.why.get(place, OTHERS)
            corrections.append((record, "duplicate_of", main))
            if record.duplicate_why is None:
                corrections.append((record, "duplicate_why", why))
            merges.append(f"{record.record} is {main} ({why}): {record.title}")
        if record.report is None and (report := _report(every[place], review.reports, reported)):
            corrections += [(record, "report", report.report), (record, "trial", report.trial)]
    mains = {place: kept[same.first[place]] for place, key in enumerate(keys) if key}
    return Gathered(
        rows=tuple(rows),
        corrections=tuple(corrections),
        merges=tuple(merges),
        doubts=tuple(_told(every, mains, same.doubts)),
    )


def _told(
    references: Sequence[Reference], mains: Mapping[int, str], doubts: Iterable[tuple[int, int, str]]
) -> Iterator[str]:
    """Word what a person has to look at, by the `mains` of which a row stands; one trial's in one line."""
    pairs = [(a, b, why) for a, b, why in doubts if a in mains and b in mains]
    parts, groups = _Parts(references, ()), dict[int, set[int]]()
    for a, b, _ in (pair for pair in pairs if pair[2] == PERHAPS):
        parts.join(a, b)
    for a, b, _ in (pair for pair in pairs if pair[2] == PERHAPS):
        groups.setdefault(parts.of(a), set()).update((a, b))
    alike = [(sorted(group), PERHAPS) for group in groups.values()]
    for places, why in [*(([a, b], why) for a, b, why in pairs if why != PERHAPS), *alike]:
        *first, last = dict.fromkeys(mains[place] for place in places)
        titles = " | ".join(references[place].title for place in places[:2])
        more = " | …" if len(first) > 1 else ""
        yield f"not merged, please look: {', '.join(first)} and {last} ({why}): {titles}{more}"


def as_reference(record: SearchRecord) -> Reference:
    """Return what a row of records.csv says of its paper."""
    shared = ("title", "year", "journal", "doi", "pmid", "pmcid", "registration", "database")
    return Reference(
        authors=tuple((record.authors or "").split("; ")) if record.authors else (),
        key=record.record,
        **{name: getattr(record, name) for name in shared},
    )


def _row(reference: Reference, *, key: str, query: str, date: str) -> Cells:
    shared = ("title", "journal", "doi", "pmid", "pmcid", "registration", "database")
    cells = {name: getattr(reference, name) or "" for name in shared}
    year = str(reference.year or "")
    authors = "; ".join(reference.authors[:MOST_AUTHORS])
    return {"record": key, **cells, "year": year, "authors": authors, "query": query, "date": date}


def _trials(review: Review) -> dict[str, str]:
    """Map registry numbers to the trials of the review that have them."""
    trials = {}
    for trial in review.trials:
        if number := registered_in(trial.registration):
            trials[number.casefold()] = trial.trial
    for record in review.records:
        if record.registration and record.report and record.trial:
            trials.setdefault(record.registration.casefold(), record.trial)
    return trials


def _report(reference: Reference, reports: Iterable[Report], citations: Mapping[str, str]) -> Report | None:
    """Return the report of the review that a reference is: by DOI, PMID, or its title in the citation."""
    title = plain(reference.title)
    for report in reports:
        if reference.doi and report.doi and reference.doi == report.doi.lower():
            return report
        if reference.pmid and reference.pmid == report.pmid:
            return report
        if len(title) >= SHORTEST_TITLE and title in citations[report.report]:
            return report
    return None


def identity(reference: Reference) -> str:
    """Return by what a paper is known in the cache, whatever a review calls it."""
    number = reference.doi or reference.pmid or reference.registration
    return number or f"{plain(reference.title)} {reference.year or ''}"


def keep_abstracts(review: Review, abstracts: Mapping[str, str]) -> None:
    """Keep abstracts outside the repository: they are their publishers', and no fact of a review."""
    if abstracts:
        text = json.dumps(dict(abstracts), ensure_ascii=False, sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        keep(f"abstracts/{review.protocol.id}", f"{name}.json", text)


def kept_abstracts(review: Review) -> dict[str, str]:
    """Return the abstracts that are kept, by `identity`; a file that is damaged is left out."""
    held: dict[str, str] = {}
    for path in sorted(cache(f"abstracts/{review.protocol.id}").glob("*.json")):
        try:
            held |= {str(name): str(text) for name, text in json.loads(path.read_text("utf-8")).items()}
        except (ValueError, AttributeError, OSError):
            continue
    return held


def same_records(review: Review, references: Sequence[Reference]) -> list[SearchRecord | None]:
    """Return which record of a review each is: by its key and title, as `sameness` finds, or by the title.

    Programs for screening drop a key, and put numbers of their own where a registration stood.
    """
    held = {record.record: record for record in review.records}
    same = sameness([*map(as_reference, review.records), *references], settled=range(len(held)))
    places = list(review.records)
    titled: dict[tuple[str, int | None], list[SearchRecord]] = defaultdict(list)
    for record in (record for record in places if record.duplicate_of is None):
        titled[plain(record.title), record.year].append(record)
    records: list[SearchRecord | None] = []
    for place, reference in enumerate(references, start=len(places)):
        keyed, title = held.get(reference.key or ""), plain(reference.title)
        if keyed is not None and _likeness(plain(keyed.title), title) >= ALIKE:
            records.append(keyed)
        elif same.first[place] < len(places):
            records.append(places[same.first[place]])
        else:
            of_title = titled[title, reference.year]
            records.append(of_title[0] if len(of_title) == 1 else None)
    return records
