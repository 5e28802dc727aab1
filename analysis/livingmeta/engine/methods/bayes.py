"""Bayesian random-effects pooling by quadrature: the same numbers on every run, no sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from livingmeta.engine.inputs import LARGEST, SMALLEST, Array, inside
from livingmeta.engine.pooling import FEW, usable
from livingmeta.engine.roots import bracketed_root
from livingmeta.language import Said, registered, said, together
from livingmeta.printer import Shown, cells
from livingmeta.words import Numeral, RefusalError, decimals, pick, raised, refuse

NODES = (32, 64, 128, 256, 512)  # per panel; doubled until the results settle
_SETTLED = 1e-9  # of the width of an interval, or of a probability
_FAR = 64.0  # where the tail panel begins, in the largest scale of data and prior
_NEGLIGIBLE = 1e-18  # share of a node below which no distribution function shows it
APART = 1e6  # standard deviations whose square leaves a log density its first digits only
GRID = 401  # points of a curve


class _TauPrior(NamedTuple):
    log_density: Callable[[Array, float], Array]  # on its support
    words: str  # other languages have them under [tau_prior]
    power: float  # its density falls as τ to minus this
    bounded: bool = False


# Gelman 2006 (half-Cauchy, uniform); half-normal: Röver et al. 2021.
TAU_PRIORS: Mapping[str, _TauPrior] = {
    "half-normal": _TauPrior(
        lambda tau, scale: 0.5 * np.log(2 / np.pi) - np.log(scale) - 0.5 * (tau / scale) ** 2,
        "τ half-normal with scale {scale}",
        np.inf,
    ),
    "half-cauchy": _TauPrior(
        lambda tau, scale: np.log(2 / np.pi) - np.log(scale) - np.log1p((tau / scale) ** 2),
        "τ half-Cauchy with scale {scale}",
        2.0,
    ),
    "uniform": _TauPrior(
        lambda tau, scale: np.full(tau.shape, -np.log(scale)),
        "τ uniform from 0 to {scale}",
        np.inf,
        bounded=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is believed of τ and μ before the trials.

    Attributes
    ----------
    tau : str
        An entry of `TAU_PRIORS`.
    scale : float
        Scale of the prior on τ (the upper end for "uniform"), in the unit of the effects.
    mu_mean, mu_sd : float
        Normal prior on μ; `mu_sd` None: flat.

    Examples
    --------
    >>> Prior(tau="half-normal", scale=0.5).words()
    'τ half-normal with scale 0.5, μ flat'
    """

    tau: str
    scale: float
    mu_mean: float = 0.0
    mu_sd: float | None = None

    def words(self) -> Said:
        """Say the prior in one line."""
        words = pick(TAU_PRIORS, self.tau, "tau_prior").words
        tau = registered("tau_prior", self.tau, words, scale=Numeral(f"{self.scale:g}"))
        mu = said("prior.flat")
        if self.mu_sd is not None:
            mean, sd = (Numeral(f"{number:g}") for number in (self.mu_mean, self.mu_sd))
            mu = said("prior.normal", mean=mean, sd=sd)
        return together([tau, mu], ", ")


@dataclass(frozen=True, kw_only=True)
class Marginal:
    """Posterior of one quantity; the interval is equal-tailed.

    `mean` and `sd` are None where a half-Cauchy tail makes them infinite.
    """

    mean: float | None
    median: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Chances:
    """Posterior probabilities of an effect; None where no smallest important difference is given."""

    below_zero: float  # that it is below 0; whom that favours, `Pool.favours` says
    beyond_below: float | None  # that it is below 0 by more than the smallest important difference
    beyond_above: float | None  # that it is above 0 by more


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Marginal densities on a grid, for drawing."""

    effect: tuple[float, ...]
    mu: tuple[float, ...]
    new: tuple[float, ...]
    tau: tuple[float, ...]
    tau_posterior: tuple[float, ...]
    tau_prior: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Posterior(Shown):
    """What the trials and the prior say together, in the unit and direction of the effects.

    `error` is by how much doubling the nodes moved any number: as a share of its interval's width,
    a probability as such.
    """

    k: int  # trials
    mu: Marginal  # mean effect
    tau: Marginal  # SD of the trials' true effects
    new: Marginal  # the true effect in a new setting
    trials: tuple[Marginal, ...]  # the true effect of each trial (shrinkage), in the order given
    mu_chances: Chances
    new_chances: Chances
    important: float | None  # the smallest important difference
    prior: Prior
    level: float
    error: float
    curves: Curves
    flags: tuple[str, ...]

    def __str__(self) -> str:
        asked = self._asked()
        ends = ["{} {} ({} to {})".format(name, *decimals(of.median, of.low, of.high)) for name, of in asked]
        shown = f"medians ({100 * self.level:g}% intervals) {', '.join(ends)}"
        return f"k = {self.k}: {shown}; {self.prior.words()}"

    def _asked(self) -> list[tuple[str, Marginal]]:
        return [("μ", self.mu), ("τ", self.tau), ("new setting", self.new)]

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return mean, τ, the effect in a new setting, and those of the trials."""
        trials = ((f"trial {i}", of) for i, of in enumerate(self.trials, start=1))
        return ({"of": name, **cells(of)} for name, of in (*self._asked(), *trials))


