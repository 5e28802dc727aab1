"""The page that says what each JSON document holds, made from the schemas.

Run: python tests/documents.py  (writes docs/json.md anew)
"""

from pathlib import Path
from typing import Any

from livingmeta.pages.documents import DOCUMENTS, schema

PAGE = Path(__file__).parents[1] / "docs" / "json.md"
HEAD = """\
# The JSON documents

Generated from the schemas by `python tests/documents.py`; a test keeps it true.

With `--json` a command prints one document and nothing else.
`livingmeta.pages.documents` makes the same of results in Python, and `schema("pool")` there returns the JSON Schema of one.
Effects, intervals and τ² are on the scale on which they are pooled: of a ratio, its logarithm, and of a proportion pooled as its logit, that.
Beside them `shown` has estimate and limits as readers see them, and is null where that is the same.
What is not known, or not computed, is null (None in Python); percentages run from 0 to 100, levels and shares from 0 to 1.
"""  # noqa: E501
KINDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}


def kind(part: dict[str, Any]) -> str:
    """Say what a value may be."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(kind(one) for one in part["anyOf"]))
    if "enum" in part or "const" in part:
        return " or ".join(f"`{one}`" for one in part.get("enum", [part.get("const")]))
    if "prefixItems" in part or "items" in part:
        parts = part.get("prefixItems")
        return f"list ({', '.join(map(kind, parts))})" if parts else f"list of {kind(part['items'])}"
    if part.get("additionalProperties"):
        inner = part["additionalProperties"]
        return f"object, for each name {kind(inner) if isinstance(inner, dict) else 'anything'}"
    return KINDS.get(part.get("type", ""), "anything")


def rows(part: dict[str, Any]) -> list[str]:
    """Return what an object holds, a row for each key."""
    needed = part.get("required", [])
    lines = [part.get("description", ""), "", "| key | holds | meaning |", "|---|---|---|"]
    for name, held in part["properties"].items():
        often = "" if name in needed or "default" in held else ", not always there"
        words = held.get("description", "").replace("|", "\\|")
        lines.append(f"| {name} | {kind(held)}{often} | {words} |")
    return [*lines, ""]


def page() -> str:
    """The page as the schemas have it now: the documents, then what they are made of."""
    parts: dict[str, Any] = {}
    lines = [HEAD]
    for command in DOCUMENTS:
        made = schema(command)
        for name, part in made.pop("$defs", {}).items():
            assert parts.setdefault(name, part) == part, f"two kinds of {name}"
        lines += [f"## {command} --json", ""]
        if "properties" in made:
            lines += rows(made)
        else:
            lines += [f"A {kind(made)}.", ""]
    lines += ["## What they are made of", ""]
    for name, part in sorted(parts.items()):
        lines += [f"### {name}", ""]
        lines += rows(part) if "properties" in part else [f"A {kind(part)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
