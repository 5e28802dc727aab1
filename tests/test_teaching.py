"""What the notebooks share tells right from wrong, and never the answer."""

import sys

import pytest

from teaching import check, slider, small_multiples


@pytest.mark.parametrize("answer", [1.23, 12, "two", -45.678, None, [45.678]])
def test_a_wrong_answer_gets_the_hint_and_not_the_answer(
    answer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    check(answer, 45.678, "Look at the column w.")
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet")
    assert "Look at the column w." in printed
    assert "45.6" not in printed.replace(repr(answer), "")


@pytest.mark.parametrize("answer", [0.12, 0.125, 0.1175, 0.13])
def test_half_a_unit_of_the_last_digit_is_right(answer: float, capsys: pytest.CaptureFixture[str]) -> None:
    check(answer, 0.125, "…")
    assert capsys.readouterr().out == ("Right.\n" if answer != 0.1175 else "Not yet. Hint: …\n")


def test_words_are_right_in_any_case(capsys: pytest.CaptureFixture[str]) -> None:
    check(" Pain-free exercise", "pain-free exercise", "…")
    assert capsys.readouterr().out == "Right.\n"


def test_without_ipywidgets_the_slider_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    slider(lambda ax, tau2: None, tau2=[0, 1])
    assert "ipywidgets" in capsys.readouterr().out


def test_each_setting_gets_its_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    drawn = []
    small_multiples(lambda ax, tau2: drawn.append((ax, tau2)), [{"tau2": 0}, {"tau2": 1}])
    assert [tau2 for _, tau2 in drawn] == [0, 1]
    assert drawn[0][0].figure is drawn[1][0].figure
