"""What a sentence gives to which of its results: true rows are carried, and with one thing changed never."""

from __future__ import annotations

from pathlib import Path

import pytest

import folders
from living.papers import html
from livingmeta.living.proving import prove
from livingmeta.review.folder import examine

DOI = "10.1234/abc.5"
TRIAL = {**folders.TRIAL, "n_randomised": "200", "arm1": "Painful exercise", "arm2": "Pain-free exercise"}
SOURCES = [{**folders.SOURCE, "doi": DOI}]
Cells = dict[str, str]


def row(group: str, mean: str, sd: str, weeks: str = "12", n: str = "27") -> Cells:
    return {"group": group, "mean": mean, "sd": sd, "weeks": weeks, "n": n}


def lacking(folder: Path, words: str, *rows: Cells, paper: Path | None = None) -> list[tuple[str, ...]]:
    """Say what is not carried of rows that all quote a sentence, of which none is doubted."""
    told = proved(folder, words, *rows, paper=paper)
    assert not [doubts for _, doubts in told if doubts]
    return [names for names, _ in told]


def proved(
    folder: Path, words: str, *rows: Cells, paper: Path | None = None, **tables: list[Cells]
) -> list[tuple[tuple[str, ...], list[str]]]:
    """Say what is not carried of rows that all quote a sentence, and of which columns there is a doubt."""
    papers = folder / "papers"
    papers.mkdir(exist_ok=True, parents=True)
    if paper is None:
        (papers / "x.html").write_text(html(f"<p>{words}.</p>", doi=DOI), encoding="utf-8")
    outcomes = [{**folders.ARM, "locator": "Results", "quote": words, **cells} for cells in rows]
    for cells in outcomes:
        if cells["group"] == "difference":
            cells["n"] = ""
    review = folders.folder(folder, sources=SOURCES, trials=[TRIAL], outcomes=outcomes, **tables)
    loaded, problems = examine(review)
    assert loaded is not None, list(map(str, problems))
    proofs = prove(loaded, papers).proofs
    doubts = [
        [problem.column or "" for problem in (proof.problem(), *proof.contradictions) if problem]
        for proof in proofs
    ]
    told = zip(proofs, doubts, strict=True)
    return [(proof.lacking, of) for proof, of in told if proof.quoted.table == "outcomes"]


ARMS = [row("1", "2.7", "1.9"), row("2", "3.4", "2.1", n="29")]
TIMES = [row("1", "5.2", "2.0", "4"), row("1", "2.7", "1.9")]
TWO_ARMS = (
    "After 12 weeks pain (VAS) was 2.7 (SD 1.9) in the painful exercise group (n = 27) and 3.4 (SD 2.1) in "
    "the pain-free exercise group (n = 29)",
    "Pain in the painful exercise group (n = 27) was 2.7 ± 1.9 and in the pain-free exercise group (n = 29) "
    "3.4 ± 2.1 at 12 weeks",
    "At 12 weeks pain was 2.7 (1.9) and 3.4 (2.1) in the painful exercise (n = 27) and the pain-free "
    "exercise group (n = 29), respectively",
    "Pain in painful exercise (n = 27) and pain-free exercise (n = 29) was 2.7 and 3.4 (SD 1.9 and 2.1) at "
    "week 12, respectively",
    "From baseline to 12 weeks, pain fell by 2.7 (1.9) with painful exercise (n = 27) and by 3.4 (2.1) with "
    "pain-free exercise (n = 29)",
    "At 12 weeks pain was 2.7 (1.9) in the painful exercise (n = 27) and 3.4 (2.1) in the pain-free exercise "
    "group (n = 29), and stiffness 4.0 (1.1) and 5.1 (1.2)",
)
TWO_TIMES = (
    "With painful exercise (n = 27) pain fell from 5.2 (2.0) at 4 weeks to 2.7 (1.9) at 12 weeks",
    "With painful exercise (n = 27), pain at 4 weeks was 5.2 (2.0), and at 12 weeks 2.7 (1.9)",
    "At 4 weeks pain with painful exercise (n = 27) was 5·2 (2·0), and 2·7 (1·9) at 12 weeks",
    "Pain with painful exercise (n = 27) was 5.2 (2.0) and 2.7 (1.9) at 4 and 12 weeks, respectively",
)


