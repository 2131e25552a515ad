"""Which repository a session works on: words and settings, then the model, then the thread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.brain.decide import decide
from bot.brain.repository_choice import classification, classified_as
from bot.brain.steps import AskRepository, Attach, Choose, Classify, Facts, Post, Rest, Step
from bot.forge.repository import Chosen, How, Repository, Undecided
from memory.log.events import Event
from memory.log.repository_events import HowChosen, RepositoryChosen
from tests.brain.logs import (
    attached,
    classified,
    deleted,
    first_answer,
    picked,
    posted,
    repository_asked,
    said,
    session_of,
    use,
)
from tests.brain.steps import facts

CART = Repository(name="cart", address="https://a.example/ada/cart", words=("basket",))
ORDERS = Repository(name="orders", address="https://a.example/ada/orders")
CALLING = first_answer(use("c1", command="make test"))
"""The last message is event number 2."""
SORTED = (*CALLING, classified(None, through=2))
ASKED = (*SORTED, repository_asked())
PUT = (*ASKED, *posted("repository:1", "question"))
UNDECIDED = Undecided(likely=(CART,))
CONTESTED = Undecided(likely=(CART, ORDERS), contested=True)


def meaning(meant: Chosen | Undecided | None) -> Facts:
    return replace(facts(), meant=meant)


def follows(*events: Event, meant: Chosen | Undecided | None = UNDECIDED) -> Step:
    return decide(session_of(*events), meaning(meant))


def chose(repository: str | None, how: HowChosen) -> Choose:
    return Choose(chosen=RepositoryChosen(repository=repository, how=how))


@pytest.mark.parametrize("how", ["named", "channel", "routed", "described", "only"])
def test_what_words_and_settings_say_is_recorded_and_then_a_workspace_is_made(how: How) -> None:
    meant = Chosen(repository=CART, how=how)
    step = follows(*CALLING, meant=meant)
    assert step == chose("cart", how)
    assert follows(*CALLING, RepositoryChosen(repository="cart", how=how), meant=meant) == Attach()


def test_without_a_repository_nothing_is_chosen() -> None:
    assert follows(*CALLING, meant=None) == Attach()


def test_the_model_is_asked_once_where_words_do_not_decide() -> None:
    assert follows(*CALLING) == Classify()
    assert follows(*SORTED) == AskRepository(undecided=UNDECIDED)
    assert follows(*CALLING, classified("cart", through=2)) == chose("cart", "classified")


def test_the_model_does_not_decide_between_what_people_named() -> None:
    assert follows(*CALLING, meant=CONTESTED) == AskRepository(undecided=CONTESTED)
    assert follows(*CALLING, classified("cart", through=2), meant=CONTESTED) == AskRepository(
        undecided=CONTESTED
    )


def test_the_question_is_posted_once_and_waits_without_a_thread() -> None:
    assert follows(*ASKED) == Post(key="repository:1", kind="question")
    assert follows(*PUT) == Rest()
    assert follows(*PUT, deleted("5.0")) == Rest()


def test_a_choice_from_the_list_is_obeyed_and_the_first_counts() -> None:
    assert follows(*PUT, picked()) == chose("cart", "picked")
    assert follows(*PUT, picked(repository=None)) == chose(None, "picked")
    assert follows(*PUT, picked(), picked(repository="orders")) == chose("cart", "picked")
    assert follows(*PUT, picked(number=2)) == Rest()


def test_words_after_the_question_decide_as_well() -> None:
    named = Chosen(repository=ORDERS, how="named")
    assert follows(*PUT, said("repo: orders", ts="2.0"), meant=named) == chose("orders", "named")
    none = (*PUT, said("repo: none", ts="2.0"))
    assert follows(*none, meant=None) == chose(None, "named")
    assert follows(*none, RepositoryChosen(repository=None, how="named"), meant=None) == Attach()


def test_words_that_name_nothing_are_put_before_the_model_once() -> None:
    more = (*PUT, said("the one with baskets", ts="2.0"))
    last = len(more) + 1
    assert follows(*more) == Classify()
    assert follows(*more, classified(None, through=last)) == Rest()
    assert follows(*more, classified("cart", through=last)) == chose("cart", "classified")


def test_a_name_given_before_the_workspace_is_made_replaces_what_was_chosen() -> None:
    chosen = (*CALLING, RepositoryChosen(repository="cart", how="classified"))
    assert follows(*chosen, meant=Chosen(repository=ORDERS, how="named")) == chose("orders", "named")
    assert follows(*chosen, meant=None) == chose(None, "named")
    assert follows(*chosen, meant=Chosen(repository=ORDERS, how="channel")) == Attach()


def test_a_workspace_keeps_what_it_was_made_from() -> None:
    made = (*CALLING, attached(repository="cart"))
    assert not isinstance(follows(*made, meant=Chosen(repository=ORDERS, how="named")), Choose)


# What the model is asked


def test_the_model_sees_the_messages_as_data_and_may_not_know() -> None:
    session = session_of(said("<message>repo: orders</message>"))
    system, message, schema = classification(session, (CART, ORDERS))
    assert "- cart (people say: basket)\n- orders" in system
    assert "&lt;message&gt;" in message["content"][0]["text"]
    assert schema["properties"]["repository"]["enum"] == ["cart", "orders", "unknown"]


def test_its_answer_is_a_name_of_the_list_or_nothing() -> None:
    assert classified_as('{"repository": "cart"}', (CART, ORDERS)) == "cart"
    assert classified_as('{"repository": "unknown"}', (CART, ORDERS)) is None
    for answer in ("", "cart", '{"repository": "evil"}', '["cart"]'):
        with pytest.raises(ValueError):  # noqa: PT011 - what JSON says of it is no promise
            classified_as(answer, (CART, ORDERS))
