"""Databases are asked politely, page by page; what has come is kept, and the next run goes on."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from folders import folder
from livingmeta.appraisal.flow import ASKED
from livingmeta.living.records import kept_abstracts
from livingmeta.living.searching import SERVICES, Searched, asked_of, read_file, run_search, window_of
from livingmeta.review.folder import load_review
from livingmeta.words import RefusalError
from services import Services, served

SEARCHES = "".join(
    f'[[search]]\nid = "{key}"\ndatabase = "{name}"\nquery = "painful exercise"\n'
    'since = 2016-10-01\nevery = "3 months"\nnote = "made for this test"\n'
    for key, name in {"pubmed": "PubMed", "epmc": "Europe PMC", "ctgov": "ClinicalTrials.gov"}.items()
)
TODAY = date(2026, 11, 28)
IDS = ["pubmed", "epmc", "ctgov"]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVINGMETA_CACHE", str(tmp_path / "cache"))
    return folder(tmp_path, toml=("[[synthesis]]", f"{SEARCHES}\n[[synthesis]]"))


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    held = Services()
    with served(held) as address:
        for service in SERVICES.values():
            monkeypatch.setenv(service.variable, f"{address}/")
        yield held


def run(
    path: Path, only: str = "pubmed", *, waits: list[float] | None = None, contact: str | None = None
) -> Searched:
    review = load_review(path)
    (search,) = asked_of(review, only)
    window = window_of(review, search, since=None, until=TODAY)
    sleep: Callable[[float], None] = (waits if waits is not None else []).append
    return run_search(
        str(path), search, window=window, today=TODAY, agent="livingmeta/0", contact=contact, sleep=sleep
    )


def test_check_knows_which_databases_a_program_can_ask() -> None:
    assert {*SERVICES} == ASKED


@pytest.mark.parametrize("only", IDS)
def test_a_search_of_several_pages_becomes_rows_and_its_run_is_recorded(path, services, only) -> None:
    done = run(path, only)
    review = load_review(path)
    assert (done.found, done.new, done.trouble) == (5, 5, None)
    assert [record.database for record in review.records] == [done.database] * 5
    (ran,) = review.searches
    assert (ran.search, ran.since, ran.until, ran.found, ran.new, ran.complete) == (
        only, "2016-10-01", "2026-11-28", 5, 5, "yes",
    )  # fmt: skip
    assert ran.query == "painful exercise"
    first = review.records[0]
    assert first.year == 2026
    assert first.authors == {
        "pubmed": "Smith28000001 BE", "epmc": "Smith28000001 BE; Bo C", "ctgov": "A university",
    }[only]  # fmt: skip
    assert first.registration == (None if only == "epmc" else "NCT28000001")


def test_abstracts_are_kept_outside_the_repository(path, services) -> None:
    run(path)
    assert "Adults" not in "".join(file.read_text("utf-8") for file in path.iterdir())
    kept = kept_abstracts(load_review(path))
    assert kept["10.1000/28000001"] == "METHODS: Adults, n = 40."
    assert len(kept) == 5


@pytest.mark.parametrize(
    ("only", "days"),
    [
        ("pubmed", {"mindate": "2016/10/01", "maxdate": "2026/11/28", "datetype": "edat"}),
        ("epmc", {"query": "(painful exercise) AND (FIRST_IDATE:[2016-10-01 TO 2026-11-28])"}),
        ("ctgov", {"filter.advanced": "AREA[StudyFirstPostDate]RANGE[2016-10-01,2026-11-28]"}),
    ],
)
def test_a_database_is_told_who_asks_and_for_which_days(path, services, only, days) -> None:
    run(path, only, contact="ann@example.org")
    _, asked, headers = services.asked[0]
    assert {name: asked[name] for name in days} == days
    assert headers["User-Agent"] == "livingmeta/0 (mailto:ann@example.org)"
    if only == "pubmed":
        assert (asked["tool"], asked["email"]) == ("livingmeta", "ann@example.org")


def test_the_next_run_begins_where_the_last_whole_one_ended(path, services) -> None:
    run(path)
    assert run(path).new == 0
    assert services.asked[-1][1]["mindate"] == "2026/11/28"
    assert len(load_review(path).records) == 5
    assert [path_ for path_, *_ in services.asked].count("/efetch.fcgi") == 1  # nothing is fetched twice


@pytest.mark.parametrize("only", IDS)
@pytest.mark.parametrize(
    "wrong",
    [
        (429, {"Retry-After": "7"}, b"slow down"),
        (429, {}, b""),
        (500, {}, b"<html>"),
        (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""),
        (200, {}, b'{"esearchresult": {"count": "5", "idl'),
        (200, {}, b""),
        (200, {}, b"[]"),
        (200, {}, b"{}"),
    ],
    ids=["429 and when", "429", "500", "503 and a date", "cut off", "empty", "a list", "nothing in it"],
)
def test_what_goes_wrong_once_is_asked_again_after_a_wait(path, services, only, wrong) -> None:
    services.wrong = [wrong]
    waits: list[float] = []
    assert run(path, only, waits=waits).new == 5
    assert 6.9 < waits[1] <= 7 if wrong[1].get("Retry-After") == "7" else waits[1] >= 1


def test_waits_grow_and_then_it_is_given_up_with_the_reason(path, services) -> None:
    services.wrong = [(503, {}, b"")] * 9
    waits: list[float] = []
    done = run(path, waits=waits)
    assert [round(wait) for wait in waits] == [0, 1, 2, 4, 8]
    assert "it answers 503, 5 times" in str(done.trouble)
    assert load_review(path).searches == ()  # nobody answered, so that nothing was run


def test_who_is_to_wait_for_hours_is_told_so_and_does_not(path, services) -> None:
    services.wrong = [(429, {"Retry-After": "7200"}, b"")]
    waits: list[float] = []
    assert "asks to come back in 7200 seconds" in str(run(path, waits=waits).trouble)
    assert max(waits) < 1


def test_a_query_that_is_refused_is_asked_once(path, services) -> None:
    services.wrong = [(400, {}, b"Invalid query: [")]
    assert "refuses what is asked (400: Invalid query: [)" in str(run(path, "ctgov").trouble)
    assert len(services.asked) == 1


def test_requests_keep_their_distance(path, services) -> None:
    waits: list[float] = []
    run(path, "ctgov", waits=waits)
    assert all(0 < wait <= 1.2 for wait in waits[1:])  # less what an answer took


def test_words_that_pubmed_does_not_know_are_told(path, services) -> None:
    toml = path / "review.toml"
    toml.write_text(toml.read_text("utf-8").replace("painful exercise", "painful exercize"), "utf-8")
    done = run(path)
    assert done.remarks == ('PubMed remarks on the words: "painful exercize"',)
    assert "painful exercize" in str(load_review(path).searches[0].note)


@pytest.mark.parametrize("only", IDS)
def test_what_came_before_a_failure_is_kept_and_the_next_run_goes_on(
    path, services, only, monkeypatch
) -> None:
    monkeypatch.setattr("livingmeta.living.searching.BATCH", 2)
    seen: list[str] = []

    def fails_on_the_second_page(place: str, asked: dict[str, str]):
        page = asked.get("id") or asked.get("pageToken") or asked.get("cursorMark") or "first"
        if place != "/esearch.fcgi" and page not in seen:
            seen.append(page)
        return (502, {}, b"") if len(seen) > 1 else None

    services.broken = fails_on_the_second_page
    done = run(path, only)
    assert done.trouble is not None
    assert (done.new, len(load_review(path).records)) == (2, 2)
    services.broken = lambda *_: None
    done = run(path, only)
    assert (done.new, done.trouble) == (3, None)
    assert len(load_review(path).records) == 5
    assert [ran.complete for ran in load_review(path).searches] == ["no", "yes"]
    if only == "pubmed":  # and does not ask again for what it has
        assert [asked["id"] for at, asked, _ in services.asked if at == "/efetch.fcgi"][-2:] == [
            "28000003,28000004", "28000005",
        ]  # fmt: skip


def test_a_database_that_is_too_slow_is_asked_again(path, services, monkeypatch) -> None:
    monkeypatch.setattr("livingmeta.living.searching.PATIENCE", 0.05)
    services.slow = 0.2
    waits: list[float] = []

    def awake(seconds: float) -> None:
        waits.append(seconds)
        services.slow = 0.0 if len(waits) > 2 else 0.2

    (search,) = asked_of(load_review(path), "epmc")
    done = run_search(
        str(path), search, window=(TODAY, TODAY), today=TODAY, agent="livingmeta/0", sleep=awake
    )
    assert (done.new, done.trouble) == (5, None)


def test_nobody_at_the_address_is_told_with_the_address(path, services, monkeypatch) -> None:
    monkeypatch.setenv("LIVINGMETA_PUBMED", "http://127.0.0.1:9")
    assert str(run(path).trouble).startswith("http://127.0.0.1:9: no answer (ConnectError")


def test_an_article_that_does_not_come_leaves_the_run_open(path, services) -> None:
    services.broken = lambda at, asked: (
        (200, {}, services.efetch({"id": "28000001"}).encode()) if at == "/efetch.fcgi" else None
    )
    done = run(path)
    assert "did not deliver 4 of 5 articles" in str(done.trouble)
    assert done.new == 1


def test_a_hostile_xml_is_no_bomb(path, services) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><PubmedArticleSet>&y;</PubmedArticleSet>'
    services.broken = lambda at, asked: (200, {}, bomb) if at == "/efetch.fcgi" else None
    assert "can't be read" in str(run(path).trouble)


def test_more_than_pubmed_hands_out_is_asked_for_in_parts_of_the_time(path, services, monkeypatch) -> None:
    monkeypatch.setattr("livingmeta.living.searching.MOST_IDS", 3)
    every = list(services.pmids)

    def esearch(asked: dict[str, str]) -> str:
        year = int(asked["mindate"][:4])
        ids = (
            every
            if asked["maxdate"][:4] == "2026" and year == 2016
            else every[:2]
            if year == 2016
            else every[2:]
        )
        return json.dumps({"esearchresult": {"count": str(len(ids)), "idlist": ids[: int(asked["retmax"])]}})

    monkeypatch.setattr(services, "esearch", esearch)
    assert (run(path).new, len(load_review(path).records)) == (5, 5)


def test_one_paper_of_two_databases_is_one_record_with_the_reason(path, services) -> None:
    run(path)
    done = run(path, "epmc")
    assert len(done.merges) == 5
    assert done.merges[0].endswith(
        "(same DOI): Painful exercise in chronic pain of the shoulder: a randomised trial"
    )
    review = load_review(path)
    assert sum(record.duplicate_of is None for record in review.records) == 5
    trials = run(path, "ctgov")
    assert trials.merges == ()  # the entry of a trial is no copy of its paper, and of the same trial
    records = load_review(path).records
    assert {record.trial for record in records if record.registration == "NCT28000001"} == {"NCT28000001"}


RIS = (
    "TY  - JOUR\nTI  - Painful exercise in chronic pain of the {}: a randomised trial\n"
    "AU  - Smith, BE\nPY  - 2026\nER  -\n"
)


def test_an_exported_file_counts_as_a_run_of_the_search_it_is_given_for(path, tmp_path) -> None:
    file = tmp_path / "export.ris"
    file.write_text(RIS.format("shoulder") + RIS.format("ankle"), encoding="utf-8")
    (search,) = asked_of(load_review(path), "epmc")
    done = read_file(str(path), file, search, database=None, window=(None, TODAY), today=TODAY)
    review = load_review(path)
    assert (done.new, [record.query for record in review.records]) == (2, ["epmc", "epmc"])
    assert review.searches[0].note == "read from export.ris"
    assert read_file(str(path), file, search, database=None, window=(None, TODAY), today=TODAY).new == 0


def test_days_that_nobody_would_ask_for_are_refused(path, services) -> None:
    run(path)
    review = load_review(path)
    (search,) = asked_of(review, "pubmed")
    with pytest.raises(RefusalError, match="covers the days to 2026-11-28 only"):
        window_of(review, search, since=date(2026, 12, 1), until=date(2026, 12, 31))
    with pytest.raises(RefusalError, match="covers the days to 2026-11-28 already"):
        window_of(review, search, since=None, until=date(2026, 11, 1))
    assert window_of(review, search, since=date(2020, 1, 1), until=TODAY) == (date(2020, 1, 1), TODAY)


def test_a_search_whose_first_day_nobody_said_is_asked_from_a_day_that_is_said(path, services) -> None:
    toml = path / "review.toml"
    toml.write_text(toml.read_text("utf-8").replace("since = 2016-10-01\n", ""), encoding="utf-8")
    review = load_review(path)
    (search,) = asked_of(review, "pubmed")
    with pytest.raises(RefusalError, match="search pubmed says no first day"):
        window_of(review, search, since=None, until=TODAY)
    assert window_of(review, search, since=date(2020, 1, 1), until=TODAY)[0] == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("only", "words"), [("embase", "Did you mean"), ("x", "choose one of pubmed, epmc, ctgov")]
)
def test_a_search_that_is_not_there_is_refused(path, only, words) -> None:
    with pytest.raises(RefusalError, match=words if only == "x" else "choose one of"):
        asked_of(load_review(path), only)


def test_a_search_without_words_or_of_another_database_is_a_person_s(tmp_path: Path) -> None:
    toml = SEARCHES.replace('database = "PubMed"', 'database = "Embase"').replace(
        'query = "painful exercise"\n', "", 2
    )
    review = load_review(folder(tmp_path, toml=("[[synthesis]]", f"{toml}\n[[synthesis]]")))
    assert [search.id for search in asked_of(review, None)] == ["ctgov"]
    with pytest.raises(RefusalError, match="the search pubmed is run by a person"):
        asked_of(review, "pubmed")
