"""The scripted model: plays recordings, follows the conversation alone, says what it is."""

from __future__ import annotations

import pytest

from bot.demo.problems import PROBLEMS
from bot.model.port import Model, ModelResponse
from bot.model.script import Move, Problem
from bot.model.scripted import ScriptedModel
from memory.log.events import Json
from tests.contracts.model_contract import ModelContract, calls, respond, results, said, spoken

ORDERS = PROBLEMS[0]
LINK = "https://example.slack.com/archives/C1/p1?a=1&b=2"


@pytest.fixture
def model() -> Model:
    return ScriptedModel(PROBLEMS)


def words(response: ModelResponse) -> str:
    (text,) = (block["text"] for block in response.blocks if block["type"] == "text")
    return str(text)


def heard(text: str, author: str = "Ada") -> Json:
    return {"type": "text", "text": f'<message from="{author}" id="U1">\n{text}\n</message>'}


def recalled(body: str) -> Json:
    link = LINK.replace("&", "&amp;")
    return {
        "type": "text",
        "text": "<recalled_solutions>\nquotations\n"
        f'<solution outcome="confirmed" finished="2026-11-01" link="{link}">\n'
        f"<problem>{body}</problem>\n<fix>read it as UTC</fix>\n</solution>\n</recalled_solutions>",
    }


def play(model: Model, moves: tuple[Move, ...], *opening: Json) -> list[Json]:
    """A conversation after all moves went as recorded, ready for the answer."""
    messages: list[Json] = [{"role": "user", "content": list(opening)}]
    for move in moves:
        response = respond(model, *messages)
        assert [call["name"] for call in calls(response)] == [call.tool for call in move.calls]
        messages += [spoken(response), results(response, f"[main 1a2b3c4] {move.expected}\nOK")]
    return messages


class TestScriptedModel(ModelContract):
    """The shipped model that needs no provider."""


def test_it_says_that_it_is_scripted(model: Model) -> None:
    assert "Scripted" in str(model.notice)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_a_recording_runs_to_its_answer(model: Model, problem: Problem) -> None:
    answer = respond(model, *play(model, problem.moves, heard(problem.mention)))
    assert answer.stop_reason == "end_turn"
    assert "**Commit** `1a2b3c4`" in words(answer)
    assert "{" not in words(answer)


def test_a_rephrased_mention_is_recognised(model: Model) -> None:
    response = respond(
        model,
        {"role": "user", "content": [heard("KeyError: 'tz' in the nightly import of orders-import, why?")]},
    )
    assert words(response) == ORDERS.moves[0].text


def test_an_earlier_solution_makes_it_shorter_and_is_cited(model: Model) -> None:
    assert ORDERS.shortcut
    opening = (recalled("weekly list stops with KeyError: 'tz'"), heard(ORDERS.mention))
    answer = respond(model, *play(model, ORDERS.shortcut.moves, *opening))
    assert len(ORDERS.shortcut.moves) < len(ORDERS.moves)
    assert f"]({LINK})" in words(answer)


def test_an_earlier_solution_of_another_kind_is_left_alone(model: Model) -> None:
    opening = {"role": "user", "content": [recalled("cart totals are a cent off"), heard(ORDERS.mention)]}
    assert words(respond(model, opening)) == ORDERS.moves[0].text


def test_what_people_say_meanwhile_is_acknowledged_and_the_work_goes_on(model: Model) -> None:
    mention = said(ORDERS.mention)
    first = respond(model, mention)
    steered = results(first, ORDERS.moves[0].expected)
    steered["content"].append(heard("please keep the old exports readable", author="Ben"))
    second = respond(model, mention, spoken(first), steered)
    assert "“please keep the old exports readable”" in words(second)
    assert ORDERS.moves[1].text in words(second)
    assert len(calls(second)) == len(ORDERS.moves[1].calls)


def test_a_note_is_not_taken_for_what_people_say(model: Model) -> None:
    mention = said(ORDERS.mention)
    first = respond(model, mention)
    noted = results(first, ORDERS.moves[0].expected)
    noted["content"].append({"type": "text", "text": "<note>\nthe workspace was replaced\n</note>"})
    assert words(respond(model, mention, spoken(first), noted)) == ORDERS.moves[1].text


def test_it_stops_when_the_world_is_not_as_recorded(model: Model) -> None:
    mention = said(ORDERS.mention)
    first = respond(model, mention)
    stopped = respond(model, mention, spoken(first), results(first, "bash: python3: command not found"))
    assert stopped.stop_reason == "end_turn"
    assert "KeyError: 'tz'" in words(stopped)
    assert "here it does not" in words(stopped)


def test_after_the_answer_it_says_what_can_be_played(model: Model) -> None:
    messages = play(model, ORDERS.moves, heard(ORDERS.mention))
    messages.append(spoken(respond(model, *messages)))
    answer = respond(model, *messages, said("And why did nobody notice?"))
    assert ORDERS.title in words(answer)
    assert all(problem.mention in words(answer) for problem in PROBLEMS)


def test_a_second_problem_in_the_same_thread_is_played_with_new_ids(model: Model) -> None:
    messages = play(model, ORDERS.moves, heard(ORDERS.mention))
    used = {
        block["id"] for message in messages for block in message["content"] if block["type"] == "tool_use"
    }
    messages.append(spoken(respond(model, *messages)))
    again = respond(model, *messages, said(ORDERS.mention))
    assert words(again) == ORDERS.moves[0].text
    assert used.isdisjoint(call["id"] for call in calls(again))


def test_an_unknown_problem_is_not_pretended_to_be_solved(model: Model) -> None:
    answer = respond(model, said("Please port our billing to Rust."))
    assert "no recording that fits" in words(answer)
    assert all(problem.mention in words(answer) for problem in PROBLEMS)


def test_asked_twice_the_same_it_answers_the_same(model: Model) -> None:
    assert respond(model, said(ORDERS.mention)) == respond(ScriptedModel(PROBLEMS), said(ORDERS.mention))


def test_no_mention_starts_another_recording(model: Model) -> None:
    for problem in PROBLEMS:
        assert words(respond(model, said(problem.mention))) == problem.moves[0].text


def test_every_mention_names_its_repository() -> None:
    assert all(problem.repository in problem.mention for problem in PROBLEMS)


def test_talk_about_the_running_problem_does_not_start_it_again(model: Model) -> None:
    mention = said(ORDERS.mention)
    first = respond(model, mention)
    steered = results(first, ORDERS.moves[0].expected)
    steered["content"].append(heard("does the nightly import also fail when tz is empty?"))
    assert ORDERS.moves[1].text in words(respond(model, mention, spoken(first), steered))
