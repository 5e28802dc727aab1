"""RevMan's files: RevMan 5 files and exports, RevMan Web packages; each analysis for itself."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livingmeta.engine.measures import MEASURES, measure_named
from livingmeta.exchange.analyses import (
    MEAN_CELLS,
    OF_COUNTS,
    RATIOS,
    Analysis,
    Hints,
    Record,
    decimal_of,
    measure_and_log,
    read_number,
)
from livingmeta.exchange.sheets import ExchangeError, Sheet, few_tags, sheet_of
from livingmeta.review.files import LARGEST_FILE, bounded, guarded, raw_of, text_of
from livingmeta.words import is_number
from livingmeta.words import number as as_printed

# What the formats call the methods of pooling, in small letters without blanks
METHODS = {
    "": "IV",
    "iv": "IV",
    "i-v": "IV",
    "inversevariance": "IV",
    "mh": "MH",
    "m-h": "MH",
    "mantel-haenszel": "MH",
    "peto": "Peto",
    # of O − E and variance, whose inverse is the weight
    "exp[(o-e)/var]": "IV",
    "exp[(o-e)/v]": "IV",
    "exp_o_e_var": "IV",
}
DRAWN = ("ci_low", "estimate", "ci_high")
WEB_KEYS = ("Analysis group", "Analysis number")
WEB_TABLES = ("data-rows.csv", "estimates-and-settings.csv", "subgroup-estimates.csv")
COUNT_CELLS = ("events1", "n1", "events2", "n2")
# Kind of data: the cells an analysis needs, the measures it may have, and the methods of pooling
DATA_KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "dich": (COUNT_CELLS, OF_COUNTS, ("IV", "MH", "Peto")),
    "cont": (MEAN_CELLS, ("MD", "SMD"), ("IV",)),
    "generic": (("yi", "sei", "n1", "n2"), (*RATIOS, "MD", "SMD", "RD", "GEN"), ("IV",)),
    "o-e": (("oe", "v", "n1", "n2"), RATIOS, ("IV", "Peto")),
}
# How the formats' words for a kind of data begin, in small letters
TYPES = {
    "dic": "dich",
    "contrast": "generic",
    "con": "cont",
    "iv": "generic",
    "giv": "generic",
    "gen": "generic",
    "o-e": "o-e",
    "o - e": "o-e",
    "o_e": "o-e",
    "ipd": "o-e",
}
# What the formats call the cells of a study, and what RevMan printed: export, RevMan 5 file, Web
CELL_NAMES: Mapping[str, tuple[str, str, str]] = {
    "events1": ("Events 1", "EVENTS_1", "Experimental cases"),
    "mean1": ("Mean 1", "MEAN_1", "Experimental mean"),
    "sd1": ("SD 1", "SD_1", "Experimental SD"),
    "n1": ("Total 1", "TOTAL_1", "Experimental N"),
    "events2": ("Events 2", "EVENTS_2", "Control cases"),
    "mean2": ("Mean 2", "MEAN_2", "Control mean"),
    "sd2": ("SD 2", "SD_2", "Control SD"),
    "n2": ("Total 2", "TOTAL_2", "Control N"),
    "yi": ("Effect Estimate", "EFFECT_SIZE", "GIV Mean"),
    "sei": ("SE", "SE", "GIV SE"),
    "oe": ("O-E", "O_E", "O-E"),
    "v": ("Variance", "VAR", "Variance"),
}
PRINTED_NAMES: Mapping[str, tuple[str, str, str]] = {
    "estimate": ("Effect Estimate", "EFFECT_SIZE", "Mean"),
    "ci_low": ("CI Start", "CI_START", "CI start"),
    "ci_high": ("CI End", "CI_END", "CI end"),
    "weight": ("Weight", "WEIGHT", "Weight"),
    "q": ("Q", "CHI2", "Heterogeneity Chi²"),
    "q_df": ("df", "DF", "Heterogeneity df"),
    "q_p": ("P(Q)", "P_CHI2", "Heterogeneity P"),
    "i2": ("I²(Q)", "I2", "Heterogeneity I²"),
    "tau2": ("Tau²", "TAU2", "Heterogeneity Tau²"),
    "tau2_low": ("", "", "Tau² CI start"),
    "tau2_high": ("", "", "Tau² CI end"),
    "z": ("Z", "Z", "Effect Z"),
    "t": ("", "", "Effect T"),
    "p": ("P(Z)", "P_Z", "Effect P"),
    "pi_low": ("", "", "PI start"),
    "pi_high": ("", "", "PI end"),
    "between_q": ("Qint", "Q", "Subgroup Chi²"),
    "between_df": ("", "", "Subgroup df"),
    "between_p": ("P(Qint)", "P_Q", "Subgroup P"),
    "between_i2": ("I²(Qint)", "I2_Q", "Subgroup I²"),
}
# A test, its P, and what else there is of it; of fewer than two trials or subgroups RevMan prints 0 for all
TESTS = (
    ("z", "p", ()),
    ("t", "p", ()),
    ("q", "q_p", ("q_df", "i2", "tau2", "tau2_low", "tau2_high")),
    ("between_q", "between_p", ("between_df", "between_i2")),
)
# What RevMan Web's words for a choice hold, in small letters, and which method that is
WEB_CHOICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "tau2": (
        "Heterogeneity estimator",
        {"reml": "REML", "restricted": "REML", "dl": "DL", "dersimonian": "DL"},
    ),
    "ci": ("CI method", {"hksj": "hksj", "hartung": "hksj", "wald": "wald"}),
    "prediction": ("Prediction interval", {"normal": "z", "t-dist": "t(k-1)", "true": "t(k-1)"}),
}


@dataclass(frozen=True)
class Layout:
    """What one format calls the cells that it holds and the numbers that it prints."""

    cells: Mapping[str, str]
    printed: Mapping[str, str]


EXPORT, RM5, WEB = (
    Layout(*({ours: names[place] for ours, names in table.items()} for table in (CELL_NAMES, PRINTED_NAMES)))
    for place in range(3)
)


def revman_export(sheet: Sheet, hints: Hints) -> list[Analysis]:
    """Read a RevMan 5 data export, with or without its columns of numbers."""
    decimal = decimal_of(sheet)
    numbered = {"Comparison Number", "Outcome Number"} <= set(sheet.header)
    ordered = "User defined order" in sheet.header
    analyses: list[Analysis] = []
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
            analysis = Analysis(
                number=f"{row['Comparison Number']}.{row['Outcome Number']}"
                if numbered
                else f"{max(comparison, 1)}.{outcome}",
                title=row["Name"],
                model="random" if "random" in row.get("Analysis Model", "").lower() else "common",
                groups=(row.get("Group Label 1") or "group 1", row.get("Group Label 2") or "group 2"),
                printed={"": _printed(row, EXPORT, decimal)},
            )
            said = row["Data Type"], row["Effect Measure"], row.get("Statistical Method", "")
            _settle(analysis, *said, place=where)
            _turn(analysis, row, hints)
            analyses.append(analysis)
            continue
        if not analyses:
            raise ExchangeError(f"{where}: a row stands before the first analysis.")
        analysis = analyses[-1]
        whole = bare or any(row.get(name) for name in ("Q", "P(Q)", "Z", "P(Z)", "df"))
        if not row["User defined order"] if ordered else whole:
            subgroup = row["Name"]
            analysis.printed[subgroup] = _printed(row, EXPORT, decimal)
            continue
        year = row.get("Year of study", "")
        study = _record(sheet.file, number, row["Name"], year, subgroup)
        _study(analysis, EXPORT, row, study, decimal=decimal)
    if not analyses:
        raise ExchangeError(f"{sheet.file}: the export holds no analysis.")
    for analysis in analyses:  # subtotals alone: the whole has none of what its subgroups have
        parts = [printed for subgroup, printed in analysis.printed.items() if subgroup]
        analysis.remarks += sheet.remarks if analysis is analyses[0] else ()
        analysis.overall = "estimate" in analysis.printed[""] or not any("estimate" in p for p in parts)
        _complete(analysis)
    return analyses


def rm5(path: Path, hints: Hints) -> list[Analysis]:
    """Read a RevMan 5 file."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    raw = raw_of(path, str(path))
    few_tags(raw, str(path))
    with guarded(str(path), "this is not well-formed XML", "Export it again from RevMan."):
        try:
            tree = fromstring(raw)
        except DefusedXmlException:
            raise ExchangeError(
                f"{path}: the file defines entities, as an XML bomb does. It is not read."
            ) from None
    studies = {study.get("ID"): study for study in tree.iter("STUDY")}
    analyses = []
    for comparison in tree.iter("COMPARISON"):
        for outcome in comparison:
            kind, _, rest = outcome.tag.partition("_")
            if rest != "OUTCOME":
                continue
            number = f"{comparison.get('NO')}.{outcome.get('NO')}"
            where = f"{path}, analysis {number}"
            level, of_rows = (_level(outcome.get(name) or "95") for name in ("CI_TOTAL", "CI_STUDY"))
            texts = {part.tag: part.text or "" for part in outcome}
            analysis = Analysis(
                number=number,
                title=texts.get("NAME") or f"Analysis {number}",
                model="random" if outcome.get("RANDOM") == "YES" else "common",
                level=level,
                groups=(texts.get("GROUP_LABEL_1") or "group 1", texts.get("GROUP_LABEL_2") or "group 2"),
                overall=outcome.get("TOTALS") not in {"NO", "SUB"},  # SUB: of subgroups alone
                printed={"": _printed(outcome.attrib, RM5)},
            )
            measure = outcome.get("EFFECT_MEASURE") or texts.get("EFFECT_MEASURE", "")
            logged = {"YES": True, "NO": False}.get(outcome.get("LOG_DATA", ""))
            _settle(analysis, kind, measure, outcome.get("METHOD", ""), logged=logged, place=str(path))
            analysis.swapped |= outcome.get("SWAP_EVENTS") == "YES"
            left, right = (texts.get(f"GRAPH_LABEL_{side}", "") for side in (1, 2))
            _turn(analysis, {"left label": left, "right label": right}, hints)
            subgroups = [(part.findtext("NAME") or "", part) for part in outcome.iter(f"{kind}_SUBGROUP")]
            analysis.printed |= {name: _printed(part.attrib, RM5) for name, part in subgroups if name}
            rows = [
                (name, row)
                for name, part in (("", outcome), *subgroups)
                for row in part.findall(f"{kind}_DATA")
            ]
            for place, (subgroup, row) in enumerate(rows, start=1):
                key = row.get("STUDY_ID")
                about = studies[key].attrib if key in studies else {}
                label = about.get("NAME") or "a study"
                study = Record(where, place, label, (key or label,), about.get("YEAR", ""), subgroup)
                _study(analysis, RM5, row.attrib, study, level=of_rows)
            _complete(analysis)
            analyses.append(analysis)
            bounded(str(path), rows=len(analyses))
    if not analyses:
        raise ExchangeError(f"{path}: the file holds no analysis with data.")
    return analyses


