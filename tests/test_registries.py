"""An entry in a registry is enough: every door takes it and says its own words."""

import sys
from dataclasses import replace
from functools import partial
from math import nan
from pathlib import Path

import pytest

from folders import ARM1, ARM2, DIFFERENCE, REPORT, SOURCE, TRIAL, folder
from livingmeta.engine.counts import risk_ratio
from livingmeta.engine.effect_sizes import mean_difference, proportion
from livingmeta.engine.measures import MEASURES, Measure
from livingmeta.engine.tau2 import TAU2, Named, dersimonian_laird

CHOICE = 'measure = "MADE"\n[[choice]]\nname = "tau2"\noptions = ["DL", "REML"]\nwhy = "not said"'
OF_MEANS = Measure(
    label="dB",
    words="Difference in decibels",
    needs="means",
    function=mean_difference,
    step="decibels: {mean1} less {mean2}",
    options={"variance": "md_variance"},
)
OF_COUNTS = Measure(
    label="log VR",
    words="Vaccine ratio",
    needs="counts",
    function=risk_ratio,
    scale="ratio",
    shown="VR",
    options={"zero_cells": "zero_cells"},
    step="vaccine ratio of {events1} and {events2}",
)
OF_ONE = Measure(
    label="complement",
    words="Proportion without it",
    needs="events",
    function=partial(proportion, scale="raw"),
    step="without: {events} of {n}",
)
COMPUTED = Measure(label="log TR", words="Time ratio", needs="effect", scale="ratio", shown="TR")


def rows(needs: str, trial: str, shift: float) -> list[dict[str, str]]:
    place = {"trial": trial, "report": trial}
    if needs == "effect":
        numbers = [f"{x + shift:.2f}" for x in (0.8, 0.64, 1.0)]
        mean, low, high = numbers
        cells = {"measure": "MADE", "mean": mean, "ci_low": low, "ci_high": high}
        return [{**DIFFERENCE, **place, **cells, "n1": "", "n2": "", "quote": " ".join(numbers)}]
    if needs == "events":
        events = f"{8 + round(10 * shift)}"
        return [{**ARM1, **place, "mean": "", "sd": "", "events": events, "quote": events}]
    if needs == "means":
        mean = f"{3 + shift:g}"
        return [{**ARM1, **place, "mean": mean, "quote": f"{mean} (1.5)"}, {**ARM2, **place}]
    events = f"{8 + round(10 * shift)}"
    bare = {"mean": "", "sd": "", "quote": ""}
    return [
        {**ARM1, **place, **bare, "events": events, "quote": events},
        {**ARM2, **place, **bare, "events": "14", "quote": "14"},
    ]


def review(path: Path, needs: str, choice: str = CHOICE) -> str:
    keys = ("alpha2001", "beta2002", "gamma2003")
    written = folder(
        path,
        toml=('measure = "SMD"', choice),
        sources=[SOURCE],
        trials=[{**TRIAL, "trial": key, "label": key.title()} for key in keys],
        reports=[{**REPORT, "report": key, "trial": key} for key in keys],
        outcomes=[row for i, key in enumerate(keys) for row in rows(needs, key, i / 10)],
    )
    return str(written)


