"""What a colour, a mark, a size and an axis mean, in every figure alike."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, wraps
from inspect import Parameter, signature
from itertools import count, pairwise
from pathlib import Path
from string import ascii_lowercase
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import Collection
from matplotlib.colors import LinearSegmentedColormap, is_color_like, to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from livingmeta.appraisal.bias import OVERALL, Assessment
from livingmeta.engine.measures import MOST_LOG, SCALES, as_shown, measure_of, off_scale, on_scale, scale_of
from livingmeta.language import ENGLISH, Language, Said, Word, said
from livingmeta.synthesis.pool import Pool
from livingmeta.words import RefusalError, decimal, pick, refuse, show

Drawn = TypeVar("Drawn")

# What a colour means, in every figure and in the explorer. Most are Okabe and Ito's, which
# colour-blind readers can tell apart; nothing is told by colour alone.
COLOURS: Mapping[str, str] = {
    "trial": "#0072B2",  # a trial's own effect
    "pooled": "#D55E00",  # the pooled value and what it predicts
    "variant": "#000000",  # pooled in another way: without a trial, so far, by other choices
    "published": "#6B6B6B",  # with a dashed edge
    "missing": "#6B6B6B",  # words, no mark
    "contradictory": "#6B6B6B",  # a hollow total
    "imagined": "#A04476",  # a trial that was not done
    "below": "#56B4E9",  # intervals that exclude no effect, and other pairs to tell apart
    "above": "#E69F00",
    "across": "#A8A8A8",
}
# Ink, paper and shades of a page in daylight and of its files, and by night: the colours that mean
# something are those of every figure, lighter in the dark.
GROUND = {
    "ink": "#1b1d1f",
    "soft": "#5c6166",
    "line": "#d9dad7",
    "paper": "#ffffff",
    "shade1": "#d6d6d2",
    "shade2": "#f3f3f1",
    # of a funnel, the darker the smaller P; in a legend each is told apart in print
    "region1": "#e9e9e6",
    "region2": "#d3d3cf",
    "region3": "#bcbcb8",
}
NIGHT = {
    "ink": "#e9e9e6",
    "soft": "#a7acb0",
    "line": "#3a3e42",
    "paper": "#16181a",
    "shade1": "#31363a",
    "shade2": "#1c1f22",
    "region1": "#2b2f33",
    "region2": "#42474c",
    "region3": "#5a6066",
    "trial": "#56b4e9",
    "pooled": "#f0a04b",
    "variant": "#ffffff",
    "published": "#a7acb0",
    "missing": "#a7acb0",
    "contradictory": "#a7acb0",
    "imagined": "#e29bc1",
    "below": "#8fd0f5",
    "above": "#f5c451",
    "across": "#6f757a",
}
BLACK, WHITE, GREY, PALE = "#000000", "#FFFFFF", "#6B6B6B", "#D9D9D9"  # ink, ground, guides
ROW, LINE = 0.185, 0.122  # inches: a row of a figure, a line of small text
FACE, SIGN = 4.5, 5  # the order of what is drawn on all else, and keeps its colours by night
MM = 25.4  # in an inch
TEXT, SMALL = 8.0, 7.0  # points
WIDE, MIDDLE = 175 / MM, 120 / MM  # inches: two columns of a journal, and one and a half
# As wide as Arial, letter by letter; what it lacks is taken from matplotlib's own
for _face in sorted((Path(__file__).parent / "fonts").glob("*.ttf")):
    fontManager.addfont(_face)
FONTS = ("Arimo", "DejaVu Sans")
ARROW = said("figures.arrow")
BOUND_MARK = said("figures.bound_mark")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How a state of risk of bias looks: in colour, in print, and read aloud."""

    sign: str
    face: str
    ink: str
    line: str = "-"


# Each state has a sign of its own, so that colour is never all there is; no judgement is hollow.
MARKS: Mapping[str, Mark] = {
    "low": Mark(sign="+", face="#00785A", ink=WHITE),
    "unclear": Mark(sign="?", face="#F0E442", ink=BLACK),
    "some concerns": Mark(sign="−", face="#F0E442", ink=BLACK),
    "high": Mark(sign="×", face="#9E1B1B", ink=WHITE),
    "yes": Mark(sign="y", face=WHITE, ink=BLACK),
    "no": Mark(sign="n", face="#D9D9D9", ink=BLACK),
    "facts": Mark(sign="f", face=WHITE, ink=BLACK),
    "nothing": Mark(sign="·", face=WHITE, ink=GREY, line=":"),
}


