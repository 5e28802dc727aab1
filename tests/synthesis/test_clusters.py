"""Trials of clusters count by their design effect, as the Cochrane Handbook has it, and never silently.

The Handbook's example (5.1, sections 16.3.4 to 16.3.6; 6, sections 23.1.4 to 23.1.5): 63 of 295 children
against 84 of 330, in 21 classes of 29.8, with an ICC of 0.02 from elsewhere: a design effect of 1.576.
"""

import csv
import math
from pathlib import Path

import pytest

from folders import ARM1, ARM2, DIFFERENCE, TRIAL, folder
from livingmeta import load_review
from livingmeta.appraisal.missing_evidence import funnel_of
from livingmeta.engine.counts import odds_ratio
from livingmeta.engine.effect_sizes import mean_difference, smd, smd_from_difference, smd_from_t
from livingmeta.exchange.exports import revman
from livingmeta.exchange.revman import WEB
from livingmeta.figures.marks import notes
from livingmeta.review.folder import examine
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.settings import Selection, settings_of
from livingmeta.synthesis.synthesise import synthesise

CLASSES = {"cluster_size": "29.8", "icc": "0.02"}
DE = 1.576
COUNTS = [
    {**ARM1, "mean": "", "sd": "", "events": "63", "n": "295", "quote": "63/295", **CLASSES},
    {**ARM2, "mean": "", "sd": "", "events": "84", "n": "330", "quote": "84/330", **CLASSES},
]
CLUSTERS = [{**TRIAL, "n_randomised": "", "randomised": "clusters"}]
OF_ODDS = ('measure = "SMD"', 'measure = "OR"')
OF_MD = ('measure = "SMD"', 'measure = "MD"')


def effect(path: Path, *, selection: Selection | None = None, **tables) -> Effect:
    tables.setdefault("trials", CLUSTERS)
    (found,) = synthesise(load_review(folder(path, **tables)), selection=selection)[0].effects
    return found


def refused(path: Path, *, selection: Selection | None = None, **tables) -> str:
    pool = synthesise(load_review(folder(path, trials=CLUSTERS, **tables)), selection=selection)[0]
    assert pool.effects == ()
    return pool.dropped[0].why


def test_counts_are_those_of_the_handbook(tmp_path: Path) -> None:
    """Printed (16.3.6): OR 0.795, log OR −0.23 with SE 0.19, inflated 0.24."""
    found = effect(tmp_path, outcomes=COUNTS, toml=OF_ODDS)
    assert found.yi == pytest.approx(odds_ratio(63, 295, 84, 330)[0])
    assert f"{math.exp(found.yi):.3f}" == "0.795"
    assert f"{math.sqrt(found.vi):.2f}" == "0.24"
    assert f"{math.sqrt(found.vi / DE):.2f}" == "0.19"
    steps = [
        "group 1: 63/295 → 39.97/187.2: design effect 1.576 = 1 + (29.8 − 1)·0.02",
        "group 2: 84/330 → 53.3/209.4: design effect 1.576 = 1 + (29.8 − 1)·0.02",
    ]
    assert [step for step in found.derivation if "design effect" in step] == steps
    assert "design_effect" in found.flags
    assert not {"icc_assumed", "clusters_ignored", "rows_assumed"} & {*found.flags}


def test_an_effect_with_limits_is_that_of_its_counts(tmp_path: Path) -> None:
    """Printed (16.3.6): OR 0.795 (0.548 to 1.154), whose SE 0.19 becomes 0.24."""
    printed = {**DIFFERENCE, "measure": "OR", "mean": "0.795", "ci_low": "0.548", "ci_high": "1.154"}
    row = {**printed, "quote": "0.795 (0.548 to 1.154)", "n1": "295", "n2": "330", **CLASSES}
    found = effect(tmp_path, outcomes=[row], toml=OF_ODDS)
    assert f"{found.yi:.2f}" == "-0.23"
    assert f"{math.sqrt(found.vi):.2f}" == "0.24"
    assert any(step.startswith("SE 0.190 → 0.239: design effect 1.576") for step in found.derivation)


@pytest.mark.parametrize("measure", ["SMD", "MD"])
def test_of_means_people_are_divided_and_means_and_sds_stay(tmp_path: Path, measure: str) -> None:
    arms = [{**arm, "cluster_size": "18", "icc": "0.04"} for arm in (ARM1, ARM2)]
    found = effect(tmp_path, outcomes=arms, toml=('measure = "SMD"', f'measure = "{measure}"'))
    n = 40 / 1.68
    function = {"SMD": smd, "MD": mean_difference}[measure]
    assert (found.yi, found.vi) == pytest.approx(function(3, 1.5, n, 4, 2, n))
    assert (found.mean1, found.sd1) == (3, 1.5)
    assert any("group 1: n 40 → 23.81: design effect 1.68 = 1 + (18 − 1)·0.04" in s for s in found.derivation)


