"""A file is written whole or not at all, and so are files that belong together."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from folders import ROOT, folder
from kills import at_each_step
from livingmeta import store
from livingmeta.living import adding
from livingmeta.review.folder import load_review
from livingmeta.store import JOURNAL, LOCK, ChangedError, at_rest, contents, create, replace_all, write
from livingmeta.words import RefusalError

NAMES = [f"{letter}.csv" for letter in "abc"]
STALE = ".a.csv.0123456789abcdef01234567.livingmeta"


def state(text: str) -> dict[str, bytes]:
    return dict.fromkeys(NAMES, text.encode())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of files that belong together, the last a link into another folder."""
    review = tmp_path / "review"
    for name in NAMES[:-1]:
        write(review / name, "old")
    write(tmp_path / "elsewhere" / "real.csv", "old")
    (review / NAMES[-1]).symlink_to(Path("..") / "elsewhere" / "real.csv")
    return review


def change(home: Path, was: str, now: str) -> list[Path]:
    return replace_all({home / name: (was.encode(), now) for name in NAMES})


def hidden(*folders: Path) -> list[str]:
    return [path.name for held in folders for path in held.iterdir() if path.name.startswith(".")]


def everything(home: Path) -> list[str]:
    return sorted(path.name for path in home.parent.rglob("*") if path.is_file())


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch):
    """Let no folder be locked, as one may not that can't be written."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    def switch(on: bool) -> None:
        monkeypatch.undo()
        if on:
            monkeypatch.setattr(store, "_locked", refuse)

    return switch


def test_text_is_written_as_utf8_with_its_line_endings(tmp_path: Path) -> None:
    assert write(tmp_path / "new" / "a.csv", "n,−1\r\n").read_bytes() == "n,−1\r\n".encode()


def test_of_what_is_kept_of_papers_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVINGMETA_CACHE", str(tmp_path))
    for age, name in enumerate("abcab", start=1):
        store.remembered("papers", name, lambda: age, most=2)  # noqa: B023
        os.utime(tmp_path / "papers" / f"{name}.json", (age, age))
    held = {path.stem: json.loads(path.read_text("utf-8")) for path in (tmp_path / "papers").iterdir()}
    assert held == {"a": 4, "b": 5}


def test_a_crash_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", "old")

    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="No space left on device") as full:
        write(path, "new")
    assert full.value.filename == str(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_result_is_readable_by_whoever_the_umask_allows(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    written = write(tmp_path / "a.csv", "x")
    assert written.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_mode_bits_and_links_stay(home: Path) -> None:
    (home / "a.csv").chmod(0o640)
    real = home.parent / "elsewhere" / "real.csv"
    real.chmod(0o604)
    change(home, "old", "new")
    write(home / "a.csv", "newer")
    write(home / NAMES[-1], "newer")
    assert (home / "a.csv").stat().st_mode & 0o777 == 0o640
    assert (home / NAMES[-1]).is_symlink()
    assert real.read_text("utf-8") == "newer"
    assert real.stat().st_mode & 0o777 == 0o604


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        write(tmp_path / "pipe", "x")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.slow
def test_a_writer_that_dies_at_any_step_leaves_all_files_old_or_all_new(home: Path, unwritable) -> None:
    """It dies before each file it opens, moves or removes; who may not write reads the same."""
    ends = []
    files = everything(home)
    for _ in at_each_step(lambda: change(home, "old", "new")):
        unwritable(True)
        seen = contents(home)
        unwritable(False)
        assert seen in (state("old"), state("new"))
        assert contents(home) == seen
        assert all((home / name).read_bytes() == seen[name] for name in NAMES)
        assert everything(home) == files
        ends.append(seen["a.csv"])
        for name in NAMES:
            (home / name).write_text("old", encoding="utf-8")
    turn = ends.index(b"new")
    assert set(ends[:turn]) == {b"old"}
    assert set(ends[turn:]) == {b"new"}
    assert min(turn, len(ends) - turn) > 10


@pytest.mark.slow
def test_what_stands_elsewhere_is_never_older_than_the_files_it_tells_of(home: Path) -> None:
    """The line of a changelog stands there before the lock it is about, and who was killed repeats."""
    log = home.parent / "CHANGES"
    for _ in at_each_step(lambda: replace_all({home / "a.csv": (b"old", "new"), log: (b"", "told")})):
        assert log.exists() or contents(home)["a.csv"] == b"old"
        assert contents(home)["a.csv"] in {b"old", b"new"}
        log.unlink(missing_ok=True)
        (home / "a.csv").write_text("old", encoding="utf-8")


@pytest.mark.slow
def test_folders_are_made_whole_or_not_at_all(tmp_path: Path) -> None:
    shelf, made = tmp_path / "data", {"review.toml": "x", "a.csv": "y"}
    shelf.mkdir()
    folders = {shelf / "one": made, shelf / "two": made}
    for _ in at_each_step(lambda: create(folders)):
        for path in (shelf / "one", shelf / "two"):
            assert not path.exists() or {held.name for held in path.iterdir()} == made.keys()
            if path.exists():
                for held in path.iterdir():
                    held.unlink()
    create(folders)
    assert sorted(path.name for path in shelf.iterdir()) == ["one", "two"]
    with pytest.raises(ChangedError, match="two exists already"):
        create({shelf / "three": made, shelf / "two": made})
    assert sorted(path.name for path in shelf.iterdir()) == ["one", "two"]


@pytest.mark.slow
def test_a_reader_beside_a_writer_sees_no_mix(home: Path) -> None:
    ended = threading.Event()

    def writing() -> None:
        for number in range(60):
            now, other = ("new", "old") if number % 2 == 0 else ("old", "new")
            change(home, other, now)
        ended.set()

    writer = threading.Thread(target=writing)
    writer.start()
    seen = set()
    while not ended.is_set():
        held = contents(home)
        assert len(set(held.values())) == 1, held
        seen.add(held["a.csv"])
    writer.join()
    assert seen == {b"old", b"new"}


def kill(path: Path, kills: int) -> str:
    script = ROOT / "tests" / "kills.py"
    done = subprocess.run(
        [sys.executable, str(script), str(path), "19", str(kills)], capture_output=True, text=True, check=True
    )
    written = int(done.stderr.split()[0])
    assert 0 < written < kills
    return done.stdout


@pytest.mark.slow
def test_a_killed_add_leaves_the_old_review_or_the_new_one(tmp_path: Path) -> None:
    assert kill(folder(tmp_path), 30) == ""


@pytest.mark.slow
def test_a_thousand_kills_tear_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    assert kill(folder(tmp_path), request.config.getoption("--kills")) == ""


def interrupted(home: Path, *, moved: int) -> Iterator[None]:
    """Yield once a writer has died that had moved so many of the files."""
    for _ in at_each_step(lambda: change(home, "old", "new")):
        news = [name for name in NAMES if (home / name).read_bytes() == b"new"]
        if (home / JOURNAL).exists() and len(news) == moved:
            yield
            return
        contents(home)
        for name in NAMES:
            (home / name).write_text("old", encoding="utf-8")


def test_what_somebody_wrote_after_a_crash_is_not_overwritten(home: Path) -> None:
    for _ in interrupted(home, moved=2):
        left = next(path for path in NAMES if (home / path).read_bytes() == b"old")
        (home / left).write_text("mine", encoding="utf-8")
        for _ in range(2):
            with pytest.raises(ChangedError, match=f"{left}: a writer that was to change this file") as told:
                contents(home)
        staged = Path(str(told.value).split(" stands in ")[1].split(":")[0])
        assert staged.read_text("utf-8") == "new"
        assert (home / left).read_text("utf-8") == "mine"
        (home / JOURNAL).unlink()
        assert contents(home)[left] == b"mine"
        assert hidden(home) == []


@pytest.mark.slow
def test_who_finishes_what_a_dead_writer_began_may_die_as_well(home: Path) -> None:
    for _ in interrupted(home, moved=1):
        for _ in at_each_step(lambda: contents(home)):
            pass
        assert contents(home) == state("new")
        assert hidden(home) == []


@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_a_journal_that_is_no_file_holds_nobody_up(home: Path, kind: str) -> None:
    path = home / JOURNAL
    make = {"pipe": os.mkfifo, "endless": lambda path: path.symlink_to("/dev/zero"), "folder": os.mkdir}
    make[kind](path)
    with pytest.raises(RefusalError, match="this is no journal of livingmeta"):
        contents(home)


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "{}",
        "[]",
        '{"places": []}',
        '{"places": {"a.csv": [".b.csv.0123456789abcdef01234567.livingmeta", null]}}',
        '{"places": {"../a.csv": [".a.csv.0123456789abcdef01234567.livingmeta", null]}}',
        '{"places": {"a.csv": ["../.a.csv.0123456789abcdef01234567.livingmeta", null]}}',
        '{"places": {".a.csv": ["..a.csv.0123456789abcdef01234567.livingmeta", null]}}',
        '{"places": {"a.csv": null}}',
        "\xff",
    ],
)
def test_a_strangers_journal_moves_nothing(home: Path, journal: str) -> None:
    (home / JOURNAL).write_bytes(journal.encode("latin-1"))
    (home.parent / STALE).write_text("evil", encoding="utf-8")
    with pytest.raises(RefusalError, match="this is no journal of livingmeta"):
        contents(home)
    assert (home / "a.csv").read_text("utf-8") == "old"
    assert (home.parent / STALE).exists()


def test_what_dead_writers_left_goes_and_what_the_living_write_stays(tmp_path: Path) -> None:
    import fcntl

    path = write(tmp_path / "a.csv", "x")
    name = store._beside(path, tmp_path)
    living = store._beside(path, tmp_path)
    foreign = tmp_path / ".a.csv.swp"
    for left in (name, living, foreign):
        left.touch()
    with living.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write(path, "y")
        assert sorted(hidden(tmp_path)) == sorted([living.name, foreign.name])
    assert at_rest(tmp_path, lambda: path.read_text("utf-8")) == "y"
    assert hidden(tmp_path) == [foreign.name]


def test_a_lock_file_whose_holder_died_holds_nobody_up(home: Path) -> None:
    (home / LOCK).touch()
    change(home, "old", "new")
    assert hidden(home) == []
    (home / LOCK).touch()
    assert contents(home) == state("new")
    assert hidden(home) == []


@pytest.mark.parametrize("limit", [0, 40, 400])
def test_a_full_disk_changes_none_of_the_files_and_is_told_by_name(home: Path, limit: int) -> None:
    """RLIMIT_FSIZE stands for the disk; at 40 bytes the journal is what does not fit."""
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path; from livingmeta import store\n"
        "from livingmeta.store import replace_all\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "home = Path(sys.argv[1]); limit = int(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "text = {'b.csv': 'n' * (limit + 1) if limit > 100 else 'n'}\n"
        "files = {home / name: (b'old', text.get(name, 'n')) for name in sys.argv[3:]}\n"
        "beside = home.parent / 'elsewhere' / 'LOG'\n"
        "replace_all({**files, beside: (b'', 'x')})"
    )
    words = [sys.executable, "-c", script, str(home), str(limit), *NAMES]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    file = {0: "a.csv", 40: JOURNAL, 400: "b.csv"}[limit]
    assert f"File too large: '{home / file}'" in done.stderr
    assert contents(home) == state("old")
    assert hidden(home, home.parent / "elsewhere") == []
    assert not (home.parent / "elsewhere" / "LOG").exists()


def test_a_review_that_came_with_the_program_is_copied_before_it_is_written(
    say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "site-packages" / "livingmeta" / "data"
    review = folder(packaged)
    before = {path.name: path.read_bytes() for path in review.iterdir()}
    monkeypatch.setattr(adding, "PACKAGED", packaged)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    said = say("verify", str(review), "--update", "--why", "first lock")
    assert said.status == 0, said.err
    copy = tmp_path / "work" / "data" / "small"
    assert f"{review} came with the program and stays as it is: {copy} is your copy" in said.flat
    assert {path.name: path.read_bytes() for path in review.iterdir()} == before
    assert json.loads((copy / "results.lock.json").read_text("utf-8"))["why"] == "first lock"
    assert {path.name for path in copy.iterdir()} == {*before, "results.lock.json"}
    assert len(load_review(copy).trials) == 1
    said = say("verify", str(review), "--update", "--why", "again")
    assert said.status == 2
    assert "data/small is there already: name that folder" in said.err
