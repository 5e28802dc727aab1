"""Three-level models: effects within trials, with a variance between trials and one within them.

Effect i of trial j is y_ij = μ + u_j + w_ij + ε_ij with var u = τ²_between and var w = τ²_within
(Konstantopoulos 2011). Sampling errors ε have the variances v_ij, and within a trial the
correlation ρ: 0, or declared where the effects are of the same people (the correlated and
hierarchical effects model of Pustejovsky and Tipton 2022). The covariance of a trial is
Σ_j = D + ρ s s' + τ²_between 1 1' with D = diag((1 − ρ) v + τ²_within) and s = √v: a diagonal and
two columns, so that inverse and determinant take sums over its effects only.

Numbers stand trial after trial, with an axis for several values of (τ²_between, τ²_within) before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri, ndtr, stdtrit

from livingmeta.engine.inputs import Array, Mask, inside
from livingmeta.engine.maxima import BLOCK
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.methods.regression import FEW_DF, Cluster, Coefficient, clusters_of, coefficient, cr2
from livingmeta.engine.pooling import FEW, LIKELIHOODS, PREDICTION_FROM, Sided, scaled, usable
from livingmeta.printer import Shown
from livingmeta.words import RefusalError, decimal, decimals, pick, raised, refuse

# How the interval of the mean is made, in the order in which it is offered
MEAN_INTERVALS: Mapping[str, str] = {
    "CR2": "cluster-robust by trial, which holds whatever ρ is, of enough trials; "
    "t with Satterthwaite's degrees of freedom",
    "t": "t with as many degrees of freedom as trials, less one",
    "wald": "normal",
    "profile": "profile likelihood, by ML",
}
# Neighbours on the grid on which maxima are looked for; on random sets none was higher from many starts
# in between (tests/engine/methods/test_multilevel.py)
FACTOR = 2.5
GRID_MOST = 24
FROM = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # squares of a distance of the mean, on either
STEPS = 200
HALVINGS = 25
ROUNDING = 1e-13  # of a likelihood, of its own size
RHO_MOST = 0.99  # beyond it Σ⁻¹ loses the digits that the likelihood is maximised by
SETTLED = 1e-13  # step of Newton's method relative to variances of the data
NEAR = 1e-7  # the same at which it may stop where rounding lets the likelihood grow no more


@dataclass(frozen=True, kw_only=True, repr=False)
class ThreeLevel(Shown, Sided):
    """The mean of effects within trials, and how it was made.

    Attributes
    ----------
    k, trials : int
        Effects, and trials that gave them.
    estimate, se, ci_low, ci_high : float
        Mean effect, its standard error and interval by `ci_method`.
    statistic, p_value, ci_df : float or None
        estimate/se and its two-sided P, by t with `ci_df` or normal where that is None; for the
        profile likelihood the signed root of the likelihood ratio.
    tau2_between, tau2_within : float
        Variances of true effects between trials and within them, each with the limits of its
        profile likelihood.
    i2, i2_between, i2_within : float
        Percent of the total variance τ²_between + τ²_within + s² that is no sampling error, and the
        parts of each level (Cheung 2014), s² the typical sampling variance (Higgins and Thompson
        2002, eq. 9; with ρ (k − 1)/tr P, which is the same for ρ = 0).
    q, q_df, q_p : float
        Cochran's Q about the mean by the sampling errors alone.
    pi_low, pi_high : float or None
        Interval in which the mean true effect of a new trial is expected: t with trials − 1 degrees
        of freedom times √(SE² + τ²_between); None below five trials.
    pi_effect_low, pi_effect_high : float or None
        The same of one true effect in a new trial, with τ²_within.
    weights : tuple of float
        Percent of each effect, in the order given; with ρ one can be below 0.
    rho : float or None
        Correlation of sampling errors within a trial as declared; None: independent.
    """

    k: int
    trials: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float | None
    p_value: float | None
    ci_df: float | None
    tau2_between: float
    tau2_between_low: float
    tau2_between_high: float
    tau2_within: float
    tau2_within_low: float
    tau2_within_high: float
    i2: float
    i2_between: float
    i2_within: float
    q: float
    q_df: int
    q_p: float
    pi_low: float | None
    pi_high: float | None
    pi_effect_low: float | None
    pi_effect_high: float | None
    weights: tuple[float, ...]
    rho: float | None
    measure: str
    tau2_method: str
    ci_method: str
    level: float
    flags: tuple[str, ...]

    @property
    def methods(self) -> str:
        """Say how it was made, in a line."""
        interval = {
            "CR2": "cluster-robust interval (CR2), t with Satterthwaite's df",
            "t": "t interval",
            "wald": "Wald interval",
            "profile": "profile-likelihood interval",
        }
        errors = f"taken to correlate by {self.rho:g} within a trial" if self.rho else "taken as independent"
        return f"three-level model, {self.tau2_method}, {interval[self.ci_method]}; sampling errors {errors}"

    def __str__(self) -> str:
        estimate, low, high = as_shown(self.measure, self.estimate, self.ci_low, self.ci_high)
        shown = f"{estimate} ({100 * self.level:g}% CI {low} to {high})"
        name = scale_name(self.measure) or "estimate"
        between, within = decimals(self.tau2_between, self.tau2_within)
        by = ", ".join((self.tau2_method, self.ci_method, *([f"ρ = {self.rho:g}"] if self.rho else [])))
        left = f"τ² between {between}, within {within}; I² = {decimal(self.i2, 0)}%"
        return f"{self.k} effects of {self.trials} trials: {name} {shown}; {left}; {by}"


def three_level(
    yi: ArrayLike,
    vi: ArrayLike,
    trials: Sequence[object],
    *,
    rho: float | None = None,
    tau2: str | None = None,
    ci: str = "CR2",
    level: float = 0.95,
    measure: str = "",
) -> ThreeLevel:
    """Pool effects of which several are of one trial.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their sampling variances.
    trials : sequence, shape (k,)
        Which trial each effect is of.
    rho : float, optional
        Correlation of the sampling errors of a trial's effects, from 0 to 0.99: an assumption,
        for effects of the same people. By default they are independent.
    tau2 : str, optional
        "REML" (the default) or "ML"; the profile likelihood of the mean is ML's.
    ci : str
        Interval of the mean, an entry of `MEAN_INTERVALS`.
    level : float
        Confidence level of all intervals, a fraction.
    measure : str
        What `yi` is ("SMD"), kept in the result.

    Returns
    -------
    ThreeLevel
        In the direction and unit of `yi`.

    Raises
    ------
    ValueError
        For values that can't be used, and where between and within can't be told apart: one trial
        alone, or one effect of each.

    References
    ----------
    Konstantopoulos S. Fixed effects and variance components estimation in three-level meta-analysis.
    Res Synth Methods 2011;2:61-76.
    Cheung MW-L. Modeling dependent effect sizes with three-level meta-analyses: a structural equation
    modeling approach. Psychol Methods 2014;19:211-229.
    Pustejovsky JE, Tipton E. Meta-analysis with robust variance estimation: expanding the range of
    working models. Prev Sci 2022;23:425-438.

    Examples
    --------
    Equal variances and two effects each are an analysis of variance: within trials the mean square
    0.02 less the variance 0.01, between trials (0.5 − 0.02)/2.

    >>> y, v, trials = [0.0, 0.2, 0.5, 0.7, 1.0, 1.2], [0.01] * 6, list("aabbcc")
    >>> found = three_level(y, v, trials)
    >>> round(found.tau2_within, 9), round(found.tau2_between, 9), round(found.estimate, 9)
    (0.01, 0.24, 0.6)
    """
    y, v = usable(yi, vi, level)
    tau2 = estimator_of(rho=rho, tau2=tau2, ci=ci)
    restricted = LIKELIHOODS[tau2]
    members = clusters_of(
        trials, y.size, name="trials", alone="all effects are of one trial: nothing is seen between trials."
    )
    if len(members) == y.size:
        raise RefusalError(
            "each trial gives one effect: between and within trials can't be told apart, and two levels "
            "(pool) are the same model."
        )
    order = np.concatenate(members)
    effects = scaled(y[None, order], v[None, order], None)
    unit = float(effects.unit[0])
    sizes = np.array([len(part) for part in members])
    data = _Data(effects.y[0], effects.v[0], sizes, float(rho or 0.0))
    theta, converged, grid = _highest(data, restricted=restricted)
    at = _at(data, theta[None], restricted=restricted)
    mean, variance, origin = float(at.mean[0]), float(1 / at.total[0]), float(effects.origin[0])
    low, high = _variance_limits(data, theta, grid, level=level, restricted=restricted) * unit**2
    about = _interval(data, theta, mean, variance, ci=ci, level=level, null=-origin)
    sampling = _at(data, np.zeros((1, 2)), restricted=False)
    parts = np.array([*theta, (y.size - 1) / sampling.kept[0]])
    between, within, _ = map(float, 100 * parts / parts.sum())
    ahead: list[float | None] = [None] * 4
    if len(members) >= PREDICTION_FROM:
        quantile = stdtrit(len(members) - 1, (1 + level) / 2)
        halves = quantile * np.sqrt(variance + np.cumsum(theta))
        ahead = [float(mean + sign * half + origin) * unit for half in halves for sign in (-1, 1)]
    weights = np.empty(y.size)
    weights[order] = 100 * at.pull[0] / at.total[0]
    flags = {
        "not_converged": not converged,
        "between_at_zero": theta[0] == 0,
        "within_at_zero": theta[1] == 0,
        "few_trials": len(members) < FEW,
        "few_clusters": ci == "CR2" and about.df is not None and about.df < FEW_DF,
        "rho_assumed": bool(rho),
    }
    return ThreeLevel(
        k=y.size,
        trials=len(members),
        **{name: getattr(about, name) * unit for name in ("estimate", "se", "ci_low", "ci_high")},
        statistic=about.statistic,
        p_value=about.p_value,
        ci_df=about.df,
        tau2_between=float(theta[0]) * unit**2,
        tau2_between_low=float(low[0]),
        tau2_between_high=float(high[0]),
        tau2_within=float(theta[1]) * unit**2,
        tau2_within_low=float(low[1]),
        tau2_within_high=float(high[1]),
        i2=between + within,
        i2_between=between,
        i2_within=within,
        q=float(sampling.squares[0]),
        q_df=y.size - 1,
        q_p=float(chdtrc(y.size - 1, sampling.squares[0])),
        pi_low=ahead[0],
        pi_high=ahead[1],
        pi_effect_low=ahead[2],
        pi_effect_high=ahead[3],
        weights=tuple(weights.tolist()),
        rho=None if rho is None else float(rho),
        measure=measure,
        tau2_method=tau2,
        ci_method=ci,
        level=level,
        flags=raised(flags),
    )


def _interval(
    data: _Data, theta: Array, mean: float, variance: float, *, ci: str, level: float, null: float
) -> Coefficient:
    """Return the mean with its interval and test, in the data's unit, measured from the null value."""
    df: float | None = None
    if ci == "CR2":
        design = np.ones((data.y.size, 1))
        vcov, dfs = cr2(design, np.array([[variance]]), data.y - mean, data.covariances(theta))
        variance, df = float(vcov[0, 0]), float(dfs[0])
    elif ci == "t":
        df = data.starts.size - 1.0
    made = coefficient("mean", mean - null, variance, df, level)
    if ci != "profile":
        return made
    (low, high), ratio = _mean_limits(data, theta, mean, np.sqrt(variance), level=level, null=null)
    root = float(np.sign(mean - null) * np.sqrt(ratio))
    p_value = float(2 * ndtr(-abs(root)))
    low, high = float(low) - null, float(high) - null
    return replace(made, ci_low=low, ci_high=high, statistic=root, p_value=p_value)


