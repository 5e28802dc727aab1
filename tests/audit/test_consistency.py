"""Printed numbers that cannot all be right are found, and sound ones are left alone."""

from __future__ import annotations

import csv
import importlib
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims import ABSTRACT, claims, effect, kinds, pooled
from livingmeta.audit import consistency
from livingmeta.audit.consistency import (
    ADJUSTED,
    FROM_TAU2,
    IF_WORDED,
    MORE,
    NATURAL,
    ON_T,
    ONE_SIDED,
    OTHER_TEST,
    OTHER_Z,
    SEVERAL,
    SKEWED,
    T_STATISTIC,
    authors_settings,
    doubts,
    findings,
    implied_n,
)
from livingmeta.language import Said, language
from livingmeta.review.folder import load_review
from livingmeta.review.schema import Claim, Outcome
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import settings_of
from livingmeta.words import Number


def test_the_abstract_of_smith_2017_fits_a_skewed_interval_only_and_corrections_are_listed() -> None:
    (finding,) = findings(ABSTRACT, ())
    assert (finding.kind, finding.claims) == ("consistent only if", ("abstract",))
    assert finding.only_if == (SKEWED,)
    assert finding.verdict == f"consistent only if {SKEWED}"
    for part in (
        "midpoint -0.295",
        "estimate about -0.295 (between -0.300 and -0.290)",
        "lower limit about -0.49,",
        "upper limit about 0.00 (which would take away the significance)",
    ):
        assert part in finding.detail


@pytest.mark.parametrize(
    "corrected",
    [
        ("-0.30", "-0.54", "-0.05"),
        ("-0.29", "-0.54", "-0.05"),
        ("-0.27", "-0.49", "-0.05"),
        ("-0.27", "-0.54", "0.00"),
    ],
)
def test_each_correction_mends_it(corrected: tuple[str, str, str]) -> None:
    estimate, low, high = corrected
    assert not findings(claims(estimate=estimate, ci_low=low, ci_high=high), ())


@pytest.mark.parametrize(
    "interval", [("-0.28", "-0.49", "-0.08"), ("-0.59", "-1.03", "-0.15"), ("0.01", "-0.39", "0.41")]
)
def test_the_secondary_set_is_symmetrical(interval: tuple[str, str, str]) -> None:
    estimate, low, high = interval
    assert not findings(claims(estimate=estimate, ci_low=low, ci_high=high), ())


def test_ratios_are_checked_for_symmetry_of_their_logs() -> None:
    rows = claims(estimate="0.50", ci_low="0.25", ci_high="1.00")
    assert not findings(rows, [pooled(effect("a"), measure="log OR")])
    assert findings(rows, [pooled(effect("a"), measure="MD")])


def test_secondary_interval_against_the_abstracts_words_is_a_source_conflict() -> None:
    words = claims("abstract-m", source="abstract", text="no significant difference")
    note = claims(
        "note-m", source="note", reading="secondary", estimate="-0.59", ci_low="-1.03", ci_high="-0.15"
    )
    (finding,) = findings(words + note, ())
    assert (finding.kind, finding.claims) == ("source conflict", ("abstract-m", "note-m"))
    assert "no error of the review" in finding.detail


@pytest.mark.parametrize(
    ("text", "low", "high", "contradicts"),
    [
        ("no significant difference", "-0.54", "-0.05", True),
        ("not statistically significant", "0.05", "0.54", True),
        ("no difference", "-0.54", "-0.05", True),
        ("no significant difference", "-0.39", "0.41", False),
        ("no significant difference", "-0.54", "0.00", False),
        ("significant difference … in favour of painful exercises", "-0.54", "-0.05", False),
        ("significant difference", "-0.39", "0.41", True),
        ("significant difference", "-0.54", "0.00", False),
        ("unclear", "-0.54", "-0.05", False),
    ],
)
def test_words_are_held_against_the_interval_printed_with_them(
    text: str, low: str, high: str, contradicts: bool
) -> None:
    found = findings(claims(text=text, ci_low=low, ci_high=high), ())
    assert kinds(found) == ["consistent only if"] * contradicts
    assert all(one.only_if == (IF_WORDED,) for one in found)


