"""Forest plots: each trial with its numbers, interval and weight, and below them what is pooled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import ascii_lowercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from livingmeta.engine.effect_sizes import MEASURES, as_shown, of_counts, on_scale, ratios, scale_name
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.figures.style import (
    ARROW,
    BLACK,
    BOUND_MARK,
    COLOURS,
    FONTS,
    GREY,
    MARKS,
    PALE,
    WHITE,
    _wide,
    as_written,
    axis_words,
    by_night,
    draw_diamond,
    draw_interval,
    draw_mark,
    fitted,
    mark,
    open_axes,
    pooled_look,
    scale_axis,
    state_key,
    wrapped,
)
from livingmeta.language import ENGLISH, Language
from livingmeta.review.bias import FACTS, NOTHING, OVERALL, SEVERITY, Assessment, Cell, assessments
from livingmeta.review.protocol import Review
from livingmeta.review.schema import UNNAMED
from livingmeta.synthesis.dependence import people_of, sentences
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.moderators import MODERATORS, moderator_of
from livingmeta.synthesis.pool import LeftOut, Missing, Pool, Printed, heterogeneity, signs
from livingmeta.synthesis.settings import Selection
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import Numeral, RefusalError, count, decimal, p_words, pick, unknown

SORTS: Mapping[str, Callable[[Effect, float], Any] | None] = {
    "file": None,  # as the rows stand in the review's files
    "effect": lambda effect, weight: effect.yi,
    "year": lambda effect, weight: (effect.year is None, effect.year, effect.label),
    "weight": lambda effect, weight: -weight,
    "label": lambda effect, weight: effect.label.casefold(),
}
# Where the columns stand: on the left of the plot as in Cochrane reviews, or the results on its right.
LAYOUTS: Mapping[str, tuple[str, ...]] = {"cochrane": ("bias",), "plain": ("estimate", "weight", "bias")}
COLUMNS = ("arms", "reported", "n", "weight", "estimate", "bias")
THEMES = ("light", "dark")
WIDTH = 175.0  # mm: two columns of a journal
PAGE = 240.0  # mm: its height
# Trials that have a row each; more stand close together without names, since nobody reads 40 pages
# of rows, nor waits for them.
MOST_NAMED = 300
CROWD = 42  # rows that they take together, or
MOST_CROWDS = 12  # subgroups, those of each
MOST_ROWS = 60  # of a page; subgroups that make more stand on pages of their own
SIZES = (8.0, 7.5, 7.0, 6.5)  # points
SHARE = 0.3  # of the width, which the plot has at least where text of one of the sizes leaves it
LEAST = 0.17
BESIDE = frozenset({"rows_assumed", "p_bound", "single_trial"})  # flags said beside the trials themselves
_MM = 1 / 25.4
_MARGIN = 0.05  # inches
_OPEN, _DENSE, _LEAST = 1.65, 1.3, 1.12  # lines of text that a row is high: usual, many rows, asked for


@dataclass(frozen=True, kw_only=True)
class _Row:
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

    @property
    def bold(self) -> bool:
        """Whether it is what a reader looks for."""
        diamond = self.kind == "diamond" and self.pool is not None
        return self.kind == "heading" or (diamond and not self.pool.contradictory())  # type: ignore[union-attr]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column beside the plot: its head, and what stands in the rows."""

    name: str
    head: str
    cells: Mapping[int, str]  # by place of the row
    group: int = 0  # whose name stands above it, with the columns beside
    align: str = "right"
    most: float = 9.0  # inches; a longer text is cut

    def wide(self, size: float, rows: Sequence[_Row]) -> float:
        """Return its width in inches."""
        cells = [_inch(text, size, bold=rows[place].bold) for place, text in self.cells.items()]
        return max(_inch(self.head, size, bold=True), min(self.most, max(cells, default=0.0)))


@dataclass(frozen=True, kw_only=True)
class _Asked:
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
    layout: str = "cochrane"
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
        **options: Any,
    ) -> _Asked:
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
                if name.casefold() not in names:
                    raise RefusalError(unknown("columns", name, dict.fromkeys((*COLUMNS, *own))))
        if self.columns is not None and self.crowded:
            raise RefusalError(
                f"columns: {len(self.effects):,} results are too many for a row each (at most {MOST_NAMED}), "
                "and without rows there are no columns. Leave it out, or draw one subgroup."
            )
        if self.limits is not None:
            low, high = self.limits
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise RefusalError(f"limits = {low:g}, {high:g}: give the lower one first, both as numbers.")
            if self.ratio and low <= 0:
                raise RefusalError(
                    f"limits = {low:g}, {high:g}: a ratio is above 0, and so are the limits of its axis."
                )
        for name in ("width", "height"):
            given = getattr(self, name)
            if given is not None and not 0 < given <= 2000:
                raise RefusalError(f"{name} = {given:g}: give millimetres, 2000 at most.")

    @property
    def measure(self) -> str:
        return self.pools[0].measure

    @property
    def ratio(self) -> bool:
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
        arms = self.layout == "cochrane" and all(_has_arms(effect) for effect in self.effects)
        counted = ("n",) if self.layout == "plain" else ("arms",) if arms else ("reported", "n")
        results = ("estimate", "weight") if self.layout == "plain" else ("weight", "estimate")
        return tuple(name for name in (*counted, *results, "bias") if self.has(name))

    def has(self, name: str) -> bool:
        """Whether a trial shown has something for a column."""
        if name == "bias":
            return any(cell.judgement for row in self.judged.values() for cell in row.cells)
        if name == "weight":
            return any(pool.weights for pool in self.pools)
        if name == "n":
            return any(effect.sizes for effect in self.effects)
        if name == "arms":
            return any(_has_arms(effect) for effect in self.effects)
        return name != "reported" or any(_tells(effect) for effect in self.effects)

    @cached_property
    def judged(self) -> Mapping[str, Assessment]:
        """By trial what is recorded with the tool that most of those shown are judged with."""
        trials = {effect.trial for effect in self.effects}
        trials |= {absent.trial for absent in _absent(self.pools[-1])}
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


