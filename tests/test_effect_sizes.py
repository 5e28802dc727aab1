"""Effect sizes agree with RevMan's printed numbers and with metafor."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.conversions import pooled_sd
from livingmeta.effect_sizes import VARIANCES, mean_difference, smd, smd_from_difference

REFERENCE = Path(__file__).parent / "reference"
ARMS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")


def columns(name: str) -> dict[str, np.ndarray]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


@pytest.mark.parametrize("measure", ["SMD", "MD"])
def test_effects_and_intervals_are_those_revman_printed(measure: str) -> None:
    table = columns("cochrane_sample.csv")
    rows = table["measure"] == measure
    arms = [table[name][rows].astype(float) for name in ARMS]
    yi, vi = (smd if measure == "SMD" else mean_difference)(*arms)
    half = 1.959963984540054 * np.sqrt(vi)
    for ours, column in ((yi, "effect"), (yi - half, "ci_low"), (yi + half, "ci_high")):
        printed = table[f"revman_{column}"][rows].astype(float)
        # six decimals are printed, and seven digits of large numbers
        assert np.abs(ours - printed).max() <= 0.51e-6 * max(1, np.abs(printed).max() / 1e1)


@pytest.mark.parametrize("variance", ["LS", "LS2", "UB"])
def test_exact_correction_and_variances_agree_with_metafor(variance: str) -> None:
    """escalc("SMD", …, vtype=…) on dat.normand1999; the script is tests/reference/metafor.R."""
    table = columns("metafor_effects.csv")
    rows = table["variance"] == variance
    arms = [table[name][rows].astype(float) for name in ARMS]
    yi, vi = smd(*arms, correction="exact", variance=variance)
    np.testing.assert_allclose(yi, table["yi"][rows].astype(float), rtol=1e-12)
    np.testing.assert_allclose(vi, table["vi"][rows].astype(float), rtol=1e-12)


def test_the_worked_example_of_borenstein_2009() -> None:
    """Introduction to Meta-Analysis, pp. 22 and 26-27: two arms of 50 people.

    g = 0.5924 with the approximate J, and V_g = 0.0411.
    """
    yi, vi = smd(103, 5.5, 50, 100, 4.5, 50, variance="LS2")
    assert round(yi, 4) == 0.5924
    assert round(vi, 4) == 0.0411


@pytest.mark.parametrize("variance", VARIANCES)
def test_numbers_give_what_sequences_give(variance: str) -> None:
    arms = [[5, 6], [2, 1.5], [10, 6], [3, 4.5], [2.2, 1.9], [10, 8]]
    yi, vi = smd(*arms, variance=variance)
    for i in range(2):
        alone = smd(*(column[i] for column in arms), variance=variance)
        assert alone == (yi[i], vi[i])
        assert isinstance(alone[0], float)


def test_one_number_stands_for_all_trials() -> None:
    np.testing.assert_array_equal(
        smd([1, 2], 1.0, 10, 0, 1.0, 10), smd([1, 2], [1, 1], [10, 10], [0, 0], [1, 1], [10, 10])
    )


means = st.floats(-100, 100)
spreads = st.floats(0.1, 50)
sizes = st.integers(2, 500)


@given(means, spreads, sizes, means, spreads, sizes, st.sampled_from(sorted(VARIANCES)))
def test_swapping_the_arms_turns_the_sign(m1, sd1, n1, m2, sd2, n2, variance) -> None:
    yi, vi = smd(m1, sd1, n1, m2, sd2, n2, variance=variance)
    turned = smd(m2, sd2, n2, m1, sd1, n1, variance=variance)
    assert turned == (pytest.approx(-yi), pytest.approx(vi))
    assert vi > 0


@given(means, spreads, sizes, means, spreads, sizes, st.sampled_from([0.001, 3.0, 1e4]))
def test_a_standardised_difference_has_no_unit(m1, sd1, n1, m2, sd2, n2, unit) -> None:
    yi, vi = smd(m1, sd1, n1, m2, sd2, n2)
    assert smd(m1 * unit, sd1 * unit, n1, m2 * unit, sd2 * unit, n2) == (
        pytest.approx(yi, abs=1e-9),
        pytest.approx(vi),
    )
    difference, variance = mean_difference(m1, sd1, n1, m2, sd2, n2)
    assert mean_difference(m1 * unit, sd1 * unit, n1, m2 * unit, sd2 * unit, n2) == (
        pytest.approx(difference * unit, abs=1e-9 * unit),
        pytest.approx(variance * unit**2),
    )


@given(means, spreads, sizes, means, spreads, sizes)
def test_a_difference_with_the_pooled_sd_gives_what_the_arms_give(m1, sd1, n1, m2, sd2, n2) -> None:
    sd = pooled_sd(sd1, n1, sd2, n2)
    assert smd_from_difference(m1 - m2, sd, n1, n2) == pytest.approx(smd(m1, sd1, n1, m2, sd2, n2))


def test_all_wrong_values_are_named_with_their_place() -> None:
    with pytest.raises(ValueError) as refusal:
        smd([1, float("nan")], [1, 0], [10, 10], [0, 0], [-1, 1], [10, 1])
    lines = str(refusal.value).splitlines()
    assert len(lines) == 4
    assert any(
        line.startswith("sd1[2] = 0: a standard deviation must be above 0") for line in lines
    )
    assert any(line.startswith("n2[2] = 1: an arm needs two people") for line in lines)


def test_sequences_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="mean1 has 2, sd1 has 3"):
        smd([1, 2], [1, 1, 1], 10, 0, 1, 10)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"correction": "exakt"}, "Did you mean exact?"),
        ({"variance": "ls3"}, "choose one of revman, LS, LS2, UB"),
    ],
)
def test_unknown_formulas_are_refused(choice: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        smd(1, 1, 10, 0, 1, 10, **choice)
    assert message in str(refusal.value)
