"""Faults that a test can order."""

from __future__ import annotations

from http.client import RemoteDisconnected

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workspace.local import LocalWorkspace

GENERAL = "C0GENERAL1"


def test_a_lost_response_leaves_the_message_in_the_channel(
    workspace: LocalWorkspace, client: WebClient
) -> None:
    workspace.lose_next_response("chat.postMessage")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        client.chat_postMessage(channel=GENERAL, text="hello")
    assert [message["text"] for message in workspace.messages("general")] == ["hello"]


def test_a_lost_request_leaves_nothing(workspace: LocalWorkspace, client: WebClient) -> None:
    workspace.lose_next_request("chat.postMessage")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        client.chat_postMessage(channel=GENERAL, text="hello")
    assert workspace.messages("general") == []


def test_a_failure_is_met_once(workspace: LocalWorkspace, client: WebClient) -> None:
    workspace.fail_next("chat.postMessage", "internal_error")
    with pytest.raises(SlackApiError, match="internal_error"):
        client.chat_postMessage(channel=GENERAL, text="hello")
    assert client.chat_postMessage(channel=GENERAL, text="hello")["ok"]


def test_a_rate_limit_says_how_long_to_wait(workspace: LocalWorkspace, client: WebClient) -> None:
    workspace.rate_limit_next("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=GENERAL, text="hello")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"


def test_faults_are_met_in_their_order_and_by_their_method_alone(
    workspace: LocalWorkspace, client: WebClient
) -> None:
    workspace.fail_next("chat.postMessage", "internal_error")
    workspace.fail_next("chat.postMessage", "fatal_error")
    assert client.auth_test()["ok"]
    for expected in ("internal_error", "fatal_error"):
        with pytest.raises(SlackApiError, match=expected):
            client.chat_postMessage(channel=GENERAL, text="hello")


def test_a_slow_response_is_the_response(workspace: LocalWorkspace, client: WebClient) -> None:
    workspace.slow_next_response("chat.postMessage", seconds=0.05)
    assert client.chat_postMessage(channel=GENERAL, text="hello")["ok"]


def test_the_journal_keeps_calls_without_the_token(workspace: LocalWorkspace, client: WebClient) -> None:
    client.chat_postMessage(channel=GENERAL, text="hello")
    call = workspace.calls_of("chat.postMessage")[0]
    assert call.arguments["text"] == "hello"
    assert call.answer["ok"]
    assert workspace.bot_token not in str(call)


def test_waiting_for_what_does_not_come_fails(workspace: LocalWorkspace) -> None:
    with pytest.raises(TimeoutError):
        workspace.wait_for(lambda: workspace.calls, timeout=0.05)
