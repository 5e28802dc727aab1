"""What stands in a forest plot, as text: what is asked for, its rows, and its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from livingmeta.appraisal.bias import Assessment, assessments
from livingmeta.engine.inputs import is_numeric
from livingmeta.engine.measures import (
    MEASURES,
    NEEDS,
    as_shown,
    measure_of,
    nulls,
    ratios,
    scale_name,
    scale_of,
)
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.figures.style import THEMES, text_width
from livingmeta.language import ENGLISH, Language
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.moderators import MODERATORS, moderator_of
from livingmeta.synthesis.pool import LeftOut, Missing, Pool, Printed, heterogeneity
from livingmeta.synthesis.settings import Selection
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import Numeral, RefusalError, count, decimal, p_words, pick, refuse, unknown

SORTS: Mapping[str, Callable[[Effect, float], Any] | None] = {
    "file": None,  # as the rows stand in the review's files
    "effect": lambda effect, weight: effect.yi,
    "year": lambda effect, weight: (effect.year is None, effect.year, effect.label),
    "weight": lambda effect, weight: -weight,
    "label": lambda effect, weight: effect.label.casefold(),
}
# What stands on the right of the plot: its results, so that it has two fifths of a journal's page;
# or, as in Cochrane reviews, none of the numbers, of which arms leave it no more than a third.
LAYOUTS: Mapping[str, tuple[str, ...]] = {"plain": ("estimate", "weight", "bias"), "cochrane": ("bias",)}
COLUMNS = ("arms", "reported", "n", "weight", "estimate", "bias")
# Trials that have a row each; more stand close together without names, since nobody reads 40 pages
# of rows, nor waits for them.
MOST_NAMED = 300
CROWD = 42  # rows that they take together, or
MOST_CROWDS = 12  # subgroups, those of each


@dataclass(frozen=True, kw_only=True)
class ForestRow:
    """One line of a forest plot: what kind it is and what it shows."""

    kind: str
    text: str = ""
    at: int = 0  # its place among the rows, before words are broken into lines
    pool: Pool | None = None
    effect: Effect | None = None
    weight: float | None = None
    absent: Missing | LeftOut | None = None
    printed: Printed | None = None
    crowd: Sequence[Effect] = ()  # trials that stand together without names
    lines: int = 1  # of the page, that it takes

    @property
    def name(self) -> str | None:
        """The name that stands at its beginning, where it is about a trial."""
        about = self.effect or self.absent
        return about.label if about else None

    @property
    def trial(self) -> str | None:
        """The trial that the line is about, if it is about one."""
        about = self.effect or self.absent
        return about.trial if about else None

    @cached_property
    def bold(self) -> bool:
        """Whether it is what a reader looks for."""
        diamond = self.kind in {"diamond", "more"} and not self.trial and self.pool is not None
        return self.kind == "heading" or (diamond and not self.pool.contradictory())  # type: ignore[union-attr]


@dataclass(frozen=True, kw_only=True)
class ForestColumn:
    """A column beside the plot: its head, and what stands in the rows."""

    name: str
    head: str
    cells: Mapping[int, str]  # by place of the row
    group: int = 0  # whose name stands above it, with the columns beside
    align: str = "right"
    most: float = 9.0  # inches; a longer text is cut

    def wide(self, size: float, rows: Sequence[ForestRow]) -> float:
        """Return its width in inches."""
        cells = [text_inches(text, size, bold=rows[place].bold) for place, text in self.cells.items()]
        return max(text_inches(self.head, size, bold=True), min(self.most, max(cells, default=0.0)))


@dataclass(frozen=True, kw_only=True)
class ForestRequest:
    """What somebody wants to see of pools of one synthesis."""

    pools: Sequence[Pool]
    review: Review | None
    bias: Sequence[Assessment]
    sort: str = "file"
    columns: tuple[str, ...] | None = None
    limits: tuple[float, float] | None = None
    title: str | None = None
    width: float | None = None
    height: float | None = None
    layout: str = "plain"
    theme: str = "light"
    language: Language = ENGLISH
    totals: bool = False  # only of its subgroups

    @classmethod
    def of(
        cls,
        pools: Pool | Sequence[Pool] | Review,
        synthesis: str | None,
        *,
        subgroup: str | None = None,
        review: Review | None = None,
        bias: Sequence[Assessment] = (),
        columns: Sequence[str] | None = None,
        **options: Any,
    ) -> ForestRequest:
        """Pool a review as it is asked for, and refuse what can't be shown."""
        review = pools if isinstance(pools, Review) else review
        if review is not None:
            bias = bias or assessments(review)
        if isinstance(pools, Review):
            pools = synthesise(pools, selection=Selection(subgroup=subgroup), only=synthesis)
        elif subgroup is not None:
            raise RefusalError("subgroup: pools are parted already. Give the review itself.")
        listed = [pools] if isinstance(pools, Pool) else list(pools)
        names = list(dict.fromkeys(pool.synthesis for pool in listed))
        if synthesis is not None:
            synthesis = review.plan(synthesis).id if review is not None else synthesis
            pick(dict.fromkeys(names), synthesis, "synthesis")
            listed = [pool for pool in listed if pool.synthesis == synthesis]
        elif len(names) != 1:
            raise RefusalError(f"a forest plot shows one synthesis: name one of {', '.join(names)}.")
        options["columns"] = None if columns is None else tuple(columns)
        asked = cls(pools=listed, review=review, bias=tuple(bias), **options)
        asked.check()
        return asked

    def check(self) -> None:
        """Refuse what is no option, or leaves nothing to see."""
        pick(SORTS, self.sort, "sort")
        pick(LAYOUTS, self.layout, "layout")
        pick(dict.fromkeys(THEMES), self.theme, "theme")
        if self.columns is not None:
            own = () if self.review is None else (*self.review.characteristics, *MODERATORS)
            names = {name.casefold(): name for name in (*own, *COLUMNS)}
            for name in self.columns:
                if str(name).casefold() not in names:
                    raise RefusalError(unknown("columns", str(name), dict.fromkeys((*COLUMNS, *own))))
        if self.columns is not None and self.crowded:
            raise RefusalError(
                f"columns: {len(self.effects):,} results are too many for a row each (at most {MOST_NAMED}), "
                "and without rows there are no columns. Leave it out, or draw one subgroup."
            )
        if self.limits is not None:
            low, high = self.limits
            refuse(f"limits: {end!r} is no number." for end in (low, high) if not is_numeric(end))
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise RefusalError(f"limits = {low:g}, {high:g}: give the lower one first, both as numbers.")
            if self.ratio and low <= 0:
                raise RefusalError(
                    f"limits = {low:g}, {high:g}: a ratio is above 0, and so are the limits of its axis."
                )
            if not scale_of(self.measure).holds(low, high):
                least, most = scale_of(self.measure).bounds
                raise RefusalError(
                    f"limits = {low:g}, {high:g}: {scale_name(self.measure)} lies between {least:g} and "
                    f"{most:g}, and so do the limits of its axis."
                )
        for name in ("width", "height"):
            given = getattr(self, name)
            if given is not None and not 0 < given <= 2000:
                raise RefusalError(f"{name} = {given:g}: give millimetres, 2000 at most.")

    @property
    def measure(self) -> str:
        """What the effects are."""
        return self.pools[0].measure

    @property
    def one_group(self) -> bool:
        """Whether each effect is of one group, and no other stands beside it."""
        return self.pools[0].one_group

    @property
    def ratio(self) -> bool:
        """Whether effects are logs of a ratio, which is shown."""
        return self.measure in ratios()

    @cached_property
    def effects(self) -> list[Effect]:
        """The effects shown, each once."""
        return list(dict.fromkeys(effect for pool in self.pools for effect in pool.effects))

    @cached_property
    def crowded(self) -> bool:
        """Whether the trials are too many to be named."""
        return len(self.effects) > MOST_NAMED

    @cached_property
    def level(self) -> Numeral:
        """The level of its intervals, in percent."""
        result = next((pool.result for pool in self.pools if pool.result), None)
        return Numeral(f"{round(100 * result.level, 1) if result else 95:g}")

    def says(self, key: str, **values: object) -> str:
        """Say something of a figure."""
        return self.language.say(f"figures.{key}", percent=self.language.percent, **values)

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The columns beside the plot, as asked for or as the trials have something for them."""
        if self.totals or self.crowded:
            whole = any(pool.total_weights is not None for pool in self.pools)
            results = ("weight", "estimate") if whole else ("estimate",)
            return tuple(name for name in ("n", *results) if self.has(name))
        if self.columns is not None:
            names = {name.casefold(): name for name in COLUMNS}
            chosen = dict.fromkeys(names.get(name.casefold(), name) for name in self.columns)
            for name in chosen.keys() & _LACKING.keys():
                if not self.has(name):
                    raise RefusalError(f"columns = {name}: {_LACKING[name]}")
            return tuple(chosen)
        arms = self.effects and all(_has_arms(effect) for effect in self.effects)
        counted = ("arms",) if arms else ("reported", "n")
        if self.layout == "plain":
            counted = ("arms",) if arms and _of_events(self.measure) else ("n",)
        if self.one_group and not _of_events(self.measure):
            counted = ("reported", "n") if self.has("mean") else ("n",)
        results = ("estimate", "weight") if self.layout == "plain" else ("weight", "estimate")
        return tuple(name for name in (*counted, *results, "bias") if self.has(name))

    def has(self, name: str) -> bool:
        """Whether a trial shown has something for a column."""
        if name == "bias":
            return any(cell.judgement for row in self.judged.values() for cell in row.cells)
        if name == "weight":
            return any(pool.weights for pool in self.pools)
        if name == "n":
            return any(any(effect.numbers) if self.one_group else effect.sizes for effect in self.effects)
        if name == "mean":
            return any(effect.mean1 is not None for effect in self.effects)
        if name == "arms":
            return any(_has_arms(effect) for effect in self.effects)
        return name != "reported" or any(_tells(effect) for effect in self.effects)

    @cached_property
    def judged(self) -> Mapping[str, Assessment]:
        """By trial what is recorded with the tool that most of those shown are judged with."""
        trials = {effect.trial for effect in self.effects}
        trials |= {absent.trial for absent in self.pools[-1].absent}
        tools: dict[str, dict[str, Assessment]] = {}
        for assessment in self.bias:
            if assessment.trial in trials:
                tools.setdefault(assessment.tool, {}).setdefault(assessment.trial, assessment)
        counted = {tool: sum(row.worst is not None for row in rows.values()) for tool, rows in tools.items()}
        chosen = max(tools, key=lambda tool: (counted[tool], len(tools[tool])), default=None)
        return tools[chosen] if chosen is not None else {}


_LACKING = {
    "arms": "no trial here has numbers of its arms; reported shows what it has.",
    "reported": "no trial here is reported by more than its effect, or by its arms, which arms shows.",
    "n": "how many people the groups had is known of no trial here.",
    "weight": "nothing is pooled here.",
    "bias": "no risk of bias of the trials here is judged.",
}


def parts_of(asked: ForestRequest) -> list[Pool]:
    """Return the subgroups."""
    return [pool for pool in asked.pools if pool.subgroup is not None]


def rows_of(asked: ForestRequest) -> list[ForestRow]:
    """Return the lines in the order in which they stand on the page."""
    parts = parts_of(asked)
    whole = next((pool for pool in asked.pools if pool.subgroup is None), None)
    if asked.crowded and len(parts) > MOST_CROWDS:
        return tidied([_crowded(asked, asked.pools[-1], asked.effects), *subtotal_rows(asked)])
    rows = [row for pool in parts or asked.pools for row in listed_rows(asked, pool)]
    if parts and whole is not None:
        rows += _summary(asked, whole)
    return tidied([*rows, *_ending(asked)])


def tidied(rows: Sequence[ForestRow]) -> list[ForestRow]:
    """Leave out a space that ends a figure, or follows another."""
    kinds = [row.kind for row in rows] + ["space"]
    return [
        row for row, after in zip(rows, kinds[1:], strict=True) if (row.kind, after) != ("space", "space")
    ]


def listed_rows(asked: ForestRequest, pool: Pool) -> list[ForestRow]:
    """Return the lines of a synthesis, or of a subgroup."""
    weights = pool.weights or (None,) * len(pool.effects)
    pairs = list(zip(pool.effects, weights, strict=True))
    if (by := SORTS[asked.sort]) is not None:
        pairs.sort(key=lambda pair: by(pair[0], pair[1] or 0.0))
    head = []
    if pool.subgroup is not None:
        head = [ForestRow(kind="heading", text=asked.language.word(pool.subgroup))]
    trials = [ForestRow(kind="trial", effect=effect, weight=weight, pool=pool) for effect, weight in pairs]
    if asked.crowded:
        trials = [_crowded(asked, pool, [effect for effect, _ in pairs])]
    return [*head, *trials, *_summary(asked, pool)]


def _crowded(asked: ForestRequest, pool: Pool, effects: Sequence[Effect]) -> ForestRow:
    """Return the row of trials without names, in the order asked for or of their effects."""
    if SORTS[asked.sort] is None:
        effects = sorted(effects, key=lambda effect: effect.yi)
    order = "effect" if asked.sort == "file" else asked.sort
    text = asked.says(f"crowd_{order}", n=asked.language.whole(len(effects)))
    lines = max(4, round(CROWD * len(effects) / len(asked.effects)))
    return ForestRow(kind="crowd", text=text, pool=pool, crowd=effects, lines=lines)


def subtotal_rows(asked: ForestRequest) -> list[ForestRow]:
    """Return the lines of a page that has no trials: each subgroup's value, and the whole."""
    whole = next((pool for pool in asked.pools if pool.subgroup is None), None)
    rows = []
    for pool in parts_of(asked):
        name = asked.language.word(pool.subgroup)
        if pool.result is None or pool.result.k == 1:
            rows.append(ForestRow(kind="words", text=f"{name}: {asked.language.trials(pool.k)}"))
        else:
            name = asked.says("of_trials", name=name, trials=asked.language.trials(pool.k))
            rows.append(ForestRow(kind="diamond", text=name, pool=pool))
    if whole is not None:
        rows += [ForestRow(kind="space"), *_summary(asked, whole)]
    return [*rows, *_ending(asked)]