def of_two_arms() -> list[tuple[Cells, str]]:
    """One thing changed in a row, and what it is."""
    first, second = ARMS
    changed = [({**first, name: second[name]}, name) for name in ("sd", "n")]
    changed += [({**second, name: first[name]}, name) for name in ("sd", "n")]
    return [*changed, ({**first, "mean": "3.4"}, "sd"), ({**first, "group": "2"}, "group")]


@pytest.mark.parametrize("words", TWO_ARMS)
def test_of_two_arms_each_has_its_own_numbers(tmp_path: Path, words: str) -> None:
    changed = of_two_arms()
    told = lacking(tmp_path, words, *ARMS, *(cells for cells, _ in changed))
    assert told[:2] == [(), ()]
    for names, (cells, name) in zip(told[2:], changed, strict=True):
        assert name in names, cells


@pytest.mark.parametrize("words", TWO_TIMES)
def test_of_two_times_each_has_its_own_numbers(tmp_path: Path, words: str) -> None:
    early, late = TIMES
    changed = [
        {**early, "weeks": "12"},
        {**late, "weeks": "4"},
        {**early, "mean": "2.7"},
        {**late, "sd": "2.0"},
    ]
    told = lacking(tmp_path, words, *TIMES, *changed)
    assert told[:2] == [(), ()]
    assert all(told[2:])


def test_a_printed_abstract_carries_both_times(tmp_path: Path) -> None:
    words = (
        "exercise training group had a mean (standard deviation) VISA-A-S score of 57 (15.8) at baseline and "
        "85 (12.7) at the 12-month follow-up"
    )
    own = [row("1", "57", "15.8", "0"), row("1", "85", "12.7", "52")]
    swapped = [{**own[0], "weeks": "52"}, {**own[1], "weeks": "0"}]
    assert ["weeks" in names for names in lacking(tmp_path, words, *own, *swapped)] == [
        False,
        False,
        True,
        True,
    ]


def test_what_was_before_is_not_of_the_only_time(tmp_path: Path) -> None:
    words = (
        "After 12 weeks pain had fallen from a mean of 5.2 (2.0) to 2.7 (1.9) with painful exercise (n = 27)"
    )
    before = row("1", "5.2", "2.0")
    assert lacking(tmp_path, words, TIMES[1], before) == [(), ("weeks",)]


def test_an_order_that_can_be_two_things_carries_nothing_and_accuses_nobody(tmp_path: Path) -> None:
    words = "Pain with painful exercise (n = 27) was 5.2 (2.0), 2.7 (1.9), 2.2 (1.8) at 4 and 12 weeks"
    assert lacking(tmp_path, words, *TIMES) == [("weeks",), ("weeks",)]


def test_of_two_differences_each_has_its_limits_and_its_p_value(tmp_path: Path) -> None:
    words = (
        "The mean difference in pain was −0.5 (95% CI −1.3 to 0.3; P = 0.24) at 8 weeks and −0.9 (95% CI "
        "−1.7 to −0.1; P < 0.05) at 12 weeks"
    )
    limits = {"group": "difference", "measure": "MD", "ci_level": "95"}
    early = {**limits, "mean": "-0.5", "ci_low": "-1.3", "ci_high": "0.3", "weeks": "8"}
    late = {**limits, "mean": "-0.9", "ci_low": "-1.7", "ci_high": "-0.1", "weeks": "12"}
    early |= {"p_value": "0.24", "p_relation": "="}
    late |= {"p_value": "0.05", "p_relation": "<"}
    names = ("weeks", "ci_low", "ci_high", "p_value")
    changed = [{**early, name: late[name]} for name in names] + [
        {**late, name: early[name]} for name in names
    ]
    told = lacking(tmp_path, words, early, late, *changed)
    assert told[:2] == [(), ()]
    assert [name in of for name, of in zip(names * 2, told[2:], strict=True)] == [True] * 8


def test_the_difference_in_brackets_behind_two_arms_has_its_own_limits(tmp_path: Path) -> None:
    words = (
        "At 12 weeks pain with painful exercise (n = 27) was 2.7 (1.9), and 3.4 (2.1) pain-free exercise "
        "(n = 29) (mean difference −0.7, 95% CI −1.8 to 0.4, P = 0.20)"
    )
    own = {"group": "difference", "measure": "MD", "mean": "-0.7", "ci_low": "-1.8", "ci_high": "0.4"}
    own |= {"ci_level": "95", "p_value": "0.20", "p_relation": "="}
    told = lacking(tmp_path, words, own, *ARMS, {**own, "mean": "3.4"})
    assert told == [(), (), (), ("ci_low", "ci_high", "p_value")]


