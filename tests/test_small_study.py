"""Tests of small-study effects agree with metafor, and refuse where they can't tell anything."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from livingmeta.small_study import battery, begg, egger, egger_smd, peese, trim_and_fill

REFERENCE = Path(__file__).parent / "reference"


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def effects(name: str) -> tuple[list[float], list[float]]:
    if name == "hackshaw1998":
        rows = read("hackshaw1998.csv")
    else:
        rows = [row for row in read("metafor_data.csv") if row["set"] == name]
    return [float(row["yi"]) for row in rows], [float(row["vi"]) for row in rows]


ROWS = read("metafor_small_study.csv")
FIRST = {row["set"]: row for row in ROWS}


@pytest.mark.parametrize("name", FIRST)
def test_regressions_and_ranks_agree_with_metafor(name: str) -> None:
    row = FIRST[name]
    y, v = effects(name)
    line, curve, rank = (test(y, v, force=True) for test in (egger, peese, begg))
    pairs = {
        "egger_t": line.t, "egger_p": line.p_value, "egger_limit": line.limit,
        "egger_low": line.limit_low, "egger_high": line.limit_high, "peese_t": curve.t,
        "peese_limit": curve.limit, "begg_tau": rank.statistic, "begg_p": rank.p_value,
    }  # fmt: skip
    for column, ours in pairs.items():
        assert ours == pytest.approx(float(row[column]), rel=1e-8, abs=1e-10), column


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['set']}-{r['side']}-{r['estimator']}")
def test_trim_and_fill_agrees_with_metafor(row: dict[str, str]) -> None:
    found = trim_and_fill(
        *effects(row["set"]), side=row["side"], estimator=row["estimator"], force=True,
        tau2="DL", ci="wald",
    )  # fmt: skip
    assert found.k0 == int(row["k0"])
    assert found.result.estimate == pytest.approx(float(row["estimate"]), rel=1e-8)
    assert found.result.se == pytest.approx(float(row["se"]), rel=1e-8)


@pytest.mark.parametrize("name", FIRST)
def test_the_side_is_chosen_as_metafor_does(name: str) -> None:
    found = trim_and_fill(*effects(name), force=True, tau2="DL", ci="wald")
    assert found.side == FIRST[name]["default_side"]


@pytest.mark.parametrize("test", [egger, peese, begg, trim_and_fill])
def test_below_ten_trials_they_refuse_unless_forced(test) -> None:
    y, v = effects("normand1999")
    with pytest.raises(ValueError, match="below 10 a test for small-study effects can't tell"):
        test(y, v)
    test(y, v, force=True)
    with pytest.raises(ValueError, match="a line needs 3 or more"):
        test(y[:2], v[:2], force=True)


def test_the_predictor_for_smds_does_not_hold_the_effect() -> None:
    """Large effects alone, in trials of one size pattern, give no slope."""
    rng = np.random.default_rng(2019)
    n = rng.integers(8, 80, 400)
    d = rng.normal(0.9, np.sqrt(2 / n))
    v = 2 / n + d**2 / (4 * n)
    assert egger(d, v).t > 2  # the effect stands in its own SE: a slope out of nothing
    assert abs(egger_smd(d, n, n).t) < 2.5
    assert abs(egger_smd(d, n, n, stabilised=True).t) < 2.5


def test_small_effects_need_no_stabilising() -> None:
    n = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    d = 1e-4 * np.array([3, 1, -2, 4, 1, -1, 2, 0, 1, 1])
    plain, stable = (egger_smd(d, n, n, stabilised=flag) for flag in (False, True))
    assert stable.t == pytest.approx(plain.t, rel=1e-6)
    assert stable.limit is None


def test_turning_every_sign_turns_side_and_estimate() -> None:
    y, v = effects("hackshaw1998")
    one = trim_and_fill(y, v, tau2="DL", ci="wald")
    other = trim_and_fill([-x for x in y], v, tau2="DL", ci="wald")
    assert {one.side, other.side} == {"left", "right"}
    assert (one.k0, one.result.estimate) == (other.k0, pytest.approx(-other.result.estimate))


def test_pet_and_peese_of_smds_rest_on_a_standard_error_without_the_effect() -> None:
    """R: lm(d ~ sqrt(w), weights = 1/w) and lm(d ~ w, weights = 1/w), w <- 1/n1 + 1/n2."""
    d = [0.9, 0.7, 0.8, 0.4, 0.5, 0.35, 0.3, 0.25, 0.2, 0.22]
    sizes = [(10, 12), (12, 11), (14, 15), (20, 22), (25, 24), (30, 33), (45, 40), (60, 66),
             (80, 82), (100, 95)]  # fmt: skip
    v = [1 / a + 1 / b + y**2 / (2 * (a + b)) for y, (a, b) in zip(d, sizes, strict=True)]
    tests = {one.name: one for one in battery(d, v, sizes=sizes)[0]}
    told = {name: one for name, one in tests.items() if one.limit is not None}
    assert set(told) == {"Egger for SMDs (PET)", "PEESE for SMDs"}
    pet, peese_ = told["Egger for SMDs (PET)"], told["PEESE for SMDs"]
    ours = (pet.limit, pet.limit_low, pet.limit_high, peese_.limit, peese_.limit_low,
            peese_.limit_high)  # fmt: skip
    theirs = (-0.116927369503, -0.241144528644, 0.007289789637,
              0.119773306043, 0.063543945005, 0.176002667082)  # fmt: skip
    assert ours == pytest.approx(theirs, rel=1e-9)
    unknown = battery(d, v, sizes=[(None, 12), *sizes[1:]])[0]
    assert all(one.limit is None for one in unknown)  # arm sizes not known: no line of that kind


def test_equal_precision_has_no_line() -> None:
    with pytest.raises(ValueError, match="the same predictor"):
        egger(list(range(12)), [0.1] * 12)


def test_the_command_refuses_small_syntheses_and_draws_large_ones(say, tmp_path: Path) -> None:
    said = say("small-study", "smith2017", "--out", str(tmp_path))
    assert said.status == 0
    assert "can't tell chance from bias" in said.flat
    words = ("small-study", "knee_oa", "--synthesis", "pain-post", "--out", str(tmp_path))
    said = say(*words)
    assert "Egger for SMDs" in said.out
    assert "trim and fill" in said.out
    assert list((tmp_path / "knee_oa").glob("funnel_pain-post*.png"))
    forced = say("small-study", "smith2017", "--force", "--out", str(tmp_path))
    assert "flag few_trials_for_funnel" in forced.flat
    document = json.loads(say("small-study", "smith2017", "--force", "--json").out)
    tests = document[0]["tests"]
    assert all("few_trials_for_funnel" in one["flags"] for one in tests)


def test_the_funnel_shows_the_trials_where_they_are() -> None:
    from livingmeta.funnels import funnel_plot
    from livingmeta.review import load_review
    from livingmeta.synthesis import synthesise

    pool = next(p for p in synthesise(load_review("knee_oa")) if p.synthesis == "pain-post")
    ax = funnel_plot(pool)
    lines = {line.get_gid(): line for line in ax.lines}
    assert lines["trials"].get_xdata().tolist() == [effect.yi for effect in pool.effects]
    np.testing.assert_allclose(
        lines["trials"].get_ydata() ** 2, [effect.vi for effect in pool.effects]
    )
    assert pool.result is not None
    assert lines["estimate"].get_xdata()[0] == pool.result.estimate
    assert ax.get_ylim()[0] > ax.get_ylim()[1] == 0  # the most precise on top
