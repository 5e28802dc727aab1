"""Mean and standard deviation from a median, quartiles and range, and whether that is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scipy.special import ndtri

from livingmeta.engine.inputs import LARGEST, TOO_FAR, is_numeric
from livingmeta.words import RefusalError, pick

Pair = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """What a paper prints of an arm instead of mean and SD: pairs of lower and upper value.

    Raises
    ------
    ValueError
        For fewer than five people, for values that are no finite numbers, out of order or all
        equal, and without a pair.
    """

    n: float
    median: float | None = None
    quartiles: Pair | None = None
    extremes: Pair | None = None

    def __post_init__(self) -> None:
        pairs = {"quartiles": self.quartiles, "extremes": self.extremes}
        for name, pair in pairs.items():
            if pair is not None and len(pair) != 2:
                raise RefusalError(f"{name} has {len(pair)} values: give the lower and the upper.")
        given = {"n": self.n} | ({} if self.median is None else {"median": self.median})
        given |= {f"{name}[{i + 1}]": x for name, p in pairs.items() for i, x in enumerate(p or ())}
        for name, value in given.items():
            if not (is_numeric(value) and abs(value) <= LARGEST):
                raise RefusalError(f"{name} = {value}: this is not a finite number, or {TOO_FAR}")
        if self.n < 5:
            raise RefusalError(f"n = {self.n:g}: means and SDs follow from quantiles from n = 5 on.")
        if self.quartiles is None and self.extremes is None:
            raise RefusalError("both quartiles, or minimum and maximum, are needed for an SD.")
        (low, high), (q1, q3) = self.extremes or (None, None), self.quartiles or (None, None)
        values = [value for value in (low, q1, self.median, q3, high) if value is not None]
        if values != sorted(values):
            raise RefusalError("minimum, quartiles, median and maximum are not in order.")
        if values[0] == values[-1]:
            raise RefusalError("all quantiles are equal: they give no SD.")


def expected_range(n: float) -> float:
    """Return the expected range of n standard normal numbers (Wan 2014, in eq. 9)."""
    return 2 * float(ndtri((n - 0.375) / (n + 0.25)))


def expected_iqr(n: float) -> float:
    """Return the expected interquartile range of n such numbers (Wan 2014, in eq. 16)."""
    return 2 * float(ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _width(pair: Pair) -> float:
    return pair[1] - pair[0]


def wan_sd(x: Quantiles) -> float:
    """SD by Wan 2014: from the range (eq. 9), the quartiles (eq. 16), or the mean of both."""
    estimates = []
    if x.quartiles:
        estimates.append(_width(x.quartiles) / expected_iqr(x.n))
    if x.extremes:
        estimates.append(_width(x.extremes) / expected_range(x.n))
    return sum(estimates) / len(estimates)


def shi_sd(x: Quantiles) -> float:
    """SD by Shi 2020, eq. 10: the one by the range weighted by 1/(1 + 0.07 n^0.6); else Wan."""
    if x.quartiles is None or x.extremes is None:
        return wan_sd(x)
    weight = 1 / (1 + 0.07 * math.pow(x.n, 0.6))
    by_range = _width(x.extremes) / expected_range(x.n)
    return weight * by_range + (1 - weight) * _width(x.quartiles) / expected_iqr(x.n)


def wan_mean(x: Quantiles, median: float) -> float:
    """Mean by Wan 2014: (a + 2m + b)/4, (q1 + m + q3)/3 or (a + 2q1 + 2m + 2q3 + b)/8."""
    if x.quartiles and x.extremes:
        return (sum(x.extremes) + 2 * sum(x.quartiles) + 2 * median) / 8
    if x.quartiles:
        return (sum(x.quartiles) + median) / 3
    return (sum(x.extremes or ()) + 2 * median) / 4


def luo_mean(x: Quantiles, median: float) -> float:
    """Mean by Luo 2018, eqs 7, 11 and 15: mid-range and mid-quartile weighted by n."""
    if x.quartiles and x.extremes:
        ends, hinges = 2.2 / (2.2 + math.pow(x.n, 0.75)), 0.7 - 0.72 / math.pow(x.n, 0.55)
    elif x.quartiles:
        ends, hinges = 0.0, 0.7 + 0.39 / x.n
    else:
        ends, hinges = 4 / (4 + math.pow(x.n, 0.75)), 0.0
    middle = ends * sum(x.extremes or ()) / 2 + hinges * sum(x.quartiles or ()) / 2
    return middle + (1 - ends - hinges) * median


MEANS: Mapping[str, Callable[[Quantiles, float], float]] = {"luo": luo_mean, "wan": wan_mean}
SDS: Mapping[str, Callable[[Quantiles], float]] = {"shi": shi_sd, "wan": wan_sd}


def from_quantiles(x: Quantiles, *, mean: str = "luo", sd: str = "shi") -> tuple[float | None, float]:
    """Estimate mean and SD of an arm from quartiles, range and median.

    Assumes near-normal data: look at `skewed` first.

    Parameters
    ----------
    x : Quantiles
        n with both quartiles, or minimum and maximum, or all; the median for the mean.
    mean : str
        "luo" (Luo 2018) or "wan" (Wan 2014).
    sd : str
        "shi" (Shi 2020 where quartiles and range are known, else Wan 2014) or "wan".

    Returns
    -------
    mean, sd : float or None, float
        No mean where the median is not known.

    Raises
    ------
    ValueError
        For names that are not known.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T. BMC Med Res Methodol 2014;14:135.
    Luo D, Wan X, Liu J, Tong T. Stat Methods Med Res 2018;27:1785-1805.
    Shi J, Luo D, Weng H, et al. Res Synth Methods 2020;11:641-654.

    Examples
    --------
    In a symmetrical summary the mean is the median, and for many people SD = IQR/1.35 (section
    6.5.2.5):

    >>> mean, sd = from_quantiles(Quantiles(n=10000, median=50, quartiles=(43.25, 56.75)))
    >>> round(mean, 6), round(sd, 1)
    (50.0, 10.0)
    """
    estimate = pick(MEANS, mean, "mean")
    spread = pick(SDS, sd, "sd")(x)
    return None if x.median is None else estimate(x, x.median), spread


def skewed(x: Quantiles) -> bool:
    """Say whether a summary is too lopsided for normal data, at the 5% level (Shi 2023).

    From the range |a + b − 2m|/(b − a) against 1.01/log(n + 9) + 2.43/(n + 1); from the quartiles
    |q1 + q3 − 2m|/(q3 − q1) against 2.66/√n − 5.92/n²; from both the larger of the second and
    2.65 log(0.6 n)/√n times the first against 2.97/√n − 39.1/n³. A test checks by simulation that
    these reject one normal sample in twenty.

    References
    ----------
    Shi J, Luo D, Wan X, et al. Detecting the skewness of data from the five-number summary and its
    application in meta-analysis. Stat Methods Med Res 2023;32:1338-1360.

    Examples
    --------
    >>> skewed(Quantiles(n=40, median=3, quartiles=(1, 9)))
    True
    >>> skewed(Quantiles(n=40, median=3, quartiles=(1, 5)))
    False
    """
    if x.median is None:
        return False
    n, quartiles, extremes = x.n, x.quartiles, x.extremes
    by_range, by_quartiles = _lopsided(extremes, x.median), _lopsided(quartiles, x.median)
    if quartiles and extremes:
        both = max(2.65 * math.log(0.6 * n) / math.sqrt(n) * by_range, by_quartiles)
        return both > 2.97 / math.sqrt(n) - 39.1 / n**3
    if quartiles:
        return by_quartiles > 2.66 / math.sqrt(n) - 5.92 / n**2
    return by_range > 1.01 / math.log(n + 9) + 2.43 / (n + 1)


def _lopsided(pair: Pair | None, median: float) -> float:
    if pair is None or pair[0] == pair[1]:
        return 0.0
    return abs(sum(pair) - 2 * median) / _width(pair)
