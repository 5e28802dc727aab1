"""The explorer: one page that pools a review anew in the reader's browser."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from livingmeta.appraisal.bias import STATES, assessments, worst
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import Multiverse, by_estimate, trial_sets
from livingmeta.audit.consistency import findings_of
from livingmeta.audit.contradictions import clashes
from livingmeta.audit.deduction import Deduction
from livingmeta.audit.results import at_odds, printed_k
from livingmeta.engine.measures import MEASURES, SCALES, nulls, scale_name
from livingmeta.engine.pooling import CONFIDENCE, FEW, PREDICTION, PREDICTION_FROM
from livingmeta.engine.tau2 import TAU2
from livingmeta.figures.marks import MOST_MARKED, SIGNS, marks, signs
from livingmeta.figures.style import (
    ARROW,
    BOUND_MARK,
    COLOURS,
    GROUND,
    LOGIT_TICKS,
    WIDE_LOGITS,
    axis_words,
    state_key,
)
from livingmeta.language import MOST_LISTED, Language, Said, said
from livingmeta.pages.deductions import assumed, clash_words, deduced
from livingmeta.pages.phrases import multiverse_words, printed_text, speaking, undrawn
from livingmeta.pages.template import theme
from livingmeta.review.protocol import Review
from livingmeta.review.quotes import proof_mark
from livingmeta.review.schema import Outcome
from livingmeta.synthesis.dependence import any_unclear, behind, ties
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.moderators import Value, moderator_of
from livingmeta.synthesis.pool import CONTRADICTION, CORRECTED, ROW_CORRECTED, SPARSE, Pool
from livingmeta.synthesis.profiles import CI_WORDS, METHOD_CHOICES, METHOD_WORDS, PROFILES, Profile
from livingmeta.synthesis.settings import Selection, Settings, summed
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import p_words, steady

ASSETS = ("style.css", "kernel.js", "model.js", "figures.js", "view.js")
SHIPPED = ("correction", "smd_variance", "model", "tau2", "ci", "prediction", "i2")
OF_RANDOM = ("tau2", "prediction")
INTERVAL = ("estimate", "ci_low", "ci_high")
DIGITS = 11  # of yi and vi: what the page computes from them is right to nine
MOST = 5000  # analyses that a page draws of one synthesis, evenly by estimate
DECLARED = "declared"  # name of the review's own methods where no profile has them
Key = tuple[str, str | None]  # synthesis and subgroup
Place = tuple[str, str | None, str | None]  # trial, contrast, and subgroup in a total


@dataclass(frozen=True)
class _Page:
    """A review in the language of the page; `english` fills with what it says in English alone."""

    review: Review
    speak: Language
    english: dict[str, None] = field(default_factory=dict)

    def word(self, text: str | None) -> str:
        """Turn words into the language of the page."""
        turned = self.speak.word(text)
        if text and self.speak.code != "en" and turned == text and not isinstance(text, Said):
            self.english[text] = None
        return turned

    def words(self, given: object, *names: str) -> dict[str, str]:
        """Turn the words of something, by their names."""
        return {name: self.word(getattr(given, name)) for name in names}


def explorer_page(known: Dossier, *, version: str, lang: str = "en") -> str:
    """Write the page: it opens from disk, asks no network for anything, and holds all it shows.

    Parameters
    ----------
    known : Dossier
    version : str
        Version of the program.
    lang : str
        Any of `language.LANGUAGES`; what a link to the page holds is the same in all of them.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("livingmeta", "pages/explorer"), undefined=StrictUndefined, autoescape=True
    )
    assets = {name.replace(".", "_"): Markup(text) for name, text in _assets().items()}
    speak = speaking(known.review, lang)
    data = explorer_data(known, lang=lang)
    return environment.get_template("explorer.html.j2").render(
        review=known.review.protocol,
        data=data,
        json=Markup(script_json(data)),
        code=lang,
        say=speak.say,
        word=speak.word,
        capital=lambda words: words[0].upper() + words[1:],
        version=version,
        theme=Markup(theme()),
        **assets,
    )


@cache
def _assets() -> dict[str, str]:
    """Return the files without comments that have lines of their own, and without indents."""
    folder = files("livingmeta") / "pages" / "explorer"
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in ASSETS}
    return {name: re.sub(r"(?m)^\s*(?:/\*(?s:.*?)\*/\s*)?", "", text) for name, text in texts.items()}


