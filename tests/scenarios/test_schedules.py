"""Work that repeats: said by command, opened as a thread when it is due, once, and only where it may be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from bot.slack.scheduling import Scheduling
from bot.workspace.people import OXBOW, TEAM
from memory.log.events import Json, MessageReceived, SessionOpened
from memory.workspaces.recurrence import EVERY_DAY, Recurrence
from memory.workspaces.schedules import Schedule, Schedules
from tests.support.live import Live
from tests.support.product import Died, Product
from tests.support.script_model import ScriptModel, in_turn, says
from tests.support.waiting import eventually

PLACE = "general"
ADA = "U0ADA00001"
QUESTION = "which checks failed last night?"


@pytest.fixture
def schedules(engine: Engine) -> Schedules:
    return Schedules(engine)


@pytest.fixture
def scheduling(oxbow: Product, schedules: Schedules) -> Scheduling:
    return Scheduling(
        team=TEAM,
        schedules=schedules,
        log=oxbow.log,
        gate=oxbow.gate,
        people=oxbow.people,
        replies=oxbow.replies,
    )


def due(oxbow: Product, schedules: Schedules, ago: timedelta = timedelta(seconds=30)) -> Schedule:
    """Something that has been due for so long, and is next due a day later."""
    now = oxbow.log.now().replace(second=0, microsecond=0)
    at = now - ago
    kept = schedules.add(
        TEAM,
        oxbow.workspace.channel_id(PLACE),
        Recurrence(days=EVERY_DAY, at=at.time()),
        zone="UTC",
        words=QUESTION,
        by=ADA,
        next_at=at,
    )
    assert kept is not None
    return kept


def lapse(engine: Engine) -> None:
    """Whoever had a due row to itself has died."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE schedules SET held_until = now() WHERE held_until IS NOT NULL"))


def began(oxbow: Product) -> list[Json]:
    """What the bot said in the channel itself."""
    return [m for m in oxbow.workspace.messages(PLACE) if m["user"] == OXBOW and "thread_ts" not in m]


def only(oxbow: Product, schedules: Schedules) -> Schedule:
    [kept] = schedules.of_channel(TEAM, oxbow.workspace.channel_id(PLACE))
    return kept


def test_a_thread_begins_with_the_question_and_is_worked_on_for_who_asked(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling
) -> None:
    before = due(oxbow, schedules)
    assert scheduling.step()
    assert not scheduling.step()
    [root] = began(oxbow)
    assert QUESTION in root["text"]
    opened, said = oxbow.events(PLACE, root["ts"])
    assert isinstance(opened, SessionOpened)
    assert isinstance(said, MessageReceived)
    assert (opened.opened_by, said.author, said.author_name, said.text) == (ADA, ADA, "Ada", QUESTION)
    oxbow.settle(ScriptModel(in_turn(says("None failed."))))
    assert "None failed." in oxbow.answers(PLACE, root["ts"])[-1]
    after = only(oxbow, schedules)
    assert before.next_at is not None
    assert after.next_at == before.next_at + timedelta(days=1)


@pytest.mark.parametrize("failpoint", ["slack:before", "slack:after", "receive:before", "receive:after"])
def test_a_thread_begins_once_wherever_a_process_dies(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling, engine: Engine, failpoint: str
) -> None:
    due(oxbow, schedules)
    # From here on Slack's word on the channel and the person is known, and the post is the first call.
    scheduling.step()
    number, happened = 1, True
    while happened:
        number += 1
        kept = due(oxbow, schedules)
        death = oxbow.instants.die_at(failpoint, number - 1)
        try:
            scheduling.step()
        except Died:
            lapse(engine)
            assert scheduling.step()
        happened = death.happened
        oxbow.instants.forget()
        roots = began(oxbow)
        assert len(roots) == number, f"died at {failpoint}, number {number - 1}"
        assert len(oxbow.events(PLACE, roots[-1]["ts"])) == 2
        schedules.cancel(TEAM, kept.channel, kept.id)


def test_a_post_whose_outcome_is_unknown_is_looked_for(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling, engine: Engine
) -> None:
    due(oxbow, schedules)
    oxbow.workspace.lose_next_response("chat.postMessage")
    scheduling.step()
    assert not scheduling.step()
    lapse(engine)
    scheduling.step()
    [root] = began(oxbow)
    assert len(oxbow.events(PLACE, root["ts"])) == 2


def test_what_is_late_by_less_than_an_hour_begins_and_what_is_later_is_passed_over_with_a_word(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling
) -> None:
    due(oxbow, schedules, timedelta(minutes=50))
    scheduling.step()
    [root] = began(oxbow)
    assert len(oxbow.events(PLACE, root["ts"])) == 2
    due(oxbow, schedules, timedelta(hours=2))
    scheduling.step()
    told = began(oxbow)[-1]
    assert "I could not begin schedule 2" in told["text"]
    assert oxbow.events(PLACE, told["ts"]) == []


