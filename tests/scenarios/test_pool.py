"""Workspaces that are ready before anybody asks, and none for whom needs none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from bot.brain.network import Network
from bot.forge.plumbing import git
from bot.forge.repository import repositories
from bot.warming import Warmer
from memory.log.change_events import ChangeWithheld, PullRequestOpened
from memory.log.events import Json, SandboxAttached, ToolFinished
from memory.log.workspace_events import WorkspaceSynced
from sandbox.pool import PooledSandbox
from sandbox.port import Limits, Sandbox
from tests.scenarios.shop import FIX, Shop, bash
from tests.support.product import Product
from tests.support.script_model import Answer, ScriptModel, calls, says
from tests.support.secrets import secret_mask

SET_UP = '[commands]\nsetup = "echo $PWD > ~/set-up"\ntest = "cat ~/set-up && grep -q fixed file"\n'


@pytest.fixture
def pool(sandbox: Sandbox) -> Iterator[PooledSandbox]:
    assert isinstance(sandbox, PooledSandbox)
    yield sandbox
    sandbox.keep_only({})


def warmer(shop: Shop, pool: PooledSandbox) -> Warmer:
    allowed = repositories(shop.oxbow.addresses)
    network = Network({}, secret_mask())
    return Warmer(pool, shop.oxbow.forges.mirrors, allowed, network, size=1, limits=Limits())


def test_a_thread_works_in_a_prepared_workspace(shop: Shop, pool: PooledSandbox) -> None:
    shop.declare(SET_UP)
    warmer(shop, pool).fill()
    [label] = pool.shelved("cart")
    thread = shop.ask(bash(f"cat ~/set-up; {FIX}"), says("It was wrong, now it is right."))
    assert pool.shelved("cart") == ()
    [attached] = shop.events(thread, SandboxAttached)
    assert (attached.base_commit, attached.prepared_commit) == (label, None)
    assert [event.output for event in shop.events(thread, ToolFinished)] == ["/workspace\n"]
    [opened] = shop.events(thread, PullRequestOpened)
    assert git("show", f"{opened.head}:file", cwd=shop.bare) == "fixed"


def test_it_is_read_at_once_and_changed_only_at_the_recorded_commit(shop: Shop, pool: PooledSandbox) -> None:
    warmer(shop, pool).fill()
    [old] = pool.shelved("cart")
    shop.push_to_base("first, and more")
    look = calls("view", path="file")
    thread = shop.ask(look, bash(f"cat file; {FIX}"), says("It was wrong, now it is right."))
    [attached] = shop.events(thread, SandboxAttached)
    assert attached.prepared_commit == old != attached.base_commit
    happened = shop.events(thread, ToolFinished | WorkspaceSynced)  # type: ignore[arg-type]  # as isinstance takes it
    assert [getattr(event, "output", "synced") for event in happened] == [
        "     1  first",
        "synced",
        "first, and more",
    ]
    [opened] = shop.events(thread, PullRequestOpened)
    assert git("diff", "--stat", f"{attached.base_commit}..{opened.head}", cwd=shop.bare).count("|") == 1


def test_what_was_only_read_is_no_change_though_the_branch_went_back(shop: Shop, pool: PooledSandbox) -> None:
    earlier = git("rev-parse", "trunk", cwd=shop.bare).strip()
    shop.push_to_base("first, and more")
    warmer(shop, pool).fill()
    git("update-ref", "refs/heads/trunk", earlier, cwd=shop.bare)
    thread = shop.ask(calls("view", path="file"), says("It says first."))
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["unchanged"]
    assert shop.refs == []


def test_the_pool_follows_the_repository(shop: Shop, pool: PooledSandbox) -> None:
    warm = warmer(shop, pool)
    warm.fill()
    [old] = pool.shelved("cart")
    warm.fill()
    assert pool.shelved("cart") == (old,)
    shop.push_to_base("more")
    warm.fill()
    [new] = pool.shelved("cart")
    assert new != old


def test_a_repository_that_is_away_keeps_what_is_ready(shop: Shop, pool: PooledSandbox) -> None:
    warm = warmer(shop, pool)
    warm.fill()
    ready = pool.shelved("cart")
    shop.bare.rename(shop.bare.with_name("away"))
    warm.fill()
    assert pool.shelved("cart") == ready != ()


def test_a_set_up_that_fails_prepares_nothing_and_is_not_tried_again(shop: Shop, pool: PooledSandbox) -> None:
    shop.declare('[commands]\nsetup = "exit 1"\n')
    before = len(pool.inventory())
    warm = warmer(shop, pool)
    warm.fill()
    warm.fill()
    assert pool.shelved("cart") == ()
    assert len(pool.inventory()) == before


def test_the_model_is_asked_before_any_workspace_exists_and_none_is_made_unless_it_is_needed(
    oxbow: Product, sandbox: Sandbox
) -> None:
    before, seen = len(sandbox.inventory()), []

    def script(_: Sequence[Json]) -> Answer:
        seen.append(len(sandbox.inventory()))
        return bash("true") if len(seen) == 2 else says("Here you are.")

    model = ScriptModel(script)
    thread = oxbow.say("ada", "general", "@Oxbow what is a tree?")
    oxbow.settle(model)
    assert not [event for event in oxbow.events("general", thread) if isinstance(event, SandboxAttached)]
    oxbow.say("ada", "general", "@Oxbow look yourself", thread)
    oxbow.settle(model)
    assert seen == [before, before, before + 1]