@pytest.mark.parametrize(
    "people",
    [
        "between painful exercise (n = 27) and pain-free exercise (n = 29)",
        "between pain-free exercise (29 people) and painful exercise (27 people)",
        "(27 and 29 people analysed with painful exercise and pain-free exercise)",
        "… of the painful exercise group 27 and of the pain-free exercise group 29 were analysed",
    ],
)
def test_people_of_a_difference_are_of_their_own_arms(tmp_path: Path, people: str) -> None:
    words = f"At 12 weeks the mean difference in pain was −0.7 (95% CI −1.8 to 0.4) {people}"
    own = {"group": "difference", "measure": "MD", "mean": "-0.7", "ci_low": "-1.8", "ci_high": "0.4"}
    own |= {"ci_level": "95", "n1": "27", "n2": "29"}
    swapped = {**own, "n1": "29", "n2": "27"}
    twice = {**own, "n2": "27"}
    paper = tmp_path / "papers" / "x.html"
    paper.parent.mkdir()
    paper.write_text(html(f"<p>{words.replace('…', 'and')}.</p>", doi=DOI), encoding="utf-8")
    assert lacking(tmp_path, words, own, swapped, twice, paper=paper) == [(), ("n1", "n2"), ("n2",)]


@pytest.mark.parametrize(
    "words",
    [
        "Pain did not differ between groups at 8 weeks (P = 0.24) but did at 12 weeks (P < 0.05)",
        "The difference in pain had P = 0.24 at 8 weeks and P < 0.05 at 12 weeks",
        "At 8 and 12 weeks the difference in pain had P = 0.24 and P < 0.05, respectively",
    ],
)
def test_of_two_p_values_without_a_difference_each_has_its_time(tmp_path: Path, words: str) -> None:
    early = {"group": "difference", "measure": "", "mean": "", "p_value": "0.24", "p_relation": "="}
    early |= {"weeks": "8", "n1": "27", "n2": "29", "assumption": "n1 = 27, n2 = 29: those randomised"}
    late = {**early, "p_value": "0.05", "p_relation": "<", "weeks": "12"}
    changed = [{**early, "weeks": "12"}, {**late, "weeks": "8"}]
    told = lacking(tmp_path, words, early, late, *changed)
    assert told == [(), (), ("weeks",), ("weeks",)]


def test_one_p_value_is_of_all_times_that_are_named(tmp_path: Path) -> None:
    words = "At 1, 6, and 12 months, there were no differences between groups in pain (P > 0.34)"
    own = {"group": "difference", "measure": "", "mean": "", "p_value": "0.34", "p_relation": ">"}
    own |= {"n1": "27", "n2": "29", "assumption": "n1 = 27, n2 = 29: those randomised"}
    rows = [{**own, "weeks": weeks} for weeks in ("4", "26", "52", "12")]  # as a trial prints it
    assert lacking(tmp_path, words, *rows) == [(), (), (), ("weeks",)]


def test_limits_in_brackets_in_brackets_are_no_results(tmp_path: Path) -> None:
    words = "at 12 weeks pain was 29 points lower [95% confidence interval (CI): 6-52, P = 0.016]"
    own = {"group": "difference", "measure": "MD", "mean": "29", "ci_low": "6", "ci_high": "52"}
    own |= {"ci_level": "95", "p_value": "0.016", "p_relation": "="}  # as a trial prints it
    first, turned = lacking(tmp_path, words, own, {**own, "mean": "6", "ci_low": "29"})
    assert first == ()
    assert "ci_low" in turned


def test_events_are_of_the_people_that_they_are_counted_of(tmp_path: Path) -> None:
    words = "At 12 weeks, 12 of 40 (30%) with painful exercise and 18/41 (44%) pain-free exercise had pain"
    own = [{"group": "1", "events": "12", "n": "40"}, {"group": "2", "events": "18", "n": "41"}]
    changed = [{**own[0], "n": "41"}, {**own[1], "events": "12"}, {**own[1], "group": "1"}]
    assert lacking(tmp_path, words, *own, *changed) == [(), (), ("n",), ("group", "n"), ("group",)]


