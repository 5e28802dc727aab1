"""What is done for a table grows with its rows, and not with their square."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from livingmeta.appraisal.choices import with_arms
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.imports import reviews_in
from livingmeta.figures.marks import notes
from livingmeta.synthesis.synthesise import synthesise

pytestmark = pytest.mark.slow
# Trials, rows of each, and subgroups
LAYOUTS: dict[str, Callable[[int], tuple[str, str]]] = {
    "a row a trial": lambda i: (f"Study {i}", ""),
    "one trial": lambda i: ("Study", ""),
    "twenty rows a trial, in subgroups": lambda i: (f"Study {i // 20}", f"s{i % 5}"),
}
CELLS: dict[str, tuple[str, Callable[[int], str]]] = {
    "SMD": (
        "mean1,sd1,n1,mean2,sd2,n2",
        lambda i: f"{12 + i % 17 / 10},3.{i % 23},{30 + i % 19},13.1,3.2,40",
    ),
    "OR": ("events1,n1,events2,n2", lambda i: f"{3 + i % 11},{40 + i % 13},{5 + i % 7},41"),
    "MD": ("yi,sei", lambda i: f"{i % 97 / 100 - 0.5:.2f},0.{11 + i % 31}"),
}


def calls(path: Path, layout: str, measure: str, rows: int, several_arms: str) -> int:
    """Count the calls that reading, pooling and describing a table take."""
    head, cells = CELLS[measure]
    lines = [",".join((*LAYOUTS[layout](i), cells(i))) for i in range(rows)]
    path.write_text("\n".join([f"study,subgroup,{head}", *lines]), encoding="utf-8")
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    sys.setprofile(count)
    try:
        (review,), _ = reviews_in(path, Hints(measure=measure, favours="lower"))
        review = with_arms(review, several_arms)
        for pool in synthesise(review):
            notes(pool.effects)
            assert pool.people.trials == pool.k
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("several_arms", ["separate", "split"])
@pytest.mark.parametrize("measure", CELLS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_four_times_the_rows_take_four_times_the_work(
    layout: str, measure: str, several_arms: str, tmp_path: Path
) -> None:
    calls(tmp_path / "warm.csv", layout, measure, 40, several_arms)  # what is done once is done
    few, many = (calls(tmp_path / f"{n}.csv", layout, measure, n, several_arms) for n in (200, 800))
    assert many < 5 * few
