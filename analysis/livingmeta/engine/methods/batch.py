"""Many analyses at once: cut into chunks of bounded memory, here or by an executor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from livingmeta.words import RefusalError

CHUNK = 1 << 14  # analyses; at k = 20 some 20 MB of intermediate numbers
WAITING = 64  # chunks handed to an executor at once: bounds what it holds
STREAM_BLOCK = 1 << 10  # analyses that share a stream of random numbers, wherever a chunk begins

Arrays = dict[str, NDArray[np.generic]]
Progress = Callable[[int, int], None]
_Number = TypeVar("_Number", bound=np.generic)


class Task(Protocol):
    """Analyses by number; to work in another process it must be picklable."""

    def __call__(self, start: int, stop: int) -> Arrays:
        """Return arrays of length stop − start for the analyses start, …, stop − 1."""


def run(
    task: Task,
    count: int,
    *,
    chunk: int = CHUNK,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Arrays:
    """Run analyses 0, …, count − 1 in chunks, and put the results together in order.

    Parameters
    ----------
    task : Task
        What it returns depends on the numbers of the analyses only, so results are the same for
        every executor, and for every chunk but for rounding.
    count : int
        Number of analyses, at least 1.
    chunk : int
        Analyses at once.
    executor : concurrent.futures.Executor, optional
        Works on several chunks at once, in other processes or on other machines.
    progress : callable, optional
        Called with the number of analyses done and `count` after each chunk.

    Returns
    -------
    dict of ndarray, shape (count, …)

    Raises
    ------
    ValueError
        For no analysis, or an empty chunk.

    Examples
    --------
    >>> def squares(start, stop):
    ...     return {"square": np.arange(start, stop) ** 2}
    >>> run(squares, 5, chunk=2)["square"].tolist()
    [0, 1, 4, 9, 16]
    """
    if count < 1 or chunk < 1:
        raise RefusalError(f"{count} analyses in chunks of {chunk}: give at least one of each.")
    pieces = [(start, min(start + chunk, count)) for start in range(0, count, chunk)]
    whole: Arrays = {}

    def keep(start: int, stop: int, part: Arrays) -> None:
        for name, values in part.items():
            if name not in whole:
                whole[name] = np.empty((count, *values.shape[1:]), values.dtype)
            whole[name][start:stop] = values
        if progress is not None:
            progress(stop, count)

    if executor is None:
        for start, stop in pieces:
            keep(start, stop, task(start, stop))
        return whole
    waiting = deque((piece, executor.submit(task, *piece)) for piece in pieces[:WAITING])
    rest = iter(pieces[WAITING:])
    try:
        while waiting:
            piece, future = waiting.popleft()
            keep(*piece, future.result())
            for following in islice(rest, 1):
                waiting.append((following, executor.submit(task, *following)))
    finally:  # after a failure nobody asks for the rest
        for _, future in waiting:
            future.cancel()
    return whole


def drawn(
    draw: Callable[[np.random.Generator, int], NDArray[_Number]], start: int, stop: int, *, seed: int
) -> NDArray[_Number]:
    """Draw random numbers for the analyses start, …, stop − 1, a row each, the same whatever the chunk.

    `draw` takes a generator and a number of analyses, and returns an array with a row for each.
    Each block of analyses has a stream of its own, spawned from the seed.

    Examples
    --------
    >>> def normal(rng, size):
    ...     return rng.standard_normal(size)
    >>> bool(drawn(normal, 0, 3, seed=1)[2] == drawn(normal, 2, 3, seed=1)[0])
    True
    """
    if seed < 0:
        raise RefusalError(f"seed = {seed}: give 0 or a whole number above.")
    first = start // STREAM_BLOCK
    streams = (
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        for number in range(first, -(-stop // STREAM_BLOCK))
    )
    blocks = [draw(stream, STREAM_BLOCK) for stream in streams]
    return np.concatenate(blocks)[start - first * STREAM_BLOCK : stop - first * STREAM_BLOCK]
