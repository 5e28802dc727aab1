"""Zeros of many functions at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from livingmeta.engine.inputs import Array, Mask


def bracketed_root(function: Callable[[Array], Array], low: Array, high: Array) -> tuple[Array, Mask]:
    """Find a zero between `low` and `high` to the last digits, all elements at once.

    Inverse quadratic interpolation where it is safe and bisection elsewhere, so that it ends
    for every continuous function that changes sign (Chandrupatla 1997). Returned are the zeros,
    and which of them converged; where the signs at the ends agree, they mean nothing.

    References
    ----------
    Chandrupatla TR. A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear
    function without using derivatives. Adv Eng Softw 1997;28:145-149.
    """
    eps = np.finfo(float).eps
    a, b = high.astype(float), low.astype(float)
    fa, fb = function(a), function(b)
    unusable = np.sign(fa) == np.sign(fb)
    at = np.full(a.shape, 0.5)
    with np.errstate(all="ignore"):  # elements that are done divide 0 by 0, and are not used
        for _ in range(200):  # bisection alone needs 53 steps and those to reach the scale of 0
            x = a + at * (b - a)
            fx = function(x)
            same = np.sign(fx) == np.sign(fa)
            c, fc = np.where(same, a, b), np.where(same, fa, fb)
            b, fb = np.where(same, b, a), np.where(same, fb, fa)
            a, fa = x, fx
            nearer = np.abs(fa) < np.abs(fb)
            best = np.where(nearer, a, b)
            width = np.abs(b - a)
            least = (2 * eps * np.abs(best) + np.finfo(float).tiny) / width
            done = (least > 0.5) | (np.where(nearer, fa, fb) == 0) | unusable
            if done.all():
                break
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            quadratic = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * (
                fb / (fc - fb)
            )
            at = np.where(safe, quadratic, 0.5)
            at = np.clip(np.where(np.isfinite(at), at, 0.5), least, 1 - least)
            at = np.where(done, 0.0, at)
    return best, done
