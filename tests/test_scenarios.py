"""Each scenario is the analysis its name says, with its k and people beside it."""

import json

import pytest

from livingmeta.changes import headline_settings
from livingmeta.profiles import PROFILES
from livingmeta.review import load_review
from livingmeta.scenarios import sensitivity
from livingmeta.settings import Selection, settings_of
from livingmeta.synthesis import synthesise

LIVING = load_review("living")
FOUND = {one.main.synthesis: one for one in sensitivity(LIVING)}


def test_each_scenario_is_what_its_options_give() -> None:
    one = FOUND["pain-short"]
    named = {scenario.name: scenario.pool for scenario in one.scenarios}
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
    assert one.stages == ()
    assert all(s.pool is None or s.pool.result is None or s.pool.effects for s in one.scenarios)


def test_the_command_shows_k_and_people_beside_each_estimate(say) -> None:
    said = say("sensitivity", "smith2017", "--synthesis", "pain-short")
    assert said.status == 0
    assert "documented trials" in said.out
    assert "Cook" in said.out
    document = json.loads(say("sensitivity", "smith2017", "--json").out)
    assert {one["synthesis"] for one in document} >= {"pain-short", "function-long"}
    assert say("sensitivity", "smith2017", "--synthesis", "x").status == 2