def _ending(asked: ForestRequest) -> Iterator[ForestRow]:
    """Yield what stands below all pooled values: their comparison, what was printed, what is absent."""
    last = next((pool for pool in asked.pools if pool.subgroup is None), asked.pools[-1])
    if (test := last.subgroup_test) is not None:
        numbers = {"q": decimal(test.q), "df": test.df, "p": p_words(test.p_value)}
        yield ForestRow(kind="words", text=asked.says("subgroups", **numbers))
        if test.shared:
            names = asked.language.listed(map(asked.language.word, test.shared))
            yield ForestRow(kind="words", text=asked.language.say("subgroups_shared", names=names))
    for pool in asked.pools:
        if pool.printed is not None:
            yield ForestRow(kind="printed", text=_as_published(asked, pool), printed=pool.printed, pool=pool)
    if last.absent:
        yield ForestRow(kind="space")
        yield ForestRow(kind="words", text=asked.says("not_pooled"))
    yield from (ForestRow(kind="absent", absent=lacking) for lacking in last.absent)


def _as_published(asked: ForestRequest, pool: Pool) -> str:
    assert pool.printed is not None
    name = pool.printed.name
    words = asked.says("published_of", name=name) if name else asked.says("published")
    return words if pool.subgroup is None else f"{words}: {asked.language.word(pool.subgroup)}"


