"""Writing files: the only module that does, so that nothing half-written ever replaces a file.

What a file shall hold is written beside it first, in full, and takes its place in one step. Where
several files of a review change together, a journal in its folder names them before the first takes
its place, and from that moment on the new state holds: readers look at what the journal names, and
whoever opens the folder next finishes it. Without a journal, what a dead writer began is undone.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from livingmeta.words import RefusalError

LOCK = ".livingmeta.lock"  # beside the files while somebody writes; git ignores all three
JOURNAL = ".livingmeta.journal"  # which staged files take whose places
STAGED = re.compile(r"\.(.+)\.([0-9a-f]{24})\.livingmeta")  # what a file, or a folder, shall be
PATIENCE = 10.0  # seconds until a lock somebody else holds is given up on
FORGOTTEN = 3600.0  # seconds until what can't be asked for its writer counts as left behind
LONGEST_JOURNAL = 100_000  # bytes; ours have some hundreds, and a stranger's may have no end
READ = frozenset({".csv", ".toml", ".json", ".md"})  # what a review is made of
UNSYNCED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})  # this file system syncs no folders
MOST_KEPT = 500  # of a kind in the cache; the words of a paper are some 100 kB
NOTES = {
    "README.txt": "Papers and abstracts: private copies of their publishers' words, do not commit.\n"
    "livingmeta keeps them so as not to read or ask for them again. To delete the folder costs time.\n",
    ".gitignore": "*\n",
}
Value = TypeVar("Value")


class ChangedError(RefusalError):
    """A file that somebody else changed meanwhile; nothing was written."""


class _BusyError(ChangedError):
    """A folder in which somebody else is writing now."""


def write(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all.

    The content goes to a new file in the same folder, which then takes the file's place; a crash
    leaves the old file or the new one. Mode bits stay, and a link leads where it led.

    Parameters
    ----------
    path : Path
        File to write; its folder is made where it is missing.
    content : str or bytes
        Text is written as UTF-8 with its line endings as they are; a byte of a path that is no
        UTF-8 as its number.

    Raises
    ------
    OSError
        If the file can't be written; it names the file, which is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    target = _target(path)
    _sweep(target.parent, owner=_owner(path.parent), name=target.name)
    with _staged({path: content}, path.parent) as staged:
        _move(staged[path], path)
    return path


def replace_all(files: Mapping[Path, tuple[bytes, str]]) -> list[Path]:
    """Replace files of a review together, if each is still what it was when it was read.

    Under a lock every file is read again; one that is another by now refuses the whole. Then all
    are written or none: a crash at any moment leaves readers the old state or the new one.

    Parameters
    ----------
    files : mapping of Path to (bytes, str)
        What the file held when the change was made, and what it shall hold. They stand in one
        folder, that of the first. One that stands elsewhere is changed before these are.

    Raises
    ------
    ChangedError
        If a file has changed, or somebody else holds the lock for too long.
    OSError
        If one can't be written; it names the file, and all are as they were.
    """
    if not files:
        return []
    home = next(iter(files)).parent
    with _locked({path.parent: path for path in files}, patience=PATIENCE):
        _finish(home)
        for path, (seen, _) in files.items():
            if (path.read_bytes() if path.exists() else b"") != seen:
                raise ChangedError(
                    f"{path}: somebody else changed this file meanwhile. Nothing was written; "
                    "run the command again."
                )
        with _staged({path: text for path, (_, text) in files.items()}, home) as staged:
            together = [path for path in files if path.parent == home]
            places = {path.name: (staged[path].name, _digest(path)) for path in together}
            with _staged({home / JOURNAL: json.dumps({"format": 1, "places": places})}, home) as journal:
                for path in files.keys() - together:
                    _move(staged[path], path)
                _move(journal[home / JOURNAL], home / JOURNAL)
            with suppress(OSError):  # it is written, as any reader sees; the next one moves the rest
                _finish(home)
    return list(files)


def create(folders: Mapping[Path, Mapping[str, str | bytes]]) -> None:
    """Make folders that stand side by side, each with all its files, or none.

    Raises
    ------
    ChangedError
        If one is there already, with something in it.
    OSError
        If one can't be made; it names the folder.
    """
    shelf = next(iter(folders)).parent
    shelf.mkdir(parents=True, exist_ok=True)
    with _locked({shelf: next(iter(folders))}, patience=PATIENCE), ExitStack() as unmade:
        for left in shelf.iterdir():  # nobody makes any while we hold the lock
            if STAGED.fullmatch(left.name) and left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        made = {folder: _beside(folder, shelf) for folder in folders}
        for folder, files in folders.items():
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise ChangedError(f"{folder} exists already. Nothing was written; choose another name.")
            unmade.callback(shutil.rmtree, made[folder], ignore_errors=True)
            for name, content in files.items():
                with _named(folder / name):
                    write(made[folder] / name, content)
        for folder, ready in made.items():
            with _named(folder):
                if folder.exists():
                    folder.rmdir()  # empty, as we saw
                ready.rename(folder)
                _sync(shelf)


def cache(kind: str) -> Path:
    """Return where words of others are kept: below LIVINGMETA_CACHE, or the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("LIVINGMETA_CACHE")
    return (Path(chosen) if chosen else user_cache_path("livingmeta")) / kind


