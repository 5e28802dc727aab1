"""Each synthesis takes the row sets that the review's rules name, and says what it left out."""

from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from folders import ARM1, ARM2, INSTRUMENT, TRIAL, folder
from livingmeta.appraisal.dossier import Dossier
from livingmeta.audit.results import results_of
from livingmeta.engine.pooling import pool as pool_of
from livingmeta.exchange.imports import imported, reviews_in
from livingmeta.figures.forest import forest_caption, forest_plot
from livingmeta.pages.documents import pooled
from livingmeta.pages.report import markdown
from livingmeta.pages.tables import tables
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Methods, Review
from livingmeta.synthesis import choosing
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import METHOD_OPTIONS, Selection, headline_settings, settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError

SMITH = load_review("smith2017")
OWN = {pool.synthesis: pool for pool in synthesise(SMITH)}


def with_(**selection: object) -> dict[str, Pool]:
    pools = synthesise(SMITH, selection=Selection(**selection))  # type: ignore[arg-type]
    return {pool.synthesis: pool for pool in pools}


def trials(pool: Pool) -> list[str]:
    return [effect.trial for effect in pool.effects]


def test_every_declared_synthesis_is_there_with_what_is_usable_and_missing() -> None:
    """The counts of the evidence: usable, and known to have been measured."""
    counts = {name: (len(p.effects), len(p.missing)) for name, p in OWN.items()}
    assert counts == {
        "pain-short": (3, 3),
        "pain-medium": (0, 2),
        "pain-long": (1, 4),
        "function-short": (4, 1),
        "function-medium": (0, 1),
        "function-long": (1, 2),
    }


def test_the_headline_counts_142_people_of_three_trials() -> None:
    pool = OWN["pain-short"]
    assert sum((e.n1 or 0) + (e.n2 or 0) for e in pool.effects) == 142
    assert sorted(e.domain or "" for e in pool.effects) == ["composite", "composite", "pain"]


def test_a_sensitivity_set_joins_only_when_asked_and_never_replaces() -> None:
    held = [one.trial for one in OWN["pain-short"].sensitivity_only]
    assert len(held) == 1
    asked = with_(include_sensitivity=True)
    assert set(trials(asked["pain-short"])) == {*trials(OWN["pain-short"]), *held}
    for name, pool in OWN.items():
        kept = {e.trial: e.yi for e in asked[name].effects}
        assert {e.trial: e.yi for e in pool.effects}.items() <= kept.items()


def test_without_assumptions_one_trial_of_each_short_synthesis_is_left() -> None:
    pools = with_(no_assumptions=True)
    assert [len(pools[name].effects) for name in ("pain-short", "function-short")] == [1, 1]
    assert all(e.assumption is None for pool in pools.values() for e in pool.effects)
    assert all("rests on an assumption" in one.why for one in pools["function-short"].dropped)


def test_documented_only_leaves_no_trial_whose_membership_is_inferred() -> None:
    pools = with_(documented_only=True)
    assert not any(pool.effects for pool in pools.values())
    assert any("inferred" in one.why for one in pools["pain-short"].dropped)


def test_a_trial_can_be_left_out_by_name() -> None:
    gone = trials(OWN["function-short"])[0]
    pool = with_(without=(gone,))["function-short"]
    assert gone not in trials(pool)
    assert (gone, "left out by --without") in {(one.trial, one.why) for one in pool.dropped}
    with pytest.raises(ValueError, match="without = 'nobody'"):
        with_(without=("nobody",))


def test_other_terms_move_trials_to_other_syntheses() -> None:
    """Three months is short by the default terms and medium by the alternative ones."""
    other = with_(terms="alternative")
    assert len(other["pain-short"].effects) == 1
    assert set(trials(other["pain-short"])) | set(trials(other["pain-medium"])) == set(
        trials(OWN["pain-short"])
    )
    assert other["pain-long"].effects == ()  # 52 weeks are outside every alternative term
    with pytest.raises(ValueError, match="Did you mean alternative"):
        with_(terms="alternativ")


def test_a_composite_that_enters_both_outcomes_is_flagged_in_both() -> None:
    for name in ("pain-short", "function-short"):
        shared = [e for e in OWN[name].effects if "composite_shared" in e.flags]
        assert len(shared) == 2
        assert all(e.domain == "composite" for e in shared)


def test_each_line_has_its_sibling_without_composites() -> None:
    siblings = {s.name: s for s in OWN["pain-short"].siblings}
    assert len(siblings["without composite instruments"].trials) == 1


