"""Pooling of independent effects by inverse variance, and of counts by Mantel and Haenszel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from livingmeta.engine.counts import Cells, Sums, mantel_haenszel
from livingmeta.engine.inputs import (
    LARGEST,
    NOT_FINITE,
    SMALLEST,
    TOO_FAR,
    Array,
    Mask,
    inside,
    no_level,
    numbers,
    trials,
)
from livingmeta.engine.likelihood import mean_limits
from livingmeta.engine.measures import as_shown, beyond, no_effect_of, scale_name
from livingmeta.engine.roots import bracketed_root
from livingmeta.engine.tau2 import POINTS, TAU2, VALUES, confidence_distribution, likelihood_limits, q_profile
from livingmeta.printer import Shown
from livingmeta.words import RefusalError, decimal, decimals, pick, refuse

FEW = 5  # trials; below this a random-effects interval rests on its assumptions
PREDICTION_FROM = 5  # trials; below it a prediction interval is computed, not shown
# An HKSJ interval below the Wald one is common: with τ² = 0 a third of correct ones are at k = 10.
# Of those at up to 10 trials 44 to 88% hold the truth, at 20 trials 86 to 95%, and beyond more
# (tests/simulations/coverage.csv): there a remark would accuse what is right.
FEW_FOR_HKSJ = 10
# As far as was simulated (ibid.), a prediction interval that takes τ² as estimated holds too few
# true effects: 90 to 92% at 20 trials, where τ² = 0.1.
FEW_FOR_PREDICTION = 20
ROUNDING = 1e-9  # PM makes q exactly 1, up to rounding: no reason for a flag


def side_of_no_effect(low: Any, high: Any) -> Any:
    """Say on which side of no effect intervals lie whole: −1 below, 1 above, 0 where they hold it.

    Examples
    --------
    >>> side_of_no_effect(-0.6, -0.1)
    -1
    >>> side_of_no_effect(np.array([-0.1, 0.1]), np.array([0.0, 0.4])).tolist()
    [0, 1]
    """
    return (low > 0) * 1 - (high < 0) * 1


OF_PREDICTION = ("few_trials_for_prediction", "prediction_beyond_range")  # flags
# What a result with an estimate need not have: a common effect has no τ², one trial has no P of Q
MAY_LACK = ("statistic", "p_value", "tau2", "q", "q_p", "i2", "i2_tau2", "h2", "h2_tau2", "pi_low", "pi_high")


def important_side(effect: Any, low: Any, high: Any) -> Any:
    """Say where effects are important: −1 at `low` or below it, 1 at `high` or above it, else 0.

    The smallest important difference is itself important: all that holds an effect, or the end of
    an interval, against one asks here.

    Examples
    --------
    >>> important_side(-0.3, -0.3, 0.3)
    -1
    >>> important_side(np.array([-0.2, 0.4]), -0.3, 0.3).tolist()
    [0, 1]
    """
    return (effect >= high) * 1 - (effect <= low) * 1


class Sided:
    """What an estimate with an interval says of no effect."""

    ci_low: float
    ci_high: float
    measure: str | None

    @property
    def side(self) -> int:
        """The side of no effect that the interval lies on: −1 below, 1 above, 0 if it holds it.

        It is 0, too, of a measure that has no value of no effect.
        """
        if no_effect_of(self.measure or "") is None:
            return 0
        return int(side_of_no_effect(self.ci_low, self.ci_high))


class Studied(Protocol):
    """What a pooled estimate is of, as its table lists it: bare effects, or those of a review."""

    def listed(self, result: PooledEstimate) -> Iterable[Mapping[str, Any]]:
        """Return a row for each study."""


@dataclass(frozen=True, kw_only=True, repr=False)
class PooledEstimate(Shown, Sided):
    """A pooled effect and how it was made.

    Not computed is None; infinite is None with a flag.
    Percentages (`i2`, `weights`) run from 0 to 100; `level` is a fraction.

    Attributes
    ----------
    k : int
        Trials pooled.
    estimate, se, ci_low, ci_high : float
        Pooled effect, its standard error and interval by `ci_method`.
    statistic, p_value : float
        estimate/se and its two-sided P: normal for Wald, t with k − 1 df for t and HKSJ; for the
        profile likelihood the signed root of the likelihood ratio, normal.
    tau2, tau2_low, tau2_high : float
        Between-trial variance and its interval by `tau2_ci_method`.
    q, q_df, q_p : float
        Cochran's Q with its degrees of freedom and P.
    i2, h2 : float
        max(0, (Q − df)/Q) in percent, and Q/df (Higgins and Thompson 2002).
    i2_tau2, h2_tau2 : float
        τ²/(τ² + s²) in percent and (τ² + s²)/s², s² the typical variance within trials (ibid.,
        eq. 9); equal to those by Q for DL only.
    i2_tau2_low, i2_tau2_high, h2_tau2_low, h2_tau2_high : float
        Intervals of these that follow from the one of τ².
    pi_low, pi_high : float
        Interval in which the true effect of a new setting is expected; from three trials on.
    weights : tuple of float
        Percent, in the order of the trials.
    measure, method, model, tau2_method, ci_method, pi_method, level
        How it was made; `method` is "IV" (inverse variance), "MH" (Mantel-Haenszel) or "Peto".
    ci_df : float or None
        Degrees of freedom of the interval's t; None for a normal quantile or a likelihood.
    flags : tuple of str
        What a reader must know.

    References
    ----------
    Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002;21:1539-1558.

    Examples
    --------
    >>> from livingmeta import pool
    >>> result = pool([0.1, 0.5], [0.04, 0.04], model="common")
    >>> round(result.estimate, 2), round(result.se, 3), result.tau2
    (0.3, 0.141, None)
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float | None
    p_value: float | None
    tau2: float | None
    tau2_low: float | None = None
    tau2_high: float | None = None
    q: float | None
    q_df: int | None
    q_p: float | None
    i2: float | None
    i2_tau2: float | None
    h2: float | None
    h2_tau2: float | None
    i2_tau2_low: float | None = None
    i2_tau2_high: float | None = None
    h2_tau2_low: float | None = None
    h2_tau2_high: float | None = None
    pi_low: float | None
    pi_high: float | None
    weights: tuple[float, ...]
    measure: str
    model: str
    tau2_method: str | None
    tau2_ci_method: str | None
    ci_method: str
    pi_method: str | None
    level: float
    flags: tuple[str, ...]
    ci_df: float | None = None
    method: str = "IV"

    @property
    def studies(self) -> Studied | None:
        """What was pooled, where `of` said it.

        It is no field: equality, hash, JSON and lock are of the numbers, which don't depend on
        what the studies are called, and a batch that pools a million times carries no labels.
        """
        return self.__dict__.get("_studies")

    def of(self, studies: Studied) -> PooledEstimate:
        """Return the same estimate, which knows what it is of."""
        told = replace(self)
        object.__setattr__(told, "_studies", studies)
        return told

    def __str__(self) -> str:
        method = None if self.method == "IV" else self.method
        by = ", ".join(filter(None, (method, self.model, self.tau2_method, self.ci_method)))
        estimate, low, high = as_shown(self.measure, self.estimate, self.ci_low, self.ci_high)
        shown = f"{estimate} ({100 * self.level:g}% CI {low} to {high})"
        name = scale_name(self.measure) or "estimate"
        return f"k = {self.k}: {name} {shown}; {by}"

    def _line(self) -> str:
        parts = [str(self)]
        parts += [] if self.i2 is None else [f"I² = {decimal(self.i2, 0)}%"]
        parts += [] if self.tau2 is None else [f"τ² = {decimals(self.tau2)[0]}"]
        left = getattr(self.studies, "left_out", ())
        parts += [f"left out, {len(left)}: {', '.join(left)}"] if left else []
        return "; ".join(parts)

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the studies; of numbers that nobody named, the estimate itself."""
        return self.studies.listed(self) if self.studies else super()._listed()


class Fit(NamedTuple):
    """Pooled estimates of a batch: arrays of shape (…), `weights` (percent) of shape (…, k).

    NaN stands for what can't be computed; the flags are arrays of bool. P values are computed
    when they are asked for: large batches seldom need them.
    """

    k: NDArray[np.int_]
    estimate: Array
    se: Array
    ci_low: Array
    ci_high: Array
    statistic: Array
    is_t: Mask  # the statistic has a t distribution with k − 1 df, else a normal one
    tau2: Array
    q: Array
    i2: Array
    i2_tau2: Array
    h2: Array
    h2_tau2: Array
    typical: Array  # s² of I² by τ²
    pi_low: Array
    pi_high: Array
    weights: Array
    flags: dict[str, Mask]

    @property
    def side(self) -> NDArray[np.int_]:
        """Return the side of no effect that each interval lies on, as `side_of_no_effect` says."""
        return np.asarray(side_of_no_effect(self.ci_low, self.ci_high))

    @property
    def p_value(self) -> Array:
        """Return the two-sided P of the statistic; NaN where it is over a standard error of 0."""
        tail = -np.abs(np.where(np.isfinite(self.statistic), self.statistic, np.nan))
        df = np.maximum(self.k - 1, 1)
        return np.asarray(2 * np.where(self.is_t, stdtr(df, tail), ndtr(tail)))

    @property
    def q_p(self) -> Array:
        """Return the P of Q."""
        return np.asarray(chdtrc(self.k - 1.0, self.q))


class _Interval(NamedTuple):
    scale: Callable[[Array], Array]  # factor on the Wald SE, from q = Σw(y − μ)²/(k − 1)
    is_t: bool  # t with k − 1 df, else normal
    is_hksj: bool = False
    is_profile: bool = False
    is_wide: bool = False  # below FEW trials it holds the truth more often than its level says


# Hartung and Knapp 2001, Sidik and Jonkman 2002; modified: never below the Wald SE (Röver 2015);
# profile: Hardy and Thompson 1996.
CONFIDENCE: Mapping[str, _Interval] = {
    "wald": _Interval(np.ones_like, is_t=False),
    "t": _Interval(np.ones_like, is_t=True, is_wide=True),
    "hksj": _Interval(np.sqrt, is_t=True, is_hksj=True),
    "hksj-modified": _Interval(lambda q: np.sqrt(np.maximum(1.0, q)), is_t=True, is_hksj=True, is_wide=True),
    "profile": _Interval(np.ones_like, is_t=False, is_profile=True),
}


class _Prediction(NamedTuple):
    less: int | None = None  # t with so many df less than trials; None: normal
    is_drawn: bool = False  # τ² and mean are drawn anew, neither is taken as estimated

    def quantile(self, df: Array, upper: float) -> Array:
        """Return that of the interval, from k − 1 and the upper tail's start."""
        if self.less is None:
            return np.full(df.shape, ndtri(upper))
        return np.asarray(stdtrit(np.maximum(df + 1 - self.less, 1), upper))


