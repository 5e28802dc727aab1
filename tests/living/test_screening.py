"""One key a record, kept before the next is shown; what is decided elsewhere is read back."""

import os
import pty
import re
import select
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from folders import REPORT, folder
from kills import at_each_step
from livingmeta.exchange.search_files import read_search_file
from livingmeta.living.records import keep_abstracts
from livingmeta.living.screening import (
    Session,
    criteria_of,
    decisions_in,
    labelled,
    likest,
    waiting,
    write_decisions,
)
from livingmeta.review.folder import load_review
from livingmeta.review.screening import standings, unreported
from livingmeta.words import RefusalError

TITLE = "Painful exercise in chronic pain of the {}: a randomised trial"
PARTS = ("shoulder", "ankle", "knee")
RECORDS = [
    {
        "record": part,
        "title": TITLE.format(part),
        "authors": "Smith BE; Bo C",
        "year": "2026",
        "doi": f"10.1000/{part}",
        "database": "PubMed",
        "query": "pubmed",
        "date": "2026-11-28",
    }
    for part in PARTS
]
RULES = """
[screening]
criteria = ["adults with pain for three months"]
reasons = ["population", "no pain rule"]
"""
DAY = "2026-11-28"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVINGMETA_CACHE", str(tmp_path / "cache"))
    made = folder(tmp_path, toml=("[[synthesis]]", f"{RULES}\n[[synthesis]]"), records=RECORDS)
    keep_abstracts(load_review(made), {"10.1000/shoulder": "Forty adults exercised into pain."})
    return made


def held(path: Path) -> list[tuple[str, str, str | None, str]]:
    rows = load_review(path).screening
    return [(row.record, row.decision, row.reason, row.by) for row in rows]


def test_each_decision_is_kept_at_once_and_the_last_can_be_taken_back(path: Path) -> None:
    session = Session(str(path), by="Ann", stage="title", day=DAY)
    session.decide("shoulder", "include")
    session.decide("ankle", "exclude", "no, not pain")
    assert held(path) == [("shoulder", "include", None, "Ann"), ("ankle", "exclude", "no, not pain", "Ann")]
    Session(str(path), by="Bo", stage="title", day=DAY).decide("knee", "unsure")
    assert session.undo()
    assert held(path) == [("shoulder", "include", None, "Ann"), ("knee", "unsure", None, "Bo")]
    assert session.undo()
    assert not session.undo()
    assert held(path) == [("knee", "unsure", None, "Bo")]


def test_a_decision_that_check_refuses_is_not_written(path: Path) -> None:
    with pytest.raises(RefusalError, match="excluded for a reason"):
        Session(str(path), by="Ann", stage="full text", day=DAY).decide("shoulder", "exclude")
    assert not (path / "screening.csv").exists()


def test_two_records_that_are_one_are_said_to_be_and_this_too_can_be_taken_back(path: Path) -> None:
    before = (path / "records.csv").read_bytes()
    assert [record.record for record in likest(load_review(path), "ankle")] == ["knee", "shoulder"]
    session = Session(str(path), by="Ann", stage="title", day=DAY)
    session.merge("ankle", "shoulder")
    session.merge("shoulder", "knee")
    merged = {row.record: (row.duplicate_of, row.duplicate_why) for row in load_review(path).records}
    saw = "Ann saw that both are one"
    assert merged == {"shoulder": ("knee", saw), "ankle": ("knee", saw), "knee": (None, None)}
    assert [one.record.record for one in waiting(load_review(path), stage="title", by="Ann")] == ["knee"]
    assert likest(load_review(path), "knee") == []
    assert session.undo()
    assert {row.duplicate_of for row in load_review(path).records} == {None, "shoulder"}
    assert session.undo()
    assert (path / "records.csv").read_bytes() == before


@pytest.mark.slow
def test_a_writer_that_dies_at_any_step_leaves_the_decision_or_none(path: Path) -> None:
    Session(str(path), by="Ann", stage="title", day=DAY).decide("shoulder", "include")
    kept = (path / "screening.csv").read_bytes()
    seen = set()

    def dying() -> None:
        Session(str(path), by="Ann", stage="title", day=DAY).decide("ankle", "unsure")

    for _ in at_each_step(dying):
        rows = [row[0] for row in held(path)]
        assert rows in (["shoulder"], ["shoulder", "ankle"])
        seen.add(len(rows))
        (path / "screening.csv").write_bytes(kept)
    assert seen == {1, 2}
    assert not [file.name for file in path.iterdir() if file.name.startswith(".")]


