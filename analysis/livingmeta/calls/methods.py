"""What else is asked of pooled effects: by regression, by subsets, by chance, by a prior."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, Unpack

from livingmeta.appraisal import moderation
from livingmeta.appraisal.missing_evidence import funnel_of
from livingmeta.appraisal.moderation import Moderation
from livingmeta.calls.opening import Data, Reading, opened
from livingmeta.calls.options import Choosing, Fitting, Pooling, Rows, methods_of, selection_of, split, takes
from livingmeta.calls.pooling import pools_of
from livingmeta.engine.measures import MEASURES, as_shown, measure_of, scale_name
from livingmeta.engine.methods import resampling, subsets
from livingmeta.engine.methods.bayes import Posterior, Prior, posterior
from livingmeta.engine.methods.multilevel import ThreeLevel, estimator_of, three_level
from livingmeta.engine.methods.patient import NewSetting, important_difference, new_setting
from livingmeta.engine.methods.resampling import Arms, Bootstrap, Permutation, Simulated, Variances
from livingmeta.engine.methods.selection import Selected, selection_model
from livingmeta.engine.methods.small_study import Asymmetry, Filled, Suited, battery, suited
from livingmeta.engine.methods.subsets import Gosh
from livingmeta.exchange.sheets import some
from livingmeta.language import FLAG_WORDS, said, together
from livingmeta.pages.documents import of_rows, why_no_sets
from livingmeta.printer import Several, Shown, cells
from livingmeta.review.protocol import Review
from livingmeta.synthesis.choosing import once
from livingmeta.synthesis.dependence import CLUSTERED, any_unclear, ties
from livingmeta.synthesis.derivation import Effect, yi_vi
from livingmeta.synthesis.moderators import Value, moderator_of, named_moderator
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings
from livingmeta.words import RefusalError, answered, needing, p_words, show

# Scale of a half-normal prior on τ, in SDs or logs. Our choice, not a finding; every output says so.
USUAL_SCALE = 0.5
INTERVALS = ("wald", "t", "hksj", "hksj-modified")  # those that `simulate` tries, of random effects


@contextmanager
def executor(workers: int | None, dask: str | None) -> Iterator[Executor | None]:
    """Lend an executor as the options ask for it; None to work here."""
    if workers is not None and workers < 1:
        raise RefusalError(f"--workers (workers=) {workers}: one process or more does the work.")
    if dask is not None and workers is not None:
        raise RefusalError("--workers and --dask: choose one place to work.")
    if dask is not None:
        with _cluster(dask) as lent:
            yield lent
    elif workers is not None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # fork would copy the thread of the progress bar in an unknown state
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
            yield processes
    else:
        yield None


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    from importlib import import_module

    with needing("--dask", extra="dask"):
        distributed = import_module("distributed")
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, ValueError) as refusal:
        raise RefusalError(f"--dask {address}: no cluster answers there ({refusal}).") from None
    with client, client.get_executor() as lent:
        yield lent


@dataclass(frozen=True, kw_only=True, repr=False)
class OfPool(Shown):
    """What was asked of one pool; `refused` says why there is no answer."""

    pool: Pool
    refused: str | None = None
    as_logs: ClassVar[bool] = False  # of a ratio the line tells logs, as the table does

    def __str__(self) -> str:
        logs = f"; numbers are {self._logs()}" if self.as_logs and self._logs() and not self.refused else ""
        return f"{self.pool.synthesis}, {self.pool.name}: {self.refused or self.told()}{logs}"

    def _logs(self) -> str:
        return self.pool._logs()

    def told(self) -> str:
        """Say the answer in a line."""
        return str(self.pool.result)

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        return [{"of": self.pool.name, "refused": self.refused}] if self.refused else self._answered()

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        """Return the rows of the table where there is an answer."""
        return [cells(self)]

    def _flagged(self) -> Mapping[str, str]:
        held = [self.pool, *(getattr(self, field.name) for field in fields(self))]
        told = [getattr(part, "flags", ()) for part in held]  # those of an array are numpy's
        flags = dict.fromkeys(flag for named in told if isinstance(named, tuple) for flag in named)
        return {flag: str(FLAG_WORDS[flag]) for flag in flags}


@dataclass(frozen=True, kw_only=True, repr=False)
class SmallStudyTests(OfPool):
    """The tests for small-study effects of one pool, the suited one first."""

    as_logs = True
    best: Suited | None = None
    tests: tuple[Asymmetry, ...] = ()
    filled: Filled | None = None
    selection: Selected | str | None = None  # or why there is none

    def told(self) -> str:
        """Say the suited test, and what trim and fill adds."""
        assert self.best is not None
        assert self.filled is not None
        test = self.best.test
        return f"{test.name}, {p_words(test.p_value)}; trim and fill: {self.filled}"

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        return map(cells, self.tests)


def small_study_of(pool: Pool, settings: Settings, *, force: bool) -> SmallStudyTests:
    """Test one pool; what has too few trials is refused in the answer."""
    funnel = funnel_of(pool)
    try:
        best = suited(funnel, force=force, level=settings.level)
        tests, filled = battery(funnel, force=force, **settings.by_variance)
    except ValueError as refusal:
        return SmallStudyTests(pool=pool, refused=str(refusal))
    if settings.method == "MH":
        filled = replace(filled, flags=(*filled.flags, "filled_by_variance"))
    by: dict[str, Any] = {"model": settings.profile.model, "level": settings.level, "force": force}
    chosen: Selected | str = answered(partial(selection_model, funnel.yi, funnel.vi, **by))
    if pool.no_effect is None:
        chosen = f"{scale_name(pool.measure)} has no value of no effect to be significant against"
    return SmallStudyTests(pool=pool, best=best, tests=tests, filled=filled, selection=chosen)


@takes(Pooling)
def small_study(
    data: Data, vi: Any = None, *, force: bool = False, **asked: Unpack[Pooling]
) -> Several[SmallStudyTests]:
    """Test whether small studies tell another story than large ones, as `livingmeta small-study` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them.
    force : bool
        Test below ten trials, too, with a flag.

    Returns
    -------
    tuple of SmallStudyTests
        One per pool: the test that suits the measure (Egger's, or for SMDs and counts one whose standard
        errors do not hang on the effects), the others, trim and fill, and a selection model, in the
        direction and unit of the effects.

    Raises
    ------
    ValueError
        For data that can't be pooled; a pool with too few trials is answered by `refused`.

    References
    ----------
    Egger M, Davey Smith G, Schneider M, Minder C. Bias in meta-analysis detected by a simple,
    graphical test. BMJ 1997;315:629-634.
    Sterne JAC, Sutton AJ, Ioannidis JPA, et al. Recommendations for examining and interpreting funnel
    plot asymmetry. BMJ 2011;343:d4002.

    Examples
    --------
    >>> from livingmeta import small_study
    >>> found = small_study([0.1, 0.2, 0.5, 0.9], [0.01, 0.02, 0.05, 0.1], force=True)
    >>> [test.name for test in found.tests][:2]
    ['Egger (PET)', 'PEESE']
    """
    _, pools, settings = pools_of(data, vi, asked)
    return Several(small_study_of(pool, settings, force=force) for pool in pools)


@dataclass(frozen=True, kw_only=True, repr=False)
class Bayesian(OfPool):
    """The posterior of one pool, and without a prior what a new setting would see."""

    as_logs = True
    prior: str  # in words
    posterior: Posterior | None = None
    new_setting: NewSetting | str | None = None  # or why there is none

    def told(self) -> str:
        """Say the posterior."""
        return str(self.posterior)

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        if self.posterior is None:
            return
        names = [name for name, _ in self.posterior._asked()] + [effect.label for effect in self.pool.effects]
        for name, row in zip(names, self.posterior._listed(), strict=True):
            yield {**row, "of": name}


def prior_of(
    settings: Settings, *, tau_prior: str, tau_scale: float | None, mu_sd: float | None
) -> tuple[Prior, str]:
    """Return the prior, and its words: they say what of it nobody chose.

    Raises
    ------
    ValueError
        If there is no usual scale, and none is given.
    """
    measure, chosen = MEASURES[settings.measure], []
    if tau_scale is None:
        if tau_prior != "half-normal" or not (measure.standardised or measure.ratio is not None):
            of = "whose measure is not named" if settings.measure == "GEN" else f"in {settings.label}"
            raise RefusalError(
                f"tau_scale (--tau-scale): there is no usual scale for a {tau_prior} prior on τ with effects "
                f"{of}; give one, in the unit of the effects."
            )
        tau_scale, chosen = USUAL_SCALE, [said("prior.usual")]
    if settings.profile.model == "common":
        chosen.append(said("prior.random"))
    prior = Prior(tau=tau_prior, scale=tau_scale, mu_sd=mu_sd)
    return prior, together([prior.words(), *chosen], "")


def bayesian(pool: Pool, settings: Settings, prior: tuple[Prior, str], *, limit: float | None) -> Bayesian:
    """Return the posterior of one pool; `limit` is the smallest important difference, in its unit."""
    if pool.result is None:
        why = f"no posterior: without a trial it would be the prior ({pool.why_not})"
        return Bayesian(pool=pool, prior=prior[1], refused=why)
    fitted = posterior(*yi_vi(pool.effects), prior=prior[0], important=limit, level=settings.level)
    setting = answered(partial(new_setting, pool.result, important=limit))
    return Bayesian(pool=pool, prior=prior[1], posterior=fitted, new_setting=setting)


@takes(Pooling)
def bayes(
    data: Data,
    vi: Any = None,
    *,
    tau_prior: str = "half-normal",
    tau_scale: float | None = None,
    mu_sd: float | None = None,
    important: float | None = None,
    vas_sd: float | None = None,
    **asked: Unpack[Pooling],
) -> Several[Bayesian]:
    """Pool with priors, as `livingmeta bayes` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them.
    tau_prior : str
        "half-normal", "half-cauchy" or "uniform".
    tau_scale : float, optional
        Its scale, in the unit of the effects; by default 0.5 for a half-normal one of SMDs and log
        ratios (τ below 0.98 with 95%), our choice.
    mu_sd : float, optional
        SD of a normal prior on the mean around 0; else flat.
    important : float, optional
        Smallest important difference, in the unit of the effects: a ratio where they are ratios,
        points where `vas_sd` is given.
    vas_sd : float, optional
        SD between people on a 0–100 mm scale, of SMDs.

    Returns
    -------
    tuple of Bayesian
        One per pool: `posterior` of mean, τ, a new setting and each trial, in the direction and unit of
        the effects, with probabilities.

    Raises
    ------
    ValueError
        For data that can't be pooled, and a prior without a usual scale.

    References
    ----------
    Röver C, Bender R, Dias S, et al. On weakly informative prior distributions for the heterogeneity
    parameter in Bayesian random-effects meta-analysis. Res Synth Methods 2021;12:448-474.

    Examples
    --------
    >>> from livingmeta import bayes
    >>> found = bayes([-0.3, 0.1, -0.5], [0.04, 0.09, 0.06], measure="SMD")
    >>> round(found.posterior.mu_chances.below_zero, 2)
    0.89
    """
    _, pools, settings = pools_of(data, vi, asked)
    limit = important_difference(important, measure=settings.measure, label=settings.label, vas_sd=vas_sd)
    prior = prior_of(settings, tau_prior=tau_prior, tau_scale=tau_scale, mu_sd=mu_sd)
    return Several(bayesian(pool, settings, prior, limit=limit) for pool in pools)


@dataclass(frozen=True, kw_only=True, repr=False)
class SubsetsOfPool(OfPool):
    """The pooled values of subsets of one pool's trials; `holds` marks those with the trial asked for."""

    as_logs = True
    gosh: Gosh | None = None
    trial: str | None = None  # its label
    holds: Any = None

    def told(self) -> str:
        """Say how far the subsets lie apart."""
        return str(self.gosh)

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        return self.gosh._listed() if self.gosh else ()


