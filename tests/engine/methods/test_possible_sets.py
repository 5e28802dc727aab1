"""What a printed interval says of trials that are hidden, held against trials that are not."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from livingmeta.engine.inputs import Array
from livingmeta.engine.methods.candidate_sets import Candidates
from livingmeta.engine.methods.possible_sets import PossibleSets, possible_sets
from livingmeta.words import RefusalError
from simulations.deductions import (
    BESIDES,
    METHODS,
    Analysis,
    analyses,
    hidden,
    standard_errors,
    subgroups,
    told,
)

ROOT = Path(__file__).parents[3]


def check(seeds: range) -> int:
    """Hide one trial and half of them, by each method, known or not: the truth is never excluded."""
    checked, whole = 0, (*analyses(), *subgroups())
    for seed, (name, methods), many in product(seeds, METHODS.items(), ("one", "half")):
        hide = hidden(whole[seed], many, seed)
        for numbers in ("limits", *(BESIDES if name == "DL, Wald" else ())):
            for by in {None, methods.get("tau2")}:
                answer = told(whole[seed], hide, methods, numbers, by=by)
                if answer is not None:
                    assert answer.true(whole[seed].y, hide), (whole[seed].name, name, many, numbers, by)
                    checked += 1
    return checked


@pytest.mark.slow
def test_the_true_set_and_the_hidden_mean_are_never_excluded() -> None:
    assert len(analyses()) >= 50
    assert len(subgroups()) >= 3
    assert check(range(0, len(analyses()), 6)) > 400


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.sampled_from(list(METHODS.values())), st.sampled_from(BESIDES))
@settings(max_examples=60, deadline=None)
def test_nor_are_they_of_simulated_pools(seed: int, methods: dict[str, str], printed: str) -> None:
    """With effects from alike to far apart, and from many trials hidden to one."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 8))
    n1, n2 = rng.integers(6, 150, (2, k)).astype(float)
    truth = rng.normal(rng.normal(0, 0.4), rng.choice([0.0, 0.2, 0.6, 1.5]), k)
    y = rng.normal(truth, np.sqrt(1 / n1 + 1 / n2))
    of = Analysis(f"{seed}", y, 1 / n1 + 1 / n2 + y**2 / (2 * (n1 + n2 - 3.94)), n1, n2)
    hide = np.zeros(k, bool)
    hide[rng.choice(k, int(rng.integers(1, k + 1)), replace=False)] = True
    for by in {None, methods.get("tau2")}:
        answer = told(of, hide, methods, printed, by=by)
        assert answer is None or answer.true(of.y, hide)


def test_what_q_leaves_of_one_unread_trial_is_what_algebra_gives() -> None:
    """Of three equal trials at 0, 0 and y, Q is 2y²/3v: R's escalc has no part in it."""
    v, known = np.full(3, 0.1), np.array([True, True, False])
    y = np.array([0.0, 0.0, 2.0])
    sets = possible_sets(
        Candidates(y_low=np.where(known, 0.0, -y), y_high=y, v_low=v, v_high=v, known=known),
        estimate=(-1.0, 1.0),
        tau2=(0.0, 0.0),
        allowed=lambda bits, _: bits == 7,
        q=lambda k: (np.full(k.shape, 1.0), np.full(k.shape, 1.5)),
    )
    assert (sets.trial_low[2], sets.trial_high[2]) == pytest.approx((-(0.225**0.5), 0.225**0.5))


def test_a_q_that_the_known_trials_alone_exceed_or_no_trial_reaches_excludes_a_set() -> None:
    """Of effects 0 and 1 with variance 0.1 Q is 5."""
    y, v = np.array([0.0, 1.0]), np.full(2, 0.1)

    def asked(low: float, high: float) -> list[int]:
        return possible_sets(
            Candidates(y_low=y, y_high=y, v_low=v, v_high=v, known=np.ones(2, bool)),
            estimate=(0.4, 0.6),
            q=lambda k: (np.full(k.shape, low), np.full(k.shape, high)),
        ).subsets.tolist()

    assert asked(4.995, 5.005) == [3]
    assert asked(4.8, 4.9) == [] and asked(5.1, 5.2) == []


@pytest.mark.parametrize(("by", "tau2"), [("DL", 0.2842857), ("PM", 0.2223307), ("REML", 0.2522822)])
def test_a_set_has_the_tau2_that_its_estimator_gives_and_no_other(by: str, tau2: float) -> None:
    """R: metafor 3.8, rma(c(-.8, 0, .3), c(.02, .1, .3), method = by)$tau2"""
    y, v = np.array([-0.8, 0.0, 0.3]), np.array([0.02, 0.1, 0.3])

    def fits(at: float, hide: bool) -> bool:
        known = np.array([True, True, not hide])
        mean = float((y / (v + at)).sum() / (1 / (v + at)).sum())
        sets = possible_sets(
            Candidates(
                y_low=np.where(known, y, -2), y_high=np.where(known, y, 2), v_low=v, v_high=v, known=known
            ),
            estimate=(mean - 1e-3, mean + 1e-3),
            tau2=(at - 1e-4, at + 1e-4),
            allowed=lambda bits, _: bits == 7,
            by=by,
        )
        return bool(sets.subsets.size)

    for hide in (False, True):
        assert fits(tau2, hide) and not fits(tau2 - 0.02, hide)
        assert not fits(tau2 + 0.02, hide) or (hide and by == "DL")  # Q has no such bound from below


