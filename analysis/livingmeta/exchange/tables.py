"""A plain table of studies, read as one analysis: by the names of its columns, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from livingmeta.engine.effect_sizes import MEASURES
from livingmeta.exchange.analyses import (
    MEAN_CELLS,
    OF_COUNTS,
    OF_MEANS,
    RATIOS,
    WHOLE,
    Analysis,
    Hints,
    Record,
    decimal_of,
    measure_and_log,
    read_number,
    twins,
)
from livingmeta.exchange.limits import on_its_scale
from livingmeta.exchange.moderators import keep
from livingmeta.exchange.sheets import ExchangeError, Sheet
from livingmeta.exchange.totals import named_total, without_totals
from livingmeta.review.schema import ABSENT
from livingmeta.words import number, pick, unknown

# What columns may be called: first ours and metafor's own names, which are taken wherever they
# stand; after the stroke looser ones, which are taken where none of the first does.
COLUMN_NAMES: Mapping[str, str] = {
    "study": "study, trial, slab, studlab | author, authors, first author, label, name, study id, "
    "study_id, studyid, study name",
    "year": "year | study year, year of study",
    "subgroup": "subgroup",
    "n1": "n1, n1i | total 1, experimental n",
    "mean1": "mean1, m1i | mean 1, experimental mean",
    "sd1": "sd1, sd1i | sd 1, experimental sd",
    "n2": "n2, n2i | total 2, control n",
    "mean2": "mean2, m2i | mean 2, control mean",
    "sd2": "sd2, sd2i | sd 2, control sd",
    "events1": "events1, ai | events 1, experimental cases",
    "events2": "events2, ci | events 2, control cases",
    "without1": "bi",
    "without2": "di",
    "yi": "yi | giv mean, te",
    "vi": "vi",
    "sei": "sei | se, giv se, sete",
    "low": "ci.lb, ci_low | lower, lower limit, ci.lower, ci_lower, ci lower, ci start, lcl, ll, lb",
    "high": "ci.ub, ci_high | upper, upper limit, ci.upper, ci_upper, ci upper, ci end, ucl, ul, ub",
    "level": "ci_level | ci level",
    "measure": "measure | effect measure",
}
AUTHORS = ("author", "authors", "first author")
# Columns that tell the comparisons of one trial apart
CONTRASTS = ("contrast", "comparison", "comparator", "arm", "treatment", "intervention", "dose")


def _names(ours: str) -> list[list[str]]:
    """Return what a column may be called: the names that are taken first, and looser ones."""
    return [[name.strip() for name in rank.split(",")] for rank in COLUMN_NAMES[ours].split("|")]


def candidates(header: Iterable[str]) -> dict[str, list[str]]:
    """Map our names to the columns of a file that may be meant: one, or several of equal right."""
    lower: dict[str, list[str]] = {}
    for name in header:
        lower.setdefault(name.strip().lower(), []).append(name)
    if "ai" not in lower:  # metafor's counts of group 2 stand beside ai; alone it is an interval
        lower.pop("ci", None)
    columns = {}
    for ours in COLUMN_NAMES:
        for rank in _names(ours):
            if named := [column for name in rank for column in lower.get(name, ())]:
                columns[ours] = named
                break
    return columns


def _meant(sheet: Sheet, said: Mapping[str, str]) -> dict[str, list[str]]:
    """Map our names to the columns that may be meant; what the user says goes before all names."""
    wrong = [unknown("--column", ours, COLUMN_NAMES) for ours in said if ours not in COLUMN_NAMES]
    wrong += [
        f"{sheet.file}: {unknown(f'--column {ours}', column, sheet.header)}"
        for ours, column in said.items()
        if column not in sheet.header
    ]
    if wrong:
        raise ExchangeError("\n".join(wrong))
    columns = candidates(name for name in sheet.header if name not in said.values())
    return {**columns, **{ours: [column] for ours, column in said.items()}}


def analysis_of(sheet: Sheet, hints: Hints) -> Analysis:
    """Read a table with one row per study: arms, counts or computed effects.

    Raises
    ------
    ExchangeError
        For all cells that can't be read, each with its row and column, for columns that can be
        two things, and for effects whose printed limits lie on another scale.
    """
    headers = _meant(sheet, hints.columns)
    asked = hints.measure is not None
    hints = _measured(sheet, headers, hints)
    used = _used(sheet, headers, hints)
    computed = "yi" in used
    if hints.log and not computed:
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
        log=hints.log,
        measure=hints.measure or ("GEN" if computed else "SMD" if "sd1" in used else "OR"),
        negative_favours=hints.negative_favours,
    )
    results = [name for name in headers if name not in {*used, "study", "year", "subgroup", "measure"}]
    if unread := [column for name in results for column in headers[name]]:
        origin = f"{columns[used[0]]} and the other columns of the arms" if not computed else columns["yi"]
        analysis.remarks.append(
            f"{sheet.file}: effects are {'taken' if computed else 'computed'} from {origin}; "
            f"{' and '.join(unread)} {'is' if len(unread) == 1 else 'are'} not read."
        )
    taken = _taken(sheet, headers)
    records = _studies(sheet, headers, analysis)
    taken |= _taken(sheet, headers)  # the name of the studies may turn out to be another column
    analysis.remarks += keep(sheet, records, taken=taken, decimal=decimal)
    for record, cells in zip(records, (cells for _, cells in sheet.rows), strict=True):
        record.columns = {**columns, **record.columns}
        if named_total(record):
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
    analysis.records = without_totals(records, analysis)
    _apart(analysis)
    if computed:
        on_its_scale(analysis, sheet.file, asked=asked)
    return analysis


def _taken(sheet: Sheet, headers: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the columns that are read by their names; one called measure may hold something else."""
    of_measure = headers.get("measure", ())
    words = {cells[column] for column in of_measure for _, cells in sheet.rows} - {""}
    other = any(measure_and_log(text)[0] not in MEASURES for text in words)
    return {
        column for name, columns in headers.items() for column in columns if name != "measure" or not other
    }


