"""Known gaps say what they would add; the letters ask for exactly that."""

import json
from pathlib import Path

from folders import ARM1, ARM2, REPORT, TRIAL, folder
from livingmeta.audit.gaps import by_report, known_gaps
from livingmeta.review.folder import load_review

GAP = {
    "trial": "alpha2001",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "12",
    "what": "mean and SD. A note [paper].",
    "where": "Alpha 2001, table 3",
    "source": "paper",
}


def test_a_gap_says_whom_and_what_it_would_feed(tmp_path: Path) -> None:
    review = load_review(folder(tmp_path, outcomes=[], gaps=[GAP, {**GAP, "weeks": "60"}]))
    first, second = known_gaps(review)
    assert (first.number, first.people, first.syntheses, first.filled) == (1, 80, ("pain-short",), False)
    assert second.syntheses == ()


def test_a_gap_is_filled_once_both_arms_have_a_spread(tmp_path: Path) -> None:
    full = load_review(folder(tmp_path / "a", outcomes=[ARM1, ARM2], gaps=[GAP]))
    assert known_gaps(full)[0].filled
    bare = [{**arm, "sd": "", "quote": arm["mean"]} for arm in (ARM1, ARM2)]
    half = load_review(folder(tmp_path / "b", outcomes=bare, gaps=[GAP]))
    assert not known_gaps(half)[0].filled


def test_no_gap_of_the_reviews_is_called_filled() -> None:
    """What a source showed to be missing is missing still."""
    for name in ("smith2017", "living"):
        assert not [one for one in known_gaps(load_review(name)) if one.filled]


def test_a_letter_asks_for_the_missing_numbers_and_no_others(say, tmp_path: Path) -> None:
    reports = [
        {**REPORT, "citation": "Alpha A. J Pain 2001"},
        {**REPORT, "report": "late", "citation": "Beta B. J Pain 2003"},
    ]
    gaps = [GAP, {**GAP, "weeks": "52", "where": "Beta 2003, table 1"}]
    review = folder(tmp_path, trials=[TRIAL], reports=reports, outcomes=[], gaps=gaps)
    assert set(by_report(load_review(review))) == {"alpha", "late"}
    said = say("gaps", str(review), "--letter", "--out", str(tmp_path / "f"))
    assert "2 letters" in said.out
    text = (tmp_path / "f" / "small" / "letters" / "late.md").read_text(encoding="utf-8")
    assert "Beta B. J Pain 2003" in text
    assert "| pain | VAS | 52 | new treatment |  |  |  |" in text
    assert "week 12" not in text
    assert "[paper]" not in text  # our own notes stay ours
    assert "{{" not in text


def test_gaps_are_numbered_as_add_takes_them(say, tmp_path: Path) -> None:
    review = folder(tmp_path, outcomes=[], gaps=[GAP])
    assert "1. pain, VAS, week 12 → pain-short" in say("gaps", str(review)).flat
    assert json.loads(say("gaps", str(review), "--json").out)[0]["number"] == 1
    assert say("add", str(review), "--gap", "2").status == 2
