"""A level is suggested only for a reason in the numbers, and nothing is ever "no concern"."""

import json
import math
from dataclasses import asdict, replace

import pandas as pd
import pytest

from appraisal.test_absolute import counts
from folders import ARM, INSTRUMENT, REPORT, ROOT, TRIAL, as_csv, folder
from livingmeta.appraisal import certainty
from livingmeta.appraisal.certainty import RATED_DOMAINS, SummaryOfFindings, summary_of_findings
from livingmeta.appraisal.multiverse import shares
from livingmeta.appraisal.scenarios import sensitivity
from livingmeta.engine.methods.information import information_size_of_risks, optimal_information_size
from livingmeta.pages.changes import beyond
from livingmeta.pages.phrases import certainty_short, judged_line, judged_words, suggested_line
from livingmeta.pages.rob_me import tipping
from livingmeta.review.folder import ReviewError, load_review
from livingmeta.synthesis.pool import CONTRADICTION
from livingmeta.synthesis.settings import headline_settings, settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import decimals

TOOL = "Cochrane RoB 2"
PLAN = 'domains = ["pain", "composite"]\n'


def review(path, differences, *, n=40, missing=(), missing_n="2000", bias=(), toml="", points=1):
    """Build a review of trials with these SMDs, in arms of n people with an SD of 2 points."""
    path.mkdir(exist_ok=True)
    sizes = n if isinstance(n, list) else [n] * len(differences)
    names = [f"trial{i}" for i in range(len(differences))]
    gone = missing_n if isinstance(missing_n, list) else [missing_n] * len(missing)
    randomised = {**dict.fromkeys(names, "2000"), **dict(zip(missing, gone, strict=True))}
    trials = [
        {**TRIAL, "trial": name, "label": name, "n_randomised": size} for name, size in randomised.items()
    ]
    arms = [
        {
            **ARM,
            "trial": name,
            "report": name,
            "group": group,
            "n": str(size),
            "sd": str(2 * points),
            "mean": f"{points * mean:.4f}",
            "quote": f"{points * mean:.4f} ({2 * points})",
        }
        for name, d, size in zip(names, differences, sizes, strict=True)
        for group, mean in (("1", 5 + 2 * d), ("2", 5.0))
    ]
    gaps = [
        {
            "trial": name,
            "outcome": "pain",
            "instrument": "vas",
            "weeks": "12",
            "what": "pain",
            "where": "table 2",
            "source": "paper",
        }
        for name in missing
    ]
    rows = [
        {
            "trial": name,
            "tool": TOOL,
            "domain": "overall",
            "judgement": judgement,
            "support": "words",
            "source": "paper",
        }
        for name, judgement in zip(names, bias, strict=False)
    ]
    return load_review(
        folder(
            path,
            toml=(PLAN, PLAN + toml),
            trials=trials or [TRIAL],
            reports=[{**REPORT, "report": name, "trial": name} for name in names],
            instruments=[{**INSTRUMENT, "max": str(10 * points)}],
            outcomes=arms,
            gaps=gaps,
            risk_of_bias=rows,
        )
    )


def found(path, differences, *, important=None, **given) -> SummaryOfFindings:
    return summary_of_findings(review(path, differences, **given), important=important)[0]


def level(one: SummaryOfFindings, about: str) -> int | None:
    return next(s.levels for s in one.suggestions if s.about == about)


def why(one: SummaryOfFindings, about: str) -> str:
    return next(s.words() for s in one.suggestions if s.about == about)


ALIKE = [-0.5, -0.52, -0.48, -0.51, -0.49, -0.5]


def test_an_interval_over_no_effect_is_a_level_and_two_on_few_people_or_with_both_ways(tmp_path) -> None:
    """Without an important difference: no effect and the people needed are both asked."""
    some = [-0.3, 0.1, -0.2, 0.15, -0.1]
    wide = found(tmp_path / "a", some, n=6)
    assert level(wide, "imprecision") == -2
    assert "spans 0 (no effect) and appreciable differences both ways" in why(wide, "imprecision")
    few = found(tmp_path / "b", some, n=19)
    assert level(few, "imprecision") == -2
    assert "less than half of the people needed: 190 people against 400" in why(few, "imprecision")
    more = found(tmp_path / "c", some, n=20)
    assert level(more, "imprecision") == -1
    assert "spans 0 (no effect), with 200 people against 400" in why(more, "imprecision")
    many = found(tmp_path / "d", [-0.02, 0.02, 0.01, -0.01, 0], n=900)
    assert level(many, "imprecision") == -1, "Core GRADE 2: the interval crosses the threshold"


def test_142_people_and_an_interval_of_two_sds_are_two_levels() -> None:
    first = summary_of_findings(load_review("smith2017"))[0]
    assert level(first, "imprecision") == -2
    assert "(−1.24 to 0.64) spans 0 (no effect) and appreciable" in why(first, "imprecision")


