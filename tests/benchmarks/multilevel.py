"""Three-level models: 56 effects as a ratio to metafor where R is installed, and ten thousand effects.

Ours are whole results, with profile-likelihood limits of both variances; metafor's are rma.mv() alone,
and with confint(), which gives those limits.
Run it with the project's Python: python tests/benchmarks/multilevel.py
"""

import csv
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from livingmeta.engine.methods.multilevel import three_level

RUNS = 5
METAFOR = """
suppressMessages(library(metafor))
d <- read.csv(file("stdin")); d$effect <- seq_along(d$yi)
fit <- function() rma.mv(yi, vi, random = ~ 1 | trial/effect, data = d)
seconds <- function(work, n) system.time(for (i in 1:n) work())[["user.self"]] / n
invisible(fit())
cat(seconds(fit, 20), seconds(function() confint(fit()), 1))
"""


def seconds(work: Callable[[], object]) -> float:
    """Return the median processor time of some runs."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Compare on schools in districts (Konstantopoulos 2011), and time a heavy table."""
    path = Path(__file__).parents[1] / "reference" / "multilevel_data.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == "konstantopoulos2011"]
    y, v, trials = ([row[name] for row in rows] for name in ("yi", "vi", "trial"))
    effects, spread = list(map(float, y)), list(map(float, v))
    ours = seconds(lambda: three_level(effects, spread, trials))
    told = f"56 effects of 11 trials: {1e3 * ours:.1f} ms"
    if shutil.which("Rscript"):
        table = "\n".join(["yi,vi,trial", *map(",".join, zip(y, v, trials, strict=True))])
        done = subprocess.run(
            ["Rscript", "-e", METAFOR], input=table, capture_output=True, text=True, check=True
        )
        alone, limits = map(float, done.stdout.split())
        told += f", ratio of metafor {alone / ours:.1f} without limits, {limits / ours:.0f} with them"
    print(told)
    rng = np.random.default_rng(5)
    of, spreads = np.repeat(np.arange(2000), 5), rng.uniform(0.01, 0.2, 10_000)
    drawn = rng.normal(0, 0.3, 2000)[of] + rng.normal(0, np.sqrt(0.04 + spreads))
    heavy = seconds(lambda: three_level(drawn, spreads, of.tolist()))
    print(f"10,000 effects of 2,000 trials: {heavy:.1f} s, ratio to 56 effects {heavy / ours:.0f}")


if __name__ == "__main__":
    main()
