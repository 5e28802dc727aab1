"""Imputed trials enter as said, with variances by hand, and the tipping point tips."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from folders import ARM1, ARM2, REPORT, TRIAL, folder
from livingmeta.appraisal.missing_evidence import absence
from livingmeta.appraisal.scenarios import sensitivity
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.engine.pooling import pool as pooled
from livingmeta.pages.rob_me import AVAILABLE, SENSITIVITY, UNKNOWN, UNUSABLE, rob_me
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Judgement, Review
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import headline_settings, settings_of
from livingmeta.synthesis.synthesise import synthesise

BETA = {**TRIAL, "trial": "beta2005", "label": "Beta 2005", "year": "2005", "n_randomised": "40"}
GAP = {
    "trial": "beta2005",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "12",
    "what": "the abstract says only that nothing differed",
    "where": "table 2",
    "source": "paper",
}
LIVING = load_review("living")
NULL, FIRST, SECOND = range(3)


def review_of(path: Path, **beta: str) -> Review:
    reports = [REPORT, {**REPORT, "report": "beta", "trial": "beta2005"}]
    return load_review(folder(path, trials=[TRIAL, {**BETA, **beta}], reports=reports, gaps=[GAP]))


def entered(review: Review, place: int, **choices: str):
    settings = settings_of(review.protocol.methods, **choices)
    main = synthesise(review, settings=settings)[0]
    return main, absence(review, main, settings).scenarios[place][1]


def test_forty_people_at_no_effect_have_the_variance_worked_by_hand(tmp_path: Path) -> None:
    review = review_of(tmp_path)
    _, pool = entered(review, NULL, smd_variance="revman")
    effect = pool.effects[-1]
    assert (effect.yi, effect.n1, effect.n2) == (0, 20, 20)
    assert effect.vi == pytest.approx(40 / (20 * 20))
    # LS2 is J²(1/n1 + 1/n2) at 0, with J = 1 − 3/(4 · 38 − 1)
    _, pool = entered(review, NULL, smd_variance="LS2", correction="approximate")
    assert pool.effects[-1].vi == pytest.approx((148 / 151) ** 2 / 10)


def test_arms_that_are_known_are_not_assumed_equal(tmp_path: Path) -> None:
    _, pool = entered(review_of(tmp_path, n1_randomised="30", n2_randomised="10"), NULL)
    assert pool.effects[-1].vi == pytest.approx(1 / 30 + 1 / 10)
    assert "as randomised" in str(pool.effects[-1].assumption)
    _, pool = entered(review_of(tmp_path / "b"), NULL)
    assert "equal arms of 40 randomised" in str(pool.effects[-1].assumption)


def test_a_common_effect_with_the_missing_trial_is_the_mean_by_hand(tmp_path: Path) -> None:
    main, pool = entered(review_of(tmp_path), NULL, model="common", ci="wald")
    known = main.effects[0]
    assert pool.result is not None
    expected = (known.yi / known.vi) / (1 / known.vi + 10)
    assert pool.result.estimate == pytest.approx(expected)
    assert pool.missing == ()
    assert "trials_missing" not in pool.flags
    assert "imputed" in pool.flags
    assert "imputed" in pool.result.flags


def test_arms_assumed_equal_lose_no_half_person(tmp_path: Path) -> None:
    main, _ = entered(review_of(tmp_path), NULL, model="common", ci="wald")
    halves = replace(main.effects[0], n1=30.5, n2=30.5, arms=((), ()))
    assert people_of([halves]).all == 61


def test_the_extremes_are_the_farthest_effect_or_the_limit_around_no_effect(tmp_path: Path) -> None:
    review = review_of(tmp_path)
    main, for_first = entered(review, FIRST, smd_variance="revman")
    _, for_second = entered(review, SECOND, smd_variance="revman")
    limit = 1.959963984540054 * 0.1**0.5
    known = main.effects[0].yi
    assert known < 0
    assert for_first.effects[-1].yi == pytest.approx(min(known, -limit))
    assert for_second.effects[-1].yi == pytest.approx(limit)
    assert for_second.effects[-1].vi == pytest.approx(0.1 + limit**2 / (2 * (40 - 3.94)))


@pytest.mark.parametrize("place", range(6))
def test_no_scenario_touches_what_is_pooled(place: int) -> None:
    settings = headline_settings(LIVING)
    main = synthesise(LIVING, settings=settings)[place]
    for name, pool in absence(LIVING, main, settings).scenarios:
        k = len(main.effects)
        assert name.startswith("imputed: ")
        assert pool.effects[:k] == main.effects
        assert {e.trial for e in pool.effects[k:]} <= {one.trial for one in main.missing}
        assert all("imputed" in e.flags and e.assumption for e in pool.effects[k:])


def excludes(result: PooledEstimate) -> bool:
    return result.ci_low > 0 or result.ci_high < 0


def turned(main: Pool, review: Review, g: float, **methods: str) -> bool:
    """Say by `pool`, which the search does not use, whether the conclusion is another one."""
    yi, vi = ([getattr(e, name) for e in main.effects] for name in ("yi", "vi"))
    for one in main.missing:
        n = review.trial(one.trial).n_randomised or 0
        yi.append(g)
        vi.append(4 / n + g**2 / (2 * (n - 3.94)))
    assert main.result is not None
    return excludes(pooled(yi, vi, **methods)) != excludes(main.result)


def test_the_interval_turns_at_the_tipping_point_and_not_before() -> None:
    review = load_review("smith2017")
    settings = headline_settings(review)
    pools = {pool.synthesis: pool for pool in synthesise(review, settings=settings)}
    main = pools["pain-short"]
    low, high = absence(review, main, settings).tips
    assert low is not None
    assert turned(main, review, low)
    assert not any(turned(main, review, g) for g in np.arange(low + 0.01, 0, 0.01))
    assert high is None
    assert not any(turned(main, review, g) for g in np.arange(0, 3, 0.1))


def test_an_interval_that_excludes_no_effect_is_walked_back_from_its_estimate(tmp_path: Path) -> None:
    review = review_of(tmp_path)
    common = {"model": "common", "ci": "wald"}
    settings = settings_of(review.protocol.methods, **common)
    main = synthesise(review, settings=settings)[0]
    assert main.result is not None
    assert main.result.ci_high < 0
    found = absence(review, main, settings)
    assert found.excludes
    assert found.tips[0] is None
    tip = found.tips[1]
    assert tip is not None
    assert tip > main.result.estimate
    assert turned(main, review, tip, **common)
    assert not turned(main, review, tip - 0.01, **common)


def test_what_cannot_be_imputed_is_said(tmp_path: Path) -> None:
    def why(review: Review, **choices: str) -> object:
        settings = settings_of(review.protocol.methods, **choices)  # type: ignore[arg-type]
        return absence(review, synthesise(review, settings=settings)[0], settings).why_not

    assert "not of MD" in str(why(review_of(tmp_path / "a"), measure="MD"))
    assert "no trial is known" in str(why(load_review(folder(tmp_path / "b"))))
    unknown = review_of(tmp_path / "c", n_randomised="")
    assert "is not known" in str(why(unknown))
    assert "below 2 per arm" in str(why(review_of(tmp_path / "d", n_randomised="3")))
    arms = review_of(tmp_path / "e", n_randomised="", n1_randomised="20", n2_randomised="20")
    assert why(arms) is None
    found = sensitivity(LIVING)
    function = next(one for one in found if one.main.synthesis == "function-short")
    lost = {one.label for one in function.main.missing if one.n_randomised is None}
    assert set(function.absence.unknown_size) == lost != set()
    pool = function.absence.scenarios[NULL][1]
    assert {one.label for one in pool.missing} == lost
    assert "trials_missing" in pool.flags


def test_every_trial_has_one_place_in_the_matrix_with_reason_and_source() -> None:
    for one, pool in zip(rob_me(LIVING, sensitivity(LIVING)), synthesise(LIVING), strict=True):
        by = {row.trial: row for row in one.matrix}
        assert list(by) == [trial.trial for trial in LIVING.trials]
        for status, trials in (
            (AVAILABLE, pool.effects),
            (SENSITIVITY, pool.sensitivity_only),
            (UNUSABLE, (*pool.missing, *pool.dropped)),
        ):
            assert {by[t.trial].status for t in trials} <= {status}
            assert all(by[t.trial].source for t in trials)
        assert all(row.reason for row in one.matrix)
        assert [asked[:3] for asked, _ in one.facts] == [f"4.{i}" for i in range(1, 9)]


def test_rows_that_are_not_for_use_were_measured_all_the_same(tmp_path: Path) -> None:
    kept = [{**arm, "use": "no", "note": "printed twice, differently"} for arm in (ARM1, ARM2)]
    review = load_review(folder(tmp_path, outcomes=kept))
    row = rob_me(review, sensitivity(review))[0].matrix[0]
    assert (row.status, row.reason) == (UNUSABLE, "printed twice, differently")


def test_nobody_knows_of_a_trial_without_row_and_gap(tmp_path: Path) -> None:
    review = load_review(folder(tmp_path, trials=[TRIAL, BETA]))
    rows = {row.trial: row for row in rob_me(review, sensitivity(review))[0].matrix}
    assert rows["beta2005"].status == UNKNOWN
    assert rows["beta2005"].source is None


def test_only_a_person_judges(tmp_path: Path, say) -> None:
    review = review_of(tmp_path)
    one = rob_me(review, sensitivity(review))[0]
    assert one.judgements == ()
    judged = Judgement(
        synthesis=one.synthesis,
        about="missing evidence",
        judgement="high",
        why="most results are missing",
        by="A. Reader",
    )
    other = judged.model_copy(update={"about": "imprecision"})
    protocol = review.protocol.model_copy(update={"judgement": (judged, other)})
    found = replace(review, protocol=protocol)
    assert rob_me(found, sensitivity(found))[0].judgements == (judged,)
    said = say("sensitivity", str(review.folder), "--full", "--out", str(tmp_path))
    assert "judgement: not assessed" in said.flat
    assert "no concern" not in said.flat
    entry = """[[judgement]]
synthesis = "pain-short"
about = "missing evidence"
judgement = "high"
why = "most results are missing"
by = "A. Reader"

[methods]"""
    judged_review = folder(tmp_path / "b", toml=("[methods]", entry))
    said = say("sensitivity", str(judged_review), "--full", "--out", str(tmp_path))
    assert "judgement of A. Reader: high – most results are missing" in said.flat
    assert "not assessed" not in said.flat
