"""Small-study effects: whether small trials tell another story than large ones.

Below ten trials these tests can't tell chance from bias, and refuse (Sterne 2011; Cochrane Handbook
section 13.3.5.4) unless forced. Which test suits a measure `suited` says: the standard error of an
SMD and of a log odds ratio holds the effect itself, so that Egger's line on it slopes by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.engine.counts import EVENTS
from livingmeta.engine.inputs import Array, no_level, trials
from livingmeta.engine.measures import in_sds, measure_of, of_counts
from livingmeta.engine.pooling import PooledEstimate, pool, usable
from livingmeta.language import Said, said
from livingmeta.printer import Shown
from livingmeta.words import STEADY, RefusalError, pick, refuse

ENOUGH_FOR_FUNNEL = 10


@dataclass(frozen=True, kw_only=True, repr=False)
class Asymmetry(Shown):
    """A test for funnel asymmetry.

    `limit` is the effect that the regression predicts for a trial without error, with its
    interval; None for a rank test.
    """

    name: str
    k: int
    statistic: float  # slope in units of the predictor, or Kendall's τ
    t: float | None = None
    df: int | None = None
    p_value: float
    limit: float | None = None
    limit_low: float | None = None
    limit_high: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Filled(Shown):
    """Trim and fill: how many trials it adds, on which side, and the estimate with them."""

    k0: int
    side: str
    result: PooledEstimate
    yi: tuple[float, ...]  # of the trials added
    vi: tuple[float, ...]
    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.k0} added on the {self.side}; with them {self.result}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Suited(Shown):
    """The test to take for a measure, and why this one.

    `inflated` says that it rejects more often than its P says, since what the right test needs
    (arm sizes, events) is not known of every trial: a small P of it is no finding.
    """

    test: Asymmetry
    why: Said
    inflated: bool = False

    def __str__(self) -> str:
        return f"{self.test}; {self.why}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the test."""
        return self.test._listed()


def require_enough(k: int, what: str = "trials", *, force: bool, least: int = 3) -> None:
    """Refuse fewer than ten trials unless forced, and fewer than `least` always."""
    if k < least:
        counted = what.removesuffix("s") if k == 1 else what
        raise RefusalError(f"{k} {counted}: a line needs {least} or more.")
    if k < ENOUGH_FOR_FUNNEL and not force:
        raise RefusalError(
            f"{k} {what}: below {ENOUGH_FOR_FUNNEL} a test for small-study effects can't tell chance from "
            "bias, so it is not made. Force it (--force, force=True) only to see what it "
            "would say."
        )


def warned(k: int) -> tuple[str, ...]:
    """Return the flag of a test forced on few trials."""
    return ("few_trials_for_funnel",) if k < ENOUGH_FOR_FUNNEL else ()


def _line(name: str, y: Array, x: Array, weights: Array, *, level: float) -> Asymmetry:
    """Regress effects on a predictor by weighted least squares with free dispersion."""
    from statsmodels.regression.linear_model import WLS

    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        raise RefusalError(f"{name}: all trials have the same predictor, so there is no line.")
    fitted = WLS(y, np.column_stack([np.ones(y.size), x]), weights=weights).fit()
    low, high = fitted.conf_int(alpha=1 - level)[0]
    return Asymmetry(
        name=name,
        k=y.size,
        statistic=float(fitted.params[1]),
        t=float(fitted.tvalues[1]),
        df=int(fitted.df_resid),
        p_value=float(fitted.pvalues[1]),
        limit=float(fitted.params[0]),
        limit_low=float(low),
        limit_high=float(high),
        flags=warned(y.size),
    )


def egger(yi: ArrayLike, vi: ArrayLike, *, force: bool = False, level: float = 0.95) -> Asymmetry:
    """Regress effects on their standard errors, weights 1/v (Egger 1997; Sterne and Egger 2005).

    For SMDs and for ratios of counts, whose standard error holds the effect, it rejects too often:
    `egger_smd`, `peters` and `harbord` are the tests to take.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    force : bool
        Test below ten trials, too.
    level : float
        Level of the interval of the limit, a fraction.

    Returns
    -------
    Asymmetry
        t has k − 2 degrees of freedom; `limit` is PET, the estimate at a standard error of 0.

    Raises
    ------
    ValueError
        For values that can't be used, and for fewer than ten trials.

    References
    ----------
    Egger M, Davey Smith G, Schneider M, Minder C. Bias in meta-analysis detected by a simple,
    graphical test. BMJ 1997;315:629-634.

    Examples
    --------
    >>> y, v = [0.1, 0.2, 0.4, 0.9], [0.01, 0.04, 0.09, 0.25]
    >>> round(egger(y, v, force=True).statistic, 2) > 0
    True
    """
    y, v = usable(yi, vi, level)
    require_enough(y.size, force=force)
    return _line("Egger (PET)", y, np.sqrt(v), 1 / v, level=level)