@pytest.mark.parametrize("whole", [True, False])
def test_a_limit_exactly_at_the_important_difference_is_important_to_all_who_ask(tmp_path, whole) -> None:
    result = found(tmp_path / "a", ALIKE).pool.result
    assert result is not None
    least = -result.ci_high if whole else -result.ci_low  # the near end of the interval, or the far one
    one = found(tmp_path / "b", ALIKE, important=least)
    both = "includes both an important difference in favour of"
    assert (both in why(one, "imprecision")) is not whole
    assert beyond(result, least) == ("yes" if whole else "not clear")
    counted = shares(pd.DataFrame([asdict(result)]), important=-result.estimate)
    assert counted is not None
    assert counted.beyond_below == 1


def test_with_an_important_difference_each_threshold_crossed_is_a_level(tmp_path) -> None:
    wide = found(tmp_path / "a", [-0.3, 0.1, -0.2], n=12, important=0.3)
    assert level(wide, "imprecision") == -2
    assert "in favour of either group" in why(wide, "imprecision")
    one = found(tmp_path / "b", ALIKE, important=0.5)
    assert level(one, "imprecision") == -1
    assert "an important difference in favour of new treatment and less" in why(one, "imprecision")
    narrow = found(tmp_path / "c", [-0.01, 0.01, 0, 0.02, -0.02], n=900, important=0.3)
    assert level(narrow, "imprecision") == 0  # no effect inside, but nothing important


def test_a_narrow_interval_of_few_people_is_held_against_the_people_needed(tmp_path) -> None:
    large = [-1.2, -1.21, -1.19, -1.2, -1.2, -1.22]
    few = found(tmp_path / "a", large, n=15)
    assert level(few, "imprecision") == -2
    assert "180 people are fewer than 400, a rule of thumb" in why(few, "imprecision")
    assert level(found(tmp_path / "e", large, n=20), "imprecision") == -1
    assert level(found(tmp_path / "f", ALIKE, n=16), "imprecision") == -1  # no large effect
    many = found(tmp_path / "b", ALIKE, n=80)
    assert level(many, "imprecision") == 0
    assert why(many, "imprecision").startswith("none suggested: ")
    # R: power.t.test(delta = 0.2, power = 0.8) gives 393.4 per arm
    given = found(tmp_path / "c", large, n=20, important=0.1)
    assert "240 people are fewer than 788, as one trial would need for a small effect" in why(
        given, "imprecision"
    )
    assert level(given, "imprecision") == -2


def test_of_effects_that_are_not_large_a_threshold_asks_no_information_size(tmp_path) -> None:
    """GRADE guidance 34: "the CI does not cross the threshold(s) and the relative effect is large".

    Six trials of 960 people, and an interval well beyond a difference of 0.1: that one trial needs
    3,142 people to show 0.1 is no reason to doubt them.
    """
    one = found(tmp_path, ALIKE, n=80, important=0.1)
    assert level(one, "imprecision") == 0
    assert "the information size is asked of large effects only" in why(one, "imprecision")


def test_an_hksj_interval_below_walds_moves_no_rating(tmp_path) -> None:
    """It is as common among correct intervals; people are held against those needed."""
    many = review(tmp_path, ALIKE, n=80)
    pools = synthesise(many, settings=settings_of(many.protocol.methods, ci="hksj"))
    (one,) = summary_of_findings(many, pools=pools)
    assert "hksj_narrower_than_wald" in one.pool.flags
    assert level(one, "imprecision") == 0


# R: ceiling(power.t.test(delta = d, sd = 1, power = 0.8)$n)
PER_ARM = {0.1: 1571, 0.2: 394, 0.3: 176, 0.5: 64, 0.8: 26, 1.0: 17, 1.5: 9, 2.0: 6, 3.0: 4}


@pytest.mark.parametrize("difference", PER_ARM)
def test_the_optimal_information_size_is_that_of_one_trial(difference) -> None:
    assert optimal_information_size(difference) == 2 * PER_ARM[difference]


# R: 2 * ceiling(power.prop.test(p1 = p, p2 = 0.75 * p, power = 0.8)$n)
BOTH_ARMS = {0.01: 43568, 0.05: 8404, 0.12: 3276, 0.2: 1812, 0.4: 712, 0.9: 102}


@pytest.mark.parametrize("risk", BOTH_ARMS)
def test_the_people_needed_to_tell_two_risks_apart_are_those_of_r(risk) -> None:
    assert information_size_of_risks(risk, 0.75 * risk) == BOTH_ARMS[risk]
    assert information_size_of_risks(0.75 * risk, risk) == BOTH_ARMS[risk]


def test_the_people_needed_are_about_those_of_a_printed_figure() -> None:
    """KCE process book, 5.5.4: at "0.2 and … an RRR of 25%, the OIS is approximately 2 000"."""
    assert round(information_size_of_risks(0.2, 0.15), -3) == 2000


