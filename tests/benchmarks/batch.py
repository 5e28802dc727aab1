"""Batch work as ratios, in one run, to metafor (where R is installed), PyMARE and pimeta.

All times are processor time of one process, so that other work on the machine does not count.

Run it with the project's Python: python tests/benchmarks/batch.py
With the word `full` behind it takes half an hour: metafor pools all subsets of 15 trials, and ours
all of 20 and up to ten million. README.md beside holds what it printed.
"""

import csv
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

from livingmeta.engine.methods.subsets import gosh
from livingmeta.engine.pooling import fit

REFERENCE = Path(__file__).parents[1] / "reference"
RUNS = 5
METAFOR = """
suppressMessages(library(metafor))
d <- read.csv(file("stdin"))
res <- rma(yi, vi, data = d)
cat(sum(system.time(suppressWarnings(gosh(res, progbar = FALSE)))[c("user.self", "sys.self")]))
"""
LARGE = """
import resource, sys, time
import numpy as np
from livingmeta.engine.methods.subsets import gosh
rng = np.random.default_rng(20)
k, most = int(sys.argv[1]), int(sys.argv[2])
vi = rng.uniform(0.02, 0.2, k)
start = time.process_time()
gosh(rng.normal(-0.2, np.sqrt(vi + 0.05)), vi, most=most)
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median processor time of some runs, after one that is not counted."""
    times = []
    for _ in range(runs + 1):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times[1:])


def named_sets(k: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return sets of effects and variances, seeded or published."""
    found = {}
    for name, seed, spread, tau2 in (
        ("scattered (tau2 = 0.05)", 1, 1.0, 0.05),
        ("alike (tau2 = 0)", 2, 1.0, 0.0),
        ("unequal sizes (tau2 = 0.1)", 3, 2.0, 0.1),
    ):
        rng = np.random.default_rng(seed)
        vi = 0.06 * np.exp(spread * rng.uniform(-1, 1, k))
        found[name] = (rng.normal(-0.2, np.sqrt(vi + tau2)), vi)
    with (REFERENCE / "hackshaw1998.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:k]
    yi, vi = (np.array([float(row[name]) for row in rows]) for name in ("yi", "vi"))
    return found | {"Hackshaw 1998, the first": (yi, vi)}


def metafor(yi: np.ndarray, vi: np.ndarray) -> float:
    """Return the seconds that metafor's gosh takes, its start-up left out."""
    table = "yi,vi\n" + "\n".join(f"{y!r},{v!r}" for y, v in zip(yi.tolist(), vi.tolist(), strict=True))
    done = subprocess.run(["Rscript", "-e", METAFOR], input=table, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def subsets(k: int) -> None:
    """Pool all subsets by REML, each program in turn."""
    for name, (yi, vi) in named_sets(k).items():
        ours = seconds(lambda yi=yi, vi=vi: gosh(yi, vi))
        told = f"all {2**k - 1:,} subsets of k = {k}, REML, {name}: {1000 * ours:.1f} ms"
        if shutil.which("Rscript"):
            told += f", ratio of metafor {metafor(yi, vi) / ours:.0f}"
        try:
            other = import_module("pimeta")
        except ImportError:
            pass
        else:
            start = time.process_time()
            other.gosh(yi, vi)
            told += f", ratio of pimeta {(time.process_time() - start) / ours:.0f}"
        print(told, flush=True)


def reviews() -> None:
    """Fit a thousand reviews of ten trials by REML with HKSJ intervals."""
    rng = np.random.default_rng(20171106)
    vi = rng.uniform(0.02, 0.2, (1000, 10))
    yi = rng.normal(-0.2, np.sqrt(vi + 0.05))
    ours = seconds(lambda: fit(yi, vi, ci="hksj", prediction="none"))
    told = f"1,000 reviews of k = 10, REML + HKSJ: {1000 * ours:.1f} ms"
    try:
        peer = import_module("pymare.estimators")
    except ImportError:
        print(f"{told}, no peer to give a ratio to")
        return
    constant = np.ones((10, 1))

    def theirs() -> object:
        estimator = peer.VarianceBasedLikelihoodEstimator(method="REML")
        return estimator.fit(yi.T, vi.T, constant).summary().get_fe_stats()

    print(f"{told}, ratio of PyMARE {seconds(theirs) / ours:.1f}")


def large(k: int, most: int) -> None:
    """Pool many subsets in a process of its own, and say what they took."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(k), str(most)], capture_output=True, text=True, check=True
    )
    took, memory = map(float, done.stdout.split())
    each = 1e6 * took / min(most, 2**k - 1)
    print(
        f"{min(most, 2**k - 1):,} subsets of k = {k}: {took:.2f} s, {each:.2f} µs each, "
        f"at most {memory / 1024:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Compare quickly, or in full."""
    full = "full" in sys.argv[1:]
    reviews()
    subsets(15 if full else 8)
    if full:
        large(20, 1 << 20)
        for most in (10_000, 100_000, 1_000_000, 10_000_000):
            large(30, most)


if __name__ == "__main__":
    main()
