"""A stranger's table is read by the names of its columns, or refused with row and column."""

import math
import time
from pathlib import Path

import pytest

from exchange.test_imports import write
from livingmeta import read_table
from livingmeta.exchange.analyses import Hints, measure_and_log, read_number
from livingmeta.exchange.imports import read, reviews_in
from livingmeta.exchange.sheets import ExchangeError
from livingmeta.synthesis.synthesise import synthesise

MEANS = """study,mean1,sd1,n1,mean2,sd2,n2
Alder 2001,4.1,2.0,20,5.0,2.1,20
Birch 2004,3.8,1.9,31,4.4,2.2,29
Cedar 2010,5.2,2.4,15,5.9,2.0,16
"""
COUNTS = "study,events1,n1,events2,n2\nAsh,12,30,11,25\nBeech,60,72,58,70\nCole,21,30,20,30\n"


def pooled(path: Path, said: Hints | None = None) -> tuple[float, float, float]:
    ((review,), _) = reviews_in(path, said)
    result = synthesise(review)[0].result
    assert result is not None
    return round(result.estimate, 2), round(result.ci_low, 2), round(result.ci_high, 2)


def refusal(path: Path, said: Hints | None = None) -> str:
    with pytest.raises(ValueError) as refused:
        reviews_in(path, said)
    return str(refused.value)


@pytest.mark.parametrize(
    "total",
    [
        "Total,4.2,2.0,66,5.0,2.1,65",
        "TOTAL (95% CI),,,66,,,65",
        "Overall effect,4.2,2.0,66,5.0,2.1,65",
        "Subtotal (95% CI),4.2,2.0,66,5.0,2.1,65",
        "Random effects model,x,y,66,5.0,2.1,65",
        "Gesamt,4.2,2.0,66,5.0,2.1,65",
        "All,4.2,2.0,66,5.0,2.1,65",
        "Weighted mean,4.2,2.0,66,5.0,2.1,65",
        "Adults: subtotal,4.2,2.0,66,5.0,2.1,65",
        ",4.2,2.0,66,5.0,2.1,65",
        "◆ Summary,4.2,2.0,60,5.0,2.1,65",
        "Total*,4.2,2.0,60,5.0,2.1,65",
        "Pooled SMD,4.2,2.0,60,5.0,2.1,65",
        "D+L overall (I2 = 45%),4.2,2.0,60,5.0,2.1,65",
        "Heterogeneity: Tau² = 0.1,,,,,,",
        "Test for overall effect: Z = 2.1,,,,,,",
        "Prediction interval,,,,,,",
        "3 studies,4.2,2.0,60,5.0,2.1,65",
        "Total général,4.2,2.0,60,5.0,2.1,65",
        "Totale,4.2,2.0,60,5.0,2.1,65",
        "Together,4.3,2.0,66,4.8,2.1,65",
    ],
)
def test_a_total_is_named_and_not_pooled(total: str, tmp_path: Path) -> None:
    """metafor: rma(measure="SMD", ...) of the three trials with test="adhoc"."""
    path = write(tmp_path / "t.csv", f"{MEANS}{total}\n")
    assert pooled(path) == (-0.34, -1.09, 0.42)
    (remark,) = reviews_in(path)[1]
    assert "row 5" in remark
    assert "total" in remark


@pytest.mark.parametrize(
    "trial",
    [
        "Total Knee Trial 2011,4.2,2.0,60,5.0,2.1,65",
        "Mean 2003,4.2,2.0,60,5.0,2.1,65",
        "Dunn,9.2,2.0,66,9.0,2.1,65",
    ],
)
def test_a_trial_that_only_looks_like_a_total_is_pooled(trial: str, tmp_path: Path) -> None:
    ((review,), remarks) = reviews_in(write(tmp_path / "t.csv", f"{MEANS}{trial}\n"))
    assert len(synthesise(review)[0].effects) == 4
    assert remarks == []


def test_totals_of_counts_and_of_computed_effects_are_found_by_their_sums(tmp_path: Path) -> None:
    counts = write(tmp_path / "c.csv", COUNTS + "Together,93,132,89,125\n")
    assert len(read(counts)[0].records) == 3
    # the common effect of 0.2 (0.1) and 0.4 (0.1) is 0.3, with standard error 0.0707
    effects = write(tmp_path / "y.csv", "study,yi,sei\nA,0.2,0.1\nB,0.4,0.1\nZ,0.3,0.0707\n")
    assert len(read(effects)[0].records) == 2


