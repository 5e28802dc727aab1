"""What was found and decided is counted as PRISMA counts, and what people differ on is said, not resolved."""

from datetime import date
from pathlib import Path

import pytest

from folders import ARM1, ARM2, REPORT, folder
from livingmeta.appraisal.flow import Flow, counted, flow, left_out, overdue
from livingmeta.figures.prisma import prisma_plot
from livingmeta.review.folder import ReviewError, examine, load_review
from livingmeta.review.protocol import Search
from livingmeta.review.screening import standings

SEARCH = """
[[search]]
id = "pubmed"
database = "PubMed"
query = "exercise AND pain"
since = 2016-10-01
every = "3 months"
note = "made for this test"
"""
RUN = {"search": "pubmed", "database": "PubMed", "query": "exercise AND pain", "since": "2016-10-01"}
RUN |= {"until": "2026-06-30", "date": "2026-06-30", "found": "4", "new": "4", "complete": "yes"}
BY = {"by": "Ann", "date": "2026-07-01"}


def record(key: str, **cells: str) -> dict[str, str]:
    about = {"record": key, "title": f"A trial named {key}", "database": "PubMed", "query": "pubmed"}
    return {**about, "date": "2026-06-30", **cells}


def decided(key: str, decision: str, **cells: str) -> dict[str, str]:
    return {"record": key, "stage": "title", "decision": decision, **BY, **cells}


def searched(path: Path, **tables: list[dict[str, str]]) -> Path:
    path.mkdir(exist_ok=True)
    return folder(path, toml=("[[synthesis]]", f"{SEARCH}\n[[synthesis]]"), **tables)


RECORDS = [
    record("a"),
    record("b", duplicate_of="a", duplicate_why="same DOI", database="Europe PMC"),
    record("c", registration="NCT01234567", database="ClinicalTrials.gov"),
    record("d"),
    record("e"),
    record("f", report="alpha"),
    record("g"),
]
SCREENED = [
    decided("a", "include"),
    decided("c", "exclude", reason="not randomised"),
    decided("d", "unsure"),
    decided("e", "include"),
    {**decided("a", "exclude", reason="no pain rule"), "stage": "full text"},
    {**decided("e", "not retrieved"), "stage": "full text"},
]


def numbers(one: Flow) -> dict[str, str | None]:
    return {count.box: count.number for count in one.counts}


@pytest.mark.parametrize(
    ("database", "registers"),
    [
        ("WHO ICTRP", "1"),
        ("clinicaltrials.gov", "1"),
        ("EU Clinical Trials Register", "1"),
        ("EudraCT", "1"),
        ("Cochrane Central Register of Controlled Trials", "0"),
        ("Ovid MEDLINE(R) ALL", "0"),
    ],
)
def test_the_flow_knows_a_register_however_it_is_written(
    tmp_path: Path, database: str, registers: str
) -> None:
    review = load_review(searched(tmp_path, records=[record("a", database=database)]))
    assert flow(review).count("registers").number == registers


def test_the_flow_counts_records_and_decisions_as_prisma_does(tmp_path: Path) -> None:
    review = load_review(searched(tmp_path, records=RECORDS, screening=SCREENED))
    assert numbers(flow(review)) == {
        "records": "7",
        "databases": "6",
        "registers": "1",
        "removed": "2",  # a duplicate, and a report that the review had
        "screened": "4",
        "excluded": "1",
        "sought": "3",
        "not_retrieved": "1",
        "assessed": "1",
        "reports_excluded": "1",
        "studies": "1",  # the rows that the review has
        "reports": "1",
    }
    assert flow(review).count("screened").where == (
        "records.csv and screening.csv of small (open titles: 1, open reports: 1)"
    )
    assert [(kept.record, why.reason) for kept, why in left_out(review)] == [("a", "no pain rule")]


def test_the_figure_names_why_reports_were_excluded(tmp_path: Path) -> None:
    review = load_review(searched(tmp_path, records=RECORDS, screening=SCREENED))
    texts = [text.get_text() for text in prisma_plot(flow(review)).texts]
    assert "– no pain rule (n = 1)" in texts


def test_a_printed_count_goes_before_our_own(tmp_path: Path) -> None:
    claim = {"claim": "screened", "quantity": "count", "printed": "12", "where": "p. 3", "source": "paper"}
    claim |= {"reading": "primary", "quote": "12 were screened"}
    toml = ("[[synthesis]]", f'{SEARCH}\n[prisma]\nscreened = "screened"\n[[synthesis]]')
    review = load_review(folder(tmp_path, toml=toml, published=[claim], records=RECORDS, screening=SCREENED))
    assert numbers(flow(review))["screened"] == "12"
    assert numbers(flow(review))["excluded"] == "1"


