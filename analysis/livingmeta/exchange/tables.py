"""A plain table of studies, read as one analysis: by the names of its columns, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from livingmeta.engine.measures import MEASURES, SCALES
from livingmeta.exchange.analyses import (
    ARMS_BY,
    OF,
    OF_COUNTS,
    OF_MEANS,
    RATIOS,
    READ,
    WHOLE,
    Analysis,
    Hints,
    Record,
    decimal_of,
    measure_and_log,
    read_number,
    twins,
)
from livingmeta.exchange.cells import Parts, contents_of, parted, roles_in, several_in
from livingmeta.exchange.columns import (
    CLUSTERED,
    COLUMN_NAMES,
    ONE_GROUP,
    WORDED,
    alone,
    arm_column,
    candidates,
    level_in,
    listed,
    measure_in,
    ours_of,
    paired,
    role_of,
    squeezed,
)
from livingmeta.exchange.entry import EntryError
from livingmeta.exchange.limits import on_its_scale
from livingmeta.exchange.moderators import alike, keep
from livingmeta.exchange.questions import OpenColumnsError, what_of, which_of
from livingmeta.exchange.sheets import FRAME, ExchangeError, Sheet, some
from livingmeta.exchange.totals import named_total, without_totals
from livingmeta.review.schema import ABSENT, UNTITLED
from livingmeta.words import is_plain, number, pick, unknown

NUMBER = re.compile(r"[-−+]?\s*\d[\d.,\s]*($|[(\[±/%])")  # alone or before others, and no scale of 0-100
AUTHORS = ("author", "authors", "first author")
MOST_UNTOLD = 3  # studies in several rows that a remark names
# Columns that tell the comparisons of one trial apart
CONTRASTS = {
    *("contrast", "comparison", "comparator", "arm", "treatment", "intervention", "dose"),
    *("conditionarm1", "conditionarm2", "multiarm1", "multiarm2"),
}


def _meant(sheet: Sheet, said: Mapping[str, str], parts: Parts) -> dict[str, list[str]]:
    """Map our names to the columns that may be meant; what the user says goes before all names."""
    columns = candidates(name for name in sheet.header if name not in {*said.values(), *parts.of})
    for ours, held in parts.columns.items():
        if ours[:-1] != "n" or ours not in columns:
            columns[ours] = list(dict.fromkeys((*columns.get(ours, ()), *held)))
    if any(_no_years(sheet, column) for column in columns.get("year", ())):
        del columns["year"]
    texts = [c for c in sheet.header if squeezed(c) == "id" and not _numbers_only(sheet, c)]
    if texts and columns.get("study", ["row names"]) == ["row names"]:
        columns["study"] = texts
    return {**columns, **{ours: [column] for names, column in said.items() for ours in listed(names)}}


def _checked(sheet: Sheet, said: Mapping[str, str]) -> None:
    """See that what the user says of columns can be."""
    wrong = []
    for names, column in said.items():
        try:
            wrong += [
                unknown("--column", ours, {**COLUMN_NAMES, **ONE_GROUP})
                for ours in roles_in(names)
                if ours not in {**COLUMN_NAMES, **ONE_GROUP}
            ]
        except EntryError as refusal:
            wrong.append(str(refusal))
        if column not in sheet.header:
            wrong.append(f"{sheet.file}: {unknown(f'--column {names}', column, sheet.header)}")
    if wrong:
        raise ExchangeError("\n".join(wrong))


def analysis_of(sheet: Sheet, hints: Hints) -> Analysis:
    """Read a table with one row per study: arms, counts or computed effects.

    Raises
    ------
    ExchangeError
        For all cells that can't be read, each with its row and column, for columns that can be
        two things, and for effects whose printed limits lie on another scale.
    """
    hints = replace(hints, columns={role_of(names): column for names, column in hints.columns.items()})
    _checked(sheet, hints.columns)
    parts = parted(sheet, hints.columns)
    headers = _meant(sheet, hints.columns, parts)
    asked = hints.measure is not None
    hints = _measured(sheet, headers, hints)
    used = _used(sheet, headers, hints)
    computed = "yi" in used
    hints = _scaled(sheet, headers, hints, used)
    columns = {name: _one(sheet, headers, name) for name in (*used, *_clustered(headers))}
    decimal = decimal_of(sheet)
    analysis = Analysis(
        number="",  # it is the only one, and called as its file is
        title=hints.title or (UNTITLED if sheet.file == FRAME else Path(sheet.file).stem),
        profile="today",
        computed=computed,
        log=hints.log,
        measure=hints.measure or ("GEN" if computed else _first(used)),
        by_default=hints.measure is None and not computed and len(OF[MEASURES[_first(used)].needs]) > 1,
        negative_favours=hints.negative_favours,
    )
    if hints.favours and analysis.measure in _ALONE:
        raise ExchangeError(
            f"{sheet.file}: --favours says which group is favoured, and {analysis.measure} is of one group. "
            "Leave it out."
        )
    read = len(sheet.rows)
    _transformed(analysis, columns)
    sheet = _of_studies(_once(sheet, headers, analysis), headers, columns, analysis)
    if len(sheet.rows) < read:
        parts = parted(sheet, hints.columns)
    records = _studies(sheet, headers, analysis)
    taken = {*columns.values(), *_unread(sheet, headers, columns, analysis)}
    others = [column for column in sheet.header if column not in taken]
    if "study" not in headers and others and records:
        ways = " or ".join(f'--column "study={name}"' for name in others[:5])
        analysis.remarks.append(
            f"{sheet.file}: no column is known to name the studies, so they are named by their rows. If one "
            f"does, say {ways}."
        )
    analysis.remarks += keep(sheet, records, taken=taken | parts.of, decimal=decimal)
    analysis.problems += parts.problems
    levels = {
        arm: (columns[f"low{arm}"], level_in(columns[f"low{arm}"]))
        for arm in ("", "1", "2")
        if f"low{arm}" in columns
    }
    for record, cells in zip(records, (cells for _, cells in sheet.rows), strict=True):
        record.columns = {**columns, **record.columns}
        if named_total(record):
            continue
        for name, column in columns.items():
            place = f"{record.place}, {column}"
            held = column in parts.of or (record.row, column, name) in parts.cells
            cell = parts.cells.get((record.row, column, name), "") if held else cells[column]
            cell = cell.rstrip(" %") if name == "level" else cell
            sign = "." if held else decimal
            try:
                record.cells[name] = (
                    read_number(cell, place=place, decimal=sign, whole=name in WHOLE)
                    if name != "icc_from"
                    else ""
                    if cell.lower() in ABSENT
                    else cell
                )
            except ExchangeError as wrong:
                analysis.problems.append(f"{wrong}{several_in(cell, name, column)}")
        for arm, (limit, level) in levels.items():
            if said := parts.cells.get((record.row, limit, f"level{arm}")) or level:
                record.cells.setdefault(f"level{arm}", said)
        analysis.problems += _at_odds(record)
    if analysis.problems:
        return analysis
    analysis.records = without_totals(records, analysis)
    _remark_clusters(analysis, sheet.file, columns)
    _apart(analysis, dict(sheet.rows))
    if computed:
        on_its_scale(analysis, sheet.file, asked=asked)
    return analysis


def _clustered(headers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return which of our names say of clusters by how much their numbers are to be corrected."""
    ways = ([name for name in way if name in headers] for way in CLUSTERED if {*way[:-1]} <= headers.keys())
    return next(ways, [])


