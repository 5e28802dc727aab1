"""What effects say together of which several are of one trial."""

from typing import Annotated, Any

import typer

from livingmeta.appraisal.choices import SEVERAL_ARMS
from livingmeta.calls.methods import MultilevelPool
from livingmeta.calls.methods import multilevel as multilevel_call
from livingmeta.calls.opening import Opened
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import (
    AsJson,
    Documented,
    Full,
    Include,
    Level,
    NoAssumptions,
    SubgroupBy,
    Synthesis,
    Without,
    listing,
)
from livingmeta.engine.measures import as_shown
from livingmeta.engine.methods.multilevel import MEAN_INTERVALS, RHO_MOST, ThreeLevel
from livingmeta.engine.pooling import LIKELIHOODS
from livingmeta.pages.changes import excludes
from livingmeta.pages.documents import Multilevel, multilevel
from livingmeta.pages.phrases import value
from livingmeta.synthesis.pool import Pool
from livingmeta.words import decimal, decimals, p_words


@opens
def multilevel_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    cluster: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="what effects belong together: trial, or, of trials that give one effect each, a column of "
            "the FILE or a name in moderators.csv",
        ),
    ] = "trial",
    rho: Annotated[
        float | None,
        typer.Option(
            metavar="R",
            help=f"correlation of the sampling errors of a trial's effects, 0 to {RHO_MOST}: an assumption, "
            "for effects of the same people; not given: independent",
        ),
    ] = None,
    tau2: Annotated[str | None, typer.Option(metavar="NAME", help=listing(LIKELIHOODS))] = None,
    ci: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="; ".join(f"{name}: {how}" for name, how in MEAN_INTERVALS.items())
        ),
    ] = "CR2",
    level: Level = None,
    several_arms: Annotated[
        str, typer.Option(metavar="HOW", help=f"comparisons of one trial: {listing(SEVERAL_ARMS)}")
    ] = "separate",
    without: Without = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    subgroup: SubgroupBy = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Pool effects of which several are of one trial: three levels.

    A variance between trials and one within them, with a declared correlation of sampling errors where
    effects are of the same people (correlated and hierarchical effects).
    """
    loaded = opened.review
    how: Any = {"cluster": cluster, "rho": rho, "tau2": tau2, "ci": ci, "level": level}
    rows: Any = {
        "synthesis": synthesis,
        "subgroup": subgroup,
        "several_arms": several_arms,
        "without": tuple(without or ()),
        "include_sensitivity": include_sensitivity,
        "no_assumptions": no_assumptions,
        "documented_only": documented_only,
    }
    answers = multilevel_call(loaded, **how, **rows)
    documents: list[Multilevel] = []
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    before = None
    for answer in answers:
        documents.append(multilevel(loaded, answer))
        if as_json:
            continue
        if answer.result is None:
            printing.heading(
                page, answer.pool, after=before, answer=str(answer.refused).rstrip("."), flags=()
            )
        else:
            _show(page, answer, answer.result, after=before)
        before = answer.pool
    if as_json:
        return screen.json("multilevel", documents)
    page.section("")
    for words in dict.fromkeys(answer.result.methods for answer in answers if answer.result):
        page.say(f"By a {words}.", rank=1, what="")
    if (own := loaded.protocol.ties.several_arms) != several_arms:
        page.say(f"Comparisons of a trial: {several_arms} here, {own} by the review's own rule.", rank=1)
    if cluster == "trial" and any(answer.result is None for answer in answers):
        page.say("Where a column says which trials belong together, --cluster names it.", rank=1)
    printing.disclaimer(page)
    return None


def _show(page: screen.Page, answer: MultilevelPool, result: ThreeLevel, *, after: Pool | None) -> None:
    pool, level = answer.pool, f"{100 * result.level:g}%"
    by = "" if answer.cluster == "trial" else f" in {result.trials} groups by {answer.cluster}"
    of = f"{result.k} effects{by} of {printing.counted_trials(pool)}"
    said = "; ".join((", ".join(filter(None, (value(pool, result), excludes(pool, result)))), of))
    printing.heading(page, pool, after=after, answer=said, flags=answer.flags)
    kind = "trials" if answer.cluster == "trial" else "groups"
    between, within = (
        "{} ({} to {})".format(*decimals(*ends))
        for ends in (
            (result.tau2_between, result.tau2_between_low, result.tau2_between_high),
            (result.tau2_within, result.tau2_within_low, result.tau2_within_high),
        )
    )
    df = "" if result.ci_df is None else f" (t with {f'{result.ci_df:,.1f}'.removesuffix('.0')} df)"
    page.say(
        f"  Tau² between {kind} = {between}, within {kind} = {within} ({level} profile likelihood)"
        + ("" if pool.no_effect is None else f"; effect {p_words(result.p_value)}{df}"),
        rank=2,
    )
    page.say(
        f"  I² (from τ²) = {decimal(result.i2, 0)}%: between {kind} {decimal(result.i2_between, 0)}%, within "
        f"{decimal(result.i2_within, 0)}%; Chi² = {decimal(result.q)}, df = {result.q_df} "
        f"({p_words(result.q_p)})",
        rank=2,
    )
    if result.pi_low is not None:
        ends = (result.pi_low, result.pi_high, result.pi_effect_low, result.pi_effect_high)
        low, high, lowest, highest = as_shown(pool.measure, *ends)
        page.say(
            f"  the mean true effect in a new {kind.removesuffix('s')}: {low} to {high}; a single one there: "
            f"{lowest} to {highest} ({level} prediction intervals, t with {result.trials - 1} df)",
            rank=2,
        )
    page.table(
        [answer.cluster, "effects", "weight"],
        [[name, str(effects), f"{decimal(weight, 1)}%"] for name, effects, weight in answer.groups],
        rank=3,
        what=kind.removesuffix("s"),
        by=[weight for _, _, weight in answer.groups],
    )
    for line in answer.notes:
        page.say(f"  {line}", rank=2)
    printing.absent(page, pool)
    printing.flags(page, answer.flags)
    page.gap()