def posterior(
    yi: ArrayLike, vi: ArrayLike, *, prior: Prior, important: float | None = None, level: float = 0.95
) -> Posterior:
    """Pool effects in the normal random-effects model with a prior.

    y_i ~ N(θ_i, v_i), θ_i ~ N(μ, τ²). Given τ everything is normal and in closed form; τ is
    integrated over by Gauss-Legendre quadrature on panels that double in width from the smallest
    scale of data and prior, the last one reaching to infinity. So every posterior is a mixture of
    normals, and nothing is sampled.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances, one or more.
    prior : Prior
        Proper in τ, so that the posterior is proper from one trial on.
    important : float, optional
        Smallest important difference, above 0, in the unit of the effects.
    level : float
        Of the equal-tailed intervals, a fraction.

    Raises
    ------
    ValueError
        For values that can't be pooled, and priors that are not proper.

    References
    ----------
    Röver C. Bayesian random-effects meta-analysis using the bayesmeta R package. J Stat Softw
    2020;93(6):1-51.
    Röver C, Bender R, Dias S, et al. On weakly informative prior distributions for the
    heterogeneity parameter in Bayesian random-effects meta-analysis. Res Synth Methods
    2021;12:448-474.
    Gelman A. Prior distributions for variance parameters in hierarchical models. Bayesian Anal
    2006;1:515-534.

    Examples
    --------
    The eight schools, as the vignette of the R package bayesmeta prints them (7.963, 0.9488):

    >>> schools = [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16]
    >>> errors = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
    >>> found = posterior(
    ...     schools, errors**2, prior=Prior(tau="half-cauchy", scale=25, mu_sd=50)
    ... )
    >>> round(found.mu.median, 3), round(1 - found.mu_chances.below_zero, 4)
    (7.963, 0.9488)
    """
    y, v = usable(yi, vi, level)
    _check(prior, important)
    _near(y, v, prior)
    asked = _Asked(y, v, prior, important, level)
    before, now = _answers(asked, NODES[0]), _answers(asked, NODES[1])
    for count in NODES[2:]:
        if now.apart(before) <= _SETTLED:
            break
        before, now = now, _answers(asked, count)
    error = now.apart(before)
    finite = _finite_moments(prior, y.size)
    flags = {
        "not_converged": error > _SETTLED,
        "few_trials": y.size < FEW,
        "tau_from_prior": y.size == 1,
        "moments_infinite": not all(finite),
    }
    always = (True, True)  # a normal prior holds μ, and the data every trial
    held = [finite if prior.mu_sd is None else always, finite, *[always] * y.size]
    mu, new, *trials = map(_marginal, now.moments, now.quantiles, held)
    chances = (_chances(row, important) for row in now.chances)
    return Posterior(
        k=y.size,
        mu=mu,
        tau=_marginal(now.tau_moments, now.tau_quantiles, finite),
        new=new,
        trials=tuple(trials),
        mu_chances=next(chances),
        new_chances=next(chances),
        important=important,
        prior=prior,
        level=level,
        error=error,
        curves=_curves(asked, now),
        flags=raised(flags),
    )


def _check(prior: Prior, important: float | None) -> None:
    pick(TAU_PRIORS, prior.tau, "tau_prior")
    wrong = []
    if not inside(prior.scale, SMALLEST, LARGEST):
        wrong.append(
            f"tau_scale = {prior.scale}: the prior on τ must be proper, or the posterior may not "
            "be: give a scale above 0 and finite."
        )
    if prior.mu_sd is not None and not inside(prior.mu_sd, SMALLEST, LARGEST):
        wrong.append(
            f"mu_sd = {prior.mu_sd}: an SD lies above 0 and is finite; leave it out for a flat prior on μ."
        )
    if not inside(prior.mu_mean, -LARGEST, LARGEST):
        wrong.append(f"mu_mean = {prior.mu_mean}: the mean of a prior is a finite number.")
    if important is not None and not inside(important, SMALLEST, LARGEST):
        wrong.append(f"important = {important}: a smallest important difference is above 0.")
    refuse(wrong)


