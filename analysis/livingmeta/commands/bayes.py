"""What trials and a prior say together, and what that means for a patient."""

from typing import Annotated

import typer

from livingmeta.appraisal.dossier import Dossier
from livingmeta.calls.methods import USUAL_SCALE, bayesian, prior_of
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import (
    AsJson,
    Documented,
    Full,
    Important,
    Include,
    NoAssumptions,
    OutFolder,
    Synthesis,
    VasSd,
    listing,
)
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.methods.bayes import TAU_PRIORS, Chances, Marginal, Posterior
from livingmeta.engine.methods.patient import NewSetting, vas_points, vas_words
from livingmeta.figures.marks import marks, notes, shared_signs
from livingmeta.pages.documents import Believed, believed, posterior_flags
from livingmeta.pages.phrases import counted, coverage, interval, sentence, share
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Selection
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import decimal, decimals


@opens
def bayes_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    tau_prior: Annotated[str, typer.Option(metavar="NAME", help=listing(TAU_PRIORS))] = "half-normal",
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
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Pool with priors: posteriors, and chances of benefit.

    Posteriors are those of the mean, tau, each trial and a new one.
    """
    dossier = Dossier(review=opened.review, important=important, vas_sd=vas_sd)
    loaded, settings, limit = dossier.review, dossier.settings, dossier.limit
    prior = prior_of(settings, tau_prior=tau_prior, tau_scale=tau_scale, mu_sd=mu_sd)
    selection = Selection(
        include_sensitivity=include_sensitivity,
        no_assumptions=no_assumptions,
        documented_only=documented_only,
    )
    from livingmeta.figures.posterior import posterior_plot

    documents: list[Believed] = []
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    before, words = None, ""
    for pool in synthesise(loaded, settings=settings, selection=selection, only=synthesis):
        answer = bayesian(pool, settings, prior, limit=limit)
        fitted, setting, words = answer.posterior, answer.new_setting, answer.prior
        documents.append(believed(loaded, answer))
        if as_json:
            continue
        tail = "" if fitted is None else _believed(pool, fitted)
        printing.summary(page, loaded, pool, (tail, tail), after=before)
        before = pool
        if fitted is None or setting is None:
            page.say("  no posterior: without a trial it would be the prior", rank=1)
            page.gap()
            continue
        _print(page, pool, fitted, setting, words=f"prior: {words}", vas_sd=vas_sd)
        grey = "" if limit is None else f" Grey: differences below {important:g}{_unit(vas_sd)}."
        note = f"{sentence(coverage(loaded, pool))} Prior: {words}.{grey}"
        ax = posterior_plot(pool, fitted, note=note)
        stem = opened.folder(out) / f"bayes_{pool.stem}"
        printing.written(page, figure_files(stem, ax, "png", "svg"))
        page.gap()
    if as_json:
        return screen.json("bayes", documents)
    page.section("")
    page.say(f"Prior: {words}." if words else "", brief=True, what="")
    printing.disclaimer(page)
    return None


def _unit(vas_sd: float | None) -> str:
    return "" if vas_sd is None else f" {vas_words(vas_sd)}"


def _believed(pool: Pool, fitted: Posterior) -> str:
    """Say in few words what trials and prior say together of the mean."""
    mean = f"{_interval(pool, fitted.mu)} with the prior"
    if pool.no_effect is None:
        return mean
    return f"{mean}, {_chances(pool, 'mean', fitted.mu_chances)}"


def _print(
    page: screen.Page,
    pool: Pool,
    fitted: Posterior,
    setting: NewSetting | str,
    *,
    words: str,
    vas_sd: float | None,
) -> None:
    noun = "trial" if fitted.k == pool.k else "effect"
    head = f"median ({100 * fitted.level:g}% interval)"
    rows = {"mean effect μ": fitted.mu, "effect in a new setting": fitted.new}
    page.say(f"  {words}; {counted(fitted.k, noun)}{share(pool)}", rank=4)
    tau = "{} ({} to {})".format(*decimals(fitted.tau.median, fitted.tau.low, fitted.tau.high))
    page.table(
        ["posterior", f"{scale_name(pool.measure)}, {head}", f"mean and SD, {pool.measure}"],
        [
            [name, shown, ", ".join(decimals(x)[0] for x in (marginal.mean, marginal.sd))]
            for name, marginal, shown in (
                *((name, marginal, _interval(pool, marginal)) for name, marginal in rows.items()),
                ("τ", fitted.tau, tau),
            )
        ],
        rank=2,
        what="row",
    )
    for name, chances in (
        ("mean effect", fitted.mu_chances),
        ("effect in a new setting", fitted.new_chances),
    ):
        if pool.no_effect is None:
            break
        page.say(f"  {_chances(pool, name, chances)}", rank=2)
    if pool.no_effect is None:
        pass
    elif isinstance(setting, str):
        page.say(f"  without a prior, no P for a new setting: {setting}", rank=4)
    else:
        page.say(
            f"  without a prior: {_chances(pool, 'new setting', setting)}; {setting.k} {noun}s, "
            f"{setting.assumption}",
            rank=4,
        )
    for name, marginal in rows.items() if vas_sd is not None else ():
        ends = (vas_points(x, vas_sd=vas_sd or 0) for x in (marginal.median, marginal.low, marginal.high))
        shown = "{} ({} to {})".format(*(decimal(x, 0) for x in ends))
        page.say(f"  {name}: {shown}{_unit(vas_sd)}", rank=1)
    of_all = shared_signs(pool.effects)
    page.table(
        ["trial", "as reported", f"posterior, {head}"],
        [
            [effect.label + marks(effect, but=of_all), interval(effect), _interval(pool, marginal)]
            for effect, marginal in zip(pool.effects, fitted.trials, strict=True)
        ],
        rank=3,
        what="trial",
        by=[
            abs(effect.yi - marginal.median)
            for effect, marginal in zip(pool.effects, fitted.trials, strict=True)
        ],
    )
    for note in notes(pool.effects):
        page.say(f"  {note}", rank=5)
    printing.flags(page, posterior_flags(pool, fitted))


def _interval(pool: Pool, marginal: Marginal) -> str:
    return "{} ({} to {})".format(*as_shown(pool.measure, marginal.median, marginal.low, marginal.high))


def _p(chance: float) -> str:
    if 0.0005 < chance < 0.9995:
        return f"{chance:.3f}"
    return "0.999 or more" if chance > 0.5 else "less than 0.001"


def _chances(pool: Pool, name: str, chances: Chances | NewSetting) -> str:
    """Say how probable each side is, group 1's first where it is known, and by what matters."""
    first = pool.favours is not None and pool.favours[0] != pool.groups[0]  # is above no effect
    chance = 1 - chances.below_zero if first else chances.below_zero
    lies = "" if pool.favours else "lies "
    said = f"probability that the {name} {lies}{pool.side(first)}: {_p(chance)}"
    below, above = chances.beyond_below, chances.beyond_above
    if below is None or above is None:
        return said
    near, far = (above, below) if first else (below, above)
    return f"{said}; by an important difference {_p(near)}, {pool.side(not first)} by one {_p(far)}"
