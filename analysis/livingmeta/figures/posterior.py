"""Pictures of a posterior: the mean effect, τ against its prior, and the shrunken trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from livingmeta.engine.measures import as_shown, nulls, turning
from livingmeta.engine.methods.bayes import Marginal, Posterior
from livingmeta.figures.marks import SIGNS, marks
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    GREY,
    PALE,
    ROW,
    SMALL,
    TEXT,
    WHITE,
    WIDE,
    Canvas,
    Paper,
    Sides,
    axis_sides,
    draw_interval,
    draw_mark,
    fitted,
    foot_inches,
    name_axis,
    open_axes,
    pictured,
    pool_name,
    scale_axis,
    shade_unimportant,
    share_words,
    tell,
    text_width,
    turn_ticks,
    wrapped,
    write_beside,
)
from livingmeta.language import Language
from livingmeta.synthesis.pool import Pool
from livingmeta.words import Numeral

_CURVES, _TOP, _AXIS = 1.6, 0.3, 0.42  # inches
_LEFT, _PLOT, _RIGHT = 1.75, 3.55, 0.12


@pictured
def posterior_plot(pool: Pool, found: Posterior, *, note: str, paper: Paper) -> Axes:
    """Draw a posterior: mean effect and new setting, τ with its prior, each trial shrunken.

    Parameters
    ----------
    pool : Pool
        The synthesis, or subgroup of it, with its effects.
    found : Posterior
        Of those effects, in their order.
    note : str
        For the caption: prior, coverage, assumptions.

    Returns
    -------
    Axes
        Those of the effects; by label they are "effect", "tau" and "trials". Artists with numbers
        have a gid: "mu", "new", "tau", "prior", "reported:<n>", "shrunken:<n>", "important".
    """
    language = paper.language
    notes = []
    if pool.contradictory():
        notes.append(language.say("figures.contradictory_mean"))
    signs = "".join(map(marks, pool.effects))
    for number, sign in enumerate(SIGNS):
        if sign in signs:
            notes.append(language.say(f"figures.sign_{number}", turning=turning(pool.measure)))
    lines = wrapped(" ".join(notes), WIDE - 0.2) if notes else []
    rows, chances = found.k + 2, _chances(pool, found, language)
    above = _TOP + paper.above
    printed = above + _CURVES + _AXIS + 0.1
    listed = printed + len(chances) * ROW + 0.35
    sides = axis_sides(pool, _reach(pool, found), _PLOT, language)
    high = listed + rows * ROW + foot_inches(sides) + 0.13 * len(lines) + 0.04
    canvas = paper.canvas(WIDE, high)

    def axes(left: float, below_top: float, width: float, tall: float, label: str) -> Axes:
        place = (left / WIDE, 1 - (below_top + tall) / high, width / WIDE, tall / high)
        return canvas.add_axes(place, label=label)

    half = (WIDE - 0.3 - 2 * _RIGHT - 0.3) / 2
    effect = axes(0.25, above, half, _CURVES, "effect")
    _effect(effect, pool, found, language)
    _tau(axes(WIDE - _RIGHT - half, above, half, _CURVES, "tau"), found, language)
    _print_chances(canvas, chances, printed)
    _trials(axes(_LEFT, listed, _PLOT, rows * ROW, "trials"), pool, found, language, sides)
    paper.write_title(canvas, (0.08, 0.08))
    for number, line in enumerate(lines):
        up = (0.06 + 0.13 * (len(lines) - 1 - number)) / high
        canvas.text(0.05 / WIDE, up, line, fontsize=SMALL, gid="note")
    level = Numeral(f"{100 * found.level:g}")
    told = [
        language.say("figures.posterior_read", level=level, percent=language.percent),
        language.word(note),
        language.say("figures.grey") if found.important is not None else "",
    ]
    heads = chances[0][1:] if chances else ()
    seen = [
        f"{side.strip()}: {', '.join(map(' '.join, zip(heads, shares, strict=True)))}."
        for side, *shares in chances[1:]
    ]
    mean = interval_of(pool.measure, found.mu, language)
    seen.insert(0, language.say("figures.posterior_seen", k=found.k, interval=mean))
    tell(
        effect, language.say("figures.name_posterior", title=pool_name(pool, language)), told, seen, language
    )
    return effect


def interval_of(measure: str, marginal: Marginal, language: Language) -> str:
    """Write a median with its interval."""
    middle, low, high = as_shown(measure, marginal.median, marginal.low, marginal.high)
    return language.say("interval", estimate=middle, low=low, high=high)


def _chances(pool: Pool, found: Posterior, language: Language) -> list[tuple[str, str, str]]:
    """Return a table of how probable each side of no effect is, and by how much."""
    if pool.no_effect is None:
        return []
    both = (found.mu_chances, found.new_chances)
    head = (language.say(f"figures.{key}") for key in ("chance", "mean_effect_row", "new_setting_row"))
    rows = [tuple(head)]
    for above in (False, True):
        side = language.word(pool.side(above, "in_favour"))
        shares = [1 - each.below_zero if above else each.below_zero for each in both]
        rows.append((side[:1].upper() + side[1:], *(share_words(share, language) for share in shares)))
        far = [each.beyond_above if above else each.beyond_below for each in both]
        if None not in far:
            words = language.say("figures.chance_far")
            rows.append((f"   {words}", *(share_words(float(share or 0), language) for share in far)))
    return rows  # type: ignore[return-value]


def _print_chances(canvas: Canvas, rows: Sequence[Sequence[str]], top: float) -> None:
    high = canvas.get_size_inches()[1]
    wide = max((text_width(row[0], bold=True) for row in rows), default=0.0)
    for number, row in enumerate(rows):
        up = 1 - (top + (number + 0.5) * ROW) / high
        for x, cell, side in zip(
            (0.05, 0.3 + wide + 0.9, 0.3 + wide + 2.1), row, ("left", *2 * ("right",)), strict=True
        ):
            weight = "normal" if number else "bold"
            canvas.text(x / WIDE, up, cell, fontsize=TEXT, ha=side, va="center", weight=weight, gid="chance")


def _reach(pool: Pool, found: Posterior) -> tuple[float, float]:
    """Return the limits of the trials' axis."""
    reach = [x for effect in pool.effects for x in (effect.ci_low, effect.ci_high)]
    reach += [found.mu.low, found.mu.high, *nulls(pool.measure)]
    pad = 0.04 * (max(reach) - min(reach))
    return min(reach) - pad, max(reach) + pad