@pytest.mark.parametrize(
    "words",
    [
        "At 12 weeks 39 (painful exercise) and 40 (pain-free exercise) people were measured, at 52 weeks 36 "
        "and 35",
        "39 (painful exercise) and 40 (pain-free exercise) people were measured at 12 weeks, 36 and 35 at "
        "52 weeks",
        "At 12 weeks 39 people (painful exercise) and 40 (pain-free exercise) were measured, at 52 weeks 36 "
        "and 35",
        "Thirty-nine (painful exercise) and forty (pain-free exercise) people were measured at 12 weeks, and "
        "thirty-six and 35 at 52 weeks",
    ],
)
def test_people_that_a_sentence_counts_are_of_their_arm_and_time(tmp_path: Path, words: str) -> None:
    counted = {("1", "12"): "39", ("2", "12"): "40", ("1", "52"): "36", ("2", "52"): "35"}
    rows = [
        (row(group, "2.7", "1.9", weeks, n), own == n)
        for (group, weeks), own in counted.items()
        for n in counted.values()
    ]
    for number, (cells, own) in enumerate(rows):
        (lacks,) = lacking(tmp_path / str(number), f"pain was 2.7 (1.9) … {words}", cells)
        assert ("n" not in lacks) == own, cells


def test_two_numbers_of_people_whose_arms_nobody_names_are_never_both_carried(tmp_path: Path) -> None:
    words = "Forty-three and 41 people were measured at 12 weeks … pain was 2.7 (1.9)"
    for number, people in enumerate((("43", "41"), ("41", "43"))):
        rows = [row(group, "2.7", "1.9", n=n) for group, n in zip("12", people, strict=True)]
        lacks = [lacking(tmp_path / f"{number}{n}", words, cells) for n, cells in enumerate(rows)]
        assert any("n" in names for (names,) in lacks), people


def test_a_spread_that_is_called_sd_is_no_standard_error(tmp_path: Path) -> None:
    as_error = {**{name: cell for name, cell in ARMS[0].items() if name != "sd"}, "se": "1.9"}
    assert lacking(tmp_path, TWO_ARMS[0], as_error) == [("se",)]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 2])
def test_a_printed_page_carries_the_same(tmp_path: Path, chromium, columns: int) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    filling = "<p>Patients kept a diary of all sessions and brought it to each visit.</p>" * 12
    body = "".join(f"{filling}<p>{words}.</p>" for words in (*TWO_ARMS, *TWO_TIMES))
    page = chromium.new_page()
    page.set_content(html(f'<div style="columns: {columns}">{body}</div>', doi=DOI))
    page.pdf(path=papers / "x.pdf", format="A4")
    page.close()
    for number, words in enumerate((*TWO_ARMS, *TWO_TIMES)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "papers").symlink_to(papers)
        own, other = ARMS if words in TWO_ARMS else TIMES
        told = lacking(folder, words, own, other, {**own, "sd": other["sd"]}, paper=papers)
        assert [bool(names) for names in told] == [False, False, True], words


def test_limits_behind_a_comma_are_of_their_difference(tmp_path: Path) -> None:
    words = (  # as JAMA prints them
        "At 12 weeks pain was 2.7 (1.9) with painful exercise and 3.4 (2.1) pain-free exercise (adjusted "
        "difference, −0.6; 95% CI, −1.5 to 0.3; P = .19)"
    )
    own = {"group": "difference", "measure": "MD", "mean": "-0.6", "ci_low": "-1.5", "ci_high": "0.3"}
    own |= {"ci_level": "95", "p_value": "0.19", "p_relation": "="}
    told = lacking(tmp_path, words, own, {**own, "mean": "-1.5", "ci_low": "-0.6"})
    assert told[0] == ()
    assert "ci_low" in told[1]


@pytest.mark.parametrize(
    "people",
    [
        "completed the 12-week follow-up (27 painful exercise, 29 pain-free exercise)",
        "At 12 weeks 27 people (painful exercise) and 29 (pain-free exercise) were analysed",
        "The outcome at 12 weeks was there for 27 (89%) patients (painful exercise) and 29 (92%) (pain-free "
        "exercise)",
    ],
)
def test_a_sentence_before_that_of_the_result_counts_each_arm(tmp_path: Path, people: str) -> None:
    words = f"{people}. Pain (VAS) was 2.7 (SD 1.9) with painful and 3.4 (SD 2.1) with pain-free exercise"
    changed = [{**ARMS[0], "n": "29"}, {**ARMS[1], "n": "27"}]
    assert ["n" in names for names in lacking(tmp_path, words, *ARMS, *changed)] == [False] * 2 + [True] * 2


