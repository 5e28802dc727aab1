"""What a person copies from a paper is read as it stands there, or asked about; never guessed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.exchange.entry import EntryError, read_result

ARMS = {
    "37.2 ± 14.1": ({"mean": "37.2", "sd": "14.1"}, {"sd_or_se"}),
    "4.2 +/- 1.1 (n = 20)": ({"mean": "4.2", "sd": "1.1", "n": "20"}, {"sd_or_se"}),
    "29 (6 to 52)": ({"mean": "29"}, {"spread", "centre"}),
    "29 (95% CI 6 to 52)": ({"mean": "29", "ci_low": "6", "ci_high": "52", "ci_level": "95"}, set()),
    "12,4": ({"mean": "12.4"}, set()),
    "3,0 (SD 1,5)": ({"mean": "3.0", "sd": "1.5"}, set()),
    "mean 5 (SE 0.4)": ({"mean": "5", "se": "0.4"}, set()),
    "p<.001": ({"p_value": "0.001", "p_relation": "<"}, set()),
    "P = 0.03": ({"p_value": "0.03", "p_relation": "="}, set()),
    "median 3 [IQR 2–4]": ({"median": "3", "q1": "2", "q3": "4"}, set()),
    "3 (range 1-9)": ({"mean": "3", "minimum": "1", "maximum": "9"}, {"centre"}),
    "12 of 40 (30%)": ({"events": "12", "n": "40"}, set()),
    "12/40": ({"events": "12", "n": "40"}, set()),
    "1,026.5 (SD 12)": ({"mean": "1026.5", "sd": "12"}, set()),
}
DIFFERENCES = {
    "−0.3 (95% CI −0.6; 0.1)": (
        {"mean": "-0.3", "ci_low": "-0.6", "ci_high": "0.1", "ci_level": "95"},
        set(),
    ),
    "-1.2 (-2.3--0.1), p=0.03": (
        {"mean": "-1.2", "ci_low": "-2.3", "ci_high": "-0.1", "p_value": "0.03", "p_relation": "="},
        {"level"},
    ),
    "5.78 (CI95%: -3.43,14.59; p = 0.33)": (
        {
            "mean": "5.78",
            "ci_low": "-3.43",
            "ci_high": "14.59",
            "ci_level": "95",
            "p_value": "0.33",
            "p_relation": "=",
        },
        set(),
    ),
    "t(45) = −2.1": ({"t_value": "-2.1"}, set()),
}


@pytest.mark.parametrize("text", ARMS)
def test_arms_are_read_as_papers_print_them(text: str) -> None:
    cells, asked = ARMS[text]
    found = read_result(text)
    assert (found.cells, set(found.open)) == (cells, asked)


@pytest.mark.parametrize("text", DIFFERENCES)
def test_differences_are_read_as_papers_print_them(text: str) -> None:
    cells, asked = DIFFERENCES[text]
    found = read_result(text, difference=True)
    assert (found.cells, set(found.open)) == (cells, asked)


def test_answers_fill_what_was_open() -> None:
    found = read_result("29 (6 to 52)").with_answer("centre", "median").with_answer("spread", "iqr")
    assert found.cells == {"median": "29", "q1": "6", "q3": "52"}
    found = read_result("29 (6 to 52)").with_answer("spread", "ci").with_answer("level", "90")
    assert found.cells == {"mean": "29", "ci_low": "6", "ci_high": "52", "ci_level": "90"}
    assert found.open == ()
    assert read_result("3 ± 1").with_answer("sd_or_se", "se").cells == {"mean": "3", "se": "1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing was typed"),
        ("NR", "can't be read"),
        ("1,026", "is 1,026 1026 or 1.026?"),
        ("2 (2,4)", "is 2,4 one number or two?"),
        ("3 (5 to 1)", "5 to 1 is not in order"),
        ("3 ± 1 (SD, SE)", "type one at a time"),
        ("3 (SD 1 to 2)", "an SD is one number"),
        ("3 (IQR 2)", "a IQR is two numbers"),
        ("1.2.3", "two points"),
        ("about 5", "can't be read"),
        ("6-52", "can't be read"),
    ],
)
def test_what_could_mean_two_things_is_refused(text: str, message: str) -> None:
    with pytest.raises(EntryError) as refusal:
        read_result(text)
    assert message in str(refusal.value)


numbers = st.decimals(-999, 999, places=2).map(str)


@given(numbers, st.decimals("0.01", 99, places=2).map(str), st.sampled_from(".,"), st.booleans())
def test_mean_and_sd_come_back_whatever_the_decimal_sign(mean, sd, point, typographic) -> None:
    text = f"{mean} ± {sd} (SD)".replace(".", point)
    text = text.replace("-", "−") if typographic else text
    assert {k: float(v) for k, v in read_result(text).cells.items()} == {"mean": float(mean), "sd": float(sd)}


@given(numbers, numbers, numbers, st.sampled_from([" to ", "; ", ", "]))
def test_an_interval_comes_back_whatever_stands_between(mean, low, high, between) -> None:
    low, high = sorted((low, high), key=float)
    if low == high:
        return
    found = read_result(f"{mean} (95% CI {low}{between}{high})", difference=True)
    assert [float(found.cells[name]) for name in ("mean", "ci_low", "ci_high")] == [
        float(mean),
        float(low),
        float(high),
    ]


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for difference in (False, True):
        try:
            found = read_result(text, difference=difference)
        except EntryError as refusal:
            assert str(refusal)
        else:
            assert found.cells or found.pair


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("37.2 (SD 14.1), n = 12.5", "n = 12.5 is no whole number of people. What is it?"),
        ("37.2 (SD 14.1), n = 1,026", "n = 1,026 is no whole number of people. Is it n = 1026?"),
        ("n=1.026, 37.2 (SD 14.1)", "Is it n = 1026?"),
        ("n = 1 026; 37.2 (SD 14.1)", "Is it n = 1026?"),
    ],
)
def test_people_that_are_not_whole_are_asked_about(text: str, words: str) -> None:
    with pytest.raises(EntryError, match=re.escape(words)):
        read_result(text)
