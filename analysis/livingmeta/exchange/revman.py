"""RevMan's files: RevMan 5 files and exports, RevMan Web packages; each analysis for itself."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from livingmeta.engine.effect_sizes import MEASURES
from livingmeta.exchange.sheets import LARGEST, Sheet
from livingmeta.exchange.tables import (
    OF_COUNTS,
    RATIOS,
    Analysis,
    ExchangeError,
    Record,
    Told,
    decimal_of,
    measure_of,
    read_number,
)
from livingmeta.words import is_number
from livingmeta.words import number as as_printed

INVERSE = {"iv", "inverse variance", "i-v", ""}
METHODS = {
    "mh": "Mantel-Haenszel",
    "m-h": "Mantel-Haenszel",
    "mantel-haenszel": "Mantel-Haenszel",
    "peto": "Peto",
    "exp[(o-e)/var]": "Peto",
}
MEANS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
COUNTS = ("events1", "n1", "events2", "n2")
# Kind of data: the cells an analysis needs, and the measures it may have
KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "dich": (COUNTS, OF_COUNTS),
    "cont": (MEANS, ("MD", "SMD")),
    "generic": (("yi", "sei", "n1", "n2"), (*RATIOS, "MD", "SMD", "RD")),
}
TYPES = {"dic": "dich", "con": "cont", "iv": "generic", "giv": "generic", "gen": "generic"}
CSV_CELLS = {
    "events1": "Events 1",
    "mean1": "Mean 1",
    "sd1": "SD 1",
    "n1": "Total 1",
    "events2": "Events 2",
    "mean2": "Mean 2",
    "sd2": "SD 2",
    "n2": "Total 2",
    "yi": "Effect Estimate",
    "sei": "SE",
}
CSV_PRINTED = {
    "estimate": "Effect Estimate",
    "ci_low": "CI Start",
    "ci_high": "CI End",
    "weight": "Weight",
    "q": "Q",
    "i2": "I²(Q)",
    "tau2": "Tau²",
    "z": "Z",
    "p": "P(Z)",
}
RM5_CELLS = {
    "events1": "EVENTS_1",
    "mean1": "MEAN_1",
    "sd1": "SD_1",
    "n1": "TOTAL_1",
    "events2": "EVENTS_2",
    "mean2": "MEAN_2",
    "sd2": "SD_2",
    "n2": "TOTAL_2",
    "yi": "EFFECT_SIZE",
    "sei": "SE",
}
RM5_PRINTED = {
    "estimate": "EFFECT_SIZE",
    "ci_low": "CI_START",
    "ci_high": "CI_END",
    "weight": "WEIGHT",
    "q": "CHI2",
    "i2": "I2",
    "tau2": "TAU2",
    "z": "Z",
    "p": "P_Z",
}
WEB_CELLS = {
    "events1": "Experimental cases",
    "mean1": "Experimental mean",
    "sd1": "Experimental SD",
    "n1": "Experimental N",
    "events2": "Control cases",
    "mean2": "Control mean",
    "sd2": "Control SD",
    "n2": "Control N",
    "yi": "GIV Mean",
    "sei": "GIV SE",
}
WEB_PRINTED = {
    "estimate": "Mean",
    "ci_low": "CI start",
    "ci_high": "CI end",
    "weight": "Weight",
    "q": "Heterogeneity Chi²",
    "i2": "Heterogeneity I²",
    "tau2": "Heterogeneity Tau²",
    "z": "Effect Z",
    "p": "Effect P",
}


def export(sheet: Sheet, told: Told) -> list[Analysis]:
    """Read a RevMan 5 data export, with or without its columns of numbers."""
    decimal = decimal_of(sheet)
    numbered = {"Comparison Number", "Outcome Number"} <= set(sheet.header)
    ordered = "User defined order" in sheet.header
    found: list[Analysis] = []
    subgroup, comparison, outcome = "", 0, 0
    for place, (number, row) in enumerate(sheet.rows):
        where = f"{sheet.file} row {number}"
        after = sheet.rows[place + 1][1] if place + 1 < len(sheet.rows) else {}
        bare = not any(cell for name, cell in row.items() if name != "Name" and not name.endswith("Number"))
        if row.get("Outcome Number") == "0" or (not numbered and bare and bool(after.get("Data Type"))):
            comparison, outcome = comparison + 1, 0
            continue
        if row["Data Type"]:
            subgroup, outcome = "", outcome + 1
            one = Analysis(
                number=f"{row['Comparison Number']}.{row['Outcome Number']}"
                if numbered
                else f"{max(comparison, 1)}.{outcome}",
                title=row["Name"],
                measure="",
                model="random" if "random" in row.get("Analysis Model", "").lower() else "common",
                method=row.get("Statistical Method", "").lower().replace(" ", ""),
                groups=(row.get("Group Label 1") or "group 1", row.get("Group Label 2") or "group 2"),
                printed={"": _printed(row, CSV_PRINTED, decimal)},
            )
            _settle(
                one, TYPES.get(row["Data Type"][:3].lower(), row["Data Type"]), row["Effect Measure"], where
            )
            _turn(one, row, told)
            found.append(one)
            continue
        if not found:
            raise ExchangeError(f"{where}: a row stands before the first analysis.")
        one = found[-1]
        whole = bare or any(row.get(name) for name in ("Q", "P(Q)", "Z", "P(Z)", "df"))
        if not row["User defined order"] if ordered else whole:
            subgroup = row["Name"]
            one.printed[subgroup] = _printed(row, CSV_PRINTED, decimal)
            continue
        record = Record(
            file=sheet.file,
            row=number,
            study=row["Name"],
            identity=(row["Name"],),
            year=row.get("Year of study", ""),
            subgroup=subgroup,
            columns=CSV_CELLS,
            printed=_printed(row, CSV_PRINTED, decimal),
        )
        _fill(one, record, row, decimal)
    for one in found:  # subtotals alone: the whole has none of what its subgroups have
        parts = [printed for subgroup, printed in one.printed.items() if subgroup]
        one.overall = "estimate" in one.printed[""] or not any("estimate" in p for p in parts)
    return found


def rm5(path: Path, told: Told) -> list[Analysis]:
    """Read a RevMan 5 file."""
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
            if rest != "OUTCOME":
                continue
            number = f"{comparison.get('NO')}.{outcome.get('NO')}"
            where = f"{path}, analysis {number}"
            levels = (outcome.get("CI_TOTAL") or "95", outcome.get("CI_STUDY") or "95")
            one = Analysis(
                number=number,
                title=outcome.findtext("NAME") or f"Analysis {number}",
                measure="",
                model="random" if outcome.get("RANDOM") == "YES" else "common",
                method=(outcome.get("METHOD") or "iv").lower(),
                level=_level(levels[0]),
                groups=(
                    outcome.findtext("GROUP_LABEL_1") or "group 1",
                    outcome.findtext("GROUP_LABEL_2") or "group 2",
                ),
                overall=outcome.get("TOTALS") not in {"NO", "SUB"},  # SUB: of subgroups alone
                printed={"": _printed(outcome.attrib, RM5_PRINTED)},
            )
            _settle(
                one,
                {"DICH": "dich", "CONT": "cont", "IV": "generic"}.get(kind, kind),
                outcome.get("EFFECT_MEASURE", ""),
                str(path),
            )
            labels = {
                "left label": outcome.findtext("GRAPH_LABEL_1") or "",
                "right label": outcome.findtext("GRAPH_LABEL_2") or "",
            }
            _turn(one, labels, told)
            parts = [("", outcome)] + [
                (part.findtext("NAME") or "", part) for part in outcome.iter(f"{kind}_SUBGROUP")
            ]
            place = 0
            for subgroup, part in parts:
                if subgroup:
                    one.printed[subgroup] = _printed(part.attrib, RM5_PRINTED)
                for row in part.findall(f"{kind}_DATA"):
                    study = studies.get(row.get("STUDY_ID"))
                    name = (study.get("NAME") if study is not None else None) or "a study"
                    place += 1
                    record = Record(
                        file=where,
                        row=place,
                        study=name,
                        subgroup=subgroup,
                        identity=(row.get("STUDY_ID") or name,),
                        columns=RM5_CELLS,
                        year=(study.get("YEAR") if study is not None else "") or "",
                        printed=_printed(row.attrib, RM5_PRINTED),
                    )
                    if len(set(levels)) > 1:
                        record.printed.pop("ci_low", None)
                    _fill(one, record, row.attrib)
            if outcome.get("SWAP_EVENTS") == "YES":
                _swap(one)
            found.append(one)
    if not found:
        raise ExchangeError(f"{path}: the file holds no analysis with data.")
    return found


def package(path: Path, told: Told) -> list[Analysis]:
    """Read a RevMan Web package: a zip with the tables in a data.zip inside."""
    texts: dict[str, str] = {}
    try:
        _unpack(path.read_bytes(), str(path), texts, depth=0)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise ExchangeError(f"{path}: this is no zip file that can be read.") from None
    sheets = {
        name.rsplit("-", 1)[-1]: _sheet(text, f"{path}, {name.rsplit('/', 1)[-1]}")
        for name, text in texts.items()
        if name.endswith(("data-rows.csv", "estimates-and-settings.csv"))
    }
    if "rows.csv" not in sheets:
        raise ExchangeError(
            f"{path}: there is no data-rows.csv in it. Download the package with its data from RevMan Web."
        )
    return web(sheets["rows.csv"], sheets.get("settings.csv"), told)


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


def _sheet(text: str, file: str) -> Sheet:
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    header = tuple(lines[0]) if lines else ()
    rows = tuple(
        (number, {k: v or "" for k, v in line.items() if k is not None})
        for number, line in enumerate(lines, start=2)
    )
    return Sheet(file=file, header=header, rows=rows)


def web(sheet: Sheet, settings: Sheet | None, told: Told) -> list[Analysis]:
    """Read RevMan Web's table of rows, by its table of settings where there is one."""
    found: dict[str, Analysis] = {}
    declared = {}
    for _, row in settings.rows if settings else ():
        declared[f"{row['Analysis group']}.{row['Analysis number']}"] = row
    for number, row in sheet.rows:
        key = f"{row['Analysis group']}.{row['Analysis number']}"
        about = declared.get(key, {})
        if key not in found:
            found[key] = _web_analysis(sheet, number, row, key, about, told)
        record = Record(
            file=sheet.file,
            row=number,
            study=row["Study"],
            identity=(row["Study"],),
            year=row.get("Study year", ""),
            subgroup=row.get("Subgroup", ""),
            columns=WEB_CELLS,
            printed=_printed(row, WEB_PRINTED),
        )
        if about.get("Study CI") != about.get("Estimate CI"):
            record.printed.pop("ci_low", None)
        _fill(found[key], record, row)
    for key, one in found.items():
        if declared.get(key, {}).get("Swap event and non-event", "").lower() == "true":
            _swap(one)
    if not found:
        raise ExchangeError(f"{sheet.file}: the table holds no study.")
    return list(found.values())


