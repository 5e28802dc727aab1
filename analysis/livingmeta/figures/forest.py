"""Forest plots: each trial with its numbers, interval and weight, and below them what is pooled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from livingmeta.appraisal.bias import FACTS, NOTHING, SEVERITY, Assessment, Cell
from livingmeta.engine.measures import nulls, off_scale, on_scale, scale_of
from livingmeta.figures.forest_table import (
    LAYOUTS,
    ForestColumn,
    ForestRequest,
    ForestRow,
    columns_of,
    listed_rows,
    parts_of,
    rows_of,
    subtotal_rows,
    text_inches,
    tidied,
)
from livingmeta.figures.marks import sentences, shared_signs, signs
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
    as_written,
    axis_words,
    by_night,
    domain_signs,
    draw_diamond,
    draw_interval,
    draw_mark,
    fitted,
    lettering,
    mark,
    open_axes,
    pooled_look,
    scale_axis,
    state_key,
    wrapped,
)
from livingmeta.language import ENGLISH, Language
from livingmeta.review.protocol import Review
from livingmeta.review.schema import UNNAMED
from livingmeta.synthesis.dependence import shared_flags
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import DRAWN, LeftOut, Missing, Pool
from livingmeta.words import RefusalError

WIDTH = 175.0  # mm: two columns of a journal
PAGE = 240.0  # mm: its height
MOST_ROWS = 60  # of a page; subgroups that make more stand on pages of their own
SIZES = (8.0, 7.5, 7.0, 6.5)  # points
AIM = 0.4  # of the width, which the plot has where columns can be made narrow enough for it
SHARE = 0.3  # which it has at least where text of one of the sizes leaves it
LEAST = 0.17
NAMES = (0.3, 0.22, 0.18, 0.15)  # of the width, which names have at most: less than usual on two lines
SUBTOTALS = 1.5  # times as much for those of subgroups on a page of their own
BESIDE = frozenset({"rows_assumed", "p_bound", "single_trial"})  # flags said beside the trials themselves
_MM = 1 / 25.4
_MARGIN = 0.03  # inches
_OPEN, _DENSE, _LEAST = 1.65, 1.2, 1.12  # lines of text that a row is high: usual, many rows, asked for


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
    layout: str = "plain",
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
    asked = ForestRequest.of(
        pools,
        synthesis,
        subgroup=subgroup,
        review=review,
        bias=bias,
        sort=sort,
        columns=columns,
        limits=limits,
        title=title,
        width=width,
        height=height,
        layout=layout,
        theme=theme,
        language=language,
    )
    return _drawn(asked, rows_of(asked), ax)


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
    asked = ForestRequest.of(pools, synthesis, **options)
    parts = parts_of(asked)
    rows = rows_of(asked)
    if len(rows) <= MOST_ROWS or not parts or asked.crowded:
        return (_drawn(asked, rows),)
    paged = [replace(asked, pools=[part]) for part in parts]
    return (
        *(_drawn(page, tidied(listed_rows(page, page.pools[0]))) for page in paged),
        _drawn(replace(asked, totals=True), tidied(subtotal_rows(asked))),
    )


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Where everything stands, for one size of the letters. All lengths are in inches."""

    asked: ForestRequest
    given: Sequence[ForestRow]
    size: float  # points
    width: float
    height: float | None  # of all, where it is given
    letters: Mapping[tuple[str, str], str]
    of_all: Sequence[str]  # notes that all trials have
    all_columns: Sequence[ForestColumn]
    names: float  # of the width, which they have at most
    aim: float  # of the width, for the plot

    @property
    def small(self) -> float:
        return min(self.size, max(6.5, self.size - 1.0))

    @property
    def line(self) -> float:
        return 1.25 * self.size / 72

    @property
    def gap(self) -> float:
        return 0.65 * self.size / 72

    def side(self, right: bool) -> list[ForestColumn]:
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
        return 1.1 * self.size / 72

    @cached_property
    def widths(self) -> dict[int, float]:
        """Width of each column, by its place; a group's name may need more than its columns."""
        wide = {i: column.wide(self.size, self.given) for i, column in enumerate(self.all_columns)}
        for group in (1, 2):
            own = [i for i, column in enumerate(self.all_columns) if column.group == group]
            if own:
                name = self.asked.language.word(self.asked.pools[0].groups[group - 1])
                words = [name] if len(name) < 10 else name.split()
                longest = max((text_inches(word, self.size, bold=True) for word in words), default=0.0) * 1.02
                lacking = min(longest, 1.0) - sum(wide[i] for i in own) - self.gap * (len(own) - 1)
                for i in own:
                    wide[i] += max(0.0, lacking) / len(own)
        return wide

    def _wide_of(self, columns: Sequence[ForestColumn]) -> float:
        places = {id(column): i for i, column in enumerate(self.all_columns)}
        return sum(self.widths[places[id(column)]] + self.gap for column in columns)

    @cached_property
    def label(self) -> float:
        """Width of the trials' names with their letters, and of the totals' where these are longer."""
        names = [
            text_inches(line, self.size) + (self.lettered(row) if line is lines[-1] else 0.0)
            for row in self.given
            if self.name_of(row)
            for lines in (self.named(row),)
            for line in lines
        ]
        totals = [
            text_inches(line, self.size, bold=True)
            for row in self.given
            if row.kind == "diamond"
            for line in (self.named(row) if self.name_of(row) else [row.text])
        ]
        head = text_inches(self.asked.language.say("h_trial"), self.size, bold=True)
        return min(self.most, max([head, *names, *totals]) + 0.02)

    @property
    def most(self) -> float:
        """How wide names may be."""
        return self.names * self.width * (SUBTOTALS if self.asked.totals else 1)

    def name_of(self, row: ForestRow) -> str:
        """Return the name that a row begins with: a trial's, or a subgroup's on a page of subtotals."""
        subtotal = self.asked.totals and row.kind in {"diamond", "more"} and row.pool and row.pool.subgroup
        return row.name or (row.text if subtotal else "")

    def named(self, row: ForestRow) -> list[str]:
        """Return a trial's name as it is drawn: cut where one line, or two narrow ones, don't hold it."""
        name, room = self.name_of(row), self.most - self.lettered(row)
        lines = (
            wrapped(name, room / 1.08 if row.bold else room, size=self.size)
            if self.names < NAMES[0]
            else [name]
        )
        fits = len(lines) < 3 and all(text_inches(line, self.size, bold=row.bold) <= room for line in lines)
        return lines if fits else [fitted(name, room, size=self.size, bold=row.bold)]

    def lettered(self, row: ForestRow) -> float:
        signs_of = self.signs_of(row)
        return 0.05 + text_inches(signs_of, 0.75 * self.size) if signs_of else 0.0

    def signs_of(self, row: ForestRow) -> str:
        """Return the letters of the notes on a trial."""
        notes = [] if row.effect is None else signs(row.effect)
        keys = [(sign, self.asked.language.word(words)) for sign, words in notes]
        return ",".join(self.letters[key] for key in keys if key in self.letters)

    @cached_property
    def left(self) -> float:
        return self.label + self.gap + self._wide_of(self.side(right=False))

    @cached_property
    def right(self) -> float:
        circles = self.gap * 0.5 + len(self.domains) * self.circle if self.domains else 0.0
        high = on_scale(self.asked.measure, _limits(self.asked, self.width / 3, self.small)[1])
        number = text_inches(f"{high:.4g}", self.small) / 2  # the last one at the axis stands half outside
        return max(number, self._wide_of(self.side(right=True)) + circles)

    @property
    def plot(self) -> float:
        return self.width - 2 * _MARGIN - self.left - self.right

    @cached_property
    def at(self) -> list[tuple[ForestColumn, float, float]]:
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
    def rows(self) -> list[ForestRow]:
        """The lines, those of words as long as there is room for."""
        rows = []
        for row in self.given:
            words = wrapped(row.text, self.room, size=self.small) if row.kind == "words" else [row.text]
            rows += [replace(row, text=line) if row.kind == "words" else row for line in words]
            rows += [replace(row, kind="more", at=-1) for _ in self.named(row)[1:]]
            rows += [ForestRow(kind="crowd", at=-1)] * (row.lines - 1)
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
                lines = wrapped(name, wide, size=self.size, bold=True)
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
        names = [self.name_of(row) for row in self.given if self.cut(row)]
        names += [
            n for n, lines_of in zip(groups, self.head.values(), strict=False) if "…" in "".join(lines_of)
        ]
        general = list(self.of_all)
        if any(column.name == "n of both" for column in self.all_columns):
            first, second = map(self.asked.language.word, self.asked.pools[0].groups)
            general.append(self.asked.says("n_of_both", group1=first, group2=second))
        general += [self.asked.says("in_full", names="; ".join(dict.fromkeys(names)))] if names else []
        if self.domains:
            key = zip(
                domain_signs(list(self.asked.judged.values())),
                (cell.domain for cell in self.domains),
                strict=False,
            )
            words = "; ".join(f"{sign} {self.asked.language.word(name)}" for sign, name in key)
            general.append(self.asked.says("bias_key", domains=words))
        for text in general:
            lines += [(None, line) for line in wrapped(text, room, size=self.small)]
        return lines

    def cut(self, row: ForestRow) -> bool:
        """Whether a trial's name is longer than its column."""
        return "".join(" ".join(self.named(row)).split()) != "".join(self.name_of(row).split())

    @property
    def below(self) -> float:
        small = 1.2 * self.small / 72
        favours = max(map(len, self.sides), default=0) * small
        notes = len(self.notes) * small + (0.08 if self.notes else 0)
        return 0.28 + favours + 0.07 + self.line + notes + 0.04

    @property
    def pitch(self) -> float:
        """Height of a row."""
        unit, more = self.size / 72, sum(row.kind == "more" for row in self.rows)
        high = (self.height or PAGE * _MM) - self.above - self.below
        even = (high - more * self.below_name) / (len(self.rows) - more)
        return even if self.height is not None else min(_OPEN * unit, max(_DENSE * unit, even))

    @property
    def below_name(self) -> float:
        """How far a name's second line stands below its first."""
        return 1.2 * self.size / 72

    @cached_property
    def places(self) -> list[float]:
        """Where each row stands, counted in rows."""
        steps = (self.below_name / self.pitch if row.kind == "more" else 1.0 for row in self.rows)
        return [place - 1 for place in accumulate(steps)]

    @property
    def span(self) -> float:
        """How many rows high the plot is."""
        return self.places[-1] + 1

    @property
    def total(self) -> float:
        return self.height or self.above + self.pitch * self.span + self.below

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
        return self.plot >= self.aim * self.width and not high


