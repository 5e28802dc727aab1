"""The PRISMA 2020 flow from the counts that a review holds; what is not known stays blank."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from livingmeta.plots import BLACK, GREY, SMALL, TEXT
from livingmeta.protocol import Review
from livingmeta.schema import Claim

# Boxes of the template for databases and registers, with their words (Page 2021). The keys are
# those that [prisma] of review.toml may name.
BOXES: Mapping[str, str] = {
    "previous_studies": "Studies included in previous version of review",
    "previous_reports": "Reports of studies included in previous version of review",
    "records": "Records identified",
    "databases": "– from databases",
    "registers": "– from registers",
    "removed": "Records removed before screening",
    "screened": "Records screened",
    "excluded": "Records excluded",
    "sought": "Reports sought for retrieval",
    "not_retrieved": "Reports not retrieved",
    "assessed": "Reports assessed for eligibility",
    "reports_excluded": "Reports excluded",
    "studies": "Studies included in review",
    "reports": "Reports of included studies",
    "total_studies": "Total studies included in review",
    "total_reports": "Reports of total included studies",
}
PRINTED, COUNTED = "printed", "counted here"
COUNTS = {"count", "k"}  # quantities of published.csv that count
# The boxes of the figure by column, from top to bottom
MIDDLE = (("records", "databases", "registers"), ("screened",), ("sought",), ("assessed",),
          ("studies", "reports"))  # fmt: skip
NEW = {"studies": "New studies included in review", "reports": "Reports of new included studies"}
RIGHT = (("removed",), ("excluded",), ("not_retrieved",), ("reports_excluded",))
PREVIOUS, TOTAL = ("previous_studies", "previous_reports"), ("total_studies", "total_reports")


@dataclass(frozen=True, kw_only=True)
class Count:
    """One number of the flow: as printed by a source, counted in our own rows, or not known."""

    box: str
    words: str
    number: str | None
    basis: str | None  # PRINTED, COUNTED, or None where the number is not known
    reading: str | None  # primary, secondary
    where: str | None
    source: str | None

    @property
    def mark(self) -> str:
        """The sign behind the number: † another's words, * counted here."""
        return "*" if self.basis == COUNTED else "†" if self.reading == "secondary" else ""

    def text(self) -> str:
        """Write the number as a box shows it: "(n = 9,081)" or "(n not known)"."""
        return f"(n = {self.number}{self.mark})" if self.number else "(n not known)"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The flow of one review; `updates` says whether it has the column of previous studies."""

    review: str
    title: str
    updates: bool
    counts: tuple[Count, ...]

    def count(self, box: str) -> Count:
        """Return the count of a box."""
        return next(one for one in self.counts if one.box == box)


def flow(review: Review, *, previous: Review | None = None) -> Flow:
    """Put a review's printed counts into the boxes that [prisma] of its review.toml names.

    Parameters
    ----------
    review : Review
    previous : Review, optional
        The review that it extends. Its included studies are the previous ones; the new ones are
        counted in the rows that this review adds, unless a claim prints them.

    Returns
    -------
    Flow
        Nothing is computed from the other boxes but the totals of an update.

    References
    ----------
    Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for
    reporting systematic reviews. BMJ 2021;372:n71.

    Examples
    --------
    >>> from livingmeta.review import load_review
    >>> one = flow(load_review("smith2017"))
    >>> one.count("records").text(), one.count("screened").text()
    ('(n = 9,081)', '(n not known)')
    """
    found = {box: _printed(review, box, box) for box in BOXES}
    if previous is not None:
        found |= _update(review, previous, found)
    only = {*PREVIOUS, *TOTAL}
    return Flow(
        review=review.protocol.id,
        title=review.protocol.title,
        updates=previous is not None,
        counts=tuple(one for box, one in found.items() if previous is not None or box not in only),
    )


def _printed(review: Review, box: str, named: str) -> Count:
    """Return the count that review.toml names for `named`, for a box."""
    claims: Mapping[str, str] = {str(k): v for k, v in review.protocol.prisma.items()}
    claim = next(
        (
            one
            for one in review.published
            if one.claim == claims.get(named) and one.quantity in COUNTS and one.counted is not None
        ),
        None,
    )
    return _count(box, claim)


def _count(box: str, claim: Claim | None) -> Count:
    if claim is None:
        return Count(box=box, words=BOXES[box], number=None, basis=None, reading=None, where=None,
                     source=None)  # fmt: skip
    return Count(
        box=box, words=BOXES[box], number=f"{claim.counted:,}",
        basis=PRINTED, reading=claim.reading, where=claim.where, source=claim.source,
    )  # fmt: skip


def _update(review: Review, previous: Review, found: Mapping[str, Count]) -> dict[str, Count]:
    """Fill the boxes of an update: previous, new, and their sums."""
    rows: dict[str, tuple[Sequence[object], Sequence[object]]] = {
        "studies": (review.trials, previous.trials),
        "reports": (review.reports, previous.reports),
    }
    filled: dict[str, Count] = {}
    for name, (all_rows, old) in rows.items():
        file = "trials" if name == "studies" else name
        before = _printed(previous, f"previous_{name}", name)
        if before.number is None:
            before = _counted(before, len(old), f"rows of {previous.protocol.id}")
        new = found[name]
        if new.number is None:
            new = _counted(
                new, len(all_rows) - len(old), f"rows that {review.protocol.id} adds to {file}.csv"
            )
        new = replace(new, words=NEW[name])
        total = found[f"total_{name}"]
        if total.number is None:
            sum_ = sum(int(str(one.number).replace(",", "")) for one in (before, new))
            total = _counted(total, sum_, "previous and new")
        filled |= {before.box: before, new.box: new, total.box: total}
    return filled


def _counted(blank: Count, number: int, where: str) -> Count:
    return replace(blank, number=f"{number:,}", basis=COUNTED, where=where)


BOX, GAP, BESIDE = 2.15, 0.22, 0.3  # inches
LINE = 0.125


def prisma_plot(one: Flow) -> Axes:
    """Draw a flow as PRISMA 2020 lays it out, with a dashed box where no number is known.

    Parameters
    ----------
    one : Flow

    Returns
    -------
    Axes
        In inches; every box has the gid "box:<its first key>", every text "<key>:<number>".
    """
    left = 0.1 if not one.updates else 0.1 + BOX + GAP
    columns = (left, left + BOX + BESIDE)
    width = columns[1] + BOX + 0.1
    tall = [_height(one, boxes) for boxes in MIDDLE]
    beside = [_height(one, boxes) for boxes in RIGHT]
    rows = [max(pair) for pair in zip(tall, [*beside, 0.0], strict=True)]
    feet = _feet(one, 130 if one.updates else 85)
    bottom = 0.14 + LINE * len(feet) + 0.08
    total = _height(one, TOTAL) + GAP if one.updates else 0.0
    height = bottom + total + sum(rows) + GAP * (len(rows) - 1) + 0.36
    figure = Figure(figsize=(width, height), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    ax.set_axis_off()
    place = height - 0.3
    _heading(ax, columns[0], place + 0.14,
             f"Identification of {'new ' if one.updates else ''}studies")  # fmt: skip
    if one.updates:
        _heading(ax, 0.1, place + 0.14, "Previous studies")
        _box(ax, one, PREVIOUS, 0.1, place)
    for number, boxes in enumerate(MIDDLE):
        _box(ax, one, boxes, columns[0], place)
        middle = place - tall[number] / 2
        if number < len(RIGHT):
            _box(ax, one, RIGHT[number], columns[1], middle + beside[number] / 2)
            _arrow(ax, (columns[0] + BOX, middle), (columns[1], middle))
        after = place - rows[number] - GAP
        if number < len(MIDDLE) - 1 or one.updates:
            _arrow(ax, (columns[0] + BOX / 2, place - tall[number]), (columns[0] + BOX / 2, after))
        place = after
    if one.updates:
        _box(ax, one, TOTAL, columns[0], place)
        middle = place - _height(one, TOTAL) / 2
        x = 0.1 + BOX / 2
        ax.plot((x, x), (height - 0.3 - _height(one, PREVIOUS), middle), color=BLACK, lw=0.8)
        _arrow(ax, (x, middle), (columns[0], middle))
    for number, line in enumerate(feet):
        ax.text(0.1, bottom - 0.14 - LINE * number, line, fontsize=SMALL, va="center", gid="note")
    return ax


def _lines(one: Flow, boxes: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Return the lines of a box: gid, text, and whether its number is known."""
    return [
        (f"{box}:{count.number or ''}" if last else "", line, count.number is not None)
        for box in boxes
        for count in [one.count(box)]
        for wrapped in [textwrap.wrap(f"{count.words} {_unbroken(count)}", 38)]
        for line, last in zip(wrapped, [False] * (len(wrapped) - 1) + [True], strict=True)
    ]