def script_json(data: Any) -> str:
    r"""Return JSON that can stand inside a script element: no "<" can end it or open a comment.

    Examples
    --------
    >>> script_json({"label": "</script><!--"})
    '{"label":"\\u003c/script>\\u003c!--"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def explorer_data(known: Dossier, *, lang: str = "en") -> dict[str, Any]:
    """Collect what the page shows: effects by each set of formulas, sources, gaps and words.

    Parameters
    ----------
    known : Dossier
    lang : str
        Any of `language.LANGUAGES`.

    Returns
    -------
    dict
        `profiles` names for each profile the number of its formulas; `values` of a trial holds
        [yi, vi] by each of those, None where there is no effect by them. `favours` as in `Pool`.
        Trials with `main` false are held for sensitivity analyses; `moderators` are what a table or
        moderators.csv knows of them, None where it says nothing. `words` are those that its
        scripts say, by their keys in the catalogues, `english` what a review says in English alone.

    Examples
    --------
    >>> from livingmeta import load_review
    >>> data = explorer_data(Dossier(review=load_review("smith2017")))
    >>> [(part["id"], len(part["trials"])) for part in data["syntheses"]][:2]
    [('pain-short', 4), ('pain-medium', 0)]
    """
    review, settings = known.review, known.settings
    measure = MEASURES[settings.measure]
    page = _Page(review, speaking(review, lang))
    speak, word = page.speak, page.word
    profiles = _profiles(settings)
    mains = {pool.key: pool for pool in known.pools}
    formulas, by_formulas = _by_formulas(review, settings, profiles)
    listed = [effect for pools in by_formulas for pool in pools.values() for effect in pool.effects]
    sums = settings.measure if summed(settings.measure) and any(e.cells for e in listed) else None
    deductions = [deduction for deduction in known.deductions if deduction.why_not is None]
    worlds = {world.main.key: _analyses(page, world) for world in known.multiverse}
    keys = list(dict.fromkeys([*mains, *(key for pools in by_formulas for key in pools)]))
    page.words(review.protocol, "title", "question")
    return {
        "language": {"comma": speak.comma, "percent": speak.percent, "thousands": speak.thousands},
        "words": {
            key: speak.said["explorer.share_table" if review.file and key == "share" else key]
            for key in re.findall(r'\bsay\("([\w.]+)"', "".join(_assets().values()))
        },
        "review": {"id": review.protocol.id},
        "measure": speak.word(scale_name(settings.label)),
        "axis": word(axis_words(settings.label)),
        "label": settings.label,
        "scale": measure.scale,
        "possible": [end if math.isfinite(end) else None for end in measure.possible],
        "ratio": SCALES[measure.scale].of_logs,
        "positive": SCALES[measure.scale].bounds[0] == 0,
        # of an axis of logits wider than that, the ticks of a forest plot
        **({"ticks": {"beyond": WIDE_LOGITS, "at": LOGIT_TICKS}} if measure.scale == "logit" else {}),
        "compared": bool(nulls(settings.label)),
        "one_group": measure.one_group,
        "standardised": MEASURES[settings.measure].standardised,
        # a trial that was not done has an SMD's variance
        "imaginable": MEASURES[settings.measure].from_sizes,
        "one_instrument": MEASURES[settings.measure].one_instrument,
        "level": settings.level,
        "one_tau2": settings.subgroup_tau2 == "common",
        "sums": sums,
        # Peto's method has no use for the variances of effects
        "unfit": "sparse_events" if sums else None if settings.method == "Peto" else "sparse_rates",
        "half_added": word(said("pool.half_added")),
        "row_added": word(said("pool.row_added")),
        "method_words": {name: word(text) for name, text in METHOD_WORDS.items()},
        "profiles": [
            _profile(page, profile, number) | (_counting(profile) if sums else {})
            for profile, number in zip(profiles, formulas, strict=True)
        ],
        "syntheses": [
            _synthesis(page, mains.get(key), [pools.get(key) for pools in by_formulas])
            | {
                "multiverse": worlds.get(key),
                **_deduced(page, [by for by in deductions if (by.synthesis, by.subgroup) == key]),
            }
            for key in keys
        ],
        "bias": _bias(review),
        "bias_words": {state: speak.say(state_key(state)) for state in STATES},
        "assumed": word(assumed(deductions[0].assumptions)) if deductions else None,
        "estimators": list(TAU2),
        "predictions": [*PREDICTION, "none"],
        "flag_words": speak.flags,
        "p_unknown": speak.word(p_words(None)),
        "signs": SIGNS,
        "most_marked": MOST_MARKED,
        "most_listed": MOST_LISTED,
        "arrow": word(ARROW),
        "bound_mark": word(BOUND_MARK),
        "colours": {**COLOURS, **GROUND},
        "ci_words": {name: word(text) for name, text in CI_WORDS.items()},
        "choice_words": {
            name: word(METHOD_CHOICES[name]) for name in (*SHIPPED, *(("method",) if sums else ()))
        },
        "contradiction": CONTRADICTION,
        "sparse": SPARSE,
        "prediction_from": PREDICTION_FROM,
        "few": FEW,
        "wide": [name for name, method in CONFIDENCE.items() if method.is_wide],
        "english": list(page.english),  # last: what is above fills it
    }


def _bias(review: Review) -> dict[str, str]:
    """Return each trial's state of risk of bias, a key of `STATES`; of several tools, the worst."""
    held: dict[str, list[str]] = {}
    for one in assessments(review):
        held.setdefault(one.trial, []).append(one.shown)
    return {trial: worst(states) or states[0] for trial, states in held.items()}


