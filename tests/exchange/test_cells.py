"""Several numbers in one cell are read as their column says, and never guessed where it does not."""

from pathlib import Path

import pytest

from exchange.test_columns import estimate
from exchange.test_imports import write
from exchange.test_tables import refusal
from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.imports import reviews_in

MD = Hints(measure="MD")
ARMS = (("4.1", "2.0", "20", "5.0", "2.1", "20"), ("3.8", "1.9", "31", "4.4", "2.2", "29"))
ARMS += (("5.2", "2.4", "15", "5.9", "2.0", "16"),)


def arms(header: str, row: str) -> str:
    """Write the three trials of `test_columns`, a row each, with cells as `row` puts them together."""
    rows = [row.format(*cells) for cells in ARMS]
    return "\n".join([header, *(f"Trial {place};{cells}" for place, cells in enumerate(rows))]) + "\n"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("study;exp (mean±SD);n exp;con (mean±SD);n con", "{0} ± {1};{2};{3} ± {4};{5}"),
        ("study;Intervention, mean (SD);n1;Control, mean (SD);n2", "{0} ({1});{2};{3} ({4});{5}"),
        ("study;Treatment M ± SD;n.t;Placebo M ± SD;n.p", "{0}+/-{1};{2};{3} +- {4};{5}"),
        ("study;Intervention mean (SD);Control mean (SD)", "{0} ({1}) (n = {2});{3} ({4}), n={5}"),
        ("study;Intervensjon, gjennomsnitt;sd1;n1;Control mean;sd2;n2", "{0};{1};{2};{3};{4};{5}"),
    ],
)
def test_mean_and_sd_in_one_cell_are_those_of_two(header: str, row: str, tmp_path: Path) -> None:
    """metafor: rma(escalc("MD", ...)) gives -0.71639; a decimal comma changes nothing."""
    assert estimate(write(tmp_path / "p.csv", arms(header, row)), MD) == -0.7164
    assert estimate(write(tmp_path / "c.csv", arms(header, row).replace(".", ",")), MD) == -0.7164


@pytest.mark.parametrize("cell", ["{} ({})", "{} ± {}", "{} [{}]"])
def test_what_stands_in_a_bracket_is_asked_where_no_heading_says_it(cell: str, tmp_path: Path) -> None:
    """With standard errors metafor gives another value: SD = SE * sqrt(n)."""
    pair = cell.format("{0}", "{1}"), cell.format("{3}", "{4}")
    text = arms("study;Exercise;n exercise;Waitlist;n waitlist", f"{pair[0]};{{2}};{pair[1]};{{5}}")
    path = write(tmp_path / "t.csv", text)
    said = refusal(path, MD)
    assert "From the names it may be" not in said
    sd = {"mean1,sd1": "Exercise", "n1": "n exercise", "mean2,sd2": "Waitlist", "n2": "n waitlist"}
    se = {name.replace("sd", "se"): column for name, column in sd.items()}
    for way in (sd, se):
        assert " ".join(f'--column "{role}={column}"' for role, column in way.items()) in said
    assert estimate(path, Hints(measure="MD", columns=sd)) == -0.7164
    ((review,), _) = reviews_in(path, Hints(measure="MD", columns=se))
    assert (review.outcomes[0].sd, review.outcomes[0].se) == (None, 2.0)


def test_limits_of_a_mean_have_the_level_that_the_column_says(tmp_path: Path) -> None:
    head = "study;n1;n2;Treatment mean [90% CI];Control mean [90% CI]"
    text = f'{head}\nA;33;34;"12,6 [10,1; 15,1]";16,4 (13,7 til 19,1)\n'
    ((review,), _) = reviews_in(write(tmp_path / "t.csv", text), MD)
    first, second = review.outcomes
    assert (first.mean, first.ci_low, first.ci_high, first.ci_level) == (12.6, 10.1, 15.1, 90)
    assert (second.mean, second.ci_low, second.ci_high, second.ci_level) == (16.4, 13.7, 19.1, 90)


