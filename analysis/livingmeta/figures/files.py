"""The files of a figure: the same bytes on each run, and SVG that can be read aloud."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from html import escape, unescape
from typing import Any

from matplotlib import rc_context

from livingmeta.figures.style import FONTS, SPARE, text_width

METADATA: Mapping[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None},
    "png": {"Software": None},
}


# Who lays out by Arimo lays out for all of these: their letters are equally wide.
_LAID_OUT = ", ".join(f"'{name}'" for name in FONTS)
_READ = "Arimo, Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans Condensed', sans-serif"


TALL = 1.3  # times as high as wide: with its heading more than a printed page holds


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
    text = _svg(figure, transparent=True)
    asked = dict.fromkeys(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in asked else "", text)
    number = {own: str(place) for place, own in enumerate(asked)}
    text = re.sub(r'( id="|href="#|url\(#)([^")]+)', lambda m: f"{m[1]}{name}-{number[m[2]]}", text)
    width, height = figure.get_size_inches()
    text = _smaller(text).replace("<svg ", '<svg class="tall" ' if height > TALL * width else "<svg ", 1)
    return _told(text, name=name, title=title, description=description, lang=lang)


# Letters of a font to fall back on can be a third wider than those that all was laid out for: what is
# bold, or ends at a place as numbers do, would lie over its neighbours
_TEXT = re.compile(r'<text (style="[^"]*?font-size: ([\d.]+)px;[^"]*"[^>]*)>([^<]+)</text>')


def _as_wide(text: re.Match[str]) -> str:
    """Keep a text as wide as it was laid out, in whatever font it is read."""
    style, size, words = text.groups()
    bold = "font-weight: 700" in style
    if not bold and ("text-anchor: end" not in style or len(words) < 4):
        return text[0]
    wide = 72 * text_width(unescape(words), size=float(size), bold=bold) / SPARE
    return f'<text textLength="{wide:.1f}" {style}>{words}</text>'


def _svg(figure: Any, **look: Any) -> str:
    held = io.BytesIO()
    fixed: dict[Any, Any] = {**_FIXED, "svg.fonttype": "none"}
    with rc_context(fixed):
        figure.savefig(held, format="svg", metadata=METADATA["svg"], **look)
    text = _TEXT.sub(_as_wide, held.getvalue().decode()).replace(_LAID_OUT, _READ)
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)


def _told(text: str, *, name: str, title: str, description: str, lang: str) -> str:
    """Let an SVG element say what it shows."""
    said = f'role="img" aria-labelledby="{name}-title {name}-description" lang="{lang}"'
    words = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-description">{escape(description)}</desc>'
    )
    head, _, rest = text.partition(">")
    return f"{head} {said}>{words}{rest}"


# A shape that is defined to be drawn once
_DEFINED = re.compile(
    r'<defs><path id="([^"]*)" (d="[^"]*")[^>]*/></defs>'
    r'(<g clip-path="[^"]*">)<use xlink:href="#\1" x="([^"]*)" y="([^"]*)"([^>]*)/></g>'
)
_DRAWN = r'\3<path transform="translate(\4 \5)" \2\6/></g>'


def _smaller(text: str) -> str:
    """Write an element in half the bytes: hundredths of a point; fonts, lines and styles said once."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><")
    text = re.sub(r'(?<=[\dz]) (?="[ /])|(?<=") transform="rotate\(-0 [^"]*"|<g/>', "", text)
    text = re.sub(
        r"\d+\.\d{3,}(?=[^<>]*>)", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text
    )
    alike = r'(<path d="[^"]*)"( [^>]*fill: none(?:(?!opacity)[^>])*/>)<path d="([^"]*"\2)'
    text = _ungrouped(text)
    while (joined := re.sub(alike, r"\1\3", text)) != text:
        text = joined
    text = _DEFINED.sub(lambda m: m.expand(_DRAWN) if text.count(f'"#{m[1]}"') == 1 else m[0], text)
    fonts = re.findall(r"font-family: [^;\"]*", text)
    if len(set(fonts)) == 1:
        text = re.sub(rf"{re.escape(fonts[0])}(; )?", "", text).replace("<svg", f'<svg style="{fonts[0]}"', 1)
    return _styled(text)


def _ungrouped(text: str) -> str:
    """Take away groups that say nothing of what is in them."""
    kept: list[bool] = []

    def tag(found: re.Match[str]) -> str:
        if found[0] != "</g>":
            kept.append(found[0] != "<g>")
            return found[0] if kept[-1] else ""
        return found[0] if kept.pop() else ""

    return re.sub(r"</?g(?: [^>]*)?>", tag, text)


def _styled(text: str) -> str:
    """Name a style that is said often; one name means one style in all pictures of a page."""
    styles = Counter(re.findall(r' style="([^"]*)"', text))
    names = {style: f"s{blake2s(style.encode()).hexdigest()[:5]}" for style, n in styles.items() if n > 2}
    text = re.sub(r' style="([^"]*)"', lambda m: f' class="{names[m[1]]}"' if m[1] in names else m[0], text)
    rules = "".join(f".{name}{{{style.rstrip('; ')}}}" for style, name in names.items())
    return text.replace("</style>", f"{rules}</style>", 1)


_FIXED: Mapping[Any, Any] = {
    "svg.hashsalt": "livingmeta",
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "text.hinting": "none",  # letters as wide as they were laid out
}


def figure_bytes(
    figure: Any, kind: str, *, title: str = "", description: str = "", lang: str = "en"
) -> bytes:
    """Return a figure as a file of this kind, the same bytes whenever it is drawn again.

    Parameters
    ----------
    figure : matplotlib Figure, or several
        Several are the pages of a PDF.
    kind : str
        "svg" (text as text, with fonts to fall back on), "pdf" (fonts embedded) or "png" (300 dots
        per inch).
    title, description : str
        What an SVG file says of itself to who does not see it; a PDF keeps the title, and a PNG both.
    lang : str
        Language of its words.

    Raises
    ------
    KeyError
        For another kind.
    """
    if kind == "svg":
        text = _told(_svg(figure), name="figure", title=title, description=description, lang=lang)
        return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode()
    held = io.BytesIO()
    told = {"Title": title, **({"Description": description} if kind == "png" else {})}
    about = {**METADATA[kind], **{name: words for name, words in told.items() if words}}
    with rc_context({**_FIXED}):
        if isinstance(figure, Sequence):
            from matplotlib.backends.backend_pdf import PdfPages

            with PdfPages(held, metadata=about) as pages:
                for page in figure:
                    pages.savefig(page)
        else:
            figure.savefig(held, format=kind, metadata=about, dpi=300)
    return held.getvalue()
