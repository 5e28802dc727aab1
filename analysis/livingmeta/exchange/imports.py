"""Data from other programs and plain tables, turned into a review; nothing is guessed."""

from __future__ import annotations

import csv
import io
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livingmeta.audit.doubts import undeclarable
from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.analyses import ARMS_BY, OF, RATIOS, READ, Analysis, Hints, Record, twins
from livingmeta.exchange.cells import are_columns
from livingmeta.exchange.columns import CLUSTERED
from livingmeta.exchange.limits import level_of
from livingmeta.exchange.mapping import as_called, hints_of
from livingmeta.exchange.moderators import moderator_rows
from livingmeta.exchange.questions import OpenColumnsError
from livingmeta.exchange.revman import WEB_KEYS, package, revman_export, rm5, web
from livingmeta.exchange.sheets import FRAME, ExchangeError, as_csv, read_sheet, sheet_from
from livingmeta.exchange.tables import analysis_of
from livingmeta.printer import remarking
from livingmeta.review.folder import examine
from livingmeta.review.protocol import FORMAT, Review
from livingmeta.review.schema import OPTIONAL, TABLES, Moderator, Problem, columns
from livingmeta.store import scratch
from livingmeta.words import key_of, pick

if TYPE_CHECKING:
    from pandas import DataFrame

ASSUMED_LEVEL = "limits taken as those of 95%: the file does not say their level"
ASSUMED_RATIO = "number taken as the {measure} itself, not its log: no limits show which it is"
ARM_COLUMNS = {
    "low": "ci_low",
    "high": "ci_high",
    "time": "person_time",
    "r": "correlation",
}  # of outcomes.csv, for our names
FILES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".rm5", ".zip")


def read(path: Path | DataFrame, hints: Hints | None = None) -> list[Analysis]:
    """Read a RevMan 5 file or export, a RevMan Web package, an Excel sheet, a CSV or a table of pandas.

    Parameters
    ----------
    path : Path or DataFrame
    hints : Hints, optional
        What the user says of the file.

    Raises
    ------
    ValueError
        With the cell and the reason, for all that can't be read.
    """
    analyses = _analyses(path, hints or Hints())
    path = path if isinstance(path, Path) else Path(FRAME)
    if problems := [line for analysis in analyses for line in analysis.problems]:
        raise ExchangeError("\n".join(problems))
    _leave_empty(analyses, path)
    if hints and hints.log and not all(analysis.log for analysis in analyses if not analysis.left_out):
        raise ExchangeError(f"{path}: the file says itself what its effects are. Leave --log out.")
    return analyses


def _leave_empty(analyses: Sequence[Analysis], path: Path) -> None:
    """Leave out analyses without a study; refuse a file of which nothing is left."""
    for analysis in analyses:
        if not analysis.records and not analysis.left_out:
            analysis.left_out = (
                f"{path}: analysis {analysis.number} ({analysis.title}) holds no study, and is left out."
            )
    if all(analysis.left_out for analysis in analyses):
        remarks = [remark for analysis in analyses for remark in analysis.remarks]
        raise ExchangeError("\n".join([*remarks, *(str(analysis.left_out) for analysis in analyses)]))


def _analyses(path: Path | DataFrame, hints: Hints) -> list[Analysis]:
    """Read a file by what it is."""
    if not isinstance(path, Path):
        sheet = sheet_from(path, header_row=hints.header_row)
    elif path.suffix.lower() in {".rm5", ".zip"}:
        _no_table(path, hints)
        return rm5(path, hints) if path.suffix.lower() == ".rm5" else package(path, hints)
    elif path.suffix.lower() == ".pdf":
        raise ExchangeError(f"{path}: a PDF is no table. Save its table as .csv or .xlsx, a row per study.")
    else:
        sheet = read_sheet(path, sheet=hints.sheet, header_row=hints.header_row, knows=are_columns)
    if {"Name", "Data Type", "Effect Measure"} <= set(sheet.header):
        _no_table(sheet.file, hints)
        return revman_export(sheet, hints)
    if {*WEB_KEYS, "Experimental N"} <= set(sheet.header):
        _no_table(sheet.file, hints)
        return web(sheet, None, hints)
    analysis = analysis_of(sheet, hints)
    analysis.remarks[:0] = sheet.remarks
    if not analysis.records and not analysis.problems:
        lines = [*analysis.remarks, f"{sheet.file}: the table holds no study."]
        raise ExchangeError("\n".join(lines))
    return [analysis]


