"""Data from other programs and plain tables, turned into a review; nothing is guessed."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from livingmeta.drafts import key_of
from livingmeta.protocol import Review
from livingmeta.review import load_review
from livingmeta.schema import TABLES, columns
from livingmeta.sheets import LARGEST, Sheet, read_sheet
from livingmeta.store import scratch

FILES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".rm5", ".zip")
ABSENT = {"", "na", "n/a", "nr", "n.r.", "not reported", "-", "–", "—", ".", "#n/a"}
# What columns may be called: metafor's names, ours, RevMan Web's, and a table's own.
NAMES: Mapping[str, tuple[str, ...]] = {
    "study": ("study", "trial", "author", "slab", "label", "studlab", "name"),
    "year": ("year", "study year", "year of study"),
    "subgroup": ("subgroup",),
    "n1": ("n1", "n1i", "total 1", "experimental n"),
    "mean1": ("mean1", "m1i", "mean 1", "experimental mean"),
    "sd1": ("sd1", "sd1i", "sd 1", "experimental sd"),
    "n2": ("n2", "n2i", "total 2", "control n"),
    "mean2": ("mean2", "m2i", "mean 2", "control mean"),
    "sd2": ("sd2", "sd2i", "sd 2", "control sd"),
    "events1": ("events1", "ai", "events 1", "experimental cases"),
    "events2": ("events2", "ci", "events 2", "control cases"),
    "without1": ("bi",),
    "without2": ("di",),
    "yi": ("yi", "giv mean", "te"),
    "vi": ("vi",),
    "sei": ("sei", "se", "giv se", "sete"),
}
MEASURES = {
    "or": "OR", "odds ratio": "OR", "rr": "RR", "risk ratio": "RR", "rd": "RD",
    "risk difference": "RD", "md": "MD", "mean difference": "MD", "smd": "SMD",
    "standardized mean difference": "SMD", "std. mean difference": "SMD",
}  # fmt: skip
INVERSE = {"iv", "inverse variance", "i-v", ""}


@dataclass
class Record:
    """One study of one analysis: cells by our names, and what the program printed for it."""

    place: str
    study: str
    year: str = ""
    subgroup: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)


@dataclass
class Analysis:
    """One analysis: how it was pooled, its studies, and what the program printed for the whole."""

    number: str
    title: str
    measure: str
    model: str = "random"
    method: str = "iv"
    groups: tuple[str, str] = ("group 1", "group 2")
    records: list[Record] = field(default_factory=list)
    printed: dict[str, dict[str, str]] = field(default_factory=dict)  # by subgroup; "" the whole
    overall: bool = True
    profile: str = "revman5"
    label: str = "yi"  # what effects are called that come computed
    remark: str | None = None


class ExchangeError(ValueError):
    """A file that can't be read as data; the message lists all that is wrong."""


def read_number(text: str, *, place: str, decimal: str = ".") -> str:
    """Return a number as plain digits, empty where the cell says that there is none.

    Raises
    ------
    ExchangeError
        If the cell is no number, or could be two.

    Examples
    --------
    >>> read_number("1,234.5", place="x"), read_number("NR", place="x")
    ('1234.5', '')
    >>> read_number("12,4", place="x", decimal=",")
    '12.4'
    """
    cell = text.strip().replace("−", "-").replace("–", "-")
    cell = cell.replace("\u00a0", " ").replace("\u202f", " ")
    if cell.lower() in ABSENT:
        return ""
    cell = cell.replace(" ", "") if re.fullmatch(r"-?\d{1,3}( \d{3})+([.,]\d+)?", cell) else cell
    group = "," if decimal == "." else "."
    if re.fullmatch(rf"-?\d{{1,3}}({re.escape(group)}\d{{3}})+({re.escape(decimal)}\d+)?", cell):
        if cell.count(group) == 1 and decimal not in cell:
            plain, point = cell.replace(group, ""), cell.replace(group, ".")
            raise ExchangeError(f'{place} = "{text}": is this {plain} or {point}? Write it so.')
        return cell.replace(group, "").replace(decimal, ".")
    cell = cell.replace(decimal, ".") if decimal == "," else cell
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", cell):
        raise ExchangeError(
            f'{place} = "{text}": this is no number. Write digits, or leave the cell empty.'
        )
    return cell.lstrip("+")


