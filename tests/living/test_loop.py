"""From a search file to an updated forest plot and a pull request's page, each number proved."""

import csv
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from living.papers import SETTINGS, Cell, Table, html, jats, shown, wrap
from livingmeta.living.proving import prove
from livingmeta.review.folder import examine, load_review

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


def changes(rows: list[dict[str, str]]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield rows of which one thing is another, and what."""

    def with_cells(*cells: tuple[int, dict[str, str]]) -> list[dict[str, str]]:
        told = dict(cells)
        return [{**row, **told.get(place, {})} for place, row in enumerate(rows)]

    for place, row in enumerate(rows):
        about = f"{row['trial']} {row['group']}"
        for column in ("mean", "sd", "n", "weeks"):
            for at, digit in enumerate(row[column]):
                for other in set("0123456789") - {digit} if digit.isdigit() else ():
                    cell = row[column][:at] + other + row[column][at + 1 :]
                    if float(cell) != float(row[column]):
                        yield f"{about} {column} {cell}", with_cells((place, {column: cell}))
        yield f"{about} arm", with_cells((place, {"group": "21"[int(row["group"]) - 1]}))
        yield f"{about} change", with_cells((place, {"statistic": "change"}))
        yield f"{about} SE", with_cells((place, {"sd": "", "se": row["sd"]}))
        baseline = "5.6 (1.1)" if row["group"] == "1" else "5.5 (1.2)"
        for skip in ("", "Pain, VAS … "):
            cells = {"mean": baseline[:3], "sd": baseline[5:8], "quote": f"{skip}{baseline}"}
            yield f"{about} baseline", with_cells((place, cells))
    for place in range(0, len(rows), 2):
        first, second = rows[place], rows[place + 1]
        for columns in (("group",), ("mean", "sd", "quote"), ("mean", "sd", "n", "quote"), ("n",), ("mean",)):
            one, two = ({column: row[column] for column in columns} for row in (second, first))
            if one != two:
                yield f"{first['trial']} {columns} exchanged", with_cells((place, one), (place + 1, two))


def told_of(review: Path, papers: Path) -> list[str]:
    """Return what check says of a review: errors, doubts, and what nothing carries."""
    loaded, problems = examine(review)
    proofs = prove(loaded, papers) if loaded else None
    return [*map(str, problems), *(map(str, [*proofs.problems, *proofs.uncarried]) if proofs else ())]


def tried(review: Path, papers: Path) -> int:
    """Change one thing of outcomes.csv after the other, each of which must be noticed; say how many."""
    path, number = review / "outcomes.csv", 0
    before, name, table = path.read_text("utf-8").partition("\ntrial,")
    rows = list(csv.DictReader((name.lstrip() + table).splitlines()))
    assert told_of(review, papers) == []
    for what, changed in changes(rows):
        with path.open("w", newline="", encoding="utf-8") as file:
            file.write(f"{before}\n")
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(changed)
        assert told_of(review, papers), what
        number += 1
    return number


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
        picks = ("--pick", "1=2:r3c3", "--pick", "2=2:r3c5", "--answers", "answers.json")
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

    Path("data/knees/verification.csv").unlink()
    assert tried(toml.parent, papers) > 400
