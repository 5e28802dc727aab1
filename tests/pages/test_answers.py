"""The plain sentences claim no more than the numbers, in every language."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.pooling import pool
from livingmeta.language import LANGUAGES, language
from livingmeta.pages.answers import Answer, answer
from livingmeta.review.folder import load_review
from livingmeta.synthesis.pool import Missing, Pool
from livingmeta.synthesis.synthesise import synthesise
from spoken import SENTENCES, says

BASE = synthesise(load_review("smith2017"))[0]
EACH = pytest.mark.parametrize("code", LANGUAGES)


def made(yi: list[float], vi: list[float], *, missing: int = 0, flags: tuple[str, ...] = ()) -> Pool:
    """Pool these effects, with so many more trials known to have measured it."""
    effects = tuple(
        replace(
            BASE.effects[0],
            trial=f"t{i}",
            label=f"Trial {i}",
            yi=y,
            vi=v,
            n1=10,
            n2=10,
            arms=((), ()),
            ci_low=y - 1.96 * v**0.5,
            ci_high=y + 1.96 * v**0.5,
            domain="pain",
        )
        for i, (y, v) in enumerate(zip(yi, vi, strict=True))
    )
    result = pool(yi, vi, tau2="DL", ci="wald", prediction="t(k-1)") if yi else None
    gone = tuple(
        Missing(
            trial=f"m{i}",
            label=f"Gone {i}",
            n_randomised=20,
            instruments=(),
            weeks=(),
            what="means",
            where="paper",
        )
        for i in range(missing)
    )
    return replace(
        BASE,
        effects=effects,
        result=result,
        missing=gone,
        sensitivity_only=(),
        dropped=(),
        why_not=None if yi else "no trial has usable numbers",
        flags=(*(result.flags if result else ()), *flags),
    )


def said(one: Pool, code: str = "en", **options: float) -> Answer:
    return answer(one, language=language(code), **options)


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.005, 1)), max_size=8),
    st.integers(0, 5),
    st.sampled_from(list(LANGUAGES)),
)
def test_a_direction_is_named_only_where_the_interval_excludes_no_effect(
    trials: list[tuple[float, float]], missing: int, code: str
) -> None:
    one = made([y for y, _ in trials], [v for _, v in trials], missing=missing)
    found = said(one, code)
    text = " ".join(found.sentences)
    result = one.result
    decided = result is not None and not result.ci_low <= 0 <= result.ci_high
    if decided and not one.contradictory():
        assert says(text, "direction", code)
        assert not says(text, "open", code)
    else:
        assert found.kind.endswith("open") or found.kind in {"unmeasured", "unknown", "contradict"}
        assert found.kind == "contradict" or not says(text, "direction", code)
        assert not result or says(text, "open", code)
    assert not says(text, "never", code)


@given(st.integers(0, 6), st.integers(0, 6), st.sampled_from(list(LANGUAGES)))
def test_the_trials_used_and_the_trials_known_are_always_told(k: int, missing: int, code: str) -> None:
    one = made([-0.5] * k, [0.01] * k, missing=missing)
    first, _ = said(one, code).sentences
    numbers = re.findall(r"\d+", first)
    assert len(one.measured) == k + missing
    if k + missing:
        assert str(k + missing) in numbers
    if k > 1:
        assert str(k) in numbers
        assert says(first, "people", code, n=20 * k)
    if k == 1 and missing:
        assert says(first, "one_of_several", code)


@EACH
def test_a_direction_on_part_of_the_trials_says_that_the_rest_could_change_it(code: str) -> None:
    part = said(made([-0.5] * 6, [0.01] * 6, missing=4), code)
    whole = said(made([-0.5] * 6, [0.01] * 6), code)
    assert part.kind == whole.kind == "pooled favours"
    assert says(part.sentences[0], "part", code)
    assert says(part.sentences[1], "rest", code)
    assert not says(whole.sentences[1], "rest", code)


@EACH
def test_a_wide_interval_is_no_answer(code: str) -> None:
    wide = said(made([-0.3, 0.2], [0.5, 0.5], missing=5), code)
    assert wide.kind == "pooled open"
    assert says(wide.sentences[1], "open", code)


@EACH
def test_without_an_important_difference_a_narrow_interval_around_0_is_no_answer_either(code: str) -> None:
    narrow = said(made([0.0, 0.01, -0.01], [0.0004] * 3), code)
    assert says(narrow.sentences[1], "open", code)


def test_an_important_difference_is_held_against_both_ends() -> None:
    narrow = made([0.0, 0.01, -0.01], [0.0004] * 3)
    assert "lies within SMD 0.30" in said(narrow, important=0.3).sentences[1]
    assert "is possible in both directions" in said(narrow, important=0.01).sentences[1]
    favours = made([-0.5] * 6, [0.01] * 6)
    assert "lies beyond SMD 0.30" in said(favours, important=0.3).sentences[1]
    can = "a difference of SMD 0.50 or more, called important here, is possible in favour of painful"
    assert can in said(favours, important=0.5).sentences[1]
    assert "important" not in said(favours).sentences[1]


@given(st.floats(-1, 1), st.floats(0.001, 0.5), st.floats(0.01, 1))
def test_importance_claims_what_the_interval_shows(y: float, v: float, least: float) -> None:
    one = made([y, y], [v, v])
    assert one.result is not None
    low, high = one.result.ci_low, one.result.ci_high
    then = said(one, important=least).sentences[1]
    assert ("lies within" in then) == (-least < low and high < least)
    assert ("lies beyond" in then) == (high <= -least or low >= least)
    assert ("in both directions" in then) >= (low <= -least and high >= least)


def test_points_on_a_scale_are_smds_times_its_sd() -> None:
    one = made([-0.5] * 6, [0.01] * 6)
    found = said(one, important=0.5, vas_sd=20)
    assert "or −10 points (−12 to −8) on a 0–100 mm scale with an SD of 20" in found.sentences[0]
    assert "a difference of 10 points or more" in found.sentences[1]


@EACH
def test_trials_that_contradict_each_other_are_named_on_their_sides(code: str) -> None:
    found = said(made([-1.0, -0.9, 1.0, 0.0], [0.01] * 4, missing=1), code)
    assert found.kind == "contradict"
    assert says(found.sentences[0], "contradict", code)
    assert "Trial 3" not in found.sentences[0]
    assert "SMD" not in " ".join(found.sentences)


@EACH
def test_nothing_is_said_for_or_against_without_numbers(code: str) -> None:
    unknown = said(made([], [], missing=3), code)
    assert says(unknown.sentences[0], "unknown", code)
    nobody = said(made([], []), code)
    assert says(nobody.sentences[0], "nobody", code)
    for one in (unknown, nobody):
        assert says(one.sentences[1], "neither", code)


@EACH
def test_a_calculation_that_failed_gives_no_answer(code: str) -> None:
    found = said(made([-0.5] * 6, [0.01] * 6, flags=("not_converged",)), code)
    assert found.kind == "unreliable"
    assert "0.5" not in found.sentences[0].replace(",", ".")


@EACH
def test_what_weakens_a_direction_is_said_with_it(code: str) -> None:
    weak = said(made([-0.5] * 3, [0.01] * 3, flags=("rows_assumed", "dependent_effects")), code)
    for words in SENTENCES[code]["weak"]:
        assert re.search(words, weak.sentences[1])


@EACH
def test_an_hksj_interval_below_walds_is_no_verdict(code: str) -> None:
    """A third of correct ones are (tests/simulations/coverage.csv): nothing is said to be wrong."""
    flagged = made([-0.5] * 8, [0.01] * 8, flags=("hksj_narrower_than_wald",))
    assert said(flagged, code) == said(made([-0.5] * 8, [0.01] * 8), code)
    too_narrow = SENTENCES[code]["weak"][1]
    assert not re.search(too_narrow, language(code).flags["hksj_narrower_than_wald"])


@EACH
def test_one_trial_settles_nothing(code: str) -> None:
    found = said(made([-0.5], [0.01], missing=2), code)
    assert found.kind == "single favours"
    assert says(found.sentences[1], "settles_nothing", code)


@EACH
@pytest.mark.parametrize("name", ["smith2017", "living", "knee_oa"])
def test_every_review_is_answered_in_two_sentences(code: str, name: str) -> None:
    for one in synthesise(load_review(name)):
        for sentence in said(one, code).sentences:
            assert sentence.endswith(".")
            assert sentence[0].isupper()
            assert "{" not in sentence
            assert not says(sentence, "never", code)
