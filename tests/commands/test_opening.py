"""A file is a review: every command takes one, says of it what is true, and writes beside it alone."""

import errno
import inspect
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer._completion_classes import BashComplete

from folders import ROOT
from livingmeta import __main__
from livingmeta.__main__ import COMMANDS, EXAMPLES, TASKS, app, command_of, function_of
from livingmeta.commands.opening import HINTS

MEANS = """study,year,mean1,sd1,n1,mean2,sd2,n2
Hansen 2015,2015,12.6,8.1,34,15.2,7.7,33
Ash 2018,2018,10.1,6.0,20,11.9,6.4,22
Birch 2020,2020,9.0,5.1,50,12.4,5.9,48
Cedar 2021,2021,14.2,7.2,41,13.9,7.9,40
Dogwood 2022,2022,8.8,5.5,25,11.0,6.1,26
"""
COUNTS = """study,events1,n1,events2,n2
Ash 2018,4,40,8,41
Birch 2020,10,100,18,98
Cedar 2021,3,50,2,52
"""
EFFECTS = "study,yi,sei\nAsh 2018,-0.21,0.12\nBirch 2020,-0.42,0.2\nCedar 2021,0.03,0.15\n"
RM5 = """<COCHRANE_REVIEW><STUDY ID="A" NAME="Ash 2001" YEAR="2001"/><STUDY ID="B" NAME="Birch 2005"/>
<COMPARISON NO="1"><NAME>Drug</NAME>
<CONT_OUTCOME NO="1" EFFECT_MEASURE="MD" RANDOM="YES" TOTALS="YES"><NAME>Pain</NAME>
<CONT_DATA STUDY_ID="A" MEAN_1="3" SD_1="1" TOTAL_1="20" MEAN_2="4" SD_2="1" TOTAL_2="21"/>
<CONT_DATA STUDY_ID="B" MEAN_1="2" SD_1="1" TOTAL_1="30" MEAN_2="4" SD_2="1" TOTAL_2="31"/></CONT_OUTCOME>
<CONT_OUTCOME NO="2" EFFECT_MEASURE="MD" RANDOM="YES" TOTALS="YES"><NAME>Function</NAME>
<CONT_DATA STUDY_ID="A" MEAN_1="9" SD_1="2" TOTAL_1="20" MEAN_2="8" SD_2="2" TOTAL_2="21"/></CONT_OUTCOME>
<DICH_OUTCOME NO="3" EFFECT_MEASURE="OR" METHOD="IV" RANDOM="YES" TOTALS="YES"><NAME>Death</NAME>
<DICH_DATA STUDY_ID="A" EVENTS_1="4" TOTAL_1="40" EVENTS_2="8" TOTAL_2="41"/>
<DICH_DATA STUDY_ID="B" EVENTS_1="5" TOTAL_1="60" EVENTS_2="9" TOTAL_2="61"/></DICH_OUTCOME>
</COMPARISON></COCHRANE_REVIEW>"""
# What a command needs beside the file, and what keeps it short
MORE = {
    "diff": ("--against", "{file}"),
    "export": ("--to", "metafor"),
    "regress": ("--by", "year"),
    "resample": ("--count", "100", "--most", "100"),
    "simulate": ("--count", "100", "--effect", "0", "--between", "0"),
}
ALONE = {"reviews", "new", "dictionary"}  # these take none
OF_FOLDERS = {"add", "fill", "read", "verify", "template", "gaps", "search", "screen"}
LONG = {"certify", "multiverse", "sensitivity", "bayes", "gosh"}
OF_FILES = [name for name in COMMANDS if name not in ALONE | OF_FOLDERS | {"import"}]