# What a review says is no formula, whatever stands between two dollars: around all that draws.
as_written = rc_context({"text.parse_math": False, "font.family": list(FONTS)})
THEMES = ("light", "dark")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What every figure takes by these names: where it is drawn, how large, in which words."""

    ax: Axes | None = None
    title: str | None = None
    width: float | None = None
    height: float | None = None
    language: Language = ENGLISH

    @property
    def above(self) -> float:
        """Return the inches that a title needs."""
        return 0.0 if self.title is None else 0.2

    def canvas(self, wide: float, high: float) -> Canvas:
        """Return a canvas that is laid out for so many inches."""
        return Canvas(self.ax, (wide, high), width=self.width, height=self.height)

    def write_title(self, canvas: Canvas, inches: tuple[float, float]) -> None:
        """Write the title, where there is one, so far from the left and upper edge."""
        if self.title is not None:
            write_title(canvas, self.title, inches)


_PAPER = """
    ax : Axes, optional
        Where to draw; its place is shared by all that the figure shows. By default a new figure,
        reached as ``ax.figure``.
    title : str, optional
        Stands above; by default nothing does: a caption says it (`caption_of`).
    width, height : float, optional
        Of a new figure, in mm; by default as much as it needs.
    language : Language
        Of the words that are drawn.
    theme : str
        "light", or "dark" for a dark ground."""


def pictured(draw: Callable[..., Drawn]) -> Callable[..., Drawn]:
    """Let a figure be drawn as written, on its `Paper`, on a light ground or, by `theme`, a dark one."""
    own = [part for part in signature(draw).parameters.values() if part.name != "paper"]
    asked = [part for part in fields(Paper) if part.name not in {mine.name for mine in own}]

    @wraps(draw)
    def drawn(*given: Any, theme: str = "light", **named: Any) -> Drawn:
        pick(dict.fromkeys(THEMES), theme, "theme")
        paper = Paper(**{part.name: named.pop(part.name) for part in asked if part.name in named})
        others = set() if paper.ax is None else {*paper.ax.figure.axes} - {paper.ax}
        made = as_written(draw)(*given, paper=paper, **named)
        if theme == "dark":
            first: Any = made[0] if isinstance(made, tuple) else made
            for ax in first.figure.axes:
                if ax not in others:
                    by_night(ax)
            _turn(first.figure.texts)
        return made

    usual = {**{part.name: part.default for part in asked}, "theme": "light"}
    named = [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in usual.items()]
    drawn.__signature__ = signature(draw).replace(parameters=own + named)  # type: ignore[attr-defined]
    listed, returns, rest = str(draw.__doc__).partition("\n\n    Returns\n")
    if "    Parameters\n" in listed:
        drawn.__doc__ = listed + _PAPER + returns + rest
    return drawn


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What a figure shows, for who does not see it, and what its caption has to say."""

    title: str
    sentences: Sequence[str]
    description: str
    language: Language

    @property
    def text(self) -> str:
        """All of it, to be pasted below the figure."""
        described = self.language.say("figures.described", words=self.description)
        return "\n\n".join(filter(None, [self.title, " ".join(self.sentences), described])) + "\n"


_TOLD: WeakKeyDictionary[Axes, Caption] = WeakKeyDictionary()


def tell(ax: Axes, title: str, caption: Iterable[str], seen: Iterable[str], language: Language) -> None:
    """Say what was drawn; empty sentences are left out."""
    parts = tuple(filter(None, caption)), " ".join(filter(None, seen))
    _TOLD[ax] = Caption(title=title, sentences=parts[0], description=parts[1], language=language)


def caption_of(ax: Axes) -> Caption:
    """Return what a figure shows, by the axes that its function returned.

    Examples
    --------
    >>> from livingmeta.calls import funnel_plot
    >>> caption_of(funnel_plot([0.1, 0.2, 0.9], [0.04, 0.05, 0.03])).title
    'Funnel plot: Table'
    """
    return _TOLD[ax]


def methods_words(pool: Pool, language: Language) -> str:
    """Say by what methods a pool is pooled."""
    return language.say("figures.methods", words=pool.methods)


def result_words(pool: Pool, language: Language) -> str:
    """Say what a pool gives, of how many trials."""
    result = pool.result
    assert result is not None
    return language.say(
        "figures.result",
        k=result.k,
        measure=language.word(axis_words(pool.measure)),
        interval=interval_words(pool.measure, result, language),
    )


