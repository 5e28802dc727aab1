"""Papers that a person holds: PDF, JATS, HTML or plain text, opened as the text of their pages.

A paper is read where it lies; nothing of it is copied or kept, but its hash. What can't be read as
text (scans, locked files, other kinds) is refused with what to do. What belongs to what is sure by
a DOI or by the file's name, and else only suggested.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.entities import name2codepoint
from html.parser import HTMLParser
from importlib.metadata import version
from itertools import groupby
from math import inf
from pathlib import Path
from typing import Any, Literal, TypeVar
from xml.etree.ElementTree import Element

from livingmeta.exchange.search_files import DOI, doi_in, named
from livingmeta.exchange.sheets import few_tags
from livingmeta.review.files import FileError, guarded, raw_of, text_of
from livingmeta.review.schema import Problem
from livingmeta.store import remembered
from livingmeta.words import RefusalError, needing

Line = TypeVar("Line")
KINDS = {".pdf": "pdf", ".xml": "jats", ".nxml": "jats", ".html": "html", ".htm": "html", ".xhtml": "html"}
KINDS |= {".txt": "text", ".text": "text"}
WRITTEN = frozenset({".doc", ".docx", ".odt", ".rtf", ".epub"})  # what may be a paper, and is not read
MOST_PAGES = 2_000  # a thesis has some hundreds
FEWEST_LETTERS = 40  # a page with fewer shows a picture, a scan, or nothing
GUTTER = 7.0  # points between columns of text; words of a line stand closer
FEWEST_ROWS = 4  # rows on each side of a gutter
PROSE = 20  # characters of a row of prose, at least; the cells of a table are shorter
SPACE = 0.15  # of the size of a letter: what parts two words
MOST_NAMED = 6  # authors that a citation names
SIMILAR = 85  # percent of a title in a citation, from which it is suggested
# Elements that do not part the words around them; all others do
INLINE = re.compile(
    r"a|abbr|b|bd[io]|big|bold|cite|code|data|del|dfn|em|email|ext-link|font|i|inline-formula|inline-graphic|ins"
    r"|italic|kbd|mark|monospace|named-content|nobr|overline|q|roman|s|samp|sans-serif|sc|small|span|strike"
    r"|strong|styled-content|su[bp]|time|tt|u|underline|uri|var|wbr|xref"
)
UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "tex-math", "object-id"})
MARKS = "*†‡§¶‖#"  # of footnotes
LIGATURES = {
    ord(sign): letters
    for sign, letters in zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)
}
_ROW = frozenset({"td", "th", "tr", "caption", "colgroup"})
_PART = frozenset({"thead", "tbody", "tfoot"})
CLOSES = {  # by a tag, the open elements that can't hold it
    **dict.fromkeys(("td", "th"), frozenset({"td", "th"})),
    "tr": _ROW,
    **dict.fromkeys(_PART, _ROW | _PART),
    "body": frozenset({"head", "title"}),
    "p": frozenset({"p"}),
    "li": frozenset({"li"}),
}
EMPTY = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")  # else 3.2¹ would be 3.21
LOCKED = ("the PDF is locked with a password", "Open it in a viewer, print it to a new PDF, and name that.")
NO_PAPER = "Name a PDF, a JATS XML, an HTML page or a plain text (.txt)."


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper as text.

    Attributes
    ----------
    path : Path
    kind : {"pdf", "jats", "html", "text"}
    sha256 : str
        Hash of the file.
    doi, title : str or None
        Its own, as its metadata or its first page say; None where they don't, or say several.
    pages : tuple of str
        The text of each page, column after column, without the heads and feet that pages share, so
        that sentences run on; one page where the format has none.
    across : tuple of str
        All lines, read across the whole page, as the rows of a wide table run.
    numbered : bool
        Whether pages are pages: of a PDF.
    cited : str
        How to cite it, as JATS or the head of an HTML page says; "" where they don't.
    """

    path: Path
    kind: Literal["pdf", "jats", "html", "text"]
    sha256: str
    doi: str | None
    title: str | None
    pages: tuple[str, ...] = field(repr=False, compare=False)
    across: tuple[str, ...] = field(repr=False, compare=False)
    numbered: bool
    cited: str = field(default="", repr=False, compare=False)

    def numbered_as(self, asked: range) -> set[int]:
        """Return the pages, from 1, that are meant by numbers: of the file, or printed at head or foot."""
        printed = {
            place
            for place, text in enumerate(self.across, start=1)
            for words in map(str.split, _ends(text.splitlines()))
            if {str(number) for number in asked} & {*words[:1], *words[-1:]}
        }
        return (printed | (set(asked) & set(range(1, len(self.pages) + 1)))) if self.numbered else set()

    @property
    def unread(self) -> tuple[int, ...]:
        """Pages, from 1, that show a picture and hold no text."""
        return tuple(n for n, text in enumerate(self.across, start=1) if _letters(text) < FEWEST_LETTERS)


