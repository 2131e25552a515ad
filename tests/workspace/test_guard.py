"""Nobody else's web page may drive the workspace."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from bot.workspace.local import LocalWorkspace


def status(workspace: LocalWorkspace, method: str, path: str, headers: dict[str, str], body: str = "") -> int:
    address = urlsplit(workspace.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    connection.request(method, path, body, headers)
    answered = connection.getresponse().status
    connection.close()
    return answered


def post_status(workspace: LocalWorkspace, headers: dict[str, str]) -> int:
    body = json.dumps({"user": "ada", "channel": "general", "text": "hello"})
    return status(workspace, "POST", "/workspace/api/post", headers, body)


@pytest.mark.parametrize("path", ["/", "/api/auth.test", "/workspace/api/scene", "/workspace/events"])
def test_a_foreign_host_is_refused(workspace: LocalWorkspace, path: str) -> None:
    assert status(workspace, "GET", path, {"Host": "rebound.example"}) == 403


def test_the_own_page_may_post(workspace: LocalWorkspace) -> None:
    headers = {"Content-Type": "application/json", "Origin": workspace.url}
    assert post_status(workspace, headers) == 200
    assert [message["text"] for message in workspace.messages("general")] == ["hello"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json", "Origin": "https://elsewhere.example"},
        {"Content-Type": "application/json", "Origin": "null"},
        {"Content-Type": "text/plain"},
    ],
    ids=["a foreign origin", "a hidden origin", "a form"],
)
def test_a_foreign_page_may_not_post(workspace: LocalWorkspace, headers: dict[str, str]) -> None:
    assert post_status(workspace, headers) == 403
    assert workspace.messages("general") == []


@pytest.mark.parametrize("path", ["/page/..%2f__init__.py", "/page/nothing.js", "/page/%2e%2e"])
def test_only_files_of_the_page_are_served(workspace: LocalWorkspace, path: str) -> None:
    assert status(workspace, "GET", path, {}) == 404


def test_a_websocket_needs_a_ticket(workspace: LocalWorkspace) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    assert status(workspace, "GET", "/socket?ticket=guessed", upgrade) == 403
