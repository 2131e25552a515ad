"""The listening side against the local workspace and a real log, without a connection between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from slack_sdk import WebClient
from sqlalchemy import Engine, text

from bot.slack.app import CHANNEL_EVENTS
from bot.slack.gate import Gate
from bot.slack.hearing.correcting import Correcting
from bot.slack.hearing.listener import Identity, Listener
from bot.slack.replies import Replies
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.log.events import Event, Json, Received
from memory.log.session_log import SessionLog, ThreadAddress
from memory.solutions.corrections import Corrections
from memory.workspaces.channels import Channels
from tests.support.secrets import secret_mask

T = TypeVar("T")


class AtOnce(Executor):
    """Does everything in the caller's thread."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass
class Slack:
    """What people do, and what the listener makes of it once `hear` has brought it there."""

    workspace: LocalWorkspace
    engine: Engine
    web: SlackWeb
    gate: Gate
    log: SessionLog
    replies: Replies
    listener: Listener
    brought: set[str] = field(default_factory=set)

    def new_events(self) -> list[Json]:
        """The events that were not brought yet, in the order of their first delivery."""
        marker = self.workspace.post("deploybot", "general", "that was all")

        def told() -> dict[str, Json]:
            return {delivery.key: delivery.payload["event"] for delivery in self.workspace.deliveries}

        self.workspace.wait_for(lambda: any(event.get("ts") == marker for event in told().values()))
        new = {key: event for key, event in told().items() if key not in self.brought}
        self.brought.update(new)
        return [event for event in new.values() if event.get("ts") != marker]

    def hear(self, *, backwards: bool = False) -> None:
        """Bring everything that happened to the listener, as the app does."""
        events = self.new_events()
        for event in reversed(events) if backwards else events:
            if event["type"] in ("message", "app_mention"):
                self.listener.message(event)
            elif event["type"] == "reaction_added":
                self.listener.reaction(event)
            elif event["type"] == "agent_session_stopped":
                self.listener.native_stop(event)
            elif event["type"] in CHANNEL_EVENTS:
                self.listener.channel_changed(str(event["channel"]))

    def address(self, channel: str, thread: str) -> ThreadAddress:
        return ThreadAddress(team=TEAM, channel=self.workspace.channel_id(channel), thread=thread)

    def received(self, channel: str, thread: str) -> list[Event]:
        """What the log of the thread holds, without its opening."""
        state = self.log.thread_state(self.address(channel, thread))
        return [] if state is None else [entry.event for entry in self.log.read(state.session)][1:]

    def give(self, channel: str, thread: str, *events: Received) -> None:
        """Put something into the log of a thread."""
        self.log.receive(self.address(channel, thread), events, delivery_key=f"given:{events}")

    def rows(self) -> dict[str, int]:
        """The number of rows of every table that has any."""
        with self.engine.connect() as connection:
            tables = connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            ).scalars()
            counts = {
                table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one()
                for table in tables
                if table != "alembic_version"
            }
        return {table: count for table, count in counts.items() if count}

    def said(self, channel: str) -> list[str]:
        """What Oxbow wrote in a channel and its threads."""
        return [
            message["text"]
            for root in self.workspace.messages(channel)
            for message in self.workspace.messages(channel, root["ts"])
            if message.get("user") == OXBOW
        ]


@pytest.fixture
def slack(engine: Engine) -> Iterator[Slack]:
    """A workspace, a log, and the listener between them."""
    with LocalWorkspace() as workspace:
        client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
        web = SlackWeb(client)
        gate = Gate(web, Channels(engine), TEAM)
        log, replies = SessionLog(engine), Replies(web, gate)
        listener = Listener(
            identity=Identity(team=TEAM, user=OXBOW),
            log=log,
            gate=gate,
            web=web,
            replies=replies,
            correcting=Correcting(team=TEAM, web=web, corrections=Corrections(engine)),
            secrets=secret_mask(),
            later=AtOnce(),
        )
        yield Slack(
            workspace=workspace,
            engine=engine,
            web=web,
            gate=gate,
            log=log,
            replies=replies,
            listener=listener,
        )
