"""Posteriors agree with a dense grid, closed forms and bayesmeta, and say what they rest on."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, ndtri

from livingmeta.engine.methods import bayes
from livingmeta.engine.methods.bayes import TAU_PRIORS, Marginal, Posterior, Prior, posterior

# Rubin 1981 as data set Rubin1981 of bayesmeta has it
SCHOOLS = np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
VARIANCES = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6]) ** 2
TAILS = np.array([0.025, 0.5, 0.975])


def schools(k: int = 8, *, tau: str = "half-cauchy", mu_sd: float | None = 50, **given) -> Posterior:
    prior = Prior(tau=tau, scale=25, mu_sd=mu_sd)
    return posterior(SCHOOLS[:k], VARIANCES[:k], prior=prior, **given)


def test_the_eight_schools_are_as_bayesmeta_prints_them() -> None:
    """Vignette of the R package bayesmeta (cran/bayesmeta at 10a27a7, inst/doc/bayesmeta.html).

    bayesmeta(y = effect, sigma = stderr, mu.prior.mean = 0, mu.prior.sd = 50,
    tau.prior = function(t){dhalfcauchy(t, scale = 25)}); qposterior(tau.p = c(0.025, 0.975)),
    qposterior(mu.p = 0.95), 1 - pposterior(mu = 0), theta[, c("A", "G", "H")]. τ it integrates;
    for μ and the schools it takes τ at grid points (delta = 0.01), so they hold to 1e-3.
    """
    found, nine = schools(), schools(level=0.9)
    for ours, printed in (
        (found.tau.median, 4.758539),
        (found.tau.mean, 5.884511),
        (found.tau.sd, 4.869904),
        (found.tau.low, 0.2199559),
        (found.tau.high, 18.0531718),
        (nine.tau.high, 15.16589),
    ):
        assert ours == pytest.approx(printed, rel=4e-7)
    for ours, printed in (
        (found.mu.median, 7.962961),
        (found.mu.mean, 7.985729),
        (found.mu.sd, 4.995762),
        (nine.mu.high, 16.11009),
    ):
        assert ours == pytest.approx(printed, rel=2e-4)
    assert 1 - found.mu_chances.below_zero == pytest.approx(0.9487521, abs=5e-5)
    for place, printed in (
        (0, (10.093581, 11.095255, 7.901084)),
        (6, (9.786985, 10.336032, 6.631039)),
        (7, (8.266594, 8.474644, 7.456906)),
    ):
        one = found.trials[place]
        assert (one.median, one.mean, one.sd) == pytest.approx(printed, rel=2e-3)


def dense(k: int, prior: Prior) -> Callable[[float], float]:
    """Return the density of μ up to a constant, summed over a grid of τ, nothing in closed form.

    The trapezoid rule in s, where τ = e^s (or U/(1 + e^−s)), has no error to speak of: what it
    sums falls to 0 at both ends.
    """
    s = np.arange(-42.0, 42.0, 0.05)
    tau = prior.scale * (expit(s) if prior.tau == "uniform" else np.exp(s))
    slope = tau * expit(-s) if prior.tau == "uniform" else tau
    before = {
        "half-normal": np.exp(-0.5 * (tau / prior.scale) ** 2),
        "half-cauchy": 1 / (1 + (tau / prior.scale) ** 2),
        "uniform": np.ones(tau.shape),
    }[prior.tau] * slope
    spread = VARIANCES[:k, None] + tau**2

    def joint(mu: float) -> np.ndarray:
        log = -0.5 * (np.log(spread) + (SCHOOLS[:k, None] - mu) ** 2 / spread).sum(0)
        held = 0.0 if prior.mu_sd is None else -0.5 * (mu / prior.mu_sd) ** 2
        return before * np.exp(log + held)

    return lambda mu: float(joint(mu).sum())


@pytest.mark.parametrize("mu_sd", [None, 50.0], ids=["flat", "normal"])
@pytest.mark.parametrize("tau", TAU_PRIORS)
@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_the_mean_agrees_with_a_dense_grid(k: int, tau: str, mu_sd: float | None) -> None:
    found = schools(k, tau=tau, mu_sd=mu_sd, important=5)
    density = dense(k, found.prior)

    def below(x: float) -> float:
        return quad(density, -np.inf, x, epsabs=0, epsrel=1e-12, limit=400)[0]

    def above(x: float) -> float:
        return quad(density, x, np.inf, epsabs=0, epsrel=1e-12, limit=400)[0]

    whole = below(10.0) + above(10.0)
    assert below(found.mu.low) / whole == pytest.approx(0.025, abs=1e-9)
    assert below(found.mu.median) / whole == pytest.approx(0.5, abs=1e-9)
    assert above(found.mu.high) / whole == pytest.approx(0.025, abs=1e-9)
    chances = found.mu_chances
    assert below(0) / whole == pytest.approx(chances.below_zero, abs=1e-9)
    assert below(-5) / whole == pytest.approx(chances.beyond_below, abs=1e-9)
    assert above(5) / whole == pytest.approx(chances.beyond_above, abs=1e-9)
    at = found.curves.effect[100]
    assert found.curves.mu[100] == pytest.approx(density(at) / whole, rel=1e-8)
    assert found.error < 1e-11


@pytest.mark.parametrize("tau", TAU_PRIORS)
@pytest.mark.parametrize("k", [3, 8])
def test_moments_agree_with_a_dense_grid(k: int, tau: str) -> None:
    """E and SD of μ, τ, each trial and a new one, by sums over (μ, τ) and over nothing else."""
    found = schools(k, tau=tau)
    mu = np.linspace(-450, 450, 3001)  # nine SDs of its prior
    s = np.arange(-25.0, 25.0, 0.05)
    at = 25 * (expit(s) if tau == "uniform" else np.exp(s))
    prior = {
        "half-normal": at * np.exp(-0.5 * (at / 25) ** 2),
        "half-cauchy": at / (1 + (at / 25) ** 2),
        "uniform": at * expit(-s),
    }[tau]
    spread = VARIANCES[:k, None] + at**2
    log = sum(
        -0.5 * (np.log(one) + (y - mu[:, None]) ** 2 / one)
        for y, one in zip(SCHOOLS[:k], spread, strict=True)
    )
    weight = np.exp(log - 0.5 * (mu[:, None] / 50) ** 2) * prior
    weight /= weight.sum()

    def moments(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
        mean = (weight * first).sum()
        return mean, np.sqrt((weight * second).sum() - mean**2)

    def same(one: Marginal, first: np.ndarray, second: np.ndarray) -> None:
        assert (one.mean, one.sd) == pytest.approx(moments(first, second), rel=1e-8)

    m, t = np.broadcast_arrays(mu[:, None], at)
    same(found.mu, m, m**2)
    same(found.tau, t, t**2)
    same(found.new, m, m**2 + t**2)
    for i, one in enumerate(found.trials):
        share = t**2 / (t**2 + VARIANCES[i])
        expected = share * SCHOOLS[i] + (1 - share) * m
        same(one, expected, expected**2 + share * VARIANCES[i])


@pytest.mark.parametrize("tau", TAU_PRIORS)
def test_a_new_trial_is_one_that_has_seen_nobody(tau: str) -> None:
    found = schools(tau=tau)
    one_more = posterior([*SCHOOLS, 1e3], [*VARIANCES, 1e22], prior=found.prior).trials[-1]
    for name in ("median", "low", "high"):
        assert getattr(one_more, name) == pytest.approx(getattr(found.new, name), rel=1e-8)


@pytest.mark.parametrize("tau", TAU_PRIORS)
def test_without_heterogeneity_it_is_the_conjugate_normal(tau: str) -> None:
    prior = Prior(tau=tau, scale=1e-9, mu_mean=-3.0, mu_sd=4.0)
    found = posterior(SCHOOLS, VARIANCES, prior=prior, important=1)
    precision = (1 / VARIANCES).sum() + 1 / 16
    mean = ((SCHOOLS / VARIANCES).sum() - 3 / 16) / precision
    expected = mean + ndtri(TAILS) / np.sqrt(precision)
    for one in (found.mu, found.new, *found.trials):
        assert (one.low, one.median, one.high) == pytest.approx(expected, rel=1e-7)
    assert found.mu.sd == pytest.approx(precision**-0.5, rel=1e-9)


@pytest.mark.parametrize("tau", TAU_PRIORS)
def test_one_trial_leaves_tau_its_prior(tau: str) -> None:
    found = schools(1, tau=tau, mu_sd=None)
    expected = {
        "half-normal": 25 * ndtri((1 + TAILS) / 2),
        "half-cauchy": 25 * np.tan(np.pi * TAILS / 2),
        "uniform": 25 * TAILS,
    }[tau]
    assert (found.tau.low, found.tau.median, found.tau.high) == pytest.approx(expected, rel=1e-10)
    own = found.trials[0]
    assert (own.low, own.median, own.high) == pytest.approx(28.39 + ndtri(TAILS) * 14.9, rel=1e-10)
    assert "tau_from_prior" in found.flags
    np.testing.assert_allclose(found.curves.tau_posterior, found.curves.tau_prior, rtol=1e-10)


@pytest.mark.parametrize("tau", TAU_PRIORS)
def test_equal_variances_tie_the_moments_together(tau: str) -> None:
    """Given τ, μ is N(ȳ, (v + τ²)/k), whatever the prior on τ."""
    y, v = np.array([0.1, -0.4, 0.6, 0.2, -0.2]), 0.09
    found = posterior(y, np.full(5, v), prior=Prior(tau=tau, scale=0.5))
    square = found.tau.mean**2 + found.tau.sd**2
    assert found.mu.median == pytest.approx(y.mean(), rel=1e-9)
    assert found.mu.sd**2 == pytest.approx((v + square) / 5, rel=1e-9)
    assert found.new.sd**2 == pytest.approx((v + square) / 5 + square, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "mu_sd", "mean", "sd"),
    [
        (1, None, False, False),
        (2, None, True, False),
        (3, None, True, True),
        (1, 50, True, False),
        (2, 50, True, True),
    ],
)
def test_infinite_moments_are_not_shown(k: int, mu_sd: float | None, mean: bool, sd: bool) -> None:
    """Half-Cauchy: the posterior of τ falls as τ^−(k + 1), as τ^−(k + 2) with a normal μ."""
    found = schools(k, mu_sd=mu_sd)
    for one in (found.tau, found.new):
        assert (one.mean is not None, one.sd is not None) == (mean, sd)
    assert (found.mu.sd is not None) == (sd or mu_sd is not None)
    assert ("moments_infinite" in found.flags) == (not (mean and sd))


def test_trials_in_conflict_with_the_prior_are_integrated_all_the_same() -> None:
    """±1000 against half-normal(0.5): by Laplace the mode of τ is where τ⁴ ≈ Σy²s² = 2e6/4."""
    found = posterior([-1000, 1000], [1, 1], prior=Prior(tau="half-normal", scale=0.5))
    assert found.tau.median == pytest.approx((2e6 / 4) ** 0.25, rel=0.01)
    assert "not_converged" not in found.flags


sets = st.integers(1, 7).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k),
        st.lists(st.floats(0.001, 2), min_size=k, max_size=k),
    )
)
priors = st.builds(
    Prior,
    tau=st.sampled_from(sorted(TAU_PRIORS)),
    scale=st.floats(0.05, 3),
    mu_sd=st.none() | st.floats(0.2, 5),
)


def places(found: Posterior) -> np.ndarray:
    rows = (found.mu, found.new, *found.trials)
    return np.array([(one.low, one.median, one.high) for one in rows])


@settings(max_examples=settings.default.max_examples // 2)
@given(sets, priors)
def test_turning_every_sign_turns_the_posterior(data, prior: Prior) -> None:
    yi, vi = map(np.array, data)
    one, other = (posterior(y, vi, prior=prior, important=0.3) for y in (yi, -yi))
    np.testing.assert_allclose(places(one), -places(other)[:, ::-1], rtol=1e-8, atol=1e-8)
    there, back = one.new_chances, other.new_chances
    assert there.beyond_below == pytest.approx(back.beyond_above, abs=1e-10)
    assert there.below_zero == pytest.approx(1 - back.below_zero, abs=1e-10)


@settings(max_examples=settings.default.max_examples // 2)
@given(sets, priors, st.sampled_from([1e-6, 0.037, 1e7]))
def test_another_unit_changes_nothing_else(data, prior: Prior, unit: float) -> None:
    yi, vi = map(np.array, data)
    mu_sd = prior.mu_sd and prior.mu_sd * unit
    scaled = Prior(tau=prior.tau, scale=prior.scale * unit, mu_sd=mu_sd)
    one = posterior(yi, vi, prior=prior)
    other = posterior(yi * unit, vi * unit**2, prior=scaled)
    np.testing.assert_allclose(places(other) / unit, places(one), rtol=1e-7, atol=1e-7)
    assert other.tau.median / unit == pytest.approx(one.tau.median, rel=1e-7)
    assert other.mu_chances.below_zero == pytest.approx(one.mu_chances.below_zero, abs=1e-9)
    assert "not_converged" not in one.flags


@settings(max_examples=settings.default.max_examples // 2)
@given(sets, priors, st.randoms())
def test_the_order_of_trials_does_not_matter(data, prior: Prior, chance) -> None:
    yi, vi = map(np.array, data)
    order = chance.sample(range(yi.size), yi.size)
    one, other = posterior(yi, vi, prior=prior), posterior(yi[order], vi[order], prior=prior)
    np.testing.assert_allclose(places(other)[2:], places(one)[2:][order], rtol=1e-8, atol=1e-8)


def test_too_few_nodes_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayes, "NODES", (1, 2, 3))
    assert "not_converged" in schools().flags


@pytest.mark.parametrize(
    ("prior", "important", "why"),
    [
        (Prior(tau="half-normal", scale=np.inf), None, "must be proper"),
        (Prior(tau="uniform", scale=0), None, "must be proper"),
        (Prior(tau="half-norml", scale=1), None, "Did you mean half-normal"),
        (Prior(tau="half-normal", scale=1, mu_sd=0), None, "leave it out for a flat prior"),
        (Prior(tau="half-normal", scale=1), -0.2, "is above 0"),
    ],
)
def test_priors_that_are_none_are_refused(prior: Prior, important, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        posterior([0.1, 0.2], [0.1, 0.1], prior=prior, important=important)


def test_without_a_trial_there_is_no_posterior() -> None:
    with pytest.raises(ValueError, match="no trial"):
        posterior([], [], prior=Prior(tau="half-normal", scale=1))


@pytest.mark.slow
def test_the_command_says_what_each_posterior_rests_on(say, tmp_path: Path) -> None:
    said = say("bayes", "smith2017", "--important", "0.3", "--out", str(tmp_path), "--full")
    assert said.status == 0, said.err
    assert "prior: τ half-normal with scale 0.5, μ flat (scale by default, our choice" in said.flat
    assert "three trials, 3 of 7 trials known to measure it" in said.flat
    assert "one trial, 1 of 5 trials known to measure it" in said.flat
    assert "no posterior: without a trial it would be the prior" in said.flat
    assert "3 measured but missing here" in said.flat
    assert "probability that the mean effect favours painful exercise" in said.flat
    assert "below 5 the spread of true effects is known too badly" in said.flat
    drawn = sorted(path.name for path in (tmp_path / "smith2017").iterdir())
    assert drawn[-3:] == [f"bayes_pain-short.{kind}" for kind in ("png", "svg", "txt")]
    assert len(drawn) == 12  # four syntheses have trials


def test_the_document_holds_prior_and_posterior(say) -> None:
    words = ("bayes", "smith2017", "--tau-prior", "half-cauchy", "--tau-scale", "0.3", "--json")
    documents = json.loads(say(*words, "--mu-sd", "1").out)
    first, empty = documents[:2]
    assert first["prior"] == "τ half-Cauchy with scale 0.3, μ normal(0, SD 1)"
    assert first["posterior"]["k"] == len(first["posterior"]["trials"]) == 3
    assert first["new_setting"] is None
    assert "rows_assumed" in first["flags"]
    assert empty["posterior"] is None
    assert empty["why_not"]


@pytest.mark.slow
def test_points_and_their_difference_are_one_scale(say, tmp_path: Path) -> None:
    words = ("bayes", "knee_oa", "--synthesis", "pain-followup", "--out", str(tmp_path))
    said = say(*words, "--vas-sd", "20", "--important", "10", "--full")
    assert "assuming an SD of 20 mm between people as asked" in said.flat
    assert "probability that the effect in a new setting favours exercise" in said.flat
    plain, points = (
        json.loads(say(*words, "--json", *more).out)
        for more in (("--important", "0.5"), ("--vas-sd", "20", "--important", "10"))
    )
    assert plain == points


def test_a_prior_without_a_usual_scale_needs_one(say) -> None:
    said = say("bayes", "smith2017", "--tau-prior", "uniform")
    assert said.status == 2
    assert "give one, in the unit of the effects" in said.err


def test_the_help_lists_every_prior_and_the_default_scale(say) -> None:
    said = say("bayes", "--help").flat
    assert all(name in said for name in TAU_PRIORS)
    assert "0.5 for half-normal" in said
    below = ndtri(0.975) * 0.5  # of a half-normal with scale 0.5, 95% lies below
    assert f"below {below:.2f} with 95%" in said


def test_assumptions_can_be_switched_off(say) -> None:
    words = ("bayes", "smith2017", "--synthesis", "pain-short", "--no-assumptions", "--json")
    (only,) = json.loads(say(*words).out)
    assert only["posterior"]["k"] == 1
    assert "rows_assumed" not in only["flags"]


def test_the_figure_shows_the_posterior() -> None:
    from livingmeta.figures.posterior import posterior_plot
    from livingmeta.figures.style import caption_of
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.synthesise import synthesise

    pool = synthesise(load_review("smith2017"))[0]
    yi, vi = [effect.yi for effect in pool.effects], [effect.vi for effect in pool.effects]
    found = posterior(yi, vi, prior=Prior(tau="half-normal", scale=0.5), important=0.3)
    ax = posterior_plot(pool, found, note="What it rests on.")
    figure = ax.figure
    printed = [text.get_text() for text in figure.texts if text.get_gid() == "chance"]
    assert printed[3:6] == [
        "In favour of painful exercise",
        f"{100 * found.mu_chances.below_zero:.0f}%",
        f"{100 * found.new_chances.below_zero:.0f}%",
    ]
    assert found.mu_chances.beyond_above is not None
    assert printed[-2] == f"{100 * found.mu_chances.beyond_above:.0f}%"
    assert "What it rests on." in caption_of(ax).text
    axes = {ax.get_label(): ax for ax in figure.axes}
    lines = {line.get_gid(): line for ax in figure.axes for line in ax.lines}
    assert lines["mu"].get_ydata().tolist() == list(found.curves.mu)
    assert lines["prior"].get_ydata().tolist() == list(found.curves.tau_prior)
    for i, (effect, one) in enumerate(zip(pool.effects, found.trials, strict=True)):
        assert lines[f"reported:{i}"].get_xdata()[0] == effect.yi
        assert lines[f"shrunken:{i}"].get_xdata()[0] == one.median
    assert lines["shrunken:3"].get_xdata()[0] == found.mu.median
    assert lines["shrunken:4"].get_xdata()[0] == found.new.median
    for name in ("effect", "trials"):
        band = next(patch for patch in axes[name].patches if patch.get_gid() == "important")
        assert band.get_extents().transformed(axes[name].transData.inverted()).x0 == pytest.approx(-0.3)
    assert "† rests on an assumption." in " ".join(text.get_text() for text in figure.texts)


def test_densities_hold_all_probability() -> None:
    curves = schools(3, tau="half-normal", mu_sd=None).curves
    assert np.trapezoid(curves.tau_posterior, curves.tau) == pytest.approx(0.985, abs=0.01)
    uniform = schools(3, tau="uniform").curves
    assert np.trapezoid(uniform.tau_posterior, uniform.tau) == pytest.approx(1, abs=1e-5)
    assert np.trapezoid(uniform.tau_prior, uniform.tau) == pytest.approx(1, abs=1e-12)
