"""Every number that RevMan prints of an analysis, of each data type, in each of its formats.

The analyses are made up, and what RevMan prints of them was computed by metafor and by the formulas
that tests/reference/revman.R states.
"""

import csv
import io
import math
import zipfile
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from folders import ROOT
from livingmeta.audit.results import results_of
from livingmeta.exchange.collection import EARLY, ROUNDED, judged, reproduced, summary, summed
from livingmeta.exchange.imports import reviews_in
from livingmeta.exchange.revman import CELL_NAMES, PRINTED_NAMES
from livingmeta.words import RefusalError

REFERENCE = Path(__file__).parents[1] / "reference" / "revman.csv"
LINES = list(csv.DictReader(io.StringIO(REFERENCE.read_text(encoding="utf-8"))))
ANALYSES = {key: list(lines) for key, lines in groupby(LINES, key=lambda line: line["analysis"])}
# The words of each format: RevMan 5 export, RevMan 5 file, RevMan Web
EXPORT, RM5, WEB = range(3)
KINDS = {
    "dich": ("DIC", "DICH", "Dichotomous"),
    "cont": ("CON", "CONT", "Continuous"),
    "generic": ("IV", "IV", "Contrast level"),
    "o-e": ("IPD", "IPD", "O-E and variance"),
}
METHODS = {"MH": ("M-H", "MH", "MH"), "IV": ("IV", "IV", "IV"), "Peto": ("Peto", "PETO", "PETO")}
MEASURES = {
    "OR": ("Odds Ratio", "OR", "Odds Ratio"),
    "RR": ("Risk Ratio", "RR", "Risk Ratio"),
    "RD": ("Risk Difference", "RD", "Risk Difference"),
    "HR": ("Hazard Ratio", "HR", "Hazard Ratio"),
    "MD": ("Mean Difference", "MD", "Mean Difference"),
    "Peto": ("Peto Odds Ratio", "PETO_OR", "PETO_OR"),
}
RATIOS = {"OR", "RR", "HR"}


def shown_of(line: dict[str, str], place: int) -> dict[str, str]:
    names = {theirs[place]: line.get(ours, "") for ours, theirs in PRINTED_NAMES.items() if theirs[place]}
    cells = {theirs[place]: line[ours] for ours, theirs in CELL_NAMES.items() if line.get(ours)}
    if line["kind"] == "generic" and line["level"] == "row" and place != WEB:
        cells.pop(CELL_NAMES["yi"][place], None)  # the effect as it is printed
    return {**names, **cells}


def about(line: dict[str, str], place: int) -> dict[str, str]:
    measure = "Peto" if line["method"] == "Peto" else line["measure"]
    words = {"kind": KINDS[line["kind"]][place], "measure": MEASURES[measure][place]}
    method = "exp[(O-E)/Var]" if (line["kind"], place) == ("o-e", EXPORT) else METHODS[line["method"]][place]
    return {**words, "method": "EXP_O_E_VAR" if line["kind"] == "o-e" and place else method}


