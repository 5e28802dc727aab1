"""Whether small trials tell another story than large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta import screen
from livingmeta.commands import printing
from livingmeta.commands.options import AsJson, Folder, ReviewName, Synthesis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livingmeta.selection import Selected
    from livingmeta.small_study import Asymmetry, Filled


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
    """Test whether small trials tell another story: funnel, Egger, Begg, PEESE, fill, selection."""
    from dataclasses import asdict
    from pathlib import Path

    from livingmeta.drafts import key_of
    from livingmeta.funnels import funnel_plot
    from livingmeta.plots import figure_bytes
    from livingmeta.review import load_review
    from livingmeta.selection import selection_model
    from livingmeta.settings import headline_settings
    from livingmeta.small_study import battery
    from livingmeta.store import write
    from livingmeta.synthesis import synthesise

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
        yi, vi = [effect.yi for effect in pool.effects], [effect.vi for effect in pool.effects]
        try:
            tests, filled = battery(
                yi,
                vi,
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
        chosen: Selected | str
        try:
            chosen = selection_model(yi, vi, force=force, level=settings.level)
        except ValueError as refusal:
            chosen = str(refusal)
        documents.append(
            {
                "synthesis": pool.synthesis,
                "subgroup": pool.subgroup,
                "tests": [asdict(one) for one in tests],
                "filled": asdict(filled),
                "selection": chosen if isinstance(chosen, str) else asdict(chosen),
            }
        )
        if as_json:
            continue
        console.print(f"{name} ({pool.synthesis})", style="bold")
        _show(pool.measure, tests, filled, chosen)
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


def _show(measure: str, tests: Sequence[Asymmetry], filled: Filled, chosen: Selected | str) -> None:
    from livingmeta.effect_sizes import on_scale, scale_name
    from livingmeta.report import flag_lines, interval
    from livingmeta.words import decimal, p_words

    console = screen.console()
    flags = (*filled.flags, *(() if isinstance(chosen, str) else chosen.flags))
    for line in flag_lines(dict.fromkeys(flags)):
        console.print(f"  flag {line}")
    screen.table(
        ["test", "statistic", "P", f"{scale_name(measure)} of a trial without error"],
        [
            [
                one.name,
                f"t({one.df}) = {decimal(one.t)}" if one.t is not None
                else f"τ = {decimal(one.statistic)}",
                p_words(one.p_value).removeprefix("P ").removeprefix("= "),
                "–" if one.limit is None else "{} ({} to {})".format(
                    *(decimal(on_scale(measure, end or 0.0))
                      for end in (one.limit, one.limit_low, one.limit_high))
                ),
            ]
            for one in tests
        ],
    )  # fmt: skip
    console.print(
        f"  trim and fill: {filled.k0} trials added on the {filled.side}; with them "
        f"{scale_name(measure)} {interval(filled.result, measure=measure)}"
    )
    if isinstance(chosen, str):
        console.print(f"  selection model: {chosen}")
    else:
        console.print(
            f"  selection model: if other trials are reported {decimal(chosen.weight)} times "
            f"as often as those significant on the {chosen.side}, {scale_name(measure)} "
            f"{interval(chosen, measure=measure)}; against equal reporting "
            f"{p_words(chosen.p_value)}"
        )
