"""What is not judged is never low, and every state can be told without its colour."""

from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from folders import TRIAL, folder
from livingmeta.appraisal.bias import DOMAINS, SEVERITY, STATES, assessments, unrecorded
from livingmeta.figures.bias import summary_plot, traffic_plot
from livingmeta.figures.forest import forest_caption, forest_plot
from livingmeta.figures.style import MARKS
from livingmeta.review.folder import ReviewError, load_review
from livingmeta.synthesis.synthesise import synthesise

SMITH = load_review("smith2017")
ROB1, ROB2, PEDRO = DOMAINS
BIAS = {
    "trial": "alpha2001",
    "tool": ROB1,
    "domain": "other",
    "judgement": "",
    "support": "words",
    "source": "paper",
}


def judged(tmp_path, judgements, tool=ROB1, **more):
    """Assess a trial whose domains are judged in the order of the tool; "" is facts only."""
    rows = [
        {**BIAS, "tool": tool, "domain": domain, "judgement": judgement}
        for domain, judgement in zip(DOMAINS[tool], judgements, strict=False)
    ]
    return load_review(folder(tmp_path, risk_of_bias=rows, **more))


def gids(figure: Figure) -> list[str]:
    return [gid for one in figure.findobj() if (gid := one.get_gid())]


def test_an_empty_judgement_is_facts_and_no_row_is_nothing(tmp_path) -> None:
    (one,) = assessments(judged(tmp_path, ["low", ""]))
    assert [cell.state for cell in one.cells][:3] == ["low", "facts", "nothing"]
    assert one.cells[1].words() == [f"no judgement recorded ({ROB1}): words [paper]"]
    assert one.cells[2].words() == ["nothing recorded"]
    assert not {"facts", "nothing"} & set(SEVERITY)


@pytest.mark.parametrize(
    ("judgements", "overall", "shown"),
    [
        (["low"] * 7, "low", "low"),
        (["low"] * 6 + ["unclear"], "unclear", "unclear"),
        (["low"] * 6, None, "facts"),  # six of seven low: the trial is not low
        (["low"] * 6 + [""], None, "facts"),
        (["high"], None, "high"),
        ([""], None, "facts"),
    ],
)
def test_a_trial_is_low_only_if_every_domain_is(tmp_path, judgements, overall, shown) -> None:
    (one,) = assessments(judged(tmp_path, judgements))
    assert (one.overall, one.shown) == (overall, shown)


def test_a_recorded_overall_judgement_wins(tmp_path) -> None:
    judgements = ["", "", "", "", "", "some concerns"]
    (one,) = assessments(judged(tmp_path, judgements, tool=ROB2))
    assert (one.overall, one.judged, len(one.domains)) == ("some concerns", 0, 5)


def test_of_two_judgements_of_one_domain_the_worse_is_shown_and_both_are_said(tmp_path) -> None:
    rows = [{**BIAS, "judgement": "low"}, {**BIAS, "judgement": "high"}]
    (one,) = assessments(load_review(folder(tmp_path, risk_of_bias=rows)))
    assert one.cells[-1].judgement == "high"
    assert len(one.cells[-1].words()) == 2


def test_a_tool_nobody_knows_has_the_domains_of_its_rows(tmp_path) -> None:
    rows = [{**BIAS, "tool": "PEDro", "domain": "concealed allocation", "judgement": "high"}]
    (one,) = assessments(load_review(folder(tmp_path, risk_of_bias=rows)))
    assert [cell.domain for cell in one.cells] == ["concealed allocation"]


def test_an_answer_of_a_checklist_is_shown_and_judges_no_risk(tmp_path) -> None:
    (trial,) = assessments(judged(tmp_path, ["yes", "no", ""], tool=PEDRO))
    assert [cell.state for cell in trial.cells][:4] == ["yes", "no", "facts", "nothing"]
    assert (trial.judged, trial.overall, trial.shown) == (0, None, "facts")
    assert not {"yes", "no"} & set(SEVERITY)


def test_a_tool_that_judges_risk_takes_no_yes_and_no_no(tmp_path) -> None:
    with pytest.raises(ReviewError, match=r"judges a risk\. Write low, high, unclear or some concerns"):
        judged(tmp_path, ["yes"])


def test_every_trial_is_assessed_or_named() -> None:
    living = load_review("living")
    shown = {one.label for one in assessments(living)} | set(unrecorded(living))
    assert shown == {trial.label for trial in living.trials}
    assert len(unrecorded(living)) == 3


def test_every_state_has_a_sign_of_its_own() -> None:
    assert set(MARKS) == set(STATES)
    assert len({mark.sign for mark in MARKS.values()}) == len(MARKS)


