"""Writing files: the only module that does, so that nothing half-written ever replaces a file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from livingmeta.words import RefusalError

LOCK = ".livingmeta.audit.lock"  # beside the files; git ignores it
PATIENCE = 10.0  # seconds until a lock somebody else holds is given up on


class ChangedError(RefusalError):
    """A file that somebody else changed meanwhile; nothing was written."""


def write(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all.

    The content goes to a temporary file in the same folder, which then takes the file's place;
    a crash leaves the old file or the new one.

    Parameters
    ----------
    path : Path
        File to write; its folder is made where it is missing.
    content : str or bytes
        Text is written as UTF-8 with its line endings as they are.

    Raises
    ------
    OSError
        If the folder can't be written; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; a result is for everyone the umask allows.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def replace_all(files: Mapping[Path, tuple[bytes, str]]) -> list[Path]:
    """Replace files of one folder, if each is still what it was when it was read.

    Under a lock in the folder every file is read again; one that is another by now refuses the
    whole. The files are then written one by one, in the order given, each whole or not at all.

    Parameters
    ----------
    files : mapping of Path to (bytes, str)
        What the file held when the change was made, and what it shall hold.

    Raises
    ------
    ChangedError
        If a file has changed, or somebody else holds the lock for too long.
    OSError
        If the folder can't be written.
    """
    from filelock import FileLock, Timeout

    if not files:
        return []
    folder = next(iter(files)).parent
    try:
        with FileLock(folder / LOCK, timeout=PATIENCE):
            for path, (seen, _) in files.items():
                if (path.read_bytes() if path.exists() else b"") != seen:
                    raise ChangedError(
                        f"{path}: somebody else changed this file meanwhile. Nothing was written; "
                        "run the command again."
                    )
            return [write(path, content) for path, (_, content) in files.items()]
    except Timeout:
        raise ChangedError(
            f"{folder}: somebody else is writing here. Nothing was written; try again."
        ) from None


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
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(LOCK, ".*"))
        for name, path in neighbours.items():
            if name != folder.name:
                (Path(held) / name).symlink_to(path.resolve(), target_is_directory=True)
        for name, text in changed.items():
            (copy / name).write_bytes(text.encode())
        yield copy
