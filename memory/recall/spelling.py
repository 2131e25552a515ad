"""Typing errors in a search: words that no thread knows, and the word that was probably meant.

A word is put right only when nothing that everybody may see holds it, and only to a word of such a thread: no
correction tells what a hidden channel says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import groupby

from sqlalchemy import Connection, text

from memory.solutions.terms import spellings, terms

SHORTEST = 5
"""Letters of a word that is put right; shorter ones have too many neighbours."""

CLOSE = 0.8
"""Of difflib's ratio: one slip in five letters, two in ten."""

ENDING = 6
"""Letters that a stem may lack."""

WORDS = 20_000
"""Of one beginning that are compared; a hundred times what a thousand threads have."""

_WORD = re.compile(r"[^\W\d_]+")

SELECT_UNKNOWN = text("""
    -- The words that no visible solution holds.
    SELECT word FROM unnest(CAST(:words AS text[])) AS given (word)
    WHERE NOT EXISTS (
        SELECT FROM postings JOIN solutions ON id = solution_id JOIN channels USING (team, channel)
        WHERE term = word AND team = :team AND public
    )
""")

SELECT_NEIGHBOURS = text("""
    -- All distinct terms with this beginning, each found by one step in the index, none by its entries.
    WITH RECURSIVE words (term) AS (
        (SELECT term FROM postings WHERE term >= :beginning AND term < :end ORDER BY term LIMIT 1)
        UNION ALL
        SELECT (SELECT term FROM postings WHERE term > words.term AND term < :end ORDER BY term LIMIT 1)
        FROM words WHERE words.term IS NOT NULL
    )
    SELECT term FROM (SELECT term FROM words LIMIT :words) AS known
    WHERE length(term) BETWEEN :short AND :long
""")

SELECT_SAID = text("""
    -- What a visible solution that holds the term says.
    SELECT concat_ws(E'\\n', problem, fix, cause, CAST(conversation AS text))
    FROM postings JOIN solutions ON id = solution_id JOIN channels USING (team, channel)
    WHERE term = :term AND team = :team AND public LIMIT 1
""")


def corrections(connection: Connection, query: str, *, team: str) -> dict[str, str]:
    """Map each word of the query that was probably mistyped, in lower case, to the word of a visible thread.

    The first two letters are taken to be right.
    """
    typed = {word.lower(): _term(word) for word in _WORD.findall(query) if len(word) >= SHORTEST}
    unknown = _unknown(connection, filter(None, typed.values()), team)
    found = {word: _meant(connection, word, team) for word, term in typed.items() if term in unknown}
    return {word: meant for word, meant in found.items() if meant is not None}


def corrected(query: str, meant: Mapping[str, str]) -> str:
    """The query with each mistyped word replaced."""
    return _WORD.sub(lambda word: meant.get(word[0].lower(), word[0]), query)


def _term(word: str) -> str | None:
    """The word as the memory counts it; None for one that says nothing."""
    return max(terms(word), key=len, default=None)


def _meant(connection: Connection, typed: str, team: str) -> str | None:
    """The word of a visible solution that is nearest to what was typed."""
    close = _close(typed, _neighbours(connection, typed))
    hidden = _unknown(connection, close, team)
    spelled = [_spelled(connection, term, team) for term in close if term not in hidden]
    return next(iter(get_close_matches(typed, spelled, n=1, cutoff=CLOSE)), None)


def _close(typed: str, known: Iterable[str]) -> list[str]:
    """The terms that resemble what was typed or, being stems, its beginning."""
    by_length = groupby(sorted(known, key=len), key=len)
    return [
        term
        for length, group in by_length
        for term in get_close_matches(typed[:length], list(group), n=3, cutoff=CLOSE)
    ]


def _spelled(connection: Connection, term: str, team: str) -> str:
    """The term as people wrote it."""
    said = connection.execute(SELECT_SAID, {"term": term, "team": team}).scalar_one()
    return spellings(said).get(term, term).lower()


def _unknown(connection: Connection, words: Iterable[str], team: str) -> set[str]:
    rows = connection.execute(SELECT_UNKNOWN, {"words": sorted(words), "team": team})
    return {word for (word,) in rows}


def _neighbours(connection: Connection, word: str) -> list[str]:
    beginning = word[:2]
    bounds = {"beginning": beginning, "end": beginning[0] + chr(ord(beginning[1]) + 1), "words": WORDS}
    rows = connection.execute(
        SELECT_NEIGHBOURS, {**bounds, "short": len(word) - ENDING, "long": len(word) + 2}
    )
    return [term for (term,) in rows if term is not None and term.isalpha()]
