"""A plain table of studies, read as one analysis: by the names of its columns, nothing guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from scipy.special import ndtri

from livingmeta.engine.effect_sizes import MEASURES, measure_named
from livingmeta.exchange.sheets import Sheet
from livingmeta.words import RefusalError, is_plain, number, pick

ABSENT = {"", "na", "n/a", "nr", "n.r.", "not reported", "-", "–", "—", ".", "#n/a"}
# What columns may be called: first ours and metafor's own names, which are taken wherever they
# stand; then looser ones, which are taken where none of the first does.
NAMES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "study": (
        ("study", "trial", "slab", "studlab"),
        (
            "author",
            "authors",
            "first author",
            "label",
            "name",
            "study id",
            "study_id",
            "studyid",
            "study name",
        ),
    ),
    "year": (("year",), ("study year", "year of study")),
    "subgroup": (("subgroup",), ()),
    "n1": (("n1", "n1i"), ("total 1", "experimental n")),
    "mean1": (("mean1", "m1i"), ("mean 1", "experimental mean")),
    "sd1": (("sd1", "sd1i"), ("sd 1", "experimental sd")),
    "n2": (("n2", "n2i"), ("total 2", "control n")),
    "mean2": (("mean2", "m2i"), ("mean 2", "control mean")),
    "sd2": (("sd2", "sd2i"), ("sd 2", "control sd")),
    "events1": (("events1", "ai"), ("events 1", "experimental cases")),
    "events2": (("events2", "ci"), ("events 2", "control cases")),
    "without1": (("bi",), ()),
    "without2": (("di",), ()),
    "yi": (("yi",), ("giv mean", "te")),
    "vi": (("vi",), ()),
    "sei": (("sei",), ("se", "giv se", "sete")),
    "low": (
        ("ci.lb", "ci_low"),
        ("lower", "lower limit", "ci.lower", "ci_lower", "ci lower", "ci start", "lcl", "ll", "lb"),
    ),
    "high": (
        ("ci.ub", "ci_high"),
        ("upper", "upper limit", "ci.upper", "ci_upper", "ci upper", "ci end", "ucl", "ul", "ub"),
    ),
    "level": (("ci_level",), ("ci level",)),
    "measure": (("measure",), ("effect measure",)),
}
WHOLE = {"n1", "n2", "events1", "events2", "without1", "without2"}
AUTHORS = ("author", "authors", "first author")
# Columns that tell the comparisons of one trial apart
CONTRASTS = ("contrast", "comparison", "comparator", "arm", "treatment", "intervention", "dose")
MEAN_CELLS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
OF_MEANS = tuple(key for key, measure in MEASURES.items() if measure.needs == "means")
OF_COUNTS = tuple(key for key, measure in MEASURES.items() if measure.needs == "counts")
RATIOS = tuple(key for key, measure in MEASURES.items() if measure.ratio)
# What a row is called that sums up the others
TOTAL = re.compile(
    r"((d ?[+&] ?l|dl|reml|m-?h|i-?v|mantel-haenszel|inverse[- ]variance|peto)[\s,:-]+)?("
    r"(.*[\s:–—-])?(grand |sub-?\s?)?totals?|overall|pooled|summary|combined|sum|mean|average|"
    r"weighted (mean|average)|gesamt(ergebnis|effekt)?|summ[ea]|insgesamt|zwischensumme|totalt|"
    r"samlet|i alt|total (général|geral|general)|totale|totales|totaal|yhteensä|razem|ogółem|"
    r"итого|合計|总计|합계|[ΣƩ]|(all|\d+) (studies|trials|rcts)|[nk] ?= ?\d+|"
    r"(random|fixed|common)[- ]effects?|(re|fe|ce) model|meta-?analysis|heterogeneity|"
    r"test (for|of) (overall|subgroup|hetero|residual)\w*\b.*|prediction interval)"
    r"(\s+(effects?|estimates?|results?|means?|models?|analysis|events?|participants|patients|n|"
    r"odds ratio|risk ratio|hazard ratio|risk difference|mean difference|or|rr|hr|rd|irr|w?md|smd|"
    r"re|fe|(for|of|before|after|since|until|from)\b.*))*\s*([(\[:,;=–—-].*)?",
    re.IGNORECASE,
)
_MARKS = " \t*†‡§#◆◇♦⬥■●►▶•"  # beside the diamond or the name
# A year at the end names a study, unless it ends a span of years
DATED = re.compile(
    r"(?<!\d)(?<!before )(?<!after )(?<!since )(?<!until )(?<!from )"
    r"(?<![–—-])(?<![–—-] )(19|20)\d\d[a-z]?\W*$",
    re.IGNORECASE,
)
RARE = 0.005  # chance at which two equal numbers no longer look like chance
LEVELS = (90.0, 95.0, 99.0)  # percent, of limits that stand beside a standard error
WIDEST_QUANTILE = 2.78  # standard errors: t with 4 degrees of freedom at 95%, and all from there to normal

Favours = Literal["lower", "higher"]


class ExchangeError(RefusalError):
    """A file that can't be read as data; the message lists all that is wrong."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the user says of a file that it does not say itself.

    Attributes
    ----------
    measure : str, optional
        Effect measure: of arms or counts which to compute, of computed effects what they are.
    log : bool
        Computed effects of a ratio measure are its logs; otherwise they are the ratios.
    favours : {"lower", "higher"}, optional
        Which effects favour group 1.
    """

    measure: str | None = None
    log: bool = False
    favours: Favours | None = None


def told(*, measure: str | None, log: bool, favours: str | None) -> Told:
    """Return what a user's options say of a file.

    Raises
    ------
    ValueError
        For a side that is none.
    """
    if favours is not None:
        pick(dict.fromkeys(get_args(Favours)), favours, "favours")
    if measure is not None:
        measure, logged = measure_and_log(measure)
        log = log or logged
    return Told(measure=measure, log=log, favours=favours)  # type: ignore[arg-type]


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
    columns: Mapping[str, str] = field(default_factory=dict)  # our names to the file's
    printed: dict[str, str] = field(default_factory=dict)
    doubt: str = ""  # why it may be no trial
    mixed: bool = False  # its effect is the log of a ratio, and its limits are ratios

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
    model: str = "random"
    method: str = "iv"
    level: float = 95
    groups: tuple[str, str] = ("group 1", "group 2")
    negative_favours: int | None = None
    records: list[Record] = field(default_factory=list)
    printed: dict[str, dict[str, str]] = field(default_factory=dict)  # by subgroup; "" the whole
    overall: bool = True
    profile: str = "revman5"
    computed: bool = False  # effects come computed, as yi
    log: bool = False  # and are logs of the ratio that the measure is
    limits: float | None = None  # level of the limits beside computed effects, in percent
    remarks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # cells that can't be read
    left_out: str | None = None  # why it is not read


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
    if not is_plain(cell):
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        raise ExchangeError(f'{place} = "{shown}": this is no number. Write digits, or leave the cell empty.')
    return cell.lstrip("+")


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
            any_comma = any_comma or re.fullmatch(r"\d+,\d+", cell) is not None
            for sign, group in ((".", ","), (",", ".")):
                s, g = re.escape(sign), re.escape(group)
                alone = rf"\d+{s}(\d{{1,2}}|\d{{4,}})|0?{s}\d+|\d{{1,3}}({g}\d{{3}})+{s}\d+"
                if re.fullmatch(alone, cell):
                    first.setdefault(sign, f'{sheet.file} row {row}, {name} = "{text}"')
    if len(first) == 2 and sheet.separator != ",":
        raise ExchangeError(
            f"{first[',']} has a decimal comma, and {first['.']} a decimal point. Write all "
            "numbers in one way."
        )
    if "," in first and "." not in first:
        return ","
    # whoever parts columns by semicolons does so because the comma parts decimals
    return "," if sheet.separator == ";" and any_comma and "." not in first else "."


def candidates(header: Iterable[str]) -> dict[str, list[str]]:
    """Map our names to the columns of a file that may be meant: one, or several of equal right."""
    lower: dict[str, list[str]] = {}
    for name in header:
        lower.setdefault(name.strip().lower(), []).append(name)
    if "ai" not in lower:  # metafor's counts of group 2 stand beside ai; alone it is an interval
        lower.pop("ci", None)
    columns = {}
    for ours, ranks in NAMES.items():
        for rank in ranks:
            if named := [column for name in rank for column in lower.get(name, ())]:
                columns[ours] = named
                break
    return columns


def table(sheet: Sheet, told: Told) -> Analysis:
    """Read a table with one row per study: arms, counts or computed effects.

    Raises
    ------
    ExchangeError
        For all cells that can't be read, each with its row and column, for columns that can be
        two things, and for effects whose printed limits lie on another scale.
    """
    headers = candidates(sheet.header)
    asked = told.measure is not None
    told = _measured(sheet, headers, told)
    used = _used(sheet, headers, told)
    computed = "yi" in used
    if told.log and not computed:
        raise ExchangeError(
            f"{sheet.file}: --log says that effects are logs, and here they are computed from "
            f"{', '.join(used)}. Leave it out."
        )
    columns = {name: _one(sheet, headers, name) for name in used}
    decimal = decimal_of(sheet)
    analysis = Analysis(
        number="1",
        title=Path(sheet.file).stem,
        profile="today",
        computed=computed,
        log=told.log,
        measure=told.measure or ("GEN" if computed else "SMD" if "sd1" in used else "OR"),
        negative_favours={"lower": 1, "higher": 2, None: None}[told.favours],
    )
    if not computed and "yi" in headers:
        analysis.remarks.append(
            f"{sheet.file}: effects are computed from {columns[used[0]]} and the other columns of "
            f"the arms; {headers['yi'][0]} is not read."
        )
    records = _studies(sheet, headers, analysis)
    for record, cells in zip(records, (cells for _, cells in sheet.rows), strict=True):
        record.columns = {**columns, **record.columns}
        if _named_total(record):
            continue
        for name, column in columns.items():
            place = f"{record.place}, {column}"
            try:
                cell = cells[column].rstrip(" %") if name == "level" else cells[column]
                record.cells[name] = read_number(cell, place=place, decimal=decimal, whole=name in WHOLE)
            except ExchangeError as wrong:
                analysis.problems.append(str(wrong))
        analysis.problems += _at_odds(record)
    if analysis.problems:
        return analysis
    analysis.records = _without_totals(records, analysis)
    _apart(analysis)
    if computed:
        _on_its_scale(analysis, sheet.file, asked=asked)
    return analysis


def _at_odds(record: Record) -> list[str]:
    """Say what is wrong with cells that no column of a review holds as they are."""
    cells = record.cells
    problems = [
        f'{record.place}, {record.columns[name]} = "{cells[name]}": a count is a whole number '
        "from 0. If the report gives none, leave it empty."
        for name in ("without1", "without2")
        if cells.get(name) and (float(cells[name]) < 0 or float(cells[name]) % 1)
    ]
    for arm in ("1", "2"):
        events, without, people = (cells.get(f"{name}{arm}") for name in ("events", "without", "n"))
        if events and without and people and float(events) + float(without) != float(people):
            problems.append(
                f"{record.place}: {record.columns[f'events{arm}']} {events} and "
                f"{record.columns[f'without{arm}']} {without} are not "
                f"{record.columns[f'n{arm}']} {people} together. Which are right?"
            )
    if cells.get("vi") and cells.get("sei"):
        low, high = _span(cells["vi"])
        se = _span(cells["sei"])
        if not (max(low, 0) ** 0.5 <= se[1] * 1.001 and se[0] * 0.999 <= max(high, 0) ** 0.5):
            problems.append(
                f"{record.place}: {record.columns['vi']} {cells['vi']} is not the square of "
                f"{record.columns['sei']} {cells['sei']}. Which is right? Leave the other one out."
            )
    return problems


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


def _measured(sheet: Sheet, headers: dict[str, list[str]], told: Told) -> Told:
    """Complete what the user says by what the file itself says of its measure."""
    words = told.measure
    if words is None and "measure" in headers:
        column = _one(sheet, headers, "measure")
        named = dict.fromkeys(cells[column] for _, cells in sheet.rows if cells[column])
        if any(measure_and_log(text)[0] not in MEASURES for text in named):
            named = {}  # the column names something else, such as a scale
        if len(named) > 1:
            raise ExchangeError(
                f"{sheet.file}: {column} names several measures ({', '.join(named)}), which are "
                "not pooled together. Keep the rows of one, or make a file of each."
            )
        words = next(iter(named), None)
    if words is None:
        if told.log:
            raise ExchangeError(f"--log says of which scale a ratio is; {LOG_NEEDS}")
        return told
    measure, logged = measure_and_log(words)
    pick(MEASURES, measure, "measure")
    if told.log and measure not in RATIOS:
        raise ExchangeError(f"--log: {measure} is no ratio; {LOG_NEEDS}")
    if "yi" not in headers:
        for column in sheet.header:
            if measure_and_log(column)[0] == measure:
                headers["yi"] = [*headers.get("yi", ()), column]
                logged = logged or measure_and_log(column)[1]
    return replace(told, measure=measure, log=told.log or logged)


LOG_NEEDS = f"name it with --measure, one of {', '.join(RATIOS)}."


def _used(sheet: Sheet, headers: Mapping[str, Sequence[str]], told: Told) -> list[str]:
    """Return which of our names the effects are taken from."""
    sizes = ("n1", "n2") if {"n1", "n2"} <= headers.keys() else ("without1", "without2")
    counts = ("events1", "events2", *sizes)
    exact = [
        name
        for name in ("vi", "sei")
        if set(headers.get(name, ())) & {c for c in sheet.header if c.lower() in NAMES[name][0]}
    ]
    spread = exact or [name for name in ("sei",) if name in headers]
    limits = [name for name in ("low", "high") if name in headers]
    whole = [(MEAN_CELLS, OF_MEANS), (counts, OF_COUNTS)]
    for names, measures in whole:
        if all(name in headers for name in names) and told.measure in {None, *measures}:
            others = [name for name in ("without1", "without2") if names == counts and name in headers]
            return list(dict.fromkeys((*names, *others)))
    if "yi" in headers and (spread or len(limits) == 2):
        more = [*(limits if len(limits) == 2 else ()), "level", "n1", "n2"]
        return ["yi", *spread, *(name for name in more if name in headers)]
    for names, measures in whole:
        if all(name in headers for name in names):
            raise ExchangeError(
                f"{sheet.file}: of {' '.join(names)} there is no {told.measure}. Choose one of "
                f"{', '.join(measures)} with --measure."
            )
    raise ExchangeError(
        f"{sheet.file}: no columns for effects. Name them mean1 sd1 n1 mean2 sd2 n2 (or m1i "
        "sd1i n1i m2i sd2i n2i), yi with vi or sei, or events1 n1 events2 n2 (or ai bi ci di). "
        f"There are: {', '.join(sheet.header)}."
        + "".join(
            f" If {column} holds the effects, say --measure {measure_and_log(column)[0]}, with its "
            "spread in sei, vi, or lower and upper."
            for column in sheet.header
            if measure_and_log(column)[0] in MEASURES
        )
    )


def _one(sheet: Sheet, headers: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the column that is meant, or ask."""
    if len(headers[name]) > 1:
        raise ExchangeError(
            f"{sheet.file}: {' and '.join(headers[name])} can both be {NAMES[name][0][0]}. Which is "
            "meant? Give the other one another name, or delete it."
        )
    return headers[name][0]


