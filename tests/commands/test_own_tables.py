"""Six tables as people have them are pooled, parted, regressed and left one out of as metafor does it."""

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from folders import ROOT

OWN = ROOT / "tests" / "reference" / "own"
# What each table leaves open, how it is parted and by what it is regressed, as own.R does it
TABLES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "means": ((), "Region", "Beds"),
    "counts": (("--measure", "RR"), "allocation", "latitude"),
    "yisei": (("--measure", "SMD"), "year < 1990", "year"),
    "hr": (("--measure", "HR"), "country", "year"),
    "messy": (
        (
            *("--measure", "MD", "--column", "n1=Exercise (n = per row)", "--column", "n2=Control n"),
            *("--column", "mean1,sd1=Exercise VAS mean ± SD"),
            *("--column", "mean2,sd2=Control VAS mean ± SD"),
        ),
        "Dose (mg) < 40",
        "Dose (mg)",
    ),
    "correlations": ((), "design", "year"),
}


@pytest.fixture(name="own")
def laid_out(tmp_path: Path) -> Callable[[str], list[str]]:
    """Lay a table where outputs may stand beside it, and return what is typed of it."""

    def laid(name: str) -> list[str]:
        file = tmp_path / f"{name}.csv"
        file.write_bytes((OWN / f"{name}.csv").read_bytes())
        return [str(file), *TABLES[name][0]]

    return laid


def by_metafor(table: str, what: str) -> dict[str, list[float]]:
    """Return what metafor gives of the parts of a table, by `Rscript own.R`, with its defaults."""
    with (OWN.parent / "own.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["table"], row["what"]) == (table, what)]
    return {row["part"]: [float(row[name]) for name in NUMBERS] for row in rows}


NUMBERS = ("estimate", "ci_low", "ci_high", "tau2")
NEAR = {"rel": 1e-6, "abs": 1e-7}  # metafor's REML ends a little off its maximum where τ² is near 0
METAFOR = ("--profile", "metafor", "--json")


@pytest.mark.parametrize("table", TABLES)
def test_an_own_table_is_pooled_whole_and_by_subgroup_as_metafor_does_it(say, own, table: str) -> None:
    _, subgroup, _ = TABLES[table]
    pools = json.loads(say("pool", *own(table), "--subgroup", subgroup, *METAFOR).out)
    expected = by_metafor(table, "subgroup") | by_metafor(table, "whole")
    if table == "messy":  # a study whose dose is not known is in no part, and so not in the whole of them
        expected[""] = by_metafor(table, "without")["Garcia 2021"]
    named = {(pool["subgroup"] or "").removeprefix(f"{subgroup}: "): pool for pool in pools}
    assert {*named} == {*expected}
    for part, pool in named.items():
        result = pool["result"]
        alone = result["k"] == 1  # metafor calls τ² of one effect 0
        shown = [0.0 if alone and name == "tau2" else result[name] for name in NUMBERS]
        assert shown == pytest.approx(expected[part], **NEAR), part


@pytest.mark.parametrize("table", TABLES)
def test_an_own_table_is_regressed_on_its_own_column_as_metafor_does_it(say, own, table: str) -> None:
    _, _, by = TABLES[table]
    result = json.loads(say("regress", *own(table), "--by", by, *METAFOR).out)["result"]
    (expected,) = by_metafor(table, "regression").values()
    slope = result["coefficients"][1]
    assert [slope[name] for name in NUMBERS[:3]] == pytest.approx(expected[:3], **NEAR)
    assert result["tau2"] == pytest.approx(expected[3], **NEAR)


@pytest.mark.parametrize("table", TABLES)
def test_each_study_is_left_out_of_an_own_table_as_metafor_does_it(say, own, table: str) -> None:
    typed, expected = own(table), by_metafor(table, "without")
    left = json.loads(say("sensitivity", *typed, "--json").out)["analyses"][0]["without"]
    assert [each["label"] for each in left] == [*expected]
    for each in left:  # the interval is the headline's; estimate and τ² are metafor's, but for the variance
        if table != "means":  # of an SMD, of which the headline's is RevMan's
            here = [each["estimate"], each["tau2"]]
            assert here == pytest.approx([expected[each["label"]][0], expected[each["label"]][3]], **NEAR)
    label = next(iter(expected))
    (pool,) = json.loads(say("pool", *typed, "--without", label, *METAFOR).out)
    assert [pool["result"][name] for name in NUMBERS] == pytest.approx(expected[label], **NEAR)


def test_limits_that_are_not_those_printed_are_flagged_and_check_names_their_rows(say, own) -> None:
    """By hand: √(0.8·1.6) = 1.13 and √(0.5·3.3) = 1.28 for a ratio of 1.2, √(0.8·3) = 1.55 for 1.6."""
    typed = own("hr")
    assert "limits other than those printed" in say("pool", *typed).flat
    said = say("check", *typed)
    rows = [int(row) for row in re.findall(r"hr\.csv row (\d+): its printed limits", said.out)]
    assert rows == [5, 13, 31]
    assert "0.5 to 3.3, lie unequally far from 1.2" in said.flat
    assert "shown is 0.47 to 3.08, by the standard error that they give" in said.flat


def test_limits_that_a_spread_makes_even_are_those_printed(say, tmp_path: Path) -> None:
    """log HR 0.2 with limits 0.2 ± 0.5 on the log scale, and an MD whose limits are even."""
    file = tmp_path / "even.csv"
    ends = [f"{math.exp(x):.3f}" for x in (0.2, -0.3, 0.7)]
    file.write_text(f"study,HR,lower,upper\nAsh,{','.join(ends)}\nElm,1,0.5,2\n", encoding="utf-8")
    assert "limits other" not in say("pool", str(file)).flat
    file.write_text("study,yi,lower,upper\nAsh,2,-1,5\nElm,1,0.5,1.5\n", encoding="utf-8")
    assert "limits other" not in say("pool", str(file), "--measure", "MD").flat


def test_a_regression_asks_on_what_and_names_the_columns(say, own) -> None:
    for table, names in (("means", "Region, Beds or n"), ("hr", "country or year")):
        said = say("regress", *own(table))
        assert said.status == 2
        assert f"say with --by on what to regress: {names}" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "nb"])
