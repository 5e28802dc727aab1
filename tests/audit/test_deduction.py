"""Deductions from the printed results of a review whose trials are partly unread."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from claims import printing
from livingmeta import load_review
from livingmeta.audit.candidates import Assumptions
from livingmeta.audit.contradictions import clashes
from livingmeta.audit.deduction import Deduction, came_true, deduce
from livingmeta.language import language
from livingmeta.pages.deductions import assumed, deduced, fate_words
from livingmeta.review.protocol import Review
from livingmeta.words import RefusalError

SMITH = load_review("smith2017")
# Worked by hand from arm sizes: a set of N people in equal arms has a standard error of 2/√N.
NOTE, ABSTRACT = "secondary-pain-short", "abstract-pain-short"


def only(claim: str, *, review: Review = SMITH, **given: Any) -> Deduction:
    (found,) = deduce(review, claim=claim, assumptions=Assumptions(**given) if given else None)
    return found


def test_two_sets_are_as_precise_as_the_note_prints_all_seven_or_all_but_the_pilot() -> None:
    found = only(NOTE)
    assert found.se is not None and (round(found.se[0], 3), round(found.se[1], 3)) == (0.102, 0.107)
    assert found.widest is not None and found.widest.tried == 127
    assert sorted(found.widest.k.tolist()) == [6, 7]
    pilot = {one.label for one in found.candidates if found.holds(one) == "some"}
    assert pilot == {"Littlewood 2014 (pilot)"}
    assert np.nanmax(found.widest.i2_high) < 10  # hardly any heterogeneity is left


def test_the_abstract_is_wide_enough_for_about_a_quarter_of_the_sets() -> None:
    found = only(ABSTRACT)
    assert found.widest is not None and not found.symmetrical
    assert 0.2 < found.widest.subsets.size / found.widest.tried < 0.3


def test_no_t_interval_of_these_trials_is_as_narrow() -> None:
    for name in ("t", "hksj-modified"):
        found = only(NOTE, interval=name)
        assert found.widest is not None and not found.widest.subsets.size
        (clash,) = clashes([found])
        assert clash.claims == (NOTE,)


def test_the_width_of_an_hksj_interval_excludes_no_set_but_its_scatter_bounds_each_trial() -> None:
    """Σ w(y - μ)² is 6W(0.205/2.447)² of seven trials: R: qt(.975, 6) is 2.447."""
    found, wald = only(NOTE, interval="hksj"), only(NOTE)
    assert found.se is None and "by itself it does not say which" in deduced(found)[0]
    assert found.widest is not None and wald.widest is not None and (1 << 7) - 1 in found.widest.subsets
    for place, one in enumerate(found.candidates):
        if not one.known:
            assert wald.widest.trial_low[place] == -2 < found.widest.trial_low[place]


def test_the_standard_error_behind_an_interval_of_t_depends_on_the_number_of_trials() -> None:
    """R: 0.205 / qt(.975, c(1, 6)): half the width of −0.49 to −0.08 as two trials and seven make it."""
    found = only(NOTE, interval="t")
    low, high = found.band(np.array([2, 7, 1]))
    # one trial has its own interval: R: qnorm(.975)
    assert (low + high) / 2 == pytest.approx(
        [0.205 / 12.7062047, 0.205 / 2.4469119, 0.205 / 1.959964], rel=1e-6
    )
    assert found.se == pytest.approx((low[0], high[2]))
    wider = only(NOTE, interval="hksj-modified").band(np.array([7]))
    assert wider[0][0] == 0 and wider[1][0] == pytest.approx(high[1])


def test_what_has_no_bound_is_refused_and_not_guessed() -> None:
    """A pre-post SMD is more precise than its arms say, a bootstrap interval no quantile times an SE."""
    published = tuple(
        claim.model_copy(update={"ci_basis": "asymmetric"}) if claim.claim == NOTE else claim
        for claim in SMITH.published
    )
    assert "said to be none" in str(only(NOTE, review=replace(SMITH, published=published)).why_not)
    methods = SMITH.protocol.methods.model_copy(update={"measure": "SMD-PP"})
    protocol = SMITH.protocol.model_copy(update={"methods": methods})
    found = only(NOTE, review=replace(SMITH, protocol=protocol))
    assert found.widest is not None and "nothing bounds how precise" in " ".join(deduced(found))
    for one in found.unread:
        assert found.holds(one) == "some"
    words = only("abstract-function-short", interval="hksj-modified")
    assert words.widest is None and "scatter" in str(words.why_not)


def test_known_effects_that_contradict_the_words_are_a_clash() -> None:
    """With Rathleff's and Holmgren's effects alone the mean is far below 0, whatever Maenhout shows."""
    keep = {"rathleff2015", "holmgren2012", "maenhout2013"}
    rows = tuple(row for row in SMITH.outcomes if row.trial in keep)
    gaps = tuple(gap for gap in SMITH.gaps if gap.trial == "maenhout2013")
    small = replace(SMITH, outcomes=rows, gaps=gaps)
    found = only("abstract-function-short", review=small, largest=0.1, common=True)
    (clash,) = clashes([found])
    assert "contradict the words" in clash.why and "contradict the words" in deduced(found)[0]
    random = only("abstract-function-short", review=small, largest=0.1)  # heterogeneity explains it
    assert clashes([random]) == () and "Without heterogeneity" in deduced(random)[0]


def test_an_i2_of_100_percent_leaves_q_no_upper_end() -> None:
    limits = {"estimate": "-0.27", "ci_low": "-1.54", "ci_high": "1.00"}
    for name, given in {"q": {}, "tau2": {"i2": "tau2"}, "both": {"tau2": "DL"}}.items():
        plain, full = (
            only(NOTE, review=printing(SMITH, NOTE, **limits, **more), **given, largest=None).widest
            for more in ({}, {"i2": "100%"})
        )
        assert plain is not None and full is not None
        # so much τ² makes several trials less precise than printed
        assert name == "q" or set(full.k.tolist()) == {1}
        assert name != "q" or (full.trial_low[~np.isnan(full.trial_low)] == -np.inf).all()
        assert set(full.subsets.tolist()) <= set(plain.subsets.tolist())


def claims_of(*claims: dict[str, str]) -> Review:
    """Print each of these by a claim of its own, a, b, c …, in place of all claims."""
    like = next(row for row in SMITH.published if row.claim == NOTE and row.quantity == "estimate")
    rows = [
        like.model_copy(update={"claim": key, "quantity": name, "printed": text})
        for key, numbers in zip("abcd", claims, strict=False)
        for name, text in numbers.items()
    ]
    return replace(SMITH, published=tuple(rows))


NARROW = {"estimate": "-0.28", "ci_low": "-0.49", "ci_high": "-0.08"}  # six trials or seven: see above


@pytest.mark.parametrize(
    ("claims", "smallest"),
    [
        ([NARROW, {"k": "7"}, {"n": "385"}], []),
        ([NARROW, {"k": "5"}], ["ab"]),
        ([NARROW, {"k": "5"}, {"k": "6"}], ["ab", "bc"]),
        # a needs 219 people, by arms: of three trials only 97 + 70 + 61 are as many, 210 at least
        ([{"estimate": "-0.28", "ci_low": "-0.54", "ci_high": "-0.02"}, {"k": "3"}, {"n": "200"}], ["abc"]),
        ([NARROW | {"estimate": "-0.28", "ci_low": "-0.33", "ci_high": "-0.23"}, {"k": "7"}], ["a"]),
        # R: 2 * pnorm(-.28 / (.41 / 3.92)) is 0.007: no P above 0.05 and no words that deny it
        ([NARROW, {"p": ">0.05"}, {"text": "no significant difference"}], ["ab", "ac"]),
        ([NARROW, {"p": "0.01"}, {"text": "significant difference"}], []),
        # another interval of one source is no other pool's, of which Q and I² are as here
        ([NARROW, {"estimate": "-0.27", "ci_low": "-0.54", "ci_high": "0.00"}], ["ab"]),
    ],
)
def test_a_contradiction_names_the_fewest_claims_that_can_not_all_be_true(
    claims: list[dict[str, str]], smallest: list[str]
) -> None:
    found = clashes(deduce(claims_of(*claims)))
    assert sorted("".join(clash.claims) for clash in found) == smallest


def test_of_two_sources_only_the_trials_are_the_same() -> None:
    """They may have pooled in two ways: a source conflict is `reproduce`'s to name, and k still counts."""

    def told(*claims: dict[str, str]) -> list[str]:
        review = claims_of(*claims)
        rows = (
            row.model_copy(update={"source": row.claim, "reading": "secondary"}) for row in review.published
        )
        return ["".join(clash.claims) for clash in clashes(deduce(replace(review, published=tuple(rows))))]

    wide = {"estimate": "-0.27", "ci_low": "-0.54", "ci_high": "0.00"}
    assert told(NARROW, wide) == [] and told(NARROW, {"text": "no significant difference"}) == []
    assert told(NARROW, wide, {"k": "5"}) == ["ac"]


