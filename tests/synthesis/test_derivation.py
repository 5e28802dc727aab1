"""Whatever a paper reports leads to the same effect, and each step is told."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from scipy import stats

from folders import ARM1, ARM2, DIFFERENCE, INSTRUMENT, SOURCE, TRIAL, folder
from livingmeta.audit.doubts import implausible
from livingmeta.engine.conversions import combine_arms, pooled_sd, sd_of_change
from livingmeta.engine.effect_sizes import mean_difference, prepost_smd, smd
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.quantiles import Quantiles, from_quantiles
from livingmeta.figures.forest import forest_plot
from livingmeta.figures.marks import marks, notes
from livingmeta.review.folder import ReviewError, load_review
from livingmeta.review.protocol import Methods, row_sets
from livingmeta.review.schema import Outcome
from livingmeta.synthesis.derivation import Effect, NotComputableError, effect_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.profiles import PROFILES, profile
from livingmeta.synthesis.settings import Selection, settings_of
from livingmeta.synthesis.synthesise import synthesise

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
        row.model_copy(update={"sd": None, "se": row.sd / math.sqrt(row.n)}) for row in (arms.one, arms.two)
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
    "mask", [as_se, as_ci, as_difference_with_ci, as_difference_with_se, as_p, as_means_and_p]
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


PRINTED_SMD = {
    **DIFFERENCE,
    "measure": "SMD",
    "mean": "-0.4",
    "ci_low": "-0.8",
    "ci_high": "0.0",
    "quote": "-0.4 (-0.8 to 0.0)",
}


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


def test_an_adjusted_difference_without_lender_waits_for_a_sensitivity_analysis(tmp_path: Path) -> None:
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
        ([{**DIFFERENCE, "measure": "OR"}], "its limits are ratios, so above 0"),
        ([{**DIFFERENCE, "n1": ""}], "number of people per arm"),
        ([{**arm, "sd": "", "quote": arm["mean"]} for arm in (ARM1, ARM2)], "have no spread"),
        (
            [{**DIFFERENCE, "ci_low": "", "ci_high": "", "ci_level": "", "quote": "-1.0"}],
            "no SE, interval, t or P value",
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


def test_a_comparison_without_pain_rule_is_flagged_where_rules_are_recorded(tmp_path: Path) -> None:
    ruled = {**TRIAL, "pain_rule1": "up to 5 of 10"}
    assert "contrast_undocumented" in effect(tmp_path / "a", trials=[ruled]).flags
    both = {**ruled, "pain_rule2": "no pain"}
    assert "contrast_undocumented" not in effect(tmp_path / "b", trials=[both]).flags
    assert "contrast_undocumented" not in effect(tmp_path / "c").flags


def test_a_standard_error_typed_as_an_sd_is_doubted(tmp_path: Path) -> None:
    arms = [{**ARM1, "sd": "0.2", "quote": "3.0 (0.2)"}, {**ARM2, "sd": "0.2", "quote": "4.0 (0.2)"}]
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


METHODS = 'measure = "SMD"'
BEFORE = [
    {**ARM1, "weeks": "0", "mean": "6.0", "sd": "1.8", "use": "no", "note": "baseline", "quote": "6.0 (1.8)"},
    {**ARM2, "weeks": "0", "mean": "6.2", "sd": "2.1", "use": "no", "note": "baseline", "quote": "6.2 (2.1)"},
]
DECLARED = '[[correlation]]\nr = 0.6\nwhy = "our guess"\n\n[[synthesis]]'
SOURCED = '[[correlation]]\nr = 0.7\nwhy = "table 3"\nsource = "paper"\n\n[[synthesis]]'


def quantiles(arm: dict[str, str], *five: str) -> dict[str, str]:
    names = ("minimum", "q1", "median", "q3", "maximum")
    cells = dict(zip(names, five, strict=True))
    return {**arm, "mean": "", "sd": "", **cells, "quote": " ".join(filter(None, five))}


def test_quartiles_and_range_lead_to_an_effect_that_says_what_it_assumes(tmp_path: Path) -> None:
    arms = [quantiles(ARM1, "1", "2", "3", "4", "6"), quantiles(ARM2, "", "3", "4", "5", "")]
    found = effect(tmp_path, outcomes=arms)
    one = from_quantiles(Quantiles(n=40, median=3, quartiles=(2, 4), extremes=(1, 6)))
    two = from_quantiles(Quantiles(n=40, median=4, quartiles=(3, 5)))
    assert found.yi == pytest.approx(smd(*one, 40, *two, 40)[0])
    assert any("SD from quartiles and range (Shi 2020)" in step for step in found.derivation)
    assert any("mean from median and quartiles (Luo 2018)" in step for step in found.derivation)
    assert "near-normal data behind median" in (found.assumption or "")
    assert {"quantiles_converted", "rows_assumed"} <= set(found.flags)
    assert "quantiles_skewed" not in found.flags


def test_a_lopsided_summary_is_flagged_as_skewed(tmp_path: Path) -> None:
    found = effect(tmp_path, outcomes=[quantiles(ARM1, "", "1", "1.5", "6", ""), ARM2])
    assert "quantiles_skewed" in found.flags


def test_a_mean_with_quartiles_needs_no_median(tmp_path: Path) -> None:
    arm = {**ARM1, "sd": "", "q1": "2", "q3": "4", "quote": "3.0 (2 to 4)"}
    found = effect(tmp_path, outcomes=[arm, ARM2])
    assert found.mean1 == 3.0
    assert found.sd1 == from_quantiles(Quantiles(n=40, quartiles=(2, 4)))[1]


def test_assumptions_of_conversions_can_be_switched_off(tmp_path: Path) -> None:
    arms = [quantiles(ARM1, "", "2", "3", "4", ""), ARM2]
    said = refusal(tmp_path, Selection(no_assumptions=True), outcomes=arms)
    assert "rests on an assumption (near-normal data" in said


def test_the_review_chooses_how_quartiles_are_read(tmp_path: Path) -> None:
    arms = [quantiles(ARM1, "0", "2", "3", "4", "9"), ARM2]
    other = (METHODS, f'{METHODS}\nmean_from = "wan"\nsd_from = "wan"')
    found = effect(tmp_path, outcomes=arms, toml=other)
    x = Quantiles(n=40, median=3, quartiles=(2, 4), extremes=(0, 9))
    assert (found.mean1, found.sd1) == from_quantiles(x, mean="wan", sd="wan")


CHANGES = [
    {**ARM1, "statistic": "change", "mean": "-3.0", "sd": "", "quote": "-3.0"},
    {**ARM2, "statistic": "change", "mean": "-2.2", "sd": "", "quote": "-2.2"},
]
AFTER = [{**arm, "use": "no", "note": "lends its SD"} for arm in (ARM1, ARM2)]


def test_the_sd_of_a_change_follows_from_both_ends_and_a_correlation(tmp_path: Path) -> None:
    rows = [*BEFORE, *AFTER, *CHANGES]
    found = effect(tmp_path / "a", outcomes=rows, toml=("[[synthesis]]", DECLARED))
    assert found.sd1 == pytest.approx(sd_of_change(1.8, 1.5, 0.6))
    assert found.sd2 == pytest.approx(sd_of_change(2.1, 2.0, 0.6))
    assert "correlation_assumed" in found.flags
    assert found.assumption == "r = 0.6 between before and after: our guess"
    known = effect(tmp_path / "b", outcomes=rows, toml=("[[synthesis]]", SOURCED))
    assert (known.assumption, known.sd1) == (None, pytest.approx(sd_of_change(1.8, 1.5, 0.7)))
    assert "have no spread" in refusal(tmp_path / "c", outcomes=rows)


PREPOST = (METHODS, 'measure = "SMD-PP"')


def test_a_prepost_smd_takes_means_before_and_after(tmp_path: Path) -> None:
    review = load_review(folder(tmp_path, outcomes=[*BEFORE, ARM1, ARM2], toml=("[[synthesis]]", SOURCED)))
    settings = settings_of(Methods(profile="revman5"), measure="SMD-PP")
    (found,) = synthesise(review, settings=settings)[0].effects
    expected = prepost_smd(-3.0, 1.8, 40, 4.0 - 6.2, 2.1, 40, r=0.7)
    assert (found.yi, found.vi) == pytest.approx(expected)
    assert found.measure == "pre-post SMD"


def test_a_prepost_smd_is_refused_without_a_correlation(tmp_path: Path) -> None:
    said = refusal(tmp_path, outcomes=[*BEFORE, ARM1, ARM2], toml=PREPOST)
    assert "needs the correlation of the scores before and after" in said


def test_a_correlation_of_the_trial_goes_before_a_general_one(tmp_path: Path) -> None:
    own = '[[correlation]]\nr = 0.3\nwhy = "its table 2"\ntrial = "alpha2001"\n\n' + DECLARED
    rows = [*BEFORE, *AFTER, *CHANGES]
    found = effect(tmp_path, outcomes=rows, toml=("[[synthesis]]", own))
    assert found.sd1 == pytest.approx(sd_of_change(1.8, 1.5, 0.3))


def test_a_correlation_of_nobody_is_refused(tmp_path: Path) -> None:
    wrong = '[[correlation]]\nr = 0.3\nwhy = "x"\ntrial = "alpha2002"\n\n[[synthesis]]'
    with pytest.raises(ReviewError, match="correlation 1, trial"):
        load_review(folder(tmp_path, toml=("[[synthesis]]", wrong)))


ODDS = {
    **DIFFERENCE,
    "measure": "OR",
    "mean": "0.5",
    "ci_low": "0.25",
    "ci_high": "1.0",
    "quote": "0.5 (0.25 to 1.0)",
}


def test_an_odds_ratio_becomes_an_smd_and_says_so(tmp_path: Path) -> None:
    found = effect(tmp_path, outcomes=[ODDS])
    assert found.yi == pytest.approx(math.log(0.5) * math.sqrt(3) / math.pi)
    assert {"from_odds_ratio", "rows_assumed"} <= set(found.flags)


Z = stats.norm.ppf(0.975)
UNSIZED = {
    **DIFFERENCE,
    "n1": "",
    "n2": "",
    "mean": "-0.7",
    "ci_low": "-1.5",
    "ci_high": "0.1",
    "quote": "-0.7 (-1.5 to 0.1)",
}
RATIO = {**ODDS, "n1": "", "n2": ""}
BLANK = {"ci_low": "", "ci_high": "", "ci_level": ""}


def as_printed(measure: str, **cells: str) -> dict[str, object]:
    """A review of this measure, whose one row prints it."""
    row = {**(RATIO if measure in {"OR", "RR", "HR", "IRR", "ROM"} else UNSIZED), **cells}
    toml = (METHODS, f'measure = "{measure.removeprefix("log ")}"')
    return {"outcomes": [{**row, "measure": measure}], "toml": toml}


@pytest.mark.parametrize("measure", ["MD", "SMD", "RD", "GEN", "log OR", "log HR", "log ROM"])
def test_a_printed_effect_of_the_reviews_measure_needs_no_people(measure: str, tmp_path: Path) -> None:
    found = effect(tmp_path, **as_printed(measure))
    assert (found.yi, found.n1, found.n2) == (-0.7, None, None)
    assert found.vi == pytest.approx((0.8 / Z) ** 2)
    assert found.difference is not None
    assert found.difference.endswith("−0.7 (−1.5 to 0.1)")


@pytest.mark.parametrize("measure", ["OR", "RR", "HR", "IRR", "ROM"])
def test_a_printed_ratio_enters_as_its_log(measure: str, tmp_path: Path) -> None:
    cells = {"se": "3", "quote": "0.5 (3; 0.25 to 1.0)"}  # an SE of the ratio is none of its log
    found = effect(tmp_path, **as_printed(measure, **cells))
    assert found.yi == pytest.approx(math.log(0.5))
    assert found.vi == pytest.approx((math.log(2) / Z) ** 2)
    assert found.difference == f"{measure} 0.5 (0.25 to 1)"


@pytest.mark.parametrize("measure", ["MD", "SMD", "RD", "GEN", "log RR", "HR"])
def test_level_and_basis_of_a_printed_interval_are_obeyed(measure: str, tmp_path: Path) -> None:
    half = math.log(2) if measure == "HR" else 0.8
    wide = effect(tmp_path / "level", **as_printed(measure, ci_level="90", ci_basis="z"))
    assert wide.vi == pytest.approx((half / stats.norm.ppf(0.95)) ** 2)
    of_t = effect(tmp_path / "t", **as_printed(measure, n1="6", n2="6", ci_basis="t"))
    assert of_t.vi == pytest.approx((half / stats.t.ppf(0.975, 10)) ** 2)
    said = refusal(tmp_path / "bare", **as_printed(measure, ci_basis="t"))
    assert "one of t, and the number of people per arm is not known" in said


@pytest.mark.parametrize(
    ("row", "wanted", "said"),
    [
        ({**UNSIZED, "measure": "GEN"}, "SMD", "what is printed is GEN, and no SMD"),
        ({**UNSIZED, "measure": "GEN"}, "MD", "what is printed is GEN, and no MD"),
        ({**UNSIZED, "measure": "SMD"}, "GEN", "what is printed is SMD, and no effect"),
        ({**UNSIZED, "measure": "MD"}, "OR", "what is printed is MD, and no log OR"),
        ({**RATIO, "measure": "HR"}, "OR", "what is printed is HR, and no log OR"),
        ({**RATIO, "measure": "RR"}, "SMD", "what is printed is RR, and no SMD"),
        ({**RATIO, "measure": "OR"}, "MD", "what is printed is OR, and no MD"),
        ({**RATIO, "measure": "HR", "se": "0.3", **BLANK}, "HR", "ci_level is empty: HR 0.5"),
        ({**UNSIZED, "measure": "GEN", "mean": "", "quote": "x"}, "GEN", "itself is not printed"),
        ({**UNSIZED, "measure": "MD"}, "SMD", "number of people per arm is not known"),
    ],
)
def test_an_effect_of_another_measure_is_refused_by_name(
    row: dict[str, str], wanted: str, said: str, tmp_path: Path
) -> None:
    if row["quote"] == "x":
        row = {**row, **BLANK, "se": "0.3", "quote": "0.3"}
    elif "se" in row:
        row = {**row, "quote": "0.5 (SE 0.3)"}
    assert said in refusal(tmp_path, outcomes=[row], toml=(METHODS, f'measure = "{wanted}"'))


@pytest.mark.parametrize(
    ("measure", "wanted", "empty"),
    [
        ("OR", "OR", "ci_low, ci_high or ci_level is empty: OR 0.6 has no SE of its log"),
        ("SMD", "SMD", "se, ci_low and ci_high are empty: from a P value alone no SE of SMD 0.6"),
        ("log OR", "OR", "se, ci_low and ci_high are empty: from a P value alone no SE of log OR"),
        ("GEN", "GEN", "se, ci_low and ci_high are empty: from a P value alone no SE of GEN 0.6"),
    ],
)
def test_an_effect_with_a_p_value_alone_is_refused_with_what_is_missing_and_where(
    measure: str, wanted: str, empty: str, tmp_path: Path
) -> None:
    row = {**DIFFERENCE, **BLANK, "measure": measure, "mean": "0.6", "quote": "0.6 (P = 0.03)"}
    row |= {"p_value": "0.03", "p_relation": "="}
    said = refusal(tmp_path, outcomes=[row], toml=(METHODS, f'measure = "{wanted}"'))
    assert f"outcomes.csv row 2, {empty}" in said


def test_an_effect_whose_kind_is_not_named_is_never_called_standardised(tmp_path: Path) -> None:
    row = {**UNSIZED, "mean": "-12.1", "se": "3.1", **BLANK, "quote": "-12.1 (3.1)"}
    rows = [{**row, "measure": "GEN"}]
    found = effect(tmp_path / "a", outcomes=rows, toml=(METHODS, 'measure = "GEN"'))
    told = " ".join(found.derivation)
    assert "effect as printed: −12.1" in told
    assert not any(word in told for word in ("SMD", "sample correction", "standardised"))
    assert not implausible(load_review(tmp_path / "a" / "small"))
    smds = folder(tmp_path / "b", outcomes=[{**row, "measure": "SMD"}])
    (warning,) = implausible(load_review(smds))
    assert "Is it a difference in points (MD), or an effect of another kind (GEN)?" in str(warning)


COUNTS = [
    {**ARM1, "mean": "", "sd": "", "events": "8", "quote": "8 of 40"},
    {**ARM2, "mean": "", "sd": "", "events": "14", "quote": "14 of 40"},
]


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_counts_give_their_measures(measure: str, tmp_path: Path) -> None:
    toml = (METHODS, f'measure = "{measure}"')
    found = effect(tmp_path, outcomes=COUNTS, toml=toml)
    assert (found.yi, found.vi) == MEASURES[measure].function(8, 40, 14, 40)
    assert found.difference == "8/40 v 14/40"


def test_a_trial_without_events_is_left_out_of_ratios_with_the_reason(tmp_path: Path) -> None:
    none = [{**row, "events": "0", "quote": "none of 40"} for row in COUNTS]
    said = refusal(tmp_path, outcomes=none, toml=(METHODS, 'measure = "OR"'))
    assert "nobody has the event in either arm" in said


@pytest.mark.parametrize("measure", ["GLASS", "ROM"])
def test_means_give_their_measures(measure: str, tmp_path: Path) -> None:
    found = effect(tmp_path, toml=(METHODS, f'measure = "{measure}"\ncorrection = "exact"'))
    expected = MEASURES[measure].function(3, 1.5, 40, 4, 2, 40)
    assert (found.yi, found.vi) == pytest.approx(expected)


TRIPLE = [
    {**ARM1, "contrast": "low"},
    {**ARM2, "contrast": "low"},
    {**ARM1, "contrast": "high", "mean": "2.5", "sd": "1.7", "n": "36", "quote": "2.5 (1.7)"},
    {**ARM2, "contrast": "high"},
]
THREE_ARMS = {**TRIAL, "n_randomised": "160"}


def test_a_shared_group_counted_twice_is_flagged(tmp_path: Path) -> None:
    found = pooled(tmp_path, trials=[THREE_ARMS], outcomes=TRIPLE)
    assert [one.n2 for one in found.effects] == [40, 40]
    assert {"dependent_effects", "shared_group"} <= set(found.flags)
    assert found.people.all == 40 + 36 + 40


def test_a_shared_group_can_be_split(tmp_path: Path) -> None:
    toml = ('several_arms = "separate"', 'several_arms = "split"')
    effects = pooled(tmp_path, trials=[THREE_ARMS], outcomes=TRIPLE, toml=toml).effects
    assert [(one.n1, one.n2) for one in effects] == [(40, 20), (36, 20)]
    assert effects[0].yi == pytest.approx(smd(3, 1.5, 40, 4, 2, 20)[0])
    assert "split between 2 comparisons" in (effects[0].assumption or "")


def test_like_arms_can_be_combined(tmp_path: Path) -> None:
    toml = ('several_arms = "separate"', 'several_arms = "combine"')
    (found,) = pooled(tmp_path, trials=[THREE_ARMS], outcomes=TRIPLE, toml=toml).effects
    n, mean, sd = combine_arms([(40, 3, 1.5), (36, 2.5, 1.7)])
    assert (found.n1, found.mean1, found.sd1) == (n, mean, sd)
    assert (found.n2, found.mean2, found.sd2) == (40, 4, 2)
    assert found.label == "Alpha 2001 (low + high)"
    assert found.assumption is None


def test_t_gives_the_spread_of_a_difference_or_the_smd_itself(tmp_path: Path) -> None:
    t = (3 - 4) / math.sqrt((1.5**2 + 2**2) / 2 * 2 / 40)
    text = f"{t:.10f}"
    with_mean = {**DIFFERENCE, **BLANK, "t_value": text, "quote": f"-1.0 (t = {text})"}
    alone = {**with_mean, "mean": ""}
    expected = pytest.approx(smd(3, 1.5, 40, 4, 2, 40)[0])
    first = effect(tmp_path / "a", outcomes=[with_mean])
    second = effect(tmp_path / "b", outcomes=[alone])
    assert (first.yi, second.yi) == (expected, expected)
    assert any("SE from t" in step for step in first.derivation)
    assert any("SMD = J·t·" in step for step in second.derivation)


def test_a_file_without_a_later_column_stays_valid(tmp_path: Path) -> None:
    path = folder(tmp_path)
    file = path / "outcomes.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    at = header.split(",").index("t_value")
    assert not any(row.split(",")[at] for row in rows)
    kept = [",".join(line.split(",")[:at] + line.split(",")[at + 1 :]) for line in (header, *rows)]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert synthesise(load_review(path))[0].result is not None


def counted(*arms: tuple[int, int]) -> list[dict[str, str]]:
    return [
        {
            **ARM1,
            "group": group,
            "mean": "",
            "sd": "",
            "events": f"{events}",
            "n": f"{n}",
            "quote": f"{events} of {n}",
        }
        for group, (events, n) in zip("12", arms, strict=True)
    ]


@pytest.mark.parametrize(
    ("measure", "rule", "arms", "flags"),
    [
        ("OR", "only0", ((0, 24), (3, 25)), {"empty_cells", "empty_cells_corrected"}),
        ("OR", "only0", ((24, 24), (20, 25)), {"empty_cells", "empty_cells_corrected"}),
        ("OR", "only0", ((2, 30), (5, 29)), set()),
        ("OR", "all", ((2, 30), (5, 29)), {"empty_cells_corrected"}),
        ("RR", "needed", ((24, 24), (20, 25)), {"empty_cells"}),  # log(1/0.8) needs no 0.5
        ("RD", "needed", ((0, 24), (3, 25)), {"empty_cells"}),
        ("RD", "needed", ((0, 22), (0, 21)), {"empty_cells", "empty_cells_corrected", "no_contrast"}),
        ("OR", "keep00", ((0, 20), (0, 21)), {"empty_cells", "empty_cells_corrected", "no_contrast"}),
        ("RD", "needed", ((5, 5), (6, 6)), {"empty_cells", "empty_cells_corrected", "no_contrast"}),
    ],
)
def test_what_is_added_to_empty_cells_is_flagged_where_it_is_added(
    measure: str, rule: str, arms: tuple[tuple[int, int], ...], flags: set[str], tmp_path: Path
) -> None:
    toml = (METHODS, f'measure = "{measure}"\nzero_cells = "{rule}"')
    pool = pooled(tmp_path, outcomes=counted(*arms), toml=toml)
    (found,) = pool.effects
    about_cells = {"empty_cells", "empty_cells_corrected", "no_contrast"}
    assert set(found.flags) & about_cells == flags
    assert set(pool.flags) >= flags
    added = "empty_cells_corrected" in flags
    assert ("0.5 added to each cell" in found.derivation) is added
    assert (" §" in marks(found)) is added
    assert any("§ Alpha 2001: 0.5 added" in note for note in notes([found])) is added


def test_a_trial_left_out_for_two_reasons_says_them_in_one_line(tmp_path: Path) -> None:
    """A table, a list or a figure gives a reason one line."""
    alone = [{**arm, "n": "1"} for arm in (ARM1, ARM2)]
    pool = synthesise(load_review(folder(tmp_path, outcomes=alone)))[0]
    (left,) = pool.dropped
    assert "n1[1] = 1" in left.why
    assert "n2[1] = 1" in left.why
    assert "\n" not in left.why
    forest_plot(pool)  # a line break in a cell has no glyph
