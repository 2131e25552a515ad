"""The two forms of a solution: what rules read out of its thread, and what a small model reads out of it.

Only the fields differ that say what was wrong and what helped. Who, where, when, the change and the outcome
are facts of the log in both. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memory.solutions.solution import Evidence, Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFields:
    """What a form says; a field that the thread does not hold is empty."""

    problem: str = ""
    symptoms: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    cause: str = ""
    fix: str = ""
    commands: tuple[str, ...] = ()
    """Of the evidence; how they ended is a fact of the log."""
    files: tuple[str, ...] = ()


def fields_of(solution: Solution) -> FormFields:
    """The fields as the solution has them now."""
    return FormFields(
        problem=solution.problem,
        symptoms=solution.symptoms,
        environment=solution.environment,
        cause=solution.cause,
        fix=solution.fix,
        commands=tuple(run.command for run in solution.evidence),
        files=solution.files,
    )


def in_form_of_model(rules: Solution, read: FormFields) -> Solution:
    """The solution with what a model read: nothing that the rules found is lost where the model says nothing,
    and every changed file stays."""
    exit_codes = {run.command: run.exit_code for run in rules.evidence}
    chosen = tuple(Evidence(command=said, exit_code=exit_codes.get(said)) for said in read.commands)
    return replace(
        rules,
        form="model",
        problem=read.problem or rules.problem,
        symptoms=read.symptoms or rules.symptoms,
        environment=read.environment or rules.environment,
        cause=read.cause or rules.cause,
        fix=read.fix or rules.fix,
        evidence=chosen or rules.evidence,
        files=tuple(dict.fromkeys((*rules.files, *read.files))),
    )


def source_texts(solution: Solution) -> tuple[str, ...]:
    """Everything of a solution that somebody said or a command printed: what a model may repeat from it."""
    said = [utterance.text for utterance in solution.conversation] or [solution.problem, solution.fix]
    return (
        *said,
        *solution.symptoms,
        *(run.command for run in solution.evidence),
        *solution.files,
    )


def source_hash(texts: Sequence[str]) -> bytes:
    """SHA-256 of what a form was read from: equal, and it need not be read again."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).digest()
