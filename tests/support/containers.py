"""Containers without an engine: processes under bubblewrap, as root with the capabilities asked for.

For the stand-in of a container engine. The namespaces, the user identities, the dropped capabilities and the
volumes are real; images, control groups and seccomp are not there. It needs root.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from sandbox.bubblewrap import programs
from tests.support.waiting import eventually

PROCESSES = 512
"""Of one user in a container: proven by `ulimit` before anything in there may fork."""

_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_PARTS_OF_ETC = ("passwd", "group", "alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl")


@dataclass(slots=True, kw_only=True)
class Container:
    """One container: made, then running, then gone."""

    identifier: str
    name: str
    command: list[str]
    labels: dict[str, str]
    capabilities: list[str]
    mounts: dict[str, Path]
    process: subprocess.Popen[bytes] | None = None
    first: int = 0
    """The host's number of its first process."""

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass(slots=True)
class Containers:
    """All of them, started by one thread, with whose end they end."""

    launcher: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))

    def start(self, container: Container) -> None:
        """Start its first process."""
        self.launcher.submit(_start, container).result()

    def execute(self, container: Container, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start another process in it."""
        allowed = ",".join(["-all", *(f"+{name.lower()}" for name in container.capabilities)])
        return subprocess.Popen(
            [
                *("nsenter", "--target", str(container.first)),
                *("--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd"),
                *("prlimit", f"--nproc={PROCESSES}", "--core=0", "--"),
                *("setpriv", f"--bounding-set={allowed}", "--inh-caps=-all", "--no-new-privs", "--"),
                *argv,
            ],
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    def close(self) -> None:
        self.launcher.shutdown()


def kill(container: Container) -> None:
    """End it with everything in it."""
    if container.process is not None and container.running:
        os.kill(container.first, signal.SIGKILL)
        container.process.wait()


def watch(container: Container, ended: Thread) -> None:
    """Let `ended` run when the container has ended."""
    assert container.process is not None
    process = container.process

    def wait() -> None:
        process.wait()
        ended.start()

    Thread(target=wait, daemon=True).start()


def _start(container: Container) -> None:
    program = shutil.which("bwrap") or str(programs()[0].path)
    told, tell = os.pipe()
    container.process = subprocess.Popen(
        [
            *(program, "--info-fd", str(tell), "--as-pid-1", "--die-with-parent"),
            *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "oxbow"),
            *("--cap-drop", "ALL"),
            *(part for name in container.capabilities for part in ("--cap-add", f"CAP_{name}")),
            *_root(),
            *(
                part
                for target, source in container.mounts.items()
                for part in ("--bind", str(source), target)
            ),
            "--",
            *container.command,
        ],
        env=_ENVIRONMENT,
        pass_fds=[tell],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(tell)
    with os.fdopen(told) as info:
        container.first = json.load(info)["child-pid"]
    # It has its own root once bubblewrap has become the command.
    eventually(lambda: not Path(f"/proc/{container.first}/exe").readlink().name.startswith("bwrap"))


def _root() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr", "--perms", "0755", "--dir", "/etc"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        if (Path("/") / name).is_symlink():
            arguments += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in _PARTS_OF_ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    size = str(256 * 1024**2)
    return [
        *arguments,
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", size, "--tmpfs", "/tmp"),
        *("--perms", "1777", "--size", size, "--tmpfs", "/dev/shm"),
    ]
