"""The docker sandbox keeps the contract on a stand-in for an engine, and on a real one if one is given."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from sandbox.docker_engine import DockerMachines, Engine
from sandbox.errors import SandboxUnavailable
from sandbox.fence import session_key
from sandbox.port import Finished, Limits
from sandbox.remote import RemoteSandbox
from sandbox.selftest import examine
from tests.contracts.escape_contract import EscapeContract
from tests.contracts.process_contract import ProcessContract
from tests.contracts.sandbox_contract import COUNT, Host, Worker, eventually, take, take_over
from tests.sandbox.engines import RealHost, StandInHost
from tests.support.container_engine import IMAGE, StandInEngine

# The SDK does not close its socket when it cannot connect.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the stand-in makes namespaces as root")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[StandInEngine]:
    with StandInEngine(tmp_path / "engine") as engine:
        yield engine
    gc.collect()  # so that the warning above falls here and not into another test


@needs_root
@pytest.mark.stand_in
class TestDockerSandbox(ProcessContract):
    @pytest.fixture
    def host(self, engine: StandInEngine) -> Host:
        return StandInHost(engine)


@needs_root
@pytest.mark.stand_in
class TestDockerEscapes(EscapeContract):
    @pytest.fixture
    def host(self, engine: StandInEngine) -> Host:
        return StandInHost(engine)


@pytest.mark.skipif("OXBOW_TEST_DOCKER_HOST" not in os.environ, reason="no OXBOW_TEST_DOCKER_HOST is given")
class TestDockerOnAnEngine(ProcessContract):
    @pytest.fixture
    def host(self) -> Iterator[Host]:
        host = RealHost(os.environ["OXBOW_TEST_DOCKER_HOST"], os.environ.get("OXBOW_TEST_DOCKER_IMAGE"))
        yield host
        host.clear()


@pytest.fixture
def host(engine: StandInEngine) -> StandInHost:
    return StandInHost(engine)


@pytest.fixture
def worker(host: StandInHost) -> Worker:
    return take(host)


@needs_root
def test_a_container_is_asked_for_with_nothing_that_a_command_could_use(
    engine: StandInEngine, worker: Worker
) -> None:
    (asked,) = engine.state.asked
    confinement = asked["HostConfig"]
    assert confinement["NetworkMode"] == "none"
    assert confinement["CapDrop"] == ["ALL"]
    assert confinement["SecurityOpt"] == ["no-new-privileges"]
    assert confinement["AutoRemove"] is True
    assert confinement["PidsLimit"] == 512
    assert confinement["Memory"] == confinement["MemorySwap"] == 3 * 1024**3
    assert [mount["Type"] for mount in confinement["Mounts"]] == ["volume"]
    assert "Binds" not in confinement
    assert "Privileged" not in confinement


@needs_root
def test_the_environment_of_the_bot_stays_with_the_bot(worker: Worker) -> None:
    said = worker.output("env; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")
    assert "PYTEST" not in said
    assert "HOME=" in said


@needs_root
@pytest.mark.parametrize(
    "attempt",
    [
        "ls /oxbow/sessions",
        "ls -d /oxbow/sessions/*/epoch.*/*",
        "ls /oxbow/code /oxbow/uids",
        "mkdir $(dirname $(dirname $(readlink /workspace)))/mine",
        "kill -9 1",
        "kill -9 $PPID",
        "cat /proc/$PPID/environ",
        "touch /usr/x /x /oxbow/x",
        "mount -t tmpfs none /mnt",
        "mknod null c 1 3",
        "chroot / true",
    ],
)
def test_a_command_reaches_neither_its_calls_nor_the_machine(worker: Worker, attempt: str) -> None:
    said = worker.output(f"({attempt}) > said 2> /dev/null && echo done || echo refused; cat said")
    assert said == "refused\n"


@needs_root
def test_the_self_test_finds_what_seccomp_would_hold_and_nothing_else(host: StandInHost) -> None:
    report = examine(host.open())
    assert [check.name for check in report.checks if not check.passed] == [
        "no new user namespace, no new mounts"
    ]
    assert eventually(lambda: not host.engine.state.containers)


@needs_root
def test_a_machine_ends_when_it_is_suspended_or_empty_and_starts_again_on_its_disk(
    host: StandInHost, worker: Worker
) -> None:
    worker.write("kept", b"text")
    worker.sandbox.suspend(worker.reference, epoch=1)
    assert eventually(lambda: not host.engine.state.containers)
    assert worker.read("kept") == b"text"
    worker.sandbox.release(worker.reference, epoch=1)
    assert eventually(lambda: not host.engine.state.containers)


@needs_root
def test_an_inventory_starts_nothing_that_it_has_seen_before(host: StandInHost, worker: Worker) -> None:
    (seen,) = worker.sandbox.inventory()
    worker.sandbox.suspend(worker.reference, epoch=1)
    assert eventually(lambda: not host.engine.state.containers)
    (again,) = worker.sandbox.inventory()
    assert (seen.running, again.running) == (True, False)
    assert again.idle_seconds >= seen.idle_seconds
    assert not host.engine.state.containers


@needs_root
def test_many_workers_that_want_the_same_machine_get_one(host: StandInHost) -> None:
    machines = DockerMachines(Engine(image=IMAGE, address=host.engine.address))
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: machines.start(session_key("session"), "session"), range(4)))
    (container,) = host.engine.state.containers.values()
    assert container.running


@needs_root
def test_a_command_outlives_the_connection_and_is_joined(host: StandInHost, worker: Worker) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        early = pool.submit(worker.run, COUNT, call="c")
        assert eventually(lambda: worker.has("started"))
        # The program that waits in the machine dies, as with a connection that an engine resets.
        for agent in host.agents():
            with suppress(ProcessLookupError):  # another test's, which ended meanwhile
                os.kill(agent, 9)
        worker.write("go", b"")
        outcome = early.result(60)
    assert isinstance(outcome, Finished)
    assert outcome.output == b"ran\n"
    assert take_over(host, worker).run(COUNT, call="c") == outcome


@needs_root
def test_an_image_that_is_not_there_is_named_with_the_way_out(engine: StandInEngine) -> None:
    sandbox = RemoteSandbox(DockerMachines(Engine(image="missing:latest", address=engine.address)))
    with pytest.raises(SandboxUnavailable, match="docker pull missing:latest"):
        sandbox.attach("session", epoch=1, known=None)


@needs_root
def test_an_image_without_python_is_said(engine: StandInEngine, host: StandInHost) -> None:
    engine.state.python = False
    with pytest.raises(SandboxUnavailable, match="bash, git and Python"):
        host.open().attach("session", epoch=1, known=None)


def test_an_engine_that_is_not_there_is_unreachable_and_says_so_at_the_start(tmp_path: Path) -> None:
    sandbox = RemoteSandbox(DockerMachines(Engine(image="any", address=f"unix://{tmp_path}/none")))
    report = examine(sandbox)
    assert not report.passed
    assert "does not answer" in report.failures()


@needs_root
def test_a_long_time_without_output_does_not_end_the_wait(host: StandInHost, worker: Worker) -> None:
    outcome = worker.sandbox.execute(
        worker.reference, call="c", command="sleep 1.5", limits=Limits(), epoch=1, cancelled=Event()
    )
    assert isinstance(outcome, Finished)
