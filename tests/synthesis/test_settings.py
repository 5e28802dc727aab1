"""One question has one answer, at whichever door it is asked."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from folders import folder
from livingmeta.appraisal.certainty import summary_of_findings
from livingmeta.appraisal.changes import diff
from livingmeta.appraisal.comparison import compare
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.moderation import regress
from livingmeta.appraisal.multiverse import multiverse
from livingmeta.appraisal.scenarios import sensitivity
from livingmeta.audit.doubts import undeclarable
from livingmeta.audit.results import results_of
from livingmeta.engine.pooling import CONFIDENCE, MODELS, PREDICTION, TAU2_INTERVALS, chosen, fit, pool
from livingmeta.engine.tau2 import TAU2
from livingmeta.figures.forest import forest_plot
from livingmeta.pages.explorer import explorer_data
from livingmeta.pages.tables import tables
from livingmeta.review.folder import load_review
from livingmeta.synthesis.choosing import choose
from livingmeta.synthesis.profiles import PROFILES
from livingmeta.synthesis.settings import Selection, headline_settings, settings_of
from livingmeta.synthesis.synthesise import synthesise

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
        effects = choose(review, plan, headline_settings(review), Selection()).effects
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
    data = explorer_data(Dossier(review=load_review(name)))
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


@pytest.mark.parametrize(
    "name", ["smith2017", *(pytest.param(name, marks=pytest.mark.slow) for name in ("living", "knee_oa"))]
)
@pytest.mark.parametrize("door", DOORS)
def test_every_door_gives_the_headline(door: str, name: str, say, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # for the commands that draw
    found = dict(DOORS[door](name, *([say] if "--json" in door else [])))
    for key, numbers in found.items():
        near = pytest.approx(expected(name)[key][: len(numbers)], rel=1e-8, abs=1e-8)  # tables round
        assert numbers == near, key
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


@pytest.mark.slow
@pytest.mark.parametrize("words", [("pool",), ("sensitivity",), ("certainty",), ("check",)])
def test_what_is_assumed_for_the_authors_is_not_shown_unasked(words, say, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = say(*words, "smith2017")
    assert "assumed methods" not in said.flat
    assert "(profile revman5), assumed" not in said.flat


@pytest.mark.parametrize("words", [("pool", "smith2017", "--profile", "revman5"), ("reproduce", "smith2017")])
def test_what_is_assumed_for_the_authors_is_labelled_where_it_is_asked_for(words, say) -> None:
    assert "(profile revman5), assumed" in say(*words).flat


def test_side_by_side_the_profile_assumed_for_the_authors_is_labelled(say) -> None:
    said = say("pool", "smith2017", "--profile", "all", "--synthesis", "pain-short", "--full")
    (row,) = [line for line in said.out.splitlines() if line.strip().startswith("revman5 (assumed)")]
    assert "−0.30 (−0.73 to 0.12)" in row


def test_the_picture_that_the_readme_asks_for_is_the_one_it_shows() -> None:
    """figures/smith2017/report.md, read as a person does, is of the same run as the picture."""
    diamond = dict(_pictures("smith2017"))["pain-short", None]
    assert [round(x, 2) for x in diamond] == [-0.30, -1.24, 0.64]


# ---- options: obeyed, or refused with the reason ----

YI, VI = (-0.4, 0.1, -0.9, 0.3, -0.2, -1.2), (0.04, 0.09, 0.06, 0.05, 0.02, 0.3)


def _combinations() -> Iterator[dict[str, str | None]]:
    """Yield each option unasked and asked for: 2 × 11 × 6 × 5 × 3 ways."""
    options = {
        "model": MODELS,
        "tau2": [None, *TAU2],
        "ci": [None, *CONFIDENCE],
        "prediction": [None, *PREDICTION, "none"],
        "tau2_ci": [None, *TAU2_INTERVALS],
    }
    for made in product(*options.values()):
        yield dict(zip(options, made, strict=True))


def _goes(asked: dict[str, str | None]) -> bool:
    """Say by the literature, not by the code, whether options go together."""
    if asked["model"] == "common":  # one effect: 1/v, normal quantile, and nothing else
        wald, nothing = asked["ci"] in {None, "wald"}, asked["prediction"] in {None, "none"}
        return wald and nothing and asked["tau2"] is None and asked["tau2_ci"] is None
    tau2 = asked["tau2"] or "REML"
    likelihood = asked["tau2_ci"] != "profile" or tau2 in {"ML", "REML"}
    return likelihood and (asked["ci"] != "profile" or tau2 == "ML")


def _asked(result: Any) -> dict[str, Any]:
    return {
        "model": result.model,
        "tau2": result.tau2_method,
        "ci": result.ci_method,
        "prediction": result.pi_method,
        "tau2_ci": result.tau2_ci_method,
    }


@pytest.mark.slow
def test_the_engine_obeys_each_combination_of_options_or_refuses_it() -> None:
    for asked in _combinations():
        if not _goes(asked):
            with pytest.raises(ValueError, match=r"common effect|likelihood"):
                chosen(**asked)  # which pool and fit begin with
            continue
        found = _asked(pool(YI, VI, **asked)) if asked["tau2_ci"] != "profile" else chosen(**asked)
        for name, option in asked.items():
            if option not in {None, "none"}:
                assert found[name] == option, asked


@pytest.mark.parametrize("profile", [None, *PROFILES])
def test_a_review_obeys_each_combination_of_options_or_refuses_it(profile: str | None) -> None:
    """A profile gives what no option asks for; what does not go with it is refused."""
    methods = load_review("smith2017").protocol.methods
    for asked in _combinations():
        base = PROFILES[profile or "revman5"]
        usual = {n: getattr(base, n) for n in asked if n != "model"}
        whole = asked if asked["model"] == "common" else usual | {n: o for n, o in asked.items() if o}
        if not _goes(whole):
            with pytest.raises(ValueError, match=r"common effect|likelihood"):
                settings_of(methods, name=profile, **asked)
            continue
        made = settings_of(methods, name=profile, **asked).profile
        wanted = chosen(**whole)
        del wanted["method"]  # of counts
        assert {name: getattr(made, name) for name in wanted} == wanted, asked


SOME = [
    {"model": "common"},
    {"model": "common", "ci": "wald"},
    {"model": "random", "tau2": "PM", "ci": "hksj"},
    {"tau2": "ML", "ci": "profile", "tau2_ci": "profile", "prediction": "z"},
    {"model": "common", "ci": "hksj-modified"},
    {"model": "common", "ci": "t"},
    {"model": "common", "tau2": "PM"},
    {"model": "common", "prediction": "t(k-1)"},
    {"model": "common", "tau2_ci": "q-profile"},
    {"tau2": "DL", "ci": "profile"},
    {"tau2": "PM", "tau2_ci": "profile"},
]


@pytest.mark.parametrize("level", [None, "0.9", "99"])
@pytest.mark.parametrize("profile", [None, "revman5", "metafor"])
@pytest.mark.parametrize("asked", SOME, ids=lambda one: " ".join(one.values()))
def test_pool_gives_what_the_engine_gives_or_its_refusal(
    asked: dict[str, str], profile: str | None, level: str | None, say
) -> None:
    words = [f"--{name.replace('_', '-')}={option}" for name, option in asked.items()]
    words += [f"--profile={profile}"] if profile else []
    words += [f"--level={level}"] if level else []
    said = say("pool", "smith2017", "--synthesis", "function-short", "--json", *words)
    base = PROFILES[profile or "today"]
    given: dict[str, Any] = {name: getattr(base, name) for name in ("tau2", "ci", "tau2_ci", "prediction")}
    given = ({} if asked.get("model") == "common" else given) | asked
    if not _goes(dict.fromkeys(("tau2", "ci", "tau2_ci", "prediction")) | {"model": ""} | given):
        with pytest.raises(ValueError, match=r".") as refused:
            chosen(**given)
        assert said.status == 2
        for line in str(refused.value).splitlines():
            assert " ".join(line.split()) in " ".join(said.err.split())
        return
    (found,) = json.loads(said.out)
    fraction = {None: 0.95, "0.9": 0.9, "99": 0.99}[level]
    yi, vi = zip(*((t["yi"], t["vi"]) for t in found["trials"]), strict=True)
    alone = pool(yi, vi, level=fraction, **given)
    for name in ("estimate", "ci_low", "ci_high", "tau2", "tau2_low", "tau2_high", "pi_low", "i2"):
        wanted, ours = getattr(alone, name), found["result"][name]
        assert ours == (None if wanted is None else pytest.approx(wanted, rel=1e-12)), name


def test_a_common_effect_takes_the_wald_interval() -> None:
    """R, metafor 3.8: rma(c(-.4, .1, -.9), c(.04, .09, .06), method = "EE"); also by hand:
    1/Σw = 1/(25 + 11.111 + 16.667), ± 1.959964 times its root."""
    yi, vi = YI[:3], VI[:3]
    found = pool(yi, vi, model="common")
    w = [1 / v for v in vi]
    mean = sum(a * b for a, b in zip(w, yi, strict=True)) / sum(w)
    half = 1.959963984540054 / sum(w) ** 0.5
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx(
        (mean, mean - half, mean + half), rel=1e-12
    )


@pytest.mark.parametrize("profile", ["today", "revman5", "metafor"])
def test_an_imported_fixed_effect_analysis_has_the_wald_interval(profile: str) -> None:
    """review.toml as `import` writes it for RevMan's fixed-effect model."""
    methods = load_review("knee_oa").protocol.methods.model_copy(
        update={"profile": profile, "model": "common", "prediction": None}
    )
    made = settings_of(methods)
    assert made.profile.ci == "wald"
    assert made.words().startswith("common effect, Wald interval")
    assert settings_of(methods, model="random").profile.ci == PROFILES[profile].ci