def _studies(sheet: Sheet, headers: dict[str, list[str]], analysis: Analysis) -> list[Record]:
    """Return a record per row, its trial told apart from others by name, year and number."""
    numbered = _numbered(sheet, headers)
    name = _one(sheet, headers, "study") if "study" in headers else None
    year = _one(sheet, headers, "year") if "year" in headers else None
    subgroup = _one(sheet, headers, "subgroup") if "subgroup" in headers else None
    apart = [column for column in sheet.header if column.strip().lower() in CONTRASTS]
    records = []
    for row, cells in sheet.rows:
        study = " ".join((cells[name] if name else "").split())
        dated = _year(cells[year]) if year else ""
        label = study or f"row {row}"
        if study and dated and dated not in study:
            label = f"{study} {dated}" if not re.search(r"\d{4}", study) else f"{study} ({dated})"
        records.append(
            Record(
                file=sheet.file,
                row=row,
                study=label,
                year=dated,
                identity=(label, cells[numbered] if numbered else ""),
                subgroup="" if not subgroup or cells[subgroup].lower() in ABSENT else cells[subgroup],
                contrast=", ".join(filter(None, (cells[column] for column in apart))),
                columns={"study": name or "study", "subgroup": subgroup or "subgroup"},
            )
        )
    writers = [c for c in sheet.header if c.strip().lower() in AUTHORS and c != name]
    called: dict[tuple[str, ...], tuple[str, int]] = {}
    for record, (row, cells) in zip(records, sheet.rows, strict=True):
        for column in writers[:1]:
            author, first = called.setdefault(record.identity, (cells[column], row))
            if author != cells[column]:
                raise ExchangeError(
                    f"{sheet.file} rows {first}, {row}: both are {record.study} in {name}, and "
                    f"{author} and {cells[column]} in {column}. Which column names the trials? "
                    "Rename or delete the other one."
                )
    labels: dict[str, dict[tuple[str, ...], Record]] = {}
    for record in records:
        labels.setdefault(record.study, {}).setdefault(record.identity, record)
    for label, namesakes in labels.items():
        if len(namesakes) > 1:
            rows = ", ".join(str(record.row) for record in namesakes.values())
            analysis.remarks.append(
                f"{sheet.file} rows {rows}: {label} has several numbers in {numbered}, so these "
                "are taken as several trials."
            )
            for record in records:
                if record.study == label:
                    record.study = f"{label} ({record.identity[1]})"
    return records


