"""What nothing that runs in a workspace may get at, tried; for every backend that isolates and can run here.

What an attempt would find is planted first, so that a test which cannot fail would be noticed.
"""

from __future__ import annotations

import gzip
import io
import os
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.errors import SnapshotFailed
from tests.contracts.sandbox_contract import Host, Worker, take
from tests.support.keyring import KEYCTL, planted_key

PLANTED = "planted-where-no-command-may-look"


def python(worker: Worker, program: str) -> str:
    """What a Python program in the workspace prints; an error that it does not expect is printed too."""
    worker.write("program.py", program.encode(), call=f"write {hash(program)}")
    return worker.output("/usr/bin/python3 program.py 2>&1").strip()


CALL = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def told(result):
    print("done" if result >= 0 else os.strerror(ctypes.get_errno()))
"""
REFUSED = {
    "Operation not permitted",
    "Permission denied",
    "Function not implemented",
    "No such file or directory",
}


class EscapeContract:
    """Subclassed by the test of each backend, with a `host`."""

    @pytest.fixture
    def host(self) -> Host:
        raise NotImplementedError

    @pytest.fixture
    def worker(self, host: Host) -> Worker:
        return take(host)

    # Files

    def test_files_of_the_host_are_not_there(self, worker: Worker, tmp_path: Path) -> None:
        (tmp_path / PLANTED).write_text(PLANTED)
        assert worker.output(f"cat {tmp_path / PLANTED} 2> /dev/null || echo absent") == "absent\n"
        assert worker.output("cat /etc/shadow 2> /dev/null || echo absent") == "absent\n"

    def test_files_of_another_session_are_nowhere_to_be_found(self, host: Host, worker: Worker) -> None:
        other = take(host, "another session")
        other.write(PLANTED, b"")
        look = f"find / /workspace/ -name {PLANTED} 2> /dev/null | head -1"
        assert other.output(look).endswith(f"{PLANTED}\n")
        assert worker.output(look) == ""

    def test_a_hard_link_brings_in_nothing_and_a_file_tool_changes_no_other_name_of_a_file(
        self, worker: Worker
    ) -> None:
        assert worker.output("ln /usr/bin/env stolen 2> /dev/null || echo refused") == "refused\n"
        worker.output("echo before > kept; ln kept other")
        worker.edit("kept", "before", "after")
        assert worker.output("cat kept other") == "after\nbefore\n"

    def test_an_archive_that_points_outside_writes_nothing_there(self, host: Host, worker: Worker) -> None:
        other = take(host, "another session")
        for archive in _hostile_archives():
            try:
                worker.restore(archive)
            except SnapshotFailed:
                continue
        outside = (
            f"find / -name '{PLANTED}*' -not -path '*/workspace/*' -not -path '/workspace*' 2> /dev/null"
        )
        assert worker.output(f"{outside} | grep -v '^/proc' | wc -l") == "0\n"
        assert other.output(f"find / -name '{PLANTED}*' 2> /dev/null | wc -l") == "0\n"
        assert not Path("/tmp", PLANTED).exists()

    def test_programs_that_set_the_user_gain_nothing(self, worker: Worker) -> None:
        command = "cp /bin/bash mine; chmod 6755 mine; ./mine -p -c 'id -u'; id -u"
        inside, outside = worker.output(command).split()
        assert inside == outside != "0"
        assert worker.output("grep NoNewPrivs /proc/self/status").split() == ["NoNewPrivs:", "1"]

    def test_devices_can_be_neither_made_nor_opened(self, worker: Worker) -> None:
        made = python(worker, CALL + "told(libc.mknod(b'device', 0o20666, os.makedev(1, 1)))")
        assert made in REFUSED
        for device in ("mem", "kmsg", "sda", "vda", "loop-control", "fuse", "kvm", "net/tun"):
            assert worker.output(f"cat /dev/{device} > /dev/null 2>&1 || echo refused") == "refused\n"

    @pytest.mark.parametrize(
        "attempt",
        [
            "libc.mount(b'none', b'/mnt', b'tmpfs', 0, None)",
            "libc.mount(b'/', b'/tmp', None, 4096, None)",
            "libc.umount2(b'/proc', 2)",
            "libc.chroot(b'/workspace')",
            "libc.setuid(0)",
            "libc.sethostname(b'x', 1)",
            "libc.swapon(b'/workspace/x', 0)",
            "libc.reboot(0)",
            "libc.open_by_handle_at(os.open('/', 0), bytes(20), 0)",
        ],
    )
    def test_the_kernel_refuses_what_only_root_may(self, worker: Worker, attempt: str) -> None:
        assert python(worker, f"{CALL}told({attempt})") in REFUSED | {"Invalid argument"}

    # Processes and memory

    def test_processes_of_the_host_can_be_neither_seen_nor_touched(self, worker: Worker) -> None:
        lines = worker.output("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert "pytest" not in lines
        program = CALL + (
            "buffer = ctypes.create_string_buffer(8)\n"
            f"told(libc.ptrace(16, {os.getpid()}, 0, 0))\n"
            f"told(libc.kill({os.getpid()}, 0) if not os.path.exists('/proc/{os.getpid()}') else -1)\n"
        )
        assert set(python(worker, program).splitlines()) <= {"No such process", *REFUSED, "Success"}

    def test_the_environment_of_others_cannot_be_read(self, worker: Worker) -> None:
        assert "PYTEST_CURRENT_TEST" in os.environ
        command = "cat /proc/[0-9]*/environ /proc/[0-9]*/task/*/environ 2> /dev/null | tr '\\0' '\\n'"
        assert "PYTEST" not in worker.output(f"{command}; env")

    def test_keys_of_the_bot_stay_with_the_bot(self, worker: Worker) -> None:
        with planted_key(PLANTED, b"secret") as key:
            look = (
                "for ring in (-3, -4, -5):\n"
                f"    told(libc.syscall({KEYCTL}, 10, ring, b'user', b'{PLANTED}', 0))\n"
                f"told(libc.syscall({KEYCTL}, 11, {key}, ctypes.create_string_buffer(9), 9))\n"
            )
            said = python(worker, CALL + look).splitlines()
        assert "done" not in said
        assert len(said) == 4

    # The network

    @pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
    def test_what_listens_on_the_host_cannot_be_reached(self, worker: Worker, family: int) -> None:
        address = "127.0.0.1" if family == socket.AF_INET else "::1"
        with socket.create_server((address, 0), family=socket.AddressFamily(family)) as server:
            port = server.getsockname()[1]
            assert _connects(worker, f"socket.create_connection(({address!r}, {port}), 2)") == "refused"

    def test_an_abstract_socket_of_the_host_cannot_be_reached(self, worker: Worker) -> None:
        name = f"\0oxbow-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
            server.listen()
            assert _connects(worker, f"socket.socket(socket.AF_UNIX).connect({name!r})") == "refused"

    def test_a_socket_file_of_the_host_cannot_be_reached(self, worker: Worker) -> None:
        with _listening(Path("/tmp") / f"oxbow-{os.getpid()}.sock") as path:
            assert _connects(worker, f"socket.socket(socket.AF_UNIX).connect({str(path)!r})") == "refused"

    @pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "93.184.216.34"])
    def test_no_address_answers(self, worker: Worker, address: str) -> None:
        assert _connects(worker, f"socket.create_connection(({address!r}, 80), 2)") == "refused"

    def test_raw_packets_cannot_be_sent(self, worker: Worker) -> None:
        assert _connects(worker, "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)") == "refused"
        assert _connects(worker, "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)") == "refused"

    # The terminal

    def test_nothing_can_be_typed_into_the_terminal_of_the_bot(self, worker: Worker) -> None:
        program = (
            "import fcntl, termios\n"
            "for name in ('/dev/tty', '/dev/console'):\n"
            "    try:\n"
            "        fcntl.ioctl(open(name), termios.TIOCSTI, b'x')\n"
            "        print('typed')\n"
            "    except OSError:\n"
            "        print('refused')\n"
        )
        assert python(worker, program) == "refused\nrefused"


def _connects(worker: Worker, expression: str) -> str:
    attempt = f"try:\n    {expression}\n    print('reached')\nexcept OSError:\n    print('refused')\n"
    return python(worker, f"import socket\n{attempt}")


@contextmanager
def _listening(path: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        try:
            yield path
        finally:
            path.unlink()


def _hostile_archives() -> Iterator[bytes]:
    """Snapshots as nobody but somebody hostile makes them."""

    def file(name: str) -> tarfile.TarInfo:
        member = tarfile.TarInfo(name)
        member.size = len(PLANTED)
        return member

    def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        return member

    for members in (
        [file(f"workspace/../../../../tmp/{PLANTED}")],
        [file(f"/tmp/{PLANTED}")],
        [link("workspace/out", "/tmp", tarfile.SYMTYPE), file(f"workspace/out/{PLANTED}")],
        [link("workspace/up", "../../..", tarfile.SYMTYPE), file(f"workspace/up/{PLANTED}")],
        [link(f"workspace/{PLANTED}-link", "/etc/passwd", tarfile.LNKTYPE)],
        [link(f"workspace/{PLANTED}-device", "", tarfile.CHRTYPE)],
    ):
        into = io.BytesIO()
        with tarfile.open(fileobj=into, mode="w") as tar:
            for member in members:
                tar.addfile(member, io.BytesIO(PLANTED.encode()))
        yield gzip.compress(into.getvalue())