def test_of_one_persons_decisions_the_last_holds(tmp_path: Path) -> None:
    rows = [decided("a", "include"), decided("a", "exclude")]
    review = load_review(searched(tmp_path, records=RECORDS, screening=rows))
    (only,) = (one for one in standings(review) if one.record.record == "a")
    assert only.decision("title").decision == "exclude"


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_record_s_own_decision_counts_before_that_of_its_duplicate(tmp_path: Path, first: str) -> None:
    rows = [decided("a", "exclude", reason="no trial"), decided("b", "include")]
    rows = rows if first == "a" else rows[::-1]
    path = searched(tmp_path, records=RECORDS[:2], screening=rows)
    (standing,) = standings(load_review(path))
    assert (held := standing.decision("title")) and (held.record, held.decision) == ("a", "exclude")
    (told,) = [str(p) for p in load_review(path).warnings if "it is a duplicate of a" in str(p)]
    assert "of which Ann says exclude: that counts" in told


def test_no_trial_is_excluded_as_a_duplicate(tmp_path: Path) -> None:
    rows = [decided("b", "exclude", reason="Duplicate of a"), decided("a", "include")]
    for number, screening in enumerate((rows, rows[:1])):
        review = load_review(searched(tmp_path / str(number), records=RECORDS[:2], screening=screening))
        (standing,) = standings(review)
        held = standing.decision("title")
        assert (held and held.decision) == ("include" if number == 0 else None)
        assert not [p for p in review.warnings if "it is a duplicate" in str(p)]


def test_what_was_decided_of_a_duplicate_was_decided_of_its_record(tmp_path: Path) -> None:
    review = load_review(searched(tmp_path, records=RECORDS, screening=[decided("b", "include")]))
    assert counted(review).sought == 1


def test_two_who_differ_are_said_and_neither_is_counted_until_it_is_settled(tmp_path: Path) -> None:
    rows = [decided("a", "include"), decided("a", "exclude", by="Bo")]
    path = searched(tmp_path / "open", records=RECORDS, screening=rows)
    review, problems = examine(path)
    assert [p.reason for p in problems if p.column == "decision"] == [
        "people differ on a by its title: Ann include, Bo exclude"
    ]
    assert (counted(review).sought, counted(review).excluded, counted(review).screened) == (0, 0, 1)
    settled = [*rows, decided("a", "include", by="Cy", settles="yes")]
    review, problems = examine(searched(tmp_path / "settled", records=RECORDS, screening=settled))
    assert not [p for p in problems if p.column == "decision"]
    assert counted(review).sought == 1


WRONG = {
    "a duplicate of nothing": (
        {"records": [record("a", duplicate_of="x", duplicate_why="same DOI")]},
        'records.csv row 2, duplicate_of = "x": no record has this key',
    ),
    "a duplicate without a reason": (
        {"records": [record("a"), record("b", duplicate_of="a")]},
        "it is a duplicate, and nothing says why",
    ),
    "a duplicate of a duplicate": (
        {"records": [*RECORDS[:2], record("x", duplicate_of="b", duplicate_why="same DOI")]},
        "this is a duplicate itself",
    ),
    "a key twice": ({"records": [record("a"), record("a")]}, "the key stands already in"),
    "a report that is not there": ({"records": [record("a", report="nope")]}, "reports.csv has no such key"),
    "an address for a DOI": ({"records": [record("a", doi="https://doi.org/10.1/x")]}, "without an address"),
    "a decision on nothing": ({"screening": [decided("x", "include")]}, "records.csv has no such key"),
    "a report excluded for no reason": (
        {"records": RECORDS, "screening": [{**decided("a", "exclude"), "stage": "full text"}]},
        "a report that was read is excluded for a reason",
    ),
    "nobody decided": (
        {"records": RECORDS, "screening": [decided("a", "include", by="1")]},
        "a name has letters",
    ),
    "a run of no search": ({"searches": [{**RUN, "search": "embase"}]}, "review.toml has no such search"),
    "a day that is none": ({"searches": [{**RUN, "until": "June"}]}, "this is not a date"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_among_records_and_decisions_is_refused(name: str, tmp_path: Path) -> None:
    tables, words = WRONG[name]
    with pytest.raises(ReviewError) as refusal:
        load_review(searched(tmp_path, **tables))
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'every = "3 months"',
            'every = "often"',
            'search 1, every = "often": this is no interval. Write it like',
        ),
        ("since = 2016-10-01", 'since = "October"', "this is not a date"),
        ('note = "made for this test"', "", "does not say whose its words are"),
        ('note = "made for this test"', 'source = "papre"', "sources.csv has no such key"),
        ('database = "PubMed"', "", "this is missing"),
        ('query = "exercise', 'qeury = "exercise', "nothing of this name is known"),
        ("[[search]]", SEARCH + "[[search]]", "two searches have the id pubmed"),
    ],
)
def test_a_search_that_is_declared_wrongly_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    toml = SEARCH.replace(old, new)
    with pytest.raises(ReviewError) as refusal:
        load_review(folder(tmp_path, toml=("[[synthesis]]", f"{toml}\n[[synthesis]]")))
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("every", "last", "due"),
    [
        ("3 months", "2026-11-30", "2027-02-28"),
        ("1 year", "2024-02-29", "2025-02-28"),
        ("2 weeks", "2026-12-25", "2027-01-08"),
        (90, "2026-01-01", "2026-04-01"),
        ("12 months", "2026-12-31", "2027-12-31"),
    ],
)
def test_an_interval_is_counted_in_calendars(every: object, last: str, due: str) -> None:
    search = Search(id="x", database="PubMed", since="2016-10-01", every=every, note="x")
    assert search.due(date.fromisoformat(last)).isoformat() == due


