"""Rows per second of a table of printed analyses pooled again and set beside print.

Its layout is that of tests/reference/cochrane_sample.csv: a row per study of an analysis in RevMan.
Timed is that table, repeated to the size of Pairwise70 (39,473 rows), beside pooling the same
analyses one by one.
Run it with the project's Python: python tests/benchmarks/reproduce.py
"""

import resource
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from livingmeta.engine.effect_sizes import mean_difference, smd
from livingmeta.engine.pooling import fit, pool
from livingmeta.exchange.collection import Deviation, deviation
from livingmeta.words import SLACK, number

SAMPLE = Path(__file__).parents[1] / "reference" / "cochrane_sample.csv"
ROWS, RUNS = 39_473, 3
ARMS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
ANALYSIS = ["review", "analysis", "measure", "model"]
PRINTED = {
    "estimate": "revman_effect",
    "ci_low": "revman_ci_low",
    "ci_high": "revman_ci_high",
    "weight": "revman_weight",
}
MODELS = {"FE": ("common", None), "DL": ("random", "DL"), "REML": ("random", "REML")}
EFFECTS = {"SMD": smd, "MD": mean_difference}


def beside_print(table: pd.DataFrame) -> tuple[Counter[str], list[Deviation]]:
    """Count by quantity the printed numbers of a table, and list those that ours don't round to.

    All analyses of one size and model are pooled at once.
    """
    arms = [table[name].to_numpy(float) for name in ARMS]
    yi, vi = np.empty((2, len(table)))
    for measure, effect in EFFECTS.items():
        rows = (table["measure"] == measure).to_numpy()
        yi[rows], vi[rows] = effect(*(values[rows] for values in arms))
    weights = np.empty(len(table))
    analyses = defaultdict(list)
    for key, rows in table.groupby(ANALYSIS, sort=False).indices.items():
        analyses[key[-1], len(rows)].append(rows)
    for (name, _), listed in analyses.items():
        rows, (model, tau2) = np.array(listed), MODELS[name]
        weights[rows] = fit(yi[rows], vi[rows], model=model, tau2=tau2, ci="wald", prediction="none").weights
    reach = 1.959963984540054 * np.sqrt(vi)
    ours = {"estimate": yi, "ci_low": yi - reach, "ci_high": yi + reach, "weight": weights}
    compared: Counter[str] = Counter()
    off = []
    for quantity, column in PRINTED.items():
        printed = [number(text) for text in table[column]]
        values = np.array([one.value for one in printed])
        halves = np.array([one[1] for one in printed])
        compared[quantity] = len(printed)
        for i in np.flatnonzero(np.abs(ours[quantity] - values) > halves + SLACK):
            row = table.iloc[i]
            place = f"{row['review']} {row['analysis']}, {row['study']}"
            off.append(
                deviation(place, quantity, row[column], float(ours[quantity][i]), reml=row["model"] == "REML")
            )
    return compared, off


def one_by_one(table: pd.DataFrame) -> None:
    """Compute effects and pool each analysis by itself."""
    for (_, _, measure, model), rows in table.groupby(ANALYSIS):
        yi, vi = EFFECTS[measure](*(rows[name].to_numpy(float) for name in ARMS))
        kind, tau2 = MODELS[model]
        pool(yi, vi, model=kind, tau2=tau2, ci="wald")


def main() -> None:
    """Time both on one table, alternately, and take the best of each."""
    sample = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
    copies = -(-ROWS // len(sample))
    table = pd.concat([sample.assign(review=sample["review"] + f" {i}") for i in range(copies)]).iloc[:ROWS]
    times: dict[str, list[float]] = {"whole": [], "alone": []}
    for _ in range(RUNS):
        for name, work in (("whole", beside_print), ("alone", one_by_one)):
            start = time.process_time()
            work(table)
            times[name].append(time.process_time() - start)
    whole, alone = (min(listed) for listed in times.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{ROWS:,} rows: {whole:.2f} s, {ROWS / whole:,.0f} rows/s, at most {memory:.0f} MB; "
        f"only pooling them one by one: {alone:.2f} s, ratio {alone / whole:.1f}"
    )


if __name__ == "__main__":
    main()
