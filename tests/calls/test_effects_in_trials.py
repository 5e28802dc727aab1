"""Effects within trials, of a table or a review: by what they are grouped, and what is said of them."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

import livingmeta as lm
from livingmeta.pages.documents import schema

REFERENCE = Path(__file__).parents[1] / "reference"


def reference(file: str, name: str) -> list[dict[str, str]]:
    with (REFERENCE / file).open(encoding="utf-8", newline="") as held:
        return [row for row in csv.DictReader(held) if row["set"] == name]


@pytest.fixture(name="schools")
def laid_out(tmp_path: Path) -> str:
    """Write dat.konstantopoulos2011: schools, which give one effect each, in districts."""
    rows = reference("multilevel_data.csv", "konstantopoulos2011")
    lines = [f"School {i},D{row['trial']},{row['yi']},{row['vi']}" for i, row in enumerate(rows)]
    file = tmp_path / "schools.csv"
    file.write_text("\n".join(["study,district,yi,vi", *lines]), encoding="utf-8")
    return str(file)


def effects(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({"yi": [0.1, 0.4, 0.2, 0.9, 0.5], "vi": [0.02, 0.03, 0.01, 0.02, 0.02], **columns})


NAMED = ["Ash", "Ash", "Birch", "Cedar", "Cedar"]


@pytest.mark.parametrize("way", [{"columns": {"study": "district"}}, {"cluster": "district"}])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_column_of_districts_groups_schools_as_rma_mv_does(schools: str, way: dict) -> None:
    """rma.mv(yi, vi, random = ~ 1 | district/school), test = "t": 0.1847 (−0.0037 to 0.3731)."""
    (theirs, *_) = reference("metafor_multilevel.csv", "konstantopoulos2011")
    found = lm.multilevel(schools, ci="t", **way).result
    assert (found.k, found.trials) == (56, 11)
    ends = (float(theirs[name]) for name in ("estimate", "ci_low", "ci_high"))
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((*ends,), abs=1e-7)
    assert found.tau2_between == pytest.approx(float(theirs["between"]), rel=1e-6)


@pytest.fixture(name="delinquency")
def of_assink() -> pd.DataFrame:
    """Return dat.assink2016, in which study 11 gives two effects with equal numbers."""
    rows = reference("regression_data.csv", "assink2016")
    columns = {"study": [f"Study {row['cluster']}" for row in rows], "esid": range(len(rows))}
    numbers = {name: [float(row[name]) for row in rows] for name in ("yi", "vi")}
    years = [float(row["x"]) for row in rows]  # less their mean, and in study 3 two of them
    return pd.DataFrame({**columns, **numbers, "year": years, "deltype": [row["word"] for row in rows]})


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_each_row_of_a_study_is_an_effect_and_two_with_equal_numbers_are_named(
    delinquency: pd.DataFrame,
) -> None:
    """coef_test(rma.mv(yi, V, random = ~ 1 | study/esid), vcov = "CR2"), without and with rho = 0.6."""
    theirs = reference("metafor_multilevel.csv", "assink2016")
    for row in (row for row in theirs if row["method"] == "REML" and row["rho"] in {"", "0.6"}):
        answer = lm.multilevel(delinquency, measure="SMD", rho=float(row["rho"] or 0) or None)
        found = answer.result
        assert (found.k, found.trials) == (100, 17)
        assert found.estimate == pytest.approx(float(row["estimate"]), rel=1e-7)
        assert (found.se, found.ci_df) == pytest.approx(
            (float(row["cr2_se"]), float(row["cr2_df"])), rel=1e-6
        )
        assert [name for name in answer.repeated if "11" in name] == list(answer.repeated)
        assert "counts beside it" in answer[0]._repr_html_()
    assert lm.pool(delinquency, measure="SMD").k == 99


def test_the_command_says_what_the_call_returns(say, schools: str) -> None:
    """metafor prints 0.1847, SE 0.0846, sigma^2 0.0651 and 0.0327; confint 0.022 to 0.207, 0.016 to 0.063."""
    said = say("multilevel", schools, "--cluster", "district", "--ci", "t")
    assert said.status == 0
    assert "effect 0.18 (95% CI −0.00 to 0.37), leaves open on which side of 0 the effect lies" in said.flat
    assert "56 effects in 11 groups by district of 56 trials" in said.flat
    assert "between groups = 0.07 (0.02 to 0.21), within groups = 0.033 (0.016 to 0.063)" in said.flat
    assert "between groups 63%, within 32%" in said.flat
    document = json.loads(say("multilevel", schools, "--cluster", "district", "--ci", "t", "--json").out)
    found = lm.multilevel(schools, cluster="district", ci="t").result
    assert document[0]["result"]["estimate"] == found.estimate
    assert len(document[0]["groups"]) == 11
    assert sum(trial["weight"] for trial in document[0]["trials"]) == pytest.approx(100)


@pytest.mark.slow
def test_what_the_command_prints_as_json_is_what_its_schema_says(say, schools: str) -> None:
    from jsonschema import Draft202012Validator

    document = json.loads(say("multilevel", schools, "--cluster", "district", "--json").out)
    Draft202012Validator(schema("multilevel")).validate(document)

    Draft202012Validator(schema("multilevel")).validate(document)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_groups_that_cross_the_trials_are_refused_by_name(delinquency: pd.DataFrame, say) -> None:
    """Types of delinquency cross the studies: some have effects on overt, covert and general ones."""
    with pytest.raises(ValueError, match=r"it crosses the trials.*: Study s11 in general and overt, "):
        lm.multilevel(delinquency, cluster="deltype")


@pytest.mark.parametrize(
    ("table", "asked", "why"),
    [
        ({"study": NAMED, "lab": list("xxyzz")}, {"cluster": "lab"}, r"several effects \(Ash 2, Cedar 2\)"),
        (
            {"study": list("abcde"), "lab": list("xxyzz")},
            {"cluster": "lab", "rho": 0.6},
            "of the same people",
        ),
        ({"study": list("abcde"), "lab": ["x", "x", None, "y", "y"]}, {"cluster": "lab"}, "no value for c"),
        ({"study": NAMED, "lab": list("xxyzz")}, {"cluster": "labs"}, "cluster = 'labs': .*Did you mean lab"),
        ({"study": list("abcde")}, {"rho": 1.0}, "from 0 to 0.99"),
        ({"study": list("abcde")}, {"ci": "hksj"}, "ci = 'hksj'"),
        ({"study": NAMED}, {"tau2": "PM"}, "tau2 = 'PM'"),
        ({"study": NAMED}, {"ci": "profile", "tau2": "REML"}, "choose tau2 = ML"),
        ({"study": NAMED}, {"level": 200}, "level"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_no_model_of_three_levels_is_refused(table: dict, asked: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        lm.multilevel(effects(**table), **asked)


@pytest.mark.parametrize(
    ("labels", "why"),
    [(list("abcde"), "each trial gives one effect"), (["a"] * 5, "all effects are of one trial")],
)
def test_where_levels_can_t_be_told_apart_the_answer_says_why(labels: list[str], why: str, say) -> None:
    found = lm.multilevel(effects()["yi"], effects()["vi"], labels=labels)
    assert found.result is None
    assert why in str(found[0])


def test_of_plain_effects_labels_name_the_trials() -> None:
    found = lm.multilevel(effects()["yi"], effects()["vi"], labels=NAMED, ci="t", level=90)
    assert (found.result.trials, found.result.ci_df, found.result.level) == (3, 2, 0.9)
    assert [tuple(group)[:2] for group in found.groups] == [("Ash", 2), ("Birch", 1), ("Cedar", 2)]
    assert found.to_frame()["weight"].sum() == pytest.approx(100)


SHARED = "Ash 2001,{},20,10,3,22,12,3\nAsh 2001,{},21,9,3,22,12,3\n"
APART = "Ash 2001,{},20,10,3,22,12,3\nAsh 2001,{},31,9,3.1,32,12.4,3.3\n"
OTHERS = "Birch 2004,,30,11,4,30,12,4\nCedar 2005,,25,10,3.5,26,11,3.4\n"


@pytest.mark.parametrize(
    ("rows", "rho", "flagged"),
    [(SHARED, None, {"errors_independent"}), (SHARED, 0.5, {"rho_assumed"}), (APART, None, set())],
)
def test_what_is_assumed_of_errors_is_flagged_where_people_may_be_the_same(
    rows: str, rho: float | None, flagged: set[str], tmp_path: Path, say
) -> None:
    file = tmp_path / "arms.csv"
    head = "study,arm,n1,mean1,sd1,n2,mean2,sd2\n"
    file.write_text(head + rows.format("low", "high") + OTHERS, encoding="utf-8")
    found = lm.multilevel(str(file), rho=rho)
    assert {"errors_independent", "rho_assumed"} & set(found.flags) == flagged
    assert not {"dependent_effects", "shared_group", "tau2_at_zero"} & set(found.flags)
    pooled = say("pool", str(file), "--full").flat
    assert "livingmeta multilevel" in pooled
    said = say("multilevel", str(file), *(["--rho", str(rho)] if rho else [])).flat
    assert "as if independent" not in said
    assert all(f"flag {flag}" in said for flag in flagged)


def test_comparisons_are_apart_unless_somebody_asks_to_combine_them(tmp_path: Path, say) -> None:
    file = tmp_path / "arms.csv"
    head = "study,arm,n1,mean1,sd1,n2,mean2,sd2\n"
    file.write_text(head + SHARED.format("low", "high") + OTHERS, encoding="utf-8")
    assert lm.multilevel(str(file)).result.k == 4
    split = lm.multilevel(str(file), several_arms="split").result
    assert split.k == 4
    assert split.estimate != lm.multilevel(str(file)).result.estimate
    told = say("multilevel", str(file), "--several-arms", "combine").flat
    assert "each trial gives one effect" in told
    assert "Comparisons of a trial: combine here, separate by the review's own rule." in told
    assert "own rule" not in say("multilevel", str(file)).flat


def test_counts_that_a_review_sums_are_weighed_here_and_their_halves_flagged(tmp_path: Path, say) -> None:
    """Mantel-Haenszel has no variance between trials: the same effects as of a review of inverse variance."""
    rows = "Ash 2001,{},0,20,1,22\nAsh 2001,{},1,21,1,22\n".format("low", "high")
    others = "Birch 2004,,1,30,2,30\nCedar 2005,,2,25,3,26\nDill 2009,,1,40,4,41\n"
    file = tmp_path / "counts.csv"
    file.write_text("study,arm,events1,n1,events2,n2\n" + rows + others, encoding="utf-8")
    assert say("import", str(file), "summed", "--measure", "OR", "--in", str(tmp_path)).status == 0
    plain = lm.multilevel(tmp_path / "summed")
    toml = tmp_path / "summed" / "review.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace('measure = "OR"', 'measure = "OR"\nmethod = "MH"'), encoding="utf-8")
    summed = lm.multilevel(tmp_path / "summed")
    assert summed.result == plain.result
    assert summed.flags == plain.flags
    assert "empty_cells_corrected" in summed.flags


@pytest.mark.parametrize(("trials", "df", "flagged"), [(2, 1.0, True), (3, 2.0, True), (9, 8.0, False)])
def test_a_robust_interval_of_few_trials_is_flagged(trials: int, df: float, flagged: bool, say) -> None:
    """Equal trials of two equal effects each have as many degrees of freedom as trials, less one."""
    labels = [name for name in "abcdefghi"[:trials] for _ in "12"]
    values = [0.1 * (place // 2) ** 1.5 for place in range(2 * trials)]
    table = pd.DataFrame({"study": labels, "yi": values, "vi": 0.04, "comparison": [1, 2] * trials})
    table["yi"] += [0.0, 0.01] * trials
    pooled = lm.pool(table, cluster="trial", missing="drop")
    assert pooled.ci_df == pytest.approx(df)
    assert ("few_clusters" in pooled.flags) is flagged
    assert ("few_trials" in pooled.flags) is (trials < 5)
    assert ("few_clusters" in lm.multilevel(table).flags) is flagged