def test_a_quote_says_whether_quartiles_or_a_range_a_median_or_a_mean(tmp_path: Path) -> None:
    words = "At 12 weeks median pain with painful exercise (n = 27) was 3 (interquartile range 2 to 5)"
    own = {"group": "1", "n": "27", "median": "3", "q1": "2", "q3": "5"}
    bare = {"group": "1", "n": "27"}
    told = lacking(
        tmp_path,
        words,
        own,
        {**bare, "median": "3", "minimum": "2", "maximum": "5"},
        {**bare, "mean": "3", "ci_low": "2", "ci_high": "5", "ci_level": "95"},
        {**bare, "mean": "3"},
    )
    assert told[:2] == [(), ("minimum", "maximum")]
    assert all("mean" in names for names in told[2:])


def test_events_that_are_counted_as_patients_are_of_their_arm(tmp_path: Path) -> None:
    words = (
        "At 12 weeks, 12 patients (30%) in the painful exercise group and 18 patients (44%) in the pain-free "
        "exercise group had pain … 40 painful exercise and 41 pain-free exercise"
    )
    own = [{"group": "1", "events": "12", "n": "40"}, {"group": "2", "events": "18", "n": "41"}]
    paper = tmp_path / "papers" / "x.html"
    paper.parent.mkdir()
    paper.write_text(html(f"<p>{words.replace('…', 'of')}.</p>", doi=DOI), encoding="utf-8")
    told = lacking(tmp_path, words, *own, {**own[0], "events": "18"}, {**own[1], "events": "12"}, paper=paper)
    assert ["group" in names for names in told] == [False, False, True, True]


def test_days_that_a_scale_counts_are_no_time(tmp_path: Path) -> None:
    words = (
        "Sick leave lasted a median of 9 days (IQR 4–21) with painful exercise and 14 days (IQR 6–30) "
        "pain-free exercise in 12 months"
    )
    scale = {**folders.INSTRUMENT, "name": "Sick leave, days", "max": "365"}
    own = {"group": "1", "median": "9", "q1": "4", "q3": "21", "weeks": "52", "n": "27"}
    own["assumption"] = "n = 27: those randomised"
    changed = [{**own, "group": "2"}, {**own, "q1": "6", "q3": "30"}, {**own, "weeks": "2"}]
    mean = {**own, "mean": "9", "median": "", "q1": "", "q3": ""}
    told = proved(tmp_path, words, own, *changed, mean, instruments=[scale])
    assert [names for names, _ in told] == [(), ("group",), ("q1", "q3"), ("weeks",), ("mean",)]


def test_a_time_that_the_quote_left_out_is_not_replaced_by_a_later_one(tmp_path: Path) -> None:
    sentence = (
        "At 4 weeks, pain with painful exercise (n = 27) was 5.2 (SD 2.0), and at 12 weeks 2.7 (SD 1.9) of 10"
    )
    early = {**TIMES[0], "quote": "At 4 weeks, pain … painful exercise (n = 27) was 5.2 (SD 2.0)"}
    late = {**TIMES[1], "quote": "pain with painful exercise (n = 27) … at 12 weeks 2.7 (SD 1.9)"}
    wrong = {**early, "quote": "pain with painful exercise (n = 27) was 5.2 (SD 2.0) … at 12 weeks"}
    paper = tmp_path / "papers" / "x.html"
    paper.parent.mkdir()
    paper.write_text(html(f"<p>{sentence}.</p>", doi=DOI), encoding="utf-8")
    told = lacking(tmp_path, "", early, late, {**wrong, "weeks": "12"}, paper=paper)
    assert ["weeks" in names for names in told] == [False, False, True]


def test_respectively_speaks_of_no_arm_alone(tmp_path: Path) -> None:
    whole = (
        "Pain with painful exercise (n = 27) was like that with pain-free exercise (n = 29); at week 12 it "
        "was 2.7 (1.9) and 3.4 (2.1), respectively"
    )
    words = whole.replace("was like that", "…")
    paper = tmp_path / "papers" / "x.html"
    paper.parent.mkdir()
    paper.write_text(html(f"<p>{whole}.</p>", doi=DOI), encoding="utf-8")
    told = lacking(tmp_path, words, {**ARMS[0], "group": "2", "n": "29"}, paper=paper)
    assert "group" in told[0]


