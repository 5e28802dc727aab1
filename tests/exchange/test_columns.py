"""The columns of other programs are known by their names; each value is metafor's."""

from pathlib import Path

import pytest

from exchange.test_imports import write
from exchange.test_tables import refusal
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.columns import candidates, measure_in
from livingmeta.exchange.imports import reviews_in
from livingmeta.synthesis.synthesise import synthesise

MEANS = (
    "\nAlder 2001,4.1,2.0,20,5.0,2.1,20\nBirch 2004,3.8,1.9,31,4.4,2.2,29\nCedar 2010,5.2,2.4,15,5.9,2.0,16\n"
)
COUNTS = "\nAsh,3,20,7,20\nBirch,4,31,9,29\nCedar,2,15,5,16\n"
CELLS = "\nAsh,3,17,7,13\nBirch,4,27,9,20\nCedar,2,13,5,11\n"
EFFECTS = "\nAsh,0.43,0.20\nBirch,0.26,0.24\nCedar,0.09,0.28\n"


def estimate(path: Path, said: Hints | None = None) -> float:
    ((review,), _) = reviews_in(path, said)
    result = synthesise(review)[0].result
    assert result is not None
    return round(result.estimate, 4)


@pytest.mark.parametrize(
    "header",
    [
        "study,m1i,sd1i,n1i,m2i,sd2i,n2i",  # metafor
        "studlab,mean.e,sd.e,n.e,mean.c,sd.c,n.c",  # meta
        "Study name,Treated Mean,Treated Std-Dev,Treated Total,Control Mean,Control Std-Dev,Control Total",
        "Study name,Group-A Mean,Group-A Std-Dev,Group-A Sample size,Group-B Mean,Group-B Std-Dev,Group-B N",
        "study,mean_arm1,sd_arm1,n_arm1,mean_arm2,sd_arm2,n_arm2",  # metapsy
        "Study,Post_M_trt1,Post_SD_trt1,Post_N_trt1,Post_M_trt2,Post_SD_trt2,Post_N_trt2",
        "Study,Mean 1,SD 1,Total 1,Mean 2,SD 2,Total 2",  # RevMan 5
        "Study,Experimental mean,Experimental SD,Experimental N,Control mean,Control SD,Control N",
        "author,tmean,tsd,tsample,cmean,csd,csample",  # Stata
        "Author (year),meanTreat,sdTreat,nTreat,meanCtrl,sdCtrl,nCtrl",
        "Study,Mean (active),SD (active),n (active),Mean (control),SD (control),n (control)",
        "Study,Intervention group mean,Intervention group SD,Number of participants (intervention group),"
        "Mean (control),SD control group,Control arm N",
        "Study ID,intervention_mean,intervention_sd,intervention_n,control_mean,control_sd,control_n",
    ],
)
def test_means_of_every_program_are_known(header: str, tmp_path: Path) -> None:
    """metafor: rma(escalc("MD", m1i, sd1i, n1i, m2i, sd2i, n2i)) gives -0.71639."""
    assert estimate(write(tmp_path / "t.csv", header + MEANS), Hints(measure="MD")) == -0.7164


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("study,ai,n1i,ci,n2i", COUNTS),
        ("study,ai,bi,ci,di", CELLS),
        ("studlab,event.e,n.e,event.c,n.c", COUNTS),
        ("Study name,Treated Events,Treated Total N,Control Events,Control Total N", COUNTS),
        ("Study,Experimental cases,Experimental N,Control cases,Control N", COUNTS),
        ("study,event_arm1,totaln_arm1,event_arm2,totaln_arm2", COUNTS),
        ("trial,tevents,tnoevents,cevents,cnoevents", CELLS),
        ("study,n11,n12,n21,n22", CELLS),
        ("trial,tpos,tneg,cpos,cneg", CELLS),
    ],
)
def test_counts_of_every_program_are_known(header: str, rows: str, tmp_path: Path) -> None:
    """metafor: rma(escalc("OR", ai, n1i, ci, n2i)) gives -1.10615."""
    assert estimate(write(tmp_path / "t.csv", header + rows)) == -1.1062


