"""Three-level models agree with rma.mv and clubSandwich, and with a likelihood written out in full."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from scipy.special import chdtri

from livingmeta.engine.methods.multilevel import MEAN_INTERVALS, ThreeLevel, three_level
from livingmeta.engine.methods.regression import cluster_robust
from livingmeta.engine.pooling import pool

REFERENCE = Path(__file__).parents[2] / "reference"
Set = tuple[list[float], list[float], list[str]]


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sets() -> dict[str, Set]:
    found: dict[str, Set] = {}
    for row in read("multilevel_data.csv"):
        y, v, trials = found.setdefault(row["set"], ([], [], []))
        y.append(float(row["yi"]))
        v.append(float(row["vi"]))
        trials.append(row["trial"])
    return found


SETS = sets()
ROWS = read("metafor_multilevel.csv")
QUICK = ("konstantopoulos2011", "assink2016")  # CI tries the others, too


def named(row: dict[str, str]) -> object:
    name = "-".join((row["set"], row["rho"], row["method"]))
    return pytest.param(row, id=name, marks=() if row["set"] in QUICK else pytest.mark.slow)


@pytest.mark.parametrize("row", [*map(named, ROWS)])
def test_every_model_agrees_with_rma_mv_and_clubsandwich(row: dict[str, str]) -> None:
    """rma.mv(yi, V, random = ~ 1 | trial/effect), which finds 7 or 8 digits of a variance."""
    asked = {"rho": float(row["rho"]) if row["rho"] else None, "tau2": row["method"]}
    data = SETS[row["set"]]
    found = three_level(*data, ci="t", **asked)
    robust = three_level(*data, **asked)
    ours = {name: getattr(found, name) for name in ("estimate", "se", "ci_low", "ci_high", "p_value")}
    ours |= {name: getattr(found, name) for name in ("q", "q_p", "i2_between", "i2_within")}
    ours |= {name: getattr(found, f"tau2_{name}") for name in ("between", "within")}
    ours |= {"cr2_se": robust.se, "cr2_df": robust.ci_df, "cr2_p": robust.p_value}
    ours |= {"pi_low": found.pi_effect_low, "pi_high": found.pi_effect_high}
    assert (found.k, found.trials, found.ci_df) == (int(row["k"]), int(row["trials"]), float(row["df"]))
    for name, value in ours.items():
        least = 1e-6 if name.startswith("i2") else 1e-7 * found.se  # where theirs stops near 0, not at it
        assert value == pytest.approx(float(row[name]), rel=1e-6, abs=least), name
    assert found.estimate == pytest.approx(float(row["estimate"]), abs=1e-7 * found.se)
    for name in ("between_low", "between_high", "within_low", "within_high"):
        if row[name]:
            theirs = pytest.approx(float(row[name]), rel=1e-6, abs=1e-8)
            assert getattr(found, f"tau2_{name}") == theirs, name


def dense(data: Set, rho: float, theta: tuple[float, float], *, restricted: bool, mean: float | None = None):
    """Return the log-likelihood with every covariance written out, and the mean."""
    y, v, trials = (np.array(part) for part in data)
    same = trials[:, None] == trials[None]
    s = np.sqrt(v)
    sigma = np.where(same, rho * np.outer(s, s) + theta[0], 0) + np.diag((1 - rho) * v + theta[1])
    inverse = np.linalg.inv(sigma)
    total = inverse.sum()
    mu = (inverse.sum(0) @ y) / total if mean is None else mean
    height = -0.5 * (np.linalg.slogdet(sigma)[1] + (y - mu) @ inverse @ (y - mu))
    return height - (0.5 * np.log(total) if restricted else 0), mu


@st.composite
def dependent(draw: st.DrawFn) -> tuple[Set, float | None]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=3, max_size=6).filter(lambda sizes: max(sizes) > 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k = sum(sizes)
    trials = np.repeat(np.arange(len(sizes)), sizes)
    v = np.exp(rng.normal(-2, draw(st.sampled_from([0, 0.5, 1.5])), k))
    between, within = (draw(st.sampled_from([0.0, 0.05, 1.0])) for _ in range(2))
    y = rng.normal(0, np.sqrt(between), len(sizes))[trials] + rng.normal(0, np.sqrt(within + v))
    rho = draw(st.sampled_from([None, 0.3, 0.8]))
    return (y.tolist(), v.tolist(), [f"T{trial}" for trial in trials]), rho


def holds_at_its_limits(found, height: Callable[[tuple[float, float]], float]) -> None:
    """Assert that the likelihood, at its best for the other variance, has fallen by a quantile at limits."""
    best = height((found.tau2_between, found.tau2_within))
    least = best - chdtri(1, 0.05) / 2
    for place, name in enumerate(("between", "within")):
        for end in ("low", "high"):
            limit = getattr(found, f"tau2_{name}_{end}")

            def along(other: float, limit=limit, place=place) -> float:
                return -height((limit, other) if place == 0 else (other, limit))

            grid = np.append(0.0, np.geomspace(1e-5, 1e2, 120))
            nearest = int(np.argmin([along(other) for other in grid]))
            bounds = (grid[max(nearest - 1, 0)], grid[min(nearest + 1, 120)])
            ways = minimize_scalar(along, bounds=bounds, method="bounded", options={"xatol": 1e-14})
            profile = -min(ways.fun, along(grid[nearest]))
            if limit > 0:
                assert profile == pytest.approx(least, abs=1e-7), (name, end)
            else:
                assert end == "high" or profile >= least - 1e-9, name


@settings(max_examples=settings.default.max_examples // 4)
@given(dependent(), st.sampled_from(["REML", "ML"]))
def test_no_variances_have_a_higher_likelihood(drawn: tuple[Set, float | None], tau2: str) -> None:
    """The likelihood written out in full, at the estimate and from many starts on a grid about it."""
    data, rho = drawn
    found = three_level(*data, rho=rho, tau2=tau2, ci="wald")
    restricted = tau2 == "REML"

    def height(theta) -> float:
        return dense(data, rho or 0, (max(theta[0], 0), max(theta[1], 0)), restricted=restricted)[0]

    best = height((found.tau2_between, found.tau2_within))
    rng = np.random.default_rng(1)
    starts = [np.exp(rng.normal(-2, 2, 2)) * rng.integers(0, 2, 2) for _ in range(40)]
    assert max(map(height, starts)) <= best + 1e-9
    start = max(starts, key=height)
    climbed = minimize(lambda theta: -height(theta), start, bounds=[(0, None)] * 2)
    assert -climbed.fun <= best + 1e-9
    assert "not_converged" not in found.flags
    holds_at_its_limits(found, height)


@pytest.mark.parametrize(
    ("y", "v", "trials", "rho"),
    [
        # at the lower limit of the first two the other variance has a peak at 0 and one beside it
        ([-0.25, -1.23, -0.87, 1.09, -0.99, -0.91], [0.11, 0.35, 0.08, 0.13, 0.13, 0.05], "ABBCDD", 0.8),
        (
            [1.36, -1.5, -0.65, -1.5, 1.79, -1.77, -0.23, 1.89],
            [1.27, 0.03, 0.06, 0.16, 0.28, 0.04, 0.09, 0.62],
            "ABBCCCCD",
            None,
        ),
        # a step of these lands on a limit to the last digit
        ([-0.17, -0.12, -0.27, -0.27, 0.08, 0.29], [0.17, 0.62, 0.06, 0.15, 0.14, 0.06], "ABBCCC", None),
        ([0.2, 0.36, 0.44, 0.63, 0.23, -0.15, 0.28, 0.52, 0.05, 0.2, 0.39], [0.14] * 11, "ABCDDDDEEEE", 0.8),
    ],
)
def test_the_limits_of_a_variance_are_the_outermost_of_the_other_peaks_and_exact(
    y: list[float], v: list[float], trials: str, rho: float | None
) -> None:
    data = (y, v, list(trials))
    found = three_level(*data, rho=rho, tau2="ML", ci="wald")
    holds_at_its_limits(found, lambda theta: dense(data, rho or 0, theta, restricted=False)[0])


@settings(max_examples=settings.default.max_examples // 4)
@given(dependent())
def test_the_profile_likelihood_of_the_mean_falls_by_a_quantile_at_its_limits(drawn) -> None:
    data, rho = drawn
    found = three_level(*data, rho=rho, ci="profile")

    def height(theta, mean: float | None = None) -> float:
        return dense(data, rho or 0, tuple(np.maximum(theta, 0)), restricted=False, mean=mean)[0]

    theta = np.array([found.tau2_between, found.tau2_within])
    peak = height(theta)
    assert found.estimate == pytest.approx(dense(data, rho or 0, tuple(theta), restricted=False)[1])
    for mean, drop in (
        (found.ci_low, chdtri(1, 0.05)),
        (found.ci_high, chdtri(1, 0.05)),
        (0.0, found.statistic**2),
    ):
        far = (mean - found.estimate) ** 2
        tries = [
            minimize(lambda t, mean=mean: -height(t, mean), theta + more, bounds=[(0, None)] * 2).fun
            for more in ([0.01, 0.01], [far, 0], [0, far], [far, far])
        ]
        assert 2 * (peak + min(tries)) == pytest.approx(drop, abs=1e-4)


@settings(max_examples=settings.default.max_examples // 4)
@given(dependent(), st.randoms(use_true_random=False), st.sampled_from([1e-6, 0.25, 1e5]))
def test_order_unit_and_origin_change_nothing(drawn, random, unit: float) -> None:
    (y, v, trials), rho = drawn
    found = three_level(y, v, trials, rho=rho)
    order = list(range(len(y)))
    random.shuffle(order)
    turned = three_level(
        [7 * unit - unit * y[i] for i in order],
        [unit**2 * v[i] for i in order],
        [trials[i] for i in order],
        rho=rho,
    )
    within = {"rel": 1e-7, "abs": 1e-7 * found.se * unit}
    assert turned.estimate == pytest.approx(unit * (7 - found.estimate), **within)
    assert turned.se == pytest.approx(unit * found.se, **within)
    variance = {"rel": 1e-6, "abs": 1e-9 * unit**2}
    for name in ("tau2_between", "tau2_within", "tau2_between_high", "tau2_within_high"):
        assert getattr(turned, name) == pytest.approx(unit**2 * getattr(found, name), **variance), name
    assert turned.weights == pytest.approx([found.weights[i] for i in order], abs=1e-5)


def test_without_a_variance_between_trials_it_is_the_model_of_two_levels() -> None:
    """Effects that differ within their trials alone: REML's τ² is the one within, and so is the mean."""
    rng = np.random.default_rng(3)
    y, v = np.tile([-1.0, 1.0, -0.6, 0.6], 8) + rng.normal(0, 0.01, 32), np.full(32, 0.05)
    trials = np.repeat(np.arange(16), 2).tolist()
    found, two = three_level(y, v, trials, ci="wald"), pool(y, v, ci="wald")
    assert found.tau2_between == 0
    assert "between_at_zero" in found.flags
    assert found.tau2_within == pytest.approx(two.tau2, rel=1e-9)
    assert (found.estimate, found.se) == pytest.approx((two.estimate, two.se), rel=1e-9)
    robust, theirs = three_level(y, v, trials), cluster_robust(two, y, v, trials)
    assert (robust.ci_low, robust.ci_df) == pytest.approx((theirs.ci_low, theirs.ci_df), rel=1e-9)


