"""Every language says the same things."""

import ast
import copy
import pickle
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

import livingmeta
from livingmeta.appraisal.bias import DOMAINS
from livingmeta.appraisal.choices import CHOICES
from livingmeta.appraisal.directions import BASES
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import trial_sets
from livingmeta.appraisal.scenarios import sensitivity
from livingmeta.audit.results import results_of
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.tau2 import TAU2
from livingmeta.figures.marks import notes
from livingmeta.language import FLAG_WORDS, LANGUAGES, Said, Word, language, said, together
from livingmeta.review.folder import load_review
from livingmeta.review.schema import Bias, Claim, printed_as
from livingmeta.synthesis.pool import heterogeneity
from livingmeta.synthesis.settings import Selection
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import decimals
from spoken import english

FOLDER = Path(livingmeta.__file__).parent / "languages"
OTHERS = sorted({*LANGUAGES} - {"en"})
CATALOGUES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.toml")}


def test_every_catalogue_is_a_language_that_can_be_chosen() -> None:
    assert {"en", "nb"} <= CATALOGUES.keys()
    assert {code: language(code).code for code in CATALOGUES} == {code: code for code in LANGUAGES}


def flat(table: dict[str, Any], front: str = "") -> dict[str, str]:
    """Messages by key; those of a room are in a table of its own."""
    held: dict[str, str] = {}
    for key, text in table.items():
        held |= {front + key: text} if isinstance(text, str) else flat(text, f"{key}.")
    return held


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("table", ["say", "ci", "prediction"])
def test_all_languages_have_the_same_messages_with_the_same_places(code: str, table: str) -> None:
    places = [
        {key: set(re.findall(r"{(\w+)}", text)) for key, text in flat(CATALOGUES[one][table]).items()}
        for one in ("en", code)
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize("code", OTHERS)
def test_every_estimator_and_measure_has_its_name(code: str) -> None:
    assert CATALOGUES[code]["tau2"].keys() == TAU2.keys()
    assert CATALOGUES[code]["measure"].keys() == {one.label for one in MEASURES.values()}
    computed = {one.label: set(re.findall(r"{\w+}", one.step)) for one in MEASURES.values() if one.step}
    steps = {name: set(re.findall(r"{\w+}", text)) for name, text in CATALOGUES[code]["measure_step"].items()}
    assert steps == computed


@pytest.mark.parametrize("code", OTHERS)
def test_every_flag_is_translated(code: str) -> None:
    assert CATALOGUES[code]["flags"].keys() == FLAG_WORDS.keys()


@pytest.mark.parametrize("code", OTHERS)
def test_the_program_s_own_words_are_translated(code: str) -> None:
    verdicts = {"reproduced", "differs", "partial", "not computable", "not numeric"}
    quantities = Claim.model_fields["quantity"].annotation.__args__  # type: ignore[union-attr]
    judgements = {"low", "unclear", "high", "some concerns"}
    assert judgements <= set(str(Bias.model_fields["judgement"].annotation).split("'"))
    domains = set().union(*DOMAINS.values())
    fixed = {
        name: kind for name, kind in CHOICES.items() if kind.applied and name not in {"terms", "without"}
    }
    options = {option for kind in fixed.values() for option in kind.options(load_review("smith2017"))}
    assert {*quantities} == CATALOGUES[code]["say"]["quantity"].keys()
    whole = {*verdicts, *judgements, *domains, *BASES, *CHOICES, *options}
    assert whole <= CATALOGUES[code]["words"].keys()


@pytest.mark.parametrize("name", ["smith2017", "living", "knee_oa"])
def test_a_review_translates_all_of_its_own_words_or_none(name: str) -> None:
    protocol = results_of(load_review(name)).review.protocol
    groups = protocol.groups
    titles = (plan.title for plan in protocol.synthesis)
    said = {protocol.question, *titles, groups.group1, groups.group2, protocol.caution}
    for code, own in protocol.translation.items():
        assert said <= own.keys(), code


@pytest.mark.parametrize("code", OTHERS)
def test_readers_are_told_the_same_in_every_language(code: str) -> None:
    assert len(language(code).read) == len(language("en").read)


def test_norwegian_numbers_have_a_comma_and_a_true_minus() -> None:
    norwegian = language("nb")
    assert norwegian.decimal(-0.301) == "−0,30"
    assert norwegian.whole(4441) == "4\N{NO-BREAK SPACE}441"


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=f"choose one of {', '.join(LANGUAGES)}"):
        language("no")


