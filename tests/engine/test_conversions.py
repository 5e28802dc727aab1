"""What a paper prints leads back to the standard deviation it came from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from livingmeta.engine.conversions import (
    combine_arms,
    pooled_sd,
    sd_from_difference_se,
    sd_from_se,
    sd_of_change,
    se_from_ci,
    se_from_t,
    smd_from_external_sd,
    smd_from_odds_ratio,
    t_from_p,
)
from livingmeta.engine.effect_sizes import smd, smd_from_difference, smd_from_t


def test_the_handbooks_example_of_a_p_value() -> None:
    """Cochrane Handbook 6.5.2.3: MD 3.8, P = 0.008, 25 and 22 people: t 2.78, SE 1.37, SD 4.69."""
    se = se_from_t(3.8, t_from_p(0.008, df=45))
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
        assert se_from_t(-t * se, t_from_p(p, df=df)) == pytest.approx(se, rel=1e-6)


@given(st.floats(0.1, 50), st.integers(2, 400), st.integers(2, 400))
def test_a_differences_standard_error_gives_back_the_sd(sd: float, n1: int, n2: int) -> None:
    se = sd * math.sqrt(1 / n1 + 1 / n2)
    assert sd_from_difference_se(se, n1, n2) == pytest.approx(sd)
    assert pooled_sd(sd, n1, sd, n2) == pytest.approx(sd)
    assert sd_from_se(sd / math.sqrt(n1), n1) == pytest.approx(sd)


def test_the_handbooks_example_of_a_small_arm() -> None:
    """Cochrane Handbook 6.5.2.2: 25 people, 95% CI 30.0 to 34.2, divisor 4.128, SD 5.09."""
    se = se_from_ci(30.0, 34.2, df=24)
    assert round(4.2 / se, 3) == 4.128
    assert round(sd_from_se(se, 25), 2) == 5.09


def test_the_handbooks_example_of_change_from_baseline() -> None:
    """Cochrane Handbook 6.5.2.8: correlations 0.78 and 0.82; with 0.80 the SD is 4.3."""
    assert round(sd_of_change(6.4, 7.1, 0.78), 1) == 4.5
    assert round(sd_of_change(7.0, 6.9, 0.82), 1) == 4.2
    assert round(sd_of_change(6.4, 7.1, 0.80), 1) == 4.3


@given(st.floats(0.1, 50), st.floats(0.1, 50), st.floats(-0.95, 0.95))
def test_the_sd_of_change_gives_back_its_correlation(before, after, r) -> None:
    change = sd_of_change(before, after, r)
    implied = (before**2 + after**2 - change**2) / (2 * before * after)
    assert implied == pytest.approx(r, abs=1e-6)


@given(st.lists(st.lists(st.floats(-9, 9), min_size=2, max_size=9), min_size=1, max_size=4))
def test_combined_arms_are_the_people_of_all(arms) -> None:
    """Cochrane Handbook table 6.5.a, against the people themselves."""
    told = [(len(arm), np.mean(arm), np.std(arm, ddof=1)) for arm in arms]
    if min(sd for _, _, sd in told) < 1e-6:
        return
    everyone = np.concatenate(arms)
    n, mean, sd = combine_arms(told)
    assert n == everyone.size
    assert mean == pytest.approx(everyone.mean(), abs=1e-9)
    assert sd == pytest.approx(everyone.std(ddof=1))


@given(st.floats(-5, 5), st.floats(0.5, 5), st.integers(2, 99), st.integers(2, 99))
def test_t_and_difference_give_the_same_smd(md: float, sd: float, n1: int, n2: int) -> None:
    t = md / (sd * math.sqrt(1 / n1 + 1 / n2))
    assert smd_from_t(t, n1, n2) == pytest.approx(smd_from_difference(md, sd, n1, n2), abs=1e-12)
    if abs(md) > 0.01:
        assert se_from_t(md, t) == pytest.approx(sd * math.sqrt(1 / n1 + 1 / n2))


def test_a_p_value_leads_to_the_smd_of_its_arms() -> None:
    _, p = stats.ttest_ind_from_stats(5, 2, 10, 3, 2.2, 10)
    assert smd_from_t(t_from_p(p, df=18), 10, 10) == pytest.approx(smd(5, 2, 10, 3, 2.2, 10))


def test_a_p_value_far_out_has_the_t_of_its_tail() -> None:
    """For small x = df/(df + t²), P = x^2.5/(2.5 B(2.5, 0.5)) with B = 3π/8 and 5 df."""
    x = (1e-300 * 2.5 * 3 * math.pi / 8) ** 0.4
    assert t_from_p(1e-300, df=5) == pytest.approx(math.sqrt(5 / x), rel=1e-12)
    assert t_from_p(1e-13, df=5) == pytest.approx(717.230853007981, rel=1e-12)  # R: qt(5e-14, 5)


def test_a_logistic_outcome_has_the_smd_its_odds_ratio_tells() -> None:
    """Cochrane Handbook 10.6: an SMD of 0.5 is a log odds ratio of 0.907, by the factor 1.81."""
    yi, vi = smd_from_odds_ratio(0.5 * math.pi / math.sqrt(3), 0.2 * math.pi / math.sqrt(3))
    assert (yi, vi) == (pytest.approx(0.5), pytest.approx(0.04))
    assert round(1 / smd_from_odds_ratio(1, 1)[0], 2) == 1.81


def test_an_external_sd_is_taken_as_known() -> None:
    assert smd_from_external_sd(-5.0, 2.5, 20.0) == (-0.25, 0.125**2)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sd_from_se(0, 10),
        lambda: se_from_ci(2, 1),
        lambda: se_from_ci(1, 2, df=0),
        lambda: se_from_ci(1, 2, level=95),
        lambda: t_from_p(0, df=10),
        lambda: t_from_p(1, df=10),
        lambda: sd_from_difference_se(math.nan, 10, 10),
        lambda: pooled_sd(1, 1, 1, 10),
        lambda: smd_from_external_sd(1, 1, math.inf),
        lambda: se_from_t(3, 0),
        lambda: t_from_p(0.05, df=0),
        lambda: sd_of_change(1, 1, 1),
        lambda: combine_arms([(1, 2, 3)]),
        lambda: smd_from_odds_ratio(1, 0),
        lambda: smd_from_odds_ratio(math.nan, 1),
        lambda: smd_from_external_sd(math.nan, 1, 1),
        lambda: combine_arms([(10, math.nan, 3)]),
        lambda: combine_arms([(math.nan, 1, 3)]),
        lambda: sd_from_se(True, 10),
    ],
)
def test_what_cannot_be_converted_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"must be|lies between"):
        wrong()