def _framed(asked: ForestRequest, rows: Sequence[ForestRow], ax: Axes | None) -> _Frame:
    """Choose the largest letters that leave the plot its share."""
    marked = dict.fromkeys(row.effect for row in rows if row.effect is not None)
    shared = shared_signs(marked)
    notes = {
        (sign, asked.language.word(words)): None
        for effect in marked
        for sign, words in signs(effect)
        if (sign, words) not in shared
    }
    of_all = [
        asked.language.say(
            "pool.of_all", n=asked.language.whole(len(marked)), words=asked.language.word(words)
        )
        for _, words in sorted(shared)
    ]
    letters = dict(zip(notes, lettering(), strict=False))
    width, height = (asked.width or WIDTH) * _MM, asked.height and asked.height * _MM
    sizes = SIZES if ax is None else (*SIZES, 6.0, 5.5, 5.0)
    if ax is not None:
        width, height = _inches(ax)
    every: dict[str, Any] = {
        "of_all": of_all,
        "asked": asked,
        "given": rows,
        "width": width,
        "height": height,
    }
    every["letters"] = letters
    columns, narrow = columns_of(asked, rows), columns_of(asked, rows, narrow=True)
    ways = [(columns, NAMES[0], AIM), *((narrow, most, AIM) for most in NAMES), (narrow, NAMES[-1], SHARE)]
    if asked.columns is not None or asked.layout != "plain":
        ways = [(columns, NAMES[0], SHARE)]
    framed = [
        _Frame(size=size, all_columns=beside, names=most, aim=aim, **every)
        for size in sizes
        for beside, most, aim in ways
    ]
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


