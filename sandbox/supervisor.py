"""The process that runs one command and outlives the worker that asked for it.

Started by `commands` with an order on stdin, it takes the call's lock, passes the gate (from here on the
command counts as begun), leaves its parent and stays until the command and all it started are dead. It is
told nothing but the order, holds no descriptor of the worker, and needs the standard library alone.
"""

# ruff: noqa: PTH102, PTH104 - pathlib would cost every command 8 ms
from __future__ import annotations

import fcntl
import marshal
import os
import select
import sys
import time

from sandbox.capture import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` would cost every command 5 ms
    from typing import Any

    from sandbox.containment import Containment

STARTED, TAKEN, STALE = 0, 3, 4
# Cancelling must be felt within a second; twenty looks a second cost nothing measurable.
_TICK_MS = 50
_DRAIN_SECONDS = 2.0
_BURY_SECONDS = 5.0
_SIGKILL = 9  # the module `signal` would cost every command 7 ms


def main() -> None:
    """Run the order on stdin; the exit code says whether it was started."""
    order: dict[str, Any] = marshal.loads(sys.stdin.buffer.read())  # noqa: S302 - written by our own worker
    code = _begin(order["call"])
    if code != STARTED:
        os._exit(code)
    if os.fork():
        os._exit(STARTED)
    os.setsid()
    os.umask(0o077)
    _silence()
    _supervise(order)


def _begin(call: str) -> int:
    """Take the lock for life and pass the gate. The lock is inherited by the child of the fork."""
    try:
        # Kept from here on without a name: every later path goes through it, so that a takeover does not
        # matter.
        os.chdir(call)
        lock = os.open("lock", os.O_RDWR)
    except FileNotFoundError:
        return STALE
    if not _lock(lock):
        return TAKEN
    try:
        # This is the gate: the full path, in one step.
        os.mkdir(f"{call}/begun")
    except FileNotFoundError:
        return STALE
    except FileExistsError:
        return TAKEN
    return STARTED


def _lock(descriptor: int) -> bool:
    # Others hold it for microseconds to see whether a supervisor lives.
    for _ in range(50):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.002)
        else:
            return True
    return False


def _silence() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    trouble = os.open("trouble", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((null, 0), (null, 1), (trouble, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(trouble)


def _supervise(order: dict[str, Any]) -> None:
    from sandbox.containment import Containment  # noqa: PLC0415 - after the start was reported

    started = time.monotonic()
    capture = Capture(order["output_bytes"], os.open("stream", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    if _wanted("cancel"):
        _conclude("cancelled", 0, capture, started)
        return
    containment = Containment(order)
    kind, exit_code = _run(order, containment, capture, started)
    _conclude(kind, exit_code, capture, started)
    # Nobody waits for these any more, but none may be left to itself.
    _bury(0, containment, float("inf"))


def _run(
    order: dict[str, Any], containment: Containment, capture: Capture, started: float
) -> tuple[str, int]:
    from sandbox.launch import launch  # noqa: PLC0415 - after the start was reported

    containment.adopt_orphans()
    pid, pipe = launch(order, containment)
    kind = _watch(pid, pipe, order["seconds"] + started, capture, containment)
    containment.kill()
    exit_code = _bury(pid, containment, _BURY_SECONDS)
    capture.drain(pipe, _DRAIN_SECONDS)
    capture.note(containment.close())
    return kind, exit_code


def _conclude(kind: str, exit_code: int, capture: Capture, started: float) -> None:
    _store("output", capture.text())
    line = f"{kind} {exit_code} {capture.dropped} {time.monotonic() - started:.3f}\n"
    _store("outcome", line.encode())


def _watch(pid: int, pipe: int, deadline: float, capture: Capture, containment: Containment) -> str:
    """Follow the command until it ends or must end, and say why."""
    poll = select.poll()
    ended = os.pidfd_open(pid)
    poll.register(ended, select.POLLIN)
    poll.register(pipe, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll(_TICK_MS):
            if descriptor == ended:
                return "finished"
            if not capture.take(pipe):
                poll.unregister(pipe)
        if time.monotonic() > deadline:
            return "timed_out"
        if _wanted("cancel"):
            return "cancelled"
        if containment.exceeded():
            return "finished"


def _bury(pid: int, containment: Containment, patience: float) -> int:
    """Wait until nothing of the command is left, and give its exit code."""
    exit_code = 128 + _SIGKILL
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        try:
            dead, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if dead == pid:
            code = os.waitstatus_to_exitcode(status)
            exit_code = code if code >= 0 else 128 - code
        elif dead == 0:
            containment.kill()
            time.sleep(0.002)
    return exit_code


def _wanted(name: str) -> bool:
    return os.access(name, os.F_OK)


def _store(name: str, content: bytes) -> None:
    draft = os.open(f"{name}.draft", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(draft, "wb") as file:
        file.write(content)
    os.rename(f"{name}.draft", name)