def peese(yi: ArrayLike, vi: ArrayLike, *, force: bool = False, level: float = 0.95) -> Asymmetry:
    """Regress effects on their variances, weights 1/v (Stanley and Doucouliagos 2014).

    Parameters, returns and refusals as in `egger`; `limit` is the PEESE estimate.

    Examples
    --------
    >>> y, v = [0.1, 0.2, 0.4, 0.9], [0.01, 0.04, 0.09, 0.25]
    >>> peese(y, v, force=True).df
    2
    """
    y, v = usable(yi, vi, level)
    require_enough(y.size, force=force)
    return _line("PEESE", y, v, 1 / v, level=level)


def egger_smd(
    yi: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    stabilised: bool = False,
    force: bool = False,
    level: float = 0.95,
) -> Asymmetry:
    """Regress SMDs on √(1/n1 + 1/n2), which does not hold the effect (Pustejovsky 2019).

    Parameters
    ----------
    yi : sequence of float, shape (k,)
        Standardised mean differences.
    n1, n2 : sequence of float, shape (k,)
        People per arm.
    stabilised : bool
        Regress √a asinh(d/√a) instead of d, with a = 2(n1 + n2 − 2)(1/n1 + 1/n2): by the delta
        method its variance is 1/n1 + 1/n2 whatever the effect, since that of d is
        1/n1 + 1/n2 + d²/(2(n1 + n2 − 2)). A limit on that scale is no SMD and not given.
    force, level
        As in `egger`, as are returns and refusals.

    References
    ----------
    Pustejovsky JE, Rodgers MA. Testing for funnel plot asymmetry of standardized mean differences.
    Res Synth Methods 2019;10:57-71.

    Examples
    --------
    >>> egger_smd([0.1, 0.2, 0.4], [90, 40, 10], [90, 40, 10], force=True).k
    3
    """
    (people1, people2), _ = trials(_nobody, n1=n1, n2=n2)
    y, w = usable(yi, 1 / people1 + 1 / people2, level)
    require_enough(y.size, force=force)
    if stabilised and (people1 + people2 <= 2).any():
        raise RefusalError("a stabilised SMD needs more than two people in a trial.")
    if not stabilised:
        return _line("Egger for SMDs (PET)", y, np.sqrt(w), 1 / w, level=level)
    root = np.sqrt(2 * (people1 + people2 - 2) * w)
    line = _line("Egger, variance stabilised", root * np.arcsinh(y / root), np.sqrt(w), 1 / w, level=level)
    return _unlimited(line)


def _unlimited(line: Asymmetry) -> Asymmetry:
    return replace(line, limit=None, limit_low=None, limit_high=None)


def _nobody(name: str, value: float) -> str | None:
    return "an arm needs one person or more." if value < 1 else None


def peters(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    force: bool = False,
    level: float = 0.95,
) -> Asymmetry:
    """Regress log odds ratios on 1/N, weights d h/N (Peters 2006).

    N are a trial's people, d those with the event, h those without; the weights are the inverse
    variance of a log odds ratio if there were no effect. 0.5 is added to each cell of trials with
    an empty one. Trials in which nobody or everybody has the event tell nothing and are left out.

    Parameters
    ----------
    events1, n1, events2, n2 : sequence of float, shape (k,)
        People with the event, and people, per arm; an arm that serves several comparisons may
        count in parts.
    force, level
        As in `egger`.

    Returns
    -------
    Asymmetry
        `limit` is the log odds ratio of an endlessly large trial, negative where group 1 has fewer
        events; `k` are the trials that tell something.

    Raises
    ------
    ValueError
        For counts that can't be, and as `egger`.

    References
    ----------
    Peters JL, Sutton AJ, Jones DR, Abrams KR, Rushton L. Comparison of two methods to detect
    publication bias in meta-analysis. JAMA 2006;295:676-680.

    Examples
    --------
    >>> found = peters([1, 4, 12], [10, 40, 160], [3, 6, 14], [10, 40, 160], force=True)
    >>> found.df, found.statistic < 0
    (1, True)
    """
    a, people1, c, people2 = _informative(events1, n1, events2, n2, force=force, level=level)
    d, n = a + c, people1 + people2
    cells = np.stack([a, people1 - a, c, people2 - c])
    a, b, c, h = cells + 0.5 * (cells == 0).any(0)
    return _line("Peters", np.log(a * h / (b * c)), 1 / n, d * (n - d) / n, level=level)


