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

BASE = synthesise(load_review("smith2017"))[0]
BOTH = pytest.mark.parametrize("code", LANGUAGES)
DIRECTION = re.compile(r"favours|numbers favour|går (gjennomsnittet )?i favør|tallene går")
OPEN = re.compile(r"can't tell whether|kan ikke vise om")
# What no rule may ever say of an average.
NEVER = re.compile(
    r"\bworks?\b|\bproven?\b|effective|beneficial|harmful|superior|no (significant )?difference|"
    r"equivalent|as good as|\bbetter than\b|virker|effektiv|bevist|ingen (signifikant )?forskjell|"
    r"likeverdig|like god|bedre enn",
    re.IGNORECASE,
)


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
        assert DIRECTION.search(text)
        assert not OPEN.search(text)
    else:
        assert found.kind.endswith("open") or found.kind in {"unmeasured", "unknown", "contradict"}
        assert found.kind == "contradict" or not DIRECTION.search(text)
        assert not result or OPEN.search(text)
    assert not NEVER.search(text)


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
        assert re.search(rf"\b{20 * k} (people|personer)", first)
    if k == 1 and missing:
        assert re.match("One trial|Én av", first)


@BOTH
def test_a_direction_on_part_of_the_trials_says_that_the_rest_could_change_it(code: str) -> None:
    part = said(made([-0.5] * 6, [0.01] * 6, missing=4), code)
    whole = said(made([-0.5] * 6, [0.01] * 6), code)
    rest = "the numbers of 4 of those known|tallene fra 4 av dem"
    assert part.kind == whole.kind == "pooled favours"
    assert re.search(r"In the 6 of 10 trials|I de 6 av 10 studiene", part.sentences[0])
    assert re.search(rest, part.sentences[1])
    assert not re.search(rest, whole.sentences[1])


@BOTH
def test_a_wide_interval_is_no_answer(code: str) -> None:
    wide = said(made([-0.3, 0.2], [0.5, 0.5], missing=5), code)
    assert wide.kind == "pooled open"
    assert OPEN.search(wide.sentences[1])


@BOTH
def test_without_an_important_difference_a_narrow_interval_around_0_is_no_answer_either(code: str) -> None:
    narrow = said(made([0.0, 0.01, -0.01], [0.0004] * 3), code)
    assert OPEN.search(narrow.sentences[1])


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


@BOTH
def test_trials_that_contradict_each_other_are_named_on_their_sides(code: str) -> None:
    found = said(made([-1.0, -0.9, 1.0, 0.0], [0.01] * 4, missing=1), code)
    assert found.kind == "contradict"
    assert re.search(r"Trial 0 (and|og) Trial 1 .*painful exercise, Trial 2 ", found.sentences[0])
    assert "Trial 3" not in found.sentences[0]
    assert "SMD" not in " ".join(found.sentences)


@BOTH
def test_nothing_is_said_for_or_against_without_numbers(code: str) -> None:
    unknown = said(made([], [], missing=3), code)
    assert re.match("We don't know: 3 trials|Vi vet ikke: Vi kjenner til 3 studier", unknown.sentences[0])
    nobody = said(made([], []), code)
    assert re.match("We don't know: no trial|Vi vet ikke: Vi kjenner ikke til noen", nobody.sentences[0])
    for one in (unknown, nobody):
        assert re.search("neither for nor against|verken for eller mot", one.sentences[1])


@BOTH
def test_a_calculation_that_failed_gives_no_answer(code: str) -> None:
    found = said(made([-0.5] * 6, [0.01] * 6, flags=("not_converged",)), code)
    assert found.kind == "unreliable"
    assert "0.5" not in found.sentences[0].replace(",", ".")


@BOTH
def test_what_weakens_a_direction_is_said_with_it(code: str) -> None:
    weak = said(made([-0.5] * 3, [0.01] * 3, flags=("rows_assumed", "dependent_effects")), code)
    for words in ("assumptions|antakelser", "too narrow|for smalt", "so few|så få"):
        assert re.search(words, weak.sentences[1])


@BOTH
def test_an_hksj_interval_below_walds_is_no_verdict(code: str) -> None:
    """A third of correct ones are (tests/simulations/coverage.csv): nothing is said to be wrong."""
    flagged = made([-0.5] * 8, [0.01] * 8, flags=("hksj_narrower_than_wald",))
    assert said(flagged, code) == said(made([-0.5] * 8, [0.01] * 8), code)
    assert not re.search("too narrow|for smalt", language(code).flags["hksj_narrower_than_wald"])


@BOTH
def test_one_trial_settles_nothing(code: str) -> None:
    found = said(made([-0.5], [0.01], missing=2), code)
    assert found.kind == "single favours"
    assert re.search("does not settle|avgjør ikke", found.sentences[1])


@BOTH
@pytest.mark.parametrize("name", ["smith2017", "living", "knee_oa"])
def test_every_review_is_answered_in_two_sentences(code: str, name: str) -> None:
    for one in synthesise(load_review(name)):
        for sentence in said(one, code).sentences:
            assert sentence.endswith(".")
            assert sentence[0].isupper()
            assert "{" not in sentence
            assert not NEVER.search(sentence)
