"""What a change did, in words: for the screen, for a pull request, and for the changelog."""

from __future__ import annotations

import math
from collections.abc import Sequence

from livingmeta.appraisal.changes import Move
from livingmeta.appraisal.comparison import Step
from livingmeta.audit.deduction import Fate
from livingmeta.engine.measures import as_shown, scale_name, scale_of
from livingmeta.engine.pooling import Sided, important_side
from livingmeta.language import ENGLISH, Language
from livingmeta.pages.blocks import (
    Block,
    Code,
    Figure,
    Item,
    List,
    Paragraph,
    Quotation,
    Section,
    Table,
    TableRow,
)
from livingmeta.pages.deductions import fate_words
from livingmeta.pages.phrases import Interval, ahead_shown, i2_from, interval, people, percent_of, share
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import Pool
from livingmeta.words import decimals


def excludes(pool: Pool | None, result: Sided | None = None, *, language: Language = ENGLISH) -> str:
    """Say on which side of no effect the interval of a pool lies, or of another result of its effects."""
    result = result or (pool.result if pool else None)
    if pool is None or result is None:
        return language.say("diff.no_pool")
    if pool.no_effect is None:
        return ""
    if result.side == 0:
        return language.say("diff.includes", no_effect=pool.no_effect)
    side = language.word(pool.side(result.side > 0))
    return side if pool.favours else language.say("diff.lies", side=side)


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


def state(pool: Pool | None, *, language: Language = ENGLISH) -> str:
    """Describe a pool in one line: value, trials, people, prediction interval, τ²."""
    say = language.say
    if pool is None:
        return say("diff.absent")
    if pool.result is None:
        return say("diff.why_not", why=language.word(pool.why_not or ""))
    result = pool.result
    parts = [
        f"{language.word(scale_name(pool.measure))} {interval(result, language=language)}",
        say("trials_one" if pool.k == 1 else "trials_many", n=pool.k),
        people(pool, language=language),
    ]
    if pool.ahead is not None:
        low, high = language.commas(as_shown(pool.measure, *pool.ahead))
        level = percent_of(result.level, language=language)
        parts.append(say("diff.ahead", low=low, high=high, **level))
    if result.tau2 is not None:
        (tau2,) = language.commas(decimals(result.tau2))
        parts.append(f"Tau² ({result.tau2_method}) {tau2}")
    side = excludes(pool, language=language)
    return "; ".join(filter(None, (", ".join(parts), side))) + share(pool, language=language)


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
    shown = ", ".join(map(_shift, moves)).replace("-", "−")
    return special.get(step.choice, shown)


def _shift(shift: float) -> str:
    """Write a move in one digit, and as none or next to none what no table shows."""
    return "0" if not shift else "about 0" if abs(shift) < 0.0005 else f"{shift:+.1g}"


def conclusion(move: Move, *, language: Language = ENGLISH) -> str:
    """Say whether the answer is another one."""
    say = language.say
    old, new = (excludes(pool, language=language) for pool in (move.before, move.after))
    if not move.changed:
        return say("diff.nothing")
    if move.after is not None and move.after.contradictory():
        return say("diff.contradict")
    if not old and not new:  # of a measure without no effect
        return say("diff.another")
    if old != new:
        return say("diff.was_is", before=old, after=new)
    pooled = move.after is not None and move.after.result is not None
    return say("diff.interval_as_before" if pooled else "diff.as_before", what=new)


def _sides(pool: Pool, language: Language) -> str:
    if not pool.favours or pool.no_effect is None:
        return language.say("diff.not_stated")
    below = language.say("below", no_effect=pool.no_effect)
    return f"{below} {language.word(pool.side(False))}"


def _moved(label: str, shifts: Sequence[float]) -> list[str]:
    """Write moves as readers see them: factors of a ratio, else differences, all with the same decimals."""
    if scale_of(label).ratio:
        return [f"×{shift:.3g}" for shift in shifts]
    sizes = [abs(shift) for shift in shifts if math.isfinite(shift) and abs(shift) > 1e-9]  # no rounding
    places = min(max(1 - math.floor(math.log10(min(sizes, default=1.0))), 0), 6)
    return [f"{shift if abs(shift) > 1e-9 else 0.0:+.{places}f}" for shift in shifts]