def _no_table(file: str | Path, hints: Hints) -> None:
    if hints.of_tables:
        raise ExchangeError(
            f"{file}: RevMan's files say themselves what stands where. Leave {hints.of_tables} out."
        )


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A review folder as texts by file name, and what had to be left behind.

    `origins` says for each row of outcomes.csv which study of the user's file it holds. `moderators`
    are rows checked as they were made; a file of them takes longer than all others together.
    """

    name: str
    files: Mapping[str, str]
    moderators: tuple[Moderator, ...]
    remarks: tuple[str, ...]
    origins: tuple[Record, ...]
    taken: tuple[str, ...] = ()  # what nobody chose and a default decides

    @property
    def written(self) -> dict[str, str]:
        """All files of the folder; one of moderators only where there are any."""
        rows = [row.model_dump(exclude_none=True) for row in self.moderators]
        return {**self.files, **({"moderators.csv": _csv("moderators", rows)} if rows else {})}


def imported(
    path: Path | DataFrame, *, name: str, hints: Hints | None = None
) -> list[tuple[Imported, Review]]:
    """Read a file or a table of pandas and turn it into review folders that hold what `check` demands.

    Raises
    ------
    ExchangeError
        For all that can't be read or used, in the rows and columns of the user's own file.
    """
    analyses = read(path, hints)
    path = path if isinstance(path, Path) else Path(FRAME)
    while True:
        made = []
        problems: dict[str, None] = {}
        unusable: dict[int, Problem] = {}  # rows of RevMan's files, which nobody can mend
        of_revman = {id(record) for analysis in analyses if analysis.kind for record in analysis.records}
        for draft in folders(analyses, name=name, file=path.name):
            with scratch(draft.name, draft.files) as folder:
                review, faults = examine(folder, shown=path.name)
            faults += undeclarable(review) if review is not None else []
            wrong = [problem for problem in faults if problem.severity == "error"]
            # an arm whose row can't be read leaves its twin alone, which is no fault of the file
            wrong = [problem for problem in wrong if problem.column != "group"] or wrong
            for problem in wrong:
                theirs, origin = _theirs(problem, draft, path), _origin(problem, draft)
                if id(origin) in of_revman:
                    unusable.setdefault(id(origin), theirs)
                else:
                    problems[str(theirs)] = None
            if review is not None:
                made.append((draft, _placed(review, draft, path)))
        if problems:
            raise ExchangeError("\n".join(problems))
        if not unusable:
            return made
        for analysis in analyses:
            lost = [record for record in analysis.records if id(record) in unusable]
            analysis.records = [record for record in analysis.records if id(record) not in unusable]
            analysis.lost += lost
            analysis.remarks += [f"{unusable[id(record)]} {record.study} is left out." for record in lost]
        _leave_empty(analyses, path)


def _origin(problem: Problem, draft: Imported) -> Record | None:
    """Return the study of the user's file that a problem is of."""
    of_row = problem.row is not None and problem.file.endswith("outcomes.csv")
    return draft.origins[(problem.row or 0) - 2] if of_row else None


def _theirs(problem: Problem, draft: Imported, path: Path) -> Problem:
    """Say a problem of a row that we made in the row and column of the user's file."""
    if problem.column == "groups.negative_favours":  # which the user says by an option, here or never
        remedy = "Say --favours lower if those are good for group 1, --favours higher if those above are."
        return replace(problem, file=str(path), column=None, value=None, remedy=remedy)
    origin = _origin(problem, draft)
    if problem.row is None or origin is None:
        return replace(problem, file=str(path), row=None)
    line = list(csv.DictReader(io.StringIO(draft.files["outcomes.csv"])))[problem.row - 2]
    column = problem.column or ""
    arm = line["group"] if line["group"] in {"1", "2"} else ""
    names = {
        "trial": ["study"],
        "mean": [f"mean{arm}", "yi"],
        "se": ["sei", "vi"],
        "ci_low": [f"low{arm}"],
        "ci_high": [f"high{arm}"],
        "ci_level": ["level"],
        "n": [f"n{arm}", f"without{arm}", "n"],
        "person_time": [f"time{arm}", "time"],
        "correlation": ["r"],
    }.get(column, [f"{column}{arm}", column])
    theirs = next((origin.columns[name] for name in names if name in origin.columns), column)
    reason = re.sub(r"\(?\S*outcomes\.csv row \d+\)?", "another row", problem.reason)
    reason = re.sub(rf" (of|in) {re.escape(line['outcome'])}(?!\w)", "", reason)  # a key that we made
    return replace(problem, file=origin.file, row=origin.row, column=theirs, reason=reason)