def of_counts(path, *arms, important=None, per_1000=None, **given):
    return summary_of_findings(
        load_review(counts(path, *arms, **given)), important=important, per_1000=per_1000
    )[0]


def test_the_people_needed_of_a_ratio_follow_from_the_control_arms(tmp_path) -> None:
    """Five trials whose control risks have the median 20%: R's 1,812 people for each measure."""
    arms = [(12, 100, 20, 100), (6, 100, 10, 100), (21, 100, 30, 100), (10, 100, 15, 100), (13, 100, 20, 100)]
    needed = "1,000 people are fewer than 1,812, as one trial would need for a quarter fewer events"
    for measure in ("RR", "OR", "RD"):
        one = of_counts(tmp_path / measure, *arms, measure=measure)
        assert level(one, "imprecision") == -1
        assert f"{needed} than at a risk of 20.0%" in why(one, "imprecision")
    none = of_counts(tmp_path / "none", (0, 100, 0, 100), (4, 100, 0, 100), (9, 100, 0, 100), measure="OR")
    assert "none is known" in why(none, "imprecision")


def test_an_interval_of_a_ratio_with_appreciable_differences_both_ways_is_two_levels(tmp_path) -> None:
    """GRADE guidelines 6: "an RR of under 0.75 or over 1.25 as a rough guide"."""
    arms = [(10, 50, 10, 50), (9, 50, 10, 50), (11, 50, 10, 50)]
    for measure in ("RR", "OR", "RD"):
        one = of_counts(tmp_path / measure, *arms, measure=measure)
        assert level(one, "imprecision") == -2
        assert "appreciable differences both ways" in why(one, "imprecision")


def test_an_odds_ratio_is_rated_alike_whichever_event_is_counted(tmp_path) -> None:
    """Of 20 people per arm 19 with the event, or 1 without it: the same trials, the same levels."""
    arms = [(19, 20, 19, 20), (18, 20, 19, 20), (19, 20, 18, 20)]
    none = [(n1 - a, n1, n2 - c, n2) for a, n1, c, n2 in arms]
    for measure in ("OR", "RD"):
        one, other = (
            of_counts(tmp_path / f"{measure}{i}", *listed, measure=measure)
            for i, listed in enumerate((arms, none))
        )
        assert one.pool.result.estimate == pytest.approx(-other.pool.result.estimate)
        assert level(one, "imprecision") == level(other, "imprecision") == -2