def estimator_of(*, rho: float | None, tau2: str | None, ci: str) -> str:
    """Return the estimator of the variances, or refuse methods that are not known or don't go together.

    Examples
    --------
    >>> estimator_of(rho=0.6, tau2=None, ci="profile")
    'ML'
    """
    problems = []
    pick(MEAN_INTERVALS, ci, "ci")
    tau2 = tau2 or ("ML" if ci == "profile" else "REML")
    if pick(LIKELIHOODS, tau2, "tau2") and ci == "profile":
        problems.append("ci = 'profile' is read off the likelihood that ML maximises: choose tau2 = ML.")
    if rho is not None and not inside(rho, 0.0, RHO_MOST):
        problems.append(
            f"rho = {rho}: the correlation of a trial's sampling errors lies from 0 to {RHO_MOST}; nearer to "
            "1 its effects would be one number told again, of which one is kept."
        )
    refuse(problems)
    return tau2


class _Data:
    """Effects trial after trial, in the unit of their typical standard error."""

    def __init__(self, y: Array, v: Array, sizes: NDArray[np.int_], rho: float) -> None:
        self.y, self.v, self.s, self.rho = y, v, np.sqrt(v), rho
        self.starts = np.cumsum(sizes) - sizes
        self.of = np.repeat(np.arange(sizes.size), sizes)

    def sums(self, x: Array) -> Array:
        """Sum over the effects of each trial."""
        return np.add.reduceat(x, self.starts, axis=-1)

    def covariances(self, theta: Array) -> list[Cluster]:
        """Return the places and Σ_j of each trial."""
        made = []
        for places in np.split(np.arange(self.y.size), self.starts[1:]):
            s = self.s[places]
            own = np.diag((1 - self.rho) * self.v[places] + theta[1])
            made.append((places, np.asarray(own + self.rho * np.outer(s, s) + theta[0])))
        return made


