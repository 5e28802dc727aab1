"""Pooled estimates agree with metafor and with themselves, and nothing wrong passes in silence."""

import csv
import dataclasses
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from livingmeta.engine.effect_sizes import mean_difference, smd
from livingmeta.engine.pooling import (
    CONFIDENCE,
    LIKELIHOODS,
    PREDICTION,
    TAU2_INTERVALS,
    PooledEstimate,
    fit,
    pool,
    subgroup_test,
)
from livingmeta.engine.tau2 import TAU2

REFERENCE = Path(__file__).parents[1] / "reference"
AGREEING = ([0.10, 0.12, 0.09, 0.11], [0.04, 0.05, 0.03, 0.06])
Effects = tuple[list[float], list[float]]


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sets() -> dict[str, Effects]:
    found: dict[str, Effects] = defaultdict(lambda: ([], []))
    for row in read("metafor_data.csv"):
        found[row["set"]][0].append(float(row["yi"]))
        found[row["set"]][1].append(float(row["vi"]))
    for row in read("cochrane_sample.csv"):
        arms = [float(row[name]) for name in ("mean1", "sd1", "n1", "mean2", "sd2", "n2")]
        yi, vi = (smd if row["measure"] == "SMD" else mean_difference)(*arms)
        found[f"{row['review']}-{row['analysis']}"][0].append(yi)
        found[f"{row['review']}-{row['analysis']}"][1].append(vi)
    return found


SETS = sets()
POOLS = read("metafor_pools.csv")
TAU2_ROWS = [row for row in read("metafor_tau2.csv") if row["set"] in SETS]
PREDICTIONS = read("metafor_predictions.csv")


def scale_of(quantity: str, result: PooledEstimate) -> float:
    """Natural scale of a quantity: below 1e-8 of it, no difference can matter."""
    if quantity in {"estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"}:
        return result.se
    if quantity.startswith("tau2"):
        return result.k * result.se**2  # the size of a trial's variance
    return 100.0 if quantity.startswith("i2") else 1.0


def agree(result: PooledEstimate, row: dict[str, str], columns: list[str]) -> None:
    """Hold the columns of a pinned answer against a result; an empty cell is None."""
    for quantity in columns:
        ours = getattr(result, quantity)
        if row[quantity] == "":
            assert ours is None, (quantity, row)
            continue
        tolerance = 1e-8 * scale_of(quantity, result)
        assert ours == pytest.approx(float(row[quantity]), rel=1e-8, abs=tolerance), (quantity, row)


# A test for each set: what runs tests spends more on each of a thousand rows than the row takes.
each_set = pytest.mark.parametrize("name", SETS)


