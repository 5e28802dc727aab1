"""The files of a figure: the same bytes on each run, and SVG that can be read aloud."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from matplotlib import rc_context

METADATA: Mapping[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None},
    "png": {"Software": None},
}


def inline_svg(figure: Any, *, name: str, title: str, description: str, lang: str = "en") -> str:
    """Return a figure as an SVG element for a web page, its text selectable and described.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Stands before every id, so that several figures can share a page.
    title, description : str
        What a screen reader says of it.
    lang : str
        Language of its words.
    """
    held = io.BytesIO()
    fonts = ["DejaVu Sans", "Verdana", "Arial", "Helvetica"]  # the first two are equally wide
    fixed: dict[Any, Any] = {"svg.hashsalt": "livingmeta", "svg.fonttype": "none", "font.sans-serif": fonts}
    with rc_context(fixed):
        figure.savefig(held, format="svg", metadata=METADATA["svg"], transparent=True)
    text = held.getvalue().decode()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    asked = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in asked else "", text)
    text = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    said = f'role="img" aria-labelledby="{name}-title {name}-description" lang="{lang}"'
    words = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-description">{escape(description)}</desc>'
    )
    head, _, rest = text.partition(">")
    return f"{head} {said}>{words}{rest}"


def figure_bytes(figure: Any, kind: str) -> bytes:
    """Return a figure as a file of this kind, the same bytes whenever it is drawn again.

    Parameters
    ----------
    figure : matplotlib Figure
    kind : str
        "svg" (text as paths), "pdf" (fonts embedded) or "png" (300 dots per inch).

    Raises
    ------
    KeyError
        For another kind.
    """
    held = io.BytesIO()
    fixed: dict[Any, Any] = {
        "svg.hashsalt": "livingmeta",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
        "text.parse_math": False,
    }
    with rc_context(fixed):
        figure.savefig(held, format=kind, metadata=METADATA[kind], dpi=300)
    return held.getvalue()