def subsets_of(pool: Pool, settings: Settings, *, trial: str | None = None, **how: Any) -> SubsetsOfPool:
    """Pool the subsets of one pool; `how` is as `subsets.gosh` takes it."""
    if refused := why_no_sets(pool, least=subsets.LEAST_TRIALS):
        return SubsetsOfPool(pool=pool, refused=refused)
    how["most"] = how.get("most") or subsets.MOST_SUBSETS
    by = settings.fitting(pool.effects)
    how |= {name: by[name] for name in ("model", "tau2", "method", "cells") if name in by}
    yi, vi = yi_vi(pool.effects)
    plotted = subsets.gosh(yi, vi, **how)
    trial = trial or pool.effects[plotted.moving_most()].trial
    places = [i for i, effect in enumerate(pool.effects) if effect.trial == trial]
    if not places:
        return SubsetsOfPool(pool=pool, gosh=plotted)
    holds = sum((plotted.holding(i) for i in places), start=plotted.subsets < 0)
    return SubsetsOfPool(pool=pool, gosh=plotted, trial=pool.effects[places[0]].label, holds=holds)


@takes(Pooling)
def gosh(
    data: Data,
    vi: Any = None,
    *,
    trial: str | None = None,
    most: int | None = None,
    seed: int = 1,
    workers: int | None = None,
    dask: str | None = None,
    **asked: Unpack[Pooling],
) -> Several[SubsetsOfPool]:
    """Pool all subsets of the studies, or a sample of them, as `livingmeta gosh` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them.
    trial : str, optional
        Study, by id or label, whose subsets are marked; by default the one that moves them most.
    most : int, optional
        Sample so many subsets where there are more; by default 131,072.
    seed : int
        Of the sample.
    workers : int, optional
        Work in so many processes; the results are the same.
    dask : str, optional
        Address of a cluster to work on.

    Returns
    -------
    tuple of SubsetsOfPool
        One per pool: `gosh` with arrays of shape (subsets,), in the direction and unit of the effects.

    Raises
    ------
    ValueError
        For data that can't be pooled, and a study that is not there.

    References
    ----------
    Olkin I, Dahabreh IJ, Trikalinos TA. GOSH – a graphical display of study heterogeneity. Res Synth
    Methods 2012;3:214-223.

    Examples
    --------
    >>> from livingmeta import gosh
    >>> gosh([0.1, 0.2, 0.9], [0.04, 0.05, 0.03]).gosh.subsets.size
    7
    """
    review, pools, settings = pools_of(data, vi, asked)
    key = None if trial is None else review.trial_named(trial)
    with executor(workers, dask) as lent:
        how: dict[str, Any] = {"most": most, "seed": seed, "executor": lent}
        return Several(subsets_of(pool, settings, trial=key, **how) for pool in pools)