@pytest.mark.parametrize(
    "text",
    [
        'study,treatment median (IQR),n1,control median [IQR],n2\nA,29 (6 to 52),33,"35 [10; 60]",34\n',
        "study,treatment median,Q1 treatment,q3 treatment,n1,control median,control Q1,control q3,n2\n"
        "A,29,6,52,33,35,10,60,34\n",
        "study,treatment mean,treatment SD,treatment median,q11,q31,n1,mean2,sd2,median2,q12,q32,n2\n"
        "A,,,29,6,52,33,NR,,35,10,60,34\n",
    ],
)
def test_medians_with_quartiles_are_read_where_a_row_has_no_mean(text: str, tmp_path: Path) -> None:
    ((review,), remarks) = reviews_in(write(tmp_path / "t.csv", text), MD)
    assert remarks == []
    assert [(row.mean, row.median, row.q1, row.q3, row.n) for row in review.outcomes] == [
        (None, 29, 6, 52, 33),
        (None, 35, 10, 60, 34),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "study,treatment n/N,control n/N\nAsh,3/20,7/20\nBirch,4 of 31 (13%),9/29 (31%)\nCedar,2/15,5/16\n",
        "study,treatment n (%),treatment N,control n (%),control total\n"
        "Ash,3 (15%),20,7 (35),20\nBirch,4,31,9 (31.0%),29\nCedar,2 (13 %),15,5,16\n",
        "study,Events/total treatment,Events/total control\nAsh,3/20,7/20\nBirch,4/31,9/29\n",
        "study,Treatment events (n = 20),Control events (n = 20)\nAsh,3,7\n",
    ],
)
def test_events_of_people_in_one_cell_are_those_of_two(text: str, tmp_path: Path) -> None:
    """Read by eye."""
    ((review,), _) = reviews_in(write(tmp_path / "t.csv", text))
    assert [(row.events, row.n) for row in review.outcomes[:2]] == [(3, 20), (7, 20)]
    assert [(row.events, row.n) for row in review.outcomes[2:4]] in ([], [(4, 31), (9, 29)])


@pytest.mark.parametrize(
    "text",
    [
        "study,HR (95% CI)\nAsh,0.82 (0.61-1.10)\nBeech,0.74 [0.58 to 0.95]\nCole,1.05 (0.70–1.57)\n",
        "study,HR,95% CI\nAsh,0.82,0.61-1.10\nBeech,0.74,[0.58; 0.95]\nCole,1.05,0.70 to 1.57\n",
        "study;HR [95 %-KI]\nAsh;0,82 (0,61–1,10)\nBeech;0,74 (0,58–0,95)\nCole;1,05 (0,70–1,57)\n",
    ],
)
def test_an_effect_with_its_limits_in_one_cell_is_read(text: str, tmp_path: Path) -> None:
    """metafor: rma(log(hr), sei=log(upper/lower)/(2*qnorm(.975))) gives -0.20345."""
    path = write(tmp_path / "t.csv", text)
    assert estimate(path) == pytest.approx(-0.2035, abs=0.00011)
    assert reviews_in(path)[0][0].protocol.methods.measure == "HR"


def test_an_effect_with_its_standard_error_in_one_cell_is_read(tmp_path: Path) -> None:
    """metafor: rma(c(.43, .26, .09), sei=c(.2, .24, .28)) gives 0.29777."""
    text = "study,Hedges' g (SE)\nAsh,0.43 (0.20)\nBirch,0.26 (0.24)\nCedar,0.09 (0.28)\n"
    assert estimate(write(tmp_path / "t.csv", text)) == 0.2978


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("12.6 (10.1 to 15.1)", "it holds two numbers behind the first, and the column mean and sd"),
        ("12.6 (SE 8.1)", "it holds se, and the column mean and sd"),
        ("n. a. (see text)", "can't be read"),
        ("12.6 ±", "can't be read"),
    ],
)
def test_all_cells_that_hold_something_else_are_refused_with_their_row(
    cell: str, words: str, tmp_path: Path
) -> None:
    text = f"study,treatment mean (SD),n1,control mean (SD),n2\nA,{cell},20,3 (1),20\nB,x,20,3 (1),20\n"
    first, second = refusal(write(tmp_path / "t.csv", text)).splitlines()
    assert f'row 2, treatment mean (SD) = "{cell}": ' in first
    assert words in first
    assert "row 3, treatment mean (SD)" in second


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("15%", "A percentage is not the number of people"),
        ("3/20", 'Say --column "events1,n1=events1"'),
        ("3,5", "it has a comma where other numbers of the file have a decimal point"),
    ],
)
def test_a_count_that_is_none_is_refused_with_what_to_write(cell: str, words: str, tmp_path: Path) -> None:
    text = f'study,events1,n1,events2,n2,dose\nA,"{cell}",20,7,20,1.5\n'
    assert words in refusal(write(tmp_path / "t.csv", text))


def test_a_cell_of_several_numbers_for_one_says_how_to_name_them(tmp_path: Path) -> None:
    text = "study,mean1,sd1,n1,mean2,sd2,n2\nA,4.1 ± 2.0,2.0,20,5.0,2.1,20\n"
    assert '--column "mean1,sd1=mean1"' in refusal(write(tmp_path / "t.csv", text))
    with pytest.raises(ValueError, match="one cell can hold mean1,sd1; mean1,se1"):
        reviews_in(tmp_path / "t.csv", Hints(columns={"mean1,sd2": "mean1"}))
