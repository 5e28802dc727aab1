"""A review as it was: at a commit of its repository, or in another folder."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from livingmeta.review.folder import find, load_review
from livingmeta.review.protocol import Review
from livingmeta.store import write
from livingmeta.words import RefusalError

# A stranger's repository brings its own settings, and git runs programs that settings name. Only
# plumbing that applies no filter, textconv or pager is called below, and beside it nothing may run:
QUIET = (
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    "--no-pager",
)
ALONE = {
    "GIT_ALLOW_PROTOCOL": "none",  # what a partial clone lacks is not fetched, by whatever command
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


NOTHING = "nothing"  # that a review is compared with before its first commit


def last_kept(review: str) -> tuple[Review, str]:
    """Load a review as its last commit has it, and name that; without rows where no commit has it."""
    try:
        return _at_commit(find(review)[0].resolve(), "HEAD"), "HEAD"
    except _NewError:
        return as_it_was(review, NOTHING), NOTHING
    except _NotThereError as reason:
        raise RefusalError(f"HEAD: {reason}") from None


def as_it_was(review: str, against: str) -> Review:
    """Load the state to compare a review with.

    No program that the repository's settings name is run: no hook, filter, textconv, file monitor
    or fetch.

    Parameters
    ----------
    review : str
        Name or folder of the review as it is now.
    against : str
        Name or folder of a review, a commit, tag or branch of the repository in which the
        review's folder lies, or "nothing" for the review without its rows.

    Raises
    ------
    ValueError
        If it is neither, or begins with a dash, or the review was not there at that commit, or
        one of its files was a link.
    """
    if against.startswith("-"):
        raise RefusalError(
            f"--against {against}: no commit, review or folder is named with a dash in front. "
            f"If a folder is: --against ./{against}"
        )
    if (Path(against) / "review.toml").is_file():
        return load_review(against)
    if against == NOTHING:
        now = load_review(review)
        rows: dict[str, Any] = {one.name: () for one in fields(now) if isinstance(one.default, tuple)}
        return replace(now, **rows)
    folder = find(review)[0].resolve()
    try:
        return _at_commit(folder, against)
    except _NotThereError as reason:
        try:
            return load_review(against)
        except ValueError:
            raise RefusalError(f"--against {against}: {reason}") from None


def written_by(path: Path) -> str | None:
    """Say which commit wrote a file as it stands; None where no repository knows it.

    A file that is not as that commit left it is said to be so.
    """
    folder = path.resolve().parent
    name = f"./{path.name}"
    try:
        sha = _git(folder, "rev-list", "-1", "--end-of-options", "HEAD", "--", name).decode().strip()
        if not sha:
            return None
        ours, theirs = path.read_bytes(), _git(folder, "cat-file", "blob", f"HEAD:{name}")
    except (OSError, subprocess.CalledProcessError):
        return None
    changed = ours.replace(b"\r\n", b"\n") != theirs.replace(b"\r\n", b"\n")
    return f"{sha[:12]}, changed since" if changed else sha[:12]


def kept_out(folder: Path, names: Iterable[str]) -> set[str]:
    """Return which files of a folder git is told to leave out; none where no repository holds it."""
    try:
        return {*_git(folder, "check-ignore", "-z", "--stdin", text="\0".join(names)).decode().split("\0")}
    except (OSError, subprocess.CalledProcessError):
        return set()


class _NotThereError(Exception):
    pass


class _NewError(_NotThereError):
    pass


def _at_commit(folder: Path, commit: str) -> Review:
    """Load the review from its repository; its neighbours come along, since it may extend one."""
    try:
        root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).removesuffix("\n")).resolve()
        # a review may be a repository of its own; it then stands at its top, without neighbours
        shelf = folder if folder == root else folder.parent
        top = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
        sha = top.decode().strip()
        if not re.fullmatch("[0-9a-f]{40,64}", sha):
            raise RefusalError("an excluded commit, not one")
        within = shelf.relative_to(root).as_posix()
        where = [] if within == "." else ["--", f"{within}/"]
        listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", sha, *where)
    except (OSError, ValueError, subprocess.CalledProcessError):
        raise _NewError(
            "this is no folder of a review, and no commit of the repository that holds the "
            "review's folder. Name a folder, a review, or, where git keeps the folder, a commit like HEAD~1"
        ) from None
    own = folder.relative_to(root).as_posix()
    blobs = _blobs(listed, own, f"--against {commit}")
    with tempfile.TemporaryDirectory() as held:
        place = Path(held) / (folder.name if folder == root else "")
        for path, content in zip(blobs, _contents(root, list(blobs.values())), strict=True):
            write(place / path.relative_to(within), content)
        was = Path(held) / folder.name
        if not (was / "review.toml").is_file():
            raise _NewError("the review was not there at that commit")
        return load_review(was)


def _blobs(listed: bytes, own: str, asked: str) -> dict[Path, str]:
    """Return the files of all reviews in what ls-tree lists, with their hashes."""
    modes, blobs = {}, {}
    for entry in filter(None, listed.split(b"\0")):
        about, _, name = entry.partition(b"\t")
        parts = os.fsdecode(name).split("/")
        if {"", ".", "..", ".git"} & set(parts) or "\\" in parts[-1]:
            continue  # no checkout has such a path: somebody wrote this tree to get out of a folder
        mode, _, sha = about.decode().split()
        modes[Path(*parts)], blobs[Path(*parts)] = mode, sha
    reviews = {path.parent for path in modes if path.name == "review.toml"}
    files = {path: sha for path, sha in blobs.items() if path.suffix in {".csv", ".toml"}}
    wanted = {path: sha for path, sha in files.items() if path.parent in reviews | {Path(own)}}
    for path in (*wanted, Path(own)):
        if modes.get(path, "100644") not in {"100644", "100755", "100664"}:
            raise RefusalError(
                f"{asked}: {path.as_posix()} is a link at that commit, and a link is not followed. "
                "Compare with a commit in which the file itself stands there, or with a folder."
            )
    return wanted


def _contents(root: Path, hashes: list[str]) -> Iterator[bytes]:
    """Yield what blobs hold, as they were written: `cat-file --batch` applies no filter."""
    rest = _git(root, "cat-file", "--batch", text="".join(f"{sha}\n" for sha in hashes))
    for sha in hashes:
        head, _, rest = rest.partition(b"\n")
        if not re.fullmatch(rb"[0-9a-f]+ blob [0-9]+", head):
            raise _NotThereError(f"the repository lacks an object of that commit ({sha})")
        size = int(head.split()[-1])
        yield rest[:size]
        rest = rest[size + 1 :]


def _git(folder: Path, *words: str, text: str = "") -> bytes:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *QUIET, "-C", str(folder), *words],
        input=text.encode(),
        capture_output=True,
        check=True,
        env={**own, **ALONE},
    ).stdout
