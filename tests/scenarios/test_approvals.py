"""Calls that the channel's policy asks about: who decides, once, and what becomes of the buttons."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.brain.policies import APPROVERS, TOOLS
from bot.slack.answering.decisions import Answer
from bot.slack.showing.approval import APPROVE, APPROVE_THREAD, DENY
from bot.workspace.people import TEAM
from memory.log.events import (
    ApprovalGiven,
    ApprovalRequested,
    InterruptHandled,
    Json,
    ReplyPosted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.log.sessions import ThreadAddress
from memory.workspaces.channel_settings import ChannelSettings
from tests.support.live import Live
from tests.support.product import Product
from tests.support.script_model import ScriptModel, calls, in_turn, says
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def policy(at_work: Live) -> Iterator[ChannelSettings]:
    """In #general commands are asked about."""
    settings, channel = ChannelSettings(at_work.engine), at_work.workspace.channel_id("general")
    settings.set(TEAM, channel, TOOLS, "bash=ask", by="U0ADA")
    yield settings
    settings.clear(TEAM, channel, TOOLS)
    settings.clear(TEAM, channel, APPROVERS)


def put(at_work: Live, number: int = 1, *, thread: str | None = None) -> tuple[str, Json]:
    """A mention whose command waits for a decision: the thread, and the post with the buttons."""
    thread = thread or at_work.workspace.post("ada", "general", "@Oxbow deploy it")
    posts = eventually(lambda: _open(at_work, thread, number))
    return thread, posts[number - 1]


def _open(at_work: Live, thread: str, number: int) -> list[Json]:
    posts = at_work.said("general", thread, "approval")
    posted = [e for e in at_work.happened("general", thread, ReplyPosted) if e.kind == "approval"]
    return posts if len(posted) >= number else []


def press(at_work: Live, who: str, post: Json, action: str) -> None:
    assert at_work.workspace.click(who, "general", post["ts"], action).error is None


def shown(at_work: Live, thread: str) -> list[tuple[str, bool]]:
    """Each approval post: its text, and whether it has buttons."""
    return [
        (post["text"], any(block["type"] == "actions" for block in post["blocks"]))
        for post in at_work.said("general", thread, "approval")
    ]


