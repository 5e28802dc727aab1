"""A certificate says to how many digits other programs agree, and why not further."""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from folders import ROOT
from livingmeta.audit import witnesses as certificate
from livingmeta.audit.results import Results, results_of
from livingmeta.audit.witnesses import (
    MissingError,
    NotOfferedError,
    Question,
    WitnessAnswer,
    agreeing_digits,
    certify,
)
from livingmeta.engine.pooling import pool
from livingmeta.pages.blocks import as_markdown
from livingmeta.pages.certificate import certificate_page
from livingmeta.review.folder import load_review


@pytest.fixture(scope="module")
def smith() -> Results:
    return results_of(load_review("smith2017"))


def exact(questions: Sequence[Question], *, off: float = 0.0) -> list[WitnessAnswer | str]:
    """Answer as we do, with an estimate that is off."""
    found: list[WitnessAnswer | str] = []
    for q in questions:
        one = pool(q.yi, q.vi, model=q.model, tau2=q.tau2 or "DL", ci=q.ci)
        found.append({"estimate": one.estimate + off, "se": one.se})
    return found


def test_a_witness_that_agrees_is_said_to_agree_in_full(smith: Results) -> None:
    found = certify(smith, program="0", witnesses={"twin": exact})
    compared = [line for line in found.lines if line.digits is not None]
    assert compared
    assert {line.digits for line in compared} == {15}
    assert not found.unexplained
    assert f"{len(compared)} of {len(compared)} numbers equal" in found.summary()[0]


def test_a_difference_without_known_reason_is_not_passed_over(smith: Results) -> None:
    found = certify(smith, program="0", witnesses={"other": lambda q: exact(q, off=1e-5)})
    assert {line.quantity for line in found.unexplained} == {"estimate"}
    assert "no reason is known" in as_markdown([certificate_page(found)])


def test_a_missing_witness_is_named_as_missing(smith: Results) -> None:
    def nobody(questions: Sequence[Question]) -> list[WitnessAnswer | str]:
        raise MissingError("pip install it")

    found = certify(smith, program="0", witnesses={"nobody": nobody})
    assert found.summary() == ["nobody: missing: pip install it"]
    assert "nobody: missing" in as_markdown([certificate_page(found)])


def test_r_that_is_not_there_is_named_as_missing(smith: Results, monkeypatch) -> None:
    monkeypatch.setattr(certificate.shutil, "which", lambda name: None)
    found = certify(smith, program="0", witnesses={"metafor": certificate.WITNESSES["metafor"]})
    assert "Rscript is not on the PATH" in found.summary()[0]


def test_a_witness_that_dies_or_lacks_a_method_says_so(smith: Results) -> None:
    def weak(question: Question) -> WitnessAnswer:
        if question.tau2 == "REML":
            raise NotOfferedError("no REML")
        raise ZeroDivisionError("division by zero")

    found = certify(smith, program="0", witnesses={"weak": partial(certificate._each, weak)})
    reasons = {line.why for line in found.lines}
    assert reasons == {"no REML", "it failed: ZeroDivisionError: division by zero"}


def test_statsmodels_untruncated_dl_is_explained() -> None:
    """Its τ² is −0.043 here and its standard error no number."""
    question = Question(
        yi=(0.10, 0.12, 0.09, 0.11),
        vi=(0.04, 0.05, 0.03, 0.06),
        model="random",
        tau2="DL",
        ci="wald",
        prediction=None,
        level=0.95,
    )
    (answer,) = certificate.WITNESSES["statsmodels"]([question])
    assert isinstance(answer, dict)
    assert answer["tau2"] < 0
    ours = pool(question.yi, question.vi, tau2="DL", ci="wald")
    assert agreeing_digits(ours.estimate, answer["estimate"], scale=ours.se) < 8
    why = certificate._reason("statsmodels", question, ours.estimate, answer["estimate"])
    assert "does not truncate" in why


@pytest.mark.parametrize(
    ("ours", "theirs", "digits"),
    [(1.0, 1.0, 15), (1.0, 1.0015, 2), (0.0, 1e-9, 9), (2.0, float("nan"), 0), (5.0, -5.0, 0)],
)
def test_digits_are_counted_from_the_relative_gap(ours, theirs, digits: int) -> None:
    assert agreeing_digits(ours, theirs, scale=1.0) == digits


@pytest.mark.slow
@pytest.mark.parametrize("review", ["smith2017", "knee_oa", "living"])
def test_every_witness_is_heard_and_nothing_stays_unexplained(review: str, tmp_path: Path) -> None:
    """As a user runs it, in a process of its own: the witnesses warn as they like."""
    run = [sys.executable, "-m", "livingmeta", "certify", review, "--out", str(tmp_path), "--json"]
    said = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=False)
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr
    document = json.loads(said.stdout)
    assert set(document["witnesses"]) == set(certificate.WITNESSES)
    assert not [one for one in document["witnesses"].values() if one.startswith("missing")]
    metafor = [x for x in document["lines"] if x["witness"] == "metafor" and x["digits"]]
    assert len(metafor) > 20
    assert min(line["digits"] for line in metafor) >= 8
    assert (tmp_path / review / "certificate.md").read_text(encoding="utf-8").startswith("# Cert")
