"""How Slack's deliveries come in: over a websocket that the app opens, or as signed HTTP requests."""

from __future__ import annotations

from threading import Thread
from typing import Protocol

from slack_bolt import App
from slack_sdk.errors import SlackApiError

from bot.slack.errors import SlackProblem, from_api


class Connection(Protocol):
    """Brings deliveries to the app between `start` and `stop`."""

    def start(self) -> str:
        """Begin; gives a phrase for the log that says how Slack is heard."""

    def stop(self) -> None:
        """Take no more deliveries; those in hand are answered or delivered again by Slack."""


class NotConnected(SlackProblem):
    """Slack's deliveries cannot come in; the text names the setting and the way out."""


class SocketConnection:
    """Socket Mode: no public address is needed."""

    def __init__(self, app: App, app_token: str) -> None:
        from slack_bolt.adapter.socket_mode import SocketModeHandler  # noqa: PLC0415 - only the mode in use is loaded

        self._handler = SocketModeHandler(app, app_token)

    def start(self) -> str:
        """Connect and return at once; a lost connection is opened again by the SDK. Raises NotConnected."""
        try:
            self._handler.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as error:
            raise NotConnected(
                f"{from_api(error)}. Check SLACK_APP_TOKEN: it is the app-level token (xapp-…) with the "
                "scope connections:write, of an app with Socket Mode turned on."
            ) from error
        return "Socket Mode"

    def stop(self) -> None:
        """Close the websocket."""
        self._handler.close()  # type: ignore[no-untyped-call]


class HttpConnection:
    """The Events API: Slack sends signed requests to /slack/events."""

    THREADS = 16
    """Deliveries handled at once. Each waits for one commit; Slack's own limit is 30,000 events an hour."""

    def __init__(self, app: App, port: int) -> None:
        from slack_bolt.adapter.wsgi import SlackRequestHandler  # noqa: PLC0415 - only the mode in use is loaded
        from waitress.server import create_server  # noqa: PLC0415 - the same

        handler = SlackRequestHandler(app)
        everywhere = "0.0.0.0"  # noqa: S104 - Slack must reach it
        try:
            self._server = create_server(handler, host=everywhere, port=port, threads=self.THREADS)
        except OSError as error:
            raise NotConnected(
                f"port {port} cannot be had ({error.strerror}); set PORT to another one."
            ) from error
        self._port = port
        self._thread = Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> str:
        """Listen."""
        self._thread.start()
        return f"HTTP on port {self._port}, path /slack/events"

    def stop(self) -> None:
        """Stop listening."""
        self._server.close()
        self._thread.join(timeout=5.0)
