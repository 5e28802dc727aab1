"""People are counted once, effects that share them say so, and each remedy is metafor's."""

from pathlib import Path

import pytest

from folders import ARM1, ARM2, folder
from livingmeta.appraisal.choices import with_arms
from livingmeta.appraisal.dossier import Dossier
from livingmeta.exchange.imports import reviews_in
from livingmeta.figures.marks import notes
from livingmeta.language import FLAG_WORDS
from livingmeta.pages.explorer import explorer_page
from livingmeta.pages.phrases import people, spread
from livingmeta.review.folder import load_review
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise

# Ash has two arms against one control group of 34.
SHARED = """study,year,mean1,sd1,n1,mean2,sd2,n2
Ash,2015,12.6,8.1,33,16.4,7.8,34
Ash,2015,11.2,8.4,31,16.4,7.8,34
Birch,2018,9.1,4.4,52,11.0,5.1,49
Cedar,2020,10.2,5.0,40,11.1,5.2,41
"""
COUNTS = """study,events1,n1,events2,n2
Ash 2015,8,40,13,41
Ash 2015,10,38,13,41
Birch 2018,5,50,9,48
Cedar 2020,12,60,20,61
"""
DEPENDENT = {"dependent_effects", "shared_group", "duplicate_numbers", "several_arms_kept"}


def pooled(path: Path, table: str, *, several_arms: str | None = None, **methods: str | None) -> list[Pool]:
    """Pool a plain table as `livingmeta pool` does."""
    file = path / "table.csv"
    file.write_text(table, encoding="utf-8")
    (review,), _ = reviews_in(file)
    if several_arms is not None:
        review = with_arms(review, several_arms)
    return list(synthesise(review, settings=settings_of(review.protocol.methods, **methods)))


def flags(pool: Pool) -> set[str]:
    return DEPENDENT & set(pool.flags)


@pytest.mark.parametrize(
    ("several_arms", "expected"),
    [
        # m1 <- c(12.6, 11.2, 9.1, 10.2), sd1, n1, m2, sd2 as in SHARED; metafor 4, REML:
        # rma(measure="SMD", m1i=m1, sd1i=s1, n1i=k1, m2i=m2, sd2i=s2, n2i=c(17, 17, 49, 41))
        ("split", (-0.37694173, -0.61751631, -0.13636715)),
        # n <- 64; mm <- (33*12.6 + 31*11.2)/n
        # sd <- sqrt((32*8.1^2 + 30*8.4^2 + 33*(12.6-mm)^2 + 31*(11.2-mm)^2)/(n-1))
        # rma(measure="SMD", m1i=c(mm, 9.1, 10.2), sd1i=c(sd, 4.4, 5), n1i=c(64, 52, 40),
        #     m2i=c(16.4, 11, 11.1), sd2i=c(7.8, 5.1, 5.2), n2i=c(34, 49, 41))
        ("combine", (-0.37898402, -0.61954997, -0.13841806)),
    ],
)
def test_a_shared_control_of_means_is_split_or_combined_as_by_metafor(
    several_arms: str, expected: tuple[float, ...], tmp_path: Path
) -> None:
    (pool,) = pooled(tmp_path, SHARED, several_arms=several_arms, name="metafor")
    assert pool.result is not None
    found = (pool.result.estimate, pool.result.ci_low, pool.result.ci_high)
    assert found == pytest.approx(expected, abs=1e-7)
    assert pool.people.all == 33 + 31 + 34 + 52 + 49 + 40 + 41


@pytest.mark.parametrize(
    ("measure", "several_arms", "expected"),
    [
        # rma(measure=me, ai=c(8,10,5,12), n1i=c(40,38,50,60), ci=c(6.5,6.5,9,20),
        #     n2i=c(20.5,20.5,48,61))
        ("OR", "split", (-0.59002623, -1.11806337, -0.06198909)),
        ("RR", "split", (-0.43676759, -0.83565246, -0.03788272)),
        ("RD", "split", (-0.10031585, -0.18860540, -0.01202631)),
        # rma(measure=me, ai=c(18,5,12), n1i=c(78,50,60), ci=c(13,9,20), n2i=c(41,48,61))
        ("OR", "combine", (-0.59019362, -1.11788077, -0.06250646)),
        ("RR", "combine", (-0.43816787, -0.83683961, -0.03949613)),
        ("RD", "combine", (-0.10022886, -0.18853442, -0.01192330)),
    ],
)
def test_a_shared_control_of_counts_is_split_or_combined_as_by_metafor(
    measure: str, several_arms: str, expected: tuple[float, ...], tmp_path: Path
) -> None:
    found = pooled(tmp_path, COUNTS, several_arms=several_arms, measure=measure, name="metafor")[0]
    assert found.result is not None
    ends = (found.result.estimate, found.result.ci_low, found.result.ci_high)
    assert ends == pytest.approx(expected, abs=1e-7)
    assert not found.dropped
    assert found.people.all == 40 + 38 + 41 + 50 + 48 + 60 + 61