class _Likelihood(NamedTuple):
    """What the likelihood is at each (τ²_between, τ²_within) of a batch."""

    height: Array  # log-likelihood up to a constant, (B,)
    mean: Array  # (B,)
    total: Array  # 1'Σ⁻¹1, (B,)
    squares: Array  # (y − μ)'Σ⁻¹(y − μ), (B,)
    rounding: Array  # by how much the height may be off: Σ⁻¹ costs digits where d is small, (B,)
    pull: Array  # Σ⁻¹1, (B, k)
    slope: Array  # (B, 2)
    curve: Array  # second derivatives, (B, 2, 2)
    scoring: Array  # expected information, (B, 2, 2)
    kept: Array  # tr P with P = Σ⁻¹ − Σ⁻¹11'Σ⁻¹/1'Σ⁻¹1, (B,)


def _at(
    data: _Data, theta: Array, *, restricted: bool, mean: Array | None = None, slopes: bool = True
) -> _Likelihood:
    """Return the log-likelihood at variances, shape (B, 2), with its derivatives if asked for.

    The mean is the one of highest likelihood, or given. With G_b = blocks of 1, G_w = I, u = P y:
    slope_i = −½ (tr P G_i − u'G_i u), curve_ij = ½ tr P G_i P G_j − u'G_i P G_j u, where the traces
    have Σ⁻¹ in place of P but for the restricted likelihood, and so has the last term where the
    mean is given (the usual mixed-model derivatives, as in Harville 1977).
    """
    between, within = theta[:, 0, None], theta[:, 1, None]
    d = (1 - data.rho) * data.v + within  # (B, k)
    z = 1 / d
    sz = data.s * z
    c, b = data.sums(z), data.sums(sz)  # (B, J)
    off = data.s - (b / c)[:, data.of]
    a0 = data.sums(off**2 * z)  # a = s'D⁻¹s less b²/c, so that ac − b² = c a0 loses no digits
    a = a0 + b**2 / c
    rho = data.rho
    det = 1 + rho * a + between * c * (1 + rho * a0)
    # Σ⁻¹ = D⁻¹ − D⁻¹U K U'D⁻¹ with U = (s, 1)
    k00, k01, k11 = rho * (1 + between * c) / det, -rho * between * b / det, between * (1 + rho * a) / det

    def solve(x: Array) -> Array:
        xz = x * z
        of_s, of_1 = data.sums(x * sz), data.sums(xz)
        left, right = (k00 * of_s + k01 * of_1)[:, data.of], (k01 * of_s + k11 * of_1)[:, data.of]
        return np.asarray(xz - sz * left - z * right)

    pull = solve(np.ones_like(d))
    own = data.sums(pull)
    total = own.sum(-1)
    free = mean is None
    mu = (pull * data.y).sum(-1) / total if mean is None else mean
    residual = data.y - mu[:, None]
    u = solve(residual)
    squares = (residual * u).sum(-1)
    height = np.log(d).sum(-1) + np.log(det).sum(-1) + squares
    height = -0.5 * (height + np.log(total) if restricted else height)
    rounding = ROUNDING * (1 + np.abs(height)) * (1 + rho * a + between * c).max(-1)
    if not slopes:
        nothing = np.empty(0)
        return _Likelihood(height, mu, total, squares, rounding, pull, *[nothing] * 4)
    less, least = 1 / total if restricted else np.zeros_like(total), 1 / total if free else 0.0
    su, spull = solve(u), solve(pull)
    z2, z3 = z**2, z**3
    a2, b2, c2 = data.sums(data.v * z2), data.sums(data.s * z2), data.sums(z2)
    a3, b3, c3 = data.sums(data.v * z3), data.sums(data.s * z3), data.sums(z3)
    trace = (c - (k00 * a2 + 2 * k01 * b2 + k11 * c2)).sum(-1)
    m00, m01, m10, m11 = k00 * a2 + k01 * b2, k00 * b2 + k01 * c2, k01 * a2 + k11 * b2, k01 * b2 + k11 * c2
    trace2 = (c2 - 2 * (k00 * a3 + 2 * k01 * b3 + k11 * c3) + m00**2 + 2 * m01 * m10 + m11**2).sum(-1)
    pulls, mine = data.sums(pull**2), data.sums(u)
    q2, t1 = (own**2).sum(-1), pulls.sum(-1)
    slope = -0.5 * np.stack(
        [total - less * q2 - (mine**2).sum(-1), trace - less * t1 - (u**2).sum(-1)], axis=-1
    )
    traces = (
        q2 - 2 * less * (own**3).sum(-1) + (less * q2) ** 2,
        t1 - 2 * less * (pulls * own).sum(-1) + less**2 * q2 * t1,
        trace2 - 2 * less * (pull * spull).sum(-1) + (less * t1) ** 2,
    )
    gone_b, gone_w = (own * mine).sum(-1), (pull * u).sum(-1)
    quadratics = (
        (mine**2 * own).sum(-1) - least * gone_b**2,
        (mine * data.sums(su)).sum(-1) - least * gone_b * gone_w,
        (u * su).sum(-1) - least * gone_w**2,
    )
    scoring, bent = (
        np.stack(part, axis=-1)[:, [0, 1, 1, 2]].reshape(-1, 2, 2) for part in (traces, quadratics)
    )
    curve, kept = scoring / 2 - bent, trace - t1 / total
    return _Likelihood(height, mu, total, squares, rounding, pull, slope, curve, scoring / 2, kept)


