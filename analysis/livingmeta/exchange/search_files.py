"""What databases of papers export: RIS, MEDLINE, BibTeX and PubMed's CSV; known by content, not by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livingmeta.exchange.sheets import as_windows_writes
from livingmeta.review.files import FileError, bounded, guarded, lines_of, raw_of
from livingmeta.words import CONTROLS, needing

DOI = re.compile(r"10\.\d{4,9}/[^\s\"'<>{}|\\^`]*[^\s\"'<>{}|\\^`.,;:)\]]", re.IGNORECASE)
# Numbers of the registers that feed the WHO's search portal, as papers print them
_REGISTERED = re.compile(
    r"\b(NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|DRKS\d{8}|ChiCTR[-A-Z]*\d{8,10}|UMIN\d{9}|PACTR\d{15}|IRCT\w{8,20}"
    r"|CTRI/\d{4}/\d{2,3}/\d{5,6}|RBR-\w{6,8}|TCTR\d{11}|KCT\d{7}|NTR\d{2,4}|\d{4}-\d{6}-\d{2}(?:-\d{2})?)\b"
)
LONGEST_TITLE = 1_000  # characters of a title or of a list of authors: beyond them a field ran into the next


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A paper or a registered trial, as a database describes it."""

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    registration: str | None = None
    abstract: str | None = None
    database: str | None = None
    key: str | None = None  # what the file calls it
    notes: tuple[str, ...] = ()  # where programs for screening put their labels


@dataclass(frozen=True, kw_only=True)
class SearchFile:
    """The references of a file, its kind, and what was left out of it."""

    kind: str
    references: tuple[Reference, ...]
    remarks: tuple[str, ...]


def read_search_file(path: Path) -> SearchFile:
    """Read what a database exported, known by what it holds.

    Raises
    ------
    FileError
        If it is none of `KINDS`, damaged or cut off: with the row, the reason and the remedy.

    References
    ----------
    RIS: https://en.wikipedia.org/wiki/RIS_(file_format); MEDLINE:
    https://www.nlm.nih.gov/bsd/mms/medlineelements.html; https://pubmed.ncbi.nlm.nih.gov/help/#save-file.
    """
    file = str(path)
    text, remarks = as_windows_writes(raw_of(path, file), file)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for kind, (mark, read) in KINDS.items():
        if mark.search(text):
            return _held(kind, read(text, file), file, remarks)
    raise FileError(
        file,
        f"this is none of the files that are read here: {', '.join(KINDS)}",
        "Export the records from the database again, as RIS.",
    )


def _held(
    kind: str, read: Iterable[tuple[int, Reference | None]], file: str, remarks: Sequence[str]
) -> SearchFile:
    references, untitled = [], []
    for row, reference in read:
        if reference is None or not reference.title:
            untitled.append(row)
        else:
            references.append(reference)
    bounded(file, rows=len(references) + len(untitled))
    if not references:
        raise FileError(file, f"the file is {kind}, and holds no record with a title", "Export it again.")
    rows = ", ".join(map(str, untitled[:10])) + (" …" if len(untitled) > 10 else "")
    left = f"{file}: left out, since no title is given: {len(untitled)} of the records (in row {rows})"
    told = (*remarks, left) if untitled else tuple(remarks)
    return SearchFile(kind=kind, references=tuple(references), remarks=told)


def doi_in(text: str | None) -> str | None:
    """Return the DOI in a text, in small letters, as DOIs do not tell cases apart.

    Examples
    --------
    >>> doi_in("https://doi.org/10.1136/BJSPORTS-2016-097383.")
    '10.1136/bjsports-2016-097383'
    """
    held = DOI.search(text or "")
    return held[0].lower() if held else None


def registered_in(*texts: str | None) -> str | None:
    """Return the registry number that texts name; None where they name several or none.

    Examples
    --------
    >>> registered_in("ClinicalTrials.gov/NCT04553289"), registered_in("NCT04553289, NCT05124769")
    ('NCT04553289', None)
    """
    numbers = {number for text in texts if text for number in _REGISTERED.findall(text)}
    return numbers.pop() if len(numbers) == 1 else None


def named(author: str) -> str:
    """Write an author as PubMed does: family name and initials.

    Examples
    --------
    >>> named("Smith, Benjamin E."), named("Smith BE"), named("van der Berg, Jan-Willem")
    ('Smith BE', 'Smith BE', 'van der Berg JW')
    """
    family, _, given = (part.strip() for part in author.partition(","))
    if not given:
        return " ".join(author.split())
    plain = given.replace(".", " ").split()
    if len(plain) == 1 and plain[0].isupper() and len(plain[0]) <= 3:
        return f"{family} {plain[0]}"
    return f"{family} {''.join(name[0] for part in plain for name in part.split('-') if name)}"


