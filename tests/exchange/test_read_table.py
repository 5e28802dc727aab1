"""A table of pandas is a review like a file; what a user says of its columns is obeyed, and kept."""

import math
from pathlib import Path

import pandas as pd
import pytest

from exchange.test_imports import write
from livingmeta.exchange.imports import read_table
from livingmeta.exchange.mapping import as_toml, hints_of
from livingmeta.synthesis.synthesise import synthesise

pytestmark = pytest.mark.filterwarnings("ignore:DataFrame|.*is not read")
FRAME = pd.DataFrame(
    {
        "who": ["Ash", "Birch", "Cedar"],
        "y": [0.43, 0.26, 0.09],
        "spread": [0.20, 0.24, 0.28],
        "sei": [9.0, 9.0, 9.0],
    }
)
SAID = {"study": "who", "yi": "y", "sei": "spread"}


def estimate(data: object, **said: object) -> float:
    result = synthesise(read_table(data, **said))[0].result  # type: ignore[arg-type]
    assert result is not None
    return round(result.estimate, 4)


def test_columns_that_are_told_go_before_those_with_a_known_name(tmp_path: Path) -> None:
    """metafor: rma(c(.43, .26, .09), sei=c(.2, .24, .28)) gives 0.2978."""
    assert estimate(FRAME, columns=SAID) == 0.2978
    FRAME.to_csv(tmp_path / "x.csv", index=False)
    assert estimate(str(tmp_path / "x.csv"), columns=SAID) == 0.2978


def test_rows_of_a_frame_count_as_pandas_shows_them() -> None:
    frame = FRAME.assign(spread=[0.2, -1.0, -2.0])
    with pytest.raises(ValueError, match=r"DataFrame row 1, spread = \"-1\"[^\n]*\nDataFrame row 2, spread"):
        read_table(frame, columns=SAID)


@pytest.mark.parametrize("empty", [None, math.nan, pd.NA, ""])
def test_an_empty_cell_of_a_frame_is_named_and_left_out(empty: object) -> None:
    frame = FRAME.assign(y=pd.Series([0.43, empty, 0.09], dtype=object))
    with pytest.warns(UserWarning, match="DataFrame row 1, Birch: no effect"):
        assert len(read_table(frame, columns=SAID).outcomes) == 2


def test_an_index_of_names_is_a_column() -> None:
    frame = FRAME.set_index("who")
    assert [trial.label for trial in read_table(frame, columns=SAID).trials] == ["Ash", "Birch", "Cedar"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"columns": {"mean3": "y"}}, "Did you mean mean"),
        ({"columns": {"yi": "Y1"}}, "columns yi = 'Y1': choose one of who, y, spread, sei. Did you mean y"),
        ({"header_row": 2}, "Leave header_row out"),
    ],
)
def test_a_word_that_names_no_column_is_refused_with_the_nearest(said: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=r"choose one of|Leave") as refused:
        read_table(FRAME, **said)
    assert words in str(refused.value)


def test_a_mapping_file_is_read_as_it_was_written_and_an_option_goes_before_it(tmp_path: Path) -> None:
    said = hints_of(columns=["study=who", "yi = y", "sei=spread"], measure="logHR", favours="lower")
    path = write(tmp_path / "m.toml", as_toml(said, file="x.csv"))
    assert hints_of(mapping=path) == said
    assert hints_of(mapping=path, columns=["sei=sei"]).columns == {**said.columns, "sei": "sei"}
    assert estimate(FRAME, mapping=path) == 0.2978


def test_all_that_is_wrong_in_a_mapping_file_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "m.toml", 'header_rows = 2\nsheet = 1\n[columns]\nyi = "y"\n')
    with pytest.raises(ValueError, match="header_rows") as refused:
        hints_of(mapping=path)
    assert "Did you mean header_row?" in str(refused.value)
    assert "sheet = 1: Input should be a valid string" in str(refused.value)


def test_a_header_below_a_title_is_read_where_the_row_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "Our review, of 2024\n\nstudy,yi,vi\nAsh,0.2,0.04\nBirch,0.1,0.05\n")
    with pytest.warns(UserWarning, match="row 1: above the names of the columns in row 3, and not read"):
        review = read_table(path, header_row=3)
    assert [row.row for row in review.outcomes] == [4, 5]


def test_a_file_of_several_reviews_names_them_and_one_is_chosen(tmp_path: Path) -> None:
    head = "Name,Data Type,Effect Measure,Analysis Model,Events 1,Total 1,Events 2,Total 2"
    analysis = "Outcome {m},Dichotomous,{m},Random,,,,\nAlder 2001,,,,3,20,7,20\nBirch 2004,,,,4,31,9,29\n"
    path = write(tmp_path / "r.csv", f"{head}\n{analysis.format(m='OR')}{analysis.format(m='RR')}")
    with pytest.raises(ValueError, match="make 2 reviews") as refused:
        read_table(path)
    assert "review=: r_or_random, r_rr_random" in str(refused.value)
    assert read_table(path, review="r_rr_random").protocol.methods.measure == "RR"
    with pytest.raises(ValueError, match=r"say themselves what stands where. Leave columns out"):
        read_table(path, columns={"n1": "Total 1"})


def test_a_guess_in_a_notebook_is_a_call(tmp_path: Path) -> None:
    frame = pd.DataFrame({"study": ["A", "B"], "Drug": ["3/20", "4/31"], "Placebo": ["7/20", "9/29"]})
    with pytest.raises(ValueError, match="DataFrame: no columns for effects are known") as refused:
        read_table(frame)
    said = {"events1,n1": "Drug", "events2,n2": "Placebo"}
    assert f"may be: columns={str(said).replace(chr(39), chr(34))}. Check" in str(refused.value)
    assert "--" not in str(refused.value)
    assert read_table(frame, columns=said).outcomes[0].events == 3


def test_numbers_that_share_a_cell_are_kept_in_a_mapping_file(tmp_path: Path) -> None:
    said = hints_of(columns=["mean1,sd1=Exercise (n = 34)"], header_row=3, sheet="S1", log=True)
    assert hints_of(mapping=write(tmp_path / "m.toml", as_toml(said, file="x"))) == said


@pytest.mark.filterwarnings("ignore:.*is taken as the RR itself")
@pytest.mark.parametrize(("also", "log", "assumed"), [("", False, 2), ("", True, 0), (",low,high", False, 0)])
def test_a_result_says_that_its_numbers_are_taken_as_ratios_where_nothing_shows_it(
    also: str, log: bool, assumed: int, tmp_path: Path
) -> None:
    table = tmp_path / "ratios.csv"
    limits = [",0.8247,1.8064", ",0.7788,1.6794"] if also else ["", ""]
    lines = [f"study,yi,sei{also}", f"Ash,1.2205,0.2{limits[0]}", f"Birch,1.1436,0.196{limits[1]}"]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (pool,) = synthesise(read_table(table, measure="RR", log=log))
    assert sum("not its log" in (effect.assumption or "") for effect in pool.effects) == assumed
    assert ("rows_assumed" in pool.flags) is bool(assumed)
