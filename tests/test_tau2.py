"""Estimates of τ² are where their definitions put them, and the search for them always ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.tau2 import (
    TAU2,
    bracketed_root,
    generalised_q,
    paule_mandel,
    q_profile,
    reml,
    restricted_likelihood,
)

many = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-5, 5), min_size=k, max_size=k),
        st.lists(st.floats(-9, 3).map(lambda x: 10**x), min_size=k, max_size=k),
    )
)


def arrays(data: tuple[list[float], list[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, v = map(np.array, data)
    return y, v, np.ones(y.shape, bool)


@given(many)
@settings(max_examples=300)
def test_no_other_tau2_has_a_higher_restricted_likelihood(data) -> None:
    y, v, mask = arrays(data)
    tau2, converged = reml(y, v, mask)
    assert converged
    others = np.concatenate([[0.0], np.geomspace(1e-12, 1e4, 4000)])
    best = restricted_likelihood(y, v, mask, np.array([float(tau2)]))[0]
    likelihoods = restricted_likelihood(y, v, mask, others)
    assert best >= likelihoods.max() - 1e-9 * (1 + np.abs(likelihoods).max())


def test_the_higher_of_two_maxima_is_taken() -> None:
    """Three precise trials that agree, and imprecise ones far off: one maximum for each view."""
    y = np.array([0.0, 0.01, -0.01, 2.0, -2.2, 2.4, -2.5, 2.2])
    v = np.array([1e-6, 1e-6, 1e-6, 1e-2, 1e-2, 1e-2, 1e-2, 1e-2])
    mask = np.ones(8, bool)
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 100, 100_000)])
    likelihood = restricted_likelihood(y, v, mask, grid)
    tau2, _ = reml(y, v, mask)
    assert float(tau2) == pytest.approx(grid[likelihood.argmax()], rel=1e-3)


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
    assert float(tau2) == pytest.approx(y.var(ddof=1) - 0.2, rel=1e-12)


@pytest.mark.parametrize("name", TAU2)
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
    root, converged = bracketed_root(
        lambda x: x**3 - np.array([2.0, 1e-9]), np.zeros(2), np.full(2, 1e3)
    )
    assert converged.all()
    np.testing.assert_allclose(root, np.cbrt([2.0, 1e-9]), rtol=1e-14)