@pytest.mark.parametrize(
    ("header", "measure"),
    [
        ("study,yi,sei", "GEN"),
        ("studlab,TE,seTE", "GEN"),
        ("studyLabel,effectSize,standardError", "GEN"),  # JASP
        ("Study name,Hedges's g,Std Err", "SMD"),  # CMA
        ("Study name,Std diff in means,Standard error", "SMD"),
        ("study,.g,.g_se", "SMD"),  # metapsy
        ("study,g,se.g", "SMD"),
        ("_meta_studylabel,_meta_es,_meta_se", "GEN"),  # Stata
        ("_LABELS,_ES,_seES", "GEN"),
        ("study,es,se", "GEN"),
        ("Author,Cohen's d,SE(d)", "SMD"),
        ("study,lnOR,selnOR", "OR"),
        ("study,log(OR),SE(log(OR))", "OR"),
        ("study,ln (HR),SE of ln(HR)", "HR"),
        ("study,Mean difference,SE_diff", "MD"),
        ("study,log_hr,se_log_hr", "HR"),
    ],
)
def test_effects_of_every_program_are_known_and_a_named_measure_is_said(
    header: str, measure: str, tmp_path: Path
) -> None:
    """metafor: rma(c(.43, .26, .09), sei=c(.2, .24, .28)) gives 0.29777."""
    path = write(tmp_path / "t.csv", header + EFFECTS)
    assert estimate(path) == 0.2978
    assert reviews_in(path)[0][0].protocol.methods.measure == measure


def test_ratios_with_limits_need_no_word_where_their_column_names_them(tmp_path: Path) -> None:
    """metafor: rma(log(hr), sei=log(upper/lower)/(2*qnorm(.975))) gives -0.20345."""
    rows = "Ash 2015,0.82,0.61,1.10\nBeech 2018,0.74,0.58,0.95\nCole 2020,1.05,0.70,1.57\n"
    for header in (
        "study,hr,lower,upper",
        "study,HR,hr.lb,hr.ub",
        "Study,Hazard ratio,Lower 95% CI,Upper 95% CI",
    ):
        path = write(tmp_path / "t.csv", f"{header}\n{rows}")
        assert estimate(path) == pytest.approx(-0.2035, abs=0.00011)
    bare = write(tmp_path / "b.csv", "study,HR,se\nAsh 2015,0.82,0.2\nBirch 2016,0.9,0.1\n")
    assert "is HR the HR itself, or its log?" in refusal(bare)


def test_means_with_standard_errors_are_pooled_as_with_standard_deviations(tmp_path: Path) -> None:
    """SE = SD / sqrt(n), to 7 digits; metafor's value as above."""
    rows = (
        "Alder 2001,4.1,.4472136,20,5.0,.4695743,20\nBirch 2004,3.8,.3412501,31,4.4,.4085297,29\n"
        "Cedar 2010,5.2,.6196773,15,5.9,.5,16\n"
    )
    path = write(tmp_path / "t.csv", f"study,mean1,se1,n1,mean2,se2,n2\n{rows}")
    assert estimate(path, Hints(measure="MD")) == -0.7164


# A row of numbers for each kind of column
CELLS = {"ri": "0.3", "Correlation": "0.3", "xi": "3", "events": "3", "ni": "12", "N": "12", "total": "12"}
CELLS |= {"ti": "12.5", "mi": "4", "sdi": "2", "SampleSize": "12", "r": "3", "year": "2001"}
CELLS |= {"x1i": "3", "t1i": "12.5", "x2i": "5", "t2i": "11", "person-years": "12.5"}


@pytest.mark.parametrize(
    ("header", "asked", "measure"),
    [
        ("ri,ni", None, "ZCOR"),
        ("Correlation,SampleSize", None, "ZCOR"),
        ("ri,ni", "COR", "COR"),
        ("xi,ni", None, "PLO"),
        ("events,total", "PFT", "PFT"),
        ("r,N", "PAS", "PAS"),
        ("r,N", "ZCOR", None),  # 3 is no correlation
        ("xi,ti", None, "IRLN"),
        ("events,person-years", "IR", "IR"),
        ("mi,sdi,ni", None, "MN"),
        ("x1i,t1i,x2i,t2i", None, "IRR"),
    ],
)
def test_a_file_whose_columns_say_what_they_are_needs_no_option(
    header: str, asked: str | None, measure: str | None, tmp_path: Path
) -> None:
    rows = "\n".join(",".join([name, *(CELLS[c] for c in header.split(","))]) for name in ("Ash", "Birch"))
    path = write(tmp_path / "t.csv", f"study,{header}\n{rows}\n")
    if measure is None:
        assert 'r = "3": a correlation lies between -1 and 1' in refusal(path, Hints(measure=asked))
        return
    ((review,), _) = reviews_in(path, Hints(measure=asked))
    assert review.protocol.methods.measure == measure
    assert bool(review.remarks) is (asked is None and measure != "IRR")
    (pool,) = synthesise(review)
    assert pool.k == 2, pool.dropped


