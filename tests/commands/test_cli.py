"""What the user types gives what is promised: tables for people, one document for programs."""

import ast
import csv
import dataclasses
import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.models import OptionInfo

from folders import ARM1, ARM2, ROOT, folder
from livingmeta import __version__
from livingmeta.__main__ import COMMANDS, function_of
from livingmeta.audit.consistency import Finding
from livingmeta.audit.verdicts import Verdict
from livingmeta.commands.opening import HINTS
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.pooling import CONFIDENCE, PREDICTION, TAU2_INTERVALS, PooledEstimate
from livingmeta.engine.tau2 import TAU2
from livingmeta.exchange.exports import EXPORTS
from livingmeta.language import FLAG_WORDS, LANGUAGES
from livingmeta.pages.phrases import DISCLAIMER
from livingmeta.synthesis.profiles import PROFILES


def test_reviews_lists_all_that_can_be_found(say) -> None:
    said = say("reviews")
    assert said.status == 0
    for name in ("smith2017", "living", "knee_oa"):
        assert name in said.out
    assert {one["review"] for one in json.loads(say("reviews", "--json").out)} >= {"smith2017"}


@pytest.mark.parametrize("text", ["title =", "format = 2\nquestion = 'Of what?'"])
def test_a_review_that_cannot_be_read_is_listed_all_the_same(
    say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "data").mkdir()
    protocol = folder(tmp_path / "data") / "review.toml"
    protocol.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "see livingmeta check small" in say("reviews").flat


def test_the_version_is_shown(say) -> None:
    assert say("--version").out == f"livingmeta {__version__}\n"


def test_a_sound_review_passes_the_check(say) -> None:
    said = say("check", "smith2017")
    assert said.status == 0
    assert "7 trials, 33 rows; 0 wrong, 2 doubtful" in said.flat
    assert "-23.7 is not in the middle of its interval -33.3 to -14.4" in said.flat  # -23.85 is


def test_a_wrong_row_is_named_and_the_status_is_1(say, tmp_path: Path) -> None:
    review = folder(tmp_path, outcomes=[{**ARM1, "sd": "0"}, ARM2])
    said = say("check", str(review))
    assert said.status == 1
    assert 'outcomes.csv row 2, sd = "0": a standard deviation must be above 0.' in said.flat
    listed = json.loads(say("check", str(review), "--json").out)
    assert listed["errors"] == len(listed["problems"]) > 0
    assert listed["problems"][0]["row"] == 2


@pytest.mark.parametrize(
    ("passage", "message"),
    [
        (
            ('profile = "today"', 'profile = "tody"'),
            "choose one of revman5, revman-web, metafor, meta, today",
        ),
        (('measure = "SMD"', 'measure = "SMD"\ntau2 = "PN"'), "Did you mean PM?"),
        (('measure = "SMD"', 'measure = "SMD"\nlevel = 95'), "write 0.95 for 95%"),
        (('measure = "SMD"', 'measure = "SMD"\nheadline = "x"'), "profile = 'x'"),
        (('measure = "SMD"', 'measure = "SDM"'), "Did you mean SMD?"),
        (('measure = "SMD"', 'measure = "SMD"\nsd_from = "won"'), "Did you mean wan?"),
    ],
)
def test_methods_that_are_not_known_fail_the_check(
    say, tmp_path: Path, passage: tuple[str, str], message: str
) -> None:
    said = say("check", str(folder(tmp_path, toml=passage)))
    assert said.status == 1
    assert "review.toml, methods: " in said.out
    assert message in said.flat


