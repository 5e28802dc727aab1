"""Which side is good is said by the review, or not at all: no door assumes it."""

import csv
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.text import Text

from folders import ARM1, ARM2, DIFFERENCE, INSTRUMENT, SOURCE, TRIAL, as_csv, folder
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import multiverse, shares
from livingmeta.appraisal.scenarios import sensitivity
from livingmeta.figures import files
from livingmeta.figures import forest as plots
from livingmeta.figures.specification_curve import specification_curve
from livingmeta.language import language
from livingmeta.pages.explorer import explorer_page
from livingmeta.pages.phrases import bent
from livingmeta.review.folder import ReviewError, examine, load_review
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.synthesise import synthesise

GROUPS = '2 = "comparison"\n'
BARE = [{**row, "instrument": ""} for row in (ARM1, ARM2)]
DATASET = {**SOURCE, "kind": "dataset"}


def review(path: Path, side: str = "", own: str = "", *, instruments: bool = False) -> Path:
    """Write a review of one trial; `side` and `own` are lines of the groups and the synthesis."""
    written = folder(
        path,
        toml=(GROUPS, f"{GROUPS}{side}\n"),
        sources=[DATASET],
        outcomes=[ARM1, ARM2] if instruments else BARE,
    )
    protocol = written / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace('outcome = "pain"\n', f'outcome = "pain"\n{own}\n'))
    return written


def pool(path: Path) -> Pool:
    return synthesise(load_review(path))[0]


FORWARD, BACK = ("new treatment", "comparison"), ("comparison", "new treatment")


@pytest.mark.parametrize(
    ("side", "own", "instruments", "favours"),
    [
        ("", "", False, None),
        ("", "", True, FORWARD),
        ("negative_favours = 1", "", False, FORWARD),
        ("negative_favours = 1", "", True, FORWARD),
        ("negative_favours = 2", "", False, BACK),
        ('negative_favours = "unknown"', "", True, None),
        ("negative_favours = 1", "negative_favours = 2", False, BACK),
        ("negative_favours = 2", 'negative_favours = "unknown"', False, None),
        ("", "negative_favours = 1", False, FORWARD),
    ],
)
def test_a_direction_is_the_synthesis_own_or_the_groups_or_what_better_turned_it_to(
    tmp_path: Path, side: str, own: str, instruments: bool, favours: tuple[str, str] | None
) -> None:
    found = pool(review(tmp_path, side, own, instruments=instruments))
    assert found.favours == favours
    (effect,) = found.effects
    told = [step for step in effect.derivation if "favours" in step]
    assert told == ([] if favours is None else [f"an effect below 0 favours {favours[0]}"])


def test_one_row_whose_sign_nothing_turned_makes_the_direction_unknown(tmp_path: Path) -> None:
    other = [{**row, "trial": "beta2001", "instrument": ""} for row in (ARM1, ARM2)]
    trials = [
        {
            "trial": name,
            "label": name,
            "year": "2001",
            "membership": "documented",
            "membership_why": "listed",
            "source": "paper",
        }
        for name in ("alpha2001", "beta2001")
    ]
    other = [{**row, "report": ""} for row in other]
    path = folder(tmp_path, sources=[DATASET], trials=trials, outcomes=[ARM1, ARM2, *other])
    assert pool(path).favours is None


@pytest.mark.parametrize(
    ("side", "own", "place"),
    [
        ("negative_favours = 2", "", "groups.negative_favours"),
        ("", "negative_favours = 2", "synthesis pain-short, negative_favours"),
    ],
)
def test_a_direction_that_better_contradicts_is_refused_with_place_and_remedy(
    tmp_path: Path, side: str, own: str, place: str
) -> None:
    path = review(tmp_path, side, own, instruments=True)
    with pytest.raises(ReviewError) as refused:
        load_review(path)
    (said,) = map(str, refused.value.problems)
    assert said.startswith(f'small/review.toml, {place} = "2": the instrument vas of ')
    assert "outcomes.csv row 2" in said
    assert "favours group 1 (new treatment). Leave negative_favours out, or write 1;" in said


@pytest.mark.parametrize("side", ["", 'negative_favours = "unknown"'])
def test_a_direction_that_is_not_known_is_doubtful_and_says_how_to_give_it(tmp_path: Path, side: str) -> None:
    (doubt,) = examine(review(tmp_path, side))[1]
    assert doubt.severity == "warning"
    assert str(doubt).startswith("small/review.toml, groups.negative_favours")
    assert 'Write 1 if it is good for "new treatment", 2 if for "comparison"' in str(doubt)
    assert "pain-short" in doubt.reason


