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
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri

from livingmeta.inputs import Array
from livingmeta.names import pick
from livingmeta.pooling import pool, usable
from livingmeta.small_study import require_enough, warned

STEP = 0.025  # one-sided: two-sided 0.05 on the favoured side
TURN = {"left": -1.0, "right": 1.0}
SETTLED = 1e-9  # a Newton step, in standard errors
FARTHEST = 20.0  # of log ω: beyond it the data say only that it is 0 or infinite


@dataclass(frozen=True, kw_only=True)
class Selected:
    """A three-parameter selection model.

    Attributes
    ----------
    k, significant : int
        Trials, and those with a one-sided P of at most 0.025 on the favoured side.
    side : str
        The favoured side: "left" (negative effects) or "right".
    estimate, se, ci_low, ci_high : float
        Mean of all trials, reported or not, with its normal interval.
    tau2 : float
        Between-trial variance, by maximum likelihood.
    weight : float
        ω: how often other trials are reported for each significant one.
    lrt, p_value : float
        Likelihood ratio against ω = 1, and its P on one degree of freedom.
    flags : tuple of str
        `not_converged`, `tau2_at_zero`, `few_trials_for_funnel`.
    """

    k: int
    significant: int
    side: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau2: float
    weight: float
    lrt: float
    p_value: float
    flags: tuple[str, ...]


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str | None = None,
    force: bool = False,
    level: float = 0.95,
) -> Selected:
    """Fit the three-parameter selection model by maximum likelihood.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    side : str, optional
        The favoured side, "left" or "right"; by default that of the pooled estimate.
    force : bool
        Fit it below ten trials, too.
    level : float
        Level of the interval, a fraction.

    Returns
    -------
    Selected

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
    plain = pool(y, v, tau2="ML", ci="wald")
    if side is None:
        side = "left" if plain.estimate < 0 else "right"
    turn = pick(TURN, side, "side")
    unit = 2.0 ** round(float(np.log2(v).mean()) / 2)  # in which the optimiser's limits make sense
    z, v = turn * y / unit, v / unit**2
    cut = float(ndtri(1 - STEP)) * np.sqrt(v)
    other = z < cut
    significant = int((~other).sum())
    if significant in {0, y.size}:
        which = "no trial" if significant == 0 else "every trial"
        raise ValueError(
            f"{which} is significant on the {side}: how often the other kind is reported can't "
            "be estimated."
        )
    trials = _Reported(z, v, cut, other)
    nothing = np.array([turn * plain.estimate / unit, (plain.tau2 or 0.0) / unit**2, 0.0])
    found, settled = _highest(trials, nothing)
    _, bend = trials.curvature(found)
    estimate, se = turn * found[0] * unit, float(np.sqrt(np.linalg.inv(-bend)[0, 0])) * unit
    half = float(ndtri(0.5 + level / 2)) * se
    lrt = max(0.0, 2 * (trials.height(found) - trials.height(nothing)))
    flags = {"not_converged": not settled, "tau2_at_zero": found[1] == 0}
    return Selected(
        k=y.size, significant=significant, side=side, estimate=float(estimate), se=se,
        ci_low=float(estimate - half), ci_high=float(estimate + half),
        tau2=float(found[1] * unit**2), weight=float(np.exp(found[2])), lrt=lrt,
        p_value=float(chdtrc(1, lrt)),
        flags=(*(name for name, held in flags.items() if held), *warned(y.size)),
    )  # fmt: skip


class _Reported(NamedTuple):
    """Trials turned so that positive is favoured, and their likelihood at (μ, τ², log ω)."""

    z: Array
    v: Array
    cut: Array
    other: NDArray[np.bool_]  # not significant

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

    def curvature(self, at: Array) -> tuple[list[int], Array]:
        """Return which parameters may move, and their second derivatives by differences."""
        free = [0, 2] if at[1] == 0 else [0, 1, 2]
        steps = 1e-4 * np.array([np.sqrt(self.v.min()), self.v.min() + at[1], 1.0])
        steps[1] = min(steps[1], at[1] / 2)
        columns = []
        for j in free:
            step = steps * (np.arange(3) == j)
            # four points: the error goes with the fourth power of the step
            ends = [self.slope(at + times * step)[free] for times in (-2, -1, 1, 2)]
            columns.append((ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * steps[j]))
        return free, np.column_stack(columns)


def _highest(trials: _Reported, nothing: Array) -> tuple[Array, bool]:
    """Maximise from several starts, then close in by Newton's method."""
    from scipy.optimize import minimize

    def down(at: Array) -> float:
        return -trials.height(at)

    def slope(at: Array) -> Array:
        return -trials.slope(at)

    size = max(float(nothing[1]), float(trials.v.min()))
    starts = [(nothing[0], t, w) for t in (nothing[1], size, 4 * size) for w in (0.0, -2.0, 2.0)]
    tries = [
        minimize(
            down, np.array(one), jac=slope, method="L-BFGS-B",
            bounds=[(None, None), (0, None), (-FARTHEST, FARTHEST)],
            options={"ftol": 1e-14, "gtol": 1e-10, "maxiter": 1000},
        ).x
        for one in starts
    ]  # fmt: skip
    at = np.array(min(tries, key=down))
    at[1] = 0.0 if at[1] < 1e-12 * size else at[1]
    for _ in range(50):
        free, bend = trials.curvature(at)
        if not np.all(np.linalg.eigvalsh((bend + bend.T) / 2) < 0):
            return at, False
        step = np.linalg.solve(bend, trials.slope(at)[free])
        at[free] -= step
        at[1] = max(at[1], 0.0)
        if np.all(np.abs(step) <= SETTLED * np.sqrt(np.diag(np.linalg.inv(-bend)))):
            outward = at[1] > 0 or trials.slope(at)[1] <= 0
            return at, bool(outward and abs(at[2]) < FARTHEST)
    return at, False
