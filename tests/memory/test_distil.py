"""A finished turn read into a solution: people's words, the answer, what commands showed; no guesses."""

from __future__ import annotations

from threading import Event as Signal
from typing import Any
from uuid import UUID

import pytest

from bot.demo.problems import PROBLEMS
from bot.model.port import ModelRequest
from bot.model.scripted import ScriptedModel
from memory.log.events import Event, FeedbackGiven, SandboxLost, TurnFinished, TurnOutcome, Verdict
from memory.solutions.distil import EVIDENCE, SYMPTOMS, distil
from memory.solutions.solution import Evidence, Outcome, Solution, Utterance
from tests.brain.change_logs import opened, pushed
from tests.brain.logs import (
    answered,
    asked,
    at,
    attached,
    beginning,
    deleted,
    edited,
    finished,
    first_answer,
    said,
    session_of,
    use,
    words,
)

TRACE = "Traceback (most recent call last):\n  File 'a.py'\nKeyError: 'tz'\n"
COMMIT = "[main 1a2b3c4] Keep the time zone\n 1 file changed\n"


def done(turn: int = 1, outcome: TurnOutcome = "answered") -> TurnFinished:
    return TurnFinished(turn=turn, outcome=outcome)


def solved(turn: int = 1, verdict: Verdict = "solved") -> FeedbackGiven:
    return FeedbackGiven(by="U1", verdict=verdict, turn=turn)


def distilled(*events: Event, turn: int = 1) -> Solution | None:
    return distil(session_of(*events), turn, session_id=UUID(int=1), permalink="https://a.example/p1")


def taught(*events: Event, turn: int = 1) -> Solution:
    found = distilled(*events, turn=turn)
    assert found is not None
    return found


def calling(*calls: tuple[dict[str, Any], dict[str, Any]]) -> tuple[Event, ...]:
    """A turn that made these calls, each with the fields of its end, and answered."""
    uses = [use(f"c{n}", **call) for n, (call, _) in enumerate(calls)]
    ends = [finished(f"c{n}", str(call.get("tool", "bash")), **end) for n, (call, end) in enumerate(calls)]
    return (*first_answer(*uses), *ends, asked(7), answered(text="Fixed."), done())


def bash(command: str, output: str = "", exit_code: int | None = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"command": command}, {"output": output, "exit_code": exit_code}


def test_programs_with_their_versions_are_the_environment() -> None:
    turn = calling(
        bash("python3 --version", "Python 3.11.4\n"), bash("pip freeze", "requests==2.31.0\nline 3 of 4.5\n")
    )
    assert taught(*turn).environment == ("Python 3.11.4", "requests==2.31.0")


def test_the_pull_request_of_the_turns_commit_is_linked() -> None:
    answer = first_answer(text="Fixed.")
    assert taught(*answer, pushed(), opened(), done()).pull_request == opened().address
    assert taught(*answer, pushed(), opened(turn=2), done()).pull_request is None
    assert taught(*answer, opened(), done()).pull_request is None


def test_a_turn_that_was_answered() -> None:
    assert taught(*first_answer(text="Set the time zone."), done()) == Solution(
        team="T1",
        channel="C1",
        thread="1.0",
        turn=1,
        session=UUID(int=1),
        problem="the import fails",
        fix="Set the time zone.",
        outcome="answered",
        finished_at=at(8),
        permalink="https://a.example/p1",
        people=("Ada",),
        conversation=(
            Utterance(author="Ada", text="the import fails"),
            Utterance(author="Oxbow", text="Set the time zone."),
        ),
    )


# What is kept of it


def test_what_commands_showed_is_evidence_and_their_errors_are_symptoms() -> None:
    solution = taught(*calling(bash("make test", TRACE, 2), bash("make test", "ok")))
    assert solution.symptoms == ("KeyError: 'tz'",)
    assert solution.evidence == (
        Evidence(command="make test", exit_code=2),
        Evidence(command="make test", exit_code=0),
    )


def test_errors_that_people_paste_are_symptoms_too_each_once() -> None:
    text = f"look:\n{TRACE}fatal: not a git repository\nall is well"
    solution = taught(*beginning(text), asked(5), answered(), done())
    assert solution.symptoms == ("KeyError: 'tz'", "fatal: not a git repository")


def test_the_first_symptoms_and_the_last_commands_are_kept() -> None:
    many = [bash(f"step {n}", f"E{n}Error: x") for n in range(30)]
    solution = taught(*calling(*many))
    assert solution.symptoms == tuple(f"E{n}Error: x" for n in range(SYMPTOMS))
    assert [e.command for e in solution.evidence] == [f"step {n}" for n in range(30 - EVIDENCE, 30)]


def test_the_files_that_were_changed_and_the_commit() -> None:
    events = (
        *first_answer(
            use("c1", "edit", path="a.py", old="x", new="y"),
            use("c2", "edit", path="b.py", old="x", new="y"),
            use("c3", "write", path="a.py", content=""),
            use("c4", "view", path="c.py"),
            use("c5", command="git commit"),
        ),
        attached(repository="shop-cart", base_commit="0123"),
        finished("c1", "edit"),
        finished("c2", "edit", is_error=True),
        finished("c3", "write"),
        finished("c4", "view"),
        finished("c5", output=COMMIT),
        asked(13),
        answered(),
        done(),
    )
    solution = taught(*events)
    assert (solution.files, solution.commit, solution.repository) == (("a.py",), "1a2b3c4", "shop-cart")