def test_what_is_included_waits_for_its_report_until_the_review_has_it(tmp_path: Path) -> None:
    own = {**REPORT, "report": "smith", "doi": "10.1000/SHOULDER"}
    for number, reports in enumerate(([REPORT], [REPORT, own])):
        under = tmp_path / str(number)
        under.mkdir()
        made = folder(
            under, toml=("[[synthesis]]", f"{RULES}\n[[synthesis]]"), records=RECORDS, reports=reports
        )
        for stage in ("title", "full text"):
            Session(str(made), by="Ann", stage=stage, day=DAY).decide("shoulder", "include")
        assert [record.record for record in unreported(load_review(made))] == ["shoulder"][number:]


def test_each_person_is_shown_what_they_did_not_decide(path: Path) -> None:
    Session(str(path), by="Ann", stage="title", day=DAY).decide("shoulder", "include")
    Session(str(path), by="Bo", stage="title", day=DAY).decide("shoulder", "exclude")
    review = load_review(path)

    def keys(**asked: object) -> list[str]:
        return [one.record.record for one in waiting(review, **{"stage": "title", **asked})]  # type: ignore[arg-type]

    assert keys(by="Ann") == ["ankle", "knee"]
    assert keys(by="Cy") == ["shoulder", "ankle", "knee"]
    assert keys(by="Cy", unseen=True) == ["ankle", "knee"]
    assert keys(by="Cy", settle=True) == ["shoulder"]
    assert keys(by="Ann", stage="full text") == []
    Session(str(path), by="Cy", stage="title", day=DAY, settle=True).decide("shoulder", "include")
    review = load_review(path)
    assert keys(by="Ann", stage="full text") == ["shoulder"]
    assert keys(by="Dee") == ["ankle", "knee"]  # what is settled is settled


def test_what_was_decided_can_be_decided_anew_and_the_latest_day_holds(path: Path) -> None:
    Session(str(path), by="Ann", stage="title", day="2026-11-29").decide("ankle", "exclude")
    Session(str(path), by="Ann", stage="title", day=DAY).decide("ankle", "include")  # merged in later
    review = load_review(path)
    assert (held_of := standings(review)[1].decision("title")) and held_of.decision == "exclude"
    (shown,) = waiting(review, stage="title", by="Ann", again="ankle")
    assert shown.record.record == "ankle"
    Session(str(path), by="Ann", stage="title", day="2026-11-29").decide("ankle", "unsure")
    held_of = standings(load_review(path))[1].decision("title")
    assert held_of and held_of.decision == "unsure"
    with pytest.raises(RefusalError, match="ankel"):
        waiting(review, stage="title", by="Ann", again="ankel")
    why = {"duplicate_of": "ankle", "duplicate_why": "same DOI"}
    *others, knee = review.records
    merged = replace(review, records=(*others, knee.model_copy(update=why)))
    with pytest.raises(RefusalError, match=r"merged into ankle \(same DOI\)\. .*--again ankle"):
        waiting(merged, stage="title", by="Ann", again=knee.record)


def test_criteria_stand_in_the_protocol_under_their_heading(path: Path) -> None:
    assert criteria_of(load_review(path)) == ["adults with pain for three months"]
    toml = path / "review.toml"
    toml.write_text(
        toml.read_text("utf-8").replace('"no pain rule"]', '"no pain rule"]\nsection = "Who"'),
        encoding="utf-8",
    )
    (path / "protocol.md").write_text(
        "# P\n\n## Who\n\n- **Adults**\n  in pain.\n- Randomised.\n\n## Then\n\nno\n"
    )
    assert criteria_of(load_review(path))[1:] == ["- Adults in pain.", "- Randomised."]
    (path / "protocol.md").write_text("# P\n")
    with pytest.raises(RefusalError, match="no heading 'Who'"):
        criteria_of(load_review(path))


