"""Each scenario is the analysis its name says, with its k and people beside it."""

import json
from pathlib import Path

import pytest

from folders import ARM1, ARM2, INSTRUMENT, folder
from livingmeta.appraisal.changes import growth
from livingmeta.appraisal.scenarios import sensitivity
from livingmeta.calls.pooling import cumulative
from livingmeta.exchange.imports import read_table
from livingmeta.pages.rob_me import rob_me
from livingmeta.review.folder import load_review
from livingmeta.synthesis.profiles import PROFILES
from livingmeta.synthesis.settings import Selection, headline_settings, settings_of
from livingmeta.synthesis.synthesise import synthesise

LIVING = load_review("living")
FOUND = {one.main.synthesis: one for one in sensitivity(LIVING)}


def test_each_scenario_is_what_its_options_give() -> None:
    one = FOUND["pain-short"]
    named = dict(one.scenarios)
    settings = headline_settings(LIVING)
    expected = {
        "documented trials and rows only": Selection(documented_only=True),
        "without rows that rest on an assumption": Selection(no_assumptions=True),
        "with rows held for sensitivity analyses": Selection(include_sensitivity=True),
        "follow-up terms: alternative": Selection(terms="alternative"),
    }
    for name, selection in expected.items():
        pool = synthesise(LIVING, settings=settings, selection=selection)[0]
        found = named[name]
        assert found is not None, name
        assert found.result == pool.result, name
    for name in set(PROFILES) - {settings.profile.name}:
        by = settings_of(LIVING.protocol.methods, name=name)
        other = synthesise(LIVING, settings=by)[0]
        found = named[f"profile {name}"]
        assert found is not None
        assert found.result == other.result
    assert "common effect" in named
    assert "without composite instruments" in named


def test_the_main_analysis_is_the_headline() -> None:
    assert FOUND["pain-short"].main == synthesise(LIVING, settings=headline_settings(LIVING))[0]


def test_leaving_out_is_the_same_as_asking_to_leave_out() -> None:
    one = FOUND["pain-short"]
    settings = headline_settings(LIVING)
    for effect, left in zip(one.main.effects, one.without, strict=True):
        selection = Selection(without=(effect.trial,))
        pool = synthesise(LIVING, settings=settings, selection=selection)[0]
        assert pool.result is not None
        assert left.estimate == pytest.approx(pool.result.estimate)
        limits = (pool.result.ci_low, pool.result.ci_high)
        assert (left.ci_low, left.ci_high) == pytest.approx(limits)
    assert sum(left.weight for left in one.without) == pytest.approx(100)


def test_a_synthesis_without_rows_has_scenarios_and_no_numbers() -> None:
    one = FOUND["pain-medium"]
    assert one.without == ()
    assert set(one.growth.values()) == {()}
    assert all(p is None or p.result is None or p.effects for _, p in one.scenarios)
    assert one.absence.scenarios == ()
    assert "imputed numbers alone" in str(one.absence.why_not)


def test_of_more_effects_than_asked_for_none_is_left_out_in_turn_and_all_else_stays() -> None:
    for bounded in sensitivity(LIVING, most=3):
        whole = FOUND[bounded.main.synthesis]
        assert bounded.scenarios == whole.scenarios
        few = len(whole.main.effects) <= 3
        assert bounded.without == (whole.without if few else ())
        assert bounded.growth == (whole.growth if few else dict.fromkeys(whole.growth, ()))


def test_growth_ends_at_the_whole_by_every_order() -> None:
    one = FOUND["function-short"]
    assert one.main.result is not None
    for order, stages in one.growth.items():
        assert stages[-1].estimate == pytest.approx(one.main.result.estimate), order
        assert [stage.k for stage in stages] == [1, 2, 3, 4, 5]
    people = {e.label: (e.n1 or 0) + (e.n2 or 0) for e in one.main.effects}
    largest_first = [people[stage.label] for stage in one.growth["size"]]
    assert largest_first == sorted(people.values(), reverse=True)
    spread = {e.label: e.vi for e in one.main.effects}
    precise_first = [spread[stage.label] for stage in one.growth["precision"]]
    assert precise_first == sorted(spread.values())
    with pytest.raises(ValueError, match="by = 'sise'"):
        growth(one.main, headline_settings(LIVING), by="sise")


