"""Events over signed HTTP requests, heard by a real Bolt app."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.errors import UrlNotVerified
from bot.workspace.local import LocalWorkspace
from bot.workspace.request_url import RequestUrl
from tests.workspace.fixtures import HttpApp


def test_a_mention_arrives_as_mention_and_as_message(workspace: LocalWorkspace, http_app: HttpApp) -> None:
    workspace.post("ada", "general", "@Oxbow the build is red")
    workspace.wait_for(lambda: len(http_app.events) == 2)
    assert sorted(http_app.heard) == ["app_mention", "message"]


def test_a_forged_signature_is_refused_by_the_app(workspace: LocalWorkspace, http_app: HttpApp) -> None:
    with pytest.raises(UrlNotVerified, match="401"):
        RequestUrl(http_app.url, "another secret").verify(seconds=2.0)


def test_a_request_url_where_nobody_listens_is_refused(workspace: LocalWorkspace) -> None:
    with pytest.raises(UrlNotVerified, match="connection_failed"):
        workspace.use_request_url("http://127.0.0.1:1/slack/events")


def test_a_failed_delivery_is_repeated_with_retry_headers(
    workspace: LocalWorkspace, http_app: HttpApp
) -> None:
    http_app.refusals = 2
    workspace.post("ada", "general", "hello")
    workspace.wait_for(lambda: http_app.events)
    assert http_app.retries == [("1", "http_error"), ("2", "http_error")]


def test_commands_and_their_answers_travel_over_http(workspace: LocalWorkspace, http_app: HttpApp) -> None:
    http_app.bolt.command("/oxbow")(lambda ack, command: ack(f"you said {command['text']}"))
    workspace.command("ada", "general", "search tz & more")
    assert [message["text"] for message in workspace.ephemeral("ada")] == ["you said search tz &amp; more"]


def test_buttons_travel_over_http(workspace: LocalWorkspace, http_app: HttpApp) -> None:
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    posted = http_app.bolt.client.chat_postMessage(
        channel=workspace.channel_id("general"), blocks=[{"type": "actions", "elements": [button]}], text="go"
    )
    clicked: list[str] = []

    @http_app.bolt.action("go")
    def note(ack: Any, body: dict[str, Any]) -> None:
        clicked.append(body["user"]["id"])
        ack()

    assert workspace.click("bruno", "general", posted["ts"], "go").error is None
    assert clicked == [workspace.user_id("bruno")]