@dataclass(frozen=True, kw_only=True)
class Belonging:
    """A paper of a folder: the keys that it surely belongs to, and those that its title suggests."""

    paper: Paper
    keys: tuple[str, ...]
    suggested: tuple[str, ...] = ()
    why: str


def open_paper(path: Path) -> Paper:
    """Open a paper as text.

    Raises
    ------
    FileError
        If it is empty, scanned, locked, damaged, or of another kind.
    RefusalError
        If it is a PDF and the package pdfplumber is not installed.
    """
    file, raw = str(path), raw_of(path, str(path))
    if not raw.strip():
        raise FileError(file, "the file is empty", "Download it again.")
    kind, sha256, cited = _kind(path, raw), hashlib.sha256(raw).hexdigest(), ""
    if kind == "pdf":
        title, doi, pages, across = read_once(sha256, "text", lambda: _pdf(raw, file))
    elif kind == "text":
        text = text_of(raw.replace(b"\f", b"\n"), file, utf16=True)
        title = next((line.strip() for line in text.splitlines() if line.strip()), None)
        doi, pages, across = _only_doi(text[:6000]), (text,), (text,)
    else:
        whole = tree_of(kind, raw, file)
        title, doi, cited = (_jats if kind == "jats" else _html)(whole)
        with guarded(file, "it can't be read as text", "Save it again."):
            text = words_of(whole)
        doi = doi or (_only_doi(text[:6000]) if kind == "html" else None)
        if not _letters(text):
            raise FileError(file, "there is no text in it", NO_PAPER)
        pages = across = (text,)
    return Paper(
        path=path,
        kind=kind,
        sha256=sha256,
        doi=doi,
        title=title,
        pages=tuple(pages),
        across=tuple(across),
        numbered=kind == "pdf",
        cited=cited,
    )


def read_once(sha256: str, what: str, read: Callable[[], Any]) -> Any:
    """Return what was read of a PDF, as JSON: a page takes a second, so it is kept, and the file is not.

    What another version of this program or of its library read is read anew.
    """
    with needing("A PDF", extra="living"):
        by = hashlib.sha256(version("pdfplumber").encode())
    for module in ("papers", "paper_tables", "printed_tables"):
        by.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    return remembered("papers", f"{sha256}-{what}-{by.hexdigest()[:12]}", read)


def papers_in(
    folder: Path, *, progress: Callable[[int, int], object] | None = None
) -> tuple[list[Paper], list[Problem]]:
    """Open all papers in a folder and below it, or one; what can't be read is a doubt, not an end.

    Raises
    ------
    RefusalError
        If there is no such folder, or no paper in it.
    """
    if not folder.exists():
        raise RefusalError(f"{folder}: there is no such folder. Name the folder that holds the papers.")
    opened: list[Paper] = []
    doubts: list[Problem] = []
    found = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    paths = [path for path in found if path.suffix.lower() in {*KINDS, *WRITTEN} and path.is_file()]
    for done, path in enumerate(paths, start=1):
        try:
            opened.append(open_paper(path))
        except FileError as refusal:
            doubts += [Problem(**{**vars(p), "severity": "warning"}) for p in refusal.problems]
        if progress:
            progress(done, len(paths))
    if not paths:
        raise RefusalError(f"{folder}: there is no paper in this folder. {NO_PAPER}")
    return opened, doubts


