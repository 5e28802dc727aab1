"""What a printed interval gives away: sets against their precision, and what is left for each trial."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from livingmeta.audit.deduction import Deduction
from livingmeta.engine.measures import as_shown, scale_of
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    GREY,
    ROW,
    SMALL,
    TEXT,
    WIDE,
    Paper,
    draw_interval,
    draw_mark,
    fitted,
    name_axis,
    open_axes,
    pictured,
    scale_axis,
    tell,
    write_beside,
)
from livingmeta.language import Language
from livingmeta.words import RefusalError

_LEFT, _RIGHT = 1.75, 1.45  # inches
_TOP, _STRIP, _BETWEEN, _AXIS = 0.3, 0.18, 0.62, 0.46
SET_DOTS = 4000  # sets; beyond it they hide each other, and are drawn as an image


@pictured
def deduction_plot(deduction: Deduction, *, paper: Paper) -> Axes:
    """Draw which sets of trials can stand behind a printed interval, and what is left for each trial.

    Parameters
    ----------
    deduction : Deduction
        Of printed numbers, or words.

    Returns
    -------
    Axes
        The upper ones; by label they are "strip" (not of words, or of P alone, that say nothing of
        single sets) and "trials". Above, a mark for each set at the
        least standard error that its arms allow (gid "possible", "excluded"), the printed one as a
        band ("printed").
        Below, known trials solid ("known:<n>"), unread ones as the range that is left, without a
        point ("unread:<n>"), their mean ("mean"), and the printed result ("pool").

    Raises
    ------
    RefusalError
        Where nothing can be deduced.
    """
    language = paper.language
    if not deduction.drawable:
        raise RefusalError(f"{', '.join(deduction.claims)}: nothing can be deduced, {deduction.why_not}.")
    # words are of one set, and no number says how precise it is
    rows = 0 if deduction.in_words else len(deduction.candidates)
    trials = len(deduction.candidates) + 2
    above = _TOP + paper.above
    between = _BETWEEN if rows else 0.0
    high = above + rows * _STRIP + between + trials * ROW + _AXIS
    canvas = paper.canvas(WIDE, high)

    def axes(top: float, tall: float, label: str) -> Axes:
        inside = (_LEFT / WIDE, 1 - (top + tall) / high, (WIDE - _LEFT - _RIGHT) / WIDE, tall / high)
        ax = canvas.add_axes(inside, label=label)
        open_axes(ax)
        return ax

    strip = axes(above, rows * _STRIP, "strip") if rows else None
    forest = axes(above + rows * _STRIP + between, trials * ROW, "trials")
    if strip is not None:
        _strip(strip, deduction, language)
    _trials(forest, deduction, language)
    paper.write_title(canvas, (0.05, 0.05))
    name, shown = language.word(deduction.name), language.word(deduction.shown)
    _, _, possible = deduction.strip
    counts = {"n": language.whole(int(possible.sum())), "sets": language.whole(possible.size)}
    seen = language.say("deduction.drawn_seen" if rows else "deduction.drawn_words", shown=shown, **counts)
    told = language.say("deduction.drawn_read" if rows else "deduction.drawn_read_words", shown=shown)
    first = strip or forest
    tell(first, language.say("deduction.drawn_name", name=name), [told], [seen], language)
    return first


SETS = {"possible": "deduction.drawn_possible", "excluded": "deduction.drawn_excluded"}


def _strip(ax: Axes, deduction: Deduction, language: Language) -> None:
    k, se, possible = deduction.strip
    rows = np.arange(1, len(deduction.candidates) + 1)
    left, right = deduction.band(rows)
    most = 1.05 * float(np.quantile(se, 0.99))
    ends = right[right < 2 * most]
    least, most = min([se.min(), *ends, *left[left > 0]]), max([most, *(1.05 * ends)])
    ax.set_xlim(least - 0.02 * (most - least), most)
    if deduction.se is not None:
        right = np.minimum(right, ax.get_xlim()[1])  # it may have no end
        bars = ax.barh(rows, right - left, left=left, height=1, color=COLOURS["published"], alpha=0.3, lw=0)
        for bar in bars:
            bar.set(gid="printed", zorder=1)
        over = (max(left[-1], ax.get_xlim()[0]) + right[-1]) / 2, 1.01
        words = language.say("deduction.drawn_printed")
        where = ax.get_xaxis_transform()
        ax.text(*over, words, transform=where, fontsize=SMALL, ha="center", va="bottom", color=GREY)
    for gid, colour in (("possible", COLOURS["pooled"]), ("excluded", COLOURS["across"])):
        held = possible if gid == "possible" else ~possible
        ax.plot(
            se[held],
            k[held],
            "|",
            color=colour,
            ms=7,
            mew=0.8,
            gid=gid,
            zorder=3 if gid == "possible" else 2,
            rasterized=k.size > SET_DOTS,
            label=f"{language.say(SETS[gid])} ({language.whole(int(held.sum()))})",
        )
    ax.set_ylim(0.4, len(deduction.candidates) + 0.6)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.set_ylabel(language.say("deduction.drawn_sets"), fontsize=TEXT)
    key = "drawn_strip_of_log" if scale_of(deduction.measure).ratio else "drawn_strip"
    ax.set_xlabel(language.say(f"deduction.{key}"), fontsize=TEXT)
    scale_axis(ax.xaxis, "", language)  # a standard error is one on the scale of analysis
    ax.legend(fontsize=SMALL, frameon=False, loc="upper right", handletextpad=0.2)


def _trials(ax: Axes, deduction: Deduction, language: Language) -> None:
    sets = deduction.widest
    assert sets is not None
    numbers = deduction.numbers
    read = [candidate.interval for candidate in deduction.candidates if candidate.known]
    least = min([-1.0, *numbers, *(low for low, _ in read)])
    most = max([1.0, *numbers, *(high for _, high in read)])
    ax.set_xlim(least - 0.05 * (most - least), most + 0.05 * (most - least))
    ax.set_ylim(len(deduction.candidates) + 1.6, -0.6)
    ax.axvline(0, color=BLACK, lw=0.5, zorder=1)
    ax.set_yticks([])
    for row, candidate in enumerate(deduction.candidates):
        _left(ax, row, fitted(candidate.label, _LEFT - 0.2))
        if candidate.known:
            draw_interval(ax, *candidate.interval, row, gid=f"ci:{row}", color=COLOURS["trial"])
            effect = np.mean(candidate.effect)
            draw_mark(ax, effect, row, "s", color=COLOURS["trial"], size=4, gid=f"known:{row}", mew=None)
            _right(ax, row, language.say("deduction.drawn_known"))
        elif deduction.holds(candidate) in {"all", "some"}:
            low, high = float(sets.trial_low[row]), float(sets.trial_high[row])
            bounded = low > candidate.effect[0] or high < candidate.effect[1]
            color = COLOURS["below" if bounded else "across"]
            draw_interval(ax, low, high, row, gid=f"unread:{row}", color=color, lw=5)
            _right(ax, row, _range(deduction, low, high, language))
    row = len(deduction.candidates)
    _left(ax, row, language.say("deduction.drawn_mean"), weight="bold")
    if sets.mean is not None:
        draw_interval(ax, *sets.mean, row, gid="mean", color=COLOURS["imagined"], lw=5)
        _right(ax, row, _range(deduction, *sets.mean, language))
    _left(ax, row + 1, language.say("h_printed"), weight="bold")
    if numbers:
        draw_mark(ax, numbers[0], row + 1, "D", color=COLOURS["published"], size=4, gid="printed", mew=None)
    if len(numbers) > 1:
        draw_interval(ax, numbers[1], numbers[2], row + 1, gid="pool", color=COLOURS["published"])
    _right(ax, row + 1, language.word(deduction.shown))
    scale_axis(ax.xaxis, deduction.measure, language)
    name_axis(ax, deduction.measure, [], language)


def _range(deduction: Deduction, low: float, high: float, language: Language) -> str:
    if not np.isfinite([low, high]).any():
        return language.say("deduction.drawn_anything")
    shown = as_shown(deduction.measure, low, high)
    return language.say("from_to", low=shown[0], high=shown[1])


def _left(ax: Axes, row: int, words: str, **style: Any) -> None:
    at = (0.05 - _LEFT) / (WIDE - _LEFT - _RIGHT)
    write_beside(ax, at, row, words, fontsize=TEXT, **style)


def _right(ax: Axes, row: int, words: str) -> None:
    at = 1 + (_RIGHT - 0.05) / (WIDE - _LEFT - _RIGHT)
    write_beside(ax, at, row, words, fontsize=TEXT, ha="right", color=GREY)