def _effect(ax: Axes, pool: Pool, posterior: Posterior, language: Language) -> None:
    curves = posterior.curves
    shade_unimportant(ax, posterior.important)
    colour, words = COLOURS["pooled"], language.say("figures.mean_effect")
    ax.fill_between(curves.effect, curves.mu, color=colour, alpha=0.25, lw=0)
    ax.plot(curves.effect, curves.mu, color=colour, lw=1.2, gid="mu", label=words)
    words = language.say("figures.new_setting")
    ax.plot(curves.effect, curves.new, color=colour, lw=1, ls="--", gid="new", label=words)
    for none in nulls(pool.measure):
        ax.axvline(none, color=BLACK, lw=0.5, zorder=1)
    ax.set_ylim(0, 1.08 * max(curves.mu))
    ax.set_xlim(curves.effect[0], curves.effect[-1])
    scale_axis(ax.xaxis, pool.measure, language)
    name_axis(ax, pool.measure, [], language)
    _density(ax, language)


def _tau(ax: Axes, posterior: Posterior, language: Language) -> None:
    curves = posterior.curves
    colour, words = COLOURS["pooled"], language.say("figures.posterior")
    ax.fill_between(curves.tau, curves.tau_posterior, color=colour, alpha=0.25, lw=0)
    ax.plot(curves.tau, curves.tau_posterior, color=colour, lw=1.2, gid="tau", label=words)
    words = language.say("figures.prior")
    ax.plot(curves.tau, curves.tau_prior, color=BLACK, lw=1, ls=":", gid="prior", label=words)
    ax.set_xlim(0, curves.tau[-1])
    ax.set_ylim(0, 1.08 * max(*curves.tau_posterior, *curves.tau_prior))
    ax.set_xlabel(language.say("figures.tau"), fontsize=TEXT)
    turn_ticks(ax.xaxis, language)
    _density(ax, language)


def _density(ax: Axes, language: Language) -> None:
    ax.set_yticks([])
    open_axes(ax)
    ax.set_ylabel(language.say("figures.density"), fontsize=TEXT)
    ax.legend(
        fontsize=SMALL, frameon=False, ncols=2, loc="lower right", borderaxespad=0.0, bbox_to_anchor=(1, 1.02)
    )


def _trials(ax: Axes, pool: Pool, posterior: Posterior, language: Language, sides: Sides) -> None:
    shown = [*posterior.trials, posterior.mu, posterior.new]
    names = [fitted(effect.label + marks(effect), _LEFT - 0.15) for effect in pool.effects]
    ax.set_xlim(*_reach(pool, posterior))
    shade_unimportant(ax, posterior.important)
    for none in nulls(pool.measure):
        ax.axvline(none, color=BLACK, lw=0.5, zorder=1)
    for row, effect in enumerate(pool.effects):
        draw_interval(ax, effect.ci_low, effect.ci_high, row - 0.17, gid=f"ci:reported:{row}")
        colour, gid = COLOURS["trial"], f"reported:{row}"
        draw_mark(ax, effect.yi, row - 0.17, "o", color=colour, size=3, gid=gid, mfc=WHITE, mew=0.8)
    for row, marginal in enumerate(shown):
        colour = COLOURS["trial" if row < posterior.k else "pooled"]
        down = 0.17 if row < posterior.k else 0.0
        draw_interval(
            ax, marginal.low, marginal.high, row + down, color=colour, lw=1.1, gid=f"ci:shrunken:{row}"
        )
        marker = "D" if row >= posterior.k else "o"
        gid = f"shrunken:{row}"
        draw_mark(ax, marginal.median, row + down, marker, color=colour, size=3.2, gid=gid)
        numbers = interval_of(pool.measure, marginal, language)
        weight = "bold" if row >= posterior.k else "normal"
        right: dict[str, Any] = {"ha": "right", "fontsize": TEXT, "weight": weight}
        write_beside(ax, 1 + (WIDE - _LEFT - _PLOT - 0.05) / _PLOT, row, numbers, **right)
    ax.axhline(posterior.k - 0.5, color=PALE, lw=0.6)
    names += [language.say(f"figures.{key}_row") for key in ("mean_effect", "new_setting")]
    for row, name in enumerate(names):
        weight = "bold" if row >= posterior.k else "normal"
        write_beside(ax, (0.05 - _LEFT) / _PLOT, row, name, fontsize=TEXT, weight=weight)
    ax.set_yticks([])
    ax.set_ylim(len(shown) - 0.5, -0.5)
    open_axes(ax)
    ax.set_title(language.say("figures.shrunken"), fontsize=SMALL, loc="left", color=GREY)
    scale_axis(ax.xaxis, pool.measure, language)
    name_axis(ax, pool.measure, sides, language)
