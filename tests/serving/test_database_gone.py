"""The database server dies under a running product: the work goes on when it is back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bot.workspace.local import LocalWorkspace
from memory.log.events import Json
from memory.postgres.server import EmbeddedPostgres
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text, tool_use
from tests.support.processes import running
from tests.support.served import answers, in_workspaces, settings
from tests.support.waiting import eventually

COMMAND = "echo counted >> counter; until [ -e go ]; do sleep 0.1; done; wc -l < counter"


def script(request: Json) -> Answer:
    """Counts once and tells the count."""
    last = request["messages"][-1]["content"][0]
    if last["type"] != "tool_result":
        return Reply(blocks=[tool_use(1, "bash", command=COMMAND)])
    return Reply(blocks=[text(f"Counted {last['content'][0]['text'].strip()}.")])


def test_the_included_server_is_killed_and_the_thread_is_answered_once(
    slack: LocalWorkspace, tmp_path: Path
) -> None:
    with MessagesApi(script) as model:
        chosen = settings(slack, model, tmp_path) | {"SLACK_APP_TOKEN": slack.app_token}
        with running(tmp_path / "log", "serve", **chosen) as oxbow:
            thread = slack.post("ada", "general", "@Oxbow count")
            [counter] = eventually(lambda: in_workspaces(tmp_path, "counter"))
            server = EmbeddedPostgres(tmp_path / "data" / "postgres")
            killed = server.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            counter.with_name("go").touch()
            eventually(lambda: server.pid not in (None, killed), within=30.0)
            slack.wait_for(lambda: answers(slack, "general", thread), timeout=60.0)
            again = slack.post("ada", "general", "@Oxbow count again")
            slack.wait_for(lambda: len(in_workspaces(tmp_path, "counter")) == 2, timeout=60.0)
            for place in in_workspaces(tmp_path, "counter"):
                place.with_name("go").touch()
            slack.wait_for(lambda: answers(slack, "general", again), timeout=60.0)
            oxbow.send(signal.SIGTERM)
            assert oxbow.wait() == 0, oxbow.said
        assert answers(slack, "general", thread) == ["Counted 1."]
        assert answers(slack, "general", again) == ["Counted 1."]
        assert server.pid is None
