"""Hints that a session became runnable. Polling is the guarantee: a missed hint costs one interval."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from memory.log.sql import CHANNEL


class Wakeups:
    """Listens on a connection of its own. For one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, timeout: float) -> bool:
        """Wait for a hint, `timeout` seconds at most; True when something may be runnable.

        That is also so when it has only now begun to listen, at first or after a lost connection: earlier
        hints were missed. Without a database it waits the whole time.
        """
        try:
            if self._connection is None:
                self._connection = self._listen()
                return True
            return any(self._connection.notifies(timeout=timeout, stop_after=1))
        except (psycopg.OperationalError, SQLAlchemyError):
            self.close()
            time.sleep(timeout)
            return False

    def close(self) -> None:
        """Stop listening; a later `wait` begins anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self) -> psycopg.Connection:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        # From here on the pool neither counts this connection nor gives it to others.
        pooled.detach()
        if not isinstance(connection, psycopg.Connection):
            raise TypeError("hints need psycopg")
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        return connection
