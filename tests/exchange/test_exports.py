"""What is exported says the same elsewhere: every entry of EXPORTS, tested by being entered."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from folders import ARM1, ARM2, REPORT, SOURCE, TRIAL, folder
from livingmeta.calls.methods import multilevel
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.exports import EXPORTS, metafor
from livingmeta.exchange.imports import reviews_in
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import TABLES, columns
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import as_meant

# Each is text for one program and something else for another: a formula, a comment, a missing value,
# a number, the end of a string, of a script or of a cell
HOSTILE = (
    '=1+1 "Ash", 2001',
    "NA",
    "007",
    "Birch' #1, \\n 2002",
    '"); system("touch hacked"); ("',
    "Øst <b>2005</b>",
)
HEADERS = ('=1+1 "Ash"', "NA", "007", "a`b\\n", '"); system("touch hacked"); ("', "yi2", "Dose (mg)")
TITLE = """title = '''
Pain"); system("touch hacked") #
system("touch hacked")'''"""


def hostile_review(path: Path) -> Review:
    keys = [f"trial{place}" for place in range(len(HOSTILE))]
    arms = [
        {**arm, "trial": key, "report": key, "mean": f"{place}", "quote": f"{place} ({arm['sd']})"}
        for place, key in enumerate(keys, start=3)
        for arm in (ARM1, ARM2)
    ]
    written = folder(
        path,
        toml=('title = "Pain, short term"', TITLE),
        sources=[SOURCE],
        trials=[{**TRIAL, "trial": key, "label": name} for key, name in zip(keys, HOSTILE, strict=True)],
        reports=[{**REPORT, "report": key, "trial": key} for key in keys],
        outcomes=arms,
    )
    return load_review(written)


def hostile_table(path: Path) -> Review:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["study", "yi", "sei", "words", "trial", *HEADERS])
    writer.writerows(
        (name, f"{place / 10}", "0.2", HOSTILE[place % 2 * 2], name, *[f"{place**2}"] * len(HEADERS))
        for place, name in enumerate(HOSTILE)
    )
    (path / "table.csv").write_text(text.getvalue(), encoding="utf-8")
    ((review,), remarks) = reviews_in(path / "table.csv", Hints(columns={"study": "study"}))
    assert remarks == []
    assert review.characteristics.keys() == {"words", "trial", *HEADERS}
    return review


def labels(review: Review) -> list[list[str]]:
    """The labels of each pool."""
    return [[effect.label for effect in pool.effects] for pool in synthesise(review) if pool.result]


def by_metafor(files: dict[str, str], path: Path) -> list[list[str]]:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    script = (
        'source("pool.R"); write.csv(effects, "read.csv", row.names = FALSE)\n'
        'for (call in grep("^# rma", readLines("pool.R"), value = TRUE))\n'
        '  if (!grepl("trial", call)) eval(parse(text = sub("^# ", "", call)))'
    )
    done = subprocess.run(
        ["Rscript", "-e", script], cwd=path, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    lines = list(csv.DictReader(io.StringIO((path / "read.csv").read_text(encoding="utf-8"))))
    assert {*HEADERS, "words"} <= lines[0].keys() or "words" not in lines[0]
    keys = dict.fromkeys(line["synthesis"] for line in lines)
    return [[line["slab"] for line in lines if line["synthesis"] == key] for key in keys]


def by_revman(files: dict[str, str], path: Path) -> list[list[str]]:
    read, _ = reviews_in(path / "data-rows.csv")
    return [group for one in read for group in labels(one)]


def by_its_tables(files: dict[str, str], path: Path) -> list[list[str]]:
    described = {resource["path"] for resource in json.loads(files["datapackage.json"])["resources"]}
    assert described == {name for name in files if name.endswith(".csv")}
    trials = csv.DictReader(io.StringIO(files["trials.csv"]))
    names = {line["trial"]: line["label"] for line in trials}
    outcomes = csv.DictReader(io.StringIO(files["outcomes.csv"]))
    return [list(dict.fromkeys(as_meant(names[line["trial"]]) for line in outcomes))]


READERS = {"metafor": by_metafor, "revman": by_revman, "frictionless": by_its_tables}


def test_every_export_has_a_reader_that_tests_it() -> None:
    assert EXPORTS.keys() == READERS.keys(), "say in READERS who reads the new export again"


@pytest.mark.parametrize("make", [pytest.param(hostile_review, marks=pytest.mark.slow), hostile_table])
@pytest.mark.parametrize("program", EXPORTS)
def test_an_export_read_again_has_its_trials_and_hostile_text_as_text(
    program: str, make, tmp_path: Path
) -> None:
    review = make(tmp_path)
    assert labels(review) == [list(HOSTILE)]
    files = EXPORTS[program](review)
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    for text in (text for name, text in files.items() if name.endswith(".csv")):
        header, *rows = csv.reader(io.StringIO(text))
        assert {len(row) for row in rows} <= {len(header)}
    assert READERS[program](files, tmp_path) == labels(review)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.slow
@pytest.mark.parametrize("review", ["smith2017", "living", "knee_oa"])
def test_the_r_script_gives_our_numbers_in_metafor(say, review: str, tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    assert say("export", review, "--to", "metafor", "--out", str(tmp_path)).status == 0
    done = subprocess.run(["Rscript", "pool.R"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "agrees(c(" in (tmp_path / "pool.R").read_text(encoding="utf-8")


def test_every_effect_is_in_the_export() -> None:
    living = load_review("living")
    files = metafor(living)
    pools = [pool for pool in synthesise(living) if pool.result]
    assert files["effects.csv"].count("\n") == 1 + sum(len(pool.effects) for pool in pools)


def test_revman_rows_come_back_through_our_own_reader(say, tmp_path: Path) -> None:
    say("export", "knee_oa", "--to", "revman", "--out", str(tmp_path))
    ((review,), remarks) = reviews_in(tmp_path / "data-rows.csv")
    assert any("does not say the effect measure" in remark for remark in remarks)
    assert len(review.outcomes) == 612


def test_a_data_package_describes_every_column(say, tmp_path: Path) -> None:
    say("export", "living", "--to", "frictionless", "--out", str(tmp_path))
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    told = {one["path"]: one["schema"]["fields"] for one in package["resources"]}
    for table, model in TABLES.items():
        assert [field["name"] for field in told[f"{table}.csv"]] == list(columns(model))
        assert all(field["description"] for field in told[f"{table}.csv"])


@pytest.mark.slow
@pytest.mark.parametrize("review", ["smith2017", "living", "knee_oa"])
def test_the_frictionless_validator_accepts_the_package(say, review: str, tmp_path: Path) -> None:
    say("export", review, "--to", "frictionless", "--out", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert json.loads(done.stdout)["valid"]


def test_an_unknown_program_gets_the_known_ones(say) -> None:
    said = say("export", "smith2017", "--to", "metaphor")
    assert said.status == 2
    assert "Did you mean metafor?" in said.err
    assert {"metafor", "revman", "frictionless"} <= EXPORTS.keys()


@pytest.mark.slow
def test_the_script_for_metafor_says_how_effects_within_trials_are_pooled_there(tmp_path: Path) -> None:
    """What stands behind # in pool.R, run: the mean that `livingmeta multilevel` gives."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    rows = "Ash,0.1,0.02\nAsh,0.6,0.03\nBirch,0.2,0.01\nCedar,0.9,0.02\nCedar,0.4,0.02\nElm,0.1,0.04\n"
    (tmp_path / "table.csv").write_text("study,yi,vi\n" + rows, encoding="utf-8")
    ((review,), _) = reviews_in(tmp_path / "table.csv")
    files = EXPORTS["metafor"](review)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    lines = files["pool.R"].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("# rma.mv("))
    call = "\n".join(line.removeprefix("#") for line in lines[first : first + 2])
    script = f'source("pool.R"); res <- {call}\ncat("\\nmean", format(c(res$beta, res$ci.lb), digits = 15))'
    done = subprocess.run(["Rscript", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    theirs = [float(number) for number in done.stdout.splitlines()[-1].split()[1:]]
    ours = multilevel(review, ci="t").result
    assert (ours.estimate, ours.ci_low) == pytest.approx(theirs, abs=1e-5)
