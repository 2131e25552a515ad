"""HTTP connections that can be cut, so that an app meets a lost response."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

Client = tuple[str, int]


class HttpConnections:
    """The open HTTP connections by the address of their other end."""

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
