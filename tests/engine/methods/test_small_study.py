"""Tests of small-study effects agree with metafor, and refuse where they can't tell anything."""

import csv
import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.legend import Legend

import livingmeta as lm
from livingmeta.appraisal.certainty import summary_of_findings
from livingmeta.appraisal.missing_evidence import funnel_of
from livingmeta.engine.counts import odds_ratio, risk_difference, risk_ratio
from livingmeta.engine.methods.small_study import (
    EGGER_ON_RATIOS,
    Funnel,
    battery,
    begg,
    egger,
    egger_smd,
    harbord,
    peese,
    peters,
    suited,
    trim_and_fill,
)
from livingmeta.exchange.imports import reviews_in
from livingmeta.figures.style import caption_of
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise

REFERENCE = Path(__file__).parents[2] / "reference"


def read(name: str, folder: Path = REFERENCE) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
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
        "egger_t": line.t,
        "egger_p": line.p_value,
        "egger_limit": line.limit,
        "egger_low": line.limit_low,
        "egger_high": line.limit_high,
        "peese_t": curve.t,
        "peese_limit": curve.limit,
        "begg_tau": rank.statistic,
        "begg_p": rank.p_value,
    }
    for column, ours in pairs.items():
        assert ours == pytest.approx(float(row[column]), rel=1e-8, abs=1e-10), column


COUNTS = {
    name: list(rows) for name, rows in groupby(read("small_study_counts.csv"), key=lambda row: row["set"])
}


def counts(name: str) -> list[tuple[float, ...]]:
    """Return events and people of group 1 and of group 2, a tuple of each."""
    columns = ("events1", "n1", "events2", "n2")
    return [tuple(float(row[column]) for row in COUNTS[name]) for column in columns]


@pytest.mark.parametrize("name", COUNTS)
def test_tests_of_counts_agree_with_r(name: str) -> None:
    """R: lm(yi ~ I(1/n), weights = 1/(1/d + 1/h)); regtest(PETO, model = "lm")."""
    row = COUNTS[name][0]
    by_people, by_score = (test(*counts(name), force=True) for test in (peters, harbord))
    pairs = {
        "peters_slope": by_people.statistic,
        "peters_t": by_people.t,
        "peters_p": by_people.p_value,
        "peters_limit": by_people.limit,
        "harbord_slope": by_score.statistic,
        "harbord_t": by_score.t,
        "harbord_p": by_score.p_value,
    }
    for column, ours in pairs.items():
        assert ours == pytest.approx(float(row[column]), rel=1e-8, abs=1e-10), column


@pytest.mark.parametrize("test", [peters, harbord])
def test_tests_of_counts_turn_with_the_groups_and_with_the_event(test) -> None:
    a, one, c, two = counts("egger2001")
    found = test(a, one, c, two)
    swapped = test(c, two, a, one)
    without = test(
        [n - x for x, n in zip(a, one, strict=True)], one, [n - x for x, n in zip(c, two, strict=True)], two
    )
    for other in (swapped, without):
        assert other.statistic == pytest.approx(-found.statistic)
        assert other.p_value == pytest.approx(found.p_value)


@pytest.mark.parametrize("test", [peters, harbord])
def test_trials_in_which_nobody_or_everybody_has_the_event_tell_nothing(test) -> None:
    told = counts("egger2001")
    found = test(*told)
    empty = [(*x, *more) for x, more in zip(told, [(0, 9), (8, 9), (0, 7), (8, 7)], strict=True)]
    assert test(*empty) == found
    with pytest.raises(ValueError, match="2 trials in which some, not all, have the event"):
        test([1, 2, 0], [9, 9, 9], [1, 1, 0], [9, 9, 9], force=True)
    with pytest.raises(ValueError, match=r"events2\[2\] = 12: there are only 9 people"):
        test([1, 2, 0], [9, 9, 9], [1, 12, 0], [9, 9, 9], force=True)