def _drawn(asked: ForestRequest, rows: Sequence[ForestRow], ax: Axes | None = None) -> Axes:
    if not rows:
        raise RefusalError("a forest plot of nothing: the synthesis has no trials.")
    frame = _framed(asked, [replace(row, at=place) for place, row in enumerate(rows)], ax)
    high = frame.pitch * frame.span
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
    first = 0.0
    for place, row in zip(frame.places, frame.rows, strict=True):
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
            measure = row.pool.measure
            low, high = (placed(measure, measure, end) for end in row.pool.ahead)
            draw_interval(ax, low, high, place, color=COLOURS["pooled"], lw=2.2, gid="prediction")
        elif row.kind == "printed":
            look: dict[str, Any] = {"facecolor": PALE, "lw": 0.7, "ls": (0, (3, 2))}
            draw_diamond(ax, row.printed, place, gid="printed", color=COLOURS["published"], **look)
        first = place + 1 if row.kind in {"heading", "space"} else first
    for place, row in zip(frame.places, frame.rows, strict=True):
        if frame.domains and row.kind != "more" and row.trial is not None and row.trial in asked.judged:
            _draw_circles(ax, frame, asked.judged[row.trial], place)
    _draw_foot(ax, frame)
    if asked.theme == "dark":
        by_night(ax)
    return ax


