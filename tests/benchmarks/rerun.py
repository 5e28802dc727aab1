"""Rows per second of `livingmeta rerun`, and its ratio to pooling the same analyses one by one.

The table is tests/reference/cochrane_sample.csv, repeated to the size of Pairwise70 (39,473 rows).
Run it with the project's Python: python tests/benchmarks/rerun.py
"""

import resource
import tempfile
import time
from pathlib import Path

import pandas as pd

from livingmeta.engine.effect_sizes import mean_difference, smd
from livingmeta.engine.pooling import pool
from livingmeta.exchange.collection import ARMS, MODELS, Source, rerun

SAMPLE = Path(__file__).parents[1] / "reference" / "cochrane_sample.csv"
ROWS, RUNS = 39_473, 3


def one_by_one(table: pd.DataFrame) -> None:
    """Compute effects and pool each analysis by itself."""
    for (_, _, measure, model), rows in table.groupby(["review", "analysis", "measure", "model"]):
        arms = [rows[name].to_numpy(float) for name in ARMS]
        yi, vi = (smd if measure == "SMD" else mean_difference)(*arms)
        kind, tau2 = MODELS[model]
        pool(yi, vi, model=kind, tau2=tau2, ci="wald")


def main() -> None:
    """Time both on one table, alternately, and take the best of each."""
    sample = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
    copies = -(-ROWS // len(sample))
    table = pd.concat(
        [sample.assign(review=sample["review"] + f" {i}") for i in range(copies)]
    ).iloc[:ROWS]
    times: dict[str, list[float]] = {"whole": [], "alone": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(table.to_csv(index=False), encoding="utf-8")
        for _ in range(RUNS):
            start = time.perf_counter()
            found = rerun(Source(path, "table"))
            times["whole"].append(time.perf_counter() - start)
            start = time.perf_counter()
            one_by_one(table)
            times["alone"].append(time.perf_counter() - start)
    whole, alone = (min(listed) for listed in times.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{ROWS:,} rows in {len(found):,} analyses: {whole:.2f} s, {ROWS / whole:,.0f} rows/s, "
        f"at most {memory:.0f} MB; only pooling them one by one: {alone:.2f} s, "
        f"ratio {alone / whole:.1f}"
    )


if __name__ == "__main__":
    main()