def package(path: Path, hints: Hints) -> list[Analysis]:
    """Read a RevMan Web package: a zip with the tables in a data.zip inside."""
    sheets = {
        name.rsplit("-", 1)[-1]: sheet_of(text, f"{path}, {name.rsplit('/', 1)[-1]}")
        for name, text in _unpacked(raw_of(path, str(path)), str(path)).items()
        if name.endswith(WEB_TABLES) and text.strip()
    }
    if "rows.csv" not in sheets:
        raise ExchangeError(
            f"{path}: there is no data-rows.csv in it. Download the package with its data from RevMan Web."
        )
    return web(sheets["rows.csv"], sheets.get("settings.csv"), hints, subtotals=sheets.get("estimates.csv"))


def _unpacked(raw: bytes, file: str) -> dict[str, str]:
    """Return the tables of a package by name, also those in a zip within it."""
    texts: dict[str, str] = {}
    packed = [(raw, 0)]
    size = 0  # of all that is unpacked; zipfile reads no more of a member than it says to hold
    with guarded(file, "this is no zip file that can be read", "Download it again from RevMan Web."):
        for inner, depth in packed:
            with zipfile.ZipFile(io.BytesIO(inner)) as held:
                for member in held.infolist():
                    if not member.filename.endswith((".csv", "data.zip")):
                        continue
                    size += member.file_size
                    if size > LARGEST_FILE:
                        raise ExchangeError(f"{file}: unpacked it is larger than {LARGEST_FILE / 1e6:g} MB.")
                    if member.filename.endswith(".csv"):
                        texts[member.filename] = text_of(held.read(member), f"{file}, {member.filename}")
                    elif depth == 2:
                        raise ExchangeError(f"{file}: zips within zips within zips are not read.")
                    else:
                        packed.append((held.read(member), depth + 1))
    return texts


