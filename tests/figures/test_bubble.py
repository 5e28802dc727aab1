"""A bubble plot shows the trials by their weights, and the line and the interval of its regression."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import livingmeta as lm
from folders import ROOT
from livingmeta.engine.measures import on_scale
from livingmeta.figures.bubble import AREA, LOOKS
from livingmeta.figures.style import caption_of

REFERENCE = Path(__file__).parents[1] / "reference"
BCG = ROOT / "docs" / "tables" / "bcg.csv"
CROSSED = pd.read_csv(REFERENCE / "interactions_data.csv")


def gids(ax: Axes, start: str) -> dict[str, object]:
    return {str(one.get_gid()): one for one in ax.get_children() if str(one.get_gid()).startswith(start)}


def drawn(name: str, by: str, **how) -> Axes:
    table = CROSSED[CROSSED["set"] == name][["yi", "vi", "x", "z", "a", "b"]]
    table = table.assign(study=[f"t{i}" for i in range(len(table))])
    return lm.bubble_plot(table, by=by, profile="metafor", **how)


@pytest.mark.parametrize("ci", ["wald", "hksj"])
@pytest.mark.parametrize("name", ["bcg", "raudenbush1985", "molloy2014"])
def test_lines_and_both_intervals_are_those_of_metafors_predict(name: str, ci: str) -> None:
    """interactions.R; compared where a level's own trials begin and end."""
    with (REFERENCE / "metafor_lines.csv").open(encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["set"], row["test"]) == (name, {"wald": "z"}.get(ci, "knha"))
        ]
    ax = drawn(name, "x*a", ci=ci, predicted=True)
    compared = 0
    for place, level in enumerate(sorted({row["a"] for row in rows})):
        line = ax.findobj(lambda one, gid=f"line:{place}": one.get_gid() == gid)[0].get_xydata()
        band = ax.findobj(lambda one, gid=f"band:{place}": one.get_gid() == gid)[0].get_paths()[0].vertices
        ahead = [
            one.get_xydata() for one in ax.findobj(lambda one, gid=f"ahead:{place}": one.get_gid() == gid)
        ]
        for row in rows:
            ends = [i for i in (0, -1) if line[i, 0] == float(row["x"])]
            if row["a"] != level or not ends:
                continue
            compared += 1
            at = band[band[:, 0] == float(row["x"]), 1]
            theirs = [float(row[column]) for column in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")]
            ours = [line[ends[0], 1], at.min(), at.max(), *(each[ends[0], 1] for each in ahead)]
            assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-9), row
    assert compared >= 2


def test_the_area_of_each_mark_is_the_weight_of_its_trial() -> None:
    ax = lm.bubble_plot(BCG, measure="RR", by="latitude*allocation")
    moderation = lm.regress(BCG, measure="RR", by="latitude*allocation")
    weights = {
        round(effect.yi, 12): 1 / (effect.vi + moderation.result.tau2) for effect in moderation.effects
    }
    ratios = []
    for place, (_, marker, _) in enumerate(LOOKS[:3]):
        marks = gids(ax, f"trials:{place}")[f"trials:{place}"]
        for (_, y), size in zip(marks.get_offsets(), marks.get_sizes(), strict=True):
            ratios.append(size / AREA[marker] / weights[round(float(y), 12)])
    assert len(ratios) == 13
    assert ratios == pytest.approx([ratios[0]] * 13)


def test_marks_of_one_size_are_equally_large() -> None:
    """By the shoelace formula over the path that matplotlib draws of each mark."""
    from matplotlib.markers import MarkerStyle

    areas = {}
    for marker in AREA:
        style = MarkerStyle(marker)
        x, y = style.get_path().transformed(style.get_transform().scale(100)).to_polygons()[0].T
        areas[marker] = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2e4 * AREA[marker]
    assert areas == pytest.approx(dict.fromkeys(AREA, np.pi / 4), rel=0.01)


def test_a_category_has_a_strip_for_each_level_with_its_mean() -> None:
    ax = lm.bubble_plot(BCG, measure="RR", by="allocation")
    result = lm.regress(BCG, measure="RR", by="allocation").result
    levels = [label.get_text() for label in ax.get_xticklabels()]
    assert levels == ["alternate", "random", "systematic"]
    means = [one.get_ydata()[0] for one in ax.lines if one.get_gid() == "line:0"]
    assert means == [at.estimate for at in result.predict({"allocation": levels})]
    places = gids(ax, "trials:")["trials:0"].get_offsets()[:, 0]
    assert [int(n) for n in np.bincount(np.round(places).astype(int))] == [2, 7, 4]
    assert len(set(places.round(6))) == 13  # none hides another of its strip