@as_written
def forest_plot(
    pools: Pool | Sequence[Pool] | Review,
    synthesis: str | None = None,
    *,
    ax: Axes | None = None,
    review: Review | None = None,
    bias: Sequence[Assessment] = (),
    sort: str = "file",
    columns: Sequence[str] | None = None,
    subgroup: str | None = None,
    limits: tuple[float, float] | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    layout: str = "cochrane",
    theme: str = "light",
    language: Language = ENGLISH,
) -> Axes:
    """Draw the forest plot of one synthesis, as a journal prints it.

    What is general (methods, warnings, what marks mean) is for the caption: `forest_caption`.

    Parameters
    ----------
    pools : Pool, sequence of Pool, or Review
        The synthesis, or its subgroups and, last, the whole where that is pooled too. A review
        is pooled by the methods of its headline.
    synthesis : str, optional
        Id of the synthesis, where a review or the pools of several are given.
    ax : Axes, optional
        Where to draw: columns and plot share the room that it has. By default a new figure of
        the size that the rows need, reached as ``ax.figure``.
    review : Review, optional
        Of which the pools are, where these are given and columns shall show moderators.
    bias : sequence of Assessment
        Risk of bias, a circle for each domain; a review brings its own. A circle is empty where
        facts are recorded and no judgement, and there is none where nothing is recorded.
    sort : str
        Order of the trials, in each subgroup: any of `SORTS`.
    columns : sequence of str, optional
        Which stand beside the plot, in this order: any of `COLUMNS`, and with a review its
        moderators. By default what the trials have.
    subgroup : str, optional
        Moderator of the review to part it by, instead of its own subgroups.
    limits : (float, float), optional
        Ends of the axis, on the scale shown (of a ratio the ratio itself). By default by content.
    title : str, optional
        Stands above. By default nothing does: a caption says it.
    width, height : float, optional
        Of a new figure, in mm; by default 175, and as high as the rows need.
    layout : str
        Any of `LAYOUTS`.
    theme : str
        "light", or "dark" for a dark ground.
    language : Language
        Of the words that are drawn.

    Returns
    -------
    Axes
        Its x axis is the effect; negative favours group 1. Every artist that shows a number has
        a gid: "trial:<id>", "ci:<id>", "diamond:<subgroup or overall>", "printed", "prediction",
        "bias:<trial>:<domain>:<state>".

    Raises
    ------
    ValueError
        If the pools are none, or of several syntheses of which none is named; for what is no
        option; and if the columns don't fit the width, or the rows the height.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> ax = forest_plot(load_review("smith2017"), "pain-short", sort="effect", layout="plain")
    >>> ax.get_xlabel()
    'Standardised mean difference'
    """
    asked = _Asked.of(
        pools,
        synthesis,
        subgroup=subgroup,
        review=review,
        bias=bias,
        sort=sort,
        columns=None if columns is None else tuple(columns),
        limits=limits,
        title=title,
        width=width,
        height=height,
        layout=layout,
        theme=theme,
        language=language,
    )
    return _drawn(asked, _rows(asked), ax)


@as_written
def forest_pages(
    pools: Pool | Sequence[Pool] | Review, synthesis: str | None = None, **options: Any
) -> tuple[Axes, ...]:
    """Draw a forest plot on as many pages as it needs.

    Parameters
    ----------
    pools, synthesis, **options
        As `forest_plot` takes them, without `ax`.

    Returns
    -------
    tuple of Axes
        One page; where subgroups make more than `MOST_ROWS` rows, one for each with an axis of its
        own, and last one of their subtotals.

    Raises
    ------
    ValueError
        As `forest_plot` does.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> len(forest_pages(load_review("smith2017"), "pain-short"))
    1
    """
    asked = _Asked.of(pools, synthesis, **_options(options))
    parts = _parts(asked)
    rows = _rows(asked)
    if len(rows) <= MOST_ROWS or not parts or asked.crowded:
        return (_drawn(asked, rows),)
    paged = [replace(asked, pools=[part]) for part in parts]
    return (
        *(_drawn(page, _tidy(_listed(page, page.pools[0]))) for page in paged),
        _drawn(replace(asked, totals=True), _tidy(_subtotals(asked))),
    )


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    columns = given.get("columns")
    return {**given, "columns": None if columns is None else tuple(columns)}


def _parts(asked: _Asked) -> list[Pool]:
    return [pool for pool in asked.pools if pool.subgroup is not None]


def _rows(asked: _Asked) -> list[_Row]:
    """Return the lines in the order in which they stand on the page."""
    parts = _parts(asked)
    whole = next((pool for pool in asked.pools if pool.subgroup is None), None)
    if asked.crowded and len(parts) > MOST_CROWDS:
        return _tidy([_crowded(asked, asked.pools[-1], asked.effects), *_subtotals(asked)])
    rows = [row for pool in parts or asked.pools for row in _listed(asked, pool)]
    if parts and whole is not None:
        rows += _summary(asked, whole)
    return _tidy([*rows, *_ending(asked)])


def _tidy(rows: Sequence[_Row]) -> list[_Row]:
    """Leave out a space that ends a figure, or follows another."""
    kinds = [row.kind for row in rows] + ["space"]
    return [
        row for row, after in zip(rows, kinds[1:], strict=True) if (row.kind, after) != ("space", "space")
    ]


def _listed(asked: _Asked, pool: Pool) -> list[_Row]:
    """Return the lines of a synthesis, or of a subgroup."""
    weights = pool.weights or (None,) * len(pool.effects)
    pairs = list(zip(pool.effects, weights, strict=True))
    if (by := SORTS[asked.sort]) is not None:
        pairs.sort(key=lambda pair: by(pair[0], pair[1] or 0.0))
    head = []
    if pool.subgroup is not None:
        head = [_Row(kind="heading", text=asked.language.word(pool.subgroup))]
    trials = [_Row(kind="trial", effect=effect, weight=weight, pool=pool) for effect, weight in pairs]
    if asked.crowded:
        trials = [_crowded(asked, pool, [effect for effect, _ in pairs])]
    return [*head, *trials, *_summary(asked, pool)]


def _crowded(asked: _Asked, pool: Pool, effects: Sequence[Effect]) -> _Row:
    """Return the row of trials without names, in the order asked for or of their effects."""
    if SORTS[asked.sort] is None:
        effects = sorted(effects, key=lambda effect: effect.yi)
    order = "effect" if asked.sort == "file" else asked.sort
    text = asked.says(f"crowd_{order}", n=asked.language.whole(len(effects)))
    lines = max(4, round(CROWD * len(effects) / len(asked.effects)))
    return _Row(kind="crowd", text=text, pool=pool, crowd=effects, lines=lines)


def _subtotals(asked: _Asked) -> list[_Row]:
    """Return the lines of a page that has no trials: each subgroup's value, and the whole."""
    whole = next((pool for pool in asked.pools if pool.subgroup is None), None)
    rows = []
    for pool in _parts(asked):
        name = asked.language.word(pool.subgroup)
        if pool.result is None or pool.result.k == 1:
            rows.append(_Row(kind="words", text=f"{name}: {asked.language.trials(pool.k)}"))
        else:
            name = asked.says("of_trials", name=name, trials=asked.language.trials(pool.k))
            rows.append(_Row(kind="diamond", text=name, pool=pool))
    if whole is not None:
        rows += [_Row(kind="space"), *_summary(asked, whole)]
    return [*rows, *_ending(asked)]


