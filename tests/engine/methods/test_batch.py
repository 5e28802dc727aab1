"""Chunks and executors change how long an answer takes, never the answer."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmeta.engine.methods.batch import WAITING, run


def numbered(start: int, stop: int) -> dict[str, np.ndarray]:
    place = np.arange(start, stop)
    return {"root": np.sqrt(place), "pair": np.stack([place, -place], axis=1)}


@given(st.integers(1, 500), st.integers(1, 600), st.booleans())
def test_results_stand_in_order_whatever_the_chunk(count: int, chunk: int, parallel: bool) -> None:
    whole = numbered(0, count)
    executor = ThreadPoolExecutor(3) if parallel else None
    found = run(numbered, count, chunk=chunk, executor=executor)
    for name, values in whole.items():
        assert np.array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_progress_ends_at_all_of_them() -> None:
    told: list[tuple[int, int]] = []
    run(numbered, 10, chunk=4, progress=lambda done, count: told.append((done, count)))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_an_executor_never_holds_more_than_a_bounded_number_of_chunks() -> None:
    gate, waiting, most = threading.Lock(), 0, 0

    class Counting(ThreadPoolExecutor):
        def submit(self, *work):
            nonlocal waiting, most
            with gate:
                waiting += 1
                most = max(most, waiting)
            return super().submit(*work)

    def task(start: int, stop: int) -> dict[str, np.ndarray]:
        nonlocal waiting
        with gate:
            waiting -= 1
        return numbered(start, stop)

    with Counting(2) as executor:
        run(task, 5 * WAITING, chunk=1, executor=executor)
    assert most <= WAITING


def test_a_failure_reaches_the_caller_and_the_rest_is_called_off() -> None:
    begun: list[int] = []

    def task(start: int, stop: int) -> dict[str, np.ndarray]:
        begun.append(start)
        time.sleep(0.005)
        raise ArithmeticError("chunk")

    with ThreadPoolExecutor(1) as executor, pytest.raises(ArithmeticError, match="chunk"):
        run(task, 10 * WAITING, chunk=1, executor=executor)
    assert len(begun) < WAITING


def test_nothing_to_do_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one of each"):
        run(numbered, 0)
    with pytest.raises(ValueError, match="at least one of each"):
        run(numbered, 5, chunk=0)
