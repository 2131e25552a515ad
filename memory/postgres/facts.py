"""What can be seen of a database server without changing anything in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

import migrations
from memory.database import check_server, transaction

FACTS = text("""
    -- The version of the server, and of pgvector where it is enabled in this database.
    SELECT current_setting('server_version') AS version,
        (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector
""")

CLOCK = text("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The server as it is now."""

    version: str
    pgvector: str | None
    """None until the first migration enables it."""
    revision: str | None
    """Of the schema; None in an empty database."""
    newest: str
    """The newest revision that this program knows."""
    known: bool
    """Whether this program knows the schema's revision."""
    ahead: float
    """Seconds by which the server's clock is before this host's; half of the round trip may be wrong."""


def server_facts(engine: Engine) -> ServerFacts:
    """Look. Raises DatabaseError when the server cannot be used, and DatabaseLost."""
    # Alembic takes long to import and is needed here alone.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    check_server(engine)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with transaction(engine) as connection:
        row = connection.execute(FACTS).one()
        revision = MigrationContext.configure(connection).get_current_revision()
        return ServerFacts(
            version=row.version.split()[0],
            pgvector=row.pgvector,
            revision=revision,
            newest=max(revisions),
            known=revision is None or revision in revisions,
            ahead=_ahead(connection),
        )


def _ahead(connection: Connection) -> float:
    before = time.time()
    there: datetime = connection.execute(CLOCK).scalar_one()
    return there.timestamp() - (before + time.time()) / 2
