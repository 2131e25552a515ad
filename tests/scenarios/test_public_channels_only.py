"""Where Oxbow does not work it keeps nothing and asks nobody, also when that changes under its hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from bot.workspace.people import OXBOW
from memory.log.events import Json, SessionClosed, ToolStarted
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually

PROBLEM = "KeyError: 'tz' in the import of parcels"
SECRET = "raise my salary to 90000"


def told(at_work: Live, place: str, thread: str) -> list[str]:
    messages = at_work.workspace.messages(place, thread)
    return [message["text"] for message in messages if message["user"] == OXBOW]


def spoken_by_oxbow(at_work: Live, place: str) -> list[str]:
    roots = at_work.workspace.messages(place)
    return [text for root in roots for text in told(at_work, place, root["ts"])]


def group_message(_: Live) -> str:
    return "mpdm-ada--bruno--oxbow-1"


def direct_message(at_work: Live) -> str:
    return at_work.workspace.direct_message("ada")


def private_channel(_: Live) -> str:
    return "salaries"


def shared_channel(_: Live) -> str:
    return "northwind-parcels"


@pytest.fixture
def unchanged(at_work: Live) -> Iterator[None]:
    """Nothing is kept of what is said during the test."""
    before = at_work.rows()
    yield
    assert at_work.rows() == before
    assert at_work.model.requests == []


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("find", [private_channel, shared_channel])
def test_a_mention_is_refused_with_the_way_out(at_work: Live, find: Callable[[Live], str]) -> None:
    place = find(at_work)
    thread = at_work.workspace.post("ada", place, f"@Oxbow {SECRET}")
    [refused] = eventually(
        lambda: [m for m in at_work.workspace.messages(place, thread) if m["user"] == OXBOW]
    )
    assert "Open a public channel" in refused["text"]
    assert SECRET not in refused["text"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("find", [private_channel, shared_channel])
def test_a_thread_is_told_once_however_often_it_asks(at_work: Live, find: Callable[[Live], str]) -> None:
    place = find(at_work)
    thread = at_work.workspace.post("ada", place, f"@Oxbow {SECRET}")
    again = at_work.workspace.post("ada", place, f"@Oxbow {SECRET}, please", thread)
    at_work.await_acknowledged(again)
    eventually(lambda: told(at_work, place, thread))
    assert len(told(at_work, place, thread)) == 1


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("find", [direct_message, group_message])
def test_of_direct_and_group_messages_nothing_is_kept(at_work: Live, find: Callable[[Live], str]) -> None:
    at_work.workspace.post("ada", find(at_work), f"@Oxbow {SECRET}")
    # A later message that is heard shows that the earlier one was passed over.
    at_work.await_acknowledged(at_work.workspace.post("bruno", "general", "good morning"))
    assert SECRET not in str(at_work.workspace.calls)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("find", [private_channel, shared_channel, direct_message, group_message])
def test_a_search_there_shows_nothing(at_work: Live, find: Callable[[Live], str]) -> None:
    asked = at_work.workspace.command("ada", find(at_work), "search KeyError tz import")
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    assert "public channels only" in answer["text"]
    assert "Solved before" not in str(answer)


def test_a_channel_about_to_be_shared_is_refused(at_work: Live) -> None:
    at_work.workspace.share_externally("help-python", pending=True)
    thread = at_work.workspace.post("ada", "help-python", f"@Oxbow {SECRET}")
    eventually(lambda: spoken_by_oxbow(at_work, "help-python"))
    assert at_work.events("help-python", thread) == []


def test_archiving_a_channel_ends_what_runs_there(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="until [ -e on ]; do sleep 0.1; done")))
    thread = at_work.workspace.post("ada", "shop-backend", "@Oxbow wait for it")
    at_work.await_event("shop-backend", thread, ToolStarted)
    before = spoken_by_oxbow(at_work, "shop-backend")
    at_work.workspace.archive("shop-backend")
    at_work.await_all_acknowledged("channel_archive")
    at_work.touch("on")
    closed = at_work.await_event("shop-backend", thread, SessionClosed)
    assert "not public" in closed.reason
    assert len(spoken_by_oxbow(at_work, "shop-backend")) == len(before)


def test_a_channel_that_turns_private_while_the_model_thinks_gets_no_answer_and_is_found_no_more(
    at_work: Live,
) -> None:
    channel = at_work.workspace.channel_id("data-platform")

    def script(messages: Sequence[Json]) -> list[Json]:
        if len(at_work.model.requests) == 1:
            return says("Rows of parcels without tz are UTC.")
        asked = len(at_work.workspace.calls_of("conversations.info"))
        at_work.workspace.convert_to_private("data-platform")
        at_work.workspace.tell({"type": "channel_convert_to_private", "channel": channel}, "data-platform")
        eventually(lambda: len(at_work.workspace.calls_of("conversations.info")) > asked)
        at_work.await_all_acknowledged("channel_convert_to_private")
        return says("The salary of parcels is 90000.")

    at_work.answer_with(script)
    solved = at_work.ask("data-platform", PROBLEM)
    assert found(at_work, "general")
    thread = at_work.workspace.post("ada", "data-platform", "@Oxbow and what do we pay?")
    at_work.await_event("data-platform", thread, SessionClosed)
    assert at_work.texts("data-platform", solved) == ["Rows of parcels without tz are UTC."]
    assert at_work.texts("data-platform", thread) == []
    assert not found(at_work, "general")
    later = at_work.workspace.post("ada", "general", f"@Oxbow {PROBLEM}")
    at_work.answer_with(in_turn(says("I know nothing of it.")))
    at_work.await_heard("general", later)
    at_work.await_rest()
    assert "UTC" not in str(at_work.model.requests)


def found(at_work: Live, channel: str) -> bool:
    """Whether a search finds what was solved."""
    asked = at_work.workspace.command("bruno", channel, "search KeyError tz import of parcels")
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    return "UTC" in str(answer)
