"""The whole product in this process, composed as serving composes it, with a model of the test's own.

People act in the local workspace; Slack's protocol, the listener, the log and the worker are real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

from sqlalchemy import Engine, text

from bot.compose import build_remembering, listening, working
from bot.local_slack import local_workspace
from bot.settings import Settings
from bot.slack.side import slack_side
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.database import engines
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import Event as Happening
from memory.log.events import Json
from memory.log.session_log import SessionLog, ThreadAddress
from sandbox.port import Sandbox
from tests.support.product import key
from tests.support.script_model import Script, ScriptModel
from tests.support.secrets import secret_mask
from tests.support.waiting import eventually

E = TypeVar("E", bound=Happening)

DRAIN_SECONDS = 10.0
"""For a worker at the end of a test: longer than any step that a test leaves behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A running product, and what can be seen of it."""

    workspace: LocalWorkspace
    engine: Engine
    background: Engine
    """The connections for what nobody waits for."""
    log: SessionLog
    model: ScriptModel
    workspaces: Path
    """The sandbox's folder."""

    def answer_with(self, script: Script) -> None:
        """What the model answers from now on; what it was asked before is forgotten."""
        self.model.requests.clear()
        self.model.script = script

    def events(self, channel: str, thread: str) -> list[Happening]:
        """The log of the thread; empty when it has no session."""
        address = ThreadAddress(team=TEAM, channel=self.workspace.channel_id(channel), thread=thread)
        state = self.log.thread_state(address)
        return [] if state is None else [recorded.event for recorded in self.log.read(state.session)]

    def happened(self, channel: str, thread: str, kind: type[E]) -> list[E]:
        """The events of one type in the thread's log."""
        return [event for event in self.events(channel, thread) if isinstance(event, kind)]

    def said(self, channel: str, thread: str, kind: str = "answer") -> list[Json]:
        """The bot's posts in the thread whose key begins with the kind."""
        return [
            message
            for message in self.workspace.messages(channel, thread)
            if message.get("user") == OXBOW and key(message).split(":")[0] == kind
        ]

    def texts(self, channel: str, thread: str, kind: str = "answer") -> list[str]:
        """The texts of these posts."""
        return [message["text"] for message in self.said(channel, thread, kind)]

    def await_event(self, channel: str, thread: str, kind: type[E], number: int = 1) -> E:
        """Wait until so many events of the type happened; gives the last of them."""
        eventually(lambda: len(self.happened(channel, thread, kind)) >= number)
        return self.happened(channel, thread, kind)[number - 1]

    def await_rest(self) -> None:
        """Wait until no session has anything left to do."""
        eventually(
            lambda: all(row.status in ("idle", "closed") for row in self.log.sessions(limit=1_000)),
            within=30.0,
        )

    def ask(self, channel: str, words: str, *, user: str = "ada") -> str:
        """A mention that is worked on to its end; gives the thread."""
        thread = self.workspace.post(user, channel, f"@Oxbow {words}")
        self.await_heard(channel, thread)
        self.await_rest()
        return thread

    def await_heard(self, channel: str, thread: str) -> None:
        """Wait until the thread has a session."""
        eventually(lambda: self.events(channel, thread))

    def touch(self, name: str) -> None:
        """Make a file in every workspace: a command that waits for it goes on."""
        for place in self.workspaces.glob("sessions/*/files/*/workspace"):
            (place / name).touch()

    def rows(self) -> dict[str, int]:
        """How many rows each table of the product has that holds what people said."""
        with self.engine.connect() as connection:
            return {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("sessions", "events", "solutions", "passages", "blobs")
            }

    def await_acknowledged(self, ts: str) -> None:
        """Wait until the app has taken everything that it was told of a message."""
        self._await_taken(lambda event: event.get("ts") == ts)

    def await_all_acknowledged(self, kind: str) -> None:
        """Wait until the app has taken every event of a type that it was told of."""
        self._await_taken(lambda event: event.get("type") == kind)

    def _await_taken(self, meant: Callable[[Json], bool]) -> None:
        told = self.workspace.wait_for(
            lambda: {d.key for d in self.workspace.deliveries if meant(d.payload.get("event", {}))}
        )
        self.workspace.wait_for(lambda: told <= {ack.delivery.key for ack in self.workspace.acks})


@contextmanager
def live(
    engine: Engine,
    folder: Path,
    sandbox: Sandbox | str,
    script: Script,
    *,
    workspaces: Path,
    **changed: Any,
) -> Iterator[Live]:
    """The product at work, for as long as this is open. `workspaces` is the sandbox's folder, `changed` are
    settings."""
    chosen = Settings(port=0, oxbow_data_dir=folder).model_copy(update=changed)
    model, stopping = ScriptModel(script), Event()
    secrets = secret_mask()
    with engines(engine) as connections, local_workspace(chosen) as (settings, workspace):
        slack = slack_side(settings, engine, paced=False)
        remembering = build_remembering(settings, connections, HashingEmbedder(), slack, secrets)
        with (
            working(
                settings, slack, connections, remembering, secrets, model=model, sandbox=sandbox
            ) as worker,
            listening(settings, slack, connections, remembering, secrets),
        ):
            serving = Thread(target=worker.serve, args=(stopping,), name="worker")
            serving.start()
            try:
                yield Live(
                    workspace=workspace,
                    engine=engine,
                    background=connections.background,
                    log=SessionLog(engine),
                    model=model,
                    workspaces=workspaces,
                )
            finally:
                stopping.set()
                serving.join()
                worker.drain(DRAIN_SECONDS)