@pytest.mark.parametrize(
    "declared",
    [
        {"ci": "hksj"},
        {"tau2": "PM"},
        {"prediction": "z"},
        {"subgroup_tau2": "common"},
        {"tau2_ci": "q-profile"},
        {"i2": "tau2"},
    ],
)
def test_what_review_toml_declares_beside_a_common_effect_is_refused(declared) -> None:
    methods = load_review("living").protocol.methods.model_copy(update={"model": "common", **declared})
    with pytest.raises(ValueError, match="common"):
        settings_of(methods)


@pytest.mark.parametrize(
    ("measure", "label", "why"),
    [
        ("SMD", "log OR", "that is a name of another measure, odds ratio"),
        ("MD", "smd", "that is a name of another measure, standardised mean difference"),
        ("GEN", "Hazard ratio", "that is a name of another measure, hazard ratio"),
        ("OR", "OR", "effects of this measure are shown as OR"),  # its numbers are logs
        ("HR", "risk of a fall", "effects of this measure are shown as HR"),
    ],
)
def test_a_label_that_would_have_effects_read_as_another_measure_is_refused(
    tmp_path: Path, measure: str, label: str, why: str
) -> None:
    declared = f'measure = "{measure}"\nmeasure_label = "{label}"'
    path = folder(tmp_path, toml=('measure = "SMD"', declared))
    (problem,) = undeclarable(load_review(path))
    assert (problem.file, problem.column) == ("small/review.toml", "methods")
    assert f"measure_label = '{label}' with measure = '{measure}': {why}" in problem.reason
    assert problem.remedy.startswith("Leave measure_label out")


@pytest.mark.parametrize(
    ("measure", "label"), [("GEN", "effect"), ("GEN", "points"), ("OR", "log OR"), ("MD", "points of pain")]
)
def test_a_label_of_its_own_is_taken(tmp_path: Path, measure: str, label: str) -> None:
    declared = f'measure = "{measure}"\nmeasure_label = "{label}"'
    review = load_review(folder(tmp_path, toml=('measure = "SMD"', declared)))
    assert settings_of(review.protocol.methods).label == label


def test_the_batch_refuses_what_pool_refuses() -> None:
    import numpy as np

    for asked in ({"ci": "hksj"}, {"ci": "t"}, {"tau2": "DL"}, {"tau2": 0.1}, {"prediction": "z"}):
        with pytest.raises(ValueError, match="common effect"):
            fit(np.array([YI]), np.array([VI]), model="common", **asked)  # type: ignore[arg-type]
