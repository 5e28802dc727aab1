"""Processor time and memory of a table of 10,000 rows: read, pooled and drawn, from cold.

The peer reads the same file with pandas and pools it with statsmodels; its figure would have a row a trial.
Run it with the project's Python: python tests/benchmarks/tables.py [ROWS]
"""

import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

PEER = """
import pandas as pd
from statsmodels.stats.meta_analysis import combine_effects
table = pd.read_csv({file!r})
n, d = table.n1 + table.n2 - 2, table.mean1 - table.mean2
g = (1 - 3 / (4 * n - 1)) * d / (((table.n1 - 1) * table.sd1**2 + (table.n2 - 1) * table.sd2**2) / n) ** 0.5
combine_effects(g, 1 / table.n1 + 1 / table.n2 + g**2 / (2 * (n + 2)), method_re="iterated").summary_frame()
"""
# Study and subgroup of a row, for so many of them
LAYOUTS: dict[str, tuple[int, Callable[[int], tuple[str, str]]]] = {
    "a row a trial": (1, lambda i: (f"Study {i}", "")),
    "one trial": (5, lambda i: ("Study", "")),
    "twenty rows a trial, five subgroups": (1, lambda i: (f"Study {i // 20}", f"s{i % 5}")),
}


def written(path: Path, rows: int, place: Callable[[int], tuple[str, str]]) -> None:
    """Write a table of means."""
    chance = random.Random(1)
    lines = ["study,subgroup,mean1,sd1,n1,mean2,sd2,n2"]
    for i in range(rows):
        arms = [
            (chance.gauss(mean, 0.7), 3 * math.exp(chance.gauss(0, 0.1)), chance.randint(20, 200))
            for mean in (9.1, 10.0)
        ]
        lines.append(",".join((*place(i), *(f"{m:.2f},{sd:.2f},{n}" for m, sd, n in arms))))
    path.write_text("\n".join(lines), encoding="utf-8")


def cost(folder: str, *words: str) -> tuple[float, float]:
    """Return processor seconds and the most MB of one run."""
    run = subprocess.Popen([sys.executable, *words], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(run.pid, 0)
    assert status == 0, words
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(rows: int) -> None:
    """Measure each layout in turn with the peer, so that both see the same machine."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (part, place) in LAYOUTS.items():
            written(Path(folder) / "table.csv", rows // part, place)
            peer, _ = cost(folder, "-c", PEER.format(file="table.csv"))
            print(f"{name}, {rows // part:,} rows: peer {peer:.1f} s")
            for command in ("pool", "forest"):
                words = ("-m", "livingmeta", command, "table.csv", "--measure", "SMD", "--favours", "lower")
                seconds, most = cost(folder, *words)
                print(f"  {command}: {seconds:.1f} s, ratio {seconds / peer:.1f}, at most {most:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