def _profile(page: _Page, profile: Profile, formulas: int) -> dict[str, Any]:
    shipped = PROFILES[profile.name]
    own = profile not in PROFILES.values()
    return {
        "name": DECLARED if own else profile.name,
        "words": page.speak.say("explorer.declared", name=profile.name) if own else profile.name,
        **page.words(profile, "about", "unverified"),
        "formulas": formulas,
        "as": profile.name,
        "its_own": {name: getattr(shipped, name) for name in SHIPPED},
        **{name: getattr(profile, name) for name in SHIPPED},
        # of a common effect: what the page takes when its model is turned to random
        **{name: getattr(profile.with_choices(model="random"), name) for name in OF_RANDOM},
    }


def _counting(profile: Profile) -> dict[str, Any]:
    """Say by what a profile pools counts: now, with each model, and where they are summed."""
    own = {model: profile.with_choices(model=model).method for model in ("random", "common")}
    shipped = PROFILES[profile.name]
    return {
        "method": profile.method,
        "by_model": own,
        "sums": {"zero_cells": profile.mh_zero_cells, "variance": profile.mh_variance},
        "its_own": {name: getattr(shipped, name) for name in (*SHIPPED, "method")},
    }


def _profiles(settings: Settings) -> list[Profile]:
    """Return the headline's methods first, then the profiles that differ from it."""
    own = settings.profile
    return [own, *(profile for profile in PROFILES.values() if profile != own)]


def _by_formulas(
    review: Review, settings: Settings, profiles: Sequence[Profile]
) -> tuple[list[int], list[dict[Key, Pool]]]:
    """Return which set of effects each profile has, and those sets, each once."""
    numbers: dict[object, int] = {}
    sets: list[dict[Key, Pool]] = []
    of_profile = []
    for profile in profiles:
        by = replace(settings, profile=profile)
        pools = synthesise(review, settings=by, selection=Selection(include_sensitivity=True))
        effects = tuple((pool.key, e.trial, e.yi, e.vi) for pool in pools for e in pool.effects)
        if effects not in numbers:
            numbers[effects] = len(sets)
            sets.append({pool.key: pool for pool in pools})
        of_profile.append(numbers[effects])
    return of_profile, sets


def _placed(pool: Pool, effect: Effect) -> Place:
    """Return what tells an effect from the others of a pool; a total holds several subgroups."""
    return effect.trial, effect.contrast, None if pool.subgroup else effect.subgroup


def _id(key: Place) -> str:
    return "/".join(filter(None, key))


def _synthesis(page: _Page, main: Pool | None, by_formulas: Sequence[Pool | None]) -> dict[str, Any]:
    """Describe one synthesis, or one subgroup of it."""
    review, word = page.review, page.word
    pools = [pool for pool in by_formulas if pool is not None]
    about = main or pools[0]
    effects: dict[Place, list[Effect | None]] = {}
    for place, pool in enumerate(by_formulas):
        for effect in pool.effects if pool else ():
            row = effects.setdefault(_placed(about, effect), [None] * len(by_formulas))
            row[place] = effect
    kept = {_placed(about, effect) for effect in (main.effects if main else ())}
    keys, firsts = list(effects), [next(filter(None, row)) for row in effects.values()]
    order = {trial.trial: number for number, trial in enumerate(review.trials)}
    plan = review.plan(about.synthesis)
    reads = {word(name): moderator_of(review, name) for name in review.characteristics}

    def known(effect: Effect) -> dict[str, Value]:
        held = {name: read(effect, plan) for name, read in reads.items()}
        return {name: word(value) if isinstance(value, str) else value for name, value in held.items()}

    return {
        "id": about.synthesis,
        "subgroup": about.subgroup,
        "subgroup_words": None if about.subgroup is None else word(about.subgroup),
        "favours": about.favours and [word(group) for group in about.favours],
        **page.words(about, "title", "outcome"),
        "term": word(plan.term or plan.time_label or about.title),
        "trials": [
            _trial(page, key, values, key in kept)
            | {"subgroup": key[2], "moderators": known(next(filter(None, values)))}
            for key, values in sorted(effects.items(), key=lambda item: order[item[0][0]])
        ],
        "ties": [
            {
                "ids": [_id(keys[place]) for place in tie.places],
                "flags": tie.flags,
                "unclear": tie.flag != "duplicate_numbers"
                and any_unclear([firsts[place] for place in tie.places]),
            }
            for tie in ties(firsts)
        ],
        "missing": [
            {
                "trial": gap.trial,
                "label": gap.label,
                "n": gap.n_randomised,
                **page.words(gap, "what", "where"),
            }
            for gap in about.missing
        ],
        "dropped": [
            {"trial": trial.trial, "label": trial.label, **page.words(trial, "why")}
            for trial in about.dropped
        ],
        "printed": about.printed
        and {
            **{name: getattr(about.printed, name) for name in (*INTERVAL, "words")},
            "where": word(about.printed.label),
            "at_odds": word(at_odds(review, about.synthesis, findings_of(review, pools))),
        },
        "printed_words": word(text) if (text := printed_text(review, about)) else None,
        "printed_undrawn": undrawn(review, about, language=page.speak),
        "printed_k": printed_k(review, about) if review.published else None,
    }


