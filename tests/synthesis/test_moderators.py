"""A review is parted and regressed by its own moderators, as metafor does by a column of its data."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from folders import ARM1, ARM2, REPORT, SOURCE, TRIAL, folder
from livingmeta.appraisal.moderation import regress
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.imports import reviews_in
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.synthesis.moderators import moderator_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Selection, headline_settings
from livingmeta.synthesis.synthesise import synthesise

DATA = Path(__file__).parents[1] / "reference" / "regression_data.csv"
# library(metafor)
# d <- escalc("RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg); s <- list(threshold=1e-14, maxiter=1e5)
# part <- function(m) rma(yi, vi, data=d, method="REML", test="z", subset=m, control=s)
# test <- function(p) { g <- factor(seq_along(p))
#   rma(sapply(p, coef), sei=sapply(p, function(r) r$se), mods=~g, method="FE") }
# p <- lapply(c("random", "alternate", "systematic"), function(a) part(alloc == a)); test(p)$QM
# p <- list(part(ablat < 33), part(ablat >= 33)); test(p)$QM
PARTED = {
    "ALLOC": (
        {
            "alloc: random": (-0.970964704263, 0.275956102973, 0.392528006901),
            "alloc: alternate": (-0.540792961849, 0.281601613104, 0.132577039878),
            "alloc: systematic": (-0.424207391511, 0.359745232433, 0.400345880175),
        },
        (1.861444946155, 2, 0.394268758886),
    ),
    "ablat<33": (
        {
            "ablat < 33": (-0.374277460025, 0.186529415013, 0.126930082742),
            "ablat ≥ 33": (-0.933526714899, 0.232263373072, 0.287902384752),
        },
        (3.5244703787108, 1, 0.0604691416304),
    ),
}


def table(path: Path, *, blank: int = 0) -> Review:
    """Return dat.bcg of metadat as a table of log risk ratios, without the allocation of the first rows."""
    with DATA.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == "bcg"]
    lines = [
        f"Study {i},{row['yi']},{row['vi']},{row['x']},{row['word'] if i > blank else 'NA'}"
        for i, row in enumerate(rows, start=1)
    ]
    (path / "bcg.csv").write_text("\n".join(["study,yi,vi,ablat,alloc", *lines]), encoding="utf-8")
    ((review,), remarks) = reviews_in(path / "bcg.csv", Hints(measure="RR", log=True))
    assert remarks == []
    return review


def parted(review: Review, by: str, **choices: str) -> tuple[Pool, ...]:
    settings = headline_settings(review, ci="wald", **choices)
    return synthesise(review, settings=settings, selection=Selection(subgroup=by))


@pytest.mark.parametrize("by", PARTED)
def test_subgroups_by_a_column_are_metafors_subsets_with_its_test_between_them(by: str, tmp_path) -> None:
    *parts, whole = parted(table(tmp_path), by)
    values, (q, df, p_value) = PARTED[by]
    ours = {pool.subgroup: pool.result for pool in parts}
    assert list(ours) == list(values)
    for name, result in ours.items():
        assert (result.estimate, result.se, result.tau2) == pytest.approx(values[name], abs=1e-7)
    assert (whole.subgroup_test.q, whole.subgroup_test.p_value) == pytest.approx((q, p_value), abs=1e-7)
    assert whole.subgroup_test.df == df
    assert len({pool.stem for pool in (*parts, whole)}) == len(parts) + 1
    assert whole.result.k == 13
    assert sum(sum(pool.weights) for pool in parts) == pytest.approx(100)


def test_one_tau2_of_all_subgroups_is_that_of_metafors_regression_on_the_column(tmp_path: Path) -> None:
    """tests/reference/metafor_subgroups.csv: rma(yi, vi, mods = ~ alloc - 1, method = "REML")."""
    review = table(tmp_path)
    settings = replace(headline_settings(review, ci="wald"), subgroup_tau2="common")
    *parts, whole = synthesise(review, settings=settings, selection=Selection(subgroup="alloc"))
    with (DATA.parent / "metafor_subgroups.csv").open(encoding="utf-8") as file:
        rows = {row["level"]: row for row in csv.DictReader(file) if row["tau2_method"] == "REML"}
    for pool in parts:
        row = rows[pool.subgroup.removeprefix("alloc: ")]
        assert pool.result.estimate == pytest.approx(float(row["estimate"]), abs=1e-6)
        assert whole.subgroup_test.q == pytest.approx(float(row["q"]), abs=1e-5)


def test_a_regression_on_a_column_of_numbers_is_metafors(tmp_path: Path) -> None:
    """rma(yi, vi, mods = ~ ablat, data = d, method = "REML", test = "knha"): coef, se, tau2, QM."""
    review = table(tmp_path)
    result = regress(review, ["bcg"], ["Ablat"], settings=headline_settings(review, ci="hksj")).result
    intercept, slope = result.coefficients
    assert slope.name == "ablat"
    assert (intercept.estimate, slope.estimate) == pytest.approx((0.25146821, -0.0291017250), abs=1e-6)
    assert (intercept.se, slope.se) == pytest.approx((0.2839252837, 0.0082014174), abs=1e-6)
    assert (result.tau2, result.qm) == pytest.approx((0.0763479640, 12.5909828843), abs=1e-5)


def test_a_regression_leaves_out_and_lists_who_has_no_value(tmp_path: Path) -> None:
    moderation = regress(table(tmp_path, blank=3), ["bcg"], ["alloc", "ABLAT"])
    assert [left.label for left in moderation.left_out] == ["Study 1", "Study 2", "Study 3"]
    assert (moderation.by, moderation.result.k) == (("alloc", "ablat"), 10)


def test_effects_without_a_value_are_in_no_subgroup_and_named_once(tmp_path: Path) -> None:
    *parts, whole = parted(table(tmp_path, blank=2), "alloc")
    assert [(left.label, left.why) for left in whole.dropped] == [
        ("Study 1", "no alloc known"),
        ("Study 2", "no alloc known"),
    ]
    assert whole.result.k == 11
    assert not any(pool.dropped for pool in parts)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("alocc", r"choose one of ablat, alloc\. Did you mean alloc"),
        ("ablat", r'13 effects of bcg have 9 values of it \(13 to 55\).*Cut it \("ablat < 33"\), or regress'),
        ("alloc<3", r'holds words \("random"\), which no number cuts'),
        ("ablat<many", 'many is no number. Write "ablat < 50"'),
        ("ablat>60", "all effects of bcg have the same of it"),
        ("condition", "no effects of bcg have a value of it"),
    ],
)
def test_a_moderator_that_makes_no_subgroups_is_refused_with_what_to_do(by, message, tmp_path) -> None:
    with pytest.raises(ValueError, match=message):
        parted(table(tmp_path), by)


def test_the_command_pools_a_file_by_a_column_of_it(tmp_path: Path, say) -> None:
    table(tmp_path)
    words = ("pool", str(tmp_path / "bcg.csv"), "--measure", "log RR", "--ci", "wald", "--subgroup")
    said = say(*words, "ablat<33")
    assert "ablat ≥ 33" in said.out
    assert "subgroup differences: Chi² = 3.52, df = 1 (P = 0.060)" in said.out
    assert say(*words, "ablat").status == 2
    said = say("regress", str(tmp_path / "bcg.csv"), "--measure", "log RR", "--by", "Alloc", "--by", "ablat")
    assert "alloc: random against alternate" in " ".join(said.out.split())


def own(path: Path, *rows: dict[str, str]) -> Review:
    """Return a review of three trials, one of them in two subgroups, with these rows of moderators."""
    keys = ("alpha2001", "beta2002", "gamma2003")
    arms = [
        {**arm, "trial": key, "report": key, "subgroup": part}
        for key, parts in zip(keys, (("women", "men"), ("men",), ("men",)), strict=True)
        for part in parts
        for arm in (ARM1, ARM2)
    ]
    return load_review(
        folder(
            path,
            sources=[SOURCE],
            trials=[{**TRIAL, "trial": key, "label": key, "n_randomised": "160"} for key in keys],
            reports=[{**REPORT, "report": key, "trial": key} for key in keys],
            outcomes=arms,
            moderators=[{"source": "paper", "moderator": "setting", **row} for row in rows],
        )
    )


def test_the_narrowest_row_speaks_for_a_part_of_a_trial(tmp_path: Path) -> None:
    review = own(
        tmp_path,
        {"trial": "alpha2001", "subgroup": "women", "value": "home"},
        {"trial": "alpha2001", "subgroup": "men", "value": "gym"},
        {"trial": "beta2002", "value": "home"},
    )
    setting = moderator_of(review, "setting")
    plan = review.plan("pain-short")
    whole = synthesise(review, only=plan.id)[-1]
    read = {(e.trial, e.subgroup): setting(e, plan) for e in whole.effects}
    assert read == {
        ("alpha2001", "women"): "home",
        ("alpha2001", "men"): "gym",
        ("beta2002", "men"): "home",
        ("gamma2003", "men"): None,
    }


def test_comparisons_combined_have_a_value_only_where_they_share_it(tmp_path: Path) -> None:
    rows = [
        {"trial": "alpha2001", "subgroup": part, "moderator": name, "value": value}
        for name, values in (("setting", ("home", "gym")), ("dose", ("high", "high")))
        for part, value in zip(("women", "men"), values, strict=True)
    ]
    review = own(tmp_path, *rows)
    plan = review.plan("pain-short")
    women, men = (pool.effects[0] for pool in synthesise(review, only=plan.id)[:2])
    both = replace(women, rows=(*women.rows, *men.rows))
    assert [moderator_of(review, name)(both, plan) for name in ("setting", "dose")] == [None, "high"]


def test_subgroups_by_a_moderator_take_the_place_of_those_declared(tmp_path: Path) -> None:
    review = own(tmp_path, {"trial": "alpha2001", "value": "home"}, {"trial": "beta2002", "value": "gym"})
    asked = {"selection": Selection(subgroup="setting"), "only": "pain-short"}
    home, gym, whole = synthesise(review, **asked)
    assert [pool.subgroup for pool in (home, gym, whole)] == ["setting: home", "setting: gym", None]
    assert [effect.label for effect in home.effects] == ["alpha2001 (women)", "alpha2001 (men)"]
    assert home.name == "Pain, short term – setting: home"
    assert [pool.subgroup for pool in synthesise(review, only="pain-short")] == ["women", "men", None]


def test_a_review_takes_the_moderators_of_the_one_it_extends(tmp_path: Path) -> None:
    base = own(tmp_path, {"trial": "beta2002", "value": "home"}).folder
    extends = ('id = "small"', 'id = "living"\nextends = "small"')
    bare = {name: [] for name in ("sources", "trials", "reports", "instruments", "outcomes")}
    living = folder(tmp_path / "x", toml=extends, **bare).rename(base.parent / "living")
    assert load_review(living).characteristics == {"setting": {("beta2002", None, None): "home"}}