def test_two_reports_of_one_number_are_a_source_conflict() -> None:
    note = claims("note", source="note", reading="secondary", estimate="-0.28", certainty="low")
    rows = claims("abstract", source="abstract", estimate="-0.27", certainty="moderate") + note
    estimate, certainty = findings(rows, ())
    assert kinds([estimate, certainty]) == ["source conflict"] * 2
    assert "-0.27 (abstract), -0.28 (note, secondary)" in estimate.detail
    assert "moderate (abstract), low (note, secondary)" in certainty.detail


def test_a_coarser_report_of_the_same_number_is_no_conflict() -> None:
    assert not findings(claims(estimate="-0.27") + claims("note", source="b", estimate="-0.3"), ())


def test_p_of_altman_and_bland_fits_its_interval() -> None:
    # BMJ 2011;343:d2090: 17 percentage points, P = 0.032, 95% CI 1.4 to 32.6
    fits = {"estimate": "17.0", "ci_low": "1.4", "ci_high": "32.6"}
    assert not findings(claims(**fits, p="0.032"), ())
    assert only_if(claims(**fits, p="0.32")) == (OTHER_TEST,)
    assert not findings(claims(**fits, z="2.14"), ())
    assert OTHER_Z in only_if(claims(**fits, z="2.41"))
    assert only_if(claims(**fits, p="<0.001")) == (OTHER_TEST,)
    assert not findings(claims(**fits, p="<0.05"), ())


def only_if(rows: list[Claim], *pools: Pool) -> tuple[str, ...]:
    (finding,) = findings(rows, pools)
    assert finding.kind == ("consistent only if" if finding.only_if else "inconsistent")
    return finding.only_if


@pytest.mark.parametrize(
    ("declared", "printed", "said"),
    [
        # SE 7.96 of BMJ 2011;343:d2090 as above; 2.576 and 1.645 of them for 99% and 90%
        ({}, ("17.0", "-3.5", "37.5", "0.032"), ("the interval is a 99% one", OTHER_TEST)),
        ({"ci_level": 99}, ("17.0", "-3.5", "37.5", "0.032"), None),
        ({}, ("17.0", "3.9", "30.1", "0.032"), ("the interval is a 90% one", OTHER_TEST)),
        ({"ci_level": 90}, ("17.0", "3.9", "30.1", "0.032"), None),
        ({"ci_level": 95, "ci_basis": "z"}, ("17.0", "3.9", "30.1", "0.032"), ()),
        ({"ci_basis": "z"}, ("17.0", "3.9", "30.1", "0.032"), ("the interval is a 90% one",)),
        ({"ci_basis": "z"}, ("-0.27", "-0.54", "-0.05", "0.03"), ()),
        ({"ci_basis": "t"}, ("-0.27", "-0.54", "-0.05", "0.03"), ()),
        ({"ci_basis": "asymmetric"}, ("-0.27", "-0.54", "-0.05", "0.03"), None),
    ],
)
def test_what_is_declared_of_an_interval_is_known_and_all_else_is_tried(
    declared: dict[str, Any], printed: tuple[str, ...], said: tuple[str, ...] | None
) -> None:
    names = ("estimate", "ci_low", "ci_high", "p")
    rows = claims(**dict(zip(names, printed, strict=True)), **declared, k="12")
    found = findings(rows, ())
    if said is None:
        assert not found
    else:
        assert set(said) == set(found[0].only_if)
        assert found[0].kind == ("consistent only if" if said else "inconsistent")


def test_every_assumption_is_worded_in_norwegian() -> None:
    words = {text for name, text in vars(consistency).items() if name.isupper() and isinstance(text, Said)}
    words |= consistency.ORDINARY
    assert len(words) > 15
    turned = [language("nb").word(text) for text in words]
    assert not [text for text in turned if re.search(r"\b(the|is|of|from|some|not)\b", text)]


def test_a_declared_kind_is_named_as_what_rules_the_explanation_out() -> None:
    rows = claims(estimate="-0.27", ci_low="-0.54", ci_high="-0.05", ci_basis="z")
    (finding,) = findings(rows, ())
    assert finding.kind == "inconsistent"
    assert f"they could if {SKEWED}, but what is declared differs." in finding.detail


