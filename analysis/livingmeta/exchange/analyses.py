"""What every reader gives: analyses and their studies, with cells by our names; and what a user says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from livingmeta.engine.measures import MEASURES, NEEDS, measure_named
from livingmeta.exchange.sheets import ExchangeError, Sheet
from livingmeta.review.files import LONGEST_NAME
from livingmeta.review.schema import ABSENT, UNNAMED
from livingmeta.words import is_number, is_plain, pick

MEAN_CELLS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
# What may be known of an arm beside its number of people; the first that a row has is taken
ARMS_BY = (("mean", "sd"), ("mean", "se"), ("mean", "low", "high"), ("median", "q1", "q3"))
# Cells that hold counts
WHOLE = {"n", "events", "n1", "n2", "events1", "events2", "without1", "without2"}
# Measures by what they are computed from, the one that is taken where nobody names one first
OF: Mapping[str, tuple[str, ...]] = {
    needs: tuple(key for key, measure in MEASURES.items() if measure.needs == needs) for needs in NEEDS
}
OF_MEANS, OF_COUNTS = OF["means"], OF["counts"]
# What is read of a single group, or of an arm whose events are counted in person-time
READ: Mapping[str, tuple[str, ...]] = {
    "counts": ("events", "n"),
    "rates": ("events", "time"),
    "events": ("events", "n"),
    "rate": ("events", "time"),
    "mean": ("mean", "sd", "n"),
    "correlation": ("r", "n"),
}
RATIOS = tuple(key for key, measure in MEASURES.items() if measure.ratio)
Favours = Literal["lower", "higher"]


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What the user says of a file that it does not say itself.

    Attributes
    ----------
    measure : str, optional
        Effect measure: of arms or counts which to compute, of computed effects what they are. The
        log of one ("log OR") says `log` too.
    log : bool
        Computed effects of a ratio measure are its logs; otherwise they are the ratios.
    favours : {"lower", "higher"}, optional
        Which effects favour group 1.
    columns : mapping
        Our names of columns (`COLUMN_NAMES`) to those of the file: {"mean1": "Treatment mean"}.
    sheet : str, optional
        Sheet of a workbook; the first one that is not hidden by default.
    header_row : int, optional
        Row that names the columns, as a spreadsheet counts; the first filled one by default.
    title : str, optional
        What the table is called; as its file by default.

    Raises
    ------
    ValueError
        For a side that is none.
    """

    measure: str | None = None
    log: bool = False
    favours: str | None = None  # one of `Favours`, checked below
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    header_row: int | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        if self.favours is not None:
            pick(dict.fromkeys(get_args(Favours)), self.favours, "favours")
        if self.measure is not None:
            measure, logged = measure_and_log(self.measure)
            object.__setattr__(self, "measure", measure)
            object.__setattr__(self, "log", self.log or logged)

    @property
    def of_tables(self) -> str:
        """Options that only a plain table can obey, as they are typed."""
        given = (
            ("--column", self.columns),
            ("--sheet", self.sheet),
            ("--header-row", self.header_row),
            ("title", self.title),
        )
        return ", ".join(option for option, value in given if value)

    @property
    def negative_favours(self) -> int | None:
        """Group that effects below no effect favour."""
        return {"lower": 1, "higher": 2, None: None}[self.favours]


@dataclass
class Record:
    """One study of one analysis: cells by our names, and what the program printed for it."""

    file: str  # as the user named it, with the analysis where its rows count from there
    row: int
    study: str
    identity: tuple[str, ...]  # what tells its trial from others
    year: str = ""
    subgroup: str = ""
    contrast: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)  # cells of columns that are no result
    columns: Mapping[str, str] = field(default_factory=dict)  # our names to the file's
    printed: dict[str, str] = field(default_factory=dict)
    printed_level: float | None = None  # of its interval, in percent, where it is not the analysis's
    doubt: str = ""  # why it may be no trial
    mixed: bool = False  # its effect is the log of a ratio, and its limits are ratios

    def __post_init__(self) -> None:
        for what, name in (("study", self.study), ("subgroup", self.subgroup)):
            if len(name) > LONGEST_NAME:
                raise ExchangeError(
                    f"{self.place}: the {what} is called {name[:40]}…, which is a text. Shorten it."
                )

    @property
    def place(self) -> str:
        """File and row, as messages name them."""
        return f"{self.file} row {self.row}"


@dataclass
class Analysis:
    """One analysis: how it was pooled, its studies, and what the program printed for the whole."""

    number: str
    title: str
    measure: str = ""  # until the file or the user says it
    by_default: bool = False  # the measure, since nobody named one
    called: str | None = None  # what its effects are called where no measure is named so
    kind: str = ""  # of data, as RevMan parts them
    swapped: bool = False  # effects are of people without the event
    model: str = "random"
    method: str = "IV"
    choices: dict[str, str] = field(default_factory=dict)  # other methods that its file names
    level: float = 95
    groups: tuple[str, str] = UNNAMED
    negative_favours: int | None = None
    records: list[Record] = field(default_factory=list)
    lost: list[Record] = field(default_factory=list)  # studies with a cell that can't be used
    printed: dict[str, dict[str, str]] = field(default_factory=dict)  # by subgroup; "" the whole
    overall: bool = True
    profile: str = "revman5"
    computed: bool = False  # effects come computed, as yi
    log: bool = False  # and are logs of the ratio that the measure is
    limits: float | None = None  # level of the limits beside computed effects, in percent
    remarks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # cells that can't be read
    left_out: str | None = None  # why it is not read


