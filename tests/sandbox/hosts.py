"""The hosts on which the sandbox contract is tested."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from sandbox.calls import call_folder
from sandbox.enclosure import Enclosure
from sandbox.fake import FakeSandbox, Run
from sandbox.local import LocalSandbox
from sandbox.port import Finished, Outcome, Sandbox
from tests.contracts.sandbox_contract import COUNT, FAIL, FLOOD, GREET, HANG, STEPS, eventually


class LocalHost:
    """A folder of this machine."""

    def __init__(self, root: Path, enclosure: Enclosure) -> None:
        self.root = root
        self._enclosure = enclosure

    def open(self) -> Sandbox:
        return LocalSandbox(self.root, self._enclosure)

    def lose(self, reference: str) -> None:
        session, _, token = reference.partition(".")
        shutil.rmtree(self.root / "sessions" / session / "files" / token)

    def cut(self) -> None:
        self.root.rename(self.root.with_name("elsewhere"))

    def kill_supervisor(self, reference: str, call: str) -> None:
        os.kill(self.supervisor(reference, call), signal.SIGKILL)

    def restart(self) -> None:
        for process in Path("/proc").iterdir():
            folder = _directory(process) if process.name.isdecimal() else None
            if folder is not None and folder.is_relative_to(self.root / "sessions"):
                os.kill(int(process.name), signal.SIGKILL)

    def supervisor(self, reference: str, call: str) -> int:
        """The process that works in the call's folder."""
        session, _, token = reference.partition(".")
        (gate,) = (self.root / "sessions" / session).glob("epoch.*")
        folder = call_folder(gate / token, call)
        (found,) = (
            int(process.name)
            for process in Path("/proc").iterdir()
            if process.name.isdecimal() and _directory(process) == folder
        )
        return found


class FakeHost:
    """One fake, shared by all workers."""

    def __init__(self) -> None:
        self._sandbox = FakeSandbox(answer)

    def open(self) -> Sandbox:
        return self._sandbox

    def lose(self, reference: str) -> None:
        self._sandbox.lose(reference)

    def cut(self) -> None:
        self._sandbox.reachable = False

    def kill_supervisor(self, reference: str, call: str) -> None:
        self._sandbox.die(reference, call)

    def restart(self) -> None:
        self._sandbox.restart()


def answer(run: Run) -> Outcome:
    """What a shell would answer to the commands of the contract."""
    output, exit_code = b"", 0
    if run.command == GREET:
        output = b"hello\n"
    elif run.command == FAIL:
        output, exit_code = b"no\n", 3
    elif run.command == FLOOD:
        output = "".join(f"{number}\n" for number in range(1, 100_001)).encode()
    elif run.command == STEPS:
        run.say(b"first\n")
        eventually(lambda: "go" in run.files or run.stopped.is_set())
        run.say(b"second\n")
    elif run.command == HANG:
        run.files["started"] = b""
        run.stopped.wait()
    elif run.command == COUNT:
        output = run.files["count"] = run.files.get("count", b"") + b"ran\n"
        run.files["started"] = b""
        eventually(lambda: "go" in run.files or run.stopped.is_set())
    return Finished(exit_code=exit_code, output=output, dropped_bytes=0, seconds=0.0)


def _directory(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None