def funnel(name: str = "egger2001", measure: str = "log OR") -> Funnel:
    a, one, c, two = counts(name)
    function = {"log OR": odds_ratio, "log RR": risk_ratio, "RD": risk_difference}[measure]
    yi, vi = function(a, one, c, two)
    told = tuple(zip(a, one, c, two, strict=True))
    return Funnel(yi=tuple(yi), vi=tuple(vi), measure=measure, counts=told)


@pytest.mark.parametrize("measure", ["log OR", "log RR", "RD"])
def test_counts_have_the_test_that_keeps_its_level(measure: str) -> None:
    best = suited(funnel(measure=measure))
    tests, _ = battery(funnel(measure=measure))
    assert [one.name for one in tests] == ["Peters", "Harbord", "Egger, its SE holds the effect", "Begg"]
    assert best.test == tests[0]
    assert best.test.p_value == peters(*counts("egger2001")).p_value
    assert (best.test.limit is not None) == (measure == "log OR")  # a limit is a log odds ratio
    assert ("of the odds ratios of the same counts" in best.why) == (measure != "log OR")
    assert not best.inflated
    assert f"up to {EGGER_ON_RATIOS}% of those of log odds ratios" in best.why


def test_without_events_of_every_trial_a_ratio_has_only_a_test_that_rejects_too_often() -> None:
    known = funnel()
    best = suited(replace(known, counts=(None, *known.counts[1:])))
    assert best.inflated
    assert (best.test.name, best.test.limit) == ("Egger, its SE holds the effect", None)
    assert "events and people per arm are not known of every trial" in best.why


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_a_pool_of_counts_and_its_certainty_take_the_same_test(measure: str, tmp_path: Path) -> None:
    table = "study,events1,n1,events2,n2\n" + "".join(
        f"T{i},{','.join(row[column] for column in ('events1', 'n1', 'events2', 'n2'))}\n"
        for i, row in enumerate(COUNTS["egger2001"])
    )
    (file := tmp_path / "counts.csv").write_text(table, encoding="utf-8")
    (review,), _ = reviews_in(file)
    (pool,) = synthesise(review, settings=settings_of(review.protocol.methods, measure=measure))
    told = funnel_of(pool)
    assert told.counts == tuple(zip(*counts("egger2001"), strict=True))
    by_people = peters(*counts("egger2001"))
    assert suited(told).test.p_value == pytest.approx(by_people.p_value)
    turned = replace(
        pool, effects=tuple(replace(effect, turned=True, yi=-effect.yi) for effect in pool.effects)
    )
    assert suited(funnel_of(turned)).test.statistic == pytest.approx(-by_people.statistic)
    (row,) = summary_of_findings(review, pools=[pool])
    (one,) = [one for one in row.suggestions if one.about == "small-study effects"]
    assert one.levels == -1
    assert "Peters, 16 trials: P = 0.001" in one.why


@pytest.mark.parametrize("measure", ["MD", "log HR", "points"])
def test_other_measures_have_eggers_test(measure: str) -> None:
    best = suited(replace(funnel(), measure=measure))
    assert (best.test.name, best.inflated) == ("Egger (PET)", False)


def test_ten_effects_of_nine_trials_are_nine_trials() -> None:
    nine = replace(funnel(), trials=9)
    with pytest.raises(ValueError, match="9 trials: below 10"):
        suited(nine)
    tests, filled = battery(nine, force=True)
    for one in (suited(nine, force=True).test, *tests, filled):
        assert one.flags == ("few_trials_for_funnel",)


ALARMS = read("small_study.csv", Path(__file__).parents[2] / "simulations")


def alarms(measure: str, test: str) -> list[float]:
    return [float(row["alarms"]) for row in ALARMS if (row["measure"], row["test"]) == (measure, test)]


