"""From a search to decisions, as somebody types it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import livingmeta
from folders import folder
from livingmeta.living.searching import SERVICES
from livingmeta.review.folder import load_review
from services import Services, served

SEARCH = """
[[search]]
id = "pubmed"
database = "PubMed"
query = "painful exercise"
since = 2016-10-01
every = "3 months"
note = "made for this test"

[[search]]
id = "embase"
database = "Embase"
since = 2016-10-01
every = "6 months"
note = "words not known"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVINGMETA_CACHE", str(tmp_path / "cache"))
    return folder(tmp_path, toml=("[[synthesis]]", f"{SEARCH}\n[[synthesis]]"))


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    held = Services()
    with served(held) as address:
        monkeypatch.setenv(SERVICES["PubMed"].variable, address)
        monkeypatch.setattr("time.sleep", lambda _: None)
        yield held


def test_a_search_says_what_came_and_what_to_type_next(say, path: Path, services: Services) -> None:
    told = say("search", str(path))
    assert told.status == 0, told.err
    assert "PubMed (pubmed), 2016-10-01 to" in told.flat
    assert "5 found, 5 new here" in told.flat
    assert (
        f"5 records, 0 of them duplicates or known reports, 5 to screen: livingmeta screen {path}"
        in told.flat
    )
    assert "livingmeta/" in services.asked[0][2]["User-Agent"]


def test_a_search_that_fails_says_why_keeps_what_came_and_ends_with_1(
    say, path: Path, services: Services
) -> None:
    services.broken = lambda at, asked: (503, {}, b"") if at == "/efetch.fcgi" else None
    told = say("search", str(path))
    assert told.status == 1
    assert "not all came: http://127.0.0.1" in told.flat
    assert "it answers 503, 5 times. What came is kept; the same command goes on." in told.flat


def test_a_file_of_forty_records_is_read_and_every_merge_shown(say, path: Path, tmp_path: Path) -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    entries = [
        f"TY  - JOUR\nTI  - Exercise {words[n % 10]} in {words[n // 10]} pain: a randomised trial\n"
        f"AU  - {words[n % 10].title()}, A.\nPY  - 2025\nDO  - 10.1000/{n}\nER  - \n"
        for n in range(38)
    ]
    file = tmp_path / "export.ris"
    file.write_text("\n".join([*entries, entries[0], entries[1]]), encoding="utf-8")
    told = say("search", str(path), "--only", "embase", "--from", str(file), "--full")
    assert (told.status, load_review(path).records) == (2, ())
    assert "no file says on which day it was exported" in told.err
    asked = ("--only", "embase", "--until", "2026-11-20", "--since", "2026-01-01")
    told = say("search", str(path), *asked, "--from", str(file), "--full")
    assert told.status == 0, told.err
    assert "Embase (embase)" in told.flat
    assert "40 found, 40 new here, 2 of them or of older ones merged" in told.flat
    assert told.out.count("merged: ") == 2
    assert "merged: alpha2025_5 is alpha2025 (same DOI): Exercise alpha in alpha pain" in told.flat
    assert "38 to screen" in told.flat
    review = load_review(path)
    (run,) = review.searches
    assert run.note == "read from export.ris"
    assert (run.since, run.until) == ("2026-01-01", "2026-11-20")
    (declared,) = (search for search in review.protocol.search if search.id == "embase")
    assert run.query == declared.query
    assert {record.database for record in review.records} == {"Embase"}


def test_decisions_from_a_file_drive_the_flow_and_check_says_what_is_due(
    say, path: Path, tmp_path: Path
) -> None:
    file = tmp_path / "export.ris"
    titles = (
        "Painful exercise of the shoulder in adults",
        "A review of exercise in pain",
        "Exercise for the knee",
    )
    file.write_text("".join(f"TY  - JOUR\nTI  - {title}\nER  -\n" for title in titles), encoding="utf-8")
    assert say("search", str(path), "--from", str(file), "--database", "PEDro").status == 0
    keys = [record.record for record in load_review(path).records]
    decided = tmp_path / "decided.csv"
    decided.write_text(f"record,decision,reason\n{keys[0]},include,\n{keys[1]},exclude,no trial\n", "utf-8")
    told = say("screen", str(path), "--from", str(decided), "--by", "Ann")
    assert "2 decisions written to screening.csv." in told.flat
    assert "Titles: 2 screened, 1 excluded, 1 whose report is sought, 1 open." in told.flat
    checked = say("check", str(path)).flat
    assert 'search = "pubmed": this search of PubMed has never been run' in checked
    assert checked.count("has never been run") == 2


