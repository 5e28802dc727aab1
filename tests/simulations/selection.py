"""How often the selection model's intervals hold the truth: 10 and 20 trials, none selected.

Run: OPENBLAS_NUM_THREADS=1 python tests/simulations/selection.py > tests/simulations/selection.csv

Variances are drawn from those of arms of 10 to 60 people for a standardised difference (2/n), the
mean is 0.3, and every trial is reported (ω = 1). Reviews without a trial of both kinds have no ω
and are drawn again. `wald` is estimate ± 1.96 SE of the curvature, in which an estimate of τ² of 0
counts as known: the interval that was given before.
"""

import csv
import sys
from itertools import product

import numpy as np

from livingmeta.engine.methods.selection import selection_model

REVIEWS, TRIALS, MEAN = 250, (10, 20), 0.3


def main() -> None:
    """Print a row for each true τ², over all reviews and those whose estimate of τ² is 0."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(
        ["k", "tau2", "estimate_of_tau2", "reviews", "profile_mean", "wald_mean", "profile_weight", "open"]
    )
    for k, tau2 in product(TRIALS, (0.0, 0.1)):
        rng = np.random.default_rng([k, round(1000 * tau2)])
        found = []
        while len(found) < REVIEWS:
            v = 2 / rng.integers(10, 61, k)
            y = rng.normal(MEAN, np.sqrt(v + tau2))
            try:
                one = selection_model(y, v, side="right")
            except ValueError:
                continue
            low, high = one.ci_low, one.ci_high
            found.append(
                (
                    one.tau2 == 0,
                    (low is None or low <= MEAN) and (high is None or high >= MEAN),
                    abs(one.estimate - MEAN) <= 1.959964 * one.se,
                    one.weight_low <= 1 and (one.weight_high is None or one.weight_high >= 1),
                    "interval_open" in one.flags,
                )
            )
        every = np.array(found)
        for name, part in (("any", every), ("0", every[every[:, 0]])):
            shares = [f"{100 * share:.1f}" for share in part[:, 1:].mean(0)]
            rows.writerow([k, tau2, name, len(part), *shares])


if __name__ == "__main__":
    main()