def test_of_several_times_that_were_missed_the_last_counts(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling
) -> None:
    due(oxbow, schedules, timedelta(days=3, minutes=5))
    while scheduling.step():
        pass
    [root] = began(oxbow)
    assert QUESTION in root["text"]


def test_nothing_is_said_in_a_channel_that_is_public_no_more_and_the_list_says_why(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling
) -> None:
    due(oxbow, schedules)
    oxbow.workspace.convert_to_private(PLACE)
    assert scheduling.step()
    assert began(oxbow) == []
    assert "not a public channel" in str(only(oxbow, schedules).parked)
    assert not scheduling.step()


@pytest.mark.parametrize("refusal", ["not_in_channel", "msg_too_long"])
def test_what_slack_does_not_take_is_parked_with_its_reason(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling, refusal: str
) -> None:
    due(oxbow, schedules)
    oxbow.workspace.fail_next("chat.postMessage", refusal)
    assert scheduling.step()
    assert refusal in str(only(oxbow, schedules).parked)


def test_nothing_begins_while_slack_does_not_say_what_the_channel_is(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling
) -> None:
    due(oxbow, schedules)
    oxbow.workspace.fail_next("conversations.info", "internal_error")
    scheduling.step()
    assert began(oxbow) == []
    assert only(oxbow, schedules).parked is None


def test_who_left_the_workspace_begins_nothing_more_and_the_channel_is_told(
    oxbow: Product, schedules: Schedules, scheduling: Scheduling
) -> None:
    kept = due(oxbow, schedules)
    schedules.cancel(TEAM, kept.channel, kept.id)
    now = oxbow.log.now()
    schedules.add(
        TEAM,
        kept.channel,
        kept.recurrence,
        zone="UTC",
        words=QUESTION,
        by=oxbow.workspace.user_id("sam"),
        next_at=now,
    )
    scheduling.step()
    [told] = began(oxbow)
    assert "not a member of this workspace any more" in told["text"]
    assert oxbow.events(PLACE, told["ts"]) == []
    assert only(oxbow, schedules).parked is not None


def command(at_work: Live, words: str, *, user: str = "ada", place: str = PLACE) -> Json:
    asked = at_work.workspace.command(user, place, f"schedule {words}")
    [told] = eventually(lambda: at_work.workspace.responses(asked))
    return told


def test_a_command_schedules_in_the_persons_zone_and_the_thread_comes(at_work: Live) -> None:
    told = command(at_work, "every weekday at 9 which checks failed & why?", user="chidi")
    assert told["response_type"] == "in_channel"
    assert "every weekday at 09:00 (America/New_York): which checks failed &amp; why?" in told["text"]
    assert "09:00 E" in told["text"]
    at_work.answer_with(in_turn(says("None failed.")))
    with at_work.engine.begin() as connection:
        connection.execute(text("UPDATE schedules SET next_at = now()"))
    eventually(at_work.log.sessions)
    [session] = at_work.log.sessions()
    at_work.await_rest()
    assert at_work.texts(PLACE, session.address.thread) == ["None failed."]


def test_a_list_has_buttons_that_cancel_for_everybody_to_see(at_work: Live) -> None:
    command(at_work, "every monday at 14:30 <!channel> look")
    asked = at_work.workspace.command("bruno", PLACE, "schedule")
    [listed] = eventually(lambda: at_work.workspace.responses(asked))
    assert listed["response_type"] == "ephemeral"
    assert "<!channel>" not in str(listed)
    assert "every Monday at 14:30 (Europe/Paris)" in str(listed["blocks"])
    number = next(b for b in listed["blocks"] if "Monday" in str(b))["text"]["text"].split("*")[1]
    assert "Guests schedule nothing" in command(at_work, "cancel 1", user="gil", place="help-python")["text"]
    [shown] = at_work.workspace.ephemeral("bruno")
    action = next(b for b in listed["blocks"] if "Monday" in str(b))["accessory"]["action_id"]
    at_work.workspace.click("bruno", PLACE, shown["ts"], action)
    done = "cancelled what I was asked every Monday"
    at_work.workspace.wait_for(lambda: done in str(at_work.workspace.messages(PLACE)))
    assert "Nothing is scheduled here as" in command(at_work, f"cancel {number}")["text"]
    command(at_work, "every monday at 15 look")
    assert done in command(at_work, f"cancel {number}")["text"]


def test_nothing_is_scheduled_where_oxbow_is_not_or_may_not_be(at_work: Live) -> None:
    assert "invite me" in command(at_work, "every day at 9 look", place="random")["text"]
    assert "public channels only" in command(at_work, "every day at 9 look", place="salaries")["text"]
    assert (
        "Guests schedule nothing"
        in command(at_work, "every day at 9 look", user="gil", place="help-python")["text"]
    )
    assert "say when and what" in command(at_work, "tomorrow at 9 look")["text"]