# Methods of a dialogue at a terminal, which speaks English, are called `say`, too.
KEY = re.compile(r"[a-z_0-9]+(\.[\w.-]+)?")


def parts_of(node: ast.AST) -> Iterator[tuple[str | None, ...]]:
    """Give the strings that an expression can be, in parts; None is a part only known later."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield (node.value,)
    elif isinstance(node, ast.JoinedStr):
        for parts in product(*(tuple(parts_of(part)) or ((None,),) for part in node.values)):
            yield tuple(chain.from_iterable(parts))
    elif isinstance(node, ast.FormattedValue):
        yield from parts_of(node.value)
    elif isinstance(node, ast.IfExp):
        yield from (*parts_of(node.body), *parts_of(node.orelse))


@cache
def code_of_the_package() -> tuple[list[ast.AST], list[nodes.Node]]:
    """The nodes of all modules and of all templates."""
    package, templates = FOLDER.parent, Environment(extensions=["jinja2.ext.do"])
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")]
    pages = [templates.parse(path.read_text(encoding="utf-8")) for path in package.rglob("*.j2")]
    return [node for tree in modules for node in ast.walk(tree)], [
        node for tree in pages for node in tree.find_all(nodes.Node)
    ]


def written() -> tuple[set[str], list[re.Pattern[str]]]:
    """All strings that stand in the code, and patterns of those that it puts together."""
    python, pages = code_of_the_package()
    scripts = (path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.js"))
    parts = {(one,) for text in scripts for one in re.findall(r"[\"'`]([\w.]+)[\"'`]", text)}
    parts |= {one for node in python for one in parts_of(node)}
    for node in pages:
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            parts.add((node.value,))
        elif isinstance(node, nodes.Concat):
            parts.add(tuple(getattr(one, "value", None) for one in node.nodes))
    whole = {one[0] for one in parts if len(one) == 1 and one[0]}
    patterns = [
        re.compile("".join(re.escape(part) if part else r"[\w-]+" for part in one))
        for one in parts
        if len(one) > 1 and re.fullmatch(r"[\w.]{3,}", "".join(filter(None, one)))
    ]
    return whole, patterns


def test_no_message_is_kept_that_nobody_says() -> None:
    whole, composed = written()
    kept = [*flat(CATALOGUES["en"]["say"]), *CATALOGUES["en"]["flags"]]
    assert [key for key in kept if key not in whole and not any(one.fullmatch(key) for one in composed)] == []


def test_no_two_messages_are_the_same_in_every_language() -> None:
    catalogues = [flat(catalogue["say"]) for catalogue in CATALOGUES.values()]
    keys: dict[tuple[str, ...], list[str]] = {}
    for key in catalogues[0]:
        keys.setdefault(tuple(catalogue[key] for catalogue in catalogues), []).append(key)
    doubled = [key for same in keys.values() if len(same) > 1 for key in same]
    assert doubled == ["letter.sd", "figures.sd"]  # the letter says every column of its table


def test_no_message_is_said_that_no_catalogue_has() -> None:
    python, pages = code_of_the_package()
    asked: set[str] = set()
    for node in python:
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in {"say", "said"}:
                asked |= {one[0] or "" for one in parts_of(node.args[0]) if len(one) == 1}
    for node in pages:
        if isinstance(node, nodes.Call) and getattr(node.node, "name", "") == "say":
            asked |= {one.value for one in node.args[:1] if isinstance(one, nodes.Const)}
    asked = {key for key in asked if KEY.fullmatch(key)}
    assert len(asked) > 100
    assert asked - flat(CATALOGUES["en"]["say"]).keys() == set()


@pytest.mark.parametrize("code", OTHERS)
def test_no_message_of_a_catalogue_is_still_english(code: str) -> None:
    read = {str(i): part for i, part in enumerate(CATALOGUES[code]["read"])}
    messages = flat({**CATALOGUES[code], "read": read})
    left = {key: english(re.sub("{.*?}", "", text), code) for key, text in messages.items()}
    assert {key: words for key, words in left.items() if words} == {}


def test_what_is_said_of_a_result_can_be_said_again_in_another_language() -> None:
    nb = language("nb")
    low, high = decimals(-0.6, 0.0)
    level = said("interval", estimate=decimals(-0.3)[0], low=low, high=high)
    whole = together([said("trials_many", n=3), level, Word("high")])
    assert whole == "3 trials; −0.30 (−0.60 to 0.00); high"
    for one in (whole, pickle.loads(pickle.dumps(whole)), copy.deepcopy(whole)):
        assert nb.word(one) == "3 studier; −0,30 (−0,60 til 0,00); høy"
    inside = said("share", k=said("trials_one", n=1), n=Word("nobody's word"))
    assert nb.word(inside).startswith("1 studie av nobody's word")


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("name", ["smith2017", "living", pytest.param("knee_oa", marks=pytest.mark.slow)])
def test_what_is_said_of_results_is_said_in_every_language(code: str, name: str) -> None:
    review = load_review(name)
    speak = language(code, own=review.protocol.translation.get(code))
    labels = [re.escape(trial.label) for trial in review.trials]
    told: list[str | None] = []
    for one in sensitivity(review):
        told += [name for name, _ in (*one.scenarios, *one.absence.scenarios)]
        told += [one.absence.why_not or "", one.main.why_not or ""]
    known = Dossier(review=review)
    for row in known.certainty:
        told += [one.why for one in row.suggestions] + [row.absolute.why_not or ""]
    told += [verdict.detail for verdict in known.verdicts]
    for table in known.directions:
        told += [table.tally(), *(table.side(row.side) for row in table.rows)]
    told += [
        words
        for box in known.flow.counts
        for words in (box.words, box.basis, None if box.number else box.text())
    ]
    for found in known.multiverse:
        told += [reason for reason, _ in found.impossible] + [one.words() for one in trial_sets(found)]
    told += [words for finding in known.findings for words in (finding.verdict, finding.detail)]
    for words in filter(None, told):
        turned = re.sub("|".join(["«.*?»", *labels]), "", speak.word(words))  # what a source prints
        assert turned != words
        assert not english(turned, code), turned


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("name", ["smith2017", "living", "knee_oa"])
def test_pools_and_each_step_to_an_effect_are_said_in_every_language(code: str, name: str) -> None:
    review = load_review(name)
    speak = language(code, own=review.protocol.translation.get(code))
    told: list[str] = []
    for pool in synthesise(review, selection=Selection(include_sensitivity=True)):
        told += [pool.methods, pool.why_not or "", *(part.name for part in pool.siblings)]
        told += [heterogeneity(pool)] if pool.result else []
        told += [left.why for left in (*pool.dropped, *pool.sensitivity_only)]
        effects = pool.effects
        told += [step for effect in effects for step in effect.derivation]
        told += [text for effect in effects for text in (effect.assumption, effect.difference) if text]
        told += notes(effects)
    groups = (review.protocol.groups.group1, review.protocol.groups.group2)
    theirs = {row.assumption or "" for row in review.outcomes} | {row.note or "" for row in review.outcomes}
    theirs |= {printed_as(note) for note in theirs}
    theirs |= {row.name for row in review.instruments} | {speak.word(group) for group in groups}
    theirs |= {*groups, *(row.label for row in review.trials)}
    for words in filter(None, dict.fromkeys(told)):
        turned = speak.word(words)
        for text in sorted(filter(None, theirs), key=len, reverse=True):
            turned = turned.replace(text, "")
        assert isinstance(words, Said), words
        assert not english(turned, code), turned