def test_a_mean_change_is_no_final_score(tmp_path: Path) -> None:
    words = "Mean change in pain at 12 weeks was 2.7 (SD 1.9) with painful exercise (n = 27)"
    final = "At 12 weeks pain was 2.7 (SD 1.9) with painful exercise (n = 27), a mean change of −2.1 (SD 1.0)"
    greater = (
        "At 12 weeks the mean change was greater with painful exercise (n = 27), with pain of 2.7 (SD 1.9)"
    )
    told = [
        proved(tmp_path / str(number), words, {**ARMS[0], "statistic": statistic})[0]
        for number, (words, statistic) in enumerate(
            [(words, "change"), (words, "final"), (final, "final"), (greater, "final")]
        )
    ]
    assert told == [((), []), ((), ["statistic"]), ((), []), ((), [])]


def test_from_one_score_to_another_neither_is_a_change_nor_the_change_a_difference(tmp_path: Path) -> None:
    words = (
        "At 12 weeks pain had decreased from 5.2 (SD 2.0) to 2.7 (SD 1.9) with painful exercise (n = 27) "
        "(mean change, −2.5; 95% CI, −3.1 to −1.9)"
    )
    change = {"group": "1", "mean": "-2.5", "ci_low": "-3.1", "ci_high": "-1.9", "ci_level": "95", "n": "27"}
    change |= {"statistic": "change"}
    rows = [ARMS[0], change, {**ARMS[0], "statistic": "change"}, {**change, "group": "difference"}]
    rows[3]["measure"] = "MD"
    told = proved(tmp_path, words, *rows)
    assert told == [((), []), ((), []), (("statistic",), []), ((), ["group"])]


def test_a_mean_reduction_against_the_other_arm_is_a_difference(tmp_path: Path) -> None:
    own = {"group": "difference", "measure": "MD", "mean": "1.2", "ci_low": "0.4", "ci_high": "2.0"}
    words = (
        "At 12 weeks the mean reduction in pain compared with pain-free exercise was 1.2 (95% CI 0.4 to 2.0)"
    )
    assert lacking(tmp_path, words, {**own, "ci_level": "95"}) == [()]


def test_a_change_over_weeks_is_at_the_last(tmp_path: Path) -> None:
    own = {**cell("Painful exercise (n = 27)", "Δ Week 0–12", "−2.5 (1.9)"), "mean": "-2.5", "sd": "1.9"}
    own |= {"n": "27", "statistic": "change"}
    head, line = "Group|Week 0|Δ Week 0–12", "Painful exercise (n = 27)|5.2 (2.0)|−2.5 (1.9)"
    told = of_table(tmp_path, "Pain (VAS), mean (SD)", head, line, rows=[own, {**own, "weeks": "4"}])
    assert told == [((), []), (("weeks",), ["weeks"])]


def test_an_se_before_the_words_that_are_quoted_is_seen(tmp_path: Path) -> None:
    sentence = "Mean ({}) pain at 12 weeks was 2.7 (1.9) with painful exercise (n = 27)"
    words = sentence.removeprefix("Mean ({}) ")
    doubted = []
    for kind in ("SE", "SD"):
        paper = tmp_path / kind / "papers" / "x.html"
        paper.parent.mkdir(parents=True)
        paper.write_text(html(f"<p>{sentence.format(kind)}.</p>", doi=DOI), encoding="utf-8")
        doubted.append(proved(tmp_path / kind, words, ARMS[0], paper=paper)[0][1])
    assert doubted == [["sd"], []]


Told = list[tuple[tuple[str, ...], list[str]]]


def of_table(
    folder: Path,
    caption: str,
    head: str,
    *lines: str,
    rows: list[Cells],
    note: str = "",
    **tables: list[Cells],
) -> Told:
    """Prove rows against Table 1, of which each line is given with | between its cells."""
    shown = "".join(f"<tr><td>{'</td><td>'.join(line.split('|'))}</td></tr>" for line in lines)
    heads = f"<thead><tr><th>{'</th><th>'.join(head.split('|'))}</th></tr></thead>"
    paper = folder / "papers" / "x.html"
    paper.parent.mkdir(parents=True)
    page = f"<p>Table 1. {caption}</p><table>{heads}{shown}</table><p>{note}</p>"
    paper.write_text(html(page, doi=DOI), encoding="utf-8")
    return proved(folder, "", *rows, paper=paper, **tables)