def _year(cell: str) -> str:
    """Return a year as people write it, where a program keeps it as a number or a date."""
    plain = re.fullmatch(r"((?:19|20)\d\d)(\.0+|-\d\d-\d\d( 00:00:00)?)", cell)
    return plain[1] if plain else cell


def _numbered(sheet: Sheet, headers: dict[str, list[str]]) -> str | None:
    """Set a column that only numbers the studies aside, where another one names them."""
    columns = headers.get("study", [])
    plain = [c for c in columns if all(re.fullmatch(r"\d*", cells[c]) for _, cells in sheet.rows)]
    loose = [c for c in sheet.header if c.strip().lower() in NAMES["study"][1]]
    named = [c for c in columns if c not in plain] or (loose if plain == columns else [])
    if not plain or not named:
        return None
    headers["study"] = named
    return plain[0]


def _called_total(record: Record) -> bool:
    return TOTAL.fullmatch(record.study.strip(_MARKS)) is not None


def _dated(record: Record) -> bool:
    return re.search(r"\d{4}", record.year) is not None or DATED.search(record.study) is not None


def _named_total(record: Record) -> bool:
    return _called_total(record) and not _dated(record)


def _without_totals(records: Sequence[Record], analysis: Analysis) -> list[Record]:
    """Leave out the rows that sum up others, aloud; pool what may be a trial, and say the doubt."""
    named = [record for record in records if _named_total(record)]
    studies = [record for record in records if record not in named]
    sums = {id(study): _sums_up(study, studies) for study in studies}
    kept = []
    for record in records:
        sure = sums.get(id(record))
        if record in named:
            analysis.remarks.append(
                f"{record.place}, {record.study}: the row is called a total, or a result of pooling, "
                "so it is not pooled. If it is a trial, give it the name of one."
            )
        elif sure:
            analysis.remarks.append(
                f"{record.place}, {record.study}: the row holds the sums of the other rows, so it is "
                "taken as their total and not pooled. If it is a trial, add its year to its name."
            )
        else:
            kept.append(record)
            if sure is not None or _called_total(record):
                record.doubt = (
                    "its numbers can be those of the other rows together"
                    if sure is not None
                    else "it is called like a total"
                )
                analysis.remarks.append(
                    f"{record.place}, {record.study}: {record.doubt}; it is pooled as a trial. If it is a "
                    "total, call it Total."
                )
    return kept


