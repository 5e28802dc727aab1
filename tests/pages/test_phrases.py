"""The pages say what the numbers say, and no more."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.text import Text

from folders import ARM1, ARM2, DIFFERENCE, folder
from livingmeta.audit.results import results_of, total_people
from livingmeta.engine.measures import on_scale
from livingmeta.engine.pooling import CONFIDENCE, PREDICTION_FROM
from livingmeta.engine.pooling import pool as pooled
from livingmeta.figures.forest import forest_caption, forest_plot
from livingmeta.language import FLAG_WORDS, LANGUAGES, language
from livingmeta.pages.answers import answer, answers
from livingmeta.pages.phrases import (
    beside,
    coverage,
    forest_description,
    percent_of,
    printed_text,
    share,
    spread,
    standing,
    value,
    verdict_words,
)
from livingmeta.pages.tables import tables
from livingmeta.review.folder import load_review
from livingmeta.synthesis.pool import heterogeneity
from livingmeta.synthesis.settings import headline_settings, settings_of
from livingmeta.synthesis.synthesise import repooled, synthesise
from livingmeta.words import decimal, p_words

SMITH = results_of(load_review("smith2017"))
KNEE = results_of(load_review("knee_oa"))
LIVING = results_of(load_review("living"))


def test_the_answers_lead_with_what_rests_on_how_much_and_what_is_published_of_it() -> None:
    pain, medium, *_, last = answers(SMITH)
    shape = (
        r"Pain, short term: In the 3 of 7 trials whose numbers could be pooled \(142 people, 2 of "
        r"the trials on scales that mix outcomes\), the average is SMD −0\.\d\d \(95% CI "
        r"−\d\.\d\d to \d\.\d\d\); with so few trials the method of this interval is cautious "
        r"\(.*\): HKSJ, not modified, gives −\d\.\d\d to \d\.\d\d, and the trials' own estimates "
        r"reach from −0\.72 to 0\.00\. That can't tell whether .* is better: .*\. "
        r"Published −0\.27 \(−0\.54 to −0\.05\), numbers that can all be right only if the "
        r"interval is a skewed one \(bootstrap, profile likelihood, exact, back-transformed\), "
        r"number of trials pooled unknown\. Verdict: partial\."
    )
    assert re.fullmatch(shape, pain), pain
    assert medium.startswith("Pain, medium term: We don't know: 2 trials are known to have")
    assert last == (
        "What could be recomputed neither confirms nor contradicts the review. The review counts "
        "385 people in its trials. Usable numbers lean towards a difference, since abstracts print "
        "numbers when they are significant."
    )


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("ci", CONFIDENCE)
def test_a_wide_interval_of_few_trials_has_hksj_and_their_range_beside_it(ci: str, code: str) -> None:
    """In the answer, and in both pages: the modified and the t interval, below five trials."""
    review = load_review("living")
    tau2 = "ML" if CONFIDENCE[ci].is_profile else None
    told = []
    for ways in ({"ci": ci}, {"ci": "hksj"}):
        settings = settings_of(review.protocol.methods, **ways, tau2=tau2)
        told.append(synthesise(review, settings=settings)[0])
    one, plain = told
    speak = language(code)
    said = beside(one, language=speak)
    assert bool(said) == (ci in {"t", "hksj-modified"})
    assert said in answer(one, language=speak).sentences[0]
    if said:
        ends = (plain.result.ci_low, plain.result.ci_high)
        yi = [effect.yi for effect in one.effects]
        for number in (*ends, min(yi), max(yi)):
            assert speak.decimal(number) in said
    five = replace(one, effects=(*one.effects, one.effects[0]))
    yi, vi = ([getattr(effect, name) for effect in five.effects] for name in ("yi", "vi"))
    assert not beside(replace(five, result=pooled(yi, vi, ci=ci, tau2=tau2)))


@pytest.mark.parametrize(("k", "shown"), [(4, False), (5, True)])
def test_that_a_prediction_interval_holds_too_little_is_said_where_one_is_shown(k: int, shown: bool) -> None:
    """On the pages, that is: from five trials on."""
    base = LIVING.headline_pools[0]
    effects = tuple(replace(base.effects[0], trial=f"t{i}", yi=0.4 * i) for i in range(k))
    one = repooled(base, effects, headline_settings(LIVING.review))
    assert (one.ahead is not None) == shown
    assert ("few_trials_for_prediction" in one.flags) == shown
    assert ("few_trials_for_prediction" in one.result.flags) == shown
    assert (FLAG_WORDS["few_trials_for_prediction"] in forest_caption([one])) == shown


def test_trials_that_contradict_each_other_have_no_pooled_value_among_the_answers() -> None:
    (line,) = [line for line in answers(SMITH) if line.startswith("Function and disability, short")]
    pool = next(p for p in SMITH.headline_pools if p.synthesis == "function-short")
    assert decimal(pool.result.estimate) not in line
    assert "contradict each other: Holmgren 2012 and Rathleff 2015" in line


def test_a_review_with_judged_numbers_is_not_said_to_be_neither_confirmed_nor_contradicted() -> None:
    differs = tuple(replace(v, verdict="differs") for v in SMITH.verdicts)
    assert standing(replace(SMITH, verdicts=differs)).startswith("0 of the ")
    assert standing(replace(SMITH, verdicts=())) == ("This review prints no numbers to compare with.")


def test_two_comparisons_of_one_trial_are_not_two_trials(tmp_path: Path) -> None:
    split = [
        {**arm, "contrast": name, "n": n}
        for name, n in (("high", "20"), ("low", "19"))
        for arm in (ARM1, ARM2)
    ]
    results = results_of(load_review(folder(tmp_path, outcomes=split)))
    line, last = answers(results)
    assert "Only 1 trial is known to have measured this (78 people)" in line
    assert "80 people" in last


def test_the_companion_reviews_answers_count_what_is_reproduced() -> None:
    assert answers(KNEE)[-1].startswith(
        "1,230 of the 1,230 printed numbers that could be judged are reproduced."
    )


def test_a_result_on_part_of_the_trials_says_so_in_the_same_line() -> None:
    pool = SMITH.headline_pools[0]
    assert coverage(SMITH.review, pool) == (
        "3 pooled (142 people), 1 in sensitivity analyses only, 3 measured but missing here; "
        "how many trials the review pooled is not known"
    )


def test_a_pooled_value_names_its_share_of_the_trials() -> None:
    short, *_ = SMITH.headline_pools
    assert share(short) == ", 3 of 7 trials known to measure it"
    assert {share(pool) for pool in KNEE.headline_pools} == {""}


def test_the_people_of_the_review_are_those_it_prints() -> None:
    assert total_people(SMITH.review) == 385


def test_a_pool_with_words_only_has_no_numeric_verdict() -> None:
    words = {p.synthesis: verdict_words(SMITH, p) for p in SMITH.headline_pools}
    assert words["pain-short"] == "partial"
    assert words["function-long"] == "not numeric"


def test_the_tables_hold_each_pool_under_both_sets_of_methods() -> None:
    written = tables(SMITH)
    results = written["results"]
    assert len(results) == 12
    short = results[results["synthesis"] == "pain-short"]
    assert short["ci_method"].tolist() == ["hksj-modified", "wald"]
    assert len(written["effects"]) == 9
    assert len(written["reproduction"]) == len(SMITH.verdicts)


def test_every_flag_that_occurs_has_its_words() -> None:
    for results in (SMITH, KNEE, LIVING):
        for pool in results.headline_pools:
            assert set(pool.flags) <= FLAG_WORDS.keys()


@pytest.mark.parametrize(
    ("number", "places", "text"), [(-0.301, 2, "−0.30"), (-0.001, 2, "0.00"), (None, 2, "–"), (91.4, 0, "91")]
)
def test_numbers_have_a_true_minus_and_no_negative_zero(number: float | None, places: int, text: str) -> None:
    assert decimal(number, places) == text


SMALL = {
    **DIFFERENCE,
    "mean": "0.0012",
    "ci_low": "0.0003",
    "ci_high": "0.0021",
    "quote": "0.0012 (0.0003 to 0.0021)",
}


def test_a_small_difference_keeps_its_digits_at_every_door(say, tmp_path: Path) -> None:
    """Two decimals would say "0.00 (0.00 to 0.00)"; the SE is 0.0009 / t(78) = 0.000452."""
    md = ('measure = "SMD"', 'measure = "MD"')
    path = folder(tmp_path, toml=md, outcomes=[SMALL])
    said = "0.00120 (0.00031 to 0.00209)"  # 0.0012 ± 1.96 · 0.000452
    review = load_review(path)
    (pool,) = (one for one in results_of(review).pools if one.result)
    drawn = [text.get_text() for text in forest_plot(review, pool.synthesis).figure.findobj(Text)]
    assert "0.00120 (0.00031 to 0.00209)" in drawn
    assert pool.result is not None
    assert f"MD {said.replace('(', '(95% CI ')}" in value(pool, pool.result)
    for command in (["pool"], ["sensitivity"], ["certainty"]):
        out = re.sub(r"\s+", " ", say(*command, str(path), "--full").out)
        assert f"MD {said}" in out, command
        assert "0.00 (0.00" not in out, command
    assert say("report", str(path), "--out", str(tmp_path / "out")).status == 0
    for name in ("report.md", "report.html"):
        page = (tmp_path / "out" / "small" / name).read_text(encoding="utf-8")
        assert said in page, name
        assert "0.00 (0.00" not in page, name


def test_a_small_tau2_does_not_read_as_none() -> None:
    (pool,) = (one for one in SMITH.headline_pools if one.synthesis == "pain-short")
    assert pool.result is not None
    few = replace(pool, result=replace(pool.result, tau2=0.00061))
    assert "Tau² (REML) = 0.00061;" in heterogeneity(few)
    assert "Tau² (REML) = 0.00061" in spread(few)[0]
    none = replace(pool, result=replace(pool.result, tau2=0.0))
    assert "Tau² (REML) = 0.00;" in heterogeneity(none)


def test_a_small_p_is_a_bound_and_never_zero() -> None:
    assert (p_words(0.00002), p_words(0.2184)) == ("P < 0.001", "P = 0.218")


@pytest.mark.parametrize("lang", ["en", "nb"])
@pytest.mark.parametrize("results", [SMITH, KNEE, LIVING], ids=["smith2017", "knee_oa", "living"])
def test_the_alternative_text_names_every_subgroup_and_pooled_value_drawn(results, lang) -> None:
    speak = language(lang)
    for pool in results.headline_pools:
        drawn = [one for one in results.headline_pools if one.synthesis == pool.synthesis]
        told = forest_description(results.review, drawn, speak)
        assert pool.subgroup is None or f"{pool.subgroup}:" in told
        if pool.result is not None and pool.result.k > 1:
            assert value(pool, pool.result, language=speak) in told
            if pool.result.k >= PREDICTION_FROM and pool.result.pi_low is not None:
                assert speak.decimal(on_scale(pool.measure, pool.result.pi_low)) in told
            assert (speak.say("contradictory_note") in told) >= pool.contradictory()
        if pool.printed is not None:
            assert pool.printed.words[0].replace(".", speak.comma) in told


def test_no_sentence_of_the_report_runs_into_the_next(ran) -> None:
    text = (ran[0] / "report.md").read_text(encoding="utf-8")
    assert "favour painful exercise.\n" in text
    assert not re.findall(r".*[a-z)]\.[A-Z][a-z]+ .*", text)


@pytest.mark.parametrize(("subgroup", "words"), [(None, "no difference"), ("knee", "better"), ("hip", None)])
def test_words_printed_of_a_whole_are_not_those_of_its_subgroups(subgroup, words) -> None:
    about = {"synthesis": "pain", "trial": None, "reading": "primary", "quantity": "text"}
    claims = [
        SimpleNamespace(**about, subgroup=None, printed="no difference"),
        SimpleNamespace(**about, subgroup="knee", printed="better"),
    ]
    pool = SimpleNamespace(key=("pain", subgroup))
    assert printed_text(SimpleNamespace(published=claims), pool) == words


def test_a_level_of_confidence_has_the_decimal_sign_of_its_language() -> None:
    levels = [percent_of(0.975, language=language(code))["level"] for code in ("en", "nb")]
    assert levels == ["97.5", "97,5"]