def web(
    sheet: Sheet, settings: Sheet | None, hints: Hints, *, subtotals: Sheet | None = None
) -> list[Analysis]:
    """Read RevMan Web's table of rows, by its tables of settings and of subtotals where there are any."""
    tables = ((sheet, ("Study", *WEB_KEYS)), (settings, WEB_KEYS), (subtotals, ("Subgroup", *WEB_KEYS)))
    for table, needed in tables:
        if table is not None and (lacking := [name for name in needed if name not in table.header]):
            raise ExchangeError(
                f"{table.file}: there is no column {', '.join(lacking)}. Download it again from RevMan Web."
            )
    analyses: dict[str, Analysis] = {}
    settings_of = {_web_number(row): row for _, row in (settings.rows if settings else ())}
    # rows of a total need not be those of its subgroups
    parted = {_web_number(row) for _, row in sheet.rows if _applies(row) == (True, False)}
    for number, row in sheet.rows:
        key = _web_number(row)
        if key in parted and _applies(row) == (False, True):
            continue
        about = settings_of.get(key, {})
        if key not in analyses:
            analyses[key] = _web_analysis(sheet, number, row, key, about, hints)
        year, subgroup = row.get("Study year", ""), row.get("Subgroup", "")
        study = _record(sheet.file, number, row["Study"], year, subgroup)
        _study(analyses[key], WEB, row, study, level=_level(about.get("Study CI", ""), analyses[key].level))
    for _, row in subtotals.rows if subtotals else ():
        if (key := _web_number(row)) in analyses and row["Subgroup"]:
            analyses[key].printed[row["Subgroup"]] = _printed(row, WEB)
    for key, analysis in analyses.items():
        if key in parted:
            analysis.overall = False
            analysis.remarks.append(
                f"analysis {key}: some rows are of its subgroups alone, so that its total is not pooled."
            )
        _complete(analysis)
    if not analyses:
        raise ExchangeError(f"{sheet.file}: the table holds no study.")
    remarks = (*sheet.remarks, *(settings.remarks if settings else ()))
    next(iter(analyses.values())).remarks[:0] = remarks
    return list(analyses.values())


