"""Other programs' files are read right or refused with the cell; their numbers come out again."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from folders import ROOT
from livingmeta.audit.results import results_of
from livingmeta.engine.pooling import pool
from livingmeta.exchange.analyses import read_number
from livingmeta.exchange.imports import read, reviews_in
from livingmeta.exchange.sheets import ExchangeError
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError

SAMPLE = ROOT / "tests" / "reference" / "cochrane_sample.csv"


def write(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


MEANS = "study,m1i,sd1i,n1i,m2i,sd2i,n2i\nAlpha 2001,5,2,10,3,2.2,10\nBeta 2003,6,1.5,6,4.5,1.9,8\n"


@pytest.mark.parametrize(
    "text",
    [
        MEANS,
        MEANS.replace("m1i,sd1i,n1i,m2i,sd2i,n2i", "mean1,sd1,n1,mean2,sd2,n2"),
        MEANS.replace(",", ";").replace(".", ","),
        MEANS.replace(",", "\t"),
        "\ufeff" + MEANS.replace("\n", "\r\n"),
        "# made by me\n\n" + MEANS + "\n,,,,,,\n",
    ],
)
def test_every_shape_of_a_table_gives_the_same_effects(text: str, tmp_path: Path) -> None:
    """RevMan's numbers for these arms: 0.91110709 and 0.80495447."""
    ((review,), remarks) = reviews_in(write(tmp_path / "t.csv", text))
    effects = synthesise(review)[0].effects
    assert [round(effect.yi, 8) for effect in effects] == [0.91110709, 0.80495447]
    assert [effect.year for effect in effects] == [2001, 2003]
    assert remarks == []


def test_effects_and_counts_are_read_too(say, tmp_path: Path) -> None:
    yi = write(tmp_path / "y.csv", "slab,yi,vi\na,0.1,0.04\nb,-0.3,0.0625\n")
    ((review,), _) = reviews_in(yi)
    found = synthesise(review)[0].result
    assert found is not None
    assert found.estimate == pytest.approx(pool([0.1, -0.3], [0.04, 0.0625]).estimate)
    counts = write(tmp_path / "c.csv", "author,ai,bi,ci,di\na,3,9,5,8\nb,4,10,2,9\n")
    assert "RR" in say("pool", str(counts), "--measure", "RR").out
    assert "OR" in say("pool", str(counts)).out


def test_excel_sheets_are_read(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for line in csv.reader(io.StringIO(MEANS)):
        book.active.append([float(x) if x[:1].isdigit() else x for x in line])
    path = tmp_path / "t.xlsx"
    book.save(path)
    assert len(synthesise(reviews_in(path)[0][0])[0].effects) == 2
    book.active.merge_cells("B1:C1")
    book.save(path)
    with pytest.raises(ValueError, match="cells are merged"):
        read(path)


def test_a_study_without_a_number_is_left_out_aloud(say, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", MEANS + "Gamma 2005,NR,2,10,3,n/a,10\nDelta,5,0,9,4,1,9\n")
    said = say("pool", str(path))
    assert "; 2 trials (" in said.flat
    lines = " ".join(said.err.split())
    assert "row 4, Gamma 2005: no mean1, sd2; left out" in lines
    assert "row 5, Delta: sd1 is 0; left out" in lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MEANS.replace("5,2,10,3", '"1,234",2,10,3', 1), 'row 2, m1i = "1,234": is this 1234 or'),
        (MEANS.replace("5,2,10,3", "5a,2,10,3", 1), 'row 2, m1i = "5a": this is no number'),
        ("a,b\n1,2\n", "no columns for effects"),
        ("", "the table is empty"),
        ("study,study\n1,2\n", "2 columns are named study"),
        (MEANS + "x,1,2,3,4,5,6,7\n", "row 4: it has more cells than the header"),
        ('study,yi,vi\n"a,1,2\n', "quote mark that is never closed"),
    ],
)
def test_what_can_be_read_two_ways_is_refused_with_its_cell(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as refusal:
        reviews_in(write(tmp_path / "t.csv", text))
    assert message in str(refusal.value)


def test_a_sheet_of_windows_is_read_aloud_and_other_encodings_are_refused(tmp_path: Path) -> None:
    text = MEANS.replace("Alpha", "Ålpha")
    (windows,) = read(write(tmp_path / "a.csv", text, encoding="cp1252"))
    assert windows.records[0].study == "Ålpha 2001"
    assert "read as Windows-1252, so that row 2 says Ålpha. If that is wrong" in windows.remarks[0]
    with pytest.raises(ValueError, match="row 2: the file is not UTF-8"):
        read(write(tmp_path / "c.csv", text, encoding="cp437"))
    assert read(write(tmp_path / "b.csv", text, encoding="utf-16"))[0].records[0].study[0] == "Å"


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("1,234.5", ".", "1234.5"),
        ("1.234,5", ",", "1234.5"),
        ("12,4", ",", "12.4"),
        ("−0.3", ".", "-0.3"),
        ("NR", ".", ""),
        ("n/a", ",", ""),
        ("1 234 567", ".", "1234567"),
        ("2e-3", ".", "2e-3"),
    ],
)
def test_numbers_are_read_as_they_are_written(cell: str, decimal: str, number: str) -> None:
    assert read_number(cell, place="x", decimal=decimal) == number


