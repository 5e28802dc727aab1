"""Risk of bias in pictures: every state has a sign, a colour and words of its own."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from livingmeta.appraisal.bias import STATES, Assessment
from livingmeta.figures.style import (
    BLACK,
    FACE,
    MARKS,
    ROW,
    SIGN,
    SMALL,
    TEXT,
    WHITE,
    WIDE,
    Canvas,
    Mark,
    Paper,
    domain_signs,
    mark,
    pictured,
    state_key,
    tell,
    wrapped,
    write_beside,
)
from livingmeta.language import Language
from livingmeta.words import RefusalError

_LABEL, _STEP, _MARGIN = 1.9, 0.34, 0.05  # inches
_LEGEND, _ACROSS = 0.2, 4  # height of a line of the legend, and states on it


@pictured
def traffic_plot(assessments: Sequence[Assessment], *, unrecorded: Sequence[str] = (), paper: Paper) -> Axes:
    """Draw one sign per trial and domain, a panel per tool.

    Parameters
    ----------
    assessments : sequence of Assessment
    unrecorded : sequence of str
        Labels of trials of which nothing is recorded; they are named below.

    Returns
    -------
    Axes
        Of the first tool. Each sign has the gid "<trial>:<domain>:<state>".

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    language = paper.language
    panels = _panels(assessments)
    feet = _feet(assessments, unrecorded, language)
    heads = [_heads(panel, language) for panel in panels]
    tall = [ROW * len(p) + 0.28 + 0.13 * len(h) for p, h in zip(panels, heads, strict=True)]
    above = paper.above
    high = sum(tall) + _foot_height(_states(assessments), feet) + 0.16 + above
    canvas = paper.canvas(WIDE, high)
    top, drawn = high - 0.08 - above, []
    for panel, key, size in zip(panels, heads, tall, strict=True):
        columns = len(panel[0].cells)
        rows = ROW * len(panel)
        place = (_LABEL / WIDE, (top - 0.28 - rows) / high, columns * _STEP / WIDE, rows / high)
        drawn.append(canvas.add_axes(place))
        _traffic(drawn[-1], panel, key, language)
        top -= size
    _legend(canvas, _states(assessments), feet, language)
    paper.write_title(canvas, (_MARGIN, 0.08))
    _tell(drawn[0], "traffic", panels, [*(" ".join(head) for head in heads), " ".join(feet)], language)
    return drawn[0]


def _tell(
    ax: Axes, what: str, panels: Sequence[Sequence[Assessment]], told: Sequence[str], language: Language
) -> None:
    counts = []
    for panel in panels:
        states = [cell.state for assessment in panel for cell in assessment.cells]
        parts = [
            f"{language.say(state_key(state))} {states.count(state)}" for state in STATES if state in states
        ]
        counts.append(f"{panel[0].tool}, {language.trials(len(panel))}: {', '.join(parts)}.")
    name = language.say(f"figures.name_{what}")
    tell(ax, name, told, counts, language)


def _feet(assessments: Sequence[Assessment], unrecorded: Sequence[str], language: Language) -> list[str]:
    """Say whose the judgements are, and of which trials nothing is recorded."""
    rows = [row for assessment in assessments for cell in assessment.cells for row in cell.rows]
    whose = dict.fromkeys(row.tool for row in rows if row.judgement)
    named = "; ".join(whose) or language.word("none")
    lines = [language.say("figures.judgements", names=named)]
    if unrecorded:
        lines.append(language.say("figures.unrecorded", names=", ".join(unrecorded)))
    return [part for line in lines for part in wrapped(line, WIDE - 0.1)]


def _traffic(ax: Axes, panel: Sequence[Assessment], key: Sequence[str], language: Language) -> None:
    columns = len(panel[0].cells)
    ax.set_xlim(-0.5, columns - 0.5)
    ax.set_ylim(len(panel) - 0.5, -0.5)
    _bare(ax)
    title = ax.text(-0.5, -0.9, panel[0].tool, fontsize=TEXT, weight="bold", va="center")
    title.set_x(-0.5 - _LABEL / _STEP + _MARGIN / _STEP)
    for place, head in enumerate(domain_signs(panel)):
        ax.text(place, -0.9, head, ha="center", va="center", fontsize=TEXT, weight="bold")
    for place, assessment in enumerate(panel):
        ax.text(-0.5 - _LABEL / _STEP + _MARGIN / _STEP, place, assessment.label, fontsize=TEXT, va="center")
        for column, cell in enumerate(assessment.cells):
            mark(ax, column, place, cell.state, gid=f"{assessment.trial}:{cell.domain}:{cell.state}")
    for number, line in enumerate(key):
        ax.annotate(
            line,
            (-0.5 - _LABEL / _STEP + _MARGIN / _STEP, len(panel) - 0.5),
            xytext=(0, -9 - 9.4 * number),
            textcoords="offset points",
            fontsize=SMALL,
            va="center",
            annotation_clip=False,
        )