def _ending(asked: _Asked) -> Iterator[_Row]:
    """Yield what stands below all pooled values: their comparison, what was printed, what is absent."""
    last = next((pool for pool in asked.pools if pool.subgroup is None), asked.pools[-1])
    if (test := last.subgroup_test) is not None:
        numbers = {"q": decimal(test.q), "df": test.df, "p": p_words(test.p_value)}
        yield _Row(kind="words", text=asked.says("subgroups", **numbers))
        if test.shared:
            names = asked.language.listed(map(asked.language.word, test.shared))
            yield _Row(kind="words", text=asked.language.say("subgroups_shared", names=names))
    for pool in asked.pools:
        if pool.printed is not None:
            yield _Row(kind="printed", text=_as_published(asked, pool), printed=pool.printed, pool=pool)
    absent = _absent(last)
    if absent:
        yield _Row(kind="space")
        yield _Row(kind="words", text=asked.says("not_pooled"))
    yield from (_Row(kind="absent", absent=lacking) for lacking in absent)


def _absent(pool: Pool) -> tuple[Missing | LeftOut, ...]:
    """Return the trials that are not pooled: those without numbers, and those not used."""
    return (*pool.missing, *pool.sensitivity_only, *pool.dropped)


def _as_published(asked: _Asked, pool: Pool) -> str:
    assert pool.printed is not None
    name = pool.printed.name
    words = asked.says("published_of", name=name) if name else asked.says("published")
    return words if pool.subgroup is None else f"{words}: {asked.language.word(pool.subgroup)}"


def _summary(asked: _Asked, pool: Pool) -> Iterator[_Row]:
    result = pool.result
    if result is None:
        yield _Row(kind="words", text=asked.says("no_value", why=pool.why_not))
        return
    if result.k == 1:
        yield _Row(kind="words", text=asked.says("one_trial"))
        return
    if pool.contradictory():
        yield _Row(kind="words", text=asked.says("contradictory"))
    total = asked.says("total" if pool.subgroup is None else "subtotal", level=asked.level)
    yield _Row(kind="diamond", text=total, pool=pool)
    if pool.ahead is not None:
        yield _Row(kind="prediction", text=asked.says("ahead", level=asked.level), pool=pool)
    yield _Row(kind="words", text=asked.says("heterogeneity", words=heterogeneity(pool)))
    yield _Row(kind="words", text=_overall(asked, result))
    if pool.subgroup is not None:
        yield _Row(kind="space")


def _overall(asked: _Asked, result: PooledEstimate) -> str:
    if result.statistic is None or result.p_value is None:
        return asked.says("overall_undefined")
    name = "Z" if result.ci_method in {"wald", "profile"} else f"t({result.k - 1})"
    numbers = {"value": decimal(abs(result.statistic)), "p": p_words(result.p_value)}
    return asked.says("overall", name=name, **numbers)


def _columns(asked: _Asked, rows: Sequence[_Row]) -> list[_Column]:
    """Return the columns beside the plot but that of risk of bias, in the order asked for."""
    make: dict[str, Callable[[_Asked, Sequence[_Row]], list[_Column]]] = {
        "arms": _arms,
        "reported": _reported,
        "n": _people,
        "weight": _weights,
        "estimate": _estimates,
    }
    return [
        column
        for name in asked.shown
        if name != "bias"
        for column in (make[name](asked, rows) if name in make else [_moderator(asked, rows, name)])
    ]


def _effects(rows: Sequence[_Row]) -> Iterator[tuple[int, Effect]]:
    return ((place, row.effect) for place, row in enumerate(rows) if row.effect is not None)


def _has_arms(effect: Effect) -> bool:
    return _counted(effect) is not None or (effect.difference is None and effect.mean1 is not None)


def _counted(effect: Effect) -> list[list[str]] | None:
    """Return events and people of each arm as they are reported, where an effect is of counts."""
    if of_counts(effect.measure) and effect.difference and " v " in effect.difference:
        return [arm.split("/") for arm in effect.difference.split(" v ")]
    return None


def _tells(effect: Effect) -> bool:
    """Whether what is printed of a trial is more than its effect on the scale shown."""
    if effect.measure == MEASURES["GEN"].label:
        return False
    if effect.difference is None or _counted(effect) is not None:
        return False
    return not effect.difference.startswith((effect.measure, scale_name(effect.measure)))


def _arms(asked: _Asked, rows: Sequence[_Row]) -> list[_Column]:
    if of_counts(asked.measure):
        arms = {place: counted for place, effect in _effects(rows) if (counted := _counted(effect))}
        cells = [
            [{place: arm[group][part] for place, arm in arms.items()} for part in (0, 1)] for group in (0, 1)
        ]
        return [
            _Column(name=name, head=head, cells={**own, **_totals(rows, group, name)}, group=group)
            for group in (1, 2)
            for name, head, own in zip(
                ("events", "n"),
                (asked.says("events"), asked.language.say("h_n")),
                cells[group - 1],
                strict=True,
            )
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
            _Column(name="mean", head=asked.says("mean"), cells=numbers(f"mean{group}"), group=group),
            _Column(name="sd", head=asked.says("sd"), cells=numbers(f"sd{group}"), group=group),
            _size(asked, rows, group),
        )
    ]


def _size(asked: _Asked, rows: Sequence[_Row], group: int) -> _Column:
    cells: dict[int, str] = {
        place: count(n) for place, effect in _effects(rows) if (n := getattr(effect, f"n{group}")) is not None
    }
    cells |= _totals(rows, group, "n")
    return _Column(name="n", head=asked.language.say("h_n"), cells=cells, group=group)


def _totals(rows: Sequence[_Row], group: int, name: str) -> dict[int, str]:
    """Return the people behind pooled values, where all are known."""
    if name != "n":
        return {}
    pooled = {place: row.pool.effects for place, row in enumerate(rows) if row.kind == "diamond" and row.pool}
    people = {place: people_of(effects, side=group).all for place, effects in pooled.items()}
    return {place: count(n) for place, n in people.items() if n is not None}


def _people(asked: _Asked, rows: Sequence[_Row]) -> list[_Column]:
    return [_size(asked, rows, group) for group in (1, 2)]