def _sums_up(record: Record, records: Sequence[Record]) -> bool | None:
    """Say whether a row is the total of the others by its numbers; None where it can't be.

    False: its numbers can be those of a total, and as well those of a trial, which is never left
    out for that.
    """
    total: bool | None = None
    for others in (
        [other for other in records if other is not record],
        [other for other in records if other is not record and other.subgroup == record.subgroup],
    ):
        if len(others) > 1 and (summed := _adds_up(record, others)) is not None:
            sure = summed and (len(others) > 2 or not _dated(record) or _called_total(record))
            total = total or sure
    return total


def _adds_up(record: Record, others: Sequence[Record]) -> bool | None:
    """Say whether a row has the people of the others and their effect, as far as it is rounded."""
    summed = [name for name in sorted(WHOLE) if record.cells.get(name)]
    if any(not other.cells.get(name) for other in others for name in summed) or any(
        float(record.cells[name]) != math.fsum(float(other.cells[name]) for other in others)
        for name in summed
    ):
        return None
    if record.cells.get("yi") or not summed:
        return _pools(record, others, people=bool(summed))
    sure = True
    for arm in ("1", "2") if "events1" not in record.cells else ():
        own, *theirs = (row.cells.get(f"mean{arm}") or "" for row in (record, *others))
        if not own or "" in theirs:
            continue  # people alone, as the last row of a forest plot has them
        if not _among(own, theirs):
            return None
        people = [float(other.cells[f"n{arm}"]) for other in others]
        plain = [1.0] * len(others)
        # of three trials or more, equal sums of people are no chance, however means were pooled
        sure &= len(others) > 2 or any(_equal(own, theirs, by) for by in (people, plain))
    return sure