@pytest.mark.parametrize("rho", [0.9, 0.99])
def test_equal_effects_measured_again_are_as_many_trials(rho: float) -> None:
    """Pairs of one number with ρ near 1 say no more than one of each: the mean of two levels."""
    y, v = [0.1, 0.4, 0.9, 0.2, 0.5], [0.02, 0.05, 0.03, 0.04, 0.02]
    pairs = np.repeat(list("abcde"), 2).tolist()
    found = three_level(np.repeat(y, 2), np.repeat(v, 2), pairs, rho=rho, ci="t")
    once = pool(y, np.array(v) * (1 + rho) / 2, ci="t")
    assert found.tau2_within == 0
    assert found.tau2_between == pytest.approx(once.tau2, rel=1e-6)
    assert (found.estimate, found.ci_low) == pytest.approx((once.estimate, once.ci_low), rel=1e-6)


def test_balanced_trials_give_the_variances_of_an_analysis_of_variance() -> None:
    """Searle, Casella and McCulloch 1992: mean squares within and between, less the known variance."""
    rng = np.random.default_rng(8)
    y = rng.normal(0, 1, (9, 1)) + rng.normal(0, 0.7, (9, 4))
    found = three_level(y.ravel(), np.full(36, 0.1), np.repeat(np.arange(9), 4).tolist(), ci="t")
    within = ((y - y.mean(1, keepdims=True)) ** 2).sum() / 27
    between = 4 * ((y.mean(1) - y.mean()) ** 2).sum() / 8
    assert found.tau2_within == pytest.approx(within - 0.1, rel=1e-9)
    assert found.tau2_between == pytest.approx((between - within) / 4, rel=1e-9)
    assert found.se == pytest.approx(np.sqrt(between / 36), rel=1e-9)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"trials": ["a", "b", "c", "d"]}, "each trial gives one effect"),
        ({"trials": ["a"] * 4}, "all effects are of one trial"),
        ({"trials": ["a"]}, "trials has 1 values for 4 effects"),
        ({"rho": 1.0}, "rho = 1.0: the correlation"),
        ({"rho": -0.2}, "rho = -0.2"),
        ({"rho": float("nan")}, "rho = nan"),
        ({"ci": "profile", "tau2": "REML"}, "choose tau2 = ML"),
        ({"ci": "cr2"}, "Did you mean CR2?"),
        ({"tau2": "DL"}, "tau2"),
        ({"level": 95}, "write 0.95"),
        ({"vi": [0.1, 0.1, 0.1, -0.1]}, "vi\\[4\\]"),
    ],
)
def test_what_can_t_be_told_apart_is_refused(asked: dict, why: str) -> None:
    data = {"yi": [0.1, 0.2, 0.3, 0.9], "vi": [0.1] * 4, "trials": list("aabb")}
    with pytest.raises(ValueError, match=why):
        three_level(**{**data, **asked})