def _record(file: str, number: int, study: str, year: str, subgroup: str) -> Record:
    """Begin the record of a study, which has the name of its row where it has none."""
    name = study.strip() or f"row {number}"
    return Record(file, number, name, (name,), year, subgroup)


def _applies(row: Mapping[str, str]) -> tuple[bool, bool]:
    """Say whether a row of RevMan Web is of its subgroup, and of the total; of both where it does not say."""
    words = row.get("Applicability", "").upper()
    return ("SUBGROUP" in words, "OVERALL" in words) if words else (True, True)


def _web_number(row: Mapping[str, str]) -> str:
    return ".".join(row[name] for name in WEB_KEYS)


def _web_analysis(
    sheet: Sheet, number: int, row: Mapping[str, str], key: str, about: Mapping[str, str], hints: Hints
) -> Analysis:
    model = "common" if about.get("Analysis model", "").startswith("Fixed") else "random"
    analysis = Analysis(
        number=key,
        title=row.get("Analysis name") or f"Analysis {key}",
        model=model,
        level=_level(about.get("CI/PI level") or about.get("Estimate CI", "")),
        groups=(
            about.get("Experimental group label") or "experimental",
            about.get("Control group label") or "control",
        ),
        overall=about.get("Overall estimates", "true").lower() == "true",
        swapped=about.get("Swap event and non-event", "").lower() == "true",
        printed={"": _printed(about, WEB)},
    )
    if about:
        kind = about.get("Data type") or _web_kind(row)
        logged = {"true": True, "false": False}.get(about.get("Log-scale data", "").lower())
        said = kind, about.get("Effect measure", ""), about.get("Statistical method", "")
        _settle(analysis, *said, logged=logged, place=f"{sheet.file} row {number}")
        if WEB_CHOICES["tau2"][0] in about:  # which RevMan Web has had since January 2025
            analysis.profile = "revman-web"
        for choice, (column, methods) in WEB_CHOICES.items() if model == "random" else ():
            told = about.get(column, "").lower()
            chosen = next((method for words, method in methods.items() if words in told), None)
            if chosen:
                analysis.choices[choice] = chosen
            elif choice == "prediction" and column in about:
                analysis.choices[choice] = "none"
            elif told:
                _leave(analysis, f'its {column.lower()} "{told[:40]}" is not known here', sheet.file)
        if analysis.method == "MH" and analysis.choices.get("tau2", "DL") != "DL":
            analysis.method = "IV"  # sums of counts tell of τ² by Q alone
            analysis.remarks.append(
                f"{sheet.file}: analysis {key} is by Mantel-Haenszel with τ² by {analysis.choices['tau2']}: "
                "the weights of that are of inverse variance, and so is Q here."
            )
    else:
        kind = analysis.kind = _web_kind(row)
        analysis.method = ""  # nor does it say how it was pooled
        analysis.computed = kind == "generic"
        guess = {"dich": "OR", "cont": "MD", "generic": "GEN"}[kind]
        analysis.measure, analysis.log = guess, False
        if hints.measure is not None:
            analysis.measure = hints.measure
            analysis.log = analysis.computed and analysis.measure in RATIOS
            if analysis.log and not hints.log:
                analysis.remarks.append(
                    f"{sheet.file}: GIV Mean is taken as the log of the {analysis.measure}, as RevMan "
                    "Web keeps it."
                )
        else:
            analysis.remarks.append(
                f"{sheet.file} does not say the effect measure of analysis {key}: taken as "
                f"{'an effect whose kind is not named' if guess == 'GEN' else guess}. Choose "
                "another with --measure."
            )
    _turn(analysis, about, hints)
    return analysis


