"""Chance is simulated as theory has it, and signs are turned as metafor turns them."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.engine.methods import resampling as module
from livingmeta.engine.methods.batch import STREAM_BLOCK, drawn
from livingmeta.engine.methods.resampling import Arms, Variances, bootstrap, permutation_test, simulate
from livingmeta.engine.pooling import pool

REFERENCE = Path(__file__).parents[2] / "reference"
Y = [0.10, 0.52, -0.09, 0.31, 0.60, 0.20, -0.15]
V = [0.04, 0.05, 0.03, 0.06, 0.10, 0.02, 0.08]


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row",
    read("metafor_permutations.csv"),
    ids=lambda row: "-".join([row["set"], row["tau2_method"], row["ci_method"]]),
)
def test_the_exact_test_agrees_with_metafor(row: dict[str, str]) -> None:
    data = [one for one in read("metafor_data.csv") if one["set"] == row["set"]][:7]
    found = permutation_test(
        [float(one["yi"]) for one in data],
        [float(one["vi"]) for one in data],
        tau2=row["tau2_method"],
        ci=row["ci_method"],
    )
    assert found.exact
    assert found.p_value == pytest.approx(float(row["p_value"]), rel=1e-8)
    assert found.statistic == pytest.approx(float(row["statistic"]), rel=1e-8)


@pytest.mark.parametrize("ci", ["wald", "hksj", "hksj-modified"])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_exact_test_counts_all_patterns_of_signs(k: int, ci: str) -> None:
    y, v = np.array(Y[:k]), V[:k]
    sizes = [abs(pool(y * signs, v, ci=ci).statistic or 0.0) for signs in product((1, -1), repeat=k)]
    observed = abs(pool(y, v, ci=ci).statistic or 0.0)
    share = np.mean([size >= observed * (1 - 1e-8) for size in sizes])
    assert permutation_test(y, v, ci=ci).p_value == share


@pytest.mark.parametrize(("k", "smallest"), [(3, 0.25), (5, 0.0625), (6, 0.03125)])
def test_trials_all_on_one_side_have_the_smallest_possible_p(k: int, smallest: float) -> None:
    found = permutation_test(np.abs(Y[:k]), V[:k])
    assert found.p_value == found.smallest_p == smallest
    assert found.flags == (("few_for_permutation",) if k < 6 else ())


@settings(max_examples=20)
@given(st.permutations(range(7)), st.sampled_from([1, -1]), st.sampled_from([1e-3, 1.0, 1e4]))
def test_p_ignores_order_direction_and_unit(order: list[int], sign: int, unit: float) -> None:
    y, v = np.array(Y)[order] * sign * unit, np.array(V)[order] * unit**2
    assert permutation_test(y, v).p_value == permutation_test(Y, V).p_value


def test_effects_of_0_say_nothing() -> None:
    assert permutation_test([0.0, 0.0, 0.0], V[:3], ci="hksj").p_value == 1


def test_a_mean_of_0_is_reached_by_every_pattern_whatever_the_rounding() -> None:
    y = 3 * 0.7  # a little below 2.1
    yi, vi = [-y, y, y, -y], [0.05, 0.05, 0.2, 0.2]
    assert permutation_test(yi, vi).p_value == 1


def test_a_sample_of_patterns_comes_near_the_exact_p() -> None:
    exact = permutation_test(Y, V)
    sampled = permutation_test(Y, V, most=63, seed=3)
    assert not sampled.exact
    assert sampled.patterns == 63
    assert abs(sampled.p_value - exact.p_value) < 4 * sampled.p_se
    assert sampled.p_value * 64 == pytest.approx(round(sampled.p_value * 64))  # (r + 1)/(n + 1)


def test_the_bootstrap_of_a_known_variance_is_the_wald_interval() -> None:
    found = bootstrap(Y, V, tau2=0.0, count=40_000)
    wald = pool(Y, V, tau2=0.0, ci="wald")
    # the SE of a 2.5% percentile is √(0.025·0.975/n)/φ(1.96), in SE
    error = 4 * wald.se * np.sqrt(0.025 * 0.975 / 40_000) / 0.0584
    assert found.estimate == wald.estimate
    assert found.ci_low == pytest.approx(wald.ci_low, abs=error)
    assert found.ci_high == pytest.approx(wald.ci_high, abs=error)


@pytest.mark.parametrize("tau2", ["DL", "REML"])
def test_the_bootstrap_of_equal_trials_is_the_hksj_interval(tau2: str) -> None:
    """Their HKSJ statistic is t with k − 1 df for any τ²: τ² must not count as known (normal)."""
    y = [0.0, 0.5, 1.0, 0.2, 0.9]
    found = bootstrap(y, [0.05] * 5, tau2=tau2, ci="hksj", count=40_000)
    exact = pool(y, [0.05] * 5, tau2=tau2, ci="hksj")
    # density of t(4) at its 97.5% point: 0.0256
    error = 4 * exact.se * np.sqrt(0.025 * 0.975 / 40_000) / 0.0256
    assert found.ci_low == pytest.approx(exact.ci_low, abs=error)
    assert found.ci_high == pytest.approx(exact.ci_high, abs=error)


def test_equal_trials_have_a_share_of_dl_at_zero_that_chi_square_gives() -> None:
    """Q/(1 + τ²/v) is chi-square with k − 1 df, and DL is 0 where Q is at most k − 1."""
    from scipy.stats import chi2

    y = [0.0, 0.5, 1.0, 0.2, 0.9]
    found = bootstrap(y, [0.1] * 5, tau2="DL")
    theory = chi2.cdf(4 / (1 + found.tau2 / 0.1), 4)
    assert found.tau2_at_zero == pytest.approx(theory, abs=4 * np.sqrt(theory / found.count))
    low, high = (max(0, (0.1 + found.tau2) * chi2.ppf(p, 4) / 4 - 0.1) for p in (0.025, 0.975))
    assert found.tau2_low == low == 0
    assert found.tau2_high == pytest.approx(high, rel=0.05)


def test_a_common_effect_has_no_tau2() -> None:
    found = bootstrap(Y[:4], V[:4], model="common", count=500)
    assert (found.tau2, found.tau2_low, found.tau2_at_zero) == (None, None, None)
    assert found.flags == ("few_trials",)


def near(share: float, theory: float, count: int) -> bool:
    return abs(share - theory) < 4 * np.sqrt(theory * (1 - theory) / count)


def test_intervals_hold_the_truth_as_often_as_theory_has_it() -> None:
    """Equal trials and τ² = 0 as known: Wald is exact, and so is HKSJ for any τ²."""
    wald, hksj = simulate(Variances((0.1,) * 7), intervals=["wald", "hksj"], tau2=0.0)
    for one in (wald, hksj):
        assert near(one.coverage, 0.95, one.count)
        assert near(one.excludes_zero, 0.05, one.count)
        assert one.coverage_se == pytest.approx(np.sqrt(0.05 * 0.95 / one.count), rel=0.1)
    spread = simulate(Variances((0.1,) * 7), between=[0.3], intervals=["hksj"], tau2="DL")[0]
    assert near(spread.coverage, 0.95, spread.count)


def test_the_power_is_that_of_a_normal_test() -> None:
    from scipy.special import ndtr

    found = simulate(Variances((0.1, 0.2, 0.3)), effects=[0.5], intervals=["wald"], model="common")[0]
    z = 0.5 * np.sqrt(10 + 5 + 10 / 3)
    assert near(found.excludes_zero, ndtr(z - 1.959964) + ndtr(-z - 1.959964), found.count)
    assert abs(found.bias) < 4 * found.bias_se
    assert found.tau2_at_zero is None


@pytest.mark.parametrize("correction", ["approximate", "exact"])
def test_simulated_arms_give_hedges_g_with_its_known_mean_and_variance(correction: str) -> None:
    """Hedges 1981: J times a non-central t is unbiased; UB is an unbiased variance of it."""
    arms = Arms((8.0,), (12.0,), correction=correction, variance="UB")
    g, v = arms.measured(np.full((200_000, 1), 0.7), np.random.default_rng(1))
    assert g.mean() == pytest.approx(0.7, abs=4 * g.std() / np.sqrt(g.size) + 2e-3)
    if correction == "exact":
        assert v.mean() == pytest.approx(g.var(), rel=0.02)


def test_simulated_arms_agree_with_arms_of_simulated_people() -> None:
    from livingmeta.engine.effect_sizes import smd

    rng = np.random.default_rng(11)
    people1 = rng.normal(-0.5, 1, (20_000, 6))
    people2 = rng.normal(0, 1, (20_000, 9))
    g, v = smd(people1.mean(1), people1.std(1, ddof=1), 6, people2.mean(1), people2.std(1, ddof=1), 9)
    ours = Arms((6.0,), (9.0,)).measured(np.full((20_000, 1), -0.5), rng)
    for theirs, simulated in zip((g, v), ours, strict=True):
        for share in (0.05, 0.5, 0.95):
            cut = np.quantile(theirs, share)
            assert np.mean(simulated <= cut) == pytest.approx(share, abs=0.01)


def test_seven_small_trials_err_as_measured_before() -> None:
    """k = 7, unequal: Wald errs below 5% at τ² = 0 and above at 0.1; modified HKSJ below both."""
    arms = Arms((20, 30, 15, 40, 12, 25, 50), (22, 28, 15, 40, 12, 25, 48))
    every = simulate(arms, between=(0, 0.1))
    found = {(one.tau2, one.ci_method): one.excludes_zero for one in every}
    assert found[0, "wald"] < 0.05 < found[0.1, "wald"]
    assert found[0, "hksj-modified"] < found[0, "wald"]
    assert found[0.1, "hksj-modified"] < found[0.1, "hksj"] < found[0.1, "wald"]


def answers(executor=None):
    arms = Arms((20.0, 30.0, 15.0), (22.0, 28.0, 15.0))
    return [
        asdict(one)
        for one in (
            permutation_test(Y, V, most=50, executor=executor),
            bootstrap(Y, V, count=1500, executor=executor),
            *simulate(arms, count=1500, executor=executor),
        )
    ]


def test_chunks_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answers()
    run = module.run
    monkeypatch.setattr(module, "run", lambda *a, **options: run(*a, chunk=211, **options))
    with ThreadPoolExecutor(3) as executor:
        cut = answers(executor)
    for one, other in zip(whole, cut, strict=True):
        assert one == {
            name: pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value
            for name, value in other.items()
        }
    assert bootstrap(Y, V, count=1500, seed=2).ci_low != whole[1]["ci_low"]


@given(st.integers(0, 3 * STREAM_BLOCK), st.integers(1, 2 * STREAM_BLOCK))
def test_random_numbers_belong_to_the_analysis(start: int, length: int) -> None:
    def normal(rng: np.random.Generator, size: int) -> np.ndarray:
        return rng.standard_normal((size, 2))

    part = drawn(normal, start, start + length, seed=9)
    assert np.array_equal(part, drawn(normal, 0, 5 * STREAM_BLOCK, seed=9)[start : start + length])


def test_progress_counts_the_reviews_of_all_pairs() -> None:
    told: list[tuple[int, int]] = []
    simulate(
        Variances((0.1, 0.2)),
        between=(0, 0.1),
        count=100,
        intervals=["wald"],
        progress=lambda done, count: told.append((done, count)),
    )
    assert told == [(100, 200), (200, 200)]


def test_what_did_not_converge_is_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = module.fit

    def stuck(*data, **methods):
        found = fit(*data, **methods)
        never = np.ones(found.k.shape, bool)
        return found._replace(flags={**found.flags, "not_converged": never})

    monkeypatch.setattr(module, "fit", stuck)
    results = (permutation_test(Y, V), bootstrap(Y, V, count=10), *simulate(Variances(tuple(V)), count=10))
    assert [one.not_converged for one in results] == [64, 10, 10, 10, 10, 10]
    assert all("some_not_converged" in one.flags for one in results)


def test_what_can_t_be_resampled_is_refused() -> None:
    with pytest.raises(ValueError, match="1 trials: signs are turned of 2 to 63"):
        permutation_test([0.1], [0.1])
    with pytest.raises(ValueError, match="one trial"):
        bootstrap([0.1], [0.1])
    with pytest.raises(ValueError, match="a variance between trials is not below 0"):
        simulate(Variances((0.1, 0.2)), between=[-1])
    with pytest.raises(ValueError, match="Did you mean UB"):
        simulate(replace(Arms((9.0, 9.0), (9.0, 9.0)), variance="UP"))


def test_three_trials_are_told_what_their_signs_can_t_show(say) -> None:
    said = say("resample", "smith2017", "--synthesis", "pain-short", "--count", "500", "--full")
    assert "3 trials can't have a P below 0.25" in said.flat
    assert "flag few_for_permutation" in said.flat
    assert "3 pooled (142 people)" in said.flat
    assert "trials_missing" in said.flat  # the pooled value's own flags stand beside it


def test_the_document_of_a_simulation_holds_each_mean_tau2_and_interval(say) -> None:
    said = say(
        "simulate",
        "smith2017",
        "--synthesis",
        "function-short",
        "--effect",
        "0",
        "--effect",
        "-0.5",
        "--between",
        "0.2",
        "--ci",
        "wald",
        "--ci",
        "hksj",
        "--count",
        "200",
        "--json",
    )
    document = json.loads(said.out)[0]
    assert document["trials"].startswith("arms of the trials' own sizes")
    assert [(one["effect"], one["tau2"], one["ci_method"]) for one in document["simulated"]] == [
        (0, 0.2, "wald"),
        (0, 0.2, "hksj"),
        (-0.5, 0.2, "wald"),
        (-0.5, 0.2, "hksj"),
    ]


def test_a_single_trial_is_refused_by_name(say) -> None:
    said = say("simulate", "smith2017", "--synthesis", "pain-long", "--json")
    assert "one comparison: this needs 2" in json.loads(said.out)[0]["refused"]


def test_the_help_names_the_defaults() -> None:
    from livingmeta.commands import resampling as commands
    from livingmeta.engine.methods.subsets import MOST_SUBSETS

    assert MOST_SUBSETS == module.PATTERNS
    assert f"[{MOST_SUBSETS}]" in commands.Most.__metadata__[0].help