def _draw_axis(ax: Axes, frame: _Frame) -> None:
    ax.set_xlim(*_limits(frame.asked, frame.plot, frame.small))
    ax.set_ylim(frame.span - 0.5, -0.5)
    ax.set_yticks([])
    open_axes(ax, pad=1.5, labelsize=frame.small)
    scale_axis(ax.xaxis, frame.asked.measure, frame.asked.language, size=frame.small)
    ax.spines["bottom"].set_linewidth(0.6)
    low, high = ax.get_xlim()
    if low <= 0 <= high and nulls(frame.asked.measure):
        ax.axvline(0, color=BLACK, linewidth=0.6, zorder=1, gid="no effect")


def _limits(asked: ForestRequest, plot: float, small: float) -> tuple[float, float]:
    """Return the ends of the axis: it shows all pools, and trials unless they are far off."""
    if asked.limits is not None:
        people = getattr(asked.measure, "people", math.nan)
        low, high = (scale_of(asked.measure).forth(end, people) for end in asked.limits)
        return low, high
    effects = [] if asked.totals else asked.effects
    ends = [
        placed(asked.measure, effect.measure, end)
        for effect in effects
        for end in (effect.ci_low, effect.ci_high)
    ]
    none = nulls(asked.measure)
    centre = 0.0 if none or not effects else float(np.median([effect.yi for effect in effects]))
    sizes = [abs(end - centre) for end in ends]
    # Three times the upper quartile: what is farther off gets an arrow, and its numbers stand
    # beside it.
    far = 3 * float(np.quantile(sizes, 0.75)) if sizes else 0.0
    results = [p.result for p in asked.pools if p.result] + [p.printed for p in asked.pools if p.printed]
    must = [end for result in results for end in (result.estimate, result.ci_low, result.ci_high)]
    must += [end for pool in asked.pools if not asked.totals for end in pool.ahead or ()]
    must = [placed(asked.measure, asked.measure, end) for end in must]
    # On a scale with two ends no estimate is so far off that its square would cost the others theirs.
    if all(map(math.isfinite, scale_of(asked.measure).bounds)):
        must += [placed(asked.measure, effect.measure, effect.yi) for effect in effects]
    shown = [min(max(end, centre - far), centre + far) for end in ends]
    low, high = min([*none, *shown, *must], default=0.0), max([*none, *shown, *must], default=0.0)
    if low == high:
        low, high = low - 1.0, high + 1.0
    share = 0.1
    if asked.pools[0].favours is not None:  # whose names want room below each side
        words = [asked.language.word(name) for name in asked.pools[0].favours]
        words = [w for name in words for w in asked.says("favours", group=name).split()]
        longest = max(text_inches(word, small) for word in words) + 0.1
        share = min(0.4, max(0.2, longest / max(plot, 0.1)))
    # neither side is less than its share of the whole
    if none:
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
    for i, sign in enumerate(domain_signs(list(frame.asked.judged.values())) if frame.domains else []):
        _write(ax, frame, sign, frame.circles + i * frame.circle, row(1), ha="center", **bold)
    if frame.domains:
        middle = frame.circles + (len(frame.domains) - 1) * frame.circle / 2
        _write(ax, frame, frame.asked.says("bias"), middle, row(2), ha="center", **bold)
    for i, line in enumerate(reversed(frame.title)):
        style = {"fontsize": frame.size + 1, "gid": "title", **bold}
        _write(ax, frame, line, -frame.left, row(frame.heads + 1.2 * (i + 1)), **style)
    _line(ax, frame, -0.5 - 0.05 / frame.pitch, width=0.6, gid="rule:head")


