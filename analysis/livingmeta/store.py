"""Writing files: the only module that does, so that nothing half-written ever replaces a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
