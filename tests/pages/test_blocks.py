"""Blocks say the same in HTML, in Markdown and in a terminal."""

import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from livingmeta.pages.blocks import (
    Anchor,
    Bar,
    Blockquote,
    Code,
    Figure,
    Item,
    Link,
    List,
    Note,
    Paragraph,
    Quotation,
    Section,
    Strong,
    Table,
    TableRow,
    Trace,
    as_html,
    as_markdown,
    parts,
    plain,
    terminal,
)

EVIL = "<b>1 | 2</b> [red]"
TABLE = Table(
    id="numbers",
    caption="Numbers",
    head=("Trial", "Effect", "Why"),
    rows=(
        TableRow(id="ash", cells=(EVIL, "−0.30", "the same")),
        TableRow(cells=(EVIL, "−0.40", "the same")),
        TableRow(cells=("Birch 2002", Link("−0.50", "#ash"), ("an", "other"))),
    ),
    numbers=frozenset({1}),
    grouped=True,
)
INSIDE = (
    Paragraph(
        id="p", words=("A ", Strong("strong"), (" one, ", (Code("tau2"), " and ", Anchor("row 9", "r"))))
    ),
    Paragraph(id="go", words=Link("back", "#p"), style="go"),
    Blockquote(id="q", words=Quotation(EVIL, ""), source=("table 2, ", Link("doi", "https://doi.org/1"))),
    List(id="l", items=(Item(words="first"), Item(id="second", words=Quotation("Second"))), ordered=True),
    TABLE,
    Figure(id="f", title="Forest plot", description="Three trials."),
)
BLOCKS = (
    Section(id="s", title="A section", blocks=(*INSIDE, Trace(id="t", title=EVIL, blocks=()))),
    Note(id="n", title="Note well", blocks=(Paragraph(id="n1", words="Mind this."),)),
)


def shown(width: int = 80) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as caught:
        console.print(terminal(BLOCKS))
    return caught.get()


def words_of(page: str) -> str:
    told: list[str] = []
    parser = HTMLParser()
    parser.handle_data = told.append  # type: ignore[method-assign]
    parser.feed(page)
    return "".join(told)


SAID = ["A section", "strong", "tau2", "row 9", "table 2, doi", "first", "Second", "Birch 2002", "another"]
SAID += ["−0.30", "−0.40", "Note well", "Mind this.", "Trial", "Effect", "Why"]


@pytest.mark.parametrize("words", SAID)
def test_each_renderer_says_every_word(words: str) -> None:
    assert words in words_of(as_html(BLOCKS, lang="en"))
    assert words in as_markdown(BLOCKS).replace("[doi](https://doi.org/1)", "doi")
    assert words in shown()


def test_words_of_others_are_markup_in_none() -> None:
    assert "<b>" not in as_html(BLOCKS, lang="en")
    assert not re.search(r"(?<!\\)<b>|(?<!\\)</b>", as_markdown(BLOCKS))
    rows = [line for line in as_markdown(TABLE for _ in "1").splitlines() if "−0" in line]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4, 4, 4]
    assert EVIL in shown()


def test_every_block_can_be_linked_to_once() -> None:
    ids = re.findall(r' id="([^"]+)"', as_html(BLOCKS, lang="en", pictures={"f": "<svg></svg>"}))
    assert sorted(ids) == sorted(
        ["s", "p", "go", "r", "q", "l", "second", "numbers", "ash", "f", "t", "n", "n1"]
    )


def test_a_quotation_is_marked_where_the_page_speaks_another_language() -> None:
    assert '<span lang="en">Second</span>' in as_html(BLOCKS, lang="nb")
    assert '<span lang="en">' not in as_html(BLOCKS, lang="en")
    assert '<span lang="">&lt;b&gt;' in as_html(BLOCKS, lang="en")


def test_rows_of_one_thing_name_it_once_where_cells_can_span() -> None:
    page = as_html([TABLE], lang="en")
    assert re.findall(r'<tbody(?: id="(\w+)")?>', page) == ["ash", ""]
    assert page.count('rowspan="2"') == 2
    assert page.count("the same") == 1
    assert as_markdown([TABLE]).count("the same") == 2


def test_a_picture_stands_only_where_there_is_one_and_is_told_in_a_terminal() -> None:
    assert "<figure" not in as_html(BLOCKS, lang="en")
    assert "<svg" in as_html(BLOCKS, lang="en", pictures={"f": "<svg></svg>"})
    assert "![" not in as_markdown(BLOCKS)
    assert "![Forest plot](f.png)" in as_markdown(BLOCKS, pictures={"f": "f.png"})
    assert "Three trials." in shown()


def test_ways_to_other_places_of_a_page_stand_in_html_only() -> None:
    assert "back" in as_html(BLOCKS, lang="en")
    assert "back" not in as_markdown(BLOCKS)
    assert "back" not in shown()


def test_a_terminal_of_80_columns_is_never_too_narrow() -> None:
    assert max(map(len, shown().splitlines())) <= 80


def test_headings_go_down_a_level_with_each_section() -> None:
    assert re.findall(r"<h(\d)", as_html(BLOCKS, lang="en")) == ["2", "3", "2"]
    assert re.findall(r"^#+ ", as_markdown(BLOCKS, level=1), re.MULTILINE) == ["# ", "## "]


def test_words_are_flat_in_whatever_they_are_nested() -> None:
    nested = ("", ("a", ("b", ("", Code("c")))))
    assert list(parts(nested)) == ["a", "b", Code("c")]
    assert plain(nested) == "abc"


def test_a_bar_lies_where_its_numbers_are_and_says_nothing_in_text() -> None:
    bar = Bar(low=-1.0, middle=-0.5, high=0.0, axis=(-2.0, 0.0, 2.0))
    page = as_html([Paragraph(id="x", words=("−0.5", bar))], lang="en")
    assert "M50.0 0V10" in page  # no effect in the middle
    assert "M25.0 5H50.0" in page
    assert "M37.5 2V8" in page
    assert as_markdown([Paragraph(id="x", words=("−0.5", bar))]) == "−0.5"
