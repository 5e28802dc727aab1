"""Text of others in a page of ours: escaped, and never read as markup."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def no_markup(value: Any) -> Any:
    """Keep words of a review from beginning a tag or leading anywhere, which Markdown would pass on."""
    if not isinstance(value, str):
        return value
    tags = re.sub(r"(\\*)<(?=[A-Za-z/!?])", lambda found: f"{_odd(found[1])}<", value)
    return re.sub(r"\](?=[(:])", r"]\\", tags)


def _odd(slashes: str) -> str:
    """Escape what follows: two backslashes are one in print, and escape nothing."""
    return slashes if len(slashes) % 2 else f"{slashes}\\"


LEADS = re.compile(r"(https?://|mailto:|#)[^\s<>\"\\^`{|}]*", re.IGNORECASE)


def leads(address: str) -> bool:
    """Say whether an address is one that a page links to: on the web, a person's, or in the page.

    Examples
    --------
    >>> leads("https://doi.org/10.1000/x"), leads("javascript:alert(1)")
    (True, False)
    """
    return LEADS.fullmatch(address) is not None


def minus(text: str) -> str:
    """Write the sign of negative numbers as print does: "−0.3"."""
    return re.sub(r"(?<![\w.,\-–−])-(?=\d)", "−", str(text))


def cell(text: str) -> str:
    """Fit words into a cell of Markdown's tables: one of a CSV may hold several lines."""
    return " ".join(str(text).split()).replace("|", "\\|")


def page(template: str, **given: Any) -> str:
    """Fill one of the package's templates."""
    text = _templates().get_template(template).render(**given)
    return re.sub(r"\n{3,}", "\n\n", text)


@cache
def theme() -> str:
    """Return the style that every page begins with: colours mean there what they mean in figures."""
    from livingmeta.figures.style import COLOURS, GROUND, NIGHT  # draws, which most pages do not

    return page("theme.css", day={**COLOURS, **GROUND}, night=NIGHT)


@cache  # with it, a template is compiled once
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("livingmeta", "pages/templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
    )
