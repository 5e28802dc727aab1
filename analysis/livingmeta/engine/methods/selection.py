"""A selection model: what is pooled if trials without a significant result are reported less often.

A trial whose one-sided P is above 0.025 is reported ω times as often as one below it (Vevea and
Hedges 1995, with one step). With s² = v + τ², c = z(0.975)√v and a = (c − μ)/s, effects turned so
that positive is the favoured side, a reported effect has the density of N(μ, s²) times ω where
y < c, over A = 1 + (ω − 1)Φ(a).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, ndtr, ndtri

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.small_study import require_enough, warned
from livingmeta.engine.pooling import MODELS, pool, usable
from livingmeta.printer import Shown
from livingmeta.words import RefusalError, pick, raised

SIGNIFICANT = 0.025  # one-sided: two-sided 0.05 on the favoured side
TURN = {"left": -1.0, "right": 1.0}
_SETTLED = 1e-9  # a Newton step, in standard errors
NEAR = 1e-3  # a step so short gains less than the likelihood's last digits show
_OPEN = 64.0  # of the range of the effects: a mean that far off is not excluded
FARTHEST = 20.0  # of log ω: beyond it the data say only that it is 0 or infinite


@dataclass(frozen=True, kw_only=True, repr=False)
class Selected(Shown):
    """A three-parameter selection model.

    Both intervals are of the profile likelihood, the other parameters free. The standard error is
    from the curvature at the maximum, where an estimate of τ² of 0 is taken as known.
    """

    k: int  # trials
    significant: int  # those with a one-sided P of at most 0.025 on the favoured side
    side: str  # the favoured side: "left" (negative effects) or "right"
    estimate: float  # mean of all trials, reported or not
    se: float
    ci_low: float | None  # None where the likelihood does not end it
    ci_high: float | None
    tau2: float | None  # by maximum likelihood; None for a common effect
    weight: float  # ω: how often other trials are reported for each significant one
    weight_low: float  # 0 where the likelihood does not end it
    weight_high: float | None  # None where the likelihood does not end it
    level: float  # of both intervals, a fraction
    lrt: float  # likelihood ratio against ω = 1
    p_value: float  # of that ratio, on one degree of freedom
    flags: tuple[str, ...]  # not_converged, tau2_at_zero, few_trials_for_funnel, interval_open


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str | None = None,
    model: str = "random",
    force: bool = False,
    level: float = 0.95,
) -> Selected:
    """Fit the three-parameter selection model by maximum likelihood.

    The intervals hold the values whose profile likelihood (the highest over the other parameters)
    is less than half a quantile of chi-square on one degree of freedom below the maximum.
    `tests/simulations/selection.py` counts how often they hold the truth.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    side : str, optional
        The favoured side, "left" or "right"; by default that of the pooled estimate.
    model : str
        "random", or "common": τ² is 0.
    force : bool
        Fit it below ten trials, too.
    level : float
        Level of the intervals, a fraction.

    Raises
    ------
    ValueError
        For values that can't be used, for fewer than ten trials, and where all trials or none are
        significant: ω is then not defined.

    References
    ----------
    Vevea JL, Hedges LV. A general linear model for estimating effect size in the presence of
    publication bias. Psychometrika 1995;60:419-435.

    Examples
    --------
    Small trials show large effects, large trials none:

    >>> y, v = [0.9, 0.8, 0.7, 0.1, 0.05, 0.3], [0.1, 0.08, 0.09, 0.01, 0.01, 0.04]
    >>> found = selection_model(y, v, force=True)
    >>> found.weight < 1, found.estimate < pool(y, v, tau2="ML").estimate
    (True, True)
    """
    y, v = usable(yi, vi, level)
    require_enough(y.size, force=force)
    random = pick(MODELS, model, "model")
    plain = pool(y, v, model=model, tau2="ML" if random else None, ci="wald")
    if side is None:
        side = "left" if plain.estimate < 0 else "right"
    turn = pick(TURN, side, "side")
    unit = 2.0 ** round(float(np.log2(v).mean()) / 2)  # in which the optimiser's limits make sense
    z, v = turn * y / unit, v / unit**2
    cut = float(ndtri(1 - SIGNIFICANT)) * np.sqrt(v)
    other = z < cut
    significant = int((~other).sum())
    if significant in {0, y.size}:
        which = "no trial" if significant == 0 else "every trial"
        raise RefusalError(
            f"{which} is significant on the {side}: how often the other kind is reported can't be estimated."
        )
    trials = _Reported(z, v, cut, other, random)
    nothing = np.array([turn * plain.estimate / unit, (plain.tau2 or 0.0) / unit**2, 0.0])
    peak, settled = _highest(trials, nothing)
    bend = trials.curvature(peak, trials.free(peak, None))
    if not (np.linalg.eigvalsh(-bend) > 0).all():
        raise RefusalError(
            "the likelihood of the selection model has no peak at which it falls to every side, so "
            "that no standard error exists: look at effects and variances for a slip of a digit."
        )
    estimate, se = turn * peak[0] * unit, float(np.sqrt(np.linalg.inv(-bend)[0, 0])) * unit
    deep = float(chdtri(1, 1 - level)) / 2
    mean = [end if end is None else turn * end * unit for end in _limits(trials, peak, 0, deep)]
    low, high = mean if turn > 0 else reversed(mean)
    lightest, heaviest = _limits(trials, peak, 2, deep)
    lrt = max(0.0, 2 * (trials.height(peak) - trials.height(nothing)))
    flags = {
        "not_converged": not settled,
        "tau2_at_zero": random and peak[1] == 0,
        "interval_open": None in (low, high, lightest, heaviest),
    }
    return Selected(
        k=y.size,
        significant=significant,
        side=side,
        estimate=float(estimate),
        se=se,
        ci_low=low,
        ci_high=high,
        tau2=float(peak[1] * unit**2) if random else None,
        weight=float(np.exp(peak[2])),
        weight_low=0.0 if lightest is None else float(np.exp(lightest)),
        weight_high=None if heaviest is None else float(np.exp(heaviest)),
        level=level,
        lrt=lrt,
        p_value=float(chdtrc(1, lrt)),
        flags=(*raised(flags), *warned(y.size)),
    )


class _Reported(NamedTuple):
    """Trials turned so that positive is favoured, and their likelihood at (μ, τ², log ω)."""

    z: Array
    v: Array
    cut: Array
    other: Mask  # not significant
    random: bool  # else τ² is 0

    def parts(self, at: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Return s, (y − μ)/s, a, its density over A times ω − 1, and Φ(a) with A."""
        s = np.sqrt(self.v + at[1])
        a = (self.cut - at[0]) / s
        below = ndtr(a)
        share = 1 + np.expm1(at[2]) * below
        pull = np.expm1(at[2]) * np.exp(-0.5 * a**2) / np.sqrt(2 * np.pi) / share
        return s, (self.z - at[0]) / s, a, pull, np.stack([below, share])

    def height(self, at: Array) -> float:
        """Return the log-likelihood, up to a constant."""
        s, u, _, _, (_, share) = self.parts(at)
        return float(self.other.sum() * at[2] - (np.log(s) + u**2 / 2 + np.log(share)).sum())

    def slope(self, at: Array) -> Array:
        """Return its derivatives."""
        s, u, a, pull, (below, share) = self.parts(at)
        return np.array(
            [
                ((u + pull) / s).sum(),
                ((u**2 - 1 + pull * a) / (2 * s**2)).sum(),
                self.other.sum() - np.exp(at[2]) * (below / share).sum(),
            ]
        )

    def free(self, at: Array, held: int | None) -> list[int]:
        """Return which parameters may move: neither the held one nor a τ² that falls below 0."""
        still = at[1] == 0 and (not self.random or self.slope(at)[1] <= 0)
        return [j for j in range(3) if j != held and not (j == 1 and still)]

    def curvature(self, at: Array, free: list[int]) -> Array:
        """Return the second derivatives in some parameters, by differences."""
        steps = 1e-4 * np.array([np.sqrt(self.v.min()), self.v.min() + at[1], 1.0])
        steps[1] = min(steps[1], at[1] / 2)
        columns = []
        for j in free:
            step = steps * (np.arange(3) == j)
            # four points: the error goes with the fourth power of the step
            ends = [self.slope(at + times * step)[free] for times in (-2, -1, 1, 2)]
            columns.append((ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * steps[j]))
        bend = np.column_stack(columns)
        return np.asarray((bend + bend.T) / 2)


