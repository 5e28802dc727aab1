"""Where the work is done changes no digit, even when a worker dies at it."""

import os
import signal
import warnings

import numpy as np
import pytest

from livingmeta.calls.methods import executor
from livingmeta.engine.methods.resampling import Arms, bootstrap, permutation_test, simulate
from livingmeta.engine.methods.subsets import gosh

RNG = np.random.default_rng(18)
V = RNG.uniform(0.02, 0.2, 17)
Y = RNG.normal(0.2, np.sqrt(V + 0.05))
ARRAYS = ("subsets", "k", "estimate", "tau2", "q", "i2", "i2_tau2", "converged")


def same_subsets(one, other) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "converged")
        for name in ARRAYS
    )


def answers(lent):
    arms = Arms((20.0, 30.0, 15.0), (22.0, 28.0, 15.0))
    return (
        permutation_test(Y, V, executor=lent),
        bootstrap(Y, V, count=40_000, executor=lent),
        simulate(arms, count=40_000, intervals=["hksj"], executor=lent),
    )


@pytest.mark.slow
def test_two_processes_give_the_same_digits() -> None:
    here = gosh(Y, V)
    with executor(2, None) as lent:
        assert lent is not None
        assert same_subsets(here, gosh(Y, V, executor=lent))
        assert answers(lent) == answers(None)


def test_one_place_is_chosen_and_it_must_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with executor(None, None) as lent:
        assert lent is None
    with pytest.raises(ValueError, match="choose one place"), executor(2, "tcp://somewhere:1"):
        pass
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(ValueError, match=r"pip install 'livingmeta\[dask\]'"),
        executor(None, "tcp://somewhere:1"),
    ):
        pass


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_digits() -> None:
    """Separate processes; one is killed once the first chunk is done."""
    distributed = pytest.importorskip("distributed")
    here = gosh(Y, V)
    killed: list[int] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # distributed tells of the loss
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            executor(None, cluster.scheduler_address) as lent,
        ):

            def kill(done: int, count: int) -> None:
                if not killed:
                    assert done < count
                    killed.append(next(iter(cluster.workers.values())).pid)
                    os.kill(killed[0], signal.SIGKILL)

            assert same_subsets(here, gosh(Y, V, executor=lent, progress=kill))
            assert answers(lent) == answers(None)
    assert killed
