"""The model that a review declares reaches every method of every command, or is disowned."""

import json
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest

from appraisal.test_certainty import PLAN, review
from livingmeta.__main__ import COMMANDS, function_of
from livingmeta.engine.methods.regression import meta_regression
from livingmeta.engine.methods.resampling import bootstrap, permutation_test
from livingmeta.engine.methods.selection import selection_model
from livingmeta.engine.methods.small_study import trim_and_fill
from livingmeta.engine.methods.subsets import gosh
from livingmeta.engine.pooling import pool

EFFECTS = [-0.9, -0.2, -0.6, 0.1, -0.4, -0.5, -0.3, -0.7, -0.05, -0.35, 0.2, -0.8]
SIZES = [12, 60, 20, 45, 30, 25, 80, 15, 50, 33, 22, 18]
METHODS = {"model": "common", "ci": "wald"}
CHOICE = """
[[choice]]
name = "correction"
options = ["approximate", "exact"]
why = "programs differ"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("common")
    made = review(path, EFFECTS, n=SIZES).folder
    protocol = made / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    assert PLAN in text
    declared = 'profile = "today"\nmodel = "common"\nci = "wald"'
    text = text.replace('profile = "today"', declared) + CHOICE
    protocol.write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def asked(folder: Path, say):
    def told(command: str, *more: str):
        said = say(command, str(folder), *more, "--json")
        assert said.status == 0, said.err
        return json.loads(said.out)

    return told


@pytest.fixture
def data(asked) -> tuple[list[float], list[float]]:
    trials = asked("pool")[0]["trials"]
    return [one["yi"] for one in trials], [one["vi"] for one in trials]


def test_random_effects_would_be_another_answer(data) -> None:
    """Otherwise nothing below could fail."""
    assert pool(*data).tau2 > 0.001


REVIEWED = [
    (name, options)
    for name, options in sorted((command, signature(function_of(command)).parameters) for command in COMMANDS)
    if {"review", "as_json"} <= options.keys()
]
# What a command needs beside its review, and commands whose document has no pooled number.
NEEDED = {
    "regress": ["--synthesis", "pain-short", "--by", "n"],
    "resample": ["--count", "100"],
    "simulate": ["--count", "20"],
    "diff": ["--against", "REVIEW"],
}
# bayes disowns the model in words: tested below; deduce asks what methods that nobody states leave
# open; read and fill pool nothing.
OTHERWISE = {"bayes", "deduce", "fill", "read"}


def _told(document: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield each model and τ² of a document; of a named scenario only where it is the review's."""
    if isinstance(document, list):
        for one in document:
            yield from _told(one, name)
    elif isinstance(document, dict):
        said = str(document.get("name", ""))
        if said == "random effects" or said.startswith("profile "):
            return
        for key, value in document.items():
            if key in {"model", "tau2", "pi_low"}:
                yield key, value
            else:
                yield from _told(value, key)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        pytest.param(*one, marks=[pytest.mark.slow] if one[0] == "certify" else [], id=one[0])
        for one in REVIEWED
    ],
)
def test_no_command_tells_another_model_than_the_one_declared(
    command: str, options, folder: Path, say, tmp_path: Path
) -> None:
    """A walk over all commands: a new one that forgets the model is found without a new test."""
    if command in OTHERWISE:
        return
    if command == "verify":
        say("verify", str(folder), "--update", "--why", "first")
    more = [str(folder) if word == "REVIEW" else word for word in NEEDED.get(command, [])]
    out = ["--out", str(tmp_path)] if "out" in options and command != "regress" else []
    said = say(command, str(folder), *more, *out, "--json")
    assert said.status in {0, 1}, said.err
    for key, value in _told(json.loads(said.out)):
        fits = value == "common" if key == "model" else not value  # `simulate` draws with τ² = 0
        assert fits, (command, key, value)


def test_a_common_effect_is_one_in_every_pooled_number(asked, data) -> None:
    expected = pool(*data, **METHODS)
    ends = (expected.estimate, expected.ci_low, expected.ci_high)
    results = [asked("pool")[0]["result"], asked("certainty")["summary_of_findings"][0]["result"]]
    for result in results:
        assert (result["estimate"], result["ci_low"], result["ci_high"]) == pytest.approx(ends)


def test_a_common_effect_is_one_in_small_study_methods(asked, data) -> None:
    told = asked("small-study")[0]
    filled = trim_and_fill(*data, **METHODS)
    assert told["filled"]["result"]["estimate"] == pytest.approx(filled.result.estimate)
    assert told["filled"]["result"]["model"] == "common"
    selected = selection_model(*data, model="common")
    assert told["selection"]["estimate"] == pytest.approx(selected.estimate)
    assert told["selection"]["tau2"] is None
    assert told["methods_of_tests"].startswith("The tests in the table have no model of pooling")


def test_a_common_effect_is_one_in_a_regression(asked, data) -> None:
    year = ["--synthesis", "pain-short", "--by", "n"]
    result = asked("regress", *year)["result"]
    sizes = [2.0 * n for n in SIZES]
    expected = meta_regression(*data, {"n": sizes}, **METHODS)
    assert (result["model"], result["tau2"]) == ("common", None)
    ours = [one["se"] for one in result["coefficients"]]
    assert ours == pytest.approx([one.se for one in expected.coefficients])


def test_a_common_effect_is_one_in_resampling(asked, data) -> None:
    told = asked("resample", "--count", "500")[0]
    test, sets = permutation_test(*data, **METHODS), bootstrap(*data, count=500, **METHODS)
    assert told["permutation_test"]["p_value"] == test.p_value
    assert told["bootstrap"]["ci_low"] == pytest.approx(sets.ci_low)
    assert told["bootstrap"]["tau2"] is None
    simulated = asked("simulate", "--count", "100", "--ci", "wald")[0]["simulated"]
    assert {one["tau2_at_zero"] for one in simulated} == {None}


def test_a_common_effect_is_one_in_every_subset(asked, data, tmp_path: Path) -> None:
    told = asked("gosh", "--out", str(tmp_path))[0]
    found = gosh(*data, model="common")
    assert told["estimate"][2] == pytest.approx(sorted(found.estimate[found.k > 1])[2041])


def test_bayes_says_that_it_is_of_random_effects(asked, say, folder, tmp_path: Path) -> None:
    assert "random effects" in asked("bayes", "--out", str(tmp_path))[0]["prior"]
    assert (
        "random effects, since a common effect has no τ"
        in say("bayes", str(folder), "--out", str(tmp_path)).flat
    )
