"""Proof at start that the sandbox holds: what must be impossible is tried, what must work is done."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from sandbox.errors import SandboxError
from sandbox.port import Finished, Limits, Outcome, Sandbox, TimedOut, Unknown

_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the self-test saw."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def failures(self) -> str:
        """The checks that failed, in one line."""
        return "; ".join(f"{check.name}: {check.detail}" for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """An escape: a command that must print `held` and nothing else."""

    name: str
    command: str


def examine(sandbox: Sandbox) -> Report:
    """Run the escape table in a workspace of its own."""
    session = f"selftest-{secrets.token_hex(8)}"
    try:
        reference = sandbox.attach(session, epoch=1, known=None).reference
        try:
            return Report(checks=tuple(_checks(sandbox, reference)))
        finally:
            sandbox.release(reference, epoch=1)
    except SandboxError as error:
        return Report(checks=(Check(name="a workspace", passed=False, detail=str(error)),))


def _checks(sandbox: Sandbox, reference: str) -> Iterator[Check]:
    works = _run(sandbox, reference, "works", "echo held", Limits(seconds=_SECONDS))
    yield _judge("commands run", works)
    if not isinstance(works, Finished) or works.exit_code != 0:
        return
    with _secret() as secret, _listener() as port:
        for attempt in attempts(secret, port):
            outcome = _run(sandbox, reference, attempt.name, attempt.command, Limits(seconds=_SECONDS))
            yield _judge(attempt.name, outcome)
    yield from _limits(sandbox, reference)


def attempts(secret: Path, port: int) -> list[_Attempt]:
    """The escape table, for a file on the host and a port on which the host listens."""
    return [
        _Attempt(name="files of the host are absent", command=f"cat {secret} 2>/dev/null || echo held"),
        _Attempt(
            name="the network of the host is unreachable",
            command=f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo reached || echo held",
        ),
        _Attempt(
            name="processes of the host are invisible",
            command=f"[ -e /proc/{os.getpid()}/status ] && grep -q python /proc/{os.getpid()}/status "
            "&& echo seen || echo held",
        ),
        _Attempt(
            name="kernel settings cannot be written",
            # The present value is written back, so that a failure of this check does no harm.
            command="(cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern) 2>/dev/null "
            "&& echo written || echo held",
        ),
        _Attempt(
            name="system folders cannot be written",
            command="for d in / /usr /etc /dev /proc; do [ -w $d ] && echo $d; done; echo held",
        ),
        _Attempt(
            name="no new user namespace, no new mounts",
            command="(unshare -U true || unshare -m true) 2>/dev/null && echo allowed || echo held",
        ),
        _Attempt(
            name="no privilege",
            command="grep -q 'CapEff:.0000000000000000' /proc/self/status && [ $(id -u) != 0 ] && echo held",
        ),
    ]


def _limits(sandbox: Sandbox, reference: str) -> Iterator[Check]:
    late = _run(sandbox, reference, "time", "trap '' TERM; sleep 60", Limits(seconds=0.1))
    yield Check(name="the time limit works", passed=isinstance(late, TimedOut), detail=str(late))
    hog = Limits(seconds=_SECONDS, memory_bytes=32 * 1024**2)
    outcome = _run(sandbox, reference, "memory", "tail /dev/zero; [ $? != 0 ] && echo stopped", hog)
    stopped = isinstance(outcome, Finished) and (b"stopped" in outcome.output or outcome.exit_code == 137)
    yield Check(name="the memory limit works", passed=stopped, detail=str(outcome))
    # In a shell that gives up at once; one that tries again for many seconds says so before the time limit,
    # which leaves room for a busy host. Where processes are counted now and then, it waits to be counted.
    few = Limits(seconds=_SECONDS, processes=16)
    command = "sh -c 'i=0; while [ $i -lt 40 ]; do sleep 9 & i=$((i+1)); done; wait'"
    outcome = _run(sandbox, reference, "processes", command, few)
    said = b"" if isinstance(outcome, Unknown) else outcome.output
    stopped = any(word in said for word in (b"annot fork", b"unavailable", b"killed"))
    yield Check(name="the process limit works", passed=stopped, detail=str(outcome))


def _run(sandbox: Sandbox, reference: str, call: str, command: str, limits: Limits) -> Outcome:
    return sandbox.execute(reference, call=call, command=command, limits=limits, epoch=1, cancelled=Event())


def _judge(name: str, outcome: Outcome) -> Check:
    held = isinstance(outcome, Finished) and outcome.output == b"held\n"
    detail = "" if held else _said(outcome)
    return Check(name=name, passed=held, detail=detail)


def _said(outcome: Outcome) -> str:
    match outcome:
        case Finished(output=output):
            return output.decode(errors="replace").strip() or f"exit code {outcome.exit_code} without a word"
        case _:
            return str(outcome)


@contextmanager
def _secret() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "secret"
        path.write_text("a secret of the host\n")
        yield path


@contextmanager
def _listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