# e <- rma(yi, vi); robust(e, cluster, clubSandwich=TRUE): b, ci.lb, ci.ub, se, dfs, pval;
# data and measure as above, cluster = c(1, 1, 2, 3)
@pytest.mark.parametrize(
    ("table", "measure", "expected"),
    [
        (SHARED, "SMD", (-0.40241446, -0.87887439, 0.07404548, 0.10679041, 1.92745151, 0.06751117)),
        (COUNTS, "OR", (-0.56648178, -1.09589532, -0.03706825, 0.10307640, 1.69518905, 0.04479385)),
        (COUNTS, "RR", (-0.41749217, -0.93746770, 0.10248336, 0.08980463, 1.54246425, 0.06921943)),
        (COUNTS, "RD", (-0.09880674, -0.15168401, -0.04592947, 0.01212128, 1.97171340, 0.01534440)),
    ],
)
def test_the_cluster_robust_mean_is_that_of_clubsandwich(
    table: str, measure: str, expected: tuple[float, ...], tmp_path: Path
) -> None:
    (pool,) = pooled(tmp_path, table, measure=measure, name="metafor", cluster="trial")
    one = pool.result
    assert one is not None
    found = (one.estimate, one.ci_low, one.ci_high, one.se, one.ci_df, one.p_value)
    assert found == pytest.approx(expected, abs=1e-6)
    assert (one.ci_method, one.pi_low) == ("CR2", None)
    assert not flags(pool)


COMPUTED = """study,yi,vi
a,-0.41,0.05
a,-0.12,0.04
a,0.2,0.06
b,-0.35,0.09
c,0.05,0.02
c,0.6,0.05
d,-0.2,0.07
"""


# robust(rma(yi, vi, method=...), cluster=study, clubSandwich=TRUE), "EE" for a common effect
@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ({"tau2": "REML"}, (-0.01718769, -0.61342643, 0.57905104, 2.11516505)),
        ({"tau2": "DL"}, (-0.01656750, -0.61671365, 0.58357866, 2.10341774)),
        ({"model": "common"}, (-0.00071753, -0.72551471, 0.72407964, 1.76953691)),
    ],
)
def test_the_cluster_robust_mean_takes_the_weights_of_its_model(
    methods: dict[str, str], expected: tuple[float, ...], tmp_path: Path
) -> None:
    (pool,) = pooled(tmp_path, COMPUTED, cluster="trial", **methods)
    one = pool.result
    assert one is not None
    found = (one.estimate, one.ci_low, one.ci_high, one.ci_df)
    assert found == pytest.approx(expected, abs=2e-5)


