"""People stop a turn whose worker is another process than the one that hears them, and it stays stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.workspace.local import LocalWorkspace
from memory.log.events import Json, TurnFinished
from memory.log.session_log import SessionLog
from tests.faults.processes import supervisors
from tests.support.databases import connected
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, Silence, text, tool_use
from tests.support.processes import running
from tests.support.served import answers, in_workspaces, settings
from tests.support.waiting import eventually

THINK, RUN = "think for ever", "run for ever"


def script(request: Json) -> Answer:
    """Does for ever what it is asked to, or answers."""
    asked = str(request["messages"])
    if THINK in asked:
        return Silence()
    if RUN in asked:
        return Reply(blocks=[tool_use(1, "bash", command="touch running; sleep 600")])
    return Reply(blocks=[text("Done.")])


@pytest.mark.parametrize("doing", [THINK, RUN])
def test_whatever_runs_ends_and_another_worker_does_not_take_it_up_again(
    slack: LocalWorkspace, tmp_path: Path, database_url: str, doing: str
) -> None:
    with MessagesApi(script) as model, connected(database_url) as engine:
        log = SessionLog(engine)
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        with running(tmp_path / "listener", "listen", **chosen):
            with running(tmp_path / "first", "work", **chosen):
                thread = slack.post("ada", "general", f"@Oxbow {doing}")
                eventually(
                    lambda: model.journal if doing == THINK else in_workspaces(tmp_path, "running"),
                    within=60.0,
                )
                slack.post("bruno", "general", "stop", thread)
                eventually(lambda: log.sessions()[0].status == "idle", within=30.0)
                assert supervisors(tmp_path / "data" / "workspaces") == []
            stopped = log.sessions()[0]
            ends = [entry.event for entry in log.read(stopped.session)]
            assert [end.outcome for end in ends if isinstance(end, TurnFinished)] == ["interrupted"]
            with running(tmp_path / "second", "work", **chosen):
                other = slack.post("ada", "general", "@Oxbow hello")
                slack.wait_for(lambda: answers(slack, "general", other) == ["Done."], timeout=60.0)
            [left] = log.find(str(stopped.session))
            assert (left.head, left.status) == (stopped.head, "idle")
        assert answers(slack, "general", thread) == []