def test_the_traffic_light_shows_each_state_where_it_is() -> None:
    found = assessments(SMITH)
    drawn = gids(traffic_plot(found, unrecorded=unrecorded(SMITH)).figure)
    for one in found:
        for cell in one.cells:
            assert drawn.count(f"{one.trial}:{cell.domain}:{cell.state}") == 1
    assert {gid for gid in drawn if gid.startswith("legend")} == {
        f"legend:{state}" for state in ("low", "unclear", "yes", "no", "facts", "nothing")
    }


def test_the_summary_counts_every_trial_once_per_domain() -> None:
    found = assessments(SMITH)
    figure = summary_plot(found).figure
    widths: dict[str, float] = {}
    for piece in figure.axes[0].patches:
        domain = str(piece.get_gid()).split(":")[0]
        widths[domain] = widths.get(domain, 0) + piece.get_width()
    judged_by = [assessment.tool for assessment in found]
    assert widths == dict.fromkeys(DOMAINS[ROB1], judged_by.count(ROB1))
    assert "allocation concealment:low" in gids(figure)


def test_nothing_recorded_is_refused_in_words() -> None:
    for draw in (traffic_plot, summary_plot):
        with pytest.raises(ValueError, match="neither a judgement nor a fact"):
            draw(assessments(load_review("knee_oa")))


@pytest.mark.parametrize("review", ["smith2017", "living"])
def test_texts_of_the_figures_stay_on_the_page(review) -> None:
    loaded = load_review(review)
    found = assessments(loaded)
    for plot in (traffic_plot(found, unrecorded=unrecorded(loaded)), summary_plot(found)):
        figure = plot.figure
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        for ax in figure.axes:
            for text in ax.texts:
                box = text.get_window_extent(canvas.get_renderer())
                assert box.x0 >= 0, text
                assert box.y0 >= 0, text
                assert box.x1 <= figure.bbox.x1, text
                assert box.y1 <= figure.bbox.y1, text


def test_the_forest_plot_has_a_column_only_where_something_is_recorded() -> None:
    pools = [pool for pool in synthesise(SMITH) if pool.synthesis == "pain-short"]
    bare = forest_plot(pools)
    ax = forest_plot(pools, bias=assessments(SMITH))
    assert not any(gid.startswith("bias:") for gid in gids(bare.figure))
    drawn = {gid for gid in gids(ax.figure) if gid.startswith("bias:")}
    shown = {e.trial for e in pools[0].effects}
    shown |= {one.trial for one in (*pools[0].missing, *pools[0].sensitivity_only)}
    recorded = [one for one in assessments(SMITH) if one.trial in shown and one.tool == ROB1]
    # a circle wherever something is recorded, and nowhere else
    assert drawn == {
        f"bias:{one.trial}:{cell.domain}:{cell.state}" for one in recorded for cell in one.cells if cell.rows
    }
    assert "bias:aasa2015:random sequence generation:unclear" in drawn
    signs = [text.get_text() for text in ax.texts if text.get_text() in {"+", "?", "×", "f"}]
    assert sorted(signs) == ["+", "+", "?"]  # facts without a judgement leave the circle empty
    words = "\n".join(text.get_text() for text in ax.texts)
    assert "A random sequence generation; B allocation concealment" in words
    assert "facts are recorded and no judgement" in " ".join(forest_caption(pools, bias=assessments(SMITH)))
    other = [replace(one, trial="elsewhere") for one in assessments(SMITH)]
    assert "Risk of bias" not in [text.get_text() for text in forest_plot(pools, bias=other).texts]


def test_a_review_brings_its_own_column_and_it_stays_on_the_page() -> None:
    ax = forest_plot(SMITH, "pain-short")
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    (sign,) = [
        one for one in ax.collections if one.get_gid() == "bias:aasa2015:random sequence generation:unclear"
    ]
    assert sign.get_window_extent(canvas.get_renderer()).x1 < ax.figure.bbox.x1
    for text in ax.texts:
        assert text.get_window_extent(canvas.get_renderer()).x1 <= ax.figure.bbox.x1, text
    assert ax.figure.get_figwidth() * 25.4 == pytest.approx(175, abs=0.1)


def test_trials_of_two_tools_are_drawn_in_two_panels(tmp_path) -> None:
    other = {**TRIAL, "trial": "beta2002", "label": "Beta 2002"}
    rows = [BIAS, {**BIAS, "trial": "beta2002", "tool": ROB2, "domain": "overall", "judgement": "high"}]
    loaded = load_review(folder(tmp_path, trials=[TRIAL, other], risk_of_bias=rows))
    drawn = traffic_plot(assessments(loaded)).figure
    assert len(drawn.axes) == 3  # two panels and the legend
    assert "beta2002:overall:high" in gids(drawn)