def test_methods_known_of_the_authors_count_as_declared_and_assumed_ones_do_not() -> None:
    review = load_review("smith2017")
    methods = review.protocol.methods
    assert authors_settings(review) is None  # its methods are assumed
    known = settings_of(methods.model_copy(update={"assumed": None}))
    assert kinds(findings(ABSTRACT, (), authors=known)) == ["inconsistent"]
    likelihood = settings_of(methods, tau2="ML", ci="profile")
    assert not findings(ABSTRACT, (), authors=likelihood)


def test_a_ratio_with_an_interval_of_its_own_scale_is_said_to_be_one() -> None:
    rows = claims(estimate="0.80", ci_low="0.30", ci_high="1.30")
    assert only_if(rows, pooled(effect("a"), measure="log OR")) == (NATURAL, SKEWED)


def test_what_a_bootstrap_could_not_explain_either_is_inconsistent() -> None:
    outside = claims(estimate="0.27", ci_low="-0.54", ci_high="-0.05")
    assert only_if(outside) == ()
    assert "They cannot all be right." in findings(outside, ())[0].detail


def test_z_1_96_is_p_0_05() -> None:
    assert not findings(claims(z="1.96", p="0.05"), ())
    assert only_if(claims(z="1.96", p="0.04")) == ()
    assert only_if(claims(z="1.96", p="0.025")) == (ONE_SIDED,)
    # t(7) of 1.96 has P = 0.0908
    assert only_if(claims(z="1.96", p="0.091", k="8")) == (T_STATISTIC,)
    assert only_if(claims(z="1.96", p="0.091", k="6")) == ()


def test_interval_on_t_is_allowed_where_k_is_printed() -> None:
    # k = 2, t(1) = 12.71: estimate 1 with SE 0.1 has P = 0.063 and 95% CI -0.27 to 2.27
    printed = {"estimate": "1.00", "ci_low": "-0.27", "ci_high": "2.27", "p": "0.063"}
    assert only_if(claims(**printed, k="2"))[:1] == (ON_T,)
    assert not findings(claims(**printed, k="2", ci_basis="t"), ())
    assert ON_T in only_if(claims(**printed))  # any k may be meant
    assert ON_T not in only_if(claims(**printed, k="9"))


def test_estimate_outside_its_interval_is_one_finding() -> None:
    (finding,) = findings(claims(estimate="0.27", ci_low="-0.54", ci_high="-0.05"), ())
    assert "outside its interval" in finding.detail


def test_weights_that_miss_100_by_more_than_rounding_are_found() -> None:
    rows = [row for trial in "abc" for row in claims(trial, trial=trial, weight="33.3")]
    assert not findings(rows, ())
    assert only_if(rows + claims("d", trial="d", weight="1.0")) == ()
    assert only_if(rows[:2]) == (MORE,)
    assert only_if(rows[:2] + claims(k="2")) == ()
    assert not findings(rows[:2] + claims(k="3"), ())


def test_weights_of_subgroups_may_be_those_in_the_total_and_of_two_models() -> None:
    rows = claims("a", trial="a", subgroup="X", weight="40.0")
    rows += claims("b", trial="b", subgroup="Y", weight="60.0")
    assert not findings(rows + claims(subgroup="X", k="1"), ())
    both = [row for model in "cr" for t in "ab" for row in claims(f"{t}{model}", trial=t, weight="50.0")]
    assert not findings(both, ())


def test_abstract_of_smith_2017_implies_about_258_people_of_385() -> None:
    printed = (Number(x, 0.005, f"{x}") for x in (-0.27, -0.54, -0.05))
    implied = implied_n(*printed, level=0.95)
    se = (0.54 - 0.05) / (2 * 1.959964)
    assert implied.n == pytest.approx(4 / se**2 * (1 + 0.27**2 / 8), rel=1e-6)
    assert implied.low < implied.n < implied.high < 385
    n = claims("flow", synthesis=None, source="abstract", n="385")
    assert len(findings(ABSTRACT + n, [pooled(effect("a"))])) == 1  # the asymmetry only


