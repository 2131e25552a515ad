"""How the forges of the settings are put together: their mirrors, the GitHub App, its webhooks."""

from __future__ import annotations

from bot.brain.changes.authority import Authority
from bot.forge.forges import Forges
from bot.forge.github import GitHub
from bot.forge.github_linking import GitHubLinking
from bot.forge.repository import full_name
from bot.settings import Settings
from bot.slack.answering.linking import Linking
from bot.slack.hearing.connection import WsgiApplication
from bot.webhooks import PATH, GitHubWebhooks
from memory.database import Engine
from memory.workspaces.accounts import Accounts
from memory.workspaces.pull_requests import PullRequests


def build_forges(settings: Settings, *, web: str = "") -> Forges:
    """The forges of the repositories, and their mirrors."""
    return Forges(settings.oxbow_data_dir.resolve() / "mirrors", github=build_github(settings), web=web)


def build_webhooks(settings: Settings, engine: Engine) -> dict[str, WsgiApplication]:
    """What is served beside Slack's requests: GitHub's, where their secret is known."""
    secret, github = settings.github_webhook_secret, build_github(settings)
    if secret is None or github is None:
        return {}
    followed = PullRequests(engine)
    named = {full_name(a): a for a in settings.oxbow_repositories if github.hosts(a)}

    def happened(name: str, number: int) -> None:
        if name in named:
            followed.look_now(named[name], number)

    return {PATH: GitHubWebhooks(secret.get_secret_value(), happened)}


def build_github(settings: Settings) -> GitHub | None:
    """The forge of the GitHub App, if there is one."""
    number, key = settings.github_app_id, settings.github_app_private_key
    if number is None or key is None:
        return None
    return GitHub(api_url=settings.github_api_url, app_id=number, private_key=key.get_secret_value())


def build_linking(settings: Settings, engine: Engine, team: str) -> Linking:
    """What `/oxbow link` does; without the app's client number it says that nothing can be linked."""
    github = _github_linking(settings)
    return Linking(None if github is None else Accounts(engine, team=team, server=github.server), github)


def build_authority(settings: Settings, forges: Forges, engine: Engine, team: str) -> Authority:
    """Who may let a change be pushed."""
    github = _github_linking(settings)
    return Authority(
        forges=forges,
        accounts=None if github is None else Accounts(engine, team=team, server=github.server),
        writers=settings.writers,
        unlinked=settings.unlinked,
    )


def _github_linking(settings: Settings) -> GitHubLinking | None:
    client = settings.github_client_id
    return None if client is None else GitHubLinking(api_url=settings.github_api_url, client_id=client)
