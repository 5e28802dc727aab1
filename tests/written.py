"""Hypothesis writes review folders: any that a person could hand in, plain and odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from hypothesis import strategies as st

from folders import as_csv
from livingmeta.appraisal.bias import DOMAINS
from livingmeta.appraisal.choices import CHOICES, ROWS, STATISTIC
from livingmeta.engine.measures import MEASURES, printed_kinds
from livingmeta.engine.pooling import CONFIDENCE, PREDICTION
from livingmeta.engine.tau2 import TAU2
from livingmeta.review.schema import OPTIONAL, TABLES, Rated
from livingmeta.synthesis.profiles import PROFILES

Cells = dict[str, str]
NAMES = (
    "Alpha",
    "Ærø Åse",
    "Łódź & Søn",
    "Čapek",
    "<b>bold</b>",
    '"quoted", with comma',
    "O'Hara | 2",
    "$x_1$",
    "{brace}",
    "%s",
    "long " * 30,
)
PRINTED = (
    "0.3",
    "-0.27",
    "−0.54",
    "–0.05",
    "1,026",
    "< 0.1",
    "<0.001",
    "about 385",
    "seven",
    "91%",
    "0.30 (approx.)",
    "1e-05",
    "≥ 4",
    "0",
    "7",
    "385",
    "-0,3",
    "100.0",
    "9" * 29,
)
OUTCOMES = ("pain", "function")
DATASET = {"source": "data", "kind": "dataset", "citation": "A data set", "reading": "primary"}


def _odd(least: float) -> st.SearchStrategy[float]:
    plain = st.integers(int(least * 10) + 1, 400).map(lambda x: x / 10)
    small = st.sampled_from([1e-9, 1e-4, 0.01, 1e4, 123456.7, 1e7, 1e12])
    rare = st.sampled_from([1e-300, 5e-324, 1e300, 1.7e308])
    return st.one_of(*[plain] * 12, *[small] * 2, rare)


def _number(draw: Any, *, signed: bool = True) -> float:
    if not signed:
        return draw(_odd(0))
    if draw(st.integers(0, 9)) == 0:
        return 0.0
    return draw(_odd(0)) * draw(st.sampled_from([1, 1, 1, -1]))


def _cell(value: float) -> str:
    return repr(value)


def _people(draw: Any) -> str:
    usual = st.integers(2, 120)
    return str(draw(st.one_of(*[usual] * 8, st.sampled_from([1, 2, 3, 10**6, 10**9]))))


def _maybe(draw: Any, text: str, *, one_in: int = 4) -> str:
    """Leave a cell empty now and then."""
    return "" if draw(st.integers(1, one_in)) == 1 else text


def _arm(draw: Any, kind: str) -> Cells:
    cells = {"n": _people(draw)}
    if kind == "counts":
        events = draw(st.integers(0, int(cells["n"]))) if int(cells["n"]) < 1000 else 7
        return {**cells, "events": str(events)}
    if kind == "quantiles":
        five = sorted(_number(draw) for _ in range(5))
        names = ("minimum", "q1", "median", "q3", "maximum")
        return cells | {n: _maybe(draw, _cell(x)) for n, x in zip(names, five, strict=True)}
    cells["mean"] = _maybe(draw, _cell(_number(draw)), one_in=9)
    if kind == "sd":
        return {**cells, "sd": _maybe(draw, _cell(_number(draw, signed=False)), one_in=9)}
    if kind == "se":
        return {**cells, "se": _cell(_number(draw, signed=False))}
    if kind == "interval" and cells["mean"]:
        return cells | _limits(draw, float(cells["mean"]))
    return cells


def _limits(draw: Any, mean: float) -> Cells:
    low, high = (mean - _number(draw, signed=False), mean + _number(draw, signed=False))
    level = draw(st.sampled_from(["95", "95", "95", "90", "50", "99.9"]))
    basis = draw(st.sampled_from(["", "", "t", "z"]))
    ends = {"ci_low": _cell(low), "ci_high": _cell(high), "ci_level": level, "ci_basis": basis}
    return ends if low < high and abs(low) < 1.7e308 and abs(high) < 1.7e308 else {}


def _difference(draw: Any, own: str) -> Cells:
    kinds = printed_kinds()
    usual = own if own in kinds else "MD"
    measure = draw(st.sampled_from([*[usual] * 12, "MD", "SMD", *kinds]))
    cells = {
        "measure": measure,
        "n1": _maybe(draw, _people(draw)),
        "n2": _maybe(draw, _people(draw)),
        "adjusted": draw(st.sampled_from(["", "", "yes", "no"])),
    }
    mean = _number(draw, signed=measure not in {"OR", "RR", "HR", "IRR", "ROM"})
    if draw(st.integers(0, 8)):
        cells["mean"] = _cell(mean)
        if draw(st.booleans()):
            cells |= _limits(draw, mean)
    if draw(st.integers(0, 3)) == 0:
        cells["se"] = _cell(_number(draw, signed=False))
    if draw(st.integers(0, 3)) == 0:
        cells["sd"] = _cell(_number(draw, signed=False))
    if draw(st.integers(0, 3)) == 0:
        cells["t_value"] = _cell(_number(draw))
    if draw(st.integers(0, 2)) == 0:
        cells["p_value"] = draw(st.sampled_from(["0.04", "0.5", "0.001", "1e-12", "0.9999"]))
        cells["p_relation"] = draw(st.sampled_from(["=", "=", "<", ">"]))
    return cells


KINDS = ("sd", "sd", "sd", "se", "interval", "quantiles", "counts", "mean only")


def _rows(draw: Any, about: Cells, kind: str, measure: str) -> list[Cells]:
    """Write the rows of one row set: two arms, a difference, or both."""
    computed = MEASURES[measure].needs == "effect"
    usual = "difference" if computed else "arms"
    what = draw(st.sampled_from([usual, usual, usual, "arms", "difference", "both"]))
    rows = []
    if what != "difference":
        rows += [{**about, **_arm(draw, kind), "group": arm} for arm in ("1", "2")]
    if what != "arms":
        rows.append({**about, **_difference(draw, measure), "group": "difference"})
    return rows


@st.composite
def review_folders(draw: Any) -> dict[str, str]:
    """Draw the files of a review: name to text."""
    measure = draw(st.sampled_from(["SMD", "SMD", "SMD", "MD", "MD", *MEASURES]))
    counts = MEASURES[measure].needs == "counts"
    k = draw(st.sampled_from([0, 1, 2, 3, 3, 4, 4, 5, 7, 11]))
    keys = [f"trial{i}" for i in range(k)]
    timed = draw(st.booleans())
    subgroups = draw(st.sampled_from([[""], [""], [""], ["a", "b"], ["under 50", "Åse", "c"]]))
    plans = _plans(draw, timed)
    tables: dict[str, list[Cells]] = {name: [] for name in TABLES}
    tables["sources"] = [DATASET]
    tables["instruments"] = [
        {
            "instrument": f"scale{i}",
            "name": draw(st.sampled_from(NAMES)),
            "source": "data",
            "domain": draw(st.sampled_from(["pain", "function", "composite"])),
            "min": draw(st.sampled_from(["", "0"])),
            "max": draw(st.sampled_from(["", "10", "100"])),
            "better": draw(st.sampled_from(["lower", "higher"])),
        }
        for i in range(draw(st.integers(0, 3)))
    ]
    scales = ["", *(row["instrument"] for row in tables["instruments"])]
    if draw(st.booleans()):
        scales = scales[:2][-1:]
    for key in keys:
        tables["trials"].append(_trial(draw, key))
        if draw(st.booleans()):
            tables["reports"].append(
                {
                    "report": f"{key}.r",
                    "trial": key,
                    "citation": "A 2001",
                    "doi": draw(st.sampled_from(["", "10.1000/1"])),
                }
            )
        for outcome in OUTCOMES[: draw(st.integers(1, 2))]:
            kind = "counts" if counts and draw(st.integers(0, 5)) else draw(st.sampled_from(KINDS))
            shared = {
                "trial": key,
                "outcome": outcome,
                "instrument": draw(st.sampled_from(scales)),
                "weeks": draw(st.sampled_from(["6", "12", "13", "26", "52", "0.5", "0"])),
                "statistic": draw(st.sampled_from(["final", "final", "change", ""])),
                "source": "data",
                "locator": "table 1",
                "subgroup": draw(st.sampled_from(subgroups)),
                "use": draw(st.sampled_from(["yes", "yes", "yes", "yes", "sensitivity", "no"])),
                "note": "why",
                "assumption": draw(st.sampled_from(["", "", "", "equal arms"])),
            }
            if not timed:
                shared |= {"weeks": "", "time_label": "post"}
            contrasts = draw(st.sampled_from([[""], [""], [""], ["A v C", "B v C"]]))
            for contrast in contrasts:
                tables["outcomes"] += _rows(draw, {**shared, "contrast": contrast}, kind, measure)
        if draw(st.integers(0, 2)) == 0:
            tables["gaps"].append(
                {
                    "trial": key,
                    "outcome": draw(st.sampled_from(OUTCOMES)),
                    "source": "data",
                    "weeks": draw(st.sampled_from(["", "6", "52"])),
                    "what": draw(st.sampled_from(NAMES)),
                    "where": "table 2",
                    "instrument": draw(st.sampled_from(scales)),
                }
            )
        tables["risk_of_bias"] += _bias(draw, key)
    for number in range(draw(st.integers(0, 4))):
        tables["published"] += _claims(draw, number, keys, [p["id"] for p in plans], subgroups)
    files = {f"{name}.csv": as_csv(name, rows) for name, rows in tables.items() if name not in OPTIONAL}
    files["review.toml"] = _toml(draw, measure, plans, keys, tables, timed)
    panel = _panel(draw, plans[-1]["id"])  # the first may have a [[judgement]]
    if panel and subgroups == [""]:
        files["certainty.csv"] = as_csv("certainty", panel)
    return files


def _panel(draw: Any, synthesis: str) -> list[Cells]:
    """Draw what a panel decided of a synthesis."""
    domains = draw(st.lists(st.sampled_from(get_args(Rated)), unique=True))
    decisions = (
        {"decision": "open"},
        {"decision": "accept", "suggested": "-1", "by": "A. Author"},
        {"decision": "change", "levels": "-2", "reason": "two\nlines | <b>", "by": "A. Author"},
    )
    return [
        {"synthesis": synthesis, "domain": domain, **draw(st.sampled_from(decisions))} for domain in domains
    ]


def _trial(draw: Any, key: str) -> Cells:
    return {
        "trial": key,
        "label": f"{draw(st.sampled_from(NAMES))} {key[5:]}",
        "year": draw(st.sampled_from(["", "2001", "2017", "1900"])),
        "n_randomised": "",
        "membership": draw(st.sampled_from(["documented", "inferred"])),
        "membership_why": "listed",
        "source": "data",
        "treatment_weeks": draw(st.sampled_from(["", "6", "12"])),
        "pain_rule1": draw(st.sampled_from(["", "up to 5 of 10"])),
        "pain_rule2": draw(st.sampled_from(["", "none"])),
    }


def _bias(draw: Any, key: str) -> list[Cells]:
    tool = draw(st.sampled_from([*DOMAINS, "a tool of one's own"]))
    domains = draw(st.sampled_from([(), (), DOMAINS.get(tool, ("anything",))]))
    judgements = ("", "low", "unclear", "high", "some concerns")
    return [
        {
            "trial": key,
            "tool": tool,
            "domain": domain,
            "support": "said",
            "source": "data",
            "judgement": draw(st.sampled_from(judgements)),
        }
        for domain in domains
    ]


def _claims(draw: Any, number: int, keys: list[str], plans: list[str], subgroups: list[str]) -> list[Cells]:
    every = (
        "estimate",
        "ci_low",
        "ci_high",
        "p",
        "z",
        "q",
        "tau2",
        "i2",
        "k",
        "n",
        "weight",
        "certainty",
        "count",
        "text",
    )
    about = {
        "claim": f"c{number}",
        "synthesis": draw(st.sampled_from(["", *plans, *plans])),
        "trial": draw(st.sampled_from(["", "", *keys[:2]])),
        "where": "Abstract",
        "source": "data",
        "subgroup": draw(st.sampled_from(["", "", *subgroups])),
        "reading": draw(st.sampled_from(["primary", "primary", "secondary"])),
    }
    quantities = draw(
        st.one_of(st.just(every[:3]), st.lists(st.sampled_from(every), unique=True, max_size=9))
    )
    return [{**about, "quantity": q, "printed": draw(st.sampled_from(PRINTED))} for q in quantities]


def _plans(draw: Any, timed: bool) -> list[Cells]:
    plans = []
    for outcome in OUTCOMES:
        for term in ("short", "long")[: draw(st.integers(1, 2))] if timed else ("",):
            name = f"{outcome}-{term}".rstrip("-")
            plans.append(
                {
                    "id": name,
                    "title": f"{draw(st.sampled_from(NAMES))} {name}",
                    "outcome": outcome,
                    "term": term,
                }
            )
    return plans


def _toml(draw: Any, measure: str, plans: list[Cells], keys: list[str], tables: Any, timed: bool) -> str:
    def table(name: str, /, **cells: Any) -> str:
        given = {key: value for key, value in cells.items() if value not in (None, "")}
        lines = [f"{json.dumps(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in given.items()]
        return "\n".join([name, *lines, ""])

    def maybe(*options: Any) -> Any:
        return draw(st.sampled_from([None, None, None, *options]))

    two = (draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES)))
    model = maybe("common", "random")
    methods = {
        "profile": maybe(*PROFILES),
        "headline": maybe(*PROFILES),
        "assumed": maybe("not said"),
        "measure": measure,
        "tau2": maybe(*TAU2),
        "model": model,
        "ci": None if model == "common" else maybe(*CONFIDENCE),
        "prediction": maybe(*PREDICTION, "none"),
        "level": maybe(0.9, 0.99),
        "subgroup_tau2": maybe("separate", "common"),
        "correction": maybe("exact"),
        "i2": maybe("q", "tau2"),
        "mean_from": maybe("wan"),
        "sd_from": maybe("wan"),
        "tau2_ci": maybe("profile"),
        "smd_variance": maybe("LS", "UB"),
        "md_variance": maybe("pooled"),
        "zero_cells": maybe("needed", "all", "none"),
        "measure_label": maybe("effect") if measure == "GEN" else None,
    }
    ties = {
        "time": maybe("treatment end", "latest", "earliest"),
        "several_arms": maybe("separate", "split", "combine"),
        "composites": maybe("first"),
    }
    parts = [
        table(
            "", id="f", title=draw(st.sampled_from(NAMES)), question="Which?", caution=maybe("only a test")
        ),
        table("[groups]", **{"1": two[0], "2": two[1] + " 2"}),
        table("[methods]", **methods),
        table("[ties]", **ties),
    ]
    if timed:
        parts.append("[terms.default]\nshort = { max = 13 }\nlong = { above = 13 }\n")
        if draw(st.booleans()):
            parts.append("[terms.other]\nshort = { max = 8 }\nlong = { above = 8 }\n")
    for plan in plans:
        domains = maybe(["pain", "function"])
        overall = maybe(False)
        parts.append(table("[[synthesis]]", **plan, domains=domains, overall=overall))
    for key in keys[: draw(st.integers(0, 1))]:
        parts.append(table("[[exclusion]]", trial=key, why="another question", where="page 2"))
    judged = [(), (), ("certainty",), ("imprecision", "missing evidence")]
    for about in draw(st.sampled_from(judged)):
        parts.append(
            table(
                "[[judgement]]",
                synthesis=plans[0]["id"],
                about=about,
                judgement="low",
                why="few",
                by="somebody",
            )
        )
    if r := maybe(0.5, 0.99, -0.3):
        parts.append(table("[[correlation]]", r=r, why="usual"))
    options = {
        "rows": tuple(ROWS),
        "statistic": tuple(STATISTIC),
        "time": ("latest", "earliest"),
        "tau2": ("DL", "REML", "PM"),
        "ci": ("wald", "hksj"),
        "model": ("common", "random"),
        "composites": ("in", "out"),
        "without": ("none", *keys),
    }
    for name in draw(st.lists(st.sampled_from(sorted(options)), unique=True, max_size=3)):
        if len(options[name]) > 1 and name in CHOICES:
            parts.append(table("[[choice]]", name=name, options=options[name], why="either"))
    counted = [r for r in tables["published"] if r["quantity"] in {"count", "k"}]
    if counted and draw(st.booleans()):
        parts.append(f'[prisma]\nrecords = "{counted[0]["claim"]}"\n')
    return "\n".join(parts)


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write a folder's files."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