@pytest.mark.parametrize(
    "text",
    [
        "study,mean1,sd1,n1,mean2,sd2,n2\nAsh,4.1,2,20,5.0,2,20\nBeech,5.1,2,30,4.4,2,30\n"
        "Cole,4.9,2,50,4.6,2,50\n",
        "study,mean1,sd1,n1,mean2,sd2,n2\nAsh 2001,4.1,2,20,5.0,2,20\n"
        "Beech 2004,5.1,2,30,4.4,2,30\nCole 2010,4.7,2,50,4.6,2,50\n",
        "study,year,events1,n1,events2,n2\nAsh,2001,1,10,2,10\nBeech,2003,0,10,1,10\nCole,2005,1,20,3,20\n",
        "study,yi,sei,n1,n2\nAsh,0.2,0.1,20,20\nBeech,0.4,0.1,20,20\nCole,0.3,0.2,40,40\n",
        "study,yi,sei\nAsh,0.2,0.1\nBeech,0.4,0.1\nCole,0.3,0.07\n",
        "study,yi,vi\nAsh 2001,0.2,0.01\nBeech 2003,0.4,0.01\nCole 2004,0.300,0.0050\n",
        "study,yi,sei\nAsh,0.2,0.1\nBeech,0.4,0.1\nTotal-Care 2010,0.9,0.2\n",
    ],
)
def test_what_may_be_a_total_and_may_be_a_trial_is_pooled_and_doubted(text: str, tmp_path: Path) -> None:
    ((review,), (remark,)) = reviews_in(write(tmp_path / "t.csv", text))
    (pool,) = synthesise(review)
    assert len(pool.effects) == 3
    assert "membership_inferred" in pool.flags
    assert "row 4" in remark
    assert "pooled as a trial" in remark


def test_a_total_without_a_name_is_found_by_its_limits_too(tmp_path: Path) -> None:
    """metafor: rma(yi, sei=c(.153, .153, .204), method="FE") gives -0.305 (-0.492 to -0.117)."""
    text = (
        "study,yi,ci_low,ci_high\nA 2001,-0.30,-0.60,0.00\nB 2002,-0.20,-0.50,0.10\n"
        "C 2003,-0.50,-0.90,-0.10\n,-0.305,-0.492,-0.117\n"
    )
    assert len(read(write(tmp_path / "t.csv", text))[0].records) == 3


@pytest.mark.parametrize("again", [(1,), (3,), (1, 2, 3), (2, 2)])
def test_rows_pasted_twice_count_once_and_are_named(again: tuple[int, ...], tmp_path: Path) -> None:
    lines = MEANS.splitlines()
    twice = write(tmp_path / "twice.csv", "\n".join([*lines, *(lines[place] for place in again)]) + "\n")
    assert pooled(twice) == pooled(write(tmp_path / "once.csv", MEANS))
    _, remarks = reviews_in(twice)
    assert f"5 ({again[0] + 1})" in "".join(remarks)


def test_exact_names_of_columns_come_first(tmp_path: Path) -> None:
    """metafor: rma(yi, sei=sei, test="adhoc"); `se` is sensitivity, `ci` an interval."""
    text = "study,yi,sei,se\nAsh,0.20,0.10,0.88\nBirch,0.35,0.12,0.91\nCedar,0.28,0.11,0.79\n"
    assert pooled(write(tmp_path / "se.csv", text)) == (0.27, -0.0, 0.54)
    ((analysis,), (variance,)) = (
        read(write(tmp_path / "v.csv", "study,yi,vi,se\nA,0.2,0.04,0.9\n")),
        read(write(tmp_path / "n.csv", "study,name,yi,vi\nAsh,pill,0.2,0.04\n")),
    )
    assert analysis.records[0].cells == {"yi": "0.2", "vi": "0.04"}
    assert variance.records[0].study == "Ash"
    lines = [
        line + "," + more
        for line, more in zip(COUNTS.splitlines(), ("CI", "0.13-1.43", "0.4-2", "0.5-3"), strict=True)
    ]
    assert len(read(write(tmp_path / "ci.csv", "\n".join(lines)))[0].records) == 3


