"""Recurring problems: threads that ask the same, found in the vectors of their questions.

Two threads belong together when each is among the nearest of the other and their questions are almost the
same in meaning; what such pairs connect is one problem. Deterministic, and bounded by `MOST_THREADS`,
`NEAREST` and `MOST_TOGETHER`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from memory.solutions.solution import Outcome, Standing

LEAST_COSINE = 0.85
"""Of the questions of two threads. On real bug reports five of six groups ask for the same thing; at 0.8 they
begin to chain from one subject to the next."""

NEAREST = 5
"""Of a thread that are looked at; a sixth is reached through them."""

FEWEST_TOGETHER = 2
MOST_TOGETHER = 50
"""Threads of one problem. What would connect more is a phrase that everybody uses."""

MOST_THREADS = 10_000
"""The latest of a workspace; all pairs of so many take some seconds."""

ROUNDING = 1e-5
"""Of a cosine in single precision: equal vectors differ by so much."""

LOOK_BACK = timedelta(days=365)
"""Before the end of a window: what came up a year ago and not since is no news."""

SHORTEST_QUESTION = 20
"""Characters: *it fails again* says nothing that tells two problems apart."""

Vectors: TypeAlias = npt.NDArray[np.float32]

SELECT_TEAMS = text("SELECT DISTINCT team FROM solutions ORDER BY team")

SELECT_THREADS = text("""
    -- The first turn of each thread that everybody may see and nobody calls wrong, and its question's vector.
    SELECT * FROM (
        SELECT DISTINCT ON (channel, thread) solutions.id, channel, channels.name AS channel_name, thread,
            problem, fix, outcome, standing, permalink, repository, finished_at,
            CAST(embedding AS text) AS vector
        FROM solutions JOIN channels USING (team, channel)
        JOIN passages ON solution_id = solutions.id AND kind = 'question' AND position = 0
        WHERE team = :team AND public AND outcome <> 'withdrawn' AND standing <> 'wrong'
            AND embedder = :embedder AND finished_at < :until AND finished_at >= :since
            AND length(problem) >= :shortest
        ORDER BY channel, thread, turn
    ) AS first ORDER BY finished_at DESC, id LIMIT :most
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A thread in which a problem came up."""

    solution: UUID
    channel: str
    channel_name: str
    thread: str
    problem: str
    fix: str
    outcome: Outcome
    standing: Standing
    permalink: str
    repository: str | None
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """A problem that came up more than once."""

    occurrences: tuple[Occurrence, ...]
    """At least `FEWEST_TOGETHER`, the earliest first."""
    typical: Occurrence
    """The one that is nearest to the others."""

    @property
    def key(self) -> str:
        """The same for as long as its earliest thread is remembered."""
        return f"{self.occurrences[0].channel} {self.occurrences[0].thread}"

    @property
    def solved(self) -> Occurrence | None:
        """The latest confirmed one that still holds."""
        held = (it for it in reversed(self.occurrences) if it.standing == "current")
        return next((it for it in held if it.outcome == "confirmed" and it.fix), None)

    def within(self, shows: Callable[[str], bool]) -> Recurring | None:
        """What is left of it in the channels that may be shown; None when that is no repetition."""
        open_ = {it.channel for it in self.occurrences if shows(it.channel)}
        left = tuple(it for it in self.occurrences if it.channel in open_)
        if len(left) < FEWEST_TOGETHER:
            return None
        return Recurring(occurrences=left, typical=self.typical if self.typical in left else left[-1])

    def since(self, moment: datetime) -> int:
        """How often it came up from then on."""
        return sum(it.finished_at >= moment for it in self.occurrences)


def recurring(
    connection: Connection, *, team: str, embedder: str, since: datetime, until: datetime
) -> list[Recurring]:
    """Give the problems that came up in a window and at least once before in it or earlier.

    The one that came up most often in the window is first.
    """
    rows = connection.execute(
        SELECT_THREADS,
        {
            "team": team,
            "embedder": embedder,
            "until": until,
            "since": until - LOOK_BACK,
            "shortest": SHORTEST_QUESTION,
            "most": MOST_THREADS,
        },
    ).mappings()
    threads, vectors = [], []
    for row in rows:
        values = dict(row)
        vectors.append(np.fromstring(values.pop("vector")[1:-1], dtype=np.float32, sep=","))
        threads.append(Occurrence(solution=values.pop("id"), **values))
    found = [_problem(threads, np.array(vectors), members) for members in together(np.array(vectors))]
    new = [problem for problem in found if problem.since(since)]
    return sorted(new, key=lambda it: (-it.since(since), -len(it.occurrences), it.key))


def teams(connection: Connection) -> list[str]:
    """The workspaces of which something is remembered."""
    return list(connection.execute(SELECT_TEAMS).scalars())


def together(vectors: Vectors) -> list[list[int]]:
    """Group vectors of length 1, one a row: the rows of each group of at least two."""
    if len(vectors) < FEWEST_TOGETHER:
        return []
    groups: dict[int, list[int]] = {row: [row] for row in range(len(vectors))}
    of = list(range(len(vectors)))
    for one, other in _pairs(vectors):
        first, second = of[one], of[other]
        if first != second and len(groups[first]) + len(groups[second]) <= MOST_TOGETHER:
            for row in groups[second]:
                of[row] = first
            groups[first] += groups.pop(second)
    return [sorted(rows) for rows in groups.values() if len(rows) >= FEWEST_TOGETHER]


def _pairs(vectors: Vectors) -> Iterator[tuple[int, int]]:
    """Those that are each among the other's nearest and near enough, the nearest first."""
    nearest = _nearest(vectors)
    mutual = [
        (-cosine, row, other)
        for row, others in nearest.items()
        for other, cosine in others.items()
        if row < other and row in nearest[other]
    ]
    for _, row, other in sorted(mutual):
        yield row, other


def _nearest(vectors: Vectors, *, at_once: int = 1_000) -> Mapping[int, Mapping[int, float]]:
    """For each row the nearest others, with their cosines."""
    found: dict[int, Mapping[int, float]] = {}
    for start in range(0, len(vectors), at_once):
        cosines = vectors[start : start + at_once] @ vectors.T
        for place, row in enumerate(range(start, start + len(cosines))):
            cosines[place, row] = -1
            found[row] = _near(cosines[place])
    return found


def _near(cosines: Vectors) -> Mapping[int, float]:
    """The nearest that are near enough. Whatever is as near as the last of them is too: of many equal texts
    each is a neighbour of each."""
    last = np.partition(cosines, -NEAREST)[-NEAREST] if len(cosines) > NEAREST else -1
    rows = np.nonzero(cosines >= max(LEAST_COSINE, last - ROUNDING))[0][:MOST_TOGETHER]
    return {int(row): float(cosines[row]) for row in rows}


def _problem(threads: Sequence[Occurrence], vectors: Vectors, members: Sequence[int]) -> Recurring:
    inside = vectors[members] @ vectors[members].T
    typical = members[int(np.argmax(inside.sum(axis=0)))]
    ordered = sorted((threads[row] for row in members), key=lambda it: (it.finished_at, it.solution))
    return Recurring(occurrences=tuple(ordered), typical=threads[typical])
