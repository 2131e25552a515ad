"""Workspaces on this machine: a folder for each session, a supervised process for each command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event
from typing import BinaryIO, Literal

from sandbox import commands, files
from sandbox.archive import put, take
from sandbox.calls import Call, call_folder, claim
from sandbox.control_group import parents
from sandbox.door import Door
from sandbox.enclosure import Enclosure
from sandbox.ephemeral_postgres import programs
from sandbox.errors import SandboxLost, SandboxUnreachable
from sandbox.fence import enter, session_folder
from sandbox.pool import Adopted, clear_out, filled_by_one, hand_out, labels, put_aside
from sandbox.port import PIECE_BYTES, Attachment, Finished, Holding, Limits, Outcome
from sandbox.postgres_template import template
from sandbox.services import POSTGRES
from sandbox.workspace import Workspace, ask_for_postgres, create, discard, find, holdings, stop

# The kernel takes at most 128 KiB in one argument.
_LONGEST_COMMAND = 100_000


class LocalSandbox:
    """The port `Sandbox` on the local machine; any number of them, in any processes, may share a `root`.

    `root` is a folder for the sandbox alone; it is made when it is missing. `enclosure` decides what
    isolates the commands (`bubblewrap.Bubblewrap` or `unisolated.Unisolated`).
    """

    def __init__(self, root: Path, enclosure: Enclosure) -> None:
        self._root = root.resolve()
        self._enclosure = enclosure
        (self._root / "sessions").mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def name(self) -> str:
        return self._enclosure.name

    def attach(self, session: str, *, epoch: int, known: str | None) -> Attachment:
        with self._reaching(session_folder(self._root, session), epoch):
            if known is None:
                made = create(self._root, session, epoch=epoch, own_user=self._enclosure.own_users)
                return self._attachment(made, "fresh")
            if not known.startswith(session_folder(self._root, session).name):
                raise SandboxLost(f"workspace {known} does not belong to session {session}")
            return self._attachment(find(self._root, known, epoch=epoch), "reattached")

    def execute(
        self, reference: str, *, call: str, command: str, limits: Limits, epoch: int, cancelled: Event
    ) -> Outcome:
        with self._entered(reference, epoch) as workspace:
            claimed = claim(workspace.calls, call, ("execute", command))
            if problem := _unfit(command):
                return Finished(exit_code=126, output=problem.encode(), dropped_bytes=0, seconds=0.0)
            launch = self._enclosure.launch(workspace.place, command, limits)
            return commands.run(claimed, launch, limits, cancelled)

    def read(self, reference: str, *, path: str, epoch: int) -> bytes:
        with self._entered(reference, epoch) as workspace:
            return files.read(workspace.place, path)

    def write(self, reference: str, *, call: str, path: str, content: bytes, epoch: int) -> None:
        with self._entered(reference, epoch) as workspace:
            claimed = claim(workspace.calls, call, ("write", path, content))
            files.alter(claimed, workspace.place, path, files.Write(content=content), epoch=epoch)

    def edit(self, reference: str, *, call: str, path: str, old: str, new: str, epoch: int) -> None:
        with self._entered(reference, epoch) as workspace:
            claimed = claim(workspace.calls, call, ("edit", path, old, new))
            files.alter(claimed, workspace.place, path, files.Edit(old=old, new=new), epoch=epoch)

    def output(self, reference: str, *, call: str, start: int, epoch: int) -> bytes:
        with self._entered(reference, epoch) as workspace:
            folder = call_folder(workspace.calls, call)
            return Call(call=call, folder=folder).stream(start, PIECE_BYTES) if folder.is_dir() else b""

    def snapshot(self, reference: str, *, into: BinaryIO, limits: Limits, epoch: int) -> None:
        with self._entered(reference, epoch) as workspace:
            take(workspace, self._enclosure, into, limits)

    def restore(self, reference: str, *, archive: BinaryIO, limits: Limits, epoch: int) -> None:
        with self._entered(reference, epoch) as workspace:
            put(workspace, self._enclosure, archive, limits)

    def suspend(self, reference: str, *, epoch: int) -> None:
        with self._entered(reference, epoch) as workspace:
            stop(workspace.calls)

    def release(self, reference: str, *, epoch: int) -> None:
        token = reference.rpartition(".")[2]
        try:
            with self._entered(reference, epoch) as workspace:
                discard(self._root, workspace.session, workspace.calls.parent, token)
        except SandboxLost:
            return

    def door(self, reference: str, *, epoch: int) -> Door | None:
        """Made when it is asked for first; without isolation there is none, since nothing is closed."""
        with self._entered(reference, epoch) as workspace:
            if not self._enclosure.isolated:
                return None
            workspace.place.door.mkdir(exist_ok=True)
            workspace.place.door.chmod(0o755)
            return Door(folder=workspace.place.door, uid=workspace.place.uid)

    def provide(self, reference: str, *, service: str, epoch: int) -> bool:
        """A Postgres of the session's own, where commands are isolated."""
        with self._entered(reference, epoch) as workspace:
            if service != POSTGRES or not self._enclosure.isolated or programs() is None:
                return False
            ask_for_postgres(workspace, template(self._root, self._enclosure))
            return True

    def shelve(self, reference: str, *, shelf: str, label: str, epoch: int) -> None:
        with self._entered(reference, epoch) as workspace:
            put_aside(self._root, workspace, shelf, label)

    def adopt(self, session: str, *, shelf: str, epoch: int) -> Adopted | None:
        """None without isolation too: the path of a workspace is another in each session there."""
        with self._reaching(session_folder(self._root, session), epoch):
            if not self._enclosure.isolated:
                return None
            handed = hand_out(self._root, session, shelf, epoch=epoch)
            if handed is None:
                return None
            return Adopted(attachment=self._attachment(handed[0], "fresh"), label=handed[1])

    def shelved(self, shelf: str) -> tuple[str, ...]:
        return labels(self._root, shelf)

    def keep_only(self, labels: Mapping[str, str]) -> None:
        clear_out(self._root, labels)

    def filling(self) -> AbstractContextManager[bool]:
        return filled_by_one(self._root)

    def inventory(self) -> tuple[Holding, ...]:
        return tuple(holdings(self._root))

    @contextmanager
    def _entered(self, reference: str, epoch: int) -> Iterator[Workspace]:
        with self._reaching(self._root / "sessions" / reference.partition(".")[0], epoch):
            workspace = find(self._root, reference, epoch=epoch)
            try:
                yield workspace
            except FileNotFoundError:
                # Something was taken away meanwhile: say whether by a later worker, or together with the
                # rest.
                find(self._root, reference, epoch=epoch)
                raise

    @contextmanager
    def _reaching(self, folder: Path, epoch: int) -> Iterator[None]:
        """Tell a host that does not answer from a session that has gone."""
        try:
            if not (self._root / "sessions").is_dir():
                raise SandboxUnreachable(f"{self._root} is not there: is its disk mounted?")
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError) and folder.is_dir():
                enter(folder, epoch)
            raise SandboxUnreachable(f"the workspaces below {self._root} do not answer: {error}") from error

    def _attachment(self, workspace: Workspace, state: Literal["fresh", "reattached"]) -> Attachment:
        return Attachment(
            reference=workspace.reference,
            state=state,
            isolated=self._enclosure.isolated,
            isolation=f"{self._enclosure.describe()}; {_limits_in_force()}",
        )


def _limits_in_force() -> str:
    groups = {controller: f"control group v{version}" for controller, (_, version) in parents().items()}
    memory = groups.get("memory", "watched every 0.1 s")
    processes = groups.get("pids", "counted")
    shared = "fairly" if "cpu" in groups else "by process"
    return (
        f"limits: time, output, memory ({memory}), processes ({processes}), "
        "file size (rlimit), disk and number of files (watched every 0.5 s); "
        f"processors are shared {shared}"
    )


def _unfit(command: str) -> str | None:
    if "\0" in command:
        return "the command contains a NUL character, which no command can: leave it out\n"
    size = len(command.encode("utf-8", "surrogatepass"))
    if size > _LONGEST_COMMAND:
        return (
            f"the command has {size} bytes, at most {_LONGEST_COMMAND} can be run: write it to a file first\n"
        )
    return None