# t(k-2): Higgins, Thompson and Spiegelhalter 2009, eq. 12; nagashima: Nagashima, Noma and Furukawa
# 2019.
PREDICTION: Mapping[str, _Prediction] = {
    "t(k-1)": _Prediction(less=1),
    "t(k-2)": _Prediction(less=2),
    "z": _Prediction(),
    "nagashima": _Prediction(is_drawn=True),
}
# Interval of τ²: the second is of the likelihood that τ² maximises.
TAU2_INTERVALS = ("q-profile", "profile")
LIKELIHOODS = {"ML": False, "REML": True}  # estimator: is its likelihood the restricted one?
MODELS = {"common": False, "random": True}
# By what trials are weighed: inverse variance; the sums of their counts (Mantel and Haenszel 1959);
# inverse variance of Peto's one-step odds ratios, which is Σ(O − E)/ΣV (Yusuf 1985).
METHODS = ("IV", "MH", "Peto")
# What random effects are pooled by where nothing is chosen; a common effect has the Wald interval,
# and none of the rest.
DEFAULTS: Mapping[str, str] = {
    "tau2": "REML",
    "ci": "hksj-modified",
    "tau2_ci": "q-profile",
    "prediction": "t(k-1)",
}
COMMON: Mapping[str, str] = {**dict.fromkeys(DEFAULTS, "none"), "ci": "wald"}
REGISTRIES: Mapping[str, Mapping[str, Any]] = {
    "tau2": TAU2,
    "ci": CONFIDENCE,
    "tau2_ci": dict.fromkeys(TAU2_INTERVALS),
    "prediction": {**PREDICTION, "none": None},
}


