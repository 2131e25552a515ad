"""Two whole processes on one app and one database: Slack tells either of them, and the work is done once."""

from __future__ import annotations

from pathlib import Path

from bot.workspace.local import LocalWorkspace
from memory.events import Json
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text
from tests.support.processes import running
from tests.support.served import answers, settings

THREADS = 12


def script(request: Json) -> Answer:
    return Reply(blocks=[text("Heard.")])


def said(slack: LocalWorkspace, threads: list[str]) -> list[list[str]]:
    return [answers(slack, "general", thread) for thread in threads]


def test_every_thread_is_answered_once_and_followed_by_either(
    slack: LocalWorkspace, tmp_path: Path, database_url: str
) -> None:
    with MessagesApi(script) as model:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        with (
            running(tmp_path / "first", "serve", **chosen),
            running(tmp_path / "second", "serve", **chosen),
        ):
            slack.wait_for(lambda: slack.connected == 2)
            threads = [slack.post("ada", "general", f"@Oxbow question {n}") for n in range(THREADS)]
            slack.wait_for(lambda: said(slack, threads) == [["Heard."]] * THREADS, timeout=60.0)
            for thread in threads:
                slack.post("ada", "general", "and then?", thread)
            slack.wait_for(lambda: said(slack, threads) == [["Heard.", "Heard."]] * THREADS, timeout=60.0)
        assert len(model.journal) == 2 * THREADS