def test_interval_that_needs_more_people_than_the_review_has_is_found() -> None:
    rows = claims(estimate="-0.30", ci_low="-0.40", ci_high="-0.20")
    n = claims("flow", synthesis=None, n="385")
    (finding,) = findings(rows + n, [pooled(effect("a"))])
    assert (finding.only_if, finding.claims) == ((ADJUSTED,), ("main", "flow"))
    assert not findings(rows + n, [pooled(effect("a"), measure="MD")])


def test_people_of_a_trial_are_held_against_its_own_interval() -> None:
    one = claims("t", trial="a", estimate="-0.30", ci_low="-0.70", ci_high="0.10", n="100")
    assert not findings(one, [pooled(effect("a"))])  # about 97
    few = claims("t", trial="a", estimate="-0.30", ci_low="-0.70", ci_high="0.10", n="50")
    assert only_if(few, pooled(effect("a"))) == (ADJUSTED,)


def test_a_trial_with_several_effects_gives_t_more_degrees_of_freedom_than_k_minus_1() -> None:
    # t(5) of 2 is P = 0.102 and its 95% interval 1 ± 2.571/2; five effects more than k = 2 says
    rows = claims(estimate="1.00", ci_low="-0.29", ci_high="2.29", p="0.102", k="2", ci_basis="t")
    assert not findings(rows, ())


def outcome(row: int = 2, **cells: Any) -> Outcome:
    known = {
        "file": "outcomes.csv",
        "row": row,
        "trial": "t",
        "outcome": "pain",
        "instrument": "i",
        "weeks": 9,
        "group": "difference",
        "measure": "MD",
        "ci_level": 95,
        "use": "no",
        "n1": 22,
        "n2": 21,
        "source": "s",
        "locator": "Abstract",
    }
    if "p_value" in cells:
        cells.setdefault("p_relation", "=")
    return Outcome.model_validate(known | cells)


def test_the_9_week_result_of_cavaggion_2024_is_off_centre_and_its_p_does_not_fit() -> None:
    cells: dict[str, Any] = {"mean": 5.78, "ci_low": -3.43, "ci_high": 14.59, "p_value": 0.33}
    rows = [outcome(2, **cells), outcome(5, outcome="function", **cells)]
    centre, p = findings((), (), rows)
    assert "midpoint 5.580" in centre.detail
    assert "P = 0.33 does not fit" in p.detail
    assert centre.claims == p.claims == ("outcomes.csv row 2", "outcomes.csv row 5")


@pytest.mark.parametrize(
    "cells",
    [
        {"mean": 0.93, "ci_low": -7.20, "ci_high": 9.05, "p_value": 0.82},  # cavaggion2024
        {"mean": 3.2, "ci_low": -6.0, "ci_high": 12.4, "p_value": 0.49, "n1": 27, "n2": 33},
        {"mean": -29, "ci_low": -52, "ci_high": -6, "p_value": 0.016, "n1": 24, "n2": 24},
        {"mean": 24, "ci_low": 19, "ci_high": 28.0, "group": "1"},  # holmgren2012: 23.5 rounds
        {"mean": 15, "ci_low": 8.5, "ci_high": 20.6, "p_value": 0.001, "p_relation": "<"},
        {"mean": 0.5, "ci_low": 0.1, "ci_high": 2.5, "measure": "OR"},
    ],
)
def test_results_that_rounding_explains_are_not_findings(cells: dict[str, Any]) -> None:
    if cells.get("group") == "1":
        cells = cells | {"n1": None, "n2": None, "measure": None}
    assert not findings((), (), [outcome(**cells)])


def test_arm_of_the_knee_trial_is_off_centre() -> None:
    row = outcome(group="2", measure=None, n1=None, n2=None, mean=-1.5, ci_low=-2.7, ci_high=0.4)
    (finding,) = findings((), (), [row])
    assert "midpoint -1.15" in finding.detail
    assert "significance" not in finding.detail  # an arm has none


def test_quote_shows_the_digits_a_number_has_lost() -> None:
    cells: dict[str, Any] = {"mean": 24.0, "ci_low": 19.0, "ci_high": 28.0}
    assert not findings((), (), [outcome(**cells)])
    quote = "24.0 points (19.0 to 28.0)"
    (finding,) = findings((), (), [outcome(**cells, quote=quote)])
    assert finding.only_if == (SKEWED,)
    (finding,) = findings((), (), [outcome(**cells, quote=quote, ci_basis="t")])
    assert finding.kind == "inconsistent"


