"""From a thread to a draft pull request, through the whole product, on the forge of plain Git."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from uuid import uuid4

from bot.brain.claimed import Claimed, StopSignal
from bot.brain.policies import TOOLS
from bot.forge.plumbing import git
from bot.workspace.people import TEAM
from memory.log.change_events import (
    BranchPushed,
    ChangeChecked,
    ChangeExported,
    ChangeWithheld,
    ForgeAwaited,
    PullRequestOpened,
)
from memory.log.events import ApprovalRequested, Json, ToolFinished, TurnFinished
from memory.log.sessions import ThreadAddress
from tests.scenarios.shop import DECLARED, FIX, Shop, bash
from tests.support.product import key
from tests.support.script_model import Answer, ScriptModel, in_turn, says
from tests.support.secrets import GITHUB_TOKEN
from tests.support.waiting import eventually

OUTWARDS = "cat < /dev/tcp/1.1.1.1/53"


def test_a_commit_in_the_workspace_becomes_a_draft_that_the_answer_names(shop: Shop) -> None:
    thread = shop.ask(bash(FIX), says("It was wrong, now it is right."))
    [opened] = shop.events(thread, PullRequestOpened)
    assert shop.refs == [f"refs/heads/{opened.branch}", "refs/oxbow/pull/1"]
    assert git("show", f"{opened.head}:file", cwd=shop.bare) == "fixed"
    assert "Draft pull request" in shop.answer(thread)
    assert "#1 Fix the file" in shop.answer(thread)
    assert opened.branch.startswith("oxbow/fix-the-file-")


def test_a_session_works_and_is_checked_without_any_network(shop: Shop) -> None:
    shop.declare(DECLARED.replace("grep", f"! {OUTWARDS} && grep"))
    thread = shop.ask(bash(f"{FIX}; {OUTWARDS}"), says("It was wrong, now it is right."))
    [ran] = shop.events(thread, ToolFinished)
    assert "Network is unreachable" in ran.output
    [checked] = shop.events(thread, ChangeChecked)
    assert [run.exit_code for run in checked.runs] == [0]
    assert len(shop.events(thread, PullRequestOpened)) == 1


def test_the_commit_is_oxbow_s_with_everybody_who_steered(shop: Shop) -> None:
    thread = ""

    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) == 1:
            shop.oxbow.say("bruno", "general", "keep the rest", thread)
            return bash(FIX)
        return says("Done.")

    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    shop.oxbow.settle(ScriptModel(script))
    [opened] = shop.events(thread, PullRequestOpened)
    told = git("log", "-1", "--format=%an <%ae>%n%B", opened.head, cwd=shop.bare)
    assert told.startswith("Oxbow <oxbow@slack.invalid>\nFix the file\n")
    assert told.count("Co-authored-by: ") == 2
    assert "Bruno" in told


def test_the_description_has_problem_change_evidence_and_the_thread(shop: Shop) -> None:
    shop.declare(DECLARED)
    thread = shop.ask(bash(FIX), says("The word was wrong; it is `fixed` now. @ada look"))
    [opened] = shop.events(thread, PullRequestOpened)
    _, body, diff = shop.oxbow.forges.plain.describe(shop.bare.as_uri(), opened.number)
    for part in (
        "> cart: the file is wrong",
        "The word was wrong",
        f"at `{opened.head}`",
        "`grep -q fixed file`",
    ):
        assert part in body
    assert f"p{thread.replace('.', '')}" in body
    assert "@ada" not in body
    assert "+fixed" in diff


def test_a_thread_that_changes_nothing_has_no_pull_request(shop: Shop) -> None:
    shop.declare(DECLARED)
    thread = shop.ask(bash("cat file"), says("It says first."))
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["unchanged"]
    assert shop.events(thread, ChangeChecked) == []
    assert shop.refs == []
    assert "pull request" not in shop.answer(thread).lower()


def test_a_thread_that_runs_nothing_is_not_looked_at(shop: Shop) -> None:
    thread = shop.ask(says("No idea."))
    assert shop.events(thread, ChangeWithheld) == []


def test_a_second_turn_moves_the_same_branch_on(shop: Shop) -> None:
    thread = shop.ask(bash(FIX), says("Fixed."))
    shop.model = ScriptModel(in_turn(bash("echo more >> file; git commit -qam More"), says("More.")))
    shop.oxbow.say("ada", "general", "@Oxbow more please", thread)
    shop.oxbow.settle(shop.model)
    first, second = shop.events(thread, BranchPushed)
    assert (first.branch, len(shop.refs)) == (second.branch, 2)
    assert git("rev-parse", f"{second.commit}^", cwd=shop.bare).strip() == first.commit
    assert len(shop.events(thread, PullRequestOpened)) == 1


# Declared checks


def test_declared_checks_run_on_the_change(shop: Shop) -> None:
    shop.declare(DECLARED)
    thread = shop.ask(bash(FIX), says("Fixed."))
    [checked] = shop.events(thread, ChangeChecked)
    assert [(run.name, run.exit_code) for run in checked.runs] == [("test", 0)]


def test_a_formatter_s_changes_are_part_of_it(shop: Shop) -> None:
    shop.declare('[commands]\nformat = "echo formatted >> file"\n')
    thread = shop.ask(bash(FIX), says("Fixed."))
    [opened] = shop.events(thread, PullRequestOpened)
    assert git("show", f"{opened.head}:file", cwd=shop.bare) == "fixedformatted\n"


def test_a_check_that_fails_is_told_to_the_model_and_repaired(shop: Shop) -> None:
    shop.declare(DECLARED)
    thread = shop.ask(
        bash("echo wrong > file; git commit -qam Wrong"), says("Fixed."),
        bash("echo fixed > file; git commit -qam Right"), says("Now really."),
    )  # fmt: skip
    assert len(shop.events(thread, ChangeChecked)) == 2
    assert "`grep -q fixed file` ended with 1" in str(shop.model.requests[2].messages[-1])
    assert len(shop.events(thread, PullRequestOpened)) == 1
    assert "Now really." in shop.answer(thread)


def test_after_two_rounds_of_repair_nothing_is_pushed(shop: Shop) -> None:
    shop.declare('[commands]\ntest = "! grep wrong file"\n')
    thread = shop.ask(
        bash("echo wrong > file; git commit -qam Wrong"), says("One."), says("Two."), says("Three.")
    )
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["checks"]
    assert shop.refs == []
    assert "own checks still fail" in shop.answer(thread)


def test_a_change_cannot_soften_its_own_checks(shop: Shop) -> None:
    shop.declare('[commands]\ntest = "grep -q only .oxbow.toml"\n')
    soften = "printf '[commands]\ntest = \"true\"\n' > .oxbow.toml; git commit -qam Soft"
    thread = shop.ask(bash(soften), says("One."), says("Two."), says("Three."))
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["checks"]


RED = """\
[commands]
setup = "echo installed >> ../setups 2>/dev/null || true"
test = "echo 'FAILED test_old 1.5s'; grep -q wrong file && echo 'FAILED test_new'; false"
"""


def test_a_check_that_is_red_at_the_base_is_told_once_and_then_the_draft_says_so(shop: Shop) -> None:
    shop.declare(RED)
    thread = shop.ask(bash(FIX), says("Fixed."), says("It was red before."))
    assert "fails on the files that you began from as well" in str(shop.model.requests[-1].messages[-1])
    [opened] = shop.events(thread, PullRequestOpened)
    _, body, _ = shop.oxbow.forges.plain.describe(shop.bare.as_uri(), opened.number)
    assert "**fails, as it does at the base**" in body
    assert "These checks fail at the base as well" in shop.answer(thread)


def test_what_fails_anew_is_no_excuse_though_the_base_is_red(shop: Shop) -> None:
    shop.declare(RED)
    thread = shop.ask(
        bash("echo wrong > file; git commit -qam Wrong"), says("One."), says("Two."), says("Three.")
    )
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["checks"]
    assert shop.refs == []


def test_a_declaration_that_cannot_be_read_is_said(shop: Shop) -> None:
    shop.declare("[commands]\ndeploy = 'x'\n")
    thread = shop.ask(bash(FIX), says("Fixed."))
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["refused"]
    assert "`.oxbow.toml` may hold" in shop.answer(thread)


# The premise


def test_a_base_that_moved_elsewhere_is_said_in_the_description(shop: Shop) -> None:
    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) == 1:
            return bash(FIX)
        shop.push_to_base("other", "other")
        return says("Fixed.")

    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    shop.oxbow.settle(ScriptModel(script))
    assert [event.premise for event in shop.events(thread, ChangeExported)] == ["moved"]


def test_a_base_that_moved_over_the_same_lines_is_said_too(shop: Shop) -> None:
    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) == 1:
            return bash(FIX)
        shop.push_to_base("elsewise")
        return says("Fixed.")

    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    shop.oxbow.settle(ScriptModel(script))
    assert [event.premise for event in shop.events(thread, ChangeExported)] == ["conflicts"]


def test_a_problem_that_is_gone_on_the_base_meanwhile_is_said(shop: Shop) -> None:
    shop.declare(DECLARED)

    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) == 1:
            return bash(FIX)
        shop.push_to_base("fixed otherwise")
        return says("Fixed.")

    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    shop.oxbow.settle(ScriptModel(script))
    [checked] = shop.events(thread, ChangeChecked)
    assert checked.solved_at == git("rev-parse", "trunk", cwd=shop.bare).strip()
    [opened] = shop.events(thread, PullRequestOpened)
    _, body, _ = shop.oxbow.forges.plain.describe(shop.bare.as_uri(), opened.number)
    assert "**the problem may be gone**: on `trunk`" in body
    assert "The problem may be gone" in shop.answer(thread)


def test_what_is_solved_on_the_base_already_is_not_pushed(shop: Shop) -> None:
    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) == 1:
            return bash(FIX)
        shop.push_to_base("fixed")
        return says("Fixed.")

    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    shop.oxbow.settle(ScriptModel(script))
    [withheld] = shop.events(thread, ChangeWithheld)
    assert (withheld.reason, withheld.detail) == ("obsolete", "`trunk` holds this change already.")
    assert shop.refs == []


def test_what_another_session_s_pull_request_holds_is_not_pushed_again(shop: Shop) -> None:
    shop.ask(bash(FIX), says("Fixed."))
    second = shop.ask(bash(FIX), says("Fixed."), text="@Oxbow cart: the same", user="bruno")
    assert [event.reason for event in shop.events(second, ChangeWithheld)] == ["obsolete"]
    assert "Pull request #1 holds the same change" in shop.answer(second)
    assert len(shop.refs) == 2


def test_what_a_person_s_pull_request_holds_is_not_pushed_again(shop: Shop) -> None:
    first = shop.ask(bash(FIX), says("Fixed."))
    [pushed] = shop.events(first, BranchPushed)
    git("update-ref", "refs/heads/fix-by-hand", pushed.commit, cwd=shop.bare)
    git("update-ref", "-d", f"refs/heads/{pushed.branch}", cwd=shop.bare)
    told = {"branch": "fix-by-hand", "base": "trunk", "head": pushed.commit, "title": "Mine", "body": ""}
    shop.keep("refs/oxbow/pull/9", json.dumps(told))
    second = shop.ask(bash(FIX), says("Fixed."), text="@Oxbow cart: the same", user="bruno")
    assert "Pull request #9 holds the same change" in shop.answer(second)


def test_what_another_session_s_closed_pull_request_holds_is_pushed(shop: Shop) -> None:
    first = shop.ask(bash(FIX), says("Fixed."))
    [pushed] = shop.events(first, BranchPushed)
    git("update-ref", "refs/oxbow/closed/1", f"{pushed.commit}:file", cwd=shop.bare)
    second = shop.ask(bash(FIX), says("Fixed."), text="@Oxbow cart: the same", user="bruno")
    assert len(shop.events(second, PullRequestOpened)) == 1


# What is refused


def test_a_secret_in_the_change_is_not_pushed_nor_repeated(shop: Shop) -> None:
    thread = shop.ask(bash(f"echo {GITHUB_TOKEN} > key; git add key; git commit -qm Key"), says("Done."))
    [withheld] = shop.events(thread, ChangeWithheld)
    assert withheld.reason == "secret"
    assert GITHUB_TOKEN not in withheld.detail
    assert shop.refs == []


def test_a_hostile_change_is_not_pushed(shop: Shop) -> None:
    thread = shop.ask(bash("ln -s /etc/passwd link; git add link; git commit -qm Link"), says("Done."))
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["unsafe"]
    assert "leads out of the repository" in shop.answer(thread)
    assert shop.refs == []


def test_a_branch_with_somebody_s_commit_is_left_alone(shop: Shop) -> None:
    thread = shop.ask(bash(FIX), says("Fixed."))
    [first] = shop.events(thread, BranchPushed)
    theirs = shop.commit_by_hand(first)
    shop.model = ScriptModel(in_turn(bash("echo more >> file; git commit -qam More"), says("More.")))
    shop.oxbow.say("ada", "general", "@Oxbow more please", thread)
    shop.oxbow.settle(shop.model)
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["taken_over"]
    assert git("rev-parse", f"refs/heads/{first.branch}", cwd=shop.bare).strip() == theirs


# Approval


def test_a_push_that_the_channel_asks_about_waits_for_a_word_about_its_commit(shop: Shop) -> None:
    channel = shop.oxbow.workspace.channel_id("general")
    shop.oxbow.settings.set(TEAM, channel, TOOLS, "pull_request=ask", by="U0ADA")
    thread = shop.ask(bash(FIX), says("Fixed."))
    [exported] = shop.events(thread, ChangeExported)
    [requested] = shop.events(thread, ApprovalRequested)
    assert requested.call == f"pull_request:{exported.commit}"
    [post] = [m for m in shop.oxbow.workspace.messages("general", thread) if key(m).startswith("approval:")]
    assert "+1 -1" in str(post["blocks"])
    assert "Approve pull_request in this thread" not in str(post["blocks"])
    messages = shop.oxbow.workspace.messages
    eventually(lambda: "Waiting for approval" in [m["text"] for m in messages("general", thread)])
    assert shop.refs == []
    address = ThreadAddress(team=TEAM, channel=channel, thread=thread)
    shop.oxbow.decisions.press(address, shop.oxbow.workspace.user_id("ada"), requested.call, approved=True)
    shop.oxbow.settle(shop.model)
    assert len(shop.events(thread, PullRequestOpened)) == 1
    [post] = [m for m in shop.oxbow.workspace.messages("general", thread) if key(m).startswith("approval:")]
    assert post["text"] == ":white_check_mark: Approved by Ada."


def test_a_push_that_is_denied_is_not_made_and_the_thread_reads_by_whom(shop: Shop) -> None:
    channel = shop.oxbow.workspace.channel_id("general")
    shop.oxbow.settings.set(TEAM, channel, TOOLS, "pull_request=ask", by="U0ADA")
    thread = shop.ask(bash(FIX), says("Fixed."))
    [requested] = shop.events(thread, ApprovalRequested)
    address = ThreadAddress(team=TEAM, channel=channel, thread=thread)
    shop.oxbow.decisions.press(address, shop.oxbow.workspace.user_id("ada"), requested.call, approved=False)
    shop.oxbow.settle(shop.model)
    assert [event.reason for event in shop.events(thread, ChangeWithheld)] == ["denied"]
    assert "Ada did not approve it." in shop.answer(thread)
    assert shop.refs == []


# What goes wrong on the way


def test_a_forge_that_stays_away_is_said_and_tried_again_with_the_next_message(shop: Shop) -> None:
    away = shop.bare.with_name("away.git")

    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) == 1:
            return bash(FIX)
        if not away.exists():
            shop.bare.rename(away)
        return says("Fixed.")

    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    model = ScriptModel(script)
    shop.oxbow.settle(model)
    assert len(shop.events(thread, ForgeAwaited)) == 1
    away.rename(shop.bare)

    def opened() -> list[PullRequestOpened]:
        shop.oxbow.settle(model)
        return shop.events(thread, PullRequestOpened)

    assert eventually(opened)
    assert "Draft pull request" in shop.answer(thread)


def test_a_stop_ends_a_check_and_nothing_is_pushed(shop: Shop, workspaces: Path) -> None:
    mark = f"started-{uuid4().hex}"
    shop.declare(f'[commands]\ntest = "touch {mark}; sleep 600"\n')
    thread = shop.oxbow.say("ada", "general", "@Oxbow cart: the file is wrong")
    lease = shop.oxbow.claim()
    assert lease is not None
    claimed = Claimed(shop.oxbow.log, lease, StopSignal(lease.interrupt_seq))
    brain = shop.oxbow.brain(ScriptModel(in_turn(bash(FIX), says("Fixed."))))
    worker = Thread(target=brain.run, args=(claimed, lambda: False))
    worker.start()
    eventually(lambda: list(workspaces.glob(f"sessions/*/files/*/workspace/{mark}")))
    shop.oxbow.say("ada", "general", "stop", thread)
    claimed.stop.interrupt(1_000)
    worker.join()
    assert shop.refs == []
    assert shop.events(thread, ChangeChecked) == []
    assert [event.outcome for event in shop.events(thread, TurnFinished)] == ["interrupted"]
