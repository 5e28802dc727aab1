"""A forest plot shows the stored numbers, all of them, without one line on another."""

import io
import re
import subprocess
import sys
import zlib
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from drawn import check_drawn_is_printed
from livingmeta.engine.measures import on_scale
from livingmeta.engine.pooling import pool
from livingmeta.exchange.imports import read_table
from livingmeta.figures.files import figure_bytes
from livingmeta.figures.forest import forest_caption, forest_plot
from livingmeta.figures.style import (
    ARROW,
    BOUND_MARK,
    GREY,
    NIGHT,
    axis_sides,
    draw_diamond,
    scale_axis,
    wrapped,
)
from livingmeta.review.folder import load_review
from livingmeta.synthesis.pool import Pool, Printed
from livingmeta.synthesis.settings import Selection, settings_of
from livingmeta.synthesis.synthesise import synthesise

SMITH = load_review("smith2017")
TODAY = settings_of(SMITH.protocol.methods, name="today")
POOLS = {one.synthesis: one for one in synthesise(SMITH, settings=TODAY)}
KNEE = [one for one in synthesise(load_review("knee_oa")) if one.synthesis == "pain-post"]


def artist(ax: Axes, gid: str):
    found = [one for one in ax.get_children() if one.get_gid() == gid]
    assert len(found) == 1, (gid, len(found))
    return found[0]


def gids(ax: Axes) -> set[str]:
    return {one.get_gid() for one in ax.get_children() if one.get_gid()}


def words(ax: Axes) -> str:
    return "\n".join(one.get_text().replace("\u2007", "") for one in ax.texts)


@pytest.mark.parametrize("name", [n for n, one in POOLS.items() if one.effects])
def test_squares_and_intervals_stand_at_the_stored_numbers(name: str) -> None:
    one = POOLS[name]
    ax = forest_plot(one)
    for effect in one.effects:
        assert artist(ax, f"trial:{effect.trial}").get_xdata()[0] == effect.yi
        ends = artist(ax, f"ci:{effect.trial}").get_xdata()
        assert tuple(ends) == (effect.ci_low, effect.ci_high)


def test_the_diamond_has_the_estimate_and_its_limits() -> None:
    one = POOLS["pain-short"]
    corners = artist(forest_plot(one), "diamond:overall").get_xy()[:, 0]
    result = one.result
    assert result is not None
    assert corners[:4].tolist() == [result.ci_low, result.estimate, result.ci_high, result.estimate]


def test_the_test_of_the_diamond_has_its_sign() -> None:
    """The lower of −1.24 to 0.64 lies farther from 0: t lies below 0."""
    assert re.search(r"t\(2\) = −\d", words(forest_plot(POOLS["pain-short"])))


def test_the_published_estimate_is_a_pale_labelled_diamond() -> None:
    ax = forest_plot(POOLS["pain-short"])
    assert artist(ax, "printed").get_xy()[:3, 0].tolist() == [-0.54, -0.27, -0.05]
    assert "Smith 2017, as published" in words(ax)
    assert "−0.27 (−0.54 to −0.05)" in words(ax)


def test_missing_trials_stand_there_in_grey() -> None:
    one = POOLS["pain-short"]
    ax = forest_plot(one)
    for missing in one.missing:
        text = artist(ax, f"missing:{missing.trial}")
        assert text.get_text() == "not available"
        assert to_hex(text.get_color()) == GREY.lower()
        assert missing.label in words(ax)


def test_trials_that_are_not_used_stand_there_with_the_reason() -> None:
    ax = forest_plot(POOLS["pain-short"])
    (held,) = POOLS["pain-short"].sensitivity_only
    assert artist(ax, f"missing:{held.trial}").get_text() == "not used"
    assert "held for sensitivity analyses" in words(ax)
    strict = synthesise(SMITH, settings=TODAY, selection=Selection(no_assumptions=True))[0]
    assert words(forest_plot(strict)).count("rests on an assumption") == len(strict.dropped) == 3