def belonging(papers: Iterable[Paper], cited: Mapping[str, tuple[str | None, str]]) -> list[Belonging]:
    """Say to what each paper belongs, of keys with their DOIs and how they are cited.

    A paper surely belongs to all that have its DOI; where it has none, to the key that its file is called
    by. Where the two say different things, it belongs to nothing, and `why` says so.
    """
    with needing("Comparing titles", extra="living"):
        from rapidfuzz import fuzz

    dois = {key: doi_in(doi) for key, (doi, _) in cited.items() if doi}
    listed = []
    for paper in papers:
        by_name = tuple(key for key in cited if key == paper.path.stem.lower())
        known = {paper.doi, *(dois.get(key) for key in by_name)} - {None}
        by_doi = tuple(key for key, doi in dois.items() if doi in known)
        other = [key for key in by_name if paper.doi and dois.get(key, paper.doi) != paper.doi]
        if other:
            why = f"it is called {other[0]}, and its DOI {paper.doi} is another's"
            listed.append(Belonging(paper=paper, keys=(), why=why))
        elif by_doi or by_name:
            why = "named by the key" if by_name and not paper.doi else f"DOI {paper.doi}"
            listed.append(Belonging(paper=paper, keys=tuple(dict.fromkeys(by_doi + by_name)), why=why))
        else:
            # One whose DOI is known to be another is not it, whatever the title.
            near = {
                key: fuzz.partial_ratio(_bare(paper.title), _bare(citation))
                for key, (_, citation) in cited.items()
                if paper.title and len(_bare(paper.title)) > 20 and not (paper.doi and key in dois)
            }
            keys = tuple(key for key in sorted(near, key=lambda key: -near[key]) if near[key] >= SIMILAR)
            unknown = "no source or report has its DOI, its name or its title"
            why = "only its title says so" if keys else unknown
            listed.append(Belonging(paper=paper, keys=(), suggested=keys, why=why))
    return listed


def _kind(path: Path, raw: bytes) -> Literal["pdf", "jats", "html", "text"]:
    """Tell a file's kind by how it begins, and a text by what it is called."""
    begin = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"%pdf-" in begin[:1024]:
        return "pdf"
    if re.search(rb"<(?:!doctype\s+)?html\b", begin):
        return "html"
    if begin.startswith((b"<?xml", b"<!doctype", b"<article", b"<pmc-articleset", b"<oai")):
        return "jats"
    suffix, file = path.suffix.lower(), str(path)
    if suffix in WRITTEN:
        raise FileError(file, f"papers ending in {suffix} are not read", "Save it as PDF.")
    if KINDS.get(suffix) == "text":
        return "text"
    if KINDS.get(suffix) == "html" and begin.startswith(b"<"):
        return "html"
    named = f"it is called {suffix}, and begins otherwise" if suffix in KINDS else "this is no paper"
    raise FileError(file, named, NO_PAPER)


