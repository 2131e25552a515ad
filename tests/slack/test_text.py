"""Slack's markup read as people meant it."""

from __future__ import annotations

import pytest

from bot.slack.hearing.text import asks_for_quiet, is_stop, mentions, plain_text, spoken_to, without_mention

ME = "U0OXBOW"


def name_of(user: str) -> str:
    return {"U0ADA": "Ada", "U0EVIL": "<!channel>"}.get(user, user)


def channel_of(channel: str) -> str:
    return {"C0GENERAL": "general"}.get(channel, channel)


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("", ""),
        (" as it is \n", "as it is"),
        ("if a &lt; b &amp;&amp; c &gt; d", "if a < b && c > d"),
        ("the entity &amp;lt; is written &amp;amp;lt;", "the entity &lt; is written &amp;lt;"),
        ("<@U0ADA> look", "@Ada look"),
        ("<@U0ADA|ada.l> look", "@ada.l look"),
        ("<@U0NOBODY>", "@U0NOBODY"),
        ("<#C0GENERAL|general>", "#general"),
        ("<#C0GENERAL|>", "#general"),
        ("<#C0GENERAL>", "#general"),
        ("<#C0SECRET>", "#C0SECRET"),
        ("<!here>", "@here"),
        ("<!here|here>", "@here"),
        ("<!channel|@channel>", "@channel"),
        ("<!everyone>", "@everyone"),
        ("<!subteam^S0123|@oncall>", "@oncall"),
        ("<!subteam^S0123>", "@subteam"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("<https://example.org/a?b=1&amp;c=2>", "https://example.org/a?b=1&c=2"),
        ("<https://example.org|the docs>", "the docs (https://example.org)"),
        ("<https://example.org|https://example.org>", "https://example.org"),
        ("<http://example.org|example.org>", "http://example.org"),
        ("<mailto:ada@example.org|ada@example.org>", "ada@example.org"),
        ("<tel:+331234|+331234>", "+331234"),
        ("`dict&lt;str&gt;`", "`dict<str>`"),
        ("&lt;@U0ADA&gt;", "<@U0ADA>"),
        ("a | b", "a | b"),
    ],
)
def test_plain_text(marked: str, plain: str) -> None:
    assert plain_text(marked, name_of, channel_of) == plain


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("<@U0OXBOW> help", True),
        ("help <@U0OXBOW|oxbow>", True),
        ("<@U0OXBOW2> help", False),
        ("@Oxbow help", False),
        ("&lt;@U0OXBOW&gt; help", False),
        ("", False),
    ],
)
def test_mentions(text: str, mentioned: bool) -> None:
    assert mentions(text, ME) == mentioned


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("hello", set()),
        ("<@U0ADA> and <@W0BRUNO|bruno>", {"U0ADA", "W0BRUNO"}),
        ("<#C0GENERAL|general> <!here>", set()),
    ],
)
def test_spoken_to(text: str, users: set[str]) -> None:
    assert spoken_to(text) == users


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U0OXBOW> help", "help"),
        ("please <@U0OXBOW|oxbow> help", "please  help"),
        ("<@U0OXBOW><@U0OXBOW>", ""),
        ("<@U0ADA> help", "<@U0ADA> help"),
    ],
)
def test_without_mention(text: str, words: str) -> None:
    assert without_mention(text, ME) == words


@pytest.mark.parametrize(
    "text", ["stop", "Stop", "STOP!", "!stop", " stop. ", "stop!!!", ", stop", ": !stop"]
)
def test_says_stop(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize("text", ["", "stop it", "don't stop", "stopp", "stop the import", "!", "nonstop"])
def test_does_not_say_stop(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("!quiet", True),
        (" !Quiet. ", True),
        (", !quiet", True),
        ("!listen", False),
        ("quiet", None),
        ("be !quiet please", None),
        ("", None),
    ],
)
def test_a_thread_is_switched_by_these_words_alone(text: str, quiet: bool | None) -> None:
    assert asks_for_quiet(text) is quiet
