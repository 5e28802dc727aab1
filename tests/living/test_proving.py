"""Each quote of a review is held against the paper that it is from, and what became of it is kept."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import folders
from living.papers import jats
from livingmeta.appraisal.dossier import Dossier
from livingmeta.living.proving import prove
from livingmeta.pages import documents, report
from livingmeta.pages.explorer import explorer_page
from livingmeta.review.folder import examine, load_review
from livingmeta.review.quotes import proof_mark, proof_of, proved, quotes

Say = Callable[..., Any]
DOI = "10.1234/abc.5"
SOURCES = [{**folders.SOURCE, "doi": DOI}, {**folders.SOURCE, "source": "registry", "kind": "registry"}]
TEXT = f"Loaded exercise or rest\ndoi: {DOI}\nMean pain (SD) was 3.0 (1.5) and 4.0 (2.0) in the two arms.\n"


@pytest.fixture
def review(tmp_path: Path) -> Path:
    gap = {"trial": "alpha2001", "outcome": "pain", "where": "paper", "source": "registry"}
    bias = {"trial": "alpha2001", "tool": "Cochrane", "domain": "allocation", "source": "registry"}
    return folders.folder(
        tmp_path,
        sources=SOURCES,
        gaps=[{**gap, "what": "pain, 'in the two arms' [paper], 'at one year' [registry], as of '24"}],
        risk_of_bias=[{**bias, "support": "mean 'pain (SD) was' [paper]; “opaque sealed envelopes”"}],
    )


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "x.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "papers"


def changed(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_every_quote_of_every_file_is_known_with_its_source(review: Path) -> None:
    held = {(q.table, q.column, q.source, q.words) for q in quotes(load_review(review))}
    assert held == {
        ("outcomes", "quote", "paper", "3.0 (1.5)"),
        ("outcomes", "quote", "paper", "4.0 (2.0)"),
        ("gaps", "what", "paper", "in the two arms"),
        ("gaps", "what", "registry", "at one year"),
        ("risk_of_bias", "support", "registry", "opaque sealed envelopes"),
        ("risk_of_bias", "support", "paper", "pain (SD) was"),
    }


def test_quotes_are_found_and_who_lacks_a_paper_is_told(review: Path, papers: Path, say: Say) -> None:
    told = say("check", str(review), "--papers", str(papers))
    assert told.status == 0
    assert "4 of 4 quotes found in their papers, 2 without a paper here." in told.flat
    assert "✓ found: " in told.flat
    assert "found in full" not in told.flat  # nothing of these is cut
    assert "Not there: registry." in say("check", str(review), "--papers", str(papers), "--full").flat
    assert not (review / "verification.csv").exists()


@pytest.mark.parametrize(
    ("before", "after", "status", "said"),
    [
        ("3.0 (1.5)", "3.0 (1.6)", 1, "has 1.6 in place of 1.5: “3.0 (1.6)”"),
        ("Mean pain (SD) was 3.0 (1.5)", "Mean", 1, "the quote is not in x.txt"),
        (DOI, "10.9999/other", 0, "6 without a paper here"),
    ],
)
def test_what_a_paper_has_otherwise_is_wrong(
    review: Path, papers: Path, say: Say, before: str, after: str, status: int, said: str
) -> None:
    changed(papers / "x.txt", before, after)
    told = say("check", str(review), "--papers", str(papers), "--json")
    document = json.loads(told.out)
    assert told.status == status
    messages = [problem["message"] for problem in document["problems"] if problem["severity"] == "error"]
    plain = say("check", str(review), "--papers", str(papers)).flat
    assert said in " ".join([*messages, plain])
    results = {quote["quote"]: quote["result"] for quote in document["quotes"]}
    assert results["4.0 (2.0)"] == ("found" if status else "paper not there")


def test_a_table_that_the_locator_does_not_name_is_named(review: Path, papers: Path, say: Say) -> None:
    rows = "<tr><th>Arm</th><th>Pain</th></tr><tr><td>{}</td><td>{} ({})</td></tr>"
    shown = [
        f"<table-wrap><label>Table {n}</label><table>{rows.format(*cells)}</table></table-wrap>"
        for n, cells in enumerate((("Loaded", "3.0", "1.5"), ("Rest", "4.0", "2.0")), start=1)
    ]
    (papers / "x.txt").unlink()
    (papers / "paper.xml").write_text(jats(*shown, doi=DOI), encoding="utf-8")
    told = say("check", str(review), "--papers", str(papers), "--json")
    problems = [problem["message"] for problem in json.loads(told.out)["problems"]]
    assert "the quote stands in Table 2 of paper.xml, and not where its locator says" in " ".join(problems)
    found = {quote["quote"]: (quote["result"], quote["table"]) for quote in json.loads(told.out)["quotes"]}
    assert found["3.0 (1.5)"] == ("found", None)
    assert found["4.0 (2.0)"] == ("elsewhere", "Table 2")
    plain = say("check", str(review), "--papers", str(papers), "--full").flat
    assert "outcomes.csv row 3: Table 2 of paper.xml" in plain


def test_a_title_alone_suggests_and_proves_nothing(review: Path, papers: Path, say: Say) -> None:
    changed(review / "reports.csv", "Alpha A. 2001", "Alpha A. Loaded exercise or rest in pain. 2001")
    changed(papers / "x.txt", f"doi: {DOI}\n", "")
    changed(papers / "x.txt", "Loaded exercise or rest", "Loaded exercise or rest in pain")
    told = say("check", str(review), "--papers", str(papers))
    assert "perhaps of alpha: if so, name the file by that key" in told.flat
    assert "6 without a paper here" in told.flat
    (papers / "x.txt").rename(papers / "paper.txt")
    assert "4 of 4 quotes found" in say("check", str(review), "--papers", str(papers)).flat


RECORD = ("--record", "--by", "Kari Nordmann")


def test_a_record_names_paper_day_and_person_and_holds_until_the_quote_changes(
    review: Path, papers: Path, say: Say
) -> None:
    asked = ("check", str(review), "--papers", str(papers))
    assert proved(load_review(review)) is None
    assert say(*asked, *RECORD).status == 0
    text = (review / "verification.csv").read_bytes()
    rows = list(csv.DictReader(text.decode().splitlines()))
    assert {row["by"] for row in rows} == {"Kari Nordmann"}
    assert [row["result"] for row in rows] == ["found"] * 4
    held = load_review(review)
    assert all(proof_of(held, row) for row in held.outcomes)
    count = proved(held)
    assert count is not None
    assert (count.proved, count.of, count.by, count.dates) == (4, 6, ("Kari Nordmann",), (rows[0]["date"],))
    # said again by another, it stays whose it was
    assert "says so already" in say(*asked, "--record", "--by", "Ola").flat
    assert (review / "verification.csv").read_bytes() == text
    changed(review / "outcomes.csv", "3.0 (1.5)", "was 3.0 (1.5)")
    held, problems = examine(review)
    assert held is not None
    assert [proof_of(held, row) is None for row in held.outcomes] == [True, False]
    (stale,) = [problem for problem in problems if "verification.csv" in problem.file]
    assert "the quote is another than on" in stale.reason
    assert stale.severity == "warning"
    assert say(*asked, "--record", "--by", "Ola").status == 0
    assert [row.by for row in load_review(review).verification].count("Ola") == 1


def test_a_paper_that_is_away_leaves_its_records_as_they_are(review: Path, papers: Path, say: Say) -> None:
    say("check", str(review), "--papers", str(papers), *RECORD)
    text = (review / "verification.csv").read_bytes()
    changed(papers / "x.txt", DOI, "10.9999/other")
    say("check", str(review), "--papers", str(papers), *RECORD)
    assert (review / "verification.csv").read_bytes() == text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--record", "--by", "Kari"), "--record needs --papers FOLDER and --by NAME"),
        (("--papers", "{papers}", "--record"), "--record needs --papers FOLDER and --by NAME"),
        (("--papers", "{papers}", "--record", "--by", "77"), "a name has letters"),
        (("--papers", "nowhere"), "there is no such folder"),
    ],
)
def test_what_is_refused_costs_no_byte(
    review: Path, papers: Path, say: Say, asked: tuple[str, ...], said: str
) -> None:
    before = {path: path.read_bytes() for path in review.iterdir()}
    told = say("check", str(review), *(word.format(papers=papers) for word in asked))
    assert told.status == 2
    assert said in " ".join(told.err.split())
    assert {path: path.read_bytes() for path in review.iterdir()} == before


def test_nothing_is_recorded_of_a_review_with_errors(review: Path, papers: Path, say: Say) -> None:
    changed(review / "outcomes.csv", ",3.0,", ",3.1,")
    told = say("check", str(review), "--papers", str(papers), *RECORD)
    assert told.status == 2
    assert "the quote does not show this number" in " ".join(told.err.split())
    assert not (review / "verification.csv").exists()


def test_what_was_recorded_as_not_found_is_said_without_the_paper(
    review: Path, papers: Path, say: Say
) -> None:
    changed(papers / "x.txt", "3.0 (1.5)", "3.0 (1.6)")
    asked = ("check", str(review), "--papers", str(papers))
    assert say(*asked, *RECORD).status == 1
    told = say("check", str(review)).flat
    assert 'result = "other digits": so Kari Nordmann recorded of outcomes.csv, alpha2001, pain, vas' in told
    assert "recorded of" not in say(*asked).flat  # it is said of this day


def test_a_record_that_somebody_wrote_by_hand_is_read_as_strictly_as_any_row(
    review: Path, papers: Path, say: Say
) -> None:
    say("check", str(review), "--papers", str(papers), *RECORD)
    changed(review / "verification.csv", "Kari Nordmann", "")
    _, problems = examine(review)
    assert {problem.column for problem in problems if problem.severity == "error"} == {"by"}


def test_a_paper_in_the_folder_of_the_review_is_warned_of(review: Path) -> None:
    (review / "papers").mkdir()
    (review / "papers" / "alpha.pdf").write_bytes(b"%PDF-1.7")
    _, problems = examine(review)
    (warned,) = [problem for problem in problems if problem.file.endswith("papers/alpha.pdf")]
    assert warned.severity == "warning"
    assert "Move it out" in warned.remedy


def test_a_hundred_quotes_fit_a_screen(review: Path, papers: Path, say: Say) -> None:
    claim = {"claim": "c", "quantity": "text", "printed": "x", "where": "abstract", "source": "paper"}
    claims = [
        {**claim, "claim": f"c{n}", "reading": "primary", "quote": f"no such word {n}"} for n in range(100)
    ]
    (review / "published.csv").write_text(folders.as_csv("published", claims), encoding="utf-8")
    told = say("check", str(review), "--papers", str(papers))
    assert told.status == 1
    assert len(told.out.splitlines()) <= 40
    assert "--full" in told.flat
    assert len(prove(load_review(review), papers).problems) == 100


TABLE = """<table-wrap><label>Table 2</label>
<caption><p>Pain at 12 weeks, mean (SD)</p></caption><table>
<thead><tr><th>Scale</th><th>Loaded exercise (n = 34)</th><th>Rest (n = 33)</th></tr></thead>
<tbody><tr><td>Pain</td><td>5.6 (1.9)</td><td>7.8 (2.0)</td></tr>
<tr><td>Stiffness</td><td>4.4 (1.1)</td><td>8.5 (2.3)</td></tr></tbody></table></table-wrap>"""
ARM1 = {"group": "1", "n": "34", "mean": "5.6", "sd": "1.9", "weeks": "12", "quote": "Pain 5.6 (1.9)"}
ARM2 = {"group": "2", "n": "33", "mean": "7.8", "sd": "2.0", "weeks": "12", "quote": "7.8 (2.0)"}
PLACES = ("Table 2, row 1, column {}", "Table 2, row Pain, column {}", "Table 2{}")


HEADS = ("Loaded exercise (n = 34)", "Rest (n = 33)")


def told_of(
    folder: Path,
    *arms: dict[str, str],
    places: str = PLACES[0],
    table: str = TABLE,
    heads: tuple[str, str] = HEADS,
) -> Any:
    """Hold two arms of a trial against a paper with a table."""
    columns = ("1", "2") if "row 1" in places or "row 2" in places else heads if "row" in places else ("", "")
    trial = {**folders.TRIAL, "n_randomised": "200", "arm1": "Loaded exercise", "arm2": "waited (“rest”)"}
    rows = [
        {**folders.ARM, **arm, "locator": places.format(column)}
        for arm, column in zip(arms, columns, strict=True)
    ]
    review = folders.folder(folder, sources=SOURCES, trials=[trial], outcomes=rows)
    papers = folder / "papers"
    papers.mkdir()
    (papers / "x.xml").write_text(jats(table, doi=DOI), encoding="utf-8")
    loaded, _ = examine(review)  # a mean that its quote hasn't is an error of the row by itself
    assert loaded is not None
    return prove(loaded, papers)


@pytest.mark.parametrize("places", PLACES)
def test_each_number_time_and_arm_is_proved_by_quote_or_table(tmp_path: Path, places: str) -> None:
    proofs = told_of(tmp_path, ARM1, ARM2, places=places)
    where = {
        "group": "column",
        "n": "column",
        "mean": "quote",
        "sd": "quote",
        "weeks": "caption",
        "instrument": "row",
    }
    assert [proof.stands for proof in proofs.proofs if proof.stands] == [where, where]
    assert proofs.carried[""] == 0
    assert not proofs.problems


DIGITS = [
    (group, column, place, digit)
    for group, arm in (("1", ARM1), ("2", ARM2))
    for column in ("n", "mean", "sd", "weeks")
    for place, own in enumerate(arm[column])
    for digit in "0123456789"
    if own not in {".", digit} and f"{arm[column][:place]}{digit}{arm[column][place + 1 :]}" != "0.0"
]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(DIGITS), st.sampled_from(PLACES))
def test_no_digit_can_be_another_and_be_proved(change: tuple[str, str, int, str], places: str) -> None:
    group, column, place, digit = change
    arms = {"1": dict(ARM1), "2": dict(ARM2)}
    text = arms[group][column]
    arms[group][column] = f"{text[:place]}{digit}{text[place + 1 :]}"
    with TemporaryDirectory() as folder:
        proofs = told_of(Path(folder), *arms.values(), places=places)
    assert column in proofs.uncarried
    assert proofs.carried[""] == 1


@pytest.mark.parametrize("places", PLACES)
def test_arms_that_change_places_are_doubted(tmp_path: Path, places: str) -> None:
    swapped = ({**ARM1, "group": "2"}, {**ARM2, "group": "1"})
    proofs = told_of(tmp_path, *swapped, places=places)
    assert [proof.lacking for proof in proofs.proofs if proof.stands] == [("group",), ("group",)]
    said = "stands in a column of the other group, 'rest'"
    rules = examine(tmp_path / "small")[1] if places == PLACES[1] else []
    assert any(
        said in str(problem) or "other group, 'rest'" in str(problem)
        for problem in (*proofs.problems, *rules)
    )


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize(("column", "cell"), [("n", "12"), ("n", "5"), ("mean", "34"), ("sd", "12")])
def test_a_number_of_another_kind_proves_nothing(tmp_path: Path, column: str, cell: str, places: str) -> None:
    proofs = told_of(tmp_path, {**ARM1, column: cell}, ARM2, places=places)  # 34 people, 12 weeks
    assert list(proofs.uncarried) == [column]


def test_what_is_printed_once_carries_one_column_with_its_relation(tmp_path: Path) -> None:
    words = "Difference in pain -1.0 (95% CI -1.8 to -0.2), P < 0.05, 34 and 33 people"
    row = {**folders.DIFFERENCE, "n1": "34", "n2": "33", "quote": words, "p_value": "0.05", "p_relation": "<"}
    paper = tmp_path / "papers" / "x.txt"
    paper.parent.mkdir()
    paper.write_text(f"A trial\ndoi: {DOI}\n{words}.\n", encoding="utf-8")

    def lacking(n: int, **other: str) -> list[str]:
        rows = [{**row, **other}]
        loaded, _ = examine(folders.folder(tmp_path / str(n), sources=SOURCES, outcomes=rows))
        assert loaded is not None
        return [name for name in prove(loaded, paper.parent).uncarried if name != "weeks"]

    assert lacking(0) == []
    assert lacking(1, p_relation="=") == ["p_value"]
    assert lacking(2, ci_high="-1.0") == ["ci_high"]
    assert lacking(3, mean="-1.8") == ["ci_low"]
    assert lacking(4, mean="95") == ["mean"]


@pytest.mark.parametrize("places", PLACES)
def test_a_row_of_another_scale_is_listed(tmp_path: Path, places: str) -> None:
    stiff = ({**ARM1, "mean": "4.4", "sd": "1.1", "quote": "4.4 (1.1)"}, ARM2)
    proofs = told_of(tmp_path, *stiff, places=places.replace("row 1", "row 2").replace("Pain", "Stiffness"))
    assert proofs.uncarried["instrument"][0].quoted.row.row == 2


@pytest.mark.parametrize("row", ["8 weeks", "8"])
def test_a_number_below_the_heading_week_is_a_time(tmp_path: Path, row: str) -> None:
    table = TABLE.replace("<th>Scale</th>", "<th>Week</th>").replace("Pain at 12 weeks", "Pain (VAS)")
    table = table.replace("<td>Pain<", "<td>8<").replace("<td>Stiffness<", "<td>26<")
    place = f"Table 2, row {row}, column {{}}"
    for number, (weeks, lacking) in enumerate((("8", []), ("26", ["weeks"]))):
        arms = ({**arm, "quote": f"{arm['mean']} ({arm['sd']})", "weeks": weeks} for arm in (ARM1, ARM2))
        proofs = told_of(tmp_path / str(number), *arms, places=place, table=table)
        assert list(proofs.uncarried) == lacking
        assert len(proofs.contradictions) == len(lacking) * 2


def test_beside_another_scale_the_outcome_alone_names_none(tmp_path: Path) -> None:
    first = {**ARM1, "quote": "5.6 (1.9)"}
    for number, (heading, lacking) in enumerate(
        [("Pain, VAS", 0), ("Pain", 0), ("Pain, NRS", 2), ("PAIN (visual analogue scale)", 0)]
    ):
        table = TABLE.replace("<td>Pain<", f"<td>{heading}<")
        proofs = told_of(tmp_path / str(number), first, ARM2, table=table)
        assert len(proofs.uncarried.get("instrument", ())) == lacking, heading


def test_what_a_quote_fetches_from_another_row_of_the_table_carries_nothing(tmp_path: Path) -> None:
    table = TABLE
    for row, p in (
        ("(n = 33)</th>", "<th>P</th>"),
        ("7.8 (2.0)</td>", "<td>0.31</td>"),
        ("8.5 (2.3)</td>", "<td>0.02</td>"),
    ):
        table = table.replace(row, row + p)
    for p, lacking in (("0.31", []), ("0.02", ["p_value"])):
        row = {**ARM1, "quote": f"5.6 (1.9) … {p}", "p_value": p, "p_relation": "="}
        assert list(told_of(tmp_path / p, row, ARM2, table=table).uncarried) == lacking


def test_numbers_of_another_cell_than_the_locator_names_are_doubted_whatever_the_quote_skips(
    tmp_path: Path,
) -> None:
    note = TABLE.replace(
        "</table>", "</table><table-wrap-foot><p>Rest: 33 people at the end.</p></table-wrap-foot>"
    )
    wrong = {
        "the other arm's": ("7.8", "2.0"),
        "the other outcome's": ("4.4", "1.1"),
        "the other outcome's and arm's": ("8.5", "2.3"),
    }
    for name, (mean, sd) in wrong.items():
        row = {**ARM1, "mean": mean, "sd": sd, "quote": f"Pain … {mean} ({sd}) … at the end"}
        proofs = told_of(tmp_path / name, row, ARM2, places=PLACES[1], table=note)
        assert proofs.proofs[0].result == "found", name
        assert [*proofs.uncarried] == ["mean", "sd"], name
        assert "the cell that it names holds “5.6 (1.9)”" in str(proofs.problems[0])
    row = {**ARM1, "quote": "Pain … 5.6 (1.9) … at the end"}
    proofs = told_of(tmp_path / "right", row, ARM2, places=PLACES[1], table=note)
    assert (proofs.problems, [*proofs.uncarried]) == ([], [])


def test_a_locator_that_names_no_cell_is_not_said_to_name_one(tmp_path: Path) -> None:
    table = TABLE.replace("4.4 (1.1)", "5.6 (1.9)").replace("(n = 33)</th>", "(n = 33)</th><th>P</th>")
    table = table.replace("7.8 (2.0)</td>", "7.8 (2.0)</td><td>0.31</td>")
    row = {**ARM1, "quote": "5.6 (1.9) … 0.31", "p_value": "0.31", "p_relation": "="}
    assert told_of(tmp_path, row, ARM2, places=PLACES[2], table=table).problems == []


def test_a_locator_may_leave_the_number_of_people_out_of_a_heading(tmp_path: Path) -> None:
    row = {**ARM1, "sd": "", "se": "1.9"}
    table = TABLE.replace("(n = 33)", "[n=33]")
    places = "Table 2, row Pain, column {}"
    proofs = told_of(tmp_path, row, ARM2, places=places, table=table, heads=("Loaded exercise", "Rest"))
    assert 'se = "1.9": the words about its place in the table say SD' in str(proofs.problems[0])
    assert [*proofs.uncarried] == ["se"]


def test_people_that_a_quote_gives_to_an_arm_count_before_its_heading(tmp_path: Path) -> None:
    note = TABLE.replace(
        "</table>",
        "</table><table-wrap-foot><p>30 (loaded exercise) and 31 (rest) were measured.</p></table-wrap-foot>",
    )
    for said in ("30 (loaded exercise)", "30 (loaded exercise) and 31 (rest) were measured"):
        for n, lacking in (("30", []), ("34", ["n"]), ("31", ["n"])):
            row = {**ARM1, "n": n, "quote": f"Pain … 5.6 (1.9) … {said}"}
            proofs = told_of(
                tmp_path / f"{n} {len(said)}", row, {**ARM2, "n": "33"}, places=PLACES[1], table=note
            )
            assert [*proofs.uncarried] == lacking, (n, said)


def test_changes_and_final_scores_are_told_apart(tmp_path: Path) -> None:
    table = TABLE.replace("<td>Pain<", "<td>Pain, change<")
    proofs = told_of(tmp_path / "a", {**ARM1, "quote": "5.6 (1.9)"}, ARM2, table=table)
    assert "speak of a change. If these are changes from baseline, write change." in str(proofs.problems[0])
    captioned = TABLE.replace("<caption>", "<caption>Change from baseline: ")
    proofs = told_of(tmp_path / "b", ARM1, ARM2, table=captioned)
    assert [("of a change" in str(problem)) for problem in proofs.problems] == [True, True]
    both = ({**ARM1, "statistic": "change"}, {**ARM2, "statistic": "change"})
    assert not told_of(tmp_path / "c", *both, table=captioned).uncarried.get("statistic")
    proofs = told_of(tmp_path / "d", *both)
    assert (len(proofs.uncarried["statistic"]), proofs.problems) == (2, [])


def test_what_a_row_calls_assumed_is_counted_apart(tmp_path: Path, say: Say) -> None:
    said = {"n": "30", "assumption": "n = 30: arm sizes not reported, instrument as named"}
    proofs = told_of(tmp_path, {**ARM1, **said}, {**ARM2, **said}, table=TABLE.replace(" (n = 3", " (no. 3"))
    assert proofs.carried["assumed"] == 2
    told = say("check", str(proofs.review.folder), "--papers", str(tmp_path / "papers")).flat
    assert "Of 12 numbers" in told
    assert "10 stand in the quote, or at its place in the table; 2 are assumed." in told


def test_what_contradicts_the_paper_is_said_at_the_terminal(tmp_path: Path, say: Say) -> None:
    proofs = told_of(tmp_path, {**ARM1, "se": "1.9", "sd": ""}, ARM2)
    told = say("check", str(proofs.review.folder), "--papers", str(tmp_path / "papers")).flat
    assert 'se = "1.9": the words about its place in the table say SD' in told


def test_a_mean_and_its_sd_can_not_change_places(tmp_path: Path) -> None:
    proofs = told_of(tmp_path, {**ARM1, "mean": "1.9", "sd": "5.6"}, ARM2)
    assert list(proofs.uncarried) == ["sd"]


def test_a_standard_error_is_no_sd(tmp_path: Path) -> None:
    doubts = [
        str(problem) for problem in told_of(tmp_path, ARM1, ARM2, table=TABLE.replace("SD", "SE")).problems
    ]
    assert len(doubts) == 2
    assert 'sd = "1.9": the words about its place in the table say SE' in doubts[0]


def test_another_time_than_its_place_names_is_doubted(tmp_path: Path) -> None:
    later = ({**ARM1, "weeks": "26", "quote": "5.6 (1.9)"}, {**ARM2, "weeks": "26"})
    proofs = told_of(tmp_path, *later, table=TABLE.replace("<td>Pain<", "<td>Pain, 3 months<"))
    assert ["it stands where 13 weeks are named" in str(problem) for problem in proofs.problems] == [True] * 2
    assert list(proofs.uncarried) == ["weeks"]


def test_a_number_behind_what_is_left_out_is_whole(tmp_path: Path) -> None:
    quoted = ({**ARM1, "quote": "Pain … 5.6 (1.9)"}, {**ARM2, "quote": "Pain … 7.8 (2.0)"})
    proofs = told_of(tmp_path, *quoted, places="in the text{}")
    assert list(proofs.uncarried) == ["weeks", "group", "n"]


def test_another_number_of_people_is_doubted_and_not_kept_as_proved(tmp_path: Path, say: Say) -> None:
    proofs = told_of(tmp_path, {**ARM1, "n": "43"}, ARM2)
    assert ["it stands in a column of 34 people" in str(problem) for problem in proofs.problems] == [True]
    review = str(proofs.review.folder)
    told = say("check", review, "--papers", str(tmp_path / "papers"), *RECORD)
    assert "Of 12 numbers, times, arms, scales and changes of rows whose quotes" in told.flat
    assert "were found, 11 stand in the quote" in told.flat
    (mark,) = (proof_mark(load_review(review), [row]) for row in load_review(review).outcomes[:1])
    assert "it does not carry n" in str(mark)
    changed(Path(review) / "outcomes.csv", ",43,", ",34,")
    _, problems = examine(review)
    assert any("has other numbers than on" in str(problem) for problem in problems)
    assert proof_mark(load_review(review), load_review(review).outcomes[:1]) is None


@pytest.mark.slow
def test_certainty_report_and_explorer_show_what_is_proved_and_nothing_before(
    review: Path, papers: Path, say: Say, tmp_path: Path
) -> None:
    def shown() -> dict[str, str]:
        held = Dossier(review=load_review(review))
        return {
            "certainty": say("certainty", str(review), "--out", str(tmp_path / "out"), "--full").flat,
            "document": json.dumps(documents.certainty(held), default=str),
            "explorer": explorer_page(held, version="1"),
            **{lang: report.markdown(held, figures=(), version="1", lang=lang) for lang in ("en", "nb")},
        }

    says = ("found in their papers by", "found in the paper by", "funnet igjen i artikkelen av")
    assert not [name for name, text in shown().items() if any(words in text for words in says)]
    say("check", str(review), "--papers", str(papers), *RECORD)
    day = load_review(review).verification[0].date
    pages = shown()
    by = f"found in their papers by Kari Nordmann on {day}"
    assert f"2 of 2 quotes {by}" in pages["certainty"]
    assert f"4 of 6 quotes {by}" in pages["certainty"]
    found = (
        f"✓ quote found in the paper by Kari Nordmann on {day}; it does not carry instrument, weeks, group, n"
    )
    assert found in pages["en"]
    assert f"4 of 6 quotes {by}" in pages["en"]
    assert (
        f"✓ sitatet funnet igjen i artikkelen av Kari Nordmann {day}; det bærer ikke instrument, weeks"
        in pages["nb"]
    )
    assert found in pages["explorer"]
    assert "Kari Nordmann" in pages["document"]
    changed(review / "outcomes.csv", "3.0 (1.5)", "was 3.0 (1.5)")
    changed(review / "outcomes.csv", "4.0 (2.0)", "was 4.0 (2.0)")
    assert "✓ quote found" not in shown()["en"]  # a quote that is another now is proved no more


@pytest.mark.slow
def test_the_card_of_the_explorer_says_by_whom_a_quote_was_proved(
    review: Path, papers: Path, say: Say, tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    say("check", str(review), "--papers", str(papers), *RECORD)
    path = tmp_path / "explorer.html"
    path.write_text(explorer_page(Dossier(review=load_review(review)), version="1"), encoding="utf-8")
    page = open_page(path)
    page.locator("#figure .row").first.click()
    assert page.locator("#card").inner_text().count("✓ quote found in the paper by Kari Nordmann") == 2
