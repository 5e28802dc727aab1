"""How long commands take from cold, as ratios to `python -c "import numpy, pandas"`.

Run it with the project's Python: python tests/benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
PEER = ("-c", "import numpy, pandas")
COMMANDS = {
    "livingmeta --help": ("-m", "livingmeta", "--help"),
    "livingmeta pool smith2017": ("-m", "livingmeta", "pool", "smith2017"),
    "livingmeta reproduce knee_oa": ("-m", "livingmeta", "reproduce", "knee_oa"),
}
ROOT = Path(__file__).parents[2]


def seconds(*words: str) -> float:
    """Return the wall time of one run."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Time each command in turn with the peer, so that both see the same machine."""
    times: dict[str, list[float]] = {name: [] for name in ("peer", *COMMANDS)}
    for _ in range(RUNS):
        times["peer"].append(seconds(*PEER))
        for name, words in COMMANDS.items():
            times[name].append(seconds(*words))
    peer = statistics.median(times["peer"])
    print(f"import numpy, pandas: {peer:.2f} s")
    for name in COMMANDS:
        median = statistics.median(times[name])
        print(f"{name}: {median:.2f} s, ratio {median / peer:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        whole = seconds("-m", "livingmeta", "run", "smith2017", "--out", folder)
    print(f"livingmeta run smith2017: {whole:.2f} s, ratio {whole / peer:.2f}")


if __name__ == "__main__":
    main()
