"""What is fitted to the effects: nothing, or one mean; `methods.regression` fits more.

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