def _level(text: str, otherwise: float = 95) -> float:
    """Return the level of intervals in percent, as the file prints it."""
    return as_printed(text).value if is_number(text) else otherwise


def _web_kind(row: Mapping[str, str]) -> str:
    def filled(*names: str) -> bool:
        return any(row.get(WEB.cells[name], "") not in {"", "0", "0.0"} for name in names)

    return "generic" if filled("sei") else "dich" if filled("events1", "events2") else "cont"


def _settle(
    analysis: Analysis, kind: str, measure: str, method: str, *, logged: bool | None = None, place: str
) -> None:
    """Say what an analysis is and how it was pooled, or why it is not read.

    RevMan prints generic inverse-variance ratios as ratios and their SE as that of the log; `logged`
    says whether they are logs where the file does.
    """
    words, peto = re.subn(r"(?i)^peto\b\s*", "", measure.replace("_", " "))
    plain, swapped = re.subn(r"(?i)\s*\(?\bnon-event\b\)?\s*", " ", words)
    plain = plain.strip()
    analysis.swapped |= bool(swapped)
    analysis.measure = measure_and_log(plain)[0]
    analysis.kind = next((ours for theirs, ours in TYPES.items() if kind.lower().startswith(theirs)), "")
    pooled_by = METHODS.get(re.sub(r"\s", "", method).lower(), "")
    if analysis.kind == "generic" and plain and not logged:  # taken as it was entered, by any name
        if measure_named(plain) is None:
            analysis.measure, analysis.called = "GEN", plain
        elif logged is False and analysis.measure in RATIOS:
            analysis.measure = "GEN"
    if analysis.kind not in DATA_KINDS:
        return _leave(analysis, f"its data are of type {kind or 'not said'}, which is not read here", place)
    _, measures, methods = DATA_KINDS[analysis.kind]
    analysis.computed = analysis.kind in {"generic", "o-e"}
    analysis.log = analysis.computed and analysis.measure in RATIOS
    if analysis.measure not in measures:
        _leave(analysis, f'its effect measure "{measure[:40]}" is not known here', place)
    elif pooled_by not in methods or (
        pooled_by == "Peto" and (analysis.measure, analysis.model) != ("OR", "common")
    ):
        of = f"{analysis.model} effects ({analysis.measure}) of data of this type"
        _leave(analysis, f'its statistical method "{method[:40]}" is not known for {of}', place)
    else:
        analysis.method = pooled_by
    if analysis.kind == "o-e":  # which inverse variance pools, under the name of what it is
        named = peto and analysis.measure == "OR"
        analysis.measure, analysis.method = ("PETO", "Peto") if named else (analysis.measure, "IV")
    return None


