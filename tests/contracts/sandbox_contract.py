"""What every sandbox must do, in executable form.

It holds for each backend and for the fake; `process_contract` adds what only real processes can show. A
backend's test subclasses one of them and gives a `host`.
"""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Protocol

import pytest

from sandbox.errors import (
    CallConflict,
    FileProblem,
    SandboxLost,
    SandboxUnreachable,
    StaleEpoch,
)
from sandbox.port import Attachment, Cancelled, Finished, Limits, Outcome, Sandbox, TimedOut, Unknown

PATIENCE = 20.0
# The commands of the contract; a fake answers these without a shell.
GREET = "echo hello"
FAIL = "echo no >&2; exit 3"
HANG = "touch started; sleep 600"
COUNT = "echo ran >> count; touch started; while [ ! -e go ]; do sleep 0.01; done; cat count"
FLOOD = "seq 1 100000"
STEPS = "echo first; while [ ! -e go ]; do sleep 0.01; done; echo second"


class Host(Protocol):
    """The place where a backend keeps its workspaces, as a test may handle it."""

    def open(self) -> Sandbox:
        """Another worker's view of the same workspaces."""

    def lose(self, reference: str) -> None:
        """Destroy the workspace behind the sandbox's back."""

    def cut(self) -> None:
        """Let the backend not answer any more."""

    def kill_supervisor(self, reference: str, call: str) -> None:
        """Let the end of a running call become unknowable."""

    def restart(self) -> None:
        """Let everything that runs end without a record, as when the machine starts anew."""


class Worker:
    """A worker that holds a session: a sandbox, a reference and an epoch."""

    def __init__(self, sandbox: Sandbox, attachment: Attachment, epoch: int) -> None:
        self.sandbox = sandbox
        self.reference = attachment.reference
        self.epoch = epoch
        self._numbers = itertools.count()

    def run(
        self,
        command: str,
        *,
        call: str | None = None,
        cancelled: Event | None = None,
        limits: Limits | None = None,
    ) -> Outcome:
        return self.sandbox.execute(
            self.reference,
            call=call or f"call-{next(self._numbers)}",
            command=command,
            limits=limits or Limits(seconds=PATIENCE),
            epoch=self.epoch,
            cancelled=cancelled or Event(),
        )

    def output(self, command: str, limits: Limits | None = None) -> str:
        outcome = self.run(command, limits=limits)
        assert isinstance(outcome, Finished), outcome
        return outcome.output.decode()

    def read(self, path: str) -> bytes:
        return self.sandbox.read(self.reference, path=path, epoch=self.epoch)

    def write(self, path: str, content: bytes, call: str = "write") -> None:
        self.sandbox.write(self.reference, call=call, path=path, content=content, epoch=self.epoch)

    def edit(self, path: str, old: str, new: str, call: str = "edit") -> None:
        self.sandbox.edit(self.reference, call=call, path=path, old=old, new=new, epoch=self.epoch)

    def follow(self, call: str, start: int) -> bytes:
        return self.sandbox.output(self.reference, call=call, start=start, epoch=self.epoch)

    def snapshot(self) -> bytes:
        into = io.BytesIO()
        limits = Limits(seconds=PATIENCE)
        self.sandbox.snapshot(self.reference, into=into, limits=limits, epoch=self.epoch)
        return into.getvalue()

    def restore(self, snapshot: bytes) -> None:
        limits, archive = Limits(seconds=PATIENCE), io.BytesIO(snapshot)
        self.sandbox.restore(self.reference, archive=archive, limits=limits, epoch=self.epoch)

    def has(self, path: str) -> bool:
        try:
            self.read(path)
        except FileProblem:
            return False
        return True


def take(host: Host, session: str = "session", *, epoch: int = 1, known: str | None = None) -> Worker:
    sandbox = host.open()
    return Worker(sandbox, sandbox.attach(session, epoch=epoch, known=known), epoch)


