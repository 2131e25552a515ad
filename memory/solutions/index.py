"""The index: solutions go in here, together with everything recall needs to find them.

Two steps, so that no lock is held while a model computes: `prepare` makes passages, vectors and terms;
`store` writes them in the caller's transaction, beside the event that says so.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from memory.database import transaction
from memory.embedding.embedder import Embedder, Vector
from memory.solutions.chunking import Passage, passages, solution_terms
from memory.solutions.solution import Evidence, Outcome, Solution, Utterance
from memory.solutions.withdrawal import withdraw

SELECT_KNOWN_VECTORS = text("""
    -- Vectors of texts that were embedded before, in whichever solution.
    SELECT DISTINCT ON (content_hash) content_hash, CAST(embedding AS text)
    FROM passages WHERE embedder = :embedder AND content_hash = ANY(CAST(:hashes AS bytea[]))
""")

UPSERT_SOLUTION = text("""
    -- A turn indexed again replaces what was known of it. Two things stand: a withdrawal, and for an import
    -- the outcome that people here gave it.
    INSERT INTO solutions AS known (
        team, channel, thread, turn, session_id, source, problem, fix, cause, symptoms, evidence, files,
        repository, commit, people, conversation, outcome, permalink, length, content_hash, finished_at,
        environment, pull_request, form
    ) VALUES (
        :team, :channel, :thread, :turn, :session_id, :source, :problem, :fix, :cause,
        CAST(:symptoms AS text[]), CAST(:evidence AS jsonb), CAST(:files AS text[]), :repository, :commit,
        CAST(:people AS text[]), CAST(:conversation AS jsonb), :outcome, :permalink, :length, :content_hash,
        :finished_at, CAST(:environment AS text[]), :pull_request, :form
    )
    ON CONFLICT (team, channel, thread, turn) DO UPDATE SET
        session_id = excluded.session_id, source = excluded.source, problem = excluded.problem,
        fix = excluded.fix, cause = excluded.cause, symptoms = excluded.symptoms,
        evidence = excluded.evidence, files = excluded.files, repository = excluded.repository,
        commit = excluded.commit, environment = excluded.environment,
        pull_request = excluded.pull_request, form = excluded.form,
        people = excluded.people, conversation = excluded.conversation, permalink = excluded.permalink,
        content_hash = excluded.content_hash, finished_at = excluded.finished_at,
        indexed_at = clock_timestamp(),
        outcome = CASE
            WHEN excluded.source = 'import' AND EXISTS (
                SELECT FROM feedback WHERE solution_id = known.id AND verdict <> 'not_relevant'
            ) THEN known.outcome
            ELSE excluded.outcome
        END,
        length = excluded.length
    WHERE known.outcome <> 'withdrawn'
    RETURNING id
""")

DELETE_PASSAGES = text("""
    -- Those of this embedder, and those of others whose text is no longer part of the solution.
    DELETE FROM passages WHERE solution_id = :id
        AND (embedder = :embedder OR content_hash <> ALL(CAST(:hashes AS bytea[])))
""")

INSERT_PASSAGES = text("""
    INSERT INTO passages (solution_id, kind, position, text, content_hash, embedder, embedding)
    SELECT :id, kind, position, text, content_hash, :embedder, CAST(embedding AS vector(384))
    FROM unnest(
        CAST(:kinds AS text[]), CAST(:positions AS smallint[]), CAST(:texts AS text[]),
        CAST(:hashes AS bytea[]), CAST(:embeddings AS text[])
    ) AS given (kind, position, text, content_hash, embedding)
""")

DELETE_POSTINGS = text("DELETE FROM postings WHERE solution_id = :id")

INSERT_POSTINGS = text("""
    INSERT INTO postings (term, solution_id, frequency, length)
    SELECT term, :id, frequency, :length
    FROM unnest(CAST(:terms AS text[]), CAST(:frequencies AS integer[])) AS given (term, frequency)
""")

SET_OUTCOME = text("""
    -- A withdrawn solution stays withdrawn.
    UPDATE solutions SET outcome = :outcome WHERE id = :id AND outcome <> 'withdrawn'
""")

SELECT_ID = text("""
    -- The solution of one turn.
    SELECT id FROM solutions
    WHERE team = :team AND channel = :channel AND thread = :thread AND turn = :turn
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSolution:
    """A solution with all that storing it needs; `vectors` has one entry for each of `passages`."""

    solution: Solution
    terms: Counter[str]
    passages: tuple[Passage, ...]
    vectors: tuple[Vector, ...]
    embedder: str

    @property
    def length(self) -> int:
        """How many terms the solution has, each occurrence counted; at least 1."""
        return max(1, self.terms.total())