def _summary(asked: ForestRequest, pool: Pool) -> Iterator[ForestRow]:
    result = pool.result
    if result is None:
        yield ForestRow(kind="words", text=asked.says("no_value", why=pool.why_not))
        return
    if result.k == 1:
        yield ForestRow(kind="words", text=asked.says("one_trial"))
        return
    if pool.contradictory():
        yield ForestRow(kind="words", text=asked.says("contradictory"))
    total = asked.says("total" if pool.subgroup is None else "subtotal", level=asked.level)
    yield ForestRow(kind="diamond", text=total, pool=pool)
    if pool.ahead is not None:
        yield ForestRow(kind="prediction", text=asked.says("ahead", level=asked.level), pool=pool)
    if result.method == "MH":  # Peto's stands above the estimates
        by = asked.says("summed" if result.model == "common" else "summed_random")
        yield ForestRow(kind="words", text=by)
    yield ForestRow(kind="words", text=asked.says("heterogeneity", words=heterogeneity(pool)))
    if nulls(asked.measure):
        yield ForestRow(kind="words", text=_overall(asked, result))
    if pool.subgroup is not None:
        yield ForestRow(kind="space")


def _overall(asked: ForestRequest, result: PooledEstimate) -> str:
    if result.statistic is None or result.p_value is None:
        return asked.says("overall_undefined")
    name = "Z" if result.ci_method in {"wald", "profile"} else f"t({result.k - 1})"
    numbers = {"value": decimal(result.statistic), "p": p_words(result.p_value)}
    return asked.says("overall", name=name, **numbers)


