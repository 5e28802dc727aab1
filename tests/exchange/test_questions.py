"""What a table leaves open is asked with a guess that a person confirms, and used by nobody else."""

import io
from pathlib import Path

import pytest

from exchange.test_imports import write
from livingmeta.commands import asking
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.imports import reviews_in
from livingmeta.exchange.questions import OpenColumns, OpenColumnsError, answered

# metadat's dat.dorn2007, its first three rows
COUNTS = """study,year,x.a,n.a,x.p,n.p
Bensoussan,1998,29,38,11,32
Blanchard,1992,20,31,21,30
Brinkhaus,2005,14,23,30,46
"""
# as metadat's dat.dagostino1998 names its means
MEANS = "study,mt,sdt,nt,mc,sdc,nc\nA,2.1,1.2,30,2.9,1.3,31\nB,3.0,1.1,20,3.2,1.2,22\n"


def left_open(path: Path, said: Hints | None = None) -> OpenColumns:
    with pytest.raises(OpenColumnsError) as refusal:
        reviews_in(path, said)
    return refusal.value.left


@pytest.mark.parametrize(
    ("text", "kind", "columns"),
    [
        (COUNTS, "counts", {"events1": "x.a", "n1": "n.a", "events2": "x.p", "n2": "n.p"}),
        (MEANS, "means", {"mean1": "mt", "sd1": "sdt", "n1": "nt", "mean2": "mc", "sd2": "sdc", "n2": "nc"}),
        (
            "study,resp_drug,total_drug,resp_plc,total_plc\nA,3,20,7,20\nB,4,30,9,28\n",
            "counts",
            {"events1": "resp_drug", "n1": "total_drug", "events2": "resp_plc", "n2": "total_plc"},
        ),
        (
            "study,adj diff,its error,p\nA,0.1,0.2,0.3\nB,0.3,0.2,0.1\n",
            "effects",
            {"yi": "adj diff", "sei": "its error"},
        ),
    ],
)
def test_a_guess_is_complete_and_is_only_said(
    text: str, kind: str, columns: dict[str, str], tmp_path: Path
) -> None:
    path = write(tmp_path / "t.csv", text)
    left = left_open(path)
    assert left.guess == kind
    assert {question.role: question.guess for question in left.kinds[kind][1]} == columns
    assert left.guessed == " ".join(f'--column "{role}={column}"' for role, column in columns.items())
    assert left.preview[0] == (2, tuple(text.splitlines()[1].split(",")))
    assert reviews_in(path, answered(Hints(), columns))[0][0].outcomes


def test_a_table_whose_names_say_nothing_gets_no_guess_and_every_column_to_choose(tmp_path: Path) -> None:
    left = left_open(write(tmp_path / "t.csv", "study,q1,q2,text\nA,1,2,x\nB,2,3,y\n"))
    assert left.guessed == ""
    assert [question.candidates for question in left.kinds["effects"][1]] == [("q1", "q2")] * 2


def test_of_two_columns_for_one_thing_only_these_are_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "study,es,effect,se\nA,0.1,0.2,0.1\nB,0.2,0.3,0.1\n")
    ((_, (question,)),) = left_open(path).kinds.values()
    assert (question.role, question.candidates, question.guess) == ("yi", ("es", "effect"), None)
    assert reviews_in(path, answered(Hints(), {"yi": "effect"}))[0][0].outcomes[0].mean == 0.2


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_at_a_terminal_confirms_and_the_mapping_is_kept(
    say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """metafor: rma(escalc("OR", ai=c(29,20,14), n1i=c(38,31,23), ci=c(11,21,30), n2i=c(32,30,46)))."""
    path, mapping = write(tmp_path / "t.csv", COUNTS), tmp_path / "m.toml"
    monkeypatch.setattr("sys.stdin", Keyboard("\n" * 5))
    monkeypatch.setattr(asking, "_attended", lambda: True)
    first = say("pool", str(path), "--mapping", str(mapping))
    assert "Which column holds the number of people with the event in group 1?" in first.out
    assert "29, 20, 14" in first.out
    assert "OR 1.59" in first.out
    monkeypatch.setattr(asking, "_attended", lambda: False)
    assert "OR 1.59" in say("pool", str(path), "--mapping", str(mapping)).out
    assert 'events1 = "x.a"' in mapping.read_text(encoding="utf-8")


def test_none_of_the_columns_ends_the_questions(say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("3\nnone of these\n"))
    monkeypatch.setattr(asking, "_attended", lambda: True)
    said = say("pool", str(write(tmp_path / "t.csv", COUNTS)))
    assert "no column holds the number of people with the event in group 1" in said.err


def test_nobody_is_asked_where_nobody_answers(say, tmp_path: Path) -> None:
    said = say("pool", str(write(tmp_path / "t.csv", COUNTS)))
    assert said.status == 2
    assert 'From the names it may be: --column "events1=x.a"' in said.err