def test_a_side_that_is_not_stated_is_said_with_how_to_state_it(say, own, lang: str) -> None:
    typed = own("counts")
    text = say("report", *typed, "--print", "--lang", lang).flat
    assert "--favours lower" in text
    assert "--favours lower" in say("run", *typed).flat
    assert "--favours" not in say("report", *typed, "--favours", "lower", "--print", "--lang", lang).flat


@pytest.mark.slow
def test_many_trials_that_contradict_each_other_are_counted_and_only_the_farthest_named(say, own) -> None:
    """Of 56 effects, 10 ± 1.96·SE lie wholly on a side as own.R's yi and vi say; --full names all."""
    typed = own("yisei")
    with (OWN / "yisei.csv").open(encoding="utf-8") as file:
        ends = [(float(r["yi"]), 1.959964 * float(r["sei"])) for r in csv.DictReader(file)]
    low, high = sum(y + h < 0 for y, h in ends), sum(y - h > 0 for y, h in ends)
    short = say("pool", *typed).flat
    assert f"{low} intervals lie below 0, {high} above it, from row 49" in short
    line = short.partition("contradict each other: ")[2].partition("Tau²")[0]
    assert len(re.findall(r"row \d+", line)) == 2
    assert len(set(re.findall(r"row \d+ [−\d]", say("pool", *typed, "--full").flat))) == 56
    answer = say("run", *typed).flat.partition("contradict each other: ")[2].partition("Read the trials")[0]
    assert len(re.findall(r"row \d+", answer)) <= 16


def test_studies_in_several_rows_are_remarked_on_in_one_remark(say, own) -> None:
    said = say("pool", *own("yisei"), "--column", "study=school")
    assert said.err.count("no column comparison") == 1
    assert "; 11 more studies likewise" in " ".join(said.err.split())