def _among(own: str, theirs: Sequence[str]) -> bool:
    spans = [_span(value) for value in theirs]
    return min(low for low, _ in spans) <= _span(own)[1] and _span(own)[0] <= max(high for _, high in spans)


def _equal(own: str, theirs: Sequence[str], weights: Sequence[float]) -> bool:
    """Say whether a number can be the mean of others, all as they are rounded."""
    low, high = _span(own)
    spans = [_span(value) for value in theirs]
    least, most = (
        sum(w * span[end] for w, span in zip(weights, spans, strict=True)) / sum(weights) for end in (0, 1)
    )
    return low <= most and high >= least


def _pools(record: Record, others: Sequence[Record], *, people: bool = False) -> bool | None:
    """Say whether an effect is the common effect of the others, by value and standard error.

    With `people` their sums are known to be equal.
    """
    own, *theirs = (row.cells.get("yi") or "" for row in (record, *others))
    ses = [_se(row.cells) for row in (record, *others)]
    if not own or "" in theirs or None in ses or not _among(own, theirs):
        return None
    error, *errors = (float(se or 0) for se in ses)
    weights = [1 / se**2 for se in errors]
    if (
        people
        and error <= max(errors)
        and (len(others) > 2 or _equal(own, theirs, [_people(other) for other in others]))
    ):
        return True
    close = abs(error * sum(weights) ** 0.5 - 1) < 0.03 + _blur(record)
    if not (close and _equal(own, theirs, weights)):
        return False if people else None
    values = [float(value) for value in theirs]
    chance = number(own).half / max(max(values) - min(values), error) * (0.01 + _blur(record))
    return True if people or chance < RARE else False if chance < 5 * RARE else None