def rows_of(rows: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    found = [row for row in rows if row["set"] == name]
    assert found
    return found


@each_set
def test_every_number_agrees_with_metafor(name: str) -> None:
    yi, vi = SETS[name]
    for row in rows_of(POOLS, name):
        result = pool(
            yi,
            vi,
            model="random" if row["tau2_method"] else "common",
            tau2=row["tau2_method"] or None,
            ci=row["ci_method"],
        )
        assert result.k == int(row["k"])
        agree(result, row, list(row)[4:])


def test_tau2_and_its_interval_are_those_viechtbauer_printed() -> None:
    """Viechtbauer 2007, Stat Med 26:37-52, Table II: nine trials of diuretics in pregnancy."""
    found = {name: pool(*SETS["collins1985"], tau2=name) for name in ("DL", "REML")}
    assert {name: round(r.tau2 or 0, 4) for name, r in found.items()} == {"DL": 0.2297, "REML": 0.3008}
    low, high = found["DL"].tau2_low, found["DL"].tau2_high
    assert low is not None
    assert high is not None
    assert (round(low, 4), round(high, 4)) == (0.0723, 2.2027)


@each_set
def test_every_estimator_of_tau2_agrees_with_metafor(name: str) -> None:
    for row in rows_of(TAU2_ROWS, name):
        limits = "profile" if row["tau2_high"] else "q-profile"
        result = pool(*SETS[name], tau2=row["tau2_method"], ci="wald", tau2_ci=limits)
        columns = list(row)[2:] if limits == "profile" else ["tau2", "i2_tau2"]
        agree(result, row, columns)


def test_every_estimator_has_a_pinned_answer_on_every_set() -> None:
    """CA is another name of HE."""
    pinned = {(row["set"], row["tau2_method"]) for row in TAU2_ROWS}
    assert pinned == {(name, tau2) for name in SETS for tau2 in set(TAU2) - {"CA"}}
    assert TAU2["CA"].estimate is TAU2["HE"].estimate


def test_every_interval_and_prediction_has_a_pinned_answer() -> None:
    assert {row["ci_method"] for row in POOLS} | {"profile"} == set(CONFIDENCE)
    """The bootstrap's is that of its authors, below."""
    pinned = {row["pi_method"] for row in PREDICTIONS}
    assert pinned | {"t(k-1)", "nagashima"} == set(PREDICTION)


@pytest.mark.parametrize("row", PREDICTIONS, ids=lambda r: f"{r['set']}-{r['pi_method']}")
def test_every_prediction_interval_agrees_with_metafor(row: dict[str, str]) -> None:
    result = pool(*SETS[row["set"]], ci="wald", prediction=row["pi_method"])
    agree(result, row, ["pi_low", "pi_high"])


@pytest.mark.parametrize("row", read("profile_mean.csv"), ids=lambda r: r["set"])
def test_profile_likelihood_interval_is_where_the_likelihood_has_dropped(row: dict[str, str]) -> None:
    """R's optimise() stops at half the digits of τ², so that the limits agree to 1e-7."""
    result = pool(*SETS[row["set"]], tau2="ML", ci="profile")
    for name in ("ci_low", "ci_high"):
        assert getattr(result, name) == pytest.approx(float(row[name]), abs=1e-7 * result.se)
    assert result.p_value == pytest.approx(float(row["p_value"]), rel=1e-7, abs=1e-12)


@each_set
def test_i2_and_h2_by_q_are_metafors_where_dl_makes_both_kinds_equal(name: str) -> None:
    """metafor's help page of print.rma: with DL its I² and H² are those by Q, cut at 0 and 1."""
    result = pool(*SETS[name], tau2="DL")
    assert result.h2 is not None
    for row in (row for row in rows_of(POOLS, name) if row["tau2_method"] == "DL"):
        assert result.i2 == pytest.approx(float(row["i2_tau2"]), rel=1e-8, abs=1e-6)
        assert max(1.0, result.h2) == pytest.approx(float(row["h2_tau2"]), rel=1e-8)


def test_all_reference_sets_are_compared() -> None:
    names = {row["set"] for row in POOLS}
    assert names == set(SETS)
    assert len([name for name in names if name.startswith("CD")]) == 72
    assert {"bcg", "normand1999"} <= names


@pytest.mark.parametrize("name", [n for n in SETS if n.startswith("CD")])
def test_weights_are_those_revman_printed(name: str) -> None:
    rows = [r for r in read("cochrane_sample.csv") if f"{r['review']}-{r['analysis']}" == name]
    model = rows[0]["model"]
    result = pool(
        *SETS[name],
        model="common" if model == "FE" else "random",
        tau2={"FE": None, "DL": "DL", "REML": "REML"}[model],
    )
    # RevMan prints six decimals; its REML stops early and is off by up to 0.02 points.
    tolerance = 0.025 if model == "REML" else 1.01e-6
    printed = [float(row["revman_weight"]) for row in rows]
    assert np.abs(np.array(result.weights) - printed).max() <= tolerance


# Hartung and Knapp 2001 (Stat Med 20:3875): thirteen placebo-controlled trials of cisapride
CISAPRIDE = (
    (15, 12, 29, 42, 14, 44, 14, 29, 10, 17, 38, 19, 21),
    (16, 16, 34, 56, 22, 54, 17, 58, 14, 26, 44, 29, 38),
    (9, 1, 18, 31, 6, 17, 7, 23, 3, 6, 12, 22, 19),
    (16, 16, 34, 56, 22, 55, 15, 58, 15, 27, 45, 30, 38),
)


def test_the_bootstrap_prediction_interval_is_that_of_its_authors() -> None:
    """Introduction to pimeta, 2025-03-05: 0.533 to 33.692, of 25,000 draws.

    Three standard errors of their quantiles: √(0.025·0.975/25,000) over the density there, which
    is what the limits of a level a little higher and a little lower leave between them.
    """
    events, n, other, of = (np.array(column) for column in CISAPRIDE)
    cells = np.array([events, n - events, other, of - other]) + 0.5
    y, v = np.log(cells[0] * cells[3] / cells[1] / cells[2]), (1 / cells).sum(0)
    ours, wide, narrow = (
        np.array([one.pi_low, one.pi_high])
        for one in (pool(y, v, prediction="nagashima", level=at) for at in (0.95, 0.96, 0.94))
    )
    error = (0.025 * 0.975 / 25_000) ** 0.5 * np.abs(wide - narrow) / 0.01
    assert (np.abs(ours - np.log([0.533, 33.692])) < 3 * error).all()
    assert (error < 0.03).all()


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_bootstrap_prediction_interval_is_that_of_its_draws(level: float) -> None:
    """Step by step: of equal variances the distribution of Q is a chi-square's."""
    y, v, draws = np.array([-0.4, 0.1, 0.2, 0.9, 1.1]), 0.15, 400_000
    rng = np.random.default_rng(2019)
    chi = chi2.ppf(rng.random(draws), 4)
    tau2 = np.maximum(0.0, ((y - y.mean()) ** 2).sum() / chi - v)
    error = y.std(ddof=1) / 5**0.5  # √(Σw(y − μ)²/(k − 1)Σw), whatever τ²
    theta = y.mean() + rng.standard_normal(draws) * tau2**0.5 - rng.standard_t(4, draws) * error
    result = pool(y, [v] * 5, prediction="nagashima", level=level)
    tail = (1 - level) / 2
    near = 4 * (tail * (1 - tail) / draws) ** 0.5
    assert (theta < result.pi_low).mean() == pytest.approx(tail, abs=near)
    assert (theta < result.pi_high).mean() == pytest.approx(1 - tail, abs=near)


def test_the_bootstrap_prediction_interval_knows_no_unit_origin_order_or_batch() -> None:
    rng = np.random.default_rng(5)
    y, v = rng.normal(0, 0.5, (4, 7)), rng.uniform(0.02, 0.4, (4, 7))
    mask = np.arange(7) < np.array([[3], [7], [5], [2]])
    many = fit(y, v, mask, prediction="nagashima")
    assert np.isnan(many.pi_low[3])
    assert fit(y[1], v[1], prediction="nagashima").pi_low == pytest.approx(many.pi_low[1])
    assert fit(y[None], v[None], mask[None], prediction="nagashima").pi_high.shape == (1, 4)
    for i, k in enumerate((3, 7, 5)):
        one = pool(y[i, :k][::-1], v[i, :k][::-1], prediction="nagashima")
        far = pool(1e3 * y[i, :k] + 1e5, 1e6 * v[i, :k], prediction="nagashima", tau2="DL", ci="t")
        assert (one.pi_low, one.pi_high) == pytest.approx((many.pi_low[i], many.pi_high[i]))
        moved = (1e3 * one.pi_low + 1e5, 1e3 * one.pi_high + 1e5)
        assert (far.pi_low, far.pi_high) == pytest.approx(moved, rel=1e-8)


def test_dersimonian_laird_is_never_negative() -> None:
    """statsmodels gives −0.043 here, and an SE that is not a number."""
    result = pool(*AGREEING, tau2="DL")
    assert result.tau2 == 0.0
    assert "tau2_at_zero" in result.flags


def test_modified_interval_is_never_narrower_than_wald() -> None:
    wald = pool(*AGREEING, ci="wald")
    modified = pool(*AGREEING)
    plain = pool(*AGREEING, ci="hksj")
    assert modified.ci_low < wald.ci_low < plain.ci_low
    assert "hksj_narrower_than_wald" in plain.flags
    assert "hksj_narrower_than_wald" not in modified.flags
    assert "hksj_scale_below_one" in modified.flags


def test_only_few_trials_have_a_remark_on_a_narrow_hksj_interval() -> None:
    """Of many trials it is as common as not, and holds the truth as often as it says."""
    told = []
    for k in (3, 10, 11, 200):
        result = pool(np.resize([0.1, 0.2], k), [0.2] * k, ci="hksj")
        told.append("hksj_narrower_than_wald" in result.flags)
    assert told == [True, True, False, False]


@pytest.mark.parametrize("ahead", [*PREDICTION, "none"])
def test_a_prediction_that_takes_tau2_as_estimated_says_so_up_to_twenty_trials(ahead: str) -> None:
    told = []
    for k in (2, 3, 20, 21):
        result = pool(np.linspace(0, 1, k), [0.05] * k, prediction=ahead)
        told.append("few_trials_for_prediction" in result.flags)
    known = ahead in {"t(k-1)", "t(k-2)", "z"}
    assert told == [False, known, known, False]
    if known:
        sure = pool([0.0, 0.1, 0.3], [0.05] * 3, tau2=0.1, prediction=ahead)
        assert "few_trials_for_prediction" not in sure.flags


def test_prediction_interval_equals_the_interval_at_tau2_zero() -> None:
    result = pool(*AGREEING)
    assert result.pi_low == pytest.approx(result.ci_low, abs=1e-12)
    assert result.pi_high == pytest.approx(result.ci_high, abs=1e-12)


def test_an_empty_q_profile_set_is_said_and_not_a_number() -> None:
    result = pool(*AGREEING)
    assert (result.tau2_low, result.tau2_high) == (None, None)
    assert "tau2_interval_empty" in result.flags


def test_q_profile_has_no_cap() -> None:
    """metafor stores 100 here unless its cap is raised."""
    assert pool([0.0, 0.8], [0.04, 0.05]).tau2_high == pytest.approx(325.8, abs=0.1)


def test_one_trial_keeps_its_own_interval() -> None:
    result = pool([-0.5], [0.04])
    assert result.ci_low == pytest.approx(-0.5 - 1.959963984540054 * 0.2)
    assert result.ci_method == "wald"
    assert (result.tau2, result.i2, result.pi_low, result.q, result.tau2_method) == (None,) * 5
    assert result.weights == (100.0,)
    assert {"single_trial", "few_trials"} <= set(result.flags)


def test_two_trials_have_no_prediction_interval() -> None:
    assert pool([0.0, 0.8], [0.04, 0.05]).pi_low is None
    assert pool([0.0, 0.8, 0.4], [0.04, 0.05, 0.05]).pi_low is not None


def test_equal_effects_have_no_statistic_by_plain_hksj() -> None:
    result = pool([1.0, 1.0], [0.5, 0.5], ci="hksj")
    assert result.se == 0.0
    assert result.statistic is None
    assert "hksj_narrower_than_wald" in result.flags


def test_common_effect_has_no_tau2_and_no_prediction() -> None:
    result = pool(*AGREEING, model="common", ci="wald")
    assert (result.tau2, result.tau2_method, result.i2_tau2, result.pi_low) == (None,) * 4
    assert result.q is not None


def test_the_result_goes_to_json() -> None:
    assert json.loads(json.dumps(dataclasses.asdict(pool(*AGREEING)), allow_nan=False))["k"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0.2], [0.0, 0.1]), "vi[1] = 0: a variance must be above 0"),
        (([0.1, float("nan")], [0.1, 0.1]), "yi[2] = nan: this is not a finite number"),
        (([0.1, 0.2], [0.1, float("inf")]), "vi[2] = inf: this is not a finite number"),
        (([0.1, 0.2], [0.1, -0.1]), "vi[2] = -0.1: a variance must be above 0"),
        (([0.1, "0.2"], [0.1, 0.1]), "yi[2] = 0.2: this is not a number"),
        (([0.1, None], [0.1, "x"]), "yi[2] = None: this is not a number"),
        (([0.1, 0.2], [0.1, 1e-320]), "vi[2] = 9.99989e-321: too far from 1 to compute with"),
        (([0.1], [0.1, 0.2]), "yi has 1 values and vi 2"),
        (([], []), "there is no trial to pool"),
        (([1e300, 1.0], [1.0, 1e-320]), "yi[1] = 1e+300: too far from 1 to compute with"),
        (([[0.1, 0.2]], [[0.1, 0.1]]), "one per trial"),
    ],
)
def test_what_cannot_be_pooled_is_refused_with_its_position(arguments: Effects, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        pool(*arguments)
    assert message in str(refusal.value)


def test_all_refusals_are_said_at_once() -> None:
    with pytest.raises(ValueError) as refusal:
        pool([float("inf"), 1, 2], [1, 0, -1], level=95)
    assert len(str(refusal.value).splitlines()) == 4


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"tau2": "PN"}, f"tau2 = 'PN': choose one of {', '.join(TAU2)}. Did you mean PM?"),
        ({"model": "fixed"}, "model = 'fixed': choose one of common, random."),
        ({"ci": "hskj"}, "Did you mean hksj?"),
        ({"prediction": "t(k-3)"}, "Did you mean t(k-2)?"),
        ({"prediction": "nagashima", "tau2": 0.1}, "tau2 = 0.1 takes it as known"),
        ({"prediction": "nagashima", "level": 0.99999}, "is computed up to 0.9999"),
        ({"tau2_ci": "q-prof"}, "Did you mean q-profile?"),
        ({"tau2": "DL", "tau2_ci": "profile"}, "choose tau2 = ML or REML, or tau2_ci = q-profile"),
        ({"tau2": "DL", "ci": "profile"}, "choose tau2 = ML, or another ci"),
    ],
)
def test_unknown_names_get_the_allowed_ones_and_the_nearest(choice: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        pool(*AGREEING, **choice)  # type: ignore[arg-type]
    assert message in str(refusal.value)


effects = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k),
        st.lists(st.floats(0.001, 2), min_size=k, max_size=k),
    )
)
methods = st.sampled_from(
    [
        {"tau2": tau2, "ci": ci, "tau2_ci": tau2_ci}
        for tau2 in sorted(TAU2)
        for ci in sorted(CONFIDENCE)
        for tau2_ci in TAU2_INTERVALS
        if (ci != "profile" or tau2 == "ML") and (tau2_ci == "q-profile" or tau2 in LIKELIHOODS)
    ]
)
Methods = dict[str, str]
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_high")