def lines(move: Move, *, language: Language = ENGLISH) -> list[str]:
    """Tell one move line by line, an indented one for each part."""
    say, pools = language.say, (move.before, move.after)
    before, after = (state(pool, language=language) for pool in pools)
    name = language.word(move.name)
    if not move.changed:
        return [f"{name}: {say('diff.nothing')} ({after})"]
    parts = [say("diff.before", state=before), say("diff.after", state=after)]
    for by, key in (("data", "diff.data_moved"), ("methods", "diff.methods_moved")):
        moved, shown = move.moved(by=by), move.moved_shown(by=by)
        if moved and shown and any(abs(shift) > 1e-9 for shift in moved):
            label = next(pool.measure for pool in (move.after, move.before) if pool)
            times = _moved(label, shown)
            words = language.commas([shift.replace("-", "−").replace("inf", "∞") for shift in times])
            parts.append(say(key, by=", ".join(words)))
    degrees = [pool.result.ci_df if pool and pool.result else None for pool in pools]
    if degrees[1] == 1 != degrees[0] and move.after is not None:
        parts.append(say("diff.few", k=move.after.k))
    sides = [_sides(pool, language) for pool in pools if pool is not None]
    if len(set(sides)) == 2:
        parts.append(say("diff.side", was_is=say("diff.was_is", before=sides[0], after=sides[1])))
    for effects, key in ((move.entered, "diff.in"), (move.left, "diff.out")):
        parts += [say(key, effect=f"{e.label} {interval(e, language=language)}") for e in effects]
    missing = [{lack.trial for lack in pool.missing} if pool else set() for pool in pools]
    if missing[0] != missing[1]:
        parts.append(say("diff.missing", before=len(missing[0]), after=len(missing[1])))
    came, went = move.flags
    parts += [say("diff.flag", flag=flag, words=language.flags[flag]) for flag in came]
    parts += [say("diff.flag_gone", flag=flag) for flag in went]
    return [f"{name}: {conclusion(move, language=language)}", *(f"  {part}" for part in parts)]


def unchanged(moves: Sequence[Move], *, language: Language = ENGLISH) -> str:
    """Say how many syntheses are as before; nothing where all of them changed."""
    same = sum(not move.changed for move in moves)
    if same == len(moves):
        return language.say("diff.unchanged_all")
    key = "diff.unchanged_one" if same == 1 else "diff.unchanged"
    return language.say(key, n=same) if same else ""


def evidence_line(review: Review, moves: Sequence[Move]) -> str:
    """Write the line for the Evidence part of a list of changes."""
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
    fates: Sequence[Fate] = (),
    cells: Sequence[str] = (),
    language: Language = ENGLISH,
) -> Section:
    """Lay out the page about a change, as a pull request shows it; `fates` are those of deductions.

    `cells` say which cells of a table changed, in its own words.
    """
    say = language.say
    rows = (
        TableRow(
            cells=(
                language.word(move.name),
                *(state(pool, language=language) for pool in (move.before, move.after)),
                conclusion(move, language=language),
            )
        )
        for move in moves
    )
    title, picture = say("diff.title", review=review.protocol.id), say("diff.picture")
    blocks: list[Block] = [
        Figure(id="diff", title=picture, description=picture),
        Table(
            id="moves",
            caption=title,
            head=(say("diff.synthesis"), *names, say("diff.conclusion")),
            rows=tuple(rows),
        ),
        Paragraph(id="unchanged", words=unchanged(moves, language=language)),
    ]
    if cells:
        blocks.insert(0, List(id="cells", items=tuple(Item(words=Quotation(cell)) for cell in cells)))
    for n, fate in enumerate(fates):
        blocks.append(Paragraph(id=f"fate-{n}", words=language.word(fate_words(fate))))
    for move in moves:
        if move.changed:
            items = tuple(Item(words=line.strip()) for line in lines(move, language=language)[1:])
            told = List(id=f"{move.stem}-moved", items=items)
            name = language.word(move.name)
            blocks.append(Section(id=move.stem, title=name, blocks=(told,)))
    if review.file is None:  # else there is no changelog
        blocks.append(Paragraph(id="evidence", words=say("diff.evidence")))
        blocks.append(Paragraph(id="evidence-line", words=Code(evidence_line(review, moves))))
    return Section(id="changed", title=f"{title}: {names[0]} → {names[1]}", blocks=tuple(blocks))
