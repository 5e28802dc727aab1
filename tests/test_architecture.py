"""The rooms point one way, and no trial stands in the code."""

import re

from livingmeta import load_review
from rooms import DOORS, MODULES, PACKAGE, PAGE, ROOT, floor, imports, ours, page, room

SCIENCE = {"numpy", "scipy"}
LIBRARIES = {
    "ground": {"filelock", "pandas", "platformdirs"},
    "engine": SCIENCE | {"statsmodels"},
    "review": {"pydantic", "pandas"},
    "synthesis": SCIENCE | {"pydantic", "pandas"},
    "audit": SCIENCE | {"pandas", "statsmodels", "pymare", "meta_analyze"},
    "appraisal": SCIENCE | {"pandas", "pydantic"},
    "exchange": SCIENCE
    | {
        "pandas",
        "pydantic",
        "openpyxl",
        "defusedxml",
        "tomlkit",
        "pdfplumber",
        "pdfminer",
        "rapidfuzz",
        "rispy",
        "pybtex",
    },
    "living": {
        "pydantic",
        "pandas",
        "openpyxl",
        "tomlkit",
        "httpx",
        "platformdirs",
        "rapidfuzz",
        "defusedxml",
    },
    "figures": SCIENCE | {"matplotlib", "pandas"},
    "pages": SCIENCE | {"pandas", "matplotlib", "jinja2", "pydantic", "rich", "docx", "openpyxl"},
    "calls": SCIENCE | {"pandas", "matplotlib"},
    "commands": {"typer", "rich"},  # they parse, call and print, and compute nothing
}
FILES = {"pathlib", "os", "io", "tempfile", "shutil"}
CORE = {"engine", "synthesis", "appraisal"}  # touch no files


def test_no_arrow_between_rooms_runs_back() -> None:
    arrows = {(m, other) for m in MODULES if m not in DOORS for other in set(ours(m)) - {room(m)}}
    assert {(m, other) for m, other in arrows if floor(other) >= floor(room(m))} == set()


def test_the_picture_of_the_rooms_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/rooms.py"


def test_the_core_of_the_engine_does_without_its_shelf() -> None:
    for module in (m for m in MODULES if re.match(r"engine/\w+\.py", m)):
        assert not {name for name in imports(module) if name.startswith("livingmeta.engine.methods")}, module


def test_the_core_is_as_long_as_the_page_says() -> None:
    core = [m for m in MODULES if re.match(r"(engine|review|synthesis)/\w+\.py", m)]
    lines = sum((PACKAGE / m).read_text(encoding="utf-8").count("\n") for m in core)
    (said,) = re.findall(r"It is ([\d,]+) lines long", PAGE.read_text(encoding="utf-8"))
    assert abs(lines - int(said.replace(",", ""))) < 250, f"the core has {lines} lines"


def test_libraries_stay_in_their_room() -> None:
    known = set().union(*LIBRARIES.values()) | {"typer", "rich", "dask", "distributed", "nbclient"}
    for module in (m for m in MODULES if room(m) in LIBRARIES and m not in DOORS):
        names = {name.split(".")[0] for name in imports(module)}
        assert names & known <= LIBRARIES[room(module)], module


def test_the_core_touches_no_files() -> None:
    for module in (m for m in MODULES if room(m) in CORE):
        assert not {name.split(".")[0] for name in imports(module)} & FILES, module
        code = (PACKAGE / module).read_text(encoding="utf-8")
        assert not re.search(r"\bopen\(|\bprint\(", re.sub(r">>> .*", "", code)), module


def test_only_the_store_writes() -> None:
    for module in (m for m in MODULES if m != "store.py"):
        code = (PACKAGE / module).read_text(encoding="utf-8")
        writes = r"write_text|write_bytes|to_csv\((?!index=)\w|\.savefig\([a-z]*path"
        assert not re.search(writes, code), module


def test_no_trial_is_named_in_the_code() -> None:
    folders = (path.parent for path in (ROOT / "data").glob("*/review.toml"))
    ids = {trial.trial for folder in folders for trial in load_review(folder).trials}
    assert len(ids) > 100
    for path in PACKAGE.rglob("*.*"):
        if path.suffix in {".py", ".j2", ".js"}:
            words = set(re.findall(r"[a-z0-9_.-]+", path.read_text(encoding="utf-8").lower()))
            assert not ids & words, path.name


def test_a_refusal_is_told_from_a_fault_of_ours() -> None:
    """`main` prints a `RefusalError`; a bare ValueError would hide what numpy or float() say."""
    bare = [m for m in MODULES if "raise ValueError(" in (PACKAGE / m).read_text("utf-8")]
    assert bare == [], "raise a RefusalError"
