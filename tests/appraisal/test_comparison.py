"""Profiles give what the programs give, and each choice is shown with what it moves."""

import csv
from pathlib import Path

import pytest

from folders import ARM, TRIAL, folder
from livingmeta.appraisal.comparison import apart, compare
from livingmeta.pages.phrases import beside
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.synthesis.profiles import METHOD_CHOICES, PROFILES
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise

REFERENCE = Path(__file__).parents[1] / "reference"


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def normand(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """Normand's nine trials as a review of one synthesis."""
    arms = [row for row in read("metafor_effects.csv") if row["variance"] == "LS"][:9]
    trials = [{**TRIAL, "trial": f"t{i}", "label": f"T {i}", "n_randomised": ""} for i in range(len(arms))]
    rows = [
        {
            **ARM,
            "trial": f"t{i}",
            "report": "",
            "instrument": "",
            "group": group,
            "mean": arm[f"mean{group}"],
            "sd": arm[f"sd{group}"],
            "n": arm[f"n{group}"],
        }
        for i, arm in enumerate(arms)
        for group in ("1", "2")
    ]
    dataset = {"source": "paper", "kind": "dataset", "citation": "Normand 1999", "reading": "primary"}
    path = tmp_path_factory.mktemp("normand")
    return load_review(folder(path, sources=[dataset], trials=trials, reports=[], outcomes=rows))


@pytest.mark.parametrize("row", read("metafor_profiles.csv"), ids=lambda row: row["profile"])
def test_every_profile_gives_what_its_program_gives(row: dict[str, str], normand: Review) -> None:
    """From arms to prediction interval; the calls are in tests/reference/metafor.R."""
    settings = settings_of(normand.protocol.methods, name=row["profile"])
    pool = synthesise(normand, settings=settings)[0]
    assert pool.result is not None
    for name in ("estimate", "ci_low", "ci_high", "tau2", "pi_low", "pi_high"):
        ours = getattr(pool.result, name)
        if row[name] == "":
            assert ours is None, name
        else:
            assert ours == pytest.approx(float(row[name]), rel=1e-8, abs=1e-8), name
    assert pool.i2 == pytest.approx(float(row["i2"]), abs=1e-6)


def test_every_profile_is_pinned() -> None:
    assert {row["profile"] for row in read("metafor_profiles.csv")} == set(PROFILES)


def test_revman_web_has_plain_hksj_on_offer(normand: Review) -> None:
    settings = settings_of(normand.protocol.methods, name="revman-web", ci="hksj")
    result = synthesise(normand, settings=settings)[0].result
    assert result is not None
    assert (result.ci_method, result.tau2_method) == ("hksj", "REML")


OF_OTHERS = {"md_variance", "zero_cells", "mh_zero_cells", "mh_variance", "method"}  # no part of an SMD


def test_each_method_that_differs_is_changed_alone(normand: Review) -> None:
    (one,) = [found for found in compare(normand) if found.own.result]
    assert [name for name, _ in one.pools] == list(PROFILES)
    own = settings_of(normand.protocol.methods).profile
    changes = {(step.choice, step.after): step.profiles for step in one.steps}
    for name, profile in PROFILES.items():
        for choice, (before, after) in own.differences(profile).items():
            if choice not in OF_OTHERS:
                assert name in changes[choice, after]
                assert before == getattr(own, choice)
    by_choice = {(step.choice, step.after): step for step in one.steps}
    step = by_choice["tau2", "DL"]
    settings = settings_of(normand.protocol.methods, tau2="DL")
    alone = synthesise(normand, settings=settings)[0].result
    assert step.pool.result == alone
    assert step.moved is not None
    assert one.own.result is not None
    assert step.moved[0] == pytest.approx(alone.estimate - one.own.result.estimate)


def test_all_ways_together_lead_from_one_profile_to_another(normand: Review) -> None:
    own = settings_of(normand.protocol.methods)
    for other in PROFILES.values():
        changes = {name: after for name, (_, after) in own.profile.differences(other).items()}
        walked = own.profile.with_choices(**changes)
        assert all(getattr(walked, name) == getattr(other, name) for name in METHOD_CHOICES)


def test_intervals_on_both_sides_of_no_effect_are_told_apart() -> None:
    one = compare(load_review("smith2017"))[0]
    assert not apart(pool for _, pool in one.pools)


def test_profile_all_shows_every_profile_and_what_is_not_verified(say) -> None:
    said = say("pool", "smith2017", "--profile", "all", "--synthesis", "pain-short", "--full")
    assert said.status == 0
    assert all(name in said.out for name in PROFILES)
    assert "not verified" in said.out
    assert "estimator of τ²" in said.flat
    assert beside(synthesise(load_review("smith2017"))[0]) in " ".join(said.out.split())
    assert "leave --method" in say("pool", "smith2017", "--profile", "all", "--ci", "t").err