@pytest.mark.slow
def test_they_are_not_in_any_of_fifty_analyses_and_in_no_subgroup() -> None:
    assert check(range(len(analyses()) + len(subgroups()))) > 50 * 50


def test_the_page_on_deductions_has_what_was_tried() -> None:
    page = (ROOT / "docs" / "deductions.md").read_text(encoding="utf-8")
    with (ROOT / "tests" / "simulations" / "deductions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert f"| {' | '.join(row.values())} |" in page


def brute(y: Array, v: Array, se: tuple[float, float], mean: tuple[float, float]) -> dict[int, list[float]]:
    """Walk a fine grid of τ² over all sets of trials that are all known."""
    grid = np.array([0.0, *np.geomspace(1e-5, 2, 4000)])
    held: dict[int, list[float]] = {}
    for bits in range(1, 1 << y.size):
        at = np.array([bits >> i & 1 for i in range(y.size)], bool)
        w = 1 / (v[at] + grid[:, None])
        total, middle = w.sum(axis=1), (w @ y[at]) / w.sum(axis=1)
        fits = (se[0] <= total**-0.5) & (total**-0.5 <= se[1]) & (mean[0] <= middle) & (middle <= mean[1])
        if fits.any():
            held[bits] = grid[fits].tolist()
    return held


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_of_known_trials_a_grid_of_tau2_finds_no_other_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, v = rng.normal(-0.3, 0.3, 4), 4 / rng.integers(20, 120, 4)
    se, mean = (0.18, 0.20), (-0.35, -0.25)
    z = norm.ppf(0.975)
    sets = possible_sets(
        Candidates(y_low=y, y_high=y, v_low=v, v_high=v, known=np.ones(4, bool)),
        estimate=mean,
        se=standard_errors((z * se[0], z * se[1])),
    )
    expected = brute(y, v, se, mean)
    assert expected.keys() <= set(sets.subsets.tolist())
    for bits, low, high in zip(sets.subsets.tolist(), sets.tau2_low, sets.tau2_high, strict=True):
        if bits in expected:
            assert low <= min(expected[bits]) and max(expected[bits]) <= high


def test_two_equal_trials_have_the_mean_that_algebra_gives() -> None:
    """μ = (y₁ + y₂)/2 of equal trials, so an unread second one is 2μ − y₁."""
    v = np.full(2, 0.08)
    sets = possible_sets(
        Candidates(
            y_low=np.array([-0.5, -2.0]),
            y_high=np.array([-0.5, 2.0]),
            v_low=v,
            v_high=v,
            known=np.array([True, False]),
        ),
        estimate=(-0.305, -0.295),
        se=standard_errors((0.38, 0.40)),
        tau2=(0.0, 0.0),
    )
    assert sets.subsets.tolist() == [3]  # one alone has a standard error of 0.28
    assert sets.mean == pytest.approx((-0.11, -0.09))
    assert (sets.trial_low[1], sets.trial_high[1]) == pytest.approx((-0.11, -0.09))


@given(st.integers(0, 2**32 - 1), st.sampled_from([-1.0, 1.0, 7.5]))
@settings(max_examples=8, deadline=None)
def test_sign_and_unit_change_nothing_but_themselves(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    y, v, known = rng.normal(0, 0.4, 5), 4 / rng.integers(20, 90, 5), np.array([1, 1, 0, 0, 0], bool)

    def asked(by: float) -> PossibleSets:
        ends = np.sort(by * np.stack([np.where(known, y, -2), np.where(known, y, 2)]), axis=0)
        return possible_sets(
            Candidates(y_low=ends[0], y_high=ends[1], v_low=v * by**2, v_high=1.2 * v * by**2, known=known),
            estimate=tuple(sorted((by * -0.2, by * -0.19))),
            se=standard_errors((abs(by) * 0.3, abs(by) * 0.31)),
        )

    plain, turned = asked(1.0), asked(factor)
    assert plain.subsets.tolist() == turned.subsets.tolist()
    ends = np.sort(factor * np.stack([plain.mean_low, plain.mean_high]), axis=0)
    assert turned.mean_low == pytest.approx(ends[0]) and turned.mean_high == pytest.approx(ends[1])


@pytest.mark.slow
def test_more_than_twenty_candidates_are_sampled_and_said_to_be() -> None:
    v = np.full(22, 0.08)
    many = Candidates(y_low=-v, y_high=v, v_low=v, v_high=v, known=np.ones(22, bool))
    sets = possible_sets(many, estimate=(-0.1, 0.1), se=standard_errors((0.2, 0.21)), tau2=(0.0, 0.0), seed=3)
    assert not sets.exhaustive and 0 < sets.subsets.size < sets.tried <= 1 << 20
    assert set(sets.k.tolist()) <= {7, 8}  # 0.08/k between (0.2/1.96)² and (0.21/1.96)²


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"se": lambda k: np.array([-np.ones(k.size), np.ones(k.size)])}, "not below 0"),
        ({"tau2": (1.0, 0.0)}, "lesser"),
        ({"by": "SJ"}, "choose one of DL, PM, REML"),
        ({"width": "narrow"}, "choose one of wald"),
    ],
)
def test_what_is_no_range_and_no_method_is_refused(given: dict[str, Any], words: str) -> None:
    one = np.ones(1)
    with pytest.raises(RefusalError, match=words):
        possible_sets(
            Candidates(y_low=one, y_high=one, v_low=one, v_high=one, known=np.ones(1, bool)),
            **({"estimate": (0.0, 0.0)} | given),
        )
