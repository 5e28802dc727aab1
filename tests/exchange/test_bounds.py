"""What docs/files.md promises: bounds are kept, nothing is left out or taken for another in silence."""

import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.test_imports import MEANS, WEB_ROWS, WEB_SETTINGS, package, write
from folders import ROOT, folder
from livingmeta.exchange import sheets
from livingmeta.exchange.imports import read, reviews_in
from livingmeta.exchange.sheets import read_sheet
from livingmeta.review import files
from livingmeta.review.folder import examine, questions
from livingmeta.words import RefusalError


def refusal(path: Path) -> str:
    with pytest.raises(RefusalError) as refused:
        read(path)
    return str(refused.value)


def workbook(path: Path, change: Callable[..., None]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    for row in (["study", "yi", "sei"], ["Ash", 0.1, 0.1], ["Beech", 0.2, 0.2], ["Cedar", 0.4, 0.2]):
        book.active.append(row)
    change(book.active)
    book.save(path)
    return path


def test_the_bounds_in_the_docs_are_those_of_the_program() -> None:
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    for words in (
        f"at most {files.LARGEST_FILE // 10**6} MB, and so has all",
        f"{files.MOST_ROWS:,} rows, {files.MOST_COLUMNS:,} columns and {files.MOST_CELLS:,} cells",
        f"a column, a study or a subgroup has at most {files.LONGEST_NAME} characters",
        f"at most {sheets.MOST_TAGS:,} tags and attributes",
        f"at most {files.LARGEST_TOML // 10**6} MB, and a key in it at most {files.DEEPEST} parts",
    ):
        assert words in page


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its folders")
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "rm5", "zip"])
def test_pipes_and_devices_are_refused_and_not_waited_for(suffix: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"pipe.{suffix}")
    assert "a folder, a pipe or a device" in refusal(tmp_path / f"pipe.{suffix}")
    (tmp_path / f"zero.{suffix}").symlink_to("/dev/zero")
    assert "a folder, a pipe or a device" in refusal(tmp_path / f"zero.{suffix}")
    assert "no such file" in refusal(tmp_path / f"none.{suffix}")


def test_a_blank_cell_in_the_last_corner_of_a_sheet_costs_nothing(tmp_path: Path) -> None:
    def corner(page) -> None:
        page["XFD1048576"].number_format = "0.00"

    assert len(read_sheet(workbook(tmp_path / "t.xlsx", corner)).rows) == 3


def test_a_filled_cell_beyond_the_bounds_of_a_table_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", lambda page: page.cell(200_000, 2, "x"))
    assert "cell B200000: the table has more than 100,000 rows" in refusal(path)
    path = workbook(tmp_path / "u.xlsx", lambda page: page.cell(3, 5_000, "x"))
    assert "cell GJH3: the table has more than 1,000 columns" in refusal(path)


