"""A quote is found in a paper however it was set, and never where a digit or a sign is another."""

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from living.papers import jats
from livingmeta.exchange.papers import Paper, open_paper
from livingmeta.exchange.verbatim import Readings


def paper(*pages: str, across: tuple[str, ...] | None = None, numbered: bool = True) -> Readings:
    return Readings(
        Paper(
            path=Path("a.pdf"),
            kind="pdf",
            sha256="",
            doi=None,
            title=None,
            pages=pages,
            across=across or pages,
            numbered=numbered,
        )
    )


def test_numbers_that_stand_there_in_another_order_are_not_called_other_digits() -> None:
    held = paper("mean (95% CI) −21.4 (−27.6 to −16.0 (−22.5 to VAS pain −5.4 (−14.2 to 3.4) −15.2) −9.5)")
    assert held.find("VAS pain … −21.4 (−27.6 to −15.2)").result == "not found"
    assert held.find("VAS pain … −5.4 (−14.2 to 3.5)").result == "other digits"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (
            "the eﬀect was signif-\nicant in self-\nreported pain",
            "effect was significant in self-reported pain",
        ),
        ("effect \xad0.27 [\u2212 0.54,\u2009\u22120.05]", "effect −0.27 [−0.54, -0.05]"),
        ("fell by 3·2 points (SD 1·9)", "3.2 points (SD 1.9)"),
        ("patients’ “usual” care", 'patients\' "usual" care'),
        ("Thome´e and Thomée scored 3", "Thomée and Thomee scored 3"),
        ("3.2* (1.9)†", "3.2 (1.9)"),
        ("MEAN (SD)", "Mean (SD)"),
        ("I² = 91%", "I2 = 91%"),
        ("at 12 w 53 −2.00 (−5.18 to 1.18)", "12 w53−2.00 (−5.18 to 1.18)"),
        ("so (P = .505).", "(P = .505)"),
        ("pain fell, and it stayed so.", "pain fell."),
        ("The pain fell", "[t]he pain"),
        ("the pain in both arms fell", "the pain [of all] fell"),
        ("points lower [95% CI: 6-52]", "points lower [95% CI: 6–52]"),
        ("Group A 3.2 (1.9) 35 Group B 4.5 (2.1)", "Group A … (1.9) … 4.5 (2.1)"),
    ],
)
def test_what_is_set_otherwise_is_found(text: str, quote: str) -> None:
    assert paper(f"Before. {text} After.").find(quote).result == "found"


@pytest.mark.parametrize(
    ("text", "quote", "result"),
    [
        ("pain fell by 15.5 points", "5.5 points", "other digits"),
        ("pain fell by 5.52", "fell by 5.5", "other digits"),
        ("difference −2.4 to 1.0 in points of pain", "2.4 to 1.0 in points of pain", "other digits"),
        ("range 0.10–0.27 of the scale's points", "–0.27 of the scale's points", "other digits"),
        ("fell by 3.2¹ in the loaded group", "fell by 3.21 in the loaded group", "other digits"),
        ("35 12 were analysed in all", "3512 were analysed in all", "other digits"),
        ("a non-significant difference", "significant difference", "not found"),
        ("a non-\nsignificant difference", "significant difference", "not found"),
        ("an insignificant difference", "significant difference", "not found"),
        ("the pain-free group", "the pain", "not found"),
        ("pain fell in all [30] groups", "fell in all [31] groups", "other digits"),
        ("pain rose", "pain fell", "not found"),
        ("B 44.55 then A 3.2", "A … 44.55", "not found"),  # the order of a quote is the paper's
        ("A" + " word" * 1000 + " 3.2", "A … 3.2", "not found"),  # an ellipsis leaves out a page at most
        ("3.2 (1.9)", "9.7 (4.4)", "not found"),  # no letters, and all digits are others
    ],
)
def test_what_is_another_number_word_or_sign_is_never_found(text: str, quote: str, result: str) -> None:
    held = paper(f"Before. {text} after.").find(quote)
    assert held.result == result
    assert (held.words is not None) == (result == "other digits")


def test_other_digits_are_shown_as_the_paper_has_them() -> None:
    held = paper("nothing", "mean 3.2 (SD\n1.9) in the loaded arm").find(
        "mean 3.2 (SD 1.8) in the loaded arm"
    )
    assert (held.result, held.page, held.words) == ("other digits", 2, "mean 3.2 (SD 1.9) in the loaded arm")


PAGES = ("The title\n1679", "pain fell by 3.2\n1680", "pain rose by 4.5\n1681")


@pytest.mark.parametrize(
    ("locator", "result"),
    [
        ("p. 2", "found"),  # of the file
        ("pp. 1–2", "found"),
        ("page 1680, Table 3", "found"),  # as printed
        ("page 1681", "elsewhere"),
        ("p3", "elsewhere"),
        ("p. 99", "found"),  # no page of this file, so it says nothing
        ("Table 3, P = 0.05", "found"),
        ("p 0.03", "found"),
    ],
)
def test_a_page_named_is_that_of_the_file_or_the_one_printed(locator: str, result: str) -> None:
    held = paper(*PAGES).find("fell by 3.2", locator)
    assert (held.result, held.page) == (result, 2)


def test_a_sentence_runs_on_over_the_end_of_a_page() -> None:
    assert paper("the mean was", "3.2 points").find("the mean was 3.2 points").page == 1


