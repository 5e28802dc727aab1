"""Estimates of all subsets against their heterogeneity, drawn from stored results only."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.measures import as_shown, nulls
from livingmeta.engine.methods.subsets import ENOUGH_FOR_SUBSETS, Gosh
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    DAY_SHADES,
    DAY_SHARES,
    MIDDLE,
    SMALL,
    TEXT,
    Canvas,
    Paper,
    name_axis,
    open_axes,
    pictured,
    scale_axis,
    tell,
    turn_ticks,
)
from livingmeta.language import Language

DOTS = 2000  # subsets; beyond it they hide each other, and are counted in hexagons
_HEXAGONS, _BINS = 64, 60
HETEROGENEITY = {"i2": "I² (%)", "i2_tau2": "I² (%)", "tau2": "τ²"}
SHOWN, OTHERS = COLOURS["trial"], COLOURS["across"]
_LEFT, _PLOT, _SIDE, _TALL, _TOP = 0.5, 3.45, 0.62, 2.4, 0.55  # inches


@pictured
def gosh_plot(
    found: Gosh,
    *,
    name: str = "",
    measure: str = "",
    against: str = "i2",
    shown: tuple[str, Mask] | None = None,
    paper: Paper,
) -> Axes:
    """Draw the estimate of each subset of two trials or more against its heterogeneity.

    Parameters
    ----------
    found : Gosh
    name : str
        What was pooled.
    measure : str
        Label of the effects; logs of a ratio are shown as ratios.
    against : str
        "i2" (by Q), "i2_tau2" (by τ²) or "tau2".
    shown : tuple of str and ndarray of bool, optional
        Subsets to tell apart, those that hold a trial: its label, and which they are. They are
        blue, the others grey, and hexagons between the two by the share they hold.

    Returns
    -------
    Axes
        The middle one, with gid "subsets" on the points or hexagons, whose colour is their number
        on a log scale, and "whole" on the estimate of all trials. From six trials on, histograms
        (gid "estimates" and "heterogeneity", with ":shown" or ":others" behind where parts are
        told apart) stand above and to the right. Points are rasterised.
    """
    language = paper.language
    drawn = found.k > 1
    x, h = found.estimate[drawn], getattr(found, against)[drawn]
    holds = None if shown is None else shown[1][drawn]
    several = found.trials >= ENOUGH_FOR_SUBSETS  # a histogram of a handful would pretend to a shape
    above = 0.06 + paper.above + (0.0 if shown is None else 0.2)
    below = 0.46
    high = below + _TALL + (_TOP if several else 0.0) + above
    canvas = paper.canvas(MIDDLE, high)
    wide = _PLOT if several else MIDDLE - _LEFT - 0.1
    ax = canvas.add_axes((_LEFT / MIDDLE, below / high, wide / MIDDLE, _TALL / high))
    open_axes(ax)
    ax.spines["left"].set_visible(True)
    words = None if shown is None else language.say("figures.with_trial", trial=shown[0])
    if x.size <= DOTS:
        _dots(ax, x, h, holds)
    else:
        _hexagons(ax, x, h, holds, canvas, language, top=(high - above) / high)
    if several:
        both = (x, h) if holds is None else ((x[holds], x[~holds]), (h[holds], h[~holds]))
        over = canvas.add_axes(
            (_LEFT / MIDDLE, (below + _TALL + 0.04) / high, wide / MIDDLE, (_TOP - 0.06) / high), sharex=ax
        )
        beside = canvas.add_axes(
            ((_LEFT + wide + 0.04) / MIDDLE, below / high, (_SIDE - 0.08) / MIDDLE, _TALL / high), sharey=ax
        )
        _histogram(over, both[0], "estimates", "vertical")
        _histogram(beside, both[1], "heterogeneity", "horizontal")
    for none in nulls(measure):
        ax.axvline(none, color=BLACK, lw=0.6, zorder=1)
    ax.axvline(found.whole, color=COLOURS["pooled"], lw=0.9, ls=(0, (4, 2.5)), gid="whole", zorder=3)
    ax.set_ylabel(HETEROGENEITY[against], fontsize=TEXT)
    name_axis(ax, measure, [], language)
    scale_axis(ax.xaxis, measure, language)
    if against != "tau2":
        ax.set_ylim(-3, 103)  # the same in all of them
    turn_ticks(ax.yaxis, language)
    if words is not None:
        for colour, label in ((SHOWN, words), (OTHERS, language.say("figures.others"))):
            ax.plot([], [], "s", color=colour, ms=4.5, label=label)
        ax.legend(
            fontsize=SMALL,
            bbox_transform=canvas.figure.transSubfigure,
            frameon=False,
            loc="upper left",
            ncols=2,
            handletextpad=0.2,
            borderaxespad=0,
            borderpad=0,
            bbox_to_anchor=canvas.point(_LEFT / MIDDLE, 1 - (above - 0.2) / high),
            columnspacing=1,
        )
    paper.write_title(canvas, (0.08, 0.08))
    numbers = {"n": language.whole(int(drawn.sum())), "trials": found.trials}
    told = [
        language.say("figures.gosh_all" if found.exhaustive else "figures.gosh_sample", **numbers),
        "" if shown is None else language.say("figures.gosh_read", trial=shown[0]),
        "" if several else language.say("figures.gosh_few", n=found.trials),
    ]
    least, most, whole = as_shown(measure, float(x.min()), float(x.max()), found.whole)
    seen = [language.say("figures.gosh_seen", low=least, high=most, whole=whole)]
    tell(ax, language.say("figures.name_gosh", title=language.word(name)), told, seen, language)
    return ax


def _dots(ax: Axes, x: Array, h: Array, holds: Mask | None) -> None:
    size, alpha = (16, 0.9) if x.size < 100 else (5, 0.5)
    colours: Any = COLOURS["variant"] if holds is None else np.where(holds, SHOWN, OTHERS)
    ax.scatter(x, h, s=size, c=colours, alpha=alpha, lw=0, rasterized=True, gid="subsets", zorder=2)


def _hexagons(
    ax: Axes, x: Array, h: Array, holds: Mask | None, canvas: Canvas, language: Language, *, top: float
) -> None:
    how: dict[str, Any] = {"bins": "log", "cmap": DAY_SHADES}
    words = language.say("figures.subsets")
    if holds is not None:
        how = {"C": holds, "reduce_C_function": np.mean, "cmap": DAY_SHARES, "vmin": 0, "vmax": 1}
        words = language.say("figures.share")
    cells = ax.hexbin(
        x, h, gridsize=_HEXAGONS, mincnt=1, lw=0.1, rasterized=True, gid="subsets", zorder=2, **how
    )
    scale = canvas.add_axes(((_LEFT + _PLOT + 0.05) / MIDDLE, top - 0.1, (_SIDE - 0.12) / MIDDLE, 0.02))
    bar = canvas.figure.colorbar(cells, cax=scale, orientation="horizontal")
    bar.ax.set_title(words, fontsize=SMALL - 0.5, pad=2)
    bar.ax.tick_params(labelsize=SMALL - 0.5, length=2, pad=1, which="both")
    turn_ticks(bar.ax.xaxis, language)
    bar.outline.set_visible(False)


def _histogram(side: Axes, values: Array | tuple[Array, Array], gid: str, turn: Any) -> None:
    parts = values if isinstance(values, tuple) else (values,)
    colours = (SHOWN, OTHERS) if len(parts) > 1 else (COLOURS["variant"],)
    names = (f"{gid}:shown", f"{gid}:others") if len(parts) > 1 else (gid,)
    bins = np.histogram_bin_edges(np.concatenate(parts), _BINS).tolist()
    for name, part, colour in zip(names, parts, colours, strict=True):
        side.hist(part, bins=bins, orientation=turn, color=colour, histtype="stepfilled", alpha=0.6, gid=name)
    side.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    for spine in side.spines.values():
        spine.set_visible(False)
