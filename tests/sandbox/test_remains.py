"""What a killed supervisor leaves is gone before anybody is told that its command has died."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import commands, remains
from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.calls import claim
from sandbox.enclosure import Launch, Place
from sandbox.port import Limits, Unknown
from sandbox.workspace import find
from tests.contracts.process_contract import HELD, IS_FREE
from tests.contracts.sandbox_contract import PATIENCE, Worker, eventually, in_background, take
from tests.sandbox.hosts import LocalHost


class Loose(Bubblewrap):
    """Bubblewrap as it is in its first moments: its namespace does not yet die with whoever started it."""

    def launch(self, place: Place, command: str, limits: Limits) -> Launch:
        made = super().launch(place, command, limits)
        arguments, *files = made.inherited
        return replace(made, inherited=(arguments.replace(b"--die-with-parent\0", b""), *files))


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path / "root", Loose(programs()[0]))


@pytest.fixture
def worker(host: LocalHost) -> Iterator[Worker]:
    worker = take(host)
    yield worker
    worker.sandbox.release(worker.reference, epoch=1)


def test_the_next_who_asks_is_told_when_nothing_is_left(host: LocalHost, worker: Worker) -> None:
    with in_background(lambda: worker.run(HELD, call="c")) as future:
        assert eventually(lambda: worker.has("started"))
        host.kill_supervisor(worker.reference, "c")
        assert isinstance(future.result(PATIENCE), Unknown)
    assert worker.output(IS_FREE) == "free\n"


def test_a_suspended_workspace_has_nothing_left_though_nobody_asked(host: LocalHost, worker: Worker) -> None:
    workspace = find(host.root, worker.reference, epoch=1)
    call = claim(workspace.calls, "c", ("execute", HELD))
    commands.supervise(call, Loose(programs()[0]).launch(workspace.place, HELD, Limits()), Limits())
    assert eventually(lambda: worker.has("started"))
    host.kill_supervisor(worker.reference, "c")
    assert eventually(lambda: call.state() == "died")
    worker.sandbox.suspend(worker.reference, epoch=1)
    assert worker.output(IS_FREE) == "free\n"


def test_a_command_begins_only_with_its_note(host: LocalHost, worker: Worker) -> None:
    """The supervisor dies at the worst moment: the namespace is there, and nobody knows of it."""
    workspace = find(host.root, worker.reference, epoch=1)
    call = claim(workspace.calls, "c", ("execute", "touch begun"))
    # A note that cannot be written ends the supervisor where a kill might.
    (call.folder / "remains").mkdir()
    commands.supervise(call, Loose(programs()[0]).launch(workspace.place, "touch begun", Limits()), Limits())
    assert eventually(lambda: call.state() == "died")
    (call.folder / "remains").rmdir()
    assert isinstance(worker.run("touch begun", call="c"), Unknown)
    assert worker.output("sleep 0.1; ls") == ""


def test_a_number_that_is_another_process_by_now_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        noted = remains.of_process(process.pid)
        remains.end(noted.replace("\n", "0\n"))
        assert process.poll() is None
        remains.end(noted)
        assert process.wait() == -signal.SIGKILL
        remains.end(noted)


def test_a_bubblewrap_that_waits_at_a_gate_for_ever_is_ended_and_one_at_another_gate_is_not(
    tmp_path: Path,
) -> None:
    bubblewrap = shutil.copy(shutil.which("sleep") or "", tmp_path / "bwrap")
    gates = [os.pipe()[0] for _ in range(2)]
    here, elsewhere = (
        subprocess.Popen(["bash", "-c", f"exec {remains.GATE}<&{gate} {bubblewrap} 600"], pass_fds=(gate,))
        for gate in gates
    )
    assert eventually(lambda: Path(f"/proc/{here.pid}/comm").read_text() == "bwrap\n")
    remains.end(remains.of_gate(gates[0]))
    assert here.wait() == -signal.SIGKILL
    assert elsewhere.poll() is None
    elsewhere.kill()
    elsewhere.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's processes are root's to make")
def test_everything_of_a_machines_user_is_ended() -> None:
    user = 58_765
    command = "trap '' TERM; (trap '' TERM; sleep 600) & wait"
    with subprocess.Popen(["bash", "-c", command], user=user, group=user, extra_groups=[]) as process:
        remains.end(remains.of_user(user))
        assert process.wait() == -signal.SIGKILL
