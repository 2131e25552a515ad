"""The local workspace: one object that tests and the command line start, drive and read."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.workspace.connections import Connections
from bot.workspace.context import Context
from bot.workspace.control import Control
from bot.workspace.delivery import DeliveryRules
from bot.workspace.errors import WorkspaceError
from bot.workspace.faults import Faults
from bot.workspace.feed import Change, Feed
from bot.workspace.guard import LoopbackGuard
from bot.workspace.interactions import Interactions
from bot.workspace.journal import Journal
from bot.workspace.outbox import Outbox
from bot.workspace.page_routes import PageRoutes
from bot.workspace.pull_routes import PullRequestText, no_pull_requests, pull_routes
from bot.workspace.rates import Rate, Rates
from bot.workspace.request_url import RequestUrl
from bot.workspace.scopes import PUBLIC_SCOPES
from bot.workspace.server import AppRoutes
from bot.workspace.socket_mode import SocketMode
from bot.workspace.state import State
from bot.workspace.web_api import Tokens, WebApi
from bot.workspace.world import World

T = TypeVar("T")

START_SECONDS = 10.0
"""More than the server needs on a busy machine; reached only when something is wrong."""


class LocalWorkspace(Control):
    """A small Slack workspace on loopback, alive between `start` and `stop` or as a context manager.

    `port` 0 takes a free one. `scopes` are what the installed app was granted. `rules` are the times of
    delivery, `rates` the limits that are enforced on calls (`bot.workspace.rates.SLACK`; none by default, so
    that a test need not wait). `suggestions` are messages that the page offers to a newcomer,
    `pulls` the texts of pull requests that it shows. Events go over Socket Mode until
    `use_request_url` is called.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        scopes: Collection[str] = PUBLIC_SCOPES,
        rules: DeliveryRules | None = None,
        rates: Mapping[str, Rate] | None = None,
        suggestions: Sequence[str] = (),
        pulls: PullRequestText = no_pull_requests,
    ) -> None:
        self.bot_token = f"xoxb-local-{secrets.token_hex(12)}"
        self.app_token = f"xapp-local-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self._scopes = frozenset(scopes)
        self._suggestions = tuple(suggestions)
        self._pulls = pulls
        self._rules = rules or DeliveryRules()
        self._rates = Rates(rates or {})
        self._socket = _listening(port)
        self._port: int = self._socket.getsockname()[1]
        self._ready = threading.Event()
        self._compose()

    def _compose(self) -> None:
        changed = threading.Condition(threading.RLock())
        self._feed = Feed()
        self._connections = Connections()
        self._socket_mode = SocketMode(self._connected, self._connections)
        journal = Journal()
        self._outbox = Outbox(carrier=self._socket_mode, rules=self._rules, journal=journal, changed=changed)
        world = World(
            state=State(),
            changed=changed,
            feed=self._feed,
            send=self._outbox.send,
            direct_messages=self._rules.direct_messages,
        )
        interactions = Interactions(world, self._outbox, base_url=self.url)
        super().__init__(
            world=world, interactions=interactions, journal=journal, faults=Faults(), outbox=self._outbox
        )
        self._server = self._build_server()
        self._thread = threading.Thread(target=self._serve, name="local-workspace", daemon=True)

    # Addresses

    @property
    def url(self) -> str:
        """Address of the page, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """Address of the Web API, with the slash that Slack's clients expect."""
        return f"{self.url}/api/"

    @property
    def connected(self) -> int:
        """Number of the app's websockets."""
        return self._socket_mode.count

    # Life

    def start(self) -> Self:
        """Serve until `stop`; returns when requests are answered."""
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise WorkspaceError("the local workspace did not start")
        return self

    def stop(self) -> None:
        """End every connection and the server. Stopping twice is harmless."""
        if self._thread.is_alive():
            self._outbox.run(self._close()).result()
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def use_request_url(self, url: str) -> None:
        """Deliver by signed HTTP requests to this address from now on. Raises UrlNotVerified."""
        carrier = RequestUrl(url, self.signing_secret)
        carrier.verify(self._rules.answer_seconds)
        self._outbox.carrier = carrier

    # Connections of the app

    def drop_connections(self) -> None:
        """Close the app's websockets without a word; it may connect again at once."""
        self._outbox.run(self._socket_mode.drop()).result()

    def cut_connections(self) -> None:
        """End the TCP connections of the app's websockets, without the closing word of a websocket."""
        self._outbox.run(self._socket_mode.cut()).result()

    def silence_connections(self) -> None:
        """From now on the app's present websockets stay open and carry nothing, not even answers to pings."""
        self._outbox.run(self._socket_mode.silence()).result()

    def refresh_connections(self, reason: str = "refresh_requested") -> None:
        """Tell the app that its websockets go (`refresh_requested`) or will go soon (`warning`)."""
        self._outbox.run(self._socket_mode.refresh(reason)).result()

    @property
    def changed(self) -> threading.Condition:
        """The lock of everything here; notify it to make `wait_for` look again."""
        return self._world.changed

    def wait_for(self, predicate: Callable[[], T], timeout: float = 20.0) -> T:
        """The first true value of the predicate, looked at after every change. Raises TimeoutError."""
        with self.changed:
            value = self.changed.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"not within {timeout} s: {predicate}")
        return value

    # Inside

    def _connected(self, connections: int) -> None:
        self._world.show(Change(kind="connection", body={"connections": connections}))

    def _build_server(self) -> uvicorn.Server:
        tokens = Tokens(bot=self.bot_token, app=self.app_token)
        context = Context(
            world=self._world, interactions=self._interactions, scopes=self._scopes, url=self.url
        )
        api = WebApi(context, tokens, self._connection_url, self._journal, self._rates)
        app_routes = AppRoutes(
            api=api,
            faults=self._faults,
            interactions=self._interactions,
            socket_mode=self._socket_mode,
            connections=self._connections,
        )
        page_routes = PageRoutes(self, self._feed, lambda: self.connected, self._suggestions)
        application = Starlette(
            routes=[*app_routes.routes(), *page_routes.routes(), *pull_routes(self._pulls)],
            middleware=[Middleware(LoopbackGuard, port=self._port)],
            lifespan=self._lifespan,
        )
        return uvicorn.Server(
            uvicorn.Config(
                application,
                log_level="error",
                access_log=False,
                lifespan="on",
                http=self._connections.protocol(),
                ws="websockets-sansio",
                timeout_graceful_shutdown=1,
            )
        )

    def _connection_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/socket?ticket={self._socket_mode.ticket()}"

    @contextlib.asynccontextmanager
    async def _lifespan(self, application: Starlette) -> AsyncIterator[None]:  # noqa: ARG002
        loop = asyncio.get_running_loop()
        self._feed.start(loop)
        self._outbox.start(loop)
        self._ready.set()
        yield

    async def _close(self) -> None:
        self._feed.close()
        await self._socket_mode.drop()
        await self._outbox.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise WorkspaceError(
            f"port {port} of 127.0.0.1 cannot be had ({error.strerror}); choose another"
        ) from error
    listening.listen()
    return listening