@pytest.mark.parametrize("wrong", ["0", "3", '"lower"'])
def test_a_direction_of_no_meaning_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ReviewError, match="choose one of 1, 2 or 'unknown'"):
        load_review(review(tmp_path, f"negative_favours = {wrong}"))


# What makes a small review of each measure: six trials whose average lies clearly below no effect.
MEANS = [(3.0 + 0.1 * i, 4.2 + 0.15 * i) for i in range(6)]
EVENTS = [(5 + i, 14 + i) for i in range(6)]
LABELS = [f"Trial{letter} 2001" for letter in "ABCDEF"]
DIRECTIONS = {"known": 1, "reversed": 2, "unknown": "unknown"}
CHOICE = '[[choice]]\nname = "tau2"\noptions = ["DL", "REML"]\nwhy = "not said"\n\n[[synthesis]]'
ALWAYS = re.compile(r'negative_favours|"favours":')  # keys, which say nothing
TAKES_SIDES = re.compile(r"favou?r|benefi|favør|gagn|\bis better\b|er best", re.I)


def six(path: Path, measure: str, side: object) -> Path:
    """Write a review of six trials."""
    trials = [
        {
            "trial": f"t{i}",
            "label": label,
            "year": "2001",
            "n_randomised": "80",
            "membership": "documented",
            "membership_why": "listed",
            "source": "paper",
        }
        for i, label in enumerate(LABELS)
    ]
    missing = {**trials[0], "trial": "t6", "label": "TrialG 2001"}
    rows = []
    for i, (means, events) in enumerate(zip(MEANS, EVENTS, strict=True)):
        about = {
            "trial": f"t{i}",
            "outcome": "pain",
            "weeks": "12",
            "source": "paper",
            "locator": "table 1",
            "use": "yes",
        }
        for group in (0, 1):
            if measure == "GEN":
                continue
            cells = (
                {"events": str(events[group])}
                if measure == "OR"
                else {"mean": f"{means[group]:g}", "sd": "2", "statistic": "final"}
            )
            rows.append({**about, "group": str(group + 1), "n": "40", **cells})
        if measure == "GEN":
            rows.append(
                {
                    **about,
                    "group": "difference",
                    "measure": "GEN",
                    "mean": f"{means[0] - means[1]:g}",
                    "se": "0.4",
                }
            )
    gap = {
        "trial": "t6",
        "outcome": "pain",
        "weeks": "12",
        "what": "measured, not reported",
        "where": "the paper",
        "source": "paper",
    }
    written = folder(
        path,
        toml=(GROUPS, f"{GROUPS}negative_favours = {side!r}\n".replace("'", '"')),
        sources=[DATASET],
        trials=[*trials, missing],
        reports=[],
        instruments=[],
        outcomes=rows,
        gaps=[gap],
    )
    protocol = written / "review.toml"
    text = protocol.read_text(encoding="utf-8").replace('measure = "SMD"', f'measure = "{measure}"')
    text = text.replace(
        'question = "Which of two treatments is better, in whom, for what?"', 'question = "What do they do?"'
    )
    text = text.replace("[[synthesis]]", CHOICE, 1).replace('domains = ["pain", "composite"]\n', "")
    protocol.write_text(text, encoding="utf-8")
    return written


