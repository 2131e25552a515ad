"""Who gets what the memory holds: guests what they can open; the people of a thread have the last word."""

from __future__ import annotations

import pytest

from bot.slack.showing.search_results import SHARE
from bot.workspace.people import OXBOW
from memory.log.events import SolutionsRecalled
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says

PROBLEM = "the badger pump stalls with PumpError"
FIX = "Prime the badger pump first."


@pytest.fixture
def taught(at_work: Live) -> str:
    """A thread in #general that taught something; its time stamp."""
    at_work.answer_with(in_turn(says(FIX)))
    return at_work.ask("general", PROBLEM)


def answer(at_work: Live, by: str, channel: str, words: str) -> str:
    """What a command answers."""
    asked = at_work.workspace.command(by, channel, words)
    [said] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    return str(said)


def test_a_guest_searches_the_channel_they_are_in_alone(at_work: Live, taught: str) -> None:
    assert "Prime the" in answer(at_work, "ada", "help-python", "search badger pump stalls")
    told = answer(at_work, "gil", "help-python", "search badger pump stalls")
    assert "Prime the" not in told


def test_a_guest_cannot_share_what_they_do_not_see(at_work: Live, taught: str) -> None:
    asked = at_work.workspace.command("ada", "help-python", "search badger pump stalls")
    at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    told = answer(at_work, "gil", "help-python", "search badger pump stalls in:#general")
    assert "Prime the" not in told
    assert SHARE not in told


def test_a_session_that_a_guest_speaks_in_recalls_its_own_channel_alone(at_work: Live, taught: str) -> None:
    at_work.answer_with(in_turn(calls("search_memory", query="badger pump stalls"), says("Nothing.")))
    thread = at_work.ask("help-python", PROBLEM, user="gil")
    [recalled] = at_work.happened("help-python", thread, SolutionsRecalled)
    assert recalled.hits == ()
    assert "Prime the" not in str(at_work.model.requests[-1].messages)


def test_the_people_of_a_thread_have_it_forgotten_by_its_link(at_work: Live, taught: str) -> None:
    channel = at_work.workspace.channel_id("general")
    link = f"https://river.slack.com/archives/{channel}/p{taught.replace('.', '')}"
    assert "Only people who wrote in that thread" in answer(at_work, "mei", "random", f"forget {link}")
    assert taught.replace(".", "") in answer(at_work, "mei", "random", "search badger pump stalls")
    assert "Forgotten" in answer(at_work, "ada", "random", f"forget <{link}>")
    assert taught.replace(".", "") not in answer(at_work, "mei", "random", "search badger pump stalls")


def test_a_command_without_a_link_says_how(at_work: Live) -> None:
    assert "`/oxbow forget LINK`" in answer(at_work, "ada", "random", "forget that thing")
    assert "`/oxbow superseded LINK by LINK`" in answer(at_work, "ada", "random", "superseded by x")


def test_a_superseded_thread_is_shown_with_its_successor(at_work: Live, taught: str) -> None:
    channel = at_work.workspace.channel_id("general")
    link = f"https://river.slack.com/archives/{channel}/p{taught.replace('.', '')}"
    newer = f"https://river.slack.com/archives/{channel}/p1700000000000001"
    answer(at_work, "ada", "random", f"superseded {link} by {newer}")
    told = answer(at_work, "mei", "random", "search badger pump stalls")
    assert f"superseded by <{newer}|another thread>" in told


def test_a_correction_in_a_sessions_thread_starts_no_turn(at_work: Live, taught: str) -> None:
    at_work.workspace.post("ada", "general", "@Oxbow outdated", taught)
    at_work.workspace.wait_for(
        lambda: "Noted as outdated" in str(at_work.workspace.messages("general", taught))
    )
    at_work.await_rest()
    posts = [post for post in at_work.workspace.messages("general", taught) if post["user"] == OXBOW]
    assert len([post for post in posts if "Prime" in str(post)]) == 1
