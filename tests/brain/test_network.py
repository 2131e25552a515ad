"""A command reaches the hosts of its repository, and what it asked is recorded without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.brain.network import Network
from memory.log.events import SandboxAttached
from memory.log.network_events import NetworkUsed
from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.egress_policy import EgressPolicy, Host
from sandbox.fake import FakeSandbox
from sandbox.port import Sandbox
from tests.contracts.sandbox_contract import Worker, take
from tests.sandbox.hosts import LocalHost
from tests.support.secrets import secret_mask

TOKEN = "ghp_" + "a1B2" * 9
CLOSED = Host(name="closed.example.org", port=1, private=True)


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return take(LocalHost(tmp_path / "root", Bubblewrap(programs()[0])))


def asked(
    sandbox: Sandbox,
    worker: Worker,
    policies: dict[str, EgressPolicy],
    *,
    command: bool = True,
    only: frozenset[str] | None = None,
) -> tuple[NetworkUsed, ...]:
    """What is recorded of a command that asks for two hosts in a workspace of the repository `cart`."""
    attached = SandboxAttached(
        backend="local",
        reference=worker.reference,
        isolation="",
        isolated=True,
        repository="cart",
    )
    network = Network(policies, secret_mask())
    with network.opened(sandbox, attached, epoch=worker.epoch, command=command, only=only) as used:
        worker.run(f"curl -s http://closed.example.org:1/{TOKEN}; curl -s http://other.example.org/")
        return used("c")


@pytest.mark.parametrize("repository", ["cart", "*"])
def test_requests_are_recorded_with_their_verdict_and_without_secrets(
    worker: Worker, repository: str
) -> None:
    (used,) = asked(worker.sandbox, worker, {repository: EgressPolicy(hosts=(CLOSED,))})
    assert (used.call, used.more) == ("c", 0)
    assert [(request.host, request.allowed) for request in used.requests] == [
        ("closed.example.org", True),
        ("other.example.org", False),
    ]
    assert TOKEN not in repr(used)
    assert all(request.reason for request in used.requests)


def test_the_hosts_of_another_repository_open_nothing(worker: Worker) -> None:
    assert asked(worker.sandbox, worker, {"orders": EgressPolicy(hosts=(CLOSED,))}) == ()
    assert worker.output("ls /run 2>&1 || echo none").endswith("none\n")


def test_a_channel_takes_hosts_away_and_adds_none(worker: Worker) -> None:
    policies = {"cart": EgressPolicy(hosts=(CLOSED, Host(name="other.example.org")))}
    chosen = frozenset({"closed.example.org:1", "evil.example.org"})
    (used,) = asked(worker.sandbox, worker, policies, only=chosen)
    assert [(request.host, request.allowed) for request in used.requests] == [
        ("closed.example.org", True),
        ("other.example.org", False),
    ]
    assert asked(worker.sandbox, worker, policies, only=frozenset()) == ()


def test_only_a_command_opens_the_network(worker: Worker) -> None:
    assert asked(worker.sandbox, worker, {"*": EgressPolicy(hosts=(CLOSED,))}, command=False) == ()


def test_a_sandbox_without_doors_stays_closed(worker: Worker) -> None:
    assert asked(FakeSandbox(), worker, {"*": EgressPolicy(hosts=(CLOSED,))}) == ()
