"""What --json prints is what Python users get, and what docs/json.md says of it."""

import json

import pytest
from jsonschema import Draft202012Validator

from documents import PAGE, page
from livingmeta import load_review, results_of, synthesise
from livingmeta.pages.documents import pooled, reproduction, schema, text
from livingmeta.words import RefusalError


def test_the_page_of_the_documents_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/documents.py"


@pytest.mark.parametrize("command", ["pool", "pool --profile all", "reproduce"])
@pytest.mark.parametrize("review", ["smith2017", "knee_oa"])
def test_what_is_printed_is_what_the_schema_says(say, command: str, review: str) -> None:
    name, *options = command.split()
    document = json.loads(say(name, review, *options, "--json").out)
    Draft202012Validator(schema(command)).validate(document)


def test_in_python_a_document_is_the_one_that_is_printed(say) -> None:
    review = load_review("smith2017")
    for command, document in (
        ("pool", [pooled(pool) for pool in synthesise(review)]),
        ("reproduce", reproduction(results_of(review))),
    ):
        assert text(command, document) + "\n" == say(command, "smith2017", "--json").out


def test_a_command_without_a_document_is_refused() -> None:
    with pytest.raises(RefusalError, match="Did you mean reproduce"):
        schema("reproduces")
