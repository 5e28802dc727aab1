"""The same files on every machine: no last bit of a processor and no hash decides what is shown."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from livingmeta.appraisal.multiverse import by_estimate
from livingmeta.engine.methods.small_study import trim_and_fill
from livingmeta.words import decimal, shown_as, steady

ROOT = Path(__file__).parent.parent
# Other processors: another kernel of the linear algebra, older vector units, another hash.
OLDEST = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
    "PYTHONHASHSEED": "2",
}
MACHINES = [
    {"PYTHONHASHSEED": "1"},
    OLDEST,
    {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "3"},
]


def run(home: Path, review: str, out: Path, **machine: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(home / "analysis"), **machine}
    # numpy warns of units that this processor lacks anyway
    words = [sys.executable, "-W", "ignore", "-m", "livingmeta", "run", review, "--out", str(out)]
    done = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.replace(str(out), "OUT")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize("review", ["smith2017", "knee_oa"])
def test_a_run_gives_the_same_bytes_on_other_processors(tmp_path: Path, review: str) -> None:
    said = [run(ROOT, review, tmp_path / str(i), **one) for i, one in enumerate(MACHINES)]
    first, *others = (files(tmp_path / str(i)) for i in range(len(MACHINES)))
    for other in others:
        assert [name for name in first | other if first.get(name) != other.get(name)] == []
    assert len(set(said)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("machine", [{}, OLDEST], ids=["this processor", "another processor"])
def test_the_readmes_first_command_leaves_a_fresh_clone_clean(
    tmp_path: Path, machine: dict[str, str]
) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    run(clone, "smith2017", Path("figures"), **machine)
    told = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert told.stdout == ""


def test_analyses_equal_but_for_the_last_bits_keep_their_order() -> None:
    noise = np.array([0, 3e-16, -2e-16, 1e-16])
    table = pd.DataFrame({"estimate": -0.3 + noise, "ci_low": -0.5 - noise[::-1], "ci_high": -0.1 + noise})
    plain = table.round(9)
    assert list(by_estimate(table).index) == list(by_estimate(plain).index) == [0, 1, 2, 3]
    pd.testing.assert_frame_equal(by_estimate(table), by_estimate(plain))
    zero = pd.DataFrame({"estimate": [1e-17, -1e-17], "ci_low": [-1.0] * 2, "ci_high": [1.0] * 2})
    assert list(by_estimate(zero).index) == [0, 1]


@pytest.mark.parametrize("value", [0.125, -0.125, 0.5, 2.675, 1e-5, 12345.678])
def test_an_edge_of_rounding_is_one_on_every_processor(value: float) -> None:
    below, above = np.nextafter(value, -np.inf), np.nextafter(value, np.inf)
    for places in (0, 2, 3):
        assert decimal(below, places) == decimal(value, places) == decimal(above, places)
    assert shown_as(below, 0.005) == shown_as(value, 0.005) == shown_as(above, 0.005)
    assert steady(below) == steady(value) == steady(above)


def test_trials_equally_far_from_the_mean_are_ranked_alike_with_and_without_noise() -> None:
    y = np.array([-0.4, -0.2, 0.0, 0.2, 0.4, 0.8, 1.2, 0.6, 0.5, 0.3])
    v = np.full(10, 0.04)
    noisy = y + np.resize([1e-16, -1e-16], 10)
    plain, other = (trim_and_fill(one, v, side="left", force=True) for one in (y, noisy))
    assert plain.k0 == other.k0
