"""Kernel control groups for one command, where the host lets us make one: memory, number of processes, and a
fair share of the processors whatever the number of its processes.

Version 2 needs a group that was delegated to us with the controllers enabled for its children; version 1
needs the right to write, which root usually has. Without either, memory is watched and processes are
limited by RLIMIT_NPROC alone.
"""

# ruff: noqa: PTH102, PTH106, PTH110, PTH120, PTH123, PTH208 - pathlib would cost every command 8 ms
from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` would cost every command 5 ms
    from typing import Self

_MOUNT = "/sys/fs/cgroup"
_PREFIX = "oxbow-"
_CLOSE_SECONDS = 1.0
# A new group has the usual weight, so that each command counts once against the others.
_CONTROLLERS = {"memory", "pids", "cpu"}
# bubblewrap's two own processes and the outer shell do not count as the command's.
OWN_PROCESSES = 3


class ControlGroup:
    """A group of the command's own, made of one folder (version 2), two (version 1) or none."""

    def __init__(self, folders: dict[str, str]) -> None:
        self._folders = folders

    def counts(self, controller: str) -> bool:
        """Whether the kernel looks after it: "memory", "pids" or "cpu"."""
        return controller in self._folders

    @classmethod
    def make(cls, memory_bytes: int, processes: int) -> Self:
        """The best group to be had for the calling process."""
        name = f"{_PREFIX}{os.getpid()}-{time.monotonic_ns()}"
        folders: dict[str, str] = {}
        for controller, (parent, version) in parents().items():
            folder = f"{parent}/{name}"
            try:
                if folder not in folders.values():
                    os.mkdir(folder)
                folders[controller] = folder
                if controller == "pids":
                    _write(f"{folder}/pids.max", str(processes + OWN_PROCESSES))
                elif controller == "memory":
                    _limit_memory(folder, version, memory_bytes)
            except OSError:
                continue
        return cls(folders)

    def enter(self) -> None:
        """Move the calling process in."""
        for folder in set(self._folders.values()):
            _write(f"{folder}/cgroup.procs", str(os.getpid()))

    def signal(self, number: int) -> None:
        """Send a signal to whoever is in it."""
        for folder in set(self._folders.values()):
            for process in _read(f"{folder}/cgroup.procs").split():
                try:
                    os.kill(int(process), number)
                except ProcessLookupError:
                    continue

    def out_of_memory(self) -> bool:
        """Whether the kernel killed one of its processes for its memory."""
        if not self.counts("memory"):
            return False
        folder = self._folders["memory"]
        said = _read(f"{folder}/memory.oom_control") or _read(f"{folder}/memory.events")
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in said.splitlines())

    def close(self) -> None:
        """Remove it; the kernel needs a moment after the last process has died."""
        give_up = time.monotonic() + _CLOSE_SECONDS
        for folder in set(self._folders.values()):
            while time.monotonic() < give_up:
                try:
                    os.rmdir(folder)
                except OSError:
                    time.sleep(0.002)
                else:
                    break
            _sweep(os.path.dirname(folder))


def parents() -> dict[str, tuple[str, int]]:
    """For each controller that we may use: the folder to make a group in, and the version."""
    found: dict[str, tuple[str, int]] = {}
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        own = path.rstrip("/")
        if not controllers:
            for folder in (f"{_MOUNT}{own}", f"{_MOUNT}{own.rpartition('/')[0]}"):
                enabled = _read(f"{folder}/cgroup.subtree_control").split()
                if {"memory", "pids"} <= set(enabled) and os.access(folder, os.W_OK):
                    return dict.fromkeys(_CONTROLLERS & set(enabled), (folder, 2))
        for controller in _CONTROLLERS & set(controllers.split(",")):
            folder = f"{_MOUNT}/{controllers}{own}"
            if os.access(folder, os.W_OK):
                found[controller] = (folder, 1)
    return found


def _sweep(parent: str) -> None:
    """Remove what supervisors left that were killed themselves."""
    for name in os.listdir(parent):
        if name.startswith(_PREFIX) and not os.path.exists(f"/proc/{name.split('-')[1]}"):
            try:
                os.rmdir(f"{parent}/{name}")
            except OSError:
                continue


def _limit_memory(folder: str, version: int, memory_bytes: int) -> None:
    if version == 2:
        _write(f"{folder}/memory.max", str(memory_bytes))
        if os.path.exists(f"{folder}/memory.swap.max"):
            _write(f"{folder}/memory.swap.max", "0")
    else:
        _write(f"{folder}/memory.limit_in_bytes", str(memory_bytes))


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
