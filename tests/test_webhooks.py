"""Webhooks of GitHub: who is believed, and what a delivery is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from bot.webhooks import PATH, GitHubWebhooks
from tests.support.github_api import WEBHOOK_SECRET, GitHubApi

REPOSITORY = {"repository": {"full_name": "ada/cart"}}
OPENED = REPOSITORY | {"pull_request": {"number": 7}}


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are not printed."""


@contextmanager
def served(happened: list[tuple[str, int]]) -> Iterator[str]:
    application = GitHubWebhooks(WEBHOOK_SECRET, lambda name, number: happened.append((name, number)))
    with make_server("127.0.0.1", 0, application, handler_class=Silent) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{PATH}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path) as api:
        yield api


@pytest.mark.parametrize(
    ("payload", "about"),
    [
        (OPENED, [("ada/cart", 7)]),
        (REPOSITORY | {"issue": {"number": 7, "pull_request": {"url": "x"}}}, [("ada/cart", 7)]),
        (REPOSITORY | {"issue": {"number": 7}}, []),
        (REPOSITORY | {"check_run": {"pull_requests": [{"number": 7}]}}, [("ada/cart", 7)]),
        (REPOSITORY | {"check_suite": {"pull_requests": [{"number": 7}, "8"]}}, [("ada/cart", 7)]),
        (REPOSITORY | {"zen": "Keep it simple."}, []),
        ({"pull_request": {"number": 7}}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_a_signed_delivery_says_which_pull_requests_changed(
    github: GitHubApi, payload: dict[str, Any], about: list[tuple[str, int]]
) -> None:
    happened: list[tuple[str, int]] = []
    with served(happened) as url:
        assert github.deliver(url, "pull_request", payload) == 204
    assert happened == about


def test_another_secret_is_not_believed(github: GitHubApi) -> None:
    happened: list[tuple[str, int]] = []
    with served(happened) as url:
        assert github.deliver(url, "pull_request", OPENED, secret="guessed") == 401
    assert happened == []


@pytest.mark.parametrize(
    ("method", "body", "length", "status"),
    [
        ("GET", b"", "0", "400 Bad Request"),
        ("POST", b"{}", "99999999999", "400 Bad Request"),
        ("POST", b"{}", "2", "401 Unauthorized"),
        ("POST", b"", "", "401 Unauthorized"),
    ],
)
def test_what_is_no_delivery_is_refused(method: str, body: bytes, length: str, status: str) -> None:
    answered: list[str] = []
    application = GitHubWebhooks(WEBHOOK_SECRET, lambda *_: pytest.fail("believed"))
    environ = {"REQUEST_METHOD": method, "CONTENT_LENGTH": length, "wsgi.input": Input(body)}
    assert application(environ, lambda status, headers: answered.append(status)) == []
    assert answered == [status]


class Input:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int) -> bytes:
        return self._content[:size]
