"""Mentions that were made while nobody listened, or nothing was heard, are found, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from slack_sdk import WebClient
from sqlalchemy import Engine

from bot.slack.gate import Gate
from bot.slack.hearing.catch_up import CatchUp, said_in_public
from bot.slack.hearing.correcting import Correcting
from bot.slack.hearing.listener import Identity, Listener
from bot.slack.replies import Replies
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.log.events import MessageReceived
from memory.log.session_log import SessionLog
from memory.solutions.corrections import Corrections
from memory.workspaces.channels import Channels
from memory.workspaces.listening import Listening
from tests.support.secrets import secret_mask
from tests.support.waiting import eventually


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as workspace:
        yield workspace


class Start:
    """One start of the listening side, without its live connection."""

    def __init__(self, workspace: LocalWorkspace, engine: Engine) -> None:
        web = SlackWeb(WebClient(workspace.bot_token, base_url=workspace.api_url))
        gate = Gate(web, Channels(engine), TEAM)
        self.later = ThreadPoolExecutor(max_workers=1)
        self.listening = Listening(engine)
        listener = Listener(
            identity=Identity(team=TEAM, user=OXBOW),
            log=SessionLog(engine),
            gate=gate,
            web=web,
            replies=Replies(web, gate),
            correcting=Correcting(team=TEAM, web=web, corrections=Corrections(engine)),
            secrets=secret_mask(),
            later=self.later,
        )
        self.catch_up = CatchUp(team=TEAM, web=web, listener=listener, listening=self.listening)

    def run(self) -> None:
        """Catch up to the end, which the mark that somebody listens shows."""
        before = self.listening.gap(TEAM)
        self.catch_up.start(lambda: True)
        eventually(lambda: self.listening.gap(TEAM) not in (None, before) and self._marked(before))
        self.catch_up.stop()
        self.later.shutdown()

    def _marked(self, before: object) -> bool:
        gap = self.listening.gap(TEAM)
        return gap is not None and (before is None or gap[0] != before[0])  # type: ignore[index]


def heard(engine: Engine) -> list[str]:
    log = SessionLog(engine)
    return [
        event.event.text
        for row in log.sessions()
        for event in log.read(row.session)
        if isinstance(event.event, MessageReceived)
    ]


def test_the_first_start_looks_at_nothing_old(workspace: LocalWorkspace, engine: Engine) -> None:
    workspace.post("ada", "general", "@Oxbow long before you came")
    Start(workspace, engine).run()
    assert heard(engine) == []


def test_a_mention_made_while_nobody_listened_is_heard_once(
    workspace: LocalWorkspace, engine: Engine
) -> None:
    Start(workspace, engine).run()
    workspace.post("ada", "general", "@Oxbow the build is red")
    workspace.post("ada", "general", "just talking")
    Start(workspace, engine).run()
    assert heard(engine) == ["the build is red"]
    Start(workspace, engine).run()
    assert heard(engine) == ["the build is red"]


def test_replies_in_a_session_that_moved_lately_are_heard_too(
    workspace: LocalWorkspace, engine: Engine
) -> None:
    Start(workspace, engine).run()
    thread = workspace.post("ada", "general", "@Oxbow the build is red")
    Start(workspace, engine).run()
    workspace.post("ada", "general", "only on Mondays", thread)
    Start(workspace, engine).run()
    assert heard(engine) == ["the build is red", "only on Mondays"]


def test_a_mention_in_a_thread_that_began_meanwhile_is_heard_too(
    workspace: LocalWorkspace, engine: Engine
) -> None:
    Start(workspace, engine).run()
    thread = workspace.post("ada", "general", "the build is red")
    workspace.post("bruno", "general", "@Oxbow can you look?", thread)
    Start(workspace, engine).run()
    assert heard(engine) == ["can you look?"]


def test_private_places_are_not_looked_at(workspace: LocalWorkspace, engine: Engine) -> None:
    Start(workspace, engine).run()
    workspace.post("ada", "salaries", "@Oxbow raise mine")
    Start(workspace, engine).run()
    assert heard(engine) == []
    assert workspace.channel_id("salaries") not in {
        call.arguments.get("channel") for call in workspace.calls_of("conversations.history")
    }


def test_a_limit_of_slack_is_waited_for(workspace: LocalWorkspace, engine: Engine) -> None:
    Start(workspace, engine).run()
    workspace.post("ada", "general", "@Oxbow the build is red")
    workspace.rate_limit_next("conversations.history", 1)
    Start(workspace, engine).run()
    assert heard(engine) == ["the build is red"]


def test_a_gap_that_was_not_read_to_its_end_is_read_again(workspace: LocalWorkspace, engine: Engine) -> None:
    Start(workspace, engine).run()
    workspace.post("ada", "general", "@Oxbow the build is red")
    workspace.rate_limit_next("users.conversations", 60)
    ended_early = Start(workspace, engine)
    ended_early.catch_up.start(lambda: True)
    eventually(lambda: workspace.calls_of("users.conversations"))
    ended_early.catch_up.stop()
    ended_early.later.shutdown()
    assert heard(engine) == []
    Start(workspace, engine).run()
    assert heard(engine) == ["the build is red"]


def test_what_was_said_in_a_silence_is_read_though_somebody_else_listened(
    workspace: LocalWorkspace, engine: Engine
) -> None:
    Start(workspace, engine).run()
    deaf = Start(workspace, engine)
    deaf.run()
    workspace.post("ada", "general", "@Oxbow the build is red")
    deaf.listening.touch(TEAM)
    running = Start(workspace, engine)
    running.catch_up.start(lambda: True)
    running.catch_up.look_back(3_600.0)
    eventually(lambda: heard(engine) == ["the build is red"])
    running.catch_up.stop()
    running.later.shutdown()


def test_a_connection_that_hears_nothing_leaves_no_mark(workspace: LocalWorkspace, engine: Engine) -> None:
    Start(workspace, engine).run()
    before = Start(workspace, engine).listening.gap(TEAM)
    deaf = Start(workspace, engine)
    deaf.catch_up.start(lambda: False)
    workspace.wait_for(lambda: len(workspace.calls_of("users.conversations")) == 1)
    deaf.catch_up.stop()
    deaf.later.shutdown()
    after = deaf.listening.gap(TEAM)
    assert before is not None
    assert after is not None
    assert after[0] == before[0]


def test_a_channel_that_slack_does_not_tell_of_is_waited_for(
    workspace: LocalWorkspace, engine: Engine
) -> None:
    Start(workspace, engine).run()
    workspace.post("ada", "general", "@Oxbow the build is red")
    workspace.rate_limit_next("conversations.info", 1)
    workspace.rate_limit_next("users.conversations", 1)
    Start(workspace, engine).run()
    assert heard(engine) == ["the build is red"]


def test_what_was_said_before_a_channel_was_made_public_is_not_heard() -> None:
    newest_first = [
        {"ts": "3.0", "text": "@Oxbow after"},
        {"ts": "2.0", "subtype": "channel_convert_to_public"},
        {"ts": "1.0", "text": "@Oxbow among ourselves"},
    ]
    assert said_in_public(newest_first) == [{"ts": "3.0", "text": "@Oxbow after"}]