def _people(record: Record) -> float:
    return sum(float(record.cells[name]) for name in ("n1", "n2") if record.cells.get(name))


def _blur(record: Record) -> float:
    """Return by what part a standard error may be off for its rounding."""
    for name, power in (("sei", 1.0), ("vi", 0.5)):
        if record.cells.get(name):
            return power * number(record.cells[name]).half / float(record.cells[name])
    low, high = (number(record.cells[name]) for name in ("low", "high"))
    return (low.half + high.half) / abs(float(record.cells["high"]) - float(record.cells["low"]))


def _se(cells: Mapping[str, str]) -> float | None:
    """Return the standard error of an effect, None where there is none above 0."""
    for name, power in (("sei", 1.0), ("vi", 0.5)):
        if cells.get(name) and float(cells[name]) > 0:
            return float(float(cells[name]) ** power)
    if cells.get("low") and cells.get("high") and float(cells["high"]) > float(cells["low"]):
        return (float(cells["high"]) - float(cells["low"])) / (2 * 1.96)
    return None


def _apart(analysis: Analysis) -> None:
    """Name the comparisons of a trial that stands in several rows, and say what is not told."""
    held: dict[tuple[object, ...], list[Record]] = {}
    for record in analysis.records:
        held.setdefault((record.identity, record.subgroup), []).append(record)
    for rows in held.values():
        words = {record.contrast for record in rows}
        if len(rows) == 1:
            rows[0].contrast = ""
        elif len(words) < len(rows) or "" in words:
            numbers = ", ".join(str(record.row) for record in rows)
            analysis.remarks.append(
                f"{rows[0].file} rows {numbers}: {rows[0].study} stands there {len(rows)} times, and "
                "no column comparison (or arm, treatment, dose) says what sets the rows apart: "
                "pooled as comparisons of one trial. Name them in it, or name the trials "
                "apart (2015a, 2015b)."
            )
            for place, record in enumerate(rows, start=1):
                record.contrast = ", ".join(filter(None, (record.contrast, f"comparison {place}")))