def cochrane(measure: str, model: str) -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if (r["measure"], r["model"]) == (measure, model)]
    first = (rows[0]["review"], rows[0]["analysis"])
    return [row for row in rows if (row["review"], row["analysis"]) == first]


HEAD = [
    "Comparison Number",
    "Outcome Number",
    "Subgroup Number",
    "Name",
    "Data Type",
    "Statistical Method",
    "Effect Measure",
    "Analysis Model",
    "Events 1",
    "Mean 1",
    "SD 1",
    "Total 1",
    "Events 2",
    "Mean 2",
    "SD 2",
    "Total 2",
    "Effect Estimate",
    "SE",
    "CI Start",
    "CI End",
    "Weight",
    "Q",
    "P(Q)",
    "I²(Q)",
    "Tau²",
    "Z",
    "P(Z)",
    "Qint",
    "P(Qint)",
    "I²(Qint)",
    "df",
    "Group Label 1",
    "Group Label 2",
    "Left Graph Label",
    "Right Graph Label",
    "Year of study",
    "User defined order",
]


def revman_csv(rows: list[dict[str, str]], path: Path) -> Path:
    """A RevMan 5 export of one Cochrane analysis, as RevMan lays it out."""
    result = {
        "Data Type": "CON",
        "Statistical Method": "IV",
        "Name": "Pain",
        "Outcome Number": "1",
        "Effect Measure": rows[0]["measure"],
        "Group Label 1": "exercise",
        "Analysis Model": "Fixed" if rows[0]["model"] == "FE" else "Random",
    }
    studies = [
        {
            "Outcome Number": "1",
            "Name": row["study"],
            "Mean 1": row["mean1"],
            "SD 1": row["sd1"],
            "Total 1": row["n1"],
            "Mean 2": row["mean2"],
            "SD 2": row["sd2"],
            "Total 2": row["n2"],
            "Effect Estimate": row["revman_effect"],
            "CI Start": row["revman_ci_low"],
            "CI End": row["revman_ci_high"],
            "Weight": row["revman_weight"],
            "User defined order": str(i),
        }
        for i, row in enumerate(rows, start=1)
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEAD, restval="")
        writer.writeheader()
        for line in ({"Outcome Number": "0", "Name": "Exercise"}, result, *studies):
            writer.writerow({"Comparison Number": "1", "Subgroup Number": "0", **line})
    return path


