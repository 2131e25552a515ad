"""What the durable half may raise.

StoreError
├── DatabaseError           the database cannot be used as configured; the message says why and the way out
│   └── PostgresError       our own Postgres server cannot run here
├── DatabaseLost            the connection broke: whether the last commit landed is unknown
├── LeaseLost               another claim holds the session, or the lease was given up; nothing was written
├── UnknownEvent            the log holds an event that a newer version of this program wrote
├── EmbedderUnavailable     texts cannot be turned into vectors now
├── UnknownEmbedder         a setting names an embedder that does not exist
└── ImportProblem           a file to import is not what it should be; names the file, the line, the field
"""


class StoreError(Exception):
    """The store could not do what was asked."""


class DatabaseError(StoreError):
    """The database cannot be used as configured."""


class PostgresError(DatabaseError):
    """Our own Postgres server cannot run here."""


class DatabaseLost(StoreError):
    """The connection broke; whether the last commit landed is unknown: read the log anew."""


class LeaseLost(StoreError):
    """The lease is another claim's now, or was given up; nothing was written."""


class UnknownEvent(StoreError):
    """The log holds an event that a newer version of this program wrote."""


class EmbedderUnavailable(StoreError):
    """Texts cannot be turned into vectors now."""


class UnknownEmbedder(StoreError):
    """A setting names an embedder that does not exist."""


class ImportProblem(StoreError):
    """A file to import is not what it should be."""
