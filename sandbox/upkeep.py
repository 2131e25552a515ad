"""What becomes of workspaces that rest: kept as a snapshot, suspended, removed, and when.

`plan` is pure and decides; `Upkeep` looks and acts. Whoever acts does so under the epoch that the session had
when it was seen at rest, so a worker that took the session up meanwhile is never disturbed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from sandbox.errors import SandboxLost, StaleEpoch
from sandbox.port import Holding, Limits, Sandbox
from sandbox.snapshots import Snapshot, Snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When what is done."""

    snapshot_after: timedelta = timedelta(minutes=10)
    """Long enough that a thread in full swing is not packed again and again."""
    suspend_after: timedelta = timedelta(minutes=30)
    remove_after: timedelta = timedelta(days=7)
    """Only with a snapshot of its last state."""
    orphan_after: timedelta = timedelta(days=1)
    """For workspaces of which the log knows nothing: killed self-tests, another database's sessions."""
    forget_after: timedelta = timedelta(days=180)
    """For snapshots without a workspace."""
    most_bytes: int = 50 * 1024**3
    """Of all workspaces on disk; above it, those that rest for longest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the log says of a session."""

    epoch: int
    resting: bool
    """Nobody holds it and nothing is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do."""

    kind: Literal["snapshot", "suspend", "remove", "forget"]
    session: str
    reference: str
    """Of the workspace; empty for `forget`."""
    epoch: int
    size_bytes: int
    reason: str


def plan(
    holdings: Iterable[Holding],
    snapshots: Sequence[Snapshot],
    standings: Mapping[str, Standing],
    policy: Policy,
    now: datetime,
) -> tuple[Action, ...]:
    """What to do now, in this order. A session that is at work is left alone."""
    taken = {snapshot.session: snapshot.taken_at for snapshot in snapshots}
    held = list(holdings)
    actions = [action for holding in held for action in _due(holding, taken, standings, policy, now)]
    actions += _over_quota(held, actions, taken, standings, policy, now)
    workspaces = {holding.session for holding in held}
    for snapshot in snapshots:
        if snapshot.session not in workspaces and now - snapshot.taken_at > policy.forget_after:
            reason = f"taken {_days(now - snapshot.taken_at)} ago, and there is no workspace any more"
            actions.append(
                Action(
                    kind="forget",
                    session=snapshot.session,
                    reference="",
                    epoch=0,
                    size_bytes=snapshot.size_bytes,
                    reason=reason,
                )
            )
    return tuple(actions)


def _due(
    holding: Holding,
    taken: Mapping[str, datetime],
    standings: Mapping[str, Standing],
    policy: Policy,
    now: datetime,
) -> Iterator[Action]:
    standing = standings.get(holding.session)
    idle = timedelta(seconds=holding.idle_seconds)
    if standing is None:
        if idle > policy.orphan_after:
            yield _action("remove", holding, holding.epoch, "the log knows no such session")
        return
    if not standing.resting or idle <= policy.snapshot_after:
        return
    safe = _safe(holding, taken, now)
    if not safe:
        yield _action(
            "snapshot", holding, standing.epoch, f"changed since its last snapshot, idle {_days(idle)}"
        )
    elif idle > policy.remove_after:
        yield _action("remove", holding, standing.epoch, f"idle {_days(idle)}, kept as a snapshot")
    if holding.running and idle > policy.suspend_after:
        yield _action("suspend", holding, standing.epoch, f"idle {_days(idle)}")


def _over_quota(
    held: list[Holding],
    planned: list[Action],
    taken: Mapping[str, datetime],
    standings: Mapping[str, Standing],
    policy: Policy,
    now: datetime,
) -> Iterator[Action]:
    going = {action.reference for action in planned if action.kind == "remove"}
    left = [holding for holding in held if holding.reference not in going]
    total = sum(holding.size_bytes for holding in left)
    for holding in sorted(left, key=lambda each: each.idle_seconds, reverse=True):
        if total <= policy.most_bytes:
            return
        standing = standings.get(holding.session)
        if standing is not None and standing.resting and _safe(holding, taken, now):
            total -= holding.size_bytes
            reason = f"all workspaces hold more than {policy.most_bytes / 1024**3:.0f} GiB"
            yield _action("remove", holding, standing.epoch, reason)


def _safe(holding: Holding, taken: Mapping[str, datetime], now: datetime) -> bool:
    """Whether there is a snapshot from after its last use."""
    used = now - timedelta(seconds=holding.idle_seconds)
    return holding.session in taken and taken[holding.session] >= used


def _action(
    kind: Literal["snapshot", "suspend", "remove"], holding: Holding, epoch: int, reason: str
) -> Action:
    return Action(
        kind=kind,
        session=holding.session,
        reference=holding.reference,
        epoch=epoch,
        size_bytes=holding.size_bytes,
        reason=reason,
    )


def _days(span: timedelta) -> str:
    if span < timedelta(hours=2):
        return f"{span // timedelta(minutes=1)} minutes"
    if span < timedelta(days=2):
        return f"{span // timedelta(hours=1)} hours"
    return f"{span.days} days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Looks after the workspaces of one backend."""

    sandbox: Sandbox
    snapshots: Snapshots
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)

    def due(self, holdings: Sequence[Holding], standings: Mapping[str, Standing]) -> tuple[Action, ...]:
        """What there is to do now."""
        return plan(holdings, self.snapshots.all(), standings, self.policy, datetime.now(UTC))

    def perform(self, action: Action) -> bool:
        """Do it; False when the session was taken up or its workspace went away meanwhile.

        Raises `SnapshotFailed`, `SandboxUnreachable`.
        """
        try:
            match action.kind:
                case "snapshot":
                    self._snapshot(action)
                case "suspend":
                    self.sandbox.suspend(action.reference, epoch=action.epoch)
                case "remove":
                    self.sandbox.release(action.reference, epoch=action.epoch)
                case "forget":
                    self.snapshots.forget(action.session)
        except (StaleEpoch, SandboxLost):
            return False
        return True

    def _snapshot(self, action: Action) -> None:
        self.snapshots.keep(
            action.session,
            lambda into: self.sandbox.snapshot(
                action.reference, into=into, limits=self.limits, epoch=action.epoch
            ),
        )