def test_ratios_stand_at_their_logs_with_a_line_of_no_effect_and_its_sides() -> None:
    ax = lm.bubble_plot(BCG, measure="RR", favours="lower", by="latitude")
    ticks = {label.get_text(): label.get_position()[1] for label in ax.get_yticklabels()}
    assert {name: np.exp(at) for name, at in ticks.items()} == pytest.approx({n: float(n) for n in ticks})
    assert ticks["1"] == 0
    assert set(gids(ax, "no effect")["no effect"].get_ydata()) == {0.0}
    assert "Above 1: favours group 2; below: favours group 1." in caption_of(ax).sentences
    assert "favours" not in caption_of(lm.bubble_plot(BCG, measure="RR", by="latitude")).text


def test_a_caption_says_where_what_is_not_drawn_is_held() -> None:
    ax = lm.bubble_plot(BCG, measure="RR", by=["latitude", "year", "n"])
    year, n = (lm.regress(BCG, measure="RR", by=name).values for name in ("year", "n"))
    held = f"year = {np.mean(year):.4g} and n = {float(f'{np.mean(n):.4g}'):g}"
    assert held in caption_of(ax).text.replace(",", "")
    assert caption_of(
        lm.bubble_plot(BCG, measure="RR", by=["latitude", "year"], along="Year")
    ).title.endswith("by year")


@pytest.mark.slow
def test_trials_off_the_line_are_named_and_in_few_all_that_find_room() -> None:
    def names(**how) -> set[str]:
        return {one.get_text() for one in lm.bubble_plot(BCG, measure="RR", by="latitude", **how).texts}

    assert names() == {"Vandiviere et al 1973"}
    few = pd.read_csv(BCG).head(6)
    assert len(lm.bubble_plot(few, measure="RR", by="latitude").texts) >= 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": []}, "a regression on nothing"),
        ({"by": "latitude", "along": "year"}, "along = 'year': choose one of latitude"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lm.bubble_plot(BCG, measure="RR", **options)


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    table = pd.DataFrame({"yi": np.arange(15) / 10, "vi": 0.1, "dose": range(15), "site": [*"abcde"] * 3})
    table["study"] = [f"t{i}" for i in range(15)]
    with pytest.raises(ValueError, match="site has 5 levels, and more than 4 lines"):
        lm.bubble_plot(table, by="dose*site")
    ax = lm.bubble_plot(table, by=["dose", "site"])
    assert "site = a" in caption_of(ax).text  # no interaction: held


@pytest.mark.slow
def test_the_command_draws_it_beside_a_file(say, tmp_path: Path) -> None:
    table = tmp_path / "bcg.csv"
    table.write_bytes(BCG.read_bytes())
    typed = ("regress", str(table), "--measure", "RR", "--by", "latitude*year")
    said = say(*typed, "--to", "svg,png", "--lang", "nb")
    assert said.status == 0
    folder = tmp_path / "figures" / "bcg"
    assert {path.name for path in folder.glob("*.*") if path.name[0] != "."} == {
        f"bubble_bcg_latitude_year_x.nb.{kind}" for kind in ("svg", "png", "txt")
    }
    assert "Boblediagram" in (folder / "bubble_bcg_latitude_year_x.nb.txt").read_text("utf-8")
    assert "choose one of svg, pdf, png" in say(*typed, "--to", "gif").err
    assert "say --to png, too" in say(*typed, "--predicted").err


@pytest.mark.parametrize(
    ("measure", "label"),
    [("PLO", "logit proportion"), ("PFT", "double arcsine proportion"), ("PR", "raw proportion")],
)
def test_a_proportion_has_round_numbers_at_its_axis_where_they_belong(measure: str, label: str) -> None:
    table = pd.DataFrame(
        {
            "study": list("abcdefg"),
            "xi": [12, 20, 33, 41, 15, 70, 60],
            "ni": [100, 150, 120, 160, 90, 210, 150],
            "year": [1990, 1995, 2000, 2003, 2007, 2012, 2015],
        }
    )
    ax = lm.bubble_plot(table, by="year", measure=measure)
    ticks = {float(tick.get_text()): tick.get_position()[1] for tick in ax.get_yticklabels()}
    assert len(ticks) >= 3
    assert all(round(10 * shown) == pytest.approx(10 * shown) for shown in ticks)
    of = lm.regress(table, by="year", measure=measure).measure
    assert of == label
    assert [on_scale(of, place) for place in ticks.values()] == pytest.approx([*ticks])
    assert not gids(ax, "no effect")
