"""How often all that is known of a review derives an effect: as it remembers, and as if it forgot.

Run it with the project's Python: python tests/benchmarks/dossier.py
"""

import time
from collections.abc import Hashable
from typing import Any

from livingmeta import load_review
from livingmeta.appraisal.dossier import Dossier
from livingmeta.synthesis import choosing

REVIEWS = ("smith2017", "living", "knee_oa")


class Forgetful(dict[Hashable, Any]):
    """A memory that answers nothing."""

    def __contains__(self, key: object) -> bool:
        """Know nothing."""
        return False


def known(name: str, *, forgetful: bool) -> tuple[int, float]:
    """Ask for everything once; return derivations and seconds of processor time."""
    derived, honest = 0, choosing.effect_of

    def counted(*words: Any) -> Any:
        nonlocal derived
        derived += 1
        return honest(*words)

    choosing.effect_of = counted
    review = load_review(name)
    if forgetful:
        object.__setattr__(review, "memo", Forgetful())
    dossier = Dossier(review=review)
    start = time.process_time()
    for part in ("results", "sensitivity", "multiverse", "certainty", "directions", "flow"):
        getattr(dossier, part)
    took = time.process_time() - start
    choosing.effect_of = honest
    return derived, took


def main() -> None:
    """Print both for each review."""
    for name in REVIEWS:
        (few, fast), (many, slow) = known(name, forgetful=False), known(name, forgetful=True)
        print(
            f"{name}: {few} derivations in {fast:.2f} s; forgetting, {many} in {slow:.2f} s "
            f"(ratio {slow / fast:.1f})"
        )


if __name__ == "__main__":
    main()
