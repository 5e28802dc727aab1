"""What is installed is complete: the reviews travel with the wheel, the pins with their script."""

import csv
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tests" / "reference"


def run(*words: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_carries_the_reviews(tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("livingmeta-*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "requirements.lock", wheel)
    away = tmp_path / "away"
    away.mkdir()
    command = tmp_path / "env" / "bin" / "livingmeta"
    assert "smith2017" in run(command, "reviews", cwd=away)
    assert "0 wrong" in run(command, "check", "living", cwd=away)
    run(command, "run", "smith2017", cwd=away)
    assert (away / "figures" / "smith2017" / "report.md").is_file()
    run(command, "explore", "smith2017", cwd=away)
    assert (away / "figures" / "smith2017" / "explorer.html").is_file()


@pytest.mark.slow
def test_metafor_still_gives_the_pinned_answers(tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    run("Rscript", "metafor.R", tmp_path, cwd=REFERENCE)
    for name in sorted(path.name for path in tmp_path.glob("*.csv")):
        fresh, pinned = (
            list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
            for folder in (tmp_path, REFERENCE)
        )
        assert len(fresh) == len(pinned)
        for one, other in zip(fresh, pinned, strict=True):
            assert one.keys() == other.keys()
            for column in one:
                try:
                    theirs = pytest.approx(float(other[column]), rel=1e-9, abs=1e-12)
                    assert float(one[column]) == theirs, (name, column)
                except ValueError:
                    assert one[column] == other[column]


@pytest.mark.slow
def test_every_benchmark_runs() -> None:
    for script in sorted((ROOT / "tests" / "benchmarks").glob("*.py")):
        assert "ratio" in run(sys.executable, script)
