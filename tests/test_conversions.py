"""What a paper prints leads back to the standard deviation it came from."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from livingmeta.conversions import (
    pooled_sd,
    sd_from_difference_se,
    sd_from_se,
    se_from_ci,
    se_from_p,
    smd_from_external_sd,
)


def test_the_handbooks_example_of_a_p_value() -> None:
    """Cochrane Handbook 6.5.2.3: MD 3.8, P = 0.008, 25 and 22 people: t 2.78, SE 1.37, SD 4.69."""
    se = se_from_p(3.8, 0.008, df=45)
    assert round(3.8 / se, 2) == 2.78
    assert round(se, 2) == 1.37
    assert round(sd_from_difference_se(1.37, 25, 22), 2) == 4.69


@pytest.mark.parametrize(("level", "divisor"), [(0.9, 3.29), (0.95, 3.92), (0.99, 5.15)])
def test_the_handbooks_divisors_of_large_samples(level: float, divisor: float) -> None:
    """Cochrane Handbook 6.5.2.2."""
    assert round(2.0 / se_from_ci(-1.0, 1.0, level=level), 2) == divisor


@given(st.floats(0.01, 100), st.integers(2, 400), st.floats(0.5, 0.999))
def test_an_interval_gives_back_its_standard_error(se: float, df: int, level: float) -> None:
    half = stats.t.ppf((1 + level) / 2, df) * se
    assert se_from_ci(3 - half, 3 + half, df=df, level=level) == pytest.approx(se)


@given(st.floats(0.05, 50), st.floats(0.1, 6), st.integers(2, 400))
def test_a_p_value_gives_back_its_standard_error(se: float, t: float, df: int) -> None:
    p = 2 * stats.t.sf(t, df)
    if p > 1e-300:
        assert se_from_p(-t * se, p, df=df) == pytest.approx(se, rel=1e-6)


@given(st.floats(0.1, 50), st.integers(2, 400), st.integers(2, 400))
def test_a_differences_standard_error_gives_back_the_sd(sd: float, n1: int, n2: int) -> None:
    se = sd * math.sqrt(1 / n1 + 1 / n2)
    assert sd_from_difference_se(se, n1, n2) == pytest.approx(sd)
    assert pooled_sd(sd, n1, sd, n2) == pytest.approx(sd)
    assert sd_from_se(sd / math.sqrt(n1), n1) == pytest.approx(sd)


def test_an_external_sd_is_taken_as_known() -> None:
    assert smd_from_external_sd(-5.0, 2.5, 20.0) == (-0.25, 0.125**2)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sd_from_se(0, 10),
        lambda: se_from_ci(2, 1),
        lambda: se_from_ci(1, 2, df=0),
        lambda: se_from_ci(1, 2, level=95),
        lambda: se_from_p(0, 0.04, df=10),
        lambda: se_from_p(1, 0, df=10),
        lambda: se_from_p(1, 1, df=10),
        lambda: sd_from_difference_se(math.nan, 10, 10),
        lambda: pooled_sd(1, 1, 1, 10),
        lambda: smd_from_external_sd(1, 1, math.inf),
    ],
)
def test_what_cannot_be_converted_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"must be|lies between"):
        wrong()
