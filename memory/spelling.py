"""Typing errors in a search: words that no thread knows, and the word that was probably meant.

A word is put right only when nothing that everybody may see holds it, and only to a word of such a thread: no
correction tells what a hidden channel says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from sqlalchemy import Connection, text

from memory.terms import terms

SHORTEST = 5
"""Letters of a word that is put right; shorter ones have too many neighbours."""

CLOSE = 0.8
"""Of difflib's ratio: one slip in five letters, two in ten."""

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


def corrections(connection: Connection, query: str, *, team: str) -> dict[str, str]:
    """Map each word of the query that was probably mistyped, in lower case, to the word of a visible thread.

    The first two letters are taken to be right.
    """
    typed = {word.lower(): _term(word) for word in _WORD.findall(query) if len(word) >= SHORTEST}
    unknown = _unknown(connection, filter(None, typed.values()), team)
    found = {word: _meant(connection, term, team) for word, term in typed.items() if term in unknown}
    return {word: meant for word, meant in found.items() if meant is not None}


def corrected(query: str, meant: Mapping[str, str]) -> str:
    """The query with each mistyped word replaced."""
    return _WORD.sub(lambda word: meant.get(word[0].lower(), word[0]), query)


def _term(word: str) -> str | None:
    """The word as the memory counts it; None for one that says nothing."""
    return max(terms(word), key=len, default=None)


def _meant(connection: Connection, term: str, team: str) -> str | None:
    close = get_close_matches(term, _neighbours(connection, term), n=3, cutoff=CLOSE)
    hidden = _unknown(connection, close, team)
    return next((candidate for candidate in close if candidate not in hidden), None)


def _unknown(connection: Connection, words: Iterable[str], team: str) -> set[str]:
    rows = connection.execute(SELECT_UNKNOWN, {"words": sorted(words), "team": team})
    return {word for (word,) in rows}


def _neighbours(connection: Connection, word: str) -> list[str]:
    beginning = word[:2]
    bounds = {"beginning": beginning, "end": beginning[0] + chr(ord(beginning[1]) + 1), "words": WORDS}
    rows = connection.execute(SELECT_NEIGHBOURS, {**bounds, "short": len(word) - 2, "long": len(word) + 2})
    return [term for (term,) in rows if term is not None and term.isalpha()]
