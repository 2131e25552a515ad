"""Using the sandbox: what is recorded of a workspace that is made, lost or out of reach, and of each call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.brain.claimed import Claimed
from bot.brain.hands import EVENT_BYTES, FIRST_DELAY, LONGEST_DELAY, VIEW_LINES, Hands
from bot.brain.network import Network
from bot.demo.repositories import materialise
from bot.forge.mirrors import Mirrors, without_credential
from bot.forge.repository import Repository, repositories
from memory.log.events import (
    Event,
    SandboxAttached,
    SandboxLost,
    SandboxUnavailable,
    ToolFinished,
    ToolStarted,
)
from memory.log.repository_events import RepositoryChosen
from memory.log.session_log import SessionLog
from sandbox.fake import Answer, FakeSandbox, Run, succeed
from sandbox.port import Cancelled, Finished, Limits, Outcome, TimedOut, Unknown
from sandbox.snapshots import Snapshots
from tests.brain.claims import Shown, claim, new_events
from tests.brain.logs import answered, asked, use
from tests.support.secrets import secret_mask

NOWHERE = Repository(name="nowhere", address="file:///nowhere")


def hands(
    folder: Path,
    sandbox: FakeSandbox | str | None = None,
    allowed: tuple[Repository, ...] = (),
) -> Hands:
    return Hands(
        FakeSandbox() if sandbox is None else sandbox,
        Mirrors(folder / "mirrors", without_credential),
        allowed,
        Limits(),
        Snapshots(folder / "snapshots"),
        secret_mask(),
        Network({}, secret_mask()),
        thread=Shown(),
    )


def attach(engine: Engine, claimed: Claimed, made: Hands) -> Event:
    (event,) = new_events(engine, claimed, lambda: made.attach(claimed))
    return event


def ends(output: bytes = b"", exit_code: int = 0) -> Answer:
    return lambda _: Finished(exit_code=exit_code, output=output, dropped_bytes=0, seconds=0.5)


class Worker:
    """A session with a workspace, whose model asked for one call."""

    def __init__(self, engine: Engine, folder: Path, answer: Answer = succeed) -> None:
        self.engine = engine
        self.sandbox = FakeSandbox(answer)
        self.claimed = claim(engine)
        self.hands = hands(folder, self.sandbox)
        self.hands.attach(self.claimed)
        self.reference = self.claimed.session.sandbox.reference if self.claimed.session.sandbox else ""
        self.made = 0

    def call(self, tool: str = "bash", **given: Any) -> list[Event]:
        """Let the model ask for a call, make it, and give what is recorded after its start."""
        self.made += 1
        call = f"c{self.made}"
        through = self.claimed.session.head
        self.claimed.append(
            asked(through), answered(use(call, tool, **given)), ToolStarted(call=call, tool=tool)
        )
        return self.again()

    def again(self) -> list[Event]:
        """Make the open call, as after a crash."""
        pending = self.claimed.session.pending_call
        assert pending is not None
        return new_events(self.engine, self.claimed, lambda: self.hands.run(self.claimed, pending))

    def result(self, tool: str = "bash", **given: Any) -> ToolFinished:
        (event,) = self.call(tool, **given)
        assert isinstance(event, ToolFinished)
        return event


# A workspace


def test_a_workspace_is_recorded_with_what_isolates_it(engine: Engine, tmp_path: Path) -> None:
    claimed = claim(engine)
    assert attach(engine, claimed, hands(tmp_path)) == SandboxAttached(
        backend="fake", reference=f"{claimed.id}.1", isolation="in memory; nothing runs", isolated=True
    )


def chosen(engine: Engine, name: str | None) -> Claimed:
    claimed = claim(engine, text="the total is wrong")
    claimed.append(RepositoryChosen(repository=name, how="named"))
    return claimed


def test_the_repository_that_was_chosen_is_unpacked(engine: Engine, tmp_path: Path) -> None:
    allowed = repositories(materialise(tmp_path / "samples"))
    sandbox = FakeSandbox()
    event = attach(engine, chosen(engine, "shop-cart"), hands(tmp_path, sandbox, allowed))
    assert isinstance(event, SandboxAttached)
    assert event.repository == "shop-cart"
    assert event.base_commit is not None
    assert [
        command.startswith("git init") and event.base_commit in command for command in sandbox.commands
    ] == [True]


def test_a_workspace_may_have_no_repository(engine: Engine, tmp_path: Path) -> None:
    allowed = repositories(materialise(tmp_path / "samples"))
    event = attach(engine, chosen(engine, None), hands(tmp_path, FakeSandbox(), allowed))
    assert isinstance(event, SandboxAttached)
    assert event.repository is None


def test_what_is_not_on_the_list_is_not_read_whatever_was_chosen(engine: Engine, tmp_path: Path) -> None:
    sandbox = FakeSandbox()
    event = attach(engine, chosen(engine, "evil/orders"), hands(tmp_path, sandbox, (NOWHERE,)))
    assert isinstance(event, SandboxUnavailable)
    assert "evil/orders is not among the repositories" in event.detail
    assert sandbox.commands == []


def test_a_new_workspace_is_made_from_what_the_lost_one_was_made_from(engine: Engine, tmp_path: Path) -> None:
    allowed = repositories(materialise(tmp_path / "samples"))
    made = hands(tmp_path, FakeSandbox(), allowed)
    claimed = chosen(engine, "shop-cart")
    first = attach(engine, claimed, made)
    claimed.append(SandboxLost(reference=f"{claimed.id}.1"))
    second = attach(engine, claimed, made)
    assert isinstance(first, SandboxAttached)
    assert isinstance(second, SandboxAttached)
    assert (second.repository, second.base_commit) == (first.repository, first.base_commit)
    assert second.reference != first.reference


def test_a_new_workspace_gets_the_files_of_the_last_snapshot_and_the_model_is_told(
    engine: Engine, tmp_path: Path
) -> None:
    worker = Worker(engine, tmp_path)
    worker.call("write", path="made", content="text")
    kept = Snapshots(tmp_path / "snapshots").keep(
        str(worker.claimed.id),
        lambda into: worker.sandbox.snapshot(worker.reference, into=into, limits=Limits(), epoch=1),
    )
    worker.claimed.append(SandboxLost(reference=worker.reference))
    again = attach(engine, worker.claimed, worker.hands)
    assert isinstance(again, SandboxAttached)
    assert again.snapshot_at == kept.taken_at.isoformat(timespec="seconds")
    assert worker.sandbox.read(again.reference, path="made", epoch=1) == b"text"
    assert again.snapshot_at in worker.claimed.session.pending_notes[-1]


def test_a_snapshot_that_cannot_be_put_back_leaves_the_base_commit(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path)
    Snapshots(tmp_path / "snapshots").keep(str(worker.claimed.id), lambda into: into.write(b"no snapshot"))
    worker.claimed.append(SandboxLost(reference=worker.reference))
    again = attach(engine, worker.claimed, worker.hands)
    assert isinstance(again, SandboxAttached)
    assert again.snapshot_at is None


def test_a_repository_whose_host_is_away_is_waited_for(engine: Engine, tmp_path: Path) -> None:
    event = attach(engine, chosen(engine, "nowhere"), hands(tmp_path, allowed=(NOWHERE,)))
    assert isinstance(event, SandboxUnavailable)
    assert event.delay == FIRST_DELAY
    assert event.detail.startswith("the repository nowhere cannot be read: ")


def test_a_repository_that_cannot_be_unpacked_is_said(engine: Engine, tmp_path: Path) -> None:
    sandbox = FakeSandbox(ends(b"git: command not found", exit_code=127))
    allowed = repositories(materialise(tmp_path / "samples"))
    event = attach(engine, chosen(engine, "shop-cart"), hands(tmp_path, sandbox, allowed))
    assert isinstance(event, SandboxUnavailable)
    assert (event.delay, event.detail.endswith("git: command not found")) == (None, True)


def test_a_host_without_a_sandbox_says_why(engine: Engine, tmp_path: Path) -> None:
    event = attach(engine, claim(engine), hands(tmp_path, "no bubblewrap here"))
    assert event == SandboxUnavailable(detail="no bubblewrap here", delay=None)


def test_a_backend_that_does_not_answer_is_waited_for_ever_longer(engine: Engine, tmp_path: Path) -> None:
    sandbox = FakeSandbox()
    sandbox.reachable = False
    claimed, delays = claim(engine), []
    for _ in range(7):
        event = attach(engine, claimed, hands(tmp_path, sandbox))
        assert isinstance(event, SandboxUnavailable)
        delays.append(event.delay)
    assert delays[:3] == [FIRST_DELAY, FIRST_DELAY * 2, FIRST_DELAY * 4]
    assert delays[-1] == LONGEST_DELAY


# Commands


@pytest.mark.parametrize(
    ("outcome", "status", "output", "is_error"),
    [
        (Finished(exit_code=0, output=b"ok\n", dropped_bytes=0, seconds=0.5), "finished", "ok\n", False),
        (
            Finished(exit_code=2, output=b"no", dropped_bytes=0, seconds=0.5),
            "finished",
            "no\n[exit code 2]",
            True,
        ),
        (
            TimedOut(output=b"part", dropped_bytes=0, seconds=120.0),
            "timed_out",
            "part\n[stopped at the limit of 120 seconds]",
            True,
        ),
        (
            Cancelled(output=b"part", dropped_bytes=0, seconds=3.0),
            "cancelled",
            "part\n[stopped by the people in the thread]",
            True,
        ),
        (
            Unknown(reason="its end was not recorded"),
            "unknown",
            "Whether this command had an effect is not known (its end was not recorded). Look before you "
            "repeat it.",
            True,
        ),
    ],
)
def test_how_a_command_ends(
    engine: Engine, tmp_path: Path, outcome: Outcome, status: str, output: str, is_error: bool
) -> None:
    result = Worker(engine, tmp_path, lambda _: outcome).result(command="make test")
    assert (result.status, result.output, result.is_error) == (status, output, is_error)


def test_a_call_that_is_made_again_after_a_crash_runs_once(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path, ends(b"ok"))
    worker.sandbox.execute(
        worker.reference,
        call="c1",
        command="make test",
        limits=Limits(),
        epoch=worker.claimed.lease.epoch,
        cancelled=worker.claimed.stop.interrupted,
    )
    assert worker.result(command="make test").output == "ok"
    assert worker.sandbox.commands == ["make test"]


def test_output_that_is_no_text_is_shown_as_far_as_it_is(engine: Engine, tmp_path: Path) -> None:
    result = Worker(engine, tmp_path, ends(b"\xff\xfe\x00caf\xc3\xa9")).result(command="cat a.bin")
    assert result.output == "\ufffd\ufffd\x00café"


def test_of_a_long_output_head_and_tail_are_recorded_and_all_is_kept(engine: Engine, tmp_path: Path) -> None:
    output = b"head " + b"x" * 80_000 + b" tail"
    worker = Worker(engine, tmp_path, ends(output))
    result = worker.result(command="make")
    assert result.output.startswith("head ")
    assert result.output.endswith(" tail")
    assert f"[… {len(output) - EVENT_BYTES} characters left out …]" in result.output
    assert SessionLog(engine).get_blob(worker.claimed.id, "c1") == output


def test_half_a_surrogate_pair_does_not_stop_a_command(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path, ends(b"ok"))
    assert worker.result("write", path="a.txt", content="x" + chr(0xD83D)).output == ("Wrote a.txt, 2 bytes.")


# Files


def test_files_are_written_edited_and_viewed(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path)
    assert (
        worker.result("write", path="a.py", content="a = 1\nb = 2\nc = 3").output == "Wrote a.py, 17 bytes."
    )
    assert worker.result("edit", path="a.py", old="b = 2", new="b = 4").output == "Edited a.py."
    assert worker.result("view", path="a.py").output == "     1  a = 1\n     2  b = 4\n     3  c = 3"


@pytest.mark.parametrize(
    ("lines", "given", "shown"),
    [
        (3, {"start": 2}, "     2  line\n     3  line"),
        (3, {"start": 2, "end": 2}, "     2  line\n(3 lines in all)"),
        (3, {"end": 9}, "     1  line\n     2  line\n     3  line"),
        (3, {"start": 7}, ""),
        (3, {"start": 3, "end": 1}, "\n(3 lines in all)"),
        (0, {}, ""),
    ],
)
def test_a_part_of_a_file(
    engine: Engine, tmp_path: Path, lines: int, given: dict[str, int], shown: str
) -> None:
    worker = Worker(engine, tmp_path)
    worker.result("write", path="a.py", content="line\n" * lines)
    assert worker.result("view", path="a.py", **given).output == shown


def test_a_long_file_is_shown_up_to_a_limit(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path)
    worker.result("write", path="a.py", content="x\n" * (VIEW_LINES + 5))
    output = worker.result("view", path="a.py").output
    assert output.endswith(f"{VIEW_LINES:6}  x\n({VIEW_LINES + 5} lines in all)")


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("view", {"path": "nowhere.py"}),
        ("view", {"path": "../../etc/passwd"}),
        ("edit", {"path": "nowhere.py", "old": "a", "new": "b"}),
        ("write", {"path": "/etc/passwd", "content": ""}),
    ],
)
def test_what_cannot_be_done_with_a_file_is_told_to_the_model(
    engine: Engine, tmp_path: Path, tool: str, given: dict[str, str]
) -> None:
    result = Worker(engine, tmp_path).result(tool, **given)
    assert (result.status, result.is_error) == ("finished", True)
    assert given["path"] in result.output


# Trouble


def test_a_workspace_that_was_lost_ends_the_call_and_is_recorded(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path)
    worker.sandbox.lose(worker.reference)
    result, lost = worker.call(command="make test")
    assert isinstance(result, ToolFinished)
    assert (result.status, result.is_error) == ("unknown", True)
    assert lost == SandboxLost(reference=worker.reference)
    assert worker.claimed.session.sandbox is None


def test_a_backend_out_of_reach_leaves_the_call_open_and_the_workspace_where_it_is(
    engine: Engine, tmp_path: Path
) -> None:
    worker = Worker(engine, tmp_path, ends(b"ok"))
    worker.sandbox.reachable = False
    assert worker.call(command="make test") == [
        SandboxUnavailable(detail="the fake sandbox was made unreachable", delay=FIRST_DELAY)
    ]
    worker.sandbox.reachable = True
    (result,) = worker.again()
    assert isinstance(result, ToolFinished)
    assert (result.output, worker.sandbox.commands) == ("ok", ["make test"])


def test_a_call_without_a_workspace_is_refused_with_the_reason(engine: Engine, tmp_path: Path) -> None:
    claimed = claim(engine, asked(2), answered(use("c1", command="ls")))
    made = hands(tmp_path, "no bubblewrap here")
    made.attach(claimed)
    pending = claimed.session.pending_call
    assert pending is not None
    (result,) = new_events(engine, claimed, lambda: made.run(claimed, pending))
    assert isinstance(result, ToolFinished)
    assert (result.status, result.output) == ("refused", "No workspace: no bubblewrap here")


def test_a_stop_ends_the_running_command(engine: Engine, tmp_path: Path) -> None:
    def waits(run: Run) -> Outcome:
        run.stopped.wait(30)
        return Finished(exit_code=0, output=b"too late", dropped_bytes=0, seconds=1.0)

    worker = Worker(engine, tmp_path, waits)
    worker.claimed.stop.interrupt(10**6)
    assert worker.result(command="sleep 100").status == "cancelled"


@pytest.mark.parametrize("trouble", ["lost", "unreachable"])
def test_a_stop_without_a_workspace_to_stop_in_is_obeyed_all_the_same(
    engine: Engine, tmp_path: Path, trouble: str
) -> None:
    worker = Worker(engine, tmp_path)
    worker.claimed.append(asked(3), answered(use("c1")), ToolStarted(call="c1", tool="bash"))
    if trouble == "lost":
        worker.sandbox.lose(worker.reference)
    else:
        worker.sandbox.reachable = False
    assert new_events(engine, worker.claimed, lambda: worker.hands.stop(worker.claimed)) == []
