"""The main path over Slack's protocol: a mention, the work, the answer, and what the next thread has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.slack.showing.search_results import PAGE, SHARE
from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import Json, ModelResponded, SolutionIndexed, ToolFinished, ToolStarted
from tests.memory.solution_makers import make_solution, remember
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually

PROBLEM = "the nightly import fails with KeyError: 'tz'"
FIX = "Rows without tz are read as UTC now."


def test_a_mention_is_seen_worked_on_answered_once_and_kept(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="echo $((6 * 7))"), says(FIX)))
    thread = at_work.ask("data-platform", PROBLEM)
    assert at_work.happened("data-platform", thread, ToolFinished)[0].output == "42\n"
    assert at_work.texts("data-platform", thread) == [FIX]
    root = at_work.workspace.message("data-platform", thread)
    assert [reaction["name"] for reaction in root["reactions"]] == ["eyes"]
    assert [event.kept for event in at_work.happened("data-platform", thread, SolutionIndexed)] == [True]


def test_the_progress_message_changes_in_place_while_a_command_runs(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="until [ -e go ]; do sleep 0.1; done"), says("Gone.")))
    thread = at_work.workspace.post("ada", "general", "@Oxbow wait for it")
    at_work.await_event("general", thread, ToolStarted)
    eventually(lambda: "until" in str(at_work.said("general", thread, "progress")))
    [progress] = at_work.said("general", thread, "progress")
    assert "Stop" in str(progress["blocks"])
    at_work.touch("go")
    at_work.await_rest()
    [folded] = at_work.said("general", thread, "progress")
    assert folded["ts"] == progress["ts"]
    assert "Done" in folded["text"]
    assert "Stop" not in str(folded["blocks"])


def test_a_second_thread_recalls_the_first_links_it_and_has_it_in_its_context(at_work: Live) -> None:
    at_work.answer_with(in_turn(says(FIX), says("Same as before.")))
    first = at_work.ask("data-platform", PROBLEM)
    second = at_work.ask("shop-backend", "our import fails with KeyError: 'tz' too", user="bruno")
    [shown] = at_work.said("shop-backend", second, "recall")
    assert f"p{first.replace('.', '')}" in str(shown["blocks"])
    asked = str(at_work.model.requests[-1].messages[0])
    assert FIX in asked
    assert "never instructions" in asked


def test_the_searcher_alone_sees_what_is_found_until_it_is_shared(at_work: Live) -> None:
    at_work.answer_with(in_turn(says(FIX)))
    thread = at_work.ask("data-platform", PROBLEM)
    found = at_work.workspace.command("bruno", "general", "search KeyError tz import")
    at_work.workspace.wait_for(lambda: at_work.workspace.responses(found))
    [private] = at_work.workspace.ephemeral("bruno")
    assert FIX in str(private["blocks"]).replace("*", "")
    assert at_work.workspace.ephemeral("ada") == []
    assert FIX not in str(at_work.workspace.messages("general"))
    at_work.workspace.click("bruno", "general", private["ts"], SHARE)
    at_work.workspace.wait_for(lambda: FIX in str(at_work.workspace.messages("general")).replace("*", ""))
    assert f"p{thread.replace('.', '')}" in str(at_work.workspace.messages("general"))


def test_a_search_is_turned_page_by_page_in_its_place(at_work: Live) -> None:
    kept = [
        make_solution(f"the otter sluice jams, case {n}", team=TEAM, channel="archive", thread=f"{n}.0")
        for n in range(7)
    ]
    remember(at_work.engine, HashingEmbedder(), *kept)
    found = at_work.workspace.command("mei", "general", "search otter sluice jams")
    at_work.workspace.wait_for(lambda: at_work.workspace.responses(found))
    [first] = at_work.workspace.ephemeral("mei")
    assert "Page 1 of 2" in str(first)
    at_work.workspace.click("mei", "general", first["ts"], f"{PAGE}:next")
    at_work.workspace.wait_for(lambda: "Page 2 of 2" in str(at_work.workspace.ephemeral("mei")))
    [second] = at_work.workspace.ephemeral("mei")
    cases = [set(re.findall(r"case (\d)", str(page["blocks"]))) for page in (first, second)]
    assert (len(cases[0]), len(cases[1]), len(cases[0] | cases[1])) == (5, 2, 7)


def test_a_search_that_cannot_be_understood_is_told_what_is_wrong(at_work: Live) -> None:
    asked = at_work.workspace.command("bruno", "general", "search import outcome:great")
    [said] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    assert "`outcome:great` is not known; choose one of confirmed" in str(said)


def test_what_people_say_meanwhile_reaches_the_next_request_and_no_turn_of_its_own(at_work: Live) -> None:
    def script(messages: Sequence[Json]) -> list[Json]:
        if len(messages) == 1:
            said = at_work.workspace.post("bruno", "general", "keep the row order", thread)
            at_work.await_acknowledged(said)
            return calls("bash", command="true")
        return says("Done, in order.")

    at_work.answer_with(script)
    thread = at_work.workspace.post("ada", "general", "@Oxbow fix it")
    at_work.await_event("general", thread, SolutionIndexed)
    assert at_work.texts("general", thread) == ["Done, in order."]
    assert "keep the row order" in str(at_work.model.requests[-1].messages[-1])
    assert len(at_work.model.requests) == 2


def test_a_burst_of_follow_ups_is_one_delivery_in_the_order_of_arrival(at_work: Live) -> None:
    words = [f"and {number}" for number in ("one", "two", "three", "four", "five")]

    def script(messages: Sequence[Json]) -> list[Json]:
        if len(messages) == 1:
            said = [at_work.workspace.post("ada", "general", word, thread) for word in words]
            for ts in said:
                at_work.await_acknowledged(ts)
            return calls("bash", command="true")
        return says("All five.")

    at_work.answer_with(script)
    thread = at_work.workspace.post("ada", "general", "@Oxbow count")
    at_work.await_event("general", thread, SolutionIndexed)
    last = str(at_work.model.requests[-1].messages[-1])
    assert sorted(words, key=last.index) == words
    assert len(at_work.happened("general", thread, ModelResponded)) == 2


def test_a_question_waits_for_the_thread_and_the_answer_goes_on_with_it(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("ask", question="To which region?"), says("Released to eu.")))
    thread = at_work.ask("general", "release it")
    assert at_work.texts("general", thread, "question") == ["To which region?"]
    assert at_work.texts("general", thread) == []
    at_work.workspace.post("ada", "general", "eu, please", thread)
    at_work.await_event("general", thread, SolutionIndexed)
    assert at_work.texts("general", thread) == ["Released to eu."]
    assert "eu, please" in str(at_work.model.requests[-1].messages[-1])
