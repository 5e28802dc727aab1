"""All combinations of ten choices of a review: derived, pooled and counted.

The review is made up: twelve trials, each with final and change scores at two times, some on a
composite instrument, some under an assumption, some held for sensitivity analyses. Its choices
give more than 100,000 specifications; how many analyses these name is said.
Run it with the project's Python: python tests/benchmarks/multiverse.py
"""

import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from livingmeta.appraisal.choices import analysis
from livingmeta.appraisal.multiverse import multiverse, shares
from livingmeta.engine.effect_sizes import CORRECTIONS, VARIANCES
from livingmeta.engine.pooling import CONFIDENCE
from livingmeta.engine.tau2 import TAU2
from livingmeta.review.protocol import Choice, Protocol, Review
from livingmeta.review.schema import Instrument, Outcome, Source, Trial
from livingmeta.synthesis.synthesise import synthesise

TRIALS, RUNS = 12, 5
CHOICES = {
    "rows": ("main", "with sensitivity rows", "no assumptions", "documented only"),
    "composites": ("in", "out"),
    "statistic": ("final first", "change first"),
    "time": ("latest", "earliest"),
    "without": ("none", *(f"trial{i}" for i in range(TRIALS))),
    "correction": tuple(CORRECTIONS),
    "smd_variance": tuple(VARIANCES),
    "model": ("random", "common"),
    "tau2": tuple(name for name in TAU2 if name not in {"CA", "EB"}),  # names of HE and PM
    "ci": tuple(CONFIDENCE),
}


def made_up() -> Review:
    """Return the review."""
    protocol = Protocol.model_validate(
        {
            "id": "made-up",
            "title": "Made up",
            "question": "How fast?",
            "groups": {"1": "one", "2": "two"},
            "synthesis": [{"id": "pain", "title": "Pain", "outcome": "pain"}],
            "choice": [Choice(name=n, options=o, why="speed") for n, o in CHOICES.items()],
        }
    )
    place = {"source": "made-up", "file": "made-up", "row": 1}
    rng = np.random.default_rng(20171106)
    outcomes = []
    for i in range(TRIALS):
        for weeks in (6, 12):
            for statistic in ("final", "change"):
                for group, mean in (("1", 4.0), ("2", 4.6)):
                    outcomes.append(
                        Outcome(
                            **place,
                            trial=f"trial{i}",
                            outcome="pain",
                            locator="-",
                            instrument="mixed" if i % 4 == 0 else "vas",
                            weeks=weeks,
                            group=group,
                            statistic=statistic,
                            n=int(rng.integers(15, 80)),
                            mean=round(mean + rng.normal(0, 0.6), 2),
                            sd=round(rng.uniform(1.5, 3), 2),
                            assumption="n assumed" if i % 5 == 1 else None,
                            use="sensitivity" if i % 6 == 5 else "yes",
                        )
                    )
    return Review(
        protocol=protocol,
        folder=Path("made-up"),
        sources=(Source(**place, kind="note", citation="-", reading="primary"),),
        trials=tuple(
            Trial(
                **place,
                trial=f"trial{i}",
                label=f"Trial {i}",
                membership_why="-",
                membership="inferred" if i % 7 == 2 else "documented",
            )
            for i in range(TRIALS)
        ),
        instruments=tuple(
            Instrument(**place, instrument=name, name=name, domain=domain, better="lower")
            for name, domain in (("vas", "pain"), ("mixed", "composite"))
        ),
        outcomes=tuple(outcomes),
    )


def main() -> None:
    """Time it, without and with the profile-likelihood interval, which costs the most."""
    whole = made_up()
    start = time.process_time()
    for _ in range(20):  # the headline, as it would be pooled for each specification
        one = analysis(whole, {})
        synthesise(one.review, settings=one.settings, selection=one.selection)
    alone = (time.process_time() - start) / 20
    for name, intervals in (
        ("closed-form intervals", tuple(ci for ci in CONFIDENCE if ci != "profile")),
        ("and profile likelihood", tuple(CONFIDENCE)),
    ):
        choice = tuple(
            one.model_copy(update={"options": intervals}) if one.name == "ci" else one
            for one in whole.protocol.choice
        )
        review = replace(whole, protocol=whole.protocol.model_copy(update={"choice": choice}))
        times = []
        for _ in range(RUNS):
            start = time.process_time()
            (found,) = multiverse(review)
            shares(found.analyses)
            times.append(time.process_time() - start)
        took = statistics.median(times)
        ratio = alone * len(found.names) / took
        print(
            f"{name}: {found.declared:,} combinations, {len(found.names):,} specifications "
            f"of {len(found.analyses):,} analyses: {took:.2f} s, ratio of one by one {ratio:.0f}"
        )


if __name__ == "__main__":
    main()