def cell(line: str, column: str, quote: str, **cells: str) -> Cells:
    return {"locator": f"Table 1, row {line}, column {column}", "quote": quote, "group": "1", **cells}


def test_people_in_a_column_of_their_own_are_those_of_the_row(tmp_path: Path) -> None:
    own = cell("Painful exercise", "12 weeks", "2.7 (1.9)", mean="2.7", sd="1.9", n="27")
    lines = ("Painful exercise|27|5.2 (2.0)|2.7 (1.9)", "Pain-free exercise|29|5.4 (2.1)|3.4 (2.1)")
    rows = [own, {**own, "n": "29"}]
    told = of_table(tmp_path, "Pain (VAS), mean (SD)", "Group|n|4 weeks|12 weeks", *lines, rows=rows)
    assert [names for names, _ in told] == [(), ("n",)]


def test_people_behind_a_spread_in_the_same_cell_are_carried(tmp_path: Path) -> None:
    own = cell("Painful exercise", "12 weeks", "2.7 (1.9), 27", mean="2.7", sd="1.9", n="27")
    lines = ("Painful exercise|2.7 (1.9), 27", "Pain-free exercise|3.4 (2.1), 29")
    rows = [own, {**own, "n": "29"}]
    told = of_table(tmp_path, "Pain (VAS), mean (SD), n", "Group|12 weeks", *lines, rows=rows)
    assert [names for names, _ in told] == [(), ("n",)]


def test_of_two_columns_of_people_with_one_heading_neither_is_taken(tmp_path: Path) -> None:
    own = {**cell("12 weeks", "Painful exercise", "2.7 (1.9)"), "mean": "2.7", "sd": "1.9", "n": "27"}
    head, line = "Time|Painful exercise|n|Pain-free exercise|n", "12 weeks|2.7 (1.9)|27|3.4 (2.1)|29"
    told = of_table(tmp_path, "Pain (VAS), mean (SD)", head, line, rows=[own, {**own, "n": "29"}])
    assert [names for names, _ in told] == [("n",), ("n",)]


def test_an_sd_of_another_time_of_the_row_is_not_carried(tmp_path: Path) -> None:
    own = cell("Painful exercise", "4 weeks", "5.2 (2.0)", mean="5.2", sd="2.0", n="27", weeks="4")
    lines = ("Painful exercise|27|5.2 (2.0)|2.7 (1.9)", "Pain-free exercise|29|5.4 (2.1)|3.4 (2.1)")
    rows = [own, {**own, "sd": "1.9", "quote": "5.2 (2.0) … (1.9)"}]
    told = of_table(tmp_path, "Pain (VAS), mean (SD)", "Group|n|4 weeks|12 weeks", *lines, rows=rows)
    assert [names for names, _ in told] == [(), ("sd",)]


def test_a_caption_says_quartiles_and_no_range(tmp_path: Path) -> None:
    own = cell("Painful exercise", "12 weeks", "3 (2–5)", median="3", q1="2", q3="5", n="27")
    bare = {name: text for name, text in own.items() if name not in {"median", "q1", "q3"}}
    rows = [own, {**bare, "median": "3", "minimum": "2", "maximum": "5"}, {**bare, "mean": "3"}]
    lines = ("Painful exercise|27|3 (2–5)", "Pain-free exercise|29|4 (3–6)")
    told = of_table(tmp_path, "Pain, median (IQR)", "Group|n|12 weeks", *lines, rows=rows)
    assert [doubts for _, doubts in told] == [[], ["minimum", "maximum"], ["mean"]]


def test_a_limit_is_no_sd(tmp_path: Path) -> None:
    own = cell("Painful exercise", "12 weeks", "2.7 (1.9 to 3.5)", mean="2.7", sd="1.9", n="27")
    lines = ("Painful exercise|27|2.7 (1.9 to 3.5)", "Pain-free exercise|29|3.4 (2.5 to 4.3)")
    ((names, _),) = of_table(tmp_path, "Pain (VAS)", "Group|n|12 weeks", *lines, rows=[own])
    assert names == ("sd",)


