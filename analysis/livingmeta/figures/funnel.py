"""Contour-enhanced funnel plots, drawn from stored results only."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy.special import ndtri

from livingmeta.engine.measures import nulls
from livingmeta.engine.methods.small_study import Filled
from livingmeta.figures.forest import draw_effect
from livingmeta.figures.style import (
    BLACK,
    BOUND_MARK,
    COLOURS,
    GROUND,
    LINE,
    MIDDLE,
    TEXT,
    WHITE,
    Paper,
    axis_sides,
    draw_legend,
    draw_mark,
    foot_inches,
    methods_words,
    name_axis,
    open_axes,
    pictured,
    pool_name,
    pooled_look,
    result_words,
    scale_axis,
    tell,
    turn_ticks,
)
from livingmeta.synthesis.pool import Pool
from livingmeta.words import Numeral, RefusalError

# Regions of P around no effect (Peters 2008): shade, lower and upper P, key of the words
REGIONS = (
    (WHITE, 0.10, 1.0, "figures.p_above"),
    (GROUND["region1"], 0.05, 0.10, "figures.p_to_010"),
    (GROUND["region2"], 0.01, 0.05, "figures.p_to_005"),
    (GROUND["region3"], 0.0, 0.01, "figures.p_below"),
)
FEW = 10  # trials, below which chance alone makes a funnel look asymmetric
_LEFT, _HIGH = 0.55, 2.7  # inches


@pictured
def funnel_plot(pool: Pool, *, filled: Filled | None = None, paper: Paper) -> Axes:
    """Draw effects against their standard errors, over regions of significance around no effect.

    Parameters
    ----------
    pool : Pool
        A synthesis or subgroup with a result.
    filled : Filled, optional
        Trials that trim and fill adds, drawn hollow.

    Returns
    -------
    Axes
        Gids: "trials", "estimate", "limits" (where trials would lie that differ by chance alone).

    Raises
    ------
    ValueError
        If the pool has no result.

    References
    ----------
    Peters JL, Sutton AJ, Jones DR, Abrams KR, Rushton L. Contour-enhanced meta-analysis funnel
    plots help distinguish publication bias from other causes of asymmetry. J Clin Epidemiol
    2008;61:991-996.

    Sterne JAC, Egger M. Funnel plots for detecting bias in meta-analysis: guidelines on choice of
    axis. J Clin Epidemiol 2001;54:1046-1055.
    """
    language = paper.language
    result = pool.result
    if result is None:
        raise RefusalError(f"{pool.synthesis} has no result to draw: {pool.why_not}.")
    yi = np.array([effect.yi for effect in pool.effects])
    se = np.sqrt([effect.vi for effect in pool.effects])
    added = np.array(filled.yi if filled else ())
    deepest = 1.08 * max([*se, *np.sqrt(filled.vi if filled else ())])
    spread = float(ndtri((1 + result.level) / 2)) * deepest
    ends = [*yi, *added, *nulls(pool.measure), result.estimate - spread, result.estimate + spread]
    room = 0.04 * (max(ends) - min(ends))
    shown = min(ends) - room, max(ends) + room
    plot = MIDDLE - _LEFT - 0.1
    sides = axis_sides(pool, shown, plot, language)
    legends = 2.6 * LINE + 0.12
    below, above = foot_inches(sides) + legends, 0.1 + paper.above
    high = above + _HIGH + below
    canvas = paper.canvas(MIDDLE, high)
    ax = canvas.add_axes((_LEFT / MIDDLE, below / high, plot / MIDDLE, _HIGH / high))
    ax.set_xlim(*shown)
    ax.set_ylim(deepest, 0)
    compared = bool(nulls(pool.measure))  # else there are no regions of P
    patches = _regions(ax, deepest) if compared else []
    colour = pooled_look(pool)["color"]
    (line,) = ax.plot((result.estimate,) * 2, (0, deepest), color=colour, lw=1.2, zorder=2, gid="estimate")
    (limits,) = ax.plot(
        (result.estimate - spread, result.estimate, result.estimate + spread),
        (deepest, 0, deepest),
        color=colour,
        lw=0.9,
        ls=(0, (4, 2.5)),
        zorder=2,
        gid="limits",
    )
    draw_mark(ax, yi, se, "o", color=COLOURS["trial"], size=4, gid="trials", mec=WHITE, mew=0.4)
    bounds = [(effect, y) for effect, y in zip(pool.effects, se, strict=True) if "p_bound" in effect.flags]
    for effect, y in bounds:
        draw_effect(ax, effect, effect.yi, y, 4, gid=f"bound:{effect.trial}", marker="o")
    hollow = filled.k0 if filled is not None else 0
    if filled is not None and hollow:
        look: dict[str, Any] = {"color": COLOURS["imagined"], "size": 4, "mfc": "none", "mew": 0.9}
        draw_mark(ax, added, np.sqrt(filled.vi), "o", gid="filled", **look)
    scale_axis(ax.xaxis, pool.measure, language)
    turn_ticks(ax.yaxis, language)
    open_axes(ax)
    ax.spines["left"].set_visible(True)
    ax.set_ylabel(language.say("figures.standard_error"), fontsize=TEXT)
    name_axis(ax, pool.measure, sides, language)
    share = {"level": Numeral(f"{100 * result.level:g}"), "percent": language.percent}
    regions = [language.say(key) for *_, key in REGIONS[: len(patches)]]
    draw_legend(ax, canvas, patches, regions, (_LEFT / MIDDLE, (legends - 0.04) / high))
    lines = [language.say("figures.pooled_value"), language.say("figures.limits", **share)]
    draw_legend(ax, canvas, [line, limits], lines, (_LEFT / MIDDLE, (legends - 0.04 - 1.35 * LINE) / high))
    paper.write_title(canvas, (0.08, 0.08))
    told = [
        language.say("figures.funnel_read" if compared else "figures.funnel_read_alone", **share),
        language.say("figures.hollow") if hollow else "",
        language.word(BOUND_MARK) if bounds else "",
        methods_words(pool, language),
        language.say("figures.funnel_few", k=result.k, least=FEW) if result.k < FEW else "",
    ]
    inside = int((np.abs(yi - result.estimate) <= spread / deepest * se).sum())
    seen = [
        result_words(pool, language),
        language.say("figures.funnel_seen", inside=inside, k=len(yi)),
        language.say("figures.funnel_added", n=hollow) if hollow else "",
    ]
    tell(ax, language.say("figures.name_funnel", title=pool_name(pool, language)), told, seen, language)
    return ax


def _regions(ax: Axes, deepest: float) -> list[Any]:
    """Shade how far from no effect a trial of each standard error lies; return what a legend names."""
    depth, patches = np.array([0.0, deepest]), []
    ax.plot((0, 0), (0, deepest), color=BLACK, lw=0.6, zorder=1)
    ax.axhspan(0, deepest, color=REGIONS[-1][0], lw=0, zorder=-1)
    for colour, low, high, _ in REGIONS:
        inner = 0.0 if high == 1 else float(ndtri(1 - high / 2))
        outer = inner if low == 0 else float(ndtri(1 - low / 2))  # the rest is the background
        for side in (-1, 1):
            ends = side * inner * depth, side * outer * depth
            region = ax.fill_betweenx(depth, *ends, color=colour, lw=0, zorder=0)
        patches.append(region)
    return patches
