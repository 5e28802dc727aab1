"""What trials without usable numbers could do to a synthesis: scenarios, never data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from scipy.special import ndtri

from livingmeta.engine.effect_sizes import CORRECTIONS, VARIANCES
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods.small_study import Funnel
from livingmeta.engine.pooling import fit
from livingmeta.language import Said, said
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Trial
from livingmeta.synthesis.derivation import Effect, yi_vi
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings
from livingmeta.synthesis.synthesise import repooled
from livingmeta.words import Numeral, count

FEWEST_IN_ARM = 2  # people in an arm: an SMD needs a standard deviation
REACH = np.arange(301) / 100  # SMD; an effect beyond 3 standard deviations is no trial's


@dataclass(frozen=True, kw_only=True)
class Absence:
    """What the trials that measured an outcome and have no usable number could do to its pool.

    Attributes
    ----------
    scenarios : tuple of (Said, Pool)
        What each assumes, and the pool with the missing trials in it. Their effects carry the flag
        `imputed` and, as assumption, effect and arm sizes.
    excludes : bool or None
        Whether the interval without them excludes 0; None where nothing is pooled.
    tips : (float or None, float or None)
        The first SMD below and above which, had all missing trials that one, the interval would no
        longer do so, or would do so, to 0.01; None where none within 3 does. It is looked for from
        0 outwards where the interval includes 0, else from the estimate outwards.
    reach : (float, float)
        The farthest SMDs that the scenarios imagine of a missing trial, below and above.
    unknown_size : tuple of str
        Missing trials left out, since nobody knows how many they randomised, or it is fewer than
        two per arm, of whom no SMD has a variance.
    why_not : str or None
        Why there are no scenarios.
    """

    scenarios: tuple[tuple[Said, Pool], ...] = ()
    excludes: bool | None = None
    tips: tuple[float | None, float | None] = (None, None)
    reach: tuple[float, float] = (0.0, 0.0)
    unknown_size: tuple[str, ...] = ()
    why_not: Said | None = None

    @property
    def likely_tips(self) -> tuple[float, ...]:
        """Tips no farther out than what the scenarios imagine."""
        low, high = self.reach
        return tuple(dict.fromkeys(tip for tip in self.tips if tip is not None and low <= tip <= high))

    @property
    def turning(self) -> tuple[Said, ...]:
        """Scenarios in which the interval no longer excludes 0, or newly does."""
        return tuple(
            name for name, pool in self.scenarios if pool.result and (pool.result.side != 0) != self.excludes
        )


def absence(review: Review, pool: Pool, settings: Settings) -> Absence:
    """Let the missing trials of a synthesis enter at no effect, at extremes, and where it tips.

    Each enters with the variance that an SMD has at its arm sizes, by the review's own formula:
    those it randomised, or half of all where only their sum is known. On either side the extreme is
    the farthest effect of any pooled trial or, if farther, the limit of the interval that the trial
    itself would have around 0: so a result that is not significant lies within.

    Parameters
    ----------
    review : Review
    pool : Pool
        A synthesis of it.
    settings : Settings
        The methods it is pooled by.

    Returns
    -------
    Absence

    References
    ----------
    Williamson PR, Gamble C. Application and investigation of a bound for outcome reporting bias.
    Trials 2007;8:9 (imputing results that trials are known to have and did not report).

    Examples
    --------
    >>> from livingmeta.synthesis.settings import headline_settings
    >>> from livingmeta.review.folder import load_review
    >>> from livingmeta.synthesis.synthesise import synthesise
    >>> review = load_review("smith2017")
    >>> settings = headline_settings(review)
    >>> pool = synthesise(review, settings=settings)[0]
    >>> name, first = absence(review, pool, settings).scenarios[0]
    >>> name, len(pool.effects), len(first.effects)
    ('imputed: missing trials at SMD 0', 3, 6)
    """
    if (why_not := _why_not(pool, settings)) is not None:
        return Absence(why_not=why_not)
    missing = [review.trial(gap.trial) for gap in pool.missing]
    sized = [trial for trial in missing if min(_arms(trial)) >= FEWEST_IN_ARM]
    lost = tuple(gap for gap in pool.missing if gap.trial not in {trial.trial for trial in sized})
    unknown = tuple(gap.label for gap in lost)
    if not sized:
        return Absence(why_not=said("absent.sizes", least=FEWEST_IN_ARM), unknown_size=unknown)

    def scenario(at: Callable[[Trial], float]) -> Pool:
        entered = tuple(_entered(trial, at(trial), pool, settings) for trial in sized)
        return repooled(pool, (*pool.effects, *entered), settings, missing=lost)

    def farthest(trial: Trial, side: int) -> float:
        most = max(side * effect.yi for effect in pool.effects)
        return side * max(most, _half(0.0, _arms(trial), settings))

    imagined: list[tuple[Said, Callable[[Trial], float]]] = [(said("scenario.at_zero"), lambda _: 0.0)]
    for side in (-1, 1):
        words = pool.side(side > 0, "scenario.for")
        imagined.append((said("scenario.extreme", side=words), partial(farthest, side=side)))
    excludes, tips = _tips(pool, [_arms(trial) for trial in sized], settings)
    return Absence(
        scenarios=tuple((said("scenario.imputed", what=what), scenario(at)) for what, at in imagined),
        excludes=excludes,
        tips=tips,
        reach=(min(farthest(trial, -1) for trial in sized), max(farthest(trial, 1) for trial in sized)),
        unknown_size=unknown,
    )


def _why_not(pool: Pool, settings: Settings) -> Said | None:
    if not pool.missing:
        return said("absent.nobody")
    if pool.subgroup is not None:
        return said("absent.subgroup")
    if not MEASURES[settings.measure].from_sizes:
        return said("absent.measure", measure=pool.measure)
    if pool.result is None:
        return said("absent.unpooled")
    return None


def _arms(trial: Trial) -> tuple[float, float]:
    if trial.n1_randomised and trial.n2_randomised:
        return trial.n1_randomised, trial.n2_randomised
    half = (trial.n_randomised or 0) / 2
    return half, half


def _variance(g: Any, arms: tuple[float, float], settings: Settings) -> Any:
    chosen = settings.profile
    j = CORRECTIONS[chosen.correction](np.asarray(sum(arms) - 2))
    return VARIANCES[chosen.smd_variance](g, np.asarray(arms[0]), np.asarray(arms[1]), j)


def _half(g: float, arms: tuple[float, float], settings: Settings) -> float:
    """Return half the width of an effect's own interval."""
    return float(ndtri((1 + settings.level) / 2) * _variance(g, arms, settings) ** 0.5)


