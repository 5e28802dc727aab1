"""Subsets are pooled as metafor pools them, and as each is pooled alone."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

import livingmeta as lm
from livingmeta.engine.methods import subsets as module
from livingmeta.engine.methods.subsets import gosh, members
from livingmeta.engine.pooling import pool
from livingmeta.figures.style import caption_of
from livingmeta.figures.subsets import gosh_plot

REFERENCE = Path(__file__).parents[2] / "reference"
Y = np.array([0.10, 0.52, -0.09, 0.31, 0.60, 0.20, -0.15, 0.44])
V = np.array([0.04, 0.05, 0.03, 0.06, 0.10, 0.02, 0.08, 0.05])
ARRAYS = ("subsets", "k", "estimate", "tau2", "q", "i2", "i2_tau2", "converged")


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = read("metafor_subsets.csv")


@pytest.mark.parametrize(("name", "tau2"), {(r["set"], r["tau2_method"]): 0 for r in ROWS})
def test_every_subset_agrees_with_metafor(name: str, tau2: str) -> None:
    data = [row for row in read("metafor_data.csv") if row["set"] == name][:6]
    found = gosh([float(r["yi"]) for r in data], [float(r["vi"]) for r in data], tau2=tau2)
    rows = {int(r["subset"]): r for r in ROWS if (r["set"], r["tau2_method"]) == (name, tau2)}
    assert sorted(rows) == found.subsets.tolist() == list(range(1, 64))
    assert found.exhaustive
    theirs = [rows[subset] for subset in range(1, 64)]
    assert found.k.tolist() == [int(row["k"]) for row in theirs]
    several = found.k > 1  # of one trial metafor has 0 where we have nothing
    for column, ours in {
        "estimate": found.estimate,
        "tau2": found.tau2,
        "q": found.q,
        "i2_tau2": found.i2_tau2,
    }.items():
        printed = np.array([float(row[column]) for row in theirs])
        known = several | (column == "estimate")
        assert (column == "estimate") or np.isnan(ours[~known]).all()
        assert np.allclose(ours[known], printed[known], rtol=1e-8, atol=1e-9), column


def test_each_subset_is_pooled_as_if_it_were_alone() -> None:
    found = gosh(Y, V)
    masks = members(found.subsets, Y.size)
    for n in range(0, found.subsets.size, 17):
        alone = pool(Y[masks[n]], V[masks[n]])
        assert found.estimate[n] == pytest.approx(alone.estimate, rel=1e-12)
        assert found.k[n] == alone.k
        if alone.k > 1:
            assert found.tau2[n] == pytest.approx(alone.tau2, rel=1e-9, abs=1e-14)
    assert found.whole == pytest.approx(found.estimate[-1], rel=1e-12)


@pytest.mark.parametrize("most", [100, 300])
def test_chunks_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    whole = gosh(Y, V, most=most, seed=5)
    assert whole.exhaustive == (most > 255)
    run = module.run
    monkeypatch.setattr(module, "run", lambda *a, **options: run(*a, chunk=7, **options))
    other = gosh(Y, V, most=most, seed=5)
    assert np.array_equal(whole.subsets, other.subsets)
    for name in ARRAYS:
        one, two = getattr(whole, name), getattr(other, name)
        assert np.allclose(one, two, rtol=1e-9, atol=1e-13, equal_nan=True), name


def test_a_sample_is_that_of_its_seed_and_holds_each_trial_half_the_time() -> None:
    y, v = np.tile(Y, 5), np.tile(V, 5)
    one = gosh(y, v, model="common", most=4000, seed=1)
    assert not one.exhaustive
    assert one.seed == 1
    assert not np.array_equal(one.subsets, gosh(y, v, model="common", most=4000, seed=2).subsets)
    chance = [binom.cdf(one.holding(i).sum(), 4000, 0.5) for i in range(40)]
    assert min(chance) > 1e-5
    assert max(chance) < 1 - 1e-5


@given(st.integers(1, 2**63 - 1))
def test_bits_and_masks_say_the_same(subset: int) -> None:
    mask = members(np.array([subset], np.uint64), 63)[0]
    assert sum(1 << i for i in np.flatnonzero(mask).tolist()) == subset


def test_too_few_to_show_anything_is_said_and_what_can_t_be_is_refused() -> None:
    assert gosh(Y[:5], V[:5]).flags == ("few_for_subsets",)
    assert gosh(Y[:6], V[:6]).flags == ()
    with pytest.raises(ValueError, match="2 trials: subsets are pooled of 3 to 63 trials"):
        gosh(Y[:2], V[:2])
    with pytest.raises(ValueError, match="64 trials"):
        gosh(np.zeros(64), np.ones(64))
    with pytest.raises(ValueError, match="at least one subset"):
        gosh(Y, V, most=0)


def test_a_stray_trial_shows_in_the_medians_with_and_without_it() -> None:
    found = gosh([*Y, 3.0], [*V, 0.02])
    moved = np.abs(np.diff(found.medians(found.estimate)))[:, 0]
    assert moved.argmax() == 8


def test_the_stray_trial_is_told_apart_unless_another_is_asked_for() -> None:
    y, v = [*Y, 3.0], [*V, 0.02]
    assert gosh(y, v).moving_most() == 8
    table = pd.DataFrame({"study": [*"abcdefgh", "stray"], "yi": y, "vi": v})
    words = [text.get_text() for text in lm.gosh_plot(table).get_legend().get_texts()]
    assert words == ["with stray", "without it"]
    words = [text.get_text() for text in lm.gosh_plot(table, trial="b", lang="nb").get_legend().get_texts()]
    assert words == ["med b", "uten den"]


def artists(ax):
    every = [a for one in ax.figure.axes for a in one.get_children()]
    return {artist.get_gid(): artist for artist in every if artist.get_gid()}


def test_the_picture_shows_each_subset_where_it_lies() -> None:
    found = gosh(Y, V)
    shown = artists(gosh_plot(found, title="Pain", measure="SMD"))
    several = found.k > 1
    offsets = np.asarray(shown["subsets"].get_offsets())
    assert np.array_equal(offsets, np.stack([found.estimate, found.i2], 1)[several])
    assert shown["whole"].get_xdata()[0] == found.whole
    assert {"estimates", "heterogeneity"} <= shown.keys()


def test_many_subsets_are_counted_in_hexagons() -> None:
    y, v = np.tile(Y, 2), np.tile(V, 2)
    found = gosh(y, v, model="common", most=5000)
    several = found.k > 1
    plain = artists(gosh_plot(found))
    assert plain["subsets"].get_array().sum() == several.sum()
    told = artists(gosh_plot(found, shown=("the first", found.holding(0))))
    assert told["subsets"].get_array().max() == 1.0
    assert told["subsets"].get_rasterized()
    assert {"estimates:shown", "estimates:others"} <= told.keys()


def test_a_picture_of_few_trials_says_that_it_shows_nothing() -> None:
    ax = gosh_plot(gosh(Y[:3], V[:3]), title="Pain", measure="log OR", against="tau2")
    assert "too few to show" in caption_of(ax).text
    assert "estimates" not in artists(ax)  # no histogram of four subsets
    assert ax.get_xlabel() == "Odds ratio (log scale)"


def test_the_command_draws_and_says_what_three_trials_can_t_show(say, tmp_path: Path) -> None:
    said = say("gosh", "smith2017", "--synthesis", "pain-short", "--full", "--out", str(tmp_path))
    assert "all 7 subsets (2^3 − 1)" in said.flat
    assert "flag few_for_subsets" in said.flat
    assert "3 pooled (142 people)" in said.flat
    assert (tmp_path / "smith2017" / "gosh_pain-short.png").stat().st_size > 10_000
    told = (tmp_path / "smith2017" / "gosh_pain-short.txt").read_text(encoding="utf-8")
    assert "Blue: subsets that hold Rathleff 2015." in told


def test_the_document_holds_each_trial_and_each_refusal(say, tmp_path: Path) -> None:
    said = say(
        "gosh",
        "knee_oa",
        "--synthesis",
        "pain-followup",
        "--most",
        "500",
        "--trial",
        "nobody",
        "--out",
        str(tmp_path),
        "--json",
    )
    assert said.status == 2
    said = say(
        "gosh", "knee_oa", "--synthesis", "pain-followup", "--most", "500", "--out", str(tmp_path), "--json"
    )
    few, sampled, _ = json.loads(said.out)
    assert "two comparisons: this needs 3 to 63" in few["refused"]
    assert (sampled["subsets"], sampled["exhaustive"], sampled["seed"]) == (500, False, 1)
    assert len(sampled["with_and_without"]) == sampled["trials"] == 12