_digits = st.integers(min_value=0, max_value=4)


_units = st.integers(min_value=-5_000_000, max_value=5_000_000)


def _text(units: int, digits: int) -> str:
    return f"{Decimal(units).scaleb(-digits):.{digits}f}"


def _rounded(value: Decimal, digits: int) -> str:
    return f"{round(value, digits):.{digits}f}"


@given(centre=_units, half=st.integers(min_value=1, max_value=5_000_000), digits=_digits)
def test_symmetrical_interval_is_never_inconsistent_however_rounded(
    centre: int, half: int, digits: int
) -> None:
    e, h = Decimal(centre).scaleb(-6), Decimal(half).scaleb(-6)
    estimate, low, high = (_rounded(x, digits) for x in (e, e - h, e + h))
    assert not findings(claims(estimate=estimate, ci_low=low, ci_high=high), ())


@given(
    centre=_units,
    half=st.integers(min_value=20, max_value=100_000),
    digits=_digits,
    shift=st.sampled_from([-5, 5]),
    which=st.sampled_from(["ci_low", "ci_high"]),
)
def test_a_limit_five_units_off_is_always_found(
    centre: int, half: int, digits: int, shift: int, which: str
) -> None:
    units = {"estimate": centre, "ci_low": centre - half, "ci_high": centre + half}
    units[which] += shift
    found = findings(claims(**{name: _text(x, digits) for name, x in units.items()}), ())
    (finding,) = found
    assert finding.kind == "inconsistent" or SKEWED in finding.only_if


@given(
    q=st.decimals(min_value=0, max_value=500, places=6),
    k=st.integers(min_value=2, max_value=150),
    q_digits=st.integers(min_value=0, max_value=4),
    digits=st.integers(min_value=0, max_value=2),
)
def test_exact_i2_is_never_flagged_however_rounded(q: Decimal, k: int, q_digits: int, digits: int) -> None:
    i2 = max(Decimal(0), (q - (k - 1)) / q) * 100 if q else Decimal(0)
    rows = claims(q=_rounded(q, q_digits), i2=_rounded(i2, digits), k=str(k))
    assert not findings(rows, ())


def test_wrong_i2_is_flagged() -> None:
    # Higgins 2003: I² = 100% (Q - df)/Q; Q = 20 on 10 degrees of freedom gives 50%
    assert not findings(claims(q="20.0", i2="50", k="11"), ())
    assert only_if(claims(q="20.0", i2="55", k="11")) == (FROM_TAU2,)
    assert only_if(claims(q="20.0", i2="45", k="11")) == (SEVERAL, FROM_TAU2)


@given(
    e=st.integers(-300, 300),
    below=st.integers(2, 300),
    above=st.integers(2, 300),
    pz=st.tuples(st.integers(1, 999), st.integers(0, 400)),
    scale=st.integers(0, 3),
)
def test_sign_and_unit_leave_the_number_of_findings(
    e: int, below: int, above: int, pz: tuple[int, int], scale: int
) -> None:
    def count(sign: int, digits: int) -> int:
        low, high = sorted((sign * (e - below), sign * (e + above)))
        rows = claims(
            estimate=_text(sign * e, digits),
            ci_low=_text(low, digits),
            ci_high=_text(high, digits),
            p=_text(pz[0], 3),
            z=_text(sign * pz[1], 2),
            text="no significant difference",
        )
        return len(findings(rows, ()))

    assert count(1, 2) == count(-1, 2) == count(1, 2 + scale) == count(1, 0)


def test_every_finding_is_a_sentence_about_its_place() -> None:
    rows = ABSTRACT + claims("n", source="note", reading="secondary", estimate="-0.28", k="4")
    rows += claims("w", trial="a", weight="110") + claims("h", q="9", i2="5", k="3")
    found = findings(rows, [pooled(effect("a"))])
    assert len(found) == 5
    assert all(f.detail.startswith("pain-short") and f.detail.endswith(".") for f in found)


