"""A made-up memory of any size: threads about invented errors in invented services."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from memory.chunking import passages as passages_of
from memory.solutions import Solution, Utterance

SUBJECTS = (
    "import",
    "export",
    "checkout",
    "invoice",
    "login",
    "search",
    "upload",
    "report",
    "queue",
    "cache",
)
ERRORS = ("KeyError", "ValueError", "TimeoutError", "ConnectionResetError", "PermissionError", "TypeError")
VERBS = ("fails", "hangs", "stops", "loses rows", "returns nothing", "doubles entries", "leaks memory")
START = datetime(2025, 1, 1, tzinfo=UTC)


def solutions(*, passages: int, batch: int) -> Iterator[list[Solution]]:
    """Batches of solutions that together have at least `passages` passages; the same ones every time."""
    chance = random.Random(7)
    made, number, current = 0, 0, []
    while made < passages:
        number += 1
        solution = _solution(chance, number)
        made += len(passages_of(solution))
        current.append(solution)
        if len(current) == batch:
            yield current
            current = []
    if current:
        yield current


def _solution(chance: random.Random, number: int) -> Solution:
    service = f"{chance.choice(SUBJECTS)}_{chance.randrange(400)}"
    field = f"field_{chance.randrange(2_000)}"
    error = f"{chance.choice(ERRORS)}: '{field}'"
    problem = f"the {chance.choice(SUBJECTS)} in {service} {chance.choice(VERBS)} with {error}"
    fix = f"{service}/{field}.py took {field} for granted; rows without it are now {chance.choice(VERBS)}"
    return Solution(
        team="T1",
        channel=f"C{number % 40}",
        thread=f"{number}.0",
        turn=1,
        session=None,
        problem=problem,
        fix=fix,
        outcome="answered",
        finished_at=START + timedelta(hours=number % 8_000),
        permalink=f"https://chat.example.org/{number}",
        symptoms=(error,),
        files=(f"{service}/{field}.py",),
        conversation=(Utterance(author="Ada", text=problem), Utterance(author="Oxbow", text=fix)),
    )
