"""Every analysis of a multiverse is the one its options name, and each is counted once."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folders import ARM1, ARM2, REPORT, SOURCE, TRIAL, folder
from livingmeta.appraisal.choices import CHOICES, analysis, unknown_choices
from livingmeta.appraisal.multiverse import (
    Multiverse,
    by_estimate,
    by_option,
    excluding,
    multiverse,
    shares,
    trial_sets,
)
from livingmeta.figures.specification_curve import BINS, specification_curve
from livingmeta.figures.style import caption_of
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Choice, Review
from livingmeta.synthesis.synthesise import synthesise

SMITH = load_review("smith2017")
BETA = {"trial": "beta2002", "label": "Beta 2002", "year": "2002", "membership": "inferred"}
SAME = {"locator": "table 2", "quote": "2.0 (2.0); 4.0 (2.0)"}


def declaring(review: Review, **options: tuple[str, ...]) -> Review:
    """Return a review with these choices and no others."""
    choices = tuple(Choice(name=name, options=some, why="test") for name, some in options.items())
    protocol = review.protocol.model_copy(update={"choice": choices})
    return replace(review, protocol=protocol)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """Two trials of equal size and spread: −1, and −2 on an assumption, of inferred membership."""
    arms = [{**arm, "sd": "2.0", "quote": f"{arm['mean']} (2.0)"} for arm in (ARM1, ARM2)]
    beta = {"trial": "beta2002", "report": "beta", "assumption": "n assumed", **SAME}
    more = [{**arm, **beta, "mean": mean} for arm, mean in zip(arms, ("2.0", "4.0"), strict=True)]
    path = folder(
        tmp_path_factory.mktemp("two"),
        toml=('measure = "SMD"', 'measure = "MD"'),
        trials=[TRIAL, {**TRIAL, **BETA}],
        reports=[REPORT, {**REPORT, "report": "beta", "trial": "beta2002"}],
        outcomes=[*arms, *more],
    )
    return load_review(path)


def agrees(review: Review, found: Multiverse, rows: pd.DataFrame) -> None:
    names = [choice.name for choice in found.choices]
    about = (found.main.synthesis, found.main.subgroup)
    for _, row in rows.iterrows():
        made = analysis(review, {name: row[f"choice_{name}"] for name in names})
        pools = synthesise(made.review, settings=made.settings, selection=made.selection)
        result = next(p.result for p in pools if p.key == about)
        assert result is not None
        assert row["k"] == result.k
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "tau2", "q", "i2", "pi_low"):
            value = getattr(result, name)
            expected = np.nan if value is None else value
            assert row[name] == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True), name
        pooling = set(result.flags) - {
            "composite_shared",
            "trials_missing",
            "tau2_interval_empty",
            "few_trials_for_prediction",
        }
        assert set(row["flags"].split()) == pooling


def test_combinations_are_counted_as_by_hand(two: Review) -> None:
    """16 combinations of rows with two trials (main) and one (no assumptions).

    Impossible, in both: random, DL, profile; and a common effect with the profile interval, by
    either estimator. Two trials: DL Wald, ML Wald, ML profile, and one common effect, named by two
    combinations. One trial: one analysis, named by five.
    """
    review = declaring(
        two,
        rows=("main", "no assumptions"),
        model=("random", "common"),
        tau2=("DL", "ML"),
        ci=("wald", "profile"),
    )
    (found,) = multiverse(review)
    assert found.declared == 16
    assert [n for _, n in found.impossible] == [2, 4]
    assert "tau2 = ML" in found.impossible[0][0]
    assert "Wald" in found.impossible[1][0]
    assert found.equivalent == 1 + 4
    assert len(found.names) == len(found.fits) == 5
    assert len(found.analyses) == 5  # DL's τ² is 0.3, ML's 0.05
    table = found.specifications
    ways = table[["choice_rows", "choice_model", "choice_tau2", "choice_ci"]]
    assert [tuple(row) for row in ways.to_numpy()] == [
        ("main", "random", "DL", "wald"),
        ("main", "random", "ML", "wald"),
        ("main", "random", "ML", "profile"),
        ("main", "common", "", ""),
        ("no assumptions", "", "", ""),
    ]
    # Equal variances, so every pooled value is the mean.
    assert table["estimate"].tolist() == pytest.approx([-1.5] * 4 + [-1.0])
    turns = {turn.choice: turn for turn in found.turns}
    assert found.turns[0] == turns["rows"]
    assert (turns["rows"].pairs, turns["rows"].moved) == (4, pytest.approx(0.5))
    assert (turns["model"].pairs, turns["tau2"].pairs, turns["ci"].pairs) == (2, 1, 1)
    agrees(review, found, table)


def test_trial_sets_are_told_as_by_hand(two: Review) -> None:
    """Two trials, −1 and −2, of variance 4/40 + 4/40 = 0.2, so τ² = 0.5 − 0.2 by DL.

    Both: −1.5 ± 1.96 √(0.5/2), so −2.48 to −0.52 with Wald; HKSJ has the same SE and t(1) = 12.7,
    so it includes 0. One trial: −1 ± 1.96 √0.2, so −1.88 to −0.12.
    """
    review = declaring(two, rows=("main", "no assumptions"), ci=("wald", "hksj"))
    (found,) = multiverse(review)
    both, alone = trial_sets(found, important=1.2)
    assert (both.name, both.trials, both.excludes) == ("1", ("alpha2001", "beta2002"), "some")
    assert (alone.name, alone.trials, alone.excludes) == ("2", ("alpha2001",), "all")
    assert (both.shares.analyses, both.shares.excludes_below, both.shares.beyond_below) == (2, 0.5, 1)
    assert (alone.shares.analyses, alone.shares.excludes_below, alone.shares.beyond_below) == (1, 1, 0)
    assert both.words() == "2 trials, as the headline"
    assert alone.words() == "1 trial, − Beta 2002"
    assert alone.words(short=True) == "1 trial, −1"
    assert both.made_by == (("rows", ("main",)),)
    assert excluding((both, alone)) == {"all": 1, "some": 1, "none": 0}
    every, each = shares(found.analyses), shares(found.analyses, each="trial_set")
    assert every is not None
    assert each is not None
    assert (every.excludes_below, each.excludes_below) == (pytest.approx(2 / 3), 0.75)
    assert (every.median, each.median) == (-1.5, pytest.approx(-1.25))
    assert found.specifications["trial_set"].tolist() == ["1", "1", "2"]
    table = by_option(found).set_index("option")
    assert table["trial_sets"].tolist() == [1, 1, 1, 1]  # one trial has no way to be pooled
    assert table["excludes"].tolist() == [0.5, 1, 1, 0]
    never = replace(both, shares=replace(both.shares, excludes_below=0.0))
    assert never.excludes == "none"


def test_of_two_analyses_with_the_same_result_one_is_counted(two: Review) -> None:
    """With SD 4 the variance of each trial is 0.8 and Q = 1/1.6, so every τ² is 0."""
    wide = [row.model_copy(update={"sd": 4.0}) for row in two.outcomes]
    review = replace(two, outcomes=tuple(wide))
    (found,) = multiverse(
        declaring(review, model=("random", "common"), tau2=("DL", "PM"), ci=("wald", "hksj"))
    )
    # DL Wald, DL HKSJ, PM Wald, PM HKSJ, common
    assert found.names["analysis"].tolist() == [0, 1, 0, 1, 0]
    assert len(found.fits) == 5
    told = shares(found.analyses)
    assert told is not None
    assert told.analyses == 2
    ways = found.specifications[["model", "tau2_method"]]
    assert [tuple(row) for row in ways.to_numpy()] == [
        ("random", "DL"),
        ("random", "DL"),
        ("random", "PM"),
        ("random", "PM"),
        ("common", ""),
    ]
    turns = {turn.choice: (turn.pairs, turn.moved) for turn in found.turns}
    assert turns["tau2"] == (2, 0)  # Wald with Wald, HKSJ with HKSJ
    assert turns["model"] == (1, 0)
    (alone,) = trial_sets(found)
    assert (alone.excludes, alone.made_by) == ("some", ())


def test_methods_multiply_analyses_and_no_trial_set() -> None:
    data = {"rows": ("main", "with sensitivity rows", "no assumptions"), "composites": ("in", "out")}
    few, many = (
        multiverse(declaring(SMITH, **data, ci=("wald", "hksj"), tau2=tau2), synthesis="pain-short")
        for tau2 in (("DL", "REML"), ("DL", "HE", "SJ", "PM", "ML", "REML"))
    )
    one, other = (trial_sets(found[0]) for found in (few, many))
    assert sum(s.shares.analyses for s in other) > 2 * sum(s.shares.analyses for s in one)
    assert [s.trials for s in one] == [s.trials for s in other]
    assert sum(excluding(other).values()) == len(one) == 4
    for found, sets in ((few[0], one), (many[0], other)):
        each = shares(found.analyses, each="trial_set")
        assert each is not None
        for side in ("excludes_below", "below"):
            mean = np.mean([getattr(s.shares, side) for s in sets])
            assert getattr(each, side) == pytest.approx(mean)


def test_combinations_without_a_trial_are_impossible(two: Review) -> None:
    review = declaring(
        two, without=("none", "alpha2001"), rows=("main", "documented only"), tau2=("DL", "PM")
    )
    (found,) = multiverse(review)
    assert found.declared == 8
    assert found.impossible == (("no trial has usable numbers", 2),)
    # main: DL and PM of two trials, then Beta alone; documented only: Alpha alone
    table = found.specifications
    assert table["k"].tolist() == [2, 2, 1, 1]
    assert table["trials"].tolist()[2:] == ["alpha2001", "beta2002"]
    agrees(review, found, table)


def test_choices_that_change_nothing_are_other_names_of_the_same(two: Review) -> None:
    one, both = (
        multiverse(declaring(two, tau2=("DL", "PM"), **more))[0]
        for more in ({}, {"statistic": ("final first", "change first")})
    )
    assert len(both.names) == 2 * len(one.names)
    pd.testing.assert_frame_equal(both.analyses, one.analyses)
    assert both.part("statistic", "change first").tolist() == [0.5]  # DL and PM are both 0
    assert next(t for t in both.turns if t.choice == "statistic").moved == 0


def test_shares_are_counted_as_by_hand() -> None:
    table = pd.DataFrame(
        {
            "k": [1, 2, 3, 4],
            "estimate": [-0.5, -0.2, 0.0, 0.4],
            "ci_low": [-0.7, -0.5, -0.1, 0.1],
            "ci_high": [-0.3, 0.1, 0.1, 0.7],
        }
    )
    told = shares(table, important=0.2, published=-0.2)
    assert told is not None
    assert (told.below, told.above) == (0.5, 0.25)  # the one at 0 favours neither
    assert (told.excludes_below, told.excludes_above) == (0.25, 0.25)
    assert (told.beyond_below, told.beyond_above) == (0.5, 0.25)
    assert (told.published_below, told.published_above) == (0.25, 0.5)
    assert (told.lowest, told.highest, told.k_low, told.k_high) == (-0.5, 0.4, 1, 4)
    assert told.median == pytest.approx(-0.1)
    assert shares(table).beyond_below is None
    assert shares(table.head(0)) is None


@pytest.mark.parametrize("synthesis", ["pain-short", "function-medium"])
def test_analyses_are_what_the_synthesis_gives(synthesis: str) -> None:
    (found,) = multiverse(SMITH, synthesis=synthesis)
    agrees(SMITH, found, found.specifications.sample(40, random_state=1))
    skipped = sum(n for _, n in found.impossible)
    assert found.declared == skipped + found.equivalent + len(found.names)


@pytest.mark.slow
def test_subgroups_are_combined_each_for_itself() -> None:
    review = load_review("knee_oa")
    found = multiverse(review, synthesis="pain-followup")
    assert len({one.main.subgroup for one in found}) == 3
    for one in found:
        agrees(review, one, one.specifications.sample(3, random_state=1))
    common = review.protocol.methods.model_copy(update={"subgroup_tau2": "common"})
    protocol = review.protocol.model_copy(update={"methods": common})
    with pytest.raises(ValueError, match="subgroup_tau2 = common"):
        multiverse(replace(review, protocol=protocol))


@pytest.mark.parametrize("overall", [True, False])
def test_a_subgroup_that_only_some_choices_have_is_named_and_has_no_headline(overall: bool) -> None:
    review = declaring(load_review("knee_oa"), rows=("main", "with sensitivity rows"))
    plan = next(p for p in review.protocol.synthesis if p.id == "pain-post")
    plans = (plan.model_copy(update={"overall": overall}),)
    held = "C) Exercise when added to another co-intervention"
    outcomes = tuple(
        row.model_copy(update={"use": "sensitivity"}) if row.subgroup == held else row
        for row in review.outcomes
    )
    protocol = review.protocol.model_copy(update={"synthesis": plans})
    found = multiverse(replace(review, protocol=protocol, outcomes=outcomes))
    assert [one.main.subgroup for one in found].count(None) == overall
    (one,) = (one for one in found if one.main.subgroup == held)
    assert one.main.result is None
    assert one.names["choice_rows"].tolist() == ["with sensitivity rows"]


def test_random_effects_beside_a_common_headline_have_the_declared_interval() -> None:
    common = {"profile": "today", "headline": "today", "model": "common"}
    methods = SMITH.protocol.methods.model_copy(update=common)
    protocol = SMITH.protocol.model_copy(update={"methods": methods})
    review = declaring(replace(SMITH, protocol=protocol), model=("random", "common"))
    (found,) = multiverse(review, synthesis="pain-short")
    assert found.analyses["ci_method"].tolist() == ["hksj-modified", ""]
    agrees(review, found, found.specifications)


OPTIONS = {
    name: tuple(kind.options(SMITH))
    for name, kind in CHOICES.items()
    if name not in {"md_variance", "zero_cells", "risk_of_bias", "tau2"}
} | {"tau2": ("DL", "HE", "SJ", "PM", "ML", "REML")}


@st.composite
def some_choices(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    names = draw(
        st.lists(st.sampled_from(sorted({*OPTIONS} - {"method"})), min_size=1, max_size=4, unique=True)
    )
    return {
        name: tuple(draw(st.lists(st.sampled_from(OPTIONS[name]), min_size=2, max_size=3, unique=True)))
        for name in names
    }


@settings(max_examples=settings.default.max_examples // 2)
@given(some_choices(), st.sampled_from(["pain-short", "function-short"]), st.randoms())
def test_any_choices_give_what_the_synthesis_gives_in_any_order(
    options: dict[str, tuple[str, ...]], synthesis: str, chance
) -> None:
    review = declaring(SMITH, **options)
    (found,) = multiverse(review, synthesis=synthesis)
    assert found.declared == np.prod([len(some) for some in options.values()])
    skipped = sum(n for _, n in found.impossible)
    assert found.declared == skipped + found.equivalent + len(found.names)
    if len(found.analyses):
        agrees(review, found, found.specifications.sample(2, random_state=1, replace=True))
        told = shares(found.analyses)
        assert told is not None
        assert told.analyses == sum(one.shares.analyses for one in trial_sets(found))
        assert told.below + told.above <= 1
        assert told.excludes_below <= told.below
        assert told.excludes_above <= told.above
    names = chance.sample(list(options), len(options))
    turned = {name: tuple(chance.sample(options[name], len(options[name]))) for name in names}
    (other,) = multiverse(declaring(SMITH, **turned), synthesis=synthesis)
    columns = [f"choice_{name}" for name in options]
    left, right = (one.specifications.sort_values(columns).reset_index(drop=True) for one in (found, other))
    # the same rows, but for the numbers of the analyses and the last digits
    pd.testing.assert_frame_equal(
        left.drop(columns="analysis"), right[left.columns].drop(columns="analysis"), rtol=1e-9
    )
    assert len(found.analyses) == len(other.analyses)
    told = [(one.name, one.trials, one.excludes, one.shares.analyses) for one in trial_sets(found)]
    assert told == [(one.name, one.trials, one.excludes, one.shares.analyses) for one in trial_sets(other)]
    assert {t.choice: t.pairs for t in found.turns} == {t.choice: t.pairs for t in other.turns}


def test_a_living_review_inherits_the_choices() -> None:
    assert load_review("living").protocol.choice == SMITH.protocol.choice


def test_all_that_is_wrong_with_choices_is_said_at_once(two: Review, tmp_path: Path, say) -> None:
    toml = "\n".join(
        f'[[choice]]\nname = "{name}"\noptions = {json.dumps(some)}\nwhy = "test"'
        for name, some in (
            ("tua2", ["DL", "PM"]),
            ("tau2", ["DL", "PN"]),
            ("tau2", ["HE", "CA"]),
            ("ci", ["wald", "wald"]),
            ("md_variance", ["pooled", "unpooled"]),
            ("risk_of_bias", ["all", "without high"]),
            ("without", ["none", "gamma2003"]),
        )
    )
    path = folder(tmp_path, toml=("# Trials that were looked at", toml + "\n# Trials looked at"))
    wrong = [str(one) for one in unknown_choices(load_review(path))]
    for words in (
        "tua2",
        "Did you mean PM",
        "declared twice",
        "CA and HE are one estimator",
        "stands here twice",
        "changes nothing where the measure is SMD",
        "at high risk",
        "'gamma2003': choose one of none, alpha2001",
    ):
        assert sum(words in one for one in wrong) == 1, words
    assert len(wrong) == 8
    checked = say("check", str(path))
    assert checked.status == 1
    refused = say("multiverse", str(path))
    assert refused.status == 2
    assert all(one in checked.flat and one in refused.err for one in wrong)
    with pytest.raises(ValueError, match=r"declares no choice[\s\S]*\[\[choice\]\]"):
        multiverse(declaring(two))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("5,50", "12,80", "9,60", "20,90"), "by the choice of model: the logit proportion by 0."),
        (("10,100", "20,200", "5,50"), "No choice moves the logit proportion."),  # all are 0.1
    ],
)
def test_a_step_is_named_by_its_scale_and_none_is_no_tie(say, tmp_path: Path, rows, words) -> None:
    path = tmp_path / "shares.csv"
    path.write_text("study,xi,ni\n" + "".join(f"{i},{row}\n" for i, row in enumerate(rows)), "utf-8")
    said = say("multiverse", str(path), "--out", str(tmp_path / "f"))
    assert words in said.flat
    assert ": 0.000" not in said.flat


@pytest.mark.slow
def test_the_command_writes_and_prints_every_analysis(say, tmp_path: Path) -> None:
    asked = ("--synthesis", "pain-short", "--important", "0.2", "--full")
    said = say("multiverse", "smith2017", *asked, "--out", str(tmp_path))
    assert said.status == 0
    for words in (
        "numbers that can all be right only if",
        "of the analyses lie below it",
        "not probabilities",
        "3,456 combinations",
        "no trial has usable numbers",
        "measured but missing here",
        "Most is moved by the choice of terms or composites",
        "each on 1 to 4 trials",
        "Of 4 sets of trials that these pool, 0 have intervals that exclude 0 (no effect) in all their "
        "analyses, 1 in some",
        "4 trial sets, each once",
        "2: 3 trials, as the",
    ):
        assert words in said.flat, words
    (found,) = multiverse(SMITH, synthesis="pain-short")
    written = pd.read_csv(tmp_path / "smith2017" / "multiverse_pain-short.csv")
    assert list(written.columns) == list(found.specifications.columns)
    assert written["estimate"].tolist() == found.specifications["estimate"].tolist()
    assert {path.suffix for path in (tmp_path / "smith2017").iterdir()} == {".csv", ".png", ".svg", ".txt"}
    document = json.loads(say("multiverse", "smith2017", "--json", "--important", "5", "--vas-sd", "25").out)
    one = next(one for one in document if one["synthesis"] == "pain-short")
    assert len(one["specifications"]) == len(found.names)
    assert one["shares"]["analyses"] == len(found.analyses)
    assert one["shares"]["important"] == 0.2
    assert one["specifications"][0]["choice_rows"] == "main"
    assert one["trial_sets_excluding_no_effect"] == {"all": 0, "some": 1, "none": 3}
    assert [len(part["trials"]) for part in one["trial_sets"]] == [4, 3, 2, 1]
    assert one["shares_of_trial_sets"]["beyond_below"] == pytest.approx(
        np.mean([part["shares"]["beyond_below"] for part in one["trial_sets"]])
    )
    parts = {(row["choice"], row["option"]): row for row in one["parts"]}
    assert parts["rows", "documented only"]["analyses"] == 0
    assert parts["rows", "documented only"]["excludes"] is None
    assert parts["all analyses", ""]["analyses"] == len(found.analyses)
    shown = pd.read_csv(tmp_path / "smith2017" / "multiverse_pain-short_shares.csv")
    assert shown["choice"].tolist() == [choice for choice, _ in parts]
    assert shown["beyond_below"].notna().sum() == len(parts) - 1
    of_sets = shown[shown["choice"] == "trial set"]
    once = shown[shown["choice"] == "each trial set once"].iloc[0]
    for name in ("below", "excludes_below", "beyond_below"):
        assert once[name] == pytest.approx(of_sets[name].mean())
    assert one["choices"][0]["why"] == SMITH.protocol.choice[0].why
    for wrong in (("--vas-sd", "0"), ("--important", "0")):
        assert say("multiverse", "smith2017", "--synthesis", "pain-long", *wrong).status == 2
    assert say("multiverse", "smith2017", "--synthesis", "x").status == 2


def test_equal_trials_whose_interval_has_no_width_are_told_in_json(tmp_path: Path, say) -> None:
    beta = {"trial": "beta2002", "report": "beta", "locator": "table 2"}
    choice = '[[choice]]\nname = "ci"\noptions = ["hksj", "wald"]\nwhy = "x"'
    toml = f'measure = "SMD"\nci = "hksj"\n{choice}'
    path = folder(
        tmp_path,
        toml=('measure = "SMD"', toml),
        trials=[TRIAL, {**TRIAL, **BETA}],
        reports=[REPORT, {**REPORT, "report": "beta", "trial": "beta2002"}],
        outcomes=[ARM1, ARM2, {**ARM1, **beta}, {**ARM2, **beta}],
    )
    said = say("multiverse", str(path), "--json")
    assert said.status == 0, said.err
    row = json.loads(said.out)[0]["specifications"][0]
    assert (row["se"], row["statistic"], row["p_value"]) == (0, None, None)
    resampled = say("resample", str(path), "--json")
    assert resampled.status == 0, resampled.err
    assert json.loads(resampled.out)[0]["permutation_test"]["statistic"] is None


def test_a_smallest_important_ratio_is_taken_on_the_log_scale(tmp_path: Path, say) -> None:
    counts = [
        {**arm, "events": events, "mean": "", "sd": "", "quote": "", "instrument": "", "statistic": ""}
        for arm, events in ((ARM1, "10"), (ARM2, "20"))
    ]
    toml = 'measure = "OR"\n[[choice]]\nname = "zero_cells"\noptions = ["only0", "all"]\nwhy = "x"'
    path = folder(
        tmp_path, toml=('measure = "SMD"', toml), outcomes=counts, sources=[{**SOURCE, "kind": "dataset"}]
    )
    said = say("multiverse", str(path), "--important", "0.8", "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)[0]["shares"]
    assert told["important"] == pytest.approx(np.log(1.25))
    drawn = say("multiverse", str(path), "--important", "0.8", "--out", str(tmp_path / "figures"))
    assert "estimate 0.80 or farther" in drawn.flat
    assert say("multiverse", str(path), "--vas-sd", "20").status == 2


@pytest.mark.parametrize("synthesis", ["pain-long", "pain-short"])
def test_the_curve_shows_every_analysis_and_what_was_chosen(synthesis: str) -> None:
    (found,) = multiverse(SMITH, synthesis=synthesis)
    told = shares(found.analyses, important=0.2)
    assert told is not None
    curve, panel = specification_curve(found, told)
    drawn = {artist.get_gid(): artist for ax in (curve, panel) for artist in (*ax.get_children(), *ax.images)}
    estimates = drawn["estimates"].get_ydata()
    assert np.all(np.diff(estimates) >= 0)
    assert sorted(estimates) == pytest.approx(sorted(found.analyses["estimate"]), abs=1e-6)
    kinds = {"below": told.excludes_below, "above": told.excludes_above}
    n = len(found.analyses)
    for kind, part in kinds.items():
        assert len(drawn[f"intervals:{kind}"].get_segments()) == round(part * n)
    across = drawn["intervals:across"].get_segments()
    assert len(across) == n - round(n * sum(kinds.values()))
    held = by_estimate(found.analyses)
    assert across[0][:, 1].tolist() == [held["ci_low"].iloc[0], held["ci_high"].iloc[0]]
    band = drawn["important"].get_extents().transformed(curve.transData.inverted())
    assert (band.y0, band.y1) == pytest.approx((-0.2, 0.2))
    assert ("published" in drawn) == (synthesis == "pain-short")
    if "published" in drawn:
        assert drawn["published"].get_ydata()[0] == -0.27
    marks = drawn["options"].get_array()
    assert marks.shape[1] == min(n, BINS)
    sets, options = trial_sets(found), by_option(found)
    lines = [int(line) for line in panel.get_yticks()]
    if len(sets) > 1:  # these lines stand first
        own, lines = lines[: len(sets)], lines[len(sets) :]
        np.testing.assert_allclose(np.asarray(marks[own]).sum(0), 1)
        for line, one in zip(own, sets, strict=True):
            assert marks[line].sum() == one.shares.analyses
        said = f"Of {len(sets)} trial sets 0 exclude 0 in all analyses, 1 in some, 3 in none"
        assert said in caption_of(curve).text
    for line, (_, row) in zip(lines, options.iterrows(), strict=True):
        part = found.part(row["choice"], row["option"])[held.index]
        np.testing.assert_allclose(marks[line], part)
        assert row["analyses"] == (part > 0).sum()
    both = [line for line, option in zip(lines, options["option"], strict=True) if option in {"in", "out"}]
    np.testing.assert_allclose(np.asarray(marks[both]).sum(0), 1)


def test_a_synthesis_without_any_analysis_says_so(two: Review, say) -> None:
    gone = declaring(
        two, rows=("main", "no assumptions"), without=("alpha2001", "beta2002"), ci=("profile", "wald")
    )
    empty = replace(gone, outcomes=())
    (found,) = multiverse(empty)
    assert found.analyses.empty
    assert found.impossible[0][1] + sum(n for _, n in found.impossible[1:]) == found.declared
    assert all(turn.moved is None for turn in found.turns)
    assert by_option(found)["analyses"].sum() == 0


def test_the_headline_is_marked_where_it_lies_among_the_analyses() -> None:
    (found,) = multiverse(SMITH, synthesis="pain-short")
    told = shares(found.analyses)
    assert told is not None
    curve, panel = specification_curve(found, told, note="The headline rests on a few trials.")
    (mark,) = (line for line in curve.lines if line.get_gid() == "headline")
    (points,) = (line for line in curve.lines if line.get_gid() == "estimates")
    assert found.main.result is not None
    assert mark.get_ydata()[0] == pytest.approx(found.main.result.estimate)
    assert points.get_ydata()[int(mark.get_xdata()[0])] == pytest.approx(found.main.result.estimate)
    assert "The headline rests on a few trials." in caption_of(curve).text
    names = {label.get_text() for label in panel.get_yticklabels()}
    assert {"modified HKSJ", "random effects", "change scores first"} <= names
    assert not names & {"hksj-modified", "random", "main", "revman"}


def test_a_headline_that_is_no_analysis_is_not_marked_and_that_is_said() -> None:
    (found,) = multiverse(declaring(SMITH, ci=("wald", "hksj")), synthesis="pain-short")
    told = shares(found.analyses)
    assert told is not None
    curve, _ = specification_curve(found, told)
    assert not [line for line in curve.lines if line.get_gid() == "headline"]
    assert "The headline is none of these analyses." in caption_of(curve).text
