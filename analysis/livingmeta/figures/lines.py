"""Results below each other, as a forest plot has trials: what each is, its interval, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes

from livingmeta.engine.measures import nulls, scale_name
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    ROW,
    TEXT,
    WIDE,
    Paper,
    axis_sides,
    draw_diamond,
    draw_interval,
    draw_mark,
    fitted,
    foot_inches,
    interval_words,
    name_axis,
    open_axes,
    pooled_look,
    scale_axis,
    shade_unimportant,
    text_width,
    write_beside,
)
from livingmeta.synthesis.pool import Pool
from livingmeta.words import Numeral

_EDGE, _APART = 0.05, 0.14  # inches, around all and between columns
_MOST_NAME, _TALL = 2.7, 10.4  # inches: of a name, and of the lines of a page


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line: words alone, or a result as a mark or a diamond."""

    words: str
    result: Any = None  # with estimate, ci_low and ci_high
    gid: str = ""
    trials: int | None = None
    heading: bool = False
    diamond: bool = False
    instead: str = ""  # of numbers
    measure: str = ""  # by which its numbers are shown; empty: as the axis
    look: dict[str, Any] = field(default_factory=lambda: {"color": COLOURS["variant"]})


def draw_lines(
    lines: Sequence[Line],
    of: Pool,
    limits: tuple[float, float],
    *,
    head: str,
    paper: Paper,
    whole: bool = False,
    important: float | None = None,
    same_sides: bool = True,
) -> Axes:
    """Draw lines; the columns are as wide as they need, and the plot has what is left.

    Parameters
    ----------
    lines : sequence of Line
    of : Pool
        Whose measure, level and sides the axis has.
    limits : (float, float)
        Of the axis.
    head : str
        Above the names.
    whole : bool
        Its interval is a band behind all, its estimate a dashed line.
    important : float, optional
        Smallest important difference, drawn as a band.
    same_sides : bool
        Whether all lines favour the same groups by the same sides.
    """
    result, language = of.result, paper.language
    assert result is not None
    numbers = [
        line.instead
        or (interval_words(line.measure or of.measure, line.result, language) if line.result else "")
        for line in lines
    ]
    counts = ["" if line.trials is None else language.whole(line.trials) for line in lines]
    level = Numeral(f"{round(100 * result.level, 1):g}")
    effect = language.say("h_effect", scale=scale_name(of.measure), level=level, percent=language.percent)
    heads = [head, effect, language.say("h_k") if any(counts) else ""]
    bold = [line.heading or line.diamond for line in lines]

    def widest(column: int, cells: Sequence[str]) -> float:
        sizes = [text_width(cell, bold=strong) for cell, strong in zip(cells, bold, strict=True)]
        return max([text_width(heads[column], bold=True), *sizes])

    names = min(_MOST_NAME, widest(0, ["" if line.heading else line.words for line in lines]))
    beside, last = widest(1, numbers), widest(2, counts)
    left = _EDGE + names + _APART
    number = _APART + beside
    right = number + (_APART + last if any(counts) else 0.0) + _EDGE
    plot = WIDE - left - right
    sides = axis_sides(of, limits, plot, language) if same_sides else []
    below, above = foot_inches(sides), 0.26 + paper.above
    row = min(ROW, _TALL / len(lines))
    height = above + len(lines) * row + below
    canvas = paper.canvas(WIDE, height)
    ax = canvas.add_axes((left / WIDE, below / height, plot / WIDE, len(lines) * row / height))
    ax.set_xlim(*limits)
    ax.set_ylim(len(lines) - 0.5, -0.5)
    ax.set_yticks([])
    open_axes(ax)
    shade_unimportant(ax, important)
    if whole:
        color, ends = pooled_look(of)["color"], (-0.5, len(lines) - 0.5)
        ax.axvspan(result.ci_low, result.ci_high, color=color, alpha=0.12, lw=0, zorder=0, gid="whole")
        ax.plot((result.estimate,) * 2, ends, color=color, lw=0.7, ls=(0, (4, 2.5)), zorder=1, gid="pooled")
    for none in nulls(of.measure):
        ax.plot((none, none), (-0.5, len(lines) - 0.5), color=BLACK, lw=0.6, zorder=1, gid="no effect")
    number, count = 1 + number / plot, 1 + (right - _EDGE) / plot
    start = (_EDGE - left) / plot
    for x, side, words in zip((start, number, count), ("left", "right", "right"), heads, strict=True):
        write_beside(ax, x, -1.05, words, ha=side, weight="bold", fontsize=TEXT)
    ends = (start, 1 + (right - _EDGE) / plot)
    across = ax.get_yaxis_transform()
    ax.plot(ends, (-0.6, -0.6), color=BLACK, lw=0.6, gid="rule", transform=across, clip_on=False)
    for place, line in enumerate(lines):
        own: dict[str, Any] = {"fontsize": TEXT, "weight": "bold" if bold[place] else "normal"}
        room = WIDE - 2 * _EDGE if line.heading else names
        write_beside(ax, start, place, fitted(line.words, room, bold=bold[place]), **own)
        write_beside(ax, number, place, numbers[place], ha="right", gid=f"numbers:{place}", **own)
        write_beside(ax, count, place, counts[place], ha="right", **own)
        _draw(ax, line, place)
    scale_axis(ax.xaxis, of.measure, language)
    name_axis(ax, of.measure, sides, language)
    paper.write_title(canvas, (_EDGE, 0.05))
    return ax


def _draw(ax: Axes, line: Line, place: int) -> None:
    if line.diamond and line.result is not None:
        draw_diamond(ax, line.result, place, gid=line.gid, half=0.33, **line.look)
    elif line.result is not None:
        draw_interval(ax, line.result.ci_low, line.result.ci_high, place, gid=f"ci:{line.gid}")
        draw_mark(ax, line.result.estimate, place, "s", size=4, gid=line.gid, **line.look)