def _deduced(page: _Page, deductions: Sequence[Deduction]) -> dict[str, Any]:
    """Say what the printed results of one synthesis give away, and what of it can't be."""
    word = page.word
    return {
        "deduced": [
            {
                "printed": word(deduction.shown),
                "claims": ", ".join(deduction.claims),
                "said": " ".join(map(word, deduced(deduction))),
            }
            for deduction in deductions
        ],
        "clashes": [word(clash_words(clash)) for clash in clashes(deductions)],
    }


def _analyses(page: _Page, world: Multiverse) -> dict[str, Any] | None:
    """Return the analyses by their estimate, each as one of the specifications that name it."""
    if world.analyses.empty:
        return None
    speak, word = page.speak, page.word
    first = world.names.drop_duplicates("analysis").set_index("analysis")
    table = by_estimate(world.analyses.join(first))
    kept = np.linspace(0, len(table) - 1, min(len(table), MOST)).round().astype(int)
    drawn = table.iloc[kept]
    options = {choice.name: ["", *choice.options] for choice in world.choices}  # "": does not apply
    chosen = [[options[name].index(option) for option in drawn[f"choice_{name}"]] for name in options]
    sets = ["", *(f"{trials.name}: {word(trials.words())}" for trials in trial_sets(world))]
    numbers: list[Sequence[float]] = [[float(f"{x:.6g}") for x in drawn[name]] for name in INTERVAL]
    numbers += [list(map(int, drawn[name])) for name in ("k", "trial_set")]
    return {
        "of": len(table),
        "said": multiverse_words(world, language=speak),
        "options": [
            *(
                [speak.word(name), [speak.word(option) for option in among]]
                for name, among in options.items()
            ),
            [speak.say("universe.set"), sets],
        ],
        # which options: a sign each, from 0 on, in a quarter of the bytes of a list
        "rows": [
            [*row, "".join(chr(ord("0") + place) for place in places)]
            for row, places in zip(zip(*numbers, strict=True), zip(*chosen, strict=True), strict=True)
        ],
    }


def _trial(page: _Page, key: Place, values: Sequence[Effect | None], main: bool) -> dict[str, Any]:
    """Describe one effect, with the sentences it was taken from."""
    word = page.word
    effect = next(filter(None, values))
    bare = replace(effect, flags=tuple(CORRECTED if f == ROW_CORRECTED else f for f in effect.flags))
    return {
        "id": _id(key),
        "trial": effect.trial,
        "label": effect.label,
        "marks": marks(effect),
        "signs": [[sign, word(words)] for sign, words in signs(bare)],
        "year": effect.year,
        **{name: None if n is None else round(n, 2) for name, n in (("n1", effect.n1), ("n2", effect.n2))},
        "groups": [[str(group.told), group.people] for group in behind(effect)],
        "instrument": word(effect.instrument_name),
        "composite": effect.domain == "composite",
        "weeks": effect.weeks,
        "statistic": effect.statistic,
        "assumption": word(effect.assumption),
        "flags": bare.flags,
        "cells": effect.cells,
        "main": main,
        "values": [
            None
            if value is None
            else [steady(value.yi, value.vi**0.5, digits=DIGITS), steady(value.vi, digits=DIGITS)]
            for value in values
        ],
        "derivation": [word(step) for step in effect.derivation],
        "sources": [_source(page, rows) for rows in effect.quoted],
    }


def _source(page: _Page, rows: Sequence[Outcome]) -> dict[str, str | None]:
    """Describe a place of a source that an effect was taken from, with its quote."""
    row, source = rows[0], page.review.source(rows[0].source)
    return {
        "citation": source.citation,
        "locator": page.word(row.locator),
        "quote": row.quote,
        "proved": page.word(proof_mark(page.review, rows)),
        "url": f"https://doi.org/{source.doi}" if source.doi else source.url,
        "reading": source.reading,
    }
