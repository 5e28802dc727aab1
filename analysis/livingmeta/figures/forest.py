"""Forest plots: each trial with its numbers, interval and weight, and below them what is pooled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from livingmeta.engine.effect_sizes import as_shown, of_counts, scale_name
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.figures.style import (
    ARROW,
    BLACK,
    BOUND_MARK,
    COLOURS,
    GREY,
    MARKS,
    PALE,
    ROW,
    SMALL,
    TEXT,
    WHITE,
    WIDEST,
    _wide,
    as_written,
    axis_words,
    draw_diamond,
    draw_interval,
    draw_mark,
    fitted,
    mark,
    open_axes,
    pooled_look,
    scale_axis,
    state_key,
    wrapped,
    write_beside,
)
from livingmeta.language import ENGLISH, Language, Said, said
from livingmeta.review.bias import Assessment, assessments
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import LeftOut, Missing, Pool, Printed, heterogeneity, marks, notes
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import Numeral, RefusalError, count, decimal, decimals, p_words, pick

# Inches; the whole is the text width of a journal page (178 mm).
_LABEL, _WEIGHT, _FOREST, _ESTIMATE, _MARGIN = 1.38, 0.54, 1.72, 1.26, 0.06
_BIAS = 0.42  # of the column with risk of bias, where there is one: then 189 mm


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One line of a forest plot: what kind it is and what it shows."""

    kind: str
    text: str = ""
    pool: Pool | None = None
    effect: Effect | None = None
    weight: float | None = None
    absent: Missing | LeftOut | None = None
    printed: Printed | None = None

    @property
    def name(self) -> str | None:
        """The name that stands at its beginning, where it is about a trial."""
        about = self.effect or self.absent
        return about.label if about else None

    @property
    def trial(self) -> str | None:
        """The trial that the line is about, if it is about one."""
        about = self.effect or self.absent
        return about.trial if about else None


def forest_plot(
    pools: Pool | Sequence[Pool] | Review,
    synthesis: str | None = None,
    *,
    ax: Axes | None = None,
    bias: Sequence[Assessment] = (),
    language: Language = ENGLISH,
) -> Axes:
    """Draw the forest plot of one synthesis.

    Parameters
    ----------
    pools : Pool, sequence of Pool, or Review
        The synthesis, or its subgroups and, last, the whole where that is pooled too. A review
        is pooled by the methods of its headline.
    synthesis : str, optional
        Id of the synthesis, where a review or the pools of several are given.
    ax : Axes, optional
        Where to draw; the columns stand to its left and right. By default a new figure of
        the size that the rows need, reached as ``ax.figure``.
    bias : sequence of Assessment
        Risk of bias, for a column on the right where a trial shown has any; a review brings its
        own. The sign is the trial's, the fraction counts domains with a judgement; blank is
        "nothing recorded".
    language : Language
        Of the words that are drawn.

    Returns
    -------
    Axes
        Its x axis is the effect; negative favours group 1. Every artist that shows a number has
        a gid: "trial:<id>", "ci:<id>", "diamond:<subgroup or overall>", "printed", "prediction",
        "bias:<trial>:<state>".

    Raises
    ------
    ValueError
        If the pools are none, or of several syntheses of which none is named.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> forest_plot(load_review("smith2017"), "pain-short").get_xlabel()
    'Standardised mean difference'
    """
    if isinstance(pools, Review):
        bias = assessments(pools)
        pools = synthesise(pools)
    listed = [pools] if isinstance(pools, Pool) else list(pools)
    names = list(dict.fromkeys(pool.synthesis for pool in listed))
    if synthesis is not None:
        pick(dict.fromkeys(names), synthesis, "synthesis")
        listed = [pool for pool in listed if pool.synthesis == synthesis]
    elif len(names) != 1:
        raise RefusalError(f"a forest plot shows one synthesis: name one of {', '.join(names)}.")
    rows = list(_rows(listed, language))
    recorded = {assessment.trial: assessment for assessment in reversed(bias)}
    beside = {place: recorded[row.trial] for place, row in enumerate(rows) if row.trial in recorded}
    below = [*_below(listed, language), *(_bias_words(beside.values(), language) if beside else ())]
    room = _rooms(rows, _FOREST if ax is None else _inches(ax)[0], language)
    names = [*map(language.word, listed[0].groups), *(row.name for row in rows if row.name)]
    cut = [name for name in dict.fromkeys(names) if _wide(name) > room.label - 0.06]
    below += wrapped(language.say("figures.in_full", names="; ".join(cut))) if cut else []
    if ax is None:
        ax = _figure(len(rows), len(below), _BIAS if beside else 0, room)
    _axis(ax, listed, len(rows), language)
    _heads(ax, listed[0], room, _BIAS if beside else 0)
    for place, row in enumerate(rows):
        DRAW[row.kind](ax, row, place, room)
    for place, assessment in beside.items():
        _draw_bias(ax, assessment, place, room)
    half = room.axes / 2 - 0.04
    sides = [fitted(language.word(name), half, size=SMALL) for name in listed[0].favours or ()]
    shown = replace(listed[0], favours=(sides[0], sides[1]) if sides else None)
    _foot(ax, shown, below, room)
    return ax


