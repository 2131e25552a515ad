"""What is known of one call, in its own folder: what was asked, whether it began, how it ended.

    request      digest of what was asked; the folder appears with it in one rename
    begun/       made by the supervisor through the gate, immediately before the command starts
    cancel/      made by whoever wants the command stopped
    lock         held by the supervisor for its life
    stream       what the command writes, while it writes it, up to a limit
    output       head and tail of what the command wrote
    outcome      one line, written last and in one rename
    remains      where to find what a killed supervisor leaves, written before the command begins
    trouble      what the supervisor said when it failed itself

A call that has begun, has no outcome and whose lock is free has died: nobody will ever know its end.
"""

from __future__ import annotations

import fcntl
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.errors import CallConflict
from sandbox.port import Cancelled, Finished, Outcome, TimedOut

State = Literal["waiting", "running", "ended", "died"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A claimed call; every path of it goes through the gate."""

    call: str
    folder: Path

    @property
    def outcome_file(self) -> Path:
        return self.folder / "outcome"

    def state(self) -> State:
        """Where the call stands. Raises FileNotFoundError when the gate has moved."""
        with (self.folder / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return "ended" if self.outcome_file.exists() else "running"
            # Looked at under the lock: the supervisor writes the outcome before it lets go.
            if self.outcome_file.exists():
                return "ended"
            return "died" if (self.folder / "begun").exists() else "waiting"

    def cancel(self) -> None:
        """Ask the supervisor to kill the command."""
        (self.folder / "cancel").mkdir(exist_ok=True)

    def outcome(self) -> Outcome:
        """How an ended command ended."""
        kind, exit_code, dropped, seconds = self.outcome_file.read_text().split()
        output = (self.folder / "output").read_bytes()
        match kind:
            case "finished":
                return Finished(
                    exit_code=int(exit_code),
                    output=output,
                    dropped_bytes=int(dropped),
                    seconds=float(seconds),
                )
            case "timed_out":
                return TimedOut(output=output, dropped_bytes=int(dropped), seconds=float(seconds))
            case _:
                return Cancelled(output=output, dropped_bytes=int(dropped), seconds=float(seconds))

    def stream(self, start: int, size: int) -> bytes:
        """What the command has written from `start` on. Raises FileNotFoundError when the gate has moved."""
        try:
            with (self.folder / "stream").open("rb") as file:
                file.seek(start)
                return file.read(size)
        except FileNotFoundError:
            if not (self.folder / "lock").exists():
                raise
            return b""

    def remains(self) -> str:
        """Where what is left of the command is found. Raises FileNotFoundError when the gate has moved."""
        try:
            return (self.folder / "remains").read_text()
        except FileNotFoundError:
            if not (self.folder / "lock").exists():
                raise
            return ""

    def trouble(self) -> str:
        """The last line of what the supervisor said when it failed itself, if it could say anything."""
        try:
            lines = (self.folder / "trouble").read_text(errors="replace").split("\n")
        except FileNotFoundError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def claim(calls: Path, call: str, request: tuple[str | bytes, ...]) -> Call:
    """The call of that id, made if it is new. Raises `CallConflict`, or FileNotFoundError without a gate."""
    folder = call_folder(calls, call)
    digest = _digest(request)
    if not folder.exists():
        draft = calls / f"draft.{secrets.token_hex(8)}"
        draft.mkdir(mode=0o700)
        (draft / "request").write_text(digest)
        (draft / "lock").touch(mode=0o600)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            # Another worker was first: a rename onto a folder that is not empty fails.
            for name in ("request", "lock"):
                (draft / name).unlink()
            draft.rmdir()
    if (folder / "request").read_text() != digest:
        raise CallConflict(
            f"call {call} was made before with another request: use a new id for a new request"
        )
    return Call(call=call, folder=folder)


def call_folder(calls: Path, call: str) -> Path:
    """Where everything about the call is; its name is safe whatever the call's id is."""
    return calls / hashlib.sha256(call.encode()).hexdigest()[:32]


def running(calls: Path) -> list[Call]:
    """The calls of a workspace whose command runs at this moment."""
    return [call for call in _begun(calls) if call.state() == "running"]


def died(calls: Path) -> list[Call]:
    """The calls of a workspace whose supervisor was killed."""
    return [call for call in _begun(calls) if call.state() == "died"]


def _begun(calls: Path) -> list[Call]:
    if not calls.is_dir():
        return []
    return [Call(call=path.name, folder=path) for path in calls.iterdir() if (path / "begun").exists()]


def _digest(request: tuple[str | bytes, ...]) -> str:
    digest = hashlib.sha256()
    for part in request:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