def _remark_clusters(analysis: Analysis, file: str, columns: Mapping[str, str]) -> None:
    """Say that numbers are corrected for clusters, which they may allow for already."""
    said = _clustered(dict.fromkeys(columns, ()))
    if any(record.cells.get(name) for record in analysis.records for name in said):
        analysis.remarks.append(
            f"{file}: {', '.join(columns[name] for name in said)}: the numbers of these rows are corrected "
            "for clusters, by the design effect 1 + (size − 1)·ICC. If they allow for clusters already, give "
            "the columns other names."
        )


def _once(sheet: Sheet, headers: Mapping[str, Sequence[str]], analysis: Analysis) -> Sheet:
    """Leave out a row that repeats another one of its study in every cell: it was pasted twice."""
    named = [column for column in headers.get("study", ()) if column in sheet.header]
    first: dict[tuple[str, ...], int] = {}
    kept, again = [], []
    for row, cells in sheet.rows:
        before = first.setdefault(tuple(cells.values()), row)
        if before != row and any(cells[column] for column in named):
            again.append(f"{row} ({before})")
        else:
            kept.append((row, cells))
    if not again:
        return sheet
    analysis.remarks.append(
        f"{sheet.file} rows {some(again)}: equal in every cell to the row in brackets; left out."
    )
    return replace(sheet, rows=tuple(kept))


