"""What the terminal says of each measure: its own name, and nothing of an effect where it has none."""

from pathlib import Path

import pytest

from folders import ROOT
from livingmeta.engine.measures import MEASURES, scale_name

TABLES = ROOT / "docs" / "tables"
OF = {"events": ("pritz.csv",), "mean": ("normand.csv",), "correlation": ("molloy.csv",)}
OF["rate"] = ("nielweise.csv", "--column", "events=x1i", "--column", "time=t1i")
ALONE = [key for key, measure in MEASURES.items() if measure.one_group]
NONE = [key for key in ALONE if MEASURES[key].no_effect is None]
UNMEANT = ("None", "favour", "no effect)", "lies above", "lies below", "contradict", "effect P", "nan")


def table(key: str) -> list[str]:
    name, *columns = OF[MEASURES[key].needs]
    return [str(TABLES / name), "--measure", key, *columns]


@pytest.mark.parametrize(
    "key", [key if key in {"PFT", "ZCOR"} else pytest.param(key, marks=pytest.mark.slow) for key in ALONE]
)
def test_a_single_group_is_pooled_by_its_name_and_favours_nobody(say, key: str) -> None:
    said = say("pool", *table(key))
    assert said.status == 0
    assert f"{scale_name(MEASURES[key].label)} " in said.flat
    for words in UNMEANT if key in NONE else ("None", "favour"):
        assert words not in said.flat
    refused = say("pool", *table(key), "--favours", "lower")
    assert f"{key} is of one group" in " ".join(refused.err.split())


def test_what_revman_has_no_place_for_is_refused_by_name(say, tmp_path: Path) -> None:
    refused = say("export", *table("MN"), "--to", "revman", "--out", str(tmp_path))
    assert "RevMan compares two groups, and raw mean is of one" in " ".join(refused.err.split())


@pytest.mark.parametrize(
    ("key", "reason"),
    [("ZCOR", "a correlation compares no groups"), ("PLO", "they lie on no side of no effect")],
)
def test_certainty_says_truly_why_it_checks_nothing_of_one_group(say, key: str, reason: str) -> None:
    said = say("certainty", *table(key), "--json")
    assert reason in said.flat
    assert ("no side of no effect" in said.flat) is (MEASURES[key].no_effect is None)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["ZCOR", "PLO"])
@pytest.mark.parametrize(
    ("lang", "unchecked", "unsaid"),
    [
        (
            "en",
            "not judged; nothing here could be checked",
            ("average differences", "lower nothing", "opposite"),
        ),
        (
            "nb",
            "ikke vurdert; ingenting kunne kontrolleres her",
            ("gjennomsnittlige forskjeller", "motsatte"),
        ),
    ],
)
def test_a_report_of_one_group_explains_no_comparison_and_claims_no_check(
    say, tmp_path: Path, key: str, lang: str, unchecked: str, unsaid: tuple[str, ...]
) -> None:
    assert say("report", *table(key), "--lang", lang, "--out", str(tmp_path)).status == 0
    (page,) = tmp_path.rglob("report*.md")
    text = page.read_text(encoding="utf-8")
    assert unchecked in text
    for words in (*unsaid, "ignificant diff", "ignifikant forskjell"):
        assert words not in text


@pytest.mark.slow
@pytest.mark.parametrize("key", ["PLO", "PFT", "IRS", "MN"])
def test_no_door_says_of_a_single_group_what_only_a_comparison_has(say, key: str, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path))
    asked = {
        "run": out,
        "report": out,
        "forest": out,
        "sensitivity": out,
        "small-study": ("--force", *out),
        "gosh": out,
        "bayes": ("--tau-scale", "0.5", *out),
        "multiverse": out,
        "resample": (),
        "simulate": ("--count", "20"),
        "certainty": (),
        "trace": (),
    }
    for command, options in asked.items():
        said = say(command, *table(key), *options)
        assert said.status == 0, (command, said.err)
        for words in ("None", "favour", "below no effect", "nan"):
            assert words not in said.flat, (command, words)
    file, *options = table(key)
    other = tmp_path / "other.csv"
    first, second, *rows = Path(file).read_text(encoding="utf-8").splitlines(keepends=True)
    other.write_text(first + second.replace("6", "5").replace("4", "3") + "".join(rows), encoding="utf-8")
    said = say("diff", str(other), "--against", file, *options, *out)
    assert said.status == 0, said.err
    assert "another estimate" in said.flat
    for page in tmp_path.rglob("report.md"):
        text = page.read_text(encoding="utf-8")
        assert "None" not in text
        assert "favours" not in text