def columns_of(
    asked: ForestRequest, rows: Sequence[ForestRow], *, narrow: bool = False
) -> list[ForestColumn]:
    """Return the columns beside the plot but that of risk of bias, in the order asked for.

    Where they are to be narrow, the people of both arms share one.
    """
    make: dict[str, Callable[[ForestRequest, Sequence[ForestRow]], list[ForestColumn]]] = {
        "arms": _arms,
        "reported": _reported,
        "n": _people_of_both if narrow else _people,
        "weight": _weights,
        "estimate": _estimates,
    }
    return [
        column
        for name in asked.shown
        if name != "bias"
        for column in (make[name](asked, rows) if name in make else [_moderator(asked, rows, name)])
    ]


def _effects(rows: Sequence[ForestRow]) -> Iterator[tuple[int, Effect]]:
    return ((place, row.effect) for place, row in enumerate(rows) if row.effect is not None)


def _has_arms(effect: Effect) -> bool:
    means = effect.difference is None and effect.mean1 is not None and effect.mean2 is not None
    return _counted(effect) is not None or means


def _counted(effect: Effect) -> list[list[str]] | None:
    """Return events of each arm, and its people or their time, as reported, where an effect is of counts."""
    if not effect.difference or not _of_events(effect.measure):
        return None
    arms = [re.split("/| in ", arm) for arm in effect.difference.split(" v ")]
    return arms if all(len(arm) == 2 for arm in arms) else None