def close(one: PooledEstimate, other: PooledEstimate, *, factor: float = 1.0) -> None:
    for name in NUMBERS:
        a, b = getattr(one, name), getattr(other, name)
        by = factor**2 if name.startswith("tau2") else factor
        scale = abs(by) * (one.k * one.se**2 + one.se + abs(one.estimate) + (one.tau2 or 0))
        assert (a is None) == (b is None)
        if a is not None:
            assert a * by == pytest.approx(b, rel=1e-7, abs=1e-9 * scale + 1e-13), name


@given(effects, methods, st.randoms())
def test_pooled_estimate_ignores_trial_order(data: Effects, by: Methods, random) -> None:
    order = list(range(len(data[0])))
    random.shuffle(order)
    shuffled = [data[0][i] for i in order], [data[1][i] for i in order]
    close(pool(*data, **by), pool(*shuffled, **by))


@given(effects, methods)
def test_turning_every_sign_turns_the_result(data: Effects, by: Methods) -> None:
    one = pool(*data, **by)
    other = pool([-y for y in data[0]], data[1], **by)
    assert other.estimate == pytest.approx(-one.estimate, abs=1e-12)
    assert other.ci_low == pytest.approx(-one.ci_high, abs=1e-10)
    assert other.tau2 == pytest.approx(one.tau2, rel=1e-9, abs=1e-12)


