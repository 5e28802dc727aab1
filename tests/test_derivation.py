"""Whatever a paper reports leads to the same effect, and each step is told."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from scipy import stats

from folders import ARM1, ARM2, DIFFERENCE, INSTRUMENT, SOURCE, TRIAL, folder
from livingmeta.conversions import pooled_sd
from livingmeta.derivation import (
    Effect,
    NotComputableError,
    Selection,
    effect_of,
    implausible,
    settings_of,
)
from livingmeta.effect_sizes import mean_difference, smd
from livingmeta.profiles import PROFILES, profile
from livingmeta.protocol import Methods, row_sets
from livingmeta.review import load_review
from livingmeta.schema import Outcome
from livingmeta.synthesis import Pool, synthesise

KNEE = load_review("knee_oa")
REVMAN = settings_of(KNEE.protocol.methods)


@dataclass(frozen=True)
class Arms:
    """Two arms of one row set of the companion review."""

    one: Outcome
    two: Outcome

    @property
    def difference(self) -> float:
        return self.one.mean - self.two.mean

    @property
    def se(self) -> float:
        sd = pooled_sd(self.one.sd, self.one.n, self.two.sd, self.two.n)
        return sd * math.sqrt(1 / self.one.n + 1 / self.two.n)

    @property
    def df(self) -> int:
        return self.one.n + self.two.n - 2

    def as_difference(self, **cells: object) -> list[Outcome]:
        given = {"group": "difference", "measure": "MD", "n1": self.one.n, "n2": self.two.n}
        empty = {"n": None, "sd": None, "mean": self.difference}
        return [self.one.model_copy(update={**given, **empty, **cells})]


def every_pair() -> Iterator[Arms]:
    for rows in row_sets(KNEE.outcomes).values():
        one, two = sorted(rows, key=lambda row: row.group)
        yield Arms(one, two)


def as_se(arms: Arms) -> list[Outcome]:
    return [
        row.model_copy(update={"sd": None, "se": row.sd / math.sqrt(row.n)})
        for row in (arms.one, arms.two)
    ]


def as_ci(arms: Arms) -> list[Outcome]:
    rows = []
    for row in (arms.one, arms.two):
        half = stats.t.ppf(0.975, row.n - 1) * row.sd / math.sqrt(row.n)
        limits = {"ci_low": row.mean - half, "ci_high": row.mean + half, "ci_level": 95.0}
        rows.append(row.model_copy(update={"sd": None, **limits}))
    return rows


def as_difference_with_ci(arms: Arms) -> list[Outcome]:
    half = stats.t.ppf(0.95, arms.df) * arms.se
    low, high = arms.difference - half, arms.difference + half
    return arms.as_difference(ci_low=low, ci_high=high, ci_level=90.0)


def as_difference_with_se(arms: Arms) -> list[Outcome]:
    return arms.as_difference(se=arms.se)


def as_p(arms: Arms) -> list[Outcome]:
    p = 2 * stats.t.sf(abs(arms.difference) / arms.se, arms.df)
    return arms.as_difference(p_value=p, p_relation="=")


def as_means_and_p(arms: Arms) -> list[Outcome]:
    bare = [row.model_copy(update={"sd": None}) for row in (arms.one, arms.two)]
    (row,) = as_p(arms)
    return [*bare, row.model_copy(update={"mean": None, "n1": None, "n2": None})]


@pytest.mark.parametrize(
    "mask",
    [as_se, as_ci, as_difference_with_ci, as_difference_with_se, as_p, as_means_and_p],
)
def test_every_masked_arm_gives_back_its_g(mask: Callable[[Arms], list[Outcome]]) -> None:
    """The arms of all 306 rows of the companion review, told in six other ways."""
    checked = 0
    for arms in every_pair():
        one, two = arms.one, arms.two
        yi, vi = smd(one.mean, one.sd, one.n, two.mean, two.sd, two.n)
        if arms.difference == 0 and mask in {as_p, as_means_and_p}:
            continue
        effect = effect_of(KNEE, mask(arms), REVMAN, Selection())
        assert effect.yi == pytest.approx(yi, rel=1e-7, abs=1e-9), one.place
        assert effect.vi == pytest.approx(vi, rel=1e-7), one.place
        checked += 1
    assert checked >= 300


def pooled(path: Path, selection: Selection | None = None, **tables: object) -> Pool:
    review = load_review(folder(path, **tables))
    return synthesise(review, selection=selection)[0]


def effect(path: Path, selection: Selection | None = None, **tables: object) -> Effect:
    (found,) = pooled(path, selection, **tables).effects
    return found


def refusal(path: Path, selection: Selection | None = None, **tables: object) -> str:
    pool = pooled(path, selection, **tables)
    assert pool.effects == ()
    return pool.dropped[0].why


def test_an_arms_interval_is_read_with_t_on_its_own_df(tmp_path: Path) -> None:
    half = stats.t.ppf(0.975, 39) * 1.5 / math.sqrt(40)
    low, high = round(3 - half, 6), round(3 + half, 6)
    cells = {"sd": "", "ci_low": str(low), "ci_high": str(high), "ci_level": "95"}
    arm = {**ARM1, **cells, "quote": f"3.0 ({low} to {high})"}
    found = effect(tmp_path, outcomes=[arm, ARM2])
    assert "group 1: SD from the 95% CI of the mean, t with 39 df: 1.50" in found.derivation
    assert found.yi == pytest.approx(smd(3, 1.5, 40, 4, 2, 40)[0], rel=1e-5)


def test_a_trials_own_difference_is_read_with_t_on_n1_plus_n2_minus_2(tmp_path: Path) -> None:
    found = effect(tmp_path, outcomes=[DIFFERENCE])
    se = 0.8 / stats.t.ppf(0.975, 78)
    assert any("t with 78 df" in step for step in found.derivation)
    sd = se / math.sqrt(2 / 40)
    assert found.yi == pytest.approx((1 - 3 / (4 * 80 - 9)) * -1 / sd)


def test_another_reviews_difference_is_read_with_the_normal_quantile(tmp_path: Path) -> None:
    found = effect(tmp_path, sources=[{**SOURCE, "kind": "review"}], outcomes=[DIFFERENCE])
    assert any("normal quantile (another review's)" in step for step in found.derivation)


def test_the_stated_basis_of_an_interval_goes_first(tmp_path: Path) -> None:
    found = effect(tmp_path, outcomes=[{**DIFFERENCE, "ci_basis": "z"}])
    assert any("95% CI, normal quantile: 0.408" in step for step in found.derivation)


PRINTED_SMD = {**DIFFERENCE, "measure": "SMD", "mean": "-0.4", "ci_low": "-0.8", "ci_high": "0.0",
               "quote": "-0.4 (-0.8 to 0.0)"}  # fmt: skip


def test_a_printed_smd_is_taken_as_it_stands(tmp_path: Path) -> None:
    higher = {**INSTRUMENT, "better": "higher"}
    found = effect(tmp_path, instruments=[higher], outcomes=[PRINTED_SMD])
    assert found.yi == -0.4  # no second J, and its sign is not turned again
    assert found.vi == pytest.approx((0.4 / stats.norm.ppf(0.975)) ** 2)


def test_a_scale_on_which_higher_is_better_turns_the_sign(tmp_path: Path) -> None:
    higher = {**INSTRUMENT, "better": "higher"}
    found = effect(tmp_path, instruments=[higher])
    assert found.yi == -smd(3, 1.5, 40, 4, 2, 40)[0]
    assert "sign turned: higher VAS is better" in found.derivation
    assert (found.mean1, found.mean2) == (3.0, 4.0)  # shown in the instrument's own direction


def with_p(relation: str, p: str = "0.01") -> dict[str, str]:
    cells = {"ci_low": "", "ci_high": "", "ci_level": "", "p_value": p, "p_relation": relation}
    return {**DIFFERENCE, **cells, "quote": f"-1.0 (P {relation} {p})"}


def test_a_bound_of_p_enters_at_the_bound_with_its_flag(tmp_path: Path) -> None:
    found = effect(tmp_path / "a", outcomes=[with_p("<")])
    exact = effect(tmp_path / "b", outcomes=[with_p("=")])
    assert found.yi == exact.yi
    assert "p_bound" in found.flags
    assert "p_bound" not in exact.flags


def test_a_p_above_a_bound_never_yields_an_effect(tmp_path: Path) -> None:
    assert "P > 0.34 gives no effect" in refusal(tmp_path, outcomes=[with_p(">", "0.34")])


LENT = [
    {**ARM1, "weeks": "6", "use": "no", "note": "lends its SD"},
    {**ARM2, "weeks": "6", "use": "no", "note": "lends its SD"},
]


def test_a_models_difference_is_divided_by_the_sd_it_names(tmp_path: Path) -> None:
    row = {**DIFFERENCE, "adjusted": "yes", "sd_from": "alpha2001 vas 6"}
    found = effect(tmp_path, outcomes=[*LENT, row])
    sd, se = pooled_sd(1.5, 40, 2, 40), 0.8 / stats.norm.ppf(0.975)
    assert found.yi == pytest.approx(-1 / sd)
    assert found.vi == pytest.approx((se / sd) ** 2)
    assert "sd_external" in found.flags


def test_an_adjusted_difference_without_lender_waits_for_a_sensitivity_analysis(
    tmp_path: Path,
) -> None:
    row = {**DIFFERENCE, "adjusted": "yes"}
    assert "gives no raw SD" in refusal(tmp_path / "a", outcomes=[row])
    asked = effect(tmp_path / "b", Selection(include_sensitivity=True), outcomes=[row])
    assert "sd_from_adjusted" in asked.flags


def test_arms_win_over_a_difference(tmp_path: Path) -> None:
    found = effect(tmp_path, outcomes=[ARM1, ARM2, DIFFERENCE])
    assert found.yi == smd(3, 1.5, 40, 4, 2, 40)[0]
    assert found.difference is None


def test_a_difference_supplies_what_the_arms_lack(tmp_path: Path) -> None:
    arms = [{**arm, "sd": "", "quote": arm["mean"]} for arm in (ARM1, ARM2)]
    p = {**with_p("<", "0.001"), "mean": "", "n1": "", "n2": "", "quote": "P < 0.001"}
    found = effect(tmp_path, outcomes=[*arms, p])
    assert found.yi < 0
    assert len(found.rows) == 3
    assert "difference of the means: 3 − 4" in found.derivation


def test_mean_differences_need_no_sd_of_the_scale(tmp_path: Path) -> None:
    review = load_review(folder(tmp_path, outcomes=[DIFFERENCE]))
    (found,) = synthesise(review, settings=settings_of(Methods(), measure="MD"))[0].effects
    assert found.yi == -1.0
    assert found.vi == pytest.approx((0.8 / stats.t.ppf(0.975, 78)) ** 2)


def test_arms_give_the_mean_difference_with_unpooled_variance(tmp_path: Path) -> None:
    review = load_review(folder(tmp_path))
    (found,) = synthesise(review, settings=settings_of(Methods(), measure="MD"))[0].effects
    assert (found.yi, found.vi) == mean_difference(3, 1.5, 40, 4, 2, 40)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{**DIFFERENCE, "measure": "OR"}], "an odds ratio"),
        ([{**DIFFERENCE, "n1": ""}], "number of people per arm"),
        ([{**arm, "sd": "", "quote": arm["mean"]} for arm in (ARM1, ARM2)], "have no spread"),
        (
            [{**DIFFERENCE, "ci_low": "", "ci_high": "", "ci_level": "", "quote": "-1.0"}],
            "no SE, interval or P value",
        ),
    ],
)
def test_rows_without_an_effect_say_what_they_lack(
    rows: list[dict[str, str]], reason: str, tmp_path: Path
) -> None:
    assert reason in refusal(tmp_path, outcomes=rows)


def test_an_assumption_and_an_inferred_membership_are_flagged(tmp_path: Path) -> None:
    trial = {**TRIAL, "membership": "inferred"}
    arms = [{**arm, "assumption": "n1 = n2 = 40: not reported"} for arm in (ARM1, ARM2)]
    found = effect(tmp_path, trials=[trial], outcomes=arms)
    assert {"rows_assumed", "membership_inferred"} <= set(found.flags)
    assert found.assumption == "n1 = n2 = 40: not reported"


def test_a_comparison_without_pain_rule_is_flagged_where_rules_are_recorded(
    tmp_path: Path,
) -> None:
    ruled = {**TRIAL, "pain_rule1": "up to 5 of 10"}
    assert "contrast_undocumented" in effect(tmp_path / "a", trials=[ruled]).flags
    both = {**ruled, "pain_rule2": "no pain"}
    assert "contrast_undocumented" not in effect(tmp_path / "b", trials=[both]).flags
    assert "contrast_undocumented" not in effect(tmp_path / "c").flags


def test_a_standard_error_typed_as_an_sd_is_doubted(tmp_path: Path) -> None:
    arms = [
        {**ARM1, "sd": "0.2", "quote": "3.0 (0.2)"},
        {**ARM2, "sd": "0.2", "quote": "4.0 (0.2)"},
    ]
    (doubt,) = implausible(load_review(folder(tmp_path, outcomes=arms)))
    assert doubt.severity == "warning"
    assert "Is an SE typed as an SD" in str(doubt)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_gives_an_effect_and_says_its_methods(name: str) -> None:
    settings = settings_of(KNEE.protocol.methods, name=name)
    arms = next(every_pair())
    assert effect_of(KNEE, [arms.one, arms.two], settings, Selection()).vi > 0
    assert name in settings.words()


def test_a_choice_changes_one_method_of_a_profile() -> None:
    settings = settings_of(Methods(profile="revman5"), tau2="PM")
    assert settings.profile.tau2 == "PM"
    assert settings.profile.ci == profile("revman5").ci


def test_assumed_methods_are_no_longer_assumed_once_they_are_chosen() -> None:
    methods = Methods(profile="revman5", assumed="not read")
    assert settings_of(methods).assumed == "not read"
    assert settings_of(methods, tau2="PM").assumed is None


def test_no_row_set_of_the_reviews_fails_otherwise_than_with_a_reason() -> None:
    for name in ("smith2017", "living", "knee_oa"):
        review = load_review(name)
        for rows in row_sets(row for row in review.outcomes if row.use != "no").values():
            try:
                effect_of(review, rows, REVMAN, Selection(include_sensitivity=True))
            except NotComputableError as reason:
                assert str(reason)