def harbord(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    force: bool = False,
    level: float = 0.95,
) -> Asymmetry:
    """Regress Z/V on 1/√V, weights V: Egger's line on the score of the log odds ratio.

    Z = a − d n1/N is the efficient score without an effect, and V = n1 n2 d h/(N²(N − 1)) its
    variance, of which neither needs a correction for empty cells (Harbord 2006). The slope is the
    intercept of Z/√V on √V, as it is printed elsewhere.

    Parameters, returns and refusals as in `peters`; no limit is given, since Z/V is an odds ratio
    only near no effect.

    References
    ----------
    Harbord RM, Egger M, Sterne JAC. A modified test for small-study effects in meta-analyses of
    controlled trials with binary endpoints. Stat Med 2006;25:3443-3457.

    Examples
    --------
    >>> found = harbord([1, 4, 12], [10, 40, 160], [3, 6, 14], [10, 40, 160], force=True)
    >>> found.df, found.statistic < 0
    (1, True)
    """
    a, people1, c, people2 = _informative(events1, n1, events2, n2, force=force, level=level)
    d, n = a + c, people1 + people2
    z, v = a - d * people1 / n, people1 * people2 * d * (n - d) / (n**2 * (n - 1))
    return _unlimited(_line("Harbord", z / v, 1 / np.sqrt(v), v, level=level))


def _informative(*given: ArrayLike, force: bool, level: float) -> list[Array]:
    """Return events and people per arm of the trials in which some have the event, and some not."""
    (a, people1, c, people2), _ = trials(_miscounted, **dict(zip(EVENTS, given, strict=True)))
    problems = [
        f"events{arm}[{i + 1}] = {events[i]:g}: there are only {people[i]:g} people."
        for arm, events, people in ((1, a, people1), (2, c, people2))
        for i in np.flatnonzero(events > people)
    ]
    refuse([*problems, *no_level(level)])
    telling = (a + c > 0) & (a + c < people1 + people2)
    require_enough(int(telling.sum()), "trials in which some, not all, have the event", force=force)
    return [numbers[telling] for numbers in (a, people1, c, people2)]


def _miscounted(name: str, value: float) -> str | None:
    if name.startswith("n"):
        return _nobody(name, value)
    return "people with an event are counted from 0." if value < 0 else None


def begg(yi: ArrayLike, vi: ArrayLike, *, force: bool = False) -> Asymmetry:
    """Correlate the ranks of standardised effects and variances (Begg and Mazumdar 1994).

    Kendall's τ of (y − μ)/√(v − 1/Σw) and v, μ the common effect; exact where no ranks are tied.
    Parameters and refusals as in `egger`.

    References
    ----------
    Begg CB, Mazumdar M. Operating characteristics of a rank correlation test for publication bias.
    Biometrics 1994;50:1088-1101.

    Examples
    --------
    >>> begg([0.1, 0.2, 0.4, 0.9], [0.01, 0.04, 0.09, 0.25], force=True).statistic > 0
    True
    """
    from scipy.stats import kendalltau

    y, v = usable(yi, vi, 0.95)
    require_enough(y.size, force=force)
    w = 1 / v
    deviate = (y - (w * y).sum() / w.sum()) / np.sqrt(v - 1 / w.sum())
    if min(np.unique(v).size, np.unique(deviate).size) < 2:
        raise RefusalError("Begg: all trials have one variance or one effect, so no ranks differ.")
    untied = np.unique(v).size == np.unique(deviate).size == v.size
    test = kendalltau(deviate, v, method="exact" if untied and v.size < 50 else "auto")
    return Asymmetry(
        name="Begg",
        k=y.size,
        statistic=float(test.statistic),
        p_value=float(test.pvalue),
        flags=warned(y.size),
    )


