"""Slack's limits on how often a method may be called, as the local workspace counts them."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bot.workspace.errors import RateLimited
from bot.workspace.local import LocalWorkspace
from bot.workspace.rates import SLACK, Rate, Rates
from tests.workspace.fixtures import web_client

TWO_A_MINUTE = {"chat.update": Rate(calls=2), "chat.postMessage": Rate(calls=2, per_channel=True)}


def count(rates: Rates, *calls: tuple[str, str, float]) -> int | None:
    """The seconds to wait that the last of the calls is told, if it is refused."""
    *before, last = calls
    for call in before:
        rates.count(*call)
    try:
        rates.count(*last)
    except RateLimited as refusal:
        return refusal.retry_after
    return None


UPDATE, POST = "chat.update", "chat.postMessage"


@pytest.mark.parametrize(
    ("calls", "wait"),
    [
        (((UPDATE, "C1", 0.0), (UPDATE, "C1", 1.0)), None),
        (((UPDATE, "C1", 0.0), (UPDATE, "C2", 1.0), (UPDATE, "C3", 2.5)), 58),
        (((UPDATE, "C1", 0.0), (UPDATE, "C1", 1.0), (UPDATE, "C1", 60.0)), None),
        (((POST, "C1", 0.0), (POST, "C1", 1.0), (POST, "C2", 2.0)), None),
        (((POST, "C1", 0.0), (POST, "C1", 1.0), (POST, "C1", 2.0)), 58),
        (((UPDATE, "C1", 0.0), (UPDATE, "C1", 1.0), (POST, "C1", 2.0)), None),
        (tuple(("auth.test", "", 0.0) for _ in range(100)), None),
    ],
    ids=[
        "up to the limit",
        "beyond it, in whatever channel",
        "after a minute",
        "posts in another channel",
        "posts in one channel",
        "another method",
        "a method without a limit",
    ],
)
def test_a_call_is_refused_with_the_seconds_to_wait(
    calls: tuple[tuple[str, str, float], ...], wait: int | None
) -> None:
    assert count(Rates(TWO_A_MINUTE), *calls) == wait


def test_a_refused_call_does_not_count() -> None:
    rates = Rates({UPDATE: Rate(calls=1)})
    assert count(rates, (UPDATE, "C1", 0.0)) is None
    assert [count(rates, (UPDATE, "C1", at)) for at in (30.0, 59.0, 60.0)] == [30, 1, None]


def test_a_workspace_that_enforces_slacks_limits_answers_429() -> None:
    with LocalWorkspace(rates=SLACK) as workspace:
        client = web_client(workspace)
        for _ in range(SLACK["chat.postMessage"].calls):
            client.chat_postMessage(channel="C0GENERAL1", text="hello")
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel="C0GENERAL1", text="hello")
    assert refused.value.response.status_code == 429
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= SLACK["chat.postMessage"].seconds
