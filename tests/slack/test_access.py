"""Tokens of workspaces that installed the app: sealed, renewed by one of many, given up when lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import Bot
from sqlalchemy import Engine

from bot.hosting.tenancy import reseal
from bot.slack.errors import SlackUnavailable
from bot.slack.tenants.access import InstalledAccess, expiry, rotator, sealed
from bot.slack.tenants.sealing import Sealing, Unsealable
from bot.slack.web import SlackWeb
from bot.workspace.people import OXBOW, TEAM
from memory.workspaces.installations import Installations
from tests.support.two_workspaces import TwoWorkspaces, two_workspaces

OLD_KEY, KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
HALF_A_DAY = 12 * 3600


@pytest.fixture(scope="module")
def slack() -> Iterator[TwoWorkspaces]:
    with two_workspaces() as slack:
        slack.expires_in = HALF_A_DAY
        yield slack


@pytest.fixture
def installations(engine: Engine) -> Installations:
    return Installations(engine)


def install(slack: TwoWorkspaces, installations: Installations, *, lasts: int = HALF_A_DAY) -> str:
    """The first workspace installs the app, with a token that ends after so many seconds; gives the token."""
    given = slack.access({"code": f"code-{TEAM}"})
    bot = Bot(
        team_id=TEAM,
        bot_token=given["access_token"],
        bot_id="B1",
        bot_user_id=OXBOW,
        bot_refresh_token=given["refresh_token"],
        bot_token_expires_in=lasts,
        installed_at=time.time(),
    )
    installations.keep(TEAM, sealed(bot, Sealing([KEY])), expiry(bot))
    slack.refreshes.clear()
    return bot.bot_token


def access(slack: TwoWorkspaces, installations: Installations) -> InstalledAccess:
    """As one process has it."""
    renewing = rotator("1.2", "client secret", api_url=slack.api_url, timeout=10)
    return InstalledAccess(TEAM, installations, Sealing([KEY]), renewing)


def web(slack: TwoWorkspaces, own: InstalledAccess) -> SlackWeb:
    return SlackWeb(WebClient(base_url=slack.api_url, timeout=10, retry_handlers=[]), access=own)


def test_a_token_that_lasts_is_left_as_it_is(slack: TwoWorkspaces, installations: Installations) -> None:
    assert install(slack, installations) == access(slack, installations).token()
    assert slack.refreshes == []


def test_of_many_that_find_a_token_ending_one_renews_it(
    slack: TwoWorkspaces, installations: Installations
) -> None:
    before = install(slack, installations, lasts=60)
    processes = [access(slack, installations) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        tokens = set(threads.map(lambda process: process.token(), processes))
    assert slack.refreshes == [TEAM]
    assert slack.refused == 0
    assert before not in tokens
    assert len(tokens) == 1


def test_a_token_that_ends_while_it_is_used_is_looked_up_and_the_call_made_again(
    slack: TwoWorkspaces, installations: Installations
) -> None:
    ended = install(slack, installations)
    using = web(slack, access(slack, installations))
    using.call("auth.test")
    install(slack, installations)
    slack.expired.add(ended)
    assert using.call("auth.test")["team_id"] == TEAM


def test_where_a_token_never_works_again_nothing_is_tried_until_it_is_installed_anew(
    slack: TwoWorkspaces, installations: Installations
) -> None:
    revoked = install(slack, installations)
    using = web(slack, access(slack, installations))
    del slack.tokens[revoked]
    with pytest.raises(SlackUnavailable, match="invalid_auth"):
        using.call("auth.test")
    [parked] = installations.all()
    assert parked.parked == "Slack answered invalid_auth"
    with pytest.raises(SlackUnavailable, match="is parked"):
        access(slack, installations).token()
    install(slack, installations)
    assert web(slack, access(slack, installations)).call("auth.test")["ok"]


def test_a_call_that_is_refused_for_another_reason_parks_nothing(
    slack: TwoWorkspaces, installations: Installations
) -> None:
    install(slack, installations)
    slack.first.fail_next("auth.test", "internal_error")
    with pytest.raises(SlackUnavailable):
        web(slack, access(slack, installations)).call("auth.test")
    [kept] = installations.all()
    assert kept.parked is None


def test_what_is_sealed_under_an_old_key_is_sealed_anew_and_the_old_key_can_go(
    slack: TwoWorkspaces, installations: Installations
) -> None:
    installations.keep(TEAM, Sealing([OLD_KEY]).seal(b"given"), None)
    [before] = installations.all()
    with pytest.raises(Unsealable):
        Sealing([KEY]).open(before.sealed)
    reseal(installations, Sealing([KEY, OLD_KEY]))
    [after] = installations.all()
    assert Sealing([KEY]).open(after.sealed) == b"given"
    assert (after.installed_at, after.expires_at) == (before.installed_at, before.expires_at)
    reseal(installations, Sealing([OLD_KEY]))
    assert [it.sealed for it in installations.all()] == [after.sealed]