def _of_studies(
    sheet: Sheet, headers: Mapping[str, list[str]], columns: Mapping[str, str], analysis: Analysis
) -> Sheet:
    """Leave out, aloud, a row of units below the names and rows that repeat the names."""
    name = headers["study"][0] if "study" in headers else None
    rows = []
    for place, (row, cells) in enumerate(sheet.rows):
        results = [cells[column] for column in columns.values() if cells[column].lower() not in ABSENT]
        unnamed = name is None or not cells[name] or re.search(r"\bunits?\b", cells[name], re.IGNORECASE)
        units = place == 0 and unnamed and results and not any(map(NUMBER.match, results))
        repeated = all(cell.casefold() in {"", column.casefold()} for column, cell in cells.items())
        if units or repeated:
            what = (
                f"units ({', '.join(dict.fromkeys(results))})" if units else "the names of the columns again"
            )
            analysis.remarks.append(f"{sheet.file} row {row}: it holds {what}, and is left out.")
        else:
            rows.append((row, cells))
    return replace(sheet, rows=tuple(rows))


def _unread(
    sheet: Sheet, headers: Mapping[str, list[str]], columns: Mapping[str, str], analysis: Analysis
) -> set[str]:
    """Return the columns that say what a row is, and those that look like results and are named as unread."""
    about = {headers[name][0] for name in ("study", "year", "subgroup", "measure") if name in headers}
    results = []
    for column in (name for name in sheet.header if name not in {*columns.values(), *about}):
        role = (ours_of(column) or ("",))[0]
        if role == "study" and _numbers_only(sheet, column):
            about.add(column)
        elif (
            measure_in(column)
            or contents_of(column)
            or role not in {"", "study", "year", "subgroup", "measure", "time1", "time2", *chain(*CLUSTERED)}
        ):
            results.append(column)
    if results:
        taken = f"computed from {', '.join(columns.values())}"
        if analysis.computed:
            taken = f"taken from {columns['yi']}"
        analysis.remarks.append(
            f"{sheet.file}: effects are {taken}; {', '.join(results)} "
            f"{'is' if len(results) == 1 else 'are'} not read."
        )
    return about | set(results)


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
    """Complete what the user says by what a column says of the measure, and find the effects by its name."""
    words = hints.measure
    if words is None and "measure" in headers:
        column = _one(sheet, headers, "measure")
        named = dict.fromkeys(cells[column] for _, cells in sheet.rows if cells[column])
        if any(measure_and_log(text)[0] not in MEASURES for text in named):
            named = {}  # the column names something else, such as a scale
            del headers["measure"]
        if len(named) > 1:
            raise ExchangeError(
                f"{sheet.file}: {column} names several measures ({', '.join(named)}), which are "
                "not pooled together. Keep the rows of one, or make a file of each."
            )
        words = next(iter(named), None)
    if words is not None:
        hints = replace(hints, measure=words)
        pick(MEASURES, str(hints.measure), "measure")
    if "yi" not in headers:
        called = {column: measure_in(column) for column in sheet.header}
        effects = [c for c, of in called.items() if of and hints.measure in {None, of[0]}]
        if effects:
            headers["yi"] = effects
    return hints


