"""An embedder that hangs: the work begins without memory, and everybody is told so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bot.brain.remembering import Remembering
from memory.embedding.bounded import BoundedEmbedder
from memory.embedding.embedder import SilentEmbedder
from memory.log.events import SolutionsRecalled
from memory.recall.finding import Finder
from memory.recall.recall import Recall
from tests.support.product import Product
from tests.support.script_model import ScriptModel, in_turn, says


@pytest.fixture
def silent() -> Iterator[SilentEmbedder]:
    embedder = SilentEmbedder()
    yield embedder
    embedder.release()


def test_the_work_goes_on_and_says_that_nothing_was_looked_for(
    engine: Engine, oxbow: Product, silent: SilentEmbedder
) -> None:
    recall = Recall(engine, BoundedEmbedder(silent, 0.01))
    oxbow.remembering = Remembering(
        recall,
        Finder(engine, recall),
        oxbow.remembering.indexing,
        oxbow.gate.shows,
        oxbow.people.confined,
    )
    thread = oxbow.say("ada", "general", "@Oxbow the import fails")
    model = ScriptModel(in_turn(says("Rows are UTC.")))
    oxbow.settle(model)
    [recalled] = [event for event in oxbow.events("general", thread) if isinstance(event, SolutionsRecalled)]
    assert (recalled.hits, recalled.unsearched) == ((), True)
    assert "Memory could not be searched before you began." in str(model.requests[0].messages)
    [answer] = [post for post in oxbow.workspace.messages("general", thread) if "oxbow_solved" in str(post)]
    assert "I could not look for earlier threads" in str(answer["blocks"])
