"""Each claim gets the verdict that the rows behind it allow."""

from __future__ import annotations

import pytest

from claims import claims, effect, pooled, verdict_on
from livingmeta.audit.verdicts import reproduce, verdicts
from livingmeta.review.folder import load_review
from livingmeta.review.schema import Claim


@pytest.mark.parametrize(
    ("printed", "verdict"), [("-0.20", "reproduced"), ("-0.2", "reproduced"), ("-0.21", "differs")]
)
def test_trial_effect_is_compared_whatever_the_pool_lacks(printed: str, verdict: str) -> None:
    pool = pooled(effect("a", yi=-0.2049), effect("b"), missing=["c"])
    assert verdict_on(claims(trial="a", estimate=printed), pool).verdict == verdict


def test_half_a_unit_is_still_reproduced() -> None:
    pool = pooled(effect("a", yi=-0.205))
    assert verdict_on(claims(trial="a", estimate="-0.21"), pool).verdict == "reproduced"


def test_difference_says_by_how_much_and_why() -> None:
    verdict = verdict_on(claims(trial="a", estimate="-0.25"), pooled(effect("a")))
    assert verdict.verdict == "differs"
    assert "0.05 above the printed value" in verdict.detail
    assert "could explain it" in verdict.detail


def test_turned_sign_is_named() -> None:
    verdict = verdict_on(claims(trial="a", estimate="0.20"), pooled(effect("a")))
    assert verdict.verdict == "differs"
    assert "sign turned" in verdict.detail


def test_pooled_number_is_partial_where_the_number_of_trials_is_not_printed() -> None:
    verdict = verdict_on(claims(estimate="-0.20"), pooled(effect("a"), effect("b"), effect("c")))
    assert (verdict.verdict, verdict.recomputed) == ("partial", -0.2)
    assert verdict.detail == (
        "3 pooled, 0 measured but missing here; how many trials the review pooled is not known"
    )


def test_missing_trials_make_every_pooled_number_partial() -> None:
    pool = pooled(effect("a"), effect("b"), missing=["c", "d"])
    found = verdicts(claims(estimate="-0.20", k="2", n="200"), [pool])
    assert {verdict.verdict for verdict in found} == {"partial"}
    assert "2 pooled, 2 measured but missing here" in found[0].detail


@pytest.mark.parametrize(("estimate", "verdict"), [("-0.20", "reproduced"), ("-0.3", "differs")])
def test_documented_pool_is_judged(estimate: str, verdict: str) -> None:
    pool = pooled(effect("a"), effect("b"))
    first, k = verdicts(claims(estimate=estimate, k="2"), [pool])
    assert (first.verdict, k.verdict) == (verdict, "reproduced")


def test_pool_with_another_number_of_trials_than_printed_is_partial() -> None:
    verdict = verdict_on(claims(estimate="-0.20", k="5"), pooled(effect("a"), effect("b")))
    assert verdict.verdict == "partial"
    assert "the review pooled 5" in verdict.detail


def test_number_of_trials_at_second_hand_documents_nothing() -> None:
    rows = claims(estimate="-0.20") + claims("digest", reading="secondary", k="2")
    assert verdict_on(rows, pooled(effect("a"), effect("b"))).verdict == "partial"


def test_one_printed_weight_per_row_documents_the_pool() -> None:
    rows = [row for trial in "ab" for row in claims(trial, trial=trial, weight="50.0")]
    pool = pooled(effect("a"), effect("b"))
    assert {v.verdict for v in verdicts(rows + claims(estimate="-0.20"), [pool])} == {"reproduced"}
    assert verdict_on(rows[:1], pool).verdict == "partial"


def test_weights_of_other_trials_do_not_document_the_pool() -> None:
    rows = [row for trial in "ax" for row in claims(trial, trial=trial, weight="50.0")]
    assert verdict_on(rows, pooled(effect("a"), effect("b"))).verdict == "partial"


def test_subgroups_are_judged_apart() -> None:
    pools = [pooled(effect("a"), subgroup="A"), pooled(effect("b"), effect("c"), subgroup="B")]
    rows = claims(trial="a", subgroup="A", weight="100.0", estimate="-0.20")
    rows += claims(subgroup="B", estimate="-0.20")
    assert [v.verdict for v in verdicts(rows, pools)] == ["reproduced", "reproduced", "partial"]


def test_nothing_is_reproduced_where_membership_is_inferred() -> None:
    flagged = effect("a", flags=("membership_inferred",))
    rows = claims(estimate="-0.20", k="2", n="200") + [
        row for trial in "ab" for row in claims(trial, trial=trial, estimate="-0.20", weight="50")
    ]
    found = verdicts(rows, [pooled(flagged, effect("b"))])
    assert {verdict.verdict for verdict in found} == {"partial"}
    assert all("inferred" in verdict.detail for verdict in found)


