"""The explorer: one page that pools a review anew in the reader's browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from livingmeta.language import ENGLISH, FLAG_WORDS
from livingmeta.pages.phrases import DISCLAIMER, undrawn
from livingmeta.pages.report import combined
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import behind, ties, unclear
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import CONTRADICTION, SIGNS, SPARSE, Pool, marks, signs
from livingmeta.synthesis.profiles import CI_WORDS, METHOD_CHOICES, PROFILES, Profile
from livingmeta.synthesis.settings import Selection, Settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import steady

ASSETS = ("style.css", "kernel.js", "model.js", "figures.js", "view.js")
SHIPPED = ("correction", "smd_variance", "model", "tau2", "ci", "prediction", "i2")
OF_RANDOM = ("tau2", "prediction")
INTERVAL = ("estimate", "ci_low", "ci_high")
DIGITS = 11  # of yi and vi: what the page computes from them is right to nine
MOST = 5000  # analyses that a page draws of one synthesis, evenly by estimate
DECLARED = ", as this review declares"  # behind the name of a profile that it changes
Key = tuple[str, str | None]  # synthesis and subgroup
Place = tuple[str, str | None, str | None]  # trial, contrast, and subgroup in a total


def explorer_page(known: Dossier, *, version: str) -> str:
    """Write the page: it opens from disk, asks no network for anything, and holds all it shows.

    Parameters
    ----------
    known : Dossier
    version : str
        Version of the program.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("livingmeta", "pages/explorer"), undefined=StrictUndefined, autoescape=True
    )
    folder = files("livingmeta") / "pages" / "explorer"
    assets = {name.replace(".", "_"): Markup((folder / name).read_text(encoding="utf-8")) for name in ASSETS}
    return environment.get_template("explorer.html.j2").render(
        review=known.review.protocol,
        data=Markup(script_json(explorer_data(known))),
        version=version,
        disclaimer=DISCLAIMER,
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


def explorer_data(known: Dossier) -> dict[str, Any]:
    """Collect what the page shows: effects by each set of formulas, sources, gaps and words.

    Parameters
    ----------
    known : Dossier

    Returns
    -------
    dict
        `profiles` names for each profile the number of its formulas; `values` of a trial holds
        [yi, vi] by each of those, None where there is no effect by them. `favours` as in `Pool`.
        Trials with `main` false are held for sensitivity analyses.

    Examples
    --------
    >>> from livingmeta import load_review
    >>> data = explorer_data(Dossier(review=load_review("smith2017")))
    >>> [(part["id"], len(part["trials"])) for part in data["syntheses"]][:2]
    [('pain-short', 4), ('pain-medium', 0)]
    """
    review, settings = known.review, known.settings
    profiles = _profiles(settings)
    mains = {pool.key: pool for pool in known.pools}
    formulas, by_formulas = _by_formulas(review, settings, profiles)
    worlds = {found.main.key: _analyses(found) for found in known.multiverse}
    keys = list(dict.fromkeys([*mains, *(key for pools in by_formulas for key in pools)]))
    protocol = review.protocol
    return {
        "review": {
            "id": protocol.id,
            "title": protocol.title,
            "citation": protocol.citation,
            "doi": protocol.doi,
        },
        "measure": scale_name(settings.label),
        "axis": axis_words(settings.label),
        "ratio": settings.label in ratios(),
        "standardised": MEASURES[settings.measure].standardised,
        # a trial that was not done has an SMD's variance
        "imaginable": MEASURES[settings.measure].from_sizes,
        "one_instrument": MEASURES[settings.measure].one_instrument,
        "level": settings.level,
        "one_tau2": settings.subgroup_tau2 == "common",
        "profiles": [
            {
                "name": profile.name + ("" if profile in PROFILES.values() else DECLARED),
                "about": profile.about,
                "unverified": profile.unverified,
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
            _synthesis(review, mains.get(key), [pools.get(key) for pools in by_formulas])
            | {"multiverse": worlds.get(key)}
            for key in keys
        ],
        "estimators": list(TAU2),
        "predictions": [*PREDICTION, "none"],
        "flag_words": FLAG_WORDS,
        "signs": SIGNS,
        "arrow": ARROW,
        "bound_mark": BOUND_MARK,
        "colours": {**COLOURS, **GROUND},
        "ci_words": CI_WORDS,
        "choice_words": {name: METHOD_CHOICES[name] for name in SHIPPED},
        "contradiction": CONTRADICTION,
        "sparse": SPARSE,
        "prediction_from": PREDICTION_FROM,
        "few": FEW,
        "wide": {
            "of": [name for name, one in CONFIDENCE.items() if one.is_wide],
            "words": ENGLISH.said["wide"],
            "same": ENGLISH.said["wide_same"],
        },
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


def _synthesis(review: Review, main: Pool | None, by_formulas: Sequence[Pool | None]) -> Any:
    """Describe one synthesis, or one subgroup of it."""
    pools = [pool for pool in by_formulas if pool is not None]
    about = main or pools[0]
    effects: dict[Place, list[Effect | None]] = {}
    for place, pool in enumerate(by_formulas):
        for effect in pool.effects if pool else ():
            row = effects.setdefault(_placed(about, effect), [None] * len(by_formulas))
            row[place] = effect
    kept = {_placed(about, effect) for effect in (main.effects if main else ())}
    keys, firsts = list(effects), [next(filter(None, one)) for one in effects.values()]
    order = {trial.trial: number for number, trial in enumerate(review.trials)}
    plan = review.plan(about.synthesis)
    return {
        "id": about.synthesis,
        "subgroup": about.subgroup,
        "favours": about.favours,
        "title": about.title,
        "outcome": about.outcome,
        "term": plan.term or plan.time_label or about.title,
        "trials": [
            _trial(review, key, values, key in kept)
            for key, values in sorted(effects.items(), key=lambda one: order[one[0][0]])
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
                "trial": one.trial,
                "label": one.label,
                "n": one.n_randomised,
                "what": one.what,
                "where": one.where,
            }
            for one in about.missing
        ],
        "dropped": [{"trial": one.trial, "label": one.label, "why": one.why} for one in about.dropped],
        "printed": None
        if about.printed is None
        else {
            "estimate": about.printed.estimate,
            "ci_low": about.printed.ci_low,
            "ci_high": about.printed.ci_high,
            "words": about.printed.words,
            "where": about.printed.label,
            "at_odds": at_odds(review, about.synthesis, findings_of(review, pools)),
        },
        "printed_words": next(
            (
                claim.printed
                for claim in review.published
                if (claim.synthesis, claim.subgroup, claim.trial, claim.quantity)
                == (*about.key, None, "text")
                and claim.reading == "primary"
            ),
            None,
        ),
        "printed_undrawn": undrawn(review, about),
        "printed_k": printed_k(review, about) if review.published else None,
        "pooled_by": about.pooled_by,
    }


def _analyses(found: Multiverse) -> dict[str, Any] | None:
    """Return the analyses by their estimate, each as one of the specifications that name it."""
    if found.analyses.empty:
        return None
    first = found.names.drop_duplicates("analysis").set_index("analysis")
    table = by_estimate(found.analyses.join(first))
    kept = np.linspace(0, len(table) - 1, min(len(table), MOST)).round().astype(int)
    drawn = table.iloc[kept]
    options = {choice.name: ["", *choice.options] for choice in found.choices}  # "": does not apply
    chosen = [[options[name].index(option) for option in drawn[f"choice_{name}"]] for name in options]
    sets = trial_sets(found)
    options["trial set"] = ["", *(f"{one.name}: {one.words()}" for one in sets)]
    chosen.append([int(name) for name in drawn["trial_set"]])
    numbers = [[float(f"{x:.7g}") for x in drawn[name]] for name in INTERVAL]
    return {
        "of": len(table),
        "said": combined(found),
        "options": options,
        "rows": [list(row) for row in zip(*numbers, map(int, drawn["k"]), *chosen, strict=True)],
    }


def _trial(review: Review, key: Place, values: Sequence[Effect | None], main: bool) -> dict[str, Any]:
    """Describe one effect, with the sentences it was taken from."""
    effect = next(one for one in values if one is not None)
    return {
        "id": _id(key),
        "trial": effect.trial,
        "label": effect.label,
        "marks": marks(effect),
        "signs": signs(effect),
        "year": effect.year,
        "n1": None if effect.n1 is None else round(effect.n1, 2),
        "n2": None if effect.n2 is None else round(effect.n2, 2),
        "groups": [[str(group.told), group.people] for group in behind(effect)],
        "instrument": effect.instrument_name,
        "composite": effect.domain == "composite",
        "weeks": effect.weeks,
        "statistic": effect.statistic,
        "assumption": effect.assumption,
        "flags": effect.flags,
        "main": main,
        "values": [
            None
            if one is None
            else [steady(one.yi, one.vi**0.5, digits=DIGITS), steady(one.vi, digits=DIGITS)]
            for one in values
        ],
        "derivation": effect.derivation,
        "sources": _sources(review, effect),
    }


def _sources(review: Review, effect: Effect) -> list[dict[str, str | None]]:
    """Return each place of a source that an effect was taken from once, with its quote."""
    found = []
    for row, *_ in effect.quoted:
        source = review.source(row.source)
        found.append(
            {
                "citation": source.citation,
                "locator": row.locator,
                "quote": row.quote,
                "url": f"https://doi.org/{source.doi}" if source.doi else source.url,
                "reading": source.reading,
            }
        )
    return found
