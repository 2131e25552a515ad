"""What every sandbox must do with a whole workspace: follow its calls, keep it, bring it back.

It holds for each backend and for the fake, beyond `sandbox_contract`.
"""

from __future__ import annotations

import pytest

from sandbox.errors import SandboxLost, SnapshotFailed, StaleEpoch
from sandbox.port import Cancelled, Finished, Unknown
from tests.contracts.sandbox_contract import (
    COUNT,
    GREET,
    HANG,
    PATIENCE,
    STEPS,
    Host,
    SandboxContract,
    Worker,
    eventually,
    in_background,
    take,
    take_over,
)


class WorkspaceContract(SandboxContract):
    """Holds for every backend and for the fake."""

    # Following a call

    def test_output_can_be_followed_from_any_byte_while_the_command_runs(
        self, host: Host, worker: Worker
    ) -> None:
        with in_background(lambda: worker.run(STEPS, call="c")) as future:
            assert eventually(lambda: worker.follow("c", 0) == b"first\n")
            assert worker.follow("c", 3) == b"st\n"
            assert worker.follow("c", 6) == b""
            worker.write("go", b"")
            assert isinstance(future.result(PATIENCE), Finished)
        assert take_over(host, worker).follow("c", 6) == b"second\n"

    def test_a_call_that_nobody_made_has_no_output(self, worker: Worker) -> None:
        assert worker.follow("never made", 0) == b""

    def test_a_lower_epoch_can_follow_and_keep_nothing(self, host: Host, worker: Worker) -> None:
        worker.run(GREET, call="c")
        take_over(host, worker)
        for attempt in (
            lambda: worker.follow("c", 0),
            worker.snapshot,
            lambda: worker.restore(b""),
            lambda: worker.sandbox.suspend(worker.reference, epoch=1),
        ):
            with pytest.raises(StaleEpoch):
                attempt()

    # Keeping a workspace and bringing it back

    def test_a_snapshot_brings_the_files_of_a_lost_workspace_back(self, host: Host, worker: Worker) -> None:
        worker.write("a/file", bytes(range(256)))
        snapshot = worker.snapshot()
        host.lose(worker.reference)
        successor = take(host, epoch=2)
        successor.restore(snapshot)
        assert successor.read("a/file") == bytes(range(256))

    def test_a_snapshot_holds_what_was_there_when_it_was_taken(self, worker: Worker) -> None:
        worker.write("file", b"before", call="1")
        snapshot = worker.snapshot()
        worker.write("file", b"after", call="2")
        worker.write("new", b"stays", call="3")
        worker.restore(snapshot)
        assert (worker.read("file"), worker.read("new")) == (b"before", b"stays")

    def test_what_is_no_snapshot_is_refused(self, worker: Worker) -> None:
        worker.write("file", b"text")
        with pytest.raises(SnapshotFailed):
            worker.restore(b"anything else")
        assert worker.read("file") == b"text"

    def test_a_lost_workspace_has_no_snapshot(self, host: Host, worker: Worker) -> None:
        host.lose(worker.reference)
        with pytest.raises(SandboxLost):
            worker.snapshot()

    def test_a_suspended_workspace_comes_back_with_its_files_and_its_calls(
        self, host: Host, worker: Worker
    ) -> None:
        worker.write("kept", b"text")
        first = worker.run(GREET, call="c")
        worker.sandbox.suspend(worker.reference, epoch=1)
        worker.sandbox.suspend(worker.reference, epoch=1)
        successor = take_over(host, worker)
        assert successor.read("kept") == b"text"
        assert successor.run(GREET, call="c") == first

    def test_suspending_ends_what_runs(self, host: Host, worker: Worker) -> None:
        with in_background(lambda: worker.run(HANG, call="c")) as future:
            assert eventually(lambda: worker.has("started"))
            worker.sandbox.suspend(worker.reference, epoch=1)
            assert isinstance(future.result(PATIENCE), Cancelled)

    def test_a_restart_of_the_host_in_the_middle_of_a_call_leaves_its_end_unknown_and_the_files_there(
        self, host: Host, worker: Worker
    ) -> None:
        with in_background(lambda: worker.run(COUNT, call="c")) as future:
            assert eventually(lambda: worker.has("started"))
            host.restart()
            assert isinstance(future.result(PATIENCE), Unknown)
        successor = take_over(host, worker)
        assert isinstance(successor.run(COUNT, call="c"), Unknown)
        assert successor.read("count") == b"ran\n"
        assert isinstance(successor.run(GREET), Finished)

    def test_the_inventory_names_every_workspace_with_its_size(self, host: Host, worker: Worker) -> None:
        worker.write("file", b"x" * 100_000)
        other = take(host, "another session")
        found = {holding.reference: holding for holding in host.open().inventory()}
        assert set(found) == {worker.reference, other.reference}
        assert (found[worker.reference].session, found[worker.reference].epoch) == ("session", 1)
        assert found[worker.reference].size_bytes >= 100_000
        assert 0 <= found[worker.reference].idle_seconds < 600
        other.sandbox.release(other.reference, epoch=1)
        assert [holding.reference for holding in host.open().inventory()] == [worker.reference]