def _placed(review: Review, draft: Imported, path: Path) -> Review:
    """Let rows and doubts say where in the user's file they stand, which is all of the folder there is."""
    rows = (
        tuple(
            row.model_copy(update={"file": path.name + origin.file[len(str(path)) :], "row": origin.row})
            for row, origin in zip(review.outcomes, draft.origins, strict=True)
        )
        if len(review.outcomes) == len(draft.origins)
        else review.outcomes
    )
    doubts = tuple(_theirs(problem, draft, path) for problem in review.warnings)
    kept = draft.moderators
    return replace(review, folder=path, file=path.name, outcomes=rows, moderators=kept, warnings=doubts)


def folders(analyses: Sequence[Analysis], *, name: str, file: str) -> list[Imported]:
    """Turn analyses into review folders, since a review has one measure, model and pair of groups.

    What is left out is said with the first folder.
    """
    sets: dict[tuple[object, ...], list[Analysis]] = {}
    for analysis in analyses:
        if not analysis.left_out:
            measure = (analysis.measure, analysis.log, analysis.called, analysis.groups)
            methods = (analysis.profile, analysis.model, analysis.method, analysis.level)
            kind = (*measure, *methods, *sorted(analysis.choices.items()))
            sets.setdefault(kind, []).append(analysis)
    drafts: list[Imported] = []
    for listed in sets.values():
        first = listed[0]
        called = f"log_{first.measure}" if first.log else first.measure
        taken = [draft.name for draft in drafts]
        called += "" if first.method in {"IV", ""} else f"_{first.method}"
        chosen = key_of(f"{name}_{called}_{first.model}", taken) if len(sets) > 1 else name
        drafts.append(_folder(listed, name=chosen, file=file))
    left = tuple(analysis.left_out for analysis in analyses if analysis.left_out)
    return [
        replace(draft, remarks=(*left, *draft.remarks) if draft is drafts[0] else draft.remarks)
        for draft in drafts
    ]


def _folder(analyses: Sequence[Analysis], *, name: str, file: str) -> Imported:
    remarks: list[str] = []
    origins: list[Record] = []
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in TABLES}
    rows["sources"].append(
        {
            "source": "file",
            "kind": "dataset",
            "citation": file,
            "reading": "primary",
            "note": "imported; what stands in the file is taken as the reports have it",
        }
    )
    trials: dict[tuple[str, ...], str] = {}
    named: set[str] = set()  # keys of trials
    claims: set[str] = set()
    keys: list[str] = []  # of outcomes, and so of syntheses
    used: list[tuple[str, Record]] = []
    for analysis in analyses:
        name_of = f"a{analysis.number.replace('.', '_')}" if analysis.number else analysis.title
        outcome = key_of(name_of, keys)
        keys.append(outcome)
        remarks += analysis.remarks
        for record in analysis.records:
            if record.identity not in trials:
                trials[record.identity] = key_of(record.study, named)
                named.add(trials[record.identity])
                rows["trials"].append(
                    {
                        "trial": trials[record.identity],
                        "label": record.study,
                        "year": _year(record),
                        "membership": "inferred" if record.doubt else "documented",
                        "membership_why": f"it stands in {file}"
                        + (f"; {record.doubt}" if record.doubt else ""),
                        "source": "file",
                    }
                )
        for twin in twins(analysis.records):  # a study that stands in an analysis several times
            for place, record in enumerate(twin if len(twin) > 1 else (), start=1):
                record.contrast = record.contrast or f"comparison {place}"
        for record in analysis.records:
            trial = trials[record.identity]
            where = file + record.place[record.place.rindex(file) + len(file) :]
            shared = {
                "trial": trial,
                "outcome": outcome,
                "subgroup": record.subgroup,
                "contrast": record.contrast,
                "time_label": "as in the file",
                "source": "file",
                "locator": where,
                **{name: cell for name in chain(*CLUSTERED) if (cell := record.cells.get(name))},
            }
            made, remark = _rows(analysis, record, shared)
            rows["outcomes"] += made
            used += [(trial, record)] if made else []
            origins += [record] * len(made)
            remarks += [remark] if remark else []
            about = {"trial": trial, "subgroup": record.subgroup, "contrast": record.contrast}
            if record.printed_level is not None:
                about["ci_level"] = f"{record.printed_level:.15g}"
            rows["published"] += _claims(outcome, record.printed, about, where, claims)
        for subgroup, printed in analysis.printed.items():
            kept = _of_pool(analysis, printed, subgroup)
            about, where = {"subgroup": subgroup}, "the analysis as a whole"
            rows["published"] += _claims(outcome, kept, about, where, claims)
    moderators, unkept = moderator_rows(used, rows, file=file)
    remarks += unkept
    files = {f"{table}.csv": _csv(table, listed) for table, listed in rows.items()}
    files["review.toml"] = _toml(analyses, keys, name=name, file=file)
    return Imported(
        name=name,
        files=files,
        moderators=tuple(moderators),
        remarks=tuple(remarks),
        origins=tuple(origins),
        taken=tuple(_taken(analysis.measure) for analysis in analyses if analysis.by_default),
    )