def read(path: Path) -> list[Analysis]:
    """Read a RevMan 5 file or export, a RevMan Web package, an Excel sheet or a CSV.

    Raises
    ------
    ValueError
        With the cell and the reason, for all that can't be read.
    """
    if not path.is_file():
        raise ExchangeError(f"{path}: there is no such file.")
    if path.suffix.lower() == ".rm5":
        return _rm5(path)
    if path.suffix.lower() == ".zip":
        return _package(path)
    sheet = read_sheet(path)
    if {"Comparison Number", "Outcome Number", "Effect Measure"} <= set(sheet.header):
        return _revman_csv(sheet)
    if {"Analysis group", "Analysis number", "Experimental N"} <= set(sheet.header):
        return _web(sheet, None)
    return [_plain(sheet)]


def _known(header: Sequence[str]) -> dict[str, str]:
    """Map our names to the columns of a file."""
    lower = {name.lower(): name for name in header}
    return {ours: lower[one] for ours, named in NAMES.items() for one in named if one in lower}


def _plain(sheet: Sheet) -> Analysis:
    known = _known(sheet.header)
    arms = {"mean1", "sd1", "n1", "mean2", "sd2", "n2"}
    counts = {"events1", "events2"}
    if arms <= known.keys():
        measure, used = "SMD", sorted(arms)
    elif "yi" in known and ("vi" in known or "sei" in known):
        measure, used = "yi", ["yi", "vi" if "vi" in known else "sei"]
    elif counts <= known.keys() and (
        {"n1", "n2"} <= known.keys() or {"without1", "without2"} <= known.keys()
    ):
        measure = "OR"
        used = [*sorted(counts), *(["n1", "n2"] if "n1" in known else ["without1", "without2"])]
    else:
        raise ExchangeError(
            f"{sheet.file}: no columns for effects. Name them mean1 sd1 n1 mean2 sd2 n2 (or m1i "
            "sd1i n1i m2i sd2i n2i), yi with vi or sei, or events1 n1 events2 n2 (or ai bi ci di). "
            f"There are: {', '.join(sheet.header)}."
        )
    decimal = _decimal_of(sheet, [known[name] for name in used])
    title = Path(sheet.file).stem
    analysis = Analysis(number="1", title=title, measure=measure, profile="today")
    problems: list[str] = []
    for number, row in sheet.rows:
        place = f"{sheet.file} row {number}"
        study = row.get(known.get("study", ""), "") or f"row {number}"
        record = Record(place=place, study=study, subgroup=row.get(known.get("subgroup", ""), ""))
        record.year = row.get(known.get("year", ""), "")
        for name in used:
            try:
                record.cells[name] = read_number(
                    row[known[name]], place=f"{place}, {known[name]}", decimal=decimal
                )
            except ExchangeError as wrong:
                problems.append(str(wrong))
        analysis.records.append(record)
    if problems:
        raise ExchangeError("\n".join(problems))
    return analysis


def _decimal_of(sheet: Sheet, used: Sequence[str]) -> str:
    """Say which sign parts decimals in a file: a comma only where it can be nothing else."""
    cells = [row[name] for _, row in sheet.rows for name in used]
    points = any(re.search(r"\d\.\d", cell) for cell in cells)
    commas = any(re.fullmatch(r"[-−]?\d+,(\d{1,2}|\d{4,})", cell.strip()) for cell in cells)
    return "," if commas and not points else "."


