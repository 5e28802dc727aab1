"""The picture of a deduction holds what was deduced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from claims import printing
from livingmeta import load_review
from livingmeta.audit.candidates import Assumptions
from livingmeta.audit.deduction import deduce
from livingmeta.figures.deduction import deduction_plot
from livingmeta.figures.style import caption_of
from livingmeta.language import language
from livingmeta.words import RefusalError

REVIEW = load_review("smith2017")


@pytest.mark.parametrize("claim", ["secondary-pain-short", "abstract-pain-short"])
def test_each_set_is_a_mark_and_each_trial_a_row(claim: str) -> None:
    (found,) = deduce(REVIEW, claim=claim)
    assert found.widest is not None and found.widest.mean is not None
    strip, trials = deduction_plot(found).figure.axes
    marks = {line.get_gid(): line for line in strip.lines}
    assert len(marks["possible"].get_xdata()) == found.widest.subsets.size
    assert len(marks["possible"].get_xdata()) + len(marks["excluded"].get_xdata()) == 127
    # a set is possible only if its arms allow what is printed
    assert max(marks["possible"].get_xdata()) <= found.se[1] * (1 + 1e-9)
    drawn = {line.get_gid(): line for line in trials.lines}
    assert tuple(drawn["mean"].get_xdata()) == pytest.approx(found.widest.mean)
    for row, one in enumerate(found.candidates):
        assert (f"known:{row}" in drawn) == one.known
        if one.known:
            assert np.mean(one.effect) == pytest.approx(drawn[f"known:{row}"].get_xdata()[0])


def test_in_norwegian_it_is_norwegian() -> None:
    (found,) = deduce(REVIEW, claim="secondary-pain-short")
    ax = deduction_plot(found, language=language("nb", own=REVIEW.protocol.translation["nb"]))
    texts = [text.get_text() for text in ax.figure.findobj(lambda one: hasattr(one, "get_text"))]
    words = " ".join([*texts, caption_of(ax).text])
    assert "Smerte, kort sikt" in words
    assert "−0,28 (−0,49 til −0,08)" in words
    assert not {"the", "of", "to", "as", "sets"} & set(words.lower().split())


@pytest.mark.parametrize(
    "numbers",
    [{"estimate": "-0.28", "p": "0.007"}, {"estimate": "-0.28", "p": ">0.05"}, {"estimate": "-0.28"}],
)
def test_without_limits_it_is_drawn_from_what_is_printed(numbers: dict[str, str]) -> None:
    """The band is what P says of the standard error, and the pool a mark without whiskers."""
    (found,) = deduce(printing(REVIEW, "secondary-pain-short", **numbers), claim="secondary-pain-short")
    strip, trials = deduction_plot(found).figure.axes
    bars = [bar for bar in strip.patches if bar.get_gid() == "printed"]
    assert (len(bars) == 7) == (found.se is not None)
    if found.se is not None:
        ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]
        assert ends[0] == pytest.approx((found.se[0], min(found.se[1], strip.get_xlim()[1])))
    drawn = {line.get_gid(): line for line in trials.lines}
    assert drawn["printed"].get_xdata().tolist() == [-0.28] and "pool" not in drawn


def test_of_words_the_ranges_are_drawn_and_no_sets() -> None:
    (found,) = deduce(REVIEW, claim="abstract-pain-long")
    ax = deduction_plot(found)
    (trials,) = ax.figure.axes
    drawn = {line.get_gid(): line for line in trials.lines}
    assert found.widest is not None
    assert tuple(drawn["mean"].get_xdata()) == pytest.approx(found.widest.mean)
    assert not {"printed", "pool"} & set(drawn)
    assert "no sets of trials are drawn" in caption_of(ax).text


def test_where_nothing_can_be_deduced_nothing_is_drawn() -> None:
    claims = tuple(row.model_copy(update={"ci_basis": "asymmetric"}) for row in REVIEW.published)
    (found,) = deduce(replace(REVIEW, published=claims), claim="secondary-pain-short")
    with pytest.raises(RefusalError, match="said to be none"):
        deduction_plot(found)


def test_of_an_interval_of_t_each_number_of_trials_has_a_band_of_its_own() -> None:
    (found,) = deduce(REVIEW, claim="secondary-pain-short", assumptions=Assumptions(interval="t"))
    strip, _ = deduction_plot(found).figure.axes
    bars = {
        round(bar.get_y() + bar.get_height() / 2): bar for bar in strip.patches if bar.get_gid() == "printed"
    }
    assert sorted(bars) == [1, 2, 3, 4, 5, 6, 7]
    low, high = found.band(np.array([5]))
    assert (bars[5].get_x(), bars[5].get_x() + bars[5].get_width()) == pytest.approx((low[0], high[0]))
