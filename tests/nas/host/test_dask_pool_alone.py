"""A pool whose cluster fails; the cluster is played by a fake."""

from collections.abc import Callable
from typing import Any

import pytest

from firmware.errors import WorkerError
from nas.host.dask_pool import DaskPool
from nas.host.worker import Outcome

ADDRESS = "tcp://gateway:8786"
DONE = Outcome({"done": True}, None, 1.0, 1)


class FakeFuture:
    def __init__(self) -> None:
        self.status = "pending"

    def result(self, timeout: float) -> Outcome:
        return DONE


class FakeScheduler:
    def __init__(self) -> None:
        self.workers: dict[str, Any] = {}

    def identity(self, n_workers: int) -> dict[str, Any]:
        return {"workers": self.workers}


class FakeClient:
    """A client of a scheduler; `script` is called with it each time it is asked something."""

    def __init__(self, script: Callable[["FakeClient"], None] = lambda _: None) -> None:
        self.status = "running"
        self.scheduler = FakeScheduler()
        self.futures: list[FakeFuture] = []
        self.script = script
        self.is_closed = False

    def submit(self, *_: Any, **__: Any) -> FakeFuture:
        self.futures.append(FakeFuture())
        return self.futures[-1]

    def sync(self, function: Callable[..., Any], *, callback_timeout: float, n_workers: int) -> Any:
        self.script(self)
        return function(n_workers)

    def close(self, timeout: float) -> None:
        self.is_closed = True


@pytest.fixture
def make_pool(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DaskPool]:
    pytest.importorskip("distributed")
    monkeypatch.setattr("nas.host.dask_pool.check_scheduler", lambda _: None)
    monkeypatch.setattr("nas.host.dask_pool.LOOK_S", 0.0)
    monkeypatch.setattr("nas.host.dask_pool._CHECK_S", 0.0)

    def make(client: FakeClient, tell: Callable[[str], None] = lambda _: None) -> DaskPool:
        monkeypatch.setattr("distributed.Client", lambda *_, **__: client)
        return DaskPool(ADDRESS, tell=tell)

    return make


def run(pool: DaskPool, **options: Any) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with pool:
        pool.run_all("task", [{}], lambda *_: None, lambda _, own: outcomes.append(own), **options)
    return outcomes


def no_connection(_: FakeClient) -> None:
    raise OSError("timed out")


def lost_connection(client: FakeClient) -> None:
    client.status = "connecting"


def cancelled(client: FakeClient) -> None:
    client.futures[0].status = "cancelled"


@pytest.mark.parametrize("script", [no_connection, lost_connection, cancelled])
def test_a_scheduler_that_is_lost_ends_the_search_with_how_to_go_on(
    make_pool: Callable[..., DaskPool], script: Callable[[FakeClient], None]
) -> None:
    client = FakeClient(script)
    text = r"^the Dask scheduler at 'tcp://gateway:8786' is lost; run the same command to resume"
    with pytest.raises(WorkerError, match=text):
        run(make_pool(client))
    assert client.is_closed


def test_a_cluster_without_machines_is_waited_for_and_told_once(
    make_pool: Callable[..., DaskPool],
) -> None:
    def joins_late(client: FakeClient) -> None:
        asked.append(None)
        if len(asked) == 3:
            client.scheduler.workers = {"a": {}}
        if len(asked) == 5:
            client.futures[0].status = "finished"

    asked: list[None] = []
    told: list[str] = []
    assert run(make_pool(FakeClient(joins_late), told.append)) == [DONE]
    assert len(told) == 1
    assert told[0].startswith("waiting for a machine: none has joined tcp://gateway:8786")


def test_a_cluster_without_machines_is_not_waited_for_without_end(
    make_pool: Callable[..., DaskPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.host.dask_pool.WORKER_LIMIT_S", 0.0)
    with pytest.raises(WorkerError, match=r"no machine has joined .*; start 'dask worker tcp://g"):
        run(make_pool(FakeClient()))


def test_when_the_time_is_over_the_cluster_is_left(make_pool: Callable[..., DaskPool]) -> None:
    client = FakeClient()
    assert run(make_pool(client), is_over=lambda: True) == []
    assert client.is_closed