def test_no_order_is_told_of_trials_of_which_neither_year_nor_people_are_known(tmp_path: Path) -> None:
    table = tmp_path / "hazards.csv"
    table.write_text("study,yi,sei\nAsh,0.2,0.3\nBirch,0.4,0.1\nCedar,0.1,0.2\n", encoding="utf-8")
    review = read_table(table, measure="GEN")
    one = sensitivity(review)[0]
    assert (one.growth["year"], one.growth["size"]) == ((), ())
    assert [stage.label for stage in one.growth["precision"]] == ["Birch", "Cedar", "Ash"]
    answers = dict(rob_me(review, [one])[0].facts)
    assert "no trial tells its number" in next(a for q, a in answers.items() if q.startswith("4.8"))
    with pytest.raises(ValueError, match="known of no study"):
        cumulative(table, measure="GEN", order="size")


def test_a_composite_before_a_single_scale_takes_its_place(tmp_path: Path) -> None:
    spadi = {**INSTRUMENT, "instrument": "spadi", "name": "SPADI", "domain": "composite"}
    other = [
        {**arm, "instrument": "spadi", "mean": mean, "use": "sensitivity", "quote": f"{mean} ({arm['sd']})"}
        for arm, mean in ((ARM1, "5.0"), (ARM2, "5.5"))
    ]
    review = load_review(folder(tmp_path, instruments=[INSTRUMENT, spadi], outcomes=[ARM1, ARM2, *other]))
    one = sensitivity(review)[0]
    assert [e.instrument for e in one.main.effects] == ["vas"]
    turned = dict(one.scenarios)["composite instruments first, held rows too"]
    assert turned is not None
    assert [e.instrument for e in turned.effects] == ["spadi"]


def test_change_scores_that_are_held_take_the_place_of_final_ones(tmp_path: Path) -> None:
    change = [
        {**arm, "statistic": "change", "use": "sensitivity", "mean": mean, "quote": f"{mean} ({arm['sd']})"}
        for arm, mean in ((ARM1, "-2.0"), (ARM2, "-1.5"))
    ]
    one = sensitivity(load_review(folder(tmp_path, outcomes=[ARM1, ARM2, *change])))[0]
    turned = dict(one.scenarios)["change scores first, held rows too"]
    assert turned is not None
    assert [e.statistic for e in one.main.effects] == ["final"]
    assert [e.statistic for e in turned.effects] == ["change"]


def test_flags_of_a_part_are_its_own() -> None:
    part = dict(FOUND["pain-short"].scenarios)["without composite instruments"]
    assert part is not None
    assert "rows_assumed" in FOUND["pain-short"].main.flags
    assert "rows_assumed" not in part.flags
    assert "single_trial" in part.flags