def interval_words(measure: str, result: Any, language: Language) -> str:
    """Write an estimate with its interval."""
    middle, low, high = as_shown(measure, result.estimate, result.ci_low, result.ci_high)
    return language.say("interval", estimate=middle, low=low, high=high)


def share_words(share: float, language: Language) -> str:
    """Write a share so that one that is not 0 or 1 does not look so."""
    if 0 < share < 0.005 or 0.995 < share < 1:
        return ("<1" if share < 0.5 else ">99") + language.percent
    return f"{100 * share:.0f}{language.percent}"


Sides = Sequence[tuple[float, Sequence[str]]]


def axis_sides(pool: Pool, limits: tuple[float, float], inches: float, language: Language = ENGLISH) -> Sides:
    """Say whom the sides of an axis so wide favour: fractions of it, and lines to be centred there.

    Each stands below its half; where one has no room, a sentence says both. Empty where it is not known.
    """
    if pool.favours is None:
        return []
    low, high = limits
    zero = min(1.0, max(0.0, -low / (high - low)))
    names = [language.word(name) for name in pool.favours]
    parts = [language.say("figures.favours", group=name) for name in names]
    rooms = [zero * inches - 0.06, (1 - zero) * inches - 0.06]
    lines = [wrapped(part, max(0.1, room)) for part, room in zip(parts, rooms, strict=True)]
    widths = [max(text_width(line, size=SMALL) for line in each) for each in lines]
    if all(wide <= room and len(each) < 4 for wide, room, each in zip(widths, rooms, lines, strict=True)):
        return [(zero / 2, lines[0]), ((1 + zero) / 2, lines[1])]
    sentence = language.say("figures.sides", left=names[0], right=names[1])
    return [(0.5, wrapped(sentence, inches))]


def foot_inches(sides: Sides) -> float:
    """Return what an axis with its numbers, these words and its name need below it."""
    return 0.44 + LINE * max((len(lines) for _, lines in sides), default=0)


def name_axis(ax: Axes, measure: str, sides: Sides, language: Language) -> None:
    """Write below an axis of effects whom its sides favour, and what it is."""
    for number, (at, lines) in enumerate(sides, start=1):
        for i, line in enumerate(lines):
            ax.annotate(
                line,
                (at, 0),
                xytext=(0, -15 - 72 * LINE * i),
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=SMALL,
                ha="center",
                va="top",
                gid=f"favours:{number}",
                annotation_clip=False,
            )
    label = language.word(axis_words(measure))
    pad = 3 + 72 * LINE * max((len(lines) for _, lines in sides), default=0)
    ax.set_xlabel(label[:1].upper() + label[1:], fontsize=TEXT, labelpad=pad)


def axis_words(measure: str) -> Said | Word:
    """Return what stands at an axis of effects."""
    entry = measure_of(measure)
    if entry is None:
        return Word(measure)
    return said("figures.axis_log" if entry.ratio else "figures.axis", measure=entry.words)


def _places(ticks: Sequence[float]) -> int:
    """Return how many decimals tell evenly spaced ticks apart."""
    if len(ticks) < 2:
        return 0 if all(float(tick).is_integer() for tick in ticks) else 2
    return max(0, int(np.ceil(-np.log10(ticks[1] - ticks[0]) - 1e-9)))


def scale_axis(axis: Axis, measure: str, language: Language = ENGLISH, *, size: float = SMALL) -> None:
    """Put round numbers on an axis of effects whose limits are set, as many as find room.

    Ratios stand at their logs, and other numbers that are pooled on another scale than readers see at
    their places there.
    """
    low, high = sorted(axis.get_view_interval())
    scale = scale_of(measure)
    figure = axis.axes.get_figure(root=True)
    room = axis.axes.bbox.width / figure.dpi if axis is axis.axes.xaxis and figure else np.inf
    for most in range(7, 1, -1):
        if scale.plain:
            steps = [1, 2, 5, 10] if most == 7 else [1, 2, 4, 5, 10]
            locator = MaxNLocator(nbins=most - 1, steps=steps, min_n_ticks=1)
            ticks = [float(x) for x in locator.tick_values(low, high) if low <= x <= high]
            labels = [str(decimal(x, _places(ticks))) for x in ticks]
        else:
            ticks = (
                ratio_ticks(low, high, most=most, doubled=scale.ratio)
                if scale.of_logs
                else scale_ticks(low, high, measure, most=most)
            )
            labels = [show(float(f"{on_scale(measure, x):.6g}")) for x in ticks]
        labels = language.commas(labels)
        needed = max((text_width(label, size=size) + 0.07 for label in labels), default=0.0)
        apart = min((after - tick for tick, after in pairwise(ticks)), default=np.inf)
        if len(ticks) < 2 or needed <= room * apart / (high - low):
            break
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda x, _: dict(zip(ticks, labels, strict=True))[x]))


