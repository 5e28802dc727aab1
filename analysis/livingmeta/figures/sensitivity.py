"""Pictures of how far a synthesis bends: leave-one-out, cumulative, Baujat, influence."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from livingmeta.appraisal.changes import Stage
from livingmeta.appraisal.scenarios import Sensitivity, Without
from livingmeta.engine.effect_sizes import as_shown
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    GREY,
    PALE,
    SMALL,
    TEXT,
    Canvas,
    as_written,
    axis_sides,
    axis_words,
    draw_diamond,
    draw_interval,
    draw_mark,
    open_axes,
    pool_name,
    pooled_look,
    scale_axis,
    shade_unimportant,
    turn_ticks,
    write_beside,
    write_title,
)
from livingmeta.language import ENGLISH, Language, said
from livingmeta.words import STEADY, RefusalError, steady

MOST = 60  # lines on a page; of more, those that say most are drawn, and the title says so
_ROW, _NAMES, _FOREST, _NUMBERS, _TOP, _BOTTOM = 0.155, 2.35, 2.9, 1.75, 0.3, 0.62  # inches
PANELS = {
    "rstudent": "figures.panel_rstudent",
    "dffits": "figures.panel_dffits",
    "cook": "figures.panel_cook",
    "cov_ratio": "figures.panel_cov_ratio",
    "tau2": "figures.panel_tau2",
    "q": "figures.panel_q",
    "hat": "figures.panel_hat",
    "dfbetas": "figures.panel_dfbetas",
}
ORDER_WORDS = {
    "year": said("figures.order_year"),
    "size": said("figures.order_size"),
    "precision": said("figures.order_precision"),
}
Line = tuple[str, Without | Stage | None]  # None: a heading


def leave_one_out_plot(
    sensitivity: Sensitivity,
    *,
    important: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw the pooled estimate without each trial, over the interval with all of them.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Smallest important difference in the unit of the effects, drawn as a band.
    ax, title, width, height, language
        As `funnel_plot` takes them.

    Returns
    -------
    Axes
        Each estimate has the gid "without:<place>", the whole "diamond:overall".

    Raises
    ------
    ValueError
        Below two trials.
    """
    k = _enough(sensitivity, 2, "without one of them nothing is left")
    kept = _telling(sensitivity.without)
    cut = language.say("figures.cut_most", n=len(kept), k=k) if len(kept) < k else ""
    lines: list[Line] = [(left.label, left) for left in kept]
    words = language.say("figures.without_each", cut=cut)
    paper: dict[str, Any] = {"ax": ax, "title": title, "width": width, "height": height}
    return _forest(sensitivity, lines, words, "without", important, language, **paper)


