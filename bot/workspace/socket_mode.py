"""Socket Mode: the app's websockets, envelopes to them and acknowledgements from them."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.workspace.connections import Client, Connections
from bot.workspace.delivery import Parcel, Undelivered
from bot.workspace.people import APP
from bot.workspace.wire import Json

MOST_CONNECTIONS = 10
"""Slack lets an app hold ten websockets at a time."""


@dataclass(slots=True, eq=False)
class _Connection:
    """One websocket and the envelopes on it that wait for an answer."""

    websocket: WebSocket
    awaited: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)
    silent: bool = False
    """What is sent on it goes nowhere."""

    @property
    def client(self) -> Client:
        """The app's end."""
        address = self.websocket.client
        if address is None:
            raise AssertionError("a websocket over TCP has an address")
        return address.host, address.port


class SocketMode:
    """A Carrier over whichever websocket the app holds; lives in the server's event loop."""

    def __init__(self, changed: Callable[[int], None], open_connections: Connections) -> None:
        self._changed = changed
        self._open = open_connections
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self._unanswered: dict[str, Callable[[], None]] = {}

    def ticket(self) -> str:
        """A ticket for one connection, part of the address that `apps.connections.open` returns."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    @property
    def count(self) -> int:
        """Number of open connections."""
        return len(self._connections)

    async def serve(self, websocket: WebSocket) -> None:
        """Hold one connection until it ends."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets or self.count >= MOST_CONNECTIONS:
            await websocket.close(code=1008, reason="unknown ticket or too many connections")
            return
        self._tickets.remove(ticket)
        await websocket.accept()
        connection = _Connection(websocket)
        self._connections.append(connection)
        try:
            await websocket.send_json(self._hello())
            self._changed(len(self._connections))
            await self._listen(connection)
        except WebSocketDisconnect:
            pass
        finally:
            self._forget(connection)

    async def bring(self, parcel: Parcel, seconds: float, taken: Callable[[], None]) -> Json | None:
        """Send the envelope to one of the connections, at random as Slack does, and await its answer."""
        if not self._connections:
            raise Undelivered("connection_failed")
        connection = secrets.choice(self._connections)
        answer: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        connection.awaited[parcel.envelope] = answer
        self._unanswered[parcel.envelope] = taken
        try:
            if not connection.silent:
                await connection.websocket.send_json(_envelope(parcel))
            return await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            raise Undelivered("timeout") from None
        except (WebSocketDisconnect, RuntimeError):  # starlette refuses to send on a closed websocket
            raise Undelivered("connection_failed") from None
        finally:
            connection.awaited.pop(parcel.envelope, None)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to be replaced, as Slack does every few hours, then close it."""
        for connection in [found for found in self._connections if not found.silent]:
            await connection.websocket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}
            )
            if reason != "warning":
                await self._close(connection)

    async def drop(self) -> None:
        """Close every connection without a word."""
        for connection in [*self._connections]:
            await self._close(connection)

    async def cut(self) -> None:
        """End the TCP connection of each without the closing word of a websocket."""
        for connection in [*self._connections]:
            self._forget(connection)
            self._open.cut(connection.client)

    async def silence(self) -> None:
        """Let each stay open and carry nothing until the app gives it up."""
        for connection in self._connections:
            connection.silent = True
            self._open.silence(connection.client)

    async def _close(self, connection: _Connection) -> None:
        self._forget(connection)
        if connection.websocket.application_state is WebSocketState.CONNECTED:
            await connection.websocket.close(code=1001)

    async def _listen(self, connection: _Connection) -> None:
        while True:
            answer = json.loads(await connection.websocket.receive_text())
            envelope = answer.get("envelope_id", "")
            if envelope in self._unanswered:
                self._unanswered.pop(envelope)()
            awaited = connection.awaited.get(envelope)
            if awaited is not None and not awaited.done():
                awaited.set_result(answer.get("payload"))

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            for awaited in connection.awaited.values():
                if not awaited.done():
                    awaited.set_exception(Undelivered("connection_failed"))
            self._changed(len(self._connections))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18_060},
        }


def _envelope(parcel: Parcel) -> Json:
    envelope: Json = {
        "envelope_id": parcel.envelope,
        "type": parcel.kind,
        "accepts_response_payload": parcel.kind != "events_api",
        "payload": parcel.payload,
    }
    if parcel.kind == "events_api":
        envelope |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}
    return envelope
