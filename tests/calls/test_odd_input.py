"""Whatever is given to a call, it answers or refuses in its own words, by no error of a library."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import livingmeta as lm
from livingmeta.words import RefusalError

Y, V = [0.1, 0.3, 0.2], [0.04, 0.03, 0.05]
TABLE = pd.DataFrame({"study": ["Ash", "Elm", "Fir"], "yi": Y, "vi": V, "dose": [1, 2, 4]})
OPTIONS: dict[str, dict[str, Any]] = {
    "pool": {},
    "synthesise": {},
    "leave_one_out": {},
    "cumulative": {},
    "influence": {},
    "small_study": {},
    "multilevel": {},
    "bayes": {"tau_scale": 0.5},
    "gosh": {},
    "resample": {"count": 5},
    "simulate": {"count": 5},
    "forest_plot": {},
}
QUICK = ("pool", "leave_one_out")  # CI tries the others, too
ONE: Any = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-3, 3),
    st.booleans(),
    st.text(max_size=3),
    st.sampled_from([pd.NA, pd.NaT, np.float64(0.1), np.int64(2), 1j, b"1", "0.1", [0.1], object]),
)
LISTED = st.lists(ONE, max_size=4)
HELD = st.sampled_from([list, tuple, lambda x: pd.Series(x, dtype=object)])


def answered(name: str, *given: Any, **asked: Any) -> None:
    """Ask a call; only its own refusals are no fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = getattr(lm, name)(*given, **asked)
        except RefusalError as refusal:
            assert str(refusal)
        else:
            assert repr(result)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in OPTIONS]
)
@settings(max_examples=8, deadline=None)
@given(values=LISTED, spread=LISTED, held=HELD, drop=st.booleans(), data=st.data())
def test_odd_values_are_answered_or_refused(
    name: str, values: list[Any], spread: list[Any], held: Any, drop: bool, data: st.DataObject
) -> None:
    asked = {**OPTIONS[name], "missing": "drop" if drop else "refuse"}
    answered(name, held(values), held(spread), **asked)
    column = data.draw(st.sampled_from(["yi", "vi", "study"]))
    odd = pd.DataFrame({"study": TABLE["study"], "yi": Y, "vi": V}).astype(object)
    odd[column] = pd.Series([*values, *odd[column]][:3], dtype=object)
    answered(name, odd, **asked)


@pytest.mark.parametrize(
    "odd",
    [
        {"labels": 3},
        {"labels": "abc"},
        {"labels": [None, None, None]},
        {"level": np.nan},
        {"level": 100},
        {"tau2": np.nan},
        {"tau2": -1},
        {"ci": "none of these"},
        {"without": [3]},
        {"columns": {3: "yi"}},
        {"columns": {"yi": 3}},
        {"header_row": -1},
        {"title": ""},
        {"mapping": "no file.toml"},
        {"favours": "up"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "data", [(TABLE,), (Y, V), (np.array(0.1), 0.04), (np.ones((3, 1)), V)], ids=range(4)
)
def test_odd_options_are_answered_or_refused(odd: dict[str, Any], data: Any) -> None:
    for name in ("pool", "synthesise", "gosh"):
        answered(name, *data, **odd)


@pytest.mark.parametrize(
    ("name", "odd", "refusal"),
    [
        ("gosh", {"workers": 0}, r"--workers \(workers=\) 0: one process or more"),
        ("resample", {"seed": -1}, "seed = -1: give 0 or a whole number above"),
        ("simulate", {"seed": -1, "count": 3}, "seed = -1"),
        ("bayes", {"tau_prior": "flat"}, "tau_prior = 'flat': choose one of"),
        ("regress", {"by": [3]}, "by = '3'"),
        ("regress", {"by": [None]}, "by = 'None'"),
        ("pool", {"labels": TABLE["study"]}, "labels: of a table this is the name of a column"),
        ("cumulative", {"order": [0, 0, 1]}, "each of the 3 trials once"),
        ("cumulative", {"order": ["Ash", "Elm", "Oak"]}, "order = 'Oak'"),
    ],
)
def test_what_an_option_can_t_be_is_refused_by_its_name(name: str, odd: dict[str, Any], refusal: str) -> None:
    with pytest.raises(RefusalError, match=refusal):
        getattr(lm, name)(TABLE, **{**({"tau_scale": 0.5} if name == "bayes" else {}), **odd})


@pytest.mark.parametrize("odd", [None, 3, [0.1], np.array(0.1), {"yi": 1}, b"smith2017"], ids=repr)
def test_what_is_no_review_and_no_table_is_refused(odd: Any) -> None:
    with pytest.raises(RefusalError, match="is no name or folder of a review"):
        lm.load_review(odd)
    with pytest.raises(RefusalError, match="is no table"):
        lm.read_table(odd)


@pytest.mark.parametrize("odd", [{"columns": {3: "yi"}}, {"limits": ("a", "b")}, {"limits": (1, 0)}], ids=str)
def test_a_forest_plot_refuses_what_it_can_t_draw(odd: dict[str, Any]) -> None:
    with pytest.raises(RefusalError, match=next(iter(odd))):
        lm.forest_plot(TABLE, **odd)
