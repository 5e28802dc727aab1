"""A folder of analyses is pooled again: what agrees is counted, what does not is named."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.reproduce import PRINTED, beside_print
from exchange.test_imports import SAMPLE, cochrane, revman_csv, write
from folders import ROOT
from livingmeta.exchange.collection import EARLY, Reproduced, deviation, summary, summed

TABLE = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)


def test_every_row_of_the_cochrane_sample_agrees_with_what_revman_printed() -> None:
    compared, off = beside_print(TABLE)
    assert compared == dict.fromkeys(PRINTED, 455)
    assert off  # RevMan Web's REML; never an effect or a limit, and never DL or a common effect
    assert {(one.quantity, one.known) for one in off} == {("weight", EARLY)}
    reml = set(TABLE[TABLE["model"] == "REML"]["review"])
    assert {one.place.split()[0] for one in off} <= reml


@pytest.mark.parametrize(
    ("model", "column", "change", "moved"),
    [
        ("DL", "sd1", lambda x: x * 1.5, {"ci_low", "ci_high", "weight"}),
        ("FE", "revman_weight", lambda x: x + 2e-6, {"weight"}),
        ("FE", "revman_effect", lambda x: -x, {"estimate"}),
        ("FE", "revman_ci_high", lambda x: x + 1e-6, {"ci_high"}),
        ("REML", "revman_weight", lambda x: x + 0.019, set()),  # RevMan Web stops early
        ("REML", "revman_weight", lambda x: x + 0.03, {"weight"}),
    ],
)
def test_a_changed_cell_is_found_by_all_that_it_moves(model, column, change, moved) -> None:
    table = TABLE.copy()
    row = table.index[table["model"] == model][0]
    table.loc[row, column] = f"{change(float(table.loc[row, column])):.6f}"
    unexplained = [one for one in beside_print(table)[1] if one.known is None]
    study = table.loc[row, "study"]
    assert {one.quantity for one in unexplained if study in one.place} >= moved
    assert bool(unexplained) is bool(moved)


def test_reviews_and_revman_files_in_the_folder_are_pooled_and_compared(say, tmp_path: Path) -> None:
    """306 rows of the companion review, and a set of the sample as RevMan's own export."""
    shutil.copytree(ROOT / "data" / "knee_oa", tmp_path / "knee_oa")
    exported = cochrane("SMD", "DL")
    revman_csv(exported, tmp_path / "export.csv")
    write(tmp_path / "broken.csv", "a,b\n1,2\n")
    said = say("reproduce", str(tmp_path), "--json")
    assert said.status == 0
    document = json.loads(said.out)
    assert list(document["skipped"]) == ["broken.csv"]
    for file, rows in (("knee_oa", 306), ("export.csv", len(exported))):
        found = [one for one in document["analyses"] if one["file"] == file]
        for quantity in ("ci_low", "ci_high"):
            assert sum(one["compared"].get(quantity, 0) for one in found) == rows
            assert sum(one["equal"].get(quantity, 0) for one in found) == rows
    assert "broken.csv: skipped: " in say("reproduce", str(tmp_path)).flat


def test_a_changed_cell_of_a_review_is_named(say, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "knee_oa", tmp_path / "knee_oa")
    path = tmp_path / "knee_oa" / "outcomes.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",128.0,95.968751,", ",138.0,95.968751,", 1), encoding="utf-8")
    said = say("reproduce", str(tmp_path))
    assert said.status == 1
    assert "baker2001: estimate printed" in said.flat


def test_a_folder_without_anything_is_refused(say, tmp_path: Path) -> None:
    said = say("reproduce", str(tmp_path))
    assert said.status == 2
    assert "no review and no table" in said.err


def test_a_review_that_lacks_its_protocol_is_not_taken_for_a_folder_of_tables(say, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "knee_oa", tmp_path / "mine")
    (tmp_path / "mine" / "review.toml").unlink()
    assert "it has no review.toml" in say("reproduce", str(tmp_path / "mine")).err


def test_the_former_name_of_the_command_says_its_new_one(say) -> None:
    said = say("rerun", "data", "--json")
    assert (said.status, said.err) == (2, "rerun is now reproduce: livingmeta reproduce data --json\n")


def test_many_analyses_are_counted_as_one_and_what_nobody_can_explain_stands_first() -> None:
    early = deviation("a, Ash", "weight", "20.0", 20.015, reml=True)
    small, large = (deviation("b, Oak", "ci_low", "0.10", ours, reml=False) for ours in (0.12, -0.4))
    compared = {"weight": 3, "ci_low": 2}
    first = Reproduced(file="a", analysis="1", rows=3, agreeing=3, compared=compared, deviations=(early,))
    second = Reproduced(file="b", analysis="1", rows=1, compared={"ci_low": 1}, deviations=(small, large))
    whole = summed([first, second])
    assert (whole.rows, whole.agreeing, whole.compared) == (4, 3, {"weight": 3, "ci_low": 3})
    assert [apart.size for apart in whole.deviations] == [apart.size for apart in (large, small, early)]
    assert whole.deviations[0].place == "b, b, Oak"  # of several files each is named
    assert (len(whole.unexplained), whole.explained) == (2, {EARLY: 1})
    assert summary(whole, most=1) == (
        "0 of 6 printed numbers agree to the last digit; 1 more to RevMan Web's own tolerance: its "
        "REML stops early; 2 differ: b, b, Oak: lower limit printed 0.10, ours -0.4 (no reason is known); "
        "and 1 more: --full."
    )