def keep(kind: str, name: str, text: str) -> Path:
    """Keep words of others in the cache, which says whose they are and lets git take nothing of it."""
    for note, said in NOTES.items():
        if not (path := cache(note)).exists():
            write(path, said)
    return write(cache(kind) / name, text)


def remembered(kind: str, name: str, make: Callable[[], Any], *, most: int = MOST_KEPT) -> Any:
    """Return what was made under a name before, as JSON gives it back; else make it and keep it.

    What was not asked for longest goes, once there are more than `most` of a kind.
    """
    path = cache(kind) / f"{name}.json"
    with suppress(OSError, ValueError):
        made = json.loads(path.read_text(encoding="utf-8"))
        os.utime(path)
        return made
    made = make()
    with suppress(OSError):
        keep(kind, path.name, json.dumps(made))
        aged = sorted(path.parent.glob("*.json"), key=lambda kept: kept.stat().st_mtime)
        for old in aged[: max(len(aged) - most, 0)]:
            old.unlink()
    return made


def at_rest(folder: Path, read: Callable[[], Value]) -> Value:
    """Read a folder as it was at one moment: what a dead writer began is finished or undone first.

    Parameters
    ----------
    folder : Path
        One that can't be written is read all the same: `current` tells where its files stand.
    read : callable
        Reads the files; it is called again where somebody wrote meanwhile.

    Raises
    ------
    ChangedError
        If somebody never stops writing, or changed what a dead writer was to change.
    """
    until = time.monotonic() + PATIENCE
    while True:
        _mend(folder)
        before = _state(folder)
        try:
            value = read()
        except (RefusalError, OSError):
            if _state(folder) == before:
                raise
        else:
            if _state(folder) == before:
                return value
        if time.monotonic() > until:
            raise _BusyError(f"{folder}: somebody is writing here all the time. Try again.")


def current(path: Path) -> Path:
    """Return where the content of a review's file stands: where a journal says so, beside it."""
    return _pending(path.parent).get(path.name, path)


@contextmanager
def scratch(name: str, files: Mapping[str, str]) -> Iterator[Path]:
    """Lend a folder with these files, to look at them as a review."""
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held) / name
        for file, text in files.items():
            write(folder / file, text)
        yield folder


@contextmanager
def copied(folder: Path, *, neighbours: Mapping[str, Path], changed: Mapping[str, str]) -> Iterator[Path]:
    """Lend a copy of a review's folder with some files changed; its neighbours stand beside it."""
    with tempfile.TemporaryDirectory() as held:
        copy = Path(held) / folder.name
        copy.mkdir()
        for name, raw in contents(folder).items():
            (copy / name).write_bytes(raw)
        for name, path in neighbours.items():
            if name != folder.name:
                (Path(held) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(held) / name).symlink_to(path.resolve(), target_is_directory=True)
        for name, text in changed.items():
            (copy / name).write_bytes(text.encode())
        yield copy


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the files of a review held at one moment, by name."""

    def read() -> dict[str, bytes]:
        names = {path.name for path in folder.iterdir() if _counts(path)} | _journal(folder).keys()
        return {name: current(folder / name).read_bytes() for name in sorted(names)}

    return at_rest(folder, read)


@contextmanager
def _locked(folders: Mapping[Path, Path], *, patience: float) -> Iterator[None]:
    """Keep others from writing in folders; each is given with the file that an error names."""
    from filelock import FileLock, Timeout

    with ExitStack() as locks:
        for folder, path in sorted(folders.items()):
            try:
                with _named(path):
                    locks.enter_context(FileLock(folder / LOCK, timeout=patience))
            except Timeout:
                raise _BusyError(
                    f"{folder}: somebody else is writing here. Nothing was written; try again."
                ) from None
            # Gone while it is still held: one who waits for it sees that, and takes a new one.
            locks.callback(_forget, folder / LOCK)
        yield


def _forget(path: Path) -> None:
    with suppress(OSError):  # Windows deletes no file that is open: there it stays, empty
        path.unlink()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error of the system name the file its reader knows."""
    try:
        yield
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _target(path: Path) -> Path:
    """Follow a link, so that it is what it leads to that changes."""
    return Path(os.path.realpath(path))


def _owner(folder: Path) -> str:
    """Return by what the files that writers of a folder stage are told from those of others.

    Links of two reviews may lead into one folder, of which one has a journal.
    """
    return f"{folder.stat().st_ino & 0xFFFFFFFF:08x}"


def _beside(path: Path, home: Path) -> Path:
    return path.with_name(f".{path.name}.{_owner(home)}{secrets.token_hex(8)}.livingmeta")


