"""A review for other programs: metafor, RevMan Web, and whoever reads data packages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from livingmeta.audit.witnesses import metafor_name
from livingmeta.engine.measures import scale_name
from livingmeta.exchange.revman import WEB
from livingmeta.exchange.sheets import as_csv
from livingmeta.review.protocol import Review
from livingmeta.review.schema import OPTIONAL, TABLES, columns
from livingmeta.synthesis.moderators import moderator_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError, inert, visible, where

TESTS = {"wald": "z", "t": "t", "hksj": "knha", "hksj-modified": "adhoc"}


def _pools(review: Review) -> list[Pool]:
    return [
        pool for pool in synthesise(review, settings=headline_settings(review)) if pool.result is not None
    ]


def metafor(review: Review) -> dict[str, str]:
    """Write effects.csv and an R script that pools it in metafor and checks our numbers.

    The review's own moderators are columns of effects.csv, and the script says how to regress on each.
    """
    pools = _pools(review)
    read = {
        f"{name} (moderator)" if name in (*EFFECT_COLUMNS, *COUNT_COLUMNS) else name: moderator_of(
            review, name
        )
        for name in review.characteristics
    }
    counted = COUNT_COLUMNS if any(pool.counted for pool in pools) else ()
    rows = []
    wordy: dict[str, None] = {}
    for pool in pools:
        plan = review.plan(pool.synthesis)
        for effect, cells in zip(pool.effects, pool.counted or [()] * len(pool.effects), strict=True):
            counts = [f"{cell:.17g}" for cell in cells] or [""] * len(counted)
            values = {name: moderator(effect, plan) for name, moderator in read.items()}
            wordy |= {name: None for name, value in values.items() if isinstance(value, str)}
            rows.append(
                (
                    where(*pool.key),
                    effect.label,
                    effect.trial,
                    effect.instrument_name or "",
                    f"{effect.yi:.17g}",
                    f"{effect.vi:.17g}",
                    *counts,
                    *("" if value is None else _plain(value) for value in values.values()),
                )
            )
    texts = ", ".join(f'{_r_string(inert(name))} = "character"' for name in (*TEXT_COLUMNS, *wordy))
    head = [line.replace("TEXTS", texts) for line in _R_HEAD]
    calls = [line for pool in pools for line in _r_call(pool, tuple(read))]
    return {
        "effects.csv": as_csv([(*EFFECT_COLUMNS, *counted, *read), *rows], end="\n"),
        "pool.R": "\n".join([*head, *calls, ""]),
    }


TEXT_COLUMNS = ("synthesis", "slab", "trial")
EFFECT_COLUMNS = (*TEXT_COLUMNS, "instrument", "yi", "vi")
COUNT_COLUMNS = ("ai", "bi", "ci", "di")  # of effects that Mantel-Haenszel or Peto pools
_R_HEAD = (
    "# Pools effects.csv in metafor and checks the numbers of livingmeta.",
    "# Run in this folder: Rscript pool.R",
    "library(metafor)",
    "# a trial may be called NA or 007",
    "text <- c(TEXTS)",
    'effects <- read.csv("effects.csv", encoding = "UTF-8", na.strings = "", colClasses = text,',
    "                    check.names = FALSE)",
    "# a text that a spreadsheet would take for a formula stands behind an apostrophe",
    'meant <- function(x) sub("^\'(\'*[=+@\\t\\r\\u2212-].)", "\\\\1", x)',
    "words <- sapply(effects, is.character)",
    "effects[words] <- lapply(effects[words], meant)",
    "names(effects) <- meant(names(effects))",
    "# metafor's default tolerances leave tau2 off by a millionth, so they are tightened",
    "steps <- list(threshold = 1e-14, maxiter = 1e5, stepadj = 0.5)",
    "tight <- list(ML = steps, REML = steps, EB = list(threshold = 1e-14, maxiter = 1e5),",
    "              PM = list(tol = 1e-14, tau2.max = 1e10, maxiter = 1e5))",
    "agrees <- function(ours, theirs) stopifnot(isTRUE(all.equal(ours, as.numeric(theirs),",
    "                                                            tolerance = 1e-7)))",
)
_R_LEVELS = (
    "# effects within trials, as livingmeta multilevel has them:",
    '# rma.mv(yi, vi, random = ~ 1 | trial/effect, data = transform(d, effect = seq_along(yi)), test = "t",',
    '#        dfs = "contain")',
)


def _r_comment(words: str) -> str:
    """Write words behind #: a line break in them would end the comment."""
    return f"# {' '.join(visible(words).split())}"


def _r_string(words: str) -> str:
    """Write words as a string of R, which escapes as JSON does."""
    return json.dumps(visible(words), ensure_ascii=False)