def _reported(asked: _Asked, rows: Sequence[_Row]) -> list[_Column]:
    """Return what is printed of each trial: its arms, or a difference of them."""
    cells = {}
    for place, effect in _effects(rows):
        if effect.difference is not None:
            cells[place] = asked.language.word(effect.difference).replace(".", asked.language.comma)
        elif effect.mean1 is not None:
            places = max(0, min(2, 1 - math.floor(math.log10(min(effect.sd1 or 1, effect.sd2 or 1)))))
            names = ("mean1", "sd1", "mean2", "sd2")
            numbers = {name: asked.language.decimal(getattr(effect, name), places) for name in names}
            cells[place] = asked.says("of_arms", **numbers)
    return [_Column(name="reported", head=asked.says("reported"), cells=cells, align="left", most=1.7)]


def _weights(asked: _Asked, rows: Sequence[_Row]) -> list[_Column]:
    shares = {place: row.weight for place, row in enumerate(rows) if row.effect and row.weight is not None}
    shares |= {
        place: sum(row.pool.weights) for place, row in enumerate(rows) if row.kind == "diamond" and row.pool
    }
    cells = {p: asked.language.decimal(share, 1) + asked.language.percent for p, share in shares.items()}
    return [_Column(name="weight", head=asked.language.say("h_weight"), cells=cells)]


def _estimates(asked: _Asked, rows: Sequence[_Row]) -> list[_Column]:
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
    return [_Column(name="estimate", head=head, cells=cells)]


def _whole(text: str) -> int:
    """Return how many signs stand before the decimals."""
    return len(text.replace(",", ".").partition(".")[0])


def _moderator(asked: _Asked, rows: Sequence[_Row], name: str) -> _Column:
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
    return _Column(name=name, head=head[0].upper() + head[1:], cells=cells, align=align, most=1.3)


def _inch(text: str, size: float, *, bold: bool = False) -> float:
    return _wide(text, size=10.0, bold=bold) * size / 10.0


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Where everything stands, for one size of the letters. All lengths are in inches."""

    asked: _Asked
    given: Sequence[_Row]
    size: float  # points
    width: float
    height: float | None  # of all, where it is given
    letters: Mapping[tuple[str, str], str]
    all_columns: Sequence[_Column]

    @property
    def small(self) -> float:
        return min(self.size, max(6.5, self.size - 1.0))

    @property
    def line(self) -> float:
        return 1.25 * self.size / 72

    @property
    def gap(self) -> float:
        return 0.9 * self.size / 72

    def side(self, right: bool) -> list[_Column]:
        names = LAYOUTS[self.asked.layout]
        return [column for column in self.all_columns if (column.name in names) is right]

    @cached_property
    def domains(self) -> list[Cell]:
        """The domains that have circles, in order."""
        if "bias" not in self.asked.shown:
            return []
        rows = list(self.asked.judged.values())
        by_name = {cell.domain: cell for row in rows for cell in row.cells}
        return list(by_name.values())

    @property
    def circle(self) -> float:
        return 1.35 * self.size / 72

    @cached_property
    def widths(self) -> dict[int, float]:
        """Width of each column, by its place; a group's name may need more than its columns."""
        wide = {i: column.wide(self.size, self.given) for i, column in enumerate(self.all_columns)}
        for group in (1, 2):
            own = [i for i, column in enumerate(self.all_columns) if column.group == group]
            if own:
                name = self.asked.language.word(self.asked.pools[0].groups[group - 1])
                words = [name] if len(name) < 10 else name.split()
                longest = max((_inch(word, self.size, bold=True) for word in words), default=0.0) * 1.02
                lacking = min(longest, 1.0) - sum(wide[i] for i in own) - self.gap * (len(own) - 1)
                for i in own:
                    wide[i] += max(0.0, lacking) / len(own)
        return wide

    def _wide_of(self, columns: Sequence[_Column]) -> float:
        places = {id(column): i for i, column in enumerate(self.all_columns)}
        return sum(self.widths[places[id(column)]] + self.gap for column in columns)

    @cached_property
    def label(self) -> float:
        """Width of the trials' names with their letters, and of the totals' where these are longer."""
        names = [_inch(row.name, self.size) + self.lettered(row) for row in self.given if row.name]
        totals = [_inch(row.text, self.size, bold=True) for row in self.given if row.kind == "diamond"]
        head = _inch(self.asked.language.say("h_trial"), self.size, bold=True)
        most = 0.45 if self.asked.totals else 0.3
        return min(most * self.width, max([head, *names, *totals]) + 0.02)

    def lettered(self, row: _Row) -> float:
        signs_of = self.signs_of(row)
        return 0.05 + _inch(signs_of, 0.75 * self.size) if signs_of else 0.0

    def signs_of(self, row: _Row) -> str:
        """Return the letters of the notes on a trial."""
        notes = [] if row.effect is None else signs(row.effect)
        return ",".join(self.letters[sign, self.asked.language.word(words)] for sign, words in notes)

    @cached_property
    def left(self) -> float:
        return self.label + self.gap + self._wide_of(self.side(right=False))

    @cached_property
    def right(self) -> float:
        circles = self.gap * 0.5 + len(self.domains) * self.circle if self.domains else 0.0
        high = on_scale(self.asked.measure, _limits(self.asked, self.width / 3, self.small)[1])
        number = _inch(f"{high:.4g}", self.small) / 2  # the last one at the axis stands half outside
        return max(number, self._wide_of(self.side(right=True)) + circles)

    @property
    def plot(self) -> float:
        return self.width - 2 * _MARGIN - self.left - self.right

    @cached_property
    def at(self) -> list[tuple[_Column, float, float]]:
        """Each column with its left and right end, from the left end of the plot."""
        places = {id(column): i for i, column in enumerate(self.all_columns)}
        listed = []
        for right in (False, True):
            x = self.plot + self.gap if right else -self.left + self.label + self.gap
            for column in self.side(right=right):
                wide = self.widths[places[id(column)]]
                listed.append((column, x, x + wide))
                x += wide + self.gap
        return listed

    @property
    def circles(self) -> float:
        """Where the first circle has its middle."""
        return self.plot + self._wide_of(self.side(right=True)) + 0.5 * self.gap + self.circle / 2

    @cached_property
    def room(self) -> float:
        """How wide words may be that stand in a row alone: they may cross the plot."""
        return self.left + self.plot

    @cached_property
    def rows(self) -> list[_Row]:
        """The lines, those of words as long as there is room for."""
        rows = []
        for row in self.given:
            words = wrapped(row.text, self.room, size=self.small) if row.kind == "words" else [row.text]
            rows += [replace(row, text=line) if row.kind == "words" else row for line in words]
            rows += [_Row(kind="crowd", at=-1)] * (row.lines - 1)
        return rows

    @cached_property
    def head(self) -> dict[int, list[str]]:
        """The lines of each group's name."""
        named = {}
        for group in (1, 2):
            ends = [(low, high) for column, low, high in self.at if column.group == group]
            if ends:
                wide = ends[-1][1] - ends[0][0]
                name = self.asked.language.word(self.asked.pools[0].groups[group - 1])
                lines = wrapped(name, wide / 1.08, size=self.size)  # bold letters are wider
                if len(lines) > 3:
                    lines = [fitted(name, wide, size=self.size, bold=True)]
                named[group] = [fitted(line, wide, size=self.size, bold=True) for line in lines]
        return named

    @cached_property
    def title(self) -> list[str]:
        if not self.asked.title:
            return []
        return wrapped(self.asked.title, (self.width - 2 * _MARGIN) / 1.1, size=self.size + 1)

    @property
    def heads(self) -> int:
        """How many lines the heads of the columns have."""
        return 1 + max([1 if self.domains else 0, *map(len, self.head.values())])

    @property
    def above(self) -> float:
        return 0.02 + len(self.title) * 1.2 * self.line + self.heads * self.line + 0.1

    @cached_property
    def sides(self) -> list[list[str]]:
        """The lines below each half of the axis: whom it favours."""
        if self.asked.pools[0].favours is None:
            return []
        low, high = _limits(self.asked, self.plot, self.small)
        if not low < 0 < high:
            return []
        halves = [self.plot * -low / (high - low), self.plot * high / (high - low)]
        named = [
            self.asked.says("favours", group=self.asked.language.word(name))
            for name in self.asked.pools[0].favours
        ]
        return [
            [fitted(line, half, size=self.small) for line in wrapped(name, half - 0.06, size=self.small)][:4]
            for name, half in zip(named, halves, strict=True)
        ]

    @cached_property
    def notes(self) -> list[tuple[str | None, str]]:
        """The lines below the plot: words behind a letter, or None where they are about no trial."""
        lines: list[tuple[str | None, str]] = []
        room = self.width - 2 * _MARGIN - 0.12
        for (_, words), letter in self.letters.items():
            first = words[0].upper() if words[:2].isalpha() else words[0]
            broken = wrapped(first + words[1:], room, size=self.small)
            lines += [(letter if i == 0 else "", line) for i, line in enumerate(broken)]
        groups = map(self.asked.language.word, self.asked.pools[0].groups)
        names = [row.name for row in self.given if row.name and self.cut(row)]
        names += [
            n for n, lines_of in zip(groups, self.head.values(), strict=False) if "…" in "".join(lines_of)
        ]
        general = [self.asked.says("in_full", names="; ".join(dict.fromkeys(names)))] if names else []
        if self.domains:
            key = zip(_signs(self.asked.judged), (cell.domain for cell in self.domains), strict=False)
            words = "; ".join(f"{sign} {self.asked.language.word(name)}" for sign, name in key)
            general.append(self.asked.says("bias_key", domains=words))
        for text in general:
            lines += [(None, line) for line in wrapped(text, room, size=self.small)]
        return lines

    def cut(self, row: _Row) -> bool:
        """Whether a trial's name is longer than its column."""
        return _inch(row.name or "", self.size) + self.lettered(row) > self.label

    @property
    def below(self) -> float:
        small = 1.2 * self.small / 72
        favours = max(map(len, self.sides), default=0) * small
        notes = len(self.notes) * small + (0.08 if self.notes else 0)
        return 0.28 + favours + 0.07 + self.line + notes + 0.04

    @property
    def pitch(self) -> float:
        """Height of a row."""
        unit, n = self.size / 72, len(self.rows)
        if self.height is not None:
            return (self.height - self.above - self.below) / n
        return min(_OPEN * unit, max(_DENSE * unit, (PAGE * _MM - self.above - self.below) / n))

    @property
    def total(self) -> float:
        return self.height or self.above + self.pitch * len(self.rows) + self.below

    @property
    def apart(self) -> bool:
        """Whether no row stands on another."""
        return self.height is None or self.pitch >= _LEAST * self.size / 72

    @property
    def fits(self) -> bool:
        """Whether the plot has its share of the width, and the rows are apart."""
        if self.height is not None and self.pitch < _DENSE * self.size / 72:
            return False
        high = self.height is None and self.total > PAGE * _MM + 0.01
        return self.plot >= SHARE * self.width and not high


