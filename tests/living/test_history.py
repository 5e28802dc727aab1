"""What a review was: read out of a repository that may be a stranger's, of which nothing runs."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from folders import ROOT, folder
from livingmeta.living.history import as_it_was, last_kept
from livingmeta.review.folder import examine, load_review
from livingmeta.words import RefusalError

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(where: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.hooksPath=/dev/null")
    words = ("git", *who, "-C", str(where), *words)
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def committed(path: Path, review: Path) -> str:
    """Commit all of a folder, and change a mean afterwards."""
    git(path, "init", "-q")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "first")
    outcomes = review / "outcomes.csv"
    outcomes.write_text(outcomes.read_text("utf-8").replace("3.0", "2.5"), encoding="utf-8")
    return git(path, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("own", [False, True], ids=["below its repository", "a repository of its own"])
def test_a_review_is_read_as_it_was_at_a_commit(tmp_path: Path, own: bool) -> None:
    review = folder(tmp_path)
    sha = committed(review if own else tmp_path, review)
    for commit in ("HEAD", sha, sha[:8]):
        was = as_it_was(str(review), commit)
        assert [row.mean for row in was.outcomes] == [3.0, 4.0]
    assert [row.mean for row in load_review(review).outcomes] == [2.5, 4.0]


def test_a_commit_that_is_none_is_refused_and_one_before_the_review_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "nothing yet")
    review = folder(tmp_path)
    for commit, why in [("HEAD", "was not there at that commit"), ("none", "no commit"), ("^HEAD", "no com")]:
        with pytest.raises(RefusalError, match=why):
            as_it_was(str(review), commit)


def test_a_review_that_no_commit_has_is_compared_with_nothing(say, tmp_path: Path) -> None:
    review = folder(tmp_path)
    assert last_kept(str(review))[1] == "nothing"
    git(tmp_path, "init", "-q")
    was, name = last_kept(str(review))
    assert (name, was.outcomes, was.trials, was.warnings) == ("nothing", (), (), ())
    assert was.protocol == load_review(review).protocol
    said = say("diff", str(review), "--out", str(tmp_path / "out"))
    assert "No commit of git has this review yet" in said.out
    assert "in: Alpha 2001" in said.out
    committed(tmp_path, review)
    was, name = last_kept(str(review))
    assert (name, [row.mean for row in was.outcomes]) == ("HEAD", [3.0, 4.0])
    whole = say("diff", str(review), "--against", "nothing", "--out", str(tmp_path / "out"))
    assert "No commit" not in whole.out
    assert "in: Alpha 2001" in whole.out


@pytest.mark.parametrize("value", ["--output=canary", "-h", "--upload-pack=touch canary", "--"])
def test_a_value_that_begins_with_a_dash_is_refused(tmp_path: Path, value: str) -> None:
    review = folder(tmp_path)
    committed(tmp_path, review)
    with pytest.raises(RefusalError, match="named with a dash in front"):
        as_it_was(str(review), value)


@pytest.mark.parametrize("name", ["outcomes.csv", "review.toml", ""])
def test_a_link_at_a_commit_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    review = folder(tmp_path / "home")
    elsewhere = shutil.copytree(review, tmp_path / "home" / "elsewhere")
    link = review / name
    shutil.rmtree(link) if link.is_dir() else link.unlink()
    link.symlink_to(elsewhere / name)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "links")
    link.unlink()
    shutil.copytree(elsewhere, review, dirs_exist_ok=True)
    with pytest.raises(RefusalError, match="is a link at that commit, and a link is not followed"):
        as_it_was(str(review), "HEAD")


def test_a_path_that_leaves_the_folder_is_not_written(tmp_path: Path) -> None:
    """Git checks out no such tree; an object that holds one can be written all the same."""
    review = folder(tmp_path / "home")
    committed(tmp_path / "home", review)
    inner = git(review, "rev-parse", "HEAD:small").strip()

    def tree(*entries: tuple[str, str]) -> str:
        raw = b"".join(f"40000 {name}\0".encode() + bytes.fromhex(sha) for name, sha in entries)
        words = ("git", "-C", str(review), "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
        return subprocess.run(words, input=raw, check=True, capture_output=True).stdout.decode().strip()

    out = tree(("..", tree(("..", tree(("escaped", inner))))), ("small", inner))
    top = tree(("..", out), ("small", inner))
    commit = git(review, "commit-tree", top, "-m", "out").strip()
    assert as_it_was(str(review), commit).protocol.id == "small"
    assert not list(tmp_path.rglob("escaped"))
    assert not (Path(os.environ.get("TMPDIR", "/tmp")) / "escaped").exists()


def hostile(path: Path, review: Path) -> Path:
    """Make a repository of a folder whose every setting, hook and attribute writes a canary."""
    sha = committed(path, review)
    canary = path.parent / "canaries"
    canary.mkdir()
    script = path / ".git" / "run.sh"
    script.write_text(f'#!/bin/sh\ntouch "{canary}/$$"\ncat\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    hooks = path / ".git" / "hooks"
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(script, hooks / hook)
    (path / ".git" / "info" / "attributes").write_text("* filter=x diff=x text eol=lf export-subst\n")
    (path / ".git" / "more").write_text(f"[core]\n\tpager = {script}\n\tfsmonitor = {script}\n")
    settings = {
        "core.fsmonitor": script,
        "core.hooksPath": hooks,
        "core.pager": script,
        "core.sshCommand": script,
        "core.editor": script,
        "core.askPass": script,
        "core.gitProxy": script,
        "core.alternateRefsCommand": script,
        "pager.ls-tree": script,
        "pager.rev-parse": script,
        "pager.cat-file": script,
        "filter.x.smudge": script,
        "filter.x.clean": script,
        "filter.x.process": script,
        "filter.x.required": "true",
        "diff.external": script,
        "diff.x.textconv": script,
        "diff.x.command": script,
        "tar.tar.command": script,
        "tar.umask": "0",
        "alias.rev-parse": f"!{script}",
        "alias.ls-tree": f"!{script}",
        "alias.cat-file": f"!{script}",
        "credential.helper": f"!{script}",
        "gpg.program": script,
        "include.path": "more",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "uploadpack.packObjectsHook": script,
        "remote.origin.url": f"ext::{script}",
        "remote.origin.uploadpack": script,
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
    }
    for name, value in settings.items():
        git(path, "config", name, str(value))
    assert list(canary.iterdir()) == []
    # the canaries are alive: what another reader of this folder would have run
    subprocess.run(["git", "-C", str(path), "status"], check=False, capture_output=True)
    assert list(canary.iterdir())
    for file in canary.iterdir():
        file.unlink()
    assert git(path, "rev-parse", "HEAD").strip() == sha
    return canary


@pytest.mark.parametrize("lacking", [False, True], ids=["whole", "a file is to be fetched"])
@pytest.mark.parametrize("own", [False, True], ids=["below its repository", "a repository of its own"])
def test_a_strangers_repository_runs_nothing(
    say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool, lacking: bool
) -> None:
    review = folder(tmp_path / "home")
    top = review if own else tmp_path / "home"
    canaries = hostile(top, review)
    if lacking:
        name = "outcomes.csv" if own else "small/outcomes.csv"
        sha = git(top, "rev-parse", f"HEAD:{name}").strip()
        (top / ".git" / "objects" / sha[:2] / sha[2:]).unlink()
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(top / ".git" / "run.sh"))
    monkeypatch.setenv("GIT_PAGER", str(top / ".git" / "run.sh"))
    said = say("diff", str(review), "--against", "HEAD")
    assert said.status == (2 if lacking else 0), said.err
    assert ("lacks an object" in said.err) == lacking
    assert list(canaries.iterdir()) == []


def living(path: Path, extends: str) -> Path:
    """Write a review that extends another."""
    review = path / "more"
    shutil.copytree(ROOT / "data" / "living", review)
    protocol = review / "review.toml"
    text = protocol.read_text(encoding="utf-8").replace('"smith2017"', f'"{extends}"')
    protocol.write_text(text, encoding="utf-8")
    return review


@pytest.mark.parametrize(
    "extends",
    [
        "../away/base",
        "/etc",
        "sub/../../away/base",
        "..",
        ".",
        "",
        "./",
        "C:base",
        "sub\\\\base",
        "smith2017",
    ],
)
def test_one_rule_for_all_commands_says_what_a_review_may_extend(say, tmp_path: Path, extends: str) -> None:
    """Not even a review of the package: the folder would mean something else in another place."""
    shutil.copytree(ROOT / "data" / "smith2017", tmp_path / "away" / "base")
    review = str(living(tmp_path / "shelf", extends))
    for words in (
        ("check", review),
        ("add", review),
        ("verify", review),
        ("diff", review, "--against", review),
    ):
        said = say(*words)
        assert said.status in {1, 2}
        assert "review.toml, extends" in said.flat + said.err
        assert "extends one that stands beside it" in said.out + said.err or extends == "smith2017"


def test_a_review_may_extend_one_in_a_folder_beside_it(say, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "smith2017", tmp_path / "published" / "base")
    review = living(tmp_path, "published/base")
    loaded, problems = examine(review)
    assert loaded is not None
    assert not [problem for problem in problems if problem.severity == "error"]
    committed(tmp_path, review)
    assert say("diff", str(review), "--against", "HEAD").status == 0
    assert say("verify", str(review), "--update", "--why", "first").status == 0
    assert say("verify", str(review)).status == 0


def test_a_base_that_was_not_there_is_not_taken_from_today(tmp_path: Path) -> None:
    """A name used to be looked for among today's reviews, so that old rows met new ones."""
    review = living(tmp_path, "smith2017")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "without its base")
    shutil.copytree(ROOT / "data" / "smith2017", tmp_path / "smith2017")
    with pytest.raises(RefusalError, match="no review of this name stands beside"):
        as_it_was(str(review), "HEAD")
