"""A letter and a certificate are blocks: in any language, and nothing in them is read as markup."""

import re

from livingmeta import load_review
from livingmeta.audit.gaps import by_report
from livingmeta.audit.witnesses import Certificate, WitnessLine
from livingmeta.language import language
from livingmeta.pages.blocks import Paragraph, as_markdown
from livingmeta.pages.certificate import certificate_page
from livingmeta.pages.letter import letter

REVIEW = load_review("smith2017")
LETTERS = by_report(REVIEW).values()


def test_a_letter_in_norwegian_has_no_paragraph_of_the_english_one() -> None:
    for report, gaps in LETTERS:
        pages = [letter(REVIEW, report, gaps, language=language(code)) for code in ("en", "nb")]
        english, norsk = ({b.words for b in page if isinstance(b, Paragraph)} for page in pages)
        assert not english & norsk
        assert len(english) == len(norsk) == 6


def test_a_letter_has_an_empty_row_for_each_group_of_each_gap() -> None:
    for report, gaps in LETTERS:
        rows = re.findall(r"^\|.*\|  \|  \|  \|$", as_markdown(letter(REVIEW, report, gaps)), re.MULTILINE)
        assert len(rows) == 2 * len(gaps)


def test_a_certificate_lets_no_name_of_a_subgroup_begin_a_tag_or_a_cell() -> None:
    line = WitnessLine(
        synthesis="pain",
        subgroup="<b>|x",
        methods="common effect",
        quantity="estimate",
        witness="other",
        ours=-0.25,
        theirs=None,
        digits=None,
        why="has no <b>|x",
    )
    made = Certificate(review="r", version="1", environment={}, witnesses={"other": "2"}, lines=(line,))
    page = as_markdown([certificate_page(made)], level=1)
    assert "## pain, \\<b>|x" in page
    assert "| estimate | -0.25 | – |" in page
    assert "- other: has no \\<b>|x." in page