def _leave(analysis: Analysis, why: str, place: str) -> None:
    analysis.left_out = f"{place}: analysis {analysis.number} ({analysis.title}) is left out: {why}."


def _study(
    analysis: Analysis,
    layout: Layout,
    row: Mapping[str, str],
    record: Record,
    *,
    decimal: str = ".",
    level: float | None = None,
) -> None:
    """Read what an analysis needs of a study out of a row of any format, and keep it.

    The interval printed for it is of `level` percent, where that is another than of the whole. A cell
    that can't be read costs the row: nobody can mend a file that is published.
    """
    if analysis.left_out:
        return
    record.columns, record.printed = layout.cells, _printed(row, layout, decimal)
    record.printed_level = level if level != analysis.level else None
    for name in DATA_KINDS[analysis.kind][0]:
        column = layout.cells[name]
        place = f"{record.place}, {record.study}, {column}"
        try:
            record.cells[name] = read_number(row.get(column) or "", place=place, decimal=decimal)
        except ExchangeError as wrong:
            analysis.remarks.append(f"{wrong} {record.study} is left out.")
            analysis.lost.append(record)
            return
    if analysis.kind == "o-e":  # log-rank: (O − E)/V is the log of the ratio, and 1/V its variance
        oe, v = (float(record.cells[name] or 0) for name in ("oe", "v"))
        record.cells |= {"yi": f"{oe / v:.17g}", "sei": f"{v**-0.5:.17g}"} if v > 0 else {"yi": ""}
    # RevMan Web's own cells of such an effect hold the log already
    elif analysis.log and record.cells.get("yi") and layout is not WEB:
        value = float(record.cells["yi"])
        record.cells["yi"] = f"{math.log(value):.17g}" if value > 0 else ""
    analysis.records.append(record)


