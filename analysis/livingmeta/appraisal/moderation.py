"""A review's effects regressed on what the review knows of trials and results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from livingmeta.engine.methods.regression import MetaRegression, meta_regression
from livingmeta.language import said
from livingmeta.printer import Shown
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import CLUSTERED, flags_of
from livingmeta.synthesis.derivation import Effect, yi_vi
from livingmeta.synthesis.moderators import MODERATORS, Value, moderator_of, named_moderator
from livingmeta.synthesis.pool import LeftOut
from livingmeta.synthesis.settings import Selection, Settings, headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError, key_of


@dataclass(frozen=True, kw_only=True, repr=False)
class Moderation(Shown):
    """A meta-regression of a review: what it is of, what was left out, the result."""

    review: str
    syntheses: tuple[str, ...]
    titles: tuple[str, ...]  # of these
    by: tuple[str, ...]  # moderators
    interactions: tuple[tuple[str, ...], ...]  # of these
    measure: str
    methods: str
    favours: tuple[str, str] | None  # whom an effect below and above no effect favours, if known
    effects: tuple[Effect, ...]
    values: tuple[tuple[str | float, ...], ...]  # of each effect, in the order of `by`
    trials: int
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...]  # trials that measured it and have no usable numbers here
    result: MetaRegression
    flags: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.about}: {self.trials} trials; {self.result}"

    @property
    def about(self) -> str:
        """What is regressed on what."""
        terms = (*self.by, *(" × ".join(term) for term in self.interactions))
        return f"{', '.join(self.syntheses)} by {', '.join(terms) or 'nothing: the mean'}"

    @property
    def stem(self) -> str:
        """What it is of, as a part of a file's name."""
        crossed = ["x"] if self.interactions else []
        return "_".join([*self.syntheses, *(key_of(name, []) for name in self.by), *crossed])[:100]

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the coefficients."""
        return self.result._listed()


def regress(
    review: Review,
    syntheses: Sequence[str],
    by: Sequence[str],
    *,
    settings: Settings | None = None,
    selection: Selection | None = None,
    cluster: bool | None = None,
) -> Moderation:
    """Regress the effects of one or more syntheses on moderators.

    Parameters
    ----------
    syntheses : sequence of str
        Their ids; all subgroups enter.
    by : sequence of str
        Moderators: those of the review's moderators.csv, and entries of `moderators.MODERATORS`;
        interactions as `moderators.terms_of` reads them.
    settings, selection
        Methods, and rows and trials to use; by default those of its headline.
    cluster : bool, optional
        Cluster-robust variances by trial; by default where a trial gives several effects.

    Returns
    -------
    Moderation
        Effects without a value of a moderator are left out and listed.

    Raises
    ------
    ValueError
        For names that are not known, and for designs that can't be fitted.

    Examples
    --------
    Pain and function of the same trials, in one model:

    >>> from livingmeta.review.folder import load_review
    >>> found = regress(load_review("knee_oa"), ["pain-post", "function-post"], ["outcome"])
    >>> found.result.ci_method
    'CR2'
    """
    settings = settings or headline_settings(review)
    selection = selection or Selection()
    plans = {plan.id: plan for plan in map(review.plan, syntheses)}
    names, interactions = terms_of(review, by)
    readers = {name: moderator_of(review, name) for name in names}
    effects: list[Effect] = []
    values: list[dict[str, Value]] = []
    if settings.method == "MH":
        raise RefusalError(
            "method = 'MH': a regression weighs effects by inverse variance, and this sums counts. "
            "Choose method = IV."
        )
    left_out: list[LeftOut] = []
    flags: list[str] = []
    missing: dict[str, None] = {}
    of: dict[str, str] = {}
    sides: dict[tuple[str, str] | None, None] = {}
    for pool in synthesise(review, settings=settings, selection=selection):
        if pool.synthesis not in plans:
            continue
        of[pool.title] = pool.measure
        sides[pool.favours] = None
        missing |= dict.fromkeys(absent.trial for absent in pool.missing)
        for effect in pool.effects:
            if pool.subgroup is None and effect.subgroup is not None:
                continue  # it entered with its subgroup
            moderators = {name: read(effect, plans[pool.synthesis]) for name, read in readers.items()}
            if lacking := [name for name, value in moderators.items() if value is None]:
                why = said("unused.no_value", synthesis=pool.synthesis, columns=", ".join(lacking))
                left_out.append(LeftOut(trial=effect.trial, label=effect.label, why=why))
                continue
            effects.append(effect)
            values.append(moderators)
    if not effects:
        raise RefusalError(f"no effect of {', '.join(plans)} has a value of {', '.join(readers)}.")
    trials = [effect.trial for effect in effects]
    several = len(set(trials)) < len(trials)
    result = meta_regression(
        *yi_vi(effects),
        {name: [moderators[name] for moderators in values] for name in readers},  # type: ignore[misc]
        interactions=interactions,
        cluster=trials if (several if cluster is None else cluster) else None,
        **settings.by_variance,
    )
    flags += [flag for effect in effects for flag in effect.flags]
    flags += ["trials_missing"] if missing else []
    allowed = set() if result.clusters is None else CLUSTERED
    flags = [flag for flag in (*flags, *flags_of(effects)) if flag not in allowed]
    return Moderation(
        review=review.protocol.id,
        syntheses=tuple(plans),
        titles=tuple(of),
        by=tuple(readers),
        interactions=tuple(interactions),
        measure=next(iter(of.values())) if len(of) == 1 else settings.label,
        methods=settings.words(),
        favours=next(iter(sides)) if len(sides) == 1 else None,
        effects=tuple(effects),
        values=tuple(
            tuple(
                value if isinstance(value, str) else float(value)
                for value in of.values()
                if value is not None
            )
            for of in values
        ),
        trials=len(set(trials)),
        left_out=tuple(left_out),
        missing=tuple(missing),
        result=result,
        flags=tuple(dict.fromkeys([*result.flags, *flags])),
    )


def terms_of(review: Review, by: Sequence[str]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Read on what to regress: moderators, and interactions as R's formulas have them.

    Parameters
    ----------
    review : Review
    by : sequence of str
        "year"; "year:setting", an interaction; "year*setting", both moderators and it; several with +.
        A moderator that has such a sign in its name is taken first.

    Returns
    -------
    (list of str, list of tuple of str)
        Names of moderators, and of those that interact.

    Raises
    ------
    ValueError
        If the review has no such moderator, and for what is no term.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> terms_of(load_review("smith2017"), ["year*weeks", "n"])
    (['year', 'weeks', 'n'], [('year', 'weeks')])
    """
    names: list[str] = []
    interactions: list[tuple[str, ...]] = []
    for text in by:
        whole = _is_moderator(review, text)
        for term in [text] if whole or not str(text).strip() else str(text).split("+"):
            crossed = "*" in term and not whole
            parts = (
                [term] if whole or _is_moderator(review, term) else re.split(r"[*]" if crossed else ":", term)
            )
            if len(parts) > 1 and not all(part.strip() for part in parts):
                raise RefusalError(f'by = {text!r}: a sign has nothing beside it. Write "year*setting".')
            if crossed and any(":" in part and not _is_moderator(review, part) for part in parts):
                raise RefusalError(f'by = {text!r}: write it with one sign, "a*b", or "a", "b" and "a:b".')
            named = tuple(named_moderator(review, part) for part in parts)
            names += named if crossed or len(named) == 1 else ()
            sizes = range(2, len(named) + 1) if crossed else [len(named)]
            interactions += [part for size in sizes if size > 1 for part in combinations(named, size)]
    return list(dict.fromkeys(names)), list(
        {frozenset(term): term for term in reversed(interactions)}.values()
    )[::-1]


def _is_moderator(review: Review, name: str) -> bool:
    known = {own.casefold() for own in review.characteristics} | {*MODERATORS}
    return str(name).casefold().strip() in known