WIDE_LOGITS = 3.0  # from 0.2 to 0.8 or so: beyond, round proportions come near to 0 and 1
_TAILS = [(10.0**-n, 1 - 10.0**-n) for n in range(1, 7)]
LOGIT_TICKS = (0.5, *(share for tails in _TAILS for share in tails), 0.05, 0.95, 0.2, 0.8)  # rounder first


def scale_ticks(low: float, high: float, measure: str, *, most: int = 7) -> list[float]:
    """Return where round numbers of a scale such as a proportion's stand.

    Examples
    --------
    >>> from livingmeta.engine.measures import on_scale
    >>> [round(on_scale("logit proportion", x), 2) for x in scale_ticks(-3, 3, "logit proportion")]
    [0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95]
    """
    scale = scale_of(measure)
    ends = on_scale(measure, low), on_scale(measure, high)
    even = list(map(float, MaxNLocator(nbins=most - 1, steps=[1, 2, 4, 5, 10]).tick_values(*ends)))
    if scale is SCALES["logit"] and high - low > WIDE_LOGITS:
        even = [*LOGIT_TICKS]
    ticks: list[float] = []
    for value in even:  # round ones first
        if ends[0] <= value <= ends[1] and (scale.ends or scale.holds(value)):
            x = off_scale(measure, value)
            if low <= x <= high and all(abs(x - tick) > (high - low) / (most + 3) for tick in ticks):
                ticks.append(x)
    return sorted(ticks)


def ratio_ticks(low: float, high: float, *, most: int = 7, doubled: bool = True) -> list[float]:
    """Return the logs of round ratios: doubles, 1, 2, 5, 10, …, 1, 3, 10, … or powers of ten.

    In a small range they are even steps. Numbers that are no ratios are not `doubled`. Where a number
    holds the ratio no more there are none.

    Examples
    --------
    >>> [round(float(np.exp(x)), 3) for x in ratio_ticks(-1.5, 1.5)]
    [0.25, 0.5, 1.0, 2.0, 4.0]
    >>> [round(float(np.exp(x)), 3) for x in ratio_ticks(-0.1, 0.1)]
    [0.92, 0.96, 1.0, 1.04, 1.08]
    >>> [round(float(x / np.log(10))) for x in ratio_ticks(-9e12, 1.2e13)]
    [-261, -174, -87, 0, 87, 174, 261]
    """
    low, high = max(low, -MOST_LOG), min(high, MOST_LOG)
    if low >= high:
        return []
    if high - low < np.log(3):
        locator = MaxNLocator(nbins=most - 1, steps=[1, 2, 4, 5, 10])
        even = locator.tick_values(np.exp(low), np.exp(high))
        return [float(np.log(x)) for x in even if x > 0 and low <= np.log(x) <= high]
    doubles = (high - low) / np.log(2)
    decades: tuple[tuple[int, ...], ...] = ((1, 2, 5), (1, 3)) if doubles >= most or not doubled else ()
    for leads in ((1, 2, 3, 5, 7),) if doubles < 3 else decades:
        powers = range(math.floor(low / math.log(10)) - 1, math.ceil(high / math.log(10)) + 1)
        round_ones = [math.log(lead) + power * math.log(10) for power in powers for lead in leads]
        ticks = [x for x in round_ones if low <= x <= high]
        if 0 < len(ticks) <= most:
            return ticks
    step = next(
        size
        for power in count()
        if (high - low) / (size := np.log(10) * power if power else np.log(2)) < most
    )
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return [float(i * step) for i in range(first, last + 1)]


SPARE = 1.012  # in a picture of pixels letters stand on whole ones: a little more than their own widths
WIDEST = 2.4  # inches of a trial's name; the middle of a longer one is cut, and a note has it


