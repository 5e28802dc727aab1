"""RevMan's files: each analysis by itself, each printed row beside its own comparison."""

from pathlib import Path

import pytest

from exchange.test_imports import WEB_ROWS, WEB_SETTINGS, package, write
from livingmeta.audit.results import results_of
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.imports import imported, read, reviews_in
from livingmeta.exchange.revman import favoured
from livingmeta.synthesis.settings import settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError

# As RevMan 5 exports it, once with all its columns and once by people who chose fewer
SHORT = """Name,Data Type,Statistical Method,Effect Measure,Analysis Model,Events 1,Mean 1,SD 1,Total 1,Events 2,Mean 2,SD 2,Total 2,Effect Estimate,SE,CI Start,CI End,Weight,Q,P(Q),I²(Q),Tau²,Z,P(Z),df,Year of study
Drug versus placebo,,,,,,,,,,,,,,,,,,,,,,,,,
Pain,CON,IV,Mean Difference,Random,,,,51,,,,49,-1.24,,-2.11,-0.37,100,0.11,0.74,0,0,2.78,0.005,1,
Ash 2001,,,,,0,4.0,2.0,25,0,5.1,2.2,24,-1.1,0.601,-2.28,0.08,54.5,,,,,,,,2001
Birch 2005,,,,,0,3.8,2.4,26,0,5.2,2.3,25,-1.4,0.658,-2.69,-0.11,45.5,,,,,,,,2005
Deaths,DIC,M-H,Risk Ratio,Fixed,4,,,51,9,,,49,0.43,,0.14,1.3,100,0,1,0,0,1.5,0.13,1,
Adults,,,,,2,,,25,4,,,24,0.48,,0.1,2.38,50,0,,0,0,0.9,0.37,0,
Ash 2001,,,,,2,0,0,25,4,0,0,24,0.48,0.82,0.1,2.38,50,,,,,,,,2001
Children,,,,,2,,,26,5,,,25,0.38,,0.08,1.81,50,0,,0,0,1.2,0.23,0,
Birch 2005,,,,,2,0,0,26,5,0,0,25,0.38,0.79,0.08,1.81,50,,,,,,,,2005
"""  # noqa: E501
RM5 = """<COCHRANE_REVIEW><STUDY ID="A" NAME="Ash 2001" YEAR="2001"/>
<STUDY ID="B" NAME="Birch 2005" YEAR="2005"/>
<COMPARISON NO="1"><NAME>Drug</NAME>
<CONT_OUTCOME NO="1" EFFECT_MEASURE="MD" RANDOM="YES" TOTALS="YES" ESTIMABLE="YES"
 EFFECT_SIZE="-1.1576" CI_START="-1.9673" CI_END="-0.3479"><NAME>Pain</NAME>
<GROUP_LABEL_1>Drug</GROUP_LABEL_1><GROUP_LABEL_2>Placebo</GROUP_LABEL_2>
<GRAPH_LABEL_1>Favours drug</GRAPH_LABEL_1><GRAPH_LABEL_2>Favours placebo</GRAPH_LABEL_2>
<CONT_DATA STUDY_ID="A" EFFECT_SIZE="-1.1" CI_START="-2.5711" CI_END="0.3711" MEAN_1="4.0"
 MEAN_2="5.1" SD_1="2.0" SD_2="2.2" TOTAL_1="25" TOTAL_2="12" WEIGHT="30.2977"/>
<CONT_DATA STUDY_ID="A" EFFECT_SIZE="-0.9" CI_START="-2.3711" CI_END="0.5711" MEAN_1="4.2"
 MEAN_2="5.1" SD_1="2.0" SD_2="2.2" TOTAL_1="25" TOTAL_2="12" WEIGHT="30.2977"/>
<CONT_DATA STUDY_ID="B" EFFECT_SIZE="-1.4" CI_START="-2.6899" CI_END="-0.1101" MEAN_1="3.8"
 MEAN_2="5.2" SD_1="2.4" SD_2="2.3" TOTAL_1="26" TOTAL_2="25" WEIGHT="39.4047"/></CONT_OUTCOME>
</COMPARISON></COCHRANE_REVIEW>"""
EMPTY = """<CONT_OUTCOME NO="2" EFFECT_MEASURE="MD" RANDOM="YES" ESTIMABLE="NO" EFFECT_SIZE="0.0"
 CI_START="0.0" CI_END="0.0" Z="0.0" P_Z="0.0"><NAME>Sleep</NAME>
<GROUP_LABEL_1>Drug</GROUP_LABEL_1><GROUP_LABEL_2>Placebo</GROUP_LABEL_2>{rows}</CONT_OUTCOME>"""
NOT_ESTIMABLE = """<CONT_DATA STUDY_ID="B" ESTIMABLE="NO" EFFECT_SIZE="0.0" CI_START="0.0"
 CI_END="0.0" MEAN_1="1" MEAN_2="2" SD_1="1" SD_2="1" TOTAL_1="9" TOTAL_2="9" WEIGHT="0.0"/>"""