@pytest.mark.parametrize(
    ("head", "both"),
    [
        ("study,yi,sei,SEI", "sei and SEI can both be sei"),
        ("study,trial,yi,vi", "study and trial can both be study"),
        ("author,name,yi,vi", "author and name can both be study"),
        ("study,yi,Yi,vi", "yi and Yi can both be yi"),
    ],
)
def test_two_columns_for_one_thing_are_asked_about(head: str, both: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", f"{head}\nx,y,0.1,0.2\nz,w,0.2,0.3\n")
    if "yi,sei" in head or "Yi" in head:
        path = write(tmp_path / "t.csv", f"{head}\nx,0.1,0.1,0.2\nz,0.2,0.2,0.3\n")
    assert both in refusal(path)


def labels(path: Path) -> list[str]:
    ((review,), _) = reviews_in(path)
    return [trial.label for trial in review.trials]


def test_author_and_year_tell_trials_apart(tmp_path: Path) -> None:
    text = (
        "study,year,ai,n1i,ci,n2i\nAlder,2000,18,100,20,100\nAlder,2002,5,50,18,50\n"
        "Birch,1999,9,20,7,20\nBirch,2002,32,135,31,139\nCedar,1994,9,23,10,23\n"
    )
    assert labels(write(tmp_path / "a.csv", text)) == [
        "Alder 2000",
        "Alder 2002",
        "Birch 1999",
        "Birch 2002",
        "Cedar 1994",
    ]
    letters = text.replace("Alder,2002", "Alder,2000a").replace("Birch,2002", "Birch 2002b,2002")
    ((review,), _) = reviews_in(write(tmp_path / "l.csv", letters))
    assert [(t.label, t.year) for t in review.trials][1] == ("Alder 2000a", 2000)
    assert [(t.label, t.year) for t in review.trials][3] == ("Birch 2002b", 2002)


def test_a_column_of_numbers_only_counts_the_studies(tmp_path: Path) -> None:
    text = "study,author,year,yi,vi\n1,Alder,1999,-0.2,0.04\n2,Alder,2007,0.3,0.05\n"
    assert labels(write(tmp_path / "n.csv", text)) == ["Alder 1999", "Alder 2007"]
    twice = write(tmp_path / "d.csv", text.replace("2007", "1999"))
    assert labels(twice) == ["Alder 1999 (1)", "Alder 1999 (2)"]
    assert "several numbers in study" in reviews_in(twice)[1][0]


def test_comparisons_of_a_trial_keep_the_names_that_the_file_gives_them(tmp_path: Path) -> None:
    text = (
        "study,year,arm,mean1,sd1,n1,mean2,sd2,n2\nAsh,2015,low dose,12.6,8.1,33,16.4,7.8,34\n"
        "Ash,2015,high dose,11.2,8.4,31,16.4,7.8,34\nBirch,2018,high dose,9.1,4.4,52,11,5.1,49\n"
    )
    ((review,), remarks) = reviews_in(write(tmp_path / "s.csv", text))
    effects = synthesise(review)[0].effects
    assert [effect.contrast for effect in effects] == ["low dose", "high dose", None]
    assert len({effect.trial for effect in effects}) == 2
    assert remarks == []
    untold = write(tmp_path / "u.csv", text.replace("low dose", "high dose"))
    ((review,), (remark,)) = reviews_in(untold)
    assert "rows 2, 3: Ash 2015 stands there 2 times" in remark
    assert len({effect.contrast for effect in synthesise(review)[0].effects}) == 3


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("study;yi;sei\r\nAsh;-0,213;0,121\r\nBirch;0,105;0,154\r\n", ["-0.213", "0.105"]),
        ("study;yi;sei\nAsh;1,213;0,5\nBirch;2,105;1,5\n", ["1.213", "2.105"]),
        ("study;yi;sei\nAsh;1,213;2,121\nBirch;2,105;2,154\n", ["1.213", "2.105"]),
        ("study\tyi\tsei\nAsh\t-0,213\t0,121\nBirch\t1,105\t0,154\n", ["-0.213", "1.105"]),
        ('study,yi,sei\nAsh,"-0,213","0,121"\nBirch,"1,105","0,154"\n', ["-0.213", "1.105"]),
        ("study;yi;sei\nAsh;-0.213;0.121\nBirch;0.105;0.154\n", ["-0.213", "0.105"]),
        ("study;note;yi;sei\nAsh;0,5 mg;1.234,5;1,5\nBirch;;2.345,5;2\n", ["1234.5", "2345.5"]),
    ],
)
def test_other_columns_and_semicolons_say_what_a_comma_is(
    text: str, numbers: list[str], tmp_path: Path
) -> None:
    (analysis,) = read(write(tmp_path / "e.csv", text))
    assert [record.cells["yi"] for record in analysis.records] == numbers


def test_thousands_of_people_are_no_decimals(tmp_path: Path) -> None:
    text = "study;mean1;sd1;n1;mean2;sd2;n2\nA;4,125;2,2;1.250;5,5;2,1;1.300\n"
    (analysis,) = read(write(tmp_path / "t.csv", text))
    cells = analysis.records[0].cells
    assert (cells["mean1"], cells["n1"], cells["n2"]) == ("4.125", "1250", "1300")


def test_points_and_commas_for_decimals_in_one_file_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "study;yi;sei\nAsh;0,25;0,1\nBirch;0.5;0.1\n")
    assert 'row 2, yi = "0,25" has a decimal comma' in refusal(path)
    assert 'row 3, yi = "0.5" a decimal point' in refusal(path)


