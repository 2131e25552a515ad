"""Without isolation everything but the isolation holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.unisolated import Unisolated
from tests.contracts.process_contract import ProcessContract
from tests.contracts.sandbox_contract import Host, Worker
from tests.sandbox.hosts import LocalHost


class TestUnisolatedSandbox(ProcessContract):
    @pytest.fixture
    def host(self, tmp_path: Path) -> Host:
        return LocalHost(tmp_path / "root", Unisolated())

    def test_the_end_of_a_killed_supervisors_command_is_told_when_nothing_of_it_is_left(
        self, host: Host, worker: Worker
    ) -> None:
        pytest.skip("without isolation nothing tells what belongs to the command")


def test_it_says_that_it_does_not_isolate(tmp_path: Path) -> None:
    sandbox = LocalHost(tmp_path, Unisolated()).open()
    attachment = sandbox.attach("session", epoch=1, known=None)
    assert sandbox.name == "unisolated"
    assert not attachment.isolated
    assert attachment.isolation.startswith("NOT isolated")
