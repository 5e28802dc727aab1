"""What a change did, in words: for the screen, for a pull request, and for the changelog."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from livingmeta.appraisal.changes import Move
from livingmeta.audit.deduction import Fate
from livingmeta.engine.effect_sizes import as_shown, scale_name
from livingmeta.engine.pooling import important_side
from livingmeta.language import FLAG_WORDS
from livingmeta.pages.deductions import fate_words
from livingmeta.pages.phrases import Interval, ahead_shown, i2_from, interval, people, share
from livingmeta.pages.template import page
from livingmeta.review.protocol import Review
from livingmeta.synthesis.comparison import Step
from livingmeta.synthesis.pool import Pool
from livingmeta.words import decimals


def excludes(pool: Pool | None) -> str:
    """Say on which side of no effect the interval of a pool lies."""
    result = pool.result if pool else None
    if pool is None or result is None:
        return "no pooled value"
    if result.side == 0:
        return "includes no difference"
    side = pool.side(result.side > 0)
    return side if pool.favours else f"lies {side}"


def beyond(result: Interval | None, important: float) -> str:
    """Say whether an interval lies beyond the smallest important difference, on either side.

    Examples
    --------
    >>> from types import SimpleNamespace as I
    >>> [beyond(I(estimate=0, ci_low=a, ci_high=b), 0.3) for a, b in ((-1, -0.4), (-0.2, 0.1))]
    ['yes', 'no']
    >>> beyond(I(estimate=0, ci_low=-1, ci_high=0.1), 0.3)
    'not clear'
    """
    if result is None:
        return "–"
    low, high = (important_side(end, -important, important) for end in (result.ci_low, result.ci_high))
    return "not clear" if low != high else "yes" if low else "no"


def state(pool: Pool | None) -> str:
    """Describe a pool in one line: value, trials, people, prediction interval, τ²."""
    if pool is None:
        return "not a synthesis of this review"
    if pool.result is None:
        return f"no pooled value, {pool.why_not}"
    result = pool.result
    text = f"{scale_name(pool.measure)} {interval(result)}, k = {result.k}, {people(pool)}"
    if pool.ahead is not None:
        ends = as_shown(pool.measure, *pool.ahead)
        level = f"{100 * result.level:g}%"
        text += f", {level} prediction interval of the true effect {' to '.join(ends)}"
    if result.tau2 is not None:
        text += f", Tau² ({result.tau2_method}) {decimals(result.tau2)[0]}"
    return text + f" ({excludes(pool)}){share(pool)}"


def stepped(step: Step) -> str:
    """Say what a method moves that is changed alone: the estimate and its limits.

    A method that leaves these moves the prediction interval, I² or the interval of τ².
    """
    result = step.pool.result
    if step.moved is None or result is None:
        return "–"
    special = {
        "prediction": f"prediction {ahead_shown(step.pool)}",
        "i2": f"I² {i2_from(step.pool)}",
        "tau2_ci": f"Tau² {decimals(result.tau2_low)[0]} to {decimals(result.tau2_high)[0]}",
    }
    # rounding of floats is no move
    moves = (0.0 if abs(shift) < 1e-9 else shift for shift in step.moved)
    shown = ", ".join(f"{shift:+.1g}" if shift else "0" for shift in moves).replace("-", "−")
    return special.get(step.choice, shown)


def conclusion(move: Move) -> str:
    """Say whether the answer is another one."""
    old, new = excludes(move.before), excludes(move.after)
    if not move.changed:
        return "nothing changed"
    if move.after is not None and move.after.contradictory():
        return "the trials contradict each other: read them, not the total"
    if old == new:
        return f"{new}, as before" if "pooled" in new else f"the interval {new}, as before"
    return f"was: {old}; is: {new}"


def _sides(pool: Pool) -> str:
    below = f"below {pool.no_effect}"
    return f"{below} {pool.side(False)}" if pool.favours else "not stated"


def lines(move: Move) -> list[str]:
    """Tell one move line by line, an indented one for each part."""
    if not move.changed:
        return [f"{move.name}: nothing changed ({state(move.after)})"]
    parts = [
        f"{move.name}: {conclusion(move)}",
        f"  before: {state(move.before)}",
        f"  after:  {state(move.after)}",
    ]
    for by, name in (("data", "the data"), ("methods", "the methods")):
        moved = move.moved(by=by)
        if moved is not None and any(abs(shift) > 1e-9 for shift in moved):
            pool = move.after or move.before
            ratio = pool is not None and pool.no_effect == "1"
            shown = ", ".join(
                f"×{exp(shift):.3g}" if ratio else f"{shift:+.2g}".replace("-", "−") for shift in moved
            )
            parts.append(f"  {name} moved estimate and limits by {shown}")
    sides = [_sides(pool) for pool in (move.before, move.after) if pool is not None]
    if len(set(sides)) == 2:
        parts.append("  which side is good: was: {}; is: {}".format(*sides))
    for effects, verb in ((move.entered, "in"), (move.left, "out")):
        parts += [f"  {verb}: {effect.label} {interval(effect)}" for effect in effects]
    missing = [{lack.trial for lack in pool.missing} if pool else set() for pool in (move.before, move.after)]
    if missing[0] != missing[1]:
        parts.append(f"  measured but missing here: {len(missing[0])} → {len(missing[1])} trials")
    came, went = move.flags
    parts += [f"  new flag {flag}: {FLAG_WORDS[flag]}" for flag in came]
    parts += [f"  flag gone: {flag}" for flag in went]
    return parts


def unchanged(moves: Sequence[Move]) -> str:
    """Say how many syntheses are as before; nothing where all of them changed."""
    same = sum(not move.changed for move in moves)
    if same == len(moves):
        return "No synthesis changes."
    return f"{same} other {'synthesis is' if same == 1 else 'syntheses are'} as before." if same else ""


EVIDENCE_HEAD = "For the Evidence part of CHANGELOG.md:"


def evidence_line(review: Review, moves: Sequence[Move]) -> str:
    """Write the line for the Evidence part of CHANGELOG.md."""
    entered = dict.fromkeys(e.label for move in moves for e in move.entered)
    left = dict.fromkeys(e.label for move in moves for e in move.left if e.label not in entered)
    parts = []
    if entered:
        parts.append(f"in or corrected: {', '.join(entered)}")
    if left:
        parts.append(f"out: {', '.join(left)}")
    moved = [
        f"{move.name} {_short(move.before)} → {_short(move.after)}"
        for move in moves
        if move.changed and _short(move.before) != _short(move.after)
    ]
    parts.append("; ".join(moved) if moved else "no estimate moved")
    return f"- `{review.protocol.id}`: {'; '.join(parts)}."


def _short(pool: Pool | None) -> str:
    result = pool.result if pool else None
    return "none" if result is None else f"{interval(result)}, k = {result.k}"


def diff_page(
    review: Review,
    moves: Sequence[Move],
    *,
    names: tuple[str, str],
    picture: str | None,
    fates: Sequence[Fate] = (),
) -> str:
    """Write the page about a change, as a pull request shows it; `fates` are those of deductions."""
    return page(
        "diff.md.j2",
        review=review,
        moves=moves,
        names=names,
        picture=picture,
        lines=lines,
        state=state,
        conclusion=conclusion,
        unchanged=unchanged(moves),
        fates=[fate_words(fate) for fate in fates],
        evidence_head=EVIDENCE_HEAD,
        evidence_line=evidence_line,
    )
