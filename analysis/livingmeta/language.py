"""The languages of the pages: one catalogue each, in `languages/`, with the same keys.

A room below the pages speaks English and need know no language: what it says of a result is `Said`,
which keeps its key and values, so that a page can say it again in any language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from livingmeta.words import Numeral, decimal, pick

_CATALOGUES = files("livingmeta") / "languages"
LANGUAGES = sorted(
    name.removesuffix(".toml")
    for name in (file.name for file in _CATALOGUES.iterdir())
    if name.endswith(".toml")
)


MOST_LISTED = 40  # names in a sentence, and sentences of one kind: nobody reads more


@dataclass(frozen=True, kw_only=True)
class Language:
    """Words and numbers as one language writes them.

    `said` has the messages; `words` turn a vocabulary, each word of which is its own key, and
    `own` those that a review translates itself; `read` explains to readers what numbers mean.
    """

    code: str
    comma: str
    percent: str
    thousands: str
    said: Mapping[str, str] = field(repr=False)
    flags: Mapping[str, str] = field(repr=False)
    words: Mapping[str, str] = field(repr=False)
    own: Mapping[str, str] = field(repr=False)
    names: Mapping[str, Mapping[str, str]] = field(repr=False)  # of methods, by kind
    read: tuple[Mapping[str, str], ...] = field(repr=False)

    def say(self, key: str, /, **values: object) -> str:
        """Fill in a message; numerals, vocabulary and what is `Said` among the values are turned."""
        turned = (Numeral, Said, Word)
        return self.said[key].format(
            **{name: self.word(x) if isinstance(x, turned) else x for name, x in values.items()}
        )

    def trials(self, number: int) -> str:
        """Count trials.

        Examples
        --------
        >>> language("en").trials(1), language("nb").trials(3)
        ('1 trial', '3 studier')
        """
        return self.say("trials_one" if number == 1 else "trials_many", n=number)

    def listed(self, items: Iterable[str], *, most: int = MOST_LISTED) -> str:
        """Join items as a sentence does; of very many the first, and how many others there are.

        Examples
        --------
        >>> language("nb").listed(["A", "B", "C"])
        'A, B og C'
        """
        named = list(items)
        if (others := len(named) - most) > 0:
            named = [*named[:most], self.say("pool.others", n=self.whole(others))]
        *first, last = named
        return f"{', '.join(first)} {self.say('and')} {last}" if first else last

    def decimal(self, number: float | None, places: int = 2) -> str:
        """Format a number, as `words.decimal` does.

        Examples
        --------
        >>> language("nb").decimal(-0.296)
        '−0,30'
        """
        return decimal(number, places).replace(".", self.comma)

    def commas(self, numbers: Iterable[str]) -> list[str]:
        """Give formatted numbers this language's decimal sign.

        Examples
        --------
        >>> language("nb").commas(["0.0012", "−0.27"])
        ['0,0012', '−0,27']
        """
        return [number.replace(".", self.comma) for number in numbers]

    def whole(self, number: int) -> str:
        """Format a count: "2,873"."""
        return f"{number:,}".replace(",", self.thousands)

    def method(self, kind: str, name: str, english: str) -> str:
        """Name a method; in English where this language has no name for it, and said to be.

        Examples
        --------
        >>> language("nb").method("tau2", "XX", "the method of X")
        'the method of X (engelsk navn)'
        """
        return self.names[kind].get(name) or english + self.say("english_name")

    def word(self, phrase: str | None) -> str:
        """Return what is `Said`, a numeral, a word of a vocabulary or the review's own in this language.

        Words that this language does not have stay as they are.

        Examples
        --------
        >>> language("nb").word("high")
        'høy'
        """
        if isinstance(phrase, Said):
            if not phrase.key:
                return self.word(phrase.between).join(map(self.word, phrase.parts))
            if phrase.key not in self.said:  # of a registry, which has the English
                return str(phrase) + self.say("english_name")
            return self.say(phrase.key, **phrase.values)
        kept = phrase or ""
        if kept in self.own or isinstance(phrase, Own):
            return self.own.get(kept, kept)
        if isinstance(phrase, Numeral):
            kept = phrase.translate({ord(","): self.thousands, ord("."): self.comma})
        return self.words.get(phrase or "", kept)


REGISTERED = ("measure", "measure_step", "tau_prior")  # tables of what `registered` says


@cache
def _catalogue(code: str) -> Mapping[str, object]:
    return tomllib.loads((_CATALOGUES / f"{code}.toml").read_text("utf-8"))


def language(code: str, *, own: Mapping[str, str] | None = None) -> Language:
    """Return a language.

    Parameters
    ----------
    code : str
        Any of `LANGUAGES`.
    own : mapping of str to str, optional
        A review's own words in this language, by its English ones.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    pick(dict.fromkeys(LANGUAGES), code, "lang")
    read = dict(_catalogue(code))
    return Language(
        code=code,
        comma=str(read["comma"]),
        percent=str(read["percent"]),
        thousands=str(read["thousands"]),
        said=_flat(read["say"]) | _flat({kind: read.get(kind, {}) for kind in REGISTERED}),  # type: ignore[arg-type,misc]
        flags=read["flags"],  # type: ignore[arg-type]
        words=read.get("words", {}),  # type: ignore[arg-type]
        own=own or {},
        names={kind: read.get(kind, {}) for kind in ("tau2", "ci", "prediction")},  # type: ignore[misc]
        read=tuple(read["read"]),  # type: ignore[arg-type]
    )