def test_merged_and_linked_ranges_as_large_as_a_sheet_are_not_unrolled(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", lambda page: None)
    out = io.BytesIO()
    merged = b'<mergeCells count="1"><mergeCell ref="A9:XFD1048576"/></mergeCells>'
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            new.writestr(member, old.read(member).replace(b"</sheetData>", b"</sheetData>" + merged))
    path.write_bytes(out.getvalue())
    assert "cells are merged (A9:XFD1048576)" in refusal(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("study,yi,vi\n" + "a,1,1\n" * 100_001, "more than 100,000 rows"),
        ("study,yi,vi\n" + "\n" * 1_000_000, "more than 100,000 rows"),
        ("study,yi,vi\n" + "," * 1_000_001, "more than 1,000,000 cells"),
        ("study,yi,vi\n" + "," * 2_000, "more than 1,000 columns"),
        ("study," + "y" * 201 + ",vi\na,1,1\n", "has no name but a text"),
        ("study,yi,vi\n" + 'a,"' + "x" * 200_000 + '",1\n', "field larger than field limit"),
    ],
)
def test_a_text_beyond_the_bounds_is_refused(text: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(write(tmp_path / "t.csv", text))


def test_an_xml_of_tags_alone_is_refused_before_it_is_read(tmp_path: Path) -> None:
    assert "more than 2,000,000 tags" in refusal(write(tmp_path / "t.rm5", "<a>" * 2_000_001))


def test_a_file_beyond_the_bound_is_not_read(monkeypatch, tmp_path: Path) -> None:
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(files.LARGEST_FILE + 1)
    assert "larger than 50 MB" in refusal(tmp_path / "t.csv")


def test_what_a_zip_unpacks_to_counts_together(monkeypatch, tmp_path: Path) -> None:
    """Each table is below the bound, and both are not."""
    from livingmeta.exchange import revman

    path = package(tmp_path / "w.zip", WEB_ROWS, WEB_SETTINGS)
    size = len(WEB_ROWS.encode()) + len(WEB_SETTINGS.encode()) + 2 * len("\ufeff".encode())
    with zipfile.ZipFile(path) as packed:
        size += sum(member.file_size for member in packed.infolist() if "data.zip" in member.filename)
    monkeypatch.setattr(revman, "LARGEST_FILE", size)
    assert len(read(path)) == 1
    monkeypatch.setattr(revman, "LARGEST_FILE", size - 1)
    assert "unpacked it is larger than" in refusal(path)


BROKEN_TOML = {
    "deep": "a = " + "[" * 100_000,
    "nested": "a = " + "{a = " * 5_000,
    "long": ".".join(["a"] * 300_000) + " = 1",
    "quoted": "x = {" + ".".join(['"a"'] * 300_000) + " = 1}",
    "digits": "a = 1" + "0" * 5_000,
    "large": 'a = "' + "x" * 1_000_000 + '"',
    "null": 'title = "\0"',
}


@pytest.mark.parametrize("name", BROKEN_TOML)
def test_a_broken_review_toml_is_named_and_breaks_no_list_of_reviews(name, monkeypatch, tmp_path) -> None:
    good = folder(tmp_path / "data")
    bad = good.rename(tmp_path / "data" / "bad")
    folder(tmp_path / "data")
    (bad / "review.toml").write_text(BROKEN_TOML[name], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = {path.name: question for path, question in questions().items()}
    assert "can't be read: see livingmeta check bad" in said["bad"]
    assert "review.toml" not in said["small"]
    ((_, problems),) = [examine(bad)]
    (problem,) = (str(problem) for problem in problems if "review.toml" in problem.file)
    assert re.search("not valid TOML|more than 50 parts|larger than 1 MB|zero bytes", problem)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its folders")
def test_a_pipe_in_a_review_is_named_and_not_waited_for(tmp_path: Path) -> None:
    review = folder(tmp_path)
    for name in ("review.toml", "trials.csv"):
        (review / name).unlink()
        os.mkfifo(review / name)
        problems = [str(problem) for problem in examine(review)[1]]
        assert any(f"{name}: this is a folder, a pipe or a device" in problem for problem in problems)


def test_rows_that_are_hidden_or_begin_with_a_hash_are_named(tmp_path: Path) -> None:
    def change(page) -> None:
        page.row_dimensions[3].hidden = True
        page.column_dimensions["C"].hidden = True
        page.append(["#4 Douglas", 0.3, 0.1])
        page.append(["# a comment"])

    (analysis,) = read(workbook(tmp_path / "t.xlsx", change))
    assert [record.study for record in analysis.records] == ["Ash", "Beech", "Cedar"]
    assert any("row 3: hidden in the file, and read" in remark for remark in analysis.remarks)
    assert any("column C: hidden in the file" in remark for remark in analysis.remarks)
    assert any("row 5: left out, since the first cell begins with #" in remark for remark in analysis.remarks)
    text = "# made by me, in May\n" + MEANS + "#12 Delta 2009,5,2,10,3,2,10\n# the last, indeed\n"
    (_, remarks) = reviews_in(write(tmp_path / "t.csv", text))
    assert [re.search(r"rows [\d, ]+", remark)[0] for remark in remarks] == ["rows 5, 6"]


def test_a_hidden_sheet_is_not_the_first_one(tmp_path: Path) -> None:
    def change(page) -> None:
        page.sheet_state = "hidden"
        page.parent.create_sheet("seen").append(["study", "yi", "vi"])

    assert read_sheet(workbook(tmp_path / "t.xlsx", change)).header == ("study", "yi", "vi")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("study,yi,vi\nA,1,-0.04\nB,1,0.1\n", 'row 2, vi = "-0.04": a variance is not below 0'),
        ("study,yi,sei\nA,1,-0.2\nB,1,0.1\n", 'row 2, sei = "-0.2": a standard error is not below 0'),
        ("study,mean1,sd1,n1,mean2,sd2,n2\nA,5,2,10,3,2,1e99\n", 'row 2, n2 = "1e99": no study has so many'),
        ("study,mean1,sd1,n1,mean2,sd2,n2\nA,5,2,1e308,3,2,9\n", 'row 2, n1 = "1e308": no report prints'),
        (
            "study,mean1,sd1,n1,mean2,sd2,n2\nA,1e-400,2,9,3,2,9\n",
            'row 2, mean1 = "1e-400": no report prints',
        ),
        ("study,mean1,sd1,n1,mean2,sd2,n2\nA,5,2,12.5,3,2,9\n", 'row 2, n1 = "12.5": people are counted'),
    ],
)
def test_numbers_that_can_be_no_such_thing_are_named(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=re.escape(words)):
        reviews_in(write(tmp_path / "t.csv", text))


def test_a_count_that_is_empty_is_named_by_its_row(tmp_path: Path) -> None:
    text = "study,ai,bi,ci,di\nAsh,4,119,11,128\nBeech,,300,29,274\nCedar,3,228,11,209\n"
    (_, remarks) = reviews_in(write(tmp_path / "t.csv", text))
    assert any("row 3, Beech: no events1" in remark for remark in remarks)


def test_a_web_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path / "w.zip", WEB_ROWS.replace(",Study,", ",Work,"), WEB_SETTINGS)
    assert "there is no column Study" in refusal(path)
    path = package(tmp_path / "v.zip", WEB_ROWS, WEB_SETTINGS.replace("Analysis number", "No"))
    assert "there is no column Analysis number" in refusal(path)