def test_in_simulations_the_suited_tests_keep_their_level_and_eggers_does_not() -> None:
    """At P < 0.1; 1,000 reviews have a standard error of 0.95 percentage points."""
    assert round(max(alarms("OR", "egger"))) == EGGER_ON_RATIOS
    assert max(alarms("OR", "peters")) < 13
    assert max(alarms("OR", "harbord")) < 13
    assert max(alarms("SMD", "slope")) < 13
    assert max(alarms("SMD", "egger")) > max(alarms("SMD", "slope"))
    strong = [
        float(row["alarms"])
        for row in ALARMS
        if (row["measure"], row["test"], row["effect"], row["k"]) == ("OR", "egger", "0.25", "15")
    ]
    assert min(strong) > 13


def test_the_page_on_methods_has_the_table_that_was_simulated() -> None:
    from simulations.small_study import table

    page = Path(__file__).parents[3] / "docs" / "methods.md"
    assert table() in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("number", [9, 32])
def test_the_simulation_is_the_one_that_is_committed(number: int) -> None:
    from simulations.small_study import CASES, row

    for measure, k, size, tau2, test, share in row(number, reviews=150):
        told = next(
            float(line["alarms"])
            for line in ALARMS
            if (line["measure"], line["k"], line["effect"], line["tau2"], line["test"])
            == (measure, str(k), str(size), str(tau2), test)
        )
        assert abs(float(share) - told) < 11, (CASES[number][0], test)  # 4 SE of 150 reviews


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['set']}-{r['side']}-{r['estimator']}")
def test_trim_and_fill_agrees_with_metafor(row: dict[str, str]) -> None:
    found = trim_and_fill(
        *effects(row["set"]), side=row["side"], estimator=row["estimator"], force=True, tau2="DL", ci="wald"
    )
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
    sizes = [
        (10, 12),
        (12, 11),
        (14, 15),
        (20, 22),
        (25, 24),
        (30, 33),
        (45, 40),
        (60, 66),
        (80, 82),
        (100, 95),
    ]
    v = [1 / a + 1 / b + y**2 / (2 * (a + b)) for y, (a, b) in zip(d, sizes, strict=True)]
    funnel = Funnel(yi=tuple(d), vi=tuple(v), measure="SMD", sizes=tuple(sizes))
    tests = {one.name: one for one in battery(funnel)[0]}
    told = {name: one for name, one in tests.items() if one.limit is not None}
    assert set(told) == {"Egger for SMDs (PET)", "PEESE for SMDs"}
    pet, peese_ = told["Egger for SMDs (PET)"], told["PEESE for SMDs"]
    ours = (pet.limit, pet.limit_low, pet.limit_high, peese_.limit, peese_.limit_low, peese_.limit_high)
    theirs = (
        -0.116927369503,
        -0.241144528644,
        0.007289789637,
        0.119773306043,
        0.063543945005,
        0.176002667082,
    )
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert suited(funnel).test == tests["Egger for SMDs (PET)"]
    unknown = replace(funnel, sizes=(None, *sizes[1:]))
    assert all(one.limit is None for one in battery(unknown)[0])  # no line of that kind
    assert suited(unknown).inflated


def test_equal_precision_has_no_line() -> None:
    with pytest.raises(ValueError, match="the same predictor"):
        egger(list(range(12)), [0.1] * 12)
    with pytest.raises(ValueError, match="no ranks differ"):
        begg(list(range(12)), [0.1] * 12)
    with pytest.raises(ValueError, match="no ranks differ"):
        begg([1.0] * 12, [0.1 * x for x in range(1, 13)])


@pytest.mark.slow
def test_the_command_refuses_small_syntheses_and_draws_large_ones(say, tmp_path: Path) -> None:
    said = say("small-study", "smith2017", "--out", str(tmp_path))
    assert said.status == 0
    assert "can't tell chance from bias" in said.flat
    words = ("small-study", "knee_oa", "--synthesis", "pain-post", "--out", str(tmp_path))
    said = say(*words)
    assert "Egger for SMDs" in said.out
    assert "trim and fill" in said.out
    assert list((tmp_path / "knee_oa").glob("funnel_pain-post*.png"))
    forced = say("small-study", "smith2017", "--force", "--out", str(tmp_path), "--full")
    assert "flag few_trials_for_funnel" in forced.flat
    document = json.loads(say("small-study", "smith2017", "--force", "--json").out)
    tests = document[0]["tests"]
    assert all("few_trials_for_funnel" in one["flags"] for one in tests)


