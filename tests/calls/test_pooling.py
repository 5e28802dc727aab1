"""What somebody has at hand is pooled as it is called, and nothing of it is lost in silence."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import livingmeta as lm
from livingmeta.engine import pooling

LABELS = ["Ash 2001", "Birch 2004", "Cedar 2009", "Dill 2012"]
YI, VI = [0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01]
MEANS = pd.DataFrame(
    {
        "study": LABELS,
        "m1i": [10.0, 11, 12, 13],
        "sd1i": [2.0, 2, 2, 3],
        "n1i": [20, 30, 40, 50],
        "m2i": [11.0, 12, 12, 15],
        "sd2i": [2.0, 2, 2, 3],
        "n2i": [20, 30, 40, 50],
    }
)
FORMS = {
    "lists": (YI, VI),
    "tuples": (tuple(YI), tuple(VI)),
    "arrays": (np.array(YI), np.array(VI)),
    "series": (pd.Series(YI), pd.Series(VI)),
    "objects": (pd.Series(YI, dtype=object), np.array(VI, dtype=object)),
    "numbers of numpy": ([np.float64(y) for y in YI], [np.float32(v) for v in VI]),
}


@pytest.mark.parametrize("form", FORMS)
def test_effects_are_pooled_in_whatever_they_are_held(form: str) -> None:
    yi, vi = FORMS[form]
    assert lm.pool(yi, vi).estimate == pytest.approx(pooling.pool(YI, VI).estimate, rel=1e-6)


def test_a_table_is_pooled_as_its_effects_are() -> None:
    table = pd.DataFrame({"study": LABELS, "es": YI, "var": VI})
    result = lm.pool(table.rename(columns={"es": "yi", "var": "vi"}))
    plain = lm.pool(YI, VI, labels=LABELS)
    assert isinstance(result, lm.PooledEstimate)
    for name in ("estimate", "se", "ci_low", "ci_high", "tau2", "q", "i2", "pi_low"):
        assert getattr(result, name) == pytest.approx(getattr(plain, name), rel=1e-9), name
    for frame in (result.to_frame(), plain.to_frame()):
        assert frame["label"].tolist() == LABELS
        assert frame["yi"].tolist() == pytest.approx(YI)
        assert frame["weight"].sum() == pytest.approx(100)


def test_labels_are_no_part_of_the_numbers() -> None:
    bare, named = pooling.pool(YI, VI), lm.pool(YI, VI, labels=LABELS)
    assert named == bare
    assert hash(named) == hash(bare)
    assert named.to_dict() == bare.to_dict()


def test_the_index_of_a_series_names_its_studies() -> None:
    result = lm.pool(pd.Series(YI, index=LABELS), pd.Series(VI, index=LABELS))
    assert result.to_frame()["label"].tolist() == LABELS


def test_series_whose_indexes_differ_are_not_pooled_by_place() -> None:
    with pytest.raises(ValueError, match="different indexes"):
        lm.pool(pd.Series(YI, index=LABELS), pd.Series(VI, index=LABELS[::-1]))


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, float("nan")], ids=["None", "NaN", "NA", "nan"])
def test_a_missing_value_is_refused_by_the_label_or_left_out_and_said(nothing: Any) -> None:
    gappy = [YI[0], nothing, *YI[2:]]
    with pytest.raises(ValueError, match=r"yi of Birch 2004 is missing\. .*missing='drop'"):
        lm.pool(gappy, VI, labels=LABELS)
    with pytest.warns(UserWarning, match="Birch 2004: no yi; left out"):
        left = lm.pool(gappy, VI, labels=LABELS, missing="drop")
    assert left == pooling.pool([YI[0], *YI[2:]], [VI[0], *VI[2:]])


GAPPY = pd.DataFrame({"study": LABELS, "yi": [YI[0], None, *YI[2:]], "vi": VI}, index=[3, 5, 8, 9])


@pytest.mark.parametrize("call", [lm.pool, lm.leave_one_out, lm.influence, lm.synthesise, lm.resample])
@pytest.mark.parametrize(
    ("data", "remark"),
    [
        ((GAPPY,), "DataFrame row 5, Birch 2004: no effect with a variance above 0; left out."),
        ((GAPPY["yi"], GAPPY["vi"]), "5: no yi; left out."),
    ],
    ids=["table", "series"],
)
def test_what_is_left_out_stands_on_the_result_by_the_index_that_pandas_shows(
    call: Callable[..., Any], data: Any, remark: str
) -> None:
    with pytest.warns(UserWarning, match="left out"):
        result = call(*data, missing="drop", measure="SMD")
    assert result.remarks == (remark,)
    assert remark.removesuffix(".") in repr(result)
    assert result._repr_html_().count(f"<p>{remark}</p>") == 1


def test_what_is_left_out_of_an_effect_size_is_told_by_what_is_pooled_of_it() -> None:
    with pytest.warns(UserWarning, match="left out"):
        made = lm.smd(MEANS.assign(sd1i=[2.0, np.nan, 2, 3]), missing="drop")
    assert lm.pool(made).remarks == ("Birch 2004: a number is missing; left out.",)


@pytest.mark.parametrize(
    ("columns", "taken", "other"),
    [
        ({"ai": [1, 2], "n1i": 10, "ci": [2, 3], "n2i": 12}, "OR", "RR"),
        ({"m1i": [1.0, 2], "sd1i": 1.0, "n1i": 9, "m2i": 2.0, "sd2i": 1.0, "n2i": 9}, "SMD", "MD"),
    ],
)
def test_a_measure_that_nobody_named_stands_on_the_result_as_what_was_taken(
    columns: dict[str, Any], taken: str, other: str
) -> None:
    table = pd.DataFrame({"study": ["Ash", "Elm"], **columns})
    result = lm.pool(table)
    assert result.remarks[0].startswith(f"no measure is named, so {taken} is computed; measure names another")
    assert other in result.remarks[0]
    assert lm.pool(lm.read_table(table)).remarks == result.remarks
    for named in (taken, other):
        assert lm.pool(table, measure=named).remarks == ()


def test_a_table_of_pandas_is_called_as_its_user_says() -> None:
    named = lm.synthesise(MEANS, title="Pain after a week")
    assert named[0].title == "Pain after a week"
    assert named["Pain after a week"].k == 4
    assert lm.synthesise(MEANS)[0].title == "Table"


def test_labels_are_taken_wherever_ids_are() -> None:
    without = lm.pool(MEANS, without="Birch 2004")
    assert without == lm.pool(MEANS, without=["birch2004"])
    assert without.to_frame()["label"].tolist() == [LABELS[0], *LABELS[2:]]
    assert lm.forest_plot(MEANS, without=["Birch 2004"])
    entering = [LABELS[2], LABELS[0], LABELS[3], LABELS[1]]
    assert lm.cumulative(MEANS, order=entering).labels == tuple(entering)
    assert lm.cumulative(MEANS, order=np.array([2, 0, 3, 1])).labels == tuple(entering)
    with pytest.raises(ValueError, match=r"order.*Birch 2004"):
        lm.cumulative(MEANS, order=["Birch 200", *LABELS[:3]])


def test_a_whole_number_is_written_as_one_in_a_notebook() -> None:
    shown = lm.pool(MEANS, measure="SMD")._repr_html_()
    assert re.findall(r"<td>([2-5]0)</td>", shown) == ["20", "20", "30", "30", "40", "40", "50", "50"]


def test_a_refusal_fills_the_table_of_its_result() -> None:
    """Ten trials are the fewest: Cochrane Handbook, 13.3.5.4."""
    frame = lm.small_study(MEANS, measure="SMD").to_frame()
    assert frame.shape == (1, 2)
    assert "below 10" in frame["refused"][0]


def test_of_names_that_hold_one_another_each_is_told_its_own_lack() -> None:
    table = pd.DataFrame(
        {"study": ["Ash 10", "Ash 1"], "mean1": 1.0, "sd1": [1.0, None], "n1": 9}
        | {"mean2": 2.0, "sd2": [None, 1.0], "n2": 9}
    )
    with pytest.raises(ValueError, match=r"Ash 10: no sd2\.[^\n]*\n.*Ash 1: no sd1\."):
        lm.pool(table, measure="SMD")


def test_a_missing_cell_of_a_table_is_refused_by_the_label_or_left_out_and_said() -> None:
    gappy = MEANS.assign(sd1i=[2.0, np.nan, 2, 3])
    for call in (lm.pool, lm.smd, lm.leave_one_out, lm.synthesise):
        with pytest.raises(ValueError, match=r"Birch 2004.*missing='drop'"):
            call(gappy)
        with pytest.warns(UserWarning, match=r"Birch 2004.*left out") as told:
            left = call(gappy, missing="drop")
        assert [warning.filename for warning in told] == [__file__]
        assert "Birch 2004" not in (left if call is lm.smd else left.to_frame()).to_string()


def test_effect_sizes_of_a_table_are_those_of_its_numbers() -> None:
    made = lm.smd(MEANS, correction="exact")
    yi, vi = lm.smd(*(MEANS[name].to_numpy() for name in MEANS.columns[1:]), correction="exact")
    assert made["yi"].tolist() == yi.tolist()
    assert made["vi"].tolist() == vi.tolist()
    assert made["study"].tolist() == LABELS
    assert lm.pool(made).measure == "SMD"
    assert lm.pool(made).estimate == pytest.approx(lm.pool(yi, vi).estimate)


def test_columns_of_other_names_are_named() -> None:
    mine = MEANS.rename(columns={"m1i": "Treatment", "study": "who"})
    with pytest.raises(ValueError, match="mean1: there is no column mean1"):
        lm.smd(mine, labels="who")
    assert lm.smd(mine, mean1="Treatment", labels="who").equals(lm.smd(MEANS))


def test_a_number_that_gives_no_effect_is_refused_by_column_and_study() -> None:
    with pytest.raises(ValueError, match="sd1i of Cedar 2009 = 0: a standard deviation must be above 0"):
        lm.smd(MEANS.assign(sd1i=[2.0, 2, 0, 3]))


def test_logs_of_a_ratio_stay_logs_between_a_measure_and_the_pool() -> None:
    table = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": [11, 29, 11], "n2i": [139, 303, 220]}
    counts = pd.DataFrame(table)  # the first trials of metafor's dat.bcg
    made = lm.odds_ratio(counts)
    weights = 1 / made["vi"]
    by_hand = (made["yi"] * weights).sum() / weights.sum()
    result = lm.pool(made, model="common")
    assert result.estimate == pytest.approx(by_hand)
    assert result.measure == "log OR"
    assert f"OR {np.exp(by_hand):.2f}" in repr(result)


def test_what_is_left_out_one_by_one_is_named() -> None:
    left = lm.leave_one_out(MEANS)
    assert left.to_frame()["label"].tolist() == LABELS
    for i in range(4):
        assert left.estimate[i] == pytest.approx(lm.pool(MEANS.drop(index=i)).estimate)
    assert lm.influence(MEANS).to_frame()["label"].tolist() == LABELS
    assert lm.cumulative(MEANS, order="precision").labels[0] == LABELS[-1]
    assert lm.cumulative(MEANS).labels == tuple(LABELS)  # by year


def test_an_option_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(TypeError, match="Did you mean model"):
        lm.pool(YI, VI, modle="common")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="not of effects"):
        lm.pool(YI, VI, synthesis="pain-short")


def test_several_syntheses_are_not_pooled_as_one() -> None:
    with pytest.raises(ValueError, match="pain-short, pain-medium"):
        lm.pool("smith2017")
    assert lm.pool("smith2017", synthesis="pain-short").k == 3


def test_results_become_plain_json_and_a_table_that_is_escaped() -> None:
    result = lm.pool(YI, VI, labels=["<b>x</b>", *LABELS[1:]])
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["k"] == 4
    assert "<b>x" not in result._repr_html_()
    assert "&lt;b&gt;x" in result._repr_html_()
    assert re.match(r"<PooledEstimate k = 4: estimate 0\.\d\d \(95% CI", repr(result))


def test_people_with_and_without_the_event_are_people() -> None:
    cells = pd.DataFrame({"ai": [4, 6], "bi": [119, 300], "ci": [11, 29], "di": [128, 274]})
    whole = pd.DataFrame({"ai": [4, 6], "n1i": [123, 306], "ci": [11, 29], "n2i": [139, 303]})
    assert lm.risk_ratio(cells)["yi"].tolist() == lm.risk_ratio(whole)["yi"].tolist()
    assert lm.pool(cells).estimate == lm.pool(whole).estimate


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lm.smd(MEANS, labels="std"), "labels = 'std'.*Did you mean study"),
        (lambda: lm.pool(MEANS, labels=LABELS), "this is the name of a column"),
        (lambda: lm.pool(YI), "effects need their variances"),
        (lambda: lm.pool("smith2017", labels="trial"), "smith2017 is a review"),
        (lambda: lm.meta_regression(YI, VI, [[1], [2], [3], [4]]), "values by their names"),
        (lambda: lm.bayes(YI, VI), "tau_scale .*give one, in the unit of the effects"),
        (lambda: lm.verify(MEANS), "a table has no lock"),
        (lambda: lm.forest_plot(pooling.pool(YI, VI)), "does not know its studies"),
    ],
)
def test_what_can_t_be_done_is_refused_with_the_remedy(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
