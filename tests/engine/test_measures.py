"""Every measure agrees with metafor on five public sets: a new entry is tested by being entered."""

import copy
import csv
import math
import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from livingmeta.engine.counts import KEEP
from livingmeta.engine.measures import (
    MEASURES,
    SCALES,
    Sized,
    as_shown,
    no_effect_of,
    on_scale,
    scale_name,
    sized,
)
from livingmeta.engine.pooling import pool

REFERENCE = Path(__file__).parents[1] / "reference"
COMPUTED = [key for key, measure in MEASURES.items() if measure.needs not in {"effect", "prepost"}]
# As metafor's escalc computes by default
ESCALC = {"correction": "exact", "smd_variance": "LS", "md_variance": "unpooled", "zero_cells": KEEP}


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"measures_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


GIVEN: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
for row in rows("given"):
    GIVEN[row["needs"], row["set"]].append([float(row[name]) for name in "abcdef" if row[name]])
EFFECTS: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
for row in rows("effects"):
    EFFECTS[row["measure"], row["set"]].append((float(row["yi"]), float(row["vi"])))
POOLS: dict[str, list[dict[str, str]]] = defaultdict(list)
for row in rows("pools"):
    POOLS[row["measure"]].append(row)


@pytest.mark.parametrize("key", COMPUTED)
def test_every_measure_agrees_with_metafor_on_five_public_sets(key: str) -> None:
    """The calls are in tests/reference/measures.R."""
    measure = MEASURES[key]
    assert measure.function is not None
    sets = [name for needs, name in GIVEN if needs == measure.needs]
    assert len(sets) >= 5
    options = {name: ESCALC[method] for name, method in measure.options.items()}
    for name in sets:
        yi, vi = measure.function(*np.array(GIVEN[measure.needs, name]).T, **options)
        theirs = np.array(EFFECTS[key, name]).T
        np.testing.assert_allclose(yi, theirs[0], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(vi, theirs[1], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("key", COMPUTED)
def test_what_is_pooled_and_shown_of_every_measure_is_metafors(key: str) -> None:
    """rma with EE, DL and REML, and predict with transf, for each set; see tests/reference/measures.R."""
    assert len({row["set"] for row in POOLS[key]}) >= 5
    for row in POOLS[key]:
        yi, vi = zip(*EFFECTS[key, row["set"]], strict=True)
        model = {"model": "common"} if row["method"] == "EE" else {"tau2": row["method"]}
        result = pool(yi, vi, ci="wald", measure=sized(MEASURES[key].label, vi), **model)
        label = result.measure
        assert label is not None
        ours = {name: getattr(result, name) for name in ("estimate", "ci_low", "ci_high", "q")}
        ours |= {"tau2": result.tau2} if row["tau2"] else {}
        for end, name in (("estimate", "shown"), ("ci_low", "shown_low"), ("ci_high", "shown_high")):
            ours[name] = on_scale(label, getattr(result, end))
        for name, value in ours.items():
            assert value == pytest.approx(float(row[name]), rel=1e-8, abs=1e-10), (
                row["set"],
                row["method"],
                name,
            )


@pytest.mark.parametrize("key", MEASURES)
def test_no_measure_can_be_mistaken_for_another_where_it_is_shown(key: str) -> None:
    others = [measure for other, measure in MEASURES.items() if other != key]
    for what in (lambda m: m.label, lambda m: scale_name(m.label), lambda m: m.words):
        assert what(MEASURES[key]) not in [what(other) for other in others]


@pytest.mark.parametrize("key", MEASURES)
def test_what_a_scale_shows_is_turned_back_to_what_is_pooled(key: str) -> None:
    scale = SCALES[MEASURES[key].scale]
    low, high = scale.bounds
    for value in (0.011, 0.3, 0.97):
        assert scale.holds(value)
        assert scale.on(scale.forth(value, 40), 40) == pytest.approx(value, rel=1e-9)
    for end in (-50.0, 50.0):  # a limit far beyond shows the end of the scale, and no number outside it
        assert low <= scale.on(end, 40) <= high


@pytest.mark.parametrize("key", [key for key, measure in MEASURES.items() if measure.no_effect is None])
def test_what_compares_nothing_is_tested_against_nothing(key: str) -> None:
    result = pool([0.4, 0.5, 0.7], [0.01, 0.02, 0.015], measure=MEASURES[key].label)
    assert (result.p_value, result.statistic, result.side) == (None, None, 0)
    assert no_effect_of(MEASURES[key].label) is None


def test_the_people_of_a_label_survive_a_copy_and_a_file() -> None:
    label = sized("double arcsine proportion", [1 / (4 * n + 2) for n in (17, 12, 8)])
    for kept in (copy.deepcopy(label), pickle.loads(pickle.dumps(label)), str(label)):
        assert isinstance(kept, Sized)
        assert kept.people == pytest.approx(3 / (1 / 17 + 1 / 12 + 1 / 8))
    assert as_shown(label, 1.0) != as_shown("double arcsine proportion", 1.0) or math.isnan(label.people)
