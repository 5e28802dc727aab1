"""The loop from a search file to an updated forest plot, in which every number is proved."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import folders
from living.papers import Cell, Table, html, jats, shown, wrap
from livingmeta.review.folder import load_review
from livingmeta.review.gaps import known_gaps
from livingmeta.review.quotes import proved

Say = Callable[..., Any]
NAMES = ("Alpha 2001", "Bravo 2025", "Carla 2026")
TITLES = [
    f"Loaded exercise for pain in the {part}: a randomised trial" for part in ("ankle", "knee", "shoulder")
]
GAP = {
    "trial": "alpha2001",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "12",
    "what": "Mean and SD per arm at 12 weeks",
    "where": "Alpha 2001, table 2",
    "source": "paper",
}
SAME = "The review has VAS from 0 to 10, lower is better. Does the paper say the same of its numbers?"
ANSWERS = {
    "Where did you": "new",
    "What did you read": "report",
    "Scores at that": "final",
    "What does the paper print": "arms",
    "People in": "",
    SAME: "same",
}


def table(n: int) -> Table:
    """Pain in two groups at two times; the numbers differ from paper to paper."""
    head = [
        Cell("Outcome", rows=2),
        Cell("Exercise (n = 38)", columns=2),
        Cell("Control (n = 39)", columns=2),
    ]
    pairs = [(f"5.{n}", "1.2"), (f"3.{n}", "1.4"), (f"5.{n + 1}", "1.3"), (f"4.{n}", "1.9")]
    pain = [Cell("Pain, VAS"), *(Cell(f"{mean} ({sd})") for mean, sd in pairs)]
    return Table(
        "Table 2",
        "Outcomes of the groups, mean (SD)",
        [head, [Cell("Baseline"), Cell("12 weeks")] * 2],
        [pain],
    )


def written(path: Path, browser: Any) -> Path:
    """Write three papers: one in JATS, one as a page, one printed in two columns."""
    path.mkdir()
    (path / "a.xml").write_text(jats(wrap(table(1)), title=TITLES[0], doi="10.5555/made.1"), encoding="utf-8")
    page = html("<p>doi: 10.5555/made.2</p>", shown(table(2)), title=TITLES[1])
    (path / "b.html").write_text(page, encoding="utf-8")
    style = "p { columns: 2; hyphens: auto } table { border-collapse: collapse } "
    style += "td, th { padding: 2pt 8pt; border: 1pt solid }"
    tab = browser.new_page()
    tab.set_content(html("<p>doi: 10.5555/made.3</p>", shown(table(3)), title=TITLES[2], style=style))
    tab.pdf(path=path / "c.pdf", format="A4")
    return path


def forty() -> str:
    """A search file in RIS: three records are of the papers, 37 of something else."""
    entries = []
    for n in range(40):
        title, doi = (
            (TITLES[n], f"10.5555/made.{n + 1}")
            if n < 3
            else (f"Another matter, number {n}", f"10.5555/x.{n}")
        )
        lines = [
            "TY  - JOUR",
            f"TI  - {title}",
            f"AU  - Author{n}, A",
            "PY  - 2025",
            f"DO  - {doi}",
            "ER  - ",
            "",
        ]
        entries.append("\n".join(lines))
    return "\n".join(entries)


@pytest.mark.slow
def test_from_a_search_file_to_a_forest_plot_with_every_number_proved(
    tmp_path: Path, say: Say, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVINGMETA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    review = folders.folder(
        tmp_path, gaps=[GAP], outcomes=[], reports=[{**folders.REPORT, "doi": "10.5555/made.1"}]
    )
    written(tmp_path / "papers", chromium)
    (tmp_path / "found.ris").write_text(forty(), encoding="utf-8")

    def go(*words: str, status: int = 0) -> str:
        told = say(*words)
        assert told.status == status, told.out + told.err
        return " ".join(told.out.split())

    go("search", "small", "--from", "found.ris", "--database", "Embase")
    records = load_review(review).records
    assert len(records) == 40
    for stage, left in (("title", records), ("full text", [r for r in records if "made" in str(r.doi)])):
        with (tmp_path / "decided.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["record", "decision", "reason"])
            for record in left:
                fits = "made" in str(record.doi)
                rows.writerow(
                    [record.record, "include" if fits else "exclude", "" if fits else "another matter"]
                )
        go("screen", "small", "--by", "Kari Nordmann", "--stage", stage, "--from", "decided.csv")
    assert "1 of 1 gaps may be closed" in go("fill", "small", "--papers", "papers", "--list")

    picks = ("--pick", "1=1:r3c3", "--pick", "2=1:r3c5", "--answers", "answers.json", "--yes")
    (tmp_path / "answers.json").write_text(json.dumps(ANSWERS), encoding="utf-8")
    go("read", "papers/a.xml", "small", "--gap", "1", *picks)
    for n, paper in ((1, "b.html"), (2, "c.pdf")):
        new = {
            "Which trial": "new",
            "Which outcome": "pain",
            "Name and year": NAMES[n],
            "Why the trial fits": "'a randomised trial'",
            "How to cite it": f"{NAMES[n].split()[0]} A. {TITLES[n]}. J Pain 2025.",
            "Its DOI": f"10.5555/made.{n + 1}",
            "Measured with": "vas",
            "Weeks since": "12",
        }
        (tmp_path / "answers.json").write_text(json.dumps({**ANSWERS, **new}), encoding="utf-8")
        go("read", f"papers/{paper}", "small", *picks)
    loaded = load_review(review)
    assert [gap.filled for gap in known_gaps(loaded)] == [True]
    assert [(row.mean, row.sd) for row in loaded.outcomes] == [
        (3.1, 1.4), (4.1, 1.9), (3.2, 1.4), (4.2, 1.9), (3.3, 1.4), (4.3, 1.9)
    ]  # fmt: skip

    told = go("check", "small", "--papers", "papers", "--record", "--by", "Kari Nordmann")
    assert "6 of 6 quotes found in their papers" in told
    assert "0 wrong" in told
    count = proved(load_review(review))
    assert count is not None and (count.proved, count.of) == (6, 6)
    go("forest", "small", "--out", "figures")
    assert "3 trials (231 people)" in go("pool", "small")
    assert list((tmp_path / "figures").rglob("forest*.svg"))
    page = next((tmp_path / "figures").rglob("diff.md")).read_text(encoding="utf-8")
    assert NAMES[2] in page
