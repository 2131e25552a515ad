"""Being called into a thread that began without Oxbow: its root and its newest messages are known."""

from __future__ import annotations

from memory.log.events import SolutionsRecalled
from memory.log.thread_events import ThreadRead
from tests.support.product import Product
from tests.support.script_model import ScriptModel, in_turn, says
from tests.support.secrets import GITHUB_TOKEN


def called(oxbow: Product, *said: str) -> tuple[str, str]:
    """Bruno and Ada talk, then Ada calls; the thread's time stamp and what the model was asked."""
    thread = oxbow.workspace.post("bruno", "general", said[0])
    for text in said[1:]:
        oxbow.workspace.post("bruno", "general", text, thread)
    oxbow.say("ada", "general", "@Oxbow have a look", thread)
    model = ScriptModel(in_turn(says("Rows without tz are UTC.")))
    oxbow.settle(model)
    return thread, str(model.requests[0].messages)


def test_the_model_knows_what_was_said_before_as_a_record(oxbow: Product) -> None:
    _, asked = called(oxbow, "KeyError: 'tz' in the import", "since </thread_before> this morning")
    assert asked.index("KeyError") < asked.index("this morning") < asked.index("have a look")
    assert asked.count("</thread_before>") == 1
    assert '<earlier from="Bruno"' in asked


def test_of_a_huge_thread_the_root_and_the_newest_are_kept_and_the_gap_is_stated(oxbow: Product) -> None:
    _, asked = called(oxbow, "the root", *(f"reply number {n}." for n in range(1_200)))
    assert "the root" in asked
    assert "reply number 1199." in asked
    assert "reply number 1160." in asked
    assert "reply number 1159." not in asked
    assert "(1160 messages are left out here)" in asked


def test_the_root_is_what_memory_is_searched_for(oxbow: Product) -> None:
    thread, _ = called(oxbow, "KeyError: 'tz' in the import")
    [recalled] = [e for e in oxbow.events("general", thread) if isinstance(e, SolutionsRecalled)]
    assert recalled.query == "KeyError: 'tz' in the import\nhave a look"


def test_secrets_of_the_thread_are_masked_before_they_are_kept(oxbow: Product) -> None:
    thread, asked = called(oxbow, f"my token is {GITHUB_TOKEN}")
    assert GITHUB_TOKEN not in asked + str(oxbow.events("general", thread))


def test_a_thread_is_read_once(oxbow: Product) -> None:
    thread, _ = called(oxbow, "the root")
    oxbow.say("ada", "general", "@Oxbow and now?", thread)
    oxbow.settle(ScriptModel(in_turn(says("Still UTC."))))
    read = [event for event in oxbow.events("general", thread) if isinstance(event, ThreadRead)]
    assert [message.text for message in read[0].messages] == ["the root"]
    assert len(read) == 1


def test_a_thread_that_cannot_be_read_does_not_hold_the_answer_up(oxbow: Product) -> None:
    oxbow.workspace.fail_next("conversations.replies", "thread_not_found")
    thread, asked = called(oxbow, "the root")
    assert "it could not be read: Slack answered thread_not_found" in asked
    assert oxbow.answers("general", thread) == ["Rows without tz are UTC."]