@pytest.mark.slow
def test_a_difference_of_two_files_names_the_cells_that_changed(say, own) -> None:
    file = Path(own("means")[0])
    text = file.read_text(encoding="utf-8")
    other = file.with_name("other.csv")
    for old, new, said in (
        ('"Edinburgh",155,55', '"Edinburgh",155,50', "row 2 (Edinburgh), Treatment mean: 50 → 55"),
        (',"UK",120', ',"",120', "row 5 (Orpington-Severe), Region: empty → UK"),
        ('"Umea"', '"Umeå"', "row 9 (Umea), Study: Umeå → Umea"),
        (text.splitlines()[3] + "\n", "", "row 4: Orpington-Moderate, 75, 64, … is new"),
        ('"Beds"', '"Places"', "the column Beds is new"),
    ):
        assert old in text
        other.write_text(text.replace(old, new), encoding="utf-8")
        shown = say("diff", str(file), "--against", str(other))
        assert f"means.csv{':' if 'column' in said else ''} {said}" in shown.flat
        assert len(re.findall(r"(?:means|other)\.csv(?: row|:)", shown.flat)) == (
            2 if "column" in said else 1
        )
        page = (file.parent / "figures" / "means" / "diff.md").read_text(encoding="utf-8")
        assert said in page
        assert "CHANGELOG" not in shown.out + page
    assert "row 2" not in say("diff", str(file), "--against", str(file)).out


@pytest.mark.slow
def test_a_table_of_ratios_is_exported_with_the_ratios_and_without_empty_parts(say, own) -> None:
    """own.R: exp of the mean of the logs is 1.2447; of the first study 1.18 is in the file."""
    typed = own("hr")
    folder = Path(typed[0]).parent / "figures" / "hr"
    assert say("export", *typed, "--to", "xlsx").status == 0
    book = load_workbook(folder / "results.xlsx")
    assert book.sheetnames == ["results", "effects", "findings"]
    for page in book:
        head, *lines = page.iter_rows(values_only=True)
        assert all(any(line[place] is not None for line in lines) for place in range(len(head))), page.title
    head, first, *_ = book["effects"].iter_rows(values_only=True)
    assert first[head.index("ratio")] == pytest.approx(1.18)
    assert first[head.index("yi")] == pytest.approx(math.log(1.18))
    say("run", *typed)
    assert not (folder / "reproduction.csv").exists()
    with (folder / "results.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    ((estimate, *_),) = by_metafor("hr", "whole").values()
    assert float(row["ratio"]) == pytest.approx(math.exp(estimate), rel=1e-6)
    say("run", *own("means"))
    assert "ratio" not in (folder.parent / "means" / "results.csv").read_text(encoding="utf-8")


def test_what_holds_of_all_trials_is_said_once_and_marks_none_of_them(say, own) -> None:
    typed = own("hr")
    short = say("pool", *typed, "--full").flat
    assert "†" not in short
    assert short.count("limits taken as those of 95%") == 1
    assert "All 37 trials: limits taken as those of 95%" in short
    assert "? + ?" not in short
    say("forest", *typed, "--to", "svg")
    drawn = (Path(typed[0]).parent / "figures" / "hr" / "forest_hr.svg").read_text(encoding="utf-8")
    assert "All 37 trials: limits taken" in drawn
    assert "note letter" not in drawn


def test_a_trace_says_how_to_read_a_trial_in_full(say, own) -> None:
    last = " ".join(say("trace", *own("hr")).out.split()).rpartition("…")[2]
    assert re.fullmatch(
        r" \d+ trials in full, \d+ more trials?: --full, or livingmeta trace \S+ hr TRIAL", last
    )


def test_a_prior_on_effects_of_no_named_measure_is_asked_for_in_words(say, own) -> None:
    said = say("bayes", own("yisei")[0], "--measure", "GEN")
    assert said.status == 2
    assert "with effects whose measure is not named; give one, in the unit of the effects" in said.err
