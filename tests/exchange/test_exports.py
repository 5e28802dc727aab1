"""What is exported says the same elsewhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livingmeta.exchange.exports import EXPORTS, metafor
from livingmeta.exchange.imports import reviews_in
from livingmeta.review.folder import load_review
from livingmeta.review.schema import TABLES, columns
from livingmeta.synthesis.synthesise import synthesise


@pytest.mark.slow
@pytest.mark.parametrize("review", ["smith2017", "living", "knee_oa"])
def test_the_r_script_gives_our_numbers_in_metafor(say, review: str, tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    assert say("export", review, "--to", "metafor", "--out", str(tmp_path)).status == 0
    done = subprocess.run(["Rscript", "pool.R"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "agrees(c(" in (tmp_path / "pool.R").read_text(encoding="utf-8")


def test_every_effect_is_in_the_export() -> None:
    living = load_review("living")
    files = metafor(living)
    pools = [pool for pool in synthesise(living) if pool.result]
    assert files["effects.csv"].count("\n") == 1 + sum(len(pool.effects) for pool in pools)


def test_revman_rows_come_back_through_our_own_reader(say, tmp_path: Path) -> None:
    say("export", "knee_oa", "--to", "revman", "--out", str(tmp_path))
    ((review,), remarks) = reviews_in(tmp_path / "data-rows.csv")
    assert any("does not say the effect measure" in remark for remark in remarks)
    assert len(review.outcomes) == 612


def test_a_data_package_describes_every_column(say, tmp_path: Path) -> None:
    say("export", "living", "--to", "frictionless", "--out", str(tmp_path))
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    told = {one["path"]: one["schema"]["fields"] for one in package["resources"]}
    for table, model in TABLES.items():
        assert [field["name"] for field in told[f"{table}.csv"]] == list(columns(model))
        assert all(field["description"] for field in told[f"{table}.csv"])


@pytest.mark.slow
@pytest.mark.parametrize("review", ["smith2017", "living", "knee_oa"])
def test_the_frictionless_validator_accepts_the_package(say, review: str, tmp_path: Path) -> None:
    say("export", review, "--to", "frictionless", "--out", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert json.loads(done.stdout)["valid"]


def test_an_unknown_program_gets_the_known_ones(say) -> None:
    said = say("export", "smith2017", "--to", "metaphor")
    assert said.status == 2
    assert "Did you mean metafor?" in said.err
    assert {"metafor", "revman", "frictionless"} <= EXPORTS.keys()