@cache
def _advance(sign: str, bold: bool) -> float:
    """Return how wide a sign is, in parts of the size of its letters."""
    font = None
    for family in FONTS:
        named = FontProperties(family=family, weight="bold" if bold else "normal", size=100)
        font = get_font(findfont(named))
        if font.get_char_index(ord(sign)):
            break
    else:
        return 1.0  # a sign of a script that neither has, which is about as wide as high
    assert font is not None
    font.set_size(100, 72)
    return float(font.load_char(ord(sign)).linearHoriAdvance) / 65536 / 100


def text_width(text: str, *, size: float = TEXT, bold: bool = False) -> float:
    """Return how wide a text is, in inches."""
    line = text.translate(dict.fromkeys(map(ord, "\t\r\n"), " "))  # no font has a sign for these
    return SPARE * size / 72 * sum(_advance(sign, bold) for sign in line)


def wrapped(text: str, inches: float = 6.45, *, size: float = SMALL, bold: bool = False) -> list[str]:
    """Break a text into lines that are no wider than this."""
    words, lines = [word for word in re.split(r"[ \t\r\n]+", text) if word], []
    while words:
        # by halves, since to measure a text takes long; 20 words of one letter are an inch
        most = range(1, 1 + min(len(words), int(20 * inches)))
        n = max(
            1, bisect_right(most, inches, key=lambda n: text_width(" ".join(words[:n]), size=size, bold=bold))
        )
        lines.append(" ".join(words[:n]))
        words = words[n:]
    return lines or [""]


def fitted(text: str, inches: float, *, size: float = TEXT, bold: bool = False) -> str:
    """Put a text into one line; of one too wide the middle is cut, so that a last year stays.

    Examples
    --------
    >>> fitted("A trial of a very long name 2001", 1.0)
    'A trial o…ame 2001'
    """
    text = " ".join(text.split())
    tail, head = text[-8:], len(text) - 8
    shown = text
    while head > 0 and text_width(shown, size=size, bold=bold) > inches:
        head -= 1
        shown = f"{text[:head].rstrip()}…{tail}"
    return shown


def draw_interval(
    ax: Axes, low: float, high: float, y: float, *, gid: str, color: str = BLACK, lw: float = 0.8
) -> None:
    """Draw an interval: an arrow says that it goes on beyond the axis, and nothing else has one.

    One that lies beyond the axis as a whole is the arrow alone.
    """
    least, most = ax.get_xlim()
    shown = max(low, least), min(high, most)
    if shown[0] <= shown[1]:
        line = Line2D(shown, (y, y), color=color, lw=lw, solid_capstyle="butt", zorder=2, gid=gid)
        _add(ax, line)
    _arrows(ax, low, high, y, gid=gid, color=color, size=3.6 if lw < 2 else 5, zorder=2)


def _arrows(ax: Axes, low: float, high: float, y: float, *, gid: str, **style: Any) -> None:
    least, most = ax.get_xlim()
    for beyond, x, marker in ((low < least, least, "<"), (high > most, most, ">")):
        if beyond:
            draw_mark(ax, x, y, marker, clip_on=False, gid=f"beyond:{gid}", **style)


def draw_mark(
    ax: Axes, x: Any, y: Any, marker: str, *, color: str, size: float, gid: str, **style: Any
) -> None:
    """Draw an estimate, or several, as a mark without an edge."""
    look = {"mew": 0, "zorder": 3, "ls": "", "marker": marker, "color": color, "ms": size, **style}
    _add(ax, Line2D(np.atleast_1d(x), np.atleast_1d(y), gid=gid, **look))


def _add(ax: Axes, line: Line2D) -> None:
    """Add a line or marks: of thousands, where limits are set, faster than `plot`, which looks at them."""
    if ax.get_autoscale_on():
        ax.add_line(line)
        ax.autoscale_view()
    else:
        ax.add_artist(line)


def write_beside(ax: Axes, x: float, place: float, text: str, **style: Any) -> None:
    """Write into a row of a figure, at a fraction of the width of its axes, mostly outside of them."""
    style = {"fontsize": SMALL, "va": "center", **style}
    ax.text(x, place, text, transform=ax.get_yaxis_transform(), **style)


def open_axes(ax: Axes, *, kept: str = "bottom", **ticks: Any) -> None:
    """Leave one line of the frame, with small ticks."""
    ax.tick_params(**{"labelsize": SMALL, "labelfontfamily": FONTS, "length": 2.5, "width": 0.6, **ticks})
    ax.spines[[side for side in ax.spines if side != kept]].set_visible(False)