PERMUTED, SIMULATED = "the permutation test", "the simulation"  # what asks whether there is an effect


@dataclass(frozen=True, kw_only=True, repr=False)
class Resampled(OfPool):
    """The permutation test and the bootstrap of one pool."""

    permutation: Permutation | None = None
    bootstrap: Bootstrap | None = None

    def told(self) -> str:
        """Say the P of the test and the interval of the bootstrap."""
        test, sets = self.permutation, self.bootstrap
        assert test is not None
        assert sets is not None
        shown = "{} ({} to {})".format(*as_shown(self.pool.measure, sets.estimate, sets.ci_low, sets.ci_high))
        return f"permutation test {p_words(test.p_value)}; bootstrap {scale_name(self.pool.measure)} {shown}"

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        both = {"permutation": self.permutation, "bootstrap": self.bootstrap}
        return ({"by": name, **cells(of)} for name, of in both.items() if of is not None)


@takes(Pooling)
def resample(
    data: Data,
    vi: Any = None,
    *,
    count: int = 10_000,
    most: int | None = None,
    seed: int = 1,
    workers: int | None = None,
    dask: str | None = None,
    **asked: Unpack[Pooling],
) -> Several[Resampled]:
    """Test the mean by turning signs, and bootstrap it and τ², as `livingmeta resample` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them.
    count : int
        Sets of the bootstrap.
    most : int, optional
        Sample so many patterns of signs where there are more.
    seed, workers, dask
        As `gosh` takes them.

    Returns
    -------
    tuple of Resampled
        One per pool: `permutation` with its P, `bootstrap` with studentised intervals, in the direction
        and unit of the effects.

    Raises
    ------
    ValueError
        For data that can't be pooled.

    References
    ----------
    Follmann DA, Proschan MA. Valid inference in random effects meta-analysis. Biometrics 1999;55:732-737.
    Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman and Hall 1993, chapter 12.

    Examples
    --------
    >>> from livingmeta import resample
    >>> resample([0.1, 0.2, 0.9], [0.04, 0.05, 0.03], count=200).permutation.p_value
    0.25
    """
    _, pools, settings = pools_of(data, vi, asked)
    with executor(workers, dask) as lent:
        how: dict[str, Any] = {"count": count, "most": most, "seed": seed, "executor": lent}
        return Several(resampled_of(pool, settings, **how) for pool in pools)


