"""Contour-enhanced funnel plots, drawn from stored results only."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy.special import ndtri

from livingmeta.engine.methods.small_study import Filled
from livingmeta.figures.forest import draw_effect
from livingmeta.figures.style import (
    BLACK,
    BOUND_MARK,
    COLOURS,
    GREY,
    SMALL,
    TEXT,
    Canvas,
    as_written,
    axis_sides,
    axis_words,
    draw_mark,
    pool_name,
    pooled_look,
    scale_axis,
    turn_ticks,
)
from livingmeta.language import ENGLISH, Language
from livingmeta.synthesis.pool import Pool
from livingmeta.words import RefusalError

# Regions of P around no effect (Peters 2008): shade, lower and upper P, key of the words
REGIONS = (
    ("#FFFFFF", 0.10, 1.0, "figures.p_above"),
    ("#D9D9D9", 0.05, 0.10, "figures.p_to_010"),
    ("#BDBDBD", 0.01, 0.05, "figures.p_to_005"),
    ("#F0F0F0", 0.0, 0.01, "figures.p_below"),
)


@as_written
def funnel_plot(
    pool: Pool,
    *,
    filled: Filled | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw effects against their standard errors, over regions of significance around no effect.

    Parameters
    ----------
    pool : Pool
        A synthesis or subgroup with a result.
    filled : Filled, optional
        Trials that trim and fill adds, drawn hollow.
    ax : Axes, optional
        Where to draw; its place is shared by all that the figure shows. By default a new figure,
        reached as ``ax.figure``.
    title : str, optional
        Stands above, instead of what is drawn by default.
    width, height : float, optional
        Of a new figure, in mm; by default as much as it needs.
    language : Language
        Of the words that are drawn.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the pool has no result.

    References
    ----------
    Peters JL, Sutton AJ, Jones DR, Abrams KR, Rushton L. Contour-enhanced meta-analysis funnel
    plots help distinguish publication bias from other causes of asymmetry. J Clin Epidemiol
    2008;61:991-996.
    """
    result = pool.result
    if result is None:
        raise RefusalError(f"{pool.synthesis} has no result to draw: {pool.why_not}.")
    canvas = Canvas(ax, (4.6, 3.8), width=width, height=height)
    ax = canvas.add_axes((0.16, 0.25, 0.8, 0.63))
    yi = np.array([effect.yi for effect in pool.effects])
    se = np.sqrt([effect.vi for effect in pool.effects])
    added = np.array(filled.yi if filled else ())
    deepest = 1.08 * se.max()
    reach = 1.1 * max(np.abs([*yi, *added, result.estimate]).max(), 2.2 * deepest)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(deepest, 0)
    depth = np.array([0.0, deepest])
    ax.set_facecolor(REGIONS[-1][0])
    for colour, low, high, key in REGIONS:
        inner = 0.0 if high == 1 else float(ndtri(1 - high / 2))
        outer = inner if low == 0 else float(ndtri(1 - low / 2))  # the rest is the background
        for side in (-1, 1):
            ax.fill_betweenx(
                depth,
                side * inner * depth,
                side * outer * depth,
                color=colour,
                lw=0,
                zorder=0,
                label=language.say(key) if side == 1 else None,
            )
    ax.axvline(0, color=BLACK, lw=0.5, zorder=1)
    ax.axvline(result.estimate, color=pooled_look(pool)["color"], lw=1.2, zorder=2, gid="estimate")
    draw_mark(ax, yi, se, "o", color=COLOURS["trial"], size=3.6, gid="trials")
    bounds = [(effect, y) for effect, y in zip(pool.effects, se, strict=True) if "p_bound" in effect.flags]
    for effect, y in bounds:
        draw_effect(ax, effect, effect.yi, y, 3.6, gid=f"bound:{effect.trial}", marker="o")
    if filled is not None and filled.k0:
        colour, added_se = COLOURS["imagined"], np.sqrt(filled.vi)
        draw_mark(ax, added, added_se, "o", color=colour, size=3.6, gid="filled", mfc="none", mew=None)
    scale_axis(ax.xaxis, pool.measure, language)
    turn_ticks(ax.yaxis, language)
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    ax.set_xlabel(language.word(axis_words(pool.measure)) + axis_sides(pool, language), fontsize=TEXT)
    ax.set_ylabel(language.say("figures.standard_error"), fontsize=TEXT)
    sentences = [language.say("figures.thick")]
    sentences += [language.say("figures.hollow")] if filled is not None and filled.k0 else []
    sentences += [language.word(BOUND_MARK)] if bounds else []
    head = f"{pool_name(pool, language)}, k = {result.k}" if title is None else title
    ax.set_title(f"{head}\n{' '.join(sentences)}", fontsize=TEXT, loc="left", wrap=True)
    legend = ax.legend(  # outside, where it hides no trial
        fontsize=SMALL - 1,
        frameon=False,
        loc="upper center",
        ncols=4,
        columnspacing=1,
        bbox_to_anchor=(0.5, -0.19),
        title=language.say("figures.p_title"),
        title_fontsize=SMALL - 1,
        handlelength=1.2,
    )
    for patch in legend.get_patches():
        patch.set(edgecolor=GREY, linewidth=0.4)
    return ax