def _web_analysis(
    sheet: Sheet, number: int, row: Mapping[str, str], key: str, about: Mapping[str, str], told: Told
) -> Analysis:
    one = Analysis(
        number=key,
        title=row.get("Analysis name") or f"Analysis {key}",
        measure="",
        model="common" if about.get("Analysis model", "").startswith("Fixed") else "random",
        method=about.get("Statistical method", "iv").lower(),
        level=_level(about.get("Estimate CI", "")),
        groups=(
            about.get("Experimental group label") or "experimental",
            about.get("Control group label") or "control",
        ),
        overall=about.get("Overall estimates", "true") == "true",
        printed={"": _printed(about, WEB_PRINTED)},
    )
    where = f"{sheet.file} row {number}"
    if about:
        data = about.get("Data type", "")
        kind = TYPES.get(data[:3].lower(), data) if data else _web_kind(row)
        _settle(one, kind, about.get("Effect measure", ""), where)
    else:
        kind = _web_kind(row)
        one.computed = kind == "generic"
        guess = {"dich": "OR", "cont": "MD", "generic": "GEN"}[kind]
        one.measure, one.log = guess, False
        if told.measure is not None:
            one.measure, logged = measure_of(told.measure)
            one.log = one.computed and one.measure in RATIOS
            if one.log and not (told.log or logged):
                one.remarks.append(
                    f"{sheet.file}: GIV Mean is taken as the log of the {one.measure}, as RevMan "
                    "Web keeps it."
                )
        else:
            one.remarks.append(
                f"{sheet.file} does not say the effect measure of analysis {key}: taken as "
                f"{'an effect whose kind is not named' if guess == 'GEN' else guess}. Choose "
                "another with --measure."
            )
    _turn(one, about, told)
    return one


