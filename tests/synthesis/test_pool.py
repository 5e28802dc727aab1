"""What pools and effects say of themselves."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

from livingmeta import load_review, synthesise
from livingmeta import pool as pool_of
from livingmeta.engine.measures import on_scale
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


RANGE = {"beyond_range", "prediction_beyond_range", "trial_beyond_range"}
FEW_EVENTS = [("events", "n"), [(1, 40), (0, 30), (5, 50), (1, 20), (9, 40)]]
CORRELATIONS = [("r", "n"), [(0.99, 8), (0.2, 8), (0.1, 9), (0.9, 10), (0.95, 6)]]
ARMS = [
    ("events1", "n1", "events2", "n2"),
    [(9, 10, 1, 10), (1, 9, 8, 9), (9, 9, 1, 9), (8, 9, 9, 9), (9, 9, 2, 9)],
]
RATES = [("xi", "ti"), [(1, 40.0), (0, 30.0), (5, 50.0), (1, 20.0), (9, 40.0)]]
MOSTLY = [("events", "n"), [(38, 40), (29, 30), (10, 20), (49, 50), (2, 20)]]


@pytest.mark.parametrize(
    ("measure", "rows", "least", "most"),
    [
        ("PR", FEW_EVENTS, 0, 1),
        ("PLN", MOSTLY, 0, 1),
        ("IR", RATES, 0, math.inf),
        ("COR", CORRELATIONS, -1, 1),
        ("RD", ARMS, -1, 1),
        *((key, FEW_EVENTS, 0, 1) for key in ("PLO", "PAS", "PFT")),
        *((key, RATES, 0, math.inf) for key in ("IRLN", "IRS")),
        ("ZCOR", CORRELATIONS, -1, 1),
        *((key, ARMS, 0, math.inf) for key in ("RR", "OR")),
    ],
)
def test_a_limit_that_no_measure_can_take_is_flagged_and_no_other(
    measure: str, rows: list, least: float, most: float
) -> None:
    table = pandas.DataFrame(rows[1], columns=rows[0])
    for level in (0.5, 0.8, 0.95, 0.99):
        one = pool_of(table.assign(trial=list("ABCDE")), measure=measure, level=level)
        shown = {
            "beyond_range": [(one.ci_low, one.ci_high)],
            "prediction_beyond_range": [(one.pi_low, one.pi_high)],
            "trial_beyond_range": [(row["ci_low"], row["ci_high"]) for row in one.studies.listed(one)],
        }
        beyond = {
            flag
            for flag, intervals in shown.items()
            for limits in intervals
            if any(not least <= on_scale(one.measure, end) <= most for end in limits)
        }
        assert beyond == RANGE & set(one.flags)
        if level == 0.99:
            assert beyond == (RANGE if measure in {"PR", "PLN", "IR", "COR", "RD"} else set())


def test_the_limits_that_metafor_prints_below_zero_are_flagged() -> None:
    """metafor 3.8: predict(rma(escalc("PR", …, to = "only0"), test = "knha"), pi.type = "t"), converged."""
    table = pandas.DataFrame(FEW_EVENTS[1], columns=FEW_EVENTS[0])
    one = pool_of(table.assign(trial=list("ABCDE")), measure="PR")
    found = (one.ci_low, one.ci_high, one.pi_low, one.pi_high)
    assert found == pytest.approx((-0.0268, 0.1590, -0.1118, 0.2440), abs=5e-5)
    robust = pool_of(table.assign(trial=list("ABCDE")), measure="PR", cluster="trial", model="common")
    assert ("beyond_range" in robust.flags) == (robust.ci_low < 0)
    assert "prediction_beyond_range" not in robust.flags
