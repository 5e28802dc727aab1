"""Whatever review passes `check`, every command answers it: in numbers, or with a refusal."""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, seed, settings

from folders import ARM1, ARM2, DIFFERENCE, REPORT, TRIAL, folder
from livingmeta.__main__ import main
from livingmeta.review.folder import load_review
from livingmeta.synthesis.synthesise import synthesise
from written import review_folders, write

QUICK = (
    "pool",
    "pool --json",
    "pool --profile all",
    "pool --include-sensitivity --tau2 PM",
    "pool --no-assumptions",
    "pool --model common",
    "reproduce",
    "reproduce --json",
    "trace",
    "certainty --json",
    "gaps",
    "gaps --letter",
    "gaps --json",
    "small-study --json --force",
    "multilevel --json --rho 0.6",
    "multilevel --ci profile",
    "regress --synthesis FIRST --by year",
    "regress --synthesis FIRST --by n --cluster",
    "regress --synthesis FIRST --json",
    "diff --against REVIEW --json",
    "multiverse --json",
    "sensitivity --json --important 0.3",
    "gosh --json --most 200",
    "resample --json --count 40 --most 200",
    "simulate --json --count 20",
    "bayes --json --important 0.2",
    "export --to metafor",
    "export --to revman",
    "export --to frictionless",
    "reviews",
)
LONG = (
    "run",
    "report --lang nb",
    "report --important 0.3",
    "explore",
    "sensitivity",
    "multiverse",
    "gosh --most 200",
    "resample --count 40 --most 200",
    "simulate --count 20",
    "bayes",
    "small-study --force",
    "certainty",
    "diff --against REVIEW",
    "verify --update --why first",
    "verify",
    "certify",
)
# Commands that only print; the others are told where to write.
PRINTING = {
    "check",
    "pool",
    "reproduce",
    "trace",
    "multilevel",
    "regress",
    "resample",
    "simulate",
    "verify",
    "reviews",
}
NO_NUMBER = re.compile(r"\b(nan|inf|NaN|Infinity)\b")
ODD = settings(max_examples=1, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def said(words: list[str]) -> tuple[object, str, str]:
    """Return exit status and what was printed; what is no refusal of ours is raised."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["livingmeta", *words])
        try:
            main()
        except SystemExit as end:
            return end.code or 0, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def answers(files: dict[str, str], commands: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as place:
        review, out = write(Path(place) / "f", files), Path(place) / "out"
        assume(said(["check", str(review)])[0] == 0)
        first = re.findall(r'\[\[synthesis\]\]\n"id" = "([^"]+)"', files["review.toml"])[0]
        for command in commands:
            name, *options = [
                {"FIRST": first, "REVIEW": str(review)}.get(word, word) for word in command.split()
            ]
            words = [name, *([] if name == "reviews" else [str(review)]), *options]
            if name not in PRINTING:
                words += ["--out", str(out / name)]
            status, told, error = said(words)
            assert status in {0, 1, 2}, command
            assert told or error, f"{command} says nothing"
            assert "Traceback" not in error, error
            if status == 0 and "--json" in words:
                json.loads(told, parse_constant=pytest.fail)
            elif status == 0:
                assert not NO_NUMBER.search(told), told
        for path in out.rglob("*"):
            if path.suffix in {".md", ".csv"}:
                assert not NO_NUMBER.search(path.read_text(encoding="utf-8")), path


@seed(1)
@settings(ODD, max_examples=4)
@given(review_folders())
def test_every_command_answers_what_passes_check(files: dict[str, str]) -> None:
    answers(files, QUICK)


@pytest.mark.slow
@seed(2)
@settings(ODD, max_examples=12)
@given(review_folders())
def test_every_page_and_figure_is_drawn_of_what_passes_check(files: dict[str, str]) -> None:
    answers(files, (*QUICK, *LONG))


@pytest.mark.parametrize(
    ("measure", "se"), [("MD", "1e300"), ("MD", "1e-300"), ("MD", "1e30"), ("MD", "1e-30"), ("SMD", "1e-300")]
)
def test_numbers_too_far_from_one_leave_their_trial_out_and_no_other(
    tmp_path: Path, measure: str, se: str
) -> None:
    beta = {"trial": "beta2002", "report": "beta"}
    odd = {**DIFFERENCE, **beta, "se": se, "ci_low": "", "ci_high": "", "ci_level": "", "quote": f"-1.0 {se}"}
    review = folder(
        tmp_path,
        toml=('measure = "SMD"', f'measure = "{measure}"'),
        trials=[TRIAL, {**TRIAL, "trial": "beta2002", "label": "Beta 2002"}],
        reports=[REPORT, {**REPORT, **beta}],
        outcomes=[ARM1, ARM2, odd],
    )
    pool = synthesise(load_review(review))[0]
    assert [one.trial for one in pool.effects] == ["alpha2001"]
    assert "too far from 1" in pool.dropped[0].why
