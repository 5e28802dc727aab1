"""Regressions agree with metafor, robust variances with clubSandwich, bad designs are refused."""

import csv
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.methods import regression as engine_regression
from livingmeta.engine.methods.regression import MetaRegression, common_tau2, meta_regression
from livingmeta.engine.pooling import CONFIDENCE, pool, subgroup_test
from livingmeta.engine.tau2 import TAU2

REFERENCE = Path(__file__).parents[2] / "reference"
Data = dict[str, list]


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sets() -> dict[str, Data]:
    found: dict[str, Data] = {}
    for row in read("regression_data.csv"):
        one = found.setdefault(row["set"], {name: [] for name in list(row)[1:]})
        for name in ("yi", "vi", "x"):
            one[name].append(float(row[name]))
        for name in ("word", "cluster"):
            one[name].append(row[name])
    return found


SETS = sets()
BCG = SETS["bcg"]
ROWS = read("metafor_regressions.csv")
CASES = sorted({(row["set"], row["tau2_method"], row["ci_method"]) for row in ROWS})


def fitted(data: Data, names: tuple[str, ...] = ("x", "word"), **options) -> MetaRegression:
    moderators = {name: data[name] for name in names}
    return meta_regression(data["yi"], data["vi"], moderators, **options)


@pytest.mark.parametrize(("name", "tau2", "ci"), CASES)
def test_every_regression_agrees_with_metafor(name: str, tau2: str, ci: str) -> None:
    rows = [r for r in ROWS if (r["set"], r["tau2_method"], r["ci_method"]) == (name, tau2, ci)]
    chosen = {"tau2": tau2} if tau2 else {"model": "common"}
    found = fitted(SETS[name], ci=ci, **chosen)
    assert len(found.coefficients) == len(rows)
    for one, row in zip(found.coefficients, rows, strict=True):
        for column in ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value"):
            theirs = pytest.approx(float(row[column]), rel=1e-8, abs=1e-8 * one.se)
            assert getattr(one, column) == theirs, (one.name, column)
    for column in ("tau2", "tau2_low", "tau2_high", "i2", "r2", "qe", "qe_p", "qm", "qm_p"):
        ours, theirs_ = getattr(found, column), rows[0][column]
        if theirs_ == "":
            assert ours is None, column
        else:
            assert ours == pytest.approx(float(theirs_), rel=1e-8, abs=1e-8), column


@pytest.mark.parametrize("tau2", [name for name, one in TAU2.items() if one.metafor and name != "CA"])
@pytest.mark.parametrize("name", SETS)
def test_every_estimator_agrees_with_metafor_in_a_regression(name: str, tau2: str) -> None:
    (row,) = (
        row
        for row in read("metafor_tau2.csv")
        if (row["set"], row["tau2_method"]) == (f"{name} ~ x + word", tau2)
    )
    found = fitted(SETS[name], tau2=tau2)
    assert found.tau2 == pytest.approx(float(row["tau2"]), rel=1e-8, abs=1e-8)
    assert found.i2 == pytest.approx(float(row["i2_tau2"]), rel=1e-8, abs=1e-8)


def test_every_interval_is_compared_in_a_regression() -> None:
    assert {ci for _, _, ci in CASES} == set(CONFIDENCE) - {"profile"}


@pytest.mark.parametrize("model", ["mean", "x", "x + word"])
def test_cluster_robust_variances_and_df_are_those_of_clubsandwich(model: str) -> None:
    rows = [row for row in read("clubsandwich.csv") if row["model"] == model]
    names = () if model == "mean" else tuple(model.split(" + "))
    data = SETS["assink2016"]
    found = fitted(data, names, cluster=data["cluster"])
    assert found.clusters == len(set(data["cluster"]))
    # one study alone has effects on covert delinquency: only the slope on x has a variance
    held = [one.name == "x" or model != "x + word" for one in found.coefficients]
    for one, row, has in zip(found.coefficients, rows, held, strict=True):
        assert one.estimate == pytest.approx(float(row["estimate"]), rel=1e-8)
        for column in ("se", "df", "p_value"):
            theirs = pytest.approx(float(row[column]), rel=1e-8) if has else None
            assert getattr(one, column) == theirs, one.name


