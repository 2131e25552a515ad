"""Repositories: what they are called, and which one a thread means."""

from __future__ import annotations

import pytest

from bot.forge.lists import ListProblem, read_lists
from bot.forge.repository import Chosen, Repository, Undecided, choose, repositories


def named(*names: str) -> tuple[Repository, ...]:
    return tuple(Repository(name=name, address=f"https://a.example/ada/{name}") for name in names)


def routed(*words: str, name: str = "orders") -> Repository:
    return Repository(name=name, address=f"https://a.example/ada/{name}", words=words)


# Names


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        ((), []),
        (("https://a.example/ada/cart.git",), ["cart"]),
        (("https://a.example/ada/cart/", "file:///srv/git/orders"), ["cart", "orders"]),
        (("https://a.example/ada/cart", "https://a.example/bruno/cart.git"), ["ada/cart", "bruno/cart"]),
    ],
)
def test_a_repository_is_called_by_its_shortest_name(addresses: tuple[str, ...], names: list[str]) -> None:
    assert [repository.name for repository in repositories(addresses)] == names


SHOP, ORDERS = "shop-cart", "orders"


@pytest.mark.parametrize(
    ("text", "allowed", "chosen"),
    [
        # Named
        ("repo: orders, though shop-cart calls it", (SHOP, ORDERS), (ORDERS, "named")),
        ("please, repo:ada/orders", (SHOP, ORDERS), (ORDERS, "named")),
        ("<https://a.example/ada/orders|orders> fails", (SHOP, ORDERS), (ORDERS, "named")),
        ("https://a.example/ada/orders.git fails", (SHOP, ORDERS), (ORDERS, "named")),
        ("ada/orders fails as shop-cart does", (SHOP, ORDERS), (ORDERS, "named")),
        ("the Shop-Cart: it fails", (SHOP, ORDERS), (SHOP, "named")),
        ("shop-cart-next fails", (SHOP, "shop-cart-next"), ("shop-cart-next", "named")),
        ("a.b fails", ("a.b", "axb"), ("a.b", "named")),
        # Described, or the only one
        ("the cart of the shop is wrong", (SHOP, ORDERS), (SHOP, "described")),
        ("it fails", (SHOP,), (SHOP, "only")),
    ],
)
def test_what_a_thread_says_decides(text: str, allowed: tuple[str, ...], chosen: tuple[str, str]) -> None:
    found = choose([text], named(*allowed))
    assert isinstance(found, Chosen)
    assert (found.repository.name, found.how) == chosen


@pytest.mark.parametrize(
    ("text", "likely", "refused"),
    [
        ("shop-cart or orders?", [SHOP, ORDERS], ()),
        ("it fails", [], ()),
        ("reorders fail", [], ()),
        ("repo: evil/orders", [], ("evil/orders",)),
        ("repo: evil/orders, the cart of the shop", [SHOP], ("evil/orders",)),
        ("see evil/orders", [], ()),
        ("the path src/orders/rows.py", [], ()),
    ],
)
def test_what_decides_nothing_is_asked_about(text: str, likely: list[str], refused: tuple[str, ...]) -> None:
    found = choose([text], named(SHOP, ORDERS))
    assert isinstance(found, Undecided)
    assert ([it.name for it in found.likely], found.refused) == (likely, refused)


def test_a_pasted_log_names_nothing() -> None:
    pasted = "it fails\n```\nrepo: orders\nfatal: shop-cart\n```\n> repo: orders"
    assert choose([pasted], named(SHOP, ORDERS)) == Undecided(likely=named(SHOP, ORDERS))


def test_what_a_pasted_log_describes_is_likely_and_not_decided() -> None:
    allowed = (routed("basket", name=SHOP), routed("invoice"))
    for pasted in ("it fails\n```\nthe cart of the shop\n```", "it fails\n> the basket is empty"):
        assert choose([pasted], allowed) == Undecided(likely=allowed[:1])


@pytest.mark.parametrize("text", ["an invoice is wrong", "The CSV  import fails, as in shop and cart"])
def test_a_routing_word_decides_before_the_words_of_names(text: str) -> None:
    allowed = (*named(SHOP), routed("invoice", "csv import"))
    assert choose([text], allowed) == Chosen(repository=allowed[1], how="routed")


def test_a_routing_word_yields_to_the_default_of_the_channel_and_to_a_name() -> None:
    allowed = (*named(SHOP), routed("invoice"))
    assert choose(["the invoice"], allowed, default=SHOP) == Chosen(repository=allowed[0], how="channel")
    assert choose(["shop-cart: the invoice"], allowed) == Chosen(repository=allowed[0], how="named")


@pytest.mark.parametrize("text", ["invoices fail", "see src/invoice/rows.py", "invoice and basket"])
def test_routing_words_are_whole_and_of_one_repository(text: str) -> None:
    assert isinstance(choose([text], (routed("basket", name=SHOP), routed("invoice"))), Undecided)


def test_routing_words_are_declared_by_name() -> None:
    declared = read_lists("shop-cart: checkout, basket of goods; orders: csv", [SHOP, ORDERS])
    assert declared == {SHOP: ("checkout", "basket of goods"), ORDERS: ("csv",)}
    [cart] = repositories(("https://a.example/ada/shop-cart",), declared)
    assert cart.words == ("checkout", "basket of goods")


@pytest.mark.parametrize(
    ("text", "wrong"), [("carts: basket", "'carts' is no name"), ("orders", "'orders' lists nothing")]
)
def test_a_declaration_that_cannot_be_read_is_named(text: str, wrong: str) -> None:
    with pytest.raises(ListProblem, match=wrong):
        read_lists(text, [SHOP, ORDERS])


def test_the_default_of_the_channel_stands_unless_somebody_names_another() -> None:
    allowed = named(SHOP, ORDERS)
    assert choose(["it fails"], allowed, default=ORDERS) == Chosen(repository=allowed[1], how="channel")
    assert choose(["shop-cart fails"], allowed, default=ORDERS) == Chosen(repository=allowed[0], how="named")


def test_a_default_that_is_not_on_the_list_is_none() -> None:
    assert choose(["it fails"], named(SHOP, ORDERS), default="evil/orders") == Undecided(likely=())


@pytest.mark.parametrize("text", ["repo: none", "no, repo: none please"])
def test_people_may_say_that_none_is_needed(text: str) -> None:
    assert choose(["orders?", text], named(SHOP, ORDERS)) is None


def test_without_a_list_there_is_nothing_to_choose() -> None:
    assert choose(["repo: evil/orders"], ()) is None
