"""Import: threads of the past into the memory, so that the first question already finds something.

It may be broken off and run again at any time: a thread is one transaction, and one that is known and
unchanged is not embedded again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from memory.embedding.embedder import Embedder
from memory.errors import ImportProblem
from memory.imports.threads import ImportedThread, solution_of
from memory.secrets.mask import SecretMask
from memory.solutions.index import SolutionIndex, content_hash
from memory.solutions.kept_forms import Read, record_forms
from memory.solutions.solution import Solution

THREADS_PER_BATCH = 32
"""About a hundred passages: enough to report progress every few seconds without idling between batches."""

SELECT_KNOWN = text("""
    -- Threads of which there is nothing to do: unchanged and embedded, or withdrawn, or a session's own.
    SELECT channel, thread FROM unnest(
        CAST(:channels AS text[]), CAST(:threads AS text[]), CAST(:hashes AS bytea[])
    ) AS given (channel, thread, content_hash)
    JOIN solutions USING (channel, thread)
    WHERE team = :team AND turn = 1 AND (
        source = 'session' OR outcome = 'withdrawn'
        OR solutions.content_hash = given.content_hash AND EXISTS (
            SELECT FROM passages WHERE solution_id = solutions.id AND embedder = :embedder
        )
    )
""")

KEEP_HASH = text("""
    -- The hash is of the thread as rules read it, so that it counts as unchanged whoever else read it.
    UPDATE solutions SET content_hash = :content_hash WHERE id = :id AND outcome <> 'withdrawn'
""")

INSERT_CHANNEL = text("""
    -- An export holds a channel as it was; what Slack itself said of it since then counts more.
    INSERT INTO channels (team, channel, name, public, reason, source)
    VALUES (:team, :channel, :name, true, '', 'import')
    ON CONFLICT (team, channel) DO UPDATE SET name = excluded.name, checked_at = clock_timestamp()
    WHERE channels.source = 'import'
""")

ANALYZE = text("ANALYZE solutions, passages, postings")


Reader = Callable[[Solution], Read]
"""Reads what rules made of a thread once more, by other means."""


class Source(Protocol):
    """Where threads come from: `SlackExport`, `ThreadLines`."""

    @property
    def skipped(self) -> Counter[str]:
        """Why something was passed over, and how often, as far as `threads` was read."""
        ...

    def count(self) -> int:
        """How many items `threads` yields, at most an estimate."""
        ...

    def threads(self) -> Iterator[ImportedThread | None]:
        """Yield each thread, None for one that is passed over; raises `ImportProblem`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import has come; the last one is its result."""

    done: int
    total: int
    indexed: int
    unchanged: int
    """Known already and left alone: unchanged, withdrawn, or the thread of a session."""
    skipped: Counter[str]
    """Why something was passed over, and how often."""


def import_threads(
    engine: Engine,
    embedder: Embedder,
    source: Source,
    *,
    team: str,
    secrets: SecretMask,
    reader: Reader | None = None,
) -> Iterator[Progress]:
    """Import a source, yielding progress after each batch and at the end; secrets in it are masked.

    New and changed threads are given to `reader`, if there is one.

    Raises `ImportProblem` where the source is broken, after everything before it is stored, and
    `EmbedderUnavailable`. Run it again after mending: what was stored is not done twice.
    """
    importer = _Importer(engine, embedder, team, secrets, reader or _by_rules)
    total = source.count()
    done = 0
    batch: list[ImportedThread] = []

    def progress() -> Progress:
        return Progress(
            done=done,
            total=max(total, done),
            indexed=importer.indexed,
            unchanged=importer.unchanged,
            skipped=Counter(source.skipped),
        )

    try:
        for thread in source.threads():
            done += 1
            if thread is not None:
                batch.append(thread)
            if len(batch) == THREADS_PER_BATCH:
                importer.store(batch)
                batch.clear()
                yield progress()
    except ImportProblem:
        importer.store(batch)
        raise
    importer.store(batch)
    with engine.begin() as connection:
        # The planner knows nothing of rows that came in a minute.
        connection.execute(ANALYZE)
    yield progress()


def _by_rules(solution: Solution) -> Read:
    return Read(solution=solution)


class _Importer:
    def __init__(
        self, engine: Engine, embedder: Embedder, team: str, secrets: SecretMask, reader: Reader
    ) -> None:
        self._reader = reader
        self._engine = engine
        self._embedder = embedder
        self._index = SolutionIndex(engine, embedder)
        self._team = team
        self._secrets = secrets
        self.indexed = 0
        self.unchanged = 0

    def store(self, batch: Sequence[ImportedThread]) -> None:
        names = {thread.channel: thread.channel_name for thread in batch}
        read = [self._secrets.solution(solution_of(thread, team=self._team)) for thread in batch]
        changed = self._changed(read)
        again = [self._reader(solution) for solution in changed]
        prepared = self._index.prepare_all([each.solution for each in again])
        for by_rules, each, ready in zip(changed, again, prepared, strict=True):
            with self._engine.begin() as connection:
                self._record_channel(connection, by_rules.channel, names)
                identifier = self._index.store(connection, ready)
                record_forms(connection, identifier, each.forms)
                if each.forms:
                    connection.execute(KEEP_HASH, {"id": identifier, "content_hash": content_hash(by_rules)})
        self.indexed += len(changed)
        self.unchanged += len(batch) - len(changed)

    def _changed(self, batch: Sequence[Solution]) -> list[Solution]:
        with self._engine.connect() as connection:
            rows = connection.execute(
                SELECT_KNOWN,
                {
                    "team": self._team,
                    "channels": [solution.channel for solution in batch],
                    "threads": [solution.thread for solution in batch],
                    "hashes": [content_hash(solution) for solution in batch],
                    "embedder": self._embedder.name,
                },
            )
            known = {(channel, thread) for channel, thread in rows}
        return [solution for solution in batch if (solution.channel, solution.thread) not in known]

    def _record_channel(self, connection: Connection, channel: str, names: Mapping[str, str]) -> None:
        connection.execute(INSERT_CHANNEL, {"team": self._team, "channel": channel, "name": names[channel]})
