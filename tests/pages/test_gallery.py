"""Every picture can be looked at on one page, under its title."""

import re
import subprocess
from pathlib import Path

from folders import ROOT
from livingmeta.pages.gallery import MARK, gallery, refresh
from livingmeta.review.folder import load_review

PICTURE = re.compile(r"!\[([^]]+)\]\(([^)]+)\)")


def section(page: str, review: str) -> str:
    return page.partition(f"## {review}\n")[2].partition("\n## ")[0].rstrip()


def test_the_committed_page_shows_every_committed_picture_and_no_other() -> None:
    """Others may stand on the page of a clone in which more reviews were run."""
    listed = subprocess.run(
        ["git", "ls-files", "figures/*/*"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    page = (ROOT / "figures" / "README.md").read_text(encoding="utf-8")
    committed = [Path(one) for one in listed if "/smith2017/" in one]
    assert section(page, "smith2017") == section(gallery(committed), "smith2017")
    shown = {path for _, path in PICTURE.findall(section(page, "smith2017"))}
    assert shown == {f"smith2017/{one.name}" for one in committed if one.suffix == ".png"}
    assert all((ROOT / "figures" / one).is_file() for one in shown)


def test_a_picture_has_the_title_of_its_synthesis_as_alt_text() -> None:
    alts = {
        path: alt
        for alt, path in PICTURE.findall(
            gallery([Path("smith2017/forest_pain-short.png"), Path("x/leave_one_out.png")])
        )
    }
    title = load_review("smith2017").plan("pain-short").title
    assert alts["smith2017/forest_pain-short.png"] == f"Forest plot: {title}, smith2017"
    assert alts["x/leave_one_out.png"] == "Leave-one-out forest plot, x"


def test_a_page_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "forest_a.png").touch()
    page = tmp_path / "README.md"
    page.write_text("# My project\n", encoding="utf-8")
    assert refresh(tmp_path) is None
    assert page.read_text(encoding="utf-8") == "# My project\n"
    page.unlink()
    assert refresh(tmp_path) == page
    assert MARK in page.read_text(encoding="utf-8")
    assert refresh(tmp_path) == page


def test_what_git_leaves_out_has_no_place_on_a_page_that_it_keeps(tmp_path: Path) -> None:
    for name in ("mine", "shared"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "forest_pain.png").write_bytes(b"")
    assert "mine/forest_pain.png" in refresh(tmp_path).read_text("utf-8")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("mine/*\n", encoding="utf-8")
    page = refresh(tmp_path).read_text("utf-8")
    assert "shared/forest_pain.png" in page
    assert "mine" not in page
    (tmp_path / ".gitignore").write_text("*\n", encoding="utf-8")
    assert "mine/forest_pain.png" in refresh(tmp_path).read_text("utf-8")


def test_run_writes_the_page(ran: tuple[Path, str]) -> None:
    page = (ran[0].parent / "README.md").read_text(encoding="utf-8")
    assert {path for _, path in PICTURE.findall(page)} == {
        f"smith2017/{one.name}" for one in ran[0].glob("*.png")
    }
    for title in ("PRISMA 2020", "Risk of bias, trial by trial", "Risk of bias, by domain"):
        assert title in page
