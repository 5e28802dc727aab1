"""The specification curve: every analysis by its estimate, and beneath it what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from livingmeta.appraisal.multiverse import (
    Multiverse,
    Shares,
    TrialSet,
    by_estimate,
    by_option,
    excluding,
    trial_sets,
)
from livingmeta.engine.measures import as_shown
from livingmeta.engine.pooling import side_of_no_effect
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    DAY_SHADES,
    LINE,
    PALE,
    SMALL,
    TEXT,
    WHITE,
    WIDE,
    Paper,
    axis_words,
    draw_mark,
    fitted,
    open_axes,
    pictured,
    pool_name,
    scale_axis,
    share_words,
    tell,
    wrapped,
    write_beside,
    write_title,
)
from livingmeta.language import ENGLISH, Language
from livingmeta.words import Numeral

# Inches
_NAMES, _NUMBERS, _MARGIN = 2.05, 1.2, 0.05
_CURVE = WIDE - _NAMES - _NUMBERS - 2 * _MARGIN
_HEIGHT, _ROW, _GAP = 2.5, 0.15, 0.08
BINS = 300  # columns of the panel: more analyses than that share one, and its shade is their part
LONG_NAME = 30  # characters of a trial set's name that fit beside the panel
MANY = 1000  # lines; more are drawn as pixels, even in a vector file
Marks = NDArray[np.float64]
# Options that a review names by a token, and what readers call them
OPTIONS = {
    "main": "figures.option_main",
    "default": "figures.option_default",
    "alternative": "figures.option_alternative",
    "in": "figures.option_in",
    "out": "figures.not_used",
    "final first": "figures.option_final",
    "change first": "figures.option_change",
    "revman": "figures.option_revman",
    "LS": "figures.option_ls",
    "UB": "figures.option_ub",
    "random": "scenario.random",
    "common": "scenario.common",
    "wald": "figures.option_wald",
    "t": "figures.option_t",
    "hksj": "figures.option_hksj",
    "hksj-modified": "figures.option_hksj_modified",
    "profile": "figures.option_profile",
    "all": "figures.option_all",
    "without high": "figures.option_without_high",
}


@pictured
def specification_curve(
    found: Multiverse, shares: Shares, *, note: str = "", paper: Paper
) -> tuple[Axes, Axes]:
    """Draw all analyses of one synthesis in the order of their estimates.

    Parameters
    ----------
    found : Multiverse
        With one analysis or more.
    shares : Shares
        Of its analyses; says the smallest important difference.
    note : str
        Sentences for the caption: what the headline rests on, what is published.

    Returns
    -------
    curve, panel : Axes
        Gids in the curve: "estimates", "intervals:below", "intervals:above", "intervals:across",
        "headline" where it is one of the analyses, "published", "important"; in the panel
        "options", one line of an image per trial set, where there are several, and per option, its
        shade the part of the specifications above it that have it.

    Examples
    --------
    >>> from livingmeta.appraisal.multiverse import multiverse, shares
    >>> from livingmeta.review.folder import load_review
    >>> analysed, = multiverse(load_review("smith2017"), synthesis="pain-short")
    >>> curve, panel = specification_curve(analysed, shares(analysed.analyses))
    >>> len(panel.get_yticks()) == 4 + sum(len(choice.options) for choice in analysed.choices)
    True
    """
    language = paper.language
    table = by_estimate(found.analyses)
    sets = trial_sets(found)
    blocks = _blocks(found, table, sets, language)
    lines = sum(1 + len(rows) for _, rows in blocks)
    legend = wrapped(_legend(found, shares, sets, language), WIDE - 2 * _MARGIN)
    top = paper.above
    above, panel_height = top + 0.12 + LINE * len(legend), lines * _ROW
    high = above + _HEIGHT + _GAP + panel_height + 0.05
    canvas = paper.canvas(WIDE, high)
    left, wide = (_MARGIN + _NAMES) / WIDE, _CURVE / WIDE
    curve = canvas.add_axes((left, (0.05 + panel_height + _GAP) / high, wide, _HEIGHT / high))
    panel = canvas.add_axes((left, 0.05 / high, wide, panel_height / high))
    _curve(curve, found, table, shares, language)
    _panel(panel, found, blocks, language)
    if paper.title is not None:
        write_title(canvas, fitted(paper.title, WIDE - 2 * _MARGIN, bold=True), (_MARGIN, 0.05))
    for i, line in enumerate(legend):
        style = {"fontsize": SMALL, "weight": "normal", "gid": "legend"}
        write_title(canvas, line, (_MARGIN, top + 0.05 + LINE * i), **style)
    _mark_headline((curve, panel), found, table, language)
    name = language.say("figures.name_curve", title=pool_name(found.main, language))
    seen = _legend(found, shares, sets, language)
    told = [*curve_key(found, shares, language), language.say("figures.shares"), note]
    tell(curve, name, told, [seen], language)
    return curve, panel


def _headline(found: Multiverse, table: pd.DataFrame) -> int | None:
    """Return the place of the review's own analysis, if it is one of them."""
    result = found.main.result
    if result is None:
        return None
    own = (result.estimate, result.ci_low, result.ci_high)
    shown = table[["estimate", "ci_low", "ci_high"]].to_numpy(float)
    same = np.flatnonzero(np.isclose(shown, own, rtol=1e-6, atol=1e-9).all(1))
    return int(same[0]) if same.size else None


