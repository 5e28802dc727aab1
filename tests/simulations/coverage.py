"""How often each interval holds the truth: few trials and many, with and without heterogeneity.

Run: OPENBLAS_NUM_THREADS=1 python tests/simulations/coverage.py > tests/simulations/coverage.csv
and `... coverage.py tables` for those of docs/methods.md, made of that file.

Trials are unequal: variances are those of a standardised difference with 10 to 60 people in each
arm (2/n), drawn anew for each review, and known; effects are normal about a mean of 0.3. `mean` is
the interval of the mean, `prediction` that of the true effect in a new setting, `tau2` that of τ².
`others` are of methods around a pool: `bootstrap` as `resample` has it (999 sets, modified HKSJ),
`CR2` of trials that give two effects each, whose sampling errors correlate by 0.5 (τ² by REML), and
`posterior` of the mean with a half-normal prior of scale 0.5 on τ.
`narrower` are the HKSJ intervals that are narrower than Wald's in the same review, `of` so many.
For a prediction interval each review counts by the chance of a true effect within it. Percentages;
`error` is one Monte Carlo standard error of the coverage.
"""

import csv
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from livingmeta.engine.inputs import Array
from livingmeta.engine.methods.batch import drawn, run
from livingmeta.engine.methods.bayes import Prior, posterior
from livingmeta.engine.methods.regression import cluster_robust
from livingmeta.engine.methods.resampling import bootstrap
from livingmeta.engine.pooling import CONFIDENCE, PREDICTION, fit, pool
from livingmeta.engine.tau2 import likelihood_limits, q_profile

SEED, REVIEWS, OF_DRAWN, OF_OTHERS, MEAN = 14, 10_000, 2_000, 1_000, 0.3
TRIALS, BETWEEN = (2, 3, 4, 5, 10, 20), (0.0, 0.1)
ESTIMATORS = ("REML", "DL")
# what the others take the SE of the mean from: the headline's, HKSJ's, that of Higgins 2009
AHEAD = (("REML", "hksj-modified"), ("REML", "hksj"), ("DL", "wald"))
KINDS = ("mean", "narrower", "prediction", "tau2", "others")
SHARED = 0.5  # correlation of two effects of a trial
HEADER = ["interval", "method", "tau2_by", "se_by", "tau2", "k", "of", "reviews", "coverage", "error", "seed"]
Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Reviews:
    """Reviews of k trials, by number: the share of each interval that holds the truth."""

    k: int
    tau2: float
    what: str = "all"  # or those that take long: "drawn" (prediction intervals), "others"

    def __call__(self, start: int, stop: int) -> dict[str, Array]:
        y, v = drawn(self._sample, start, stop, seed=SEED).swapaxes(0, 1)
        asked = {"all": self._all, "drawn": self._drawn, "others": partial(self._others, start)}
        found = asked[self.what](y, v)
        return {"|".join(row): np.asarray(held, float) for row, held in found.items()}

    def _sample(self, rng: np.random.Generator, size: int) -> Array:
        v = 2 / rng.integers(10, 61, (size, self.k))
        return np.stack([rng.normal(MEAN, np.sqrt(v + self.tau2)), v], axis=1)

    def _ahead(self, low: Array, high: Array) -> Array:
        if self.tau2 == 0:
            return (low <= MEAN) & (high >= MEAN)
        return ndtr((high - MEAN) / self.tau2**0.5) - ndtr((low - MEAN) / self.tau2**0.5)

    def _drawn(self, y: Array, v: Array) -> dict[Row, Array]:
        found = {}
        for name in (name for name, one in PREDICTION.items() if one.is_drawn):
            one = fit(y, v, prediction=name)
            found["prediction", name, "", ""] = self._ahead(one.pi_low, one.pi_high)
        return found

    def _others(self, start: int, y: Array, v: Array) -> dict[Row, Array]:
        found: dict[Row, list[bool]] = {
            ("others", name, by, ""): []
            for name, by in (("bootstrap", "REML"), ("CR2", "REML"), ("posterior", ""))
        }
        prior = Prior(tau="half-normal", scale=0.5)
        trials = np.repeat(np.arange(self.k), 2)
        for i, (yi, vi) in enumerate(zip(y, v, strict=True), start=start):
            sets = bootstrap(yi, vi, count=999, seed=i, tau2="REML", ci="hksj-modified")
            mean = posterior(yi, vi, prior=prior).mu
            # two effects about one true effect each: what yi is off by, shared in part
            rng = np.random.default_rng([SEED, i])
            theta = MEAN + rng.normal(0, self.tau2**0.5, self.k)
            common, own = rng.normal(size=self.k), rng.normal(size=(self.k, 2))
            error = SHARED**0.5 * common[:, None] + (1 - SHARED) ** 0.5 * own
            pair = (theta[:, None] + error * vi[:, None] ** 0.5).ravel()
            twice = np.repeat(vi, 2)
            robust = cluster_robust(pool(pair, twice), pair, twice, [*map(int, trials)])
            ends = ((sets.ci_low, sets.ci_high), (robust.ci_low, robust.ci_high), (mean.low, mean.high))
            for held, (low, high) in zip(found.values(), ends, strict=True):
                held.append(low <= MEAN <= high)
        return {name: np.array(held) for name, held in found.items()}

    def _all(self, y: Array, v: Array) -> dict[Row, Array]:
        found: dict[Row, Array] = {}
        for ci, interval in CONFIDENCE.items():
            for tau2 in ("ML",) if interval.is_profile else ESTIMATORS:
                one = fit(y, v, tau2=tau2, ci=ci, prediction="none")
                holds = (one.ci_low <= MEAN) & (one.ci_high >= MEAN)
                found["mean", ci, tau2, ""] = holds
                if ci == "hksj":
                    wald = fit(y, v, tau2=tau2, ci="wald", prediction="none")
                    narrow = one.ci_high - one.ci_low < wald.ci_high - wald.ci_low
                    found["narrower", ci, tau2, ""] = np.where(narrow, holds, np.nan)
        for tau2, ci in AHEAD if self.k > 2 else ():
            for name in (name for name, one in PREDICTION.items() if not one.is_drawn):
                one = fit(y, v, tau2=tau2, ci=ci, prediction=name)
                found["prediction", name, tau2, ci] = self._ahead(one.pi_low, one.pi_high)
        here = np.ones(y.shape, bool)
        ends = {("q-profile", ""): partial(q_profile, level=0.95)} | {
            ("profile", name): partial(likelihood_limits, level=0.95, restricted=name == "REML")
            for name in ("ML", "REML")
        }
        for (name, by), limits in ends.items():
            low, high = limits(y, v, here)  # NaN, an empty set, holds nothing
            found["tau2", name, by, ""] = (low <= self.tau2) & (high >= self.tau2)
        return found


