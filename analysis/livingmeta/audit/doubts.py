"""What looks like a slip in a review's rows and methods, seen only once effects are computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from livingmeta.engine.measures import MEASURES, as_shown, kind_of
from livingmeta.language import Said, said
from livingmeta.review.protocol import Review, fits, row_sets
from livingmeta.review.schema import Problem
from livingmeta.synthesis.dependence import Tie, ties
from livingmeta.synthesis.derivation import Effect, NotComputableError, effect_of
from livingmeta.synthesis.profiles import profile
from livingmeta.synthesis.settings import Selection, Settings, settings_of
from livingmeta.words import count

REMEDY = (
    "Combine or split them by several_arms under [ties] in review.toml, or allow for it with "
    "livingmeta multilevel or pool --cluster trial."
)


def uneven(effects: Iterable[Effect]) -> Iterator[Problem]:
    """Warn of printed limits that aren't those shown: an effect that stands between them has equal sides."""
    for effect in effects:
        if "limits_uneven" in effect.flags:
            row = effect.rows[0]
            printed = f"{row.ci_low:g} to {row.ci_high:g}"
            shown = "{} to {}".format(*as_shown(effect.measure, effect.ci_low, effect.ci_high))
            doubt = row.problem(
                "mean",
                f"its printed limits, {printed}, lie unequally far from {row.mean:g}, as rounding can make "
                f"them: shown is {shown}, by the standard error that they give",
                "Are the three numbers those of the report?",
                severity="warning",
            )
            yield replace(doubt, column=None, value=None)


def implausible(review: Review) -> list[Problem]:
    """Warn of effects so large that a typing error is likelier than a finding."""
    selection = Selection(include_sensitivity=True)
    doubts = []
    for key, measure in MEASURES.items():
        if measure.largest is None:
            continue
        settings = Settings(profile=profile("today"), measure=key)
        for rows in row_sets(row for row in review.outcomes if row.use != "no").values():
            try:
                effect = effect_of(review, rows, settings, selection)
            except NotComputableError:
                continue
            if "from_odds_ratio" in effect.flags or abs(effect.yi) <= measure.largest:
                continue
            row = effect.rows[0]
            printed = row.group == "difference" and kind_of(row.measure or "MD")[0] == key
            doubt = (
                "Is it a difference in points (MD), or an effect of another kind (GEN)?"
                if printed
                else "Is an SE typed as an SD, or a decimal point lost?"
            )
            reason = f"the {measure.words.lower()} {'is' if printed else 'would be'} {effect.yi:.1f}"
            doubts.append(row.problem("mean", reason, doubt, severity="warning"))
    return doubts


def shared_rows(review: Review, pools: Iterable[tuple[str, Sequence[Effect]]]) -> list[Problem]:
    """Say which rows share people, or look as if they did, as doubts about the second of two.

    `pools` are names of syntheses with what is pooled in them. What the tie rules of the review
    combine or split is no doubt.
    """
    settled = review.protocol.ties.several_arms != "separate"
    doubts: dict[tuple[str, int, str], Problem] = {}
    for name, effects in pools:
        for tie in ties(effects):
            effect = effects[tie.places[0]]
            for other in (effects[place] for place in tie.places[1:]):
                if settled and tie.flag == "dependent_effects" and "several_arms_kept" not in other.flags:
                    continue
                sides = tie.groups[0][:2] if tie.groups else (0, 0)
                first, second = (
                    next((row for row in listed if row.group == str(side)), listed[0])
                    for listed, side in zip((effect.rows, other.rows), sides, strict=True)
                )
                # in the user's own file, where it came from one
                where = f" ({first.place}: {first.locator})" if first.locator else f" ({first.place})"
                here = f"{other.label} ({second.locator})"
                column, remedy = "trial", REMEDY
                if tie.flag == "duplicate_numbers":
                    reason = f"{here} has {same_numbers(tie)} as {effect.label}{where}"
                    remedy = "Is it one trial, entered twice? Keep one, or give both rows one trial."
                elif tie.flag == "shared_group":
                    column = "n"
                    reason = f"{here} counts people again that are counted in {effect.label}{where}"
                else:
                    reason = f"{here} is not the only effect of its trial in {name}{where}"
                problem = second.problem(column, reason, remedy, severity="warning")
                doubts.setdefault((second.file, second.row, column), problem)
    return list(doubts.values())


def undeclarable(review: Review) -> list[Problem]:
    """Say which methods of review.toml are not known."""
    methods = review.protocol.methods
    problems: dict[Problem, None] = {}
    for name in (None, methods.headline):
        try:
            settings_of(methods, name=name)
        except ValueError as refusal:
            reason, _, remedy = str(refusal).partition(". ")
            problems[review.problem("methods", reason.rstrip("."), remedy)] = None
    return list(problems)


def same_numbers(tie: Tie) -> Said:
    """Say in what the effects of a tie are the same."""
    if len(tie.groups) != 1:
        return said("pool.same_numbers")
    return said("pool.same_group", people=people_shared(tie.groups[0][2]))


def people_shared(number: float | None) -> Said:
    """Say how many people a shared group has."""
    return said("pool.people_unknown") if number is None else said("people", n=count(number))


def outside(review: Review, *, terms: str) -> list[str]:
    """Name the usable results whose time lies in no term of a set, and so in no synthesis."""
    timed = [plan for plan in review.protocol.synthesis if plan.term is not None]
    results: dict[str, None] = {}
    for row in review.outcomes:
        plans = [plan for plan in timed if plan.outcome == row.outcome]
        reasons = [fits(review, plan, row, terms=terms) for plan in plans]
        if row.use == "yes" and reasons and all("outside" in (why or "") for why in reasons):
            time = row.time_label if row.weeks is None else f"week {row.weeks:g}"
            results[f"{review.trial(row.trial).label} ({row.outcome}, {time})"] = None
    return list(results)
