"""What `oxbow doctor` asks Slack: whether the tokens are accepted, and whether they may do what is needed."""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk import WebClient

from bot.operator.findings import Finding
from bot.settings import Settings
from bot.slack.errors import SlackProblem
from bot.slack.hearing.history import channel_named
from bot.slack.scopes import SCOPES
from bot.slack.side import TIMEOUT
from bot.slack.web import SlackWeb
from memory.errors import ImportProblem

PRIVATE = ("groups:", "im:", "mpim:", "chat:write.public")
"""Beginnings of scopes that open private places, or public ones without an invitation."""

UPDATE = "update the app from `oxbow manifest` and install it again"


def examine_slack(settings: Settings) -> Iterator[Finding]:
    """The bot token, its scopes, and how events come in."""
    if settings.oauth:
        # Each workspace has a token of its own; the database tells how they are.
        yield _delivery(settings)
        return
    if settings.slack_bot_token is None:
        yield Finding(
            part="slack",
            status="note",
            seen="no SLACK_BOT_TOKEN: `oxbow serve` brings a workspace of its own",
        )
        return
    client = _client(settings, settings.slack_bot_token.get_secret_value())
    try:
        me = SlackWeb(client).call("auth.test")
    except SlackProblem as problem:
        advice = f"check SLACK_BOT_TOKEN, and that {settings.slack_api_url} can be reached from here"
        yield Finding(part="slack token", status="wrong", seen=str(problem), advice=advice)
    else:
        yield Finding(part="slack token", status="ok", seen=f"{me.get('user')} in {me.get('team')}")
        yield _scopes(client.auth_test().headers.get("x-oauth-scopes"))
        if settings.oxbow_digest_channel is not None:
            yield _digest(SlackWeb(client), settings.oxbow_digest_channel)
    yield _delivery(settings)


def _scopes(header: str | None) -> Finding:
    if header is None:
        return Finding(part="slack scopes", status="note", seen="Slack does not say which were granted")
    granted = {scope.strip() for scope in header.split(",")}
    missing, private = sorted(set(SCOPES) - granted), sorted(filter(_private, granted))
    if missing:
        seen = f"lacks {', '.join(missing)}"
        return Finding(part="slack scopes", status="wrong", seen=seen, advice=UPDATE)
    if private:
        seen = f"has more than is needed: {', '.join(private)}"
        return Finding(part="slack scopes", status="note", seen=seen, advice=UPDATE)
    return Finding(part="slack scopes", status="ok", seen=f"the {len(SCOPES)} that are needed")


def _digest(web: SlackWeb, name: str) -> Finding:
    """Whether the weekly digest can be posted: nobody would miss it soon."""
    try:
        channel = web.call("conversations.info", channel=channel_named(web, name))["channel"]
    except (SlackProblem, ImportProblem) as problem:
        advice = "name a public channel in OXBOW_DIGEST_CHANNEL"
        return Finding(part="digest channel", status="wrong", seen=str(problem), advice=advice)
    if not channel.get("is_member"):
        seen = f"the app is not in #{channel.get('name')}"
        return Finding(part="digest channel", status="wrong", seen=seen, advice="invite it there")
    return Finding(part="digest channel", status="ok", seen=f"#{channel.get('name')}")


def _private(scope: str) -> bool:
    return scope.startswith(PRIVATE)


def _delivery(settings: Settings) -> Finding:
    if settings.slack_app_token is None:
        return Finding(
            part="slack events", status="ok", seen=f"HTTP on port {settings.port}, requests are verified"
        )
    client = _client(settings, settings.slack_app_token.get_secret_value())
    try:
        SlackWeb(client).call("apps.connections.open")
    except SlackProblem as problem:
        advice = "check SLACK_APP_TOKEN: xapp-…, scope connections:write, Socket Mode turned on"
        return Finding(part="slack events", status="wrong", seen=str(problem), advice=advice)
    return Finding(part="slack events", status="ok", seen="Socket Mode")


def _client(settings: Settings, token: str) -> WebClient:
    return WebClient(token=token, base_url=settings.slack_api_url, timeout=TIMEOUT, retry_handlers=[])
