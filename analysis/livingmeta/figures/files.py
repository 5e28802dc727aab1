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
    asked = dict.fromkeys(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in asked else "", text)
    number = {own: str(place) for place, own in enumerate(asked)}
    text = re.sub(r'( id="|href="#|url\(#)([^")]+)', lambda m: f"{m[1]}{name}-{number[m[2]]}", text)
    text = _smaller(text)
    said = f'role="img" aria-labelledby="{name}-title {name}-description" lang="{lang}"'
    words = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-description">{escape(description)}</desc>'
    )
    head, _, rest = text.partition(">")
    return f"{head} {said}>{words}{rest}"


def _smaller(text: str) -> str:
    """Write an element in half the bytes: hundredths of a point; fonts, and lines alike, said once."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><")
    text = re.sub(
        r"\d+\.\d{3,}(?=[^<>]*>)", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text
    )
    alike = r'(<path d="[^"]*)"( [^>]*fill: none(?:(?!opacity)[^>])*/>)<path d="([^"]*"\2)'
    while (joined := re.sub(alike, r"\1\3", text)) != text:
        text = joined
    fonts = re.findall(r"font-family: [^;\"]*", text)
    if len(set(fonts)) != 1:
        return text
    return re.sub(rf"{re.escape(fonts[0])}(; )?", "", text).replace("<svg", f'<svg style="{fonts[0]}"', 1)


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