def _taken(measure: str) -> str:
    """Say that a measure was computed which nobody named, and which others there are."""
    others = ", ".join(name for name in OF[MEASURES[measure].needs] if name != measure)
    return f"no measure is named, so {measure} is computed; --measure names another: {others}."


def _year(record: Record) -> str:
    for text in (record.year, record.study):
        if year := re.search(r"(?<!\d)(19|20)\d\d(?!\d)", text):
            return year[0]
    return ""


def _rows(
    analysis: Analysis, record: Record, shared: Mapping[str, str]
) -> tuple[list[dict[str, str]], str | None]:
    """Return the rows of one study, and what is to be said about it."""
    cells = record.cells
    if analysis.computed:
        return _difference(analysis, record, shared)
    note = {}
    needed = []
    levels = {}
    measure = MEASURES[analysis.measure]
    arms = ("",) if measure.one_group else ("1", "2")
    for arm in arms:
        ways = [way for way in ARMS_BY if all(f"{name}{arm}" in record.columns for name in way)] or [
            ARMS_BY[0]
        ]
        way = next((way for way in ways if all(cells.get(f"{name}{arm}") for name in way)), ways[0])
        names = READ.get(measure.needs) or (*way, "n")
        needed += [f"{name}{arm}" for name in names]
        if "low" in names:
            level = cells.get(f"level{arm}")
            assumed = {} if level else {"assumption": ASSUMED_LEVEL}
            levels[arm] = {"ci_level": level or "95", **assumed}
        if not cells.get(f"n{arm}") and cells.get(f"without{arm}") and cells.get(f"events{arm}"):
            people = float(cells[f"events{arm}"]) + float(cells[f"without{arm}"])
            cells[f"n{arm}"] = f"{people:.15g}"
            note = {"note": "n is the sum of people with and without the event"}
    lacking = [cell for cell in needed if not cells.get(cell)]
    of_0 = {f"{name}{arm}" for name in ("sd", "se", "n", "time") for arm in arms}
    zero = [cell for cell in needed if cell in of_0 and float(cells.get(cell) or 1) == 0]
    if lacking or zero:
        why = f"no {', '.join(lacking)}" if lacking else f"{', '.join(zero)} is 0"
        return [], f"{record.place}, {record.study}: {why}; left out."
    return [
        {
            **shared,
            "group": arm or "1",
            "use": "yes",
            **({"n": cells[f"n{arm}"]} if cells.get(f"n{arm}") else {}),
            **note,
            **levels.get(arm, {}),
            **{
                ARM_COLUMNS.get(name, name): _whole(cells[cell])
                for cell in needed
                if cell.endswith(arm) and (name := cell.removesuffix(arm))
            },
        }
        for arm in arms
    ], None