def _level(text: str) -> float:
    """Return the level of intervals in percent, as the file prints it."""
    return as_printed(text).value if is_number(text) else 95


def _web_kind(row: Mapping[str, str]) -> str:
    def filled(*names: str) -> bool:
        return any(row.get(WEB_CELLS[name], "") not in {"", "0", "0.0"} for name in names)

    return "generic" if filled("sei") else "dich" if filled("events1", "events2") else "cont"


def _settle(analysis: Analysis, kind: str, measure: str, place: str) -> None:
    """Say what an analysis is, or why it is not read.

    RevMan prints generic inverse-variance ratios as ratios and their SE as that of the log.
    """
    analysis.measure = measure_of(re.sub(r"(?i)^peto\s+", "", measure.replace("_", " ")))[0]
    if kind not in KINDS:
        analysis.left_out = f"its data are of type {kind or 'not said'}, which is not read here"
    elif analysis.measure not in KINDS[kind][1]:
        analysis.left_out = f'its effect measure "{measure}" is not known here'
    analysis.computed = kind == "generic"
    analysis.log = analysis.computed and analysis.measure in RATIOS
    if analysis.left_out:
        analysis.left_out = (
            f"{place}: analysis {analysis.number} ({analysis.title}) is left out: {analysis.left_out}."
        )


