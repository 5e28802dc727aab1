"""Small-study effects: whether small trials tell another story than large ones.

Below ten trials these tests can't tell chance from bias, and refuse (Sterne 2011; Cochrane Handbook
section 13.3.5.4) unless forced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.inputs import trials
from livingmeta.names import RefusalError, pick
from livingmeta.pooling import PooledEstimate, pool, usable
from livingmeta.tau2 import Array
from livingmeta.words import STEADY

ENOUGH = 10


@dataclass(frozen=True, kw_only=True)
class Asymmetry:
    """A test for funnel asymmetry.

    `limit` is the effect that the regression predicts for a trial without error, with its
    interval; None for a rank test.
    """

    name: str
    k: int
    statistic: float  # slope in units of the predictor, or Kendall's τ
    t: float | None
    df: int | None
    p_value: float
    limit: float | None = None
    limit_low: float | None = None
    limit_high: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filled:
    """Trim and fill: how many trials it adds, on which side, and the estimate with them."""

    k0: int
    side: str
    result: PooledEstimate
    yi: tuple[float, ...]  # of the trials added
    vi: tuple[float, ...]
    flags: tuple[str, ...] = ()


def require_enough(k: int, *, force: bool, least: int = 3) -> None:
    """Refuse fewer than ten trials unless forced, and fewer than `least` always."""
    if k < least:
        raise RefusalError(f"{k} trials: a line needs {least} or more.")
    if k < ENOUGH and not force:
        raise RefusalError(
            f"{k} trials: below {ENOUGH} a test for small-study effects can't tell chance from "
            "bias, so it is not made. Force it only to see what it would say."
        )


def warned(k: int) -> tuple[str, ...]:
    """Return the flag of a test forced on few trials."""
    return ("few_trials_for_funnel",) if k < ENOUGH else ()


def _line(name: str, y: Array, x: Array, weights: Array, *, level: float) -> Asymmetry:
    """Regress effects on a predictor by weighted least squares with free dispersion."""
    from statsmodels.regression.linear_model import WLS

    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        raise RefusalError(f"{name}: all trials have the same predictor, so there is no line.")
    found = WLS(y, np.column_stack([np.ones(y.size), x]), weights=weights).fit()
    low, high = found.conf_int(alpha=1 - level)[0]
    return Asymmetry(
        name=name, k=y.size, statistic=float(found.params[1]), t=float(found.tvalues[1]),
        df=int(found.df_resid), p_value=float(found.pvalues[1]), limit=float(found.params[0]),
        limit_low=float(low), limit_high=float(high), flags=warned(y.size),
    )  # fmt: skip


def egger(yi: ArrayLike, vi: ArrayLike, *, force: bool = False, level: float = 0.95) -> Asymmetry:
    """Regress effects on their standard errors, weights 1/v (Egger 1997; Sterne and Egger 2005).

    For SMDs, whose standard error holds the effect, `egger_smd` is the test to take.

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
        As in `egger`.

    Returns
    -------
    Asymmetry

    Raises
    ------
    ValueError
        As `egger`.

    References
    ----------
    Pustejovsky JE, Rodgers MA. Testing for funnel plot asymmetry of standardized mean differences.
    Res Synth Methods 2019;10:57-71.

    Examples
    --------
    >>> egger_smd([0.1, 0.2, 0.4], [90, 40, 10], [90, 40, 10], force=True).k
    3
    """
    (one, two), _ = trials(_nobody, n1=n1, n2=n2)
    y, w = usable(yi, 1 / one + 1 / two, level)
    require_enough(y.size, force=force)
    if stabilised and (one + two <= 2).any():
        raise RefusalError("a stabilised SMD needs more than two people in a trial.")
    if not stabilised:
        return _line("Egger for SMDs (PET)", y, np.sqrt(w), 1 / w, level=level)
    root = np.sqrt(2 * (one + two - 2) * w)
    found = _line(
        "Egger, variance stabilised", root * np.arcsinh(y / root), np.sqrt(w), 1 / w, level=level
    )
    return _unlimited(found)


def _unlimited(found: Asymmetry) -> Asymmetry:
    return replace(found, limit=None, limit_low=None, limit_high=None)


def _nobody(name: str, value: float) -> str | None:
    return "an arm needs one person or more." if value < 1 else None


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
    untied = np.unique(v).size == np.unique(deviate).size == v.size
    found = kendalltau(deviate, v, method="exact" if untied and v.size < 50 else "auto")
    return Asymmetry(
        name="Begg", k=y.size, statistic=float(found.statistic), t=None, df=None,
        p_value=float(found.pvalue), flags=warned(y.size),
    )  # fmt: skip


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

    Returns
    -------
    Filled

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
    turn = {"left": 1.0, "right": -1.0}
    sign = pick(turn, side, "side")
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
        found = min(max(0, round(missing_on(ranks.astype(float), k))), k - 1)
        if found == k0:
            break
        k0 = found
    images, spread = sign * (2 * mu - z[k - k0 :]), u[k - k0 :]
    result = pool(np.concatenate([y, images]), np.concatenate([v, spread]), **methods)
    return Filled(k0=k0, side=side, result=result, yi=tuple(images.tolist()),
                  vi=tuple(spread.tolist()), flags=warned(y.size))  # fmt: skip


def battery(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    sizes: Sequence[tuple[float | None, float | None]] | None = None,
    force: bool = False,
    **methods: Any,
) -> tuple[tuple[Asymmetry, ...], Filled]:
    """Make all tests: Egger (PET), PEESE, Begg, and trim and fill.

    For standardised differences PET and PEESE take √(1/n1 + 1/n2) and its square, which do not
    hold the effect, and are not made where an arm size is not known (Pustejovsky and Rodgers 2019).

    Parameters
    ----------
    yi, vi, force
        As in `egger`.
    sizes : sequence of (n1, n2), optional
        People per arm; given for standardised differences only.
    **methods
        As `pooling.pool` takes them, for trim and fill.

    Returns
    -------
    tests : tuple of Asymmetry
    filled : Filled

    Raises
    ------
    ValueError
        As `egger`.
    """
    level = methods.get("level", 0.95)
    tests = [egger(yi, vi, force=force, level=level), peese(yi, vi, force=force, level=level)]
    if sizes is not None:
        # the standard error of an SMD holds the effect: a line on it has no limit to extrapolate to
        tests = [_unlimited(replace(tests[0], name="Egger, its SE holds the effect"))]
    known = [(one, two) for one, two in sizes or () if one is not None and two is not None]
    if sizes is not None and len(known) == len(sizes):
        n1, n2 = zip(*known, strict=True)
        line, stable = (
            egger_smd(yi, n1, n2, stabilised=stabilised, force=force, level=level)
            for stabilised in (False, True)
        )
        curve = peese(yi, [1 / one + 1 / two for one, two in known], force=force, level=level)
        tests += [line, stable, replace(curve, name="PEESE for SMDs")]
    tests.append(begg(yi, vi, force=force))
    return tuple(tests), trim_and_fill(yi, vi, force=force, **methods)
