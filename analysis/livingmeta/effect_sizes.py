"""Effect sizes of two-arm trials: group 1 minus group 2, so that negative favours the lower mean.

Every function takes numbers or sequences of equal length (a number stands for all trials) and
returns floats for numbers and arrays for sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from livingmeta.names import pick

Array = NDArray[np.float64]


def approximate_j(m: Array) -> Array:
    """J(m) = 1 − 3/(4m − 1), m = n1 + n2 − 2: small-sample correction (Hedges 1981)."""
    return 1 - 3 / (4 * m - 1)


def exact_j(m: Array) -> Array:
    """J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2)): the correction itself (Hedges 1981, eq. 6e)."""
    return np.exp(gammaln(m / 2) - np.log(m / 2) / 2 - gammaln((m - 1) / 2))


def revman_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """N/(n1 n2) + g²/(2(N − 3.94)) (Deeks and Higgins 2010, Statistical algorithms in RevMan 5)."""
    n = n1 + n2
    return n / (n1 * n2) + g**2 / (2 * (n - 3.94))


def ls_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """1/n1 + 1/n2 + g²/(2N), the large-sample variance (Hedges 1982, eq. 8)."""
    return 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def ls2_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """J²(1/n1 + 1/n2 + d²/(2N)), d = g/J (Borenstein 2009, eq. 12.17)."""
    return j**2 * ls_variance(g / j, n1, n2, j)


def ub_variance(g: Array, n1: Array, n2: Array, j: Array) -> Array:
    """1/n1 + 1/n2 + (1 − (m − 2)/(m J(m)²)) g², unbiased, with the exact J (Hedges 1983, eq. 9)."""
    m = n1 + n2 - 2
    return 1 / n1 + 1 / n2 + (1 - (m - 2) / (m * exact_j(m) ** 2)) * g**2


CORRECTIONS: Mapping[str, Callable[[Array], Array]] = {
    "approximate": approximate_j,
    "exact": exact_j,
}
VARIANCES: Mapping[str, Callable[[Array, Array, Array, Array], Array]] = {
    "revman": revman_variance,
    "LS": ls_variance,
    "LS2": ls2_variance,
    "UB": ub_variance,
}
MD_VARIANCES: Mapping[str, Callable[..., Array]] = {
    "unpooled": lambda sd1, n1, sd2, n2: sd1**2 / n1 + sd2**2 / n2,
}


def smd(
    mean1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    mean2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    *,
    correction: str = "approximate",
    variance: str = "revman",
) -> tuple[Any, Any]:
    """Compute the standardised mean difference g = J · (mean1 − mean2) / pooled SD.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : float or sequence of float, shape (k,)
        Mean, standard deviation and number of people of each arm.
    correction : str
        Small-sample correction J: "approximate", as RevMan has it, or "exact".
    variance : str
        "revman", "LS", "LS2" or "UB", see `VARIANCES`.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Effect in standard deviations and its variance; negative where group 1 has the lower mean.

    Raises
    ------
    ValueError
        For names that are not known, and for values from which there is no effect: all of them,
        each with its position.

    References
    ----------
    Hedges LV. Distribution theory for Glass's estimator of effect size and related estimators.
    J Educ Stat 1981;6:107-128. Deeks JJ, Higgins JPT. Statistical algorithms in Review Manager 5,
    2010.

    Examples
    --------
    Six against eight people, by RevMan's formulas:

    >>> yi, vi = smd(6, 1.5, 6, 4.5, 1.9, 8)
    >>> round(yi, 8), round(vi, 8)
    (0.80495447, 0.32387103)
    """
    given, scalar = _arrays(mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    m1, s1, a1, m2, s2, a2 = given
    pooled = np.sqrt(((a1 - 1) * s1**2 + (a2 - 1) * s2**2) / (a1 + a2 - 2))
    return _standardised(m1 - m2, pooled, a1, a2, by=(correction, variance), scalar=scalar)


def smd_from_difference(
    md: ArrayLike,
    sd: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    correction: str = "approximate",
    variance: str = "revman",
) -> tuple[Any, Any]:
    """Compute g = J · md / sd from a mean difference and the SD within the arms.

    Parameters
    ----------
    md, sd, n1, n2 : float or sequence of float, shape (k,)
        Difference group 1 minus group 2, pooled SD, people per arm.
    correction, variance : str
        As in `smd`.

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)

    Raises
    ------
    ValueError
        As `smd`.

    Examples
    --------
    >>> smd_from_difference(-1.0, 2.0, 20, 20)[0] == smd(3.0, 2.0, 20, 4.0, 2.0, 20)[0]
    True
    """
    given, scalar = _arrays(md=md, sd=sd, n1=n1, n2=n2)
    difference, spread, a1, a2 = given
    return _standardised(difference, spread, a1, a2, by=(correction, variance), scalar=scalar)


def mean_difference(
    mean1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    mean2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    *,
    variance: str = "unpooled",
) -> tuple[Any, Any]:
    """Compute the mean difference mean1 − mean2 with variance sd1²/n1 + sd2²/n2.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : float or sequence of float, shape (k,)
        Mean, standard deviation and number of people of each arm, in the scale's own unit.
    variance : str
        "unpooled": the variances of the arms are not assumed equal (Borenstein 2009, eq. 12.5).

    Returns
    -------
    yi, vi : float or ndarray, shape (k,)
        Difference in the scale's unit and its variance.

    Raises
    ------
    ValueError
        As `smd`.

    Examples
    --------
    >>> mean_difference(103, 5.5, 50, 100, 4.5, 50)
    (3.0, 1.01)
    """
    formula = pick(MD_VARIANCES, variance, "variance")
    given, scalar = _arrays(mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    m1, s1, a1, m2, s2, a2 = given
    return _plain(m1 - m2, formula(s1, a1, s2, a2), scalar=scalar)


def _standardised(
    md: Array, sd: Array, n1: Array, n2: Array, *, by: tuple[str, str], scalar: bool
) -> tuple[Any, Any]:
    correct = pick(CORRECTIONS, by[0], "correction")
    formula = pick(VARIANCES, by[1], "variance")
    j = correct(n1 + n2 - 2)
    g = j * md / sd
    return _plain(g, formula(g, n1, n2, j), scalar=scalar)


def _plain(yi: Array, vi: Array, *, scalar: bool) -> tuple[Any, Any]:
    return (float(yi[0]), float(vi[0])) if scalar else (yi, vi)


def _arrays(**given: ArrayLike) -> tuple[list[Array], bool]:
    """Turn the arguments into arrays of one length, or refuse all that is wrong with them."""
    arrays = {name: np.asarray(value, dtype=float) for name, value in given.items()}
    scalar = all(array.ndim == 0 for array in arrays.values())
    if any(array.ndim > 1 for array in arrays.values()):
        raise ValueError("give numbers or sequences of numbers, one value per trial.")
    lengths = {name: array.size for name, array in arrays.items() if array.ndim}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"the sequences differ in length ({counts}): give one value per trial.")
    size = next(iter(lengths.values()), 1)
    full = {name: np.broadcast_to(array.ravel(), size) for name, array in arrays.items()}
    problems = [
        f"{name}[{i + 1}] = {value:g}: {reason}"
        for name, array in full.items()
        for i, value in enumerate(array)
        if (reason := _unusable(name, value))
    ]
    if problems:
        raise ValueError("\n".join(problems))
    return list(full.values()), scalar


def _unusable(name: str, value: float) -> str | None:
    if not np.isfinite(value):
        return "this is not a finite number. Leave the trial out, or give its value."
    if name.startswith("sd") and value <= 0:
        return "a standard deviation must be above 0. If the report gives none, derive it."
    if name in {"n1", "n2"} and value < 2:
        return "an arm needs two people or more for a standard deviation."
    return None