def _climb(
    data: _Data, start: Array, free: Mask, *, restricted: bool, mean: Array | None = None
) -> tuple[Array, _Likelihood, Mask]:
    """Climb from variances, shape (B, 2), to a maximum in those that are free, by Newton's method.

    Where the likelihood is not concave the step is Fisher's; a step that leads down is halved, and
    a variance stays from 0 up. Returned are the variances, the likelihood there and what converged.
    """
    theta, unit = start.copy(), float(np.median(data.v))
    here = _at(data, theta, restricted=restricted, mean=mean)
    done, settled = np.zeros((2, len(theta)), bool)
    for _ in range(STEPS):
        step = _step(here, free & ((theta > 0) | (here.slope > 0)))
        size = (np.abs(np.maximum(theta + step, 0.0) - theta) / (theta + unit)).max(-1)
        settled |= ~done & (size <= SETTLED)
        done |= settled
        if done.all():
            break
        risen, share, new = done.copy(), 1.0, theta
        for _ in range(HALVINGS):
            new = np.where(risen[:, None], new, np.maximum(theta + share * step, 0.0))
            there = _at(data, new, restricted=restricted, mean=mean)
            risen |= there.height >= here.height - here.rounding
            if risen.all():
                break
            share /= 2
        else:
            new = np.where(risen[:, None], new, theta)
            there = _at(data, new, restricted=restricted, mean=mean)
        level = ~done & (there.height <= here.height + here.rounding)
        settled |= level & (size <= NEAR)
        done |= settled | ~risen
        theta, here = new, there
    return theta, here, settled