def _mark_headline(
    axes: tuple[Axes, Axes], found: Multiverse, table: pd.DataFrame, language: Language
) -> None:
    place = _headline(found, table)
    if place is None:
        return
    curve, _ = axes
    color = COLOURS["pooled"]
    estimate = float(table["estimate"].iloc[place])
    for ax in axes:
        ax.plot((place, place), ax.get_ylim(), color=color, lw=0.7, ls=(0, (2, 2)), zorder=4)
    draw_mark(curve, place, estimate, "D", color=color, size=6, gid="headline", zorder=6, mec=WHITE, mew=0.6)
    side = "left" if place < len(table) / 2 else "right"
    nudge = 4 if side == "left" else -4
    curve.annotate(
        language.say("figures.headline_mark"),
        (place, curve.get_ylim()[1]),
        xytext=(nudge, -2),
        textcoords="offset points",
        ha=side,
        va="top",
        color=BLACK,
        fontsize=SMALL,
        zorder=6,
        bbox={"facecolor": WHITE, "edgecolor": "none", "pad": 0.6},
    )


def _curve(ax: Axes, multiverse: Multiverse, table: pd.DataFrame, shares: Shares, language: Language) -> None:
    main, n = multiverse.main, len(table)
    place = np.arange(n)
    estimate = table["estimate"].to_numpy(float)
    low, high = (table[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    least, most = _limits(estimate, low, high, multiverse, shares)
    ax.set_xlim(-0.5, n - 0.5)
    ax.set_ylim(least, most)
    if shares.important is not None:
        ax.axhspan(
            -shares.important, shares.important, color=PALE, alpha=0.55, lw=0, zorder=0, gid="important"
        )
        for edge in (-shares.important, shares.important):  # seen through the intervals
            ax.axhline(edge, color=BLACK, lw=0.5, ls=(0, (1, 3)), zorder=2.5)
    if main.no_effect is not None:
        ax.axhline(0, color=BLACK, lw=0.6, zorder=2.5)
    thick = float(np.clip(0.6 * _CURVE * 72 / n, 0.25, 1.6))
    side = side_of_no_effect(low, high) * (main.no_effect is not None)
    kinds = {"below": side < 0, "above": side > 0, "across": side == 0}
    for name, held in kinds.items():
        ends = np.stack([np.stack([place, end], -1)[held] for end in (low, high)], 1)
        ax.add_collection(
            LineCollection(
                list(ends),
                colors=COLOURS[name],
                linewidths=thick,
                zorder=2,
                gid=f"intervals:{name}",
                rasterized=n > MANY,
            ),
            autolim=False,
        )
    size = float(np.clip(0.7 * _CURVE * 72 / n, 2.0, 3.6))
    points: dict[str, Any] = {"rasterized": n > MANY}
    draw_mark(ax, place, estimate, "o", color=COLOURS["variant"], size=size, gid="estimates", **points)
    points |= {"size": 3.2, "clip_on": False, "zorder": 2}
    for off, edge, marker in ((low < least, least, "v"), (high > most, most, "^")):
        if off.any():  # these intervals go on
            ends, gid = np.full(off.sum(), edge), f"beyond:{marker}"
            draw_mark(ax, place[off], ends, marker, color=COLOURS["across"], gid=gid, **points)
    if main.printed is not None:
        printed = main.printed
        colour = COLOURS["published"]
        ax.axhline(printed.estimate, color=colour, lw=0.8, ls=(0, (4, 2)), zorder=4, gid="published")
        # the three as printed, also where the estimate lies outside its limits
        beside: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "clip_on": False}
        limits = (printed.ci_low, printed.ci_high)
        ax.plot((1.02, 1.02), limits, color=colour, lw=0.8, zorder=5, **beside)
        ax.plot(1.02, printed.estimate, "D", color=colour, ms=4, mfc=PALE, zorder=6, **beside)
        text = language.say("figures.published_at", value=as_shown(main.measure, printed.estimate)[0])
        write_beside(ax, 1.045, printed.estimate, text, color=colour)
    ax.set_xticks([])
    scale_axis(ax.yaxis, main.measure, language)
    open_axes(ax, kept="left", pad=1.5)
    ax.spines["left"].set_linewidth(0.6)
    label = language.word(axis_words(main.measure))
    ax.set_ylabel(label[:1].upper() + label[1:], fontsize=TEXT, labelpad=3)
    for end, above, where in ((least, False, "bottom"), (most, True, "top")):
        if main.favours is not None and (end > 0 if above else end < 0):
            words = "\n".join(wrapped(language.word(main.side(above)), 1.2))
            write_beside(ax, -0.42 / _CURVE, end, words, ha="right", va=where, gid=f"favours:{1 + above}")


def _limits(
    estimate: Marks, low: Marks, high: Marks, multiverse: Multiverse, shares: Shares
) -> tuple[float, float]:
    """Show all estimates and what they are compared with, and intervals unless they are far off."""
    must = [*estimate, *([] if multiverse.main.no_effect is None else [0.0])]
    if multiverse.main.printed is not None:
        printed = multiverse.main.printed
        must += [printed.estimate, printed.ci_low, printed.ci_high]
    if shares.important is not None:
        must += [-shares.important, shares.important]
    far = 3 * float(np.median(np.abs([low, high])))  # farther ones leave the picture
    ends = np.clip([low.min(), high.max()], -far, far)
    least, most = min(*must, ends[0]), max(*must, ends[1])
    pad = 0.04 * (most - least) or 1.0
    return least - pad, most + pad


@dataclass(frozen=True)
class _Row:
    """A line of the panel: which of the analyses, from the lowest, have it, and what they say."""

    words: str
    held: Marks
    analyses: int
    median: float
    excludes: float


def _blocks(
    multiverse: Multiverse, table: pd.DataFrame, sets: tuple[TrialSet, ...], language: Language
) -> list[tuple[str, list[_Row]]]:
    """Return the lines of the panel under their headings: trial sets, then each choice."""
    blocks = []
    if len(sets) > 1:
        rows = [
            _Row(
                f"{trials.name}: {_trials_words(trials, language)}",
                np.asarray(table["trial_set"] == trials.name, dtype=float),
                trials.shares.analyses,
                trials.shares.median,
                trials.shares.excludes,
            )
            for trials in sets
        ]
        heading = language.say("universe.set")
        blocks.append((heading[:1].upper() + heading[1:], rows))
    options = by_option(multiverse).to_dict("records")
    for choice in multiverse.choices:
        rows = [
            _Row(
                language.say(OPTIONS[row["option"]])
                if row["option"] in OPTIONS
                else language.word(row["option"]),
                multiverse.part(choice.name, row["option"])[table.index],
                row["analyses"],
                row["median"],
                row["excludes"],
            )
            for row in options
            if row["choice"] == choice.name
        ]
        blocks.append((language.say(f"figures.choice_{choice.name}"), rows))
    return blocks


def _trials_words(trials: TrialSet, language: Language) -> str:
    return language.word(trials.words(short=len(language.word(trials.words())) > LONG_NAME))


def _panel(
    ax: Axes, multiverse: Multiverse, blocks: list[tuple[str, list[_Row]]], language: Language
) -> None:
    n = len(multiverse.analyses)
    bins = min(n, BINS)
    lines: list[Marks] = []
    ticks: list[int] = []
    for heading, rows in blocks:
        write_beside(ax, -_NAMES / _CURVE, len(lines), heading, fontsize=TEXT, weight="bold")
        lines.append(np.full(bins, np.nan))
        for row in rows:
            ticks.append(len(lines))
            lines.append(np.array([part.mean() for part in np.array_split(row.held, bins)]))
    shown = np.array(lines)
    ax.imshow(
        np.ma.masked_invalid(shown),
        cmap=DAY_SHADES,
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, n - 0.5, len(lines) - 0.5, -0.5),
        gid="options",
    )
    # white lines keep the options apart, and a few analyses
    ax.hlines(np.arange(len(lines) + 1) - 0.5, *ax.get_xlim(), color=WHITE, lw=1.6)
    if n <= BINS // 4:
        ax.vlines(np.arange(n + 1) - 0.5, *ax.get_ylim(), color=WHITE, lw=0.8)
    every = [row for _, rows in blocks for row in rows]
    ax.set_yticks(ticks, [row.words for row in every], fontsize=SMALL)
    ax.tick_params(length=0, pad=2)
    ax.set_xticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    median, excludes = 1 + 0.52 / _CURVE, 1 + 1.06 / _CURVE
    none = multiverse.main.no_effect
    for head, x in (("median", median), ("excludes", excludes))[: 1 if none is None else 2]:
        _right(ax, x, 0, language.say(f"figures.{head}", no_effect=Numeral(none)))
    for line, row in zip(ticks, every, strict=True):
        if row.analyses:
            _right(ax, median, line, language.word(as_shown(multiverse.main.measure, row.median)[0]))
            if none is not None:
                _right(ax, excludes, line, share_words(row.excludes, language))
        else:
            _right(ax, excludes, line, language.say("figures.no_analysis"))