def _of_events(label: str) -> bool:
    """Whether a measure is one of events, among people or in a time."""
    measure = measure_of(label)
    return measure is not None and "events" in " ".join(NEEDS[measure.needs])


def _in_time(label: str) -> bool:
    measure = measure_of(label)
    return measure is not None and "time" in " ".join(NEEDS[measure.needs])


def _tells(effect: Effect) -> bool:
    """Whether what is printed of a trial is more than its effect on the scale shown."""
    if effect.measure == MEASURES["GEN"].label:
        return False
    if effect.difference is None and effect.mean1 is not None and effect.mean2 is None:
        return True  # of one group
    if effect.difference is None or _counted(effect) is not None:
        return False
    return not effect.difference.startswith((effect.measure, scale_name(effect.measure)))


def _arms(asked: ForestRequest, rows: Sequence[ForestRow]) -> list[ForestColumn]:
    if _of_events(asked.measure):
        arms = {place: counted for place, effect in _effects(rows) if (counted := _counted(effect))}
        sides = range(1 if asked.one_group else 2)
        cells = [
            [{place: arm[side][part] for place, arm in arms.items()} for part in (0, 1)] for side in sides
        ]
        if asked.columns is None and asked.layout == "plain":
            return [_events(asked, rows, 1 + side, *cells[side]) for side in sides]
        of = ("time", asked.language.say("explorer.time"))
        if not _in_time(asked.measure):
            of = ("n", asked.language.say("h_n"))
        return [
            ForestColumn(
                name=name,
                head=head,
                cells={**own, **_totals(rows, 1 + side, name)},
                group=0 if asked.one_group else 1 + side,
            )
            for side in sides
            for (name, head), own in zip((("events", asked.says("events")), of), cells[side], strict=True)
        ]
    spread = [sd for _, e in _effects(rows) for sd in (e.sd1, e.sd2) if sd and _has_arms(e)]
    # so many decimals that the least SD keeps two digits
    places = max(0, min(2, 1 - math.floor(math.log10(min(spread))))) if spread else 2

    def numbers(name: str) -> dict[int, str]:
        return {
            place: asked.language.decimal(getattr(effect, name), places)
            for place, effect in _effects(rows)
            if _has_arms(effect)
        }

    return [
        column
        for group in (1, 2)
        for column in (
            ForestColumn(name="mean", head=asked.says("mean"), cells=numbers(f"mean{group}"), group=group),
            ForestColumn(name="sd", head=asked.says("sd"), cells=numbers(f"sd{group}"), group=group),
            _size(asked, rows, group),
        )
    ]


