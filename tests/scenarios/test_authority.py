"""Nothing is pushed that who asked could not push: accounts are linked, and the forge is asked about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.slack.answering.linking import ENTERED
from memory.log.change_events import BranchPushed, ChangeAuthorised, ChangeWithheld, PullRequestOpened
from memory.log.events import Json
from sandbox.port import Sandbox
from tests.forge.origins import bare, initialised
from tests.scenarios.conftest import never
from tests.scenarios.shop import FIX, bash
from tests.support.databases import Databases, connected
from tests.support.github_accounts import CLIENT_ID
from tests.support.github_api import APP_ID, GitHubApi
from tests.support.github_state import Repository
from tests.support.live import Live, live
from tests.support.script_model import in_turn, says
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubApi]:
    folder = tmp_path_factory.mktemp("github")
    with GitHubApi(folder) as api:
        api.add("ada/cart", bare(folder / "cart.git", initialised(folder / "work")))
        for login in ("ada-gh", "bruno-gh"):
            api.accounts.add(login)
        yield api


@pytest.fixture(scope="module")
def product_at_work(
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: Sandbox,
    workspaces: Path,
    github: GitHubApi,
) -> Iterator[Live]:
    changed = {
        "github_api_url": github.address,
        "github_app_id": APP_ID,
        "github_app_private_key": SecretStr(github.private_key),
        "github_client_id": CLIENT_ID,
        "oxbow_repositories": (f"{github.address}/ada/cart",),
        "oxbow_unlinked": "refuse",
    }
    folder = tmp_path_factory.mktemp("data")
    with (
        databases.fresh() as url,
        connected(url) as engine,
        live(engine, folder, sandbox, never, workspaces=workspaces, **changed) as running,
    ):
        yield running


@pytest.fixture
def cart(github: GitHubApi) -> Repository:
    return github.repositories["ada/cart"]


def command(at_work: Live, who: str, words: str) -> Json:
    asked = at_work.workspace.command(who, "general", words)
    [told] = eventually(lambda: at_work.workspace.responses(asked))
    assert told["response_type"] == "ephemeral"
    return told


def code_of(told: Json) -> str:
    return str(re.findall(r"Enter ([0-9A-F-]+) at", told["text"])[0])


def press(at_work: Live, who: str) -> str:
    """Press the button under the code; gives what the presser reads then."""
    post = next(m for m in reversed(at_work.workspace.ephemeral(who)) if ENTERED in str(m.get("blocks")))
    pressed = at_work.workspace.click(who, "general", post["ts"], ENTERED)
    [told] = eventually(lambda: at_work.workspace.responses(pressed))
    return str(told["text"])


def go_on(at_work: Live, who: str, thread: str) -> None:
    at_work.answer_with(in_turn(says("As before.")))
    at_work.await_acknowledged(at_work.workspace.post(who, "general", "@Oxbow go on", thread))
    at_work.await_rest()


def test_who_is_not_linked_is_told_how_and_who_may_not_write_is_told_who_may(
    at_work: Live, github: GitHubApi, cart: Repository
) -> None:
    at_work.answer_with(in_turn(bash(FIX), says("Fixed.")))
    thread = at_work.ask("general", "cart: the file is wrong")
    [withheld] = at_work.happened("general", thread, ChangeWithheld)
    assert withheld.reason == "unauthorised"
    assert "`/oxbow link`" in at_work.texts("general", thread)[-1]

    shown = code_of(command(at_work, "ada", "link"))
    assert "GitHub has not seen your code yet" in press(at_work, "ada")
    github.accounts.enter(shown, "ada-gh")
    assert "linked with *ada-gh*" in press(at_work, "ada")
    assert "linked with *ada-gh*" in command(at_work, "ada", "link")["text"]

    go_on(at_work, "ada", thread)
    assert "has no write access to `cart` as ada-gh" in at_work.texts("general", thread)[-1]
    assert at_work.happened("general", thread, BranchPushed) == []

    cart.permissions["ada-gh"] = "write"
    go_on(at_work, "ada", thread)
    [authorised] = at_work.happened("general", thread, ChangeAuthorised)
    assert (authorised.by_name, authorised.how, authorised.account) == ("Ada", "linked", "ada-gh")
    [opened] = at_work.happened("general", thread, PullRequestOpened)
    body = cart.pulls[opened.number].body
    assert "Asked for by Ada (ada-gh), who may write here: their own approval does not count." in body


def test_a_code_that_somebody_else_has_begun_binds_nothing_to_whoever_presses(
    at_work: Live, github: GitHubApi
) -> None:
    shown = code_of(command(at_work, "mei", "link"))
    command(at_work, "bruno", "link")
    github.accounts.enter(shown, "bruno-gh")
    assert "not seen your code" in press(at_work, "bruno")
    assert "linked with *bruno-gh*" in press(at_work, "mei")
    # One account is one person's: whoever holds it takes it back from there.
    shown = code_of(command(at_work, "bruno", "link"))
    github.accounts.enter(shown, "bruno-gh")
    assert "belongs to somebody else" in press(at_work, "bruno")
    assert "no longer linked" in command(at_work, "mei", "unlink")["text"]
    assert "No account" in command(at_work, "mei", "unlink")["text"]


def test_no_user_token_is_kept_anywhere(at_work: Live, github: GitHubApi) -> None:
    with at_work.engine.connect() as connection:
        dumped = "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            for table in ("accounts", "link_attempts", "events")
        )
    assert github.accounts.tokens
    assert not [token for token in github.accounts.tokens if token in dumped]
