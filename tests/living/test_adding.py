"""No byte of the user's is lost: files are replaced whole, by one at a time, or not at all."""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import typer

from folders import ROOT, folder
from livingmeta.living import adding
from livingmeta.living.adding import planned, start
from livingmeta.living.drafts import appended
from livingmeta.review.folder import load_review
from livingmeta.store import LOCK, ChangedError, replace_all, write
from livingmeta.words import key_of

GAP = {
    "trial": "alpha2001",
    "outcome": "pain",
    "weeks": "26",
    "what": "means",
    "where": "table 3",
    "source": "paper",
}


def test_what_stands_in_a_file_survives_to_the_last_byte(tmp_path: Path) -> None:
    """Byte order mark, line ends, comments, column order, unknown columns, a missing last line."""
    path = folder(tmp_path)
    file = path / "gaps.csv"
    mine = "\ufeff# my notes, with commas\r\nwhere,mine,trial,what,source,weeks,instrument,outcome"
    file.write_bytes(mine.encode())
    with planned(str(path), {"gaps": [GAP]}) as plan:
        plan.write()
    assert file.read_bytes() == (mine + "\r\ntable 3,,alpha2001,means,paper,26,,pain\r\n").encode()
    assert load_review(path).gaps[0].where == "table 3"


def test_a_cell_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"gaps\.csv has no column weeks"):
        appended("trial,what\n", [{"trial": "a", "weeks": "3"}], file="gaps.csv")


def test_keys_are_never_taken_twice() -> None:
    assert key_of("Smith 2024", []) == "smith2024"
    assert key_of("Smith 2024", ["smith2024", "smith2024_2"]) == "smith2024_3"
    assert key_of("李 2024", []) == "2024"
    assert key_of("李", []) == "row"


def test_a_file_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = folder(tmp_path)
    with planned(str(path), {"gaps": [GAP], "reports": []}) as plan:
        theirs = (path / "gaps.csv").read_text() + "alpha2001,pain,,52,other,elsewhere,paper\n"
        (path / "gaps.csv").write_text(theirs)
        with pytest.raises(ChangedError, match="somebody else changed this file"):
            plan.write()
    assert (path / "gaps.csv").read_text() == theirs


def test_a_lock_somebody_holds_is_respected(tmp_path: Path, monkeypatch) -> None:
    from filelock import FileLock

    from livingmeta import store

    monkeypatch.setattr(store, "PATIENCE", 0.1)
    file = write(tmp_path / "a.csv", "x\n")
    with FileLock(tmp_path / LOCK), pytest.raises(ChangedError, match="somebody else is writing"):
        replace_all({file: (b"x\n", "y\n")})
    assert file.read_text() == "x\n"


ADDER = """
import sys
from livingmeta.living.adding import planned, start
from livingmeta.store import ChangedError
path, number = sys.argv[1:]
row = {"trial": "alpha2001", "outcome": "pain", "weeks": number, "what": "means",
       "where": "t", "source": "paper"}
for _ in range(500):
    try:
        with planned(path, {"gaps": [row]}) as plan:
            plan.write()
        sys.exit(0)
    except ChangedError:  # another one was faster
        pass
sys.exit(1)
"""


@pytest.mark.slow
def test_many_adders_at_once_lose_no_row(tmp_path: Path) -> None:
    path = folder(tmp_path)
    adders = [
        subprocess.Popen([sys.executable, "-c", ADDER, str(path), str(number)]) for number in range(1, 21)
    ]
    assert [adder.wait(timeout=240) for adder in adders] == [0] * 20
    weeks = sorted(row.weeks or 0 for row in load_review(path).gaps)
    assert weeks == list(range(1, 21))
    assert not [left for left in path.iterdir() if left.name.startswith(".")]


WRITER = """
import sys
from pathlib import Path
from livingmeta.store import write
file = Path(sys.argv[1])
texts = [letter * 400_000 for letter in "ab"]
print("go", flush=True)
while True:
    for text in texts:
        write(file, text)
"""


