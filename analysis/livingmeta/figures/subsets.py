"""Estimates of all subsets against their heterogeneity, drawn from stored results only."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.subsets import ENOUGH_FOR_SUBSETS, Gosh
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    PALE,
    SMALL,
    TEXT,
    Canvas,
    as_written,
    axis_words,
    scale_axis,
    turn_ticks,
)
from livingmeta.language import ENGLISH, Language

DOTS = 2000  # subsets; beyond it they hide each other, and are counted in hexagons
_HEXAGONS, _BINS = 64, 60
HETEROGENEITY = {"i2": "I² (%)", "i2_tau2": "I² (%)", "tau2": "τ²"}
DENSITY = LinearSegmentedColormap.from_list("density", [PALE, COLOURS["variant"]])
SHOWN, OTHERS = COLOURS["above"], COLOURS["below"]
SHARE = LinearSegmentedColormap.from_list("share", [OTHERS, PALE, SHOWN])


@as_written
def gosh_plot(
    found: Gosh,
    *,
    measure: str = "",
    against: str = "i2",
    shown: tuple[str, Mask] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw the estimate of each subset of two trials or more against its heterogeneity.

    Parameters
    ----------
    found : Gosh
    measure : str
        Label of the effects; logs of a ratio are shown as ratios.
    against : str
        "i2" (by Q), "i2_tau2" (by τ²) or "tau2".
    shown : tuple of str and ndarray of bool, optional
        Subsets to tell apart, such as those that hold a trial: their name, and which they are.
        They are orange, the others blue, and hexagons between the two by the share they hold.
    ax : Axes, optional
        Where to draw; its place is shared by all that the figure shows. By default a new figure,
        reached as ``ax.figure``.
    title : str, optional
        What was pooled.
    width, height : float, optional
        Of a new figure, in mm; by default as much as it needs.
    language : Language
        Of the words that are drawn.

    Returns
    -------
    Axes
        The middle one, with gid "subsets" on the points or hexagons, whose colour is their number
        on a log scale, and "whole" on the estimate of all trials. From six trials on, histograms
        (gid "estimates" and "heterogeneity", with ":shown" or ":others" behind where parts are
        told apart) stand above and to the right. Points are rasterised.
    """
    drawn = found.k > 1
    x, h = found.estimate[drawn], getattr(found, against)[drawn]
    holds = None if shown is None else shown[1][drawn]
    canvas = Canvas(ax, (4.6, 3.9), width=width, height=height)
    ax = canvas.add_axes((0.12, 0.12, 0.69, 0.54))
    if x.size <= DOTS:
        _dots(ax, x, h, holds)
    else:
        _hexagons(ax, x, h, holds, canvas, language)
    if found.trials >= ENOUGH_FOR_SUBSETS:  # a histogram of a handful would pretend to a shape
        both = (x, h) if holds is None else ((x[holds], x[~holds]), (h[holds], h[~holds]))
        above = canvas.add_axes((0.12, 0.675, 0.69, 0.135), sharex=ax)
        beside = canvas.add_axes((0.83, 0.12, 0.14, 0.54), sharey=ax)
        _histogram(above, both[0], "estimates", "vertical")
        _histogram(beside, both[1], "heterogeneity", "horizontal")
    ax.axvline(0, color=BLACK, lw=0.5, zorder=1)
    ax.axvline(found.whole, color=COLOURS["pooled"], lw=0.8, ls="--", gid="whole", zorder=3)
    _words(ax, canvas, found, title=title or "", measure=measure, against=against, language=language)
    if shown is not None:
        for colour, words in ((SHOWN, shown[0]), (OTHERS, language.say("figures.others"))):
            ax.plot([], [], "s", color=colour, ms=4, label=words)
        ax.legend(
            fontsize=SMALL,
            bbox_transform=canvas.figure.transSubfigure,
            frameon=False,
            loc="upper left",
            ncols=2,
            handletextpad=0.2,
            bbox_to_anchor=canvas.point(0.105, 0.895),
            columnspacing=1,
        )
    return ax


def _dots(ax: Axes, x: Array, h: Array, holds: Mask | None) -> None:
    colours: Any = COLOURS["variant"] if holds is None else np.where(holds, SHOWN, OTHERS)
    size, alpha = (16, 0.9) if x.size < 100 else (5, 0.5)
    ax.scatter(x, h, s=size, c=colours, alpha=alpha, lw=0, rasterized=True, gid="subsets", zorder=2)


def _hexagons(ax: Axes, x: Array, h: Array, holds: Mask | None, canvas: Canvas, language: Language) -> None:
    how: dict[str, Any] = {"bins": "log", "cmap": DENSITY}
    words = language.say("figures.subsets")
    if holds is not None:
        how = {"C": holds, "reduce_C_function": np.mean, "cmap": SHARE, "vmin": 0, "vmax": 1}
        words = language.say("figures.share")
    cells = ax.hexbin(
        x, h, gridsize=_HEXAGONS, mincnt=1, lw=0.1, rasterized=True, gid="subsets", zorder=2, **how
    )
    scale = canvas.add_axes((0.84, 0.74, 0.12, 0.02))
    bar = canvas.figure.colorbar(cells, cax=scale, orientation="horizontal")
    bar.ax.set_title(words, fontsize=SMALL - 1, pad=2)
    bar.ax.tick_params(labelsize=SMALL - 1, length=2, pad=1, which="both")
    bar.outline.set_visible(False)


def _histogram(side: Axes, values: Array | tuple[Array, Array], gid: str, turn: Any) -> None:
    parts = values if isinstance(values, tuple) else (values,)
    colours = (SHOWN, OTHERS) if len(parts) > 1 else (COLOURS["variant"],)
    names = (f"{gid}:shown", f"{gid}:others") if len(parts) > 1 else (gid,)
    bins = np.histogram_bin_edges(np.concatenate(parts), _BINS).tolist()
    for name, part, colour in zip(names, parts, colours, strict=True):
        side.hist(
            part, bins=bins, orientation=turn, color=colour, histtype="stepfilled", alpha=0.55, gid=name
        )
    side.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    for spine in side.spines.values():
        spine.set_visible(False)


def _words(
    ax: Axes, canvas: Canvas, gosh: Gosh, *, title: str, measure: str, against: str, language: Language
) -> None:
    ax.set_xlabel(language.word(axis_words(measure)), fontsize=TEXT)
    ax.set_ylabel(HETEROGENEITY[against], fontsize=TEXT)
    scale_axis(ax.xaxis, measure, language)
    if against != "tau2":
        ax.set_ylim(-3, 103)  # the same in all of them
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    turn_ticks(ax.yaxis, language)
    numbers = {"n": language.whole(int((gosh.k > 1).sum())), "trials": gosh.trials}
    key = "figures.gosh_all" if gosh.exhaustive else "figures.gosh_sample"
    lines = [*textwrap.wrap(title, 84), language.say(key, **numbers)]
    if gosh.trials < ENOUGH_FOR_SUBSETS:
        lines.append(language.say("figures.gosh_few", n=gosh.trials))
    canvas.text(0.02, 0.98, "\n".join(lines), ha="left", va="top", fontsize=TEXT, gid="title")