def _entered(trial: Trial, g: float, pool: Pool, settings: Settings) -> Effect:
    """Make an effect of no more than a value and the people who were randomised."""
    n1, n2 = _arms(trial)
    vi, half = float(_variance(g, (n1, n2), settings)), _half(g, (n1, n2), settings)
    of_each_arm = trial.n1_randomised and trial.n2_randomised
    assumption = said(
        "absent.as_randomised" if of_each_arm else "absent.equal_arms",
        g=Numeral(f"{g:.2f}"),
        n1=Numeral(count(n1)),
        n2=Numeral(count(n2)),
        n=trial.n_randomised,
    )
    unknown: dict[str, Any] = {field.name: None for field in fields(Effect) if field.default is MISSING}
    imagined: dict[str, Any] = {
        "trial": trial.trial,
        "label": trial.label,
        "year": trial.year,
        "measure": pool.measure,
        "n1": n1,
        "n2": n2,
        "difference": "imputed",
        "yi": g,
        "vi": vi,
        "ci_low": g - half,
        "ci_high": g + half,
        "derivation": (assumption,),
        "flags": ("imputed",),
        "assumption": assumption,
        "rows": (),
    }
    return Effect(**(unknown | imagined))


def _tips(
    pool: Pool, arms: list[tuple[float, float]], settings: Settings
) -> tuple[bool, tuple[float | None, float | None]]:
    """Find where one SMD of all missing trials turns whether the interval excludes 0."""
    assert pool.result is not None
    excludes = pool.result.side != 0
    start = round(pool.result.estimate, 2) if excludes else 0.0
    own = np.array([(effect.yi, effect.vi) for effect in pool.effects]).T

    def first(side: int) -> float | None:
        g = start + side * REACH
        yi = np.hstack([np.tile(own[0], (g.size, 1)), np.tile(g[:, None], len(arms))])
        vi = np.column_stack(
            [*np.tile(own[1][:, None], g.size), *(_variance(g, sizes, settings) for sizes in arms)]
        )
        fits = fit(yi, vi, **settings.by_variance)
        turned = (fits.side != 0) != excludes
        return round(float(g[turned.argmax()]), 2) if turned.any() else None

    return excludes, (first(-1), first(1))


def funnel_of(pool: Pool) -> Funnel:
    """Return what tests for small-study effects take of a pool.

    Where an effect's sign is turned, its groups are, so that counts and effect tell the same.
    """
    counts = [effect.counts for effect in pool.effects]
    yi, vi = map(tuple, yi_vi(pool.effects))
    return Funnel(
        yi=yi,
        vi=vi,
        measure=pool.measure,
        sizes=tuple(effect.independent for effect in pool.effects),
        counts=tuple(
            (*counted[2:], *counted[:2]) if counted is not None and effect.turned else counted
            for counted, effect in zip(counts, pool.effects, strict=True)
        ),
        trials=pool.k,
    )
