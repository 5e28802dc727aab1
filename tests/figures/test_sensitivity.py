"""The numbers read back off the pictures are those of the analysis; names touch nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from drawn import check_drawn_is_printed
from livingmeta.appraisal.scenarios import Sensitivity, sensitivity
from livingmeta.figures.files import figure_bytes
from livingmeta.figures.sensitivity import (
    FIGURES,
    MOST,
    PANELS,
    baujat_plot,
    cumulative_plot,
    influence_plot,
    leave_one_out_plot,
)
from livingmeta.figures.style import caption_of
from livingmeta.review.folder import load_review


@cache
def smith(synthesis: str) -> Sensitivity:
    every = sensitivity(load_review("smith2017"))
    return next(one for one in every if one.main.synthesis == synthesis)


@cache
def knees() -> tuple[Sensitivity, ...]:
    """Three subgroups of 28, 47 and 56 trials."""
    found = [one for one in sensitivity(load_review("knee_oa")) if one.main.synthesis == "pain-post"]
    return tuple(sorted(found, key=lambda one: len(one.main.effects)))


def many(k: int) -> Sensitivity:
    """A synthesis of more trials than a page has lines for; its numbers are repeated."""
    largest = knees()[-1]
    times = -(-k // len(largest.without))
    growth = {
        order: tuple(replace(stage, k=i + 1) for i, stage in enumerate((stages * times)[:k]))
        for order, stages in largest.growth.items()
    }
    without = tuple(
        replace(left, label=f"{left.label} {i}", cook=i / k)
        for i, left in enumerate((largest.without * times)[:k])
    )
    main = replace(largest.main, effects=(largest.main.effects * times)[:k])
    return replace(largest, main=main, without=without, growth=growth)


ANALYSES: dict[str, Callable[[], Sensitivity]] = {
    "three": lambda: smith("pain-short"),
    "four": lambda: smith("function-short"),
    "28": lambda: knees()[0],
    "47": lambda: knees()[1],
    "56": lambda: knees()[2],
    "130": lambda: many(130),
}


@pytest.fixture
def one(request: pytest.FixtureRequest) -> Sensitivity:
    return ANALYSES[request.param]()


def artists(ax, prefix: str) -> dict[str, object]:
    return {a.get_gid(): a for a in ax.get_children() if str(a.get_gid() or "").startswith(prefix)}


@pytest.mark.parametrize("one", ["three", "56"], indirect=True)
def test_leave_one_out_shows_each_estimate(one: Sensitivity) -> None:
    ax = leave_one_out_plot(one, important=0.2)
    drawn = [float(a.get_xdata()[0]) for a in artists(ax, "without:").values()]
    assert drawn == sorted(left.estimate for left in one.without)
    lowest = min(one.without, key=lambda left: left.estimate)
    first = next(text.get_text() for text in ax.texts if text.get_position()[1] == 0)
    assert first == f"Without {lowest.label}"
    (band,) = artists(ax, "important").values()
    assert band.get_extents().width > 0
    low, high = ax.get_xlim()
    assert low < min(drawn)
    assert max(drawn) < high
    assert low < 0 < high
    assert artists(leave_one_out_plot(one), "important") == {}


@pytest.mark.parametrize("draw", [leave_one_out_plot, cumulative_plot])
@pytest.mark.parametrize("one", ["four", "56"], indirect=True)
def test_each_interval_is_drawn_as_it_is_printed_beside(one: Sensitivity, draw) -> None:
    assert check_drawn_is_printed(draw(one), one.main.measure) > len(one.without)


def test_the_cumulative_forest_has_three_orders_where_they_fit() -> None:
    one = smith("function-short")
    drawn = [float(a.get_xdata()[0]) for a in artists(cumulative_plot(one), "stage:").values()]
    assert drawn == [stage.estimate for stages in one.growth.values() for stage in stages]
    drawn = [float(a.get_xdata()[0]) for a in artists(cumulative_plot(knees()[-1]), "stage:").values()]
    assert drawn == [stage.estimate for stage in knees()[-1].growth["year"]]


def test_a_page_holds_no_more_than_it_can_and_says_so() -> None:
    one = many(130)
    for draw, prefix, cut in (
        (leave_one_out_plot, "without:", f"The {MOST} of 130 that move it most"),
        (cumulative_plot, "stage:", "from trial 71 of 130 on"),
    ):
        ax = draw(one)
        assert len(artists(ax, prefix)) == MOST
        assert any(cut in text.get_text() for text in ax.texts)
        assert cut in caption_of(ax).text
        assert ax.figure.get_figheight() < 11.7  # A4
    ax = influence_plot(one)
    assert f"The {MOST} of 130" in caption_of(ax).text
    # the last ones were given the largest Cook's distances
    names = [text.get_text() for text in ax.texts]
    assert len(names) == MOST
    assert all(int(name.split()[-1]) >= 130 - MOST for name in names)


def diagnostics(one: Sensitivity, prefix: str = "") -> dict[str, list[float]]:
    """The points of each panel."""
    lines = [line for ax in influence_plot(one).figure.axes for line in ax.lines]
    gids = {str(line.get_gid()): list(line.get_xdata()) for line in lines if line.get_gid()}
    return {gid: xs for gid, xs in gids.items() if gid.startswith(prefix)}


def test_influence_has_eight_panels_with_all_their_numbers() -> None:
    one = knees()[0]
    found = diagnostics(one)
    assert PANELS.keys() <= found.keys()
    for column in PANELS:
        assert found[column] == [getattr(left, column) for left in one.without]


def test_influence_names_its_cut_offs_and_who_lies_beyond_one() -> None:
    """DFFITS 3/√(k − 1) and hat 3/k of Viechtbauer and Cheung (2010), with one coefficient."""
    one = knees()[0]
    k = len(one.without)
    ax = influence_plot(one)
    lines = [line for panel in ax.figure.axes for line in panel.lines]
    cuts = {x for line in lines if line.get_gid() == "cut:dffits" for x in line.get_xdata()}
    assert sorted(cuts) == pytest.approx([-3 / (k - 1) ** 0.5, 3 / (k - 1) ** 0.5])
    assert f"hat value {3 / k:.2f}" in caption_of(ax).text
    far = [left.label for left in one.without if left.hat > 3 / k or abs(left.rstudent) > 1.96]
    assert far
    assert all(label in caption_of(ax).description for label in far)
    drawn = diagnostics(one, "beyond:rstudent")["beyond:rstudent"]
    assert drawn == [left.rstudent for left in one.without if abs(left.rstudent) > 1.96]


def test_few_trials_have_a_table_of_influence_and_no_cut_off() -> None:
    one = smith("function-short")
    ax = influence_plot(one)
    cells = {
        str(text.get_gid()): text.get_text().replace("−", "-")
        for panel in ax.figure.axes
        for text in panel.texts
        if text.get_gid()
    }
    assert len(cells) == len(PANELS) * len(one.without)
    assert float(cells["hat:0"]) == pytest.approx(one.without[0].hat, abs=0.005)
    assert not [line for panel in ax.figure.axes for line in panel.lines]
    assert "too few for cut-offs (from 10)" in caption_of(ax).text


def test_a_common_effect_has_a_table_without_tau2() -> None:
    one = smith("function-short")
    common = dict(one.scenarios)["common effect"]
    assert common is not None
    without = tuple(replace(left, tau2=None) for left in one.without)
    ax = influence_plot(replace(one, main=common, without=without))
    texts = [text for panel in ax.figure.axes for text in panel.texts]
    assert {text.get_text() for text in texts if str(text.get_gid()).startswith("tau2:")} == {"–"}
    assert figure_bytes(ax.figure, "png")


@pytest.mark.slow
@pytest.mark.parametrize("one", ["four", "28", "47", "56", "130"], indirect=True)
def test_names_in_the_baujat_plot_touch_nothing(one: Sensitivity) -> None:
    ax = baujat_plot(one)
    (points,) = (line for line in ax.lines if line.get_gid() == "trials")
    np.testing.assert_allclose(points.get_xdata(), [left.baujat_x for left in one.without])
    np.testing.assert_allclose(points.get_ydata(), [left.baujat_y for left in one.without])
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    boxes = [Text.get_window_extent(text, renderer) for text in ax.texts]
    assert boxes
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    places = ax.transData.transform(np.column_stack([points.get_xdata(), points.get_ydata()]))
    assert not any(box.contains(*place) for box in boxes for place in places)
    nameless = len(one.without) - len(boxes)
    assert (f"{nameless} points are not named" in caption_of(ax).text) == (nameless > 0)
    assert nameless == 0 or len(one.without) > 20
    # the one that stands out most is named
    outermost = int(np.argmax([left.baujat_y for left in one.without]))
    assert f"name:{outermost}" in {text.get_gid() for text in ax.texts}


@pytest.mark.parametrize("name", FIGURES)
def test_too_few_trials_are_not_drawn(name: str) -> None:
    with pytest.raises(ValueError, match=r"k = 1: .* not drawn"):
        FIGURES[name](smith("pain-long"))
    with pytest.raises(ValueError, match=r"k = 0: .* not drawn"):
        FIGURES[name](smith("pain-medium"))


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_result_gives_the_same_bytes(name: str) -> None:
    first, second = (figure_bytes(FIGURES[name](smith("pain-short")).figure, "svg") for _ in "ab")
    assert first == second