def test_mixed_scores_are_flagged_and_the_pure_pools_stand_beside() -> None:
    pool = OWN["function-short"]
    assert "mixed_standardisers" in pool.flags
    siblings = {s.name: s for s in pool.siblings}
    final, change = siblings["final scores only"], siblings["change scores only"]
    assert set(final.trials) | set(change.trials) == set(trials(pool))
    assert not set(final.trials) & set(change.trials)


def test_performance_tests_enter_no_synthesis() -> None:
    tested = {e.instrument for pool in with_(include_sensitivity=True).values() for e in pool.effects}
    assert not tested & set(SMITH.protocol.not_accepted)


def test_trials_measured_but_missing_are_flagged_and_say_where_to_look() -> None:
    for pool in OWN.values():
        assert ("trials_missing" in pool.flags) == bool(pool.missing)
        assert all(missing.where and missing.what for missing in pool.missing)


COMPOSITE = {**INSTRUMENT, "instrument": "index", "name": "Index", "domain": "composite"}
SUBSCALE = {**INSTRUMENT, "instrument": "index_pain", "name": "Index, pain"}


def offered(*sets: tuple[str, str, str]) -> list[dict[str, str]]:
    return [
        {**arm, "instrument": instrument, "weeks": weeks, "statistic": statistic, "use": "sensitivity"}
        for instrument, weeks, statistic in sets
        for arm in (ARM1, ARM2)
    ]


def chosen(path: Path, *sets: tuple[str, str, str], ties: str = "", weeks: str = "") -> tuple:
    review = folder(
        path,
        toml=("subscales = []", 'subscales = ["index_pain"]' + ties),
        instruments=[INSTRUMENT, COMPOSITE, SUBSCALE],
        trials=[{**TRIAL, "treatment_weeks": weeks}],
        outcomes=offered(*sets),
    )
    selection = Selection(include_sensitivity=True)
    (effect,) = synthesise(load_review(review), selection=selection)[0].effects
    return effect.instrument, effect.weeks, effect.statistic


def test_a_scale_comes_before_a_subscale_and_that_before_a_composite(tmp_path: Path) -> None:
    sets = [("index", "12", "final"), ("index_pain", "12", "final"), ("vas", "12", "final")]
    assert chosen(tmp_path / "a", *sets)[0] == "vas"
    assert chosen(tmp_path / "b", *sets[:2])[0] == "index_pain"
    assert chosen(tmp_path / "c", sets[0])[0] == "index"


def test_the_time_nearest_the_end_of_treatment_is_taken(tmp_path: Path) -> None:
    sets = [("vas", "4", "final"), ("vas", "9", "final"), ("vas", "13", "final")]
    assert chosen(tmp_path / "a", *sets, weeks="8")[1] == 9
    assert chosen(tmp_path / "b", *sets)[1] == 13  # not known: the latest


def test_a_final_score_comes_before_a_change(tmp_path: Path) -> None:
    sets = [("vas", "12", "change"), ("vas", "12", "final")]
    assert chosen(tmp_path, *sets)[2] == "final"


def test_mean_differences_of_two_instruments_are_not_pooled(tmp_path: Path) -> None:
    other = {**INSTRUMENT, "instrument": "nrs", "name": "NRS"}
    second = {**TRIAL, "trial": "beta2002", "label": "Beta 2002"}
    arms = [{**arm, "trial": "beta2002", "instrument": "nrs", "report": "beta"} for arm in (ARM1, ARM2)]
    review = folder(
        tmp_path,
        instruments=[INSTRUMENT, other],
        trials=[TRIAL, second],
        reports=[
            {"report": "alpha", "trial": "alpha2001", "citation": "A"},
            {"report": "beta", "trial": "beta2002", "citation": "B"},
        ],
        outcomes=[ARM1, ARM2, *arms],
    )
    pool = synthesise(load_review(review), settings=settings_of(Methods(), measure="MD"))[0]
    assert pool.result is None
    assert "need one instrument, and here are NRS; VAS" in str(pool.why_not)


KNEE = [pool for pool in synthesise(load_review("knee_oa")) if pool.synthesis == "pain-post"]


def test_each_subgroup_has_its_own_tau2_and_weights_that_add_up_to_100() -> None:
    assert [pool.subgroup is None for pool in KNEE] == [False] * 3
    assert len({pool.result.tau2 for pool in KNEE if pool.result}) == 3
    for pool in KNEE:
        assert pool.result is not None
        assert sum(pool.result.weights) == pytest.approx(100)


