"""Numbers are picked in the tables of a paper; what they are is said by its headings, or asked."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import livingmeta
from folders import REPORT, TRIAL, folder
from living.papers import Cell, Table, html, jats, read, wrap
from living.test_dialogue import Script
from livingmeta.audit.gaps import known_gaps
from livingmeta.exchange.paper_tables import PaperCell, PaperTable, tables
from livingmeta.exchange.papers import open_paper
from livingmeta.living.adding import planned
from livingmeta.living.answers import Answers, answers_in
from livingmeta.living.dialogue import Wanted, converse
from livingmeta.living.drafts import Draft
from livingmeta.living.reading import Picking, candidates, closings, picked, wanted_by, weeks_in
from livingmeta.review.folder import load_review
from livingmeta.words import RefusalError

GAP = {
    "trial": "alpha2001",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "26",
    "what": "Mean and SD per arm at 6 months",
    "where": "Alpha 2001, table 2",
    "source": "paper",
}
ANSWERS = {
    "Where did you": "new",
    "What did you read": "report",
    "The review has VAS": "same",
    "Scores at that": "final",
    "What does the paper print": "arms",
    "People in": "",
}


def outcomes(caption: str = "Outcomes of the groups, mean (SD)", form: str = "{} ({})") -> Table:
    def of(*pairs: tuple[str, str]) -> list[Cell]:
        return [Cell(form.format(*pair)) for pair in pairs]

    head = [
        Cell("Outcome", rows=2),
        Cell("Exercise (n = 38)", columns=2),
        Cell("Control (n = 39)", columns=2),
    ]
    times = [Cell("Baseline"), Cell("6 months")] * 2
    pain = [
        Cell("Pain, VAS"),
        *of(("5.1", "1.2"), ("3.2", "1.4"), ("5.0", "1.3"), ("4.4", "1.9")),
        Cell("0.01"),
    ]
    dash = [
        Cell("DASH"),
        *of(("35.1", "11.2"), ("23.2", "11.4"), ("35.0", "11.3"), ("34.4", "11.9")),
        Cell("0.02"),
    ]
    return Table("Table 2", caption, [[*head, Cell("P", rows=2)], times], [pain, dash])


def made(path: Path, *shown: Table) -> tuple[Path, Path]:
    """Write a review with a gap, and the paper that closes it."""
    review = folder(path, gaps=[GAP], reports=[{**REPORT, "doi": "10.5555/made.1"}])
    paper = path / "paper.xml"
    paper.write_text(jats(*map(wrap, shown or (outcomes(),))), encoding="utf-8")
    return review, paper


def drafted(path: Path, *shown: Table, picks: Mapping[str, str], **answers: str) -> tuple[Draft, Answers]:
    review, paper = made(path, *shown)
    held = open_paper(paper)
    ask = Answers({start: [told] for start, told in {**ANSWERS, **answers}.items()}, ask=None)
    loaded = load_review(review)
    hand = Picking(held, tables(held), show=lambda table, cells: None, picks=picks)
    return converse(loaded, ask, gap=loaded.gaps[0], hand=hand), ask


def test_picked_cells_fill_the_gap_with_their_place_and_words(tmp_path: Path, say) -> None:
    review, paper = made(tmp_path)
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(ANSWERS))
    picks = ("--pick", "1=2:r3c3", "--pick", "2=2:r3c5", "--answers", str(answers))
    out = say(
        "read", str(paper), str(review), "--gap", "1", *picks, "--yes", "--out", str(tmp_path / "f")
    ).out
    assert "▶3.2 (1.4)◀" in out
    assert "SMD −0.71" in out
    loaded = load_review(review)
    first, second = loaded.outcomes[-2:]
    assert (first.mean, first.sd, first.n, second.mean, second.sd, second.n) == (3.2, 1.4, 38, 4.4, 1.9, 39)
    assert first.locator == "Table 2, row Pain, VAS, column Exercise (n = 38) / 6 months"
    assert first.quote == "Pain, VAS … 3.2 (1.4)"
    assert [gap.filled for gap in known_gaps(loaded)] == [True]


@pytest.mark.parametrize(
    ("caption", "form", "answers", "cells"),
    [
        ("Outcomes, mean (SE)", "{} ({})", {}, {"mean": "3.2", "se": "1.4"}),
        ("Outcomes", "{} ± {}", {"Does 1.4": "se", "Does 1.9": "se"}, {"mean": "3.2", "se": "1.4"}),
        (
            "Mean (SD) unless otherwise stated",
            "{} ({})",
            {"Does 1.4": "se", "Does 1.9": "se"},
            {"mean": "3.2", "se": "1.4"},
        ),
        ("Outcomes, mean (SD) or mean (SE)", "{} ({})", {"Does": "sd"}, {"mean": "3.2", "sd": "1.4"}),
        (
            "Outcomes, mean (95% CI)",
            "{} (−1 to 2{})",
            {},
            {"mean": "3.2", "ci_low": "-1", "ci_high": "21.4", "ci_level": "95"},
        ),
        ("Median [IQR]", "{} [1–2{}]", {}, {"median": "3.2", "q1": "1", "q3": "21.4"}),
        (
            "Range of motion",
            "{} (1–2{})",
            {"What are": "ci", "Is the": "mean", "Level": "90"},
            {"ci_level": "90"},
        ),
        ("n (%)", "1 (0)", {"What is 1 (0)": "events"}, {"events": "1"}),
    ],
)
def test_what_headings_and_caption_say_is_not_asked_and_all_else_is(
    tmp_path: Path, caption, form, answers, cells
) -> None:
    draft, _ = drafted(tmp_path, outcomes(caption, form), picks={"1": "2:r3c3", "2": "2:r3c5"}, **answers)
    row = draft["outcomes"][0]
    assert {name: row.get(name) for name in cells} == cells
    if answers:
        with pytest.raises(RefusalError, match=r"no answer to .* is given"):
            drafted(tmp_path / "again", outcomes(caption, form), picks={"1": "2:r3c3", "2": "2:r3c5"})


def test_for_a_new_trial_its_record_is_offered_and_what_fits_the_answers_is_shown(tmp_path: Path) -> None:
    record = {
        "record": "ash2025",
        "title": "Exercise for pain: a trial.",
        "authors": "Ash A; Bo C",
        "year": "2025",
        "journal": "J Pain",
        "doi": "10.5555/made.1",
        "registration": "NCT01234567",
        "database": "Scopus",
        "query": "scopus",
        "date": "2026-11-28",
    }
    loaded = load_review(folder(tmp_path, records=[record]))
    (tmp_path / "paper.xml").write_text(jats(wrap(outcomes()), doi="10.5555/made.1"), encoding="utf-8")
    held, shown = open_paper(tmp_path / "paper.xml"), []
    (closing,) = closings(loaded, [held])
    assert (closing.record, closing.reports) == ("ash2025", ())
    assert closing.why == "DOI of the record ash2025, no report yet"

    def show(_: PaperTable, cells: Sequence[PaperCell]) -> None:
        shown.append([cell.place for cell in cells])

    hand = Picking(held, tables(held), show=show, record=loaded.records[0])
    told = {
        "Which trial": "new",
        "Why the trial": "as the paper says",
        "Measured with": "vas",
        "Weeks": "26",
        "Result of “new": ["2", "2:r3c3"],  # shows table 2 whole first
        "Result of “comp": "2:r3c5",
        "The review has": "same",
    }
    draft = converse(loaded, Script(told), hand=hand)
    (trial,), (report,) = draft["trials"], draft["reports"]
    assert (trial["label"], trial["registration"], trial["year"]) == ("Ash 2025", "NCT01234567", "2025")
    assert report["citation"] == "Ash A; Bo C. Exercise for pain: a trial. J Pain 2025"
    assert report["doi"] == "10.5555/made.1"
    assert shown[:3] == [["r3c3", "r3c5"], [], ["r3c3"]]


def test_mean_sd_and_people_in_columns_of_their_own_are_read_by_their_headings(tmp_path: Path) -> None:
    head = [Cell("Outcome"), *map(Cell, ("Mean", "SD", "N", "Mean", "S.D.", "Score"))]
    row = [Cell("Pain, VAS"), *map(Cell, ("3,2", "1,4", "38", "4,4", "1,9", "39"))]
    table = Table("Table 2", "Scores", [head], [row])
    picks = {"1": "2:r2c2+r2c3+r2c4", "2": "2:r2c5 + r2c6 + r2c7"}
    draft, _ = drafted(tmp_path, table, picks=picks, **{"What is 39": "n"})
    first, second = draft["outcomes"]
    assert (first["mean"], first["sd"], first["n"]) == ("3.2", "1.4", "38")
    assert (second["mean"], second["sd"], second["n"]) == ("4.4", "1.9", "39")
    assert first["quote"] == "Pain, VAS … 3,2 … 1,4 … 38"


def test_a_column_without_a_heading_is_located_by_its_number(tmp_path: Path) -> None:
    table = Table(
        "Table 2",
        "Mean (SD)",
        [[Cell("Outcome"), Cell("Exercise"), Cell("")]],
        [[Cell("Pain, VAS"), Cell("3.2 (1.4)"), Cell("4.4 (1.9)")]],
    )
    answers = {"People in": "38", "r2c3 reads": "4.4 (1.9)", "Does": "sd"}
    draft, _ = drafted(tmp_path, table, picks={"1": "2:r2c2", "2": "2:r2c3"}, **answers)
    assert [row["locator"] for row in draft["outcomes"]] == [
        "Table 2, row Pain, VAS, column Exercise",
        "Table 2, row 2, column 3",
    ]


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("", ""),
        ("36 were measured", ""),
        ("37 were measured", "do not say 36"),
        ("36 were seen", "does not have"),
    ],
)
def test_words_that_say_how_many_were_analysed_join_the_quote(
    tmp_path: Path, words: str, refused: str
) -> None:
    _, paper = made(tmp_path)
    paper.write_text(
        paper.read_text("utf-8").replace("</body>", "<p>Then 36 were measured.</p></body>"), "utf-8"
    )
    held = open_paper(paper)
    hand = Picking(held, tables(held), show=lambda table, cells: None)
    ask = Answers({"The words of the paper that say 36": [words]}, ask=None)
    if refused:
        with pytest.raises(RefusalError, match=refused):
            hand.people(ask, "36", "3.2 (1.4)")
    else:
        assert hand.people(ask, "36", "3.2 (1.4)") == " … ".join(filter(None, ("3.2 (1.4)", words)))


def test_sentences_that_count_people_are_shown_before_people_are_asked_and_offered_as_words(
    tmp_path: Path,
) -> None:
    review, paper = made(tmp_path)
    told = "At 26 weeks 36 and 35 people were measured."
    others = (
        "Data were analysed with version 24 of a program.",
        "People were assessed at baseline and 26 weeks.",
        "Of all people 89.5% were followed up in 2019.",
    )
    text = "".join(f"<p>{words}</p>" for words in (*others, told))
    paper.write_text(paper.read_text("utf-8").replace("</body>", f"{text}</body>"), "utf-8")
    loaded, held = load_review(review), open_paper(paper)
    hand = Picking(held, tables(held), show=lambda t, c: None, picks={"1": "2:r3c3", "2": "2:r3c5"})
    ask = Script({**ANSWERS, "People in": ["36", "35"], "The words of the paper": told})
    draft = converse(loaded, ask, gap=loaded.gaps[0], hand=hand)
    assert [said for said in ask.said if "says of people" in said] == [f"The paper says of people: “{told}”"]
    assert [row["n"] for row in draft["outcomes"]] == ["36", "35"]
    assert [row["quote"] for row in draft["outcomes"]] == [
        f"Pain, VAS … 3.2 (1.4) … {told}",
        f"Pain, VAS … 4.4 (1.9) … {told}",
    ]


def test_what_is_typed_is_looked_for_in_the_paper(tmp_path: Path) -> None:
    _, paper = made(tmp_path)
    held = open_paper(paper)
    hand = Picking(held, tables(held), show=lambda table, cells: None)
    question = "Result of “Exercise”, like 37.2 (SD 14.1)"
    typed = {"Result of “Exercise”: which": [""], "Result of “Exercise”, like": ["3.2 (SD 1.4)"]}
    for words, quote in (("Pain, VAS … 3.2 (1.4)", "Pain, VAS … 3.2 (1.4)"), ("", "3.2 (SD 1.4)")):
        ask = Answers({**typed, "The words of the paper that carry": [words]}, ask=None)
        assert hand.given(ask, question, group="1").quote == quote
    ask = Answers({**typed, "The words of the paper that carry": ["Pain, VAS … 3.3"]}, ask=None)
    with pytest.raises(RefusalError, match="does not have these words"):
        hand.given(ask, question, group="1")


def test_a_difference_printed_the_other_way_round_is_turned_and_says_so(tmp_path: Path) -> None:
    head = [Cell("Outcome"), Cell("Difference (95% CI)"), Cell("P")]
    table = Table("Table 3", "", [head], [[Cell("Pain, VAS"), Cell("1.2 (0.4 to 2.0)"), Cell("0.004")]])
    answers = {
        "What does the paper print": "difference",
        "What is it": "MD",
        "What is the difference": "2",
        "Adjusted": "no",
        "People in": "38",
    }
    draft, _ = drafted(tmp_path, table, picks={"difference": "3:r2c2+r2c3"}, **answers)
    (row,) = draft["outcomes"]
    assert (row["mean"], row["ci_low"], row["ci_high"], row["p_value"]) == ("-1.2", "-2.0", "-0.4", "0.004")
    assert row["note"].startswith("sign turned: printed as 1.2 (0.4 to 2.0), “")


@pytest.mark.parametrize(("arms", "named"), [(("Exercise", "Control"), True), (("A", "B"), False)])
def test_where_no_heading_names_the_group_that_is_said(
    tmp_path: Path, arms: tuple[str, str], named: bool
) -> None:
    head = [Cell("At 6 months"), *(Cell(f"{arm} (n = 38)") for arm in arms)]
    _, paper = made(tmp_path, Table("Table 2", "", [head], [[Cell("VAS"), Cell("3 (1)"), Cell("4 (1)")]]))
    held = open_paper(paper)
    hand = Picking(held, tables(held), show=lambda t, c: None)
    hand.look(Wanted(scale="VAS", outcome="pain", weeks=26, arms=("exercise", "control")))
    ask = Script({"Result of": "2:r2c2"})
    hand.given(ask, "Result of “exercise”, like 37.2 (SD 14.1)", group="1")
    assert ("No heading names the group: see in the paper which column is its." not in ask.said) is named


def test_a_number_below_a_unit_of_time_is_a_time(tmp_path: Path) -> None:
    head = [Cell("Week"), Cell("Exercise (n = 38)"), Cell("Control (n = 39)")]
    rows = [[Cell(week), Cell(f"{week}.1 (1.0)"), Cell(f"{week}.2 (1.0)")] for week in ("0", "13", "26")]
    table = Table("Table 2", "Pain (VAS), mean (SD)", [head], rows)
    review, paper = made(tmp_path, table)
    loaded = load_review(review)
    offered = candidates(wanted_by(loaded, known_gaps(loaded)[0]), tables(open_paper(paper)))
    assert {c.place for c in offered} == {"2:r4c2", "2:r4c3"}
    draft, _ = drafted(tmp_path / "again", table, picks={"1": "2:r4c2", "2": "2:r4c3"})
    row = draft["outcomes"][0]
    assert row["locator"] == "Table 2, row 26 weeks, column Exercise (n = 38)"
    assert row["quote"] == "26.1 (1.0)"


def test_what_a_heading_calls_sd_beside_its_group_is_one_and_no_name_of_it(tmp_path: Path) -> None:
    head = [Cell("At 26 weeks"), Cell("mean"), Cell("Pain group SD"), Cell("mean"), Cell("Rest SD")]
    table = Table("Table 2", "", [head], [[Cell("VAS"), Cell("3"), Cell("1.5"), Cell("4"), Cell("1.6")]])
    review, paper = made(tmp_path, table)
    held = open_paper(paper)
    picks = {"1": "2:r2c2+r2c3", "2": "2:r2c4+r2c5"}
    hand = Picking(held, tables(held), show=lambda t, c: None, picks=picks)
    told = {**ANSWERS, "Which trial": "new", "Name and year": "Ash 2025", "Why the trial": "as it says"}
    told |= {"How to cite": "Ash A. 2025", "Weeks": "26", "Measured with": "vas", "People in": "38"}
    draft = converse(load_review(review), Script(told), hand=hand)
    assert [(row["mean"], row["sd"]) for row in draft["outcomes"]] == [("3", "1.5"), ("4", "1.6")]
    assert (draft["trials"][0]["arm1"], draft["trials"][0]["arm2"]) == ("Pain group", "Rest")


def test_who_calls_two_cells_a_mean_is_asked_again_and_not_sent_away(tmp_path: Path) -> None:
    head = [Cell("At 26 weeks"), Cell("Exercise"), Cell("of Exercise")]
    _, paper = made(tmp_path, Table("Table 2", "", [head], [[Cell("VAS"), Cell("3"), Cell("1.5")]]))
    held = open_paper(paper)
    ask = Script({"Result of": "2:r2c2+r2c3", "What is 3": "mean", "What is 1.5": ["mean", "sd"]})
    hand = Picking(held, tables(held), show=lambda t, c: None)
    found = hand.given(ask, "Result of “exercise”, like 37.2 (SD 14.1)", group="1")
    assert found.cells == {"mean": "3", "sd": "1.5"}
    assert any("two of the cells hold a mean" in said for said in ask.said)
    for picks in ({}, {"1": "2:r2c2+r2c3"}):
        hand = Picking(held, tables(held), show=lambda t, c: None, picks=picks)
        ask = Script({"Result of": "2:r2c2+r2c3", "What is": "mean"})
        with pytest.raises(RefusalError, match="two of the cells hold a mean"):
            hand.given(ask, "Result of “exercise”, like 37.2 (SD 14.1)", group="1")


def test_words_that_stand_before_the_table_go_before_its_numbers(tmp_path: Path) -> None:
    _, paper = made(tmp_path)
    told = "Then 36 people were measured."
    text = paper.read_text("utf-8").replace("<body>", f"<body><p>{told}</p>", 1)
    paper.write_text(text, "utf-8")
    held = open_paper(paper)
    hand = Picking(held, tables(held), show=lambda t, c: None)
    ask = Script({"The words of the paper": told})
    assert hand.people(ask, "36", "3.2 (1.4)") == f"{told} … 3.2 (1.4)"


def test_a_doubtful_cell_is_looked_at_before_it_is_taken(tmp_path: Path) -> None:
    table = outcomes()
    table.body[0][2].mark = "1"
    picks = {"1": "2:r3c3", "2": "2:r3c5"}
    with pytest.raises(
        RefusalError, match=r"r3c3 reads “3\.2 \(1\.4\)”, but the raised ¹ is taken for a footnote"
    ):
        drafted(tmp_path / "a", table, picks=picks)
    draft, _ = drafted(tmp_path / "b", table, picks=picks, **{"r3c3 reads": "3.2 (1.4)"})
    assert draft["outcomes"][0]["sd"] == "1.4"


def test_what_fits_the_gap_is_offered_and_other_times_are_not(tmp_path: Path) -> None:
    review, paper = made(tmp_path)
    loaded = load_review(review)
    offered = candidates(wanted_by(loaded, known_gaps(loaded)[0]), tables(open_paper(paper)))
    assert {c.place for c in offered} == {"2:r3c3", "2:r3c5"}


def test_a_caption_that_speaks_of_pain_makes_no_other_scale_of_its_table_one_of_pain(tmp_path: Path) -> None:
    review, paper = made(tmp_path, outcomes("Pain and function, mean (SD)"))
    loaded = load_review(review)
    sought = wanted_by(loaded, known_gaps(loaded)[0])
    assert {c.place for c in candidates(sought, tables(open_paper(paper)))} == {"2:r3c3", "2:r3c5"}


def test_a_registry_number_that_a_paper_has_is_offered(tmp_path: Path) -> None:
    _, paper = made(tmp_path)
    text = paper.read_text("utf-8").replace("</body>", "<p>Registered as NCT09990411.</p></body>")
    paper.write_text(text, "utf-8")
    held = open_paper(paper)
    picks = {"1": "2:r3c3", "2": "2:r3c5"}
    hand = Picking(held, tables(held), show=lambda t, c: None, picks=picks)
    told = {**ANSWERS, "Which trial": "new", "Name and year": "Ash 2025", "Why the trial": "as it says"}
    told |= {"How to cite": "Ash A. 2025", "Weeks": "26", "Measured with": "vas", "People in": "38"}
    draft = converse(load_review(tmp_path / "small"), Script(told), hand=hand)
    assert draft["trials"][0]["registration"] == "NCT09990411"


def test_a_group_that_is_called_pain_free_is_no_scale_of_pain(tmp_path: Path) -> None:
    head = [Cell("At 6 months"), Cell("Painful exercise (n = 38)"), Cell("Pain-free exercise (n = 39)")]
    rows = [[Cell(name), Cell("3.2 (1.4)"), Cell("4.4 (1.9)")] for name in ("Pain, VAS", "SPADI")]
    review, paper = made(tmp_path, Table("Table 2", "Outcomes, mean (SD)", [head], rows))
    loaded = load_review(review)
    offered = candidates(wanted_by(loaded, known_gaps(loaded)[0]), tables(open_paper(paper)))
    assert {c.place for c in offered} == {"2:r2c2", "2:r2c3"}


def test_a_word_in_the_name_of_a_group_names_no_scale(tmp_path: Path) -> None:
    heads = "<tr><th>Outcome<th>Painful exercise (n = 34)<th>Pain-free exercise (n = 33)"
    rows = "<tr><td>Pain (VAS)<td>3.1 (1.2)<td>4.1 (1.3)<tr><td>SPADI<td>30.1 (8.2)<td>31.5 (9.1)"
    found = read(tmp_path / "p.html", html(f"<p>Table 2. Outcomes</p><table>{heads}{rows}</table>"))
    into = heads.replace("Painful", "Into pain").replace("Pain-free", "Without pain")
    retitled = read(tmp_path / "q.html", html(f"<p>Table 2. Outcomes</p><table>{into}{rows}</table>"))
    sought = Wanted(
        scale="VAS pain", outcome="pain", weeks=None, arms=("Painful exercise", "Pain-free exercise")
    )
    assert {c.place: c.group for c in candidates(sought, found)} == {"2:r2c2": "1", "2:r2c3": "2"}
    sought = Wanted(scale="VAS pain", outcome="pain", weeks=None, arms=("Exercise that may hurt", "Rest"))
    assert {c.place for c in candidates(sought, retitled)} == {"2:r2c2", "2:r2c3"}  # heads that count people
    sought = Wanted(scale="SPADI", outcome="function", weeks=None, arms=("Exercise with pain", "Exercise"))
    assert {c.place for c in candidates(sought, found)} == {"2:r3c2", "2:r3c3"}


@pytest.mark.parametrize(
    ("words", "weeks"),
    [
        ("12-week follow-up", {12}),
        ("at 3 and 6 months", {13, 26}),
        ("after 4, 8 and 12 weeks", {4, 8, 12}),
        ("2.7 and 12 weeks later", {12}),
        ("Change from baseline to 12 weeks", {12}),
        ("One year", {52}),
        ("Month 3", {13}),
        ("Baseline", {0}),
        ("VAS 0–100", set()),
        ("1.5 yrs", {78}),
    ],
)
def test_times_are_read_off_headings(words: str, weeks: set[float]) -> None:
    assert weeks_in(words) == weeks


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("r3c3", "names no cell"),
        ("9:r3c3", "no table 9 is read"),
        ("2:r1c1", "holds “Outcome”, and no number"),
        ("2:r9c9", "holds nothing"),
    ],
)
def test_a_pick_that_is_no_number_of_the_paper_is_refused(tmp_path: Path, text: str, refusal: str) -> None:
    _, paper = made(tmp_path)
    with pytest.raises(RefusalError, match=refusal):
        picked(text, tables(open_paper(paper)))


class KilledError(Exception):
    """Somebody pulls the plug."""


class Mortal:
    """Somebody who answers a number of questions, and then is killed."""

    def __init__(self, lives: int) -> None:
        self.lives, self.asked = lives, []

    def say(self, text: str) -> None:
        """Nobody looks."""

    def _next(self, question: str) -> str:
        if len(self.asked) == self.lives:
            raise KilledError
        self.asked.append(question)
        picks = {"Result of “new": "2:r3c3", "Result of “comp": "2:r3c5"}
        return next(told for start, told in {**ANSWERS, **picks}.items() if question.startswith(start))

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        try:
            return self._next(question) or default
        except StopIteration:
            return default

    def choice(self, question: str, options: Mapping[str, str], *, default: str = "") -> str:
        return self._next(question)

    def yes(self, question: str, *, default: bool) -> bool:
        return default


def test_killed_at_any_question_no_answer_is_lost(tmp_path: Path) -> None:
    review, paper = made(tmp_path)
    loaded, held = load_review(review), open_paper(paper)

    def go(mortal: Mortal, path: Path) -> Draft:
        before = answers_in(path) if path.exists() else {}
        hand = Picking(held, tables(held), show=lambda table, cells: None)
        return converse(loaded, Answers(before, ask=mortal, path=path), gap=loaded.gaps[0], hand=hand)

    whole = Mortal(99)
    draft = go(whole, tmp_path / "whole.json")
    assert len(whole.asked) > 8
    for lives in range(len(whole.asked)):
        path = tmp_path / f"{lives}.json"
        first, then = Mortal(lives), Mortal(99)
        with pytest.raises(KilledError):
            go(first, path)
        assert go(then, path) == draft
        assert first.asked + then.asked == whole.asked
    with planned(str(review), draft) as plan:
        assert len(plan.after.outcomes) == 4


class Patient(Mortal):
    """Somebody who takes what is offered."""

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        told = super().text(question, default=default, wrong=wrong)
        return default or told


def test_who_goes_back_is_asked_again_and_offered_what_stood_behind(tmp_path: Path) -> None:
    review, paper = made(tmp_path)
    loaded, held = load_review(review), open_paper(paper)

    def go(ask: Answers) -> Draft:
        hand = Picking(held, tables(held), show=lambda table, cells: None)
        return converse(loaded, ask, gap=loaded.gaps[0], hand=hand)

    whole = Mortal(99)
    draft = go(Answers({}, ask=whole))
    for lives in range(2, len(whole.asked)):
        path = tmp_path / f"{lives}.json"
        answers = Answers({}, ask=Mortal(lives), path=path)
        with pytest.raises(KilledError):
            go(answers)
        once = answers.before()
        once.ask = again = Patient(99)
        assert go(once) == draft
        assert again.asked == whole.asked[lives - 1 :]
        once = answers.before()
        once.ask = Mortal(0)
        with pytest.raises(KilledError):
            go(once)
        twice = once.before()
        assert twice.offered == {whole.asked[lives - 1]: answers.given[whole.asked[lives - 1]][-1]}
        twice.ask = again = Patient(99)
        assert go(twice) == draft
        assert again.asked == whole.asked[lives - 2 :]
        assert answers_in(path) == twice.given


LATER = {**GAP, "weeks": "52", "what": "Mean and SD per arm at 12 months"}
TITLE = "Loaded exercise or rest in pain that lasts"


@pytest.fixture
def folder_of_papers(tmp_path: Path) -> tuple[Path, Path]:
    """A review with two gaps; a paper that closes them, one that may, one of another trial, and a scan."""
    reports = [{**REPORT, "doi": "10.5555/made.1"}]
    other = {**TRIAL, "trial": "beta2002", "label": "Beta 2002"}
    reports.append({"report": "beta", "trial": "beta2002", "citation": f"Beta B. {TITLE}. 2002"})
    gaps = [GAP, LATER, {**GAP, "trial": "beta2002", "where": "Beta 2002, table 1"}]
    review = folder(tmp_path, gaps=gaps, trials=[TRIAL, other], reports=reports)
    papers = tmp_path / "papers"
    papers.mkdir()
    named = {"a.xml": {"doi": "10.5555/made.1"}, "b.xml": {"doi": "", "title": TITLE}}
    named["c.xml"] = {"doi": "10.5555/other", "title": "Another trial of something else altogether"}
    for name, about in named.items():
        (papers / name).write_text(jats(wrap(outcomes()), **about), encoding="utf-8")
    (papers / "d.pdf").write_bytes(b"%PDF-1.7")
    return review, papers


def test_fill_lists_which_paper_closes_which_gap(folder_of_papers: tuple[Path, Path], say) -> None:
    review, papers = folder_of_papers
    told = say("fill", str(review), "--papers", str(papers), "--list")
    assert "DOI 10.5555/made.1" in told.out
    assert "no source or report has its DOI" in told.flat
    assert "3 of 3 gaps may be closed" in told.out
    assert "d.pdf: this is no PDF that can be read" in " ".join(told.err.split())
    document = json.loads(say("fill", str(review), "--papers", str(papers), "--json").out)
    held = [(one["file"], one["reports"], one["sure"], one["gaps"]) for one in document["papers"]]
    assert held[:2] == [("a.xml", ["alpha"], True, [1, 2]), ("b.xml", ["beta"], False, [3])]
    assert held[2:] == [("c.xml", [], False, [])]
    assert ["d.pdf" in problem for problem in document["problems"]] == [True]
    result = livingmeta.fill(review, papers=papers)
    assert json.loads(json.dumps([closing.row for closing in result])) == document["papers"]
    assert list(result.remarks) == document["problems"]
    assert result.to_frame()["reports"].tolist() == ["alpha", "beta", ""]
    assert "Pain, VAS" not in json.dumps(result.to_dict())  # nothing of the paper itself


def test_what_may_fill_the_gaps_is_there_as_json(folder_of_papers: tuple[Path, Path], say) -> None:
    review, papers = folder_of_papers
    document = json.loads(say("read", str(papers / "a.xml"), str(review), "--json").out)
    assert [cell["text"] for cell in document["tables"][0]["cells"] if cell["row"] == 3][1] == "5.1 (1.2)"
    (first, *_) = document["candidates"]
    assert (first["gap"], first["place"], first["group"]) == (1, "2:r3c3", "")
    assert first["column_headings"] == ["Exercise (n = 38)", "6 months"]
    asked = json.loads(say("read", str(papers / "a.xml"), str(review), "--gap", "1", "--json").out)
    assert [offered["place"] for offered in asked["candidates"]] == ["2:r3c3", "2:r3c5"]
    assert say("read", str(papers / "a.xml"), str(review), "--json", "--yes").status == 2


FILLED = "\n".join(("1", "1", "1", "1", "1", "1", "2:r3c3", "", "2:r3c5", "", "", "n", "y", ""))


@pytest.mark.parametrize(
    ("typed", "rows", "said"),
    [
        (f"{FILLED}3\n", 2, "a.xml, gap 2. Alpha 2001"),  # one is filled, then no more today
        ("3\n", 0, "3  no more today"),
        ("2\n2\nn\n", 0, f"b.xml: is it this? Beta B. {TITLE}. 2002 [y/N]"),
        ("2\n2\ny\n2\n", 0, "b.xml, gap 3. Beta 2002"),
        ("1\n1\n", 0, "Nothing was written"),  # the input ends
    ],
)
def test_fill_goes_through_the_gaps_as_far_as_somebody_wants(
    folder_of_papers: tuple[Path, Path],
    say,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    rows: int,
    said: str,
) -> None:
    review, papers = folder_of_papers
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    told = say("fill", str(review), "--papers", str(papers))
    assert said in told.out + told.err
    assert len(load_review(review).outcomes) == 2 + rows
    assert [known.filled for known in known_gaps(load_review(review))] == [bool(rows), False, False]


def test_a_gap_is_not_filled_from_the_paper_of_another_trial(tmp_path: Path, say) -> None:
    review, paper = made(tmp_path)
    paper.write_text(jats(wrap(outcomes()), doi="10.5555/other"), encoding="utf-8")
    answers = tmp_path / "answers.json"
    answers.write_text("{}")
    refused = say("read", str(paper), str(review), "--gap", "1", "--answers", str(answers))
    assert "gap 1 is looked for in Alpha A. 2001. Name that paper" in refused.err
    for words, gap in (
        ("small has gaps 1 to 1: livingmeta gaps small.", review),
        ("template has no known", "template"),
    ):
        assert words in say("read", str(paper), str(gap), "--gap", "5").err
    assert "has none of this number. livingmeta read" in say("read", str(paper), "--table", "1").err