LOG_NEEDS = f"name it with --measure, one of {', '.join(RATIOS)}."


def _scaled(sheet: Sheet, headers: Mapping[str, list[str]], hints: Hints, used: Sequence[str]) -> Hints:
    """Complete the measure by the name of the effects' column, and see that --log fits it."""
    if "yi" in used:
        column = _one(sheet, headers, "yi")
        named = measure_in(column) or measure_in(re.sub(r"[(\[,].*", "", column))
        if named and hints.measure in {None, named[0]}:
            hints = replace(hints, measure=named[0], log=hints.log or named[1])
    if hints.log and hints.measure is None:
        raise ExchangeError(f"--log says of which scale a ratio is; {LOG_NEEDS}")
    if hints.log and hints.measure not in RATIOS:
        raise ExchangeError(f"--log: {hints.measure} is no ratio; {LOG_NEEDS}")
    if hints.log and "yi" not in used:
        raise ExchangeError(
            f"{sheet.file}: --log says that effects are logs, and here they are computed from "
            f"{', '.join(used)}. Leave it out."
        )
    return hints


def _used(sheet: Sheet, headers: dict[str, list[str]], hints: Hints) -> list[str]:
    """Return which of our names the effects are taken from."""
    ways = [] if "yi" in hints.columns else [*_arms(headers)]
    for names, measures in ways:
        if hints.measure in {None, *measures}:
            return names
    if hints.measure in _ALONE and "yi" not in hints.columns and (names := _alone(sheet, headers, hints)):
        return names
    exact = [
        name
        for name in ("vi", "sei")
        if name in hints.columns or any((ours_of(c) or ("", 1))[1] == 0 for c in headers.get(name, ()))
    ]
    spread = exact or [name for name in ("sei", "vi") if name in headers][:1]
    limits = [name for name in ("low", "high") if name in headers]
    named = [c for c in headers.get("yi", ()) if measure_in(c)]
    if not named and spread and any(ours_of(c) == (n, WORDED) for n in limits for c in headers[n]):
        limits = []  # those of another column, such as or.lb beside yi
    if "yi" in headers and (spread or len(limits) == 2):
        more = [*(limits if len(limits) == 2 else ()), *(["level"] if "level" in headers else [])]
        if hints.measure in _ALONE and len(people := alone(sheet.header).get("n", [])) == 1:
            headers["n"] = people
        sizes = ["n"] if hints.measure in _ALONE and "n" in headers else ["n1", "n2"]
        return ["yi", *spread, *more, *(sizes if {*sizes} <= headers.keys() else [])]
    if other := paired(sheet.header):
        raise ExchangeError(f"{sheet.file}: {other}")
    if not ways and (names := _alone(sheet, headers, hints)):
        return names
    for names, measures in ways:
        raise ExchangeError(
            f"{sheet.file}: of {' '.join(names)} there is no {hints.measure}. Choose one of "
            f"{', '.join(measures)} with --measure."
        )
    left = what_of(sheet, headers, hints.columns)
    raise OpenColumnsError(
        f"{sheet.file}: no columns for effects are known by their names: {', '.join(sheet.header)}. Say "
        "which they are with --column, or name them so: mean1 sd1 n1 mean2 sd2 n2; or events1 n1 events2 "
        "n2; or yi with sei, vi, or low and high."
        + (
            f" From the names it may be: {left.guessed}. Check that before you type it."
            if left.guessed
            else ""
        )
        + left.note
        + "".join(
            f" If {column} holds the effects, say --measure {effect[0]}, with its spread in sei, vi, or "
            "lower and upper."
            for column in sheet.header
            if (effect := measure_in(column))
        ),
        left,
    )


def _transformed(analysis: Analysis, columns: Mapping[str, str]) -> None:
    """Say that effects of a single group that come computed are taken as they are pooled."""
    measure = MEASURES[analysis.measure]
    if analysis.computed and measure.one_group and not SCALES[measure.scale].plain:
        analysis.remarks.append(
            f"{columns['yi']} is taken as it is pooled, {measure.label}, and not as the {measure.shown} that "
            "is shown."
        )