def cumulative_plot(
    sensitivity: Sensitivity,
    *,
    important: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw the pooled estimate one more trial at a time: by year, size and precision.

    Only by year where the three do not fit on a page, and then the last trials.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Smallest important difference in the unit of the effects, drawn as a band.
    ax, title, width, height, language
        As `funnel_plot` takes them.

    Returns
    -------
    Axes
        Each estimate has the gid "stage:<place>", the whole "diamond:overall".

    Raises
    ------
    ValueError
        Below two trials.
    """
    k = _enough(sensitivity, 2, "nothing accumulates")
    orders = {order: stages for order, stages in sensitivity.growth.items() if stages}
    if len(orders) * (k + 1) > MOST:
        orders = dict([next(iter(orders.items()))])
    lines: list[Line] = []
    for order, stages in orders.items():
        lines.append((language.say("figures.one_more", order=ORDER_WORDS[order]), None))
        lines += [(("+ " if stage.k > 1 else "") + stage.label, stage) for stage in stages[-MOST:]]
    cut = language.say("figures.cut_from", first=k - MOST + 1, k=k) if k > MOST else ""
    words = language.say("figures.cumulative", cut=cut)
    paper: dict[str, Any] = {"ax": ax, "title": title, "width": width, "height": height}
    return _forest(sensitivity, lines, words, "stage", important, language, **paper)


@as_written
def baujat_plot(
    sensitivity: Sensitivity,
    *,
    important: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw what each trial adds to the heterogeneity against how it moves the estimate.

    Trials are named where their names fit without touching, the outermost first.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Not used: both axes are free of the unit of the effects.
    ax, title, width, height, language
        As `funnel_plot` takes them.

    Returns
    -------
    Axes
        Points have the gid "trials", names "name:<place>".

    Raises
    ------
    ValueError
        Below three trials.

    References
    ----------
    Baujat B, Mahé C, Pignon JP, Hill C. A graphical method for exploring heterogeneity in
    meta-analyses. Stat Med 2002;21:2641-2652.
    """
    _enough(sensitivity, 3, "influence needs three")
    x = np.array([left.baujat_x for left in sensitivity.without], dtype=float)
    y = np.array([left.baujat_y for left in sensitivity.without], dtype=float)
    ax = Canvas(ax, (4.6, 3.6), width=width, height=height).add_axes((0.13, 0.14, 0.83, 0.74))
    draw_mark(ax, x, y, "o", color=COLOURS["trial"], size=3.6, gid="trials", zorder=2)
    ax.set_xlim(-0.04 * x.max(), 1.12 * x.max())
    ax.set_ylim(-0.1 * y.max(), 1.12 * y.max())
    ax.set_xlabel(language.say("figures.baujat_x"), fontsize=TEXT)
    ax.set_ylabel(language.say("figures.baujat_y"), fontsize=TEXT)
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    for axis in (ax.xaxis, ax.yaxis):
        turn_ticks(axis, language)
    nameless = _names(ax, x, y, [left.label for left in sensitivity.without])
    cut = language.say("figures.nameless", n=nameless) if nameless else ""
    _title(ax, f"{pool_name(sensitivity.main, language)}, k = {x.size}{cut}" if title is None else title)
    return ax


@as_written
def influence_plot(
    sensitivity: Sensitivity,
    *,
    important: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw eight diagnostics of each trial side by side, a line per trial.

    The grey line is where a trial that stands out in nothing lies: 0 for the residual, DFFITS and
    DFBETAS, 1 for the covariance ratio, 1/k for the hat value, and τ² and Q of all trials.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Not used: the diagnostics are free of the unit of the effects.
    ax, title, width, height, language
        As `funnel_plot` takes them.

    Returns
    -------
    Axes
        The first panel; each panel's points have the gid of their diagnostic.

    Raises
    ------
    ValueError
        Below three trials.
    """
    k = _enough(sensitivity, 3, "influence needs three")
    assert sensitivity.main.result is not None
    kept = _telling(sensitivity.without)
    usual = {
        "cov_ratio": 1.0,
        "hat": 1 / k,
        "tau2": sensitivity.main.result.tau2,
        "q": sensitivity.main.result.q,
    }
    names, panel, gap = 1.35, 0.62, 0.1
    wide = names + len(PANELS) * (panel + gap) + gap
    high = len(kept) * _ROW + 0.6 + 0.28
    canvas = Canvas(ax, (wide, high), width=width, height=height)
    places = np.arange(len(kept))
    axes = []
    for number, (column, key) in enumerate(PANELS.items()):
        left = (names + gap + number * (panel + gap)) / wide
        ax = canvas.add_axes((left, 0.28 / high, panel / wide, len(kept) * _ROW / high))
        # None, as τ² of a common effect, becomes NaN and is not drawn
        values = np.array([getattr(left_out, column) for left_out in kept], dtype=float)
        ax.axvline(usual.get(column) or 0.0, color=GREY, lw=0.6)
        ax.hlines(places, usual.get(column) or 0.0, values, color=PALE, lw=1.2, zorder=1)
        draw_mark(ax, values, places, "o", color=COLOURS["trial"], size=3, gid=column, zorder=2)
        ax.set_ylim(len(kept) - 0.5, -0.5)
        ax.margins(x=0.12)
        ax.set_yticks([] if number else places)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=2))
        turn_ticks(ax.xaxis, language)
        ax.tick_params(labelsize=SMALL - 1, length=2, width=0.5, pad=1.5)
        ax.set_title(language.say(key), fontsize=SMALL, pad=3)
        axes.append(ax)
    axes[0].set_yticklabels([_short(left.label) for left in kept], fontsize=SMALL)
    cut = language.say("figures.cut_most", n=len(kept), k=k) if len(kept) < k else f", k = {k}"
    head = language.say("figures.influence", name=pool_name(sensitivity.main, language), cut=cut)
    write_title(canvas, head if title is None else title, (0.08, 0.06))
    return axes[0]


def _enough(sensitivity: Sensitivity, needed: int, why: str) -> int:
    k = len(sensitivity.main.effects)
    if sensitivity.main.result is None or k < needed:
        raise RefusalError(f"k = {k if sensitivity.main.result else 0}: {why}, so it is not drawn.")
    return k


def _short(label: str) -> str:
    return textwrap.shorten(label, 26, placeholder="…")


def _title(ax: Axes, text: str) -> None:
    lines = textwrap.wrap(text, 80)
    ax.set_title("\n".join(lines), fontsize=TEXT, loc="left", gid="title")


def _telling(without: Sequence[Without]) -> list[Without]:
    """Return the trials that move the estimate most, in their order, as many as fit on a page."""
    if len(without) <= MOST:
        return list(without)
    by = sorted(without, key=lambda left: -steady(left.cook or 0))[:MOST]
    return [left for left in without if left in by]


@as_written
def _forest(
    sensitivity: Sensitivity,
    lines: Sequence[Line],
    words: str,
    gid: str,
    important: float | None,
    language: Language,
    *,
    title: str | None,
    **paper: Any,
) -> Axes:
    pool, result = sensitivity.main, sensitivity.main.result
    assert result is not None
    width = _NAMES + _FOREST + _NUMBERS
    rows = len(lines) + 1
    height = rows * _ROW + _TOP + _BOTTOM
    canvas = Canvas(paper.pop("ax"), (width, height), **paper)
    ax = canvas.add_axes((_NAMES / width, _BOTTOM / height, _FOREST / width, rows * _ROW / height))
    ax.set_xlim(*_limits(sensitivity, [row for _, row in lines if row is not None], important or 0.0))
    ax.set_ylim(rows - 0.5, -0.5)
    ax.set_yticks([])
    open_axes(ax, pad=1.5)
    shade_unimportant(ax, important)
    colour = pooled_look(pool)["color"]
    ax.axvspan(result.ci_low, result.ci_high, color=colour, alpha=0.12, lw=0, zorder=0)
    ax.axvline(result.estimate, color=colour, lw=0.8, ls=(0, (3, 2)), zorder=1)
    ax.axvline(0, color=BLACK, lw=0.6, zorder=1)
    for place, (label, row) in enumerate(lines):
        _write(ax, place, label, row, pool.measure, language)
        if row is not None:
            draw_interval(ax, row.ci_low, row.ci_high, place, gid=f"ci:{gid}:{place}")
            colour = COLOURS["variant"]
            draw_mark(ax, row.estimate, place, "s", color=colour, size=3.4, gid=f"{gid}:{place}")
    last = rows - 1
    draw_diamond(ax, result, last, half=0.35, gid="diamond:overall", **pooled_look(pool))
    whole = Stage(
        label="",
        year=None,
        k=result.k,
        estimate=result.estimate,
        measure=pool.measure,
        ci_low=result.ci_low,
        ci_high=result.ci_high,
    )
    _write(ax, last, language.say("figures.all_trials"), whole, pool.measure, language)
    scale_axis(ax.xaxis, pool.measure, language)
    band = "" if important is None else "\n" + language.say("figures.grey")
    axis = language.word(axis_words(pool.measure)) + axis_sides(pool, language)
    ax.set_xlabel(axis + band, fontsize=SMALL)
    write_title(canvas, f"{pool_name(pool, language)}, {words}" if title is None else title, (0.08, 0.08))
    return ax


def _limits(
    sensitivity: Sensitivity, rows: Sequence[Without | Stage], important: float
) -> tuple[float, float]:
    """Return an axis that shows 0, all estimates and the whole, and intervals that are no giants.

    Three times the median limit: what is farther off gets an arrow, and its numbers stand beside.
    """
    result = sensitivity.main.result
    assert result is not None
    limits = np.array([(row.ci_low, row.ci_high) for row in rows])
    far = 3 * float(np.median(np.abs(limits)))
    estimates = [row.estimate for row in rows]
    low = min(result.ci_low, -important, *estimates, max(float(limits.min()), -far), 0.0)
    high = max(result.ci_high, important, *estimates, min(float(limits.max()), far), 0.0)
    room = 0.05 * (high - low)
    return low - room, high + room


def _write(
    ax: Axes, place: int, label: str, row: Without | Stage | None, measure: str, language: Language
) -> None:
    weight = "normal" if row is not None else "bold"
    shortened = textwrap.shorten(label, 48, placeholder="…")
    write_beside(ax, -0.97 * _NAMES / _FOREST, place, shortened, weight=weight)
    if row is not None:
        value, low, high = as_shown(measure, row.estimate, row.ci_low, row.ci_high)
        numbers = f"{language.say('interval', estimate=value, low=low, high=high)}, k = {row.k}"
        write_beside(ax, 1 + 0.97 * _NUMBERS / _FOREST, place, numbers, ha="right")


MOST_NAMED = 100  # points: no more names find room, and each is tried beside all others


def _names(ax: Axes, x: np.ndarray, y: np.ndarray, labels: Sequence[str]) -> int:
    """Write names beside the points where they touch nothing; return how many found no room."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    points = ax.transData.transform(np.column_stack([x, y]))
    taken = [Bbox.from_extents(*(p - 3), *(p + 3)) for p in points]
    room = ax.get_window_extent(renderer)
    nameless = max(0, len(labels) - MOST_NAMED)
    far = np.hypot(x / (x.max() or 1), y / (y.max() or 1))
    for i in np.argsort(-far.round(STEADY), kind="stable")[:MOST_NAMED]:
        for dx, dy, ha, va in PLACES:
            text = ax.annotate(
                _short(labels[i]),
                (x[i], y[i]),
                xytext=(dx, dy),
                fontsize=SMALL,
                textcoords="offset points",
                ha=ha,
                va=va,
                gid=f"name:{i}",
                arrowprops={"arrowstyle": "-", "lw": 0.4, "color": GREY, "shrinkA": 0, "shrinkB": 2},
            )
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)  # without its line
            if room.contains(*box.min) and room.contains(*box.max) and not box.count_overlaps(taken):
                taken.append(box)
                break
            text.remove()
        else:
            nameless += 1
    return nameless


# Points and alignment of a name around its trial, the nearest first
PLACES = (
    (5, 0, "left", "center"),
    (-5, 0, "right", "center"),
    (0, 5, "center", "bottom"),
    (0, -5, "center", "top"),
    (5, 5, "left", "bottom"),
    (-5, 5, "right", "bottom"),
    (5, -5, "left", "top"),
    (-5, -5, "right", "top"),
)

FIGURES: Mapping[str, Callable[..., Axes]] = {
    "leave_one_out": leave_one_out_plot,
    "cumulative": cumulative_plot,
    "baujat": baujat_plot,
    "influence": influence_plot,
}
