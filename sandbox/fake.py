"""A sandbox in memory for fast tests of what stands above it: no processes, no files, the same rules.

Commands are answered by a plain function. Epochs, call ids, lost and unreachable workspaces behave as in
the real ones, and the same contract tests hold it to that.
"""

from __future__ import annotations

import json
import posixpath
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Condition, Event, Thread
from typing import BinaryIO

from sandbox.capture import Capture
from sandbox.errors import (
    CallConflict,
    FileProblem,
    SandboxLost,
    SandboxUnreachable,
    SnapshotFailed,
    StaleEpoch,
)
from sandbox.port import (
    PIECE_BYTES,
    Attachment,
    Cancelled,
    Finished,
    Holding,
    Limits,
    Outcome,
    TimedOut,
    Unknown,
)

READ_LIMIT = 256 * 1024
_LOOK = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command as the answering function sees it."""

    command: str
    files: dict[str, bytes]
    """Paths relative to the workspace; changes take effect."""
    stopped: Event
    """Set when the command is cancelled or its time is over: a long answer should end then."""
    say: Callable[[bytes], None]
    """Lets those who follow the call see a piece of its output before it ends."""


Answer = Callable[[Run], Outcome]


def succeed(_: Run) -> Outcome:
    """Every command succeeds and prints nothing."""
    return Finished(exit_code=0, output=b"", dropped_bytes=0, seconds=0.0)


@dataclass(slots=True, kw_only=True)
class _Call:
    request: tuple[object, ...]
    outcome: Outcome | None = None
    problem: str | None = None
    stopped: Event = field(default_factory=Event)
    stream: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, kw_only=True)
class _Workspace:
    session: str
    files: dict[str, bytes] = field(default_factory=dict)
    calls: dict[str, _Call] = field(default_factory=dict)
    used: float = field(default_factory=time.monotonic)


class FakeSandbox:
    """The port `Sandbox`. One object stands for the host: give it to each worker of a test."""

    name = "fake"

    def __init__(self, answer: Answer = succeed) -> None:
        self._answer = answer
        self._changed = Condition()
        self._epochs: dict[str, int] = {}
        self._workspaces: dict[str, _Workspace] = {}
        self._made = 0
        self.reachable = True
        self.commands: list[str] = []
        """Every command that really ran, in order."""

    def attach(self, session: str, *, epoch: int, known: str | None) -> Attachment:
        with self._changed:
            self._require_reachable()
            self._enter(session, epoch)
            if known is None:
                self._made += 1
                reference = f"{session}.{self._made}"
                for old in [key for key, found in self._workspaces.items() if found.session == session]:
                    self._remove(old)
                self._workspaces[reference] = _Workspace(session=session)
                return Attachment(
                    reference=reference, state="fresh", isolated=True, isolation="in memory; nothing runs"
                )
            self._find(known, epoch)
            return Attachment(
                reference=known, state="reattached", isolated=True, isolation="in memory; nothing runs"
            )

    def execute(
        self, reference: str, *, call: str, command: str, limits: Limits, epoch: int, cancelled: Event
    ) -> Outcome:
        with self._changed:
            workspace = self._find(reference, epoch)
            new = call not in workspace.calls
            claimed = self._claim(workspace, call, ("execute", command))
            if new:
                self.commands.append(command)
                run = Run(
                    command=command,
                    files=workspace.files,
                    stopped=claimed.stopped,
                    say=claimed.stream.extend,
                )
                Thread(target=self._run, args=(claimed, run, limits), daemon=True).start()
            return self._await(claimed, workspace.session, limits, epoch, cancelled)

    def read(self, reference: str, *, path: str, epoch: int) -> bytes:
        with self._changed:
            workspace = self._find(reference, epoch)
            content = workspace.files.get(_relative(path))
            if content is None:
                raise FileProblem(f"{path!r} does not exist: list the folder to see what does")
            if len(content) > READ_LIMIT:
                raise FileProblem(
                    f"{path!r} has {len(content)} bytes, more than {READ_LIMIT}: look at a part of it"
                )
            return content

    def write(self, reference: str, *, call: str, path: str, content: bytes, epoch: int) -> None:
        with self._changed:
            workspace = self._find(reference, epoch)
            self._alter(workspace, call, ("write", path, content), lambda: _write(workspace, path, content))

    def edit(self, reference: str, *, call: str, path: str, old: str, new: str, epoch: int) -> None:
        with self._changed:
            workspace = self._find(reference, epoch)
            self._alter(workspace, call, ("edit", path, old, new), lambda: _edit(workspace, path, old, new))

    def output(self, reference: str, *, call: str, start: int, epoch: int) -> bytes:
        with self._changed:
            followed = self._find(reference, epoch).calls.get(call)
            return bytes(followed.stream[start : start + PIECE_BYTES]) if followed else b""

    def snapshot(self, reference: str, *, into: BinaryIO, limits: Limits, epoch: int) -> None:  # noqa: ARG002
        with self._changed:
            files = self._find(reference, epoch).files
            into.write(json.dumps({path: content.hex() for path, content in files.items()}).encode())

    def restore(self, reference: str, *, archive: BinaryIO, limits: Limits, epoch: int) -> None:  # noqa: ARG002
        with self._changed:
            workspace = self._find(reference, epoch)
            try:
                packed: dict[str, str] = json.loads(archive.read())
            except ValueError as error:
                raise SnapshotFailed("this is no snapshot") from error
            workspace.files |= {path: bytes.fromhex(content) for path, content in packed.items()}

    def suspend(self, reference: str, *, epoch: int) -> None:
        with self._changed:
            for call in self._find(reference, epoch).calls.values():
                self._end(call, Cancelled(output=b"", dropped_bytes=0, seconds=0.0))

    def release(self, reference: str, *, epoch: int) -> None:
        with self._changed:
            self._require_reachable()
            if reference in self._workspaces:
                self._enter(self._workspaces[reference].session, epoch)
                self._remove(reference)

    def inventory(self) -> tuple[Holding, ...]:
        with self._changed:
            self._require_reachable()
            now = time.monotonic()
            return tuple(
                Holding(
                    session=workspace.session,
                    reference=reference,
                    epoch=self._epochs[workspace.session],
                    running=False,
                    idle_seconds=now - workspace.used,
                    size_bytes=sum(map(len, workspace.files.values())),
                )
                for reference, workspace in self._workspaces.items()
            )

    def lose(self, reference: str) -> None:
        """Let the workspace be gone, as if its host had died."""
        with self._changed:
            self._remove(reference)

    def restart(self) -> None:
        """Let everything that runs end without a record, as when its host starts anew."""
        with self._changed:
            for workspace in self._workspaces.values():
                for call in workspace.calls.values():
                    if call.outcome is None and call.request[0] == "execute":
                        self._end(call, Unknown(reason="the host was started anew"))

    def die(self, reference: str, call: str) -> None:
        """Let the end of the call be unknown, unless it is known already."""
        with self._changed:
            reason = "the command was started and its end was not recorded"
            self._end(self._workspaces[reference].calls[call], Unknown(reason=reason))

    def _require_reachable(self) -> None:
        if not self.reachable:
            raise SandboxUnreachable("the fake sandbox was made unreachable")

    def _enter(self, session: str, epoch: int) -> None:
        held = self._epochs.get(session, epoch)
        if epoch < held:
            raise StaleEpoch(f"epoch {epoch} is over: a worker with epoch {held} holds the session")
        self._epochs[session] = epoch
        self._changed.notify_all()

    def _find(self, reference: str, epoch: int) -> _Workspace:
        self._require_reachable()
        workspace = self._workspaces.get(reference)
        if workspace is None:
            raise SandboxLost(f"workspace {reference} is gone")
        self._enter(workspace.session, epoch)
        return workspace

    def _claim(self, workspace: _Workspace, call: str, request: tuple[object, ...]) -> _Call:
        workspace.used = time.monotonic()
        claimed = workspace.calls.setdefault(call, _Call(request=request))
        if claimed.request != request:
            raise CallConflict(
                f"call {call} was made before with another request: use a new id for a new request"
            )
        return claimed

    def _run(self, claimed: _Call, run: Run, limits: Limits) -> None:
        outcome: Outcome = Unknown(reason="the function that answers commands failed")
        try:
            answered = self._answer(run)
            if not claimed.stream and not isinstance(answered, Unknown):
                claimed.stream.extend(answered.output)
            outcome = _cut(answered, limits)
        finally:
            self._end(claimed, outcome)

    def _await(self, claimed: _Call, session: str, limits: Limits, epoch: int, cancelled: Event) -> Outcome:
        started = time.monotonic()
        while claimed.outcome is None:
            self._changed.wait(_LOOK)
            self._enter(session, epoch)
            seconds = time.monotonic() - started
            if cancelled.is_set():
                self._end(claimed, Cancelled(output=b"", dropped_bytes=0, seconds=seconds))
            elif seconds > limits.seconds:
                self._end(claimed, TimedOut(output=b"", dropped_bytes=0, seconds=seconds))
        return claimed.outcome

    def _end(self, claimed: _Call, outcome: Outcome) -> None:
        with self._changed:
            claimed.outcome = claimed.outcome or outcome
            claimed.stopped.set()
            self._changed.notify_all()

    def _alter(
        self, workspace: _Workspace, call: str, request: tuple[object, ...], change: Callable[[], None]
    ) -> None:
        new = call not in workspace.calls
        claimed = self._claim(workspace, call, request)
        if new:
            try:
                change()
            except FileProblem as problem:
                claimed.problem = str(problem)
        if claimed.problem is not None:
            raise FileProblem(claimed.problem)

    def _remove(self, reference: str) -> None:
        workspace = self._workspaces.pop(reference, None)
        if workspace is not None:
            for call in workspace.calls.values():
                call.stopped.set()


def _cut(outcome: Outcome, limits: Limits) -> Outcome:
    if isinstance(outcome, Unknown):
        return outcome
    capture = Capture(limits.output_bytes)
    capture.add(outcome.output)
    return replace(outcome, output=capture.text(), dropped_bytes=outcome.dropped_bytes + capture.dropped)


def _write(workspace: _Workspace, path: str, content: bytes) -> None:
    workspace.files[_relative(path)] = content


def _edit(workspace: _Workspace, path: str, old: str, new: str) -> None:
    name = _relative(path)
    if name not in workspace.files:
        raise FileProblem(f"{path!r} does not exist: list the folder to see what does")
    content = workspace.files[name].decode("utf-8", "surrogateescape")
    count = content.count(old) if old else 0
    if count != 1:
        raise FileProblem(f"the text to replace occurs {count} times in {path!r}: it must be there once")
    workspace.files[name] = content.replace(old, new).encode("utf-8", "surrogateescape")


def _relative(path: str) -> str:
    name = posixpath.normpath(posixpath.join("/workspace", path))
    if not name.startswith("/workspace/"):
        raise FileProblem(f"{path!r} leads out of the workspace: give the path of a file below /workspace")
    return name.removeprefix("/workspace/")