@pytest.fixture
def pain(tmp_path: Path) -> Path:
    return written(tmp_path, "pain.csv", MEANS)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def words(name: str, file: Path) -> list[str]:
    return [name, str(file), *(word.format(file=file) for word in MORE.get(name, ()))]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in OF_FILES]
)
def test_every_command_takes_a_file_and_writes_beside_it_alone(say, pain: Path, name: str) -> None:
    before = pain.read_bytes()
    said = say(*words(name, pain))
    assert (said.status, "Traceback" in said.err) == (0, False), said.err
    assert said.out
    own = {"pain.csv"} | ({"figures"} if (pain.parent / "figures").exists() else set())
    assert {path.name for path in pain.parent.iterdir()} == own
    assert pain.read_bytes() == before
    for page in pain.parent.glob("figures/*"):
        assert page.name == "pain"
    assert "review.toml" not in said.out
    assert "PRISMA" not in said.out
    if name != "certify" and "as_json" in inspect.signature(function_of(name)).parameters:
        json.loads(say(*words(name, pain), "--json").out)


@pytest.mark.parametrize("name", sorted(OF_FOLDERS))
def test_a_command_for_which_a_file_makes_no_sense_says_how_to_make_a_review_of_it(
    say, pain: Path, name: str
) -> None:
    paper = pain.with_name("paper.html")
    paper.write_text("<title>A paper</title><table><tr><th>SD</th><td>8.1</td></tr></table>")
    before = [str(paper)] if name == "read" else []
    said = say(name, *before, str(pain), *(["--papers", str(pain.parent)] if name == "fill" else []))
    assert said.status == 2
    assert f"livingmeta import {pain} NAME" in said.err


# library(metafor); k <- list(threshold=1e-12, maxiter=1000); rma(yi=yi, sei=sei, data=d, control=k);
# rma(measure="SMD", m1i=mean1, sd1i=sd1, n1i=n1, m2i=mean2, sd2i=sd2, n2i=n2, data=d, control=k);
# rma(measure="OR", ai=events1, n1i=n1, ci=events2, n2i=n2, data=d, control=k)
@pytest.mark.parametrize(
    ("text", "estimate", "low", "high", "tau2"),
    [
        (MEANS, -0.3161734303813, -0.5672373700491, -0.0651094907136, 0.0205507355904),
        (COUNTS, -0.5761847081210, -1.2282826850995, 0.0759132688574, 0.0),
        (EFFECTS, -0.1773620267617, -0.3989014054209, 0.0441773518975, 0.0152715243163),
    ],
    ids=["means", "counts", "yi and sei"],
)
def test_a_file_is_pooled_as_metafor_pools_it(
    say, tmp_path: Path, text: str, estimate: float, low: float, high: float, tau2: float
) -> None:
    file = written(tmp_path, "t.csv", text)
    (pool,) = json.loads(say("pool", str(file), "--profile", "metafor", "--json").out)
    result = pool["result"]
    shown = [result[name] for name in ("estimate", "ci_low", "ci_high", "tau2")]
    assert shown == pytest.approx([estimate, low, high, tau2], abs=1e-8)


# e <- escalc(measure="SMD", …, data=d); rma(yi, vi, mods=~year, data=e, test="knha", control=k)
def test_a_file_is_regressed_on_its_own_column_as_metafor_does_it(say, pain: Path) -> None:
    said = say("regress", str(pain), "--by", "year", "--profile", "metafor", "--ci", "hksj", "--json")
    year = json.loads(said.out)["result"]["coefficients"][1]
    shown = [year[name] for name in ("estimate", "ci_low", "ci_high")]
    assert shown == pytest.approx([0.0103985253564, -0.1581800891371, 0.1789771398499], abs=1e-8)


def test_what_somebody_else_has_in_the_folder_of_outputs_stays_as_it_is(say, pain: Path) -> None:
    mine = pain.parent / "figures" / "pain" / "report.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    said = say("run", str(pain))
    assert (said.status, mine.read_text("utf-8")) == (2, "mine")
    assert "Say with --out" in said.err
    assert say("explore", str(pain), "--out", str(pain.parent / "other")).status == 0
    assert (pain.parent / "other" / "pain" / "explorer.html").is_file()
    twin = written(pain.parent, "pain.tsv", MEANS.replace(",", "\t"))
    assert f"what was made of {pain}" in say("explore", str(twin), "--out", str(pain.parent / "other")).err
    assert say("explore", str(pain), "--out", str(pain.parent / "other")).status == 0  # and again