def chosen(
    *,
    model: str = "random",
    tau2: str | float | None = None,
    ci: str | None = None,
    tau2_ci: str | None = None,
    prediction: str | None = None,
    method: str = "IV",
) -> dict[str, Any]:
    """Return methods that go together: those asked for, the model's own where none is (None).

    Raises
    ------
    ValueError
        For names that are not known, and for what does not go together, all of it: an option that
        would change nothing is refused, not passed over.

    Examples
    --------
    >>> chosen(model="common")["ci"], chosen(tau2="PM")["ci"]
    ('wald', 'hksj-modified')
    """
    asked = {"tau2": tau2, "ci": ci, "tau2_ci": tau2_ci, "prediction": prediction}
    random = pick(MODELS, model, "model")
    pick(dict.fromkeys(METHODS), method, "method")
    if tau2 is not None and not isinstance(tau2, str):
        asked["tau2"] = _known(tau2)
    for name, registry in REGISTRIES.items():
        given = asked[name]
        if given is not None and not isinstance(given, float):
            pick(registry if random else {**registry, COMMON[name]: None}, given, name)
    if not random:
        named = {name: given for name, given in asked.items() if given not in {None, COMMON[name]}}
        refuse(f"{name} = {given!r}: {NOT_COMMON[name]}" for name, given in named.items())
        return {"model": model, **COMMON, "method": method}
    made = {name: DEFAULTS[name] if given is None else given for name, given in asked.items()}
    problems = []
    if method == "MH":
        made["tau2"] = "DL" if tau2 is None else tau2
        if made["tau2"] != "DL":
            problems.append(
                f"tau2 = {tau2!r} with method = 'MH': random effects of Mantel-Haenszel take τ² by DL, from "
                "Q about the Mantel-Haenszel estimate. Leave tau2 out, or choose method = IV."
            )
    ahead = PREDICTION.get(str(made["prediction"]))
    if ahead is not None and ahead.is_drawn and not isinstance(made["tau2"], str):
        problems.append(
            f"prediction = {made['prediction']!r} takes τ² as the trials leave it open, and tau2 = "
            f"{made['tau2']:g} takes it as known: choose an estimator, or another prediction."
        )
    if CONFIDENCE[str(made["ci"])].is_profile and made["tau2"] != "ML":
        problems.append(
            f"ci = 'profile' is read off the likelihood that ML maximises, not off tau2 = "
            f"{made['tau2']!r}: choose tau2 = ML, or another ci."
        )
    if made["tau2_ci"] == "profile" and made["tau2"] not in LIKELIHOODS:
        problems.append(
            f"tau2_ci = 'profile' is read off a likelihood, and tau2 = {made['tau2']!r} has none: "
            "choose tau2 = ML or REML, or tau2_ci = q-profile."
        )
    refuse(problems)
    return {"model": model, **made, "method": method}


