"""docs/slack-contract.md names what the code calls and hears; the local workspace knows each limit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.slack.scopes import EVENTS
from bot.workspace.rates import SLACK
from bot.workspace.web_api import METHODS, OPEN_CONNECTION

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/slack-contract.md").read_text()
CALL = re.compile(r"""call\(\s*"([a-z]+\.[A-Za-z.]+)\"""")


def called() -> set[str]:
    """The methods that the code calls."""
    files = [*(ROOT / "bot").glob("*.py"), *(ROOT / "bot/slack").rglob("*.py")]
    return {method for file in files for method in CALL.findall(file.read_text())}


def named(title: str) -> set[str]:
    """What stands first in the rows of a section."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE))


def test_the_methods_that_the_page_names_are_those_that_the_code_calls() -> None:
    assert named("Methods") == called()


def test_the_events_that_the_page_names_are_those_that_the_app_is_subscribed_to() -> None:
    assert named("Events") == set(EVENTS)


@pytest.mark.parametrize("method", [*METHODS, OPEN_CONNECTION])
def test_the_local_workspace_knows_how_often_each_method_may_be_called(method: str) -> None:
    assert method in SLACK
