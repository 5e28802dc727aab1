"""Pictures of how far a synthesis bends: leave-one-out, cumulative, Baujat, influence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from livingmeta.appraisal.changes import Stage
from livingmeta.appraisal.scenarios import Sensitivity, Without
from livingmeta.engine.measures import nulls
from livingmeta.engine.methods.influence import cut_offs
from livingmeta.figures.lines import Line, draw_lines
from livingmeta.figures.style import (
    ARROW,
    BLACK,
    COLOURS,
    GREY,
    MIDDLE,
    PALE,
    ROW,
    SMALL,
    TEXT,
    WHITE,
    WIDE,
    Paper,
    draw_mark,
    fitted,
    interval_words,
    methods_words,
    name_points,
    nameless_words,
    open_axes,
    pictured,
    pool_name,
    pooled_look,
    result_words,
    scale_axis,
    tell,
    text_width,
    turn_ticks,
    write_beside,
)
from livingmeta.language import Language, said
from livingmeta.words import STEADY, RefusalError, decimal, decimals, steady

MOST = 60  # lines on a page; of more, those that say most are drawn, and it is said
NAMED = 15  # points of the Baujat plot that have a name: the outermost
JUDGED = 10  # trials from which the diagnostics are drawn and cut-offs named; of fewer, a table
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


@pictured
def leave_one_out_plot(sensitivity: Sensitivity, *, important: float | None = None, paper: Paper) -> Axes:
    """Draw the pooled estimate without each trial, from the lowest, over the interval with all of them.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Smallest important difference in the unit of the effects, drawn as a band.

    Returns
    -------
    Axes
        Each estimate has the gid "without:<place>", the whole "diamond:overall".

    Raises
    ------
    ValueError
        Below two trials.
    """
    language = paper.language
    k = _enough(sensitivity, 2, "without one of them nothing is left")
    kept = sorted(_telling(sensitivity.without), key=lambda left: steady(left.estimate))
    cut = language.say("figures.cut_most", n=len(kept), k=k) if len(kept) < k else ""
    lines = [Line(words=cut, heading=True)] if cut else []
    for place, left in enumerate(kept):
        words = language.say("figures.without", trial=left.label)
        lines.append(Line(words=words, result=left, gid=f"without:{place}"))
    head = language.say("figures.left_out")
    ends = [language.say("figures.without", trial=kept[at].label) for at in (0, -1)]
    numbers = [interval_words(sensitivity.main.measure, kept[at], language) for at in (0, -1)]
    seen = language.say(
        "figures.without_seen", low=numbers[0], low_of=ends[0], high=numbers[1], high_of=ends[1]
    )
    shown = _forest(sensitivity, lines, head, important, paper)
    _tell(
        shown,
        sensitivity,
        "leave_one_out",
        [language.say("figures.sorted"), cut and f"{cut}."],
        seen,
        language,
    )
    return shown


@pictured
def cumulative_plot(sensitivity: Sensitivity, *, important: float | None = None, paper: Paper) -> Axes:
    """Draw the pooled estimate one more trial at a time: by year, size and precision.

    Only by year where the three do not fit on a page, and then the last trials.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Smallest important difference in the unit of the effects, drawn as a band.

    Returns
    -------
    Axes
        Each estimate has the gid "stage:<place>", the whole "diamond:overall".

    Raises
    ------
    ValueError
        Below two trials.
    """
    language = paper.language
    k = _enough(sensitivity, 2, "nothing accumulates")
    orders = {order: stages for order, stages in sensitivity.growth.items() if stages}
    if len(orders) * (k + 1) > MOST:
        orders = dict([next(iter(orders.items()))])
    cut = language.say("figures.cut_from", first=k - MOST + 1, k=k) if k > MOST else ""
    lines: list[Line] = []
    for order, stages in orders.items():
        words = language.word(ORDER_WORDS[order])
        heading = words[:1].upper() + words[1:]
        lines.append(Line(words=f"{heading}; {cut}" if cut else heading, heading=True))
        for stage in stages[-MOST:]:
            words = ("+ " if stage.k > 1 else "") + dated(stage)
            lines.append(Line(words=words, result=stage, gid=f"stage:{len(lines)}", trials=stage.k))
    shown = _forest(sensitivity, lines, language.say("figures.added"), important, paper)
    first, *_, last = next(iter(orders.values()))
    seen = language.say(
        "figures.grown",
        first=dated(first),
        last=dated(last),
        start=interval_words(first.measure, first, language),
    )
    told = [language.say("figures.one_more", cut=f", {cut}" if cut else "")]
    _tell(shown, sensitivity, "cumulative", told, seen, language)
    return shown


def dated(stage: Stage) -> str:
    """Name a trial with its year, once."""
    year = "" if stage.year is None else str(stage.year)
    return stage.label if year in stage.label else f"{stage.label} ({year})"


@pictured
def baujat_plot(sensitivity: Sensitivity, *, important: float | None = None, paper: Paper) -> Axes:
    """Draw what each trial adds to the heterogeneity against how it moves the estimate.

    The outermost trials are named, where their names touch nothing.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Not used: both axes are free of the unit of the effects.

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
    language = paper.language
    _enough(sensitivity, 3, "influence needs three")
    labels = [left.label for left in sensitivity.without]
    x = np.array([left.baujat_x for left in sensitivity.without], dtype=float)
    y = np.array([left.baujat_y for left in sensitivity.without], dtype=float)
    above = 0.1 + paper.above
    high = 3.4 + above
    canvas = paper.canvas(MIDDLE, high)
    ax = canvas.add_axes((0.12, 0.46 / high, 0.86, (high - 0.46 - above) / high))
    draw_mark(ax, x, y, "o", color=COLOURS["trial"], size=4, gid="trials", zorder=2)
    ax.set_xlim(-0.08 * x.max(), 1.16 * x.max())
    ax.set_ylim(-0.12 * y.max(), 1.16 * y.max())
    ax.set_xlabel(language.say("figures.baujat_x"), fontsize=TEXT)
    ax.set_ylabel(language.say("figures.baujat_y"), fontsize=TEXT)
    open_axes(ax)
    ax.spines["left"].set_visible(True)
    for axis in (ax.xaxis, ax.yaxis):
        turn_ticks(axis, language)
    far = np.hypot(x / (x.max() or 1), y / (y.max() or 1))
    outermost = np.argsort(-far.round(STEADY), kind="stable")[:NAMED].tolist()
    named = name_points(ax, x, y, labels, outermost)
    paper.write_title(canvas, (0.08, 0.08))
    told = [language.say("figures.baujat_read"), nameless_words(len(labels) - len(named), language)]
    outer = language.listed([labels[i] for i in named[:3]])
    _tell(ax, sensitivity, "baujat", told, language.say("figures.baujat_seen", names=outer), language)
    return ax


