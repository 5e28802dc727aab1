"""A folder of analyses is pooled again: what agrees is counted, what does not is named."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from exchange.test_imports import SAMPLE, cochrane, revman_csv, write
from folders import ROOT
from livingmeta.engine.effect_sizes import mean_difference, smd
from livingmeta.engine.pooling import pool
from livingmeta.exchange import collection as module
from livingmeta.exchange.collection import MODELS, Rerun, Source, of_table, rerun

TABLE = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
PLACES = ("estimate", "ci_low", "ci_high", "weight")


def folder_with(path: Path, table: pd.DataFrame) -> Path:
    write(path / "sample.csv", table.to_csv(index=False))
    return path


def of(path: Path) -> list[Rerun]:
    return rerun(Source(path, path.name))


def test_every_row_of_the_cochrane_sample_agrees_with_what_revman_printed(
    say, tmp_path: Path
) -> None:
    said = say("rerun", str(folder_with(tmp_path, TABLE)), "--json")
    assert said.status == 0
    found = json.loads(said.out)["analyses"]
    assert len(found) == 72
    assert sum(one["rows"] for one in found) == sum(one["agreeing"] for one in found) == len(TABLE)
    assert all(sum(one["compared"][q] for one in found) == len(TABLE) for q in PLACES)
    off = [two for one in found for two in one["deviations"]]
    assert off  # RevMan Web's REML; never an effect or a limit, and never DL or a common effect
    assert {two["quantity"] for two in off} == {"weight"}
    reml = set(TABLE[TABLE["model"] == "REML"]["review"])
    assert {two["place"].split()[0] for two in off} <= reml
    assert "455 of 455 rows agree" in say("rerun", str(tmp_path)).flat


def test_a_changed_sd_is_named_with_all_that_it_moves(say, tmp_path: Path) -> None:
    table = TABLE.copy()
    row = table.index[(table["model"] == "DL")][0]
    table.loc[row, "sd1"] = f"{float(table.loc[row, 'sd1']) * 1.5:.6f}"
    said = say("rerun", str(folder_with(tmp_path, table)))
    assert said.status == 1
    name, study = table.loc[row, "review"], table.loc[row, "study"]
    assert f"{name} {table.loc[row, 'analysis']}, {study} (row {row + 2})" in said.flat
    assert "no reason is known" in said.flat
    (off,) = [one for one in of(tmp_path / "sample.csv") if one.unexplained]
    assert {two.quantity for two in off.unexplained if study in two.place} >= {"ci_low", "ci_high"}


@pytest.mark.parametrize(
    ("column", "change", "quantity"),
    [
        ("revman_weight", lambda x: x + 2e-6, "weight"),
        ("revman_effect", lambda x: -x, "estimate"),
        ("revman_ci_high", lambda x: x + 1e-6, "ci_high"),
    ],
)
def test_a_changed_printed_digit_is_the_only_thing_named(column, change, quantity) -> None:
    table = TABLE.copy()
    row = table.index[table["model"] == "FE"][0]
    table.loc[row, column] = f"{change(float(table.loc[row, column])):.6f}"
    (off,) = [two for one in of_table(table, file="t") for two in one.unexplained]
    assert (off.quantity, off.printed) == (quantity, table.loc[row, column])
    assert f"(row {row + 2})" in off.place


def test_only_a_weight_by_reml_may_be_off_and_by_little() -> None:
    table = TABLE.copy()
    row = table.index[table["model"] == "REML"][0]
    printed = float(table.loc[row, "revman_weight"])
    table.loc[row, "revman_weight"] = f"{printed + 0.019:.6f}"
    assert not [two for one in of_table(table, file="t") for two in one.unexplained]
    table.loc[row, "revman_weight"] = f"{printed + 0.03:.6f}"
    (off,) = [two for one in of_table(table, file="t") for two in one.unexplained]
    assert off.size == pytest.approx(0.03, abs=0.001)


def test_a_row_that_cannot_be_used_is_counted_with_its_reason() -> None:
    table = TABLE.copy()
    sizes = table.groupby(["review", "analysis"])["study"].transform("size")
    row = table.index[sizes > 2][0]
    table.loc[row, "sd2"] = "NA"
    (one,) = [one for one in of_table(table, file="t") if one.skipped]
    assert one.skipped[0] == "row: no sd2"
    # its weight is unknown here, so those of the others can't be those that were printed
    assert one.compared["weight"] == 0
    assert one.skipped[1:] == ("weight: a row it pooled can't be used",) * one.rows
    assert one.compared["estimate"] == one.rows == one.agreeing == sizes[row] - 1


def test_a_row_that_revman_did_not_pool_either_moves_no_weight() -> None:
    table = TABLE.copy()
    extra = {**table.iloc[0], "study": "Not estimable", "sd1": "0", "revman_effect": "",
             "revman_ci_low": "", "revman_ci_high": "", "revman_weight": "0"}  # fmt: skip
    found = of_table(pd.concat([table, pd.DataFrame([extra])], ignore_index=True), file="t")
    assert sum(one.agreeing for one in found) == len(TABLE)
    assert [one.skipped for one in found if one.skipped] == [("row: sd1 is not above 0",)]


def test_blocks_and_the_order_of_rows_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(found: list[Rerun]) -> dict[str, tuple[int, int, int]]:
        return {one.analysis: (one.rows, one.agreeing, len(one.deviations)) for one in found}

    whole = told(of_table(TABLE, file="t"))
    mixed = TABLE.sample(frac=1, random_state=2017)
    assert told(of_table(mixed.reset_index(drop=True), file="t")) == whole
    monkeypatch.setattr(module, "AT_ONCE", 50)
    steps: list[tuple[int, int]] = []
    path = folder_with(tmp_path, mixed) / "sample.csv"
    found = rerun(Source(path, "t"), progress=lambda done, of: steps.append((done, of)))
    assert told(found) == whole
    assert len(steps) > 5
    assert steps[-1] == (len(TABLE), len(TABLE))


def test_the_batch_gives_the_weights_of_pooling_one_by_one() -> None:
    table = TABLE.copy()
    table["revman_weight"] = "1000"  # so that every weight is named with ours
    ours = {two.place: two.ours for one in of_table(table, file="t") for two in one.deviations
            if two.quantity == "weight"}  # fmt: skip
    assert len(ours) == len(TABLE)
    for (review, analysis), rows in TABLE.groupby(["review", "analysis"]):
        arms = [rows[name].astype(float).to_numpy() for name in module.ARMS]
        yi, vi = (smd if rows["measure"].iloc[0] == "SMD" else mean_difference)(*arms)
        model, tau2 = MODELS[rows["model"].iloc[0]]
        alone = pool(yi, vi, model=model, tau2=tau2).weights
        for row, study, weight in zip(rows.index, rows["study"], alone, strict=True):
            place = f"{review} {analysis}, {study} (row {row + 2})"
            assert ours[place] == pytest.approx(weight, abs=1e-9)


def test_reviews_and_revman_files_in_the_folder_are_rerun_too(say, tmp_path: Path) -> None:
    """306 rows of the companion review, and a set of the sample as RevMan's own export."""
    shutil.copytree(ROOT / "data" / "knee_oa", tmp_path / "knee_oa")
    exported = cochrane("SMD", "DL")
    revman_csv(exported, tmp_path / "export.csv")
    write(tmp_path / "broken.csv", "a,b\n1,2\n")
    said = say("rerun", str(tmp_path), "--json")
    assert said.status == 0
    document = json.loads(said.out)
    assert list(document["skipped"]) == ["broken.csv"]
    for file, rows in (("knee_oa", 306), ("export.csv", len(exported))):
        found = [one for one in document["analyses"] if one["file"] == file]
        for quantity in ("ci_low", "ci_high"):
            assert sum(one["compared"].get(quantity, 0) for one in found) == rows
            assert sum(one["equal"].get(quantity, 0) for one in found) == rows
    assert "broken.csv: skipped: " in say("rerun", str(tmp_path)).flat


def test_a_changed_cell_of_a_review_is_named(say, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "knee_oa", tmp_path / "knee_oa")
    path = tmp_path / "knee_oa" / "outcomes.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",128.0,95.968751,", ",138.0,95.968751,", 1), encoding="utf-8")
    said = say("rerun", str(tmp_path / "knee_oa"))
    assert said.status == 1
    assert "baker2001: estimate printed" in said.flat


def test_a_folder_without_anything_is_refused(say, tmp_path: Path) -> None:
    said = say("rerun", str(tmp_path))
    assert said.status == 2
    assert "no review and no table" in said.err
