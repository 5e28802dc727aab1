"""Each cell is checked, and what is wrong is said in words a contributor can act on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import pytest

from livingmeta.appraisal.extraction import COMPARED, UNCOMPARED
from livingmeta.pages.dictionary import dictionary
from livingmeta.review.schema import (
    QUOTE_LIMIT,
    QUOTED,
    TABLES,
    UNQUOTED,
    Outcome,
    carries,
    columns,
    read_row,
)

ROOT = Path(__file__).parents[2]

ARM = {
    "trial": "example2020",
    "report": "example2020_paper",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "12",
    "group": "1",
    "statistic": "final",
    "n": "20",
    "mean": "3.1",
    "sd": "1.2",
    "source": "example2020_paper",
    "locator": "table 2",
    "quote": "3.1 (1.2)",
    "use": "yes",
}
DIFFERENCE = {**ARM, "group": "difference", "measure": "MD", "n": "", "sd": ""}


def messages(cells: dict[str, str], table: str = "outcomes") -> list[str]:
    _, problems = read_row(TABLES[table], cells, file="data/x/outcomes.csv", row=9)
    return [str(problem) for problem in problems]


def test_a_complete_arm_has_no_problem() -> None:
    assert messages(ARM) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sd": "0"}, 'sd = "0": a standard deviation must be above 0. If the report gives none'),
        ({"se": "-1"}, 'se = "-1": a standard error must be above 0'),
        ({"mean": "3,1"}, 'mean = "3,1": a comma is not a decimal point here. Write "3.1".'),
        ({"mean": "−3.1"}, 'the minus sign is a typographic dash. Write "-3.1".'),
        ({"mean": "3.1 cm"}, "this is not a number. Write digits with a decimal point"),
        ({"mean": "1e999"}, "this is not a number"),
        ({"mean": "nan"}, "this is not a number"),
        ({"n": "20.5"}, "people are counted in whole numbers from 1"),
        ({"n": ""}, "the number of people in the arm is missing"),
        ({"weeks": "-1"}, "weeks are counted from randomisation"),
        ({"weeks": ""}, "the row has no time"),
        ({"group": "one"}, 'group = "one": choose one of 1, 2, difference.'),
        ({"use": "yess"}, 'use = "yess": choose one of yes, sensitivity, no. Did you mean yes?'),
        ({"trial": ""}, "trial: this cell may not be empty. It holds: key of the trial."),
        ({"trial": "Example 2020"}, "a key is made of small letters"),
        ({"ci_low": "2"}, "an interval has two limits"),
        ({"ci_low": "4", "ci_high": "2", "ci_level": "95"}, "not below the upper one (2)"),
        ({"ci_low": "2", "ci_high": "2", "ci_level": "95"}, "not below the upper one (2)"),
        ({"ci_low": "4", "ci_high": "5", "ci_level": "95"}, "outside its interval (4 to 5)"),
        ({"ci_low": "2", "ci_high": "4"}, "an interval has a level"),
        ({"ci_level": "0.95"}, "a percentage from 50 to below 100"),
        ({"p_value": "0"}, "a P value lies between 0 and 1"),
        ({"p_value": "0.04"}, "p_value and p_relation go together"),
        ({"q1": "5", "q3": "4"}, "it is above q3"),
        ({"events": "21"}, "there are only 20 people"),
        ({"measure": "MD"}, "this cell belongs to difference rows only"),
        ({"use": "no"}, "a row that is never used says why"),
        ({"quote": "x" * (QUOTE_LIMIT + 1)}, "the quote has 201 characters and 200 are allowed"),
    ],
)
def test_a_wrong_cell_is_named_with_reason_and_remedy(change: dict[str, str], message: str) -> None:
    said = messages({**ARM, **change})
    assert any(message in line for line in said), said
    assert all(line.startswith("data/x/outcomes.csv row 9, ") for line in said)


def test_all_problems_of_a_row_are_said_at_once() -> None:
    assert len(messages({**ARM, "sd": "0", "n": "x", "use": "maybe"})) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [({"measure": ""}, "a difference row says what it is"), ({"n": "40"}, "a difference has two arms")],
)
def test_a_difference_row_has_its_own_rules(change: dict[str, str], message: str) -> None:
    assert messages(DIFFERENCE) == []
    assert any(message in line for line in messages({**DIFFERENCE, **change}))


def test_a_p_value_without_size_is_kept_though_never_used() -> None:
    kept = {"measure": "", "mean": "", "p_value": "0.505", "p_relation": "=", "use": "no"}
    assert messages({**DIFFERENCE, **kept, "note": "no size"}) == []


def test_arms_of_a_trial_do_not_exceed_those_randomised() -> None:
    trial = {
        "trial": "example2020",
        "label": "Example 2020",
        "year": "2020",
        "n_randomised": "40",
        "n1_randomised": "21",
        "n2_randomised": "20",
        "membership": "documented",
        "membership_why": "listed",
        "source": "s",
    }
    assert "the arms add up to 41" in messages(trial, "trials")[0]


@pytest.mark.parametrize(
    ("quote", "cell", "shown"),
    [
        ("−23.7 (−33.3 to −14.4)", "-14.4", True),
        ("P = .505", "0.505", True),
        ("12,4 Punkte", "12.4", True),
        ("2·8 (SD 2·1; p=0·0012)", "0.0012", True),
        ("2·85", "2.8", False),
        ("12·8", "2.8", False),
        ("1,026 people", "1026", True),
        ("of 15 points", "5", False),
        ("2.50", "2.5", False),
        ("0.05", "5", False),
        ("between 3 and 4", "3", True),
        ("-3.43,14.59", "14.59", True),
    ],
)
def test_a_quote_carries_a_number_only_as_a_whole(quote: str, cell: str, shown: bool) -> None:
    assert carries(quote, cell) is shown


def test_the_data_dictionary_describes_every_column() -> None:
    written = dictionary()
    for model in TABLES.values():
        for name, field in columns(model).items():
            assert f"| {name} | " in written
            assert field.description


def test_the_data_dictionary_in_the_repository_is_the_generated_one() -> None:
    assert (ROOT / "data" / "README.md").read_text(encoding="utf-8") == dictionary()


def numeric(annotation: object) -> bool:
    """Whether a column may hold a number, however its type is wrapped."""
    return annotation in {int, float} or any(numeric(part) for part in get_args(annotation))


@pytest.mark.parametrize(
    ("held", "left_out"), [(QUOTED, UNQUOTED), (COMPARED, UNCOMPARED)], ids=["quoted", "compared"]
)
def test_a_numeric_column_of_outcomes_is_held_to_its_quote_and_second_entry_or_says_why_not(
    held: Sequence[str], left_out: Mapping[str, str]
) -> None:
    numbers = {name for name, field in columns(Outcome).items() if numeric(field.annotation)}
    assert {"mean", "events", "weeks"} <= numbers
    assert "trial" not in numbers
    assert numbers - set(held) == left_out.keys(), (
        "a new numeric column goes into QUOTED (review/schema.py) and COMPARED (appraisal/extraction.py), "
        "or beside them with the reason why not"
    )
    assert all(left_out.values())
