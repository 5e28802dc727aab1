"""Whether small trials tell another story than large ones."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from livingmeta import screen
from livingmeta.commands import printing
from livingmeta.commands.options import AsJson, Folder, ReviewName, Synthesis


def small_study(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    force: Annotated[
        bool, typer.Option("--force", help="test below ten trials, too, with a warning")
    ] = False,
    out: Folder = "figures",
    as_json: AsJson = False,
) -> None:
    """Test whether small trials tell another story: funnel, Egger, Begg, PEESE, trim and fill."""
    from dataclasses import asdict
    from pathlib import Path

    from livingmeta.changes import headline_settings
    from livingmeta.drafts import key_of
    from livingmeta.effect_sizes import scale_name
    from livingmeta.funnels import funnel_plot
    from livingmeta.plots import figure_bytes
    from livingmeta.report import interval
    from livingmeta.review import load_review
    from livingmeta.small_study import ENOUGH, battery
    from livingmeta.store import write
    from livingmeta.synthesis import synthesise
    from livingmeta.words import decimal, p_words

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    settings = headline_settings(loaded)
    documents: list[dict[str, Any]] = []
    console = screen.console()
    for pool in synthesise(loaded, settings=settings):
        if synthesis not in {None, pool.synthesis}:
            continue
        name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
        sizes = [(effect.n1, effect.n2) for effect in pool.effects]
        try:
            tests, filled = battery(
                [effect.yi for effect in pool.effects],
                [effect.vi for effect in pool.effects],
                sizes=sizes if pool.measure == "SMD" else None,
                force=force,
                tau2=settings.profile.tau2,
                ci=settings.profile.ci if settings.profile.ci != "profile" else "wald",
                level=settings.level,
            )
        except ValueError as refusal:
            documents.append({"synthesis": pool.synthesis, "subgroup": pool.subgroup,
                              "refused": str(refusal)})  # fmt: skip
            if not as_json:
                console.print(f"{name} ({pool.synthesis})", style="bold")
                console.print(f"  {refusal}")
            continue
        documents.append({"synthesis": pool.synthesis, "subgroup": pool.subgroup,
                          "tests": [asdict(one) for one in tests],
                          "filled": asdict(filled)})  # fmt: skip
        if as_json:
            continue
        console.print(f"{name} ({pool.synthesis})", style="bold")
        if len(pool.effects) < ENOUGH:
            console.print(
                f"  {len(pool.effects)} trials, forced: below {ENOUGH} these tests can't tell "
                "chance from bias."
            )
        screen.table(
            ["test", "statistic", "P", f"{scale_name(pool.measure)} of a trial without error"],
            [
                [
                    one.name,
                    f"t({one.df}) = {decimal(one.t)}" if one.t is not None
                    else f"τ = {decimal(one.statistic)}",
                    p_words(one.p_value).removeprefix("P ").removeprefix("= "),
                    "–" if one.limit is None else f"{decimal(one.limit)} "
                    f"({decimal(one.limit_low)} to {decimal(one.limit_high)})",
                ]
                for one in tests
            ],
        )  # fmt: skip
        console.print(
            f"  trim and fill: {filled.k0} trials added on the {filled.side}; with them "
            f"{scale_name(pool.measure)} {interval(filled.result, measure=pool.measure)}"
        )
        part = f"_{key_of(pool.subgroup, [])[:24]}" if pool.subgroup else ""
        path = Path(out) / loaded.protocol.id / f"funnel_{pool.synthesis}{part}.png"
        write(path, figure_bytes(funnel_plot(pool, filled=filled).figure, "png"))
        console.print(f"  {path} written")
    if as_json:
        return screen.json(documents)
    console.print(
        "An asymmetric funnel has many causes: bias in what is published, in small trials "
        "themselves, true differences, or chance."
    )
    printing.disclaimer()
    return None