def take_over(host: Host, worker: Worker, session: str = "session") -> Worker:
    return take(host, session, epoch=worker.epoch + 1, known=worker.reference)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@contextmanager
def in_background(work: Callable[[], Outcome]) -> Iterator[Future[Outcome]]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(work)


class SandboxContract:
    """Holds for every backend and for the fake."""

    @pytest.fixture
    def host(self) -> Host:
        raise NotImplementedError

    @pytest.fixture
    def worker(self, host: Host) -> Worker:
        return take(host)

    # Workspaces

    def test_a_new_session_gets_an_empty_workspace(self, host: Host) -> None:
        attachment = host.open().attach("session", epoch=1, known=None)
        assert attachment.state == "fresh"
        assert attachment.isolation

    def test_a_known_workspace_is_found_again_with_its_files(self, host: Host, worker: Worker) -> None:
        worker.write("kept", b"text")
        sandbox = host.open()
        attachment = sandbox.attach("session", epoch=2, known=worker.reference)
        assert replace(attachment, isolation="", isolated=True) == Attachment(
            reference=worker.reference, state="reattached", isolated=True, isolation=""
        )
        assert Worker(sandbox, attachment, 2).read("kept") == b"text"

    def test_sessions_do_not_share_files(self, host: Host, worker: Worker) -> None:
        worker.write("mine", b"text")
        assert not take(host, "another session").has("mine")

    def test_a_lost_workspace_is_reported_and_never_replaced(self, host: Host, worker: Worker) -> None:
        host.lose(worker.reference)
        with pytest.raises(SandboxLost):
            host.open().attach("session", epoch=1, known=worker.reference)
        for attempt in (lambda: worker.run(GREET), lambda: worker.read("x"), lambda: worker.write("x", b"")):
            with pytest.raises(SandboxLost):
                attempt()

    def test_a_replacement_is_empty_and_has_another_reference(self, host: Host, worker: Worker) -> None:
        worker.write("old", b"text")
        replacement = take(host, epoch=2)
        assert replacement.reference != worker.reference
        assert not replacement.has("old")
        with pytest.raises(SandboxLost):
            take(host, epoch=3, known=worker.reference)

    def test_a_reference_of_nowhere_is_lost(self, host: Host) -> None:
        with pytest.raises(SandboxLost):
            host.open().attach("session", epoch=1, known="../../etc")

    def test_a_backend_that_does_not_answer_is_unreachable_and_not_lost(
        self, host: Host, worker: Worker
    ) -> None:
        host.cut()
        with pytest.raises(SandboxUnreachable):
            worker.sandbox.attach("session", epoch=1, known=worker.reference)
        for attempt in (lambda: worker.run(GREET), lambda: worker.read("x"), lambda: worker.write("x", b"")):
            with pytest.raises(SandboxUnreachable):
                attempt()

    def test_a_released_workspace_is_gone_and_may_be_released_again(self, worker: Worker) -> None:
        worker.sandbox.release(worker.reference, epoch=1)
        worker.sandbox.release(worker.reference, epoch=1)
        with pytest.raises(SandboxLost):
            worker.read("x")

    # Commands

    def test_a_command_ends_with_its_output(self, worker: Worker) -> None:
        outcome = worker.run(GREET)
        assert isinstance(outcome, Finished)
        assert (outcome.exit_code, outcome.output, outcome.dropped_bytes) == (0, b"hello\n", 0)
        assert outcome.seconds >= 0

    def test_a_failing_command_ends_with_its_exit_code(self, worker: Worker) -> None:
        outcome = worker.run(FAIL)
        assert isinstance(outcome, Finished)
        assert (outcome.exit_code, outcome.output) == (3, b"no\n")

    def test_a_command_is_killed_at_its_time_limit(self, worker: Worker) -> None:
        assert isinstance(worker.run(HANG, limits=Limits(seconds=0.2)), TimedOut)

    def test_a_command_is_killed_when_the_caller_asks(self, worker: Worker) -> None:
        cancelled = Event()
        with in_background(lambda: worker.run(HANG, call="c", cancelled=cancelled)) as future:
            assert eventually(lambda: worker.has("started"))
            cancelled.set()
            assert isinstance(future.result(PATIENCE), Cancelled)
        assert worker.run(HANG, call="c") == future.result()

    def test_head_and_tail_of_a_flood_are_kept_and_the_rest_is_counted(self, worker: Worker) -> None:
        outcome = worker.run(FLOOD, limits=Limits(output_bytes=20, seconds=PATIENCE))
        assert isinstance(outcome, Finished)
        everything = "".join(f"{number}\n" for number in range(1, 100_001)).encode()
        dropped = len(everything) - 20
        assert outcome.dropped_bytes == dropped
        cut = f"\n[{dropped} bytes dropped here]\n".encode()
        assert outcome.output == everything[:10] + cut + everything[-10:]

    # One call, one execution

    def test_a_call_made_again_gets_the_stored_outcome(self, host: Host, worker: Worker) -> None:
        worker.write("go", b"")
        first = worker.run(COUNT, call="c")
        assert isinstance(first, Finished)
        assert first.output == b"ran\n"
        assert take_over(host, worker).run(COUNT, call="c") == first

    def test_the_same_call_with_another_request_is_refused(self, worker: Worker) -> None:
        worker.run(GREET, call="c")
        with pytest.raises(CallConflict):
            worker.run(FAIL, call="c")
        with pytest.raises(CallConflict):
            worker.write("x", b"", call="c")

    def test_two_workers_with_one_call_share_one_execution(self, host: Host, worker: Worker) -> None:
        other = take(host, epoch=1, known=worker.reference)
        with (
            in_background(lambda: worker.run(COUNT, call="c")) as first,
            in_background(lambda: other.run(COUNT, call="c")) as second,
        ):
            assert eventually(lambda: worker.has("started"))
            worker.write("go", b"")
            assert first.result(PATIENCE) == second.result(PATIENCE)
        outcome = first.result()
        assert isinstance(outcome, Finished)
        assert outcome.output == b"ran\n"

    def test_a_later_worker_joins_a_running_call_and_the_earlier_one_is_told(
        self, host: Host, worker: Worker
    ) -> None:
        with in_background(lambda: worker.run(COUNT, call="c")) as early:
            assert eventually(lambda: worker.has("started"))
            successor = take_over(host, worker)
            with in_background(lambda: successor.run(COUNT, call="c")) as late:
                assert isinstance(early.exception(PATIENCE), StaleEpoch)
                successor.write("go", b"")
                outcome = late.result(PATIENCE)
        assert isinstance(outcome, Finished)
        assert outcome.output == b"ran\n"

    def test_a_call_whose_end_nobody_saw_is_unknown_and_not_run_again(
        self, host: Host, worker: Worker
    ) -> None:
        with in_background(lambda: worker.run(COUNT, call="c")) as future:
            assert eventually(lambda: worker.has("started"))
            host.kill_supervisor(worker.reference, "c")
            assert isinstance(future.result(PATIENCE), Unknown)
        worker.write("go", b"")
        assert isinstance(take_over(host, worker).run(COUNT, call="c"), Unknown)

    # The fence

    def test_a_lower_epoch_can_do_nothing(self, host: Host, worker: Worker) -> None:
        worker.write("file", b"before", call="first")
        successor = take_over(host, worker)
        for attempt in (
            lambda: worker.run("touch late"),
            lambda: worker.read("file"),
            lambda: worker.write("late", b""),
            lambda: worker.edit("file", "before", "after"),
            lambda: worker.sandbox.release(worker.reference, epoch=1),
            lambda: worker.sandbox.attach("session", epoch=1, known=worker.reference),
            lambda: worker.sandbox.attach("session", epoch=1, known=None),
        ):
            with pytest.raises(StaleEpoch):
                attempt()
        assert successor.read("file") == b"before"
        assert not successor.has("late")

    def test_the_epoch_outlives_the_workspace(self, host: Host, worker: Worker) -> None:
        successor = take_over(host, worker)
        successor.sandbox.release(successor.reference, epoch=successor.epoch)
        with pytest.raises(StaleEpoch):
            host.open().attach("session", epoch=1, known=None)

    def test_any_method_raises_the_epoch(self, worker: Worker) -> None:
        worker.sandbox.write(worker.reference, call="w", path="x", content=b"", epoch=7)
        with pytest.raises(StaleEpoch):
            worker.sandbox.read(worker.reference, path="x", epoch=6)

    # Files

    def test_a_written_file_is_read_back_byte_for_byte(self, worker: Worker) -> None:
        worker.write("a/b/data", bytes(range(256)))
        assert worker.read("a/b/data") == worker.read("/workspace/a/b/data") == bytes(range(256))
        assert worker.read("a/../a/./b/data") == bytes(range(256))

    def test_an_edit_replaces_the_one_occurrence(self, worker: Worker) -> None:
        worker.write("file", "été, one\ntwo\n".encode())
        worker.edit("file", "é, one", "é, 1")
        assert worker.read("file").decode() == "été, 1\ntwo\n"

    @pytest.mark.parametrize(("old", "hint"), [("absent", "file"), ("o", "occurs"), ("", "file")])
    def test_an_edit_that_is_not_clear_is_refused_with_the_reason(
        self, worker: Worker, old: str, hint: str
    ) -> None:
        worker.write("file", b"one two\n")
        with pytest.raises(FileProblem, match=hint):
            worker.edit("file", old, "x")
        assert worker.read("file") == b"one two\n"

    def test_a_change_made_again_is_not_made_twice(self, host: Host, worker: Worker) -> None:
        worker.write("file", b"a")
        worker.edit("file", "a", "aa")
        successor = take_over(host, worker)
        successor.edit("file", "a", "aa")
        assert successor.read("file") == b"aa"
        successor.write("file", b"a")
        assert successor.read("file") == b"aa"

    def test_a_change_that_failed_fails_again_in_the_same_words(self, worker: Worker) -> None:
        with pytest.raises(FileProblem) as first:
            worker.edit("file", "a", "b")
        worker.write("file", b"a")
        with pytest.raises(FileProblem) as second:
            worker.edit("file", "a", "b")
        assert str(second.value) == str(first.value)

    def test_a_missing_file_is_named(self, worker: Worker) -> None:
        with pytest.raises(FileProblem, match="missing/file"):
            worker.read("missing/file")

    def test_a_large_file_is_refused_with_the_way_to_see_a_part(self, worker: Worker) -> None:
        worker.write("exact", b"x" * 256 * 1024, call="1")
        worker.write("large", b"x" * (256 * 1024 + 1), call="2")
        assert len(worker.read("exact")) == 256 * 1024
        with pytest.raises(FileProblem, match="part"):
            worker.read("large")

    @pytest.mark.parametrize(
        "path", ["../x", "/etc/passwd", "a/../../x", "/workspace/../x", "/workspaces/x", "/", ""]
    )
    def test_a_path_outside_the_workspace_is_refused(self, worker: Worker, path: str) -> None:
        with pytest.raises(FileProblem):
            worker.read(path)
        with pytest.raises(FileProblem):
            worker.write(path, b"x")

    def test_the_workspace_itself_is_no_file(self, worker: Worker) -> None:
        for path in (".", "/workspace", "/workspace/"):
            with pytest.raises(FileProblem):
                worker.read(path)
            with pytest.raises(FileProblem):
                worker.write(path, b"x", call=f"write {path}")