def _revman_csv(sheet: Sheet) -> list[Analysis]:
    found: list[Analysis] = []
    subgroup = ""
    for number, row in sheet.rows:
        place = f"{sheet.file} row {number}"
        if row["Outcome Number"] == "0":
            continue
        if row["Data Type"]:
            subgroup = ""
            measure, label = _generic(row["Data Type"], _measure(row["Effect Measure"], place))
            found.append(
                Analysis(
                    number=f"{row['Comparison Number']}.{row['Outcome Number']}",
                    title=row["Name"],
                    measure=measure,
                    label=label,
                    model="random" if row["Analysis Model"].lower() == "random" else "common",
                    method=row["Statistical Method"].lower(),
                    groups=(row["Group Label 1"] or "group 1", row["Group Label 2"] or "group 2"),
                    printed={"": _printed(row, CSV_PRINTED)},
                )
            )
            continue
        if not found:
            raise ExchangeError(f"{place}: a row stands before the first analysis.")
        if not row["User defined order"]:
            subgroup = row["Name"]
            found[-1].printed[subgroup] = _printed(row, CSV_PRINTED)
            continue
        cells = {ours: row[theirs] for ours, theirs in CSV_CELLS.items()}
        found[-1].records.append(
            Record(place=place, study=row["Name"], year=row["Year of study"], subgroup=subgroup,
                   cells=_logged(_numeric(cells, place), found[-1].label),
                   printed=_printed(row, CSV_PRINTED))
        )  # fmt: skip
    return found


CSV_CELLS = {"events1": "Events 1", "mean1": "Mean 1", "sd1": "SD 1", "n1": "Total 1",
             "events2": "Events 2", "mean2": "Mean 2", "sd2": "SD 2", "n2": "Total 2",
             "yi": "Effect Estimate", "sei": "SE"}  # fmt: skip
CSV_PRINTED = {"estimate": "Effect Estimate", "ci_low": "CI Start", "ci_high": "CI End",
               "weight": "Weight", "q": "Q", "i2": "I²(Q)", "tau2": "Tau²", "z": "Z",
               "p": "P(Z)"}  # fmt: skip
RM5_CELLS = {"events1": "EVENTS_1", "mean1": "MEAN_1", "sd1": "SD_1", "n1": "TOTAL_1",
             "events2": "EVENTS_2", "mean2": "MEAN_2", "sd2": "SD_2", "n2": "TOTAL_2",
             "yi": "EFFECT_SIZE", "sei": "SE"}  # fmt: skip
RM5_PRINTED = {"estimate": "EFFECT_SIZE", "ci_low": "CI_START", "ci_high": "CI_END",
               "weight": "WEIGHT", "q": "CHI2", "i2": "I2", "tau2": "TAU2", "z": "Z",
               "p": "P_Z"}  # fmt: skip
WEB_PRINTED = {"estimate": "Mean", "ci_low": "CI start", "ci_high": "CI end", "weight": "Weight",
               "q": "Heterogeneity Chi²", "i2": "Heterogeneity I²", "tau2": "Heterogeneity Tau²",
               "z": "Effect Z", "p": "Effect P"}  # fmt: skip