class Canvas:
    """Paper of so many inches: a figure of its own, or the place of axes that are given.

    Places on it are fractions of it, as those of a figure are. Of given axes the first that are asked
    for are these themselves.

    Parameters
    ----------
    ax : Axes or None
        Axes that are given.
    inches : (float, float)
        Width and height that what is drawn is laid out for.
    width, height : float, optional
        Of a new figure, in mm, instead.
    """

    def __init__(
        self,
        ax: Axes | None,
        inches: tuple[float, float],
        *,
        width: float | None = None,
        height: float | None = None,
    ) -> None:
        self._inches, self._given = inches, ax
        if ax is None:
            size = [
                usual if mm is None else mm / MM for usual, mm in zip(inches, (width, height), strict=True)
            ]
            wrong = (mm for mm in (width, height) if mm is not None and not 0 < mm < math.inf)
            refuse(f"{mm:g} mm: a figure is wider and higher than 0." for mm in wrong)
            self.figure: Any = Figure(figsize=(size[0], size[1]), dpi=200)
            self._box = (0.0, 0.0, 1.0, 1.0)
        else:
            if width is not None or height is not None:
                raise RefusalError("width and height are of a new figure: leave them out, or ax.")
            self.figure = ax.figure
            self._box = tuple(ax.get_position().bounds)

    def get_size_inches(self) -> tuple[float, float]:
        """Return the size that it is laid out for."""
        return self._inches

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a place on it as one of its figure."""
        left, bottom, wide, high = self._box
        return left + x * wide, bottom + y * high

    def add_axes(self, rect: tuple[float, float, float, float], *, label: str = "", **more: Any) -> Axes:
        """Return axes at a place: left, bottom, width and height."""
        place = (*self.point(*rect[:2]), rect[2] * self._box[2], rect[3] * self._box[3])
        ax, self._given = self._given, None
        if ax is None:
            made: Axes = self.figure.add_axes(place, label=label, **more)
            return made
        ax.set_position(place)
        if label:
            ax.set_label(label)
        return ax

    def text(self, x: float, y: float, words: str, **style: Any) -> None:
        """Write at a place."""
        self.figure.text(*self.point(x, y), words, **style)


def write_title(figure: Figure | Canvas, text: str, inches: tuple[float, float], **style: Any) -> None:
    """Write a figure's title, so far from its left and upper edge."""
    width, height = figure.get_size_inches()
    style = {"fontsize": TEXT, "va": "top", "weight": "bold", "gid": "title", **style}
    figure.text(inches[0] / width, 1 - inches[1] / height, text, **style)


def shade_unimportant(ax: Axes, important: float | None) -> None:
    """Shade effects smaller than the smallest important difference."""
    if important is not None:
        ax.axvspan(-important, important, color=PALE, alpha=0.6, lw=0, zorder=0, gid="important")


def draw_diamond(
    ax: Axes, result: Any, y: float, *, gid: str, color: str, half: float = 0.3, **style: Any
) -> None:
    """Draw an estimate with its interval as a diamond, cut blunt, with an arrow, at the axis."""
    least, most = ax.get_xlim()
    low, middle, high = result.ci_low, result.estimate, result.ci_high

    def tall(x: float) -> float:
        end = low if x < middle else high
        return half if x == middle else half * (x - end) / (middle - end)

    ends = max(low, least), min(high, most)
    if ends[0] <= ends[1]:
        xs = [ends[0], *(x for x in (middle,) if ends[0] < x < ends[1]), ends[1]]
        upper = [(x, y - tall(x)) for x in xs]
        lower = [(x, y + tall(x)) for x in reversed(xs) if tall(x) > 0]
        style = {"facecolor": color, "edgecolor": color, "lw": 0.8, "zorder": 3, **style}
        ax.add_patch(Polygon([*upper, *lower], closed=True, gid=gid, **style))
    _arrows(ax, low, high, y, gid=gid, color=color, size=5)


