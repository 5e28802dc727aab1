"""The form explains itself, takes results as printed, and says what is wrong with every row."""

import csv
import io
from pathlib import Path

import pytest

from folders import folder
from livingmeta.exchange.sheets import read_sheet
from livingmeta.living.forms import FORM, FormError, draft_of, form_csv, form_xlsx, help_of
from livingmeta.review.folder import load_review

ROW = {
    "label": "Gamma 2020",
    "membership_why": "adults",
    "citation": "Gamma G. 2020",
    "instrument": "vas",
    "outcome": "pain",
    "weeks": "12",
    "locator": "Table 1",
    "group": "1",
    "n": "30",
    "result": "2.9 (SD 1.6)",
    "quote": "2.9 (1.6)",
}


def sheet(path: Path, *rows: dict[str, str]):
    held = io.StringIO()
    writer = csv.DictWriter(held, list(FORM), restval="")
    writer.writeheader()
    writer.writerows(rows)
    file = path / "form.csv"
    file.write_text(held.getvalue(), encoding="utf-8")
    return read_sheet(file)


@pytest.fixture
def review(tmp_path: Path):
    return load_review(folder(tmp_path))


def test_the_form_explains_every_column(review, tmp_path: Path) -> None:
    text = form_csv(review)
    for column in FORM:
        assert f"{column}: {help_of(column)}".replace('"', "") in text.replace('"', "")
    file = tmp_path / "f.csv"
    file.write_text(text, encoding="utf-8")
    assert read_sheet(file).header == tuple(FORM)
    assert "vas (VAS)" in text


def test_the_workbook_has_the_same_columns_and_a_help_sheet(review, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    file = tmp_path / "f.xlsx"
    file.write_bytes(form_xlsx(review))
    assert read_sheet(file).header == tuple(FORM)
    book = load_workbook(file)
    assert book.sheetnames == ["results", "help"]
    assert book["results"]["A1"].comment.text == help_of("label")
    book["results"].append([ROW.get(name, "") for name in FORM])
    book["results"].append([{**ROW, "group": "2"}.get(name, "") for name in FORM])
    book.save(file)
    assert len(draft_of(review, read_sheet(file))["outcomes"]) == 2


def test_a_trial_is_told_once_and_its_source_and_report_with_it(review, tmp_path: Path) -> None:
    second = {"group": "2", "n": "31", "result": "3.4 (SD 1.7)", "quote": "3.4 (1.7)", "instrument": "vas"}
    draft = draft_of(review, sheet(tmp_path, ROW, second))
    assert {table: len(rows) for table, rows in draft.items()} == {
        "sources": 1,
        "instruments": 0,
        "trials": 1,
        "reports": 1,
        "outcomes": 2,
    }
    assert draft["trials"][0]["year"] == "2020"
    assert draft["outcomes"][1]["weeks"] == "12"


def test_a_new_scale_is_made_once(review, tmp_path: Path) -> None:
    new = {"instrument": "", "instrument_name": "NRS", "domain": "pain", "better": "lower"}
    draft = draft_of(review, sheet(tmp_path, {**ROW, **new}, {**ROW, **new, "group": "2"}))
    assert [row["instrument"] for row in draft["instruments"]] == ["nrs"]
    assert {row["instrument"] for row in draft["outcomes"]} == {"nrs"}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"result": "2.9 ± 1.6"}, 'row 2, result = "2.9 ± 1.6": it does not say whether'),
        ({"result": "2.9 (1 to 5)"}, "does not say what the two numbers are"),
        ({"result": "NR"}, "can't be read"),
        ({"label": ""}, "row 2, label: the row names no trial"),
        ({"citation": ""}, "row 2, citation: the row names no source"),
    ],
)
def test_every_row_that_is_wrong_is_named_at_once(review, tmp_path, cells, message) -> None:
    with pytest.raises(FormError) as refusal:
        draft_of(review, sheet(tmp_path, {**ROW, **cells}, {**ROW, "result": "about 3"}))
    assert message in str(refusal.value)
    assert "row 3, result" in str(refusal.value)


SMD = {
    **ROW,
    "group": "difference",
    "measure": "SMD",
    "n": "",
    "n1": "30",
    "n2": "31",
    "result": "0.40 (95% CI −0.11 to 0.91)",
    "quote": "0.40 (-0.11 to 0.91)",
}


