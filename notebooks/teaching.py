"""What the teaching notebooks share: check cells, and pictures with something to move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Draw = Callable[..., object]  # draw(ax, **values)


def check(answer: object, expected: float | str, hint: str, *, within: float = 0.005) -> None:
    """Say whether an answer is right, and give a hint if not; what is right is never shown.

    Parameters
    ----------
    answer : object
        The reader's, a number or a word; three dots (``...``) where there is none yet.
    expected : float or str
        Computed from the data, so that a corrected cell corrects the check, too.
    hint : str
        Where to look.
    within : float
        How far a number may be off; by default half a unit of the second decimal.

    Examples
    --------
    >>> check(-0.72, -0.7207, "Divide by the standard deviation.")
    Right.
    >>> check(0.72, -0.7207, "Divide by the standard deviation.")
    Not yet: the size is right, the sign is not. Hint: Divide by the standard deviation.
    >>> check(..., -0.7207, "Divide by the standard deviation.")
    No answer yet: write yours in place of the three dots and run the cell again.
    """
    if answer is ...:
        print("No answer yet: write yours in place of the three dots and run the cell again.")
        return
    why = ""
    if isinstance(expected, str):
        right = str(answer).strip().lower() == expected.lower()
    elif isinstance(answer, int | float):
        right = abs(answer - expected) <= within * (1 + 1e-9)  # 0.005 is not a binary number
        if not right and abs(answer + expected) <= within * (1 + 1e-9):
            why = ": the size is right, the sign is not"
    else:
        right, why = False, f": a number is asked for, and {answer!r} is none"
    print("Right." if right else f"Not yet{why}. Hint: {hint}")


def interval(result: Any) -> str:
    """Return an estimate with its interval, as a forest plot prints it.

    Examples
    --------
    >>> from livingmeta import pool
    >>> interval(pool([-0.3, 0.1, -0.5], [0.04, 0.09, 0.06]))
    '−0.28 (−0.93 to 0.37)'
    """
    numbers = (f"{value:.2f}" for value in (result.estimate, result.ci_low, result.ci_high))
    return "{} ({} to {})".format(*numbers).replace("-", "−")


def small_multiples(draw: Draw, settings: Sequence[Mapping[str, Any]]) -> None:
    """Draw one panel for each setting: the picture that needs no slider.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **setting)``.
    settings : sequence of mapping
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(
        1, len(settings), figsize=(3.1 * len(settings), 3.2), squeeze=False, layout="constrained"
    )
    for ax, setting in zip(axes[0], settings, strict=True):
        draw(ax, **setting)
    plt.show()


def slider(draw: Draw, **values: Sequence[Any]) -> None:
    """Draw with one slider for each name; where ipywidgets is missing, say so.

    Parameters
    ----------
    draw : callable
        ``draw(ax, name=value, …)``.
    **values : sequence
        What each slider runs through.
    """
    try:
        import ipywidgets
    except ImportError:
        print('The sliders need ipywidgets (pip install -e ".[notebooks]"); the panels above stay.')
        return
    import matplotlib.pyplot as plt

    def shown(**chosen: Any) -> None:
        _, ax = plt.subplots(figsize=(6.2, 3.4), layout="constrained")
        draw(ax, **chosen)
        plt.show()

    sliders = {
        name: ipywidgets.SelectionSlider(options=options, description=name)
        for name, options in values.items()
    }
    ipywidgets.interact(shown, **sliders)
