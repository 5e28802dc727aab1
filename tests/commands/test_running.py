"""What `run`, `report` and `explore` write of a table by its subgroups."""

import csv
import json
from pathlib import Path

import pytest

from folders import ROOT

HR = ROOT / "tests" / "reference" / "own" / "hr.csv"


@pytest.fixture
def hr(tmp_path: Path) -> Path:
    return Path((tmp_path / "hr.csv").write_bytes(HR.read_bytes()) and tmp_path / "hr.csv")


def embedded(page: Path) -> dict[str, object]:
    """Return the data that an explorer holds."""
    text = page.read_text(encoding="utf-8")
    begin = text.index(">", text.index('id="data"')) + 1
    return json.loads(text[begin : text.index("</script>", begin)])


@pytest.mark.slow
def test_what_run_writes_by_subgroup_is_what_metafor_gives_of_each(say, hr: Path) -> None:
    """own.R: rma(yi, vi, data = e[e$country == part, ]); the whole and the parts have one forest plot."""
    said = say("run", str(hr), "--measure", "HR", "--subgroup", "country")
    assert "subgroup differences: Chi² = " in said.out
    folder = hr.parent / "figures" / "hr"
    with (folder / "results.csv").open(encoding="utf-8") as file:
        made = {row["subgroup"]: row for row in csv.DictReader(file)}
    for part, estimate, tau2 in (
        ("country: USA", 0.159522550262759, 0.00154936178403466),
        ("country: Hong Kong", 0.343831197039234, 0.0950151540765911),
        ("country: China", 0.102169253369212, 0.0364644371520219),
        ("", 0.218889231609248, 0.0223945309723812),
    ):
        shown = float(made[part]["estimate"]), float(made[part]["tau2"])
        assert shown == pytest.approx((estimate, tau2), rel=1e-6)
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "| hr – country: USA |" in report
    assert "Test for subgroup differences: Chi² = " in report
    assert "country: Hong Kong" in (folder / "forest_hr.svg").read_text(encoding="utf-8")
    parts = {part["subgroup"]: part for part in embedded(folder / "explorer.html")["syntheses"]}
    assert {*parts} == {name or None for name in made}
    assert {trial["moderators"]["country"] for trial in parts["country: USA"]["trials"]} == {"USA"}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "report", "explore"])
def test_a_column_that_makes_no_subgroups_is_refused_before_anything_is_written(
    say, hr: Path, command: str
) -> None:
    for column, why in (("author", "country"), ("country < 5", "words")):
        said = say(command, str(hr), "--measure", "HR", "--subgroup", column)
        assert said.status == 2
        assert why in said.err
    assert not (hr.parent / "figures").exists()


@pytest.mark.slow
def test_a_review_by_a_moderator_keeps_its_verdicts_on_what_was_printed_of_the_whole(
    say, tmp_path: Path
) -> None:
    said = [say("report", "smith2017", "--print", *more).out for more in ((), ("--subgroup", "year < 2015"))]
    tables = [text.partition("What was printed")[2].partition("Forest plots")[0] for text in said]
    assert tables[0] == tables[1]
