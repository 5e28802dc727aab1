"""Kills writers of a review, and looks at what a reader finds then.

Run: python tests/kills.py FOLDER SEED KILLS  (prints what was torn, nothing if nothing was)

One process has the program loaded and forks the writers, so that a kill costs no start.
"""

import itertools
import os
import random
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from livingmeta.living.adding import planned
from livingmeta.living.drafts import Draft
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review


def draft(number: int) -> Draft:
    """A trial with its source, its report, two arms and a gap: rows of five files."""
    trial, source = f"trial{number}", f"paper{number}"
    arm = {
        "trial": trial,
        "report": trial,
        "outcome": "pain",
        "instrument": "vas",
        "weeks": "12",
        "statistic": "final",
        "n": "40",
        "source": source,
        "locator": "table 1",
        "use": "yes",
    }
    return {
        "sources": [{"source": source, "kind": "report", "citation": "A paper", "reading": "primary"}],
        "trials": [
            {
                "trial": trial,
                "label": f"Trial {number}",
                "year": "2020",
                "membership": "documented",
                "membership_why": "listed",
                "source": source,
            }
        ],
        "reports": [{"report": trial, "trial": trial, "citation": "A paper"}],
        "outcomes": [
            {**arm, "group": "1", "mean": "3.0", "sd": "1.5", "quote": "3.0 (1.5)"},
            {**arm, "group": "2", "mean": "4.0", "sd": "2.0", "quote": "4.0 (2.0)"},
        ],
        "gaps": [
            {
                "trial": trial,
                "outcome": "pain",
                "weeks": "26",
                "what": "means",
                "where": "table 3",
                "source": source,
            }
        ],
    }


def torn(review: Review) -> str:
    """Say what is in some files and not in others; empty where all is whole."""
    trials = [row.trial for row in review.trials]
    arms = [row.trial for row in review.outcomes]
    held = {
        "reports": [row.trial for row in review.reports],
        "sources": [row.source.replace("paper", "trial") for row in review.sources][1:],
        "gaps": [row.trial for row in review.gaps],
        "outcomes": arms[2::2],
    }
    wrong = [name for name, rows in held.items() if rows[-len(trials) + 1 :] != trials[1:] and trials[1:]]
    return f"{trials} but {[held[name] for name in wrong]} in {wrong}" if wrong or len(arms) % 2 else ""


def forked(work: Callable[[], object]) -> int:
    """Do some work in a child; it ends without a word."""
    with warnings.catch_warnings():  # newer Pythons warn where threads are about: ours do nothing here
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(0)


def at_each_step(work: Callable[[], object]) -> Iterator[int]:
    """End a writer before each thing it asks of the file system, until it comes to its end."""
    for step in itertools.count(1):

        def dying(last: int = step) -> None:
            seen = 0

            def count(event: str, _: object) -> None:
                nonlocal seen
                seen += event in {"open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir"}
                if seen == last:
                    os._exit(9)

            sys.addaudithook(count)
            work()

        status = os.waitpid(forked(dying), 0)[1]
        yield step
        if status == 0:
            return


def killed(path: Path, seed: int, kills: int) -> Iterator[int]:
    """Kill a writer at random moments: of all it does, and of its writing in every second round."""
    chance = random.Random(seed)
    for number in range(kills):
        ready, begun = os.pipe()

        def adding(number: int = number, begun: int = begun) -> None:
            if number % 2:
                os.write(begun, b"x")
            with planned(str(path), draft(number)) as plan:
                os.write(begun, b"x")
                plan.write()

        child = forked(adding)
        select.select([ready], [], [], 10)
        time.sleep(chance.uniform(0, 0.2 if number % 2 else 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(begun)
        yield number


if __name__ == "__main__":
    folder, rounds = Path(sys.argv[1]), int(sys.argv[3])
    start = {path: path.read_bytes() for path in folder.iterdir()}
    before, written = 1, 0
    for number in killed(folder, int(sys.argv[2]), rounds):
        review = load_review(folder)
        if fault := torn(review):
            print(f"kill {number}: {fault}")
        if left := [path.name for path in folder.iterdir() if path.name.startswith(".")]:
            print(f"kill {number}: left behind {left}")
        if (now := len(review.trials)) not in {before, before + 1}:
            print(f"kill {number}: {before} trials became {now}")
        written += now - before
        before = now
        if now > 20:  # so that a round stays short; what is lost is seen round by round
            for path, raw in start.items():
                path.write_bytes(raw)
            before = 1
    print(f"{written} of {rounds} were written before the kill", file=sys.stderr)
