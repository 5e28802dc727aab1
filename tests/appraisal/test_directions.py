"""A direction is read from numbers only; words stay words, and no page is blank."""

import pytest

from folders import ARM1, ARM2, DIFFERENCE, INSTRUMENT, REPORT, SOURCE, TRIAL, folder
from livingmeta.appraisal.directions import effect_directions, unpooled
from livingmeta.language import ENGLISH, language
from livingmeta.review.folder import load_review
from livingmeta.synthesis.synthesise import synthesise

BETA = {**TRIAL, "trial": "beta2002", "label": "Beta 2002"}
GAP = {
    "trial": "beta2002",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "12",
    "what": "the abstract says only 'favoured the new treatment'",
    "where": "table 2",
    "source": "paper",
}
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


GROUPS = '2 = "comparison"\n'
DATASET = [{**SOURCE, "kind": "dataset"}]  # whose rows need no instrument


@pytest.mark.parametrize("better", [None, "unknown"])
@pytest.mark.parametrize(
    ("declared", "where"),
    [("1", "towards new treatment"), ("2", "towards comparison"), ('"unknown"', "below 0"), ("", "below 0")],
)
def test_a_row_never_used_has_a_side_without_a_scale_that_says_what_is_better(
    tmp_path, better, declared, where
) -> None:
    line = f"negative_favours = {declared}\n" if declared else ""
    name = {"instrument": "vas" if better else ""}
    arms = [{**arm, "sd": "", "quote": arm["mean"], **name, **NO} for arm in (ARM1, ARM2)]
    found = table(
        tmp_path,
        toml=(GROUPS, GROUPS + line),
        outcomes=arms,
        instruments=[{**INSTRUMENT, "better": better or "lower"}],
        sources=DATASET,
    )
    assert [found.side(row.side) for row in found.rows] == [where]


def test_a_row_without_a_scale_takes_no_side_that_only_the_others_scales_give(tmp_path) -> None:
    arms = [{**arm, "trial": "beta2002", "report": "", "instrument": "", **NO} for arm in (ARM1, ARM2)]
    found = table(tmp_path, trials=[TRIAL, BETA], outcomes=[ARM1, ARM2, *arms], sources=DATASET)
    assert found.favours == ("new treatment", "comparison")
    assert [row.side for row in found.rows] == [-1, None]


@pytest.mark.parametrize(
    ("measure", "cells", "side"),
    [
        ("OR", {"group": "difference", "measure": "OR", "mean": "0.6", "quote": "0.6"}, -1),
        ("OR", {"group": "difference", "measure": "log OR", "mean": "0.6", "quote": "0.6"}, 1),
        ("SMD", {"group": "difference", "measure": "OR", "mean": "0.6", "quote": "0.6"}, None),
    ],
)
def test_a_ratio_without_its_interval_has_the_side_of_1_where_ratios_of_its_kind_are_pooled(
    tmp_path, measure, cells, side
) -> None:
    row = {**ARM1, "n": "", "sd": "", "instrument": "", **NO, **cells}
    assert sides_of(tmp_path, measure, [row]) == [side]


def sides_of(path, measure, outcomes):
    written = folder(
        path, outcomes=outcomes, sources=DATASET, toml=(GROUPS, f"{GROUPS}negative_favours = 1\n")
    )
    protocol = written / "review.toml"
    text = protocol.read_text().replace('measure = "SMD"', f'measure = "{measure}"')
    protocol.write_text(text)
    return [row.side for row in effect_directions(load_review(written))[0].rows]


@pytest.mark.parametrize(("measure", "side"), [("RR", -1), ("SMD", None)])
def test_events_never_used_have_the_side_of_the_larger_share_where_events_are_pooled(
    tmp_path, measure, side
) -> None:
    arms = [
        {**arm, "mean": "", "sd": "", "quote": "", "instrument": "", "events": events, **NO}
        for arm, events in ((ARM1, "4"), (ARM2, "9"))
    ]
    assert sides_of(tmp_path, measure, arms) == [side]


def test_a_p_value_alone_gives_no_side(tmp_path) -> None:
    kept = {k: v for k, v in DIFFERENCE.items() if k not in {"mean", "ci_low", "ci_high", "ci_level"}}
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
    told = language("nb").word(found.tally())
    assert "i retning av" in told
    assert " mot " not in told
    assert "trial" not in told.replace("new treatment", "")


def test_sides_that_differ_within_a_trial_are_no_side(tmp_path) -> None:
    other = {**INSTRUMENT, "instrument": "nrs"}
    arms = [{**ARM1, "sd": "", "quote": "3.0", **NO}, {**ARM2, "sd": "", "quote": "4.0", **NO}]
    turned = [
        {**arm, "instrument": "nrs", "mean": mean, "quote": mean}
        for arm, mean in zip(arms, ("4.0", "3.0"), strict=True)
    ]
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
