"""Every combination of a review's defensible choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livingmeta import screen
from livingmeta.commands import printing
from livingmeta.commands.options import AsJson, Folder, Important, ReviewName, Synthesis, VasSd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from livingmeta.multiverse import Multiverse, Shares
    from livingmeta.protocol import Review


def multiverse(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    important: Important = None,
    vas_sd: VasSd = None,
    out: Folder = "figures",
    as_json: AsJson = False,
) -> None:
    """Pool under every combination of the choices declared in review.toml; draw the curve."""
    from pathlib import Path

    from livingmeta.multiverse import multiverse as combined
    from livingmeta.report import results_of
    from livingmeta.review import load_review

    loaded = load_review(review)
    with screen.progress("Combining") as progress:
        found = combined(loaded, synthesis=synthesis, progress=progress)
    results = results_of(loaded)
    told = [
        _Told(loaded, one, results, _threshold(important, vas_sd, one.main.measure), vas_sd)
        for one in found
    ]
    if as_json:
        return screen.json([one.document() for one in told])
    _print_choices(loaded)
    folder = Path(out) / loaded.protocol.id
    with screen.progress("Drawing") as progress:
        for i, one in enumerate(told):
            one.show(folder)
            progress(i + 1, len(told))
    screen.console().print(
        "Shares are shares of analyses, not probabilities: analyses share their data, and which "
        "choices are declared decides how many there are on each side."
    )
    printing.disclaimer()
    return None


def _threshold(important: float | None, vas_sd: float | None, measure: str) -> float | None:
    """Return the smallest important difference on the scale of the estimates."""
    from math import log

    from livingmeta.effect_sizes import RATIOS

    if vas_sd is not None and (measure != "SMD" or not vas_sd > 0):
        raise ValueError(
            f"--vas-sd {vas_sd:g}: only SMDs become points on a VAS, by an SD above 0; the "
            f"effects are {measure}."
        )
    if important is None:
        return None
    if measure in RATIOS:
        if not important > 0:
            raise ValueError(f"--important {important:g}: a ratio is above 0.")
        return abs(log(important))
    return important / (vas_sd or 1)


def _print_choices(review: Review) -> None:
    screen.table(
        ["choice", "options", "why"],
        [[one.name, ", ".join(one.options), one.why] for one in review.protocol.choice],
    )


class _Told:
    """One multiverse and what is said of it."""

    def __init__(
        self, review: Review, found: Multiverse, results: Any, important: float | None,
        vas_sd: float | None,
    ) -> None:  # fmt: skip
        from livingmeta.multiverse import shares
        from livingmeta.report import coverage, published

        pool = found.main
        self.found, self.vas_sd = found, vas_sd
        printed = pool.printed.estimate if pool.printed else None
        self.shares, self.distinct = (
            shares(table, important=important, published=printed)
            for table in (found.analyses, found.distinct)
        )
        self.coverage = coverage(review, pool)
        self.published = published(results, pool)

    def document(self) -> dict[str, Any]:
        """Return all of it for a program."""
        from dataclasses import asdict

        found, pool = self.found, self.found.main
        table = found.analyses.astype(object)
        return {
            "synthesis": pool.synthesis,
            "subgroup": pool.subgroup,
            "measure": pool.measure,
            "coverage": self.coverage,
            "main": printing.document(pool),
            "choices": [one.model_dump() for one in found.choices],
            "declared": found.declared,
            "impossible": [{"why": why, "combinations": n} for why, n in found.impossible],
            "equivalent": found.equivalent,
            "shares": asdict(self.shares) if self.shares else None,
            "shares_of_distinct": asdict(self.distinct) if self.distinct else None,
            "published": self.published or None,
            "turns": [asdict(turn) for turn in found.turns],
            "analyses": table.where(table.notna(), None).to_dict("records"),
        }

    def show(self, folder: Path) -> None:
        """Print it, and write its table and its figure."""
        from livingmeta.drafts import key_of
        from livingmeta.multiverse_plots import specification_curve
        from livingmeta.plots import figure_bytes
        from livingmeta.store import write

        found, pool, console = self.found, self.found.main, screen.console()
        name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
        console.print(f"{name} ({pool.synthesis})", style="bold")
        console.print(f"  the headline: {self.coverage}; {pool.methods}")
        skipped = "; ".join(f"{n:,}: {why}" for why, n in found.impossible)
        console.print(
            f"  {found.declared:,} combinations: {sum(n for _, n in found.impossible):,} "
            f"impossible{f' ({skipped})' if skipped else ''}, {found.equivalent:,} the same as "
            f"another by definition, {len(found.analyses):,} analyses"
        )
        if self.shares is None or self.distinct is None:
            console.print("  no analysis is possible.\n")
            return
        self._print_shares(self.shares, self.distinct)
        part = f"_{key_of(pool.subgroup, [])[:24]}" if pool.subgroup else ""
        path = folder / f"multiverse_{pool.synthesis}{part}"
        write(path.with_suffix(".csv"), found.analyses.to_csv(index=False, lineterminator="\n"))
        curve, _ = specification_curve(found, self.shares)
        for kind in ("png", "svg"):
            write(path.with_suffix(f".{kind}"), figure_bytes(curve.figure, kind))
        console.print(f"  {path}.csv, .png and .svg written\n")

    def _print_shares(self, every: Shares, distinct: Shares) -> None:
        from livingmeta.effect_sizes import on_scale, scale_name
        from livingmeta.words import decimal

        pool, console = self.found.main, screen.console()

        def scale(value: float | None) -> str:
            return "–" if value is None else decimal(on_scale(pool.measure, value))

        rows = {}
        for side, group in zip(("negative", "positive"), pool.groups, strict=True):
            rows[f"estimate favours {group}"] = side
            rows[f"interval excludes no effect, in favour of {group}"] = f"excludes_{side}"
            if every.important is not None:
                away = -every.important if side == "negative" else every.important
                rows[f"estimate {scale(away)} or farther, in favour of {group}"] = f"beyond_{side}"
        screen.table(
            ["share of analyses", f"all {every.analyses:,}", f"{distinct.analyses:,} distinct"],
            [
                [words, *(f"{100 * getattr(one, name):.1f}%" for one in (every, distinct))]
                for words, name in rows.items()
            ],
        )
        k = f"{every.k_low}" + (f" to {every.k_high}" if every.k_high > every.k_low else "")
        told = (every.lowest, every.median, every.highest)
        low, median, high = map(scale, told)
        console.print(
            f"  {scale_name(pool.measure)} from {low} to {high}, median {median}; on {k} trials"
        )
        if self.vas_sd:
            low, median, high = (decimal(self.vas_sd * value, 1) for value in told)
            console.print(
                f"  as points on a 0–100 mm VAS with an SD of {self.vas_sd:g} mm: from {low} to "
                f"{high}, median {median}"
            )
        if self.published:
            below, above = every.published_below, every.published_above
            place = "" if below is None or above is None else (
                f": {below:.1%} of the analyses lie below it, {above:.1%} above"
            )  # fmt: skip
            console.print(f"  {self.published}{place}")
        self._print_turns()

    def _print_turns(self) -> None:
        from livingmeta.words import decimal

        first = self.found.turns[0]
        if first.moved is not None:
            screen.console().print(
                f"  Most is moved by the choice of {first.choice}: by {decimal(first.moved, 3)} in "
                f"the median over {first.pairs:,} pairs of analyses that differ in nothing else, "
                f"and by {decimal(first.most, 3)} at most."
            )
        screen.table(
            ["choice changed alone", "pairs", "estimate moves (median)", "at most", "excludes 0"],
            [
                [
                    one.choice,
                    f"{one.pairs:,}",
                    decimal(one.moved, 3),
                    decimal(one.most, 3),
                    "–" if one.turned is None else f"changes in {one.turned:.0%}",
                ]
                for one in self.found.turns
            ],
        )