@pytest.mark.parametrize("intercept", [True, False])
def test_what_one_cluster_alone_determines_has_no_robust_variance(intercept: bool) -> None:
    """clubSandwich: SE 0 and neither df nor P for the mean of one study of one effect.

    The contrast with it has no more: its SE would be that of the others' mean alone.
    """
    data = SETS["assink2016"]
    single = next(one for one in data["cluster"] if data["cluster"].count(one) == 1)
    where = ["one" if one == single else "all" for one in data["cluster"]]
    found = meta_regression(
        data["yi"], data["vi"], {"where": where}, intercept=intercept, cluster=data["cluster"]
    )
    rows = [row for row in read("clubsandwich.csv") if row["model"] == "alone"]
    assert rows[1]["df"] == rows[1]["p_value"] == ""
    others, alone = found.coefficients
    for column in ("estimate", "se", "df", "p_value"):
        assert getattr(others, column) == pytest.approx(float(rows[0][column]), rel=1e-8)
    mean = alone.estimate + (others.estimate if intercept else 0)
    assert mean == pytest.approx(float(rows[1]["estimate"]))
    undefined = (alone.se, alone.ci_low, alone.ci_high, alone.statistic, alone.df, alone.p_value)
    assert undefined == (None,) * 6
    assert "one_cluster_determines" in found.flags


def test_what_several_effects_of_one_cluster_determine_has_no_robust_variance() -> None:
    """Their scatter within the cluster says nothing of how clusters differ."""
    data = SETS["assink2016"]
    where = [float(one == data["cluster"][0]) for one in data["cluster"]]
    found = meta_regression(data["yi"], data["vi"], {"where": where, "x": data["x"]}, cluster=data["cluster"])
    assert [one.se is None for one in found.coefficients] == [False, True, False]


def test_r2_is_told_only_where_the_mean_is_a_special_case() -> None:
    """Without a constant there is no mean to compare with; metafor has no R² either (NULL)."""
    whole, parts = fitted(BCG, ("word",)), fitted(BCG, ("word",), intercept=False)
    assert parts.r2 == pytest.approx(whole.r2, abs=1e-9)
    assert fitted(BCG, ("x",), intercept=False).r2 is None
    assert fitted(BCG, ("x",)).r2 > 50


@pytest.mark.parametrize("tau2", ["DL", "REML", "PM"])
def test_subgroups_with_a_common_tau2_are_those_of_metafor(tau2: str) -> None:
    rows = [row for row in read("metafor_subgroups.csv") if row["tau2_method"] == tau2]
    common = common_tau2(BCG["yi"], BCG["vi"], BCG["word"], tau2=tau2)
    assert common == pytest.approx(float(rows[0]["tau2"]), rel=1e-8)
    estimates, ses = [], []
    for row in rows:
        part = [i for i, word in enumerate(BCG["word"]) if word == row["level"]]
        result = pool([BCG["yi"][i] for i in part], [BCG["vi"][i] for i in part], tau2=common, ci="wald")
        assert result.estimate == pytest.approx(float(row["estimate"]), rel=1e-8)
        assert result.se == pytest.approx(float(row["se"]), rel=1e-8)
        estimates.append(result.estimate)
        ses.append(result.se)
    q, df, p = subgroup_test(estimates, ses)
    assert (q, df) == (pytest.approx(float(rows[0]["q"]), rel=1e-8), len(rows) - 1)
    assert p == pytest.approx(float(rows[0]["p_value"]), rel=1e-8)


def test_few_degrees_of_freedom_are_flagged() -> None:
    data = SETS["assink2016"]
    few = [f"{int(i > 50)}" for i in range(len(data["yi"]))]
    assert "few_clusters" in fitted(data, ("x",), cluster=few).flags
    assert "few_clusters" not in fitted(data, (), cluster=data["cluster"]).flags


