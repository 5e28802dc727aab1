"""Effect sizes agree with RevMan's printed numbers and with metafor."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.conversions import pooled_sd
from livingmeta.engine.counts import ZERO_CELLS, odds_ratio, risk_difference, risk_ratio
from livingmeta.engine.effect_sizes import (
    CORRECTIONS,
    MD_VARIANCES,
    VARIANCES,
    approximate_j,
    mean_difference,
    prepost_smd,
    ratio_of_means,
    smd,
    smd_from_difference,
)
from livingmeta.engine.measures import MEASURES, Measure, as_shown, measure_named

REFERENCE = Path(__file__).parents[1] / "reference"
ARMS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")


def columns(name: str) -> dict[str, np.ndarray]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


@pytest.mark.parametrize(
    ("label", "values", "said"),
    [
        ("MD", (0.0012, 0.0003, 0.0021), "0.00120 0.00030 0.00210"),
        ("MD", (-0.0012, -0.0021, -0.0003), "−0.00120 −0.00210 −0.00030"),
        ("MD", (12345.6, 12000.1, 12691.1), "12345.60 12000.10 12691.10"),
        ("MD", (12345.6, 12345.59, 12345.61), "12345.600 12345.590 12345.610"),
        ("SMD", (-0.27, -0.54, -0.05), "−0.27 −0.54 −0.05"),
        ("SMD", (-0.386, -0.463, -0.309), "−0.39 −0.46 −0.31"),
        # a limit is known no better than the interval is wide, its side of 0 is
        ("SMD", (-0.30, -0.60, -0.0027), "−0.30 −0.60 −0.00"),
        ("log OR", np.log((0.001, 0.0003, 0.0033)), "0.0010 0.0003 0.0033"),
        ("log OR", np.log((0.05, 0.0004, 6)), "0.05 0.00040 6.00"),
        ("log OR", np.log((0.46, 0.17, 1.28)), "0.46 0.17 1.28"),
        ("log HR", np.log((1.02, 0.99, 1.05)), "1.020 0.990 1.050"),
        ("MD", (2e-7, 1e-7, 3e-7), "0.00 0.00 0.00"),
        ("MD", (0.5, 0.5, 0.5), "0.50 0.50 0.50"),
        ("SMD", (0.3, None, None), "0.30 – –"),
        ("MD", (0.0015,), "0.0015"),
        ("MD", (0.0,), "0.00"),
    ],
)
def test_numbers_keep_the_digits_that_tell_them_apart(label: str, values: Any, said: str) -> None:
    assert as_shown(label, *values) == said.split()


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


def pinned() -> list[tuple[str, str]]:
    table = columns("metafor_measures.csv")
    return sorted(set(zip(table["measure"], table["choice"], strict=True)))


@pytest.mark.parametrize(("measure", "choice"), pinned())
def test_every_measure_agrees_with_metafor(measure: str, choice: str) -> None:
    table = columns("metafor_measures.csv")
    rows = (table["measure"] == measure) & (table["choice"] == choice)
    names = "abcdef" if MEASURES[measure].needs == "means" else "abcd"
    given = [table[name][rows].astype(float) for name in names]
    chosen = {option: choice for option in MEASURES[measure].options if choice}
    yi, vi = MEASURES[measure].function(*given, **chosen)
    np.testing.assert_allclose(yi, table["yi"][rows].astype(float), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(vi, table["vi"][rows].astype(float), rtol=1e-12)


def test_every_formula_has_a_pinned_answer() -> None:
    """The approximate J and RevMan's variances in cochrane_sample.csv, the others by metafor."""
    by_metafor = set(columns("metafor_effects.csv")["variance"])
    assert set(VARIANCES) == by_metafor | {"revman"}
    assert set(CORRECTIONS) == {"approximate", "exact"}
    assert {choice for measure, choice in pinned() if measure == "MD"} == set(MD_VARIANCES)
    counted = {choice for measure, choice in pinned() if measure in {"OR", "RR", "RD"}}
    assert counted | {"needed", "keep00"} == set(ZERO_CELLS)  # both are tested below


