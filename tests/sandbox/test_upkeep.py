"""What becomes of workspaces that rest, one test for each rule, and that acting disturbs nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.errors import SandboxLost, SnapshotFailed
from sandbox.fake import FakeSandbox
from sandbox.port import Holding
from sandbox.snapshots import Snapshot, Snapshots
from sandbox.upkeep import Action, Policy, Standing, Upkeep, plan
from tests.contracts.sandbox_contract import Worker

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICY = Policy(most_bytes=1000)
RESTING = Standing(epoch=3, resting=True)


def holding(session: str = "s", **changed: object) -> Holding:
    known = Holding(
        session=session, reference=f"{session}.1", epoch=2, running=False, idle_seconds=0.0, size_bytes=100
    )
    return replace(known, **changed)  # type: ignore[arg-type]  # names and values of its fields


def snapshot(session: str = "s", *, age: timedelta = timedelta()) -> Snapshot:
    return Snapshot(session=session, taken_at=NOW - age, size_bytes=10, path=Path("unused"))


def planned(
    *holdings: Holding,
    snapshots: tuple[Snapshot, ...] = (),
    standing: Standing | None = RESTING,
    policy: Policy = POLICY,
) -> list[tuple[str, str, int]]:
    known = {} if standing is None else {each.session: standing for each in holdings}
    found = plan(holdings, snapshots, known, policy, NOW)
    return [(action.kind, action.session, action.epoch) for action in found]


MINUTE, DAY = 60.0, 24 * 3600.0


def test_a_session_at_work_is_left_alone() -> None:
    working = Standing(epoch=3, resting=False)
    assert planned(holding(idle_seconds=400 * DAY, running=True), standing=working) == []


def test_a_workspace_just_used_is_left_alone() -> None:
    assert planned(holding(idle_seconds=9 * MINUTE)) == []


def test_a_change_that_rests_is_kept_under_the_epoch_of_the_log() -> None:
    assert planned(holding(idle_seconds=11 * MINUTE)) == [("snapshot", "s", 3)]


def test_what_is_kept_already_is_not_kept_again() -> None:
    kept = (snapshot(age=timedelta(minutes=5)),)
    assert planned(holding(idle_seconds=11 * MINUTE), snapshots=kept) == []
    older = (snapshot(age=timedelta(minutes=12)),)
    assert planned(holding(idle_seconds=11 * MINUTE), snapshots=older) == [("snapshot", "s", 3)]


def test_what_runs_for_a_resting_session_is_suspended() -> None:
    kept = (snapshot(),)
    assert planned(holding(idle_seconds=31 * MINUTE, running=True), snapshots=kept) == [("suspend", "s", 3)]


def test_a_workspace_that_rests_for_days_is_removed_once_its_last_state_is_kept() -> None:
    old = holding(idle_seconds=8 * DAY)
    assert planned(old) == [("snapshot", "s", 3)]
    assert planned(old, snapshots=(snapshot(age=timedelta(days=7)),)) == [("remove", "s", 3)]


def test_over_the_quota_those_that_rest_for_longest_go_first_if_they_are_kept() -> None:
    large = [holding(name, size_bytes=400, idle_seconds=seconds) for name, seconds in _IDLE.items()]
    kept = tuple(snapshot(name) for name in _IDLE)
    assert planned(*large, snapshots=kept) == [("remove", "longest", 3)]
    assert planned(*large, snapshots=kept[1:]) == [("snapshot", "longest", 3), ("remove", "long", 3)]


_IDLE = {"longest": 3000.0, "long": 2000.0, "short": 1000.0}


def test_a_workspace_that_the_log_does_not_know_is_removed_after_a_day_under_its_own_epoch() -> None:
    assert planned(holding(idle_seconds=DAY - 1), standing=None) == []
    assert planned(holding(idle_seconds=DAY + 1), standing=None) == [("remove", "s", 2)]


def test_a_snapshot_without_a_workspace_is_forgotten_after_half_a_year() -> None:
    assert planned(snapshots=(snapshot(age=timedelta(days=179)),)) == []
    assert planned(snapshots=(snapshot(age=timedelta(days=181)),)) == [("forget", "s", 0)]
    assert planned(holding(), snapshots=(snapshot(age=timedelta(days=181)),)) == []


# Acting


class Kept:
    """A session with a file, and somebody who looks after it."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = FakeSandbox()
        self.worker = Worker(self.sandbox, self.sandbox.attach("s", epoch=1, known=None), 1)
        self.worker.write("file", b"text")
        self.snapshots = Snapshots(folder / "snapshots")
        self.upkeep = Upkeep(sandbox=self.sandbox, snapshots=self.snapshots)

    def action(self, kind: str, *, epoch: int = 1) -> Action:
        return Action(
            kind=kind,  # type: ignore[arg-type]  # each test gives one of the four
            session="s",
            reference=self.worker.reference,
            epoch=epoch,
            size_bytes=0,
            reason="",
        )


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_a_kept_workspace_comes_back(kept: Kept) -> None:
    assert kept.upkeep.perform(kept.action("snapshot"))
    assert kept.upkeep.perform(kept.action("remove"))
    with pytest.raises(SandboxLost):
        kept.worker.read("file")
    latest = kept.snapshots.latest("s")
    assert latest is not None
    successor = Worker(kept.sandbox, kept.sandbox.attach("s", epoch=2, known=None), 2)
    successor.restore(latest.path.read_bytes())
    assert successor.read("file") == b"text"


@pytest.mark.parametrize("kind", ["snapshot", "suspend", "remove"])
def test_a_session_that_was_taken_up_meanwhile_is_not_touched(kept: Kept, kind: str) -> None:
    kept.sandbox.attach("s", epoch=2, known=kept.worker.reference)
    assert not kept.upkeep.perform(kept.action(kind))
    assert kept.sandbox.read(kept.worker.reference, path="file", epoch=2) == b"text"
    assert kept.snapshots.all() == ()


def test_a_workspace_that_went_away_meanwhile_is_fine(kept: Kept) -> None:
    kept.sandbox.lose(kept.worker.reference)
    assert not kept.upkeep.perform(kept.action("snapshot"))


def test_a_snapshot_that_fails_leaves_the_last_one(kept: Kept) -> None:
    kept.upkeep.perform(kept.action("snapshot"))
    before = kept.snapshots.latest("s")

    def fail(_: object) -> None:
        raise SnapshotFailed("the disk is full")

    with pytest.raises(SnapshotFailed):
        kept.snapshots.keep("s", fail)
    assert kept.snapshots.latest("s") == before
    assert len(list(kept.snapshots.all())) == 1


def test_a_forgotten_snapshot_is_gone(kept: Kept) -> None:
    kept.upkeep.perform(kept.action("snapshot"))
    assert kept.upkeep.perform(kept.action("forget"))
    assert kept.snapshots.latest("s") is None