def test_a_table_is_called_as_its_file_is_and_needs_no_name(say, pain: Path) -> None:
    assert say("pool", str(pain)).out.startswith("pain\n")
    say("run", str(pain))
    assert (pain.parent / "figures" / "pain" / "forest_pain.svg").is_file()


def test_the_report_of_a_file_says_nothing_that_a_table_cannot_hold(say, pain: Path) -> None:
    say("report", str(pain))
    page = (pain.parent / "figures" / "pain" / "report.md").read_text("utf-8")
    assert "of the file “pain.csv”" in page
    for absent in (
        "not said in the file",
        "Published",
        "PRISMA",
        "judges the risk",
        "known to have measured",
    ):
        assert absent not in page


def test_every_part_of_a_file_with_several_kinds_is_gone_through(say, tmp_path: Path) -> None:
    file = str(written(tmp_path, "both.rm5", RM5))
    said = say("pool", file)
    assert "part 1 of 2: both_md_random" in said.flat
    assert "part 2 of 2: both_or_random" in said.flat
    assert [pool["synthesis"] for pool in json.loads(say("pool", file, "--json").out)] == [
        "a1_1",
        "a1_2",
        "a1_3",
    ]
    say("run", file)
    for name in ("both_md_random", "both_or_random"):
        assert (tmp_path / "figures" / name / "report.html").is_file()


def test_one_analysis_of_several_is_chosen_by_id_title_or_kind(say, tmp_path: Path) -> None:
    file = str(written(tmp_path, "both.rm5", RM5))

    def chosen(*options: str) -> list[str]:
        return [pool["synthesis"] for pool in json.loads(say("pool", file, "--json", *options).out)]

    assert chosen("--analysis", "a1_2") == chosen("--analysis", "function") == ["a1_2"]
    assert chosen("--analysis", "both_md_random") == ["a1_1", "a1_2"]
    assert chosen("--synthesis", "DEATH") == ["a1_3"]
    assert "choose one of a1_1, a1_2, a1_3" in say("pool", file, "--analysis", "x").err
    refused = say("certainty", file, "--json")  # its document is no list
    assert (refused.status, "--analysis" in refused.err) == (2, True)
    say("run", file, "--analysis", "Pain")
    folder = tmp_path / "figures" / "both_md_random_a1_1"
    assert {path.name for path in folder.glob("forest*.png")} == {"forest_a1_1.png"}


BROKEN = {
    "measure": ("SDM", "Did you mean SMD?"),
    "log": (None, "--log"),
    "favours": ("up", "favours = 'up'"),
    "column": ("mean1=nowhere", "nowhere"),
    "sheet": ("Pain", "Leave --sheet out"),
    "header_row": ("99", "--header-row"),
    "mapping": ("{broken}", "valid TOML"),
    "analysis": ("x", "--analysis = 'x'"),
}


@pytest.mark.parametrize("name", OF_FILES)
def test_what_is_said_of_a_file_is_read_by_every_command(say, pain: Path, name: str) -> None:
    assert BROKEN.keys() == HINTS.keys()
    broken = written(pain.parent, "broken.toml", "columns =")
    for hint, (value, answer) in BROKEN.items():
        option = f"--{hint.replace('_', '-')}"
        typed = [option] if value is None else [option, value.format(broken=broken)]
        said = say(*words(name, pain), *typed)
        assert said.status == (
            1 if name == "check" and hint not in {"favours", "analysis", "mapping"} else 2
        ) or (name == "check" and said.status in {1, 2})
        assert answer in said.out + said.err, (name, hint)
        if hint != "measure" or name != "pool":
            refused = say(*words(name, Path("smith2017")), *typed)
            assert (refused.status, "leaves open" in refused.err or "leave open" in refused.err) == (2, True)


