"""What every figure promises; a new one is held to it by being there."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

import livingmeta as lm
import livingmeta.figures
from livingmeta.figures.style import GROUND, NIGHT, caption_of, text_width
from livingmeta.language import ENGLISH, language

MODULES = [path.stem for path in Path(livingmeta.figures.__file__).parent.glob("[!_]*.py")]
PLOTS = {
    name: plot
    for module in MODULES
    for name, plot in vars(import_module(f"livingmeta.figures.{module}")).items()
    if name.endswith(("_plot", "_curve")) and not name.startswith("_")
}


def test_the_figures_are_found_by_their_names() -> None:
    assert len(PLOTS) >= len(MODULES) - 2  # all but style and files have one or more


@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_takes_the_language_of_its_words_and_is_english_unless_told(name: str) -> None:
    assert inspect.signature(PLOTS[name]).parameters["language"].default is ENGLISH


@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_is_drawn_where_and_as_large_as_somebody_says(name: str) -> None:
    assert {"ax", "title", "width", "height"} <= inspect.signature(PLOTS[name]).parameters.keys()


LABELS = [f"A trial of a name that goes on, and on, {year}" for year in range(2001, 2013)]
TABLE = pd.DataFrame(
    {
        "study": LABELS,
        "yi": [0.1, 0.9, -0.4, 1.2, 0.3, 0.2, 0.8, -0.1, 0.6, 2.1, 0.4, 0.5],
        "vi": [0.01, 0.3, 0.05, 0.4, 0.02, 0.03, 0.2, 0.04, 0.1, 0.9, 0.06, 0.08],
        "year": range(2001, 2013),
    }
)
READ = {"measure": "OR", "log": True}
DRAWN = {
    "forest_plot": lambda **how: lm.forest_plot(TABLE, **READ, **how),
    "funnel_plot": lambda **how: lm.funnel_plot(TABLE, **READ, **how),
    "bubble_plot": lambda **how: lm.bubble_plot(TABLE, by="year", **READ, **how),
    "leave_one_out_plot": lambda **how: lm.leave_one_out_plot(TABLE, **READ, **how),
    "cumulative_plot": lambda **how: lm.cumulative_plot(TABLE, **READ, **how),
    "baujat_plot": lambda **how: lm.baujat_plot(TABLE, **READ, **how),
    "influence_plot": lambda **how: lm.influence_plot(TABLE, **READ, **how),
    "gosh_plot": lambda **how: lm.gosh_plot(TABLE, trial=LABELS[0], **READ, **how),
    "posterior_plot": lambda **how: lm.posterior_plot(TABLE, **READ, **how),
    "deduction_plot": lambda **how: lm.deduction_plot("smith2017", "pain-short", **how),
    "prisma_plot": lambda **how: lm.prisma_plot("smith2017", **how),
}


def off_the_canvas(figure: Figure) -> list[str]:
    """The texts that a plain savefig cuts."""
    figure.draw_without_rendering()  # which lays out what a savefig does
    renderer = FigureCanvasAgg(figure).get_renderer()
    page = figure.bbox
    cut: list[str] = []
    beyond = {  # ticks that lie beyond their axis, which are not drawn
        label
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in beyond:
            box = Text.get_window_extent(text, renderer)
            inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1
            if not (inside and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1):
                cut.append(text.get_text())
    return cut


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_nothing_falls_off_the_canvas_of_a_plain_savefig(name: str) -> None:
    ax = DRAWN[name](title="A title of my own")
    assert isinstance(ax, Axes)
    assert off_the_canvas(ax.figure) == []
    words = [text.get_text() for text in ax.figure.findobj(Text)]
    assert any("A title of my own" in text for text in words)
    assert off_the_canvas(DRAWN[name]().figure) == []
    assert ax._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fills_the_axes_that_are_given(name: str) -> None:
    figure = Figure(figsize=(16, 9))
    left, right = figure.subplots(1, 2)
    assert DRAWN[name](ax=right) is right
    assert all(one is left or one.get_position().x0 > 0.45 for one in figure.axes)


@pytest.mark.parametrize("name", sorted({*DRAWN} - {"forest_plot"}))
def test_a_figure_tells_its_caption_and_draws_no_title_of_its_own(name: str) -> None:
    ax = DRAWN[name]()
    told = caption_of(ax)
    assert told.title
    assert told.description
    drawn = " ".join(text.get_text() for text in ax.figure.findobj(Text))
    assert told.title not in drawn
    assert not [text for text in ax.figure.texts if text.get_gid() == "title"]


@pytest.mark.parametrize("name", DRAWN)
def test_everything_that_is_drawn_on_a_dark_ground_can_be_seen(name: str) -> None:
    """WCAG 2.2: 4.5 for text, 3 for what else has a meaning; risk of bias keeps its own colours."""
    figure = DRAWN[name](theme="dark").figure
    ground = luminance(figure.get_facecolor())
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible():
            assert contrast(luminance(text.get_color()), ground) >= 4.5, text.get_text()
    for line in figure.findobj(Line2D):
        if line.get_gid() and line.get_linestyle() != "None":
            assert contrast(luminance(line.get_color()), ground) >= 1.5, line.get_gid()


def luminance(color: Any) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgba(color)[:3]]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_a_theme_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="theme"):
        lm.funnel_plot(TABLE, theme="sepia", **READ)


def test_a_label_in_a_script_that_no_font_has_is_measured_all_the_same() -> None:
    assert text_width("李", size=72) == pytest.approx(1.012)


def test_a_curve_with_its_panel_shares_the_axes_that_are_given() -> None:
    _, right = Figure(figsize=(16, 9)).subplots(1, 2)
    curve, panel = lm.specification_curve("smith2017", "pain-short", ax=right)
    assert curve is right
    assert panel.get_position().x0 == curve.get_position().x0 > 0.45
    assert panel.get_position().y1 < curve.get_position().y0
    assert off_the_canvas(lm.specification_curve("smith2017", "pain-short")[0].figure) == []


@pytest.mark.parametrize(
    ("odd", "refusal"),
    [
        ({"ax": 3}, "ax = 3: give axes of matplotlib"),
        ({"width": float("nan")}, "nan"),
        ({"height": float("inf")}, "inf"),
    ],
)
@pytest.mark.parametrize("name", ["forest_plot", "funnel_plot"])
def test_what_can_t_be_drawn_on_is_refused(name: str, odd: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        DRAWN[name](**odd)


def test_a_size_is_in_millimetres() -> None:
    figure = lm.funnel_plot(TABLE, **READ, width=100, height=80).figure
    assert [25.4 * side for side in figure.get_size_inches()] == pytest.approx([100, 80])
    with pytest.raises(ValueError, match="of a new figure"):
        lm.funnel_plot(TABLE, **READ, width=100, ax=Figure().subplots())


@pytest.mark.parametrize("ground", [GROUND, NIGHT], ids=["light", "dark"])
def test_in_grey_the_regions_of_a_funnel_are_told_apart_and_farther_out_is_farther_from_the_paper(
    ground: dict[str, str],
) -> None:
    shades = ("paper", "region1", "region2", "region3")
    greys = [np.dot([0.299, 0.587, 0.114], to_rgba(ground[shade])[:3]) for shade in shades]
    assert min(abs(np.diff(greys))) >= 0.07
    assert len(set(np.sign(np.diff(greys)))) == 1


def test_in_norwegian_the_prior_and_a_table_without_a_name_have_norwegian_words() -> None:
    words = language("nb")
    axes = lm.posterior_plot([0.1, 0.2, 0.9], [0.04, 0.05, 0.03], measure="SMD", language=words)
    told = caption_of(axes).text
    assert told.startswith("Posteriorfordeling av effekten: Tabell\n")
    assert "Priorfordeling: τ halvnormal med skala 0,5, μ flat (skala som standard, vårt valg" in told