@contextmanager
def _staged(files: Mapping[Path, str | bytes], home: Path) -> Iterator[dict[Path, Path]]:
    """Write what files shall hold beside them; what no journal names by the end is removed."""
    staged: dict[Path, Path] = {}
    with ExitStack() as opened:
        try:
            for path, content in files.items():
                target = _target(path)
                with _named(path):
                    if target.exists():
                        if not target.is_file():
                            raise OSError(errno.EINVAL, "this is no regular file")
                        with target.open("r+b"):  # one that may not be written refuses before any is
                            pass
                    staged[path], file = _held(target, home, opened)
                    raw = content.encode(errors="backslashreplace") if isinstance(content, str) else content
                    file.write(raw)
                    file.flush()
                    os.fsync(file.fileno())
                    if target.exists():
                        staged[path].chmod(stat.S_IMODE(target.stat().st_mode))
                    if os.name == "nt":  # which moves no file that is open
                        file.close()
            yield staged
        finally:
            named = {beside for beside, _ in _journal(home).values()}
            for beside in staged.values():
                if beside.name not in named:
                    beside.unlink(missing_ok=True)


def _held(target: Path, home: Path, opened: ExitStack) -> tuple[Path, BinaryIO]:
    """Open a file beside another, locked as long as its writer lives, so that nobody sweeps it."""
    while True:
        beside = _beside(target, home)
        file = opened.enter_context(beside.open("xb"))
        with suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:  # else swept before it was locked
            return beside, file


def _move(beside: Path, path: Path) -> None:
    """Let what is staged take the place of a file."""
    with _named(path):
        target = _target(path)
        beside.replace(target)
        _sync(target.parent)


def _sync(folder: Path) -> None:
    """Let a folder's new names outlive a loss of power, as the files' contents do."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNSYNCED:
            raise
    finally:
        os.close(handle)


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _journal(folder: Path) -> dict[str, tuple[str, str | None]]:
    """Read a folder's journal: by file, the name of what takes its place, and what it was before.

    Raises
    ------
    RefusalError
        If it is none of ours. It may come from a stranger, so names must stay in their folders.
    """
    path = folder / JOURNAL
    if not os.path.lexists(path):
        return {}
    try:
        raw = path.read_bytes() if path.is_file() and path.stat().st_size <= LONGEST_JOURNAL else b""
    except FileNotFoundError:  # its writer came to its end
        return {}
    try:
        places = {name: (beside, before) for name, (beside, before) in json.loads(raw)["places"].items()}
        ours = all(
            Path(name).name == name
            and not name.startswith(".")
            and (staged := STAGED.fullmatch(beside))
            and staged[1] == _target(folder / name).name
            for name, (beside, _) in places.items()
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        ours = False
    if not ours:
        raise RefusalError(
            f"{path}: this is no journal of livingmeta, or not a whole one. Delete it, and look "
            "whether the files beside it are as they should be."
        )
    return places


def _pending(folder: Path) -> dict[str, Path]:
    """Map the files that a journal names, and that are still to be replaced, to what replaces them."""
    pending = {}
    for name, (staged, before) in _journal(folder).items():
        target = _target(folder / name)
        now, beside = _digest(target), target.with_name(staged)
        if not beside.is_file():  # asked after the other is read: it has taken its place by now
            continue
        if now != before:
            raise ChangedError(
                f"{folder / name}: a writer that was to change this file was killed, and somebody "
                f"changed it since. What it was to hold stands in {beside}: put the two together, "
                f"then delete {folder / JOURNAL}."
            )
        pending[name] = beside
    return pending


def _finish(folder: Path) -> None:
    """Let all that a folder's journal names take its place."""
    for name, beside in _pending(folder).items():
        _move(beside, folder / name)
    (folder / JOURNAL).unlink(missing_ok=True)
    _sync(folder)


def _mend(folder: Path) -> None:
    """Finish or undo what a dead writer began, where nobody writes and the folder may be written."""
    try:
        paths = list(folder.iterdir())
    except OSError:
        return
    if not any(path.name in {LOCK, JOURNAL} or STAGED.fullmatch(path.name) for path in paths):
        return
    with suppress(OSError, _BusyError), _locked({folder: folder}, patience=0):
        _finish(folder)
        _sweep(folder, owner=_owner(folder))
        for target in (_target(path) for path in paths if path.is_symlink()):
            _sweep(target.parent, owner=_owner(folder), name=target.name)


def _sweep(folder: Path, *, owner: str, name: str | None = None) -> None:
    """Remove what dead writers of a folder, `owner`, staged and no journal names."""
    kept = {beside for beside, _ in _journal(folder).values()}
    for entry in os.scandir(folder):
        match = STAGED.fullmatch(entry.name)
        if not match or name not in {None, match[1]} or not match[2].startswith(owner):
            continue
        if entry.name not in kept and entry.is_file(follow_symlinks=False):
            with suppress(OSError):
                _remove_unless_held(Path(entry.path))


def _remove_unless_held(path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        if time.time() - path.stat().st_mtime > FORGOTTEN:
            path.unlink()
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # or an error: its writer lives
        path.unlink()


def _counts(path: Path) -> bool:
    return path.suffix in READ and not path.name.startswith(".") and path.is_file()


def _state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return by what one sees that somebody wrote in a folder."""
    state = {}
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name == JOURNAL or _counts(path):
                with suppress(OSError):
                    seen = path.stat()
                    state[path.name] = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
    return state
