"""The rooms of the package and the arrows between them, read off the folders and their imports.

Run: python tests/rooms.py  (writes the picture in docs/architecture.md anew)
"""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "analysis" / "livingmeta"
PAGE = ROOT / "docs" / "architecture.md"

# From the ground upwards, the rooms on one floor in one line: a room imports from itself and from
# lower floors. `review` stands above the engine for one arrow: which measures a row may have is
# asked of the registry of measures, since a second list of them would be a fault.
FLOORS = (
    ("ground",),  # words, language and store; imports nothing of ours
    ("engine",),
    ("review",),
    ("synthesis",),
    ("audit",),
    ("appraisal", "exchange"),
    ("living", "figures"),
    ("pages",),
    ("calls",),
    ("commands",),
)
DOORS = {"__init__.py", "__main__.py"}
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def room(module: str) -> str:
    """The folder a module stands in, the one on top: of "engine/methods/batch.py" it is engine."""
    return module.partition("/")[0] if "/" in module else "ground"


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


@cache
def imports(module: str) -> set[str]:
    """All modules and packages that a module imports anywhere, with dots."""
    names = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            names.add(node.module or "")
            if node.module == "livingmeta":
                names |= {f"livingmeta.{alias.name}" for alias in node.names}
    return names


def ours(module: str) -> list[str]:
    """The rooms of the modules of ours that a module imports, one entry for each of them."""
    parts = [name.split(".") for name in imports(module) if name.startswith("livingmeta.")]
    return [part[1] if (PACKAGE / part[1]).is_dir() else "ground" for part in parts]


def picture() -> str:
    """Draw the floors, each room with how many of its modules' imports go where."""
    arrows: Counter[tuple[str, str]] = Counter()
    for module in MODULES:
        if module not in DOORS:
            arrows.update((room(module), other) for other in ours(module))
    lines = []
    for rooms in reversed(FLOORS):
        for name in rooms:
            below = [
                f"{other} {arrows[name, other]}"
                for floor in reversed(FLOORS)
                for other in floor
                if arrows[name, other] and other != name
            ]
            modules = sum(room(one) == name and Path(one).name not in DOORS for one in MODULES)
            lines.append(f"{name:<10} {modules:>3} modules  ->  {', '.join(below) or 'nothing'}")
        lines.append("-" * 12)
    return "\n".join(lines[:-1])


def page() -> str:
    """The page with its picture drawn anew."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition("```rooms\n")
    return f"{head}```rooms\n{picture()}\n```{rest.partition('```')[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
