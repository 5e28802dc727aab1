"""Mantel-Haenszel and Peto agree with metafor, and with what RevMan prints."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from livingmeta import forest_plot, leave_one_out, regress, resample, small_study, synthesise
from livingmeta.engine.counts import SUMS, Cells
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods import influence as diagnostics
from livingmeta.engine.pooling import fit, pool
from livingmeta.review.protocol import Methods
from livingmeta.synthesis.settings import settings_of

REFERENCE = Path(__file__).parents[1] / "reference"


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COUNTS: dict[str, list[list[int]]] = defaultdict(list)
for row in read("mantel_haenszel_data.csv"):
    COUNTS[row["set"]].append([int(row[name]) for name in ("a", "n1", "c", "n2")])
ROWS = read("mantel_haenszel.csv")


def of(counts: object, measure: str, **rules: str) -> tuple[np.ndarray, np.ndarray, Cells]:
    a, n1, c, n2 = np.array(counts, float).T
    options = {"zero_cells": rules.pop("each")} if "each" in rules else {}
    yi, vi = MEASURES[measure].function(a, n1, c, n2, **options)  # type: ignore[misc]
    return yi, vi, Cells(measure, np.array([a, n1 - a, c, n2 - c]), **rules)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join([*row.values()][:4]))
def test_counts_are_pooled_as_metafor_pools_them(row: dict[str, str]) -> None:
    """rma.mh(drop00 = FALSE), rma.peto(), and RevMan's random effects by rma(tau2 = …)."""
    counts, measure = COUNTS[row["set"]], row["measure"]
    rules = {"zero_cells": "none", "variance": "Sato", "each": "keep00"}
    if row["method"] == "Peto":
        counts = [r for r in counts if 0 < r[0] + r[2] < r[1] + r[3]]
        rules = {}
    yi, vi, cells = of(counts, measure, **rules)
    how = {} if row["model"] == "common" else {"ci": "wald"}
    result = pool(yi, vi, method=row["method"], model=row["model"], cells=cells, **how)
    for name in ("estimate", "se", "ci_low", "ci_high", "q", "tau2"):
        if row[name]:
            assert getattr(result, name) == pytest.approx(float(row[name]), rel=1e-8, abs=1e-10), name
    weights = [float(weight) for weight in row["weights"].split()]
    assert result.weights == pytest.approx(weights, rel=1e-8, abs=1e-10)
    df = len(counts) - 1
    assert result.i2 == pytest.approx(100 * max(0, 1 - df / float(row["q"])), abs=1e-8)


def test_five_sets_or_more_are_pinned_for_each_method() -> None:
    """Among them trials without an event in one arm, and in both."""
    assert all(len({row["set"] for row in ROWS if row["method"] == method}) >= 5 for method in ("MH", "Peto"))
    both = [counts for rows in COUNTS.values() for counts in rows if counts[0] == counts[2] == 0]
    assert len(both) >= 5


# tests of RevMan's own print: a file of an analysis with Mantel-Haenszel, random effects
PRINTED = [[38, 60, 9, 61], [17, 40, 21, 58], [22, 35, 16, 33], [12, 30, 26, 70]]


def test_random_effects_are_those_that_revman_prints() -> None:
    yi, vi, cells = of(PRINTED, "RR", each="needed")
    result = pool(yi, vi, method="MH", ci="wald", cells=cells)
    ends = np.exp([result.estimate, result.ci_low, result.ci_high])
    assert ends == pytest.approx([1.58533199, 0.90046192, 2.79109806], abs=5e-9)
    assert result.q == pytest.approx(14.30054843, abs=5e-9)
    assert result.tau2 == pytest.approx(0.26138786, abs=5e-9)
    assert result.i2 == pytest.approx(79.02178358, abs=5e-9)
    assert result.weights == pytest.approx([22.771734, 25.580920, 26.826819, 24.820527], abs=5e-7)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("model", ["common", "random"])