def _r_call(pool: Pool, moderators: Sequence[str] = ()) -> list[str]:
    result = pool.result
    assert result is not None
    key = _r_string(where(*pool.key))
    lines = ["", _r_comment(f"{pool.name}: {pool.methods}"), f"d <- subset(effects, synthesis == {key})"]
    if result.k == 1:
        return [*lines, "# one trial: nothing is pooled", "print(d)"]
    method = metafor_name(result.tau2_method)
    if result.ci_method not in TESTS or method is None:
        return [*lines, "# metafor does not offer these methods", "print(d)"]
    ours = ", ".join(f"{x:.17g}" for x in (result.estimate, result.ci_low, result.ci_high))
    by = (
        f'method = "{method}", test = "{TESTS[result.ci_method]}", level = {100 * result.level:g}, '
        f'control = as.list(tight[["{method}"]])'
    )
    if result.model == "common" and pool.counted:
        return [*lines, *_of_counts(pool, ours)]
    if result.method == "MH":  # metafor has it for a common effect alone
        by = f"tau2 = {result.tau2 or 0:.17g}, {by.partition(', ')[2]}"
    own = [visible(" ".join(name.split())).replace("\\", r"\\").replace("`", r"\`") for name in moderators]
    return [
        *lines,
        f"res <- rma(yi, vi, slab = slab, data = d, {by})",
        "print(res)",
        f"agrees(c({ours}), c(res$beta, res$ci.lb, res$ci.ub))",
        *(_r_comment(f"rma(yi, vi, mods = ~ `{name}`, data = d, {by})") for name in own if not pool.subgroup),
        *(_R_LEVELS if len({effect.trial for effect in pool.effects}) < result.k else ()),
    ]


def _of_counts(pool: Pool, ours: str) -> list[str]:
    """Write the call that sums counts; metafor has another variance of a risk difference than RevMan."""
    result = pool.result
    assert result is not None
    level, counts = (
        f"level = {100 * result.level:g}",
        "ai = ai, bi = bi, ci = ci, di = di, slab = slab, data = d",
    )
    call = f"rma.peto({counts}, {level})"
    ends, theirs = ours, "res$beta, res$ci.lb, res$ci.ub"
    if result.method == "MH":
        measure = pool.measure.removeprefix("log ")
        call = f'rma.mh({counts}, measure = "{measure}", {level})'
        if measure == "RD":
            ends, theirs = ours.partition(",")[0], "res$beta"
    return [f"res <- {call}", "print(res)", f"agrees(c({ends}), c({theirs}))"]


def revman(review: Review) -> dict[str, str]:
    """Write data-rows.csv with the columns of RevMan Web's own data rows.

    A synthesis whose effects all come from means is told by its arms, any other by generic
    inverse variance.
    """
    names = (
        "Analysis group",
        "Analysis number",
        "Analysis name",
        "Subgroup",
        "Study",
        "Study year",
        *WEB.cells.values(),
    )
    rows = []
    numbers: dict[str, int] = {}
    for pool in _pools(review):
        if pool.one_group:
            raise RefusalError(
                f"{pool.synthesis}: RevMan compares two groups, and {scale_name(pool.measure)} is of one. "
                "Write it for metafor, or as frictionless."
            )
        if pool.subgroup is None and any(effect.subgroup for effect in pool.effects):
            continue  # its subgroups stand there already
        number = numbers.setdefault(pool.synthesis, len(numbers) + 1)
        # of clusters fewer people count than there are, and RevMan takes whole ones
        arms = all(e.mean1 is not None and e.independent == e.sizes for e in pool.effects)
        for effect in pool.effects:
            cells = dict.fromkeys(WEB.cells, "")
            if arms:
                cells |= {
                    name: f"{getattr(effect, name):.12g}"
                    for name in ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
                }
            else:
                cells |= {"yi": f"{effect.yi:.12g}", "sei": f"{effect.vi**0.5:.12g}"}
            rows.append(
                (
                    "1",
                    str(number),
                    pool.title,
                    pool.subgroup or "",
                    effect.label,
                    effect.year or "",
                    *cells.values(),
                )
            )
    return {"data-rows.csv": as_csv([names, *rows], end="\n")}


def frictionless(review: Review) -> dict[str, str]:
    """Write the review's rows and a datapackage.json that describes every column."""
    files: dict[str, str] = {}
    resources = []
    for table, model in {**TABLES, **OPTIONAL}.items():
        rows = getattr(review, table)
        if not rows and table in OPTIONAL:
            continue
        names = list(columns(model))
        cells = [["" if (v := getattr(row, name)) is None else _plain(v) for name in names] for row in rows]
        files[f"{table}.csv"] = as_csv([names, *cells], end="\n")
        resources.append(
            {
                "name": table.replace("_", "-"),
                "type": "table",
                "path": f"{table}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(name, field) for name, field in columns(model).items()],
                    "missingValues": [""],
                },
            }
        )
    about = {
        "name": review.protocol.id.replace("_", "-"),
        "title": review.protocol.title,
        "description": review.protocol.question or review.protocol.title,
        "note": "A text that a spreadsheet would take for a formula stands behind an apostrophe.",
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0"}],
        "resources": resources,
    }
    files["datapackage.json"] = json.dumps(about, ensure_ascii=False, indent=2) + "\n"
    return files


def _plain(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _field(name: str, field: Any) -> dict[str, Any]:
    words = [
        word
        for part in (field.annotation, *get_args(field.annotation))
        for word in get_args(part)
        if isinstance(word, str)
    ]
    kinds = str(field.annotation)
    kind = "string"
    if not words:
        kind = "number" if "float" in kinds else "integer" if "int" in kinds else "string"
    constraints: dict[str, Any] = {"required": True} if field.is_required() else {}
    if words:
        constraints["enum"] = list(dict.fromkeys(words))
    described = {"name": name, "type": kind, "description": field.description}
    return {**described, "constraints": constraints} if constraints else described


EXPORTS: Mapping[str, Callable[[Review], dict[str, str]]] = {
    "metafor": metafor,
    "revman": revman,
    "frictionless": frictionless,
}


def left_behind(review: Review, to: str) -> str | None:
    """Say what of a review an export has no place for; None where it has one for all."""
    if to != "revman" or not review.moderators:
        return None
    return (
        f"RevMan has no columns for moderators, so these are not in it: {', '.join(review.characteristics)}."
    )