def measure_and_log(text: str) -> tuple[str, bool]:
    """Return the key of a measure, and whether its logs are meant.

    Examples
    --------
    >>> measure_and_log("log hazard ratio"), measure_and_log("lnOR"), measure_and_log("md")
    (('HR', True), ('OR', True), ('MD', False))
    """
    name = " ".join(text.split())
    plain = re.sub(r"^(log|ln)[ ._-]?", "", name, flags=re.IGNORECASE)
    key = measure_named(plain)
    if plain != name and key in RATIOS:
        return str(key), True
    return measure_named(name) or name.upper(), False


_SIMPLE = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)


def read_number(text: str, *, place: str, decimal: str = ".", whole: bool = False) -> str:
    """Return a number as plain digits, empty where the cell says that there is none.

    Parameters
    ----------
    text : str
    place : str
        File, row and column, for messages.
    decimal : str
        The sign that parts decimals.
    whole : bool
        It is a count, so that three digits after a sign are thousands.

    Raises
    ------
    ExchangeError
        If the cell is no number, or could be two.

    Examples
    --------
    >>> read_number("1,234.5", place="x"), read_number("NR", place="x")
    ('1234.5', '')
    >>> read_number("12,4", place="x", decimal=","), read_number("-0,213", place="x", decimal=",")
    ('12.4', '-0.213')
    """
    if decimal == "." and _SIMPLE.fullmatch(text):  # as nearly all are
        return text
    cell = text.strip().replace("−", "-").replace("–", "-")
    cell = cell.replace("\u00a0", " ").replace("\u202f", " ")
    if cell.lower() in ABSENT:
        return ""
    cell = cell.replace(" ", "") if re.fullmatch(r"-?\d{1,3}( \d{3})+([.,]\d+)?", cell) else cell
    group = "," if decimal == "." else "."
    # nobody groups thousands after a leading 0
    grouped = rf"-?[1-9]\d{{0,2}}({re.escape(group)}\d{{3}})+({re.escape(decimal)}\d+)?"
    if re.fullmatch(grouped, cell):
        if cell.count(group) == 1 and decimal not in cell and not whole:
            plain, point = cell.replace(group, ""), cell.replace(group, ".")
            raise ExchangeError(f'{place} = "{text}": is this {plain} or {point}? Write it so.')
        return cell.replace(group, "").replace(decimal, ".")
    cell = cell.replace(decimal, ".") if decimal == "," else cell
    if not is_plain(cell) or not is_number(cell):
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        why = "this is no number"
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell):
            why = "no report prints a number of this size or with so many digits"
        elif decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", cell):
            why = "it has a comma where other numbers of the file have a decimal point"
        raise ExchangeError(f'{place} = "{shown}": {why}. Write digits, or leave the cell empty.')
    return cell.lstrip("+")


# Numbers in which a sign can only part decimals
_ALONE = {
    sign: re.compile(rf"\d+{s}(\d{{1,2}}|\d{{4,}})|0?{s}\d+|\d{{1,3}}({g}\d{{3}})+{s}\d+")
    for sign, s, g in ((".", r"\.", ","), (",", ",", r"\."))
}


def decimal_of(sheet: Sheet) -> str:
    """Say which sign parts decimals in a file: a comma only where it can be nothing else.

    Raises
    ------
    ExchangeError
        If some numbers can only have a point and others only a comma.
    """
    first: dict[str, str] = {}
    any_comma = False
    for row, cells in sheet.rows:
        for name, text in cells.items():
            cell = text.strip().lstrip("-−–+")
            any_comma = any_comma or ("," in cell and re.fullmatch(r"\d+,\d+", cell) is not None)
            for sign, alone in _ALONE.items():
                if sign in cell and sign not in first and alone.fullmatch(cell):
                    first[sign] = f'{sheet.file} row {row}, {name} = "{text}"'
    if len(first) == 2 and sheet.separator != ",":
        raise ExchangeError(
            f"{first[',']} has a decimal comma, and {first['.']} a decimal point. Write all "
            "numbers in one way."
        )
    if "," in first and "." not in first:
        return ","
    # whoever parts columns by semicolons does so because the comma parts decimals
    return "," if sheet.separator == ";" and any_comma and "." not in first else "."


def twins(records: Iterable[Record]) -> Iterable[list[Record]]:
    """Group the rows of an analysis by trial and subgroup."""
    held: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        held.setdefault((record.identity, record.subgroup), []).append(record)
    return held.values()