def test_large_ratios_of_far_too_few_people_are_two_levels_and_others_one(tmp_path) -> None:
    """Large: "a relative risk reduction greater than 30%", the odds ratio read as risk ratio."""
    steady = [(n // 2, n, n * 4 // 5, n) for n in (30, 30, 30, 30, 30)]  # RR 0.62, OR 0.25
    for measure in ("RR", "OR"):
        assert level(of_counts(tmp_path / measure, *steady, measure=measure), "imprecision") == 0
    few = [(20, 40, 32, 40)]
    assert level(of_counts(tmp_path / "few", *few), "imprecision") == -2
    little = [(60, 100, 80, 100)]  # RR 0.75
    one = of_counts(tmp_path / "little", *little)
    assert level(one, "imprecision") == 0, why(one, "imprecision")


def test_people_per_1000_are_held_against_a_ratio_at_the_median_risk(tmp_path) -> None:
    """Twenty trials, a risk ratio of 0.78 (0.68 to 0.90) at 20%: 64 to 20 fewer per 1,000."""
    arms = [(16 + i % 3 - 1, 100, 20 + i % 2, 100) for i in range(20)]
    expected = {
        5: (0, "excludes less than the important difference"),
        40: (-1, "includes both an important difference in favour of new treatment and less"),
        100: (0, "lies wholly among differences too small to be important"),
        300: (
            0,
            "lies wholly among differences too small to be important",
        ),  # from 20% no one can have 30 points fewer
    }
    for measure in ("RR", "OR", "RD"):
        loaded = load_review(counts(tmp_path / measure, *arms, measure=measure))
        for people, (levels, said) in expected.items():
            one = summary_of_findings(loaded, per_1000=people)[0]
            assert level(one, "imprecision") == levels
            assert said in why(one, "imprecision")


def test_a_difference_that_does_not_fit_the_effects_is_refused(tmp_path) -> None:
    smds = review(tmp_path / "a", ALIKE)
    with pytest.raises(ValueError, match="per_1000 counts people with an event, and effects are S"):
        summary_of_findings(smds, per_1000=20)
    ratios = load_review(counts(tmp_path / "b", (4, 40, 8, 40)))
    with pytest.raises(ValueError, match="the same thing said twice"):
        summary_of_findings(ratios, per_1000=20, important=0.2)
    with pytest.raises(ValueError, match="between 0 and 1,000"):
        summary_of_findings(ratios, per_1000=1000)
    bare = load_review(counts(tmp_path / "c", (4, 40, 0, 40), (3, 40, 0, 40)))
    one = summary_of_findings(bare, per_1000=20)[0]
    assert level(one, "imprecision") is None
    assert "no baseline risk is known" in why(one, "imprecision")


def test_imprecision_as_a_published_example_rates_it(tmp_path) -> None:
    """A worked table: an interval over no effect, and fewer people than one trial needs.

    "Boundaries of CI crossing the no effect line which downgrades the quality of evidence by one
    level"; "Number of participants needed for a single powered trial is higher … quality of
    evidence not downgraded on this basis" (bmjopen.bmj.com/highwire/markup/118842, table 8).
    """
    one = found(tmp_path, [-0.3, 0.1, -0.2, 0.15, -0.1], n=30)
    assert level(one, "imprecision") == -1
    assert "300 people against 400" in why(one, "imprecision")


def test_trials_that_contradict_each_other_are_two_levels(tmp_path) -> None:
    one = found(tmp_path, [-1.5, 1.4, -1.3, 1.6, 1.2], n=60)
    assert level(one, "inconsistency") == -2
    assert "exclude 0 (no effect) on both sides" in why(one, "inconsistency")


FAR_APART = [-1.0, -1.4, -1.8, -2.2, -1.2, -2.0]


def test_trials_that_all_lie_far_beyond_the_threshold_are_not_downgraded_for_i2(tmp_path) -> None:
    """Core GRADE 3: where the estimates lie in relation to the threshold decides, not I²."""
    for name, important, target in [
        ("a", 0.3, "beyond the important difference in favour of new treatment"),
        ("b", None, "in favour of new treatment"),
    ]:
        one = found(tmp_path / name, FAR_APART, n=100, important=important)
        assert one.pool.result.i2 > 75
        assert level(one, "inconsistency") == 0
        assert f"all 6 estimates are {target}; I² = " in why(one, "inconsistency")
        assert ("judged against no effect" in why(one, "inconsistency")) == (important is None)


def test_the_same_trials_on_both_sides_of_the_threshold_are_a_level(tmp_path) -> None:
    around = found(tmp_path / "a", FAR_APART, n=100, important=1.5)
    assert level(around, "inconsistency") == -1
    assert "3 of 6 estimates, with 51% of the weight, are not beyond" in why(around, "inconsistency")
    assert why(around, "inconsistency").endswith("(our rule)")
    moved = found(tmp_path / "b", [one + 1.05 for one in FAR_APART], n=100)
    assert level(moved, "inconsistency") == -1
    wide = found(tmp_path / "c", [one + 1.05 for one in FAR_APART], n=10)
    assert level(wide, "inconsistency") == 0, "on both sides, but as chance lets them"


def test_an_i2_below_the_half_is_never_printed_as_half_and_no_level_says_why(tmp_path) -> None:
    trials = [-0.2, 0.6, -0.1, 0.5, -0.3, 0.4, 0.3, 0.05]
    below, above = (
        found(tmp_path / f"{least}", trials, n=[least + 8 * i for i in range(8)]) for least in (16, 17)
    )
    assert round(below.pool.result.i2) == 50 > below.pool.result.i2
    assert (level(below, "inconsistency"), level(above, "inconsistency")) == (0, -1)
    assert "I² = 49." in why(below, "inconsistency")
    assert why(below, "inconsistency").endswith("no level for that, as I² is below 50% (our rule)")


def test_a_prediction_interval_past_no_effect_is_a_level_where_a_trial_lies_there(tmp_path) -> None:
    trials = [-0.3, -0.5, -0.7, -0.9, -1.2, -0.2, -1.3]
    alone = found(tmp_path / "a", trials, n=100)
    assert level(alone, "inconsistency") == 0
    assert "reaches past no effect, the interval does not" in why(alone, "inconsistency")
    one = found(tmp_path / "b", [*trials, 0.1], n=100)
    assert level(one, "inconsistency") == -1
    assert "reaches past no effect, the interval does not" in why(one, "inconsistency")
    assert "pairs of intervals do not overlap" in why(one, "inconsistency")


def test_trials_that_differ_only_in_what_does_not_matter_are_not_downgraded(tmp_path) -> None:
    trials = [-0.2, 0.2, -0.18, 0.19, -0.21, 0.17]
    assert level(found(tmp_path / "a", trials, n=900), "inconsistency") == -2
    small = found(tmp_path / "b", trials, n=900, important=0.5)
    assert level(small, "inconsistency") == 0
    assert "are between the important differences" in why(small, "inconsistency")
    large = found(tmp_path / "c", trials, n=900, important=0.1)
    assert level(large, "inconsistency") == -2
    assert "with important differences both ways" in why(large, "inconsistency")


def test_one_tau2_takes_no_level_under_inconsistency_and_imprecision_both(tmp_path) -> None:
    one = found(tmp_path / "a", [one + 1.6 for one in FAR_APART], n=100, important=0.3)
    result = one.pool.result
    assert level(one, "inconsistency") < 0
    assert result.ci_low < -0.3 < 0.3 < result.ci_high, "two levels, were it counted again"
    assert level(one, "imprecision") == 0
    # R, metafor: r <- rma(yi, vi, data = escalc("SMD", …), method = "DL"); w <- weights(r) / 100
    # coef(r) + c(-1, 1) * qnorm(.975) * sqrt(sum(w^2 * vi)) gives -0.1145 and 0.1145
    assert "(−0.11 to 0.11)" in why(one, "imprecision")
    assert "not here again (our rule)" in why(one, "imprecision")
    alike = found(tmp_path / "b", [-0.02, 0.02, 0.01, -0.01, 0, 0], n=5, important=0.3)
    assert level(alike, "inconsistency") == 0
    assert level(alike, "imprecision") == -2, "as wide, and of few people"


@pytest.mark.parametrize(
    ("trials", "n"), [(FAR_APART, 100), ([one + 1.15 for one in FAR_APART], 40), (ALIKE, 20), (ALIKE[:3], 9)]
)
@pytest.mark.parametrize("important", [None, 0.3, 1.5])
def test_suggestions_do_not_depend_on_which_group_comes_first(tmp_path, trials, n, important) -> None:
    levels = [
        [
            s.levels
            for s in found(
                tmp_path / f"{sign}", [sign * d for d in trials], n=n, important=important
            ).suggestions
        ]
        for sign in (1, -1)
    ]
    assert levels[0] == levels[1]


def test_few_trials_that_agree_do_not_show_consistency(tmp_path) -> None:
    three = found(tmp_path / "a", ALIKE[:3])
    assert level(three, "inconsistency") is None
    assert "3 trials are too few to show that they agree" in why(three, "inconsistency")
    assert level(found(tmp_path / "b", ALIKE), "inconsistency") == 0
    single = found(tmp_path / "c", [-0.5])
    assert "one trial can't disagree with itself" in why(single, "inconsistency")


def test_small_study_effects_are_tested_from_ten_trials_on(tmp_path) -> None:
    nine = found(tmp_path / "a", ALIKE + ALIKE[:3])
    assert why(nine, "small-study effects").startswith("not assessable: 9 trials")
    sizes = [10, 14, 20, 28, 40, 60, 90, 130, 200, 300]
    slope = [-1.3, -1.1, -1.0, -0.8, -0.6, -0.5, -0.4, -0.3, -0.3, -0.2]
    skewed = found(tmp_path / "b", slope, n=sizes)
    assert level(skewed, "small-study effects") == -1
    assert why(skewed, "small-study effects").endswith("for whatever reason (our rule)")
    even = found(tmp_path / "c", [-0.5, -0.4, -0.6, -0.5, -0.4, -0.6, -0.5, -0.4, -0.6, -0.5], n=sizes)
    assert level(even, "small-study effects") == 0
    assert "does not show that there is none" in why(even, "small-study effects")


@pytest.mark.parametrize(
    ("trials", "n"),
    [
        (FAR_APART, 20),
        ([one + 1.15 for one in FAR_APART], 40),
        (ALIKE, 16),
        (ALIKE[:3], 9),
        ([-0.3, 0.1, -0.2, 0.15, -0.1], 6),
    ],
)
@pytest.mark.parametrize("important", [None, 0.6])
def test_suggestions_of_mean_differences_do_not_depend_on_the_unit(tmp_path, trials, n, important) -> None:
    """Points of a scale to 10 or to 100, and what is important in as many points."""
    levels = []
    for points in (1, 10):
        made = review(tmp_path / str(points), trials, n=n, points=points)
        settings = headline_settings(made, measure="MD")
        limit = None if important is None else important * points
        one = summary_of_findings(made, settings=settings, important=limit)[0]
        levels.append([s.levels for s in one.suggestions])
        assert one.pool.measure == "MD"
    assert levels[0] == levels[1]


def test_people_per_1000_on_the_command_line_reach_suggestion_and_worksheet(say, tmp_path) -> None:
    made = counts(tmp_path, *[(16 + i % 3 - 1, 100, 20 + i % 2, 100) for i in range(20)])
    asked = (str(made), "--important-per-1000", "40")
    document = json.loads(say("certainty", *asked, "--json").out)
    (imprecision,) = [
        s for s in document["summary_of_findings"][0]["suggestions"] if s["about"] == "imprecision"
    ]
    assert imprecision["levels"] == -1
    sheet = tmp_path / "sheet.csv"
    assert say("certainty", *asked, "--worksheet", str(sheet)).status == 0
    assert "with 40 people per 1,000 as the smallest" in sheet.read_text(encoding="utf-8")
    refused = say("certainty", "smith2017", "--important-per-1000", "40", "--json")
    assert refused.status == 2
    assert "per_1000 counts people with an event" in refused.err


def test_ten_effects_of_nine_trials_are_not_tested_and_dependent_ones_take_no_level(tmp_path) -> None:
    sizes = [10, 14, 20, 28, 40, 60, 90, 130, 200, 300]
    slope = [-1.3, -1.1, -1.0, -0.8, -0.6, -0.5, -0.4, -0.3, -0.3, -0.2]
    made = review(tmp_path, slope, n=sizes)
    pool = summary_of_findings(made)[0].pool

    def again(effects, flags=()):
        (one,) = summary_of_findings(
            made, pools=[replace(pool, effects=effects, flags=(*pool.flags, *flags))]
        )
        return one

    first, second, *rest = pool.effects
    nine = again((first, replace(second, trial=first.trial), *rest))
    assert "9 trials, and below 10" in why(nine, "small-study effects")
    tied = again(pool.effects, flags=("dependent_effects",))
    assert level(tied, "small-study effects") is None
    assert "as if they were independent" in why(tied, "small-study effects")


def test_missing_trials_are_a_level_for_what_they_could_turn_and_unknown_ones_are_not_denied(
    tmp_path,
) -> None:
    one = found(tmp_path / "a", ALIKE[:2], missing=("gone",))
    assert level(one, "missing evidence") == -1
    assert "1 of 3 trials known to have measured it have no usable numbers here" in why(
        one, "missing evidence"
    )
    none = found(tmp_path / "b", ALIKE[:2])
    assert why(none, "missing evidence").startswith("not assessable: ")
    unknown = found(tmp_path / "c", ALIKE, n=400, missing=("gone",), missing_n="")
    assert level(unknown, "missing evidence") is None
    assert "what they could change is not computed: how many people" in why(unknown, "missing evidence")


def test_one_missing_trial_of_unknown_size_is_not_made_up_for_by_another(tmp_path) -> None:
    """The one that is known turns nothing, and of the other nothing can be said."""
    one = found(tmp_path, ALIKE, n=200, missing=("gone", "lost"), missing_n="40")
    assert level(one, "missing evidence") == 0
    known = found(tmp_path / "b", ALIKE, n=200, missing=("gone", "lost"), missing_n=["40", ""])
    assert level(known, "missing evidence") is None
    assert "but how many people lost randomised is not known" in why(known, "missing evidence")


def test_ten_people_of_10638_change_nothing(tmp_path) -> None:
    for name, trials in (("a", ALIKE), ("b", [-0.01, 0.02, -0.02, 0.01, 0, 0.01])):
        one = found(tmp_path / name, trials, n=[886] * 5 + [884], missing=("gone",), missing_n="10")
        assert one.people == 10_628
        assert level(one, "missing evidence") == 0
        assert "(10 people, 10,628 are pooled); no SMD of theirs from −1.2" in why(one, "missing evidence")


def test_ten_people_change_nothing_where_random_effects_give_them_weight(tmp_path) -> None:
    """A trial of 10 people, beside 7,200 in trials that differ much, counts nearly as each does."""
    trials = [-2.9, 1.1, -1.3, -0.2, -0.8, -2.2, -0.1, -1.0, 0.3, -0.6, -1.9, -0.4]
    one = found(tmp_path, trials, n=300, missing=("gone",), missing_n="10", important=0.2)
    assert level(one, "missing evidence") == 0
    assert "the interval would span 0 (no effect), but they are fewer than 1 in 100 people" in why(
        one, "missing evidence"
    )


@pytest.mark.parametrize(("missing_n", "expected"), [("3", 0), ("40", None), ("", None)])
def test_what_is_missing_of_ratios_is_no_level_and_not_assessable_unless_next_to_nothing(
    tmp_path, missing_n, expected
) -> None:
    arms = [(16 + i, 100, 20 - i, 100) for i in range(4)]
    gone = {**TRIAL, "trial": "gone", "label": "Gone", "n_randomised": missing_n}
    made = counts(tmp_path, *arms)
    with (made / "trials.csv").open("a", encoding="utf-8") as file:
        file.write(as_csv("trials", [gone]).split("\n", 1)[1])
    gap = {
        "trial": "gone",
        "outcome": "pain",
        "instrument": "vas",
        "weeks": "12",
        "what": "pain",
        "where": "table 2",
        "source": "paper",
    }
    (made / "gaps.csv").write_text(as_csv("gaps", [gap]), encoding="utf-8")
    one = summary_of_findings(load_review(made))[0]
    assert level(one, "missing evidence") == expected
    assert ("fewer than 1 in 100" in why(one, "missing evidence")) == (expected == 0)
    assert ("is not computed" in why(one, "missing evidence")) == (expected is None)


def test_missing_trials_that_move_the_estimate_to_the_other_side_are_a_level(tmp_path) -> None:
    """An interval too wide to be turned is no reason to say that nothing could change."""
    one = found(tmp_path, [0.2], n=24, missing=("gone", "lost"), missing_n="80")
    assert level(one, "missing evidence") == -1
    assert "the estimate would be −0." in why(one, "missing evidence")


def with_gaps(path):
    """Reviews with missing trials: those shipped, and some of which they could turn more or less.

    knee_oa has none.
    """
    built = [
        (ALIKE, 30, "10"),
        (ALIKE, 30, "80"),
        (FAR_APART, 20, "2000"),
        ([0.2], 24, "80"),
        ([-0.3, 0.1, -0.2], 12, ""),
        ([0.02, -0.01, 0.01], 900, "80"),
    ]
    return [
        *(load_review(name) for name in ("smith2017", "living")),
        *(
            review(path / f"{i}", trials, n=n, missing=("gone", "lost"), missing_n=size)
            for i, (trials, n, size) in enumerate(built)
        ),
    ]


def test_certainty_and_sensitivity_never_disagree_on_what_is_missing(tmp_path) -> None:
    """Both rest on one analysis: what turns in the one turns in the other, at the same SMDs."""
    levels = []
    for one in with_gaps(tmp_path):
        for row, bends in zip(summary_of_findings(one), sensitivity(one), strict=True):
            assert row.pool.key == (bends.main.synthesis, bends.main.subgroup)
            absent, said = bends.absence, why(row, "missing evidence")
            found_level = level(row, "missing evidence")
            levels.append(found_level)
            if absent.why_not is not None:
                assert found_level is None
                continue
            now = absent.excludes
            turned = [
                name
                for name, pool in absent.scenarios
                if (pool.result.ci_low > 0 or pool.result.ci_high < 0) != now
            ]
            if turned or absent.likely_tips:
                assert found_level == (0 if "fewer than 1 in 100" in said else -1)
                assert f"would {'span' if now else 'exclude'} 0 (no effect)" in said
            elif found_level == 0:
                assert "turns what the interval or the estimate says" in said
            for tip in absent.likely_tips:
                shown = decimals(tip)[0]
                assert shown in said
                assert shown in tipping(bends)
    assert {None, 0, -1} <= set(levels)


@pytest.mark.parametrize(
    ("judgements", "expected", "words"),
    [
        (["high", "high", "low"], -1, "67% of the weight"),
        (["low", "low", "high"], 0, "none suggested"),
        (["low", "low"], None, "1 of 3 trials without an overall judgement"),
        ([], None, "3 of 3 trials without"),
        (["low", "", ""], None, "2 of 3 trials without an overall judgement (2 with facts"),
    ],
)
def test_risk_of_bias_is_taken_from_recorded_judgements_only(tmp_path, judgements, expected, words) -> None:
    one = found(tmp_path, ALIKE[:3], bias=judgements)
    assert level(one, "risk of bias") == expected
    assert words in why(one, "risk of bias")


def test_a_panel_is_told_whether_trials_at_high_risk_found_something_else(tmp_path) -> None:
    """R, metafor: rma(yi, vi, mods = ~ high, tau2 = rma(yi, vi)$tau2)$QMp gives 0.0864."""
    judged = ["high", "high", "low", "low"]
    one = found(tmp_path / "a", [-1.0, -0.9, -0.2, -0.3], n=50, bias=judged)
    assert "the others' results differ from theirs with P = 0.086" in why(one, "risk of bias")
    all_high = found(tmp_path / "b", ALIKE[:3], bias=["high"] * 3)
    assert "differ" not in why(all_high, "risk of bias")
    assert why(all_high, "risk of bias").endswith("of the weight (our rule)")


def test_without_numbers_nothing_is_suggested(tmp_path) -> None:
    one = found(tmp_path, [], missing=("gone",))
    assert {s.levels for s in one.suggestions} == {None}
    assert suggested_line(one) == (
        "suggested: nothing, there are no numbers to rate, 6 of 6 domains not assessable"
    )


def test_that_no_level_goes_down_is_said_only_where_a_domain_was_assessed(tmp_path) -> None:
    some = found(tmp_path, ALIKE, n=400, bias=["low"] * 6)
    blank = tuple(replace(of, levels=None) for of in some.suggestions)
    none = replace(some, suggestions=blank)
    assert some.down == none.down == 0
    assert certainty_short(some) == "not judged; our checks lower nothing"
    assert "no level down by what could be computed" in suggested_line(some)
    assert certainty_short(none) == "not judged; nothing here could be checked"
    assert "no level down" not in suggested_line(none)


def test_a_judgement_stands_beside_the_suggestion_and_does_not_move_it(tmp_path) -> None:
    toml = """
[[judgement]]
synthesis = "pain-short"
about = "imprecision"
judgement = "one level down"
why = "the interval is no worse"
by = "A. Reviewer"

[[judgement]]
synthesis = "pain-short"
about = "certainty"
judgement = "very low"
why = "see the domains"
by = "A. Reviewer"
"""
    one = found(tmp_path, [-0.3, 0.1, -0.2], n=12, toml=toml)
    (said,) = [s for s in one.suggestions if s.about == "imprecision"]
    assert said.levels == -2
    assert judged_words(said) == "one level down (the interval is no worse; A. Reviewer)"
    assert judged_line(one) == "judged: very low (see the domains; A. Reviewer)"


@pytest.mark.parametrize(
    ("synthesis", "words"), [("pain-shirt", "no such synthesis"), ("pain-short", "judged twice")]
)
def test_a_judgement_that_fits_nothing_is_refused(tmp_path, synthesis, words) -> None:
    one = f"""
[[judgement]]
synthesis = "{synthesis}"
about = "imprecision"
judgement = "one"
why = "so"
by = "me"
"""
    with pytest.raises(ReviewError, match=words):
        review(tmp_path, [-0.3], toml=one * 2)


def test_levels_are_added_up_to_the_lowest_only(tmp_path) -> None:
    one = found(tmp_path, [-1.5, 1.4, -1.3, 1.6, 1.2], n=60, missing=("gone",), important=0.3)
    assert one.down == 3
    assert "down 3 levels, the most there are" in suggested_line(one)


def test_no_page_says_no_concern() -> None:
    for name in ("smith2017", "living", "knee_oa"):
        for one in summary_of_findings(load_review(name)):
            assert [s.about for s in one.suggestions] == list(RATED_DOMAINS)
            said = " ".join([suggested_line(one), *(s.words() for s in one.suggestions)])
            assert "concern" not in said
            assert (one.certainty, one.rating) == (None, None)
            assert judged_line(one) == "judged: not recorded"


def test_published_certainty_stands_beside() -> None:
    first = summary_of_findings(load_review("smith2017"))[0]
    printed = [(one.printed, one.reading) for one in first.printed]
    assert printed == [("moderate", "primary"), ("low", "secondary"), ("low", "secondary")]
    living = summary_of_findings(load_review("living"))[0]
    assert [one.whole_review for one in living.printed] == [True]


@pytest.mark.slow
def test_the_command_says_all_of_it_and_draws(say, tmp_path) -> None:
    asked = ("--important", "10", "--vas-sd", "25", "--full")
    said = say("certainty", "smith2017", "--out", str(tmp_path), *asked)
    assert said.status == 0
    assert "−2 suggested" in said.flat
    assert "judged: not recorded" in said.flat
    assert "assuming an SD of 25 mm" in said.flat
    assert "Pain, medium term, what each report says" in said.flat
    assert {path.name for path in (tmp_path / "smith2017").iterdir()} == {
        f"{name}.{kind}"
        for name in ("prisma", "bias_traffic", "bias_summary")
        for kind in ("svg", "png", "txt")
    }
    bare = say("certainty", "knee_oa", "--out", str(tmp_path), "--full")
    assert not (tmp_path / "knee_oa" / "bias_traffic.png").exists()
    assert "what each report says" not in bare.flat


def test_the_document_holds_the_same(say) -> None:
    document = json.loads(say("certainty", "living", "--json").out)
    assert set(document) == {"summary_of_findings", "directions", "risk_of_bias", "prisma"}
    first = document["summary_of_findings"][0]
    assert first["suggestions"][0]["levels"] is None
    assert first["judged"] is None
    assert document["prisma"]["total_studies"]["number"] == "17"


@pytest.mark.parametrize("given", [("--important", "0"), ("--important", "-1"), ("--vas-sd", "0")])
def test_nonsense_is_refused(say, given) -> None:
    assert say("certainty", "smith2017", "--json", *given).status == 2


def test_the_page_about_the_rules_names_the_numbers_they_go_by() -> None:
    page = (ROOT / "docs" / "certainty.md").read_text(encoding="utf-8")
    for said in (
        f"I² is {CONTRADICTION:g}% or more",
        f"I² is {certainty.SUBSTANTIAL:g}% or more, and estimates with {certainty.ELSEWHERE:g}% of",
        f"({certainty.APPRECIABLE[0]:g} SD; a risk ratio of 0.75 and 1/0.75, an",
        f"large ({certainty.LARGE[0]:g} SD, a relative risk reduction above 30%)",
        f"but for {certainty.SMALL_EFFECT:g} SD at least, and {certainty.RULE_OF_THUMB} where",
        f"with a level at P < {certainty.ASYMMETRY:g}",
    ):
        assert said in page
    ratios = [math.exp(-size[1]) for size in (certainty.APPRECIABLE, certainty.LARGE)]
    assert ratios == pytest.approx([0.75, 0.7])
    assert (certainty.FAR_SHORT, certainty.REDUCTION) == (0.5, 0.25)
    assert sum("our rule" in line for line in page.splitlines()) >= 6
