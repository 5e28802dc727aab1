"""The teaching notebooks are whole, run alone, and their check cells tell right from wrong."""

import json
import re
import runpy
import time
from pathlib import Path
from typing import Any

import pytest

import livingmeta

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECTIONS = [
    "The question",
    "Your prediction",
    "The computation",
    "The picture",
    "Check yourself",
    "Exercises",
    "What to remember",
]
# A right and a wrong answer to each check cell; the right ones by hand, or as said beside them.
ANSWERS = {
    "01_question_and_rerun": {
        "check-percent": ("37", "142"),  # 142/385
        "check-width": ("3.8", "0.6"),  # 1.88/0.49
    },
    "02_one_trial_by_hand": {
        # R: 27 / (2 * qt(.975, 23)) * sqrt(24)
        "check-sd": ("31.97", "6.53"),
        "check-sign": ("2", "1"),
    },
    "03_pooling_by_hand": {"check-sum": ("28.60", "34.60"), "check-pooled": ("-0.36", "0.36")},
    "04_heterogeneity": {
        "check-width": ("2.2", "0.5"),  # R: qt(.975, 2) / qnorm(.975)
        "check-limit": ("0.6", "0.3"),  # 1.96 * sqrt(0.1)
    },
    "05_detective_work": {"check-upper": ("0.0", "-0.05"), "check-typed": ("-1.5", "-0.3")},
    "06_forking_paths": {
        "check-nearest": ("-0.10", "-0.41"),  # (w1*y1 + w2*y2)/(w1 + w2): their τ² is 0
        "check-prior": ('"wider"', '"narrower"'),
    },
    "07_a_complete_review": {
        "check-include": ("3", "0"),
        # R, metafor 3.8: rma(yi, vi, mods = ~ n, method = "DL"), predict at 300
        "check-line": ("-0.40", "-0.84"),
    },
    "08_add_a_trial": {"check-effect": ("0.24", "-0.24"), "check-moves": ("1", "6")},
    "09_your_own_review": {"check-pooled": ("5", "6"), "check-empty": ("5", "0")},
}
UNANSWERED, RIGHT, WRONG = "No answer yet", "Right.", "Not yet"

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def tagged(cells: list[dict[str, Any]], tag: str) -> list[dict[str, Any]]:
    return [cell for cell in cells if tag in cell["metadata"].get("tags", [])]


def heading(cell: dict[str, Any]) -> str | None:
    found = re.match(r"## (.+)", source(cell)) if cell["cell_type"] == "markdown" else None
    return found[1] if found else None


def section(cells: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    inside, found = False, []
    for cell in cells:
        if (title := heading(cell)) is not None:
            inside = title == name
        if inside:
            found.append(cell)
    return found


def test_there_are_nine_numbered_from_one() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{n:02}" for n in range(1, 10)]


@each
def test_a_notebook_is_committed_without_output(path: Path) -> None:
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids), "ids say what a cell is for"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@each
def test_a_notebook_asks_first_and_checks_last(path: Path) -> None:
    cells = read(path)["cells"]
    assert [title for cell in cells if (title := heading(cell))] == SECTIONS
    assert heading(cells[1]) == SECTIONS[0], "after the title comes the question"
    assert tagged(section(cells, "Your prediction"), "prediction")
    asked = tagged(section(cells, "Check yourself"), "check")
    assert asked
    assert asked == tagged(cells, "check")
    assert all(re.match(r"my_\w+ = \.\.\.\n", source(cell)) for cell in asked)
    assert "load_review(" in "".join(map(source, cells)), "real data"


@each
def test_a_notebook_says_how_to_open_it_in_the_cloud(path: Path) -> None:
    assert "](README.md#in-the-cloud)" in source(read(path)["cells"][0])


