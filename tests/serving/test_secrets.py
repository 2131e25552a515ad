"""The secrets of the process stay in it, whatever a command looks for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url

from bot.workspace.local import LocalWorkspace
from memory.events import Json, ToolFinished
from memory.log import SessionLog
from tests.support.databases import connected
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text, tool_use
from tests.support.processes import running
from tests.support.served import answers, settings
from tests.support.waiting import eventually

LOOK = (
    "env; set; cat /proc/*/environ /proc/*/cmdline 2>&1 | tr '\\0' '\\n'; "
    "grep -rs -e sk- -e xoxb- -e xapp- -e postgresql / --include='*' --exclude-dir=usr --exclude-dir=sys "
    "--exclude-dir=proc | head -c 20000; ls -la / /root /home /tmp 2>&1"
)
PLANTED = "sk-planted-secret-0123456789"


def script(request: Json) -> Answer:
    """Looks everywhere and repeats what it saw."""
    last = request["messages"][-1]["content"][0]
    if last["type"] != "tool_result":
        return Reply(blocks=[tool_use(1, "bash", command=LOOK)])
    return Reply(blocks=[text(f"I saw this:\n\n{last['content'][0]['text']}")])


def test_no_secret_is_in_the_log_the_thread_a_prompt_or_what_a_command_sees(
    slack: LocalWorkspace, tmp_path: Path, database_url: str
) -> None:
    password = make_url(database_url).password
    assert password
    with MessagesApi(script) as model, connected(database_url) as engine:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "DATABASE_URL": database_url,
            "UNRELATED_SECRET": PLANTED,
        }
        with running(tmp_path / "log", "serve", **chosen) as oxbow:
            thread = slack.post("ada", "general", "@Oxbow look around")
            slack.wait_for(lambda: answers(slack, "general", thread), timeout=60.0)
            log = SessionLog(engine)
            eventually(lambda: log.sessions()[0].status == "idle")
        events = [recorded.event for recorded in log.read(log.sessions()[0].session)]
        seen = str([event for event in events if isinstance(event, ToolFinished)])
        assert "HOME=/home/oxbow" in seen, "the command saw an environment, only not the bot's"
        places = {
            "the log": str(events),
            "what the process said": oxbow.said,
            "prompts": str([received.body for received in model.journal]),
            "calls of Slack": str([call.arguments for call in slack.calls]),
        }
        secrets = (KEY, slack.bot_token, slack.app_token, slack.signing_secret, password, PLANTED)
        assert [place for place, said in places.items() if any(secret in said for secret in secrets)] == []