def _pdf(raw: bytes, file: str) -> tuple[str | None, str | None, tuple[str, ...], tuple[str, ...]]:
    with needing("A PDF", extra="living"):
        import pdfplumber
        from pdfminer.pdfdocument import PDFPasswordIncorrect

        from livingmeta.exchange.printed_tables import views
    read: list[tuple[list[list[Any]], list[str], float]] = []
    pages: list[str] = []
    across: list[str] = []
    with guarded(file, "this is no PDF that can be read", "Download it again."):
        try:
            opened = pdfplumber.open(io.BytesIO(raw), unicode_norm=None)
        except Exception as error:
            if isinstance(error, PDFPasswordIncorrect) or any(
                isinstance(told, PDFPasswordIncorrect) for told in error.args
            ):
                raise FileError(file, *LOCKED) from None
            raise
        with opened as pdf:
            if len(pdf.pages) > MOST_PAGES:
                raise FileError(file, f"it has more than {MOST_PAGES:,} pages", "Part it.")
            about = {str(k).lower(): v for k, v in (pdf.metadata or {}).items() if isinstance(v, str)}
            for page in pdf.pages:
                seen_from = {view.turn: view.rows() for view in views(page)}
                upright = seen_from.pop(0, [])
                read.append(
                    (upright, ["\n".join(map(_line, rows)) for rows in seen_from.values()], page.width)
                )
                page.close()
    if not read:
        raise FileError(file, "it has no pages", "Download it again.")
    times = Counter(end for rows, *_ in read for end in {_masked(row) for row in _ends(rows)})
    for rows, sideways, width in read:
        heads = [id(row) for row in _ends(rows) if times[_masked(row)] > 1]
        body = [row for row in rows if id(row) not in heads]
        pages.append("\n".join([*_columns(body, width), *sideways]))
        lines = list(map(_line, rows))
        across.append("\n".join([*lines[:-2], *sideways, *lines[-2:]]))
    seen = [n for n, text in enumerate(across, start=1) if _letters(text) >= FEWEST_LETTERS]
    whole = "".join(across)
    if 2 * len(seen) < len(across):
        reason = (
            f"no text can be read on {len(across) - len(seen)} of its {len(across)} pages: they are scans"
        )
        remedy = (
            "Run text recognition on it (for instance ocrmypdf), check what comes out, or type the numbers."
        )
        raise FileError(file, reason, remedy)
    if 20 * len(re.findall(r"\(cid:\d+\)", whole)) > _letters(whole):
        reason = "its fonts do not say which letters they show"
        raise FileError(file, reason, "Take the publisher's HTML or XML, or run text recognition on it.")
    said = " ".join(text for key, text in about.items() if "doi" in key or key == "subject")
    own = _only_doi(said) or _only_doi(across[0])
    title = about.get("title", "")
    return (title if len(title.split()) > 3 else _largest(read[0][0])), own, tuple(pages), tuple(across)