def _signs(judged: Mapping[str, Assessment]) -> list[str]:
    """Return what stands above the circles: A, B, … or as RoB 2 has it."""
    first = next(iter(judged.values()))
    names = dict.fromkeys(cell.domain for row in judged.values() for cell in row.cells)
    if first.tool.endswith("RoB 2"):
        return ["O" if name == OVERALL else f"D{n}" for n, name in enumerate(names, start=1)]
    return [letter.upper() for letter, _ in zip(_lettering(), names, strict=False)]


def _lettering() -> Iterator[str]:
    yield from ascii_lowercase
    yield from (first + second for first in ascii_lowercase for second in ascii_lowercase)


def _framed(asked: _Asked, rows: Sequence[_Row], ax: Axes | None) -> _Frame:
    """Choose the largest letters that leave the plot its share."""
    notes = {
        (sign, asked.language.word(words)): None
        for row in rows
        if row.effect is not None
        for sign, words in signs(row.effect)
    }
    letters = dict(zip(notes, _lettering(), strict=False))
    width, height = (asked.width or WIDTH) * _MM, asked.height and asked.height * _MM
    sizes = SIZES if ax is None else (*SIZES, 6.0, 5.5, 5.0)
    if ax is not None:
        width, height = _inches(ax)
    of_all: dict[str, Any] = {"asked": asked, "given": rows, "width": width, "height": height}
    of_all |= {"letters": letters, "all_columns": _columns(asked, rows)}
    framed = [_Frame(size=size, **of_all) for size in sizes]
    wide = [frame for frame in framed if frame.plot >= LEAST * frame.width]
    best = next((frame for frame in framed if frame.fits), None)
    best = best or next((frame for frame in wide if frame.apart), framed[-1])
    needed = (best.left + best.right + 2 * _MARGIN) / (1 - LEAST)
    if best.plot < LEAST * best.width - 1e-9:
        if ax is None and asked.width is None:
            return replace(best, width=needed)
        raise RefusalError(
            f"width = {width / _MM:.0f} mm: these columns and a plot need {math.ceil(needed / _MM)} mm "
            f"with letters of {best.size:g} points. Make it wider, or name fewer columns."
        )
    if not best.apart:
        least = best.above + best.below + len(best.rows) * _LEAST * best.size / 72
        raise RefusalError(
            f"height = {(best.height or 0) / _MM:.0f} mm: {len(best.rows)} rows need "
            f"{math.ceil(least / _MM)} mm with letters of {best.size:g} points. Make it higher."
        )
    return best


