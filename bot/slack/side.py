"""One workspace's Slack, as every part of the process uses it."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk import WebClient

from bot.settings import Settings
from bot.slack.errors import SlackProblem
from bot.slack.gate import Gate
from bot.slack.hearing.listener import Identity
from bot.slack.pace import SharedPace, Unpaced
from bot.slack.people import People
from bot.slack.replies import Replies
from bot.slack.scopes import SCOPES
from bot.slack.tenants.access import InstalledAccess
from bot.slack.web import SlackWeb
from memory.database import Engine
from memory.log.events import Json
from memory.workspaces.allowances import Allowances
from memory.workspaces.channels import Channels

TIMEOUT = 10
"""Seconds for one call of the Web API; it usually answers in a fraction of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSide:
    """The client, what is built on it, and who the bot is there."""

    client: WebClient
    web: SlackWeb
    gate: Gate
    replies: Replies
    people: People
    identity: Identity


class NotLetIn(SlackProblem):
    """Slack does not say who the bot is."""


class ScopesMissing(SlackProblem):
    """The token was not granted what the app needs."""


def slack_side(settings: Settings, engine: Engine, *, paced: bool = True) -> SlackSide:
    """Slack as the settings say. Raises `SlackProblem` when the token is not accepted or lacks scopes.

    Without `paced`, Slack alone says what is too often: for workspaces that enforce no limits.
    """
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    client = _client(settings, token)
    return _side(client, settings, engine, token="SLACK_BOT_TOKEN", paced=paced)  # noqa: S106 - its name


def installed_side(settings: Settings, engine: Engine, access: InstalledAccess) -> SlackSide:
    """Slack of a workspace that installed the app. Raises `SlackProblem` as `slack_side` does."""
    client = _client(settings, access.token())
    return _side(client, settings, engine, access, token=f"the token of {access.team}")


def _client(settings: Settings, token: str | None) -> WebClient:
    # Without the SDK's own retries: a post whose answer was lost must be looked for, not made again.
    return WebClient(token=token, base_url=settings.slack_api_url, timeout=TIMEOUT, retry_handlers=[])


def _side(
    client: WebClient,
    settings: Settings,
    engine: Engine,
    access: InstalledAccess | None = None,
    *,
    token: str,
    paced: bool = True,
) -> SlackSide:
    """`token` is what people call it."""
    me = _who_am_i(SlackWeb(client, access=access), settings, token)
    _require_scopes(client, token)
    identity = Identity(team=str(me["team_id"]), user=str(me["user_id"]))
    pace = SharedPace(Allowances(engine, identity.team)) if paced else Unpaced()
    web = SlackWeb(client, pace=pace, access=access)
    gate = Gate(web, Channels(engine), identity.team)
    return SlackSide(
        client=client,
        web=web,
        gate=gate,
        replies=Replies(web, gate),
        people=People(web, identity.team),
        identity=identity,
    )


def _who_am_i(web: SlackWeb, settings: Settings, token: str) -> Json:
    try:
        return web.call("auth.test")
    except SlackProblem as problem:
        raise NotLetIn(
            f"{problem}. Check {token}, and that {settings.slack_api_url} (SLACK_API_URL) can be "
            "reached from here."
        ) from problem


def _require_scopes(client: WebClient, token: str) -> None:
    """Slack names the granted scopes in a header of each answer; one that does not cannot be checked."""
    granted = client.auth_test().headers.get("x-oauth-scopes")
    missing = [] if granted is None else sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        raise ScopesMissing(
            f"{token} lacks the scopes {', '.join(missing)}: update the app from `oxbow manifest` "
            "and install it again"
        )