def draw_legend(
    ax: Axes,
    canvas: Canvas,
    handles: Sequence[Any],
    words: Sequence[str],
    at: tuple[float, float],
    *,
    length: float = 1.6,
) -> None:
    """Write a row of a legend below all, where it hides no trial."""
    look: dict[str, Any] = {"ncols": 4, "columnspacing": 1.2, "handlelength": length, "handletextpad": 0.4}
    look |= {"borderpad": 0, "borderaxespad": 0, "frameon": False, "fontsize": SMALL, "loc": "upper left"}
    look |= {"bbox_transform": canvas.figure.transSubfigure, "bbox_to_anchor": canvas.point(*at)}
    legend = Legend(ax, list(handles), list(words), **look)
    ax.add_artist(legend)
    for patch in legend.get_patches():
        patch.set(edgecolor=GREY, linewidth=0.5)


def name_points(
    ax: Axes,
    x: np.ndarray,
    y: np.ndarray,
    labels: Sequence[str],
    outermost: Sequence[int],
    radii: np.ndarray | float = 3.0,
) -> list[int]:
    """Name points where names touch nothing; return which have a name, as `outermost` has them.

    Parameters
    ----------
    ax : Axes
        With its limits.
    x, y : array
        Of all points.
    labels : sequence of str
        Of all points.
    outermost : sequence of int
        Places of those that shall have a name, the first first.
    radii : float or array
        Of the points, in pixels.
    """
    from adjustText import adjust_text

    figure = ax.get_figure(root=True)
    assert figure is not None
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    texts = {}
    for i in outermost:
        side, off = (
            ("right", -1) if x[i] > left + 0.55 * (right - left) else ("left", 1)
        )  # where there is room
        place = (x[i] + off * 0.016 * (right - left), y[i] + 0.023 * (high - low))
        texts[i] = ax.text(
            *place, fitted(labels[i], 1.6, size=SMALL), fontsize=SMALL, ha=side, gid=f"name:{i}"
        )
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    points = ax.transData.transform(np.column_stack([x, y]))
    sizes = np.broadcast_to(radii, len(points))
    taken = [Bbox.from_extents(*(p - r), *(p + r)) for p, r in zip(points, sizes, strict=True)]
    room, named = ax.get_window_extent(renderer), list[int]()
    for _ in range(3):  # what finds no room among all finds it beside those that did
        nameless = [text for i, text in texts.items() if i not in named]
        beside = [texts[i] for i in named] or None
        if nameless:
            # so many steps, not a second: the same picture on every machine
            how: dict[str, Any] = {"expand": (1.15, 1.6), "force_text": (0.2, 0.4), "iter_lim": 100}
            adjust_text(nameless, x=x, y=y, objects=beside, ax=ax, **how)
        for i in outermost:
            box = Text.get_window_extent(texts[i], renderer)
            inside = room.contains(*box.min) and room.contains(*box.max)
            if i not in named and inside and not box.count_overlaps(taken):
                taken.append(box)
                named.append(i)
    for i, text in texts.items():
        if i not in named:
            text.remove()
            continue
        box = Text.get_window_extent(text, renderer)
        near = np.clip(points[i], box.min, box.max)  # what of the name is nearest to its point
        led = ax.transData.inverted().transform([points[i], near])
        ax.add_line(Line2D(*led.T, color=GREY, lw=0.4, zorder=1, gid=f"led:{i}"))
    return [i for i in outermost if i in named]


def nameless_words(points: int, language: Language) -> str:
    """Say how many points have no name; nothing where all have."""
    return language.say(f"figures.nameless_{'one' if points == 1 else 'many'}", n=points) if points else ""


def state_key(state: str) -> str:
    """Return under which key the words of a state of risk of bias stand."""
    return f"figures.state_{state.replace(' ', '_')}"


def domain_signs(panel: Sequence[Assessment]) -> list[str]:
    """Return what stands above the circles of a tool: A, B, … or as RoB 2 has it."""
    names = list(dict.fromkeys(cell.domain for row in panel for cell in row.cells))
    if panel[0].tool.endswith("RoB 2"):
        return ["O" if name == OVERALL else f"D{n}" for n, name in enumerate(names, start=1)]
    return [sign.upper() for sign, _ in zip(lettering(), names, strict=False)]


def lettering() -> Iterator[str]:
    """Name things by a to z, then aa, ab and so on."""
    yield from ascii_lowercase
    yield from (first + second for first in ascii_lowercase for second in ascii_lowercase)


def turn_ticks(axis: Axis, language: Language) -> None:
    """Give the numbers at an axis that matplotlib chose the decimal sign of a language."""
    if language.comma != ".":
        usual = axis.get_major_formatter()
        turned = FuncFormatter(lambda x, at: usual(x, at).replace(".", language.comma))
        turned.set_locs = usual.set_locs  # type: ignore[method-assign]  # which digits it needs
        axis.set_major_formatter(turned)