def test_the_command_shows_all_of_it(say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    out = ("--full", "--out", str(tmp_path))
    said = say("sensitivity", "smith2017", "--synthesis", "pain-short", "--important", "0.3", *out)
    assert said.status == 0
    for words in (
        "documented trials",
        "Cook",
        "DFBETAS",
        "cov.r",
        "the largest first",
        "beyond 0.3",
        "3 + 3 imputed of 7",
        "142 + 203 imputed",
        "flag imputed: A trial without usable numbers",
        "n1 = 51, n2 = 51: equal arms of 102 randomised",
        "judgement: not assessed",
        "not clear",
    ):
        assert words in said.flat, words
    drawn = {path.name for path in (tmp_path / "smith2017").iterdir()}
    assert drawn == {
        f"{name}_pain-short.{kind}"
        for name in ("leave_one_out", "cumulative", "baujat", "influence")
        for kind in ("png", "txt")
    }
    said = say("sensitivity", "smith2017", "--synthesis", "pain-long", *out)
    assert "no influence_pain-long.png: k = 1" in said.flat


def test_the_document_holds_every_number(say) -> None:
    said = say("sensitivity", "smith2017", "--json", "--important", "0.2")
    document = json.loads(said.out)
    found = {one["synthesis"]: one for one in document["analyses"]}
    assert set(found) >= {"pain-short", "function-long"}
    pain = found["pain-short"]
    assert set(pain["cumulative"]) == {"year", "size", "precision"}
    assert all(left["dfbetas"] is not None for left in pain["without"])
    entered = pain["missing_trials"]["scenarios"][0]
    assert entered["imputed"] == 3
    assert "imputed" in entered["pool"]["flags"]
    assert entered["pool"]["beyond_important"] in {"yes", "no", "not clear"}
    asked = {one["synthesis"]: one for one in document["missing_evidence"]}
    assert asked["pain-short"]["judgements"] == "not assessed"


def test_points_are_the_effect_times_the_sd_and_what_matters_is_given_in_them(say) -> None:
    words = ("--json", "--vas-sd", "20", "--important", "8")
    document = json.loads(say("sensitivity", "smith2017", *words).out)
    plain = json.loads(say("sensitivity", "smith2017", "--json", "--important", "0.4").out)
    for one, other in zip(document["analyses"], plain["analyses"], strict=True):
        pairs = [(one["main"], other["main"])]
        pairs += zip(one["without"], other["without"], strict=True)
        for with_points, without in pairs:
            assert with_points["beyond_important"] == without["beyond_important"]
            shown = with_points.get("result", with_points)
            if shown is not None:
                assert with_points["vas_points"][0] == pytest.approx(20 * shown["estimate"])


def test_what_the_command_cannot_do_it_refuses(say) -> None:
    assert say("sensitivity", "smith2017", "--synthesis", "x").status == 2
    for important in ("-1", "0"):
        said = say("sensitivity", "smith2017", "--important", important)
        assert said.status == 2
        assert "is above 0" in said.err


def test_an_analysis_counts_once_whatever_number_of_names_it_has() -> None:
    """Of smith2017's long-term pain, with one trial, no method changes anything."""
    for one in sensitivity(load_review("smith2017")):
        names = [name for name, _ in one.scenarios]
        assert set(one.no_different) <= set(names)
        asked = [
            (tuple(sorted((e.trial, e.yi, e.vi) for e in pool.effects)), pool.result) for pool in one.others
        ]
        assert all(result is not None for _, result in asked)
        keys = {(rows, r.k > 1 and (r.model, r.tau2_method, r.ci_method)) for rows, r in asked if r}
        main = one.main.result
        assert len(keys) == len(asked)
        if main is None:
            assert one.others == ()
        else:
            same = (
                tuple(sorted((e.trial, e.yi, e.vi) for e in one.main.effects)),
                main.k > 1 and (main.model, main.tau2_method, main.ci_method),
            )
            assert same not in keys


@pytest.mark.slow
def test_the_overview_counts_no_conclusion_without_a_result(typed) -> None:
    _, said = typed("sensitivity", "smith2017", "--full")
    rows = [line.split() for line in said.splitlines() if line.strip().startswith("Pain, ")]
    counts = {" ".join(row[:3]): row for row in rows if row[-1] == "–" or "of" in row}
    assert any(row[-1] == "–" for row in counts.values())  # pain-medium: nothing is pooled
    flat = " ".join(said.split())
    assert "11 of 12" not in flat
    assert "no different here:" in flat


def test_other_analyses_that_say_the_same_are_those_on_the_same_side_of_no_effect() -> None:
    for analysis in sensitivity(load_review("knee_oa")):
        sides = [pool.result.side for pool in analysis.others if pool.result]
        assert analysis.main.result is not None and len(sides) > 3
        assert len(analysis.agreeing) == sides.count(analysis.main.result.side)
        assert all(analysis.span[0] <= pool.result.estimate <= analysis.span[1] for pool in analysis.others)
