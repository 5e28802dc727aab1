"""Every document that a command prints with --json, of results that Python users have, too.

A function here makes a document; `text` writes it as the command does, and `schema` says what it
holds. Where a result is a document as it stands, its own class is the schema.
"""

import dataclasses
import inspect
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVarTuple, get_args

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from livingmeta.audit.consistency import Finding
from livingmeta.audit.results import Results
from livingmeta.audit.verdicts import Verdict
from livingmeta.synthesis.comparison import Comparison, Step
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool
from livingmeta.words import pick

FIRST = ("trial", "yi", "vi", "ci_low", "ci_high", "derivation", "flags")  # what a reader looks for


def _meanings(of: type) -> dict[str, str]:
    """Return what a class says of its fields: in its docstring, or in a comment behind each."""
    source = inspect.getsource(of) if of.__module__.startswith("livingmeta") else ""
    found = dict(re.findall(r"^    (\w+): .*?  # (?!type:)(.+)$", source, re.M))
    listed = (inspect.getdoc(of) or "").partition("Attributes\n----------\n")[2]
    for names, words in re.findall(
        r"^(\w[\w, ]*?) : [^\n]*\n((?:    .*\n?)*)", listed + "\n", re.M
    ):
        found |= dict.fromkeys(names.split(", "), " ".join(words.split()))
    return found


