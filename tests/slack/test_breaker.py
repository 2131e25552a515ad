"""A token that is refused for good is not tried for ever, and work goes on when it is accepted again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.slack.breaker import PARKED, Breaker
from bot.slack.errors import GONE, TokenRefused
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace


@pytest.fixture(scope="module")
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as workspace:
        yield workspace


@pytest.mark.parametrize("error", sorted(GONE))
def test_after_a_refusal_no_call_leaves_the_process(workspace: LocalWorkspace, error: str) -> None:
    web = SlackWeb(WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[]))
    workspace.fail_next("auth.test", error)
    with pytest.raises(TokenRefused):
        web.call("auth.test")
    made = len(workspace.calls)
    with pytest.raises(TokenRefused) as parked:
        web.call("auth.test")
    assert len(workspace.calls) == made
    assert 0 < parked.value.delay <= PARKED


def test_one_call_looks_again_after_a_while_and_opens_the_way() -> None:
    clock = [0.0]
    breaker = Breaker(lambda: clock[0])
    breaker.pass_through()
    breaker.refused(TokenRefused("Slack answered account_inactive", delay=60.0))
    clock[0] = PARKED
    breaker.pass_through()
    with pytest.raises(TokenRefused):
        breaker.pass_through()
    breaker.accepted()
    breaker.pass_through()
    breaker.pass_through()