def _near(y: Array, v: Array, prior: Prior) -> None:
    """Refuse trials so far from each other or from the prior that no digit of a density is left."""
    centre = float(y.mean()) if prior.mu_sd is None else prior.mu_mean
    widest = max(prior.scale, float(np.sqrt(v.max())), prior.mu_sd or 0.0)
    if np.abs(y - centre).max() > APART * widest:
        raise RefusalError(
            f"an effect lies more than {APART:,.0f} times the largest SE or SD of the priors from "
            "the others, or from the prior on μ: check the unit of both."
        )


def _finite_moments(prior: Prior, k: int) -> tuple[bool, bool]:
    """Say whether E τ and E τ² are finite: the likelihood falls as τ^(1 − k), flat μ, or τ^−k."""
    power = TAU_PRIORS[prior.tau].power + k - (prior.mu_sd is None)
    return power > 2, power > 3


class _Asked(NamedTuple):
    y: Array
    v: Array
    prior: Prior
    important: float | None
    level: float

    @property
    def tails(self) -> Array:
        return np.array([(1 - self.level) / 2, 0.5, (1 + self.level) / 2])

    @property
    def edges(self) -> Array:
        """Return the ends of the panels in z; τ = z up to the last but one."""
        scale, spread = self.prior.scale, float(np.ptp(self.y))
        if self.prior.mu_sd is not None:
            spread = max(spread, float(np.abs(self.y - self.prior.mu_mean).max()))
        deviations = np.sqrt(self.v)
        bounded = TAU_PRIORS[self.prior.tau].bounded
        first = min(float(deviations.min()), scale)
        last = scale if bounded else _FAR * max(float(deviations.max()), scale, spread)
        doubled = first * 2.0 ** np.arange(max(int(np.ceil(np.log2(last / first))), 0))
        return np.array([0.0, *doubled, last, *(() if bounded else (2 * last,))])

    def tau_of(self, z: Array) -> tuple[Array, Array]:
        """Return τ and dτ/dz: in the last panel of an unbounded prior T²/(2T − z)."""
        if TAU_PRIORS[self.prior.tau].bounded:
            return z, np.ones(z.shape)
        end = self.edges[-2]
        beyond = z > end
        tau = np.where(beyond, end**2 / np.where(beyond, 2 * end - z, end), z)
        return tau, np.where(beyond, (tau / end) ** 2, 1.0)

    def given(self, tau: Array) -> tuple[Array, Array, Array]:
        """Return log p(y, τ), and mean and variance of μ given τ."""
        sd = self.prior.mu_sd
        held, centre = (0.0, 0.0) if sd is None else (sd**-2, self.prior.mu_mean)
        w = 1 / (self.v + tau[..., None] ** 2)
        total = w.sum(-1) + held
        mean = ((w * self.y).sum(-1) + held * centre) / total
        misfit = (w * (self.y - mean[..., None]) ** 2).sum(-1) + held * (mean - centre) ** 2
        likelihood = 0.5 * (np.log(w).sum(-1) - np.log(total) - misfit)
        before = TAU_PRIORS[self.prior.tau].log_density(tau, self.prior.scale)
        return likelihood + before, mean, 1 / total


class _Answers(NamedTuple):
    """All that is reported, from one number of nodes; rows: μ, new setting, trials."""

    quantiles: Array  # (2 + k, 3)
    moments: Array  # (2 + k, 2): mean and SD
    chances: Array  # (2, 3)
    tau_quantiles: Array  # (3,)
    tau_moments: Array  # (2,)
    weight: Array
    mean: Array  # (2 + k, N)
    sd: Array
    log_mass: float

    def apart(self, other: _Answers) -> float:
        """Return the largest difference in what is reported."""
        pairs = (
            (self.quantiles - other.quantiles) / _spread(self.quantiles),
            self.chances - other.chances,
            (self.tau_quantiles - other.tau_quantiles) / _spread(self.tau_quantiles),
        )
        return max(float(np.abs(pair).max()) for pair in pairs)


def _spread(quantiles: Array) -> Array:
    """Return the distance of the outer quantiles; 1 where all of them are one number."""
    width = np.ptp(quantiles, axis=-1, keepdims=True)
    return np.where(width > 0, width, 1.0)


def _marginal(moments: Array, quantiles: Array, finite: Sequence[bool]) -> Marginal:
    low, median, high = map(float, quantiles)
    return Marginal(
        mean=float(moments[0]) if finite[0] else None,
        median=median,
        sd=float(moments[1]) if finite[1] else None,
        low=low,
        high=high,
    )


def _chances(row: Array, important: float | None) -> Chances:
    below, *beyond = map(float, row)
    low, high = (None, None) if important is None else beyond
    return Chances(below_zero=below, beyond_below=low, beyond_above=high)