@given(st.sampled_from(sorted(TAU2)), st.sampled_from(["wald", "t", "hksj", "hksj-modified"]))
def test_a_regression_on_nothing_is_the_pooled_mean(tau2: str, ci: str) -> None:
    found = fitted(BCG, (), tau2=tau2, ci=ci)
    mean = pool(BCG["yi"], BCG["vi"], tau2=tau2, ci=ci)
    (one,) = found.coefficients
    assert one.estimate == pytest.approx(mean.estimate, rel=1e-10)
    assert (one.ci_low, one.ci_high) == pytest.approx((mean.ci_low, mean.ci_high), rel=1e-9)
    assert (found.tau2, found.i2) == pytest.approx((mean.tau2, mean.i2_tau2), rel=1e-9)
    assert found.qe == pytest.approx(mean.q)


def test_each_effect_its_own_cluster_gives_what_hksj_gives_for_equal_variances() -> None:
    """With equal weights CR2 of single effects is the usual variance of a mean, with k − 1 df."""
    y = [0.1, 0.5, -0.2, 0.9, 0.3]
    robust = meta_regression(y, [0.2] * 5, {}, cluster=list(range(5))).coefficients[0]
    plain = pool(y, [0.2] * 5, ci="hksj")
    assert (robust.se, robust.df) == (pytest.approx(plain.se), pytest.approx(4))


k = len(BCG["yi"])


@given(st.permutations(range(k)))
def test_the_order_of_effects_changes_nothing(order: list[int]) -> None:
    mixed = {name: [values[i] for i in order] for name, values in BCG.items()}
    for one, other in zip(fitted(BCG).coefficients, fitted(mixed).coefficients, strict=True):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9, abs=1e-11)
        assert one.se == pytest.approx(other.se, rel=1e-9)


@given(st.sampled_from([1e-9, 1e-3, 40.0, 1e9]), st.floats(-50, 50))
def test_unit_and_origin_of_a_moderator_change_its_coefficient_only(unit, origin) -> None:
    moved = {**BCG, "x": [(x + origin) * unit for x in BCG["x"]]}
    one, other = fitted(BCG), fitted(moved)
    assert other.tau2 == pytest.approx(one.tau2, rel=1e-7)
    assert other.coefficients[1].estimate * unit == pytest.approx(one.coefficients[1].estimate, rel=1e-6)
    assert other.qm == pytest.approx(one.qm, rel=1e-6)


@given(st.sampled_from([1e-9, 1e-3, 40.0, 1e9]))
def test_the_unit_of_the_effects_changes_the_unit_only(unit: float) -> None:
    moved = {**BCG, "yi": [y * unit for y in BCG["yi"]], "vi": [v * unit**2 for v in BCG["vi"]]}
    one, other = fitted(BCG), fitted(moved)
    assert other.tau2 == pytest.approx(one.tau2 * unit**2, rel=1e-8)
    for a, b in zip(one.coefficients, other.coefficients, strict=True):
        assert b.estimate == pytest.approx(a.estimate * unit, rel=1e-8)


designs = st.integers(4, 9).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k),
        st.lists(st.floats(-6, 2).map(lambda x: 10**x), min_size=k, max_size=k),
        st.lists(st.integers(-5, 5), min_size=k, max_size=k),
    )
)


@given(designs, st.sampled_from(sorted(TAU2)), st.sampled_from(["wald", "hksj-modified"]))
def test_any_design_is_fitted_or_refused_with_a_reason(data, tau2: str, ci: str) -> None:
    y, v, x = data
    try:
        found = meta_regression(y, v, {"x": x}, tau2=tau2, ci=ci)
    except ValueError as refusal:
        assert "follows from" in str(refusal)
        assert len(set(x)) == 1
        return
    assert found.tau2 >= 0
    assert "not_converged" not in found.flags
    assert all(np.isfinite(one.estimate) and one.se >= 0 for one in found.coefficients)


