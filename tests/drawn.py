"""What figures show, read back off their artists."""

import re

import numpy as np
from matplotlib.axes import Axes

from livingmeta.engine.measures import as_shown, on_scale
from livingmeta.words import decimal

# What stands beside a line of a figure: "0.81 [0.32, 1.30]", "−0.30 (−0.51 to −0.09)", "[−1, 2]"
POWER = "(?: × 10[⁻⁰¹²³⁴-⁹]+)?"
NUMBERS = re.compile(rf"[\[(](−?[\d.]+{POWER})(?:,| to) (−?[\d.]+{POWER})[\])]")


def drawn_ends(ax: Axes) -> dict[float, list[tuple[float, float]]]:
    """Read back which intervals are drawn at which height; an arrow end is unbounded."""
    least, most = ax.get_xlim()
    found: dict[float, list[tuple[float, float]]] = {}
    for one in ax.get_children():
        gid = str(one.get_gid())
        if gid.startswith(("ci:", "prediction", "diamond:", "printed", "before:", "after:")):
            xy = one.get_xydata() if hasattr(one, "get_xydata") else one.get_xy()
            ends = [xy[:, 0].min(), xy[:, 0].max()]
            for other in ax.get_children():
                if other.get_gid() == f"beyond:{gid}":
                    ends[0 if other.get_xdata()[0] == least else 1] = np.nan
            assert least <= np.nanmin([*ends, most]), gid
            found.setdefault(round(float(np.mean(xy[:, 1])), 3), []).append(tuple(ends))
    return found


def check_drawn_is_printed(ax: Axes, measure: str) -> int:
    """Hold every drawn interval against the numbers printed on its line; return how many."""
    drawn = drawn_ends(ax)
    printed = {}
    for text in ax.texts:
        for numbers in NUMBERS.findall(text.get_text().replace("\u2007", "")):  # which align them
            if text.get_ha() == "right" or text.get_position()[0] > 1:
                printed[round(float(text.get_position()[1]), 3)] = numbers
    compared = 0
    for y, intervals in drawn.items():
        for ends in intervals:
            numbers = printed.get(y)
            assert numbers is not None, (y, ends)
            for end, number in zip(ends, numbers, strict=True):
                if "×" in number:
                    assert np.isnan(end) or as_shown(measure, end) == [number], (y, ends, numbers)
                elif not np.isnan(end):
                    places = len(number.partition(".")[2])
                    shown = decimal(on_scale(measure, end), places)
                    assert shown == number or (shown, f"−{shown}") == (f"{0:.{places}f}", number), (
                        y,
                        ends,
                        numbers,
                    )
                    compared += 1
    return compared
