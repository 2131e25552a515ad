"""A repository that declares a Postgres has one in its threads, for the work and for its checks."""

from __future__ import annotations

from memory.log.change_events import ChangeChecked, PullRequestOpened
from memory.log.events import SandboxAttached, ToolFinished
from tests.scenarios.shop import FIX, Shop, bash
from tests.support.script_model import says

DECLARED = """\
services = ["postgres"]

[commands]
test = "psql -XAtqc 'SELECT name FROM orders' | grep -q spade"
"""


def test_work_and_checks_of_a_thread_share_a_database_of_its_own(shop: Shop) -> None:
    shop.declare(DECLARED)
    fill = "psql -XAtqc \"CREATE TABLE orders AS SELECT 'spade' AS name\" $DATABASE_URL"
    thread = shop.ask(bash(f"{FIX} && {fill} && echo filled"), says("It was wrong, now it is right."))
    assert [event.services for event in shop.events(thread, SandboxAttached)] == [("postgres",)]
    assert [event.output for event in shop.events(thread, ToolFinished)] == ["filled\n"]
    [checked] = shop.events(thread, ChangeChecked)
    assert [run.exit_code for run in checked.runs] == [0]
    assert shop.events(thread, PullRequestOpened)
    again = shop.ask(bash("psql -XAtqc '\\dt'; echo empty"), says("Nothing there."))
    assert [event.output for event in shop.events(again, ToolFinished)] == ["empty\n"]
