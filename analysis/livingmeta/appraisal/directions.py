"""What each report says where nothing can be pooled: directions, and words where there are none.

A synthesis without meta-analysis (Campbell 2020) as an effect-direction table (Boon and Thomson
2021): a direction is the side on which a number lies, whatever its P. Words are shown as they
stand; no direction is read out of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from livingmeta.engine.measures import MEASURES, as_shown, kind_of, no_effect_of, scale_name
from livingmeta.language import Own, Said, Word, said, together
from livingmeta.printer import Shown, cells
from livingmeta.review.protocol import Plan, Review, better_known, favours, fits, row_sets
from livingmeta.review.schema import Claim, Outcome, Trial
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Selection, headline_settings
from livingmeta.synthesis.synthesise import synthesise

USABLE, HELD_BACK, UNUSED, NO_NUMBERS = BASES = (
    "usable numbers",
    "numbers held for sensitivity analyses",
    "numbers too weak to use",
    "no numbers",
)


@dataclass(frozen=True, kw_only=True)
class Direction:
    """What one source says of one trial.

    `side` is −1 below no effect, 1 above it, 0 for exactly no difference, and None where
    the source gives no number to tell it by. `basis` is a key of `BASES`; `reason` says why a row
    was not used.
    """

    trial: str
    label: str
    people: int | None  # randomised
    side: int | None
    basis: str
    words: str
    where: str
    source: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class PrintedWords:
    """What a publication prints in words about the synthesis."""

    printed: str
    where: str
    reading: str  # primary, secondary
    source: str

    @classmethod
    def of(cls, claim: Claim, **more: Any) -> Self:
        """Take the words of a claim."""
        names = ("printed", "where", "reading", "source")
        return cls(**{name: getattr(claim, name) for name in names}, **more)


@dataclass(frozen=True, kw_only=True, repr=False)
class EffectDirections(Shown):
    """The effect-direction table of one synthesis."""

    synthesis: str
    title: str
    favours: tuple[str, str] | None  # as in `Pool`
    no_effect: str
    rows: tuple[Direction, ...]
    said: tuple[PrintedWords, ...]

    def __str__(self) -> str:
        return f"{self.title}: {self.tally()}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return what each source says of each trial."""
        return map(cells, self.rows)

    def side(self, side: int | None) -> Said:
        """Say a side in words."""
        if not side:
            return said("side_unknown" if side is None else "side_none")
        if self.favours is None:
            return said("above" if side > 0 else "below", no_effect=self.no_effect)
        return said("towards", group=Own(self.favours[side > 0]))

    def tally(self) -> Said:
        """Count trials by direction and by what it rests on."""
        bases_of: dict[Said, list[str]] = defaultdict(list)
        for trial in dict.fromkeys(row.trial for row in self.rows):
            directed = [row for row in self.rows if row.trial == trial and row.side is not None]
            sides = {row.side for row in directed}
            name = self.side(next(iter(sides), None))
            if len(sides) != 1:
                name = said("tally_differ" if sides else "tally_unknown")
            bases_of[name].append(min((row.basis for row in directed), key=BASES.index, default=NO_NUMBERS))
        if not bases_of:
            return said("tally_none")
        parts = []
        for name, bases in bases_of.items():
            counted = {basis: bases.count(basis) for basis in BASES[:-1]}
            rests = [said("tally_by", n=n, basis=Word(basis)) for basis, n in counted.items() if n]
            key = "directed.part_by" if rests else "directed.part"
            parts.append(said(key, n=len(bases), side=name, bases=together(rests, ", ")))
        n = sum(map(len, bases_of.values()))
        trials = said("trials_one" if n == 1 else "trials_many", n=n)
        return said("directed.tally", trials=trials, parts=together(parts), caution=said("tally_caution"))


def unpooled(pool: Pool) -> bool:
    """Say whether a synthesis has no pooled value to read: none, one trial, or contradiction."""
    return pool.result is None or pool.result.k == 1 or pool.contradictory()


def effect_directions(review: Review, *, pools: Sequence[Pool] | None = None) -> tuple[EffectDirections, ...]:
    """Lay out for each synthesis what every report says of it.

    Parameters
    ----------
    review : Review
    pools : sequence of Pool, optional
        By default the review's syntheses by the methods of its headline.

    Returns
    -------
    tuple of EffectDirections
        One per declared synthesis, in the order of review.toml; trials in that of trials.csv.

    References
    ----------
    Campbell M, McKenzie JE, Sowden A, et al. Synthesis without meta-analysis (SWiM) in systematic
    reviews: reporting guideline. BMJ 2020;368:l6890.
    Hilton Boon M, Thomson H. The effect direction plot revisited. Res Synth Methods 2021;12:29-33:
    "without relying on statistical significance to combine outcomes of single studies".

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> medium = effect_directions(load_review("smith2017"))[1]
    >>> medium.tally().split(".")[0]
    '2 trials: 2 with directions that are not known here'
    """
    settings = headline_settings(review)
    if pools is None:
        pools = synthesise(review, settings=settings)
    held = synthesise(review, settings=settings, selection=Selection(include_sensitivity=True))
    return tuple(
        EffectDirections(
            synthesis=plan.id,
            title=plan.title,
            favours=favours(review, plan),
            no_effect=f"{no_effect_of(settings.label) or 0.0:g}",
            rows=tuple(
                row
                for used, sensitive in [(_effects(pools, plan), _effects(held, plan))]
                for trial in review.trials
                for row in _of_trial(
                    review, plan, trial, used.get(trial.trial, []), sensitive.get(trial.trial, [])
                )
            ),
            said=tuple(
                PrintedWords.of(claim)
                for claim in review.published
                if claim.synthesis == plan.id and claim.quantity == "text"
            ),
        )
        for plan in review.protocol.synthesis
    )