def test_doubts_alone_do_not_fail_the_check(say) -> None:
    said = say("check", "knee_oa")
    assert said.status == 0
    assert "warning: " in said.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("pool", "smith2071"), "Did you mean smith2017?"),
        (("pool", "smith2017", "--tau2", "PN"), "Did you mean PM?"),
        (("pool", "smith2017", "--ci", "HKSJ"), "Did you mean hksj?"),
        (("pool", "smith2017", "--model", "fixed"), "choose one of common, random"),
        (("pool", "smith2017", "--profile", "revman"), "Did you mean revman5?"),
        (("pool", "smith2017", "--measure", "SDM"), "Did you mean SMD?"),
        (("pool", "smith2017", "--synthesis", "pain"), "choose one of pain-short"),
        (("pool", "smith2017", "--terms", "x"), "choose one of default, alternative"),
        (("pool", "smith2017", "--without", "x"), "trial = 'x'"),
        (("pool", "smith2017", "--level", "0"), "a level lies between 0 and 1"),
        (("trace", "smith2017", "pain-short", "nobody"), "trial = 'nobody'"),
        (("trace", "smith2017", "pain"), "synthesis = 'pain'"),
        (("run", "/nowhere"), "no review of this name"),
        (("check", "/nowhere"), "no review of this name"),
    ],
)
def test_misuse_gets_a_sentence_and_status_2(say, words: tuple[str, ...], sentence: str) -> None:
    said = say(*words)
    assert said.status == 2
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_pool_as_json_is_one_document_with_every_synthesis(say) -> None:
    pools = json.loads(say("pool", "smith2017", "--json").out)
    assert [one["synthesis"] for one in pools] == [
        f"{outcome}-{term}" for outcome in ("pain", "function") for term in ("short", "medium", "long")
    ]
    short, medium = pools[0], pools[1]
    assert list(short)[:5] == ["synthesis", "subgroup", "result", "shown", "trials"]
    assert set(short["result"]) == {field.name for field in dataclasses.fields(PooledEstimate)}
    wanted = {"trial", "yi", "vi", "ci_low", "ci_high", "weight", "derivation", "flags"}
    assert all(wanted <= trial.keys() for trial in short["trials"])
    assert len(short["missing"]) == 3
    assert medium["result"] is None
    assert medium["trials"] == []


def test_subgroups_are_entries_of_their_own(say) -> None:
    pools = json.loads(say("pool", "knee_oa", "--json", "--synthesis", "pain-post").out)
    assert len(pools) == 3
    assert all(one["subgroup"] for one in pools)


def test_reproduce_as_json_has_claims_and_findings(say) -> None:
    document = json.loads(say("reproduce", "smith2017", "--json").out)
    assert list(document) == ["methods", "claims", "findings"]
    assert document["methods"].endswith(", assumed")
    assert set(document["claims"][0]) == {field.name for field in dataclasses.fields(Verdict)}
    assert set(document["findings"][0]) == {field.name for field in dataclasses.fields(Finding)}


def test_options_change_what_is_pooled(say) -> None:
    def result(*options: str) -> dict[str, object]:
        options = ("pool", "smith2017", "--json", "--synthesis", "pain-short", *options)
        return json.loads(say(*options).out)[0]["result"]

    assert result()["ci_method"] == "hksj-modified"
    assert result("--profile", "revman5")["ci_method"] == "wald"
    assert result("--tau2", "PM")["tau2_method"] == "PM"
    assert result("--model", "common")["tau2_method"] is None
    assert result("--level", "90")["level"] == result("--level", "0.9")["level"] == 0.9
    assert result("--include-sensitivity")["k"] == 4
    assert result("--no-assumptions")["k"] == 1
    assert result("--documented-only") is None
    assert result("--terms", "alternative")["k"] == 1


def test_what_lies_outside_every_term_is_said(say) -> None:
    said = say("pool", "smith2017", "--terms", "alternative")
    assert "outside every term of the set alternative: Rathleff 2015 (pain, week 52)" in said.flat
    assert "outside every term" not in say("pool", "smith2017").out


def test_human_output_says_what_was_pooled_and_what_is_missing(say) -> None:
    said = say("pool", "smith2017", "--full")
    assert "3 pooled (142 people)" in said.flat
    assert "3 measured but missing here; how many trials the review pooled is not known" in said.flat
    assert "not available: Maenhout 2013" in said.flat
    assert "flag few_trials" in said.out
    assert said.flat.endswith(DISCLAIMER)


@pytest.mark.slow
def test_reproduce_shows_every_claim_in_full(say) -> None:
    said = say("reproduce", "smith2017", "--full")
    assert "9 partial, 27 not numeric, 3 not computable." in said.out
    assert "…" not in re.sub("difference …", "", said.flat)
    assert "one correction would mend it" in said.flat
    assert DISCLAIMER in said.flat


def test_trace_follows_a_number_to_its_sentence(say) -> None:
    said = say("trace", "smith2017", "function-short", "holmgren2012")
    assert "24 points (95% confidence interval 19 to 28.0)" in said.out
    assert "group 1: SD from the 95% CI of the mean, t with 50 df: 16.0" in said.out
    assert "sign turned: higher Constant-Murley" in said.out
    assert "data/smith2017/outcomes.csv row " in said.out


def test_gaps_say_where_to_look(say) -> None:
    said = say("gaps", "smith2017")
    assert "47 known gaps" in said.out
    assert len(json.loads(say("gaps", "smith2017", "--json").out)) == 47


