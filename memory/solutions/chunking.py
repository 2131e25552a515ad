"""Chunking: a solution as the passages that get a vector each.

Whole threads make poor vectors (32.7 nDCG@10 against 38.4 for chunks, on real chat), and the typed fields of
a solution are what later questions look like: an error text finds an error text. Pure functions, no I/O.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from memory.solutions.solution import Solution, Utterance
from memory.solutions.terms import terms

PassageKind = Literal["question", "answer", "error", "command", "file", "thread"]

LONGEST_QUESTION = 1_800
"""Characters; the encoder reads 256 word pieces, so more of a question would not reach the vector anyway."""
LONGEST_PASSAGE = 900
"""Characters; about 200 word pieces, so a passage is read whole."""
MOST_ANSWER_PASSAGES = 2
"""An answer states its point early; what follows is evidence, which has its own passages."""
MOST_THREAD_PASSAGES = 8
"""A thread's start says what it is about; each further passage costs 50 ms to embed and blurs the mean."""
MOST_ERROR_PASSAGES = 3
"""The first errors of a session are the reported ones; later ones are its own experiments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a solution, embedded as one vector; `(kind, position)` is unique within its solution."""

    kind: PassageKind
    position: int
    text: str

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the text: equal texts need embedding once per embedder."""
        return hashlib.sha256(self.text.encode()).digest()


def passages(solution: Solution) -> tuple[Passage, ...]:
    """Cut a solution into passages, at least one, none empty, none twice."""
    seen: set[str] = set()
    kept: list[Passage] = []
    positions: Counter[PassageKind] = Counter()
    for kind, text in _candidates(solution):
        if text and text not in seen:
            seen.add(text)
            kept.append(Passage(kind=kind, position=positions[kind], text=text))
            positions[kind] += 1
    return tuple(kept) or (Passage(kind="question", position=0, text="(empty)"),)


def solution_terms(solution: Solution) -> Counter[str]:
    """Count the terms of everything a solution says, each sentence once."""
    said = solution.problem, solution.cause, solution.fix
    shown = *solution.symptoms, *solution.files, *(run.command for run in solution.evidence)
    spoken = _unquoted(solution)
    return terms("\n".join((*said, *shown, solution.repository or "", *(u.text for u in spoken))))


def _candidates(solution: Solution) -> Iterator[tuple[PassageKind, str]]:
    yield "question", solution.problem.strip()[:LONGEST_QUESTION]
    answer = "\n".join(filter(None, (solution.cause, solution.fix)))
    yield from (("answer", text) for text in islice(pack([answer]), MOST_ANSWER_PASSAGES))
    for symptom in solution.symptoms[:MOST_ERROR_PASSAGES]:
        # A traceback names its error on the last line.
        yield "error", symptom.strip()[-LONGEST_PASSAGE:]
    yield "command", "\n".join(run.command for run in solution.evidence)[:LONGEST_PASSAGE]
    yield "file", "\n".join(solution.files)[:LONGEST_PASSAGE]
    packed = pack(utterance.text for utterance in _unquoted(solution))
    yield from (("thread", text) for text in islice(packed, MOST_THREAD_PASSAGES))


def _unquoted(solution: Solution) -> tuple[Utterance, ...]:
    """Give the messages that neither the problem nor the fix already quotes."""
    quoted = f"{solution.problem}\n{solution.fix}"
    return tuple(u for u in solution.conversation if u.text.strip() and u.text.strip() not in quoted)


def pack(messages: Iterable[str]) -> Iterator[str]:
    """Join consecutive messages up to `LONGEST_PASSAGE` characters; a longer one is cut."""
    held = ""
    for message in map(str.strip, messages):
        if held and len(held) + 1 + len(message) > LONGEST_PASSAGE:
            yield held
            held = ""
        held = f"{held}\n{message}" if held else message
        while len(held) > LONGEST_PASSAGE:
            yield held[:LONGEST_PASSAGE].rstrip()
            held = held[LONGEST_PASSAGE:].lstrip()
    if held:
        yield held