def _inches(ax: Axes) -> tuple[float, float]:
    figure = ax.get_figure(root=True)
    assert figure is not None
    box = ax.get_window_extent()
    return box.width / figure.dpi, box.height / figure.dpi


def _drawn(asked: _Asked, rows: Sequence[_Row], ax: Axes | None = None) -> Axes:
    if not rows:
        raise RefusalError("a forest plot of nothing: the synthesis has no trials.")
    frame = _framed(asked, [replace(row, at=place) for place, row in enumerate(rows)], ax)
    high = frame.pitch * len(frame.rows)
    if ax is None:
        figure = Figure(figsize=(frame.width, frame.total), dpi=200)
        ax = figure.add_axes((0, 0, 1, 1))
    box = ax.get_position()
    ax.set_position(
        (
            box.x0 + box.width * (_MARGIN + frame.left) / frame.width,
            box.y0 + box.height * frame.below / frame.total,
            box.width * frame.plot / frame.width,
            box.height * high / frame.total,
        )
    )
    _draw_axis(ax, frame)
    _draw_heads(ax, frame)
    heaviest = max((row.weight or 0.0 for row in rows), default=0.0)
    first = 0
    for place, row in enumerate(frame.rows):
        _draw_row(ax, frame, row, place)
        if row.kind == "trial":
            _draw_trial(ax, frame, row, place, heaviest)
        elif row.crowd:
            _draw_crowd(ax, frame, row, place)
        elif row.kind == "diamond":
            assert row.pool is not None
            _draw_diamond(ax, row, place)
            if not asked.totals or row.pool.subgroup is None:
                _draw_pooled_line(ax, row, first, place)
        elif row.kind == "prediction":
            assert row.pool is not None
            assert row.pool.ahead is not None
            draw_interval(ax, *row.pool.ahead, place, color=COLOURS["pooled"], lw=2.2, gid="prediction")
        elif row.kind == "printed":
            look: dict[str, Any] = {"facecolor": PALE, "lw": 0.7, "ls": (0, (3, 2))}
            draw_diamond(ax, row.printed, place, gid="printed", color=COLOURS["published"], **look)
        first = place + 1 if row.kind in {"heading", "space"} else first
    for place, row in enumerate(frame.rows):
        if frame.domains and row.trial is not None and row.trial in asked.judged:
            _draw_circles(ax, frame, asked.judged[row.trial], place)
    _draw_foot(ax, frame)
    if asked.theme == "dark":
        by_night(ax)
    return ax


def _draw_axis(ax: Axes, frame: _Frame) -> None:
    ax.set_xlim(*_limits(frame.asked, frame.plot, frame.small))
    ax.set_ylim(len(frame.rows) - 0.5, -0.5)
    ax.set_yticks([])
    open_axes(ax, pad=1.5, labelsize=frame.small)
    scale_axis(ax.xaxis, frame.asked.measure, frame.asked.language, size=frame.small)
    ax.spines["bottom"].set_linewidth(0.6)
    low, high = ax.get_xlim()
    if low <= 0 <= high:
        ax.axvline(0, color=BLACK, linewidth=0.6, zorder=1, gid="no effect")


def _limits(asked: _Asked, plot: float, small: float) -> tuple[float, float]:
    """Return the ends of the axis: it shows all pools, and trials unless they are far off."""
    if asked.limits is not None:
        low, high = map(math.log, asked.limits) if asked.ratio else asked.limits
        return low, high
    effects = [] if asked.totals else asked.effects
    ends = [end for effect in effects for end in (effect.ci_low, effect.ci_high)]
    sizes = [abs(end) for end in ends]
    # Three times the upper quartile: what is farther off gets an arrow, and its numbers stand
    # beside it.
    far = 3 * float(np.quantile(sizes, 0.75)) if sizes else 0.0
    results = [p.result for p in asked.pools if p.result] + [p.printed for p in asked.pools if p.printed]
    must = [end for result in results for end in (result.estimate, result.ci_low, result.ci_high)]
    must += [end for pool in asked.pools if not asked.totals for end in pool.ahead or ()]
    shown = [min(max(end, -far), far) for end in ends]
    low, high = min([0.0, *shown, *must]), max([0.0, *shown, *must])
    if low == high:
        low, high = -1.0, 1.0
    share = 0.1
    if asked.pools[0].favours is not None:  # whose names want room below each side
        words = [asked.language.word(name) for name in asked.pools[0].favours]
        words = [w for name in words for w in asked.says("favours", group=name).split()]
        longest = max(_inch(word, small) for word in words) + 0.1
        share = min(0.4, max(0.2, longest / max(plot, 0.1)))
    # neither side is less than its share of the whole
    low, high = min(low, -high * share / (1 - share)), max(high, -low * share / (1 - share))
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def _write(
    ax: Axes, frame: _Frame, text: str, inches: float, place: float, *, rise: float = 0.0, **style: Any
) -> None:
    """Write so far from the plot's left end, in a row; `rise` inches above its middle."""
    style = {"fontsize": frame.size, "va": "center_baseline", "parse_math": False, **style}
    style["fontfamily"] = FONTS
    up = place - rise / frame.pitch
    ax.text(inches / frame.plot, up, text, transform=ax.get_yaxis_transform(), **style)


def _line(ax: Axes, frame: _Frame, place: float, *, width: float, gid: str) -> None:
    ends = (-frame.left / frame.plot, (frame.plot + frame.right) / frame.plot)
    ax.plot(
        ends,
        (place, place),
        transform=ax.get_yaxis_transform(),
        clip_on=False,
        color=BLACK,
        lw=width,
        gid=gid,
    )


def _draw_heads(ax: Axes, frame: _Frame) -> None:
    def row(lines: float) -> float:  # a line of text so many lines above the rows
        return -0.5 - (0.08 + (lines - 0.5) * frame.line) / frame.pitch

    bold: dict[str, Any] = {"weight": "bold"}
    first = frame.asked.says("subgroup") if frame.asked.totals else frame.asked.language.say("h_trial")
    _write(ax, frame, first, -frame.left, row(1), **bold)
    for column, low, high in frame.at:
        x = high if column.align == "right" else low
        _write(
            ax,
            frame,
            fitted(column.head, high - low + 0.02, size=frame.size, bold=True),
            x,
            row(1),
            ha=column.align,
            **bold,
        )
    for group, lines in frame.head.items():
        ends = [end for column, *pair in frame.at if column.group == group for end in pair]
        for i, line in enumerate(reversed(lines)):
            _write(ax, frame, line, (min(ends) + max(ends)) / 2, row(2 + i), ha="center", **bold)
    for i, sign in enumerate(_signs(frame.asked.judged) if frame.domains else []):
        _write(ax, frame, sign, frame.circles + i * frame.circle, row(1), ha="center", **bold)
    if frame.domains:
        middle = frame.circles + (len(frame.domains) - 1) * frame.circle / 2
        _write(ax, frame, frame.asked.says("bias"), middle, row(2), ha="center", **bold)
    for i, line in enumerate(reversed(frame.title)):
        style = {"fontsize": frame.size + 1, "gid": "title", **bold}
        _write(ax, frame, line, -frame.left, row(frame.heads + 1.2 * (i + 1)), **style)
    _line(ax, frame, -0.5 - 0.05 / frame.pitch, width=0.6, gid="rule:head")