def test_every_check_is_quiet_about_a_sound_result() -> None:
    # BMJ 2011;343:d2090 again, with weights that add up and words that fit
    rows = claims(
        estimate="17.0",
        ci_low="1.4",
        ci_high="32.6",
        p="0.032",
        z="2.14",
        n="1000",
        k="2",
        q="2.00",
        i2="50",
        text="significant difference",
    )
    rows += claims("a", trial="a", weight="40.0") + claims("b", trial="b", weight="60.0")
    assert not findings(rows, [pooled(effect("a"), effect("b"), measure="MD")])


OR = {"measure": "OR", "mean": 4.64, "ci_low": 1.33, "ci_high": 6.16, "n1": None, "n2": None}
ARM = {"group": "1", "measure": None, "n": 20, "n1": None, "n2": None}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (OR, "on the log scale, midpoint 2.862"),
        ({**OR, "measure": "HR", "mean": 0.8, "ci_low": 0.3, "ci_high": 1.3}, "midpoint 0.62)"),
        ({**OR, "measure": "log OR"}, "(midpoint 3.745)"),
        ({"mean": -2.1, "ci_low": -3.1, "ci_high": 0.9}, "(midpoint -1.10)"),
        ({"measure": "GEN", "mean": 2.0, "ci_low": 1.0, "ci_high": 9.0}, "(midpoint 5.0)"),
        ({**ARM, "mean": -1.5, "ci_low": -2.7, "ci_high": 0.4}, "(midpoint -1.15)"),
        ({"mean": -1.0, "ci_low": -1.8, "ci_high": -0.2, "se": 0.2}, "standard error 0.2 does not"),
        ({**ARM, "mean": 1.0, "ci_low": 0.1, "ci_high": 1.9, "se": 0.9}, "standard error 0.9"),
        (
            {"mean": 1.0, "ci_low": -0.57, "ci_high": 2.57, "se": 0.5, "n1": 3, "n2": 3, "ci_basis": "z"},
            "which gives 0.798 to 0.804",
        ),
        ({"mean": 3.0, "ci_low": 1.0, "ci_high": 5.0, "p_value": 0.4}, "P = 0.4 does not fit"),
        ({**OR, "mean": 2.0, "ci_low": 1.0, "ci_high": 4.0, "se": 3.0}, "on the log scale"),
    ],
)
def test_numbers_of_one_row_that_do_not_fit_are_doubted(cells: dict[str, Any], said: str) -> None:
    (doubt,) = doubts([outcome(**cells)])
    assert doubt.severity == "warning"
    assert said in str(doubt)


@pytest.mark.parametrize(
    "cells",
    [
        {**OR, "mean": 1.78, "ci_low": 0.84, "ci_high": 3.76},
        {**OR, "mean": 0.01, "ci_low": 0.0, "ci_high": 0.05},  # a limit that rounding took to 0
        {**OR, "mean": 2.0, "ci_low": 1.0, "ci_high": 4.0, "se": 0.35},
        {**OR, "mean": 2.0, "ci_low": 1.0, "ci_high": 4.0, "se": 0.7},  # the SE of the ratio
        {**OR, "mean": 2.0, "ci_low": 1.0, "ci_high": 4.0, "ci_level": 90, "se": 0.42},
        {"mean": 1.0, "ci_low": -0.57, "ci_high": 2.57, "se": 0.57, "n1": 3, "n2": 3},  # t(4)
        {"mean": 1.0, "ci_low": 0.1, "ci_high": 1.9, "se": 0.36, "n1": None, "n2": None},
        {"mean": 1.0, "se": 9.0},
    ],
)
def test_numbers_of_one_row_that_fit_are_left_alone(cells: dict[str, Any]) -> None:
    assert not doubts([outcome(**cells)])