@pytest.mark.slow
@pytest.mark.parametrize("made", [OF_MEANS, OF_COUNTS, OF_ONE, COMPUTED], ids=lambda one: one.needs)
def test_a_measure_is_an_entry_and_nothing_else(
    made: Measure, tmp_path: Path, say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEASURES, "MADE", made)
    path, out = review(tmp_path, made.needs), ("--out", str(tmp_path / "figures"))
    name = made.ratio or made.label
    assert " 0 wrong" in say("check", path).out
    for words in (
        ("pool", path),
        ("run", path, *out),
        ("report", path, "--lang", "nb", *out),
        ("trace", path),
        ("explore", path, *out),
        ("sensitivity", path, *out),
        ("multiverse", path, *out),
        ("certainty", path),
        ("reproduce", path),
        ("pool", path, "--profile", "all"),
        ("small-study", path, *out),
        ("multilevel", path),
        ("resample", path),
        ("gosh", path, *out),
        ("simulate", path, "--between", "0.1", "--count", "20"),
        ("bayes", path, "--tau-scale", "0.5", *out),
        ("gaps", path),
        *(("export", path, "--to", to, "--out", str(tmp_path / to)) for to in ("metafor", "frictionless")),
    ):
        said = say(*words)
        assert said.status == 0, (words, said.err)
        if words == ("pool", path):
            assert f"{name} " in said.out
            assert "SMD" not in said.out
    pages = tmp_path / "figures" / "small"
    for page in ("report.html", "report.md", "report.nb.html", "explorer.html"):
        text = (pages / page).read_text(encoding="utf-8")
        assert made.words in text, page
        assert "standardised mean difference" not in text.lower(), page
    assert made.words in (pages / "forest_pain-short.svg").read_text(encoding="utf-8")
    trail = say("trace", path).flat
    assert {
        "means": "decibels: 3 less 4",
        "counts": "vaccine ratio of 8 and 14",
        "events": "without: 8 of",
        "effect": "log TR of MADE 0.8 (0.64 to 1)",
    }[made.needs] in trail


@pytest.mark.slow
def test_an_estimator_is_an_entry_and_nothing_else(
    tmp_path: Path, say, monkeypatch: pytest.MonkeyPatch, open_page
) -> None:
    monkeypatch.setitem(TAU2, "MADE", Named("the made-up method", dersimonian_laird))
    for module in ("options", "pooling"):  # which list the entries when they are imported
        monkeypatch.delitem(sys.modules, f"livingmeta.commands.{module}", raising=False)
    path = review(tmp_path, "means", CHOICE.replace("MADE", 'SMD"\ntau2 = "MADE').replace('"REML"', '"MADE"'))
    out = ("--out", str(tmp_path / "figures"))
    assert "PM or MADE" in say("pool", "--help").flat
    assert "random effects, MADE" in say("pool", path).out
    for words in (
        ("run", path, *out),
        ("report", path, "--lang", "nb", *out),
        ("sensitivity", path, *out),
        ("multiverse", path, *out),
        ("regress", path, "--synthesis", "pain-short", "--by", "year"),
        ("explore", path, *out),
        ("pool", path, "--profile", "all"),
        ("reproduce", path),
    ):
        said = say(*words)
        assert "KeyError" not in said.err, words
        assert said.status == 0 or words[0] == "regress", (words, said.err)
    pages = tmp_path / "figures" / "small"
    assert "the made-up method" in (pages / "report.html").read_text(encoding="utf-8")
    norwegian = (pages / "report.nb.html").read_text(encoding="utf-8")
    assert "the made-up method (engelsk navn)" in norwegian
    page = open_page(pages / "explorer.html")
    said = page.locator("#estimate").inner_text()
    assert "τ² by MADE is not computed on this page" in said
    page.locator("#tau2").select_option("DL")
    assert "SMD −" in page.locator("#estimate").inner_text()


def test_a_measure_of_counts_must_split_an_arm_that_comparisons_share() -> None:
    with pytest.raises(ValueError, match="function does not take shared"):
        replace(OF_COUNTS, function=lambda events1, n1, events2, n2, *, zero_cells="where needed": (0.0, 1.0))


@pytest.mark.parametrize("measure", [key for key, entry in MEASURES.items() if entry.needs == "counts"])
@pytest.mark.parametrize("events", [11, 2.5, -1, nan])
def test_every_measure_of_counts_refuses_events_that_no_people_can_have(measure: str, events: float) -> None:
    with pytest.raises(ValueError, match="events1"):
        MEASURES[measure].function(events, 10, 3, 10)


def test_an_estimator_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its name in words"):
        Named("", dersimonian_laird)