def test_an_export_without_columns_of_numbers_holds_its_analyses(tmp_path: Path) -> None:
    pain, deaths = read(write(tmp_path / "e.csv", SHORT))
    assert [(one.number, one.title, one.measure, one.model) for one in (pain, deaths)] == [
        ("1.1", "Pain", "MD", "random"),
        ("1.2", "Deaths", "RR", "common"),
    ]
    assert [one.subgroup for one in deaths.records] == ["Adults", "Children"]
    assert [one.study for one in pain.records] == ["Ash 2001", "Birch 2005"]
    first, _ = reviews_in(tmp_path / "e.csv")[0]
    assert {v.verdict for v in results_of(first).verdicts if v.trial} == {"reproduced"}


def test_an_export_saved_with_semicolons_and_decimal_commas_is_the_same(tmp_path: Path) -> None:
    comma = SHORT.replace(",", ";").replace(".", ",")
    theirs = read(write(tmp_path / "c.csv", comma))
    ours = read(write(tmp_path / "p.csv", SHORT))
    for one, two in zip(theirs, ours, strict=True):
        assert [r.cells for r in one.records] == [r.cells for r in two.records]
        assert [r.printed for r in one.records] == [r.printed for r in two.records]


def test_an_export_with_typographic_minus_signs_is_the_same(tmp_path: Path) -> None:
    signs = SHORT.replace(",-", ",−")
    theirs = read(write(tmp_path / "t.csv", signs))
    ours = read(write(tmp_path / "p.csv", SHORT))
    for one, two in zip(theirs, ours, strict=True):
        assert [r.cells for r in one.records] == [r.cells for r in two.records]
        assert [r.printed.keys() for r in one.records] == [r.printed.keys() for r in two.records]
    assert results_of(reviews_in(tmp_path / "t.csv")[0][0]).verdicts[0].verdict == "reproduced"


def test_an_export_without_an_analysis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="the export holds no analysis"):
        read(write(tmp_path / "e.csv", SHORT.splitlines()[0] + "\n"))


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("M-H,Risk Ratio,Fixed", "RR 0.43 (95% CI 0.14 to 1.30); MH, common, wald"),
        ("IV,Risk Ratio,Random", "RR 0.43 (95% CI 0.14 to 1.30); random, DL, wald"),
        ("Peto,Peto Odds Ratio,Fixed", "Peto OR 0.40 (95% CI 0.13 to 1.27); Peto, common, wald"),
    ],
)
def test_each_analysis_is_pooled_by_its_own_method_and_a_persons_option_goes_before_it(
    method: str, shown: str, tmp_path: Path
) -> None:
    """R: rma.mh, rma(…, method="DL") and rma.peto of a = 2, 2; n = 25, 26; c = 4, 5; m = 24, 25."""
    path = write(tmp_path / "e.csv", SHORT.replace("M-H,Risk Ratio,Fixed", method))
    first, second = reviews_in(path)[0]
    assert first.protocol.methods.measure == "MD"
    assert str(synthesise(second)[-1].result) == f"k = 2: {shown}"
    chosen = settings_of(second.protocol.methods, method="IV", measure="RR", model="common")
    assert chosen.method == "IV"


@pytest.mark.parametrize("unknown", ["Hazard of risk", "Something", ""])
def test_an_unknown_effect_measure_is_named_and_the_rest_is_read(unknown: str, tmp_path: Path) -> None:
    text = SHORT.replace("Risk Ratio", unknown)
    (only,), remarks = reviews_in(write(tmp_path / "u.csv", text))
    assert only.protocol.methods.measure == "MD"
    assert f'1.2 (Deaths) is left out: its effect measure "{unknown}" is not known' in remarks[0]