@pytest.mark.parametrize("path", [*NOTEBOOKS, FOLDER / "teaching.py"], ids=lambda path: path.stem)
def test_what_is_imported_of_the_package_is_public(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join(map(source, read(path)["cells"]))
    modules = re.findall(r"(?:from|import) (livingmeta[\w.]*)", text)
    assert set(modules) <= {"livingmeta"}
    listed = re.findall(r"from livingmeta import (?:\(([^)]+)\)|(.+))", text)
    names = {name for part in listed for name in re.findall(r"\w+", "".join(part))}
    assert names <= set(livingmeta.__all__)


@each
def test_solutions_are_folded_and_complete(path: Path) -> None:
    asked, folded = section(read(path)["cells"], "Exercises")
    text = source(folded)
    assert text.startswith("<details>\n<summary>Solutions</summary>\n\n")
    assert text.endswith("\n</details>")
    exercises = re.findall(r"^(\d)\. ", source(asked), flags=re.M)
    assert len(exercises) >= 2
    assert re.findall(r"^\*\*(\d)\.\*\*", text, flags=re.M) == exercises


@each
def test_three_lines_are_to_be_remembered(path: Path) -> None:
    (last,) = section(read(path)["cells"], "What to remember")
    assert re.findall(r"^(\d)\. ", source(last), flags=re.M) == ["1", "2", "3"]


@each
def test_what_moves_stands_still_too(path: Path) -> None:
    cells = read(path)["cells"]
    for cell in tagged(cells, "slider"):
        before = source(cells[cells.index(cell) - 1])
        drawn = re.match(r"slider\(\s*(\w+)", source(cell))
        assert drawn
        assert re.search(rf"small_multiples\(\s*{drawn[1]}\b", before)


def anchors() -> list[str]:
    return re.findall(r'<a id="([^"]+)"></a>', (FOLDER / "glossary.md").read_text(encoding="utf-8"))


def test_the_glossary_defines_each_term_once_in_both_languages() -> None:
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    names = anchors()
    assert len(names) == len(set(names)) >= 40
    entries = re.split(r'<a id="[^"]+"></a>', text)[1:]
    for name, entry in zip(names, entries, strict=True):
        assert re.match(r"\*\*[^*]+\*\* · \*[^*]+\*\n\n?", entry.lstrip()), name


@pytest.mark.parametrize("page", [*NOTEBOOKS, *FOLDER.glob("*.md")], ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        text = "\n".join(map(source, read(page)["cells"]))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        assert (FOLDER / file).exists() or not file, target
        if anchor:
            assert file in {"", "glossary.md", "README.md"}
            assert anchor in [*anchors(), "as-pages", "in-the-cloud"], target


@each
def test_each_check_cell_has_a_right_and_a_wrong_answer(path: Path) -> None:
    asked = [cell["id"] for cell in tagged(read(path)["cells"], "check")]
    assert list(ANSWERS[path.stem]) == asked


def state() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (FOLDER.parent / "data").rglob("*.*")}


def with_answers(cells: list[Any], answers: dict[str, tuple[str, str]]) -> list[Any]:
    """Put behind each check cell the same with a right answer, and with a wrong one."""
    import nbformat

    longer = []
    for cell in cells:
        longer.append(cell)
        for kind, answer in zip((RIGHT, WRONG), answers.get(cell.id, ()), strict=False):
            text = re.sub(r"= \.\.\.", f"= {answer}", cell.source, count=1)
            longer.append(nbformat.v4.new_code_cell(text, metadata={"expected": kind}))
    return longer


def solved(cells: list[Any]) -> Any:
    """Make a cell that runs the folded solutions as doctests, and prints only what fails."""
    import nbformat

    (folded,) = [cell for cell in cells if cell.source.startswith("<details>")]
    examples = "\n\n".join(re.findall(r"```python\n(.*?)```", folded.source, flags=re.S))
    assert ">>> " in examples
    return nbformat.v4.new_code_cell(f"""
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, DocTestParser, DocTestRunner
examples = DocTestParser().get_doctest({examples!r}, globals(), "solutions", None, 0)
_ = DocTestRunner(optionflags=ELLIPSIS | NORMALIZE_WHITESPACE).run(examples)
""")


def printed(cell: Any) -> str:
    return "".join(one.text for one in cell.get("outputs", ()) if one.output_type == "stream")


@pytest.mark.slow
@each
def test_a_notebook_runs_alone_and_its_checks_judge(path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    answers = ANSWERS[path.stem]
    cells = notebook.cells = [*with_answers(notebook.cells, answers), solved(notebook.cells)]
    before, start = state(), time.perf_counter()
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    assert time.perf_counter() - start < 60
    assert state() == before, "no notebook writes into data/"

    asked = tagged(cells, "check")
    assert all(printed(cell).startswith(UNANSWERED) for cell in asked)
    for cell in cells:
        if expected := cell.metadata.get("expected"):
            assert printed(cell).startswith(expected), f"{cell.source}\n{printed(cell)}"
    for cell in asked:
        right, wrong = cells[cells.index(cell) + 1 :][:2]
        assert "Hint: " in printed(wrong)
        told = re.findall(r"-?\d+\.\d+", printed(wrong))
        assert answers[cell.id][0] not in told, f"{right.source}: the hint tells the answer"
    assert not printed(cells[-1]), printed(cells[-1])

    drawn = [
        cell
        for cell in section(cells, "The picture")
        if any("image/png" in one.get("data", {}) for one in cell.get("outputs", ()))
    ]
    assert drawn
    # what goes wrong while a widget draws stands in its own output, not in the cell's
    held = notebook.metadata.get("widgets", {}).values()
    moved = [str(one["state"].get("outputs")) for part in held for one in part["state"].values()]
    assert sum("image/png" in outputs for outputs in moved) == len(tagged(cells, "slider"))


@pytest.mark.slow
def test_pages_show_panels_instead_of_sliders_and_link_to_pages(tmp_path: Path) -> None:
    page = runpy.run_path(str(FOLDER / "render.py"))["page"]
    html = page(FOLDER / "03_pooling_by_hand.ipynb", tmp_path)
    assert "small_multiples(weights" in re.sub(r"<[^>]+>", "", html)
    assert "slider(weights" not in re.sub(r"<[^>]+>", "", html)
    assert 'href="04_heterogeneity.html"' in html
    assert 'href="glossary.html#tau2"' in html
    assert len(re.findall(r"<img[^>]+data:image/png", html)) == 2
    assert 'id="tau2"' in page(FOLDER / "glossary.md", tmp_path)
