"""Which side is good is said by the review, or not at all: no door assumes it."""

from pathlib import Path

import pytest

from folders import ARM1, ARM2, SOURCE, folder
from livingmeta.review import ReviewError, examine, load_review
from livingmeta.synthesis import Pool, synthesise

GROUPS = '2 = "comparison"\n'
BARE = [{**row, "instrument": ""} for row in (ARM1, ARM2)]
DATASET = {**SOURCE, "kind": "dataset"}


def review(path: Path, side: str = "", own: str = "", *, instruments: bool = False) -> Path:
    """Write a review of one trial; `side` and `own` are lines of the groups and the synthesis."""
    written = folder(
        path, toml=(GROUPS, f"{GROUPS}{side}\n"), sources=[DATASET],
        outcomes=[ARM1, ARM2] if instruments else BARE,
    )  # fmt: skip
    protocol = written / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace('outcome = "pain"\n', f'outcome = "pain"\n{own}\n'))
    return written


def pool(path: Path) -> Pool:
    return synthesise(load_review(path))[0]


FORWARD, BACK = ("new treatment", "comparison"), ("comparison", "new treatment")


@pytest.mark.parametrize(
    ("side", "own", "instruments", "favours"),
    [
        ("", "", False, None),
        ("", "", True, FORWARD),
        ("negative_favours = 1", "", False, FORWARD),
        ("negative_favours = 1", "", True, FORWARD),
        ("negative_favours = 2", "", False, BACK),
        ('negative_favours = "unknown"', "", True, None),
        ("negative_favours = 1", "negative_favours = 2", False, BACK),
        ("negative_favours = 2", 'negative_favours = "unknown"', False, None),
        ("", "negative_favours = 1", False, FORWARD),
    ],
)
def test_a_direction_is_the_synthesis_own_or_the_groups_or_what_better_turned_it_to(
    tmp_path: Path, side: str, own: str, instruments: bool, favours: tuple[str, str] | None
) -> None:
    found = pool(review(tmp_path, side, own, instruments=instruments))
    assert found.favours == favours
    (effect,) = found.effects
    told = [step for step in effect.derivation if "favours" in step]
    assert told == ([] if favours is None else [f"an effect below 0 favours {favours[0]}"])


def test_one_row_whose_sign_nothing_turned_makes_the_direction_unknown(tmp_path: Path) -> None:
    other = [{**row, "trial": "beta2001", "instrument": ""} for row in (ARM1, ARM2)]
    trials = [
        {"trial": name, "label": name, "year": "2001", "membership": "documented",
         "membership_why": "listed", "source": "paper"}
        for name in ("alpha2001", "beta2001")
    ]  # fmt: skip
    other = [{**row, "report": ""} for row in other]
    path = folder(tmp_path, sources=[DATASET], trials=trials, outcomes=[ARM1, ARM2, *other])
    assert pool(path).favours is None


@pytest.mark.parametrize(
    ("side", "own", "place"),
    [
        ("negative_favours = 2", "", "groups.negative_favours"),
        ("", "negative_favours = 2", "synthesis pain-short, negative_favours"),
    ],
)
def test_a_direction_that_better_contradicts_is_refused_with_place_and_remedy(
    tmp_path: Path, side: str, own: str, place: str
) -> None:
    path = review(tmp_path, side, own, instruments=True)
    with pytest.raises(ReviewError) as refused:
        load_review(path)
    (said,) = map(str, refused.value.problems)
    assert said.startswith(f'small/review.toml, {place} = "2": the instrument vas of ')
    assert "outcomes.csv row 2" in said
    assert "favours group 1 (new treatment). Leave negative_favours out, or write 1;" in said


@pytest.mark.parametrize("side", ["", 'negative_favours = "unknown"'])
def test_a_direction_that_is_not_known_is_doubtful_and_says_how_to_give_it(
    tmp_path: Path, side: str
) -> None:
    (doubt,) = examine(review(tmp_path, side))[1]
    assert doubt.severity == "warning"
    assert str(doubt).startswith("small/review.toml, groups.negative_favours")
    assert 'Write 1 if it is good for "new treatment", 2 if for "comparison"' in str(doubt)
    assert "pain-short" in doubt.reason


@pytest.mark.parametrize("wrong", ["0", "3", '"lower"'])
def test_a_direction_of_no_meaning_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ReviewError, match="choose one of 1, 2 or 'unknown'"):
        load_review(review(tmp_path, f"negative_favours = {wrong}"))
