"""What chance alone would do: permutation test, parametric bootstrap, simulated reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.engine.effect_sizes import CORRECTIONS, VARIANCES, smd
from livingmeta.engine.inputs import LARGEST, Array, inside
from livingmeta.engine.methods.batch import Arrays, Progress, drawn, run
from livingmeta.engine.methods.subsets import MOST_TRIALS, members
from livingmeta.engine.pooling import FEW, Fit, fit, usable
from livingmeta.printer import Shown
from livingmeta.words import RefusalError, pick, raised, refuse

PATTERNS = 1 << 17  # sign patterns: all of 18 trials, in about a second
COUNT = 10_000  # a share of 5% then has a Monte Carlo standard error of 0.2%
ENOUGH_TO_PERMUTE = 6  # trials; with 5 the smallest possible two-sided P is 2/32 = 0.0625
TIE = 1e-8  # relative and absolute; rounding must not part statistics that are equal


@dataclass(frozen=True, kw_only=True, repr=False)
class Permutation(Shown):
    """A permutation test of the mean.

    Each pattern of signs stands for itself and its mirror image.
    """

    k: int  # trials
    statistic: float | None  # estimate over its standard error, by the methods chosen; None where that is 0
    p_value: float  # two-sided
    p_se: float  # Monte Carlo standard error of the P; 0 for an exact test
    smallest_p: float  # that k trials can have, 2/2^k
    patterns: int  # of signs: 2^(k − 1) for an exact test, else the size of the sample
    exact: bool
    seed: int | None  # of the sample
    not_converged: int  # patterns whose τ² did not converge
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Signs:
    y: Array
    v: Array
    reached: float
    seed: int | None  # None: pattern n turns the signs of the bits of n
    methods: Mapping[str, Any]

    def __call__(self, start: int, stop: int) -> Arrays:
        if self.seed is None:
            patterns = np.arange(start, stop, dtype=np.uint64)
        else:
            patterns = drawn(self._sample, start, stop, seed=self.seed)
        # Turning all signs only turns the sign of the statistic, so the last one stays.
        turned = members(patterns, self.y.size - 1)
        signs = np.where(np.pad(turned, ((0, 0), (0, 1))), -1.0, 1.0)
        flipped = fit(signs * self.y, self.v, **self.methods)
        reaches = _size(flipped) >= self.reached * (1 - TIE) - TIE
        return {"reaches": reaches, "not_converged": flipped.flags["not_converged"]}

    def _sample(self, rng: np.random.Generator, size: int) -> NDArray[np.uint64]:
        return rng.integers(0, 1 << (self.y.size - 1), size, dtype=np.uint64)


def _size(pooled: Fit) -> Array:
    """Return |statistic|; 0 where all effects are 0."""
    return np.nan_to_num(np.abs(pooled.statistic), nan=0.0, posinf=np.inf)


def permutation_test(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    most: int = PATTERNS,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    **methods: Any,
) -> Permutation:
    """Test whether the mean is 0 by turning the signs of the effects.

    Without an effect, and with effects symmetric about 0, every pattern of signs is as likely: P is
    the share of patterns whose statistic is as far from 0 as that of the trials, or farther.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances, of 2 to 63 trials.
    most : int
        The test is exact where there are no more patterns (2^(k − 1), mirror images apart); else
        P is (r + 1)/(n + 1) for r of this number n of drawn patterns (Phipson and Smyth 2010).
    seed : int
        Of the sample; it does not depend on chunk or executor.
    executor, progress
        As `batch.run` takes them.
    **methods
        As `pooling.fit` takes them.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for fewer than 2 or more than 63 trials.

    References
    ----------
    Follmann DA, Proschan MA. Valid inference in random effects meta-analysis. Biometrics
    1999;55:732-737.
    Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol
    2010;9:39.

    Examples
    --------
    Three trials on one side of 0 have the smallest P that three can have:

    >>> signs = permutation_test([0.1, 0.5, 0.3], [0.04, 0.05, 0.03], tau2="DL", ci="wald")
    >>> signs.p_value, signs.smallest_p, signs.flags
    (0.25, 0.25, ('few_for_permutation',))
    """
    y, v = usable(yi, vi, methods.get("level", 0.95))
    if not 2 <= y.size <= MOST_TRIALS:
        raise RefusalError(f"{y.size} trials: signs are turned of 2 to {MOST_TRIALS} trials.")
    methods = {**methods, "prediction": "none"}
    whole = fit(y[None], v[None], **methods)
    every = 1 << (y.size - 1)
    exact = every <= most
    task = _Signs(y=y, v=v, reached=float(_size(whole)[0]), seed=None if exact else seed, methods=methods)
    signs = run(task, min(every, most), executor=executor, progress=progress)
    reached, patterns = int(signs["reaches"].sum()), signs["reaches"].size
    p = reached / patterns if exact else (reached + 1) / (patterns + 1)
    stuck = int(signs["not_converged"].sum())
    flags = {"few_for_permutation": y.size < ENOUGH_TO_PERMUTE, "some_not_converged": stuck > 0}
    return Permutation(
        k=y.size,
        statistic=float(whole.statistic[0]) if np.isfinite(whole.statistic[0]) else None,
        p_value=p,
        p_se=0.0 if exact else _se(p, patterns),
        smallest_p=1 / every,
        patterns=patterns,
        exact=exact,
        seed=task.seed,
        not_converged=stuck,
        flags=raised(flags),
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Bootstrap(Shown):
    """A parametric bootstrap of a pooled estimate.

    The interval is studentised (bootstrap-t): τ² is estimated anew in each set, so that its
    uncertainty is in it. That of τ² are percentiles of its estimates in sets drawn with it: how
    they scatter, not a confidence interval. A common effect has no τ².
    """

    k: int  # trials
    count: int  # simulated sets of them
    estimate: float
    ci_low: float
    ci_high: float
    tau2: float | None
    tau2_low: float | None
    tau2_high: float | None
    tau2_at_zero: float | None  # share of the sets whose estimate of τ² is exactly 0
    level: float
    seed: int
    not_converged: int  # sets whose τ² did not converge
    flags: tuple[str, ...]


class SizedTrials(Protocol):
    """Trials of known size: they measure true effects with the error of their size."""

    @property
    def k(self) -> int:
        """Number of trials."""

    def measured(self, effects: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return effects as measured and their variances, shape (B, k), from the true ones."""


