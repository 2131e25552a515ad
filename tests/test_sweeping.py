"""Workspaces are looked after by what the log says of their sessions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine

from bot.background.sweeping import Sweeper
from memory.log.session_log import SessionLog
from sandbox.fake import FakeSandbox
from sandbox.snapshots import Snapshots
from sandbox.upkeep import Policy, Upkeep
from tests.brain.claims import claim
from tests.support.waiting import eventually

_AT_ONCE = Policy(
    snapshot_after=timedelta(seconds=-1), orphan_after=timedelta(seconds=-1), remove_after=timedelta(days=1)
)


def sweeper(engine: Engine, sandbox: FakeSandbox, folder: Path) -> Sweeper:
    return Sweeper(
        Upkeep(sandbox=sandbox, snapshots=Snapshots(folder / "snapshots"), policy=_AT_ONCE), engine
    )


def test_a_session_in_hand_is_left_alone_and_one_at_rest_is_kept(engine: Engine, tmp_path: Path) -> None:
    sandbox, claimed = FakeSandbox(), claim(engine)
    sandbox.attach(str(claimed.id), epoch=claimed.lease.epoch, known=None)
    made = sweeper(engine, sandbox, tmp_path)
    assert made.sweep() == []
    assert SessionLog(engine).rest(claimed.lease, head=claimed.session.head, delay=None)
    assert [(action.kind, action.session) for action in made.due()] == [("snapshot", str(claimed.id))]
    assert [action.kind for action in made.sweep()] == ["snapshot"]
    # A snapshot counts from its file's time, which may lie some milliseconds before the clock's.
    assert eventually(lambda: made.sweep() == [])


def test_workspaces_of_nobody_are_removed(engine: Engine, tmp_path: Path) -> None:
    sandbox = FakeSandbox()
    for session in ("selftest-1", str(uuid4())):
        sandbox.attach(session, epoch=1, known=None)
    assert [action.kind for action in sweeper(engine, sandbox, tmp_path).sweep()] == ["remove", "remove"]
    assert sandbox.inventory() == ()


def test_one_that_fails_does_not_keep_the_others(engine: Engine, tmp_path: Path) -> None:
    sandbox = FakeSandbox()
    claimed = claim(engine)
    sandbox.attach("selftest", epoch=1, known=None)
    sandbox.attach(str(claimed.id), epoch=claimed.lease.epoch, known=None)
    assert SessionLog(engine).rest(claimed.lease, head=claimed.session.head, delay=None)
    (tmp_path / "snapshots").write_text("a file where a folder should be")
    made = sweeper(engine, sandbox, tmp_path)
    assert sorted(action.kind for action in made.due()) == ["remove", "snapshot"]
    assert [action.kind for action in made.sweep()] == ["remove"]
