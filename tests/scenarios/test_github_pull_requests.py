"""The same on GitHub: a fix becomes a draft, its checks and reviews come back, its merge is learned from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.brain.changes.authority import Authority
from bot.following import Following
from bot.forge.forges import Forges
from bot.forge.github import GitHub
from bot.forge.plumbing import git
from bot.forge.repository import repositories
from bot.workspace.people import TEAM
from memory.log.change_events import BranchPushed, ForgeAwaited, PullRequestOpened
from memory.log.events import Event
from memory.log.fold import fold
from memory.log.session_log import ThreadAddress
from memory.workspaces.accounts import Account, Accounts
from tests.forge.origins import bare, initialised
from tests.scenarios.shop import FIX, bash
from tests.support.github_api import APP_ID, GitHubApi
from tests.support.github_state import Repository
from tests.support.product import Died, Product
from tests.support.script_model import Answer, ScriptModel, in_turn, says
from tests.support.secrets import secret_mask
from tests.support.waiting import eventually


@pytest.fixture
def github(oxbow: Product, tmp_path: Path) -> Iterator[GitHubApi]:
    """A repository on the stand-in, the only one of this installation."""
    with GitHubApi(tmp_path) as api:
        address = api.add("ada/cart", bare(tmp_path / "cart.git", initialised(tmp_path / "work")))
        app = GitHub(api_url=api.address, app_id=APP_ID, private_key=api.private_key)
        oxbow.forges = Forges(tmp_path / "mirrors", github=app)
        oxbow.addresses = (address,)
        yield api


@pytest.fixture
def cart(github: GitHubApi) -> Repository:
    return github.repositories["ada/cart"]


def ask(oxbow: Product, *answers: Answer) -> str:
    thread = oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    oxbow.settle(ScriptModel(in_turn(*answers)))
    return thread


def follow(oxbow: Product, *answers: Answer) -> ScriptModel:
    model = ScriptModel(in_turn(*answers))
    oxbow.pull_requests.look_now(oxbow.addresses[0], 1)
    Following(
        pull_requests=oxbow.pull_requests,
        log=oxbow.log,
        forges=oxbow.forges,
        allowed=repositories(oxbow.addresses),
        secrets=secret_mask(),
    ).look()
    oxbow.settle(model)
    return model


def events(oxbow: Product, thread: str) -> list[Event]:
    channel = oxbow.workspace.channel_id("general")
    state = oxbow.log.thread_state(ThreadAddress(team=TEAM, channel=channel, thread=thread))
    assert state is not None
    return [recorded.event for recorded in oxbow.log.read(state.session)]


def test_a_fix_becomes_a_draft_and_the_answer_links_it(oxbow: Product, cart: Repository) -> None:
    thread = ask(oxbow, bash(FIX), says("Fixed."))
    [pull] = cart.pulls.values()
    assert (pull.title, pull.base, pull.state) == ("Fix the file", "trunk", "open")
    assert f"({cart.web}/ada/cart/pull/1)" in str(oxbow.workspace.messages("general", thread))
    assert "> cart: the file is wrong" in pull.body


def test_a_failed_check_and_a_review_are_repaired_and_the_merge_confirms(
    oxbow: Product, cart: Repository, engine: Engine
) -> None:
    thread = ask(oxbow, bash(FIX), says("Fixed."))
    cart.check(cart.pulls[1].head, "tests", "failure", "2 failed")
    cart.review(1, user="bruno", state="CHANGES_REQUESTED", body="Keep the order.")
    model = follow(oxbow, bash("echo again >> file; git commit -qam Again"), says("Repaired."))
    told = str(model.requests[0].messages[-1])
    assert "2 failed" in told
    assert "Keep the order." in told
    pushed = [event for event in events(oxbow, thread) if isinstance(event, BranchPushed)]
    assert cart._commit(cart.pulls[1].branch) == pushed[1].commit
    cart.merge(1)
    follow(oxbow)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT outcome FROM solutions")).scalar_one() == "confirmed"


def test_the_approval_of_who_asked_is_a_comment_and_somebody_else_s_counts(
    oxbow: Product, github: GitHubApi, cart: Repository, engine: Engine
) -> None:
    server = Accounts(engine, team=TEAM, server=github.address)
    server.link(oxbow.workspace.user_id("ada"), Account(number=github.accounts.add("ada-gh"), login="ada-gh"))
    cart.permissions["ada-gh"] = "write"
    oxbow.authority = Authority(forges=oxbow.forges, accounts=server, writers={}, unlinked="refuse")
    thread = ask(oxbow, bash(FIX), says("Fixed."))
    cart.review(1, user="Ada-gh", state="APPROVED", body="")
    follow(oxbow)
    cart.merge(1)
    follow(oxbow)
    assert any(
        "Nobody but who asked for it has approved" in text for text in oxbow.answers("general", thread)
    )
    cart.review(1, user="bruno", state="APPROVED", body="")
    state = fold(oxbow.log.read(oxbow.log.sessions()[0].session)).change
    assert state.standing is not None
    assert [review.verdict for review in state.standing.reviews] == ["commented"]


@pytest.mark.parametrize("failpoint", ["push:after", "pull_request:after"])
def test_a_worker_that_dies_after_github_did_it_leaves_one_branch_and_one_pull_request(
    oxbow: Product, cart: Repository, failpoint: str
) -> None:
    death = oxbow.instants.die_at(failpoint)
    thread = oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    model = ScriptModel(in_turn(bash(FIX), says("Fixed.")))
    with pytest.raises(Died):
        oxbow.settle(model)
    assert death.happened
    oxbow.lapse()
    oxbow.settle(model)
    [pull] = cart.pulls.values()
    branches = git("for-each-ref", "--format=%(refname)", "refs/heads/oxbow", cwd=cart.folder).split()
    assert branches == [f"refs/heads/{pull.branch}"]
    assert sum("Draft pull request" in text for text in oxbow.answers("general", thread)) == 1


def test_a_server_in_trouble_is_waited_for_and_there_is_one_pull_request(
    oxbow: Product, github: GitHubApi, cart: Repository
) -> None:
    def fails_once() -> Answer:
        # The next answers of GitHub: the look for the draft passes, the opening takes effect and is lost.
        github.lose("POST", "pulls")
        return says("Fixed.")

    answers = iter([lambda: bash(FIX), fails_once])
    thread = oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    model = ScriptModel(lambda _: next(answers)())
    oxbow.settle(model)
    awaited = [event for event in events(oxbow, thread) if isinstance(event, ForgeAwaited)]
    assert len(awaited) == 1

    def opened() -> list[Event]:
        oxbow.settle(model)
        return [event for event in events(oxbow, thread) if isinstance(event, PullRequestOpened)]

    eventually(lambda: bool(opened()))
    assert len(opened()) == 1
    assert len(cart.pulls) == 1


def test_no_token_and_no_key_is_in_the_log_a_message_a_workspace_or_a_line(
    oxbow: Product, github: GitHubApi, tmp_path: Path, engine: Engine, workspaces: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    thread = ask(oxbow, bash(f"env; cat .git/config; {FIX}"), says("Fixed."))
    follow(oxbow)
    with engine.connect() as connection:
        log = str(connection.execute(text("SELECT payload FROM events")).all())
        kept = str(connection.execute(text("SELECT encode(content, 'escape') FROM blobs")).all())
    seen = log + kept + caplog.text + str(oxbow.workspace.messages("general", thread))
    files = [path for root in (tmp_path, workspaces) for path in root.rglob("*") if path.is_file()]
    contents = b"".join(path.read_bytes() for path in files)
    for secret in (*github.tokens, github.private_key.splitlines()[3]):
        assert secret not in seen
        assert secret.encode() not in contents
