"""Where a number, an effect and a quote stand on a page, so that each can be linked to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from livingmeta.appraisal.directions import EffectDirections
from livingmeta.appraisal.flow import Flow
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.language import said, together
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Gap, Outcome
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Missing, Pool


def slug(*parts: object) -> str:
    """Join parts to an anchor's name.

    Examples
    --------
    >>> slug("trace", "pain-short", None, "Alpha 2001 (high)")
    'trace-pain-short-alpha-2001-high'
    """
    text = "-".join(str(part) for part in parts if part)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def pool_id(pool: Pool) -> str:
    """Name a synthesis, or a subgroup of it, in anchors."""
    return slug(*pool.key)


def effect_id(pool: Pool, effect: Effect) -> str:
    """Name an effect in anchors."""
    return slug(pool_id(pool), effect.trial, effect.contrast)


def extras(analyses: Sensitivity) -> dict[tuple[Outcome, ...], Effect]:
    """Return the effects that only other analyses of a synthesis rest on, by their rows."""
    main = {effect.rows for effect in analyses.main.effects}
    return {
        effect.rows: effect
        for _, pool in analyses.scenarios
        for effect in (pool.effects if pool else ())
        if effect.rows not in main
    }


def extra_id(pool: Pool, effect: Effect) -> str:
    """Name an effect of other analyses in anchors."""
    return slug("only", effect_id(pool, effect), *(row.row for row in effect.rows))


@dataclass(frozen=True, kw_only=True)
class Use:
    """A place on the page that rests on a source."""

    anchor: str
    label: str


def uses(
    review: Review,
    pools: Sequence[Pool],
    directions: Sequence[EffectDirections],
    boxes: Flow | None,
    odd: Sequence[Outcome] = (),
    bends: Sequence[Sensitivity] = (),
) -> dict[str, list[Use]]:
    """Return for each source, in the order of sources.csv, the places that rest on it."""
    places: dict[str, dict[str, Use]] = defaultdict(dict)

    def put(source: str, anchor: str, label: str) -> None:
        places[source].setdefault(anchor, Use(anchor=anchor, label=label))

    traced = [
        (effect, slug("trace", effect_id(pool, effect)), pool.synthesis)
        for pool in pools
        for effect in pool.effects
    ]
    traced += [
        (effect, extra_id(bend.main, effect), bend.main.synthesis)
        for bend in bends
        for effect in extras(bend).values()
    ]
    for effect, anchor, synthesis in traced:
        for outcome in effect.rows:
            put(outcome.source, anchor, f"{effect.label} ({synthesis})")
    for pool in pools:
        for gap in pool.missing:
            anchor = slug("gap", pool_id(pool), gap.trial)
            put(gap_of(review, gap).source, anchor, f"{gap.label} ({pool.synthesis})")
    for claim in review.published:
        if not claim.trial:
            put(claim.source, slug("claim", claim.claim), claim.claim)
    for bias in review.risk_of_bias:
        put(bias.source, slug("bias", bias.trial), review.trial(bias.trial).label)
    for table in directions:
        for direction in table.rows:
            anchor = slug("direction", table.synthesis, direction.trial)
            put(direction.source, anchor, f"{direction.label} ({table.synthesis})")
    for outcome in odd:
        put(outcome.source, "fit", together([outcome.file, said("row", n=outcome.row)], " "))
    for box in boxes.counts if boxes else ():
        if box.source:
            put(box.source, "flow", box.words)
    order = {source.source: place for place, source in enumerate(review.sources)}
    return {key: list(places[key].values()) for key in sorted(places, key=lambda key: order[key])}


def gap_of(review: Review, missing: Missing) -> Gap:
    """Return the row of gaps.csv that a missing trial stands for."""
    return next(
        gap
        for gap in review.gaps
        if (gap.trial, gap.what, gap.where) == (missing.trial, missing.what, missing.where)
    )
