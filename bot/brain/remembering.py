"""Memory as the brain uses it: recall before work, search while working, `indexing` after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from bot.brain.claimed import Claimed
from bot.brain.conversation import quoted, visible
from bot.brain.indexing import Indexing
from bot.slack.showing.rendered import cut
from memory.errors import EmbedderUnavailable
from memory.log.events import RecalledSolution, SolutionsRecalled
from memory.recall.finding import Finder, Found
from memory.recall.query import QueryProblem
from memory.recall.recall import Hit, Recall, confident, worth_showing
from memory.recall.scope import Scope
from memory.solutions.uses import record_shown

logger = logging.getLogger(__name__)

RECALLED = 3
"""Earlier threads shown at the start of a session; more is noise to people and to the model."""

FOUND = 5
"""Results of one search by the model."""

QUOTED_PROBLEM, QUOTED_FIX = 2_000, 4_000
"""Characters of one quotation, about 1,500 tokens: three of them cost less than one look into a file."""

Visible = Callable[[Hit], bool]
"""Whether the hit's channel is public now, as Slack says."""

Confined = Callable[[Iterable[str]], bool]
"""Whether one of these people sees only the channels they are in. Raises when Slack does not say."""


class Remembering:
    """Recall and search, with every hit's channel asked about at the moment of use."""

    def __init__(
        self,
        recall: Recall,
        finder: Finder,
        indexing: Indexing,
        visible: Visible,
        confined: Confined,
    ) -> None:
        self._recall = recall
        self._finder = finder
        self.indexing = indexing
        self._visible = visible
        self._confined = confined

    def recall(self, claimed: Claimed) -> None:
        """Search for the session's question and record what was found, which may be nothing.

        Without an embedder the work begins without memory: people wait for it, and may search later.
        """
        earlier = claimed.session.earlier
        root = [message.text for message in earlier.messages[:1]] if earlier else []
        query = "\n".join([*root, *(message.text for message in claimed.session.waiting)])
        try:
            hits = self._search(query, claimed)
        except EmbedderUnavailable as error:
            logger.warning("session %s begins without memory: %s", claimed.id, error)
            claimed.append(SolutionsRecalled(query=query, hits=(), unsearched=True))
            return
        shown = worth_showing(hits)
        claimed.append(
            SolutionsRecalled(query=query, hits=tuple(map(_as_recalled, shown))),
            within=lambda connection: record_shown(connection, claimed.id, [hit.solution for hit in shown]),
        )

    def search(self, claimed: Claimed, query: str) -> str:
        """What the model is told about earlier solutions."""
        address = claimed.address
        own = (address.team, address.channel, address.thread)
        try:
            found = self._finder.find(
                query, team=address.team, channel=address.channel, exclude=[own], only=self._only(claimed)
            )
        except QueryProblem as problem:
            return str(problem)
        except EmbedderUnavailable:
            return "Memory cannot be searched right now; this says nothing about what it holds."
        hits = self._only_visible(found.hits, limit=FOUND)
        return quoted(map(_as_recalled, hits)) if hits else "Nothing similar found."

    def find(self, query: str, *, team: str, channel: str, only: str | None = None) -> Found:
        """What a person is shown, of the channel `only` alone when it is given.

        Raises `QueryProblem` and `EmbedderUnavailable`.
        """
        found = self._finder.find(query, team=team, channel=channel, only=only)
        return replace(found, hits=tuple(self._only_visible(found.hits)))

    def _search(self, query: str, claimed: Claimed) -> list[Hit]:
        address, only = claimed.address, self._only(claimed)
        hits = self._recall.search(
            query,
            team=address.team,
            channel=address.channel,
            limit=RECALLED,
            exclude=[(address.team, address.channel, address.thread)],
            scope=Scope(channels=(only,) if only else ()),
        )
        return self._only_visible(hits)

    def _only(self, claimed: Claimed) -> str | None:
        """The thread's channel, when somebody speaks in the thread who may not see the others."""
        authors = {message.author for message in claimed.session.messages}
        return claimed.address.channel if self._confined(authors) else None

    def _only_visible(self, hits: Sequence[Hit], *, limit: int | None = None) -> list[Hit]:
        return list(islice(filter(self._visible, hits), limit))


def _as_recalled(hit: Hit) -> RecalledSolution:
    unsaid = [symptom for symptom in hit.symptoms if symptom not in hit.problem]
    return RecalledSolution(
        solution=str(hit.solution),
        problem=cut(visible("\n".join([hit.problem, *unsaid])), QUOTED_PROBLEM),
        fix=cut(visible(f"{hit.cause}\n\n{hit.fix}" if hit.cause else hit.fix), QUOTED_FIX),
        outcome=hit.outcome if hit.standing == "current" else hit.standing,
        permalink=hit.permalink,
        channel=hit.channel_name,
        finished_at=hit.finished_at.isoformat(timespec="minutes"),
        score=round(hit.score, 3),
        why=hit.why,
        confident=confident(hit),
    )
