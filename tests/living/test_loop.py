"""From a search file to an updated forest plot and a pull request's page, each number proved."""

import csv
import json
import re
import subprocess
from pathlib import Path

import pytest

from living.papers import SETTINGS, Cell, Table, html, jats, shown, wrap
from livingmeta.review.folder import load_review

PARTS = {"knee": (3.1, 1.4, 4.2, 1.6), "hip": (2.8, 1.9, 3.9, 2.0), "ankle": (4.0, 2.2, 4.1, 2.1)}
SEARCH = """
[[search]]
id = "scopus"
database = "Scopus"
query = "exercise AND pain"
since = 2020-01-01
every = "6 months"
note = "made for this test"
"""


def table_of(part: str) -> Table:
    mean1, sd1, mean2, sd2 = PARTS[part]
    head = [
        Cell("Outcome", rows=2),
        Cell("Exercise (n = 40), mean (SD)", columns=2),
        Cell("Control (n = 41), mean (SD)", columns=2),
    ]
    times = [Cell("Baseline"), Cell("12 weeks")] * 2
    row = [Cell("Pain, VAS"), Cell("5.6 (1.1)"), Cell(f"{mean1} ({sd1})", mark="a"), Cell("5.5 (1.2)")]
    other = [Cell("Strength"), *(Cell(f"{n}.0 (4.0)") for n in (31, 35, 30, 31))]
    return Table(
        "Table 2",
        f"Outcomes in the {part}, mean (SD)",
        [head, times],
        [[*row, Cell(f"{mean2} ({sd2})")], other],
    )


def exported(path: Path) -> Path:
    """Write what a database exports: 40 records, three of them of trials that belong."""
    titles = [f"Exercise for pain in the {part}: a randomised trial" for part in PARTS]
    titles += [f"Another thing about subject {n} that is no trial" for n in range(37)]
    dois = [*(f"10.5555/{part}" for part in PARTS), *(f"10.5555/other.{n}" for n in range(37))]
    entries = [
        f"TY  - JOUR\nTI  - {title}\nAU  - Ash, A\nPY  - 2025\nJO  - J Pain\nDO  - {doi}\nER  - \n"
        for title, doi in zip(titles, dois, strict=True)
    ]
    path.write_text("\n".join(entries), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_search_becomes_a_forest_plot_with_every_number_proved(
    tmp_path: Path, say, chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVINGMETA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def done(*words: str) -> str:
        said = say(*words)
        assert said.status == 0, (words, said.out, said.err)
        return said.flat

    done("new", "knees", "--favours", "lower")
    toml = Path("data/knees/review.toml")
    toml.write_text(toml.read_text("utf-8").replace("[[synthesis]]", f"{SEARCH}\n[[synthesis]]", 1), "utf-8")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "data"), ("commit", "-qm", "begin")):
        subprocess.run([*git, *words], check=True, capture_output=True)

    file = str(exported(tmp_path / "scopus.ris"))
    assert "40" in done("search", "knees", "--from", file, "--only", "scopus", "--until", "2026-11-20")
    records = load_review("knees").records
    assert len(records) == 40
    for stage in ("title", "full text"):
        belongs = {record.record: any(part in record.title for part in PARTS) for record in records}
        rows = [
            (key, "include" if belongs[key] else "exclude", "" if belongs[key] else "no trial")
            for key in belongs
            if belongs[key] or stage == "title"
        ]
        with Path("decided.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("record", "decision", "reason"), *rows])
        done("screen", "knees", "--by", "Ann", "--stage", stage, "--from", "decided.csv")

    papers = Path("papers")
    papers.mkdir()
    (papers / "a.xml").write_text(jats(wrap(table_of("knee")), doi="10.5555/knee"), "utf-8")
    (papers / "b.html").write_text(html(shown(table_of("hip")), doi="10.5555/hip"), "utf-8")
    page = chromium.new_page()
    page.set_content(html(shown(table_of("ankle")), doi="10.5555/ankle", style=SETTINGS["lines"]))
    page.pdf(path=papers / "c.pdf", format="A4")
    page.close()
    for part, paper in zip(PARTS, sorted(papers.iterdir()), strict=True):
        assert "Table 2" in done("read", str(paper))
        answers = {
            "Which trial": "new",
            "Name and year": f"{part.title()} 2025",
            "People randomised": "81",
            "What the group “new": "supervised exercise",
            "Why the trial fits": "randomised, exercise against none, pain",
            "How to cite it": f"Ash A. Exercise for pain in the {part}. J Pain 2025",
            "Its DOI": "",
            "What did you read": "report",
            "Measured with": "new" if part == "knee" else "vas_pain",
            "Name of the scale": "VAS pain",
            "What does it measure": "pain",
            "Lowest": "0",
            "Highest": "10",
            "Which direction": "lower",
            "The review has": "same",
            "Weeks": "12",
            "Scores at that": "final",
            "What does the paper print": "arms",
            "People in": "",
        }
        picks = ("--pick", "1=1:r3c3", "--pick", "2=1:r3c5", "--answers", "answers.json")
        before = {path.name: path.read_bytes() for path in toml.parent.iterdir()}
        short = {start: told for start, told in answers.items() if start != "Weeks"}
        Path("answers.json").write_text(json.dumps(short))
        assert 'no answer to "Weeks' in say("read", str(paper), "knees", *picks, "--yes").err
        assert {path.name: path.read_bytes() for path in toml.parent.iterdir()} == before
        Path("answers.json").write_text(json.dumps(answers))
        assert (
            "Written: 6 rows" in (said := done("read", str(paper), "knees", *picks, "--yes"))
            or part != "knee"
        ), said

    told = done("check", "knees", "--papers", "papers", "--by", "Ann", "--record")
    assert "6 of 6 quotes found" in told
    assert (
        "All 36 numbers, times, arms, scales and changes of rows whose quotes were found stand in the quote"
        in told
    )
    assert len(load_review("knees").verification) == 6
    done("forest", "knees", "pain-short", "--out", "figures")
    assert list(Path("figures").rglob("*forest*.png")) or list(Path("figures").rglob("*.svg"))
    (pool,) = re.findall(r"SMD −\d\.\d+ \(95% CI [^)]*\)", done("pool", "knees"))[:1]
    text = done("diff", "knees", "--markdown")
    assert all(f"{part.title()} 2025" in text for part in PARTS)
    assert pool
