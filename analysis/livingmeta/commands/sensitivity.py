"""How far the answer of a review bends."""

from __future__ import annotations

from livingmeta import screen
from livingmeta.commands import printing
from livingmeta.commands.options import AsJson, ReviewName, Synthesis


def sensitivity(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    as_json: AsJson = False,
) -> None:
    """Pool under other defensible choices, and without each trial in turn."""
    from livingmeta.effect_sizes import scale_name
    from livingmeta.news import excludes
    from livingmeta.report import coverage, interval, people
    from livingmeta.review import load_review
    from livingmeta.scenarios import sensitivity as bent
    from livingmeta.words import decimal

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    found = [one for one in bent(loaded) if synthesis in {None, one.main.synthesis}]
    if as_json:
        from dataclasses import asdict

        return screen.json(
            [
                {
                    "synthesis": one.main.synthesis,
                    "subgroup": one.main.subgroup,
                    "main": printing.document(one.main),
                    "scenarios": [
                        {"name": s.name, "pool": printing.document(s.pool) if s.pool else None}
                        for s in one.scenarios
                    ],
                    "without": [asdict(left) for left in one.without],
                    "stages": [asdict(stage) for stage in one.stages],
                }
                for one in found
            ]
        )
    console = screen.console()
    for one in found:
        pool = one.main
        name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
        console.print(f"{name} ({pool.synthesis})", style="bold")
        console.print(f"  {coverage(loaded, pool)}; {pool.methods}")
        rows = [("main analysis", pool), *((s.name, s.pool) for s in one.scenarios)]
        screen.table(
            ["analysis", f"{scale_name(pool.measure)} (CI)", "k", "people", "interval"],
            [
                [
                    label,
                    interval(other.result) if other and other.result else "–",
                    str(len(other.effects)) if other else "–",
                    str(people(other)) if other else "–",
                    excludes(other),
                ]
                for label, other in rows
            ],
        )
        if one.without:
            screen.table(
                ["without", f"{scale_name(pool.measure)} (CI)", "weight", "residual", "Cook"],
                [
                    [
                        left.label,
                        interval(left, measure=pool.measure),
                        f"{left.weight:.1f}%",
                        decimal(left.rstudent),
                        decimal(left.cook),
                    ]
                    for left in one.without
                ],
            )
    printing.disclaimer()
    return None
