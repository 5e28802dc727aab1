"""A direction is read from numbers only; words stay words, and no page is blank."""

import pytest

from folders import ARM1, ARM2, DIFFERENCE, INSTRUMENT, REPORT, TRIAL, folder
from livingmeta.directions import effect_directions, unpooled
from livingmeta.language import ENGLISH, language
from livingmeta.review import load_review
from livingmeta.synthesis import synthesise

BETA = {**TRIAL, "trial": "beta2002", "label": "Beta 2002"}
GAP = {"trial": "beta2002", "outcome": "pain", "instrument": "vas", "weeks": "12",
       "what": "the abstract says only 'favoured the new treatment'", "where": "table 2",
       "source": "paper"}  # fmt: skip
NO = {"use": "no", "note": "no spread"}


def table(tmp_path, **tables):
    given = {"trials": [TRIAL], **tables}
    return effect_directions(load_review(folder(tmp_path, **given)))[0]


def test_an_effect_gives_the_side_on_which_it_lies_whatever_its_p(tmp_path) -> None:
    one = {**ARM1, "mean": "3.99", "quote": "3.99 (1.5)"}
    (row,) = table(tmp_path, outcomes=[one, ARM2]).rows
    assert (row.side, row.basis) == (-1, "usable numbers")
    assert row.words.startswith("SMD −0.01 (")


def test_words_of_a_gap_are_shown_and_no_direction_is_read_out_of_them(tmp_path) -> None:
    found = table(tmp_path, trials=[TRIAL, BETA], gaps=[GAP])
    row = found.rows[-1]
    assert (row.label, row.side, row.words) == ("Beta 2002", None, GAP["what"])
    assert (row.where, row.source) == ("look in table 2", "paper")
    assert found.side(row.side) == "direction not known here"


@pytest.mark.parametrize(("better", "side"), [("lower", -1), ("higher", 1)])
def test_means_without_spread_give_a_side_turned_by_the_scale(tmp_path, better, side) -> None:
    arms = [{**arm, "sd": "", "quote": arm["mean"], **NO} for arm in (ARM1, ARM2)]
    found = table(tmp_path, outcomes=arms, instruments=[{**INSTRUMENT, "better": better}])
    (row,) = found.rows
    assert (row.side, row.basis, row.reason) == (side, "numbers too weak to use", "no spread")


@pytest.mark.parametrize(("measure", "side"), [("MD", 1), ("SMD", -1)])
def test_a_printed_smd_keeps_its_sign_and_a_difference_is_turned(tmp_path, measure, side) -> None:
    row = {**DIFFERENCE, "measure": measure, **NO}
    found = table(tmp_path, outcomes=[row], instruments=[{**INSTRUMENT, "better": "higher"}])
    assert [one.side for one in found.rows] == [side]


def test_a_p_value_alone_gives_no_side(tmp_path) -> None:
    kept = {
        k: v for k, v in DIFFERENCE.items() if k not in {"mean", "ci_low", "ci_high", "ci_level"}
    }
    row = {**kept, "p_value": "0.34", "p_relation": ">", "quote": "P > 0.34", **NO}
    (one,) = table(tmp_path, outcomes=[row]).rows
    assert (one.side, one.basis, one.words) == (None, "no numbers", "“P > 0.34”")


def test_rows_held_for_sensitivity_analyses_say_so(tmp_path) -> None:
    arms = [{**arm, "use": "sensitivity"} for arm in (ARM1, ARM2)]
    (row,) = table(tmp_path, outcomes=arms).rows
    assert row.basis == "numbers held for sensitivity analyses"


def test_the_tally_counts_trials_and_says_what_it_rests_on(tmp_path) -> None:
    found = table(tmp_path, trials=[TRIAL, BETA], gaps=[GAP, {**GAP, "what": "other words"}])
    assert found.tally() == (
        "2 trials: 1 towards new treatment (1 by usable numbers); 1 with directions that are not "
        f"known here. {ENGLISH.say('tally_caution')}"
    )


def test_norwegian_never_says_against_where_towards_is_meant(tmp_path) -> None:
    found = table(tmp_path, trials=[TRIAL, BETA], gaps=[GAP])
    told = found.tally(language=language("nb"))
    assert "i retning av" in told
    assert " mot " not in told
    assert "trial" not in told.replace("new treatment", "")


def test_sides_that_differ_within_a_trial_are_no_side(tmp_path) -> None:
    other = {**INSTRUMENT, "instrument": "nrs"}
    arms = [{**ARM1, "sd": "", "quote": "3.0", **NO}, {**ARM2, "sd": "", "quote": "4.0", **NO}]
    turned = [{**arm, "instrument": "nrs", "mean": mean, "quote": mean}
              for arm, mean in zip(arms, ("4.0", "3.0"), strict=True)]  # fmt: skip
    found = table(tmp_path, outcomes=arms + turned, instruments=[INSTRUMENT, other])
    assert [row.side for row in found.rows] == [-1, 1]
    assert "1 with directions that differ (1 by" in found.tally()


def test_nobody_measured_it_is_said(tmp_path) -> None:
    found = table(tmp_path, outcomes=[], reports=[REPORT])
    assert found.rows == ()
    assert found.tally() == "No trial is known to have measured it."


@pytest.mark.parametrize("name", ["smith2017", "living"])
def test_no_synthesis_that_is_not_pooled_is_blank(name) -> None:
    loaded = load_review(name)
    tables = {one.synthesis: one for one in effect_directions(loaded)}
    for pool in synthesise(loaded):
        found = tables[pool.synthesis]
        assert {row.trial for row in found.rows} >= {one.trial for one in pool.missing}
        if unpooled(pool):
            assert found.rows
            assert [said.printed for said in found.said if said.reading == "primary"]
        for row in found.rows:
            assert row.words
            assert row.where
            assert loaded.source(row.source)


def test_medium_and_long_term_are_what_the_rows_state() -> None:
    tables = {one.synthesis: one for one in effect_directions(load_review("smith2017"))}
    assert {row.side for row in tables["pain-medium"].rows} == {None}
    long = [row for row in tables["pain-long"].rows if row.side is not None]
    assert [(row.label, row.side) for row in long] == [("Rathleff 2015", 1)]  # 22 v 16 on the FFI
