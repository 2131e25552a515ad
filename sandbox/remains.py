"""What a killed supervisor leaves of its command: noted before the command can do anything, ended by whoever
finds that the call has died.

With namespaces it is the first process of the command's own, whose death the kernel lets be seen only when
every process in there is gone. Before that one is known it is whoever holds the gate that the command waits
at: a bubblewrap that is killed halfway would wait for ever. In a machine of the session's own it is the user
of the commands.
"""

# ruff: noqa: PTH115, PTH123, PTH208 - the supervisor loads this, and pathlib would cost every command 8 ms
from __future__ import annotations

import os
import select
import time

from sandbox.errors import SandboxUnreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GATE = 19
"""The descriptor on which a namespace waits for the word to begin."""

# Killing takes milliseconds, more on a busy machine; what does not die by then hangs in the kernel.
_PATIENCE = 10.0
_SIGKILL, _SIGSTOP = 9, 19  # the module `signal` would cost every command 7 ms


def of_process(pid: int) -> str:
    """The line about a namespace with that first process, which must live."""
    return f"process {pid} {_start(pid)}\n"


def of_gate(gate: int) -> str:
    """The line about the pipe that a namespace waits at, as its descriptor `GATE`."""
    return f"gate pipe:[{os.fstat(gate).st_ino}]\n"


def of_user(uid: int) -> str:
    """The line about everything of that user."""
    return f"user {uid}\n"


def end(note: str) -> None:
    """Kill what the lines tell of, and return when nothing of it is left.

    Raises `SandboxUnreachable` when it does not die.
    """
    for line in note.splitlines():
        match line.split():
            case ["process", pid, start]:
                _end_process(int(pid), start)
            case ["gate", pipe]:
                _end_all(_waits_at, pipe)
            case ["user", uid]:
                _end_all(_is_of, uid)
            case _:
                continue  # it was cut off: nothing began


def _end_process(pid: int, start: str) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # Read after the process was taken hold of: the number may be another's by now.
        if _start(pid) != start:
            return
        os.kill(pid, _SIGKILL)
        poll = select.poll()
        poll.register(process, select.POLLIN)
        if not poll.poll(_PATIENCE * 1000):
            raise SandboxUnreachable(f"process {pid} of a killed supervisor does not die")
    except ProcessLookupError:
        return
    finally:
        os.close(process)


def _end_all(meant: Callable[[str, str], bool], what: str) -> None:
    give_up = time.monotonic() + _PATIENCE
    while found := [
        process for process in os.listdir("/proc") if process.isdecimal() and meant(process, what)
    ]:
        if time.monotonic() > give_up:
            raise SandboxUnreachable(f"{len(found)} processes of a killed supervisor do not die")
        # Stopped first: killed one by one, a fork bomb would grow faster than it dies.
        for number in (_SIGSTOP, _SIGKILL):
            for process in found:
                try:
                    os.kill(int(process), number)
                except ProcessLookupError:
                    continue
        time.sleep(0.002)


def _waits_at(process: str, pipe: str) -> bool:
    """Whether it is a bubblewrap at that gate: the number alone may be another pipe's after a restart."""
    try:
        with open(f"/proc/{process}/comm") as file:
            return file.read() == "bwrap\n" and os.readlink(f"/proc/{process}/fd/{GATE}") == pipe
    except OSError:
        return False


def _is_of(process: str, uid: str) -> bool:
    """Whether it lives and is the user's; the owner of its folder would be root for some."""
    try:
        with open(f"/proc/{process}/status") as file:
            said = dict(line.split(":", 1) for line in file if line.startswith(("State:", "Uid:")))
    except OSError:
        return False
    return uid in said["Uid"].split() and "Z" not in said["State"]


def _start(pid: int) -> str:
    """When the process started, in ticks since the machine did; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            # Behind the name, which may hold anything, the 20th.
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""
