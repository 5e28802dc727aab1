"""The same synthesis as several programs would compute it, and what each choice moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from livingmeta.engine.measures import MEASURES
from livingmeta.engine.pooling import DEFAULTS
from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.profiles import METHOD_CHOICES, PROFILES
from livingmeta.synthesis.settings import Selection, Settings, headline_settings, settings_of
from livingmeta.synthesis.synthesise import synthesise


@dataclass(frozen=True, kw_only=True)
class Step:
    """One method changed alone, starting from the headline's.

    `moved` is by how much estimate and limits go, on the scale on which effects are pooled; None
    where there is no result.
    """

    choice: str
    name: str  # the choice in words
    before: str
    after: str
    profiles: tuple[str, ...]  # those that choose so
    pool: Pool
    moved: tuple[float, float, float] | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Comparison(Shown):
    """One synthesis, or a subgroup of it, by the methods of the headline and of every profile.

    `together` are the changes that can't be made alone, such as an interval of random effects
    beside a common effect: (choice in words, before, after).
    """

    own: Pool
    pools: tuple[tuple[str, Pool], ...]  # by profile
    steps: tuple[Step, ...]
    together: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        return f"{self.own}; by {', '.join(name for name, _ in self.pools)}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the result by each profile, the review's own first."""
        listed = (("headline", self.own), *self.pools)
        return ({"profile": name, **cells(pool.result)} for name, pool in listed if pool.result)


def compare(
    review: Review, *, measure: str | None = None, selection: Selection | None = None
) -> tuple[Comparison, ...]:
    """Pool a review by every profile, and change each method that differs alone.

    Parameters
    ----------
    measure : str, optional
        Measure to use instead of the declared one.
    selection : Selection, optional
        Rows and trials to use.

    Returns
    -------
    tuple of Comparison
        One per pool, in the order of `synthesis.synthesise`.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> first = compare(load_review("smith2017"))[0]
    >>> [name for name, _ in first.pools]
    ['revman5', 'revman-web', 'metafor', 'meta', 'today']
    """
    methods = review.protocol.methods
    own = headline_settings(review, measure=measure)
    # a profile is compared as the program has it, not with the review's own choices in it
    named = {name: settings_of(methods, name=name, measure=measure).as_in(name) for name in PROFILES}
    changes: dict[tuple[str, str], list[str]] = {}
    telling = {*MEASURES[own.measure].options.values(), "model", *DEFAULTS, "i2"}  # of this measure
    telling |= {"mh_zero_cells"} if own.method == "MH" else set()
    telling |= {"mh_variance"} if own.method == "MH" and own.measure == "RD" else set()
    telling |= {"method"} if MEASURES[own.measure].needs == "counts" else set()
    for name, other in named.items():
        for choice, (_, after) in own.profile.differences(other.profile).items():
            if choice in telling:
                changes.setdefault((choice, after), []).append(name)

    def pools(settings: Settings) -> tuple[Pool, ...]:
        return synthesise(review, settings=settings, selection=selection)

    whole = pools(own)
    by_name = {name: pools(settings) for name, settings in named.items()}
    by_change = {}
    for choice, after in changes:
        with suppress(ValueError):  # it does not go alone with the rest of the headline's methods
            held = {"model": own.profile.model, "tau2": own.profile.tau2} if choice == "method" else {}
            alone = own.profile.with_choices(**held | {choice: after})
            by_change[choice, after] = pools(replace(own, profile=alone))
    together = tuple(
        (METHOD_CHOICES[choice], getattr(own.profile, choice), after)
        for choice, after in changes
        if (choice, after) not in by_change
    )
    return tuple(
        Comparison(
            together=together,
            own=pool,
            pools=tuple((name, others[i]) for name, others in by_name.items()),
            steps=tuple(
                Step(
                    choice=choice,
                    name=METHOD_CHOICES[choice],
                    before=getattr(own.profile, choice),
                    after=after,
                    profiles=tuple(changes[choice, after]),
                    pool=others[i],
                    moved=_moved(pool, others[i]),
                )
                for (choice, after), others in by_change.items()
            ),
        )
        for i, pool in enumerate(whole)
    )


def _moved(own: Pool, other: Pool) -> tuple[float, float, float] | None:
    ours, theirs = own.result, other.result
    if ours is None or theirs is None:
        return None
    return (theirs.estimate - ours.estimate, theirs.ci_low - ours.ci_low, theirs.ci_high - ours.ci_high)


def apart(pools: Iterable[Pool]) -> bool:
    """Say whether some of the pools exclude no effect and some do not."""
    results = [pool.result for pool in pools if pool.result is not None]
    return len({result.side != 0 for result in results}) > 1
