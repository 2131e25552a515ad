"""The websocket to Slack falls silent while the product runs, and somebody asks meanwhile."""

from __future__ import annotations

from pathlib import Path

from bot.workspace.delivery import DeliveryRules
from bot.workspace.local import LocalWorkspace
from memory.log.events import Json
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text
from tests.support.processes import running
from tests.support.served import answers, settings

LATE = DeliveryRules(retry_delays=(0.0, 30.0, 15.0))
"""The first retry goes into the silence too; a later one comes after it was noticed."""


def script(request: Json) -> Answer:
    return Reply(blocks=[text("Heard.")])


def delivered_again(slack: LocalWorkspace, ts: str) -> set[str]:
    """The kinds of retries about a message that were acknowledged."""
    told = [ack.delivery for ack in slack.acks if ack.delivery.payload.get("event", {}).get("ts") == ts]
    return {delivery.type for delivery in told if delivery.attempt}


def test_a_mention_made_in_the_silence_is_read_when_it_ends_and_answered_once(
    tmp_path: Path, database_url: str
) -> None:
    with LocalWorkspace(rules=LATE) as slack, MessagesApi(script) as model:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        with running(tmp_path / "log", "serve", **chosen) as oxbow:
            slack.silence_connections()
            thread = slack.post("ada", "general", "@Oxbow are you there?")
            slack.wait_for(lambda: answers(slack, "general", thread), timeout=60.0)
            slack.wait_for(lambda: delivered_again(slack, thread) == {"app_mention", "message"}, timeout=60.0)
            slack.post("ada", "general", "and now?", thread)
            slack.wait_for(lambda: len(answers(slack, "general", thread)) == 2, timeout=60.0)
            assert "Traceback" not in oxbow.said, oxbow.said
            assert "WARNING" not in oxbow.said, oxbow.said
        assert len(model.journal) == 2
