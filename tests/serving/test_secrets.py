"""Secrets planted wherever the bot keeps some are found nowhere after a whole coding session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from bot.forge.plumbing import git
from bot.workspace.local import LocalWorkspace
from memory.log.change_events import ChangeChecked, PullRequestOpened
from memory.log.events import Event, Json, ToolFinished
from memory.log.network_events import NetworkUsed
from memory.log.session_log import SessionLog
from tests.forge.origins import bare, commit, initialised
from tests.support.databases import connected
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text, tool_use
from tests.support.processes import running
from tests.support.served import answers, settings
from tests.support.waiting import eventually
from tests.support.web_host import WebHost, certified, made_certificate

LOOK = (
    "env; set; cat /proc/*/environ /proc/*/cmdline 2>&1 | tr '\\0' '\\n'; ps axww 2>&1;"
    "cat /run/oxbow/* ~/.git-credentials ~/.netrc 2>&1; git config --list --show-origin;"
    "grep -rs -e sk- -e xoxb- -e xapp- -e postgresql -e planted / --exclude-dir=usr --exclude-dir=sys "
    "--exclude-dir=proc | head -c 20000; ls -la / /root /home /tmp 2>&1"
)
ASK = 'curl -sS --noproxy "" -H "Authorization: Bearer $SHOP_TOKEN" http://localhost:{port}/orders'
FIX = "sed -i 's/first/fixed/' file && git commit -qam 'Fix the file' && grep -q fixed file && echo passed"
DECLARED = '[commands]\ntest = "env; grep -q fixed file"\n'

IN_ENVIRONMENT = "sk-planted-secret-0123456789"
IN_CREDENTIALS = "planted-in-the-store-of-git-4711"
AT_PROXY = "planted-at-the-proxy-0815"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[WebHost]:
    """A host that wants a credential, which only the proxy has."""
    with WebHost(certified(made_certificate(tmp_path, "localhost"))) as host:
        yield host


@pytest.fixture
def planted(tmp_path: Path, shop: WebHost) -> dict[str, str]:
    """Settings with a secret in the environment, one in Git's store, and one for the proxy to put in."""
    (tmp_path / ".git-credentials").write_text(f"https://oxbow:{IN_CREDENTIALS}@github.com\n")
    (tmp_path / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    work = initialised(tmp_path / "work")
    commit(work, DECLARED, ".oxbow.toml")
    host = {
        "host": f"localhost:{shop.port}", "private": True, "secrets": {"SHOP_TOKEN": AT_PROXY}
    }  # fmt: skip
    return {
        "OXBOW_REPOSITORIES": bare(tmp_path / "cart.git", work).as_uri(),
        "OXBOW_WRITERS": "cart: U0ADA00001",
        "OXBOW_EGRESS": json.dumps({"cart": [host]}),
        "SSL_CERT_FILE": str(tmp_path / "host.pem.crt"),
        "UNRELATED_SECRET": IN_ENVIRONMENT,
    }


def script(commands: list[str]) -> Iterator[Answer]:
    """Runs the commands one after the other, and says what it saw."""
    for number, command in enumerate(commands, start=1):
        yield Reply(blocks=[tool_use(number, "bash", command=command)])
    yield Reply(blocks=[text("It was wrong, now it is right.")])


def test_no_planted_secret_is_found_anywhere_after_a_whole_coding_session(
    slack: LocalWorkspace, tmp_path: Path, database_url: str, shop: WebHost, planted: dict[str, str]
) -> None:
    password = make_url(database_url).password
    assert password
    says = script([LOOK, ASK.format(port=shop.port), FIX])
    with MessagesApi(lambda _: next(says)) as model, connected(database_url) as engine:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "DATABASE_URL": database_url,
        }
        with running(tmp_path / "log", "serve", **chosen, **planted) as oxbow:
            thread = slack.post("ada", "general", "@Oxbow cart: the file is wrong")
            slack.wait_for(lambda: answers(slack, "general", thread), timeout=60.0)
            eventually(lambda: SessionLog(engine).sessions()[0].status == "idle")
        events = recorded(engine)
        it_was_a_whole_session(events, shop, planted)
        places = {
            "the log": str(events),
            "what the process said": oxbow.said,
            "prompts": str([received.body for received in model.journal]),
            "calls of Slack": str([call.arguments for call in slack.calls]),
            "messages": str(slack.messages("general", thread)),
            "the pull request": git("log", "--all", "-p", cwd=tmp_path / "cart.git"),
            "files": "".join(kept(tmp_path / "data")),
        }
        secrets = (
            *(KEY, slack.bot_token, slack.app_token, slack.signing_secret, password),
            *(IN_ENVIRONMENT, IN_CREDENTIALS, AT_PROXY),
        )
        assert [place for place, said in places.items() if any(secret in said for secret in secrets)] == []


def recorded(engine: Engine) -> list[Event]:
    log = SessionLog(engine)
    return [recorded.event for recorded in log.read(log.sessions()[0].session)]


def it_was_a_whole_session(events: list[Event], shop: WebHost, planted: Json) -> None:
    """What is looked for could have been found: everything that might leak it took place."""
    looked, asked, fixed = [event.output for event in events if isinstance(event, ToolFinished)]
    assert "HOME=/home/oxbow" in looked, "the command saw an environment, only not the bot's"
    assert "SHOP_TOKEN=SHOP_TOKEN" in looked
    assert asked == "hello\n"
    assert [request.headers["Authorization"] for request in shop.asked] == [f"Bearer {AT_PROXY}"]
    assert [
        request.path for event in events if isinstance(event, NetworkUsed) for request in event.requests
    ] == ["/orders"]
    assert fixed == "passed\n"
    assert [run.exit_code for event in events if isinstance(event, ChangeChecked) for run in event.runs] == [
        0
    ]
    assert [event for event in events if isinstance(event, PullRequestOpened)]


def kept(folder: Path) -> Iterator[str]:
    """Every file that the bot keeps: workspaces with their homes, outputs of commands, mirrors, snapshots."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield f"{path}\n{path.read_text(errors='replace')}"