def _rows(pools: Sequence[Pool], language: Language) -> Iterator[_Row]:
    """Yield the lines in the order in which they stand on the page."""
    whole = next((pool for pool in pools if pool.subgroup is None), None)
    parts = [pool for pool in pools if pool.subgroup is not None]
    for pool in parts or pools:
        if pool.subgroup is not None:
            yield _Row(kind="heading", text=language.word(pool.subgroup))
        for effect, weight in zip(pool.effects, pool.weights or (None,) * len(pool.effects), strict=True):
            yield _Row(kind="trial", effect=effect, weight=weight)
        yield from _summary(pool, "figures.total" if pool.subgroup is None else "figures.subtotal", language)
    if parts and whole is not None:
        yield _Row(kind="space")
        yield from _summary(whole, "figures.total", language)
    last = whole or pools[-1]
    if last.subgroup_test is not None:
        test = last.subgroup_test
        numbers = {"q": decimal(test.q), "df": test.df, "p": p_words(test.p_value)}
        yield _Row(kind="words", text=language.say("figures.subgroups", **numbers))
        if test.shared:
            names = language.listed(map(language.word, test.shared))
            for line in wrapped(language.say("subgroups_shared", names=names)):
                yield _Row(kind="words", text=line)
    for pool in pools:
        if pool.printed is not None:
            yield _Row(kind="printed", printed=pool.printed, pool=pool)
    unused = (*last.sensitivity_only, *last.dropped)
    yield from (_Row(kind="absent", absent=lacking) for lacking in last.missing)
    yield from (_Row(kind="absent", absent=left) for left in unused)


def _summary(pool: Pool, name: str, language: Language) -> Iterator[_Row]:
    result = pool.result
    if result is None:
        for line in wrapped(language.say("figures.no_value", why=pool.why_not), 3.8):
            yield _Row(kind="words", text=line)
        return
    if result.k == 1:
        yield _Row(kind="words", text=language.say("figures.one_trial"))
        return
    if pool.contradictory():
        yield _Row(kind="words", text=language.say("figures.contradictory"))
    yield _Row(kind="diamond", text=language.say(name), pool=pool)
    if pool.ahead is not None:
        ahead = language.say(
            "figures.ahead", level=Numeral(f"{100 * result.level:g}"), percent=language.percent
        )
        yield _Row(kind="prediction", text=ahead, pool=pool)
    yield _Row(kind="words", text=language.say("figures.heterogeneity", words=heterogeneity(pool)))
    yield _Row(kind="words", text=_overall(result, language))
    if pool.subgroup is not None:
        yield _Row(kind="space")


def _overall(result: PooledEstimate, language: Language) -> str:
    if result.statistic is None or result.p_value is None:
        return language.say("figures.overall_undefined")
    name = "Z" if result.ci_method in {"wald", "profile"} else f"t({result.k - 1})"
    numbers = {"value": decimal(abs(result.statistic)), "p": p_words(result.p_value)}
    return language.say("figures.overall", name=name, **numbers)