def _draw_row(ax: Axes, frame: _Frame, row: _Row, place: int) -> None:
    """Write a row's name and what stands in its columns."""
    style: dict[str, Any] = {"weight": "bold" if row.bold else "normal"}
    if row.kind in {"absent", "printed"} or (row.kind == "diamond" and not row.bold):
        style["color"] = GREY
    cells = [(c, low, high, c.cells[row.at]) for c, low, high in frame.at if row.at in c.cells]
    taken = [low for _, low, _, _ in cells if low < 0]
    room = min(taken) + frame.left - 0.05 if taken else frame.room
    if row.kind == "words":
        _crossing(ax, frame, row.text, -frame.left, place, fontsize=frame.small)
    elif row.name is not None:
        signs_of = frame.signs_of(row)
        name = fitted(row.name, frame.label - frame.lettered(row), size=frame.size)
        _write(ax, frame, name, -frame.left, place, **style)
        if signs_of:
            x = -frame.left + _inch(name, frame.size) + 0.035
            small = {"fontsize": 0.75 * frame.size, "gid": f"letter:{row.trial}"}
            _write(ax, frame, signs_of, x, place, rise=0.3 * frame.size / 72, **small)
    elif row.text:
        text = fitted(row.text, room, size=frame.size, bold=row.bold)
        _write(ax, frame, text, -frame.left, place, **style)
    if row.absent is not None:
        _draw_absent(ax, frame, row.absent, place, room)
    for column, low, high, cell in cells:
        own = {**style, **({"style": "italic", "gid": f"missing:{row.trial}"} if row.absent else {})}
        text = fitted(cell, high - low + 0.02, size=frame.size, bold=row.bold)
        _write(ax, frame, text, high if column.align == "right" else low, place, ha=column.align, **own)
    if row.kind == "diamond" and row.pool and not (frame.asked.totals and row.pool.subgroup):
        _line(ax, frame, place - 0.5, width=0.5, gid=f"rule:{place}")


def _draw_absent(ax: Axes, frame: _Frame, absent: Missing | LeftOut, place: int, room: float) -> None:
    """Say why a trial is not pooled, beside its name."""
    if isinstance(absent, Missing):
        n = absent.n_randomised
        words = frame.asked.says("measured") if n is None else frame.asked.says("measured_n", n=n)
    else:
        words = frame.asked.language.word(absent.why)
    start = frame.label + frame.gap
    if _inch(words, frame.small) > room - start and frame.plot > room - start:
        start, room = frame.left + 0.04, frame.left + frame.plot  # there is more room over the plot
    text = fitted(words, room - start, size=frame.small)
    _crossing(ax, frame, text, start - frame.left, place, fontsize=frame.small, color=GREY)


def _crossing(ax: Axes, frame: _Frame, text: str, inches: float, place: float, **style: Any) -> None:
    """Write words that may lie over the plot, whose lines they cover."""
    if inches + _inch(text, style["fontsize"]) > 0:
        style |= {"bbox": {"facecolor": WHITE, "edgecolor": "none", "pad": 0.6}, "zorder": 4}
    _write(ax, frame, text, inches, place, **style)


def _draw_trial(ax: Axes, frame: _Frame, row: _Row, place: int, heaviest: float) -> None:
    effect = row.effect
    assert effect is not None
    draw_interval(ax, effect.ci_low, effect.ci_high, place, gid=f"ci:{effect.trial}")
    # the area is the weight, the heaviest filling its row; a trial of no weight is still seen
    most = 0.66 * 72 * min(frame.pitch, _OPEN * frame.size / 72)
    share = row.weight / heaviest if row.weight is not None and heaviest else 0.3
    draw_effect(ax, effect, effect.yi, place, max(2.2, most * share**0.5), gid=f"trial:{effect.trial}")


def _draw_crowd(ax: Axes, frame: _Frame, row: _Row, place: int) -> None:
    """Draw trials close together: their intervals, and their effects as a line through them."""
    assert row.pool is not None
    of = row.pool.subgroup or "overall"
    ends = np.array([(effect.ci_low, effect.yi, effect.ci_high) for effect in row.crowd])
    ys = place - 0.4 + (np.arange(len(ends)) + 0.5) * (row.lines - 0.2) / len(ends)
    high = 72 * frame.pitch * (row.lines - 0.2) / len(ends)  # points that each has
    low, most = ax.get_xlim()
    ends = np.clip(ends, low, most)
    # as pixels: ten thousand lines make a PDF that no printer prints
    ax.hlines(
        ys,
        ends[:, 0],
        ends[:, 2],
        color=COLOURS["trial"],
        lw=min(0.6, max(0.15, 0.7 * high)),
        alpha=0.55,
        rasterized=True,
        gid=f"ci:{of}",
    )
    ax.plot(
        ends[:, 1],
        ys,
        ".",
        color=BLACK,
        ms=min(2.5, max(0.6, high)),
        mew=0,
        rasterized=True,
        gid=f"trials:{of}",
    )


def draw_effect(
    ax: Axes, effect: Effect, x: float, y: float, size: float, *, gid: str, marker: str = "s"
) -> None:
    """Draw a trial's effect, half hollow on the far side where it is a bound; none off the axis."""
    least, most = ax.get_xlim()
    if not least <= x <= most:
        return
    style: dict[str, Any] = {}
    if "p_bound" in effect.flags:
        solid = "right" if effect.yi < 0 else "left"
        style = {"fillstyle": solid, "markerfacecoloralt": WHITE, "mew": 0.7}
        size = max(size, 4.0)
    draw_mark(ax, x, y, marker, color=COLOURS["trial"], size=size, gid=gid, **style)


def _draw_diamond(ax: Axes, row: _Row, place: int) -> None:
    assert row.pool is not None
    gid = f"diamond:{row.pool.subgroup or 'overall'}"
    draw_diamond(ax, row.pool.result, place, gid=gid, **pooled_look(row.pool))


