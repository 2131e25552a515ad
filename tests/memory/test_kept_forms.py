"""Both forms of a solution are kept while it may be found, and not a word of them afterwards."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder
from memory.solutions.forms import FormFields, fields_of
from memory.solutions.index import SolutionIndex
from memory.solutions.kept_forms import KeptForm, KeptForms, record_forms
from tests.memory.solution_makers import make_solution, remember

SOLUTION = make_solution("the import fails", fix="Rows are UTC.")
READ = FormFields(problem="A row has no zone.", symptoms=("KeyError: 'tz'",))
RULES = KeptForm(form="rules", model=None, version=1, source_hash=b"1", fields=fields_of(SOLUTION))
MODEL = KeptForm(form="model", model="small", version=1, source_hash=b"1", fields=READ)


@pytest.fixture
def solution(engine: Engine) -> UUID:
    [identifier] = remember(engine, HashingEmbedder(), SOLUTION)
    with engine.begin() as connection:
        record_forms(connection, identifier, (RULES, MODEL))
    return identifier


def known(engine: Engine, *, model: str = "small", version: int = 1, digest: bytes = b"1") -> object:
    return KeptForms(engine).of(SOLUTION, model=model, version=version, source_hash=digest)


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM solution_forms")).scalar_one())


def test_what_a_model_read_out_of_the_same_words_is_known(engine: Engine, solution: UUID) -> None:
    assert known(engine) == READ
    others = known(engine, model="other"), known(engine, version=2), known(engine, digest=b"2")
    assert others == (None, None, None)


def test_forms_replace_those_before(engine: Engine, solution: UUID) -> None:
    with engine.begin() as connection:
        record_forms(connection, solution, ())
    assert rows(engine) == 0


def test_what_is_withdrawn_keeps_no_form_and_gets_none(engine: Engine, solution: UUID) -> None:
    with engine.begin() as connection:
        SolutionIndex(engine, HashingEmbedder()).withdraw(connection, solution)
    assert rows(engine) == 0
    with engine.begin() as connection:
        record_forms(connection, solution, (RULES, MODEL))
    assert rows(engine) == 0