def _printed(row: Mapping[str, str], layout: Layout, decimal: str = ".") -> dict[str, str]:
    """Return what a program printed, nothing where it could not estimate."""
    if row.get("ESTIMABLE") == "NO":
        return {}
    printed = {ours: (row.get(theirs) or "").strip() for ours, theirs in layout.printed.items()}
    if decimal == ",":
        printed = {name: cell.replace(",", ".") for name, cell in printed.items()}
    printed = {name: _rounded(cell) for name, cell in printed.items() if is_number(cell)}
    low, high = printed.get("ci_low"), printed.get("ci_high")
    # where it could not estimate it writes 0 for all
    if low is not None and high is not None and as_printed(low).value == as_printed(high).value:
        return {}
    zero = {name for name, cell in printed.items() if as_printed(cell).value == 0}
    none = {"weight", "tau2_high"} & zero
    for statistic, p, others in TESTS:
        of_test = {statistic, p} & printed.keys()
        if (of_test and of_test <= zero) or "q_df" in zero & {*others}:
            none |= {statistic, p, *others}
    return {name: cell for name, cell in printed.items() if name not in none}


def _rounded(cell: str) -> str:
    """Shorten a printed number to ten digits: what a program writes beyond is binary noise."""
    digits = re.sub(r"[-.]|^0+|e.*$", "", cell.lower()).lstrip("0")
    return cell if len(digits) <= 10 else f"{as_printed(cell).value:.10g}"


def _complete(analysis: Analysis) -> None:
    """Look at an analysis once its rows are read: what its counts are of, and what its effects are."""
    if analysis.swapped:
        _swap(analysis)
    for record in analysis.records if analysis.called else ():
        low, middle, high = (
            as_printed(record.printed[x]).value if x in record.printed else None for x in DRAWN
        )
        if low and middle and high and low > 0:
            plain, log = (high + low) / 2 / middle - 1, math.sqrt(high * low) / middle - 1
            if abs(log) < 0.01 < abs(plain):
                why = f'its effects are ratios of a kind that is not known here, "{analysis.called}"'
                return _leave(analysis, why, record.file)
    return None


def _swap(analysis: Analysis) -> None:
    """Count people without the event where RevMan's effects are of these.

    The effects printed for the rows decide, since files differ in which of the two they hold.
    """
    function = MEASURES[analysis.measure].function if analysis.measure in OF_COUNTS else None
    if function is None or analysis.left_out:
        return
    for record in analysis.records:
        cells = [record.cells.get(name) for name in COUNT_CELLS]
        if not all(cells) or not record.printed.get("estimate"):
            continue
        events1, n1, events2, n2 = (float(cell or 0) for cell in cells)
        if 0 < events1 < n1 and 0 < events2 < n2:
            yi = function(events1, n1, events2, n2)[0]
            shown = math.exp(yi) if analysis.measure in RATIOS else yi
            if abs(shown - as_printed(record.printed["estimate"]).value) < 0.01 * abs(shown):
                return
            break
    for record in analysis.records:
        for arm in ("1", "2"):
            events, people = record.cells.get(f"events{arm}"), record.cells.get(f"n{arm}")
            if events and people:
                record.cells[f"events{arm}"] = f"{float(people) - float(events):.15g}"
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
    groups_named = {
        place
        for place, group in enumerate(named, start=1)
        if group and (name <= group or group <= name) and not (name ^ group) & _NEGATION
    }
    groups_named |= {place for place, words in ((1, _EXPERIMENTAL), (2, _CONTROL)) if name <= words}
    return next(iter(groups_named)) if len(groups_named) == 1 else None


def _turn(analysis: Analysis, row: Mapping[str, str], hints: Hints) -> None:
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
    asked = hints.negative_favours
    both = f'"{left}" on the left and "{right}" on the right'
    labels = f"analysis {analysis.number}: the labels of its graph, {both}"
    if analysis.negative_favours is None and (left or right) and asked is None:
        group1, group2 = analysis.groups
        analysis.remarks.append(
            f'{labels}, do not say which of "{group1}" and "{group2}" each side favours. '
            "Say it with --favours, or in review.toml."
        )
    if analysis.negative_favours and asked and asked != analysis.negative_favours:
        analysis.remarks.append(
            f"{labels}, say otherwise than --favours {hints.favours}; the labels are taken."
        )
    analysis.negative_favours = analysis.negative_favours or asked
