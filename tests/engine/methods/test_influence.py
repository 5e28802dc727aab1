"""Leaving a trial out gives what pooling the others gives, and what metafor calls influence."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.methods import influence as module
from livingmeta.engine.methods.influence import MEASURED, cumulative, influence, leave_one_out
from livingmeta.engine.pooling import pool
from livingmeta.engine.tau2 import TAU2

REFERENCE = Path(__file__).parents[2] / "reference"


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = read("metafor_influence.csv")
CASES = sorted({(row["set"], row["tau2_method"], row["ci_method"]) for row in ROWS})


@pytest.mark.parametrize(("name", "tau2", "ci"), CASES)
def test_influence_and_leave_one_out_agree_with_metafor(name: str, tau2: str, ci: str) -> None:
    data = [row for row in read("metafor_data.csv") if row["set"] == name]
    yi, vi = ([float(row[column]) for row in data] for column in ("yi", "vi"))
    rows = [r for r in ROWS if (r["set"], r["tau2_method"], r["ci_method"]) == (name, tau2, ci)]
    found = influence(yi, vi, tau2=tau2, ci=ci)
    left = leave_one_out(yi, vi, tau2=tau2, ci=ci)
    scale = {"tau2": np.mean(vi), "q": 1.0}
    for column in list(rows[0])[4:]:
        holder = found if hasattr(found, column) else left
        ours = getattr(holder, column)
        # empty where metafor's search did not converge without the trial; ours always does
        known = np.array([row[column] != "" for row in rows])
        theirs = np.array([float(row[column] or 0) for row in rows])[known]
        assert known.mean() > 0.6
        assert np.isfinite(ours).all()
        atol = 1e-8 * scale.get(column, max(1.0, float(np.abs(theirs).max())))
        np.testing.assert_allclose(ours[known], theirs, rtol=1e-8, atol=atol, err_msg=column)


GROWTHS = read("metafor_cumulative.csv")
ORDERED = sorted({(r["set"], r["tau2_method"], r["ci_method"], r["by"]) for r in GROWTHS})


@pytest.mark.parametrize(("name", "tau2", "ci", "by"), ORDERED)
def test_trial_by_trial_agrees_with_metafor(name: str, tau2: str, ci: str, by: str) -> None:
    data = [row for row in read("metafor_data.csv") if row["set"] == name]
    yi, vi = (np.array([float(row[column]) for row in data]) for column in ("yi", "vi"))
    key = (name, tau2, ci, by)
    rows = [r for r in GROWTHS if (r["set"], r["tau2_method"], r["ci_method"], r["by"]) == key]
    order = [int(row["trial"]) - 1 for row in rows]
    if by == "precision":
        assert vi[order].tolist() == sorted(vi)
    found = cumulative(yi, vi, order, tau2=tau2, ci=ci)
    for column in ("estimate", "se", "ci_low", "ci_high", "tau2"):
        # the first is one trial, pooled with nothing; empty where metafor's search did not converge
        known = np.array([i > 0 and row[column] != "" for i, row in enumerate(rows)])
        theirs = [float(row[column]) for row, is_known in zip(rows, known, strict=True) if is_known]
        ours = getattr(found, column)[known]
        assert known.mean() > 0.6
        atol = 1e-8 * (np.mean(vi) if column == "tau2" else 1)
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=atol, err_msg=column)


sets = st.integers(3, 9).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k),
        st.lists(st.floats(0.001, 2), min_size=k, max_size=k),
    )
)


@given(sets, st.sampled_from(sorted(TAU2)))
def test_without_a_trial_the_others_are_pooled(data, tau2: str) -> None:
    yi, vi = map(np.array, data)
    found = leave_one_out(yi, vi, tau2=tau2)
    for i in range(yi.size):
        alone = pool(np.delete(yi, i), np.delete(vi, i), tau2=tau2)
        assert found.estimate[i] == pytest.approx(alone.estimate, abs=1e-9)
        assert found.se[i] == pytest.approx(alone.se, rel=1e-7, abs=1e-12)


@given(sets)
def test_trials_that_agree_have_no_influence(data) -> None:
    _, vi = data
    found = influence(np.full(len(vi), 0.4), vi, ci="wald")
    assert np.abs(found.cook).max() < 1e-12
    assert np.abs(found.rstudent).max() < 1e-6
    assert found.hat.sum() == pytest.approx(1)


def test_too_few_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing is left to pool"):
        leave_one_out([0.1], [0.1])
    with pytest.raises(ValueError, match="influence needs three or more"):
        influence([0.1, 0.2], [0.1, 0.1])


def test_what_an_interval_without_width_would_divide_is_not_computed() -> None:
    found = influence([0.1, 0.1, 0.5], [0.1, 0.2, 0.3], ci="hksj")  # the first two are equal
    for name in ("rstudent", "dffits", "dfbetas", "baujat_y"):
        assert np.isnan(getattr(found, name)).tolist() == [False, False, True], name
    assert found.hat.sum() == pytest.approx(1)


def test_many_trials_are_left_out_some_at_a_time_with_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(5)
    y, v, order = random.normal(size=50), random.uniform(0.01, 0.4, 50), random.permutation(50).tolist()

    def found() -> list[np.ndarray]:
        left, grown, moved = leave_one_out(y, v), cumulative(y, v, order), influence(y, v)
        flags = [fit.flags[name] for fit in (left, grown) for name in sorted(fit.flags)]
        return [*left[:-2], *grown[:-2], *flags, *(getattr(moved, name) for name in MEASURED)]

    at_once = found()
    monkeypatch.setattr(module, "AT_ONCE", 300)
    monkeypatch.setattr(module, "MANY", 20)
    for whole, parts in zip(at_once, found(), strict=True):
        np.testing.assert_allclose(parts, whole, rtol=1e-12)
    assert leave_one_out(y, v).weights.shape == (50, 0)