def test_an_assumption_that_is_switched_off_leaves_more_open() -> None:
    def width(**given: Any) -> tuple[int, float]:
        sets = only(ABSTRACT, **given).widest
        assert sets is not None and sets.mean is not None
        return sets.subsets.size, sets.mean[1] - sets.mean[0]

    strict = width(losses=0.0, largest=1.0, common=True)
    for looser in ({"losses": 0.5}, {"largest": None}, {"common": False}):
        assert all(
            more >= less - 1e-12
            for more, less in zip(
                width(**{"losses": 0.0, "largest": 1.0, "common": True} | looser), strict, strict=True
            )
        )


def with_pain(mean: float) -> Review:
    """Make up Maenhout's rows on pain, from another trial's that are of one arm each."""
    like = next(
        r for r in SMITH.outcomes if (r.trial, r.outcome, r.weeks) == ("rathleff2015", "function", 13)
    )
    rows = {"trial": "maenhout2013", "outcome": "pain", "mean": mean, "row": 99}
    return replace(SMITH, outcomes=(*SMITH.outcomes, like.model_copy(update=rows)))


@pytest.mark.parametrize(("mean", "held"), [(10.0, True), (-60.0, False)])
def test_a_deduction_comes_true_or_breaks_when_the_number_comes_in(mean: float, held: bool) -> None:
    """Maenhout is all that is unread in one synthesis: its rows are made up here, from another's."""
    claim = "abstract-function-short"
    like = next(
        r for r in SMITH.outcomes if (r.trial, r.outcome, r.weeks) == ("rathleff2015", "function", 13)
    )
    made_up = like.model_copy(update={"trial": "maenhout2013", "mean": mean, "row": 99})
    after = replace(SMITH, outcomes=(*SMITH.outcomes, made_up))
    (fate,) = came_true(deduce(SMITH, claim=claim), deduce(after, claim=claim))
    assert (fate.label, fate.held) == ("Maenhout 2013", held)
    assert ("did not come true" in fate_words(fate)) != held
    # of each of four, nothing was said there; but an estimator of τ² would have left something
    fates = came_true(deduce(SMITH, claim=NOTE), deduce(with_pain(mean), claim=NOTE))
    assert [fate.by for fate in fates] == ["DL", "PM", "REML"]
    assert all("if τ² was estimated by" in fate_words(fate) for fate in fates)
    assert {fate.held for fate in fates} == {held}