def _first(used: Sequence[str]) -> str:
    """Return the measure that is computed where nobody names one."""
    arms = "means" if "n1" in used else "rates"
    needs = "rates" if "time1" in used else "counts" if "events1" in used else arms
    for alone_of in ("events", "rate", "mean", "correlation"):
        needs = alone_of if set(READ[alone_of]) <= set(used) else needs
    return OF[needs][0]


def _alone(sheet: Sheet, headers: dict[str, list[str]], hints: Hints) -> list[str]:
    """Return the columns of a single group that effects are computed from, and add them to those known.

    Raises
    ------
    ExchangeError
        For columns that can be of two kinds, and for rows that may be the arms of a comparison.
    """
    taken = {column for columns in headers.values() for column in columns}
    held = {name: [c for c in cs if c not in taken] for name, cs in alone(sheet.header).items()}
    held |= {name: [column] for name, column in hints.columns.items() if name in ONE_GROUP}
    either = held.pop("r or events", [])
    if either:
        held |= {"r": either, "events": either}
    fits = {
        needs: measures
        for needs, measures in OF.items()
        if needs in _SINGLE and all(held.get(name) for name in READ[needs])
    }
    asked = {needs: measures for needs, measures in fits.items() if hints.measure in {None, *measures}}
    if fits and not asked:
        measures = ", ".join(key for keys in fits.values() for key in keys)
        raise ExchangeError(
            f"{sheet.file}: its columns are of single groups, of which there is no {hints.measure}. Choose "
            f"one of {measures} with --measure."
        )
    if len(asked) > 1:
        ways = "; ".join(
            f"{' '.join(held[name][0] for name in READ[needs])} as {_SINGLE[needs]}: {', '.join(measures)}"
            for needs, measures in asked.items()
        )
        raise ExchangeError(
            f"{sheet.file}: it can be read in {len(asked)} ways. Say which by --measure: {ways}."
        )
    for needs in asked:
        names = list(READ[needs])
        by_arm = arm_column(sheet.header)
        rows = [cells[headers["study"][0]] for _, cells in sheet.rows] if "study" in headers else []
        if by_arm and hints.measure is None and len(set(rows)) < len(rows):
            columns = ", ".join(held[name][0] for name in names)
            raise ExchangeError(
                f"{sheet.file}: {columns} are {_SINGLE[needs]}, and studies stand in several rows. If each "
                f"row is an arm ({by_arm}), put the two arms of a comparison in one row: events1 n1 events2 "
                f"n2, or mean1 sd1 n1 mean2 sd2 n2. If each is a group of its own, say --measure "
                f"{OF[needs][0]}."
            )
        headers.update({name: held[name] for name in names})
        if "n" not in names and held.get("n"):
            headers["n"] = held["n"]
            names.append("n")
        return names
    return []


_ALONE = {key for key, measure in MEASURES.items() if measure.one_group}
# What single groups are read as
_SINGLE: Mapping[str, str] = {
    "events": "events and people of one group",
    "rate": "events and person-time of one group",
    "mean": "means of one group",
    "correlation": "correlations and numbers of people",
}


def _arms(headers: Mapping[str, Sequence[str]]) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """Yield the columns of arms that effects can be computed from, and their measures."""
    arms: list[str] = []
    for arm in "12":
        ways = [[f"{name}{arm}" for name in (*way, "n")] for way in ARMS_BY]
        arms += dict.fromkeys(name for way in ways if headers.keys() >= set(way) for name in way)
    if {"n1", "n2"} <= set(arms):
        yield arms, OF_MEANS
    if headers.keys() >= set(rates := ["events1", "time1", "events2", "time2"]):
        yield [*rates, *(name for name in ("n1", "n2") if name in headers)], OF["rates"]
    sizes = [name for way in ("n", "without") for name in (f"{way}1", f"{way}2") if name in headers]
    if {"events1", "events2"} <= headers.keys() and (
        {"n1", "n2"} <= set(sizes) or sizes[-2:] == ["without1", "without2"]
    ):
        yield ["events1", "events2", *sizes], OF_COUNTS


