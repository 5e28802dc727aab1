"""Back to the patient: effects as points on a scale people know, and chances in a new setting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr

from livingmeta.engine.measures import MEASURES, ratios
from livingmeta.engine.pooling import PREDICTION, PREDICTION_FROM, PooledEstimate
from livingmeta.words import RefusalError


@dataclass(frozen=True, kw_only=True)
class NewSetting:
    """Probabilities of the true effect in a new setting like those of the trials."""

    k: int  # trials
    df: int | None  # degrees of freedom of the t distribution; None: normal
    below_zero: float  # that the effect is below 0; whom that favours, `Pool.favours` says
    beyond_below: float | None  # that it is below 0 by more than the smallest important difference
    beyond_above: float | None  # that it is above 0 by more
    assumption: str  # what they rest on


def vas_points(effect: float, *, vas_sd: float) -> float:
    """Turn a standardised difference into points on a 0–100 mm VAS; `vas_words` says by what.

    Parameters
    ----------
    effect : float
        In standard deviations.
    vas_sd : float
        SD between people on the VAS, in mm.

    Raises
    ------
    ValueError
        If the SD is not one that a scale from 0 to 100 can have.

    References
    ----------
    Cochrane Handbook 5.1, section 12.6.4: "Multiplying a SMD by a typical among-person standard
    deviation for a particular scale yields an estimate of the difference in mean outcome scores
    (experimental versus control) on that scale."

    Examples
    --------
    >>> vas_points(-0.5, vas_sd=20)
    -10.0
    """
    if not 0 < vas_sd <= 50:
        raise RefusalError(
            f"vas_sd = {vas_sd:g}: an SD on a scale from 0 to 100 lies above 0 and is 50 at most. "
            "Give it in mm."
        )
    return effect * vas_sd


def vas_words(vas_sd: float) -> str:
    """Say what points rest on.

    Examples
    --------
    >>> vas_words(20)
    'points on a 0–100 mm VAS, assuming an SD of 20 mm between people as asked, not from the trials'
    """
    return (
        f"points on a 0–100 mm VAS, assuming an SD of {vas_sd:g} mm between people as asked, not "
        "from the trials"
    )


def important_difference(
    important: float | None, *, measure: str, label: str, vas_sd: float | None = None
) -> float | None:
    """Turn a smallest important difference into the unit in which effects are pooled.

    Parameters
    ----------
    important : float or None
        None where nobody named one. Above 0: points where `vas_sd` is given, a ratio (1.25 or
        0.8) where effects are ratios, else the unit of the effects.
    measure, label : str
        Key of the measure in `effect_sizes.MEASURES`, and its label ("log OR").
    vas_sd : float, optional
        SD between people on a 0–100 mm VAS; standardised differences only.

    Raises
    ------
    ValueError
        For numbers that are no difference, or points where effects are not standardised.

    Examples
    --------
    >>> important_difference(10, measure="SMD", label="SMD", vas_sd=20)
    0.5
    >>> round(important_difference(0.8, measure="OR", label="log OR"), 4)
    0.2231
    """
    if vas_sd is not None and not MEASURES[measure].standardised:
        raise RefusalError(
            f"vas_sd turns standardised differences into points, and effects are {measure} here: "
            "leave it out."
        )
    per_sd = None if vas_sd is None else vas_points(1.0, vas_sd=vas_sd)
    if important is None:
        return None
    if MEASURES[measure].one_group:
        raise RefusalError(
            f"important: a smallest important difference is one between groups, and {measure} is of one "
            "group: leave it out."
        )
    if not 0 < important < np.inf:
        raise RefusalError(f"important = {important:g}: a smallest important difference is above 0.")
    if per_sd is not None:
        return important / per_sd
    if label not in ratios():
        return important
    if important == 1:
        raise RefusalError("important = 1: a ratio of 1 is no difference.")
    return float(abs(np.log(important)))


def new_setting(result: PooledEstimate, *, important: float | None = None) -> NewSetting:
    """Say how probable either side of no effect is in a new setting: the predictive distribution.

    That of the prediction interval: (θ − μ)/√(τ² + SE²) follows t (or a normal) with the degrees
    of freedom and the SE of the interval, so each limit cuts off the tail it should. From five
    trials on; with fewer, τ is known too badly to say anything of a setting not yet seen.

    Parameters
    ----------
    result : PooledEstimate
        Random effects, with a prediction interval.
    important : float, optional
        Smallest important difference, above 0, in the unit of the effects.

    Raises
    ------
    ValueError
        For fewer than five trials, or a result without a prediction interval.

    References
    ----------
    IntHout J, Ioannidis JPA, Rovers MM, Goeman JJ. Plea for routinely presenting prediction
    intervals in meta-analysis. BMJ Open 2016;6:e010247 ("the prediction interval can be used to
    calculate the probability that a new trial will show a negative effect").
    Higgins JPT, Thompson SG, Spiegelhalter DJ. A re-evaluation of random-effects meta-analysis.
    J R Stat Soc A 2009;172:137-159.

    Examples
    --------
    >>> from livingmeta.engine.pooling import pool
    >>> one = pool([-0.6, -0.2, -0.5, 0.1, -0.4], [0.05, 0.04, 0.06, 0.05, 0.03])
    >>> found = new_setting(one, important=-one.pi_low)  # its 95% prediction interval ends there
    >>> round(found.beyond_below, 6), found.df
    (0.025, 4)
    """
    if result.k < PREDICTION_FROM:
        raise RefusalError(
            f"{result.k} trial{'s' if result.k > 1 else ''}: below {PREDICTION_FROM} the spread "
            "of true effects is known too badly to say anything of a new setting."
        )
    if result.pi_method is None or result.tau2 is None:
        raise RefusalError(
            "a common-effect model, or a result without prediction interval, says nothing of a "
            "new setting: use random effects with a prediction interval."
        )
    by = PREDICTION[result.pi_method]
    if by.is_drawn:
        raise RefusalError(
            f"chances in a new setting are not computed from prediction = {result.pi_method!r}, "
            "whose distribution has no name: choose another prediction."
        )
    less = by.less
    df = None if less is None else result.k - less
    spread = float(np.sqrt(result.tau2 + result.se**2))

    def tail(distance: float) -> float:
        z = distance / spread
        return float(ndtr(z) if df is None else stdtr(df, z))

    judged = important is not None
    limit = important or 0.0
    return NewSetting(
        k=result.k,
        df=df,
        below_zero=tail(-result.estimate),
        beyond_below=tail(-limit - result.estimate) if judged else None,
        beyond_above=tail(result.estimate - limit) if judged else None,
        assumption=(
            "assuming that true effects are normally distributed, that the new setting is drawn "
            "like those of the trials, and that τ² is as estimated"
        ),
    )
