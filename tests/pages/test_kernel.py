"""The explorer's kernel gives the engine's numbers, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.special import chdtrc, chdtri, ndtr, ndtri, stdtr, stdtrit

from livingmeta.engine.counts import Cells
from livingmeta.engine.effect_sizes import CORRECTIONS, VARIANCES
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.pooling import CONFIDENCE, PREDICTION, pool
from livingmeta.engine.tau2 import TAU2

if TYPE_CHECKING:
    from playwright.sync_api import Page

KERNEL = Path(__file__).parents[2] / "analysis" / "livingmeta" / "pages" / "explorer" / "kernel.js"


@pytest.fixture
def kernel(open_page: Callable[..., Page]) -> Page:
    page = open_page()
    page.add_script_tag(path=KERNEL)
    return page


def sets(number: int, seed: int) -> list[tuple[list[float], list[float]]]:
    """Draw sets of 1 to 20 trials: scattered, homogeneous or equal; near 0, and far from it."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(number):
        k = int(rng.integers(1, 21))
        unit = 10.0 ** rng.integers(-2, 3)
        v = (unit * 10.0 ** rng.uniform(-2, rng.choice([-1.5, 0, 1]), k)) * unit
        scatter = (0.0, 0.3, 1.0, 4.0)[i % 4]
        y = rng.choice([0.0, 5.0]) * unit + scatter * np.sqrt(v) * rng.standard_normal(k)
        if i % 3 == 0:
            y += unit * rng.exponential(0.5) * rng.standard_normal(k)
        if i % 50 == 0:
            y[:] = y[0]
        found.append((y.tolist(), v.tolist()))
    return found


# What the page computes itself; of any other estimator it says that it does not.
ESTIMATORS = ("DL", "DL2", "HE", "CA", "HS", "SJ", "ML", "REML", "EB", "PM")
METHODS = [
    {"model": "random", "tau2": tau2, "ci": ci, "prediction": ahead, "level": level}
    for tau2, ci, ahead, level in product(
        ESTIMATORS, CONFIDENCE, ["t(k-1)", "t(k-2)", "z", "none"], (0.9, 0.95, 0.99)
    )
    if ci != "profile" or tau2 == "ML"
] + [{"model": "common", "ci": "wald", "level": level} for level in (0.9, 0.95, 0.99)] * 20


def agree(page: Page, cases: list[tuple[list[float], list[float], dict[str, Any]]]) -> None:
    """Hold every number and flag of both sides together."""
    theirs = page.evaluate("(cases) => cases.map(([y, v, m]) => kernel.pool(y, v, m))", cases)
    for (y, v, method), answer in zip(cases, theirs, strict=True):
        ours = pool(y, v, **method)
        case = (y, v, method)
        assert tuple(answer.pop("flags")) == ours.flags, case
        assert answer.pop("weights") == pytest.approx(ours.weights, rel=1e-9, abs=1e-9), case
        for name, number in answer.items():
            known = getattr(ours, name)
            if known is None or number is None:
                assert known is number, (name, known, number, case)
            else:
                near = 1e-9 * max(1.0, abs(known))
                assert abs(known - number) <= near, (name, known, number, case)


def cases(number: int, seed: int) -> list[tuple[list[float], list[float], dict[str, Any]]]:
    """Pair drawn sets with methods, so that each method meets many sets."""
    order = np.random.default_rng(seed).permutation(number) % len(METHODS)
    return [(*drawn, METHODS[i]) for drawn, i in zip(sets(number, seed), order, strict=True)]


def test_the_kernel_offers_estimators_of_the_engine_and_all_its_intervals(kernel: Page) -> None:
    offered = kernel.evaluate("['TAU2', 'CONFIDENCE', 'PREDICTION'].map((n) => Object.keys(kernel[n]))")
    ahead = [name for name in PREDICTION if name != "nagashima"]  # named there, not computed
    assert offered == [[*ESTIMATORS], [*CONFIDENCE], [*ahead, "none"]]
    assert set(ESTIMATORS) <= TAU2.keys()


@pytest.mark.parametrize(
    "asked",
    [{"ci": ci} for ci in CONFIDENCE if ci != "wald"]
    + [{"ci": "wald", "tau2": "DL"}, {"ci": "wald", "prediction": "z"}],
    ids=lambda one: " ".join(one.values()),
)
def test_the_kernel_refuses_beside_a_common_effect_what_the_engine_refuses(
    asked: dict[str, str], kernel: Page
) -> None:
    from playwright.sync_api import Error

    with pytest.raises(ValueError, match="common effect"):
        pool([0.1, 0.5], [0.1, 0.2], model="common", **asked)
    with pytest.raises(Error, match="common effect"):
        kernel.evaluate(
            "(m) => kernel.pool([0.1, 0.5], [0.1, 0.2], m)", {"model": "common", "level": 0.95, **asked}
        )


def test_the_kernel_gives_the_engines_numbers(kernel: Page) -> None:
    agree(kernel, cases(2 * len(METHODS), seed=20170710))


@pytest.mark.slow
def test_the_kernel_gives_the_engines_numbers_for_many_more(kernel: Page) -> None:
    for seed in range(30):
        agree(kernel, cases(len(METHODS), seed=seed))


