"""A review is read whole, and whatever is wrong with it is said in sentences."""

import re
from pathlib import Path

import pytest

from folders import ARM1, ARM2, DIFFERENCE, INSTRUMENT, REPORT, ROOT, SOURCE, TEMPLATE, TRIAL, as_csv, folder
from livingmeta.review.folder import ReviewError, examine, load_review, reviews
from livingmeta.review.protocol import FORMAT


def said(review: Path) -> list[str]:
    return [str(problem) for problem in examine(review)[1]]


def test_a_sound_review_has_no_problem(tmp_path: Path) -> None:
    assert said(folder(tmp_path)) == []


@pytest.mark.parametrize("name", ["smith2017", "living", "knee_oa", "template"])
def test_the_reviews_of_this_repository_have_no_errors(name: str) -> None:
    problems = examine(ROOT / "data" / name)[1]
    assert [str(one) for one in problems if one.severity == "error"] == []


def test_reviews_are_found_by_name_and_by_path() -> None:
    assert {"smith2017", "living", "knee_oa"} <= reviews().keys()
    by_name, by_path = load_review("smith2017"), load_review(ROOT / "data" / "smith2017")
    assert by_name.protocol == by_path.protocol
    assert [row.model_dump() for row in by_name.outcomes] == [row.model_dump() for row in by_path.outcomes]


def test_an_unknown_review_gets_the_names_there_are_and_the_nearest() -> None:
    with pytest.raises(ReviewError, match="smith2017") as refusal:
        load_review("smith2071")
    assert "Did you mean smith2017?" in str(refusal.value)


def test_a_folder_without_protocol_is_not_a_review(tmp_path: Path) -> None:
    assert "this folder is not a review: it has no review.toml" in said(tmp_path)[0]


def test_a_living_review_holds_the_rows_of_the_one_it_extends() -> None:
    base, living = load_review("smith2017"), load_review("living")
    own = [row.trial for row in living.outcomes]
    assert own[: len(base.outcomes)] == [row.trial for row in base.outcomes]
    assert len(living.trials) > len(base.trials)
    assert living.published != base.published


@pytest.mark.parametrize(
    ("first", "second", "doubts"),
    [
        ("Table 2, row VAS, column New treatment (n = 40)", "Table 2, row VAS, column Comparison", []),
        ("Table 2, column Comparison", "Table 2, column NEW-TREATMENT", ["row 2, group", "row 3, group"]),
        ("column new treatment v comparison", "p. 4, right column", []),
        ("column Drug (n=41)", "column 3", ["row 2, n"]),
        ("column Incomparison", "column Comparison; new treatment", []),
        ("column Comparison", "column Treatment", ["row 2, group"]),
        ("column New treatment", "column New treatment", ["row 3, group"]),
        ("column Exercise", "column Exercise", []),  # what both arms did
    ],
)
def test_an_arm_whose_locator_names_another_column_is_doubted(
    tmp_path: Path, first: str, second: str, doubts: list[str]
) -> None:
    rows = [{**ARM1, "n": "40", "locator": first}, {**ARM2, "n": "40", "locator": second}]
    arms = {"arm1": "exercise", "arm2": "exercise" if "Exercise" in first else "treatment"}
    review = folder(tmp_path, outcomes=rows, trials=[{**TRIAL, **arms}])
    told = [line for line in said(review) if "its locator names a column" in line]
    assert len(told) == len(doubts) and all(at in line for at, line in zip(doubts, told, strict=True))


@pytest.mark.parametrize(
    ("arms", "doubted"),
    [
        (("painful loading", "pain-free loading"), False),
        (("loading (“pain-free exercise”)", "loading (“painful exercise”)"), True),
        (("supervised", "at home, pain-free"), False),
        (("pain-free, in a clinic", "at home"), True),
        (("painful, never pain-free", "at home"), False),
        (("loading", "loading that was not painful"), False),
        (("eccentric", "concentric"), False),
        (("at home with, not without", "without a brace, with a band"), False),
    ],
)
def test_arms_with_the_words_of_the_other_group_are_doubted(
    arms: tuple[str, str], doubted: bool, tmp_path: Path
) -> None:
    review = folder(tmp_path, trials=[{**TRIAL, "arm1": arms[0], "arm2": arms[1]}])
    toml = review / "review.toml"
    text = toml.read_text("utf-8")
    for number, words in (("1", "painful exercise"), ("2", "pain-free exercise")):
        text, changed = re.subn(rf'(?m)(^{number} = )"[^"]*"', rf'\g<1>"{words}"', text)
        assert changed == 1
    toml.write_text(text, "utf-8")
    assert any("are those of the other group" in line for line in said(review)) == doubted