BOTH = {"dependent_effects", "shared_group"}
MANY = "Birch,2018,9.1,4.4,52,11.0,5.1,49\nCedar,2020,10.2,5.0,40,11.1,5.2,41\n"
HEAD = "study,year,mean1,sd1,n1,mean2,sd2,n2\n"
VARIANTS = {
    "a shared control group": (SHARED, BOTH, 280),
    "a shared experimental group": (
        HEAD + "Ash,2015,12.6,8.1,33,16.4,7.8,34\nAsh,2015,12.6,8.1,33,15.0,8.8,36\n" + MANY,
        BOTH,
        33 + 34 + 36 + 182,
    ),
    "equal groups on other sides": (
        HEAD + "Ash,2015,12.6,8.1,33,16.4,7.8,34\nAsh,2015,16.4,7.8,34,11.2,8.4,31\n" + MANY,
        BOTH,
        33 + 34 + 31 + 182,
    ),
    "counts": (COUNTS, BOTH, 40 + 38 + 41 + 50 + 48 + 60 + 61),
    "three arms against one": (
        HEAD + "".join(f"Ash,2015,{m},8.{m},3{m},16.4,7.8,34\n" for m in (1, 2, 3)) + MANY,
        BOTH,
        31 + 32 + 33 + 34 + 182,
    ),
    "nothing shared": (
        HEAD + "Ash,2015,12.6,8.1,33,16.4,7.8,34\nAsh,2015,11.2,8.4,31,15.1,7.7,30\n" + MANY,
        {"dependent_effects"},
        33 + 34 + 31 + 30 + 182,
    ),
    "effects that come computed": (COMPUTED, {"dependent_effects"}, None),
    "the same people on another scale": (
        HEAD + "Ash,2015,12.6,8.1,33,16.4,7.8,34\nAsh,2015,3.2,1.4,33,4.1,1.7,34\n" + MANY,
        {"dependent_effects"},
        None,
    ),
    "names that differ by a suffix": (
        HEAD + "Ash 2001a,,12.6,8.1,33,16.4,7.8,34\nAsh 2001 (high dose),,11.2,8.4,31,16.4,7.8,34\n" + MANY,
        {"duplicate_numbers"},
        33 + 34 + 31 + 34 + 182,
    ),
    "one trial under two names": (
        HEAD + "Ash,2001,12.6,8.1,33,16.4,7.8,34\nElm,2002,12.6,8.1,33,16.4,7.8,34\n" + MANY,
        {"duplicate_numbers"},
        2 * 67 + 182,
    ),
    "one trial under two names, its groups swapped": (
        HEAD + "Ash,2001,12.6,8.1,33,16.4,7.8,34\nElm,2002,16.4,7.8,34,12.6,8.1,33\n" + MANY,
        {"duplicate_numbers"},
        2 * 67 + 182,
    ),
    "one computed effect under two names": (
        "study,yi,vi\nAsh,-0.213,0.0487\nElm,-0.213,0.0487\nOak,0.1,0.05\nYew,0.2,0.04\n",
        {"duplicate_numbers"},
        None,
    ),
    "one trial of counts under two names": (
        "study,events1,n1,events2,n2\nAsh,45,120,60,118\nElm,45,120,60,118\nOak,4,30,5,32\n",
        {"duplicate_numbers"},
        2 * 238 + 62,
    ),
    "no events in equal arms": (
        "study,events1,n1,events2,n2\nAsh,0,10,0,10\nElm,0,10,0,10\nOak,1,10,2,10\n"
        "Yew,1,10,2,10\nFir,4,30,5,32\n",
        set(),
        142,
    ),
    "coarse numbers": (HEAD + "Ash,2001,5,2,30,4,2,30\nElm,2002,5,2,30,4,2,30\n" + MANY, set(), 302),
    "coarse computed effects": (
        "study,yi,vi\nAsh,-0.2,0.04\nElm,-0.2,0.04\nOak,0.1,0.05\nYew,0.2,0.04\n",
        set(),
        None,
    ),
    "numbered studies": (
        "study,events1,n1,events2,n2\nStudy 1,2,20,5,20\nStudy 2,3,20,5,20\nStudy 3,4,30,5,32\n",
        set(),
        142,
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_effects_that_share_people_or_may_are_flagged_and_no_others(name: str, tmp_path: Path) -> None:
    table, expected, count = VARIANTS[name]
    measure = {"measure": "RD"} if "events1" in table else {}
    (pool,) = pooled(tmp_path, table, **measure)
    assert flags(pool) == expected
    assert pool.people.all == count


def test_equal_groups_in_one_comparison_are_two_groups_of_people(tmp_path: Path) -> None:
    table = "study,events1,n1,events2,n2\nAsh,0,10,0,10\nAsh,2,10,0,10\nOak,4,30,5,32\n"
    (pool,) = pooled(tmp_path, table, measure="RD")
    assert pool.people.all == 10 + 10 + 10 + 62
    (split,) = pooled(tmp_path, table, measure="RD", several_arms="split")
    assert [(one.n1, one.n2) for one in split.effects] == [(10, 5), (10, 5), (30, 32)]
    assert [one.counts for one in split.effects] == [(0, 10, 0, 5), (2, 10, 0, 5), (4, 30, 5, 32)]


SUBGROUPS = """study,subgroup,mean1,sd1,n1,mean2,sd2,n2
Ash,low,12.6,8.1,33,16.4,7.8,34
Ash,high,11.2,8.4,31,16.4,7.8,34
Birch,low,9.1,4.4,52,11.0,5.1,49
Cedar,high,10.2,5.0,40,11.1,5.2,41
"""


def test_a_total_rests_on_dependent_rows_where_its_subgroups_do_not(tmp_path: Path) -> None:
    low, high, total = pooled(tmp_path, SUBGROUPS)
    assert (flags(low), flags(high)) == (set(), set())
    assert flags(total) == BOTH
    assert total.people.all == 280
    split = pooled(tmp_path, SUBGROUPS, several_arms="split")[-1]
    assert [one.n2 for one in split.effects if one.trial == "ash"] == [17, 17]


@pytest.mark.parametrize("lines", [5, 4])
def test_the_test_for_subgroups_names_what_stands_in_two(lines: int, tmp_path: Path) -> None:
    rows = SUBGROUPS.splitlines(keepends=True)
    kept = rows if lines == 5 else [rows[0], *rows[2:]]  # without one comparison of Ash
    total = pooled(tmp_path, "".join(kept))[-1]
    labels = [effect.label for effect in total.effects]
    assert len(set(labels)) == len(labels) == lines - 1
    named = tuple(label for label in labels if label.startswith("Ash")) if lines == 5 else ()
    told = " ".join(spread(total))
    assert ("takes subgroups as independent" in told) == bool(named)
    assert all(label in told for label in named)


def test_five_comparisons_of_four_trials_are_few_trials(tmp_path: Path) -> None:
    fifth = SHARED + "Elder,2021,9.9,5.2,44,11.3,5.0,45\n"
    few, enough = (
        pooled(tmp_path, table)[0] for table in (fifth, fifth + "Fir,2022,9.0,5.0,44,10.3,5.1,45\n")
    )
    assert (few.k, len(few.effects), enough.k) == (4, 5, 5)
    assert few.result is not None
    assert few.result.pi_low is not None
    assert ("few_trials" in few.flags, few.ahead) == (True, None)
    assert "few_trials" not in enough.flags
    assert enough.result is not None
    assert enough.ahead == (enough.result.pi_low, enough.result.pi_high)
    assert "below 5 trials" in " ".join(spread(few))


def test_a_trial_is_left_out_of_its_own_subgroup_alone(tmp_path: Path) -> None:
    table = "study,subgroup,events1,n1,events2,n2\n" + "".join(
        f"{name},{group},{a},40,{b},41\n"
        for name, group, a, b in (
            ("Ash", "x", 4, 9),
            ("Birch", "x", 6, 8),
            ("Cedar", "y", 3, 7),
            ("Dogwood", "y", 0, 0),
        )
    )
    x, y, total = pooled(tmp_path, table, measure="OR")
    assert [[one.label for one in pool.dropped] for pool in (x, y, total)] == [[], ["Dogwood"], ["Dogwood"]]
    assert (len(x.measured), len(y.measured), len(total.measured)) == (2, 2, 4)


@pytest.mark.parametrize("several_arms", ["split", "combine"])
@pytest.mark.parametrize("table", [COMPUTED, VARIANTS["equal groups on other sides"][0]])
def test_no_remedy_changes_which_trials_are_pooled(table: str, several_arms: str, tmp_path: Path) -> None:
    (before,), (after,) = (pooled(tmp_path, table), pooled(tmp_path, table, several_arms=several_arms))
    assert {one.trial for one in before.effects} == {one.trial for one in after.effects}
    assert not after.dropped
    swapped = "mean1" in table
    if swapped and several_arms == "split":
        assert [(one.n1, one.n2) for one in after.effects[:2]] == [(33, 17), (17, 31)]
    else:
        assert len(after.effects) == len(before.effects)
        assert "several_arms_kept" in after.flags


@pytest.mark.parametrize("several_arms", ["separate", "split", "combine"])
def test_rows_typed_twice_count_once_and_the_second_is_named(several_arms: str, tmp_path: Path) -> None:
    row = "Ash,2015,12.6,8.1,33,16.4,7.8,34\n"
    again = row.replace("12.6", "12.60")  # a row that is the same in every cell is not even read
    (twice,) = pooled(tmp_path, HEAD + row + again + MANY, several_arms=several_arms)
    (once,) = pooled(tmp_path, HEAD + row + MANY)
    assert twice.result == once.result
    assert twice.people == once.people
    assert not flags(twice)
    assert [one.why for one in twice.dropped] == [
        "all its numbers are those of another comparison of this trial, which counts once"
    ]


def test_two_arms_with_the_same_few_events_are_no_repetition(tmp_path: Path) -> None:
    """Neither dose had an event in ten people: that is a result, and nobody's error."""
    table = (
        "study,comparison,ai,n1i,ci,n2i\n"
        "Ash 2001,low dose,0,10,2,10\nAsh 2001,high dose,0,10,2,10\n"
        "Birch 2005,,3,40,6,41\nCole 2010,,5,52,9,50\n"
    )
    (pool,) = pooled(tmp_path, table)
    assert len(pool.effects) == 4
    assert not pool.dropped


def test_a_comparison_held_back_leaves_its_twin_in_use(tmp_path: Path) -> None:
    arms = [
        {**arm, "contrast": name, "use": use}
        for name, use in (("a", "sensitivity"), ("b", "yes"))
        for arm in (
            {**ARM1, "mean": "16.4", "sd": "7.83", "quote": "16.4 (7.83)"},
            {**ARM2, "mean": "19.2", "sd": "8.12", "quote": "19.2 (8.12)"},
        )
    ]
    (pool, *_) = synthesise(load_review(folder(tmp_path, outcomes=arms)))
    assert [effect.contrast for effect in pool.effects] == ["b"]


def test_a_comparison_that_shares_one_arm_only_is_no_repetition(tmp_path: Path) -> None:
    rows = "Ash,2015,12.6,8.1,33,16.4,7.8,34\nAsh,2015,13.9,7.7,31,16.4,7.8,34\n"
    (pool,) = pooled(tmp_path, HEAD + rows + MANY)
    assert not pool.dropped
    assert flags(pool) == BOTH


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("study,yi,vi\nA,0.1,0.04\nB,0.3,0.05\n", "number of people not known"),
        (SHARED, "280 people"),
        (
            HEAD + "Ash,2015,1.6,8.1,33,1.4,7.8,34\nAsh,2015,3.2,1.4,33,4.1,1.7,34\n" + MANY,
            "at least 249 people, the number in 1 of 3 trials not known",
        ),
    ],
)
def test_people_that_nobody_counted_are_not_known(table: str, said: str, tmp_path: Path) -> None:
    assert people(pooled(tmp_path, table)[0]) == said


