"""The dialogue asks what is needed, offers what is known, and ends in rows the review takes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from folders import INSTRUMENT, folder
from livingmeta.engine.effect_sizes import smd
from livingmeta.living.adding import planned
from livingmeta.living.dialogue import converse
from livingmeta.living.drafts import Draft, place_among, prospect
from livingmeta.review.folder import ReviewError, load_review
from livingmeta.review.protocol import Review


class Script:
    """Somebody with answers to questions that begin like this; anything else is left empty."""

    def __init__(self, answers: Mapping[str, str | list[str]]) -> None:
        self.answers = {
            start: list(told) if isinstance(told, list) else [told] for start, told in answers.items()
        }
        self.asked: list[str] = []
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def _next(self, question: str, default: str) -> str:
        self.asked.append(question)
        for start, told in self.answers.items():
            if question.startswith(start) and told:
                return told.pop(0) if len(told) > 1 else told[0]
        return default

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        for _ in range(5):
            answer = self._next(question, default)
            reason = wrong(answer) if wrong else None
            if reason is None:
                return answer
            self.say(reason)
        raise AssertionError(f"{question}: {self.said[-1]}")

    def choice(self, question: str, options: Mapping[str, str], *, default: str = "") -> str:
        answer = self._next(question, default)
        assert answer in options, (question, answer, options)
        return answer

    def yes(self, question: str, *, default: bool) -> bool:
        return self._next(question, "no") == "yes"


TRIAL = {
    "Which trial?": "new",
    "Name and year": "Beta 2024",
    "People randomised": "80",
    "Why the trial fits": "adults with chronic pain, as the paper says",
    "How to cite it": "Beta B. J Pain 2024;1:1",
    "Weeks": "12",
    "Where it stands": "Table 2",
    "Result of “new": "2.9 (SD 1.6)",
    "Result of “comp": "3.7 (SD 1.9)",
    "People in “new": "38",
    "People in “comp": "39",
}


def told(path: Path, **answers: str | list[str]) -> tuple[Review, Draft, Script]:
    review = load_review(folder(path))
    script = Script({**TRIAL, **answers})
    return review, converse(review, script), script


def test_a_new_trial_becomes_rows_that_give_its_effect(tmp_path: Path) -> None:
    review, draft, script = told(tmp_path)
    with planned(str(review.folder), draft) as plan:
        found = prospect(plan.before, plan.after)
    ((pool, effect),) = found.effects
    assert effect.label == "Beta 2024"
    assert effect.yi == smd(2.9, 1.6, 38, 3.7, 1.9, 39)[0]
    assert place_among(pool, effect).startswith("1 of 1 other trials lie lower")
    assert not found.doubts
    assert not any(question.startswith("Which outcome") for question in script.asked)


def test_what_the_review_knows_is_offered_and_not_asked_again(tmp_path: Path) -> None:
    _, draft, script = told(tmp_path, **{"Which trial?": "alpha2001", "Where did": "paper", "Weeks": "26"})
    assert [len(draft[table]) for table in ("trials", "sources", "reports", "instruments")] == [0] * 4
    assert {row["instrument"] for row in draft["outcomes"]} == {"vas"}
    assert not any(question.startswith("Name and year") for question in script.asked)


@pytest.mark.parametrize(
    ("typed", "answers", "cells"),
    [
        ("37,2 ± 14,1", {"Does 14.1": "se"}, {"mean": "37.2", "se": "14.1"}),
        (
            "29 (6 to 52)",
            {"What are 6": "iqr", "Is the first": "median"},
            {"median": "29", "q1": "6", "q3": "52"},
        ),
        (
            "29 (6 to 52)",
            {"What are 6": "ci", "Level": "90"},
            {"mean": "29", "ci_low": "6", "ci_high": "52", "ci_level": "90"},
        ),
    ],
)
def test_what_a_result_leaves_open_is_asked(tmp_path: Path, typed, answers, cells) -> None:
    _, draft, _ = told(tmp_path, **{"Result of “new": typed, **answers})
    row = draft["outcomes"][0]
    assert {name: row[name] for name in cells} == cells


def test_a_difference_is_one_row(tmp_path: Path) -> None:
    review, draft, _ = told(
        tmp_path, **{"What does the paper": "difference", "Difference": "−0.8 (95% CI −1.6; 0.0), p=.05"}
    )
    (row,) = draft["outcomes"]
    assert (row["group"], row["mean"], row["ci_high"], row["p_value"]) == (
        "difference",
        "-0.8",
        "0.0",
        "0.05",
    )
    with planned(str(review.folder), draft) as plan:
        assert prospect(plan.before, plan.after).effects


@pytest.mark.parametrize(
    ("why", "kept"),
    [
        ('adults; "pain was allowed"', "adults; “pain was allowed” [{}]"),
        ("“pain was allowed” [registry]", "“pain was allowed” [registry]"),
        ("adults in pain", "adults in pain"),
    ],
)
def test_quoted_words_on_why_a_trial_fits_name_their_source(tmp_path: Path, why: str, kept: str) -> None:
    draft = converse(load_review(folder(tmp_path)), Script({**TRIAL, "Why the trial fits": why}))
    assert draft["trials"][0]["membership_why"] == kept.format(draft["sources"][0]["source"])


SIGN = "Which group does a negative value"
SIGNED = {
    "1": ("0.81", "0.30", "1.32", ""),
    "2": (
        "-0.81",
        "-1.32",
        "-0.30",
        "sign turned: printed as 0.81 (0.30 to 1.32), where a negative one favours comparison",
    ),
}


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("printed", ["1", "2"])
def test_a_printed_smd_is_turned_to_the_side_its_source_says_whatever_the_scale(
    tmp_path: Path, better: str, printed: str
) -> None:
    path = folder(tmp_path, instruments=[{**INSTRUMENT, "better": better}])
    review = load_review(path)
    script = Script(
        {
            **TRIAL,
            "What does the paper": "difference",
            "What is it?": "SMD",
            SIGN: printed,
            "Difference as printed": "0.81 (95% CI 0.30 to 1.32)",
        }
    )
    draft = converse(review, script)
    (row,) = draft["outcomes"]
    assert (row["mean"], row["ci_low"], row["ci_high"], row.get("note", "")) == SIGNED[printed]
    assert row["quote"] == "0.81 (95% CI 0.30 to 1.32)"
    with planned(str(path), draft) as plan:
        ((pool, effect),) = prospect(plan.before, plan.after).effects
    assert pool.favours == ("new treatment", "comparison")
    assert effect.yi == {"1": 0.81, "2": -0.81}[printed]
    step = SIGNED[printed][3] or "sign as printed"
    assert any(told.endswith(f"no second small-sample correction; {step}") for told in effect.derivation)


def test_an_smd_whose_sign_its_source_does_not_explain_is_never_used(tmp_path: Path) -> None:
    _, draft, _ = told(
        tmp_path,
        **{
            "What does the paper": "difference",
            "What is it?": "SMD",
            "Difference": "0.81 (95% CI 0.30 to 1.32)",
        },
    )
    (row,) = draft["outcomes"]
    assert (row["mean"], row["use"]) == ("0.81", "no")
    assert "does not say which group a negative value of it favours" in row["note"]


@pytest.mark.parametrize(
    ("declared", "mean"), [("1", "-0.81"), ("2", "0.81"), ('"unknown"', "0.81"), (None, "0.81")]
)
def test_without_a_direction_of_the_scale_an_smd_is_turned_to_that_of_the_review(
    tmp_path: Path, declared: str | None, mean: str
) -> None:
    groups = '2 = "comparison"\n'
    line = f"negative_favours = {declared}\n" if declared else ""
    path = folder(tmp_path, toml=(groups, groups + line), instruments=[{**INSTRUMENT, "better": "unknown"}])
    script = Script(
        {
            **TRIAL,
            "What does the paper": "difference",
            "What is it?": "SMD",
            SIGN: "2",
            "Difference": "0.81 (95% CI 0.30 to 1.32)",
        }
    )
    (row,) = converse(load_review(path), script)["outcomes"]
    assert row["mean"] == mean
    asked = any(question.startswith(SIGN) for question in script.asked)
    assert asked is (declared in {"1", "2"})
    minus = "Difference “new treatment” minus “comparison”, like"
    assert any(question.startswith(minus) for question in script.asked) is not asked


def test_a_difference_in_points_is_asked_as_group_1_minus_group_2_and_not_whom_it_favours(
    tmp_path: Path,
) -> None:
    _, draft, script = told(
        tmp_path, **{"What does the paper": "difference", "Difference “new": "−0.8 (95% CI −1.6; 0.0)"}
    )
    assert draft["outcomes"][0]["mean"] == "-0.8"
    assert not any(question.startswith(SIGN) for question in script.asked)


def test_an_answer_that_cannot_be_is_asked_again_with_the_reason(tmp_path: Path) -> None:
    _, _, script = told(tmp_path, **{"People in “new": ["none", "38"], "Weeks": ["-3", "12"]})
    assert any("not a number" in line for line in script.said)
    assert any("not below 0" in line for line in script.said)


def test_a_quote_must_carry_the_numbers(tmp_path: Path) -> None:
    words = ["a little better", "2.9 points (SD 1.6)"]
    _, draft, script = told(tmp_path, **{"The words that carry the numbers of group 1": words})
    assert any("the quote does not show 2.9, 1.6" in line for line in script.said)
    assert draft["outcomes"][0]["quote"] == "2.9 points (SD 1.6)"


def test_a_gap_brings_all_that_is_known(tmp_path: Path) -> None:
    gap = {
        "trial": "alpha2001",
        "outcome": "pain",
        "instrument": "vas",
        "weeks": "26",
        "what": "means",
        "where": "Alpha 2001, table 3",
        "source": "paper",
    }
    review = load_review(folder(tmp_path, gaps=[gap]))
    script = Script(TRIAL)
    draft = converse(review, script, gap=review.gaps[0])
    assert {(row["trial"], row["instrument"], row["weeks"]) for row in draft["outcomes"]} == {
        ("alpha2001", "vas", "26")
    }
    assert any("Look in Alpha 2001, table 3" in line for line in script.said)
    assert not any(question.startswith(("Which", "Weeks", "Measured")) for question in script.asked[:1])


DOUBTS = {
    "an SE typed as an SD": (
        {"Result of “new": "2.9 (SD 0.2)", "Result of “comp": "3.7 (SD 0.2)"},
        "Is an SE typed as an SD",
    ),
    "a value outside the scale": ({"Result of “new": "29 (SD 16)"}, "outside the scale (0 to 10)"),
    "an interval off centre": (
        {"What does the paper": "difference", "Difference": "−0.8 (95% CI −3.0 to 0.0)"},
        "not in the middle of its interval",
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_is_implausible_is_doubted_before_it_is_written(tmp_path: Path, name: str) -> None:
    answers, words = DOUBTS[name]
    review, draft, _ = told(tmp_path, **answers)
    with planned(str(review.folder), draft) as plan:
        doubts = " ".join(prospect(plan.before, plan.after).doubts)
    assert words in doubts


def test_swapped_arms_are_doubted(tmp_path: Path) -> None:
    from folders import ARM1, ARM2, REPORT
    from folders import TRIAL as ALPHA

    trials = [{**ALPHA, "trial": f"t{i}", "label": f"T{i} 200{i}"} for i in range(3)]
    reports = [{**REPORT, "report": f"t{i}", "trial": f"t{i}"} for i in range(3)]
    rows = [
        {**arm, "trial": f"t{i}", "report": f"t{i}", "mean": mean, "quote": f"{mean} ({arm['sd']})"}
        for i in range(3)
        for arm, mean in ((ARM1, f"3.{i}"), (ARM2, "5.0"))
    ]
    review = load_review(folder(tmp_path, trials=trials, reports=reports, outcomes=rows))
    script = Script({**TRIAL, "Result of “new": "5.0 (SD 1.6)", "Result of “comp": "3.2 (SD 1.9)"})
    with planned(str(review.folder), converse(review, script)) as plan:
        doubts = " ".join(prospect(plan.before, plan.after).doubts)
    assert "would fit with its sign turned" in doubts


def test_rows_that_break_the_review_are_refused_where_they_would_stand(tmp_path: Path) -> None:
    review, draft, _ = told(tmp_path, **{"Which trial?": "alpha2001", "Where did": "paper"})
    with pytest.raises(ReviewError, match=r"small/outcomes\.csv row 4"), planned(str(review.folder), draft):
        pass  # the same arms at the same time stand there already


def test_a_second_result_of_a_pooled_trial_waits_for_sensitivity_analyses(tmp_path: Path) -> None:
    review, draft, script = told(
        tmp_path,
        **{
            "Which trial?": "alpha2001",
            "Where did": "paper",
            "Weeks": "8",
            "People in “new": "40",
            "People in “comp": "40",
        },
    )
    assert {row["use"] for row in draft["outcomes"]} == {"sensitivity"}
    assert any("pain-short pools" in line for line in script.said)
    with planned(str(review.folder), draft) as plan:
        found = prospect(plan.before, plan.after)
    assert found.doubts == ()
    assert [effect.yi for effect in found.apart] == [smd(2.9, 1.6, 40, 3.7, 1.9, 40)[0]]


def test_messages_name_the_users_files_and_never_the_copys(tmp_path: Path) -> None:
    base = folder(tmp_path)
    living = tmp_path / "more"
    living.mkdir()
    for file in base.iterdir():
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".csv":
            kept = [line for line in text.splitlines() if not line.startswith("#")][:1]
            (living / file.name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    toml = 'id = "more"\nextends = "small"\ntitle = "t"\nquestion = "q"\n'
    (living / "review.toml").write_text(toml, encoding="utf-8")
    review = load_review(living)
    script = Script({**TRIAL, "Which trial?": "alpha2001", "Where did": "paper"})
    draft = converse(review, script)
    with pytest.raises(ReviewError) as refusal, planned(str(living), draft):
        pass
    assert str(base / "outcomes.csv") in str(refusal.value)
