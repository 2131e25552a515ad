"""Words that were taken back are out of the memory at once, whoever is there to index what remains."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import Json
from memory.recall.recall import Recall
from memory.recall.scope import Scope
from tests.support.product import Product
from tests.support.script_model import ScriptModel, says

ANSWER = "Rows are UTC."
LEFT = text("""
    SELECT (SELECT count(*) FROM passages) + (SELECT count(*) FROM postings) AS traces,
        problem || fix || cast(conversation AS text) || cast(people AS text) AS words
    FROM solutions
""")


def changed(oxbow: Product, thread: str, **change: object) -> Json:
    """Slack tells that the first message was changed."""
    old = {"user": oxbow.workspace.user_id("ada"), "ts": thread, "text": "@Oxbow the walrus valve leaks"}
    event: Json = {"channel": oxbow.workspace.channel_id("general"), "previous_message": old, **change}
    return event


def edited(oxbow: Product, thread: str) -> Json:
    new = {"user": oxbow.workspace.user_id("ada"), "ts": thread, "text": "the otter valve leaks"}
    return changed(oxbow, thread, subtype="message_changed", message=new, event_ts="9.9")


def deleted(oxbow: Product, thread: str) -> Json:
    return changed(oxbow, thread, subtype="message_deleted", deleted_ts=thread)


def found(engine: Engine, query: str, **scope: tuple[str, ...]) -> list[str]:
    hits = Recall(engine, HashingEmbedder()).search(query, team=TEAM, scope=Scope(**scope))  # type: ignore[arg-type]
    return [hit.problem for hit in hits]


@pytest.mark.parametrize("change", [edited, deleted])
def test_no_search_finds_them_before_anybody_worked(engine: Engine, oxbow: Product, change: object) -> None:
    assert callable(change)
    model = ScriptModel(lambda _: says(ANSWER))
    thread = oxbow.say("ada", "general", "@Oxbow the walrus valve leaks")
    oxbow.settle(model)
    assert found(engine, "walrus valve") == ["the walrus valve leaks"]
    oxbow.listener.message(change(oxbow, thread))
    assert found(engine, "walrus valve") == []
    assert found(engine, "walrus valve", channels=(oxbow.workspace.channel_id("general"),)) == []
    with engine.connect() as connection:
        assert tuple(connection.execute(LEFT).one()) == (0, "[]{}")
    oxbow.settle(model)
    assert found(engine, "valve leaks") == (["the otter valve leaks"] if change is edited else [])