def many(path: Path, extra: str = "") -> Path:
    """Write a table of Ash's two comparisons and ten trials more."""
    rows = "".join(
        f"T{chr(66 + i)},20{10 + i},{8.1 + 0.43 * i:.1f},{4.1 + 0.17 * i:.1f},{21 + 3 * i},"
        f"{9.9 + 0.29 * i:.1f},{5.9 - 0.13 * i:.1f},{23 + 2 * i}\n"
        for i in range(10)
    )
    file = path / "ten.csv"
    file.write_text("".join(SHARED.splitlines(keepends=True)[:3]) + rows + extra, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "words",
    [
        "report",
        "pool",
        pytest.param("sensitivity", marks=pytest.mark.slow),
        "regress --no-cluster --by year",
        "small-study",
        pytest.param("gosh", marks=pytest.mark.slow),
        "resample --count 200",
        pytest.param("bayes", marks=pytest.mark.slow),
        "certainty",
    ],
)
def test_every_command_that_rests_on_dependent_effects_says_so(
    words: str, say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    say("import", str(many(tmp_path)), "ten")
    command, *options = words.split()
    said = say(command, "data/ten", *options, *(["--full"] if command != "report" else []))
    assert said.status == 0
    if command == "report":
        pages = (tmp_path / "figures" / "ten").glob("report.*")
        assert all("dependent_effects" in page.read_text("utf-8") for page in pages)
        return
    assert "flag dependent_effects" in said.flat
    assert '"dependent_effects"' in say(command, "data/ten", *options, "--json").out


def test_run_says_what_is_shared_in_figure_and_tables(
    say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "shared.csv"
    file.write_text(SHARED, encoding="utf-8")
    say("import", str(file), "shared")
    assert "several effects of a trial as if independent" in say("run", "data/shared").flat
    folder = tmp_path / "figures" / "shared"
    assert "dependent_effects" in (folder / "results.csv").read_text("utf-8")
    for page in ("forest_shared.txt", "report.md"):
        assert "its group 2 (34 people) is counted again in Ash" in (folder / page).read_text("utf-8")
    assert "280 people" in (folder / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "column", "said"),
    [
        ("a shared control group", 'n = "34"', "counts people again that are counted in Ash"),
        ("nothing shared", 'trial = "ash', "is not the only effect of its trial"),
        ("one trial under two names", 'trial = "elm', "has the same numbers as Ash"),
        (
            "names that differ by a suffix",
            'trial = "ash2001highdose"',
            "the same group of 34 people by its numbers as Ash 2001a",
        ),
    ],
)
def test_check_names_both_rows(
    name: str, column: str, said: str, say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "table.csv"
    file.write_text(VARIANTS[name][0], encoding="utf-8")
    say("import", str(file), "x")
    found = say("check", "data/x")
    assert found.status == 0
    assert "0 wrong" in found.flat
    assert column in found.flat
    assert found.flat.count(said) == 1
    assert "table.csv row 3" in found.flat
    assert "table.csv row 2" in found.flat


@pytest.mark.parametrize("name", ["no events in equal arms", "coarse numbers"])
def test_check_doubts_no_coincidence(name: str, say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "table.csv"
    file.write_text(VARIANTS[name][0], encoding="utf-8")
    say("import", str(file), "x")
    assert "same numbers" not in say("check", "data/x").flat


def test_cluster_says_its_df_and_refuses_a_second_interval(say, tmp_path: Path) -> None:
    file = tmp_path / "shared.csv"
    file.write_text(SHARED, encoding="utf-8")
    said = say("pool", str(file), "--cluster", "trial", "--full")
    assert "cluster-robust interval by trial (CR2)" in said.flat
    assert "3 trials, Satterthwaite's df = 1.9" in said.flat
    assert "4 comparisons of 3 trials pooled (280 people)" in said.flat
    assert "dependent_effects" not in said.flat
    both = say("pool", str(file), "--cluster", "trial", "--ci", "wald")
    assert both.status == 2
    assert "choose one" in both.err
    wrong = say("pool", str(file), "--several-arms", "merge")
    assert wrong.status == 2
    assert "combine" in wrong.err


@pytest.mark.slow
def test_the_explorer_counts_shared_people_once_and_flags_what_is_on(open_page, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "study,year,mean1,sd1,n1,mean2,sd2,n2\nAsh,2015,12.6,8.1,33,16.4,7.8,34\n"
        "Ash,2015,11.2,8.4,31,16.4,7.8,34\nBirch,2018,9.1,4.4,52,11.0,5.1,49\n"
        "Cedar,2020,10.2,5.0,40,11.1,5.2,41\n",
        encoding="utf-8",
    )
    (review,), _ = reviews_in(table)
    file = tmp_path / "explorer.html"
    file.write_text(explorer_page(Dossier(review=review), version="1"), encoding="utf-8")
    page = open_page(file)
    rests, notes = page.locator("#rests"), page.locator("#notes")
    assert "3 of the table's 3 trials in 4 comparisons, 280 people" in rests.inner_text()
    assert FLAG_WORDS["dependent_effects"] in notes.inner_text()
    assert FLAG_WORDS["shared_group"] in notes.inner_text()
    page.get_by_role("checkbox", name="comparison 2").uncheck()
    assert "249 people" in rests.inner_text()
    assert FLAG_WORDS["dependent_effects"] not in notes.inner_text()


def test_the_explorer_knows_no_number_of_people_that_nobody_gave(open_page, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("study,yi,vi\nAsh,0.1,0.04\nElm,0.3,0.05\nOak,0.2,0.03\n", encoding="utf-8")
    (review,), _ = reviews_in(table)
    file = tmp_path / "explorer.html"
    file.write_text(explorer_page(Dossier(review=review), version="1"), encoding="utf-8")
    assert "number of people not known" in open_page(file).locator("#rests").inner_text()


@pytest.mark.parametrize(
    ("rows", "said", "raised", "people"),
    [
        (
            [f"Ash,12.{i},8.1,33,16.{i},7.8,34" for i in range(10, 30)],
            "Ash (comparison 1) and 19 others: several effects of one trial.",
            {"dependent_effects"},
            None,
        ),
        (
            [f"Ash,12.{i},8.1,33,16.4,7.8,34" for i in range(10, 30)],
            "Ash (comparison 1): its group 2 (34 people) is counted again in 19 others.",
            {"dependent_effects", "shared_group"},
            20 * 33 + 34,
        ),
        (
            [f"Study {i},12.63,8.14,33,16.42,7.81,34" for i in range(10, 30)],
            "19 others have the same numbers as Study 10: one trial entered several times?",
            {"duplicate_numbers"},
            20 * (33 + 34),
        ),
    ],
)
def test_many_effects_that_share_people_are_named_in_one_line(
    rows: list[str], said: str, raised: set[str], people: int | None, tmp_path: Path
) -> None:
    (pool,) = pooled(tmp_path, "\n".join(["study,mean1,sd1,n1,mean2,sd2,n2", *rows]))
    assert notes(pool.effects) == [said]
    assert flags(pool) == raised
    assert pool.people.all == people