@pytest.mark.parametrize(("measure", "model"), [("SMD", "FE"), ("SMD", "DL"), ("MD", "FE"), ("MD", "DL")])
def test_revmans_own_numbers_come_out_of_its_export(measure, model, tmp_path: Path) -> None:
    """Effect, interval and weight of every study of a Cochrane analysis, to the last digit."""
    rows = cochrane(measure, model)
    ((review,), _) = reviews_in(revman_csv(rows, tmp_path / "export.csv"))
    verdicts = results_of(review).verdicts
    assert len(verdicts) >= 3 * len(rows)
    judged = {verdict.verdict for verdict in verdicts if verdict.quantity != "weight"}
    assert judged == {"reproduced"}


RM5 = """<?xml version="1.0" encoding="ISO-8859-1"?>
<COCHRANE_REVIEW><STUDIES_AND_REFERENCES><STUDIES><INCLUDED_STUDIES>
<STUDY ID="STD-A" NAME="M\u00fcller 2001" YEAR="2001"/><STUDY ID="STD-B" NAME="Beta" YEAR="2003"/>
</INCLUDED_STUDIES></STUDIES></STUDIES_AND_REFERENCES>
<ANALYSES_AND_DATA><COMPARISON NO="1"><NAME>C</NAME>
<CONT_OUTCOME NO="2" EFFECT_MEASURE="SMD" RANDOM="YES" METHOD="IV" TOTALS="YES" EFFECT_SIZE=""
 CI_START="" CI_END=""><NAME>Pain &amp; ache</NAME><GROUP_LABEL_1>a</GROUP_LABEL_1>
<CONT_SUBGROUP NO="1" EFFECT_SIZE="" CI_START="" CI_END=""><NAME>short</NAME>
<CONT_DATA STUDY_ID="STD-A" MEAN_1="5" SD_1="2" TOTAL_1="10" MEAN_2="3" SD_2="2.2" TOTAL_2="10"
 EFFECT_SIZE="0.91110709" CI_START="-0.02032796" CI_END="1.84254213"/></CONT_SUBGROUP>
<CONT_SUBGROUP NO="2"><NAME>long</NAME>
<CONT_DATA STUDY_ID="STD-B" MEAN_1="6" SD_1="1.5" TOTAL_1="6" MEAN_2="4.5" SD_2="1.9" TOTAL_2="8"/>
</CONT_SUBGROUP></CONT_OUTCOME></COMPARISON></ANALYSES_AND_DATA></COCHRANE_REVIEW>"""


def test_a_revman_5_file_is_read_with_its_subgroups(tmp_path: Path) -> None:
    path = write(tmp_path / "r.rm5", RM5, encoding="latin-1")
    ((review,), _) = reviews_in(path)
    pools = synthesise(review)
    assert [pool.subgroup for pool in pools] == ["short", "long", None]
    assert pools[0].effects[0].label == "Müller 2001"
    assert pools[0].title == "Pain & ache"
    assert {v.verdict for v in results_of(review).verdicts} == {"reproduced"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
            "defines entities",
        ),
        ("<x>", "not well-formed XML"),
        ("<x><y>&nbsp;</y></x>", "not well-formed XML"),
        ("<x/>", "holds no analysis"),
    ],
)
def test_broken_and_hostile_xml_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=message):
        read(write(tmp_path / "r.rm5", text))


def package(path: Path, rows: str, settings: str) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("1-analysis-data/1-data-rows.csv", "\ufeff" + rows)
        packed.writestr("1-analysis-data/1-overall-estimates-and-settings.csv", "\ufeff" + settings)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("Review/1-files/1-data.zip", inner.getvalue())
        packed.writestr("Review/1-files/1-article.pdf", b"x")
    return path


