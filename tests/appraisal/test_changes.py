"""A change is told in full: what the data moved, what the methods moved, and what is new."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from drawn import check_drawn_is_printed
from folders import ARM1, ARM2, REPORT, ROOT, TRIAL, folder
from livingmeta.appraisal.changes import diff, growth, lead
from livingmeta.engine.methods.influence import cumulative
from livingmeta.engine.pooling import pool
from livingmeta.figures.changes import changes_plot
from livingmeta.language import language
from livingmeta.pages.blocks import as_markdown
from livingmeta.pages.changes import conclusion, diff_page, evidence_line, lines, unchanged
from livingmeta.pages.phrases import speaking
from livingmeta.review.folder import load_review
from livingmeta.synthesis.settings import headline_settings
from spoken import english

SMITH, LIVING = load_review("smith2017"), load_review("living")
MOVES = diff(SMITH, LIVING)


def two(path: Path, *, toml: tuple[str, str] = ("", "")) -> Path:
    trials = [TRIAL, {**TRIAL, "trial": "beta2005", "label": "Beta 2005", "year": "2005"}]
    reports = [REPORT, {**REPORT, "report": "beta", "trial": "beta2005"}]
    arms = [
        {**arm, "trial": "beta2005", "report": "beta", "mean": mean, "quote": f"{mean} ({arm['sd']})"}
        for arm, mean in ((ARM1, "2.0"), (ARM2, "4.5"))
    ]
    return folder(path, toml=toml, trials=trials, reports=reports, outcomes=[ARM1, ARM2, *arms])


def test_data_and_methods_share_the_whole_move(tmp_path: Path) -> None:
    before = load_review(folder(tmp_path / "a"))
    other = ('profile = "today"', 'profile = "revman5"\nsmd_variance = "LS"\ncorrection = "exact"')
    after = load_review(two(tmp_path / "b", toml=other))
    move = diff(before, after)[0]
    assert move.before is not None
    assert move.after is not None
    data, methods = move.moved(by="data"), move.moved(by="methods")
    assert data is not None
    assert methods is not None
    whole = move.after.result.estimate - move.before.result.estimate
    assert data[0] + methods[0] == pytest.approx(whole)
    assert data[0] != 0
    assert methods[0] != 0
    told = "\n".join(lines(move))
    assert "the data moved estimate and limits by" in told
    assert "the methods moved estimate and limits by" in told
    assert "in: Beta 2005" in told


@pytest.mark.parametrize(
    ("measure", "rows", "by"),
    [
        # 0.1 to 0.2; limits expit(logit p ± 1.96 √(1/x + 1/(n − x))): 0.0547, 0.1760 to 0.1328, 0.2898
        ("PLO", ("xi,ni", "10,100", "20,100"), "+0.100, +0.078, +0.114"),
        # exp(log p ± 1.96 √(1/x − 1/n)): 0.0555, 0.1800 to 0.1351, 0.2960
        ("PLN", ("xi,ni", "10,100", "20,100"), "+0.100, +0.080, +0.116"),
        # sin²(asin √p ± 1.96 √(1/4n)): 0.0492, 0.1661 to 0.1278, 0.2836
        ("PAS", ("xi,ni", "10,100", "20,100"), "+0.100, +0.079, +0.118"),
        # exp(log(x/t) ± 1.96/√x): 0.000054, 0.000186 to 0.000129, 0.000310
        ("IRLN", ("xi,ti", "10,100000", "20,100000"), "+0.000100, +0.000075, +0.000124"),
        # (√(x/t) ± 1.96 √(1/4t))²: 0.0476, 0.1716 to 0.1220, 0.2973
        ("IRS", ("xi,ti", "10,100", "20,100"), "+0.100, +0.074, +0.126"),
        # exp(log m ± 1.96 s/(m √n)): 98.6, 146.0 to 277.4, 324.5
        ("MNLN", ("mi,sdi,ni", "120,60,25", "300,60,25"), "+180, +179, +178"),
        # tanh(atanh r ± 1.96/√(n − 3)): 0.0037, 0.3814 to 0.3366, 0.6341
        ("ZCOR", ("ri,ni", "0.2,100", "0.5,100"), "+0.30, +0.33, +0.25"),
        # a ratio goes by a factor: (5·90/(10·95)) = 0.474 to 1; its log's SE 0.567 to 0.471
        ("OR", ("ai,n1i,ci,n2i", "5,100,10,100", "10,100,10,100"), "×2.11, ×2.55, ×1.75"),
    ],
)
def test_a_move_is_told_on_the_scale_that_readers_see(say, tmp_path: Path, measure, rows, by) -> None:
    head, was, now = rows
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_text(f"study,{head}\nA,{was}\n", encoding="utf-8")
    after.write_text(f"study,{head}\nA,{now}\n", encoding="utf-8")
    asked = ("--measure", measure, "--against", str(before), "--out", str(tmp_path / "f"))
    said = say("diff", str(after), *asked)
    words = f"the data moved estimate and limits by {by}"
    assert words in said.flat
    assert words in (tmp_path / "f" / "after" / "diff.md").read_text("utf-8").replace("\n", " ")


def test_the_picture_turns_each_double_arcsine_back_by_its_own_people(say, tmp_path: Path) -> None:
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_text("study,xi,ni\nA,0,12\nB,1,15\n", encoding="utf-8")
    after.write_text("study,xi,ni\nA,0,12\nB,1,15\nC,2,1900\n", encoding="utf-8")
    said = say("diff", str(after), "--measure", "PFT", "--against", str(before), "--out", str(tmp_path))
    drawn = (tmp_path / "after" / "diff.svg").read_text("utf-8")
    shown = re.findall(r"\(double arcsine\) (\S+ \(\S+ to \S+\)), \d trials", said.flat)
    assert len(set(shown)) == 2
    assert all(numbers in drawn for numbers in shown)


def test_a_review_against_itself_has_not_changed() -> None:
    moves = diff(LIVING, LIVING)
    assert not any(move.changed for move in moves)
    assert evidence_line(LIVING, moves) == "- `living`: no estimate moved."
    assert all("nothing changed" in lines(move)[0] for move in moves)


def test_the_update_is_told_with_what_came_and_what_is_missing() -> None:
    move = MOVES[0]
    assert [effect.label for effect in move.entered] == ["Cavaggion 2024"]
    assert move.left == ()
    assert "sd_external" in move.flags[0]
    told = "\n".join(lines(move))
    assert "4 of 16 trials known to measure it" in told
    assert "measured but missing here: 3 → 8 trials" in told
    assert conclusion(move) == "the interval leaves open on which side of 0 the effect lies, as before"
    assert "Pain, short term −0.30" in evidence_line(LIVING, MOVES)


def test_the_page_has_a_row_for_every_synthesis() -> None:
    page = as_markdown([diff_page(LIVING, MOVES, names=("then", "now"))], pictures={"diff": "diff.png"})
    assert page.count("\n| ") >= len(MOVES)
    assert "![" in page
    assert "In one line, for a list of changes:" in page


def test_the_page_and_the_terminal_say_alike_what_stays_as_it_was() -> None:
    still = [move for move in diff(LIVING, LIVING) if not move.changed]
    moved = [move for move in MOVES if move.changed]
    for moves, sentence in (
        (still, "No synthesis changes."),
        ([*moved, still[0]], "1 other synthesis is as before."),
        ([*moved, *still[:2]], "2 other syntheses are as before."),
    ):
        assert unchanged(moves) == sentence
        assert sentence in as_markdown([diff_page(LIVING, moves, names=("then", "now"))])
    assert unchanged(moved) == ""


def test_the_page_in_norwegian_has_no_english_but_the_line_for_the_changelog() -> None:
    norwegian = speaking(LIVING, "nb")
    page = diff_page(LIVING, MOVES, names=("før", "nå"), language=norwegian)
    text = as_markdown([page]).replace(evidence_line(LIVING, MOVES), "")
    assert "Hva som er endret i living: før → nå" in text
    assert not english(text, "nb")


def test_a_subgroup_is_named_with_its_synthesis_in_the_language_of_the_page(say, tmp_path: Path) -> None:
    parted = [
        {**arm, "subgroup": part, "contrast": part} for part in ("women", "men") for arm in (ARM1, ARM2)
    ]
    trials = [{**TRIAL, "n_randomised": "160"}]
    before = folder(tmp_path / "a", trials=trials, outcomes=parted)
    after = folder(tmp_path / "b", trials=trials, outcomes=[{**row, "n": "39"} for row in parted])
    move = diff(load_review(before), load_review(after))[0]
    nb = language("nb", own={"Pain, short term": "Smerte", "women": "kvinner"})
    assert lines(move, language=nb)[0].startswith("Smerte – kvinner")
    assert say("diff", str(after), "--against", str(before), "--out", str(tmp_path)).status == 0
    assert "Pain, short term – women, as the trials appeared" in (tmp_path / "small" / "diff.svg").read_text(
        "utf-8"
    )


def test_contradictory_trials_are_not_called_an_answer() -> None:
    function = next(move for move in MOVES if move.synthesis == "function-short")
    assert "contradict each other" in conclusion(function)


def test_the_last_stage_is_the_pool_and_the_order_is_the_years() -> None:
    settings = headline_settings(LIVING)
    after = MOVES[0].after
    assert after is not None
    stages = growth(after, settings)
    assert [stage.year for stage in stages] == sorted(stage.year or 0 for stage in stages)
    assert after.result is not None
    assert stages[-1].estimate == pytest.approx(after.result.estimate)
    assert stages[-1].ci_low == pytest.approx(after.result.ci_low)


def test_cumulative_pools_are_the_pools_of_the_first_trials() -> None:
    y, v = [0.1, -0.4, 0.3, -0.2], [0.04, 0.09, 0.02, 0.05]
    found = cumulative(y, v, [2, 0, 3, 1])
    for i in range(1, 5):
        alone = pool([y[j] for j in [2, 0, 3, 1][:i]], [v[j] for j in [2, 0, 3, 1][:i]])
        assert found.estimate[i - 1] == pytest.approx(alone.estimate)
        assert found.ci_high[i - 1] == pytest.approx(alone.ci_high)
    with pytest.raises(ValueError, match="order must name"):
        cumulative(y, v, [0, 0, 1, 2])


def test_the_picture_shows_the_numbers_of_the_results() -> None:
    drawn = lead(MOVES)
    assert drawn is not None
    assert drawn.after is not None
    stages = growth(drawn.after, headline_settings(LIVING))
    ax = changes_plot(MOVES, stages, title=drawn.title, names=("before", "after"))
    patches = {patch.get_gid(): patch for patch in ax.patches}
    for move in MOVES:
        for name, one in (("before", move.before), ("after", move.after)):
            if one is not None and one.result is not None:
                xs = patches[f"{name}:{move.synthesis}"].get_xy()[:, 0]
                assert xs.min() == pytest.approx(one.result.ci_low)
                assert xs.max() == pytest.approx(one.result.ci_high)
    gids = {line.get_gid(): line.get_xdata()[0] for line in ax.lines if line.get_gid()}
    assert check_drawn_is_printed(ax, drawn.after.measure) > len(stages)
    points = {gid: x for gid, x in gids.items() if gid.startswith("stage:")}
    assert points == {f"stage:{s.k}": pytest.approx(s.estimate) for s in stages}
    assert (
        not patches["after:function-short"].get_fill()
        or patches["after:function-short"].get_facecolor()[3] == 0
    )  # contradictory: hollow
    with pytest.raises(ValueError, match="nothing to draw"):
        changes_plot([], [], title="", names=("a", "b"))


def test_a_commit_a_folder_and_a_name_can_be_compared_with(say, tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    review = folder(repository / "data")
    git = ("git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@y")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run([*git, *words], check=True, capture_output=True)
    extra = two(tmp_path / "later")
    for file in extra.iterdir():
        (review / file.name).write_bytes(file.read_bytes())
    document = json.loads(say("diff", str(review), "--json").out)
    assert document[0]["entered"] == ["Beta 2005"]
    same = json.loads(say("diff", str(review), "--against", str(extra), "--json").out)
    assert not same[0]["changed"]
    said = say("diff", str(review), "--against", "HEAD", "--out", str(tmp_path / "f"))
    assert "in: Beta 2005" in said.out
    assert {p.name for p in (tmp_path / "f" / "small").iterdir()} == {
        f"diff.{kind}" for kind in ("md", "png", "svg", "txt")
    }
    assert "# What changed" in say("diff", str(review), "--markdown").out
    assert "no commit of the repository" in say("diff", str(review), "--against", "nope").err


def test_the_workflow_calls_commands_that_exist(say) -> None:
    text = (ROOT / ".github" / "workflows" / "review.yml").read_text(encoding="utf-8")
    for command in ("check", "diff"):
        assert f"livingmeta {command} " in text
        assert say(command, "--help").status == 0
    assert "--markdown" in say("diff", "--help").out
