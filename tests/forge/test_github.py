"""The forge GitHub, against a stand-in that speaks its REST interface and Git over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.forge.errors import ForgeRefused, ForgeUnavailable, RepositoryUnavailable
from bot.forge.forges import Forges
from bot.forge.github import GitHub, web_address
from bot.forge.github_app import PERMISSIONS
from bot.forge.port import PullRequest
from tests.contracts.forge_contract import BRANCH, ForgeContract, Place
from tests.forge.origins import bare, initialised
from tests.support.github_api import APP_ID, GitHubApi

NAME = "ada/cart"
STATES = {"approved": "APPROVED", "changes_requested": "CHANGES_REQUESTED", "commented": "COMMENTED"}


class GitHubPlace(Place):
    def __init__(self, folder: Path, api: GitHubApi) -> None:
        self.api = api
        self.clone = initialised(folder / "clone")
        self.bare = bare(folder / "cart.git", self.clone)
        self.address = api.add(NAME, self.bare)
        self.repository = api.repositories[NAME]
        self.github = GitHub(api_url=api.address, app_id=APP_ID, private_key=api.private_key)
        self.forges = Forges(folder / "mirrors", github=self.github)
        self.forge = self.forges.of(self.address)

    def check(self, head: str, name: str, conclusion: str, summary: str) -> None:
        ends = {"passed": "success", "failed": "failure"}
        self.repository.check(head, name, ends.get(conclusion), summary)

    def review(self, number: int, *, author: str, verdict: str, text: str) -> None:
        self.repository.review(number, user=author, state=STATES[verdict], body=text)

    def merge(self, pull: PullRequest) -> None:
        self.repository.merge(pull.number)

    def close(self, pull: PullRequest) -> None:
        self.repository.close(pull.number)

    def comments(self, number: int) -> list[str]:
        return [said["body"] for said in self.repository.pulls[number].comments]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path) as running:
        yield running


class TestGitHub(ForgeContract):
    @pytest.fixture
    def place(self, tmp_path: Path, api: GitHubApi) -> GitHubPlace:
        return GitHubPlace(tmp_path, api)

    def test_a_repository_of_the_app_is_mirrored_with_its_token(self, place: GitHubPlace) -> None:
        assert place.forges.mirrors.bundle(place.address).branch == "trunk"

    def test_without_the_token_it_cannot_be_read(self, place: GitHubPlace, tmp_path: Path) -> None:
        place.github.remote(place.address)
        place.api.expire_tokens()
        with pytest.raises(RepositoryUnavailable):
            place.forges.mirrors.bundle(place.address)

    def test_a_token_is_for_one_repository_and_the_rights_that_are_needed(
        self, place: GitHubPlace, tmp_path: Path
    ) -> None:
        other = place.api.add("ada/orders", bare(tmp_path / "orders.git", place.clone))
        place.forge.head(place.address, "trunk")
        place.forge.head(other, "trunk")
        asked = [json.loads(body) for _, path, body in place.api.asked if path.endswith("access_tokens")]
        assert [it["repositories"] for it in asked] == [["cart"], ["orders"]]
        assert asked[0]["permissions"] == PERMISSIONS

    def test_an_account_may_write_where_it_has_the_right_itself(self, place: GitHubPlace) -> None:
        ada = place.api.accounts.add("ada-gh")
        rights = place.repository.permissions
        assert not place.forge.may_write(place.address, ada)
        for permission, expected in (("read", False), ("write", True), ("admin", True)):
            rights["ada-gh"] = permission
            assert place.forge.may_write(place.address, ada) is expected

    def test_an_account_is_known_by_its_number_whatever_it_is_called(self, place: GitHubPlace) -> None:
        ada = place.api.accounts.add("ada-gh")
        place.repository.permissions["ada-gh"] = "write"
        place.api.accounts.rename("ada-gh", "ada-new")
        assert not place.forge.may_write(place.address, ada)
        place.repository.permissions["ada-new"] = "write"
        assert place.forge.may_write(place.address, ada)

    def test_an_account_that_is_gone_is_refused(self, place: GitHubPlace) -> None:
        with pytest.raises(ForgeRefused, match="404"):
            place.forge.may_write(place.address, 7)

    def test_words_of_apps_are_left_out(self, place: GitHubPlace) -> None:
        number = place.proposed().number
        place.repository.review(number, user="ci[bot]", state="COMMENTED", body="97 %", kind="Bot")
        place.repository.say(number, user="ci[bot]", body="deployed", kind="Bot")
        place.forge.comment(place.address, number, key="k", text="mine")
        assert place.forge.look(place.address, number).reviews == ()

    def test_remarks_on_lines_belong_to_their_review(self, place: GitHubPlace) -> None:
        number = place.proposed().number
        place.repository.review(number, user="bruno", state="CHANGES_REQUESTED", body="Two things.")
        place.repository.remark(number, path="cart.py", line=7, body="why 60?")
        place.repository.say(number, user="ada", body="and the docs?")
        told = place.forge.look(place.address, number).reviews
        assert [it.text for it in told] == ["Two things.\ncart.py:7: why 60?", "and the docs?"]

    def test_a_status_counts_as_a_check(self, place: GitHubPlace) -> None:
        opened = place.proposed()
        place.repository.statuses[opened.head] = [
            {"context": "ci/build", "state": "failure", "description": "exit 1"}
        ]
        assert place.forge.look(place.address, opened.number).conclusion == "failed"

    def test_an_answer_that_was_lost_is_no_second_pull_request(self, place: GitHubPlace) -> None:
        place.push(place.work("second"))
        place.api.faults = [None, 502]
        with pytest.raises(ForgeUnavailable):
            place.open()
        assert place.open().number == 1
        assert len(place.repository.pulls) == 1

    @pytest.mark.parametrize(("status", "delay"), [(429, 7.0), (500, None), (503, None)])
    def test_patience_is_asked_for_and_given(
        self, place: GitHubPlace, status: int, delay: float | None
    ) -> None:
        place.github.remote(place.address)
        place.api.faults = [status]
        with pytest.raises(ForgeUnavailable) as caught:
            place.forge.look(place.address, 1)
        assert caught.value.delay == delay

    def test_a_repository_without_the_app_is_refused_with_the_way_out(self, place: GitHubPlace) -> None:
        with pytest.raises(ForgeRefused, match="Is the app installed on ada/other"):
            place.forge.find(f"{place.api.address}/ada/other", BRANCH)

    def test_a_server_that_is_gone_is_waited_for(self, place: GitHubPlace, tmp_path: Path) -> None:
        gone = GitHub(api_url="http://127.0.0.1:9", app_id=APP_ID, private_key=place.api.private_key)
        with pytest.raises(ForgeUnavailable):
            gone.find("http://127.0.0.1:9/ada/cart", BRANCH)

    def test_another_key_is_refused(self, place: GitHubPlace, tmp_path: Path) -> None:
        other = GitHubApi(tmp_path)
        stranger = GitHub(api_url=place.api.address, app_id=APP_ID, private_key=other.private_key)
        other._socket.close()
        with pytest.raises(ForgeRefused, match="401"):
            stranger.find(place.address, BRANCH)

    def test_neither_token_nor_key_is_in_a_log_an_error_or_a_repository(
        self, place: GitHubPlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        place.proposed()
        place.forges.mirrors.bundle(place.address)
        place.api.faults = [500]
        with pytest.raises(ForgeUnavailable) as caught:
            place.forge.look(place.address, 1)
        shown = caplog.text + str(caught.value) + repr(place.forge.remote(place.address))
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        [token] = place.api.tokens
        secrets = (token, place.api.private_key.splitlines()[3])
        assert not [secret for secret in secrets if secret in shown or secret.encode() in kept]


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.example.org/api/v3", "https://git.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_repositories_are_where_their_server_is(api: str, web: str) -> None:
    assert web_address(api) == web


def test_an_address_that_only_begins_alike_is_not_on_the_server() -> None:
    github = GitHub(api_url="https://api.github.com", app_id="1", private_key="")
    assert github.hosts("https://github.com/ada/cart")
    assert not github.hosts("https://github.com.evil.example/ada/cart")