def test_the_repository_of_a_workspace_that_was_lost_is_still_known() -> None:
    lost = (attached(repository="shop-cart"), SandboxLost(reference="w1"))
    assert taught(*first_answer(), *lost, done()).repository == "shop-cart"


def test_a_call_that_never_ended_is_no_evidence() -> None:
    assert taught(*first_answer(use()), done(outcome="failed")).evidence == ()


def test_everybody_who_spoke_is_named_and_heard() -> None:
    solution = taught(
        said("it fails"), said("on Mondays", ts="2.0", by="Bruno"), asked(3), answered(), done()
    )
    assert solution.people == ("Ada", "Bruno")
    assert [(u.author, u.text) for u in solution.conversation][:2] == [
        ("Ada", "it fails"),
        ("Bruno", "on Mondays"),
    ]


# What changes later


def test_a_correction_changes_what_was_asked() -> None:
    assert taught(*first_answer(), done(), edited("the export fails")).problem == "the export fails"


def test_nothing_is_kept_of_a_question_that_was_withdrawn() -> None:
    assert distilled(*first_answer(), done(), deleted()) is None


def test_a_reply_that_was_withdrawn_is_left_out() -> None:
    events = (said("it fails"), said("the password is x", ts="2.0"), asked(3), answered(), done())
    solution = taught(*events, deleted("2.0"))
    assert "password" not in str(solution)


def test_a_turn_that_has_not_ended_teaches_nothing() -> None:
    assert distilled(*first_answer()) is None
    assert distilled(*first_answer(), done(), turn=2) is None


# Outcomes


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((done(),), "answered"),
        ((done(), solved()), "confirmed"),
        ((done(), solved(verdict="not_solved")), "unsolved"),
        ((done(), solved(), solved(verdict="not_solved")), "unsolved"),
        ((done(), solved(verdict="not_solved"), solved()), "confirmed"),
        ((done(), FeedbackGiven(by="U1", verdict="not_relevant", solution="3f0c")), "answered"),
        ((done(outcome="failed"),), "failed"),
        ((done(outcome="failed"), solved()), "failed"),
    ],
    ids=[
        "nobody said anything",
        "solved",
        "not solved",
        "the last word counts",
        "… both ways",
        "about another solution",
        "failed",
        "a failure is not confirmed",
    ],
)
def test_the_outcome(events: tuple[Event, ...], outcome: Outcome) -> None:
    assert taught(*first_answer(), *events).outcome == outcome


SECOND = (said("and the export?", ts="2.0"), asked(9), answered(text="That too."), done(2))


def test_each_turn_has_its_own_problem_answer_and_outcome() -> None:
    events = (*first_answer(text="Fixed."), done(), *SECOND, solved(turn=1))
    first, second = taught(*events, turn=1), taught(*events, turn=2)
    assert (first.problem, first.fix, first.outcome) == ("the import fails", "Fixed.", "confirmed")
    assert (second.problem, second.fix, second.outcome) == ("and the export?", "That too.", "answered")


def test_an_answer_that_was_cut_is_whole() -> None:
    cut = (*first_answer(words("Set the "), stop="max_tokens"), asked(8), answered(text="time zone."), done())
    assert taught(*cut).fix == "Set the time zone."


@pytest.mark.parametrize(
    "said_by_the_model",
    [
        "I have no recording that fits this. I am a scripted model: mention me with one of these.",
        "The recording \u201cNightly import\u201d ends with the answer above.",
        "I could not find anything about this.",
        "I don't know.",
        "I have nothing to add.",
        "Nothing similar was found in memory.",
    ],
)
def test_an_answer_that_says_nothing_was_found_teaches_nothing(said_by_the_model: str) -> None:
    turn = (said(), asked(2), answered(text=said_by_the_model), done())
    assert distilled(*turn) is None
    assert distilled(*turn, solved(verdict="not_solved")) is None
    assert taught(*turn, solved()).outcome == "confirmed"


@pytest.mark.parametrize(
    "said_by_the_model",
    [
        "I could not find the row, but restarting the worker fixed it.",
        "The record in recordings.py was wrong.",
        "I found the cause: nothing relevant is cached.",
    ],
)
def test_an_answer_that_only_looks_like_it_teaches(said_by_the_model: str) -> None:
    assert taught(said(), asked(2), answered(text=said_by_the_model), done()).fix == said_by_the_model


def test_an_answer_of_the_scripted_model_about_an_unknown_problem_teaches_nothing() -> None:
    request = ModelRequest(
        system="",
        tools=(),
        messages=({"role": "user", "content": [{"type": "text", "text": "fly me to the moon"}]},),
        max_tokens=1,
    )
    response = ScriptedModel(PROBLEMS).respond(request, on_text=lambda _: None, cancelled=Signal())
    assert distilled(said(), asked(2), answered(*response.blocks), done()) is None
