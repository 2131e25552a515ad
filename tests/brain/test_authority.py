"""Who may let a change be pushed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.brain.changes.authority import Authorised, Authority, Unauthorised
from bot.brain.policy import Unlinked
from bot.forge.forges import Forges
from bot.forge.github import GitHub
from bot.forge.repository import Repository
from memory.workspaces.accounts import Account, Accounts, AccountTaken
from tests.forge.origins import bare, initialised
from tests.support.github_api import APP_ID, GitHubApi

PLAIN = Repository(name="orders", address="file:///srv/orders.git")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path) as running:
        running.add("ada/cart", bare(tmp_path / "cart.git", initialised(tmp_path / "clone")))
        yield running


@pytest.fixture
def accounts(engine: Engine, api: GitHubApi) -> Accounts:
    return Accounts(engine, team="T1", server=api.address)


def authority(
    api: GitHubApi,
    folder: Path,
    accounts: Accounts | None,
    *,
    unlinked: Unlinked = "refuse",
    writers: dict[str, tuple[str, ...]] | None = None,
) -> Authority:
    app = GitHub(api_url=api.address, app_id=APP_ID, private_key=api.private_key)
    return Authority(
        forges=Forges(folder / "mirrors", github=app),
        accounts=accounts,
        writers=writers or {},
        unlinked=unlinked,
    )


def cart(api: GitHubApi) -> Repository:
    return Repository(name="cart", address=f"{api.address}/ada/cart")


def why(word: Authorised | Unauthorised) -> str:
    assert isinstance(word, Unauthorised)
    return word.why


def test_a_linked_account_decides_by_its_own_right(
    api: GitHubApi, accounts: Accounts, tmp_path: Path
) -> None:
    accounts.link("UADA", Account(number=api.accounts.add("ada-gh"), login="ada-gh"))
    for unlinked in ("refuse", "bot"):
        asked = authority(api, tmp_path, accounts, unlinked=unlinked)
        api.repositories["ada/cart"].permissions["ada-gh"] = "read"
        assert "Ada, who asked, has no write access to `cart` as ada-gh" in why(
            asked.of(cart(api), "UADA", "Ada")
        )
        api.repositories["ada/cart"].permissions["ada-gh"] = "write"
        assert asked.of(cart(api), "UADA", "Ada") == Authorised(how="linked", account="ada-gh")


def test_without_a_link_the_operator_s_policy_decides(
    api: GitHubApi, accounts: Accounts, tmp_path: Path
) -> None:
    told = why(authority(api, tmp_path, accounts).of(cart(api), "UADA", "Ada"))
    assert "`/oxbow link`" in told
    told = why(authority(api, tmp_path, None).of(cart(api), "UADA", "Ada"))
    assert "GITHUB_CLIENT_ID" in told
    assert authority(api, tmp_path, accounts, unlinked="bot").of(cart(api), "UADA", "Ada") == Authorised(
        how="bot"
    )


def test_a_forge_without_accounts_is_decided_by_the_operator_s_list(api: GitHubApi, tmp_path: Path) -> None:
    asked = authority(api, tmp_path, None, writers={"orders": ("UADA",)}, unlinked="bot")
    assert asked.of(PLAIN, "UADA", "Ada") == Authorised(how="listed")
    assert "Bruno is not listed" in why(asked.of(PLAIN, "UBRUNO", "Bruno"))
    assert "Nobody is listed" in why(authority(api, tmp_path, None).of(PLAIN, "UADA", "Ada"))


# Whose account is whose


def test_an_account_belongs_to_one_person(accounts: Accounts) -> None:
    accounts.link("UADA", Account(number=7, login="octocat"))
    with pytest.raises(AccountTaken):
        accounts.link("UMALLORY", Account(number=7, login="renamed"))
    assert accounts.of("UMALLORY") is None
    assert accounts.unlink("UADA")
    assert not accounts.unlink("UADA")
    accounts.link("UMALLORY", Account(number=7, login="octocat"))


def test_an_attempt_is_its_person_s_alone_and_ends(accounts: Accounts) -> None:
    accounts.begin("UADA", "code", seconds=900)
    assert (accounts.attempt("UADA"), accounts.attempt("UBRUNO")) == ("code", None)
    accounts.begin("UADA", "another", seconds=0)
    assert accounts.attempt("UADA") is None


def test_servers_and_workspaces_are_apart(engine: Engine, accounts: Accounts, api: GitHubApi) -> None:
    accounts.link("UADA", Account(number=7, login="octocat"))
    for other in (
        Accounts(engine, team="T2", server=api.address),
        Accounts(engine, team="T1", server="https://b"),
    ):
        assert other.of("UADA") is None
