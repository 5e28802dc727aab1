"""The picture of a change: each synthesis before and after, and how its answer came about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from livingmeta.appraisal.changes import Move, Stage
from livingmeta.engine.effect_sizes import as_shown
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    ROW,
    SMALL,
    TEXT,
    as_written,
    axis_sides,
    axis_words,
    draw_diamond,
    draw_interval,
    draw_mark,
    open_axes,
    pooled_look,
    scale_axis,
    write_beside,
)
from livingmeta.language import ENGLISH, Language
from livingmeta.synthesis.pool import Pool
from livingmeta.words import RefusalError

_NAMES, _FOREST, _NUMBERS, _MARGIN = 3.1, 2.3, 1.5, 0.08  # inches, together a journal page
ChangeLine = tuple[str, str, Callable[[Axes, int], None] | None, str]  # kind, label, drawing, numbers


@as_written
def changes_plot(
    moves: Sequence[Move],
    stages: Sequence[Stage],
    *,
    title: str,
    names: tuple[str, str],
    language: Language = ENGLISH,
) -> Axes:
    """Draw diamonds before and after for each synthesis, and one cumulative forest plot.

    Parameters
    ----------
    moves : sequence of Move
        Those with a result before or after are drawn.
    stages : sequence of Stage
        One synthesis trial by trial, as `changes.growth` gives it; may be empty.
    title : str
        Name of that synthesis.
    names : (str, str)
        What before and after are called.
    language : Language
        Of the words that are drawn.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    lines = list(_lines(moves, names, language))
    if stages:
        lines += [
            ("space", "", None, ""),
            ("heading", language.say("figures.appeared", title=language.word(title)), None, ""),
        ]
        lines += [_stage(stage, language) for stage in stages]
    pools = [pool for move in moves for pool in (move.before, move.after) if pool and pool.result]
    if not pools:
        raise RefusalError("no synthesis has a result before or after: there is nothing to draw.")
    measure = pools[0].measure
    width = _NAMES + _FOREST + _NUMBERS + 2 * _MARGIN
    height = (len(lines) + 1) * ROW + 0.62
    figure = Figure(figsize=(width, height), dpi=200)
    box = ((_MARGIN + _NAMES) / width, 0.55 / height, _FOREST / width, len(lines) * ROW / height)
    ax = figure.add_axes(box)
    ends = [abs(end) for pool in pools if pool.result for end in (pool.result.ci_low, pool.result.ci_high)]
    ends += [abs(stage.estimate) for stage in stages]
    reach = 1.08 * max(ends)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(len(lines) - 0.5, -0.5)
    ax.set_yticks([])
    scale_axis(ax.xaxis, measure, language)
    open_axes(ax, pad=1.5)
    ax.axvline(0, color=BLACK, lw=0.6, zorder=1)
    same = len({pool.favours for pool in pools}) == 1
    sides = axis_sides(pools[0], language) if same else ""
    ax.set_xlabel(language.word(axis_words(measure)) + sides, fontsize=SMALL)
    for place, (kind, label, draw, numbers) in enumerate(lines):
        weight = "bold" if kind == "heading" else "normal"
        write_beside(ax, -_NAMES / _FOREST, place, label, fontsize=TEXT, weight=weight)
        right = 1 + _NUMBERS / _FOREST
        write_beside(ax, right, place, numbers, fontsize=TEXT, ha="right", gid=f"numbers:{place}")
        if draw is not None:
            draw(ax, place)
    return ax


def _lines(moves: Sequence[Move], names: tuple[str, str], language: Language) -> list[ChangeLine]:
    lines: list[ChangeLine] = []
    for move in moves:
        pools = (move.before, move.after)
        if not any(pool and pool.result for pool in pools):
            continue
        lines.append(("heading", language.word(move.name), None, ""))
        for name, pool, kind in zip(names, pools, ("variant", "pooled"), strict=True):
            lines.append(_diamond(move, name, pool, COLOURS[kind], language))
    return lines


def _diamond(move: Move, name: str, pool: Pool | None, colour: str, language: Language) -> ChangeLine:
    if pool is None or pool.result is None:
        return ("none", f"   {language.word(name)}", None, language.say("figures.no_pooled_value"))
    result = pool.result

    def draw(ax: Axes, place: int) -> None:
        look = pooled_look(pool) if pool.contradictory() else {"color": colour}
        draw_diamond(ax, result, place, gid=f"{name}:{move.synthesis}", **look)

    text = _numbers(pool.measure, result.estimate, result.ci_low, result.ci_high, language)
    return ("diamond", f"   {language.word(name)}, k = {result.k}", draw, text)


def _stage(stage: Stage, language: Language) -> ChangeLine:
    def draw(ax: Axes, place: int) -> None:
        draw_interval(ax, stage.ci_low, stage.ci_high, place, gid=f"ci:stage:{stage.k}")
        gid = f"stage:{stage.k}"
        draw_mark(ax, stage.estimate, place, "s", color=COLOURS["variant"], size=3.5, gid=gid)

    sign = "" if stage.k == 1 else "+ "
    text = _numbers(stage.measure, stage.estimate, stage.ci_low, stage.ci_high, language)
    return ("stage", f"   {sign}{stage.label}, k = {stage.k}", draw, text)


def _numbers(measure: str, estimate: float, low: float, high: float, language: Language) -> str:
    middle, least, most = as_shown(measure, estimate, low, high)
    return language.say("interval", estimate=middle, low=least, high=most)
