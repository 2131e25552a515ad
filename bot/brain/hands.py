"""Using the sandbox: a workspace with the repository in it, and the tool calls that need one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Protocol

from bot.brain.claimed import Claimed
from bot.brain.network import Network
from bot.brain.preparing import Preparing
from bot.brain.staging import staged
from bot.brain.taking import whole_file
from bot.forge.errors import RepositoryUnavailable, RepositoryUnreachable
from bot.forge.mirrors import Mirrors
from bot.forge.repository import Repository
from bot.slack.hearing.files import FileRefused
from memory.log.events import (
    SandboxLost,
    SandboxUnavailable,
    ToolFinished,
    ToolStatus,
)
from memory.log.file_events import FilesStaged
from memory.log.network_events import NetworkUsed
from memory.log.session import Session, ToolCall
from memory.secrets.mask import SecretMask
from sandbox import errors
from sandbox.port import Cancelled, Finished, Limits, Outcome, Sandbox, TimedOut, Unknown
from sandbox.snapshots import Snapshots

EVENT_BYTES = 30_000
"""Of an output kept in its event as head and tail; the whole is kept beside the log."""

FIRST_DELAY = 5.0
LONGEST_DELAY = 120.0
"""Seconds between two looks at a backend that does not answer."""

VIEW_LINES = 2_000
"""Lines shown at once: about what fits into an event."""


class Thread(Protocol):
    """Where files of the workspace are shown."""

    def share(self, claimed: Claimed, key: str, name: str, content: bytes) -> str:
        """Show it once under the key; gives its name there. Raises `FileRefused`, `SlackUnavailable`."""


class Hands:
    """The sandbox, what it may use, and the repositories that may be brought into it.

    `sandbox` is a reason in words when this host can give none: the brain then answers without running
    anything. What commands and files hold loses its secrets before it becomes an event.
    """

    def __init__(  # noqa: PLR0913 - what commands use, and where their results go
        self,
        sandbox: Sandbox | str,
        mirrors: Mirrors,
        allowed: Sequence[Repository],
        limits: Limits,
        snapshots: Snapshots,
        secrets: SecretMask,
        network: Network,
        *,
        thread: Thread,
    ) -> None:
        self._sandbox = sandbox
        self._preparing = Preparing(mirrors, snapshots, limits)
        self._allowed = tuple(allowed)
        self._limits = limits
        self._secrets = secrets
        self._network = network
        self._thread = thread

    def attach(self, claimed: Claimed) -> None:
        """Get a new workspace, with the repository that was chosen, and record it."""
        if isinstance(self._sandbox, str):
            claimed.append(SandboxUnavailable(detail=self._sandbox, delay=None))
            return
        try:
            chosen = self._chosen(claimed.session)
            with claimed.effect("workspace"):
                attached = self._preparing.workspace(claimed, self._sandbox, chosen)
            claimed.append(attached)
        except (errors.SandboxUnreachable, errors.SandboxLost, RepositoryUnreachable) as error:
            claimed.append(_later(claimed.session, error))
        except (errors.SandboxUnavailable, errors.FileProblem, RepositoryUnavailable) as error:
            claimed.append(SandboxUnavailable(detail=str(error), delay=None))

    def _chosen(self, session: Session) -> Repository | None:
        """That of the lost workspace, else the chosen one; the list decides, whatever was chosen."""
        chosen = session.last_sandbox or session.choice.chosen
        if chosen is None or chosen.repository is None:
            return None
        found = next((it for it in self._allowed if it.name == chosen.repository), None)
        if found is None:
            raise RepositoryUnavailable(
                f"{chosen.repository} is not among the repositories of this installation"
            )
        return found

    def stage(self, claimed: Claimed) -> None:
        """Put every file that was brought and is not there yet into the workspace, and record it."""
        attached, files = claimed.session.sandbox, claimed.session.unstaged
        known = tuple(fetched.file for fetched in files)
        if isinstance(self._sandbox, str) or attached is None:
            claimed.append(FilesStaged(files=known, problem="There is no workspace for the shared files."))
            return
        try:
            problem = staged(claimed, self._sandbox, attached, files)
        except errors.SandboxLost:
            claimed.append(SandboxLost(reference=attached.reference))
        except errors.SandboxUnreachable as error:
            claimed.append(_later(claimed.session, error))
        else:
            claimed.append(FilesStaged(files=known, problem=problem))

    def run(self, claimed: Claimed, call: ToolCall, *, hosts: frozenset[str] | None = None) -> None:
        """Make or join the call, and record its end; a lost workspace ends it too, and is recorded.

        `hosts` is what the channel allows of the network; None is all that the operator does.
        """
        attached = claimed.session.sandbox
        if isinstance(self._sandbox, str) or attached is None:
            missing = claimed.session.no_sandbox
            why = missing.detail if missing else "there is no workspace"
            claimed.append(_finished(call, "refused", f"No workspace: {why}", is_error=True))
            return
        used: tuple[NetworkUsed, ...] = ()
        try:
            if call.tool not in ("view", "share_file"):
                self._preparing.sync(claimed, self._sandbox, self._chosen(claimed.session))
            with (
                claimed.effect("command"),
                self._network.opened(
                    self._sandbox,
                    attached,
                    epoch=claimed.lease.epoch,
                    command=call.tool == "bash",
                    only=hosts,
                ) as network,
            ):
                finished = self._made(claimed, self._sandbox, attached.reference, call)
                used = network(call.call)
        except errors.SandboxLost:
            gone = "The workspace was lost; whether this had an effect in it no longer matters."
            claimed.append(
                _finished(call, "unknown", gone, is_error=True), SandboxLost(reference=attached.reference)
            )
        except (errors.SandboxUnreachable, RepositoryUnreachable) as error:
            claimed.append(_later(claimed.session, error))
        except RepositoryUnavailable as error:
            claimed.append(_finished(call, "refused", str(error), is_error=True))
        else:
            claimed.append(*used, finished)

    def stop(self, claimed: Claimed) -> None:
        """End the command that may still run for the open call, whoever started it."""
        call, attached = claimed.session.pending_call, claimed.session.sandbox
        if isinstance(self._sandbox, str) or call is None or attached is None:
            return
        if call.tool != "bash" or not call.started:
            return
        stopped = Event()
        stopped.set()
        try:
            with claimed.effect("kill"):
                self._execute(claimed, self._sandbox, attached.reference, call, stopped)
        except (errors.SandboxLost, errors.SandboxUnreachable):
            return

    def _made(self, claimed: Claimed, sandbox: Sandbox, reference: str, call: ToolCall) -> ToolFinished:
        try:
            match call.tool:
                case "bash":
                    interrupted = claimed.stop.interrupted
                    outcome = self._execute(claimed, sandbox, reference, call, interrupted)
                    return _of_outcome(claimed, call, outcome)
                case "view":
                    return self._view(claimed, sandbox, reference, call)
                case "share_file":
                    return self._share(claimed, sandbox, reference, call)
                case "edit":
                    sandbox.edit(
                        reference,
                        call=call.call,
                        path=_whole(call.input["path"]),
                        old=_whole(call.input["old"]),
                        new=_whole(call.input["new"]),
                        epoch=claimed.lease.epoch,
                    )
                    return _finished(call, "finished", f"Edited {call.input['path']}.")
                case _:
                    content = _whole(call.input["content"]).encode()
                    sandbox.write(
                        reference,
                        call=call.call,
                        path=_whole(call.input["path"]),
                        content=content,
                        epoch=claimed.lease.epoch,
                    )
                    return _finished(call, "finished", f"Wrote {call.input['path']}, {len(content)} bytes.")
        except (errors.FileProblem, FileRefused) as problem:
            return _finished(call, "finished", str(problem), is_error=True)

    def _share(self, claimed: Claimed, sandbox: Sandbox, reference: str, call: ToolCall) -> ToolFinished:
        path = _whole(call.input["path"])
        # What Slack has already is what was there then; the file may have changed since.
        begun = claimed.session.outgoing_file(call.call) is not None
        content = b"" if begun else whole_file(claimed, sandbox, reference, call.call, path, self._limits)
        name = self._thread.share(claimed, call.call, path, content)
        return _finished(call, "finished", f"{name} is in the thread.")

    def _execute(
        self, claimed: Claimed, sandbox: Sandbox, reference: str, call: ToolCall, cancelled: Event
    ) -> Outcome:
        outcome = sandbox.execute(
            reference,
            call=call.call,
            command=_whole(call.input["command"]),
            limits=self._limits,
            epoch=claimed.lease.epoch,
            cancelled=cancelled,
        )
        if isinstance(outcome, Unknown):
            return outcome
        said = self._secrets.text(outcome.output.decode(errors="replace"))
        return replace(outcome, output=said.encode())

    def _view(self, claimed: Claimed, sandbox: Sandbox, reference: str, call: ToolCall) -> ToolFinished:
        content = sandbox.read(reference, path=_whole(call.input["path"]), epoch=claimed.lease.epoch)
        lines = self._secrets.text(content.decode(errors="replace")).splitlines()
        start = int(call.input.get("start") or 1)
        end = min(int(call.input.get("end") or len(lines)), start + VIEW_LINES - 1)
        shown = "\n".join(
            f"{number:6}  {lines[number - 1]}" for number in range(start, min(end, len(lines)) + 1)
        )
        left = f"\n({len(lines)} lines in all)" if end < len(lines) else ""
        return _finished(call, "finished", _clipped(shown + left))


def _of_outcome(claimed: Claimed, call: ToolCall, outcome: Outcome) -> ToolFinished:
    match outcome:
        case Unknown(reason=reason):
            told = f"Whether this command had an effect is not known ({reason}). Look before you repeat it."
            return _finished(call, "unknown", told, is_error=True)
        case Finished(exit_code=0):
            return _ended(claimed, call, outcome, "finished", "", exit_code=0)
        case Finished(exit_code=code):
            return _ended(claimed, call, outcome, "finished", f"\n[exit code {code}]", exit_code=code)
        case TimedOut(seconds=seconds):
            end = f"\n[stopped at the limit of {seconds:.0f} seconds]"
            return _ended(claimed, call, outcome, "timed_out", end, exit_code=None)
        case Cancelled():
            end = "\n[stopped by the people in the thread]"
            return _ended(claimed, call, outcome, "cancelled", end, exit_code=None)


def _ended(
    claimed: Claimed,
    call: ToolCall,
    outcome: Finished | TimedOut | Cancelled,
    status: ToolStatus,
    end: str,
    *,
    exit_code: int | None,
) -> ToolFinished:
    if len(outcome.output) > EVENT_BYTES:
        claimed.keep_output(call.call, outcome.output)
    return ToolFinished(
        call=call.call,
        tool=call.tool,
        status=status,
        output=_clipped(outcome.output.decode(errors="replace")) + end,
        exit_code=exit_code,
        seconds=round(outcome.seconds, 3),
        is_error=exit_code != 0,
    )


def _finished(call: ToolCall, status: ToolStatus, output: str, *, is_error: bool = False) -> ToolFinished:
    return ToolFinished(call=call.call, tool=call.tool, status=status, output=output, is_error=is_error)


def _whole(text: object) -> str:
    """A text of the model without halves of surrogate pairs, which no file and no command can hold."""
    return str(text).encode("utf-8", "replace").decode()


def _clipped(text: str) -> str:
    if len(text) <= EVENT_BYTES:
        return text
    half = EVENT_BYTES // 2
    return f"{text[:half]}\n[… {len(text) - EVENT_BYTES} characters left out …]\n{text[-half:]}"


def _later(session: Session, error: Exception) -> SandboxUnavailable:
    """Waited for, each time twice as long."""
    before = session.no_sandbox.delay if session.no_sandbox else None
    delay = min(before * 2, LONGEST_DELAY) if before else FIRST_DELAY
    return SandboxUnavailable(detail=str(error), delay=delay)