def _ends(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the lines at the head and foot of a page."""
    return lines if len(lines) <= 4 else [*lines[:2], *lines[-2:]]


def _masked(row: Iterable[Any]) -> str:
    return re.sub(r"\d+", "#", _line(row))


def _line(row: Iterable[Any]) -> str:
    return " ".join(word.text for word in row).translate(LIGATURES)


def _columns(rows: list[list[Any]], width: float) -> list[str]:
    """Read rows column after column; what runs across the page parts what is above from what is below.

    Columns are parted by a gutter that few rows cross and with prose on both of its sides, so that
    the columns of a table are none.
    """
    low, high = min((row[0].x0 for row in rows), default=0), max((r[-1].x1 for r in rows), default=0)
    places = [low + (high - low) * part / 100 for part in range(20, 81)] if high - low > width / 3 else []

    def crosses(row: list[Any], x: float) -> bool:
        left = max((word.x1 for word in row if word.x0 < x), default=-inf)
        right = min((word.x0 for word in row if word.x0 >= x), default=inf)
        return left > x or right - left < GUTTER

    crossed = {x: [crosses(row, x) for row in rows] for x in places}
    gutter = min(places, key=lambda x: sum(crossed[x]), default=0.0)
    sides = [[[w for w in row if (w.x0 >= gutter) == right] for row in rows] for right in (False, True)]
    prose = [
        [len(_line(r)) for r, over in zip(side, crossed.get(gutter, []), strict=False) if r and not over]
        for side in sides
    ]
    if any(len(lengths) < FEWEST_ROWS or sum(lengths) < PROSE * len(lengths) for lengths in prose):
        return [_line(row) for row in rows]
    lines: list[str] = []
    for over, part in groupby(zip(crossed[gutter], rows, *sides, strict=True), key=lambda parts: parts[0]):
        whole, *halves = ([row for row in side if row] for side in list(zip(*part, strict=True))[1:])
        lines += map(_line, whole) if over else (line for half in halves for line in _columns(half, width))
    return lines


def _largest(rows: Iterable[Iterable[Any]]) -> str | None:
    """Return what a first page prints largest, where that can be a title."""
    pieces = [piece for row in rows for piece in row]
    largest = max((round(piece.size) for piece in pieces), default=0)
    text = _line(piece for piece in pieces if round(piece.size) == largest)
    return text if 3 < len(text.split()) < 60 else None


def tree_of(kind: str, raw: bytes, file: str) -> Element:
    """Return a paper in HTML, or the one article of an XML in JATS, as a tree.

    Raises
    ------
    FileError
        If it can't be read, is not well-formed, defines entities, or holds no article or several.
    """
    few_tags(raw, file)
    if kind == "html":
        page = _Tree()
        with guarded(file, "this is no HTML that can be read", "Save the page again."):
            page.feed(_declared(raw) or text_of(raw, file, utf16=True))
            page.close()
        return page.root
    return _article(raw, file)


def _declared(raw: bytes) -> str | None:
    """Decode a page that says it is of Windows or Latin-1, which browsers read as Windows-1252, too."""
    said = re.search(
        rb"<meta[^>]+charset=[\"']?\s*(?:windows-1252|iso-8859-1|latin-?1)\b", raw[:4096], re.IGNORECASE
    )
    return raw.decode("cp1252", errors="replace") if said else None


def _article(raw: bytes, file: str) -> Element:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    with guarded(file, "this is not well-formed XML", "Download it again."):
        parser = DefusedXMLParser()
        parser.entity.update({name: chr(code) for name, code in name2codepoint.items()})
        try:
            parser.feed(raw)
            tree: Element = parser.close()
        except DefusedXmlException:
            raise FileError(file, "it defines entities, as an XML bomb does", "It is not read.") from None
    articles = [part for part in tree.iter() if tag_of(part) == "article"]
    if len(articles) != 1:
        reason = f"it holds {len(articles)} articles" if articles else "this XML is no article in JATS"
        raise FileError(file, reason, "Download the article alone from Europe PMC or the publisher.")
    return articles[0]


def _jats(whole: Element) -> tuple[str | None, str | None, str]:
    """Return what an article says of itself: title and DOI, and how to cite it."""
    meta = next((part for part in whole.iter() if tag_of(part) == "article-meta"), None)
    parts = [*meta] if meta is not None else []
    title = doi = None
    for part in parts:
        if tag_of(part) == "article-id" and part.get("pub-id-type") == "doi" and part.text:
            doi = doi_in(part.text)
        if tag_of(part) == "title-group" and len(part):
            title = _said(part[0])

    def first(name: str, inside: Element | None = meta) -> str:
        listed = inside.iter() if inside is not None else ()
        return next((_said(part) for part in listed if tag_of(part) == name), "")

    people = [one for part in parts if tag_of(part) == "contrib-group" for one in part]
    dates = [part for part in parts if tag_of(part) == "pub-date"]
    of_issue = [date for date in dates if {"ppub", "collection"} & {*date.attrib.values()}]
    authors = [
        f"{first('surname', one)}, {first('given-names', one)}".strip(", ") or first("collab", one)
        for one in people
        if one.get("contrib-type", "author") == "author"
    ]
    year = first("year", next(iter(of_issue or dates), None))
    pages = first("fpage") or first("elocation-id"), first("lpage")
    return title, doi, _cited(authors, title, first("journal-title", whole), year, first("volume"), pages)


def _html(whole: Element) -> tuple[str | None, str | None, str]:
    """Return what a page says of the paper in its head: title and DOI, and how to cite it."""
    listed: dict[str, list[str]] = {}
    for meta in whole.iter("meta"):
        listed.setdefault(meta.get("name", "").lower(), []).append(meta.get("content", ""))
    about = {name: said[0] for name, said in listed.items()}
    numbers = " ".join(about.get(name, "") for name in ("citation_doi", "dc.identifier", "prism.doi"))
    heads = ("".join(part.itertext()) for part in whole.iter("title"))
    title = about.get("citation_title") or about.get("dc.title") or next(heads, "")
    dated = " ".join(about.get(f"citation_{name}", "") for name in ("publication_date", "date", "year"))
    year = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", dated)
    names = ("journal_title", "volume", "firstpage", "lastpage")
    journal, volume, *pages = (about.get(f"citation_{name}", "") for name in names)
    authors = listed.get("citation_author", [])
    cited = _cited(authors, title, journal, year[0] if year else "", volume, pages)
    return " ".join(title.split()) or None, _only_doi(numbers), cited


def _said(part: Element) -> str:
    return " ".join("".join(part.itertext()).split())


def _cited(
    authors: Iterable[str], title: str | None, journal: str, year: str, volume: str, pages: Sequence[str]
) -> str:
    """Write a citation as journals of medicine do; "" where the least of it is not known."""
    people = [named(author) for author in authors if author.strip(" ,")]
    if not (people and title and journal and year):
        return ""
    within = "-".join(dict.fromkeys(filter(None, pages)))
    listed = ", ".join(people[:MOST_NAMED]) + (", et al" if len(people) > MOST_NAMED else "")
    end = "" if title.endswith(("?", "!")) else "."
    of_issue = f"{f';{volume}' if volume else ''}{f':{within}' if within else ''}"
    return f"{listed}. {title.rstrip('.')}{end} {journal} {year}{of_issue}"


class _Tree(HTMLParser):
    """An HTML page as a tree, with the end tags that HTML leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("html")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, and close those that can't hold it."""
        while self.open[-1].tag in CLOSES.get(tag, ()):
            self.open.pop()
        inside = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].append(inside)
        if tag not in EMPTY:
            self.open.append(inside)

    def handle_endtag(self, tag: str) -> None:
        """Close an element and what is open in it; nothing outside of the innermost table."""
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return
            if self.open[depth].tag == "table":
                return

    def handle_data(self, data: str) -> None:
        """Put words where they stand."""
        inside = self.open[-1]
        if len(inside):
            inside[-1].tail = (inside[-1].tail or "") + data
        else:
            inside.text = (inside.text or "") + data