def _l0(ranks: Array, k: int) -> float:
    """4S/(2k − 1) − k(k + 1)/(2k − 1), S the sum of the ranks on the right (Duval 2000)."""
    return float((4 * ranks[ranks > 0].sum() - k * (k + 1)) / (2 * k - 1))


def _r0(ranks: Array, k: int) -> float:
    """Longest run of ranks on the right, less one (Duval and Tweedie 2000)."""
    left = -ranks[ranks < 0]
    return float(k - (left.max() if left.size else 0) - 1)


TRIM = {"L0": _l0, "R0": _r0}


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str | None = None,
    estimator: str = "L0",
    force: bool = False,
    **methods: Any,
) -> Filled:
    """Trim the trials that have no mirror image, and fill in the images (Duval and Tweedie 2000).

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    side : str, optional
        Side on which trials are missing, "left" or "right"; by default away from the slope of
        `egger`.
    estimator : str
        "L0" or "R0".
    force : bool
        Do it below ten trials, too.
    **methods
        As `pooling.pool` takes them.

    Raises
    ------
    ValueError
        As `egger`.

    References
    ----------
    Duval S, Tweedie R. Trim and fill: a simple funnel-plot-based method of testing and adjusting
    for publication bias in meta-analysis. Biometrics 2000;56:455-463.

    Examples
    --------
    >>> filled = trim_and_fill([-0.1, 0.0, 0.1], [0.1, 0.2, 0.1], force=True, tau2="DL")
    >>> filled.k0
    0
    """
    missing_on = pick(TRIM, estimator, "estimator")
    y, v = usable(yi, vi, methods.get("level", 0.95))
    require_enough(y.size, force=force)
    if side is None:
        side = "right" if egger(y, v, force=True).statistic < 0 else "left"
    sign = pick({"left": 1.0, "right": -1.0}, side, "side")
    z = sign * y
    order = np.argsort(z, kind="stable")
    z, u = z[order], v[order]
    k, k0, mu = z.size, 0, 0.0
    for _ in range(100):
        mu = pool(z[: k - k0], u[: k - k0], **methods).estimate
        away = z - mu
        size = np.abs(away)
        size = (size / (size.max() or 1.0)).round(STEADY)  # trials as far off stay in their order
        ranks = np.sign(away) * (np.argsort(np.argsort(size, kind="stable")) + 1)
        missing = min(max(0, round(missing_on(ranks.astype(float), k))), k - 1)
        if missing == k0:
            break
        k0 = missing
    images, spread = sign * (2 * mu - z[k - k0 :]), u[k - k0 :]
    result = pool(np.concatenate([y, images]), np.concatenate([v, spread]), **methods)
    return Filled(
        k0=k0,
        side=side,
        result=result,
        yi=tuple(images.tolist()),
        vi=tuple(spread.tolist()),
        flags=warned(y.size),
    )


# Most symmetric funnels of log odds ratios that Egger's test calls asymmetric at P < 0.1, of the
# settings of tests/simulations/small_study.py: a strong effect that varies, 30 trials
EGGER_ON_RATIOS = 27  # percent


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """What tests for small-study effects take: effects, and what is known of their trials.

    `sizes` are people per arm and `counts` events and people per arm (events1, n1, events2, n2),
    one per effect, None where not known; `trials` is the number of trials, where some gave
    several effects.
    """

    yi: tuple[float, ...]
    vi: tuple[float, ...]
    measure: str  # label, as `effect_sizes.Measure` has it
    sizes: tuple[tuple[float, float] | None, ...] = ()
    counts: tuple[tuple[float, float, float, float] | None, ...] = ()
    trials: int | None = None

    @property
    def k(self) -> int:
        """Trials."""
        return len(self.yi) if self.trials is None else self.trials

    @property
    def needed(self) -> list[tuple[float, ...]] | None:
        """Sizes for an SMD and counts for a measure of counts, where all are known."""
        listed: Sequence[tuple[float, ...] | None]
        listed = self.counts if of_counts(self.measure) else self.sizes
        numbers: list[tuple[float, ...]] = [needed for needed in listed if needed is not None]
        return numbers if numbers and len(numbers) == len(self.yi) else None