@pytest.mark.parametrize(
    ("header", "asked", "words"),
    [
        ("r,N", None, "Say which by --measure: r N as events and people of one group"),
        ("xi,ti,ni", None, "it can be read in 2 ways"),
        ("xi,ni", "RR", "single groups, of which there is no RR. Choose one of PLO, PFT, PAS, PLN, PR"),
        ("x1i,t1i,x2i,t2i", "OR", "of events1 time1 events2 time2 there is no OR"),
        ("treatment,events,total", None, "If each row is an arm (treatment), put the two arms"),
        ("m1i,sd1i,m2i,sd2i,ni,ri", None, "two measurements of the same people"),
    ],
)
def test_columns_that_can_be_two_things_are_asked_for(
    header: str, asked: str | None, words: str, tmp_path: Path
) -> None:
    row = ",".join(["Ash", *("drug" if c == "treatment" else CELLS.get(c, "5") for c in header.split(","))])
    path = write(tmp_path / "t.csv", f"study,{header}\n{row}\n{row.replace('drug', 'placebo')}\n")
    assert words in refusal(path, Hints(measure=asked))


def test_limits_of_another_column_are_not_those_of_the_effects(tmp_path: Path) -> None:
    """As in metadat's dat.hackshaw1998: yi is the log of or, and or.lb and or.ub its limits."""
    path = write(
        tmp_path / "t.csv",
        "study,or,or.lb,or.ub,yi,vi\nA,1.18,0.9,1.54,0.1655,0.0188\nB,1.46,1,2.1,0.37,0.033\n",
    )
    ((review,), (remark,)) = reviews_in(path)
    assert review.outcomes[0].ci_low is None
    assert remark.endswith("effects are taken from yi; or, or.lb, or.ub are not read.")


def test_what_is_no_result_stays_beside_its_row(tmp_path: Path) -> None:
    from livingmeta.exchange.imports import read

    path = write(
        tmp_path / "t.csv", "study,yi,vi,year,dose,,blank\nA,0.1,0.04,1999,low,,\nB,0.2,0.04,2001,high,,\n"
    )
    (analysis,) = read(path)
    assert [record.other for record in analysis.records] == [{"dose": "low"}, {"dose": "high"}]


def test_an_exact_name_goes_before_a_looser_one_and_equals_are_asked_for(tmp_path: Path) -> None:
    assert candidates(["se", "sei", "SE"]) == {"sei": ["sei"]}
    assert candidates(["CI", "events1"]) == {"events1": ["events1"]}
    assert candidates(["baseline_m_arm1", "m_arm1"]) == {"mean1": ["m_arm1"]}
    assert candidates(["n", "total", "m", "weight", "log"]) == {}
    assert candidates(["n_arm1", "totaln_arm1"]) == {"n1": ["n_arm1"]}
    said = refusal(write(tmp_path / "t.csv", "study,es,effect,se\nA,1,2,1\n"))
    assert 'es and effect can both be yi. Which is meant? Say --column "yi=es"' in said


def test_row_names_that_only_number_are_set_aside_and_others_name_the_studies(tmp_path: Path) -> None:
    numbered = write(tmp_path / "n.csv", '"","study","yi","vi"\n"1","Ash",0.2,0.04\n"2","Birch",0.1,0.05\n')
    named = write(tmp_path / "r.csv", '"","yi","vi"\n"Ash",0.2,0.04\n"Birch",0.1,0.05\n')
    for path in (numbered, named):
        ((review,), remarks) = reviews_in(path)
        assert [trial.label for trial in review.trials] == ["Ash", "Birch"]
        assert remarks == []


def test_comparisons_of_a_trial_are_named_by_the_columns_that_differ(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.csv",
        "study,condition_arm1,condition_arm2,.g,.g_se\nAsh,cbt,wl,-0.4,0.2\nAsh,pst,wl,-0.3,0.2\nBirch,cbt,wl,-0.1,0.2\n",
    )
    ((review,), remarks) = reviews_in(path)
    assert [row.contrast for row in review.outcomes] == ["cbt", "pst", None]
    assert remarks == []


def test_no_word_names_a_measure_that_is_not_one() -> None:
    assert [measure_in(name) for name in ("r", "weeks", "p", "z", "effect", "age")] == [None] * 6