def test_a_flag_of_the_selection_model_is_not_said_of_the_pool(say, tmp_path: Path) -> None:
    """metafor: rma(yi, vi, data=dat.raudenbush1985) has τ² = 0.0188, its selmodel 0.0000."""
    table = tmp_path / "raudenbush.csv"
    yi = (
        0.03,
        0.12,
        -0.14,
        1.18,
        0.26,
        -0.06,
        -0.02,
        -0.32,
        0.27,
        0.80,
        0.54,
        0.18,
        -0.02,
        0.23,
        -0.18,
        -0.06,
        0.30,
        0.07,
        -0.07,
    )
    vi = (
        0.0156,
        0.0216,
        0.0279,
        0.1391,
        0.1362,
        0.0106,
        0.0106,
        0.0484,
        0.0269,
        0.0630,
        0.0912,
        0.0497,
        0.0835,
        0.0841,
        0.0253,
        0.0279,
        0.0193,
        0.0088,
        0.0303,
    )
    rows = [f"t{i},{y},{v}" for i, (y, v) in enumerate(zip(yi, vi, strict=True))]
    table.write_text("\n".join(["trial,yi,vi", *rows]), encoding="utf-8")
    say("import", str(table), "raud", "--measure", "SMD", "--in", str(tmp_path))
    said = say("small-study", str(tmp_path / "raud"), "--out", str(tmp_path))
    assert "flag of the selection model: tau2_at_zero" in said.flat
    assert "flag tau2_at_zero" not in said.flat


def test_the_funnel_shows_the_trials_where_they_are() -> None:
    from livingmeta.figures.funnel import funnel_plot
    from livingmeta.review.folder import load_review

    pool = next(p for p in synthesise(load_review("knee_oa")) if p.synthesis == "pain-post")
    ax = funnel_plot(pool)
    lines = {line.get_gid(): line for line in ax.lines}
    assert lines["trials"].get_xdata().tolist() == [effect.yi for effect in pool.effects]
    np.testing.assert_allclose(lines["trials"].get_ydata() ** 2, [effect.vi for effect in pool.effects])
    assert pool.result is not None
    assert lines["estimate"].get_xdata()[0] == pool.result.estimate
    assert ax.get_ylim()[0] > ax.get_ylim()[1] == 0  # the most precise on top


def test_the_funnel_has_limits_by_content_and_the_lines_of_chance_alone() -> None:
    """Sterne and Egger 2001: estimate ± 1.96 SE; half an axis is not left empty."""
    y, v = np.array([-3.0, -2.0, -1.6, -1.0, -0.9, -0.8]), np.array([1.0, 0.4, 0.2, 0.05, 0.04, 0.03])
    pooled = lm.synthesise(pd.DataFrame({"study": [*"abcdef"], "yi": y, "vi": v}), measure="SMD")[0]
    filled = trim_and_fill(y, v, force=True)
    assert filled.k0 > 0
    ax = lm.funnel_plot(pooled, filled=filled)
    lines = {line.get_gid(): line for line in ax.lines}
    xs, depth = lines["limits"].get_xdata(), lines["limits"].get_ydata()
    assert pooled.result is not None
    assert xs[1] == pooled.result.estimate
    assert (xs[2] - xs[1]) / depth[2] == pytest.approx(1.959964)
    assert lines["filled"].get_xdata().tolist() == list(filled.yi)
    low, high = ax.get_xlim()
    ends = [*y, *filled.yi, 0.0, xs[0], xs[2]]
    assert high - low == pytest.approx(1.08 * (max(ends) - min(ends)))
    legends = [part for part in ax.get_children() if isinstance(part, Legend)]
    words = {text.get_text() for legend in legends for text in legend.texts}
    assert {"P < 0.01", "pooled value", "95% limits around it"} <= words
    assert f"Trim and fill adds {filled.k0}." in caption_of(ax).text
