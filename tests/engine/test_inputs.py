"""Every public function answers with finite numbers, or refuses with a sentence."""

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.engine import conversions, effect_sizes
from livingmeta.engine.counts import odds_ratio, risk_difference, risk_ratio
from livingmeta.engine.methods.bayes import TAU_PRIORS, Prior, posterior
from livingmeta.engine.methods.influence import cumulative, influence, leave_one_out
from livingmeta.engine.methods.regression import common_tau2, meta_regression
from livingmeta.engine.methods.resampling import Arms, Variances, bootstrap, permutation_test, simulate
from livingmeta.engine.methods.selection import selection_model
from livingmeta.engine.methods.small_study import (
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
from livingmeta.engine.methods.subsets import gosh
from livingmeta.engine.pooling import CONFIDENCE, fit, pool, subgroup_test
from livingmeta.engine.quantiles import MEANS, SDS, Quantiles, from_quantiles, skewed
from livingmeta.engine.tau2 import TAU2

MASKED = np.ma.masked_equal([0.1, 0.2, -999.0], -999.0)
POOLED = (
    pool,
    gosh,
    bootstrap,
    permutation_test,
    leave_one_out,
    influence,
    begg,
    egger,
    peese,
    trim_and_fill,
    selection_model,
    lambda yi, vi: suited(Funnel(yi=yi, vi=vi, measure="MD")),
    lambda yi, vi: battery(Funnel(yi=yi, vi=vi, measure="MD")),
    lambda yi, vi: meta_regression(yi, vi, {}),
    lambda yi, vi: cumulative(yi, vi, [0, 1, 2]),
    lambda yi, vi: posterior(yi, vi, prior=Prior(tau="half-normal", scale=1.0)),
)
ARMS = (
    effect_sizes.smd,
    effect_sizes.mean_difference,
    effect_sizes.glass_delta,
    effect_sizes.ratio_of_means,
    lambda *arms: effect_sizes.prepost_smd(*arms, r=0.5),
)
COUNTS = (odds_ratio, risk_ratio, risk_difference, peters, harbord)


@pytest.mark.parametrize("function", POOLED)
@pytest.mark.parametrize("place", [0, 1])
def test_what_a_mask_hides_is_not_computed_with(function: Callable[..., Any], place: int) -> None:
    given_ = [[0.1, 0.2, 0.4], [0.04, 0.05, 0.06]]
    given_[place] = MASKED
    with pytest.raises(ValueError, match=rf"{('yi', 'vi')[place]}\[3\] is masked: leave the trial"):
        function(*given_)


@pytest.mark.parametrize("function", [*ARMS, *COUNTS])
def test_what_a_mask_hides_has_no_effect_size(function: Callable[..., Any]) -> None:
    hidden = np.ma.masked_equal([12, 14, -999], -999)
    arms = (hidden, 20, 15, 20) if function in COUNTS else (hidden, 4, 20, 11, 4, 20)
    with pytest.raises(ValueError, match=r"1?\[3\] is masked: leave the trial"):
        function(*arms)


def test_what_a_mask_hides_is_no_moderator() -> None:
    with pytest.raises(ValueError, match=r"x\[3\] = --: this is not a finite number"):
        meta_regression([0.1, 0.2, 0.3, 0.4], [0.1] * 4, {"x": [*MASKED, 1.0]})


def test_a_mask_that_hides_nothing_is_no_mask() -> None:
    y, v = np.ma.masked_equal([0.1, 0.2], -999.0), np.ma.array([0.04, 0.05])
    assert pool(y, v) == pool([0.1, 0.2], [0.04, 0.05])


def test_a_masked_batch_says_where_its_mask_goes() -> None:
    with pytest.raises(ValueError, match="say by `mask` who is present"):
        fit(MASKED, np.array([0.04, 0.05, 0.06]))


STRANGE = [
    float("nan"),
    float("inf"),
    float("-inf"),
    0.0,
    0,
    -1.0,
    -0.5,
    True,
    False,
    np.bool_(True),
    1e-300,
    1e300,
    1e-60,
    5e-324,
    1.0,
    0.9999999999999999,
    None,
    np.ma.masked,
]
odd = st.one_of(st.sampled_from(STRANGE), st.floats(), st.integers(-3, 40))
usual = st.floats(0.05, 30)
number = st.one_of(usual, usual, usual, odd)
size = st.one_of(st.integers(1, 60), st.integers(1, 60), odd)
fraction = st.one_of(st.floats(0.5, 0.99), st.floats(0.5, 0.99), odd)


def sequence(least: int = 0, most: int = 7) -> st.SearchStrategy[list[Any]]:
    return st.lists(number, min_size=least, max_size=most)


def finite(answer: Any) -> bool:
    """Say whether every number of an answer is finite, or None where it is not computed."""
    if is_dataclass(answer) and not isinstance(answer, type):
        return all(finite(value) for value in vars(answer).values())
    if isinstance(answer, dict):
        return all(finite(value) for value in answer.values())
    if isinstance(answer, tuple | list):
        return all(finite(value) for value in answer)
    if isinstance(answer, float | np.floating):
        return bool(np.isfinite(answer))
    if isinstance(answer, np.ndarray) and answer.dtype.kind == "f":
        return bool(np.isfinite(answer).all())
    return answer is None or isinstance(answer, str | bool | int | np.generic | np.ndarray)


def keeps_its_promise(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """An answer of finite numbers, or a sentence: a small letter or a name first, a stop last."""
    try:
        answer = function(*args, **kwargs)
    except ValueError as refusal:
        lines = str(refusal).splitlines()
        assert lines
        for line in lines:
            assert len(line.split()) > 3, line
            assert line.endswith((".", "?")), line
            assert "operand" not in line, line
            assert "unpack" not in line, line
    else:
        assert finite(answer), answer


@given(st.sampled_from(ARMS), st.lists(st.one_of(number, sequence(1, 3)), min_size=6, max_size=6))
def test_effects_of_means_are_finite_or_refused(function, arms) -> None:
    keeps_its_promise(function, *arms)


@given(
    st.sampled_from(COUNTS),
    st.lists(st.one_of(size, st.lists(size, min_size=1, max_size=3)), min_size=4, max_size=4),
)
def test_effects_of_counts_are_finite_or_refused(function, cells) -> None:
    keeps_its_promise(function, *cells)


CONVERSIONS = {
    "sd_from_se": (number, size),
    "se_from_ci": (number, number),
    "se_from_t": (number, number),
    "sd_from_difference_se": (number, size, size),
    "pooled_sd": (number, size, number, size),
    "smd_from_external_sd": (number, number, number),
    "sd_of_change": (number, number, fraction),
    "combine_arms": (st.lists(st.tuples(size, number, number), max_size=3),),
    "smd_from_odds_ratio": (number, number),
}


@pytest.mark.parametrize("name", CONVERSIONS)
@given(data=st.data())
def test_conversions_are_finite_or_refused(name: str, data) -> None:
    args = [data.draw(one) for one in CONVERSIONS[name]]
    keeps_its_promise(getattr(conversions, name), *args)


@given(st.one_of(fraction, st.floats(0, 1)), size, fraction)
def test_p_values_and_levels_are_finite_or_refused(p, df, level) -> None:
    keeps_its_promise(conversions.t_from_p, p, df=df)
    keeps_its_promise(conversions.se_from_ci, 0.0, 1.0, df=df, level=level)


@given(
    size,
    st.none() | number,
    st.none() | sequence(0, 3),
    st.none() | sequence(0, 3),
    st.sampled_from(sorted(MEANS)),
    st.sampled_from(sorted(SDS)),
)
def test_quantiles_are_finite_or_refused(n, median, quartiles, extremes, mean, sd) -> None:
    def both() -> tuple[Any, ...]:
        x = Quantiles(n=n, median=median, quartiles=quartiles, extremes=extremes)
        return (*from_quantiles(x, mean=mean, sd=sd), skewed(x))

    keeps_its_promise(both)


@given(
    sequence(), sequence(), st.sampled_from(sorted(TAU2)) | odd, st.sampled_from(sorted(CONFIDENCE)), fraction
)
def test_pools_are_finite_or_refused(y, v, tau2, ci, level) -> None:
    keeps_its_promise(pool, y, v, tau2=tau2, ci=ci, level=level)
    keeps_its_promise(pool, y, v[: len(y)], tau2=tau2, ci=ci, level=level)


@given(st.lists(st.tuples(number, number), max_size=6), fraction, st.data())
@settings(max_examples=settings.default.max_examples * 2 // 5)
def test_methods_around_a_pool_are_finite_or_refused(effects, level, data) -> None:
    y, v = [one for one, _ in effects], [one for _, one in effects]
    x, n = (data.draw(st.lists(size, min_size=len(y), max_size=7)) for _ in range(2))
    scale, share = data.draw(number), data.draw(number)
    count, order = data.draw(st.integers(-1, 4)), data.draw(st.permutations(range(len(y))))
    tau = data.draw(st.sampled_from(sorted(TAU_PRIORS)))
    measure = data.draw(st.sampled_from(["MD", "SMD", "log OR"]))
    for force in (True, False):
        for test in (egger, peese, trim_and_fill):
            keeps_its_promise(test, y, v, force=force, level=level)
        told = Funnel(
            yi=y,
            vi=v,
            measure=measure,
            sizes=tuple(zip(x, n, strict=False)),
            counts=tuple(zip(v, x, y, n, strict=False)),
        )
        keeps_its_promise(battery, told, force=force, level=level)
        for counted in (peters, harbord):
            keeps_its_promise(counted, v, x, y, n, force=force, level=level)
        keeps_its_promise(begg, y, v, force=force)
        keeps_its_promise(selection_model, y, v, force=force, level=level)
        keeps_its_promise(egger_smd, y, x, n, force=force, level=level)
        keeps_its_promise(egger_smd, y, x, n, force=force, level=level, stabilised=True)
    keeps_its_promise(meta_regression, y, v, {"x": x}, level=level)
    keeps_its_promise(meta_regression, y, v, {"x": n}, cluster=x, intercept=False)
    keeps_its_promise(common_tau2, y, v, [str(one) for one in x], tau2="DL")
    keeps_its_promise(subgroup_test, y, v)
    keeps_its_promise(permutation_test, y, v, most=64, level=level)
    keeps_its_promise(bootstrap, y, v, count=count, level=level)
    keeps_its_promise(lambda: gosh(y, v, most=count).estimate)
    keeps_its_promise(leave_one_out_numbers, y, v, level=level)
    keeps_its_promise(cumulative_numbers, y, v, data.draw(st.just(order) | sequence()))
    prior = Prior(tau=tau, scale=scale, mu_mean=share, mu_sd=data.draw(st.none() | number))
    keeps_its_promise(posterior, y, v, prior=prior, important=data.draw(st.none() | number))


def leave_one_out_numbers(y: Any, v: Any, level: Any) -> tuple[Any, ...]:
    found = leave_one_out(y, v, level=level)
    return found.estimate, found.se, found.ci_low, found.ci_high, found.weights


def cumulative_numbers(y: Any, v: Any, order: Any) -> tuple[Any, ...]:
    found = cumulative(y, v, order)
    return found.estimate, found.se, found.ci_low, found.ci_high, found.weights


@given(sequence(1, 4), st.lists(size, min_size=1, max_size=4), number, number, st.integers(-1, 3))
def test_simulated_reviews_are_finite_or_refused(v, n, effect, between, count) -> None:
    keeps_its_promise(lambda: simulate(Variances(tuple(v)), effects=[effect], between=[between], count=count))
    keeps_its_promise(
        lambda: simulate(Arms(tuple(n), tuple(n)), effects=[effect], between=[between], count=count)
    )