def _on_its_scale(analysis: Analysis, file: str, *, asked: bool) -> None:
    """Compare printed limits with the effects, and refuse effects on another scale than told.

    Limits lie yi ± z · se where yi is on the scale it is pooled on; around the log of yi where it
    is a ratio; and their logs do where yi is a log beside printed limits of the ratio.
    """
    ratio = analysis.measure in RATIOS and not analysis.log
    low, high, yi = (
        next((record.columns[name] for record in analysis.records if name in record.columns), name)
        for name in ("low", "high", "yi")
    )
    if ratio and (wrong := [r for r in analysis.records if _below(r.cells.get("yi"))]):
        raise ExchangeError(
            "\n".join(
                f'{record.place}, {yi} = "{record.cells["yi"]}": no {analysis.measure} is 0 or below. If '
                f"{yi} holds logs, say --log."
                for record in wrong
            )
        )
    fits = {record.row: _scales(record) for record in analysis.records if _limits(record.cells)}
    if not fits:
        if ratio and not asked:
            raise ExchangeError(
                f"{file}: is {yi} the {analysis.measure} itself, or its log? Say --measure "
                f"{analysis.measure} for the first, and --measure {analysis.measure} --log for "
                "the second."
            )
        if ratio:
            analysis.remarks.append(
                f"{file}: {yi} is taken as the {analysis.measure} itself and its spread as that of "
                "the log. If it holds logs, say --log."
            )
        return
    wanted = {"ratio"} if ratio else {"plain", "mixed"} if analysis.log else {"plain"}
    analysis.limits = _level([record for record in analysis.records if record.row in fits], ratio=ratio)
    if all(scales & wanted for scales in fits.values()):
        for record in analysis.records:
            record.mixed = analysis.log and "plain" not in fits.get(record.row, {"plain"})
        both = all("ratio" in scales for scales in fits.values())
        if both and analysis.measure == "GEN" and not asked:
            raise ExchangeError(
                f"{file}: {low} and {high} fit {yi} as ratios as well as differences. Say which: "
                f"--measure MD, SMD or GEN for differences, --measure {', '.join(RATIOS[:-1])} or "
                f"{RATIOS[-1]} for ratios."
            )
        return
    first = next(record for record in analysis.records if record.row in fits)
    shown = f"{first.cells['yi']}, {first.cells['low']} to {first.cells['high']}"
    ratios = f"so {yi} holds ratios. Name them: --measure OR (or RR, HR, IRR, ROM) without --log"
    for scale, what, remedy in (
        ("ratio", f"are symmetric around {yi} on the log scale, and not around {yi} itself", ratios),
        (
            "plain",
            f"are symmetric around {yi} itself, and not on the log scale",
            f"so {yi} holds no ratios. If they are logs of one, say --log",
        ),
        (
            "mixed",
            f"are ratios, and {yi} is symmetric between their logs",
            f"so {yi} holds logs of a ratio. Name it: --measure OR --log (or RR, HR, IRR, ROM)",
        ),
    ):
        if all(scale in scales for scales in fits.values()):
            raise ExchangeError(f"{first.place}: {low} and {high} {what} ({shown}), {remedy}.")
    raise ExchangeError(
        "\n".join(
            f"{record.place}, {low} and {high}: {record.cells['low']} to {record.cells['high']} does not "
            f"fit {record.cells['yi']}{_beside(record)}"
            + (", on no scale" if not fits[record.row] else "")
            + ". Check the row, or leave the limits out."
            for record in analysis.records
            if record.row in fits and not fits[record.row] & wanted
        )
    )


