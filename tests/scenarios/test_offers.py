"""A problem that was solved before, through the whole product: the earlier answer is offered at once."""

from __future__ import annotations

from bot.slack.showing.offer import ACCEPT, DECLINE
from bot.slack.showing.rendering import SOLVED
from memory.log.events import Json, SolutionIndexed, TurnFinished
from tests.support.live import Live
from tests.support.script_model import in_turn, says
from tests.support.waiting import eventually

FIX = "Rows without it are UTC: read them with a default."


def known(at_work: Live, field: str) -> str:
    """A problem that was solved, as somebody said; two threads on one problem would leave it open which is
    meant."""
    problem = f"KeyError: '{field}' in {field}_rows.py when the nightly import runs"
    at_work.answer_with(in_turn(says(FIX)))
    thread = at_work.ask("data-platform", problem)
    [answer] = at_work.said("data-platform", thread)
    at_work.workspace.click("ada", "data-platform", answer["ts"], SOLVED)
    at_work.await_event("data-platform", thread, SolutionIndexed, 2)
    at_work.await_rest()
    return problem


def offered(at_work: Live, field: str) -> tuple[str, Json]:
    """Somebody else meets the problem: the thread, and the post with the offer."""
    problem = known(at_work, field)
    at_work.answer_with(in_turn(says("Looked at anew.")))
    thread = at_work.workspace.post("bruno", "shop-backend", f"@Oxbow {problem}")
    posts = eventually(lambda: at_work.said("shop-backend", thread, "offer"))
    at_work.await_rest()
    return thread, posts[0]


def buttons(at_work: Live, thread: str) -> bool:
    [post] = at_work.said("shop-backend", thread, "offer")
    return any(block["type"] == "actions" for block in post["blocks"])


def outcome(at_work: Live, thread: str) -> str:
    at_work.await_event("shop-backend", thread, TurnFinished)
    at_work.await_rest()
    [finished] = at_work.happened("shop-backend", thread, TurnFinished)
    return finished.outcome


def test_it_is_offered_without_asking_the_model_and_may_be_all_that_is_needed(at_work: Live) -> None:
    thread, post = offered(at_work, "tz")
    assert FIX in str(post["blocks"])
    assert at_work.model.requests == []
    at_work.workspace.click("bruno", "shop-backend", post["ts"], ACCEPT)
    assert outcome(at_work, thread) == "recalled"
    assert (at_work.model.requests, buttons(at_work, thread)) == ([], False)
    assert at_work.texts("shop-backend", thread) == []


def test_the_work_goes_on_when_it_is_wanted(at_work: Live) -> None:
    thread, post = offered(at_work, "currency")
    at_work.workspace.click("bruno", "shop-backend", post["ts"], DECLINE)
    assert outcome(at_work, thread) == "answered"
    assert (at_work.texts("shop-backend", thread), buttons(at_work, thread)) == (["Looked at anew."], False)
    assert FIX in str(at_work.model.requests[0].messages)


def test_it_goes_on_when_somebody_writes_instead(at_work: Live) -> None:
    thread, _ = offered(at_work, "sku_family")
    at_work.workspace.post("bruno", "shop-backend", "that is not it", thread)
    assert outcome(at_work, thread) == "answered"
    assert not buttons(at_work, thread)
