"""What people say of an answer, and what they change of a question, is what memory holds of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import text

from bot.slack.showing.rendering import NOT_RELEVANT, NOT_SOLVED, SOLVED
from memory.log.events import Json, SolutionIndexed
from tests.support.live import Live
from tests.support.script_model import in_turn, says
from tests.support.waiting import eventually

FIX = "Rows without tz are UTC."
Way = Callable[[Live, str, str], None]


def press(action: str) -> Way:
    def pressed(at_work: Live, thread: str, answer: str) -> None:
        assert at_work.workspace.click("bruno", "general", answer, action).error is None

    return pressed


def react(name: str) -> Way:
    return lambda at_work, _, answer: at_work.workspace.react("bruno", "general", answer, name)


def search(at_work: Live, words: str) -> str:
    """What a search shows."""
    asked = at_work.workspace.command("mei", "random", f"search {words}")
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    return str(answer)


def dismissals(at_work: Live) -> int:
    """How often anybody called any solution not relevant."""
    with at_work.engine.connect() as connection:
        number: int = connection.execute(text("SELECT sum(dismissed) FROM solutions")).scalar_one()
    return number


def solve(at_work: Live, problem: str, fix: str = FIX) -> str:
    at_work.answer_with(in_turn(says(fix)))
    return at_work.ask("general", problem)


@pytest.mark.parametrize(
    ("number", "way", "outcome"),
    [
        ("one", press(SOLVED), "confirmed"),
        ("two", react("white_check_mark"), "confirmed"),
        ("three", press(NOT_SOLVED), "not solved"),
        ("four", react("x"), "not solved"),
    ],
)
def test_a_judgement_is_the_outcome_that_a_search_shows(
    at_work: Live, number: str, way: Way, outcome: str
) -> None:
    thread = solve(at_work, f"the zebra{number} gearbox{number} overheats")
    assert "answered" in search(at_work, f"zebra{number} gearbox{number}")
    [answer] = at_work.said("general", thread)
    way(at_work, thread, answer["ts"])
    at_work.await_event("general", thread, SolutionIndexed, 2)
    assert outcome in search(at_work, f"zebra{number} gearbox{number}")
    assert len(at_work.texts("general", thread)) == 1


def test_not_relevant_is_recorded_shown_and_answers_nothing(at_work: Live) -> None:
    solve(at_work, "the giraffe pump drips with PumpError")
    second = solve(at_work, "our giraffe pump drips with PumpError too")
    [recall] = at_work.said("general", second, "recall")
    [button] = [block["accessory"] for block in recall["blocks"] if "accessory" in block][:1]
    assert button["action_id"] == f"{NOT_RELEVANT}:0"
    assert at_work.workspace.click("ada", "general", recall["ts"], button["action_id"]).error is None
    eventually(lambda: "not_relevant" in str(at_work.events("general", second)))
    at_work.await_rest()
    assert len(at_work.texts("general", second)) == 1
    assert dismissals(at_work) == 1
    [shown] = at_work.said("general", second, "recall")
    noted = ["Noted as not relevant here." in str(block) for block in shown["blocks"]]
    assert (noted.count(True), "accessory" in shown["blocks"][noted.index(True)]) == (1, False)


def test_an_edited_question_is_told_to_the_model_and_found_by_its_new_words(at_work: Live) -> None:
    thread = solve(at_work, "the walrus valve leaks, token hunter2")
    at_work.workspace.edit("general", thread, "@Oxbow the walrus valve leaks in the cellar")
    at_work.answer_with(in_turn(says("Closed it.")))
    at_work.await_event("general", thread, SolutionIndexed, 2)
    at_work.await_rest()
    assert "hunter2" not in search(at_work, "walrus valve leaks")
    assert "cellar" in search(at_work, "walrus valve leaks")
    assert at_work.texts("general", thread) == [FIX]


def test_a_deleted_question_is_found_no_more(at_work: Live) -> None:
    thread = solve(at_work, "the ostrich belt slips, token hunter2")
    assert "ostrich" in search(at_work, "ostrich belt slips").split("blocks")[1]
    at_work.workspace.delete("general", thread)
    at_work.await_event("general", thread, SolutionIndexed, 2)
    assert "Nothing similar found" in search(at_work, "ostrich belt slips")


def test_ten_changes_that_change_no_word_start_nothing(at_work: Live) -> None:
    thread = solve(at_work, "the pelican hatch sticks")
    before = at_work.events("general", thread)
    for _ in range(10):
        at_work.workspace.unfurl("general", thread)
    at_work.await_acknowledged(at_work.workspace.post("bruno", "data-platform", "good morning"))
    at_work.await_rest()
    assert at_work.events("general", thread) == before


def test_an_edit_while_the_model_thinks_reaches_it_and_starts_no_turn_of_its_own(at_work: Live) -> None:
    def script(_: Sequence[Json]) -> list[Json]:
        if len(at_work.model.requests) > 1:
            return says("Two lamps.")
        at_work.workspace.edit("general", thread, "@Oxbow count the lamps, not the lions")
        eventually(lambda: "not the lions" in str(at_work.events("general", thread)))
        return says("Three lions.")

    at_work.answer_with(script)
    thread = at_work.workspace.post("ada", "general", "@Oxbow count the lions")
    at_work.await_event("general", thread, SolutionIndexed)
    at_work.await_rest()
    assert at_work.texts("general", thread)[-1] == "Two lamps."
