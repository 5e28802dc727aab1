"""How a pooled estimate grows and changes with the trials it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, ndtri

from livingmeta.engine.inputs import Array, Mask, numbers
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.pooling import Fit, fit, usable
from livingmeta.language import FLAG_WORDS
from livingmeta.printer import Shown
from livingmeta.words import RefusalError, decimals

AT_ONCE = 1 << 21  # numbers of a batch, 16 MB for each array of it
MANY = 2000  # trials up to which the weights of each are kept in the estimate without each


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
        Arrays of shape (k,): after each trial. `weights` are in the order in which they enter; of more
        than `MANY` trials they are empty, as those of `leave_one_out`.

    Examples
    --------
    >>> found = cumulative([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], [1, 0, 2], tau2="DL", ci="wald")
    >>> found.k.tolist(), found.estimate.round(2).tolist()
    ([1, 2, 3], [0.5, 0.3, 0.3])
    """
    y, v = usable(yi, vi, methods.get("level", 0.95))
    k = y.size
    entering, wrong = numbers("order", order)
    if wrong or sorted(entering.ravel()) != list(range(k)):
        raise RefusalError(f"order must name each of the {k} trials once.")
    places, first = np.arange(k), entering.astype(int)
    if (cells := methods.get("cells")) is not None:
        methods["cells"] = cells.of(first)
    return _in_parts(y[first], v[first], lambda chosen: places <= chosen[:, None], methods)


def leave_one_out(yi: ArrayLike, vi: ArrayLike, **methods: Any) -> Fit:
    """Pool without each trial in turn.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances, two or more.
    **methods
        As `pooling.fit` takes them.

    Returns
    -------
    Fit
        Arrays of shape (k,): without the first trial, the second, and so on. Of more than `MANY`
        trials `weights` is empty, shape (k, 0): they would be k² numbers.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for one trial.

    Examples
    --------
    >>> found = leave_one_out([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], tau2="DL", ci="wald")
    >>> found.estimate.round(2).tolist()
    [0.4, 0.2, 0.3]
    """
    y, v = usable(yi, vi, methods.get("level", 0.95))
    k = y.size
    if k < 2:
        raise RefusalError("one trial: without it nothing is left to pool.")
    places = np.arange(k)
    return _in_parts(y, v, lambda chosen: places != chosen[:, None], methods)


def _in_parts(
    y: Array, v: Array, sets: Callable[[NDArray[np.int_]], Mask], methods: Mapping[str, Any]
) -> Fit:
    """Pool a set of trials for each trial, as many at once as memory should hold."""
    parts = []
    for chosen in np.array_split(np.arange(y.size), math.ceil(y.size**2 / AT_ONCE)):
        part = fit(y, v, sets(chosen), **methods)
        parts.append(part if y.size <= MANY else part._replace(weights=part.weights[:, :0]))
    if len(parts) == 1:
        return parts[0]
    flags = {name: np.concatenate([part.flags[name] for part in parts]) for name in parts[0].flags}
    names = Fit._fields[:-1]
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Fit(**arrays, flags=flags)


@dataclass(frozen=True, repr=False)
class Influence(Shown):
    """What each trial does to a pooled estimate (Viechtbauer and Cheung 2010): shape (k,) each.

    With an HKSJ interval its q₋ᵢ multiplies v_i + τ²₋ᵢ in `rstudent` and `dffits`. NaN where a
    standard error to divide by is 0: that of an HKSJ interval of equal effects.
    """

    rstudent: Array  # (y_i − μ₋ᵢ)/√(v_i + τ²₋ᵢ + SE²₋ᵢ): how far a trial lies from what the others predict
    dffits: Array  # (μ − μ₋ᵢ)/√(h_i (v_i + τ²₋ᵢ))
    cook: Array  # (μ − μ₋ᵢ)²/SE²: Cook's distance
    cov_ratio: Array  # SE²₋ᵢ/SE²: below 1 where the trial makes the estimate less precise
    tau2: Array  # without the trial
    q: Array  # without the trial
    hat: Array  # its share of the weight, a fraction
    dfbetas: Array  # (μ − μ₋ᵢ) over the SE of μ with τ²₋ᵢ
    baujat_x: Array  # contribution to the heterogeneity, (y_i − μ)²/(v_i + τ²) (Baujat 2002)
    baujat_y: Array  # influence on the estimate, (μ − μ₋ᵢ)²/SE²₋ᵢ
    labels: tuple[str, ...] = field(default=(), compare=False)  # as their caller names the trials

    def __str__(self) -> str:
        most = int(np.nanargmax(self.cook)) if np.isfinite(self.cook).any() else 0
        name = self.labels[most] if self.labels else f"number {most + 1}"
        return f"{len(self.cook)} trials; {name} moves the estimate most, Cook {decimals(self.cook[most])[0]}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        columns = {name: getattr(self, name).tolist() for name in MEASURED}
        labels = self.labels or tuple(map(str, range(1, len(self.cook) + 1)))
        values = zip(labels, *columns.values(), strict=True)
        return (dict(zip(("label", *columns), row, strict=True)) for row in values)


