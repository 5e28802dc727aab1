"""What is fitted to the effects: nothing, one mean, or a regression on moderators.

Each design projects effects on what it fits, by weighted least squares. Estimators of τ² are
written in terms of that projection, once for all designs.
Arrays have a batch axis, an axis for several weightings of one set, and the trials last: weights
of shape (B, c, k), effects of shape (B, 1, k). A trial that is absent has weight 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from livingmeta.engine.inputs import Array


class Projection(NamedTuple):
    """What a weighted fit leaves; what only some estimators ask for is computed when called for."""

    residual: Array  # effects less fitted values, shape (B, c, k)
    # 1 − h, h the leverage of each trial, shape (B, c, k); without losing the digits that 1 − h would
    kept: Callable[[], Array]
    log_det: Callable[[], Array]  # log |X'WX|, shape (B, c)


class Design(Protocol):
    """What estimators of τ² need to know of a design."""

    columns: int

    def project(self, w: Array, y: Array) -> Projection:
        """Fit effects `y` with weights `w`."""

    def part(self, chosen: NDArray[np.int_]) -> Design:
        """Return the design of these sets of the batch."""

    def numbers(self, k: int) -> int:
        """Count the numbers held at once per weighting."""


class Mean:
    """One common mean."""

    columns = 1

    def project(self, w: Array, y: Array) -> Projection:
        """Fit the weighted mean."""
        total = w.sum(-1)
        mu = (w * y).sum(-1) / total
        return Projection(y - mu[..., None], lambda: _others(w) / total[..., None], lambda: np.log(total))

    def part(self, chosen: NDArray[np.int_]) -> Mean:
        """Return itself: all sets have the same design."""
        return self

    def numbers(self, k: int) -> int:
        """Count k."""
        return k


class Known(Mean):
    """Nothing is fitted: the effects are measured from a known value."""

    columns = 0

    def project(self, w: Array, y: Array) -> Projection:
        """Return the effects themselves."""
        return Projection(
            np.broadcast_to(y, w.shape), lambda: np.ones(w.shape), lambda: np.zeros(w.shape[:-1])
        )


class Regression:
    """A regression on the columns of `x`, shape (k, p) or (B, k, p), of full rank."""

    def __init__(self, x: Array) -> None:
        self.x = x
        self.columns = x.shape[-1]

    def project(self, w: Array, y: Array) -> Projection:
        """Fit by an orthogonal basis of what the columns leave, so that no digit is lost."""
        root = np.sqrt(w)
        x = self.x if self.x.ndim == 2 else self.x[:, None]
        if w.shape[-1] > MANY:
            return _reduced(root, x, y)
        q, r = np.linalg.qr(root[..., None] * x, mode="complete")
        left = q[..., self.columns :]
        z = (left.swapaxes(-1, -2) @ (root * y)[..., None])[..., 0]
        weighted = (left @ z[..., None])[..., 0]
        residual = weighted / np.where(root > 0, root, 1.0)
        diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
        return Projection(
            residual, lambda: (left**2).sum(-1) * (root > 0), lambda: 2 * np.log(diagonal).sum(-1)
        )

    def part(self, chosen: NDArray[np.int_]) -> Regression:
        """Return the design of these sets of the batch."""
        return self if self.x.ndim == 2 else Regression(self.x[chosen])

    def numbers(self, k: int) -> int:
        """Count what the orthogonal basis holds."""
        return k * (k if k <= MANY else self.columns)


# Effects up to which the basis of what the columns leave is held whole, k² numbers
MANY = 500


def _reduced(root: Array, x: Array, y: Array) -> Projection:
    """Fit by an orthogonal basis of the columns alone, whose share is taken off twice."""
    q, r = np.linalg.qr(root[..., None] * x)
    z = (root * y)[..., None]
    for _ in range(2):  # what rounding left of them goes with the second
        z = z - q @ (q.swapaxes(-1, -2) @ z)
    residual = z[..., 0] / np.where(root > 0, root, 1.0)

    def kept() -> Array:
        leverage = (q**2).sum(-1)
        left = 1 - leverage
        for *of, place in np.argwhere(leverage > 0.9):  # few: they add up to the columns
            own = q[(*of,)] @ q[(*of, place)]
            own[place] -= 1
            left[(*of, place)] = (own**2).sum()
        return np.asarray(left * (root > 0))

    diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    return Projection(residual, kept, lambda: 2 * np.log(diagonal).sum(-1))


def _others(w: Array) -> Array:
    """Return Σw − w for each trial, for the largest as the sum of the others."""
    top = w.argmax(-1)[..., None]
    others = w.copy()
    np.put_along_axis(others, top, 0.0, -1)
    rest = others.sum(-1, keepdims=True)
    others = rest + np.take_along_axis(w, top, -1) - others
    np.put_along_axis(others, top, rest, -1)
    return np.asarray(others)


MEAN, KNOWN = Mean(), Known()