def _unbroken(count: Count) -> str:
    return count.text().replace(" ", "\N{NO-BREAK SPACE}")


def _height(one: Flow, boxes: Sequence[str]) -> float:
    return LINE * len(_lines(one, boxes)) + 0.12


def _box(ax: Axes, one: Flow, boxes: Sequence[str], x: float, top: float) -> None:
    lines, height = _lines(one, boxes), _height(one, boxes)
    known = any(one.count(box).number for box in boxes)
    ax.add_patch(Rectangle((x, top - height), BOX, height, facecolor="none", lw=0.8,
                           edgecolor=BLACK if known else GREY, ls="-" if known else "--",
                           gid=f"box:{boxes[0]}"))  # fmt: skip
    for number, (gid, line, is_known) in enumerate(lines):
        ax.text(x + 0.07, top - 0.06 - LINE * (number + 0.5), line, fontsize=SMALL, va="center",
                color=BLACK if is_known else GREY, gid=gid or None)  # fmt: skip


def _heading(ax: Axes, x: float, y: float, words: str) -> None:
    ax.text(x, y, words, fontsize=TEXT, weight="bold", va="center")


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "lw": 0.8, "color": BLACK,
                                            "shrinkA": 0, "shrinkB": 0})  # fmt: skip


def _feet(one: Flow, characters: int) -> list[str]:
    lines = []
    if any(count.mark == "†" for count in one.counts):
        theirs = [f"{c.number}: {c.where}, {c.source}" for c in one.counts if c.mark == "†"]
        lines.append(f"† Not in the review's own words as read here ({'; '.join(theirs)}).")
    if any(count.mark == "*" for count in one.counts):
        ours = dict.fromkeys(str(c.where) for c in one.counts if c.mark == "*")
        lines.append(f"* Not printed; counted here ({', '.join(ours)}).")
    if any(count.number is None for count in one.counts):
        lines.append("Dashed: not known here, and not computed from other boxes.")
    return [part for line in lines for part in textwrap.wrap(line, characters)]
