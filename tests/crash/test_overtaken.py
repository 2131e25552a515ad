"""A worker is frozen in the middle of a call of Slack while another finishes the session: one post stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.brain.claimed import Claimed, StopSignal
from bot.workspace.people import OXBOW
from memory.errors import LeaseLost
from sandbox.choose import open_sandbox
from tests.support.product import Product, key, product
from tests.support.script_model import ScriptModel, says

CHANNEL = "general"


@pytest.fixture
def built(engine: Engine, tmp_path: Path) -> Iterator[Product]:
    with product(engine, tmp_path, open_sandbox("auto", tmp_path / "workspaces")) as built:
        yield built


def overtaken(built: Product, model: ScriptModel) -> None:
    """Another worker takes the session over, looks, posts and finishes; this one has noticed nothing yet."""
    built.lapse()
    built.settle(model)


def test_of_two_posts_one_is_left_whichever_call_the_first_worker_was_frozen_in(built: Product) -> None:
    model, number, happened = ScriptModel(lambda _: says("Done.")), 0, True
    while happened:
        number += 1
        ts = built.workspace.post("ada", CHANNEL, f"@Oxbow please look, number {number}")
        built.hear(CHANNEL, ts)
        lease = built.claim()
        assert lease is not None
        frozen = built.instants.do_at("slack:before", number, partial(overtaken, built, model))
        claimed = Claimed(built.log, lease, StopSignal(lease.interrupt_seq))
        with suppress(LeaseLost):
            built.brain(model).run(claimed, lambda: False)
        happened = frozen.happened
        built.instants.forget()
        overtaken(built, model)
        messages = built.workspace.messages(CHANNEL, ts)
        posts = Counter(key(message) for message in messages if message["user"] == OXBOW)
        assert {"progress:1", "answer:1:1"} <= posts.keys()
        assert set(posts.values()) == {1}, f"frozen in call {number}: {posts}"
    assert number > 2, "a thread of one answer makes more calls than that"