def _at_odds(record: Record) -> list[str]:
    """Say what is wrong with cells that no column of a review holds as they are."""
    cells = record.cells
    problems = [
        f'{record.place}, {record.columns[name]} = "{cells[name]}": a count is a whole number '
        "from 0. If the report gives none, leave it empty."
        for name in ("without1", "without2")
        if cells.get(name) and (float(cells[name]) < 0 or float(cells[name]) % 1)
    ]
    problems += [
        f'{record.place}, {record.columns[name]} = "{cells[name]}": a {what} is not below 0. If the report '
        "gives none, leave it empty."
        for name, what in (("vi", "variance"), ("sei", "standard error"))
        if float(cells.get(name) or 0) < 0
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
        low, high = number(cells["vi"]).span
        se = number(cells["sei"]).span
        if not (max(low, 0) ** 0.5 <= se[1] * 1.001 and se[0] * 0.999 <= max(high, 0) ** 0.5):
            problems.append(
                f"{record.place}: {record.columns['vi']} {cells['vi']} is not the square of "
                f"{record.columns['sei']} {cells['sei']}. Which is right? Leave the other one out."
            )
    return problems


def _measured(sheet: Sheet, headers: dict[str, list[str]], hints: Hints) -> Hints:
    """Complete what the user says by what the file itself says of its measure."""
    words = hints.measure
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
        if hints.log:
            raise ExchangeError(f"--log says of which scale a ratio is; {LOG_NEEDS}")
        return hints
    hints = replace(hints, measure=words)
    pick(MEASURES, str(hints.measure), "measure")
    if hints.log and hints.measure not in RATIOS:
        raise ExchangeError(f"--log: {hints.measure} is no ratio; {LOG_NEEDS}")
    for column in sheet.header if "yi" not in headers else ():
        measure, logged = measure_and_log(column)
        if measure == hints.measure:
            headers["yi"] = [*headers.get("yi", ()), column]
            hints = replace(hints, log=hints.log or logged)
    return hints


LOG_NEEDS = f"name it with --measure, one of {', '.join(RATIOS)}."


def _used(sheet: Sheet, headers: Mapping[str, Sequence[str]], hints: Hints) -> list[str]:
    """Return which of our names the effects are taken from."""
    sizes = ("n1", "n2") if {"n1", "n2"} <= headers.keys() else ("without1", "without2")
    counts = ("events1", "events2", *sizes)
    exact = [
        name
        for name in ("vi", "sei")
        if set(headers.get(name, ())) & {c for c in sheet.header if c.lower() in _names(name)[0]}
    ]
    spread = exact or [name for name in ("sei",) if name in headers]
    limits = [name for name in ("low", "high") if name in headers]
    whole = [(MEAN_CELLS, OF_MEANS), (counts, OF_COUNTS)]
    for names, measures in whole:
        if all(name in headers for name in names) and hints.measure in {None, *measures}:
            others = [name for name in ("without1", "without2") if names == counts and name in headers]
            return list(dict.fromkeys((*names, *others)))
    if "yi" in headers and (spread or len(limits) == 2):
        more = [*(limits if len(limits) == 2 else ()), "level", "n1", "n2"]
        return ["yi", *spread, *(name for name in more if name in headers)]
    for names, measures in whole:
        if all(name in headers for name in names):
            raise ExchangeError(
                f"{sheet.file}: of {' '.join(names)} there is no {hints.measure}. Choose one of "
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
            f"{sheet.file}: {' and '.join(headers[name])} can both be {_names(name)[0][0]}. Which is "
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
    loose = [c for c in sheet.header if c.strip().lower() in _names("study")[1]]
    named = [c for c in columns if c not in plain] or (loose if plain == columns else [])
    if not plain or not named:
        return None
    headers["study"] = named
    return plain[0]


def _apart(analysis: Analysis) -> None:
    """Say which trials stand in several rows that nothing tells apart."""
    for rows in twins(analysis.records):
        if len(rows) == 1:
            rows[0].contrast = ""
        elif len({record.contrast for record in rows} - {""}) < len(rows):
            numbers = ", ".join(str(record.row) for record in rows)
            analysis.remarks.append(
                f"{rows[0].file} rows {numbers}: {rows[0].study} stands there {len(rows)} times, and "
                "no column comparison (or arm, treatment, dose) says what sets the rows apart: "
                "pooled as comparisons of one trial. Name them in it, or name the trials "
                "apart (2015a, 2015b)."
            )
            for place, record in enumerate(rows, start=1):
                record.contrast = ", ".join(filter(None, (record.contrast, f"comparison {place}")))