def _answers(asked: _Asked, count: int) -> _Answers:
    """Integrate over τ with `count` nodes in each panel."""
    y, v = asked.y, asked.v
    edges = asked.edges
    at, share = np.polynomial.legendre.leggauss(count)
    half = np.diff(edges)[:, None] / 2
    tau, slope = asked.tau_of(edges[:-1, None] + half * (1 + at))
    joint, mean, variance = asked.given(tau)
    top = joint.max()
    mass = half * share * slope * np.exp(joint - top)
    whole = mass.sum()
    weight, tau = (mass / whole).ravel(), tau.ravel()
    mean, variance = mean.ravel(), variance.ravel()
    log_mass = float(np.log(whole) + top)
    pull = v[:, None] / (v[:, None] + tau**2)  # how far each trial is drawn towards μ
    means = np.vstack([mean, mean, pull * mean + (1 - pull) * y[:, None]])
    variances = np.vstack([variance, variance + tau**2, pull**2 * variance + pull * tau**2])
    centre = means @ weight
    spread = np.sqrt((variances + (means - centre[:, None]) ** 2) @ weight)
    seen = weight > _NEGLIGIBLE
    weight, mean, sd = weight[seen], means[:, seen], np.sqrt(variances[:, seen])
    tau_mean = mass.ravel() @ tau / whole
    tau_sd = np.sqrt(mass.ravel() @ (tau - tau_mean) ** 2 / whole)
    limit = asked.important or 0.0
    chances = np.stack(
        [
            _below(np.full((2, 1), x), sign * mean[:2], sd[:2], weight)[:, 0]
            for x, sign in ((0.0, 1), (-limit, 1), (-limit, -1))
        ],
        axis=-1,
    )
    return _Answers(
        quantiles=_quantiles(asked.tails, mean, sd, weight),
        moments=np.stack([centre, spread], axis=-1),
        chances=chances,
        tau_quantiles=_tau_quantiles(asked, count, mass.sum(-1) / whole, log_mass),
        tau_moments=np.array([tau_mean, tau_sd]),
        weight=weight,
        mean=mean,
        sd=sd,
        log_mass=log_mass,
    )


def _below(x: Array, mean: Array, sd: Array, weight: Array) -> Array:
    """Return the distribution functions of mixtures of normals: x of shape (J, Q), mean (J, N)."""
    return np.asarray(ndtr((x[..., None] - mean[:, None]) / sd[:, None]) @ weight)


def _quantiles(tails: Array, mean: Array, sd: Array, weight: Array) -> Array:
    ends = mean[:, None] + ndtri(tails)[:, None] * sd[:, None]
    # a hair apart, where one component holds all
    hair = 1e-6 * sd.min(-1)[:, None]
    low, high = ends.min(-1) - hair, ends.max(-1) + hair
    return bracketed_root(lambda x: _below(x, mean, sd, weight) - tails, low, high)[0]


def _tau_quantiles(asked: _Asked, count: int, masses: Array, log_mass: float) -> Array:
    """Find the panel by the masses of the panels, and the place in it by integrating up to it."""
    edges, reached = asked.edges, np.array([0.0, *np.cumsum(masses)])
    panel = np.minimum(np.searchsorted(reached, asked.tails, side="right") - 1, masses.size - 1)
    at, share = np.polynomial.legendre.leggauss(count)
    start = edges[panel]

    def above(z: Array) -> Array:
        half = (z - start)[:, None] / 2
        tau, slope = asked.tau_of(start[:, None] + half * (1 + at))
        inside = (half * share * slope * np.exp(asked.given(tau)[0] - log_mass)).sum(-1)
        return np.asarray(reached[panel] + inside - asked.tails)

    root, _ = bracketed_root(above, start, edges[panel + 1])
    return asked.tau_of(root)[0]


def _curves(asked: _Asked, now: _Answers) -> Curves:
    """Return densities where nearly all of that of μ and τ lies, and at no effect."""
    low, _, high = now.quantiles[0]
    room = 0.35 * (high - low)
    x = np.linspace(min(low - room, -room / 4), max(high + room, room / 4), GRID)
    z = (x[:, None] - now.mean[:2, None]) / now.sd[:2, None]
    effect = (np.exp(-0.5 * z**2) / now.sd[:2, None] / np.sqrt(2 * np.pi)) @ now.weight
    tau = np.linspace(0.0, 1.15 * now.tau_quantiles[2], GRID)
    if TAU_PRIORS[asked.prior.tau].bounded:
        tau = np.linspace(0.0, asked.prior.scale, GRID)
    before = np.exp(TAU_PRIORS[asked.prior.tau].log_density(tau, asked.prior.scale))
    after = np.exp(asked.given(tau)[0] - now.log_mass)
    return Curves(
        effect=tuple(x.tolist()),
        mu=tuple(effect[0].tolist()),
        new=tuple(effect[1].tolist()),
        tau=tuple(tau.tolist()),
        tau_posterior=tuple(after.tolist()),
        tau_prior=tuple(before.tolist()),
    )