def test_what_is_written_for_another_program_adds_nothing_when_it_is_read_back(path: Path) -> None:
    session = Session(str(path), by="Ann", stage="title", day=DAY)
    session.decide("shoulder", "include")
    session.decide("ankle", "exclude", "no pain rule")
    file = path.parent / "out.ris"
    file.write_text(labelled(load_review(path)), encoding="utf-8")
    first, second, third = read_search_file(file).references
    assert first.abstract == "Forty adults exercised into pain."
    assert first.notes == ("livingmeta: title, Ann: include", "ASReview_relevant")
    assert second.notes == ("livingmeta: title, Ann: exclude, no pain rule", "ASReview_irrelevant")
    assert third.notes == ("ASReview_not_seen",)
    rows, remarks = decisions_in(load_review(path), file, by=None, stage="title", day=DAY)
    assert rows == []
    assert "2 of 2 decisions stand there already" in remarks[0]


RAYYAN = (
    "TY  - JOUR\nID  - rayyan-1\nTI  - {}\nAU  - Smith, BE\nPY  - 2026\n"
    'N1  - RAYYAN-INCLUSION: {{"Ann"=>"Included", "Bo"=>"Excluded"}} | '
    "RAYYAN-EXCLUSION-REASONS: wrong population\nER  -\n"
)
ASREVIEW = "TY  - JOUR\nID  - knee\nTI  - {}\nN1  - ASReview_irrelevant\nER  -\n"