@pytest.mark.parametrize("kind", ["IPD", "OTHER"])
def test_data_of_other_kinds_are_named_and_left_out(kind: str, tmp_path: Path) -> None:
    other = f'<{kind}_OUTCOME NO="2" METHOD="MH" EFFECT_MEASURE="OR"><NAME>Death</NAME></{kind}_OUTCOME>'
    text = RM5.replace("</COMPARISON>", f"{other}</COMPARISON>")
    ((review,), remarks) = reviews_in(write(tmp_path / "r.rm5", text))
    assert [plan.title for plan in review.protocol.synthesis] == ["Pain"]
    why = {"IPD": 'its statistical method "MH" is not known', "OTHER": "its data are of type OTHER"}[kind]
    assert f"analysis 1.2 (Death) is left out: {why}" in remarks[0]


def test_each_printed_row_stands_beside_its_own_comparison(tmp_path: Path) -> None:
    ((review,), _) = reviews_in(write(tmp_path / "r.rm5", RM5))
    verdicts = results_of(review).verdicts
    assert {v.verdict for v in verdicts if v.trial} == {"reproduced"}
    told = [v.printed for v in verdicts if v.trial and v.quantity == "estimate"]
    assert told == ["-1.1", "-0.9", "-1.4"]
    assert [e.contrast for e in synthesise(review)[0].effects] == ["comparison 1", "comparison 2", None]


@pytest.mark.parametrize("rows", ["", NOT_ESTIMABLE])
def test_where_nothing_is_estimable_nothing_is_claimed(rows: str, tmp_path: Path) -> None:
    text = RM5.replace("</COMPARISON>", EMPTY.format(rows=rows) + "</COMPARISON>")
    ((review,), remarks) = reviews_in(write(tmp_path / "r.rm5", text))
    assert {claim.synthesis for claim in review.published} == {"a1_1"}
    assert any("(Sleep) holds no study" in remark for remark in remarks) is (rows == "")
    csv = SHORT.replace(",-1.1,0.601,-2.28,0.08,54.5", ",0,0,0,0,0")
    (first, _), _ = reviews_in(write(tmp_path / "e.csv", csv))
    assert "ash2001" not in {claim.trial for claim in first.published}
    web = WEB_ROWS.replace("0.911107,-0.020328,1.842542", "0,0,0")
    zero = WEB_SETTINGS.replace("estimates\n", "estimates,Mean,CI start,CI end,Effect Z\n")
    packed = package(tmp_path / "w.zip", web, zero.replace("true\n", "true,0,0,0,0\n"))
    ((review,), _) = reviews_in(packed)
    assert review.published == ()


def test_an_estimate_of_exactly_0_is_a_claim(tmp_path: Path) -> None:
    text = SHORT.replace("-1.1,0.601,-2.28,0.08", "0,0.601,-1.18,1.18").replace("4.0,2.0", "5.1,2")
    (first, _), _ = reviews_in(write(tmp_path / "e.csv", text))
    assert next(c.printed for c in first.published if c.trial == "ash2001") == "0"


@pytest.mark.parametrize("level", ["90", "90%"])
def test_a_file_at_another_level_is_recomputed_at_it(level: str, tmp_path: Path) -> None:
    levels = f'CI_TOTAL="{level}" CI_STUDY="{level}" RANDOM'
    ((review,), _) = reviews_in(write(tmp_path / "r.rm5", RM5.replace("RANDOM", levels)))
    assert review.protocol.methods.level == 0.9


def test_people_without_the_event_are_counted_where_revman_swaps_them(tmp_path: Path) -> None:
    """OR of 3/10 v 5/10 is 0.4286; of those without the event 2.3333."""
    for printed, first in (("2.3333", "7"), ("0.4286", "3")):
        text = (
            '<X><COMPARISON NO="1"><DICH_OUTCOME NO="1" EFFECT_MEASURE="OR" METHOD="IV" '
            'SWAP_EVENTS="YES"><NAME>Cure</NAME><DICH_DATA STUDY_ID="A" EVENTS_1="3" TOTAL_1="10" '
            f'EVENTS_2="5" TOTAL_2="10" EFFECT_SIZE="{printed}" CI_START="0.1" CI_END="9"/>'
            "</DICH_OUTCOME></COMPARISON></X>"
        )
        (analysis,) = read(write(tmp_path / "s.rm5", text))
        assert analysis.records[0].cells["events1"] == first


