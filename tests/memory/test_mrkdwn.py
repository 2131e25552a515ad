"""Slack's mark-up as people read it."""

from __future__ import annotations

import pytest

from memory.imports.mrkdwn import plain_text


@pytest.mark.parametrize(
    ("mrkdwn", "plain"),
    [
        ("<@U1> look", "@Ada look"),
        ("<@U2>", "@U2"),
        ("<@U2|bob>", "@bob"),
        ("see <#C1|ops>", "see #ops"),
        ("<!here> <!subteam^S1|@oncall>", "@here @oncall"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("<https://x.example/a?b=1&amp;c=2>", "https://x.example/a?b=1&c=2"),
        ("<https://x.example|the docs>", "the docs (https://x.example)"),
        ("<http://x.example|x.example>", "http://x.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("if a &lt; b &amp;&amp; b &gt; c", "if a < b && b > c"),
        ("`vector&lt;int&gt;` *bold*", "`vector<int>` *bold*"),
        ("a < b", "a < b"),
        ("  padded \n", "padded"),
    ],
)
def test_reads_as_the_person_who_wrote_it_saw_it(mrkdwn: str, plain: str) -> None:
    assert plain_text(mrkdwn, {"U1": "Ada"}) == plain