def _highest(trials: _Reported, nothing: Array) -> tuple[Array, bool]:
    """Return the highest maximum that several starts lead to, and whether it is one."""
    size = max(float(nothing[1]), float(trials.v.min()))
    spreads = (nothing[1], size, 4 * size) if trials.random else (0.0,)
    starts = [np.array([nothing[0], t, w]) for t in spreads for w in (0.0, -2.0, 2.0)]
    return max((_climbed(trials, start) for start in starts), key=lambda end: trials.height(end[0]))


def _climbed(trials: _Reported, start: Array, held: int | None = None) -> tuple[Array, bool]:
    """Climb by Newton's method, one parameter held; where the likelihood bends up, along its slope.

    No step goes down, and none of log ω beyond `FARTHEST`.
    """
    at, size = start.copy(), float(trials.v.min())
    height = trials.height(at)
    for _ in range(200):
        free = trials.free(at, held)
        if 1 in free and at[1] == 0:
            at[1] = 1e-6 * size
            height = trials.height(at)
        values, vectors = np.linalg.eigh(-trials.curvature(at, free))
        flat = np.maximum(np.abs(values), 1e-9 * np.abs(values).max())
        inverse = (vectors / flat) @ vectors.T
        step = inverse @ trials.slope(at)[free]
        far = np.abs(step / np.sqrt(inverse.diagonal())).max() if values.min() > 0 else 1.0
        for _ in range(40):
            following = at.copy()
            following[free] += step
            following[1] = 0.0 if following[1] < 1e-12 * size else following[1]
            following[2] = np.clip(following[2], -FARTHEST, FARTHEST)
            reached = trials.height(following)
            if reached >= height or far < NEAR:
                break
            step = step / 2
        else:
            return at, False
        at, height = following, reached
        if far <= _SETTLED or abs(at[2]) == FARTHEST:
            break
    return at, bool(far <= _SETTLED and abs(at[2]) < FARTHEST)


