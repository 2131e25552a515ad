"""Small pieces of posts."""

from __future__ import annotations

import pytest

from bot.slack.showing.rendered import link, without_markdown


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("[An earlier thread](https://chat.example.org/1) had it", "An earlier thread had it"),
        ("**Cause.** a row", "Cause. a row"),
        ("plain", "plain"),
    ],
)
def test_one_line_of_markdown_is_read_as_words(markdown: str, words: str) -> None:
    assert without_markdown(markdown) == words


def test_a_link_without_an_address_is_its_label() -> None:
    assert link("", "import <fails>") == "*import &lt;fails&gt;*"
    assert link("https://chat.example.org/1", "") == "<https://chat.example.org/1|an earlier thread>"
