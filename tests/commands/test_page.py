"""What a command prints fits a screen, and `--full` holds all of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from commands.test_own_tables import TABLES as OWN_TABLES
from commands.test_own_tables import laid_out  # noqa: F401  (the fixture own)
from livingmeta.__main__ import COMMANDS, function_of
from livingmeta.commands import screen
from livingmeta.commands.options import Full
from livingmeta.commands.printing import BRIEF
from livingmeta.language import FLAG_WORDS

ROOT = Path(__file__).parents[2]
LEFT_OUT = re.compile(r"… ((?:[\d,]+ more [^:]*?)): --full")

# Commands that print a page of a document, or a line or two of what they wrote.
PAGES = {"dictionary", "explore", "report", "template", "new", "completion", "forest"}
QUICK = [
    ("reviews",),
    *((command, "smith2017") for command in ("check", "pool", "trace", "gaps")),
    ("pool", "knee_oa"),
    ("pool", "smith2017", "--profile", "all"),
    ("reproduce", "smith2017"),
    ("small-study", "smith2017"),
    ("regress", "knee_oa", "--synthesis", "pain-post", "--by", "year"),
    ("diff", "living", "--against", "smith2017"),
    ("export", "smith2017", "--to", "metafor"),
    ("gaps", "living", "--letter"),
]
LONG = [
    *(
        (command, review, *more)
        for review in ("smith2017", "living", "knee_oa")
        for command, *more in (
            ("check",),
            ("pool",),
            ("trace",),
            ("gaps",),
            ("pool", "--profile", "all"),
            ("reproduce",),
            ("certainty",),
            ("deduce",),
            ("certify",),
            ("verify",),
            ("sensitivity",),
            ("multiverse",),
            ("gosh",),
            ("bayes",),
            ("small-study",),
            ("resample", "--count", "200"),
            ("simulate", "--count", "200"),
            ("run",),
        )
        if (command, review, *more) not in QUICK
    ),
    ("pool", "knee_oa", "--synthesis", "pain-post"),
    ("diff", "knee_oa", "--against", "smith2017"),
]
# Of tables of one's own: means, events, computed effects, 300 rows, and many analyses in one file.
TABLES = {
    "means.csv": "study,mean1,sd1,n1,mean2,sd2,n2\n"
    + "".join(f"Study {i},{4 + i / 10},2.1,{20 + i},5.2,2.3,{22 + i}\n" for i in range(8)),
    "events.csv": "study,events1,n1,events2,n2\n"
    + "".join(f"Study {i},{i},{30 + i},{2 + i},{31 + i}\n" for i in range(6)),
    "effects.csv": "study,yi,sei\n" + "".join(f"Study {i},{i / 20 - 0.4:.3f},0.2\n" for i in range(300)),
    "many.csv": "analysis,study,yi,sei\n"
    + "".join(f"Outcome {n},Study {i},{i / 9 - n / 40:.3f},0.2\n" for n in range(30) for i in range(4)),
}
OF_FILES = [
    (command, table, *(() if table in {"means.csv", "events.csv"} else ("--measure", "SMD")), *more)
    for table in TABLES
    for command, *more in (("pool",), ("check",), ("trace",), ("small-study",))
]
OF_FILES_LONG = [
    (command, table, *(() if table in {"means.csv", "events.csv"} else ("--measure", "SMD")), *more)
    for table in TABLES
    for command, *more in (
        ("pool", "--profile", "all"),
        ("reproduce",),
        ("certainty",),
        ("sensitivity",),
        ("multiverse",),
        ("gosh", "--most", "500"),
        ("bayes",),
        ("resample", "--count", "100"),
        ("simulate", "--count", "100"),
        ("run",),
        ("export", "--to", "metafor"),
    )
]
# Six tables as people have them; what is typed of each, beside the command, stands in test_own_tables.
OWN_COMMANDS = (
    *(("pool",), ("check",), ("trace",), ("small-study",), ("certainty",), ("sensitivity",), ("multiverse",)),
    *(
        ("gosh", "--most", "300"),
        ("bayes", "--tau-scale", "1"),
        ("resample", "--count", "100"),
        ("simulate", "--count", "100"),
    ),
    *(
        ("forest",),
        ("run",),
        ("report",),
        ("explore",),
        ("deduce",),
        ("certify",),
        ("export", "--to", "xlsx"),
    ),
    *(("regress", "--by", "BY"), ("diff", "--against", "OTHER"), ("pool", "--subgroup", "PARTS")),
    *(("run", "--subgroup", "PARTS"), ("import", "NEW")),
)


def test_every_command_takes_full_but_those_that_print_a_page_or_a_line() -> None:
    for name in COMMANDS:
        takes = Full in function_of(name).__annotations__.values()
        assert takes is (name not in PAGES), name


def test_every_flag_has_few_words() -> None:
    assert set(BRIEF) == set(FLAG_WORDS)
    assert max(map(len, BRIEF.values())) <= 50


def fits(text: str) -> None:
    lines = text.splitlines()
    assert len(lines) <= 40, f"{len(lines)} lines:\n{text}"
    for line in lines:  # a path stays in one piece, so that it can be copied
        alone = len(line.split()) == 1 and "/" in line
        assert cell_len(line) <= 80 or alone, line


@pytest.fixture
def typing(say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Type a command on a terminal of 80 columns, where the tables lie; what it printed."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def typed(*words: str) -> str:
        done = say(*words)
        assert done.status in {0, 1}, done.err
        above = [line for line in done.err.splitlines() if line.strip()]  # a bar that is gone leaves none
        return "\n".join([*above, done.out])

    return typed


@pytest.mark.parametrize("words", [*QUICK, *OF_FILES], ids=" ".join)
def test_what_a_command_prints_fits_a_screen(words: tuple[str, ...], typing: Callable[..., str]) -> None:
    fits(typing(*words))


@pytest.mark.slow
@pytest.mark.parametrize("table", OWN_TABLES)
@pytest.mark.parametrize("words", OWN_COMMANDS, ids=" ".join)
def test_what_is_said_of_an_own_table_fits_a_screen(
    words: tuple[str, ...], table: str, own, typing: Callable[..., str]
) -> None:
    file, *said = own(table)
    other = Path(file).with_name("other.csv")
    lines = Path(file).read_text(encoding="utf-8").splitlines(keepends=True)
    other.write_text("".join(lines[:-1]), encoding="utf-8")
    _, parts, by = OWN_TABLES[table]
    named = {"OTHER": other.name, "PARTS": parts, "BY": by}
    command, *more = (named.get(word, word) for word in words)
    name, more = ([file, "new_review"], []) if command == "import" else ([Path(file).name], more)
    fits(typing(command, *name, *more, *said))


@pytest.mark.slow
@pytest.mark.parametrize("words", [*LONG, *OF_FILES_LONG], ids=" ".join)
def test_what_long_commands_print_fits_a_screen(words: tuple[str, ...], typing: Callable[..., str]) -> None:
    fits(typing(*words))


@pytest.mark.parametrize("review", ["smith2017", "living", pytest.param("knee_oa", marks=pytest.mark.slow)])
def test_full_holds_every_trial_and_flag_and_the_screen_says_how_many_trials_it_leaves_out(
    review: str, typing: Callable[..., str]
) -> None:
    pools = json.loads(typing("pool", review, "--json"))
    whole, short = " ".join(typing("pool", review, "--full").split()), typing("pool", review)
    shown = 0
    for pool in pools:
        for effect in pool["trials"]:
            assert effect["label"] in whole
        for lack in pool["missing"]:
            assert f"not available: {lack['label']} – look in {lack['where']}" in whole
        for flag in pool["flags"]:
            assert f"flag {flag}: {FLAG_WORDS[flag]}" in whole
    trials = sum(len(pool["trials"]) for pool in pools)
    shown = len(re.findall(r"\d+\.\d%$", short, re.MULTILINE))
    left = re.search(r"(\d+) more trials", " ".join(short.split()))
    assert left is not None
    assert shown + int(left[1]) == trials
    assert "--full" not in whole


def test_a_number_is_never_shown_without_its_flags(typing: Callable[..., str]) -> None:
    """Each result stands in a line with how many flags it has, or with all of them."""
    pools = json.loads(typing("pool", "smith2017", "--json"))
    for command in ("pool", "trace", "certainty"):
        flat = " ".join(typing(command, "smith2017").split())
        for pool in pools:
            n = len(pool["flags"])
            about = flat.partition(f"({pool['synthesis']})")[2]
            assert re.search(rf"\b{n} flags?\b", about), (command, pool["synthesis"])


def test_a_verdict_stands_beside_its_number(typing: Callable[..., str]) -> None:
    flat = " ".join(typing("pool", "smith2017").split())
    assert "−0.30" in flat
    assert "verdict: partial" in flat.partition("(pain-medium)")[0]


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300)


@given(
    sections=st.lists(
        st.tuples(texts, st.lists(st.tuples(st.integers(1, 8), texts), max_size=6), st.integers(0, 60)),
        min_size=1,
        max_size=30,
    )
)
def test_any_page_fits_and_counts_what_it_leaves_out(
    sections: list[tuple[str, list[tuple[int, str]], int]],
) -> None:
    def made(*, full: bool) -> screen.Page:
        page = screen.Page(full=full)
        for head, notes, rows in sections:
            page.section("result")
            page.say(head[:75], bold=True, what="")
            for rank, note in notes:
                page.say({0: "1 flag", rank: f"  {note}"}, what="note")
            page.table(["trial", "value"], [[f"t{n}", f"{n}"] for n in range(rows)], rank=3, what="row")
        return page

    page = made(full=False)
    page.width = 80
    lines = [line for line, _ in page.lines()]
    must = sum(len(screen.wrapped(head[:75], 80)) + len(notes) for head, notes, _ in sections[:1])
    assert len(lines) <= max(40, must + 4)
    shown = sum(re.fullmatch(r"  t\d+ .*\d", line) is not None for line in lines)
    left = dict(page.left_out())
    out = left.get("result", 0)
    inside = sections[: len(sections) - out]
    assert shown + left.get("row", 0) == sum(rows for _, _, rows in inside)
    assert {name for name in left if name not in {"result", "row", "note in full"}} == set()


@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_a_table_that_is_too_wide_is_stacked_and_loses_nothing(width: int) -> None:
    head = ["trial", "what it says", "where"]
    rows = [["Øst 2001", "a word " * 40, "page 3"], ["李 2002", "b", "—" * 90]]
    lines = screen.table_lines(head, rows, width)
    assert all(cell_len(line) <= width for line in lines)
    flat = "".join("".join(lines).split())
    for row in rows:
        for cell in row:
            if width < 200:
                assert "".join(cell.split()) in flat
    if width == 80:
        assert lines[0] == "  Øst 2001"
        assert lines[1].startswith("    what it says: a word a word")


def test_a_path_and_a_command_are_not_broken_and_a_p_keeps_its_sign() -> None:
    path = "/tmp/" + "folder/" * 20 + "report.html"
    assert screen.wrapped(f"written: {path}", 40) == ["written:", f"  {path}"]
    assert screen.wrapped('Next: livingmeta screen own --stage "full text"', 20) == [
        "Next:",
        '  livingmeta screen own --stage "full text"',
    ]
    assert screen.wrapped("a test of asymmetry says P = 0.04 here", 30) == [
        "a test of asymmetry says",
        "  P = 0.04 here",
    ]