def resampled_of(
    pool: Pool, settings: Settings, *, count: int, most: int | None = None, **how: Any
) -> Resampled:
    """Resample one pool."""
    if refused := why_no_sets(pool, least=2, test=PERMUTED):
        return Resampled(pool=pool, refused=refused)
    effects, by = yi_vi(pool.effects), {**settings.by_variance, **how}
    test = resampling.permutation_test(*effects, most=most or resampling.PATTERNS, **by)
    return Resampled(pool=pool, permutation=test, bootstrap=resampling.bootstrap(*effects, count=count, **by))


@dataclass(frozen=True, kw_only=True, repr=False)
class SimulatedPool(OfPool):
    """Simulated reviews of one pool's trials."""

    worlds: tuple[Simulated, ...] = ()
    trials: str = ""  # what is simulated, in words

    def told(self) -> str:
        """Say the range of the shares of intervals that are right."""
        held = [100 * world.coverage for world in self.worlds]
        return f"{self.trials}; intervals hold the truth in {min(held):.1f} to {max(held):.1f}%"

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        return map(cells, self.worlds)


def simulated_of(
    pool: Pool,
    settings: Settings,
    *,
    effect: Sequence[float] | None = None,
    between: Sequence[float] | None = None,
    ci: Sequence[str] | None = None,
    **how: Any,
) -> SimulatedPool:
    """Simulate reviews of one pool's trials; `how` is as `resampling.simulate` takes it."""
    if (refused := why_no_sets(pool, least=2, test=SIMULATED)) or pool.result is None:
        return SimulatedPool(pool=pool, refused=refused)
    by = settings.profile
    trials = sized_trials(pool, correction=by.correction, variance=by.smd_variance)
    worlds = resampling.simulate(
        trials,
        effects=effect or sorted({0.0, pool.result.estimate}, key=abs),
        between=between or sorted({0.0, pool.result.tau2 or 0.0}),
        intervals=ci or (INTERVALS if by.model == "random" else ("wald",)),  # a common effect has no other
        model=by.model,
        tau2=by.tau2,
        level=settings.level,
        **how,
    )
    return SimulatedPool(pool=pool, worlds=worlds, trials=trials.about)


