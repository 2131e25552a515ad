"""The folders of a session's workspace: made, found again, removed.

    <root>/sessions/<session>/epoch.<n>/<token>/<call>/     calls, reached through the gate (see `fence`)
    <root>/sessions/<session>/files/<token>/workspace       what the commands see as /workspace
    <root>/sessions/<session>/files/<token>/home            their home folder
    <root>/sessions/<session>/files/<token>/door            what they see as /run/oxbow (see `door`)
    <root>/sessions/<session>/files/<token>/postgres        the template of its Postgres, if it has one
    <root>/sessions/<session>/files/<token>/uid             the session's user, when it has its own
    <root>/sessions/<session>/files/<token>/session         the session's own name
    <root>/uids/<uid>                                       users in use

A command sees `workspace` and `home` alone, so it can neither forge the result of a call nor raise the epoch.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import remains
from sandbox.calls import died, running
from sandbox.containment import disk
from sandbox.enclosure import Place
from sandbox.errors import SandboxLost, SandboxUnavailable, SandboxUnreachable
from sandbox.fence import enter, establish, held, session_folder
from sandbox.port import Holding

_REFERENCE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{16})")
# Below 65,536, since containers often map no higher user; above the users that Linux systems give to people
# and services, below the range of systemd's homed (60,001).
_UIDS = range(50_000, 60_000)
# A supervisor sees the request to stop within 50 ms and kills at once.
_STOP_SECONDS = 5.0
_GITCONFIG = """\
[user]
\tname = Oxbow
\temail = oxbow@localhost
[init]
\tdefaultBranch = main
[safe]
\tdirectory = *
[advice]
\tdetachedHead = false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace that was entered under an epoch."""

    reference: str
    session: Path
    calls: Path
    """Folder of the calls, reached through the gate: gone as soon as a higher epoch was seen."""
    place: Place


def create(root: Path, session: str, *, epoch: int, own_user: bool) -> Workspace:
    """A new, empty workspace; an earlier one of the session is removed."""
    folder, gate = cleared(root, session, epoch=epoch)
    token = secrets.token_hex(8)
    (gate / token).mkdir(mode=0o700)
    draft = gate / token / "files"
    draft.mkdir(mode=0o711)
    uid = _take_uid(root, f"{folder.name}.{token}") if own_user else None
    (draft / "session").write_text(session)
    _furnish(draft, uid)
    draft.rename(folder / "files" / token)
    return workspace_of(folder, gate, token)


def cleared(root: Path, session: str, *, epoch: int) -> tuple[Path, Path]:
    """The session's folder and its gate, with every earlier workspace removed."""
    folder = session_folder(root, session)
    gate = establish(folder, epoch)
    for old in {path.name for path in (*(folder / "files").iterdir(), *gate.iterdir())}:
        discard(root, folder, gate, old)
    return folder, gate


def find(root: Path, reference: str, *, epoch: int) -> Workspace:
    """The workspace of that reference. Raises `StaleEpoch`, `SandboxLost`."""
    match = _REFERENCE.fullmatch(reference)
    folder = root / "sessions" / match[1] if match else None
    if match is None or folder is None or not folder.is_dir():
        raise SandboxLost(f"workspace {reference} is not on this host")
    gate = enter(folder, epoch)
    if not (folder / "files" / match[2] / "workspace").is_dir() or not (gate / match[2]).is_dir():
        enter(folder, epoch)
        raise SandboxLost(f"workspace {reference} is gone")
    return workspace_of(folder, gate, match[2])


def holdings(root: Path) -> Iterator[Holding]:
    """Every workspace below `root`."""
    for files in root.glob("sessions/*/files/*"):
        session, token = files.parent.parent, files.name
        try:
            # Each call makes an entry in this folder, whose time therefore tells of the last one.
            epoch = held(session)
            used = (session / f"epoch.{epoch}" / token).stat().st_mtime
            name = (files / "session").read_text()
        except (OSError, SandboxUnreachable):
            continue  # it is taken over, damaged or removed at this moment
        yield Holding(
            session=name,
            reference=f"{session.name}.{token}",
            epoch=epoch,
            running=False,
            idle_seconds=max(0.0, time.time() - used),
            size_bytes=sum(disk(str(files / name))[0] for name in ("workspace", "home")),
        )