def reference(**cells: object) -> Reference:
    """Make a reference of what a database says, each part cleaned of marks, breaks and addresses."""
    text = {name: _clean(value) for name, value in cells.items() if isinstance(value, str)}
    authors = cells.get("authors") or ()
    listed = tuple(named(_clean(author)) for author in authors if author.strip())  # type: ignore[attr-defined]
    year = re.search(r"\b(19|20)\d\d\b", text.get("year", ""))
    pmid = re.fullmatch(r"[1-9]\d{0,8}", text.get("pmid", ""))
    pmcid = re.fullmatch(r"(?i:PMC)(\d{1,9})(\.\d+)?", text.get("pmcid", ""))
    notes = cells.get("notes") or ()
    return Reference(
        title=text.get("title", "")[:LONGEST_TITLE],
        authors=listed,
        year=int(year[0]) if year else None,
        journal=text.get("journal") or None,
        doi=doi_in(text.get("doi")),
        pmid=pmid[0] if pmid else None,
        pmcid=f"PMC{pmcid[1]}" if pmcid else None,
        registration=registered_in(text.get("registration")) or registered_in(text.get("abstract")),
        abstract=text.get("abstract") or None,
        database=text.get("database") or None,
        key=text.get("key") or None,
        notes=tuple(_clean(note) for note in notes),  # type: ignore[attr-defined]
    )


def _clean(text: str) -> str:
    """Leave out tags, breaks and control characters: a title stands on one line of a CSV."""
    tagless = re.sub(r"</?(?:[ibu]|su[bp]|em|strong|p|br|jats:\w+|h\d)\s*/?>", " ", text, flags=re.IGNORECASE)
    return " ".join(CONTROLS.sub(" ", tagless).split())


def _ris(text: str, file: str) -> Iterator[tuple[int, Reference | None]]:
    with needing("RIS", extra="living"):
        import rispy

    starts, opened = [], 0
    for row, line in enumerate(text.split("\n"), start=1):
        tag = re.match(r"(TY|ER)  ?-", line)
        if tag and tag[1] == "TY":
            if opened:
                reason = f"the record that begins in row {opened} never ends (ER  -)"
                raise FileError(file, reason, "The file is damaged: export it again.", row=row)
            opened = row
            starts.append(row)
        elif tag:
            if not opened:
                reason = "a record ends here that never began (TY  -)"
                raise FileError(file, reason, "The file is damaged: export it again.", row=row)
            opened = 0
    if opened:
        reason = "the last record never ends (ER  -): the file was cut off"
        raise FileError(file, reason, "Export it again, and wait until all of it has come.", row=opened)
    spaced = re.sub(r"^([A-Z][A-Z0-9]) ?- ?", r"\1  - ", text, flags=re.MULTILINE)
    with guarded(file, "this is no RIS that can be read", "Export it again."):
        records = rispy.loads(spaced)
    if len(records) != len(starts):
        reason = f"{len(starts)} records begin in it, and {len(records)} can be read"
        raise FileError(file, reason, "The file is damaged: export it again.")
    for row, cells in zip(starts, records, strict=True):
        yield row, _of_ris(cells)


def _of_ris(cells: Mapping[str, object]) -> Reference:
    """Make a reference of a record of RIS, whose dialects name one thing in several ways."""

    def first(*names: str) -> str | None:
        return next((str(value) for name in names if (value := cells.get(name))), None)

    def listed(name: str) -> list[str]:
        values = cells.get(name)
        return [str(value) for value in values] if isinstance(values, list) else []

    urls, notes = " ".join(listed("urls")), listed("notes")
    database = first("name_of_database", "database_provider")
    number = first("accession_number") or ""
    pubmed = re.search(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)|ncbi\.nlm\.nih\.gov/pubmed/(\d+)", urls)
    from_pubmed = re.search(r"(?i)pubmed|medline", database or "") and number.isdigit()
    return reference(
        title=first("title", "primary_title", "translated_title", "short_title"),
        authors=cells.get("authors") or cells.get("first_authors") or cells.get("secondary_authors"),
        year=first("year", "publication_year", "date"),
        journal=first(
            "journal_name", "secondary_title", "alternate_title3", "alternate_title2", "alternate_title1"
        ),
        doi=first("doi") or doi_in(urls) or doi_in(number),
        pmid=(pubmed[1] or pubmed[2]) if pubmed else number if from_pubmed else None,
        pmcid=first("custom2"),
        registration=" ".join((number, urls, *notes)),
        abstract=first("abstract", "notes_abstract"),
        database=database,
        key=first("id"),
        notes=notes,
    )


def _medline(text: str, file: str) -> Iterator[tuple[int, Reference | None]]:
    row_of, cells = 0, dict[str, list[str]]()
    for row, line in enumerate(text.split("\n"), start=1):
        tag, value = (
            (line[:4].strip(), line[5:].strip()) if re.match(r"[A-Z]{2,4} *-", line[:5]) else ("", "")
        )
        if tag == "PMID":
            if not value.isdigit():
                raise FileError(file, f'PMID = "{value}" is no number', "Export the file again.", row=row)
            if cells:
                yield row_of, _of_medline(cells)
            row_of, cells = row, {"PMID": [value]}
        elif tag:
            cells.setdefault(tag, []).append(value)
        elif line.startswith("      ") and cells:
            last = next(reversed(cells.values()))
            last[-1] += f" {line.strip()}"
        elif line.strip():
            reason = f'this line belongs to no field: "{line[:60]}"'
            raise FileError(file, reason, "The file is damaged: export it again.", row=row)
    if cells:
        yield row_of, _of_medline(cells)