def _flat(table: Mapping[str, str | Mapping[str, str]]) -> dict[str, str]:
    """Return messages by key; those of a room have its name in front: "audit.no_rows"."""
    flat: dict[str, str] = {}
    for key, text in table.items():
        flat |= {key: text} if isinstance(text, str) else {f"{key}.{name}": text[name] for name in text}
    return flat


ENGLISH = language("en")
FLAG_WORDS = ENGLISH.flags


class Word(str):
    """A word of a fixed vocabulary, such as a judgement, as a value of `said`."""

    __slots__ = ()


class Own(Word):
    """Words of a review, such as the name of a group: the review alone translates them.

    Examples
    --------
    >>> nb = language("nb", own={"exercise": "trening"})
    >>> nb.word(Own("exercise")), nb.word(Own("high")), nb.word("high")
    ('trening', 'high', 'høy')
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: Callable[[object], object]) -> object:
        """Stand in a JSON document as the text it is."""
        return handler(str)


class Said(str):
    """Words of ours: English to whoever prints them, and any language to `Language.word`.

    What is cut from it or put together with `+`, `join` or an f-string is plain English; to put
    several together use `together`.
    """

    __slots__ = ("between", "key", "parts", "values")
    key: str
    values: Mapping[str, object]
    parts: tuple[str, ...]
    between: str

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: Callable[[object], object]) -> object:
        """Stand in a JSON document as the text it is."""
        return handler(str)


def said(key: str, /, **values: object) -> Said:
    """Say something of a result, by its key in the catalogues.

    Parameters
    ----------
    key : str
        Such as "audit.no_rows", for `no_rows` under `[say.audit]`.
    **values
        What stands in its braces; numbers as `decimal` writes them, vocabulary as `Word`.

    Examples
    --------
    >>> words = said("trials_many", n=3)
    >>> words, language("nb").word(words)
    ('3 trials', '3 studier')
    """
    return _kept(ENGLISH.say(key, **values), key, values)


def registered(kind: str, name: str, english: str, /, **values: object) -> Said:
    """Say what an entry of a registry says in English, and a catalogue in the table `kind`.

    Examples
    --------
    >>> words = registered("measure", "MD", "Mean difference")
    >>> words, language("nb").word(words)
    ('Mean difference', 'gjennomsnittsforskjell')
    """
    return _kept(english.format_map(values), f"{kind}.{name}", values)


def _kept(
    english: str, key: str, values: Mapping[str, object], parts: tuple[str, ...] = (), between: str = ""
) -> Said:
    text = Said(english)
    text.key, text.values, text.parts, text.between = key, values, parts, between
    return text


def together(parts: Iterable[str], between: str = "; ") -> Said:
    """Put several things said into one.

    Examples
    --------
    >>> words = together([said("trials_many", n=3), Word("high")], ", ")
    >>> words, language("nb").word(words)
    ('3 trials, high', '3 studier, høy')
    """
    kept = tuple(parts)
    return _kept(between.join(kept), "", {}, kept, between)