@pytest.mark.parametrize(("mean", "words"), [("10", "came true"), ("-60", "did not come true")])
def test_adding_a_result_says_which_deductions_came_true(
    say: Callable[..., Any], tmp_path: Path, mean: str, words: str
) -> None:
    """The rows are made up, of the scale that another trial of the synthesis has."""
    home = tmp_path / "smith2017"
    shutil.copytree(Path(__file__).parents[2] / "data" / "smith2017", home)
    form = tmp_path / "form.csv"
    say("template", str(home), "--out", str(form))
    header = form.read_text(encoding="utf-8-sig").splitlines()[-1].split(",")
    cells = {"label": "Maenhout 2013", "instrument": "ffi", "outcome": "function", "weeks": "13"}
    cells |= {
        "group": "difference",
        "statistic": "final",
        "n1": "24",
        "n2": "24",
        "locator": "none",
        "citation": "Made up",
        "measure": "MD",
    }
    low, high = int(mean) - 23, int(mean) + 23
    with form.open("a", encoding="utf-8", newline="") as file:
        result = f"{mean} (95% CI {low} to {high})"
        csv.DictWriter(file, header).writerow(cells | {"result": result, "quote": result})
    told = say("add", str(home), "--from", str(form), "--dry-run", "--out", str(tmp_path / "f"))
    assert f"What was deduced of Maenhout 2013 {words}" in told.flat, told.err


@pytest.mark.parametrize(
    ("instead", "se"),
    [
        # R: c(.275, .285) / c(2.705, 2.695)
        ({"z": "2.70"}, (0.1017, 0.1058)),
        ({"z": "-2.70"}, (0.1017, 0.1058)),
        # R: c(.275, .285) / qnorm(c(.0065, .0075) / 2, lower.tail = FALSE)
        ({"p": "0.007"}, (0.1010, 0.1066)),
        # R: .285 / qnorm(.05 / 2, lower.tail = FALSE)
        ({"p": "<0.05"}, (0.0, 0.1454)),
    ],
)
def test_where_no_limits_are_printed_z_and_p_say_how_precise_it_is(
    instead: dict[str, str], se: tuple[float, float]
) -> None:
    found = only(NOTE, review=printing(SMITH, NOTE, estimate="-0.28", **instead))
    assert found.se == pytest.approx(se, abs=5e-5)
    assert found.widest is not None and (1 << 7) - 1 in found.widest.subsets.tolist()
    assert "No limits are printed" in " ".join(deduced(found))
    ((name, text),) = instead.items()
    assert found.shown == f"−0.28, {name.upper()} {text.replace('-', '−').replace('<', '< ')}"