def _of_medline(cells: Mapping[str, list[str]]) -> Reference:
    def first(*names: str) -> str | None:
        return next((cells[name][0] for name in names if name in cells), None)

    return reference(
        title=first("TI", "BTI", "TT"),
        authors=cells.get("AU", cells.get("FAU", cells.get("CN"))),
        year=first("DP"),
        journal=first("TA", "JT"),
        doi=" ".join(name for name in (*cells.get("LID", ()), *cells.get("AID", ())) if "[doi]" in name),
        pmid=first("PMID"),
        pmcid=first("PMC"),
        registration=" ".join(cells.get("SI", ())),
        abstract=first("AB"),
        database="PubMed",
        notes=cells.get("GN"),
    )


def _bibtex(text: str, file: str) -> Iterator[tuple[int, Reference | None]]:
    with needing("BibTeX", extra="living"):
        from pybtex.database.input.bibtex import LowLevelParser
        from pybtex.richtext import Text
        from pybtex.scanner import PybtexSyntaxError

    def plain(parts: Iterable[str]) -> str:
        joined = "".join(parts)
        try:
            return str(Text.from_latex(joined))
        except PybtexSyntaxError:  # a lone brace in a title is no damage
            return re.sub(r"[{}]", "", joined)

    parser = LowLevelParser(text)
    try:
        for kind, entry in parser:
            if kind.lower() in {"string", "comment", "preamble"}:
                continue
            key, fields = entry
            cells = {name.lower(): "".join(parts) for name, parts in fields}
            words = {name: plain([value]) for name, value in cells.items()}
            yield (
                parser.lineno,
                reference(
                    title=words.get("title"),
                    authors=[plain([name]) for name in re.split(r"\s+and\s+", cells.get("author", ""))],
                    year=words.get("year") or words.get("date"),
                    journal=words.get("journal") or words.get("journaltitle") or words.get("booktitle"),
                    doi=cells.get("doi") or cells.get("url"),
                    pmid=words.get("pmid"),
                    pmcid=words.get("pmcid"),
                    registration=words.get("note"),
                    abstract=words.get("abstract"),
                    key=key,
                ),
            )
    except PybtexSyntaxError as error:
        why = str(error).replace(f" in line {error.lineno}", "")
        reason, remedy = f"this is no BibTeX that can be read ({why})", "Look for a brace or comma too few."
        raise FileError(file, reason, remedy, row=error.lineno) from None


def _pubmed_csv(text: str, file: str) -> Iterator[tuple[int, Reference | None]]:
    header, *lines = lines_of(text, file)
    for row, line in enumerate(lines, start=2):
        if not any(line):
            continue
        if len(line) != len(header):  # cut off
            reason = f"it has {len(line)} cells where the header has {len(header)} columns"
            raise FileError(file, reason, "The file is damaged: export it again.", row=row)
        cells = dict(zip(header, line, strict=True))
        yield (
            row,
            reference(
                title=cells["Title"],
                authors=cells.get("Authors", "").rstrip(".").split(", "),
                year=cells.get("Publication Year") or cells.get("Create Date"),
                journal=cells.get("Journal/Book"),
                doi=cells.get("DOI"),
                pmid=cells["PMID"],
                pmcid=cells.get("PMCID"),
                database="PubMed",
            ),
        )


Reader = Callable[[str, str], Iterator[tuple[int, Reference | None]]]
# By its name in messages: what a file of the kind holds in some line, and who reads it
KINDS: Mapping[str, tuple[re.Pattern[str], Reader]] = {
    "MEDLINE": (re.compile(r"^PMID ?- ?\d*", re.MULTILINE), _medline),
    "RIS": (re.compile(r"^(TY|ER)  ?-", re.MULTILINE), _ris),
    "PubMed's CSV": (re.compile(r'\A"?PMID"?,"?Title"?,'), _pubmed_csv),
    "BibTeX": (re.compile(r"^\s*@\w+\s*[{(]", re.MULTILINE), _bibtex),
}


def as_ris(records: Iterable[tuple[Reference, Iterable[str]]]) -> str:
    """Write references as RIS, each with notes, for programs in which people screen."""
    with needing("RIS", extra="living"):
        import rispy

    entries = []
    for record, notes in records:
        entries.append(
            {
                "type_of_reference": "JOUR",
                "id": record.key,
                "title": record.title,
                "authors": list(record.authors),
                "year": str(record.year or ""),
                "journal_name": record.journal,
                "doi": record.doi,
                "accession_number": record.pmid or record.registration,
                "name_of_database": record.database,
                "abstract": record.abstract,
                "notes": list(notes),
            }
        )
    held = [{name: value for name, value in entry.items() if value} for entry in entries]
    return str(rispy.dumps(held))
