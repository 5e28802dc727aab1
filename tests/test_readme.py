"""What the README tells a newcomer to type is what the project has."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livingmeta.__main__ import app, command_of
from livingmeta.audit.results import results_of, total_people
from livingmeta.pages.phrases import beside, interval
from livingmeta.review.folder import load_review

ROOT = Path(__file__).parent.parent
FIGURES = ROOT / "figures"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
RUN = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -q -c requirements.lock -e . "
    "&& .venv/bin/livingmeta run smith2017"
)
TEST = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -q -c requirements.lock "
    '-e ".[dev]" && .venv/bin/python -m pytest'
)
# Long; the tests of these commands run them, most of them on smaller syntheses.
LONG = (
    "run living",
    "gosh knee_oa",
    "small-study knee_oa",
    "multiverse smith2017",
    "certify",
    "report smith2017",
    "deduce smith2017",
    "sensitivity smith2017",
    "bayes smith2017",
    "forest knee_oa",
    "--subgroup",
)
TYPED = "".join(BLOCKS[2:]) + "\n".join(re.findall(r"^livingmeta .*", PAGE, re.MULTILINE))
COMMANDS = list(dict.fromkeys(line.partition("#")[0].strip() for line in TYPED.splitlines() if line))


def test_there_are_exactly_two_commands_that_set_everything_up() -> None:
    assert [block.strip() for block in BLOCKS[:2]] == [RUN, TEST]
    assert README.count("python3 -m venv") == 2
    install = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert f"{RUN.partition(' && .venv/bin/livingmeta')[0]}\n" in install
    assert f"{TEST}\n" in install


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(one, marks=pytest.mark.slow if any(long in one for long in LONG) else ())
        for one in COMMANDS
    ],
)
def test_every_command_shown_is_one_that_works(
    command: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    typed: Callable[..., tuple[Path, str]],
) -> None:
    words = [
        str(tmp_path / word) if word.endswith(".csv") and not (ROOT / word).is_file() else word
        for word in shlex.split(command)[1:]
    ]
    # They ask, or need a file, papers or a network: tests of their own run them.
    if words[0] in {"add", "fill", "import", "read", "screen", "search"} or "--papers" in words:
        app([words[0], "--help"], standalone_mode=False)
        told = capsys.readouterr().out
        assert all(word in told for word in words if word.startswith("--"))
        return
    known = command_of(words[0]).params
    options = {option for param in known for option in param.opts}
    if "--out" in options and words[0] not in {"template", "certify"}:
        assert typed(*words)[1]
        return
    place = tmp_path / "form.xlsx" if words[0] == "template" else tmp_path
    words += [word for name in ("--out", "--in") if name in options for word in (name, str(place))]
    if words[0] == "certify":  # in a process of its own: what other programs warn of is theirs
        done = subprocess.run(
            [sys.executable, "-m", "livingmeta", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "metafor" in done.stdout
        return
    monkeypatch.setattr(sys, "argv", ["livingmeta", *words])
    app(words, standalone_mode=False)
    assert capsys.readouterr().out


def test_what_it_says_a_command_prints_is_printed(say: Callable[..., Any]) -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    words = shlex.split(BLOCKS[2].splitlines()[0].partition("#")[0])[1:]
    said = say(*(str(ROOT / word) if (ROOT / word).is_file() else word for word in words))
    assert said.out.startswith(shown), said.err


def test_it_is_read_in_a_few_minutes() -> None:
    assert len(README.split()) <= 900


def test_every_file_the_readme_links_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).is_file(), link


@pytest.mark.parametrize("folder", ["data", "analysis", "tests"])
def test_the_folders_it_names_exist(folder: str) -> None:
    assert (ROOT / folder).is_dir()


def test_the_committed_page_is_what_run_writes_today(ran: tuple[Path, str]) -> None:
    for name in ("report.md", "reproduction.csv"):
        fresh = (ran[0] / name).read_text(encoding="utf-8")
        committed = (FIGURES / "smith2017" / name).read_text(encoding="utf-8")
        assert fresh == committed, f"{name}: run `livingmeta run smith2017` and commit the result"


def test_the_committed_explorer_is_what_run_writes_today(ran: tuple[Path, str]) -> None:
    def nine_digits(page: Path) -> str:  # processors differ in the last ones
        number = r"-?\d+\.\d+(?:e-?\d+)?"
        return re.sub(number, lambda found: f"{float(found[0]):.9g}", page.read_text("utf-8"))

    fresh, committed = (folder / "explorer.html" for folder in (ran[0], FIGURES / "smith2017"))
    assert nine_digits(fresh) == nine_digits(committed), "run `livingmeta run smith2017`, commit"


def test_the_numbers_it_tells_are_those_of_today() -> None:
    results = results_of(load_review("smith2017"))
    pools = {pool.synthesis: pool for pool in results.headline_pools}
    short, function = pools["pain-short"], pools["function-short"]
    assert short.result is not None
    assert function.result is not None
    assert interval(short.result) in README
    assert beside(short).partition(": ")[2] in README
    assert f"({short.people.known} of {total_people(results.review)} people)" in README
    assert f"(I² = {function.result.i2:.0f}%)" in README
    assert f"lists {len(results.review.gaps)} results" in README
    assert [len(pool.effects) for pool in pools.values()] == [3, 0, 1, 4, 0, 1]
    living = next(iter(results_of(load_review("living")).headline_pools))
    assert f"{len(living.effects)} of {len(living.measured)}, {interval(living.result)}" in README
    pins = (ROOT / "tests" / "reference" / "metafor_pools.csv").read_text(encoding="utf-8")
    sets = {line.split(",")[0] for line in pins.splitlines()[1:]}
    assert f"to 1e-8 on {len(sets)} data sets" in README


@pytest.mark.parametrize("name", ["requirements.lock", "requirements.hashes.lock"])
def test_the_lock_names_no_host_and_no_path(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert not re.search(r"^\s*(-(?!-hash=sha256:)|/|file:)", lock, re.MULTILINE)
