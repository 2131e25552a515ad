"""What teaches a ranking: the questions of a team whose answers are known from what its people did.

A question is answered by a thread that an accepted answer cites, and by one whose link somebody else posts in
the question's thread, whatever message of it the link names. A thread that was called not relevant there
answers nothing; where that is all that is known, what was shown beside it comes before it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log

from sqlalchemy import Connection, text

from memory.recall.recall import Candidate
from memory.recall.weights import FEATURES, MOST_DISMISSALS

MOST_QUESTIONS = 2_000
"""The latest ones; each costs a search."""

HELPED, DISMISSED = FEATURES.index("helped"), FEATURES.index("dismissed")

SELECT_QUESTIONS = text(r"""
    -- The first turn of a thread is its question.
    WITH asked AS (
        SELECT DISTINCT ON (channel, thread) id, channel, thread, session_id, problem, outcome, finished_at,
            conversation -> 0 ->> 'author' AS asker
        FROM solutions JOIN channels USING (team, channel)
        WHERE team = :team AND public AND outcome <> 'withdrawn'
        ORDER BY channel, thread, turn
    ),
    cited AS (
        SELECT asked.id, answer.channel || ' ' || answer.thread AS answer
        FROM asked JOIN solution_uses AS uses USING (session_id)
        JOIN solutions AS answer ON answer.id = uses.solution_id
        WHERE cited AND asked.outcome IN ('confirmed', 'answered')
    ),
    -- People's links; those of our own answers are citations.
    linked AS (
        SELECT asked.id, answer.channel || ' ' || answer.thread AS answer
        FROM asked JOIN solutions AS said USING (channel, thread)
        CROSS JOIN LATERAL jsonb_array_elements(said.conversation) AS message
        CROSS JOIN LATERAL regexp_matches(message ->> 'text', 'https?://[^\s<>()|"`]+', 'g') AS found (link)
        JOIN solutions AS answer ON answer.team = :team AND (
            answer.permalink = rtrim(link[1], '.,;:!?*_~')
            OR (answer.channel, answer.thread) = (
                substring(link[1] FROM '/archives/([CG][A-Z0-9]+)/p'),
                substring(link[1] FROM 'thread_ts=(\d{10}\.\d{6})')
            )
        )
        WHERE said.team = :team AND message ->> 'author' <> asker
            AND (said.session_id IS NULL OR message ->> 'author' <> 'Oxbow')
    ),
    dismissed AS (
        SELECT asked.id, shown.channel || ' ' || shown.thread AS thread
        FROM asked JOIN feedback USING (session_id) JOIN solutions AS shown ON shown.id = feedback.solution_id
        WHERE verdict = 'not_relevant'
    ),
    beside AS (
        SELECT asked.id, shown.channel || ' ' || shown.thread AS thread
        FROM asked JOIN solution_uses AS uses USING (session_id)
        JOIN solutions AS shown ON shown.id = uses.solution_id
        WHERE asked.id IN (SELECT id FROM dismissed)
    )
    SELECT asked.problem, asked.channel, asked.thread, asked.finished_at,
        ARRAY(
            SELECT DISTINCT answer FROM (SELECT * FROM cited UNION ALL SELECT * FROM linked) AS known
            WHERE known.id = asked.id AND answer <> asked.channel || ' ' || asked.thread
            EXCEPT SELECT thread FROM dismissed WHERE dismissed.id = asked.id
        ) AS answers,
        ARRAY(SELECT DISTINCT thread FROM beside WHERE beside.id = asked.id) AS shown,
        ARRAY(SELECT DISTINCT thread FROM dismissed WHERE dismissed.id = asked.id) AS dismissed
    FROM asked
    WHERE id IN (SELECT id FROM cited UNION SELECT id FROM linked UNION SELECT id FROM dismissed)
    ORDER BY finished_at DESC LIMIT :most
""")

SELECT_USES = text("""
    -- When a thread helped, once a session, and when it was called not relevant, once a person.
    SELECT thread, kind, array_agg(at ORDER BY at) AS times
    FROM (
        SELECT channel || ' ' || thread AS thread, kind, min(at) AS at
        FROM (
            SELECT uses.solution_id, 'helped' AS kind, CAST(uses.session_id AS text) AS by, used_at AS at
            FROM solution_uses AS uses JOIN solutions AS answered ON answered.session_id = uses.session_id
            WHERE cited AND answered.outcome = 'confirmed'
            UNION ALL
            SELECT solution_id, 'helped', CAST(session_id AS text), given_at
            FROM feedback WHERE verdict = 'solved'
            UNION ALL
            SELECT solution_id, 'dismissed', given_by, given_at
            FROM feedback WHERE verdict = 'not_relevant'
        ) AS uses JOIN solutions ON id = solution_id
        WHERE team = :team GROUP BY channel, thread, kind, by
    ) AS used GROUP BY thread, kind
""")

COUNT_NEWS = text("""
    -- What was indexed or judged since the latest version of the ranker was made, in use or not.
    WITH latest AS (
        SELECT coalesce(max(made_at), '-infinity') AS at FROM ranker_versions WHERE team = :team
    )
    SELECT (SELECT count(*) FROM solutions WHERE team = :team AND indexed_at > latest.at)
        + (SELECT count(*) FROM feedback JOIN solutions ON id = solution_id
           WHERE team = :team AND given_at > latest.at)
    FROM latest
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question whose answers are known; threads are written as channel and time stamp."""

    problem: str
    channel: str
    thread: str
    asked_at: datetime
    answers: frozenset[str]
    among: frozenset[str] | None
    """The only threads of which something is known; None: whatever is not an answer is worse than one."""


class EarlierUses:
    """How often a thread had helped, and been called not relevant, at an earlier moment."""

    def __init__(self, connection: Connection, team: str) -> None:
        rows = connection.execute(SELECT_USES, {"team": team})
        self._times: dict[tuple[str, str], Sequence[datetime]] = {
            (row.thread, row.kind): row.times for row in rows
        }

    def features(self, candidate: Candidate, *, before: datetime) -> tuple[float, ...]:
        """The candidate's features as they were then: today's know what the question is to teach."""
        thread = " ".join(candidate.thread[1:])
        helped, dismissed = (
            bisect_left(self._times.get((thread, kind), ()), before) for kind in ("helped", "dismissed")
        )
        features = list(candidate.features)
        features[HELPED] = log(1 + helped)
        features[DISMISSED] = min(dismissed, MOST_DISMISSALS)
        return tuple(features)


def questions(connection: Connection, team: str) -> list[Question]:
    """The latest questions with a known answer, the latest first."""
    rows = connection.execute(SELECT_QUESTIONS, {"team": team, "most": MOST_QUESTIONS}).all()
    asked = [
        Question(
            problem=row.problem,
            channel=row.channel,
            thread=row.thread,
            asked_at=row.finished_at,
            answers=frozenset(row.answers) or frozenset(row.shown) - frozenset(row.dismissed),
            among=None if row.answers else frozenset(row.shown) | frozenset(row.dismissed),
        )
        for row in rows
    ]
    return [question for question in asked if question.answers]


def news(connection: Connection, team: str) -> int:
    """How much happened since the ranking was learned last, taken back or not."""
    count: int = connection.execute(COUNT_NEWS, {"team": team}).scalar_one()
    return count