@as_written
def _figure(rows: int, notes: int, more: float, room: _Room) -> Axes:
    above, below = 2.6 * ROW, 0.62 + notes * 0.125
    width = room.left + _FOREST + room.estimate + more + 2 * _MARGIN
    height = above + rows * ROW + below
    figure = Figure(figsize=(width, height), dpi=100)
    left = (_MARGIN + room.left) / width
    return figure.add_axes((left, below / height, _FOREST / width, rows * ROW / height))


def _inches(ax: Axes) -> tuple[float, float]:
    figure = ax.get_figure(root=True)
    assert figure is not None
    box = ax.get_window_extent()
    return box.width / figure.dpi, box.height / figure.dpi


def _axis(ax: Axes, pools: Sequence[Pool], rows: int, language: Language) -> None:
    reach = _reach(pools)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.set_yticks([])
    scale_axis(ax.xaxis, pools[0].measure, language)
    open_axes(ax, pad=1.5)
    ax.spines["bottom"].set_linewidth(0.6)
    ax.set_xlabel(language.word(axis_words(pools[0].measure)), fontsize=TEXT, labelpad=13)
    ax.axvline(0, color=BLACK, linewidth=0.6, zorder=1)


def _reach(pools: Sequence[Pool]) -> float:
    """Half the width of the axis: it shows all pools, and trials unless they are far off."""
    trials = [abs(end) for p in pools for e in p.effects for end in (e.ci_low, e.ci_high)]
    results = [p.result for p in pools if p.result] + [p.printed for p in pools if p.printed]
    must = [abs(end) for result in results for end in (result.estimate, result.ci_low, result.ci_high)]
    ends = [abs(end) for pool in pools for end in pool.ahead or ()]
    # Three times the upper quartile: what is farther off gets an arrow, and its numbers stand
    # beside it.
    far = min(max(trials), 3 * float(np.quantile(trials, 0.75))) if trials else 0.0
    return 1.08 * (max([far, *must, *ends]) or 1.0)


@dataclass(frozen=True, kw_only=True)
class _Room:
    """Widths of the columns in inches: wider than usual where a text needs it."""

    axes: float = _FOREST
    label: float = _LABEL
    mean: float = 0.39
    sd: float = 0.33
    n: float = 0.25
    estimate: float = _ESTIMATE
    language: Language = ENGLISH

    @property
    def arm(self) -> float:
        return self.mean + self.sd + self.n + 0.05

    @property
    def left(self) -> float:
        return self.label + 2 * self.arm + _WEIGHT


def _rooms(rows: Sequence[_Row], axes: float, language: Language) -> _Room:
    effects = [row.effect for row in rows if row.effect is not None]
    named = [effect.label + marks(effect) for effect in effects]
    named += [row.absent.label for row in rows if row.absent is not None]
    totals = [row.pool for row in rows if row.pool is not None]
    ends = [_wide(_numbered(e.measure, e.yi, e.ci_low, e.ci_high)) for e in effects]
    results = [pool.result for pool in totals if pool.result is not None]
    ends += [_wide(_numbered(r.measure or "", r.estimate, r.ci_low, r.ci_high), bold=True) for r in results]
    whole = [sum(getattr(e, n) or 0 for e in p.effects) for p in totals for n in ("n1", "n2")]
    arms: dict[str, list[str]] = {
        "mean": [_figures(m) for e in effects for m in (e.mean1, e.mean2)],
        "sd": [_figures(m) for e in effects for m in (e.sd1, e.sd2)],
        "n": [f"{n:.10g}" for n in (*whole, *(n or 0 for e in effects for n in (e.n1, e.n2)))],
    }
    usual = _Room()
    wide = {
        name: max([getattr(usual, name), *(_wide(text) + 0.06 for text in set(texts))])
        for name, texts in arms.items()
    }
    said = max((_wide(_said(e, language), size=SMALL) + 0.06 for e in effects), default=0.0)
    wide["mean"] += max(0.0, (said - 2 * _Room(**wide).arm) / 2)
    return _Room(
        language=language,
        axes=axes,
        label=min(WIDEST, max([_LABEL, *(_wide(text) + 0.08 for text in named)])),
        estimate=max([_ESTIMATE, *(end + 0.1 for end in ends)]),
        **wide,
    )


