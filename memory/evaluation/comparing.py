"""Comparing the two forms of what was learned: how far they agree, and how well each is found.

How well: everybody asks again what they asked, after their own words were taken out of the memory, and looks
for the thread in which it was solved. What is left of it there differs by form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from sqlalchemy import Engine, text

from memory.database import transaction
from memory.embedding.embedder import Embedder
from memory.evaluation.measures import Quality, quality
from memory.recall.recall import Recall
from memory.solutions.forms import FormFields, in_form_of_model
from memory.solutions.index import SolutionIndex
from memory.solutions.kept_forms import SELECT_BOTH, read_fields
from memory.solutions.reindexing import read_solution
from memory.solutions.solution import Evidence, Solution
from memory.solutions.terms import terms

DEPTH = 10

EMPTY = text("TRUNCATE solutions, channels CASCADE")

INSERT_CHANNEL = text("""
    INSERT INTO channels (team, channel, name, public, reason, source)
    VALUES (:team, :channel, :channel, true, '', 'import') ON CONFLICT DO NOTHING
""")

Which = Literal["rules", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BothForms:
    """A solution with the facts of its log, and the fields of both forms."""

    facts: Solution
    rules: FormFields
    model: FormFields

    @property
    def question(self) -> str:
        """What was asked, in its asker's words."""
        said = self.facts.conversation
        return said[0].text if said else self.rules.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAgreement:
    """One field of both forms, each 0 to 1, over all solutions."""

    rules: float
    """Share of solutions in which the rules fill it."""
    model: float
    agreement: float
    """Of what either says, the share that both say, where one says anything: items of a list, terms of a
    text. 1 where no solution has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came out."""

    solutions: int
    fields: Mapping[str, FieldAgreement]
    found: Mapping[Which, Quality]
    """Empty when there is no solution."""


def both_forms(engine: Engine) -> list[BothForms]:
    """Every solution of the memory that has both forms."""
    with transaction(engine) as connection:
        return [
            BothForms(
                facts=read_solution(row),
                rules=read_fields(row.rules_fields),
                model=read_fields(row.model_fields),
            )
            for row in connection.execute(SELECT_BOTH)
        ]


def compare(
    empty: Engine, embedder: Embedder, solutions: Sequence[BothForms], report: Callable[[int, int], None]
) -> Comparison:
    """Compare the forms; what the database `empty` holds is deleted. Raises `EmbedderUnavailable`."""
    found: dict[Which, Quality] = {}
    if solutions:
        found["rules"] = _found(empty, embedder, solutions, "rules")
        report(1, 2)
        found["model"] = _found(empty, embedder, solutions, "model")
        report(2, 2)
    return Comparison(solutions=len(solutions), fields=agreement(solutions), found=found)


def agreement(solutions: Sequence[BothForms]) -> dict[str, FieldAgreement]:
    """How far the forms agree, field by field. Pure."""
    rules = [asdict(each.rules) for each in solutions]
    model = [asdict(each.model) for each in solutions]
    return {
        name: _agreement([fields[name] for fields in rules], [fields[name] for fields in model])
        for name in FormFields.__dataclass_fields__
    }


def _agreement(
    rules: Sequence[str | tuple[str, ...]], model: Sequence[str | tuple[str, ...]]
) -> FieldAgreement:
    pairs = [(_parts(one), _parts(other)) for one, other in zip(rules, model, strict=True)]
    shares = [len(one & other) / len(one | other) for one, other in pairs if one | other]
    return FieldAgreement(
        rules=_mean([bool(one) for one, _ in pairs]),
        model=_mean([bool(other) for _, other in pairs]),
        agreement=_mean(shares) if shares else 1.0,
    )


def _parts(said: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset(terms(said)) if isinstance(said, str) else frozenset(said)


def _mean(values: Collection[float]) -> float:
    return math.fsum(values) / max(1, len(values))


def _found(empty: Engine, embedder: Embedder, solutions: Sequence[BothForms], which: Which) -> Quality:
    index, recall = SolutionIndex(empty, embedder), Recall(empty, embedder)
    prepared = index.prepare_all([without_question(each, which) for each in solutions])
    with transaction(empty) as connection:
        connection.execute(EMPTY)
        for one in prepared:
            place = {"team": one.solution.team, "channel": one.solution.channel}
            connection.execute(INSERT_CHANNEL, place)
            index.store(connection, one)
    return quality(_ranked(recall, each) for each in solutions)


def _ranked(recall: Recall, asked: BothForms) -> tuple[list[str], dict[str, int]]:
    hits = recall.search(asked.question, team=asked.facts.team, channel=asked.facts.channel, limit=DEPTH)
    return [f"{hit.channel} {hit.thread}" for hit in hits], {f"{asked.facts.channel} {asked.facts.thread}": 1}


def without_question(solution: BothForms, which: Which) -> Solution:
    """The solution in one form, without what its asker said. Pure."""
    question, facts = solution.question, solution.facts
    rules = replace(
        facts,
        session=None,
        form="rules",
        problem=solution.rules.problem.replace(question, ""),
        fix=solution.rules.fix,
        cause=solution.rules.cause,
        symptoms=solution.rules.symptoms,
        environment=solution.rules.environment,
        evidence=tuple(Evidence(command=command, exit_code=None) for command in solution.rules.commands),
        files=solution.rules.files,
    )
    chosen = rules if which == "rules" else in_form_of_model(rules, solution.model)
    return replace(
        chosen,
        symptoms=tuple(_unsaid(chosen.symptoms, question)),
        environment=tuple(_unsaid(chosen.environment, question)),
        conversation=facts.conversation[1:],
    )


def _unsaid(items: Sequence[str], question: str) -> Iterator[str]:
    return (item for item in items if item not in question)
