"""A second person's entry stands beside the first until somebody says who is right."""

import csv
from pathlib import Path

import pytest

from folders import ARM1, ARM2, DIFFERENCE, as_csv, folder
from livingmeta.appraisal.extraction import disagreements
from livingmeta.living.adding import corrected
from livingmeta.living.forms import FORM
from livingmeta.review.folder import load_review
from livingmeta.review.schema import OPTIONAL, columns


def twice(path: Path, *, weeks: str = "12", **cells: str) -> Path:
    """A review whose first arm a second person read with other cells."""
    arms = [{**ARM1, "weeks": weeks}, {**ARM2, "weeks": weeks}]
    review = folder(path, outcomes=arms)
    with (review / "second_extraction.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns(OPTIONAL["second_extraction"])))
        writer.writeheader()
        writer.writerow({**arms[0], **cells, "extractor": "Ada"})
        writer.writerow({**arms[1], "extractor": "Ada"})
    return review


def test_equal_entries_disagree_in_nothing(tmp_path: Path) -> None:
    assert disagreements(load_review(twice(tmp_path))) == []


def test_the_second_entry_is_never_pooled(say, tmp_path: Path) -> None:
    review = twice(tmp_path, mean="1.0", quote="1.0 (1.5)")
    plain = folder(tmp_path / "plain")
    assert say("pool", str(review), "--json").out == say("pool", str(plain), "--json").out.replace(
        str(plain), str(review)
    )


def test_an_smd_printed_the_other_way_round_disagrees_in_nothing(say, tmp_path: Path) -> None:
    first = {
        **DIFFERENCE,
        "measure": "SMD",
        "mean": "-0.50",
        "ci_low": "-0.90",
        "ci_high": "-0.10",
        "quote": "-0.50 (-0.90 to -0.10)",
    }
    path = folder(tmp_path, outcomes=[first])
    (path / "second_extraction.csv").write_text(as_csv("second_extraction", []), encoding="utf-8")
    form = tmp_path / "form.csv"
    with form.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(FORM), restval="")
        writer.writeheader()
        writer.writerow(
            {
                "label": "Alpha 2001",
                "citation": "A paper",
                "instrument": "vas",
                "outcome": "pain",
                "weeks": "12",
                "group": "difference",
                "n1": "40",
                "n2": "40",
                "measure": "SMD",
                "result": "0.50 (95% CI 0.10 to 0.90)",
                "negative_favours": "2",
                "locator": "table 2",
                "quote": "0.50 (0.10 to 0.90)",
            }
        )
    said = say(
        "add", str(path), "--from", str(form), "--second", "Ada", "--yes", "--out", str(tmp_path / "out")
    )
    assert said.status == 0, said.err
    review = load_review(path)
    (second,) = review.second_extraction
    assert (second.extractor, second.mean) == ("Ada", -0.5)
    assert disagreements(review) == []


def test_check_lists_what_differs_with_both_places(say, tmp_path: Path) -> None:
    review = twice(tmp_path, sd="1.6", quote="3.0 (1.6)")
    said = say("check", str(review))
    assert said.status == 0
    assert "disagreement 1" in said.out
    assert "outcomes.csv row 5 has 1.5, Ada has 1.6" in said.out or "has 1.5, Ada has 1.6" in said.out


def test_what_was_agreed_on_is_recorded_and_corrected(say, tmp_path: Path) -> None:
    review = twice(tmp_path, sd="1.6", quote="3.0 (1.5), corrected to 1.6")
    before = (review / "outcomes.csv").read_bytes()
    words = ("--take", "second", "--by", "Ada and Bo", "--why", "misprint, see erratum")
    said = say("check", str(review), "--agree", "1", *words)
    assert "settled: sd is 1.6" in said.out
    assert "the quote does not show this number" in said.out  # the old quote must follow
    (row,) = csv.DictReader((review / "agreements.csv").read_text().splitlines())
    assert (row["first"], row["second"], row["settled"], row["who"]) == ("1.5", "1.6", "1.6", "Ada and Bo")
    after = (review / "outcomes.csv").read_bytes()
    assert after == before.replace(b",3.0,1.5,", b",3.0,1.6,", 1)


@pytest.mark.parametrize("weeks", ["12", "17.3333333"])
def test_what_the_first_had_can_be_right_too(say, tmp_path: Path, weeks: str) -> None:
    review = twice(tmp_path, weeks=weeks, sd="1.6", quote="3.0 (1.6)")
    before = (review / "outcomes.csv").read_bytes()
    say("check", str(review), "--agree", "1", "--take", "first", "--by", "Bo", "--why", "typo")
    assert (review / "outcomes.csv").read_bytes() == before
    assert disagreements(load_review(review)) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--agree", "9", "--take", "first", "--by", "x", "--why", "y"), "disagreements 1 to 1"),
        (("--agree", "1"), "--agree needs --take first or --take second"),
        (("--agree", "1", "--take", "third", "--by", "x", "--why", "y"), "--agree needs"),
    ],
)
def test_settling_needs_a_number_a_side_and_a_reason(say, tmp_path: Path, words, message) -> None:
    review = twice(tmp_path, sd="1.6", quote="3.0 (1.6)")
    said = say("check", str(review), *words)
    assert said.status == 2
    assert message in said.err


def test_one_cell_is_changed_and_no_other_byte() -> None:
    text = '\ufeff# note\r\na,b,"c"\r\n1,"x\r\ny",3\r\n4,5,6\r\n'
    assert corrected(text, row=4, column="b", value="7,8") == text.replace("4,5,6", '4,"7,8",6')
    with pytest.raises(ValueError, match="there is no row 9"):
        corrected(text, row=9, column="b", value="")
