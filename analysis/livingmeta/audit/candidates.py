"""The trials that a printed pooled result may hold: what is known of each, and what bounds the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from livingmeta.audit.consistency import authors_settings, half_unit
from livingmeta.engine.effect_sizes import VARIANCES, exact_j
from livingmeta.engine.inputs import Array
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods.candidate_sets import Candidates
from livingmeta.engine.methods.scatter import ESTIMATORS
from livingmeta.language import Said, said
from livingmeta.review.protocol import Plan, Review, fits
from livingmeta.review.schema import Trial
from livingmeta.synthesis.derivation import Effect, effect_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Selection, Settings
from livingmeta.words import RefusalError, pick

INTERVALS = ("wald", "t", "hksj-modified", "hksj")
I2 = ("q", "tau2")
ANY = "any"
ESTIMATED_BY = (ANY, *ESTIMATORS)  # what estimated τ²
TINY = 1e-9  # the variance of a trial of any size
UNEQUAL = 2.0  # people of one arm for each of the other, at most, where only their sum is known
LARGEST_EFFECT = 2.0
LOSSES = 0.3


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What a deduction takes for granted; each can be switched off or set otherwise.

    Attributes
    ----------
    interval : str
        How the printed interval was made: "wald", "t" (k − 1 degrees of freedom), "hksj-modified"
        (never narrower than t), or "hksj", whose width excludes nothing.
    common : bool
        Whether the authors pooled a common effect: τ² is 0 then, else any.
    largest : float or None
        No unread trial shows an effect further from 0, on the scale of analysis; None: nothing is
        assumed.
    losses : float
        Share of an unread trial's people whom its numbers may lack, where no row says how many
        were analysed.
    measured : bool
        Whether only trials known to have measured the outcome at that time are candidates.
    i2 : str
        What a printed I² is made of: "q" or "tau2"; where τ² is by DerSimonian and Laird they are one.
    tau2 : str
        What estimated τ²: "DL", "PM", "REML", whose equation the effects then solve, or "any".
    measure : str
        What is pooled, as its numbers are called ("SMD", "log OR").
    """

    interval: str = "wald"
    common: bool = False
    largest: float | None = LARGEST_EFFECT
    losses: float = LOSSES
    measured: bool = False
    i2: str = "q"
    tau2: str = ANY
    measure: str = "SMD"

    def __post_init__(self) -> None:
        """Refuse what is no such assumption."""
        pick(dict.fromkeys(INTERVALS), self.interval, "interval")
        pick(dict.fromkeys(I2), self.i2, "i2")
        pick(dict.fromkeys(ESTIMATED_BY), self.tau2, "tau2")
        if self.largest is not None and not 0 < self.largest < inf:
            raise RefusalError(f"largest = {self.largest:g}: a bound above 0, of a ratio above 1.")
        if not 0 <= self.losses < 1:
            raise RefusalError(f"losses = {self.losses:g}: a share from 0 to below 1.")

    def quantile(self, level: float, k: NDArray[np.int_]) -> Array:
        """Return what half the width is divided by; one trial has its own, normal interval."""
        return np.asarray(stdtrit(self._df(k), 0.5 + level / 2))

    def _df(self, k: NDArray[np.int_]) -> Array:
        return np.where((k == 1) | (self.interval == "wald"), inf, k - 1.0)

    def distances(self, p: tuple[float, float], k: NDArray[np.int_]) -> Array:
        """Return how many standard errors the estimate is from 0 by its two-sided P: shape (2, k.size)."""
        ends = (min(max(value, 0.0), 1.0) for value in reversed(p))
        return np.array([0.0 - stdtrit(self._df(k), end / 2) for end in ends])


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A trial that the printed result may hold: what is known of it, or bounds it.

    `effect` and `variance` are ranges: what printed digits leave of a known effect, and what is
    possible for an unread one. `people` is the range of its number, and `arms` says whence.
    """

    trial: str
    label: str
    known: bool
    measured: bool
    effect: tuple[float, float]
    variance: tuple[float, float]
    people: tuple[float, float]
    arms: str

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of a known effect."""
        middle, half = sum(self.effect) / 2, 1.96 * (sum(self.variance) / 2) ** 0.5
        return middle - half, middle + half


def declared(review: Review, settings: Settings) -> Assumptions:
    """Return the assumptions that go with the methods a review declares.

    Those of a review that extends another are ours, and say nothing of what others printed. What
    estimated τ² is taken only from methods that are known to be the authors'.
    """
    methods, authors = review.protocol.methods, authors_settings(review)
    of_print = methods.headline is not None or review.protocol.extends is None
    profile = settings.profile if of_print else None
    # beside Mantel-Haenszel's mean τ² is made of another Q
    tau2 = authors.profile.tau2 if authors and authors.method != "MH" else None
    return Assumptions(
        interval=profile.ci if profile and profile.ci in INTERVALS else "wald",
        common=profile is not None and profile.model == "common",
        i2=profile.i2 if profile else "q",
        tau2=tau2 if tau2 in ESTIMATORS else ANY,
        largest=LARGEST_EFFECT if MEASURES[settings.measure].standardised else None,
        measure=MEASURES[settings.measure].label,
    )


def arrays(candidates: Sequence[Candidate]) -> Candidates:
    """Lay out candidates as the engine takes them."""
    (y_low, y_high), (v_low, v_high) = (
        np.array([getattr(candidate, name) for candidate in candidates]).T for name in ("effect", "variance")
    )
    known = np.array([candidate.known for candidate in candidates])
    return Candidates(y_low=y_low, y_high=y_high, v_low=v_low, v_high=v_high, known=known)