class SolutionIndex:
    """Writes solutions into the memory. Safe to use from several threads."""

    def __init__(self, engine: Engine, embedder: Embedder) -> None:
        self._engine = engine
        self._embedder = embedder

    def prepare(self, solution: Solution) -> PreparedSolution:
        """Cut, embed and count one solution. Raises `EmbedderUnavailable`; writes nothing."""
        return self.prepare_all([solution])[0]

    def prepare_all(self, solutions: Sequence[Solution]) -> list[PreparedSolution]:
        """Prepare several solutions, embedding in one go what was never embedded before."""
        solutions = [_storable(solution) for solution in solutions]
        cut = [passages(solution) for solution in solutions]
        vectors = self._vectors({p.content_hash: p.text for pieces in cut for p in pieces})
        return [
            PreparedSolution(
                solution=solution,
                terms=solution_terms(solution),
                passages=pieces,
                vectors=tuple(vectors[passage.content_hash] for passage in pieces),
                embedder=self._embedder.name,
            )
            for solution, pieces in zip(solutions, cut, strict=True)
        ]

    def store(self, connection: Connection, prepared: PreparedSolution) -> UUID:
        """Write a solution in the caller's transaction and return its id.

        Again for the same team, channel, thread and turn: replaces it, under the same id. A solution that was
        withdrawn stays withdrawn and cannot be found.
        """
        row = _solution_row(prepared)
        written: UUID | None = connection.execute(UPSERT_SOLUTION, row).scalar_one_or_none()
        if written is None:
            withdrawn: UUID = connection.execute(SELECT_ID, row).scalar_one()
            return withdrawn
        identifier = written
        connection.execute(DELETE_POSTINGS, {"id": identifier})
        hashes = [passage.content_hash for passage in prepared.passages]
        connection.execute(
            DELETE_PASSAGES, {"id": identifier, "embedder": prepared.embedder, "hashes": hashes}
        )
        connection.execute(INSERT_PASSAGES, {"id": identifier, **_passage_columns(prepared)})
        connection.execute(INSERT_POSTINGS, {"id": identifier, **_posting_columns(prepared)})
        return identifier

    def set_outcome(self, connection: Connection, solution: UUID, outcome: Outcome) -> None:
        """Say how a solution turned out; a withdrawn one stays withdrawn, an unknown one is ignored."""
        if outcome == "withdrawn":
            self.withdraw(connection, solution)
        else:
            connection.execute(SET_OUTCOME, {"id": solution, "outcome": outcome})

    def withdraw(self, connection: Connection, solution: UUID) -> None:
        """Make a solution impossible to find, for good, from the commit on."""
        withdraw(connection, solution)

    def withdraw_turn(
        self, connection: Connection, *, team: str, channel: str, thread: str, turn: int
    ) -> None:
        """Withdraw what one turn of a thread taught; nothing when it was never indexed."""
        key = {"team": team, "channel": channel, "thread": thread, "turn": turn}
        identifier = connection.execute(SELECT_ID, key).scalar_one_or_none()
        if identifier is not None:
            self.withdraw(connection, identifier)

    def _vectors(self, texts: dict[bytes, str]) -> dict[bytes, Vector]:
        with transaction(self._engine) as connection:
            rows = connection.execute(
                SELECT_KNOWN_VECTORS, {"embedder": self._embedder.name, "hashes": list(texts)}
            )
            known: dict[bytes, Vector] = {bytes(digest): json.loads(vector) for digest, vector in rows}
        fresh = [digest for digest in texts if digest not in known]
        made = self._embedder.embed([texts[digest] for digest in fresh])
        return known | dict(zip(fresh, made, strict=True))


def content_hash(solution: Solution) -> bytes:
    """SHA-256 of everything a solution says: equal hashes need no indexing."""
    said = asdict(_storable(solution))
    return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).digest()


def storable(said: str) -> str:
    """Take out what Postgres text and JSON cannot hold: NUL, and surrogates without their other half."""
    return said.replace("\0", "").encode("utf-8", "replace").decode()


def _storable(solution: Solution) -> Solution:
    return replace(
        solution,
        problem=storable(solution.problem),
        fix=storable(solution.fix),
        cause=storable(solution.cause),
        symptoms=tuple(map(storable, solution.symptoms)),
        environment=tuple(map(storable, solution.environment)),
        files=tuple(map(storable, solution.files)),
        people=tuple(map(storable, solution.people)),
        evidence=tuple(
            Evidence(command=storable(e.command), exit_code=e.exit_code) for e in solution.evidence
        ),
        conversation=tuple(
            Utterance(author=storable(u.author), text=storable(u.text)) for u in solution.conversation
        ),
    )


def _solution_row(prepared: PreparedSolution) -> dict[str, object]:
    solution = prepared.solution
    return asdict(solution) | {
        "session_id": solution.session,
        "source": "import" if solution.session is None else "session",
        "symptoms": list(solution.symptoms),
        "environment": list(solution.environment),
        "files": list(solution.files),
        "people": list(solution.people),
        "evidence": json.dumps([asdict(run) for run in solution.evidence]),
        "conversation": json.dumps([asdict(utterance) for utterance in solution.conversation]),
        "length": prepared.length,
        "content_hash": content_hash(solution),
    }


def _passage_columns(prepared: PreparedSolution) -> dict[str, object]:
    return {
        "embedder": prepared.embedder,
        "kinds": [passage.kind for passage in prepared.passages],
        "positions": [passage.position for passage in prepared.passages],
        "texts": [passage.text for passage in prepared.passages],
        "hashes": [passage.content_hash for passage in prepared.passages],
        "embeddings": [vector_literal(vector) for vector in prepared.vectors],
    }


def _posting_columns(prepared: PreparedSolution) -> dict[str, object]:
    # In one order everywhere, so that neighbouring inserts touch index pages in the same sequence.
    terms = sorted(prepared.terms)
    return {
        "terms": terms,
        "frequencies": [prepared.terms[term] for term in terms],
        "length": prepared.length,
    }


def vector_literal(vector: Vector) -> str:
    """Write a vector as Postgres reads it; seven digits are all that single precision holds."""
    return "[" + ",".join(f"{value:.7g}" for value in vector) + "]"
