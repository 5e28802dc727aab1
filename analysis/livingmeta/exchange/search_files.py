"""What databases of papers export: RIS, MEDLINE, BibTeX and PubMed's CSV; known by content, not by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from livingmeta.exchange.sheets import as_windows_writes
from livingmeta.review.files import FileError, bounded, guarded, lines_of, raw_of
from livingmeta.words import CONTROLS, needing

# Of a paper: CENTRAL gives its own records addresses that look like one; SICI has marks that no other has
DOI = re.compile(
    r"10\.(?!1002/central/)\d{4,9}/"
    r"(?:\(SICI\)\S*?CO;2-\w|[^\s\"'<>{}|\\^`]*[^\s\"'<>{}|\\^`.,;:)\]])",
    re.IGNORECASE,
)
# What publishers put behind it in the address of a page
_OF_PAGE = re.compile(
    r"(?:/(?:full|abstract|fulltext|pdf|epdf|epub|html|meta))*(?:\.pdf|\.html)?(?:[?#].*)?$"
)
_SEVERAL = re.compile(r"[^,]+ [A-Z]{1,4}(?:, [^,]+ [A-Z]{1,4})+")  # authors in one line, as Ovid has them
# Numbers of the registers that feed the WHO's search portal, as papers print them
_REGISTERED = re.compile(
    r"(?:\b|(?<=EUCTR))"
    r"(NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|DRKS\d{8}|ChiCTR[-A-Z]*\d{8,10}|UMIN\d{9}|PACTR\d{15}|IRCT\w{8,20}"
    r"|CTRI/\d{4}/\d{2,3}/\d{5,6}|RBR-\w{6,8}|TCTR\d{11}|KCT\d{7}|NTR\d{2,4}|\d{4}-\d{6}-\d{2}(?:-\d{2})?)\b"
)
# Fields of RIS that hold a record's number in PubMed, by words of its database
_PUBMED_IN = {
    "pubmed|medline|cmedm": ("accession_number", "custom5"),
    "embase": ("custom5",),
    "scopus": ("custom2",),
}
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
    reason = f"this is none of the files that are read here: {', '.join(KINDS)}"
    remedy = "Export the records again, as RIS (PubMed: as PubMed or CSV), or by way of a reference manager."
    raise FileError(file, reason if text.strip() else "the file is empty", remedy)


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
    return _OF_PAGE.sub("", held[0].lower()) if held else None


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
    >>> named("Smith, Benjamin E."), named("Benjamin E. Smith"), named("Smith B.E."), named("Smith BE Jr")
    ('Smith BE', 'Smith BE', 'Smith BE', 'Smith BE')
    """
    author = re.sub(r",? (?:Jr|Sr|2nd|3rd|4th)\b\.?", "", author)
    if dotted := re.fullmatch(r"([^,.]+?) ((?:\w\.[ -]?)+|(?:[A-Z] )+[A-Z])", author):
        author = f"{dotted[1]}, {dotted[2]}"
    elif last := re.fullmatch(r"((?:[^\s,.]+ )?(?:\w\.[ -]?)+) ((?:[a-z]+ )*[^\s,.]+)", author):
        author = f"{last[2]}, {last[1]}"
    family, _, given = (part.strip() for part in author.partition(","))
    if not given:
        return " ".join(author.split()).rstrip(",")
    plain = given.replace(".", " ").split()
    if len(plain) == 1 and plain[0].isupper() and len(plain[0]) <= 3:
        return f"{family} {plain[0]}"
    return f"{family} {''.join(name[0] for part in plain for name in part.split('-') if name)}"


