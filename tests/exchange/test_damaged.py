"""Damaged files end in a sentence of ours or a result, soon: never in what a library raises.

`pytest -m slow --fuzz SECONDS tests/exchange/test_damaged.py` does so for as long as you like.
"""

import csv
import io
import random
import re
import shutil
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.test_imports import RM5, WEB_ROWS, WEB_SETTINGS, package
from exchange.test_revman import SHORT
from folders import folder
from livingmeta.audit.results import results_of
from livingmeta.exchange.imports import imported
from livingmeta.exchange.sheets import read_sheet
from livingmeta.living.forms import FORM, draft_of, form_csv
from livingmeta.review.folder import examine, load_review
from livingmeta.store import scratch
from livingmeta.words import RefusalError

PATIENCE = 10  # seconds for one file, far above what any takes
QUICK = 12  # files of each kind in a quick run
MEANS = "study,year,mean1,sd1,n1,mean2,sd2,n2,subgroup\n" + "".join(
    f"{name},{2001 + i},{5 + i}.1,2.{i},{20 + i},{4 + i}.3,1.{i + 3},{21 + i},{'old' if i % 2 else 'young'}\n"
    for i, name in enumerate(("Ash", "Birch", "Cedar", "Douglas", "Elm"))
)
COUNTS = "study,ai,bi,ci,di\nAsh 2001,4,119,11,128\nBirch 2002,6,300,29,274\nCedar 2003,3,228,11,209\n"
EFFECTS = "study,yi,sei,lower,upper\nAsh 2001,-0.5,0.1,-0.70,-0.30\nBirch 2002,-0.1,0.2,-0.49,0.29\n"
# What people and programs leave in cells
NASTY = [
    *("", "0", "-1", "-0", "12.5", "1,026", "1.026", "1e308", "-1e308", "1e-400", "1e-99", "1e99", "inf"),
    *("NaN", "NR", "#N/A", "#12", "=1+1", "—", "−3", "0,5", "1 000", "9" * 60, "0." + "3" * 60, "Total"),
    *("\x00", "\r", "\n", '"', ";", "\t", "é", "𝟝", "٣", "\ufeff", "x" * 40_000, "a.b", "../x", "True"),
    *("study", "OR", "log OR", "RANDOM", "YES", "NO", "SUB", "<", "&", "/", "'", "NA", "100", "2001"),
]
ENCODINGS = ["utf-16", "utf-16-be", "utf-8-sig", "latin-1", "cp1252", "utf-7", "cp037", "utf-32", "shift_jis"]
Damage = Callable[[random.Random, bytes], bytes]


def truncated(dice: random.Random, raw: bytes) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def flipped(dice: random.Random, raw: bytes) -> bytes:
    bent = bytearray(raw)
    for _ in range(dice.choice((1, 2, 8, 64))):
        if bent:
            bent[dice.randrange(len(bent))] ^= 1 << dice.randrange(8)
    return bytes(bent)


def cut(dice: random.Random, raw: bytes) -> bytes:
    start = dice.randrange(len(raw) + 1)
    end = start + dice.randrange(1, 200)
    return raw[:start] + raw[end:] if dice.random() < 0.5 else raw[:end] + raw[start:]


def encoded(dice: random.Random, raw: bytes) -> bytes:
    name = dice.choice([*ENCODINGS, "foo"])
    text = raw.decode("utf-8", "replace")
    if dice.random() < 0.5:
        declaration = f'<?xml version="1.0" encoding="{name}"?>'
        text = declaration + re.sub(r"^<\?xml.*?\?>", "", text)
    return text.encode("utf-8" if name == "foo" or dice.random() < 0.3 else name, "replace")


def retold(dice: random.Random, raw: bytes) -> bytes:
    """Put something else where a number or a word stands."""
    text = raw.decode("utf-8", "replace")
    for _ in range(dice.choice((1, 1, 2, 5))):
        if words := list(re.finditer(r"[\w.+-]+", text)):
            word = dice.choice(words)
            text = text[: word.start()] + dice.choice(NASTY) + text[word.end() :]
    return text.encode("utf-8", "replace")


def moved(dice: random.Random, raw: bytes) -> bytes:
    """Let two parts of a file change places: cells, lines, tags or attributes."""
    parts = re.split(dice.choice([rb"(\n)", rb"([,\n])", rb"(<[^>]*>)", rb"(\s)"]), raw)
    for _ in range(dice.choice((1, 3))):
        i, j = (dice.randrange(len(parts)) for _ in range(2))
        parts[i], parts[j] = parts[j], (parts[i] if dice.random() < 0.7 else parts[j])
    return b"".join(parts)


TEXTS: list[Damage] = [truncated, flipped, cut, encoded, retold, retold, retold, moved, moved]


