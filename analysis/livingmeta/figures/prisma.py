"""The PRISMA 2020 flow from the counts that a review holds; what is not known stays blank."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from livingmeta.appraisal.flow import PREVIOUS, TOTALS, BoxCount, Flow
from livingmeta.figures.style import BLACK, GREY, SMALL, TEXT, Canvas, as_written, write_title
from livingmeta.language import ENGLISH, Language

# The boxes of the figure by column, from top to bottom
_MIDDLE = (
    ("records", "databases", "registers"),
    ("screened",),
    ("sought",),
    ("assessed",),
    ("studies", "reports"),
)
_RIGHT = (("removed",), ("excluded",), ("not_retrieved",), ("reports_excluded",))


_BOX, _GAP, _BESIDE = 2.15, 0.22, 0.3  # inches
_LINE = 0.125


@as_written
def prisma_plot(
    flow: Flow,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw a flow as PRISMA 2020 lays it out, with a dashed box where no number is known.

    Parameters
    ----------
    flow : Flow
    ax : Axes, optional
        Where to draw; its place is shared by all that the figure shows. By default a new figure,
        reached as ``ax.figure``.
    title : str, optional
        Stands above; by default nothing does.
    width, height : float, optional
        Of a new figure, in mm; by default as much as it needs.
    language : Language
        Of the words that are drawn.

    Returns
    -------
    Axes
        In inches; every box has the gid "box:<its first key>", every text "<key>:<number>".
    """
    left = 0.1 if not flow.updates else 0.1 + _BOX + _GAP
    columns = (left, left + _BOX + _BESIDE)
    wide = columns[1] + _BOX + 0.1
    tall = [_height(flow, language, boxes) for boxes in _MIDDLE]
    beside = [_height(flow, language, boxes) for boxes in _RIGHT]
    rows = [max(pair) for pair in zip(tall, [*beside, 0.0], strict=True)]
    feet = _feet(flow, language, 130 if flow.updates else 85)
    bottom = 0.14 + _LINE * len(feet) + 0.08
    total = _height(flow, language, TOTALS) + _GAP if flow.updates else 0.0
    high = bottom + total + sum(rows) + _GAP * (len(rows) - 1) + 0.36
    above = 0.0 if title is None else 0.2
    canvas = Canvas(ax, (wide, high + above), width=width, height=height)
    ax = canvas.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, wide)
    ax.set_ylim(0, high + above)
    if title is not None:
        write_title(canvas, title, (0.1, 0.08))
    ax.set_axis_off()
    place = high - 0.3
    _heading(
        ax, columns[0], place + 0.14, language.say("figures.flow_new" if flow.updates else "figures.flow")
    )
    if flow.updates:
        _heading(ax, 0.1, place + 0.14, language.say("figures.flow_previous"))
        _box(ax, flow, language, PREVIOUS, 0.1, place)
    for number, boxes in enumerate(_MIDDLE):
        _box(ax, flow, language, boxes, columns[0], place)
        middle = place - tall[number] / 2
        if number < len(_RIGHT):
            _box(ax, flow, language, _RIGHT[number], columns[1], middle + beside[number] / 2)
            _arrow(ax, (columns[0] + _BOX, middle), (columns[1], middle))
        after = place - rows[number] - _GAP
        if number < len(_MIDDLE) - 1 or flow.updates:
            _arrow(ax, (columns[0] + _BOX / 2, place - tall[number]), (columns[0] + _BOX / 2, after))
        place = after
    if flow.updates:
        _box(ax, flow, language, TOTALS, columns[0], place)
        middle = place - _height(flow, language, TOTALS) / 2
        x = 0.1 + _BOX / 2
        ax.plot((x, x), (high - 0.3 - _height(flow, language, PREVIOUS), middle), color=BLACK, lw=0.8)
        _arrow(ax, (x, middle), (columns[0], middle))
    for number, line in enumerate(feet):
        ax.text(0.1, bottom - 0.14 - _LINE * number, line, fontsize=SMALL, va="center", gid="note")
    return ax


def _lines(flow: Flow, language: Language, boxes: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Return the lines of a box: gid, text, and whether its number is known."""
    lines = []
    for box in boxes:
        count = flow.count(box)
        wrapped = textwrap.wrap(f"{language.word(count.words)} {_unbroken(count, language)}", 38)
        lines += [("", line, count.number is not None) for line in wrapped[:-1]]
        lines.append((f"{box}:{count.number or ''}", wrapped[-1], count.number is not None))
        for reason in count.reasons:
            indented = textwrap.wrap(language.word(reason), 38, initial_indent="– ", subsequent_indent="  ")
            lines += [("", line, True) for line in indented]
    return lines


def _unbroken(count: BoxCount, language: Language) -> str:
    return language.word(count.text()).replace(" ", "\N{NO-BREAK SPACE}")


def _height(flow: Flow, language: Language, boxes: Sequence[str]) -> float:
    return _LINE * len(_lines(flow, language, boxes)) + 0.12


def _box(ax: Axes, flow: Flow, language: Language, boxes: Sequence[str], x: float, top: float) -> None:
    lines, height = _lines(flow, language, boxes), _height(flow, language, boxes)
    counted = any(flow.count(box).number for box in boxes)
    ax.add_patch(
        Rectangle(
            (x, top - height),
            _BOX,
            height,
            facecolor="none",
            lw=0.8,
            edgecolor=BLACK if counted else GREY,
            ls="-" if counted else "--",
            gid=f"box:{boxes[0]}",
        )
    )
    for number, (gid, line, is_known) in enumerate(lines):
        ax.text(
            x + 0.07,
            top - 0.06 - _LINE * (number + 0.5),
            line,
            fontsize=SMALL,
            va="center",
            color=BLACK if is_known else GREY,
            gid=gid or None,
        )


def _heading(ax: Axes, x: float, y: float, words: str) -> None:
    ax.text(x, y, words, fontsize=TEXT, weight="bold", va="center")


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate(
        "",
        end,
        start,
        arrowprops={"arrowstyle": "-|>", "lw": 0.8, "color": BLACK, "shrinkA": 0, "shrinkB": 0},
    )


def _feet(flow: Flow, language: Language, characters: int) -> list[str]:
    lines = []
    if any(count.mark == "†" for count in flow.counts):
        theirs = [f"{c.number}: {c.where}, {c.source}" for c in flow.counts if c.mark == "†"]
        lines.append(language.say("figures.flow_theirs", names="; ".join(theirs)))
    if any(count.mark == "*" for count in flow.counts):
        ours = dict.fromkeys(language.word(c.where) for c in flow.counts if c.mark == "*")
        lines.append(language.say("figures.flow_ours", names=", ".join(ours)))
    if any(count.number is None for count in flow.counts):
        lines.append(language.say("figures.flow_dashed"))
    return [part for line in lines for part in textwrap.wrap(line, characters)]
