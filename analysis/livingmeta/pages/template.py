"""Text of others in a page of ours: escaped, and never read as markup."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from livingmeta.words import count, decimal, p_words

if TYPE_CHECKING:
    from jinja2 import Environment


def _no_markup(value: Any) -> Any:
    """Keep words of a review from beginning a tag, which Markdown would pass on."""
    return re.sub(r"(?<!\\)<(?=[A-Za-z/!?])", r"\<", value) if isinstance(value, str) else value


def page(template: str, **given: Any) -> str:
    """Fill one of the package's templates."""
    text = _templates(markup=".html" in template).get_template(template).render(**given)
    return re.sub(r"\n{3,}", "\n\n", text)


@cache  # with it, a template is compiled once
def _templates(*, markup: bool) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("livingmeta", "pages/templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: ".html" in str(name),
        finalize=None if markup else _no_markup,
    )
    environment.filters |= {
        "decimal": decimal,
        "p_words": p_words,
        "minus": lambda text: re.sub(r"(?<![\w.,\-–−])-(?=\d)", "−", str(text)),
        # a cell of a CSV may hold several lines, one of a table in Markdown may not
        "cell": lambda text: " ".join(str(text).split()).replace("|", "\\|"),
        "count": lambda n: "?" if n is None else count(n),
    }
    return environment
