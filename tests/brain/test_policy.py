"""Which tools may be used: rules as people write them, and how a channel tightens the operator's."""

from __future__ import annotations

import pytest

from bot.brain.policy import PolicyProblem, ToolPolicy, read_rules, written


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", {}),
        ("bash=ask", {"bash": "ask"}),
        ("bash=ask, write=deny", {"bash": "ask", "write": "deny"}),
        ("bash=ask write=deny,edit=allow", {"bash": "ask", "write": "deny", "edit": "allow"}),
        ("bash=ask bash=allow", {"bash": "allow"}),
    ],
)
def test_rules_are_read(text: str, rules: dict[str, str]) -> None:
    assert read_rules(text) == rules
    assert read_rules(written(read_rules(text))) == rules


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bsh=ask", "'bsh' is no tool"),
        ("ask=deny", "'ask' is no tool"),
        ("bash", "write bash=allow, bash=ask or bash=deny"),
        ("bash=maybe", "write bash=allow, bash=ask or bash=deny"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_way_out(text: str, told: str) -> None:
    with pytest.raises(PolicyProblem, match=told):
        read_rules(text)


def test_what_no_rule_names_is_allowed() -> None:
    assert ToolPolicy(rules={"bash": "deny"}).of("view") == "allow"


def test_a_channel_can_be_stricter_than_the_operator_and_never_laxer() -> None:
    floor = ToolPolicy(rules={"bash": "ask", "write": "ask"})
    channel = ToolPolicy(rules={"bash": "allow", "write": "deny", "edit": "ask"})
    holds = floor.tightened(channel)
    assert {tool: holds.of(tool) for tool in ("bash", "write", "edit", "view")} == {
        "bash": "ask",
        "write": "deny",
        "edit": "ask",
        "view": "allow",
    }


def test_the_approvers_of_the_channel_take_the_place_of_the_operators() -> None:
    assert ToolPolicy(approvers=("U1",)).tightened(ToolPolicy()).approvers == ("U1",)
    assert ToolPolicy(approvers=("U1",)).tightened(ToolPolicy(approvers=("U2",))).approvers == ("U2",)