def test_a_table_across_the_page_is_found_as_a_row() -> None:
    held = paper("left\nright", across=("left right",))
    assert held.find("left right").result == "found"
    assert paper("Loaded Rest 3.2 4.5", across=("Loaded 3.2\nRest 4.5",)).find("Rest 4.5").result == "found"


def table_of(number: int, *rows: str, more: str = "") -> str:
    heads = "<thead><tr><th>Outcome</th><th>Exercise</th><th>Control</th></tr></thead>"
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row.split('|'))}</tr>" for row in rows)
    name = f"<label>Table {number}</label><caption><p>Scores, mean (SD)</p></caption>"
    return f"<table-wrap>{name}<table>{heads}<tbody>{body}{more}</tbody></table></table-wrap>"


TABLES = (
    table_of(2, "Pain, VAS|3.2 (1.4)|4.4 (1.9)", "Function|61.0 (9.1)|3.2 (1.4)"),
    table_of(3, "Adherence|81.5 (9.2)|79.1 (8.8)"),
    table_of(4, "Harms|7|5<sup>1</sup>", more="<tr><td rowspan='9'>more</td></tr>"),  # doubtful
)


@pytest.mark.parametrize(
    ("quote", "locator", "table"),
    [
        ("Pain, VAS … 3.2 (1.4)", "Table 2, row Pain, VAS, column Exercise", None),
        ("3.2 (1.4)", "page 5, table 2, row 2, column 2", None),  # as `read` counts
        ("3.2 (1.4)", "Tab. 2, row 1, column 1", None),  # without headings and names of rows
        ("Pain, VAS … 4.4 (1.9)", "table 2", None),
        ("Pain, VAS … 4.4 (1.9)", "Table 2, row 1, column 1", "another cell of Table 2"),
        ("4.4 (1.9)", "Table 2, row Pain, VAS, column Exercise", "another cell of Table 2"),
        ("4.4 (1.9)", "Table 2, row Something, column Exercise", None),  # no such row: it says nothing
        ("81.5 (9.2)", "Table 2, row Adherence, column Exercise", "Table 3"),
        ("81.5 (9.2)", "tables 2 and 3", None),
        ("81.5 (9.2)", "Table 2 or Table 3", None),
        ("81.5 (9.2)", "Table 9", None),  # not of this paper, so it says nothing
        ("81.5 (9.2)", "Table 4", None),  # it can't be read without a doubt
        ("7", "Table 4, row Harms, column Control", None),
        ("scored at 3 months", "Table 2, note", None),  # stands in no table
        ("scored at 3 months", "text", None),
    ],
)
def test_a_table_and_a_cell_named_are_those_that_hold_the_quote(
    tmp_path: Path, quote: str, locator: str, table: str | None
) -> None:
    (tmp_path / "a.xml").write_text(jats(*TABLES, "<p>All were scored at 3 months.</p>"), encoding="utf-8")
    held = Readings(open_paper(tmp_path / "a.xml")).find(quote, locator)
    assert (held.result, held.table) == ("elsewhere" if table else "found", table)


PROSE = (
    "Participants were randomised to loaded exercise (n = 35) or to usual physiotherapy (n = 36). "
    "At 12 weeks, the difference in pain was −1.3 points (95% CI −2.4 to −0.2; P = 0.02) "
    "in favour of loaded exercise. "
    "Five of the first 40 affected offices had sufficiently efficient staff: 12.5%. "
    "Self-reported function was 71.4 (SD 12.9) and 64.0 (SD 15.1), a difference of 7.4 (0.8 to 14.0). "
    "No serious adverse events occurred. "
    "At 52 weeks, 31 and 29 participants were analysed, and pain was 2.2 (1.7) v 2.9 (2.0); P = 0.11."
)
WORDS = PROSE.split(" ")


@st.composite
def cut(draw: st.DrawFn) -> str:
    start = draw(st.integers(0, len(WORDS) - 4))
    return " ".join(WORDS[start : start + draw(st.integers(4, 25))])


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The prose as a printer and a PDF may leave it."""
    ligatures = {"ffi": "ﬃ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
    text = PROSE
    for letters, sign in ligatures.items():
        text = text.replace(letters, sign) if draw(st.booleans()) else text
    text = text.replace("−", draw(st.sampled_from("−-–‐‒－\xad")))
    text = re.sub(r"(?<=\d)\.(?=\d)", draw(st.sampled_from(".·")), text)
    space = st.sampled_from([" ", "  ", "\n", "\xa0", "\u2009", "\t"])
    text = "".join(draw(space) if sign == " " else sign for sign in text)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(1, len(text) - 2))
        if text[at - 1].isalpha() and text[at].isalpha():
            text = f"{text[:at]}{draw(st.sampled_from(['-', '‐', chr(0xAD)]))}\n{text[at:]}"
    return text


@given(quote=cut(), text=damaged())
def test_a_quote_is_found_however_the_paper_is_set(quote: str, text: str) -> None:
    assert paper("A title", text, "The end").find(quote).result == "found"


@given(quote=cut(), text=damaged(), data=st.data())
def test_with_one_digit_changed_it_is_found_with_other_digits(
    quote: str, text: str, data: st.DataObject
) -> None:
    places = [place for place, sign in enumerate(quote) if sign.isdigit()]
    assume(places)
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != quote[place]]))
    wrong = quote[:place] + digit + quote[place + 1 :]
    assert paper("A title", text, "The end").find(wrong).result == "other digits"