def _write(ax: Axes, text: str, inches: float, place: float, room: _Room, **style: Any) -> None:
    text = room.language.word(text) if isinstance(text, (Said, Numeral)) else text  # labels stay
    style = {"fontsize": TEXT, "parse_math": False, **style}  # a "$" in a name is a "$"
    write_beside(ax, inches / room.axes, place, text, **style)


def _columns(room: _Room) -> dict[str, float]:
    """Return where each column ends or begins, in inches from the left edge of the axes."""
    starts = {g: (g - 3) * room.arm - _WEIGHT for g in (1, 2)}
    return {
        "label": -room.left,
        **{f"mean{g}": start + room.mean for g, start in starts.items()},
        **{f"sd{g}": start + room.mean + room.sd for g, start in starts.items()},
        **{f"n{g}": start + room.arm - 0.05 for g, start in starts.items()},
        **{f"arm{g}": start + room.arm / 2 for g, start in starts.items()},
        "arms": -_WEIGHT - room.arm + 0.03,
        "weight": -0.06,
        "estimate": room.axes + room.estimate,
        "bias": room.axes + room.estimate + 0.18,
    }


def _heads(ax: Axes, pool: Pool, room: _Room, more: float) -> None:
    at = _columns(room)
    for group in (1, 2):
        name = fitted(room.language.word(pool.groups[group - 1]), room.arm - 0.01, bold=True)
        _write(ax, name, at[f"arm{group}"], -1.95, room, ha="center", weight="bold")
        means = {"mean": "figures.mean", "sd": "figures.sd", "n": "h_n"}
        heads = {"mean": "figures.events", "n": "h_n"} if of_counts(pool.measure) else means
        for column, head in heads.items():
            _write(
                ax, room.language.say(head), at[f"{column}{group}"], -1.05, room, ha="right", weight="bold"
            )
    level = round(100 * pool.result.level, 1) if pool.result else 95
    _write(ax, room.language.say("h_trial"), at["label"], -1.05, room, weight="bold")
    _write(ax, room.language.say("h_weight"), at["weight"], -1.05, room, ha="right", weight="bold")
    numbers = {"level": Numeral(f"{level:g}"), "percent": room.language.percent}
    head = room.language.say("figures.estimate", scale=scale_name(pool.measure), **numbers)
    _write(ax, head, at["estimate"], -1.05, room, ha="right", weight="bold")
    if more:
        _write(ax, room.language.say("figures.bias"), at["bias"] - 0.06, -1.05, room, weight="bold")
    ends = (at["label"] / room.axes, (at["estimate"] + more) / room.axes)
    ax.plot(ends, (-0.6, -0.6), transform=ax.get_yaxis_transform(), clip_on=False, color=BLACK, lw=0.6)