def _step(here: _Likelihood, moving: Mask) -> Array:
    """Return the step of Newton where the likelihood bends down, else that of Fisher's scoring."""
    slope = np.where(moving, here.slope, 0.0)
    steps, bends = [], []
    for bend in (-here.curve, here.scoring):
        bb, ww = np.where(moving, bend[:, [0, 1], [0, 1]], 1.0).T
        bw = np.where(moving.all(-1), bend[:, 0, 1], 0.0)
        det = bb * ww - bw**2
        across = np.stack([ww * slope[:, 0] - bw * slope[:, 1], bb * slope[:, 1] - bw * slope[:, 0]], -1)
        bends.append((bb > 0) & (det > 0))
        steps.append(across / np.where(bends[-1], det, np.inf)[:, None])
    return np.asarray(np.where(bends[0][:, None], *steps))


def _highest(data: _Data, *, restricted: bool) -> tuple[Array, bool, tuple[Array, Array]]:
    """Find the variances of the highest likelihood, whatever the number of maxima.

    Each point of a grid that none of its neighbours overlooks is climbed from. The grid's points
    and heights are returned, too.
    """
    spread = float(((data.y - data.y.mean()) ** 2).sum() / (data.y.size - 1))
    low = float(data.v.min()) / 10
    top = max(4 * spread, 2 * low)
    points = np.append(0.0, np.geomspace(low, top, 1 + _count(top / low)))
    pairs = np.stack(np.meshgrid(points, points, indexing="ij"), -1).reshape(-1, 2)
    heights = _heights(data, pairs, restricted=restricted).reshape(points.size, -1)
    starts = pairs[_peaks(heights, axes=(0, 1)).ravel()]
    theta, reached, settled = _climb(data, starts, np.ones_like(starts, bool), restricted=restricted)
    best = int(reached.height.argmax())
    return theta[best], bool(settled[best]), (points, heights)


