"""Where the work of a command is done: here, in processes, or on a dask cluster."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor


@contextmanager
def executor(workers: int | None, dask: str | None) -> Iterator[Executor | None]:
    """Lend an executor as the options ask for it; None to work here."""
    if dask is not None and workers is not None:
        raise RefusalError("--workers and --dask: choose one place to work.")
    if dask is not None:
        with _cluster(dask) as lent:
            yield lent
    elif workers is not None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # fork would copy the thread of the progress bar in an unknown state
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
            yield processes
    else:
        yield None


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    from importlib import import_module

    try:
        distributed = import_module("distributed")
    except ModuleNotFoundError:
        raise RefusalError(
            "--dask needs the package distributed: pip install 'livingmeta[dask]'."
        ) from None
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, ValueError) as refusal:
        raise RefusalError(f"--dask {address}: no cluster answers there ({refusal}).") from None
    with client, client.get_executor() as lent:
        yield lent