# Which side is good


@pytest.mark.parametrize(
    ("label", "groups", "group"),
    [
        ("Favours drug", ("Drug", "Placebo"), 1),
        ("Favours [experimental]", ("Aspirin", "Placebo"), 1),
        ("Favors control", ("Aspirin", "Usual care"), 2),
        ("In favour of usual care", ("Aspirin", "Usual care"), 2),
        ("Aspirin better", ("Aspirin", "Usual care"), 1),
        ("favours EXERCISE", ("Exercise + drug", "Exercise"), 2),
        ("Favours drug + exercise", ("Exercise + drug", "Exercise"), 1),
        ("Favours no treatment", ("Treatment", "No treatment"), 2),
        ("Favours steroid", ("Steroids (high dose)", "Placebo"), 1),
        ("Favours treatment", ("Drug", "Treatment as usual"), None),
        ("Favours sham", ("Drug", "Placebo"), None),
        ("Less pain", ("Drug", "Placebo"), None),
        ("Drug worse", ("Drug", "Placebo"), None),
        ("Does not favour drug", ("Drug", "Placebo"), None),
        ("Favours", ("Drug", "Placebo"), None),
        ("", ("Drug", "Placebo"), None),
        ("Favours no drug", ("Drug", "Placebo"), None),
    ],
)
def test_labels_of_a_graph_are_matched_with_the_groups(label, groups, group) -> None:
    assert favoured(label, groups) == group


def sides(tmp_path: Path, left: str, right: str, favours=None) -> tuple[int | None, list[str]]:
    text = RM5.replace("1>Favours drug", f"1>{left}").replace("2>Favours placebo", f"2>{right}")
    path = write(tmp_path / "s.rm5", text)
    (analysis,) = read(path, Hints(favours=favours))
    return analysis.negative_favours, analysis.remarks


@pytest.mark.parametrize(
    ("left", "right", "group"),
    [
        ("Favours drug", "Favours placebo", 1),
        ("Favours placebo", "Favours drug", 2),
        ("", "Favours drug", 2),
        ("Favours [control]", "", 2),
        ("Favours drug", "Favours drug", None),
        ("Lower", "Higher", None),
        ("", "", None),
    ],
)
def test_the_left_side_of_a_graph_is_where_effects_are_negative(
    left: str, right: str, group: int | None, tmp_path: Path
) -> None:
    found, remarks = sides(tmp_path, left, right)
    assert found == group
    assert bool(remarks) is (group is None and bool(left or right))
    assert all(f'"{left}" on the left' in remark for remark in remarks)


def test_the_user_says_the_side_where_the_labels_do_not(tmp_path: Path) -> None:
    assert sides(tmp_path, "", "", "higher") == (2, [])
    assert sides(tmp_path, "Lower", "Higher", "lower") == (1, [])
    found, (remark,) = sides(tmp_path, "Favours placebo", "Favours drug", "lower")
    assert found == 2
    assert "say otherwise than --favours lower" in remark


@pytest.mark.parametrize(
    ("labels", "sides"),
    [
        (("Favours drug", "Favours placebo"), ("Drug", "Placebo")),
        (("Favours [control]", "Favours [experimental]"), ("Placebo", "Drug")),
        (("Shorter", "Longer"), None),
    ],
)
def test_each_analysis_favours_whom_its_own_labels_say(
    labels: tuple[str, str], sides: tuple[str, str] | None, tmp_path: Path
) -> None:
    second = RM5[RM5.index("<CONT_OUTCOME") : RM5.index("</COMPARISON>")]
    second = second.replace('NO="1"', 'NO="2"').replace("1>Favours drug", f"1>{labels[0]}")
    second = second.replace("2>Favours placebo", f"2>{labels[1]}")
    path = write(tmp_path / "r.rm5", RM5.replace("</COMPARISON>", f"{second}</COMPARISON>"))
    ((review,), _) = reviews_in(path)
    assert [pool.favours for pool in synthesise(review)] == [("Drug", "Placebo"), sides]


