"""Prepared workspaces are handed out whole, once each, to whoever holds the session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.errors import SandboxLost, StaleEpoch
from sandbox.pool import PooledSandbox
from sandbox.unisolated import Unisolated
from tests.contracts.sandbox_contract import Worker, take
from tests.sandbox.hosts import LocalHost


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path / "root", Bubblewrap(programs()[0]))


@pytest.fixture
def pool(host: LocalHost) -> PooledSandbox:
    sandbox = host.open()
    assert isinstance(sandbox, PooledSandbox)
    return sandbox


def prepared(host: LocalHost, pool: PooledSandbox, label: str = "a1") -> Worker:
    worker = take(host, f"pool-{label}")
    worker.output("echo file > file; echo installed > ~/installed")
    pool.shelve(worker.reference, shelf="cart", label=label, epoch=1)
    return worker


def adopted(pool: PooledSandbox, session: str, *, epoch: int = 1) -> Worker | None:
    found = pool.adopt(session, shelf="cart", epoch=epoch)
    return Worker(pool, found.attachment, epoch) if found else None


def test_a_session_gets_the_files_and_the_home_of_a_prepared_one(
    host: LocalHost, pool: PooledSandbox
) -> None:
    before = prepared(host, pool)
    assert pool.shelved("cart") == ("a1",)
    worker = adopted(pool, "session")
    assert worker is not None
    assert worker.output("cat file ~/installed && echo more >> file && cat file") == (
        "file\ninstalled\nfile\nmore\n"
    )
    assert take(host, epoch=2, known=worker.reference).read("file") == b"file\nmore\n"
    assert [holding.session for holding in pool.inventory()] == ["session"]
    with pytest.raises(SandboxLost):
        before.read("file")


def test_one_is_handed_to_one_session_however_many_ask(host: LocalHost, pool: PooledSandbox) -> None:
    prepared(host, pool)
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = list(threads.map(lambda number: adopted(pool, f"session-{number}"), range(8)))
    assert len([worker for worker in found if worker]) == 1
    assert pool.shelved("cart") == ()
    assert pool.adopt("another", shelf="cart", epoch=1) is None


def test_another_repository_has_another_shelf(host: LocalHost, pool: PooledSandbox) -> None:
    prepared(host, pool)
    assert pool.adopt("session", shelf="../cart", epoch=1) is None
    assert pool.shelved("orders") == ()


def test_a_worker_that_lost_the_session_takes_nothing(host: LocalHost, pool: PooledSandbox) -> None:
    take(host, epoch=2)
    prepared(host, pool)
    with pytest.raises(StaleEpoch):
        pool.adopt("session", shelf="cart", epoch=1)
    assert pool.shelved("cart") == ("a1",)


def test_what_is_out_of_date_is_removed_with_its_user(host: LocalHost, pool: PooledSandbox) -> None:
    prepared(host, pool, "a1")
    prepared(host, pool, "b2")
    users = len(list((host.root / "uids").glob("[0-9]*")))
    pool.keep_only({"cart": "b2"})
    assert pool.shelved("cart") == ("b2",)
    assert len(list((host.root / "uids").glob("[0-9]*"))) == max(users - 1, 0)
    pool.keep_only({})
    assert list((host.root / "pool").glob("*/*")) == []


def test_one_process_fills_it(host: LocalHost, pool: PooledSandbox) -> None:
    other = host.open()
    assert isinstance(other, PooledSandbox)
    with pool.filling() as ours, other.filling() as theirs:
        assert (ours, theirs) == (True, False)
    with other.filling() as theirs:
        assert theirs


def test_without_isolation_none_is_handed_out(tmp_path: Path) -> None:
    host = LocalHost(tmp_path / "root", Unisolated())
    sandbox = host.open()
    assert isinstance(sandbox, PooledSandbox)
    prepared(host, sandbox)
    assert adopted(sandbox, "session") is None