@pytest.mark.parametrize("rule", SUMS[:2])
def test_a_batch_is_what_each_of_its_sets_is(measure: str, model: str, rule: str) -> None:
    """Sets with one cell empty throughout are among them."""
    counts = [[0, 24, 3, 25], [2, 30, 5, 29], [0, 12, 1, 14], [4, 40, 6, 41]]
    yi, vi, cells = of(counts, measure, each="only0", zero_cells=rule)
    masks = np.array([[i >> j & 1 for j in range(4)] for i in range(1, 16)], bool)
    batch = fit(yi, vi, masks, method="MH", model=model, cells=cells)
    for i, mask in enumerate(masks):
        alone = pool(yi[mask], vi[mask], method="MH", model=model, cells=cells.of(mask))
        assert batch.estimate[i] == pytest.approx(alone.estimate, rel=1e-12)
        assert batch.ci_low[i] == pytest.approx(alone.ci_low, rel=1e-12)
        assert batch.weights[i][mask] == pytest.approx(alone.weights, rel=1e-12)
        assert batch.flags["sums_corrected"][i] == ("sums_corrected" in alone.flags)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_one_trial_is_its_own_effect_and_groups_that_change_places_turn_the_sign(measure: str) -> None:
    for counts in (PRINTED[:1], [[0, 22, 3, 25]]):
        yi, vi, cells = of(counts, measure, each="needed")
        alone = pool(yi, vi, method="MH", model="common", cells=cells)
        assert (alone.estimate, alone.se**2) == pytest.approx((yi[0], vi[0]), rel=1e-12)
    yi, vi, cells = of(PRINTED, measure)
    there = pool(yi, vi, method="MH", model="common", cells=cells)
    back = pool(-yi, vi, method="MH", model="common", cells=cells._replace(counts=cells.counts[[2, 3, 0, 1]]))
    assert (back.estimate, back.se) == pytest.approx((-there.estimate, there.se), rel=1e-12)


def test_a_sum_of_0_is_corrected_or_refused_by_name() -> None:
    yi, vi, cells = of([[0, 24, 3, 25], [0, 30, 5, 29]], "OR", each="needed")
    result = pool(yi, vi, method="MH", model="common", cells=cells)
    assert "sums_corrected" in result.flags
    # metafor 3.8: rma.mh(measure="OR", ai=c(0,0), n1i=c(24,30), ci=c(3,5), n2i=c(25,29), add=c(1/2,1/2),
    # to=c("only0","only0"))
    assert (result.estimate, result.se) == pytest.approx((-2.35286338, 1.07032875), abs=5e-9)
    with pytest.raises(ValueError, match="sum is 0"):
        pool(yi, vi, method="MH", model="common", cells=cells._replace(zero_cells="none"))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"measure": "SMD", "method": "MH"}, "sums counts"),
        ({"measure": "RR", "method": "Peto"}, "one-step odds ratios"),
        ({"measure": "SMD", "method": "Peto"}, "one-step odds ratios"),
        ({"measure": "OR", "method": "mh"}, "IV, MH, Peto"),
        ({"measure": "OR", "method": "MH", "model": "random", "tau2": "REML"}, "τ² by DL"),
        ({"measure": "OR", "method": "MH", "ci": "hksj"}, "random"),
        ({"measure": "OR", "method": "MH", "cluster": "trial"}, "cluster"),
    ],
)
def test_what_does_not_go_with_a_method_is_refused_by_name(asked: dict[str, str], why: str) -> None:
    if asked.get("ci") == "hksj":
        asked = {**asked, "model": "common"}
    with pytest.raises(ValueError, match=why):
        settings_of(Methods(), **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "model", "method"),
    [
        ("revman5", None, "MH"),
        ("revman5", "common", "MH"),
        ("revman-web", None, "IV"),
        ("revman-web", "common", "MH"),
        ("meta", None, "IV"),
        ("meta", "common", "MH"),
        ("metafor", "common", "IV"),
        ("today", "common", "IV"),
    ],
)
def test_each_profile_pools_counts_as_its_program_does(profile: str, model: str | None, method: str) -> None:
    assert settings_of(Methods(profile=profile, measure="OR"), model=model).method == method
    assert settings_of(Methods(profile=profile, measure="SMD"), model=model).method == "IV"
    kept = settings_of(Methods(profile=profile, measure="OR", method="IV"), model=model)
    assert kept.method == "IV"
    assert settings_of(Methods(profile=profile, measure="OR"), method="Peto").measure == "PETO"