def test_labels_of_exports_and_web_packages_are_read_too(tmp_path: Path) -> None:
    head, first, rest = SHORT.split("\n", 1)[0], "Drug versus placebo", SHORT.split("\n", 1)[1]
    more = ",Group Label 1,Group Label 2,Left Graph Label,Right Graph Label"
    told = rest.replace("0.005,1,", "0.005,1,,Drug,Placebo,Favours placebo,Favours drug")
    assert first in told
    pain, _ = read(write(tmp_path / "e.csv", f"{head}{more}\n{told}"))
    assert pain.negative_favours == 2
    settings = WEB_SETTINGS.replace(
        "estimates\n",
        "estimates,Experimental group label,Control group label,Left graph label,Right graph label\n",
    ).replace("true\n", "true,Drug,Placebo,Favours Drug,Favours Placebo\n")
    (analysis,) = read(package(tmp_path / "w.zip", WEB_ROWS, settings))
    assert (analysis.groups, analysis.negative_favours) == (("Drug", "Placebo"), 1)


def test_rows_of_revman_web_without_settings_name_no_measure(tmp_path: Path) -> None:
    rows = WEB_ROWS.replace(",0.0,0.0,5,2,0,", ",-0.2,0.1,0,0,0,").replace(
        ",0.0,0.0,6,1.5,0,", ",0.3,0.1,0,0,0,"
    )
    path = write(tmp_path / "data-rows.csv", rows)
    ((review,), (remark,)) = reviews_in(path)
    assert {row.measure for row in review.outcomes} == {"GEN"}
    assert "an effect whose kind is not named" in remark
    ((review,), (remark,)) = reviews_in(path, Hints(measure="HR"))
    assert {row.measure for row in review.outcomes} == {"log HR"}
    assert "as the log of the HR" in remark


def test_options_that_a_revman_file_leaves_no_room_for_are_refused(say, tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", SHORT)
    shelf = ["--in", str(tmp_path / "data")]
    said = say("import", str(path), "x", "--measure", "OR", *shelf)
    assert "says itself what its effects are (MD, RR)" in said.err
    assert not (tmp_path / "data").exists()
    assert "Leave --log out" in say("pool", str(path), "--log").err


def test_analyses_of_other_groups_make_another_review(tmp_path: Path) -> None:
    other = RM5[RM5.index("<CONT_OUTCOME") : RM5.index("</COMPARISON>")].replace('NO="1"', 'NO="2"')
    other = other.replace("Drug<", "Yoga<")
    text = RM5.replace("</COMPARISON>", f"{other}</COMPARISON>")
    found = imported(write(tmp_path / "g.rm5", text), name="x")
    assert [review.protocol.groups.group1 for _, review in found] == ["Drug", "Yoga"]
    assert len({one.name for one, _ in found}) == 2


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ('TOTAL_1="26.5"', 'TOTAL_1 = "26.5": people are counted'),
        ('TOTAL_1="many"', 'TOTAL_1 = "many": this is no number'),
        ('TOTAL_1="-26"', 'TOTAL_1 = "-26":'),
    ],
)
def test_a_bad_cell_costs_its_row_by_name_and_not_the_file(cell: str, why: str, tmp_path: Path) -> None:
    """A file that is published can't be mended."""
    path = write(tmp_path / "r.rm5", RM5.replace('TOTAL_1="26"', cell))
    ((review,), (remark,)) = reviews_in(path)
    assert remark.startswith(f"{path}, analysis 1.1 row 3")
    assert why in remark
    assert remark.endswith("Birch 2005 is left out.")
    assert {row.trial for row in review.outcomes} == {"ash2001"}
    verdicts = results_of(review).verdicts
    # of a pool that lacks a trial nothing is said to be reproduced
    assert {v.verdict for v in verdicts if not v.trial} == {"partial"}


def test_a_file_of_which_no_row_can_be_used_is_refused_with_all_reasons(tmp_path: Path) -> None:
    text = RM5.replace('SD_1="2.0"', 'SD_1="x"').replace('SD_1="2.4"', 'SD_1="-1"')
    with pytest.raises(RefusalError, match=r'(?s)SD_1 = "x".*SD_1 = "-1".*holds no study'):
        reviews_in(write(tmp_path / "r.rm5", text))