def test_subgroups_are_compared_by_their_wald_standard_errors() -> None:
    test = KNEE[-1].subgroup_test
    assert test is not None
    estimates = np.array([pool.result.estimate for pool in KNEE if pool.result])
    weights = np.array([pool.result.se for pool in KNEE if pool.result]) ** -2.0
    mean = (weights * estimates).sum() / weights.sum()
    assert test.q == pytest.approx((weights * (estimates - mean) ** 2).sum())
    assert test.df == 2


def test_an_overall_total_has_one_tau2_over_all_rows() -> None:
    review = load_review("knee_oa")
    whole = [plan.model_copy(update={"overall": True}) for plan in review.protocol.synthesis]
    protocol = review.protocol.model_copy(update={"synthesis": tuple(whole)})
    pools = synthesise(replace(review, protocol=protocol), settings=settings_of(Methods()))
    total = next(pool for pool in pools if pool.subgroup is None)
    assert total.result is not None
    assert total.result.k == 131
    assert total.subgroup_test is not None


@pytest.mark.parametrize(
    ("empty", "full", "sparse"), [(1, 2, True), (1, 3, False), (2, 2, True), (0, 2, False)]
)
def test_inverse_variance_is_called_unfit_where_a_third_has_an_arm_without_events(
    empty: int, full: int, sparse: bool, tmp_path: Path
) -> None:
    """Cochrane Handbook 10.4.4; the share is ours."""
    counts = [(0, 24, 3, 25)] * empty + [(4, 30, 5, 29)] * full
    table = "study,events1,n1,events2,n2\n"
    table += "".join(f"T{i},{a},{n1 + i},{c},{n2}\n" for i, (a, n1, c, n2) in enumerate(counts))
    (file := tmp_path / "counts.csv").write_text(table, encoding="utf-8")
    (review,), _ = reviews_in(file)
    (pool,) = synthesise(review, settings=settings_of(review.protocol.methods, measure="OR"))
    assert ("sparse_events" in pool.flags) is sparse


def test_one_trial_in_a_subgroup_has_its_own_interval_whatever_the_others_tau2() -> None:
    """pain-followup A of the knee review without one of its two trials, one τ² in all subgroups."""
    review = load_review("knee_oa")
    asked = Methods(**{**review.protocol.methods.model_dump(), "subgroup_tau2": "common"})
    two = next(p for p in synthesise(review) if p.synthesis == "pain-followup")
    left = Selection(without=(two.effects[0].trial,))
    pools = synthesise(review, settings=settings_of(asked), selection=left)
    one = next(p for p in pools if p.synthesis == "pain-followup")
    (effect,) = one.effects
    assert one.result is not None
    assert (one.result.ci_low, one.result.ci_high) == pytest.approx((effect.ci_low, effect.ci_high))
    assert one.result.tau2 is None
    assert "single_trial" in one.flags
    others = [p.result.tau2 for p in pools if p.synthesis == "pain-followup" and p is not one]
    assert len({tau2 for tau2 in others if tau2 is not None}) == 1  # the others share theirs


TABLE = """study,subgroup,mean1,sd1,n1,mean2,sd2,n2
Ash 2001,men,10,4,30,12,4,31
Birch 2002,men,11,4,25,12.5,4,24
Cedar 2003,women,9,5,40,13,5,41
Doum 2004,women,10,5,20,11,5,22
Elm 2005,children,8,3,15,8.5,3,15
"""


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """A table with subgroups and a total, as `import` makes a review of it."""
    path = tmp_path_factory.mktemp("grouped") / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    ((made, _),) = imported(path, name="grouped")
    for name, text in made.files.items():
        (path.parent / name).write_text(text, encoding="utf-8")
    return load_review(path.parent)


