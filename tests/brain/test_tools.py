"""What is wrong with a call, in words for the model."""

from __future__ import annotations

from typing import Any

import pytest

from bot.brain.profile import engineer
from bot.brain.tools import HANDS, TOOLS, problem_with


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("bash", {"command": "make test"}),
        ("view", {"path": "a.py"}),
        ("view", {"path": "a.py", "start": 1, "end": 2}),
        ("edit", {"path": "a.py", "old": "a", "new": ""}),
        ("write", {"path": "a.py", "content": ""}),
        ("search_memory", {"query": "KeyError"}),
        ("ask", {"question": "Which one?"}),
    ],
)
def test_a_call_that_can_be_made(tool: str, given: dict[str, Any]) -> None:
    assert problem_with(tool, given) is None


@pytest.mark.parametrize(
    ("tool", "given", "named"),
    [
        (
            "run",
            {},
            "There is no tool named run. Tools: bash, view, edit, write, share_file, search_memory, ask.",
        ),
        ("bash", {}, "missing ['command'], wrong nothing"),
        ("bash", {"command": 3}, "missing nothing, wrong ['command']"),
        ("bash", {"command": " "}, "wrong ['command']"),
        ("bash", {"command": "ls", "timeout": 3}, "wrong ['timeout']"),
        ("view", {"path": "a.py", "start": 0}, "wrong ['start']"),
        ("view", {"path": "a.py", "start": True}, "wrong ['start']"),
        ("view", {"path": "a.py", "start": "1"}, "wrong ['start']"),
        ("edit", {"path": "a.py", "old": None}, "missing ['new'], wrong ['old']"),
        ("ask", {"question": ""}, "wrong ['question']"),
    ],
)
def test_a_call_that_cannot(tool: str, given: dict[str, Any], named: str) -> None:
    assert named in (problem_with(tool, given) or "")


def test_the_hands_are_tools() -> None:
    assert {tool.name for tool in TOOLS} > HANDS


def test_no_tool_says_where_to_speak() -> None:
    named = {name for tool in TOOLS for name in tool.input_schema["properties"]}
    assert named.isdisjoint({"channel", "thread", "thread_ts", "user", "to", "team"})
    assert all(tool.input_schema["additionalProperties"] is False for tool in TOOLS)


def test_the_profile_names_the_repositories() -> None:
    assert engineer(["shop-cart", "orders"]).prompt.endswith("- shop-cart\n- orders\n")
    assert engineer([]).prompt.endswith("- none is configured\n")