@given(effects, methods, st.sampled_from([1e-12, 1e-9, 0.1, 7.0, 1e9, 1e12]))
def test_a_change_of_unit_changes_the_unit_only(data: Effects, by: Methods, unit: float) -> None:
    one = pool(*data, **by)
    other = pool([y * unit for y in data[0]], [v * unit**2 for v in data[1]], **by)
    close(one, other, factor=unit)


@given(effects, methods, st.sampled_from([-1e6, 3.0, 1e8]))
def test_a_shift_of_all_effects_shifts_the_result_only(data: Effects, by: Methods, shift: float) -> None:
    moved = [y + shift for y in data[0]]
    one = pool([y - shift for y in moved], data[1], **by)  # what is left of the digits
    other = pool(moved, data[1], **by)
    assert other.estimate - shift == pytest.approx(one.estimate, abs=1e-6)
    for name in ("se", "tau2", "tau2_low", "tau2_high", "q"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        assert a is None or b == pytest.approx(a, rel=1e-9, abs=1e-12)


@given(effects, st.floats(0.05, 2), st.integers(2, 9))
def test_merging_equal_trials_changes_no_common_effect(data: Effects, variance: float, copies: int) -> None:
    yi, vi = data
    split = pool([*yi, *[0.3] * copies], [*vi, *[variance] * copies], model="common", ci="wald")
    merged = pool([*yi, 0.3], [*vi, variance / copies], model="common", ci="wald")
    assert split.estimate == pytest.approx(merged.estimate, abs=1e-12)
    assert split.se == pytest.approx(merged.se, rel=1e-12)


@given(effects, methods)
def test_a_batch_with_a_mask_gives_what_each_set_gives_alone(data: Effects, by: Methods) -> None:
    yi, vi = map(np.array, data)
    k = yi.size
    mask = np.ones((3, k), bool)
    mask[1, 0] = False
    mask[2, 1:] = False
    junk = np.where(mask, np.broadcast_to(yi, mask.shape), np.nan)
    fitted = {name: by[name] for name in ("tau2", "ci")}
    batch = fit(junk, np.broadcast_to(vi, mask.shape), mask, **fitted)
    for i in range(3):
        alone = pool(yi[mask[i]], vi[mask[i]], **by)
        assert batch.estimate[i] == pytest.approx(alone.estimate, abs=1e-9)
        assert batch.ci_low[i] == pytest.approx(alone.ci_low, abs=1e-8 * (1 + alone.se))
        assert batch.k[i] == alone.k
        held = {name for name, flags in batch.flags.items() if flags[i]}
        assert held == set(alone.flags) - {"tau2_interval_empty", "tau2_outside_interval"}


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, 5e-324])
def test_what_stands_where_no_trial_is_present_has_no_effect(junk: float, scale: float) -> None:
    yi, vi = np.array([0.1, 0.5, 0.3]) * scale, np.array([0.1, 0.2, 0.1]) * scale**2
    mask = np.array([[True, True, True, False]])
    batch = fit(np.append(yi, junk), np.append(vi, junk), mask)
    alone = pool(yi, vi)
    assert batch.estimate[0] == pytest.approx(alone.estimate, rel=1e-12)
    assert batch.ci_high[0] == pytest.approx(alone.ci_high, rel=1e-9)


