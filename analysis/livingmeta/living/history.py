"""A review as it was: at a commit of its repository, or in another folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from livingmeta.review.folder import find, load_review
from livingmeta.review.protocol import Review
from livingmeta.words import RefusalError


def as_it_was(review: str, against: str) -> Review:
    """Load the state to compare a review with.

    Parameters
    ----------
    review : str
        Name or folder of the review as it is now.
    against : str
        Name or folder of a review, or a commit, tag or branch of the repository in which the
        review's folder lies.

    Raises
    ------
    ValueError
        If it is neither, or the review was not there at that commit.
    """
    if (Path(against) / "review.toml").is_file():
        return load_review(against)
    folder = find(review)[0].resolve()
    try:
        return _at_commit(folder, against)
    except _NotThereError as reason:
        try:
            return load_review(against)
        except ValueError:
            raise RefusalError(f"--against {against}: {reason}") from None


class _NotThereError(Exception):
    pass


def _at_commit(folder: Path, commit: str) -> Review:
    """Load the review from its repository; its neighbours come along, since it may extend one."""
    try:
        root = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip()).resolve()
        shelf = folder.parent.relative_to(root)
        where = ["--", str(shelf)] if str(shelf) != "." else []
        packed = _git(root, "archive", "--format=tar", commit, *where)
    except (OSError, ValueError, subprocess.CalledProcessError):
        raise _NotThereError(
            "this is no folder of a review, and no commit of the repository that holds the "
            "review's folder. Name a folder, a review, or a commit like HEAD~1"
        ) from None
    with tempfile.TemporaryDirectory() as held:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(held, filter="data")
        was = Path(held) / shelf / folder.name
        if not (was / "review.toml").is_file():
            raise _NotThereError("the review was not there at that commit")
        return load_review(was)


def _git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True).stdout
