"""The two forms side by side: what both say, and whether an asker would find either."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from memory.embedding.embedder import HashingEmbedder
from memory.evaluation.comparing import (
    BothForms,
    FieldAgreement,
    agreement,
    both_forms,
    compare,
    without_question,
)
from memory.solutions.forms import FormFields, fields_of
from memory.solutions.kept_forms import KeptForm, record_forms
from memory.solutions.solution import Solution
from tests.memory.solution_makers import make_solution, remember

QUESTION = "the import stops with KeyError: 'tz'"
SOLUTION = make_solution(QUESTION, fix="Rows are UTC.", conversation=(QUESTION, "Rows are UTC."))
RULES = FormFields(problem=QUESTION, fix="Rows are UTC.", symptoms=("KeyError: 'tz'", "line 3"))
MODEL = FormFields(problem="Rows lack a zone when they are read.", fix="Rows are UTC.", symptoms=("line 3",))
BOTH = BothForms(facts=SOLUTION, rules=RULES, model=MODEL)


def test_agreement_is_told_field_by_field() -> None:
    found = agreement([BOTH, replace(BOTH, model=replace(MODEL, fix=""))])
    assert found["symptoms"] == FieldAgreement(rules=1, model=1, agreement=0.5)
    assert found["fix"] == FieldAgreement(rules=1, model=0.5, agreement=0.5)
    assert found["files"] == FieldAgreement(rules=0, model=0, agreement=1)


def test_what_the_asker_said_is_taken_out_of_both() -> None:
    rules, model = without_question(BOTH, "rules"), without_question(BOTH, "model")
    assert QUESTION not in str(rules) + str(model)
    assert (rules.problem, rules.symptoms) == ("", ("line 3",))
    assert (model.problem, model.symptoms) == ("Rows lack a zone when they are read.", ("line 3",))


def other(number: int) -> BothForms:
    facts = make_solution(
        f"other {number}", thread=f"{number}.0", conversation=(f"other {number}", "fixed it")
    )
    return BothForms(facts=facts, rules=fields_of(facts), model=FormFields(problem="something else"))


def test_askers_look_for_their_threads_again(engine: Engine) -> None:
    asked = replace(BOTH, model=replace(MODEL, problem="An import stops where KeyError names tz."))
    found = compare(engine, HashingEmbedder(), [other(2), other(3), asked], lambda *_: None).found
    assert found["model"].ndcg_at_10 > found["rules"].ndcg_at_10


def test_nothing_to_compare(engine: Engine) -> None:
    assert compare(engine, HashingEmbedder(), [], lambda *_: None).found == {}


@pytest.mark.parametrize("kept", [("rules", "model"), ("rules",), ()])
def test_solutions_that_have_both_are_read(engine: Engine, kept: tuple[str, ...]) -> None:
    [identifier] = remember(engine, HashingEmbedder(), SOLUTION)
    forms = {
        "rules": KeptForm(form="rules", model=None, version=1, source_hash=b"", fields=RULES),
        "model": KeptForm(form="model", model="small", version=1, source_hash=b"", fields=MODEL),
    }
    with engine.begin() as connection:
        record_forms(connection, identifier, [forms[name] for name in kept])
    read: list[Solution] = [each.facts for each in both_forms(engine)]
    assert read == ([SOLUTION] if len(kept) == 2 else [])
