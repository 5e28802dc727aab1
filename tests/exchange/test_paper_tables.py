"""Tables of papers are read cell by cell, and what could be read otherwise is marked."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from living.papers import (
    BODY,
    LINES,
    PROSE,
    Cell,
    Table,
    Tally,
    html,
    jats,
    page_of,
    plain,
    random_table,
    read,
    rows_of,
    shown,
    wrap,
)
from livingmeta.exchange.paper_tables import tables
from livingmeta.exchange.papers import open_paper
from livingmeta.words import RefusalError

# Of the cells of 25 random tables in print, the share that is at least read right and without a mark
SHARES = {"lines": 0.48, "grid": 0.94, "two columns": 0.37, "sideways": 0.57, "sideways grid": 0.74}


def test_a_table_goes_by_the_number_of_its_label(tmp_path: Path) -> None:
    labels = ("Table 2", "", "Table 4", "Table S1", "TABLE 4")
    wrapped = [wrap(replace(random_table(seed), label=label)) for seed, label in enumerate(labels)]
    found = read(tmp_path / "paper.xml", jats(*wrapped))
    assert [table.number for table in found] == [2, 5, 4, 6, 7]
    assert [str(table)[:8] for table in found[::2]] == ["Table 2 ", "Table 4 ", "7. TABLE"]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Week", "12 weeks"),
        ("Time (months)", "12 months"),
        ("Weeks after surgery", "12 weeks"),
        ("Age (years)", "12"),
        ("Years of pain", "12"),
        ("No.", "12"),
    ],
)
def test_a_bare_number_below_a_unit_of_time_is_one_of_it(tmp_path: Path, heading: str, name: str) -> None:
    table = Table("Table 2", "", [[Cell(heading), Cell("Rest")]], [[Cell("12"), Cell("3.1 (1.0)")]])
    (found,) = read(tmp_path / "paper.xml", jats(wrap(table)))
    (cell,) = found.numbers
    assert found.row_headings(cell) == (name,)


@pytest.mark.parametrize("kind", ["xml", "html"])
def test_no_cell_of_a_random_table_is_read_wrong(tmp_path: Path, kind: str) -> None:
    tally = Tally()
    for seed in range(150):
        table = random_table(seed)
        text = jats(wrap(table)) if kind == "xml" else html(shown(table, above=seed % 2 == 0))
        tally.add(table, read(tmp_path / f"paper.{kind}", text))
    assert tally.wrong == []
    assert tally.right >= 0.99 * tally.total > 2000


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "least"), SHARES.items())
def test_no_cell_of_a_printed_table_is_read_wrong_without_a_mark(
    tmp_path: Path, chromium, setting: str, least: float
) -> None:
    tally, page = Tally(), chromium.new_page()
    for seed in range(25):
        table, path = random_table(seed), tmp_path / f"{seed}.pdf"
        page.set_content(page_of(setting, table))
        page.pdf(path=path, format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "15mm"))
        tally.add(table, tables(open_paper(path)), printed=True)
    page.close()
    assert tally.wrong == []
    assert tally.right / tally.total >= least


@pytest.mark.slow
@pytest.mark.parametrize("place", ["middle", "top", "bottom"])
def test_no_cell_that_runs_over_several_lines_is_read_wrong_without_a_mark(
    tmp_path: Path, chromium, place: str
) -> None:
    tally, page = Tally(), chromium.new_page()
    style = f"table{{width:90mm}}td,th{{vertical-align:{place}}}</style>"
    for seed in range(12):
        table, path = random_table(seed), tmp_path / f"{seed}.pdf"
        page.set_content(page_of("lines", table).replace("</style>", style))
        page.pdf(path=path, format="A4")
        tally.add(table, tables(open_paper(path)), printed=True)
    page.close()
    assert tally.wrong == []


@pytest.mark.slow
def test_plain_tables_with_all_boxes_drawn_are_read_whole(tmp_path: Path, chromium) -> None:
    tally, page = Tally(), chromium.new_page()
    for seed in range(60):
        table, text = plain(seed)
        page.set_content(text)
        page.pdf(path=tmp_path / f"{seed}.pdf", format="A4", margin={"top": "15mm", "left": "15mm"})
        (found,) = tables(open_paper(tmp_path / f"{seed}.pdf"))
        assert (found.label, found.caption) == (table.label, table.caption), seed
        tally.add(table, (found,), printed=True)
    assert tally.wrong == []
    assert tally.right >= 0.98 * tally.total > 400
    table, text = plain(1, parts=20)  # its headings are repeated on each page
    page.set_content(text)
    page.pdf(path=tmp_path / "long.pdf", format="A4")
    first, *others = tables(open_paper(tmp_path / "long.pdf"))
    assert first.label == "Table 2"
    assert {t.doubts for t in others} == {("split: it may go on from Table 2, which has the same headings",)}
    page.close()


JOURNAL = BODY + LINES + "table{margin:auto;caption-side:bottom}caption{width:150mm;margin-inline:-30mm}"


@pytest.mark.slow
def test_a_caption_is_found_however_it_is_set_and_a_drawing_is_no_table(tmp_path: Path, chromium) -> None:
    table, page = random_table(4), chromium.new_page()
    words = f"{table.caption}, of all who came to the last visit and answered each of the questions"
    shown = f"<table><caption>{table.label}: {words}</caption>{rows_of(table, 'html')}</table>"
    page.set_content(html(f"<p>{PROSE}</p>" * 4, shown, f"<p>{PROSE}</p>", style=JOURNAL))
    page.pdf(path=tmp_path / "a.pdf", format="A4")
    spread = f"<p style='text-align-last:justify'>{table.label}: Pain at rest</p><ul><li>1.5 (0.2)</ul>"
    page.set_content(html(f"<p>{PROSE}</p>", spread))
    page.pdf(path=tmp_path / "c.pdf", format="A4")
    assert [t.label for t in tables(open_paper(tmp_path / "c.pdf"))] == [table.label]
    page.set_content(html(f"<p>{PROSE}</p>", DRAWING))
    page.pdf(path=tmp_path / "b.pdf", format="A4")
    page.close()
    (found,) = tables(open_paper(tmp_path / "a.pdf"))
    assert (found.label, found.caption, bool(found.cells)) == (table.label, words, True)
    for drawn in tables(open_paper(tmp_path / "b.pdf")):
        assert all(drawn.doubts_of(cell) for cell in drawn.numbers)


DRAWING = (
    "<svg width=400 height=300 stroke=black fill=none>"
    + "".join(
        f"<path d='M{x} 0V300M0 {y}H400'/>"
        for x, y in zip(range(0, 401, 50), range(0, 301, 37), strict=False)
    )
    + "<g fill=black stroke=none><text x=110 y=130>0.5</text><text x=210 y=30>1.0</text></g></svg>"
)


def test_a_long_row_of_digits_is_read_at_once(tmp_path: Path) -> None:
    began = time.perf_counter()
    assert grid(tmp_path, f"<tr><th>A<th>B<tr><td>x<td>{'1' * 5000} {'2 ' * 500}kg")[1][0] == "x"
    assert time.perf_counter() - began < 2


def grid(path: Path, rows: str, *, kind: str = "html") -> list[list[str]]:
    """Read a table of these rows, and return its texts by place."""
    text = (
        jats(f"<table-wrap><table>{rows}</table></table-wrap>")
        if kind == "xml"
        else html(f"<table>{rows}</table>")
    )
    (table,) = read(path / f"paper.{kind}", text)
    places = ([table.at(row, n) for n in range(1, table.columns + 1)] for row in range(1, table.rows + 1))
    return [[cell.text if cell else "" for cell in cells] for cells in places]


def test_a_table_continued_under_its_name_is_one(tmp_path: Path) -> None:
    table = random_table(3)
    first, rest = slice(0, 2), slice(2, None)
    for named in ("Table 1 (continued)", "Table 1. Continued", "Table 1"):
        tally = Tally()
        found = read(tmp_path / "p.xml", jats(wrap(table, part=first), wrap(table, part=rest, label=named)))
        tally.add(table, found)
        assert (len(found), tally.wrong, tally.marked) == (1, [], 0), named


def test_a_part_without_a_name_is_marked_as_split(tmp_path: Path) -> None:
    table = random_table(3)
    text = jats(wrap(table, part=slice(0, 2)), wrap(table, part=slice(2, None), label=""))
    first, part = read(tmp_path / "p.xml", text)
    assert not first.doubts
    assert part.doubts == ("split: it may go on from Table 1, which has the same headings",)


@pytest.mark.parametrize(
    ("printed", "text", "marks", "doubt"),
    [
        ("3.2<sup>a</sup>", "3.2", ("a",), ""),
        ("3.2 (1.1)<sup>a,b</sup>", "3.2 (1.1)", ("a,b",), ""),
        ("3.2*", "3.2", ("*",), ""),
        ("3.2 (1.1)†‡", "3.2 (1.1)", ("†‡",), ""),
        ("†3.2", "3.2", ("†",), ""),
        ('3.2<xref ref-type="table-fn"><sup>1</sup></xref>', "3.2", ("1",), ""),
        ("3.2<sup>1</sup>", "3.2", ("1",), "raised ¹"),
        ("10<sup>2</sup>", "10", ("2",), "raised ²"),
        ("3.2a", "3.2", ("a",), "letter a"),
        ("m<sup>2</sup>", "m²", (), ""),
        ("12<sup>th</sup> week", "12th week", (), ""),
        ("3.2<break/>4.1", "3.2 4.1", (), "lines of their own"),
        ("3.2<break/>(4.1)", "3.2 (4.1)", (), ""),
        ("−1·5", "−1·5", (), ""),
        ("3.2 <graphic/>", "3.2", (), "picture"),
        ("<del>3.1</del> 3.2", "3.1 3.2", (), "struck out"),
        ("3.&#173;2", "3.2", (), ""),
    ],
)
def test_marks_are_taken_off_and_doubts_are_named(tmp_path: Path, printed, text, marks, doubt) -> None:
    rows = f"<thead><tr><th>Outcome</th><th>Score</th></tr></thead><tr><td>Pain</td><td>{printed}</td></tr>"
    (table,) = read(tmp_path / "p.xml", jats(f"<table-wrap><table>{rows}</table></table-wrap>"))
    cell = table.at(2, 2)
    assert cell is not None
    assert (cell.text, cell.marks) == (text, marks)
    assert (doubt in " ".join(cell.doubts)) and bool(cell.doubts) == bool(doubt)


def test_html_without_end_tags_and_with_hidden_cells_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    rows = "<tr><th>A<th>B<tr><td rowspan=0>x<td hidden>9<td>1<tr><td style='display: none'>8<td>2"
    assert grid(tmp_path, rows) == [["A", "B"], ["x", "1"], ["x", "2"]]


@pytest.mark.parametrize(
    ("rows", "doubt"),
    [
        ("<tr><th>A<th>B<tr><td rowspan=9>x<td>1", "it spans more rows than there are"),
        ("<tr><th>A<th>B<th>C<tr><td>x<td>1", "its row has fewer cells than others"),
        ("<tr><td>A<td>B<tr><td>C<td>D<tr><td>x<td>1", "it does not say which of its rows are headings"),
        (
            "<tr><th>A<th>Week 1<th>Week 2<tr><td>x<td>1<td>2<tr><td>y<td>mean<td>median<tr><td>z<td>1<td>2",
            "row 3 looks like headings of its own",
        ),
        ("<tr><th>A<th>B<tr><td>x<td><table><tr><td>1</table>", "a table stands in it"),
    ],
)
def test_what_does_not_fit_is_marked(tmp_path: Path, rows: str, doubt: str) -> None:
    (table,) = read(tmp_path / "p.html", html(f"<table>{rows}</table>"))
    assert doubt in [doubt for cell in table.cells for doubt in table.doubts_of(cell)]


def test_a_table_that_is_a_picture_is_told_and_a_text_has_none(tmp_path: Path) -> None:
    wrapped = "<table-wrap><label>Table 2</label><caption><p>Pain</p></caption><graphic/></table-wrap>"
    (table,) = read(tmp_path / "p.xml", jats(wrapped))
    assert (table.label, table.caption, table.cells) == ("Table 2", "Pain", ())
    assert table.doubts == ("it is a picture, or set in a way that is not read",)
    with pytest.raises(RefusalError, match="no tables that can be told"):
        read(tmp_path / "p.txt", "Table 1. Pain 3.2")


def test_a_row_without_a_name_of_its_own_is_marked(tmp_path: Path) -> None:
    lines = [
        ("Animal", "Sex", "Weight"),
        ("Goats", "Male", "31.0"),
        ("", "Female", "28.5"),
        ("Sheep", "Male", "44.2"),
    ]
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    (table,) = read(
        tmp_path / "p.xml", jats(f"<table-wrap><label>Table 1</label><table>{rows}</table></table-wrap>")
    )
    marked = {
        cell.text: any("no name of its own" in doubt for doubt in table.doubts_of(cell))
        for cell in table.numbers
    }
    assert marked == {"31.0": False, "28.5": True, "44.2": False}