def candidates(review: Review, pool: Pool, settings: Settings, taken: Assumptions) -> Iterator[Candidate]:
    """Give the trials of a review that a printed pool may hold, those with an effect and those without."""
    plan = review.plan(pool.synthesis)
    missing = {lacking.trial for lacking in pool.missing}
    for trial in review.trials:
        effects = [effect for effect in pool.effects if effect.trial == trial.trial]
        elsewhere = pool.subgroup is not None and trial.trial not in missing
        measured = trial.trial in pool.measured
        if effects:
            yield _read(review, trial, effects[0], settings)
        elif not elsewhere and (measured or not taken.measured):
            yield _unread(review, trial, plan, settings, taken, measured=measured)


# Numbers of a row that are printed with so many digits.
_PRINTED = (
    *("mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "minimum", "maximum"),
    *("p_value", "t_value"),
)


def _read(review: Review, trial: Trial, effect: Effect, settings: Settings) -> Candidate:
    """Take a known effect for what the printed digits of its rows leave open, and no more."""
    rows = list(effect.rows)
    spread = np.zeros(2)
    for place, row in enumerate(rows):
        for name in _PRINTED:
            value = getattr(row, name)
            if value is None:
                continue
            moved = [np.zeros(2)]
            for half in (-half_unit(value, row.quote), half_unit(value, row.quote)):
                changed = [*rows[:place], row.model_copy(update={name: value + half}), *rows[place + 1 :]]
                try:
                    other = effect_of(review, changed, settings, Selection())
                except ValueError:  # half a unit less is no SD any more
                    continue
                moved.append(np.abs([other.yi - effect.yi, other.vi - effect.vi]))
            spread += np.max(moved, axis=0)
    low = max(effect.vi - spread[1], effect.vi / 2)
    people = sum(effect.sizes) if effect.sizes else None
    return Candidate(
        trial=trial.trial,
        label=effect.label,
        known=True,
        measured=True,
        effect=(effect.yi - spread[0], effect.yi + spread[0]),
        variance=(low, effect.vi + spread[1]),
        people=(0.0, float(trial.n_randomised or 1e9)) if people is None else (people, people),
        arms=said("deduction.known"),
    )


def _unread(
    review: Review, trial: Trial, plan: Plan, settings: Settings, taken: Assumptions, *, measured: bool
) -> Candidate:
    """Bound the variance of an unread trial by its arms, and by how large its effect may be."""
    most, least, arms = _sizes(review, trial, plan, taken)
    extreme = max(map(abs, MEASURES[settings.measure].possible))
    largest = extreme if taken.largest is None else min(taken.largest, extreme)
    low, high = 0.0, inf
    if most[0] < inf:
        low, high = _variances(settings, most, 0.0)[0], _variances(settings, least, largest)[1]
    return Candidate(
        trial=trial.trial,
        label=trial.label,
        known=False,
        measured=measured,
        effect=(-largest, largest),
        variance=(max(low, TINY), high if np.isfinite(high) else inf),
        people=(sum(least), sum(most)),
        arms=arms,
    )


def _variances(settings: Settings, arms: tuple[float, float], largest: float) -> tuple[float, float]:
    """Return the least and the greatest variance of a trial with such arms, of an effect up to a largest one.

    Where people bound neither, the least is 0 and the greatest infinite.
    """
    measure, (n1, n2) = MEASURES[settings.measure], (max(size, 2.0) for size in arms)
    if measure.from_sizes:
        formula = VARIANCES[settings.profile.smd_variance]
        sizes = np.array(n1), np.array(n2)
        at = (
            float(formula(np.array(x), *sizes, exact_j(np.array(n1 + n2 - 2))))
            for x in (0.0, min(largest, 1e6))
        )
        low, high = at
        return low, high if largest < inf else inf
    return (0.0, inf) if measure.of_people is None else measure.of_people(n1, n2, largest)


def _sizes(
    review: Review, trial: Trial, plan: Plan, taken: Assumptions
) -> tuple[tuple[float, float], tuple[float, float], Said]:
    """Return the arms that make a trial most and least precise, and whence they are known."""
    at_that_time = [
        row
        for row in review.outcomes
        if row.trial == trial.trial
        and row.assumption is None
        and fits(review, plan.model_copy(update={"outcome": row.outcome, "domains": ()}), row) is None
    ]
    n1 = [n for row in at_that_time for n in (row.n1, row.n if row.group == "1" else None) if n]
    n2 = [n for row in at_that_time for n in (row.n2, row.n if row.group == "2" else None) if n]
    if n1 and n2:
        words = said("deduction.analysed", n1=max(n1), n2=max(n2))
        return (max(n1), max(n2)), (min(n1), min(n2)), words
    kept = 1 - taken.losses
    if trial.n1_randomised and trial.n2_randomised:
        arms = float(trial.n1_randomised), float(trial.n2_randomised)
        words = said("deduction.randomised", n1=trial.n1_randomised, n2=trial.n2_randomised)
        return arms, (arms[0] * kept, arms[1] * kept), words
    if trial.n_randomised:
        whole = float(trial.n_randomised)
        small, words = whole * kept / (1 + UNEQUAL), said("deduction.whole", n=trial.n_randomised)
        return (whole / 2, whole / 2), (small, whole * kept - small), words
    return (inf, inf), (0.0, 0.0), said("people_unknown")