def _events(
    asked: ForestRequest,
    rows: Sequence[ForestRow],
    group: int,
    events: Mapping[int, str],
    people: Mapping[int, str],
) -> ForestColumn:
    """Return events and people of an arm as one column, "4/123"."""
    cells = {place: f"{n}/{people[place]}" for place, n in events.items()}
    for place, total in _totals(rows, group, "n").items():
        pooled = rows[place].pool
        arms = [_counted(effect) for effect in pooled.effects] if pooled else []
        known = [
            list(map(int, arm[group - 1])) for arm in arms if arm and all(map(str.isdigit, arm[group - 1]))
        ]
        # not of arms that several comparisons share
        if len(known) == len(arms) and count(sum(n for _, n in known)) == total:
            cells[place] = f"{count(sum(n for n, _ in known))}/{total}"
    head = asked.says("events_in" if _in_time(asked.measure) else "events_of")
    return ForestColumn(name="events", head=head, cells=cells, group=0 if asked.one_group else group)


def _size(asked: ForestRequest, rows: Sequence[ForestRow], group: int) -> ForestColumn:
    cells: dict[int, str] = {
        place: count(n) for place, effect in _effects(rows) if (n := getattr(effect, f"n{group}")) is not None
    }
    cells |= _totals(rows, group, "n")
    return ForestColumn(name="n", head=asked.language.say("h_n"), cells=cells, group=group)


def _totals(rows: Sequence[ForestRow], group: int, name: str) -> dict[int, str]:
    """Return the people behind pooled values, where all are known."""
    if name != "n":
        return {}
    pooled = {place: row.pool.effects for place, row in enumerate(rows) if row.kind == "diamond" and row.pool}
    people = {place: people_of(effects, side=group).all for place, effects in pooled.items()}
    return {place: count(n) for place, n in people.items() if n is not None}


def _people(asked: ForestRequest, rows: Sequence[ForestRow]) -> list[ForestColumn]:
    if asked.one_group:  # above whose column no name of a group stands
        return [replace(_size(asked, rows, 1), group=0)]
    return [_size(asked, rows, group) for group in (1, 2)]


def _people_of_both(asked: ForestRequest, rows: Sequence[ForestRow]) -> list[ForestColumn]:
    if asked.one_group:
        return _people(asked, rows)
    first, second = (column.cells for column in _people(asked, rows))
    cells = {
        place: f"{first.get(place, '?')}/{second.get(place, '?')}"
        for place in range(len(rows))
        if place in first or place in second
    }
    return [ForestColumn(name="n of both", head=asked.language.say("h_n"), cells=cells)]