def _difference(
    analysis: Analysis, record: Record, shared: Mapping[str, str]
) -> tuple[list[dict[str, str]], str | None]:
    """Return the row of an effect that comes computed."""
    cells = record.cells
    ratio = analysis.measure in RATIOS and not analysis.log
    limits = bool(cells.get("low")) and bool(cells.get("high"))
    se, notes = cells.get("sei") or "", []
    if not se and cells.get("vi") and float(cells["vi"]) > 0:
        se = f"{float(cells['vi']) ** 0.5:.17g}"
        notes.append(f"se is the square root of the variance {cells['vi']}")
    if cells.get("v"):
        notes.append(f"mean is (O − E)/V of {cells['oe']} and {cells['v']}, se that of 1/V")
    usable = bool(se) and float(se) > 0
    if not cells.get("yi") or not (usable or (limits and not se)):
        return [], f"{record.place}, {record.study}: no effect with a variance above 0; left out."
    row = {
        **shared,
        "group": "difference",
        "use": "yes",
        "mean": cells["yi"],
        "measure": f"log {analysis.measure}" if analysis.log else analysis.measure,
        **{
            f"n{arm or 1}": _whole(cells[f"n{arm}"])
            for arm in ("", "1", "2")
            if cells.get(f"n{arm}") not in {None, "", "0"}
        },
    }
    level = level_of(record) or analysis.limits
    if limits and (not se or (ratio and level is not None)):
        row |= {"ci_low": cells["low"], "ci_high": cells["high"], "ci_level": f"{level or 95:.15g}"}
        if record.mixed:
            row |= {"measure": analysis.measure, "mean": f"{math.exp(float(cells['yi'])):.17g}"}
            notes.append(f"mean is the exponential of {cells['yi']}")
        if level is None:
            row["assumption"] = ASSUMED_LEVEL
    else:
        row["se"] = se
    if ratio and "se" in row:
        row |= {"measure": f"log {analysis.measure}", "mean": f"{math.log(float(cells['yi'])):.17g}"}
        notes.append(f"mean is the log of {cells['yi']}")
        if not limits and analysis.limits is None:
            row["assumption"] = ASSUMED_RATIO.format(measure=analysis.measure)
    return [{**row, "note": "; ".join(notes)}], None


def _whole(cell: str) -> str:
    return cell[:-2] if cell.endswith(".0") else cell


def _claims(
    synthesis: str, printed: Mapping[str, str], about: Mapping[str, str], where: str, taken: set[str]
) -> list[dict[str, str]]:
    of_trial = "trial" in about
    if not printed or (of_trial and not {"estimate", "ci_low"} <= printed.keys()):
        return []
    named = (synthesis, about["subgroup"], about.get("trial"), "file")
    claim = key_of("_".join(filter(None, named)), taken)
    taken.add(claim)
    quantities = ("estimate", "ci_low", "ci_high", "weight") if of_trial else tuple(printed)
    return [
        {
            "claim": claim,
            "synthesis": synthesis,
            **about,
            "quantity": quantity,
            "printed": printed[quantity],
            "where": where,
            "source": "file",
            "reading": "primary",
        }
        for quantity in quantities
        if quantity in printed
    ]


def _of_pool(analysis: Analysis, printed: Mapping[str, str], subgroup: str) -> dict[str, str]:
    """Return what a file prints of a pool, without what it fills in where there is no such thing."""
    none = {"tau2"} if analysis.model == "common" else set()
    if not subgroup:
        none |= {"weight"}
    if subgroup or sum(bool(part) for name, part in analysis.printed.items() if name) < 2:
        none |= {name for name in printed if name.startswith("between_")}
    kept = {name: cell for name, cell in printed.items() if name not in none}
    if not subgroup and not analysis.overall:  # but of the test there is nothing to pool
        return {name: cell for name, cell in kept.items() if name.startswith("between_")}
    if "estimate" not in kept:
        return {}
    if any(not subgroup or record.subgroup == subgroup for record in analysis.lost):  # ours is of fewer
        rows = (*analysis.records, *analysis.lost)
        of_pool = (record for record in rows if record.printed and subgroup in {"", record.subgroup})
        kept["k"] = str(sum(1 for _ in of_pool))
    return kept


def _csv(table: str, rows: Sequence[Mapping[str, str]]) -> str:
    header = list(columns({**TABLES, **OPTIONAL}[table]))
    return as_csv([header, *([row.get(name, "") for name in header] for row in rows)], end="\n")


def _toml(analyses: Sequence[Analysis], keys: Sequence[str], *, name: str, file: str) -> str:
    import tomlkit

    first = analyses[0]
    sides = {analysis.negative_favours for analysis in analyses}
    shared = sides.pop() if len(sides) == 1 else None
    declared: dict[str, Any] = {
        "format": FORMAT,
        "id": name,
        "title": _line(first.title),
        "question": "",  # a table asks none
        "groups": {
            "1": _line(first.groups[0]),
            "2": _line(first.groups[1]),
            "negative_favours": shared or "unknown",
        },
        "methods": {
            "profile": first.profile,
            "model": first.model,
            "measure": first.measure,
            **first.choices,
        },
        "synthesis": [],
    }
    if first.called:
        declared["methods"]["measure_label"] = _line(first.called)
    if first.measure in OF["counts"] and first.kind and first.method:
        declared["methods"]["method"] = first.method
    if first.level != 95:
        declared["methods"]["level"] = first.level / 100
    for analysis, key in zip(analyses, keys, strict=True):
        plan: dict[str, Any] = {"id": key, "title": _line(analysis.title), "outcome": key}
        if analysis.negative_favours and not shared:
            plan["negative_favours"] = analysis.negative_favours
        if any(record.subgroup for record in analysis.records) and not analysis.overall:
            plan["overall"] = False
        declared["synthesis"].append(plan)
    return f"# Imported from {_line(file)}. Say here what the review asks.\n{tomlkit.dumps(declared)}"


