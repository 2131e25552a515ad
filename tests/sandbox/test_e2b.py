"""The e2b sandbox keeps the contract on a stand-in for E2B, and on an account if a key is given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.choose import DEFAULT_TEMPLATE, open_sandbox
from sandbox.e2b_cloud import Account, E2BMachines
from sandbox.errors import SandboxUnavailable
from sandbox.fence import session_key
from sandbox.remote import RemoteSandbox
from sandbox.selftest import examine
from tests.contracts.process_contract import ProcessContract
from tests.contracts.sandbox_contract import Host, Worker, take, take_over
from tests.sandbox.hosted import AccountHost, CloudHost
from tests.support.hosted_machines import KEY, StandInCloud

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the stand-in makes namespaces as root")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[StandInCloud]:
    with StandInCloud(tmp_path / "cloud") as cloud:
        yield cloud


@pytest.fixture
def host(cloud: StandInCloud) -> CloudHost:
    return CloudHost(cloud)


@pytest.fixture
def worker(host: CloudHost) -> Worker:
    return take(host)


@needs_root
@pytest.mark.stand_in
class TestE2BSandbox(ProcessContract):
    @pytest.fixture
    def host(self, cloud: StandInCloud) -> Host:
        return CloudHost(cloud)

    def test_a_machine_at_work_is_prolonged(self, cloud: StandInCloud) -> None:
        worker = take(CloudHost(cloud))
        (machine,) = cloud.state.machines.values()
        before = machine.ends
        worker.output("sleep 6")
        assert machine.ends > before


@pytest.mark.skipif("OXBOW_TEST_E2B_API_KEY" not in os.environ, reason="no account is given")
@pytest.mark.stand_in
class TestE2BAccount(ProcessContract):
    @pytest.fixture
    def host(self) -> Iterator[Host]:
        template = os.environ.get("OXBOW_TEST_E2B_TEMPLATE", DEFAULT_TEMPLATE)
        host = AccountHost(Account(template=template, key=os.environ["OXBOW_TEST_E2B_API_KEY"]))
        yield host
        host.clear()


@needs_root
def test_the_self_test_finds_what_the_kernel_of_a_machine_would_hold_and_nothing_else(
    cloud: StandInCloud, host: CloudHost
) -> None:
    report = examine(host.open())
    assert [check.name for check in report.checks if not check.passed] == [
        "no new user namespace, no new mounts"
    ]
    assert "/proc/sys/user/max_user_namespaces" in cloud.state.commands[0]


@needs_root
def test_a_machine_is_asked_for_without_internet_and_is_paused_when_its_time_ends(
    cloud: StandInCloud, worker: Worker
) -> None:
    (machine,) = cloud.state.machines.values()
    assert machine.asked["allow_internet_access"] is False
    assert machine.asked["autoPause"] is True
    assert machine.asked["autoResume"] == {"enabled": False}


@needs_root
def test_the_key_stays_with_the_bot(cloud: StandInCloud, worker: Worker) -> None:
    (machine,) = cloud.state.machines.values()
    said = worker.output("env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'")
    assert "HOME=" in said
    assert KEY not in said
    assert KEY not in json.dumps(machine.asked)
    assert KEY not in repr(CloudHost(cloud).account())


@needs_root
def test_a_paused_machine_goes_on_with_its_disk(cloud: StandInCloud, host: CloudHost, worker: Worker) -> None:
    worker.write("kept", b"text")
    cloud.pause_all()
    assert worker.read("kept") == b"text"
    cloud.pause_all()
    assert take_over(host, worker).read("kept") == b"text"
    assert len(cloud.state.machines) == 1


@needs_root
def test_two_workers_at_once_make_one_machine(cloud: StandInCloud, host: CloudHost) -> None:
    machines = [E2BMachines(host.account()) for _ in range(2)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda each: each.start(session_key("session"), "session"), machines))
    assert len(cloud.state.machines) == 1


@needs_root
@pytest.mark.parametrize(
    ("account", "way_out"),
    [({"key": "e2b_wrong"}, "E2B_API_KEY"), ({"template": "missing"}, "OXBOW_SANDBOX_TEMPLATE")],
)
def test_a_refusal_names_the_setting(host: CloudHost, account: dict[str, str], way_out: str) -> None:
    sandbox = RemoteSandbox(E2BMachines(host.account(**account)))
    with pytest.raises(SandboxUnavailable, match=way_out):
        sandbox.attach("session", epoch=1, known=None)


@needs_root
def test_a_template_without_python_is_named(cloud: StandInCloud, host: CloudHost) -> None:
    cloud.state.python = False
    with pytest.raises(SandboxUnavailable, match="OXBOW_SANDBOX_TEMPLATE"):
        take(host)


def test_without_a_key_the_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="E2B_API_KEY"):
        open_sandbox("e2b", tmp_path)