WEB_ROWS = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Applicability,Study,Study year,GIV Mean,"
    "GIV SE,Experimental mean,Experimental SD,Experimental cases,Experimental N,Control mean,"
    "Control SD,Control cases,Control N,O-E,Variance,Weight,Mean,CI start,CI end,Footnotes\n"
    "1,1,Pain,,SUBGROUP_AND_OVERALL,Alpha 2001,2001,0.0,0.0,5,2,0,10,3,2.2,0,10,0,0,,0.911107,"
    "-0.020328,1.842542,\n"
    "1,1,Pain,,SUBGROUP_AND_OVERALL,Beta 2003,2003,0.0,0.0,6,1.5,0,6,4.5,1.9,0,8,0,0,,,,,\n"
)
WEB_SETTINGS = (
    "Analysis group,Analysis number,Effect measure,Analysis model,Statistical method,Overall "
    "estimates\n1,1,Standardized Mean Difference,Random effects,IV,true\n"
)


def test_a_revman_web_package_is_read_through_both_zips(tmp_path: Path) -> None:
    ((review,), _) = reviews_in(package(tmp_path / "w.zip", WEB_ROWS, WEB_SETTINGS))
    assert [round(e.yi, 6) for e in synthesise(review)[0].effects] == [0.911107, 0.804954]
    assert {v.verdict for v in results_of(review).verdicts} == {"reproduced"}


def test_zip_bombs_and_other_zips_are_refused(tmp_path: Path, monkeypatch) -> None:
    from livingmeta.exchange import revman

    path = package(tmp_path / "w.zip", WEB_ROWS + " " * 500_000, WEB_SETTINGS)
    monkeypatch.setattr(revman, "LARGEST_FILE", 100_000)
    with pytest.raises(ExchangeError, match="unpacked it is larger than"):
        read(path)
    monkeypatch.undo()
    with zipfile.ZipFile(tmp_path / "o.zip", "w") as packed:
        packed.writestr("a.csv", "x")
    with pytest.raises(ExchangeError, match=r"no data-rows\.csv"):
        read(tmp_path / "o.zip")
    with pytest.raises(RefusalError, match="no zip file"):
        read(write(tmp_path / "p.zip", "not a zip"))


def test_an_imported_review_is_a_folder_like_any_other(say, tmp_path: Path) -> None:
    file = revman_csv(cochrane("SMD", "DL"), tmp_path / "export.csv")
    said = say("import", str(file), "theirs", "--in", str(tmp_path / "data"))
    assert said.status == 0
    assert "livingmeta reproduce " in said.flat
    bare = write(tmp_path / "own.csv", "study,yi,sei\nAsh,0.1,0.2\nElm,0.3,0.2\n")
    own = say("import", str(bare), "own", "--in", str(tmp_path / "data")).flat
    assert "livingmeta run " in own
    assert "reproduce" not in own  # it prints nothing to compare with
    review = str(tmp_path / "data" / "theirs")
    assert "\nformat = 1\n" in Path(review, "review.toml").read_text(encoding="utf-8")
    assert "0 wrong" in say("check", review).out
    assert "reproduced" in say("reproduce", review).out
    assert "exists already" in say("import", str(file), "theirs", "--in", str(tmp_path / "data")).err


def test_generic_inverse_variance_is_read_and_its_ratios_are_pooled_as_logs(tmp_path: Path) -> None:
    """RevMan prints the ratio 0.75 (0.5 to 1.125) with the SE of its log."""
    se = 0.20687
    rows = [{**row, "measure": "OR"} for row in cochrane("SMD", "DL")][:1]
    path = revman_csv(rows, tmp_path / "g.csv")
    lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    at = {name: i for i, name in enumerate(lines[0])}
    lines[2][at["Data Type"]] = "IV"
    for name, cell in {
        "Effect Estimate": "0.75",
        "SE": str(se),
        "CI Start": "0.50",
        "CI End": "1.125",
    }.items():
        lines[3][at[name]] = cell
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    ((review,), _) = reviews_in(path)
    (effect,) = synthesise(review)[0].effects
    assert effect.measure == "log OR"
    assert effect.yi == pytest.approx(-0.2876821)
    judged = {v.quantity: v.verdict for v in results_of(review).verdicts if v.trial}
    assert (judged["estimate"], judged["ci_low"]) == ("reproduced", "reproduced")