def test_a_note_has_a_letter_beside_each_trial_that_it_concerns() -> None:
    one = POOLS["function-short"]
    ax = forest_plot(one)
    notes = [text.get_text() for text in ax.texts if text.get_gid() == "note"]
    letters = [text.get_text() for text in ax.texts if text.get_gid() == "note letter"]
    assert letters == ["a", "b", "c", "d", "e", "f"]
    (bound,) = [effect for effect in one.effects if "p_bound" in effect.flags]
    # it rests on an assumption and on a bound, and its sign is turned
    assert artist(ax, f"letter:{bound.trial}").get_text() == "a,b,c"
    assert "P printed as a bound: at least this far from 0." in notes
    for effect in one.effects:
        assert (f"letter:{effect.trial}" in gids(ax)) == bool(effect.assumption or effect.turned)


def test_what_is_general_is_for_the_caption_and_not_drawn() -> None:
    one = POOLS["function-short"]
    drawn, told = words(forest_plot(one)), " ".join(forest_caption(one))
    for general in (BOUND_MARK, "Fewer than five trials", "Methods: random effects, REML"):
        assert general in told
        assert general not in drawn


def test_an_effect_from_a_bound_has_a_mark_of_its_own_and_no_arrow() -> None:
    one = POOLS["function-short"]
    ax = forest_plot(one)
    (bound,) = [effect for effect in one.effects if "p_bound" in effect.flags]
    for effect in one.effects:
        full = artist(ax, f"trial:{effect.trial}").get_fillstyle() == "full"
        assert full == (effect is not bound)
    assert not any(gid.startswith("beyond:") for gid in gids(ax))
    assert "at least this far from 0" in words(ax)
    assert BOUND_MARK in forest_caption(one)
    assert ARROW not in forest_caption(one)


@pytest.mark.parametrize("pools", [*([one] for one in POOLS.values()), KNEE])
def test_each_interval_is_drawn_as_it_is_printed_beside(pools: list[Pool]) -> None:
    compared = check_drawn_is_printed(forest_plot(pools), "SMD")
    assert compared or not any(pool.effects for pool in pools)


def test_where_trials_contradict_each_other_the_diamond_is_an_outline() -> None:
    one = POOLS["function-short"]
    assert one.contradictory()
    ax = forest_plot(one)
    assert artist(ax, "diamond:overall").get_facecolor()[3] == 0
    assert "The trials contradict each other" in words(ax)


def test_one_stray_trial_among_many_is_no_contradiction() -> None:
    assert not any(one.contradictory() for one in KNEE)


def test_one_trial_has_no_diamond() -> None:
    ax = forest_plot(POOLS["pain-long"])
    assert not any(gid.startswith("diamond") for gid in gids(ax))
    assert "nothing is pooled" in words(ax)


