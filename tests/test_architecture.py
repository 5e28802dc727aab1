"""The rooms point one way, and no trial stands in the code."""

import re

import pytest

from livingmeta import load_review
from rooms import DOORS, MODULES, PACKAGE, PAGE, ROOT, floor, imports, ours, page, room

SCIENCE = {"numpy", "scipy"}
LIBRARIES = {
    "ground": {"filelock"},
    "engine": SCIENCE | {"statsmodels"},
    "review": {"pydantic", "pandas"},
    "synthesis": SCIENCE | {"pydantic", "pandas"},
    "audit": SCIENCE | {"pandas", "statsmodels", "pymare", "meta_analyze"},
    "appraisal": SCIENCE | {"pandas", "pydantic"},
    "exchange": SCIENCE | {"pandas", "pydantic", "openpyxl", "defusedxml"},
    "living": {"pydantic", "pandas", "openpyxl", "tomlkit"},
    "figures": SCIENCE | {"matplotlib", "pandas"},
    "pages": SCIENCE | {"pandas", "matplotlib", "jinja2", "pydantic", "rich"},
}
FILES = {"pathlib", "os", "io", "tempfile", "shutil"}
CORE = {"engine", "synthesis", "appraisal"}  # touch no files


@pytest.mark.parametrize("module", [m for m in MODULES if m not in DOORS])
def test_no_arrow_between_rooms_runs_back(module: str) -> None:
    own = room(module)
    for other in set(ours(module)) - {own}:
        assert floor(other) < floor(own), f"{module} imports from {other}"


def test_the_picture_of_the_rooms_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/rooms.py"


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