def _listing(given: Any) -> Any:
    """Return a list of what may be one value."""
    return [given] if isinstance(given, str | int | float) else given


@takes(Pooling)
def simulate(
    data: Data,
    vi: Any = None,
    *,
    effect: float | Sequence[float] | None = None,
    between: float | Sequence[float] | None = None,
    ci: str | Sequence[str] | None = None,
    count: int = 10_000,
    seed: int = 1,
    workers: int | None = None,
    dask: str | None = None,
    **asked: Any,  # `Pooling`, whose `ci` is one interval
) -> Several[SimulatedPool]:
    """Simulate reviews of the same studies, and count how often their intervals are right.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them.
    effect : float or sequence of float, optional
        True means, logs for ratios; by default 0 and the pooled one.
    between : float or sequence of float, optional
        True τ²; by default 0 and the estimated one.
    ci : str or sequence of str, optional
        Intervals to try; by default "wald", "t", "hksj" and "hksj-modified".
    count : int
        Reviews to simulate.
    seed, workers, dask
        As `gosh` takes them.

    Returns
    -------
    tuple of SimulatedPool
        One per pool: `worlds` with shares (fractions) of intervals that hold the true mean, and bias in
        the unit of the effects.

    Raises
    ------
    ValueError
        For data that can't be pooled, and numbers that are no truth.

    References
    ----------
    Morris TP, White IR, Crowther MJ. Using simulation studies to evaluate statistical methods. Stat
    Med 2019;38:2074-2102.

    Examples
    --------
    >>> from livingmeta import simulate
    >>> found = simulate([0.1, 0.2, 0.9], [0.04, 0.05, 0.03], effect=0, between=0, ci="wald", count=200)
    >>> [world.ci_method for world in found.worlds]
    ['wald']
    """
    _, pools, settings = pools_of(data, vi, asked)
    truths = {"effect": _listing(effect), "between": _listing(between), "ci": _listing(ci)}
    with executor(workers, dask) as lent:
        how: dict[str, Any] = {"count": count, "seed": seed, "executor": lent}
        return Several(simulated_of(pool, settings, **truths, **how) for pool in pools)