@pytest.mark.parametrize(
    ("yi", "vi", "mask", "level", "words"),
    [
        ([0.1, np.nan], [0.1, 0.1], [True, True], 0.95, "leave it out by the mask"),
        ([0.1, 0.2], [0.1, 0.0], [True, True], 0.95, "leave it out by the mask"),
        ([0.1, 0.2], [0.1, -0.1], [True, True], 0.95, "leave it out by the mask"),
        ([0.1, 0.2], [0.1, 0.1], [False, False], 0.95, "a set without a trial"),
        ([0.1, 0.2], [0.1, 0.1], [True, True], 95, "a level lies between 0 and 1"),
    ],
)
def test_a_batch_refuses_what_cannot_be_pooled(
    yi: list[float], vi: list[float], mask: list[bool], level: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        fit(np.array([yi]), np.array([vi]), np.array([mask]), level=level)


extreme = st.integers(1, 8).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-1e50, 1e50), min_size=k, max_size=k),
        st.lists(st.floats(-50, 50).map(lambda x: 10**x), min_size=k, max_size=k),
    )
)


@given(extreme, methods)
def test_extreme_values_are_computed_or_refused_and_never_nan(data: Effects, by: Methods) -> None:
    try:
        result = pool(*data, **by)
    except ValueError as refusal:
        assert "too far from 1" in str(refusal)  # a variance that 10**x rounded over the edge
    else:
        json.dumps(dataclasses.asdict(result), allow_nan=False)
        assert "not_converged" not in result.flags


