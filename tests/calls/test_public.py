"""What is public is documented, shows itself, and does what a command does, in its words."""

import doctest
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import livingmeta as lm
from livingmeta.__main__ import COMMANDS, command_of
from livingmeta.printer import Several, Shown

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `livingmeta ([\w-]+)` \| (.*) \|$", PAGE, re.MULTILINE))
TERMINAL = re.findall(r"^\| (`--[^|]*) \| ([^|]*) \| [^\n]* \|$", PAGE, re.MULTILINE)
WRITTEN = {"add", "new", "import", "template", "reviews", "dictionary"}
CALLABLE = [name for name in lm.__all__ if callable(getattr(lm, name))]
SECTIONS = ("Parameters", "Returns", "Raises", "References", "Examples")
CLASSES = ("Effect", "Pool", "PooledEstimate", "Review")


def test_every_command_has_a_call_beside_it_in_the_docs() -> None:
    assert ROWS.keys() | WRITTEN == COMMANDS.keys()


@pytest.mark.parametrize("command", ROWS)
def test_each_option_of_a_command_is_a_keyword_of_its_call_or_the_terminal_s_alone(command: str) -> None:
    calls = re.findall(r"`(\w+)\(", ROWS[command])
    assert set(calls) <= set(lm.__all__)
    known = {name for call in calls for name in inspect.signature(getattr(lm, call)).parameters}
    alone = {
        option.removeprefix("--").replace("-", "_")
        for options, of in TERMINAL
        for option in re.findall(r"--[\w-]+", options)
        if of == "all" or command in of.split(", ")
    }
    for option in command_of(command).params:
        if option.param_type_name == "option" and option.name != "help":
            words = {option.name, *(word.lstrip("-").replace("-", "_") for word in option.opts)}
            assert words & (known | alone), option.name


@pytest.mark.parametrize("name", [name for name in CALLABLE if name not in CLASSES])
def test_a_public_function_says_all_that_its_user_asks(name: str) -> None:
    doc = inspect.getdoc(getattr(lm, name)) or ""
    missing = [section for section in SECTIONS if f"\n{section}\n{'-' * len(section)}\n" not in doc]
    assert missing == []
    assert ">>> " in doc


MADE = [name for name in CALLABLE if hasattr(getattr(lm, name), "__wrapped__")]


@pytest.mark.parametrize(
    "name",  # other programs take seconds
    [pytest.param(name, marks=pytest.mark.slow) if name == "certify" else name for name in MADE],
)
def test_the_examples_of_calls_that_are_made_of_others_run(name: str) -> None:
    call = getattr(lm, name)
    known = {one: getattr(lm, one) for one in lm.__all__}
    for example in doctest.DocTestFinder().find(call, name, globs=known):
        failed, tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example)
        assert tried
        assert not failed


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_says_what_it_holds(name: str) -> None:
    doc = inspect.getdoc(getattr(lm, name)) or ""
    assert all(f"\n{section}\n{'-' * len(section)}\n" in doc for section in ("Attributes", "Examples"))
    assert ">>> " in doc


EFFECTS = pd.DataFrame(
    {
        "study": ["<Ash> 2001", "Birch 2004", "Cedar 2009", "Dill 2012", "Elm 2015"],
        "yi": [0.10, 0.30, 0.35, 0.65, 0.2],
        "vi": [0.03, 0.03, 0.05, 0.01, 0.02],
        "dose": [1, 2, 3, 4, 2],
    }
)
ROOT = Path(__file__).parents[2]
RESULTS: dict[str, Any] = {
    "pool": lambda: lm.pool(EFFECTS),
    "plain": lambda: lm.pool(EFFECTS["yi"], EFFECTS["vi"]),
    "synthesise": lambda: lm.synthesise(EFFECTS),
    "effect": lambda: lm.synthesise(EFFECTS)[0].effects[0],
    "leave_one_out": lambda: lm.leave_one_out(EFFECTS),
    "cumulative": lambda: lm.cumulative(EFFECTS),
    "influence": lambda: lm.influence(EFFECTS),
    "regress": lambda: lm.regress(EFFECTS, by="dose"),
    "meta_regression": lambda: lm.meta_regression(EFFECTS["yi"], EFFECTS["vi"], EFFECTS[["dose"]]),
    "small_study": lambda: lm.small_study(EFFECTS, force=True),
    "refused": lambda: lm.small_study(EFFECTS),
    "multilevel": lambda: lm.multilevel(EFFECTS["yi"], EFFECTS["vi"], labels=list("aabbc")),
    "bayes": lambda: lm.bayes(EFFECTS, tau_scale=0.5),
    "gosh": lambda: lm.gosh(EFFECTS),
    "gosh of a trial": lambda: lm.gosh("smith2017", trial="Aasa 2015", synthesis="pain-short"),
    "resample": lambda: lm.resample(EFFECTS, count=100),
    "simulate": lambda: lm.simulate(EFFECTS, count=100),
    "sensitivity": lambda: lm.sensitivity("smith2017", synthesis="pain-short"),
    "multiverse": lambda: lm.multiverse("smith2017", synthesis="pain-short"),
    "certainty": lambda: lm.certainty("smith2017"),
    "compare": lambda: lm.compare("smith2017", synthesis="pain-short"),
    "reproduce": lambda: lm.reproduce("smith2017"),
    "deduce": lambda: lm.deduce("smith2017", "pain-short"),
    "certify": lambda: lm.certify(EFFECTS),
    "check": lambda: lm.check("smith2017"),
    "trace": lambda: lm.trace("smith2017", "pain-short"),
    "gaps": lambda: lm.gaps("smith2017"),
    "diff": lambda: lm.diff("smith2017", "living"),
    "review": lambda: lm.load_review("smith2017"),
    "dossier": lambda: lm.dossier("smith2017"),
}


