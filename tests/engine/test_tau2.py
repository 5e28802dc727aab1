"""Estimates of τ² are where their definitions put them, and the search for them always ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from livingmeta.engine.likelihood import log_likelihood, maximise, tau2_limits
from livingmeta.engine.methods.regression import Regression
from livingmeta.engine.roots import bracketed_root
from livingmeta.engine.tau2 import TAU2, generalised_q, paule_mandel, q_below, q_profile

many = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-5, 5), min_size=k, max_size=k),
        st.lists(st.floats(-9, 3).map(lambda x: 10**x), min_size=k, max_size=k),
    )
)


def arrays(data: tuple[list[float], list[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, v = map(np.array, data)
    return y, v, np.ones(y.shape, bool)


LIKELIHOODS = pytest.mark.parametrize("restricted", [False, True], ids=["ML", "REML"])


@LIKELIHOODS
@given(many)
@settings(max_examples=5 * settings.default.max_examples)
def test_no_other_tau2_has_a_higher_likelihood(restricted: bool, data) -> None:
    y, v, mask = (array[None] for array in arrays(data))
    tau2, converged = maximise(y, v, mask, restricted=restricted)
    assert converged.all()
    others = np.concatenate([[0.0], np.geomspace(1e-12, 1e4, 4000)])[None]
    best = log_likelihood(y, v, mask, tau2[:, None], restricted=restricted)
    likelihoods = log_likelihood(y, v, mask, others, restricted=restricted)
    assert best[0, 0] >= likelihoods.max() - 1e-9 * (1 + np.abs(likelihoods).max())


@LIKELIHOODS
def test_the_higher_of_two_maxima_is_taken(restricted: bool) -> None:
    """Three precise trials that agree, and imprecise ones far off: one maximum for each view."""
    y = np.array([[0.0, 0.01, -0.01, 2.0, -2.2, 2.4, -2.5, 2.2]])
    v = np.array([[1e-6, 1e-6, 1e-6, 1e-2, 1e-2, 1e-2, 1e-2, 1e-2]])
    mask = np.ones((1, 8), bool)
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 100, 100_000)])
    likelihood = log_likelihood(y, v, mask, grid[None], restricted=restricted)
    tau2, _ = maximise(y, v, mask, restricted=restricted)
    assert float(tau2[0]) == pytest.approx(grid[likelihood.argmax()], rel=1e-3)


@LIKELIHOODS
@given(many)
def test_profile_limits_hold_the_estimate_and_what_is_beyond_is_less_likely(restricted: bool, data) -> None:
    y, v, mask = (array[None] for array in arrays(data))
    tau2, _ = maximise(y, v, mask, restricted=restricted)
    low, high = tau2_limits(y, v, mask, level=0.9, restricted=restricted)
    assert low[0] <= tau2[0] * (1 + 1e-12)
    assert tau2[0] <= high[0] * (1 + 1e-12)

    def value(t: float) -> float:
        return float(log_likelihood(y, v, mask, np.array([[t]]), restricted=restricted)[0, 0])

    least = value(tau2[0]) - 2.705543454095404 / 2  # 0.9 quantile of chi-square, 1 df
    assert value(high[0]) == pytest.approx(least, abs=1e-6)
    for beyond in high[0] * np.array([1.01, 1.5, 10, 1000]):
        assert value(beyond) <= least + 1e-9
    if low[0] > 0:
        assert value(low[0]) == pytest.approx(least, abs=1e-6)
        for below in low[0] * np.array([0, 0.1, 0.5, 0.99]):
            assert value(below) <= least + 1e-6


@given(many)
def test_paule_mandel_makes_q_equal_its_degrees_of_freedom(data) -> None:
    y, v, mask = arrays(data)
    tau2, converged = paule_mandel(y, v, mask)
    q = generalised_q(y, v, mask, tau2)
    assert converged
    if tau2 > 0:
        assert q == pytest.approx(y.size - 1, rel=1e-6)
    else:
        assert q <= y.size - 1 + 1e-9


@given(many)
def test_q_at_the_limits_is_what_the_profile_asks_for(data) -> None:
    from scipy.stats import chi2

    y, v, mask = arrays(data)
    low, high = q_profile(y, v, mask, level=0.9)
    if np.isnan(high):
        assert generalised_q(y, v, mask, np.zeros(())) < chi2.ppf(0.05, y.size - 1)
        return
    assert low <= high
    if high > 0:
        at_high = generalised_q(y, v, mask, high)
        assert at_high == pytest.approx(chi2.ppf(0.05, y.size - 1), rel=1e-6)
    if low > 0:
        assert generalised_q(y, v, mask, low) == pytest.approx(chi2.ppf(0.95, y.size - 1), rel=1e-6)


def test_paule_mandel_has_no_cap() -> None:
    """Effects in the ten thousands; programs that cap τ² at 1,000,000 stop far too early."""
    y = np.array([1000.0, 9000.0, -4000.0, 12000.0])
    v = np.full(4, 100.0)
    tau2, converged = paule_mandel(y, v, np.ones(4, bool))
    assert converged
    assert float(tau2) == pytest.approx(y.var(ddof=1) - 100.0)  # equal variances: in closed form


@pytest.mark.parametrize("name", TAU2)
def test_equal_variances_give_the_closed_form(name: str) -> None:
    y = np.array([0.1, 0.9, -0.5, 1.4, 0.3])
    tau2, _ = TAU2[name](y, np.full(5, 0.2), np.ones(5, bool))
    expected = y.var(ddof=1) - 0.2
    if name in {"ML", "HS"}:
        expected = y.var() - 0.2  # they divide by k
    if name == "SJ":
        expected = y.var() * y.var(ddof=1) / (0.2 + y.var())
    assert float(tau2) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", TAU2)
def test_equal_effects_leave_no_tau2(name: str) -> None:
    v = np.array([0.04, 0.5, 0.03, 0.06])
    assert TAU2[name](np.zeros(4), v, np.ones(4, bool))[0] == 0.0


@pytest.mark.parametrize("name", TAU2)
@given(many)
def test_no_estimate_is_negative_or_missing(name: str, data) -> None:
    tau2, converged = TAU2[name](*arrays(data))
    assert tau2 >= 0
    assert converged


@pytest.mark.parametrize("name", [name for name in TAU2 if name != "SJ"])  # SJ is never 0
def test_agreement_beyond_chance_gives_exactly_zero(name: str) -> None:
    y = np.array([0.10, 0.12, 0.09, 0.11])
    assert TAU2[name](y, np.array([0.04, 0.05, 0.03, 0.06]), np.ones(4, bool))[0] == 0.0


@pytest.mark.parametrize("name", TAU2)
def test_one_trial_has_no_tau2(name: str) -> None:
    mask = np.array([True, False])
    assert np.isnan(TAU2[name](np.array([1.0, 0.0]), np.array([1.0, 1.0]), mask)[0])


@pytest.mark.parametrize("name", TAU2)
def test_leading_axes_are_kept(name: str) -> None:
    rng = np.random.default_rng(1)
    y, v = rng.normal(size=(2, 3, 5)), rng.uniform(0.05, 0.5, size=(2, 3, 5))
    tau2, converged = TAU2[name](y, v, np.ones(y.shape, bool))
    assert tau2.shape == converged.shape == (2, 3)
    alone, _ = TAU2[name](y[1, 2], v[1, 2], np.ones(5, bool))
    assert tau2[1, 2] == pytest.approx(float(alone), rel=1e-12)


def test_a_root_is_found_to_the_last_digits() -> None:
    root, converged = bracketed_root(lambda x: x**3 - np.array([2.0, 1e-9]), np.zeros(2), np.full(2, 1e3))
    assert converged.all()
    np.testing.assert_allclose(root, np.cbrt([2.0, 1e-9]), rtol=1e-14)


@given(many, st.booleans())
def test_a_mean_is_fitted_as_a_regression_on_a_constant_is(data, restricted: bool) -> None:
    y, v, m = (array[None] for array in arrays(data))
    constant = Regression(np.ones((y.shape[1], 1)))
    mean, _ = maximise(y, v, m, restricted=restricted)
    line, _ = maximise(y, v, m, restricted=restricted, design=constant)
    height = log_likelihood(y, v, m, np.array([[mean[0], line[0]]]), restricted=restricted)[0]
    # two maxima as high as each other may be told apart by rounding
    assert mean[0] == pytest.approx(line[0], rel=1e-7, abs=1e-9 * v.min()) or height[0] == pytest.approx(
        height[1], abs=1e-10
    )


@pytest.mark.parametrize("n", [2, 3, 5, 20, 300])
@pytest.mark.parametrize("tau2", [0.0, 0.1, 1e6])
@pytest.mark.parametrize("share", [1e-4, 0.1, 1.0, 3.0])
def test_the_distribution_of_q_of_equal_variances_is_a_chi_squares(n: int, tau2: float, share: float) -> None:
    q, size = share * n * (1 + 2 * tau2), 1 + 2 * tau2
    below, slope = q_below(np.array([q]), np.full((1, n), 2.0), np.array([[tau2]]))
    assert below[0, 0] == pytest.approx(chi2.cdf(q / size, n), rel=1e-8, abs=1e-9)
    known = chi2.pdf(q / size, n) * q * 2 / size**2
    assert slope[0, 0] == pytest.approx(known, rel=1e-8, abs=1e-9 * n)


def test_the_distribution_of_q_of_pairs_is_that_of_two_exponentials() -> None:
    """Two chi-squares of one size are an exponential; of a sum of two the formula is closed."""
    a, tau2, q = np.array([[0.5, 0.5, 30.0, 30.0, 0.0]]), 0.7, np.array([9.0])
    first, second = 2 * (1 + tau2 * 0.5), 2 * (1 + tau2 * 30)
    tails = first * np.exp(-q / first) - second * np.exp(-q / second)
    below, _ = q_below(q, a, np.array([[tau2]]))
    assert below[0] == pytest.approx(1 - tails / (first - second), abs=1e-10)
