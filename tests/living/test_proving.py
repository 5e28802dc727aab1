"""Each quote of a review is held against the paper that it is from, and what became of it is kept."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import folders
from living.papers import jats
from livingmeta.appraisal.dossier import Dossier
from livingmeta.living.proving import prove
from livingmeta.pages import documents, report
from livingmeta.pages.explorer import explorer_page
from livingmeta.review.folder import examine, load_review
from livingmeta.review.quotes import proof_of, proved, quotes

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
    assert "Not there: registry." in told.flat
    assert "found in full" not in told.flat  # nothing of these is cut
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

    says = ("proved against the paper by", "funnet igjen i artikkelen av")
    assert not [name for name, text in shown().items() if any(words in text for words in says)]
    say("check", str(review), "--papers", str(papers), *RECORD)
    day = load_review(review).verification[0].date
    pages = shown()
    by = f"proved against the paper by Kari Nordmann on {day}"
    assert f"2 of 2 quotes {by}" in pages["certainty"]
    assert f"4 of 6 quotes {by}" in pages["certainty"]
    assert f"✓ {by}" in pages["en"]
    assert f"4 of 6 quotes {by}" in pages["en"]
    assert f"✓ funnet igjen i artikkelen av Kari Nordmann {day}" in pages["nb"]
    assert f"✓ {by}" in pages["explorer"]
    assert "Kari Nordmann" in pages["document"]
    changed(review / "outcomes.csv", "3.0 (1.5)", "was 3.0 (1.5)")
    changed(review / "outcomes.csv", "4.0 (2.0)", "was 4.0 (2.0)")
    assert f"✓ {by}" not in shown()["en"]  # a quote that is another now is proved no more


@pytest.mark.slow
def test_the_card_of_the_explorer_says_by_whom_a_quote_was_proved(
    review: Path, papers: Path, say: Say, tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    say("check", str(review), "--papers", str(papers), *RECORD)
    path = tmp_path / "explorer.html"
    path.write_text(explorer_page(Dossier(review=load_review(review)), version="1"), encoding="utf-8")
    page = open_page(path)
    page.locator("#figure .row").first.click()
    assert page.locator("#card").inner_text().count("✓ proved against the paper by Kari Nordmann") == 2