def test_secondary_source_is_compared_and_never_reproduced() -> None:
    rows = claims(k="2") + claims("note", source="note", reading="secondary", estimate="-0.20")
    verdict = verdicts(rows, [pooled(effect("a"), effect("b"))])[1]
    assert verdict.verdict == "partial"
    assert "secondary source: compare, never reproduce towards it" in verdict.detail


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (claims(estimate="-0.2"), "no trial has numbers here"),
        (claims(synthesis="other", estimate="-0.2"), "no pool here for other"),
        (claims(trial="c", estimate="-0.2"), "missing here: VAS"),
        (claims(trial="z", estimate="-0.2"), "no usable numbers of this trial here"),
    ],
)
def test_what_cannot_be_computed_says_why(row: list[Claim], reason: str) -> None:
    pool = pooled(missing=["c"], why_not="no trial has numbers here")
    verdict = verdict_on(row, pool)
    assert (verdict.verdict, verdict.recomputed) == ("not computable", None)
    assert verdict.detail == reason


def test_trial_with_two_comparisons_is_not_guessed_at() -> None:
    pool = pooled(effect("a", contrast="heavy"), effect("a", contrast="light"))
    verdict = verdict_on(claims(trial="a", estimate="-0.20"), pool)
    assert verdict.verdict == "not computable"
    assert "several comparisons" in verdict.detail


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (claims(synthesis=None, k="7"), "a count of the review as a whole"),
        (claims(synthesis=None, n="385"), "a count of the review as a whole"),
        (claims(synthesis=None, count="9081"), "a count that no pool gives"),
        (claims(certainty="moderate"), "a judgement in words"),
        (claims(text="no significant difference"), "a statement in words"),
        (claims(k="seven"), "printed in words"),
    ],
)
def test_words_and_counts_of_the_review_are_not_numeric(row: list[Claim], detail: str) -> None:
    verdict = verdict_on(row, pooled(effect("a")))
    assert (verdict.verdict, verdict.detail) == ("not numeric", detail)


def test_every_pooled_quantity_has_its_number() -> None:
    # made-up numbers: they are passed through, not computed
    pool = pooled(effect("a"), effect("b"), p_value=0.0455, statistic=-2.0, q=3.14, tau2=0.021, i2=68.15)
    rows = claims(
        estimate="-0.20",
        ci_low="-0.40",
        ci_high="0.00",
        p="0.05",
        z="2.00",
        q="3.14",
        tau2="0.02",
        i2="68%",
        k="2",
        n="200",
    )
    assert {verdict.verdict for verdict in verdicts(rows, [pool])} == {"reproduced"}


@pytest.mark.parametrize(("p", "verdict"), [(0.0004, "reproduced"), (0.004, "differs")])
def test_bound_for_p_is_a_bound(p: float, verdict: str) -> None:
    pool = pooled(effect("a"), effect("b"), p_value=p)
    assert verdict_on(claims(p="<0.001", k="2"), pool).verdict == verdict


def test_unknown_arm_sizes_leave_the_number_of_people_open() -> None:
    verdict = verdict_on(claims(n="200", k="1"), pooled(effect("a", n1=None)))
    assert verdict.verdict == "not computable"


def test_every_printed_digit_of_the_companion_review_is_reproduced() -> None:
    """306 rows in four analyses: effect, interval and weight, to RevMan's sixth decimal."""
    reproduction = reproduce(load_review("knee_oa"))
    rows = [verdict for verdict in reproduction.claims if verdict.trial]
    assert len(rows) == 4 * 306
    assert {verdict.verdict for verdict in rows} == {"reproduced"}
    assert all(len(verdict.printed.partition(".")[2]) <= 6 for verdict in rows)
    sizes = [v for v in reproduction.claims if v.quantity in {"k", "n"} and v.synthesis]
    assert [verdict.verdict for verdict in sizes] == ["reproduced"] * 6
    assert reproduction.findings == ()


def test_nothing_of_smith_2017_is_called_reproduced() -> None:
    judged = {verdict.verdict for verdict in reproduce(load_review("smith2017")).claims}
    assert judged == {"partial", "not computable", "not numeric"}


def test_the_findings_about_smith_2017_name_the_abstract_and_the_note() -> None:
    found = reproduce(load_review("smith2017")).findings
    wrong = [f for f in found if f.only_if and "abstract-pain-short" in f.claims]
    assert len(wrong) == 1
    for correction in ("estimate about -0.295", "lower limit about -0.49", "upper limit about 0.00"):
        assert correction in wrong[0].detail
    conflict = [f for f in found if {"abstract-pain-medium", "secondary-pain-medium"} <= set(f.claims)]
    assert [f.kind for f in conflict] == ["source conflict"]
    assert "-1.03 to -0.15" in conflict[0].detail