def _draw_row(ax: Axes, frame: _Frame, row: ForestRow, place: float) -> None:
    """Write a row's name and what stands in its columns."""
    style: dict[str, Any] = {"weight": "bold" if row.bold else "normal"}
    if row.absent is not None or row.kind == "printed" or (row.kind == "diamond" and not row.bold):
        style["color"] = GREY
    cells = [(c, low, high, c.cells[row.at]) for c, low, high in frame.at if row.at in c.cells]
    taken = [low for _, low, _, _ in cells if low < 0]
    room = min(taken) + frame.left - 0.05 if taken else frame.room
    if row.kind == "words":
        _crossing(ax, frame, row.text, -frame.left, place, fontsize=frame.small)
    elif frame.name_of(row):
        *first, last = frame.named(row)
        name = first[0] if first and row.kind != "more" else last
        signs_of = frame.signs_of(row) if name is last else ""
        _write(ax, frame, name, -frame.left, place, **style)
        if signs_of:
            x = -frame.left + text_inches(name, frame.size) + 0.035
            small = {"fontsize": 0.75 * frame.size, "gid": f"letter:{row.trial}"}
            _write(ax, frame, signs_of, x, place, rise=0.3 * frame.size / 72, **small)
    elif row.text:
        text = fitted(row.text, room, size=frame.size, bold=row.bold)
        _write(ax, frame, text, -frame.left, place, **style)
    if row.absent is not None and row.kind != "more":
        _draw_absent(ax, frame, row.absent, place, room)
    for column, low, high, cell in cells:
        own = {**style, **({"style": "italic", "gid": f"missing:{row.trial}"} if row.absent else {})}
        text = fitted(cell, high - low + 0.02, size=frame.size, bold=row.bold)
        _write(ax, frame, text, high if column.align == "right" else low, place, ha=column.align, **own)
    if row.kind == "diamond" and row.pool and not (frame.asked.totals and row.pool.subgroup):
        _line(ax, frame, place - 0.5, width=0.5, gid=f"rule:{place}")


def _draw_absent(ax: Axes, frame: _Frame, absent: Missing | LeftOut, place: float, room: float) -> None:
    """Say why a trial is not pooled, beside its name."""
    if isinstance(absent, Missing):
        n = absent.n_randomised
        words = frame.asked.says("measured") if n is None else frame.asked.says("measured_n", n=n)
    else:
        words = frame.asked.language.word(absent.why)
    start = frame.label + frame.gap
    if text_inches(words, frame.small) > room - start and frame.plot > room - start:
        start, room = frame.left + 0.04, frame.left + frame.plot  # there is more room over the plot
    text = fitted(words, room - start, size=frame.small)
    _crossing(ax, frame, text, start - frame.left, place, fontsize=frame.small, color=GREY)


def _crossing(ax: Axes, frame: _Frame, text: str, inches: float, place: float, **style: Any) -> None:
    """Write words that may lie over the plot, whose lines they cover."""
    if inches + text_inches(text, style["fontsize"]) > 0:
        style |= {"bbox": {"facecolor": WHITE, "edgecolor": "none", "pad": 0.6}, "zorder": 4}
    _write(ax, frame, text, inches, place, **style)


