"""What a command printed commands no terminal."""

from __future__ import annotations

import pytest

from bot.operator.terminal import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b[2J\x9b2J", r"\x1b[2J\x9b2J"),
        ("overwritten\rline\x08", r"overwritten\x0dline\x08"),
        ("a\tb\nc é 😀", "a\tb\nc é 😀"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert harmless(text) == shown
