"""The selection model has the maximum that metafor finds, and finds the selection put into data."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.methods.test_small_study import effects
from livingmeta.engine.methods.selection import selection_model
from livingmeta.engine.pooling import pool
from livingmeta.words import RefusalError

REFERENCE = Path(__file__).parents[2] / "reference"
with (REFERENCE / "metafor_selection.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["set"])
def test_the_maximum_is_that_of_metafor(row: dict[str, str]) -> None:
    side = {"less": "left", "greater": "right"}[row["alternative"]]
    found = selection_model(*effects(row["set"]), side=side, force=True)
    for name in ("estimate", "se", "tau2", "weight", "lrt", "p_value"):
        ours = getattr(found, name)
        assert ours == pytest.approx(float(row[name]), rel=1e-8, abs=1e-10), name
        if f"metafor_{name}" in row:
            theirs = float(row[f"metafor_{name}"])
            assert ours == pytest.approx(theirs, rel=2e-6, abs=1e-6), name


# confint(selmodel(…), delta = 2) of metafor 3.8 for ω; the mean, which it does not profile, by
# uniroot() on nested nlminb() of the likelihood in reference/metafor.R
INTERVALS = {
    "bcg": ("left", (-1.13321534, 0.0318952468), (0.0981, 3.8862)),
    "collins1985": ("left", (-0.696582765, 0.669074494), (None, 1.1580)),  # metafor: < 0.0116
    "hackshaw1998": ("right", (0.0653347391, 0.391945581), (0.1733, 3.6145)),
}


@pytest.mark.parametrize("name", INTERVALS)
def test_the_intervals_are_those_of_the_profile_likelihood(name: str) -> None:
    side, mean, weight = INTERVALS[name]
    found = selection_model(*effects(name), side=side, force=True)
    assert (found.ci_low, found.ci_high) == pytest.approx(mean, rel=2e-7)
    ours = (found.weight_low if weight[0] else None, found.weight_high)
    assert ours == pytest.approx(weight, abs=5.1e-5)
    assert found.weight_low < 0.0116 or weight[0]


def test_an_estimate_of_0_is_not_taken_as_a_known_tau2() -> None:
    """Where τ² is estimated at 0 the mean's interval is wider than with a τ² known to be 0."""
    n = np.array([12, 15, 20, 24, 30, 35, 40, 50, 60, 80, 100, 120])
    y = np.array([0.9, 0.3, 0.7, 0.62, 0.2, 0.5, 0.45, 0.1, 0.4, 0.3, 0.32, 0.28])
    free = selection_model(y, 2 / n, side="right")
    known = selection_model(y, 2 / n, side="right", model="common")
    assert free.tau2 == 0
    assert known.tau2 is None
    assert known.estimate == pytest.approx(free.estimate, rel=1e-9)
    width = known.ci_high - known.ci_low
    assert free.ci_high - free.ci_low > 1.01 * width


def test_a_simulation_shows_how_often_the_intervals_hold_the_truth() -> None:
    """tests/simulations/selection.py with its seed; 95 % ± 3 standard errors of so many reviews."""
    path = Path(__file__).parents[2] / "simulations" / "selection.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        error = 300 * (0.95 * 0.05 / int(row["reviews"])) ** 0.5
        for name in ("profile_mean", "profile_weight"):
            assert float(row[name]) == pytest.approx(95, abs=error), row
        assert float(row["profile_mean"]) >= float(row["wald_mean"]), row


def simulated(share: float, *, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Report every significant trial and a share of the others."""
    rng = np.random.default_rng(1995)
    v = rng.uniform(0.01, 0.2, 60_000)
    y = rng.normal(mean, np.sqrt(v + 0.02))
    kept = (y > 1.959964 * np.sqrt(v)) | (rng.random(v.size) < share)
    return y[kept], v[kept]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_the_selection_put_into_data_is_found(share: float) -> None:
    found = selection_model(*simulated(share, mean=0.15))
    assert found.weight == pytest.approx(share, rel=0.1)
    assert found.estimate == pytest.approx(0.15, abs=4 * found.se)
    assert found.tau2 == pytest.approx(0.02, abs=0.005)
    assert (found.p_value < 1e-6) == (share < 1)


trials = st.lists(st.tuples(st.floats(-1.5, 2.5), st.floats(0.02, 0.5)), min_size=10, max_size=25)


@given(trials)
@settings(max_examples=settings.default.max_examples // 4)
def test_turning_every_sign_turns_the_side(data) -> None:
    y, v = map(np.array, zip(*data, strict=True))
    try:
        one = selection_model(y, v, side="right")
    except ValueError as refusal:
        assert "is significant on the right" in str(refusal)
        return
    other = selection_model(-y, v, side="left")
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)
    assert other.weight == one.weight
    assert other.flags == one.flags


@given(trials)
@settings(max_examples=settings.default.max_examples // 4)
def test_it_is_never_less_likely_than_equal_reporting(data) -> None:
    y, v = map(np.array, zip(*data, strict=True))
    try:
        found = selection_model(y, v)
    except ValueError:
        return
    assert found.lrt >= 0
    if "not_converged" not in found.flags:
        assert np.isfinite(found.se)
        assert (found.p_value == 1) == (found.lrt == 0)


@pytest.mark.parametrize(
    "unit", [1e-20, *(pytest.param(unit, marks=pytest.mark.slow) for unit in (1e-3, 1e6, 1e20))]
)
def test_the_unit_of_the_effects_changes_nothing_else(unit: float) -> None:
    yi, vi = (np.array(values) for values in effects(ROWS[0]["set"]))
    one = selection_model(yi, vi, force=True)
    other = selection_model(yi * unit, vi * unit**2, force=True)
    assert other.flags == one.flags
    assert other.estimate / unit == pytest.approx(one.estimate, rel=1e-7)
    assert other.se / unit == pytest.approx(one.se, rel=1e-7)
    assert other.tau2 / unit**2 == pytest.approx(one.tau2, rel=1e-6)
    assert other.weight == pytest.approx(one.weight, rel=1e-6)


def test_it_refuses_what_it_can_not_estimate() -> None:
    y, v = np.linspace(-0.1, 0.1, 12), np.full(12, 0.1)
    with pytest.raises(ValueError, match="no trial is significant on the right"):
        selection_model(y, v, side="right")
    with pytest.raises(ValueError, match="every trial is significant on the left"):
        selection_model(y - 9, v)
    with pytest.raises(ValueError, match="below 10 a test"):
        selection_model([0.9, 0.1, 0.0], [0.1, 0.1, 0.1])
    forced = selection_model([0.9, 0.1, 0.0], [0.1, 0.1, 0.1], force=True)
    assert "few_trials_for_funnel" in forced.flags
    assert pool([0.9, 0.1, 0.0], [0.1, 0.1, 0.1]).k == forced.k


def test_a_likelihood_without_a_peak_has_no_standard_error() -> None:
    """Found by drawing: one effect of 6e11 beside two of ordinary size."""
    with pytest.raises(RefusalError, match="no peak"):
        selection_model([2.43, 0.5, 592604056807.0], [0.5, 10.0, 1.0], model="common", force=True)
