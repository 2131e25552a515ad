"""What BM25 must know of a team's memory as a whole, read seldom because it changes slowly."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Connection, text

KEPT = 300.0
"""Seconds that figures of a large memory are used; in this time it does not grow enough to matter."""

SMALL = 2_000
"""Solutions up to which the figures are read for every search: it takes less than a millisecond."""

SELECT_SIZE = text("""
    SELECT count(*) AS size, coalesce(avg(length), 1) AS mean_length
    FROM solutions WHERE team = :team AND length > 0
""")

SELECT_COMMON = text("""
    -- The most common terms as the server's own statistics have them; ANALYZE keeps them, after imports and
    -- by autovacuum. Counting their entries would read all of them.
    SELECT term, frequency * reltuples AS documents
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_stats ON schemaname = nspname AND tablename = relname AND attname = 'term'
    CROSS JOIN LATERAL unnest(CAST(CAST(most_common_vals AS text) AS text[]), most_common_freqs)
        AS common (term, frequency)
    WHERE pg_class.oid = CAST('postings' AS regclass)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusStatistics:
    """The memory of one team as a whole."""

    size: int
    """Solutions that can be found, at least 1."""
    mean_length: float
    """Terms of a solution on average."""
    common: Mapping[str, float]
    """About how many solutions hold each of the most common terms; empty for a small memory."""


class StatisticsReader:
    """Reads and keeps statistics. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[float, CorpusStatistics]] = {}

    def read(self, connection: Connection, team: str) -> CorpusStatistics:
        """Give a team's statistics, for a large memory as they were at most `KEPT` seconds ago."""
        with self._lock:
            read_at, known = self._kept.get(team, (0.0, None))
        if known is not None and time.monotonic() < read_at + KEPT:
            return known
        fresh = _read(connection, team)
        if fresh.size > SMALL:
            with self._lock:
                self._kept[team] = time.monotonic(), fresh
        return fresh


def _read(connection: Connection, team: str) -> CorpusStatistics:
    row = connection.execute(SELECT_SIZE, {"team": team}).one()
    common = connection.execute(SELECT_COMMON).all() if row.size > SMALL else []
    return CorpusStatistics(
        size=max(1, row.size), mean_length=float(row.mean_length), common=dict(map(tuple, common))
    )