def test_an_sd_is_read_off_all_people_before_they_are_divided(tmp_path: Path) -> None:
    """SE 0.25 of 40 people is an SD of 1.58, whatever their clusters."""
    arms = [
        {**arm, "sd": "", "se": "0.25", "quote": f"{arm['mean']} (0.25)", "cluster_size": "18", "icc": "0.04"}
        for arm in (ARM1, ARM2)
    ]
    found = effect(tmp_path, outcomes=arms)
    assert found.sd1 == pytest.approx(0.25 * math.sqrt(40))


@pytest.mark.parametrize(
    "nothing",
    [{"cluster_size": "18", "icc": "0"}, {"cluster_size": "1", "icc": "0.3"}, {"design_effect": "1"}],
)
@pytest.mark.parametrize("toml", [OF_MD, ("", "")], ids=["MD", "SMD"])
@pytest.mark.parametrize("rows", [[ARM1, ARM2], [DIFFERENCE]], ids=["arms", "difference"])
def test_no_correlation_or_one_person_a_cluster_change_nothing(tmp_path: Path, rows, toml, nothing) -> None:
    bare = effect(tmp_path / "bare", outcomes=rows, toml=toml, trials=[TRIAL])
    found = effect(tmp_path / "same", outcomes=[{**row, **nothing} for row in rows], toml=toml)
    assert (found.yi, found.vi, found.flags, found.derivation) == (
        bare.yi,
        bare.vi,
        bare.flags,
        bare.derivation,
    )


def test_a_difference_has_its_standard_error_inflated_and_its_sd_not(tmp_path: Path) -> None:
    row = {**DIFFERENCE, "design_effect": "2"}
    bare = effect(tmp_path / "bare", outcomes=[DIFFERENCE], toml=OF_MD)
    found = effect(tmp_path / "md", outcomes=[row], toml=OF_MD)
    assert (found.yi, found.vi) == pytest.approx((bare.yi, 2 * bare.vi))
    assert any("design effect 2, as printed" in step for step in found.derivation)
    half = math.sqrt(bare.vi)
    sd = half / math.sqrt(1 / 40 + 1 / 40)
    standardised = effect(tmp_path / "smd", outcomes=[row])
    assert (standardised.yi, standardised.vi) == pytest.approx(smd_from_difference(-1, sd, 20, 20))


def test_a_t_value_gives_the_difference_in_sds_of_all_people(tmp_path: Path) -> None:
    row = {**DIFFERENCE, "mean": "", "ci_low": "", "ci_high": "", "ci_level": "", "t_value": "-2.5"}
    found = effect(tmp_path, outcomes=[{**row, "quote": "-2.5", "design_effect": "2"}])
    bare = smd_from_t(-2.5, 40, 40)[0]
    assert found.yi == pytest.approx(bare, rel=0.02)  # but for the correction for small samples
    assert found.vi == pytest.approx(smd(found.yi, 1, 20, 0, 1, 20)[1], rel=0.02)


def test_a_borrowed_icc_is_an_assumption_without_which_the_row_is_left_out(tmp_path: Path) -> None:
    rows = [{**row, "icc_from": "median of Adams 2004"} for row in COUNTS]
    found = effect(tmp_path / "a", outcomes=rows, toml=OF_ODDS)
    assert found.assumption == "ICC 0.02, from median of Adams 2004"
    assert {"icc_assumed", "design_effect", "rows_assumed"} <= {*found.flags}
    strict = Selection(no_assumptions=True)
    assert "ICC 0.02, from median of Adams 2004" in refused(
        tmp_path / "b", selection=strict, outcomes=rows, toml=OF_ODDS
    )
    assert effect(tmp_path / "c", selection=strict, outcomes=COUNTS, toml=OF_ODDS).vi == found.vi


def test_people_are_those_there_are_and_fewer_count(tmp_path: Path) -> None:
    pool = synthesise(load_review(folder(tmp_path, trials=CLUSTERS, outcomes=COUNTS, toml=OF_ODDS)))[0]
    (found,) = pool.effects
    assert (found.n1, found.n2, people_of(pool.effects).all, pool.people.all) == (295, 330, 625, 625)
    assert found.independent == pytest.approx((295 / DE, 330 / DE))
    assert pool.independent == round(625 / DE)
    assert found.difference == "63/295 v 84/330"
    assert notes(pool.effects) == ["¶ Alpha 2001: 625 people in clusters count as 397, by a design effect."]
    funnel = funnel_of(pool)
    assert funnel.sizes[0] == pytest.approx(found.independent)
    assert funnel.counts[0] == pytest.approx((63 / DE, 295 / DE, 84 / DE, 330 / DE))


