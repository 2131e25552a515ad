"""Installing the app by *Add to Slack*: Slack's pages, and what is kept of each workspace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from slack_bolt import App
from slack_bolt.error import BoltError
from slack_bolt.oauth.oauth_flow import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import Installation, InstallationStore
from slack_sdk.oauth.state_store import OAuthStateStore

from bot.settings import Settings
from bot.slack.hearing.connection import WsgiApplication, over_http
from bot.slack.scopes import SCOPES
from bot.slack.side import TIMEOUT
from bot.slack.tenants.access import expiry, sealed
from bot.slack.tenants.sealing import Sealing, Unsealable
from memory.errors import DatabaseLost
from memory.workspaces.installations import Installations

STATE_SECONDS = 600
"""In which somebody decides on Slack's page."""

logger = logging.getLogger(__name__)


class NotKept(BoltError):
    """An installation was not kept; the text says why. The person sees that it failed."""


class SealedStore(InstallationStore):
    """Keeps installations of the workspaces that the operator named, and of no other."""

    def __init__(
        self,
        installations: Installations,
        sealing: Sealing,
        teams: Collection[str],
        kept: Callable[[], None],
    ) -> None:
        """`kept` is told after each."""
        self._installations = installations
        self._sealing = sealing
        self._teams = frozenset(teams)
        self._kept = kept

    def save(self, installation: Installation) -> None:
        """Keep it in place of an earlier one of its workspace. Raises `NotKept`."""
        team = installation.team_id
        if installation.is_enterprise_install or team is None:
            raise _refused("it is for a whole organisation; install the app in each workspace instead")
        if team not in self._teams:
            raise _refused(f"{team} is not in OXBOW_TEAMS")
        bot = installation.to_bot()
        try:
            self._installations.keep(team, sealed(bot, self._sealing), expiry(bot))
        except DatabaseLost as error:
            raise _refused("the database is away") from error
        logger.info("installed in workspace %s", team)
        self._kept()


class SealedStates(OAuthStateStore):
    """States that carry their own proof, so that whichever process is asked can tell them."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def issue(self, *args: object, **kwargs: object) -> str:  # noqa: ARG002 - as the library calls it
        """A new state; the browser keeps it as well, so that nobody else's is taken."""
        return self._sealing.seal(b"installing").decode()

    def consume(self, state: str) -> bool:
        """Whether it was issued here lately."""
        try:
            return self._sealing.open(state.encode(), ttl=STATE_SECONDS) == b"installing"
        except Unsealable:
            return False


def build_installing(settings: Settings, store: InstallationStore, sealing: Sealing) -> WsgiApplication:
    """The pages /slack/install and /slack/oauth_redirect."""
    if settings.slack_client_secret is None or settings.slack_signing_secret is None:
        raise AssertionError("settings with SLACK_CLIENT_ID are complete")
    client = WebClient(base_url=settings.slack_api_url, timeout=TIMEOUT, retry_handlers=[])
    flow = OAuthFlow(
        client=client,
        settings=OAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            scopes=list(SCOPES),
            installation_store=store,
            installation_store_bot_only=True,
            state_store=SealedStates(sealing),
            state_expiration_seconds=STATE_SECONDS,
        ),
    )
    signing = settings.slack_signing_secret.get_secret_value()
    return over_http(App(signing_secret=signing, oauth_flow=flow, process_before_response=True))


def _refused(reason: str) -> NotKept:
    logger.warning("an installation was not kept: %s", reason)
    return NotKept(reason)
