"""A review's effects are regressed as they are pooled, and what depends on what is seen."""

import json
import re
from pathlib import Path

import pytest

from folders import ROOT
from livingmeta import read_table
from livingmeta.appraisal.moderation import regress
from livingmeta.engine.methods.regression import common_tau2
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Methods
from livingmeta.synthesis.moderators import MODERATORS
from livingmeta.synthesis.settings import Settings, settings_of
from livingmeta.synthesis.synthesise import synthesise

KNEE = load_review("knee_oa")
BOTH = ["pain-post", "function-post"]


def test_studies_that_stand_in_pain_and_function_are_clusters() -> None:
    found = regress(KNEE, BOTH, ["outcome"])
    pain, function = ({e.trial for e in regress(KNEE, [name], []).effects} for name in BOTH)
    assert len(pain & function) == 116
    assert found.result.clusters == found.trials == len(pain | function)
    assert "dependent_effects" not in found.flags
    assert "dependent_effects" in regress(KNEE, BOTH, ["outcome"], cluster=False).flags


def test_a_composite_offered_to_both_outcomes_is_one_cluster() -> None:
    found = regress(load_review("smith2017"), ["pain-short", "function-short"], [])
    assert found.result.clusters == found.trials < found.result.k
    assert "composite_shared" in found.flags


def test_the_regression_on_nothing_is_the_pool() -> None:
    settings = settings_of(KNEE.protocol.methods, name="today")
    found = regress(KNEE, ["pain-post"], [], settings=settings)
    effects = [
        e
        for p in synthesise(KNEE, settings=settings)
        if p.synthesis == "pain-post"
        for e in p.effects
        if p.subgroup
    ]
    assert [e.yi for e in found.effects] == [e.yi for e in effects]


BCG = read_table(ROOT / "docs" / "tables" / "bcg.csv", measure="RR")


@pytest.mark.parametrize(
    ("by", "names", "interactions"),
    [
        (["latitude*allocation"], ("latitude", "allocation"), (("latitude", "allocation"),)),
        (
            ["Latitude * Allocation", "year"],
            ("latitude", "allocation", "year"),
            (("latitude", "allocation"),),
        ),
        (["latitude", "year", "year:latitude"], ("latitude", "year"), (("year", "latitude"),)),
        (["latitude + year + latitude:year + year:latitude"], ("latitude", "year"), (("latitude", "year"),)),
    ],
)
def test_interactions_are_written_as_in_formulas_of_r(by, names, interactions) -> None:
    found = regress(BCG, ["bcg"], by)
    assert (found.by, found.interactions) == (names, interactions)
    assert found.about.endswith(" × ".join(interactions[0]))
    assert found.values[0] == tuple({"latitude": 44, "allocation": "random", "year": 1948}[n] for n in names)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("year*", "a sign has nothing beside it"),
        ("year::latitude", "a sign has nothing beside it"),
        ("year*dose", "by = 'dose': choose one of"),
        ("year:latitude", '"year*latitude" has all of it'),
        ("year*latitude:allocation", "write it with one sign"),
        ("year*year", "a column of its squares"),
        ("year - 1", "by = 'year - 1': choose one of"),
    ],
)
def test_what_is_no_term_of_a_formula_is_refused(by: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        regress(BCG, ["bcg"], [by])


def test_a_moderator_with_a_sign_in_its_name_is_itself(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = [f"t{i},{i / 10},0.1,{i % 3},{i}" for i in range(7)]
    table.write_text("\n".join(["study,yi,vi,mg:day,a*b", *rows]) + "\n", encoding="utf-8")
    review = read_table(table)
    assert regress(review, ["t"], ["mg:day", "a*b"]).by == ("mg:day", "a*b")


def test_effects_without_a_value_are_left_out_and_listed() -> None:
    found = regress(load_review("living"), ["pain-short", "pain-long"], ["term"])
    assert found.missing
    assert "trials_missing" in found.flags
    with pytest.raises(ValueError, match="no effect of pain-post has a value of weeks"):
        regress(KNEE, ["pain-post"], ["weeks"])


@pytest.mark.parametrize(
    ("syntheses", "by", "message"),
    [
        (["pain"], ["year"], "synthesis = 'pain'"),
        (["pain-post"], ["yeer"], "Did you mean year?"),
        (["pain-post"], ["outcome"], "outcome has one level only, pain"),
    ],
)
def test_what_cannot_be_regressed_is_refused(syntheses, by, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        regress(KNEE, syntheses, by)


def test_the_command_tells_what_it_did(say) -> None:
    words = ("regress", "knee_oa", "--synthesis", "pain-post", "--synthesis", "function-post")
    said = say(*words, "--by", "outcome")
    assert said.status == 0
    assert "cluster-robust by trial (CR2)" in said.out
    assert "outcome: pain" in said.out
    document = json.loads(say(*words, "--by", "outcome", "--json").out)
    assert document["result"]["ci_method"] == "CR2"
    assert say(*words, "--by", "nothing").status == 2
    assert "year" in MODERATORS


def common(settings: Settings) -> list[float | None]:
    pools = [p for p in synthesise(KNEE, settings=settings) if p.synthesis == "pain-post"]
    return [p.result.tau2 for p in pools if p.subgroup and p.result]


def test_subgroups_can_share_one_tau2() -> None:
    methods = Methods(profile="revman5", subgroup_tau2="common")
    found = common(settings_of(methods))
    assert len(found) == 3
    assert len(set(found)) == 1
    effects = regress(KNEE, ["pain-post"], []).effects
    expected = common_tau2(
        [e.yi for e in effects], [e.vi for e in effects], [e.subgroup or "" for e in effects], tau2="DL"
    )
    assert found[0] == pytest.approx(expected)
    assert len(set(common(settings_of(Methods(profile="revman5"))))) == 3
    assert "one τ² in all subgroups" in settings_of(methods).words()


def test_of_ratios_the_command_says_what_a_coefficient_multiplies(say) -> None:
    """metafor: rma(yi, vi, mods = ~ ablat, data = d, test = "knha"), exp() of b, ci.lb and ci.ub."""
    typed = ("regress", str(ROOT / "docs" / "tables" / "bcg.csv"), "--measure", "RR", "--by", "latitude")
    said = say(*typed, "--ci", "hksj")
    assert "t with 11 degrees of freedom" in said.flat
    assert "−0.0291 (−0.0472 to −0.0111) 0.971 (0.954 to 0.989)" in said.flat
    assert "times" not in say("regress", "knee_oa", "--synthesis", "pain-post", "--by", "year").out