def _fill(analysis: Analysis, record: Record, row: Mapping[str, str], decimal: str = ".") -> None:
    """Read the cells that an analysis needs out of a row, and keep its study."""
    if analysis.left_out:
        return
    kind = "generic" if analysis.computed else "dich" if analysis.measure in OF_COUNTS else "cont"
    for name in KINDS[kind][0]:
        column = record.columns[name]
        place = f"{record.place}, {record.study}, {column}"
        try:
            record.cells[name] = read_number(row.get(column) or "", place=place, decimal=decimal)
        except ExchangeError as wrong:
            analysis.problems.append(str(wrong))
            return
    # RevMan Web's own cells of such an effect hold the log already
    if analysis.log and record.cells.get("yi") and record.columns is not WEB_CELLS:
        value = float(record.cells["yi"])
        record.cells["yi"] = f"{math.log(value):.17g}" if value > 0 else ""
    analysis.records.append(record)


def _printed(row: Mapping[str, str], names: Mapping[str, str], decimal: str = ".") -> dict[str, str]:
    """Return what a program printed, nothing where it could not estimate."""
    if row.get("ESTIMABLE") == "NO":
        return {}
    told = {ours: (row.get(theirs) or "").strip() for ours, theirs in names.items()}
    if decimal == ",":
        told = {name: cell.replace(",", ".") for name, cell in told.items()}
    told = {name: _rounded(cell) for name, cell in told.items() if is_number(cell)}
    low, high = told.get("ci_low"), told.get("ci_high")
    # where it could not estimate it writes 0 for all
    if low is not None and high is not None and float(low) == float(high):
        return {}
    kept = {"estimate", "ci_low", "ci_high"}
    return {name: cell for name, cell in told.items() if name in kept or cell != "0"}


def _rounded(cell: str) -> str:
    """Shorten a printed number to ten digits: what a program writes beyond is binary noise."""
    digits = re.sub(r"[-.]|^0+|e.*$", "", cell.lower()).lstrip("0")
    return cell if len(digits) <= 10 else f"{float(cell):.10g}"


