"""The picture of a change: each synthesis before and after, and how its answer came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes

from livingmeta.appraisal.changes import Move, Stage
from livingmeta.engine.measures import nulls
from livingmeta.figures.lines import Line, draw_lines
from livingmeta.figures.sensitivity import dated
from livingmeta.figures.style import ARROW, COLOURS, Paper, interval_words, pictured, pooled_look, tell
from livingmeta.language import Language
from livingmeta.words import RefusalError


@pictured
def changes_plot(
    moves: Sequence[Move], stages: Sequence[Stage], *, title: str, names: tuple[str, str], paper: Paper
) -> Axes:
    """Draw diamonds before and after for each synthesis, and one cumulative forest plot.

    Parameters
    ----------
    moves : sequence of Move
        Those with a result before or after are drawn.
    stages : sequence of Stage
        One synthesis trial by trial, as `changes.growth` gives it; may be empty.
    title : str
        Name of that synthesis.
    names : (str, str)
        What before and after are called.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    language = paper.language
    pools = [pool for move in moves for pool in (move.before, move.after) if pool and pool.result]
    if not pools:
        raise RefusalError("no synthesis has a result before or after: there is nothing to draw.")
    lines = list(_lines(moves, names, language))
    if stages:
        lines.append(Line(words=language.say("figures.appeared", title=language.word(title)), heading=True))
    for stage in stages:
        words = f"{'' if stage.k == 1 else '+ '}{dated(stage)}"
        lines.append(
            Line(words=words, result=stage, gid=f"stage:{stage.k}", trials=stage.k, measure=stage.measure)
        )
    ends = [end for pool in pools if pool.result for end in (pool.result.ci_low, pool.result.ci_high)]
    ends += [*nulls(pools[0].measure), *(stage.estimate for stage in stages)]
    room = 0.04 * (max(ends) - min(ends))
    same = len({pool.favours for pool in pools}) == 1
    ax = draw_lines(
        lines,
        pools[0],
        (min(ends) - room, max(ends) + room),
        head=language.say("h_analysis"),
        paper=paper,
        same_sides=same,
    )
    before, after = map(language.word, names)
    arrows = any(str(line.get_gid()).startswith("beyond:") for line in ax.lines)
    caption = [
        language.say("figures.changes_read", before=before, after=after),
        language.word(ARROW) if arrows else "",
    ]
    seen = [
        f"{line.words}: {line.instead or interval_words(line.measure, line.result, language)}."
        for line in lines
        if line.diamond
    ]
    tell(ax, language.say("figures.name_changes", before=before, after=after), caption, seen, language)
    return ax


def _lines(moves: Sequence[Move], names: tuple[str, str], language: Language) -> Iterator[Line]:
    for move in moves:
        pools = (move.before, move.after)
        if not any(pool and pool.result for pool in pools):
            continue
        yield Line(words=language.word(move.name), heading=True)
        for name, pool, kind in zip(names, pools, ("variant", "pooled"), strict=True):
            words = language.word(name)
            if pool is None or pool.result is None:
                yield Line(words=words, instead=language.say("figures.no_pooled_value"))
                continue
            result = pool.result
            look: dict[str, Any] = pooled_look(pool) if pool.contradictory() else {"color": COLOURS[kind]}
            gid = f"{name}:{move.synthesis}"
            shown: dict[str, Any] = {"result": result, "trials": result.k, "measure": pool.measure}
            yield Line(words=words, gid=gid, diamond=True, look=look, **shown)
