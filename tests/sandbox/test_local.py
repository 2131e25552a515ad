"""The local sandbox with bubblewrap keeps the contract, also when its workers die, freeze or differ."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import commands, files
from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.calls import claim
from sandbox.fence import held
from sandbox.port import Finished, Limits
from sandbox.workspace import find
from tests.contracts.process_contract import ProcessContract
from tests.contracts.sandbox_contract import (
    COUNT,
    Host,
    Worker,
    eventually,
    take,
    take_over,
)
from tests.sandbox.hosts import LocalHost

_PROJECT = Path(__file__).resolve().parents[2]
_NORMAL_USER = 54321
_SYSTEM_PYTHON = Path("/usr/bin/python3")


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path / "root", Bubblewrap(programs()[0]))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Unlike pytest's own folders, one below folders that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


class TestLocalSandbox(ProcessContract):
    @pytest.fixture
    def host(self, tmp_path: Path) -> Host:
        return LocalHost(tmp_path / "root", Bubblewrap(programs()[0]))


@contextmanager
def worker_process(
    host: LocalHost, worker: Worker, command: str = COUNT
) -> Iterator[subprocess.Popen[bytes]]:
    """The same call `c` of the same session, made by a process of its own."""
    argv = [str(host.root), worker.reference, str(worker.epoch), "c", command]
    process = start(argv)
    with process:
        try:
            yield process
        finally:
            process.kill()


def start(argv: Sequence[str], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.worker", *argv],
        stdout=subprocess.PIPE,
        cwd=_PROJECT,
        env={**os.environ, **(environment or {})},
    )


def test_a_command_outlives_its_killed_worker_and_the_next_one_joins_it(host: LocalHost) -> None:
    worker = take(host)
    with worker_process(host, worker) as process:
        assert eventually(lambda: worker.has("started"))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    successor = take_over(host, worker)
    successor.write("go", b"")
    outcome = successor.run(COUNT, call="c")
    assert isinstance(outcome, Finished)
    assert outcome.output == b"ran\n"


def test_a_command_that_ended_while_nobody_watched_has_its_outcome_stored(host: LocalHost) -> None:
    worker = take(host)
    with worker_process(host, worker) as process:
        assert eventually(lambda: worker.has("started"))
        supervisor = host.supervisor(worker.reference, "c")
        process.kill()
        process.wait()
    worker.write("go", b"")
    assert eventually(lambda: not Path(f"/proc/{supervisor}").exists())
    outcome = take_over(host, worker).run(COUNT, call="c")
    assert isinstance(outcome, Finished)
    assert outcome.output == b"ran\n"


def test_a_worker_frozen_during_a_command_blocks_nobody_and_has_no_late_effect(host: LocalHost) -> None:
    worker = take(host)
    with worker_process(host, worker) as process:
        assert eventually(lambda: worker.has("started"))
        os.kill(process.pid, signal.SIGSTOP)
        successor = take_over(host, worker)
        successor.write("go", b"")
        outcome = successor.run(COUNT, call="c")
        os.kill(process.pid, signal.SIGCONT)
        assert process.wait() != 0
    assert isinstance(outcome, Finished)
    assert successor.read("count") == b"ran\n"


def test_a_supervisor_that_starts_after_a_takeover_does_nothing(host: LocalHost) -> None:
    worker = take(host)
    enclosure = Bubblewrap(programs()[0])
    workspace = find(host.root, worker.reference, epoch=1)
    call = claim(workspace.calls, "c", ("execute", "touch late"))
    successor = take_over(host, worker)
    commands.supervise(call, enclosure.launch(workspace.place, "touch late", Limits()), Limits())
    assert not successor.has("late")
    assert isinstance(successor.run("touch late", call="c"), Finished)
    assert successor.has("late")


def test_a_second_supervisor_of_a_call_does_nothing(host: LocalHost) -> None:
    worker = take(host)
    command = "echo x >> count"
    worker.run(command, call="c")
    workspace = find(host.root, worker.reference, epoch=1)
    call = claim(workspace.calls, "c", ("execute", command))
    launch = Bubblewrap(programs()[0]).launch(workspace.place, command, Limits())
    commands.supervise(call, launch, Limits())
    assert worker.output("sleep 0.2; cat count") == "x\n"


def test_a_change_prepared_before_a_takeover_cannot_be_committed_after_it(host: LocalHost) -> None:
    worker = take(host)
    worker.write("file", b"before")
    workspace = find(host.root, worker.reference, epoch=1)
    call = claim(workspace.calls, "w", ("write", "file", b"late"))
    successor = take_over(host, worker)
    with pytest.raises(FileNotFoundError):
        files.alter(call, workspace.place, "file", files.Write(content=b"late"), epoch=1)
    assert successor.read("file") == b"before"


@pytest.mark.parametrize("reached", ["prepared", "committed"])
def test_a_change_cut_off_by_a_crash_is_made_once(host: LocalHost, reached: str) -> None:
    worker = take(host)
    worker.write("file", b"a")
    workspace = find(host.root, worker.reference, epoch=1)
    call = claim(workspace.calls, "edit", ("edit", "file", "a", "aa"))
    (call.folder / "content.1").write_bytes(b"aa")
    (call.folder / "ready.1").touch()
    if reached == "committed":
        (call.folder / "content.1").rename(workspace.place.workspace / "file")
    successor = take_over(host, worker)
    successor.edit("file", "a", "aa")
    assert successor.read("file") == b"aa"


def test_killing_workers_at_any_moment_of_a_call_runs_it_once(host: LocalHost) -> None:
    worker = take(host)
    command = "echo x >> count; sleep 0.1"
    for _ in range(3):
        with worker_process(host, worker, command):
            assert eventually(lambda: worker.has("count"))
    outcome = worker.run(command, call="c")
    assert isinstance(outcome, Finished)
    assert worker.read("count") == b"x\n"


def test_the_gate_is_named_after_the_highest_epoch(host: LocalHost) -> None:
    worker = take(host, epoch=3)
    (session,) = (host.root / "sessions").iterdir()
    assert held(session) == 3
    take_over(host, worker)
    assert held(session) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="runs as a normal user already")
@pytest.mark.skipif(not _SYSTEM_PYTHON.exists(), reason="a normal user needs an interpreter in open folders")
def test_it_works_for_a_normal_user_too(open_folder: Path) -> None:
    os.chown(open_folder, _NORMAL_USER, _NORMAL_USER)
    done = subprocess.run(
        [_SYSTEM_PYTHON, "-m", "tests.sandbox.worker", open_folder, "-", "1", "c", "id -u"],
        cwd=_PROJECT,
        env={"PYTHONPATH": str(programs()[0].path.parents[2]), "PYTHONDONTWRITEBYTECODE": "1"},
        user=_NORMAL_USER,
        group=_NORMAL_USER,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("selftest: passed\n1000\n", "")