def pool_name(pool: Pool, language: Language) -> str:
    """Name a pool: its title, with the subgroup, as a review translates them."""
    return language.word(pool.name)


def pooled_look(pool: Pool) -> dict[str, Any]:
    """Return how a pooled value looks: hollow and grey where the trials contradict each other."""
    if pool.contradictory():
        return {"color": COLOURS["contradictory"], "facecolor": "none"}
    return {"color": COLOURS["pooled"]}


def mark(
    ax: Axes,
    x: float,
    y: float,
    state: str,
    *,
    gid: str,
    transform: Any = None,
    points: float = 8.5,
    signed: bool = True,
) -> None:
    """Draw the circle of a state of risk of bias, a key of `MARKS`, so many points wide, with its sign."""
    style, where = MARKS[state], transform or ax.transData
    order = (FACE, SIGN) if style.face != WHITE else (FACE - 0.2, FACE - 0.1)
    ax.scatter(
        [x],
        [y],
        s=points**2,
        facecolor=style.face if signed else "none",
        edgecolor=GREY,
        linewidth=0.7,
        linestyle=style.line,
        clip_on=False,
        zorder=order[0],
        transform=where,
        gid=gid,
    )
    if not signed:
        return
    ax.text(
        x,
        y,
        style.sign,
        color=style.ink,
        fontsize=0.82 * points,
        weight="bold",
        ha="center",
        va="center_baseline",
        zorder=order[1],
        transform=where,
    )


# The colours of a figure by day, and those in their place by night
_BY_NIGHT = {
    BLACK: NIGHT["ink"],
    WHITE: NIGHT["paper"],
    GREY: NIGHT["soft"],
    PALE: NIGHT["shade1"],
    **{GROUND[name]: NIGHT[name] for name in ("shade1", "shade2", "region1", "region2", "region3")},
    **{color.lower(): NIGHT[name] for name, color in COLOURS.items() if color not in {BLACK, GREY}},
}
_NIGHTLY = {to_hex(day): to_rgba(night)[:3] for day, night in _BY_NIGHT.items()}
# Shades of how much, from little to much: by day and by night
DAY_SHADES = LinearSegmentedColormap.from_list("shades", ["#f0f0f0", "#262626"])
NIGHT_SHADES = LinearSegmentedColormap.from_list("shades", ["#262a2d", "#f0f0f0"])
DAY_SHARES = LinearSegmentedColormap.from_list("shares", [PALE, COLOURS["trial"]])
NIGHT_SHARES = LinearSegmentedColormap.from_list("shares", [NIGHT["shade1"], NIGHT["trial"]])
_NIGHT_MAPS = {"shades": NIGHT_SHADES, "shares": NIGHT_SHARES}

_PAINTED = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor", "markerfacecoloralt")


def by_night(ax: Axes) -> None:
    """Turn a figure that is drawn to a dark ground; signs of risk of bias keep theirs."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    _turn(ax.findobj())
    for text in ax.texts:
        if (patch := text.get_bbox_patch()) is not None:
            patch.set_facecolor(NIGHT["paper"])
    ax.tick_params(color=NIGHT["ink"], labelcolor=NIGHT["ink"])
    figure.set_facecolor(NIGHT["paper"])
    ax.set_facecolor("none")


def _turn(artists: Iterable[Any]) -> None:
    listed = list(artists)
    for artist in (*listed, *filter(None, (getattr(one, "arrow_patch", None) for one in listed))):
        if artist.get_zorder() in {FACE, SIGN}:
            continue
        if isinstance(artist, ScalarMappable) and artist.get_array() is not None:
            artist.set_cmap(_NIGHT_MAPS[artist.get_cmap().name])
            continue
        # all are looked at before one is turned, since some follow others
        colors = {part: have() for part in _PAINTED if (have := getattr(artist, f"get_{part}", None))}
        for part, color in colors.items():
            give = getattr(artist, f"set_{part}")
            if isinstance(artist, Collection):
                if part != "color":
                    give([(*_NIGHTLY.get(to_hex(each), each[:3]), each[3]) for each in color])
            elif is_color_like(color) and to_rgba(color)[3] and to_hex(color) in _NIGHTLY:
                give((*_NIGHTLY[to_hex(color)], to_rgba(color)[3]))
