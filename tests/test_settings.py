"""One question has one answer, at whichever door it is asked."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from livingmeta.certainty import summary_of_findings
from livingmeta.changes import diff
from livingmeta.comparison import compare
from livingmeta.explorer import explorer_data
from livingmeta.moderation import regress
from livingmeta.multiverse import multiverse
from livingmeta.plots import forest_plot
from livingmeta.pooling import pool
from livingmeta.report import results_of, tables
from livingmeta.review import load_review
from livingmeta.scenarios import sensitivity
from livingmeta.settings import Selection, headline_settings
from livingmeta.synthesis import effects_of, synthesise

# What each review leads with: written down here, so that the test asks no code for it.
HEADLINES = {
    "smith2017": {"tau2": "REML", "ci": "hksj-modified"},
    "living": {"tau2": "REML", "ci": "hksj-modified"},
    "knee_oa": {"tau2": "DL", "ci": "wald"},
}
Key = tuple[str, str | None]  # synthesis and subgroup
Numbers = tuple[float, ...]  # estimate, limits and, where a door shows it, tau2


@cache
def expected(name: str) -> dict[Key, Numbers]:
    """Pool the rows by the engine alone."""
    review = load_review(name)
    found: dict[Key, Numbers] = {}
    for plan in review.protocol.synthesis:
        effects = effects_of(review, plan, headline_settings(review), Selection())
        parts = list(dict.fromkeys(e.subgroup for e in effects))
        for part in [*parts, *([None] if plan.overall else [])]:
            members = [e for e in effects if part in {None, e.subgroup}]
            if members:
                made = pool([e.yi for e in members], [e.vi for e in members], **HEADLINES[name])
                found[plan.id, part] = (made.estimate, made.ci_low, made.ci_high, made.tau2 or 0.0)
    return found


def _of(pools: Any) -> Iterator[tuple[Key, Numbers]]:
    for one in pools:
        if one.result is not None:
            found = one.result
            numbers = (found.estimate, found.ci_low, found.ci_high, found.tau2 or 0.0)
            yield (one.synthesis, one.subgroup), numbers


def _said(document: Any) -> Iterator[tuple[Key, Numbers]]:
    for one in document:
        if found := one["result"]:
            numbers = (found["estimate"], found["ci_low"], found["ci_high"], found["tau2"] or 0.0)
            yield (one["synthesis"], one["subgroup"]), numbers


def _table(name: str) -> Iterator[tuple[Key, Numbers]]:
    results = results_of(load_review(name))
    frame = tables(results)["results"].iloc[: len(results.headline_pools)]
    for row in frame.itertuples():
        if row.k == row.k:
            tau2 = 0.0 if row.tau2 != row.tau2 else row.tau2
            yield (row.synthesis, row.subgroup), (row.estimate, row.ci_low, row.ci_high, tau2)


def _pictures(name: str) -> Iterator[tuple[Key, Numbers]]:
    review = load_review(name)
    for plan in review.protocol.synthesis:
        for artist in forest_plot(review, plan.id).get_children():
            kind, _, part = (artist.get_gid() or "").partition(":")
            if kind == "diamond":
                low, middle, high, _ = artist.get_xy()[:4, 0]
                yield (plan.id, None if part == "overall" else part), (middle, low, high)


def _explorer(name: str) -> Iterator[tuple[Key, Numbers]]:
    data = explorer_data(load_review(name))
    first = data["profiles"][0]
    asked = {key: first[key] for key in ("model", "tau2", "ci")}
    for part in data["syntheses"]:
        values = [one["values"][first["formulas"]] for one in part["trials"] if one["main"]]
        if values:
            found = pool(*zip(*values, strict=True), level=data["level"], **asked)
            numbers = (found.estimate, found.ci_low, found.ci_high, found.tau2 or 0.0)
            yield (part["id"], part["subgroup"]), numbers


def _regressions(name: str) -> Iterator[tuple[Key, Numbers]]:
    for synthesis, part in expected(name):
        effects = [one for one in synthesise(load_review(name)) if one.synthesis == synthesis]
        if part is None and len(effects) == 1 and len(effects[0].effects) > 1:
            found = regress(load_review(name), [synthesis], []).result
            (mean,) = found.coefficients
            yield (synthesis, part), (mean.estimate, mean.ci_low, mean.ci_high, found.tau2)


def _commands(*words: str, within: str | None = None) -> Callable[..., Any]:
    def door(name: str, say: Any) -> Iterator[tuple[Key, Numbers]]:
        document = json.loads(say(words[0], name, *words[1:], "--json").out)
        yield from _said([one["main"] for one in document[within]] if within else document)

    return door


DOORS: dict[str, Callable[..., Any]] = {
    "synthesise": lambda name: _of(synthesise(load_review(name))),
    "results": lambda name: _of(results_of(load_review(name)).headline_pools),
    "results.csv": _table,
    "sensitivity": lambda name: _of(one.main for one in sensitivity(load_review(name))),
    "certainty": lambda name: _of(one.pool for one in summary_of_findings(load_review(name))),
    "diff": lambda name: _of(move.after for move in diff(load_review(name), load_review(name))),
    "compare": lambda name: _of(one.own for one in compare(load_review(name))),
    "forest_plot": _pictures,
    "explorer": _explorer,
    "regress": _regressions,
    "pool --json": _commands("pool"),
    "sensitivity --json": _commands("sensitivity", within="analyses"),
}


@pytest.mark.parametrize("name", HEADLINES)
@pytest.mark.parametrize("door", DOORS)
def test_every_door_gives_the_headline(door: str, name: str, say, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # for the commands that draw
    found = dict(DOORS[door](name, *([say] if "--json" in door else [])))
    for key, numbers in found.items():
        assert numbers == pytest.approx(expected(name)[key][: len(numbers)], rel=1e-12), key
    drawn_alone = {"forest_plot", "regress"}  # these show nothing for one trial, or for subgroups
    assert door in drawn_alone or found.keys() == expected(name).keys()


def test_the_multiverse_of_a_review_has_its_headline_beside_it() -> None:
    (found,) = multiverse(load_review("smith2017"), synthesis="pain-short")
    assert dict(_of([found.main])).popitem()[1] == pytest.approx(
        expected("smith2017")["pain-short", None], rel=1e-12
    )


def test_an_option_changes_the_headline_and_not_the_methods_assumed_for_the_authors(say) -> None:
    first = json.loads(say("pool", "smith2017", "--tau2", "PM", "--json").out)[0]
    trials = first["trials"]
    alone = pool([t["yi"] for t in trials], [t["vi"] for t in trials], tau2="PM")
    assert first["result"]["ci_high"] == pytest.approx(alone.ci_high, rel=1e-12)
    assert "assumed" not in first["methods"]


@pytest.mark.parametrize("words", [("pool",), ("sensitivity",), ("certainty",), ("check",)])
def test_what_is_assumed_for_the_authors_is_not_shown_unasked(
    words, say, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = say(*words, "smith2017")
    assert "assumed methods" not in said.flat
    assert "(profile revman5), assumed" not in said.flat


@pytest.mark.parametrize(
    "words", [("pool", "smith2017", "--profile", "revman5"), ("reproduce", "smith2017")]
)
def test_what_is_assumed_for_the_authors_is_labelled_where_it_is_asked_for(words, say) -> None:
    assert "(profile revman5), assumed" in say(*words).flat


def test_side_by_side_the_profile_assumed_for_the_authors_is_labelled(say) -> None:
    said = say("pool", "smith2017", "--profile", "all", "--synthesis", "pain-short")
    (row,) = [
        line for line in said.out.splitlines() if line.strip().startswith("revman5 (assumed)")
    ]
    assert "−0.30 (−0.73 to 0.12)" in row


def test_the_picture_that_the_readme_asks_for_is_the_one_it_shows() -> None:
    """figures/smith2017/report.md, read as a person does, is of the same run as the picture."""
    diamond = dict(_pictures("smith2017"))["pain-short", None]
    assert [round(x, 2) for x in diamond] == [-0.30, -1.24, 0.64]
