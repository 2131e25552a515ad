"""The fake sandbox keeps the contract of the real ones."""

from __future__ import annotations

from threading import Event

import pytest

from sandbox.fake import FakeSandbox, Run
from sandbox.port import Finished, Limits, Outcome
from tests.contracts.sandbox_contract import Host
from tests.contracts.workspace_contract import WorkspaceContract
from tests.sandbox.hosts import FakeHost


class TestFakeSandbox(WorkspaceContract):
    @pytest.fixture
    def host(self) -> Host:
        return FakeHost()


def test_commands_are_answered_by_a_function_and_remembered() -> None:
    def answer(run: Run) -> Outcome:
        run.files["made"] = run.command.encode()
        return Finished(exit_code=0, output=b"done", dropped_bytes=0, seconds=1.5)

    sandbox = FakeSandbox(answer)
    reference = sandbox.attach("session", epoch=1, known=None).reference
    outcome = sandbox.execute(
        reference, call="c", command="make it", limits=Limits(), epoch=1, cancelled=Event()
    )
    assert outcome == Finished(exit_code=0, output=b"done", dropped_bytes=0, seconds=1.5)
    assert sandbox.read(reference, path="made", epoch=1) == b"make it"
    assert sandbox.commands == ["make it"]