def _swap(analysis: Analysis) -> None:
    """Count people without the event where RevMan's effects are of these.

    The effects printed for the rows decide, since files differ in which of the two they hold.
    """
    function = MEASURES[analysis.measure].function if analysis.measure in OF_COUNTS else None
    if function is None or analysis.left_out:
        return
    for one in analysis.records:
        told = [one.cells.get(name) for name in COUNTS]
        if not all(told) or not one.printed.get("estimate"):
            continue
        events1, n1, events2, n2 = (float(cell or 0) for cell in told)
        if 0 < events1 < n1 and 0 < events2 < n2:
            yi = function(events1, n1, events2, n2)[0]
            shown = math.exp(yi) if analysis.measure in RATIOS else yi
            if abs(shown - float(one.printed["estimate"])) < 0.01 * abs(shown):
                return
            break
    for one in analysis.records:
        for arm in ("1", "2"):
            events, people = one.cells.get(f"events{arm}"), one.cells.get(f"n{arm}")
            if events and people:
                one.cells[f"events{arm}"] = f"{float(people) - float(events):.15g}"
    analysis.remarks.append(
        f"analysis {analysis.number}: its file counts people without the event (Swap event and "
        "non-event), and so does the review made of it."
    )


# Which side of the plot is good

_GOOD = re.compile(r"\b(in favou?r of|favou?r\w*|better|superior|benefits?)\b")
_BAD = re.compile(r"\b(not|worse|against|inferior|disfavou?r\w*|unfavou?r\w*)\b")
_EXPERIMENTAL = {"experimental", "experiment", "exp", "intervention", "treatment", "active"}
_CONTROL = {"control", "ctrl", "comparator", "comparison"}
_NEGATION = {"no", "non", "without"}


def _tokens(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") else word
        for word in words
        if word not in {"the", "group", "arm", "of"}
    )


def favoured(label: str, groups: tuple[str, str]) -> int | None:
    """Return the group, 1 or 2, that a label of a graph favours; None where it can't be told.

    Examples
    --------
    >>> favoured("Favours [control]", ("Drug", "Placebo")), favoured("favors drug", ("Drug", "No"))
    (2, 1)
    """
    text = label.casefold()
    if not _GOOD.search(text) or _BAD.search(text):
        return None
    name = _tokens(_GOOD.sub(" ", text))
    named = [_tokens(group) for group in groups]
    exact = [place for place, group in enumerate(named, start=1) if group == name]
    if not name or len(exact) == 1:
        return exact[0] if name else None
    found = {
        place
        for place, group in enumerate(named, start=1)
        if group and (name <= group or group <= name) and not (name ^ group) & _NEGATION
    }
    found |= {place for place, words in ((1, _EXPERIMENTAL), (2, _CONTROL)) if name <= words}
    return next(iter(found)) if len(found) == 1 else None


def _turn(analysis: Analysis, row: Mapping[str, str], told: Told) -> None:
    """Say which group effects below no effect favour: by the graph's labels, or as the user does.

    The left side of a graph holds negative effects, and ratios below 1.
    """
    left, right = (
        next((cell for name, cell in row.items() if side in name.lower() and "label" in name.lower()), "")
        for side in ("left", "right")
    )
    sides = favoured(left, analysis.groups), favoured(right, analysis.groups)
    votes = {group for group in (sides[0], sides[1] and 3 - sides[1]) if group}
    analysis.negative_favours = votes.pop() if len(votes) == 1 else None
    asked = {"lower": 1, "higher": 2, None: None}[told.favours]
    one, two = analysis.groups
    if analysis.negative_favours is None and (left or right) and asked is None:
        analysis.remarks.append(
            f'analysis {analysis.number}: the labels of its graph, "{left}" on the left and '
            f'"{right}" on the right, do not say which of "{one}" and "{two}" each side favours. '
            "Say it with --favours, or in review.toml."
        )
    if analysis.negative_favours and asked and asked != analysis.negative_favours:
        analysis.remarks.append(
            f'analysis {analysis.number}: the labels of its graph, "{left}" on the left and '
            f'"{right}" on the right, say otherwise than --favours {told.favours}; the labels are '
            "taken."
        )
    analysis.negative_favours = analysis.negative_favours or asked
