"""Measuring recall on a judged set: imported, indexed and searched by the product's own code.

Every question is asked twice: as it is, and with its answers taken out of the memory, which shows what is
said when there is nothing to find. The single methods rank the same rows for the same questions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine, text

from memory.embedding.embedder import Embedder
from memory.evaluation import baselines
from memory.evaluation.baselines import BASELINES, Asked
from memory.evaluation.judged import JudgedSet, Question, Threads
from memory.evaluation.measures import Quality, percentile, precision_at_coverage, quality
from memory.imports.importing import import_threads
from memory.recall.learning import Example, cross_validated
from memory.recall.recall import Hit, Recall, Thread, confident, worth_showing
from memory.recall.scope import Scope
from memory.secrets.mask import SecretMask
from memory.solutions.index import storable

DEPTH = 10
TIMED = 100
"""Questions that are embedded again to see how long it takes; the others' vectors may come from a file."""

EMPTY = text("TRUNCATE solutions, channels CASCADE")
COUNT_PASSAGES = text("SELECT count(*) FROM passages")

Report = Callable[[str, int, int], None]
"""What is being done, how many are done, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a threshold for the first hit does, each 0 to 1."""

    coverage: float
    """Share of questions it lets through, their answers being in the memory."""
    precision: float
    """Share of these whose first hit is right; 0 when there are none."""
    false_alarms: float
    """Share of questions it lets through although their answers were taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came out for one set."""

    name: str
    threads: int
    passages: int
    questions: int
    oxbow: Quality
    baselines: Mapping[str, Quality]
    learned: float
    """nDCG@10 when each question is ranked by weights that the other four fifths of the questions taught."""
    precision_at_quarter: float
    """Of the first hits of the most confident quarter of all questions; one without a hit counts as wrong."""
    shown: Bar
    """What is shown without being asked for."""
    offered: Bar
    """The off-ramp: what would be offered as the answer before anything else is tried."""
    search: Latency
    """A search whose question is embedded already."""
    embedding: Latency
    """Of a question."""
    whole: Latency
    """Both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a question got."""

    question: Question
    hits: Sequence[Hit]
    without: Sequence[Hit]
    """The hits when its answers were taken out."""
    others: Mapping[str, Sequence[str]]
    example: Example
    search: float
    embedding: float | None

    @property
    def ranked(self) -> list[str]:
        return [hit.thread for hit in self.hits]

    @property
    def right(self) -> bool:
        return bool(self.hits) and self.question.grades.get(self.hits[0].thread, 0) > 0


def measure(
    engine: Engine,
    embedder: Embedder,
    judged: JudgedSet,
    *,
    bare: Embedder,
    secrets: SecretMask,
    report: Report,
) -> Measured:
    """Fill an empty memory with the set and ask its questions; the solutions the database held are deleted.

    `bare` embeds some questions for their latency, where `embedder` may know vectors. Raises `ImportProblem`
    and `EmbedderUnavailable`.
    """
    with engine.begin() as connection:
        connection.execute(EMPTY)
    source = Threads(given=judged.documents)
    for progress in import_threads(engine, embedder, source, team=judged.name, secrets=secrets):
        report(f"{judged.name}: indexing", progress.done, progress.total)
    baselines.prepare(engine)
    asking = _Asking(engine, embedder, judged, bare)
    answers = []
    for number, question in enumerate(judged.questions, start=1):
        answers.append(asking.ask(question, timed=number <= TIMED))
        report(f"{judged.name}: asking", number, len(judged.questions))
    with engine.connect() as connection:
        passages: int = connection.execute(COUNT_PASSAGES).scalar_one()
    return _measured(judged, answers, passages)


