"""What trials and a prior say together, and what that means for a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from livingmeta.commands import printing, screen
from livingmeta.commands.options import (
    AsJson,
    Documented,
    Important,
    Include,
    NoAssumptions,
    OutFolder,
    ReviewName,
    Synthesis,
    VasSd,
)
from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from livingmeta.engine.methods.bayes import Chances, Marginal, Posterior, Prior
    from livingmeta.engine.methods.patient import NewSetting
    from livingmeta.synthesis.pool import Pool
    from livingmeta.synthesis.settings import Settings

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
        float | None, typer.Option(metavar="X", help="SD of a normal prior on the mean, around 0; else flat")
    ] = None,
    important: Important = None,
    vas_sd: VasSd = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    out: OutFolder = "figures",
    as_json: AsJson = False,
) -> None:
    """Pool with priors: posterior of mean, tau, each trial and a new one, and probabilities."""
    from livingmeta.engine.methods.bayes import Prior
    from livingmeta.engine.methods.patient import important_difference
    from livingmeta.pages.documents import believed
    from livingmeta.pages.phrases import coverage, sentence
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.settings import Selection, headline_settings
    from livingmeta.synthesis.synthesise import synthesise

    loaded = load_review(review)
    settings = headline_settings(loaded)
    scale, default = _scale(tau_prior, tau_scale, settings)
    if settings.profile.model == "common":
        default += "; random effects, since a common effect has no τ to put a prior on"
    prior = Prior(tau=tau_prior, scale=scale, mu_sd=mu_sd)
    limit = important_difference(important, measure=settings.measure, label=settings.label, vas_sd=vas_sd)
    selection = Selection(
        include_sensitivity=include_sensitivity,
        no_assumptions=no_assumptions,
        documented_only=documented_only,
    )
    documents: list[Any] = []
    for pool in synthesise(loaded, settings=settings, selection=selection, only=synthesis):
        rests = coverage(loaded, pool)
        belief = _believe(pool, prior, limit=limit, level=settings.level)
        fitted, setting = (belief.posterior, belief.setting or belief.refused) if belief else (None, None)
        words = prior.words() + default
        documents.append(believed(loaded, pool, fitted, prior=words, setting=setting))
        if as_json:
            continue
        printing.summary(loaded, pool)
        if belief is None:
            typer.echo("  no posterior: without a trial it would be the prior\n")
            continue
        _print(pool, belief, words=f"prior: {words}", vas_sd=vas_sd)
        grey = "" if limit is None else f" Grey: differences below {important:g}{_unit(vas_sd)}."
        note = f"{sentence(rests)} Prior: {words}.{grey}"
        _draw(pool, belief.posterior, folder=f"{out}/{loaded.protocol.id}", note=note)
    if as_json:
        return screen.json("bayes", documents)
    printing.disclaimer()
    return None


class _Believed(NamedTuple):
    posterior: Posterior
    setting: NewSetting | None
    refused: str | None  # why there is no setting


def _believe(pool: Pool, prior: Prior, *, limit: float | None, level: float) -> _Believed | None:
    from livingmeta.engine.methods.bayes import posterior
    from livingmeta.engine.methods.patient import new_setting

    if pool.result is None:
        return None
    yi, vi = [effect.yi for effect in pool.effects], [effect.vi for effect in pool.effects]
    fitted = posterior(yi, vi, prior=prior, important=limit, level=level)
    try:
        return _Believed(fitted, new_setting(pool.result, important=limit), None)
    except ValueError as refusal:
        return _Believed(fitted, None, str(refusal))


def _unit(vas_sd: float | None) -> str:
    from livingmeta.engine.methods.patient import vas_words

    return "" if vas_sd is None else f" {vas_words(vas_sd)}"


def _scale(tau_prior: str, given: float | None, settings: Settings) -> tuple[float, str]:
    """Return the scale of the prior on τ, and what to say where nobody gave it."""
    from livingmeta.engine.effect_sizes import MEASURES

    if given is not None:
        return given, ""
    measure = MEASURES[settings.measure]
    usual = measure.standardised or measure.ratio is not None
    if tau_prior == "half-normal" and usual:
        return USUAL_SCALE, " (scale by default, our choice: τ below 0.98 with 95%)"
    raise RefusalError(
        f"--tau-scale: there is no usual scale for a {tau_prior} prior on τ with effects in "
        f"{settings.label}; give one, in the unit of the effects."
    )


def _print(pool: Pool, belief: _Believed, *, words: str, vas_sd: float | None) -> None:
    from livingmeta.engine.methods.patient import vas_points
    from livingmeta.pages.documents import posterior_flags
    from livingmeta.pages.phrases import counted, flag_lines, interval, share
    from livingmeta.synthesis.pool import marks, notes
    from livingmeta.words import decimal, decimals

    fitted, setting = belief.posterior, belief.setting
    console = screen.console()
    head = f"median ({100 * fitted.level:g}% interval)"
    rows = {"mean effect μ": fitted.mu, "effect in a new setting": fitted.new}
    console.print(f"  {words}; {counted(fitted.k, 'trial')}{share(pool)}")
    tau = "{} ({} to {})".format(*decimals(fitted.tau.median, fitted.tau.low, fitted.tau.high))
    screen.table(
        ["posterior", f"{printing.scale(pool)}, {head}", f"mean and SD, {pool.measure}"],
        [
            [name, shown, ", ".join(decimals(x)[0] for x in (marginal.mean, marginal.sd))]
            for name, marginal, shown in (
                *((name, marginal, _interval(pool, marginal)) for name, marginal in rows.items()),
                ("τ", fitted.tau, tau),
            )
        ],
    )
    for name, chances in (
        ("mean effect", fitted.mu_chances),
        ("effect in a new setting", fitted.new_chances),
    ):
        console.print(f"  {_chances(pool, name, chances)}")
    if setting is None:
        console.print(f"  without a prior, no P for a new setting: {belief.refused}")
    else:
        console.print(
            f"  without a prior: {_chances(pool, 'new setting', setting)}; {setting.k} trials, "
            f"{setting.assumption}"
        )
    for name, marginal in rows.items() if vas_sd is not None else ():
        ends = (vas_points(x, vas_sd=vas_sd or 0) for x in (marginal.median, marginal.low, marginal.high))
        shown = "{} ({} to {})".format(*(decimal(x, 0) for x in ends))
        console.print(f"  {name}: {shown}{_unit(vas_sd)}")
    screen.table(
        ["trial", "as reported", f"posterior, {head}"],
        [
            [effect.label + marks(effect), interval(effect), _interval(pool, marginal)]
            for effect, marginal in zip(pool.effects, fitted.trials, strict=True)
        ],
    )
    for note in notes(pool.effects):
        console.print(f"  {note}")
    for line in flag_lines(posterior_flags(pool, fitted)):
        typer.echo(f"  flag {line}")


def _interval(pool: Pool, marginal: Marginal) -> str:
    from livingmeta.engine.effect_sizes import as_shown

    return "{} ({} to {})".format(*as_shown(pool.measure, marginal.median, marginal.low, marginal.high))


def _p(chance: float) -> str:
    if 0.0005 < chance < 0.9995:
        return f"{chance:.3f}"
    return "0.999 or more" if chance > 0.5 else "less than 0.001"


def _chances(pool: Pool, name: str, chances: Chances | NewSetting) -> str:
    """Say how probable each side is, group 1's first where it is known, and by what matters."""
    first = pool.favours is not None and pool.favours[0] != pool.groups[0]  # is above no effect
    chance = 1 - chances.below_zero if first else chances.below_zero
    said = f"P({name} {pool.side(first)}) = {_p(chance)}"
    below, above = chances.beyond_below, chances.beyond_above
    if below is None or above is None:
        return said
    one, other = (above, below) if first else (below, above)
    return f"{said}; by an important difference {_p(one)}, {pool.side(not first)} by one {_p(other)}"


def _draw(pool: Pool, fitted: Posterior, *, folder: str, note: str) -> None:
    from pathlib import Path

    from livingmeta.figures.files import figure_bytes
    from livingmeta.figures.posterior import posterior_plot
    from livingmeta.store import write

    figure = posterior_plot(pool, fitted, note=note)
    for kind in ("png", "svg"):
        path = Path(folder) / f"bayes_{pool.stem}.{kind}"
        write(path, figure_bytes(figure, kind))
        typer.echo(f"  {path} written")
    typer.echo()