@pytest.mark.parametrize("more", [(), ("--prediction", "nagashima"), ("--profile", "all")])
def test_a_prediction_interval_says_what_it_is_by_and_how_little_it_holds(more: tuple[str, ...], say) -> None:
    given = ("pool", "living", "--synthesis", "function-short", "--full", *more)
    said = " ".join(say(*given).out.split())
    drawn = "nagashima" in more
    assert (FLAG_WORDS["few_trials_for_prediction"] in said) != drawn
    by = "the parametric bootstrap of" if drawn else "the t distribution with k − 1"
    assert (f"(95% prediction interval, from {by}" in said) == ("all" not in more)


def test_the_dictionary_is_the_one_in_the_repository(say) -> None:
    assert say("dictionary").out == (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_run_writes_figures_tables_and_the_page(ran: tuple[Path, str]) -> None:
    folder, said = ran[0], " ".join(ran[1].split())
    assert "verdict: partial" in said
    assert "verdict: partial; 8 flags" in said
    assert DISCLAIMER in said
    names = {path.name for path in folder.iterdir()}
    plots = {
        f"forest_{outcome}-{term}.{kind}"
        for outcome in ("pain", "function")
        for term in ("short", "medium", "long")
        for kind in ("svg", "pdf", "png", "txt")
    }
    plots |= {
        f"{name}.{kind}"
        for name in ("prisma", "bias_traffic", "bias_summary")
        for kind in ("svg", "png", "txt")
    }
    pages = {"report.html", "report.md", "explorer.html"}
    assert names == plots | pages | {"results.csv", "effects.csv", "reproduction.csv"}
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 12


def test_a_review_of_ones_own_runs_without_a_line_of_python(say, tmp_path: Path) -> None:
    said = say("run", str(folder(tmp_path)), "--out", str(tmp_path))
    assert said.status == 0
    assert (tmp_path / "small" / "forest_pain-short.svg").is_file()


def test_a_folder_that_cannot_be_written_gets_a_sentence(say, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = say("run", str(folder(tmp_path)), "--out", str(tmp_path / "file"))
    assert said.status == 2
    assert "Traceback" not in said.err
    assert "file" in said.err


def test_bad_input_never_costs_the_user_a_byte(say, tmp_path: Path) -> None:
    review = folder(tmp_path, outcomes=[{**ARM1, "sd": "0"}, ARM2])
    before = {path: path.read_bytes() for path in review.iterdir()}
    for words in (("check",), ("pool",), ("reproduce",), ("trace",), ("gaps",)):
        say(*words, str(review))
    say("run", str(review), "--out", str(tmp_path / "out"))
    assert {path: path.read_bytes() for path in review.iterdir()} == before
    assert not (tmp_path / "out").exists()


def test_help_needs_neither_numpy_nor_pandas() -> None:
    code = (
        "import sys; sys.argv = ['livingmeta', '--help']\n"
        "from livingmeta.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'pandas', 'scipy', 'matplotlib', 'pydantic') "
        "if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_names_of_the_package_are_those_promised() -> None:
    import livingmeta

    for name in ("load_review", "pool", "smd", "mean_difference", "reproduce", "forest_plot"):
        assert callable(getattr(livingmeta, name))
        assert name in livingmeta.__all__
    with pytest.raises(AttributeError, match="attribute pol"):
        _ = livingmeta.pol


def test_help_names_every_entry_of_the_registries(say) -> None:
    said = say("pool", "--help").flat
    for registry, help_of in ((MEASURES, "pool"), (TAU2, "pool"), (LANGUAGES, "report")):
        *first, last = registry
        assert f"{', '.join(first)} or {last}" in say(help_of, "--help").flat
    assert ", ".join(list(TAU2)[:-1]) in say("regress", "--help").flat
    assert all(name in say("export", "--help").flat for name in EXPORTS)
    for registry in (PROFILES, CONFIDENCE, PREDICTION, TAU2_INTERVALS):
        assert all(name in said for name in registry)


def options_of(command: Any) -> list[tuple[str, str]]:
    """Return the options of a command's function, each with its help."""
    signature = inspect.signature(command, eval_str=True)
    found = []
    for name, one in signature.parameters.items():
        for told in get_args(one.annotation):
            if isinstance(told, OptionInfo):
                found.append((name, told.help or ""))
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_read_by_its_command_and_says_what_it_does(name: str) -> None:
    body = ast.parse(textwrap.dedent(inspect.getsource(function_of(name))))
    read = {one.id for one in ast.walk(body) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    of_files = HINTS.keys() - inspect.signature(inspect.unwrap(function_of(name))).parameters.keys()
    for option, told in options_of(function_of(name)):
        assert option in read | of_files, f"{name} accepts {option} and ignores it"
        assert told, option
        assert not told.endswith((" of", " or", ":")), told