def test_a_table_is_pooled_by_the_method_that_is_asked_for(tmp_path: Path) -> None:
    """The numbers are those of metafor 3.8's rma.mh and rma.peto."""
    table = tmp_path / "few.csv"
    table.write_text("study,events1,n1,events2,n2\nAsh,0,22,0,21\nBeech,0,24,3,25\nCole,2,30,5,29\n")
    shown = {
        method: synthesise(table, measure="OR", method=method)[0].result for method in ("IV", "MH", "Peto")
    }
    assert shown["MH"].estimate == pytest.approx(-1.5523995, abs=5e-8)
    assert shown["MH"].se == pytest.approx(0.8299250, abs=5e-8)
    assert shown["Peto"].estimate == pytest.approx(-1.3243356, abs=5e-8)
    assert shown["Peto"].measure == "log Peto OR"
    assert "sparse_events" in shown["IV"].flags
    assert not {"sparse_events", "empty_cells_corrected"} & {*shown["MH"].flags, *shown["Peto"].flags}


@pytest.mark.slow
def test_what_draws_effects_is_refused_where_counts_are_summed(tmp_path: Path) -> None:
    """Neither effects that are drawn nor imagined have counts; a regression weighs by inverse variance."""
    table = tmp_path / "few.csv"
    table.write_text("study,year,ai,n1i,ci,n2i\nAsh,2001,4,22,1,21\nElm,2003,0,24,3,25\nOak,2005,2,30,5,29\n")
    how = {"measure": "OR", "method": "MH"}
    assert "no counts for Mantel-Haenszel" in str(resample(table, **how)[0].refused)
    with pytest.raises(ValueError, match="sums counts"):
        regress(table, by="year", **how)
    # metafor 3.8: rma.mh(measure="OR", ai=c(0,2), n1i=c(24,30), ci=c(3,5), n2i=c(25,29))
    assert leave_one_out(table, **how).estimate[0] == pytest.approx(-1.5523995, abs=5e-8)
    filled = small_study(table, force=True, **how)[0].filled
    assert "filled_by_variance" in filled.flags


def test_a_forest_plot_says_that_counts_are_summed(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    table.write_text("study,ai,n1i,ci,n2i\nElm,0,24,3,25\nOak,2,30,5,29\n")
    for method, said in (("MH", "Mantel-Haenszel, common effect"), ("Peto", "Peto OR (95% CI)")):
        figure = forest_plot(table, measure="OR", method=method).figure
        assert said in [text.get_text() for text in figure.findobj(Text)]


def test_a_trial_is_left_out_of_sums_as_metafor_leaves_it_out() -> None:
    """leave1out(r)$estimate and rstudent(r)$z of metafor 3.8, of r = rma.mh(measure = "OR", …)."""
    counts = [[0, 24, 3, 25], [2, 30, 5, 29], [12, 130, 26, 125], [4, 60, 9, 61], [3, 50, 4, 52]]
    yi, vi, cells = of(counts, "OR", each="only0")
    how = {"method": "MH", "model": "common", "cells": cells}
    left = [-0.8640272, -0.9180964, -0.9152624, -0.9452908, -1.0247923]
    assert diagnostics.leave_one_out(yi, vi, **how).estimate == pytest.approx(left, abs=5e-8)
    residuals = [-0.74556428, -0.16395441, -0.05987729, 0.08569971, 0.89674726]
    assert diagnostics.influence(yi, vi, **how).rstudent == pytest.approx(residuals, abs=5e-9)
