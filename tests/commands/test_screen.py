"""Whatever the output and the input are, a command says what it has to say, in sentences."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from folders import ROOT, folder
from livingmeta.commands import screen

WORDS = "τ² = 0.05, Chi² 3, 1×10⁻⁵; −0.27 (−0.54 to −0.05) – “a ≤ b” … Øst ŷ 李 \udcff"


def shown(monkeypatch: pytest.MonkeyPatch, encoding: str, text: str) -> str:
    """What a stream of this encoding receives, decoded as that."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    screen.show_anything()
    sys.stdout.write(text)
    sys.stdout.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "plain"),
    [
        (
            "ascii",
            'tau^2 = 0.05, Chi^2 3, 1x10^-5; -0.27 (-0.54 to -0.05) - "a <= b" ... Ost y \\u674e \\xff',
        ),
        ("cp1252", "tau² = 0.05, Chi² 3, 1×10^-5; -0.27 (-0.54 to -0.05) – “a <= b” … Øst y \\u674e \\xff"),
        ("utf-8", WORDS.replace("\udcff", "\\xff")),
    ],
)
def test_what_a_stream_cannot_show_stands_there_in_plain_signs(
    monkeypatch: pytest.MonkeyPatch, encoding: str, plain: str
) -> None:
    assert shown(monkeypatch, encoding, WORDS) == plain


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_is_the_same_document_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    screen.show_anything()
    screen.document_text(json.dumps({"quote": WORDS + "😀"}, ensure_ascii=False))
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == {"quote": WORDS + "😀"}


def command(words: list[str], *, out: object = subprocess.PIPE, given: str = "", **env: str):
    return subprocess.run(
        [sys.executable, "-m", "livingmeta", *words],
        stdout=out,
        stderr=subprocess.PIPE,
        input=given.encode(),
        env={**os.environ, **env},
        check=False,
    )


@pytest.mark.slow
def test_a_pipe_of_signs_that_typer_overrides_gets_plain_ones_too(tmp_path: Path) -> None:
    """Into a stream of ASCII typer writes UTF-8, if nobody hinders it."""
    done = command(["trace", str(ROOT / "data" / "smith2017"), "pain-short"], PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"-0." in done.stdout
    assert done.stdout.isascii()


def test_a_full_disk_behind_the_output_is_told_in_a_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        done = command(["reviews"], out=full)
    assert done.returncode == 2
    assert done.stderr == b"the output can't be written: No space left on device\n"


@pytest.mark.slow
def test_an_input_that_ends_at_a_question_is_told_in_a_sentence(tmp_path: Path) -> None:
    review = folder(tmp_path)
    before = {path.name: path.read_bytes() for path in review.iterdir()}
    ended = command(["add", str(review)])
    closed = subprocess.run(
        f'"{sys.executable}" -m livingmeta add "{review}" <&-', shell=True, capture_output=True, check=False
    )
    for done in (ended, closed):
        assert done.returncode == 2
        assert b"can be read: the input has ended. Nothing was written." in done.stderr
        assert b"Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in review.iterdir()} == before


@pytest.mark.slow
def test_a_path_that_is_no_utf8_is_named_byte_by_byte(tmp_path: Path) -> None:
    review = os.fsdecode(os.fsencode(tmp_path) + b"/d\xff")
    folder(tmp_path).rename(review)
    done = command(["check", review])
    assert done.returncode == 0, done.stderr
    assert rb"d\xff: 1 trial, 2 rows; 0 wrong" in b" ".join(done.stdout.split())
    done = command(["export", review, "--to", "metafor", "--out", f"{review}/made"])
    assert done.returncode == 0, done.stderr