def _one(sheet: Sheet, headers: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the column that is meant, or ask."""
    if len(headers[name]) > 1:
        raise OpenColumnsError(
            f"{sheet.file}: {' and '.join(headers[name])} can both be {name}. Which is meant? Say --column "
            f'"{name}={headers[name][0]}", or give the other one another name.',
            which_of(sheet, name, headers[name]),
        )
    return headers[name][0]


def _studies(sheet: Sheet, headers: dict[str, list[str]], analysis: Analysis) -> list[Record]:
    """Return a record per row, its trial told apart from others by name, year and number."""
    numbered = _numbered(sheet, headers)
    name = _one(sheet, headers, "study") if "study" in headers else None
    year = _one(sheet, headers, "year") if "year" in headers else None
    subgroup = _one(sheet, headers, "subgroup") if "subgroup" in headers else None
    groups, merged = alike({cells[subgroup]: cells[subgroup] for _, cells in sheet.rows} if subgroup else {})
    analysis.remarks += [f"{sheet.file}, {subgroup}: {merged}"] if merged else []
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
                subgroup="" if not subgroup or cells[subgroup].lower() in ABSENT else groups[cells[subgroup]],
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
            rows = some([str(record.row) for record in namesakes.values()])
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


def _no_years(sheet: Sheet, column: str) -> bool:
    """Say whether a column of years holds them as somebody centred them: −8.5 names no study."""
    cells = (cells[column].replace("−", "-") for _, cells in sheet.rows)
    return any(is_plain(cell) and (float(cell) < 0 or float(cell) % 1 > 0) for cell in cells)


def _numbered(sheet: Sheet, headers: dict[str, list[str]]) -> str | None:
    """Set a column that only numbers the studies aside, where another one names them."""
    columns = headers.get("study", [])
    plain = [column for column in columns if _numbers_only(sheet, column)]
    loose = [c for c in sheet.header if ours_of(c) in {("study", rank) for rank in (1, 2, 3)}]
    named = [c for c in columns if c not in plain] or (loose if plain == columns else [])
    if not plain or not named:
        return None
    headers["study"] = named
    return plain[0]


def _numbers_only(sheet: Sheet, column: str) -> bool:
    return all(re.fullmatch(r"\d*", cells[column]) for _, cells in sheet.rows)


def _apart(analysis: Analysis, cells: Mapping[int, Mapping[str, str]]) -> None:
    """Name the comparisons of a trial that stands in several rows, and say where nothing tells them apart."""
    held = next(iter(cells.values()), {})
    apart = [column for column in held if squeezed(column) in CONTRASTS]
    untold: list[str] = []
    for rows in twins(analysis.records):
        for column in apart if len(rows) > 1 else ():
            values = [cells[record.row][column] for record in rows]
            for record, value in zip(rows, values, strict=True) if len(set(values)) > 1 else ():
                record.contrast = ", ".join(filter(None, (record.contrast, value)))
        if len(rows) > 1 and len({record.contrast for record in rows} - {""}) < len(rows):
            numbers = some([str(record.row) for record in rows])
            untold.append(f"rows {numbers}: {rows[0].study} stands there {len(rows)} times")
            for place, record in enumerate(rows, start=1):
                record.contrast = ", ".join(filter(None, (record.contrast, f"comparison {place}")))
    if untold:
        others = len(untold) - MOST_UNTOLD
        more = f"; {others} more {'study' if others == 1 else 'studies'} likewise" if others > 0 else ""
        analysis.remarks.append(
            f"{analysis.records[0].file} {'; '.join(untold[:MOST_UNTOLD])}{more}, and no column comparison "
            "(or arm, treatment, dose) says what sets the rows apart: pooled as comparisons of one trial. "
            "Name them in it, or name the trials apart (2015a, 2015b)."
        )
