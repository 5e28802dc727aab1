"""What pools and effects say of themselves."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from livingmeta import load_review, synthesise
from livingmeta.engine.pooling import pool
from livingmeta.figures.marks import notes

TYPED = Path(__file__).parents[2] / "data" / "smith2017" / "outcomes.csv"
SMITH = load_review("smith2017")
POOLS = {one.key: one for one in synthesise(SMITH)}


def test_an_effect_leads_to_the_quotes_that_its_rows_carry() -> None:
    with TYPED.open(encoding="utf-8", newline="") as file:
        typed = dict(enumerate(csv.DictReader(file), start=2))
    for effect in (effect for one in POOLS.values() for effect in one.effects):
        together = [row for group in effect.quoted for row in group]
        assert sorted(row.row for row in together) == sorted(row.row for row in effect.rows)
        for group in effect.quoted:
            assert {typed[row.row]["quote"] for row in group} == {group[0].quote or ""}
            assert {typed[row.row]["trial"] for row in group} == {effect.trial}


@pytest.mark.parametrize(
    ("yi", "side"), [((-3.0, -3.1), -1), ((3.0, 3.1), 1), ((-0.1, 0.2), 0)]
)  # two trials of variance 0.01: Wald limits 0.14 from the mean
def test_the_side_is_that_of_the_whole_interval(yi: tuple[float, float], side: int) -> None:
    assert pool(yi, (0.01, 0.01), model="common").side == side


def test_a_result_says_in_a_line_what_the_readme_says_of_it() -> None:
    said = repr(POOLS["pain-short", None])
    assert "SMD −0.30 (95% CI −1.24 to 0.64)" in said
    assert len(said) < 300


def test_what_holds_of_every_trial_is_said_once_and_names_none() -> None:
    """Of some it names them, and of few all the same."""
    (shown,) = (one for one in synthesise(load_review("living")) if one.key == ("function-short", None))
    effects = [replace(shown.effects[i % shown.k], label=f"T{i}", assumption="a guess") for i in range(12)]
    assert [note for note in notes(effects) if "guess" in note] == ["All 12 trials: a guess."]
    some = notes([*effects[:11], replace(effects[11], assumption=None)])
    assert "T3, T4" in next(note for note in some if note.startswith("†"))
    assert "T0, T1:" in next(note for note in notes(effects[:2]) if note.startswith("†"))
