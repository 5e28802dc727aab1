"""All subsets of the trials pooled, or a sample of them: where the answer comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.engine.counts import Cells
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.batch import Arrays, Progress, drawn, run
from livingmeta.engine.pooling import fit, usable
from livingmeta.printer import Shown
from livingmeta.words import STEADY, RefusalError, decimals, raised

MOST_SUBSETS = 1 << 17  # subsets: all of 17 trials, in about a second
LEAST_TRIALS = 3  # trials; of two the subsets are each alone and the whole
MOST_TRIALS = 63  # trials; a subset is the bits of one 64-bit number
ENOUGH_FOR_SUBSETS = 6  # trials; of five there are 26 subsets of two or more, half of them with any one trial
QUANTILES = (0.0, 0.025, 0.5, 0.975, 1.0)  # least, middle and largest, and 95% between


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Gosh(Shown):
    """Pooled estimates of subsets: arrays of shape (B,), one entry for each subset.

    If `exhaustive` they are of all subsets, each once, in the order of their numbers; else of a
    sample with replacement in which each subset is as likely. Heterogeneity is as in
    `pooling.PooledEstimate`, and NaN for one trial.
    """

    trials: int  # from which the subsets are taken
    whole: float  # pooled effect of all of them
    subsets: NDArray[np.uint64]  # bit i (the first is 0) is set where trial i is in the subset
    k: NDArray[np.int_]  # trials in the subset, from one on
    estimate: Array  # pooled effect
    tau2: Array
    q: Array
    i2: Array
    i2_tau2: Array
    converged: Mask  # whether the estimate of τ² did
    exhaustive: bool
    seed: int | None  # of the sample
    flags: tuple[str, ...]

    def __str__(self) -> str:
        how = "all" if self.exhaustive else "a sample of"
        least, _, middle, _, largest = (decimals(value)[0] for value in self.quantiles(self.estimate))
        found = f"estimates {least} to {largest}, {middle} in the middle"
        return f"{how} {self.subsets.size:,} subsets of {self.trials} trials: {found}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the subsets, each with its trials as a number whose bit i is trial i."""
        columns = ("subsets", "k", "estimate", "tau2", "q", "i2", "i2_tau2", "converged")
        values = zip(*(getattr(self, column).tolist() for column in columns), strict=True)
        return (dict(zip(columns, row, strict=True)) for row in values)

    def holding(self, trial: int) -> Mask:
        """Say which subsets hold a trial (0 is the first)."""
        return members(self.subsets >> np.uint64(trial), 1)[:, 0]

    @property
    def several(self) -> int:
        """Count the subsets of two trials or more."""
        return int((self.k > 1).sum())

    @property
    def not_converged(self) -> int:
        """Count the subsets whose estimate of τ² did not converge."""
        return int((~self.converged).sum())

    @property
    def share_below_zero(self) -> float:
        """Share of the estimates below 0, of the subsets of two trials or more."""
        return float((self.estimate[self.k > 1] < 0).mean())

    def quantiles(self, values: Array) -> list[float]:
        """Return `QUANTILES` of values of the subsets of two trials or more."""
        return [float(value) for value in np.quantile(values[self.k > 1], QUANTILES)]

    def moving_most(self) -> int:
        """Return the place of the trial with and without which the estimates lie farthest apart."""
        with_it, without = self.medians(self.estimate).T
        return int(np.nanargmax(np.abs(with_it - without).round(STEADY)))

    def medians(self, values: Array) -> Array:
        """Return the median of values of the subsets with each trial, and without it.

        Subsets of one trial don't count. Shape (trials, 2); NaN where there is no subset.
        """
        return np.array(
            [
                [np.median(part) if part.size else np.nan for part in (values[held], values[left])]
                for held, left in (
                    (holds & (self.k > 1), ~holds & (self.k > 1))
                    for holds in map(self.holding, range(self.trials))
                )
            ]
        )