def test_no_trial_still_shows_what_is_missing() -> None:
    ax = forest_plot(POOLS["pain-medium"])
    assert "no trial has usable numbers" in words(ax)
    assert len([gid for gid in gids(ax) if gid.startswith("missing")]) == 2
    ax.figure.canvas.draw()
    labels = [tick.get_text() for tick in ax.get_xticklabels()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(("k", "shown"), [(4, False), (5, True)])
def test_a_prediction_interval_is_drawn_from_five_trials_on(k: int, shown: bool) -> None:
    effects = tuple(replace(KNEE[0].effects[i], flags=()) for i in range(k))
    result = pool([e.yi for e in effects], [e.vi for e in effects])
    assert result.pi_low is not None
    one = replace(KNEE[0], subgroup=None, effects=effects, result=result, subgroup_test=None)
    ax = forest_plot(one)
    assert ("prediction" in gids(ax)) is shown
    assert ("95% prediction interval" in words(ax)) is shown
    if shown:
        ends = artist(ax, "prediction").get_xdata()
        assert tuple(ends) == (result.pi_low, result.pi_high)


def test_each_subgroup_has_its_heading_and_subtotal() -> None:
    ax = forest_plot(KNEE)
    for one in KNEE:
        assert f"diamond:{one.subgroup}" in gids(ax)
        assert str(one.subgroup) in words(ax)
    assert "diamond:overall" not in gids(ax)
    assert words(ax).count("Subtotal") == 3
    assert "Test for subgroup differences: Chi² = 1.76, df = 2" in words(ax)


def test_with_a_total_the_weights_are_those_of_the_total() -> None:
    effects = tuple(effect for one in KNEE for effect in one.effects)
    result = pool([e.yi for e in effects], [e.vi for e in effects])
    whole = replace(KNEE[0], subgroup=None, effects=effects, result=result)
    held = iter(result.weights)
    parts = [replace(one, total_weights=tuple(next(held) for _ in one.effects)) for one in KNEE]
    ax = forest_plot([*parts, whole])
    assert "diamond:overall" in gids(ax)
    assert "those in the total" in " ".join(forest_caption([*parts, whole]))
    assert f"{result.weights[0]:.1f}%" in words(ax)
    assert f"{KNEE[0].result.weights[0]:.1f}%" not in words(ax).split("Subtotal")[0]


def test_a_far_trial_gets_an_arrow_and_keeps_its_numbers() -> None:
    ax = forest_plot(KNEE)
    low = ax.get_xlim()[0]
    far = [e for one in KNEE for e in one.effects if e.yi < low]
    assert far
    for effect in far:
        assert f"beyond:ci:{effect.trial}" in gids(ax)
        assert f"trial:{effect.trial}" not in gids(ax)
        assert f"{effect.yi:.2f}".replace("-", "−") in words(ax)


def test_the_favours_words_come_from_the_review() -> None:
    one = replace(POOLS["pain-short"], favours=("hopping", "resting"))
    ax = forest_plot(one)
    left, right = ([text for text in ax.texts if text.get_gid() == f"favours:{side}"] for side in (1, 2))
    assert " ".join(text.get_text() for text in left) == "Favours hopping"
    assert " ".join(text.get_text() for text in right) == "Favours resting"
    assert left[0].get_position()[0] < 0 < right[0].get_position()[0]


def shown_texts(ax: Axes) -> list[Text]:
    return [one for one in ax.texts if one.get_text().strip()] + ax.get_xticklabels() + [ax.xaxis.label]


STRICT = synthesise(SMITH, selection=Selection(no_assumptions=True))[0]
LONG = replace(
    POOLS["pain-short"],
    effects=tuple(
        replace(e, label=f"{e.label} and a very long name indeed", ci_low=-9, ci_high=9)
        for e in POOLS["pain-short"].effects
    ),
    printed=POOLS["pain-short"].printed,
)


def made(
    yi: list[float], vi: list[float], *, names: list[str] | None = None, measure: str = "SMD", **more
) -> Pool:
    """Return a synthesis of made-up effects, to draw what real ones seldom are."""
    base = KNEE[0].effects[0]
    people = more.pop("people", 20)
    effects = tuple(
        replace(
            base,
            trial=f"t{i}",
            label=names[i] if names else f"Trial {i} 2001",
            measure=measure,
            yi=y,
            vi=v,
            ci_low=y - 1.96 * v**0.5,
            ci_high=y + 1.96 * v**0.5,
            n1=people,
            n2=people,
            **({} if people else {"mean1": None, "mean2": None, "difference": f"{y:g}"}),
        )
        for i, (y, v) in enumerate(zip(yi, vi, strict=True))
    )
    result = pool(yi, vi, measure=measure)
    return replace(
        KNEE[0], subgroup=None, subgroup_test=None, effects=effects, result=result, measure=measure, **more
    )


SIXTY = "An extraordinary trial of a name that has sixty letters 2001"
GROUPS = ("a group of people whose name is of sixty letters, as it were", SIXTY)
ODD = {
    "one trial": made([0.4], [0.04]),
    "two trials": made([0.4, -0.3], [0.04, 0.01]),
    "sixty trials": made([0.01 * i for i in range(60)], [0.04] * 60, names=[SIXTY] * 60),
    "ratios": made([-4.6, 0.1, 0.05, 2.3], [1.2, 0.04, 0.03, 2.0], measure="log OR"),
    "ratios near 1": made([-0.05, 0.02, 0.01], [4e-4, 3e-4, 4e-4], measure="log OR"),
    "endless ratios": made([-14, 0.1, 12], [1.2, 0.04, 20.0], measure="log OR"),
    "large numbers": made([-41234.5, 12.1, 250000.25], [1e6, 1e8, 1e10], measure="MD"),
    "small numbers": made([-4e-4, 12e-4, 1e-3], [1e-8, 1e-8, 1e-7], measure="MD"),
    "people not known": made([0.1, 0.3, 0.2], [0.04, 0.05, 0.02], people=None),
    "one word": made([0.1, 0.3], [0.04, 0.05], names=["W" * 60, "Smith $x^2$ & Jones_2001 $"]),
    "long groups": made([0.1, 0.3], [0.04, 0.05], names=[SIXTY] * 2, groups=GROUPS, favours=GROUPS),
}


@pytest.mark.parametrize(
    "pools",
    [
        *([one] for one in POOLS.values()),
        pytest.param(KNEE, marks=pytest.mark.slow),
        [LONG],
        [STRICT],
        *([one] for one in ODD.values()),
    ],
    ids=[*POOLS, "131 rows", "long names", "left out", *ODD],
)
def test_no_text_stands_on_another_or_outside_the_page(pools: list[Pool]) -> None:
    check_apart(forest_plot(pools))


@pytest.mark.parametrize(
    "options",
    [
        {"layout": "cochrane"},
        {"columns": ()},
        {"columns": ("estimate",), "title": "A very long title indeed " * 9, "width": 140},
        {"columns": ("year", "instrument", "estimate", "bias"), "sort": "year", "title": "Own"},
    ],
    ids=["cochrane", "bare", "titled", "own columns"],
)
@pytest.mark.parametrize(
    "synthesis", ["pain-short", "pain-medium", pytest.param("function-short", marks=pytest.mark.slow)]
)
def test_whatever_is_asked_for_no_text_stands_on_another(synthesis: str, options: dict[str, Any]) -> None:
    if synthesis == "pain-medium" and "bias" in options.get("columns", ()):
        options = {**options, "columns": ("year", "estimate")}  # no risk of bias is judged there
    check_apart(forest_plot(SMITH, synthesis, **options))


def test_a_page_is_as_large_as_it_was_asked_to_be() -> None:
    figure = forest_plot(SMITH, "function-short", width=210, height=120).figure
    assert [round(25.4 * inches, 1) for inches in figure.get_size_inches()] == [210, 120]
    usual = forest_plot(SMITH, "function-short").figure
    assert round(25.4 * usual.get_size_inches()[0], 1) == 175


def test_by_night_nothing_is_drawn_in_the_ink_of_the_day() -> None:
    ax = forest_plot(SMITH, "pain-short", theme="dark")
    assert to_hex(ax.figure.get_facecolor()) == NIGHT["paper"]
    assert {to_hex(text.get_color()) for text in ax.texts if text.get_text() not in {"?", "+"}} <= {
        NIGHT["ink"],
        NIGHT["soft"],
    }
    assert to_hex(artist(ax, "diamond:overall").get_facecolor()) == NIGHT["pooled"]


def test_the_axis_ends_where_what_is_drawn_ends() -> None:
    low, high = forest_plot(made([-0.9, -0.8, -0.7, -0.6], [0.02] * 4, favours=None)).get_xlim()
    assert -low > 4 * high > 0
    low, high = forest_plot(made([0.1, 0.2], [0.02] * 2, measure="log OR"), limits=(0.25, 4)).get_xlim()
    assert (low, high) == pytest.approx((-1.386294, 1.386294), abs=1e-6)


def test_of_fifty_trials_the_area_of_a_square_is_the_weight() -> None:
    one = made([0.1] * 50, [0.01 * (1 + i) for i in range(50)])
    ax = forest_plot(one)
    sizes = [artist(ax, f"trial:t{i}").get_markersize() for i in range(50)]
    weights = one.weights
    assert (sizes[0] / sizes[3]) ** 2 == pytest.approx(weights[0] / weights[3], rel=1e-9)
    assert sizes[0] > 2 * sizes[9]


def check_apart(ax: Axes) -> None:
    """Hold every text against every other, and against the edge of the page."""
    figure = ax.figure
    assert isinstance(figure, Figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [(one.get_text(), one.get_window_extent(canvas.get_renderer())) for one in shown_texts(ax)]
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1 + 1, text
        assert box.y1 <= figure.bbox.y1, text
    ordered = sorted(boxes, key=lambda one: one[1].y0)
    for (text, one), (other_text, other) in combinations(ordered, 2):
        if other.y0 > one.y1:
            continue
        # boxes include the leading above and below letters: half a point of it may touch
        apart = (
            one.x1 <= other.x0 + 0.5
            or other.x1 <= one.x0 + 0.5
            or one.y1 <= other.y0 + 2
            or other.y1 <= one.y0 + 2
        )
        assert apart, (text, other_text)


BCG = synthesise(read_table(Path(__file__).parents[2] / "docs" / "tables" / "bcg.csv", measure="RR"))


@pytest.mark.parametrize(
    "given",
    [
        (SMITH, "pain-short"),
        (SMITH, "function-short"),
        (load_review("living"), "function-short"),
        (BCG,),
        *((ODD[name],) for name in ("people not known", "long groups", "large numbers")),
    ],
)
def test_on_a_page_of_a_journal_the_plot_has_two_fifths_and_numbers_have_eight_points(given: Any) -> None:
    ax = forest_plot(*given)
    assert round(25.4 * ax.figure.get_size_inches()[0]) == 175
    assert ax.get_position().width >= 0.4
    numbers = [text for text in ax.texts if re.search(r"\d \(−?\d.* to ", text.get_text())]
    assert {text.get_fontsize() for text in numbers} == {8}


@pytest.mark.parametrize(
    ("cells", "head", "cell", "tick"),
    [
        ("xi,ni\nA,3,50\nB,1,20\nC,12,60", "Events/n", "12/60", "0.1"),
        ("xi,ti\nA,3,500\nB,4,200\nC,12,600", "Events/time", "12/600", "0.01"),
        ("mi,sdi,ni\nA,3.2,1.1,50\nB,2.5,0.9,20\nC,4.1,1.4,60", "n", "60", "3"),
    ],
)
def test_single_groups_have_their_counts_no_line_of_no_effect_and_no_test_of_one(
    cells: str, head: str, cell: str, tick: str, tmp_path: Path
) -> None:
    file = tmp_path / "one.csv"
    file.write_text(f"study,{cells}\n", encoding="utf-8")
    ax = forest_plot(read_table(file))
    texts = [text.get_text() for text in ax.texts]
    assert texts.count(head) == 1
    assert cell in texts
    assert "no effect" not in gids(ax)
    assert "overall effect" not in words(ax)
    assert "group 1" not in words(ax)
    assert {tick, f"{tick}.0"} & {label.get_text() for label in ax.get_xticklabels()}
    low, high = ax.get_xlim()
    drawn = artist(ax, "diamond:overall").get_xy()[:, 0]
    assert high - low < 6 * (drawn.max() - drawn.min())


def test_a_long_name_stands_on_two_lines_beside_one_row_of_numbers() -> None:
    ax = forest_plot(SMITH, "function-short")
    assert {"Littlewood 2014", "(pilot)"} <= {text.get_text() for text in ax.texts}
    assert words(ax).count("0.00 (−0.80 to 0.81)") == 1
    whole = forest_plot(SMITH, "function-short", layout="cochrane")
    assert "Littlewood 2014 (pilot)" in words(whole)


def test_text_is_never_smaller_than_it_can_be_read() -> None:
    assert min(one.get_fontsize() for one in shown_texts(forest_plot(KNEE))) >= 6.5


def test_it_draws_into_a_given_axes() -> None:
    figure, (first, ax) = plt.subplots(2, figsize=(6.4, 9.6))
    given = ax.get_position().bounds
    assert forest_plot(POOLS["pain-short"], ax=ax) is ax
    assert "diamond:overall" in gids(ax)
    check_apart(ax)
    texts = [text.get_window_extent() for text in shown_texts(ax)]
    low, high = figure.transFigure.transform([given[:2], (given[0] + given[2], given[1] + given[3])])
    assert min(box.x0 for box in texts) >= low[0] - 1
    assert max(box.x1 for box in texts) <= high[0] + 1
    assert min(box.y0 for box in texts) >= low[1] - 1
    assert max(box.y1 for box in texts) <= high[1] + 1
    assert first.get_position().bounds != ax.get_position().bounds
    plt.close(figure)


def test_pools_of_several_syntheses_are_refused() -> None:
    with pytest.raises(ValueError, match="one synthesis: name one of pain-short, pain-long"):
        forest_plot([POOLS["pain-short"], POOLS["pain-long"]])
    with pytest.raises(ValueError, match="Did you mean pain-long"):
        forest_plot(SMITH, "pain-lang")


def test_a_review_and_the_name_of_a_synthesis_are_enough() -> None:
    assert "diamond:overall" in gids(forest_plot(SMITH, "function-short"))


DRAW = """
import hashlib, sys
from livingmeta.figures.forest import forest_plot
from livingmeta.figures.files import figure_bytes
from livingmeta.review.folder import load_review
from livingmeta.synthesis.synthesise import synthesise
one = synthesise(load_review("smith2017"))[0]
for kind in ("svg", "pdf", "png"):
    print(hashlib.sha256(figure_bytes(forest_plot(one).figure, kind)).hexdigest())
"""


@pytest.mark.slow
def test_another_process_gives_the_same_bytes() -> None:
    run = [sys.executable, "-c", DRAW]
    there = subprocess.run(run, capture_output=True, check=True, text=True).stdout.split()
    with redirect_stdout(io.StringIO()) as here:
        exec(DRAW, {})
    assert here.getvalue().split() == there
    assert len(there) == 3


def test_a_pdf_embeds_the_letters_it_uses() -> None:
    drawn = figure_bytes(forest_plot(POOLS["pain-short"]).figure, "pdf")
    streams = map(
        zlib.decompress, re.findall(rb"FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", drawn, re.DOTALL)
    )
    fonts = [TTFont(io.BytesIO(stream)) for stream in streams if stream.startswith(b"\0\1\0\0")]
    assert len(fonts) >= 2  # upright and bold
    assert all(font["maxp"].numGlyphs < 130 for font in fonts)


@pytest.mark.parametrize("inches", [0.01, 0.5, 2, 6.45])
@pytest.mark.parametrize("text", ["", "i " * 300, "Pneumonoultramicroscopic i am " * 20, ARROW + BOUND_MARK])
def test_a_line_holds_as_many_words_as_it_has_room_for(text: str, inches: float) -> None:
    lines = wrapped(text, inches)
    assert " ".join(lines).split() == text.split()
    for line, following in pairwise(lines):
        assert len(wrapped(line, inches)) == 1
        assert len(wrapped(f"{line} {following.split()[0]}", inches)) == 2


def test_text_in_the_svg_is_text_with_fonts_to_fall_back_on_and_says_what_it_shows() -> None:
    figure = forest_plot(POOLS["pain-short"]).figure
    drawn = figure_bytes(figure, "svg", title="Pain & more", description="3 trials").decode()
    assert ">Rathleff 2015</text>" in drawn
    assert "Arial, Helvetica" in drawn
    assert '<title id="figure-title">Pain &amp; more</title>' in drawn
    assert '<desc id="figure-description">3 trials</desc>' in drawn
    assert "<dc:date>" not in drawn


def test_counts_stand_in_their_columns_and_ratios_on_round_ticks(tmp_path) -> None:
    from folders import ARM1, ARM2, folder

    counts = [
        {**arm, "mean": "", "sd": "", "events": events, "quote": f"{events} of 40"}
        for arm, events in ((ARM1, "8"), (ARM2, "14"))
    ]
    toml = ('measure = "SMD"', 'measure = "OR"')
    pool = synthesise(load_review(folder(tmp_path, outcomes=counts, toml=toml)))[0]
    assert {"8/40", "14/40", "Events/n"} <= {text.get_text() for text in forest_plot(pool).texts}
    ax = forest_plot(pool, layout="cochrane")
    texts = {text.get_text() for text in ax.texts}
    assert {"8", "14", "40", "Events"} <= texts
    assert "0.46 (0.17 to 1.28)" in texts
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert {"0.5", "1"} <= set(ticks)
    assert ax.get_xlabel() == "Odds ratio (log scale)"


def spread_out(*, yi: float, ci: tuple[float, float]) -> Pool:
    """Return a synthesis of which one trial is far off."""
    one = KNEE[0]
    far = replace(one.effects[0], yi=yi, ci_low=ci[0], ci_high=ci[1])
    return replace(one, effects=(far, *one.effects[1:]))


@pytest.mark.parametrize(
    ("ci", "arrows", "line"),
    [
        ((40, 42), [">"], False),
        ((-42, -40), ["<"], False),
        ((-40, 0.1), ["<"], True),
        ((-50, 50), ["<", ">"], True),
    ],
)
def test_an_interval_beyond_the_axis_is_an_arrow_at_the_edge(ci, arrows, line) -> None:
    one = spread_out(yi=sum(ci) / 2, ci=ci)
    ax = forest_plot(one)
    trial = one.effects[0].trial
    found = [a for a in ax.get_children() if a.get_gid() == f"beyond:ci:{trial}"]
    assert sorted(a.get_marker() for a in found) == arrows
    assert all(a.get_xdata()[0] in ax.get_xlim() for a in found)
    assert (f"ci:{trial}" in gids(ax)) == line
    assert ARROW in forest_caption(one)


def test_a_proportion_far_from_the_others_keeps_its_square(tmp_path) -> None:
    file = tmp_path / "prop.csv"
    file.write_text("study,xi,ni\nA,3,50\nB,0,25\nC,12,60\nD,9,90\nE,22,22\nF,4,31\nG,2,40\n")
    (one,) = synthesise(read_table(file))
    ax = forest_plot(one)
    low, high = ax.get_xlim()
    assert all(low < effect.yi < high for effect in one.effects)
    assert {f"trial:{effect.trial}" for effect in one.effects} <= set(gids(ax))


def test_a_diamond_that_is_cut_ends_blunt_with_an_arrow() -> None:
    figure = Figure()
    ax = figure.add_subplot()
    ax.set_xlim(-1, 1)
    shape = Printed(estimate=0, ci_low=-4, ci_high=0.5, label="", words=("0", "−4", "0.5"))
    draw_diamond(ax, shape, 0, gid="cut", color="black")
    corners = artist(ax, "cut").get_xy()
    assert corners[:, 0].min() == -1
    assert [abs(y) for x, y in corners if x == -1] == pytest.approx([0.225] * 3)  # 3/4 of 0.3
    assert artist(ax, "beyond:cut").get_marker() == "<"
    draw_diamond(ax, replace(shape, estimate=3, ci_low=2, ci_high=4), 1, gid="off", color="black")
    assert "off" not in gids(ax)
    assert artist(ax, "beyond:off").get_marker() == ">"


@pytest.mark.parametrize(
    ("measure", "limits", "ticks"),
    [
        ("SMD", (-0.08, 0.08), ["−0.05", "0.00", "0.05"]),
        ("SMD", (-1, 1), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        ("MD", (-2000, 2000), ["−2000", "−1000", "0", "1000", "2000"]),
        ("log OR", (-0.1, 0.1), ["0.92", "0.96", "1", "1.04", "1.08"]),
        ("log OR", (-7, 7), ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]),
    ],
)
def test_a_tick_stands_where_its_number_is(measure, limits, ticks) -> None:
    ax = Figure().add_subplot()
    ax.set_xlim(*limits)
    scale_axis(ax.xaxis, measure)
    labels = [ax.xaxis.get_major_formatter()(x) for x in ax.get_xticks() if limits[0] <= x <= limits[1]]
    assert labels == ticks
    for x in ax.get_xticks():
        if limits[0] <= x <= limits[1]:
            label = float(ax.xaxis.get_major_formatter()(x).replace("−", "-"))
            assert label == pytest.approx(on_scale(measure, x), rel=1e-6, abs=1e-12)


def test_a_name_too_long_for_its_column_keeps_its_end_and_stands_below_in_full() -> None:
    ax = forest_plot(ODD["long groups"])
    assert any(text.get_text().endswith("…ers 2001") for text in ax.texts)
    said = " ".join(text.get_text() for text in ax.texts if text.get_gid() == "note")
    assert SIXTY in said
    assert GROUPS[0] in said
    assert "…" not in words(forest_plot(ODD["one trial"]))
    assert "Smith $x^2$ & Jones_2001 $" in words(forest_plot(ODD["one word"]))


@pytest.mark.parametrize("name", ODD)
def test_odd_input_is_drawn_as_it_is_printed(name: str) -> None:
    one = ODD[name]
    assert check_drawn_is_printed(forest_plot(one), one.measure) or len(one.effects) == 1


def test_no_words_at_an_axis_have_an_arrow_since_that_means_an_interval_goes_on() -> None:
    one = POOLS["pain-short"]
    below = [(0.25, ["Favours painful exercise"]), (0.75, ["Favours pain-free exercise"])]
    assert axis_sides(one, (-1.0, 1.0), 4.0) == below
    narrow = axis_sides(one, (-1.0, 0.1), 4.0)  # no words fit below the right side
    assert narrow == [(0.5, ["left: favours painful exercise; right: favours pain-free exercise"])]
    assert axis_sides(replace(one, favours=None), (-1.0, 1.0), 4.0) == []


def crowd(path: Path, k: int, *, subgroups: int = 0) -> list[Pool]:
    """Pool a table of so many trials."""
    rows = (f"Study {i},{(i * 37 % k) / k - 0.7:.4f},0.2,s{i % max(subgroups, 1)}" for i in range(k))
    path.write_text("\n".join(["study,yi,sei,subgroup", *rows]), encoding="utf-8")
    return list(synthesise(read_table(path, measure="SMD", favours="lower")))


@pytest.mark.parametrize("subgroups", [1, 2])
def test_more_trials_than_can_be_named_stand_together_from_the_lowest_to_the_highest(
    subgroups: int, tmp_path: Path
) -> None:
    pools = crowd(tmp_path / "many.csv", 500, subgroups=subgroups)
    ax = forest_plot(pools)
    part = pools[0]
    effects = sorted(part.effects, key=lambda effect: effect.yi)
    lines = artist(ax, f"ci:{part.subgroup}").get_segments()
    low, high = ax.get_xlim()
    for side, end in enumerate(("ci_low", "ci_high")):
        shown = [min(max(getattr(effect, end), low), high) for effect in effects]
        assert [line[side][0] for line in lines] == pytest.approx(shown)
    assert artist(ax, f"trials:{part.subgroup}").get_xdata().tolist() == [effect.yi for effect in effects]
    assert f"{500 // subgroups} results, from the lowest to the highest: too many to name" in words(ax)
    assert "Study" not in words(ax)
    assert f"diamond:{part.subgroup}" in gids(ax)
    with pytest.raises(ValueError, match="500 results are too many for a row each"):
        forest_plot(pools, columns=["weight"])


def test_a_figure_of_many_trials_has_no_more_words_the_more_there_are(tmp_path: Path) -> None:
    few, many = (forest_plot(crowd(tmp_path / f"{k}.csv", k)) for k in (400, 1600))
    assert len(few.texts) == len(many.texts)
    assert len(few.get_children()) == len(many.get_children())


def test_a_caption_tells_no_groups_and_no_means_that_a_table_of_effects_has_not() -> None:
    table = pd.DataFrame({"study": ["Ash", "Birch"], "yi": [-0.3, 0.2], "sei": [0.379473319220205, 0.1]})
    review = read_table(table, measure="GEN")
    caption = " ".join(forest_caption(review))
    assert "group 1" not in caption
    assert "mean (SD)" not in caption
    assert "0.3794733" not in words(forest_plot(review))


def test_in_a_font_that_is_wider_the_numbers_of_a_row_do_not_touch(open_page, tmp_path: Path) -> None:
    """Who lacks Arimo, Arial and Liberation reads the file in DejaVu, a third wider when bold."""
    text = figure_bytes(forest_plot(POOLS["pain-short"]).figure, "svg").decode()
    path = tmp_path / "wide.svg"
    path.write_text(re.sub(r"font-family: [^;\"]*", "font-family: 'DejaVu Sans'", text), encoding="utf-8")
    boxes = open_page(path).evaluate(
        """() => [...document.querySelectorAll("text")].filter(one => /[0-9]/.test(one.textContent))
          .filter(one => getComputedStyle(one).textAnchor === "end")
          .map(one => one.getBoundingClientRect()).map(box => [box.left, box.right, box.top, box.bottom])"""
    )
    assert len(boxes) > 10
    for i, (left, right, top, bottom) in enumerate(boxes):
        for x0, x1, y0, y1 in boxes[i + 1 :]:
            apart = min(right, x1) <= max(left, x0) or min(bottom, y1) <= max(top, y0) + 2
            assert apart
