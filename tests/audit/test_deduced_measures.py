"""What printed results of other measures than SMDs give away: where arms bound a variance, and where not."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from folders import ARM, ROOT, SOURCE, TRIAL, folder
from livingmeta import load_review, synthesise
from livingmeta.audit.candidates import Assumptions
from livingmeta.audit.deduction import deduce
from livingmeta.engine.measures import MEASURES, as_shown
from livingmeta.pages.deductions import deduced
from livingmeta.review.protocol import Review

BCG = ROOT / "docs" / "tables" / "bcg.csv"


def hiding(path: Path, measure: str, hidden: int, *, method: str = "IV", **printed: str) -> Review:
    """Review the first seven trials of BCG, of which the first few can't be read but for their arms."""
    with BCG.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:7]
    trials, outcomes = [], []
    for row in rows:
        trial = "t" + row["year"] + row["study"][:3].lower()
        arms = {
            g: (int(row[a]), int(row[a]) + int(row[b]))
            for g, a, b in (("1", "tpos", "tneg"), ("2", "cpos", "cneg"))
        }
        sizes = {f"n{g}_randomised": str(n) for g, (_, n) in arms.items()}
        whole = str(sum(n for _, n in arms.values()))
        trials.append(TRIAL | {"trial": trial, "label": row["study"], "n_randomised": whole} | sizes)
        if len(trials) > hidden:
            arm = {"trial": trial, "report": "", "outcome": "pain", "instrument": "", "statistic": "final"}
            for g, (events, n) in arms.items():
                counted = {"group": g, "events": str(events), "n": str(n), "quote": f"{events}/{n}"}
                outcomes.append(ARM | arm | counted)
    claims = [
        {"claim": "pooled", "synthesis": "pain-short", "quantity": name, "printed": text}
        | {"where": "Table 1", "source": "paper", "reading": "primary", "quote": text}
        for name, text in printed.items()
    ]
    how = f'profile = "revman5"\nmeasure = "{measure}"\nmethod = "{method}"'
    toml = ('profile = "today"\nmeasure = "SMD"', how)
    return load_review(
        folder(
            path,
            toml=toml,
            trials=trials,
            sources=[SOURCE | {"kind": "dataset"}],
            reports=[],
            instruments=[],
            outcomes=outcomes,
            published=claims,
        )
    )


@pytest.mark.parametrize(
    ("measure", "method"),
    [
        ("OR", "IV"),
        ("RR", "MH"),
        *(pytest.param(*how, marks=pytest.mark.slow) for how in (("RR", "IV"), ("RD", "IV"), ("OR", "Peto"))),
    ],
)
@pytest.mark.parametrize("hidden", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_of_counts_the_truth_is_among_what_is_deduced(
    tmp_path: Path, measure: str, method: str, hidden: int
) -> None:
    """The seven trials are pooled whole, printed to two decimals, and then some are hidden."""
    (whole,) = synthesise(hiding(tmp_path / "whole", measure, 0, method=method))
    assert whole.result is not None
    ends = as_shown(whole.measure, whole.result.estimate, whole.result.ci_low, whole.result.ci_high)
    printed = {
        name: end.replace("−", "-") for name, end in zip(("estimate", "ci_low", "ci_high"), ends, strict=True)
    }
    review = hiding(tmp_path / "partly", measure, hidden, method=method, **printed)
    (found,) = deduce(review)
    # the methods of a review without a headline are its own: nobody says what estimated τ²
    assert found.assumptions.largest is None and found.assumptions.tau2 == "any"
    # τ² beside Mantel-Haenszel's estimate is DerSimonian and Laird's, of another Q
    by_dl = [replace(found.assumptions, tau2="DL")] if method == "IV" else []
    for taken in (found.assumptions, *by_dl):
        (sets,) = (one.widest for one in deduce(review, assumptions=taken))
        assert sets is not None
        (at,) = np.flatnonzero(sets.subsets == 127)
        y, v = (np.array([getattr(one, name) for one in whole.effects[:hidden]]) for name in ("yi", "vi"))
        w = 1 / (v + (whole.result.tau2 or 0.0))
        assert sets.mean_low[at] <= (w * y).sum() / w.sum() <= sets.mean_high[at]
        assert (sets.trial_low[:hidden] <= y).all() and (y <= sets.trial_high[:hidden]).all()
    said = " ".join(deduced(found))
    assert ("of its log" in said) == (measure != "RD") and ("nothing bounds how precise" in said) == (
        measure != "OR"
    )


@pytest.mark.parametrize(
    ("measure", "n1", "n2", "vi"),
    [
        # R: metafor 3.8, escalc("OR", ai=20, bi=20, ci=15, di=15)$vi: nobody is more precise
        ("OR", 40, 30, 0.2333333),
        # R: escalc("OR", ai=0, bi=3, ci=2, di=1)$vi, with 0.5 in each cell
        ("OR", 3, 3, 3.3523810),
        # R: escalc("PETO", ai=20, bi=20, ci=15, di=15)$vi
        ("PETO", 40, 30, 0.2300000),
        # R: escalc("RD", ai=20, bi=20, ci=15, di=15)$vi: nobody is less precise
        ("RD", 40, 30, 0.0145833),
        # R: escalc("RD", ai=0, bi=3, ci=2, di=1)$vi
        ("RD", 3, 3, 0.0859375),
        # R: metafor 3.8, escalc("SMD1", m1i=0, m2i=1, sd2i=1, n1i=12, n2i=9)$vi
        ("GLASS", 12, 9, 0.2397152),
    ],
)
def test_no_variance_lies_beyond_what_people_allow(measure: str, n1: int, n2: int, vi: float) -> None:
    of_people = MEASURES[measure].of_people
    assert of_people is not None
    low, high = of_people(n1, n2, 2.0)
    assert low <= vi <= high * (1 + 1e-5)


def test_a_common_effect_by_mantel_haenszel_is_refused_and_random_effects_are_not(tmp_path: Path) -> None:
    """Its weights are no inverse variances; those of random effects beside it are."""
    review = hiding(tmp_path, "OR", 1, method="MH", estimate="0.60", ci_low="0.40", ci_high="0.90")
    random, common = (
        deduce(review, assumptions=replace(Assumptions(measure="log OR", largest=None), common=common))[0]
        for common in (False, True)
    )
    assert random.widest is not None and common.widest is None
    assert "not by inverse variance" in str(common.why_not)


def test_no_log_hazard_ratio_is_more_precise_than_people_allow() -> None:
    """Cox 1972: the information is Σ p(1 - p), p the share of the risk that group 1 bears at each event."""
    rng = np.random.default_rng(5)
    for n1, n2, effect in ((20, 20, 0.0), (50, 10, 1.0), (5, 60, -2.0)):
        group = np.repeat([1.0, 0.0], [n1, n2])
        group = group[np.argsort(rng.exponential(np.exp(-effect * group)))]  # all have the event, in order
        risk = np.exp(effect * group)
        p = np.cumsum((risk * group)[::-1]) / np.cumsum(risk[::-1])
        of_people = MEASURES["HR"].of_people
        assert of_people is not None
        assert of_people(n1, n2, 2.0)[0] <= 1 / (p * (1 - p)).sum()