def test_p_above_a_bound_leaves_the_standard_error_no_upper_end() -> None:
    """R: .275 / qnorm(.05 / 2, lower.tail = FALSE)"""
    found = only(NOTE, review=printing(SMITH, NOTE, estimate="-0.28", p=">0.05"))
    assert found.se is not None and found.se == (pytest.approx(0.14031, abs=5e-6), np.inf)
    # τ² makes any set as imprecise; without an unread trial it must have the mean, too
    assert found.widest is not None
    read = sum(1 << place for place, one in enumerate(found.candidates) if one.known)
    assert all(bits & ~read == 0 for bits in set(range(1, 128)) - set(found.widest.subsets.tolist()))
    assert found.zero is not None and found.zero.subsets.size < 127


def test_of_an_estimate_alone_each_set_is_possible_and_the_mean_of_the_unread_follows() -> None:
    found = only(NOTE, review=printing(SMITH, NOTE, estimate="-0.28"), largest=0.5)
    assert found.se is None and "Nothing is printed that says how precise" in deduced(found)[0]
    assert found.widest is not None and found.widest.mean is not None
    # Rathleff's -0.72 alone is no -0.28, and nor are the three known ones by any weights but some
    assert 100 < found.widest.subsets.size < 127


def test_p_alone_says_as_much_as_words_that_deny_a_difference() -> None:
    """In words the level is that of the interval, 5%; P > 0.05 says the same, and P = 0.03 less."""
    claim = "abstract-function-short"
    words, same, less = (
        only(claim, review=review).widest
        for review in (SMITH, *(printing(SMITH, claim, like="text", p=p) for p in (">0.05", "0.030")))
    )
    assert words is not None and same is not None and less is not None
    assert same.mean == pytest.approx(words.mean) and less.mean != pytest.approx(words.mean)
    assert only(claim, review=printing(SMITH, claim, like="text", p=">0.05")).shown == "P > 0.05"
    assert deduce(printing(SMITH, claim, like="text", p="<0.001"), claim=claim) == ()


def test_a_printed_q_or_i2_bounds_the_unread_effects_and_tau2() -> None:
    """Of seven trials an I² of 0% leaves Q ≤ 6/(1 − 0.005), and hardly any τ² by DerSimonian and Laird."""
    limits = {"estimate": "-0.27", "ci_low": "-0.54", "ci_high": "0.00"}
    plain = only(NOTE, review=printing(SMITH, NOTE, **limits)).widest
    for more in ({"i2": "0%"}, {"q": "3.10"}):
        by_q, both, by_tau2 = (
            only(NOTE, review=printing(SMITH, NOTE, **limits, **more), **given).widest
            for given in ({}, {"tau2": "DL"}, {"i2": "tau2"})
        )
        assert plain is not None and by_q is not None and both is not None and by_tau2 is not None
        for sets in (by_q, both):
            assert set(sets.subsets.tolist()) <= set(plain.subsets.tolist())
            unread = ~np.isnan(plain.trial_low)
            assert (sets.trial_low[unread] > plain.trial_low[unread]).all()
            assert (sets.trial_high[unread] < plain.trial_high[unread]).all()
        assert both.tau2_high.max() < 0.01 < by_q.tau2_high.max()
        assert (by_tau2.tau2_high.max() < 0.01) == ("i2" in more)


@pytest.mark.parametrize(
    ("printed", "least", "most"), [("0.00", 0.0, 0.005), ("0.03", 0.025, 0.035), ("<0.01", 0.0, 0.01)]
)
def test_a_printed_tau2_counts_to_its_digits_unless_a_common_effect_was_pooled(
    printed: str, least: float, most: float
) -> None:
    review = printing(SMITH, NOTE, estimate="-0.27", ci_low="-0.54", ci_high="0.00", tau2=printed)
    sets, free = (only(NOTE, review=review, common=common).widest for common in (False, True))
    assert sets is not None and free is not None and sets.subsets.size > 0
    assert least - 1e-12 <= sets.tau2_low.min() and sets.tau2_high.max() <= most + 1e-12
    assert free.tau2_high.max() == 0
    assert "Printed τ² counts" in " ".join(deduced(only(NOTE, review=review)))


