"""How a pooled estimate grows and changes with the trials it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.pooling import Fit, fit, usable


def cumulative(yi: ArrayLike, vi: ArrayLike, order: Sequence[int], **methods: Any) -> Fit:
    """Pool the first trial, the first two, and so on.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    order : sequence of int, shape (k,)
        Positions of the trials in the order in which they enter (0 is the first).
    **methods
        As `pooling.fit` takes them.

    Returns
    -------
    Fit
        Arrays of shape (k,): after each trial. `weights` are in the order in which they enter.

    Examples
    --------
    >>> found = cumulative([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], [1, 0, 2], tau2="DL", ci="wald")
    >>> found.k.tolist(), found.estimate.round(2).tolist()
    ([1, 2, 3], [0.5, 0.3, 0.3])
    """
    y, v = usable(yi, vi, methods.get("level", 0.95))
    k = y.size
    if sorted(order) != list(range(k)):
        raise ValueError(f"order must name each of the {k} trials once.")
    entered = np.tri(k, dtype=bool)
    first = np.asarray(order)
    return fit(np.tile(y[first], (k, 1)), np.tile(v[first], (k, 1)), entered, **methods)
