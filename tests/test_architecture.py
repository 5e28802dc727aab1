"""The arrows between the modules point one way, and no trial stands in the code."""

import ast
import re
from pathlib import Path

import pytest

from livingmeta.review import load_review

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "analysis" / "livingmeta"

# From the engine outwards: a module imports from its own layer and those before it.
LAYERS = {
    "words": {"names", "printed", "words", "entry"},
    "engine": {
        "designs",
        "batch",
        "gosh",
        "resampling",
        "sensitivity",
        "small_study",
        "selection",
        "roots",
        "likelihood",
        "maxima",
        "tau2",
        "pooling",
        "inputs",
        "counts",
        "quantiles",
        "effect_sizes",
        "conversions",
        "profiles",
        "regression",
        "bayes",
        "patient",
    },
    "review": {"schema", "protocol", "rules", "review", "extraction", "known_gaps"},
    "bridge": {
        "settings",
        "arms",
        "derivation",
        "dependence",
        "synthesis",
        "comparison",
        "moderation",
        "changes",
        "scenarios",
        "choices",
        "missing_evidence",
    },
    "outcome": {
        "audit",
        "consistency",
        "drafts",
        "plots",
        "change_plots",
        "funnels",
        "bayes_plots",
        "multiverse",
        "multiverse_plots",
        "sensitivity_plots",
        "bias",
        "bias_plots",
        "absolute",
        "certainty",
        "worksheet",
        "directions",
        "prisma",
        "gosh_plots",
        "language",
    },
    "edge": {
        "store",
        "report",
        "dossier",
        "rob_me",
        "explorer",
        "answers",
        "pages",
        "certificate",
        "lock",
        "gallery",
        "rerun",
        "news",
        "history",
        "sheets",
        "teaching",
        "exchange",
        "revman",
        "tables",
        "exports",
        "forms",
        "dialogue",
        "terminal",
        "adding",
        "screen",
        "commands",
        "__main__",
        "__init__",
    },
}
SCIENCE = {"numpy", "scipy"}
THIRD_PARTY = {
    "words": set(),
    "engine": SCIENCE | {"statsmodels"},
    "review": {"pydantic", "pandas"},
    "bridge": SCIENCE | {"pydantic", "pandas"},
    "outcome": SCIENCE | {"pandas", "matplotlib"},
}
STANDARD_FILES = {"pathlib", "os", "io", "tempfile", "shutil"}
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
)


def layer(module: str) -> str:
    return next(
        name for name, members in LAYERS.items() if module.split(".", maxsplit=1)[0] in members
    )


def text(module: str) -> str:
    return (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def imports(module: str) -> set[str]:
    tree = ast.parse(text(module))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names.add(node.module or "")
    return names


def test_every_module_has_a_layer() -> None:
    assert {module.split(".")[0] for module in MODULES} <= set().union(*LAYERS.values())


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_towards_the_engine(module: str) -> None:
    order = list(LAYERS)
    own = order.index(layer(module))
    for name in imports(module):
        if name.startswith("livingmeta."):
            theirs = name.split(".")[1]
            assert order.index(layer(theirs)) <= own, f"{module} imports {theirs}"


@pytest.mark.parametrize("module", [m for m in MODULES if layer(m) in THIRD_PARTY])
def test_libraries_stay_in_their_layer(module: str) -> None:
    known = {"numpy", "scipy", "pandas", "pydantic", "matplotlib", "statsmodels", "typer", "rich"}
    used = {name.split(".")[0] for name in imports(module)} & (known | {"jinja2"})
    assert used <= THIRD_PARTY[layer(module)]


@pytest.mark.parametrize("module", sorted(LAYERS["words"] | LAYERS["engine"] | LAYERS["bridge"]))
def test_the_core_touches_no_files(module: str) -> None:
    used = {name.split(".")[0] for name in imports(module)}
    assert not used & STANDARD_FILES
    code = text(module)
    assert not re.search(r"\bopen\(|\bprint\(", re.sub(r">>> .*", "", code))


@pytest.mark.parametrize("module", [m for m in MODULES if m != "store"])
def test_only_the_store_writes(module: str) -> None:
    code = text(module)
    assert not re.search(r"write_text|write_bytes|to_csv\((?!index=)\w|\.savefig\([a-z]*path", code)


def test_no_trial_is_named_in_the_code() -> None:
    folders = (path.parent for path in (ROOT / "data").glob("*/review.toml"))
    ids = {trial.trial for folder in folders for trial in load_review(folder).trials}
    assert len(ids) > 100
    for path in PACKAGE.rglob("*.*"):
        if path.suffix in {".py", ".j2", ".js"}:
            words = set(re.findall(r"[a-z0-9_.-]+", path.read_text(encoding="utf-8").lower()))
            assert not ids & words, path.name


@pytest.mark.parametrize("module", MODULES)
def test_a_refusal_is_told_from_a_fault_of_ours(module: str) -> None:
    """`main` prints a `RefusalError`; a bare ValueError would hide what numpy or float() say."""
    assert "raise ValueError(" not in text(module), "raise names.RefusalError"