def test_gaps_are_listed_by_what_they_would_settle(say: Callable[..., Any]) -> None:
    """Maenhout is all that is unread in one synthesis: its number settles that one wholly."""
    out = say("gaps", "smith2017", "--full").out
    labels = [line.split(" (would add")[0] for line in out.splitlines() if "(would add" in line]
    assert labels[0] == "Maenhout 2013"
    assert "would settle 100% of what function-short leaves open" in " ".join(out.split())
    assert len(labels) == len(set(labels))


def test_words_that_deny_a_difference_bound_the_one_unread_trial() -> None:
    """|Σwy|/√Σw ≤ 1.96 over the five trials that measured function in the short term."""
    found = only("abstract-function-short")
    (unread,) = found.unread
    assert unread.label == "Maenhout 2013" and found.widest is not None and found.widest.mean is not None
    rng, known = np.random.default_rng(1), [one for one in found.candidates if one.known]
    shape = (20_000, len(known))
    w = 1 / rng.uniform(*np.array([one.variance for one in known]).T, shape)
    y = np.take_along_axis(
        np.array([one.effect for one in known]).T[None], rng.integers(0, 2, shape)[:, None], axis=1
    )[:, 0]
    own = 1 / rng.uniform(*unread.variance, shape[0])
    most = 1.96 * np.sqrt(w.sum(axis=1) + own)
    allowed = np.concatenate([(sign * most - (w * y).sum(axis=1)) / own for sign in (-1, 1)])
    low, high = found.widest.mean
    assert low <= min(allowed) <= low + 0.15
    assert high == 2.0 < max(allowed)


def test_the_trial_that_would_settle_most_is_the_largest_unread_one() -> None:
    ranking = only(NOTE).ranking
    assert [one.candidate.label for one in ranking][:2] == ["Holmgren 2012", "Maenhout 2013"]
    assert all(0 < one.share < 1 for one in ranking)


def test_a_trial_of_unknown_size_is_never_excluded() -> None:
    """The feasibility trial of the update names no number of people."""
    for found in deduce(load_review("living")):
        for one in found.candidates:
            if not np.isfinite(one.people[1]):
                assert found.holds(one) != "none"


def test_words_say_what_holds_with_heterogeneity_too() -> None:
    """Where it is only known that nobody shows more than ±2, nothing is left of them."""
    found = only("abstract-pain-long")
    assert "With heterogeneity the words leave it open." in deduced(found)
    assert found.any is not None and found.any.mean == (-2.0, 2.0) and found.any.tau2_high.max() > 1


def test_what_is_taken_of_the_methods_is_what_is_known_of_the_authors() -> None:
    """Methods of a review that extends another are ours, and those of smith2017 are said to be assumed."""
    for found in deduce(load_review("living")):
        assert (found.assumptions.interval, found.assumptions.tau2) == ("wald", "any")
    methods = SMITH.protocol.methods.model_copy(update={"assumed": None})
    stated = replace(SMITH, protocol=SMITH.protocol.model_copy(update={"methods": methods}))
    assert only(NOTE).assumptions.tau2 == "any" and only(NOTE, review=stated).assumptions.tau2 == "DL"
    assert "DerSimonian" in assumed(only(NOTE, review=stated).assumptions)


def test_what_nobody_asked_for_is_refused() -> None:
    for given in ({"interval": "wide"}, {"largest": 0.0}, {"losses": 1.0}):
        with pytest.raises(RefusalError):
            Assumptions(**given)
    with pytest.raises(RefusalError, match="claim"):
        deduce(SMITH, claim="abstract-pain")


def test_it_is_said_in_either_language(say: Callable[..., Any]) -> None:
    nb = language("nb")
    for found in map(only, (NOTE, "abstract-function-short")):
        for told in (*deduced(found), assumed(found.assumptions)):
            assert told and nb.word(told) != told
            assert not {"the", "of", "and", "with"} & set(nb.word(told).lower().split())


def test_the_command_says_what_is_deduced_and_what_is_assumed(say: Callable[..., Any]) -> None:
    typed = say("deduce", "smith2017", "--claim", NOTE)
    assert typed.status == 0
    text = " ".join(typed.out.split())
    assert "2 of the 127 sets of 7 trials can be that precise" in text
    assert "In some: Littlewood 2014 (pilot)." in text
    assert "never pooled" in text and "±2.0" in text
    loose = say("deduce", "smith2017", "--claim", NOTE, "--largest", "inf")
    assert "may show any SMD" in " ".join(loose.out.split())