def _printed(row: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    told = {ours: row.get(theirs) or "" for ours, theirs in names.items()}
    return {ours: _rounded(cell) for ours, cell in told.items() if cell and cell != "0"}


def _rounded(cell: str) -> str:
    """Shorten a printed number to ten digits: what a program writes beyond is binary noise."""
    digits = re.sub(r"[-.]|^0+|e.*$", "", cell.lower()).lstrip("0")
    return cell if len(digits) <= 10 else f"{float(cell):.10g}"


def _generic(kind: str, measure: str) -> tuple[str, str]:
    """Return measure and label of an analysis; effects that come computed are "yi".

    RevMan prints generic inverse-variance ratios as ratios and their SE as that of the log.
    """
    if kind not in {"IV", "generic"}:
        return measure, "yi"
    return "yi", {"OR": "log OR", "RR": "log RR"}.get(measure, measure)


def _logged(cells: dict[str, str], label: str) -> dict[str, str]:
    """Turn a printed ratio into the log that is pooled."""
    if label.startswith("log ") and cells.get("yi"):
        value = float(cells["yi"])
        cells["yi"] = f"{math.log(value):.17g}" if value > 0 else ""
    return cells


def _measure(text: str, place: str) -> str:
    measure = MEASURES.get(text.strip().lower())
    if measure is None:
        raise ExchangeError(
            f'{place}: the effect measure "{text}" is not known here; {", ".join(sorted(set(MEASURES.values())))} are.'  # noqa: E501
        )
    return measure


def _numeric(cells: Mapping[str, str], place: str) -> dict[str, str]:
    return {name: read_number(cell, place=f"{place}, {name}") for name, cell in cells.items()}


def _rm5(path: Path) -> list[Analysis]:
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import parse

    if path.stat().st_size > 20 * LARGEST:
        raise ExchangeError(f"{path}: the file is too large for a review.")
    try:
        tree = parse(path)
    except DefusedXmlException:
        raise ExchangeError(
            f"{path}: the file defines entities, as an XML bomb does. It is not read."
        ) from None
    except (ParseError, ValueError) as error:
        raise ExchangeError(
            f"{path}: this is not well-formed XML ({error}). Export it again from RevMan."
        ) from None
    studies = {one.get("ID"): one for one in tree.iter("STUDY")}
    found = []
    for comparison in tree.iter("COMPARISON"):
        for outcome in comparison:
            kind, _, rest = outcome.tag.partition("_")
            if rest != "OUTCOME" or kind not in {"DICH", "CONT", "IV"}:
                continue
            number = f"{comparison.get('NO')}.{outcome.get('NO')}"
            place = f"{path}, analysis {number}"
            effect, label = _generic(kind, _measure(outcome.get("EFFECT_MEASURE", ""), place))
            analysis = Analysis(
                number=number,
                title=outcome.findtext("NAME") or f"Analysis {number}",
                measure=effect,
                label=label,
                model="random" if outcome.get("RANDOM") == "YES" else "common",
                method=(outcome.get("METHOD") or "iv").lower(),
                groups=(outcome.findtext("GROUP_LABEL_1") or "group 1",
                        outcome.findtext("GROUP_LABEL_2") or "group 2"),
                overall=outcome.get("TOTALS") != "NO",
                printed={"": _printed(outcome.attrib, RM5_PRINTED)},
            )  # fmt: skip
            parts = [("", outcome)] + [
                (part.findtext("NAME") or "", part) for part in outcome.iter(f"{kind}_SUBGROUP")
            ]
            for subgroup, part in parts:
                if subgroup:
                    analysis.printed[subgroup] = _printed(part.attrib, RM5_PRINTED)
                for row in part.findall(f"{kind}_DATA"):
                    study = studies.get(row.get("STUDY_ID"))
                    name = (study.get("NAME") if study is not None else None) or "a study"
                    cells = {ours: row.get(theirs) or "" for ours, theirs in RM5_CELLS.items()}
                    analysis.records.append(
                        Record(place=f"{place}, {name}", study=name, subgroup=subgroup,
                               year=(study.get("YEAR") if study is not None else "") or "",
                               cells=_logged(_numeric(cells, f"{place}, {name}"), label),
                               printed=_printed(row.attrib, RM5_PRINTED))
                    )  # fmt: skip
            found.append(analysis)
    if not found:
        raise ExchangeError(f"{path}: the file holds no analysis with data.")
    return found


def _package(path: Path) -> list[Analysis]:
    """Read a RevMan Web package: a zip with the tables in a data.zip inside."""
    texts: dict[str, str] = {}
    try:
        _unpack(path.read_bytes(), str(path), texts, depth=0)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise ExchangeError(f"{path}: this is no zip file that can be read.") from None
    sheets = {name.rsplit("-", 1)[-1]: _sheet(text, name) for name, text in texts.items()
              if name.endswith(("data-rows.csv", "estimates-and-settings.csv"))}  # fmt: skip
    if "rows.csv" not in sheets:
        raise ExchangeError(
            f"{path}: there is no data-rows.csv in it. Download the package with its data from "
            "RevMan Web."
        )
    return _web(sheets["rows.csv"], sheets.get("settings.csv"))


def _unpack(raw: bytes, name: str, texts: dict[str, str], *, depth: int) -> None:
    if depth > 2:
        raise ExchangeError(f"{name}: zips within zips within zips are not read.")
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        members = [one for one in packed.infolist() if one.filename.endswith((".csv", "data.zip"))]
        if sum(one.file_size for one in members) > LARGEST:
            raise ExchangeError(f"{name}: unpacked it is too large for a review.")
        for one in members:
            with packed.open(one) as file:
                inner = file.read(LARGEST + 1)
            if len(inner) > LARGEST:  # the size that a zip tells of itself may be a lie
                raise ExchangeError(f"{name}: unpacked it is too large for a review.")
            if one.filename.endswith(".zip"):
                _unpack(inner, one.filename, texts, depth=depth + 1)
            else:
                texts[one.filename] = inner.decode("utf-8-sig")


def _sheet(text: str, name: str) -> Sheet:
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    header = tuple(lines[0]) if lines else ()
    rows = tuple((number, {k: v or "" for k, v in line.items() if k is not None})
                 for number, line in enumerate(lines, start=2))  # fmt: skip
    return Sheet(file=name.rsplit("/", 1)[-1], header=header, rows=rows)


WEB_CELLS = {"events1": "Experimental cases", "mean1": "Experimental mean",
             "sd1": "Experimental SD", "n1": "Experimental N", "events2": "Control cases",
             "mean2": "Control mean", "sd2": "Control SD", "n2": "Control N", "yi": "GIV Mean",
             "sei": "GIV SE"}  # fmt: skip


def _web(sheet: Sheet, settings: Sheet | None) -> list[Analysis]:
    found: dict[str, Analysis] = {}
    declared = {}
    for _, row in settings.rows if settings else ():
        declared[f"{row['Analysis group']}.{row['Analysis number']}"] = row
    for number, row in sheet.rows:
        place = f"{sheet.file} row {number}"
        key = f"{row['Analysis group']}.{row['Analysis number']}"
        if key not in found:
            about = declared.get(key, {})
            cells = _numeric({k: row.get(v, "") for k, v in WEB_CELLS.items()}, place)
            guess = "OR" if _filled(cells, "events1", "events2") else "MD"
            measure = _measure(about["Effect measure"], place) if about else guess
            kind = "generic" if _filled(cells, "sei") else ""
            measure, label = _generic(kind, measure)
            found[key] = Analysis(
                number=key,
                title=row.get("Analysis name") or f"Analysis {key}",
                measure=measure,
                label=label,
                model="common" if about.get("Analysis model", "").startswith("Fixed") else "random",
                method=about.get("Statistical method", "iv").lower(),
                groups=(about.get("Experimental group label") or "experimental",
                        about.get("Control group label") or "control"),
                overall=about.get("Overall estimates", "true") == "true",
                printed={"": _printed(about, WEB_PRINTED)},
                remark=None if about else f"{sheet.file} does not say the effect measure of "
                f"analysis {key}: taken as {guess}. Choose another with --measure.",
            )  # fmt: skip
        cells = _numeric({k: row.get(v, "") for k, v in WEB_CELLS.items()}, place)
        found[key].records.append(
            Record(place=place, study=row["Study"], year=row.get("Study year", ""),
                   subgroup=row.get("Subgroup", ""), cells=cells,
                   printed=_printed(row, WEB_PRINTED))
        )  # fmt: skip
    if not found:
        raise ExchangeError(f"{sheet.file}: the table holds no study.")
    return list(found.values())


def _filled(cells: Mapping[str, str], *names: str) -> bool:
    return any(cells.get(name) not in {None, "", "0", "0.0"} for name in names)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A review folder as texts by file name, and what had to be left behind."""

    name: str
    files: Mapping[str, str]
    remarks: tuple[str, ...]


def folders(analyses: Sequence[Analysis], *, name: str, file: str) -> list[Imported]:
    """Turn analyses into review folders: one for each measure and model, since a review has one."""
    sets: dict[tuple[str, str], list[Analysis]] = {}
    for analysis in analyses:
        called = analysis.label.replace(" ", "_") if analysis.measure == "yi" else analysis.measure
        sets.setdefault((called, analysis.model), []).append(analysis)
    return [
        _folder(
            listed,
            name=name if len(sets) == 1 else f"{name}_{measure.lower()}_{model}",
            file=file,
        )
        for (measure, model), listed in sets.items()
    ]


def _folder(analyses: Sequence[Analysis], *, name: str, file: str) -> Imported:
    remarks: list[str] = []
    rows: dict[str, list[dict[str, str]]] = {table: [] for table in TABLES}
    rows["sources"].append(
        {"source": "file", "kind": "dataset", "citation": file, "reading": "primary",
         "note": "imported; what stands in the file is taken as the reports have it"}
    )  # fmt: skip
    trials: dict[str, str] = {}
    for analysis in analyses:
        remarks += [analysis.remark] if analysis.remark else []
        outcome = f"a{analysis.number.replace('.', '_')}"
        for record in analysis.records:
            if record.study not in trials:
                trials[record.study] = key_of(record.study, trials.values())
                rows["trials"].append(
                    {"trial": trials[record.study], "label": record.study,
                     "year": _year(record), "membership": "documented",
                     "membership_why": f"it stands in {file}", "source": "file"}
                )  # fmt: skip
        counted: dict[tuple[str, str], int] = {}
        for record in analysis.records:
            trial = trials[record.study]
            again = counted[trial, record.subgroup] = counted.get((trial, record.subgroup), 0) + 1
            shared = {
                "trial": trial, "outcome": outcome, "subgroup": record.subgroup,
                "contrast": "" if again == 1 else f"comparison {again}",
                "time_label": "as in the file", "source": "file", "locator": record.place,
            }  # fmt: skip
            made, remark = _rows(analysis, record, shared)
            rows["outcomes"] += made
            remarks += [remark] if remark else []
            printed = dict(record.printed)
            if analysis.method not in INVERSE:
                printed.pop("weight", None)
            rows["published"] += _claims(outcome, printed, record, trial)
        if analysis.method in INVERSE:
            for subgroup, printed in analysis.printed.items():
                if subgroup or analysis.overall:
                    rows["published"] += _claims(outcome, printed, None, "", subgroup)
        elif analysis.printed.get(""):
            remarks.append(
                f"analysis {analysis.number} was pooled by {analysis.method.upper()}, which is not "
                "an inverse-variance method: its pooled numbers and weights are not compared."
            )
    files = {f"{table}.csv": _csv(table, listed) for table, listed in rows.items()}
    files["review.toml"] = _toml(analyses, name=name, file=file)
    return Imported(name=name, files=files, remarks=tuple(remarks))


def _year(record: Record) -> str:
    if re.fullmatch(r"(19|20)\d\d", record.year.strip()):
        return record.year.strip()
    found = re.search(r"\b(19|20)\d\d\b", record.study)
    return found[0] if found else ""


def _rows(
    analysis: Analysis, record: Record, shared: Mapping[str, str]
) -> tuple[list[dict[str, str]], str | None]:
    """Return the rows of one study, and what is to be said about it."""
    cells = record.cells
    if analysis.measure == "yi":
        se = cells.get("sei") or (f"{float(cells['vi']) ** 0.5:.17g}" if cells.get("vi") else "")
        if not cells.get("yi") or not se or float(se) <= 0:
            return [], f"{record.place}: no effect with a variance above 0; left out."
        return [{**shared, "group": "difference", "measure": "SMD", "mean": cells["yi"],
                 "se": se, "use": "yes"}], None  # fmt: skip
    names = ("events", "n") if analysis.measure in {"OR", "RR", "RD"} else ("mean", "sd", "n")
    for arm in ("1", "2"):
        if not cells.get(f"n{arm}") and cells.get(f"without{arm}"):
            people = float(cells[f"events{arm}"]) + float(cells[f"without{arm}"])
            cells[f"n{arm}"] = f"{people:g}"
    lacking = [f"{one}{arm}" for arm in ("1", "2") for one in names if not cells.get(f"{one}{arm}")]
    zero = [f"sd{arm}" for arm in ("1", "2") if "sd" in names and cells.get(f"sd{arm}")
            and float(cells[f"sd{arm}"]) <= 0]  # fmt: skip
    if lacking or zero:
        why = f"no {', '.join(lacking)}" if lacking else f"{', '.join(zero)} is 0"
        return [], f"{record.place}, {record.study}: {why}; left out."
    statistic = {} if "events" in names else {"statistic": ""}
    return [
        {**shared, **statistic, "group": arm, "use": "yes",
         **{one: _whole(cells[f"{one}{arm}"]) for one in names}}
        for arm in ("1", "2")
    ], None  # fmt: skip


def _whole(cell: str) -> str:
    return cell[:-2] if cell.endswith(".0") else cell


def _claims(
    synthesis: str, printed: Mapping[str, str], record: Record | None, trial: str,
    subgroup: str = "",
) -> list[dict[str, str]]:  # fmt: skip
    if "estimate" not in printed or ("ci_low" not in printed and record is not None):
        return []
    subgroup = record.subgroup if record else subgroup
    claim = key_of("_".join(filter(None, (synthesis, subgroup, trial, "file"))), [])
    quantities = ("estimate", "ci_low", "ci_high", "weight") if record else (
        "estimate", "ci_low", "ci_high", "q", "i2", "tau2", "z", "p"
    )  # fmt: skip
    where = record.place if record else "the analysis as a whole"
    return [
        {"claim": claim, "synthesis": synthesis, "trial": trial, "subgroup": subgroup,
         "quantity": quantity, "printed": printed[quantity], "where": where, "source": "file",
         "reading": "primary"}
        for quantity in quantities if quantity in printed
    ]  # fmt: skip


def _csv(table: str, rows: Sequence[Mapping[str, str]]) -> str:
    held = io.StringIO()
    writer = csv.DictWriter(held, list(columns(TABLES[table])), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue()


def _toml(analyses: Sequence[Analysis], *, name: str, file: str) -> str:
    first = analyses[0]
    measure = "SMD" if first.measure == "yi" else first.measure
    lines = [
        f"# Imported from {file}. Say here what the review asks, and which group is which.",
        f"id = {_quoted(name)}",
        f"title = {_quoted(first.title)}",
        'question = "not said in the file"',
        "",
        "[groups]",
        f"1 = {_quoted(first.groups[0])}",
        f"2 = {_quoted(first.groups[1])}",
        "negative_favours = 1",
        "",
        "[methods]",
        f'profile = "{first.profile}"',
        f'model = "{first.model}"',
        f'measure = "{measure}"',
    ]
    if first.measure == "yi":
        lines.append(f'measure_label = "{first.label}"')
    for analysis in analyses:
        subgroups = any(record.subgroup for record in analysis.records)
        lines += [
            "",
            "[[synthesis]]",
            f'id = "a{analysis.number.replace(".", "_")}"',
            f"title = {_quoted(analysis.title)}",
            f'outcome = "a{analysis.number.replace(".", "_")}"',
        ]
        if subgroups and not analysis.overall:
            lines.append("overall = false")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import json

    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def reviews_in(path: Path) -> tuple[list[Review], list[str]]:
    """Load the data in a file as reviews, for a quick look; nothing is written.

    Returns
    -------
    reviews : list of Review
    remarks : list of str
        What was left out, and why.
    """
    loaded: list[Review] = []
    remarks: list[str] = []
    for one in folders(read(path), name=key_of(path.stem, []), file=path.name):
        remarks += one.remarks
        with scratch(one.name, one.files) as folder:
            loaded.append(load_review(folder))
    return loaded, remarks