def tag_of(element: Element) -> str:
    """Return what an element is called, without its namespace; "" for a comment."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def hidden(element: Element) -> bool:
    """Say whether a browser does not show an element."""
    style = element.get("style", "").replace(" ", "").lower()
    return element.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style


def words_of(element: Element, marks: list[str] | None = None) -> str:
    """Return the words of an element as they are shown, each block on lines of its own.

    What is raised stays so; with a list for them, footnote marks go there instead.
    """
    parts = [element.text or ""]
    for part in element:
        tag = tag_of(part)
        note = marks is not None and tag == "xref" and part.get("ref-type") in {"fn", "table-fn"}
        if not tag or tag in UNSEEN or hidden(part):
            words = ""
        elif tag == "sup" or note:
            words = _raised(part, marks)
        else:
            around = "" if INLINE.fullmatch(tag) else " " if tag in {"td", "th"} else "\n"
            words = f"{around}{words_of(part, marks)}{around}"
        parts += [words, part.tail or ""]
    return "".join(parts)


def _raised(element: Element, marks: list[str] | None) -> str:
    """Return what of a raised text belongs to the words, and note what is a footnote's mark."""
    text = "".join(element.itertext()).strip()
    linked = any(tag_of(part) in {"xref", "a"} for part in element.iter())
    sign = re.fullmatch(rf"[{MARKS}\s,]+|[a-z](?:\s*,\s*[a-z])*", text) is not None
    if marks is not None and text and (linked or sign):
        marks.append(text)
        return ""
    return text.translate(RAISED)


def _only_doi(text: str) -> str | None:
    """Return the DOI that a text holds, if it holds one alone; it may break at a line's end."""
    held = {doi.lower() for doi in DOI.findall(re.sub(r"(?<=[-/._])\n", "", text))}
    return held.pop() if len(held) == 1 else None


def _bare(text: str | None) -> str:
    return " ".join(re.findall(r"\w+", (text or "").lower()))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
