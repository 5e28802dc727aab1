"""Six tables of one's own in a notebook: whole, parted, regressed and without each study as metafor does."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import livingmeta as lm
from folders import ROOT

REFERENCE = ROOT / "tests" / "reference"
OWN = REFERENCE / "own"
BY_METAFOR = pd.read_csv(REFERENCE / "own.csv").fillna({"part": ""})  # Rscript own.R, in that folder
NUMBERS = ["estimate", "ci_low", "ci_high", "tau2"]
NEAR = {"rel": 1e-6, "abs": 1e-7}  # metafor's REML ends a little off its maximum where τ² is near 0
MESSY = {
    **{"n1": "Exercise (n = per row)", "n2": "Control n"},
    **{"mean1,sd1": "Exercise VAS mean ± SD", "mean2,sd2": "Control VAS mean ± SD"},
}
# What each leaves open, how it is parted and by what it is regressed
TABLES: dict[str, tuple[dict[str, Any], str, str]] = {
    "means": ({"measure": "SMD"}, "Region", "Beds"),
    "counts": ({"measure": "RR"}, "allocation", "latitude"),
    "yisei": ({"measure": "SMD"}, "year < 1990", "year"),
    "hr": ({"measure": "HR"}, "country", "year"),
    "messy": ({"measure": "MD", "columns": MESSY}, "Dose (mg) < 40", "Dose (mg)"),
    "correlations": ({"measure": "GEN"}, "design", "year"),
}


def own(name: str) -> Any:
    """Return a table as a notebook has it; the messy sheet stays a file."""
    if name == "messy":
        return OWN / "messy.csv"
    table = pd.read_csv(OWN / f"{name}.csv")
    if name == "yisei":  # of which no column names the studies
        table.index += 2  # as a spreadsheet counts; pandas shows its index, and so do results
    if name == "correlations":  # as their refusal says to go on
        label = table["authors"] + " " + table["year"].astype(str)
        table = table.assign(study=label, yi=np.arctanh(table["ri"]), vi=1 / (table["ni"] - 3))
        table = table.drop(columns=["authors", "ri", "ni"])
    return table


def by_metafor(table: str, what: str) -> dict[str, list[float]]:
    rows = BY_METAFOR[(BY_METAFOR["table"] == table) & (BY_METAFOR["what"] == what)]
    return dict(zip(rows["part"], rows[NUMBERS].to_numpy().tolist(), strict=True))


def numbers(result: Any) -> list[float]:
    return [0.0 if getattr(result, name) is None else float(getattr(result, name)) for name in NUMBERS]


@pytest.mark.filterwarnings("ignore")  # of what a sheet leaves out, which other tests hold
@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_a_notebook_gives_metafors_numbers(table: str) -> None:
    asked, subgroup, by = TABLES[table]
    data, how = own(table), {**asked, "profile": "metafor"}
    (whole,) = by_metafor(table, "whole").values()
    assert numbers(lm.pool(data, **how)) == pytest.approx(whole, **NEAR)
    parts = {
        str(pool.subgroup).removeprefix(f"{subgroup}: "): pool
        for pool in lm.synthesise(data, subgroup=subgroup, **how)
    }
    for part, expected in by_metafor(table, "subgroup").items():
        assert numbers(parts[part].result) == pytest.approx(expected, **NEAR), part
    ((line, *_),) = [by_metafor(table, "regression").values()]
    fitted = lm.regress(data, by=by, **how).result
    slope = fitted.coefficients[1]
    assert [slope.estimate, slope.ci_low, slope.ci_high, fitted.tau2] == pytest.approx(line, **NEAR)
    left = lm.leave_one_out(data, **how).to_frame().set_index("label")[NUMBERS]
    expected = by_metafor(table, "without")
    assert left.index.tolist() == [*expected]
    assert left.to_numpy() == pytest.approx(np.array([*expected.values()]), **NEAR)
    first = next(iter(expected))
    assert numbers(lm.pool(data, without=first, **how)) == pytest.approx(expected[first], **NEAR)
