"""The product as a user starts it: `oxbow …` as a process, configured by its environment alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import eventually

OXBOW = (str(Path(sys.executable).with_name("oxbow")),)
SOURCES = Path(__file__).resolve().parents[2]
"""The code beside these tests, whatever is installed."""
START_SECONDS = 60.0
"""More than a start needs on a busy machine."""


class Process:
    """One running `oxbow`, with what it says kept in a file."""

    def __init__(
        self,
        log: Path,
        arguments: tuple[str, ...],
        settings: Mapping[str, str],
        *,
        program: tuple[str, ...] = OXBOW,
    ) -> None:
        self._log = log
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(log.parent),
            "PYTHONPATH": str(SOURCES),
            **settings,
        }
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*program, *arguments],
                env=environment,
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """Everything on its standard output and error."""
        return self._log.read_text(errors="replace")

    def await_ready(self) -> None:
        """Wait for the one line that says so."""
        eventually(lambda: self.ready or self._process.poll() is not None, within=START_SECONDS)
        assert self.ready, self.said

    @property
    def ready(self) -> bool:
        """Whether it has said so."""
        return " ready: " in self.said

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def ended(self) -> bool:
        """Whether it is over."""
        return self._process.poll() is not None

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Its exit code, when it ends by itself."""
        return self._process.wait(timeout=START_SECONDS)

    def end(self) -> None:
        """Make sure that it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
        self._process.wait()


@contextmanager
def running(log: Path, *arguments: str, **settings: str) -> Iterator[Process]:
    """A process that is ready, for as long as this is open."""
    process = Process(log, arguments, settings)
    try:
        process.await_ready()
        yield process
    finally:
        process.end()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
