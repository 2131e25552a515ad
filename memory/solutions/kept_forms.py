"""The forms of solutions as they are kept, so that they can be compared and none is read twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from memory.database import transaction
from memory.solutions.forms import FormFields
from memory.solutions.index import storable
from memory.solutions.solution import Form, Solution

DELETE_FORMS = text("DELETE FROM solution_forms WHERE solution_id = :id")

INSERT_FORM = text("""
    -- Of a solution that is withdrawn none is kept.
    INSERT INTO solution_forms (solution_id, form, model, version, source_hash, fields)
    SELECT id, :form, CAST(:model AS text), :version, :source_hash, CAST(:fields AS jsonb) FROM solutions
    WHERE id = :id AND outcome <> 'withdrawn'
""")

SELECT_FORM = text("""
    -- What this model read out of the same texts before.
    SELECT fields FROM solution_forms JOIN solutions ON id = solution_id
    WHERE team = :team AND channel = :channel AND thread = :thread AND turn = :turn
        AND solution_forms.form = 'model' AND model = :model AND version = :version
        AND source_hash = :source_hash
""")

SELECT_BOTH = text("""
    -- Solutions with both forms, the oldest first.
    SELECT solutions.*, rules.fields AS rules_fields, read.fields AS model_fields
    FROM solutions
    JOIN solution_forms AS rules ON rules.solution_id = id AND rules.form = 'rules'
    JOIN solution_forms AS read ON read.solution_id = id AND read.form = 'model'
    WHERE outcome <> 'withdrawn' ORDER BY finished_at, id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptForm:
    """One form, by what it was read, and from what."""

    form: Form
    model: str | None
    version: int
    source_hash: bytes
    fields: FormFields


def record_forms(connection: Connection, solution: UUID, forms: Iterable[KeptForm]) -> None:
    """Keep these forms of a solution in place of those before: they may hold words that were taken back."""
    connection.execute(DELETE_FORMS, {"id": solution})
    for kept in forms:
        connection.execute(
            INSERT_FORM,
            {
                "id": solution,
                "form": kept.form,
                "model": kept.model,
                "version": kept.version,
                "source_hash": kept.source_hash,
                "fields": json.dumps(_storable(asdict(kept.fields))),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A solution in the form to be indexed, and both forms to be kept; none where the rules alone read it."""

    solution: Solution
    forms: tuple[KeptForm, ...] = ()


class KeptForms:
    """Looks up what was read before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, solution: Solution, *, model: str, version: int, source_hash: bytes) -> FormFields | None:
        """What the model read out of the same texts; None when it did not. May raise `DatabaseLost`."""
        asked = {
            "team": solution.team,
            "channel": solution.channel,
            "thread": solution.thread,
            "turn": solution.turn,
            "model": model,
            "version": version,
            "source_hash": source_hash,
        }
        with transaction(self._engine) as connection:
            found = connection.execute(SELECT_FORM, asked).scalar_one_or_none()
        return None if found is None else read_fields(found)


def read_fields(kept: dict[str, Any]) -> FormFields:
    """The fields as they were kept."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
    }
    return FormFields(**fields)


def _storable(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [storable(item) for item in value] if isinstance(value, tuple) else storable(value)
        for name, value in fields.items()
    }