_NO_TAU2 = (
    "a common effect has no variance between trials, so this would change nothing. Leave it out, "
    "or choose model = random."
)
NOT_COMMON: Mapping[str, str] = {
    "tau2": _NO_TAU2,
    "ci": "this interval allows for a variance between trials that is estimated, and a common "
    "effect has none. Leave it out (the interval is then wald), or choose model = random.",
    "tau2_ci": _NO_TAU2,
    "prediction": "a common effect is the same in a new setting, so there is nothing to predict. "
    "Leave it out, or choose model = random.",
}


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: str = "random",
    tau2: str | float | None = None,
    ci: str | None = None,
    tau2_ci: str | None = None,
    prediction: str | None = None,
    level: float = 0.95,
    measure: str = "",
    method: str = "IV",
    cells: Cells | None = None,
) -> PooledEstimate:
    """Pool independent effects.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    model : str
        "common" (one effect, weights 1/v, Wald interval; none of the next four applies) or
        "random" (weights 1/(v + τ²)).
    tau2 : str or float, optional
        Estimator of τ² for random effects, an entry of `tau2.TAU2`; a number is taken as known.
        By default "REML".
    ci : str, optional
        By default "hksj-modified".
        "wald" (normal); "t" (t with k − 1 df); "hksj" (Hartung-Knapp-Sidik-Jonkman: t with k − 1
        df, SE scaled by √q, q = Σw(y − μ)²/(k − 1)); "hksj-modified" (scaled by √max(1, q), so
        never narrower than t; Röver 2015); "profile" (profile likelihood; with tau2 "ML" only).
    tau2_ci : str, optional
        "q-profile" (the default), or "profile" (profile likelihood; with tau2 "ML" or "REML" only).
    prediction : str, optional
        "t(k-1)" (the default), "t(k-2)" or "z": μ ± quantile √(τ² + SE²) with the interval's own
        SE, of three or more trials; "nagashima": the parametric bootstrap of Nagashima 2019, which
        allows for τ² being estimated and has its own τ² and SE, whatever `tau2` and `ci`, computed
        by integration as of bootstrap draws without end, so that there is no seed and each run
        gives the same numbers; "none" for none.
    level : float
        Confidence level of all intervals, a fraction.
    measure : str
        What `yi` is ("SMD"), kept in the result.
    method : str
        "IV" (inverse variance), "MH" (Mantel-Haenszel) or "Peto", of which `yi` and `vi` are those
        of `counts.peto_odds_ratio`. With "MH" a common effect, its variance and its weights are of
        the sums of `cells`, and Q is taken about it; random effects have the τ² of DerSimonian and
        Laird from that Q, and the weights 1/(v + τ²), as RevMan has it.
    cells : Cells, optional
        Counts of the trials; needed for "MH".

    Returns
    -------
    PooledEstimate
        In the direction and unit of `yi`. One trial gets its own normal interval, and no τ².

    Raises
    ------
    ValueError
        For names that are not known, methods that don't go together (`chosen`), and for values
        that can't be pooled: all of them, each with its position.

    References
    ----------
    DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188.
    Deeks JJ, Higgins JPT. Statistical algorithms in Review Manager 5, 2010.
    Röver C, Knapp G, Friede T. Hartung-Knapp-Sidik-Jonkman approach and its modification for
    random-effects meta-analysis with few studies. BMC Med Res Methodol 2015;15:99.
    Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med
    2002;21:1539-1558.
    Nagashima K, Noma H, Furukawa TA. Prediction intervals for random-effects meta-analysis: a
    confidence distribution approach. Stat Methods Med Res 2019;28:1689-1702.

    Examples
    --------
    Four trials that agree better than chance lets them; the modified interval stays wide:

    >>> result = pool([0.10, 0.12, 0.09, 0.11], [0.04, 0.05, 0.03, 0.06])
    >>> round(result.ci_low, 3), round(result.ci_high, 3)
    (-0.224, 0.429)
    >>> result.flags
    ('tau2_at_zero', 'few_trials', 'hksj_scale_below_one', 'few_trials_for_prediction',
    'tau2_interval_empty')
    """
    y, v = usable(yi, vi, level)
    by = chosen(model=model, tau2=tau2, ci=ci, tau2_ci=tau2_ci, prediction=prediction, method=method)
    tau2, tau2_ci = by["tau2"], by.pop("tau2_ci")
    result = fit(y[None], v[None], level=level, cells=cells, **by)
    k = y.size
    random = MODELS[model] and k > 1
    flags = [name for name, held in result.flags.items() if held[0]]
    limits: dict[str, float] = {}
    if random:
        ends = _tau2_interval(y, v, tau2=tau2, by=tau2_ci, level=level)
        if ends is None:
            flags.append("tau2_interval_empty")
        else:
            s2, held = float(result.typical[0]), float(result.tau2[0])
            slack = ROUNDING * max(1.0, held / s2) * s2
            if isinstance(tau2, str) and not ends[0] - slack <= held <= ends[1] + slack:
                flags.append("tau2_outside_interval")
            for name, end in zip(("low", "high"), ends, strict=True):
                limits[f"tau2_{name}"] = end
                limits[f"i2_tau2_{name}"] = 100 * end / (end + s2)
                limits[f"h2_tau2_{name}"] = (end + s2) / s2
    single = {name: _number(getattr(result, name)) for name in MAY_LACK}
    if beyond(measure, float(result.ci_low[0]), float(result.ci_high[0])):
        flags.append("beyond_range")
    if beyond(measure, single["pi_low"], single["pi_high"]):
        flags.append("prediction_beyond_range")
    if no_effect_of(measure or "") is None:  # against which it could be tested
        single |= dict.fromkeys(("statistic", "p_value"))
    return PooledEstimate(
        k=k,
        estimate=float(result.estimate[0]),
        se=float(result.se[0]),
        ci_low=float(result.ci_low[0]),
        ci_high=float(result.ci_high[0]),
        q_df=k - 1 if k > 1 else None,
        weights=tuple(float(weight) for weight in result.weights[0]),
        measure=measure,
        method=method,
        model=model,
        tau2_method=(tau2 if isinstance(tau2, str) else "given") if random else None,
        tau2_ci_method=tau2_ci if random else None,
        ci_method=by["ci"] if k > 1 else "wald",
        ci_df=float(k - 1) if result.is_t[0] else None,
        pi_method=by["prediction"] if single["pi_low"] is not None else None,
        level=level,
        flags=tuple(flags),
        **single,
        **limits,
    )