def test_an_analysis_that_allows_for_clusters_wins_over_arms_that_do_not(tmp_path: Path) -> None:
    adjusted = {**DIFFERENCE, "cluster_adjusted": "yes"}
    rows = [ARM1, ARM2, adjusted]
    found = effect(tmp_path / "a", outcomes=rows, toml=OF_MD)
    assert [row.group for row in found.rows] == ["difference"]
    assert not {"clusters_ignored", "design_effect"} & {*found.flags}
    assert "sd_from can name arms" in refused(tmp_path / "b", outcomes=rows)
    lent = [ARM1, ARM2, {**adjusted, "sd_from": "alpha2001 vas 12"}]
    assert effect(tmp_path / "c", outcomes=lent).yi == pytest.approx(-1 / math.sqrt((1.5**2 + 2**2) / 2))


def test_clusters_that_nothing_allows_for_are_flagged_and_doubted(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", trials=CLUSTERS)
    (found,) = synthesise(load_review(path))[0].effects
    assert "clusters_ignored" in found.flags
    (doubt,) = [problem for problem in examine(path)[1] if "unit of analysis error" in str(problem)]
    assert doubt.severity == "warning"
    assert "outcomes.csv row 2, cluster_size" in str(doubt)
    assert "and so do 1 more rows" in str(doubt)
    declared = [{**arm, **CLASSES} for arm in (ARM1, ARM2)]
    for name, tables in (("b", {"trials": CLUSTERS, "outcomes": declared}), ("c", {"trials": [TRIAL]})):
        assert not [p for p in examine(folder(tmp_path / name, **tables))[1] if "unit of analysis" in str(p)]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"icc": "0.02"}, "cluster_size: cluster_size and icc go together"),
        ({"cluster_size": "12"}, "icc: cluster_size and icc go together"),
        ({**CLASSES, "design_effect": "1.6"}, "cluster_size says the same"),
        ({"icc_from": "Adams 2004"}, "there is no icc or design_effect that it says of"),
        ({**CLASSES, "cluster_adjusted": "yes"}, "the row would be corrected twice"),
        ({"cluster_size": "12", "icc": "1.2"}, "an intracluster correlation lies between 0 and 1"),
        ({"cluster_size": "0", "icc": "0.2"}, "a cluster has one person or more"),
        ({"design_effect": "0.6"}, "a design effect is 1 or more"),
    ],
)
def test_cells_of_clusters_that_can_not_be_are_refused(tmp_path: Path, cells, message: str) -> None:
    with pytest.raises(ValueError, match=r"outcomes\.csv") as refusal:
        synthesise(load_review(folder(tmp_path, outcomes=[{**ARM1, **cells}, ARM2])))
    assert message in str(refusal.value)


@pytest.mark.parametrize("method", ["MH", "Peto"])
def test_sums_of_counts_take_the_divided_ones(tmp_path: Path, method: str) -> None:
    """One trial alone: Mantel-Haenszel's OR is ad/bc, and Peto's (a − E)/V by the same four cells."""
    path = folder(tmp_path, outcomes=COUNTS, trials=CLUSTERS, toml=OF_ODDS)
    settings = settings_of(load_review(path).protocol.methods, method=method, model="common")
    (pool,) = synthesise(load_review(path), settings=settings)[:1]
    a, c, n1, n2 = 63 / DE, 84 / DE, 295 / DE, 330 / DE
    events, n = a + c, n1 + n2
    v = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    expected = {"MH": math.log(a * (n2 - c) / ((n1 - a) * c)), "Peto": (a - events * n1 / n) / v}
    assert pool.result.estimate == pytest.approx(expected[method])
    if method == "Peto":
        assert pool.result.se == pytest.approx(v**-0.5)


def test_revman_is_given_the_effect_of_clusters_and_no_people_that_do_not_count(tmp_path: Path) -> None:
    arms = [{**arm, "cluster_size": "18", "icc": "0.04"} for arm in (ARM1, ARM2)]
    review = load_review(folder(tmp_path, trials=CLUSTERS, outcomes=arms))
    (found,) = synthesise(review)[0].effects
    ((row,),) = (csv.DictReader(text.splitlines()) for text in revman(review).values())
    assert float(row[WEB.cells["sei"]]) == pytest.approx(found.vi**0.5)
    assert row[WEB.cells["n1"]] == row[WEB.cells["mean1"]] == ""
