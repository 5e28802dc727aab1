"""A box holds a printed count, one of our own rows, or stays visibly blank."""

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from folders import folder
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.flow import BOXES, Flow, flow
from livingmeta.figures.prisma import prisma_plot
from livingmeta.pages.report import html, markdown
from livingmeta.review.folder import ReviewError, extended, load_review
from livingmeta.review.protocol import Protocol

SMITH = load_review("smith2017")
LIVING = load_review("living")
UPDATE = flow(LIVING, previous=extended(LIVING))
CLAIM = {
    "claim": "flow",
    "quantity": "count",
    "printed": "1,234",
    "where": "Abstract",
    "source": "paper",
    "reading": "primary",
    "quote": "1,234 records",
}


def known(one: Flow) -> dict[str, str | None]:
    return {count.box: count.number for count in one.counts if count.number is not None}


def test_printed_counts_stand_in_the_boxes_that_the_review_names() -> None:
    one = flow(SMITH)
    assert known(one) == {"records": "9,081", "assessed": "37", "studies": "7", "reports": "9"}
    assert one.count("assessed").text() == "(n = 37†)"  # a digest's number, not the abstract's
    assert not one.updates


def test_nothing_is_computed_from_other_boxes() -> None:
    one = flow(SMITH)
    for box in ("screened", "excluded", "sought", "not_retrieved", "reports_excluded"):
        assert one.count(box).text() == "(n not known)"


def test_an_update_has_the_previous_studies_and_sums() -> None:
    assert known(UPDATE) == {
        "previous_studies": "7",
        "previous_reports": "9",
        "studies": "10",
        "reports": "10",
        "total_studies": "17",
        "total_reports": "19",
    }
    assert UPDATE.count("previous_studies").text() == "(n = 7)"
    assert UPDATE.count("studies").text() == "(n = 10*)"
    assert UPDATE.count("studies").words == "New studies included in review"


def test_the_boxes_are_those_that_a_review_may_name() -> None:
    declared = {*BOXES} - {"previous_studies", "previous_reports"}
    named = dict.fromkeys(declared, "x")
    assert (
        Protocol.model_validate(
            {
                "id": "x",
                "title": "x",
                "question": "x",
                "groups": {"1": "a", "2": "b"},
                "synthesis": [],
                "prisma": named,
            }
        ).prisma
        == named
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('records = "flaw"', "no claim of this name"),
        ('recrods = "flow"', "choose one of 'records', 'databases'"),
    ],
)
def test_a_box_or_claim_that_is_not_there_is_refused(tmp_path, lines, words) -> None:
    toml = ("[[synthesis]]", f"[prisma]\n{lines}\n[[synthesis]]")
    with pytest.raises(ReviewError, match=words):
        load_review(folder(tmp_path, toml=toml, published=[CLAIM]))


def test_a_count_in_words_is_refused_and_thousands_are_read(tmp_path) -> None:
    toml = ("[[synthesis]]", '[prisma]\nscreened = "flow"\n[[synthesis]]')
    for name in ("digits", "words"):
        (tmp_path / name).mkdir()
    loaded = load_review(folder(tmp_path / "digits", toml=toml, published=[CLAIM]))
    assert known(flow(loaded)) == {"screened": "1,234"}
    wordy = [{**CLAIM, "printed": "many", "quote": "many records"}]
    with pytest.raises(ReviewError, match="counts in digits"):
        load_review(folder(tmp_path / "words", toml=toml, published=wordy))


def texts(ax: Axes) -> dict[str, str]:
    return {str(one.get_gid()): one.get_text() for one in ax.texts if one.get_gid()}


@pytest.mark.parametrize("one", [flow(SMITH), UPDATE], ids=["new", "update"])
def test_the_figure_shows_every_box_and_dashes_the_unknown(one) -> None:
    ax = prisma_plot(one)
    shown = texts(ax)
    for count in one.counts:
        text = shown[f"{count.box}:{count.number or ''}"].replace("\N{NO-BREAK SPACE}", " ")
        assert count.text() in text
    boxes = {str(patch.get_gid()): patch for patch in ax.patches if isinstance(patch, Rectangle)}
    assert boxes["box:screened"].get_linestyle() == "--"
    assert boxes["box:studies"].get_linestyle() == "-"
    assert ("box:previous_studies" in boxes) is one.updates
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for text in (one for one in ax.texts if one.get_text()):
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= ax.figure.bbox.x1, text
        around = [b.get_window_extent(renderer) for b in boxes.values()]
        for outer in around:  # a text is in its box or touches none
            inside = outer.x0 <= box.x0 and box.x1 <= outer.x1
            apart = box.x1 < outer.x0 or outer.x1 < box.x0 or box.y1 < outer.y0 or outer.y1 < box.y0
            assert inside or apart, text


def test_where_every_box_is_unknown_the_picture_is_a_sentence() -> None:
    blank = flow(load_review("knee_oa"))
    empty = replace(blank, counts=tuple(replace(count, number=None) for count in blank.counts))
    ax = prisma_plot(empty)
    assert [" ".join(text.get_text().split()) for text in ax.texts] == [
        "How many records were found, screened and excluded is not known here, so no flow diagram "
        "(PRISMA 2020) is drawn."
    ]
    assert not ax.patches


def test_the_marks_are_explained() -> None:
    notes = " ".join(t.get_text() for t in prisma_plot(UPDATE).texts if t.get_gid() == "note")
    assert "* Not printed; counted here (rows that living adds to trials.csv" in notes
    assert "Dashed: not known here" in notes
    assert "† Not in the review's own words" in " ".join(
        t.get_text() for t in prisma_plot(flow(SMITH)).texts if t.get_gid() == "note"
    )


def test_a_flow_without_a_number_is_a_sentence_and_no_picture(say, tmp_path: Path) -> None:
    """A box says what is not known beside others that are; sixteen blank boxes say nothing."""
    review = folder(tmp_path)
    said = say("certainty", str(review), "--out", str(tmp_path / "out"))
    assert "so no flow diagram (PRISMA 2020) is drawn." in said.flat
    say("run", str(review), "--out", str(tmp_path / "out"))
    assert not list((tmp_path / "out").rglob("prisma.*"))
    dossier = Dossier(review=load_review(review))
    for code, words in (("en", "no flow diagram (PRISMA"), ("nb", "ikke noe flytskjema (PRISMA")):
        for page in (
            html(dossier, figures={}, version="1", lang=code),
            markdown(dossier, figures=[], version="1", lang=code),
        ):
            assert words in page
            assert "box:records" not in page