def test_python_does_what_the_commands_do(path: Path, services: Services, tmp_path: Path) -> None:
    (run,) = livingmeta.search(path, only="pubmed", since="2016-09-01")
    assert (run.search, run.found, run.new, run.trouble) == ("pubmed", 5, 5, None)
    assert "5 found, 5 new here" in repr(run)
    keys = [record.record for record in load_review(path).records]
    table = pd.DataFrame(
        {"record": keys[1:3], "decision": ["exclude", "unsure"], "reason": ["no pain, no trial", None]}
    )
    livingmeta.screen(path, {keys[0]: "include"}, by="Ann")
    done = livingmeta.screen(path, table, by="Bo", to=tmp_path / "all.ris")
    assert (done.screened, done.excluded, done.sought, done.waiting) == (3, 1, 2, 2)
    assert done.remarks == ("2 decisions written to screening.csv.",)
    assert [row.reason for row in load_review(path).screening] == [None, "no pain, no trial", None]
    assert "livingmeta: title, Ann: include" in (tmp_path / "all.ris").read_text("utf-8")
    (tmp_path / "one.ris").write_text("TY  - JOUR\nTI  - Of Ähnliches\nER  -\n", encoding="cp1252")
    (read,) = livingmeta.search(path, file=tmp_path / "one.ris", only="embase", until="2026-11-20")
    assert (read.new, len(read.remarks)) == (1, 1)
    assert "one.ris: it is not UTF-8" in (note := load_review(path).searches[-1].note or "")
    assert str(tmp_path) not in note
    with pytest.raises(ValueError, match="only = 3: give text"):
        livingmeta.search(path, only=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("--until", "2999-01-01"), "this day is yet to come"),
        (("--since", "June"), '--since June: this is not a date. Write it like "2026-11-27".'),
        (("--contact", "me"), "this is no mail address"),
        (("--only", "embase"), "the search embase is run by a person"),
        (("--only", "pub"), "Did you mean pubmed?"),
        (("--from", "nowhere.ris"), "nowhere.ris: there is no such file"),
        (("--from", "nowhere.ris", "--until", "2026-11-20"), "name it with --only ID"),
    ],
)
def test_what_cannot_be_searched_is_refused(say, path: Path, words: tuple[str, ...], answer: str) -> None:
    told = say("search", str(path), *words)
    assert told.status == 2
    assert answer in told.err


def test_a_search_that_is_not_declared_is_told_in_lines_that_declare_it(say, path: Path) -> None:
    toml = path / "review.toml"
    text = re.sub(r"\[\[search\]\]\n(\w.*\n)+", "", toml.read_text("utf-8"))
    toml.write_text(text, encoding="utf-8")
    for words in ((), ("--only", "pubmed")):
        told = say("search", str(path), *words)
        lines = told.err.partition("[[search]]\nid")
        assert lines[1] and told.status == 2
        assert f"livingmeta search {path.name} --from FILE" in told.err
    shown = "[[search]]\nid" + lines[2].replace("YYYY-MM-DD", "2020-01-01").replace('"…"', '"pubmed"')
    toml.write_text(f"{text}\n{shown}", encoding="utf-8")  # as somebody pastes it
    assert [search.every for search in load_review(path).protocol.search] == ["3 months"]
    toml.write_text(f'{text}\n[[search]]\nid = "a"\nevery = "1 week"\nsince = 2020-01-01\n', encoding="utf-8")
    assert 'search 1, database: this is missing. Write it like this: database = "…" # such as' in " ".join(
        say("search", str(path)).err.split()
    )


def test_screening_without_a_terminal_says_how_to_do_it(say, path: Path, tmp_path: Path) -> None:
    assert f"has no records yet: livingmeta search {path}" in say("screen", str(path)).err
    file = tmp_path / "export.ris"
    file.write_text("TY  - JOUR\nTI  - Painful exercise of the shoulder in adults\nER  -\n", encoding="utf-8")
    say("search", str(path), "--from", str(file))
    told = say("screen", str(path), "--by", "Ann")
    assert told.status == 2
    assert "--to FILE.ris writes them for another program" in told.err
    out = tmp_path / "all.ris"
    assert "written" in say("screen", str(path), "--to", str(out)).out
    assert "exists already" in say("screen", str(path), "--to", str(out)).err
    assert "Painful exercise of the shoulder" in out.read_text("utf-8")