def test_petos_odds_ratio_is_known_as_revman_5_writes_it(tmp_path: Path) -> None:
    text = RM5.replace("CONT_", "DICH_").replace('"MD" RANDOM="YES"', '"PETO_OR" METHOD="PETO"')
    text = text.replace("TOTAL_1", 'EVENTS_1="3" EVENTS_2="5" TOTAL_1')
    (analysis,) = read(write(tmp_path / "r.rm5", text))
    assert (analysis.measure, analysis.left_out) == ("OR", None)


SUBGROUPS = """<COCHRANE_REVIEW><STUDY ID="A" NAME="Ash 2001"/><STUDY ID="B" NAME="Birch 2005"/>
<STUDY ID="C" NAME="Cole 2009"/><COMPARISON NO="1"><NAME>Drug</NAME>
<DICH_OUTCOME NO="1" EFFECT_MEASURE="RR" METHOD="IV" TOTALS="{totals}"><NAME>Deaths</NAME>
<DICH_SUBGROUP EFFECT_SIZE="0.5" CI_START="0.1" CI_END="2.4"><NAME>Adults</NAME>
<DICH_DATA STUDY_ID="A" EFFECT_SIZE="0.5" CI_START="0.1" CI_END="2.4" EVENTS_1="2" EVENTS_2="4"
 TOTAL_1="20" TOTAL_2="20" WEIGHT="100.0"/></DICH_SUBGROUP>
<DICH_SUBGROUP EFFECT_SIZE="0.7" CI_START="0.3" CI_END="1.6"><NAME>Children</NAME>
<DICH_DATA STUDY_ID="B" EFFECT_SIZE="0.7" CI_START="0.3" CI_END="1.6" EVENTS_1="7" EVENTS_2="10"
 TOTAL_1="30" TOTAL_2="30" WEIGHT="100.0"/>{more}</DICH_SUBGROUP></DICH_OUTCOME>
</COMPARISON></COCHRANE_REVIEW>"""
NOBODY = """<DICH_DATA STUDY_ID="C" ESTIMABLE="NO" EVENTS_1="0" EVENTS_2="0" TOTAL_1="20"
 TOTAL_2="20"/>"""


@pytest.mark.parametrize("totals", ["SUB", "NO"])
def test_subtotals_alone_have_no_total_and_weights_of_their_own(totals: str, tmp_path: Path) -> None:
    text = SUBGROUPS.format(totals=totals, more="")
    ((review,), _) = reviews_in(write(tmp_path / "r.rm5", text))
    assert [pool.subgroup for pool in synthesise(review)] == ["Adults", "Children"]
    weights = [v for v in results_of(review).verdicts if v.quantity == "weight"]
    assert [one.verdict for one in weights] == ["reproduced", "reproduced"]
    export = SHORT.replace("4,,,51,9,,,49,0.43,,0.14,1.3,100", "0,,,0,0,,,0,0,,0,0,0")
    assert [one.overall for one in read(write(tmp_path / "e.csv", export))] == [True, False]


@pytest.mark.parametrize(
    ("totals", "said"), [("YES", [[], ["Cole 2009"], ["Cole 2009"]]), ("SUB", [[], ["Cole 2009"]])]
)
def test_a_trial_is_said_to_be_left_out_where_it_stood(
    totals: str, said: list[list[str]], tmp_path: Path
) -> None:
    text = SUBGROUPS.format(totals=totals, more=NOBODY)
    ((review,), _) = reviews_in(write(tmp_path / "r.rm5", text))
    assert [[one.label for one in pool.dropped] for pool in synthesise(review)] == said


# What kind of effect it is

GENERIC = """<COCHRANE_REVIEW><STUDY ID="A" NAME="Ash 2001"/><STUDY ID="B" NAME="Birch 2005"/>
<COMPARISON NO="1"><NAME>Drug</NAME><IV_OUTCOME NO="1" METHOD="IV" {flag}RANDOM="NO"><NAME>Falls</NAME>
<EFFECT_MEASURE>{measure}</EFFECT_MEASURE>
<IV_DATA STUDY_ID="A" EFFECT_SIZE="0.5" SE="0.2" CI_START="{low}" CI_END="{high}" WEIGHT="50.0"/>
<IV_DATA STUDY_ID="B" EFFECT_SIZE="0.5" SE="0.2" CI_START="{low}" CI_END="{high}" WEIGHT="50.0"/>
</IV_OUTCOME></COMPARISON></COCHRANE_REVIEW>"""
# 0.5 ∓ 1.96·0.2, and 0.5·exp(∓1.96·0.2)
PLAIN, LOGS = {"low": "0.108", "high": "0.892"}, {"low": "0.338", "high": "0.740"}