@given(effects, methods)
def test_nothing_that_can_be_pooled_gives_nan_or_fails_to_converge(data: Effects, by: Methods) -> None:
    result = pool(*data, **by)
    json.dumps(dataclasses.asdict(result), allow_nan=False)
    assert "not_converged" not in result.flags
    assert result.tau2 is not None
    assert result.tau2 >= 0
    assert sum(result.weights) == pytest.approx(100)


def test_subgroup_test_is_cochrans_q_of_the_subgroups() -> None:
    q, df, p = subgroup_test([0.1, 0.5, -0.2], [0.1, 0.2, 0.3])
    common = pool([0.1, 0.5, -0.2], [0.01, 0.04, 0.09], model="common", ci="wald")
    assert (q, df, p) == (pytest.approx(common.q), 2, pytest.approx(common.q_p))


def test_one_subgroup_cannot_differ() -> None:
    with pytest.raises(ValueError, match="needs two or more"):
        subgroup_test([0.1], [0.1])


def test_the_profile_interval_of_effects_that_agree_lies_about_them() -> None:
    # Two effects 0 with variance 1, seen from μ: τ² = μ² − 1 and D(μ) = 2(log μ² + 1) for μ² > 1,
    # so D reaches χ²(0.95) = 3.8415 at log μ² = 0.9207.
    result = pool([0.0, 0.0], [1.0, 1.0], tau2="ML", ci="profile")
    assert result.ci_high == pytest.approx(np.exp(0.9207294 / 2), abs=1e-6)
    assert result.ci_low == pytest.approx(-result.ci_high, abs=1e-9)


