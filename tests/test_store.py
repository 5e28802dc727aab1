"""A file is written whole or not at all."""

from pathlib import Path

import pytest

from livingmeta.store import write


def test_text_is_written_as_utf8_with_its_line_endings(tmp_path: Path) -> None:
    assert write(tmp_path / "new" / "a.csv", "n,−1\r\n").read_bytes() == "n,−1\r\n".encode()


def test_a_crash_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", "old")

    def crash(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="disk full"):
        write(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_result_is_readable_by_whoever_the_umask_allows(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    written = write(tmp_path / "a.csv", "x")
    assert written.stat().st_mode == (tmp_path / "plain").stat().st_mode