@pictured
def influence_plot(sensitivity: Sensitivity, *, important: float | None = None, paper: Paper) -> Axes:
    """Draw eight diagnostics of each trial side by side, a line per trial; below ten trials, a table.

    The grey line is where a trial that stands out in nothing lies: 0 for the residual, DFFITS and
    DFBETAS, 1 for the covariance ratio, 1/k for the hat value, and τ² and Q of all trials. Dashed
    lines are cut-offs, and what lies beyond one is filled.

    Parameters
    ----------
    sensitivity : Sensitivity
    important : float, optional
        Not used: the diagnostics are free of the unit of the effects.

    Returns
    -------
    Axes
        The first panel; each panel's points have the gid of their diagnostic, its cut-offs
        "cut:<diagnostic>", its numbers in a table "<diagnostic>:<place>".

    Raises
    ------
    ValueError
        Below three trials.

    References
    ----------
    Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth
    Methods 2010;1:112-125.
    """
    language = paper.language
    k = _enough(sensitivity, 3, "influence needs three")
    assert sensitivity.main.result is not None
    kept = _telling(sensitivity.without)
    usual = {
        "cov_ratio": 1.0,
        "hat": 1 / k,
        "tau2": sensitivity.main.result.tau2,
        "q": sensitivity.main.result.q,
    }
    cuts = cut_offs(k) if k >= JUDGED else {}
    names = min(1.6, max(text_width(left.label) for left in kept)) + 0.1
    gap, above = 0.15, 0.36 + paper.above
    panel = (WIDE - names - 0.08) / len(PANELS) - gap
    below = 0.22 if cuts else 0.06
    high = len(kept) * ROW + above + below
    canvas = paper.canvas(WIDE, high)
    axes, beyond = [], set[int]()
    for number, (column, key) in enumerate(PANELS.items()):
        left = (names + gap + number * (panel + gap)) / WIDE
        ax = canvas.add_axes((left, below / high, panel / WIDE, len(kept) * ROW / high))
        # None, as τ² of a common effect, becomes NaN and is not drawn
        values = np.array([getattr(left_out, column) for left_out in kept], dtype=float)
        ax.set_ylim(len(kept) - 0.5, -0.5)
        ax.set_yticks([])
        open_axes(ax)
        ax.set_title(language.say(key), fontsize=SMALL, pad=4, weight="bold")
        axes.append(ax)
        if cuts:
            beyond |= _panel(ax, column, values, usual.get(column) or 0.0, cuts.get(column, ()), language)
            continue
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        for place, text in enumerate(decimals(*values)):
            shown = language.word(text) if np.isfinite(values[place]) else "–"
            write_beside(ax, 0.85, place, shown, ha="right", gid=f"{column}:{place}", fontsize=TEXT)
    for place, left_out in enumerate(kept):
        write_beside(axes[0], -names / panel, place, fitted(left_out.label, names - 0.02), fontsize=TEXT)
    paper.write_title(canvas, (0.08, 0.05))
    told = [language.say("figures.cut_most", n=len(kept), k=k) + "." if len(kept) < k else ""]
    if cuts:
        shown_cuts = {name: decimal(cut[-1], 2) for name, cut in cuts.items()}
        told += [language.say("figures.influence_read"), language.say("figures.cut_offs", **shown_cuts)]
        names_of = [kept[place].label for place in sorted(beyond)] or [language.word("none")]
        seen = language.say("figures.beyond_cut", names=language.listed(names_of))
    else:
        told.append(language.say("figures.no_cut_offs", k=k, least=JUDGED))
        seen = ""
    _tell(axes[0], sensitivity, "influence", told, seen, language)
    return axes[0]