def test_a_call_is_made_once_it_is_approved(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    thread, post = put(at_work)
    assert "echo deployed" in str(post["blocks"])
    assert at_work.happened("general", thread, ToolStarted) == []
    press(at_work, "ada", post, APPROVE)
    at_work.await_event("general", thread, TurnFinished)
    [given] = at_work.happened("general", thread, ApprovalGiven)
    assert (given.by_name, given.approved, given.scope) == ("Ada", True, "call")
    [made] = at_work.happened("general", thread, ToolFinished)
    assert made.output.strip() == "deployed"
    assert shown(at_work, thread) == [(":white_check_mark: Approved by Ada.", False)]


def test_a_call_that_is_denied_is_not_made_and_the_model_is_told(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Then not.")))
    thread, post = put(at_work)
    press(at_work, "ada", post, DENY)
    at_work.await_event("general", thread, TurnFinished)
    [refused] = at_work.happened("general", thread, ToolFinished)
    assert (refused.status, "Ada did not approve" in refused.output) == ("refused", True)
    assert at_work.happened("general", thread, ToolStarted) == []
    assert shown(at_work, thread) == [(":no_entry: Denied by Ada.", False)]
    assert at_work.texts("general", thread) == ["Then not."]


def test_a_bystander_is_told_who_may_decide_and_decides_nothing(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    thread, post = put(at_work)
    press(at_work, "bruno", post, APPROVE)
    told = at_work.workspace.ephemeral("bruno")
    assert f"for <@{at_work.workspace.user_id('ada')}> to decide" in told[-1]["text"]
    assert at_work.happened("general", thread, ApprovalGiven) == []
    assert shown(at_work, thread)[0][1]
    press(at_work, "ada", post, DENY)
    at_work.await_event("general", thread, TurnFinished)


def test_a_colleague_who_spoke_in_the_thread_may_decide(at_work: Live) -> None:
    at_work.answer_with(
        in_turn(calls("ask", question="Which one?"), calls("bash", command="echo deployed"), says("Done."))
    )
    thread = at_work.workspace.post("ada", "general", "@Oxbow deploy it")
    eventually(lambda: at_work.said("general", thread, "question"))
    at_work.workspace.post("bruno", "general", "the second", thread)
    _, post = put(at_work, thread=thread)
    press(at_work, "bruno", post, APPROVE)
    at_work.await_event("general", thread, TurnFinished)
    assert [given.by_name for given in at_work.happened("general", thread, ApprovalGiven)] == ["Bruno"]


def test_named_approvers_decide_and_nobody_else(at_work: Live, policy: ChannelSettings) -> None:
    bruno = at_work.workspace.user_id("bruno")
    policy.set(TEAM, at_work.workspace.channel_id("general"), APPROVERS, bruno, by="U0ADA")
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    thread, post = put(at_work)
    press(at_work, "ada", post, APPROVE)
    assert at_work.happened("general", thread, ApprovalGiven) == []
    press(at_work, "bruno", post, APPROVE)
    at_work.await_event("general", thread, TurnFinished)
    [asked] = at_work.happened("general", thread, ApprovalRequested)
    assert asked.approvers == (bruno,)


def test_an_approval_for_the_thread_is_not_asked_for_again(at_work: Live) -> None:
    at_work.answer_with(
        in_turn(calls("bash", command="echo one"), calls("bash", command="echo two"), says("Done."))
    )
    thread, post = put(at_work)
    press(at_work, "ada", post, APPROVE_THREAD)
    at_work.await_event("general", thread, TurnFinished)
    assert [made.output.strip() for made in at_work.happened("general", thread, ToolFinished)] == [
        "one",
        "two",
    ]
    assert shown(at_work, thread) == [(":white_check_mark: Ada approved bash for this thread.", False)]


def test_a_stop_takes_the_buttons_away(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="echo deployed")))
    thread, _ = put(at_work)
    at_work.workspace.post("bruno", "general", "stop", thread)
    at_work.await_event("general", thread, InterruptHandled)
    assert shown(at_work, thread) == [(":heavy_multiplication_x: Not decided: the work was stopped.", False)]
    assert at_work.happened("general", thread, ToolStarted) == []


def test_what_is_said_while_a_decision_is_waited_for_reaches_the_model_with_it(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    thread, post = put(at_work)
    at_work.await_acknowledged(at_work.workspace.post("bruno", "general", "mind the cache", thread))
    at_work.await_rest()
    assert at_work.happened("general", thread, ToolStarted) == []
    press(at_work, "ada", post, APPROVE)
    at_work.await_event("general", thread, TurnFinished)
    assert "mind the cache" in str(at_work.model.requests[-1].messages[-1])


# By hand: the worker runs when the test says so, and a fresh one each time


def waiting(oxbow: Product, model: ScriptModel) -> tuple[ThreadAddress, str]:
    """A session whose command waits for a decision: its thread, and the call."""
    channel = oxbow.workspace.channel_id("general")
    oxbow.settings.set(TEAM, channel, TOOLS, "bash=ask", by="U0ADA")
    thread = oxbow.say("ada", "general", "@Oxbow deploy it")
    oxbow.settle(model)
    [asked] = [e for e in oxbow.events("general", thread) if isinstance(e, ApprovalRequested)]
    return ThreadAddress(team=TEAM, channel=channel, thread=thread), asked.call


def test_waiting_for_a_decision_costs_no_worker_and_survives_every_process(oxbow: Product) -> None:
    model = ScriptModel(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    address, call = waiting(oxbow, model)
    [row] = oxbow.log.sessions()
    assert (row.status, row.lease_owner, row.barren_claims) == ("idle", None, 0)
    oxbow.decisions.press(address, oxbow.workspace.user_id("ada"), call, approved=True)
    oxbow.settle(model)
    assert oxbow.answers("general", address.thread)[-1] == "Done."


def test_two_presses_at_once_decide_once_and_both_see_what_was_decided(oxbow: Product) -> None:
    model = ScriptModel(in_turn(calls("bash", command="echo deployed"), says("Then not.")))
    address, call = waiting(oxbow, model)
    ada = oxbow.workspace.user_id("ada")

    def press(approved: bool) -> Answer:
        return oxbow.decisions.press(address, ada, call, approved=approved)

    with ThreadPoolExecutor(max_workers=8) as presses:
        answers = list(presses.map(press, [True, False] * 8))
    given = [e for e in oxbow.events("general", address.thread) if isinstance(e, ApprovalGiven)]
    assert len(given) == 1
    assert len({answer.rendered.text for answer in answers}) == 1
    assert all(answer.replaces for answer in answers)


def test_buttons_of_a_question_that_is_over_are_taken_away_wherever_they_are_pressed(oxbow: Product) -> None:
    model = ScriptModel(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    address, call = waiting(oxbow, model)
    ada, bruno = oxbow.workspace.user_id("ada"), oxbow.workspace.user_id("bruno")
    oxbow.decisions.press(address, ada, call, approved=False)
    late = oxbow.decisions.press(address, bruno, call, approved=True)
    assert (late.rendered.text, late.replaces) == (":no_entry: Denied by Ada.", True)
    unknown = oxbow.decisions.press(address, ada, "a call of another time", approved=True)
    assert (unknown.rendered.text, unknown.replaces) == ("This question is no longer open.", True)


# Settings of a channel


def test_a_channel_is_made_stricter_by_command_and_everybody_is_told(at_work: Live) -> None:
    changed = at_work.workspace.command("ada", "data-platform", "settings tools bash=deny")
    [told] = eventually(lambda: at_work.workspace.responses(changed))
    assert told["response_type"] == "in_channel"
    assert "bash=deny" in told["text"]
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Then not.")))
    thread = at_work.ask("data-platform", "deploy it")
    [refused] = at_work.happened("data-platform", thread, ToolFinished)
    assert (refused.status, "does not allow bash" in refused.output) == ("refused", True)
    at_work.workspace.command("ada", "data-platform", "settings tools default")


def test_approvers_are_named_by_mention(at_work: Live) -> None:
    at_work.workspace.command("ada", "data-platform", "settings approvers @bruno")
    settings, channel = ChannelSettings(at_work.engine), at_work.workspace.channel_id("data-platform")
    found = eventually(lambda: [s.value for s in settings.of(TEAM, channel).values() if s.name == APPROVERS])
    assert found == [at_work.workspace.user_id("bruno")]
    at_work.workspace.command("ada", "data-platform", "settings approvers default")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("settings", "bash=ask"),
        ("settings tools bsh=ask", "'bsh' is no tool"),
        ("settings tools", "say which tools"),
        ("settings approvers nobody", "mention the people"),
        ("settings colour=red", "I know no setting named"),
    ],
)
def test_settings_are_shown_and_mistakes_are_named(at_work: Live, typed: str, told: str) -> None:
    asked = at_work.workspace.command("ada", "general", typed)
    [answer] = eventually(lambda: at_work.workspace.responses(asked))
    assert answer["response_type"] == "ephemeral"
    assert told in answer["text"]