def test_a_search_that_is_not_repeated_is_never_due(tmp_path: Path) -> None:
    once = SEARCH.replace('every = "3 months"\n', "")
    review = folder(tmp_path, toml=("[[synthesis]]", f"{once}\n[[synthesis]]"), searches=[RUN])
    assert list(overdue(load_review(review), date(2030, 1, 1))) == []


@pytest.mark.parametrize(
    ("runs", "day", "words"),
    [
        ([], "2026-07-01", "has never been run"),
        ([{**RUN, "complete": "no"}], "2026-07-01", "has never been run to its end"),
        ([RUN], "2026-09-30", None),
        ([RUN], "2026-10-01", "is due every 3 months and covers the days to 2026-06-30"),
        ([RUN, {**RUN, "until": "2026-10-01", "complete": "no"}], "2026-10-01", "days to 2026-06-30"),
    ],
)
def test_a_search_that_is_older_than_its_interval_is_remarked_on_the_day(tmp_path, runs, day, words) -> None:
    review = load_review(searched(tmp_path, searches=runs))
    said = [str(problem) for problem in overdue(review, date.fromisoformat(day))]
    assert (words is None and not said) or words in said[0]


@pytest.mark.parametrize("stage", ["title", "full text"])
@pytest.mark.parametrize("use", ["yes", "no"])
def test_what_is_excluded_and_still_used_is_remarked(tmp_path: Path, stage: str, use: str) -> None:
    read = {**decided("a", "include"), "stage": "full text"}
    out = {**decided("a", "exclude"), "stage": stage, "reason": "population"}
    both = [decided("a", "include"), read, out]
    arms = [{**row, "use": use, "note": "why"} for row in (ARM1, ARM2)]
    reports = [{**REPORT, "doi": "10.1000/a"}]
    tables = {"records": [record("a", doi="10.1000/a")], "reports": reports, "outcomes": arms}
    _, problems = examine(searched(tmp_path, screening=both, **tables))
    said = [problem.reason for problem in problems if problem.file.endswith("screening.csv")]
    assert said == (["a is excluded, and rows of its report are used"] if use == "yes" else [])


def test_what_is_included_and_not_yet_added_is_remarked(tmp_path: Path) -> None:
    rows = [decided("a", "include"), {**decided("a", "include"), "stage": "full text"}]
    _, problems = examine(searched(tmp_path / "open", records=[record("a", doi="10.1000/a")], screening=rows))
    assert [p.reason for p in problems if p.file.endswith("records.csv")] == [
        "it is included, and no report of the review is it"
    ]
    report = {"report": "alpha", "trial": "alpha2001", "citation": "Alpha A. 2001", "doi": "10.1000/A"}
    held = {"records": [record("a", doi="10.1000/a")], "screening": rows, "reports": [report]}
    _, problems = examine(searched(tmp_path / "added", **held))
    assert not [p for p in problems if p.file.endswith("records.csv")]