def _known(tau2: float) -> float:
    if not inside(tau2, 0.0, LARGEST):
        raise RefusalError(
            f"tau2 = {tau2}: a variance between trials that is taken as known is a number from 0 "
            f"to {LARGEST:g}. Or name an estimator: {', '.join(TAU2)}."
        )
    return float(tau2)


def _tau2_interval(
    y: Array, v: Array, *, tau2: str | float, by: str, level: float
) -> tuple[float, float] | None:
    """Return the limits of τ², None for an empty set."""
    effects = scaled(y[None], v[None], None)
    if by == "q-profile":
        ends = q_profile(effects.y, effects.v, effects.present, level=level)
    else:
        restricted = LIKELIHOODS[str(tau2)]
        ends = likelihood_limits(effects.y, effects.v, effects.present, level=level, restricted=restricted)
    low, high = (float(end[0] * effects.unit[0] ** 2) for end in ends)
    return (low, high) if np.isfinite(high) else None


def fit(
    yi: Array,
    vi: Array,
    mask: Mask | None = None,
    *,
    model: str = "random",
    tau2: str | float | None = None,
    ci: str | None = None,
    prediction: str | None = None,
    level: float = 0.95,
    method: str = "IV",
    cells: Cells | None = None,
) -> Fit:
    """Pool a batch of sets of effects at once, over the last axis.

    Parameters
    ----------
    yi, vi : ndarray, shape (…, k)
        Effects and variances; where `mask` is false anything may stand.
    mask : ndarray of bool, shape (…, k), optional
        True where a trial is present, at least one in each set; all by default. The three are
        broadcast against each other: many subsets of one set need its effects once.
    model, tau2, ci, prediction, level, method, cells
        As in `pool`, which is a batch of one; counts of shape (4, …, k) are broadcast, too.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        For names that are not known, a level that is none, a set without a trial, and a trial
        that can't be pooled; for "MH" without counts, and sums of counts that give no estimate.

    Examples
    --------
    Leave each of four trials out in turn:

    >>> y, v = np.array([0.10, 0.12, 0.09, 0.11]), np.array([0.04, 0.05, 0.03, 0.06])
    >>> left = fit(y, v, ~np.eye(4, dtype=bool))
    >>> left.k.tolist()
    [3, 3, 3, 3]
    >>> bool(left.estimate[1] == pool(y[[0, 2, 3]], v[[0, 2, 3]]).estimate)
    True
    """
    by = chosen(model=model, tau2=tau2, ci=ci, prediction=prediction, method=method)
    random, interval, ahead = MODELS[model], CONFIDENCE[by["ci"]], PREDICTION.get(by["prediction"])
    given = None if isinstance(by["tau2"], str) else by["tau2"]
    estimator = TAU2["DL" if given is not None or not random else by["tau2"]]
    refuse(no_level(level))
    y, v, present, unit, origin = scaled(yi, vi, mask)
    k = present.sum(-1)
    if (k < 1).any():
        raise RefusalError("there is a set without a trial: leave it out.")
    df = np.maximum(k - 1, 1)
    dfs = np.arange(1, y.shape[-1] + 1.0)  # quantiles are looked up: there are few
    many = k > 1
    zero = np.zeros(k.shape)
    sums = _mantel_haenszel(cells, present) if method == "MH" else None
    about = None if sums is None else sums.estimate / unit - origin
    t2, converged = estimator(y, v, present) if random and sums is None else (zero, np.ones(k.shape, bool))
    if random and about is not None:  # DerSimonian and Laird, from Q about the Mantel-Haenszel estimate
        varies = _heterogeneity(y, v, present, zero, unit, about=about)
        t2 = np.maximum(0.0, (varies["h2"] - 1) * varies["typical"] / unit**2)
    t2 = given / unit**2 if random and given is not None else t2
    between = np.where(many | (given is not None and random), t2, 0.0)
    w = present / (v + between[..., None])
    total, mu, q = _weighted(w, y)
    scale_q = q / df
    wald = 1 / np.sqrt(total)
    if sums is not None and about is not None and not random:
        mu, wald, w, total = about, np.sqrt(sums.variance) / unit, sums.weights, np.ones(k.shape)
    se = wald * np.where(many, interval.scale(scale_q), 1.0)
    upper, is_t = (1 + level) / 2, many & interval.is_t
    quantile = np.where(is_t, stdtrit(dfs, upper)[df - 1], ndtri(upper))
    centre = (mu + origin) * unit
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = centre / (se * unit)
        spread = np.sqrt(between + se**2)
    reach = np.full(k.shape, np.nan)
    if random and ahead is not None and not ahead.is_drawn:
        reach = np.where(k > 2, ahead.quantile(dfs, upper)[df - 1] * spread * unit, np.nan)
    pi_low, pi_high = centre - reach, centre + reach
    if random and ahead is not None and ahead.is_drawn:
        pi_low, pi_high = ((end + origin) * unit for end in _drawn(y, v, present, level))
    half = quantile * se * unit
    low, high = centre - half, centre + half
    if random and interval.is_profile and many.any():
        ends = _profiled(y, v, present, level=level, null=-origin)
        low = np.where(many, (ends[0] + origin) * unit, low)
        high = np.where(many, (ends[1] + origin) * unit, high)
        root = np.copysign(np.sqrt(ends[2]), centre)
        statistic = np.where(many, root, statistic)
    hksj = many & interval.is_hksj
    return Fit(
        k=k,
        estimate=centre,
        se=se * unit,
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        is_t=is_t,
        tau2=np.where(many & random, t2 * unit**2, np.nan),
        pi_low=pi_low,
        pi_high=pi_high,
        weights=100 * w / total[..., None],
        **_heterogeneity(y, v, present, between if random else np.full(k.shape, np.nan), unit, about=about),
        flags={
            "not_converged": ~converged & many,
            "tau2_at_zero": many & random & (t2 == 0),
            "few_trials": k < FEW,
            "single_trial": k == 1,
            "hksj_scale_below_one": hksj & (scale_q < 1 - ROUNDING),
            "few_trials_for_prediction": ((k <= FEW_FOR_PREDICTION) & np.isfinite(reach) & (given is None)),
            "hksj_narrower_than_wald": (hksj & (k <= FEW_FOR_HKSJ) & (half < ndtri(upper) * wald * unit)),
            **({} if sums is None else {"sums_corrected": sums.corrected}),
        },
    )


