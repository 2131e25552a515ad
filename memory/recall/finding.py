"""Finding: what people and the model search for on purpose, read, put right, and looked for.

One way for `/oxbow search`, `oxbow search` and the model's tool: the query's filters become a scope, typing
errors are put right, and what only distantly resembles the query is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from memory.database import transaction
from memory.recall.query import Query, QueryProblem, parse
from memory.recall.recall import Hit, Recall, Thread, resembling
from memory.recall.scope import Scope
from memory.recall.spelling import corrected, corrections
from memory.workspaces.channels import Channels

MOST = 30
"""Hits of one search, on all its pages; who has read so many knows better words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search brought, best first, and how it was understood."""

    query: Query
    corrections: Mapping[str, str]
    """Words that were typed, in lower case, and those that were looked for in their place."""
    hits: tuple[Hit, ...]


class Finder:
    """Searches the memory as people ask it to. Safe to use from several threads; reads only."""

    def __init__(self, engine: Engine, recall: Recall) -> None:
        self._engine = engine
        self._recall = recall
        self._channels = Channels(engine)

    def find(
        self,
        text: str,
        *,
        team: str,
        channel: str | None,
        exclude: Collection[Thread] = (),
        only: str | None = None,
    ) -> Found:
        """Find what the text asks for, in the channel `only` alone when it is given.

        Raises `QueryProblem` for a search that cannot be understood, and `EmbedderUnavailable`.
        """
        query = parse(text, now=datetime.now(UTC))
        scope = self._scope(query, team, only)
        with transaction(self._engine) as connection:
            # A correction tells a word of some other channel.
            meant = corrections(connection, query.text, team=team) if only is None else {}
        hits = self._recall.search(
            corrected(query.text, meant),
            team=team,
            channel=channel,
            limit=MOST,
            exclude=exclude,
            scope=scope,
        )
        return Found(query=query, corrections=meant, hits=tuple(resembling(hits)))

    def _scope(self, query: Query, team: str, only: str | None) -> Scope:
        named = [identifier for name in query.channels for identifier in self._identifiers(name, team, only)]
        return Scope(
            channels=tuple(named) if only is None else (only,),
            people=query.people,
            repository=query.repository,
            path=query.path,
            after=query.after,
            before=query.before,
            outcomes=query.outcomes,
            phrases=query.phrases,
            without=query.without,
        )

    def _identifiers(self, name: str, team: str, only: str | None) -> list[str]:
        found = [it for it in self._channels.named(team, name) if only in (None, it)]
        if not found:
            raise QueryProblem(
                f"`in:#{name}` names no public channel of which I remember a thread; leave it out to search "
                "everywhere."
            )
        return found
