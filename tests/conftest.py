"""What all tests share."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest
import typer.main
from filelock import FileLock
from hypothesis import settings

from browser import chromium, open_page  # noqa: F401  (fixtures)
from livingmeta.__main__ import app, main

ROOT = Path(__file__).parents[1]
# Threads make our small matrices thirty times slower where every worker starts one per core.
# numpy, which reads this, is first imported by the tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# typer reads the signatures of all commands at each call; a program makes one, tests make hundreds.
typer.main.get_command = cache(typer.main.get_command)
# How long an example takes is no claim of ours, and the first one pays for imports.
settings.register_profile("search", deadline=None, max_examples=12)
# New examples are looked for where somebody can look at what they show; CI repeats its own, and
# more of them where it has the time. What is heavy takes a share of these numbers.
settings.register_profile("repeat", deadline=None, max_examples=12, derandomize=True)
settings.register_profile("thorough", deadline=None, derandomize=True)
settings.load_profile("repeat" if os.environ.get("CI") == "true" else "search")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let who has the time search for longer."""
    parser.addoption("--fuzz", type=float, default=60.0, metavar="SECONDS", help="how long each fuzzer runs")
    parser.addoption("--kills", type=int, default=1000, help="writers that the slow test kills")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out: a test nobody ran must not look like one that passed."""
    if terminalreporter.config.option.markexpr == "not slow":
        terminalreporter.write_line("Left out: tests marked slow. CI runs them, as .ci/run says.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None] | pytest.TestReport:
    """Fail a skipped test where everything must run: a skip there is a check nobody made."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session", autouse=True)
def cached(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what tests read of papers for none but themselves."""
    os.environ["LIVINGMETA_CACHE"] = str(tmp_path_factory.mktemp("cache"))


class Said:
    """What one call printed, and its exit status."""

    def __init__(self, capsys: pytest.CaptureFixture[str], here: Path, *words: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if Path.cwd() == ROOT:
                patch.chdir(here)
            patch.setattr(sys, "argv", ["livingmeta", *words])
            try:
                main()
                self.status: object = 0
            except SystemExit as end:
                self.status = end.code or 0
        captured = capsys.readouterr()
        self.out, self.err = captured.out, captured.err
        self.flat = " ".join(self.out.split())


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, str]]:
    """Type a command that writes, with --out, once for all tests that ask: its folder and words.

    A regression takes a folder only where it is drawn.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def typing(*words: str) -> tuple[Path, str]:
        out = shared / "_".join(words)
        told = Path(f"{out}.txt")
        with FileLock(f"{out}.lock"):
            if not told.exists():
                said = io.StringIO()
                with redirect_stdout(said):
                    place = [] if words[0] == "regress" and "--to" not in words else ["--out", str(out)]
                    app([*words, *place], standalone_mode=False)
                told.write_text(said.getvalue(), encoding="utf-8")
        return out, told.read_text(encoding="utf-8")

    return typing


@pytest.fixture
def ran(typed: Callable[..., tuple[Path, str]]) -> tuple[Path, str]:
    """Run the review: the folder of its files, and what was said."""
    out, said = typed("run", "smith2017")
    return out / "smith2017", said


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory):
    """Type a command in an empty folder: what it draws by default stays out of the repository."""
    here = tmp_path_factory.mktemp("typed")
    return lambda *words: Said(capsys, here, *words)
