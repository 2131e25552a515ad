"""The weekly digest: posted once, whoever dies meanwhile, and in public alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from bot.background.recurrence import WEEK, Recurrence
from bot.background.weekly_digest import WeeklyDigest
from bot.slack.announcements import Announcements
from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.hearing.history import channel_named
from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.solutions.solution import Solution
from memory.workspaces.chores import Chores
from tests.memory.solution_makers import make_solution, remember
from tests.slack.fixtures import Slack, slack

__all__ = ["slack"]

ASKED = "the nightly import fails with <KeyError> tz"


def last_week() -> datetime:
    """Before the Monday at eight that the current period began with, and within its week."""
    now = datetime.now(UTC) - timedelta(hours=8)
    monday = now - timedelta(days=now.weekday())
    return monday.replace(hour=8, minute=0) - WEEK / 2


def asked(slack: Slack, thread: str, *, channel: str = "general", at: datetime | None = None) -> Solution:
    return make_solution(
        ASKED,
        team=TEAM,
        thread=thread,
        channel=slack.workspace.channel_id(channel),
        finished_at=at or last_week(),
        fix="Install `tzdata`.",
        outcome="confirmed",
    )


def digest(slack: Slack, channel: str = "general", *, withheld: str = "") -> WeeklyDigest:
    return WeeklyDigest(
        engine=slack.engine,
        chores=Chores(slack.engine),
        announcements=Announcements(slack.web, slack.gate),
        channel=lambda: channel_named(slack.web, channel),
        recurrence=Recurrence(
            engine=slack.engine,
            embedder=HashingEmbedder().name,
            shows=lambda asked: asked != withheld and slack.gate.shows_channel(asked),
        ),
    )


def perform(slack: Slack, task: WeeklyDigest) -> None:
    """Take the chore as if its last holder had died, and do it."""
    with slack.engine.begin() as connection:
        connection.execute(text("UPDATE chores SET lease_until = '-infinity', done_for = NULL"))
    taken = Chores(slack.engine).take(TEAM, task.chore)
    assert taken is not None
    task.perform(taken)


def said(slack: Slack) -> list[str]:
    return [text for text in slack.said("general") if text.startswith("What came up again")]


def test_what_came_up_again_is_told_with_its_threads_and_what_helped(slack: Slack, engine: Engine) -> None:
    earlier = asked(slack, "1.0", at=last_week() - 5 * WEEK)
    remember(
        engine, HashingEmbedder(), earlier, asked(slack, "2.0"), asked(slack, "3.0", at=datetime.now(UTC))
    )
    perform(slack, digest(slack))
    assert said(slack)[0].endswith(": 1 problem")
    [post] = [it for it in slack.workspace.messages("general") if it.get("blocks")]
    shown = str(post["blocks"])
    assert "the nightly import fails with &lt;KeyError&gt; tz" in shown
    assert "1 thread this week, 2 within a year" in shown
    assert "Install `tzdata`." in shown
    assert earlier.permalink in shown


def test_it_is_posted_once_though_its_poster_died_after_it(slack: Slack, engine: Engine) -> None:
    remember(engine, HashingEmbedder(), asked(slack, "1.0"), asked(slack, "2.0"))
    slack.workspace.lose_next_response("chat.postMessage")
    with pytest.raises(SlackUnavailable):
        perform(slack, digest(slack))
    for _ in range(2):
        perform(slack, digest(slack))
    assert len(said(slack)) == 1


def test_a_week_without_repetition_is_silent_and_done(slack: Slack, engine: Engine) -> None:
    remember(engine, HashingEmbedder(), asked(slack, "1.0"))
    perform(slack, digest(slack))
    assert said(slack) == []
    assert Chores(engine).take(TEAM, WeeklyDigest.chore) is None


def test_what_may_not_be_shown_is_neither_counted_nor_linked(slack: Slack, engine: Engine) -> None:
    remember(engine, HashingEmbedder(), asked(slack, "1.0"), asked(slack, "2.0", channel="random"))
    perform(slack, digest(slack, withheld=slack.workspace.channel_id("random")))
    assert said(slack) == []


def test_a_channel_that_is_not_public_is_told_nothing(slack: Slack, engine: Engine) -> None:
    remember(
        engine,
        HashingEmbedder(),
        asked(slack, "1.0", channel="random"),
        asked(slack, "2.0", channel="random"),
    )
    shown, channel = digest(slack), slack.workspace.channel_id("general")
    slack.workspace.share_externally("general")
    with pytest.raises(ThreadRefused, match="shared"):
        perform(slack, shown)
    assert slack.workspace.messages("general") == []
    assert Announcements(slack.web, slack.gate).made(channel, "digest", since=last_week()) is False
