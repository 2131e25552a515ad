"""Threads that changed in Slack without a word are noticed all the same."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from bot.slack.hearing.rechecking import AGE, Rechecking
from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import MessageDeleted, MessageEdited
from memory.recall.recall import Recall
from memory.solutions.recheck import Recheck
from tests.memory.solution_makers import make_solution, remember
from tests.slack.fixtures import Slack

PROBLEM = "the import fails with KeyError tz"


def rechecking(slack: Slack) -> Rechecking:
    return Rechecking(
        team=TEAM,
        web=slack.web,
        gate=slack.gate,
        log=slack.log,
        listener=slack.listener,
        recheck=Recheck(slack.engine),
    )


def taught(slack: Slack, *, imported: bool = False) -> str:
    """A thread of two messages by people that the memory holds; its time stamp."""
    root = slack.workspace.post("ada", "general", f"@Oxbow {PROBLEM}")
    slack.workspace.post("ada", "general", "@Oxbow and this", root)
    if not imported:
        slack.hear()
    address = slack.address("general", root)
    state = slack.log.thread_state(address)
    known = make_solution(
        PROBLEM, team=TEAM, channel=address.channel, thread=root, conversation=(PROBLEM, "and this")
    )
    remember(slack.engine, HashingEmbedder(), replace(known, session=state.session if state else None))
    return root


def unheard(slack: Slack) -> None:
    """What happened in Slack until now never reaches the listener."""
    slack.new_events()


def found(slack: Slack) -> int:
    return len(Recall(slack.engine, HashingEmbedder()).search(PROBLEM, team=TEAM))


def test_a_deletion_that_nobody_told_of_reaches_the_log(slack: Slack) -> None:
    root = taught(slack)
    slack.workspace.delete("general", root)
    unheard(slack)
    assert rechecking(slack).step(0.0)
    assert slack.received("general", root)[-1] == MessageDeleted(ts=root)


def test_an_edit_that_nobody_told_of_reaches_the_log(slack: Slack) -> None:
    root = taught(slack)
    slack.workspace.edit("general", root, "@Oxbow the export fails")
    unheard(slack)
    rechecking(slack).step(0.0)
    assert slack.received("general", root)[-1] == MessageEdited(ts=root, text="the export fails")


def test_what_was_told_already_is_not_told_again(slack: Slack) -> None:
    root = taught(slack)
    slack.workspace.edit("general", root, "@Oxbow the export fails")
    slack.hear()
    before = slack.received("general", root)
    rechecking(slack).step(0.0)
    assert slack.received("general", root) == before


def test_nothing_is_told_of_a_thread_that_is_as_it_was(slack: Slack) -> None:
    root = taught(slack)
    before = slack.received("general", root)
    rechecking(slack).step(0.0)
    assert (slack.received("general", root), found(slack)) == (before, 1)


def test_an_imported_thread_goes_with_any_of_its_messages(slack: Slack) -> None:
    root = taught(slack, imported=True)
    checking = rechecking(slack)
    checking.step(0.0)
    assert found(slack) == 1
    slack.workspace.delete("general", slack.workspace.messages("general", root)[-1]["ts"])
    unheard(slack)
    checking.step(0.0)
    assert found(slack) == 0


def test_an_imported_thread_goes_with_its_first_message(slack: Slack) -> None:
    root = taught(slack, imported=True)
    slack.workspace.delete("general", root)
    unheard(slack)
    rechecking(slack).step(0.0)
    assert found(slack) == 0


def test_a_thread_is_compared_once_in_a_while(slack: Slack) -> None:
    taught(slack)
    checking = rechecking(slack)
    assert not checking.step(AGE)
    with slack.engine.begin() as connection:
        connection.execute(text("UPDATE solutions SET seen_at = now() - interval '25 hours'"))
    assert checking.step(AGE)
    assert not checking.step(AGE)


def test_a_thread_of_a_channel_that_is_not_public_any_more_is_hidden_and_not_read(slack: Slack) -> None:
    taught(slack)
    slack.workspace.convert_to_private("general")
    slack.gate.forget("C0GENERAL1")
    reads = len(slack.workspace.calls_of("conversations.replies"))
    assert rechecking(slack).step(0.0)
    assert len(slack.workspace.calls_of("conversations.replies")) == reads
    assert found(slack) == 0