@given(
    st.floats(-3, 3),
    st.floats(0.05, 1.5),
    st.integers(1, 4),
    st.sampled_from(["OR", "HR", "ROM", "log RR", "MD", "SMD", "GEN"]),
)
def test_an_interval_of_the_normal_kind_is_never_doubted_however_it_is_rounded(
    yi: float, se: float, digits: int, measure: str
) -> None:
    ends = [yi, yi - 1.959964 * se, yi + 1.959964 * se]
    shown = [math.exp(x) if measure in {"OR", "HR", "ROM"} else x for x in ends]
    mean, low, high = (round(x, digits) for x in shown)
    if low < high:
        row = outcome(measure=measure, mean=mean, ci_low=low, ci_high=high)
        assert not doubts([row])


SIMULATIONS = Path(__file__).parents[1] / "simulations"
COLUMNS = {"estimate": "mean"}  # of outcomes.csv
CHECKS = {**consistency.RESULT_CHECKS, **consistency.REVIEW_CHECKS}


def alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave one check in its registry, and none in the other."""
    for registry in ("RESULT_CHECKS", "REVIEW_CHECKS"):
        kept = {key: check for key, check in getattr(consistency, registry).items() if key == name}
        monkeypatch.setattr(consistency, registry, kept)


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_finds_the_error_that_its_entry_names_and_says_it_in_norwegian(
    name: str, monkeypatch
) -> None:
    alone(name, monkeypatch)
    error = CHECKS[name].error
    if "se" in error:  # which no review prints, but a row of a trial does
        (found,) = findings(
            (), (), [outcome(**{COLUMNS.get(x, x): float(text) for x, text in error.items()})]
        )
    else:
        printed = [error] if isinstance(error, dict) else error
        rows = [row for i, one in enumerate(printed) for row in claims(f"claim{i}", **one)]
        (found,) = findings(rows, [pooled(effect("a"))])
    turned = re.sub("«.*?»", "", language("nb").word(found.detail))
    assert not re.search(r"\b(the|is|of|from|not|which|and|trials)\b", turned)


@pytest.fixture(scope="module")
def papers() -> tuple[Any, list[Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SIMULATIONS)
        module = importlib.import_module("consistency")
    rng = np.random.default_rng(15)
    return module.audit, [module.paper(rng) for _ in range(150)]


@pytest.mark.parametrize("name", CHECKS)
def test_no_check_accuses_a_correct_paper(name: str, papers: Any, monkeypatch) -> None:
    alone(name, monkeypatch)
    audit, correct = papers
    assert not [paper for paper in correct if any(one.kind == "inconsistent" for one in audit(paper))]


def simulated() -> list[dict[str, str]]:
    with (SIMULATIONS / "consistency.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_correct_paper_of_a_simulation_is_called_inconsistent() -> None:
    """tests/simulations/consistency.py with its seed; the upper 95% limit of 0 in n is 3/n."""
    rows = [row for row in simulated() if not row["seeded"]]
    (whole,) = (row for row in rows if row["split"] == "all")
    assert int(whole["papers"]) == 10_000
    assert {row["inconsistent"] for row in rows} == {"0"}
    shown = {row["value"] for row in rows}
    assert shown >= {"common wald", "90", "95", "99", "MD", "SMD", "OR", "half-up", "half-even", "2"}
    assert shown >= {"REML hksj", "REML hksj-modified", "DL t", "DL profile", "REML bootstrap"}


@pytest.mark.slow
def test_no_correct_paper_of_another_seed_is_called_inconsistent(monkeypatch) -> None:
    monkeypatch.syspath_prepend(SIMULATIONS)
    module = importlib.import_module("consistency")
    accused = [one for one, found in module.correct(3_000, 2026) if found["inconsistent"]]
    assert not accused


def test_misses_of_seeded_errors_are_few_but_for_those_that_look_like_other_methods() -> None:
    """Of papers by DL and Wald with one error, what is neither accused nor asked about."""
    missed = {"digits of Q swapped": 0.3, "a third of the people": 0.8}
    explained = {*missed, "digits of I² swapped", "words of the opposite"}  # by what none declares
    rows = [row for row in simulated() if row["seeded"]]
    assert len(rows) == 28
    for row in rows:
        told = int(row["inconsistent"]) + int(row["consistent only if"])
        assert 1 - told / int(row["papers"]) <= missed.get(row["seeded"], 0.03), row
        if row["value"] == "all" and row["seeded"] not in explained:
            assert int(row["inconsistent"]) >= 0.97 * int(row["papers"]), row
