"""A local workspace with short delays, Slack's own client for it, and real Bolt apps in both modes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from bot.workspace.delivery import DeliveryRules
from bot.workspace.local import LocalWorkspace

QUICK = DeliveryRules(answer_seconds=2.0, retry_delays=(0.0, 0.0, 0.0))
"""No waiting between attempts; answers are awaited long enough for a busy machine."""


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    """A workspace of one's own."""
    with LocalWorkspace(rules=QUICK, suggestions=("@Oxbow the build is red",)) as workspace:
        yield workspace


@pytest.fixture
def client(workspace: LocalWorkspace) -> WebClient:
    """Slack's client as the bot; a call that fails is not tried again."""
    return web_client(workspace)


def web_client(workspace: LocalWorkspace) -> WebClient:
    """Slack's client for the workspace, without its own retries."""
    return WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


class RecordingApp:
    """A Bolt app that writes down what it is told, and refuses the first deliveries when asked to."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self.workspace = workspace
        self.bolt = App(client=web_client(workspace), signing_secret=workspace.signing_secret)
        self.events: list[dict[str, Any]] = []
        self.retries: list[tuple[str, str]] = []
        self.refusals = 0
        self.bolt.use(self._receive)

    @property
    def heard(self) -> list[str]:
        """Type and subtype of each event, in the order of arrival."""
        return [
            event["type"] + (f".{event['subtype']}" if "subtype" in event else "") for event in self.events
        ]

    def _receive(self, req: BoltRequest, ack: Ack, next: Any) -> Any:  # noqa: A002 (Bolt passes by name)
        if "event" not in req.body:
            return next()
        number = req.headers.get("x-slack-retry-num", ["0"])[0]
        if number != "0":
            self.retries.append((number, req.headers["x-slack-retry-reason"][0]))
        with self.workspace.changed:
            if self.refusals:
                self.refusals -= 1
                return BoltResponse(status=503)
            self.events.append(req.body["event"])
            self.workspace.changed.notify_all()
        return ack()


class SocketApp(RecordingApp):
    """… connected by Socket Mode; the client looks every `ping_interval` seconds whether it still is."""

    def __init__(self, workspace: LocalWorkspace, *, ping_interval: float = 10.0) -> None:
        super().__init__(workspace)
        self.ping_interval = ping_interval

    def __enter__(self) -> Self:
        token = self.workspace.app_token
        self.handler = SocketModeHandler(self.bolt, token, ping_interval=self.ping_interval)
        self.handler.connect()  # type: ignore[no-untyped-call]
        self.workspace.wait_for(lambda: self.workspace.connected)
        return self

    def __exit__(self, *_: object) -> None:
        self.handler.client.auto_reconnect_enabled = False
        self.workspace.drop_connections()  # the client notices at once, instead of after its read timeout
        self.handler.close()  # type: ignore[no-untyped-call]


class HttpApp(RecordingApp):
    """… reached at a request URL."""

    def __enter__(self) -> Self:
        handler = SlackRequestHandler(self.bolt, path="/slack/events")
        self.server = make_server("127.0.0.1", 0, handler, handler_class=_Silent)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/slack/events"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        pass


@pytest.fixture
def socket_app(workspace: LocalWorkspace) -> Iterator[SocketApp]:
    """A recording app in Socket Mode."""
    with SocketApp(workspace) as app:
        yield app


@pytest.fixture
def http_app(workspace: LocalWorkspace) -> Iterator[HttpApp]:
    """A recording app at a request URL, verified by the workspace."""
    with HttpApp(workspace) as app:
        workspace.use_request_url(app.url)
        yield app
