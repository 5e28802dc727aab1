"""Six tables as students bring them, in a notebook: numbers are metafor's, and what lacks is named."""

import numpy as np
import pandas as pd
import pytest

import livingmeta as lm

MEANS = pd.DataFrame(
    {
        "author": ["Ash", "Birch", "Cedar", "Dill", "Elm", "Fir"],
        "year": [2001, 2004, 2009, 2012, 2015, 2018],
        "m1i": [10.0, 11, 12, 13, 9, 12.5],
        "sd1i": [2.0, 2.2, 2.5, 3, 2.1, 2.4],
        "n1i": [20, 30, 40, 50, 25, 60],
        "m2i": [11.0, 12, 12.2, 15, 11, 13],
        "sd2i": [2.1, 2, 2.6, 3.1, 2, 2.5],
        "n2i": [21, 29, 41, 48, 26, 58],
        "dose": [1, 2, 3, 4, 2, 1],
        "region": ["eu", "us", "eu", "us", "eu", "us"],
    }
)
COUNTS = pd.DataFrame(
    {
        "trial": ["A", "B", "C", "D"],
        "ai": [4, 6, 3, 62],
        "n1i": [123, 306, 231, 13598],
        "ci": [11, 29, 11, 248],
        "n2i": [139, 303, 220, 12867],
        "ablat": [44, 55, 42, 52],
    }
)
EFFECTS = pd.DataFrame(
    {"study": list("PQRST"), "yi": [0.1, 0.3, 0.35, 0.65, 0.2], "sei": [0.17, 0.17, 0.22, 0.1, 0.14]}
)
RATIOS = pd.DataFrame(
    {
        "study": list("xyzw"),
        "HR": [0.8, 0.7, 0.95, 0.6],
        "lower": [0.6, 0.5, 0.7, 0.4],
        "upper": [1.07, 0.98, 1.29, 0.9],
    }
)
# metafor 3.8 stops its REML at steps of 1e-5, so that its τ² has five digits or so
NEAR = {"rel": 1e-4}


def ends(result: lm.PooledEstimate) -> list[float]:
    return [result.estimate, result.ci_low, result.ci_high]


def test_means_are_pooled_as_metafor_does() -> None:
    # rma(yi, vi, data = escalc("MD", m1i=m1i, …, data=d), test = "adhoc")
    assert ends(lm.pool(MEANS, measure="MD")) == pytest.approx(
        [-1.07553674, -1.85940845, -0.29166503], **NEAR
    )
    # rma(yi, vi, data = escalc("SMD", m1i=m1i, …, data=d))
    result = lm.pool(MEANS, profile="metafor")
    assert ends(result) == pytest.approx([-0.43823132, -0.68884304, -0.18761959], **NEAR)
    assert result.tau2 == pytest.approx(0.0394603952, **NEAR)


def test_counts_are_pooled_and_regressed_as_metafor_does() -> None:
    # exp of rma(yi, vi, data = escalc("OR", ai=ai, n1i=n1i, ci=ci, n2i=n2i, data=d), test = "adhoc")
    assert np.exp(ends(lm.pool(COUNTS))).tolist() == pytest.approx(
        [0.23545571, 0.15566214, 0.35615205], **NEAR
    )
    # rma(yi, vi, mods = ~ ablat, data = escalc("RR", …), test = "adhoc")
    slope = lm.regress(COUNTS, by="ablat", measure="RR").to_frame().set_index("name")
    assert slope.loc["ablat", "estimate"] == pytest.approx(-0.0373677875, **NEAR)
    assert slope.loc["ablat", "se"] == pytest.approx(0.0463564016, **NEAR)


def test_computed_effects_are_pooled_and_left_out_as_metafor_does() -> None:
    # rma(yi, sei^2, test = "adhoc"), leave1out(rma(yi, sei^2)), cooks.distance(rma(yi, sei^2))
    assert ends(lm.pool(EFFECTS)) == pytest.approx([0.34014884, 0.03330645, 0.64699140], rel=1e-3)
    left = lm.leave_one_out(EFFECTS).to_frame().set_index("label")
    assert left.loc["S", "estimate"] == pytest.approx(0.221997784, **NEAR)
    assert lm.influence(EFFECTS, ci="wald").cook.tolist() == pytest.approx(
        [0.26618999, 0.00124432, 0.00331859, 1.14293900, 0.10414135], rel=1e-3
    )


def test_hazard_ratios_are_pooled_as_their_logs() -> None:
    # exp of rma(log(HR), sei = (log(upper) - log(lower))/(2*qnorm(.975)), test = "adhoc")
    result = lm.pool(RATIOS)
    assert np.exp(ends(result)).tolist() == pytest.approx([0.77448109, 0.57715067, 1.03927967], **NEAR)
    assert "HR 0.77" in repr(result)


@pytest.mark.parametrize("name", ["r", "ri", "cor"])
def test_correlations_are_pooled_as_fishers_z(name: str) -> None:
    # rma(escalc("ZCOR", ri = c(.3, .4, .1), ni = c(50, 60, 80)), test = "adhoc")
    table = pd.DataFrame({"study": list("abc"), name: [0.3, 0.4, 0.1], "n": [50, 60, 80]})
    if name == "r":  # of which it may be the number of people with the event, too
        with pytest.raises(ValueError, match="it can be read in 2 ways"):
            lm.pool(table)
    result = lm.pool(table, measure="ZCOR")
    assert ends(result) == pytest.approx([0.26694113, -0.16942899, 0.70331124], **NEAR)
    assert "correlation (Fisher's z) 0.2" in repr(result)


def test_a_messy_table_is_pooled_once_its_gaps_are_named() -> None:
    messy = pd.DataFrame(
        {
            "Study ID": ["Ash 2001", "Birch 2004", "Cedar 2009", "Dill 2012"],
            "Mean 1": [10, 11, None, 13],
            "SD 1": ["2", "2.2", "", "3"],
            "Total 1": [20, 30, 40, 50],
            "Mean 2": [11, 12, 12, 15],
            "SD 2": ["2.1", "2", "2.6", "3.1"],
            "Total 2": [21, 29, 41, 48],
            "remark": ["ok", "<b>check</b>", None, "ok"],
        }
    )
    with pytest.raises(ValueError, match="Cedar 2009"):
        lm.pool(messy)
    with pytest.warns(UserWarning, match="Cedar 2009"):
        result = lm.pool(messy, missing="drop", measure="MD")
    kept = MEANS.iloc[[0, 1, 3]]
    assert ends(result) == pytest.approx(ends(lm.pool(kept, measure="MD")))


def test_own_columns_part_regress_and_stand_beside_the_studies() -> None:
    frame = lm.pool(MEANS).to_frame()
    assert frame["dose"].tolist() == [1, 2, 3, 4, 2, 1]
    assert frame["label"].tolist()[0] == "Ash 2001"
    parts = lm.synthesise(MEANS, subgroup="region")
    assert [pool.k for pool in parts] == [3, 3, 6]
    assert parts[0].result is not None
    eu = lm.pool(MEANS[MEANS["region"] == "eu"])
    assert parts[0].result.estimate == pytest.approx(eu.estimate)