def test_a_group_that_is_called_by_what_is_denied_accuses_no_arm(tmp_path: Path) -> None:
    arms = {"arm1": "heavy loading", "arm2": "load lowered when pain came"}
    review = folder(tmp_path, trials=[{**TRIAL, **arms}])
    toml = review / "review.toml"
    text = toml.read_text("utf-8")
    for number, words in (("1", "exercise with pain"), ("2", "exercise without pain")):
        text = re.sub(rf'(?m)(^{number} = )"[^"]*"', rf'\g<1>"{words}"', text)
    toml.write_text(text, "utf-8")
    assert not any("are those of the other group" in line for line in said(review))


@pytest.mark.parametrize(
    ("locator", "statistic", "doubted"),
    [
        ("table 2, row Pain, change, column Rest", "final", True),
        ("table 2, row Pain, column Change from baseline", "final", True),
        ("table 2, row Pain, change, column Rest", "change", False),
        ("table 2, row Global impression of change, column Rest", "final", False),
        ("changes stand in table 3", "final", False),
    ],
)
def test_final_scores_at_a_place_that_speaks_of_a_change_are_doubted(
    locator: str, statistic: str, doubted: bool, tmp_path: Path
) -> None:
    rows = [{**ARM1, "locator": locator, "statistic": statistic}, {**ARM2, "statistic": statistic}]
    told = said(folder(tmp_path, outcomes=rows))
    assert any("its locator speaks of a change" in line for line in told) == doubted


def test_a_folder_of_before_there_were_formats_is_read_as_format_1(tmp_path: Path) -> None:
    older = folder(tmp_path, toml=("format = 1\n", ""))
    assert "format" not in (older / "review.toml").read_text(encoding="utf-8").split("\n[")[0]
    assert load_review(older).protocol.format == 1
    assert said(older) == []


def newer(path: Path, given: object = FORMAT + 1) -> Path:
    """A folder that a newer program wrote: keys and columns nobody knows, and a file less."""
    review = folder(path, toml=("format = 1\n", f"format = {given}\nweighing = 'new'\n"))
    (review / "outcomes.csv").write_text("key,value\n1,2\n", encoding="utf-8")
    (review / "gaps.csv").unlink()
    return review


def test_of_a_newer_folder_only_that_is_said_and_what_to_do(tmp_path: Path) -> None:
    (problem,) = said(newer(tmp_path))
    assert problem.endswith(
        'small/review.toml, format = "2": a newer livingmeta wrote this; this one reads format 1. '
        "Update livingmeta. Nothing else was read, and nothing is changed."
    )


def test_a_review_that_extends_a_newer_one_is_refused_by_that_ones_name(tmp_path: Path) -> None:
    newer(tmp_path)
    living = tmp_path / "living"
    living.mkdir()
    (living / "review.toml").write_text('id = "living"\nextends = "small"\n', encoding="utf-8")
    (problem,) = said(living)
    assert 'small/review.toml, format = "2": a newer livingmeta wrote this' in problem


@pytest.mark.parametrize("given", ['"1"', "true", "0", "-1", "1.0", "[1]"])
def test_what_is_no_format_is_told_how_to_write_one(given: str, tmp_path: Path) -> None:
    (problem,) = said(newer(tmp_path, given))
    assert "review.toml, format = " in problem
    assert "write 1, or leave the line out" in problem