def _effects(pools: Sequence[Pool], plan: Plan) -> dict[str, list[Effect]]:
    """Return the effects of a synthesis by trial."""
    effects: dict[str, list[Effect]] = defaultdict(list)
    for pool in pools:
        for effect in pool.effects if pool.synthesis == plan.id else ():
            effects[effect.trial].append(effect)
    return effects


def _of_trial(
    review: Review, plan: Plan, trial: Trial, used: list[Effect], held: list[Effect]
) -> Iterator[Direction]:
    """Yield a trial's effect; without one, the rows that carry none, and the known gaps."""
    direction = partial(Direction, trial=trial.trial, label=trial.label, people=trial.n_randomised)
    for effect in dict.fromkeys(used or held):
        row, words = effect.rows[0], [_value(effect)]
        if effect.assumption:
            words.append(said("assumed", what=effect.assumption))
        yield direction(
            side=_side(effect.yi),
            basis=USABLE if used else HELD_BACK,
            words=together(words),
            where=row.locator,
            source=row.source,
        )
    if used or held:
        return
    of_trial = review.rows_by("trial", "outcome").get((trial.trial, plan.outcome), ())
    rows = (row for row in of_trial if fits(review, plan, row) is None)
    for rows_of_set in row_sets(rows).values():
        yield direction(**_of_rows(review, plan, rows_of_set))
    gaps = (gap for gap in review.gaps if gap.trial == trial.trial and fits(review, plan, gap) is None)
    for gap in {gap.what: gap for gap in gaps}.values():
        look = said("directed.look", where=gap.where)
        yield direction(side=None, basis=NO_NUMBERS, words=gap.what, where=look, source=gap.source)


def _side(value: float) -> int:
    return (value > 0) - (value < 0)


def _value(effect: Effect) -> Said:
    estimate, low, high = as_shown(effect.measure, effect.yi, effect.ci_low, effect.ci_high)
    interval = said("interval", estimate=estimate, low=low, high=high)
    return together([scale_name(effect.measure), interval], " ")


def _of_rows(review: Review, plan: Plan, rows: list[Outcome]) -> dict[str, Any]:
    """Read a direction from rows that carry no effect: from means, medians or a difference."""
    first = rows[0]
    side = None if (gap := _difference(review, plan, rows)) is None else _side(gap)
    quotes = " | ".join(dict.fromkeys(row.quote for row in rows if row.quote))
    return {
        "side": side,
        "basis": NO_NUMBERS if side is None else UNUSED,
        "words": f"“{quotes}”" if quotes else said("directed.unquoted"),
        "where": first.locator,
        "source": first.source,
        "reason": next((row.note for row in rows if row.use == "no"), None),
    }


def _difference(review: Review, plan: Plan, rows: list[Outcome]) -> float | None:
    """Return a number on the side of no effect on which group 1 minus group 2 lies.

    It is turned as effects are: by `better` of the instrument; without it only where the review
    says which side is good, or nothing does.
    """
    first, instrument = rows[0], review.instrument(rows[0].instrument)
    pooled = headline_settings(review).measure
    of_events = MEASURES[pooled].needs == "counts"
    arms = {row.group: _middle(row, of_events=of_events) for row in rows}
    arm1, arm2 = arms.get("1"), arms.get("2")
    gap = arm1 - arm2 if arm1 is not None and arm2 is not None else arms.get("difference")
    of_arms = arm1 is not None and arm2 is not None
    printed = next((row.measure for row in rows if row.group == "difference" and not of_arms), None)
    kind, as_ratio = kind_of(printed or "MD")
    # a ratio that is not the one pooled may be one of a good event or of a bad one
    if gap is None or (MEASURES[kind].ratio and kind != pooled):
        return None
    gap -= as_ratio
    sides = favours(review, plan)
    if not better_known(review, first):
        stated = plan.negative_favours or review.protocol.groups.negative_favours
        return gap if sides is None or stated in {1, 2} else None
    if instrument is not None and instrument.better == "higher" and not MEASURES[kind].standardised:
        gap = -gap
    return gap if sides is None or sides[0] == review.protocol.groups.group1 else -gap


def _middle(row: Outcome, *, of_events: bool) -> float | None:
    if of_events and row.events is not None and row.n:
        return row.events / row.n
    return row.median if row.mean is None else row.mean
