"""Looking after the included database server: one that died is started again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from memory.errors import PostgresError
from memory.postgres.server import EmbeddedPostgres

LOOK_SECONDS = 1.0
"""Between two looks at the server's process; a look costs two small files."""

logger = logging.getLogger(__name__)


@contextmanager
def watched(server: EmbeddedPostgres) -> Iterator[None]:
    """Whenever the running server is gone, by the kernel's hand or another's, start it anew.

    Whoever works meanwhile sees the database away and comes back to it, as with any other server.
    """
    over = Event()
    thread = Thread(target=_watch, args=(server, over), name="database-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(server: EmbeddedPostgres, over: Event) -> None:
    while not over.wait(LOOK_SECONDS):
        if server.pid is not None:
            continue
        logger.warning("the database server is gone; it is started again")
        try:
            server.start()
        except PostgresError as error:
            # The processes of the one that died may still be on their way out.
            logger.warning("the database server does not start yet: %s", error)