class GroupOfEffects(NamedTuple):
    """Effects that belong together: a trial, or what `cluster` names."""

    group: str
    effects: int
    weight: float  # percent


@dataclass(frozen=True, kw_only=True, repr=False)
class MultilevelPool(OfPool):
    """The effects of one pool in their trials; `cluster` says by what they are grouped."""

    cluster: str = "trial"
    result: ThreeLevel | None = None
    groups: tuple[GroupOfEffects, ...] = ()
    repeated: tuple[str, ...] = ()  # effects with all numbers of another one of their trial
    flags: tuple[str, ...] = ()  # of the model and of the rows

    def told(self) -> str:
        """Say the mean, and the variances."""
        return str(self.result)

    def _answered(self) -> Iterable[Mapping[str, Any]]:
        return ({self.cluster: name, "effects": k, "weight": weight} for name, k, weight in self.groups)

    def _flagged(self) -> Mapping[str, str]:
        return {flag: str(FLAG_WORDS[flag]) for flag in self.flags}

    def _beside(self) -> Iterable[str]:
        return [*([self.result.methods] if self.result else []), *self.notes]

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which effects repeat another one."""
        about = "has all numbers of another effect of its trial, and counts beside it here"
        return tuple(f"{name} {about}" for name in self.repeated)


def multilevel_of(
    review: Review, pool: Pool, *, cluster: str = "trial", rho: float | None = None, **how: Any
) -> MultilevelPool:
    """Pool the effects of one pool in their groups; `how` is as `three_level` takes it."""
    if pool.result is None:
        return MultilevelPool(pool=pool, cluster=cluster, refused=f"no pooled value, {pool.why_not}")
    groups = _groups(review, pool, cluster)
    called = {trial.trial: trial.label for trial in review.trials} if cluster == "trial" else {}
    by: dict[str, Any] = {"rho": rho, "measure": pool.measure, **how}
    result = answered(partial(three_level, *yi_vi(pool.effects), groups, **by))
    if isinstance(result, str):
        return MultilevelPool(pool=pool, cluster=cluster, refused=result)
    weights: dict[str, list[float]] = {}
    for group, weight in zip(groups, result.weights, strict=True):
        weights.setdefault(group, []).append(weight)
    again = {(row.file, row.row) for row in once(review)[1]}
    repeated = [e.label for e in pool.effects if again & {(row.file, row.row) for row in e.rows}]
    rows = [flag for flag in of_rows(pool) if flag not in CLUSTERED]
    flags = [*result.flags, *(["errors_independent"] if not rho and may_share(pool.effects) else []), *rows]
    return MultilevelPool(
        pool=pool,
        cluster=cluster,
        result=result,
        groups=tuple(GroupOfEffects(called.get(g, g), len(w), sum(w)) for g, w in weights.items()),
        repeated=tuple(repeated),
        flags=tuple(dict.fromkeys(flags)),
    )


def _groups(review: Review, pool: Pool, cluster: str) -> list[str]:
    """Return the group of each effect: its trial, or what a moderator says; groups that cross are refused."""
    trials = [effect.trial for effect in pool.effects]
    if cluster == "trial":
        return trials
    read, plan = moderator_of(review, cluster), review.plan(pool.synthesis)
    held: dict[str, list[Value]] = {}
    for effect in pool.effects:
        held.setdefault(effect.trial, []).append(read(effect, plan))
    called = {trial: review.trial(trial).label for trial in held}
    groups = {
        trial: [value if isinstance(value, str) else show(value or 0) for value in dict.fromkeys(values)]
        for trial, values in held.items()
    }
    crossed = [f"{called[t]} in {' and '.join(names)}" for t, names in groups.items() if len(names) > 1]
    unknown = [called[trial] for trial, values in held.items() if None in values]
    several = [f"{called[trial]} {len(values)}" for trial, values in held.items() if len(values) > 1]
    about = f"cluster = {cluster!r}: "
    if unknown:
        raise RefusalError(f"{about}no value for {some(unknown)}. Give one, or leave the trials out.")
    if crossed:
        raise RefusalError(
            f"{about}it crosses the trials, since these stand in several of its groups: {some(crossed)}. "
            "Effects can be within groups here, not in groups that cross. Choose a column in which each "
            "trial has one value, or cluster = trial."
        )
    if several:
        raise RefusalError(
            f"{about}trials that give several effects ({some(several)}) would be a level of their own below "
            "it, and there is one level of groups. Choose cluster = trial, or keep one effect of each trial."
        )
    return [groups[trial][0] for trial in trials]


@takes(Reading, Rows)
def multilevel(
    data: Data,
    vi: Any = None,
    *,
    cluster: str = "trial",
    rho: float | None = None,
    tau2: str | None = None,
    ci: str = "CR2",
    level: float | None = None,
    **asked: Any,  # `Reading` and `Rows`
) -> Several[MultilevelPool]:
    """Pool effects of which several are of one trial, as `livingmeta multilevel` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them; comparisons of a trial are kept apart unless `several_arms` says
        otherwise. In a table the rows that name one study are its effects; of plain effects `labels` name
        their trials.
    cluster : str
        What effects belong together: "trial", or a column in which each trial has one value, where
        trials give one effect each.
    rho : float, optional
        Correlation of the sampling errors of a trial's effects, an assumption; by default they are
        independent.
    tau2 : str, optional
        "REML", or "ML", which the profile likelihood of the mean is of.
    ci : str
        "CR2" (cluster-robust), "t", "wald" or "profile".
    level : float, optional
        Confidence level, 0.95 or 95 for 95%; by default the review's.

    Returns
    -------
    tuple of MultilevelPool
        One per pool: `result` with the mean, the variances between and within trials, each with an
        interval, and I² by level, in the direction and unit of the effects.

    Raises
    ------
    ValueError
        For data that can't be pooled, and groups that cross; a pool whose trials give one effect each is
        answered by `refused`.

    References
    ----------
    Konstantopoulos S. Fixed effects and variance components estimation in three-level meta-analysis.
    Res Synth Methods 2011;2:61-76.
    Pustejovsky JE, Tipton E. Meta-analysis with robust variance estimation: expanding the range of
    working models. Prev Sci 2022;23:425-438.

    Examples
    --------
    >>> from livingmeta import multilevel
    >>> trials = ["Ash", "Ash", "Birch", "Cedar", "Cedar", "Elm"]
    >>> found = multilevel([0.1, 0.3, 0.6, 0.9, 0.7, 0.2], [0.02] * 6, labels=trials, rho=0.6)
    >>> found.result.trials, found.result.ci_method
    (4, 'CR2')
    """
    by = {"several_arms": "separate", **{name: value for name, value in asked.items() if value is not None}}
    review, pools, settings = pools_of(data, vi, {**by, "level": level}, repeated=True)
    if settings.method == "MH":  # sums counts, and a model of three levels weighs effects
        held = {name: by[name] for name in (*Rows.__annotations__, "measure") if name in by}
        _, pools, settings = pools_of(review, None, {**held, "level": level, "method": "IV"}, repeated=True)
    if cluster != "trial":
        cluster = named_moderator(review, cluster, "cluster")
        if rho:
            raise RefusalError(
                f"rho = {rho:g}: errors correlate among effects of the same people, and cluster = "
                f"{cluster!r} groups trials of others. Leave one of the two out."
            )
    how: dict[str, Any] = {"rho": rho, "tau2": estimator_of(rho=rho, tau2=tau2, ci=ci), "ci": ci}
    how |= {"cluster": cluster, "level": settings.level}
    return Several(multilevel_of(review, pool, **how) for pool in pools)


@takes(Pooling)
def regress(
    data: Data,
    vi: Any = None,
    *,
    by: str | Sequence[str] = (),
    synthesis: str | Sequence[str] | None = None,
    cluster: bool | None = None,
    **asked: Any,  # `Pooling`, of which the command has several syntheses here, and a switch
) -> Moderation:
    """Regress the effects of a table or a review on moderators, as `livingmeta regress` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them; the profile likelihood is no interval of a regression.
    by : str or sequence of str
        Moderators: columns of the table, or year, weeks, n, outcome and others of a review; words make
        categories. "year*setting" is both and their interaction, "year:setting" the interaction
        beside them. None: the mean alone, which a command leaves to `pool`.
    synthesis : str or sequence of str, optional
        Syntheses whose effects enter, by id or title; all by default where there is only one.
    cluster : bool, optional
        Robust variances by trial; by default where a trial gives several effects.

    Returns
    -------
    Moderation
        `result` holds the coefficients, in the unit of the effects per unit of the moderator; effects
        without a value of a moderator are left out and listed.

    Raises
    ------
    ValueError
        For names that are not known, and designs that can't be fitted.

    References
    ----------
    Thompson SG, Higgins JPT. How should meta-regression analyses be undertaken and interpreted?
    Stat Med 2002;21:1559-1573.

    Examples
    --------
    >>> from livingmeta import regress
    >>> regress("knee_oa", by="outcome", synthesis=["pain-post", "function-post"]).result.ci_method
    'CR2'
    """
    fitting, choosing, reading = split(dict(asked), Fitting, Choosing, Reading)
    review = opened(data, vi, **reading)
    plans = [plan.id for plan in review.protocol.synthesis]
    if synthesis is None and len(plans) > 1:
        raise RefusalError(f"there are several syntheses: choose by synthesis= of {', '.join(plans)}.")
    return moderation.regress(
        review,
        _listing(synthesis) or plans,
        _listing(by),
        settings=methods_of(review, fitting, name=choosing.get("profile")),
        selection=selection_of(review, choosing),
        cluster=cluster,
    )


def sized_trials(pool: Pool, *, correction: str, variance: str) -> Arms | Variances:
    """Return what a simulation takes of a pool: the sizes of its arms, or else its variances."""
    sizes = [effect.independent or (effect.n1, effect.n2) for effect in pool.effects]
    measure = measure_of(pool.measure)
    if measure is not None and measure.from_sizes and all(None not in pair for pair in sizes):
        n1, n2 = zip(*sizes, strict=True)
        return Arms(n1, n2, correction=correction, variance=variance)
    return Variances(tuple(effect.vi for effect in pool.effects))


def may_share(effects: Sequence[Effect]) -> bool:
    """Say whether a trial's effects share people, or may be of the same, measured again."""
    trials: dict[str, list[Effect]] = defaultdict(list)
    for effect in effects:
        trials[effect.trial].append(effect)
    several = [listed for listed in trials.values() if len(listed) > 1]
    return any(map(any_unclear, several)) or "shared_group" in {tie.flag for tie in ties(effects)}