BREAKS = {
    "a missing column": (
        lambda text: text.replace(b",sd,", b",stdev,"),
        ["outcomes.csv row 1: the column sd is missing."],
    ),
    "Latin-1": (
        lambda text: text.replace(b"table 1", "Göteborg".encode("latin-1")),
        ["outcomes.csv row 2: the file is not UTF-8 (it holds a byte 0xF6)", '"CSV UTF-8"'],
    ),
    "a decimal comma": (
        lambda text: text.replace(b",3.0,", b',"3,0",'),
        ['outcomes.csv row 2, mean = "3,0": a comma is not a decimal point here. Write "3.0".'],
    ),
    "an empty file": (lambda text: b"", ["outcomes.csv: the file is empty", "copy it from"]),
    "semicolons": (
        lambda text: text.replace(b",", b";"),
        ["outcomes.csv row 1: the columns are separated by semicolons"],
    ),
    "a cell too many": (
        lambda text: text.replace(b"table 1", b"table 1, left"),
        ["outcomes.csv row 2: it has 46 cells where the header has 45 columns"],
    ),
    "an open quote mark": (
        lambda text: text.replace(b"table 1", b'"table 1'),
        ["outcomes.csv: this is not well-formed CSV", "quote mark that is never closed"],
    ),
    "zero bytes": (lambda text: text + b"\0", ["outcomes.csv: the file holds zero bytes"]),
    "a column twice": (
        lambda text: text.replace(b",note\n", b",use\n"),
        ["2 columns have this name", "the column note is missing"],
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_file_gets_a_sentence(name: str, tmp_path: Path) -> None:
    review = folder(tmp_path)
    damage, sentences = BREAKS[name]
    path = review / "outcomes.csv"
    path.write_bytes(damage(path.read_bytes()))
    everything = "\n".join(said(review))
    for sentence in sentences:
        assert sentence in everything
    with pytest.raises(ReviewError):
        load_review(review)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    review = folder(tmp_path)
    (review / "gaps.csv").unlink()
    assert "gaps.csv: " in said(review)[0]


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    review = folder(tmp_path)
    path = review / "outcomes.csv"
    rows = as_csv("outcomes", [ARM1, ARM2]).replace("\n", "\r\n")
    comment = '"# a comment, saved again",' + "," * 35 + "\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + (comment + rows + "," * 36 + "\r\n").encode())
    assert said(review) == []


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    review = folder(tmp_path)
    path = review / "outcomes.csv"
    lines = as_csv("outcomes", [ARM1, {**ARM2, "sd": "0"}]).splitlines()
    path.write_text("\n".join(["# one", lines[0], "", *lines[1:]]), encoding="utf-8")
    assert "outcomes.csv row 5, sd" in said(review)[0]


TWIN = '[[synthesis]]\nid = "pain-short"\ntitle = "Again"\noutcome = "pain"\n# Trials that'


@pytest.mark.parametrize(
    ("passage", "message"),
    [
        (('term = "short"', 'term = "shrot"'), "Did you mean short?"),
        (("[methods]", "[methds]"), "nothing of this name is known. Check the spelling."),
        (('title = "Pain, short term"', ""), "synthesis 1, title: this is missing"),
        (('title = "Pain, short term"', "title ="), "this is not valid TOML"),
        (('id = "pain-short"', 'id = "../pain"'), "a key is made of small letters"),
        (('domains = ["pain"', 'domains = ["pian"'), "choose one of 'pain', 'function'"),
        (('id = "small"', 'id = "small"\nextends = "small"'), "extend each other in a circle"),
        (("# Trials that", TWIN), "two syntheses have the id pain-short"),
    ],
)
def test_a_wrong_protocol_gets_a_sentence(passage: tuple[str, str], message: str, tmp_path: Path) -> None:
    assert message in "\n".join(said(folder(tmp_path, toml=passage)))


OTHER = {**INSTRUMENT, "instrument": "nrs", "name": "NRS"}
MODERATOR = {"trial": "alpha2001", "moderator": "age", "value": "50.5", "source": "paper", "quote": "50.5"}
BETA = {"trial": "beta2002"}
CROSS = {
    "an unknown trial": (
        {"outcomes": [{**ARM1, "trial": "alpha2002"}, {**ARM2, "trial": "alpha2002"}]},
        "trials.csv has no such key. Did you mean alpha2001?",
    ),
    "an unknown source": ({"trials": [{**TRIAL, "source": "papre"}]}, "Did you mean paper?"),
    "an unknown instrument": (
        {"outcomes": [{**ARM1, "instrument": "xyz"}, {**ARM2, "instrument": "xyz"}]},
        "instruments.csv has no such key. Add it there, or correct it here.",
    ),
    "an unknown outcome": (
        {"outcomes": [{**ARM1, "outcome": "strength"}, {**ARM2, "outcome": "strength"}]},
        "a synthesis of review.toml has no such key",
    ),
    "a key twice": ({"sources": [SOURCE, SOURCE]}, "the key stands already in"),
    "an arm alone": ({"outcomes": [ARM1]}, "arms come in pairs, and there is no row for group 2"),
    "an arm twice": ({"outcomes": [ARM1, ARM1, ARM2]}, "the same arm at the same time stands already in"),
    "more people than randomised": (
        {"outcomes": [{**ARM1, "n": "41"}, ARM2]},
        "the arms add up to 81 and 80 were randomised",
    ),
    "sources that disagree about a trial": (
        {"trials": [{**TRIAL, "conflict": "40 people [paper], 49 people [other]"}]},
        "sources disagree. 40 people [paper], 49 people [other].",
    ),
    "a larger arm than randomised": (
        {"trials": [{**TRIAL, "n1_randomised": "39"}]},
        "only 39 were randomised",
    ),
    "people gained over time": (
        {
            "outcomes": [
                {**ARM1, "weeks": "6", "n": "30", "use": "no", "note": "early"},
                {**ARM2, "weeks": "6", "use": "no", "note": "early"},
                ARM1,
                ARM2,
            ]
        },
        "the arm had 30 people earlier",
    ),
    "two main row sets": (
        {
            "instruments": [INSTRUMENT, OTHER],
            "outcomes": [ARM1, ARM2, {**ARM1, "instrument": "nrs"}, {**ARM2, "instrument": "nrs"}],
        },
        "the trial has another use = yes row set in pain-short",
    ),
    **{
        f"a moderator {what}": ({"moderators": [{**MODERATOR, **cells} for cells in rows]}, message)
        for what, rows, message in (
            ("of an unknown trial", [{"trial": "alpha2002"}], "trials.csv has no such key. Did you mean"),
            ("from an unknown source", [{"source": "papre"}], "Did you mean paper?"),
            ("with two values", [{}, {"value": "51", "quote": "51"}], "has a value of it already"),
            (
                "with a value of the trial and of a part",
                [{}, {"contrast": "low dose"}],
                "moderators.csv row 2, 50.5",
            ),
            ("of a part that is not there", [{"subgroup": "women"}], "no result of this subgroup"),
            ("that trials.csv has", [{"moderator": "Year"}], "trials.csv row 2 has it (year)"),
            ("that outcomes.csv has", [{"moderator": "weeks"}], "has it (weeks)"),
            (
                "of numbers and words",
                [{}, {**BETA, "value": "old"}],
                "1 of the 2 values of age are no numbers",
            ),
            (
                "with two spellings",
                [{}, {**BETA, "moderator": "Age"}],
                "moderators.csv row 2 writes it as age",
            ),
            ("without words for a number", [{"quote": ""}], "a number needs its words"),
            (
                "whose quote has another number",
                [{"quote": "51 years"}],
                "the quote does not show this number",
            ),
            ("with a decimal comma", [{"value": "50,5"}], "a comma is not a decimal point here"),
            ("that is not available", [{"value": "NA"}], "this says that there is no value"),
        )
    },
    "a mean off the scale": (
        {"outcomes": [{**ARM1, "mean": "30", "quote": "30 (1.5)"}, ARM2]},
        "it lies outside the scale (0 to 10)",
    ),
    "a number that is not in the quote": (
        {"outcomes": [{**ARM1, "mean": "3.1"}, ARM2]},
        'mean = "3.1": the quote does not show this number.',
    ),
    "a row that no synthesis takes": (
        {"outcomes": [{**ARM1, "weeks": "26"}, {**ARM2, "weeks": "26"}]},
        "no synthesis takes this row: outside the short term. Check weeks and instrument",
    ),
    "a subgroup in some rows only": (
        {
            "trials": [TRIAL, {**TRIAL, "trial": "beta2002"}],
            "reports": [REPORT, {**REPORT, "report": "beta", "trial": "beta2002"}],
            "outcomes": [
                *({**arm, "subgroup": "A"} for arm in (ARM1, ARM2)),
                *({**arm, "trial": "beta2002", "report": "beta"} for arm in (ARM1, ARM2)),
            ],
        },
        "other rows of pain-short have a subgroup and this one has none",
    ),
    "no quote": ({"outcomes": [{**ARM1, "quote": ""}, ARM2]}, "except where the source is a dataset"),
    "another trial's report": (
        {"trials": [TRIAL, {**TRIAL, "trial": "beta2002"}], "reports": [{**REPORT, "trial": "beta2002"}]},
        "this is a report of beta2002",
    ),
    "an SD borrowed from nowhere": (
        {"outcomes": [ARM1, ARM2, {**DIFFERENCE, "sd_from": "alpha2001 vas 52"}]},
        "no arm rows of final scores with an SD are found under it",
    ),
}


@pytest.mark.parametrize("name", CROSS)
def test_rows_are_checked_against_each_other(name: str, tmp_path: Path) -> None:
    tables, message = CROSS[name]
    everything = said(folder(tmp_path, **tables))
    assert any(message in line for line in everything), everything


def test_problems_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    review = folder(
        tmp_path,
        trials=[{**TRIAL, "year": "20"}],
        outcomes=[{**ARM1, "sd": "0"}, {**ARM2, "mean": "x"}],
        instruments=[{**INSTRUMENT, "better": "up"}],
    )
    everything = "\n".join(said(review))
    for place in ("trials.csv row 2, year", "row 2, sd", "row 3, mean", "row 2, better"):
        assert place in everything


def test_the_template_has_the_headers_of_the_schema() -> None:
    for path in TEMPLATE.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[-1] + "\n"
        assert header == as_csv(path.stem, [])
