"""Means and SDs from quantiles are unbiased for normal data, and skewed data are noticed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.quantiles import MEANS, SDS, Quantiles, from_quantiles, skewed

KINDS = {"range": ("extremes",), "quartiles": ("quartiles",), "all": ("extremes", "quartiles")}


def summaries(sample: np.ndarray, kind: str) -> list[Quantiles]:
    """Summarise each row as the papers do: with n = 4Q + 1 quartiles are order statistics."""
    n = sample.shape[-1]
    low, q1, m, q3, high = np.quantile(sample, [0, 0.25, 0.5, 0.75, 1], axis=-1)
    pairs = {"extremes": zip(low, high, strict=True), "quartiles": zip(q1, q3, strict=True)}
    shown = {name: list(pairs[name]) for name in KINDS[kind]}
    return [
        Quantiles(n=n, median=m[i], **{name: pair[i] for name, pair in shown.items()})
        for i in range(len(sample))
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [13, 41, 149])
def test_normal_samples_are_called_skewed_one_time_in_twenty(kind: str, n: int) -> None:
    """The thresholds of Shi 2023 are fitted curves: 5%, give or take 1.5 points."""
    rng = np.random.default_rng(n)
    samples = summaries(rng.normal(size=(8000, n)), kind)
    share = np.mean([skewed(x) for x in samples])
    assert share == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("kind", KINDS)
def test_exponential_samples_are_called_skewed_as_a_rule(kind: str) -> None:
    rng = np.random.default_rng(1)
    samples = summaries(rng.exponential(size=(500, 149)), kind)
    assert np.mean([skewed(x) for x in samples]) > 0.6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sd", SDS)
@pytest.mark.parametrize("n", [17, 61, 301])
def test_estimates_are_unbiased_for_normal_data(kind: str, sd: str, n: int) -> None:
    """Wan 2014 and Shi 2020 show relative errors of SDs within 3%; 6,000 samples add 0.6%."""
    rng = np.random.default_rng(n)
    samples = summaries(50 + 10 * rng.normal(size=(6000, n)), kind)
    for mean in MEANS:
        found = np.array([from_quantiles(x, mean=mean, sd=sd) for x in samples], dtype=float)
        assert found[:, 0].mean() == pytest.approx(50, abs=0.3)
        assert found[:, 1].mean() == pytest.approx(10, rel=0.035)


@pytest.mark.parametrize("n", [17, 61, 301])
@pytest.mark.parametrize("kind", KINDS)
def test_luo_weighs_the_parts_better_than_wan(kind: str, n: int) -> None:
    """Luo 2018, figures 1 to 3: the smaller mean squared error."""
    rng = np.random.default_rng(n)
    samples = summaries(rng.normal(size=(6000, n)), kind)
    error = {
        mean: np.mean([from_quantiles(x, mean=mean)[0] ** 2 for x in samples])  # type: ignore
        for mean in MEANS
    }
    assert error["luo"] <= error["wan"] * 1.005


ordered = st.lists(st.integers(-1000, 1000), min_size=5, max_size=5, unique=True).map(sorted)


@given(ordered, st.integers(5, 500), st.sampled_from(sorted(MEANS)), st.sampled_from(sorted(SDS)))
def test_a_change_of_unit_and_origin_changes_nothing_else(values, n, mean, sd) -> None:
    a, q1, m, q3, b = values
    x = Quantiles(n=n, median=m, quartiles=(q1, q3), extremes=(a, b))
    a, q1, m, q3, b = (5 * value - 20 for value in values)
    y = Quantiles(n=n, median=m, quartiles=(q1, q3), extremes=(a, b))
    one, other = from_quantiles(x, mean=mean, sd=sd), from_quantiles(y, mean=mean, sd=sd)
    assert other[0] == pytest.approx(5 * one[0] - 20, abs=1e-9)
    assert other[1] == pytest.approx(5 * one[1])


@given(st.floats(-100, 100), st.floats(0.1, 50), st.integers(5, 500))
def test_a_symmetrical_summary_has_its_median_as_mean(m: float, half: float, n: int) -> None:
    x = Quantiles(n=n, median=m, quartiles=(m - half, m + half), extremes=(m - 3 * half, m + 3 * half))
    for mean in MEANS:
        assert from_quantiles(x, mean=mean)[0] == pytest.approx(m, abs=1e-9)
    assert not skewed(x)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"n": 4, "quartiles": (1, 2)}, "from n = 5 on"),
        ({"n": 9, "median": 2}, "both quartiles, or minimum and maximum"),
        ({"n": 9, "median": 5, "quartiles": (1, 4)}, "not in order"),
        ({"n": 9, "median": 2, "quartiles": (2, 2)}, "all quantiles are equal"),
    ],
)
def test_what_gives_no_sd_is_refused(given_, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Quantiles(**given_)