def cut_offs(k: int) -> dict[str, tuple[float, ...]]:
    """Return beyond what values of `Influence` a trial of k is called influential, as is usual.

    Rules of thumb for models with one coefficient, for use with ten trials or more.

    References
    ----------
    Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth Methods
    2010;1:112-125. They take Cook's distance beyond the median of χ² with one degree of freedom.

    Examples
    --------
    >>> {name: round(ends[-1], 3) for name, ends in cut_offs(13).items()}
    {'rstudent': 1.96, 'dffits': 0.866, 'cook': 0.455, 'hat': 0.231, 'dfbetas': 1.0}
    """
    residual, dffits = float(ndtri(0.975)), 3 / math.sqrt(k - 1)
    return {
        "rstudent": (-residual, residual),
        "dffits": (-dffits, dffits),
        "cook": (float(chdtri(1, 0.5)),),
        "hat": (3 / k,),
        "dfbetas": (-1.0, 1.0),
    }


MEASURED = tuple(measure.name for measure in fields(Influence) if measure.compare)


class Refits(Shown, Fit):
    """Pooled estimates of parts of a set of trials, one for each trial, which they are named by.

    The names are no part of the tuple, so that nothing that a batch holds depends on them.
    """

    labels: tuple[str, ...] = ()
    measure: str = ""

    @classmethod
    def of(cls, batch: Fit, labels: Sequence[str], *, measure: str | None = None) -> Refits:
        """Name the estimates of a batch, and say what they are."""
        made = cls(*batch)
        made.labels, made.measure = tuple(labels), measure or ""
        return made

    def __str__(self) -> str:
        ends = float(self.estimate.min()), float(self.estimate.max())
        low, high = (as_shown(self.measure, end)[0] for end in ends)
        name = f"{scale_name(self.measure)} " if self.measure else ""
        return f"{len(self.k)} estimates, {name}from {low} to {high}"

    def _flagged(self) -> Mapping[str, str]:
        held = {flag: int(where.sum()) for flag, where in self.flags.items() if where.any()}
        return {flag: f"in {n} of {len(self.k)}: {FLAG_WORDS[flag]}" for flag, n in held.items()}

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        kept = ("k", "estimate", "ci_low", "ci_high", "p_value", "tau2", "i2")
        values = zip(self.labels, *(getattr(self, name).tolist() for name in kept), strict=True)
        return (dict(zip(("label", *kept), row, strict=True)) for row in values)


def influence(yi: ArrayLike, vi: ArrayLike, *, left: Fit | None = None, **methods: Any) -> Influence:
    """Measure what each trial does to a pooled estimate.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances, three or more.
    left : Fit, optional
        What `leave_one_out` gave of them, where it is known already.
    **methods
        As `pooling.fit` takes them.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for fewer than three trials.

    References
    ----------
    Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth
    Methods 2010;1:112-125.
    Baujat B, Mahé C, Pignon JP, Hill C. A graphical method for exploring heterogeneity in
    meta-analyses. Stat Med 2002;21:2641-2652.

    Examples
    --------
    >>> found = influence([0.1, 0.2, 0.9], [0.01, 0.01, 0.01], tau2="DL", ci="wald")
    >>> int(found.cook.argmax())
    2
    """
    y, v = usable(yi, vi, methods.get("level", 0.95))
    if y.size < 3:
        raise RefusalError(f"{y.size} trials: influence needs three or more.")
    whole = fit(y[None], v[None], **methods)
    left = leave_one_out(y, v, **methods) if left is None else left
    mu, se = whole.estimate[0], whole.se[0]
    tau2 = np.nan_to_num(whole.tau2[0])
    without = np.nan_to_num(left.tau2)
    moved = mu - left.estimate
    hat = whole.weights[0] / 100
    total = np.concatenate(
        [
            (1 / (v + part[:, None])).sum(-1)
            for part in np.array_split(without, math.ceil(y.size**2 / AT_ONCE))
        ]
    )
    # q of the HKSJ interval without the trial; 1 for a Wald interval
    scale = left.se**2 * (total - 1 / (v + without))
    if methods.get("method") == "MH" and np.isnan(whole.tau2[0]):  # a sum, not a weighted mean
        scale, total = np.ones(y.size), np.full(y.size, 1 / se**2)
    with np.errstate(divide="ignore", invalid="ignore"):  # an HKSJ SE of 0
        measures = Influence(
            rstudent=(y - left.estimate) / np.sqrt(scale * (v + without) + left.se**2),
            dffits=moved / np.sqrt(scale * hat * (v + without)),
            cook=(moved / se) ** 2,
            cov_ratio=(left.se / se) ** 2,
            tau2=left.tau2,
            q=left.q,
            hat=hat,
            dfbetas=moved / np.sqrt(scale / total),
            baujat_x=(y - mu) ** 2 / (v + tau2),
            baujat_y=(moved / left.se) ** 2,
        )
    kept: dict[str, Any] = {name: getattr(measures, name) for name in MEASURED}
    for name, values in kept.items():
        kept[name] = np.where(np.isfinite(values), values, np.nan)
    return Influence(**kept)
