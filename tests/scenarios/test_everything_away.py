"""Everything that a turn needs is away at once: what is asked is kept, people are told, it is done later."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.compose import build_remembering, listening, working
from bot.demo.repositories import materialise
from bot.local_slack import local_workspace
from bot.models import build_model
from bot.settings import Settings
from bot.slack.side import slack_side
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.database import engines
from memory.embedding.embedder import HashingEmbedder, ProcessEmbedder
from memory.log.events import Event as Happening
from memory.log.events import Json, MessageReceived, SolutionIndexed, SolutionsRecalled
from memory.log.session_log import SessionLog, ThreadAddress
from sandbox.port import Sandbox
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text, tool_use
from tests.support.processes import free_port
from tests.support.product import key
from tests.support.secrets import secret_mask
from tests.support.waiting import eventually

E = TypeVar("E", bound=Happening)


@contextmanager
def killed(embedder: ProcessEmbedder, back: Event) -> Iterator[None]:
    """Until it is back, the embedder's process is killed whenever it starts."""

    def kill() -> None:
        while not back.wait(0.005):
            if (process := embedder.process_id) is not None:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    killer = Thread(target=kill, name="killer")
    killer.start()
    try:
        yield
    finally:
        back.set()
        killer.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """What is away, and how each comes back."""

    slack: LocalWorkspace
    log: SessionLog
    thread: str
    origins: Path
    workspaces: Path
    embedder_back: Event
    model_port: int

    @property
    def events(self) -> list[Happening]:
        address = ThreadAddress(team=TEAM, channel=self.slack.channel_id("general"), thread=self.thread)
        state = self.log.thread_state(address)
        return [] if state is None else [recorded.event for recorded in self.log.read(state.session)]

    def said(self, kind: str) -> list[str]:
        """The bot's posts in the thread whose key begins with the kind."""
        posts = self.slack.messages("general", self.thread)
        return [p["text"] for p in posts if p.get("user") == OXBOW and key(p).split(":")[0] == kind]

    def await_progress(self, words: str) -> None:
        eventually(lambda: any(words in said for said in self.said("progress")), within=40.0)

    def await_event(self, kind: type[E]) -> E:
        return eventually(lambda: [e for e in self.events if isinstance(e, kind)], within=60.0)[-1]


def script(request: Json) -> Answer:
    """Runs one command in the repository and answers with its output."""
    last = request["messages"][-1]["content"][0]
    if last["type"] != "tool_result":
        return Reply(blocks=[tool_use(1, "bash", command="ls README.md")])
    return Reply(blocks=[text(f"There is {last['content'][0]['text'].strip()}.")])


@pytest.fixture
def away(engine: Engine, tmp_path: Path, sandbox: Sandbox, workspaces: Path) -> Iterator[Away]:
    """A mention made while the model, the Git host, the sandbox and the embedder are all away."""
    origins = tmp_path / "origins"
    addresses = [address for address in materialise(origins) if "log-rotate" in address]
    port, back = free_port(), Event()
    settings = Settings(
        port=0,
        oxbow_data_dir=tmp_path / "data",
        oxbow_repositories=tuple(addresses),
        anthropic_api_key=SecretStr(KEY),
        anthropic_base_url=f"http://127.0.0.1:{port}",
    )
    origins.rename(moved(origins))
    (workspaces / "sessions").rename(moved(workspaces / "sessions"))
    with at_work(settings, engine, sandbox, back) as (slack, log):
        thread = slack.post("ada", "general", "@Oxbow what is in log-rotate?")
        yield Away(
            slack=slack,
            log=log,
            thread=thread,
            origins=origins,
            workspaces=workspaces / "sessions",
            embedder_back=back,
            model_port=port,
        )


def moved(folder: Path) -> Path:
    """Where a folder is while it is away."""
    return folder.with_name(f"{folder.name}-away")


@contextmanager
def at_work(
    settings: Settings, engine: Engine, sandbox: Sandbox, back: Event
) -> Iterator[tuple[LocalWorkspace, SessionLog]]:
    """The product as serving composes it."""
    secrets, stopping = secret_mask(), Event()
    with (
        ProcessEmbedder(HashingEmbedder) as embedder,
        killed(embedder, back),
        local_workspace(settings) as (chosen, workspace),
        engines(engine) as connections,
    ):
        slack = slack_side(chosen, engine, paced=False)
        remembering = build_remembering(settings, connections, embedder, slack, secrets)
        model = build_model(chosen)
        with (
            working(chosen, slack, connections, remembering, secrets, model=model, sandbox=sandbox) as worker,
            listening(chosen, slack, connections, remembering, secrets),
        ):
            serving = Thread(target=worker.serve, args=(stopping,), name="worker")
            serving.start()
            try:
                yield workspace, SessionLog(engine)
            finally:
                stopping.set()
                serving.join()
                worker.drain(10.0)


def test_what_is_asked_while_everything_is_away_is_kept_told_and_done_later(away: Away) -> None:
    # The thread sees at once that it was heard, and for what it waits.
    away.slack.wait_for(
        lambda: [r["name"] for r in away.slack.message("general", away.thread).get("reactions", [])]
    )
    away.await_event(MessageReceived)
    away.await_progress("The model does not answer; I ask again by myself (try 3)")
    assert away.await_event(SolutionsRecalled).hits == ()
    with MessagesApi(script, port=away.model_port) as model:
        away.await_progress("Waiting: the repository log-rotate cannot be read")
        moved(away.origins).rename(away.origins)
        away.await_progress("is not there")
        moved(away.workspaces).rename(away.workspaces)
        eventually(lambda: away.said("answer"), within=60.0)
        assert away.said("answer") == ["There is README.md."]
        assert [e for e in away.events if isinstance(e, SolutionIndexed)] == []
        away.embedder_back.set()
        assert away.await_event(SolutionIndexed).kept
        assert len(model.journal) == 2
    assert away.said("answer") == ["There is README.md."]
