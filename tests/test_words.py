"""A printed number stands for all that round to it; an unknown name gets the nearest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from folders import SOURCE, folder
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.flow import flow
from livingmeta.audit.results import results_of, total_people
from livingmeta.audit.verdicts import reproduce
from livingmeta.pages.explorer import explorer_data
from livingmeta.pages.phrases import published
from livingmeta.review.folder import examine, load_review
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import number, pick, unknown


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("0.30", 0.3, 0.005),
        ("−0.27", -0.27, 0.005),
        ("-0.27", -0.27, 0.005),
        ("–3", -3, 0.5),
        ("1,026", 1026, 0.5),
        ("9081", 9081, 0.5),
        (".505", 0.505, 0.0005),
        ("<0.001", 0.001, 0.0005),
        ("90%", 90, 0.5),
        ("1.2e-05", 1.2e-5, 5e-7),
        ("7", 7, 0.5),
        ("—0.5", -0.5, 0.05),
        ("< –0.1", -0.1, 0.05),
        ("− 0.3", -0.3, 0.05),
        ("91 %", 91, 0.5),
    ],
)
def test_printed_digits_give_value_and_half_a_unit(text: str, value: float, half: float) -> None:
    assert number(text)[:2] == pytest.approx((value, half))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seven",
        "0,28",
        "-0.54 to -0.05",
        "moderate",
        "1,02",
        "0,270",
        "1e400",
        "9" * 99,
        "٣",
        "about 385",
        "~7",
        "0.3*",
    ],
)
def test_what_is_not_one_number_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="write the digits as printed"):
        number(text)


def printing(path: Path, *, toml: tuple[str, str] = ("", ""), **printed: str) -> Path:
    """Write a review of one trial whose publication prints these quantities of pain."""
    about = {"claim": "main", "where": "Abstract", "source": "paper", "reading": "primary"}
    rows = [
        {
            **about,
            "synthesis": "" if quantity in {"n", "count"} else "pain-short",
            "quantity": quantity,
            "printed": text,
            "quote": text,
        }
        for quantity, text in printed.items()
    ]
    return folder(path, toml=toml, sources=[SOURCE], published=rows)


LIMITS = {"ci_low": "–0.54", "ci_high": "0.05"}


def test_an_estimate_in_thousands_or_with_a_dash_is_drawn_as_the_number_it_is(tmp_path: Path) -> None:
    (path := tmp_path / "one").mkdir()
    pool = synthesise(load_review(printing(path, estimate="–0.27", **LIMITS)))[0]
    assert pool.printed is not None
    assert (pool.printed.estimate, pool.printed.ci_low) == (-0.27, -0.54)
    (path := tmp_path / "two").mkdir()
    review = printing(path, estimate="1,026", ci_low="≥ 900", ci_high="1,100")
    assert synthesise(load_review(review))[0].printed is None
    (path := tmp_path / "three").mkdir()
    review = printing(path, estimate="1,026", ci_low="900", ci_high="1,100")
    found = synthesise(load_review(review))[0].printed
    assert found is not None and (found.estimate, found.ci_high) == (1026, 1100)


def test_a_bound_is_never_a_value_and_is_said_as_printed(tmp_path: Path) -> None:
    loaded, problems = examine(printing(tmp_path, estimate="< 0.1", **LIMITS))
    assert loaded is not None
    (problem,) = problems
    assert problem.severity == "warning"
    assert (problem.row, problem.column, problem.value) == (2, "printed", "< 0.1")
    assert "a bound is no value" in problem.reason
    pool = synthesise(loaded)[0]
    assert pool.printed is None
    results = results_of(loaded)
    assert published(results, pool) == "published < 0.1 (–0.54 to 0.05), which no figure can draw"
    (part,) = [one for one in explorer_data(Dossier(review=loaded))["syntheses"] if one["id"] == "pain-short"]
    assert part["printed"] is None and part["printed_undrawn"] == "< 0.1 (–0.54 to 0.05)"
    assert reproduce(loaded).claims[0].recomputed is not None  # compared with its span


def test_about_385_people_is_shown_as_words_and_counted_nowhere(tmp_path: Path) -> None:
    loaded, problems = examine(printing(tmp_path, n="about 385"))
    assert loaded is not None
    assert [(one.severity, one.value) for one in problems] == [("warning", "about 385")]
    assert "shown as words" in problems[0].reason
    assert total_people(loaded) == 80  # those randomised in its trials
    assert reproduce(loaded).claims[0].verdict == "not numeric"


@pytest.mark.parametrize(
    ("text", "shown"), [("1,026", "1,026"), ("385", "385"), ("about 385", None), ("3.5", None)]
)
def test_the_flow_counts_what_is_a_whole_number(tmp_path: Path, text: str, shown: str | None) -> None:
    toml = ("[methods]", '[prisma]\nrecords = "main"\n\n[methods]')
    loaded, problems = examine(printing(tmp_path, toml=toml, count=text))
    errors = [one for one in problems if one.severity == "error"]
    assert bool(errors) is (shown is None)
    if loaded is not None and shown is not None:
        assert flow(loaded).count("records").number == shown


@pytest.mark.parametrize(
    "command",
    [
        ("pool",),
        ("reproduce",),
        ("report",),
        ("explore",),
        ("multiverse",),
        pytest.param(("run",), marks=pytest.mark.slow),
        ("certainty",),
        ("check",),
    ],
)
@pytest.mark.parametrize("estimate", ["1,026", "< 0.1", "–0.27", "about 0.3", "9" * 30])
def test_every_command_answers_whatever_is_printed(
    command: tuple[str, ...], estimate: str, tmp_path: Path, say: Any
) -> None:
    choice = '[[choice]]\nname = "tau2"\noptions = ["DL", "PM"]\nwhy = "either"\n\n'
    toml = ("[methods]", choice + "[methods]")
    review = printing(tmp_path, toml=toml, estimate=estimate, n="about 385", k="seven", **LIMITS)
    out = (
        ("--out", str(tmp_path / "out"))
        if command[0] not in {"pool", "reproduce", "certainty", "check"}
        else ()
    )
    assert say(*command, str(review), *out).status == 0


def test_a_known_name_gives_its_entry() -> None:
    assert pick({"DL": 1}, "DL", "tau2") == 1


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert unknown("tau2", "reml", ["DL", "REML"]).endswith("Did you mean REML?")


def test_no_name_is_proposed_where_none_is_near() -> None:
    with pytest.raises(ValueError, match=r"tau2 = 'xyz': choose one of DL, REML\.$"):
        pick({"DL": 1, "REML": 2}, "xyz", "tau2")


def test_a_refusal_lists_some_of_thousands_of_names() -> None:
    text = unknown("trial", "trial-12x", [f"trial-{number}" for number in range(5000)])
    assert len(text) < 600
    assert "and 4,960 more. Did you mean trial-12?" in text
