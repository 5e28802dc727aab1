"""What trials and a prior say together, and what that means for a patient."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta import screen
from livingmeta.commands import printing
from livingmeta.commands.options import AsJson, Folder, Important, ReviewName, Synthesis, VasSd

if TYPE_CHECKING:
    from livingmeta.bayes import Marginal, Posterior
    from livingmeta.settings import Settings
    from livingmeta.synthesis import Pool

# Our choice, not a finding; the help and every output say so.
USUAL_SCALE = 0.5


def bayes(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    tau_prior: Annotated[
        str, typer.Option(metavar="NAME", help="half-normal, half-cauchy or uniform")
    ] = "half-normal",
    tau_scale: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="scale of the prior on tau, upper end of the uniform one, in the unit of the "
            f"effects; not given: {USUAL_SCALE} for half-normal on SMDs and log ratios (tau below "
            "0.98 with 95%), our choice; how to choose: Roever et al. 2021, doi 10.1002/jrsm.1475",
        ),
    ] = None,
    mu_sd: Annotated[
        float | None,
        typer.Option(metavar="X", help="SD of a normal prior on the mean, around 0; else flat"),
    ] = None,
    important: Important = None,
    vas_sd: VasSd = None,
    out: Folder = "figures",
    as_json: AsJson = False,
) -> None:
    """Pool with priors: posterior of mean, tau, each trial and a new one, and probabilities."""
    from livingmeta.bayes import Prior, posterior
    from livingmeta.changes import headline_settings
    from livingmeta.patient import important_difference, new_setting, refuse_points
    from livingmeta.report import coverage
    from livingmeta.review import load_review
    from livingmeta.synthesis import synthesise

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    settings = headline_settings(loaded)
    scale, default = _scale(tau_prior, tau_scale, settings)
    prior = Prior(tau=tau_prior, scale=scale, mu_sd=mu_sd)
    if vas_sd is not None:
        refuse_points(settings.measure)
    limit = important and important_difference(
        important, measure=settings.measure, label=settings.label, vas_sd=vas_sd
    )
    documents: list[dict[str, Any]] = []
    for pool in synthesise(loaded, settings=settings):
        if synthesis not in {None, pool.synthesis}:
            continue
        about = {"synthesis": pool.synthesis, "subgroup": pool.subgroup,
                 "coverage": coverage(loaded, pool)}  # fmt: skip
        if not as_json:
            printing.summary(loaded, pool)
        if pool.result is None:
            documents.append({**about, "why_not": pool.why_not})
            if not as_json:
                typer.echo("  no posterior: without a trial it would be the prior\n")
            continue
        found = posterior(
            [effect.yi for effect in pool.effects],
            [effect.vi for effect in pool.effects],
            prior=prior,
            important=limit,
            level=settings.level,
        )
        try:
            setting, refused = new_setting(pool.result, important=limit), None
        except ValueError as refusal:
            setting, refused = None, str(refusal)
        told = {name: value for name, value in asdict(found).items() if name != "curves"}
        for effect, trial in zip(pool.effects, told["trials"], strict=True):
            trial["label"] = effect.label
        documents.append(
            {**about, "posterior": told, "prior": prior.words() + default,
             "new_setting": setting and asdict(setting), "new_setting_refused": refused}
        )  # fmt: skip
        if as_json:
            continue
        _print(pool, found, words=prior.words() + default, vas_sd=vas_sd)
        if setting is None:
            typer.echo(f"  without a prior: {refused}")
        else:
            typer.echo(
                f"  without a prior, P that a new setting benefits: {_p(setting.benefit)}"
                + _beyond(pool, setting.beyond_for_1, setting.beyond_for_2)
                + f", on {setting.k} trials, {setting.assumption}"
            )
        note = f"{about['coverage']}. {prior.words()}{default}."
        if vas_sd is not None and limit:
            from livingmeta.patient import vas_words

            note += f" Grey: less than {important:g} {vas_words(vas_sd)}."
        _draw(pool, found, folder=f"{out}/{loaded.protocol.id}", note=note)
    if as_json:
        return screen.json(documents)
    printing.disclaimer()
    return None


def _scale(tau_prior: str, given: float | None, settings: Settings) -> tuple[float, str]:
    """Return the scale of the prior on τ, and what to say where nobody gave it."""
    from livingmeta.effect_sizes import RATIOS
    from livingmeta.patient import STANDARDISED

    if given is not None:
        return given, ""
    usual = settings.measure in STANDARDISED or settings.label in RATIOS
    if tau_prior == "half-normal" and usual:
        return USUAL_SCALE, " (scale by default, our choice: τ below 0.98 with 95%)"
    raise ValueError(
        f"--tau-scale: there is no usual scale for a {tau_prior} prior on τ with effects in "
        f"{settings.label}; give one, in the unit of the effects."
    )


def _print(pool: Pool, found: Posterior, *, words: str, vas_sd: float | None) -> None:
    from livingmeta.patient import vas_points, vas_words
    from livingmeta.report import flag_lines, interval, share
    from livingmeta.synthesis import marks, notes
    from livingmeta.words import decimal

    trials = "one trial" if found.k == 1 else f"{found.k} trials"
    head = f"median ({100 * found.level:g}% interval)"
    rows = (("mean effect μ", found.mu, found.mu_chances),
            ("a new trial", found.new, found.new_chances))  # fmt: skip
    typer.echo(f"  {words}, {trials}{share(pool)}")
    screen.table(
        ["posterior", f"{printing.scale(pool)}, {head}", f"mean, SD in {pool.measure}", "P"],
        [
            *(
                [name, _interval(pool, one), f"{decimal(one.mean)}, {decimal(one.sd)}",
                 f"favours {pool.groups[0]}: {_p(chances.below_zero)}"
                 + _beyond(pool, chances.beyond_for_1, chances.beyond_for_2)]
                for name, one, chances in rows
            ),
            ["τ", "{} ({} to {})".format(
                *map(decimal, (found.tau.median, found.tau.low, found.tau.high))),
             f"{decimal(found.tau.mean)}, {decimal(found.tau.sd)}", ""],
        ],
    )  # fmt: skip
    screen.table(
        ["trial", "as reported", f"with the others, {head}"],
        [
            [effect.label + marks(effect), interval(effect), _interval(pool, one)]
            for effect, one in zip(pool.effects, found.trials, strict=True)
        ],
    )
    for note in notes(pool.effects):
        screen.console().print(f"  {note}")
    if vas_sd is not None:
        for name, one, _ in rows:
            ends = (vas_points(x, vas_sd=vas_sd) for x in (one.median, one.low, one.high))
            shown = "{} ({} to {})".format(*(decimal(x, 0) for x in ends))
            screen.console().print(f"  {name}: {shown} {vas_words(vas_sd)}")
    for line in flag_lines(dict.fromkeys((*found.flags, *(
        flag for effect in pool.effects for flag in effect.flags)))):  # fmt: skip
        typer.echo(f"  flag {line}")


def _interval(pool: Pool, one: Marginal) -> str:
    from livingmeta.effect_sizes import on_scale
    from livingmeta.words import decimal

    shown = (decimal(on_scale(pool.measure, x)) for x in (one.median, one.low, one.high))
    return "{} ({} to {})".format(*shown)


def _p(chance: float) -> str:
    return (
        "above 0.999" if chance > 0.9995 else "below 0.001" if chance < 0.0005 else f"{chance:.3f}"
    )


def _beyond(pool: Pool, for_1: float | None, for_2: float | None) -> str:
    """Say how probable a difference that matters is, either way."""
    if for_1 is None or for_2 is None:
        return ""
    return (
        f", by an important difference: {_p(for_1)} (favours {pool.groups[1]} by one: {_p(for_2)})"
    )


def _draw(pool: Pool, found: Posterior, *, folder: str, note: str) -> None:
    from pathlib import Path

    from livingmeta.bayes_plots import posterior_plot
    from livingmeta.drafts import key_of
    from livingmeta.plots import figure_bytes
    from livingmeta.store import write

    part = f"_{key_of(pool.subgroup, [])[:24]}" if pool.subgroup else ""
    figure = posterior_plot(pool, found, note=note)
    for kind in ("png", "svg"):
        path = Path(folder) / f"bayes_{pool.synthesis}{part}.{kind}"
        write(path, figure_bytes(figure, kind))
        typer.echo(f"  {path} written")
    typer.echo()