def _reported(asked: ForestRequest, rows: Sequence[ForestRow]) -> list[ForestColumn]:
    """Return what is printed of each trial: its arms, or a difference of them."""
    cells = {}
    for place, effect in _effects(rows):
        if effect.difference is not None:
            cells[place] = asked.language.word(effect.difference).replace(".", asked.language.comma)
        elif effect.mean1 is not None:
            places = max(0, min(2, 1 - math.floor(math.log10(min(effect.sd1 or 1, effect.sd2 or 1)))))
            names = ("mean1", "sd1") if effect.mean2 is None else ("mean1", "sd1", "mean2", "sd2")
            numbers = {name: asked.language.decimal(getattr(effect, name), places) for name in names}
            cells[place] = asked.says("of_arm" if effect.mean2 is None else "of_arms", **numbers)
    return [ForestColumn(name="reported", head=asked.says("reported"), cells=cells, align="left", most=1.7)]


def _weights(asked: ForestRequest, rows: Sequence[ForestRow]) -> list[ForestColumn]:
    shares = {place: row.weight for place, row in enumerate(rows) if row.effect and row.weight is not None}
    shares |= {
        place: sum(row.pool.weights) for place, row in enumerate(rows) if row.kind == "diamond" and row.pool
    }
    cells = {p: asked.language.decimal(share, 1) + asked.language.percent for p, share in shares.items()}
    return [ForestColumn(name="weight", head=asked.language.say("h_weight"), cells=cells)]


def _estimates(asked: ForestRequest, rows: Sequence[ForestRow]) -> list[ForestColumn]:
    """Return each value with its limits, padded so that the numbers stand below each other."""
    numbers: dict[int, list[str]] = {}
    cells: dict[int, str] = {}
    for place, row in enumerate(rows):
        if row.kind == "trial" and row.effect is not None:
            effect = row.effect
            numbers[place] = list(as_shown(effect.measure, effect.yi, effect.ci_low, effect.ci_high))
        elif row.kind == "diamond" and row.pool is not None and (result := row.pool.result) is not None:
            numbers[place] = list(
                as_shown(result.measure or "", result.estimate, result.ci_low, result.ci_high)
            )
        elif row.kind == "printed" and row.printed is not None:
            numbers[place] = list(row.printed.words)
        elif row.kind == "prediction" and row.pool is not None and row.pool.ahead is not None:
            numbers[place] = ["", *as_shown(row.pool.measure, *row.pool.ahead)]
        elif row.kind == "absent":
            lacking = isinstance(row.absent, Missing)
            cells[place] = asked.language.say("not_available") if lacking else asked.says("not_used")
    most = [max((_whole(three[part]) for three in numbers.values()), default=0) for part in range(3)]
    for place, three in numbers.items():
        turned = asked.language.commas(three)
        pads = ["\u2007" * (most[part] - _whole(text)) for part, text in enumerate(turned)]
        middle, ends = turned[0] + pads[1], {"low": turned[1], "high": pads[2] + turned[2]}
        cells[place] = (
            asked.language.say("interval", estimate=middle, **ends)
            if three[0]
            else asked.language.say("step.of_limits", **ends)
        )
    head = asked.language.say(
        "h_effect", scale=scale_name(asked.measure), level=asked.level, percent=asked.language.percent
    )
    return [ForestColumn(name="estimate", head=head, cells=cells)]


def _whole(text: str) -> int:
    """Return how many signs stand before the decimals."""
    return len(text.replace(",", ".").partition(".")[0])


def _moderator(asked: ForestRequest, rows: Sequence[ForestRow], name: str) -> ForestColumn:
    assert asked.review is not None
    value, plan = moderator_of(asked.review, name), asked.review.plan(asked.pools[0].synthesis)
    values = {place: value(effect, plan) for place, effect in _effects(rows)}
    words = any(isinstance(known, str) for known in values.values())
    cells = {
        place: "–"
        if v is None
        else v
        if isinstance(v, str)
        else f"{v:.10g}".replace(".", asked.language.comma)
        for place, v in values.items()
    }
    head = name.replace("_", " ")
    align = "left" if words else "right"
    return ForestColumn(name=name, head=head[0].upper() + head[1:], cells=cells, align=align, most=1.3)


def text_inches(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, measured once for every size of its letters."""
    return text_width(text, size=10.0, bold=bold) * size / 10.0
