"""A sheet that somebody made is read where one row alone can name its columns, aloud; else it is asked."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from exchange.test_columns import estimate
from exchange.test_imports import write
from exchange.test_tables import refusal
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.imports import reviews_in

HEAD = ["study", "mean1", "sd1", "n1", "mean2", "sd2", "n2"]
ROWS = [
    ["Alder 2001", 4.1, 2.0, 20, 5.0, 2.1, 20],
    ["Birch 2004", 3.8, 1.9, 31, 4.4, 2.2, 29],
    ["Cedar 2010", 5.2, 2.4, 15, 5.9, 2.0, 16],
]
GROUPS = ["study", "Intervention", None, None, "Control", None, None]
UNDER = [None, "mean", "SD", "n", "mean", "SD", "n"]
MD = Hints(measure="MD")


def workbook(path: Path, *sheets: Sequence[Sequence[object]], merge: Sequence[str] = ()) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for place, rows in enumerate(sheets, start=1):
        page = book.create_sheet(f"S{place}")
        for row in rows:
            page.append(list(row))
    for ref in merge:
        book["S1"].merge_cells(ref)
    book.save(path)
    return path


def text(*rows: Sequence[object], mark: str = ",") -> str:
    return "\n".join(mark.join("" if cell is None else str(cell) for cell in row) for row in rows) + "\n"


@pytest.mark.parametrize(
    ("above", "merge", "said"),
    [
        ([["Table 3. Pain"]], (), "row 1: above the names of the columns in row 2, and not read"),
        ([["Table S3. Pain"]], ("A1:G1",), "row 1: above the names of the columns in row 2"),
        ([["Title"], [], ["Extracted by", "me and you"]], (), "rows 1, 3: above the names"),
    ],
)
def test_titles_above_the_names_are_found_and_said(above, merge, said: str, tmp_path: Path) -> None:
    """metafor: rma(escalc("MD", ...)) gives -0.71639, as in test_columns."""
    path = workbook(tmp_path / "t.xlsx", [*above, HEAD, *ROWS], merge=merge)
    assert estimate(path, MD) == -0.7164
    assert any(said in remark for remark in reviews_in(path, MD)[1])
    assert reviews_in(path, MD)[0][0].outcomes[0].row == len(above) + 2
    for mark in ";," if not merge else ():
        file = write(tmp_path / "t.csv", text(*above, HEAD, *ROWS, mark=mark))
        assert estimate(file, MD) == -0.7164


@pytest.mark.parametrize("merge", [(), ("B1:D1", "E1:G1"), ("A1:A2", "B1:D1", "E1:G1")])
def test_two_rows_name_the_columns_together_where_names_repeat_under_groups(merge, tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [GROUPS, UNDER, *ROWS], merge=merge)
    assert estimate(path, MD) == -0.7164
    assert (
        "rows 1 and 2 name the columns together: study, Intervention mean, Interv"
        in reviews_in(path, MD)[1][0]
    )
    assert estimate(path, Hints(measure="MD", header_row=2)) == -0.7164
    assert estimate(write(tmp_path / "t.csv", text(GROUPS, UNDER, *ROWS)), MD) == -0.7164


def test_a_name_that_stands_once_belongs_to_no_group_and_a_row_of_scales_is_left_out(tmp_path: Path) -> None:
    rows = [[*GROUPS, ""], [*UNDER, "Weeks"], ["", "0-100", "0-100", "", "0-100", "", "", ""]]
    path = write(tmp_path / "t.csv", text(*rows, *([*row, 12] for row in ROWS)))
    ((review,), remarks) = reviews_in(path, MD)
    assert estimate(path, MD) == -0.7164
    assert list(review.characteristics) == ["Weeks"]
    assert remarks[1].endswith("row 3: it holds units (0-100), and is left out.")


def test_two_rows_of_groups_that_name_no_arm_are_asked_with_both_in_the_names(tmp_path: Path) -> None:
    groups = [{"Intervention": "Yoga", "Control": "Waitlist"}.get(str(cell), cell) for cell in GROUPS]
    said = refusal(write(tmp_path / "t.csv", text(["My table"], groups, UNDER, *ROWS)), MD)
    assert '--column "mean1=Yoga mean" --column "sd1=Yoga SD" --column "n1=Yoga n"' in said


def test_merged_cells_among_the_studies_are_refused_with_their_names(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["Title"], HEAD, *ROWS], merge=("A1:G1", "A3:A4"))
    assert "cells are merged (A3:A4)" in refusal(path)


def test_the_only_sheet_with_names_of_columns_is_read_and_the_others_named(tmp_path: Path) -> None:
    notes, data = [["This workbook holds our data"]], [HEAD, *ROWS]
    path = workbook(tmp_path / "t.xlsx", notes, data)
    assert estimate(path, MD) == -0.7164
    assert "the sheet S2 is read, and not the sheet S1" in reviews_in(path, MD)[1][0]
    path = workbook(tmp_path / "u.xlsx", notes, data, data)
    assert "the sheets S2, S3 can each hold the data. Choose one with --sheet" in refusal(path)
    assert estimate(path, Hints(measure="MD", sheet="S3")) == -0.7164
    assert "it has S1, S2" in refusal(tmp_path / "t.xlsx", Hints(sheet="S4"))
    assert "Leave --sheet out" in refusal(write(tmp_path / "t.csv", text(*data)), Hints(sheet="S4"))


def test_of_two_rows_that_can_name_the_columns_one_is_asked_for(tmp_path: Path) -> None:
    other = ["study", "mean1", "sd1", "n1", "mean2", "sd2", "total 2"]
    path = write(tmp_path / "t.csv", text(["Title"], HEAD, *ROWS[:1], other, *ROWS[1:]))
    assert "rows 2, 4: each can name the columns. Say which with --header-row" in refusal(path)
    assert "row 3" in refusal(path, Hints(measure="MD", header_row=3))


def test_units_and_repeated_names_are_left_out_aloud(tmp_path: Path) -> None:
    units = ["", "mm", "mm", "", "mm", "mm", ""]
    path = write(tmp_path / "t.csv", text(HEAD, units, *ROWS[:2], HEAD, *ROWS[2:]))
    ((review,), remarks) = reviews_in(path, MD)
    assert estimate(path, MD) == -0.7164
    assert [remark.partition(" row ")[2] for remark in remarks] == [
        "2: it holds units (mm), and is left out.",
        "5: it holds the names of the columns again, and is left out.",
    ]
    assert [row.row for row in review.outcomes[::2]] == [3, 4, 6]


def test_a_column_without_name_and_cells_is_no_column(tmp_path: Path) -> None:
    spaced = [[*row[:4], None, *row[4:], None] for row in (HEAD, *ROWS)]
    assert estimate(write(tmp_path / "t.csv", text(*spaced)), MD) == -0.7164
    spaced[2][4] = "x"
    assert "row 1: a column has no name" in refusal(write(tmp_path / "u.csv", text(*spaced)))