@pytest.mark.parametrize(("kind", "doubts"), [("SE", ["sd"]), ("SD", [])])
def test_a_note_below_a_table_says_what_its_values_are(tmp_path: Path, kind: str, doubts: list[str]) -> None:
    own = cell("Painful exercise", "12 weeks", "2.7 (1.9)", mean="2.7", sd="1.9", n="27")
    lines = ("Painful exercise|27|2.7 (1.9)", "Pain-free exercise|29|3.4 (2.1)")
    note = f"Values are mean ({kind})."
    ((_, told),) = of_table(tmp_path, "Pain", "Group|n|12 weeks", *lines, rows=[own], note=note)
    assert told == doubts


def test_the_row_says_which_of_the_scales_of_a_caption_it_is(tmp_path: Path) -> None:
    scales = [{**folders.INSTRUMENT}, {**folders.INSTRUMENT, "instrument": "odi", "name": "Disability (ODI)"}]
    own = {"group": "difference", "measure": "MD", "mean": "-0.7", "ci_low": "-1.8", "ci_high": "0.4"}
    own |= {"ci_level": "95", "quote": "−0.7 (−1.8 to 0.4)", "locator": "Table 1"}
    caption, head = "Pain (VAS) and disability (ODI) at 12 weeks", "Scale|Mean difference (95% CI)"
    lines = ("Pain (VAS)|−0.7 (−1.8 to 0.4)", "Disability (ODI)|−6.2 (−11.4 to −1.0)")
    rows = [own, {**own, "instrument": "odi"}]
    told = of_table(tmp_path, caption, head, *lines, rows=rows, instruments=scales)
    assert [names for names, _ in told] == [(), ("instrument",)]


def test_a_change_within_a_group_is_no_difference_between_two(tmp_path: Path) -> None:
    own = {"group": "difference", "measure": "MD", "mean": "-0.7", "ci_low": "-1.8", "ci_high": "0.4"}
    own |= {"ci_level": "95", "quote": "−0.7 (−1.8 to 0.4)", "locator": "Table 1"}
    within = {**own, "mean": "-2.1", "ci_low": "-3.0", "ci_high": "-1.2", "quote": "−2.1 (−3.0 to −1.2)"}
    head = "Scale|Within-group change at 12 weeks (95% CI)|Between-group difference at 12 weeks (95% CI)"
    line = "Pain (VAS)|−2.1 (−3.0 to −1.2)|−0.7 (−1.8 to 0.4)"
    told = of_table(tmp_path, "Changes in painful exercise", head, line, rows=[own, within])
    assert [doubts for _, doubts in told] == [[], ["group"]]


@pytest.mark.parametrize(
    ("words", "measure", "doubts"),
    [
        ("risk ratio 0.54 (95% CI 0.31 to 0.94)", "RR", 0),
        ("risk ratio 0.54 (95% CI 0.31 to 0.94)", "OR", 1),
        ("relative risk 0.54 (95% CI 0.31 to 0.94)", "MD", 1),
        ("aOR 0.54 (95% CI 0.31 to 0.94)", "RR", 1),
        ("odds ratio 0.40, risk ratio 0.54 (95% CI 0.31 to 0.94)", "RR", 0),
        ("standardised mean difference 0.54 (95% CI 0.31 to 0.94)", "MD", 1),
        ("standardised mean difference 0.54 (95% CI 0.31 to 0.94)", "SMD", 0),
        ("HR 72 and 73; the difference was 0.54 (95% CI 0.31 to 0.94)", "MD", 0),
        ("adjusted mean difference 0.54 (95% CI 0.31 to 0.94)", "MD", 0),
        ("MD 0.54 (95% CI 0.31 to 0.94)", "SMD", 1),
        ("Std. Mean Difference 0.54 (95% CI 0.31 to 0.94)", "SMD", 0),
        ("effect size 0.54 points (95% CI 0.31 to 0.94)", "MD", 0),
        ("mean difference 4.1; Cohen’s d = 0.54 (95% CI 0.31 to 0.94)", "SMD", 0),
    ],
)
def test_a_quote_that_names_another_measure_is_doubted(
    tmp_path: Path, words: str, measure: str, doubts: int
) -> None:
    cells = {**folders.DIFFERENCE, "mean": "0.54", "ci_low": "0.31", "ci_high": "0.94"}
    cells |= {"measure": measure, "quote": words}
    _, problems = examine(folders.folder(tmp_path, outcomes=[cells]))
    assert len([problem for problem in problems if problem.column == "measure"]) == doubts
