"""Refitting: a team's ranker, taught by what its people did with earlier threads.

A question and its answer are known where an answer that people accepted cites an earlier thread, and where
somebody answers by posting the link of one. Each question is searched for as its memory was then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, text

from memory.learning import Example, cross_validated, fit, mean_ndcg
from memory.ranker_versions import accept
from memory.recall import Recall
from memory.scope import Scope
from memory.weights import DEFAULT, Weights

FEWEST_QUESTIONS = 50
"""With fewer, chance decides what the held-back ones say."""
MOST_QUESTIONS = 2_000
"""The latest ones; each costs a search."""
LEAST_GAIN = 0.005
"""Of nDCG@10, held back, for a change of what people are used to."""

SELECT_QUESTIONS = text("""
    -- Questions with the threads that answered them: cited by an answer that was not rejected, or linked by
    -- somebody who is not the asker.
    WITH cited AS (
        SELECT asking.id, answer.channel, answer.thread
        FROM solution_uses AS uses
        JOIN solutions AS answer ON answer.id = uses.solution_id
        JOIN solutions AS asking ON asking.session_id = uses.session_id
        WHERE cited AND asking.team = :team AND asking.outcome IN ('confirmed', 'answered')
    ),
    linked AS (
        SELECT asking.id, answer.channel, answer.thread
        FROM solutions AS asking
        CROSS JOIN LATERAL jsonb_array_elements(asking.conversation) AS message
        CROSS JOIN LATERAL regexp_matches(message ->> 'text', 'https?://[^\\s<>()|"`]+', 'g') AS found (link)
        JOIN solutions AS answer ON answer.team = asking.team AND answer.permalink = link[1]
        WHERE asking.team = :team AND asking.session_id IS NULL AND answer.permalink <> ''
            AND message ->> 'author' <> asking.conversation -> 0 ->> 'author'
    )
    SELECT asking.id, asking.problem, asking.channel, asking.thread, asking.finished_at, ARRAY(
        SELECT DISTINCT answers.channel || ' ' || answers.thread
        FROM (SELECT * FROM cited UNION ALL SELECT * FROM linked) AS answers
        WHERE answers.id = asking.id AND (answers.channel, answers.thread) <> (asking.channel, asking.thread)
    ) AS answers
    FROM solutions AS asking JOIN channels USING (team, channel)
    WHERE asking.id IN (SELECT id FROM cited UNION SELECT id FROM linked)
        AND public AND outcome <> 'withdrawn'
    ORDER BY asking.finished_at DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """What came out; the last one of a run."""

    done: int
    total: int
    questions: int = 0
    """Questions that taught: an answer is among their candidates."""
    before: float = 0.0
    """nDCG@10 with the shipped weights, 0 to 1."""
    after: float = 0.0
    """nDCG@10 of questions that were held back."""
    weights: Weights | None = None
    """What was learned, if there was enough to learn from."""
    accepted: bool = False


def refit(engine: Engine, recall: Recall, *, team: str) -> Iterator[Refit]:
    """Learn a team's weights anew and put them to use if held-back questions gain by it; yields progress.

    Raises `EmbedderUnavailable`.
    """
    with engine.connect() as connection:
        rows = connection.execute(SELECT_QUESTIONS, {"team": team, "most": MOST_QUESTIONS}).all()
    examples = []
    for done, row in enumerate(rows):
        yield Refit(done=done, total=len(rows))
        examples.append(_example(recall, team, row))
    teaching = [example for example in examples if example.teaches]
    if len(teaching) < FEWEST_QUESTIONS:
        yield Refit(done=len(rows), total=len(rows), questions=len(teaching))
        return
    before, after, weights = mean_ndcg(teaching, DEFAULT), cross_validated(teaching), fit(teaching)
    accepted = after >= before + LEAST_GAIN
    if accepted:
        with engine.begin() as connection:
            accept(connection, team, weights, questions=len(teaching), before=before, after=after)
    yield Refit(
        done=len(rows),
        total=len(rows),
        questions=len(teaching),
        before=before,
        after=after,
        weights=weights,
        accepted=accepted,
    )


def _example(recall: Recall, team: str, row: Row[Any]) -> Example:
    candidates = recall.candidates(
        row.problem,
        team=team,
        channel=row.channel,
        exclude=[(team, row.channel, row.thread)],
        scope=Scope(as_of=row.finished_at),
    )
    grades = tuple(int(" ".join(candidate.thread[1:]) in row.answers) for candidate in candidates)
    return Example(
        features=tuple(candidate.features for candidate in candidates),
        grades=grades,
        ideal=(1,) * len(row.answers),
    )