@pytest.mark.parametrize(
    ("effect", "yi", "vi"),
    [
        (odds_ratio, [0.04762804898925, -0.04762804898926], [4.09529211571185, 4.09529211571185]),
        (risk_ratio, [0.04652001563489, -0.00110803335436], [3.90692640692641, 0.00221852263826]),
    ],
)
def test_a_trial_without_events_has_the_ratio_that_metafor_gives_it(effect: Any, yi: Any, vi: Any) -> None:
    """metafor 3.8.1: escalc("OR" and "RR", ai=c(0,20), n1i=c(20,20), ci=c(0,21), n2i=c(21,21))."""
    found = effect([0, 20], [20, 20], [0, 21], [21, 21], zero_cells="keep00")
    np.testing.assert_allclose(found, (yi, vi), rtol=1e-11)


def test_every_measure_has_a_pinned_answer() -> None:
    """SMD in metafor_effects.csv and cochrane_sample.csv; the pre-post SMD below.

    Those of rates, single groups and correlations are in test_measures.py, as all of them are there.
    """
    computed = {key for key, m in MEASURES.items() if m.needs in {"means", "counts", "prepost"}}
    assert {measure for measure, _ in pinned()} | {"SMD", "SMD-PP"} == computed


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        ({"label": "", "words": ""}, "label is empty; words is empty"),
        ({"needs": "meanss"}, "Did you mean means?"),
        ({"needs": "counts"}, "function is missing, which computes yi and vi from counts"),
        ({"needs": "counts", "function": odds_ratio}, "step is missing"),
        ({"needs": "counts", "function": odds_ratio, "step": "{mean1}"}, "step names 'mean1'"),
        ({"options": {"wide": "correction"}}, "function does not take wide"),
        ({"scale": "ratio", "shown": "XR"}, "so label begins with log"),
        ({"converted": frozenset({"RR"})}, "converted has RR; MD, OR, t are"),
    ],
)
def test_a_measure_that_lacks_something_is_refused_with_what_is_missing(
    entry: dict[str, Any], missing: str
) -> None:
    whole = {"label": "X", "words": "X", "needs": "means", "function": smd, "step": "{yi}"}
    if "needs" in entry:
        del whole["function"], whole["step"]
    with pytest.raises(ValueError, match=re.escape(missing)):
        Measure(**{**whole, **entry})


@pytest.mark.parametrize(
    ("said", "measure"),
    [
        ("Std. Mean Difference", "SMD"),
        ("hazard ratio", "HR"),
        (" log or ", "OR"),
        ("MD", "MD"),
        ("Rate Ratio", "IRR"),
        ("relative risk", "RR"),
        ("correlation", None),
        ("", None),
    ],
)
def test_a_measure_is_known_by_every_name_of_its_record(said: str, measure: str | None) -> None:
    assert measure_named(said) == measure


def test_no_two_measures_share_a_name() -> None:
    for key, one in MEASURES.items():
        for name in (key, one.label, one.words, one.ratio or key, *one.names):
            assert measure_named(name) == key


def test_prepost_smd_of_the_five_studies_of_morris_2008() -> None:
    """Morris 2008, d_ppc2; the studies as on metafor's site, "Morris (2008)"."""
    yi, _ = prepost_smd(
        [38.5 - 30.6, 26.8 - 23.5, 0.7 - 0.5, 75.9 - 53.4, 36.0 - 35.6],
        [15.0, 3.1, 0.1, 14.5, 4.7],
        [20, 50, 9, 10, 14],
        [19.7 - 23.1, 25.3 - 24.9, 0.6 - 0.6, 60.7 - 55.7, 33.4 - 34.8],
        [13.8, 4.1, 0.2, 17.3, 3.1],
        [20, 42, 9, 11, 14],
        r=[0.47, 0.64, 0.77, 0.89, 0.44],
    )
    assert yi.round(2).tolist() == [0.77, 0.80, 1.20, 1.05, 0.44]