def members(subsets: NDArray[np.uint64], trials: int) -> Mask:
    """Turn subsets as bits into a mask, shape (B, trials).

    Examples
    --------
    >>> members(np.array([5], np.uint64), 3).tolist()
    [[True, False, True]]
    """
    places = np.arange(trials, dtype=np.uint64)
    return (subsets[:, None] >> places & np.uint64(1)).astype(bool)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Subsets:
    y: Array
    v: Array
    model: str
    tau2: str | float | None
    seed: int | None  # None: subset n has the bits of n + 1
    method: str
    cells: Cells | None

    def __call__(self, start: int, stop: int) -> Arrays:
        if self.seed is None:
            subsets = np.arange(start + 1, stop + 1, dtype=np.uint64)
        else:
            subsets = drawn(self._sample, start, stop, seed=self.seed)
        pooled = fit(
            self.y,
            self.v,
            members(subsets, self.y.size),
            model=self.model,
            tau2=self.tau2,
            ci="wald",
            prediction="none",
            method=self.method,
            cells=self.cells,
        )
        kept = {name: getattr(pooled, name) for name in ("estimate", "tau2", "q", "i2", "i2_tau2")}
        converged = ~pooled.flags["not_converged"]
        return {"subsets": subsets, "k": pooled.k, "converged": converged, **kept}

    def _sample(self, rng: np.random.Generator, size: int) -> NDArray[np.uint64]:
        return rng.integers(1, 1 << self.y.size, size, dtype=np.uint64)


def gosh(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: str = "random",
    tau2: str | float | None = None,
    method: str = "IV",
    cells: Cells | None = None,
    most: int = MOST_SUBSETS,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Gosh:
    """Pool every subset of the trials, or a sample of the subsets where there are too many.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances, of 3 to 63 trials.
    model, tau2, method, cells
        As `pooling.pool` takes them.
    most : int
        Subsets to pool at most: all 2^k − 1 where there are no more, else a sample of this size.
    seed : int
        Of the sample; it does not depend on chunk or executor.
    executor, progress
        As `batch.run` takes them.

    Returns
    -------
    Gosh
        Estimates in the direction and unit of `yi`.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for fewer than 3 or more than 63 trials.

    References
    ----------
    Olkin I, Dahabreh IJ, Trikalinos TA. GOSH - a graphical display of study heterogeneity. Res
    Synth Methods 2012;3:214-223.

    Examples
    --------
    Three trials have seven subsets; the last is the whole:

    >>> found = gosh([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], tau2="DL")
    >>> found.k.tolist(), found.estimate.round(2).tolist()
    ([1, 1, 2, 1, 2, 2, 3], [0.1, 0.5, 0.3, 0.3, 0.2, 0.4, 0.3])
    >>> found.flags
    ('few_for_subsets',)
    """
    y, v = usable(yi, vi, 0.95)
    if not LEAST_TRIALS <= y.size <= MOST_TRIALS:
        raise RefusalError(f"{y.size} trials: subsets are pooled of {LEAST_TRIALS} to {MOST_TRIALS} trials.")
    if most < 1:
        raise RefusalError(f"most = {most}: give at least one subset.")
    every = (1 << y.size) - 1
    exhaustive = every <= most
    sampled = None if exhaustive else seed
    by: Any = {"model": model, "tau2": tau2, "method": method, "cells": cells}
    task = _Subsets(y=y, v=v, seed=sampled, **by)
    sets = run(task, min(every, most), executor=executor, progress=progress)
    whole = fit(y[None], v[None], ci="wald", prediction="none", **by)
    flags = {
        "few_for_subsets": y.size < ENOUGH_FOR_SUBSETS,
        "some_not_converged": not sets["converged"].all(),
    }
    return Gosh(
        trials=y.size,
        whole=float(whole.estimate[0]),
        exhaustive=exhaustive,
        seed=sampled,
        flags=raised(flags),
        **sets,  # type: ignore[arg-type]
    )
