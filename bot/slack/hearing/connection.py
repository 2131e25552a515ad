"""How Slack's deliveries come in: over a websocket that the app opens, or as signed HTTP requests."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPException
from threading import Event, Thread
from typing import Any, Protocol, TypeAlias

from slack_bolt import App
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.settings import Settings
from bot.slack.errors import SlackProblem, from_api

PING_SECONDS = 5.0
"""Between two pings. The SDK gives a websocket up when none of its pings was answered for four times as long,
and looks for that once between two pings: a silent connection is replaced after 21 to 31 seconds."""

LOOK_SECONDS = 1.0
"""Between two looks at the connection."""

REPORT_SECONDS = 60.0
"""Between two lines that say that Slack is not heard."""

MISSED_PINGS = 3
"""Pings without an answer after which what is said may be missed."""

WsgiApplication: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

HUNG_UP = getattr(select, "POLLRDHUP", select.POLLHUP)
"""The other side has closed. Only Linux tells it before everything sent before has been read."""

logger = logging.getLogger(__name__)


class Connection(Protocol):
    """Brings deliveries to the app between `start` and `stop`."""

    def start(self) -> str:
        """Begin; gives a phrase for the log that says how Slack is heard."""

    def stop(self) -> None:
        """Take no more deliveries; those in hand are answered or delivered again by Slack."""

    def hears(self) -> bool:
        """Whether what is said now comes in."""


class NotConnected(SlackProblem):
    """Slack's deliveries cannot come in; the text names the setting and the way out."""


class SocketConnection:
    """Socket Mode: no public address is needed.

    The SDK replaces a connection that Slack asks to replace, that ends, or on which pings are not answered,
    and tries again for ever. Added here: an end without the closing word of a websocket is seen at once (the
    SDK would read nothing from it, again and again, until its pings fail); `look_back` is told of a silence
    that is over, in seconds; and one that lasts is reported every minute.
    """

    def __init__(
        self, app: App, app_token: str, look_back: Callable[[float], None], *, ping: float = PING_SECONDS
    ) -> None:
        from slack_bolt.adapter.socket_mode import SocketModeHandler  # noqa: PLC0415 - only the mode in use is loaded

        self._handler = SocketModeHandler(app, app_token, ping_interval=ping)
        self._look_back = look_back
        self._lately = MISSED_PINGS * ping + LOOK_SECONDS
        self._last_sign: tuple[str, float | None] = ("", None)
        self._heard_at = time.time()
        self._reported_at = self._heard_at
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="connection", daemon=True)

    def start(self) -> str:
        """Connect and return at once; from then on the connection is kept. Raises NotConnected."""
        try:
            self._handler.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as error:
            raise NotConnected(
                f"{from_api(error)}. Check SLACK_APP_TOKEN: it is the app-level token (xapp-…) with the "
                "scope connections:write, of an app with Socket Mode turned on."
            ) from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise NotConnected(f"Slack cannot be reached: {type(error).__name__}. Start again.") from error
        self._heard_at = self._reported_at = time.time()
        self._thread.start()
        return "Socket Mode"

    def stop(self) -> None:
        """Close the websocket."""
        self._stopped.set()
        self._thread.join()
        self._handler.close()  # type: ignore[no-untyped-call]

    def hears(self) -> bool:
        """Whether Slack answered a ping lately."""
        return time.time() - self._heard_at < self._lately

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            self._look(time.time())

    def _look(self, now: float) -> None:
        connection = self._handler.client.current_session
        if connection is None:
            return
        if connection.sock is not None and _ended(connection.sock):
            connection.disconnect()
        sign = (connection.session_id, connection.last_ping_pong_time)
        if not connection.is_active() or sign == self._last_sign:
            self._report(now)
            return
        silence = now - self._heard_at
        if sign[0] != self._last_sign[0] and silence > self._lately:
            self._look_back(silence)
        self._last_sign, self._reported_at = sign, now
        self._heard_at = connection.last_ping_pong_time or now

    def _report(self, now: float) -> None:
        if now - self._reported_at > REPORT_SECONDS:
            self._reported_at = now
            logger.error(
                "Slack has not been heard for %d s. Lines of slack_bolt.App say what fails: the network, or "
                "SLACK_APP_TOKEN when the token was revoked or Socket Mode was turned off",
                now - self._heard_at,
            )


def _ended(connection: socket.socket) -> bool:
    """Whether the other side has closed the TCP connection."""
    descriptor = connection.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, HUNG_UP)
    return bool(poll.poll(0))


class HttpConnection:
    """The Events API: Slack sends signed requests to /slack/events."""

    THREADS = 16
    """Deliveries handled at once. Each waits for one commit; Slack's own limit is 30,000 events an hour."""

    def __init__(self, slack: WsgiApplication, port: int, beside: Mapping[str, WsgiApplication]) -> None:
        """`slack` takes what Slack sends; `beside` are applications for paths of their own."""
        from waitress.server import create_server  # noqa: PLC0415 - only the mode in use is loaded

        handler = _routed(slack, beside)
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

    def hears(self) -> bool:
        """Whether requests are taken."""
        return self._thread.is_alive()


Connect: TypeAlias = Callable[[App, Callable[[float], None]], Connection]
"""Makes the connection of an app; the function is told of a silence that is over, in seconds."""


def alone(settings: Settings, beside: Mapping[str, WsgiApplication]) -> Connect:
    """The way in of one workspace, as the settings say."""

    def connect(app: App, look_back: Callable[[float], None]) -> Connection:
        if settings.slack_app_token is not None:
            return SocketConnection(app, settings.slack_app_token.get_secret_value(), look_back)
        return HttpConnection(over_http(app), settings.port or 0, beside)

    return connect


def over_http(app: App) -> WsgiApplication:
    """The app as it takes requests."""
    from slack_bolt.adapter.wsgi import SlackRequestHandler  # noqa: PLC0415 - only the mode in use is loaded

    return SlackRequestHandler(app)


def _routed(slack: WsgiApplication, beside: Mapping[str, WsgiApplication]) -> WsgiApplication:
    """One application that asks the others by path."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return beside.get(environ["PATH_INFO"], slack)(environ, start_response)

    return serve