def test_a_standard_error_of_0_has_neither_statistic_nor_p() -> None:
    """HKSJ of equal effects: the SE is 0, and estimate/SE is nothing to look up a P of."""
    found = pool([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], ci="hksj")
    assert (found.se, found.statistic, found.p_value) == (0.0, None, None)


def test_a_truth_value_is_no_known_tau2() -> None:
    with pytest.raises(ValueError, match="tau2 = True: a variance between trials that is taken"):
        pool([0.1, 0.2], [0.1, 0.1], tau2=True)


def test_an_interval_of_tau2_that_does_not_hold_its_estimate_says_so() -> None:
    """R, metafor 3.8: confint(rma(c(0, 0, 3.2), c(1, .01, 1), method = "DL")) warns so, too."""
    found = [pool(yi, vi, tau2="DL", ci="wald") for yi, vi in SEARCHED]
    outside = [
        one.tau2_high is not None and not one.tau2_low - 1e-9 <= one.tau2 <= one.tau2_high + 1e-9
        for one in found
    ]
    assert [("tau2_outside_interval" in one.flags) for one in found] == outside
    assert any(outside)
    assert not all(outside)
    # PM lies where Q is its df, which is between the two quantiles of the Q-profile
    assert not any("tau2_outside_interval" in pool(y, v, tau2="PM").flags for y, v in SEARCHED)


def _searched() -> list[tuple[list[float], list[float]]]:
    rng = np.random.default_rng(1)
    return [(rng.normal(0, 1, 12).tolist(), (10.0 ** rng.uniform(-4, 0, 12)).tolist()) for _ in range(40)]


SEARCHED = _searched()
