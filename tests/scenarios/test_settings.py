"""Settings of a channel: set by command, told to everybody with where each comes from, and obeyed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.brain.preferences import PREFERENCES
from bot.workspace.people import TEAM
from memory.log.events import (
    InterruptHandled,
    Json,
    LimitReached,
    MessageReceived,
    SolutionIndexed,
    SolutionsRecalled,
    TurnFinished,
)
from memory.workspaces.channel_settings import ChannelSettings
from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says
from tests.support.waiting import eventually

PLACE = "data-platform"
PROBLEM = "KeyError: 'tz' in the import of parcels"


@pytest.fixture(autouse=True)
def settings(at_work: Live) -> Iterator[ChannelSettings]:
    settings = ChannelSettings(at_work.engine)
    yield settings
    for name in PREFERENCES:
        settings.clear(TEAM, at_work.workspace.channel_id(PLACE), name)


def command(at_work: Live, words: str, *, user: str = "ada") -> Json:
    asked = at_work.workspace.command(user, PLACE, f"settings {words}")
    [told] = eventually(lambda: at_work.workspace.responses(asked))
    return told


def test_each_value_is_shown_with_where_it_comes_from(at_work: Live) -> None:
    told = command(at_work, "instructions Answer in French & be <brief>")
    assert told["response_type"] == "in_channel"
    ada = at_work.workspace.user_id("ada")
    assert f"*instructions*: Answer in French &amp; be &lt;brief&gt; (set here by <@{ada}>" in told["text"]
    assert "*replies*" not in told["text"]
    shown = command(at_work, "")
    assert shown["response_type"] == "ephemeral"
    assert "Answer in French" in shown["text"]
    assert "*replies*: thread (default)" in shown["text"]
    assert "*spend*: no limit a month (default)" in shown["text"]
    back = command(at_work, "instructions default")
    assert "*instructions*: none (default)" in back["text"]


@pytest.mark.parametrize("words", ["repository evil/repo", "spend much", "memory", "model claude-opus-5-5"])
def test_a_mistake_changes_nothing_and_is_told_to_its_author(at_work: Live, words: str) -> None:
    told = command(at_work, words)
    assert told["response_type"] == "ephemeral"
    assert "Nothing was changed" in told["text"]


def test_a_secret_in_instructions_is_masked_before_it_is_kept(
    at_work: Live, settings: ChannelSettings
) -> None:
    command(at_work, "instructions use the key ghp_16C7e42F292c6912E7710c838347Ae178B4a")
    [kept] = settings.of(TEAM, at_work.workspace.channel_id(PLACE)).values()
    assert "ghp_16C7e42F292c6912E7710c838347Ae178B4a" not in kept.value


def test_instructions_and_effort_reach_the_model_of_this_channel_alone(
    at_work: Live, settings: ChannelSettings
) -> None:
    command(at_work, "instructions Answer in French.")
    settings.set(TEAM, at_work.workspace.channel_id(PLACE), "effort", "high", by="U0ADA00001")
    at_work.answer_with(in_turn(says("Oui."), says("Yes.")))
    at_work.ask(PLACE, "does it work?")
    at_work.ask("general", "does it work?")
    here, elsewhere = at_work.model.requests
    assert here.system.endswith("<channel_instructions>\nAnswer in French.\n</channel_instructions>\n")
    assert here.effort == "high"
    assert "channel_instructions" not in elsewhere.system
    assert elsewhere.effort is None


def mine(at_work: Live, words: str = "", *, user: str = "ada") -> str:
    told = command(at_work, f"mine {words}", user=user)
    assert told["response_type"] == "ephemeral"
    return str(told["text"])


def test_what_is_ones_own_holds_in_threads_that_one_begins_and_is_shown_with_its_origin(
    at_work: Live, settings: ChannelSettings
) -> None:
    settings.set(TEAM, at_work.workspace.channel_id(PLACE), "effort", "low", by="U0ADA00001")
    assert "*effort*: low (set in this channel)" in mine(at_work)
    assert "*instructions*: Be brief &amp; kind (yours)" in mine(at_work, "instructions Be brief & kind")
    assert "Nothing was changed" in mine(at_work, "model claude-opus-5-5")
    assert "nothing that you can set for yourself" in mine(at_work, "spend 5")
    at_work.answer_with(in_turn(says("Yes."), says("Oui."), says("No.")))
    at_work.ask(PLACE, "does it work?")
    at_work.ask(PLACE, "does it work?", user="bruno")
    command(at_work, "personal off")
    assert "yours, Be brief &amp; kind, does not hold here" in mine(at_work)
    at_work.ask(PLACE, "does it work?")
    adas, brunos, adas_where_it_is_off = at_work.model.requests
    assert "<personal_instructions>\nBe brief &amp; kind\n</personal_instructions>" in adas.system
    assert "personal_instructions" not in brunos.system
    assert "personal_instructions" not in adas_where_it_is_off.system
    assert adas.effort == brunos.effort == "low"
    assert "*instructions*: none (default)" in mine(at_work, "instructions default")


def test_where_only_mentions_count_a_reply_is_left_alone_and_a_stop_is_not(at_work: Live) -> None:
    command(at_work, "replies mention")
    at_work.answer_with(in_turn(calls("bash", command="until [ -e on ]; do sleep 0.1; done"), says("Done.")))
    thread = at_work.workspace.post("ada", PLACE, "@Oxbow wait for it")
    at_work.await_heard(PLACE, thread)
    aside = at_work.workspace.post("ada", PLACE, "lunch?", thread)
    at_work.await_acknowledged(aside)
    spoken = at_work.workspace.post("ada", PLACE, "@Oxbow and mind the cache", thread)
    at_work.await_acknowledged(spoken)
    assert [m.ts for m in at_work.happened(PLACE, thread, MessageReceived)] == [thread, spoken]
    at_work.workspace.post("ada", PLACE, "stop", thread)
    at_work.await_event(PLACE, thread, InterruptHandled)


def test_what_a_channel_solves_stays_out_of_the_memory_where_it_wants_so(at_work: Live) -> None:
    at_work.answer_with(in_turn(says("Rows of parcels without tz are UTC.")))
    at_work.ask(PLACE, PROBLEM)
    assert found(at_work)
    command(at_work, "memory off")
    assert not found(at_work)
    at_work.answer_with(in_turn(says("The gearbox of zebra needs oil.")))
    thread = at_work.ask(PLACE, "zebra gearbox squeaks")
    assert [indexed.kept for indexed in at_work.happened(PLACE, thread, SolutionIndexed)] == [False]
    at_work.answer_with(in_turn(says("I know nothing of it.")))
    other = at_work.ask("general", PROBLEM)
    [recalled] = at_work.happened("general", other, SolutionsRecalled)
    assert "UTC" not in str(recalled)
    command(at_work, "memory on")
    assert found(at_work)


def found(at_work: Live) -> bool:
    """Whether a search elsewhere finds what was solved here."""
    asked = at_work.workspace.command("bruno", "general", "search KeyError tz import of parcels")
    [answer] = at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    return "UTC" in str(answer)


def test_at_the_months_limit_a_thread_pauses_says_so_and_goes_on_with_a_higher_one(at_work: Live) -> None:
    command(at_work, "spend 1")
    spend(at_work, dollars=4)
    at_work.answer_with(in_turn(says("Done after all.")))
    thread = at_work.workspace.post("ada", PLACE, "@Oxbow what does it cost?")
    at_work.await_event(PLACE, thread, TurnFinished)
    [reached] = at_work.happened(PLACE, thread, LimitReached)
    assert (reached.limit, reached.detail) == ("month", "$4.00 of $1.00")
    [told] = at_work.texts(PLACE, thread)
    assert "this channel has used $4.00 of $1.00 for the month" in told
    assert at_work.model.requests == []
    at_work.workspace.post("ada", PLACE, "@Oxbow go on", thread)
    at_work.await_event(PLACE, thread, TurnFinished, 2)
    assert at_work.model.requests == []
    assert "$4.00 of $50 used this month" in command(at_work, "spend 50")["text"]
    at_work.workspace.post("ada", PLACE, "@Oxbow go on", thread)
    at_work.await_event(PLACE, thread, TurnFinished, 3)
    assert at_work.texts(PLACE, thread)[-1] == "Done after all."


def spend(at_work: Live, *, dollars: int) -> None:
    """A session of the channel whose one model call cost so much: a million tokens of input cost $4."""
    model = at_work.model
    before = model.name, model.input_tokens
    model.name, model.input_tokens = "claude-opus-5-5", dollars * 250_000
    at_work.answer_with(in_turn(says("Costly.")))
    at_work.ask(PLACE, "a costly question")
    model.name, model.input_tokens = before