DOORS = [
    "pool {}",
    "pool {} --json",
    "pool {} --profile all",
    "sensitivity {} --out {out}",
    "sensitivity {} --json",
    "bayes {} --tau-scale 0.5 --important 1.5 --out {out}",
    "bayes {} --tau-scale 0.5 --json",
    "multiverse {} --important 1.5 --out {out}",
    "multiverse {} --json",
    "certainty {} --out {out}",
    "certainty {} --important 1.5 --json",
    "gosh {} --out {out}",
    "gosh {} --json",
    "small-study {} --out {out}",
    "multilevel {}",
    "trace {}",
    "gaps {}",
    "reproduce {}",
    "run {} --out {out}",
    "report {} --out {out} --important 1.5",
    "report {} --lang nb --out {out}",
    "explore {} --out {out}",
    "export {} --to metafor --out {out}",
    "export {} --to revman --out {out}",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("measure", "direction"),
    [
        ("SMD", "known"),
        ("SMD", "reversed"),
        ("SMD", "unknown"),
        ("MD", "unknown"),
        ("GEN", "unknown"),
        ("OR", "known"),
        ("OR", "reversed"),
        ("OR", "unknown"),
    ],
)
def test_no_door_takes_a_side_that_the_review_does_not_give(
    tmp_path: Path, measure: str, direction: str, say: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    review, out = six(tmp_path / "a", measure, DIRECTIONS[direction]), tmp_path / "out"
    told: dict[str, str] = {}
    drawn: list[str] = []
    save = files.figure_bytes

    def seen(figure: Any, kind: str, **more: Any) -> bytes:
        drawn.extend(text.get_text() for text in figure.findobj(Text))
        return save(figure, kind, **more)

    monkeypatch.setattr(files, "figure_bytes", seen)
    for door in DOORS:
        said = say(*(word.format(review, out=out) for word in door.split()))
        assert said.status in (0, 1), (door, said.err)
        told[door] = said.out
    told["figures"] = "\n".join(drawn)
    for page in out.rglob("*"):
        if page.suffix in {".md", ".html", ".csv", ".json", ".R"} and "explorer" not in page.name:
            told[page.name] = page.read_text(encoding="utf-8")
    assert "report.nb.md" in told or "report.nb.html" in told
    told = {name: ALWAYS.sub("", text) for name, text in told.items()}
    if direction == "unknown":
        for name, text in told.items():
            assert not (found := TAKES_SIDES.search(text)), (name, around(text, found))
        assert "favours" in (tmp_path / "a" / "small" / "review.toml").read_text()
    else:
        first, second = FORWARD if direction == "known" else BACK
        assert f"the average favours {first}" in told["report.md"]
        chance = f"probability that the mean effect favours {first}: 0.999 or more"
        assert chance in " ".join(told[DOORS[5]].split()) or direction == "reversed"
        for name in (DOORS[7], "figures"):
            assert f"favours {first}" in " ".join(told[name].split()), name
        assert f"i favør av {first}" in " ".join(told["report.nb.html"].split())
        assert f"favours {second}: " not in told["report.md"]
    if measure == "OR":
        for name, text in told.items():
            found = re.search(r"negativ|positiv", text, re.I)
            assert not found, (name, around(text, found))


PRINTED = {  # as printed, of group 1 against group 2
    "SMD": ("0.5", "0.1", "0.9"),
    "MD": ("1.5", "0.5", "2.5"),
    "OR": ("1.6", "1.25", "2.048"),
    "HR": ("1.6", "1.25", "2.048"),
}


def printed(path: Path, measure: str, better: str) -> Path:
    """Write a review of two trials whose effects are printed alike, on a scale."""
    mean, low, high = PRINTED[measure]
    trials = [{**TRIAL, "trial": f"t{i}", "label": LABELS[i]} for i in (0, 1)]
    rows = [
        {
            **DIFFERENCE,
            "trial": f"t{i}",
            "report": "",
            "measure": measure,
            "mean": mean,
            "ci_low": low,
            "ci_high": high,
            "ci_basis": "z",
            "quote": "",
        }
        for i in (0, 1)
    ]
    return folder(
        path,
        trials=trials,
        reports=[],
        outcomes=rows,
        sources=[DATASET],
        instruments=[{**INSTRUMENT, "better": better}],
        toml=('measure = "SMD"', f'measure = "{measure}"'),
    )


@pytest.mark.slow
@pytest.mark.parametrize("measure", PRINTED)
@pytest.mark.parametrize("better", ["lower", "higher", "unknown"])
def test_each_door_says_of_a_scale_where_higher_is_better_that_the_printed_number_is_turned(
    tmp_path: Path, measure: str, better: str, say: Callable[..., Any]
) -> None:
    path, out = printed(tmp_path, measure, better), tmp_path / "out"
    ratio = measure in {"OR", "HR"}
    turned = better == "higher" and measure != "SMD"
    (found, *_) = pool(path).effects
    mean, low, high = (float(one) for one in PRINTED[measure])
    if ratio:
        mean, low, high = math.log(mean), math.log(low), math.log(high)
    if turned:
        mean, low, high = -mean, -high, -low
    got = (found.yi, found.ci_low, found.ci_high)
    assert got == pytest.approx((mean, low, high), rel=1e-3)
    assert pool(path).favours == (None if better == "unknown" else FORWARD)
    told = {"table": say("pool", str(path)).out}
    figure = plots.forest_plot(load_review(path), "pain-short").figure
    told["figure"] = " ".join(text.get_text() for text in figure.findobj(Text))
    assert not ratio or "difference" not in told["figure"]
    assert say("report", str(path), "--out", str(out)).status == 0
    told["report"] = (out / "small" / "report.md").read_text(encoding="utf-8")
    told["trace"] = say("trace", str(path)).out
    page = explorer_page(Dossier(review=load_review(path)), version="1")
    told["explorer"] = page[page.index('id="data"') :] if 'id="data"' in page else page
    words = "ratio inverted" if ratio else "sign turned"
    for door, text in told.items():
        text = " ".join(text.split())  # noqa: PLW2901
        shown = "are the inverse of" if ratio else "have the opposite sign of"
        said = f"{words} against the values printed: higher VAS is better"
        said = {"report": shown, "trace": f"{words}: higher VAS is better"}.get(door, said)
        assert (said in text or said[0].upper() + said[1:] in text) is turned, door
        sign = "a" if door == "figure" else "∓"  # a letter, which leads to the note below the figure
        assert (f"Alpha 2001 {sign}" in text or f"TrialA 2001 {sign}" in text) is (
            turned and door not in {"trace", "explorer"}
        ), door


@pytest.mark.slow
def test_syntheses_of_other_directions_on_one_page_each_say_their_own(
    tmp_path: Path, say: Callable[..., Any]
) -> None:
    path = six(tmp_path / "a", "SMD", 1)
    with (path / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    both = [
        *rows,
        *({**row, "outcome": "strength"} for row in rows),
        *({**row, "outcome": "sleep"} for row in rows),
    ]
    (path / "outcomes.csv").write_text(as_csv("outcomes", both), encoding="utf-8")
    with (path / "review.toml").open("a", encoding="utf-8") as file:
        for name, side in (("strength", "2"), ("sleep", '"unknown"')):
            file.write(
                f'\n[[synthesis]]\nid = "{name}"\ntitle = "{name.title()}"\n'
                f'outcome = "{name}"\nnegative_favours = {side}\n'
            )
    assert [one.favours for one in synthesise(load_review(path))] == [FORWARD, BACK, None]
    said = say("report", str(path), "--out", str(tmp_path / "out"))
    assert said.status == 0, said.err
    text = (tmp_path / "out" / "small" / "report.md").read_text(encoding="utf-8")
    assert "the average favours new treatment" in text
    assert "the average favours comparison" in text
    assert "which side is good is not stated" in text
    for name, (left, right) in {"pain-short": FORWARD, "strength": BACK}.items():
        figure = plots.forest_plot(load_review(path), name).figure
        for number, side in (("1", left), ("2", right)):
            lines = [t.get_text() for t in figure.findobj(Text) if t.get_gid() == f"favours:{number}"]
            assert sorted(" ".join(lines).split()) == sorted(["Favours", *side.split()])
    figure = plots.forest_plot(load_review(path), "sleep").figure
    assert not any("avours" in text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize(
    "direction",
    [pytest.param(name, marks=pytest.mark.slow) if name == "reversed" else name for name in DIRECTIONS],
)
def test_subgroups_have_the_direction_of_their_synthesis(
    tmp_path: Path, direction: str, say: Callable[..., Any]
) -> None:
    path = six(tmp_path / "a", "OR", DIRECTIONS[direction])
    with (path / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["subgroup"] = "young" if row["trial"] in {"t0", "t1", "t2"} else "old"
    (path / "outcomes.csv").write_text(as_csv("outcomes", rows), encoding="utf-8")
    sides = {"known": FORWARD, "reversed": BACK, "unknown": None}[direction]
    pools = synthesise(load_review(path))
    assert {one.subgroup for one in pools} >= {"young", "old"}
    assert {one.favours for one in pools} == {sides}
    figure = plots.forest_plot(load_review(path), "pain-short").figure
    lines = {"favours:1": "", "favours:2": ""}
    for text in figure.findobj(Text):
        if text.get_gid() in lines:
            lines[text.get_gid()] += f" {text.get_text()}"
    assert list(lines.values()) == ([f" Favours {name}" for name in sides] if sides else ["", ""])
    out = tmp_path / "out"
    assert say("report", str(path), "--out", str(out)).status == 0
    text = (out / "small" / "report.md").read_text(encoding="utf-8")
    told = f"Ratios below 1 favour {sides[0]}." if sides else "Which side of 1 is good is not stated"
    assert told in text


@pytest.mark.slow
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_axis_of_the_explorer_names_whom_each_side_favours_or_nobody(
    tmp_path: Path, direction: str, open_page: Callable[[Path], Any]
) -> None:
    path = six(tmp_path / "a", "OR", DIRECTIONS[direction])
    file = tmp_path / "explorer.html"
    file.write_text(explorer_page(Dossier(review=load_review(path)), version="1"), encoding="utf-8")
    page = open_page(file)
    sides = {"known": FORWARD, "reversed": BACK, "unknown": ()}[direction]
    axis = page.locator("svg text", has_text="favours")
    assert axis.all_text_contents()[:2] == [f"favours {name}" for name in sides]
    if not sides:
        assert "favours" not in page.locator("body").inner_text()
    else:
        first, second = (axis.nth(i).bounding_box()["x"] for i in (0, 1))
        assert first < second


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("known", "reversed", "was: below 0 favours new treatment; is: below 0 favours comparison"),
        ("unknown", "known", "was: not stated; is: below 0 favours new treatment"),
    ],
)
def test_a_direction_that_was_changed_is_a_change_though_no_number_moved(
    tmp_path: Path, say: Callable[..., Any], old: str, new: str, line: str
) -> None:
    before = six(tmp_path / "a", "SMD", DIRECTIONS[old])
    after = six(tmp_path / "b", "SMD", DIRECTIONS[new])
    said = " ".join(
        say("diff", str(after), "--against", str(before), "--out", str(tmp_path / "out")).out.split()
    )
    assert "No synthesis changes" not in said
    assert f"which side is good: {line}" in said
    assert f"is: favours {(FORWARD if new == 'known' else BACK)[0]}" in said


def test_a_ratio_is_told_as_moved_by_a_factor_and_simulated_about_1(
    tmp_path: Path, say: Callable[..., Any]
) -> None:
    path, after = (six(tmp_path / name, "OR", 1) for name in "ab")
    with (after / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["events"] = "20"
    (after / "outcomes.csv").write_text(as_csv("outcomes", rows), encoding="utf-8")
    said = say("diff", str(after), "--against", str(path), "--out", str(tmp_path / "out")).out
    was, now = (math.exp(pool(one).result.estimate) for one in (path, after))
    assert f"the data moved estimate and limits by ×{now / was:.3g}, ×" in said
    found = multiverse(load_review(path))[0]
    curve = specification_curve(found, shares(found.analyses))[0].figure
    drawn = [text.get_text() for text in curve.findobj(Text)]
    assert "excludes 1" in drawn
    assert "excludes 0" not in drawn
    said = say("simulate", str(path), "--count", "20").out
    assert "excludes 1, %" in said
    assert "bias of log" in said
    assert "without 0" not in said


def around(text: str, found: re.Match[str] | None) -> str:
    return "" if found is None else text[max(found.start() - 120, 0) : found.end() + 80]


@pytest.mark.parametrize("code", ["en", "nb"])
@pytest.mark.parametrize("names", [("a", "without"), ("trials", "missing"), ("{group}", "for")])
def test_names_of_groups_are_never_found_inside_the_words_of_a_scenario(
    tmp_path: Path, code: str, names: tuple[str, str]
) -> None:
    plain = six(tmp_path / "a", "SMD", 1)
    named = six(tmp_path / "b", "SMD", 1)
    protocol = named / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    for old, new in zip(FORWARD, names, strict=True):
        text = text.replace(f'= "{old}"', f'= "{new}"')
    protocol.write_text(text, encoding="utf-8")
    told = []
    for path in (plain, named):
        moved, same = bent(sensitivity(load_review(path))[0], language=language(code))
        told.append([*(name for name, _ in moved), *same])
    ends = dict(zip(FORWARD, names, strict=True))
    expected = [
        next((name.removesuffix(old) + ends[old] for old in ends if name.endswith(old)), name)
        for name in told[0]
    ]
    assert told[1] == expected
    assert sum(a != b for a, b in zip(*told, strict=True)) == 2