class _Asking:
    def __init__(self, engine: Engine, embedder: Embedder, judged: JudgedSet, bare: Embedder) -> None:
        self._engine = engine
        self._embedder = embedder
        self._judged = judged
        self._bare = bare
        self._recall = Recall(engine, embedder)
        bare.embed(["loaded"])

    @cached_property
    def _channels(self) -> Mapping[str, str]:
        return {document.thread: document.channel for document in self._judged.documents}

    def ask(self, question: Question, *, timed: bool) -> _Answer:
        asked = Asked(
            text=storable(question.text),
            vector=self._embedder.embed([storable(question.text)])[0],
            embedder=self._embedder.name,
            team=self._judged.name,
            exclude=self._threads(
                [question.thread] if question.thread and not question.own_is_answer else []
            ),
            scope=self._scope(question),
        )
        begun = time.perf_counter()
        hits = self._search(question, asked.exclude, asked.scope)
        took = time.perf_counter() - begun
        answers = self._threads(thread for thread, grade in question.grades.items() if grade > 0)
        return _Answer(
            question=question,
            hits=hits,
            without=self._search(question, [*asked.exclude, *answers], asked.scope),
            others={name: rank(self._engine, asked) for name, rank in BASELINES.items()},
            example=self._example(question, asked),
            search=took * 1e3,
            embedding=self._embedding(asked.text) if timed else None,
        )

    def _search(self, question: Question, exclude: Collection[Thread], scope: Scope) -> list[Hit]:
        return self._recall.search(
            question.text,
            team=self._judged.name,
            channel=question.channel,
            limit=DEPTH,
            exclude=exclude,
            scope=scope,
        )

    def _example(self, question: Question, asked: Asked) -> Example:
        candidates = self._recall.candidates(
            question.text, team=asked.team, channel=question.channel, exclude=asked.exclude, scope=asked.scope
        )
        return Example(
            features=tuple(candidate.features for candidate in candidates),
            grades=tuple(question.grades.get(candidate.thread[2], 0) for candidate in candidates),
            ideal=tuple(question.grades.values()),
        )

    def _scope(self, question: Question) -> Scope:
        """Where later threads may be answers there is no moment to look from but now."""
        within = (question.channel,) if self._judged.within_channel and question.channel else ()
        return Scope(channels=within, as_of=question.at if self._judged.earlier_only else None)

    def _threads(self, identifiers: Iterable[str]) -> list[Thread]:
        return [
            (self._judged.name, self._channels[identifier], identifier)
            for identifier in identifiers
            if identifier in self._channels
        ]

    def _embedding(self, asked: str) -> float:
        begun = time.perf_counter()
        self._bare.embed([asked])
        return (time.perf_counter() - begun) * 1e3


def _measured(judged: JudgedSet, answers: Sequence[_Answer], passages: int) -> Measured:
    timed = [(answer.search, answer.embedding) for answer in answers if answer.embedding is not None]
    return Measured(
        name=judged.name,
        threads=len(judged.documents),
        passages=passages,
        questions=len(answers),
        oxbow=quality((answer.ranked, answer.question.grades) for answer in answers),
        baselines={
            name: quality((answer.others[name], answer.question.grades) for answer in answers)
            for name in BASELINES
        },
        learned=cross_validated([answer.example for answer in answers]),
        precision_at_quarter=precision_at_coverage(
            ((answer.hits[0].confidence if answer.hits else 0.0, answer.right) for answer in answers), 0.25
        ),
        shown=_bar(answers, lambda hits: bool(worth_showing(hits[:1]))),
        offered=_bar(answers, lambda hits: any(map(confident, hits[:1]))),
        search=_latency(answer.search for answer in answers),
        embedding=_latency(embedding for _, embedding in timed),
        whole=_latency(search + embedding for search, embedding in timed),
    )


def _bar(answers: Sequence[_Answer], passes: Callable[[Sequence[Hit]], bool]) -> Bar:
    through = [answer for answer in answers if passes(answer.hits)]
    return Bar(
        coverage=len(through) / len(answers),
        precision=sum(answer.right for answer in through) / max(1, len(through)),
        false_alarms=sum(passes(answer.without) for answer in answers) / len(answers),
    )


def _latency(milliseconds: Iterable[float]) -> Latency:
    values = list(milliseconds)
    return Latency(p50=percentile(values, 0.5), p95=percentile(values, 0.95))
