"""Pooling speed: one at a time and as a batch, as ratios to statsmodels and numpy.

statsmodels has DL and PM only; the batch is compared with pooling its sets one by one.
Run it with the project's Python: python tests/benchmarks/pooling.py
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from statsmodels.stats.meta_analysis import combine_effects

from livingmeta.engine.pooling import fit, pool

SETS, K, RUNS = 1000, 10, 5


def seconds(work: Callable[[], object]) -> float:
    """Return the median wall time of some runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Compare on simulated sets of ten trials."""
    rng = np.random.default_rng(20171106)
    vi = rng.uniform(0.02, 0.2, (SETS, K))
    yi = rng.normal(-0.2, np.sqrt(vi + 0.05))
    with np.errstate(invalid="ignore"):  # its DL goes below 0
        peer = seconds(lambda: [combine_effects(yi[i], vi[i], method_re="dl") for i in range(100)])
    ours = seconds(lambda: [pool(yi[i], vi[i], tau2="DL", ci="wald") for i in range(100)])
    print(f"DL, one set at a time: {ours * 10:.2f} ms, ratio to statsmodels {ours / peer:.2f}")
    for tau2 in ("DL", "PM", "REML"):
        alone = seconds(lambda name=tau2: [pool(yi[i], vi[i], tau2=name) for i in range(100)])
        batch = seconds(lambda name=tau2: fit(yi, vi, tau2=name))
        each = batch / SETS * 1e6
        ratio = alone / 100 / (batch / SETS)
        print(f"{tau2}, batch of {SETS}: {each:.1f} µs each, ratio one by one to batch {ratio:.0f}")


if __name__ == "__main__":
    main()