def _line(text: str) -> str:
    """Put words of a file into one line, without signs that nobody sees."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def reviews_in(path: Path | DataFrame, hints: Hints | None = None) -> tuple[list[Review], list[str]]:
    """Load the data in a file or a table of pandas as reviews; nothing is written.

    Parameters
    ----------
    path : Path or DataFrame
    hints : Hints, optional
        What the user says of the file.

    Returns
    -------
    reviews : list of Review
        Each knows as its `remarks` what a default decided of it.
    remarks : list of str
        What was left out, and why.
    """
    called = (hints and hints.title) or (path.stem if isinstance(path, Path) else "table")
    pairs = imported(path, name=key_of(called, []), hints=hints)
    reviews = [remarking(review, draft.taken) for draft, review in pairs]
    return reviews, [remark for draft, _ in pairs for remark in draft.remarks]


def read_table(
    data: str | Path | DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    measure: str | None = None,
    log: bool = False,
    favours: str | None = None,
    mapping: str | Path | None = None,
    review: str | None = None,
    title: str | None = None,
) -> Review:
    """Load a table as a review: a CSV, an Excel sheet, a RevMan file or a table of pandas.

    Parameters
    ----------
    data : str, Path or DataFrame
    columns : mapping, optional
        Our names of columns to those of the table, where they are not known by name:
        {"mean1": "Treatment mean"}, or {"mean1,sd1": "Treatment"} where a cell holds both.
    sheet : str, optional
        Sheet of a workbook; the first one with names of columns by default.
    header_row : int, optional
        Row that names the columns, as a spreadsheet counts.
    measure : str, optional
        Effect measure: of arms or counts which to compute (SMD or OR by default), of computed effects
        what they are.
    log : bool
        Computed effects of a ratio measure are its logs; otherwise they are the ratios.
    favours : {"lower", "higher"}, optional
        Which effects favour group 1.
    mapping : str or Path, optional
        A TOML file that says all these, as `--mapping` writes it; what is said here goes before it.
    review : str, optional
        Which one, where a file holds analyses that make several.
    title : str, optional
        What a table is called where results and figures name it; by default as its file, and "Table"
        for one of pandas.

    Returns
    -------
    Review
        Effects are group 1 minus group 2, or their ratio. What was left out of it is said in warnings,
        and kept as `remarks`, as is a measure that nobody named.

    Raises
    ------
    ExchangeError
        For all that can't be read, with its row and column; for a file that makes several reviews,
        which are named, and none is chosen.

    References
    ----------
    docs/files.md: which files and columns are read, and how.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"study": ["Ash", "Birch"], "yi": [0.1, 0.3], "sei": [0.2, 0.1]})
    >>> [row.mean for row in read_table(table, measure="SMD").outcomes]
    [0.1, 0.3]
    """
    if not (isinstance(data, str | Path) or hasattr(data, "columns")):
        raise ExchangeError(f"a {type(data).__name__} is no table: give a file, or a DataFrame of pandas.")
    hints = hints_of(
        columns=columns or {},
        sheet=sheet,
        header_row=header_row,
        measure=measure,
        log=log,
        favours=favours,
        mapping=None if mapping is None else Path(mapping),
    )
    try:
        path = Path(data) if isinstance(data, str) else data
        reviews, remarks = reviews_in(path, replace(hints, title=title))
    except OpenColumnsError as refusal:
        raise OpenColumnsError(as_called(str(refusal)), refusal.left) from None
    except ExchangeError as refusal:
        raise ExchangeError(as_called(str(refusal))) from None
    named = {made.protocol.id: made for made in reviews}
    if review is None and len(named) > 1:
        raise ExchangeError(
            f"{data}: its analyses make {len(named)} reviews, since they differ in measure, model or groups. "
            f"Choose one with review=: {', '.join(named)}."
        )
    chosen = pick(named, review, "review") if review else reviews[0]
    for remark in remarks:
        warnings.warn(as_called(remark), stacklevel=2)
    return remarking(chosen, [as_called(remark) for remark in (*remarks, *chosen.remarks)])