def test_labels_of_rayyan_and_asreview_become_decisions(path: Path) -> None:
    file = path.parent / "in.ris"
    text = RAYYAN.format(TITLE.format("ankle")) + ASREVIEW.format(TITLE.format("knee"))
    file.write_text(text, encoding="utf-8")
    rows, _ = decisions_in(load_review(path), file, by="Cy", stage="title", day=DAY)
    write_decisions(str(path), rows)
    assert held(path) == [
        ("ankle", "include", None, "Ann"),
        ("ankle", "exclude", "wrong population", "Bo"),
        ("knee", "exclude", None, "Cy"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_labels_are_read_in_whatever_encoding_and_what_was_read_is_said(
    path: Path, encoding: str, ends: str
) -> None:
    file = path.parent / "in.ris"
    text = ASREVIEW.format(TITLE.format("knee")) + "TY  - JOUR\nAU  - Bö, C\nN1  - ASReview_relevant\nER  -\n"
    file.write_bytes(text.replace("\n", ends).encode(encoding))
    rows, remarks = decisions_in(load_review(path), file, by="Cy", stage="title", day=DAY)
    assert [(row["record"], row["decision"]) for row in rows] == [("knee", "exclude")]
    assert "no title is given: 1 of the records" in remarks[-1]
    assert ("Windows-1252" in remarks[0]) is (encoding == "cp1252")


def test_a_short_title_is_known_again_where_a_program_dropped_key_and_number(tmp_path: Path) -> None:
    entry = {**RECORDS[0], "title": "PAINFUL", "doi": "", "registration": "NCT01234567"}
    twin = {**entry, "record": "twin", "title": "Another"}
    made = folder(tmp_path, records=[entry, twin, {**twin, "record": "third", "registration": "NCT01234568"}])
    file = tmp_path / "in.ris"
    label = "TY  - JOUR\nAN  - rayyan-1\nTI  - {}\nPY  - 2026\nN1  - ASReview_relevant\nER  -\n"
    file.write_text(label.format("Painful"), encoding="utf-8")
    (row,), _ = decisions_in(load_review(made), file, by="Cy", stage="title", day=DAY)
    assert row["record"] == "shoulder"
    file.write_text(label.format("Another"), encoding="utf-8")  # of two records
    with pytest.raises(RefusalError, match="no such record"):
        decisions_in(load_review(made), file, by="Cy", stage="title", day=DAY)


@pytest.mark.parametrize("mark", [",", ";"])
def test_decisions_in_a_csv_are_read_and_what_nobody_decided_is_left(path: Path, mark: str) -> None:
    file = path.parent / "in.csv"
    text = 'record,decision,reason\nshoulder,include,\nankle,exclude,"not, pain"\nknee,,\n'
    file.write_text(text.replace(",", mark).replace(f"not{mark}", "not,"), encoding="utf-8")
    rows, _ = decisions_in(load_review(path), file, by="Ann", stage="title", day=DAY)
    write_decisions(str(path), rows)
    assert held(path) == [("shoulder", "include", None, "Ann"), ("ankle", "exclude", "not, pain", "Ann")]


REFUSED = {
    "nobody": ("record,decision\nshoulder,include\n", None, "in.csv row 2: nobody is named who decided"),
    "no record": ("record,decision\nelbow,include\n", "Ann", "no record 'elbow' in records.csv"),
    "no decision": ("record,decision\nshoulder,incldue\n", "Ann", 'decision = "incldue": choose one of'),
    "no column": ("record,verdict\nshoulder,include\n", "Ann", "the column decision is missing"),
    "a comma": ("record,decision,reason\nshoulder,exclude,a,b\n", "Ann", "row 2: it has more cells"),
    "no label": ("TY  - JOUR\nTI  - x\nER  -\n", "Ann", "no record in it has a label"),
    "a stranger": (ASREVIEW.format("A title of another world altogether").replace("knee", "x"), "Ann",
                   "records.csv has no such record. Read it first: livingmeta search small --from"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_decision_is_refused_by_its_row(path: Path, name: str) -> None:
    text, by, words = REFUSED[name]
    file = path.parent / ("in.csv" if text.startswith("record") else "in.ris")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RefusalError) as refusal:
        decisions_in(load_review(path), file, by=by, stage="title", day=DAY)
    assert words in str(refusal.value)


class Keyboard:
    """The command at a terminal of its own, and somebody who presses keys there."""

    def __init__(self, path: Path, *words: str) -> None:
        self.child, self.terminal = pty.fork()
        if not self.child:
            os.environ["COLUMNS"], os.environ["TERM"] = "120", "xterm"
            os.execv(sys.executable, [sys.executable, "-m", "livingmeta", "screen", str(path), *words])
        self.screen = ""

    def until(self, words: str) -> str:
        """Read until some words stand on the screen; what was shown since the last call."""
        start, end = len(self.screen), time.monotonic() + 20
        while words not in self.screen[start:]:
            assert time.monotonic() < end, self.screen[start:]
            if select.select([self.terminal], [], [], 0.2)[0]:
                try:
                    raw = os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    raw = ""
                assert raw, f"{words} was never shown: {self.screen[start:]}"
                self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
        return self.screen[start:]

    def press(self, keys: str) -> None:
        time.sleep(0.3)  # what is typed before a record stands there is no answer to it
        os.write(self.terminal, keys.encode())

    def end(self) -> int:
        status = os.waitpid(self.child, 0)[1]
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.mark.slow
def test_at_a_terminal_one_key_decides_and_what_a_kill_leaves_is_whole(path: Path) -> None:
    keys = Keyboard(path, "--by", "Ann")
    shown = keys.until("q quit")
    assert "Forty adults exercised into pain." in shown
    assert "adults with pain for three months" in shown
    keys.press("i")
    assert "2 of 3" in keys.until("q quit")
    keys.press("e")
    assert "1 population, 2 no pain rule" in keys.until("back")
    keys.press("2")
    keys.until("q quit")
    keys.press("z")
    assert "2 of 3" in keys.until("q quit")
    keys.press("e")
    keys.until("back")
    keys.press("1")
    keys.until("q quit")
    os.kill(keys.child, signal.SIGKILL)
    keys.end()
    assert held(path) == [("shoulder", "include", None, "Ann"), ("ankle", "exclude", "population", "Ann")]
    keys = Keyboard(path, "--by", "Ann")
    assert "1 of 1, knee" in keys.until("q quit")
    keys.press("x")
    keys.until("q quit")
    keys.press("d")
    keys.until("Number")
    keys.press("\r")
    keys.until("q quit")
    keys.press("d")
    assert "none of these: back" in keys.until("Number")
    keys.press("1\r")
    shown = " ".join(keys.until('--by Ann --stage "full text"').split())
    assert "Titles: 2 screened, 1 excluded, 1 whose report is sought, 0 open." in shown
    assert keys.end() == 0
    assert [row.duplicate_of for row in load_review(path).records] == [None, None, "ankle"]
