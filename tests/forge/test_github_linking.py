"""Whose account on GitHub is whose: the device flow against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.forge.errors import ForgeRefused, ForgeUnavailable
from bot.forge.github_linking import GitHubLinking
from memory.workspaces.accounts import Account
from tests.support.github_accounts import CLIENT_ID
from tests.support.github_api import GitHubApi


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path) as running:
        yield running


@pytest.fixture
def linking(api: GitHubApi) -> GitHubLinking:
    return GitHubLinking(api_url=api.address, client_id=CLIENT_ID)


def test_the_account_is_that_of_whoever_entered_the_code(api: GitHubApi, linking: GitHubLinking) -> None:
    number = api.accounts.add("octocat")
    begun = linking.begin()
    assert begun.address == f"{api.address}/login/device"
    assert linking.finish(begun.device_code) is None
    api.accounts.enter(begun.user_code, "octocat")
    assert linking.finish(begun.device_code) == Account(number=number, login="octocat")


def test_a_code_that_was_declined_or_has_ended_links_nothing(api: GitHubApi, linking: GitHubLinking) -> None:
    begun = linking.begin()
    api.accounts.enter(begun.user_code, None)
    with pytest.raises(ForgeRefused, match="declined"):
        linking.finish(begun.device_code)
    api.accounts.end_codes()
    with pytest.raises(ForgeRefused, match="has ended"):
        linking.finish(begun.device_code)


def test_a_wrong_app_and_a_server_in_trouble_are_said(api: GitHubApi, linking: GitHubLinking) -> None:
    with pytest.raises(ForgeRefused, match="incorrect_client_credentials"):
        GitHubLinking(api_url=api.address, client_id="Iv1.other").begin()
    api.faults = [503]
    with pytest.raises(ForgeUnavailable, match="503"):
        linking.begin()
