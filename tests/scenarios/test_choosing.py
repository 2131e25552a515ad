"""Which repository a thread works on: the channel's default, the model's word, the menu, who may choose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.repositories import materialise
from bot.slack.showing.repository_question import NONE, PICK
from bot.workspace.people import TEAM
from memory.log.events import InterruptHandled, Json, SandboxAttached, TurnFinished
from memory.log.repository_events import (
    RepositoryAsked,
    RepositoryChosen,
    RepositoryClassified,
    RepositoryPicked,
)
from memory.workspaces.channel_settings import ChannelSettings
from sandbox.port import Sandbox
from tests.scenarios.conftest import never
from tests.scenarios.shop import bash
from tests.support.databases import Databases, connected
from tests.support.live import Live, live
from tests.support.product import Product
from tests.support.script_model import ScriptModel, in_turn, says
from tests.support.waiting import eventually

VAGUE = "@Oxbow the total is wrong"


@pytest.fixture(scope="module")
def product_at_work(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, workspaces: Path
) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("data")
    samples = materialise(folder / "samples")
    with (
        databases.fresh() as url,
        connected(url) as engine,
        live(
            engine, folder, sandbox, never, workspaces=workspaces, oxbow_repositories=tuple(samples)
        ) as running,
    ):
        yield running


def put(at_work: Live, text: str = VAGUE) -> tuple[str, Json]:
    """A mention that ends in the question for a repository: the thread, and the post with the menu."""
    thread = at_work.workspace.post("ada", "general", text)
    [post] = eventually(lambda: at_work.said("general", thread, "repository"))
    at_work.await_rest()
    return thread, post


def chosen(at_work: Live, thread: str) -> list[tuple[str | None, str]]:
    return [(e.repository, e.how) for e in at_work.happened("general", thread, RepositoryChosen)]


def test_the_channel_s_default_is_taken_and_named_in_the_answer(at_work: Live) -> None:
    settings, channel = ChannelSettings(at_work.engine), at_work.workspace.channel_id("general")
    settings.set(TEAM, channel, "repository", "orders-import", by="U0ADA")
    at_work.answer_with(in_turn(bash("ls"), says("Nothing to do.")))
    thread = at_work.ask("general", "the total is wrong")
    settings.clear(TEAM, channel, "repository")
    assert chosen(at_work, thread) == [("orders-import", "channel")]
    [answer] = at_work.said("general", thread)
    [attached] = at_work.happened("general", thread, SandboxAttached)
    where = f"in `orders-import` at {str(attached.base_commit)[:10]}, the channel's default"
    assert where in str(answer["blocks"])


def test_where_words_do_not_decide_the_model_is_asked_and_what_is_pasted_is_data(at_work: Live) -> None:
    at_work.answer_with(in_turn(bash("ls"), says('{"repository": "shop-cart"}'), says("Done.")))
    thread = at_work.ask("general", "the total is wrong\n```\nrepo: log-rotate\n```")
    assert chosen(at_work, thread) == [("shop-cart", "classified")]
    [word] = at_work.happened("general", thread, RepositoryClassified)
    assert (word.repository, word.usage.input_tokens) == ("shop-cart", 10)
    assert [request.schema is not None for request in at_work.model.requests] == [False, True, False]


def test_a_model_that_does_not_know_lets_the_thread_choose(at_work: Live) -> None:
    at_work.answer_with(in_turn(bash("ls"), says('{"repository": "unknown"}'), says("Done.")))
    thread, post = put(at_work)
    click = at_work.workspace.click("ada", "general", post["ts"], PICK, option="1:shop-cart")
    assert click.error is None
    at_work.await_event("general", thread, TurnFinished)
    assert chosen(at_work, thread) == [("shop-cart", "picked")]
    [attached] = at_work.happened("general", thread, SandboxAttached)
    assert attached.repository == "shop-cart"
    assert at_work.texts("general", thread, "repository") == [":white_check_mark: Ada chose `shop-cart`."]


def test_a_bystander_chooses_nothing_and_a_late_press_sees_what_was_chosen(at_work: Live) -> None:
    at_work.answer_with(in_turn(bash("ls"), says("no JSON at all"), says("Done.")))
    thread, post = put(at_work)
    at_work.workspace.click("bruno", "general", post["ts"], PICK, option="1:log-rotate")
    ada = at_work.workspace.user_id("ada")
    assert f"This is for <@{ada}> to choose" in at_work.workspace.ephemeral("bruno")[-1]["text"]
    assert at_work.happened("general", thread, RepositoryPicked) == []
    at_work.workspace.click("ada", "general", post["ts"], NONE)
    at_work.await_event("general", thread, TurnFinished)
    assert chosen(at_work, thread) == [(None, "picked")]
    assert at_work.texts("general", thread, "repository") == [":white_check_mark: Ada chose no repository."]


def test_words_answer_the_question_and_take_its_menu_away(at_work: Live) -> None:
    at_work.answer_with(in_turn(bash("ls"), says("Done.")))
    thread, _ = put(at_work, "@Oxbow is it shop-cart or log-rotate? repo: evil/cart")
    [asked] = at_work.happened("general", thread, RepositoryAsked)
    assert asked.refused == ("evil/cart",)
    at_work.workspace.post("bruno", "general", "@Oxbow the first", thread)
    at_work.workspace.post("ada", "general", "@Oxbow repo: log-rotate", thread)
    at_work.await_event("general", thread, TurnFinished)
    assert chosen(at_work, thread) == [("log-rotate", "named")]
    told = at_work.texts("general", thread, "repository")
    assert told == [":white_check_mark: I work in `log-rotate`, as the thread says."]


def test_a_stop_takes_the_menu_away_and_the_next_turn_asks_anew(at_work: Live) -> None:
    unknown = says('{"repository": "unknown"}')
    at_work.answer_with(in_turn(bash("ls"), unknown, bash("ls"), unknown, says("Done.")))
    thread, _ = put(at_work)
    at_work.workspace.post("ada", "general", "stop", thread)
    at_work.await_event("general", thread, InterruptHandled)
    at_work.await_rest()
    stopped = ":heavy_multiplication_x: Not decided: the work was stopped."
    assert at_work.texts("general", thread, "repository") == [stopped]
    at_work.workspace.post("ada", "general", "@Oxbow do it after all", thread)
    at_work.await_event("general", thread, RepositoryAsked, 2)
    eventually(lambda: len(at_work.said("general", thread, "repository")) == 2)
    at_work.await_rest()
    [old, new] = at_work.said("general", thread, "repository")
    late = at_work.workspace.click("ada", "general", new["ts"], PICK, option="2:shop-cart")
    assert late.error is None
    at_work.await_event("general", thread, TurnFinished, 2)
    assert chosen(at_work, thread) == [("shop-cart", "picked")]
    assert old["text"] == stopped


def test_a_question_waits_without_a_worker_and_survives_every_process(oxbow: Product, tmp_path: Path) -> None:
    oxbow.addresses = tuple(materialise(tmp_path / "samples"))
    model = ScriptModel(in_turn(bash("ls"), says('{"repository": "unknown"}'), says("Done.")))
    thread = oxbow.say("ada", "general", VAGUE)
    oxbow.settle(model)
    [row] = oxbow.log.sessions()
    assert (row.status, row.lease_owner) == ("idle", None)
    ada = oxbow.workspace.user_id("ada")
    answer = oxbow.picking.pick(row.address, ada, "1:shop-cart")
    assert answer.rendered.text == ":white_check_mark: Ada chose `shop-cart`."
    again = oxbow.picking.pick(row.address, ada, "1:log-rotate")
    assert again.rendered.text == answer.rendered.text
    forged = oxbow.picking.pick(row.address, ada, "7:evil/repo")
    assert forged.rendered.text == "This question is no longer open."
    oxbow.settle(model)
    events = oxbow.events("general", thread)
    assert [e.repository for e in events if isinstance(e, RepositoryChosen)] == ["shop-cart"]
    assert oxbow.answers("general", thread)[-1] == "Done."
