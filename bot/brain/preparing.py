"""Preparing a workspace: the repository at the commit that is recorded, and the services that it declares."""

from __future__ import annotations

import logging
import shlex
from dataclasses import replace

from bot.brain.claimed import Claimed
from bot.forge.declaration import FILE, Declaration, DeclarationWrong, declared
from bot.forge.errors import RepositoryUnavailable
from bot.forge.mirrors import Bundle, Mirrors
from bot.forge.repository import Repository
from memory.events import SandboxAttached
from sandbox import errors
from sandbox.port import Attachment, Finished, Limits, Sandbox, Unknown
from sandbox.services import Services
from sandbox.snapshots import Snapshot, Snapshots

BUNDLE = ".oxbow/repository.bundle"

logger = logging.getLogger(__name__)


class Preparing:
    """Makes new workspaces ready for a session."""

    def __init__(self, mirrors: Mirrors, snapshots: Snapshots, limits: Limits) -> None:
        self._mirrors = mirrors
        self._snapshots = snapshots
        self._limits = limits

    def workspace(self, claimed: Claimed, sandbox: Sandbox, chosen: Repository | None) -> SandboxAttached:
        """A new workspace. Raises `RepositoryUnavailable` and as the methods of `Sandbox` do."""
        before = claimed.session.last_sandbox
        bundle = self._mirrors.bundle(chosen.address) if chosen else None
        if bundle is not None and before is not None and before.base_commit is not None:
            bundle = replace(bundle, commit=before.base_commit)
        attachment = sandbox.attach(str(claimed.id), epoch=claimed.lease.epoch, known=None)
        snapshot = self._restored(claimed, sandbox, attachment) if before is not None else None
        if bundle is not None and snapshot is None:
            self._unpack(claimed, sandbox, attachment, bundle)
        services = self._serve(claimed, sandbox, attachment) if bundle is not None else ()
        return SandboxAttached(
            backend=sandbox.name,
            reference=attachment.reference,
            isolation=attachment.isolation,
            isolated=attachment.isolated,
            repository=chosen.name if chosen else None,
            base_commit=bundle.commit if bundle else None,
            services=services,
            snapshot_at=snapshot.taken_at.isoformat(timespec="seconds") if snapshot else None,
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

    def _unpack(self, claimed: Claimed, sandbox: Sandbox, attachment: Attachment, bundle: Bundle) -> None:
        reference, epoch = attachment.reference, claimed.lease.epoch
        sandbox.write(reference, call="unpack-write", path=BUNDLE, content=bundle.content, epoch=epoch)
        branch, commit = shlex.quote(bundle.branch), shlex.quote(bundle.commit)
        command = (
            f"git init -q -b {branch} && git fetch -q {BUNDLE} {branch}:refs/remotes/origin/{branch} "
            f"&& git checkout -q -B {branch} {commit} && rm -r .oxbow"
        )
        outcome = sandbox.execute(
            reference,
            call="unpack",
            command=command,
            limits=self._limits,
            epoch=epoch,
            cancelled=claimed.stop.interrupted,
        )
        if not (isinstance(outcome, Finished) and outcome.exit_code == 0):
            said = "" if isinstance(outcome, Unknown) else outcome.output.decode(errors="replace")
            raise RepositoryUnavailable(f"the repository could not be unpacked in the workspace: {said}")

    def _serve(self, claimed: Claimed, sandbox: Sandbox, attachment: Attachment) -> tuple[str, ...]:
        """Those of the declared services that this sandbox has, from now on beside every command."""
        if not isinstance(sandbox, Services):
            return ()
        reference, epoch = attachment.reference, claimed.lease.epoch
        wanted = _declared(sandbox, reference, epoch).services
        return tuple(
            service for service in wanted if sandbox.provide(reference, service=service, epoch=epoch)
        )


def _declared(sandbox: Sandbox, reference: str, epoch: int) -> Declaration:
    """What the fresh checkout declares; what is wrong with it is said when the change is checked."""
    try:
        return declared(sandbox.read(reference, path=FILE, epoch=epoch).decode(errors="replace"))
    except (errors.FileProblem, DeclarationWrong):
        return Declaration()
