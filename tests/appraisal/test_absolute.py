"""People per 1,000 as the Cochrane Handbook computes them, and nothing where none can be said."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folders import ARM, INSTRUMENT, SOURCE, TRIAL, folder
from livingmeta.appraisal.absolute import RISKS, Baseline, absolute, baseline_risks
from livingmeta.appraisal.certainty import summary_of_findings
from livingmeta.appraisal.dossier import Dossier
from livingmeta.audit.results import results_of
from livingmeta.pages.phrases import absolute_words
from livingmeta.pages.report import html, markdown
from livingmeta.review.folder import ReviewError, load_review

THREE_IN_TEN = Baseline(name="declared", risk=0.3)


def counts(path, *arms, measure="RR", better="lower", toml="", dataset=SOURCE, **tables):
    """Build a review of trials with (events1, n1, events2, n2)."""
    names = [f"trial{i}" for i in range(len(arms))]
    rows = [
        {**ARM, "trial": name, "report": "", "group": group, "n": str(n), "events": str(events)}
        for name, (a, n1, c, n2) in zip(names, arms, strict=True)
        for group, events, n in (("1", a, n1), ("2", c, n2))
    ]
    made = folder(
        path,
        toml=('measure = "SMD"', f'measure = "{measure}"'),
        sources=[{**dataset, "kind": "dataset"}],
        trials=[{**TRIAL, "trial": name, "label": name.title(), "n_randomised": "200"} for name in names],
        reports=[],
        instruments=[{**INSTRUMENT, "better": better}],
        outcomes=rows,
        **tables,
    )
    protocol = made / "review.toml"
    text = protocol.read_text("utf-8")
    title = 'title = "Pain, short term"\n'
    protocol.write_text(text.replace(title, title + toml), encoding="utf-8")
    return made


def found(path, *arms, **given):
    return summary_of_findings(load_review(counts(path, *arms, **given)))[0]


@pytest.mark.parametrize(
    ("measure", "effect", "fewer"),
    [
        # Cochrane Handbook 5.1, 12.5.4.2: RR 0.92 at a risk of 0.3 is "24 fewer per 1000"
        ("log RR", math.log(0.92), -24),
        # 12.5.4.3: OR 0.73 at a risk of 0.3 is "62 fewer per 1000"
        ("log OR", math.log(0.73), -62),
        # 12.5.4.0: "a risk difference of –0.133 corresponds to 133 fewer participants"
        ("RD", -0.133, -133),
        # 11.5.5: RR 0.75 reduces a risk of 80% to 60%, and one of 20% to 15%: see below
    ],
)
def test_people_per_1000_are_those_of_the_handbook(measure, effect, fewer) -> None:
    one = absolute(measure, effect, effect, effect, baseline=THREE_IN_TEN)
    assert round(one.difference) == fewer


@pytest.mark.parametrize(("risk", "fewer"), [(0.8, -200), (0.2, -50)])
def test_one_risk_ratio_is_more_people_where_the_risk_is_higher(risk, fewer) -> None:
    """Handbook 5.1, 11.5.5: a risk ratio of 0.75 takes 80% to 60%, and 20% to 15%."""
    one = absolute("log RR", *[math.log(0.75)] * 3, baseline=Baseline(name="low", risk=risk))
    assert one.difference == pytest.approx(fewer)


@given(
    st.sampled_from(sorted(RISKS)),
    st.lists(st.floats(-6, 6), min_size=3, max_size=3).map(sorted),
    st.floats(0.001, 0.999),
)
def test_no_risk_leaves_0_to_1_and_limits_keep_their_order(measure, effect, risk) -> None:
    low, estimate, high = effect
    try:
        one = absolute(measure, estimate, low, high, baseline=Baseline(name="low", risk=risk))
    except ValueError as refusal:
        assert "would make" in str(refusal)
        return
    assert -1000 * risk - 1e-9 <= one.low <= one.difference <= one.high
    assert one.high <= 1000 * (1 - risk) + 1e-9


@given(st.floats(-4, 4), st.floats(0.01, 0.99))
def test_an_odds_ratio_counts_the_same_people_from_either_event(effect, risk) -> None:
    """Those without it have the inverse odds: as many more of them as fewer with it."""
    one = absolute("log OR", *[effect] * 3, baseline=Baseline(name="low", risk=risk))
    other = absolute("log OR", *[-effect] * 3, baseline=Baseline(name="low", risk=1 - risk))
    assert one.difference == pytest.approx(-other.difference, abs=1e-9)


@pytest.mark.parametrize(("effect", "people"), [(1e6, 700), (-1e6, -300), (800, 700)])
def test_an_odds_ratio_beyond_all_numbers_is_everybody_or_nobody(effect, people) -> None:
    one = absolute("log OR", *[effect] * 3, baseline=THREE_IN_TEN)
    assert one.difference == pytest.approx(people)
    if effect > 0:
        with pytest.raises(ValueError, match="would make a risk of 30% one of"):
            absolute("log RR", *[effect] * 3, baseline=THREE_IN_TEN)


TRIALS = ((4, 40, 8, 40), (10, 50, 16, 80), (30, 60, 36, 60), (1, 20, 3, 20))


def test_risks_are_those_of_group_2_each_with_its_trial(tmp_path) -> None:
    one = found(tmp_path, *TRIALS)
    risks = one.absolute.baselines
    assert (risks.low.risk, risks.low.who, risks.low.people) == (0.15, "Trial3", 20)
    assert risks.typical.risk == pytest.approx(0.2)
    assert (risks.high.risk, risks.high.events) == (0.6, 36)
    ratio = math.exp(one.pool.result.estimate)
    assert [round(at.difference, 6) for at in one.absolute.effects] == [
        round(1000 * p * (ratio - 1), 6) for p in (0.15, 0.2, 0.6)
    ]


def test_a_risk_of_0_is_no_baseline_and_counts_in_the_median(tmp_path) -> None:
    one = found(tmp_path, (2, 20, 0, 20), (3, 20, 0, 20), (4, 20, 2, 20), measure="OR")
    risks = one.absolute.baselines
    assert (risks.low.risk, risks.typical, risks.known) == (0.1, None, 3)
    assert [at.baseline.name for at in one.absolute.effects] == ["low"]


def test_where_more_events_are_better_the_event_is_still_what_is_counted(tmp_path) -> None:
    """The ratio is turned so that below 1 favours group 1; people are counted as they are."""
    plain = found(tmp_path / "a", *TRIALS).absolute.effects
    turned = found(tmp_path / "b", *TRIALS, better="higher")
    assert all(effect.turned for effect in turned.pool.effects)
    for one, other in zip(plain, turned.absolute.effects, strict=True):
        assert other.difference == pytest.approx(one.difference)
        assert (other.low, other.high) == pytest.approx((one.low, one.high))


def test_declared_risks_stand_in_the_place_of_the_trials(tmp_path) -> None:
    toml = 'baseline_risk = [{ risk = 0.05, who = "people under 50", source = "paper" }]\n'
    one = found(tmp_path, *TRIALS, toml=toml)
    (at,) = one.absolute.effects
    assert (at.baseline.risk, at.baseline.who) == (0.05, "people under 50")
    _, (first,), note = absolute_words(one)
    assert first.endswith("at a risk of 50 per 1,000 with comparison (people under 50 [paper])")
    assert "chance included" not in note


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('{ risk = 0.05, who = "all", source = "papper" }', "Did you mean paper"),
        ('{ risk = 5, who = "all", source = "paper" }', "baseline_risk"),
        ('{ risk = 0.05, source = "paper" }', "baseline_risk 1, who"),
    ],
)
def test_a_declared_risk_needs_a_source_and_is_a_share(tmp_path, toml, words) -> None:
    with pytest.raises(ReviewError, match=words):
        found(tmp_path, *TRIALS, toml=f"baseline_risk = [{toml}]\n")


def test_a_limit_beyond_all_people_is_said_to_be_cut(tmp_path) -> None:
    one = found(tmp_path, (19, 20, 17, 20), (18, 20, 16, 20), (17, 20, 16, 20))
    assert any(at.capped for at in one.absolute.effects)
    assert "taken as that" in absolute_words(one)[1][-1]


def test_a_risk_difference_is_the_same_people_at_every_risk(tmp_path) -> None:
    one = found(tmp_path, *TRIALS, measure="RD")
    (at,) = one.absolute.effects
    assert at.baseline is None
    assert at.difference == pytest.approx(1000 * one.pool.result.estimate)
    _, (line,), _ = absolute_words(one)
    assert "at every baseline risk" in line


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("HR", "In people per 1,000: not known, from such effects no number of people is computed here."),
        (
            "OR",
            "In people per 1,000: not known, no baseline risk is known: no trial tells how "
            "many of group 2 had the event.",
        ),
        ("GEN", ""),
    ],
)
def test_effects_that_come_computed_tell_no_baseline_risk(tmp_path, measure, said) -> None:
    rows = [
        {
            **ARM,
            "report": "",
            "n": "",
            "group": "difference",
            "measure": measure,
            "mean": "0.8",
            "ci_low": "0.6",
            "ci_high": "1.1",
            "ci_level": "95",
        }
    ]
    made = folder(
        tmp_path,
        toml=('measure = "SMD"', f'measure = "{measure}"'),
        sources=[{**SOURCE, "kind": "dataset"}],
        reports=[],
        outcomes=rows,
    )
    one = summary_of_findings(load_review(made))[0]
    assert one.pool.result is not None
    assert absolute_words(one) == (said, [], "")
    assert not one.absolute.effects


def test_a_shared_control_arm_is_one_risk(tmp_path) -> None:
    made = counts(tmp_path, (4, 40, 8, 40), (10, 40, 8, 40))
    path = made / "outcomes.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    place = header.split(",").index("contrast")
    cells = [row.replace("trial1", "trial0").split(",") for row in rows]
    for i, row in enumerate(cells):
        row[place] = "ab"[i // 2]
    path.write_text("\n".join([header, *map(",".join, cells)]), encoding="utf-8")
    (pool,) = (one.pool for one in summary_of_findings(load_review(made)))
    assert len(pool.effects) == 2
    risks = baseline_risks(pool.effects)
    assert (risks.low.people, risks.low.who, risks.known) == (40, "Trial0", 1)


def test_pages_and_command_say_the_same_people(tmp_path, say) -> None:
    made = counts(tmp_path, *TRIALS)
    results = results_of(load_review(made))
    one = summary_of_findings(results.review)[0]
    head, items, note = absolute_words(one)
    said = say("certainty", str(made), "--out", str(tmp_path / "out"))
    given = {"figures": {}, "version": "x"}
    known = Dossier(review=results.review)
    page, web = markdown(known, **given), html(known, **given)
    for line in (head, *items, note):
        assert line in said.flat
        assert line in page
        assert line in web
    document = json.loads(say("certainty", str(made), "--json").out)
    (first,) = document["summary_of_findings"]
    assert [at["difference"] for at in first["absolute"]["effects"]] == [
        at.difference for at in one.absolute.effects
    ]
    assert "I personer per 1000 med hendelsen" in markdown(known, lang="nb", **given)