def table(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def export(path: Path, analyses: dict[str, list[dict[str, str]]]) -> Path:
    head = {"Comparison Number": "1", "Outcome Number": "0", "Name": "Drug versus placebo", "Data Type": ""}
    rows = [head]
    for number, lines in analyses.items():
        for order, line in enumerate(lines):
            words = about(line, EXPORT)
            row = {"Comparison Number": "1", "Outcome Number": number, **shown_of(line, EXPORT)}
            row |= {"User defined order": str(order) if line["level"] == "row" else ""}
            row |= {"Name": line["study"] or line["subgroup"] or f"Outcome {number}", "Data Type": ""}
            if line["level"] == "total":
                row |= {"Data Type": words["kind"], "Statistical Method": words["method"]}
                row |= {"Effect Measure": words["measure"], "Group Label 1": "Drug"}
                row |= {"Group Label 2": "Placebo", "Left Graph Label": "Favours drug"}
                row |= {"Analysis Model": {"common": "Fixed", "random": "Random"}[line["model"]]}
            rows.append(row)
    path.write_text(table(rows), encoding="utf-8")
    return path


def rm5(path: Path, analyses: dict[str, list[dict[str, str]]]) -> Path:
    def tag(name: str, cells: dict[str, str]) -> str:
        return f"<{name} {' '.join(f'{key}={quoteattr(cell)}' for key, cell in cells.items())}>"

    studies = dict.fromkeys(line["study"] for line in LINES if line["study"])
    text = [tag("STUDY", {"ID": f"STD-{name}", "NAME": name}) + "</STUDY>" for name in studies]
    text.append('<COMPARISON NO="1"><NAME>Drug</NAME>')
    for number, lines in analyses.items():
        words, whole = about(lines[0], RM5), lines[0]
        kind = words["kind"]
        cells = {"NO": number, "METHOD": words["method"], "TOTALS": "YES", **shown_of(whole, RM5)}
        cells["RANDOM"] = {"common": "NO", "random": "YES"}[whole["model"]]
        named = f"<NAME>Outcome {number}</NAME>"
        if kind in {"IV", "IPD"}:
            named += f"<EFFECT_MEASURE>{MEASURES[whole['measure']][EXPORT]}</EFFECT_MEASURE>"
        else:
            cells["EFFECT_MEASURE"] = words["measure"]
        text.append(tag(f"{kind}_OUTCOME", cells) + named)
        opened = False
        for line in lines[1:]:
            if line["level"] == "subtotal":
                text.append(f"</{kind}_SUBGROUP>" if opened else "")
                text.append(tag(f"{kind}_SUBGROUP", shown_of(line, RM5)) + f"<NAME>{line['subgroup']}</NAME>")
                opened = True
            else:
                own = {"STUDY_ID": f"STD-{line['study']}", "ESTIMABLE": "YES" if line["estimate"] else "NO"}
                text.append(tag(f"{kind}_DATA", {**own, **shown_of(line, RM5)}) + f"</{kind}_DATA>")
        text.append((f"</{kind}_SUBGROUP>" if opened else "") + f"</{kind}_OUTCOME>")
    path.write_text(f"<REVIEW>{''.join(text)}</COMPARISON></REVIEW>", encoding="utf-8")
    return path


def web(path: Path, analyses: dict[str, list[dict[str, str]]]) -> Path:
    rows, settings, subtotals = [], [], []
    for number, lines in analyses.items():
        for line in lines:
            row = {"Analysis group": "1", "Analysis number": number, "Analysis name": f"Outcome {number}"}
            row |= {"Study": line["study"], "Subgroup": line["subgroup"], **shown_of(line, WEB)}
            words = about(line, WEB)
            row |= {"Data type": words["kind"], "Effect measure": words["measure"]}
            row |= {"Statistical method": words["method"], "CI/PI level": "95%", **line.get("settings", {})}
            row = {
                "Log-scale data": str(line["measure"] in RATIOS).lower(),
                "Overall estimates": "true",
                **row,
            }
            row |= {"Analysis model": {"common": "Fixed effect", "random": "Random effects"}[line["model"]]}
            {"row": rows, "total": settings, "subtotal": subtotals}[line["level"]].append(row)
    with zipfile.ZipFile(path, "w") as packed:
        names = ("data-rows", "overall-estimates-and-settings", "subgroup-estimates")
        for name, listed in zip(names, (rows, settings, subtotals), strict=True):
            packed.writestr(f"1-analysis-data/1-{name}.csv", "\ufeff" + table(listed) if listed else "")
    return path


FORMATS = {"csv": (export, EXPORT), "rm5": (rm5, RM5), "zip": (web, WEB)}


@pytest.mark.parametrize(
    ("ending", "most"),
    [("zip", 3), *(pytest.param(ending, len(ANALYSES), marks=pytest.mark.slow) for ending in FORMATS)],
)
def test_every_number_that_a_file_prints_is_reproduced_and_its_methods_are_kept(
    ending: str, most: int, tmp_path: Path
) -> None:
    """Rows, subtotals and totals by Mantel-Haenszel, Peto and inverse variance, both models."""
    make, place = FORMATS[ending]
    analyses = dict(list(ANALYSES.items())[-most:])
    reviews, remarks = reviews_in(make(tmp_path / f"r.{ending}", analyses))
    assert remarks == []
    whole = summed(judged(reviews, (), file="r"))
    assert (whole.unexplained, whole.skipped) == ((), ())
    # but in a package effects that come computed are ratios, of as many digits as are printed
    assert set(whole.explained) == ({ROUNDED} if ending != "zip" else set())
    printed = [line for lines in analyses.values() for line in lines if line["estimate"]]
    assert whole.explained[ROUNDED] < 40
    for quantity, theirs in PRINTED_NAMES.items():
        of = [line for line in printed if line.get(quantity) and theirs[place]]
        of = [line for line in of if (quantity, line["level"]) != ("weight", "total")]  # which is 100
        assert whole.compared.get(quantity, 0) == len(of), quantity
    made = {(by.measure, by.method or "IV", by.model) for by in (r.protocol.methods for r in reviews)}
    wanted = (lines[0] for lines in analyses.values())
    assert made == {(line["measure"], line["method"], line["model"]) for line in wanted}


# R: r <- rma(yi, sei^2, method="REML", test="knha", control=list(threshold=1e-12, maxiter=10000,
# stepadj=0.5)); confint(r); predict(r); of "early" rma(…, tau2=0.993 * r$tau2) (metafor 3.8-1)
REML = {
    "exact": "0.718226,0.381959,1.350534,0.193618,2.664269,0.171198,0.016050,2.268315,13.477534,4,0.009164,"
    "74.222752,,1.455208,0.219308",
    "early": "0.718222,0.382020,1.350304,0.194316,2.654659,0.169999,0.016050,2.268315,13.477534,4,0.009164,"
    "74.088125,,1.455612,0.219204",
}
WEIGHTS = {
    "exact": ("22.045553", "18.171513", "23.312427", "16.160691", "20.309815"),
    "early": ("22.055127", "18.161542", "23.330056", "16.143589", "20.309686"),
}
TOTAL = ["estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_low", "tau2_high", "q", "q_df"]
TOTAL += ["q_p", "i2", "z", "t", "p"]
ROWS = (
    ("Ash 2001", "-0.71", "0.21", "0.491644", "0.325761", "0.741999"),
    ("Birch 2005", "0.42", "0.30", "1.521962", "0.845363", "2.740086"),
    ("Cedar 2010", "-0.33", "0.18", "0.718924", "0.505204", "1.023055"),
    ("Dunn 2014", "-0.95", "0.35", "0.386741", "0.194760", "0.767964"),
    ("Elm 2016", "-0.1", "0.25", "0.904837", "0.554332", "1.476967"),
)
SETTINGS = {
    "Heterogeneity estimator": "REML",
    "CI method": "HKSJ",
    "Prediction interval": "true",
    "Graph label (left)": "Favours drug",
    "Graph label (right)": "Favours placebo",
    "Experimental group label": "Drug",
    "Control group label": "Placebo",
}


def newer(path: Path, which: str = "exact", **more: str) -> Path:
    """A package as RevMan Web has made them since 2025."""
    kind = {
        "kind": "generic",
        "measure": "HR",
        "method": "IV",
        "model": "random",
        "subgroup": "",
        "study": "",
    }
    total = dict(zip(TOTAL, REML[which].split(","), strict=True))
    lines = [{**kind, "level": "total", **total}]
    lines[0]["settings"] = {**SETTINGS, **more}
    for (study, yi, sei, *shown), weight in zip(ROWS, WEIGHTS[which], strict=True):
        cells = dict(zip(("estimate", "ci_low", "ci_high"), shown, strict=True))
        row = {"study": study, "yi": yi, "sei": sei, "weight": weight, **cells}
        lines.append({**kind, "level": "row", **row})
    return web(path, {"1": lines})


def test_a_newer_package_is_pooled_by_the_estimator_and_intervals_that_it_names(tmp_path: Path) -> None:
    ((review,), remarks) = reviews_in(newer(tmp_path / "w.zip"))
    assert remarks == []
    results = results_of(review)
    (pool,) = results.pools
    made = pool.result
    assert made is not None
    assert (made.tau2_method, made.ci_method, made.pi_method) == ("REML", "hksj", "t(k-1)")
    assert pool.i2_from == "tau2"
    assert pool.favours == ("Drug", "Placebo")
    assert [str(verdict) for verdict in results.verdicts if verdict.verdict != "reproduced"] == []
    assert {"pi_low", "tau2_high", "t"} <= {verdict.quantity for verdict in results.verdicts}


def test_numbers_at_the_tau2_where_revman_web_stops_are_known_and_no_others(tmp_path: Path) -> None:
    whole = summed(reproduced(newer(tmp_path / "w.zip", "early")))
    assert whole.unexplained == ()
    assert set(whole.explained) == {EARLY}
    equal, early = sum(whole.equal.values()), whole.explained[EARLY]
    assert summary(whole) == (
        f"{equal} of {equal + early} printed numbers agree to the last digit; {early} more to RevMan Web's "
        "own tolerance: its REML stops early."
    )
    wald = summed(reproduced(newer(tmp_path / "w.zip", "early", **{"CI method": "Wald"})))
    assert {"ci_low", "ci_high"} <= {apart.quantity for apart in wald.unexplained}


def test_mantel_haenszel_with_reml_has_the_weights_of_inverse_variance_and_says_so(tmp_path: Path) -> None:
    """R: rma(measure="OR", ai, n1i, ci, n2i, method="REML") of the five trials with an event."""
    lines = next(lines for lines in ANALYSES.values() if lines[0]["model"] == "random")
    whole = {**lines[0], "settings": {"Heterogeneity estimator": "REML", "CI method": "Wald"}}
    ((review,), (remark,)) = reviews_in(web(tmp_path / "w.zip", {"1": [whole, *lines[1:]]}))
    assert "by Mantel-Haenszel with τ² by REML" in remark
    result = results_of(review).pools[-1].result
    assert result is not None
    assert (result.method, result.tau2_method, result.measure) == ("IV", "REML", "log OR")
    assert result.estimate == pytest.approx(-0.493235160, abs=1e-7)
    assert result.tau2 == 0  # of DL about the Mantel-Haenszel OR it is above 0


@pytest.mark.parametrize(
    ("setting", "cell", "words"),
    [
        (
            "Heterogeneity estimator",
            "Paule-Mandel",
            'its heterogeneity estimator "paule-mandel" is not known',
        ),
        ("CI method", "Bootstrap", 'its ci method "bootstrap" is not known'),
    ],
)
def test_a_method_that_is_not_known_costs_its_analysis_by_name(
    setting: str, cell: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(RefusalError, match=words):
        reviews_in(newer(tmp_path / "w.zip", **{setting: cell}))


@pytest.mark.slow
def test_the_guides_file_ends_with_the_guides_line(say) -> None:
    """It holds analyses of the same reference, as an export."""
    said = say("reproduce", str(ROOT / "docs" / "tables" / "revman.csv"))
    guide = (ROOT / "docs" / "guides" / "check.md").read_text(encoding="utf-8")
    last = " ".join(said.out[said.out.rindex("\n274 of ") :].split())
    assert said.status == 0
    assert last in guide


@pytest.mark.slow
def test_a_number_that_differs_is_named_with_what_speaks_against_it(say, tmp_path: Path) -> None:
    """In a made-up export P is not that of its own Z."""
    lines = ANALYSES["1"]
    wrong = [{**lines[0], "p": "0.5"}, *lines[1:]]
    said = say("reproduce", str(export(tmp_path / "w.csv", {"1": wrong})))
    assert said.status == 1
    assert "printed numbers agree to the last digit; 1 differs: a1_1: P printed 0.5, ours 0.0173" in said.flat
    assert "(P = 0.5 does not fit Z = 2.38013218, which gives P from 0.017 to 0.017" in said.flat


# R: rma(yi, sei^2, tau2=0.995 * t) of each three and of all six, t that of method="REML" (control as
# above); between: rma(b, sei=se, method="FE") of the two
SUBTOTALS = {
    "Adults": {"tau2": "0.241539", "estimate": "0.787924", "ci_low": "0.426127", "ci_high": "1.456902"},
    "Children": {"tau2": "0.42849", "estimate": "0.862577", "ci_low": "0.386186", "ci_high": "1.926633"},
}
PARTED = (
    ("Adults", "Ash 2001", "-0.71", "0.21", "17.770636"),
    ("Adults", "Birch 2005", "0.42", "0.30", "15.402363"),
    ("Adults", "Cedar 2010", "-0.33", "0.18", "18.495547"),
    ("Children", "Dunn 2014", "-0.95", "0.35", "14.074279"),
    ("Children", "Elm 2016", "-0.1", "0.25", "16.738882"),
    ("Children", "Fir 2019", "0.5", "0.22", "17.518293"),
)


@pytest.mark.parametrize("total", ["true", "false"])
def test_subtotals_and_their_test_at_the_tau2_where_revman_web_stops_are_known(
    total: str, tmp_path: Path
) -> None:
    kind = {
        "kind": "generic",
        "measure": "HR",
        "method": "IV",
        "model": "random",
        "subgroup": "",
        "study": "",
    }
    settings = {"settings": {**SETTINGS, "CI method": "Wald", "Overall estimates": total}}
    test = {"between_q": "0.030752", "between_p": "0.860794", "between_df": "1"}
    shown = {"estimate": "0.830797", "ci_low": "0.528986", "ci_high": "1.304804", "tau2": "0.254417"}
    shown["q_df"] = "5"
    lines = [{**kind, "level": "total", **test, **(shown if total == "true" else {}), **settings}]
    for subgroup, printed in SUBTOTALS.items():
        weight = {"weight": "51.668546" if subgroup == "Adults" else "48.331454"} if total == "true" else {}
        lines.append({**kind, "level": "subtotal", "subgroup": subgroup, "q_df": "2", **printed, **weight})
    for subgroup, study, yi, sei, weight in PARTED:
        b, half = float(yi), 1.959963984540054 * float(sei)
        ends = {"estimate": b, "ci_low": b - half, "ci_high": b + half}
        row = {"subgroup": subgroup, "study": study, "yi": yi, "sei": sei}
        row |= {name: f"{math.exp(end):.6f}" for name, end in ends.items()}
        lines.append({**kind, "level": "row", **row, **({"weight": weight} if total == "true" else {})})
    whole = summed(reproduced(web(tmp_path / "w.zip", {"1": lines})))
    assert (whole.unexplained, whole.skipped, set(whole.explained)) == ((), (), {EARLY})
    assert (whole.compared["between_q"], whole.compared["between_p"], whole.compared["tau2"]) == (
        *(1, 1),
        3 if total == "true" else 2,
    )