@pytest.mark.parametrize(
    ("moderators", "message"),
    [
        ({"ones": [1.0] * 13}, "ones follows from intercept"),
        ({"x": BCG["x"], "twice": [2 * x + 1 for x in BCG["x"]]}, "twice follows from intercept, x"),
        ({"x": BCG["x"][:4]}, "x has 4 values for 13 effects"),
        ({"x": [float("nan"), *BCG["x"][1:]]}, "x[1] = nan: this is not a finite number"),
        ({"x": [None, *BCG["x"][1:]]}, "x[1] = None"),
        ({"word": ["", *BCG["word"][1:]]}, "word[1] = : this is no level"),
        ({f"x{i}": list(np.random.default_rng(i).normal(size=13)) for i in range(13)}, "13 effects"),
    ],
)
def test_designs_that_say_nothing_are_refused_with_the_reason(moderators, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        meta_regression(BCG["yi"], BCG["vi"], moderators)
    assert message in str(refusal.value)


def test_clusters_must_be_several_and_one_per_effect() -> None:
    with pytest.raises(ValueError, match="two clusters or more"):
        fitted(BCG, cluster=["a"] * 13)
    with pytest.raises(ValueError, match="cluster has 2 values for 13 effects"):
        fitted(BCG, cluster=["a", "b"])


@pytest.mark.parametrize("tau2", TAU2)
def test_a_regression_of_many_effects_keeps_its_digits_without_the_whole_basis(
    tau2: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One effect alone determines a coefficient, so that 1 − h of it is 0 but for rounding."""
    random = np.random.default_rng(3)
    y, v = random.normal(size=60), random.uniform(0.01, 0.4, 60)
    moderators = {"x": random.normal(size=60).tolist(), "alone": [1.0, *[0.0] * 59]}
    whole = meta_regression(y, v, moderators, tau2=tau2)
    monkeypatch.setattr(engine_regression, "MANY", 5)
    lean = meta_regression(y, v, moderators, tau2=tau2)
    for name in ("tau2", "tau2_low", "tau2_high", "i2", "qe", "qm"):
        assert getattr(lean, name) == pytest.approx(getattr(whole, name), rel=1e-8), name


@pytest.mark.parametrize("size", [1, 10])
def test_memory_of_a_regression_grows_with_its_effects_and_not_with_their_square(size: int) -> None:
    random, k = np.random.default_rng(4), 4000
    y, v, x = random.normal(size=k), random.uniform(0.01, 0.4, k), random.normal(size=k).tolist()
    tracemalloc.start()
    result = meta_regression(y, v, {"x": x}, cluster=[i // size for i in range(k)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.clusters == k // size
    assert peak < 8 * k * k / 2


CROSSED: dict[str, Data] = {}
for _row in read("interactions_data.csv"):
    _one = CROSSED.setdefault(_row["set"], {name: [] for name in list(_row)[1:]})
    for _name, _value in list(_row.items())[1:]:
        _one[_name].append(_value if _name in "ab" else float(_value))
ANSWERS = read("metafor_interactions.csv")
LINES = read("metafor_lines.csv")
TESTS = {"z": "wald", "knha": "hksj"}


def crossed(name: str, term: str, **options) -> MetaRegression:
    data, term = CROSSED[name], tuple(term.split(" * "))
    moderators = {moderator: data[moderator] for moderator in term}
    return meta_regression(data["yi"], data["vi"], moderators, interactions=[term], **options)


@pytest.mark.parametrize(
    ("name", "model", "test"), sorted({(row["set"], row["model"], row["test"]) for row in ANSWERS})
)
def test_every_interaction_agrees_with_metafor(name: str, model: str, test: str) -> None:
    rows = [row for row in ANSWERS if (row["set"], row["model"], row["test"]) == (name, model, test)]
    found = crossed(name, model, ci=TESTS[test])
    assert len(found.coefficients) == len(rows)
    for one, row in zip(found.coefficients, rows, strict=True):
        for column in ("estimate", "se", "ci_low", "ci_high", "p_value"):
            theirs = pytest.approx(float(row[column]), rel=1e-8, abs=1e-8 * one.se)
            assert getattr(one, column) == theirs, (one.name, column)
    (alone,) = found.tests  # the moderators stand in it
    for ours, column in (
        (found.tau2, "tau2"),
        (found.qm, "qm"),
        (found.qm_p, "qm_p"),
        (alone.statistic, "interaction"),
        (alone.p_value, "interaction_p"),
    ):
        assert ours == pytest.approx(float(rows[0][column]), rel=1e-8, abs=1e-9), column


@pytest.mark.parametrize(("name", "test"), sorted({(row["set"], row["test"]) for row in LINES}))
def test_a_line_and_its_intervals_are_those_of_metafors_predict(name: str, test: str) -> None:
    rows = [row for row in LINES if (row["set"], row["test"]) == (name, test)]
    at = {"x": [float(row["x"]) for row in rows], "a": [row["a"] for row in rows]}
    for one, row in zip(crossed(name, "x * a", ci=TESTS[test]).predict(at), rows, strict=True):
        for column in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
            theirs = pytest.approx(float(row[column]), rel=1e-8, abs=1e-8 * one.se)
            assert getattr(one, column) == theirs, (row, column)


def test_a_robust_interval_of_a_prediction_is_that_of_its_coefficient() -> None:
    """At x = 0 the mean is the intercept; for a common effect there is nothing to predict."""
    data = SETS["assink2016"]
    found = fitted(data, ("x",), cluster=data["cluster"])
    (at,), start = found.predict({"x": [0]}), found.coefficients[0]
    assert (at.estimate, at.se, at.ci_low) == pytest.approx((start.estimate, start.se, start.ci_low))
    moved = fitted({**data, "x": [x - 3 for x in data["x"]]}, ("x",), cluster=data["cluster"])
    (at,) = found.predict({"x": [3]})
    assert (at.ci_low, at.ci_high) == pytest.approx(
        (moved.coefficients[0].ci_low, moved.coefficients[0].ci_high)
    )
    assert at.pi_low is None
    assert fitted(BCG, ("x",), model="common").predict({"x": [30]})[0].pi_high is None


PLACED = {"site": ["a", "a", "b", "b", "a", "b", "b"], "dose": [1.0, 2, 3, 4, 5, 6, 7]}


@pytest.mark.parametrize(
    ("moderators", "interactions", "message"),
    [
        (PLACED, ["site:dose:age"], "site:dose, site:age, dose:age are not"),
        (PLACED, [("site", "age")], "fitted too, and age is not"),
        ({"dose": PLACED["dose"]}, ["dose:dose"], "a column of its squares"),
        (PLACED, "site:dose", "give a list"),
        (
            {**PLACED, "tool": ["x", "y", "x", "x", "y", "x", "x"]},
            [("site", "tool")],
            'no effect has site = b and tool = y: the interaction "site:tool" can\'t be estimated',
        ),
        (
            {**PLACED, "dose": [2, 2, 3, 4, 2, 6, 7]},
            [("site", "dose")],
            "all 3 effects with site = a have dose = 2, and so no slope",
        ),
        (
            {"site": [*"abbbbbb"], "dose": PLACED["dose"]},
            [("dose", "site")],
            "the one effect with site = a has dose = 1, and so no slope",
        ),
    ],
)
def test_an_interaction_that_cannot_be_told_is_refused_by_its_cause(
    moderators, interactions, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        meta_regression([0.1, 0.4, 0.2, 0.9, 0.5, 0.3, 0.7], [0.1] * 7, moderators, interactions=interactions)


def test_levels_of_an_interaction_with_fewer_than_three_effects_are_flagged() -> None:
    found = crossed("bcg", "x * a")
    assert {cell.name: cell.k for cell in found.cells} == {"a = other": 6, "a = random": 7}
    assert "few_trials_in_cell" not in found.flags
    few = {"site": [*"aabbbbb"], "dose": PLACED["dose"]}
    fits = [
        meta_regression([0.1, 0.4, 0.2, 0.9, 0.5, 0.3, 0.7], [0.1] * 7, few, interactions=terms)
        for terms in ([], ["site:dose"])
    ]
    assert ["few_trials_in_cell" in fit.flags for fit in fits] == [False, True]


def test_two_levels_that_interact_with_a_number_are_two_regressions_of_one_tau2() -> None:
    found = crossed("raudenbush1985", "x * a", model="common")
    data = CROSSED["raudenbush1985"]
    for level in ("group", "indiv"):
        part = {name: [v for v, a in zip(data[name], data["a"], strict=True) if a == level] for name in data}
        own = meta_regression(part["yi"], part["vi"], {"x": part["x"]}, model="common")
        at = {"x": [0.0, 10.0], "a": [level, level]}
        for ours, theirs in zip(found.predict(at), own.predict({"x": [0.0, 10.0]}), strict=True):
            assert (ours.estimate, ours.se) == pytest.approx((theirs.estimate, theirs.se), rel=1e-10)