@pytest.mark.parametrize(
    ("printed", "mean", "use", "note"),
    [
        ("1", "0.40", "yes", ""),
        ("2", "-0.40", "yes", "sign turned: printed as 0.40 (-0.11 to 0.91)"),
        ("unknown", "0.40", "no", "the source does not say which group"),
    ],
)
def test_an_smd_of_the_form_is_turned_by_whom_a_negative_one_favours(
    review, tmp_path: Path, printed, mean, use, note
) -> None:
    (row,) = draft_of(review, sheet(tmp_path, {**SMD, "negative_favours": printed}))["outcomes"]
    assert (row["mean"], row["use"]) == (mean, use)
    assert row.get("note", "").startswith(note)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (SMD, "row 2, negative_favours: it does not say which group a negative value"),
        ({**SMD, "negative_favours": "lower"}, "Write 1, 2 or unknown"),
        ({**SMD, "measure": "MD", "negative_favours": "2"}, "only a standardised difference needs it"),
    ],
)
def test_the_side_of_a_standardised_difference_and_of_no_other_is_needed(
    review, tmp_path: Path, cells, message
) -> None:
    with pytest.raises(FormError, match=message):
        draft_of(review, sheet(tmp_path, cells))


def test_another_table_is_not_taken_for_a_form(review, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("label,mean\nA 2001,3\n", encoding="utf-8")
    with pytest.raises(FormError, match="the form has no such column"):
        draft_of(review, read_sheet(file))
    with pytest.raises(FormError, match="no row is filled"):
        draft_of(review, sheet(tmp_path))


def test_templates_overwrite_nothing(say, tmp_path: Path) -> None:
    path = folder(tmp_path)
    file = tmp_path / "mine.csv"
    file.write_text("mine", encoding="utf-8")
    assert say("template", str(path), "--out", str(file)).status == 2
    assert file.read_text(encoding="utf-8") == "mine"
    assert "end the name with" in say("template", str(path), "--out", str(tmp_path / "x.doc")).err


def test_a_new_review_works_without_a_line_of_code(say, tmp_path: Path) -> None:
    said = say("new", "knees", "--in", str(tmp_path))
    assert said.status == 0
    assert all(f"livingmeta {command}" in said.out for command in ("search", "read", "add", "check", "run"))
    assert "0 wrong" in say("check", str(tmp_path / "knees")).out
    assert "\nformat = 1\n" in (tmp_path / "knees" / "review.toml").read_text(encoding="utf-8")
    assert say("new", "knees", "--in", str(tmp_path)).status == 2
    assert "a name is made of" in say("new", "My Review", "--in", str(tmp_path)).err


@pytest.mark.parametrize(
    ("told", "answer", "line"),
    [
        (["--favours", "lower"], None, "negative_favours = 1"),
        (["--favours", "higher"], None, "negative_favours = 2"),
        ([], "1", None),
        ([], "2", "negative_favours = 1"),
        ([], "3", "negative_favours = 2"),
        ([], "4", 'negative_favours = "unknown"'),
        ([], None, None),
    ],
)
def test_a_new_review_holds_which_side_is_good_as_told_or_asked_and_else_says_it_is_not_known(
    say, tmp_path: Path, monkeypatch, told, answer, line
) -> None:
    if answer:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", lambda *_, **__: answer)
    said = say("new", "knees", "--in", str(tmp_path), *told)
    assert said.status == 0, said.err
    text = (tmp_path / "knees" / "review.toml").read_text(encoding="utf-8")
    lines = [one for one in text.splitlines() if one.startswith("negative_favours")]
    assert lines == ([line] if line else [])
    assert ("until then it is not known" in said.flat) is (line is None)
    assert load_review(tmp_path / "knees").protocol.groups.group2 == "comparison"


def test_favours_is_worded_alike_for_a_new_review_and_a_file(say, tmp_path: Path) -> None:
    sides = "which effects favour group 1: ratios below or above 1, differences below or above 0"
    for command in ("new", "import", "pool"):
        words = " ".join(say(command, "--help").out.replace("│", " ").split())
        assert sides in words, command
    wrong = say("new", "knees", "--in", str(tmp_path), "--favours", "less")
    assert wrong.status == 2
    assert "lower" in wrong.err
    assert not (tmp_path / "knees").exists()
