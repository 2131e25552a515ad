"""What bubblewrap must hold: the escape table, one test for each row, and the secrets of the bot."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sandbox.bubblewrap import Bubblewrap, Program, programs
from sandbox.choose import open_sandbox
from sandbox.errors import SandboxUnavailable
from sandbox.selftest import attempts, examine
from tests.contracts.escape_contract import EscapeContract
from tests.contracts.sandbox_contract import COUNT, Host, Worker, eventually, take
from tests.sandbox.hosts import LocalHost
from tests.sandbox.test_local import start

_NAMES = [attempt.name for attempt in attempts(Path("unused"), 0)]


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path / "root", Bubblewrap(programs()[0]))


@pytest.fixture
def worker(host: LocalHost) -> Worker:
    return take(host)


class TestLocalEscapes(EscapeContract):
    @pytest.fixture
    def host(self, tmp_path: Path) -> Host:
        return LocalHost(tmp_path / "root", Bubblewrap(programs()[0]))


@pytest.mark.parametrize("name", _NAMES)
def test_an_escape_is_held(worker: Worker, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of the host")
    with socket.create_server(("127.0.0.1", 0)) as server:
        (attempt,) = (each for each in attempts(secret, server.getsockname()[1]) if each.name == name)
        assert worker.output(attempt.command) == "held\n"


def test_the_self_test_passes_and_leaves_nothing_behind(host: LocalHost) -> None:
    report = examine(host.open())
    assert report.passed, report.failures()
    assert list((host.root / "sessions").glob("*/files/*")) == []


@pytest.mark.parametrize(
    "file",
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sysrq-trigger",
        "/proc/self/oom_score_adj",
    ],
)
def test_kernel_settings_cannot_be_written(worker: Worker, file: str) -> None:
    # What is there already is written back: were it possible, nothing would change.
    command = f'v=$(cat {file} 2>/dev/null); echo "$v" 2>/dev/null > {file} && echo written || echo refused'
    before = Path("/proc/sys/kernel/core_pattern").read_text()
    assert worker.output(command).splitlines()[-1] == "refused"
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give sessions users of their own")
def test_each_session_runs_as_an_unprivileged_user_of_its_own(host: LocalHost, worker: Worker) -> None:
    take(host, "another session").output("touch made")
    worker.output("touch made")
    users = {path.stat().st_uid for path in host.root.glob("sessions/*/files/*/workspace/made")}
    assert len(users) == 2
    assert min(users) > 1000


def test_the_environment_of_the_bot_stays_with_the_bot(host: LocalHost, worker: Worker) -> None:
    command = "env; set; cat /proc/[0-9]*/environ | tr '\\0' '\\n'"
    argv = [str(host.root), worker.reference, "1", "c", command]
    with start(argv, {"PLANTED_SECRET": "do not tell"}) as process:
        output, _ = process.communicate()
    assert b"HOME=/home/oxbow" in output
    assert b"PLANTED" not in output


def test_a_supervisor_knows_nothing_of_the_environment_of_the_bot(host: LocalHost, worker: Worker) -> None:
    argv = [str(host.root), worker.reference, "1", "c", COUNT]
    with start(argv, {"PLANTED_SECRET": "do not tell"}) as process:
        assert eventually(lambda: worker.has("started"))
        supervisor = Path(f"/proc/{host.supervisor(worker.reference, 'c')}")
        environment = (supervisor / "environ").read_bytes()
        descriptors = {str(path.readlink()) for path in (supervisor / "fd").iterdir()}
        worker.write("go", b"")
        process.communicate()
    assert b"PLANTED" not in environment
    assert not {each for each in descriptors if each.startswith("socket:")}


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_a_file_system_in_memory_is_bounded(worker: Worker, folder: str) -> None:
    # Far below the memory of the host, far above what a build needs.
    size = worker.output(f"df --output=size -B1M {folder} | tail -1")
    assert 0 < int(size) <= 256


def test_no_path_of_the_host_is_on_a_command_line(host: LocalHost, worker: Worker) -> None:
    lines = worker.output("cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'")
    assert "bwrap" in lines
    assert str(host.root) not in lines
    assert "site-packages" not in lines


def test_where_nothing_isolates_the_choice_says_why_and_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "program" / "bwrap"
    broken.parent.mkdir(mode=0o755)
    broken.write_text("#!/bin/sh\necho no user namespaces here >&2; exit 1\n")
    broken.chmod(0o755)
    report = examine(
        LocalHost(tmp_path / "root", Bubblewrap(Program(path=broken, folders=(broken.parent,)))).open()
    )
    assert not report.passed
    assert "no user namespaces here" in report.failures()


@pytest.mark.parametrize(("name", "isolated"), [("auto", True), ("local", True), ("unisolated", False)])
def test_a_sandbox_is_opened_by_its_name(tmp_path: Path, name: str, isolated: bool) -> None:
    sandbox = open_sandbox(name, tmp_path)
    assert sandbox.attach("session", epoch=1, known=None).isolated is isolated


def test_an_unknown_name_is_answered_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="auto, local, docker, kubernetes, e2b, unisolated"):
        open_sandbox("elsewhere", tmp_path)


def test_a_root_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxUnavailable, match="file/root"):
        open_sandbox("unisolated", tmp_path / "file" / "root")
