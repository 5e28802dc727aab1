"""The PRISMA 2020 flow from the counts that a review holds; what is not known stays blank."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from livingmeta.appraisal.flow import PREVIOUS, TOTALS, BoxCount, Flow
from livingmeta.figures.style import BLACK, GREY, MIDDLE, SMALL, TEXT, Paper, pictured, tell, wrapped
from livingmeta.language import Language

# The boxes of the figure by column, from top to bottom
_MIDDLE = (
    ("records", "databases", "registers"),
    ("screened",),
    ("sought",),
    ("assessed",),
    ("studies", "reports"),
)
_RIGHT = (("removed",), ("excluded",), ("not_retrieved",), ("reports_excluded",))


_BOX, _GAP, _BESIDE = 2.09, 0.22, 0.3  # inches: three columns are as wide as two of a journal
_LINE = 0.135


@pictured
def prisma_plot(flow: Flow, *, paper: Paper) -> Axes:
    """Draw a flow as PRISMA 2020 lays it out, with a dashed box where no number is known.

    Parameters
    ----------
    flow : Flow

    Returns
    -------
    Axes
        A sentence alone where no number is known; else in inches: every box has the gid
        "box:<its first key>", every text "<key>:<number>".
    """
    language = paper.language
    if not flow.known:
        return _nothing(paper)
    left = 0.05 if not flow.updates else 0.05 + _BOX + _GAP
    columns = (left, left + _BOX + _BESIDE)
    wide = columns[1] + _BOX + 0.05
    tall = [_height(flow, language, boxes) for boxes in _MIDDLE]
    beside = [_height(flow, language, boxes) for boxes in _RIGHT]
    rows = [max(pair) for pair in zip(tall, [*beside, 0.0], strict=True)]
    feet = _feet(flow, language, wide - 0.1)
    bottom = 0.14 + _LINE * len(feet) + 0.08
    total = _height(flow, language, TOTALS) + _GAP if flow.updates else 0.0
    high = bottom + total + sum(rows) + _GAP * (len(rows) - 1) + 0.36
    above = paper.above
    canvas = paper.canvas(wide, high + above)
    ax = canvas.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, wide)
    ax.set_ylim(0, high + above)
    paper.write_title(canvas, (0.05, 0.08))
    ax.set_axis_off()
    place = high - 0.3
    _heading(
        ax, columns[0], place + 0.14, language.say("figures.flow_new" if flow.updates else "figures.flow")
    )
    if flow.updates:
        _heading(ax, 0.05, place + 0.14, language.say("figures.flow_previous"))
        _box(ax, flow, language, PREVIOUS, 0.05, place)
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
        x = 0.05 + _BOX / 2
        ax.plot((x, x), (high - 0.3 - _height(flow, language, PREVIOUS), middle), color=BLACK, lw=0.8)
        _arrow(ax, (x, middle), (columns[0], middle))
    for number, line in enumerate(feet):
        ax.text(0.05, bottom - 0.14 - _LINE * number, line, fontsize=SMALL, va="center", gid="note")
    _tell(ax, flow, feet, language)
    return ax


def _nothing(paper: Paper) -> Axes:
    """Say that no number is known: sixteen blank boxes say nothing."""
    canvas, language = paper.canvas(MIDDLE, 0.5), paper.language
    ax = canvas.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    words = "\n".join(wrapped(language.say("flow_none"), MIDDLE - 0.1))
    ax.text(0.05 / MIDDLE, 0.4, words, fontsize=SMALL, va="center", gid="nothing")
    paper.write_title(canvas, (0.05, 0.04))
    tell(ax, language.say("figures.name_prisma"), [], [language.say("flow_none")], language)
    return ax


def _tell(ax: Axes, flow: Flow, feet: Sequence[str], language: Language) -> None:
    counted = [f"{language.word(c.words)} {language.word(c.text())}." for c in flow.counts if c.number]
    tell(ax, language.say("figures.name_prisma"), [" ".join(feet)], counted, language)


def _lines(flow: Flow, language: Language, boxes: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Return the lines of a box: gid, text, and whether its number is known."""
    lines = []
    for box in boxes:
        count = flow.count(box)
        box_lines = wrapped(f"{language.word(count.words)} {_unbroken(count, language)}", _BOX - 0.14)
        lines += [("", line, count.number is not None) for line in box_lines[:-1]]
        lines.append((f"{box}:{count.number or ''}", box_lines[-1], count.number is not None))
        for reason in count.reasons:
            indented = wrapped(f"– {language.word(reason)}", _BOX - 0.14)
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


def _feet(flow: Flow, language: Language, inches: float) -> list[str]:
    lines = []
    if any(count.mark == "†" for count in flow.counts):
        theirs = [f"{c.number}: {c.where}, {c.source}" for c in flow.counts if c.mark == "†"]
        lines.append(language.say("figures.flow_theirs", names="; ".join(theirs)))
    if any(count.mark == "*" for count in flow.counts):
        ours = dict.fromkeys(language.word(c.where) for c in flow.counts if c.mark == "*")
        lines.append(language.say("figures.flow_ours", names=", ".join(ours)))
    if any(count.number is None for count in flow.counts):
        lines.append(language.say("figures.flow_dashed"))
    return [part for line in lines for part in wrapped(line, inches)]