def _draw_trial(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    effect, at = row.effect, _columns(room)
    assert effect is not None
    signs = marks(effect)
    label = fitted(effect.label, room.label - 0.06 - _wide(signs)) + signs
    _write(ax, label, at["label"], place, room)
    if of_counts(effect.measure) and effect.difference and " v " in effect.difference:
        arms = effect.difference.split(" v ")
        for arm, (events, people) in enumerate((a.split("/") for a in arms), start=1):
            _write(ax, events, at[f"mean{arm}"], place, room, ha="right")
            _write(ax, people, at[f"n{arm}"], place, room, ha="right")
    elif effect.difference is None:
        for name in ("mean1", "sd1", "mean2", "sd2"):
            _write(ax, _figures(getattr(effect, name)), at[name], place, room, ha="right")
        for name in ("n1", "n2"):
            _write(ax, count(getattr(effect, name)), at[name], place, room, ha="right")
    else:
        _write(ax, _said(effect, room.language), at["arms"], place, room, ha="center", fontsize=SMALL)
    if row.weight is not None:
        _write(ax, _percent(row.weight, room.language), at["weight"], place, room, ha="right")
    numbers = _numbered(effect.measure, effect.yi, effect.ci_low, effect.ci_high)
    _write(ax, numbers, at["estimate"], place, room, ha="right")
    draw_interval(ax, effect.ci_low, effect.ci_high, place, gid=f"ci:{effect.trial}")
    # the area is the weight; a trial of no weight is still seen
    size = 2.0 + 5.5 * ((row.weight if row.weight is not None else 100) / 100) ** 0.5
    draw_effect(ax, effect, effect.yi, place, size, gid=f"trial:{effect.trial}")


def _said(effect: Effect, language: Language) -> str:
    """Return what is printed of an effect in place of means or counts of its arms."""
    if effect.difference is None or (of_counts(effect.measure) and " v " in effect.difference):
        return ""
    n1, n2 = effect.n1, effect.n2
    n = "" if n1 is None or n2 is None else f"; n = {count(n1)} + {count(n2)}"
    named = effect.difference.startswith((effect.measure, scale_name(effect.measure)))
    words = effect.difference.replace(".", language.comma)
    return (words if named else language.say("figures.difference", words=words)) + n


def _percent(share: float, language: Language) -> str:
    return language.decimal(share, 1) + language.percent


def _figures(value: float | None) -> Numeral:
    """Print a mean or SD with about four digits."""
    if value is None:
        return decimal(None)
    if abs(value) < 100:
        return decimals(value)[0]
    return decimal(value, 1 if abs(value) < 1000 else 0)


def _numbered(measure: str, estimate: float, low: float, high: float) -> Said:
    middle, least, most = as_shown(measure, estimate, low, high)
    return said("figures.interval", estimate=middle, low=least, high=most)


def draw_effect(
    ax: Axes, effect: Effect, x: float, y: float, size: float, *, gid: str, marker: str = "s"
) -> None:
    """Draw a trial's effect, half hollow on the far side where it is a bound; none off the axis."""
    least, most = ax.get_xlim()
    if not least <= x <= most:
        return
    style: dict[str, Any] = {}
    if "p_bound" in effect.flags:
        solid = "right" if effect.yi < 0 else "left"
        style = {"fillstyle": solid, "markerfacecoloralt": WHITE, "mew": 0.7}
        size = max(size, 4.0)
    draw_mark(ax, x, y, marker, color=COLOURS["trial"], size=size, gid=gid, **style)


def _draw_diamond(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    assert row.pool is not None
    assert row.pool.result is not None
    result, at = row.pool.result, _columns(room)
    doubtful = row.pool.contradictory()
    weight = "normal" if doubtful else "bold"
    _write(ax, row.text, at["label"], place, room, weight=weight)
    for group in (1, 2):
        people = people_of(row.pool.effects, side=group).all
        if people is not None:
            _write(ax, count(people), at[f"n{group}"], place, room, ha="right", weight=weight)
    share = _percent(sum(row.pool.weights), room.language)
    _write(ax, share, at["weight"], place, room, ha="right", weight=weight)
    numbers = _numbered(result.measure, result.estimate, result.ci_low, result.ci_high)
    color = GREY if doubtful else BLACK
    _write(ax, numbers, at["estimate"], place, room, ha="right", weight=weight, color=color)
    draw_diamond(ax, result, place, gid=f"diamond:{row.pool.subgroup or 'overall'}", **pooled_look(row.pool))


def _draw_prediction(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    assert row.pool is not None
    result = row.pool.result
    assert result is not None
    assert row.pool.ahead is not None
    _write(ax, row.text, _columns(room)["label"], place, room)
    low, high = as_shown(result.measure, *row.pool.ahead)
    text = said("figures.limits", low=low, high=high)
    _write(ax, text, _columns(room)["estimate"], place, room, ha="right")
    draw_interval(ax, *row.pool.ahead, place, color=COLOURS["pooled"], lw=2.2, gid="prediction")


def _draw_printed(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    printed, at = row.printed, _columns(room)
    assert printed is not None
    assert row.pool is not None
    text = fitted(room.language.say("figures.published", name=printed.label), room.left - 0.1, size=SMALL)
    _write(ax, text, at["label"], place, room, color=GREY, style="italic", fontsize=SMALL)
    estimate, low, high = printed.words
    numbers = said("figures.interval", estimate=Numeral(estimate), low=Numeral(low), high=Numeral(high))
    _write(ax, numbers, at["estimate"], place, room, ha="right", color=GREY, style="italic")
    draw_diamond(
        ax, printed, place, gid="printed", color=COLOURS["published"], facecolor=PALE, lw=0.7, ls=(0, (3, 2))
    )


def _draw_absent(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    absent, at = row.absent, _columns(room)
    assert absent is not None
    _write(ax, fitted(absent.label, room.label - 0.06), at["label"], place, room, color=GREY)
    if isinstance(absent, Missing):
        n = absent.n_randomised
        text: str = said("figures.measured") if n is None else said("figures.measured_n", n=n)
        state = said("not_available")
    else:
        text = fitted(room.language.word(absent.why), 2 * room.arm, size=SMALL)
        state = said("figures.not_used")
    _write(ax, text, at["arms"], place, room, ha="center", color=GREY, fontsize=SMALL)
    style = {"ha": "right", "color": GREY, "style": "italic", "gid": f"missing:{absent.trial}"}
    _write(ax, state, at["estimate"], place, room, **style)


def _draw_bias(ax: Axes, assessment: Assessment, place: int, room: _Room) -> None:
    at = _columns(room)["bias"]
    gid = f"bias:{assessment.trial}:{assessment.shown}"
    mark(ax, at / room.axes, place, assessment.shown, gid=gid, transform=ax.get_yaxis_transform())
    text = f"{assessment.judged}/{len(assessment.domains)}"
    _write(ax, text, at + 0.09, place, room, fontsize=SMALL)


def _bias_words(shown: Iterable[Assessment], language: Language) -> list[str]:
    states = {assessment.shown for assessment in shown}
    signs = [
        f"{style.sign} {language.say(state_key(name))}" for name, style in MARKS.items() if name in states
    ]
    return wrapped(language.say("figures.bias_note", signs=", ".join(signs)))


def _draw_heading(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    text = fitted(row.text, room.left - 0.1, bold=True)
    _write(ax, text, _columns(room)["label"], place, room, weight="bold")


def _draw_words(ax: Axes, row: _Row, place: int, room: _Room) -> None:
    _write(ax, row.text, _columns(room)["label"], place, room, fontsize=SMALL)


DRAW: Mapping[str, Callable[[Axes, _Row, int, _Room], None]] = {
    "trial": _draw_trial,
    "diamond": _draw_diamond,
    "prediction": _draw_prediction,
    "printed": _draw_printed,
    "absent": _draw_absent,
    "heading": _draw_heading,
    "words": _draw_words,
    "space": lambda *_: None,
}


def _below(pools: Sequence[Pool], language: Language) -> list[str]:
    """Return the lines below the plot: assumptions, bounds, methods, flags."""
    lines: list[str] = [*notes(effect for pool in pools for effect in pool.effects)]
    if any("p_bound" in effect.flags for pool in pools for effect in pool.effects):
        lines.append(BOUND_MARK)
    reach = _reach(pools)
    if any(max(-effect.ci_low, effect.ci_high) > reach for pool in pools for effect in pool.effects):
        lines.append(ARROW)
    if any(pool.total_weights is not None for pool in pools):
        lines.append(said("figures.weights_of_total"))
    lines.append(said("figures.methods", words=pools[0].methods))
    flags = dict.fromkeys(flag for pool in pools for flag in pool.flags)
    elsewhere = {"rows_assumed", "p_bound", "single_trial"}  # by the marks and words above
    if any(flag not in elsewhere for flag in flags):
        lines.append(" ".join(language.flags[flag] for flag in flags if flag not in elsewhere))
    return [part for line in lines for part in wrapped(language.word(line))]


def _foot(ax: Axes, pool: Pool, lines: Sequence[str], room: _Room) -> None:
    below = ax.get_xaxis_transform()
    _, height = _inches(ax)
    reach = ax.get_xlim()[1]
    for side, group in zip((-1, 1), pool.favours or (), strict=False):
        ax.text(
            side * reach / 2,
            -0.175 / height,
            room.language.say("figures.favours", group=group),
            transform=below,
            ha="center",
            va="top",
            fontsize=SMALL,
            linespacing=1.1,
            gid=f"favours:{1 + (side > 0)}",
        )
    ax.xaxis.labelpad = 22
    for number, line in enumerate(lines):
        ax.text(
            _columns(room)["label"] / room.axes,
            -(0.60 + number * 0.125) / height,
            line,
            transform=ax.transAxes,
            fontsize=SMALL,
            va="top",
            color=BLACK,
            gid="note",
            parse_math=False,
        )
