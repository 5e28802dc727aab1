"""What --json prints is what Python users get, and what docs/json.md says of it."""

import ast
import inspect
import json
import math
from pathlib import Path

import pytest

from documents import PAGE, page
from folders import ROOT
from living.papers import jats, random_table, wrap
from livingmeta import load_review, synthesise
from livingmeta.__main__ import COMMANDS, function_of
from livingmeta.audit.results import results_of
from livingmeta.pages.documents import DOCUMENTS, pooled, reproduction, schema, text
from livingmeta.words import RefusalError
from rooms import PACKAGE


@pytest.mark.slow
def test_the_page_of_the_documents_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/documents.py"


# Each document, by what is typed to have it of a review.
TYPED = {
    "reviews": "reviews --json",
    "check": "check REVIEW --json",
    "pool": "pool REVIEW --json",
    "pool --profile all": "pool REVIEW --profile all --json",
    "multilevel": "multilevel REVIEW --json",
    "regress": "regress REVIEW --synthesis pain-short --by year --json",
    "sensitivity": "sensitivity REVIEW --vas-sd 20 --important 8 --json",
    "bayes": "bayes REVIEW --important 0.2 --json",
    "multiverse": "multiverse REVIEW --json",
    "certainty": "certainty REVIEW --vas-sd 20 --json",
    "certainty --worksheet": "certainty REVIEW --worksheet sheet.csv --json",
    "gosh": "gosh REVIEW --most 200 --json",
    "resample": "resample REVIEW --count 40 --most 200 --json",
    "simulate": "simulate REVIEW --count 20 --json",
    "small-study": "small-study REVIEW --force --json",
    "reproduce": "reproduce REVIEW --json",
    "reproduce FOLDER": "reproduce DATA --json",
    "deduce": "deduce REVIEW --json",
    "certify": "certify REVIEW --json",
    "verify": "verify REVIEW --json",
    "gaps": "gaps REVIEW --json",
    "read": "read PAPER REVIEW --json",
    "fill": "fill REVIEW --papers PAPERS --json",
    "diff": "diff REVIEW --against living --json",
}


def test_every_command_that_prints_a_document_says_what_it_holds() -> None:
    commands = {
        command for command in COMMANDS if "as_json" in inspect.signature(function_of(command)).parameters
    }
    assert {name.split()[0] for name in DOCUMENTS} == commands
    assert list(TYPED) == list(DOCUMENTS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "certify" else name for name in TYPED]
)
def test_what_is_printed_is_what_the_schema_says(say, tmp_path: Path, name: str) -> None:
    paper = tmp_path / "rathleff2015.xml"
    paper.write_text(jats(wrap(random_table(0))), encoding="utf-8")
    places = {"REVIEW": "smith2017", "DATA": str(ROOT / "data"), "PAPER": str(paper), "PAPERS": str(tmp_path)}
    said = say(*(places.get(word, word) for word in TYPED[name].split()))
    document = json.loads(said.out)
    assert document
    allowed = schema(name)
    for part in (allowed, *allowed.get("$defs", {}).values()):
        part["additionalProperties"] = part.get("additionalProperties", False)
    from jsonschema import Draft202012Validator  # whose formats take a second to read

    Draft202012Validator(allowed).validate(document)


def test_in_python_a_document_is_the_one_that_is_printed(say) -> None:
    review = load_review("smith2017")
    for command, document in (
        ("pool", [pooled(pool) for pool in synthesise(review)]),
        ("reproduce", reproduction(results_of(review))),
    ):
        assert text(command, document) + "\n" == say(command, "smith2017", "--json").out


@pytest.mark.parametrize("module", sorted((PACKAGE / "commands").glob("*.py")), ids=lambda path: path.stem)
def test_no_command_puts_a_document_together(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            printed = ast.unparse(node.func) in {"screen.json", "documents.append"}
            assert not printed or not any(isinstance(given, ast.Dict) for given in node.args), node.lineno


def test_a_command_without_a_document_is_refused() -> None:
    with pytest.raises(RefusalError, match="Did you mean reproduce"):
        schema("reproduces")


def test_an_estimate_stands_on_both_scales(say, tmp_path: Path) -> None:
    """metafor 3.8: predict(rma(escalc("PLO", xi = c(10, 4, 43), ni = c(12, 8, 58)), …, test = "adhoc"),

    transf = transf.ilogit).
    """
    table = tmp_path / "t.csv"
    table.write_text("study,xi,ni\nAsh,10,12\nBirch,4,8\nCedar,43,58\n", encoding="utf-8")
    (document,) = json.loads(say("pool", str(table), "--json").out)
    result, shown = document["result"], document["shown"]
    assert shown["measure"] == "proportion (logit)"
    ends = [shown[name] for name in ("estimate", "ci_low", "ci_high")]
    assert ends == pytest.approx([0.7257985180, 0.4226012038, 0.9054174226], rel=1e-6)
    assert [1 / (1 + math.exp(-result[name])) for name in ("estimate", "ci_low", "ci_high")] == pytest.approx(
        ends
    )
    assert document["trials"][0]["shown"]["estimate"] == pytest.approx(10 / 12)
    (raw,) = json.loads(say("pool", str(table), "--measure", "PR", "--json").out)
    assert raw["shown"] is None
