"""Links of the model: an address that could carry something out is shown."""

from __future__ import annotations

import pytest

from bot.slack.showing.links import with_addresses

PERMALINK = "https://riverbend.slack.com/archives/C0GENERAL1/p1700000000000100?thread_ts=1.2&cid=C1"


@pytest.mark.parametrize(
    "kept",
    [
        "see [the docs](https://docs.example/guide/install.html)",
        "[line 10](https://github.com/shop/cart/blob/main/rows.py#L10-L12)",
        f"[the earlier thread]({PERMALINK})",
        "<https://docs.example/guide|the docs>",
        "https://evil.example/?stolen=words shows itself",
        "`[x](https://a.example/?q=1)` is code",
        "```md\n[x](https://a.example/?q=1)\n![y](https://a.example/y.png)\n```",
        "~~no link~~ [1] (not a link)",
    ],
)
def test_what_is_plain_or_shows_itself_stays(kept: str) -> None:
    assert with_addresses(kept) == kept


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[docs](https://a.example/?q=words)", "docs (https://a.example/?q=words)"),
        ('[docs](https://a.example/?q=words "title")', "docs (https://a.example/?q=words)"),
        ("[docs](<https://a.example/?q=words>)", "docs (https://a.example/?q=words)"),
        ("<https://a.example/?q=words|docs>", "docs (https://a.example/?q=words)"),
        ("![](https://a.example/pixel.png)", "https://a.example/pixel.png"),
        ("![a cat](https://a.example/cat.png)", "a cat (https://a.example/cat.png)"),
        (f"[x](https://a.example/{'s' * 61})", f"x (https://a.example/{'s' * 61})"),
        (f"[x](https://{'s' * 61}.a.example/)", f"x (https://{'s' * 61}.a.example/)"),
        ("[x](https://a.example/#stolen-words)", "x (https://a.example/#stolen-words)"),
        ("[x](https://words@a.example/)", "x (https://words@a.example/)"),
        ("[x](javascript:alert)", "x (javascript:alert)"),
        ("[https://good.example](https://evil.example/)", "https://good.example (https://evil.example/)"),
        ("```\ncode\n```\n[x](https://a.example/?q)", "```\ncode\n```\nx (https://a.example/?q)"),
    ],
)
def test_what_could_carry_something_out_shows_its_address(written: str, shown: str) -> None:
    assert with_addresses(written) == shown
