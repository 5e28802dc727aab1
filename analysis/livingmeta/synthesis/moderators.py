"""What a review knows of each effect besides its numbers: to regress on, to part by, to show beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

from livingmeta.language import Own, Said, Word, together
from livingmeta.review.protocol import Plan, Review
from livingmeta.review.rules import HOMES
from livingmeta.review.schema import Trial
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.words import RefusalError, is_plain, show, unknown

Value = str | float | None
# Columns of a trial, known also where it has no effect
OF_TRIAL: Mapping[str, Callable[[Trial], Value]] = {
    "year": lambda trial: trial.year,
    "condition": lambda trial: trial.condition,
    "membership": lambda trial: trial.membership,
    "treatment_weeks": lambda trial: trial.treatment_weeks,
    "n_randomised": lambda trial: trial.n_randomised,
}
OF_EFFECT: Mapping[str, Callable[[Effect, Plan], Value]] = {
    "weeks": lambda effect, plan: effect.weeks,
    "n": lambda effect, plan: people_of([effect]).all,
    "outcome": lambda effect, plan: plan.outcome,
    "term": lambda effect, plan: plan.term or plan.time_label,
    "subgroup": lambda effect, plan: effect.rows[0].subgroup if effect.rows else effect.subgroup,
    "contrast": lambda effect, plan: effect.contrast,
    "instrument": lambda effect, plan: effect.instrument,
    "domain": lambda effect, plan: effect.domain,
    "statistic": lambda effect, plan: effect.statistic,
}
# What is known of effects in any review; words make categories. moderators.csv adds its own.
MODERATORS = (*OF_TRIAL, *OF_EFFECT)
assert set(MODERATORS) == set(HOMES)
MOST_SINGLE = 10  # subgroups of words that may hold one effect or two: more are no grouping


def named_moderator(review: Review, name: str, what: str = "by") -> str:
    """Return the name of a moderator as the review writes it, whatever its capitals.

    Raises
    ------
    ValueError
        If the review has none of that name; `what` says what it was given as.
    """
    own = {known.casefold(): known for known in review.characteristics}
    names = own | {known: known for known in MODERATORS if known not in own}
    if (known := names.get(str(name).casefold().strip())) is None:
        raise RefusalError(unknown(what, str(name), differing(review)))
    return known


def differing(review: Review) -> list[str]:
    """Name the moderators that a review can be regressed on: what is alike in all is no choice."""
    held = (
        inner
        for inner, (table, columns) in HOMES.items()
        for rows in [getattr(review, table)]
        if any(len({getattr(row, column, None) for row in rows}) > 1 for column in columns)
    )
    return list(dict.fromkeys((*review.characteristics, *held)))


def moderator_of(review: Review, name: str) -> Callable[[Effect, Plan], Value]:
    """Return what reads a moderator off an effect of a synthesis.

    Parameters
    ----------
    review : Review
    name : str
        An entry of `MODERATORS`, or a moderator of the review's moderators.csv; capitals do not
        count.

    Returns
    -------
    callable of Effect and Plan
        Its value: a number, words, or None where it is not known, or differs between comparisons
        that the effect combines.

    Raises
    ------
    ValueError
        If the review has no such moderator; the message lists those there are.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> from livingmeta.synthesis.synthesise import synthesise
    >>> review = load_review("smith2017")
    >>> pool = synthesise(review, only="pain-short")[0]
    >>> year = moderator_of(review, "Year")
    >>> [year(effect, review.plan(pool.synthesis)) for effect in pool.effects]
    [2015, 2014, 2015]
    """
    return _read(review, named_moderator(review, name))


def _read(review: Review, known: str) -> Callable[[Effect, Plan], Value]:
    own = review.characteristics.get(known, {})
    of_trial, of_effect = OF_TRIAL.get(known.casefold()), OF_EFFECT.get(known.casefold())

    def value(effect: Effect, plan: Plan) -> Value:
        parts = dict.fromkeys((row.subgroup, row.contrast) for row in effect.rows) or {(None, None): None}
        values = {_own(own, effect.trial, *part) for part in parts} if own else {None}
        if values != {None}:
            return values.pop() if len(values) == 1 else None
        if of_trial is not None:
            return of_trial(review.trial(effect.trial))
        return of_effect(effect, plan) if of_effect is not None else None

    return value


def _own(
    values: Mapping[tuple[str, str | None, str | None], float | str],
    trial: str,
    subgroup: str | None = None,
    contrast: str | None = None,
) -> Value:
    """Return what the narrowest row of moderators.csv says of a result."""
    places = ((trial, s, c) for s in dict.fromkeys((subgroup, None)) for c in dict.fromkeys((contrast, None)))
    return next((values[place] for place in places if place in values), None)


_CUT = re.compile(r"(?P<name>[^<>≤≥=]+?)\s*(?P<sign><=|>=|[<>≤≥])\s*(?P<limit>\S+)")
# Sign of a cut as it is shown, its other side, and who stands on the side named
_SIDES: Mapping[str, tuple[str, str, Callable[[float, float], bool]]] = {
    "<": ("<", "≥", lt),
    ">": (">", "≤", gt),
    "≤": ("≤", ">", le),
    "≥": ("≥", "<", ge),
}


@dataclass(frozen=True)
class Parting:
    """How effects are parted into subgroups: by the values of a moderator, or at a `cut` of its numbers."""

    review: Review
    name: str
    cut: tuple[str, float] | None = None

    @classmethod
    def of(cls, review: Review, by: str) -> Parting:
        """Read what a user writes: "setting", or "age<50".

        Raises
        ------
        ValueError
            For a moderator that the review does not have, and a cut at no number.
        """
        match = _CUT.fullmatch(by.strip())
        if match is None or by in review.characteristics:
            return cls(review, named_moderator(review, by, "subgroup"))
        name = named_moderator(review, match["name"], "subgroup")
        limit = match["limit"].replace("−", "-")
        if not is_plain(limit):
            raise RefusalError(f'subgroup = {by!r}: {limit} is no number. Write "{name} < 50".')
        sign = match["sign"].replace("<=", "≤").replace(">=", "≥")
        return cls(review, name, (sign, float(limit)))

    def part(self, value: Value) -> Said | None:
        """Return the name of the subgroup that a value stands for; None where it is not known."""
        if value is None or (self.cut and isinstance(value, str)):
            return None
        if self.cut is None or isinstance(value, str):
            return together([Own(self.name), Own(value) if isinstance(value, str) else show(value)], ": ")
        sign, limit = self.cut
        shown, other, holds = _SIDES[sign]
        return together([Own(self.name), Word(shown if holds(value, limit) else other), show(limit)], " ")

    def values(self, effects: Iterable[Effect], plan: Plan) -> list[Value]:
        """Return the value of each effect."""
        read = _read(self.review, self.name)
        return [read(effect, plan) for effect in effects]

    def of_trial(self, trial: str) -> Said | None:
        """Return the subgroup of a trial, whatever its effects; None where that is not known."""
        own = _own(self.review.characteristics.get(self.name, {}), trial)
        read = OF_TRIAL.get(self.name.casefold())
        return self.part(own if own is not None or read is None else read(self.review.trial(trial)))

    def order(self, values: Iterable[Value]) -> list[Said]:
        """Return the subgroups there are: numbers from the lowest up, words as they come."""
        known = dict.fromkeys(value for value in values if value is not None)
        numbers = [value for value in known if not isinstance(value, str)]
        ordered = sorted(numbers) if len(numbers) == len(known) else [*known]
        return list(dict.fromkeys(part for part in map(self.part, ordered) if part))

    def problems(self, pools: Sequence[tuple[Plan, Sequence[Effect]]]) -> list[str]:
        """Say why the effects of syntheses can't be parted so."""
        problems, most = [], 0
        named = f"subgroup = {self.name!r}"
        for plan, effects in pools:
            known = [value for value in self.values(effects, plan) if value is not None]
            words = [value for value in known if isinstance(value, str)]
            if self.cut is not None and words:
                return [f'{named}: it holds words ("{words[0]}"), which no number cuts. Leave the cut out.']
            parts = self.order(known)
            most = max(most, len(parts))
            if 2 * len(parts) <= len(known) or len(parts) <= (MOST_SINGLE if words else 2):
                continue
            problem = f"{named}: the {len(known)} effects of {plan.id} have {len(parts)} values of it"
            if words:
                problems.append(f"{problem}, too many for subgroups. Name those that are alike by one word.")
                continue
            numbers = sorted(value for value in known if not isinstance(value, str))
            middle = next(x for x in (*numbers[len(numbers) // 2 :], numbers[-1]) if x > numbers[0])
            problems.append(
                f"{problem} ({numbers[0]:g} to {numbers[-1]:g}), too many for subgroups. Cut it "
                f'("{self.name} < {middle:g}"), or regress on it (livingmeta regress, --by "{self.name}").'
            )
        if not problems and most < 2:
            ids = ", ".join(plan.id for plan, effects in pools if effects)
            have = "have the same of it" if most else "have a value of it"
            problems.append(f"{named}: {'all' if most else 'no'} effects of {ids} {have}. Choose another.")
        return problems
