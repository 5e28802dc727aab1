"""The rooms point one way, and no trial stands in the code."""

import ast
import re
from pathlib import Path

import pytest

from livingmeta import load_review

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "analysis" / "livingmeta"

# From the ground upwards, the rooms on one floor in one line: a room imports from itself and from
# lower floors. `review` stands above the engine for one arrow: which measures a row may have is
# asked of the registry of measures, since a second list of them would be a fault.
FLOORS = (
    {""},  # words, language, store
    {"engine"},
    {"review"},
    {"synthesis"},
    {"audit"},
    {"appraisal", "exchange"},
    {"living", "figures"},
    {"pages"},
    {"commands"},
)
SCIENCE = {"numpy", "scipy"}
LIBRARIES = {
    "": {"filelock"},
    "engine": SCIENCE | {"statsmodels"},
    "review": {"pydantic", "pandas"},
    "synthesis": SCIENCE | {"pydantic", "pandas"},
    "audit": SCIENCE | {"pandas", "statsmodels", "pymare", "meta_analyze"},
    "appraisal": SCIENCE | {"pandas", "pydantic"},
    "exchange": SCIENCE | {"pandas", "pydantic", "openpyxl", "defusedxml"},
    "living": {"pydantic", "pandas", "openpyxl"},
    "figures": SCIENCE | {"matplotlib", "pandas"},
    "pages": SCIENCE | {"pandas", "matplotlib", "jinja2", "pydantic"},
}
FILES = {"pathlib", "os", "io", "tempfile", "shutil"}
CORE = {"engine", "synthesis", "appraisal"}  # touch no files
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
DOORS = {"__init__.py", "__main__.py"}


def room(module: str) -> str:
    """The folder on top, "" for the ground: of "engine/methods/batch.py" it is engine."""
    return module.partition("/")[0] if "/" in module else ""


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def imports(module: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names.add(node.module or "")
            if node.module == "livingmeta":
                names |= {f"livingmeta.{alias.name}" for alias in node.names}
    return names


def ours(module: str) -> set[str]:
    """The rooms that a module imports from."""
    names = (name.split(".") for name in imports(module) if name.startswith("livingmeta."))
    return {part[1] if (PACKAGE / part[1]).is_dir() else "" for part in names}


@pytest.mark.parametrize("module", [m for m in MODULES if m not in DOORS])
def test_no_arrow_between_rooms_runs_back(module: str) -> None:
    own = room(module)
    for other in ours(module) - {own}:
        assert floor(other) < floor(own), f"{module} imports from {other or 'the ground'}"


@pytest.mark.parametrize("module", [m for m in MODULES if re.match(r"engine/\w+\.py", m)])
def test_the_core_of_the_engine_does_without_its_shelf(module: str) -> None:
    assert not {name for name in imports(module) if name.startswith("livingmeta.engine.methods")}


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in LIBRARIES and m not in DOORS])
def test_libraries_stay_in_their_room(module: str) -> None:
    known = set().union(*LIBRARIES.values()) | {"typer", "rich", "dask", "distributed", "nbclient"}
    assert {name.split(".")[0] for name in imports(module)} & known <= LIBRARIES[room(module)]


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in CORE])
def test_the_core_touches_no_files(module: str) -> None:
    assert not {name.split(".")[0] for name in imports(module)} & FILES
    code = (PACKAGE / module).read_text(encoding="utf-8")
    assert not re.search(r"\bopen\(|\bprint\(", re.sub(r">>> .*", "", code))


@pytest.mark.parametrize("module", [m for m in MODULES if m != "store.py"])
def test_only_the_store_writes(module: str) -> None:
    code = (PACKAGE / module).read_text(encoding="utf-8")
    assert not re.search(r"write_text|write_bytes|to_csv\((?!index=)\w|\.savefig\([a-z]*path", code)


def test_no_trial_is_named_in_the_code() -> None:
    folders = (path.parent for path in (ROOT / "data").glob("*/review.toml"))
    ids = {trial.trial for folder in folders for trial in load_review(folder).trials}
    assert len(ids) > 100
    for path in PACKAGE.rglob("*.*"):
        if path.suffix in {".py", ".j2", ".js"}:
            words = set(re.findall(r"[a-z0-9_.-]+", path.read_text(encoding="utf-8").lower()))
            assert not ids & words, path.name


@pytest.mark.parametrize("module", MODULES)
def test_a_refusal_is_told_from_a_fault_of_ours(module: str) -> None:
    """`main` prints a `RefusalError`; a bare ValueError would hide what numpy or float() say."""
    assert "raise ValueError(" not in (PACKAGE / module).read_text("utf-8"), "raise a RefusalError"
