"""What is installed is complete: the reviews travel with the wheel, the pins with their script."""

import ast
import csv
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from functools import cache
from pathlib import Path

import pytest

from livingmeta import __version__
from livingmeta.review.files import PAPERS

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tests" / "reference"


def run(*words: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Modules named otherwise than their package, and those that a dependency brings for its callers.
NAMED = {"python-docx": "docx", "pymetaanalysis": "meta_analyze"}
BROUGHT = {
    "adjustText": "adjusttext",
    "markupsafe": "jinja2",
    "nbformat": "nbclient",
    "pdfminer": "pdfplumber",
}
FOLDERS = {"": "analysis", "crosscheck": "analysis tests", "dask": "analysis", "notebooks": "notebooks"}


def required(listed: list[str]) -> set[str]:
    """The modules that requirements bring."""
    names = [re.split("[<>=]", one)[0].lower() for one in listed]
    return {NAMED.get(name, name.replace("-", "_")) for name in names}


@cache
def imported(*folders: str) -> set[str]:
    """The libraries that code imports, anywhere in a file."""
    found = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        code = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'import_module\("(\w+)"\)', code))
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
    return {BROUGHT.get(one, one) for one in found} - set(sys.stdlib_module_names)


@pytest.mark.parametrize("extra", FOLDERS)
def test_each_dependency_is_imported_where_it_is_asked_for(extra: str) -> None:
    listed = required(EXTRAS[extra] if extra else PROJECT["dependencies"])
    programs = {"jupyterlab", "frictionless"}  # started, not imported
    assert listed - programs <= imported(*FOLDERS[extra].split())


def test_what_the_package_imports_is_a_dependency() -> None:
    extras = {name for extra in ("crosscheck", "dask", "docx", "living") for name in required(EXTRAS[extra])}
    core = imported("analysis") - {"livingmeta"} - extras
    assert core == required(PROJECT["dependencies"])


def test_each_extra_is_said_where_one_installs() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(EXTRAS)


def test_each_dependency_is_pinned_by_the_lock() -> None:
    listed = [*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w-]+)==.*\n((?:    #.*\n)+)", lock, re.MULTILINE)
    asked = {name for name, via in pins if "livingmeta (pyproject.toml)" in via}
    assert asked == {re.split("[<>=]", one)[0].lower().replace("_", "-") for one in listed}
    names = [name for name, _ in pins]
    assert names == sorted(names)


def test_the_hashed_lock_pins_what_the_other_one_does_and_the_build() -> None:
    names = ("requirements.lock", "requirements.hashes.lock")
    plain, hashed = ((ROOT / name).read_text(encoding="utf-8") for name in names)
    pins, held = (set(re.findall(r"^[\w-]+==[^ \n]+", lock, re.MULTILINE)) for lock in (plain, hashed))
    built = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert pins <= held
    assert set(built) <= held - pins
    entry = r"[\w-]+==[^\n]+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
    assert re.fullmatch(f"(?:{entry})+", hashed)


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_names_actions_by_commit_and_what_it_may(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action, _ in used)
    assert all(re.fullmatch(r" # v[\d.]+", version) for _, version in used)
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert "\npermissions:\n" in text
    if ": write" in text:  # then it runs nothing of a pull request
        assert "\n  pull_request" not in text
    whole, _, jobs = text.partition("\njobs:\n")
    for job in re.split(r"^  (?=[\w-]+:\n)", jobs, flags=re.MULTILINE):
        if ": write" in whole + job:  # and nothing of the repository
            assert set(re.findall(r"uses: ([\w/-]+)", job)) <= {"actions/deploy-pages"}
    for script in re.findall(r"run: (?:\|\n((?:\s{8,}.*\n)+)|(.*))", text):
        assert "${{" not in "".join(script), "what others chose goes in by the environment"


def test_the_version_stands_in_one_place_and_is_the_one_to_cite() -> None:
    told = dict(re.findall(r"^(version|title|date-released): (.+)$", CITATION, re.MULTILINE))
    assert told["version"] == __version__
    assert PROJECT["dynamic"] == ["version"], "read off livingmeta/__init__.py"
    assert "version" not in PROJECT
    assert told["title"].startswith(f'"{PROJECT["name"]}: ')
    assert all(f'- name: "{author["name"]}"' in CITATION for author in PROJECT["authors"])


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
    (away / "pain.csv").write_text(
        "study,mean1,sd1,n1,mean2,sd2,n2\nAble 2001,6,1.5,6,4.5,1.9,8\nBaker 2004,5,2,10,3,2.2,10\n"
    )
    # RevMan's formulas by hand: 0.80495447 with 0.32387103, 0.91110709 with 0.22584421; Q < 1, so τ² is 0
    assert "SMD 0.87 " in run(command, "pool", "pain.csv", "--measure", "SMD", cwd=away)
    hands_on = "import livingmeta; print(all(getattr(livingmeta, name) for name in livingmeta.__all__))"
    assert run(python, "-c", hands_on, cwd=away) == "True\n"
    carried = command.parents[1]
    (lock,) = carried.rglob("livingmeta/data/smith2017/results.lock.json")
    lock.write_text(re.sub('"why": "[^"]*"', '"why": "edited"', lock.read_text("utf-8")), encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in carried.rglob("livingmeta/data/**/*.*")}
    assert before
    told = run(command, "verify", "smith2017", "--update", "--why", "another place", cwd=away)
    copy = away / "data" / "smith2017"
    assert f"{copy} is your copy" in told
    assert "another place" in (copy / "results.lock.json").read_text("utf-8")
    now = {path: path.stat().st_mtime_ns for path in carried.rglob("livingmeta/data/**/*.*")}
    assert now == before
    assert (away / "figures" / "smith2017" / "explorer.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "digits"),
    [
        ("metafor.R", 1e-9),
        ("measures.R", 1e-9),
        ("interactions.R", 1e-9),
        ("multilevel.R", 1e-6),
        ("mantel_haenszel.R", 1e-9),
        ("revman.R", 1e-9),
    ],
)
def test_metafor_still_gives_the_pinned_answers(tmp_path: Path, script: str, digits: float) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    run("Rscript", script, tmp_path, cwd=REFERENCE)
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
                    theirs = pytest.approx(float(other[column]), rel=digits, abs=digits / 1000)
                    assert float(one[column]) == theirs, (name, column)
                except ValueError:
                    assert one[column] == other[column]


@pytest.mark.slow
def test_every_benchmark_runs() -> None:
    for script in sorted((ROOT / "tests" / "benchmarks").glob("*.py")):
        assert "ratio" in run(sys.executable, script)


def test_no_paper_is_tracked_beside_the_data_and_none_can_be_by_mistake() -> None:
    """Papers belong to who holds them; the figures that this package draws are its own."""
    tracked = run("git", "ls-files", "data", cwd=ROOT).split()
    assert len(tracked) > 20
    assert {path for path in tracked if Path(path).suffix.lower() in PAPERS} == set()
    held = ["papers/a.txt", "data/papers/a.txt", "data/smith2017/a.pdf", "data/new/deep/a.xml", "data/a.html"]
    assert run("git", "check-ignore", *held, cwd=ROOT).split() == held
    drawn = run("git", "ls-files", "--ignored", "--exclude-standard", "--cached", cwd=ROOT)
    assert drawn == ""
