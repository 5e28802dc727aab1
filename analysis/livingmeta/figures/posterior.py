"""Pictures of a posterior: the mean effect, τ against its prior, and the shrunken trials."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes

from livingmeta.engine.effect_sizes import as_shown, turning
from livingmeta.engine.methods.bayes import Posterior
from livingmeta.figures.style import (
    BLACK,
    COLOURS,
    GREY,
    PALE,
    ROW,
    SMALL,
    TEXT,
    Canvas,
    as_written,
    axis_words,
    draw_interval,
    draw_mark,
    fitted,
    open_axes,
    pool_name,
    scale_axis,
    shade_unimportant,
    turn_ticks,
    write_beside,
    write_title,
)
from livingmeta.language import ENGLISH, Language
from livingmeta.synthesis.pool import SIGNS, Pool, marks

_WIDTH = 7.0  # inches: the text width of a journal page
_CURVES, _TOP, _BETWEEN, _AXIS = 1.6, 0.5, 0.75, 0.5  # inches
_LEFT, _RIGHT = 1.45, 0.12


@as_written
def posterior_plot(
    pool: Pool,
    found: Posterior,
    *,
    note: str,
    ax: Axes | None = None,
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    language: Language = ENGLISH,
) -> Axes:
    """Draw a posterior: mean effect and new setting, τ with its prior, each trial shrunken.

    Parameters
    ----------
    pool : Pool
        The synthesis, or subgroup of it, with its effects.
    found : Posterior
        Of those effects, in their order.
    note : str
        What stands below: prior, coverage, assumptions.
    ax, title, width, height, language
        As `funnel_plot` takes them.

    Returns
    -------
    Axes
        Those of the effects; by label they are "effect", "tau" and "trials". Artists with numbers
        have a gid: "mu", "new", "tau", "prior", "reported:<n>", "shrunken:<n>", "important".
    """
    if pool.contradictory():
        note = f"{language.say('figures.contradictory_mean')} {note}"
    signs = "".join(map(marks, pool.effects))
    for number, sign in enumerate(SIGNS):
        if sign in signs:
            note += " " + language.say(f"figures.sign_{number}", turning=turning(pool.measure))
    lines = textwrap.wrap(note, 138)
    rows = found.k + 2
    high = _TOP + _CURVES + _BETWEEN + rows * ROW + _AXIS + 0.13 * len(lines) + 0.08
    canvas = Canvas(ax, (_WIDTH, high), width=width, height=height)

    def axes(left: float, below_top: float, width: float, tall: float, label: str) -> Axes:
        place = (left / _WIDTH, 1 - (below_top + tall) / high, width / _WIDTH, tall / high)
        return canvas.add_axes(place, label=label)

    half = (_WIDTH - 0.3 - 2 * _RIGHT - 0.3) / 2
    effect = axes(0.25, _TOP, half, _CURVES, "effect")
    _effect(effect, pool, found, language)
    _tau(axes(_WIDTH - _RIGHT - half, _TOP, half, _CURVES, "tau"), found, language)
    _trials(
        axes(_LEFT, _TOP + _CURVES + _BETWEEN, _WIDTH - _LEFT - _RIGHT - 1.45, rows * ROW, "trials"),
        pool,
        found,
        language,
    )
    head = f"{pool_name(pool, language)}, k = {found.k}" if title is None else title
    write_title(canvas, head, (0.25, 0.16), fontsize=TEXT + 1, va="center")
    for number, line in enumerate(lines):
        canvas.text(
            0.25 / _WIDTH, (0.08 + 0.13 * (len(lines) - 1 - number)) / high, line, fontsize=SMALL, gid="note"
        )
    return effect


def _effect(ax: Axes, pool: Pool, posterior: Posterior, language: Language) -> None:
    curves = posterior.curves
    shade_unimportant(ax, posterior.important)
    colour, words = COLOURS["pooled"], language.say("figures.mean_effect")
    ax.fill_between(curves.effect, curves.mu, color=colour, alpha=0.25, lw=0)
    ax.plot(curves.effect, curves.mu, color=colour, lw=1.2, gid="mu", label=words)
    words = language.say("figures.new_setting")
    ax.plot(curves.effect, curves.new, color=colour, lw=1, ls="--", gid="new", label=words)
    ax.axvline(0, color=BLACK, lw=0.5, zorder=1)
    ax.set_ylim(0, 1.08 * max(curves.mu))
    ax.set_xlim(curves.effect[0], curves.effect[-1])
    _scale(ax, pool, language)
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


def _trials(ax: Axes, pool: Pool, posterior: Posterior, language: Language) -> None:
    shown = [*posterior.trials, posterior.mu, posterior.new]
    names = [fitted(effect.label + marks(effect), _LEFT - 0.2, size=SMALL) for effect in pool.effects]
    reach = [x for effect in pool.effects for x in (effect.ci_low, effect.ci_high)]
    reach += [posterior.mu.low, posterior.mu.high, 0.0]
    pad = 0.04 * (max(reach) - min(reach))
    ax.set_xlim(min(reach) - pad, max(reach) + pad)
    shade_unimportant(ax, posterior.important)
    ax.axvline(0, color=BLACK, lw=0.5, zorder=1)
    for row, effect in enumerate(pool.effects):
        draw_interval(ax, effect.ci_low, effect.ci_high, row - 0.17, gid=f"ci:reported:{row}")
        colour, gid = COLOURS["trial"], f"reported:{row}"
        draw_mark(ax, effect.yi, row - 0.17, "o", color=colour, size=3, gid=gid, mfc="white", mew=0.8)
    for row, marginal in enumerate(shown):
        colour = COLOURS["trial" if row < posterior.k else "pooled"]
        down = 0.17 if row < posterior.k else 0.0
        draw_interval(
            ax, marginal.low, marginal.high, row + down, color=colour, lw=1.1, gid=f"ci:shrunken:{row}"
        )
        marker = "D" if row >= posterior.k else "o"
        gid = f"shrunken:{row}"
        draw_mark(ax, marginal.median, row + down, marker, color=colour, size=3.2, gid=gid)
        estimate, low, high = as_shown(pool.measure, marginal.median, marginal.low, marginal.high)
        numbers = language.say("interval", estimate=estimate, low=low, high=high)
        write_beside(ax, 1.02, row, numbers, weight="bold" if row == posterior.k else "normal")
    ax.axhline(posterior.k - 0.5, color=PALE, lw=0.6)
    ax.set_yticks(
        range(len(shown)),
        [*names, *(language.say(f"figures.{key}_row") for key in ("mean_effect", "new_setting"))],
        fontsize=SMALL,
    )
    ax.set_ylim(len(shown) - 0.5, -0.5)
    open_axes(ax)
    ax.tick_params(axis="y", length=0)
    ax.set_title(language.say("figures.shrunken"), fontsize=SMALL, loc="left", color=GREY)
    _scale(ax, pool, language)


def _scale(ax: Axes, pool: Pool, language: Language) -> None:
    scale_axis(ax.xaxis, pool.measure, language)
    words = language.word(axis_words(pool.measure))
    if pool.favours is not None:
        words += language.say("figures.left", group=language.word(pool.favours[0]))
    ax.set_xlabel(words, fontsize=TEXT)
