"""The picture of a deduction holds what was deduced."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_words_have_no_interval_to_draw() -> None:
    (found,) = deduce(REVIEW, claim="abstract-pain-medium")
    with pytest.raises(RefusalError, match="no printed interval"):
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