@pytest.mark.parametrize("tau2", ["separate", "common"])
@pytest.mark.parametrize("overall", [True, False])
def test_one_set_of_weights_stands_in_every_document(grouped: Review, tau2: str, overall: bool) -> None:
    """With a total: one τ² over all rows, and a subtotal has the sum. Without: each its own."""
    (plan,) = grouped.protocol.synthesis
    methods = grouped.protocol.methods.model_copy(update={"subgroup_tau2": tau2})
    protocol = grouped.protocol.model_copy(
        update={"synthesis": (plan.model_copy(update={"overall": overall}),), "methods": methods}
    )
    review = replace(grouped, protocol=protocol)
    pools = synthesise(review)
    parts = [pool for pool in pools if pool.subgroup is not None]
    if overall:
        effects = [e for part in parts for e in part.effects]
        alone = pool_of([e.yi for e in effects], [e.vi for e in effects])
        weights = dict(zip((e.trial for e in effects), alone.weights, strict=True))
    else:
        weights = {}
        for part in parts:
            shared = part.result.tau2 if tau2 == "common" else None
            v = np.array([e.vi for e in part.effects])
            w = 1 / (v + ((part.result.tau2 or 0) if shared is None else shared))
            weights |= dict(zip((e.trial for e in part.effects), 100 * w / w.sum(), strict=True))
    near = {trial: pytest.approx(weight, rel=1e-6) for trial, weight in weights.items()}
    for pool in pools:
        assert dict(zip((e.trial for e in pool.effects), pool.weights, strict=True)) == near or (
            pool.subgroup is not None
            and all(w == near[e.trial] for e, w in zip(pool.effects, pool.weights, strict=True))
        )
    assert sum(w for part in parts for w in part.weights) == pytest.approx(
        100 if overall else 100 * len(parts)
    )
    # tables
    results = results_of(review)
    for row in tables(results)["effects"].itertuples():
        assert row.weight == pytest.approx(weights[row.trial], rel=1e-6)
    for row in tables(results)["results"].itertuples():
        name = row.subgroup if isinstance(row.subgroup, str) else None
        members = next(p for p in pools if p.subgroup == name).effects
        told = [float(word) for word in row.weights.split()]
        assert told == pytest.approx([weights[e.trial] for e in members], rel=1e-4)
    # picture
    figure = forest_plot(pools)
    words = [text.get_text() for text in figure.texts]
    printed = [word for word in words if word.endswith("%") and "=" not in word]
    expected = [f"{weights[e.trial]:.1f}%" for part in parts for e in part.effects]
    sums = [f"{sum(weights[e.trial] for e in part.effects):.1f}%" for part in parts if part.result.k > 1]
    sums += ["100.0%"] if overall else []
    assert sorted(printed) == sorted(expected + sums)
    assert overall == ("those in the total" in " ".join(forest_caption(pools)))
    # page, terminal and JSON
    page = markdown(Dossier(review=results.review), figures=[], version="0")
    for e in (e for part in parts for e in part.effects):
        rows = [line for line in page.splitlines() if line.startswith(f"| {e.label} |")]
        assert all(f"{weights[e.trial]:.1f}%" in row for row in rows if "%" in row)
    for pool in pools:
        for one, weight in zip(pooled(pool)["trials"], pool.weights, strict=True):
            assert one["weight"] == weight


def test_a_row_set_is_derived_once_for_each_set_of_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    derived = []
    honest = choosing.effect_of

    def counted(review, rows, settings, selection):
        derived.append((tuple((row.file, row.row) for row in rows), settings.deriving))
        return honest(review, rows, settings, selection)

    monkeypatch.setattr(choosing, "effect_of", counted)
    review = load_review("smith2017")
    settings = headline_settings(review)
    for tau2, ci in product(("DL", "PM", "REML"), ("wald", "hksj")):
        by = settings.profile.with_choices(tau2=tau2, ci=ci)
        synthesise(review, settings=replace(settings, profile=by))
    assert len(derived) == len(set(derived)) > 0


@pytest.mark.parametrize("name", ["smith2017", pytest.param("knee_oa", marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", sorted(METHOD_OPTIONS))
def test_what_is_remembered_of_a_review_is_what_a_fresh_one_gives(name: str, what: str) -> None:
    """No method may change an effect without being named in `Settings.deriving`."""
    used = load_review(name)
    settings = headline_settings(used)
    synthesise(used, settings=settings)
    for option in METHOD_OPTIONS[what]:
        with suppress(ValueError):  # methods that do not go together
            by = replace(settings, profile=settings.profile.with_choices(**{what: option}))
            again = synthesise(used, settings=by)
            assert again == synthesise(replace(used), settings=by)


def test_only_one_synthesis_is_what_it_is_among_all() -> None:
    review = load_review("knee_oa")
    name = review.protocol.synthesis[-1].id
    among = [(pool.key, pool.result) for pool in synthesise(review) if pool.synthesis == name]
    assert among == [(pool.key, pool.result) for pool in synthesise(review, only=name)]
    with pytest.raises(RefusalError, match="choose one of"):
        synthesise(review, only="nowhere")
