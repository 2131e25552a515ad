"""Hosted machines on which the sandbox contract is tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2b import Sandbox as HostedMachine
from e2b import SandboxInfo, SandboxQuery

from sandbox.calls import call_folder
from sandbox.e2b_cloud import APP, KEY, Account, E2BMachines
from sandbox.port import Sandbox
from sandbox.remote import RemoteSandbox
from tests.sandbox.engines import kill_supervisor
from tests.support import hosted_machines
from tests.support.hosted_machines import StandInCloud


class CloudHost:
    """The stand-in of E2B on this machine."""

    def __init__(self, cloud: StandInCloud) -> None:
        self.cloud = cloud

    def account(self, *, template: str = hosted_machines.TEMPLATE, key: str = hosted_machines.KEY) -> Account:
        return Account(template=template, key=key, address=self.cloud.address)

    def open(self) -> Sandbox:
        return RemoteSandbox(E2BMachines(self.account()))

    def lose(self, reference: str) -> None:
        self.cloud.lose(reference.partition(".")[0])

    def cut(self) -> None:
        self.cloud.cut()

    def restart(self) -> None:
        self.cloud.pause_all()

    def kill_supervisor(self, reference: str, call: str) -> None:
        machine = self.cloud.state.of_key(reference.partition(".")[0])
        kill_supervisor(self.cloud.state.disks / machine.identifier, reference, call)


class AccountHost:
    """An account whose key was given; the machines of this test are removed at the end."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._before = {info.sandbox_id for info in self._machines()}

    def open(self) -> Sandbox:
        return RemoteSandbox(E2BMachines(self._account))

    def lose(self, reference: str) -> None:
        HostedMachine.kill(self._of(reference).sandbox_id, **self._account.parameters)

    def cut(self) -> None:
        pytest.skip("a real provider is not cut off for a test")

    def restart(self) -> None:
        for info in self._own():
            HostedMachine.pause(info.sandbox_id, mode="filesystem", **self._account.parameters)

    def kill_supervisor(self, reference: str, call: str) -> None:
        token, name = reference.partition(".")[2], call_folder(Path("x"), call).name
        here = f"case $(readlink $p/cwd) in */{token}/{name}) kill -9 ${{p#/proc/}}; esac"
        machine = HostedMachine.connect(self._of(reference).sandbox_id, **self._account.parameters)
        machine.commands.run(f"for p in /proc/[0-9]*; do {here}; done", user="root")

    def clear(self) -> None:
        for info in self._own():
            HostedMachine.kill(info.sandbox_id, **self._account.parameters)

    def _of(self, reference: str) -> SandboxInfo:
        (found,) = (info for info in self._own() if info.metadata[KEY] == reference.partition(".")[0])
        return found

    def _own(self) -> list[SandboxInfo]:
        return [info for info in self._machines() if info.sandbox_id not in self._before]

    def _machines(self) -> list[SandboxInfo]:
        pages = HostedMachine.list(query=SandboxQuery(metadata=APP), **self._account.parameters)
        found: list[SandboxInfo] = []
        while pages.has_next:
            found += pages.next_items()
        return found