def rows(
    k: int, tau2: float, *, reviews: int = REVIEWS, of_drawn: int = OF_DRAWN, of_others: int = OF_OTHERS
) -> list[list[str]]:
    """Return the rows of the table for one number of trials and one τ²."""
    found = run(Reviews(k, tau2), reviews)
    if k > 2:
        found = found | run(Reviews(k, tau2, what="drawn"), of_drawn)
    return _told(found | run(Reviews(k, tau2, what="others"), of_others), k, tau2)


def _told(found: dict[str, Array], k: int, tau2: float) -> list[list[str]]:
    told = []
    for name, held in found.items():
        kept = held[~np.isnan(held)]
        share, error = 100 * kept.mean(), 100 * kept.std() / kept.size**0.5
        told.append(
            [
                *name.split("|"),
                str(tau2),
                str(k),
                str(held.size),
                str(kept.size),
                f"{share:.1f}",
                f"{error:.2f}",
                str(SEED),
            ]
        )
    return told


def rows_of(interval: str) -> list[dict[str, str]]:
    """Read the results of one kind of interval."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["interval"] == interval]


def table(interval: str) -> str:
    """Return the table of docs/methods.md for one kind of interval, in Markdown."""
    cells: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for row in rows_of(interval):
        name = (f"`{row['method']}`", row["tau2_by"], row["se_by"])
        cells.setdefault(name, {}).setdefault(row["k"], []).append(row["coverage"])
    lines = [["interval", "τ² by", "SE by", *(f"k = {k}" for k in TRIALS)], ["---"] * 9]
    lines += [[*name, *(" / ".join(held.get(str(k), "–")) for k in TRIALS)] for name, held in cells.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Print the results, or the tables made of them."""
    if sys.argv[1:] == ["tables"]:
        print("\n\n".join(map(table, KINDS)))
        return
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADER)
    for tau2 in BETWEEN:
        for k in TRIALS:
            out.writerows(rows(k, tau2))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
