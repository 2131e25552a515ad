"""A guest gets what their own channel knows, and nothing of the channels they cannot open."""

from __future__ import annotations

from bot.brain.policies import TOOLS
from bot.slack.showing.approval import APPROVE
from bot.workspace.people import TEAM
from memory.log.events import ApprovalGiven, Json, SolutionsRecalled, ToolFinished, TurnFinished
from memory.workspaces.channel_settings import ChannelSettings
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually

PROBLEM = "KeyError: 'tz' in the import of parcels"


def search(at_work: Live, who: str, channel: str, words: str = "KeyError tz import of parcels") -> Json:
    asked = at_work.workspace.command(who, channel, f"search {words}")
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    return answer


def solve(at_work: Live, channel: str, answer: str) -> None:
    at_work.answer_with(in_turn(says(answer)))
    at_work.ask(channel, PROBLEM)


def test_a_guest_finds_what_their_channel_solved_and_a_member_everything(at_work: Live) -> None:
    solve(at_work, "data-platform", "Rows of parcels without tz are UTC.")
    assert "Nothing similar found" in str(search(at_work, "gil", "help-python"))
    assert "UTC" in str(search(at_work, "ada", "help-python"))
    solve(at_work, "help-python", "Use parcels.get with a default zone.")
    found = str(search(at_work, "gil", "help-python"))
    assert "default zone" in found
    assert "UTC" not in found
    named = search(at_work, "gil", "help-python", "KeyError tz in:data-platform")
    assert "names no public channel" in str(named)


def test_a_session_that_a_guest_speaks_in_recalls_and_searches_its_own_channel_alone(at_work: Live) -> None:
    solve(at_work, "data-platform", "Rows of parcels without tz are UTC.")
    at_work.answer_with(in_turn(calls("search_memory", query=PROBLEM), says("I know nothing of it.")))
    thread = at_work.workspace.post("gil", "help-python", f"@Oxbow {PROBLEM}")
    at_work.await_heard("help-python", thread)
    at_work.await_rest()
    [recalled] = at_work.happened("help-python", thread, SolutionsRecalled)
    [searched] = at_work.happened("help-python", thread, ToolFinished)
    assert "UTC" not in str((recalled, searched))
    at_work.answer_with(in_turn(calls("search_memory", query=PROBLEM), says("They are UTC.")))
    again = at_work.ask("help-python", PROBLEM)
    [shown] = at_work.happened("help-python", again, SolutionsRecalled)
    assert "UTC" in str(shown)


def test_a_guest_is_answered_by_command_only_in_a_channel_they_are_in(at_work: Live) -> None:
    assert "only in channels they are in" in search(at_work, "gil", "general")["text"]
    assert "people of this workspace only" in search(at_work, "sam", "general")["text"]


def test_a_guest_changes_no_setting_and_sees_the_figures_of_their_channel(at_work: Live) -> None:
    changed = at_work.workspace.command("gil", "help-python", "settings tools bash=deny")
    [refused] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(changed))
    assert "Guests do not change" in refused["text"]
    asked = at_work.workspace.command("gil", "help-python", "stats")
    [told] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    assert "in this channel" in told["text"]
    assert "whole workspace" not in told["text"]


def test_a_guest_does_not_approve_what_they_asked_for_and_a_member_does(at_work: Live) -> None:
    settings, channel = ChannelSettings(at_work.engine), at_work.workspace.channel_id("help-python")
    settings.set(TEAM, channel, TOOLS, "bash=ask", by="U0ADA00001")
    at_work.answer_with(in_turn(calls("bash", command="echo deployed"), says("Done.")))
    thread = at_work.workspace.post("gil", "help-python", "@Oxbow deploy it")
    [post] = eventually(lambda: at_work.said("help-python", thread, "approval"))
    at_work.await_rest()
    at_work.workspace.click("gil", "help-python", post["ts"], APPROVE)
    assert "for a member of this workspace to decide" in at_work.workspace.ephemeral("gil")[-1]["text"]
    assert at_work.happened("help-python", thread, ApprovalGiven) == []
    at_work.workspace.click("ada", "help-python", post["ts"], APPROVE)
    at_work.await_event("help-python", thread, TurnFinished)
    [given] = at_work.happened("help-python", thread, ApprovalGiven)
    assert given.by_name == "Ada"
    settings.clear(TEAM, channel, TOOLS)
