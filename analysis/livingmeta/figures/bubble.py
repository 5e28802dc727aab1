"""Bubble plots: effects by a moderator, with what a regression fits and how surely."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from livingmeta.appraisal.moderation import Moderation
from livingmeta.engine.measures import as_shown, nulls, on_scale
from livingmeta.engine.methods.regression import Predicted
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    LINE,
    MIDDLE,
    SMALL,
    TEXT,
    Canvas,
    Paper,
    axis_words,
    draw_legend,
    fitted,
    interval_words,
    name_points,
    nameless_words,
    open_axes,
    pictured,
    scale_axis,
    tell,
    text_width,
    turn_ticks,
    wrapped,
)
from livingmeta.language import Language, Own
from livingmeta.words import STEADY, Numeral, RefusalError, named, show

# How each line looks: in colour, in grey by its mark and dashes
LOOKS = (
    ("trial", "o", "-"),
    ("pooled", "s", (0, (5, 2))),
    ("variant", "^", (0, (6, 1.5, 1.2, 1.5))),
    ("above", "D", (0, (9, 2))),
)
ALL_NAMED = 10  # trials, up to which each is named; of more, those that lie off the line
OFF = 1.96  # standard deviations from the line
MOST_NAMED = 8
GOLDEN = 0.618  # a section by which what follows each other stands apart
# To be as large as a circle of the same width: a square, a triangle, a square on its corner
AREA = {"o": 1.0, "s": np.pi / 4, "^": np.pi / 2, "D": np.pi / 4}
WIDEST, MANY = 17.0, 25  # points across the circle of the heaviest trial, and of how many: of more, smaller
_LEFT, _HIGH = 0.62, 3.0  # inches


@dataclass(frozen=True)
class _Line:
    """One line, or the strips of one level: whose trials are around it, and what is fitted where."""

    words: str
    members: np.ndarray  # places of the trials
    at: Sequence[Any]  # values of the moderator
    shown: Sequence[float]  # where these stand on the axis
    points: Sequence[Predicted]


@dataclass(frozen=True)
class _Bubbles:
    """What is drawn of a regression."""

    of: str  # moderator of the axis
    lines: Sequence[_Line]
    levels: Sequence[str]  # of a category; empty for a number
    xs: np.ndarray  # where trials stand
    yi: np.ndarray
    weights: np.ndarray
    fixed: Mapping[str, float | str]  # moderators that no axis and no line shows
    halved: str  # a number that has a line at each of two quartiles
    outermost: Sequence[int]  # trials to be named

    def _limits(self, predicted: bool) -> list[float]:
        names = ("ci_low", "ci_high", *(("pi_low", "pi_high") if predicted else ()))
        limits = (getattr(at, name) for line in self.lines for at in line.points for name in names)
        return [limit for limit in limits if limit is not None]

    def reach(self, predicted: bool, low: float, high: float) -> bool:
        """Say whether intervals go on beyond an axis."""
        return any(not low <= limit <= high for limit in self._limits(predicted))

    def heights(self, zero: float | None, predicted: bool) -> tuple[float, float]:
        """Return an axis that holds all effects and lines, and intervals that are no giants."""
        points = [at for line in self.lines for at in line.points]
        ends = [*self.yi, *(at.estimate for at in points), *([] if zero is None else [zero])]
        low, high = min(ends), max(ends)
        beyond = self._limits(predicted)
        span = 0.7 * (high - low) or 1.0
        low, high = (
            min([low, *(max(x, low - span) for x in beyond)]),
            max([high, *(min(x, high + span) for x in beyond)]),
        )
        return low - 0.06 * (high - low), high + 0.06 * (high - low)


@pictured
def bubble_plot(
    moderation: Moderation, *, along: str | None = None, predicted: bool = False, paper: Paper
) -> Axes:
    """Draw effects by a moderator, as circles, with what the regression fits and its interval.

    Of a number it is a line, of a category a strip for each level. A moderator that interacts with it,
    or a category beside it, has lines or strips of its own: one for each level, or at the quartiles of a
    number. Others are held at their mean, or at the level of most trials, which the caption says.

    Parameters
    ----------
    moderation : Moderation
        As `regress` returns it.
    along : str, optional
        Moderator of the axis; by default the first that is a number.
    predicted : bool
        Show, too, where a true effect is expected.

    Returns
    -------
    Axes
        Effects stand upwards. Gids: "trials:<line>" (area by weight, 1/(v + τ²)), "line:<line>",
        "band:<line>" (the regression's own interval), "ahead:<line>", "no effect", "name:<place>".

    Raises
    ------
    ValueError
        For a regression on nothing, a moderator that is not in it, and an interaction of more levels
        than lines can be told apart.

    References
    ----------
    Thompson SG, Higgins JPT. How should meta-regression analyses be undertaken and interpreted?
    Stat Med 2002;21:1559-1573.
    """
    language = paper.language
    result, bubbles = moderation.result, _bubbles(moderation, along, language)
    lines, levels, xs, yi = bubbles.lines, bubbles.levels, bubbles.xs, bubbles.yi
    zero = next(iter(nulls(moderation.measure)), None)
    several, sides = len(lines) > 1, _sides(moderation, zero, language)
    notes = wrapped(sides, MIDDLE - _LEFT) if sides else []
    legends = 1.5 * LINE * (2 if several else 1) + LINE * len(notes) + 0.1
    below, top = 0.44 + legends, 0.1 + paper.above
    high = top + _HIGH + below
    canvas = paper.canvas(MIDDLE, high)
    ax = canvas.add_axes((_LEFT / MIDDLE, below / high, (MIDDLE - _LEFT - 0.1) / MIDDLE, _HIGH / high))
    predicted = predicted and lines[0].points[0].pi_low is not None
    ax.set_ylim(bubbles.heights(zero, predicted))
    span = (-0.5, len(levels) - 0.5) if levels else (float(xs.min()), float(xs.max()))
    room = 0.0 if levels else 0.06 * (span[1] - span[0])
    ax.set_xlim(span[0] - room, span[1] + room)
    if zero is not None:
        ax.plot(ax.get_xlim(), (zero, zero), color=BLACK, lw=0.6, zorder=1, gid="no effect")
    largest = WIDEST * min(1.0, math.sqrt(MANY / len(yi)))
    across = largest * np.sqrt(bubbles.weights / bubbles.weights.max())
    for place, line in enumerate(lines):
        (_strips if levels else _curve)(ax, line, place, len(lines), predicted=predicted)
        _trials(ax, bubbles, line.members, across, LOOKS[place], gid=f"trials:{place}")
    _axes(ax, moderation, bubbles, language)
    _widen(ax, canvas)
    names = _named(ax, moderation, bubbles, across)
    start = (legends - 0.02) / high
    if several:
        words = [fitted(line.words, 1.8, size=SMALL) for line in lines]
        draw_legend(
            ax, canvas, [*map(_handle, range(len(lines)))], words, (_LEFT / MIDDLE, start), length=2.4
        )
        start -= 1.5 * LINE / high
    level = {"level": Numeral(f"{100 * result.level:g}"), "percent": language.percent}
    drawn: list[Any] = [Patch(facecolor=BLACK, alpha=0.15)]
    words = [language.say("figures.bubble_band", **level)]
    if predicted:
        drawn.append(Line2D([], [], color=BLACK, lw=0.7, ls=":"))
        words.append(language.say("figures.bubble_ahead", **level))
    draw_legend(ax, canvas, drawn, words, (_LEFT / MIDDLE, start), length=2.4)
    for i, note in enumerate(notes):
        foot = (LINE * (len(notes) - i) + 0.02) / high
        canvas.text(_LEFT / MIDDLE, foot, note, fontsize=SMALL, va="top", gid="sides")
    paper.write_title(canvas, (0.08, 0.08))
    _tell(ax, moderation, bubbles, sides, named=len(names), predicted=predicted, language=language)
    return ax


def _named(ax: Axes, moderation: Moderation, bubbles: _Bubbles, across: np.ndarray) -> list[int]:
    """Name trials where their names touch neither others nor a line; return which."""
    step = 1 if bubbles.levels else 4  # a name is wider than four of the sixty steps of a line
    on = [
        (x, at.estimate)
        for line in bubbles.lines
        for x, at in zip(line.shown[::step], line.points[::step], strict=True)
    ]
    on += [(x, zero) for zero in nulls(moderation.measure) for x in np.linspace(*ax.get_xlim(), 16)]
    points = np.array([*zip(bubbles.xs, bubbles.yi, strict=True), *on])
    radii = np.array([*(across / 2 * ax.figure.dpi / 72), *[2.0] * len(on)])
    labels = [effect.label for effect in moderation.effects]
    return name_points(ax, points[:, 0], points[:, 1], labels, bubbles.outermost, radii)


def _tell(
    ax: Axes,
    moderation: Moderation,
    bubbles: _Bubbles,
    sides: str,
    *,
    named: int,
    predicted: bool,
    language: Language,
) -> None:
    """Say in a caption what is drawn, and in words what is seen."""
    name, result = language.word(Own(bubbles.of)), moderation.result
    halved = language.word(Own(bubbles.halved))
    caption = [
        language.say("figures.bubble_read" if result.tau2 is not None else "figures.bubble_read_common"),
        language.say("figures.bubble_strips" if bubbles.levels else "figures.bubble_line"),
        language.say("figures.bubble_quartiles", moderator=halved) if halved else "",
        _held_words(bubbles.fixed, language),
        language.say("figures.bubble_named") if named and result.k > ALL_NAMED else "",
        nameless_words(len(bubbles.outermost) - named, language),
        sides,
        language.say("figures.bubble_beyond") if bubbles.reach(predicted, *ax.get_ylim()) else "",
        language.say("figures.methods", words=moderation.methods),
        language.say("figures.bubble_left_out", n=len(moderation.left_out)) if moderation.left_out else "",
        language.say("figures.bubble_observed", moderator=name),
    ]
    about = " + ".join(language.word(each) for each in moderation.titles)
    seen = [
        language.say("figures.bubble_seen", k=result.k, moderator=name),
        *_seen(moderation, bubbles, language),
    ]
    tell(ax, language.say("figures.name_bubble", title=about, moderator=name), caption, seen, language)


def _bubbles(moderation: Moderation, along: str | None, language: Language) -> _Bubbles:
    """Find what is to be drawn: where trials stand, and which lines there are with what they fit."""
    held: dict[str, list[Any]] = {
        name: list(values)
        for name, values in zip(moderation.by, zip(*moderation.values, strict=True), strict=False)
    }
    if not held:
        raise RefusalError("a regression on nothing has no line to draw: say on what to regress.")
    numbers = [name for name, values in held.items() if not isinstance(values[0], str)]
    of = (numbers or [*held])[0] if along is None else named({name: name for name in held}, along, "along")
    parts, second, fixed = _parts(moderation, held, of, language)
    yi = np.array([effect.yi for effect in moderation.effects])
    vi = np.array([effect.vi for effect in moderation.effects])
    weights = 1 / (vi + (moderation.result.tau2 or 0.0))
    levels = [] if of in numbers else sorted(set(held[of]))
    lines, xs = [], np.array([0.0] * len(yi) if levels else held[of], dtype=float)
    for place, (words, value, members) in enumerate(parts):
        at: list[Any]
        if levels:
            at = [level for level in levels if level in {held[of][i] for i in members}]
            middle = (place - (len(parts) - 1) / 2) * 0.8 / len(parts)
            shown = [levels.index(level) + middle for level in at]
            for x, level in zip(shown, at, strict=True):  # neighbours in effect lie far apart
                here = sorted((i for i in members if held[of][i] == level), key=lambda i: (yi[i], i))
                for rank, i in enumerate(here):
                    xs[i] = x + 0.6 / len(parts) * ((rank * GOLDEN + 0.5) % 1 - 0.5 if len(here) > 1 else 0)
        else:  # of one with a slope of its own, where its trials are
            around = xs[members] if second in _crossed(moderation, of) else xs
            at = shown = [float(x) for x in np.linspace(around.min(), around.max(), 61)]
        others = fixed if second is None else {**fixed, second: value}
        asked: Any = {of: at, **{name: [each] * len(at) for name, each in others.items()}}
        lines.append(_Line(words, members, at, shown, moderation.result.predict(asked)))
    off = np.abs(yi - [at.estimate for at in moderation.result.predict(held)]) * np.sqrt(weights)
    outermost = np.argsort(-off.round(STEADY), kind="stable").tolist()
    if len(yi) > ALL_NAMED:
        outermost = [i for i in outermost if off[i] > OFF][:MOST_NAMED]
    halved = "" if second is None or second not in numbers else second
    return _Bubbles(of, lines, levels, xs, yi, weights, fixed, halved, outermost)


def _pale(color: str) -> tuple[float, ...]:
    return (*to_rgb(color), 0.35)


def _crossed(moderation: Moderation, of: str) -> list[str]:
    """Return what interacts with a moderator."""
    return [name for term in moderation.interactions if of in term for name in term if name != of]


def _parts(
    moderation: Moderation, held: Mapping[str, Sequence[Any]], of: str, language: Language
) -> tuple[list[tuple[str, float | str, np.ndarray]], str | None, dict[str, float | str]]:
    """Return lines by their words, value and trials; the moderator that parts them; and others' values."""
    words = [name for name, values in held.items() if isinstance(values[0], str) and name != of]
    crossed = _crossed(moderation, of)
    parting = [name for name in words if name in crossed] or [name for name in crossed if name not in words]
    parting += [name for name in words if name not in crossed and len(set(held[name])) <= len(LOOKS)]
    second = parting[0] if parting else None
    fixed: dict[str, float | str] = {}
    for name, values in held.items():
        if name not in {of, second}:
            most = Counter(sorted(map(str, values))).most_common(1)[0][0]
            fixed[name] = most if isinstance(values[0], str) else float(np.mean(values))
    if second is None:
        return [("", "", np.arange(len(moderation.effects)))], None, fixed
    shown, at = language.word(Own(second)), np.array(held[second])
    if second not in words:  # a number: a line at each of two quartiles, and around it half of the trials
        low, middle, high = (float(x) for x in np.quantile(at, (0.25, 0.5, 0.75)))
        halves = ((low, at <= middle), (high, at > middle))
        parted = [(f"{shown} = {_number(x, language)}", x, np.flatnonzero(half)) for x, half in halves]
        return [part for part in parted if len(part[2])], second, fixed
    levels = sorted(set(held[second]))
    if len(levels) > len(LOOKS):
        raise RefusalError(
            f"{second} has {len(levels)} levels, and more than {len(LOOKS)} lines can't be told apart: "
            "name those that are alike by one word."
        )
    each = [(f"{shown}: {language.word(Own(level))}", level, np.flatnonzero(at == level)) for level in levels]
    return each, second, fixed


def _number(value: float, language: Language) -> str:
    return language.word(show(float(f"{value:.4g}")))


def _trials(
    ax: Axes,
    bubbles: _Bubbles,
    members: np.ndarray,
    across: np.ndarray,
    look: tuple[str, str, Any],
    *,
    gid: str,
) -> None:
    """Draw trials by marks whose area is their weight, small ones on large ones."""
    color, marker, _ = look
    heavy = members[np.argsort(-across[members], kind="stable")]
    sizes = AREA[marker] * across[heavy] ** 2
    faces: dict[str, Any] = {
        "facecolor": _pale(COLOURS[color]),
        "edgecolor": COLOURS[color],
        "marker": marker,
    }
    ax.scatter(bubbles.xs[heavy], bubbles.yi[heavy], s=sizes, lw=0.7, zorder=3, gid=gid, **faces)


def _curve(ax: Axes, line: _Line, place: int, lines: int, *, predicted: bool) -> None:
    """Draw a line with its interval."""
    look, at, points = _look(place, lines), line.shown, line.points
    ax.plot(at, [each.estimate for each in points], lw=1.3, zorder=4, gid=f"line:{place}", **look)
    known = [(x, each) for x, each in zip(at, points, strict=True) if each.ci_low is not None]
    if known:
        where = [x for x, _ in known]
        ends: Any = [each.ci_low for _, each in known], [each.ci_high for _, each in known]
        alpha = 0.15 if lines == 1 else 0.1
        ax.fill_between(where, *ends, color=look["color"], alpha=alpha, lw=0, zorder=1.5, gid=f"band:{place}")
        for end in ends if lines > 1 else ():  # bands that overlap are told apart by their edges
            ax.plot(where, end, lw=0.5, zorder=2, **look)
    for name in ("pi_low", "pi_high") if predicted else ():
        ahead = [getattr(each, name) for each in points]
        ax.plot(at, ahead, lw=0.8, ls=":", zorder=4, gid=f"ahead:{place}", color=look["color"])


def _strips(ax: Axes, line: _Line, place: int, lines: int, *, predicted: bool) -> None:
    """Draw means of levels and their intervals, each across its strip."""
    look, half = _look(place, lines), 0.38 / lines
    for x, each in zip(line.shown, line.points, strict=True):
        ends = (x - half, x + half)
        ax.plot(ends, (each.estimate,) * 2, lw=1.3, zorder=4, gid=f"line:{place}", **look)
        if each.ci_low is not None and each.ci_high is not None:
            span, color = ((each.ci_low,) * 2, (each.ci_high,) * 2), look["color"]
            ax.fill_between(ends, *span, color=color, alpha=0.15, lw=0, zorder=1.5, gid=f"band:{place}")
        for end in (each.pi_low, each.pi_high) if predicted else ():
            if end is not None:
                ax.plot(ends, (end, end), lw=0.8, ls=":", zorder=4, gid=f"ahead:{place}", color=look["color"])


def _look(place: int, lines: int) -> dict[str, Any]:
    color, _, dashes = LOOKS[place]
    return {"color": COLOURS[color], "ls": dashes} if lines > 1 else {"color": COLOURS["pooled"], "ls": "-"}


def _handle(look: int) -> Line2D:
    color, marker, dashes = LOOKS[look]
    style: dict[str, Any] = {"color": COLOURS[color], "ls": dashes, "lw": 1.3, "marker": marker, "ms": 5}
    return Line2D([], [], mfc=_pale(COLOURS[color]), mew=0.7, **style)


def _axes(ax: Axes, moderation: Moderation, bubbles: _Bubbles, language: Language) -> None:
    scale_axis(ax.yaxis, moderation.measure, language)
    open_axes(ax)
    ax.spines["left"].set_visible(True)
    label = language.word(axis_words(moderation.measure))
    label = "\n".join(wrapped(label[:1].upper() + label[1:], _HIGH, size=TEXT))
    ax.set_ylabel(label, fontsize=TEXT)
    if bubbles.levels:
        room = max(0.3, (MIDDLE - _LEFT - 0.1) / len(bubbles.levels) - 0.06)
        names = [fitted(language.word(Own(level)), room, size=SMALL) for level in bubbles.levels]
        ax.set_xticks(range(len(names)), names)
    else:
        turn_ticks(ax.xaxis, language)
    ax.set_xlabel(language.word(Own(bubbles.of)), fontsize=TEXT)


def _widen(ax: Axes, canvas: Canvas) -> None:
    """Leave room on the left for numbers that are wider than most, and for a name of several lines."""
    numbers = max((text_width(label.get_text(), size=SMALL) for label in ax.get_yticklabels()), default=0.0)
    needed = numbers + 0.24 + 0.14 * ax.get_ylabel().count("\n")
    if needed > _LEFT:
        left, low, wide, high = ax.get_position().bounds
        moved = canvas.point(needed / MIDDLE, 0)[0] - canvas.point(_LEFT / MIDDLE, 0)[0]
        ax.set_position((left + moved, low, wide - moved, high))


def _sides(moderation: Moderation, zero: float | None, language: Language) -> str:
    """Say whom effects above and below no effect favour, where that is known."""
    if moderation.favours is None or zero is None:
        return ""
    below, above = (language.word(name) for name in moderation.favours)
    value = language.word(Numeral(f"{on_scale(moderation.measure, zero):g}"))
    return language.say("figures.bubble_sides", value=value, above=above, below=below)


def _at(name: str, value: float | str, language: Language) -> str:
    shown = language.word(Own(value)) if isinstance(value, str) else _number(value, language)
    return f"{language.word(Own(name))} = {shown}"


def _held_words(fixed: Mapping[str, float | str], language: Language) -> str:
    """Say where moderators are held that no axis and no line shows."""
    words = [_at(name, value, language) for name, value in fixed.items()]
    return language.say("figures.bubble_held", values=language.listed(words)) if words else ""


def _seen(moderation: Moderation, bubbles: _Bubbles, language: Language) -> list[str]:
    """Say in words what each line or strip shows."""
    sentences = []
    for line in bubbles.lines:
        told = []
        for i in range(len(line.at)) if bubbles.levels else (0, -1):
            each = line.points[i]
            known = each.ci_low is not None
            mean = (
                interval_words(moderation.measure, each, language)
                if known
                else language.word(as_shown(moderation.measure, each.estimate)[0])
            )
            told.append(
                language.say("figures.bubble_at", at=_at(bubbles.of, line.at[i], language), interval=mean)
            )
        sentences.append((f"{line.words}: " if line.words else "") + "; ".join(told) + ".")
    return sentences