def test_what_is_said_of_a_file_changes_what_it_gives(say, tmp_path: Path) -> None:
    head = "trial,t m,t s,t n,c m,c s,c n"
    odd = f"see below,,,,,,\n{head}\nA,3,1,20,4,1,21\nB,2,1,30,4,1,31\nC,2,1,30,3,1,31\n"
    file = written(tmp_path, "odd.csv", odd)
    roles = zip(("mean1", "sd1", "n1", "mean2", "sd2", "n2"), head.split(",")[1:], strict=True)
    columns = [word for role, column in roles for word in ("--column", f"{role}={column}")]
    mapping = tmp_path / "odd.toml"
    options = [*columns, "--header-row", "2", "--measure", "MD", "--favours", "lower"]
    first = say("pool", str(file), *options, "--mapping", str(mapping))
    assert "MD −1." in first.flat
    assert "3 trials (163 people)" in first.flat
    assert mapping.is_file()
    assert say("pool", str(file), "--mapping", str(mapping)).out == first.out
    run = say("run", str(file), "--mapping", str(mapping)).flat
    assert "whether group 1 or group 2 is better" in run  # else the sides are not known


def test_many_remarks_are_a_count_and_check_has_them_all(say, tmp_path: Path) -> None:
    rows = "".join(f"Study {n},{n % 5},0.2\n" for n in range(20)) + "".join(
        f"Left {n},NR,0.2\n" for n in range(9)
    )
    file = written(tmp_path, "many.csv", f"study,yi,sei\n{rows}")
    said = say("pool", str(file), "--measure", "MD")
    assert f"and 4 more remarks: livingmeta check {file} --full has all" in " ".join(said.err.split())
    whole = say("check", str(file), "--measure", "MD", "--full")
    assert whole.flat.count("no effect with a variance") == 9


def test_what_is_printed_is_taken_wherever_an_id_is(say, pain: Path) -> None:
    traced = say("trace", str(pain), "PAIN", "hansen  2015").out
    assert traced == say("trace", str(pain), "pain", "hansen2015").out
    assert "Hansen 2015" in traced
    without = json.loads(say("pool", str(pain), "--without", "HANSEN 2015", "--json").out)
    assert len(without[0]["trials"]) == 4
    assert say("gosh", str(pain), "--trial", "Ash 2018").status == 0
    assert (
        "Silbernagel 2001"
        in say("trace", "living", "pain, short term", "SILBERNAGEL 2001").out + say("trace", "knee_oa").out
        or say("trace", "smith2017", "Pain, short term").status == 0
    )
    assert "Did you mean hansen2015?" in say("trace", str(pain), "pain", "hanson2015").err


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (("pol", "x.csv"), "Did you mean livingmeta pool?"),
        (("senstivity",), "Did you mean livingmeta sensitivity?"),
        (("smith2017",), "livingmeta pool smith2017; livingmeta run smith2017"),
        (("pool", "smth2017"), "Did you mean smith2017?"),
        (("pool", "notes.csv"), "there is no such file"),
    ],
)
def test_a_wrong_name_is_answered_with_what_can_be_typed(say, typed: tuple[str, ...], answer: str) -> None:
    said = say(*typed)
    assert said.status == 2
    assert answer in said.err


def test_a_file_in_the_place_of_a_command_is_told_what_can_be_done_with_it(say, pain: Path) -> None:
    assert f"livingmeta pool {pain}" in say(str(pain)).err
    other = written(pain.parent, "notes.docx", "")
    assert "Save a table as CSV or xlsx" in say("pool", str(other)).err


def test_nothing_typed_is_answered_with_what_to_type_first(
    say, pain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pain.parent)
    said = say()
    assert said.status == 0
    assert "livingmeta pool pain.csv\n" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())