@dataclass(frozen=True)
class Variances:
    """Trials whose variances are known, shape (k,): effects are normal about the true ones."""

    vi: tuple[float, ...]
    about = "effects normal, with the trials' variances as known"

    def __post_init__(self) -> None:
        usable([0.0] * len(self.vi), self.vi, 0.95)

    @property
    def k(self) -> int:
        """Number of trials."""
        return len(self.vi)

    def measured(self, effects: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return effects as measured and their variances."""
        v = np.asarray(self.vi)
        error = rng.standard_normal(effects.shape) * np.sqrt(v)
        return effects + error, np.broadcast_to(v, effects.shape)


@dataclass(frozen=True)
class Arms:
    """Trials of two arms whose result is a standardised mean difference.

    People are normal with one SD in both arms: in units of it the difference of means has variance
    1/n1 + 1/n2, and m s² is chi-square with m = n1 + n2 − 2, independent of it. The effect and its
    variance then follow by the formulas of `effect_sizes`, so they depend on each other as they do
    in a real review.
    """

    n1: tuple[float, ...]  # people per arm, of each trial
    n2: tuple[float, ...]
    correction: str = "approximate"  # an entry of `effect_sizes.CORRECTIONS`
    variance: str = "revman"  # an entry of `effect_sizes.VARIANCES`
    about = "arms of the trials' own sizes, normal people; SMD and variance by the review's formulas"

    def __post_init__(self) -> None:
        smd(0.0, 1.0, self.n1, 0.0, 1.0, self.n2)  # refuses what is no number of people

    @property
    def k(self) -> int:
        """Number of trials."""
        return len(self.n1)

    def measured(self, effects: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return effects as measured and their variances."""
        n1, n2 = np.asarray(self.n1), np.asarray(self.n2)
        m = n1 + n2 - 2
        difference = effects + rng.standard_normal(effects.shape) * np.sqrt(1 / n1 + 1 / n2)
        sd = np.sqrt(rng.chisquare(m, effects.shape) / m)
        j = pick(CORRECTIONS, self.correction, "correction")(m)
        g = j * difference / sd
        return g, pick(VARIANCES, self.variance, "variance")(g, n1, n2, j)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reviews:
    trials: SizedTrials
    effect: float
    between: float  # τ²
    intervals: tuple[str, ...]
    seed: int
    methods: Mapping[str, Any]

    def __call__(self, start: int, stop: int) -> Arrays:
        y, v = drawn(self._sample, start, stop, seed=self.seed).swapaxes(0, 1)
        results: Arrays = {}
        for ci in self.intervals:
            pooled = fit(y, v, ci=ci, prediction="none", **self.methods)
            results[f"covers {ci}"] = (pooled.ci_low <= self.effect) & (self.effect <= pooled.ci_high)
            results[f"excludes {ci}"] = pooled.side != 0
            results["estimate"], results["tau2"] = pooled.estimate, pooled.tau2
            with np.errstate(divide="ignore", invalid="ignore"):  # an HKSJ SE of 0
                results["studentised"] = np.nan_to_num((pooled.estimate - self.effect) / pooled.se)
            results["not_converged"] = pooled.flags["not_converged"]
        return results

    def _sample(self, rng: np.random.Generator, size: int) -> Array:
        spread = np.sqrt(self.between) * rng.standard_normal((size, self.trials.k))
        return np.stack(self.trials.measured(self.effect + spread, rng), axis=1)


def bootstrap(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    count: int = COUNT,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    **methods: Any,
) -> Bootstrap:
    """Simulate sets of trials from the model as estimated, and pool each as the trials were.

    Each set is y* ~ N(μ, v + τ²) with the estimates for μ and τ². The interval of μ is μ − t SE at
    the percentiles t of (μ* − μ)/SE*, both from the set's own τ² and by the methods chosen:
    percentiles of μ* itself would take τ² as known.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances, of two or more trials.
    count : int
        Sets.
    seed : int
        Results do not depend on chunk or executor.
    executor, progress
        As `batch.run` takes them.
    **methods
        As `pooling.fit` takes them; `level` is that of the intervals, too.

    Returns
    -------
    Bootstrap
        In the direction and unit of `yi`.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for one trial.

    References
    ----------
    Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman & Hall 1993, section 12.5.
    van den Noortgate W, Onghena P. Parametric and nonparametric bootstrap methods for
    meta-analysis. Behav Res Methods 2005;37:11-22.

    Examples
    --------
    Equal trials and a known τ²: the interval is 0.3 ± 1.96 √(0.3/3).

    >>> drawn = bootstrap([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], tau2=0.2)
    >>> round(drawn.ci_low, 1), round(drawn.ci_high, 1)
    (-0.3, 0.9)
    """
    level = methods.get("level", 0.95)
    y, v = usable(yi, vi, level)
    if y.size < 2:
        raise RefusalError("one trial: its own interval is all there is.")
    ci = methods.pop("ci", "wald")
    methods.pop("prediction", None)
    whole = fit(y[None], v[None], ci=ci, prediction="none", **methods)
    estimate, tau2 = float(whole.estimate[0]), float(whole.tau2[0])
    random = not np.isnan(tau2)
    task = _Reviews(
        trials=Variances(tuple(v)),
        effect=estimate,
        between=tau2 if random else 0.0,
        intervals=(ci,),
        seed=seed,
        methods=methods,
    )
    draws = run(task, count, executor=executor, progress=progress)
    ends = ((1 - level) / 2, (1 + level) / 2)
    least, most = np.quantile(draws["studentised"].astype(float), ends)
    se = float(whole.se[0])
    tau2s = draws["tau2"].astype(float)
    tau2_low, tau2_high = map(float, np.quantile(tau2s, ends)) if random else (None, None)
    stuck = int(draws["not_converged"].sum())
    return Bootstrap(
        k=y.size,
        count=count,
        estimate=estimate,
        ci_low=estimate - float(most) * se,
        ci_high=estimate - float(least) * se,
        tau2=tau2 if random else None,
        tau2_low=tau2_low,
        tau2_high=tau2_high,
        tau2_at_zero=float((tau2s == 0).mean()) if random else None,
        level=level,
        seed=seed,
        not_converged=stuck,
        flags=raised({"few_trials": y.size < FEW, "some_not_converged": stuck > 0}),
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Simulated(Shown):
    """How one interval does over simulated reviews; `_se` is a Monte Carlo standard error."""

    effect: float  # the true mean
    tau2: float  # the true variance between trials
    ci_method: str
    k: int  # trials in a review
    count: int  # reviews
    coverage: float  # share of the intervals that hold the true mean
    coverage_se: float
    excludes_zero: float  # share that excludes 0: type I error where the true mean is 0, else the power
    excludes_zero_se: float
    bias: float  # mean estimate less the true mean
    bias_se: float
    tau2_at_zero: float | None  # share of reviews with an estimate of exactly 0; None: a common effect
    not_converged: int  # reviews whose τ² did not converge
    flags: tuple[str, ...]


def simulate(
    trials: SizedTrials,
    *,
    effects: Sequence[float] = (0.0,),
    between: Sequence[float] = (0.0,),
    intervals: Sequence[str] = ("wald", "t", "hksj", "hksj-modified"),
    count: int = COUNT,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    **methods: Any,
) -> tuple[Simulated, ...]:
    """Simulate reviews of these trials, and count how often their intervals are right.

    Parameters
    ----------
    trials : Arms, Variances or other SizedTrials
        Number and sizes of the trials, and how they measure.
    effects : sequence of float
        True means, in the unit of the effects.
    between : sequence of float
        True variances between trials, τ². Trials differ normally.
    intervals : sequence of str
        As `ci` of `pooling.pool`.
    count : int
        Reviews for each mean and τ². All pairs use the same random numbers, so that they can be
        compared.
    seed : int
        Results do not depend on chunk or executor.
    executor, progress
        As `batch.run` takes them; progress counts the reviews of all pairs.
    **methods
        Model, tau2 and level, as `pooling.fit` takes them.

    Returns
    -------
    tuple of Simulated
        One for each mean, τ² and interval, in that order.

    Raises
    ------
    ValueError
        For names that are not known, and for a τ² below 0.

    Examples
    --------
    A common effect, and a variance that is known: 5% of the intervals miss it.

    >>> reviews = simulate(Variances((0.1, 0.2, 0.3)), intervals=["wald"], model="common")[0]
    >>> abs(reviews.excludes_zero - 0.05) < 3 * reviews.excludes_zero_se
    True
    """
    tau2s = [tau2 for tau2 in between if not inside(tau2, 0.0, LARGEST)]
    means = [effect for effect in effects if not inside(effect, -LARGEST, LARGEST)]
    wrong = [f"τ² = {tau2}: a variance between trials is not below 0, nor infinite." for tau2 in tau2s]
    refuse([*wrong, *(f"effect = {effect}: a true mean is a finite number." for effect in means)])
    pairs = [(effect, tau2) for effect in effects for tau2 in between]
    results = []
    for number, (effect, tau2) in enumerate(pairs):
        task = _Reviews(
            trials=trials, effect=effect, between=tau2, intervals=tuple(intervals), seed=seed, methods=methods
        )
        after = None if progress is None else _after(progress, number * count, len(pairs) * count)
        reviews = run(task, count, executor=executor, progress=after)
        results += [_summary(task, ci, reviews, count) for ci in intervals]
    return tuple(results)


def _summary(task: _Reviews, ci: str, reviews: Arrays, count: int) -> Simulated:
    coverage = float(reviews[f"covers {ci}"].mean())
    excludes = float(reviews[f"excludes {ci}"].mean())
    tau2, stuck = reviews["tau2"], int(reviews["not_converged"].sum())
    return Simulated(
        effect=task.effect,
        tau2=task.between,
        ci_method=ci,
        k=task.trials.k,
        count=count,
        coverage=coverage,
        coverage_se=_se(coverage, count),
        excludes_zero=excludes,
        excludes_zero_se=_se(excludes, count),
        bias=float(reviews["estimate"].mean()) - task.effect,
        bias_se=float(reviews["estimate"].std() / np.sqrt(count)),
        tau2_at_zero=None if np.isnan(tau2).all() else float((tau2 == 0).mean()),
        not_converged=stuck,
        flags=raised({"few_trials": task.trials.k < FEW, "some_not_converged": stuck > 0}),
    )


def _after(progress: Progress, before: int, whole: int) -> Progress:
    return lambda done, _: progress(before + done, whole)


def _se(share: float, count: int) -> float:
    return float(np.sqrt(share * (1 - share) / count))