def repacked(dice: random.Random, raw: bytes) -> bytes:
    """Damage, drop or rename members of a zip, or the way in which they are packed."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as old:
            members = {member.filename: old.read(member) for member in old.infolist()}
    except Exception:  # it is damaged already
        return flipped(dice, raw)
    victim = dice.choice(list(members))
    with zipfile.ZipFile(out, "w") as new:
        for name, inner in members.items():
            what = dice.choice(("bend", "bend", "bend", "drop", "rename", "pack", "twice"))
            packing = dice.choice(
                (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
            )
            if name != victim or what == "pack":
                new.writestr(name, inner, compress_type=packing)
            elif what == "bend":
                damages = [repacked, *BYTES] if inner[:2] == b"PK" else TEXTS
                new.writestr(name, dice.choice(damages)(dice, inner), compress_type=packing)
            elif what == "rename":
                new.writestr(f"{name}x", inner, compress_type=packing)
            elif what == "twice":
                new.writestr(name, inner)
                new.writestr(name, inner)
    return out.getvalue()


BYTES: list[Damage] = [truncated, flipped, cut]
ZIPS: list[Damage] = [*BYTES, *[repacked] * 6]


def workbook(table: str) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for line in csv.reader(io.StringIO(table)):
        book.active.append([float(x) if re.fullmatch(r"-?[\d.]+", x) else x for x in line])
    book.create_sheet("notes").append(["nothing"])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def form(start: str) -> str:
    """Fill the form of a review with three rows."""
    lines = io.StringIO(newline="")
    writer = csv.DictWriter(lines, list(FORM), restval="")
    result = {"n": "30", "result": "2.9 (SD 1.6)", "quote": "2.9 (1.6)", "weeks": "12", "outcome": "pain"}
    about = {"label": "Gamma 2020", "citation": "Gamma G. 2020", "membership_why": "adults"}
    for group, more in (("1", about), ("2", {})):
        writer.writerow({**result, **more, "instrument": "vas", "locator": "Table 1", "group": group})
    return start + lines.getvalue()


def imports(path: Path) -> None:
    """Read a file; what comes of it passes `check`, and is pooled and set beside print."""
    for draft, review in imported(path, name="x"):
        with scratch(draft.name, draft.files) as held:
            assert [str(p) for p in examine(held)[1] if p.severity == "error"] == []
        results_of(review)


def fills(path: Path) -> None:
    draft_of(load_review(path.parent / "small"), read_sheet(path))


def loads(path: Path) -> None:
    results_of(load_review(path.parent))


# File: what it holds, how it is damaged, how it is read
KINDS: dict[str, tuple[str | bytes, list[Damage], Callable[[Path], None]]] = {
    "means.csv": (MEANS, TEXTS, imports),
    "counts.csv": (COUNTS, TEXTS, imports),
    "effects.csv": (EFFECTS, TEXTS, imports),
    "export.csv": (SHORT, TEXTS, imports),
    "rows.csv": (WEB_ROWS, TEXTS, imports),
    "review.rm5": (RM5.replace("ISO-8859-1", "UTF-8"), TEXTS, imports),
    "means.xlsx": (workbook(MEANS), ZIPS, imports),
    "effects.xlsx": (workbook(EFFECTS), ZIPS, imports),
    "web.zip": (b"", ZIPS, imports),
    "form.csv": ("", TEXTS, fills),
    "form.xlsx": (b"", ZIPS, fills),
    "small/review.toml": ("", TEXTS, loads),
    "small/trials.csv": ("", TEXTS, loads),
    "small/outcomes.csv": ("", TEXTS, loads),
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("originals")
    review = load_review(folder(base))
    package(base / "web.zip", WEB_ROWS, WEB_SETTINGS)
    text = form(form_csv(review))
    for name, (content, _, _) in {
        **KINDS,
        "form.csv": (text, [], fills),
        "form.xlsx": (workbook(text), [], fills),
    }.items():
        if content:
            (base / name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, (_, _, read) in KINDS.items():
        read(base / name)  # undamaged they are read
    return base


def damaged(seed: int, name: str, originals: Path, here: Path) -> None:
    """Damage a file and read it."""
    dice = random.Random(f"{seed} {name}")
    _, damages, read = KINDS[name]
    raw = (originals / name).read_bytes()
    for _ in range(dice.choice((1, 1, 2))):
        raw = dice.choice(damages if raw[:2] == b"PK" or damages is TEXTS else BYTES)(dice, raw)
    if not (here / "small").is_dir():
        shutil.copytree(originals / "small", here / "small")
    (here / name).write_bytes(raw)

    def late(*_: object) -> None:
        pytest.fail(f"seed {seed}, {name}: not read in {PATIENCE} s")

    began = time.monotonic()
    if hasattr(signal, "SIGALRM"):  # elsewhere it is only seen at the end
        signal.signal(signal.SIGALRM, late)
        signal.alarm(PATIENCE)
    try:
        read(here / name)
    except RefusalError as refusal:
        assert len(str(refusal)) > 10, f"seed {seed}, {name}: {refusal!r}"
        assert max(map(len, str(refusal).splitlines())) < 2000, f"seed {seed}, {name}"
    except Exception as error:
        raise AssertionError(f"seed {seed}, {name}: {error!r}") from error
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)
        (here / name).write_bytes((originals / name).read_bytes())
    assert time.monotonic() - began < PATIENCE, f"seed {seed}, {name}"


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_refused_or_read(name: str, originals: Path, tmp_path: Path) -> None:
    for seed in range(QUICK):
        damaged(seed, name, originals, tmp_path)


@pytest.mark.slow
def test_files_damaged_for_a_minute_are_refused_or_read(
    originals: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    end = time.monotonic() + pytestconfig.getoption("--fuzz")
    seed = QUICK
    while time.monotonic() < end:
        for name in KINDS:
            damaged(seed, name, originals, tmp_path)
        seed += 1
