"""Points follow from the SD that was asked for; a new setting from the prediction interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods.patient import important_difference, new_setting, vas_points, vas_words
from livingmeta.engine.pooling import PREDICTION, pool

Y = np.array([-0.6, -0.2, -0.5, 0.1, -0.4, -1.1])
V = np.array([0.05, 0.04, 0.06, 0.05, 0.03, 0.04])


@pytest.mark.parametrize("ci", ["wald", "hksj", "hksj-modified"])
@pytest.mark.parametrize("method", [name for name, one in PREDICTION.items() if not one.is_drawn])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_prediction_interval_cuts_off_its_tails(method: str, ci: str, level: float) -> None:
    result = pool(Y, V, ci=ci, prediction=method, level=level)
    assert result.pi_low is not None
    assert result.pi_high is not None
    tail = (1 - level) / 2
    from_low = new_setting(result, important=-result.pi_low)
    assert from_low.beyond_below == pytest.approx(tail, abs=1e-12)
    at_high = pool(Y - result.pi_high, V, ci=ci, prediction=method, level=level)
    assert new_setting(at_high).below_zero == pytest.approx(1 - tail, abs=1e-9)


def test_every_prediction_interval_has_its_degrees_of_freedom() -> None:
    assert new_setting(pool(Y, V, prediction="t(k-1)")).df == 5
    assert new_setting(pool(Y, V, prediction="t(k-2)")).df == 4
    assert new_setting(pool(Y, V, prediction="z")).df is None


@given(st.floats(0.01, 2))
def test_turning_every_sign_swaps_the_groups(important: float) -> None:
    one, other = (new_setting(pool(y, V), important=important) for y in (Y, -Y))
    assert one.beyond_below == pytest.approx(other.beyond_above, abs=1e-12)
    assert one.below_zero == pytest.approx(1 - other.below_zero, abs=1e-12)
    assert one.beyond_below < one.below_zero


def test_below_five_trials_nothing_is_said_of_a_new_setting() -> None:
    with pytest.raises(ValueError, match="4 trials: below 5 the spread"):
        new_setting(pool(Y[:4], V[:4]))
    assert new_setting(pool(Y[:5], V[:5])).k == 5


@pytest.mark.parametrize("methods", [{"model": "common", "ci": "wald"}, {"prediction": "none"}])
def test_without_a_predictive_distribution_it_is_refused(methods) -> None:
    with pytest.raises(ValueError, match="says nothing of a new setting"):
        new_setting(pool(Y, V, **methods))


def test_chances_are_not_read_off_a_distribution_without_a_name() -> None:
    with pytest.raises(ValueError, match="not computed from prediction = 'nagashima'"):
        new_setting(pool(Y, V, prediction="nagashima"))


def test_points_are_the_effect_times_the_sd() -> None:
    """Cochrane's open learning module A1-4: 0.2 × 500 g = 100 g; here with an SD on the VAS."""
    assert vas_points(0.2, vas_sd=50) == 10
    assert vas_points(-0.27, vas_sd=25) == pytest.approx(-6.75)
    assert "25 mm between people as asked, not from the trials" in vas_words(25)


@pytest.mark.parametrize("sd", [0, -1, 51, np.nan])
def test_an_sd_that_no_vas_has_is_refused(sd: float) -> None:
    with pytest.raises(ValueError, match="vas_sd"):
        vas_points(0.2, vas_sd=sd)


@given(st.floats(0.1, 100), st.floats(1, 50))
def test_points_there_and_back(points: float, sd: float) -> None:
    smd = important_difference(points, measure="SMD", label="SMD", vas_sd=sd)
    assert vas_points(smd, vas_sd=sd) == pytest.approx(points, rel=1e-12)


def test_a_ratio_and_its_inverse_are_one_difference() -> None:
    less, more = (important_difference(x, measure="OR", label="log OR") for x in (0.8, 1.25))
    assert less == pytest.approx(more, rel=1e-12)
    assert important_difference(4.0, measure="MD", label="MD") == 4.0


def test_points_need_standardised_effects() -> None:
    for measure in (key for key, one in MEASURES.items() if not one.standardised):
        with pytest.raises(ValueError, match="leave it out"):
            important_difference(10, measure=measure, label=MEASURES[measure].label, vas_sd=20)
    with pytest.raises(ValueError, match="a ratio of 1 is no difference"):
        important_difference(1, measure="RR", label="log RR")
    with pytest.raises(ValueError, match="above 0"):
        important_difference(0, measure="SMD", label="SMD")