def _peaks(heights: Array, *, axes: tuple[int, ...]) -> Mask:
    """Return which points none of their neighbours along the axes overlooks, on the diagonals neither."""
    edged = np.pad(heights, [(int(axis in axes),) * 2 for axis in range(2)], constant_values=-np.inf)
    around = sliding_window_view(edged, [3] * len(axes), axis=axes)
    return np.asarray(heights >= around.max(axis=tuple(range(2, 2 + len(axes)))))


def _count(ratio: float) -> int:
    return int(np.clip(np.ceil(np.log(ratio) / np.log(FACTOR)), 1, GRID_MOST))


def _heights(data: _Data, theta: Array, *, restricted: bool) -> Array:
    size = max(1, BLOCK // data.y.size)
    parts = [theta[i : i + size] for i in range(0, len(theta), size)]
    found = (_at(data, part, restricted=restricted, slopes=False).height for part in parts)
    return np.concatenate(list(found))


def _variance_limits(
    data: _Data, best: Array, grid: tuple[Array, Array], *, level: float, restricted: bool
) -> Array:
    """Return the lowest and highest value of each variance by its profile likelihood, shape (2, 2).

    Inside are those with 2(max l − max l at the value) ≤ χ²(level) with 1 degree of freedom; the
    other variance takes its best value at each, climbed to from each peak of the grid there. Of
    several crossings the outermost that the grid shows is taken, and there is no cap.
    """
    points, heights = grid
    peak = float(_at(data, best[None], restricted=restricted, slopes=False).height[0])
    which = np.array([0, 1, 0, 1])

    def profile(value: Array) -> tuple[Array, Array]:
        along = np.where(which[:, None, None] == [0, 1], value[:, None, None], points[:, None])
        heights = _heights(data, along.reshape(-1, 2), restricted=restricted).reshape(4, -1)
        line, other = np.nonzero(_peaks(heights, axes=(1,)))
        free = which[line, None] != [0, 1]
        found = _climb(data, along[line, other], free, restricted=restricted)[1]
        highest = np.array([np.where(line == each, found.height, -np.inf).argmax() for each in range(4)])
        return found.height[highest], found.slope[highest, which]

    drop = float(chdtri(1, 1 - level))
    held = [points[2 * (peak - heights.max(1 - place)) <= drop] for place in (0, 1)]
    spans = [np.append(inside, best[place]) for place, inside in enumerate(held)]
    inner = np.array([outer(span) for outer in (min, max) for span in spans])
    lower = np.arange(4) < 2
    beyond = np.where(lower, 0.0, FACTOR * inner + points[1])
    by: dict[str, Any] = {"peak": peak, "drop": drop, "unit": float(np.median(data.v)), "bounded": lower}
    return _crossings(profile, inner, beyond, **by).reshape(2, 2)


def _crossings(
    profile: Callable[[Array], tuple[Array, Array]],
    inner: Array,
    beyond: Array,
    *,
    peak: float,
    drop: float,
    unit: float,
    bounded: Mask | bool = False,
) -> Array:
    """Return where profile likelihoods have fallen by half of `drop` below their peak.

    `profile` returns heights and slopes; it is followed from `inner` outwards to `beyond`, which is
    moved on while it is inside, but for what is `bounded` by it. Newton's method on the root of the
    fall, which is nearly a line, with bisection where a step leaves the bracket.
    """
    height, slope = profile(beyond)
    inside, step = inner, beyond - inner
    while (still := (2 * (peak - height) <= drop) & ~np.asarray(bounded)).any():  # it falls like log τ²
        step = np.where(still, 4 * step, step)
        inside, beyond = np.where(still, beyond, inside), np.where(still, inner + step, beyond)
        height, slope = profile(beyond)
    at, size = beyond, np.full(inner.shape, np.inf)
    done = 2 * (peak - height) <= drop
    for _ in range(STEPS):
        fall = np.maximum(2 * (peak - height), 0.0)
        inside, beyond = np.where(fall <= drop, at, inside), np.where(fall > drop, at, beyond)
        with np.errstate(all="ignore"):
            newton = at + (np.sqrt(fall) - np.sqrt(drop)) * np.sqrt(fall) / slope
        # a step that leaves the bracket by no more than rounding ends there, and is not halved
        least, most = np.minimum(inside, beyond), np.maximum(inside, beyond)
        near = np.abs(newton - at) <= NEAR * (np.abs(at) + unit)
        between = (newton > least) & (newton < most)
        following = np.where(between | near, np.clip(newton, least, most), (inside + beyond) / 2)
        before, size = size, np.abs(following - at) / (np.abs(at) + unit)
        # near the end steps that grow shorter no more are rounding
        done |= (size <= SETTLED) | ((size <= NEAR) & (size > before / 2))
        if done.all():
            break
        at = np.where(done, at, following)
        height, slope = profile(at)
    return at


def _mean_limits(
    data: _Data, best: Array, mean: float, se: float, *, level: float, null: float
) -> tuple[Array, float]:
    """Return the interval of the mean by its profile likelihood, and the ratio at a null value.

    At each mean the variances of highest likelihood are climbed to from those of the estimate, and
    from there with the square of its distance on either.
    """
    peak = float(_at(data, best[None], restricted=False, slopes=False).height[0])

    def profile(at: Array) -> tuple[Array, Array]:
        starts = (best + (at - mean)[:, None, None] ** 2 * FROM).reshape(-1, 2)
        means = np.repeat(at, len(FROM))
        found = _climb(data, starts, np.ones_like(starts, bool), restricted=False, mean=means)[1]
        heights = found.height.reshape(-1, len(FROM))
        pull = (found.pull * (data.y - means[:, None])).sum(-1).reshape(heights.shape)
        highest = heights.argmax(-1)[:, None]
        return heights.max(-1), np.take_along_axis(pull, highest, -1)[:, 0]

    drop, sides = float(chdtri(1, 1 - level)), np.array([-1.0, 1.0])
    inner = np.full(2, mean)
    limits = _crossings(profile, inner, mean + 2 * se * sides, peak=peak, drop=drop, unit=se)
    return limits, max(0.0, 2 * (peak - float(profile(np.array([null]))[0][0])))