def _values(result: Any, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of a result, one level deep."""
    names = type(result).model_fields if isinstance(result, BaseModel) else [
        field.name for field in dataclasses.fields(result)
    ]  # fmt: skip
    return {name: getattr(result, name) for name in names if name not in without}


if TYPE_CHECKING:
    Held = TypeVarTuple("Held")

    class Keys(dict[str, Any], Generic[*Held]):
        """For a type checker, a document with more keys than a result has fields."""

else:

    class Keys:
        """`Keys[Result]`: the fields of a result as keys; names in a Literal are left out."""

        def __class_getitem__(cls, held: Any) -> type:
            of, *out = held if isinstance(held, tuple) else (held,)
            without = {name for one in out for name in get_args(one)}
            if issubclass(of, BaseModel):
                typed = {name: (field.annotation, field.description or "")
                         for name, field in of.model_fields.items()}  # fmt: skip
            else:
                hints, said = inspect.get_annotations(of, eval_str=True), _meanings(of)
                typed = {name: (hint, said.get(name, "")) for name, hint in hints.items()}
            keys = {
                name: Annotated[hint, Field(description=words)] if words else hint
                for name, (hint, words) in typed.items()
                if name not in without
            }
            keyed = TypedDict(of.__name__, keys)
            keyed.__doc__ = of.__doc__
            return keyed


class Weighted(Keys[Effect, Literal["rows"]]):
    """Its weight stands beside it.

    Attributes
    ----------
    weight : float or None
        Percent; of the total where one is pooled, else of this pool itself.
    rows : list of (str, int)
        File and spreadsheet row of each row used.
    """

    weight: float | None
    rows: list[tuple[str, int]]


class Pooled(Keys[Pool, Literal["effects"]]):
    """The effects stand with their weights in `trials`.

    Attributes
    ----------
    trials : list of Weighted
        The effects that are pooled.
    people : int or None
        People whose numbers are pooled, each once; None where the number of a trial is not known.
    people_at_least : int
        Those of the trials of which it is known.
    """

    trials: list[Weighted]
    people: int | None
    people_at_least: int


class Changed(Keys[Step]):
    """The pool is a document.

    Attributes
    ----------
    pool : Pooled
        The synthesis with it changed.
    """

    pool: Pooled


class Compared(TypedDict):
    """One synthesis, or one subgroup of it, by the methods of the headline and of every profile.

    Attributes
    ----------
    synthesis : str
        Its id.
    subgroup : str or None
        None: the whole synthesis.
    own : Pooled
        By the methods of the headline.
    profiles : dict of Pooled
        By those of each profile.
    steps : list of Changed
        From the headline, one method at a time.
    """

    synthesis: str
    subgroup: str | None
    own: Pooled
    profiles: dict[str, Pooled]
    steps: list[Changed]


class Reproduction(TypedDict):
    """Each printed number beside ours, and what does not fit together.

    Attributes
    ----------
    methods : str
        By which ours are computed.
    claims : tuple of Verdict
        What became of each printed number.
    findings : tuple of Finding
        Printed numbers that can't all be right, and sources that disagree.
    """

    methods: str
    claims: tuple[Verdict, ...]
    findings: tuple[Finding, ...]


def pooled(pool: Pool) -> Pooled:
    """Return a synthesis as a document, the effects with their weights first."""
    trials = []
    for effect, weight in zip(
        pool.effects, pool.weights or [None] * len(pool.effects), strict=True
    ):
        places = [(row.file, row.row) for row in effect.rows]
        values = {**_values(effect), "rows": places}
        trials.append({**{name: values[name] for name in FIRST}, "weight": weight, **values})
    values = _values(pool, without={"effects"})
    first = {name: values[name] for name in ("synthesis", "subgroup", "result")}
    people = {"people": pool.people.all, "people_at_least": pool.people.known}
    return Pooled({**first, "trials": trials, **people, **values})


def compared(comparison: Comparison) -> Compared:
    """Return a synthesis by every profile as a document."""
    return {
        "synthesis": comparison.own.synthesis,
        "subgroup": comparison.own.subgroup,
        "own": pooled(comparison.own),
        "profiles": {name: pooled(pool) for name, pool in comparison.pools},
        "steps": [
            Changed({**_values(step), "pool": pooled(step.pool)}) for step in comparison.steps
        ],
    }


def reproduction(results: Results) -> Reproduction:
    """Return the verdicts on what was printed as a document.

    Examples
    --------
    >>> from livingmeta import load_review, results_of
    >>> document = reproduction(results_of(load_review("smith2017")))
    >>> len(document["claims"]) > 20
    True
    """
    return {
        "methods": results.pools[0].methods,
        "claims": results.verdicts,
        "findings": results.findings,
    }


DOCUMENTS: Mapping[str, Any] = {
    "pool": list[Pooled],
    "pool --profile all": list[Compared],
    "reproduce": Reproduction,
}


@cache
def _adapter(command: str) -> TypeAdapter[Any]:
    return TypeAdapter(pick(DOCUMENTS, command, "command"))


def text(command: str, document: object) -> str:
    """Write a document as its command prints it.

    Parameters
    ----------
    command : str
        One of `DOCUMENTS`.
    document : object
        What the functions of this module return, in a list where the command tells of several.

    Raises
    ------
    RefusalError
        If no command of this name prints a document.
    """
    import json

    plain = _adapter(command).dump_python(document)  # 35 people stay 35, not 35.0
    return json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False)


class _Meaning(GenerateJsonSchema):
    """Puts beside each key what the class says of it."""

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        return self._told(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: Any) -> dict[str, Any]:
        return self._told(super().typed_dict_schema(schema), schema["cls"])

    def _told(self, made: dict[str, Any], of: type) -> dict[str, Any]:
        bases = [one for one in getattr(of, "__orig_bases__", ()) if one is not TypedDict]
        heads = [re.split(r"\n*\w+\n-{4,}\n", inspect.getdoc(one) or "")[0] for one in (*bases, of)]
        made["description"] = " ".join(" ".join(heads).split())
        for name, words in _meanings(of).items():
            if name in made["properties"]:
                made["properties"][name].setdefault("description", words)
        return made


def schema(command: str) -> dict[str, Any]:
    """Return the JSON Schema of the document that a command prints.

    Examples
    --------
    >>> schema("reproduce")["properties"]["methods"]["description"]
    'By which ours are computed.'
    """
    return _adapter(command).json_schema(mode="serialization", schema_generator=_Meaning)
