"""How many people one trial would need: the optimal information size."""

from __future__ import annotations

import math

from scipy.special import nctdtr, ndtri, stdtrit


def optimal_information_size(difference: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the people one trial of two equal arms would need for a standardised difference.

    Parameters
    ----------
    difference : float
        In standard deviations, above 0.
    alpha, power : float
        Two-sided error and power. GRADE takes "α (typically 0.05) and β (typically 0.20)".

    Returns
    -------
    int
        Both arms together: twice the smallest n for which a two-sided t test on 2n − 2 degrees of
        freedom has this power, by the non-central t with d √(n/2).

    References
    ----------
    Guyatt GH, Oxman AD, Kunz R, et al. GRADE guidelines 6. J Clin Epidemiol 2011;64:1283-1293: the
    optimal information size is "the number of patients required for an adequately powered
    individual trial".

    Examples
    --------
    R: power.t.test(delta = 0.5, power = 0.8) gives 63.8 per arm.

    >>> optimal_information_size(0.5)
    128
    """
    z = float(ndtri(1 - alpha / 2) + ndtri(power))
    n = max(2, math.ceil(2 * (z / difference) ** 2))  # a normal test needs fewer
    while _t_power(n, difference, alpha) < power:
        n += 1
    return 2 * n


def information_size_of_risks(risk2: float, risk1: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the people one trial of two equal arms would need to tell two risks apart.

    Parameters
    ----------
    risk2, risk1 : float
        Risk of the event in group 2 and group 1, from 0 to 1 and not the same.
    alpha, power : float
        As in `optimal_information_size`.

    Returns
    -------
    int
        Both arms together, by the normal test without continuity correction:
        n = (z₁₋α⸝₂ √(2p̄(1 − p̄)) + z₁₋β √(p₁(1 − p₁) + p₂(1 − p₂)))²/(p₁ − p₂)².

    References
    ----------
    Fleiss JL. Statistical methods for rates and proportions. 2nd ed. New York: Wiley; 1981: ch. 3.

    Examples
    --------
    R's help of power.prop.test: p1 = .50, p2 = .75, power = .90 gives n = 76.7 per arm.

    >>> information_size_of_risks(0.5, 0.75, power=0.9)
    154
    """
    middle = (risk1 + risk2) / 2
    under = ndtri(1 - alpha / 2) * math.sqrt(2 * middle * (1 - middle))
    apart = ndtri(power) * math.sqrt(risk1 * (1 - risk1) + risk2 * (1 - risk2))
    return 2 * math.ceil(float((under + apart) / (risk1 - risk2)) ** 2)


def _t_power(n: int, difference: float, alpha: float) -> float:
    df, shift = 2 * n - 2, difference * math.sqrt(n / 2)
    return float(1 - nctdtr(df, shift, stdtrit(df, 1 - alpha / 2)))