def _limits(trials: _Reported, top: Array, which: int, deep: float) -> tuple[float | None, float | None]:
    """Return where the profile of a parameter lies `deep` below its maximum, on both sides."""
    from scipy.optimize import brentq

    size = float(trials.v.min())
    reach = np.ptp(trials.z) + np.sqrt(trials.v.max())
    first, most = (reach / 16, _OPEN * reach) if which == 0 else (0.25, FARTHEST)
    limits: list[float | None] = []
    for side in (-1.0, 1.0):
        near = top.copy()  # the maximum at the last value looked at
        seen = {0.0: deep}  # looked at from elsewhere, a profile of two maxima might differ

        def above(distance: float, side: float = side, seen: dict[float, float] = seen) -> float:
            nonlocal near
            if distance in seen:
                return seen[distance]
            at = top[which] + side * distance
            other = top.copy()  # and one with the other kind of τ², as a profile may jump
            other[1] = 4 * size * trials.random * (near[1] == 0)
            near[which] = other[which] = at
            ends = (_climbed(trials, start, which)[0] for start in (near, other))
            near = max(ends, key=trials.height)
            seen[distance] = trials.height(near) - trials.height(top) + deep
            return seen[distance]

        step = first
        while above(step) > 0 and step < most:
            step *= 2
        if step >= most:
            limits.append(None)
            continue
        distance = brentq(above, step / 2 if step > first else 0.0, step, xtol=_SETTLED * reach)
        limits.append(float(top[which] + side * distance))
    return limits[0], limits[1]