def reference(**cells: object) -> Reference:
    """Make a reference of what a database says, each part cleaned of marks, breaks and addresses."""
    text = {name: _clean(value) for name, value in cells.items() if isinstance(value, str)}
    authors = cells.get("authors") or ()
    lines = [_clean(author) for author in authors if author.strip()]  # type: ignore[attr-defined]
    parted = (line.split(", ") if _SEVERAL.fullmatch(line) else [line] for line in lines)
    year = re.search(r"(?<!\d)(19|20)\d\d(?!\d)", text.get("year", ""))
    pmid = re.fullmatch(r"[1-9]\d{0,8}", text.get("pmid", ""))
    pmcid = re.fullmatch(r"(?i:PMC)(\d{1,9})(\.\d+)?", text.get("pmcid", ""))
    notes = cells.get("notes") or ()
    return Reference(
        title=text.get("title", "")[:LONGEST_TITLE],
        authors=tuple(named(author) for each in parted for author in each),
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
    text = re.sub(r"&#?\w+;", lambda sign: unescape(sign[0]), text)
    inline = r"</?(?:[ibu]|su[bp]|inf|em|strong|scp|jats:(?:italic|bold|su[bp])|span(?: [^<>]*)?)\s*>"
    text = re.sub(inline, "", text, flags=re.IGNORECASE)
    tagless = re.sub(r"</?(?:p|br|jats:\w+|h\d)\s*/?>", " ", text, flags=re.IGNORECASE)
    return " ".join(CONTROLS.sub(" ", tagless).split())


def _ris(text: str, file: str) -> Iterator[tuple[int, Reference | None]]:
    with needing("RIS", extra="living"):
        import rispy

    starts, opened = [], 0
    text = re.sub(r"^ER ?- *$", "ER  - ", text, flags=re.MULTILINE)
    gap = "  " if re.search(r"^TY  -", text, re.MULTILINE) else " "  # IL-6 may begin a line of an abstract
    for row, line in enumerate(text.split("\n"), start=1):
        tag = re.match(rf"(TY|ER){gap}-", line)
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
    spaced = re.sub(rf"^([A-Z][A-Z0-9]){gap}- ?", r"\1  - ", text, flags=re.MULTILINE)
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
    others: Mapping[str, list[str]] = cells.get("unknown_tag") or {}  # type: ignore[assignment]
    database = first("name_of_database", "database_provider")
    number = first("accession_number") or ""
    dois = ("doi", "type_of_work", "id", "accession_number", "file_attachments1", "file_attachments2")
    said = (*map(first, dois), *others.get("L3", ()), *(n for n in notes if re.match(r"(?i)doi\b", n)), urls)
    marked = (urls, first("custom3") or "", *(note for note in notes if note.startswith("PMID: ")))
    pubmed = re.search(r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|/pubmed/|PUBMED |PMID: )(\d+)", " ".join(marked))
    fields = (held for name, held in _PUBMED_IN.items() if re.search(name, (database or "").lower()))
    titles = "journal_name", "secondary_title", "alternate_title3", "alternate_title2", "alternate_title1"
    journal = first(*titles) or ""
    return reference(
        title=first("title", "primary_title", "translated_title", "short_title"),
        authors=cells.get("authors") or cells.get("first_authors") or cells.get("secondary_authors"),
        year=" ".join(first(name) or "" for name in ("year", "publication_year", "date")),
        journal=None if "://" in journal else journal,  # CENTRAL: the address of a register's entry
        doi=next(filter(None, map(doi_in, said)), None),
        pmid=pubmed[1] if pubmed else first(*next(fields, ())),
        pmcid=first("custom2"),
        registration=" ".join((number, urls, journal, *notes)),
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


# Signs that programs write in titles by name, \textless for one
_SIGNS = {"less": "<", "greater": ">", "quoteleft": "‘", "quoteright": "’", "quotesingle": "'"}
_SIGNS |= {"quotedblleft": "“", "quotedblright": "”"}
# What else they write there beyond accents, and what it is in plain words
_LATEX = (
    (r"(?<!\\)%", r"\\%"),  # else the rest would be a comment
    (r"\\(?:text(?:it|rm|bf|sc|sf|tt|normal|sub(?:script)?|superscript)|emph|math(?:rm|it|bf)) *(?=\{)", ""),
    (r"(?<!\\)\$(?:[_^]([^$]*)|([<>=]))\$", r"\1\2"),
    (r"\\\$", "$"),
    (r"(\\[\"'^`~=]\{?)\\([ij])\b", r"\1\2"),
)


def _bibtex(text: str, file: str) -> Iterator[tuple[int, Reference | None]]:
    with needing("BibTeX", extra="living"):
        from pybtex.bibtex.utils import split_name_list
        from pybtex.database import Person
        from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro, month_names
        from pybtex.richtext import Text
        from pybtex.scanner import PybtexSyntaxError
        from pybtex.utils import CaseInsensitiveDict

    def plain(latex: str) -> str:
        if not re.search(r"[\\{}$%~`]|--|''", latex):  # most abstracts, and LaTeX takes its time
            return latex
        latex = re.sub(r"\\text(\w+)\b *(?:\{\})?", lambda name: _SIGNS.get(name[1], name[0]), latex)
        for pattern, sign in _LATEX:
            latex = re.sub(pattern, sign, latex)
        try:
            return str(Text.from_latex(latex))
        except PybtexSyntaxError:  # a lone brace in a title is no damage
            return re.sub(r"[{}]", "", latex)

    def field(*names: str) -> str | None:
        return next((plain(cells[name]) for name in names if cells.get(name)), None)

    def family_first(name: str) -> str:
        if "," in name or re.search(r"^\{| [A-Z]{1,4}$", name):
            return name
        person = Person(name)
        family, given = person.prelast_names + person.last_names, person.first_names + person.middle_names
        return f"{' '.join(family)}, {' '.join(given)}"

    def fault(error: PybtexSyntaxError) -> None:
        if not isinstance(error, UndefinedMacro) or (parser.current_field_name or "").lower() != "month":
            raise error

    # macros of its own: what one file defines is not known to the next
    parser = LowLevelParser(text, macros=CaseInsensitiveDict(month_names), handle_error=fault)
    try:
        for kind, entry in parser:
            if kind.lower() in {"string", "comment", "preamble"}:
                continue
            key, fields = entry
            cells = {name.lower(): "".join(parts) for name, parts in fields}
            people = [name for name in split_name_list(cells.get("author", "")) if name != "others"]
            yield (
                parser.lineno,
                reference(
                    title=field("title"),
                    authors=[plain(family_first(name)) for name in people],
                    year=f"{field('year')} {field('date')}",
                    journal=field("journal", "journaltitle", "booktitle"),
                    doi=doi_in(field("doi")) or cells.get("url"),
                    pmid=field("pmid", "pubmed_id"),
                    pmcid=field("pmcid"),
                    registration=field("note"),
                    abstract=field("abstract"),
                    key=key,
                ),
            )
    except PybtexSyntaxError as error:
        why = str(error).replace(f" in line {error.lineno}", "")
        reason, remedy = f"this is no BibTeX that can be read ({why})", "Look for a brace or comma too few."
        if isinstance(error, UndefinedMacro):
            remedy = "Put its words in braces instead, or define it with @string."
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
                authors=re.split("[,;] ", cells.get("Authors", "").rstrip(".")),
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
