"""Refitting: a team's ranker, taught by what its people did with earlier threads.

Each question is searched for as its memory was then. Nothing is put to use here but by `adopt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from memory.recall.learning import Example, cross_validated, fit, mean_ndcg
from memory.recall.ranker_versions import accept, current_weights
from memory.recall.recall import Recall
from memory.recall.scope import Scope
from memory.recall.weights import Weights
from memory.solutions.teaching import EarlierUses, Question, questions

FEWEST_QUESTIONS = 50
"""With fewer, chance decides what the held-back ones say."""
LEAST_GAIN = 0.005
"""Of nDCG@10, held back, for a change of what people are used to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """What came out; the last one of a run."""

    done: int
    total: int
    questions: int = 0
    """Questions that taught: an answer is among their candidates."""
    before: float = 0.0
    """nDCG@10 with the weights in use, 0 to 1. Where these were learned they know the questions: a gain over
    them is a gain."""
    after: float = 0.0
    """nDCG@10 of questions that were held back."""
    weights: Weights | None = None
    """What was learned, if there was enough to learn from."""

    @property
    def improves(self) -> bool:
        """Whether held-back questions gain enough by it to be put to use."""
        return self.weights is not None and self.after >= self.before + LEAST_GAIN


def refit(engine: Engine, recall: Recall, *, team: str) -> Iterator[Refit]:
    """Learn a team's weights anew; yields progress, at last what came out. Raises `EmbedderUnavailable`."""
    with engine.connect() as connection:
        asked, uses = questions(connection, team), EarlierUses(connection, team)
        current = current_weights(connection, team)
    examples = []
    for done, question in enumerate(asked):
        yield Refit(done=done, total=len(asked))
        examples.append(_example(recall, uses, team, question))
    teaching = [example for example in examples if example.teaches]
    if len(teaching) < FEWEST_QUESTIONS:
        yield Refit(done=len(asked), total=len(asked), questions=len(teaching))
        return
    yield Refit(
        done=len(asked),
        total=len(asked),
        questions=len(teaching),
        before=mean_ndcg(teaching, current),
        after=cross_validated(teaching),
        weights=fit(teaching),
    )


def adopt(connection: Connection, learned: Refit, *, team: str) -> bool:
    """Put to use what was learned if it improves; whether it is in use from the commit on."""
    if learned.weights is None or not learned.improves:
        return False
    figures = {"before": learned.before, "after": learned.after}
    accept(connection, team, learned.weights, questions=learned.questions, **figures)
    return True


def _example(recall: Recall, uses: EarlierUses, team: str, question: Question) -> Example:
    candidates = recall.candidates(
        question.problem,
        team=team,
        channel=question.channel,
        exclude=[(team, question.channel, question.thread)],
        scope=Scope(as_of=question.asked_at),
    )
    threads = [" ".join(candidate.thread[1:]) for candidate in candidates]
    known = [
        place for place, thread in enumerate(threads) if question.among is None or thread in question.among
    ]
    return Example(
        features=tuple(uses.features(candidates[place], before=question.asked_at) for place in known),
        grades=tuple(int(threads[place] in question.answers) for place in known),
        ideal=(1,) * len(question.answers),
    )
