"""What every figure promises; a new one is held to it by being there."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import livingmeta.figures
from livingmeta.language import ENGLISH

MODULES = [path.stem for path in Path(livingmeta.figures.__file__).parent.glob("[!_]*.py")]
PLOTS = {
    name: plot
    for module in MODULES
    for name, plot in vars(import_module(f"livingmeta.figures.{module}")).items()
    if name.endswith(("_plot", "_curve")) and not name.startswith("_")
}


def test_the_figures_are_found_by_their_names() -> None:
    assert len(PLOTS) >= len(MODULES) - 2  # all but style and files have one or more


@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_takes_the_language_of_its_words_and_is_english_unless_told(name: str) -> None:
    assert inspect.signature(PLOTS[name]).parameters["language"].default is ENGLISH