@pytest.mark.slow
def test_the_kernel_sums_counts_as_the_engine_does(kernel: Page) -> None:
    """On drawn tables with few events, and with one cell empty throughout."""
    rng = np.random.default_rng(1959)
    drawn = []
    for i in range(240):
        k, measure, rule = int(rng.integers(1, 9)), ("OR", "RR", "RD")[i % 3], ("needed", "only0")[i % 2]
        n1, n2 = rng.integers(8, 60, (2, k))
        a, c = rng.binomial(n1, rng.choice([0.05, 0.3])), rng.binomial(n2, rng.choice([0.05, 0.3]))
        a, c = (0 * a, np.maximum(c, 1)) if i % 7 == 0 else (a, c)
        kept = (a + c > 0) & (a + c < n1 + n2)
        if not kept.any():
            continue
        a, n1, c, n2 = (column[kept] for column in (a, n1, c, n2))
        y, v = MEASURES[measure].function(a, n1, c, n2, zero_cells="only0")
        model = {"model": "common"} if i % 4 < 2 else {"model": "random", "tau2": "DL", "ci": "hksj-modified"}
        how = {"ci": "wald", "level": 0.95, **model}
        if i % 4 >= 2:
            how["prediction"] = "t(k-1)"
        rd = ("GR", "Sato")[i % 5 == 0]
        drawn.append(
            (y.tolist(), v.tolist(), how, Cells(measure, np.stack([a, n1 - a, c, n2 - c]), rule, rd))
        )
    asked = [
        (y, v, {**how, "sums": {**by._asdict(), "counts": by.counts.T.tolist()}}) for y, v, how, by in drawn
    ]
    theirs = kernel.evaluate("(cases) => cases.map(([y, v, m]) => kernel.pool(y, v, m))", asked)
    for (y, v, how, cells), answer in zip(drawn, theirs, strict=True):
        ours = pool(y, v, method="MH", cells=cells, **how)
        assert tuple(sorted(answer.pop("flags"))) == tuple(sorted(ours.flags)), (how, cells)
        assert answer.pop("weights") == pytest.approx(ours.weights, rel=1e-9, abs=1e-9)
        for name, number in answer.items():
            known = getattr(ours, name)
            near = known if known is None else pytest.approx(known, rel=1e-9, abs=1e-9)
            assert number == near, (name, how, cells)


def test_pooling_a_set_of_known_pitfalls_agrees(kernel: Page) -> None:
    """Sets where other programs fail: Q below its df, no convergence, PM on a large scale."""
    hard = [
        ([0.10, 0.12, 0.09, 0.11], [0.04, 0.05, 0.03, 0.06]),
        (
            [1.30, 1.94, 0.70, 0.36, 1.31, 0.46, 1.24, 0.71, 0.35, 0.77],
            [0.640, 0.421, 0.992, 0.058, 0.756, 0.634, 0.79, 0.596, 0.457, 0.935],
        ),
        ([0.0, 0.8], [0.04, 0.05]),
        ([0.2], [0.04]),
        ([1.0, 1.0, 1.0], [0.1, 0.1, 0.1]),
    ]
    methods = [method for method in METHODS if method["level"] == 0.95]
    agree(kernel, [(y, v, method) for y, v in hard for method in methods])


@pytest.mark.parametrize(
    ("name", "known", "most"),
    [
        ("normalTail", lambda df, x: ndtr(-x), 1e-12),
        ("tTail", lambda df, x: stdtr(df, -x), 1e-12),
        ("chi2Tail", chdtrc, 1e-12),
    ],
)
def test_tails_are_those_of_scipy(kernel: Page, name: str, known: Callable[..., Any], most: float) -> None:
    x = np.concatenate([[0.0], np.geomspace(1e-3, 60, 400)])
    for df in (1, 2, 3, 4, 7, 19, 55, 300):
        call = f"([x, df]) => x.map((one) => kernel.{name}({'' if name[0] == 'n' else 'df, '}one))"
        assert kernel.evaluate(call, [x.tolist(), df]) == pytest.approx(known(df, x), abs=most)


def test_quantiles_are_those_of_scipy(kernel: Page) -> None:
    for df in (1, 2, 3, 4, 7, 19, 55, 300):
        for p in (0.25, 0.05, 0.025, 0.005):
            ask = f"(d) => kernel.quantile((x) => kernel.%s, {p})"
            assert kernel.evaluate(ask % "tTail(d, x)", df) == pytest.approx(stdtrit(df, 1 - p), rel=1e-12)
            assert kernel.evaluate(ask % "chi2Tail(d, x)", df) == pytest.approx(chdtri(df, p), rel=1e-12)
            assert kernel.evaluate(ask % "normalTail(x)", df) == pytest.approx(-ndtri(p), rel=1e-12)


def test_a_trial_that_was_not_done_has_the_variance_of_one_that_was(kernel: Page) -> None:
    rng = np.random.default_rng(3)
    for correction, variance in product(CORRECTIONS, VARIANCES):
        n1, n2 = rng.integers(3, 600, (2, 200))
        g = rng.normal(0, 1.5, 200)
        j = CORRECTIONS[correction](n1 + n2 - 2.0)
        theirs = kernel.evaluate(
            "([g, n1, n2, how]) => g.map((one, i) => kernel.smdVariance(one, n1[i], n2[i], how))",
            [g.tolist(), n1.tolist(), n2.tolist(), {"correction": correction, "variance": variance}],
        )
        known = VARIANCES[variance](g, n1.astype(float), n2.astype(float), j)
        assert theirs == pytest.approx(known, rel=1e-9)
