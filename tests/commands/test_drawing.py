"""`livingmeta forest` obeys what it is asked for, of a review and of a file, and says the rest beside it."""

import re
from pathlib import Path

import pytest

TABLE = """study,year,events1,n1,events2,n2,country,dose
Ash 2011,2011,4,40,12,41,Norway,10
Birch 2009,2009,9,60,10,58,Sweden,30
Cedar 2020,2020,2,35,9,36,Norway,20
Elm 2015,2015,12,80,14,79,Sweden,5
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def drawn(say, table: Path, *options: str) -> list[str]:
    """Return what an SVG of the table says, from top to bottom."""
    file = table.parent / "plot.svg"
    said = say("forest", str(table), "--measure", "OR", "--output", str(file), *options)
    assert said.status == 0, said.err
    texts = re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>([^<]*)<', file.read_text("utf-8"))
    return [words.replace("\u2007", "") for _, words in sorted(texts, key=lambda text: float(text[0]))]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("file", ["Ash 2011", "Birch 2009", "Cedar 2020", "Elm 2015"]),
        ("effect", ["Cedar 2020", "Ash 2011", "Elm 2015", "Birch 2009"]),
        ("year", ["Birch 2009", "Ash 2011", "Elm 2015", "Cedar 2020"]),
        ("weight", ["Elm 2015", "Birch 2009", "Ash 2011", "Cedar 2020"]),
        ("label", ["Ash 2011", "Birch 2009", "Cedar 2020", "Elm 2015"]),
    ],
)
def test_the_trials_stand_in_the_order_asked_for(say, table: Path, sort: str, order: list[str]) -> None:
    assert [words for words in drawn(say, table, "--sort", sort) if words in order] == order


def test_columns_are_those_asked_for_own_ones_too(say, table: Path) -> None:
    texts = drawn(say, table, "--columns", "dose,country,estimate")
    assert {"Dose", "Country", "30", "Sweden"} <= set(texts)
    assert not {"Weight", "Events", "n"} & set(texts)


def test_subgroups_may_be_those_of_an_own_column(say, table: Path) -> None:
    texts = drawn(say, table, "--subgroup", "country", "--title", "By country")
    assert texts[0] == "By country"
    assert sum(words.startswith("Subtotal") for words in texts) == 2


def test_limits_are_on_the_scale_shown_and_a_title_and_a_size_are_obeyed(say, table: Path) -> None:
    texts = drawn(say, table, "--limits", "0.1,10", "--width", "200", "--height", "100")
    assert {"0.125", "1", "8"} <= set(texts)
    head = (table.parent / "plot.svg").read_text("utf-8")[:600]
    wide, high = (
        float(n) * 25.4 / 72 for n in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', head).groups()
    )
    assert (round(wide), round(high)) == (200, 100)


def test_the_caption_stands_beside_it_and_in_the_svg_for_who_does_not_see_it(say, table: Path) -> None:
    drawn(say, table)
    told = (table.parent / "plot.txt").read_text("utf-8")
    assert "Methods: " in told
    assert "Squares are the trials" in told
    assert "4 pooled" in re.search(r"<desc[^>]*>([^<]*)", (table.parent / "plot.svg").read_text("utf-8"))[1]


def test_plain_has_the_results_on_the_right_of_the_plot(say, table: Path) -> None:
    def place(*options: str) -> bool:
        file = table.parent / "plot.svg"
        drawn(say, table, *options)
        texts = re.findall(r'<text[^>]* x="([\d.]+)"[^>]*>([^<]*)<', file.read_text("utf-8"))
        xs = {words: float(x) for x, words in texts}
        return xs["OR (95% CI)"] > xs["Odds ratio (log scale)"]

    assert place("--layout", "plain")
    assert not place("--layout", "cochrane")


def test_long_subgroups_have_a_page_each_and_one_of_subtotals(say, tmp_path: Path) -> None:
    rows = [f"Trial {i} {1990 + i % 30},{i % 7 / 10 - 0.5},0.2,{'AB'[i % 2]}" for i in range(70)]
    file = tmp_path / "long.csv"
    file.write_text("study,yi,sei,group\n" + "\n".join(rows), encoding="utf-8")
    said = say(
        "forest",
        str(file),
        "--measure",
        "SMD",
        "--subgroup",
        "group",
        "--to",
        "svg,pdf",
        "--out",
        str(tmp_path),
    )
    assert said.status == 0, said.err
    assert [line.split("forest_")[-1] for line in said.out.split()[:1]] == ["long_1.svg"]
    assert "to forest_long_3.svg" in " ".join(said.out.split())
    written = sorted(path.name for path in (tmp_path / "long").glob("forest_*"))
    assert written == [f"forest_long{end}" for end in (".pdf", ".txt", "_1.svg", "_2.svg", "_3.svg")]
    pdf = (tmp_path / "long" / "forest_long.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 3
    last = (tmp_path / "long" / "forest_long_3.svg").read_text("utf-8")
    assert "Subgroup" in last
    assert "Trial 3 1993" not in last
    first = (tmp_path / "long" / "forest_long_1.svg").read_text("utf-8")
    assert "Trial 0 1990" in first
    assert "Trial 1 1991" not in first


def test_no_picture_of_before_is_left_beside_another_of_the_same_synthesis(
    say, table: Path, tmp_path: Path
) -> None:
    asked = ("forest", str(table), "--measure", "OR", "--out", str(tmp_path / "out"), "--to")
    assert say(*asked, "svg,pdf").status == 0
    folder = tmp_path / "out" / "mine"
    kept = {path.name for path in folder.iterdir()} - {"forest_mine.pdf"}
    for name in ("forest_mine_1.png", "forest_mine_old.png", "forest_other.pdf"):
        (folder / name).write_bytes(b"old")
    said = say(*asked, "svg")
    assert said.status == 0, said.err
    assert {path.name for path in folder.iterdir()} == kept | {"forest_mine_old.png", "forest_other.pdf"}


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--sort", "efect", "Did you mean effect?"),
        ("--layout", "cochran", "Did you mean cochrane?"),
        ("--theme", "night", "choose one of light, dark"),
        ("--columns", "dosis", "Did you mean dose?"),
        ("--columns", "bias", "no risk of bias of the trials here is judged"),
        ("--limits", "10,0.1", "give the lower one first"),
        ("--limits", "-1,1", "a ratio is above 0"),
        ("--limits", "1", "give two numbers with a comma"),
        ("--width", "40", "Make it wider, or name fewer columns"),
        ("--height", "10", "Make it higher"),
        ("--to", "jpg", "choose one of svg, pdf, png"),
        ("--output", "plot.jpg", "choose one of svg, pdf, png"),
        ("--lang", "xx", "nb"),
    ],
)
def test_what_can_not_be_obeyed_is_refused_with_what_can(say, table: Path, option, value, told) -> None:
    out = [] if option == "--output" else ["--out", str(table.parent / "out")]
    said = say("forest", str(table), "--measure", "OR", *out, option, value)
    assert said.status == 2
    assert told in said.err
    assert not list(table.parent.rglob("*.svg"))


def test_a_synthesis_that_can_not_be_drawn_leaves_the_others_their_pictures(say, tmp_path: Path) -> None:
    said = say(
        "forest", "smith2017", "--columns", "year,arms,estimate", "--to", "svg", "--out", str(tmp_path)
    )
    assert said.status == 2
    assert "pain-short: columns = arms: no trial here has numbers of its arms" in said.err
    assert "pain-long:" not in said.err
    assert (tmp_path / "smith2017" / "forest_pain-long.svg").is_file()
    assert not (tmp_path / "smith2017" / "forest_pain-short.svg").exists()
