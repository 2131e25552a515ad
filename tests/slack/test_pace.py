"""What is asked of Slack stays within its limits, whoever of the processes asks."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from sqlalchemy import Engine

from bot.slack.errors import SlackBusy
from bot.slack.pace import ALLOWANCES, PER_CHANNEL, SharedPace
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import TEAM
from bot.workspace.rates import SLACK
from memory.workspaces.allowances import Allowances
from tests.slack.test_contract import called

HUNDREDS = 600


@pytest.mark.parametrize("method", ALLOWANCES)
def test_a_burst_and_what_refills_stay_within_slacks_window(method: str) -> None:
    limit, allowance = SLACK[method], ALLOWANCES[method]
    assert allowance.burst + limit.seconds / allowance.every <= limit.calls
    assert limit.per_channel == (method in PER_CHANNEL)


def test_every_method_that_slack_allows_less_than_hundreds_of_times_is_paced() -> None:
    # A socket is opened by the SDK, once in minutes.
    seldom = {method for method in called() if SLACK[method].calls < HUNDREDS} - {"apps.connections.open"}
    assert seldom == set(ALLOWANCES)


def test_two_processes_together_ask_no_more_than_slack_allows(engine: Engine) -> None:
    with LocalWorkspace(rates=SLACK) as workspace:
        client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
        webs = [SlackWeb(client, pace=SharedPace(Allowances(engine, TEAM))) for _ in range(2)]
        general = workspace.channel_id("general")
        for number in range(ALLOWANCES["conversations.list"].burst):
            webs[number % 2].call("conversations.list")
        with pytest.raises(SlackBusy, match=r"conversations\.list is called too often already"):
            webs[0].call("conversations.list")
        assert webs[0].call("conversations.info", channel=general)["channel"]["name"] == "general"
        assert all(call.answer["ok"] for call in workspace.calls)


def test_what_slack_asks_one_process_to_wait_all_wait(engine: Engine) -> None:
    with LocalWorkspace() as workspace:
        client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
        webs = [SlackWeb(client, pace=SharedPace(Allowances(engine, TEAM))) for _ in range(2)]
        workspace.rate_limit_next("users.info", 30)
        for web in webs:
            with pytest.raises(SlackBusy) as busy:
                web.call("users.info", user="U0ADA00001")
            assert 20 < busy.value.delay <= 30
        assert len(workspace.calls_of("users.info")) == 1
