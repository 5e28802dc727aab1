"""The choices that a review may declare, and what each of their options changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple, get_args

from livingmeta.engine.measures import MEASURES
from livingmeta.review.protocol import Choice, Review, Ties
from livingmeta.review.schema import Outcome, Problem
from livingmeta.synthesis.settings import METHOD_OPTIONS, Selection, Settings, headline_settings, summed
from livingmeta.words import pick, unknown

ROWS: Mapping[str, dict[str, Any]] = {
    "main": {},
    "with sensitivity rows": {"include_sensitivity": True},
    "no assumptions": {"no_assumptions": True},
    "documented only": {"documented_only": True},
}
STATISTIC = {"final first": ("final", "change"), "change first": ("change", "final")}
# Methods that are part of some measures' formulas; with others all their options are one analysis.
FORMULAS = tuple(dict.fromkeys(chain.from_iterable(m.options.values() for m in MEASURES.values())))
SAME_ESTIMATOR = ({"HE", "CA"}, {"PM", "EB"})  # names of one estimator


@dataclass(frozen=True, kw_only=True)
class ChosenAnalysis:
    """What `synthesise` is asked: a review and its tie rules, methods, rows and trials."""

    review: Review
    settings: Settings
    selection: Selection


class ChoiceKind(NamedTuple):
    """A kind of choice: which options a review may name, and what one of them makes."""

    options: Callable[[Review], Collection[str]]
    applied: Callable[[ChosenAnalysis, str], ChosenAnalysis] | None  # None: a method; these go together


def at_high_risk(review: Review) -> tuple[str, ...]:
    """Return the trials that are at high risk of bias in some domain."""
    high = (row.trial for row in review.risk_of_bias if row.judgement == "high")
    return tuple(dict.fromkeys(high))


def tied(review: Review, wanted: Callable[[Outcome], bool], **ties: object) -> Review:
    """Return a review with other tie rules, and for use the rows that those would take.

    A trial has one row set for use and holds the others for sensitivity analyses; where it has
    none for use it stays out.
    """
    used = {(row.trial, row.outcome) for row in review.outcomes if row.use == "yes"}
    outcomes = tuple(
        row.model_copy(update={"use": "yes"})
        if row.use == "sensitivity" and wanted(row) and (row.trial, row.outcome) in used
        else row
        for row in review.outcomes
    )
    return replace(_with_ties(review, **ties), outcomes=outcomes)


def with_arms(review: Review, several_arms: str) -> Review:
    """Return a review that takes the comparisons of one trial as told: an option of `Ties`."""
    pick(dict.fromkeys(SEVERAL_ARMS), several_arms, "several_arms")
    return _with_ties(review, several_arms=several_arms)


def _declaring(review: Review, **changes: object) -> Review:
    return replace(review, protocol=review.protocol.model_copy(update=changes))


def _with_ties(review: Review, **ties: object) -> Review:
    return _declaring(review, ties=review.protocol.ties.model_copy(update=ties))


def _tie(what: str) -> Callable[[ChosenAnalysis, str], ChosenAnalysis]:
    return lambda a, option: replace(a, review=_with_ties(a.review, **{what: option}))


def _statistic(analysis: ChosenAnalysis, option: str) -> ChosenAnalysis:
    review, order = analysis.review, STATISTIC[option]
    if order == review.protocol.ties.statistic:
        return analysis
    turned = tied(review, lambda row: row.statistic == order[0], statistic=order)
    return replace(analysis, review=turned)


def _composites(analysis: ChosenAnalysis, option: str) -> ChosenAnalysis:
    if option == "in":
        return analysis
    review = analysis.review
    scales = [instrument.instrument for instrument in review.instruments if instrument.domain == "composite"]
    refused = dict.fromkeys(scales, "a composite instrument, left out")
    made = _declaring(review, not_accepted={**review.protocol.not_accepted, **refused})
    return replace(analysis, review=made)


def _without(analysis: ChosenAnalysis, *trials: str) -> ChosenAnalysis:
    left = tuple(dict.fromkeys((*analysis.selection.without, *trials)))
    return replace(analysis, selection=replace(analysis.selection, without=left))


def _of(*options: str) -> Callable[[Review], Collection[str]]:
    return lambda review: options


def _listed(what: str) -> Callable[[Review], Collection[str]]:
    return lambda review: METHOD_OPTIONS[what]


def _times(what: str) -> tuple[str, ...]:
    return get_args(Ties.model_fields[what].annotation)


SEVERAL_ARMS = _times("several_arms")

CHOICES: Mapping[str, ChoiceKind] = {
    "rows": ChoiceKind(
        _of(*ROWS), lambda a, option: replace(a, selection=replace(a.selection, **ROWS[option]))
    ),
    "terms": ChoiceKind(
        lambda review: review.protocol.terms,
        lambda a, option: replace(a, selection=replace(a.selection, terms=option)),
    ),
    "composites": ChoiceKind(_of("in", "out"), _composites),
    "statistic": ChoiceKind(_of(*STATISTIC), _statistic),
    "time": ChoiceKind(_of(*_times("time")), _tie("time")),
    "several_arms": ChoiceKind(_of(*SEVERAL_ARMS), _tie("several_arms")),
    "risk_of_bias": ChoiceKind(
        _of("all", "without high"),
        lambda a, option: a if option == "all" else _without(a, *at_high_risk(a.review)),
    ),
    # "none", or a trial: is one trial's place in the review disputed?
    "without": ChoiceKind(
        lambda review: ("none", *(row.trial for row in review.trials)),
        lambda a, option: a if option == "none" else _without(a, option),
    ),
    # by Peto's method other effects are pooled: not another analysis of the same
    "method": ChoiceKind(_of("IV", "MH"), None),
    **{what: ChoiceKind(_listed(what), None) for what in (*FORMULAS, "tau2", "ci", "model")},
}


# Choices that make another review of it, with other rules or other rows for use.
ALTERING = ("composites", "statistic", "time", "several_arms")


def _altered(review: Review, options: Mapping[str, str]) -> Review:
    """Make each such review once: what is derived of its rows serves all analyses of it."""
    asked = tuple((name, options[name]) for name in ALTERING if options.get(name))
    if not asked:
        return review
    if (_altered, asked) not in review.memo:
        made = ChosenAnalysis(review=review, settings=headline_settings(review), selection=Selection())
        for name, option in asked:
            applied = CHOICES[name].applied
            assert applied is not None
            made = applied(made, option)
        review.memo[_altered, asked] = made.review
    altered: Review = review.memo[_altered, asked]
    return altered


def analysis(review: Review, options: Mapping[str, str]) -> ChosenAnalysis:
    """Return one analysis: the review's headline, with some of its choices made otherwise.

    Parameters
    ----------
    review : Review
    options : mapping of str to str
        One option of each choice; an empty one changes nothing.

    Returns
    -------
    ChosenAnalysis
        To a common effect no `tau2` applies.

    Raises
    ------
    ValueError
        For methods that do not go together, as `pooling.chosen`.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> made = analysis(load_review("smith2017"), {"rows": "no assumptions", "tau2": "PM"})
    >>> made.selection.no_assumptions, made.settings.profile.tau2
    (True, 'PM')
    """
    made = ChosenAnalysis(
        review=_altered(review, options), settings=headline_settings(review), selection=Selection()
    )
    methods: dict[str, str] = {}
    for name, kind in CHOICES.items():
        if not options.get(name) or name in ALTERING:
            continue
        if kind.applied is None:
            methods[name] = options[name]
        else:
            made = kind.applied(made, options[name])
    profile = made.settings.profile
    if methods.get("model", profile.model) == "common":
        methods.pop("tau2", None)
    return replace(made, settings=replace(made.settings, profile=profile.with_choices(**methods)))


def usual_choices(review: Review) -> tuple[Choice, ...]:
    """Return the choices that apply to a table of which nobody declared any, each with all its options.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> [choice.name for choice in usual_choices(load_review("knee_oa"))]
    ['correction', 'smd_variance', 'tau2', 'ci', 'model']
    """
    rows = [row for row in review.outcomes if row.use == "yes"]
    formulas = set(MEASURES[review.protocol.methods.measure].options.values())
    applies = {
        "several_arms": any(row.contrast for row in rows),
        **{what: what in formulas and any(row.group != "difference" for row in rows) for what in FORMULAS},
        "zero_cells": "zero_cells" in formulas and any(row.events in {0, row.n} for row in rows if row.n),
        "method": summed(review.protocol.methods.measure) and all(row.events is not None for row in rows),
        **dict.fromkeys(("tau2", "ci", "model"), True),
    }
    again = {name for names in SAME_ESTIMATOR for name in sorted(names)[:-1]}
    return tuple(
        Choice(
            name=name,
            options=tuple(option for option in kind.options(review) if option not in again),
            why="no protocol says which",
        )
        for name, kind in CHOICES.items()
        if applies.get(name)
    )


def unknown_choices(review: Review) -> list[Problem]:
    """Say what is wrong with the choices that a review declares: all of it."""
    file, seen = f"{review.folder.name}/review.toml", set[str]()
    problems = []
    for choice in review.protocol.choice:
        for value, reason, remedy in _wrong(review, choice, again=choice.name in seen):
            column = f"choice {choice.name}"
            problems.append(
                Problem(file=file, row=None, column=column, value=value, reason=reason, remedy=remedy)
            )
        seen.add(choice.name)
    return problems


def _wrong(review: Review, choice: Choice, *, again: bool) -> Iterator[tuple[str | None, str, str]]:
    """Say what is wrong with a choice, of which option, and what to do."""
    if again:
        yield None, "this choice is declared twice", "Put all options in one."
    if choice.name not in CHOICES:
        yield None, unknown("name", choice.name, CHOICES).rstrip("."), ""
        return
    measure = review.protocol.methods.measure
    used = MEASURES[measure].options.values() if measure in MEASURES else FORMULAS
    if (choice.name in FORMULAS and choice.name not in used) or (
        choice.name == "method" and not summed(measure)
    ):
        yield None, f"it changes nothing where the measure is {measure}", "Leave it out."
    allowed = CHOICES[choice.name].options(review)
    for option, times in Counter(choice.options).items():
        if option not in allowed:
            yield option, unknown("option", option, allowed).rstrip("."), ""
        if times > 1:
            yield option, "this option stands here twice", "Keep one."
    for names in SAME_ESTIMATOR:
        if choice.name == "tau2" and names <= set(choice.options):
            yield None, f"{' and '.join(sorted(names))} are one estimator", "Keep one of the names."
    if choice.name == "risk_of_bias" and not at_high_risk(review):
        reason = "no trial is judged to be at high risk, so its options are one analysis"
        yield None, reason, "Leave it out, or fill risk_of_bias.csv."
