"""Connections that can be cut or fall silent, so that an app meets a lost response or a dead websocket."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

Client = tuple[str, int]


class _Deaf(asyncio.Protocol):
    """Takes the place of a connection's protocol: nobody reads and answers what arrives."""

    def __init__(self, before: asyncio.Protocol) -> None:
        self._before = before

    def connection_lost(self, exc: Exception | None) -> None:
        self._before.connection_lost(exc)


class Connections:
    """The open TCP connections by the address of their other end."""

    def __init__(self) -> None:
        self._open: dict[Client, asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """The protocol class for the server, which keeps this register."""
        register = self._open

        class CuttableProtocol(H11Protocol):
            """HTTP/1.1 whose transport can be found again."""

            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                if self.client is not None:
                    register[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client is not None:
                    register.pop(self.client, None)

        return cast("type[asyncio.Protocol]", CuttableProtocol)

    def cut(self, client: Client) -> None:
        """Drop the connection without another byte."""
        transport = self._open.get(client)
        if transport is not None:
            transport.abort()

    def silence(self, client: Client) -> None:
        """Leave the websocket open and answer nothing on it any more, not even pings."""
        transport = self._open.get(client)
        if transport is None:
            return
        protocol = transport.get_protocol()
        if isinstance(protocol, WebSocketsSansIOProtocol):
            # Its own pings would end in a close, and that is a word.
            protocol.stop_keepalive()
            transport.set_protocol(_Deaf(protocol))
