"""How often tests for small-study effects call a symmetric funnel asymmetric, at P < 0.1.

Run in this folder: OPENBLAS_NUM_THREADS=1 python small_study.py > small_study.csv

Every trial is reported, so each rejection is a false alarm. Arms are equal, their sizes drawn
evenly on the log scale, 15 to 300 people for counts and 8 to 80 for means; true effects are normal
with variance tau2. The control risk is drawn from 0.05 to 0.3, and reviews with a trial in which
nobody has the event in either arm, or everybody, are drawn again. `slope` of an SMD is the line on
√(1/n1 + 1/n2), whose limit is PET.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from livingmeta.engine.counts import odds_ratio
from livingmeta.engine.effect_sizes import smd
from livingmeta.engine.methods.small_study import egger, egger_smd, harbord, peters

SEED, REVIEWS, ALPHA = 14, 1000, 0.1
TRIALS = (10, 15, 30)
SMDS, RATIOS = (0.0, 0.5, 1.0), (1.0, 0.5, 0.25)
HETEROGENEITY = (0.0, 0.1)


def sizes(rng: np.random.Generator, k: int, *, least: int, most: int) -> np.ndarray:
    """Draw people per arm."""
    return np.exp(rng.uniform(np.log(least), np.log(most), k)).round()


def of_counts(rng: np.random.Generator, k: int, ratio: float, tau2: float) -> dict[str, float]:
    """Return the P of each test on one review of events."""
    while True:
        n, risk = sizes(rng, k, least=15, most=300), rng.uniform(0.05, 0.3, k)
        odds = risk / (1 - risk) * np.exp(rng.normal(np.log(ratio), np.sqrt(tau2), k))
        one, two = rng.binomial(n.astype(int), odds / (1 + odds)), rng.binomial(n.astype(int), risk)
        if ((one + two > 0) & (one + two < 2 * n)).all():
            break
    yi, vi = odds_ratio(one, n, two, n)
    tests = {"egger": egger(yi, vi), "peters": peters(one, n, two, n), "harbord": harbord(one, n, two, n)}
    return {name: test.p_value for name, test in tests.items()}


def of_means(rng: np.random.Generator, k: int, effect: float, tau2: float) -> dict[str, float]:
    """Return the P of each test on one review of means."""
    n = sizes(rng, k, least=8, most=80)
    mean = rng.normal(effect, np.sqrt(tau2), k) + rng.normal(0, np.sqrt(2 / n))
    spread = [np.sqrt(rng.chisquare(n - 1) / (n - 1)) for _ in range(2)]
    yi, vi = smd(mean, spread[0], n, np.zeros(k), spread[1], n)
    tests = {
        "egger": egger(yi, vi),
        "slope": egger_smd(yi, n, n),
        "stabilised": egger_smd(yi, n, n, stabilised=True),
    }
    return {name: test.p_value for name, test in tests.items()}


CASES = [
    (measure, review, k, size, tau2)
    for measure, review, effects in (("OR", of_counts, RATIOS), ("SMD", of_means, SMDS))
    for k in TRIALS
    for size in effects
    for tau2 in HETEROGENEITY
]


def row(number: int, *, reviews: int = REVIEWS) -> list[list[object]]:
    """Return one line of the table for each test of a case: false alarms in percent."""
    measure, review, k, size, tau2 = CASES[number]
    rng = np.random.default_rng([SEED, number])
    found = [review(rng, k, size, tau2) for _ in range(reviews)]
    return [
        [measure, k, size, tau2, name, f"{100 * np.mean([one[name] < ALPHA for one in found]):.1f}"]
        for name in found[0]
    ]


def table() -> str:
    """Return the committed table as docs/methods.md has it: τ² = 0 / 0.1 in a cell."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        told = {
            (one["measure"], one["effect"], one["test"], one["k"], one["tau2"]): one["alarms"]
            for one in csv.DictReader(file)
        }
    lines = [
        f"| effects | test | {' | '.join(f'k = {k}' for k in TRIALS)} |",
        f"| --- | --- |{' --- |' * len(TRIALS)}",
    ]
    for measure, effect, test in dict.fromkeys(key[:3] for key in told):
        cells = [
            " / ".join(told[measure, effect, test, str(k), str(tau2)] for tau2 in HETEROGENEITY)
            for k in TRIALS
        ]
        lines.append(f"| {measure} {effect} | {test} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print false alarms for each measure, number of trials, true effect, τ² and test."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["measure", "k", "effect", "tau2", "test", "alarms"])
    for number in range(len(CASES)):
        rows.writerows(row(number))


if __name__ == "__main__":
    main()
