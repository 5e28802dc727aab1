"""Six tables as people have them are pooled, parted, regressed and left one out of as metafor does it."""

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

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
    # as the refusal of correlations says to go on
    "correlations": (("--measure", "GEN"), "design", "year"),
}


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], list[str]]:
    """Lay a table where outputs may stand beside it, and return what is typed of it."""

    def laid(name: str) -> list[str]:
        text = (OWN / f"{name}.csv").read_text(encoding="utf-8")
        if name == "correlations":
            rows = list(csv.DictReader(text.splitlines()))
            lines = ["study,year,design,yi,vi"]
            for row in rows:
                z, v = math.atanh(float(row["ri"])), 1 / (int(row["ni"]) - 3)
                lines.append(f"{row['authors']} {row['year']},{row['year']},{row['design']},{z},{v}")
            text = "\n".join(lines)
        file = tmp_path / f"{name}.csv"
        file.write_text(text, encoding="utf-8")
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


def test_correlations_are_answered_by_what_is_missing_and_how_to_go_on(say, own) -> None:
    file, *_ = own("means")
    raw = Path(file).with_name("raw.csv")
    raw.write_text((OWN / "correlations.csv").read_text(encoding="utf-8"), encoding="utf-8")
    said = say("pool", str(raw))
    assert said.status == 2
    assert "Effects are not computed from these yet. Compute Fisher's z, yi = atanh(ri)" in said.err
    assert "--measure GEN" in said.err
