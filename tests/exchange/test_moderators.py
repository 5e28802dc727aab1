"""A table's other columns stay with the review, and what can't stay is named."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.exports import EXPORTS, metafor
from livingmeta.exchange.imports import imported, reviews_in
from livingmeta.exchange.sheets import as_csv
from livingmeta.review.folder import examine, load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import ABSENT
from livingmeta.store import scratch
from livingmeta.synthesis.moderators import named_moderator

HEAD = "study,yi,sei"


def read(path: Path, *lines: str, head: str = HEAD, measure: str = "SMD") -> tuple[Review, tuple[str, ...]]:
    """Read a table as a review, and the folder that `import` would write of it: they hold the same."""
    file = path / "table.csv"
    file.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    ((draft, review),) = imported(file, name="table", hints=Hints(measure=measure))
    with scratch(draft.name, draft.written) as folder:
        written, problems = examine(folder)
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    assert written is not None
    assert written.characteristics == review.characteristics
    return review, draft.remarks


def kept(path: Path, *cells: str) -> list[float | str]:
    """Return the values of a column "x" with these cells, one study each."""
    lines = [f'Study {place},0.{place},0.2,"{cell}"' for place, cell in enumerate(cells, start=1)]
    review, _ = read(path, *lines, head=f"{HEAD},x")
    return list(review.characteristics.get("x", {}).values())


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("12", "", "13.50"), [12.0, 13.5]),
        (("45%", "50 %"), [45.0, 50.0]),
        (("−3", "+4"), [-3.0, 4.0]),
        (("1 234", "7"), [1234.0, 7.0]),
        (("12-16", "14", "NR"), ["12-16", "14"]),
        (("home", "at  work", "n/a"), ["home", "at work"]),
        (("=1+1", "x"), ["=1+1", "x"]),
        (("2001-03-01 00:00:00", "2002-01-01"), ["2001-03-01", "2002-01-01"]),
    ],
)
def test_numbers_are_kept_as_numbers_and_other_cells_as_words(cells, values, tmp_path: Path) -> None:
    assert kept(tmp_path, *cells) == values


def test_a_value_that_differs_within_a_trial_stands_with_its_comparison(tmp_path: Path) -> None:
    head = "study,comparison,subgroup,yi,sei,mg,site"
    lines = ("Ash,low,women,0.1,0.2,10,x", "Ash,high,women,0.2,0.2,20,x", "Birch,,men,0.3,0.2,20,y")
    review, _ = read(tmp_path, *lines, head=head)
    assert review.characteristics == {
        "mg": {("ash", "women", "low"): 10, ("ash", "women", "high"): 20, ("birch", None, None): 20},
        "site": {("ash", None, None): "x", ("birch", None, None): "y"},
        "comparison": {("ash", "women", "low"): "low", ("ash", "women", "high"): "high"},
    }


@pytest.mark.parametrize(
    ("column", "cells", "why"),
    [
        ("x", ("", "NA"), "the column x is not kept: it is empty"),
        ("x", ("x" * 201, "b"), "the column x is not kept: it holds texts (xxx"),
        ("x", ("1,234", "2"), 'the column x is not kept: row 2 = "1,234", a comma is not a decimal point'),
        ("Membership", ("a", "b"), "Membership is not kept: trials.csv has it. Rename it"),
        ("mean1", ("1", "2"), "effects are taken from yi; mean1 is not read."),
    ],
)
def test_what_is_not_kept_is_named_with_the_reason(column: str, cells, why: str, tmp_path: Path) -> None:
    lines = (f'Ash,0.1,0.2,"{cells[0]}"', f'Birch,0.2,0.2,"{cells[1]}"')
    review, remarks = read(tmp_path, *lines, head=f"{HEAD},{column}")
    assert not review.moderators
    assert why in "\n".join(remarks)


@pytest.mark.parametrize("name", ["weeks", "Condition", "outcome", "instrument", "N"])
def test_a_column_fills_what_the_review_would_know_itself(name: str, tmp_path: Path) -> None:
    """No other file of an imported table says it, so that its own column is regressed on."""
    review, remarks = read(tmp_path, "Ash,0.1,0.2,6", "Birch,0.2,0.2,8", head=f"{HEAD},{name}")
    assert list(review.characteristics[name].values()) == [6, 8]
    assert remarks == ()


WORDS = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u2028\u2029"), max_size=12
).map(lambda text: " ".join(text.split()))
NUMBERS = st.decimals(-1000, 1000, places=2).map(str) | st.integers(0, 99999).map(str) | st.just("NR")
COLUMN = st.lists(WORDS, min_size=4, max_size=4) | st.lists(NUMBERS, min_size=4, max_size=4)


@settings(max_examples=settings.default.max_examples // 2)
@given(table=st.lists(COLUMN, min_size=1, max_size=4))
def test_a_table_that_is_imported_and_exported_has_the_values_of_its_other_columns(
    table: list[list[str]], tmp_path_factory
) -> None:
    path = tmp_path_factory.mktemp("table")
    names = [f"column {place}" for place in range(len(table))]
    rows = [
        ("study", "yi", "sei", *names),
        *((f"Study {i}", f"0.{i}", "0.2", *(column[i] for column in table)) for i in range(4)),
    ]
    (path / "first.csv").write_text(as_csv(rows), encoding="utf-8")
    ((draft, _),) = imported(path / "first.csv", name="first")
    unkept = {name for name in names if any(f"column {name} is not kept" in line for line in draft.remarks)}
    with scratch(draft.name, draft.written) as folder:
        exported = metafor(load_review(folder))
    (path / "second.csv").write_text(exported["effects.csv"], encoding="utf-8")
    ((again,), _) = reviews_in(path / "second.csv", Hints(columns={"study": "slab"}))
    for name, column in zip(names, table, strict=True):
        if name not in unkept:
            cells = {f"study{i}": cell for i, cell in enumerate(column) if cell.lower() not in ABSENT}
            values = again.characteristics.get(name, {})
            assert {trial for trial, _, _ in values} == cells.keys()
            for (trial, _, _), value in values.items():
                assert value == cells[trial] or float(value) == float(cells[trial])


def test_an_export_has_the_moderators_or_says_that_it_has_not(say, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(f"{HEAD},setting\nAsh,1,1,gym\nBirch,2,1,home\n", encoding="utf-8")
    for program in EXPORTS:
        done = say("export", str(tmp_path / "table.csv"), "--to", program, "--out", str(tmp_path / program))
        written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / program).iterdir())
        assert ("gym" in written) != ("these are not in it: setting." in done.err), program


def test_a_table_offers_its_own_columns_and_no_inner_names_that_are_alike_in_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("study,yi,sei,age\nAsh,1,1,40\nBeech,1,1,50\n")
    ((review,), _) = reviews_in(path, None)
    with pytest.raises(ValueError, match=r"choose one of age\."):
        named_moderator(review, "Score")