def test_prepost_variance_is_that_of_simulated_trials() -> None:
    """Morris 2008, against 40,000 simulated trials of 12 and 9 people, r = 0.6, d = -0.7.

    The SD of the simulated variance is 0.7%; 4% would be a wrong term.
    """
    rng = np.random.default_rng(2008)
    n1, n2, r, delta = 12, 9, 0.6, -0.7
    changes, spreads = [], []
    for n, shift in ((n1, delta), (n2, 0.0)):
        before = rng.normal(size=(40_000, n))
        after = r * before + np.sqrt(1 - r**2) * rng.normal(size=before.shape) + shift
        changes.append((after - before).mean(-1))
        spreads.append(before.std(-1, ddof=1))
    yi, _ = prepost_smd(changes[0], spreads[0], n1, changes[1], spreads[1], n2, r=r)
    m = n1 + n2 - 2
    _, expected = prepost_smd(delta / float(approximate_j(np.array(m))), 1, n1, 0, 1, n2, r=r)
    assert yi.var() == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: odds_ratio(0, 10, 0, 12), "trial 1: nobody has the event in either arm"),
        (lambda: risk_ratio([3, 10], 10, [4, 12], 12), "trial 2: everybody has the event"),
        (lambda: odds_ratio(0, 10, 3, 12, zero_cells="none"), "trial 1: an empty cell leaves"),
        (lambda: risk_ratio(11, 10, 3, 12), "events1[1] = 11: there are only 10 people"),
        (lambda: risk_ratio(2.5, 10, 3, 12), "events1[1] = 2.5: people are counted in whole"),
        (lambda: odds_ratio(1, 5, 2, 5, zero_cells="al"), "Did you mean all?"),
        (lambda: ratio_of_means(-1, 1, 9, 2, 1, 9), "means of the same sign"),
        (lambda: prepost_smd(1, 1, 9, 2, 1, 9, r=1), "r[1] = 1: a correlation lies between"),
        (lambda: smd("a", 1, 9, 2, 1, 9), "mean1[1] = a: this is not a number"),
        (lambda: smd([1, "2"], 1, 9, [None, 2], 1, 9), "mean2[1] = None: this is not a number"),
        (lambda: smd([[1, 2], [3, 4]], 1, 9, 2, 1, 9), "one value per trial"),
    ],
)
def test_what_gives_no_effect_is_refused_with_its_position(function, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        function()
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "measure", [k for k, m in MEASURES.items() if m.needs in {"means", "prepost", "counts"}]
)
@pytest.mark.parametrize("n1", [1, 2, 3])
@pytest.mark.parametrize("n2", [1, 2, 3])
def test_the_smallest_arms_have_an_effect_or_are_refused(measure: str, n1: int, n2: int) -> None:
    """An SD needs two people, Δ's J(n2 − 1) three, a pre-post variance five in all.

    What the others have is pinned by metafor in metafor_measures.csv and metafor_effects.csv.
    """
    one = MEASURES[measure]
    defined = True
    if one.needs == "counts":
        yi, vi = one.function(1, n1, 0, n2)
        assert (yi > 0, vi > 0) == (True, True)
        return
    if one.needs == "prepost":
        defined = n1 + n2 > 4
    if measure == "GLASS":
        defined = n2 > 2
    more = {"r": 0.5} if one.needs == "prepost" else {}
    if defined and min(n1, n2) > 1:
        yi, vi = one.function(5, 1.5, n1, 4, 1, n2, **more)
        assert (yi > 0, vi > 0) == (True, True)
    else:
        with pytest.raises(ValueError, match=r"needs two people|needs more than two|is below 5"):
            one.function(5, 1.5, n1, 4, 1, n2, **more)


def test_j_of_many_people_keeps_its_digits() -> None:
    """1 − 3/(4m) − 7/(32 m²): the expansion of Γ(m/2)/(√(m/2) Γ((m − 1)/2)) in 1/m."""
    m = np.array([1e4, 9e4, 1.1e5, 1e6, 1e9, 1e30])
    series = 1 - 3 / (4 * m) - 7 / (32 * m**2)
    np.testing.assert_allclose(CORRECTIONS["exact"](m), series, rtol=1e-10)


def test_revman_corrects_risk_differences_only_where_it_must() -> None:
    """One empty cell leaves a risk difference its variance; two of one kind do not."""
    assert risk_difference(0, 10, 2, 11) == (pytest.approx(-2 / 11), pytest.approx(18 / 1331))
    assert risk_difference(0, 10, 0, 12)[1] > 0


counts = st.integers(1, 30).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(0, n), st.just(n))
)


@given(counts, st.sampled_from(["OR", "RR", "RD"]))
def test_exchanging_the_groups_turns_the_sign(cells, measure: str) -> None:
    a, n1, c, n2 = cells
    try:
        yi, vi = MEASURES[measure].function(a, n1, c, n2)
    except ValueError as refusal:
        assert "in either arm" in str(refusal)
        return
    assert MEASURES[measure].function(c, n2, a, n1) == (pytest.approx(-yi), pytest.approx(vi))
    assert vi > 0


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
    assert any(line.startswith("sd1[2] = 0: a standard deviation must be above 0") for line in lines)
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