def _profiled(y: Array, v: Array, present: Mask, *, level: float, null: Array) -> tuple[Array, Array, Array]:
    """Return `likelihood.mean_limits` over the leading axes."""
    k, lead = y.shape[-1], y.shape[:-1]
    ends = mean_limits(
        y.reshape(-1, k), v.reshape(-1, k), present.reshape(-1, k), level=level, null=null.reshape(-1)
    )
    low, high, ratio = (end.reshape(lead) for end in ends)
    return low, high, ratio


SCALES = 64  # values of the chi-square behind t; its trapezoidal rule then has ten digits
AT_ONCE = 1 << 22  # complex numbers held


def _drawn(y: Array, v: Array, present: Mask, level: float) -> Array:
    """Return the limits of Nagashima 2019's bootstrap prediction interval, from three trials on.

    Its draws are μ(τ²) + zτ − tSE(τ²): τ² of its confidence distribution, z normal, t on k − 1
    df, μ and SE as HKSJ has them at that τ². Given τ² and the chi-square behind t a draw is
    normal, so that its quantiles follow by integration over these two.
    """
    if level > 0.9999:
        raise RefusalError(
            f"level = {level:g}: prediction = 'nagashima' is computed up to 0.9999. Choose a lower "
            "level, or another prediction."
        )
    k, lead = y.shape[-1], y.shape[:-1]
    y, v, present = y.reshape(-1, k), v.reshape(-1, k), present.reshape(-1, k)
    ends = np.full((2, len(y)), np.nan)
    many = np.flatnonzero(present.sum(-1) > 2)
    size = max(1, AT_ONCE // (VALUES * POINTS * k))
    for start in range(0, len(many), size):
        part = many[start : start + size]
        ends[:, part] = _quantiles(y[part], v[part], present[part], (1 - level) / 2)
    return ends.reshape(2, *lead)


def _quantiles(y: Array, v: Array, present: Mask, tail: float) -> Array:
    tau2, chance = confidence_distribution(y, v, present)
    df = present.sum(-1)[:, None] - 1.0
    w = present[:, None] / (v[:, None] + tau2[..., None])
    total, mu, q = _weighted(w, np.broadcast_to(y[:, None], w.shape))
    # log(chi-square/df) over the range in which it is at all likely
    reach = 40 / df + np.sqrt(80 / df)
    scale = -reach + (reach + np.log1p(reach)) * np.linspace(0, 1, SCALES)
    share = np.exp(df / 2 * (scale - np.expm1(scale)))
    weight = chance[..., None] * (share / share.sum(-1)[:, None])[:, None]
    sd = np.sqrt(tau2[..., None] + (q / df / total)[..., None] * np.exp(-scale)[:, None])

    def below(x: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):  # equal effects: an SD of 0
            z = (x[:, None, None] - mu[..., None]) / sd
        return np.asarray(np.einsum("...gs,...gs->...", weight, ndtr(np.nan_to_num(z))))

    ends = []
    for target in (tail, 1 - tail):
        far = np.full(len(y), 8.0)
        while ((below(-far) > target) | (below(far) < target)).any():
            far *= 4
        ends.append(bracketed_root(lambda x, at=target: below(x) - at, -far, far)[0])  # type: ignore[misc]
    return np.array(ends)


def _weighted(w: Array, y: Array) -> tuple[Array, Array, Array]:
    """Return Σw, the weighted mean, and Σw(y − mean)²."""
    total = np.asarray(np.einsum("...k->...", w))
    mu = np.asarray(np.einsum("...k,...k->...", w, y)) / total
    residual = y - mu[..., None]
    return total, mu, np.asarray(np.einsum("...k,...k->...", w * residual, residual))


def _mantel_haenszel(cells: Cells | None, present: Mask) -> Sums:
    if cells is None:
        raise RefusalError(
            "method = 'MH' sums counts, and these effects come without: give a table of events and people."
        )
    sums = mantel_haenszel(cells, present)
    if np.isnan(sums.estimate).any():
        raise RefusalError(NO_SUM)
    return sums


NO_SUM = (
    "a Mantel-Haenszel sum is 0: without 0.5 added to the cells there is no estimate. Choose mh_zero_cells = "
    "needed."
)


def _heterogeneity(
    y: Array, v: Array, mask: Mask, tau2: Array, unit: Array, *, about: Array | None = None
) -> dict[str, Array]:
    """Return Q, and I² and H² by Q and by τ²; NaN for one trial. Q is `about` the mean by default."""
    df = mask.sum(-1) - 1.0
    w = mask / v
    total, mu, q = _weighted(w, y)
    if about is not None:
        q = q + total * (about - mu) ** 2
    # Σw − Σw²/Σw, the largest weight apart: differences with it would lose digits
    top = w.argmax(-1)[..., None]
    largest = np.take_along_axis(w, top, -1)[..., 0]
    np.put_along_axis(w, top, 0.0, -1)
    rest, squares = (np.einsum("...k->...", w), np.einsum("...k,...k->...", w, w))
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(df > 0, q, np.nan)
        typical = df * total / (2 * largest * rest + (rest**2 - squares))
        return {
            "q": q,
            "i2": 100 * np.maximum(q - df, 0.0) / np.maximum(q, df),
            "h2": q / df,
            "i2_tau2": 100 * tau2 / (tau2 + typical),
            "h2_tau2": (tau2 + typical) / typical,
            "typical": typical * unit**2,
        }


def subgroup_test(estimates: Sequence[float], ses: Sequence[float]) -> tuple[float, int, float]:
    """Test whether subgroups differ.

    Parameters
    ----------
    estimates, ses : sequence of float, shape (S,)
        Pooled estimate of each subgroup and its Wald standard error.

    Returns
    -------
    q, df, p_value : float, int, float
        Σ w(μ_s − μ)² with w = 1/SE², on S − 1 degrees of freedom (Borenstein 2009, ch. 19).

    Raises
    ------
    ValueError
        For fewer than two subgroups, or values that can't be pooled.

    Examples
    --------
    >>> q, df, p = subgroup_test([0.0, 2.0], [1.0, 1.0])
    >>> q, df, round(p, 3)
    (2.0, 1, 0.157)
    """
    if len(estimates) < 2:
        raise RefusalError(f"{len(estimates)} subgroup: a test for differences needs two or more.")
    (_, s), _ = trials(lambda *_: None, estimates=estimates, ses=ses)
    result = pool(estimates, s**2, model="common", ci="wald")
    assert result.q is not None
    assert result.q_p is not None
    return result.q, len(estimates) - 1, result.q_p


class Scaled(NamedTuple):
    """Effects in a unit and from an origin in which no digit is lost."""

    y: Array
    v: Array
    present: Mask
    unit: Array  # shape (…)
    origin: Array  # shape (…), in that unit


def scaled(yi: Array, vi: Array, mask: Mask | None) -> Scaled:
    """Fill what is absent and choose unit and origin for each set.

    Far from 0, squares would lose digits; at the heaviest trial, products with its weight would.
    What is present and can't be pooled is refused.
    """
    if any(isinstance(values, np.ma.MaskedArray) for values in (yi, vi)):
        raise RefusalError("effects are masked: give plain arrays, and say by `mask` who is present.")
    shape = np.broadcast_shapes(yi.shape, vi.shape, () if mask is None else mask.shape)
    present = np.broadcast_to(True if mask is None else mask, shape)
    here = present.astype(float)  # a product with it is ten times as fast as a choice by `present`
    usual = (np.abs(yi) <= LARGEST) & (vi >= SMALLEST) & (vi <= LARGEST)
    if not usual.all():
        if (present & ~usual).any():
            raise RefusalError(
                "a trial that is present has an effect or variance that is no number or too far "
                "from 1, or a variance that is not above 0: leave it out by the mask."
            )
        yi, vi = np.where(usual, yi, 0.0), np.where(usual, vi, 1.0)
    unit = _unit(vi, here)
    y = yi / unit[..., None]
    v = vi / unit[..., None] ** 2 * here + (1 - here)
    with np.errstate(divide="ignore"):
        heaviest = (v / here).argmin(-1)[..., None]
    origin = np.take_along_axis(y, heaviest, -1)
    return Scaled((y - origin) * here, v, present, unit, origin[..., 0])


def _unit(vi: Array, here: Array) -> Array:
    """Return a power of two near the typical standard error.

    Squares and weights then neither over- nor underflow, whatever the scale, and dividing by a
    power of two changes no digit.
    """
    total = np.einsum("...k,...k->...", here, np.log2(vi))
    return np.asarray(np.exp2(np.rint(total / np.maximum(here.sum(-1), 1) / 2)))


def _number(value: Array) -> float | None:
    """Return a float, None for what is not computed or infinite."""
    number = float(value[0])
    return number if np.isfinite(number) else None


def usable(yi: ArrayLike, vi: ArrayLike, level: float) -> tuple[Array, Array]:
    """Return the effects as arrays, or refuse all that is wrong with them."""
    (y, wrong_y), (v, wrong_v) = numbers("yi", yi), numbers("vi", vi)
    if y.ndim != 1 or v.ndim != 1:
        raise RefusalError("yi and vi are sequences of numbers, one per trial; `fit` takes batches.")
    problems = [*wrong_y, *wrong_v]
    if y.size != v.size:
        problems.append(f"yi has {y.size} values and vi {v.size}: give one of each per trial.")
    if y.size == 0:
        problems.append("there is no trial to pool.")
    not_above_0 = "a variance must be above 0. Leave the trial out, or check its standard error."
    for name, values, wrong, reason in (
        ("yi", y, ~np.isfinite(y) & (not wrong_y), NOT_FINITE),
        ("vi", v, ~np.isfinite(v) & (not wrong_v), NOT_FINITE),
        ("vi", v, v <= 0, not_above_0),
        ("yi", y, np.isfinite(y) & (np.abs(y) > LARGEST), TOO_FAR),
        ("vi", v, np.isfinite(v) & ((v > LARGEST) | ((v > 0) & (v < SMALLEST))), TOO_FAR),
    ):
        problems += [f"{name}[{i + 1}] = {values[i]:g}: {reason}" for i in np.flatnonzero(wrong)]
    refuse([*problems, *no_level(level)])
    return y, v
