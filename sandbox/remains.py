"""What a killed supervisor leaves of its command: noted before the command can do anything, ended by whoever
finds that the call has died.

With namespaces it is the first process of the command's own, whose death the kernel lets be seen only when
every process in there is gone. In a machine of the session's own it is the user of the commands.
"""

# ruff: noqa: PTH123, PTH208 - the supervisor loads this, and pathlib would cost every command 8 ms
from __future__ import annotations

import os
import select
import time

from sandbox.errors import SandboxUnreachable

# Killing takes milliseconds, more on a busy machine; what does not die by then hangs in the kernel.
_PATIENCE = 10.0
_SIGKILL, _SIGSTOP = 9, 19  # the module `signal` would cost every command 7 ms


def of_process(pid: int) -> str:
    """The note about a namespace with that first process, which must live."""
    return f"process {pid} {_start(pid)}"


def of_user(uid: int) -> str:
    """The note about everything of that user."""
    return f"user {uid}"


def end(note: str) -> None:
    """Kill what the note tells of, and return when nothing of it is left.

    Raises `SandboxUnreachable` when it does not die.
    """
    match note.split():
        case ["process", pid, start]:
            _end_process(int(pid), start)
        case ["user", uid]:
            _end_user(uid)
        case _:
            return  # the note was cut off: nothing began


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


def _end_user(uid: str) -> None:
    give_up = time.monotonic() + _PATIENCE
    while found := [
        process for process in filter(str.isdecimal, os.listdir("/proc")) if _is_of(process, uid)
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
