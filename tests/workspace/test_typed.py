"""What a person types, on the wire."""

from __future__ import annotations

import pytest

from bot.workspace.typed import rich_text, wire_text

PEOPLE = {"oxbow": "U1", "ada": "U2"}
CHANNELS = {"general": "C1"}


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("@Oxbow help", "<@U1> help"),
        ("ask @ada in #general", "ask <@U2> in <#C1>"),
        ("@nobody in #nowhere", "@nobody in #nowhere"),
        ("@here please", "<!here> please"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<@U1> help", "<@U1> help"),
        ("see https://example.org/a?b=1&c=2.", "see <https://example.org/a?b=1&amp;c=2>."),
        ("`@Oxbow` stays", "`@Oxbow` stays"),
        ("```\n@Oxbow <b>\n```", "```\n@Oxbow &lt;b&gt;\n```"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_typed_text_is_sent_in_slacks_form(typed: str, sent: str) -> None:
    assert wire_text(typed, PEOPLE, CHANNELS) == sent


def test_rich_text_says_the_same_in_elements() -> None:
    assert rich_text("<@U1> see <https://x.org|this> *now* `a_b`")["elements"] == [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": " see "},
                {"type": "link", "url": "https://x.org", "text": "this"},
                {"type": "text", "text": " "},
                {"type": "text", "text": "now", "style": {"bold": True}},
                {"type": "text", "text": " "},
                {"type": "text", "text": "a_b", "style": {"code": True}},
            ],
        }
    ]


def test_code_is_preformatted_and_unescaped() -> None:
    assert rich_text("```\na &lt; b\n```")["elements"] == [
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a < b"}]}
    ]