def _draw_trial(ax: Axes, frame: _Frame, row: ForestRow, place: float, heaviest: float) -> None:
    effect = row.effect
    assert effect is not None
    assert row.pool is not None
    low, x, high = (
        placed(row.pool.measure, effect.measure, end) for end in (effect.ci_low, effect.yi, effect.ci_high)
    )
    draw_interval(ax, low, high, place, gid=f"ci:{effect.trial}")
    # the area is the weight, the heaviest filling its row; a trial of no weight is still seen
    most = 0.66 * 72 * min(frame.pitch, _OPEN * frame.size / 72)
    share = row.weight / heaviest if row.weight is not None and heaviest else 0.3
    draw_effect(ax, effect, x, place, max(2.2, most * share**0.5), gid=f"trial:{effect.trial}")


def _draw_crowd(ax: Axes, frame: _Frame, row: ForestRow, place: float) -> None:
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


def _draw_diamond(ax: Axes, row: ForestRow, place: float) -> None:
    assert row.pool is not None
    gid = f"diamond:{row.pool.subgroup or 'overall'}"
    result, measure = row.pool.result, row.pool.measure
    drawn = () if result is None else DRAWN
    ends: dict[str, Any] = {name: placed(measure, measure, getattr(result, name)) for name in drawn}
    draw_diamond(ax, result and replace(result, **ends), place, gid=gid, **pooled_look(row.pool))


def _draw_pooled_line(ax: Axes, row: ForestRow, first: float, place: float) -> None:
    """Let a dashed line go up from a pooled value through the trials that it is of."""
    assert row.pool is not None
    assert row.pool.result is not None
    low, high = ax.get_xlim()
    x = row.pool.result.estimate
    if low <= x <= high and not row.pool.contradictory():
        start = -0.5 if row.pool.subgroup is None else first - 0.5
        style: dict[str, Any] = {"color": COLOURS["pooled"], "lw": 0.7, "ls": (0, (4, 2.5)), "zorder": 1.5}
        ax.plot((x, x), (start, place), gid=f"pooled:{row.pool.subgroup or 'overall'}", **style)


def _draw_circles(ax: Axes, frame: _Frame, assessment: Assessment, place: float) -> None:
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
            points=min(1.02 * frame.size, 0.9 * 72 * frame.pitch),
            signed=judged,
        )


def _draw_foot(ax: Axes, frame: _Frame) -> None:
    """Write below the axis whom its sides favour, what it measures, and the notes."""

    def down(inches: float) -> float:
        return frame.span - 0.5 + inches / frame.pitch

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
    half = text_inches(label, frame.size) / 2
    inside = min(max(0.5, (half - frame.left) / frame.plot), (frame.plot + frame.right - half) / frame.plot)
    ax.xaxis.set_label_coords(inside, -y / (frame.pitch * frame.span))
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
    return _key(ForestRequest.of(pools, synthesis, **options))


def _key(asked: ForestRequest) -> tuple[str, ...]:
    speak, shown = asked.language, asked.pools
    group1, group2 = map(speak.word, shown[0].groups)
    low, high = _limits(asked, WIDTH * _MM / 3, SIZES[0])
    tied = len(shown) > 1 or any(shared_flags(pool.flags) for pool in shown)
    beyond = any(effect.ci_low < low or effect.ci_high > high for effect in asked.effects)
    bound = any("p_bound" in effect.flags for effect in asked.effects)
    told = [
        asked.says("caption_marks", level=asked.level) if any(pool.result for pool in shown) else "",
        asked.says("caption_reported", group1=group1, group2=group2) if "reported" in asked.shown else "",
        speak.word(BOUND_MARK) if bound else "",
        speak.word(ARROW) if beyond else "",
        asked.says("weights_of_total") if any(pool.total_weights is not None for pool in shown) else "",
        *map(speak.word, sentences(asked.effects) if tied else ()),
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
    asked = ForestRequest.of(pools, synthesis, **options)
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


def placed(axis: str, label: str, value: float) -> float:
    """Return where a value of a label stands on the axis of another: where what is shown of it does.

    An arcsine ends at 0 and 1, and a double one is turned back by another number of people than the
    axis is; else a value stands at itself.

    Examples
    --------
    >>> placed("log OR", "log OR", 1.5), placed("arcsine proportion", "arcsine proportion", 9.0) < 1.571
    (1.5, True)
    """
    return off_scale(axis, on_scale(label, value)) if scale_of(axis).ends else value