def suited(funnel: Funnel, *, force: bool = False, level: float = 0.95) -> Suited:
    """Make the one test that suits a measure: the one place where it is chosen.

    Odds ratios, risk ratios and risk differences have Peters' test, of the odds ratios of the same
    counts, for which it was published; SMDs the line on √(1/n1 + 1/n2); all others Egger's.
    Options and refusals as in `egger`; ten trials are needed, whatever the number of effects.

    References
    ----------
    Sterne JAC, Sutton AJ, Ioannidis JPA, et al. Recommendations for examining and interpreting
    funnel plot asymmetry in meta-analyses of randomised controlled trials. BMJ 2011;343:d4002.

    Examples
    --------
    >>> y, v = (0.1, 0.2, 0.4, 0.9), (0.01, 0.04, 0.09, 0.25)
    >>> suited(Funnel(yi=y, vi=v, measure="MD"), force=True).test.name
    'Egger (PET)'
    >>> suited(Funnel(yi=y, vi=v, measure="log OR"), force=True).inflated
    True
    """
    usable(funnel.yi, funnel.vi, level)
    require_enough(funnel.k, force=force)
    by_counts, numbers = of_counts(funnel.measure), funnel.needed
    inflated = False
    if by_counts and numbers is not None:
        test = peters(*zip(*numbers, strict=True), force=force, level=level)
        key = "test.peters" if funnel.measure == "log OR" else "test.peters_of_odds"
        why = said(key, share=EGGER_ON_RATIOS)
    elif in_sds(funnel.measure) and numbers is not None:
        test = egger_smd(funnel.yi, *zip(*numbers, strict=True), force=force, level=level)
        why = said("test.smd")
    else:
        test, why = egger(funnel.yi, funnel.vi, force=force, level=level), said("test.egger")
        if inflated := _holds_effect(funnel):
            known = "test.no_people" if in_sds(funnel.measure) else "test.entangled"
            test, why = _slanted(test), said("test.no_counts" if by_counts else known)
    return Suited(test=_counting(test, funnel), why=why, inflated=inflated)


def _holds_effect(funnel: Funnel) -> bool:
    measure = measure_of(funnel.measure)
    tied = measure is not None and measure.entangled
    return tied or of_counts(funnel.measure) or in_sds(funnel.measure)


def _slanted(line: Asymmetry) -> Asymmetry:
    """Name Egger's line on a standard error that holds the effect; it has no limit to tell."""
    return _unlimited(replace(line, name="Egger, its SE holds the effect"))


def _counting(test: Asymmetry, funnel: Funnel) -> Asymmetry:
    """Warn by trials, of which there may be fewer than effects; keep a limit of this measure."""
    test = replace(test, flags=tuple(dict.fromkeys((*test.flags, *warned(funnel.k)))))
    other = test.name == "Peters" and funnel.measure != "log OR"
    return _unlimited(test) if other else test


def battery(funnel: Funnel, *, force: bool = False, **methods: Any) -> tuple[tuple[Asymmetry, ...], Filled]:
    """Make all tests, and trim and fill; the test of `suited` is the first.

    Egger (PET), PEESE and Begg for all. Where the standard error holds the effect a line on it has
    no limit to extrapolate to: for SMDs PET and PEESE take √(1/n1 + 1/n2) and its square
    (Pustejovsky and Rodgers 2019), for counts stand Peters' and Harbord's tests; neither is made
    where sizes or events are not known.

    Options and refusals as in `suited`; `methods` are as `pooling.pool` takes them, for trim and
    fill.
    """
    level = methods.get("level", 0.95)
    options: Any = {"force": force, "level": level}
    yi, vi, numbers = funnel.yi, funnel.vi, funnel.needed
    tests = [suited(funnel, **options).test]
    if not _holds_effect(funnel):
        tests.append(peese(yi, vi, **options))
    elif numbers is not None and of_counts(funnel.measure):
        tests += [harbord(*zip(*numbers, strict=True), **options), _slanted(egger(yi, vi, **options))]
    elif numbers is not None and in_sds(funnel.measure):
        n1, n2 = zip(*numbers, strict=True)
        curve = peese(yi, [1 / size1 + 1 / size2 for size1, size2 in numbers], **options)
        tests += [
            egger_smd(yi, n1, n2, stabilised=True, **options),
            replace(curve, name="PEESE for SMDs"),
            _slanted(egger(yi, vi, **options)),
        ]
    tests.append(begg(yi, vi, force=force))
    filled = trim_and_fill(yi, vi, force=force, **methods)
    flags = tuple(dict.fromkeys((*filled.flags, *warned(funnel.k))))
    return tuple(_counting(test, funnel) for test in tests), replace(filled, flags=flags)