@pytest.mark.slow
def test_a_crash_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """A writer is killed 200 times, in the middle of whatever it does."""
    file = write(tmp_path / "rows.csv", "a" * 400_000)
    for number in range(200):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.0007 * (number % 23))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        held = file.read_text()
        assert len(held) == 400_000
        assert len(set(held)) == 1
    write(file, "c")
    assert [left.name for left in tmp_path.iterdir()] == ["rows.csv"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the disk: no file may grow beyond it."""
    file = write(tmp_path / "rows.csv", "old\n")
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path; from livingmeta.store import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write(Path(sys.argv[1]), 'new' * 10_000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"File too large: '{file}'" in done.stderr
    assert file.read_text() == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_a_folder_that_may_not_be_written_is_left_alone(tmp_path: Path) -> None:
    """Root writes anyway, so that the child becomes nobody."""
    path = folder(tmp_path)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    for one in (path, *path.parents):
        if one.is_relative_to(tmp_path):
            one.chmod(0o755)
    for one in (tmp_path, *tmp_path.parents[:2]):
        one.chmod(one.stat().st_mode | 0o055)
    path.chmod(0o555)
    command = (
        "import os, sys, filelock, traceback, linecache\n"
        "from pathlib import Path; from livingmeta.store import replace_all\n"
        "if os.getuid() == 0:\n    os.setgid(65534); os.setuid(65534)\n"
        "file = Path(sys.argv[1])\n"
        "replace_all({file: (file.read_bytes(), 'x')})"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, str(path / "gaps.csv")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": "/tmp"},
    )
    path.chmod(0o755)
    assert done.returncode != 0
    assert f"Permission denied: '{path / 'gaps.csv'}'" in done.stderr
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before


def test_nothing_is_written_by_a_dry_run_or_a_no(say, tmp_path: Path, monkeypatch) -> None:
    path = folder(tmp_path)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    form = filled(say, tmp_path, path)
    said = say("add", str(path), "--from", str(form), "--dry-run", "--out", str(tmp_path / "f"))
    assert said.status == 0
    assert "nothing is written" in said.out
    assert "gamma2020" in said.out
    monkeypatch.setattr("typer.prompt", lambda *words, **options: "n")
    said = say("add", str(path), "--from", str(form), "--out", str(tmp_path / "f"))
    assert "Nothing is written." in said.out
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert adding.planned is planned


def test_who_leaves_a_dialogue_is_told_that_the_answers_are_kept(say, tmp_path: Path, monkeypatch) -> None:
    path, answers = folder(tmp_path), iter(["1"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("livingmeta.commands.asking._attended", lambda: True)

    def prompt(*words: object, **options: object) -> str:
        for answer in answers:
            return answer
        raise typer.Abort

    monkeypatch.setattr("typer.prompt", prompt)
    said = say("add", str(path))
    assert said.status == 1
    assert "Your answers are kept: the same command goes on where you were." in said.out
    (kept,) = (tmp_path / "state").rglob("*.json")
    assert json.loads(kept.read_text("utf-8")) == {"Which trial?": ["new"]}


def filled(say, tmp_path: Path, path: Path) -> Path:
    form = tmp_path / "form.csv"
    say("template", str(path), "--out", str(form))
    with form.open("a", encoding="utf-8", newline="") as file:
        header = form.read_text(encoding="utf-8-sig").splitlines()[-1].split(",")
        writer = csv.DictWriter(file, header)
        shared = {
            "label": "Gamma 2020",
            "membership_why": "adults, as the paper says",
            "citation": "Gamma G. 2020",
            "instrument": "vas",
            "outcome": "pain",
            "weeks": "12",
            "locator": "Table 1",
        }
        writer.writerow({**shared, "group": "1", "n": "30", "result": "2.9 (SD 1.6)", "quote": "2.9 (1.6)"})
        writer.writerow({**shared, "group": "2", "n": "31", "result": "3.4 (SD 1.7)", "quote": "3.4 (1.7)"})
    return form


def test_a_filled_form_is_added_and_the_change_is_told(say, tmp_path: Path) -> None:
    path = folder(tmp_path)
    form = filled(say, tmp_path, path)
    said = say("add", str(path), "--from", str(form), "--yes", "--out", str(tmp_path / "f"))
    assert said.status == 0, said.err
    assert "Gamma 2020 in Pain, short term: SMD" in said.flat
    assert "1 of 1 other trials lie lower" in said.flat
    assert "In one line, for a list of changes:" in said.out
    assert "of 2 trials the interval is made by t with one degree of freedom" in said.flat
    assert (tmp_path / "f" / "small" / "diff.png").is_file()
    assert [trial.label for trial in load_review(path).trials] == ["Alpha 2001", "Gamma 2020"]
    again = say("add", str(path), "--from", str(form), "--yes")
    assert again.status == 2
    assert "the same arm at the same time stands already" in again.err


@pytest.mark.parametrize("side", [1, "unknown", None])
def test_a_new_review_keeps_the_comments_of_the_template_in_their_order(
    tmp_path: Path, side: int | str | None
) -> None:
    start(tmp_path / "mine", negative_favours=side)
    made = (tmp_path / "mine" / "review.toml").read_text(encoding="utf-8")
    _, *given = (ROOT / "data/template/review.toml").read_text(encoding="utf-8").splitlines()
    new_first, *kept = made.splitlines()
    assert "The review mine" in new_first
    assert ({"negative_favours": side} if side else {}) == {
        key: value for key, value in tomllib.loads(made)["groups"].items() if key not in "12"
    }
    added = [line for line in kept if line.startswith("negative_favours")]
    rest = [line for line in kept if line and line not in added]
    assert rest == [line.replace('id = "template"', 'id = "mine"') for line in given if line]