def _right(ax: Axes, x: float, line: int, text: str) -> None:
    write_beside(ax, x, line, text, ha="right")


def _legend(multiverse: Multiverse, shares: Shares, sets: tuple[TrialSet, ...], language: Language) -> str:
    if multiverse.main.no_effect is None:
        return language.say("figures.curve_alone", n=language.whole(shares.analyses))
    left, right = (
        multiverse.main.side(above, key) for above, key in ((False, "in_favour"), (True, "drawn.of_group"))
    )
    parts = (shares.excludes_below, shares.excludes_above, 1 - shares.excludes)
    return language.say(
        "figures.curve_sets" if len(sets) > 1 else "figures.curve_one_set",
        n=language.whole(shares.analyses),
        sets=len(sets),
        below=left,
        above=right,
        **{f"part{i}": share_words(part, language) for i, part in enumerate(parts, start=1)},
    )


def curve_key(found: Multiverse, shares: Shares, language: Language = ENGLISH) -> tuple[str, ...]:
    """Say what a specification curve shows, and what to mind."""
    table, sets = by_estimate(found.analyses), trial_sets(found)
    low, high = (table[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    least, most = _limits(table["estimate"].to_numpy(float), low, high, found, shares)
    off = int(((low < least) | (high > most)).sum())
    k = (shares.k_low, shares.k_high)
    many = "one" if k == (1, 1) else "same" if k[0] == k[1] else "many"
    parts = [language.say(f"figures.rests_{many}", low=k[0], high=k[1])]
    if len(sets) > 1 and found.main.no_effect is not None:
        excluded = excluding(sets)
        key = "figures.sets_exclude_one" if excluded["all"] == 1 else "figures.sets_exclude_many"
        no_effect = Numeral(found.main.no_effect)
        parts.append(
            language.say(key, n=len(sets), no_effect=no_effect, **{f"in_{a}": b for a, b in excluded.items()})
        )
    if shares.important is not None:
        (size,) = as_shown(found.main.measure, shares.important)
        parts.append(language.say("figures.band", size=size))
    if off:
        key = "figures.beyond_one" if off == 1 else "figures.beyond_many"
        parts.append(language.say(key, n=language.whole(off)))
    parts.append(language.say("figures.paler_binned" if len(table) > BINS else "figures.paler"))
    if _headline(found, table) is None:
        parts.append(language.say("figures.headline_absent"))
    return tuple(parts)