@pictured
def summary_plot(assessments: Sequence[Assessment], *, paper: Paper) -> Axes:
    """Draw, per domain, how many trials have which judgement, and how many have none.

    Parameters are those of `traffic_plot`.

    Returns
    -------
    Axes
        Of the first tool. Bars of equal trials, a panel per tool; each piece has the gid
        "<domain>:<state>" and its count in it.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    language = paper.language
    panels = _panels(assessments)
    tall = [0.23 * len(panel[0].cells) + 0.35 for panel in panels]
    above = paper.above
    high = sum(tall) + _foot_height(_states(assessments), ()) + 0.05 + above
    label = 2.7
    canvas = paper.canvas(WIDE, high)
    top, drawn = high - above, []
    for panel, size in zip(panels, tall, strict=True):
        box = (label / WIDE, (top - size + 0.05) / high, 1 - (label + 0.1) / WIDE, (size - 0.3) / high)
        drawn.append(canvas.add_axes(box))
        _summary(drawn[-1], panel, language)
        top -= size
    _legend(canvas, _states(assessments), (), language)
    paper.write_title(canvas, (_MARGIN, 0.08))
    _tell(drawn[0], "summary", panels, _feet(assessments, (), language), language)
    return drawn[0]


def _summary(ax: Axes, panel: Sequence[Assessment], language: Language) -> None:
    ax.set_xlim(0, len(panel) * 1.002)
    ax.set_ylim(len(panel[0].cells) - 0.5, -0.5)
    _bare(ax)
    ax.set_title(f"{panel[0].tool}: {language.trials(len(panel))}", fontsize=TEXT, weight="bold", loc="left")
    for place, cell in enumerate(panel[0].cells):
        write_beside(ax, -0.02, place, language.word(cell.domain), ha="right", fontsize=TEXT)
        start = 0
        states = [assessment.cells[place].state for assessment in panel]
        for state, style in MARKS.items():
            count = states.count(state)
            if count:
                _piece(ax, start, place, count, state=state, style=style, domain=cell.domain)
                start += count


def _piece(ax: Axes, start: int, place: int, count: int, *, state: str, style: Mark, domain: str) -> None:
    ax.barh(
        place,
        count,
        left=start,
        height=0.78,
        color=style.face,
        edgecolor=BLACK,
        lw=0.6,
        ls=style.line,
        zorder=FACE if style.face != WHITE else 2,
        gid=f"{domain}:{state}",
    )
    ax.text(
        start + count / 2,
        place,
        f"{style.sign} {count}",
        ha="center",
        va="center",
        color=style.ink,
        fontsize=TEXT,
        weight="bold",
        zorder=SIGN if style.face != WHITE else 3,
    )


def _panels(assessments: Sequence[Assessment]) -> list[list[Assessment]]:
    """Group assessments by tool; those of one tool have the same domains."""
    if not assessments:
        raise RefusalError("risk_of_bias.csv holds neither a judgement nor a fact: there is nothing to draw.")
    tools = dict.fromkeys(assessment.tool for assessment in assessments)
    return [[assessment for assessment in assessments if assessment.tool == tool] for tool in tools]


def _heads(panel: Sequence[Assessment], language: Language) -> list[str]:
    named = [
        f"{sign}: {language.word(cell.domain)}"
        for sign, cell in zip(domain_signs(panel), panel[0].cells, strict=True)
    ]
    return wrapped("; ".join(named) + ".", WIDE - 0.1)


def _states(assessments: Sequence[Assessment]) -> list[str]:
    """Return the states that occur, in their order; those without a judgement always."""
    here = {cell.state for assessment in assessments for cell in assessment.cells} | {"facts", "nothing"}
    return [state for state in STATES if state in here]


def _foot_height(states: Sequence[str], feet: Sequence[str]) -> float:
    return 0.13 * len(feet) + _LEGEND * -(-len(states) // _ACROSS) + 0.12


def _legend(canvas: Canvas, states: Sequence[str], feet: Sequence[str], language: Language) -> None:
    width, height = canvas.get_size_inches()
    foot = _foot_height(states, feet)
    ax = canvas.add_axes((0, 0, 1, foot / height))
    ax.set_xlim(0, width)
    ax.set_ylim(0, foot)
    _bare(ax)
    for number, line in enumerate(feet):
        ax.text(_MARGIN, foot - 0.08 - 0.13 * number, line, fontsize=SMALL, va="center", gid="note")
    below = foot - 0.13 * len(feet) - 0.04
    for number, state in enumerate(states):
        row, column = divmod(number, _ACROSS)
        left, place = _MARGIN + column * (width / _ACROSS), below - _LEGEND * (row + 0.5)
        mark(ax, left + 0.08, place, state, gid=f"legend:{state}")
        ax.text(left + 0.24, place, language.say(state_key(state)), fontsize=SMALL, va="center")


def _bare(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