@pytest.mark.parametrize(
    ("measure", "flag", "limits", "kinds", "scale"),
    [
        ("Hazard Ratio", "", LOGS, {"log HR"}, "log HR"),
        ("Rate Ratio", 'LOG_DATA="YES" ', LOGS, {"log IRR"}, "log IRR"),
        ("Risk Difference", "", PLAIN, {"RD"}, "RD"),
        ("Falls per person-year", "", PLAIN, {"GEN"}, "Falls per person-year"),
        ("Falls per person-year", 'LOG_DATA="NO" ', PLAIN, {"GEN"}, "Falls per person-year"),
        ("Hazard Ratio", 'LOG_DATA="NO" ', PLAIN, {"GEN"}, "effect"),
    ],
)
def test_a_generic_effect_is_on_the_scale_that_its_file_says_or_shows(
    measure: str, flag: str, limits: dict[str, str], kinds: set[str], scale: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "g.rm5", GENERIC.format(measure=measure, flag=flag, **limits))
    ((review,), remarks) = reviews_in(path)
    assert remarks[1:] == []  # but that nothing says which side is good
    assert {row.measure for row in review.outcomes} == kinds
    results = results_of(review)
    assert results.pools[0].measure == scale
    assert [str(verdict) for verdict in results.verdicts if verdict.verdict != "reproduced"] == []


@pytest.mark.parametrize("flag", ["", 'LOG_DATA="YES" '])
def test_a_ratio_of_a_kind_that_is_not_known_is_not_pooled_as_it_is_printed(
    flag: str, tmp_path: Path
) -> None:
    text = GENERIC.format(measure="Cost ratio", flag=flag, **LOGS)
    other = RM5[RM5.index("<CONT_OUTCOME") : RM5.index("</COMPARISON>")].replace('NO="1"', 'NO="2"')
    ((review,), remarks) = reviews_in(
        write(tmp_path / "g.rm5", text.replace("</IV_OUTCOME>", f"</IV_OUTCOME>{other}"))
    )
    assert review.protocol.methods.measure == "MD"
    assert "analysis 1.1 (Falls) is left out" in remarks[0]
    assert '"Cost ratio"' in remarks[0]


@pytest.mark.parametrize("measure", ["Risk Ratio (Non-event)", "Non-event Risk Ratio"])
def test_ratios_of_people_without_the_event_count_them(measure: str, tmp_path: Path) -> None:
    """Of 2/25 v 4/24 without the event 23/25 v 20/24: RR 1.104."""
    text = SHORT.replace("M-H,Risk Ratio", f"IV,{measure}")
    text = text.replace("24,0.48,0.82,0.1,2.38", "24,1.104,0.11,0.892,1.366")
    (_, second), remarks = reviews_in(write(tmp_path / "n.csv", text))
    assert [row.events for row in second.outcomes] == [23, 20, 24, 20]
    assert any("counts people without the event" in remark for remark in remarks)
    shown = {v.quantity: v.verdict for v in results_of(second).verdicts if v.trial == "ash2001"}
    assert (shown["estimate"], shown["ci_low"], shown["ci_high"]) == ("reproduced",) * 3


def test_a_row_of_observed_less_expected_without_a_variance_is_left_out_by_name(tmp_path: Path) -> None:
    text = GENERIC.replace("IV_", "IPD_").replace('METHOD="IV"', 'METHOD="EXP_O_E_VAR"')
    text = text.format(measure="Peto Odds Ratio", flag="", **LOGS)
    text = text.replace('"A" EFFECT_SIZE="0.5"', '"A" O_E="-3" VAR="0" EFFECT_SIZE="0.5"')
    text = text.replace('"B" EFFECT_SIZE="0.5"', '"B" O_E="-17.3287" VAR="25" EFFECT_SIZE="0.5"')
    ((review,), remarks) = reviews_in(write(tmp_path / "o.rm5", text))
    assert any("Ash 2001: no effect with a variance above 0; left out" in remark for remark in remarks)
    (row,) = review.outcomes
    assert (row.measure, row.mean, row.se) == ("log PETO", pytest.approx(-0.693148), pytest.approx(0.2))
    assert row.note == "mean is (O − E)/V of -17.3287 and 25, se that of 1/V"
    (pool,) = synthesise(review)
    assert str(pool.result).startswith("k = 1: Peto OR 0.50 (95% CI 0.34 to 0.74)")


