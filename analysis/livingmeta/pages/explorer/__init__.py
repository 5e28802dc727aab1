"""The explorer: one page that pools a review anew in the reader's browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np

from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import Multiverse, by_estimate, trial_sets
from livingmeta.audit.consistency import findings_of
from livingmeta.audit.results import at_odds, printed_k
from livingmeta.engine.effect_sizes import MEASURES, ratios, scale_name
from livingmeta.engine.pooling import CONFIDENCE, FEW, PREDICTION, PREDICTION_FROM
from livingmeta.engine.tau2 import TAU2
from livingmeta.figures.style import ARROW, BOUND_MARK, COLOURS, GROUND, NIGHT, axis_words
from livingmeta.language import Language, Said, language
from livingmeta.pages.phrases import multiverse_words, undrawn
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import behind, ties, unclear
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import CONTRADICTION, SIGNS, SPARSE, Pool, marks, signs
from livingmeta.synthesis.profiles import CI_WORDS, METHOD_CHOICES, PROFILES, Profile
from livingmeta.synthesis.settings import Selection, Settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import p_words, steady

ASSETS = ("style.css", "kernel.js", "model.js", "figures.js", "view.js")
SHIPPED = ("correction", "smd_variance", "model", "tau2", "ci", "prediction", "i2")
OF_RANDOM = ("tau2", "prediction")
INTERVAL = ("estimate", "ci_low", "ci_high")
DIGITS = 11  # of yi and vi: what the page computes from them is right to nine
MOST = 5000  # analyses that a page draws of one synthesis, evenly by estimate
DECLARED = "declared"  # name of the review's own methods where no profile has them
SHARED = {  # words that the page says with the same keys as the report and the figures
    *(
        "and",
        "from_to",
        "interval",
        "points",
        "trials_one",
        "trials_many",
        "value",
        "week",
        "wide",
        "wide_same",
    ),
    *("people", "people_least", "people_unknown", "share", "composite_single", "composite_one"),
    *("composite_many", "h_effect", "h_n", "h_trial", "h_weight", "published_k_unknown", "unpooled_word"),
    *("pool.favours", "pool.marked", "pool.nothing", "scenario.common", "scenario.random"),
}
Key = tuple[str, str | None]  # synthesis and subgroup
Place = tuple[str, str | None, str | None]  # trial, contrast, and subgroup in a total
Turn = Callable[[str | None], str]  # into the language of the page


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
    folder = files("livingmeta") / "pages" / "explorer"
    assets = {name.replace(".", "_"): Markup((folder / name).read_text(encoding="utf-8")) for name in ASSETS}
    speak = _speaking(known.review, lang)
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
        day={**COLOURS, **GROUND},
        night=NIGHT,
        **assets,
    )


def script_json(data: Any) -> str:
    r"""Return JSON that can stand inside a script element: no "<" can end it or open a comment.

    Examples
    --------
    >>> script_json({"label": "</script><!--"})
    '{"label": "\\u003c/script>\\u003c!--"}'
    """
    return json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def _speaking(review: Review, lang: str) -> Language:
    return language(lang, own=review.protocol.translation.get(lang))


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
        Trials with `main` false are held for sensitivity analyses. `words` are those of the page
        by their keys in the catalogues, `english` what a review says in English alone.

    Examples
    --------
    >>> from livingmeta import load_review
    >>> data = explorer_data(Dossier(review=load_review("smith2017")))
    >>> [(part["id"], len(part["trials"])) for part in data["syntheses"]][:2]
    [('pain-short', 4), ('pain-medium', 0)]
    """
    review, settings = known.review, known.settings
    speak = _speaking(review, lang)
    english: dict[str, None] = {}

    def word(text: str | None) -> str:
        turned = speak.word(text)
        if text and lang != "en" and turned == text and not isinstance(text, Said):
            english[text] = None
        return turned

    profiles = _profiles(settings)
    mains = {pool.key: pool for pool in known.pools}
    formulas, by_formulas = _by_formulas(review, settings, profiles)
    worlds = {world.main.key: _analyses(world, speak, word) for world in known.multiverse}
    keys = list(dict.fromkeys([*mains, *(key for pools in by_formulas for key in pools)]))
    protocol = review.protocol
    for text in (protocol.title, protocol.question):
        word(text)
    return {
        "language": {"comma": speak.comma, "percent": speak.percent, "thousands": speak.thousands},
        "words": {
            key: text for key, text in speak.said.items() if key in SHARED or key.startswith("explorer.")
        },
        "review": {"id": protocol.id},
        "measure": scale_name(settings.label),
        "axis": word(axis_words(settings.label)),
        "ratio": settings.label in ratios(),
        "standardised": MEASURES[settings.measure].standardised,
        # a trial that was not done has an SMD's variance
        "imaginable": MEASURES[settings.measure].from_sizes,
        "one_instrument": MEASURES[settings.measure].one_instrument,
        "level": settings.level,
        "one_tau2": settings.subgroup_tau2 == "common",
        "profiles": [
            {
                "name": profile.name if profile in PROFILES.values() else DECLARED,
                "words": profile.name
                if profile in PROFILES.values()
                else speak.say("explorer.declared", name=profile.name),
                "about": word(profile.about),
                "unverified": word(profile.unverified),
                "formulas": number,
                "as": profile.name,
                "its_own": {name: getattr(PROFILES[profile.name], name) for name in SHIPPED},
                **{name: getattr(profile, name) for name in SHIPPED},
                # of a common effect: what the page takes when its model is turned to random
                **{name: getattr(profile.with_choices(model="random"), name) for name in OF_RANDOM},
            }
            for profile, number in zip(profiles, formulas, strict=True)
        ],
        "syntheses": [
            _synthesis(review, mains.get(key), [pools.get(key) for pools in by_formulas], speak, word)
            | {"multiverse": worlds.get(key)}
            for key in keys
        ],
        "estimators": list(TAU2),
        "predictions": [*PREDICTION, "none"],
        "flag_words": speak.flags,
        "p_unknown": speak.word(p_words(None)),
        "signs": SIGNS,
        "arrow": word(ARROW),
        "bound_mark": word(BOUND_MARK),
        "colours": {**COLOURS, **GROUND},
        "ci_words": {name: word(text) for name, text in CI_WORDS.items()},
        "choice_words": {name: word(METHOD_CHOICES[name]) for name in SHIPPED},
        "contradiction": CONTRADICTION,
        "sparse": SPARSE,
        "prediction_from": PREDICTION_FROM,
        "few": FEW,
        "wide": [name for name, method in CONFIDENCE.items() if method.is_wide],
        "english": list(english),  # last: what is above fills it
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


def _synthesis(
    review: Review, main: Pool | None, by_formulas: Sequence[Pool | None], speak: Language, word: Turn
) -> Any:
    """Describe one synthesis, or one subgroup of it."""
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
    return {
        "id": about.synthesis,
        "subgroup": about.subgroup,
        "subgroup_words": None if about.subgroup is None else word(about.subgroup),
        "favours": about.favours and [word(group) for group in about.favours],
        "title": word(about.title),
        "outcome": word(about.outcome),
        "term": word(plan.term or plan.time_label or about.title),
        "trials": [
            _trial(review, key, values, key in kept, word)
            for key, values in sorted(effects.items(), key=lambda item: order[item[0][0]])
        ],
        "ties": [
            {
                "ids": [_id(keys[place]) for place in (tie.first, tie.second)],
                "flags": tie.flags,
                "unclear": tie.flag != "duplicate_numbers" and unclear(firsts[tie.first], firsts[tie.second]),
            }
            for tie in ties(firsts)
        ],
        "missing": [
            {
                "trial": gap.trial,
                "label": gap.label,
                "n": gap.n_randomised,
                "what": word(gap.what),
                "where": word(gap.where),
            }
            for gap in about.missing
        ],
        "dropped": [{"trial": gap.trial, "label": gap.label, "why": word(gap.why)} for gap in about.dropped],
        "printed": None
        if about.printed is None
        else {
            "estimate": about.printed.estimate,
            "ci_low": about.printed.ci_low,
            "ci_high": about.printed.ci_high,
            "words": about.printed.words,
            "where": word(about.printed.label),
            "at_odds": word(at_odds(review, about.synthesis, findings_of(review, pools))),
        },
        "printed_words": next(
            (
                word(claim.printed)
                for claim in review.published
                if (claim.synthesis, claim.subgroup, claim.trial, claim.quantity)
                == (*about.key, None, "text")
                and claim.reading == "primary"
            ),
            None,
        ),
        "printed_undrawn": undrawn(review, about, language=speak),
        "printed_k": printed_k(review, about) if review.published else None,
        "pooled_by": word(about.pooled_by),
    }


def _analyses(world: Multiverse, speak: Language, word: Turn) -> dict[str, Any] | None:
    """Return the analyses by their estimate, each as one of the specifications that name it."""
    if world.analyses.empty:
        return None
    first = world.names.drop_duplicates("analysis").set_index("analysis")
    table = by_estimate(world.analyses.join(first))
    kept = np.linspace(0, len(table) - 1, min(len(table), MOST)).round().astype(int)
    drawn = table.iloc[kept]
    options = {choice.name: ["", *choice.options] for choice in world.choices}  # "": does not apply
    chosen = [[options[name].index(option) for option in drawn[f"choice_{name}"]] for name in options]
    sets = ["", *(f"{trials.name}: {word(trials.words())}" for trials in trial_sets(world))]
    chosen.append([int(name) for name in drawn["trial_set"]])
    numbers = [[float(f"{x:.7g}") for x in drawn[name]] for name in INTERVAL]
    return {
        "of": len(table),
        "said": multiverse_words(world, language=speak),
        "options": [
            *(
                [speak.word(name), [speak.word(option) for option in among]]
                for name, among in options.items()
            ),
            [speak.say("explorer.trial_set"), sets],
        ],
        "rows": [list(row) for row in zip(*numbers, map(int, drawn["k"]), *chosen, strict=True)],
    }


def _trial(
    review: Review, key: Place, values: Sequence[Effect | None], main: bool, word: Turn
) -> dict[str, Any]:
    """Describe one effect, with the sentences it was taken from."""
    effect = next(filter(None, values))
    return {
        "id": _id(key),
        "trial": effect.trial,
        "label": effect.label,
        "marks": marks(effect),
        "signs": [[sign, word(words)] for sign, words in signs(effect)],
        "year": effect.year,
        "n1": None if effect.n1 is None else round(effect.n1, 2),
        "n2": None if effect.n2 is None else round(effect.n2, 2),
        "groups": [[str(group.told), group.people] for group in behind(effect)],
        "instrument": word(effect.instrument_name),
        "composite": effect.domain == "composite",
        "weeks": effect.weeks,
        "statistic": effect.statistic,
        "assumption": word(effect.assumption),
        "flags": effect.flags,
        "main": main,
        "values": [
            None
            if value is None
            else [steady(value.yi, value.vi**0.5, digits=DIGITS), steady(value.vi, digits=DIGITS)]
            for value in values
        ],
        "derivation": [word(step) for step in effect.derivation],
        "sources": _sources(review, effect, word),
    }


def _sources(review: Review, effect: Effect, word: Turn) -> list[dict[str, str | None]]:
    """Return each place of a source that an effect was taken from once, with its quote."""
    places = []
    for row, *_ in effect.quoted:
        source = review.source(row.source)
        places.append(
            {
                "citation": source.citation,
                "locator": word(row.locator),
                "quote": row.quote,
                "url": f"https://doi.org/{source.doi}" if source.doi else source.url,
                "reading": source.reading,
            }
        )
    return places