def test_counts_of_any_size_are_people_not_six_digits(say, tmp_path: Path) -> None:
    """600000 + 600001 + 500000 + 700007 + 5 + 10 + 6 + 11 = 2400040."""
    text = "study,ai,bi,ci,di\nA,600000,600001,500000,700007\nB,5,10,6,11\n"
    path = write(tmp_path / "b.csv", text)
    assert "2,400,040 people" in say("pool", str(path)).flat
    means = MEANS.replace(",20,", ",12345678,", 1)
    ((review,), _) = reviews_in(write(tmp_path / "m.csv", means))
    assert review.outcomes[0].n == 12345678


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (COUNTS.replace("21,30", "31,30"), 'row 4, events1 = "31": there are only 30 people'),
        (COUNTS.replace("12,30", "12,30.5"), 'row 2, n1 = "30.5": people are counted in whole'),
        (COUNTS.replace("12,30", "-2,30"), 'row 2, events1 = "-2": a count is a whole number'),
        (MEANS.replace("2.2,29", "-2.2,29"), 'row 3, sd2 = "-2.2": a standard deviation must'),
        (MEANS.replace("2.2,29", "2.2,12.5"), 'row 3, n2 = "12.5": people are counted in whole'),
        (MEANS.replace("4.4,2.2", f"{'9' * 400},2.2"), "row 3, mean2"),
        (MEANS.replace("4.4,2.2", f"{'x' * 9000},2.2"), "row 3, mean2"),
        ("study,ai,bi,ci,di\nA,1.5,2,3,4\n", 'row 2, ai = "1.5": a count is a whole'),
        ("study,ai,bi,ci,di\nA,1,-2,3,4\n", 'row 2, bi = "-2": a count is a whole'),
        ("study,ai,bi,ci,di\nA,1,2,3,4.5\n", 'row 2, di = "4.5": a count is a whole'),
        ("study,yi,vi,sei\nA,1,0.04,0.9\n", "row 2: vi 0.04 is not the square of sei 0.9"),
        ("study,yi,vi\nTotal,1,2\n", "row 2, Total: the row is called a total"),
        ("study,yi,vi\n", "the table holds no study"),
    ],
)
@pytest.mark.parametrize("command", ["pool", "import"])
def test_messages_name_row_and_column_of_the_users_own_file(
    command: str, text: str, line: str, say, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine.csv", text)
    shelf = tmp_path / "data"
    more = ["x", "--in", str(shelf)] if command == "import" else []
    said = say(command, str(path), *more)
    assert said.status == 2
    assert line in said.err
    assert str(path) in said.err
    assert "outcomes.csv" not in said.err
    assert len(said.err) < 2000
    assert not shelf.exists()


def test_all_that_is_wrong_with_a_file_is_said_at_once(tmp_path: Path) -> None:
    text = COUNTS.replace("12,30", "31,30").replace("60,72", "60,72.5")
    assert refusal(write(tmp_path / "c.csv", text)).count("\n") == 1
    bare = "study,subgroup,yi,vi\nA,,0.1,0.2\nB,,0.1,0.3\nC,x,0.2,0.3\n"
    assert refusal(write(tmp_path / "b.csv", bare)).count("subgroup: other rows have") == 2
    sub = MEANS.replace("study", "study,subgroup").replace("01,", "01,adults,")
    sub = sub.replace("04,", "04,adults,").replace("10,", "10,,")
    assert "row 4, subgroup: other rows have a subgroup" in refusal(write(tmp_path / "s.csv", sub))


def test_no_answer_about_a_file_names_a_scratch_folder(say, tmp_path: Path) -> None:
    said = say("pool", str(write(tmp_path / "mine.csv", MEANS)), "--json")
    assert '"mine.csv"' in said.out
    assert "/tmp" not in said.out.replace(str(tmp_path), "")


def test_measures_are_known_by_their_words() -> None:
    assert measure_and_log("Hazard Ratio") == ("HR", False)
    assert measure_and_log("log-OR") == ("OR", True)
    assert Hints(measure="lnRR", log=False, favours=None) == Hints(measure="RR", log=True)
    with pytest.raises(ValueError, match="lower, higher"):
        Hints(measure=None, log=False, favours="left")


RAW = (
    "study,yi,sei,ci.lb,ci.ub\nAsh,0.82,0.15,0.61,1.10\nBeech,0.74,0.13,0.58,0.95\nCole,1.05,0.21,0.70,1.57\n"
)


def test_ratios_with_limits_symmetric_on_the_log_scale_are_not_taken_for_differences(tmp_path: Path) -> None:
    said = refusal(write(tmp_path / "r.csv", RAW))
    assert "row 2: ci.lb and ci.ub are symmetric around yi on the log scale" in said
    assert "--measure OR" in said
    assert "yi holds ratios" in refusal(tmp_path / "r.csv", Hints(measure="MD"))
    assert "without --log" in refusal(tmp_path / "r.csv", Hints(measure="OR", log=True))


@pytest.mark.parametrize("measure", ["OR", "hr", "Risk ratio"])
def test_ratios_named_by_the_user_are_pooled_as_their_logs(measure: str, tmp_path: Path) -> None:
    """metafor: rma(log(yi), sei=log(ci.ub/ci.lb)/3.92, test="adhoc"), exp of it; P = 0.15."""
    path = write(tmp_path / "r.csv", RAW)
    ((review,), _) = reviews_in(path, Hints(measure=measure, log=False, favours=None))
    result = synthesise(review)[0].result
    assert result is not None
    shown = [round(math.exp(x), 2) for x in (result.estimate, result.ci_low, result.ci_high)]
    assert shown == [0.82, 0.55, 1.20]
    assert round(result.p_value or 0, 2) == 0.15


def test_logs_and_ratios_of_the_same_effects_give_one_answer(tmp_path: Path) -> None:
    ratios = write(tmp_path / "r.csv", "study,yi,sei\nA,0.5,0.2\nB,0.8,0.1\n")
    logs = write(tmp_path / "l.csv", "study,yi,sei\nA,-0.6931472,0.2\nB,-0.2231436,0.1\n")
    mixed = write(
        tmp_path / "m.csv",
        "study,yi,sei,lower,upper\nA,-0.6931472,0.2,0.338,0.740\nB,-0.2231436,0.1,0.658,0.973\n",
    )
    (one, two), (three,) = (
        [pooled(ratios, Hints(measure="HR")), pooled(logs, Hints(measure="HR", log=True))],
        [pooled(mixed, Hints(measure="HR", log=True))],
    )
    assert one == two == three
    assert "say --log" in reviews_in(ratios, Hints(measure="HR"))[1][0]
    assert "holds logs of a ratio" in refusal(mixed)


def test_an_effect_of_a_kind_that_nobody_names_is_called_so(say, tmp_path: Path) -> None:
    """The common effect of −12.1 (3.1), −8.4 (2.2) and −10.0 (4.0) is −9.70."""
    path = write(tmp_path / "y.csv", "study,yi,sei\nA,-12.1,3.1\nB,-8.4,2.2\nC,-10.0,4.0\n")
    said = say("pool", str(path)).flat
    assert "effect −9.70" in said
    assert "number of people not known" in said
    shelf = str(tmp_path / "data")
    assert say("import", str(path), "x", "--in", shelf).status == 0
    review = str(tmp_path / "data" / "x")
    assert "SMD" not in (tmp_path / "data" / "x" / "outcomes.csv").read_text(encoding="utf-8")
    for command in (["check"], ["report", "--out", str(tmp_path)], ["trace"]):
        made = say(command[0], review, *command[1:])
        assert "SMD" not in made.out + made.err
        assert "typed as an SD" not in made.flat
        assert "small-sample" not in made.flat
    page = (tmp_path / "x" / "report.md").read_text(encoding="utf-8")
    assert "SMD" not in page
    assert " 0 people" not in page


@pytest.mark.parametrize(
    ("head", "said"),
    [("study,yi,sei", "MD"), ("study,md,se", "MD"), ("study,MD,SE", "md"), ("study,yi,se", "MD")],
)
def test_computed_effects_are_what_the_user_names(head: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", f"{head}\nA,-12.1,3\nB,-8.4,3\nC,-10,3\n")
    named = Hints(measure=said, log=False, favours=None)
    assert pooled(path, named)[0] == -10.17
    ((review,), _) = reviews_in(path, named)
    assert synthesise(review)[0].measure == "MD"


@pytest.mark.parametrize(
    ("words", "key"), [("MD", "MD"), ("mean difference", "MD"), ("VAS", "GEN"), ("log OR", "OR")]
)
def test_a_column_of_the_file_names_the_measure(words: str, key: str, tmp_path: Path) -> None:
    text = f"study,measure,yi,sei\nA,{words},0.4,0.2\nB,{words},0.5,0.2\n"
    assert read(write(tmp_path / "m.csv", text))[0].measure == key
    other = text.replace(f"B,{words}", "B,RD")
    if words == "MD":
        assert "names several measures (MD, RD)" in refusal(write(tmp_path / "o.csv", other))
    raw = text.replace(words, "OR")
    assert "is yi the OR itself, or its log?" in refusal(write(tmp_path / "r.csv", raw))


def test_log_is_refused_where_it_says_nothing(tmp_path: Path) -> None:
    yi = write(tmp_path / "y.csv", "study,yi,sei\nA,0.1,0.3\nB,0.2,0.3\n")
    assert "name it with --measure" in refusal(yi, Hints(log=True))
    assert "MD is no ratio" in refusal(yi, Hints(measure="MD", log=True))
    counts = write(tmp_path / "c.csv", COUNTS)
    assert "--log says that effects are logs" in refusal(counts, Hints(measure="OR", log=True))
    assert "Choose one of" in refusal(counts, Hints(measure="MD"))


def test_logs_are_not_taken_for_ratios(tmp_path: Path) -> None:
    logs = write(tmp_path / "l.csv", "study,yi,sei\nA,-0.2,0.1\nB,0.3,0.1\n")
    assert 'row 2, yi = "-0.2": no HR is 0 or below. If yi holds logs, say --log' in refusal(
        logs, Hints(measure="HR")
    )
    limits = "study,yi,sei,lower,upper\nA,0.2,0.1,0.004,0.396\nB,0.3,0.1,0.104,0.496\n"
    path = write(tmp_path / "p.csv", limits)
    assert "say --log" in refusal(path, Hints(measure="HR"))


@pytest.mark.parametrize("z", [1.645, 1.96, 2.576])
def test_limits_of_other_levels_fit_too(z: float, tmp_path: Path) -> None:
    rows = [(y, s, f"{y - z * s:.4f}", f"{y + z * s:.4f}") for y, s in ((0.2, 0.1), (0.5, 0.2))]
    text = "study,yi,sei,lower,upper\n" + "".join(f"T{y},{y},{s},{a},{b}\n" for y, s, a, b in rows)
    assert len(read(write(tmp_path / "l.csv", text))[0].records) == 2


def rows_of(path: Path, said: Hints) -> list[tuple[str | None, float | None, float | None, bool]]:
    ((review,), _) = reviews_in(path, said)
    return [(r.measure, r.se, r.ci_level, r.assumption is not None) for r in review.outcomes]


def test_the_level_of_limits_of_ratios_is_theirs_and_assumed_only_where_nothing_tells(tmp_path: Path) -> None:
    """0.82 with SE 0.15 of the log: exp(log 0.82 ± 1.645 · 0.15) is 0.641 to 1.049."""
    said = Hints(measure="HR")
    text = "study,yi,sei,lower,upper\nA,0.82,0.15,0.641,1.049\nB,1.30,0.15,1.016,1.664\n"
    assert rows_of(write(tmp_path / "a.csv", text), said) == [("HR", None, 90, False)] * 2
    bare = write(tmp_path / "b.csv", "study,HR,lower,upper\nA,0.82,0.61,1.10\nB,0.74,0.58,0.95\n")
    assert rows_of(bare, said) == [("HR", None, 95, True)] * 2
    told_level = "study,HR,lower,upper,ci_level\nA,0.82,0.61,1.10,95\nB,0.74,0.58,0.95,95\n"
    path = write(tmp_path / "t.csv", told_level)
    assert rows_of(path, said) == [("HR", None, 95, False)] * 2
    # the standard error of the ratio itself, 0.82 · 0.15, fits the same limits at 95%
    raw = "study,yi,sei,lower,upper\nA,0.82,0.123,0.61,1.10\nB,0.50,0.050,0.411,0.608\n"
    assert rows_of(write(tmp_path / "r.csv", raw), said) == [("HR", None, 95, False)] * 2


@pytest.mark.parametrize("limits", ["-0.50,1.90", "0.10,0.30", "-0.30,0.70", "0.30,0.10"])
def test_limits_that_fit_no_scale_are_refused_with_their_row(limits: str, tmp_path: Path) -> None:
    text = f"study,yi,sei,lower,upper\nA,0.50,0.10,0.30,0.70\nB,0.20,0.10,{limits}\n"
    assert "row 3, lower and upper" in refusal(write(tmp_path / "l.csv", text))


@pytest.mark.parametrize("cell", ["1e999", "1e308", "1e-400", "-1e-400", "0." + 40 * "1"])
def test_numbers_that_no_report_prints_are_refused_and_not_taken_for_0(cell: str) -> None:
    with pytest.raises(ExchangeError, match="no report prints a number of this size"):
        read_number(cell, place="x")


def test_logs_beside_limits_of_the_ratio_are_read_as_the_message_says(tmp_path: Path) -> None:
    """metafor: rma(c(-.2, -.3, .05), sei=c(.15, .12, .2), test="adhoc"), exponentials of it."""
    text = "study,yi,ci.lb,ci.ub\nA,-0.20,0.610,1.099\nB,-0.30,0.586,0.937\nC,0.05,0.710,1.556\n"
    path = write(tmp_path / "t.csv", text)
    assert "--measure OR --log" in refusal(path)
    assert pooled(path, Hints(measure="OR", log=True)) == (-0.21, -0.59, 0.18)


def test_each_row_may_tell_the_level_of_its_limits(tmp_path: Path) -> None:
    """By hand: log(1.10 / 0.61) / (2 * 1.6449) = 0.179, and log(0.95 / 0.58) / 3.92 = 0.126."""
    text = "study,yi,ci_low,ci_high,ci_level\nA,0.82,0.61,1.10,90%\nB,0.74,0.58,0.95,95\n"
    ((review,), _) = reviews_in(write(tmp_path / "t.csv", text), Hints(measure="OR"))
    (pool,) = synthesise(review)
    assert [round(one.vi**0.5, 3) for one in pool.effects] == [0.179, 0.126]
    assert "rows_assumed" not in pool.flags


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Study ID,yi,vi\nAsh 2001,0.1,0.1\nBeech,0.2,0.1\n", "Ash 2001"),
        ("study,year,yi,vi\nAsh,2001.0,0.1,0.1\nBeech,2002.0,0.2,0.1\n", "Ash 2001"),
        ("study,year,yi,vi\nAsh,2001-01-01 00:00:00,0.1,0.1\nBeech,2002,0.2,0.1\n", "Ash 2001"),
    ],
)
def test_names_and_years_are_found_as_programs_write_them(text: str, label: str, tmp_path: Path) -> None:
    assert labels(write(tmp_path / "t.csv", text))[0] == label


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("study,subgroup,yi,vi\nA,x,.1,.1\nB,NA,.2,.1\n", "row 3, subgroup: other rows have a"),
        (
            "study,ai,bi,n1i,ci,di,n2i\nA,4,119,123,11,128,140\n",
            "row 2: ci 11 and di 128 are not n2i 140 together",
        ),
    ],
)
def test_cells_that_contradict_others_are_refused(text: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(write(tmp_path / "t.csv", text))


def test_one_name_with_several_authors_is_asked_about(tmp_path: Path) -> None:
    text = "author,study,yi,vi\nSmith,RCT,.1,.1\nJones,RCT,.2,.1\nKim,cohort,.3,.1\n"
    assert "rows 2, 3: both are RCT in study" in refusal(write(tmp_path / "t.csv", text))


def test_a_formula_without_a_value_is_not_an_empty_cell(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (["study", "yi", "sei"], ["Ash", "=1+1", 0.1], ["Beech", 0.2, None]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert "cell B2: the formula =1+1 has no value" in refusal(tmp_path / "t.xlsx")


def test_thousands_of_rows_are_searched_for_totals_in_seconds(tmp_path: Path) -> None:
    """One by one the rows took minutes; the total among them is found all the same."""
    rows = [f"S{i} 2001,{i % 7}.5,2.1,{20 + i % 50},{i % 5}.5,2.0,{21 + i % 40}" for i in range(5000)]
    people = [sum(int(row.split(",")[place]) for row in rows) for place in (3, 6)]
    text = (
        MEANS.splitlines()[0] + "\n" + "\n".join([*rows, f"Sammen,3.0,2.1,{people[0]},2.0,2.0,{people[1]}"])
    )
    before = time.monotonic()
    (analysis,) = read(write(tmp_path / "t.csv", text + "\n"))
    assert time.monotonic() - before < 20
    assert len(analysis.records) == 5000
    assert any("Sammen: the row holds the sums of the other rows" in remark for remark in analysis.remarks)


@pytest.mark.parametrize("spread", ["sei\nA,1,0\nB,2,0.1\nC,1.5,0.07", "vi\nA,1,0\nB,2,0.1\nC,1.5,0.07"])
def test_a_spread_of_0_is_left_out_aloud(spread: str, tmp_path: Path) -> None:
    (_, remarks) = reviews_in(write(tmp_path / "t.csv", f"study,yi,{spread}\n"))
    assert any("row 2, A: no effect with a variance above 0" in remark for remark in remarks)


def remarks(path: Path, said: Hints | None = None) -> str:
    (analysis,) = read(path, said)
    return " ".join(analysis.remarks)


EFFECTS = "{head},yi,sei\nAsh,-0.2,0.1\nBeech,-0.3,0.2\nCole,0.1,0.1\n"


@pytest.mark.parametrize("role", ["study", "trial", "slab", "label"])
def test_any_word_for_the_study_says_which_column_names_it(role: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", EFFECTS.format(head="Studie"))
    assert labels(path) == ["row 2", "row 3", "row 4"]
    assert '--column "study=Studie"' in remarks(path)
    (analysis,) = read(path, Hints(columns={role: "Studie"}))
    assert [record.study for record in analysis.records] == ["Ash", "Beech", "Cole"]
    assert not analysis.remarks


def test_an_id_of_words_names_the_studies(tmp_path: Path) -> None:
    assert labels(write(tmp_path / "t.csv", EFFECTS.format(head="id"))) == ["Ash", "Beech", "Cole"]


def test_of_trial_and_slab_the_trial_names_the_study(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "trial,slab,yi,sei\nash,Ash 2001,-0.2,0.1\nbeech,Beech 2003,-0.3,0.2\n")
    assert labels(path) == ["ash", "beech"]


def test_groups_that_differ_in_case_or_spaces_are_taken_together_and_named(tmp_path: Path) -> None:
    rows = ("Ash,-0.2,0.1,knee joint,High", "Beech,-0.3,0.2,Knee  joint ,high", "Cole,0.1,0.1,hip,low")
    path = write(tmp_path / "t.csv", "study,yi,sei,subgroup,dose level\n" + "\n".join(rows) + "\n")
    (analysis,) = read(path, None)
    assert [record.subgroup for record in analysis.records] == ["knee joint", "knee joint", "hip"]
    assert [record.other["dose level"] for record in analysis.records] == ["High", "High", "low"]
    assert remarks(path).count("differ only in case or spaces") == 2


def test_a_decimal_comma_is_read_beside_words_which_are_named(tmp_path: Path) -> None:
    rows = ("Ash;-0,2;0,1;6,5", "Beech;-0,3;0,2;8,0", "Cole;0,1;0,1;12,5", "Dove;0,1;0,1;ca. 10")
    path = write(tmp_path / "t.csv", "study;yi;sei;Dauer\n" + "\n".join(rows) + "\n")
    (analysis,) = read(path, None)
    assert [record.other["Dauer"] for record in analysis.records] == ["6.5", "8.0", "12.5", "ca. 10"]
    assert '"ca. 10", which is none' in remarks(path)


@pytest.mark.parametrize("title", ["", "Adverse events,,\n"])
def test_a_row_of_units_below_the_names_is_left_out_and_named(title: str, tmp_path: Path) -> None:
    rows = "Trial,Treatment n/N,Control n/N\n,(n/N),(n/N)\nAsh,12/34,5/33\nBeech,8/40,6/41\n"
    path = write(tmp_path / "t.csv", title + rows)
    (analysis,) = read(path, None)
    assert not analysis.problems
    assert [record.cells["events1"] for record in analysis.records] == ["12", "8"]
    assert "it holds units ((n/N)), and is left out" in remarks(path)


def test_a_pdf_is_refused_as_no_table(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF-1.4\n")
    assert "a PDF is no table" in refusal(path)


def test_what_is_read_of_windows_is_shown_with_whole_quotes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes('study,yi,sei\n"Weiß 2001",1,1\nAsh,1,1\n'.encode("cp1252"))
    assert "row 2 says Weiß. If that" in remarks(path)


CLASSES = """study,events1,n1,events2,n2,ICC,Cluster size,ICC source
Ash 2001,63,295,84,330,0.02,29.8,median of Adams 2004
Birch 2004,40,200,52,210,,,
"""


def test_a_file_says_by_its_columns_that_a_trial_is_of_clusters(tmp_path: Path) -> None:
    """The Handbook's example (section 23.1.5): SE 0.19 of the log OR becomes 0.24."""
    table = tmp_path / "t.csv"
    table.write_text(CLASSES, encoding="utf-8")
    with pytest.warns(UserWarning, match="Cluster size, ICC, ICC source: the numbers of these rows are corr"):
        review = read_table(table, measure="OR")
    ash, birch = synthesise(review)[0].effects
    assert f"{ash.vi**0.5:.2f}" == "0.24"
    assert ash.assumption == "ICC 0.02, from median of Adams 2004"
    assert not {"design_effect", "icc_assumed"} & {*birch.flags}
    assert (ash.n1, ash.n2) == (295, 330)
    assert review.characteristics == {}


@pytest.mark.parametrize(
    ("head", "cells", "factor"),
    [("design effect", "1.576", 1.576), ("deff", "2", 2.0), ("icc,average cluster size", "0.1,11", 2.0)],
)
def test_a_computed_effect_has_its_variance_times_the_design_effect(tmp_path, head, cells, factor) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"study,yi,vi,{head}\nAsh,0.2,0.04,{cells}\nElm,0.3,0.05{',' * (head.count(',') + 1)}\n")
    with pytest.warns(UserWarning, match="corrected for clusters"):
        review = read_table(table)
    assert [effect.vi for effect in synthesise(review)[0].effects] == pytest.approx([0.04 * factor, 0.05])


def test_an_icc_or_a_size_alone_is_a_moderator(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    for name in ("icc", "cluster size"):
        table.write_text(f"study,yi,vi,{name}\nAsh,0.2,0.04,3\nElm,0.3,0.05,4\n", encoding="utf-8")
        review = read_table(table)
        assert [*review.characteristics] == [name]
        assert [effect.vi for effect in synthesise(review)[0].effects] == pytest.approx([0.04, 0.05])