def discard(root: Path, folder: Path, gate: Path, token: str) -> None:
    """Kill what runs in a workspace and remove it."""
    stop(gate / token)
    # Moved through the gate first, so that a stale worker cannot remove what a later one uses.
    remains = gate / f"discarded.{secrets.token_hex(8)}"
    remains.mkdir(mode=0o700)
    files = folder / "files" / token
    if files.exists():
        uid = _uid(files)
        files.rename(remains / "files")
        if uid is not None:
            (root / "uids" / str(uid)).unlink(missing_ok=True)
    if (gate / token).exists():
        (gate / token).rename(remains / "calls")
    remove(remains)


def stop(calls: Path) -> None:
    """Kill what runs. Raises `SandboxUnreachable` when it does not die."""
    give_up = time.monotonic() + _STOP_SECONDS
    while alive := running(calls):
        for call in alive:
            call.cancel()
        if time.monotonic() > give_up:
            raise SandboxUnreachable(f"{len(alive)} commands below {calls} do not stop")
        time.sleep(0.02)
    for call in died(calls):
        remains.end(call.remains())


def workspace_of(folder: Path, gate: Path, token: str) -> Workspace:
    """The workspace whose folders are there."""
    files = folder / "files" / token
    return Workspace(
        reference=f"{folder.name}.{token}",
        session=folder,
        calls=gate / token,
        place=Place(
            workspace=files / "workspace",
            home=files / "home",
            door=files / "door",
            postgres=_postgres(files),
            uid=_uid(files),
        ),
    )


def ask_for_postgres(workspace: Workspace, template: Path) -> None:
    """Let the commands that start from now on find a Postgres made from `template`."""
    asked = workspace.calls / f"postgres.{secrets.token_hex(8)}"
    asked.write_text(str(template))
    # Through the gate, as every effect.
    asked.rename(workspace.place.workspace.with_name("postgres"))


def _postgres(files: Path) -> Path | None:
    asked = files / "postgres"
    return Path(asked.read_text()) if asked.exists() else None


def _uid(files: Path) -> int | None:
    owner = files / "uid"
    return int(owner.read_text()) if owner.exists() else None


def _furnish(files: Path, uid: int | None) -> None:
    for name in ("workspace", "home"):
        (files / name).mkdir(mode=0o755)
    (files / "home" / ".gitconfig").write_text(_GITCONFIG)
    if uid is not None:
        (files / "uid").write_text(str(uid))
        for path in (files / "workspace", files / "home", files / "home" / ".gitconfig"):
            os.chown(path, uid, uid)


def _take_uid(root: Path, holder: str) -> int:
    start = int(holder[:8], 16)
    (root / "uids").mkdir(mode=0o700, exist_ok=True)
    for step in range(len(_UIDS)):
        uid = _UIDS[(start + step) % len(_UIDS)]
        draft = root / "uids" / f".{secrets.token_hex(8)}"
        draft.write_text(holder)
        try:
            # A link appears with its content and fails when the name is taken.
            os.link(draft, root / "uids" / str(uid))
        except FileExistsError:
            continue
        else:
            return uid
        finally:
            draft.unlink()
    raise SandboxUnavailable(f"all {len(_UIDS)} users for workspaces are in use: release some below {root}")


def remove(folder: Path) -> None:
    """Remove a folder, if it is there, whatever a command made of its contents."""
    # The command-line tools cope with any depth and with folders that a command made unreadable.
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    for argv in (["chmod", "-R", "u+rwX", str(folder)], ["rm", "-rf", "--", str(folder)]):
        subprocess.run(  # noqa: S603
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
