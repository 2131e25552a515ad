"""What was last heard of a channel."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from memory.workspaces.channels import Channels


@pytest.fixture
def channels(engine: Engine) -> Channels:
    return Channels(engine)


def test_nothing_is_known_of_a_channel_that_was_not_heard_of(channels: Channels) -> None:
    assert channels.known("T1", "C1", max_age=60) is None


def test_what_slack_said_is_known(channels: Channels) -> None:
    channels.record("T1", "C1", name="help", refused=None, source="slack")
    fact = channels.known("T1", "C1", max_age=60)
    assert fact is not None
    assert (fact.name, fact.public, fact.reason, fact.source) == ("help", True, "", "slack")
    assert channels.known("T2", "C1", max_age=60) is None


def test_the_latest_word_counts(channels: Channels) -> None:
    channels.record("T1", "C1", name="help", refused=None, source="slack")
    channels.record("T1", "C1", name="help", refused="it was made private", source="slack")
    fact = channels.known("T1", "C1", max_age=60)
    assert fact is not None
    assert (fact.public, fact.reason) == (False, "it was made private")


def test_old_knowledge_does_not_count(channels: Channels, engine: Engine) -> None:
    channels.record("T1", "C1", name="help", refused=None, source="slack")
    with engine.begin() as connection:
        connection.execute(text("UPDATE channels SET checked_at = checked_at - interval '5 minutes'"))
    assert channels.known("T1", "C1", max_age=299) is None
    assert channels.known("T1", "C1", max_age=600) is not None


def test_an_answer_that_was_asked_for_earlier_does_not_replace_a_later_one(channels: Channels) -> None:
    channels.record("T1", "C1", name="help", refused="it was made private", source="slack")
    channels.record("T1", "C1", name="help", refused=None, source="slack", age=5.0)
    fact = channels.known("T1", "C1", max_age=60)
    assert fact is not None
    assert not fact.public


def test_the_age_counts_from_the_asking(channels: Channels) -> None:
    channels.record("T1", "C1", name="help", refused=None, source="slack", age=30.0)
    assert channels.known("T1", "C1", max_age=29) is None
    fact = channels.known("T1", "C1", max_age=600)
    assert fact is not None
    assert fact.age >= 30.0


def test_an_import_never_replaces_what_slack_said(channels: Channels) -> None:
    channels.record("T1", "C1", name="help", refused=None, source="import")
    channels.record("T1", "C1", name="help", refused="it was made private", source="slack")
    channels.record("T1", "C1", name="help", refused=None, source="import")
    fact = channels.known("T1", "C1", max_age=60)
    assert fact is not None
    assert (fact.public, fact.source) == (False, "slack")
