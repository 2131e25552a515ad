"""A rolling deploy: the version before and the next one, which changes an event, work on one database.

The next version is a copy of the project in which a message has one more field, with its upcast.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workspace.local import LocalWorkspace
from memory.errors import UnknownEvent
from memory.log.codec import type_name
from memory.log.events import Json, MessageReceived
from memory.log.session_log import SessionLog
from tests.support.databases import connected
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text
from tests.support.processes import running
from tests.support.served import answers, settings
from tests.support.trees import copied, replace
from tests.support.waiting import eventually

MESSAGE = '''    """Somebody wrote in the thread, to the session."""

    VERSION: ClassVar[int] = '''

UPCAST = f"""
UPCASTS["message_received", {MessageReceived.VERSION}] = lambda fields: {{**fields, "client": "unknown"}}
"""


def script(request: Json) -> Answer:
    """Tells how many messages of people it was shown."""
    asked = sum(
        block["type"] == "text" and "question" in block["text"]
        for message in request["messages"]
        if message["role"] == "user"
        for block in message["content"]
    )
    return Reply(blocks=[text(f"Shown {asked}.")])


@pytest.fixture
def next_version() -> Iterator[Path]:
    with copied() as tree:
        now = MessageReceived.VERSION
        replace(
            tree / "memory/log/events.py",
            f"{MESSAGE}{now}\n",
            f"{MESSAGE}{now + 1}\n    client: str\n",
        )
        replace(
            tree / "bot/slack/hearing/listener.py",
            "received = MessageReceived(",
            'received = MessageReceived(client="slack",',
        )
        with (tree / "memory/log/codec.py").open("a") as codec:
            codec.write(UPCAST)
        yield tree


def test_both_versions_of_a_rolling_deploy_work_on_one_database_and_nothing_waits_for_its_end(
    slack: LocalWorkspace, tmp_path: Path, database_url: str, next_version: Path
) -> None:
    with MessagesApi(script) as model, connected(database_url) as engine:
        log = SessionLog(engine)
        older = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        newer = older | {"PYTHONPATH": str(next_version)}
        with running(tmp_path / "older-worker", "work", **older) as before:
            with running(tmp_path / "older-listener", "listen", **older):
                thread = slack.post("ada", "general", "@Oxbow question 1")
                slack.wait_for(lambda: answers(slack, "general", thread), timeout=60.0)
                eventually(lambda: log.sessions()[0].status == "idle")
            with running(tmp_path / "newer-listener", "listen", **newer):
                slack.post("ada", "general", "question 2", thread)
                eventually(lambda: "is left to a newer worker" in before.said, within=30.0)
                with pytest.raises(UnknownEvent, match=type_name(MessageReceived)):
                    log.read(log.sessions()[0].session)
                assert answers(slack, "general", thread) == ["Shown 1."]
                with running(tmp_path / "newer-worker", "work", **newer):
                    slack.wait_for(
                        lambda: answers(slack, "general", thread) == ["Shown 1.", "Shown 2."], timeout=60.0
                    )
                assert not before.ended(), before.said
        assert [row.barren_claims for row in log.sessions()] == [0]
