"""Holding a command and all it starts: killing the whole tree, and the limits that the kernel does not keep
alone."""

# ruff: noqa: PTH123 - pathlib would cost every command 8 ms
from __future__ import annotations

import os
import time

from sandbox.control_group import OWN_PROCESSES, ControlGroup

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` would cost every command 5 ms
    from typing import Any

_PR_SET_CHILD_SUBREAPER = 36
_SIGKILL, _SIGSTOP = 9, 19  # the module `signal` would cost every command 7 ms
_LOOK = 0.1
_DISK_LOOK = 0.5
# A look at the disk takes at most this share of the time.
_DISK_SHARE = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Containment:
    """The processes of one command. Nothing of them remains after `kill` was repeated until none is left."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._group = ControlGroup.make(order["memory_bytes"], order["processes"])
        self._next_look = 0.0
        self._next_disk = time.monotonic() + _DISK_LOOK
        self._notes: list[str] = []

    @property
    def counts_memory(self) -> bool:
        """Whether the kernel holds the whole tree to its memory, so that nobody need watch."""
        return self._group.counts("memory")

    def enter(self) -> None:
        """Called in the command's process."""
        self._group.enter()

    def adopt_orphans(self) -> None:
        """Become the parent of every orphan among the command's processes, so that none gets away."""
        import ctypes  # noqa: PLC0415 - loaded after the start was reported

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def kill(self) -> None:
        """Kill all that is there at this moment."""
        # Stopped first: killed one by one, a fork bomb would grow faster than it dies.
        for number in (_SIGSTOP, _SIGKILL):
            self._group.signal(number)
            for process in _descendants(os.getpid()):
                try:
                    os.kill(process, number)
                except ProcessLookupError:
                    continue

    def exceeded(self) -> bool:
        """Whether the command uses more than it may; the reason goes below its output."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK
            self._look_at_processes()
        if now >= self._next_disk and not self._notes:
            self._look_at_disk(now)
        return bool(self._notes)

    def _look_at_processes(self) -> None:
        if self.counts_memory and self._group.counts("pids"):
            return
        processes = _descendants(os.getpid())
        most, limit = self._order["processes"] + OWN_PROCESSES, self._order["memory_bytes"]
        if not self._group.counts("pids") and len(processes) > most:
            self._notes.append(f"killed: more than {self._order['processes']} processes")
        elif not self.counts_memory and _memory(processes, limit) > limit:
            self._notes.append(f"killed: more than {_size(limit)} of memory in use")

    def _look_at_disk(self, now: float) -> None:
        limit = self._order["disk_bytes"]
        sizes = [disk(folder) for folder in self._order["watched"]]
        used, files = sum(size for size, _ in sizes), sum(count for _, count in sizes)
        took = time.monotonic() - now
        self._next_disk = now + max(_DISK_LOOK, took / _DISK_SHARE)
        if used > limit:
            self._notes.append(f"killed: the workspace holds more than {_size(limit)}; remove files")
        elif files > self._order["files"]:
            self._notes.append(
                f"killed: the workspace holds more than {self._order['files']} files; remove some"
            )

    def close(self) -> list[str]:
        """What there is to say about limits, after everything is dead."""
        if self._group.out_of_memory():
            limit = _size(self._order["memory_bytes"])
            self._notes.append(f"a process was killed: more than {limit} of memory in use")
        self._group.close()
        return self._notes


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as file:
                children = [int(child) for child in file.read().split()]
        except OSError:
            continue
        found += children
        waiting += children
    return found


def _memory(processes: list[int], limit: int) -> int:
    """Memory in use in bytes: a quick over-estimate, counted exactly only when it is above the limit."""
    rough = sum(_resident(process) for process in processes)
    return rough if rough <= limit else sum(_proportional(process) for process in processes)


def _resident(process: int) -> int:
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(process: int) -> int:
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:")), 0)
    except PermissionError:
        # In a container root may not look so closely; shared memory then counts for each who shares it.
        return _resident(process)
    except OSError:
        return 0


def disk(folder: str) -> tuple[int, int]:
    """Bytes on disk and number of entries below the folder; what cannot be read is not counted."""
    total, count, waiting = 0, 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return total, count


def _size(count: int) -> str:
    return f"{count / 1024**2:.0f} MiB" if count < 1024**3 else f"{count / 1024**3:.1f} GiB"
