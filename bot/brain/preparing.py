"""Preparing a workspace: the repository at the commit that is recorded, and the services that it declares."""

from __future__ import annotations

import logging
from dataclasses import replace

from bot.brain.claimed import Claimed
from bot.brain.unpacking import declaration_of, unpack
from bot.forge.mirrors import Mirrors
from bot.forge.repository import Repository
from memory.log.events import SandboxAttached
from memory.log.workspace_events import WorkspaceSynced
from sandbox import errors
from sandbox.pool import PooledSandbox
from sandbox.port import Attachment, Limits, Sandbox
from sandbox.services import Services
from sandbox.snapshots import Snapshot, Snapshots

logger = logging.getLogger(__name__)


class Preparing:
    """Makes workspaces ready for a session."""

    def __init__(self, mirrors: Mirrors, snapshots: Snapshots, limits: Limits) -> None:
        self._mirrors = mirrors
        self._snapshots = snapshots
        self._limits = limits

    def workspace(self, claimed: Claimed, sandbox: Sandbox, chosen: Repository | None) -> SandboxAttached:
        """One out of the pool, else a new one. Raises `RepositoryUnavailable` and as `Sandbox` does."""
        pooled = self._pooled(claimed, sandbox, chosen) if chosen is not None else None
        return pooled or self._new(claimed, sandbox, chosen)

    def sync(self, claimed: Claimed, sandbox: Sandbox, repository: Repository | None) -> None:
        """Bring a prepared workspace to its recorded base commit, before anything in it is changed.

        Raises as `workspace`.
        """
        attached, epoch = claimed.session.sandbox, claimed.lease.epoch
        if repository is None or attached is None or attached.base_commit is None:
            return
        if attached.prepared_commit is None:
            return
        bundle = replace(self._mirrors.bundle(repository.address), commit=attached.base_commit)
        unpack(
            sandbox,
            attached.reference,
            bundle,
            # A later worker has another bundle, and doing it again changes nothing.
            call=f"sync-{epoch}",
            limits=self._limits,
            epoch=epoch,
            cancelled=claimed.stop.interrupted,
        )
        claimed.append(WorkspaceSynced(reference=attached.reference))

    def _pooled(self, claimed: Claimed, sandbox: Sandbox, chosen: Repository) -> SandboxAttached | None:
        if not isinstance(sandbox, PooledSandbox) or claimed.session.last_sandbox is not None:
            return None
        if not sandbox.shelved(chosen.name):
            return None
        base = self._mirrors.commit(chosen.address)
        adopted = sandbox.adopt(str(claimed.id), shelf=chosen.name, epoch=claimed.lease.epoch)
        if adopted is None:
            return None
        services = provide(sandbox, adopted.attachment.reference, epoch=claimed.lease.epoch)
        attached = _attached(sandbox, adopted.attachment, chosen, base, services)
        return replace(attached, prepared_commit=adopted.label if adopted.label != base else None)

    def _new(self, claimed: Claimed, sandbox: Sandbox, chosen: Repository | None) -> SandboxAttached:
        before, epoch = claimed.session.last_sandbox, claimed.lease.epoch
        bundle = self._mirrors.bundle(chosen.address) if chosen else None
        if bundle is not None and before is not None and before.base_commit is not None:
            bundle = replace(bundle, commit=before.base_commit)
        attachment = sandbox.attach(str(claimed.id), epoch=epoch, known=None)
        # One that was never brought to its base commit holds nothing of the session's.
        changed = before is not None and before.prepared_commit is None
        snapshot = self._restored(claimed, sandbox, attachment) if changed else None
        if bundle is not None and snapshot is None:
            unpack(
                sandbox,
                attachment.reference,
                bundle,
                call="unpack",
                limits=self._limits,
                epoch=epoch,
                cancelled=claimed.stop.interrupted,
            )
        services = provide(sandbox, attachment.reference, epoch=epoch) if bundle is not None else ()
        made = _attached(sandbox, attachment, chosen, bundle.commit if bundle else None, services)
        return replace(
            made, snapshot_at=snapshot.taken_at.isoformat(timespec="seconds") if snapshot else None
        )

    def _restored(self, claimed: Claimed, sandbox: Sandbox, attachment: Attachment) -> Snapshot | None:
        """The snapshot that was put into the new workspace, if there is one and it could be."""
        snapshot = self._snapshots.latest(str(claimed.id))
        if snapshot is None:
            return None
        reference, epoch = attachment.reference, claimed.lease.epoch
        try:
            with snapshot.path.open("rb") as archive:
                sandbox.restore(reference, archive=archive, limits=self._limits, epoch=epoch)
        except errors.SnapshotFailed as error:
            logger.warning("the snapshot of session %s cannot be put back: %s", claimed.id, error)
            return None
        return snapshot


def provide(sandbox: Sandbox, reference: str, *, epoch: int) -> tuple[str, ...]:
    """Let the commands of a checkout find the services that it declares; those that this sandbox has."""
    if not isinstance(sandbox, Services):
        return ()
    wanted = declaration_of(sandbox, reference, epoch).services
    return tuple(service for service in wanted if sandbox.provide(reference, service=service, epoch=epoch))


def _attached(
    sandbox: Sandbox,
    attachment: Attachment,
    chosen: Repository | None,
    base: str | None,
    services: tuple[str, ...],
) -> SandboxAttached:
    return SandboxAttached(
        backend=sandbox.name,
        reference=attachment.reference,
        isolation=attachment.isolation,
        isolated=attachment.isolated,
        repository=chosen.name if chosen else None,
        base_commit=base,
        services=services,
    )