def _panel(
    ax: Axes, column: str, values: np.ndarray, usual: float, cuts: Sequence[float], language: Language
) -> set[int]:
    """Draw a diagnostic with its cut-offs; return which places lie beyond one."""
    places = np.arange(values.size)
    ax.axvline(usual, color=GREY, lw=0.6)
    ax.hlines(places, usual, values, color=PALE, lw=1.2, zorder=1)
    beyond = np.zeros(values.size, dtype=bool)
    for cut in cuts:
        beyond |= values > cut if cut > 0 else values < cut
        ax.axvline(cut, color=BLACK, lw=0.7, ls=(0, (3, 2)), gid=f"cut:{column}")
    look: dict[str, Any] = {"color": COLOURS["trial"], "size": 4, "mew": 0.9}
    draw_mark(ax, values, places, "o", gid=column, zorder=2, mfc=WHITE, **look)
    if beyond.any():
        draw_mark(ax, values[beyond], places[beyond], "o", gid=f"beyond:{column}", **look)
    ax.margins(x=0.14)
    scale_axis(ax.xaxis, "", language)
    return set(np.flatnonzero(beyond).tolist())


def _enough(sensitivity: Sensitivity, needed: int, why: str) -> int:
    k = len(sensitivity.main.effects)
    if sensitivity.main.result is None or k < needed:
        raise RefusalError(f"k = {k if sensitivity.main.result else 0}: {why}, so it is not drawn.")
    return k


def _telling(without: Sequence[Without]) -> list[Without]:
    """Return the trials that move the estimate most, in their order, as many as fit on a page."""
    if len(without) <= MOST:
        return list(without)
    by = sorted(without, key=lambda left: -steady(left.cook or 0))[:MOST]
    return [left for left in without if left in by]


def _tell(
    ax: Axes, sensitivity: Sensitivity, what: str, told: Sequence[str], seen: str, language: Language
) -> None:
    """Say what a picture shows and how it is read."""
    pool = sensitivity.main
    name = language.say(f"figures.name_{what}", title=pool_name(pool, language))
    marks = [language.say("figures.band_whole")] if what in {"leave_one_out", "cumulative"} else []
    if any(str(artist.get_gid()).startswith("beyond:ci") for artist in ax.lines):
        marks.append(language.word(ARROW))
    if any(patch.get_gid() == "important" for patch in ax.patches):
        marks.append(language.say("figures.grey"))
    flags = [language.say("figures.contradictory")] if pool.contradictory() else []
    caption = [*told, *marks, methods_words(pool, language), *flags]
    tell(ax, name, caption, [result_words(pool, language), seen], language)


def _forest(
    sensitivity: Sensitivity, lines: Sequence[Line], head: str, important: float | None, paper: Paper
) -> Axes:
    pool, language = sensitivity.main, paper.language
    whole = Line(
        words=language.say("figures.all_trials"),
        result=pool.result,
        gid="diamond:overall",
        trials=len(pool.effects) if any(line.trials is not None for line in lines) else None,
        diamond=True,
        look=pooled_look(pool),
    )
    results = [line.result for line in lines if line.result is not None]
    limits = _limits(sensitivity, results, important or 0.0)
    every = [*lines, whole]
    return draw_lines(every, pool, limits, head=head, paper=paper, whole=True, important=important)


def _limits(
    sensitivity: Sensitivity, rows: Sequence[Without | Stage], important: float
) -> tuple[float, float]:
    """Return an axis that shows 0, all estimates and the whole, and intervals that are no giants.

    Three times the median limit: what is farther off gets an arrow, and its numbers stand beside.
    """
    result = sensitivity.main.result
    assert result is not None
    limits = np.array([(row.ci_low, row.ci_high) for row in rows])
    none = nulls(sensitivity.main.measure)
    centre = 0.0 if none else result.estimate
    far = 3 * float(np.median(np.abs(limits - centre)))
    estimates = [row.estimate for row in rows]
    aims = [*none, *((-important, important) if important else ())]
    low = min(result.ci_low, *estimates, max(float(limits.min()), centre - far), *aims)
    high = max(result.ci_high, *estimates, min(float(limits.max()), centre + far), *aims)
    room = 0.05 * (high - low)
    return low - room, high + room


FIGURES: Mapping[str, Callable[..., Axes]] = {
    "leave_one_out": leave_one_out_plot,
    "cumulative": cumulative_plot,
    "baujat": baujat_plot,
    "influence": influence_plot,
}
