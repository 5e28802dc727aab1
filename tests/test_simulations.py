"""What pages and comments say of coverage is what was simulated, and can be simulated again."""

import csv
import importlib.util
import re
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest

from livingmeta.engine.pooling import (
    CONFIDENCE,
    FEW,
    FEW_FOR_HKSJ,
    FEW_FOR_PREDICTION,
    PREDICTION,
    PREDICTION_FROM,
)
from livingmeta.engine.tau2 import TAU2
from livingmeta.language import LANGUAGES, language

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")


def script() -> ModuleType:
    path = ROOT / "tests" / "simulations" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


COVERAGE = script()
MEAN, NARROWER, AHEAD, OF_TAU2 = map(COVERAGE.rows_of, ("mean", "narrower", "prediction", "tau2"))


def span(rows: list[dict[str, str]]) -> tuple[int, int]:
    """Return the least and the greatest coverage, in whole percent."""
    found = [float(row["coverage"]) for row in rows]
    return round(min(found)), round(max(found))


@pytest.mark.parametrize("kind", COVERAGE.KINDS)
def test_the_page_on_methods_has_the_tables_that_were_simulated(kind: str) -> None:
    assert COVERAGE.table(kind) in PAGE


def test_every_interval_was_simulated_at_every_number_of_trials() -> None:
    ways = {(str(tau2), str(k)) for tau2 in (0.0, 0.1) for k in (2, 3, 5, 10, 20)}
    assert {row["method"] for row in MEAN} == set(CONFIDENCE)
    assert {row["method"] for row in AHEAD} == set(PREDICTION)
    for name in CONFIDENCE:
        assert ways <= {(row["tau2"], row["k"]) for row in MEAN if row["method"] == name}
    for name in PREDICTION:
        held = {(row["tau2"], row["k"]) for row in AHEAD if row["method"] == name}
        assert {way for way in ways if way[1] != "2"} <= held
    assert {row["tau2_by"] for row in MEAN} <= set(TAU2)


def test_exact_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """The Q-profile is exact for every τ²; of 10,000 reviews, 3.5 standard errors."""
    for row in OF_TAU2:
        if row["method"] == "q-profile":
            assert float(row["coverage"]) == pytest.approx(95, abs=0.77), row
    for row in MEAN:
        if row["method"] == "hksj":
            assert float(row["coverage"]) == pytest.approx(95, abs=1), row


@pytest.mark.parametrize("code", LANGUAGES)
def test_words_on_wide_intervals_tell_what_was_simulated(code: str) -> None:
    few = [row for row in MEAN if int(row["k"]) < FEW]
    wide = [row for row in few if CONFIDENCE[row["method"]].is_wide]
    low, high = span(wide)
    for key in ("wide", "wide_same"):
        assert re.search(rf"\b{low} (to|til) {high}\s?%", language(code).said[key])
    assert f"in {low} to {high}%" in PAGE
    for row in few:
        if row not in wide:
            assert row["tau2"] == "0.0" or float(row["coverage"]) < 96, row


@pytest.mark.parametrize("code", LANGUAGES)
def test_words_on_prediction_tell_what_was_simulated(code: str) -> None:
    words = language(code).flags["few_trials_for_prediction"]
    shown = [
        row
        for row in AHEAD
        if row["tau2"] == "0.1" and PREDICTION_FROM <= int(row["k"]) <= FEW_FOR_PREDICTION
    ]
    drawn = [row for row in shown if PREDICTION[row["method"]].is_drawn]
    low, high = span([row for row in shown if row not in drawn])
    assert re.search(rf"\b{low} (to|til) {high}\s?%", words)
    assert span(drawn) == (94, 94)
    assert re.search(rf"\b{PREDICTION_FROM} (to|til) {FEW_FOR_PREDICTION}\b.*\b94\s?%", words)
    assert f"{low} to {high}%" in PAGE


def test_a_remark_on_a_narrow_hksj_interval_has_its_reason() -> None:
    """Up to ten trials fewer than nine in ten of them hold the truth."""
    few = [row for row in NARROWER if int(row["k"]) <= FEW_FOR_HKSJ]
    many = [row for row in NARROWER if int(row["k"]) > FEW_FOR_HKSJ]
    assert (span(few), span(many)) == ((44, 88), (86, 95))


def test_the_page_tells_what_was_simulated_of_the_selection_model() -> None:
    path = ROOT / "tests" / "simulations" / "selection.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["estimate_of_tau2"] == "any"]
    assert {(row["k"], row["tau2"]) for row in rows} == set(product(("10", "20"), ("0.0", "0.1")))
    for row in rows:
        cells = (row[name] for name in ("k", "tau2", "profile_mean", "profile_weight"))
        assert f"| {' | '.join(cells)} |" in PAGE


@pytest.mark.slow
@pytest.mark.parametrize(("k", "tau2"), [(3, 0.1), (10, 0.0)])
def test_a_part_of_the_simulation_gives_what_was_written_down(k: int, tau2: float) -> None:
    for line in COVERAGE.rows(k, tau2, reviews=1_000, of_drawn=100, of_others=100):
        row = dict(zip(COVERAGE.HEADER, line, strict=True))
        about = ("method", "tau2_by", "se_by", "tau2", "k")
        (whole,) = (
            one for one in COVERAGE.rows_of(row["interval"]) if all(one[name] == row[name] for name in about)
        )
        share = float(whole["coverage"]) / 100
        error = 400 * (max(share * (1 - share), 0.002) / int(row["reviews"])) ** 0.5
        assert float(row["coverage"]) == pytest.approx(100 * share, abs=error), row