def _draw_pooled_line(ax: Axes, row: _Row, first: int, place: int) -> None:
    """Let a dashed line go up from a pooled value through the trials that it is of."""
    assert row.pool is not None
    assert row.pool.result is not None
    low, high = ax.get_xlim()
    x = row.pool.result.estimate
    if low <= x <= high and not row.pool.contradictory():
        start = -0.5 if row.pool.subgroup is None else first - 0.5
        style: dict[str, Any] = {"color": COLOURS["pooled"], "lw": 0.7, "ls": (0, (4, 2.5)), "zorder": 1.5}
        ax.plot((x, x), (start, place), gid=f"pooled:{row.pool.subgroup or 'overall'}", **style)


def _draw_circles(ax: Axes, frame: _Frame, assessment: Assessment, place: int) -> None:
    """Draw what is recorded of each domain: no judgement is an empty circle, nothing no circle."""
    states = {cell.domain: cell.state for cell in assessment.cells}
    for i, cell in enumerate(frame.domains):
        state = states.get(cell.domain, NOTHING)
        if state == NOTHING:
            continue
        judged = state in SEVERITY
        mark(
            ax,
            (frame.circles + i * frame.circle) / frame.plot,
            place,
            state if judged else FACTS,
            gid=f"bias:{assessment.trial}:{cell.domain}:{state}",
            transform=ax.get_yaxis_transform(),
            points=min(1.15 * frame.size, 0.9 * 72 * frame.pitch),
            signed=judged,
        )


def _draw_foot(ax: Axes, frame: _Frame) -> None:
    """Write below the axis whom its sides favour, what it measures, and the notes."""

    def down(inches: float) -> float:
        return len(frame.rows) - 0.5 + inches / frame.pitch

    low, high = ax.get_xlim()
    small = 1.2 * frame.small / 72
    y = 0.22
    for side, lines in enumerate(frame.sides):
        middle = (low / 2 if side == 0 else high / 2) if low < 0 < high else 0.0
        style: dict[str, Any] = {"ha": "center", "va": "baseline", "fontsize": frame.small}
        for i, line in enumerate(lines):
            at = down(y + 0.08 + i * small)
            ax.text(middle, at, line, gid=f"favours:{1 + side}", fontfamily=FONTS, parse_math=False, **style)
    y += max(map(len, frame.sides), default=0) * small + 0.06
    label = frame.asked.language.word(axis_words(frame.asked.measure))
    label = fitted(label[:1].upper() + label[1:], frame.width - 2 * _MARGIN, size=frame.size)
    ax.set_xlabel(label, fontsize=frame.size, fontfamily=FONTS, labelpad=0)
    half = _inch(label, frame.size) / 2
    inside = min(max(0.5, (half - frame.left) / frame.plot), (frame.plot + frame.right - half) / frame.plot)
    ax.xaxis.set_label_coords(inside, -y / (frame.pitch * len(frame.rows)))
    y += 0.07 + frame.line + 0.08
    for letter, line in frame.notes:
        if letter:
            style = {"fontsize": 0.8 * frame.small, "gid": "note letter"}
            _write(ax, frame, letter, -frame.left, down(y), rise=0.3 * frame.small / 72, **style)
        x = -frame.left + (0.0 if letter is None else 0.1)
        _write(ax, frame, line, x, down(y), fontsize=frame.small, gid="note")
        y += small


def forest_key(
    pools: Pool | Sequence[Pool] | Review, synthesis: str | None = None, **options: Any
) -> tuple[str, ...]:
    """Say what the marks of a forest plot mean, as far as it has them.

    Parameters
    ----------
    pools, synthesis, **options
        As `forest_plot` takes them.

    Returns
    -------
    tuple of str
        Sentences, in the language asked for.

    Raises
    ------
    ValueError
        As `forest_plot` does.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> forest_key(load_review("smith2017"), "pain-short")[0][:43]
    'Squares are the trials, their area the weig'
    """
    return _key(_Asked.of(pools, synthesis, **_options(options)))


def _key(asked: _Asked) -> tuple[str, ...]:
    speak, shown = asked.language, asked.pools
    group1, group2 = map(speak.word, shown[0].groups)
    low, high = _limits(asked, WIDTH * _MM / 3, SIZES[0])
    beyond = any(effect.ci_low < low or effect.ci_high > high for effect in asked.effects)
    bound = any("p_bound" in effect.flags for effect in asked.effects)
    told = [
        asked.says("caption_marks", level=asked.level) if any(pool.result for pool in shown) else "",
        asked.says("caption_reported", group1=group1, group2=group2) if "reported" in asked.shown else "",
        speak.word(BOUND_MARK) if bound else "",
        speak.word(ARROW) if beyond else "",
        asked.says("weights_of_total") if any(pool.total_weights is not None for pool in shown) else "",
        *map(speak.word, sentences(asked.effects)),
    ]
    if "bias" in asked.shown:
        states = {cell.state for row in asked.judged.values() for cell in row.cells}
        judged = [name for name in MARKS if name in states and name in SEVERITY]
        signs_of = ", ".join(f"{MARKS[name].sign} {speak.say(state_key(name))}" for name in judged)
        told.append(asked.says("bias_note", signs=signs_of))
        tools = {row.tool for row in asked.judged.values()}
        others = {row.label for row in asked.bias if row.tool not in tools and row.trial not in asked.judged}
        others &= {effect.label for effect in asked.effects}
        if others:
            told.append(asked.says("bias_others", names=speak.listed(sorted(others))))
    return tuple(filter(None, told))


def forest_caption(
    pools: Pool | Sequence[Pool] | Review, synthesis: str | None = None, **options: Any
) -> tuple[str, ...]:
    """Say what belongs into the caption of a forest plot: what it shows, by what methods, what to mind.

    Parameters
    ----------
    pools, synthesis, **options
        As `forest_plot` takes them.

    Returns
    -------
    tuple of str
        Sentences, in the language asked for.

    Raises
    ------
    ValueError
        As `forest_plot` does.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> forest_caption(load_review("smith2017"), "pain-short")[0]
    'Pain, short term: painful exercise against pain-free exercise.'
    """
    asked = _Asked.of(pools, synthesis, **_options(options))
    speak, shown = asked.language, asked.pools
    group1, group2 = map(speak.word, shown[0].groups)
    flags = dict.fromkeys(flag for pool in shown for flag in pool.flags)
    return (
        asked.says("caption_alone", title=speak.word(shown[0].title))
        if shown[0].groups in {UNNAMED, UNNAMED[::-1]}
        else asked.says("caption", title=speak.word(shown[0].title), group1=group1, group2=group2),
        *_key(asked),
        asked.says("methods", words=shown[0].methods),
        *(speak.flags[flag] for flag in flags if flag not in BESIDE),
    )
