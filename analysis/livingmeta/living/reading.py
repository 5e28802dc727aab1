"""Numbers out of the tables of a paper: a person picks the cells, and what they hold is read or asked.

Where a gap says what is looked for, the cells that may hold it are found and shown first. What a
number is comes from the headings and the caption, if these say one thing; else it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from livingmeta.audit.gaps import KnownGap, known_gap, known_gaps, report_of
from livingmeta.exchange.cells import numbers_in
from livingmeta.exchange.entry import NUMBER, Entry, EntryError, named_in, read_result
from livingmeta.exchange.paper_tables import PaperCell, PaperTable, beside, tables
from livingmeta.exchange.papers import Paper, belonging
from livingmeta.exchange.search_files import registered_in
from livingmeta.exchange.verbatim import COUNT, Readings, spelled
from livingmeta.living.dialogue import Asker, Given, Typing, Wanted, settled, wanted
from livingmeta.living.drafts import empty
from livingmeta.printer import Shown
from livingmeta.review.protocol import Review
from livingmeta.review.rules import PEOPLE
from livingmeta.review.schema import QUOTE_LIMIT, Instrument, Report, SearchRecord
from livingmeta.words import MINUS, RELATIONS, RefusalError, answered

OTHERS = "other"
TRIES = 5
LONGEST = 240  # signs of a sentence; what is longer is a table, or a list of references
SENTENCES = re.compile(r"(?<=[.!?;:])\s+(?=[A-Z\d])|\n(?=[A-Z])")
MEASURED = re.compile(
    r"\b(?:analy[sz]ed|assessed|measured|completed|follow(?:ed)?[ -]up|attended|lost|dropped out|withdrew|"
    r"withdrawn|missing|available|responded|returned|provided|remained|intention[ -]to[ -]treat)\b",
    re.IGNORECASE,
)
PERSONS = re.compile(
    r"\b(?:people|participants|patients|subjects|persons|adults|men|women|group|arm)\b", re.I
)
SOME = re.compile(  # a number of people, which is no year, share or range
    r"(?<![\w.,·%–-])(?!(?:19|20)\d\d\b)\d{1,4}(?![\w·%–]|[.,]\d)"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|one (?:person|patient|participant))\b",
    re.IGNORECASE,
)
MOST_SHOWN = 12  # cells that are offered for one question
UNITS = {"day": 1 / 7, "week": 1, "wk": 1, "month": 52 / 12, "mo": 52 / 12, "year": 52, "yr": 52}
COUNTED = {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six"), start=1)}
COUNTED |= {"nine": 9, "twelve": 12, "eighteen": 18}
TIME = re.compile(
    rf"\b(\d+(?:[.,]\d+)?|{'|'.join(COUNTED)})[\s-]*({'|'.join(UNITS)})s?\b"
    r"|\b(week|month|year)s?\s+(?:\d+\s*(?:[-–]|to)\s*)?(\d+)\b"
    # "at 4, 8 and 12 weeks" names three
    rf"|(?<![\w.,·-])(\d+)(?=(?:, \d+)*,? (?:and|or|&) \d+[\s-]*({'|'.join(UNITS)})s?\b)",
    re.I,
)
BASELINE = re.compile(  # but a "change from baseline" is at another time
    r"\b(?:(?<!from )(?<!than )(?<!with )(?<!since )(?<!between )|(?=baseline\s*\(?\d))"
    r"(?:baseline|pre(?:-?(?:treatment|test|intervention))?|before|inclusion)\b",
    re.IGNORECASE,
)
QUANTITIES = {  # what a heading says of a column with one number in a cell
    "n": r"n|no\.?|number|participants|patients|people",
    "mean": r"m|mean|average|md|(?:mean )?difference",
    "sd": r"s\.?d\.?|standard deviation",
    "se": r"s\.?e\.?m?\.?|standard error",
    "median": r"median|mdn",
    "ci_low": r"lower(?: limit)?|(?:95% )?ci (?:lower|low)",
    "ci_high": r"upper(?: limit)?|(?:95% )?ci (?:upper|high)",
    "p_value": r"p(?:[ -]?values?)?",
}
ROLES = {
    "mean": "a mean, or the difference itself",
    "sd": "a standard deviation",
    "se": "a standard error",
    "n": "people",
    "median": "a median",
    "ci_low": "the lower limit of a confidence interval",
    "ci_high": "its upper limit",
    "p_value": "a P value",
}
MEANT = {  # as it is told where a heading or the caption says it
    "sd": "a mean with its standard deviation",
    "se": "a mean with its standard error",
    "ci": "a confidence interval",
    "iqr": "the quartiles",
    "range": "smallest and largest",
    "mean": "a mean",
    "median": "a median",
}
PICK = re.compile(r"(\d+)\s*:\s*r(\d+)\s*c(\d+)((?:\s*\+\s*r\d+\s*c\d+)*)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, repr=False)
class Candidate(Shown):
    """A cell that may hold what is looked for.

    `fits` says by what: the words of scale, time and group that its headings and caption share with
    what is looked for; `group` is "1" or "2" where they fit one of them better; `gap` is its number.
    """

    gap: int | None
    table: PaperTable
    cell: PaperCell
    fits: tuple[str, ...]
    group: str
    score: float

    @property
    def place(self) -> str:
        """Its place, as `--pick` takes it."""
        return f"{self.table.number}:{self.cell.place}"

    def __str__(self) -> str:
        heads = " / ".join((*self.table.row_headings(self.cell), *self.table.column_headings(self.cell)))
        return f"{self.place}  {self.cell.text}  ({self.table.name}: {heads})"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        return [self.row]

    @property
    def row(self) -> dict[str, Any]:
        """Return what there is to say of it as plain values, by the words of docs/json.md."""
        return {
            "gap": self.gap,
            "place": self.place,
            "text": self.cell.text,
            "label": self.table.label,
            "page": self.cell.page or self.table.page,
            "row_headings": self.table.row_headings(self.cell),
            "column_headings": self.table.column_headings(self.cell),
            "group": self.group,
            "fits": self.fits,
            "doubts": self.table.doubts_of(self.cell),
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class Closing(Shown):
    """A paper, the reports that it is, and the known gaps that it may close.

    Where it is not `sure`, its title alone suggests the report, and a person has to say so.
    """

    file: str  # its name
    paper_sha256: str  # its hash
    doi: str | None  # its own, where it says one
    title: str | None  # as it says
    reports: tuple[str, ...]  # keys in reports.csv that it is
    sure: bool  # whether DOI or name say so
    why: str  # how it is known, or why it is not
    record: str | None  # key in records.csv, where a search found it
    gaps: tuple[KnownGap, ...]
    paper: Paper = field(compare=False)

    def __str__(self) -> str:
        numbers = ", ".join(str(known.number) for known in self.gaps)
        return f"{self.file}: {self.report_name} ({self.why})" + (f", gaps {numbers}" if numbers else "")

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        return [self.row]

    @property
    def row(self) -> dict[str, Any]:
        """Return what there is to say of it as plain values, by the words of docs/json.md."""
        own = {cell.name: getattr(self, cell.name) for cell in fields(self) if cell.compare}
        return {**own, "gaps": tuple(known.number for known in self.gaps)}

    @property
    def report_name(self) -> str:
        """The reports that it is; with a ? where only its title says so."""
        return f"{', '.join(self.reports) or '–'}{'' if self.sure or not self.reports else '?'}"


def closings(review: Review, papers: Iterable[Paper]) -> list[Closing]:
    """Say which reports and records papers are, and which open gaps each may close."""
    found = {record.doi: record for record in review.records if record.doi and not record.duplicate_of}
    cited = {report.report: (report.doi, report.citation) for report in review.reports}
    known = known_gaps(review)
    listed = []
    for held in belonging(papers, cited):
        keys, record = held.keys or held.suggested[:1], found.get(held.paper.doi or "")
        why = held.why if keys or record is None else f"DOI of the record {record.record}, no report yet"
        listed.append(
            Closing(
                file=held.paper.path.name,
                paper_sha256=held.paper.sha256,
                doi=held.paper.doi,
                title=held.paper.title,
                reports=keys,
                sure=bool(held.keys),
                why=why,
                record=record.record if record else None,
                gaps=_open_gaps(review, known, [r for r in review.reports if r.report in keys]),
                paper=held.paper,
            )
        )
    return listed


def _open_gaps(review: Review, known: Sequence[KnownGap], reports: Sequence[Report]) -> tuple[KnownGap, ...]:
    """Return the open gaps that reports may close: those looked for in one of them, else of their trials."""
    keys, trials = {r.report for r in reports}, {r.trial for r in reports}
    still = tuple(one for one in known if not one.filled and one.gap.trial in trials)
    named = tuple(one for one in still if (hint := report_of(review, one.gap)) and hint.report in keys)
    return named or still


def weeks_in(text: str) -> frozenset[float]:
    """Return the times that a text names, in weeks.

    Examples
    --------
    >>> sorted(weeks_in("Baseline, 6 weeks and 3 months")), weeks_in("week 12")
    ([0.0, 6.0, 13.0], frozenset({12.0}))
    """
    return frozenset(time for _, time in times_at(text))


def times_at(text: str) -> list[tuple[int, float]]:
    """Return where a text names times, and which, in weeks."""
    held = [(found.start(), 0.0) for found in BASELINE.finditer(text)]
    for found in TIME.finditer(text):
        number, unit, other, after, listed, shared = found.groups()
        digits = (number or after or listed).lower()
        count = COUNTED.get(digits) or float(digits.replace(",", "."))
        held.append((found.start(), count * UNITS[(unit or other or shared).lower()]))
    return sorted(held)


def wanted_by(review: Review, known: KnownGap) -> Wanted:
    """Say what a known gap looks for."""
    about = {name: getattr(known.gap, name) for name in ("trial", "outcome", "instrument", "weeks")}
    return wanted(review, empty(review), **about, gap=known.number)


def candidates(sought: Wanted, found: Iterable[PaperTable]) -> tuple[Candidate, ...]:
    """Find the cells that may hold what is looked for, those that fit best in front.

    Nothing is decided by it: a cell that names another time is left out, and others are in the order
    in which their headings and caption share words with scale, outcome and groups.
    """
    arms = dict(zip("12", map(tokens, sought.arms), strict=True))
    shared, of_scale, weeks = arms["1"] & arms["2"], tokens(sought.scale), sought.weeks
    outcome = {sought.outcome.lower()}
    listed, named = [], set[int]()  # named: tables in which headings name what is looked for
    for table in found:
        caption = tokens(table.caption)
        for cell in table.numbers:
            own = " ".join((*table.row_headings(cell), *table.column_headings(cell)))
            near, times = tokens(own), weeks_in(own) or weeks_in(table.caption)
            if weeks is not None and times and not any(close(weeks, time) for time in times):
                continue
            heads = table.column_headings(cell)
            if heads and re.fullmatch(QUANTITIES["p_value"], heads[-1].strip(), re.IGNORECASE):
                continue  # no result by itself
            names = [(tokens(name), COUNT.search(name)) for name in (*table.row_headings(cell), *heads)]
            said = [pair for pair in names if not any(arm and arm <= pair[0] for arm in arms.values())]
            scale = frozenset().union(*(words for words, _ in said))  # what names a group names no scale
            about = fitting(scale | caption, of_scale | outcome)
            if not about:
                continue
            of_arm = {arm: (words - shared) & near for arm, words in arms.items()}
            first, second = len(of_arm["1"]), len(of_arm["2"])
            group = "1" if first > second else "2" if second > first else ""
            score = (
                len(fitting(scale, of_scale))
                + len(fitting(caption, of_scale)) / 2
                + bool(group) / 2
                + len(times & {weeks})
            )
            fits = (*sorted(about), *sorted(of_arm.get(group, ())))
            apart = frozenset().union(*(words for words, people in said if not people))
            own_name = bool(fitting(apart, of_scale | outcome))
            named |= {table.number} if own_name else set()
            offered = Candidate(gap=sought.gap, table=table, cell=cell, fits=fits, group=group, score=score)
            listed.append((own_name, offered))
    fitted = (one for own_name, one in listed if own_name or one.table.number not in named)
    return tuple(sorted(fitted, key=lambda candidate: -candidate.score))


def offered_by(review: Review, closing: Closing, *, gap: int | None) -> list[Candidate]:
    """Find the cells of a paper for one gap, or for those that it may close, or for all."""
    own = (closing.gaps if closing.sure else ()) or known_gaps(review)
    sought = own if gap is None else [known_gap(review, gap)]
    found = tables(closing.paper)
    return [cell for known in sought for cell in candidates(wanted_by(review, known), found)]


def close(wanted: float, named: float) -> bool:
    """Say whether two times in weeks may be the same."""
    return abs(wanted - named) <= max(0.6, wanted / 10)  # 3 months are 12 weeks to some, 13 to others


def tokens(text: str) -> frozenset[str]:
    """Return the words of a text that say something; “pain-free” is one."""
    short = {"of", "the", "and", "at", "in", "to", "or", "with", "for", "on", "mean", "sd", "group"}
    return frozenset(re.findall(r"[^\W_]{2,}(?:-[^\W_]+)*", re.sub("[‐‑]", "-", text.lower()))) - short


def fitting(words: Iterable[str], sought: frozenset[str]) -> set[str]:
    """Return the words that are sought, and compounds of such: “pain-vas”, not “pain-free”."""
    parts = {part for word in sought for part in word.split("-")}
    return {word for word in words if parts.issuperset(word.split("-"))}


def picked(text: str, found: Sequence[PaperTable]) -> tuple[PaperTable, tuple[PaperCell, ...]]:
    """Return the table and cells that a text names, like 2:r5c3, or 2:r5c3+r5c4 for several.

    Raises
    ------
    RefusalError
        If it names none.
    """
    match = PICK.fullmatch(text.strip())
    if match is None:
        raise RefusalError(
            f'"{text}" names no cell. Write it like 2:r5c3, or 2:r5c3+r5c4 for several of a table.'
        )
    table = next((table for table in found if table.number == int(match[1])), None)
    if table is None or not table.cells:
        raise RefusalError(
            f'"{text}": no table {match[1]} is read of this paper. `livingmeta read PAPER` lists them.'
        )
    cells = []
    for row, column in re.findall(r"r(\d+)\s*c(\d+)", match[0].lower()):
        cell = table.at(int(row), int(column))
        if cell is None or not any(map(str.isdigit, cell.text)):
            held = f"“{cell.text}”" if cell else "nothing"
            raise RefusalError(f'"{text}": r{row}c{column} of {table.name} holds {held}, and no number.')
        cells.append(cell)
    return table, tuple(dict.fromkeys(cells))


class Picking(Typing):
    """Numbers that somebody picks in the tables of a paper.

    `show` shows cells in their table; `picks` are cells by group (1, 2, difference) that were said
    beforehand, the others are asked for.
    """

    def __init__(
        self,
        paper: Paper,
        tables: Sequence[PaperTable],
        *,
        show: Callable[[PaperTable, Sequence[PaperCell]], None],
        picks: Mapping[str, str] | None = None,
        report: Report | None = None,
        record: SearchRecord | None = None,
    ) -> None:
        self.paper, self.tables, self.show, self.offered = paper, tables, show, tuple[Candidate, ...]()
        self.picks, self.report, self.record, self.doi = dict(picks or {}), report, record, paper.doi or ""
        self.registration, self.cited = registered_in(*paper.pages) or "", paper.cited
        self._readings = Readings(paper)

    def look(self, sought: Wanted) -> None:
        """Find the cells that may hold what is asked for next."""
        self.offered = candidates(sought, self.tables)

    def minus(self, ask: Asker, group1: str, group2: str) -> bool:
        """Ask which group is taken from which."""
        options = {"1": f"“{group1}” minus “{group2}”", "2": f"“{group2}” minus “{group1}”"}
        return ask.choice("What is the difference, as printed?", options) == "1"

    def same_scale(self, ask: Asker, scale: Instrument) -> bool:
        """Ask whether unit and direction are as the review has them; no table says it of itself."""
        ends = (
            f"from {scale.min:g} to {scale.max:g}"
            if None not in (scale.min, scale.max)
            else "of unknown range"
        )
        better = {"lower": "lower is better", "higher": "higher is better"}.get(
            scale.better, "direction unknown"
        )
        options = {"same": "yes, so it says", "other": "no: another range, unit or direction, to be said now"}
        question = (
            f"The review has {scale.name} {ends}, {better}. Does the paper say the same of its numbers?"
        )
        return ask.choice(question, options) == "same"

    def given(self, ask: Asker, question: str, *, group: str) -> Given:
        """Ask for the cells of a group, or of the difference, and read them.

        Raises
        ------
        RefusalError
            If two of the cells hold the same, and they were picked beforehand or again and again.
        """
        said, name = self.picks.pop(group, ""), question.partition(", like")[0]
        for _ in range(1 if said else TRIES):
            told = said or self._asked(ask, name, group)
            if isinstance(found := self._found(ask, question, told, group=group), Given):
                return found
            ask.say(f"  {found}")
        raise RefusalError(found)

    def _found(self, ask: Asker, question: str, told: str, *, group: str) -> Given | str:
        """Read the cells that somebody picked, or say why they are no result."""
        if not told:
            typed = super().given(ask, question, group=group)
            return replace(typed, quote=self._words(ask, typed.quote))
        table, cells = picked(told, self.tables)
        self.show(table, cells)
        above = tuple(dict.fromkeys(head for cell in cells for head in table.column_headings(cell)))
        for name in beside(doubt for cell in cells for doubt in table.doubts_of(cell)):
            if ask.yes(f"Does “{name}” stand over the column “{' / '.join(above)}” too?", default=False):
                above = (name, *above)
        heads = " / ".join(above)
        rows = " / ".join(dict.fromkeys(head for cell in cells for head in table.row_headings(cell)))
        where = f"row {rows}, column {heads}"
        if not (rows and heads):  # counted, where a heading is not known
            where = f"row {_counted(cell.row for cell in cells)}, column {_counted(c.column for c in cells)}"
        texts = [self._sure(ask, table, cell) for cell in cells]
        values: dict[str, str] = {}
        for cell, text in zip(cells, texts, strict=True):
            more = self._read(ask, table, cell, text, difference=group == "difference")
            if twice := values.keys() & more.keys():
                return (
                    f"{told}: two of the cells hold a {', '.join(sorted(twice))}. Pick one of them, or say "
                    "anew what each is."
                )
            values |= more
        page = f"page {cells[0].page or table.page}, " if table.page else ""
        people = PEOPLE.findall(heads)
        carrying = " … ".join(dict.fromkeys(texts))
        printed = {cell.text for cell in table.cells}
        names = [name for name in table.row_headings(cells[0])[-1:] if name in printed]
        quote = " … ".join([*names, carrying])
        stands = len(quote) <= QUOTE_LIMIT and self._readings.find(quote).result == "found"
        return Given(
            cells=values,
            quote=quote if stands else carrying,
            locator=f"{page}{table.name}, {where}",
            people=people[0] if len(people) == 1 else "",
            heads=above,
        )

    def people(self, ask: Asker, number: str, quote: str) -> str:
        """Return a quote with the words that carry a number of people, where its table has another."""
        question = f"The words of the paper that say {number}"
        said = [words for words in self.counts() if number in re.findall(r"\d+", spelled(words))]

        def wrong(text: str) -> str | None:
            said = not text or number in re.findall(r"\d+", spelled(text))
            return self._lacks(text) if said else f"these words do not say {number}."

        options = {**{words: f"“{words}”" for words in said}, OTHERS: "other words, or none"}
        words = ask.choice(f"{question}?", options) if said else OTHERS
        if words == OTHERS:
            words = ask.text(f"{question}, copied (empty: none do)", wrong=wrong)
        for whole in (f"{quote} … {words}", f"{words} … {quote}") if words else ():
            if len(whole) <= QUOTE_LIMIT and not self._lacks(whole):
                return whole
        if words:
            ask.say(f"“{words}” does not go into one quote with “{quote}”, and is left out of it.")
        return quote

    def counts(self) -> tuple[str, ...]:
        """Return the sentences of the paper that say how many people were measured, or lost."""
        text = re.sub(r"-\n(?=[a-z])", "", "\n".join(self.paper.pages))
        found = (" ".join(words.split()) for words in SENTENCES.split(text))
        return tuple(
            dict.fromkeys(
                words
                for words in found
                if len(words) <= LONGEST
                and MEASURED.search(words)
                and PERSONS.search(words)
                and SOME.search(spelled(TIME.sub("", words)))
            )
        )

    def _words(self, ask: Asker, typed: str) -> str:
        """Ask for the words of the paper that carry what was typed; those typed, where it has them."""
        question = "The words of the paper that carry it, copied (… for what lies between; empty: as typed)"
        return (ask.text(question, wrong=self._lacks) if self._lacks(typed) else "") or typed

    def _lacks(self, words: str) -> str | None:
        """Say that the paper lacks words, if it does."""
        if not words or self._readings.find(words).result == "found":
            return None
        return "the paper does not have these words in this order. Write … for what lies between."

    def _asked(self, ask: Asker, name: str, group: str) -> str:
        """Ask for cells, those that may be meant being shown; "" where somebody rather types."""
        offered = [c for c in self.offered if c.group in {"", group} or group == "difference"][:MOST_SHOWN]
        for table in dict.fromkeys(candidate.table for candidate in offered):
            self.show(table, [candidate.cell for candidate in offered if candidate.table is table])
        if group != "difference" and offered and not any(c.group for c in offered):
            ask.say("No heading names the group: see in the paper which column is its.")
        if not offered:
            able = [table for table in self.tables if table.numbers]
            ask.say(
                "No heading or caption names what is looked for. The tables with numbers:"
                if able
                else "No table of the paper can be read: type what it prints."
            )
            for table in able:
                ask.say(f"  {table}")
            if not able:
                return ""

        def wrong(text: str) -> str | None:
            if text.isdigit() and (whole := next((t for t in self.tables if t.number == int(text)), None)):
                if not whole.cells:
                    return f"{whole}. Enter alone, and type what it prints."
                self.show(whole, ())
                return "Which of its cells?"
            held = answered(lambda: picked(text, self.tables)) if text else ""
            return held if isinstance(held, str) and held else None

        shown = next(table for table in (*(c.table for c in offered), *self.tables) if table.numbers)
        cell = next((c.cell for c in offered if c.table is shown), shown.numbers[0])
        how = (
            f"{shown.number}:{cell.place} holds “{cell.text}”; + joins cells, where the SD has its own; "
            f"{shown.number} shows the table whole; empty: type it"
        )
        return ask.text(f"{name}: which cells? ({how})", wrong=wrong)

    def _sure(self, ask: Asker, table: PaperTable, cell: PaperCell) -> str:
        """Return a cell's text; where there is a doubt about it, somebody looks."""
        if not (doubts := [doubt for doubt in table.doubts_of(cell) if not beside([doubt])]):
            return cell.text
        return ask.text(
            f"{cell.place} reads “{cell.text}”, but {'; '.join(doubts)}. As printed", default=cell.text
        )

    def _read(
        self, ask: Asker, table: PaperTable, cell: PaperCell, text: str, *, difference: bool
    ) -> dict[str, str]:
        """Read a cell; what can't be read without guessing is typed."""
        while True:
            try:
                return self._numbers(ask, table, cell, text, difference=difference)
            except EntryError as refusal:
                text = ask.text(f"{refusal} As it is to be read")

    def _numbers(
        self, ask: Asker, table: PaperTable, cell: PaperCell, text: str, *, difference: bool
    ) -> dict[str, str]:
        """Read a text; headings and caption say what its numbers are, or somebody does."""
        heads = table.column_headings(cell)
        near = " / ".join((*table.row_headings(cell), *heads))
        caption = "" if re.search(r"unless|except|otherwise", table.caption) else table.caption
        plain = re.sub(
            r"^p\s*=?\s*", "", text.translate(dict.fromkeys(map(ord, MINUS), "-")), flags=re.IGNORECASE
        )
        if re.fullmatch(rf"[{RELATIONS}]?\s*{NUMBER}", plain):
            named = re.sub(r"[^\w%.)]+$", "", heads[-1] if heads else "").strip()
            role = next((q for q, p in QUANTITIES.items() if re.fullmatch(p, named, re.IGNORECASE)), "")
            kinds = named_in(heads[-1])[0] if heads else frozenset[str]()  # "Exercise SD"
            role = role or (next(iter(kinds)) if kinds in ({"sd"}, {"se"}) else "")
            role = role or ("p_value" if plain != text and text[:1] in "pP" else "")
            role = role or ask.choice(f"What is {text} ({near})?", ROLES)
            if role == "p_value":
                return read_result(f"p {plain if plain[0] in RELATIONS else f'= {plain}'}").cells
            value = read_result(f"n = {plain}" if role == "n" else plain, difference=True).cells
            return {role: value["n" if role == "n" else "mean"]}
        entry = read_result(text, difference=difference)
        if "sd_or_se" in entry.open and "%" in near + table.caption:
            options = {
                "events": "people with the event, and their percentage",
                "spread": "a mean and its spread",
            }
            if ask.choice(f"What is {text} ({near})?", options) == "events":
                return numbers_in(text, ("events",))
        for said in (near, caption):
            entry = _answered(ask, entry, said)
        return settled(ask, entry).cells


def _answered(ask: Asker, entry: Entry, said: str) -> Entry:
    """Answer what is open by what a heading or caption says, where it says one thing; tell what it is."""
    kinds, level = named_in(said)
    answers = {
        "spread": kinds & {"ci", "iqr", "range"},
        "sd_or_se": kinds & {"sd", "se"},
        "centre": kinds & {"mean", "median"},
        "level": {level} if level else set(),
    }
    for question in ("spread", "centre", "sd_or_se", "level"):
        if question in entry.open and len(answers[question]) == 1:
            (answer,) = answers[question]
            ask.say(f"“{said}” says: {MEANT.get(answer, f'{answer}%')}.")
            entry = entry.with_answer(question, answer)
    return entry


def _counted(places: Iterable[int]) -> str:
    return " / ".join(map(str, dict.fromkeys(places)))
