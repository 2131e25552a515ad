"""A wire to the database that can be cut at a chosen moment."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from sqlalchemy.engine import make_url

SOCKET = ".s.PGSQL.5432"


class CuttableWire:
    """Stands between a client and the server's Unix socket.

    `cut_at(word)` arms it: the next message of a client that contains the word still reaches the server when
    `deliver` is true, and is swallowed otherwise; either way the client loses its connection unanswered.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._server = Path(str(make_url(url).query["host"])) / SOCKET
        self.url = (
            make_url(url).update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
        )
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        self._word: bytes | None = None
        self._deliver = True
        self._threads: list[threading.Thread] = []
        self.cuts = 0

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def cut_at(self, word: str, *, deliver: bool) -> None:
        """Cut the wire at the next message with that word."""
        self._word, self._deliver = word.encode(), deliver

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._carry, client)

    def _start(self, target: object, *arguments: socket.socket) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _carry(self, client: socket.socket) -> None:
        # An end that is gone, the server's while it restarts included, ends the connection and nothing else.
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(self._server))
            other = {client: server, server: client}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if not data or (source is client and self._cuts(data, server)):
                        return
                    other[source].sendall(data)

    def _cuts(self, data: bytes, server: socket.socket) -> bool:
        if self._word is None or self._word not in data:
            return False
        self._word = None
        self.cuts += 1
        if self._deliver:
            server.sendall(data)
            # The answer has arrived: what was asked has happened. It is not passed on.
            server.recv(1)
        return True
