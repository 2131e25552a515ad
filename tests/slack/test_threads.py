"""Reading a thread that Oxbow is called into, where Slack allows little."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from sqlalchemy import Engine

from bot.brain.conversation import before
from bot.slack.gate import Gate
from bot.slack.hearing.threads import Threads
from bot.slack.people import People
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from bot.workspace.rates import DISTRIBUTED
from memory.log.session_log import ThreadAddress
from memory.workspaces.channels import Channels
from tests.support.secrets import secret_mask


@pytest.mark.parametrize(("replies", "stated"), [(40, True), (9, False)])
def test_of_a_thread_that_slack_gives_fifteen_messages_of_a_minute_the_rest_is_said_to_be_missing(
    engine: Engine, replies: int, stated: bool
) -> None:
    with LocalWorkspace(rates=DISTRIBUTED) as workspace:
        web = SlackWeb(WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[]))
        gate = Gate(web, Channels(engine), TEAM)
        threads = Threads(web, gate, People(web, TEAM), secret_mask(), OXBOW)
        root = workspace.post("bruno", "general", "the root")
        for number in range(replies):
            workspace.post("bruno", "general", f"reply {number}", root)
        call = workspace.post("ada", "general", "@Oxbow look", root)
        channel = workspace.channel_id("general")
        read = threads.read(ThreadAddress(team=TEAM, channel=channel, thread=root), call)
    assert len(read.messages) == min(15, replies + 1)
    assert (
        "(only its first 15 messages are here, Slack allows no more of them now)" in before(read)
    ) == stated
