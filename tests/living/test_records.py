"""One record is one, in whatever order records come; two that only look alike stay two, and are shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folders import TRIAL, folder
from livingmeta.exchange.search_files import Reference
from livingmeta.living.records import Sameness, gathered, sameness
from livingmeta.review.folder import load_review

TITLE = "Painful against pain-free exercise in chronic shoulder pain: a randomised controlled trial"


def paper(title: str = TITLE, **about: object) -> Reference:
    return Reference(title=title, **{"authors": ("Smith BE", "Bo C"), "year": 2017, **about})  # type: ignore[arg-type]


SAME = {
    "one DOI": (paper(doi="10.1000/a"), paper("Painful exercise in shoulder pain: a trial", doi="10.1000/a")),
    "one PMID": (paper(pmid="1"), paper(pmid="1", year=2019)),
    "one number in PubMed Central": (paper(pmcid="PMC1"), paper(pmcid="PMC1", doi="10.1000/a")),
    "one registration in two registers": (
        paper(registration="NCT01234567", database="ClinicalTrials.gov"),
        paper("Painful exercise for chronic shoulder pain", registration="NCT01234567", database="WHO ICTRP"),
    ),
    "British and American spelling": (
        paper(doi="10.1000/a"),
        paper(TITLE.replace("randomised", "Randomized")),
    ),
    "case, marks and accents": (paper(pmid="1"), paper(TITLE.upper().replace("-", "\u2010") + ".")),
    "a slip in a long word": (paper(), paper(TITLE.replace("controlled", "controled"))),
    "an author unknown": (paper(), paper(authors=())),
    "on the web the year before": (paper(), paper(year=2016)),
    "a year unknown": (paper(), paper(year=None)),
    "letters of the North": (paper(authors=("Jørgensen Å",)), paper(authors=("Jorgensen A",))),
}
DIFFERENT = {
    "with and without": (paper("Exercise with pain in chronic low back pain of adults"),
                         paper("Exercise without pain in chronic low back pain of adults")),
    "two parts": (paper(f"{TITLE}, part 1"), paper(f"{TITLE}, part 2")),
    "two parts in Roman": (paper(f"{TITLE}, part I"), paper(f"{TITLE}, part II")),
    "two follow-ups": (paper(f"{TITLE}: 6 months"), paper(f"{TITLE}: 12 months")),
    "opposite movements": (paper(f"{TITLE} of abduction"), paper(f"{TITLE} of adduction")),
    "men and women": (paper(f"{TITLE} of men"), paper(f"{TITLE} of women")),
    "a protocol": (paper(), paper(f"{TITLE}: study protocol")),
    "a preprint with its own DOI": (paper(doi="10.1000/a"), paper(doi="10.1101/b")),
    "two PMIDs": (paper(pmid="1"), paper(pmid="2")),
    "another first author": (paper(), paper(authors=("Hansen B",))),
    "years apart": (paper(), paper(year=2019)),
    "a year apart with a slip": (paper(), paper(TITLE.replace("controlled", "controled"), year=2018)),
    "titles too short to tell": (paper("Exercise for pain"), paper("Exercise for pain")),
    "a supplement's DOI": (paper(doi="10.1000/a"), paper("Statins in stroke prevention", doi="10.1000/a")),
    "abstracts in a supplement of one DOI": (
        paper("Painful exercise for knee pain in adults", doi="10.1000/a"),
        paper("Painful exercise for hip pain in older adults", doi="10.1000/a", authors=("Moe E",)),
    ),
    "two trials of one sponsor": (
        paper(registration="NCT01234567", database="ClinicalTrials.gov"),
        paper(registration="NCT07654321", database="ClinicalTrials.gov"),
    ),
    "a paper and the entry of its trial": (
        paper(registration="NCT01234567", doi="10.1000/a", journal="J Pain", database="PubMed"),
        paper(registration="NCT01234567", database="ClinicalTrials.gov"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_records_of_one_paper_are_one(name: str) -> None:
    one, other = SAME[name]
    assert sameness([one, other]).first == (0, 0)
    assert sameness([other, one]).first == (0, 0)


@pytest.mark.parametrize("name", DIFFERENT)
def test_records_that_only_look_alike_stay_two(name: str) -> None:
    one, other = DIFFERENT[name]
    assert sameness([one, other]).first == (0, 1)
    assert sameness([other, one]).first == (0, 1)


def test_a_record_that_could_be_either_of_two_is_shown_and_merged_with_none() -> None:
    same = sameness([paper(doi="10.1000/a"), paper(), paper(doi="10.1101/b")])
    assert same.first == (0, 1, 2)
    assert len(same.doubts) == 3


@pytest.mark.parametrize("name", ["another first author", "two trials of one sponsor"])
def test_the_very_title_in_one_year_is_shown_where_it_is_not_merged(name: str) -> None:
    (doubt,) = sameness(DIFFERENT[name]).doubts
    assert "same title and year, but" in doubt[2]


REFERENCES = st.builds(
    Reference,
    title=st.sampled_from([TITLE, TITLE.replace("randomised", "randomized"), f"{TITLE}: protocol", "Other"]),
    authors=st.sampled_from([("Smith BE",), ("Bo C",), ()]),
    year=st.sampled_from([2016, 2017, None]),
    doi=st.sampled_from(["10.1000/a", "10.1000/b", None, None]),
    pmid=st.sampled_from(["1", "2", None, None]),
    registration=st.sampled_from(["NCT01234567", None]),
    database=st.sampled_from(["PubMed", "ClinicalTrials.gov"]),
)


def partition(same: Sameness, order: list[int]) -> set[frozenset[int]]:
    """The references of each part, by the places they had before they were shuffled."""
    parts: dict[int, set[int]] = {}
    for place, first in enumerate(same.first):
        parts.setdefault(first, set()).add(order[place])
    return {frozenset(part) for part in parts.values()}


@given(
    st.lists(REFERENCES, max_size=8).flatmap(
        lambda all_: st.tuples(st.just(all_), st.permutations(range(len(all_))))
    )
)
def test_what_is_one_does_not_depend_on_the_order_in_which_it_comes(drawn) -> None:
    references, order = drawn
    straight = partition(sameness(references), list(range(len(references))))
    assert partition(sameness([references[place] for place in order]), list(order)) == straight


def test_what_a_person_put_right_stays_so() -> None:
    """Two rows that a person made two are not merged again by what comes later."""
    held = [paper(doi="10.1000/a"), paper(doi="10.1000/a")]
    other = paper("Another title of another trial altogether")
    assert sameness([*held, other], settled=[0, 1]).first == (0, 1, 2)


@pytest.mark.parametrize(
    ("later", "first", "doubted"),
    [
        (paper(doi="10.1000/a", pmid="2"), (0, 1, 0), 1),  # is both: one with the other, shown with this
        (paper("Teil zwei", pmid="2", authors=("Bo C",)), (0, 1, 1), 0),  # is this one's alone
        (paper(doi="10.1000/a"), (0, 1, 0), 0),
    ],
)
def test_what_a_person_said_to_be_none_of_the_others_no_later_record_makes_one(
    later: Reference, first: tuple[int, ...], doubted: int
) -> None:
    held = [paper(doi="10.1000/a"), paper("Teil zwei", pmid="2", authors=("Bo C",))]
    assert sameness([*held, later], settled=[0, 1], apart=[1]).first == first
    same = sameness([*held, later], settled=[0, 1], apart=[1])
    assert len([why for *_, why in same.doubts if "a person said" in why]) == doubted


def test_a_merge_that_was_undone_in_records_csv_does_not_come_back(tmp_path: Path) -> None:
    undone = {"duplicate_of": "", "duplicate_why": "the supplement is another trial"}
    rows = new(review_with(tmp_path / "a"), paper(doi="10.1000/a"), paper("Teil zwei", pmid="2")).rows
    review = review_with(tmp_path / "b", rows[0], {**rows[1], **undone})
    later = new(review, paper(doi="10.1000/a", pmid="2"), database="Embase")
    assert (later.corrections, [row["duplicate_of"] for row in later.rows]) == ((), ["smith2017"])
    assert "a person said that it is none of the others" in later.doubts[0]


REPORT = {"report": "alpha", "trial": "alpha2001", "citation": "Alpha A. 2001", "doi": "10.1000/ALPHA"}


def review_with(path: Path, *records: dict[str, str]):
    return load_review(
        folder(
            path,
            trials=[{**TRIAL, "registration": "NCT01234567"}],
            reports=[{**REPORT, "citation": f"Alpha A. {TITLE}. J Pain 2001"}],
            records=list(records),
        )
    )


def new(review, *references: Reference, database: str = "PubMed"):
    return gathered(review, references, database=database, query="pubmed", date="2026-11-28")


def test_a_report_that_the_review_has_is_recognised_by_number_or_title(tmp_path: Path) -> None:
    review = review_with(tmp_path)
    rows = new(review, paper("x", doi="10.1000/alpha"), paper(year=2001, authors=()), paper("Another")).rows
    assert [(row["report"], row["trial"]) for row in rows] == [("alpha", "alpha2001")] * 2 + [("", "")]


def test_a_name_keeps_its_spelling_in_a_key(tmp_path: Path) -> None:
    (row,) = new(review_with(tmp_path), paper(authors=("Moe E",), year=2025)).rows
    assert row["record"] == "moe2025"


def test_reports_of_one_registration_are_of_one_trial(tmp_path: Path) -> None:
    review = review_with(tmp_path)
    rows = new(
        review,
        paper("A later report of the trial", registration="NCT01234567"),
        paper("A first report", registration="NCT07654321"),
        paper("Another report", registration="NCT07654321", authors=("Bo C",)),
    ).rows
    assert [row["trial"] for row in rows] == ["alpha2001", "NCT07654321", "NCT07654321"]


def test_what_one_database_gives_again_is_no_new_row_and_another_s_is_a_duplicate(tmp_path: Path) -> None:
    (first,) = new(review_with(tmp_path / "a"), paper(doi="10.1000/a")).rows
    review = review_with(tmp_path / "b", first)
    again = new(review, paper(doi="10.1000/a"))
    assert again.rows == ()
    (other,) = new(review, paper(doi="10.1000/a", pmid="1"), database="Europe PMC").rows
    assert (other["record"], other["duplicate_of"], other["duplicate_why"]) == (
        "smith2017_2",
        "smith2017",
        "same DOI",
    )


def test_reports_that_are_perhaps_of_one_trial_are_shown_in_one_line(tmp_path: Path) -> None:
    titles = [TITLE, f"{TITLE}: 6 months", f"{TITLE}: 12 months", "Of another matter altogether, by the same"]
    every = [paper(title, doi=f"10.1000/{n}") for n, title in enumerate(titles)]
    (doubt,) = new(review_with(tmp_path), *every).doubts
    assert "please look: smith2017, smith2017_2 and smith2017_3 (same first author" in doubt
    again = new(
        review_with(tmp_path / "a", *new(review_with(tmp_path / "b"), *every).rows), *every, database="Embase"
    )
    assert [doubt.count("smith2017") for doubt in again.doubts] == [3]  # each by the record that is kept


def test_a_record_that_shows_two_older_ones_to_be_one_corrects_them(tmp_path: Path) -> None:
    rows = new(
        review_with(tmp_path / "a"), paper(doi="10.1000/a"), paper("Zwei", pmid="1", authors=("Bo C",))
    ).rows
    assert [row.get("duplicate_of", "") for row in rows] == ["", ""]
    review = review_with(tmp_path / "b", *rows)
    joint = new(review, paper(doi="10.1000/a"), paper("Zwei", doi="10.1000/a", pmid="1"), database="Embase")
    assert len(joint.doubts) >= 1  # one DOI, and titles that have nothing in common
    bridge = [paper(doi="10.1000/a", pmid="1"), paper(TITLE, pmid="1")]
    rows = new(review_with(tmp_path / "c"), *bridge[1:], paper(doi="10.1000/a", pmid="3", year=2001)).rows
    both = new(review_with(tmp_path / "d", *rows), bridge[0], database="Embase")
    assert [(row.record, column, value) for row, column, value in both.corrections] == [
        ("smith2001", "duplicate_of", "smith2017"),
        ("smith2001", "duplicate_why", "same DOI"),
    ]