def test_few_trials_are_flagged_and_nothing_is_predicted_from_them() -> None:
    found = three_level([0.1, 0.2, 0.8, 0.9], [0.01] * 4, list("aabb"))
    assert found.ci_df == pytest.approx(1)
    assert {"few_trials", "few_clusters", "within_at_zero"} <= set(found.flags)
    assert (found.pi_low, found.pi_high, found.pi_effect_low, found.pi_effect_high) == (None,) * 4


@pytest.mark.parametrize("ci", MEAN_INTERVALS)
def test_effects_that_are_all_alike_have_no_variances_and_no_failure(ci: str) -> None:
    found: ThreeLevel = three_level([0.3] * 6, [0.1, 0.2, 0.1, 0.2, 0.1, 0.3], list("aabbcc"), ci=ci)
    assert (found.tau2_between, found.tau2_within) == (0, 0)
    assert found.estimate == pytest.approx(0.3)
    assert found.ci_low <= 0.3 <= found.ci_high


@pytest.mark.slow
def test_a_heavy_table_takes_seconds() -> None:
    """1,000 trials of five effects: a dense likelihood would hold 25 million numbers at each step."""
    rng = np.random.default_rng(5)
    trials, v = np.repeat(np.arange(1000), 5), rng.uniform(0.01, 0.2, 5000)
    y = rng.normal(0, 0.3, 1000)[trials] + rng.normal(0, 0.2, 5000) + rng.normal(0, np.sqrt(v))
    found = three_level(y, v, trials.tolist(), ci="t")
    assert found.tau2_between_low < 0.09 < found.tau2_between_high
    assert found.tau2_within_low < 0.04 < found.tau2_within_high