def test_intervals_of_rows_are_compared_at_their_own_level(tmp_path: Path) -> None:
    """Of −1.1 with SE 0.7506 one of 90% is −1.1 ∓ 1.6449·0.7506; the total has one of 95%."""
    body = RM5.replace('TOTALS="YES"', 'TOTALS="YES" CI_STUDY="90" CI_TOTAL="95"')
    body = body.replace(
        'EFFECT_SIZE="-1.1" CI_START="-2.5711" CI_END="0.3711"', 'EFFECT_SIZE="-1.1" CI_START="{}"'
    )
    low = "-2.3346"
    ((review,), _) = reviews_in(write(tmp_path / "l.rm5", body.format(f'{low}" CI_END="0.1346')))
    shown = [v for v in results_of(review).verdicts if v.printed in {low, "0.1346"}]
    assert [v.verdict for v in shown] == ["reproduced", "reproduced"]
    assert review.protocol.methods.level == 0.95


def test_a_total_of_other_rows_than_its_subgroups_is_not_pooled(tmp_path: Path) -> None:
    head, first, second = WEB_ROWS.splitlines()
    rows = [
        first.replace("Pain,,SUBGROUP_AND_OVERALL", "Pain,Low dose,SUBGROUP"),
        first.replace("Pain,,SUBGROUP_AND_OVERALL", "Pain,High dose,SUBGROUP"),
        first.replace("Pain,,SUBGROUP_AND_OVERALL", "Pain,,OVERALL"),
        second.replace("Pain,,", "Pain,High dose,"),
    ]
    ((review,), remarks) = reviews_in(package(tmp_path / "w.zip", "\n".join([head, *rows]), WEB_SETTINGS))
    assert [pool.subgroup for pool in synthesise(review)] == ["Low dose", "High dose"]
    assert [pool.k for pool in synthesise(review)] == [1, 2]
    assert any("its total is not pooled" in remark for remark in remarks)


def test_a_study_without_a_name_is_called_by_its_row(tmp_path: Path) -> None:
    rows = WEB_ROWS.replace("Alpha 2001,2001", "  ,")
    ((review,), _) = reviews_in(package(tmp_path / "w.zip", rows, WEB_SETTINGS))
    assert [trial.label for trial in review.trials] == ["row 2", "Beta 2003"]


def test_a_package_that_swaps_events_counts_people_without_them(tmp_path: Path) -> None:
    """Of 3/10 v 5/10 with the event the OR of those without is 2.3333."""
    rows = WEB_ROWS.replace("5,2,0,10,3,2.2,0,10,0,0,,0.911107", "0,0,3,10,0,0,5,10,0,0,,2.333333")
    rows = rows.replace("-0.020328,1.842542", "0.372571,14.613168").replace(
        "6,1.5,0,6,4.5,1.9,0,8", "0,0,1,6,0,0,3,8"
    )
    settings = WEB_SETTINGS.replace("estimates\n", "estimates,Swap event and non-event\n")
    settings = settings.replace("Standardized Mean Difference", "Odds Ratio").replace("true\n", "true,true\n")
    ((review,), _) = reviews_in(package(tmp_path / "w.zip", rows, settings))
    assert [row.events for row in review.outcomes] == [7, 5, 5, 5]
    of_row = [v for v in results_of(review).verdicts if v.trial == "alpha2001"]
    assert {v.verdict for v in of_row} == {"reproduced"}


@pytest.mark.parametrize(
    "method", ["Peto,Risk Ratio,Fixed", "Peto,Peto Odds Ratio,Random", "Bayes,Risk Ratio,Fixed"]
)
def test_a_method_that_no_such_analysis_has_costs_it_by_name(method: str, tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", SHORT.replace("M-H,Risk Ratio,Fixed", method))
    ((review,), remarks) = reviews_in(path)
    assert review.protocol.methods.measure == "MD"
    assert (
        f'(Deaths) is left out: its statistical method "{method.split(",", 1)[0]}" is not known' in remarks[0]
    )