def _beside(record: Record) -> str:
    spread = [
        f"{record.columns[name]} {record.cells[name]}" for name in ("sei", "vi") if record.cells.get(name)
    ]
    return f" with {spread[0]}" if spread else ""


def _below(cell: str | None) -> bool:
    return bool(cell) and float(cell or 0) <= 0


def _limits(cells: Mapping[str, str]) -> bool:
    return all(cells.get(name) for name in ("yi", "low", "high"))


def _scales(record: Record) -> set[str]:
    """Say on which scales the limits of a row fit its effect, as far as rounding lets one see."""
    yi, low, high = (_span(record.cells[name]) for name in ("yi", "low", "high"))
    se = _error(record.cells)
    logs = _logs(yi), _logs(low), _logs(high)
    # by the delta method, where the standard error is that of the ratio itself
    raw = (se[0] / yi[1], se[1] / yi[0]) if se and yi[0] > 0 else None
    scales = set()
    if _around(yi, low, high, [se]):
        scales.add("plain")
    if _around(*logs, [se, raw]):
        scales.add("ratio")
    if _around(yi, logs[1], logs[2], [se]):
        scales.add("mixed")
    return scales


Extent = tuple[float, float]


def _span(cell: str) -> Extent:
    value, half = number(cell)[:2]
    return value - half, value + half


def _error(cells: Mapping[str, str]) -> Extent | None:
    """Return what a standard error may be; 1.96 may have stood for 1.959964."""
    for name, power in (("sei", 1.0), ("vi", 0.5)):
        if cells.get(name):
            low, high = _span(cells[name])
            return max(low, 0) ** power * 0.998, max(high, 0) ** power * 1.002
    return None


def _logs(span: Extent | None) -> Extent | None:
    return None if span is None or span[0] <= 0 else (math.log(span[0]), math.log(span[1]))


def _around(
    yi: Extent | None, low: Extent | None, high: Extent | None, errors: Sequence[Extent | None]
) -> bool:
    """Say whether an effect can be the middle of its limits, at a distance that its SE explains."""
    if yi is None or low is None or high is None:
        return False
    if not (low[0] + high[0]) / 2 <= yi[1] or not (low[1] + high[1]) / 2 >= yi[0]:
        return False
    usable = [se for se in errors if se is not None and se[1] > 0]
    if not usable:
        return True
    narrow, wide = (high[0] - low[1]) / 2, (high[1] - low[0]) / 2
    for se in usable:
        least = narrow / se[1]
        most = wide / se[0] if se[0] > 0 else math.inf
        z = [float(ndtri(0.5 + level / 200)) for level in LEVELS]
        if any(least <= quantile <= most for quantile in z) or (least <= WIDEST_QUANTILE and most >= z[1]):
            return True
    return False


def level_of(record: Record) -> float | None:
    """Return the level that a row tells of its limits, in percent."""
    level = float(record.cells.get("level") or 0)
    return (100 * level if level <= 1 else level) or None


def _level(records: Sequence[Record], *, ratio: bool) -> float | None:
    """Return the level of limits, as told or as all standard errors have it; None where neither."""
    told_levels = {level_of(record) for record in records} - {None}
    if len(told_levels) == 1:
        return told_levels.pop()
    for raw in (False, True)[: 1 + ratio]:
        for level in sorted(LEVELS, key=lambda level: level != 95):
            if all(_reaches(record, level, ratio=ratio, raw=raw) for record in records):
                return level
    return None


def _reaches(record: Record, level: float, *, ratio: bool, raw: bool) -> bool:
    """Say whether limits lie as many standard errors apart as a level has it."""
    se, yi = _error(record.cells), _span(record.cells["yi"])
    low, high = (_span(record.cells[name]) for name in ("low", "high"))
    if ratio:
        ends = _logs(low), _logs(high)
        if None in ends or yi[0] <= 0:
            return False
        low, high = ends  # type: ignore[assignment]
        se = se and ((se[0] / yi[1], se[1] / yi[0]) if raw else se)
    z = float(ndtri(0.5 + level / 200))
    return se is not None and (high[0] - low[1]) / 2 <= z * se[1] and ((high[1] - low[0]) / 2 >= z * se[0])