def test_the_help_names_every_command_once_under_its_task_and_cuts_no_sentence(say) -> None:
    said = say("--help").out
    assert len(COMMANDS) == sum(map(len, TASKS.values()))
    assert "..." not in said.partition("COMMAND [ARGS]...")[2]
    assert all(
        f"\n{task}:\n" in said and said.count(f"\n  {name} ") == 1 for task in TASKS for name in TASKS[task]
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_in_the_help_of_a_command_can_be_typed(say, name: str) -> None:
    assert f"livingmeta {EXAMPLES[name]}" in say(name, "--help").flat
    command, *rest = shlex.split(EXAMPLES[name])
    assert command == name
    command_of(name).make_context(name, rest)  # a wrong option or argument raises


def test_reviews_files_syntheses_and_trials_are_completed(
    pain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pain.parent)
    shell = BashComplete(typer.main.get_command(app), {}, "livingmeta", "_LIVINGMETA_COMPLETE")

    def completed(*typed: str) -> list[str]:
        return [item.value for item in shell.get_completions(list(typed[:-1]), typed[-1])]

    assert completed("pool", "sm") == ["smith2017"]
    assert completed("pool", "p") == ["pain.csv"]
    assert completed("trace", "smith2017", "pain-l") == ["pain-long"]
    assert completed("gosh", "pain.csv", "--trial", "b") == ["birch2020"]
    assert completed("pool", "nothere.csv", "--synthesis", "") == []


def test_a_file_is_compared_with_another_file_or_a_review_of_the_same_measure(say, pain: Path) -> None:
    moved = str(written(pain.parent, "moved.csv", MEANS.replace("12.6,8.1", "11.6,8.1")))
    said = say("diff", moved, "--against", str(pain))
    assert "in: Hansen 2015" in said.flat
    assert "CHANGELOG" not in said.out + (pain.parent / "figures" / "moved" / "diff.md").read_text("utf-8")
    counts = written(pain.parent, "counts.csv", COUNTS)
    for against, answer in (
        (str(counts), "its effects are OR, those of"),
        ("smith2017", "no analysis is called as one of"),
        ("HEAD", "no commit of it is looked up"),
    ):
        assert answer in say("diff", moved, "--against", against).err
    assert "--against says which" in say("diff", moved).err


def test_a_panel_is_told_where_its_decisions_on_a_file_can_be_kept(say, pain: Path) -> None:
    said = say("certainty", str(pain), "--worksheet", str(pain.parent / "panel.csv"))
    assert "certainty.csv in a review made of pain.csv (livingmeta import)" in said.flat
    assert say("certainty", str(pain), "--worksheet", str(pain)).status == 2
    assert pain.read_text("utf-8") == MEANS


def test_a_file_has_the_usual_choices_and_a_review_those_it_declares(say, pain: Path) -> None:
    (world,) = json.loads(say("multiverse", str(pain), "--json").out)
    assert world["synthesis"] == "pain"
    assert "declares no choice" in say("multiverse", str(ROOT / "data" / "template")).err


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        (("diff", "a.csv", "b.csv"), "Say the second with --against"),
        (("pool", "a.csv", "b.csv"), "pool takes one at a time"),
    ],
)
def test_a_second_file_is_refused_with_what_takes_two(typed: tuple[str, ...], remedy: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "livingmeta", *typed], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f"b.csv: more than {typed[0]} takes. {remedy}" in done.stderr


def test_where_nothing_may_be_written_the_whole_path_and_out_are_named(monkeypatch, capsys) -> None:
    def shut() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "figures")

    monkeypatch.setattr(__main__, "app", shut)
    with pytest.raises(SystemExit):
        __main__.main()
    err = capsys.readouterr().err
    assert err.startswith(f"{Path('figures').absolute()}: Permission denied.")
    assert "--out" in err


def test_help_lists_the_roles_of_columns() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "livingmeta", "pool", "--help"], check=False, capture_output=True, text=True
    )
    assert all(role in done.stdout for role in ("study", "events1", "sei"))


def test_check_counts_the_rows_of_the_users_file(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("study,mean1,sd1,n1,mean2,sd2,n2\nAsh,4,2,20,5,2,20\nBeech,3,2,31,4,2,29\n")
    done = subprocess.run(
        [sys.executable, "-m", "livingmeta", "check", str(file)], check=False, capture_output=True, text=True
    )
    assert "2 trials, 2 rows" in " ".join(done.stdout.split())