TABLE = pd.DataFrame({"study": ["Ash", "Elm", "Fir"], "yi": [0.1, 0.3, 0.2], "vi": 0.04, "dose": [1, 2, 4]})


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: lm.regress(TABLE, by=3), "by = 3: give text or a list"),
        (lambda: lm.pool(TABLE, measure=3), "measure = 3: give text"),
        (lambda: lm.pool(TABLE, level="95"), "level = '95': give a number"),
        (lambda: lm.pool(TABLE, level=True), "level = True: give a number"),
        (lambda: lm.pool(TABLE, columns=["yi"]), r"columns = \['yi'\]: give a dict"),
        (lambda: lm.pool(TABLE, labels=TABLE["study"]), "labels: of a table this is the name of a column"),
        (lambda: lm.synthesise(TABLE, subgroup=["dose"]), r"subgroup = \['dose'\]: give text"),
        (lambda: lm.resample(TABLE, count="a"), "count = 'a': give a whole number"),
        (lambda: lm.forest_plot(TABLE, limits=3), "limits = 3: give a pair"),
        (lambda: lm.report(TABLE, out=3), "out = 3: give text or a path"),
    ],
)
def test_a_value_of_another_kind_than_its_option_is_refused_by_the_option(
    call: Callable[[], Any], refusal: str
) -> None:
    with pytest.raises(ValueError, match=refusal):
        call()


def test_numbers_of_numpy_are_numbers_and_lists_are_lists() -> None:
    assert lm.pool(TABLE, level=np.float64(0.9)).level == 0.9
    assert lm.regress(TABLE, by=["dose"]).by == ("dose",)
    assert lm.resample(TABLE, count=np.int64(50))


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (lambda data: lm.pool(data, measure="RR"), "RR 0.49"),
        (lambda data: lm.leave_one_out(data, measure="RR"), "RR from 0.45 to 0.53"),
        (lambda data: lm.bayes(data, measure="RR", tau_scale=0.5), "numbers are log RR"),
        (lambda data: lm.gosh(data, measure="RR"), "numbers are log RR"),
        (lambda data: lm.small_study(data, measure="RR"), "numbers are log RR"),
    ],
)
def test_of_a_ratio_each_result_says_whether_its_numbers_are_logs(
    call: Callable[..., Any], shown: str
) -> None:
    """metafor: `leave1out(rma(measure="RR", …, data = dat.bcg), transf = exp)`, 0.4517 to 0.5334."""
    result = call(str(ROOT / "docs" / "tables" / "bcg.csv"))
    assert shown in repr(result)
    assert (
        "estimates and limits in the table: log RR"
        in (result[0] if isinstance(result, Several) else result)._repr_html_()
    )


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "certify" else name for name in RESULTS]
)
def test_a_result_shows_itself_in_a_line_a_table_and_json(name: str) -> None:
    result = RESULTS[name]()
    assert isinstance(result, Shown | Several)
    lines = repr(result).splitlines()
    assert len(lines) <= 15
    assert max(map(len, lines)) < 1000
    assert all(map(repr, result if isinstance(result, Several) else ()))
    assert "<Ash>" not in result._repr_html_()
    assert "<table" in result._repr_html_()
    assert isinstance(result.to_frame(), pd.DataFrame)
    json.dumps(result.to_dict(), allow_nan=False)
